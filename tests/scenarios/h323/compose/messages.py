"""H.225.0 call signalling and H.245 messages, of the parts that the scenarios need."""
import struct

from encode import Oid

H2250 = Oid((0, 0, 8, 2250, 0, 6))
GUID = bytes(range(0x40, 0x50))
CONFERENCE = bytes(range(0x60, 0x70))
TYPES = {"alerting": 1, "callProceeding": 2, "progress": 3, "setup": 5, "connect": 7, "releaseComplete": 0x5a,
         "facility": 0x62, "notify": 0x6e, "information": 0x7b, "status": 0x7d, "statusInquiry": 0x75,
         "setupAcknowledge": 0x0d, "empty": 0x62}
TERMINAL = {"terminal": {}, "mc": False, "undefinedNode": False}
BEARER = bytes.fromhex("04038893a5")
AUDIO = ("audioData", ("g711Alaw64k", 20))
VIDEO = ("videoData", ("h261VideoCapability", {"qcifMPI": 1, "temporalSpatialTradeOffCapability": False,
                                               "maxBitRate": 6217, "stillImageTransmission": False}))
T38 = ("data", {"application": ("t38fax", {
    "t38FaxProtocol": ("udp", None),
    "t38FaxProfile": {"fillBitRemoval": False, "transcodingJBIG": False, "transcodingMMR": False}}), "maxBitRate": 144})


def octets(address):
    ip, port = address.rsplit(":", 1)
    return bytes(map(int, ip.split("."))), int(port)


def at(address):
    """H.225.0 TransportAddress."""
    ip, port = octets(address)
    return ("ipAddress", {"ip": ip, "port": port})


def media_at(address):
    """H.245 TransportAddress."""
    ip, port = octets(address)
    return ("unicastAddress", ("iPAddress", {"network": ip, "tsapIdentifier": port}))


def given(**fields):
    """Those that have a value."""
    return {name: value for name, value in fields.items() if value is not ...}


def addresses(media, control):
    return given(mediaChannel=media_at(media) if media else ..., mediaControlChannel=media_at(control) if control else ...)


def open_channel(number, session, media=None, control=None, data=AUDIO, back=False, both=False):
    """An OpenLogicalChannel. back: a fast start proposal for the way towards the caller; both: bidirectional."""
    parameters = ("h2250LogicalChannelParameters", {"sessionID": session, **addresses(media, control)})
    forward = {"dataType": ("nullData", None), "multiplexParameters": ("none", None)} if back else \
        {"dataType": data, "multiplexParameters": parameters}
    channel = {"forwardLogicalChannelNumber": number, "forwardLogicalChannelParameters": forward}
    if back or both:
        channel["reverseLogicalChannelParameters"] = {"dataType": data, "multiplexParameters": parameters}
    return channel


def open_request(*args, **more):
    return ("request", ("openLogicalChannel", open_channel(*args, **more)))


def open_ack(number, session, media=None, control=None, reverse=None):
    ack = {"forwardLogicalChannelNumber": number,
           "forwardMultiplexAckParameters": ("h2250LogicalChannelAckParameters", given(
               sessionID=session or ..., flowControlToZero=False, **addresses(media, control)))}
    if reverse:
        ack["reverseLogicalChannelParameters"] = {"reverseLogicalChannelNumber": reverse}
    return ("response", ("openLogicalChannelAck", ack))


def open_reject(number):
    return ("response", ("openLogicalChannelReject",
                         {"forwardLogicalChannelNumber": number, "cause": ("dataTypeNotSupported", None)}))


def close_channel(number):
    return ("request", ("closeLogicalChannel", {"forwardLogicalChannelNumber": number, "source": ("user", None),
                                                "reason": ("unknown", None)}))


def close_ack(number):
    return ("response", ("closeLogicalChannelAck", {"forwardLogicalChannelNumber": number}))


CAPABILITIES = ("request", ("terminalCapabilitySet", {
    "sequenceNumber": 1, "protocolIdentifier": Oid((0, 0, 8, 245, 0, 13)),
    "capabilityTable": [{"capabilityTableEntryNumber": 1, "capability": ("receiveAudioCapability", ("g711Alaw64k", 20))}],
    "capabilityDescriptors": [{"capabilityDescriptorNumber": 0, "simultaneousCapabilities": [[1]]}]}))
