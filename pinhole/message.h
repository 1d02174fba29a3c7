/* The messages of the pinhole protocol (docs/pinhole-protocol.md), over STUN; for both ends.
 *
 * CMPH          Binding request from the socket that will receive the media; its success response tells the pinhole.
 *               Without AGENT and USERNAME it is plain STUN.
 * Registration  of a signalling socket or trunk, with the subscribers behind it.
 * JOIN, UNJOIN  indications of the gateway: what the agent sends from INNER-ADDRESS would come out at another
 *               address of its own; it may keep that media inside (any more). */
#ifndef PINHOLE_MESSAGE_H
#define PINHOLE_MESSAGE_H

#include "pinhole/stun.h"

#define MESSAGE_MAX 1200u    /* octets of a message that we write */
#define MESSAGE_PLAIN 44u    /* at most so many of an answer to plain STUN */
#define MESSAGE_NAME 63u     /* octets of a network, agent, protocol or realm name */
#define MESSAGE_IDENTITY 255u /* octets of a subscriber's identity */
#define MESSAGE_NONCE 127u   /* octets of a nonce that we read */
#define MESSAGE_UNKNOWN 6u   /* unknown attributes that a 420 names */
#define MESSAGE_PORT 3478u   /* of the gateway, for media and trunks */
#define MESSAGE_REALM "postern" /* value of REALM unless something else is configured */
#define MESSAGE_TRUNK "trunk"   /* value of PROTOCOL in a trunk's registration */

enum message_method {
	MESSAGE_CMPH = 0x001, /* Binding */
	MESSAGE_REGISTER = 0x0f0,
	MESSAGE_JOIN = 0x0f1,
	MESSAGE_UNJOIN = 0x0f2,
};

enum message_attr { /* comprehension is optional: a plain STUN server passes over them */
	MESSAGE_INNER = 0xf500,      /* as XOR-MAPPED-ADDRESS: the sender's own socket */
	MESSAGE_FINAL = 0xf501,      /* likewise: the terminal's */
	MESSAGE_PEER_INNER = 0xf502, /* likewise: the other own socket that media reaches */
	MESSAGE_ORDER = 0xf503,      /* 64 bits, strictly rising per sender and INNER-ADDRESS */
	MESSAGE_AGENT = 0xf504,      /* text */
	MESSAGE_PROTOCOL = 0xf505,   /* text */
	MESSAGE_SUBSCRIBER = 0xf506, /* as XOR-MAPPED-ADDRESS: its inside address, then its identity, text */
	MESSAGE_PART = 0xf507,       /* list (32 bits), index, count (16 bits each) */
};

/* Of the list of subscribers with this id: part index of count, in this message. In a request count 0 says that
 * the list is as it was; in a response it names the last list that the gateway has whole, and index and count
 * say nothing. */
struct message_part {
	uint32_t list; /* 0: none */
	uint16_t index, count;
};

struct message_subscriber {
	struct pn_str identity; /* 1 to MESSAGE_IDENTITY octets */
	struct pn_addr terminal;
};

struct message_error {
	int code; /* 300 to 699; 0: none */
	struct pn_str reason;
};

/* What was not in the message is empty, family 0, or (with has_) false. */
struct message {
	struct stun stun;
	struct pn_str username, realm, nonce;
	bool offers_sha256;  /* PASSWORD-ALGORITHMS has SHA-256 alone, as we offer it */
	bool chooses_sha256; /* PASSWORD-ALGORITHM is SHA-256 */
	bool has_lifetime;
	uint32_t lifetime_s;
	uint64_t order; /* 0: none */
	struct message_part part;
	struct message_subscriber subscriber; /* the last one; message_subscriber() walks all */
	struct pn_addr mapped, inner, final, peer_inner;
	struct pn_str agent, protocol;
	struct message_error error;
	uint16_t unknown[MESSAGE_UNKNOWN]; /* attributes that it would have needed us to know */
	size_t n_unknown;
};

/* 0; -EBADMSG: no STUN, or of a method that is not in this protocol, or one of our own without FINGERPRINT;
 * -EPROTO: an attribute has no valid form, or one that the method cannot do without is missing (out has what could
 * be read: the answer to a request is 400); -ENOTSUP: attributes that must be understood and are not (out has all
 * the rest; the answer is 420). */
int message_parse(const void *data, size_t len, struct message *out);
/* Is it a plain STUN Binding request? */
bool message_is_plain(const struct message *m);
/* The subscribers one after another: *at begins as m->stun.attrs. False at the end. */
bool message_subscriber(const struct message *m, struct cur *at, struct message_subscriber *out);

/* Requests and indications of ours are written from the same struct: method, class and tid of stun, the names and
 * values above, subscribers, then credentials when there is a key, then FINGERPRINT. All that is empty is left
 * out. The length; -ENOBUFS past cap. */
int message_write(const struct message *m, const struct message_subscriber *list, size_t n, const uint8_t *key,
		  void *buf, size_t cap);

/* Answers to req. The length; -ENOBUFS. */
int message_write_plain(const struct message *req, const struct pn_addr *mapped, void *buf, size_t cap);
/* A success: from *values mapped, lifetime_s (always written), nonce with realm, part and peer_inner. */
int message_write_success(const struct message *req, const struct message *values, const uint8_t key[STUN_KEY],
			  void *buf, size_t cap);
/* code 400, 401, 420, 438, 486, 500; 401 and 438 with REALM, NONCE and PASSWORD-ALGORITHMS (SHA-256); 420 with
 * the unknown ones. Signed where key is not NULL. To plain STUN it is at most MESSAGE_PLAIN octets. */
int message_write_error(const struct message *req, int code, struct pn_str realm, struct pn_str nonce,
			const uint8_t *key, void *buf, size_t cap);

#endif
