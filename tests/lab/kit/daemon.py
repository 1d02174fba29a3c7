"""A posternd on some host: its process, its control socket, its records."""

import json
import os
import subprocess

from .patience import wait_until

# Counters that no flow of well-behaved peers may move: the core's, and those of each module.
NEVER = ("bad_input", "cdr_write_failed", "media_send_failed", "port_invariant_broken", "sdp_leaks_stopped")
NEVER_OF = {"sip": ("sip_leaks", "sip_malformed"), "mgcp": ("mgcp_leaks", "mgcp_malformed"),
            "h248": ("h248_leaks", "h248_malformed"),
            "h323": ("h323_leaks", "h323_malformed")}


class Daemon:
    """posternd on HOST with the configuration TEXT and one MODULE; its files begin with NAME."""

    def __init__(self, lab, host, name, module, text):
        self.lab, self.host, self.name, self.module = lab, host, name, module
        self.tolerated = ()  # counters of NEVER that the flow itself moves
        self.config = lab.file(name + ".xml", text)
        self.socket = self.path("ctl.sock")
        self.environment = {"POSTERN_MODULEDIR": os.path.join(lab.build, "modules"),
                            "ASAN_OPTIONS": "abort_on_error=1"}
        lab.daemons.append(self)
        self._start()

    def path(self, what):
        """Where this daemon has its file WHAT."""
        return os.path.join(self.lab.directory, f"{self.name}-{what}")

    def _start(self):
        self.process = self.lab.spawn(
            self.host, [os.path.join(self.lab.build, "posternd"), "-f", "-c", self.config],
            name="posternd" if self.name == "postern" else self.name, env=self.environment)

    def stop(self):
        """Vanish as by a power cut."""
        self.process.popen.kill()
        self.process.wait(5)

    def start(self):
        """Come back."""
        self._start()
        return self.ready()

    def restart(self):
        self.stop()
        return self.start()

    def ready(self):
        def answers():
            assert self.process.alive(), f"{self.name}: {self.process.last_line()}"
            return self.control("show", "counters", check=False) is not None
        wait_until(answers, f"{self.name}'s control socket")
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

    def counter(self, name):
        return self.control("show", "counters")["counters"][name]

    def records(self):
        """The call detail records written so far."""
        path = self.path("cdr.jsonl")
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
                   f"{self.name} to give back all sessions and ports", every_s=0.2)
        for name in NEVER + NEVER_OF[self.module]:
            assert name in self.tolerated or not counters()[name], f"{self.name}: {name} is {counters()[name]}"

    def ended_well(self):
        """It was told to end by SIGTERM; did it drain and end with 0?"""
        status = self.process.end(deadline_s=15)
        assert status == 0, f"{self.name} ended with {status}: {self.process.last_line()}"
