"""One analogue line of a residential gateway: its hook, its keys, its connections and their media."""

import random
from fnmatch import fnmatchcase

from kit.call import describe
from kit.media import Leg

SENDING = ("sendrecv", "sendonly")
EVERY_RTCP_S = 1.0
AUDIO, VIDEO = "audio {} RTP/AVP 0", "video {} RTP/AVP 34"


def listed(value):
    """The members of a comma-separated list; commas in parentheses or brackets do not count."""
    rows, depth = [""], 0
    for letter in value:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and not depth:
            rows.append("")
        else:
            rows[-1] += letter
    return [row.strip() for row in rows if row.strip()]


class Connection:
    """A connection of a line: audio, and video if its gateway has it; `legs` are the media ends."""

    def __init__(self, line, call_id):
        gateway = line.gateway
        self.line, self.call_id, self.mode, self.version = line, call_id, "inactive", 0
        self.cid = "%08X" % random.getrandbits(32)
        marks = [(gateway.mark, 0)] + ([(gateway.video_mark, 34)] if gateway.video else [])
        self.legs = [Leg(gateway.lab, gateway.stage, gateway.host, gateway.address[0], mark, payload_type)
                     for mark, payload_type in marks]
        if gateway.holes:
            for leg in self.legs:
                leg.punch(gateway.holes == "early", gateway.login)
        self.remote = None
        self._reports = gateway.stage.every(EVERY_RTCP_S, self._report)

    def describe(self):
        """Its local session description."""
        self.version += 1
        count = len(self.remote.streams) if self.remote else len(self.legs)
        shown = [leg.shown() for leg in self.legs]
        return describe(shown[0][0][0],
                        [(form.format(rtp[1]), *([f"rtcp:{rtcp[1]}"] if self.line.gateway.holes else []))
                         for form, (rtp, rtcp) in zip((AUDIO, VIDEO), shown)]
                        + [("video 0 RTP/AVP 34",)] * (count - len(self.legs)), self.version)

    def is_ready(self):
        """May it be described? Not while a pinhole is waited for."""
        return all(leg.shown() for leg in self.legs)

    def change(self, mode, remote):
        """A new MODE or REMOTE session description, if they are given."""
        self.mode = mode or self.mode
        self.remote = remote or self.remote
        for leg, stream in zip(self.legs, self.remote.streams if self.remote else []):
            if stream.port:
                leg.aim(stream)
        for leg in self.legs:
            if self.line.gateway.talks and leg.remote and self.mode in SENDING:
                leg.talk()
            else:
                leg.quiet()

    def _report(self):
        for leg in self.legs:
            if leg.remote and self.line.gateway.talks:
                leg.send_rtcp()

    def statistics(self):
        """ConnectionParameters (3.2.2.7)."""
        sent, got = self.legs[0].sender, [data for _, data in self.legs[0].received]
        return f"PS={sent.packets}, OS={sent.octets}, PR={len(got)}, OR={sum(map(len, got))}, PL=0, JI=0, LA=0"

    def end(self):
        self._reports.stop()
        for leg in self.legs:
            leg.close()


class Line:
    """The endpoint NAME of a gateway."""

    def __init__(self, gateway, name):
        self.gateway, self.name = gateway, name
        self.off_hook = False
        self.requested, self.request_id, self.signals = [], "0", []
        self.waiting = []  # events that nobody may be told of before the next request (4.4.1)
        self.locked = False
        self.entity = None  # the notified entity, where it was named
        self.connections = {}
        self.ringing = False

    # What a person does

    def lift(self):
        self.off_hook = True
        self.ringing = False
        self._happen("L/hd")

    def put_down(self):
        self.off_hook = False
        self._happen("L/hu")

    def press(self, keys):
        for key in keys:
            self._happen(f"D/{key}")

    @property
    def connection(self):
        """Its only connection."""
        only, = self.connections.values()
        return only

    # Events

    def _happen(self, event):
        if self.locked:
            self.waiting.append(event)
        elif any(fnmatchcase(event, pattern) for pattern in self.requested):
            self.locked = True
            self.gateway.notify(self, event)

    def refusal(self, message):
        """The error code of a request for what is the case already, or 0 (2.4)."""
        events = [event.partition("(")[0] for event in listed(message.get("R"))]
        return 401 if events == ["L/hd"] and self.off_hook and "L/hd" not in self.waiting else 0

    def request(self, message):
        """Follow the NotificationRequest in MESSAGE, which may be a part of another command."""
        self.requested = [event.partition("(")[0] for event in listed(message.get("R"))]
        self.request_id, self.signals = message.get("X", "0"), listed(message.get("S"))
        self.ringing = any(signal.startswith("L/rg") for signal in self.signals) and not self.off_hook
        self.locked, waiting = False, self.waiting
        self.waiting = []
        for event in waiting:
            self._happen(event)

    def connect(self, call_id):
        connection = Connection(self, call_id)
        self.connections[connection.cid] = connection
        return connection

    def forget(self, which):
        """End these connections."""
        for connection in which:
            self.connections.pop(connection.cid).end()
