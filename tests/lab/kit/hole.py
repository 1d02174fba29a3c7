"""Pinholes that terminals make for their media themselves: libpostern-pinhole on their own sockets."""

import ctypes
import os
import socket
import time

from . import nat
from .network import GW_WAN

MEDIA, NOT_OURS = 1, 0
KEEP_MS = 3000  # the lab's NATs forget soon
EVERY_S = 0.05
BUFFER = 1200


class Conf(ctypes.Structure):
    """struct pn_pinhole_conf of postern/pinhole.h."""
    _fields_ = [("size", ctypes.c_uint32), ("kind", ctypes.c_int), ("login", ctypes.c_void_p),
                ("gateway", ctypes.c_void_p), ("inner", ctypes.c_void_p), ("final", ctypes.c_void_p),
                ("protocol", ctypes.c_char_p), ("lifetime_s", ctypes.c_uint32), ("keep_ms", ctypes.c_uint32)]


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
    library = ctypes.CDLL(os.path.join(lab.build, ".libs", "libpostern-pinhole.so"))
    pointer, now = ctypes.c_void_p, ctypes.c_uint64
    for name, result, *arguments in (
            ("new", pointer, pointer, now), ("free", None, pointer),
            ("output", ctypes.c_int, pointer, now, pointer, ctypes.c_size_t),
            ("input", ctypes.c_int, pointer, now, pointer, ctypes.c_char_p, ctypes.c_size_t),
            ("mapped", ctypes.c_uint32, pointer, pointer)):
        function = getattr(library, "pn_pinhole_" + name)
        function.restype, function.argtypes = result, arguments
    return library


class Hole:
    """The pinhole of SOCK towards the gateway's pinhole port, kept open until it is closed. EARLY: the gateway is
    told the socket's own address, for signalling names that."""

    def __init__(self, lab, stage, sock, early=False, gateway=(GW_WAN, nat.PINHOLE_PORT)):
        self.sock, self.gateway = sock, gateway
        self._library, self._buffer = _library(lab), ctypes.create_string_buffer(BUFFER)
        there, here = SockAddr(gateway), SockAddr(sock.getsockname())
        conf = Conf(size=ctypes.sizeof(Conf), kind=MEDIA, gateway=ctypes.addressof(there),
                    inner=ctypes.addressof(here) if early else None, keep_ms=KEEP_MS)
        self._hole = self._library.pn_pinhole_new(ctypes.byref(conf), self._now())
        assert self._hole, "no pinhole"
        self._timer = stage.every(EVERY_S, self._send)
        self._send()

    @staticmethod
    def _now():
        return int(time.monotonic() * 1000)

    def _send(self):
        while True:
            length = self._library.pn_pinhole_output(self._hole, self._now(), self._buffer, BUFFER)
            if length <= 0:
                return
            self.sock.sendto(self._buffer.raw[:length], self.gateway)

    def takes(self, data, source):
        """Was this datagram an answer to the pinhole? Else it is the terminal's."""
        there = SockAddr(source)
        return self._library.pn_pinhole_input(self._hole, self._now(), ctypes.byref(there), data,
                                              len(data)) != NOT_OURS

    @property
    def mapped(self):
        """The public address, as soon as the gateway told it."""
        found = SockAddr()
        return found.address if self._library.pn_pinhole_mapped(self._hole, ctypes.byref(found)) else None

    def close(self):
        self._timer.stop()
        self._library.pn_pinhole_free(self._hole)
