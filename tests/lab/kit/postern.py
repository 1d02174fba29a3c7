"""The daemon under test: its configuration, its control socket, its records."""

import json
import os
import subprocess

from .network import GW_CORE, GW_WAN, SSW
from .patience import wait_until

# Small ranges, so that an attacker can spray all of it.
ACCESS_MEDIA, CORE_MEDIA = (20000, 20399), (30000, 30399)

# Counters that no flow of well-behaved peers may move: the core's, and those of each module.
NEVER = ("bad_input", "cdr_write_failed", "media_send_failed", "port_invariant_broken", "sdp_leaks_stopped")
NEVER_OF = {"sip": ("sip_leaks", "sip_malformed"), "mgcp": ("mgcp_leaks", "mgcp_malformed"),
            "h248": ("h248_leaks", "h248_malformed"),
            "h323": ("h323_leaks", "h323_malformed")}

CONFIG = """<postern xmlns="urn:postern:config:1" role="gateway">
  <log to="stderr" level="debug"/>
  <control socket="{directory}/ctl.sock"/>
  <cdr file="{directory}/cdr.jsonl"/>
  <realm name="access" side="access" address="{wan}" media="{access[0]}-{access[1]}"{access_more}/>
  <realm name="core" side="core" address="{core}" media="{cores[0]}-{cores[1]}"{core_more}/>
{module}</postern>
"""
SIP = """  <module name="sip">
    <listen realm="access" transport="udp" port="5060"/>
    <listen realm="core" transport="udp" port="5060"/>
{routing}
    <keepalive every="{keepalive}"/>
    <expires terminal="{expires}"/>
{sip_more}
  </module>
"""
ROUTE = '    <route from="access" to="core" next-hop="{0}"/>'
REGISTRAR = '    <registrar realm="access" domain="example.net"/>'


class Postern:
    """posternd on the host gw, with the module sip, or with MODULE: a pair of its name and its element."""

    def __init__(self, lab, next_hop=SSW + ":5060", registrar=False, keepalive="2s", expires="600s",
                 access_more="", core_more="", sip_more="", module=None):
        self.lab = lab
        lab.postern = self
        self.directory = lab.directory
        self.tolerated = ()  # counters of NEVER that the flow itself moves
        self.module, text = module or ("sip", SIP.format(
            routing=REGISTRAR if registrar else ROUTE.format(next_hop), keepalive=keepalive, expires=expires,
            sip_more=sip_more and "    " + sip_more))
        self.config = lab.file("postern.xml", CONFIG.format(
            directory=self.directory, wan=GW_WAN, core=GW_CORE, access=ACCESS_MEDIA,
            cores=CORE_MEDIA, module=text, access_more=access_more and " " + access_more,
            core_more=core_more and " " + core_more))
        self.socket = os.path.join(self.directory, "ctl.sock")
        self.environment = {"POSTERN_MODULEDIR": os.path.join(lab.build, "modules"),
                            "ASAN_OPTIONS": "abort_on_error=1"}
        self._start()

    def _start(self):
        self.process = self.lab.spawn(
            "gw", [os.path.join(self.lab.build, "posternd"), "-f", "-c", self.config], name="posternd",
            env=self.environment)

    def restart(self):
        """Vanish as by a power cut, and come back."""
        self.process.popen.kill()
        self.process.wait(5)
        self._start()
        return self.ready()

    def ready(self):
        def answers():
            assert self.process.alive(), f"posternd: {self.process.last_line()}"
            return self.control("show", "counters", check=False) is not None
        wait_until(answers, "posternd's control socket")
        return self

    def command(self, *words):
        """How a person would ask it; for the demo's hints."""
        return [os.path.join(self.lab.build, "posternctl"), "-s", self.socket, *words]

    def control(self, *words, check=True):
        """The JSON answer of posternctl; None if it fails and CHECK is false."""
        done = subprocess.run(self.command("--json", *words), capture_output=True, text=True,
                              timeout=20, check=False, env={**os.environ, **self.environment})
        if done.returncode:
            assert not check, f"posternctl {' '.join(words)}: {done.stderr.strip()}"
            return None
        return json.loads(done.stdout)

    def records(self):
        """The call detail records written so far."""
        path = os.path.join(self.directory, "cdr.jsonl")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            return [json.loads(line) for line in f.read().splitlines() if line.endswith("}")]

    def wait_records(self, count, deadline_s=30):
        wait_until(lambda: len(self.records()) >= count, f"{count} call detail records", deadline_s)
        records = self.records()
        assert len(records) == count, f"{len(records)} records instead of {count}"
        return records

    def at_rest(self):
        """All calls are over: no session and no port is left, and it caught itself at nothing."""
        def counters():
            return self.control("show", "counters")["counters"]
        wait_until(lambda: not any(counters()[name] for name in ("sessions", "streams", "ports_taken")),
                   "all sessions and ports to be given back", every_s=0.2)
        for name in NEVER + NEVER_OF[self.module]:
            assert name in self.tolerated or not counters()[name], f"{name} is {counters()[name]}"

    def ended_well(self):
        """It was told to end by SIGTERM; did it drain and end with 0?"""
        status = self.process.end(deadline_s=15)
        assert status == 0, f"posternd ended with {status}: {self.process.last_line()}"
