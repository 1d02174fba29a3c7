#include "conf_text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *skip_blanks(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* Digits at *p, which moves behind them. */
static int take_number(const char **p, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;
	const char *s = *p;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	for (; *s >= '0' && *s <= '9'; s++) {
		uint64_t digit = (uint64_t)(*s - '0');

		if (digit > max || n > (max - digit) / 10)
			return -ERANGE;
		n = n * 10 + digit;
	}
	*p = s;
	*out = n;
	return 0;
}

int conf_number(const char *text, uint64_t max, uint64_t *out)
{
	const char *p = skip_blanks(text);
	uint64_t n;
	int err;

	if (*p == '+')
		p++;
	err = take_number(&p, max, &n);
	if (err)
		return err;
	if (*skip_blanks(p))
		return -EINVAL;
	*out = n;
	return 0;
}

int64_t conf_duration(const char *text)
{
	static const struct {
		const char *name;
		int64_t ms;
	} unit[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 } };
	const char *p = text;
	uint64_t n;

	if (!strcmp(text, "0"))
		return 0;
	if (take_number(&p, 999999999, &n))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(unit) / sizeof(*unit); i++)
		if (!strcmp(p, unit[i].name))
			return (int64_t)n * unit[i].ms;
	return -EINVAL;
}

int conf_ports(const char *text, uint16_t *first, uint16_t *last)
{
	const char *p = text;
	uint64_t a, b;

	if (take_number(&p, 65535, &a) || *p++ != '-' || take_number(&p, 65535, &b) || *p)
		return -EINVAL;
	if (!a || a > b)
		return -EINVAL;
	*first = (uint16_t)a;
	*last = (uint16_t)b;
	return 0;
}

/* RFC 2474, 2597 (AF), 3246 (EF), 5865 (VOICE-ADMIT), 8622 (LE) */
int conf_dscp(const char *text)
{
	unsigned class, drop;
	uint64_t n;
	char end;

	if (!strcmp(text, "ef"))
		return 46;
	if (!strcmp(text, "va"))
		return 44;
	if (!strcmp(text, "le"))
		return 1;
	if (sscanf(text, "cs%1u%c", &class, &end) == 1 && class <= 7)
		return (int)class * 8;
	if (sscanf(text, "af%1u%1u%c", &class, &drop, &end) == 2 && class >= 1 && class <= 4 &&
	    drop >= 1 && drop <= 3)
		return (int)(class * 8 + drop * 2);
	return conf_number(text, 63, &n) ? -EINVAL : (int)n;
}

bool conf_is(const char *text, const char *word)
{
	size_t len = strlen(word);

	text = skip_blanks(text);
	return !strncmp(text, word, len) && !*skip_blanks(text + len);
}
