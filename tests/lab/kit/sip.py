"""SIP messages and SDP bodies, read just far enough to judge and to answer them."""

import re

COMPACT = {"v": "via", "m": "contact", "f": "from", "t": "to", "i": "call-id", "l": "content-length",
           "c": "content-type"}
IPV4 = re.compile(r"(?<![\d.])(\d{1,3}(?:\.\d{1,3}){3})(?![\d.])")
# The headers that say where something is. From, To and Call-ID are names.
PLACES = ("via", "contact", "record-route", "route")
# The SDP lines that carry connections. Others may hold a name, such as a CNAME that is a SIP URI.
CONNECTIONS = ("c=", "o=", "a=rtcp:", "a=candidate:", "a=remote-candidates:")


class Message:
    """One request or response."""

    def __init__(self, data):
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "replace")).split("\r\n")
        self.start = lines[0]
        self.headers = []
        for line in lines[1:]:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            self.headers.append((COMPACT.get(name, name), value.strip()))
        words = self.start.split(" ", 2)
        self.is_response = words[0] == "SIP/2.0"
        self.status = int(words[1]) if self.is_response else 0
        self.method = self.get("cseq").split(" ")[-1] if self.is_response else words[0]
        self.uri = "" if self.is_response else words[1]

    def get(self, name, default=""):
        return next((value for key, value in self.headers if key == name), default)

    def all(self, name):
        return [value for key, value in self.headers if key == name]

    def branch(self):
        return parameter(self.get("via").split(",")[0], "branch")

    def tag(self, name):
        return parameter(self.get(name), "tag")

    def sdp(self):
        return Sdp(self.body) if self.get("content-type").startswith("application/sdp") else None

    def addresses(self):
        """Rows (where, address) of the IPv4 literals in PLACES, request URI and SDP connections."""
        rows = [("request-uri", address) for address in IPV4.findall(self.uri)]
        for name in PLACES:
            rows += [(name, address) for value in self.all(name) for address in IPV4.findall(value)]
        if self.sdp():
            rows += [(line[:20], address) for line in self.sdp().text.splitlines()
                     if line.startswith(CONNECTIONS) for address in IPV4.findall(line)]
        return rows

    def __str__(self):
        return self.start


class Stream:
    """One m-line with what belongs to it."""

    def __init__(self, line, address):
        self.media, port, self.protocol, self.formats = (line.split(" ", 3) + ["", "", ""])[:4]
        self.port = int(port.split("/")[0])
        self.address = address
        self.rtcp = (address, self.port + 1)
        self.direction = None

    @property
    def rtp(self):
        return (self.address, self.port)

    @property
    def is_rtp(self):
        return "RTP/" in self.protocol


class Sdp:
    """The addresses that a session description advertises."""

    def __init__(self, body):
        self.text = body.decode("utf-8", "replace")
        self.streams = []
        session = None
        for line in self.text.splitlines():
            kind, value = line[:2], line[2:].strip()
            if kind == "m=":
                self.streams.append(Stream(value, session))
            elif kind == "c=":
                address = value.split(" ")[-1].split("/")[0]
                if self.streams:
                    self.streams[-1].address = address
                    self.streams[-1].rtcp = (address, self.streams[-1].port + 1)
                else:
                    session = address
            elif line.startswith("a=rtcp:"):
                words = line[7:].split(" ")
                address = words[3] if len(words) > 3 else self.streams[-1].address
                self.streams[-1].rtcp = (address, int(words[0]))
            elif kind == "a=" and value in ("sendrecv", "sendonly", "recvonly", "inactive") \
                    and self.streams:
                self.streams[-1].direction = value

    def __getitem__(self, index):
        return self.streams[index]


def parameter(value, name):
    """The parameter NAME of a header's VALUE, or None."""
    found = re.search(rf";\s*{name}\s*=\s*\"?([^;,\s\">]+)", value, re.IGNORECASE)
    return found[1] if found else None


def is_sip(payload):
    """Does this datagram look like SIP?"""
    line = payload.split(b"\r\n", 1)[0]
    return line.startswith(b"SIP/2.0 ") or line.endswith(b" SIP/2.0")


def messages(packets):
    """Rows (packet, message) of the SIP datagrams among PACKETS."""
    return [(packet, Message(packet.payload)) for packet in packets if is_sip(packet.payload)]
