"""JupyterHub's settings for tests/class_hub.py: a made-up class on one machine. For 127.0.0.1 alone; not for a class.

Its spawner ISOLATES NOTHING: every student's server and kernel is a process of the account that started the hub. What a
kernel runs can read, change and stop whatever that account can: the other students' files, the hub's own secrets. And
its authenticator has ONE password for all, with which anyone can be anyone. Both are good for trying, on a machine
that has nothing to lose, and for nothing else; docs/hosting.md has the settings for people.
"""

import json
import os
from pathlib import Path

c = get_config()  # noqa: F821 - JupyterHub brings it
room = Path(os.environ["HUB_ROOM"])  # all that the hub writes; thrown away afterwards
given = json.loads((room / "given.json").read_text(encoding="utf-8"))

c.JupyterHub.bind_url = f"http://127.0.0.1:{given['port']}"
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = given["hub_port"]
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{given['proxy_port']}"
c.ConfigurableHTTPProxy.command = [given["proxy"]]
c.ConfigurableHTTPProxy.pid_file = str(room / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{room}/hub.sqlite"
c.JupyterHub.cookie_secret_file = str(room / "cookie_secret")

c.JupyterHub.authenticator_class = "shared-password"
c.SharedPasswordAuthenticator.user_password = given["password"]  # made anew for each run
c.Authenticator.allowed_users = set(given["users"])  # and nobody is an administrator

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(room / "homes" / "{username}")
c.Spawner.cmd = [given["server"]]
c.Spawner.disable_user_config = True
# Kernels talk to their servers by ports of this machine. Without this setting whoever is on the machine can listen to
# what a kernel prints.
c.Spawner.args = ["--KernelManager.transport_encryption=auto"]
if hasattr(os, "geteuid") and os.geteuid() == 0:  # a machine of CI, where there is no other account
    c.Spawner.args.append("--allow-root")
# Bars of progress come by the clock: no two runs compare.
c.Spawner.environment = {"COURSE_PROGRESS": "off"}
# This spawner does not enforce it, but tells it to the kernels, as CPU_LIMIT.
c.Spawner.cpu_limit = 1
# All start at once, on few processors.
c.Spawner.start_timeout = c.Spawner.http_timeout = 600
