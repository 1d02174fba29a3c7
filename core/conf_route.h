/* Routes that the agent gives to modules whose configuration has none (pn_module.default_route). */
#ifndef CORE_CONF_ROUTE_H
#define CORE_CONF_ROUTE_H

#include "conf.h"

/* A module of the agent without a <route> gets those of its template, one for each realm of terminals in which
 * it listens. Nothing happens in the gateway, with a <route>, or without a template. -EINVAL with errors. */
int conf_add_routes(const struct conf *c, struct conf_module *m, const char *template,
		    struct pn_conf_errors *e);

#endif
