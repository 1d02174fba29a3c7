#define LOG_SUBSYSTEM LOG_SESSION
#include "session.h"
#include "admit.h"
#include "correlation.h"
#include "lease.h"
#include "log.h"
#include "media_rules.h"
#include "media_stream.h"
#include "media_wait.h"
#include "metrics.h"
#include "random.h"
#include "session_cdr.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- look-up ---- */

static uint64_t key_hash(const struct module *owner, struct pn_str key)
{
	return hash_bytes(key.p, key.len, (uint64_t)(uintptr_t)owner);
}

struct pn_session *session_find(struct sessions *t, const struct module *owner, struct pn_str key)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->by_key, key_hash(owner, key), n))) {
		struct pn_session *s = hash_entry(n, struct pn_session, by_key);

		if (s->owner == owner && str_eq((struct pn_str){ s->key, s->key_len }, key))
			return s;
	}
	return NULL;
}

struct pn_session *session_by_id(struct sessions *t, const char *id)
{
	struct hash_node *n = NULL;

	while ((n = hash_find(&t->by_id, hash_bytes(id, strlen(id), 0), n))) {
		struct pn_session *s = hash_entry(n, struct pn_session, by_id);

		if (!strcmp(s->rec.id, id))
			return s;
	}
	return NULL;
}

/* 80 bits. */
void session_make_id(char out[SESSION_ID])
{
	static const char digit[] = "abcdefghijklmnopqrstuvwxyz234567";
	uint8_t octet[16];

	random_bytes(octet, sizeof(octet));
	for (size_t i = 0; i < sizeof(octet); i++)
		out[i] = digit[octet[i] & 31];
	out[sizeof(octet)] = 0;
}

/* ---- start ---- */

static int index_add(struct pn_session *s)
{
	struct sessions *t = s->t;
	struct pn_str key = { s->key, s->key_len };
	int err = hash_put(&t->by_key, &s->by_key, key_hash(s->owner, key));

	if (err)
		return err;
	err = hash_put(&t->by_id, &s->by_id, hash_bytes(s->rec.id, strlen(s->rec.id), 0));
	if (err)
		hash_del(&t->by_key, &s->by_key);
	return err;
}

static void index_del(struct pn_session *s)
{
	hash_del(&s->t->by_key, &s->by_key);
	hash_del(&s->t->by_id, &s->by_id);
}

/* latch.md 10: what it claims is where it really is. */
static bool not_behind_nat(const struct pn_binding *b)
{
	const struct pn_binding_info *info = b ? binding_info(b) : NULL;

	return info && info->claimed.family && addr_eq(&info->claimed, &info->pinhole);
}

static void record_init(struct pn_session *s, const struct pn_session_args *a)
{
	struct session_record *r = &s->rec;
	const char *module = s->t->conf.events->module_name(s->owner);

	*r = (struct session_record){
		.version = SESSION_RECORD_VERSION,
		.realm = { s->realm[0]->index, s->realm[1]->index },
		.peer = { a->peer_a, a->peer_b },
		.direct = { a->direct_a || not_behind_nat(a->binding_a),
			    a->direct_b || not_behind_nat(a->binding_b) },
		.start_wall_ms = loop_wall(s->t->conf.loop),
	};
	memcpy(r->module, module, strnlen(module, sizeof(r->module) - 1));
	session_make_id(r->id);
}

static struct pn_session *session_alloc(struct sessions *t, struct module *owner,
					const struct pn_session_args *a)
{
	struct pn_session *s = calloc(1, sizeof(*s) + a->key.len);

	if (!s)
		return NULL;
	s->t = t;
	s->owner = owner;
	s->data = a->data;
	s->realm[0] = a->ingress;
	s->realm[1] = a->egress ? a->egress : a->ingress;
	s->binding[0] = a->binding_a;
	s->binding[1] = a->binding_b;
	s->start_ms = loop_now(t->conf.loop);
	s->key_len = a->key.len;
	memcpy(s->key, a->key.p, a->key.len);
	record_init(s, a);
	return s;
}

static void list_add(struct pn_session *s)
{
	struct sessions *t = s->t;

	s->next = t->all;
	if (t->all)
		t->all->prev = s;
	t->all = s;
	t->count++;
	metric_add(M_SESSIONS, 1);
	metric_add(M_SESSIONS_TOTAL, 1);
}

static int enter(struct pn_session *s, struct pn_str correlation)
{
	int err = index_add(s);

	if (err)
		return err;
	err = admit_enter(s);
	if (!err) {
		err = correlation_join(s, correlation);
		if (err)
			admit_leave(s);
	}
	if (err)
		index_del(s);
	return err;
}

static int may_start(struct sessions *t, const struct module *owner, const struct pn_session_args *a)
{
	int err;

	if (!a->ingress || !a->key.len || a->key.len > SESSION_KEY_MAX ||
	    a->correlation.len > SESSION_KEY_MAX)
		return -EINVAL;
	if (session_find(t, owner, a->key))
		return -EEXIST;
	err = admit_room(t, a->ingress);
	if (!err && a->egress && a->egress != a->ingress)
		err = admit_room(t, a->egress);
	if (err)
		metric_add(M_SESSIONS_REFUSED, 1);
	return err;
}

