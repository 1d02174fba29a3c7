"""The demo's story of agents: two phones behind two firewalls that let out nothing but the agents."""

import os
import time

from . import agent, cast, nat, sip, story
from .baresip import Baresip
from .demo import LOOK_AROUND_S, addresses_of, explain, first_message, heading, show_ears, show_pinholes, show_records, \
    show_talk, table
from .kamailio import Kamailio
from .network import AG1, AG2, GW_CORE, GW_WAN, LAN1, LAN2, NAT1, NAT2, SSW
from .postern import Postern

NETWORK = {"agents": True, "strict": "agents"}
PLACES = (("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("lan1", "eth0"), ("lan2", "eth0"), ("nat1", "wan0"),
          ("nat2", "wan0"))

PICTURE = """
  alice 10.1.0.2 ─┐
    AG1 10.1.0.3 ─┴─ firewall 198.51.100.11 ──┐
                     symmetric NAT            ├── 198.51.100.5  postern  192.0.2.5 ── 192.0.2.20 kamailio
    AG2 10.2.0.3 ─┬─ firewall 198.51.100.12 ──┘                 gateway              knows nothing of all that
  bob   10.2.0.2 ─┘
"""


def show_signalling(postern):
    """The gateway's table of signalling pinholes."""
    rows = [("network", "agent", "protocol", "inside", "pinhole", "subscribers")]
    for row in postern.control("show", "pinholes")["signalling"]:
        who = ", ".join(one["identity"] for one in row.get("list", []))
        rows.append((row["network"], row["agent"], row["protocol"], row.get("inner", ""), row["pinhole"], who))
    table(rows)


def show_media(postern):
    """The gateway's table of media pinholes."""
    rows = [("received", "through", "final")]
    rows += [tuple(str(row[name]) for name in rows[0]) for row in postern.control("show", "pinholes")["media"]]
    table(rows)


def steps():
    """The messages of the call, in the order in which they should cross."""
    say, n1, n2 = story.sip_step, ("nat1", "wan0"), ("nat2", "wan0")
    l1, l2, ssw = ("lan1", "eth0"), ("lan2", "eth0"), ("ssw", "eth0")
    return [say("alice → AG1      INVITE", l1, LAN1, AG1, "INVITE"),
            *story.cmph_steps("AG1", n1, NAT1, GW_WAN),
            say("AG1 → GW         INVITE", n1, NAT1, GW_WAN, "INVITE"),
            say("GW → kamailio    INVITE", ssw, GW_CORE, SSW, "INVITE"),
            say("GW → AG2         INVITE", n2, GW_WAN, NAT2, "INVITE"),
            say("AG2 → bob        INVITE", l2, AG2, LAN2, "INVITE"),
            say("bob → AG2        200", l2, LAN2, AG2, "INVITE", 200),
            *story.cmph_steps("AG2", n2, NAT2, GW_WAN),
            say("AG2 → GW         200", n2, NAT2, GW_WAN, "INVITE", 200),
            say("GW → AG1         200", n1, GW_WAN, NAT1, "INVITE", 200),
            say("AG1 → alice      200", l1, AG1, LAN1, "INVITE", 200)]


def detail(packet):
    """What a message says of media."""
    if sip.is_sip(packet.payload):
        description = sip.Message(packet.payload).sdp()
        stream = description.streams[0] if description else None
        return f"media to {stream.rtp[0]}:{stream.rtp[1]}" if stream else ""
    mapped = story.stun.Message(packet.payload).mapped()
    return f"the pinhole is {mapped[0]}:{mapped[1]}" if mapped else "from the socket that will carry the media"


def show_order(lab):
    """The messages of the call with their times."""
    packets = story.in_order(lab, steps())
    rows = [(f"{(p.time - packets[0].time) * 1000:7.1f} ms", step.what.replace(" CMPH", "         CMPH", 1), detail(p))
            for step, p in zip(steps(), packets)]
    table(rows)


def show_descriptions(lab):
    """The offer of the INVITE at each hop."""
    def invite(m):
        return m.method == "INVITE" and m.sdp() and not m.is_response
    columns = []
    for title, place, source in (("alice wrote", "lan1", LAN1), ("AG1 told the gateway", "nat1", NAT1),
                                 ("kamailio saw", "ssw", GW_CORE), ("AG2 was told", "nat2", GW_WAN),
                                 ("bob got", "lan2", AG2)):
        capture = lab.seen(place, "wan0" if place.startswith("nat") else "eth0")
        message = first_message(capture, invite, src=source)
        columns.append([title, "·" * len(title)] + [line.replace("IN IP4 ", "") for line in addresses_of(message)])
    height = max(len(column) for column in columns)
    table([tuple(column[i] if i < len(column) else "" for column in columns) for i in range(height)], 4)


def play(lab, keep):
    """Register, call, talk; hang up unless KEEP."""
    began = time.monotonic()
    heading("The lab")
    print(PICTURE.rstrip())
    ports = ", ".join(str(port) for port in nat.SIGNALLING_PORTS)
    print("\n  Both NATs are symmetric, as one socket and several destinations have just proved. Their firewalls\n"
          f"  let out UDP to the gateway's ports {ports} and {nat.PINHOLE_PORT}, TCP to {nat.PINHOLE_PORT}, and this from\n"
          "  the agents alone.", flush=True)
    lab.watch(*PLACES)
    Kamailio(lab).ready()
    postern = Postern(lab, keepalive="5s", **agent.gateway_options(lab)).ready()
    agents = agent.pair(lab)
    seconds = LOOK_AROUND_S if keep else 60
    alice = Baresip(lab, "lan1", "alice", AG1, cast.ALICE_HZ, seconds=seconds).ready().registered()
    bob = Baresip(lab, "lan2", "bob", AG2, cast.BOB_HZ, seconds=seconds).ready().registered()

    heading("The agents have registered with the gateway, and the phones with the softswitch")
    time.sleep(0.5)  # the agents tell of new subscribers in a moment
    show_signalling(postern)

    heading("alice calls bob: pinholes on demand")
    cast.talk(alice, bob)
    lab.catch_up()
    show_order(lab)
    print("\n  The offer on its way:\n")
    show_descriptions(lab)
    print("\n  The gateway's media pinholes:\n")
    show_media(postern)

    heading("They talk: packets per second")
    show_talk(lab, "kamailio")
    print("\n  The firewalls' mappings; all media towards one port:\n")
    show_pinholes(lab)
    print()
    show_ears(alice, bob)
    if keep:
        ask = " ".join(os.path.relpath(word) if word.endswith("posternctl") else word
                       for word in agents[0].command("show", "pinholes"))
        explain(lab, postern, [("the pinholes, as an agent knows them", ask)])
        return
    cast.hang_up(alice, bob)

    heading("alice hangs up: the call detail records")
    show_records(postern.wait_records(2))
    lab.end_programs()
    print(f"\nAll of it took {time.monotonic() - began:.0f} seconds.")
