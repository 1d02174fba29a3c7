#define LOG_SUBSYSTEM LOG_SESSION
#include "deadline.h"
#include "log.h"
#include "media_wait.h"
#include "metrics.h"
#include "session_state.h"
#include "media_stream.h"

static void arm(struct pn_session *s)
{
	uint64_t now = loop_now(s->t->conf.loop), first = UINT64_MAX;

	for (int i = 0; i < DEADLINES; i++)
		if (s->due.at_ms[i] && s->due.at_ms[i] < first)
			first = s->due.at_ms[i];
	if (first == UINT64_MAX)
		timer_stop(s->t->conf.loop, &s->due.timer);
	else if (!s->due.timer.slot || s->due.timer.at_ms > first)
		timer_start(s->t->conf.loop, &s->due.timer, first > now ? first - now : 0);
}

static void on_signalling(struct pn_session *s)
{
	deadline_tell(s, PN_TIMEOUT_SIGNALLING);
}

static void on_answer(struct pn_session *s)
{
	deadline_tell(s, PN_TIMEOUT_ANSWER);
}

static void on_longest(struct pn_session *s)
{
	deadline_tell(s, PN_TIMEOUT_ADMIN);
}

static void on_media(struct pn_session *s)
{
	uint64_t now = loop_now(s->t->conf.loop), idle = s->t->media.idle_ms, last;

	if (!idle)
		return;
	if (streams_quiet(s))
		s->active_ms = now;
	last = streams_last_packet(s);
	if (last < s->active_ms)
		last = s->active_ms;
	if (now >= last + idle)
		deadline_tell(s, PN_TIMEOUT_MEDIA);
	else
		deadline_set(s, DUE_MEDIA, last + idle - now);
}

static void on_force(struct pn_session *s)
{
	static const enum pn_cause cause[] = {
		[PN_TIMEOUT_SIGNALLING] = PN_END_TIMEOUT_SIGNALLING,
		[PN_TIMEOUT_ANSWER] = PN_END_NO_ANSWER,
		[PN_TIMEOUT_MEDIA] = PN_END_TIMEOUT_MEDIA,
		[PN_TIMEOUT_ADMIN] = PN_END_ADMIN,
	};

	log_warn("session %s: ended by force: the module did not", s->rec.id);
	session_end(s, cause[s->told], 0);
}

static void (*const act[DEADLINES])(struct pn_session *s) = {
	[DUE_SIGNALLING] = on_signalling, [DUE_ANSWER] = on_answer, [DUE_MEDIA] = on_media,
	[DUE_LONGEST] = on_longest, [DUE_FORCE] = on_force, [DUE_REQUEST] = media_wait_timeout,
	[DUE_FINAL] = session_finish,
};

static void on_timer(struct timer *timer)
{
	struct pn_session *s = timer->arg;
	uint64_t now = loop_now(s->t->conf.loop);

	for (int i = 0; i < DEADLINES; i++) {
		if (!s->due.at_ms[i] || s->due.at_ms[i] > now)
			continue;
		s->due.at_ms[i] = 0;
		act[i](s);
	}
	arm(s);
}

void deadline_set(struct pn_session *s, enum deadline which, uint64_t after_ms)
{
	s->due.timer.fn = on_timer;
	s->due.timer.arg = s;
	s->due.at_ms[which] = after_ms ? loop_now(s->t->conf.loop) + after_ms : 0;
	arm(s);
}

void deadlines_stop(struct pn_session *s)
{
	for (int i = 0; i < DEADLINES; i++)
		s->due.at_ms[i] = 0;
	timer_stop(s->t->conf.loop, &s->due.timer);
}

void deadline_tell(struct pn_session *s, enum pn_timeout what)
{
	static const char *const name[] = {
		[PN_TIMEOUT_SIGNALLING] = "no signalling", [PN_TIMEOUT_ANSWER] = "no answer",
		[PN_TIMEOUT_MEDIA] = "no media", [PN_TIMEOUT_ADMIN] = "operator or longest session",
	};
	uint64_t request = s->due.at_ms[DUE_REQUEST];

	if (s->told || s->ended)
		return;
	s->told = what;
	deadlines_stop(s);
	s->due.at_ms[DUE_REQUEST] = request;
	deadline_set(s, DUE_FORCE, SESSION_FORCE_MS);
	if (what != PN_TIMEOUT_ADMIN)
		metric_add(M_SESSION_TIMEOUT, 1);
	log_info("session %s: must end: %s", s->rec.id, name[what]);
	s->t->conf.events->timeout(s->owner, s, what);
}
