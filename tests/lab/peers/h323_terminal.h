/* An H.323 terminal for the lab: one call at a time, or one a line, all of its parts by one loop. */
#ifndef LAB_H323_TERMINAL_H
#define LAB_H323_TERMINAL_H

#include "h323_build.h"
#include "h323_link.h"
#include "h323_media.h"

#define ACTS_MAX 8

/* What the caller does within a call, in this order: h323_act.h. */
struct acts {
	const char *name[ACTS_MAX];
	unsigned n;
};

struct options {
	struct in_addr address;
	struct in_addr claim; /* where it says that it is, with media and H.245 */
	unsigned signal_port, ras_port, media_port;
	struct sockaddr_in gatekeeper; /* sin_port 0: none */
	struct sockaddr_in to;         /* a call without gatekeeper; sin_port 0: none */
	const char *alias, *number;    /* what it registers; number may be NULL */
	const char *call;              /* alias to call, or several with commas; NULL: wait for calls */
	const char *locate;            /* alias to ask for; NULL: none */
	bool on_signal;                /* not before SIGUSR1 */
	bool fast, tunnel, h245_in_setup, start_h245; /* offered, or accepted */
	bool early_h245;               /* the called side tells h245Address in CallProceeding */
	bool early_media;              /* the called side answers fast start in Alerting */
	unsigned ring;                 /* it answers the call when so many packets were heard; 0: at once */
	bool busy;                     /* it refuses calls */
	bool silent_h245;              /* an H.245 connection of its own stays without messages */
	bool traversal;                /* client of H.460.18 and H.460.19 */
	unsigned late_ms;              /* from an h245Address until it connects */
	const char *forge;             /* all it does is to speak in this endpoint's name: h323_forge.h */
	struct sockaddr_in forge_ras;
	const char *forge_call;
	bool ras_tunnel;               /* client of H.460.17 */
	unsigned cut;                  /* octets that TCP is given at a time; 0: all */
	unsigned packets;              /* hang up when so many were heard of each medium; 0: never */
	struct acts act;
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
	unsigned answered; /* which kind of message answered the last request: RasMessage_PR */
};

enum call_state { CALL_NONE, CALL_ADMITTING, CALL_SETUP, CALL_RINGING, CALL_UP };

struct call {
	struct link *link; /* of its own, or of the line whose connection it shares */
	struct sockaddr_in local, peer;
	enum call_state state;
	bool calling;
	uint16_t reference;
	uint8_t conference[BUILD_GUID], id[BUILD_GUID];
	struct sockaddr_in h245_of_setup; /* sin_port 0: none */
	struct sockaddr_in h245_later;    /* where to connect, and when; sin_port 0: nowhere */
	uint64_t h245_ms;
	bool peer_tunnels; /* as its last message said */
	bool tunnels;      /* both do */
	bool fast;         /* accepted */
	bool fast_told;    /* and answered before Connect */
	bool traverses;    /* the other side speaks H.460.19, too */
	bool admitted;     /* a DRQ is due */
	uint8_t offered[MEDIA_MAX][2][512]; /* fast start proposals: [stream][0: the caller sends] */
	size_t offered_len[MEDIA_MAX][2];
};

/* The channels of one medium, one each way. */
struct control_channel {
	bool asked, out; /* ours was proposed; and acknowledged */
	bool closing;    /* ours */
	bool in;         /* theirs is open */
	long ours, theirs; /* their numbers */
};

struct control {
	struct link link; /* of its own connection */
	struct sockaddr_in local;
	struct sockaddr_in declared; /* local, or what it is claimed to be */
	bool running, capable, determined, opened;
	bool reopening; /* when all channels are closed */
	bool answered;  /* a round trip delay request */
	bool sent_end;
	uint32_t number; /* statusDeterminationNumber */
	unsigned round;  /* how often channels were opened */
	struct control_channel channel[MEDIA_MAX];
};

#define CONTROL_QUEUE 32

/* H.245 messages that wait to be tunnelled. */
struct control_queue {
	uint8_t data[CONTROL_QUEUE][2048];
	size_t len[CONTROL_QUEUE];
	int n;
};

struct terminal {
	struct options o;
	struct terminal *host, *next; /* lines of one endpoint: h323_lines.h. host NULL: it is the first */
	struct link own_link;
	uint64_t now_ms;
	struct ras ras;
	struct call call;
	struct control control;
	struct control_queue queue;
	struct media media;
	unsigned acts_done;
	bool acting;  /* the next of them was begun */
	bool located; /* what o.locate wants is under way, or done */
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
