"""Networks that look alike or lie behind one another: several realms, equal LANs, two NATs in a row (M-1, M-2)."""

from kit import agent, cast, checks, nat
from kit.daemon import Daemon
from kit.duet import A_MARK, B_MARK
from kit.flow import flow
from kit.kamailio import Kamailio
from kit.media import Leg
from kit.namespace import ip_batch
from kit.network import GW_CORE, GW_WAN, LAN1, LAN2, NAT1, NAT2, SSW
from kit.phone import Phone
from kit.postern import ACCESS_MEDIA, CORE_MEDIA
from kit.stage import Stage

from .agent_sip import a_sip, play_call

GW_WAN2, GW_CORE2 = "198.51.100.6", "192.0.2.6"
CONFIG = """<postern xmlns="urn:postern:config:1" role="gateway">
  <log to="stderr" level="debug"/>
  <control socket="{directory}/postern-ctl.sock"/>
  <cdr file="{directory}/postern-cdr.jsonl"/>
{realms}{networks}  <module name="sip">
{listens}{routes}    <keepalive every="5s"/>
  </module>
</postern>
"""
REALM = ('  <realm name="access{0}" side="access" address="{1}" media="{3[0]}-{3[1]}" pinhole="3478"/>\n'
         '  <realm name="core{0}" side="core" address="{2}" media="{4[0]}-{4[1]}"/>\n')
LISTEN = '    <listen realm="{0}{1}" transport="udp" port="5060"/>\n'
ROUTE = '    <route from="access{0}" to="core{0}" next-hop="{1}:5060"/>\n'
NETWORK = '  <network name="{1}" realm="access{0}" secret-file="{2}"/>\n'


def several_pairs(lab):
    """One daemon with two pairs of realms; each of the networks north and south is at home in one."""
    ip_batch([f"addr add {GW_WAN2}/24 dev wan0", f"addr add {GW_CORE2}/24 dev core0"], lab.net["gw"].name)
    pairs = ((1, GW_WAN, GW_CORE, "north"), (2, GW_WAN2, GW_CORE2, "south"))
    text = CONFIG.format(
        directory=lab.directory,
        realms="".join(REALM.format(n, wan, core, ACCESS_MEDIA, CORE_MEDIA) for n, wan, core, _ in pairs),
        networks="".join(NETWORK.format(n, name, agent.secret_file(lab, name)) for n, _, _, name in pairs),
        listens="".join(LISTEN.format(side, n) for n, *_ in pairs for side in ("access", "core")),
        routes="".join(ROUTE.format(n, SSW) for n, *_ in pairs))
    lab.postern = Daemon(lab, "gw", "postern", "sip", text)
    return lab.postern.ready()


@flow("m-1", kinds=nat.KINDS, agents=True, same_lan=True)
def same_networks(lab):
    """M-1: two access and two core realms, and behind each an agent in a LAN with the same addresses; all call all."""
    lab.watch(("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("nat1", "wan0"), ("nat2", "wan0"))
    Kamailio(lab).ready()
    postern = several_pairs(lab)
    agents = [agent.Agent(lab, "ag1"), agent.Agent(lab, "ag2", gateway=GW_WAN2)]
    for one in agents:
        one.ready().registered()
    inside = agents[0].address
    assert agents[1].address == inside and lab.net.address["lan2"] == LAN1, "the LANs differ"
    with Stage() as stage:
        alice = Phone(lab, stage, "lan1", "alice", (inside, 5060))
        bob = Phone(lab, stage, "lan2", "bob", (inside, 5060), address=LAN1)
        dora = Phone(lab, stage, "pstn", "dora", (SSW, 5060))
        for phone in (alice, bob, dora):
            phone.registered()
        ends = [(phone, host, phone.address[0]) for phone, host in
                ((alice, "lan1"), (bob, "lan2"), (dora, "pstn"))]
        for caller in ends:
            for callee in ends:
                if caller is not callee:
                    call(lab, stage, caller, callee)
    postern.wait_records(2 * 2 + 4)
    lab.catch_up()
    agent.media_through_pinholes(lab, "nat1", NAT1)
    agent.media_through_pinholes(lab, "nat2", NAT2, GW_WAN2)
    for core in (GW_CORE, GW_CORE2):
        checks.says_only(lab.seen("ssw"), core, [checks.CORE_NET])
    for p in lab.seen("gw", "wan0").packets():
        assert not checks.is_private(p.dst), f"a packet left for {p.dst}"
    rows = postern.control("show", "pinholes")["signalling"]
    assert {(row["realm"], row["network"]) for row in rows} == {("access1", "north"), ("access2", "south")}, rows


def call(lab, stage, caller, callee):
    """One of (phone, host, address) calls another; both talk."""
    (first, host, address), (second, far_host, far_address) = caller, callee
    here, there = Leg(lab, stage, host, address, A_MARK), Leg(lab, stage, far_host, far_address, B_MARK)
    play_call(stage, first, second, here, there)
    for leg in (here, there):
        leg.close()


@flow("m-2-agent", kinds=nat.KINDS, agents=True, strict="agents", double=True)
def agents_behind_two(lab):
    """M-2: agents behind two NATs in a row."""
    a_sip(lab, alone=False)


@flow("m-2", kinds=nat.KINDS, double=True, udp_timeout_s=8)
def terminals_behind_two(lab):
    """M-2: plain terminals behind two NATs in a row; keepalives hold the mappings of both."""
    lab.watch()
    postern, alice, bob = cast.office(lab)
    cast.outlive_mapping(lab)
    cast.talk(alice, bob)
    cast.reports_crossed(lab, ("lan1", LAN1), ("lan2", LAN2))
    cast.hang_up(alice, bob)
    postern.wait_records(2)
    lab.catch_up()
    checks.says_only(lab.seen("ssw"), GW_CORE, [checks.CORE_NET])
    for host, address in (("lan1", LAN1), ("lan2", LAN2)):
        checks.both_ways(lab, host, address)
