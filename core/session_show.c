#include "lease.h"
#include "media_rules.h"
#include "media_stream.h"
#include "session_cdr.h"
#include "session_state.h"
#include <errno.h>
#include <stdio.h>

#define ROW_MAX 16384u /* no row is longer */

static const char *text_of(const struct pn_session *s, enum session_text which)
{
	return s->text[which] ? s->text[which] : "";
}

static int session_row(const struct pn_session *s, struct buf *out)
{
	const struct session_record *r = &s->rec;
	int64_t streams = 0;

	for (size_t i = 0; i < s->n_streams; i++)
		streams += s->stream[i]->lease != NULL;
	json_open(out, NULL, '{');
	json_text(out, "session", r->id);
	json_text(out, "correlation", r->correlation);
	json_text(out, "module", r->module);
	json_text(out, "state", s->told ? "ending" : r->answer_wall_ms ? "answered" : "starting");
	json_text(out, "call_id", text_of(s, TEXT_CALL_ID));
	json_text(out, "from", text_of(s, TEXT_FROM));
	json_text(out, "to", text_of(s, TEXT_TO));
	json_text(out, "ingress", s->realm[0]->info.name);
	json_text(out, "egress", s->realm[1]->info.name);
	json_addr(out, "peer_a", &r->peer[0]);
	json_addr(out, "peer_b", &r->peer[1]);
	json_time(out, "start", r->start_wall_ms);
	json_time(out, "answer", r->answer_wall_ms);
	json_num(out, "age_ms", (int64_t)(loop_now(s->t->conf.loop) - s->start_ms));
	json_num(out, "streams", streams);
	json_bool(out, "waiting", media_pending(s));
	return json_close(out, '}');
}

static void side_row(const struct stream *st, enum pn_side side, const struct relay_counts *c,
		     struct buf *out)
{
	const struct pn_media *m = stream_said(st, side, st->s->current);
	char jitter[32];

	snprintf(jitter, sizeof(jitter), "%.1f", c->jitter_ms);
	json_open(out, side == PN_SIDE_A ? "a" : "b", '{');
	json_text(out, "realm", st->s->realm[side]->info.name);
	json_addr(out, "local", &st->lease->grant.local[side]);
	json_addr(out, "declared", m ? &m->rtp : NULL);
	json_addr(out, "remote", &c->remote);
	json_addr(out, "remote_rtcp", &c->remote_rtcp);
	json_bool(out, "latched", c->latched);
	json_num(out, "packets", (int64_t)c->packets);
	json_num(out, "bytes", (int64_t)c->bytes);
	json_num(out, "rtcp_packets", (int64_t)c->rtcp_packets);
	json_num(out, "sent_packets", (int64_t)c->sent_packets);
	json_num(out, "lost", c->lost);
	json_raw(out, "jitter_ms", jitter);
	json_num(out, "foreign", (int64_t)c->foreign);
	json_num(out, "no_destination", (int64_t)c->no_destination);
	json_close(out, '}');
}

static int stream_row(const struct stream *st, struct buf *out)
{
	struct relay_counters c = { 0 };

	relay_counters(st->s->t->conf.relay, st->lease->grant.stream, &c);
	json_open(out, NULL, '{');
	json_text(out, "session", st->s->rec.id);
	json_num(out, "index", st->rec.index);
	json_text(out, "media", media_kind_name(st->rec.kind));
	json_bool(out, "hold", stream_held(st));
	side_row(st, PN_SIDE_A, &c.side[0], out);
	side_row(st, PN_SIDE_B, &c.side[1], out);
	return json_close(out, '}');
}

static int add_session(const struct pn_session *s, struct buf *out)
{
	return out->max - out->len < ROW_MAX ? -ENOBUFS : session_row(s, out);
}

static int add_streams(const struct pn_session *s, struct buf *out)
{
	for (size_t i = 0; i < s->n_streams; i++) {
		int err = 0;

		if (s->stream[i]->lease)
			err = out->max - out->len < ROW_MAX ? -ENOBUFS : stream_row(s->stream[i], out);
		if (err)
			return err;
	}
	return 0;
}

/* Newest first. */
static int rows(struct sessions *t, struct buf *out,
		int (*add)(const struct pn_session *s, struct buf *out))
{
	int err = json_open(out, NULL, '[');

	for (const struct pn_session *s = t->all; s && !err; s = s->next)
		if (!s->ended)
			err = add(s, out);
	return err ? err : json_close(out, ']');
}

int sessions_json(struct sessions *t, struct buf *out)
{
	return rows(t, out, add_session);
}

int streams_json(struct sessions *t, struct buf *out)
{
	return rows(t, out, add_streams);
}
