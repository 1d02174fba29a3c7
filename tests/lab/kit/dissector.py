"""tshark as an independent judge of everything that Postern sent."""

import os
import subprocess

# What a payload holds is its sender's affair; only what Postern writes or relays as a protocol counts.
NOT_JUDGED = {"vp8", "t38"}
# NATs and media use random ports, and tshark may know such a port as some other protocol's (9092 is Kafka's): it would
# look for that in call signalling. Only these may be told by their port.
KNOWN = {"sip", "mgcp", "megaco", "h248", "h225", "tpkt", "stun"}
WRONG = ("(sip || mgcp || megaco || sdp || rtcp || rtp || h225 || h245 || q931) && "
         "(_ws.malformed || _ws.expert.severity == error)")
# On a port of RAS tshark takes everything for RAS.
STUN = "udp.payload[4:4] == 21:12:a4:42"


def strangers(folder):
    """The protocols that tshark tells by a port though the lab has none of them; kept in FOLDER for the next flow."""
    kept = os.path.join(folder, "strangers")
    if not os.path.exists(kept):
        done = subprocess.run(["tshark", "-G", "decodes"], capture_output=True, text=True, timeout=120, check=True)
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        names = {row[2] for row in rows if len(row) == 3 and row[0] in ("tcp.port", "udp.port")} - KNOWN
        with open(f"{kept}.{os.getpid()}", "w", encoding="utf-8") as f:
            f.write("\n".join(sorted(names)))
        os.rename(f.name, kept)
    with open(kept, encoding="utf-8") as f:
        return set(f.read().split())


def complaints(path, *sources):
    """What tshark finds wrong in the packets of the capture PATH that came from SOURCES."""
    came_from = " || ".join(f"ip.src == {source}" for source in sources)
    argv = ["tshark", "-n", "-r", path, "-Y", f"({came_from}) && !icmp && !({STUN}) && ({WRONG})",
            "-T", "fields", "-e", "frame.number", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info",
            "-e", "_ws.expert.message"]
    for protocol in NOT_JUDGED | strangers(os.path.dirname(os.path.dirname(path))):
        argv += ["--disable-protocol", protocol]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"tshark: {done.stderr.strip()}"
    return done.stdout.splitlines()


def check(capture, *sources):
    found = complaints(capture.path, *sources)
    assert not found, f"tshark, {capture.path}: {len(found)} wrong packets, first: {found[0]}"
