/* What only the whole configuration can tell: names and sockets that are taken twice, ranges that meet. */
#ifndef CORE_CONF_CHECK_H
#define CORE_CONF_CHECK_H

#include "conf.h"

void conf_check(const struct conf *c, struct pn_conf_errors *e);

#endif
