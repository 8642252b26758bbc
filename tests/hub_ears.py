"""What somebody on the machine, who has no key, hears at the ports of a kernel."""

from functools import partial
from subprocess import DEVNULL
import time

from jupyter_client import KernelManager
import psutil
import zmq


def overheard(kernel, speak, seconds=2):
    """How many messages arrive at sockets without a key that are held to a process's ports, while something speaks."""
    ports = {each.laddr.port for each in kernel.net_connections("tcp") if each.status == psutil.CONN_LISTEN}
    assert ports, "the kernel listens to no port: there is nothing to overhear"
    context, heard = zmq.Context(), 0
    ear = context.socket(zmq.SUB)
    ear.subscribe(b"")
    for port in ports:
        ear.connect(f"tcp://127.0.0.1:{port}")
    time.sleep(0.5)  # a subscription needs a moment to arrive
    speak()
    while ear.poll(1000 * seconds):
        heard += bool(ear.recv_multipart())
    context.destroy(linger=0)
    return heard


def bare_kernel(encryption):
    """How many messages are overheard of a kernel of our own, with this setting of its `transport_encryption`."""
    manager = KernelManager(transport_encryption=encryption)
    manager.start_kernel(stderr=DEVNULL)  # without encryption it warns, and is right
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        speak = partial(client.execute_interactive, "print(6 * 7)", output_hook=str, timeout=60)
        return overheard(psutil.Process(manager.provisioner.pid), speak)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
