"""The scenarios ras-*: registration, admission and all else of RAS, with the embedded and with an external
gatekeeper."""
import pathlib

from ras_messages import (acf, arj, arq, bcf, brj, brq, dcf, drj, drq, gcf, grj, grq, iack, id_, irq, irr, lcf,
    lrj, lrq, nsm, num, rac, rai, rcf, rip, rrj, rrq, sci, ucf, urj, urq)
from ras_script import EP, EPX, SEQ, SEQX, Scn

COMMON = pathlib.Path(__file__).parent.parent / "common"
AR, AS = (('10.1.0.2', 1719), ('10.1.0.2', 1720))
OURS, OSIG = (('198.51.100.5', 1719), ('198.51.100.5', 1720))
AL = ('192.0.2.5', 10000)
GK, GKS = (('192.0.2.20', 1719), ('192.0.2.20', 1720))
EPG = 'gk-endpoint-1'

s = Scn('ras-register',
    'H.323 7.2: a terminal behind a NAT finds the embedded gatekeeper and registers with it; it is told a short lifetime.')
s.send('a', grq(1, AR, [id_('alice'), num('100')])).want('a', gcf(1, OURS, 'zone'))
s.send('a', rrq(2, AR, AS, [id_('alice'), num('100')], ttl=3600)).want('a', rcf(2, OSIG, EP, [id_('alice'),
    num('100')], ttl=60, gk='zone'))
s.raw('counter h323_registrations 1')

s = Scn('ras-proxy-register',
    'A terminal behind a NAT registers with an external gatekeeper: to it its RAS and signalling addresses are the alias, and it is told a short lifetime.', 'common/proxy.inc')
s.send('a', grq(1, AR, [id_('alice')])).want('gk from 192.0.2.5:10000', grq(1, AL, [id_('alice')]))
s.send('gk to 192.0.2.5:10000', gcf(1, GK, 'zone')).want('a from 198.51.100.5:1719', gcf(1, OURS, 'zone'))
s.send('a', rrq(2, AR, AS, [id_('alice')], ttl=3600)).want('gk from 192.0.2.5:10000', rrq(2, AL, AL,
    [id_('alice')], ttl=3600))
s.send('gk to 192.0.2.5:10000', rcf(2, GKS, EPG, [id_('alice')], ttl=3600)).want('a', rcf(2, OSIG, EPG,
    [id_('alice')], ttl=60))
s.raw('counter h323_registrations 1')
BR, BS = (('10.1.0.3', 1719), ('10.1.0.3', 1720))
CR, CS = (('198.51.100.13', 1719), ('198.51.100.13', 1720))
al, bo, ca = ([id_('alice'), num('100')], [id_('bob'), num('200')], [id_('carol'), num('300')])
EPB = 'fedcba9876543210'
EPBX = ''.join(('00%02x' % ord(c) for c in EPB))


def reg(s, who='a', R=AR, S=AS, names=None, seq=2, ep=EP, hole='ep', **k):
    names = al if names is None else names
    sub = lambda d: [(''.join(('00%02x' % ord(c) for c in ep)), d)] if hole != 'ep' else []
    f = k.get('f', ())
    s.send(who, rrq(seq, R, S, names, **k)).want(who, rcf(seq, OSIG, ep, names, ttl=60, gk='zone', f=f),
        sub('{%s:32}' % hole))
    return s


def regb(s, **k):
    return reg(s, 'b', BR, BS, bo, ep=EPB, hole='epb', **k)


SB = [(EPBX, '{epb}')]

s = Scn('ras-register-again',
    'The same full registration again, and after a lost answer: the same endpointIdentifier.')
reg(s)
reg(s)
reg(s, seq=3)
s.raw('counter h323_registrations 1')

s = Scn('ras-register-short', 'The terminal asks for less than we would grant.')
s.send('a', rrq(2, AR, AS, al, ttl=20)).want('a', rcf(2, OSIG, EP, al, ttl=20, gk='zone'))

s = Scn('ras-lightweight', 'H.225.0 7.9.3.1: a lightweight registration keeps what the full one said.')
reg(s)
s.raw('advance 50s')
s.send('a', rrq(3, AR, AS, (), ep=EP, keep=True)).want('a', rcf(3, OSIG, EP, (), ttl=60, gk='zone'))
s.raw('advance 80s')
s.send('a', rrq(4, AR, AS, (), ep=EP, keep=True)).want('a', rcf(4, OSIG, EP, (), ttl=60, gk='zone'))

s = Scn('ras-lightweight-unknown', 'A lightweight registration of somebody unknown: full registration is required.')
s.send('a', rrq(3, AR, AS, (), ep='nobody', keep=True)).want('a', rrj(3, 'fullRegistrationRequired'))

