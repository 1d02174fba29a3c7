/* A declaration that waits for media addresses: one per session at a time. */
#ifndef CORE_MEDIA_WAIT_H
#define CORE_MEDIA_WAIT_H

#include "media.h"

struct media_wait;

/* What media_declare() was given. */
struct declaration {
	struct pn_branch *branch;
	enum pn_side side;
	unsigned flags;
	const struct pn_media *list;
	size_t n;
	const struct pn_msg *msg;
	void *arg;
};

/* Ask the provider for streams of the lines in `ask` (ascending), and wait for pinholes that are missing. Calls media_conclude() with the result,
 * before it returns or later. */
void media_wait_start(struct pn_session *s, const struct declaration *d, const uint16_t *ask, size_t n);
void media_wait_timeout(struct pn_session *s);
void media_wait_drop(struct pn_session *s); /* no conclusion; what was granted goes back */
void media_wait_branch_ended(struct pn_session *s, const struct pn_branch *b); /* concludes -ESTALE */
/* A pinhole that it waited for is there: concludes, if nothing else is missing. */
void media_wait_joined(struct pn_session *s);
const struct declaration *media_wait_declaration(const struct pn_session *s); /* s waits */
bool media_wait_same(const struct pn_session *s, const struct pn_msg *m); /* is it the waiting message? */

/* media.c: the addresses are there (0) or not (-errno): store, lay down, call the module. */
void media_conclude(struct pn_session *s, const struct declaration *d, int err);
/* The family of a side's local address when the other or this side declares `family`; 0: none. */
int media_family(const struct pn_realm *r, int family);

#endif
