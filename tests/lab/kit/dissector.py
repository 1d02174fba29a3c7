"""tshark as an independent judge of everything that Postern sent."""

import subprocess

# What a payload holds is its sender's affair; only what Postern writes or relays as a protocol counts. Media
# that is no RTP goes to random ports, which tshark may know as some other protocol's (41170 is MANOLITO's).
NOT_JUDGED = ("vp8", "t38")
WRONG = ("(sip || mgcp || megaco || sdp || rtcp || rtp || h225 || h245 || q931) && "
         "(_ws.malformed || _ws.expert.severity == error)")
# On a port of RAS tshark takes everything for RAS.
STUN = "udp.payload[4:4] == 21:12:a4:42"


def complaints(path, *sources):
    """What tshark finds wrong in the packets of the capture PATH that came from SOURCES."""
    came_from = " || ".join(f"ip.src == {source}" for source in sources)
    argv = ["tshark", "-n", "-r", path, "-Y", f"({came_from}) && !icmp && !({STUN}) && ({WRONG})",
            "-T", "fields", "-e", "frame.number", "-e", "_ws.col.Protocol", "-e", "_ws.col.Info",
            "-e", "_ws.expert.message"]
    for protocol in NOT_JUDGED:
        argv += ["--disable-protocol", protocol]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"tshark: {done.stderr.strip()}"
    return done.stdout.splitlines()


def check(capture, *sources):
    found = complaints(capture.path, *sources)
    assert not found, f"tshark, {capture.path}: {len(found)} wrong packets, first: {found[0]}"
