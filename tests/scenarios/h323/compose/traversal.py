"""H.460.19 in messages."""
from encode import Oid
from messages import octets

MEDIA_TRAVERSAL = ("standard", Oid((0, 0, 8, 460, 19, 0, 1)))
SERVER = [{"id": ("standard", 19), "parameters": [{"id": ("standard", 2)}]}]
SUPPORTS = [{"id": ("standard", 19), "parameters": [{"id": ("standard", 1)}]}]
OFFERED = {"supportedFeatures": SERVER}  # in a Setup


def with_keepalive(channel, address):
    """TraversalParameters with keepAliveChannel and keepAliveInterval."""
    ip, port = octets(address)
    raw = bytes((0x0a, 0)) + ip + port.to_bytes(2, "big") + bytes((0, 18))
    return {**channel, "genericInformation": [{"messageIdentifier": MEDIA_TRAVERSAL, "messageContent": [
        {"parameterIdentifier": ("standard", 1), "parameterValue": ("octetString", raw)}]}]}


def with_support(channel):
    return {**channel, "genericInformation": [{"messageIdentifier": MEDIA_TRAVERSAL}]}


def features(*list_):
    return {"replacementFeatureSet": False, "supportedFeatures": list(list_)}
