"""The demo's story of H.323: two terminals behind two NATs, and a gatekeeper in the core."""

import signal
import time

from . import h323, nat
from .demo import explain, heading, show_pinholes, show_records, show_talk, table
from .duet import A_MARK, B_MARK
from .network import GW_CORE, GW_WAN, LAN1, LAN2, SSW

RAS = 1719
PACKETS_PER_S = 50

PICTURE = """
  alice 10.1.0.2 ── NAT 198.51.100.11 ──┐
                    symmetric, closed   ├── 198.51.100.5  postern  192.0.2.5 ── 192.0.2.20 gatekeeper
  bob   10.2.0.2 ── NAT 198.51.100.12 ──┘         a port of it for each terminal    knows nothing of NAT
"""
# What carries addresses in a call, and who says it.
WAY = (("Setup", "setup", "alice", "bob"), ("OpenLogicalChannelAck", "openLogicalChannelAck", "bob", "alice"))


def registrations(lab, terminals):
    """Rows: who, the addresses in its RRQ, what its NAT made of its RAS address, what the gatekeeper answers to."""
    told = []
    for packet in lab.seen("ssw").udp(src=GW_CORE, dst=SSW, dport=RAS):
        if packet.sport not in told:
            told.append(packet.sport)
    rows = [("", "the terminal says", "its NAT makes", "the gatekeeper sees")]
    for terminal, own, router, port in zip(terminals, (LAN1, LAN2), ("nat1", "nat2"), told):
        said = next(row["addresses"] for row in terminal.events("sent") if row["message"] == "registrationRequest")
        hole = next(hole for _, hole, outside in nat.pinholes(lab.net[router]) if outside == f"{GW_WAN}:{RAS}")
        rows.append((terminal.name, ", ".join(said), hole, f"{GW_CORE}:{port}"))
        assert said[0].startswith(own), said
    return rows


def addresses(terminal, way, message):
    rows = [row["addresses"] for row in terminal.events(way) if row["message"] == message]
    return list(dict.fromkeys(rows[0])) if rows else ["(not seen)"]


def show_messages(terminals):
    """The addresses of each message as one wrote it and as the other one got it."""
    for title, message, writer, reader in WAY:
        columns = [(f"as {writer} wrote it", addresses(terminals[writer], "sent", message)),
                   (f"as {reader} got it", addresses(terminals[reader], "received", message))]
        height = max(len(column) for _, column in columns)
        print(f"  The addresses in {writer}'s {title}:\n")
        table([tuple(name for name, _ in columns), tuple("·" * len(name) for name, _ in columns)]
              + [tuple(column[i] if i < len(column) else "" for _, column in columns) for i in range(height)], 4)
        print()


def show_ears(terminals):
    for ear, mouth in ((terminals[0], terminals[1]), (terminals[1], terminals[0])):
        row = ear.media()[-1]
        print(f"  {ear.name} heard {mouth.name} for {row['heard'] / PACKETS_PER_S:.1f} s, all of it from {row['to']}, "
              "as it was told.")


def play(lab, keep):
    """Register, call, talk; hang up unless KEEP."""
    began = time.monotonic()
    heading("The lab")
    print(PICTURE.rstrip())
    print("\n  One socket and several destinations have just proved that both NATs are symmetric\n"
          "  and let nothing in unasked.", flush=True)
    lab.watch()
    postern = h323.proxy(lab, "direct")
    words = ("traversal", "tunnel")
    alice = h323.Terminal(lab, "lan1", "alice", "call=bob", "on-signal", *words, mark=A_MARK)
    alice.wait("registered")
    bob = h323.Terminal(lab, "lan2", "bob", *words, mark=B_MARK)
    bob.wait("registered")
    lab.catch_up()
    heading("Both terminals register (RRQ)")
    table(registrations(lab, (alice, bob)))

    heading("alice calls bob, who fetches his call from behind his NAT (H.460.18)")
    alice.process.popen.send_signal(signal.SIGUSR1)
    for terminal in (alice, bob):
        terminal.wait("up")
    lab.catch_up()
    show_messages({"alice": alice, "bob": bob})

    heading("They talk: packets per second")
    show_talk(lab, "the gatekeeper", RAS,
              why="told where bob is called:\n  at postern, which so had both halves of the call")
    print("\n  The NATs' pinholes:\n")
    show_pinholes(lab, RAS, "RAS")
    if keep:
        explain(lab, postern)
        return
    assert alice.process.end() == 0, alice.process.last_line()
    bob.wait("over")
    assert bob.process.end() == 0, bob.process.last_line()
    print()
    show_ears((alice, bob))
    heading("alice hangs up: the call detail records")
    show_records(postern.wait_records(1))
    lab.end_programs()
    print(f"\nAll of it took {time.monotonic() - began:.0f} seconds.")
