/* Inside of the gateway's media pinholes. */
#ifndef CORE_MEDIA_PINHOLE_STATE_H
#define CORE_MEDIA_PINHOLE_STATE_H

#include "media_pinhole.h"
#include "rate.h"

struct media_pinholes {
	struct media_pinhole_conf conf;
	struct hole_table table;
	struct timer expire;
	struct rate *per_prefix, *overall;
	uint64_t last_order; /* of our indications */
};

#endif
