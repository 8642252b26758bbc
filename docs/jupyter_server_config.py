"""For the Jupyter servers of a shared machine: /opt/tljh/user/etc/jupyter/jupyter_server_config.py, see hosting.md.

A kernel speaks with its server through sockets of the machine. Without this, every account on it can listen to what a
neighbour's cells print. It needs jupyter_client 8.10 and ipykernel 7.4, or newer.
"""

c = get_config()  # noqa: F821 - Jupyter puts it here
c.KernelManager.transport_encryption = "required"
