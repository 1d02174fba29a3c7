#include "latch.h"

#define STEP_MAX 3000u      /* sequence numbers a source may jump: MAX_DROPOUT of RFC 3550 A.1 */
#define CANDIDATE_MS 1000u  /* a candidate that is silent for so long makes room */
#define BANS (sizeof((struct latch *)0)->banned / sizeof(struct pn_addr))

static const struct pn_addr nowhere;

static bool is(const struct pn_addr *a, const struct pn_addr *src)
{
	return a->family && addr_eq(a, src);
}

static bool covers(const struct pn_addr *a, const struct pn_addr *src)
{
	return a->family && (a->port ? addr_eq(a, src) : addr_same_ip(a, src));
}

static bool of_peer(const struct latch_rules *r, const struct pn_addr *src)
{
	return r->peer.family && addr_same_net(&r->peer, src, r->peer_bits4, r->peer_bits6);
}

static bool banned(const struct latch *l, const struct pn_addr *src)
{
	for (size_t i = 0; i < BANS; i++)
		if (is(&l->banned[i], src))
			return true;
	return false;
}

static enum latch_rank declared_rank(const struct latch_rules *r, const struct pn_addr *src)
{
	if (!r->declared.family || !addr_same_ip(&r->declared, src))
		return RANK_NONE;
	if (r->declared.port == src->port)
		return RANK_DECLARED;
	return r->mode == LATCH_EXACT ? RANK_NONE : RANK_DECLARED_IP;
}

static enum latch_rank peer_rank(const struct latch_rules *r, const struct pn_addr *src)
{
	if (covers(&r->pinhole, src))
		return RANK_PINHOLE;
	if (r->mode == LATCH_OFF || r->mode == LATCH_DECLARED || r->mode == LATCH_EXACT)
		return RANK_NONE;
	return of_peer(r, src) ? RANK_PEER : RANK_NONE;
}

enum latch_rank latch_rank(const struct latch *l, const struct latch_rules *r, const struct pn_addr *src)
{
	enum latch_rank declared = declared_rank(r, src), peer = peer_rank(r, src);

	if (banned(l, src))
		return RANK_NONE;
	if (r->mode == LATCH_PEER && !r->third_party && peer == RANK_NONE)
		return RANK_NONE;
	if (declared != RANK_NONE)
		return declared;
	if (peer != RANK_NONE)
		return peer;
	return r->mode == LATCH_ANY ? RANK_ANY : RANK_NONE;
}

static bool plausible(const struct latch_rules *r, const struct packet_facts *f)
{
	if (f->forged)
		return false;
	if (!r->rtp)
		return true;
	return f->class != PACKET_OTHER && !(f->class == PACKET_RTP && f->rtcp_component);
}

static bool keepalive(const struct latch_rules *r, uint8_t pt)
{
	for (size_t i = 0; i < sizeof(r->keepalive_pt); i++)
		if (r->keepalive_pt[i] == pt && pt)
			return true;
	return false;
}

static bool teaches(const struct latch_rules *r, const struct packet_facts *f)
{
	if (!r->rtp)
		return true;
	if (f->rtcp_component)
		return f->class == PACKET_RTCP;
	return f->class == PACKET_RTP && !keepalive(r, f->pt);
}

static bool silent(const struct latch *l, const struct latch_rules *r, uint64_t now_ms)
{
	return now_ms - l->last_ms >= r->silence_ms;
}

static bool rising(const struct packet_facts *f, uint32_t ssrc, uint16_t seq)
{
	uint16_t step = (uint16_t)(f->seq - seq);

	if (f->ssrc != ssrc)
		return false;
	return f->class != PACKET_RTP || (step && step < STEP_MAX);
}

/* Other UDP media has nothing that could be continued: only the signalling moves it. */
static bool continues(const struct latch *l, const struct latch_rules *r, const struct packet_facts *f)
{
	return r->rtp && l->taught && rising(f, l->ssrc, l->seq);
}

