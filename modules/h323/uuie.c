#include "uuie.h"

#include <errno.h>
#include <string.h>

#include <CallIdentifier.h>
#include <TransportAddress.h>

#define STRINGS(x) \
	((x) ? (struct uuie_strings){ (x)->list.array, &(x)->list.count } : (struct uuie_strings){ NULL, NULL })
#define BODY(name) H323_UU_PDU__h323_message_body_PR_##name

static const uint8_t *guid(const OCTET_STRING_t *s)
{
	return s && s->buf && s->size == H323_GUID ? s->buf : NULL;
}

static const uint8_t *call_of(const struct CallIdentifier *c)
{
	return c ? guid(&c->guid) : NULL;
}

/* What these messages have in common. */
#define TAKE_MEDIA(u, x) \
	do { \
		(u)->strings[UUIE_FAST_START] = STRINGS((x)->fastStart); \
		(u)->h245_address = &(x)->h245Address; \
	} while (0)

static void take_setup(struct uuie *u, Setup_UUIE_t *s)
{
	u->strings[UUIE_FAST_START] = STRINGS(s->fastStart);
	u->strings[UUIE_PARALLEL_CONTROL] = STRINGS(s->parallelH245Control);
	u->h245_address = &s->h245Address;
	u->call = call_of(s->callIdentifier);
	u->conference = guid(&s->conferenceID);
}

static void take_information(struct uuie *u, Information_UUIE_t *i)
{
	u->strings[UUIE_FAST_START] = STRINGS(i->fastStart);
	u->call = call_of(i->callIdentifier);
}

static void take_body(struct uuie *u, struct H323_UU_PDU__h323_message_body *b)
{
	switch (b->present) {
	case BODY(setup):
		take_setup(u, &b->choice.setup);
		break;
	case BODY(callProceeding):
		TAKE_MEDIA(u, &b->choice.callProceeding);
		u->features = &b->choice.callProceeding.featureSet;
		u->call = call_of(b->choice.callProceeding.callIdentifier);
		break;
	case BODY(alerting):
		TAKE_MEDIA(u, &b->choice.alerting);
		u->features = &b->choice.alerting.featureSet;
		u->call = call_of(b->choice.alerting.callIdentifier);
		break;
	case BODY(connect):
		TAKE_MEDIA(u, &b->choice.connect);
		u->features = &b->choice.connect.featureSet;
		u->call = call_of(b->choice.connect.callIdentifier);
		u->conference = guid(&b->choice.connect.conferenceID);
		break;
	case BODY(progress):
		TAKE_MEDIA(u, &b->choice.progress);
		u->call = call_of(&b->choice.progress.callIdentifier);
		break;
	case BODY(facility):
		TAKE_MEDIA(u, &b->choice.facility);
		u->features = &b->choice.facility.featureSet;
		u->call = call_of(b->choice.facility.callIdentifier);
		u->conference = guid(b->choice.facility.conferenceID);
		break;
	case BODY(information):
		take_information(u, &b->choice.information);
		break;
	case BODY(releaseComplete):
		u->call = call_of(b->choice.releaseComplete.callIdentifier);
		break;
	default:
		break;
	}
}

void uuie_take(struct uuie *u, H323_UU_PDU_t *uu)
{
	u->uu = uu;
	u->type = uu->h323_message_body.present;
	u->strings[UUIE_CONTROL] = STRINGS(uu->h245Control);
	take_body(u, &uu->h323_message_body);
}

int uuie_read(struct pn_str text, struct uuie *out)
{
	struct uuie u = { 0 };
	int err = pdu_read(&asn_DEF_H323_UserInformation, text, &u.pdu);

	if (err)
		return err;
	uuie_take(&u, &((H323_UserInformation_t *)u.pdu.root)->h323_uu_pdu);
	*out = u;
	return 0;
}

void uuie_free(struct uuie *u)
{
	if (u)
		pdu_free(&u->pdu);
}

int uuie_set_string(struct uuie *u, OCTET_STRING_t *s, struct pn_str value)
{
	if (value.len == (size_t)s->size) {
		memcpy(s->buf, value.p, value.len);
		return 0;
	}
	return u->pdu.lossless ? aper_string_set(u->pdu.m, s, value.p, value.len) : -EOPNOTSUPP;
}

int uuie_drop_string(const struct uuie *u, struct uuie_strings *list, size_t i)
{
	if (!u->pdu.lossless)
		return -EOPNOTSUPP;
	memmove(&list->at[i], &list->at[i + 1], (uuie_count(list) - i - 1) * sizeof(list->at[0]));
	--*list->count;
	return 0;
}

/* The strings were written over where they stand, in the message's copy of the octets that came. */
static int patch_strings(const struct uuie *u, const struct uuie_strings *list, uint8_t *out, size_t len)
{
	for (size_t i = 0; i < uuie_count(list); i++) {
		const OCTET_STRING_t *s = list->at[i];
		long at = aper_offset(u->pdu.m, s->buf);

		if (at < 0 || (size_t)at + (size_t)s->size > len)
			return -EOPNOTSUPP;
		memcpy(out + at, s->buf, (size_t)s->size);
	}
	return 0;
}

long uuie_write(const struct uuie *u, uint8_t *out, size_t cap)
{
	long n = pdu_write(&u->pdu, out, cap);

	for (size_t i = 0; n > 0 && !u->pdu.lossless && i < UUIE_STRINGS; i++) {
		int err = patch_strings(u, &u->strings[i], out, (size_t)n);

		if (err)
			return err;
	}
	return n;
}
