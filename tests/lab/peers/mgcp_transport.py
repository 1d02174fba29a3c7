"""Transactions of MGCP over UDP (RFC 3435 3.5, 4.3): at most once, retransmission, three-way handshake."""

import random
import time
from dataclasses import dataclass, field
from typing import Callable

from .mgcp_message import command, parts, response, together

FIRST_S, MAX_S, LONG_S = 0.5, 4.0, 5.0  # retransmission timer; RTO-MAX; after a provisional response
T_MAX_S, T_HIST_S = 20.0, 30.0
MAX1 = 5  # retransmissions to one address before the next one is tried


@dataclass
class Transaction:
    """A command that waits for its final response."""
    tid: int
    text: str
    targets: list
    on_final: Callable
    begun: float
    datagram: bytes = b""
    due: float = 0.0
    delay: float = FIRST_S
    sent: int = 0
    provisional: list = field(default_factory=list)
    final: object = None
    source: tuple = None  # where the final response came from

    def target(self):
        return self.targets[(self.sent - 1) // (MAX1 + 1) % len(self.targets)] if self.sent else self.targets[0]


@dataclass
class Answer:
    """A command that came in, and what was answered."""
    message: object
    source: tuple
    begun: float
    datagram: bytes = b""
    wants_ack: bool = False
    due: float = 0.0
    delay: float = FIRST_S


class Transport:
    """One MGCP entity at a socket. ON_COMMAND(message, source, reply) is asked about each new command;
    it may call reply.send() later. KEY tells whose transaction ids are meant: by default all sources
    share one number space, as a gateway may assume (3.5.2)."""

    def __init__(self, stage, sock, on_command, log=None, key=lambda source: None):
        self.stage, self.sock, self.on_command, self.key = stage, sock, on_command, key
        self.transactions, self.answers = {}, {}
        self.next_tid = 1000
        self.log = log
        self.rows = []  # (time, "in" or "out", far address, message)
        self.strays = []  # responses to nothing
        self.given_up = []  # transactions that nobody answered
        self._bundle = None
        self.reply_sock = None  # responses leave from here, if it is another address
        self.socks = []
        self.pinhole = None  # of the first socket, where it has one: takes what is no MGCP
        self.listen(sock)
        self._pulse = stage.every(0.05, self._retransmit)

    def listen(self, sock, seen=None):
        """Serve this socket as well; the commands that come to it are added to the list SEEN."""
        def on_packet(data, source):
            if self.pinhole and self.pinhole.takes(data, source):
                return
            if seen is not None:
                seen.extend(message for message in parts(data) if message.verb)
            self._on_packet(data, source, sock)
        self.socks.append(sock)
        self.stage.add(sock, on_packet)

    def close(self):
        """Vanish without a word."""
        self._pulse.stop()
        if self.pinhole:
            self.pinhole.close()
        for sock in self.socks:
            self.stage.selector.unregister(sock)
            sock.close()

    # Out

    def _put(self, data, target, sock=None):
        (sock or self.sock).sendto(data, target)
        for message in parts(data):
            self._note("out", target, message)

    def _note(self, way, far, message):
        self.rows.append((time.monotonic(), way, far, message))
        if self.log:
            with open(self.log, "a", encoding="utf-8") as f:
                f.write(f"{time.time():.3f} {way} {far[0]}:{far[1]}\n{message.text}\n")

    def send(self, verb, endpoint, params=(), *bodies, targets, on_final=lambda transaction: None):
        """Send a command; return its transaction. TARGETS: the addresses of the far end, in order."""
        self.next_tid += 1
        transaction = Transaction(self.next_tid, command(verb, self.next_tid, endpoint, params, *bodies),
                                  list(targets), on_final, time.monotonic())
        self.transactions[transaction.tid] = transaction
        if self._bundle is not None:
            self._bundle.append((transaction.text, transaction.target(), transaction))
        else:
            transaction.datagram = transaction.text.encode()
            self._transmit(transaction)
        return transaction

    def _transmit(self, transaction):
        transaction.sent += 1
        transaction.due = time.monotonic() + transaction.delay * (1 if transaction.sent == 1
                                                                  else random.uniform(0.5, 1))
        self._put(transaction.datagram, transaction.target())

    def together(self):
        """Collect what is sent until the end of the `with` into one datagram (3.5.5)."""
        return _Together(self)

    def leave(self, bundle):
        """Send a BUNDLE of rows (text, target, transaction or None), one datagram for each target; a
        repetition of one command repeats all of its datagram (fate sharing)."""
        for target in dict.fromkeys(target for _, target, _ in bundle):
            rows = [row for row in bundle if row[1] == target]
            data = together([text for text, _, _ in rows])
            for transaction in (transaction for _, _, transaction in rows if transaction):
                transaction.datagram, transaction.sent = data, 1
                transaction.due = time.monotonic() + transaction.delay
            self._put(data, target)

    def _retransmit(self):
        now = time.monotonic()
        for transaction in list(self.transactions.values()):
            if now - transaction.begun >= (2 * T_HIST_S if transaction.provisional else T_MAX_S):
                del self.transactions[transaction.tid]
                self.given_up.append(transaction)
                transaction.on_final(transaction)
            elif now >= transaction.due and now - transaction.begun < T_MAX_S:
                transaction.delay = LONG_S if transaction.provisional else min(transaction.delay * 2, MAX_S)
                self._transmit(transaction)
        for key, answer in list(self.answers.items()):
            if now - answer.begun >= T_HIST_S:
                del self.answers[key]
            elif answer.wants_ack and now >= answer.due and now - answer.begun < T_MAX_S:
                answer.delay = min(answer.delay * 2, MAX_S)
                answer.due = now + answer.delay
                self._put(answer.datagram, answer.source, self.reply_sock)

    # In

    def _on_packet(self, data, source, via):
        for message in parts(data):
            self._note("in", source, message)
            if message.is_response:
                self._on_response(message, source)
            else:
                self._on_request(message, source, via)

    def _on_response(self, message, source):
        if message.code == 0:
            for answer in self.answers.values():
                if answer.message.tid == message.tid:
                    answer.wants_ack = False
            return
        if message.has("K") and message.code >= 200:
            self._put(response(0, message.tid).encode(), source)
        transaction = self.transactions.get(message.tid)
        if transaction is None:
            self.strays.append((source, message))
        elif message.code < 200:
            transaction.provisional.append(message)
            transaction.due, transaction.delay = time.monotonic() + LONG_S, LONG_S
        else:
            del self.transactions[message.tid]
            transaction.final, transaction.source = message, source
            transaction.on_final(transaction)

    def _on_request(self, message, source, via):
        key = (self.key(source), message.tid)
        known = self.answers.get(key)
        if known:
            self._put(known.datagram or response(100, message.tid).encode(), source, self.reply_sock or via)
            return
        self.answers[key] = answer = Answer(message, source, time.monotonic())
        self.on_command(message, source, Reply(self, answer, via))


class _Together:
    def __init__(self, transport):
        self.transport = transport

    def __enter__(self):
        self.transport._bundle = []

    def __exit__(self, *failure):
        bundle, self.transport._bundle = self.transport._bundle, None
        self.transport.leave(bundle)


class Reply:
    """How to answer one command."""

    def __init__(self, transport, answer, via):
        self.transport, self.answer, self.via = transport, answer, via
        self.pending = False

    def provisional(self, params=(), *bodies):
        """100: it takes a while; the final response will ask for a 000."""
        self.pending = True
        self._put(response(100, self.answer.message.tid, params, *bodies))

    def send(self, code, params=(), *bodies):
        """The final response."""
        params = list(params) + ([("K", "")] if self.pending else [])
        text = response(code, self.answer.message.tid, params, *bodies)
        self.answer.datagram = text.encode()
        if self.pending:
            self.answer.wants_ack, self.answer.due = True, time.monotonic() + FIRST_S
        self._put(text)

    def _put(self, text):
        transport = self.transport
        if transport._bundle is not None and not transport.reply_sock:
            transport._bundle.append((text, self.answer.source, None))
        else:
            transport._put(text.encode(), self.answer.source, transport.reply_sock or self.via)
