#include "module_fake_parts.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SESSIONS_MAX 64u
#define BRANCHES_MAX 32u
#define MEDIA_MAX 64u

struct pn_branch {
	char key[128];
	size_t len;
};

struct held {
	struct held *next;
	struct pn_msg msg;
	uint8_t data[];
};

struct pn_session {
	struct pn_session *next;
	void *data;
	char *key;
	size_t key_len;
	struct pn_realm *realm[2];
	struct pn_branch branch[BRANCHES_MAX];
	size_t n_branches;
	unsigned slot; /* whose ports it has */
	bool ended, pending;
	struct pn_media shown[2][MEDIA_MAX], said[2][MEDIA_MAX];
	size_t n_shown[2], n_said[2], n_ports[2];
	struct pn_media_reply reply;
	struct held *waiting, *queue;
	struct pn_media pending_list[MEDIA_MAX];
};

static struct pn_session *sessions;

static int f_admit(struct pn_host *h, struct pn_realm *r, const struct pn_addr *src,
		   const struct pn_binding *b)
{
	(void)h;
	(void)r;
	(void)src;
	(void)b;
	return fake.admit;
}

static struct pn_session *f_session_find(struct pn_host *h, struct pn_str key)
{
	(void)h;
	for (struct pn_session *s = sessions; s; s = s->next)
		if (!s->ended && s->key_len == key.len && !memcmp(s->key, key.p, key.len))
			return s;
	return NULL;
}

static unsigned free_slot(void)
{
	bool taken[SESSIONS_MAX] = { false };
	unsigned slot = 0;

	for (struct pn_session *s = sessions; s; s = s->next)
		taken[s->slot] = true;
	while (taken[slot])
		slot++;
	return slot;
}

static struct pn_session *f_session_new(struct pn_host *h, const struct pn_session_args *a)
{
	struct pn_session *s;
	size_t n = 0;

	for (s = sessions; s; s = s->next)
		n++;
	errno = n >= SESSIONS_MAX ? ENOSPC : EEXIST;
	if (n >= SESSIONS_MAX || f_session_find(h, a->key))
		return NULL;
	s = calloc(1, sizeof(*s));
	s->data = a->data;
	s->key = malloc(a->key.len + 1);
	memcpy(s->key, a->key.p, a->key.len);
	s->key_len = a->key.len;
	s->realm[0] = a->ingress;
	s->realm[1] = a->egress;
	s->slot = free_slot();
	s->next = sessions;
	sessions = s;
	fake.sessions_begun++;
	return s;
}

static void *f_session_data(const struct pn_session *s)
{
	return s->data;
}

static const char *f_session_id(const struct pn_session *s)
{
	(void)s;
	return "session";
}

static void f_session_attr(struct pn_session *s, enum pn_attr attr, struct pn_str value)
{
	(void)s;
	(void)attr;
	(void)value;
}

static void f_session_deadline(struct pn_session *s, uint64_t ms)
{
	(void)s;
	(void)ms;
}

static void f_session_peer(struct pn_session *s, enum pn_side side, const struct pn_addr *peer)
{
	(void)s;
	(void)side;
	(void)peer;
}

static void f_session_answered(struct pn_session *s)
{
	(void)s;
}

static void f_session_end(struct pn_session *s, enum pn_cause cause, int status)
{
	s->ended = true;
	fake.sessions_ended++;
	fake.ports_given_back += s->n_ports[0] + s->n_ports[1];
	fake.last_cause = cause;
	fake.last_status = status;
}

static struct pn_branch *f_branch_get(struct pn_session *s, struct pn_str key)
{
	struct pn_branch *b;

	for (size_t i = 0; i < s->n_branches; i++)
		if (s->branch[i].len == key.len && !memcmp(s->branch[i].key, key.p, key.len))
			return &s->branch[i];
	if (s->n_branches == BRANCHES_MAX || key.len > sizeof(b->key))
		return NULL;
	b = &s->branch[s->n_branches++];
	memcpy(b->key, key.p, key.len);
	b->len = key.len;
	return b;
}

static void f_branch_choose(struct pn_session *s, struct pn_branch *b)
{
	(void)s;
	(void)b;
}

/* A pair for each stream of a side, as many as it ever had. */
static void take_ports(struct pn_session *s, enum pn_side side, size_t n)
{
	while (s->n_ports[side] < n) {
		s->n_ports[side]++;
		fake.ports_taken++;
	}
}

static void show(struct pn_session *s, enum pn_side to, const struct pn_media *list, size_t n)
{
	take_ports(s, to, n);
	s->n_shown[to] = n;
	for (size_t i = 0; i < n; i++) {
		struct pn_media *m = &s->shown[to][i];

		*m = list[i];
		if (m->flags & (PN_MEDIA_CLOSED | PN_MEDIA_FOREIGN))
			continue;
		m->rtp = s->realm[to]->info.addr4;
		m->rtp.port = (uint16_t)(20000 + 2 * MEDIA_MAX * s->slot + 2 * i);
		m->rtcp = (struct pn_addr){ 0 };
	}
}

