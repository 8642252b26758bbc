"""What Zero to JupyterHub's chart takes where docs/z2jh-values.yaml writes, and the check of that file against it.

`faults` knows the keys and types of these places alone, and pytest runs it. They were read in the schema of a chart
older than 4.1.0 and in the list of changes from 4.0.0 to 4.4.0, which adds keys and takes none of these away. The whole
schema comes with the chart. Where helm can be had:

    helm pull jupyterhub/jupyterhub --version 4.4.0 --untar --untardir /tmp
    python tests/chart.py /tmp/jupyterhub

checks the file, laid over the chart's own values, against the schema that came with them, as `helm upgrade` does.
"""

import argparse
import json
from pathlib import Path
import sys

import yaml

ROOT = Path(__file__).parent.parent
VALUES = ROOT / "docs" / "z2jh-values.yaml"
CHART = "4.4.0"
TEXT, WHOLE, NUMBER, FLAG, LIST = (str,), (int,), (int, float), (bool,), (list,)
OPEN = (dict,)  # anything may stand in it, as far as the chart goes
# A place is closed where the chart takes no other key than these.
CLOSED = {
    "": "enabled fullnameOverride nameOverride imagePullSecret imagePullSecrets hub proxy singleuser scheduling "
    "ingress httpRoute prePuller custom cull debug rbac global",
    "hub": "revisionHistoryLimit config extraFiles baseUrl command args cookieSecret image networkPolicy db labels "
    "initContainers extraEnv extraConfig fsGid service pdb existingSecret nodeSelector tolerations activeServerLimit "
    "allowNamedServers annotations authenticatePrometheus concurrentSpawnLimit consecutiveFailureLimit "
    "podSecurityContext containerSecurityContext deploymentStrategy extraContainers extraVolumeMounts extraVolumes "
    "livenessProbe readinessProbe namedServerLimitPerUser redirectToServer resources lifecycle services loadRoles "
    "shutdownOnLogout templatePaths templateVars serviceAccount extraPodSpec",
    "proxy": "chp secretToken service https traefik labels annotations deploymentStrategy secretSync",
    "proxy.https": "enabled type letsencrypt manual secret hosts",
    "proxy.https.letsencrypt": "contactEmail acmeServer",
    "singleuser": "networkPolicy podNameTemplate cpu memory image initContainers profileList extraFiles extraEnv "
    "nodeSelector extraTolerations extraNodeAffinity extraPodAffinity extraPodAntiAffinity cloudMetadata cmd "
    "defaultUrl events extraAnnotations extraContainers extraLabels extraPodConfig extraResource fsGid lifecycleHooks "
    "networkTools serviceAccountName startTimeout storage allowPrivilegeEscalation uid",
    "singleuser.image": "name tag pullPolicy pullSecrets",
    "singleuser.cpu": "limit guarantee",
    "singleuser.memory": "limit guarantee",
    "singleuser.lifecycleHooks": "postStart preStop",
    "singleuser.storage": "capacity dynamic extraLabels extraVolumeMounts extraVolumes homeMountPath static type",
    "scheduling": "userScheduler podPriority userPlaceholder corePods userPods",
    "scheduling.userScheduler": "enabled revisionHistoryLimit replicas image pdb nodeSelector tolerations labels "
    "annotations containerSecurityContext logLevel plugins pluginConfig resources serviceAccount extraPodSpec",
    "scheduling.podPriority": "enabled globalDefault defaultPriority imagePullerPriority userPlaceholderPriority",
    "scheduling.userPlaceholder": "enabled image revisionHistoryLimit replicas labels annotations resources "
    "containerSecurityContext extraPodSpec",
    "prePuller": "revisionHistoryLimit labels annotations resources extraTolerations hook continuous "
    "pullProfileListImages extraImages containerSecurityContext pause",
    "prePuller.hook": "enabled pullOnlyOnChanges podSchedulingWaitDuration nodeSelector tolerations "
    "containerSecurityContext image resources serviceAccount daemonsetAnnotations",
    "prePuller.continuous": "enabled serviceAccount daemonsetAnnotations",
    "cull": "enabled users adminUsers removeNamedServers timeout every concurrency maxAge",
}
TYPES = {
    "proxy.https.enabled": FLAG, "proxy.https.type": TEXT, "proxy.https.hosts": LIST,
    "proxy.https.letsencrypt.contactEmail": TEXT, "hub.concurrentSpawnLimit": WHOLE, "hub.config": OPEN,
    "singleuser.image.name": TEXT, "singleuser.image.tag": TEXT, "singleuser.defaultUrl": TEXT,
    "singleuser.startTimeout": WHOLE, "singleuser.allowPrivilegeEscalation": FLAG,
    "singleuser.memory.guarantee": NUMBER + TEXT, "singleuser.memory.limit": NUMBER + TEXT,
    "singleuser.cpu.guarantee": NUMBER, "singleuser.cpu.limit": NUMBER, "singleuser.extraEnv": OPEN,
    "singleuser.lifecycleHooks.postStart": OPEN, "singleuser.profileList": LIST, "singleuser.storage.type": TEXT,
    "singleuser.storage.capacity": TEXT, "singleuser.storage.homeMountPath": TEXT,
    "singleuser.storage.extraVolumes": LIST, "singleuser.storage.extraVolumeMounts": LIST,
    "scheduling.userScheduler.enabled": FLAG, "scheduling.podPriority.enabled": FLAG,
    "scheduling.userPlaceholder.enabled": FLAG, "scheduling.userPlaceholder.replicas": WHOLE,
    "prePuller.hook.enabled": FLAG, "prePuller.continuous.enabled": FLAG, "cull.enabled": FLAG,
    "cull.timeout": WHOLE, "cull.every": WHOLE, "cull.maxAge": WHOLE,
}  # fmt: skip
# What the chart hands on unread. A profile's keys are KubeSpawner's; what it overrides are names of its settings, and
# these are some: with another, the student's server does not get what was meant.
PROFILE = {"slug", "display_name", "description", "default", "kubespawner_override", "profile_options"}
OVERRIDES = {
    "image": TEXT, "cpu_limit": NUMBER, "cpu_guarantee": NUMBER, "mem_limit": NUMBER + TEXT,
    "mem_guarantee": NUMBER + TEXT, "environment": OPEN, "extra_resource_limits": OPEN, "tolerations": LIST,
    "node_selector": OPEN,
}  # fmt: skip


