"""Processes of the lab: each logs to a file of its own and is ended by its pid."""

import ctypes
import os
import signal
import subprocess

from .patience import wait_until

_libc = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Process:
    """One program in one namespace."""

    def __init__(self, namespace, argv, log, env=None, outlive=False, cwd=None):
        self.name = os.path.basename(log).rsplit(".", 1)[0]
        self.log = log
        self.argv = list(argv)
        self.expected_to_live = True
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(
                namespace.command(argv), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd,
                env={**os.environ, **(env or {})}, start_new_session=True,
                preexec_fn=None if outlive else _die_with_parent)

    @property
    def pid(self):
        return self.popen.pid

    def alive(self):
        return self.popen.poll() is None

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def wait_for_text(self, text, deadline_s=30):
        def there():
            if text in self.text():
                return True
            assert self.alive(), f"{self.name} ended with {self.popen.returncode}: {self.last_line()}"
            return False
        wait_until(there, f"{self.name} to say {text!r}", deadline_s)

    def last_line(self):
        lines = [line for line in self.text().splitlines() if line.strip()]
        return lines[-1].strip() if lines else "(it said nothing)"

    def wait(self, deadline_s):
        """Its exit status, once it has ended by itself."""
        self.expected_to_live = False
        try:
            return self.popen.wait(deadline_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} did not end in {deadline_s} s") from None

    def end(self, sig=signal.SIGTERM, deadline_s=8):
        """Ask it to end, insist after DEADLINE_S; return its exit status."""
        self.expected_to_live = False
        for attempt in (sig, signal.SIGKILL):
            if not self.alive():
                break
            os.kill(self.pid, attempt)
            try:
                self.popen.wait(deadline_s)
            except subprocess.TimeoutExpired:
                continue
        return self.popen.returncode
