#include "msg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ber_msg.h"
#include "text_msg.h"

int msg_bad(struct msg *m, const char *why)
{
	m->why = why;
	return -EBADMSG;
}

/* Room for one more in a list that doubles; counts are powers of two when it is full. */
static void *grow(struct msg *m, void *list, uint32_t *n, uint32_t max, size_t size)
{
	void *p = list;

	if (*n >= max) {
		m->why = "too many parts";
		return NULL;
	}
	if (!(*n & (*n - 1)))
		p = realloc(list, (*n ? 2 * (size_t)*n : 1) * size);
	if (!p) {
		m->why = "no memory";
		return NULL;
	}
	memset((char *)p + *n * size, 0, size);
	++*n;
	return p;
}

struct msg_transaction *msg_add_tx(struct msg *m)
{
	void *p = grow(m, m->tx, &m->n_tx, MSG_TRANSACTIONS_MAX, sizeof(*m->tx));

	if (!p)
		return NULL;
	m->tx = p;
	m->tx[m->n_tx - 1].action = m->n_actions;
	m->tx[m->n_tx - 1].item = m->n_items;
	m->tx[m->n_tx - 1].id_item = MSG_NONE;
	return &m->tx[m->n_tx - 1];
}

struct msg_action *msg_add_action(struct msg *m)
{
	void *p = grow(m, m->action, &m->n_actions, MSG_ACTIONS_MAX, sizeof(*m->action));

	if (!p)
		return NULL;
	m->action = p;
	m->action[m->n_actions - 1].transaction = m->n_tx - 1;
	m->action[m->n_actions - 1].command = m->n_commands;
	m->tx[m->n_tx - 1].n_actions++;
	return &m->action[m->n_actions - 1];
}

struct msg_command *msg_add_command(struct msg *m)
{
	void *p = grow(m, m->command, &m->n_commands, MSG_COMMANDS_MAX, sizeof(*m->command));

	if (!p)
		return NULL;
	m->command = p;
	m->command[m->n_commands - 1].action = m->n_actions - 1;
	m->command[m->n_commands - 1].item = m->n_items;
	m->action[m->n_actions - 1].n_commands++;
	return &m->command[m->n_commands - 1];
}

struct msg_item *msg_add_item(struct msg *m, enum msg_item_kind kind)
{
	void *p = grow(m, m->item, &m->n_items, MSG_ITEMS_MAX, sizeof(*m->item));

	if (!p)
		return NULL;
	m->item = p;
	m->item[m->n_items - 1].kind = kind;
	m->item[m->n_items - 1].command = MSG_NONE;
	return &m->item[m->n_items - 1];
}

void msg_set_term(struct msg_command *c, struct pn_str term)
{
	c->term = term;
	c->root = str_iis(term, "ROOT");
	c->all = str_is(term, "*");
	c->choose = term.len && memchr(term.p, '$', term.len);
	c->wild = term.len && memchr(term.p, '*', term.len);
}

int msg_parse(const void *data, size_t len, struct msg **out)
{
	struct msg *m = calloc(1, sizeof(*m));
	const uint8_t *p = data;
	int err;

	if (!m)
		return -ENOMEM;
	m->data = len <= TEXT_MAX ? malloc(len + 1) : NULL;
	if (!m->data) {
		msg_free(m);
		return -ENOMEM;
	}
	memcpy(m->data, data, len);
	m->data[len] = '\0';
	m->len = (uint32_t)len;
	*out = m;
	m->coding = len && p[0] == BER_SEQUENCE ? MSG_BINARY : MSG_PRETTY;
	err = m->coding == MSG_BINARY ? ber_msg_read(m) : text_msg_read(m);
	if (m->n_items && (!m->version || m->version > MSG_VERSION_MAX))
		return -EPROTONOSUPPORT; /* whatever else may be wrong with it */
	return err;
}

static void drop_put(struct msg_item *i)
{
	str_drop(&i->put_sdp);
	free(i->put_run);
}

void msg_free(struct msg *m)
{
	if (!m)
		return;
	for (uint32_t i = 0; i < m->n_items; i++)
		drop_put(&m->item[i]);
	free(m->tx);
	free(m->action);
	free(m->command);
	free(m->item);
	free(m->extra);
	free(m->data);
	free(m);
}

long msg_write(const struct msg *m, void *out, size_t cap)
{
	return m->coding == MSG_BINARY ? ber_msg_write(m, out, cap) : text_msg_write(m, out, cap);
}

bool msg_item_changed(const struct msg_item *i)
{
	if (!i->put)
		return false;
	switch (i->kind) {
	case MSG_ID:
		return i->put_id != i->id;
	case MSG_ID_RANGE:
		return i->n_runs != 1 || i->put_run->first != i->id || i->put_run->last != i->last;
	case MSG_LOCAL:
	case MSG_REMOTE:
		return !str_eq(i->put_sdp, i->sdp);
	default:
		return !mid_same(&i->put_mid, &i->mid);
	}
}

bool msg_changed(const struct msg *m)
{
	for (uint32_t i = 0; i < m->n_items; i++)
		if (msg_item_changed(&m->item[i]))
			return true;
	for (uint32_t i = 0; i < m->n_tx; i++)
		if (m->tx[i].drop)
			return true;
	return false;
}

void msg_put_mid(struct msg_item *i, const struct mid *mid)
{
	i->put_mid = *mid;
	i->put = true;
}

void msg_put_id(struct msg_item *i, uint32_t id)
{
	i->put_id = id;
	i->put = true;
}

void msg_put_runs(struct msg_item *i, struct msg_run *own, uint32_t n)
{
	free(i->put_run);
	i->put_run = own;
	i->n_runs = n;
	i->put = true;
}

void msg_put_sdp(struct msg_item *i, struct pn_str own)
{
	str_drop(&i->put_sdp);
	i->put_sdp = own;
	i->put = true;
}

const struct msg_action *msg_action_of(const struct msg *m, const struct msg_command *c)
{
	return &m->action[c->action];
}

struct msg_transaction *msg_tx_of(const struct msg *m, const struct msg_command *c)
{
	return &m->tx[m->action[c->action].transaction];
}