s = Scn('ras-lightweight-expired', 'It comes too late: the registration is over.')
reg(s)
s.raw('advance 100s')
s.send('a', rrq(3, AR, AS, (), ep=EP, keep=True)).want('a', rrj(3, 'fullRegistrationRequired'))

s = Scn('ras-discovery-other-zone', 'A GRQ for another gatekeeper is rejected.')
s.send('a', grq(1, AR, al, gk='elsewhere')).want('a', grj(1, 'terminalExcluded'))
s.send('a', grq(2, AR, al, gk='zone')).want('a', gcf(2, OURS, 'zone'))

s = Scn('ras-duplicate-alias',
    'Two terminals behind different NATs claim one alias: the second is rejected until the first is gone.')
reg(s)
s.send('b', rrq(5, BR, BS, [id_('bob'), num('100')])).want('b', rrj(5, 'duplicateAlias', []))
s.raw('advance 100s')
s.send('b', rrq(6, BR, BS, [id_('bob'), num('100')])).want('b', rcf(6, OSIG, EPB, [id_('bob'), num('100')], ttl=60,
    gk='zone'), [(EPBX, '{*:32}')])

s = Scn('ras-restart',
    'A terminal starts again with other ports, behind the same NAT: its new registration replaces the old one at once.')
reg(s)
s.raw('host a access 198.51.100.11:41111')
s.send('a', rrq(1, ('10.1.0.2', 5555), AS, al)).want('a', rcf(1, OSIG, EP, al, ttl=60, gk='zone'))
s.raw('counter h323_registrations 1')

s = Scn('ras-restart-address',
    'A terminal starts again with another private address behind the same NAT: the alias is its again.')
reg(s)
s.raw('host a access 198.51.100.11:41111')
s.send('a', rrq(1, ('10.1.0.9', 1719), ('10.1.0.9', 1720), al)).want('a', rcf(1, OSIG, EPB, al, ttl=60, gk='zone'),
    [(EPBX, '{epb:32}')])

s = Scn('ras-aliases-changed', 'The same endpoint registers with other aliases: the former ones are free.')
reg(s)
s.send('a', rrq(3, AR, AS, bo)).want('a', rcf(3, OSIG, EPB, bo, ttl=60, gk='zone'), [(EPBX, '{epb:32}')])
s.send('c', rrq(1, CR, CS, al)).want('c', rcf(1, OSIG, EP, al, ttl=60, gk='zone'), [(EPX, '{*:32}')])

s = Scn('ras-two-behind-one-nat', 'Two terminals behind one NAT, with the same private ports on other addresses.')
s.raw('host b access 198.51.100.11:40001')
reg(s)
regb(s)
s.send('a', arq(3, EP, [num('200')])).want('a', arj(3, 'calledPartyNotRegistered'))
s.raw('counter h323_registrations 2')

s = Scn('ras-no-aliases', 'An endpoint without aliases may register and call.')
reg(s, names=[])
s.send('c', rrq(1, CR, CS, ca)).want('c', rcf(1, OSIG, EPB, ca, ttl=60, gk='zone'), [(EPBX, '{epb:32}')])
s.send('a', arq(3, EP, [num('300')])).want('a', acf(3, OSIG))

s = Scn('ras-no-address', 'An endpoint that names no IP address is rejected.')
m = rrq(2, AR, AS, al)
m[1]['rasAddress'] = []
s.send('a', m).want('a', rrj(2, 'invalidRASAddress'))

s = Scn('ras-unregister', 'URQ ends the registration, and all it had.')
reg(s)
s.send('a', urq(3, AS, EP)).want('a', ucf(3))
s.send('a', urq(4, AS, EP)).want('a', urj(4, 'notCurrentlyRegistered'))

s = Scn('ras-admission', 'H.323 8.1.1: a caller asks for another endpoint by its number; all calls go through us.')
reg(s)
s.send('c', rrq(1, CR, CS, ca)).want('c', rcf(1, OSIG, EPB, ca, ttl=60, gk='zone'), [(EPBX, '{epb:32}')])
s.send('a', arq(3, EP, [num('300')], al)).want('a', acf(3, OSIG))
s.send('a', arq(3, EP, [num('300')], al)).want('a', acf(3, OSIG))
s.send('a', arq(4, EP, [id_('CAROL')], al, call=bytes(range(16)))).want('a', acf(4, OSIG))
s.raw('counter h323_admissions 3')

s = Scn('ras-admission-unknown', 'Nobody has that alias.')
reg(s)
s.send('a', arq(3, EP, [num('999')], al)).want('a', arj(3, 'calledPartyNotRegistered'))
s.raw('counter h323_admissions_refused 1')

