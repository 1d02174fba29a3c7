"""The register of flows, and how one is played."""

import importlib
import os
import pkgutil
from typing import Callable, NamedTuple

from . import checks
from .lab import Lab


class Skip(Exception):
    """What a flow needs is not there; its text says what."""


class Flow(NamedTuple):
    """One row of the lab: a function, the kind of both NATs, and how its network differs."""
    name: str
    play: Callable
    kind: str
    postern: bool
    network: dict

    @property
    def title(self):
        return self.play.__doc__.strip().splitlines()[0]


REGISTER = []


def flow(name, kinds=("cone",), postern=True, **network):
    """Register the decorated function as NAME, or as NAME.KIND when there are several kinds of NAT."""
    def register(play):
        for kind in kinds:
            full = f"{name}.{kind}" if len(kinds) > 1 else name
            REGISTER.append(Flow(full, play, kind, postern, network))
        return play
    return register


def load():
    """All flows of the folder flows/, by name."""
    folder = os.path.join(os.path.dirname(__file__), "..", "flows")
    for module in sorted(m.name for m in pkgutil.iter_modules([folder])):
        importlib.import_module(f"flows.{module}")
    rows = {row.name: row for row in REGISTER}
    assert len(rows) == len(REGISTER), "two flows have one name"
    return rows


def play(row, directory, prefix, build):
    """Play one flow, then ask what is asked of every flow."""
    if row.postern and not os.access(os.path.join(build, "posternd"), os.X_OK):
        raise AssertionError(f"there is no posternd in {build}")
    with Lab(directory, prefix, build, kind=row.kind, **row.network) as lab:
        row.play(lab)
        lab.check_processes()
        for daemon in lab.daemons:
            daemon.at_rest()
        lab.end_programs()
        lab.stop_captures()
        checks.nothing_private(lab)
        checks.well_formed(lab)
        checks.dissected(lab)
