"""The rest of RFC 3435 through Postern: wildcards, audits, deletion by anybody, and packets that get lost."""

from kit import mgcp, nat
from kit.flow import flow
from kit.mgcp_office import Office, talk
from kit.network import GW_CORE
from kit.stage import Stage
from peers import mgcp_message
from peers.mgcp_call import End

LOSS = """
table ip lossy {
    chain forward {
        type filter hook forward priority -10; policy accept;
        udp dport { 2427, 2727 } numgen inc mod 8 == 5 drop
    }
}
"""


def shown(message, index=0):
    """The RTP address in a description of MESSAGE."""
    return message.sdp(index)[0].rtp


@flow("mgcp-audit", kinds=nat.KINDS)
def audit(lab):
    """AUEP and AUCX with everything, CRCX for any line: the call agent gets back what it was shown, and said."""
    lab.watch()
    postern = mgcp.postern(lab)
    with Stage() as stage:
        office = Office(lab, stage).open()
        agent, lines = office.agent, (office.alice.lines[0], office.bob.lines[1])
        near, far = agent.gateway(0), agent.gateway(1)
        assert near.names == [f"aaln/{n}@{near.domain}" for n in (1, 2)], near.names
        taken = agent.call(near.line("aaln/2"), far.line("aaln/1")).wait("up")
        call = agent.call(near.line("aaln/1"), far.line("aaln/$")).wait("up")
        assert call.b.name == f"aaln/2@{far.domain}", call.b.name
        talk(stage, *[line.connection for line in lines])
        answer = agent.ask("AUCX", call.a, [("I", call.a.cid), ("F", "C,M,N,P,LC,RC")])
        assert answer.get("C") == call.call_id and answer.get("M") == "sendrecv", answer.text
        said = mgcp_message.Message("200 1\r\n\r\n" + call.a.description + "\r\n" + call.b.description)
        assert (shown(answer, 0), shown(answer, 1)) == (shown(said, 0), shown(said, 1)), answer.text
        answer = agent.ask("AUEP", call.a, [("F", "A,I,N,X,ES")])
        assert answer.get("I") == call.a.cid and answer.get("ES") == "L/hu", answer.text
        assert agent.ask("EPCF", call.a, [("B", "e:mu")]).code == 200
        for verb, end, code in (("AUEP", near.line("aaln/9"), 500), ("MESG", call.a, 504),
                                ("AUEP", End(f"aaln/1@[{GW_CORE}]", mgcp.CORE), 500)):
            assert agent.ask(verb, end).code == code, f"{verb} {end.name}"
        answer = agent.ask("MDCX", call.a, [("C", "0"), ("I", call.a.cid), ("M", "inactive")])
        assert answer.code == 516, answer
        talk(stage, *[line.connection for line in lines])
        call.end()
        taken.end()
    postern.wait_records(4)
    mgcp.proper(lab)


@flow("mgcp-scopes", kinds=nat.KINDS)
def scopes(lab):
    """Connections end by DLCX of a wildcard, of the gateway itself, and by its restart; the others go on."""
    lab.watch()
    postern = mgcp.postern(lab)
    with Stage() as stage:
        office = Office(lab, stage).open()
        agent, alice, bob = office.agent, office.alice, office.bob
        near, far = agent.gateway(0), agent.gateway(1)
        first = agent.call(near.line("aaln/1"), far.line("aaln/1")).wait("up")
        second = agent.call(near.line("aaln/2"), far.line("aaln/2")).wait("up")
        both = [[gateway.lines[index].connection for gateway in (alice, bob)] for index in range(2)]
        talk(stage, *both[0])
        talk(stage, *both[1])
        alice.delete(both[0][0])
        first.wait("over")
        assert first.a.deleted is True and first.b.deleted.code == 250, first.b.deleted
        postern.wait_records(2)
        talk(stage, *both[1])
        assert agent.ask("DLCX", End(f"*@{near.domain}", near.target), [("C", second.call_id)]).code == 250
        postern.wait_records(3)
        bob.restarts.clear()
        bob.lines[1].forget([both[1][1]])
        bob.registered()
        records = postern.wait_records(4)
        assert not postern.control("show", "sessions")["sessions"]
    assert len({r["correlation"] for r in records}) == 2, records
    assert not [c for c in (alice.lines[1].connections, bob.lines[1].connections) if c]
    mgcp.proper(lab)


@flow("mgcp-loss", kinds=nat.KINDS)
def loss(lab):
    """An eighth of the signalling through nat1 is lost: calls take longer, and nothing is done twice or forgotten."""
    lab.watch()
    lab.net["nat1"].nft(LOSS)
    postern = mgcp.postern(lab, lost_after=50)
    with Stage() as stage:
        office = Office(lab, stage, {"provisional_s": 0.2}).open()
        for _ in range(3):
            lines = office.alice.lines[0], office.bob.lines[0]
            call = office.call(*lines, "2")
            talk(stage, *[line.connection for line in lines])
            office.hang_up(call, *lines)
        postern.wait_records(6)
        transports = [entity.transport for entity in (office.agent, office.alice, office.bob)]
        stage.until(lambda: not any(t.transactions for t in transports), "all commands to be answered")
        assert not any(t.given_up for t in transports), "a command was never answered"
        created = {m.get("I") for _, way, _, m in office.alice.log if way == "out" and m.has("I") and m.is_final}
        sent = [(peer, m.tid) for peer in (office.alice, office.agent) for _, way, far, m in peer.log
                if way == "out" and m.verb and (peer is office.alice or far == office.agent.gateway(0).target)]
    mgcp.proper(lab)
    for host in ("lan1", "lan2"):
        mgcp.both_ways(lab, host)
    assert len(created) == 3, f"{len(created)} connections for 3 calls"
    assert len(sent) > len(set(sent)), "no command was lost: this proves nothing"
