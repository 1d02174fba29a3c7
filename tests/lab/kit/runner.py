"""Plays flows side by side, each in a process of its own, and says how they went."""

import argparse
import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from . import flow, namespace

FLOW_DEADLINE_S, CLEANUP_DEADLINE_S = 150, 30
SKIPPED = 77  # the exit status of a flow that could not be played
PREFIX = re.compile(r"^pn(\d+)\.\d+-")


def default_build():
    """The first of ./build, . and the tree's own build/ that holds a daemon, else ./build."""
    tree = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[".."] * 3)
    for path in ("build", ".", os.path.join(tree, "build")):
        if os.path.exists(os.path.join(path, "posternd")):
            return os.path.abspath(path)
    return os.path.abspath("build")


def arguments(argv):
    parser = argparse.ArgumentParser(
        prog="tests/lab/run", description="Play the lab's flows in network namespaces (needs root).")
    parser.add_argument("--build", metavar="DIR", help="where posternd was built (default: ./build or .)")
    parser.add_argument("--jobs", type=int, default=3, metavar="N", help="how many at once (default 3)")
    parser.add_argument("--list", action="store_true", help="print the flows and stop")
    parser.add_argument("--keep", action="store_true", help="keep the evidence of what passed, too")
    parser.add_argument("--one", nargs=3, metavar=("NAME", "DIR", "PREFIX"), help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a flow, or the part before its dot")
    return parser.parse_args(argv)


def choose(rows, names):
    """The flows that NAMES stand for; all of them without names."""
    if not names:
        return list(rows.values())
    chosen = []
    for name in names:
        found = [row for row in rows.values() if name in (row.name, row.name.split(".")[0])]
        if not found:
            print(f"tests/lab/run: there is no flow {name}; --list names them", file=sys.stderr)
            raise SystemExit(2)
        chosen += [row for row in found if row not in chosen]
    return chosen


# One flow, in a process of its own

def play_one(row, directory, prefix, build):
    """Play a flow; write the reason of a failure to DIRECTORY/reason."""
    def leave(number, _):
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sig, signal.SIG_IGN)
        raise SystemExit(f"ended by {signal.Signals(number).name}")
    for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(sig, leave)
    try:
        flow.play(row, directory, prefix, build)
    except BaseException as failure:  # whatever it is, it is why the flow failed
        with open(os.path.join(directory, "reason"), "w", encoding="utf-8") as f:
            f.write(" ".join(str(failure).split()) or type(failure).__name__)
        if isinstance(failure, flow.Skip):
            return SKIPPED
        traceback.print_exc()
        return 1
    return 0


def _end_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Attempt:
    """A flow that is being played."""

    def __init__(self, row, base, number, build):
        self.row = row
        self.prefix = f"pn{os.getpid()}.{number}-"
        self.directory = os.path.join(base, f"{row.name}-{number}")
        os.mkdir(self.directory)
        self.deadline = time.monotonic() + FLOW_DEADLINE_S
        script = os.path.join(os.path.dirname(__file__), "..", "run")
        with open(os.path.join(self.directory, "flow.log"), "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, script, "--build", build, "--one", row.name, self.directory,
                 self.prefix], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, preexec_fn=_end_with_parent)

    def poll(self):
        """None while it plays, then its exit status."""
        if self.process.poll() is None and time.monotonic() > self.deadline:
            self.end()
        return self.process.poll()

    def end(self):
        """Let it clean up after itself, else do it for it."""
        for sig in (signal.SIGTERM, signal.SIGKILL):
            if self.process.poll() is not None:
                break
            self.process.send_signal(sig)
            try:
                self.process.wait(CLEANUP_DEADLINE_S)
            except subprocess.TimeoutExpired:
                continue
        left = [name for name in namespace.names() if name.startswith(self.prefix)]
        namespace.remove_all(left, self.prefix)

    def reason(self):
        try:
            with open(os.path.join(self.directory, "reason"), encoding="utf-8") as f:
                return f.read()
        except FileNotFoundError:
            return f"it ended with status {self.process.returncode}"


# All flows

class Runner:
    """Starts attempts, gives a failed flow one more, and counts."""

    def __init__(self, options, rows, build):
        self.options, self.build = options, build
        self.waiting, self.playing = list(rows), []
        self.number, self.first_reason = 0, {}
        self.passed = self.failed = self.skipped = 0
        self.base = tempfile.mkdtemp(prefix="postern-lab-")
        self.evidence = False

    def run(self):
        def leave(number, _):
            raise SystemExit(128 + number)
        for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(sig, leave)
        try:
            while self.waiting or self.playing:
                self._start()
                self._reap()
                time.sleep(0.05)
        finally:
            for attempt in self.playing:
                attempt.end()
            self._finish()
        return 1 if self.failed else 0

    def _start(self):
        while self.waiting and len(self.playing) < max(1, self.options.jobs):
            self.number += 1
            self.playing.append(Attempt(self.waiting.pop(0), self.base, self.number, self.build))

    def _reap(self):
        for attempt in list(self.playing):
            status = attempt.poll()
            if status is None:
                continue
            self.playing.remove(attempt)
            attempt.end()
            self._judge(attempt, status)

    def _judge(self, attempt, status):
        name = attempt.row.name
        if status == 0:
            self.passed += 1
            if name in self.first_reason:
                print(f"flaky: {name}: {self.first_reason[name]}", flush=True)
            else:
                print(f"ok {name}", flush=True)
            if not self.options.keep:
                shutil.rmtree(attempt.directory)
        elif status == SKIPPED:
            self.skipped += 1
            print(f"skip {name}: {attempt.reason()}", flush=True)
            shutil.rmtree(attempt.directory)
        elif name not in self.first_reason:
            self.evidence = True
            self.first_reason[name] = attempt.reason()
            self.waiting.insert(0, attempt.row)
        else:
            self.failed += 1
            print(f"not ok {name}: {attempt.reason()}", flush=True)

    def _finish(self):
        if self.evidence or self.options.keep:
            print(f"evidence: {self.base}")
        else:
            shutil.rmtree(self.base)
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        print(f"{self.passed} passed, {self.failed} failed{skipped}")


def remove_leftovers():
    """Namespaces of a run that was killed before it could remove them."""
    for name in namespace.names():
        owner = PREFIX.match(name)
        if owner and not os.path.exists(f"/proc/{owner[1]}"):
            namespace.remove(name)


def main(argv):
    options = arguments(argv)
    rows = flow.load()
    build = os.path.abspath(options.build) if options.build else default_build()
    if options.one:
        name, directory, prefix = options.one
        return play_one(rows[name], directory, prefix, build)
    chosen = choose(rows, options.names)
    if options.list:
        for row in chosen:
            print(f"{row.name:<20} {row.title}")
        return 0
    if os.geteuid() != 0:
        for row in chosen:
            print(f"skip {row.name}: not root")
        print(f"0 passed, 0 failed, {len(chosen)} skipped")
        return 0
    remove_leftovers()
    return Runner(options, chosen, build).run()
