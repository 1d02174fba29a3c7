#include "asn1_q931.h"

#include "asn1_codec.h"
#include "asn1_print.h"
#include "asn1_text.h"
#include "types.h"
#include <errno.h>
#include <stdbool.h>

#define TPKT_VERSION 3u
#define TPKT_HEADER 4u
#define Q931 8u          /* protocol discriminator (4.2) */
#define X680_USER 5u     /* of User-user: what follows is in ASN.1 (H.225.0 7.2.2.31) */
#define SINGLE_OCTET 0x80u
#define USER_INFORMATION "H323-UserInformation"

enum { DISPLAY = 0x28, CONNECTED = 0x4c, CALLING = 0x6c, CALLED = 0x70, REDIRECTING = 0x74, USER_USER = 0x7e };

struct name {
	uint8_t code;
	const char *name;
};

/* Q.931 table 4-2 */
static const struct name messages[] = {
	{ 0x01, "Alerting" },	 { 0x02, "Call Proceeding" }, { 0x03, "Progress" },
	{ 0x05, "Setup" },	 { 0x07, "Connect" },	      { 0x0d, "Setup Acknowledge" },
	{ 0x0f, "Connect Acknowledge" }, { 0x5a, "Release Complete" }, { 0x62, "Facility" },
	{ 0x6e, "Notify" },	 { 0x75, "Status Inquiry" },  { 0x7b, "Information" },
	{ 0x7d, "Status" },	 { 0, NULL },
};

/* Q.931 table 4-3 */
static const struct name elements[] = {
	{ 0x04, "Bearer capability" }, { 0x08, "Cause" },	      { 0x14, "Call state" },
	{ 0x18, "Channel identification" }, { 0x1c, "Facility" },     { 0x1e, "Progress indicator" },
	{ 0x27, "Notification indicator" }, { DISPLAY, "Display" },   { 0x29, "Date/time" },
	{ 0x2c, "Keypad facility" },   { 0x34, "Signal" },	      { CONNECTED, "Connected number" },
	{ CALLING, "Calling party number" }, { 0x6d, "Calling party subaddress" },
	{ CALLED, "Called party number" }, { 0x71, "Called party subaddress" },
	{ REDIRECTING, "Redirecting number" }, { USER_USER, "User-user" }, { 0, NULL },
};

struct cursor {
	const uint8_t *p;
	size_t left;
};

static int take(struct cursor *c, size_t n, struct cursor *out)
{
	if (n > c->left)
		return -EBADMSG;
	*out = (struct cursor){ c->p, n };
	c->p += n;
	c->left -= n;
	return 0;
}

/* A number of so many octets. */
static int take_number(struct cursor *c, size_t octets, size_t *out)
{
	struct cursor at;

	if (take(c, octets, &at))
		return -EBADMSG;
	for (*out = 0; octets--; at.p++)
		*out = *out << 8 | *at.p;
	return 0;
}

static void print_name(FILE *f, const struct name *names, size_t code, const char *unknown)
{
	while (names->name && names->code != code)
		names++;
	if (names->name)
		fputs(names->name, f);
	else
		fprintf(f, "%s 0x%02zx", unknown, code);
}

/* Octets up to the first whose high bit is set say what kind of number it is. */
static void print_party(FILE *f, struct cursor value)
{
	struct cursor kind = { value.p, 0 };
	bool last = false;

	while (value.left && !last) {
		last = *value.p & 0x80;
		kind.left++;
		value.p++;
		value.left--;
	}
	asn1_text_hex(f, kind.p, kind.left);
	fputc(' ', f);
	asn1_text_string(f, value.p, value.left, 1);
	fputc('\n', f);
}

static int print_user(FILE *f, struct cursor value)
{
	struct asn1_value v;

	if (!value.left || *value.p != X680_USER ||
	    asn1_decode(types_find(USER_INFORMATION), value.p + 1, value.left - 1, &v)) {
		asn1_text_octets(f, value.p, value.left);
		fputs(" (does not decode)\n", f);
		return -EBADMSG;
	}
	asn1_print(f, &v, 1, USER_INFORMATION);
	asn1_end(&v);
	return 0;
}

static int print_element(FILE *f, struct cursor *c)
{
	struct cursor value;
	size_t code, len;

	if (take_number(c, 1, &code))
		return -EBADMSG;
	asn1_print_indent(f, 1);
	if (code & SINGLE_OCTET) {
		fprintf(f, "single octet: %02zx\n", code);
		return 0;
	}
	print_name(f, elements, code, "information element");
	fputs(": ", f);
	if (take_number(c, code == USER_USER ? 2 : 1, &len) || take(c, len, &value)) {
		fputs("ends beyond the message\n", f);
		return -EBADMSG;
	}
	if (code == USER_USER)
		return print_user(f, value);
	if (code == CALLING || code == CALLED || code == REDIRECTING || code == CONNECTED)
		print_party(f, value);
	else {
		asn1_text_octets(f, value.p, value.left);
		fputc('\n', f);
	}
	return 0;
}

static int print_header(FILE *f, struct cursor *c)
{
	size_t discriminator, octets, reference, type;
	bool to_origin = false;

	if (take_number(c, 1, &discriminator) || discriminator != Q931 || take_number(c, 1, &octets) || octets > 2 ||
	    take_number(c, octets, &reference) || take_number(c, 1, &type)) {
		fputs("Q.931: no header of it\n", f);
		return -EBADMSG;
	}
	if (octets) {
		to_origin = reference >> (octets * 8 - 1);
		reference &= ((size_t)1 << (octets * 8 - 1)) - 1;
	}
	fputs("Q.931: ", f);
	print_name(f, messages, type, "message");
	fprintf(f, "\n  Call reference: %zu, %s the side that chose it\n", reference, to_origin ? "to" : "from");
	return 0;
}

static int print_message(FILE *f, struct cursor c)
{
	int err = print_header(f, &c);

	while (!err && c.left)
		err = print_element(f, &c);
	return err;
}

int asn1_q931_print(FILE *f, const uint8_t *data, size_t len)
{
	struct cursor c = { data, len }, message = c;
	size_t tpkt;
	int err;

	if (!len || *data != TPKT_VERSION)
		return print_message(f, c);
	do {
		err = -EBADMSG;
		if (!take_number(&c, TPKT_HEADER, &tpkt) && tpkt >> 24 == TPKT_VERSION &&
		    (tpkt & 0xffff) >= TPKT_HEADER && !take(&c, (tpkt & 0xffff) - TPKT_HEADER, &message))
			err = print_message(f, message);
		else
			fputs("TPKT: ends beyond the octets given\n", f);
	} while (!err && c.left);
	return err;
}
