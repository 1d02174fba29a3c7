/* Postern's relay by itself, for the benchmark: SESSIONS streams between two fixed far ends.
 *
 *   relay_main LOCAL-A LOCAL-B REMOTE-A REMOTE-B SESSIONS
 *
 * Session i has the port pairs 4i above the ports of LOCAL-A and LOCAL-B. Side A learns as an access
 * realm does, side B is as declared. Prints the port pair of each session and then `ready`; SIGTERM ends
 * it. */
#include "addr.h"
#include "buf.h"
#include "loop.h"
#include "relay.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void on_final(void *arg, uint32_t stream)
{
	(void)arg, (void)stream;
}

static void on_term(void *loop, int signum)
{
	(void)signum;
	loop_stop(loop);
}

static struct pn_addr address(const char *text)
{
	struct pn_addr a;

	if (addr_parse_port(str_of(text), 0, &a) || !a.port) {
		fprintf(stderr, "relay_main: %s: address:port was expected\n", text);
		exit(2);
	}
	return a;
}

static int set(struct relay *r, uint32_t stream, unsigned side, const struct pn_addr *remote)
{
	struct relay_rules rules = { .side = side, .latch = {
		.mode = side ? LATCH_OFF : LATCH_PEER, .declared = *remote, .peer = *remote, .rtp = true, .packets = 1,
		.peer_bits4 = 32, .peer_bits6 = 128, .window_ms = 3000, .silence_ms = 2000 } };
	int err = relay_set(r, stream, &rules);

	rules.component = RELAY_RTCP;
	rules.latch.declared.port++;
	return err ? err : relay_set(r, stream, &rules);
}

static int open_session(struct relay *r, const struct pn_addr local[2], const struct pn_addr remote[2], unsigned i)
{
	struct relay_end end[2] = { { .rtp = local[0] }, { .realm = 1, .rtp = local[1] } };
	uint32_t stream;
	int err;

	for (int side = 0; side < 2; side++)
		end[side].rtp.port = (uint16_t)(end[side].rtp.port + 4 * i);
	err = relay_open(r, end, &stream, NULL);
	for (unsigned side = 0; side < 2 && !err; side++)
		err = set(r, stream, side, &remote[side]);
	if (!err)
		printf("%u %u\n", end[0].rtp.port, end[1].rtp.port);
	return err;
}

int main(int argc, char **argv)
{
	static const struct relay_events events = { .on_final = on_final };
	struct relay_conf conf = { .loop = loop_new(), .threads = 1, .events = &events, .max_streams = 8192 };
	struct relay *relay = relay_new(&conf);
	int err = 0;

	if (argc != 6 || !relay) {
		fprintf(stderr, "usage: relay_main LOCAL-A LOCAL-B REMOTE-A REMOTE-B SESSIONS\n");
		return 2;
	}
	for (unsigned i = 0; i < strtoul(argv[5], NULL, 10) && !err; i++)
		err = open_session(relay, (struct pn_addr[]){ address(argv[1]), address(argv[2]) },
				   (struct pn_addr[]){ address(argv[3]), address(argv[4]) }, i);
	if (err) {
		fprintf(stderr, "relay_main: %s\n", strerror(-err));
		return 1;
	}
	loop_on_signal(conf.loop, SIGTERM, on_term, conf.loop);
	puts("ready");
	fflush(stdout);
	loop_run(conf.loop);
	relay_free(relay);
	loop_free(conf.loop);
	return 0;
}
