#include "sdp_line.h"
#include <errno.h>
#include <string.h>
#include <strings.h>

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

static uint32_t skip_blanks(const char *text, uint32_t at, uint32_t end)
{
	while (at < end && blank(text[at]))
		at++;
	return at;
}

static uint32_t after_line_end(const char *text, uint32_t at, uint32_t len)
{
	if (at + 1 < len && text[at] == '\r' && text[at + 1] == '\n')
		return at + 2;
	return at + 1;
}

bool sdp_line_next(const char *text, uint32_t len, uint32_t *pos, struct sdp_line *out)
{
	uint32_t at = *pos, end = at, first;

	if (at >= len)
		return false;
	while (end < len && text[end] != '\r' && text[end] != '\n')
		end++;
	first = skip_blanks(text, at, end);
	out->at = at;
	out->open = end == len;
	out->next = out->open ? len : after_line_end(text, end, len);
	out->type = first == end ? ' ' : '?';
	out->value = (struct sdp_span){ first, end - first };
	if (end - first >= 2 && text[first + 1] == '=') {
		out->type = text[first];
		out->value = (struct sdp_span){ first + 2, end - first - 2 };
	}
	*pos = out->next;
	return true;
}

bool sdp_word(const char *text, struct sdp_span *rest, struct sdp_span *word)
{
	uint32_t end = rest->at + rest->len, at = skip_blanks(text, rest->at, end), to = at;

	while (to < end && !blank(text[to]))
		to++;
	*rest = (struct sdp_span){ to, end - to };
	if (to == at)
		return false;
	*word = (struct sdp_span){ at, to - at };
	return true;
}

bool sdp_begins(const char *text, struct sdp_span s, const char *want)
{
	size_t n = strlen(want);

	return s.len >= n && !strncasecmp(text + s.at, want, n);
}

bool sdp_is(const char *text, struct sdp_span s, const char *want)
{
	return s.len == strlen(want) && sdp_begins(text, s, want);
}

int sdp_port(const char *text, struct sdp_span s)
{
	int v = 0;

	if (!s.len || s.len > 5)
		return -EBADMSG;
	for (uint32_t i = s.at; i < s.at + s.len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EBADMSG;
		v = v * 10 + (text[i] - '0');
	}
	return v > 65535 ? -EBADMSG : v;
}
