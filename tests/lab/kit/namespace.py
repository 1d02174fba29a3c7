"""Network namespaces: made, entered, joined by veth pairs, and taken away again."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def run(argv, **kwargs):
    """Run ARGV to its end; its error output becomes the exception's text."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False, **kwargs)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def ip_batch(lines, netns=None):
    """Give LINES to one `ip -batch`."""
    argv = ["ip"] + (["-n", netns] if netns else []) + ["-batch", "-"]
    run(argv, input="\n".join(lines) + "\n")


def _setns(fd):
    if _libc.setns(fd, CLONE_NEWNET):
        code = ctypes.get_errno()
        raise OSError(code, "setns: " + os.strerror(code))


@contextlib.contextmanager
def _entered(path):
    """Let this thread live in the namespace at PATH; sockets made here stay there."""
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        there = os.open(path, os.O_RDONLY)
        try:
            _setns(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _setns(home)
    finally:
        os.close(home)


class Namespace:
    """One host, or one bridge, of the lab."""

    def __init__(self, name):
        self.name = name
        self.path = f"/run/netns/{name}"

    def create(self):
        run(["ip", "netns", "add", self.name])
        for key in ("all", "default"):
            self.sysctl(f"net.ipv6.conf.{key}.disable_ipv6", 1)
        run(["ip", "-n", self.name, "link", "set", "lo", "up"])

    def entered(self):
        return _entered(self.path)

    def sysctl(self, key, value):
        with self.entered(), open("/proc/sys/" + key.replace(".", "/"), "w", encoding="ascii") as f:
            f.write(str(value))

    def command(self, argv):
        """ARGV as it has to be started to run in here."""
        return ["ip", "netns", "exec", self.name] + list(argv)

    def nft(self, ruleset):
        run(self.command(["nft", "-f", "-"]), input=ruleset)


def names():
    """The names of all namespaces of this machine."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(os.listdir("/run/netns"))
    return []


def pids_in(name):
    done = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=False)
    return [int(word) for word in done.stdout.split() if int(word) != os.getpid()]


def remove_all(which, prefix):
    """Remove these namespaces: the phones' first, whose good-byes then still find somebody."""
    for name in sorted(which, key=lambda name: (not name.startswith(prefix + "lan"), name)):
        remove(name)


def remove(name):
    """End whatever still lives in there, by its pid, and remove the namespace."""
    if not os.path.exists(f"/run/netns/{name}"):
        return
    for sig, patience_s in ((signal.SIGTERM, 3), (signal.SIGKILL, 3)):
        end = time.monotonic() + patience_s
        pids = pids_in(name)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, sig)
        while pids and time.monotonic() < end:
            time.sleep(0.05)
            pids = pids_in(name)
        if not pids:
            break
    run(["ip", "netns", "del", name])
