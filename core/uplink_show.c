#include "uplink_state.h"

int uplinks_json(struct uplinks *u, struct buf *out)
{
	int err = json_open(out, NULL, '[');

	for (const struct uplink *l = u->all; l && !err; l = l->next) {
		struct pinhole_client_info i;

		pinhole_client_info(l->client, &i);
		json_open(out, NULL, '{');
		json_text(out, "protocol", u->c.module_name(l->module));
		json_addr(out, "inner", &l->local);
		json_addr(out, "pinhole", &i.mapped);
		json_addr(out, "gateway", &l->to);
		json_text(out, "state", l->up ? "registered" : l->told_down ? "lost" : "asking");
		json_num(out, "subscribers", (int64_t)l->subscribers.n);
		json_num(out, "idle_ms", (int64_t)l->idle_ms);
		json_num(out, "lifetime_ms", (int64_t)i.lifetime_s * 1000);
		json_num(out, "error", i.error);
		err = json_close(out, '}');
	}
	return err ? err : json_close(out, ']');
}
