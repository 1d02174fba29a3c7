"""What H.323 flows share: Postern's configuration, the terminals, and what is asked of their calls."""

import json
import os

from . import pcap
from .duet import A_MARK, B_MARK
from .network import GW_WAN, SSW
from .patience import wait_until
from .postern import Postern

GATEKEEPER = f"{GW_WAN}:1719"
PROGRAM = os.path.join("tests", "lab", "peers", "h323_terminal")
HEARD = 40  # packets: 0.8 s
KEEPALIVE_S = 2
MODULE = """  <module name="h323">
    <listen realm="access" transport="udp" port="1718" group="224.0.1.41"/>
    <listen realm="access" transport="udp" port="1719"/>
    <listen realm="access" transport="tcp" port="1720"/>
    <gatekeeper realm="access" zone="lab"{gatekeeper}/>
    <keepalive every="{keepalive}"/>{more}
  </module>
"""


def postern(lab, keepalive=f"{KEEPALIVE_S}s", gatekeeper="", more="", access_more="", networks=""):
    """Postern with the module h323 and its own gatekeeper for the access realm; GATEKEEPER and ACCESS_MORE are more
    attributes of those two, MORE is more of the module, NETWORKS as in Postern."""
    module = MODULE.format(keepalive=keepalive, gatekeeper=gatekeeper and " " + gatekeeper, more=more)
    return Postern(lab, module=("h323", module), networks=networks,
                   access_more=f'tcp-ports="40000-40399" {access_more}').ready()


PROXY = """  <module name="h323">
    <listen realm="access" transport="udp" port="1719"/>
    <listen realm="access" transport="tcp" port="1720"/>
    <listen realm="core" transport="udp" port="1719"/>
    <listen realm="core" transport="tcp" port="1720"/>
    <route from="access" to="core"><gatekeeper address="{gatekeeper}"/></route>
    <keepalive every="{keepalive}"/>
  </module>
"""
OFFICE = """<postern xmlns="urn:postern:config:1" role="gateway">
  <log to="stderr" level="debug"/>
  <control socket="{directory}/gk.sock"/>
  <realm name="access" side="access" address="{address}" media="20000-20399" tcp-ports="40000-40399"/>
  <module name="h323">
    <listen realm="access" transport="udp" port="1719"/>
    <listen realm="access" transport="tcp" port="1720"/>
    <gatekeeper realm="access" zone="office" model="{model}"/>
    <keepalive every="0s"/>
  </module>
</postern>
"""


def proxy(lab, model, access_more="", networks=""):
    """Postern before an external gatekeeper, which is a second posternd on the softswitch's host; MODEL is how that
    routes calls: routed or direct. More as in Postern."""
    config = lab.file("gatekeeper.xml", OFFICE.format(directory=lab.directory, address=SSW, model=model))
    gatekeeper = lab.spawn("ssw", [os.path.join(lab.build, "posternd"), "-f", "-c", config], name="gatekeeper",
                           env={"POSTERN_MODULEDIR": os.path.join(lab.build, "modules"),
                                "ASAN_OPTIONS": "abort_on_error=1"})
    wait_until(lambda: os.path.exists(os.path.join(lab.directory, "gk.sock")), "the gatekeeper to be there")
    assert gatekeeper.alive(), gatekeeper.last_line()
    return Postern(lab, module=("h323", PROXY.format(gatekeeper=SSW, keepalive=f"{KEEPALIVE_S}s")), networks=networks,
                   access_more='tcp-ports="40000-40399" ' + access_more,
                   core_more='tcp-ports="40000-40399" aliases="10000-10399"').ready()


class Terminal:
    """One h323_terminal on HOST, known as NAME; WORDS are options of its command line without their dashes. Its log
    may have another name: PROCESS."""

    def __init__(self, lab, host, name, *words, mark=A_MARK, gatekeeper=GATEKEEPER, process=None):
        self.name, self.address = name, lab.net.address[host]
        self.outside = gatekeeper.split(":")[0] if gatekeeper else GW_WAN  # all that it may know of the world
        argv = [os.path.join(lab.build, PROGRAM), "--address", self.address, "--alias", name, "--mark", str(mark[0])]
        if gatekeeper:
            argv += ["--gatekeeper", gatekeeper]
        for word in words:
            option, *value = word.split("=")
            argv += ["--" + option, *value]
        self.process = lab.spawn(host, argv, name=process or name, env={"ASAN_OPTIONS": "abort_on_error=1"})

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

    def asked(self, count, deadline_s=60):
        """Postern looked after it by so many IRQs."""
        wait_until(lambda: self.messages().count("infoRequest") >= count, f"{count} IRQs to {self.name}", deadline_s)

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


def registered(lab, caller, callee, words):
    """alice and bob are registered; alice calls when she gets SIGUSR1."""
    bob = Terminal(lab, callee, "bob", *words, mark=B_MARK)
    alice = Terminal(lab, caller, "alice", "call=bob", "on-signal", f"packets={HEARD}", *words)
    for terminal in (alice, bob):
        terminal.wait("registered")
    return alice, bob


# The judges

def heard(terminal, media=1, rtcp=True, at_least=HEARD // 2, without_rtcp=()):
    """It heard the other one in each medium, and its RTCP (but in the sessions WITHOUT_RTCP), from nowhere but where it
    was told to send."""
    rows = terminal.media()
    assert len(rows) == media, f"{terminal.name} reports {len(rows)} media"
    for row in rows:
        reported = row["rtcp_received"] or not rtcp or row["session"] in without_rtcp
        assert row["heard"] >= at_least and reported, f"{terminal.name} heard too little: {row}"
        assert not row["strange"], f"{terminal.name} got RTP from elsewhere: {row}"
        assert row["to"].split(":")[0] == terminal.outside, \
            f"{terminal.name} was told a media address not of {terminal.outside}: {row}"


def shown(terminal):
    """No message showed it an address other than its gatekeeper's and its own."""
    for row in terminal.events("received"):
        for address in row["addresses"]:
            assert address.split(":")[0] in (terminal.outside, terminal.address), \
                f"{terminal.name} was shown {address} in {row['message']}"


def charged(record, alice, bob):
    """C-1: what the record counts is what the terminals sent, but for what was on its way when the call ended."""
    assert record["answer"] and record["from"] == alice.name and record["to"] == bob.name, record
    for terminal, way in ((alice, "a_to_b"), (bob, "b_to_a")):
        for stream, row in zip(record["streams"], terminal.media()):
            assert abs(stream[way]["packets"] - row["rtp_sent"]) <= 3, f"{terminal.name}: {row}, but {record}"


def tcp_data(capture, source):
    """What SOURCE sent by TCP, a string of octets for each segment that held any."""
    segments = [p.payload for p in capture.packets() if p.protocol == pcap.TCP and p.src == source]
    return [data for data in (segment[(segment[12] >> 4) * 4:] for segment in segments) if data]


def kept_open(lab, router, address):
    """For how many seconds RAS has been leaving ROUTER for the gateway."""
    times = [p.time for p in lab.seen(router, "wan0").udp(src=address, dst=GW_WAN, dport=1719)]
    return max(times) - min(times) if times else 0.0


def proper(lab, alice, bob, media=1, rtcp=True):
    for terminal in (alice, bob):
        shown(terminal)
        heard(terminal, media, rtcp)
    lab.catch_up()
