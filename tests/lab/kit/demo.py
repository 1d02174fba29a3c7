"""Shows a person what Postern does: two phones behind two NATs, one call, and what became of it.

This is the story of SIP, and what the stories share."""

import argparse
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import textwrap
import time

from . import cast, namespace, nat, sip, stun
from .lab import Lab
from .network import GW_CORE, GW_WAN, LAN1, LAN2, NAT1, NAT2
from .patience import wait_until
from .runner import default_build

PREFIX = "postern-"
PLACE = os.path.join(tempfile.gettempdir(), "postern-demo")
TALK_S = 6
LOOK_AROUND_S = 1800  # how long the phones of --keep have something to say
# What is told: the module here whose play() tells it; its NETWORK is how the lab differs.
STORIES = {"sip": "demo", "mgcp": "demo_mgcp", "h248": "demo_h248", "h323": "demo_h323",
           "agent": "demo_agent"}

PICTURE = """
  alice 10.1.0.2 ── NAT 198.51.100.11 ──┐
                    symmetric, closed   ├── 198.51.100.5  postern  192.0.2.5 ── 192.0.2.20 kamailio
  bob   10.2.0.2 ── NAT 198.51.100.12 ──┘                                       knows nothing of NAT
"""


def heading(text):
    print(f"\n{text}\n{'─' * len(text)}", flush=True)


