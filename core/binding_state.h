/* The inside of the registration table, for binding*.c. */
#ifndef CORE_BINDING_STATE_H
#define CORE_BINDING_STATE_H

#include "addr.h"
#include "alias.h"
#include "binding.h"
#include "hash.h"
#include "wheel.h"
#include <stdbool.h>

#define BINDING_TICK_MS 100u
#define BINDING_GRACE_MS 30000u     /* a terminal may refresh so much too late */
#define BINDING_TOKEN_LEN 20u       /* of 36 characters each: 103 bits */
#define BINDING_NAME_MAX 1024u      /* identity, instance, alias */
#define BINDING_DATA_MAX 4096u
#define BINDING_DEVICES_MAX 64u     /* of one identity */
#define BINDING_PROBES 3u           /* one lost datagram shall not give a pinhole away */
#define BINDING_LIVES_PER_TICK 5000u /* so that a mass expiry does not stop the loop */

/* Entries with equal keys: the first is in the hash, the others hang behind it. So a pinhole with
 * thousands of terminals costs no more than one with a single one. */
struct binding_group {
	struct hash_node node;
	struct binding_group *prev, *next; /* prev NULL: it is the first */
};

struct binding_owner {
	struct bindings *table;
	struct module *module;
	struct binding_owner *next;
	uint64_t every_ms; /* keepalive; 0: none */
	bool closed;       /* its module unloads */
};

/* A put that is not in force: unaccepted, or accepted and waiting for the old pinhole's silence. */
struct binding_change {
	struct pn_addr claimed, pinhole;
	struct pn_addr back; /* pinhole and flow before it moved at once */
	uint64_t flow, back_flow;
	struct pn_realm *alias_realm;
	uint64_t until_ms;      /* staged: taken back then; moving: done then */
	uint64_t next_probe_ms; /* moving */
	unsigned probes;
	bool moved; /* staged: pinhole and flow are in force already */
	uint16_t data_len;
	uint8_t data[];
};

struct pn_binding {
	struct binding_group by_identity, by_pinhole;
	struct hash_node by_alias;
	struct wheel_node life, keep;
	struct pn_binding *prev, *next; /* of all; of the dead */
	struct binding_owner *owner;
	struct pn_realm *realm, *alias_realm;
	uint64_t flow, expires_at_ms, upstream_at_ms;
	struct binding_change *staged, *moving;
	uint8_t *text; /* data, identity, instance, alias: one allocation */
	struct alias *alias; /* ADDRESS, PORT */
	struct pn_addr claimed, pinhole;
	uint32_t sessions;
	uint16_t identity_len, instance_len, alias_len, data_len;
	uint8_t state; /* enum pn_binding_state */
	bool removed : 1;
	bool named : 1; /* its alias is a name, which two may want */
	bool unanswered : 1; /* the last keepalive, so far */
};

/* A walk over all; what is removed under it is stepped over. */
struct binding_walk {
	struct pn_binding *next;
	struct binding_walk *outer;
};

struct bindings {
	struct loop *loop;
	struct binding_events ev;
	void *arg;
	struct aliases *aliases; /* NULL: none of them has an address */
	struct hash identity, pinhole, alias;
	struct pn_binding *all, *dead;
	struct binding_owner *owners;
	struct binding_walk *walk;
	struct wheel life, keep;
	struct timer timer;
	size_t count;
	uint32_t max, probe_ms, budget;
	uint64_t credit;         /* keepalives that may be sent now, in thousandths */
	uint64_t credit_from_ms;
	bool derives; /* tokens, under token_key */
	uint8_t token_key[32];
	const char *(*module_name)(const struct module *m);
};

static inline uint64_t binding_tick(uint64_t ms)
{
	return (ms + BINDING_TICK_MS - 1) / BINDING_TICK_MS;
}

static inline struct pn_str binding_identity(const struct pn_binding *b)
{
	return (struct pn_str){ (const char *)b->text + b->data_len, b->identity_len };
}

static inline struct pn_str binding_instance(const struct pn_binding *b)
{
	return (struct pn_str){ (const char *)b->text + b->data_len + b->identity_len,
				b->instance_len };
}

/* Its text is there always, and is of use in alias_realm only. */
static inline struct pn_str binding_alias_text(const struct pn_binding *b)
{
	struct pn_str s = binding_instance(b);

	return (struct pn_str){ s.p + s.len, b->alias_len };
}

static inline struct pn_str binding_alias(const struct pn_binding *b)
{
	return b->alias_realm ? binding_alias_text(b) : (struct pn_str){ NULL, 0 };
}

/* binding_index.c: the three keys. -ENOMEM from the first entry of a table only. */
int binding_index_add(struct bindings *t, struct pn_binding *b);
void binding_index_del(struct bindings *t, struct pn_binding *b);
void binding_index_pinhole(struct bindings *t, struct pn_binding *b, const struct pn_addr *pinhole);
void binding_index_alias(struct bindings *t, struct pn_binding *b, struct pn_realm *alias_realm);
struct pn_binding *binding_by_identity(const struct bindings *t, const struct binding_owner *o,
				       const struct pn_realm *r, struct pn_str identity);
struct pn_binding *binding_by_pinhole(const struct bindings *t, const struct binding_owner *o,
				      const struct pn_realm *r, const struct pn_addr *pinhole);
struct pn_binding *binding_by_alias(const struct bindings *t, const struct binding_owner *o,
				    const struct pn_realm *r, struct pn_str alias);
struct pn_binding *binding_next_alias(const struct pn_binding *b);
struct pn_binding *binding_next_identity(const struct pn_binding *b);
struct pn_binding *binding_next_pinhole(const struct pn_binding *b);

/* binding_move.c: puts on an active binding, rule 11. */
int binding_stage(struct pn_binding *b, const struct pn_binding_args *a);
void binding_take_back(struct pn_binding *b);    /* the staged put, if any */
void binding_commit(struct pn_binding *b);       /* the staged put was accepted */
void binding_move_tick(struct pn_binding *b, uint64_t now_ms);
void binding_move_refuse(struct pn_binding *b);  /* the old pinhole lives */
uint64_t binding_move_due(const struct pn_binding *b); /* UINT64_MAX: nothing */

/* binding_keepalive.c */
enum binding_pace { BINDING_FIRST, BINDING_AGAIN, BINDING_ANY };
void binding_keep_start(struct pn_binding *b, enum binding_pace pace);
int binding_keep_send(struct pn_binding *b);
void binding_keep_pump(struct bindings *t);

/* binding_alias.c */
struct binding_alias {
	struct pn_str text; /* in room, or the module's name */
	struct alias *alias;
	char room[ADDR_TEXT];
};

int binding_alias_check(const struct pn_binding_args *a); /* -EINVAL */
int binding_alias_make(struct binding_owner *o, const struct pn_binding_args *a, struct binding_alias *out);
/* -EEXIST: another binding has the name. */
int binding_alias_free(const struct binding_owner *o, const struct pn_realm *r, struct pn_str name);
/* May the alias be shown in r from now on? -EINVAL: it is an address of another realm; -EEXIST. */
int binding_alias_follows(const struct pn_binding *b, const struct pn_realm *r);
void binding_alias_back(struct pn_binding *b); /* the address is another's to have */

/* binding.c */
void binding_life_start(struct pn_binding *b);
int binding_set_text(struct pn_binding *b, const void *data, size_t len);
struct binding_owner *binding_owner_get(struct bindings *t, struct module *m); /* NULL: no memory */
struct binding_owner *binding_owner_find(const struct bindings *t, const struct module *m); /* NULL: none */

#endif