s = Scn('ras-admission-unregistered', 'Who is not registered is not admitted.')
s.send('a', arq(3, 'nobody', [num('300')], al)).want('a', arj(3, 'callerNotRegistered'))

s = Scn('ras-admission-wrong-endpoint', 'An endpointIdentifier does not work from another address.')
reg(s)
s.send('b', arq(3, EP, [num('100')], al)).want('b', arj(3, 'callerNotRegistered'))

s = Scn('ras-admission-behind-nat', 'A plain terminal behind a NAT cannot be called: TCP does not reach it.')
reg(s)
regb(s)
s.send('a', arq(3, EP, [num('200')], al)).want('a', arj(3, 'calledPartyNotRegistered'))

s = Scn('ras-admission-traversal', 'One that does H.460.18 can be.')
reg(s)
regb(s, f=(18,))
s.send('a', arq(3, EP, [num('200')], al)).want('a', acf(3, OSIG))

s = Scn('ras-admission-answer', 'The called endpoint asks whether it may answer.')
reg(s)
s.send('a', arq(3, EP, (), bo, answer=True)).want('a', acf(3, OSIG))

s = Scn('ras-port-moved',
    'A NAT gives the terminal another port: what it sends from there is its own by its endpointIdentifier.')
reg(s)
s.raw('host a access 198.51.100.11:40999')
s.send('a', arq(3, EP, (), bo, answer=True)).want('a', acf(3, OSIG))

s = Scn('ras-disengage', 'DRQ is confirmed, also when it is sent again.')
reg(s)
s.send('a', arq(3, EP, (), bo, answer=True)).want('a', acf(3, OSIG))
s.send('a', drq(4, EP)).want('a', dcf(4))
s.send('a', drq(4, EP)).want('a', dcf(4))
s.send('b', drq(4, 'nobody')).want('b', drj(4, 'notRegistered'))

s = Scn('ras-bandwidth', 'Without a limit all bandwidth is granted.')
reg(s)
s.send('a', brq(3, EP, 12800)).want('a', bcf(3, 12800))
s.send('b', brq(3, 'nobody', 12800)).want('b', brj(3, 'notBound'))

s = Scn('ras-bandwidth-limit', 'The limit of a call shortens what is admitted, and more is rejected later.',
    'common/limited.inc')
reg(s)
s.send('a', arq(3, EP, (), bo, answer=True, bw=1280)).want('a', acf(3, OSIG, bw=640))
s.send('a', brq(4, EP, 1280)).want('a', brj(4, 'insufficientResources'))
s.send('a', brq(5, EP, 320)).want('a', bcf(5, 320))

s = Scn('ras-prefix',
    'Numbers with a configured prefix are admitted although nobody registered them; the longest prefix wins.',
    'common/limited.inc')
reg(s)
s.send('a', arq(3, EP, [num('0123')], al)).want('a', acf(3, ('198.51.100.201', 1720), model='direct'))
s.send('a', arq(4, EP, [num('1123')], al)).want('a', arj(4, 'calledPartyNotRegistered'))

s = Scn('ras-direct',
    "In the direct model a caller is told the called endpoint's own address, when that can be reached.", 'common/limited.inc')
reg(s)
s.send('c', rrq(1, CR, CS, ca)).want('c', rcf(1, OSIG, EPB, ca, ttl=60, gk='zone'), [(EPBX, '{epb:32}')])
s.send('a', arq(3, EP, [num('300')], al)).want('a', acf(3, CS, model='direct'))

s = Scn('ras-location', 'LRQ finds a registered endpoint for anybody who may ask.')
s.send('c', rrq(1, CR, CS, ca)).want('c', rcf(1, OSIG, EP, ca, ttl=60, gk='zone'))
s.send('b', lrq(7, [num('300')], BR)).want('b', lcf(7, OSIG, OURS))
s.send('b', lrq(8, [num('301')], BR)).want('b', lrj(8, 'notRegistered'))

s = Scn('ras-resources', 'RAI is confirmed; an unsolicited IRR is acknowledged when it asks for that.')
reg(s)
s.send('a', rai(3, EP)).want('a', rac(3))
s.send('a', irr(4, EP, AR, AS, need=True, unsolicited=True)).want('a', iack(4))
s.send('a', irr(5, EP, AR, AS, unsolicited=True))
s.raw('nothing a')

s = Scn('ras-unknown', 'What a gatekeeper does not know it says so (XRS); strays are counted.')
reg(s)
s.send('a', sci(3)).want('a', ('unknownMessageResponse', {'requestSeqNum': 3,
    'messageNotUnderstood': bytes.fromhex('85050000000200')}), [])
s.send('a', ucf(9))
s.raw('nothing a\ncounter h323_stray 1')