def table(rows, indent=2):
    """Rows of words as aligned columns."""
    widths = [max(len(str(row[i])) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        line = "  ".join(f"{str(word):<{width}}" for word, width in zip(row, widths))
        print(" " * indent + line.rstrip(), flush=True)


# What the captures tell

def first_message(capture, test, **want):
    """The first SIP message that passes TEST among the packets that match WANT."""
    return next((m for _, m in sip.messages(capture.udp(**want)) if test(m)), None)


def registrations(lab):
    """Rows: who, what the phone says, what its NAT made of it, what the softswitch was told."""
    rows = [("", "the phone says", "its NAT makes", "the softswitch is told")]
    for user, own, outside in (("alice", LAN1, NAT1), ("bob", LAN2, NAT2)):
        lan, router = ("lan1", "nat1") if own == LAN1 else ("lan2", "nat2")
        said = first_message(lab.seen(lan), lambda m: m.method == "REGISTER", src=own)
        told = first_message(lab.seen("ssw"), lambda m, u=user: m.method == "REGISTER"
                             and f"sip:{u}@" in m.get("to"), src=GW_CORE)
        hole = cast.pinhole_of(lab, router, f"{own}:5060") or outside
        rows.append((user, said.get("contact").split(";")[0], hole, told.get("contact").split(";")[0]))
    return rows


def addresses_of(message):
    """The lines of a session description that carry addresses."""
    return [line for line in message.sdp().text.splitlines()
            if line.startswith(("o=", "c=", "m=", "a=rtcp:"))]


def descriptions(lab, wanted, way):
    """Columns: the same session description in the three places of its WAY."""
    columns = []
    for title, host, field, address in way:
        message = first_message(lab.seen(host), wanted, **{field: address})
        columns.append([title, "·" * len(title)] + (addresses_of(message) if message else ["(not seen)"]))
    height = max(len(column) for column in columns)
    return [tuple(column[i] if i < len(column) else "" for column in columns) for i in range(height)]


def show_descriptions(lab):
    print("  The offer of alice's INVITE:\n")
    table(descriptions(lab, lambda m: m.method == "INVITE" and m.sdp() and not m.is_response, (
        ("as alice wrote it", "lan1", "src", LAN1), ("as kamailio saw it", "ssw", "src", GW_CORE),
        ("as bob got it", "lan2", "src", GW_WAN))), 4)
    print("\n  The answer of bob's 200 OK:\n")
    table(descriptions(lab, lambda m: m.status == 200 and m.sdp(), (
        ("as bob wrote it", "lan2", "src", LAN2), ("as kamailio saw it", "ssw", "src", GW_CORE),
        ("as alice got it", "lan1", "src", GW_WAN))), 4)


def is_media(packet, port):
    return port not in (packet.sport, packet.dport) and not stun.is_stun(packet.payload)


def media_per_second(lab, start, second, port):
    """Packets in SECOND after START at the gateway's outside, in its four directions."""
    packets = [p for p in lab.seen("gw", "wan0").udp() if is_media(p, port) and second <= p.time - start < second + 1]
    return [sum(1 for p in packets if (p.src, p.dst) == way)
            for way in ((NAT1, GW_WAN), (GW_WAN, NAT2), (NAT2, GW_WAN), (GW_WAN, NAT1))]


def show_talk(lab, switch, port=5060, wait=wait_until,
              why="sent the call back, so postern\n  joined both halves inside"):
    """A row per second while the call runs; WAIT lets time go by. PORT is the signalling's, WHY what SWITCH did
    that no media is on the core side."""
    widths = (8, 17, 15, 15, 17)
    titles = ("second", "alice → postern", "postern → bob", "bob → postern", "postern → alice")
    print("  " + "".join(f"{title:<{width + 2}}" for title, width in zip(titles, widths)).rstrip())
    start = time.time()
    for second in range(TALK_S):
        wait(lambda s=second: time.time() >= start + s + 1, "the clock", TALK_S + 5)
        lab.seen("gw", "wan0").catch_up()
        row = (second + 1, *media_per_second(lab, start, second, port))
        print("  " + "".join(f"{word:<{width + 2}}" for word, width in zip(row, widths)).rstrip(), flush=True)
    core = [p for p in lab.seen("gw", "core0").udp() if is_media(p, port)]
    print(f"\n  Media packets on the core side: {len(core)} ({switch} {why}).")


def show_pinholes(lab, port=5060, name="SIP"):
    """The NATs' mappings that carry the call; those towards PORT carry the signalling NAME."""
    rows = [("", "inside", "pinhole", "towards")]
    for user, router in (("alice", "nat1"), ("bob", "nat2")):
        for inside, hole, outside in nat.pinholes(lab.net[router]):
            if outside.startswith(GW_WAN + ":"):
                rows.append((user, inside, hole, outside + (f" ({name})" if outside.endswith(f":{port}") else "")))
    table(rows)


def show_ears(alice, bob):
    """What the phones recorded."""
    for ear, mouth in ((alice, bob), (bob, alice)):
        print(f"  {ear.user} heard {mouth.user}'s {mouth.frequency} Hz tone for "
              f"{ear.heard(mouth.frequency):.1f} s, and nothing else for "
              f"{ear.heard(ear.frequency):.1f} s.")


def show_records(records):
    """The call detail records, for people and as they were written."""
    for record in records:
        print(f"  {record['ingress']} → {record['egress']}: {record['from']} to {record['to']}, "
              f"{record['duration_ms'] / 1000:.1f} s, {record['status']} {record['cause']}")
        for stream in record["streams"]:
            for way, name in (("a_to_b", "caller to callee"), ("b_to_a", "callee to caller")):
                count = stream[way]
                print(f"    {stream['media']}, {name}: {count['packets']} packets, {count['bytes']} octets, "
                      f"{count['lost']} lost, jitter {count['jitter_ms']} ms, "
                      f"{count['rtcp_packets']} RTCP packets")
    print("\n  The first one, as it was written:\n")
    for line in textwrap.wrap(json.dumps(records[0]), 96, break_on_hyphens=False):
        print("    " + line)


# The story

def play(lab, keep):
    """Register, call, talk; hang up unless KEEP."""
    began = time.monotonic()
    heading("The lab")
    print(PICTURE.rstrip())
    print("\n  One socket and several destinations have just proved that both NATs are symmetric\n"
          "  and let nothing in unasked.", flush=True)
    lab.watch()
    postern, alice, bob = cast.office(lab, seconds=LOOK_AROUND_S if keep else 60, keepalive="5s")
    lab.catch_up()

    heading("Both phones register")
    table(registrations(lab))

    heading("alice calls bob")
    cast.talk(alice, bob)
    lab.catch_up()
    show_descriptions(lab)

    heading("They talk: packets per second")
    show_talk(lab, "kamailio")
    print("\n  The NATs' pinholes:\n")
    show_pinholes(lab)
    print()
    show_ears(alice, bob)
    if keep:
        explain(lab, postern)
        return
    cast.hang_up(alice, bob)

    heading("alice hangs up: the call detail records")
    show_records(postern.wait_records(2))
    lab.end_programs()
    print(f"\nAll of it took {time.monotonic() - began:.0f} seconds.")


def explain(lab, postern, more=()):
    """How to look around in a demo that goes on; MORE rows of (what, how)."""
    ctl = " ".join(os.path.relpath(word) if word.endswith("posternctl") else word
                   for word in postern.command("show"))
    heading("The call goes on; look around")
    for what, how in (
            ("calls, media streams, registrations, counters",
             "\n".join(f"{ctl} {noun}" for noun in ("sessions", "streams", "bindings", "counters"))),
            *more,
            ("the packets outside and inside",
             f"ip netns exec {lab.net['gw'].name} tcpdump -ni wan0 udp\n"
             f"ip netns exec {lab.net['lan1'].name} tcpdump -ni eth0 udp"),
            ("a NAT's pinholes", f"ip netns exec {lab.net['nat1'].name} conntrack -L -p udp"),
            ("logs, captures, configuration", f"ls {lab.directory}"),
            ("end it", "tools/demo --stop")):
        print(f"  {what}:\n")
        print("".join(f"      {line}\n" for line in how.splitlines()))


def stop():
    """End a demo that was kept: whatever lives in its namespaces, and these."""
    names = [name for name in namespace.names() if name.startswith(PREFIX)]
    namespace.remove_all(names, PREFIX)
    shutil.rmtree(PLACE, ignore_errors=True)
    print("The demo has ended." if names else "No demo was running.")


def start(build, keep, story):
    if any(name.startswith(PREFIX) for name in namespace.names()):
        print("tools/demo: one is running already; end it with tools/demo --stop", file=sys.stderr)
        return 1
    shutil.rmtree(PLACE, ignore_errors=True)
    os.mkdir(PLACE, 0o700)
    lab = Lab(PLACE, PREFIX, build, kind="symmetric", outlive=keep, **getattr(story, "NETWORK", {}))
    with lab:
        try:
            story.play(lab, keep)
        except AssertionError as failure:
            print(f"\ntools/demo: it went wrong: {failure}\n  logs and captures: {PLACE}", file=sys.stderr)
            return 1
        if keep:
            lab.leave()
    if not keep:
        shutil.rmtree(PLACE, ignore_errors=True)
    return 0


def main(argv):
    parser = argparse.ArgumentParser(prog="tools/demo", description=__doc__)
    parser.add_argument("--build", metavar="DIR", help="where posternd was built")
    parser.add_argument("--keep", action="store_true", help="leave it running to look around")
    parser.add_argument("--stop", action="store_true", help="end a demo that was kept")
    parser.add_argument("story", nargs="?", default="sip", choices=sorted(STORIES))
    options = parser.parse_args(argv)
    if os.geteuid() != 0:
        print("tools/demo: only root can make network namespaces", file=sys.stderr)
        return 1
    if options.stop:
        stop()
        return 0

    def leave(number, _):
        raise SystemExit(128 + number)
    for sig in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sig, leave)
    story = importlib.import_module("." + STORIES[options.story], __package__)
    return start(os.path.abspath(options.build) if options.build else default_build(), options.keep, story)
