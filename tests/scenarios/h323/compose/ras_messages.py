"""RAS messages of our own making, as values for encode.Encoder. Addresses are (IP, port)."""
import ipaddress

from encode import Oid

def ip(a, port):
    if ':' in a:
        return ('ip6Address', {'ip': ipaddress.ip_address(a).packed, 'port': port})
    return ('ipAddress', {'ip': bytes(map(int, a.split('.'))), 'port': port})


def id_(s):
    return ('h323-ID', s)


def num(s):
    return ('dialedDigits', s)
VER = Oid((0, 0, 8, 2250, 0, 5))


def vendor():
    return {'vendor': {'t35CountryCode': 181, 't35Extension': 0, 'manufacturerCode': 18}}


def term():
    return {'vendor': vendor(), 'terminal': {'mc': False}, 'mc': False, 'undefinedNode': False}


def feats(*n):
    return {'replacementFeatureSet': False, 'supportedFeatures': [{'id': ('standard', x)} for x in n]}


def grq(seq, ras, aliases=(), gk=None, f=()):
    m = {'requestSeqNum': seq, 'protocolIdentifier': VER, 'rasAddress': ip(*ras), 'endpointType': term()}
    if gk:
        m['gatekeeperIdentifier'] = gk
    if aliases:
        m['endpointAlias'] = list(aliases)
    if f:
        m['featureSet'] = feats(*f)
    return ('gatekeeperRequest', m)


def gcf(seq, ras, gk=None, f=()):
    m = {'requestSeqNum': seq, 'protocolIdentifier': VER, 'rasAddress': ip(*ras)}
    if gk:
        m['gatekeeperIdentifier'] = gk
    if f:
        m['featureSet'] = feats(*f)
    return ('gatekeeperConfirm', m)


def grj(seq, why, gk=None, alt=None):
    m = {'requestSeqNum': seq, 'protocolIdentifier': VER, 'rejectReason': (why, None)}
    if alt:
        m['altGKInfo'] = {'alternateGatekeeper': [{'rasAddress': ip(*alt), 'needToRegister': True, 'priority': 1}],
            'altGKisPermanent': False}
    return ('gatekeeperReject', m)


def rrq(seq, ras, sig, aliases=(), ttl=None, ep=None, keep=False, f=(), more=None):
    m = {'requestSeqNum': seq, 'protocolIdentifier': VER, 'discoveryComplete': True,
        'callSignalAddress': [ip(*s) for s in (sig if isinstance(sig, list) else [sig])],
        'rasAddress': [ip(*r) for r in (ras if isinstance(ras, list) else [ras])], 'terminalType': term(),
        'endpointVendor': vendor(), 'keepAlive': keep, 'willSupplyUUIEs': False, 'maintainConnection': False,
        'supportsAssignedGK': False}
    if aliases:
        m['terminalAlias'] = list(aliases)
    if ttl is not None:
        m['timeToLive'] = ttl
    if ep:
        m['endpointIdentifier'] = ep
    if f:
        m['featureSet'] = feats(*f)
    if more:
        m.update(more)
    return ('registrationRequest', m)


def rcf(seq, sig, ep, aliases=(), ttl=None, gk=None, f=(), more=None):
    m = {'requestSeqNum': seq, 'protocolIdentifier': VER, 'callSignalAddress': [ip(*sig)] if sig else [],
        'endpointIdentifier': ep, 'willRespondToIRR': False, 'maintainConnection': False}
    if aliases:
        m['terminalAlias'] = list(aliases)
    if ttl is not None:
        m['timeToLive'] = ttl
    if gk:
        m['gatekeeperIdentifier'] = gk
    if f:
        m['featureSet'] = feats(*f)
    if more:
        m.update(more)
    return ('registrationConfirm', m)


def rrj(seq, why, v=None):
    return ('registrationReject', {'requestSeqNum': seq, 'protocolIdentifier': VER, 'rejectReason': (why, v)})


def urq(seq, sig, ep=None):
    m = {'requestSeqNum': seq, 'callSignalAddress': [ip(*sig)]}
    if ep:
        m['endpointIdentifier'] = ep
    return ('unregistrationRequest', m)


def ucf(seq):
    return ('unregistrationConfirm', {'requestSeqNum': seq})


def urj(seq, why):
    return ('unregistrationReject', {'requestSeqNum': seq, 'rejectReason': (why, None)})
GUID = bytes(range(16, 32))
CONF = bytes(range(64, 80))


def arq(seq, ep, dest=(), src=(), answer=False, call=GUID, bw=640, srcsig=None, destsig=None, crv=1):
    m = {'requestSeqNum': seq, 'callType': ('pointToPoint', None), 'endpointIdentifier': ep, 'srcInfo': list(src),
        'bandWidth': bw, 'callReferenceValue': crv, 'conferenceID': CONF, 'activeMC': False, 'answerCall': answer,
        'canMapAlias': False, 'callIdentifier': {'guid': call}, 'willSupplyUUIEs': False, 'canMapSrcAlias': False}
    if dest:
        m['destinationInfo'] = list(dest)
    if srcsig:
        m['srcCallSignalAddress'] = ip(*srcsig)
    if destsig:
        m['destCallSignalAddress'] = ip(*destsig)
    return ('admissionRequest', m)
