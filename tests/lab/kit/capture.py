"""A tcpdump on one interface, whose packets can be read while it runs and surely after it ended."""

import os
import re
import signal
import socket

from . import pcap
from .patience import wait_until

ETHERTYPE_LOCAL = 0x88b5  # IEEE 802 local experimental: no host of the lab listens to it


class Capture:
    """All frames of DEVICE in NAMESPACE, in the file DIRECTORY/HOST-DEVICE.pcap."""

    def __init__(self, lab, host, device):
        self.namespace = lab.net[host]
        self.device = device
        self.path = os.path.join(lab.directory, f"{host}-{device}.pcap")
        # The kernel's buffer holds frames of the snap length, so that length decides how many.
        self.process = lab.spawn(host, ["tcpdump", "-i", device, "-n", "-s", "2048", "-U", "-B", "32768",
                                        "--immediate-mode", "-Z", "root", "-w", self.path],
                                 name=f"{host}-{device}-tcpdump")
        self._read = (0, [])

    def ready(self):
        self.process.wait_for_text("listening on")
        return self

    def packets(self):
        """What was captured so far."""
        size = os.path.getsize(self.path) if os.path.exists(self.path) else 0
        if size != self._read[0]:
            with open(self.path, "rb") as f:
                self._read = (size, pcap.packets(f.read(size)))
        return self._read[1]

    def udp(self, **want):
        """The UDP packets whose fields equal WANT, such as udp(src=..., dport=...)."""
        return [p for p in self.packets() if p.protocol == pcap.UDP
                and all(getattr(p, field) == value for field, value in want.items())]

    def catch_up(self):
        """Return when everything that crossed the interface until now is in the file."""
        token = os.urandom(16)
        with self.namespace.entered():
            raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        with raw:
            raw.bind((self.device, 0))
            hardware = raw.getsockname()[4]
            frame = hardware + hardware + ETHERTYPE_LOCAL.to_bytes(2, "big") + token
            raw.send(frame.ljust(60, b"\0"))
        wait_until(lambda: self._holds(token), f"{self.process.name} to catch up")

    def _holds(self, token):
        with open(self.path, "rb") as f:
            f.seek(max(0, os.path.getsize(self.path) - (1 << 20)))
            return token in f.read()

    def stop(self):
        """End it with every packet written; one that the kernel dropped is an error."""
        if not self.process.alive():
            return
        self.catch_up()
        self.process.end(signal.SIGINT)
        dropped = re.search(r"(\d+) packets? dropped by kernel", self.process.text())
        assert dropped and dropped[1] == "0", f"{self.process.name}: {self.process.last_line()}"