def load(path=VALUES):
    return yaml.safe_load(Path(path).read_text(encoding="utf-8"))


def faults(values):
    """What the chart, KubeSpawner or Kubernetes would refuse or pass over, a sentence each."""
    user = values.get("singleuser", {})
    found = [*walk(values), *environment("singleuser.extraEnv", user.get("extraEnv", {}))]
    classes = values.get("hub", {}).get("config", {})
    found += [f"hub.config.{name}: a class's name is wanted" for name in classes if not name[:1].isupper()]
    for profile in user.get("profileList", []):
        found += of_profile(profile)
    return found


def walk(values, place=""):
    """Unknown keys and wrong types, from this place down."""
    for key, value in values.items():
        here = f"{place}.{key}" if place else key
        if key not in CLOSED[place].split():
            yield f"{here}: the chart has no such key"
        elif here in CLOSED:
            yield from walk(value, here) if isinstance(value, dict) else [f"{here}: keys are wanted, got {value!r}"]
        elif here not in TYPES:
            yield f"{here}: tests/chart.py does not know its type yet"
        else:
            yield from of_type(here, value, TYPES[here])


def of_type(here, value, types):
    right = isinstance(value, types) and (isinstance(value, bool) == (types == FLAG))
    return [] if right else [f"{here}: {' or '.join(kind.__name__ for kind in types)} is wanted, got {value!r}"]


def environment(here, variables):
    """Kubernetes takes texts alone."""
    return [fault for key, value in variables.items() for fault in of_type(f"{here}.{key}", value, TEXT)]


def of_profile(profile):
    name = f"profile {profile.get('display_name')}"
    found = [f"{name}: KubeSpawner knows no {key}" for key in profile if key not in PROFILE]
    override = profile.get("kubespawner_override", {})
    for key, value in override.items():
        types = OVERRIDES.get(key)
        found += of_type(f"{name}: {key}", value, types) if types else [f"{name}: KubeSpawner has no setting {key}"]
    return found + environment(f"{name}: environment", override.get("environment", {}))


def laid_over(under, over):
    """Values as helm merges them: keys one by one, lists as a whole."""
    if not (isinstance(under, dict) and isinstance(over, dict)):
        return over
    return under | {key: laid_over(under.get(key), value) for key, value in over.items()}


def by_schema(chart, values):
    """What the schema in the chart's folder has against these values over the chart's own."""
    from jsonschema import Draft7Validator

    schema = json.loads((chart / "values.schema.json").read_text(encoding="utf-8"))
    merged = laid_over(load(chart / "values.yaml"), values)
    return [f"{error.json_path}: {error.message}" for error in Draft7Validator(schema).iter_errors(merged)]


def main(arguments):
    found = faults(load()) + [fault for chart in arguments for fault in by_schema(Path(chart), load())]
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


def asked(words):
    """What the command line says, or its help."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", metavar="FOLDER", help="a chart that was unpacked")
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main(asked(sys.argv[1:]).folders))
