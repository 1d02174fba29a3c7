/* One stream of the agent with its side at the gateway: two sockets, their CMPHs, and who waits for them.
 * For cmph*.c alone. */
#ifndef CORE_CMPH_LINE_H
#define CORE_CMPH_LINE_H

#include "cmph.h"
#include "hash.h"
#include "log.h"

struct cmph {
	struct cmph_conf conf;
	bool early, local, show_final;
	uint32_t keep_ms;
	struct hash lines; /* by stream */
	struct log_limit *limit;
};

struct hole { /* of one socket */
	struct pinhole_client *client; /* NULL: not asked for yet */
	struct pn_addr mapped;         /* family 0: no answer yet */
	struct pn_addr peer;           /* its media is diverted there; family 0: it is not */
};

struct line {
	struct hash_node node;
	struct cmph *c;
	struct pn_realm *realm; /* at the gateway */
	unsigned side;          /* the same */
	struct pn_addr gateway; /* with the pinhole port */
	struct media_grant grant;
	struct hole hole[2]; /* RTP, RTCP */
	struct timer timer;
	uint64_t token; /* who waits; 0: nobody */
};

struct line *line_find(const struct cmph *c, uint32_t stream); /* NULL */
/* Opens the stream and hands it to the session that `token` stands for. NULL and errno. */
struct line *line_open(struct cmph *c, uint64_t token, const struct media_ask *ask, unsigned side);
void line_free(struct line *l); /* the relay's stream is another matter */
/* Answer `token` now or when both pinholes stand; FINAL-ADDRESS is what was declared. -errno: not at all. */
int line_ask(struct line *l, uint64_t token, const struct pn_media *declared);
void line_input(struct line *l, unsigned component, const struct pn_addr *from, const void *data, size_t len);
void line_hurry(struct line *l); /* credentials are there: ask again at once what has no answer */

#endif
