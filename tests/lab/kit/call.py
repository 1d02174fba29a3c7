"""One call of a lab phone: a dialog of RFC 3261, as UAC or as UAS."""

import re
import time

URI = re.compile(r"<([^>]+)>")


def uri_of(value):
    found = URI.search(value)
    return found[1] if found else value.split(";")[0].strip()


def host_port(uri):
    """Where a URI whose host is an IPv4 address points."""
    found = re.match(r"sips?:(?:[^@;]*@)?([\d.]+)(?::(\d+))?", uri)
    return (found[1], int(found[2] or 5060))


def split_routes(values):
    return [part.strip() for value in values for part in value.split(",")]


class Call:
    """state: calling, ringing, incoming, up, ended. `remote` is the last session description."""

    def __init__(self, phone, call_id, local_tag, uri, target):
        self.phone, self.call_id, self.local_tag = phone, call_id, local_tag
        self.uri, self.first_target = uri, target
        self.remote_tag, self.remote_name, self.routes, self.remote_target = None, f"<{uri}>", [], uri
        self.local_name, self.cseq = f"<{phone.aor}>", 0
        self.state, self.status, self.remote, self.responses = "calling", 0, None, []
        self.invite_request = self.invite_source = self.invite_branch = None
        self.established = False
        self.ack_body = ""  # the answer to an offer that comes with the 2xx
        self._answer = None  # (data, next time, interval): a 2xx that waits for its ACK

    @classmethod
    def incoming(cls, phone, message, source, tag):
        call = cls(phone, message.get("call-id"), tag, uri_of(message.get("contact")), source)
        call.remote_tag = message.tag("from")
        call.remote_name = re.sub(r";\s*tag=[^;]+", "", message.get("from"))
        call.local_name = message.get("to")
        call.routes = split_routes(message.all("record-route"))
        call.state = "incoming"
        call._take_offer(message, source)
        return call

    def _take_offer(self, message, source):
        self.invite_request, self.invite_source = message, source
        self.remote_target = uri_of(message.get("contact"))
        if message.sdp():
            self.remote = message.sdp()

    def matches(self, message):
        return message.get("call-id") == self.call_id and message.tag("from") == self.remote_tag \
            and (message.tag("to") == self.local_tag or message.method == "CANCEL")

    # Requests out

    def _headers(self, method, cseq):
        to = self.remote_name + (f";tag={self.remote_tag}" if self.remote_tag else "")
        return [f"From: {self.local_name};tag={self.local_tag}", f"To: {to}",
                f"Call-ID: {self.call_id}", f"CSeq: {cseq} {method}",
                *[f"Route: {route}" for route in self.routes]]

    def _target(self):
        if self.routes:
            return host_port(uri_of(self.routes[0]))
        return self.first_target if not self.remote_tag else host_port(self.remote_target)

    def request(self, method, headers=(), body=b"", on_response=None, cseq=None, branch=None):
        """Send a request of this dialog."""
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        return self.phone.request(
            method, self.remote_target, [*self._headers(method, cseq), *headers], body,
            self._target(), on_response, branch)

    def invite(self, body):
        """The first INVITE, or a new offer."""
        if not self.established:
            self.state = "calling"
        self.responses = []
        self.status = 0
        self.invite_branch = self.request(
            "INVITE", [f"Contact: {self.phone.contact}"] + _content(body), body.encode(),
            self._on_invite_response)

    def hang_up(self):
        """BYE, and wait for its answer."""
        answers = []
        self.request("BYE", on_response=answers.append)
        final = self.phone.stage.until(lambda: [a for a in answers if a.status >= 200],
                                       f"the answer to {self.phone.user}'s BYE")[0]
        self.state = "ended"
        return final.status

    def cancel(self):
        """Give up an INVITE that has no final answer yet (its branch, RFC 3261 s.9.1)."""
        self.request("CANCEL", cseq=self.cseq, branch=self.invite_branch)

    def _on_invite_response(self, message):
        self.status = message.status
        self.responses.append(message)
        if message.sdp():
            self.remote = message.sdp()
        if message.status < 200:
            self.state = "ringing" if self.state == "calling" and message.status > 100 else self.state
            return
        if message.status >= 300:
            self._ack_refusal(message)
            self.state = "up" if self.established else "ended"
            return
        if not self.remote_tag:
            self.remote_tag = message.tag("to")
            self.routes = split_routes(message.all("record-route"))[::-1]
        self.remote_target = uri_of(message.get("contact"))
        self.state, self.established = "up", True
        self._send_ack()

    def _send_ack(self):
        self.request("ACK", _content(self.ack_body), self.ack_body.encode(), cseq=self.cseq)

    def _ack_refusal(self, message):
        """The ACK of a refusal belongs to the INVITE's own transaction (RFC 3261 s.17.1.1.3)."""
        headers = [f"From: {self.local_name};tag={self.local_tag}", f"To: {message.get('to')}",
                   f"Call-ID: {self.call_id}", f"CSeq: {self.cseq} ACK"]
        self.phone.request("ACK", self.remote_target, headers, target=self._target(),
                           branch=self.invite_branch)

    def on_stray_response(self, message):
        """A repeated 2xx means that our ACK was lost."""
        if message.get("call-id") == self.call_id and message.method == "INVITE" \
                and 200 <= message.status < 300 and message.tag("from") == self.local_tag:
            self._send_ack()

    # Answers

    def ring(self, body=None):
        """180, with early media if there is a BODY (183)."""
        status, reason = (183, "Session Progress") if body else (180, "Ringing")
        self._respond(status, reason, body)

    def answer(self, body):
        """200 with BODY, repeated until the ACK."""
        data = self._respond(200, "OK", body)
        now = time.monotonic()
        self._answer = [data, now + 0.5, 0.5, now + 32]
        self.state = "answered"

    def refuse(self, status, reason):
        self._respond(status, reason)
        self.state = "up" if self.established else "ended"

    def _respond(self, status, reason, body=None):
        return self.phone.respond(
            self.invite_request, self.invite_source, status, reason,
            [f"Contact: {self.phone.contact}"] + _content(body), (body or "").encode(), self.local_tag)

    def pulse(self, now):
        """Repeat the 2xx while no ACK came."""
        if self._answer and now >= self._answer[1]:
            self.phone.sock.sendto(self._answer[0], self.invite_source)
            self._answer[2] = min(self._answer[2] * 2, 4)
            self._answer[1] = now + self._answer[2]
            if now > self._answer[3]:
                self._answer = None

    def on_request(self, message, source):
        """A request of this dialog came in."""
        if message.method == "ACK":
            self._answer = None
            if self.state == "answered":
                self.state, self.established = "up", True
            if message.sdp():
                self.remote = message.sdp()
        elif message.method == "INVITE":
            self._take_offer(message, source)
            self.state = "reinvited"
        elif message.method in ("BYE", "CANCEL"):
            self.phone.respond(message, source, 200, "OK", tag=self.local_tag)
            if message.method == "CANCEL":
                self.refuse(487, "Request Terminated")
            self._answer = None
            self.state = "ended"
        else:
            self.phone.respond(message, source, 200, "OK", tag=self.local_tag)

    def wait(self, *states, deadline_s=20):
        self.phone.stage.until(lambda: self.state in states or self.state == "ended",
                               f"{self.phone.user}'s call to be {' or '.join(states)}", deadline_s)
        assert self.state in states, \
            f"{self.phone.user}'s call is {self.state} ({self.status or 'no answer'}), not {states}"
        return self


def _content(body):
    return ["Content-Type: application/sdp"] if body else []


def describe(address, streams, version=1, direction=None):
    """A session description: STREAMS are rows ("audio 4000 RTP/AVP 0", attributes...)."""
    lines = ["v=0", f"o=lab 4711 {version} IN IP4 {address}", "s=-", f"c=IN IP4 {address}", "t=0 0"]
    for media, *attributes in streams:
        lines += [f"m={media}", *[f"a={attribute}" for attribute in attributes]]
        if direction:
            lines.append(f"a={direction}")
    return "\r\n".join(lines) + "\r\n"
