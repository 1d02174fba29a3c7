#include "forward.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "register.h"
#include "rewrite.h"
#include "server.h"

/* A request that leaves. */
struct outgoing {
	const struct sip_msg *m;
	const struct sip_target *target;
	const char *branch;
	struct pn_realm *from;
	struct pn_addr from_peer;
	struct pn_str user; /* stands for the sender in Contact; empty: leave Contact alone */
	struct sip_server *server; /* of a REGISTER */
	const struct forward_media *media;
};

static int begin(struct rewrite *rw, struct sip *sip, const struct outgoing *o)
{
	struct rewrite_path path = {
		.from = o->from,
		.to = o->target->realm,
		.from_peer = o->from_peer,
		.to_peer = o->target->hop[o->target->at],
		.flow = o->target->flow,
	};

	return rewrite_begin(rw, sip, o->m, &path);
}

static void put_description(struct rewrite *rw, const struct forward_media *media,
			    struct pn_media list[SIP_MEDIA_MAX])
{
	struct sip_sdp sdp;
	int found = msg_sdp(rw->m, &sdp);

	if (found < 0 && !rw->err)
		rw->err = found;
	if (found != 1)
		return;
	if (media)
		rewrite_sdp(rw, &sdp, media->adv, media->n);
	else
		rewrite_sdp_capability(rw, &sdp, list, SIP_MEDIA_MAX);
}

/* Our Via, and what a request towards this side must carry. */
static void put_head(struct rewrite *rw, const struct outgoing *o)
{
	struct text head = { 0 };

	text_fmt(&head, "Via: SIP/2.0/UDP %s;branch=%s;rport\r\n", rw->own, o->branch);
	rewrite_hops(rw, &head);
	if (o->target->routes.len) {
		text_put(&head, "Route: ");
		text_add(&head, o->target->routes);
		text_put(&head, "\r\n");
	}
	if (head.failed && !rw->err)
		rw->err = -E2BIG;
	rewrite_head(rw, text_str(&head));
	text_free(&head);
}

/* Leaves the result in sip->out. */
static long write_request(struct sip *sip, const struct outgoing *o)
{
	struct pn_media list[SIP_MEDIA_MAX];
	struct rewrite rw;
	int err = begin(&rw, sip, o);

	if (err)
		return err;
	put_head(&rw, o);
	if (o->target->uri.len)
		rewrite_span(&rw, o->m->uri, o->target->uri);
	rewrite_remove(&rw, SIP_RECORD_ROUTE);
	rewrite_routes(&rw, o->target->keep_routes);
	if (o->server && o->server->reg)
		reg_rewrite_request(&rw, o->server);
	else if (o->user.len)
		rewrite_contacts(&rw, o->user);
	rewrite_uris(&rw, SIP_REFER_TO, true);
	rewrite_uris(&rw, SIP_REFERRED_BY, false);
	rewrite_uris(&rw, SIP_REPLY_TO, false);
	put_description(&rw, o->media, list);
	return rewrite_finish(&rw);
}

/* What stands for the sender towards the receiver of this transaction. */
static struct pn_str user_of(struct sip_client *c, int side, char token[SIP_TOKEN_LEN + 1])
{
	struct sip_dialog *d = dialog_by_id(c->sip, c->dialog);

	if (d && d->leg[side].user.len)
		return d->leg[side].user;
	if (side == c->side && c->target.alias.len && c->server &&
	    c->target.alias_realm == c->server->realm)
		return c->target.alias;
	sip_token(c->sip, token);
	return str_of(token);
}

int forward_request(struct sip_client *c, const struct forward_media *media)
{
	struct sip_server *s = c->server;
	char token[SIP_TOKEN_LEN + 1];
	struct outgoing o = {
		.m = s->req,
		.target = &c->target,
		.branch = c->branch,
		.from = s->realm,
		.from_peer = s->remote,
		.user = user_of(c, 1 - c->side, token),
		.server = s,
		.media = media,
	};
	long len = write_request(c->sip, &o);

	return len < 0 ? (int)len : client_start(c, c->sip->out, (size_t)len);
}