s = Scn('ras-malformed', 'What does not decode is counted and dropped.')
s.send('a', 'ffffffff').raw('nothing a\ncounter h323_malformed 1\ncounter h323_undecodable 1')
s.send('a', '0e')
s.raw('counter h323_malformed 2')

s = Scn('ras-traversal', 'H.460.18 and H.460.19 are offered to an endpoint that can, by us, in GCF and RCF.')
s.send('a', grq(1, AR, al, f=(18, 19))).want('a', gcf(1, OURS, 'zone', f=(18, 19)))
reg(s, f=(18, 19))

s = Scn('ras-traversal-off', 'Nor to anybody when they are switched off.', 'common/limited.inc')
s.send('a', grq(1, AR, al, f=(18, 19))).want('a', gcf(1, OURS, 'zone'))

s = Scn('ras-keepalive', 'K-1: an IRQ keeps the pinhole open; its IRR goes no further.', 'common/keepalive.inc')
reg(s)
s.raw('advance 21s')
s.want('a', irq(SEQ)).send('a', irr(SEQ, EP, AR, AS)).raw('nothing\ncounter h323_keepalive_answers 1')

s = Scn('ras-keepalive-lost', 'Terminals that answer no IRQ any more are forgotten.', 'common/keepalive.inc')
reg(s)
for i in range(2):
    s.raw('advance 20s').raw('flush a')
s.raw('advance 20s\ncounter h323_terminals_lost 1\nlogged 2 keepalives not answered\nflush a')
s.send('a', arq(3, EP, [num('300')], al)).want('a', arj(3, 'callerNotRegistered'))


def preg(s, ttl=3600, names=None, seq=2, f=(), told=60):
    names = [id_('alice')] if names is None else names
    s.send('a', rrq(seq, AR, AS, names, ttl=ttl, f=f)).want('gk from 192.0.2.5:10000', rrq(seq, AL, AL, names,
        ttl=ttl))
    return s.send('gk to 192.0.2.5:10000', rcf(seq, GKS, EPG, names, ttl=ttl)).want('a from 198.51.100.5:1719',
        rcf(seq, OSIG, EPG, names, ttl=told, f=f))


P = 'common/proxy.inc'
TO = 'gk to 192.0.2.5:10000'
FROM = 'gk from 192.0.2.5:10000'

s = Scn('ras-proxy-no-lifetime', 'The gatekeeper sets no lifetime: the terminal is told ours.', P)
preg(s, ttl=None)

s = Scn('ras-proxy-short-lifetime', "The gatekeeper's lifetime is shorter than ours: it stays.", P)
preg(s, ttl=30, told=30)

s = Scn('ras-proxy-reject', 'RRJ goes back; the terminal is not registered.', P)
s.send('a', rrq(2, AR, AS, [id_('alice')])).want(FROM, rrq(2, AL, AL, [id_('alice')]))
s.send(TO, rrj(2, 'securityDenial')).want('a', rrj(2, 'securityDenial'))
s.send('a', arq(3, EPG, [num('200')])).want('a', arj(3, 'callerNotRegistered'))

s = Scn('ras-proxy-discovery-reject', 'GRJ goes back, and its alternate gatekeeper is us.', P)
s.send('a', grq(1, AR, [id_('alice')])).want(FROM, grq(1, AL, [id_('alice')]))
s.send(TO, grj(1, 'resourceUnavailable', alt=('192.0.2.77', 1719))).want('a', grj(1, 'resourceUnavailable',
    alt=OURS))

s = Scn('ras-proxy-addresses', 'All addresses that the terminal lists become its alias.', P)
s.send('a', rrq(2, [('192.168.9.9', 1719), AR], [AS, ('192.168.9.9', 1720)], [id_('alice')])).want(FROM, rrq(2,
    [AL, AL], [AL, AL], [id_('alice')]))

s = Scn('ras-proxy-lightweight', 'A lightweight RRQ passes; unknown ones are refused here.', P)
s.send('a', rrq(1, AR, AS, (), ep=EPG, keep=True)).want('a', rrj(1, 'fullRegistrationRequired'))
preg(s)
s.send('a', rrq(3, AR, AS, (), ep=EPG, keep=True)).want(FROM, rrq(3, AL, AL, (), ep=EPG, keep=True))
s.send(TO, rcf(3, GKS, EPG, ttl=3600)).want('a', rcf(3, OSIG, EPG, ttl=60))

s = Scn('ras-proxy-admission', "ARQ and ACF: the gatekeeper's address becomes ours.", P)
preg(s)
s.send('a', arq(3, EPG, [num('200')], srcsig=AS)).want(FROM, arq(3, EPG, [num('200')], srcsig=AL))
s.send(TO, acf(3, GKS)).want('a', acf(3, OSIG))
s.raw('counter h323_admissions 1')

