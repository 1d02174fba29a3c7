/* Streams at shared ports (relay.h): which sides have their media there, and which pinhole each of their components
 * is. What a side declares names a pinhole, or the inner address of one (media_pinhole.h); either comes first, the
 * declaration or the pinhole. A declaration whose RTP has no pinhole waits for it; RTCP may come later. */
#ifndef CORE_MEDIA_JOIN_H
#define CORE_MEDIA_JOIN_H

#include "media_wait.h"
#include "session_state.h"

/* Somebody waits for the pinhole that `addr` means. */
struct join_want {
	struct hash_node node;
	struct join_want *next; /* of its lease or wait */
	struct pn_addr addr;
	struct pn_session *s;   /* whose declaration waits; NULL: */
	struct lease *lease;    /* whose component does */
	uint8_t side, branch, component;
};

/* Must a side's media be at the realm's shared port? Agents' always, a terminal's as its realm is configured or when
 * what it says of itself (NULL: nothing yet) names its pinhole. */
bool join_is_shared(const struct pn_session *s, enum pn_side side, const struct pn_media *said);
/* The lines of a declaration whose RTP needs a pinhole that is not there. */
size_t join_missing(const struct pn_session *s, const struct declaration *d, uint16_t *line);
/* They are waited for: media_wait_joined() tells. -ENOMEM: none are. */
int join_wait(struct pn_session *s, const struct declaration *d, struct join_want **list);
void join_wants_free(struct sessions *t, struct join_want **list);

/* The pinhole of what a component of this end declared, and it is the stream's from now on; family 0: there is none,
 * and it is waited for. */
struct pn_addr join_component(struct stream *st, enum pn_side side, unsigned branch, unsigned component,
			      const struct pn_addr *declared);
void join_leave_end(struct stream *st, enum pn_side side, unsigned branch); /* its pinholes are nobody's */
void join_leave(struct stream *st);

#endif
