"""Waiting for a condition, never for a time."""

import time


class Impatience(AssertionError):
    """What was waited for did not happen before its deadline."""


def wait_until(condition, what, deadline_s=30.0, every_s=0.05):
    """Poll CONDITION until it is true and return its value; raise Impatience after DEADLINE_S."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise Impatience(f"waited {deadline_s:g} s for {what}")
        time.sleep(every_s)
