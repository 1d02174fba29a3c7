/* Registration Requests: credentials, then what they say. */
#define LOG_SUBSYSTEM LOG_BINDING

#include "pinhole_state.h"

#include "log.h"
#include "metrics.h"

#include <errno.h>
#include <string.h>

#define NONCE_LIFE_S 300u       /* of the nonce for a socket's requests */
#define LIFETIME_LEAST_S 10u

/* ---- nonces ---- */

/* A nonce for requests from one address and port. */
static struct pn_str source_bind(const struct pn_addr *from, char room[1 + 2 + 16])
{
	room[0] = (char)from->family;
	room[1] = (char)(from->port >> 8);
	room[2] = (char)from->port;
	memcpy(room + 3, from->ip, 16);
	return (struct pn_str){ room, 19 };
}

static uint64_t now_s(const struct pinholes *p)
{
	return loop_now(p->c.loop) / 1000;
}

static struct pn_str source_nonce(const struct pinholes *p, const struct pn_addr *from, char room[NONCE_LEN])
{
	char bind[19];

	if (nonce_make(p->secret, source_bind(from, bind), 0, now_s(p), room))
		return (struct pn_str){ NULL, 0 };
	return (struct pn_str){ room, NONCE_LEN };
}

static bool source_nonce_ok(const struct pinholes *p, const struct pn_addr *from, struct pn_str nonce)
{
	char bind[19];
	uint32_t tag;

	return !nonce_check(p->secret, nonce, source_bind(from, bind), now_s(p), NONCE_LIFE_S, &tag) && !tag;
}

/* A nonce for CMPHs of one agent, from whatever port. */
static struct pn_str agent_bind(const struct agent *a, char room[2 * PINHOLE_NAME_MAX])
{
	size_t n = strlen(a->network->name) + 1;

	memcpy(room, a->network->name, n);
	memcpy(room + n, a->name, strlen(a->name));
	return (struct pn_str){ room, n + strlen(a->name) };
}

static bool speaks_from(const struct agent *a, const struct pn_addr *from)
{
	if (a->trunk && addr_same_ip(&a->trunk_at.at, from))
		return true;
	for (const struct hole *h = a->holes; h; h = h->next)
		if (!h->dead && h->now.agent && addr_same_ip(&h->now.at, from))
			return true;
	return false;
}

const struct pinhole_agent *pinhole_cmph_nonce(struct pinholes *p, const struct pn_realm *r,
					       struct pn_str network, struct pn_str nonce,
					       const struct pn_addr *from)
{
	const struct hash_node *node;
	const struct agent *a;
	char bind[2 * PINHOLE_NAME_MAX];
	uint32_t tag;

	errno = ESTALE;
	node = nonce_tag(nonce, &tag) ? NULL : hash_find(&p->agents, tag, NULL);
	if (!node)
		return NULL;
	a = hash_entry(node, struct agent, by_id);
	if (a->network->realm != r || !str_eq(str_of(a->network->name), network) ||
	    nonce_check(p->secret, nonce, agent_bind(a, bind), now_s(p), PINHOLE_CMPH_NONCE_S, &tag))
		return NULL;
	errno = EACCES;
	return speaks_from(a, from) ? &a->pub : NULL;
}

int pinhole_key(struct pinholes *p, const struct pn_realm *r, struct pn_str network, uint8_t key[PINHOLE_KEY])
{
	const struct network *n = pinhole_find_network(p, r, network);

	if (!n)
		return -ENOENT;
	memcpy(key, n->key, PINHOLE_KEY);
	return 0;
}

const char *pinhole_realm(const struct pinholes *p, const struct pn_realm *r)
{
	(void)p;
	(void)r;
	return MESSAGE_REALM;
}

/* ---- judgement and answers ---- */

static void complain(struct pinholes *p, const struct pn_addr *from, const struct message *m, int code)
{
	unsigned swallowed;

	if (log_limit_pass(p->complaints, addr_hash(from, 0), loop_now(p->c.loop), &swallowed))
		log_warn("pinhole %s: registration of network \"%.*s\" refused: %s", addr_text(from),
			 (int)m->username.len, m->username.p,
			 code == 401 ? "wrong secret or network" : code == 486 ? "too many" : "malformed");
}

/* What is refused is counted by its reason; a request without credentials is only the first of two. */
static void count_refusal(struct pinholes *p, const struct pn_addr *from, const struct message *m, int code)
{
	if (code == 401 && !m->stun.integrity)
		return;
	metric_add(code == 401 ? M_PINHOLE_DENIED
		 : code == 438 ? M_PINHOLE_STALE
		 : code == 486 ? M_PINHOLE_QUOTA
			       : M_PINHOLE_BAD,
		   1);
	if (code != 438)
		complain(p, from, m, code);
}

struct judged pinhole_judge(struct pinholes *p, struct pn_realm *r, const struct pn_addr *from,
			    const struct message *m, int parsed)
{
	struct judged j = { .code = parsed == -ENOTSUP ? 420 : parsed ? 400 : 0 };

	if (!j.code) {
		j.network = pinhole_find_network(p, r, m->username);
		j.code = credential_judge(m, source_nonce_ok(p, from, m->nonce),
					  j.network ? j.network->key : NULL);
	}
	j.known_source = !j.code;
	if (j.code)
		count_refusal(p, from, m, j.code);
	return j;
}

