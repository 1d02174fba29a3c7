/* An H.323 terminal for the lab: one call at a time, all of its parts by one loop. */
#ifndef LAB_H323_TERMINAL_H
#define LAB_H323_TERMINAL_H

#include "h323_build.h"
#include "h323_link.h"
#include "h323_media.h"

struct options {
	struct in_addr address;
	uint16_t signal_port, ras_port, media_port;
	struct sockaddr_in gatekeeper; /* sin_port 0: none */
	struct sockaddr_in to;         /* a call without gatekeeper; sin_port 0: none */
	const char *alias, *number;    /* what it registers; number may be NULL */
	const char *call;              /* alias to call; NULL: wait for calls */
	bool on_signal;                /* not before SIGUSR1 */
	bool fast, tunnel, h245_in_setup, start_h245; /* offered, or accepted */
	bool early_h245;               /* the called side tells h245Address in CallProceeding */
	bool ring_back;                /* it also talks before it answers, and answers when it was heard */
	bool traversal;                /* H.460.18 client */
	unsigned packets;              /* hang up when so many were heard of each medium; 0: never */
	unsigned time_to_live;         /* of the registration, seconds */
};

enum ras_state { RAS_OFF, RAS_DISCOVERING, RAS_REGISTERING, RAS_IDLE, RAS_ADMITTING, RAS_LEAVING, RAS_GONE };

struct ras {
	int fd;
	struct sockaddr_in local, gatekeeper;
	enum ras_state state;
	uint16_t seq;
	uint8_t request[4096]; /* the one that waits for its answer */
	size_t len;            /* 0: none does */
	unsigned tries;
	uint64_t again_ms, refresh_ms;
	uint16_t endpoint[128];
	size_t endpoint_len; /* characters */
	uint8_t gatekeeper_id[256];
	size_t gatekeeper_id_len; /* octets */
	bool lightweight; /* the request that waits only refreshes */
	bool disengaging;
};

enum call_state { CALL_NONE, CALL_ADMITTING, CALL_SETUP, CALL_RINGING, CALL_UP };

struct call {
	struct link link;
	struct sockaddr_in local, peer;
	enum call_state state;
	bool calling;
	uint16_t reference;
	uint8_t conference[BUILD_GUID], id[BUILD_GUID];
	struct sockaddr_in h245_of_setup; /* sin_port 0: none */
	bool peer_tunnels; /* as its last message said */
	bool tunnels;      /* both do */
	bool fast;         /* accepted */
	bool admitted;     /* a DRQ is due */
	uint8_t offered[MEDIA_MAX][2][512]; /* fast start proposals: [stream][0: the caller sends] */
	size_t offered_len[MEDIA_MAX][2];
};

struct control {
	struct link link; /* of its own connection */
	struct sockaddr_in local;
	bool running, capable, determined, opened;
	bool sent_end;
	uint32_t number;  /* statusDeterminationNumber */
	unsigned acked;   /* channels of ours */
	unsigned accepted; /* channels of theirs */
};

struct terminal {
	struct options o;
	uint64_t now_ms;
	struct ras ras;
	struct call call;
	struct control control;
	struct media media;
	bool placed;  /* the call of o.call was begun */
	bool leaving; /* hang up, unregister, end */
	bool done;
	int status;
};

/* The program fails, with a word in the log. */
void terminal_fail(struct terminal *t, const char *why);
/* A call is over; begin to leave if it was the only one. */
void terminal_call_over(struct terminal *t);

#endif
