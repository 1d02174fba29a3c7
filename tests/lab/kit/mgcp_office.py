"""Who usually plays in MGCP flows: a call agent, and gateways with analogue lines behind NATs."""

from peers.mgcp_call_agent import CallAgent
from peers.mgcp_gateway import Gateway

from . import mgcp
from .duet import A_MARK, B_MARK

HEARD = 40  # packets: 0.8 s


class Office:
    """A call agent at ssw, alice behind nat1 and bob behind nat2; number 1 is alice's first line, number 2 is bob's.
    ALICE and BOB are options of their gateways, HABITS those of the call agent."""

    def __init__(self, lab, stage, alice=(), bob=(), **habits):
        self.lab, self.stage = lab, stage
        self.agent = CallAgent(lab, stage, **habits)
        self.alice = Gateway(lab, stage, "lan1", "alice", mark=A_MARK, address=lab.net.address["lan1"], **dict(alice))
        self.bob = Gateway(lab, stage, "lan2", "bob", mark=B_MARK, address=lab.net.address["lan2"], **dict(bob))

    def open(self):
        """Both gateways announce themselves; the call agent asks all their lines for off-hook."""
        for index, gateway in enumerate((self.alice, self.bob)):
            gateway.registered()
            known = self.agent.gateway(index, endpoints=len(gateway.lines))
            self.agent.numbers[str(index + 1)] = known.line("aaln/1")
        self.idle()
        return self

    def idle(self):
        """Wait until all lines that are on hook wait for somebody to lift."""
        lines = [line for gateway in (self.alice, self.bob) for line in gateway.lines]
        self.stage.until(lambda: all("L/hd" in line.requested and not line.locked for line in lines),
                         "all lines to be asked for off-hook")

    def call(self, caller, callee, number):
        """The line CALLER dials NUMBER, which is the line CALLEE; return the call, up."""
        dial(self.stage, caller, number)
        call = self.agent.next_call()
        call.wait("ringing")
        self.stage.until(lambda: callee.ringing, "the called line to ring")
        callee.lift()
        return call.wait("up")

    def hang_up(self, call, first, second):
        """FIRST puts down, the call agent ends the call, SECOND puts down."""
        first.put_down()
        call.wait("over")
        second.put_down()
        self.stage.until(lambda: not first.connections and not second.connections, "the connections to end")
        self.idle()


def dial(stage, line, number):
    """A person lifts, waits for the dial tone, and dials."""
    line.lift()
    stage.until(lambda: any(signal.startswith("L/dl") for signal in line.signals), "the dial tone")
    line.press(number)


def hears(ear, mouth, packets=HEARD):
    """Has each leg of the connection EAR got so many more PACKETS of MOUTH's? A condition to wait for."""
    goals = [(leg, other.sender.mark, leg.heard(other.sender.mark) + packets)
             for leg, other in zip(ear.legs, mouth.legs)]
    return lambda: all(leg.heard(mark) >= goal for leg, mark, goal in goals)


def talk(stage, one, other, packets=HEARD):
    """Both connections hear PACKETS more of the other, and its reports."""
    conditions = hears(one, other, packets), hears(other, one, packets)
    stage.until(lambda: all(condition() for condition in conditions), "media both ways")
    stage.until(lambda: all(leg.received_rtcp for leg in one.legs + other.legs), "RTCP both ways")
    for leg in one.legs + other.legs:
        assert leg.sources() == {leg.remote}, f"media came from {leg.sources()}, {leg.remote} was advertised"
        assert not leg.heard(leg.sender.mark), "a line hears itself"


def check_addresses(agent, by_name):
    """Where the call agent addresses its gateways: at an alias of each, or all at Postern's own address."""
    targets = [known.target for known in agent.gateways.values()]
    assert all(known.source == known.target for known in agent.gateways.values()), "RSIP came from elsewhere"
    if by_name:
        assert set(targets) == {mgcp.CORE}, targets
    else:
        assert len(set(targets)) == len(targets) and mgcp.CORE not in targets, targets