struct pn_session *session_new(struct sessions *t, struct module *owner, const struct pn_session_args *a)
{
	struct pn_session *s;
	int err = may_start(t, owner, a);

	if (err) {
		errno = -err;
		return NULL;
	}
	s = session_alloc(t, owner, a);
	if (!s)
		return NULL;
	err = enter(s, a->correlation);
	if (err) {
		free(s);
		errno = -err;
		return NULL;
	}
	list_add(s);
	deadline_set(s, DUE_ANSWER, a->unhurried ? 0 : t->media.answer_ms);
	deadline_set(s, DUE_LONGEST, t->media.session_ms);
	return s;
}

/* ---- facts ---- */

void *session_data(const struct pn_session *s)
{
	return s->data;
}

const char *session_id(const struct pn_session *s)
{
	return s->rec.id;
}

void session_attr(struct pn_session *s, enum pn_attr attr, struct pn_str value)
{
	static const enum session_text which[] = {
		[PN_ATTR_FROM] = TEXT_FROM, [PN_ATTR_TO] = TEXT_TO, [PN_ATTR_CALL_ID] = TEXT_CALL_ID,
	};
	char *text;

	if (attr < PN_ATTR_FROM || attr > PN_ATTR_CALL_ID)
		return;
	if (value.len > SESSION_ATTR_MAX)
		value.len = SESSION_ATTR_MAX;
	text = str_dup(value);
	if (!text)
		return;
	free(s->text[which[attr]]);
	s->text[which[attr]] = text;
}

void session_deadline(struct pn_session *s, uint64_t ms)
{
	if (!s->ended && !s->told)
		deadline_set(s, DUE_SIGNALLING, ms);
}

/* With several branches it cannot be told whose peer it is: their next declarations use it. */
void session_peer(struct pn_session *s, enum pn_side side, const struct pn_addr *peer)
{
	unsigned branch = s->current;

	s->rec.peer[side] = *peer;
	if (s->ended || (side == PN_SIDE_B && s->n_branches > 1 && !s->chosen))
		return;
	for (size_t i = 0; i < s->n_streams; i++) {
		struct end_record *e = stream_end(s->stream[i], side, branch);

		if (!e)
			continue;
		e->peer = *peer;
		stream_lay(s->stream[i], side, branch);
	}
}

void session_answered(struct pn_session *s)
{
	if (s->ended || s->rec.answer_wall_ms)
		return;
	s->answer_ms = s->active_ms = loop_now(s->t->conf.loop);
	s->rec.answer_wall_ms = loop_wall(s->t->conf.loop);
	streams_settle(s);
	if (s->told)
		return;
	deadline_set(s, DUE_ANSWER, 0);
	deadline_set(s, DUE_MEDIA, s->t->media.idle_ms);
}

void session_kick(struct pn_session *s)
{
	deadline_tell(s, PN_TIMEOUT_ADMIN);
}

/* ---- end ---- */

static void write_cdr(struct pn_session *s)
{
	struct buf line;
	int err;

	if (!s->t->conf.cdr)
		return;
	buf_init(&line, SESSION_CDR_MAX);
	err = session_cdr(s, &line);
	if (err) {
		metric_add(M_CDR_FAILED, 1);
		log_error("session %s: no record: %s", s->rec.id, strerror(-err));
	} else {
		cdr_write(s->t->conf.cdr, &line);
	}
	buf_free(&line);
}

void session_finish(struct pn_session *s)
{
	if (s->finished)
		return;
	s->finished = true;
	deadlines_stop(s);
	leases_orphan(s);
	write_cdr(s);
	session_turn(s);
}

static void leases_release(struct pn_session *s)
{
	struct lease *next;

	for (struct lease *l = s->leases; l; l = next) {
		next = l->next;
		lease_close(l);
	}
}

void session_end(struct pn_session *s, enum pn_cause cause, int status)
{
	if (s->ended)
		return;
	s->ended = true;
	s->rec.cause = cause;
	s->rec.status = status;
	s->rec.end_wall_ms = loop_wall(s->t->conf.loop);
	s->end_ms = loop_now(s->t->conf.loop);
	deadlines_stop(s);
	media_wait_drop(s);
	index_del(s);
	admit_leave(s);
	correlation_leave(s);
	s->t->count--;
	metric_add(M_SESSIONS, -1);
	leases_release(s);
	if (s->leases)
		deadline_set(s, DUE_FINAL, SESSION_FINAL_MS);
	else
		session_finish(s);
	session_turn(s);
}

void session_destroy(struct pn_session *s)
{
	struct sessions *t = s->t;

	if (s->prev)
		s->prev->next = s->next;
	else
		t->all = s->next;
	if (s->next)
		s->next->prev = s->prev;
	while (s->branches) {
		struct pn_branch *b = s->branches;

		s->branches = b->next;
		free(b);
	}
	streams_free(s);
	for (size_t i = 0; i < SESSION_TEXTS; i++)
		free(s->text[i]);
	free(s);
}

void session_free_data(struct pn_session *s)
{
	if (s->data_freed)
		return;
	s->data_freed = true;
	s->t->conf.events->free_data(s->owner, s, s->data);
}
