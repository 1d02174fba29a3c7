#include "h323_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PORTS 10 /* of media, each line */

static int add_line(struct terminal *first, const char *name, unsigned number)
{
	struct terminal *line = calloc(1, sizeof(*line));
	struct terminal **at = &first->next;

	if (!line)
		return -ENOMEM;
	while (*at)
		at = &(*at)->next;
	*at = line;
	line->host = first;
	line->o = first->o;
	line->o.call = name;
	line->o.gatekeeper.sin_port = 0;
	if (first->o.gatekeeper.sin_port) {
		line->o.to = first->o.gatekeeper;
		line->o.to.sin_port = htons(1720);
	}
	line->media = first->media;
	line->ras.fd = -1;
	line->call.link = first->call.link;
	line->call.local = first->call.local;
	link_init(&line->control.link);
	return media_open(&line->media, line->o.address, line->o.claim, line->o.media_port + PORTS * number);
}

int lines_begin(struct terminal *t)
{
	char *names = t->o.call ? strdup(t->o.call) : NULL, *name = names;
	int err = 0;

	if (!names)
		return 0;
	t->o.call = strsep(&name, ",");
	for (unsigned number = 1; !err && name; number++)
		err = add_line(t, strsep(&name, ","), number);
	return err;
}

static const struct terminal *first_of(const struct terminal *t)
{
	return t->host ? t->host : t;
}

struct terminal *lines_of(struct terminal *first, uint16_t reference)
{
	for (struct terminal *line = first; line; line = line->next)
		if (line->call.state != CALL_NONE && line->call.reference == reference)
			return line;
	return first;
}

bool lines_calling(const struct terminal *t)
{
	for (const struct terminal *line = first_of(t); line; line = line->next)
		if (line->call.state != CALL_NONE)
			return true;
	return false;
}

bool lines_done(const struct terminal *first)
{
	for (const struct terminal *line = first->next; line; line = line->next)
		if (!line->done)
			return false;
	return true;
}
