#include "outside.h"
#include "sdp_property.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <ftw.h>
#include <stdio.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define SEEDS 24u

static size_t bodies, media;

static void expect_holds(const char *text, size_t len, const char *where)
{
	struct pn_media list[SDP_MEDIA_MAX];
	int n = sdp_scan(text, len, list, SDP_MEDIA_MAX);

	media += n > 0 ? (size_t)n : 0;
	for (uint32_t seed = 0; seed < SEEDS; seed++) {
		char *out;
		const char *why = sdp_property(text, len, seed * 2654435761u, &out);

		cr_expect(why == NULL, "%s, seed %u: %s:\n%.*s\nbecame:\n%s", where, seed,
			  why ? why : "", (int)len, text, out);
		free(out);
	}
}

Test(sdp_property, own_samples)
{
	static const char *const row[] = {
		"",
		"v=0\r\no=- 1 2 IN IP4 10.0.0.5\r\ns=-\r\nc=IN IP4 10.0.0.5\r\nt=0 0\r\n"
		"m=audio 5000 RTP/AVP 0 8\r\na=rtpmap:0 PCMU/8000\r\nm=video 5002 RTP/AVP 31\r\n",
		"c=IN IP4 $\nm=audio $ RTP/AVP 4\nv=0\nc=IN IP4 $\nm=audio $ RTP/AVP 0",
		"v=0\r\nc=IN IP4 10.0.0.5\r\nm=audio 5000 RTP/AVP 0\r\nm=message 7 TCP/MSRP *\r\n"
		"m=audio 0 RTP/AVP 0\r\nm=image 5004 udptl t38\r\nc=IN IP6 2001:db8::9\r\n",
		"m=audio 5000 RTP/AVP 0\r\ni=x\r\nb=AS:64\r\nm=audio 5002 RTP/AVP 0\r\na=x",
		"c=IN IP4 0.0.0.0\rm=audio 5000 RTP/AVP 0\ra=rtcp:5009 IN IP4 10.0.0.5\ra=rtcp-mux",
		"v=0\n\nc=IN IP4 0.0.0.0\nm=audio 5 RTP/AVP 0\nm=video 6 RTP/AVP 0\nc=IN IP4 10.0.0.5\n"
		"m=text 7 RTP/AVP 0\na=rtcp:0\na=group:BUNDLE 0\na=candidate:1 1 UDP 1 10.0.0.5 5\n \n",
		"c=TN RFC2543 -\r\nm=audio - TDM -\r\nv=0\r\nc=IN IP4 x.example\r\nm=audio 5 x y\r\n",
		"c=$ $ $\r\nm=audio 5 RTP/AVP 0\r\na=ice-lite",
		"m=audio 5 RTP/AVP 0\na=ice-lite\nm=message 0 TCP/MSRP *\nc=IN IP4 10.0.0.5",
	};

	for (size_t i = 0; i < ROWS(row); i++)
		expect_holds(row[i], strlen(row[i]), "row");
	cr_expect(gt(sz, media, 0));
}

/* ---- messages that the project did not write ---- */

static bool is_text(char c)
{
	return (c >= ' ' && c < 127) || c == '\r' || c == '\n' || c == '\t';
}

/* Whatever the file is (message, H.248 text, capture): from a v= line to the first octet that cannot
 * belong to it. */
static void each_body(const char *p, size_t len, const char *where)
{
	const char *end = p + len;

	while ((p = memmem(p, (size_t)(end - p), "v=0", 3))) {
		const char *from = p;

		while (p < end && is_text(*p) && *p != '}')
			p++;
		if (p - from > 3 && (from[3] == '\r' || from[3] == '\n')) {
			expect_holds(from, (size_t)(p - from), where);
			bodies++;
		}
		if (p == from)
			p++;
	}
}

static int on_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char *text;
	FILE *f;

	(void)ftw;
	if (type != FTW_F || !st->st_size)
		return 0;
	f = fopen(path, "rb");
	text = malloc((size_t)st->st_size);
	if (f && text && fread(text, 1, (size_t)st->st_size, f) == (size_t)st->st_size)
		each_body(text, (size_t)st->st_size, path);
	if (f)
		fclose(f);
	free(text);
	return 0;
}

Test(sdp_property, real_bodies)
{
	static const char *const folder[] = { "sip", "mgcp", "h248" };
	char path[4096];

	for (size_t i = 0; i < ROWS(folder); i++) {
		outside_path(folder[i], path, sizeof(path));
		nftw(path, on_file, 16, FTW_PHYS);
	}
	cr_expect(gt(sz, bodies, 0));
	cr_log_info("%zu bodies, %zu m-lines", bodies, media);
}
