/* What the loads of signalling share: sockets, time, and what they report. IPv4 alone. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include <netinet/in.h>

#define LOAD_SLOWEST_US 100000 /* slower answers count as this slow */

struct load_counts {
	unsigned long done, failed;
	unsigned histogram[LOAD_SLOWEST_US + 1]; /* of answers, by microseconds */
};

/* Somebody wants the program to end; from load_begin() on. */
extern volatile sig_atomic_t load_over;

void load_begin(void);
uint64_t load_now_ns(void);
/* From `address:port`; ends the program when it is none. */
struct sockaddr_in load_address(const char *text);
/* A UDP socket with a large buffer; ends the program when there is none. */
int load_udp(const char *local);
/* One datagram, terminated, of cap - 1 octets at most: its length, or -1. */
long load_receive(int fd, void *out, size_t cap, struct sockaddr_in *from, int flags);
/* An answer came to what was sent then. */
void load_answered(struct load_counts *c, uint64_t sent_ns);
/* One JSON object on stdout: done, failed, median and 99th percentile of the answers' time in us. */
void load_report(const struct load_counts *c);

#endif