CAPABILITIES_ACK = ("response", ("terminalCapabilitySetAck", {"sequenceNumber": 1}))
MASTER_SLAVE = ("request", ("masterSlaveDetermination", {"terminalType": 50, "statusDeterminationNumber": 4711}))
MASTER_SLAVE_ACK = ("response", ("masterSlaveDeterminationAck", {"decision": ("slave", None)}))
ROUND_TRIP = ("request", ("roundTripDelayRequest", {"sequenceNumber": 7}))
END_SESSION = ("command", ("endSessionCommand", ("disconnect", None)))
DIGIT = ("indication", ("userInput", ("alphanumeric", "5")))


def traversal_indication(guid=GUID):
    """H.460.18: what the connection of a terminal is for."""
    return ("indication", ("genericIndication", {
        "messageIdentifier": ("standard", Oid((0, 0, 8, 460, 18, 0, 1))), "subMessageIdentifier": 1,
        "messageContent": [{"parameterIdentifier": ("standard", 1), "parameterValue": ("octetString", guid)},
                           {"parameterIdentifier": ("standard", 2), "parameterValue": ("logical", None)}]}))


class Messages:
    """Whole messages in octets, TPKT and all."""

    def __init__(self, encoder):
        self.encode = encoder

    def control(self, *messages):
        """H.245 messages, each in octets."""
        return [self.encode("h245", "MultimediaSystemControlMessage", m) for m in messages]

    def channels(self, *channels):
        return [self.encode("h245", "OpenLogicalChannel", c) for c in channels]

    @staticmethod
    def tpkt(payload):
        return struct.pack(">BBH", 3, 0, len(payload) + 4) + payload

    def h245(self, *messages):
        """A TPKT of an H.245 connection."""
        return self.tpkt(b"".join(self.control(*messages)))

    def signalling(self, name, body, call=0x1234, back=None, before=b"", after=b"", control=(), tunnelling=True):
        """A Q.931 message; back: from the called side, which is normal for all but a Setup."""
        back = name != "setup" if back is None else back
        pdu = {"h323-message-body": (name, body), "h245Tunneling": tunnelling}
        if control:
            pdu["h245Control"] = self.control(*control)
        uu = self.encode("h225", "H323-UserInformation", {"h323-uu-pdu": pdu})
        head = struct.pack(">BBHB", 8, 2, call | (0x8000 if back else 0), TYPES[name])
        return self.tpkt(head + before + struct.pack(">BHB", 0x7e, len(uu) + 1, 5) + uu + after)

    def setup(self, source, to, fast=(), h245=None, parallel=(), digits="200", extra=None, **more):
        body = given(
            protocolIdentifier=H2250, h245Address=at(h245) if h245 else ..., sourceAddress=[("dialedDigits", "100")],
            sourceInfo=TERMINAL, destinationAddress=[("dialedDigits", digits)] if digits else ...,
            destCallSignalAddress=at(to) if to else ..., activeMC=False, conferenceID=CONFERENCE,
            conferenceGoal=("create", None), callType=("pointToPoint", None),
            sourceCallSignalAddress=at(source) if source else ..., callIdentifier={"guid": more.pop("guid", GUID)},
            fastStart=self.channels(*fast) if fast else ..., mediaWaitForConnect=False, canOverlapSend=False,
            multipleCalls=False, maintainConnection=False,
            parallelH245Control=self.control(*parallel) if parallel else ...)
        body.update(extra or {})
        return self.signalling("setup", body, before=more.pop("before", BEARER), **more)

    def answer(self, name, fast=(), h245=None, refused=False, guid=GUID, **more):
        """callProceeding, alerting, progress, connect."""
        body = given(
            protocolIdentifier=H2250, destinationInfo=TERMINAL, h245Address=at(h245) if h245 else ...,
            callIdentifier={"guid": guid}, fastStart=self.channels(*fast) if fast else ..., multipleCalls=False,
            maintainConnection=False, fastConnectRefused=None if refused else ...)
        if name == "connect":
            body["conferenceID"] = CONFERENCE
        return self.signalling(name, body, **more)

    def facility(self, reason="undefinedReason", h245=None, guid=GUID, extra=None, **more):
        body = given(
            protocolIdentifier=H2250, reason=(reason, None), callIdentifier={"guid": guid},
            h245Address=at(h245) if h245 else ..., multipleCalls=False, maintainConnection=False)
        body.update(extra or {})
        return self.signalling("facility", body, **more)

    def tunnelled(self, *control, **more):
        return self.signalling("empty", None, control=control, **more)

    def release(self, reason=None, guid=GUID, cause=None, **more):
        body = given(protocolIdentifier=H2250, reason=(reason, None) if reason else ..., callIdentifier={"guid": guid})
        return self.signalling("releaseComplete", body, before=bytes((8, 2, 0x80, 0x80 | cause)) if cause else b"", **more)
