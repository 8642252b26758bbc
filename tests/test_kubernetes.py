"""The values for Zero to JupyterHub are such as its chart takes, and close the doors that docs/security.md names."""

import copy
import json
from pathlib import Path
import re
import subprocess

from chart import CHART, VALUES, by_schema, faults, laid_over, load
from pull_links import FOLDER
import pytest
import yaml

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "hosting.md").read_text(encoding="utf-8")
REPO = "https://git.example.org/you/backpropagation"


def at(values, place):
    *above, last = place.split("/")
    for key in above:
        values = values[int(key) if key.isdigit() else key]
    return values, last


def with_change(place, value):
    """The values file with one more, or another, entry."""
    values = copy.deepcopy(load())
    where, key = at(values, place)
    where[key] = value
    return values


def test_the_values_are_such_as_the_chart_takes():
    assert faults(load()) == []
    assert f"chart {CHART}" in VALUES.read_text(encoding="utf-8")
    assert f"--version {CHART} " in PAGE


@pytest.mark.parametrize(
    ("place", "value", "fault"),
    [
        ("singleuser/extraEnvs", {}, "singleuser.extraEnvs: the chart has no such key"),
        ("singeluser", {}, "singeluser: the chart has no such key"),
        ("singleuser/memory/limits", "1G", "singleuser.memory.limits: the chart has no such key"),
        ("singleuser/extra_resource_limits", {"nvidia.com/gpu": "1"}, "extra_resource_limits: the chart has no"),
        ("singleuser/profileList/1/extra_resource_limits", {}, "GPU: KubeSpawner knows no extra_resource_limits"),
        ("singleuser/profileList/1/kubespawner_override/nvidia.com/gpu", "1", "GPU: KubeSpawner has no setting nvidia"),
        ("singleuser/profileList/1/kubespawner_override/extraResource", {}, "KubeSpawner has no setting extraResource"),
        ("singleuser/profileList/1/kubespawner_override/extra_resource_limits", "1", "extra_resource_limits: dict is"),
        ("singleuser/profileList", {}, "singleuser.profileList: list is wanted, got {}"),
        ("singleuser/cpu/limit", "2", "singleuser.cpu.limit: int or float is wanted, got '2'"),
        ("singleuser/image/tag", 1, "singleuser.image.tag: str is wanted, got 1"),
        ("singleuser/image", "images/course:1", "singleuser.image: keys are wanted, got 'images/course:1'"),
        ("singleuser/extraEnv/OMP_NUM_THREADS", 1, "singleuser.extraEnv.OMP_NUM_THREADS: str is wanted, got 1"),
        ("cull/timeout", True, "cull.timeout: int is wanted, got True"),
        ("cull/enabled", "yes", "cull.enabled: bool is wanted, got 'yes'"),
        ("cull/maxage", 1, "cull.maxage: the chart has no such key"),
        ("proxy/https/host", "hub.example.org", "proxy.https.host: the chart has no such key"),
        ("scheduling/userPlaceholder/replicas", "30", "scheduling.userPlaceholder.replicas: int is wanted, got '30'"),
        ("hub/config/allow_all", True, "hub.config.allow_all: a class's name is wanted"),
        ("hub/extraConfig", {}, "hub.extraConfig: tests/chart.py does not know its type yet"),
    ],
)  # fmt: skip
def test_a_planted_fault_of_the_values_is_seen(place, value, fault):
    if place.endswith("nvidia.com/gpu"):  # the key itself holds the slash
        values = copy.deepcopy(load())
        values["singleuser"]["profileList"][1]["kubespawner_override"]["nvidia.com/gpu"] = value
    else:
        values = with_change(place, value)
    [found] = faults(values)
    assert fault in found