s = Scn('ras-proxy-admission-direct', "In the direct model the called endpoint's address becomes ours as well.", P)
preg(s)
s.send('a', arq(3, EPG, [num('200')])).want(FROM, arq(3, EPG, [num('200')]))
s.send(TO, acf(3, ('203.0.113.7', 1720), model='direct')).want('a', acf(3, OSIG, model='direct'))

s = Scn('ras-proxy-admission-reject', 'ARJ goes back as it is.', P)
preg(s)
s.send('a', arq(3, EPG, [num('200')])).want(FROM, arq(3, EPG, [num('200')]))
s.send(TO, arj(3, 'calledPartyNotRegistered')).want('a', arj(3, 'calledPartyNotRegistered'))
s.raw('counter h323_admissions_refused 1')

s = Scn('ras-proxy-retransmission', 'A request sent again goes on again, and each answer goes back.', P)
preg(s)
for i in range(2):
    s.send('a', brq(3, EPG, 640)).want(FROM, brq(3, EPG, 640))
for i in range(2):
    s.send(TO, bcf(3, 640)).want('a', bcf(3, 640))

s = Scn('ras-proxy-progress',
    'RIP asks for more time: the answer may come later than requests may take otherwise.', P)
preg(s)
s.send('a', arq(3, EPG, [num('200')])).want(FROM, arq(3, EPG, [num('200')]))
s.send(TO, rip(3, 30000)).want('a', rip(3, 30000))
s.raw('advance 25s')
s.send(TO, acf(3, GKS)).want('a', acf(3, OSIG))

s = Scn('ras-proxy-timeout', 'An answer that comes too late belongs to nothing.', P)
preg(s)
s.send('a', arq(3, EPG, [num('200')])).want(FROM, arq(3, EPG, [num('200')]))
s.raw('advance 11s\ncounter h323_timeouts 1')
s.send(TO, acf(3, GKS))
s.raw('nothing\ncounter h323_stray 1')

s = Scn('ras-proxy-stray', 'An answer that nobody asked for goes nowhere; an answer of another kind neither.', P)
preg(s)
s.send('a', arq(3, EPG, [num('200')])).want(FROM, arq(3, EPG, [num('200')]))
s.send(TO, acf(4, GKS)).send(TO, dcf(3))
s.raw('nothing\ncounter h323_stray 2')

s = Scn('ras-proxy-stranger', 'An alias listens to configured gatekeepers alone.', P)
preg(s)
s.send('stranger to 192.0.2.5:10000', urq(5, AL, EPG))
s.raw('nothing\ncounter h323_stray 1')

s = Scn('ras-proxy-asked', 'The gatekeeper asks: IRQ and IRR, BRQ, DRQ pass.', P)
preg(s)
s.send(TO, irq(7, reply=GK)).want('a', irq(7, reply=OURS))
s.send('a', irr(7, EPG, AR, AS)).want(FROM, irr(7, EPG, AL, AL))
s.send(TO, brq(8, EPG, 320)).want('a', brq(8, EPG, 320))
s.send('a', bcf(8, 320)).want(FROM, bcf(8, 320))
s.send(TO, drq(9, EPG)).want('a', drq(9, EPG))
s.send('a', dcf(9)).want(FROM, dcf(9))

s = Scn('ras-proxy-unregistered',
    'The gatekeeper ends the registration: the terminal hears of it at its own address, and its alias is free.', P)
preg(s)
s.send(TO, urq(7, AL, EPG)).want('a', urq(7, AS, EPG))
s.send('a', ucf(7)).want(FROM, ucf(7))
s.send('a', arq(3, EPG, [num('200')])).want('a', arj(3, 'callerNotRegistered'))

s = Scn('ras-proxy-unregister', 'The terminal ends its registration.', P)
preg(s)
s.send('a', urq(7, AS, EPG)).want(FROM, urq(7, AL, EPG))
s.send(TO, ucf(7)).want('a', ucf(7))
s.send('a', arq(3, EPG, [num('200')])).want('a', arj(3, 'callerNotRegistered'))

s = Scn('ras-proxy-report', 'An IRR that nobody asked for passes, and its acknowledgement comes back.', P)
preg(s)
s.send('a', irr(9, EPG, AR, AS, need=True, unsolicited=True)).want(FROM, irr(9, EPG, AL, AL, need=True,
    unsolicited=True))
s.send(TO, iack(9)).want('a', iack(9))

s = Scn('ras-proxy-keepalive',
    "K-1: our IRQ and its IRR do not reach the gatekeeper; the gatekeeper's own do, even with the same number.", 'common/proxy-keepalive.inc')
