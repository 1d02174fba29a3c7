"""Pinholes that terminals make themselves, for media and for signalling: libpostern-pinhole on their own sockets."""

import ctypes
import os
import socket
import time

from . import nat
from .flow import Skip
from .network import GW_WAN

MEDIA, REGISTER, NOT_OURS = 1, 2, 0
KEEP_MS = 3000  # the lab's NATs forget soon
EVERY_S = 0.05
BUFFER = 1200


class Conf(ctypes.Structure):
    """struct pn_pinhole_conf of postern/pinhole.h."""
    _fields_ = [("size", ctypes.c_uint32), ("kind", ctypes.c_int), ("login", ctypes.c_void_p),
                ("gateway", ctypes.c_void_p), ("inner", ctypes.c_void_p), ("final", ctypes.c_void_p),
                ("protocol", ctypes.c_char_p), ("lifetime_s", ctypes.c_uint32), ("keep_ms", ctypes.c_uint32)]


class LoginConf(ctypes.Structure):
    """struct pn_login_conf."""
    _fields_ = [("size", ctypes.c_uint32), ("network", ctypes.c_char_p), ("agent", ctypes.c_char_p),
                ("secret", ctypes.c_char_p), ("secret_len", ctypes.c_size_t), ("wall_us", ctypes.c_uint64),
                ("now_ms", ctypes.c_uint64)]


class Subscriber(ctypes.Structure):
    """struct pn_subscriber."""
    _fields_ = [("identity", ctypes.c_char_p), ("terminal", ctypes.c_void_p)]


class SockAddr(ctypes.Structure):
    """struct sockaddr_in, with room for more."""
    _fields_ = [("family", ctypes.c_uint16), ("port", ctypes.c_uint8 * 2), ("ip", ctypes.c_uint8 * 4),
                ("rest", ctypes.c_uint8 * 120)]

    def __init__(self, address=None):
        super().__init__()
        if address:
            self.family = socket.AF_INET
            self.port[:] = address[1].to_bytes(2, "big")
            self.ip[:] = socket.inet_aton(address[0])

    @property
    def address(self):
        return socket.inet_ntoa(bytes(self.ip)), int.from_bytes(bytes(self.port), "big")


def _library(lab):
    path = os.path.join(lab.build, ".libs", "libpostern-pinhole.so")
    with open(path, "rb") as f:
        if b"libasan" in f.read():
            raise Skip("libpostern-pinhole has sanitizers, which Python cannot load")
    library = ctypes.CDLL(path)
    pointer, now = ctypes.c_void_p, ctypes.c_uint64
    for name, result, *arguments in (
            ("new", pointer, pointer, now), ("free", None, pointer),
            ("output", ctypes.c_int, pointer, now, pointer, ctypes.c_size_t),
            ("input", ctypes.c_int, pointer, now, pointer, ctypes.c_char_p, ctypes.c_size_t),
            ("mapped", ctypes.c_uint32, pointer, pointer), ("error", ctypes.c_int, pointer),
            ("subscribers", ctypes.c_int, pointer, pointer, ctypes.c_size_t, now)):
        function = getattr(library, "pn_pinhole_" + name)
        function.restype, function.argtypes = result, arguments
    library.pn_login_new.restype, library.pn_login_new.argtypes = pointer, (pointer,)
    return library


def _now_ms():
    return int(time.monotonic() * 1000)


class Login:
    """The credentials of AGENT in NETWORK, whose secret is in the file PATH; for all its sockets."""

    def __init__(self, lab, network, agent, path):
        with open(path, encoding="utf-8") as f:
            secret = f.read().strip().encode()
        conf = LoginConf(size=ctypes.sizeof(LoginConf), network=network.encode(), agent=agent.encode(), secret=secret,
                         secret_len=len(secret), wall_us=int(time.time() * 1e6), now_ms=_now_ms())
        self.handle = _library(lab).pn_login_new(ctypes.byref(conf))
        assert self.handle, "no login"


class Hole:
    """The pinhole of SOCK towards the gateway's pinhole port, kept open until it is closed. EARLY: the gateway is
    told the socket's own address, for signalling names that. LOGIN: it is authenticated. PROTOCOL: SOCK is one of
    signalling, and is registered at GATEWAY."""

    def __init__(self, lab, stage, sock, early=False, gateway=(GW_WAN, nat.PINHOLE_PORT), login=None, protocol=None):
        self.sock, self.gateway = sock, gateway
        self._library, self._buffer = _library(lab), ctypes.create_string_buffer(BUFFER)
        there, here = SockAddr(gateway), SockAddr(sock.getsockname())
        conf = Conf(size=ctypes.sizeof(Conf), kind=REGISTER if protocol else MEDIA,
                    gateway=ctypes.addressof(there), inner=ctypes.addressof(here) if early or login else None,
                    login=login.handle if login else None, protocol=protocol.encode() if protocol else None,
                    keep_ms=KEEP_MS)
        self._hole = self._library.pn_pinhole_new(ctypes.byref(conf), _now_ms())
        assert self._hole, "no pinhole"
        self._timer = stage.every(EVERY_S, self._send)
        self._send()

    def subscribers(self, rows):
        """Who is reached through this socket: ROWS of (identity, address)."""
        places = [SockAddr(address) for _, address in rows]
        listed = (Subscriber * len(rows))(*[Subscriber(name.encode(), ctypes.addressof(place))
                                            for (name, _), place in zip(rows, places)])
        assert self._library.pn_pinhole_subscribers(self._hole, listed, len(rows), _now_ms()) == 0
        self._send()

    def _send(self):
        while True:
            length = self._library.pn_pinhole_output(self._hole, _now_ms(), self._buffer, BUFFER)
            if length <= 0:
                return
            self.sock.sendto(self._buffer.raw[:length], self.gateway)

    def takes(self, data, source):
        """Was this datagram an answer to the pinhole? Else it is the terminal's."""
        there = SockAddr(source)
        ours = self._library.pn_pinhole_input(self._hole, _now_ms(), ctypes.byref(there), data, len(data)) != NOT_OURS
        if ours:
            self._send()
        return ours

    @property
    def error(self):
        """Of the last answer: 0, or its STUN error code."""
        return self._library.pn_pinhole_error(self._hole)

    @property
    def mapped(self):
        """The public address, as soon as the gateway told it."""
        found = SockAddr()
        return found.address if self._library.pn_pinhole_mapped(self._hole, ctypes.byref(found)) else None

    def close(self):
        self._timer.stop()
        self._library.pn_pinhole_free(self._hole)
