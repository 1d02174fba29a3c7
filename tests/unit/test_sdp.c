#include "sdp.h"
#include "sdp_kit.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <errno.h>
#include <stdlib.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define V "v=0\r\no=- 1 2 IN IP4 10.0.0.5\r\ns=-\r\n"
#define T "t=0 0\r\n"
#define C "c=IN IP4 10.0.0.5\r\n"
#define A "m=audio 5000 RTP/AVP 0\r\n"

static const struct {
	const char *in, *want;
} scan_row[] = {
	{ "", "" },
	{ V C T, "" },
	{ V C T A, "audio R 10.0.0.5:5000 -" },
	{ A, "audio R - -" },
	{ A C, "audio R 10.0.0.5:5000 -" },
	/* session and media level, each its own */
	{ C A "c=IN IP4 10.0.0.6\r\n" A, "audio R 10.0.0.6:5000 -, audio R 10.0.0.5:5000 -" },
	{ A "c=IN IP4 10.0.0.6\r\nc=IN IP4 10.0.0.7\r\n", "audio R 10.0.0.6:5000 -" },
	/* families */
	{ "c=IN IP6 2001:db8::5\r\n" A, "audio R [2001:db8::5]:5000 -" },
	{ "c=IN IP4 2001:db8::5\r\n" A, "audio R [2001:db8::5]:5000 -" },
	{ "c=IN IP6 [2001:db8::5]\r\n" A, "audio R [2001:db8::5]:5000 -" },
	{ "c=in ip4 10.0.0.5\r\n" A, "audio R 10.0.0.5:5000 -" },
	/* port/count, multicast suffixes */
	{ C "m=video 5000/2 RTP/AVP 31\r\n", "video R 10.0.0.5:5000 -" },
	{ "c=IN IP4 224.2.1.1/127/3\r\n" A, "audio R 224.2.1.1:5000 -" },
	{ "c=IN IP4 224.2.1.1/127\r\n" A, "audio R 224.2.1.1:5000 -" },
	{ "c=IN IP6 ff15::101/3\r\n" A, "audio R [ff15::101]:5000 -" },
	/* host names */
	{ "c=IN IP4 pc.example.com\r\n" A, "audio R - -" },
	{ "c=IN IP4 300.1.2.3\r\n" A, "audio R - -" },
	/* hold and port 0 */
	{ "c=IN IP4 0.0.0.0\r\n" A, "audio RH 0.0.0.0:5000 -" },
	{ "c=IN IP6 ::\r\n" A, "audio RH [::]:5000 -" },
	{ C "m=audio 0 RTP/AVP 0\r\n", "audio RC - -" },
	{ "c=IN IP4 0.0.0.0\r\nm=audio 0 RTP/AVP 0\r\n", "audio RC - -" },
	{ "m=audio 0/2 RTP/AVP 0\r\n", "audio RC - -" },
	{ C A "a=inactive\r\n", "audio R 10.0.0.5:5000 -" },
	{ C A "a=sendonly\r\n", "audio R 10.0.0.5:5000 -" },
	/* wildcards */
	{ "c=IN IP4 $\r\nm=audio $ RTP/AVP 0\r\n", "audio RW - -" },
	{ "c=IN $ $\r\nm=audio 5000 RTP/AVP 0\r\n", "audio RW - -" },
	{ "c=$ $ $\r\nm=audio $ RTP/AVP 0\r\n", "audio RW - -" },
	{ C "m=audio $ RTP/AVP 0\r\n", "audio RW - -" },
	{ C "m=audio $/2 RTP/AVP 0\r\n", "audio RW - -" },
	{ "m=$ $ $ $\r\n", "other W - -" },
	/* a=rtcp, RFC 3605 */
	{ C A "a=rtcp:5009\r\n", "audio RA 10.0.0.5:5000 10.0.0.5:5009" },
	{ C A "a=rtcp: 5009\r\n", "audio RA 10.0.0.5:5000 10.0.0.5:5009" },
	{ C A "a=rtcp:5009 IN IP4 10.0.0.9\r\n", "audio RA 10.0.0.5:5000 10.0.0.9:5009" },
	{ C A "a=rtcp:5009 IN IP6 2001:db8::9\r\n",
	  "audio RA 10.0.0.5:5000 [2001:db8::9]:5009" },
	{ C A "a=rtcp:5009 IN IP4 pc.example\r\n", "audio RA 10.0.0.5:5000 -" },
	{ C A "a=rtcp:$\r\n", "audio RA 10.0.0.5:5000 -" },
	{ C A "a=rtcp:5009 TN RFC2543 1\r\n", "audio RA 10.0.0.5:5000 -" },
	{ C A "a=rtcp:0\r\n", "audio RA 10.0.0.5:5000 -" },
	{ "c=IN IP4 pc.example\r\n" A "a=rtcp:5009\r\n", "audio RA - -" },
	{ C "m=audio 0 RTP/AVP 0\r\na=rtcp:5009\r\n", "audio RAC - -" },
	{ C "a=rtcp:5009 IN IP4 10.0.0.9\r\n" A, "audio R 10.0.0.5:5000 -" },
	{ C A "a=rtcp-mux\r\n", "audio RM 10.0.0.5:5000 -" },
	{ C "a=rtcp-mux\r\n" A, "audio R 10.0.0.5:5000 -" },
	{ C A "a=rtcp-muxx\r\na=rtcp-fb:* nack\r\n", "audio R 10.0.0.5:5000 -" },
	{ C A "a=rtcp-mux\r\nm=video 5002 RTP/AVP 31\r\n",
	  "audio RM 10.0.0.5:5000 -, video R 10.0.0.5:5002 -" },
	/* protocols */
	{ C "m=audio 1 RTP/AVPF 0\r\nm=audio 2 RTP/SAVP 0\r\nm=audio 3 RTP/SAVPF 0\r\n"
	    "m=audio 4 UDP/TLS/RTP/SAVP 0\r\nm=audio 5 UDP/TLS/RTP/SAVPF 0\r\n"
	    "m=audio 6 rtp/avp 0\r\n",
	  "audio R 10.0.0.5:1 -, audio R 10.0.0.5:2 -, audio R 10.0.0.5:3 -, "
	  "audio R 10.0.0.5:4 -, audio R 10.0.0.5:5 -, audio R 10.0.0.5:6 -" },
	{ C "m=image 1 udptl t38\r\nm=image 2 UDPTL t38\r\nm=application 3 UDP/BFCP *\r\n"
	    "m=application 4 DTLS/SCTP 5000\r\nm=application 5 UDP/DTLS/SCTP x\r\n"
	    "m=data 6 udp game\r\nm=audio 7 XYZ 1\r\n",
	  "image - 10.0.0.5:1 -, image - 10.0.0.5:2 -, application - 10.0.0.5:3 -, "
	  "application - 10.0.0.5:4 -, application - 10.0.0.5:5 -, "
	  "other - 10.0.0.5:6 -, audio - 10.0.0.5:7 -" },
	{ C "m=message 1 TCP/MSRP *\r\nm=message 2 msrp/tcp *\r\nm=image 3 TCP t38\r\n"
	    "m=x 4 sip null\r\nm=audio 5 DCCP/RTP/AVP 0\r\nm=audio 0 TCP/RTP/AVP 0\r\n",
	  "message F 10.0.0.5:1 -, message F 10.0.0.5:2 -, image F 10.0.0.5:3 -, "
	  "other F 10.0.0.5:4 -, audio F 10.0.0.5:5 -, audio CF - -" },
	/* networks that are not ours */
	{ "c=TN RFC2543 -\r\nm=audio - TDM -\r\n", "audio F - -" },
	{ "c=ATM NSAP 47.0091.8100\r\nm=audio $ AAL2/ITU 8\r\n", "audio WF - -" },
	{ C "m=audio - TDM -\r\n", "audio F - -" },
	{ "c=TN RFC2543 +12345\r\nm=audio 12345678 TDM -\r\n", "audio F - -" },
	/* line ends, blanks */
	{ "c=IN IP4 10.0.0.5\nm=audio 5000 RTP/AVP 0\n", "audio R 10.0.0.5:5000 -" },
	{ "c=IN IP4 10.0.0.5\rm=audio 5000 RTP/AVP 0\r", "audio R 10.0.0.5:5000 -" },
	{ "c=IN IP4 10.0.0.5\r\nm=audio 5000 RTP/AVP 0", "audio R 10.0.0.5:5000 -" },
	{ "\r\n\n \nv=0\nc=IN IP4 10.0.0.5\nm=audio 5000 RTP/AVP 0",
	  "audio R 10.0.0.5:5000 -" },
	{ "c=IN\tIP4  10.0.0.5 \r\nm= audio\t5000   RTP/AVP  0 \t\r\n",
	  "audio R 10.0.0.5:5000 -" },
	{ "  c=IN IP4 10.0.0.5\r\n\tm=audio 5000 RTP/AVP 0\r\n",
	  "audio R 10.0.0.5:5000 -" },
	{ C "m=audio 5000 RTP/AVP\r\n", "audio R 10.0.0.5:5000 -" },
	{ "nonsense\r\n=\r\nc\r\n" C A "}\r\na\r\na=\r\na=     }\r\n", "audio R 10.0.0.5:5000 -" },
	/* blocks: H.248 repeats v=, MGCP puts a blank line before it */
	{ "v=0\r\n" C A "v=0\r\nc=IN IP4 10.0.0.6\r\n" A,
	  "audio R 10.0.0.5:5000 -, audio R 10.0.0.6:5000 -" },
	{ "v=0\r\n" C A "\r\nv=0\r\n" A, "audio R 10.0.0.5:5000 -, audio R - -" },
	{ "o=John Q Doe 1 2 IN IP4 10.0.0.5\r\n" C A, "audio R 10.0.0.5:5000 -" },
};

