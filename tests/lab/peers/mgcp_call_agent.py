"""A call agent (RFC 3435), driven by events: it learns gateways from RSIP and connects lines that dial.

It addresses each gateway as a call agent does that knows nothing of Postern: where the domain of the
endpoint name is an address, at that address and port 2427; where it is a name, where the RSIP came from
(that is what its name server would say). What it gets, and from where, a flow reads in `log`.
"""

from dataclasses import dataclass, field

from kit import nat
from kit.network import ADDRESS

from .mgcp_call import Call, End
from .mgcp_message import AGENT_PORT, GATEWAY_PORT, entity_address
from .mgcp_transport import Transport

IDLE = [("R", "L/hd(N)")]
DIALLING = [("R", "L/hu(N), D/[0-9#*](N)"), ("S", "L/dl")]


@dataclass
class Habits:
    """How this call agent differs from a plain one."""
    piggyback: bool = False      # the answer to NTFY and the next request share a datagram
    entity: tuple = None         # the notified entity that it names in requests: an address of its own
    answers_from: tuple = None   # responses leave from this address of its own
    redirect: tuple = None       # refuse RSIP with 521 and this call agent
    idle_requests: bool = True   # ask new endpoints for off-hook


@dataclass
class Known:
    """A gateway that announced itself."""
    domain: str
    target: tuple
    source: tuple
    restarts: list = field(default_factory=list)
    names: list = field(default_factory=list)  # its endpoints

    def line(self, local):
        return End(f"{local}@{self.domain}", self.target)


class CallAgent:
    """The call agent NAME on HOST."""

    def __init__(self, lab, stage, host="ssw", address=None, port=AGENT_PORT, name="agent", **habits):
        self.stage, self.name, self.habits = stage, name, Habits(**habits)
        self.address = (address or ADDRESS[host], port)
        self.gateways, self.numbers, self.calls, self.notified = {}, {}, [], []
        self.at_entity = []  # the commands that came to the notified entity's own address
        self.next_request = 0x1000
        self.transport = Transport(stage, nat.udp_socket(lab.net[host], *self.address), self._on_command,
                                   lab.file(f"{name}.mgcp"), key=lambda source: source)
        if self.habits.entity:
            self.transport.listen(nat.udp_socket(lab.net[host], *self.habits.entity), self.at_entity)
        if self.habits.answers_from:
            self.transport.reply_sock = nat.udp_socket(lab.net[host], *self.habits.answers_from)
            self.transport.listen(self.transport.reply_sock)

    def close(self):
        """Vanish as by a power cut."""
        self.transport.close()

    @property
    def log(self):
        """Rows (time, "in" or "out", far address, message)."""
        return self.transport.rows

    # What a flow asks of it

    def gateway(self, index, endpoints=0, deadline_s=20):
        """The INDEXth gateway that announced itself, once so many ENDPOINTS of it are known."""
        def known():
            rows = list(self.gateways.values())
            return len(rows) > index and len(rows[index].names) >= endpoints and rows[index]
        return self.stage.until(known, f"gateway {index} at {self.name}", deadline_s)

    def ask(self, verb, end, params=(), *bodies, deadline_s=25):
        """A command to END and its final response."""
        done = []
        self.command(verb, end, params, *bodies, on_final=done.append)
        self.stage.until(lambda: done, f"the answer to {verb} {end.name}", deadline_s)
        assert done[0].final, f"{verb} {end.name} was never answered"
        return done[0].final

    def call(self, a, b, rings=False, call_id=None):
        """Connect two ends by the call agent's own decision."""
        call = Call(self, a, b, rings, call_id)
        self.calls.append(call)
        call.begin()
        return call

    def next_call(self, deadline_s=20):
        """The call that was begun last, once there is a new one since this was asked."""
        known = len(self.calls)
        return self.stage.until(lambda: self.calls[known:], f"a call at {self.name}", deadline_s)[0]

    def command(self, verb, end, params=(), *bodies, on_final=lambda transaction: None):
        return self.transport.send(verb, end.name, params, *bodies, targets=[end.target], on_final=on_final)

    def request(self, params):
        """PARAMS as a NotificationRequest with an identifier of its own."""
        self.next_request += 1
        entity = self.habits.entity
        names = [("N", f"ca@[{entity[0]}]:{entity[1]}")] if entity else []
        return names + [("X", "%x" % self.next_request)] + list(params)

    # What comes in

    def _on_command(self, message, source, reply):
        if message.verb == "RSIP":
            self._on_restart(message, source, reply)
        elif message.verb == "NTFY":
            self._on_notify(message, source, reply)
        elif message.verb == "DLCX":
            reply.send(200)
            self._tell(End(message.endpoint, source), "deleted")
        else:
            reply.send(504)

    def _on_restart(self, message, source, reply):
        if self.habits.redirect:
            reply.send(521, [("N", "ca@[%s]:%d" % self.habits.redirect)])
            return
        domain = message.domain()
        target = entity_address(domain, GATEWAY_PORT) or source
        known = self.gateways.setdefault(domain.lower(), Known(domain, target, source))
        known.target, known.source = target, source
        known.restarts.append(message.get("RM"))
        reply.send(200)
        if message.get("RM", "restart") in ("restart", "disconnected") and self.habits.idle_requests:
            self.command("AUEP", known.line("*"), on_final=lambda t: self._on_names(known, t))

    def _on_names(self, known, transaction):
        """The endpoints of a gateway; one that does not list them is asked nothing."""
        if transaction.final and transaction.final.code == 200:
            known.names = transaction.final.all("Z")
            for name in known.names:
                self.command("RQNT", End(name, known.target), self.request(IDLE))

    def _on_notify(self, message, source, reply):
        self.notified.append((source, message))
        target = self._target(message, source)
        end = End(message.endpoint, target)
        if not self.habits.piggyback:
            reply.send(200)
            self._react(end, message)
            return
        with self.transport.together():
            reply.send(200)
            self._react(end, message)

    def _target(self, message, source):
        known = self.gateways.get(message.domain().lower())
        return known.target if known else entity_address(message.domain(), GATEWAY_PORT) or source

    def _react(self, end, message):
        for event in message.get("O").replace(" ", "").split(","):
            if self._tell(end, event):
                continue
            if event == "L/hd":
                self.command("RQNT", end, self.request(DIALLING))
            elif event == "L/hu":
                self.command("RQNT", end, self.request(IDLE))
            elif event.startswith("D/"):
                self._dialled(end, event[2:])

    def _tell(self, end, event):
        """Let the call of END know; is there one?"""
        call = next((c for c in self.calls if c.alive and any(e.name == end.name for e in c.ends)), None)
        return bool(call) and call.happen(end.name, event)

    def _dialled(self, end, number):
        other = self.numbers.get(number)
        if other:
            self.call(end, End(other.name, other.target), rings=True)
        else:
            self.command("RQNT", end, self.request([("R", "L/hu(N)"), ("S", "L/bz")]))
