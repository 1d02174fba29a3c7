#include "ctl_show.h"
#include "metrics.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RESERVE 65536u /* more than any text in a row: kept free, so that no row is cut */

/* ---- bindings ---- */

struct rows {
	struct core *core;
	struct buf *out;
	size_t more;
};

static void add_lifetime(struct buf *out, const char *key, uint64_t at_ms, uint64_t now_ms)
{
	if (at_ms)
		json_num(out, key, at_ms > now_ms ? (int64_t)(at_ms - now_ms) : 0);
	else
		json_raw(out, key, "null");
}

static void add_binding(struct rows *r, struct pn_binding *b, struct buf *out)
{
	const struct pn_binding_info *i = binding_info(b);
	uint64_t now_ms = loop_now(r->core->loop);

	json_open(out, NULL, '{');
	json_str(out, "identity", i->identity);
	json_str(out, "instance", i->instance);
	json_text(out, "module", module_name(binding_owner(b)));
	json_text(out, "realm", i->realm ? i->realm->info.name : NULL);
	json_text(out, "state", i->state == PN_ACTIVE ? "active" : "pending");
	json_addr(out, "claimed", &i->claimed);
	json_addr(out, "pinhole", &i->pinhole);
	json_str(out, "alias", i->alias);
	json_text(out, "alias_realm", i->alias_realm ? i->alias_realm->info.name : NULL);
	json_addr(out, "alias_address", &i->alias_addr);
	add_lifetime(out, "expires_ms", i->expires_at_ms, now_ms);
	add_lifetime(out, "upstream_ms", i->upstream_at_ms, now_ms);
	json_num(out, "sessions", binding_sessions(b));
	json_close(out, '}');
}

static int on_binding(struct pn_binding *b, void *arg)
{
	struct rows *r = arg;
	size_t before = r->out->len;

	if (r->more) {
		r->more++;
		return 0;
	}
	add_binding(r, b, r->out);
	if (r->out->len + RESERVE > r->out->max) {
		r->out->len = before;
		r->more = 1;
	}
	return 0;
}

static int show_bindings(struct core *core, struct buf *out)
{
	struct rows r = { core, out, 0 };

	json_open(out, "bindings", '[');
	bindings_each(core->bindings, on_binding, &r);
	json_close(out, ']');
	return json_num(out, "more", (int64_t)r.more);
}

/* ---- realms ---- */

static void add_range(struct buf *out, const char *key, unsigned first, unsigned last)
{
	char text[16];

	snprintf(text, sizeof(text), "%u-%u", first, last);
	json_text(out, key, first ? text : NULL);
}

static void add_ports(struct buf *out, const struct pn_realm *r, uint64_t now_ms)
{
	struct port_pool *pool[] = { r->ports4, r->ports6 };
	size_t total = 0, taken = 0, quarantined = 0;

	for (size_t i = 0; i < 2; i++) {
		if (!pool[i])
			continue;
		total += port_total(pool[i]);
		taken += port_taken(pool[i]);
		quarantined += port_quarantined(pool[i], now_ms);
	}
	json_num(out, "ports", (int64_t)total);
	json_num(out, "ports_taken", (int64_t)taken);
	json_num(out, "ports_quarantined", (int64_t)quarantined);
}

static void add_realm(struct core *core, const struct pn_realm *r, struct buf *out)
{
	static const char *const latch[] = { [LATCH_PEER] = "peer", [LATCH_DECLARED] = "declared",
					     [LATCH_ANY] = "any", [LATCH_OFF] = "off" };

	json_open(out, NULL, '{');
	json_text(out, "name", r->info.name);
	json_text(out, "side", r->info.side == PN_ACCESS ? "access" : "core");
	json_addr(out, "address", &r->info.addr4);
	json_addr(out, "address6", &r->info.addr6);
	add_range(out, "media", r->media_first, r->media_last);
	add_ports(out, r, loop_now(core->loop));
	json_text(out, "latch", latch[r->latch]);
	json_text(out, "device", r->device);
	json_bool(out, "removed", r->gone);
	json_close(out, '}');
}

static int show_realms(struct core *core, struct buf *out)
{
	json_open(out, "realms", '[');
	for (unsigned i = 0; realms_at(core->realms, i); i++)
		add_realm(core, realms_at(core->realms, i), out);
	return json_close(out, ']');
}

/* ---- the rest is written by its owners ---- */

static int show_modules(struct core *core, struct buf *out)
{
	json_open(out, "modules", '[');
	for (size_t i = 0; i < core->n_modules; i++) {
		int err = module_json(core->modules[i], out);

		if (err)
			return err;
	}
	return json_close(out, ']');
}

static int sessions_text(struct core *core, struct buf *out)
{
	return sessions_json(core->sessions, out);
}

static int streams_text(struct core *core, struct buf *out)
{
	return streams_json(core->sessions, out);
}

static int counters_text(struct core *core, struct buf *out)
{
	(void)core;
	return metrics_json(out);
}

static int show_text(struct core *core, const char *key, int (*text)(struct core *, struct buf *),
		     struct buf *out)
{
	struct buf value;
	int err;

	buf_init(&value, out->max);
	err = text(core, &value);
	if (!err)
		err = json_raw(out, key, buf_text(&value));
	buf_free(&value);
	return err;
}

static int show_sessions(struct core *core, struct buf *out)
{
	return show_text(core, "sessions", sessions_text, out);
}

static int show_streams(struct core *core, struct buf *out)
{
	return show_text(core, "streams", streams_text, out);
}

static int show_counters(struct core *core, struct buf *out)
{
	return show_text(core, "counters", counters_text, out);
}

static int pinholes_text(struct core *core, struct buf *out)
{
	return pinholes_json(core->pinholes, out);
}

static int holes_text(struct core *core, struct buf *out)
{
	return media_pinholes_json(core->holes, out);
}

static int uplinks_text(struct core *core, struct buf *out)
{
	return uplinks_json(core->uplinks, out);
}

static int trunks_text(struct core *core, struct buf *out)
{
	return trunks_json(core->trunks, out);
}

static int show_pinholes(struct core *core, struct buf *out)
{
	bool agent = core->conf && core->conf->role == ROLE_AGENT;
	int err = agent ? show_text(core, "uplinks", uplinks_text, out)
			: show_text(core, "signalling", pinholes_text, out);

	if (!err && !agent && core->holes)
		err = show_text(core, "media", holes_text, out);
	return err ? err : show_text(core, "trunks", trunks_text, out);
}

static const struct {
	const char *name;
	int (*show)(struct core *core, struct buf *out);
} views[] = {
	{ "sessions", show_sessions }, { "streams", show_streams }, { "bindings", show_bindings },
	{ "pinholes", show_pinholes }, { "modules", show_modules }, { "realms", show_realms },
	{ "counters", show_counters },
};

int ctl_show(struct core *core, const char *what, struct buf *out)
{
	for (size_t i = 0; i < sizeof(views) / sizeof(*views); i++)
		if (!strcmp(what, views[i].name))
			return views[i].show(core, out);
	return -EINVAL;
}

const char *ctl_show_names(void)
{
	return "sessions, streams, bindings, pinholes, modules, realms or counters";
}
