/* Routes that the agent gives to modules whose configuration has none (pn_module.default_route). */
#ifndef CORE_CONF_ROUTE_H
#define CORE_CONF_ROUTE_H

#include "conf.h"

/* A module of the agent without a <route> gets those of its template, one for each realm of terminals in which
 * it listens; not with a <route> of its own, or without a template. Then m->uplink_port is where its element
 * names the gateway (its address with a port; without one the template's port). Nothing happens in the role
 * gateway. -EINVAL with errors. */
int conf_add_routes(const struct conf *c, struct conf_module *m, const char *template,
		    struct pn_conf_errors *e);

#endif
