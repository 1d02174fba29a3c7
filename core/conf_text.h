/* Values of the configuration as text: numbers, durations (conf.h), ranges, code points. */
#ifndef CORE_CONF_TEXT_H
#define CORE_CONF_TEXT_H

#include "conf.h"

/* Decimal, blanks around it and a plus allowed as in XML Schema; -EINVAL, -ERANGE above max. */
int conf_number(const char *text, uint64_t max, uint64_t *out);
/* "20000-29999"; -EINVAL also where first > last or a port is 0 or above 65535 */
int conf_ports(const char *text, uint16_t *first, uint16_t *last);
int conf_dscp(const char *text); /* "ef" "af41" "cs3" "46": 0..63; -EINVAL */
bool conf_is(const char *text, const char *word); /* equal but for blanks around text */

#endif
