"""One event loop for all sockets of a flow's own phones and media, so that a flow reads as a story."""

import selectors
import time

from .patience import Impatience


class Timer:
    """Calls BACK every EVERY_S until it is stopped."""

    def __init__(self, every_s, back):
        self.every_s, self.back = every_s, back
        self.due = time.monotonic()

    def stop(self):
        self.back = None


class Stage:
    """Sockets with an on_packet(data, source), and timers."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.timers = []

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()

    def add(self, sock, on_packet):
        self.selector.register(sock, selectors.EVENT_READ, on_packet)
        return sock

    def every(self, every_s, back):
        self.timers.append(Timer(every_s, back))
        return self.timers[-1]

    def _run_timers(self):
        now = time.monotonic()
        self.timers = [timer for timer in self.timers if timer.back]
        for timer in list(self.timers):
            if timer.back and timer.due <= now:
                timer.due = max(timer.due + timer.every_s, now - timer.every_s)
                timer.back()
        return min([timer.due for timer in self.timers] + [now + 1]) - now

    def turn(self, at_most_s=0.05):
        """Wait for the next event, but not long, and serve what is there."""
        patience_s = max(0.0, min(self._run_timers(), at_most_s))
        for key, _ in self.selector.select(patience_s):
            for _ in range(64):
                try:
                    data, source = key.fileobj.recvfrom(65536)
                except BlockingIOError:
                    break
                except OSError:  # an ICMP refusal of something sent before
                    continue
                key.data(data, source)

    def until(self, condition, what, deadline_s=30.0):
        """Let the stage go on until CONDITION holds; return its value."""
        end = time.monotonic() + deadline_s
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() >= end:
                raise Impatience(f"waited {deadline_s:g} s for {what}")
            self.turn()

    def watch_for(self, seconds):
        """Let SECONDS go by where the passing of time itself is what is tested."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn(min(0.05, max(0.0, end - time.monotonic())))
