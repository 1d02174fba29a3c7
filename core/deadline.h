/* When a session must act by itself: one timer for all of its deadlines. */
#ifndef CORE_DEADLINE_H
#define CORE_DEADLINE_H

#include "loop.h"
#include "postern/module.h"

enum deadline {
	DUE_SIGNALLING, DUE_ANSWER, DUE_MEDIA, DUE_LONGEST,
	DUE_FORCE,   /* the module was told and did not end it */
	DUE_REQUEST, /* media addresses */
	DUE_FINAL,   /* the relay's final reports */
	DEADLINES
};

struct deadlines {
	uint64_t at_ms[DEADLINES]; /* 0: none */
	struct timer timer;
};

void deadline_set(struct pn_session *s, enum deadline which, uint64_t after_ms); /* 0: none */
void deadlines_stop(struct pn_session *s);
/* Tell the module once what ran out; all deadlines but force rest from then on. */
void deadline_tell(struct pn_session *s, enum pn_timeout what);

#endif
