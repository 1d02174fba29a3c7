"""STUN messages (RFC 8489), read just far enough to judge them; the pinhole protocol speaks it."""

import struct

COOKIE = 0x2112a442
BINDING, REGISTRATION, JOIN, UNJOIN = 0x001, 0x0f0, 0x0f1, 0x0f2
REQUEST, INDICATION, SUCCESS, ERROR = range(4)
XOR_MAPPED_ADDRESS, ERROR_CODE = 0x0020, 0x0009


def is_stun(payload):
    return len(payload) >= 20 and not payload[0] & 0xc0 and \
        struct.unpack_from(">I", payload, 4)[0] == COOKIE and \
        struct.unpack_from(">H", payload, 2)[0] == len(payload) - 20


class Message:
    """One message: method, class, transaction, and its attributes as rows (type, value)."""

    def __init__(self, data):
        kind, length = struct.unpack_from(">HH", data)
        self.length = len(data)
        self.message_class = (kind >> 4 & 1) | (kind >> 7 & 2)
        self.method = (kind & 0xf) | (kind >> 1 & 0x70) | (kind >> 2 & 0xf80)
        self.transaction = data[8:20]
        self.attributes, at = [], 20
        while at + 4 <= 20 + length:
            name, size = struct.unpack_from(">HH", data, at)
            self.attributes.append((name, data[at + 4:at + 4 + size]))
            at += 4 + (size + 3) // 4 * 4

    @property
    def is_request(self):
        return self.message_class == REQUEST

    @property
    def is_success(self):
        return self.message_class == SUCCESS

    def get(self, name):
        return next((value for key, value in self.attributes if key == name), None)

    def mapped(self):
        """The address that an answer tells, as (address, port)."""
        value = self.get(XOR_MAPPED_ADDRESS)
        return xor_address(value) if value else None

    def error(self):
        value = self.get(ERROR_CODE)
        return (value[2] & 7) * 100 + value[3] if value else 0

    def __str__(self):
        return f"STUN method {self.method:#x} class {self.message_class} {self.error() or ''}".strip()


def xor_address(value):
    port = struct.unpack_from(">H", value, 2)[0] ^ COOKIE >> 16
    number = struct.unpack_from(">I", value, 4)[0] ^ COOKIE
    return (".".join(str(octet) for octet in struct.pack(">I", number)), port)


def messages(packets):
    """The STUN among PACKETS as rows (packet, message)."""
    return [(p, Message(p.payload)) for p in packets if is_stun(p.payload)]
