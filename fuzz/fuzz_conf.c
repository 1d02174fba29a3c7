/* Configurations: a result or errors, never both; each error with file and line, one line each; what is
 * good has every realm and listener that it speaks of. */
#include "conf.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char schema[] =
	"<grammar xmlns='http://relaxng.org/ns/structure/1.0' ns='urn:postern:config:1'>"
	"<start><element name='module'><interleave><zeroOrMore><element name='route'>"
	"<attribute name='from'/><optional><attribute name='to'/></optional></element></zeroOrMore>"
	"<optional><element name='keepalive'><attribute name='every'><choice><value>1s</value>"
	"<value>2s</value></choice></attribute></element></optional></interleave></element></start></grammar>";

static void check_errors(const struct pn_conf_errors *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (strncmp(e->line[i], "x.xml:", 6) || strchr(e->line[i], '\n') ||
		    !strstr(e->line[i], ": expected "))
			abort();
}

static void check_conf(const struct conf *c, struct pn_conf_errors *e)
{
	for (size_t i = 0; i < c->n_realms; i++)
		if (!c->realms[i].name || !(c->realms[i].addr4.family || c->realms[i].addr6.family) ||
		    c->realms[i].media_first < 1024 || c->realms[i].media_first > c->realms[i].media_last)
			abort();
	for (size_t i = 0; i < c->n_modules; i++) {
		const struct conf_module *m = &c->modules[i];

		for (size_t k = 0; k < m->n_listens; k++)
			if (m->listens[k].realm >= c->n_realms || !m->listens[k].port)
				abort();
		if (!m->name || !m->tree || !conf_check_module(m, schema, e) != !e->n)
			abort();
		check_errors(e);
		conf_errors_free(e);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pn_conf_errors e = { .n = 0 };
	struct conf *c = conf_parse((const char *)data, size, "x.xml", &e);

	if (!c != (e.n > 0))
		abort();
	check_errors(&e);
	conf_errors_free(&e);
	if (c)
		check_conf(c, &e);
	conf_free(c);
	return 0;
}
