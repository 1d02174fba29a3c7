#include "types.h"

#include <stdbool.h>
#include <string.h>

#include <asn_application.h>

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

void *talloc_asn1_ctx;

#define TYPE(name) extern asn_TYPE_descriptor_t asn_DEF_##name;
#include "types.inc"
#undef TYPE

#define TYPE(name) &asn_DEF_##name,
static asn_TYPE_descriptor_t *const types[] = {
#include "types.inc"
};
#undef TYPE

static bool has_name(const asn_TYPE_descriptor_t *td)
{
	for (size_t i = 0; i < ROWS(types); i++)
		if (types[i] == td)
			return true;
	return false;
}

/* Any operation of a derived type first copies what it lacks from the type beneath it; freeing nothing is
 * the cheapest. Types without a name of their own are reached through the component that has them, and only
 * types with a name can contain themselves. */
static void complete(asn_TYPE_descriptor_t *td)
{
	td->free_struct(td, NULL, 0);
	for (int i = 0; i < td->elements_count; i++)
		if (!has_name(td->elements[i].type))
			complete(td->elements[i].type);
}

__attribute__((constructor)) static void complete_all(void)
{
	for (size_t i = 0; i < ROWS(types); i++)
		complete(types[i]);
}

const struct asn_TYPE_descriptor_s *types_find(const char *name)
{
	for (size_t i = 0; i < ROWS(types); i++)
		if (strcmp(types[i]->name, name) == 0)
			return types[i];
	return NULL;
}

const struct asn_TYPE_descriptor_s *types_at(size_t i)
{
	return i < ROWS(types) ? types[i] : NULL;
}

size_t types_count(void)
{
	return ROWS(types);
}
