#include "session_cdr.h"
#include "session_state.h"
#include <stdio.h>

static const char *const cause_name[] = {
	[PN_END_NORMAL] = "normal",       [PN_END_CANCELLED] = "cancelled",
	[PN_END_REJECTED] = "rejected",   [PN_END_REFUSED] = "refused",
	[PN_END_NO_ANSWER] = "no-answer", [PN_END_TIMEOUT_SIGNALLING] = "signalling-timeout",
	[PN_END_TIMEOUT_MEDIA] = "media-timeout", [PN_END_ADMIN] = "admin", [PN_END_FAILED] = "failed",
};

const char *media_kind_name(enum pn_media_kind kind)
{
	static const char *const name[] = {
		[PN_AUDIO] = "audio", [PN_VIDEO] = "video", [PN_IMAGE] = "image", [PN_TEXT] = "text",
		[PN_APPLICATION] = "application", [PN_MESSAGE] = "message", [PN_OTHER] = "other",
	};

	return kind >= PN_AUDIO && kind <= PN_OTHER ? name[kind] : "other";
}

static const char *cause_text(uint32_t cause)
{
	return cause >= PN_END_NORMAL && cause <= PN_END_FAILED ? cause_name[cause] : "failed";
}

static void add_ms(struct buf *out, const char *key, double ms)
{
	char text[32];

	snprintf(text, sizeof(text), "%.1f", ms);
	json_raw(out, key, text);
}

static void add_direction(struct buf *out, const char *name, const struct relay_counts *c)
{
	json_open(out, name, '{');
	json_num(out, "packets", (int64_t)c->packets);
	json_num(out, "bytes", (int64_t)c->bytes);
	json_num(out, "lost", c->lost);
	add_ms(out, "jitter_ms", c->jitter_ms);
	json_num(out, "rtcp_packets", (int64_t)c->rtcp_packets);
	json_num(out, "rtcp_bytes", (int64_t)c->rtcp_bytes);
	json_num(out, "reports", c->reports);
	json_num(out, "reported_lost", c->reported_lost);
	add_ms(out, "reported_jitter_ms", c->reported_jitter_ms);
	json_close(out, '}');
}

static void add_stream(struct buf *out, const struct stream_record *r)
{
	json_open(out, NULL, '{');
	json_num(out, "index", r->index);
	json_text(out, "media", media_kind_name(r->kind));
	add_direction(out, "a_to_b", &r->past.side[0]);
	add_direction(out, "b_to_a", &r->past.side[1]);
	json_num(out, "foreign", (int64_t)(r->past.side[0].foreign + r->past.side[1].foreign));
	json_close(out, '}');
}

static void add_streams(struct buf *out, const struct pn_session *s)
{
	json_open(out, "streams", '[');
	for (size_t i = 0; i < s->n_streams; i++)
		if (s->stream[i]->rec.used)
			add_stream(out, &s->stream[i]->rec);
	json_close(out, ']');
}

static void add_parties(struct buf *out, const struct pn_session *s)
{
	static const struct {
		const char *key;
		enum session_text text;
	} row[] = { { "call_id", TEXT_CALL_ID }, { "from", TEXT_FROM }, { "to", TEXT_TO } };

	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		const char *v = s->text[row[i].text];

		json_text(out, row[i].key, v ? v : "");
	}
	json_text(out, "ingress", s->realm[0]->info.name);
	json_text(out, "egress", s->realm[1]->info.name);
}

int session_cdr(const struct pn_session *s, struct buf *out)
{
	const struct session_record *r = &s->rec;
	uint64_t talked = r->answer_wall_ms ? s->end_ms - s->answer_ms : 0;

	json_open(out, NULL, '{');
	json_num(out, "v", 1);
	json_text(out, "session", r->id);
	json_text(out, "correlation", r->correlation);
	json_text(out, "module", r->module);
	add_parties(out, s);
	json_time(out, "start", r->start_wall_ms);
	json_time(out, "answer", r->answer_wall_ms);
	json_time(out, "end", r->end_wall_ms);
	json_num(out, "duration_ms", (int64_t)talked);
	json_text(out, "cause", cause_text(r->cause));
	json_num(out, "status", r->status);
	add_streams(out, s);
	return json_close(out, '}');
}
