"""Scenarios of RAS as they are put together, all at once at the end."""
import os
import re
import textwrap

from ras_messages import SHORT

WIDTH = 96
EP = "0123456789abcdef"  # stands for an endpointIdentifier that the embedded gatekeeper gives out
EPX = EP.encode("utf-16-be").hex()
SEQ = 51966  # stands for the number of a request of our own
SEQX = f"{SEQ - 1:04x}"
MADE = {}


class Scn:
    """swap replaces octets, in hexadecimal, by holes or by others."""

    def __init__(self, name, about, inc="common/gatekeeper.inc"):
        self.about, self.steps = about, []
        MADE[name] = self
        self.raw("include " + inc)

    def raw(self, text):
        self.steps.append((None, text, None, ()))
        return self

    def send(self, line, message, swap=()):
        self.steps.append((">", line, message, swap))
        return self

    def want(self, line, message, swap=()):
        self.steps.append(("<", line, message, swap))
        return self

    def lines(self, encode):
        yield from textwrap.wrap(self.about, 100, initial_indent="# ", subsequent_indent="# ")
        for sign, line, message, swap in self.steps:
            if not sign:
                yield line
                continue
            if isinstance(message, str):
                text = message
            else:
                yield "# " + SHORT[message[0]]
                text = encode("h225", "RasMessage", message).hex()
            yield f"{sign} {line} hex"
            yield from folded(holes(text, sign, swap))
            yield "."


def holes(text, sign, swap):
    for old, new in swap:
        if old not in text:
            raise ValueError(f"{old} is not in {text}")
        text = text.replace(old, new)
    text = text.replace(EPX, "{ep}" if sign == ">" else "{ep:32}")
    return text.replace(SEQX, "{seq}" if sign == ">" else "{seq:2}")


def folded(text):
    line = ""
    for token in re.findall(r"\{[^}]*\}|..", text):
        if len(line) + len(token) > WIDTH:
            yield line
            line = ""
        line += token
    yield line


def write(folder, encode, names):
    for name, scenario in MADE.items():
        if names and name not in names:
            continue
        with open(os.path.join(folder, name + ".scn"), "w", encoding="ascii") as file:
            file.write("\n".join(scenario.lines(encode)) + "\n")