/* The module may declare again while it is told. */
static void conclude(struct pn_session *s)
{
	struct pn_media_reply reply = s->reply;
	struct held *was = s->waiting;
	enum pn_side to = reply.side == PN_SIDE_A ? PN_SIDE_B : PN_SIDE_A;

	s->waiting = NULL;
	s->pending = false;
	reply.err = fake.refuse_media;
	if (!reply.err) {
		memcpy(s->said[reply.side], s->pending_list, reply.n * sizeof(struct pn_media));
		s->n_said[reply.side] = reply.n;
		show(s, to, s->pending_list, reply.n);
	}
	reply.advertise = s->shown[to];
	fake_module->rewrite(fake_self, &reply);
	free(was);
}

static struct held *copy_msg(const struct pn_msg *m)
{
	struct held *h = malloc(sizeof(*h) + m->len);

	h->next = NULL;
	h->msg = *m;
	memcpy(h->data, m->data, m->len);
	h->msg.data = h->data;
	return h;
}

static void f_media_declare(struct pn_session *s, struct pn_branch *b, enum pn_side side,
			    unsigned flags, const struct pn_media *list, size_t n,
			    const struct pn_msg *m, void *arg)
{
	if (s->pending || s->ended || n > MEDIA_MAX)
		abort(); /* modules wait for the answer */
	memcpy(s->pending_list, list, n * sizeof(*list));
	fake.last_flags = flags;
	s->reply = (struct pn_media_reply){ .size = sizeof(s->reply),
					    .session = s,
					    .branch = b,
					    .side = side,
					    .n = n,
					    .msg = m,
					    .arg = arg };
	if (!fake.late) {
		conclude(s);
		return;
	}
	s->pending = true;
	free(s->waiting);
	s->waiting = m ? copy_msg(m) : NULL;
	s->reply.msg = m ? &s->waiting->msg : NULL;
}

static int f_media_declared(struct pn_session *s, struct pn_branch *b, enum pn_side side,
			    struct pn_media *list, size_t cap)
{
	size_t n = s->n_said[side] < cap ? s->n_said[side] : cap;

	(void)b;
	memcpy(list, s->said[side], n * sizeof(*list));
	return (int)n;
}

static int f_media_pending(const struct pn_session *s)
{
	return !s->ended && s->pending;
}

static int f_media_hold(struct pn_session *s, const struct pn_msg *m, struct pn_str key)
{
	struct held **p = &s->queue, *h = copy_msg(m);

	(void)key;
	fake.holds++;
	while (*p)
		p = &(*p)->next;
	*p = h;
	return 0;
}

static void deliver_next(struct pn_session *s)
{
	struct held *h = s->queue;

	s->queue = h->next;
	h->msg.flags |= PN_MSG_HELD;
	fake.held++;
	fake_module->on_message(fake_self, &h->msg);
	free(h);
}

static void deliver(struct pn_session *s)
{
	while (s->queue && !s->pending && !s->ended)
		deliver_next(s);
}

static void f_media_cancel(struct pn_session *s)
{
	s->pending = false;
}

static void f_media_rollback(struct pn_session *s)
{
	(void)s;
	fake.rollbacks++;
}

static int f_media_advertised(struct pn_session *s, enum pn_side side, struct pn_media *list,
			      size_t cap)
{
	size_t n = s->n_shown[side] < cap ? s->n_shown[side] : cap;

	memcpy(list, s->shown[side], n * sizeof(*list));
	return (int)n;
}

void fake_media_done(void)
{
	for (struct pn_session *s = sessions; s; s = s->next) {
		if (s->pending && !s->ended)
			conclude(s);
		deliver(s);
	}
	fake_deferred();
}

void fake_timeout(enum pn_timeout what)
{
	for (struct pn_session *s = sessions; s; s = s->next)
		if (!s->ended)
			fake_module->on_timeout(fake_self, s, what);
	fake_deferred();
}

void fake_sweep(int all)
{
	struct pn_session **p = &sessions;

	while (*p) {
		struct pn_session *s = *p;

		if (!s->ended && !all) {
			p = &s->next;
			continue;
		}
		*p = s->next;
		fake_module->session_free(fake_self, s, s->data);
		while (s->queue && !all)
			deliver_next(s);
		while (s->queue) {
			struct held *h = s->queue;

			s->queue = h->next;
			free(h);
		}
		free(s->waiting);
		free(s->key);
		free(s);
	}
}

void fake_session_services(struct pn_services *s)
{
	s->admit_session = f_admit;
	s->session_new = f_session_new;
	s->session_find = f_session_find;
	s->session_data = f_session_data;
	s->session_id = f_session_id;
	s->session_attr = f_session_attr;
	s->session_deadline = f_session_deadline;
	s->session_peer = f_session_peer;
	s->session_answered = f_session_answered;
	s->session_end = f_session_end;
	s->branch_get = f_branch_get;
	s->branch_choose = f_branch_choose;
	s->media_declare = f_media_declare;
	s->media_pending = f_media_pending;
	s->media_hold = f_media_hold;
	s->media_cancel = f_media_cancel;
	s->media_rollback = f_media_rollback;
	s->media_advertised = f_media_advertised;
	s->media_declared = f_media_declared;
}
