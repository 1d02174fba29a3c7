#!/usr/bin/env python3
"""postern-pinhole as an operator meets it, against a gateway that is written from docs/pinhole-protocol.md.

  tests/cli/pinhole.py [--build DIR] [NAME...]

Runs in the build directory (make check does), on loopback. The last line is `N passed, N failed, N skipped`.
"""
import hashlib
import hmac
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import zlib

sys.dont_write_bytecode = True
from cli import LIMIT_S, has, main, same    # noqa: E402

COOKIE = struct.pack(">I", 0x2112a442)
BINDING, REGISTER = 0x001, 0x0f0
USERNAME, ERROR, LIFETIME, REALM, NONCE, INTEGRITY, ALGORITHM, MAPPED = 6, 9, 13, 0x14, 0x15, 0x1c, 0x1d, 0x20
ALGORITHMS, FINGERPRINT = 0x8002, 0x8028
INNER, FINAL, PEER_INNER, ORDER, AGENT, PROTOCOL, SUBSCRIBER, PART = range(0xf500, 0xf508)
SHA256 = b"\0\2\0\0"
SECRET = "a secret of this network"


def attribute(kind, value):
    return struct.pack(">HH", kind, len(value)) + value + bytes(-len(value) % 4)


def address(ip, port):
    ip = bytes(a ^ b for a, b in zip(socket.inet_aton(ip), COOKIE))
    return struct.pack(">BBH", 0, 1, port ^ 0x2112) + ip


def address_text(value):
    port, = struct.unpack(">H", value[2:4])
    return f"{socket.inet_ntoa(bytes(a ^ b for a, b in zip(value[4:8], COOKIE)))}:{port ^ 0x2112}"


def header(kind, length, tid):
    return struct.pack(">HH", kind, length) + COOKIE + tid


def message(kind, tid, attributes, key=None, fingerprint=True):
    body = b"".join(attribute(*a) for a in attributes)
    if key:
        seal = hmac.new(key, header(kind, len(body) + 36, tid) + body, hashlib.sha256).digest()
        body += attribute(INTEGRITY, seal)
    if fingerprint:
        crc = zlib.crc32(header(kind, len(body) + 8, tid) + body) ^ 0x5354554e
        body += attribute(FINGERPRINT, struct.pack(">I", crc))
    return header(kind, len(body), tid) + body


class Request:
    """A request, every octet of which is accounted for."""

    def __init__(self, data):
        kind, length = struct.unpack(">HH", data[:4])
        assert data[4:8] == COOKIE and length == len(data) - 20 and len(data) <= 1200, data
        assert kind & 0x110 == 0, "a request"
        self.method = kind & 0xf | kind >> 1 & 0x70 | kind >> 2 & 0xf80
        self.tid, self.kind, self.list, at = data[8:20], kind, [], 20
        self.data = data
        while at < len(data):
            what, size = struct.unpack(">HH", data[at:at + 4])
            self.list.append((what, data[at + 4:at + 4 + size], at))
            at += 4 + size + -size % 4
        what, value, place = self.list[-1]
        assert what == FINGERPRINT
        crc = zlib.crc32(header(kind, place - 12, self.tid) + data[20:place]) ^ 0x5354554e
        assert struct.unpack(">I", value)[0] == crc, "FINGERPRINT"

    def get(self, kind):
        return next((value for what, value, _ in self.list if what == kind), None)

    def is_signed(self, key):
        what, value, at = self.list[-2]
        text = header(self.kind, at - 20 + 36, self.tid) + self.data[20:at]
        return what == INTEGRITY and hmac.compare_digest(hmac.new(key, text, hashlib.sha256).digest(), value)


