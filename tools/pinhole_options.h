/* The command line of postern-pinhole. */
#ifndef TOOLS_PINHOLE_OPTIONS_H
#define TOOLS_PINHOLE_OPTIONS_H

#include "postern/pinhole.h"
#include <stdbool.h>

#define PINHOLE_SECRET_MAX 256
#define PINHOLE_SUBSCRIBERS_MAX 1024

struct pinhole_options {
	struct sockaddr_storage gateway, local, inner, forward, via; /* ss_family 0: not given */
	const char *network, *agent, *protocol;
	char host[64]; /* the default of agent */
	char secret[PINHOLE_SECRET_MAX];
	size_t secret_len;
	uint32_t lifetime_s, keep_ms;
	uint64_t wait_ms; /* for the first answer; 0: as long as the protocol asks */
	bool once, verbose;
	struct pn_subscriber subscribers[PINHOLE_SUBSCRIBERS_MAX];
	struct sockaddr_storage terminals[PINHOLE_SUBSCRIBERS_MAX];
	size_t n;
};

enum pinhole_options_result { OPTIONS_RUN, OPTIONS_DONE, OPTIONS_WRONG };

/* DONE: help or version was asked for and printed. WRONG: the reason was printed. Names are resolved here. */
enum pinhole_options_result pinhole_options_read(int argc, char **argv, struct pinhole_options *out);

#endif
