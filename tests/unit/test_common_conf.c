#include "common/conf_read.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "module_fake.h"

#define ROWS(list) (sizeof(list) / sizeof(*(list)))

static const struct pn_conf_attr second = { "b", "20s", NULL }, first = { "a", "1", &second };
static const struct pn_conf last = { .name = "x" }, middle = { .name = "y", .next = &last },
			    child = { .name = "x", .next = &middle },
			    top = { .name = "top", .attrs = &first, .children = &child };

/* The services of the fake core, but for where realms and errors go. */
static struct pn_services svc;
static struct pn_realm *const a_realm = (struct pn_realm *)&top;
static char told[256];
static const struct pn_conf *where;

static struct pn_realm *realm_find(struct pn_host *h, const char *name)
{
	(void)h;
	return strcmp(name, "core") ? NULL : a_realm;
}

__attribute__((format(printf, 3, 4))) static void conf_error(struct pn_conf_errors *e,
							     const struct pn_conf *at,
							     const char *fmt, ...)
{
	va_list ap;

	(void)e;
	where = at;
	va_start(ap, fmt);
	vsnprintf(told, sizeof(told), fmt, ap);
	va_end(ap);
}

static struct conf_read reader(void)
{
	svc = *fake_services();
	svc.realm_find = realm_find;
	svc.conf_error = conf_error;
	told[0] = '\0';
	return (struct conf_read){ .svc = &svc };
}

Test(common_conf, finds)
{
	cr_expect(eq(str, (char *)conf_attr(&top, "a"), "1"));
	cr_expect(eq(str, (char *)conf_attr(&top, "b"), "20s"));
	cr_expect(eq(ptr, (void *)conf_attr(&top, "c"), NULL));
	cr_expect(eq(ptr, (void *)conf_attr(&last, "a"), NULL));
	cr_expect(eq(sz, conf_count(&top, "x"), 2));
	cr_expect(eq(sz, conf_count(&top, "y"), 1));
	cr_expect(zero(sz, conf_count(&top, "z")));
	cr_expect(zero(sz, conf_count(&last, "x")));
}

/* top with one attribute, v, of this value. */
static const struct pn_conf *with(struct pn_conf_attr *a, const char *value)
{
	static struct pn_conf at;

	*a = (struct pn_conf_attr){ "v", value, NULL };
	at = top;
	at.attrs = value ? a : NULL;
	return &at;
}

Test(common_conf, reads_values)
{
	static const struct {
		const char *value;
		uint64_t ms;
		uint32_t number;
		bool realm;
	} row[] = { /* 99: left alone, and told if there was a value */
		{ NULL, 99, 99, false },    { "20s", 20000, 99, false }, { "500ms", 500, 99, false },
		{ "0s", 0, 99, false },	    { "soon", 99, 99, false },	 { "", 99, 99, false },
		{ "1", 99, 1, false },	    { "0", 99, 99, false },	 { "-1", 99, 99, false },
		{ "4294967295", 99, 4294967295u, false }, { "4294967296", 99, 99, false },
		{ "core", 99, 99, true },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct conf_read r = reader();
		struct pn_conf_attr a;
		const struct pn_conf *at = with(&a, row[i].value);
		uint64_t ms = 99;
		uint32_t n = 99;

		conf_duration(&r, at, "v", &ms);
		cr_expect(eq(u64, ms, row[i].ms), "row %zu", i);
		cr_expect(eq(int, r.failed, row[i].value && row[i].ms == 99), "row %zu", i);
		r.failed = false;
		conf_number(&r, at, "v", &n);
		cr_expect(eq(u32, n, row[i].number), "row %zu", i);
		cr_expect(eq(int, r.failed, row[i].value && row[i].number == 99), "row %zu", i);
		r.failed = false;
		cr_expect(eq(ptr, conf_realm(&r, at, "v"), row[i].realm ? a_realm : NULL),
			  "row %zu", i);
		cr_expect(eq(int, r.failed, !row[i].realm), "row %zu", i);
	}
}

Test(common_conf, tells_where_and_what)
{
	struct conf_read r = reader();
	uint64_t ms;
	uint32_t n;

	conf_realm(&r, &top, "b");
	cr_expect(eq(str, told, "top b=\"20s\": expected the name of a <realm>"));
	cr_expect(eq(ptr, (void *)where, (void *)&top));
	conf_realm(&r, &top, "none");
	cr_expect(eq(str, told, "top none=\"\": expected the name of a <realm>"));
	conf_duration(&r, &top, "a", &ms);
	cr_expect(eq(str, told,
		     "top a=\"1\": expected a duration such as 500ms, 20s, 2m or 1h"));
	conf_number(&r, &top, "b", &n);
	cr_expect(eq(str, told, "top b=\"20s\": expected a number from 1 to 4294967295"));
}
