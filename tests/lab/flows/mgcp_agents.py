"""MGCP call agents that are several, move, or answer from elsewhere."""

from kit import checks, mgcp, nat
from kit.flow import flow
from kit.mgcp_office import Office, talk
from kit.network import GW_WAN, PSTN, SSW
from kit.stage import Stage
from peers import mgcp_message
from peers.mgcp_call_agent import CallAgent
from peers.mgcp_gateway import Gateway


def one_call(stage, office):
    """alice calls bob, they talk, and part."""
    lines = office.alice.lines[0], office.bob.lines[0]
    call = office.call(*lines, "2")
    talk(stage, *[line.connection for line in lines])
    office.hang_up(call, *lines)


def finish(lab):
    """What is asked at the end of each of these flows."""
    mgcp.proper(lab)
    for host in ("lan1", "lan2"):
        mgcp.both_ways(lab, host)


@flow("mgcp-failover", kinds=nat.KINDS)
def failover(lab):
    """The first call agent is dead: RSIP reaches the second one, and all that follows goes there."""
    lab.watch()
    second = mgcp.second_address(lab)
    mgcp.postern(lab, agents=(mgcp.AGENT, second))
    with Stage() as stage, nat.udp_socket(lab.net["ssw"], *mgcp.AGENT):  # it is silent, not refusing
        office = Office(lab, stage, address=second[0]).open()
        one_call(stage, office)
    finish(lab)


@flow("mgcp-takeover", kinds=nat.KINDS)
def takeover(lab):
    """The call agent dies in a call: NTFY goes to the other one, which takes the endpoints over."""
    lab.watch()
    second = mgcp.second_address(lab)
    postern = mgcp.postern(lab, agents=(mgcp.AGENT, second))
    with Stage() as stage:
        office = Office(lab, stage).open()
        lines = office.alice.lines[0], office.bob.lines[0]
        call = office.call(*lines, "2")
        talk(stage, *[line.connection for line in lines])
        office.agent.close()
        with nat.udp_socket(lab.net["ssw"], *mgcp.AGENT):
            other = CallAgent(lab, stage, address=second[0], name="other")
            other.gateways, other.numbers = office.agent.gateways, office.agent.numbers
            lines[0].put_down()
            stage.until(lambda: [m for _, m in other.notified if m.get("O") == "L/hu"],
                        "the other call agent to be notified")
            for end in call.ends:
                assert other.ask("DLCX", end, [("C", call.call_id), ("I", end.cid)]).code == 250
            lines[1].put_down()
            office.agent = other
            for gateway in other.gateways.values():
                for name in gateway.names:
                    local = name.partition("@")[0]
                    other.ask("RQNT", gateway.line(local), other.request([("R", "L/hd(N)")]))
            office.idle()
            one_call(stage, office)
    postern.wait_records(4)
    finish(lab)


@flow("mgcp-redirect", kinds=nat.KINDS)
def redirect(lab):
    """521: the call agent hands gateways to another one of the configured prefix, which they never see."""
    lab.watch()
    second = mgcp.second_address(lab)
    mgcp.postern(lab, follow=(checks.CORE_NET,))
    with Stage() as stage:
        CallAgent(lab, stage, name="first", redirect=second)
        office = Office(lab, stage, address=second[0]).open()
        one_call(stage, office)
    finish(lab)


@flow("mgcp-redirect-astray")
def redirect_astray(lab):
    """521 to somebody outside of the configured prefixes is not followed: nothing is sent there."""
    lab.watch(*mgcp.PLACES, ("pstn", "eth0"))
    mgcp.postern(lab)
    with Stage() as stage:
        first = CallAgent(lab, stage, name="first", redirect=(PSTN, mgcp_message.AGENT_PORT))
        alice = Gateway(lab, stage, "lan1", "alice")
        alice.restart()
        stage.until(lambda: alice.restarts, "an answer to RSIP")
        stage.watch_for(3)
        assert not first.gateways and alice.restarts[0].code >= 400, alice.restarts
    mgcp.proper(lab)
    stray = [p for p in lab.seen("pstn").udp() if mgcp_message.is_mgcp(p.payload)]
    assert not stray, f"{stray[0].payload[:40]} went to somebody who is not configured"


@flow("mgcp-entity", kinds=nat.KINDS)
def entity(lab):
    """The notified entity is another port of the call agent: gateways see Postern's, NTFY arrives there."""
    lab.watch()
    mgcp.postern(lab)
    with Stage() as stage:
        office = Office(lab, stage, entity=(SSW, 2728)).open()
        one_call(stage, office)
        assert office.agent.at_entity, "no command came to the notified entity's own port"
        assert {m.verb for m in office.agent.at_entity} == {"NTFY"}, office.agent.at_entity
    finish(lab)
    named = {m.get("N") for p, m in mgcp_message.messages(lab.seen("lan1").udp(src=GW_WAN)) if m.has("N")}
    assert named and not [text for text in named if "192.0.2." in text], named


@flow("mgcp-aside", kinds=nat.KINDS)
def aside(lab):
    """The call agent's responses come from another of its addresses than the commands went to (3.5)."""
    lab.watch()
    second = mgcp.second_address(lab)
    mgcp.postern(lab, follow=(checks.CORE_NET,))
    with Stage() as stage:
        office = Office(lab, stage, answers_from=second).open()
        one_call(stage, office)
    finish(lab)
    answers = lab.seen("ssw").udp(src=second[0])
    assert answers, "no response came from the other address"