Test(sdp, scan)
{
	struct pn_media list[SDP_MEDIA_MAX];
	char got[2048];

	for (size_t i = 0; i < ROWS(scan_row); i++) {
		int n = sdp_scan(scan_row[i].in, strlen(scan_row[i].in), list, SDP_MEDIA_MAX);

		sdp_kit_print(list, n, got, sizeof(got));
		cr_expect(n >= 0 && !strcmp(got, scan_row[i].want), "row %zu: %d %s\nwant: %s", i, n, got,
			  scan_row[i].want);
	}
}

Test(sdp, scan_refuses)
{
	static const char *const row[] = {
		"c=\r\n", "c=IN\r\n", "c=IN IP4\r\n", "c=IN IP4 10.0.0.5 10.0.0.6\r\n",
		"c=IN IP5 10.0.0.5\r\n", "m=\r\n", "m=audio\r\n", "m=audio 5000\r\n",
		"m=audio x RTP/AVP 0\r\n", "m=audio 65536 RTP/AVP 0\r\n",
		"m=audio -1 RTP/AVP 0\r\n", "m=audio 123456 RTP/AVP 0\r\n",
		"m=audio /2 RTP/AVP 0\r\n", "m=audio 5000x RTP/AVP 0\r\n", "o=\r\n",
		"o=- 1 2 IN IP4\r\n", "o=- 1 2 IN 10.0.0.5 x\r\n", "o=- 1 2 3 IN IP9 10.0.0.5\r\n",
		A "a=rtcp\r\n", A "a=rtcp:\r\n", A "a=rtcp:x\r\n", A "a=rtcp:65536\r\n",
		A "a=rtcp:1 IN IP4\r\n", A "a=rtcp:1 IN IP4 1.2.3.4 5\r\n",
	};
	struct pn_media list[4];

	for (size_t i = 0; i < ROWS(row); i++) {
		cr_expect(eq(int, sdp_scan(row[i], strlen(row[i]), list, 4), -EBADMSG), "row %zu",
			  i);
	}
}

