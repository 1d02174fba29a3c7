"""One call of a call agent: two connections on two endpoints, which may be lines that ring."""

import random
from dataclasses import dataclass

OPTIONS = ("L", "p:20, a:PCMU")
AFTERWARDS = [("R", "L/hd(N), L/hu(N)")]
HOOK = [("R", "L/hu(N)")]


@dataclass
class End:
    """An endpoint and where it is addressed, and of its connection what the call agent knows."""
    name: str
    target: tuple
    cid: str = ""
    description: str = ""
    hook: str = "down"
    deleted: object = None  # the final response to DLCX


class Call:
    """state: setup, ringing, up, ending, over, failed."""

    def __init__(self, agent, a, b, rings, call_id=None):
        self.agent, self.a, self.b, self.rings = agent, a, b, rings
        self.ends = (a, b)
        self.call_id = call_id or "%012X" % random.getrandbits(48)
        self.state, self.code = "setup", 0
        self.waits = None

    @property
    def alive(self):
        return self.state not in ("over", "failed")

    # The story: a generator that yields commands, and gets their final responses

    def begin(self):
        self._story = self._play()
        self._step(None)

    def _step(self, value):
        """Go on until the next command is out; `waits` is what the story waits for besides."""
        try:
            asked = self._story.send(value)
        except StopIteration:
            return
        verb, end, params, bodies = asked
        if verb == "wait":
            self.waits = end
            return
        self.agent.command(verb, end, params, *bodies, on_final=lambda t: self._step(t.final))

    def _play(self):
        final = yield from self._create(self.a, "recvonly", HOOK if self.rings else [], None)
        if final is None:
            return
        ring = [("R", "L/hd(N)"), ("S", "L/rg")] if self.rings else []
        final = yield from self._create(self.b, "sendrecv", ring, self.a.description)
        if final is None:
            return
        if self.rings:
            final = yield from self._modify(self.a, "recvonly", self.b.description, HOOK + [("S", "G/rt")])
            if final is None:
                return
            self.state = "ringing"
            yield "wait", (self.b.name, "L/hd"), (), ()
            yield "RQNT", self.b, self.agent.request(HOOK), ()
        final = yield from self._modify(self.a, "sendrecv", None if self.rings else self.b.description,
                                        HOOK if self.rings else [])
        if final is not None and self.state in ("setup", "ringing"):
            self.state = "up"

    def _create(self, end, mode, request, description):
        params = [("C", self.call_id), OPTIONS, ("M", mode)] + (self.agent.request(request) if request else [])
        final = yield "CRCX", end, params, (description,) if description else ()
        if final and final.code == 200:
            end.cid, end.description = final.get("I"), final.bodies[0] + "\r\n"
            end.name = final.get("Z") or end.name
        if final and self.state == "ending":
            self._delete(end, [])
        return final if self._accepted(final) else None

    def _modify(self, end, mode, description, request):
        params = [("C", self.call_id), ("I", end.cid), ("M", mode)] + (self.agent.request(request) if request else [])
        final = yield "MDCX", end, params, (description,) if description else ()
        return final if self._accepted(final) else None

    def _accepted(self, final):
        if final and final.code == 200:
            return self.state != "ending"
        self.code = final.code if final else 0
        self._fail()
        return False

    # What happens at its ends

    def happen(self, name, event):
        """EVENT at the end NAME; False if it means nothing to this call."""
        if (name, event) == self.waits:
            self.waits = None
            self._step(None)
        elif event in ("L/hu", "deleted") and self.state == "ending":
            pass
        elif event == "L/hu":
            self.hang_up(idle=self.rings)
        elif event == "deleted":
            self.hang_up(gone=name)
        else:
            return False
        return True

    def hang_up(self, gone=None, idle=False):
        """DLCX at both ends."""
        self.state = "ending"
        for end in self.ends:
            if end.name == gone or not end.cid:
                end.deleted = True
                continue
            self._delete(end, self.agent.request(AFTERWARDS) if idle else [])
        self._perhaps_over()

    def _delete(self, end, request):
        end.deleted = None
        self.agent.command("DLCX", end, [("C", self.call_id), ("I", end.cid)] + request,
                           on_final=lambda t: self._deleted(end, t))

    def _deleted(self, end, transaction):
        end.deleted = transaction.final or True
        self._perhaps_over()

    def _perhaps_over(self):
        if all(end.deleted for end in self.ends):
            self.state = "over"

    def _fail(self):
        """A refusal: what was made is deleted."""
        self.state = "failed"
        for end in self.ends:
            if end.cid:
                self.agent.command("DLCX", end, [("C", self.call_id), ("I", end.cid)])
        if self.rings:
            self.agent.command("RQNT", self.a, self.agent.request([("R", "L/hu(N)"), ("S", "L/bz")]))

    # What a flow waits for

    def wait(self, state, deadline_s=20):
        self.agent.stage.until(lambda: self.state == state or not self.alive, f"the call to be {state}", deadline_s)
        assert self.state == state, f"the call is {self.state} ({self.code}), not {state}"
        return self

    def end(self):
        """Hang up by the call agent's own decision; wait until both ends said so."""
        self.hang_up(idle=self.rings)
        return self.wait("over")
