/* What the parts of the fake core share. Each fills its services into the table. */
#ifndef TESTS_UNIT_MODULE_FAKE_PARTS_H
#define TESTS_UNIT_MODULE_FAKE_PARTS_H

#include "module_fake.h"

struct pn_realm {
	struct pn_realm_info info;
};

extern const struct pn_module *fake_module;
extern void *fake_self;

#define FAKE_ALIAS_FLOW 16u /* the flow of binding i's alias is this and i */

struct pn_addr fake_address(const char *text, uint16_t port);

void fake_session_services(struct pn_services *s);
void fake_binding_services(struct pn_services *s);
void fake_text_services(struct pn_services *s);
void fake_time_services(struct pn_services *s);
void fake_sweep(int all); /* frees sessions that ended, or all */
void fake_bindings_reset(void);
void fake_edits_reset(void);
void fake_deferred(void); /* what was put off until the end of the turn */

#endif
