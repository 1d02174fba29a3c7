/* The trunks of agents: a registration at the start of a connection, and which trunk leads to whom. */
#include "pinhole_state.h"

#include "metrics.h"

#include <errno.h>

/* An agent that has nothing yet is remembered from its first good request on: until its connection closes. */
static int64_t agent_for(struct network *n, const struct message *m)
{
	struct agent *a = pinhole_find_agent(n, m->agent);

	if (!a)
		a = pinhole_make_agent(n, m->agent);
	return a ? (int64_t)a->pub.id : -errno;
}

int64_t pinhole_trunk_request(struct pinholes *p, struct pn_realm *r, const struct pn_addr *local,
			      const struct pn_addr *remote, const uint8_t *data, size_t len, struct buf *out)
{
	uint8_t answer[MESSAGE_MAX];
	struct message m, values = { .mapped = *remote, .has_lifetime = true };
	struct judged j;
	int64_t id;
	int n, err = message_parse(data, len, &m);

	(void)local;
	if (err == -EBADMSG || m.stun.method != MESSAGE_REGISTER || m.stun.cls != STUN_REQUEST) {
		metric_add(M_PINHOLE_BAD, 1);
		return -EBADMSG;
	}
	j = pinhole_judge(p, r, remote, &m, err);
	if (!j.code && !str_eq(m.protocol, str_of(MESSAGE_TRUNK)))
		j.code = 400;
	id = j.code ? -EACCES : agent_for(j.network, &m);
	if (id < 0 && !j.code)
		j.code = id == -ENOSPC ? 486 : 500;
	values.lifetime_s = id > 0 ? j.network->lifetime_s : 0;
	if (id > 0)
		n = pinhole_answer(pinhole_agent_of(p, (uint32_t)id), &m, &values, answer, sizeof(answer));
	else
		n = pinhole_answer_error(p, remote, &m, &j, answer, sizeof(answer));
	if (n < 0 || buf_add(out, answer, (size_t)n))
		return -ENOMEM;
	/* The challenge belongs to the exchange, and so does a nonce that grew old. */
	if ((j.code == 401 && !m.stun.integrity) || j.code == 438)
		return 0;
	return id;
}

int pinhole_set_trunk(struct pinholes *p, uint32_t agent, void *trunk, const struct pn_addr *remote)
{
	struct agent *a = pinhole_agent_of(p, agent);
	int err = 0;

	if (!a)
		return -ESTALE;
	if (trunk)
		err = pinhole_put_place(&a->trunk_at, a, NULL, remote);
	else
		pinhole_drop_place(&a->trunk_at);
	if (!err)
		a->trunk = trunk;
	pinhole_agent_check(a);
	return err;
}

void pinhole_no_trunk(struct pinholes *p, uint32_t agent)
{
	struct agent *a = pinhole_agent_of(p, agent);

	if (a)
		pinhole_agent_check(a);
}

void *pinhole_trunk(struct pinholes *p, const struct pn_realm *r, const struct pn_addr *via, struct pn_addr *to)
{
	const struct place *at = pinhole_place(p, r, via);
	const struct hole *other;

	if (!at)
		return NULL;
	if (at->agent->trunk || !at->hole || !addr_eq(to, &at->hole->inner))
		return at->agent->trunk;
	other = subscribers_elsewhere(at->hole);
	if (!other || !other->agent->trunk)
		return NULL;
	metric_add(M_PINHOLES_FAILOVER, 1);
	*to = other->inner;
	return other->agent->trunk;
}
