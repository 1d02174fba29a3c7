#!/usr/bin/env python3
"""posternd and posternctl as an operator meets them: options, exit codes, start, reload, end.

  tests/cli/cli.py [--build DIR] [NAME...]

Runs in the build directory (make check does), without root, on Unix sockets and loopback alone. The last
line is `N passed, N failed[, N skipped]`.
"""
import argparse
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMIT_S = 30

REALMS = """  <realm name="in" side="access" address="127.0.0.1" media="20000-20099"/>
  <realm name="out" side="core" address="127.0.0.2" media="30000-30099"/>
"""


class Skip(Exception):
    """This build or machine has not got what the test needs."""


class World:
    """A directory of its own, programs of the build, processes that are ended whatever happens."""

    def __init__(self, build):
        self.build = build
        self.directory = tempfile.mkdtemp(prefix="postern-cli-")
        self.socket = os.path.join(self.directory, "ctl.sock")
        self.config = os.path.join(self.directory, "postern.xml")
        self.processes, self.pids = [], []
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        modules = [d for d in (build + "/.libs", build + "/modules/sip/.libs")
                   if os.path.exists(d + "/sip.so")]
        self.modules = modules[0] if modules else None
        if self.modules:
            self.environment["POSTERN_MODULEDIR"] = self.modules

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.communicate(timeout=LIMIT_S)
        for pid in self.pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        shutil.rmtree(self.directory)

    def write(self, body=REALMS, name=None):
        path = os.path.join(self.directory, name) if name else self.config
        with open(path, "w", encoding="utf-8") as f:
            f.write('<postern xmlns="urn:postern:config:1">\n'
                    f'  <control socket="{self.socket}"/>\n{body}</postern>\n')
        return path

    def run(self, program, *words, **more):
        return subprocess.run([os.path.join(self.build, program), *words], capture_output=True, text=True,
                              timeout=LIMIT_S, check=False, env=self.environment, **more)

    def ctl(self, *words):
        return self.run("posternctl", "-s", self.socket, *words)

    def ask(self, *words):
        done = self.ctl("--json", *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def start(self, *options):
        """posternd in the foreground, when its control socket answers."""
        log = os.path.join(self.directory, "log")
        with open(log, "ab") as f:
            process = subprocess.Popen([os.path.join(self.build, "posternd"), "-f", "-c", self.config, *options],
                                       stdout=f, stderr=f, env=self.environment)
        self.processes.append(process)
        self.wait(lambda: process.poll() is not None or self.ctl("version").returncode == 0, "a start")
        assert process.poll() is None, self.log()
        return process

    def log(self):
        with open(os.path.join(self.directory, "log"), encoding="utf-8") as f:
            return f.read()

    @staticmethod
    def wait(what, name):
        end = time.monotonic() + LIMIT_S
        while not what():
            assert time.monotonic() < end, f"no {name} in {LIMIT_S} s"
            time.sleep(0.02)

    def stop(self, process, number=signal.SIGTERM):
        process.send_signal(number)
        return process.wait(timeout=LIMIT_S)


def same(got, want):
    assert got == want, f"got {got!r}\nwant {want!r}"


def has(text, part):
    assert part in text, f"{part!r} is not in {text!r}"


# ---- without a daemon ----

def test_usage(w):
    for words, status in ((["-h"], 0), (["--help"], 0), (["-V"], 0), (["--version"], 0), (["-x"], 2),
                          (["--nothing"], 2), (["extra"], 2), (["-c"], 2), (["-t", "a", "b"], 2)):
        done = w.run("posternd", *words)
        same((words, done.returncode), (words, status))
        assert (done.stdout if status == 0 else done.stderr), words
        assert not (done.stderr if status == 0 else done.stdout), words
    has(w.run("posternd", "-V").stdout, "module ABI 1.")


def test_ctl_usage(w):
    for words in ([], ["show"], ["show", "nothing"], ["show", "sessions", "x"], ["end"], ["drain", "on"],
                  ["reload", "x"], ["log"], ["log", "a", "b", "c"], ["dance"], ["-x"], ["end", "a b"],
                  ["end", ""], ["end", "a\nshow counters"]):
        done = w.ctl(*words)
        same((words, done.returncode, done.stdout), (words, 2, ""))
        assert done.stderr, words
    same(w.run("posternctl", "-h").returncode, 0)
    same(w.run("posternctl", "-V").returncode, 0)


def test_no_daemon(w):
    done = w.ctl("show", "sessions")
    same((done.returncode, done.stdout), (3, ""))
    has(done.stderr, "is posternd running?")
    same(w.run("posternctl", "-s", "/" + "x" * 200, "version").returncode, 3)
    s = socket.socket(socket.AF_UNIX)
    s.bind(w.socket)
    same(w.ctl("version").returncode, 3)
    s.close()


def test_not_our_daemon(w):
    s = socket.socket(socket.AF_UNIX)
    s.bind(w.socket)
    s.listen()
    for answer in (b"", b"hello\n", b'{"ok":tru\n', b'{"ok":true'):
        process = subprocess.Popen([os.path.join(w.build, "posternctl"), "-s", w.socket, "version"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        w.processes.append(process)
        assert select.select([s], [], [], LIMIT_S)[0]
        c, _ = s.accept()
        c.recv(100)
        c.sendall(answer)
        c.close()
        same(process.wait(timeout=LIMIT_S), 3)
    s.close()


def test_check(w):
    path = w.write()
    done = w.run("posternd", "-t", path)
    same((done.returncode, done.stdout, done.stderr), (0, f"{path}: good\n", ""))
    same(w.run("posternd", "-t", "-c", path).returncode, 0)
    same(w.run("posternd", "-t", "postern.xml", cwd=w.directory).stdout, "postern.xml: good\n")


def test_check_tells_all(w):
    path = w.write('  <thing/>\n' + REALMS + '  <realm name="in" side="left" address="x"/>\n')
    done = w.run("posternd", "-t", path)
    same((done.returncode, done.stdout), (2, ""))
    same(done.stderr,
         f"{path}:3: unknown element <thing> in <postern>: expected one of <log>, <control>, <cdr>, <limits>, "
         "<media>, <bindings>, <realm>, <network>, <gateway> or <module>\n"
         f'{path}:6: side="left" of <realm>: expected "access" or "core"\n'
         f'{path}:6: address="x" of <realm>: expected an IPv4 address such as "192.0.2.5"\n'
         f'{path}:6: realm "in" again, after line 4: expected another name\n')
    done = w.run("posternd", "-t", "/nowhere/postern.xml")
    same((done.returncode, done.stderr),
         (2, "/nowhere/postern.xml:0: cannot be read: No such file or directory: expected a configuration\n"))


def test_check_asks_modules(w):
    path = w.write(REALMS + '  <module name="none"/>\n  <module name="nil" file="nil.so"/>\n')
    done = w.run("posternd", "-t", path)
    same(done.returncode, 2)
    has(done.stderr, f'{path}:5: module "none": ')
    has(done.stderr, f'{path}:6: module "nil": {w.directory}/nil.so: ')


def test_example(w):
    if not w.modules:
        raise Skip("no SIP module in this build")
    done = w.run("posternd", "-t", os.path.join(TOP, "etc/postern.xml"))
    same((done.returncode, done.stderr), (0, ""))


def test_example_of_an_agent(w):
    if not w.modules:
        raise Skip("no SIP module in this build")
    path = os.path.join(w.directory, "agent.xml")
    shutil.copy(os.path.join(TOP, "etc/agent.xml"), path)
    done = w.run("posternd", "-t", path)
    same(done.returncode, 2)
    has(done.stderr, 'secret-file="acme.secret" of <gateway>: expected a file with the secret of the network: ')
    secret = os.path.join(w.directory, "acme.secret")
    with open(secret, "w", encoding="utf-8") as f:
        f.write("correct horse\n")
    os.chmod(secret, 0o600)
    done = w.run("posternd", "-t", path)
    same((done.returncode, done.stderr), (0, ""))


def test_schema_by_itself(w):
    """What an editor says with the installed schema is what posternd says."""
    if not shutil.which("xmllint"):
        raise Skip("no xmllint")
    for path, status in ((os.path.join(TOP, "etc/postern.xml"), 0), (os.path.join(TOP, "etc/agent.xml"), 0), (w.write(), 0),
                         (w.write("<thing/>", "bad.xml"), 3)):
        done = subprocess.run(["xmllint", "--noout", "--relaxng", os.path.join(TOP, "etc/postern.rng"), path],
                              capture_output=True, text=True, timeout=LIMIT_S, check=False)
        same((path, done.returncode), (path, status))


# ---- what is written about them ----

def test_metrics_doc(w):
    with open(os.path.join(TOP, "docs/metrics.md"), encoding="utf-8") as f:
        text = f.read()
    done = w.run("posternd", "--metrics-doc")
    same(done.returncode, 0)
    assert text.endswith(done.stdout), "docs/metrics.md is old: end it with `posternd --metrics-doc`"


# ---- a daemon ----

def test_runs(w):
    w.write()
    process = w.start()
    version = w.ask("version")
    same((version["ok"], version["pid"], version["config"]), (True, process.pid, w.config))
    same([r["name"] for r in w.ask("show", "realms")["realms"]], ["in", "out"])
    same(w.ask("show", "sessions")["sessions"], [])
    same(w.stop(process), 0)
    assert not os.path.exists(w.socket), "the socket is left"
    has(w.log(), "main: stops: Terminated")


def test_ends_by_interrupt(w):
    w.write()
    same(w.stop(w.start(), signal.SIGINT), 0)


def test_tables(w):
    w.write()
    w.start()
    done = w.ctl("show", "realms")
    same(done.returncode, 0)
    lines = done.stdout.splitlines()
    same(lines[0].split()[:3], ["REALM", "SIDE", "ADDRESS"])
    same([line.split()[:3] for line in lines[1:]],
         [["in", "access", "127.0.0.1"], ["out", "core", "127.0.0.2"]])
    same(lines[0].index("SIDE"), lines[1].index("access"))
    counters = w.ctl("show", "counters").stdout.splitlines()
    same(counters[1:], sorted(counters[1:]))
    for view in ("sessions", "streams", "bindings", "modules"):
        done = w.ctl("show", view)
        same((view, done.returncode, len(done.stdout.splitlines())), (view, 0, 1))
    has(w.ctl("drain").stdout, "draining: yes")
    has(w.ctl("drain", "off").stdout, "draining: no")


def test_refusals(w):
    w.write()
    w.start()
    done = w.ctl("end", "0123")
    same((done.returncode, done.stdout), (1, ""))
    has(done.stderr, "no such session")
    done = w.ctl("--json", "end", "0123")
    same((done.returncode, json.loads(done.stdout)["ok"]), (1, False))
    same(w.ctl("log", "nothing", "debug").returncode, 1)


def test_one_at_a_time(w):
    w.write()
    w.start()
    done = w.run("posternd", "-f", "-c", w.config)
    same(done.returncode, 1)
    has(done.stderr, f"control socket {w.socket}: Address already in use")
    same(w.ctl("version").returncode, 0)


def test_reload(w):
    w.write()
    process = w.start()
    more = REALMS + '  <realm name="third" side="core" address="127.0.0.3" media="40000-40099"/>\n'
    w.write(more)
    done = w.ctl("reload")
    same((done.returncode, done.stdout), (0, f"applied: {w.config}\n"))
    same(len(w.ask("show", "realms")["realms"]), 3)
    w.write(REALMS)
    process.send_signal(signal.SIGHUP)
    w.wait(lambda: [r["removed"] for r in w.ask("show", "realms")["realms"]] == [False, False, True], "reload")
    same(w.ask("show", "counters")["counters"]["config_reloads"], 3)


def test_a_bad_one_is_refused_whole(w):
    w.write()
    process = w.start()
    w.write(REALMS.replace('"in"', '"new"') + "  <thing/>\n")
    done = w.ctl("reload")
    same((done.returncode, done.stdout), (1, ""))
    has(done.stderr, "posternctl: configuration refused, the one in force stays\n"
                     f"{w.config}:5: unknown element <thing> in <postern>: ")
    process.send_signal(signal.SIGHUP)
    w.wait(lambda: w.ask("show", "counters")["counters"]["config_refused"] == 2, "refusal")
    has(w.log(), f"reload: {w.config}:5: unknown element <thing>")
    same([r["name"] for r in w.ask("show", "realms")["realms"]], ["in", "out"])
    os.unlink(w.config)
    same(w.ctl("reload").returncode, 1)
    same(w.stop(process), 0)


def test_reload_moves_the_socket(w):
    w.write()
    process = w.start()
    old, w.socket = w.socket, os.path.join(w.directory, "moved.sock")
    w.write()
    process.send_signal(signal.SIGHUP)
    w.wait(lambda: w.ctl("version").returncode == 0, "new socket")
    assert not os.path.exists(old)


def test_levels(w):
    w.write('  <log level="error"/>\n' + REALMS)
    w.start()
    has(w.ctl("log", "debug").stdout, "level: debug")
    w.ask("version")
    w.wait(lambda: "ctl version: done" in w.log(), "line of the log")
    assert "main: runs" not in w.log()
    same(w.ctl("reload").returncode, 0)
    before = len(w.log())
    w.ask("version")
    same(w.log()[before:], "")


def test_verbose(w):
    w.write('  <log level="error"/>\n' + REALMS)
    w.start("-v")
    w.ctl("version")
    w.wait(lambda: "ctl version: done" in w.log(), "line of the log")


def test_background(w):
    w.write()
    done = w.run("posternd", "-c", "postern.xml", cwd=w.directory, stdin=subprocess.DEVNULL)
    same((done.returncode, done.stdout), (0, ""))
    version = w.ask("version")
    w.pids.append(version["pid"])
    same(version["config"], w.config)
    same(os.readlink(f"/proc/{version['pid']}/cwd"), "/")
    for fd in (0, 1, 2):
        same(os.readlink(f"/proc/{version['pid']}/fd/{fd}"), "/dev/null")
    same(w.ctl("reload").returncode, 0)
    os.kill(version["pid"], signal.SIGTERM)
    w.wait(lambda: not os.path.exists(w.socket), "end")
    w.wait(lambda: not os.path.exists(f"/proc/{version['pid']}"), "end of the process")
    w.pids.clear()


def test_background_tells_what_is_wrong(w):
    w.write(REALMS + "  <thing/>\n")
    done = w.run("posternd", "-c", w.config)
    same(done.returncode, 2)
    has(done.stderr, "unknown element <thing>")
    w.write(REALMS + '  <cdr file="/proc/none/cdr"/>\n')
    done = w.run("posternd", "-c", w.config)
    same(done.returncode, 1)
    has(done.stderr, "/proc/none/cdr")
    w.socket = "/proc/none/ctl.sock"
    w.write()
    done = w.run("posternd", "-c", w.config)
    same(done.returncode, 1)
    has(done.stderr, "control socket /proc/none/ctl.sock: No such file or directory")


def test_systemd(w):
    with open(os.path.join(w.build, "config.h"), encoding="utf-8") as f:
        if "#define HAVE_SYSTEMD 1" not in f.read():
            raise Skip("built without systemd")
    path = os.path.join(w.directory, "notify")
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.settimeout(LIMIT_S)
    s.bind(path)
    w.environment["NOTIFY_SOCKET"] = path
    w.write()
    process = w.start()
    heard = [s.recv(1000).split(b"\n")]
    process.send_signal(signal.SIGHUP)
    heard += [s.recv(1000).split(b"\n"), s.recv(1000).split(b"\n")]
    same(w.stop(process), 0)
    heard.append(s.recv(1000).split(b"\n"))
    s.close()
    same([lines[0] for lines in heard], [b"READY=1", b"RELOADING=1", b"READY=1", b"STOPPING=1"])
    assert heard[1][1].startswith(b"MONOTONIC_USEC="), heard[1]


# ---- with a call ----

SIP = """  <cdr file="cdr.jsonl"/>
  <realm name="in" side="access" address="127.0.0.1" media="{media}" reach="127.0.0.0/8"/>
  <realm name="out" side="core" address="127.0.0.2" media="{media}" reach="127.0.0.0/8"/>
  <module name="sip">
    <listen realm="in" port="{port}"/>
    <listen realm="out" port="{port}"/>
    <route from="in" to="out" next-hop="127.0.0.3:{far}"/>
  </module>
"""

INVITE = """INVITE sip:bob@127.0.0.1:{port} SIP/2.0
Via: SIP/2.0/UDP 127.0.0.4:{near};branch=z9hG4bKcli1
Max-Forwards: 70
From: <sip:alice@example.net>;tag=a1
To: <sip:bob@example.net>
Call-ID: cli-test
CSeq: 1 INVITE
Contact: <sip:alice@127.0.0.4:{near}>
Content-Type: application/sdp
Content-Length: {length}

{sdp}"""

SDP = """v=0
o=- 1 1 IN IP4 127.0.0.4
s=-
c=IN IP4 127.0.0.4
t=0 0
m=audio 4000 RTP/AVP 0
"""


def socket_at(host):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(LIMIT_S)
    s.bind((host, 0))
    return s, s.getsockname()[1]


def free_port():
    """A port that is free on both of our realms' addresses."""
    while True:
        a, port = socket_at("127.0.0.1")
        b = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            b.bind(("127.0.0.2", port))
            return port
        except OSError:
            pass
        finally:
            a.close()
            b.close()


def call(w):
    """A daemon with one call that nobody answers; the process and our sockets."""
    if not w.modules:
        raise Skip("no SIP module in this build")
    near, near_port = socket_at("127.0.0.4")
    far, far_port = socket_at("127.0.0.3")
    port = free_port()
    # Media ports are taken at random and tried one after the other; those of a call may be in use.
    w.write(SIP.format(port=port, far=far_port, media="40000-49999" if port < 40000 else "20000-29999"))
    process = w.start()
    sdp = SDP.replace("\n", "\r\n")
    near.sendto(INVITE.replace("\n", "\r\n").format(port=port, near=near_port, sdp=sdp, length=len(sdp)).encode(),
                ("127.0.0.1", port))
    has(far.recv(65536).decode(), "INVITE sip:bob@")
    same(len(w.ask("show", "sessions")["sessions"]), 1)
    return process, (near, far)


def records(w):
    with open(os.path.join(w.directory, "cdr.jsonl"), encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def test_stop_waits_for_calls(w):
    process, sockets = call(w)
    same(len(w.ctl("show", "streams").stdout.splitlines()), 3)
    process.send_signal(signal.SIGTERM)
    w.wait(lambda: w.ask("version")["draining"], "drain")
    same(len(w.ask("show", "sessions")["sessions"]), 1)
    same(records(w), [])
    process.send_signal(signal.SIGTERM)
    same(process.wait(timeout=8), 0)
    same([r["call_id"] for r in records(w)], ["cli-test"])
    for s in sockets:
        s.close()


def test_stop_when_calls_end(w):
    process, sockets = call(w)
    process.send_signal(signal.SIGTERM)
    w.wait(lambda: w.ask("version")["draining"], "drain")
    session = w.ask("show", "sessions")["sessions"][0]["session"]
    has(w.ctl("end", session).stdout, f"ended: {session}")
    same(process.wait(timeout=8), 0)
    same([r["session"] for r in records(w)], [session])
    for s in sockets:
        s.close()


def test_reload_leaves_calls_alone(w):
    process, sockets = call(w)
    before = w.ask("show", "sessions")["sessions"][0]["session"]
    with open(w.config, encoding="utf-8") as f:
        text = f.read()
    with open(w.config, "w", encoding="utf-8") as f:
        f.write(text.replace('  <module', '  <realm name="x" side="core" address="127.0.0.9"/>\n  <module', 1))
    same(w.ctl("reload").returncode, 0)
    same(len(w.ask("show", "realms")["realms"]), 3)
    same([s["session"] for s in w.ask("show", "sessions")["sessions"]], [before])
    os.rename(os.path.join(w.directory, "cdr.jsonl"), os.path.join(w.directory, "rotated"))
    process.send_signal(signal.SIGHUP)
    w.wait(lambda: os.path.exists(os.path.join(w.directory, "cdr.jsonl")), "new file of records")
    w.ctl("end", before)
    w.wait(lambda: len(records(w)) == 1, "record in the new file")
    for s in sockets:
        s.close()


# ---- all of them ----

def run_one(name, function, build):
    w = World(build)
    try:
        function(w)
        return "PASS"
    except Skip as why:
        return f"SKIP {why}"
    except (AssertionError, OSError, subprocess.TimeoutExpired, ValueError, KeyError) as why:
        return f"FAIL {type(why).__name__}: {why}"
    finally:
        w.close()


def main(tests):
    """Run the functions test_* of these, by name."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=os.getcwd())
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    count = {"PASS": 0, "FAIL": 0, "SKIP": 0}
    for name, function in sorted(tests.items()):
        if not name.startswith("test_") or (options.names and name[5:] not in options.names):
            continue
        result = run_one(name, function, os.path.abspath(options.build))
        count[result[:4]] += 1
        print(f"{result[:4]} {name[5:]}{result[4:]}", flush=True)
    print(f"{count['PASS']} passed, {count['FAIL']} failed, {count['SKIP']} skipped")
    return 1 if count["FAIL"] or not count["PASS"] else 0


if __name__ == "__main__":
    sys.exit(main(globals()))
