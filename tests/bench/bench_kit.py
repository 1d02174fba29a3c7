"""What the benches of signalling share: three hosts, and what programs spend."""

import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lab"))
from kit.namespace import Namespace, ip_batch, pids_in, remove  # noqa: E402
from kit.patience import wait_until  # noqa: E402

TERMINAL, GW_A, GW_B, SOFTSWITCH = "198.51.100.30", "198.51.100.5", "192.0.2.5", "192.0.2.20"
TICKS = os.sysconf("SC_CLK_TCK")


class Bench:
    """Terminal, gateway and softswitch. The gateway's programs run on core 0, the load on core 1."""

    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.dir = tempfile.mkdtemp(prefix="postern-bench-")
        tag = f"pb{os.getpid() % 10000}"
        self.terminal, self.gw, self.softswitch = (Namespace(tag + n) for n in ("a", "r", "b"))

    def __enter__(self):
        for ns in (self.terminal, self.gw, self.softswitch):
            ns.create()
        self._join(self.terminal, TERMINAL, GW_A, "wan0")
        self._join(self.softswitch, SOFTSWITCH, GW_B, "core0")
        return self

    def _join(self, ns, outer, inner, device):
        ip_batch([f"link add eth0 type veth peer name {device} netns {self.gw.name}",
                  f"addr add {outer}/24 dev eth0", "link set eth0 up"], ns.name)
        ip_batch([f"addr add {inner}/24 dev {device}", f"link set {device} up"], self.gw.name)

    def __exit__(self, *_):
        for ns in (self.terminal, self.gw, self.softswitch):
            remove(ns.name)
        shutil.rmtree(self.dir, ignore_errors=True)

    def start(self, ns, argv, core, log, **pipes):
        """A program on one core of a host, its words in a log, unless pipes say otherwise."""
        with open(os.path.join(self.dir, log), "ab") as out:
            return subprocess.Popen(ns.command(["taskset", "-c", str(core), *argv]), cwd=self.dir,
                                    env={**os.environ, "POSTERN_MODULEDIR": self.build + "/modules"},
                                    **{"stdin": subprocess.DEVNULL, "stdout": out, "stderr": out, **pipes})

    def start_postern(self, config):
        path = os.path.join(self.dir, "postern.xml")
        with open(path, "w", encoding="ascii") as f:
            f.write(config)
        return self.start(self.gw, [self.build + "/posternd", "-f", "-c", path], 0, "posternd.log")

    def bound(self, port, sockets=1):
        """Has the gateway that many UDP sockets on this port?"""
        with self.gw.entered(), open("/proc/thread-self/net/udp", encoding="ascii") as f:
            return f.read().count(f":{port:04X} ") >= sockets

    def listens(self, port):
        """Does somebody at the gateway take TCP connections to this port?"""
        with self.gw.entered(), open("/proc/thread-self/net/tcp", encoding="ascii") as f:
            return f":{port:04X} 00000000:0000 0A" in f.read()

    def cpu_s(self):
        """User and system seconds that the gateway's programs spent, all threads."""
        total = 0
        for pid in pids_in(self.gw.name):
            with open(f"/proc/{pid}/stat", encoding="ascii") as f:
                fields = f.read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def resident_kb(self):
        total = 0
        for pid in pids_in(self.gw.name):
            with open(f"/proc/{pid}/status", encoding="ascii") as f:
                total += sum(int(line.split()[1]) for line in f if line.startswith("VmRSS"))
        return total

    def stop(self, processes):
        """Ends them, and waits until the gateway is empty."""
        for process in processes:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        wait_until(lambda: not pids_in(self.gw.name), "the gateway's programs to end", 20)