preg(s)
s.raw('advance 21s').want('a', irq(SEQ)).send(TO, irq(SEQ)).want('a', irq(4660), [('1233', '{other:2}')])
s.send('a', irr(4660, EPG, AR, AS), [('1233', '{other}')]).want(FROM, irr(SEQ, EPG, AL, AL), [(SEQX, '{seq:2}')])
s.send('a', irr(SEQ, EPG, AR, AS)).raw('nothing\ncounter h323_keepalive_answers 1')

s = Scn('ras-proxy-failover', 'A gatekeeper that does not answer: the third time the next one is asked.', P)
for i in range(2):
    s.send('a', grq(1, AR, [id_('alice')])).want(FROM, grq(1, AL, [id_('alice')]))
s.send('a', grq(1, AR, [id_('alice')])).want('gk2 from 192.0.2.5:10000', grq(1, AL, [id_('alice')]))
s.send('gk2 to 192.0.2.5:10000', gcf(1, ('192.0.2.21', 1719))).want('a', gcf(1, OURS))
s.raw('counter h323_failovers 1')
s.send('a', rrq(2, AR, AS, [id_('alice')])).want('gk2 from 192.0.2.5:10000', rrq(2, AL, AL, [id_('alice')]))

s = Scn('ras-proxy-no-alias', 'The aliases are used up: resources are unavailable.', P)
preg(s)
s.send('b', rrq(1, BR, BS, bo)).want('b', rrj(1, 'resourceUnavailable'))
s.send('b', grq(2, BR, bo)).want('b', grj(2, 'resourceUnavailable'))

s = Scn('ras-proxy-same-alias', 'After a restart of the terminal it has the same alias again, whatever its ports.',
    'common/proxy-many.inc')
s.send('a', rrq(1, AR, AS, [id_('alice')])).want('gk', rrq(1, ('0.0.0.0', 65535), ('0.0.0.0', 65535),
    [id_('alice')]), [('00000000ffff', 'c0000205{port:2}')])
s.raw('host a access 198.51.100.11:45678')
s.send('a', rrq(7, ('10.1.0.2', 3333), ('10.1.0.2', 4444), [id_('alice')])).want('gk', rrq(7, ('0.0.0.0', 65535),
    ('0.0.0.0', 65535), [id_('alice')]), [('00000000ffff', 'c0000205{port:2}')])

s = Scn('ras-proxy-traversal',
    'Postern provides H.460.18 and .19 itself: the gatekeeper does not see them asked for, the terminal sees them granted.', P)
s.send('a', grq(1, AR, [id_('alice')], f=(18, 23))).want(FROM, grq(1, AL, [id_('alice')], f=(23,)))
s.send(TO, gcf(1, GK)).want('a', gcf(1, OURS, f=(18,)))
preg(s, f=(18, 19))

s = Scn('ras-proxy-traversal-gatekeeper', 'A gatekeeper that grants what nobody asked for is not believed.', P)
s.send('a', grq(1, AR, [id_('alice')])).want(FROM, grq(1, AL, [id_('alice')]))
s.send(TO, gcf(1, GK, f=(18,))).want('a', gcf(1, OURS))

s = Scn('ras-proxy-unknown', 'Messages without a meaning to us pass.', P)
preg(s)
s.send('a', nsm(3)).want(FROM, nsm(3))
s.send(TO, nsm(4)).want('a', nsm(4))
s.send('a', rai(5, EPG)).want(FROM, rai(5, EPG))
s.send(TO, rac(5)).want('a', rac(5))
s.send('a', lrq(6, [num('200')], AR)).want(FROM, lrq(6, [num('200')], AL))
s.send(TO, lcf(6, GKS, GK)).want('a', lcf(6, OSIG, OURS))

s = Scn('ras-proxy-unregistered-request', 'Who did not register gets no further.', P)
s.send('a', arq(3, EPG, [num('200')])).want('a', arj(3, 'callerNotRegistered'))
s.raw('nothing')

s = Scn('ras-proxy-undecodable-forward', 'With undecodable="forward" what does not decode passes as it is.',
    'common/proxy-keepalive.inc')
preg(s)
s.send('a', 'ffffffff').want(FROM, 'ffffffff')
s.send(TO, 'fffffffe').want('a', 'fffffffe')
s.raw('counter h323_undecodable 2')

s = Scn('ras-proxy-undecodable-drop', 'Else it is dropped.', P)
preg(s)
s.send('a', 'ffffffff')
s.raw('nothing\ncounter h323_undecodable 1')


def body(kind, inc='gatekeeper', **sub):
    t = (COMMON / (inc + '.inc')).read_text(encoding='ascii')
    t = t[t.index('<postern'):t.index('</postern>') + len('</postern>')]
    for a, b in sub.get('subs', []):
        assert a in t, a
        t = t.replace(a, b)
    return '%s\n%s\n.' % (kind, t)


