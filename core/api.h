/* The services of the ABI: thin glue from struct pn_services to the core. The table itself,
 * api_services, is declared in module.h; it is the same for all modules. */
#ifndef CORE_API_H
#define CORE_API_H

#include "core.h"

/* flow_send() of the ABI names no module, so the glue must know whose flows are meant: those of the core
 * that was named last. */
void api_use(struct core *c);
void api_forget(struct core *c); /* if it is the one in use */

#endif