static bool may_take(const struct latch *l, const struct latch_rules *r, const struct packet_facts *f,
		     enum latch_rank rank, uint64_t now_ms)
{
	if (!l->where.family || !l->taught)
		return true;
	if (l->state == LATCH_OPEN)
		return rank >= l->rank || silent(l, r, now_ms);
	if (now_ms - l->opened_ms <= r->window_ms && rank > l->rank)
		return true;
	return silent(l, r, now_ms) && continues(l, r, f);
}

/* One candidate at a time: two that alternate must not keep each other out. */
static bool counted(struct latch *l, const struct latch_rules *r, const struct packet_facts *f,
		    enum latch_rank rank, uint64_t now_ms)
{
	bool same = is(&l->candidate.src, &f->src);
	bool stale = now_ms - l->candidate.at_ms >= CANDIDATE_MS;

	if (r->packets <= 1)
		return true;
	if (!same && l->candidate.src.family && !stale && rank <= l->candidate.rank)
		return false;
	if (!same || !rising(f, l->candidate.ssrc, l->candidate.seq))
		l->candidate.count = 0;
	l->candidate.src = f->src;
	l->candidate.rank = rank;
	l->candidate.at_ms = now_ms;
	l->candidate.ssrc = f->ssrc;
	l->candidate.seq = f->seq;
	return ++l->candidate.count >= r->packets;
}

static void note(struct latch *l, const struct latch_rules *r, const struct packet_facts *f, uint64_t now_ms)
{
	l->last_ms = now_ms;
	if (!teaches(r, f))
		return;
	l->ssrc = f->ssrc;
	l->seq = f->seq;
}

static enum latch_act settle(struct latch *l, const struct packet_facts *f, enum latch_rank rank)
{
	bool same = is(&l->where, &f->src), had = l->where.family;

	l->where = f->src;
	l->rank = rank;
	if (same)
		return LATCH_PASS;
	return had ? LATCH_MOVE : LATCH_LEARN;
}

static enum latch_act lock(struct latch *l, const struct latch_rules *r, const struct packet_facts *f,
			   enum latch_rank rank, uint64_t now_ms)
{
	if (l->state != LATCH_LOCKED)
		l->opened_ms = now_ms;
	if (!is(&l->where, &f->src))
		l->former = l->taught ? l->where : nowhere;
	l->state = LATCH_LOCKED;
	l->taught = true;
	l->candidate.src = nowhere;
	l->candidate.count = 0;
	note(l, r, f, now_ms);
	return settle(l, f, rank);
}

/* STUN, DTLS, keepalives, RTCP among RTP: what waits for RTP must hear the answer, so they stand in
 * until RTP comes. */
static enum latch_act stand_in(struct latch *l, const struct latch_rules *r, const struct packet_facts *f,
			       enum latch_rank rank, uint64_t now_ms)
{
	if (l->state == LATCH_LOCKED)
		return LATCH_DROP_FOREIGN;
	if (l->taught || (l->where.family && rank <= l->rank && !silent(l, r, now_ms)))
		return LATCH_PASS;
	l->last_ms = now_ms;
	return settle(l, f, rank);
}

static enum latch_act judge_other(struct latch *l, const struct latch_rules *r, const struct packet_facts *f,
				  enum latch_rank rank, uint64_t now_ms)
{
	if (!teaches(r, f))
		return stand_in(l, r, f, rank, now_ms);
	if (!may_take(l, r, f, rank, now_ms))
		return LATCH_DROP_FOREIGN;
	if (!counted(l, r, f, rank, now_ms) && !continues(l, r, f))
		return LATCH_DROP_WAIT;
	return lock(l, r, f, rank, now_ms);
}

static enum latch_act judge_known(struct latch *l, const struct latch_rules *r, const struct packet_facts *f,
				  enum latch_rank rank, uint64_t now_ms)
{
	bool stays = l->state == LATCH_LOCKED || !teaches(r, f) || (l->taught && rank != RANK_DECLARED);

	if (!stays) {
		if (!l->taught && !counted(l, r, f, rank, now_ms))
			return LATCH_DROP_WAIT;
		return lock(l, r, f, rank, now_ms);
	}
	note(l, r, f, now_ms);
	return LATCH_PASS;
}