s = Scn('ras-limit-terminals', 'Past the limit nobody new may register; who is registered may again.')
s.raw(body('reload', subs=[('<keepalive', '<limits terminals="1"/>\n    <keepalive')]))
reg(s)
s.send('b', rrq(1, BR, BS, bo)).want('b', rrj(1, 'resourceUnavailable'))
reg(s, seq=9)
s.raw('counter h323_full 1')

s = Scn('ras-limit-admissions', 'Past the limit of calls there are no admissions.')
s.raw(body('reload', subs=[('<keepalive', '<limits calls="1"/>\n    <keepalive')]))
reg(s)
s.send('a', arq(3, EP, (), bo, answer=True)).want('a', acf(3, OSIG))
s.send('a', arq(4, EP, (), bo, answer=True, call=bytes(range(16)))).want('a', arj(4, 'resourceUnavailable'))
s.raw('advance 61s')
s.send('a', arq(5, EP, (), bo, answer=True, call=bytes(range(16)))).want('a', acf(5, OSIG))

s = Scn('ras-limit-transactions', 'Past the limit of requests under way more are refused.', P)
s.raw(body('reload', 'proxy', subs=[('<keepalive', '<limits transactions="1"/>\n    <keepalive')]))
preg(s)
s.raw('advance 11s')
s.send('a', brq(3, EPG, 640)).want(FROM, brq(3, EPG, 640))
s.send('a', brq(4, EPG, 640)).want('a', brj(4, 'undefinedReason'))
s.raw('counter h323_full 1')

s = Scn('ras-reload-gatekeeper',
    'A reload replaces the external gatekeeper by the embedded one: the terminal must register anew, and can.', P)
preg(s)
s.raw(body('reload'))
s.send('a', rrq(5, AR, AS, (), ep=EPG, keep=True)).want('a', rrj(5, 'fullRegistrationRequired'))
s.send('a', rrq(6, AR, AS, [id_('alice')])).want('a', rcf(6, OSIG, EP, [id_('alice')], ttl=60, gk='zone'))

s = Scn('ras-reload-zone',
    'A reload that renames the zone keeps registrations; aliases are known in the new one with the next.')
reg(s)
s.raw(body('reload', subs=[('zone="zone"', 'zone="other"')]))
s.send('a', arq(3, EP, [num('100')], al)).want('a', arj(3, 'calledPartyNotRegistered'))
s.send('a', rrq(4, AR, AS, al)).want('a', rcf(4, OSIG, EP, al, ttl=60, gk='other'))
s.send('a', urq(5, AS, EP)).want('a', ucf(5))

s = Scn('conf-errors', 'What the configuration may not say.')
EMBEDDED = '<gatekeeper realm="access" zone="zone"/>'
ROUTE = '<route from="access" to="access"'
for what, old, new in [
        ('expected a <route> or a <gatekeeper>', EMBEDDED, ''),
        ('expected the name of a <realm>', EMBEDDED, '<gatekeeper realm="nowhere"/>'),
        ('expected one gatekeeper in each realm', EMBEDDED, EMBEDDED + EMBEDDED),
        ('expected digits, # or *', EMBEDDED,
         '<gatekeeper realm="access"><prefix digits="x" realm="access" next-hop="192.0.2.1"/></gatekeeper>'),
        ('expected host or host:port', EMBEDDED, ROUTE + ' next-hop="a b"/>'),
        ('expected a <gatekeeper> in it, or next-hop', EMBEDDED, ROUTE + '/>'),
        ('expected one route from each realm', EMBEDDED, 2 * (ROUTE + ' next-hop="192.0.2.1"/>')),
        ('register with another gatekeeper', EMBEDDED,
         EMBEDDED + ROUTE + '><gatekeeper address="192.0.2.1"/></route>'),
        ('expected a lifetime of at least 10s', '<keepalive every="0s"/>', '<timers lifetime="5s"/>'),
        ('expected a duration', '<keepalive every="0s"/>', '<keepalive every="often"/>')]:
    s.raw(body('refused ' + what, subs=[(old, new)]))

AL6, GK6, GKS6 = (('2001:db8:2::5', 10000), ('2001:db8:2::20', 1719), ('2001:db8:2::20', 1720))

s = Scn('ras-proxy-ipv6-core', 'Terminals have IPv4, the gatekeeper IPv6: addresses change their kind both ways.',
    'common/proxy6.inc')
