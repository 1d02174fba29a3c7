"""What H.323 flows share: Postern's configuration, the terminals, and what is asked of their calls."""

import json
import os

from .duet import A_MARK, B_MARK
from .network import GW_WAN
from .patience import wait_until
from .postern import Postern

GATEKEEPER = f"{GW_WAN}:1719"
PROGRAM = os.path.join("tests", "lab", "peers", "h323_terminal")
HEARD = 40  # packets: 0.8 s
MODULE = """  <module name="h323">
    <listen realm="access" transport="udp" port="1719"/>
    <listen realm="access" transport="tcp" port="1720"/>
    <gatekeeper realm="access" zone="lab"/>
    <keepalive every="{keepalive}"/>
  </module>
"""


def postern(lab, keepalive="2s"):
    """Postern with the module h323 and its own gatekeeper for the access realm."""
    return Postern(lab, module=("h323", MODULE.format(keepalive=keepalive)),
                   access_more='tcp-ports="40000-40399"').ready()


class Terminal:
    """One h323_terminal on HOST, known as NAME; WORDS are options of its command line without their dashes."""

    def __init__(self, lab, host, name, *words, mark=A_MARK, gatekeeper=GATEKEEPER):
        self.name, self.address = name, lab.net.address[host]
        argv = [os.path.join(lab.build, PROGRAM), "--address", self.address, "--alias", name, "--mark", str(mark[0])]
        if gatekeeper:
            argv += ["--gatekeeper", gatekeeper]
        for word in words:
            option, *value = word.split("=")
            argv += ["--" + option, *value]
        self.process = lab.spawn(host, argv, name=name, env={"ASAN_OPTIONS": "abort_on_error=1"})

    def events(self, what=None):
        rows = [json.loads(line) for line in self.process.text().splitlines() if line.startswith("{") and line[-1] == "}"]
        assert not [row for row in rows if row["event"] == "failed"], f"{self.name}: {self.process.last_line()}"
        return [row for row in rows if not what or row["event"] == what]

    def messages(self, way="received"):
        return [row["message"] for row in self.events(way)]

    def wait(self, what, count=1, deadline_s=30):
        """The last of COUNT events."""
        def there():
            rows = self.events(what)
            assert rows or self.process.alive() or what == "done", f"{self.name} ended: {self.process.last_line()}"
            return len(rows) >= count and rows
        return wait_until(there, f"{self.name} to say {what!r}", deadline_s)[-1]

    def finished(self):
        """A caller ends by itself after its call."""
        status = self.process.wait(60)
        self.events()
        assert status == 0, f"{self.name} ended with {status}: {self.process.last_line()}"

    def media(self):
        return self.events("media")


def pair(lab, caller, callee, words=(), callee_words=None):
    """bob on CALLEE is registered, and alice on CALLER calls him; both with WORDS, or bob with CALLEE_WORDS."""
    bob = Terminal(lab, callee, "bob", *(words if callee_words is None else callee_words), mark=B_MARK)
    bob.wait("registered")
    alice = Terminal(lab, caller, "alice", "call=bob", f"packets={HEARD}", *words)
    return alice, bob


# The judges

def heard(terminal, calls=1, media=1):
    """It heard the other one in each medium of each call, and RTCP, from nowhere but where it was told to send."""
    rows = terminal.media()
    assert len(rows) == calls * media, f"{terminal.name} reports {len(rows)} media"
    for row in rows:
        assert row["heard"] >= HEARD // 2 and row["rtcp_received"], f"{terminal.name} heard too little: {row}"
        assert not row["strange"], f"{terminal.name} got RTP from elsewhere: {row}"
        assert row["to"].split(":")[0] == GW_WAN, f"{terminal.name} was told a media address not of the gateway: {row}"


def shown(terminal):
    """No message showed it an address other than the gateway's and its own."""
    for row in terminal.events("received"):
        for address in row["addresses"]:
            assert address.split(":")[0] in (GW_WAN, terminal.address), \
                f"{terminal.name} was shown {address} in {row['message']}"


def proper(lab, alice, bob, calls=1, media=1):
    for terminal in (alice, bob):
        shown(terminal)
        heard(terminal, calls, media)
    lab.catch_up()
