"""Many calls at once."""

from kit.flow import flow
from kit.network import GW_WAN, LAN1, SSW
from kit.postern import Postern
from kit.sipp import Sipp

# caller, callee, how many, with which status their records end
ROWS = (("uac", "uas", 60, 200), ("uac-cancel", "uas-ring", 20, 487), ("uac-busy", "uas-busy", 20, 486))


@flow("sipp")
def load(lab):
    """A hundred sipp calls, answered, cancelled and refused: one record each, and no port stays taken."""
    lab.watch(("gw", "wan0"), ("gw", "core0"))
    # sipp gives a call up when an INVITE is repeated, as it is when a busy machine stalls for T1.
    postern = Postern(lab, sip_more='<timers t1="2s"/>').ready()
    for caller, callee, calls, _ in ROWS:
        answering = Sipp(lab, "ssw", callee, SSW, calls)
        answering.ready()
        Sipp(lab, "lan1", caller, LAN1, calls, target=f"{GW_WAN}:5060").finished()
        answering.finished()
    records = postern.wait_records(sum(row[2] for row in ROWS))
    assert len({r["session"] for r in records}) == len(records), "two records of one session"
    for _, _, calls, status in ROWS:
        found = [r["status"] for r in records].count(status)
        assert found == calls, f"{found} records with status {status}, want {calls}"
