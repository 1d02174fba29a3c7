/* pn_media as text and back, for the rows of the SDP tests: "KIND FLAGS RTP RTCP" joined by ", ", where
 * FLAGS are letters (R rtp, M rtcp-mux, A a=rtcp, C closed, H hold, W wildcard, F foreign) or "-", and
 * an address is "10.0.0.1:5000" or "-". */
#ifndef TESTS_SDP_KIT_H
#define TESTS_SDP_KIT_H

#include "addr.h"
#include "sdp.h"
#include <stdio.h>
#include <string.h>

static const struct {
	char letter;
	unsigned flag;
} sdp_kit_flag[] = {
	{ 'R', PN_MEDIA_RTP },  { 'M', PN_MEDIA_RTCP_MUX }, { 'A', PN_MEDIA_RTCP_ATTR },
	{ 'C', PN_MEDIA_CLOSED }, { 'H', PN_MEDIA_HOLD },     { 'W', PN_MEDIA_WILDCARD },
	{ 'F', PN_MEDIA_FOREIGN },
};

static inline void sdp_kit_print(const struct pn_media *list, int n, char *out, size_t cap)
{
	static const char *const kind[] = { "?",    "audio",       "video",   "image",
					    "text", "application", "message", "other" };
	size_t at = 0;

	out[0] = 0;
	for (int i = 0; i < n; i++) {
		char flags[16] = "", rtp[ADDR_TEXT] = "-", rtcp[ADDR_TEXT] = "-";
		unsigned f = 0;

		for (unsigned k = 0; k < sizeof(sdp_kit_flag) / sizeof(*sdp_kit_flag); k++)
			if (list[i].flags & sdp_kit_flag[k].flag)
				flags[f++] = sdp_kit_flag[k].letter;
		if (list[i].rtp.family)
			addr_print(&list[i].rtp, rtp, sizeof(rtp));
		if (list[i].rtcp.family)
			addr_print(&list[i].rtcp, rtcp, sizeof(rtcp));
		at += (size_t)snprintf(out + at, cap - at, "%s%s %s %s %s", i ? ", " : "",
				       kind[list[i].kind], f ? flags : "-", rtp, rtcp);
	}
}

static inline struct pn_addr sdp_kit_addr(const char *text)
{
	struct pn_addr a = { 0 };

	if (*text && strcmp(text, "-"))
		addr_parse_port((struct pn_str){ text, strlen(text) }, 0, &a);
	return a;
}

/* "FLAGS RTP [RTCP]" joined by ", " (no kind); returns the count. */
static inline size_t sdp_kit_parse(const char *text, struct pn_media *list)
{
	size_t n = 0;

	while (*text) {
		char flags[16] = "", rtp[64] = "", rtcp[64] = "";
		size_t len = strcspn(text, ",");
		char part[160];

		snprintf(part, sizeof(part), "%.*s", (int)len, text);
		sscanf(part, " %15s %63s %63s", flags, rtp, rtcp);
		list[n] = (struct pn_media){ .size = sizeof(*list), .kind = PN_AUDIO };
		for (unsigned k = 0; k < sizeof(sdp_kit_flag) / sizeof(*sdp_kit_flag); k++)
			if (strchr(flags, sdp_kit_flag[k].letter))
				list[n].flags |= sdp_kit_flag[k].flag;
		list[n].rtp = sdp_kit_addr(rtp);
		list[n].rtcp = sdp_kit_addr(rtcp);
		n++;
		text += len + (text[len] == ',');
	}
	return n;
}

#endif
