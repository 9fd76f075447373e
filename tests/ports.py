"""Ports for servers of tests."""

import random
import socket
from pathlib import Path


def free_port() -> int:
    """A port of the loopback address that nobody listens on.

    It lies below the ports that the system gives to outgoing connections: whoever asks one of those whether a server has come
    up may be connected to itself, and takes that for an answer.
    """
    lowest_outgoing = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    while True:
        port = random.SystemRandom().randrange(10_000, lowest_outgoing)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