static void keep_ack(struct sip_dialog *d, const struct sip_msg *m, size_t len)
{
	char *copy = malloc(len);

	if (!copy)
		return;
	memcpy(copy, d->sip->out, len);
	free(d->ack);
	d->ack = copy;
	d->ack_len = len;
	d->ack_heard = sip_hash(d->sip, m->data, m->len);
}

int forward_ack(struct sip_dialog *d, int side, const struct sip_msg *m,
		const struct forward_media *media)
{
	char token[SIP_TOKEN_LEN + 1], branch[SIP_TOKEN_LEN + 8];
	struct sip_target target;
	struct outgoing o = {
		.m = m,
		.target = &target,
		.branch = branch,
		.from = d->leg[side].realm,
		.from_peer = d->leg[side].addr,
		.user = d->leg[side].user,
		.media = media,
	};
	long len = dialog_target(d, 1 - side, &target);

	if (len)
		return (int)len;
	sip_token(d->sip, token);
	snprintf(branch, sizeof(branch), "z9hG4bK%s", token);
	len = write_request(d->sip, &o);
	if (len > 0) {
		keep_ack(d, m, (size_t)len);
		len = d->sip->svc->flow_send(d->sip->host, target.flow, &target.hop[0], d->sip->out, (size_t)len);
	}
	target_drop(&target);
	return (int)len;
}

/* The Vias and Record-Routes of the side that asked. */
static void put_reply_head(struct rewrite *rw, struct sip_server *s)
{
	const struct sip_field *f = msg_field(s->req, SIP_RECORD_ROUTE);
	struct text head = { 0 };

	reply_vias(&head, s->sip, s->req, &s->remote);
	for (; f && rw->m->status > 100 && rw->m->status < 300; f = msg_next(s->req, f))
		text_add(&head, f->line);
	if (head.failed && !rw->err)
		rw->err = -E2BIG;
	rewrite_head(rw, text_str(&head));
	text_free(&head);
}

static void put_contact(struct rewrite *rw, struct sip_client *c, struct sip_dialog *d)
{
	char token[SIP_TOKEN_LEN + 1];
	int status = rw->m->status;
	struct pn_str user = d ? d->leg[c->side].user : user_of(c, c->side, token);

	if (c->server->reg) {
		reg_rewrite_response(rw, c->server);
	} else if (status / 100 == 3 || status == 485) { /* they name others too, RFC 3261 8.1.3.4 */
		if (sip_is_access(c->sip, c->target.realm))
			rewrite_self(rw, c->target.uri, user);
		rewrite_uris(rw, SIP_CONTACT, true);
	} else {
		rewrite_contacts(rw, user);
	}
}

int forward_response(struct sip_client *c, struct sip_dialog *d, const struct sip_msg *m,
		     const struct forward_media *media)
{
	struct sip_server *s = c->server;
	struct pn_media list[SIP_MEDIA_MAX];
	struct rewrite_path path = {
		.from = c->target.realm,
		.to = s->realm,
		.from_peer = c->target.hop[c->target.at],
		.to_peer = s->remote,
		.flow = s->flow,
	};
	struct rewrite rw;
	long len = rewrite_begin(&rw, c->sip, m, &path);

	if (len)
		return (int)len;
	put_reply_head(&rw, s);
	rewrite_remove(&rw, SIP_RECORD_ROUTE);
	put_contact(&rw, c, d);
	put_description(&rw, media, list);
	len = rewrite_finish(&rw);
	if (len < 0)
		return (int)len;
	if (m->status < 300)
		client_remember(c, m, c->sip->out, (size_t)len);
	server_send(s, c->sip->out, (size_t)len, m->status);
	return 0;
}