static char *repeat(const char *head, const char *line, size_t n)
{
	size_t len = strlen(line), at = strlen(head);
	char *text = malloc(at + n * len + 1);

	memcpy(text, head, at + 1);
	for (size_t i = 0; i < n; i++, at += len)
		memcpy(text + at, line, len + 1);
	return text;
}

Test(sdp, scan_capped)
{
	static const struct {
		const char *head, *line;
		size_t n, cap;
		int want;
	} row[] = {
		{ "", A, SDP_MEDIA_MAX, SDP_MEDIA_MAX, (int)SDP_MEDIA_MAX },
		{ "", A, SDP_MEDIA_MAX + 1, SDP_MEDIA_MAX + 1, -E2BIG },
		{ "", A, 3, 2, -E2BIG },
		{ "", C, 512, 1, 0 },
		{ "", C, 513, 1, -E2BIG },
		{ "", "a=candidate:1 1 UDP 1 10.0.0.5 5000 typ host\r\n", 1200, 1, 0 },
		{ "", "a=x\r\n", SDP_TEXT_MAX / 5, 1, 0 },
		{ "", "a=x\r\n", SDP_TEXT_MAX / 5 + 1, 1, -E2BIG },
	};
	struct pn_media list[SDP_MEDIA_MAX + 1];

	for (size_t i = 0; i < ROWS(row); i++) {
		char *text = repeat(row[i].head, row[i].line, row[i].n);

		cr_expect(eq(int, sdp_scan(text, strlen(text), list, row[i].cap), row[i].want),
			  "row %zu", i);
		free(text);
	}
}

/* adv as in sdp_kit.h; out NULL: nothing changes */
struct write_row {
	const char *in, *adv, *out;
	bool keep_origin;
};

