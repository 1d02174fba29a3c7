/* Message identifiers: all forms of text, what is none of them, printing back. */
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "common/text.h"
#include "mid.h"

#define ROWS(t) (sizeof(t) / sizeof((t)[0]))

static const struct {
	const char *text;
	bool port_alone;
	enum mid_form form; /* NONE: it is refused */
	uint16_t port;
	const char *print; /* NULL: the text itself */
} row[] = {
	{ "[192.0.2.20]:2944", false, MID_IP, 2944, NULL },
	{ "[192.0.2.20]", false, MID_IP, 0, NULL },
	{ "[192.000.002.020]:1", false, MID_IP, 1, "[192.0.2.20]:1" },
	{ "[2001:db8::1]:65535", false, MID_IP, 65535, NULL },
	{ "[2001:DB8::1]", false, MID_IP, 0, "[2001:db8::1]" },
	{ "<mg1.example>", false, MID_DOMAIN, 0, NULL },
	{ "<AGW95_DCT_2>:2944", false, MID_DOMAIN, 2944, NULL },
	{ "mg1/rack2", false, MID_DEVICE, 0, NULL },
	{ "*a/$@example.*", false, MID_DEVICE, 0, NULL },
	{ "MTP{1a2b}", false, MID_MTP, 0, NULL },
	{ "mtp { 1a2b }", false, MID_MTP, 0, "MTP{1a2b}" },
	{ "55555", true, MID_PORT, 55555, NULL },
	{ "55555", false, MID_DEVICE, 0, NULL },
	{ "", false, MID_NONE, 0, NULL },
	{ "[192.0.2]:1", false, MID_NONE, 0, NULL },
	{ "[192.0.2.256]", false, MID_NONE, 0, NULL },
	{ "[192.0.2.20", false, MID_NONE, 0, NULL },
	{ "[192.0.2.20]x", false, MID_NONE, 0, NULL },
	{ "[192.0.2.20]:", false, MID_NONE, 0, NULL },
	{ "[192.0.2.20]:65536", false, MID_NONE, 0, NULL },
	{ "[2409:8050:5005:1243:1011::", false, MID_NONE, 0, NULL },
	{ "<>", false, MID_NONE, 0, NULL },
	{ "<a b>", false, MID_NONE, 0, NULL },
	{ "MTP{}", false, MID_NONE, 0, NULL },
	{ "MTP{0123456789}", false, MID_NONE, 0, NULL },
	{ "a{b", false, MID_NONE, 0, NULL },
};

Test(h248_mid, reads_all_forms)
{
	for (size_t i = 0; i < ROWS(row); i++) {
		char out[MID_TEXT_MAX] = "";
		struct mid m = { 0 };
		int err = mid_parse(str_of(row[i].text), row[i].port_alone, &m);

		cr_assert(eq(int, err != 0, row[i].form == MID_NONE), "%s", row[i].text);
		cr_expect(eq(int, m.form, row[i].form), "%s", row[i].text);
		cr_expect(eq(int, m.port, row[i].port), "%s", row[i].text);
		if (err)
			continue;
		cr_expect(gt(int, mid_print(&m, out), 0));
		cr_expect(eq(str, out, (char *)(row[i].print ? row[i].print : row[i].text)));
	}
}

Test(h248_mid, compares)
{
	struct mid a, b;

	cr_assert(zero(int, mid_parse(str_of("<MG.example>:1"), false, &a)));
	cr_assert(zero(int, mid_parse(str_of("<mg.EXAMPLE>:1"), false, &b)));
	cr_expect(mid_same(&a, &b));
	b.port = 2;
	cr_expect(not(mid_same(&a, &b)));
	cr_assert(zero(int, mid_parse(str_of("[192.0.2.1]:1"), false, &a)));
	cr_assert(zero(int, mid_parse(str_of("[192.0.2.2]:1"), false, &b)));
	cr_expect(not(mid_same(&a, &b)));
}