class Gateway:
    """Answers on a port of its own. `lost`: so many requests get no answer. `answer`: an error code for all."""

    def __init__(self, lost=0, error=0, lifetime=60):
        self.lost, self.error, self.lifetime = lost, error, lifetime
        self.key = hashlib.sha256(f"acme:postern:{SECRET}".encode()).digest()
        self.nonce, self.requests, self.subscribers, self.order = b"obMatJos2AAAB-1", [], {}, 0
        self.shift, self.peer, self.whole, self.wrong, self.others = 0, None, 0, [], []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(LIMIT_S)
        self.place = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.changed = threading.Condition()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                data, source = self.socket.recvfrom(2048)
            except OSError:
                return
            with self.changed:
                if data[4:8] != COOKIE:
                    self.others.append((data, source))
                    self.changed.notify_all()
                    continue
                try:
                    request = Request(data)
                    self.requests.append(request)
                    self.lost -= 1
                    if self.lost < 0:
                        self.socket.sendto(self.reply(request, source), source)
                except (AssertionError, TypeError, ValueError, struct.error) as why:
                    self.wrong.append(why)
                self.changed.notify_all()

    def fail(self, request, code):
        more = [(REALM, b"postern"), (NONCE, self.nonce), (ALGORITHMS, SHA256)] if code in (401, 438) else []
        return message(request.kind | 0x110, request.tid,
                       [(ERROR, struct.pack(">HBB", 0, code // 100, code % 100))] + more)

    def judge(self, request):
        """The order of the document."""
        if request.get(INTEGRITY) is None:
            assert request.get(USERNAME) is None
            return 401
        if request.get(ALGORITHMS) != SHA256 or request.get(ALGORITHM) != SHA256:
            return 400
        if request.get(NONCE) != self.nonce:
            return 438
        if request.get(USERNAME) != b"acme" or request.get(REALM) != b"postern" or not request.is_signed(self.key):
            return 401
        order, = struct.unpack(">Q", request.get(ORDER))
        assert order > self.order, "ORDER"
        self.order = order
        return self.error

    def reply(self, request, source):
        mapped = (MAPPED, address(source[0], (source[1] + self.shift) & 0xffff))
        if request.get(AGENT) is None:
            if self.error:
                return self.fail(request, self.error)
            return message(request.kind | 0x100, request.tid, [mapped], fingerprint=False)
        code = self.judge(request)
        if code:
            return self.fail(request, code)
        more = [(LIFETIME, struct.pack(">I", self.lifetime))]
        if request.method == REGISTER:
            more += [(REALM, b"postern"), (NONCE, b"obMatJos2AAAB-cmph")] + self.take_list(request)
        if self.peer:
            more += [(PEER_INNER, address(*self.peer))]
        return message(request.kind | 0x100, request.tid, [mapped] + more, self.key)

    def take_list(self, request):
        if request.get(PART) is None:
            return []
        listed, index, count = struct.unpack(">IHH", request.get(PART))
        if count:
            self.subscribers = self.subscribers if index else {}
            for what, value, _ in request.list:
                if what == SUBSCRIBER:
                    self.subscribers[value[8:].decode()] = address_text(value)
            self.whole = listed if index + 1 == count else 0
        return [(PART, struct.pack(">IHH", self.whole, 0, 0))]

    def wait(self, what):
        with self.changed:
            assert self.changed.wait_for(what, LIMIT_S), "nothing came"

    def close(self):
        self.socket.close()
        assert not self.wrong, self.wrong


def secret(w, text=SECRET + "\n", mode=0o600):
    path = os.path.join(w.directory, "acme.secret")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


def network(w):
    return ["--register", "sip", "--network", "acme", "--secret-file", secret(w), "--agent", "ag1"]


def start(w, *words):
    process = subprocess.Popen([os.path.join(w.build, "postern-pinhole"), *words], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env=w.environment)
    w.processes.append(process)
    return process


# ---- the command line ----

def test_usage(w):
    good = ["--local", "0", "127.0.0.1"]
    for words, status in ((["-h"], 0), (["--help"], 0), (["-V"], 0), (["--version"], 0), ([], 2), (["-x"], 2),
                          (["127.0.0.1"], 2), (["--local", "0"], 2), (good + ["more"], 2),
                          (["--local", "x", "127.0.0.1"], 2), (["--local", "70000", "127.0.0.1"], 2),
                          (["--local", "[::1]:0", "127.0.0.1"], 2), (["--local", "0", "127.0.0.1:x"], 2),
                          (["--keep", "0"] + good, 2), (["--keep", "1x"] + good, 2), (["--wait", "-1"] + good, 2),
                          (["--network", "acme"] + good, 2), (["--secret-file", secret(w)] + good, 2),
                          (["--register", "sip"] + good, 2), (["--inner", "10.1.0.3:1"] + good, 2),
                          (["--subscriber", "a=10.1.0.3:1"] + good, 2), (["--lifetime", "9"] + good, 2),
                          (network(w)[2:] + good, 2), (network(w) + ["--inner", "10.1.0.3"] + good, 2),
                          (network(w) + ["--inner", "example:1"] + good, 2),
                          (network(w) + ["--subscriber", "a"] + good, 2),
                          (network(w) + ["--subscriber", "=10.1.0.3:1"] + good, 2),
                          (network(w) + ["--forward", "127.0.0.1:9"] + good, 2), (network(w) + ["--via", "0"] + good, 2),
                          (network(w) + ["--forward", "127.0.0.1:9", "--via", "[::1]:0"] + good, 2),
                          (network(w) + ["--once", "--forward", "127.0.0.1:9", "--via", "127.0.0.1:0"] + good, 2),
                          (network(w) + ["--agent", "two words"] + good, 2),
                          (network(w) + ["--register", "x" * 64] + good, 2)):
        done = w.run("postern-pinhole", *words)
        same((words, done.returncode), (words, status))
        assert (done.stdout if status == 0 else done.stderr), words
        assert not (done.stderr if status == 0 else done.stdout), words


def test_secret_file(w):
    words = ["--register", "sip", "--network", "acme", "--local", "0", "127.0.0.1", "--secret-file"]
    for text, mode, want in (("short", 0o600, "8 to 256"), ("x" * 257, 0o600, "8 to 256"),
                             (SECRET, 0o604, "others"), (SECRET, 0o620, "others")):
        done = w.run("postern-pinhole", *words, secret(w, text, mode))
        same(done.returncode, 2)
        has(done.stderr, want)
    same(w.run("postern-pinhole", *words, w.directory).returncode, 2)
    same(w.run("postern-pinhole", *words, "/nowhere").returncode, 2)


# ---- plain STUN ----

def test_plain(w):
    gateway = Gateway()
    done = w.run("postern-pinhole", "--once", "--local", "127.0.0.1:0", gateway.place)
    same((done.returncode, done.stderr), (0, ""))
    assert done.stdout.startswith("127.0.0.1:"), done.stdout
    same([r.method for r in gateway.requests], [BINDING])
    same([what for what, _, _ in gateway.requests[0].list], [FINGERPRINT])
    gateway.close()


def test_no_answer(w):
    gateway = Gateway(lost=100)
    done = w.run("postern-pinhole", "--wait", "2", "--local", "0", gateway.place)
    same((done.returncode, done.stdout), (1, ""))
    has(done.stderr, "no answer")
    same(len({r.data for r in gateway.requests}), 1)
    assert len(gateway.requests) > 1, "it is sent again"
    gateway.close()


def test_refused(w):
    gateway = Gateway(error=400)
    done = w.run("postern-pinhole", "--local", "0", gateway.place)
    same((done.returncode, done.stdout), (1, ""))
    has(done.stderr, "400")
    gateway.close()


def test_keeps_and_follows(w):
    """Refreshes until it is told to end, and prints where the NAT moved the pinhole."""
    gateway = Gateway(lost=2)
    process = start(w, "--keep", "1", "--local", "0", gateway.place)
    first = process.stdout.readline().strip()
    gateway.wait(lambda: len(gateway.requests) >= 5)
    gateway.shift = 1
    second = process.stdout.readline().strip()
    same(int(second.split(":")[1]), int(first.split(":")[1]) + 1)
    process.send_signal(signal.SIGTERM)
    same(process.wait(LIMIT_S), 0)
    same(process.stdout.read(), "")
    gateway.close()


# ---- with credentials ----

def test_authenticated(w):
    gateway = Gateway()
    done = w.run("postern-pinhole", "--once", *network(w), "--inner", "10.1.0.3:5060", "--local", "0", gateway.place)
    same((done.returncode, done.stderr), (0, ""))
    first, second = gateway.requests
    same((first.method, first.get(AGENT), first.get(USERNAME)), (REGISTER, b"ag1", None))
    same((second.get(PROTOCOL), second.get(USERNAME)), (b"sip", b"acme"))
    same(address_text(second.get(INNER)), "10.1.0.3:5060")
    gateway.close()


def test_forwards(w):
    """Another program's signalling passes through the registered socket, both ways."""
    gateway = Gateway()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as proxy, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        proxy.bind(("127.0.0.1", 0))
        proxy.settimeout(LIMIT_S)
        free.bind(("127.0.0.1", 0))
        via = free.getsockname()
        free.close()
        process = start(w, *network(w), "--forward", "127.0.0.1:%d" % proxy.getsockname()[1], "--via", "127.0.0.1:%d" % via[1],
                        "--local", "127.0.0.1:0", gateway.place)
        where = process.stdout.readline().strip().split(":")
        gateway.socket.sendto(b"OPTIONS from the gateway", (where[0], int(where[1])))
        same(proxy.recvfrom(2048), (b"OPTIONS from the gateway", via))
        proxy.sendto(b"200 of the proxy", via)
        gateway.wait(lambda: gateway.others)
        same(gateway.others, [(b"200 of the proxy", (where[0], int(where[1])))])
        process.send_signal(signal.SIGTERM)
        same(process.wait(LIMIT_S), 0)
    gateway.close()


def test_own_address_is_inner(w):
    gateway = Gateway()
    done = w.run("postern-pinhole", "--once", *network(w), "--local", "127.0.0.1:0", gateway.place)
    same(address_text(gateway.requests[-1].get(INNER)), done.stdout.strip())
    gateway.close()


def test_wrong_secret(w):
    gateway = Gateway()
    gateway.key = hashlib.sha256(b"acme:postern:another").digest()
    done = w.run("postern-pinhole", *network(w), "--local", "0", gateway.place)
    same((done.returncode, done.stdout), (1, ""))
    has(done.stderr, "401")
    same(len(gateway.requests), 2)
    gateway.close()


def test_registers(w):
    """All subscribers, in as many parts as they need; a new nonce; the registration is given back."""
    gateway = Gateway()
    want = {f"user{n}@example.net": f"10.1.0.{n % 200 + 1}:5060" for n in range(300)}
    words = [word for identity, place in want.items() for word in ("--subscriber", f"{identity}={place}")]
    process = start(w, "--keep", "1", "--lifetime", "33", *network(w), *words, "--local", "0",
                    gateway.place)
    process.stdout.readline()
    gateway.wait(lambda: len(gateway.subscribers) == len(want))
    same(gateway.subscribers, want)
    before = len(gateway.requests)
    gateway.wait(lambda: len(gateway.requests) > before)
    same(gateway.requests[-1].get(SUBSCRIBER), None)
    same(gateway.requests[-1].get(LIFETIME), struct.pack(">I", 33))
    with gateway.changed:
        gateway.nonce += b"2"
        gateway.whole = 0
        gateway.subscribers = {}
    gateway.wait(lambda: len(gateway.subscribers) == len(want))
    process.send_signal(signal.SIGINT)
    same(process.wait(LIMIT_S), 0)
    gateway.wait(lambda: gateway.requests[-1].get(LIFETIME) == bytes(4))
    gateway.close()


if __name__ == "__main__":
    sys.exit(main(globals()))
