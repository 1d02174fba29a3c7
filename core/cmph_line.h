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
	struct pn_addr told;           /* the gateway says that its media comes out there; family 0: nowhere of ours */
	bool joined;                   /* and its media is kept inside */
	bool orphan;                   /* the gateway that said so may have forgotten it: a restart ends no call inside */
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
/* Ask again, as soon as the loop turns: nothing is sent before this returns. */
void line_refresh(struct line *l);
struct pn_addr line_inner(const struct line *l, unsigned component); /* our socket */

/* cmph_join.c: what the gateway says of a component's media; family 0: it leaves us. By an indication: the gateway
 * knows the call; an answer without it may come from one that started anew. */
void line_join(struct line *l, unsigned component, const struct pn_addr *peer, bool indicated);
void line_orphan(struct line *l); /* the gateway may have started anew */
void line_part(struct line *l); /* the line ends: who is joined to it is not any more */

#endif
