"""A SIP phone of the lab's own, for flows that need to decide every byte that it sends.

It keeps the transaction rules of RFC 3261 (retransmission, ACK, absorbing), answers OPTIONS, and
leaves everything else to the flow.
"""

import random
import time

from . import nat
from .call import Call, uri_of
from .network import ADDRESS
from .sip import Message, is_sip

T1_S, T2_S, GIVE_UP_S = 0.5, 4.0, 32.0


def token(prefix=""):
    return prefix + "%012x" % random.getrandbits(48)


class Transaction:
    """A request that waits for its final response."""

    def __init__(self, method, data, target, on_response):
        self.method, self.data, self.target, self.on_response = method, data, target, on_response
        self.interval_s, self.sent_at = T1_S, time.monotonic()
        self.begun_at, self.proceeding = self.sent_at, False

    def due(self, now):
        return not self.proceeding and now - self.sent_at >= self.interval_s \
            and now - self.begun_at < GIVE_UP_S


class Phone:
    """USER on HOST. With PROXY every request goes there, else to its route or target."""

    def __init__(self, lab, stage, host, user, proxy=None, port=5060, address=None,
                 domain="example.net"):
        self.stage, self.user, self.domain, self.proxy = stage, user, domain, proxy
        self.address = (address or ADDRESS[host], port)
        self.sock = nat.udp_socket(lab.net[host], *self.address)
        self.aor = f"sip:{user}@{domain}"
        self.contact = f"<sip:{user}@{self.address[0]}:{port}>"
        self.transactions, self.answered, self.calls, self.log = {}, {}, [], []
        self.register_id, self.register_cseq = token("reg-"), 0
        self.answer_options = True
        self.registrations = {}  # as a softswitch: address of record to the contact's URI
        stage.add(self.sock, self._on_packet)
        self._pulse = stage.every(0.1, self._retransmit)

    def close(self):
        """Vanish without a word."""
        self._pulse.stop()
        self.stage.selector.unregister(self.sock)
        self.sock.close()

    # Requests out

    def request(self, method, uri, headers, body=b"", target=None, on_response=None, branch=None):
        """Send a request with HEADERS below an own Via; return its branch."""
        branch = branch or token("z9hG4bK")
        via = f"SIP/2.0/UDP {self.address[0]}:{self.address[1]};branch={branch};rport"
        lines = [f"{method} {uri} SIP/2.0", f"Via: {via}", "Max-Forwards: 70", *headers,
                 f"Content-Length: {len(body)}"]
        data = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        target = self.proxy or target
        if method != "ACK":
            self.transactions[branch, method] = Transaction(method, data, target, on_response)
        self.sock.sendto(data, target)
        return branch

    def register(self, expires_s=600, contact=None, target=None):
        """Start a registration; return the list to which its responses will be added."""
        responses = []
        self.register_cseq += 1
        self.request("REGISTER", f"sip:{self.domain}", [
            f"From: <{self.aor}>;tag={self.register_id}", f"To: <{self.aor}>",
            f"Call-ID: {self.register_id}", f"CSeq: {self.register_cseq} REGISTER",
            f"Contact: {contact or self.contact};expires={expires_s}"],
            target=target, on_response=responses.append)
        return responses

    def registered(self, expires_s=600):
        """Register, and wait for the 200."""
        responses = self.register(expires_s)
        final = self.stage.until(lambda: [r for r in responses if r.status >= 200],
                                 f"{self.user}'s registration")[0]
        assert final.status == 200, f"{self.user}'s REGISTER: {final}"
        return final

    def call(self, uri, body, target=None):
        """Send an INVITE with the session description BODY; return the Call."""
        call = Call(self, token("call-"), token(), uri, target)
        self.calls.append(call)
        call.invite(body)
        return call

    def next_call(self, deadline_s=20):
        """Wait for the next INVITE from elsewhere."""
        waiting = lambda: [c for c in self.calls if c.state == "incoming"]
        return self.stage.until(waiting, f"a call to {self.user}", deadline_s)[0]

    def _retransmit(self):
        now = time.monotonic()
        for transaction in list(self.transactions.values()):
            if transaction.due(now):
                self.sock.sendto(transaction.data, transaction.target)
                transaction.sent_at = now
                transaction.interval_s = min(transaction.interval_s * 2, T2_S)
        for call in self.calls:
            call.pulse(now)

    # What comes in

    def _on_packet(self, data, source):
        if not is_sip(data):
            return
        message = Message(data)
        self.log.append((source, message))
        if message.is_response:
            self._on_response(message)
        else:
            self._on_request(message, source)

    def _on_response(self, message):
        key = (message.branch(), message.method)
        transaction = self.transactions.get(key)
        if transaction is None:
            for call in self.calls:
                call.on_stray_response(message)
            return
        if message.status >= 200:
            del self.transactions[key]
        elif message.method == "INVITE":
            transaction.proceeding = True
        if transaction.on_response:
            transaction.on_response(message)

    def _on_request(self, message, source):
        key = (message.branch(), message.method)
        if key in self.answered:
            if self.answered[key]:
                self.sock.sendto(self.answered[key], source)
            return
        call = next((c for c in self.calls if c.matches(message)), None)
        if call:
            call.on_request(message, source)
        elif message.method == "INVITE" and not message.tag("to"):
            call = Call.incoming(self, message, source, token())
            self.calls.append(call)
        elif message.method == "REGISTER":
            self._save(message, source)
        elif message.method == "OPTIONS":
            if self.answer_options:
                self.respond(message, source, 200, "OK")
        elif message.method != "ACK":
            self.respond(message, source, 481, "Call/Transaction Does Not Exist")

    def _save(self, message, source):
        """Be a registrar that accepts everybody."""
        self.registrations[uri_of(message.get("to"))] = uri_of(message.get("contact"))
        contact = message.get("contact")
        if "expires=" not in contact:
            contact += f";expires={message.get('expires', '3600')}"
        self.respond(message, source, 200, "OK", [f"Contact: {contact}"])

    def respond(self, request, target, status, reason, headers=(), body=b"", tag=None):
        """Answer REQUEST; a repeated request gets the last answer again."""
        lines = [f"SIP/2.0 {status} {reason}"]
        lines += [f"Via: {value}" for value in request.all("via")]
        if 100 < status < 300:
            lines += [f"Record-Route: {value}" for value in request.all("record-route")]
        to = request.get("to")
        if not request.tag("to") and status > 100:
            to += f";tag={tag or self.register_id}"
        lines += [f"From: {request.get('from')}", f"To: {to}", f"Call-ID: {request.get('call-id')}",
                  f"CSeq: {request.get('cseq')}", *headers, f"Content-Length: {len(body)}"]
        data = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        self.answered[request.branch(), request.method] = data
        self.sock.sendto(data, target)
        return data
