/* What a capture file says about H.323, in its order: datagrams of RAS, TCP connections as they begin, and the TPKTs
 * that came by them, put together again. pcap with Ethernet and IPv4; all else in it is left out. */
#ifndef REPLAY_TRACE_H
#define REPLAY_TRACE_H

#include "addr.h"

#define TRACE_CONNECTIONS 32u

enum trace_kind { TRACE_DATAGRAM, TRACE_CONNECT, TRACE_TPKT };

struct trace_event {
	enum trace_kind kind;
	unsigned frame;         /* number in the file, from 1 */
	struct pn_addr from, to;
	size_t connection;      /* of CONNECT and TPKT */
	bool opener;            /* of TPKT: it comes from who connected */
	uint8_t *data;          /* datagram, or TPKT without its head */
	size_t len;
};

struct trace {
	struct trace_event *event;
	size_t n, n_connections;
};

/* 0, or -errno: -EINVAL for what is no such file. */
int trace_read(const char *path, struct trace *out);
void trace_free(struct trace *t);

#endif
