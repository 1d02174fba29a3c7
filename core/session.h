/* Sessions and their branches: the table, deadlines, the CDR's facts, the end. A session owns its
 * streams (media.h) and ends in one CDR, written after the relay's final report. */
#ifndef CORE_SESSION_H
#define CORE_SESSION_H

#include "binding.h"
#include "cdr.h"
#include "media.h"

/* Deadlines (conf.h has the values; each is told through timeout() and the session ended by force
 * SESSION_FORCE_MS later if the module does not):
 * - signalling: session_deadline() passed without another call of it;
 * - answer: answer_ms from the start without session_answered();
 * - media: after the answer, idle_ms without an accepted packet from either side, counted from the
 *   answer, the last packet, or the end of a hold, whichever is latest. It rests while there is no
 *   stream or every stream is on hold (c= 0.0.0.0);
 * - longest session: session_ms from the start, told as PN_TIMEOUT_ADMIN.
 * A reload changes the values for what is armed afterwards. */
#define SESSION_FORCE_MS 10000u
#define SESSION_FINAL_MS 2000u /* how long an ended session waits for the relay's final reports */
#define SESSION_KEY_MAX 4096u
#define SESSION_ATTR_MAX 512u /* longer identities are cut */

struct sessions;
struct media_hole;
struct media_pinholes;

struct session_events { /* towards the module that owns the session */
	void (*rewrite)(struct module *m, const struct pn_media_reply *r);
	int (*latch)(struct module *m, struct pn_session *s, enum pn_side side, size_t stream,
		     const struct pn_addr *where);
	void (*message)(struct module *m, const struct pn_msg *msg); /* a held one again */
	void (*timeout)(struct module *m, struct pn_session *s, enum pn_timeout what);
	void (*free_data)(struct module *m, struct pn_session *s, void *data);
	const char *(*module_name)(const struct module *m);
};

struct sessions_conf {
	struct loop *loop;
	struct realms *realms;
	struct relay *relay;
	struct media_pinholes *holes; /* NULL: no realm has a shared port */
	const struct media_provider *provider;
	void *provider_arg; /* port_provider_ops: the struct port_provider */
	struct cdr *cdr;    /* NULL: none */
	const struct session_events *events;
};

struct sessions *sessions_new(const struct sessions_conf *c);
void sessions_free(struct sessions *t); /* ends all, writes their CDRs */
void sessions_limits(struct sessions *t, const struct conf *c);
void sessions_drain(struct sessions *t, bool on); /* no new ones */
void sessions_cdr(struct sessions *t, struct cdr *cdr); /* after a reload that names another file */
size_t sessions_count(const struct sessions *t);

/* NULL and errno: ENOSPC (cap, drain), EEXIST, EINVAL (no key or ingress, texts too long), ENOMEM.
 * egress NULL: the same realm. */
struct pn_session *session_new(struct sessions *t, struct module *owner, const struct pn_session_args *a);
struct pn_session *session_find(struct sessions *t, const struct module *owner, struct pn_str key);
struct pn_session *session_by_id(struct sessions *t, const char *id); /* for ctl */
void *session_data(const struct pn_session *s);
const char *session_id(const struct pn_session *s);
void session_attr(struct pn_session *s, enum pn_attr attr, struct pn_str value);
void session_deadline(struct pn_session *s, uint64_t ms);
void session_peer(struct pn_session *s, enum pn_side side, const struct pn_addr *peer);
void session_answered(struct pn_session *s);
void session_end(struct pn_session *s, enum pn_cause cause, int status);
/* An operator ends it: the module is told and must; it is ended by force after 10 s. */
void session_kick(struct pn_session *s);
/* The branch with this key, ended ones too (what they declare is answered with -ESTALE). NULL at the
 * cap: 8 live ones, 32 in all. Handles stay valid as long as the session's. */
struct pn_branch *branch_get(struct pn_session *s, struct pn_str key);
void branch_choose(struct pn_session *s, struct pn_branch *b);
void branch_end(struct pn_session *s, struct pn_branch *b);

int admit_session(struct sessions *t, const struct pn_realm *r, const struct pn_addr *src,
		  const struct pn_binding *b);

/* To be called from relay_events.on_latch and on_final (before port_provider_final: the counters are
 * read here), and from binding_events.gone. */
int sessions_on_latch(struct sessions *t, uint32_t stream, unsigned side, unsigned branch,
		      unsigned component, const struct pn_addr *where, int moved);
void sessions_on_final(struct sessions *t, uint32_t stream);
/* From media_pinhole_events. */
void sessions_on_hole(struct sessions *t, const struct media_hole *h);
void sessions_on_binding_gone(struct sessions *t, const struct pn_binding *b);

/* Module unloads: its sessions end, free_data is called for each before this returns. */
void sessions_drop_owner(struct sessions *t, const struct module *owner);
/* For `show sessions` and `show streams`: each writes one JSON array. */
int sessions_json(struct sessions *t, struct buf *out);
int streams_json(struct sessions *t, struct buf *out);
/* Ports taken = ports of live streams; 0 or -EIO (counted and logged). */
int sessions_check_ports(struct sessions *t);

#endif
