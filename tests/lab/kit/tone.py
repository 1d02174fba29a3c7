"""Tones to play, and the question whether a recording holds them (Goertzel)."""

import math
import struct
import wave

RATE = 8000


def write(path, frequency, seconds=60):
    """A mono 8 kHz WAV with one tone at half of the full level."""
    period = [int(16000 * math.sin(2 * math.pi * frequency * i / RATE)) for i in range(RATE)]
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack(f"<{RATE}h", *period) * seconds)


def read(path):
    """The samples of a mono WAV, also of one whose header was never completed, and its rate."""
    with open(path, "rb") as f:
        data = f.read()
    at = data.find(b"data")
    if at < 0:
        return [], RATE
    rate = struct.unpack_from("<I", data, 24)[0]
    body = data[at + 8:]
    return list(struct.unpack(f"<{len(body) // 2}h", body[:len(body) // 2 * 2])), rate


def power(samples, frequency, rate=RATE):
    """The part of SAMPLES' energy that lies at FREQUENCY, 0 to 1."""
    energy = sum(s * s for s in samples)
    if not energy:
        return 0.0
    k = 2 * math.cos(2 * math.pi * frequency / rate)
    s1 = s2 = 0.0
    for sample in samples:
        s1, s2 = sample + k * s1 - s2, s1
    return 2 * (s1 * s1 + s2 * s2 - k * s1 * s2) / (len(samples) * energy)


def seconds_heard(path, frequency):
    """For how long the recording at PATH holds FREQUENCY clearly, in slices of 100 ms."""
    samples, rate = read(path)
    step = rate // 10
    slices = [samples[i:i + step] for i in range(0, len(samples) - step + 1, step)]
    return sum(1 for part in slices if power(part, frequency, rate) > 0.8) / 10
