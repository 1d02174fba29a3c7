#include "h323_act.h"

#include <string.h>

#include "RasMessage.h"
#include "h323_control.h"
#include "h323_log.h"
#include "h323_message.h"
#include "h323_mode.h"
#include "h323_ras.h"

#define SOME 2560u   /* units of 100 bit/s */
#define MUCH 1000000u

static bool chatted(const struct terminal *t)
{
	return t->control.answered;
}

static void ask_bandwidth(struct terminal *t)
{
	ras_bandwidth(t, SOME);
}

static void ask_too_much(struct terminal *t)
{
	ras_bandwidth(t, MUCH);
}

static bool has_bandwidth(const struct terminal *t)
{
	return t->ras.answered == RasMessage_PR_bandwidthConfirm;
}

static bool has_none(const struct terminal *t)
{
	return t->ras.answered == RasMessage_PR_bandwidthReject;
}

struct row {
	const char *name;
	void (*begin)(struct terminal *t);
	bool (*done)(const struct terminal *t);
};

static const struct row rows[] = {
	{ "fax", mode_ask_fax, mode_settled },
	{ "reopen", mode_reopen, mode_settled },
	{ "chat", control_chat, chatted },
	{ "bandwidth", ask_bandwidth, has_bandwidth },
	{ "too-much", ask_too_much, has_none },
};

static const struct row *find(const char *name)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!strcmp(rows[i].name, name))
			return &rows[i];
	return NULL;
}

bool act_all(struct terminal *t)
{
	const struct row *row;

	if (t->acts_done == t->o.act.n)
		return true;
	row = find(t->o.act.name[t->acts_done]);
	if (!row) {
		terminal_fail(t, "an act that is not known");
		return true;
	}
	if (!t->acting) {
		t->acting = true;
		row->begin(t);
		message_flush(t);
	} else if (row->done(t)) {
		log_event("acted", "\"act\": \"%s\"", row->name);
		t->acting = false;
		t->acts_done++;
		media_note(&t->media);
	}
	return false;
}
