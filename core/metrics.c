#include "metrics.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MODULE_MAX 512u

enum kind { counter, gauge };

static const struct {
	const char *name, *help;
	enum kind kind;
} table[METRIC_COUNT] = {
#define METRIC_ROW(sym, name, kind, help) [sym] = { name, help, kind },
	METRICS(METRIC_ROW)
};

static int64_t value[METRIC_COUNT];

/* Copies, because the module's own table goes away when it is unloaded. */
static struct {
	char *module, *name, *help;
	int64_t value;
} extra[MODULE_MAX];
static unsigned n_extra;

void metric_add(enum metric m, int64_t delta)
{
	value[m] += delta;
}

void metric_set(enum metric m, int64_t v)
{
	value[m] = v;
}

int64_t metric_get(enum metric m)
{
	return value[m];
}

static void forget_from(unsigned first)
{
	while (n_extra > first) {
		n_extra--;
		free(extra[n_extra].module);
		free(extra[n_extra].name);
		free(extra[n_extra].help);
		memset(&extra[n_extra], 0, sizeof(extra[n_extra]));
	}
}

/* A module that is loaded again goes on counting where it stopped. */
static int known_base(const char *module, const struct pn_counter *list, unsigned n)
{
	for (unsigned base = 0; n && base + n <= n_extra; base++) {
		unsigned i = 0;

		while (i < n && !strcmp(extra[base + i].module, module) &&
		       !strcmp(extra[base + i].name, list[i].name))
			i++;
		if (i == n)
			return (int)base;
	}
	return -ENOENT;
}

int metric_module_add(const char *module, const struct pn_counter *list, unsigned n)
{
	int base = known_base(module, list, n);

	if (base >= 0)
		return base;
	if (n > MODULE_MAX - n_extra)
		return -ENOSPC;
	base = (int)n_extra;
	for (unsigned i = 0; i < n; i++, n_extra++) {
		extra[n_extra].module = strdup(module);
		extra[n_extra].name = strdup(list[i].name);
		extra[n_extra].help = strdup(list[i].help ? list[i].help : "");
		if (!extra[n_extra].module || !extra[n_extra].name || !extra[n_extra].help) {
			n_extra++;
			forget_from((unsigned)base);
			return -ENOMEM;
		}
	}
	return base;
}

void metric_module_count(unsigned index)
{
	if (index < n_extra)
		extra[index].value++;
}

int64_t metric_by_name(const char *name)
{
	for (unsigned i = 0; i < METRIC_COUNT; i++)
		if (!strcmp(table[i].name, name))
			return value[i];
	for (unsigned i = 0; i < n_extra; i++)
		if (!strcmp(extra[i].name, name))
			return extra[i].value;
	return -ENOENT;
}

int metrics_json(struct buf *out)
{
	size_t before = out->len;
	int err = json_open(out, NULL, '{');

	for (unsigned i = 0; !err && i < METRIC_COUNT; i++)
		err = json_num(out, table[i].name, value[i]);
	for (unsigned i = 0; !err && i < n_extra; i++)
		err = json_num(out, extra[i].name, extra[i].value);
	if (!err)
		err = json_close(out, '}');
	if (err)
		out->len = before;
	return err;
}

int metrics_doc(struct buf *out)
{
	size_t before = out->len;
	int err = buf_addf(out, "| metric | kind | meaning |\n|---|---|---|\n");

	for (unsigned i = 0; !err && i < METRIC_COUNT; i++)
		err = buf_addf(out, "| `postern_%s%s` | %s | %s |\n", table[i].name,
			       table[i].kind == counter ? "_total" : "",
			       table[i].kind == counter ? "counter" : "gauge", table[i].help);
	for (unsigned i = 0; !err && i < n_extra; i++)
		err = buf_addf(out, "| `postern_%s_total` | counter | %s |\n", extra[i].name,
			       extra[i].help);
	if (err)
		out->len = before;
	return err;
}

void metrics_reset(void)
{
	memset(value, 0, sizeof(value));
	forget_from(0);
}
