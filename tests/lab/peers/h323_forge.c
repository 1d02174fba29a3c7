#include "h323_forge.h"

#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>

#include "h323_call.h"
#include "h323_log.h"
#include "h323_ras.h"

static void take_name(struct terminal *t)
{
	size_t n = strlen(t->o.forge);

	for (size_t i = 0; i < n && i < sizeof(t->ras.endpoint) / sizeof(t->ras.endpoint[0]); i++, t->ras.endpoint_len++)
		t->ras.endpoint[i] = htons((uint8_t)t->o.forge[i]);
	t->ras.local = t->o.forge_ras;
}

static bool take_call(struct terminal *t)
{
	const char *hex = t->o.forge_call ? strchr(t->o.forge_call, ':') : NULL;
	unsigned reference;

	if (!hex || sscanf(t->o.forge_call, "%u", &reference) != 1 || strlen(++hex) != 2 * BUILD_GUID)
		return false;
	t->call.reference = (uint16_t)reference;
	for (size_t i = 0; i < BUILD_GUID; i++)
		sscanf(hex + 2 * i, "%2hhx", &t->call.id[i]);
	return true;
}

void forge(struct terminal *t)
{
	struct sockaddr_in to = t->o.gatekeeper;
	bool has_call = take_call(t);

	take_name(t);
	to.sin_port = htons(1720);
	if (has_call)
		call_forge(t, &to);
	ras_forge(t);
	log_event("forged", NULL);
}
