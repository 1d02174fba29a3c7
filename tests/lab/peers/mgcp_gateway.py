"""A residential gateway with analogue lines (RFC 3435), which announces itself and does as it is told.

It answers AUEP and AUCX, CRCX with one or two m-lines, MDCX, DLCX with and without wildcards, RQNT and
EPCF; notifies in lock step; follows notified entities and redirections; and sends its RTP and RTCP from
the media ends of the kit, so that a flow can ask them what came from where.
"""

import random
import time

from kit import nat
from kit.hole import Hole
from kit.network import ADDRESS, GW_WAN

from .mgcp_line import Line
from .mgcp_message import AGENT_PORT, GATEWAY_PORT, entity_address
from .mgcp_transport import Transport

CAPABILITIES = "a:PCMU, p:10-40, e:on, s:off, v:L;D;G;H, m:sendonly;recvonly;sendrecv;inactive"
REDIRECTED = 521
EVERY_S = 0.01


class Gateway:
    """The gateway NAME on HOST. Its DOMAIN is its own address as a literal unless it has a name. HOLES: it makes
    pinholes for its media, and answers when they stand ("wait") or at once ("early"). LOGIN: they are authenticated, and before
    anything else it registers its signalling socket and all its lines."""

    def __init__(self, lab, stage, host, name, agents=((GW_WAN, AGENT_PORT),), domain=None, lines=2,
                 port=GATEWAY_PORT, address=None, video=False, provisional_s=0, mark=b"\xa1",
                 backoff_s=0.2, talks=True, early_s=0, holes=None, login=None):
        self.lab, self.stage, self.host, self.name = lab, stage, host, name
        self.agents = list(agents)
        self.address = (address or ADDRESS[host], port)
        self.domain = domain or f"[{self.address[0]}]"
        self.video, self.provisional_s, self.mark, self.talks = video, provisional_s, mark, talks
        self.video_mark = bytes((mark[0] ^ 0x0f,))
        self.holes, self.login = holes, login
        self.backoff_s, self.early_s = backoff_s, early_s  # media begins so long before CRCX is answered
        self.lines = [Line(self, f"aaln/{index + 1}") for index in range(lines)]
        self.restarts = []  # the final response of each RSIP, or None
        self.redirections = []
        self.transport = Transport(stage, nat.udp_socket(lab.net[host], *self.address), self._on_command,
                                   lab.file(f"{name}.mgcp"))

    def close(self):
        """Vanish as by a power cut."""
        for line in self.lines:
            line.forget(list(line.connections.values()))
        self.transport.close()

    @property
    def log(self):
        """Rows (time, "in" or "out", far address, message)."""
        return self.transport.rows

    # Commands to the call agent

    def register_socket(self):
        """Make the gateway know that all lines are reached through the signalling socket; return its pinhole."""
        hole = self.transport.pinhole = Hole(self.lab, self.stage, self.transport.sock, gateway=self.agents[0],
                                             login=self.login, protocol="mgcp")
        hole.subscribers([(f"{line.name}@{self.domain}", self.address) for line in self.lines])
        self.stage.until(lambda: hole.mapped or hole.error, f"{self.name}'s registration")
        assert not hole.error, f"{self.name}'s registration was refused: {hole.error}"
        return hole

    def restart(self, method="restart", local="*"):
        """Announce the endpoints LOCAL, after a while that keeps restarts apart (4.4.6)."""
        after(self.stage, random.uniform(0, self.backoff_s) if method == "restart" else 0,
              lambda: self._announce(method, local))
        return self

    def _announce(self, method, local):
        params = [("RM", method)] + ([("RD", "0")] if method == "restart" else [])
        self.transport.send("RSIP", f"{local}@{self.domain}", params, targets=self.agents,
                            on_final=lambda transaction: self._announced(transaction, method, local))

    def _announced(self, transaction, method, local):
        final = transaction.final
        self.restarts.append(final)
        if final is None and method != "forced":
            self._announce("disconnected", local)
        elif final and final.has("N"):
            entity = entity_address(final.get("N"), AGENT_PORT)
            self.redirections.append((final.code, final.get("N")))
            self.agents = [entity] if entity else self.agents
            if final.code == REDIRECTED:
                after(self.stage, self.backoff_s, lambda: self._announce(method, local))

    def registered(self, deadline_s=20):
        """Announce itself, and wait for the 200."""
        self.restart()
        self.stage.until(lambda: any(final and final.code == 200 for final in self.restarts),
                         f"{self.name}'s RSIP to be accepted", deadline_s)
        return self

    def notify(self, line, event):
        self.transport.send("NTFY", f"{line.name}@{self.domain}",
                            [("X", line.request_id), ("O", event)] + self._names(line),
                            targets=[line.entity] if line.entity else self.agents)

    @staticmethod
    def _names(line):
        return [("N", f"ca@[{line.entity[0]}]:{line.entity[1]}")] if line.entity else []

    def delete(self, connection, reason="900 Hardware error"):
        """A connection that the gateway itself gives up (2.3.8)."""
        line = connection.line
        params = [("C", connection.call_id), ("I", connection.cid), ("E", reason), ("P", connection.statistics())]
        line.forget([connection])
        return self.transport.send("DLCX", f"{line.name}@{self.domain}", params, targets=self.agents)

    # Commands of the call agent

    def _on_command(self, message, source, reply):
        run = {"RQNT": self._rqnt, "CRCX": self._crcx, "MDCX": self._mdcx, "DLCX": self._dlcx,
               "AUEP": self._auep, "AUCX": self._aucx, "EPCF": lambda m, lines, r: r.send(200)}.get(message.verb)
        lines = self._lines(message)
        if not run:
            reply.send(504)
        elif not lines:
            reply.send(410 if message.local().endswith("$") else 500)
        elif self.provisional_s and message.verb in ("CRCX", "MDCX"):
            reply.provisional()
            after(self.stage, self.provisional_s, lambda: run(message, lines, reply))
        else:
            run(message, lines, reply)

    def _lines(self, message):
        """The lines that the endpoint name of MESSAGE stands for; a wrong domain is nobody's."""
        local = message.local().lower()
        if message.domain().lower() != self.domain.lower():
            return []
        if local in ("*", "aaln/*"):
            return self.lines
        if local in ("$", "aaln/$"):
            return [line for line in self.lines if not line.connections][:1]
        return [line for line in self.lines if line.name == local]

    def _rqnt(self, message, lines, reply):
        self._obey_entity(message, lines)
        refusal = lines[0].refusal(message)
        reply.send(refusal or 200)
        if not refusal:
            lines[0].request(message)

    def _obey_entity(self, message, lines):
        for line in lines:
            if message.has("N"):
                line.entity = entity_address(message.get("N"), AGENT_PORT)

    def _crcx(self, message, lines, reply):
        line = lines[0]
        if len(lines) > 1 or not message.get("C") or not message.get("M"):
            reply.send(510)
            return
        self._obey_entity(message, lines)
        connection = line.connect(message.get("C"))
        connection.change(message.get("M"), message.sdp())
        params = [("I", connection.cid)]
        if message.local().endswith("$"):
            params.append(("Z", f"{line.name}@{self.domain}"))
        when(self.stage, connection.is_ready, lambda: self._connected(connection, reply, params))
        if message.has("X"):
            line.request(message)

    def _connected(self, connection, reply, params):
        description = connection.describe()
        after(self.stage, self.early_s, lambda: reply.send(200, params, description))

    def _mdcx(self, message, lines, reply):
        connection = lines[0].connections.get(message.get("I"))
        if not connection or connection.call_id != message.get("C", connection.call_id):
            reply.send(515 if not connection else 516)
            return
        self._obey_entity(message, lines)
        connection.change(message.get("M"), message.sdp())
        reply.send(200, [], *([connection.describe()] if message.bodies else []))
        if message.has("X"):
            lines[0].request(message)

    def _dlcx(self, message, lines, reply):
        doomed = [(line, connection) for line in lines for connection in line.connections.values()
                  if message.get("I", connection.cid) == connection.cid
                  and message.get("C", connection.call_id) == connection.call_id]
        if message.has("I") and not doomed:
            reply.send(515)
            return
        params = [("P", connection.statistics()) for _, connection in doomed] if message.has("I") else []
        for line, connection in doomed:
            line.forget([connection])
        reply.send(250, params)
        if message.has("X"):
            lines[0].request(message)

    def _auep(self, message, lines, reply):
        if "*" in message.local():
            reply.send(200, [("Z", f"{line.name}@{self.domain}") for line in lines])
            return
        line = lines[0]
        known = {"A": CAPABILITIES, "X": line.request_id, "I": ",".join(line.connections),
                 "R": ",".join(line.requested), "S": ",".join(line.signals), "ES": "L/hd" if line.off_hook else "L/hu",
                 "N": "ca@[%s]:%d" % (line.entity or self.agents[0])}
        reply.send(200, [(name, known[name]) for name in message.get("F").replace(" ", "").upper().split(",")
                         if name in known])

    def _aucx(self, message, lines, reply):
        connection = lines[0].connections.get(message.get("I"))
        if not connection:
            reply.send(515)
            return
        asked = message.get("F").replace(" ", "").upper().split(",")
        known = {"C": connection.call_id, "M": connection.mode, "P": connection.statistics(),
                 "N": "ca@[%s]:%d" % (lines[0].entity or self.agents[0])}
        bodies = [connection.describe()] if "LC" in asked else []
        if "RC" in asked:
            bodies.append(connection.remote.text if connection.remote else "v=0\r\n")
        reply.send(200, [(name, known[name]) for name in asked if name in known], *bodies)


def after(stage, delay_s, back):
    """Call BACK once, DELAY_S from now."""
    def fire():
        timer.stop()
        back()
    timer = stage.every(delay_s, fire)
    timer.due = time.monotonic() + delay_s
    return timer


def when(stage, condition, back):
    """Call BACK once, as soon as CONDITION holds."""
    def look():
        if condition():
            timer.stop()
            back()
    if condition():
        back()
    else:
        timer = stage.every(EVERY_S, look)
