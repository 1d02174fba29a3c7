#include "relay_twin.h"
#include "relay_socket.h"
#include <errno.h>
#include <limits.h>
#include <sys/resource.h>

#define SHED_STREAMS 2u /* their twins make room for a stream of four sockets */
#define SHED_LOOK 256u  /* slots looked at each time */

/* A new descriptor has the lowest number that was free. Twins are for where the numbers are below this one:
 * whatever else the program needs finds the last quarter while they go. */
static int descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 0;
	return limit.rlim_cur < INT_MAX ? (int)(limit.rlim_cur / 4 * 3) : INT_MAX;
}

static struct pn_addr far_end(const struct relay_stream *s, unsigned side)
{
	const struct relay_leg *l = s->leg[side ? s->current : 0];

	if (!l || !l->live || l->want[RELAY_RTP].hop.stream)
		return (struct pn_addr){ 0 };
	return l->remote[RELAY_RTP];
}

static int open_twin(const struct relay *r, const struct engine_port *p)
{
	const struct relay_marks *m = &r->marks[p->realm];
	struct socket_marking marking = { m->device, m->set ? m->dscp : -1, m->fwmark };

	return relay_socket_twin(p->fd, &p->local, &marking, descriptors());
}

static void set_twin(struct relay *r, struct relay_stream *s, unsigned side, const struct pn_addr *to)
{
	struct relay_command c = { .kind = COMMAND_TWIN };

	c.twin.port = &s->hot.port[side][RELAY_RTP];
	c.twin.fd = -1;
	c.twin.to = *to;
	if (!s->twin_to[side].family) {
		c.twin.fd = open_twin(r, c.twin.port);
		if (c.twin.fd < 0)
			return;
		r->n_twins++;
	} else if (!to->family) {
		r->n_twins--;
	}
	s->twin_to[side] = *to;
	relay_do(r, s->thread, &c);
}

void relay_twin_update(struct relay *r, struct relay_stream *s, unsigned side)
{
	struct pn_addr to = far_end(s, side);

	if (r->conf.threads && !s->closing && !addr_eq(&to, &s->twin_to[side]))
		set_twin(r, s, side, &to);
}

void relay_twin_forget(struct relay *r, const struct relay_stream *s)
{
	for (unsigned side = 0; side < 2; side++)
		r->n_twins -= s->twin_to[side].family ? 1 : 0;
}

static bool shed(struct relay *r, struct relay_stream *s)
{
	static const struct pn_addr nowhere = { 0 };

	bool had = false;

	if (!s || s->closing)
		return false;
	for (unsigned side = 0; side < 2; side++) {
		if (!s->twin_to[side].family)
			continue;
		set_twin(r, s, side, &nowhere);
		had = true;
	}
	return had;
}

void relay_twin_make_room(struct relay *r, int fd)
{
	unsigned n = 0;

	if (!r->n_twins || (fd != -EMFILE && fd < descriptors()))
		return;
	for (unsigned i = 0; i < SHED_LOOK && n < SHED_STREAMS; i++) {
		r->shed_next = r->shed_next + 1 < r->n_used ? r->shed_next + 1 : 0;
		n += shed(r, r->slot[r->shed_next]);
	}
}
