/* Configurations as the tests of conf*.c write them: the body of <postern>, errors as one text. */
#ifndef TESTS_CONF_TEXTS_H
#define TESTS_CONF_TEXTS_H

#include "conf.h"
#include <stdio.h>
#include <string.h>

#define OPEN "<postern xmlns=\"urn:postern:config:1\">\n"
#define CLOSE "</postern>\n"
#define REALMS "<realm name=\"a\" side=\"access\" address=\"198.51.100.5\"/>\n" \
	       "<realm name=\"c\" side=\"core\" address=\"192.0.2.5\"/>\n"
#define SIP(body) OPEN REALMS "<module name=\"sip\">" body "</module>\n" CLOSE

/* All lines without the name of the file: "3: what: expected\n". */
static inline const char *errors_text(const struct pn_conf_errors *e)
{
	static char text[16384];
	size_t len = 0;

	text[0] = 0;
	for (size_t i = 0; i < e->n && len < sizeof(text); i++) {
		const char *line = e->line[i] + (strncmp(e->line[i], "x.xml:", 6) ? 0 : 6);

		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s\n", line);
	}
	return text;
}

static inline struct conf *parse(const char *text, struct pn_conf_errors *e)
{
	memset(e, 0, sizeof(*e));
	return conf_parse(text, strlen(text), "x.xml", e);
}

#endif
