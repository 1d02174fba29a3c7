"""SIP calls by sipp through a gateway: a second each, with audio offered and none sent."""

import csv
import os
import subprocess

from bench_kit import GW_A, GW_B, HERE, SOFTSWITCH, TERMINAL

TOLERATED = 0.01  # of the calls; sipp gives one up whose BYE overtook its ACK
POSTERN = """<postern xmlns="urn:postern:config:1" role="gateway">
  <log to="stderr" level="warn"/>
  <control socket="{dir}/ctl.sock"/>
  <cdr file="{dir}/cdr.jsonl"/>
  <media threads="1" quarantine="1s"/>
  <realm name="access" side="access" address="{a}" media="20000-39999"/>
  <realm name="core" side="core" address="{b}" media="20000-39999"/>
  <module name="sip">
    <listen realm="access" transport="udp" port="5060"/>
    <listen realm="core" transport="udp" port="5060"/>
    <route from="access" to="core" next-hop="{callee}:5060"/>
  </module>
</postern>
"""


def postern_config(bench):
    return POSTERN.format(dir=bench.dir, a=GW_A, b=GW_B, callee=SOFTSWITCH)


def sipp(bench, ns, scenario, address, extra, log):
    return bench.start(ns, ["sipp", "-sf", os.path.join(HERE, "peers", scenario), "-i", address, "-p", "5060",
                            "-nostdin", "-trace_err", "-error_file", f"{log}.errors", *extra], 1, log)


def one_rate(bench, rate, seconds):
    """Calls at RATE for SECONDS: done, failed, CPU seconds."""
    stats = os.path.join(bench.dir, "uac.csv")
    if os.path.exists(stats):
        os.unlink(stats)
    before = bench.cpu_s()
    uac = sipp(bench, bench.terminal, "uac.xml", TERMINAL,
               [f"{GW_A}:5060", "-s", "service", "-r", str(rate), "-m", str(rate * seconds), "-d", "1000",
                "-l", "15000", "-recv_timeout", "5000", "-timeout", str(seconds + 25), "-trace_stat",
                "-fd", "1", "-stf", stats], "uac.log")
    try:
        uac.wait(seconds + 60)
    except subprocess.TimeoutExpired:
        uac.kill()
        uac.wait()
    spent = bench.cpu_s() - before
    with open(stats, encoding="ascii") as f:
        last = list(csv.DictReader(f, delimiter=";"))[-1]
    return int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"]), spent
