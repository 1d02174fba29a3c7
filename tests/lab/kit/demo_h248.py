"""The demo's story of H.248: two gateways behind two NATs, and their controller; all of them erlang-megaco."""

import re
import time

from . import h248, nat
from .demo import explain, heading, show_pinholes, show_records, show_talk, table
from .demo_mgcp import go_on
from .network import GW_WAN, LAN1, LAN2, SSW
from .stage import Stage

PACKETS_PER_S = 50
MARKS = b"\xa1", b"\xb2"

PICTURE = """
  alice 10.1.0.2 ── NAT 198.51.100.11 ──┐
                    symmetric, closed   ├── 198.51.100.5  postern  192.0.2.5 ── 192.0.2.20 controller
  bob   10.2.0.2 ── NAT 198.51.100.12 ──┘         a port of it for each gateway     knows nothing of NAT
"""


def texts(lab, host, **want):
    """The messages among the packets that match WANT, as text."""
    return [p.payload.decode("utf-8", "replace") for p in lab.seen(host).udp(**want)
            if p.payload.startswith((b"MEGACO/", b"!/"))]


def first(messages, *words):
    """The first one with all WORDS, or nothing."""
    return next((m for m in messages if all(word in m for word in words)), "")


def identifier(message):
    return message.split()[1] if message else "(not seen)"


def registrations(lab, mgc):
    """Rows: who, what the gateway calls itself, its pinhole, what the controller knows it by."""
    rows = [("", "the gateway says", "its NAT makes", "the controller is told")]
    for name, host, own, router in (("alice", "lan1", LAN1, "nat1"), ("bob", "lan2", LAN2, "nat2")):
        said = first(texts(lab, host, src=own), "SC=ROOT") or first(texts(lab, host, src=own), "SC=root")
        hole = next(hole for here, hole, there in nat.pinholes(lab.net[router])
                    if (here, there) == (f"{own}:{h248.PORT}", f"{GW_WAN}:{h248.PORT}"))
        rows.append((name, identifier(said), hole, mgc.gateways(2)[0 if name == "alice" else 1]))
    return rows


def lines_of(message, descriptor):
    """The lines that carry addresses in the descriptor L or R of a message."""
    found = re.search(rf"[,{{]{descriptor}\{{(.*?)\n\}}", message, re.DOTALL)
    return [line for line in (found[1].splitlines() if found else []) if line[:2] in ("o=", "c=", "m=")]


def show_description(title, way):
    """Columns: the same session description in the places of its WAY."""
    print(f"  {title}:\n")
    columns = [[name, "·" * len(name)] + (lines_of(message, kind) or ["(not seen)"]) for name, message, kind in way]
    height = max(len(column) for column in columns)
    table([tuple(column[i] if i < len(column) else "" for column in columns) for i in range(height)], 4)
    print()


def show_descriptions(lab):
    """Both gateways' descriptions, before and after Postern."""
    core = texts(lab, "ssw", dst=SSW)
    for title, one, own, other in (("alice's, in her reply to Add", "lan1", LAN1, "lan2"),
                                   ("bob's, in his reply to Add", "lan2", LAN2, "lan1")):
        said = first(texts(lab, one, src=own), "P=", "L{")
        shown = [m for m in core if lines_of(m, "L")]
        told = first(texts(lab, other, src=GW_WAN), ",R{") or first(texts(lab, other, src=GW_WAN), "R{")
        show_description(title, (("as it wrote it", said, "L"),
                                 ("as the controller saw it", shown[0 if one == "lan1" else -1], "L"),
                                 ("as the other one got it", told, "R")))


def show_ears(one, other):
    for ear, mouth in ((one, other), (other, one)):
        for near, far in zip(ear.legs(), mouth.legs()):
            print(f"  {ear.process.name} heard {mouth.process.name} for "
                  f"{near.heard(far.sender.mark) / PACKETS_PER_S:.1f} s, all of it from "
                  f"{near.remote[0]}:{near.remote[1]}, as the controller said.")


def play(lab, keep):
    """Register, call, talk; subtract unless KEEP."""
    began = time.monotonic()
    dialect = h248.Dialect("compact", "udp", 2)
    heading("The lab")
    print(PICTURE.rstrip())
    print("\n  One socket and several destinations have just proved that both NATs are symmetric\n"
          "  and let nothing in unasked.", flush=True)
    lab.watch()
    postern = h248.postern(lab, keepalive="5s")
    with Stage() as stage:
        mgc = h248.Mgc(lab, stage, dialect)
        alice = h248.Gateway(lab, stage, "lan1", "alice", MARKS[0], dialect).registered()
        bob = h248.Gateway(lab, stage, "lan2", "bob", MARKS[1], dialect).registered()
        lab.catch_up()
        heading("Both gateways register (ServiceChange)")
        table(registrations(lab, mgc))

        heading("The controller connects a line of alice's with one of bob's (Add, Add, Modify)")
        mgc.call(0, 1)
        h248.talk(stage, alice, bob)
        lab.catch_up()
        show_descriptions(lab)

        heading("They talk: packets per second")
        for leg in alice.legs() + bob.legs():
            leg.talk()
        show_talk(lab, "the controller", h248.PORT, stage.until)
        print("\n  The NATs' pinholes:\n")
        show_pinholes(lab, h248.PORT, "H.248")
        print()
        show_ears(alice, bob)
        if keep:
            explain(lab, postern)
            go_on(lab, stage)
            return
        mgc.end()
    heading("The controller subtracts: the call detail records")
    show_records(postern.wait_records(2))
    lab.end_programs()
    print(f"\nAll of it took {time.monotonic() - began:.0f} seconds.")
