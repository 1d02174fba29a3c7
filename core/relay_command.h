/* Commands of the control side to the engine that owns a stream. In line they run at once; a media
 * thread takes them from its queue. */
#ifndef CORE_RELAY_COMMAND_H
#define CORE_RELAY_COMMAND_H

#include "relay_key.h"

enum relay_command_kind {
	COMMAND_ADD, COMMAND_SET, COMMAND_HOP, COMMAND_CHOOSE, COMMAND_END_LEG, COMMAND_VETO, COMMAND_REACH,
	COMMAND_SHARED_OPEN, COMMAND_KEY_ADD,
	COMMAND_KEY_DEL, COMMAND_SHARED_CLOSE, /* what it is about is the command's */
	COMMAND_CLOSE, /* then ENGINE_FINAL; the stream is the control side's again */
};

struct relay_command {
	struct relay_command *next;
	enum relay_command_kind kind;
	struct engine_stream *stream;
	union {
		struct engine_set set;
		struct {
			uint8_t leg, component;
			struct engine_hop to;
		} hop;
		unsigned leg; /* CHOOSE, END_LEG */
		struct engine_event veto;
		struct {
			struct engine_shared *at;
			struct engine_key *key;
		} shared;
		struct {
			unsigned realm;
			struct reach *reach; /* the command's until it has run; then the old one */
		} reach;
	};
};

/* What the engine has to do for it; sockets and threads are the caller's. */
void relay_command_run(struct engine *e, struct relay_command *c);
void relay_command_free(struct relay_command *c);  /* of malloc, NULL-safe */
void relay_command_clear(struct relay_command *c); /* what it owns */

#endif
