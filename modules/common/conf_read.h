/* Reading a module's part of the configuration: attributes as values, with errors that name the
 * place. */
#ifndef COMMON_CONF_READ_H
#define COMMON_CONF_READ_H

#include "text.h"

/* What reading needs at hand. */
struct conf_read {
	const struct pn_services *svc;
	struct pn_host *host;
	struct pn_conf_errors *errors;
	const struct pn_conf *module; /* the whole element, for conf_once() */
	bool failed;
};

/* Tells what is wrong at `at`, and that reading failed. */
#define CONF_WRONG(r, at, ...) \
	do { \
		(r)->failed = true; \
		(r)->svc->conf_error((r)->errors, at, __VA_ARGS__); \
	} while (0)

const char *conf_attr(const struct pn_conf *at, const char *name); /* NULL: not there */
size_t conf_count(const struct pn_conf *at, const char *name);     /* children with this name */
/* The realm that an attribute names; NULL, and told, when there is none. */
struct pn_realm *conf_realm(struct conf_read *r, const struct pn_conf *at, const char *name);
/* The same for a realm of this side. */
struct pn_realm *conf_realm_on(struct conf_read *r, const struct pn_conf *at, const char *name,
			       enum pn_realm_side side);
/* No element of this name before it in the module has the same realm in that attribute, else it is told. */
void conf_once(struct conf_read *r, const struct pn_conf *at, const char *name);
/* Attributes of <keepalive>: every, 0 with method="none"; lost-after. */
void conf_keepalive(struct conf_read *r, const struct pn_conf *at, uint64_t *every_ms, uint32_t *lost_after);
/* These leave *out alone when the attribute is absent. */
void conf_duration(struct conf_read *r, const struct pn_conf *at, const char *name, uint64_t *out);
void conf_number(struct conf_read *r, const struct pn_conf *at, const char *name, uint32_t *out);

#endif
