"""MGCP with osmo-mgw, a real media gateway, behind a NAT."""

from kit import mgcp, nat
from kit.flow import Skip, flow
from kit.media import Leg
from kit.mgcp_office import talk
from kit.network import SSW
from kit.osmo import OsmoClient, OsmoMgw
from kit.stage import Stage
from peers.mgcp_call import End
from peers.mgcp_call_agent import CallAgent
from peers.mgcp_gateway import Gateway

PLACES = (("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("lan1", "eth0"), ("lan2", "eth0"), ("pub", "eth0"))


def play(lab, by_name, domain=None):
    """alice behind nat1 and carol without NAT talk across two connections of an osmo-mgw behind nat2."""
    lab.watch(*PLACES)
    postern = mgcp.postern(lab, by_name)
    with Stage() as stage:
        agent = CallAgent(lab, stage)
        OsmoMgw(lab, "lan2", domain=domain).announce()
        bridge = agent.gateway(0)
        alice = Gateway(lab, stage, "lan1", "alice").registered()
        carol = Gateway(lab, stage, "pub", "carol", mark=b"\xb2").registered()
        near, far = agent.gateway(1, endpoints=2), agent.gateway(2, endpoints=2)
        one = agent.call(near.line("aaln/1"), bridge.line("rtpbridge/*")).wait("up")
        assert "*" not in one.b.name, f"the endpoint was not chosen: {one.b.name}"
        two = agent.call(far.line("aaln/1"), End(one.b.name, one.b.target), call_id=one.call_id).wait("up")
        lines = alice.lines[0].connection, carol.lines[0].connection
        talk(stage, *lines)
        assert agent.ask("AUEP", one.b).code == 200
        assert agent.ask("MDCX", one.b, [("C", one.call_id), ("I", one.b.cid), ("M", "inactive")]).code == 517
        talk(stage, *lines)
        one.end()
        two.end()
        assert agent.ask("DLCX", bridge.line("rtpbridge/*")).code == 200
    records = postern.wait_records(4)
    assert len({r["correlation"] for r in records}) == 1, records
    mgcp.proper(lab)
    for host in ("lan1", "pub"):
        mgcp.both_ways(lab, host)
    mgcp.both_ways(lab, "lan2", at_least=60)
    core = mgcp.media_on_core(lab)
    assert not core, f"{len(core)} media packets on the core side, first {core[0][:6]}"


@flow("p-mgcp-osmo", kinds=nat.KINDS)
def osmo(lab):
    """P-MGCP with osmo-mgw between two lines: wildcards, AUEP, a refused mode, real RTP in both its connections."""
    play(lab, by_name=False)


@flow("p-mgcp-osmo-name", kinds=nat.KINDS)
def osmo_by_name(lab):
    """The same where gateways are known by names; osmo-mgw's own is one that nobody could resolve."""
    play(lab, by_name=True, domain="mgw")


@flow("p-mgcp-client", kinds=nat.KINDS)
def client(lab):
    """P-MGCP with libosmo-mgcp-client as the call agent of an osmo-mgw, which loops back what it gets."""
    if OsmoClient.missing(lab):
        raise Skip("libosmo-mgcp-client-dev was not there when this was built")
    lab.watch(("gw", "wan0"), ("gw", "core0"), ("ssw", "eth0"), ("lan2", "eth0"))
    postern = mgcp.postern(lab)
    with Stage() as stage:
        agent = CallAgent(lab, stage)  # the library cannot answer RSIP
        gateway = OsmoMgw(lab, "lan2").announce()
        known = agent.gateway(0)
        stage.until(lambda: not agent.transport.transactions, "AUEP to be answered")
        agent.close()
        leg = Leg(lab, stage, "ssw", SSW)
        library = OsmoClient(lab, "ssw", known.target[0], known.domain, leg.address, SSW)
        endpoint, _, address, port = library.said("created")
        assert endpoint.endswith("@" + known.domain) and gateway.domain not in endpoint, endpoint
        assert library.said("modified") == [address, port], "MDCX moved the media"
        assert library.said("looped") == ["200"]
        leg.remote, leg.remote_rtcp = (address, int(port)), (address, int(port) + 1)
        leg.talk()
        stage.until(lambda: leg.heard(leg.sender.mark) > 50, "what was sent to come back")
        assert leg.sources() == {leg.remote}, leg.sources()
        leg.quiet()
        assert library.end() in (200, 250)
    record, = postern.wait_records(1)
    assert record["cause"] == "normal", record
    mgcp.proper(lab)
    mgcp.both_ways(lab, "lan2", rtcp=False)
