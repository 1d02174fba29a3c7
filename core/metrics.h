/* Counters and gauges. The one table METRICS makes the enum, the names, and docs/metrics.md
 * (posternd --metrics-doc prints it). Modules add counters of their own at load. */
#ifndef CORE_METRICS_H
#define CORE_METRICS_H

#include "buf.h"

/* X(symbol, name, kind, help): kind is counter or gauge. Shown as postern_NAME, counters with _total. */
#define METRICS(X) \
	X(M_UDP_RX, "udp_received", counter, "Signalling datagrams received") \
	X(M_UDP_TX, "udp_sent", counter, "Signalling datagrams sent") \
	X(M_UDP_TX_FAIL, "udp_send_failed", counter, "Signalling datagrams that the kernel refused") \
	X(M_SEND_REACH, "send_outside_reach", counter, "Signalling not sent because the destination lies outside the realm's reach or is our own") \
	X(M_ACL_DENIED, "acl_denied", counter, "Packets dropped by a realm's access list") \
	X(M_RATE_DENIED, "rate_denied", counter, "Packets dropped because their source sends too fast") \
	X(M_TCP_OPEN, "tcp_connections", gauge, "TCP connections open") \
	X(M_TCP_REFUSED, "tcp_refused", counter, "TCP connections refused: cap per source or in total") \
	X(M_TCP_OVERFLOW, "tcp_write_overflow", counter, "TCP connections closed because their write queue was full") \
	X(M_TRUNKS, "trunks", gauge, "Trunks that stand: of agents in the gateway, the one to the gateway in an agent") \
	X(M_TRUNK_CHANNELS, "trunk_channels", gauge, "Connections that are channels of a trunk") \
	X(M_TRUNK_CHANNELS_REFUSED, "trunk_channels_refused", counter, "Channels refused because their trunk had too many") \
	X(M_TRUNK_REFUSED, "trunks_refused", counter, "Connections to the pinhole port that were no trunk: not registered in time, refused, or too many") \
	X(M_TRUNK_BROKEN, "trunks_broken", counter, "Trunks ended because the far end broke the rules") \
	X(M_TRUNK_LOST, "trunks_lost", counter, "Trunks that ended, for whatever cause") \
	X(M_BAD_INPUT, "bad_input", counter, "Malformed messages") \
	X(M_SESSIONS, "sessions", gauge, "Sessions now") \
	X(M_SESSIONS_TOTAL, "sessions_started", counter, "Sessions started") \
	X(M_SESSIONS_REFUSED, "sessions_refused", counter, "Sessions refused because a limit was reached") \
	X(M_SESSION_TIMEOUT, "sessions_timed_out", counter, "Sessions ended by a deadline of signalling, answer or media") \
	X(M_STREAMS, "streams", gauge, "Streams now, closing ones included") \
	X(M_STREAMS_REFUSED, "streams_refused", counter, "Media streams refused because a limit of streams was reached") \
	X(M_HELD_OVERFLOW, "messages_held_overflow", counter, "Messages not held because too many waited already") \
	X(M_PORTS_TAKEN, "ports_taken", gauge, "Media ports taken; always those of the live streams") \
	X(M_PORTS_QUARANTINED, "ports_quarantined", gauge, "Media ports waiting after use") \
	X(M_PORTS_EXHAUSTED, "ports_exhausted", counter, "Calls refused because a media range was empty") \
	X(M_PORT_INVARIANT, "port_invariant_broken", counter, "Times the ports taken were not those of the streams: a defect") \
	X(M_BINDINGS, "bindings", gauge, "Bindings now") \
	X(M_BINDINGS_REFUSED, "bindings_refused", counter, "Registrations refused because the table was full") \
	X(M_BINDINGS_EXPIRED, "bindings_expired", counter, "Bindings that expired") \
	X(M_BINDINGS_MOVED, "bindings_moved", counter, "Bindings whose pinhole moved") \
	X(M_BINDINGS_MOVE_REFUSED, "bindings_move_refused", counter, "Pinhole moves refused because the old pinhole still answers") \
	X(M_ALIASES, "aliases", gauge, "Addresses and ports that stand for terminals now") \
	X(M_ALIASES_REFUSED, "aliases_refused", counter, "Registrations refused because no alias address or port was to be had") \
	X(M_PINHOLES, "pinholes", gauge, "Signalling pinholes of agents now, those that are remembered for failover included") \
	X(M_PINHOLE_REGISTRATIONS, "pinhole_registrations", counter, "Registrations of agents accepted") \
	X(M_PINHOLE_DENIED, "pinhole_denied", counter, "Registrations of agents refused: wrong secret or unknown network") \
	X(M_PINHOLE_STALE, "pinhole_stale", counter, "Registrations of agents refused: replayed, or with a nonce that is old or of another address") \
	X(M_PINHOLE_BAD, "pinhole_malformed", counter, "Registrations of agents refused: malformed, or for a socket of another module") \
	X(M_PINHOLE_QUOTA, "pinhole_quota", counter, "Registrations of agents refused: the network has too many pinholes or subscribers") \
	X(M_PINHOLE_RATE, "pinhole_rate", counter, "Registrations of agents dropped because their source sends too fast") \
	X(M_PINHOLE_CLAIMED, "pinhole_claimed", counter, "Subscribers not taken because another network has them") \
	X(M_PINHOLES_MOVED, "pinholes_moved", counter, "Signalling pinholes that got another address") \
	X(M_PINHOLES_EXPIRED, "pinholes_expired", counter, "Signalling pinholes that ended or were not refreshed") \
	X(M_PINHOLES_FAILOVER, "pinholes_failover", counter, "Datagrams and connections for a dead pinhole that went to another agent of its network") \
	X(M_UPLINKS, "uplinks", gauge, "Sockets of the agent that are registered with its gateway") \
	X(M_UPLINK_LOST, "uplink_lost", counter, "Times the gateway refused a registration of the agent or did not answer") \
	X(M_UPLINK_MOVED, "uplink_moved", counter, "Times a socket of the agent got another pinhole") \
	X(M_KEEPALIVE_TX, "keepalives_sent", counter, "Keepalives sent to terminals") \
	X(M_KEEPALIVE_LOST, "keepalives_unanswered", counter, "Keepalives that got no answer before the next") \
	X(M_MEDIA_HELD, "messages_held", counter, "Messages that waited for media addresses") \
	X(M_MEDIA_TIMEOUT, "media_request_timeouts", counter, "Media address requests that nobody answered in time") \
	X(M_MEDIA_LATE, "media_request_late", counter, "Answers to media address requests that came too late") \
	X(M_CMPH_SENT, "cmph_sent", counter, "Requests for media pinholes sent to the gateway") \
	X(M_CMPH_OPEN, "cmph_opened", counter, "Media pinholes that the gateway acknowledged") \
	X(M_CMPH_MOVED, "cmph_moved", counter, "Media pinholes that were found at another address") \
	X(M_CMPH_REFUSED, "cmph_refused", counter, "Requests for media pinholes that the gateway refused") \
	X(M_CMPH_UNANSWERED, "cmph_unanswered", counter, "Media pinholes for which the gateway gave no answer") \
	X(M_CMPH_JOINED, "cmph_joined", counter, "Sockets whose media was kept inside, because it led to another one of ours") \
	X(M_MEDIA_REFUSED_DEST, "media_destination_refused", counter, "Declared media destinations never sent to: special, own or outside reach") \
	X(M_SDP_LEAK, "sdp_leaks_stopped", counter, "Messages not sent because an address of the other side was left in them") \
	X(M_RELAY_RX, "media_received", counter, "Media packets received") \
	X(M_RELAY_TX, "media_sent", counter, "Media packets sent") \
	X(M_RELAY_FOREIGN, "media_foreign", counter, "Media packets dropped: not from the learned or allowed source") \
	X(M_RELAY_NODEST, "media_no_destination", counter, "Media packets dropped: the other side is not known yet") \
	X(M_RELAY_IMPLAUSIBLE, "media_implausible", counter, "Media packets dropped or not learned from: not what the stream carries") \
	X(M_RELAY_HOPS, "media_internal_hops", counter, "Media packets handed to another stream inside") \
	X(M_RELAY_HOP_LIMIT, "media_hop_limit", counter, "Media packets dropped after 4 internal hops") \
	X(M_RELAY_HOP_FULL, "media_hop_queue_full", counter, "Media packets dropped between media threads: the queue was full") \
	X(M_RELAY_TX_FAIL, "media_send_failed", counter, "Media packets that the kernel refused to send") \
	X(M_RELAY_LATCHED, "media_latched", counter, "Times a side was learned") \
	X(M_RELAY_RELATCHED, "media_relatched", counter, "Times a learned side moved") \
	X(M_RELAY_DEADLOCK, "media_deadlock_probes", counter, "Empty datagrams sent because both ends waited for media") \
	X(M_RELAY_UNJOINED, "media_unjoined", counter, "Media packets dropped at a shared port: from no pinhole that a call has") \
	X(M_RELAY_STUN, "media_stun_received", counter, "STUN messages received where media is") \
	X(M_RELAY_STUN_LOST, "media_stun_dropped", counter, "STUN messages dropped where media is: too many at once, or too long") \
	X(M_HOLES, "media_pinholes", gauge, "Media pinholes known now") \
	X(M_HOLES_MOVED, "media_pinholes_moved", counter, "Media pinholes of agents that were found at another address") \
	X(M_HOLES_REFUSED, "media_pinholes_refused", counter, "Media pinholes refused because their network or all together had too many") \
	X(M_HOLES_MISSING, "media_pinhole_missing", counter, "Calls refused because they named no pinhole where one was needed") \
	X(M_STUN_ANSWERED, "stun_answered", counter, "Plain STUN requests answered at shared ports") \
	X(M_STUN_RATE, "stun_rate_denied", counter, "STUN requests at shared ports not answered: too many from their network or from all") \
	X(M_STUN_CLOSED, "stun_closed", counter, "Plain STUN requests not answered: the realm has stun=no") \
	X(M_STUN_ALIEN, "stun_alien", counter, "STUN messages at shared ports that ask for nothing we offer, or from sources that may not") \
	X(M_CMPH_ANSWERED, "cmph_acknowledged", counter, "Requests for media pinholes of agents acknowledged") \
	X(M_CMPH_FORGED, "cmph_forged", counter, "Requests for media pinholes refused: nonce, agent or secret is not right") \
	X(M_CMPH_REPLAYED, "cmph_replayed", counter, "Requests for media pinholes not answered: older than one before") \
	X(M_CDR_FAILED, "cdr_write_failed", counter, "Records that could not be written") \
	X(M_CONF_RELOADS, "config_reloads", counter, "Configurations applied") \
	X(M_CONF_REFUSED, "config_refused", counter, "Configurations refused")

#define METRIC_ENUM(sym, name, kind, help) sym,
enum metric { METRICS(METRIC_ENUM) METRIC_COUNT };

void metric_add(enum metric m, int64_t delta);   /* control thread */
void metric_set(enum metric m, int64_t value);
int64_t metric_get(enum metric m);
/* Module counters: returns the base index, -ENOSPC past 512 in all. */
int metric_module_add(const char *module, const struct pn_counter *list, unsigned n);
void metric_module_count(unsigned index);
int64_t metric_by_name(const char *name); /* "sip_requests" or "sessions"; -ENOENT */
int metrics_json(struct buf *out);        /* one object name -> value */
int metrics_doc(struct buf *out);         /* docs/metrics.md */
void metrics_reset(void);                 /* tests */

#endif
