/* Lines and words of SDP as spans of the text. A line ends in CRLF, LF, CR or with the text; words are
 * separated by blanks and tabs, more than one and leading ones are tolerated. */
#ifndef CORE_SDP_LINE_H
#define CORE_SDP_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sdp_span {
	uint32_t at, len;
};

struct sdp_line {
	char type;             /* 'c' of "c="; ' ' for a blank line, '?' for one of no known shape */
	bool open;             /* no line end: the text ends here */
	struct sdp_span value; /* behind the '=', without the line end */
	uint32_t at, next;     /* where it begins, and where the next one does */
};

/* The line at *pos; moves on. False at the end of the text. */
bool sdp_line_next(const char *text, uint32_t len, uint32_t *pos, struct sdp_line *out);
/* Cuts the first word off `rest`; false when there is none. */
bool sdp_word(const char *text, struct sdp_span *rest, struct sdp_span *word);
bool sdp_is(const char *text, struct sdp_span s, const char *want);   /* without regard to case */
bool sdp_begins(const char *text, struct sdp_span s, const char *want);
int sdp_port(const char *text, struct sdp_span s); /* 0..65535 or -EBADMSG */

#endif
