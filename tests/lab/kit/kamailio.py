"""Kamailio as a softswitch: registrar and proxy, told nothing of NAT."""

import os
import socket

from .network import ADDRESS
from .patience import wait_until

CONFIG = os.path.join(os.path.dirname(__file__), "..", "peers", "kamailio.cfg")
PING = ("OPTIONS sip:{0}:{1} SIP/2.0\r\nVia: SIP/2.0/UDP {2};rport;branch=z9hG4bK-ready\r\n"
        "From: <sip:lab@{0}>;tag=1\r\nTo: <sip:{0}>\r\nCall-ID: ready@lab\r\nCSeq: 1 OPTIONS\r\n"
        "Max-Forwards: 5\r\nContent-Length: 0\r\n\r\n")


class Kamailio:
    """One kamailio on HOST; users is what it is asked to route."""

    def __init__(self, lab, host="ssw", address=None, port=5060, name="kamailio", config=CONFIG):
        self.address, self.port = address or ADDRESS[host], port
        self.namespace = lab.net[host]
        runtime = lab.file(name)
        os.mkdir(runtime)
        self.process = lab.spawn(
            host, ["kamailio", "-f", config, "-DD", "-E", "-m", "256", "-M", "8", "-Y", runtime,
                   "-w", runtime, "-l", f"udp:{self.address}:{port}"], name=name)

    def ready(self):
        """Wait until it answers an OPTIONS."""
        with self.namespace.entered():
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with sock:
            sock.connect((self.address, self.port))
            sock.settimeout(0.3)
            local = "%s:%d" % sock.getsockname()
            wait_until(lambda: self._answers(sock, local), "kamailio to answer")
        return self

    def _answers(self, sock, local):
        assert self.process.alive(), f"kamailio: {self.process.last_line()}"
        try:
            sock.send(PING.format(self.address, self.port, local).encode())
            return sock.recv(4096).startswith(b"SIP/2.0")
        except OSError:
            return False
