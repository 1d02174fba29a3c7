/* A small core for tests and fuzzers of modules: one thread, a clock that is moved by hand, two
 * realms (access 198.51.100.5, core 192.0.2.5, both also with IPv6), and everything that is sent is
 * kept. It is honest where modules depend on it and simple elsewhere: the real core is in the
 * scenarios. */
#ifndef TESTS_UNIT_MODULE_FAKE_H
#define TESTS_UNIT_MODULE_FAKE_H

#include "postern/module.h"

#define FAKE_SENT 256u
#define FAKE_BINDINGS 64u
#define FAKE_CONNECTIONS 64u

struct fake_sent {
	uint64_t flow;
	struct pn_addr to;
	char *data;
	size_t len;
};

/* The last edit list that was applied, to compare what is outside of it. */
struct fake_edit {
	size_t at, len;
	char *text;
	size_t text_len;
};

struct fake {
	struct fake_sent sent[FAKE_SENT];
	size_t n_sent, taken;
	struct fake_edit *edits;
	size_t n_edits;
	uint64_t now_ms;
	int late;         /* media is pending until fake_media_done() */
	int refuse_media; /* -errno for every declaration */
	int send_err;     /* what flow_send returns */
	int admit;        /* what admit_session returns */
	unsigned sessions_begun, sessions_ended, rollbacks, held, holds;
	unsigned ports_taken, ports_given_back;
	int last_cause, last_status;
	unsigned last_flags; /* of the last declaration */
	unsigned counts[64];
	char *error; /* the first conf_error */
};

extern struct fake fake;

/* What fake_start does not reset. */
struct fake_world {
	uint16_t access_port, core_port; /* of the listeners */
	int alias_addresses; /* of the core realm: 192.0.2.64 and up, so many */
};

extern struct fake_world fake_world;

/* The module, configured; NULL when the configuration was refused. */
void *fake_start(const struct pn_module *m, const struct pn_conf *conf);
void fake_stop(void);
const struct pn_services *fake_services(void);
/* "203.0.113.7", 40001, "access" sends this. */
void fake_receive(const char *realm, const char *ip, uint16_t port, const void *data, size_t len);
/* The same, to the alias of this binding. */
void fake_receive_alias(size_t binding, const char *ip, uint16_t port, const void *data,
			size_t len);
/* The next message that was sent, or NULL. */
const struct fake_sent *fake_take(void);
void fake_advance(uint64_t ms);
void fake_media_done(void);
void fake_timeout(enum pn_timeout what); /* for every session */
/* TCP. A host connects; the flow, or 0. */
uint64_t fake_connect(const char *realm, const char *ip, uint16_t port);
/* The first that the module opened or expects and that does not stand yet; 0: none. Then it does. */
uint64_t fake_awaited(void);
void fake_connected(uint64_t flow);
void fake_hangup(uint64_t flow, int err); /* the module did not close it */
/* One PDU. Nothing happens on a flow that is closed. */
void fake_receive_by(uint64_t flow, const void *data, size_t len);
uint64_t fake_connection(size_t i); /* the flow of the i-th place; 0: none that is open */
size_t fake_bindings(void); /* how many there are */
/* The i-th place for one, be it taken or not; fake_binding_used tells. */
struct pn_binding *fake_binding(size_t i);
const struct pn_binding_info *fake_binding_info(size_t i);
int fake_binding_used(size_t i);
void fake_binding_gone(size_t i); /* it expires */
/* It is due a keepalive, which is not sent: its length, or -errno. */
long fake_keepalive(size_t i, void *out, size_t cap);

#endif