F6, T6 = ('gk from [2001:db8:2::5]:10000', 'gk to [2001:db8:2::5]:10000')
s.send('a', grq(1, AR, [id_('alice')])).want(F6, grq(1, AL6, [id_('alice')]))
s.send(T6, gcf(1, GK6)).want('a', gcf(1, OURS))
s.send('a', rrq(2, AR, AS, [id_('alice')])).want(F6, rrq(2, AL6, AL6, [id_('alice')]))
s.send(T6, rcf(2, GKS6, EPG)).want('a', rcf(2, OSIG, EPG, ttl=60))
s.send('a', arq(3, EPG, [num('200')], srcsig=AS)).want(F6, arq(3, EPG, [num('200')], srcsig=AL6))
s.send(T6, acf(3, GKS6)).want('a', acf(3, OSIG))

# A padding bit that is 1: nobody may mind, but our encoding of it would be another.
PAD, PAD_RCF, PAD_ARQ = [('0e80', '0e81')], [('1280', '1281')], [('2690', '2691')]
s = Scn('ras-proxy-patched', 'A message that we cannot write as it came: addresses are changed in place, nothing else is.', P)
s.send('a', rrq(2, AR, AS, [id_('alice')], ttl=3600), PAD).want(FROM, rrq(2, AL, AL, [id_('alice')], ttl=3600), PAD)
s.send(TO, rcf(2, GKS, EPG, [id_('alice')], ttl=3600), PAD_RCF)
s.want('a', rcf(2, OSIG, EPG, [id_('alice')], ttl=3600), PAD_RCF)
s.send('a', arq(3, EPG, [num('200')], srcsig=AS), PAD_ARQ).want(FROM, arq(3, EPG, [num('200')], srcsig=AL), PAD_ARQ)
s.raw('counter h323_patched 3')

s = Scn('ras-proxy-patched-family', 'An address of another family cannot be put in place: the request is refused.',
        'common/proxy6.inc')
s.send('a', rrq(2, AR, AS, [id_('alice')]), PAD).want('a', rrj(2, 'undefinedReason'))
s.raw('nothing\ncounter h323_leaks 1')

s = Scn('ras-move-dead', 'Rule 11: the terminal comes from another public address. Its registration is confirmed; it is where it '
        'was until the old pinhole did not answer.', 'common/keepalive.inc')
reg(s)
s.raw('host n access 203.0.113.44:40000')
s.send('n', rrq(3, AR, AS, al)).want('n', rcf(3, OSIG, EP, al, ttl=60, gk='zone'))
s.raw('advance 15s\nflush a')
s.send('n', arq(4, EP, [], answer=True)).want('n', acf(4, OSIG))
s.raw('# What it said from there was not believed yet: it must say it again.')
s.send('n', rrq(5, AR, AS, (), ep=EP, keep=True)).want('n', rrj(5, 'fullRegistrationRequired'))
s.send('n', rrq(6, AR, AS, al)).want('n', rcf(6, OSIG, EP, al, ttl=60, gk='zone'))
s.send('n', rrq(7, AR, AS, (), ep=EP, keep=True)).want('n', rcf(7, OSIG, EP, (), ttl=60, gk='zone'))

s = Scn('ras-move-alive', 'The old pinhole answers: it stays there.', 'common/keepalive.inc')
reg(s)
s.raw('host n access 203.0.113.44:40000')
s.send('n', rrq(3, AR, AS, al)).want('n', rcf(3, OSIG, EP, al, ttl=60, gk='zone'))
s.raw('advance 1s')
s.want('a', irq(SEQ)).send('a', irr(SEQ, EP, AR, AS))
s.raw('advance 15s')
s.send('n', arq(4, EP, [], answer=True)).want('n', arj(4, 'callerNotRegistered'))
s.send('a', arq(5, EP, [], answer=True)).want('a', acf(5, OSIG))

s = Scn('ras-move-claims', 'What somebody elsewhere claims for a terminal does not hold: its aliases and addresses stay.',
        'common/keepalive.inc')
reg(s, f=(18,))
s.raw('host n access 203.0.113.44:40000')
s.send('n', rrq(3, AR, ('10.1.0.2', 1799), [al[0], num('666')], f=(18,))).want(
    'n', rcf(3, OSIG, EP, [al[0], num('666')], ttl=60, gk='zone', f=(18,)))
s.raw('advance 1s')
s.want('a', irq(SEQ)).send('a', irr(SEQ, EP, AR, AS))
s.send('b', lrq(5, [num('666')], BR)).want('b', lrj(5, 'notRegistered'))
s.send('b', lrq(6, [num('100')], BR)).want('b', lcf(6, OSIG, OURS))

s = Scn('ras-multicast', 'Discovery by multicast: the answer comes from our RAS address, which takes over.',
    'common/multicast.inc')
s.send('c to 224.0.1.41:1718', grq(1, CR, ca)).want('c from 198.51.100.5:1719', gcf(1, OURS, 'zone'))
s.send('c to 198.51.100.5:1719', rrq(2, CR, CS, ca)).want('c', rcf(2, OSIG, EP, ca, ttl=60, gk='zone'))