static const struct write_row write_row[] = {
	/* the common case */
	{ V C T A, "R 192.0.2.5:20000",
	  "v=0\r\no=- 1 2 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 192.0.2.5\r\nt=0 0\r\n"
	  "m=audio 20000 RTP/AVP 0\r\n", 0 },
	{ V C T A, "R 10.0.0.5:5000", NULL, 1 },
	/* o=: the address alone, a host name too */
	{ "o=John Q Doe 17 18 IN IP6 pc.example.com\r\n", "",
	  "o=John Q Doe 17 18 IN IP4 198.51.100.1\r\n", 0 },
	{ "o=- 17 18 IN IP4 pc.example.com\r\n", "", "o=- 17 18 IN IP4 198.51.100.1\r\n", 0 },
	{ "o=- 17 18 IN IP4 10.0.0.5\r\n", "", NULL, 1 },
	{ "o=- $ $ IN IP4 $\r\n", "", NULL, 0 },
	{ "o=- 17 18 TN RFC2543 123\r\n", "", NULL, 0 },
	/* families, both ways */
	{ C A, "R [2001:db8::1]:20000", "c=IN IP6 2001:db8::1\r\nm=audio 20000 RTP/AVP 0\r\n", 0 },
	{ "c=IN IP6 2001:db8::9\r\n" A, "R 192.0.2.5:20000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\n", 0 },
	{ "c=IN IP6 10.0.0.5\r\n" A, "R 10.0.0.5:5000",
	  "c=IN IP4 10.0.0.5\r\nm=audio 5000 RTP/AVP 0\r\n", 0 },
	{ "c=IN IP6 2001:DB8::9\r\n" A, "R [2001:db8::9]:5000", NULL, 0 },
	/* blanks and case stay */
	{ "c=in\tip4  10.0.0.5 \r\nm=audio \t5000  RTP/AVP 0 \r\n", "R 192.0.2.5:20000",
	  "c=in\tip4  192.0.2.5 \r\nm=audio \t20000  RTP/AVP 0 \r\n", 0 },
	/* names, multicast, count */
	{ "c=IN IP4 pc.example.com\r\n" A, "R 192.0.2.5:20000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\n", 0 },
	{ "c=IN IP4 224.2.1.1/127/3\r\nm=audio 5000/3 RTP/AVP 0\r\n", "R 192.0.2.5:20000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\n", 0 },
	{ "c=IN IP4 192.0.2.5/127\r\n" A, "R 192.0.2.5:5000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 5000 RTP/AVP 0\r\n", 0 },
	/* session and media c=, one that cannot serve all, none at all, several */
	{ C A "c=IN IP4 10.0.0.6\r\n" A, "R 192.0.2.5:20000, R 192.0.2.6:20002",
	  "c=IN IP4 192.0.2.6\r\nm=audio 20000 RTP/AVP 0\r\nc=IN IP4 192.0.2.5\r\n"
	  "m=audio 20002 RTP/AVP 0\r\n", 0 },
	{ C A "i=x\r\nb=AS:64\r\n" A "i=y\r\na=z\r\n", "R 192.0.2.5:1, R [2001:db8::1]:2",
	  "c=IN IP4 192.0.2.5\r\nm=audio 1 RTP/AVP 0\r\ni=x\r\nb=AS:64\r\n"
	  "m=audio 2 RTP/AVP 0\r\ni=y\r\nc=IN IP6 2001:db8::1\r\na=z\r\n", 0 },
	{ A "b=AS:64\r\n", "R 192.0.2.5:1",
	  "m=audio 1 RTP/AVP 0\r\nc=IN IP4 192.0.2.5\r\nb=AS:64\r\n", 0 },
	{ A "c=IN IP4 10.0.0.6\r\nc=IN IP4 10.0.0.7\r\n", "R 192.0.2.5:1",
	  "m=audio 1 RTP/AVP 0\r\nc=IN IP4 192.0.2.5\r\nc=IN IP4 192.0.2.5\r\n", 0 },
	{ C A "c=IN IP4 10.0.0.6\r\n", "R 192.0.2.5:1",
	  "c=IN IP4 192.0.2.5\r\nm=audio 1 RTP/AVP 0\r\nc=IN IP4 192.0.2.5\r\n", 0 },
	{ C, "", "c=IN IP4 198.51.100.1\r\n", 0 },
	{ C, "", "c=IN IP4 0.0.0.0\r\n", 1 },
	/* line ends: as the text has them, and none at the end */
	{ "m=audio 5000 RTP/AVP 0\nb=AS:64\n", "R 192.0.2.5:1",
	  "m=audio 1 RTP/AVP 0\nc=IN IP4 192.0.2.5\nb=AS:64\n", 0 },
	{ "m=audio 5000 RTP/AVP 0\rb=AS:64\r", "R 192.0.2.5:1",
	  "m=audio 1 RTP/AVP 0\rc=IN IP4 192.0.2.5\rb=AS:64\r", 0 },
	{ "m=audio 5000 RTP/AVP 0", "R 192.0.2.5:1 192.0.2.5:9",
	  "m=audio 1 RTP/AVP 0\r\nc=IN IP4 192.0.2.5\r\na=rtcp:9", 0 },
	{ "s=-\nm=audio 5000 RTP/AVP 0\nc=IN IP4 10.0.0.5", "R 192.0.2.5:1 192.0.2.5:9",
	  "s=-\nm=audio 1 RTP/AVP 0\nc=IN IP4 192.0.2.5\na=rtcp:9", 0 },
	{ "s=-\nm=audio 5000 RTP/AVP 0\nc=IN IP4 10.0.0.5\na=ice-lite", "R 192.0.2.5:1 192.0.2.5:9",
	  "s=-\nm=audio 1 RTP/AVP 0\nc=IN IP4 192.0.2.5\na=rtcp:9\n", 0 },
	{ "c=IN IP4 10.0.0.5\nm=audio 5000 RTP/AVP 0\n\n \n", "R 192.0.2.5:1 192.0.2.5:9",
	  "c=IN IP4 192.0.2.5\nm=audio 1 RTP/AVP 0\na=rtcp:9\n\n \n", 0 },
	/* hold */
	{ "c=IN IP4 0.0.0.0\r\n" A, "RH 192.0.2.5:20000",
	  "c=IN IP4 0.0.0.0\r\nm=audio 20000 RTP/AVP 0\r\n", 0 },
	{ "c=IN IP4 0.0.0.0\r\n" A, "R [2001:db8::1]:20000",
	  "c=IN IP6 ::\r\nm=audio 20000 RTP/AVP 0\r\n", 0 },
	{ "c=IN IP4 0.0.0.0\r\n" A, "RH -", NULL, 0 },
	{ "c=IN IP4 0.0.0.0\r\nm=audio $ RTP/AVP 0\r\n", "R 192.0.2.5:1",
	  "c=IN IP4 192.0.2.5\r\nm=audio 1 RTP/AVP 0\r\n", 0 },
	{ "c=IN IP4 0.0.0.0\r\nm=audio 0 RTP/AVP 0\r\n", "R 192.0.2.5:1",
	  "c=IN IP4 192.0.2.5\r\nm=audio 1 RTP/AVP 0\r\n", 0 },
	{ C A, "RH 192.0.2.5:20000", "c=IN IP4 0.0.0.0\r\nm=audio 20000 RTP/AVP 0\r\n", 0 },
	{ "c=IN IP4 0.0.0.0\r\n" A "c=IN IP4 10.0.0.5\r\n", "R 192.0.2.5:1",
	  "c=IN IP4 0.0.0.0\r\nm=audio 1 RTP/AVP 0\r\nc=IN IP4 192.0.2.5\r\n", 0 },
	{ "c=IN IP4 10.0.0.5\r\n" A "c=IN IP4 0.0.0.0\r\n" A, "RH 192.0.2.5:1, R 192.0.2.5:3",
	  "c=IN IP4 192.0.2.5\r\nm=audio 1 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n"
	  "m=audio 3 RTP/AVP 0\r\n", 0 },
	{ C A "a=inactive\r\n", "R 192.0.2.5:1",
	  "c=IN IP4 192.0.2.5\r\nm=audio 1 RTP/AVP 0\r\na=inactive\r\n", 0 },
	/* closed: the field that nobody uses shows nothing of the other side */
	{ C A A, "R 192.0.2.5:1, RC -",
	  "c=IN IP4 192.0.2.5\r\nm=audio 1 RTP/AVP 0\r\nm=audio 0 RTP/AVP 0\r\n", 0 },
	{ C A, "RC -", "c=IN IP4 198.51.100.1\r\nm=audio 0 RTP/AVP 0\r\n", 0 },
	{ C A, "RC -", "c=IN IP4 0.0.0.0\r\nm=audio 0 RTP/AVP 0\r\n", 1 },
	{ "m=audio 0 RTP/AVP 0\r\n", "RC -", NULL, 0 },
	{ "m=audio 0/2 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", "RC -",
	  "m=audio 0 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n", 0 },
	{ "m=audio 0 RTP/AVP 0\r\n" C "a=rtcp:5001\r\n" A, "RC -, R 192.0.2.5:1",
	  "m=audio 0 RTP/AVP 0\r\nc=IN IP4 192.0.2.5\r\na=rtcp:5001\r\n"
	  "m=audio 1 RTP/AVP 0\r\nc=IN IP4 192.0.2.5\r\n", 0 },
	{ "m=audio 0 RTP/AVP 0\r\na=rtcp:5001 IN IP4 10.0.0.5\r\n", "RC -",
	  "m=audio 0 RTP/AVP 0\r\na=rtcp:5001 IN IP4 198.51.100.1\r\n", 0 },
	/* wildcards: filled in, kept, put in */
	{ "c=IN IP4 $\r\nm=audio $ RTP/AVP 0\r\n", "R 192.0.2.5:20000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\n", 0 },
	{ "c=IN IP4 $\r\nm=audio $ RTP/AVP 0\r\n", "R [2001:db8::1]:20000",
	  "c=IN IP6 2001:db8::1\r\nm=audio 20000 RTP/AVP 0\r\n", 0 },
	{ "c=IN $ $\r\nm=audio $ RTP/AVP 0\r\n", "R 192.0.2.5:20000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\n", 0 },
	{ "c=$ $ $\r\nm=audio $ RTP/AVP 0\r\n", "R 192.0.2.5:20000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\n", 0 },
	{ "c=IN $ $\r\nm=audio $ RTP/AVP 0\r\n", "RW -", NULL, 0 },
	{ C "m=audio $ RTP/AVP 0\r\n", "RW -", "c=IN IP4 $\r\nm=audio $ RTP/AVP 0\r\n", 0 },
	{ C A, "RW -", "c=IN IP4 $\r\nm=audio $ RTP/AVP 0\r\n", 0 },
	{ A, "RW -", "m=audio $ RTP/AVP 0\r\nc=IN IP4 $\r\n", 0 },
	/* a=rtcp: kept, changed, added */
	{ C A "a=rtcp:5001\r\n", "R 192.0.2.5:20000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\na=rtcp:20001\r\n", 0 },
	{ C A "a=rtcp:5001\r\n", "R 192.0.2.5:20000 192.0.2.5:30000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\na=rtcp:30000\r\n", 0 },
	{ C A "a=rtcp:5001\r\n", "R 192.0.2.5:20000 192.0.2.6:30000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\n"
	  "a=rtcp:30000 IN IP4 192.0.2.6\r\n", 0 },
	{ C A "a=rtcp:5001 IN IP6 2001:db8::9\r\n", "R 192.0.2.5:20000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\n"
	  "a=rtcp:20001 IN IP4 192.0.2.5\r\n", 0 },
	{ C A "a=rtcp:5001 IN IP4 pc.example\r\n", "R [2001:db8::1]:20000",
	  "c=IN IP6 2001:db8::1\r\nm=audio 20000 RTP/AVP 0\r\n"
	  "a=rtcp:20001 IN IP6 2001:db8::1\r\n", 0 },
	{ C A "a=ptime:20\r\n" A "a=ptime:30\r\n", "R 192.0.2.5:10 192.0.2.5:10, R 192.0.2.5:20",
	  "c=IN IP4 192.0.2.5\r\nm=audio 10 RTP/AVP 0\r\na=ptime:20\r\na=rtcp:10\r\n"
	  "m=audio 20 RTP/AVP 0\r\na=ptime:30\r\n", 0 },
	{ C A, "R 192.0.2.5:20000 192.0.2.5:20001",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\n", 0 },
	{ C A, "R 192.0.2.5:20000 [2001:db8::1]:20001",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\n"
	  "a=rtcp:20001 IN IP6 2001:db8::1\r\n", 0 },
	{ C A "a=rtcp-mux\r\n", "RM 192.0.2.5:20000 192.0.2.5:20000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\na=rtcp-mux\r\n", 0 },
	{ C A "a=rtcp:5000\r\na=rtcp-mux\r\n", "RM 192.0.2.5:20000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\na=rtcp:20000\r\na=rtcp-mux\r\n", 0 },
	{ C A "a=rtcp:5001\r\na=rtcp-mux\r\n", "RM 192.0.2.5:20000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\na=rtcp:20001\r\na=rtcp-mux\r\n", 0 },
	{ "c=IN IP4 0.0.0.0\r\n" A "a=rtcp:5001 IN IP4 10.0.0.5\r\n", "RH 192.0.2.5:20000",
	  "c=IN IP4 0.0.0.0\r\nm=audio 20000 RTP/AVP 0\r\na=rtcp:20001 IN IP4 0.0.0.0\r\n", 0 },
	{ C A "a=rtcp:$\r\n", "R 192.0.2.5:20000",
	  "c=IN IP4 192.0.2.5\r\nm=audio 20000 RTP/AVP 0\r\na=rtcp:20001\r\n", 0 },
	{ C A "a=rtcp:5001 IN IP4 10.0.0.5\r\n", "RW -",
	  "c=IN IP4 $\r\nm=audio $ RTP/AVP 0\r\na=rtcp:$ IN IP4 $\r\n", 0 },
	{ C "m=image 5000 udptl t38\r\n", "- 192.0.2.5:1",
	  "c=IN IP4 192.0.2.5\r\nm=image 1 udptl t38\r\n", 0 },
	{ C "a=rtcp:5001 IN IP4 10.0.0.5\r\n" A, "R 192.0.2.5:1",
	  "c=IN IP4 192.0.2.5\r\nm=audio 1 RTP/AVP 0\r\n", 0 },
	/* what leaves whole */
	{ "a=ice-lite\r\na=ice-options:trickle\r\na=group:BUNDLE 0 1\r\n" C A
	  "a=mid:0\r\na=ice-ufrag:x\r\na=ice-pwd:y\r\na=candidate:1 1 UDP 1 10.0.0.5 5000 typ host\r\n"
	  "a=rtpmap:0 PCMU/8000\r\na=remote-candidates:1 10.0.0.5 5000\r\na=end-of-candidates\r\n"
	  "a=alt:1 1 : a b 10.0.0.5 5000\r\na=X-nat:1 x\r\na=ice-mismatch\r\na=ice-pacing:50\r\n"
	  "a=bundle-only\r\na=source-filter: incl IN IP4 * 10.0.0.5\r\na=altc:1 IP4 10.0.0.5 5\r\n",
	  "R 192.0.2.5:1",
	  "c=IN IP4 192.0.2.5\r\nm=audio 1 RTP/AVP 0\r\na=mid:0\r\na=rtpmap:0 PCMU/8000\r\n", 0 },
	{ "a=group:LS 0 1\r\na=group:BUNDLED\r\na=icee\r\na=altitude\r\na=candidates\r\n", "", NULL, 0 },
	{ C A "a=rtcp-xr:voip-metrics\r\na=rtcp-fb:* nack\r\na=setup:actpass\r\n"
	  "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n", "R 10.0.0.5:5000", NULL, 0 },
	/* what is not ours keeps what it has */
	{ C A "m=message 2855 TCP/MSRP *\r\na=path:msrp://10.0.0.5:2855/x;tcp\r\n",
	  "R 192.0.2.5:1, F -",
	  "c=IN IP4 192.0.2.5\r\nm=audio 1 RTP/AVP 0\r\nm=message 2855 TCP/MSRP *\r\n"
	  "c=IN IP4 10.0.0.5\r\na=path:msrp://10.0.0.5:2855/x;tcp\r\n", 0 },
	{ C A "m=message 2855 TCP/MSRP *\r\nc=IN IP4 10.0.0.8\r\n", "R 192.0.2.5:1, F -",
	  "c=IN IP4 192.0.2.5\r\nm=audio 1 RTP/AVP 0\r\nm=message 2855 TCP/MSRP *\r\n"
	  "c=IN IP4 10.0.0.8\r\n", 0 },
	{ C A "m=message 0 TCP/MSRP *\r\n", "R 192.0.2.5:1, FC -",
	  "c=IN IP4 192.0.2.5\r\nm=audio 1 RTP/AVP 0\r\nm=message 0 TCP/MSRP *\r\n", 0 },
	{ C "m=message 2855 TCP/MSRP *\r\n", "F -", NULL, 0 },
	{ C A "m=message 2855 TCP/MSRP *\r\n", "R 10.0.0.5:5000, F -", NULL, 0 },
	{ C "m=message 2855 TCP/MSRP *\r\n", "C -",
	  "c=IN IP4 198.51.100.1\r\nm=message 0 TCP/MSRP *\r\n", 0 },
	{ "c=TN RFC2543 -\r\nm=audio - TDM -\r\n", "F -", NULL, 0 },
	/* blocks */
	{ "v=0\r\n" C A "v=0\r\nc=IN IP4 10.0.0.6\r\n" A, "R 192.0.2.5:1, R 192.0.2.6:2",
	  "v=0\r\nc=IN IP4 192.0.2.5\r\nm=audio 1 RTP/AVP 0\r\n"
	  "v=0\r\nc=IN IP4 192.0.2.6\r\nm=audio 2 RTP/AVP 0\r\n", 0 },
	{ V C A "\r\n" V A, "R 192.0.2.5:1 192.0.2.5:1, R 192.0.2.6:2",
	  "v=0\r\no=- 1 2 IN IP4 198.51.100.1\r\ns=-\r\nc=IN IP4 192.0.2.5\r\n"
	  "m=audio 1 RTP/AVP 0\r\na=rtcp:1\r\n\r\nv=0\r\no=- 1 2 IN IP4 198.51.100.1\r\ns=-\r\n"
	  "m=audio 2 RTP/AVP 0\r\nc=IN IP4 192.0.2.6\r\n", 0 },
	{ "v=0\r\n" C "m=message 1 TCP/MSRP *\r\nv=0\r\n" C A, "F -, R 192.0.2.5:1",
	  "v=0\r\n" C "m=message 1 TCP/MSRP *\r\nv=0\r\nc=IN IP4 192.0.2.5\r\n"
	  "m=audio 1 RTP/AVP 0\r\n", 0 },
};

static long write_text(const struct write_row *r, char *out, size_t cap)
{
	struct pn_sdp_policy policy = { .size = sizeof(policy) };
	struct pn_edits *e = edits_new();
	struct pn_media adv[8];
	char in[4096];
	long n;

	/* `base` is where the text begins in the message */
	memcpy(in, "12345", 5);
	memcpy(in + 5, r->in, strlen(r->in));
	if (!r->keep_origin)
		policy.origin = sdp_kit_addr("198.51.100.1");
	n = sdp_write(r->in, strlen(r->in), adv, sdp_kit_parse(r->adv, adv), &policy, e, 5);
	if (!n)
		n = edits_apply(e, in, strlen(r->in) + 5, out, cap - 1);
	if (n >= 0 && edits_delta(e, 5, strlen(r->in) + 5) != n - 5 - (long)strlen(r->in))
		n = -ERANGE;
	edits_free(e);
	if (n >= 5) {
		n -= 5;
		memmove(out, out + 5, (size_t)n);
		out[n] = 0;
	}
	return n;
}

Test(sdp, write)
{
	char got[4096];

	for (size_t i = 0; i < ROWS(write_row); i++) {
		const struct write_row *r = &write_row[i];
		const char *want = r->out ? r->out : r->in;
		long n = write_text(r, got, sizeof(got));

		cr_expect(eq(long, n, (long)strlen(want)), "row %zu", i);
		cr_expect(n < 0 || !strcmp(got, want), "row %zu:\n%s\nwant:\n%s", i, got, want);
	}
}

Test(sdp, write_refuses)
{
	static const struct {
		const char *in, *adv;
		int want;
	} row[] = {
		{ C A, "", -EINVAL },
		{ C A, "R 192.0.2.5:1, R 192.0.2.5:2", -EINVAL },
		{ C A, "R -", -EINVAL },
		{ C A, "F -", -EINVAL },
		{ C "m=message 2855 TCP/MSRP *\r\n", "- -", -EINVAL },
		{ "c=IN\r\n", "", -EBADMSG },
	};
	struct pn_edits *e = edits_new();
	struct pn_media adv[4];

	for (size_t i = 0; i < ROWS(row); i++) {
		size_t n = sdp_kit_parse(row[i].adv, adv);

		cr_expect(eq(int, sdp_write(row[i].in, strlen(row[i].in), adv, n, NULL, e, 0),
			     row[i].want), "row %zu", i);
	}
	edits_free(e);
}

Test(sdp, check)
{
	static const struct {
		const char *in, *hidden, *adv;
		int want;
	} row[] = {
		{ V C A, "R 10.0.0.5:5000", "R 192.0.2.5:1", -EPERM },
		{ "o=- 1 2 IN IP4 10.0.0.5\r\n", "R 10.0.0.5:5000", "R 192.0.2.5:1", -EPERM },
		{ C, "R 10.0.0.5:5000", "R 192.0.2.5:1", -EPERM },
		{ A C, "R 10.0.0.5:5000", "R 192.0.2.5:1", -EPERM },
		{ A C, "R 10.0.0.9:5000", "R 192.0.2.5:1", 0 },
		{ A C, "R 10.0.0.9:5000 10.0.0.5:7", "R 192.0.2.5:1", -EPERM },
		/* equal numbers in realms that overlap */
		{ A C, "R 10.0.0.5:5000", "R 10.0.0.5:1", 0 },
		{ A C, "R 10.0.0.5:5000", "R 10.0.0.6:1 10.0.0.5:2", 0 },
		{ "c=IN IP4 10.0.0.5/127\r\n" A, "R 10.0.0.5:5000", "R 192.0.2.5:1", -EPERM },
		{ "c=IN IP6 ::ffff:10.0.0.5\r\n" A, "R 10.0.0.5:5000", "R 192.0.2.5:1", -EPERM },
		{ "c=IN IP6 2001:DB8:0::9\r\n" A, "R [2001:db8::9]:1", "R 192.0.2.5:1", -EPERM },
		{ A "a=rtcp:1 IN IP4 10.0.0.5\r\n", "R 10.0.0.5:5000", "R 192.0.2.5:1", -EPERM },
		{ "a=rtcp:1 IN IP4 10.0.0.5\r\n" A, "R 10.0.0.5:5000", "R 192.0.2.5:1", -EPERM },
		{ A "a=x\r\na=ice-lite\r\na=candidate:1 1 UDP 1 10.0.0.5 5 typ host\r\n",
		  "R 10.0.0.5:5000", "R 192.0.2.5:1", -EPERM },
		{ A "a=candidate:1 1 UDP 1 1.1.1.1 5 typ srflx raddr 10.0.0.5 rport 5\r\n",
		  "R 10.0.0.5:5000", "R 192.0.2.5:1", -EPERM },
		{ A "a=remote-candidates:1 10.0.0.5 5\r\n", "R 10.0.0.5:5000", "R 192.0.2.5:1",
		  -EPERM },
		{ A "a=candidate:1 1 UDP 1 192.0.2.5 5 typ host\r\n", "R 10.0.0.5:5000",
		  "R 192.0.2.5:1", 0 },
		/* text is no connection */
		{ "s=10.0.0.5\r\ni=10.0.0.5\r\na=x 10.0.0.5\r\n" A, "R 10.0.0.5:5000",
		  "R 192.0.2.5:1", 0 },
		/* hold, names, unknown */
		{ "c=IN IP4 0.0.0.0\r\n" A, "RH 0.0.0.0:5000", "R 192.0.2.5:1", 0 },
		{ A "c=IN IP4 $\r\n", "RW -", "R 192.0.2.5:1", 0 },
		{ A "c=IN IP4 x.example\r\n", "R -", "R 192.0.2.5:1", 0 },
		/* a foreign medium speaks for itself */
		{ A "m=message 1 TCP/MSRP *\r\n" C, "R 10.0.0.5:5000", "R 192.0.2.5:1", 0 },
		{ C "m=message 1 TCP/MSRP *\r\n", "F 10.0.0.5:5000", "F -", 0 },
		{ C "m=message 1 TCP/MSRP *\r\n" A, "R 10.0.0.5:5000", "R 192.0.2.5:1", -EPERM },
		{ "c=IN\r\n", "R 10.0.0.5:5000", "R 192.0.2.5:1", -EBADMSG },
	};
	struct pn_media hidden[4], adv[4];

	for (size_t i = 0; i < ROWS(row); i++) {
		size_t n_hidden = sdp_kit_parse(row[i].hidden, hidden);
		size_t n_adv = sdp_kit_parse(row[i].adv, adv);

		cr_expect(eq(int, sdp_check(row[i].in, strlen(row[i].in), hidden, n_hidden, adv,
					    n_adv), row[i].want), "row %zu", i);
	}
}
