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
struct pn_realm *fake_realm(const char *name);

void fake_tcp_reset(void);
int fake_tcp_begin(struct pn_realm *r, const struct pn_addr *remote, uint64_t *flow, struct pn_addr *local);
int fake_tcp_expect(struct pn_host *h, struct pn_realm *r, int family, const struct pn_addr *from,
		    uint64_t within_ms, uint64_t *flow, struct pn_addr *local);
int fake_tcp_info(uint64_t flow, struct pn_flow_info *out); /* -ENOENT */
void fake_tcp_close(uint64_t flow);

void fake_session_services(struct pn_services *s);
void fake_binding_services(struct pn_services *s);
void fake_text_services(struct pn_services *s);
void fake_time_services(struct pn_services *s);
void fake_sweep(int all); /* frees sessions that ended, or all */
void fake_bindings_reset(void);
void fake_edits_reset(void);
void fake_deferred(void); /* what was put off until the end of the turn */

#endif
