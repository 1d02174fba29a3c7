#include "conf_read.h"

#include <string.h>

const char *conf_attr(const struct pn_conf *at, const char *name)
{
	for (const struct pn_conf_attr *a = at->attrs; a; a = a->next)
		if (!strcmp(a->name, name))
			return a->value;
	return NULL;
}

size_t conf_count(const struct pn_conf *at, const char *name)
{
	size_t n = 0;

	for (const struct pn_conf *c = at->children; c; c = c->next)
		n += !strcmp(c->name, name);
	return n;
}

struct pn_realm *conf_realm(struct conf_read *r, const struct pn_conf *at, const char *name)
{
	const char *value = conf_attr(at, name);
	struct pn_realm *realm = value ? r->svc->realm_find(r->host, value) : NULL;

	if (!realm)
		CONF_WRONG(r, at, "%s %s=\"%s\": expected the name of a <realm>", at->name, name,
			   value ? value : "");
	return realm;
}

struct pn_realm *conf_realm_on(struct conf_read *r, const struct pn_conf *at, const char *name,
			       enum pn_realm_side side)
{
	struct pn_realm *realm = conf_realm(r, at, name);

	if (realm && r->svc->realm_info(realm)->side != side)
		CONF_WRONG(r, at, "%s %s=\"%s\": expected a realm with side=\"%s\"", at->name, name,
			   conf_attr(at, name), side == PN_ACCESS ? "access" : "core");
	return realm;
}

void conf_duration(struct conf_read *r, const struct pn_conf *at, const char *name, uint64_t *out)
{
	const char *value = conf_attr(at, name);
	int64_t ms = value ? r->svc->conf_duration(value) : 0;

	if (!value)
		return;
	if (ms < 0)
		CONF_WRONG(r, at, "%s %s=\"%s\": expected a duration such as 500ms, 20s, 2m or 1h",
			   at->name, name, value);
	else
		*out = (uint64_t)ms;
}

void conf_number(struct conf_read *r, const struct pn_conf *at, const char *name, uint32_t *out)
{
	const char *value = conf_attr(at, name);
	uint32_t n;

	if (!value)
		return;
	if (str_u32(str_of(value), &n) || n == 0)
		CONF_WRONG(r, at, "%s %s=\"%s\": expected a number from 1 to 4294967295", at->name,
			   name, value);
	else
		*out = n;
}

void conf_once(struct conf_read *r, const struct pn_conf *at, const char *name)
{
	const char *value = conf_attr(at, name);

	for (const struct pn_conf *o = r->module->children; value && o && o != at; o = o->next) {
		const char *other = strcmp(o->name, at->name) ? NULL : conf_attr(o, name);

		if (!other || strcmp(other, value))
			continue;
		CONF_WRONG(r, at, "%s %s=\"%s\": expected one %s from each realm", at->name, name, value,
			   at->name);
		return;
	}
}

void conf_keepalive(struct conf_read *r, const struct pn_conf *at, uint64_t *every_ms, uint32_t *lost_after)
{
	const char *method = conf_attr(at, "method");

	conf_duration(r, at, "every", every_ms);
	conf_number(r, at, "lost-after", lost_after);
	if (method && !strcmp(method, "none"))
		*every_ms = 0;
}
