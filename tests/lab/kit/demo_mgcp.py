"""The demo's story of MGCP: two gateways with analogue lines behind two NATs, and their call agent."""

import os
import signal
import time

from peers import mgcp_message

from . import mgcp, nat
from .demo import addresses_of, explain, heading, show_pinholes, show_records, show_talk, table
from .mgcp_office import Office, talk
from .network import GW_WAN, LAN1, LAN2
from .stage import Stage

PORT = mgcp_message.AGENT_PORT
PACKETS_PER_S = 50

PICTURE = """
  alice 10.1.0.2 ── NAT 198.51.100.11 ──┐
                    symmetric, closed   ├── 198.51.100.5  postern  192.0.2.5 ── 192.0.2.20 call agent
  bob   10.2.0.2 ── NAT 198.51.100.12 ──┘                  and 192.0.2.64/26     knows nothing of NAT
"""


def registrations(lab, office):
    """Rows: who, what the gateway calls itself, its pinhole, what the call agent knows it by, and where."""
    rows = [("", "the gateway says", "its NAT makes", "the call agent is told", "and asks it at")]
    for index, (gateway, router) in enumerate(((office.alice, "nat1"), (office.bob, "nat2"))):
        inside = "%s:%d" % gateway.address
        hole = next(hole for here, hole, there in nat.pinholes(lab.net[router])
                    if (here, there) == (inside, f"{GW_WAN}:{PORT}"))
        known = office.agent.gateway(index)
        rows.append((gateway.name, f"*@{gateway.domain}", hole, f"*@{known.domain}", "%s:%d" % known.target))
    return rows


def ladder(office, since):
    """The call as its agent saw it: rows of way, gateway, message and what matters in it."""
    names = {known.target: gateway.name for known, gateway in
             zip(office.agent.gateways.values(), (office.alice, office.bob))}
    rows = []
    for when, way, far, message in office.agent.log:
        if when >= since and message.verb:
            told = ", ".join(f"{name}: {value}" for name, value in message.params if name in "OMRS")
            rows.append((names.get(far, "?"), "←" if way == "out" else "→", "call agent", message.start[:-9], told))
    return rows


def described(lab, host, verb, code, **want):
    """The first description on its way past HOST, in a command VERB or in a response CODE to one."""
    for _, message in mgcp_message.messages(lab.seen(host).udp(**want)):
        if message.bodies and (message.verb or message.code) == (verb or code):
            return addresses_of(message)
    return ["(not seen)"]


def show_description(lab, title, way):
    """Columns: the same session description in the three places of its WAY."""
    print(f"  {title}:\n")
    columns = [[name, "·" * len(name)] + described(lab, host, verb, code, **{field: address})
               for name, host, field, address, verb, code in way]
    height = max(len(column) for column in columns)
    table([tuple(column[i] if i < len(column) else "" for column in columns) for i in range(height)], 4)
    print()


def show_descriptions(lab, known):
    """Both lines' descriptions, before and after Postern."""
    near, far = (row.target[0] for row in known)
    seen = "as the call agent saw it"
    show_description(lab, "alice's, in her answer to CRCX", (
        ("as alice wrote it", "lan1", "src", LAN1, None, 200), (seen, "ssw", "src", near, None, 200),
        ("as bob got it", "lan2", "src", GW_WAN, "CRCX", None)))
    show_description(lab, "bob's, in his answer to CRCX", (
        ("as bob wrote it", "lan2", "src", LAN2, None, 200), (seen, "ssw", "src", far, None, 200),
        ("as alice got it", "lan1", "src", GW_WAN, "MDCX", None)))


def show_ears(one, other):
    """What the lines heard."""
    for ear, mouth in ((one, other), (other, one)):
        leg, heard = ear.connection.legs[0], mouth.connection.legs[0].sender.mark
        sources = ", ".join("%s:%d" % source for source in sorted(leg.sources()))
        print(f"  {ear.gateway.name} heard {mouth.gateway.name} for {leg.heard(heard) / PACKETS_PER_S:.1f} s, all of "
              f"it from {sources}; told was {leg.remote[0]}:{leg.remote[1]}.")


def play(lab, keep):
    """Register, call, talk; hang up unless KEEP."""
    began = time.monotonic()
    heading("The lab")
    print(PICTURE.rstrip())
    print("\n  One socket and several destinations have just proved that both NATs are symmetric\n"
          "  and let nothing in unasked.", flush=True)
    lab.watch()
    postern = mgcp.postern(lab, keepalive="5s")
    with Stage() as stage:
        office = Office(lab, stage).open()
        lines = office.alice.lines[0], office.bob.lines[0]
        lab.catch_up()
        heading("Both gateways announce themselves (RSIP)")
        table(registrations(lab, office))

        heading("alice lifts, dials 2, and bob answers")
        since = time.monotonic()
        call = office.call(*lines, "2")
        talk(stage, *[line.connection for line in lines])
        lab.catch_up()
        table(ladder(office, since))
        print()
        show_descriptions(lab, [office.agent.gateway(index) for index in range(2)])

        heading("They talk: packets per second")
        show_talk(lab, "the call agent", PORT, stage.until)
        print("\n  The NATs' pinholes:\n")
        show_pinholes(lab, PORT, "MGCP")
        print()
        show_ears(*lines)
        if keep:
            explain(lab, postern)
            go_on(lab, stage)
            return
        office.hang_up(call, *lines)
    heading("alice hangs up: the call detail records")
    show_records(postern.wait_records(2))
    lab.end_programs()
    print(f"\nAll of it took {time.monotonic() - began:.0f} seconds.")


def go_on(lab, stage):
    """Let a process of its own play the gateways and the call agent until its namespace is removed."""
    if os.fork():
        return
    os.setsid()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    with open(lab.file("peers.log"), "ab") as log:
        for number in (0, 1, 2):
            os.dup2(log.fileno(), number)
    with lab.net["lan1"].entered():
        while True:
            stage.turn()
