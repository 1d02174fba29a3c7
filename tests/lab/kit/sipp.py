"""sipp with a scenario of our own, for many calls at once."""

import os

from .patience import wait_until

FOLDER = os.path.join(os.path.dirname(__file__), "..", "peers", "sipp")


class Sipp:
    """The scenario peers/sipp/NAME.xml on HOST, for CALLS calls."""

    def __init__(self, lab, host, name, address, calls, target=None, port=5060, rate=20):
        self.namespace, self.port, self.host = lab.net[host], port, host
        scenario = os.path.join(os.path.abspath(FOLDER), name + ".xml")
        argv = ["sipp", "-sf", scenario, "-i", address, "-mi", address, "-p", str(port), "-m", str(calls),
                "-r", str(rate), "-timeout", "60", "-nostdin", "-trace_err",
                "-error_file", lab.file(f"{name}.errors")]
        self.process = lab.spawn(host, argv + ([target] if target else []), name=f"{name}-sipp",
                                 cwd=lab.directory, env={"TERM": "dumb"})

    def ready(self):
        """Wait until its UDP port is open."""
        wait_until(self._bound, f"{self.process.name} on port {self.port}")

    def _bound(self):
        assert self.process.alive(), f"{self.process.name}: {self.process.last_line()}"
        with self.namespace.entered(), open("/proc/thread-self/net/udp", encoding="ascii") as f:
            return any(line.split()[1].endswith(f":{self.port:04X}") for line in f.readlines()[1:])

    def finished(self, deadline_s=70):
        """Every call went as its scenario says."""
        status = self.process.wait(deadline_s)
        assert status == 0, f"{self.process.name} ended with {status}: see its errors"