enum latch_act latch_judge(struct latch *l, const struct latch_rules *r, const struct packet_facts *f,
			   uint64_t now_ms)
{
	bool known = is(&l->where, &f->src);
	enum latch_rank rank = known && l->state == LATCH_LOCKED ? l->rank : latch_rank(l, r, &f->src);

	if (l->state == LATCH_IDLE || rank == RANK_NONE)
		return LATCH_DROP_FOREIGN;
	if (!plausible(r, f))
		return LATCH_DROP_IMPLAUSIBLE;
	if (r->mode == LATCH_OFF) {
		lock(l, r, f, rank, now_ms);
		return LATCH_PASS;
	}
	if (known)
		return judge_known(l, r, f, rank, now_ms);
	return judge_other(l, r, f, rank, now_ms);
}

void latch_open(struct latch *l, const struct latch_rules *r)
{
	for (size_t i = 0; i < BANS; i++)
		l->banned[i] = nowhere;
	l->bans = 0;
	l->candidate.src = nowhere;
	l->candidate.count = 0;
	l->before = l->taught ? l->where : nowhere;
	l->former = nowhere;
	l->state = LATCH_OPEN;
	l->rank = l->where.family ? latch_rank(l, r, &l->where) : RANK_NONE;
	if (l->rank != RANK_NONE)
		return;
	l->where = nowhere;
	l->taught = false;
}

void latch_first(struct latch *l, const struct latch_rules *r, uint64_t now_ms)
{
	enum latch_rank rank = latch_rank(l, r, &l->where);

	if (l->state != LATCH_LOCKED || rank == RANK_NONE) {
		latch_open(l, r);
		return;
	}
	l->rank = rank;
	l->opened_ms = now_ms;
}

/* Where to fall back to; what the rules no longer allow is forgotten. */
static void back_to(struct latch *l, const struct latch_rules *r, const struct pn_addr *to)
{
	enum latch_rank rank = to->family ? latch_rank(l, r, to) : RANK_NONE;

	l->where = rank == RANK_NONE ? nowhere : *to;
	l->rank = rank;
	l->taught = rank != RANK_NONE;
	l->state = rank == RANK_NONE ? LATCH_OPEN : LATCH_LOCKED;
	l->former = nowhere;
	l->candidate.src = nowhere;
}

void latch_rollback(struct latch *l, const struct latch_rules *r)
{
	struct pn_addr before = l->before;

	l->before = nowhere;
	if (before.family)
		back_to(l, r, &before);
}

void latch_veto(struct latch *l, const struct latch_rules *r, const struct pn_addr *src)
{
	struct pn_addr former = l->former;

	l->banned[l->bans++ % BANS] = *src;
	if (is(&l->candidate.src, src))
		l->candidate.src = nowhere;
	if (is(&l->where, src))
		back_to(l, r, &former);
	else if (is(&l->former, src))
		l->former = nowhere;
}

/* latch.md 2: the signalling peer's own, a live pinhole, or vouched for by the configuration. */
static bool proven(const struct latch_rules *r)
{
	if (!r->declared.family || !r->declared.port)
		return false;
	if (r->mode == LATCH_OFF || r->mode == LATCH_EXACT || r->third_party ||
	    covers(&r->pinhole, &r->declared))
		return true;
	return r->peer.family && addr_same_ip(&r->peer, &r->declared);
}

struct pn_addr latch_destination(const struct latch *l, const struct latch_rules *r)
{
	bool settled = l->where.family && (l->state == LATCH_LOCKED || !l->taught);

	if (r->held)
		return nowhere;
	if (proven(r) && (r->mode == LATCH_OFF || r->direct || !settled))
		return r->declared;
	return r->mode == LATCH_OFF ? nowhere : l->where;
}

struct pn_addr latch_probe(const struct latch *l, const struct latch_rules *r)
{
	struct pn_addr to = latch_destination(l, r);

	if (to.family || r->held || !r->declared.port || r->peer.family != r->declared.family)
		return to;
	to = r->peer;
	to.port = r->declared.port;
	return to;
}