int pinhole_answer_error(struct pinholes *p, const struct pn_addr *from, const struct message *m,
			 const struct judged *j, void *out, size_t cap)
{
	char room[NONCE_LEN];
	struct pn_str nonce = source_nonce(p, from, room);

	return message_write_error(m, j->code, str_of(MESSAGE_REALM), nonce,
				   j->known_source ? j->network->key : NULL, out, cap);
}

int pinhole_answer(struct agent *a, const struct message *m, struct message *values, void *out, size_t cap)
{
	struct pinholes *p = a->network->table;
	char room[NONCE_LEN], bind[2 * PINHOLE_NAME_MAX];

	values->realm = str_of(MESSAGE_REALM);
	if (!nonce_make(p->secret, agent_bind(a, bind), a->pub.id, now_s(p), room))
		values->nonce = (struct pn_str){ room, NONCE_LEN };
	return message_write_success(m, values, a->network->key, out, cap);
}

/* ---- what they say ---- */

static uint32_t lifetime_for(const struct network *n, const struct message *m)
{
	uint32_t s = m->has_lifetime ? m->lifetime_s : n->lifetime_s;

	if (s > n->lifetime_s)
		s = n->lifetime_s;
	return s < LIFETIME_LEAST_S ? LIFETIME_LEAST_S : s;
}

static int code_of(int err)
{
	return err == -EDQUOT || err == -ENOSPC ? 486 : 500;
}

/* NULL and the code to refuse with. */
static struct hole *hole_for(struct network *n, const struct message *m, int *code)
{
	struct agent *a = pinhole_find_agent(n, m->agent);
	struct hole *h = a ? pinhole_find_hole(a, m->protocol, &m->inner) : NULL;

	if (h)
		return h;
	if (!a)
		a = pinhole_make_agent(n, m->agent);
	h = a ? pinhole_make_hole(a, m->protocol, &m->inner) : NULL;
	if (!h)
		*code = code_of(-errno);
	return h;
}

struct reply {
	uint8_t data[MESSAGE_MAX];
	int len; /* 0: none */
};

static void refuse(struct pinholes *p, const struct pn_msg *msg, const struct message *m, struct judged *j,
		   int code, struct reply *out)
{
	j->code = code;
	count_refusal(p, &msg->remote, m, code);
	out->len = pinhole_answer_error(p, &msg->remote, m, j, out->data, sizeof(out->data));
}

/* It gives its pinhole back. */
static void end_hole(struct hole *h, const struct pn_msg *msg, const struct message *m, struct reply *out)
{
	struct message values = { .mapped = msg->remote, .has_lifetime = true };

	out->len = pinhole_answer(h->agent, m, &values, out->data, sizeof(out->data));
	if (!h->dead)
		pinhole_die(h);
}

static void obey(struct pinholes *p, struct module *owner, const struct pn_msg *msg, const struct message *m,
		 struct judged *j, struct reply *out)
{
	struct message values = { .mapped = msg->remote, .has_lifetime = true };
	struct hole *h;
	int code = 0, err;

	h = hole_for(j->network, m, &code);
	if (!h) {
		refuse(p, msg, m, j, code, out);
		return;
	}
	if (credential_turn(&h->order, m) == ORDER_OLD) {
		metric_add(M_PINHOLE_STALE, 1);
		return;
	}
	if (m->has_lifetime && !m->lifetime_s) {
		end_hole(h, msg, m, out);
		return;
	}
	h->module = owner;
	h->flow = msg->flow;
	h->local = msg->local;
	values.lifetime_s = lifetime_for(j->network, m);
	err = pinhole_seen(h, &msg->remote, values.lifetime_s);
	if (!err)
		err = subscribers_take(h, m);
	if (err) {
		refuse(p, msg, m, j, code_of(err), out);
		return;
	}
	metric_add(M_PINHOLE_REGISTRATIONS, 1);
	values.part = (struct message_part){ h->list, 0, 1 };
	out->len = pinhole_answer(h->agent, m, &values, out->data, sizeof(out->data));
}

static void handle(struct pinholes *p, struct module *owner, const struct pn_msg *msg, const struct message *m,
		   int parsed)
{
	struct reply out = { .len = 0 };
	struct judged j = pinhole_judge(p, msg->realm, &msg->remote, m, parsed);

	/* One for another module's socket says nothing about this one. */
	if (!j.code && !str_eq(m->protocol, str_of(p->c.module_name(owner))))
		refuse(p, msg, m, &j, 400, &out);
	else if (j.code)
		out.len = pinhole_answer_error(p, &msg->remote, m, &j, out.data, sizeof(out.data));
	else
		obey(p, owner, msg, m, &j, &out);
	if (out.len <= 0)
		return;
	p->answering = true;
	flow_send(p->c.transport, msg->flow, &msg->remote, out.data, (size_t)out.len);
	p->answering = false;
}

bool pinholes_on_stun(void *arg, struct module *m, const struct pn_msg *msg)
{
	struct pinholes *p = arg;
	struct message req;
	int err;

	if (!msg->realm->pinhole || !p->networks)
		return false;
	err = message_parse(msg->data, msg->len, &req);
	if (err == -EBADMSG || req.stun.method != MESSAGE_REGISTER || req.stun.cls != STUN_REQUEST)
		return false;
	if (!rate_take(p->rate, &msg->remote, loop_now(p->c.loop)))
		metric_add(M_PINHOLE_RATE, 1);
	else
		handle(p, m, msg, &req, err);
	return true;
}