UU = {k: False for k in 'setup callProceeding connect alerting information releaseComplete facility progress empty status statusInquiry setupAcknowledge notify'.split()}


def acf(seq, dest, bw=640, model='gatekeeperRouted', uuies=False, willrespond=True):
    m = {'requestSeqNum': seq, 'bandWidth': bw, 'callModel': (model, None), 'destCallSignalAddress': ip(*dest)}
    if willrespond:
        m['willRespondToIRR'] = False
    if uuies:
        m['uuiesRequested'] = UU
    return ('admissionConfirm', m)


def arj(seq, why):
    return ('admissionReject', {'requestSeqNum': seq, 'rejectReason': (why, None)})


def brq(seq, ep, bw, call=GUID):
    return ('bandwidthRequest', {'requestSeqNum': seq, 'endpointIdentifier': ep, 'conferenceID': CONF,
        'callReferenceValue': 1, 'bandWidth': bw, 'callIdentifier': {'guid': call}, 'answeredCall': False})


def bcf(seq, bw):
    return ('bandwidthConfirm', {'requestSeqNum': seq, 'bandWidth': bw})


def brj(seq, why, bw=0):
    return ('bandwidthReject', {'requestSeqNum': seq, 'rejectReason': (why, None), 'allowedBandWidth': bw})


def drq(seq, ep, call=GUID, answered=False):
    return ('disengageRequest', {'requestSeqNum': seq, 'endpointIdentifier': ep, 'conferenceID': CONF,
        'callReferenceValue': 1, 'disengageReason': ('normalDrop', None), 'callIdentifier': {'guid': call},
        'answeredCall': answered})


def dcf(seq):
    return ('disengageConfirm', {'requestSeqNum': seq})


def drj(seq, why):
    return ('disengageReject', {'requestSeqNum': seq, 'rejectReason': (why, None)})


def irq(seq, reply=None):
    m = {'requestSeqNum': seq, 'callReferenceValue': 0}
    if reply:
        m['replyAddress'] = ip(*reply)
    return ('infoRequest', m)


def irr(seq, ep, ras, sig, need=False, unsolicited=False):
    return ('infoRequestResponse', {'requestSeqNum': seq, 'endpointType': term(), 'endpointIdentifier': ep,
        'rasAddress': ip(*ras), 'callSignalAddress': [ip(*sig)], 'needResponse': need, 'unsolicited': unsolicited})


def iack(seq):
    return ('infoRequestAck', {'requestSeqNum': seq})


def rip(seq, delay):
    return ('requestInProgress', {'requestSeqNum': seq, 'delay': delay})


def rai(seq, ep):
    return ('resourcesAvailableIndicate', {'requestSeqNum': seq, 'protocolIdentifier': VER,
        'endpointIdentifier': ep, 'protocols': [], 'almostOutOfResources': False})


def rac(seq):
    return ('resourcesAvailableConfirm', {'requestSeqNum': seq, 'protocolIdentifier': VER})


def lrq(seq, dest, reply, ep=None):
    m = {'requestSeqNum': seq, 'destinationInfo': list(dest), 'replyAddress': ip(*reply)}
    if ep:
        m['endpointIdentifier'] = ep
    return ('locationRequest', m)


def lcf(seq, sig, ras):
    return ('locationConfirm', {'requestSeqNum': seq, 'callSignalAddress': ip(*sig), 'rasAddress': ip(*ras)})


def lrj(seq, why):
    return ('locationReject', {'requestSeqNum': seq, 'rejectReason': (why, None)})


def sci(seq):
    return ('serviceControlIndication', {'requestSeqNum': seq, 'serviceControl': []})


def scr(seq):
    return ('serviceControlResponse', {'requestSeqNum': seq})


def nsm(seq):
    return ('nonStandardMessage', {'requestSeqNum': seq,
        'nonStandardData': {'nonStandardIdentifier': ('h221NonStandard', {'t35CountryCode': 181, 't35Extension': 0,
        'manufacturerCode': 18}), 'data': b'hello'}})


SHORT = {'gatekeeperRequest': 'GRQ', 'gatekeeperConfirm': 'GCF', 'gatekeeperReject': 'GRJ',
    'registrationRequest': 'RRQ', 'registrationConfirm': 'RCF', 'registrationReject': 'RRJ',
    'unregistrationRequest': 'URQ', 'unregistrationConfirm': 'UCF', 'unregistrationReject': 'URJ',
    'admissionRequest': 'ARQ', 'admissionConfirm': 'ACF', 'admissionReject': 'ARJ', 'bandwidthRequest': 'BRQ',
    'bandwidthConfirm': 'BCF', 'bandwidthReject': 'BRJ', 'disengageRequest': 'DRQ', 'disengageConfirm': 'DCF',
    'disengageReject': 'DRJ', 'locationRequest': 'LRQ', 'locationConfirm': 'LCF', 'locationReject': 'LRJ',
    'infoRequest': 'IRQ', 'infoRequestResponse': 'IRR', 'infoRequestAck': 'IACK', 'requestInProgress': 'RIP',
    'resourcesAvailableIndicate': 'RAI', 'resourcesAvailableConfirm': 'RAC', 'serviceControlIndication': 'SCI',
    'serviceControlResponse': 'SCR', 'nonStandardMessage': 'NSM', 'unknownMessageResponse': 'XRS'}
