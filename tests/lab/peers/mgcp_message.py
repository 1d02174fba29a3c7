"""MGCP messages (RFC 3435 3), read just far enough to judge and to answer them, and written."""

import re

from kit.sip import CONNECTIONS, IPV4, Sdp

COMMAND = re.compile(r"([A-Z]{4}|X[A-Z]{3}) (\d{1,9}) (\S+) MGCP 1\.0(?: .*)?")
RESPONSE = re.compile(r"(\d{3}) (\d{1,9})(?: (.*))?")
PARAMETER = re.compile(r"([A-Za-z0-9]+|[Xx][-+][A-Za-z0-9]+|[A-Za-z]+/[Xx]?[-+]?[A-Za-z0-9]+):[ \t]*(.*)")
SEPARATOR = re.compile(rb"(?:^|(?<=\n))\.\r?\n")
ENTITY = re.compile(r"(?:[^@\s]+@)?(?:\[([\d.]+)\]|([\w.-]+))(?::(\d+))?")
GATEWAY_PORT, AGENT_PORT = 2427, 2727


class Message:
    """One command or response: `verb` or `code`, `tid`, `params` as rows (NAME, value), `bodies` (SDP)."""

    def __init__(self, text):
        self.text = text
        head, *rest = re.split(r"\r?\n\r?\n", text.rstrip("\r\n"))
        lines = re.split(r"\r?\n", head)
        self.start = lines[0]
        command, response = COMMAND.fullmatch(lines[0]), RESPONSE.fullmatch(lines[0])
        self.verb, self.endpoint = (command[1], command[3]) if command else ("", "")
        self.code = int(response[1]) if response else None
        self.comment = response[3] or "" if response else ""
        found = command or response
        self.tid = int(found[2]) if found else None
        self.params, self.broken = [], None if found else lines[0]
        for line in lines[1:]:
            row = PARAMETER.fullmatch(line)
            self.broken = self.broken or (None if row else line)
            self.params += [(row[1].upper(), row[2].strip())] if row else []
        self.bodies = [body for body in rest if body.strip()]

    @property
    def is_response(self):
        return self.code is not None

    @property
    def is_final(self):
        return self.is_response and self.code >= 200

    def get(self, name, default=""):
        return next((value for key, value in self.params if key == name), default)

    def has(self, name):
        return any(key == name for key, _ in self.params)

    def all(self, name):
        return [value for key, value in self.params if key == name]

    def sdp(self, index=0):
        return Sdp(self.bodies[index].encode()) if index < len(self.bodies) else None

    def local(self):
        return self.endpoint.rpartition("@")[0]

    def domain(self):
        return self.endpoint.rpartition("@")[2]

    def addresses(self):
        """Rows (where, address) of the IPv4 literals in the start line, all parameters, SDP connections."""
        rows = [("start", address) for address in IPV4.findall(self.endpoint)]
        rows += [(name, address) for name, value in self.params for address in IPV4.findall(value)]
        return rows + [(line[:20], address) for body in self.bodies for line in body.splitlines()
                       if line.startswith(CONNECTIONS) for address in IPV4.findall(line)]

    def __str__(self):
        return self.start


def is_mgcp(payload):
    """Does this datagram look like MGCP?"""
    line = payload.split(b"\n", 1)[0].rstrip(b"\r").decode("latin-1")
    return bool(COMMAND.fullmatch(line) or RESPONSE.fullmatch(line))


def parts(payload):
    """The messages of one datagram, piggybacked ones told apart (3.5.5)."""
    return [Message(text.decode("utf-8", "replace")) for text in SEPARATOR.split(payload) if text.strip()]


def messages(packets):
    """Rows (packet, message) of the MGCP datagrams among PACKETS."""
    return [(packet, message) for packet in packets if is_mgcp(packet.payload)
            for message in parts(packet.payload)]


def _written(start, params, bodies):
    lines = [start] + [f"{name}: {value}".rstrip() if value else f"{name}:" for name, value in params]
    return "\r\n".join(lines) + "\r\n" + "".join("\r\n" + body for body in bodies)


def command(verb, tid, endpoint, params=(), *bodies):
    """The text of a command."""
    return _written(f"{verb} {tid} {endpoint} MGCP 1.0", params, bodies)


def response(code, tid, params=(), *bodies):
    """The text of a response."""
    comment = {0: "", 100: " PENDING"}.get(code, " OK" if code < 300 else " no")
    return _written(f"{code:03} {tid}{comment}", params, bodies)


def together(texts):
    """One datagram of several messages."""
    return ".\r\n".join(texts).encode()


def entity_address(text, default_port, resolve=None):
    """Where an entity name or a domain points: "ca@[192.0.2.1]:2728"; names go through RESOLVE."""
    found = ENTITY.fullmatch(text.strip())
    if not found:
        return None
    host = found[1] or (found[2] if IPV4.fullmatch(found[2]) else (resolve or {}).get(found[2]))
    return (host, int(found[3] or default_port)) if host else None
