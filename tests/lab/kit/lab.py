"""One lab: a network, the programs in it, and the evidence that they leave in a directory."""

import contextlib
import os

from .capture import Capture
from .network import Network
from .process import Process

# Where a flow usually watches: what Postern sends and gets, and what the ends of the calls see.
WATCHED = (("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("lan1", "eth0"), ("lan2", "eth0"),
           ("nat1", "wan0"), ("nat2", "wan0"))


class Lab:
    """A context manager: whatever happens inside, nothing of it is left behind."""

    def __init__(self, directory, prefix, build=None, outlive=False, **network):
        self.directory = directory
        self.outlive = outlive
        self.build = build
        self.net = Network(prefix, **network)
        self.processes = []
        self.captures = {}
        self.daemons = []
        self.postern = None  # the gateway among them
        self._undo = contextlib.ExitStack()

    def __enter__(self):
        try:
            self._undo.callback(self.net.remove)
            self._undo.callback(self.end_processes)
            self.net.create()
            self.net.prove()
        except BaseException:
            self._undo.close()
            raise
        return self

    def __exit__(self, *failure):
        try:
            if failure[0] is None:
                self.stop_captures()
        finally:
            self._undo.close()

    def leave(self):
        """Let everything go on after this program has ended."""
        assert self.outlive
        self._undo.pop_all()

    def spawn(self, host, argv, name=None, **options):
        """Start ARGV on HOST; it logs to NAME.log in the lab's directory."""
        log = self.file((name or f"{host}-{os.path.basename(argv[0])}") + ".log")
        process = Process(self.net[host], argv, log, outlive=self.outlive, **options)
        self.processes.append(process)
        return process

    def file(self, name, content=None):
        """The path of the file NAME in the lab's directory, filled with CONTENT if there is any."""
        path = os.path.join(self.directory, name)
        if content is not None:
            with open(path, "w", encoding="utf-8") as f:
                f.write(content)
        return path

    def watch(self, *places):
        """Capture on these (host, device) pairs, or on the usual ones."""
        started = [(place, Capture(self, *place)) for place in places or WATCHED]
        self.captures.update(started)
        for _, capture in started:
            capture.ready()

    def seen(self, host, device="eth0"):
        return self.captures[host, device]

    def catch_up(self):
        for capture in self.captures.values():
            capture.catch_up()

    def end_programs(self):
        """End everything but the captures, last come first: phones un-register while there is somebody
        to tell. The daemons have to drain and end with 0."""
        captured_by = [capture.process for capture in self.captures.values()]
        served_by = [daemon.process for daemon in self.daemons]
        for process in reversed(self.processes):
            if process not in captured_by and process not in served_by:
                process.end()
        for daemon in reversed(self.daemons):
            daemon.ended_well()

    def stop_captures(self):
        for capture in self.captures.values():
            capture.stop()

    def check_processes(self):
        """No program may have died on its own."""
        for process in self.processes:
            assert process.alive() or not process.expected_to_live, \
                f"{process.name} died with {process.popen.returncode}: {process.last_line()}"

    def end_processes(self):
        for process in reversed(self.processes):
            process.end()
