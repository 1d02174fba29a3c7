/* REGISTER between a terminal and its registrar: bindings, aliases, lifetimes (RFC 3261 10). */
#ifndef SIP_REGISTER_H
#define SIP_REGISTER_H

#include "rewrite.h"
#include "server.h"

/* One Contact of a REGISTER. Spans lie in the server's request. */
struct sip_reg_contact {
	struct pn_str value, uri, params;
	bool brackets;
	struct pn_str instance; /* owned: tells devices apart */
	struct pn_str alias;    /* owned */
	int64_t asked;          /* seconds; -1: nothing */
	bool put;               /* a binding waits for the answer */
};

struct sip_reg {
	struct pn_str aor; /* owned */
	struct pn_realm *alias_realm;
	bool star; /* Contact: * */
	size_t n;
	struct sip_reg_contact contact[SIP_CONTACTS_MAX];
};

/* Reads the Contacts of a REGISTER into s->reg. 0 or the status that refuses it. */
int reg_read(struct sip_server *s);
/* A number of seconds; one that is too large is taken as the largest (RFC 3261 20.19), -1: none. */
int64_t reg_seconds(struct pn_str s);
/* Seconds that a Contact with these parameters has in this message: -1 where neither it nor Expires
 * says. RFC 3261 10.2.1.1. */
int64_t reg_expires(struct pn_str params, const struct sip_msg *m);
/* Answers a refresh if nothing about it needs the registrar: true when it did. */
bool reg_refresh(struct sip_server *s);
/* Bindings for what is to be registered; alias_realm is where it goes. 0 or a status. */
int reg_put(struct sip_server *s, struct pn_realm *alias_realm);
void reg_rewrite_request(struct rewrite *rw, struct sip_server *s);
void reg_rewrite_response(struct rewrite *rw, struct sip_server *s);
/* The registrar's 2xx makes it so; anything else takes it back. */
void reg_accept(struct sip_server *s, const struct sip_msg *m);
void reg_refuse(struct sip_server *s);
/* The binding of the i-th Contact, if it still exists. */
struct pn_binding *reg_binding(struct sip_server *s, size_t i);
/* The first (after NULL) or next binding of the address-of-record in the terminal's realm. */
struct pn_binding *reg_next(struct sip_server *s, struct pn_binding *after);
void reg_remove_all(struct sip_server *s);
/* Stores what the accepted REGISTER said with the binding of its i-th Contact, right before it is
 * accepted. params: those that the registrar gave the Contact; m: its answer, whose other header
 * fields a refresh repeats; may be NULL. 0 or a status. */
int reg_keep(struct sip_server *s, size_t i, struct pn_str params, const struct sip_msg *m);
/* Seconds that this Contact is granted of `offered`. */
int64_t reg_grant(struct sip_server *s, size_t i, int64_t offered);
/* The Contact value as the terminal shall see it, without expires. */
void reg_answer(struct text *t, const struct sip_reg_contact *c, struct pn_str params);
void reg_free(struct sip_reg *r);

#endif
