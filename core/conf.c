#include "conf.h"
#include "buf.h"
#include "conf_check.h"
#include "conf_network.h"
#include "conf_read.h"
#include "conf_schema.h"
#include "conf_tree.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- errors ---- */

void conf_error(struct pn_conf_errors *e, const char *file, int line_no, const char *fmt, ...)
{
	char what[1024], *line;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	if (e->n == CONF_ERRORS_MAX || asprintf(&line, "%s:%d: %s", file, line_no, what) < 0)
		e->more++;
	else
		e->line[e->n++] = line;
}

void conf_errors_free(struct pn_conf_errors *e)
{
	for (size_t i = 0; i < e->n; i++)
		free(e->line[i]);
	e->n = e->more = 0;
}

/* ---- freeing ---- */

static void realm_free(struct conf_realm *r)
{
	free(r->name);
	free(r->device);
	prefixes_free(&r->alias_addresses);
	prefixes_free(&r->reach);
	prefixes_free(&r->allow);
	prefixes_free(&r->deny);
	prefixes_free(&r->siblings);
}

static void module_free(struct conf_module *m)
{
	free(m->name);
	free(m->file);
	free(m->listens);
	conf_tree_free(m->tree);
}

void conf_free(struct conf *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_realms; i++)
		realm_free(&c->realms[i]);
	for (size_t i = 0; i < c->n_modules; i++)
		module_free(&c->modules[i]);
	for (size_t i = 0; i < c->n_networks; i++)
		conf_network_free(&c->networks[i]);
	conf_gateway_free(c->gateway);
	free(c->realms);
	free(c->networks);
	free(c->modules);
	free(c->log_to);
	free(c->log_level);
	free(c->control);
	free(c->cdr);
	free(c->path);
	free(c);
}

/* ---- parsing ---- */

static struct conf *read_document(xmlDoc *doc, const char *path, struct pn_conf_errors *e)
{
	struct conf *c = calloc(1, sizeof(*c));
	struct conf_reader r = { .conf = c, .file = path, .e = e };

	if (c)
		c->path = strdup(path);
	if (!c || !c->path) {
		conf_free(c);
		conf_error(e, path, 0, "cannot be read: expected enough memory");
		return NULL;
	}
	conf_read(&r, xmlDocGetRootElement(doc));
	if (r.no_memory)
		conf_error(e, path, 0, "cannot be read: expected enough memory");
	else
		conf_check(c, e);
	return c;
}

/* What one pass tells, in the order of the file. */
static void sort_errors(struct pn_conf_errors *e, size_t from, const char *path)
{
	size_t skip = strlen(path) + 1;

	for (size_t i = from + 1; i < e->n; i++) {
		char *line = e->line[i];
		long at = strtol(line + skip, NULL, 10);
		size_t k = i;

		for (; k > from && strtol(e->line[k - 1] + skip, NULL, 10) > at; k--)
			e->line[k] = e->line[k - 1];
		e->line[k] = line;
	}
}

struct conf *conf_parse(const char *text, size_t len, const char *path, struct pn_conf_errors *e)
{
	size_t before = e->n, more = e->more;
	struct conf *c = NULL;
	xmlDoc *doc;

	if (len > CONF_BYTES_MAX) {
		conf_error(e, path, 0, "larger than %u octets: expected a configuration", CONF_BYTES_MAX);
		return NULL;
	}
	doc = conf_xml_read(text, len, path, e);
	if (!doc)
		return NULL;
	conf_schema_check_core(doc, path, e);
	c = read_document(doc, path, e);
	xmlFreeDoc(doc);
	if (e->n == before && e->more == more)
		return c;
	sort_errors(e, before, path);
	conf_free(c);
	return NULL;
}

/* ---- the file ---- */

static int read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char part[16384];
	ssize_t n = 0;
	int err = fd < 0 ? -errno : 0;

	while (!err && (n = read(fd, part, sizeof(part))) > 0)
		err = buf_add(out, part, (size_t)n);
	if (!err && n < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

struct conf *conf_load(const char *path, struct pn_conf_errors *e)
{
	struct conf *c = NULL;
	struct buf text;
	int err;

	buf_init(&text, CONF_BYTES_MAX);
	err = read_file(path, &text);
	if (err == -ENOBUFS)
		conf_error(e, path, 0, "larger than %u octets: expected a configuration", CONF_BYTES_MAX);
	else if (err)
		conf_error(e, path, 0, "cannot be read: %s: expected a configuration", strerror(-err));
	else
		c = conf_parse(buf_text(&text), text.len, path, e);
	buf_free(&text);
	return c;
}

/* ---- modules ---- */

int conf_check_module(const struct conf_module *m, const char *schema, struct pn_conf_errors *e)
{
	xmlDoc *doc = conf_tree_doc(m->tree);
	char whose[64];
	int err;

	if (!doc) {
		conf_error(e, m->tree->file, m->line, "module \"%s\": expected enough memory", m->name);
		return -ENOMEM;
	}
	snprintf(whose, sizeof(whose), "module \"%s\"", m->name);
	err = conf_schema_check(schema, whose, doc, m->tree->file, e);
	xmlFreeDoc(doc);
	return err;
}
