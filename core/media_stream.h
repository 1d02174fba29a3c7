/* Streams of a session: what the ends declared, offers that may be rolled back, and when ports are given
 * back. media.h says how declarations take effect. */
#ifndef CORE_MEDIA_STREAM_H
#define CORE_MEDIA_STREAM_H

#include "session_state.h"

/* Make the objects that storing `n` lines of one end needs; the only step that can fail. -ENOMEM */
int streams_prepare(struct pn_session *s, size_t n, enum pn_side side, unsigned branch);
void streams_free(struct pn_session *s);

struct end_record *stream_end(const struct stream *st, enum pn_side side, unsigned branch);
/* What the end says now, offered or in effect; NULL: nothing. */
const struct pn_media *stream_said(const struct stream *st, enum pn_side side, unsigned branch);
unsigned stream_branch(const struct pn_session *s, const struct pn_branch *b); /* NULL: chosen, or 0 */

/* One end's declaration of n lines takes effect as media.h says. */
void streams_store(struct pn_session *s, enum pn_side side, unsigned branch, unsigned flags,
		   const struct pn_media *list, size_t n);
void streams_settle(struct pn_session *s); /* close what is closed for good */
void streams_branch_ended(struct pn_session *s, unsigned branch);
bool streams_quiet(const struct pn_session *s); /* none need carry media: no ports, on hold, one-way */
uint64_t streams_last_packet(struct pn_session *s); /* 0: none yet */

#endif
