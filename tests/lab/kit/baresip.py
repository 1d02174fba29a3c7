"""A baresip: a real phone with real RTP, that plays a tone and records what it hears."""

import contextlib
import glob
import json
import os
import select
import socket
import time
from uuid import uuid4

from . import tone
from .network import ADDRESS
from .patience import Impatience, wait_until

MODULES = ("/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules")
TEMPLATE = os.path.join(os.path.dirname(__file__), "..", "peers", "baresip.conf")


def _modules():
    return next((path for path in MODULES if os.path.isdir(path)), MODULES[0])


class Baresip:
    """One phone USER on HOST; its account goes through the outbound proxy PROXY. With STUN, the address of a
    server, it makes its media pinholes there."""

    def __init__(self, lab, host, user, proxy, frequency, domain="example.net", expires_s=600,
                 port=5060, video=False, address=None, device="eth0", tag="", seconds=60, uuid=None, stun=None):
        self.user, self.host = user, host
        self.address, self.port = address or ADDRESS[host], port
        self.frequency = frequency
        self.namespace = lab.net[host]
        self.directory = lab.file(user + tag)
        os.mkdir(self.directory)
        self._configure(device, video, seconds, stun)
        video_codecs = "vp8" if video else ""
        self.account = (f'<sip:{user}@{domain}>;outbound="sip:{proxy}";regint={expires_s};'
                        f"answermode=auto;audio_codecs=PCMU;video_codecs={video_codecs}")
        if stun:
            self.account += f';medianat=stun;stunserver="stun:{stun}"'
        self._write("accounts", "")  # REGISTER is sent when there is somebody to hear of its answer
        self._write("contacts", "")
        self.uuid = uuid or str(uuid4())  # its +sip.instance; a phone that restarts keeps it
        self._write("uuid", self.uuid)
        self.process = lab.spawn(host, ["baresip", "-4", "-v", "-f", self.directory],
                                 name=f"{user}{tag}-baresip", cwd=self.directory)
        self.events = []
        self._buffer = b""
        self._control = None

    def _configure(self, device, video, seconds, stun):
        sound = os.path.join(self.directory, "tone.wav")
        tone.write(sound, self.frequency, seconds)
        with open(TEMPLATE, encoding="utf-8") as f:
            template = f.read()
        more_modules = "".join(f"module\t\t\t{name}.so\n" for name, wanted in (
            ("vp8", video), ("fakevideo", video), ("stun", stun)) if wanted)
        self._write("config", template.format(
            address=self.address, port=self.port, device=device, user=self.user, tone=sound,
            modules=_modules(), more_modules=more_modules, recordings=self.directory))

    def _write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as f:
            f.write(text)

    def ready(self):
        """Wait for its control socket."""
        def connect():
            assert self.process.alive(), f"{self.process.name}: {self.process.last_line()}"
            with self.namespace.entered():
                sock = socket.socket()
            try:
                sock.connect(("127.0.0.1", 4444))
            except OSError:
                sock.close()
                return None
            return sock
        self._control = wait_until(connect, f"{self.user}'s control socket")
        return self

    def registered(self, deadline_s=30):
        """Register, and wait for the 200."""
        self._command("uanew", self.account)
        self.wait_event("REGISTER_OK", deadline_s=deadline_s)
        return self

    def dial(self, whom):
        self._command("dial", whom)

    def hang_up(self):
        self._command("hangup")

    def _command(self, command, params=""):
        text = json.dumps({"command": command, "params": params}).encode()
        self._control.sendall(b"%d:%s," % (len(text), text))

    def _read_events(self, patience_s):
        """Take in what the control socket says: netstrings of JSON."""
        if not select.select([self._control], [], [], patience_s)[0]:
            return
        data = self._control.recv(65536)
        assert data, f"{self.process.name} closed its control socket: {self.process.last_line()}"
        self._buffer += data
        while b":" in self._buffer:
            length, rest = self._buffer.split(b":", 1)
            if len(rest) <= int(length):
                return
            self.events.append(json.loads(rest[:int(length)]))
            self._buffer = rest[int(length) + 1:]

    def wait_event(self, *types, deadline_s=30):
        """The next event of one of these TYPES; events before it are passed over."""
        end = time.monotonic() + deadline_s
        while time.monotonic() < end:
            while self.events:
                event = self.events.pop(0)
                if event.get("type") in types:
                    return event
            self._read_events(0.2)
        raise Impatience(f"waited {deadline_s} s for {self.user}'s {' or '.join(types)}")

    def recording(self):
        """The file of what it heard last; None before there is one."""
        found = glob.glob(os.path.join(self.directory, "dump-*-dec.wav"))
        return max(found, key=os.path.getmtime) if found else None

    def heard(self, frequency):
        """For how many seconds its last recording holds FREQUENCY."""
        path = self.recording()
        return tone.seconds_heard(path, frequency) if path else 0.0

    def crash(self):
        """Vanish as by a power cut: no un-REGISTER, no BYE."""
        with contextlib.suppress(OSError):
            self._control.close()
        self.process.popen.kill()
        self.process.wait(5)
