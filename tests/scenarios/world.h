/* What one scenario works on: the real core on a fake clock and a fake network, and what was seen. */
#ifndef SCENARIOS_WORLD_H
#define SCENARIOS_WORLD_H

#include "core.h"
#include "fakenet.h"
#include "provider.h"
#include "script.h"
#include "vars.h"

#define HOSTS_MAX 32u
#define WHY_MAX 2048u

struct actor {
	char name[32];
	char realm[32];
	struct pn_addr addr;
};

struct world {
	struct loop *loop;
	struct core *core;
	struct fakenet *net;
	struct test_provider provider;
	struct cdr *cdr;
	struct vars vars;
	struct actor host[HOSTS_MAX];
	size_t n_hosts;
	struct buf cdrs, logs; /* lines not looked at yet; all log lines */
	char why[WHY_MAX];     /* the first thing that went wrong */
};

int world_init(struct world *w); /* 0 or -ENOMEM */
void world_free(struct world *w);
/* 0, or -1 with w->why. */
int world_run(struct world *w, const struct step *s);
/* What must hold at the end: nothing unexpected was sent, ports taken = ports of live streams. */
int world_end(struct world *w);
int fail(struct world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Helpers that verbs share (world.c) */
struct actor *world_host(struct world *w, const char *name);
struct pn_realm *world_realm(struct world *w, const struct actor *h);
/* What came by the host's TCP connection and nobody took; NULL: it has none. */
struct buf *world_stream(struct world *w, const struct actor *h);
/* "alice:4000" or "alice": the host and its address with that port. */
int world_endpoint(struct world *w, const char *text, struct actor **host, struct pn_addr *addr);
/* Message text to octets: CRLF line ends unless `lf`; or hex. Holes are filled in when expand is set. */
int world_body(struct world *w, const struct step *s, bool expand, struct buf *out);
/* Are these the octets of a hex body? It may have holes: `{name:N}` is N octets, kept or compared as hex. */
int world_match_hex(struct world *w, const char *want, const uint8_t *got, size_t len);
bool step_has(const struct step *s, const char *word);

/* Verbs (verbs.c for signalling and the rest, verbs_media.c for media) */
int verb_media_send(struct world *w, const struct step *s);
int verb_media_got(struct world *w, const struct step *s);
extern const struct verb {
	const char *name;
	int (*run)(struct world *w, const struct step *s);
} verbs[];

#endif
