"""osmo-mgw: a real media gateway, and the call agent of libosmo-mgcp-client that was made for it."""

import os
import re
import socket

from peers.mgcp_message import AGENT_PORT

from .network import GW_WAN
from .patience import wait_until

CONFIG = os.path.join(os.path.dirname(__file__), "..", "peers", "osmo-mgw.cfg")


class OsmoMgw:
    """One osmo-mgw on HOST whose call agent is at AGENT; where it is to send media and gets none, it sends
    a packet of one octet each KEEP_ALIVE seconds."""

    def __init__(self, lab, host, agent=GW_WAN, domain=None, keep_alive="1"):
        self.namespace, self.address = lab.net[host], lab.net.address[host]
        self.domain = domain or f"[{self.address}]"
        with open(CONFIG, encoding="utf-8") as f:
            config = lab.file(f"{host}-osmo-mgw.cfg", f.read().format(
                address=self.address, domain=self.domain, agent=agent, keep_alive=keep_alive))
        self.process = lab.spawn(host, ["osmo-mgw", "-s", "-c", config], name=f"{host}-osmo-mgw",
                                 cwd=lab.directory)
        self._console = wait_until(self._connect, f"{self.process.name}'s console")

    def _connect(self):
        assert self.process.alive(), f"{self.process.name}: {self.process.last_line()}"
        with self.namespace.entered():
            sock = socket.socket()
        try:
            sock.connect(("127.0.0.1", 4243))
        except OSError:
            sock.close()
            return None
        return sock

    def announce(self):
        """RSIP for all its endpoints, once; it never repeats it, and its transaction id is always 1."""
        self._console.sendall(b"enable\r\nreset-all-endpoints\r\n")
        return self


class OsmoClient:
    """mgcp_client on HOST: one connection with an endpoint of the gateway DOMAIN at ADDRESS, whose media is
    to go to MEDIA and to be looped back."""

    PROGRAM = os.path.join("tests", "lab", "peers", "mgcp_client")

    def __init__(self, lab, host, address, domain, media, local):
        self.process = lab.spawn(host, [os.path.join(lab.build, self.PROGRAM), local, str(AGENT_PORT), address,
                                        domain, media[0], str(media[1])], name="mgcp_client")

    @classmethod
    def missing(cls, lab):
        return not os.path.exists(os.path.join(lab.build, cls.PROGRAM))

    def said(self, word):
        """The words behind WORD in what it printed, once it is there."""
        found = wait_until(lambda: re.search(rf"^{word} (.*)$", self.process.text(), re.MULTILINE),
                           f"mgcp_client to say {word!r}")
        return found[1].split(" ")

    def end(self):
        """DLCX; the code of its answer."""
        status = self.process.end()
        assert status == 0, f"mgcp_client ended with {status}: {self.process.last_line()}"
        return int(self.said("deleted")[0])