def test_the_profiles_are_one_for_the_cpu_and_one_for_a_card():
    user = load()["singleuser"]
    cpu, gpu = user["profileList"]
    assert cpu["default"]
    assert "kubespawner_override" not in cpu
    assert gpu["kubespawner_override"]["extra_resource_limits"] == {"nvidia.com/gpu": "1"}
    assert (user["extraEnv"]["COURSE_DEVICE"], gpu["kubespawner_override"]["environment"]) == (
        "cpu",
        {"COURSE_DEVICE": "cuda"},
    )
    assert user["extraEnv"]["OMP_WAIT_POLICY"] == "PASSIVE"


def test_what_is_pulled_is_what_kernels_import():
    user = load()["singleuser"]
    [_, _, command] = user["lifecycleHooks"]["postStart"]["exec"]["command"]
    place = f"{user['storage']['homeMountPath']}/{FOLDER}"
    assert user["extraEnv"]["PYTHONPATH"] == place
    assert command.startswith(f"gitpuller {REPO} main {place} ")
    assert f"PYTHONPATH '${{HOME}}/{FOLDER}'" in PAGE
    subprocess.run(["sh", "-n", "-c", command], check=True)


def test_a_chart_that_was_fetched_is_asked_with_its_own_schema(tmp_path):
    closed = {"type": "object", "additionalProperties": False}
    schema = closed | {"required": ["hub"], "properties": {"hub": {"type": "object"}, "cull": {"type": "object"}}}
    (tmp_path / "values.schema.json").write_text(json.dumps(schema))
    (tmp_path / "values.yaml").write_text("hub: {baseUrl: /}")
    assert by_schema(tmp_path, {"cull": {}}) == []
    [found] = by_schema(tmp_path, {"cul": {}})
    assert "'cul' was unexpected" in found
    assert laid_over({"a": {"b": 1, "c": [1, 2]}}, {"a": {"c": [3]}}) == {"a": {"b": 1, "c": [3]}}


def doors(values):
    """What of a password, https and secrecy the values of a hub lack."""
    config, https = values["hub"]["config"], values["proxy"]["https"]
    kind = config["JupyterHub"].get("authenticator_class", "")
    name = {"github": "GitHubOAuthenticator", "google": "GoogleOAuthenticator"}.get(kind, "")
    theirs = config.get(name, {})
    lacks = {
        "https": https.get("enabled") is True and https.get("hosts") and https["letsencrypt"].get("contactEmail"),
        "a login": name and theirs["oauth_callback_url"].startswith(f"https://{https['hosts'][0]}/hub/"),
        "a list of who may": name and theirs.get("allowed_organizations") and not config["Authenticator"]["allow_all"],
        "no secret": not re.search(r"client_(id|secret):|secretToken|cookieSecret|api_token", yaml.safe_dump(values)),
        "no rights": values["singleuser"]["allowPrivilegeEscalation"] is False,
        "netpol": values["singleuser"].get("networkPolicy", {}).get("enabled", True),
    }
    return {what for what, there in lacks.items() if not there}


def test_the_hub_on_kubernetes_has_a_login_https_and_no_secret():
    assert doors(load()) == set()


@pytest.mark.parametrize(
    ("place", "value", "lack"),
    [
        ("proxy/https/enabled", False, "https"),
        ("proxy/https/hosts", [], "https"),
        ("hub/config/JupyterHub/authenticator_class", "tmp", "a login"),
        ("hub/config/JupyterHub/authenticator_class", "", "a login"),
        ("hub/config/GitHubOAuthenticator/oauth_callback_url", "http://hub.example.org/hub/oauth_callback", "a login"),
        ("hub/config/GitHubOAuthenticator/allowed_organizations", [], "a list of who may"),
        ("hub/config/Authenticator/allow_all", True, "a list of who may"),
        ("hub/config/GitHubOAuthenticator/client_secret", "x", "no secret"),
        ("proxy/secretToken", "x", "no secret"),
        ("singleuser/allowPrivilegeEscalation", True, "no rights"),
        ("singleuser/networkPolicy", {"enabled": False}, "netpol"),
    ],
)
def test_an_open_door_is_seen(place, value, lack):
    try:
        found = doors(with_change(place, value))
    except IndexError:  # without a host
        found = {"https"}
    assert lack in found
