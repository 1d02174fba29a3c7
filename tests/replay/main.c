/* replay [-v] FILE...: calls between real stacks, from capture files, once more with Postern between them: every message
 * is fed to the real core and the real H.323 module, with the addresses in it that its sender was shown here. Each must
 * arrive with nothing changed but addresses, and media must pass. A call is replayed several times: the caller, the
 * called or both are terminals in the access realm, behind a NAT or not, and TCP comes whole or octet by octet.
 * Ends with "N passed, N failed". */
#include "rig.h"

#include "metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SIGNALLING_PORT 1720u

struct variant {
	const char *name;
	struct actor *terminal; /* NULL: all but the gatekeeper */
	bool natted;
	bool zone; /* Postern is the gatekeeper */
};

static const char realms[] =
	"<postern xmlns=\"urn:postern:config:1\" role=\"gateway\">"
	"<realm name=\"access\" side=\"access\" address=\"198.51.100.5\" media=\"20000-20999\" tcp-ports=\"41000-41999\""
	" reach=\"0.0.0.0/0\"/>"
	"<realm name=\"core\" side=\"core\" address=\"192.0.2.5\" media=\"30000-30999\" tcp-ports=\"42000-42999\""
	" aliases=\"10000-10009\"/>"
	"<module name=\"h323\" traversal=\"%s\">"
	"<listen realm=\"access\" transport=\"udp\" port=\"1719\"/><listen realm=\"access\" transport=\"tcp\" port=\"1720\"/>"
	"<listen realm=\"core\" transport=\"udp\" port=\"1719\"/><listen realm=\"core\" transport=\"tcp\" port=\"1720\"/>";

static struct pn_addr ours(const char *text)
{
	struct pn_addr a = { 0 };

	addr_parse_port((struct pn_str){ text, strlen(text) }, 0, &a);
	return a;
}

/* The one that the terminal calls, or that calls it. */
static struct actor *peer_of(struct rig *r, const struct actor *terminal)
{
	for (size_t i = 0; i < r->n_hosts; i++)
		if (&r->host[i] != terminal)
			return &r->host[i];
	return NULL;
}

static void write_config(struct rig *r, const struct actor *terminal, char *out, size_t cap)
{
	const struct actor *to = r->gatekeeper;
	bool traversal = !r->zone;
	char ip[ADDR_TEXT];
	int n;

	if (!to)
		to = terminal == r->caller ? peer_of(r, terminal) : terminal;
	addr_print(&to->ip, ip, sizeof(ip));
	/* the gatekeeper of the capture called those by H.460.18 alone that are behind a NAT */
	for (size_t i = 0; i < r->n_hosts; i++)
		traversal = traversal || r->host[i].n_claims;
	n = snprintf(out, cap, realms, traversal ? "yes" : "no");
	if (r->zone)
		n += snprintf(out + n, cap - (size_t)n, "<gatekeeper realm=\"access\" zone=\"testgk\"/>");
	else if (r->gatekeeper)
		n += snprintf(out + n, cap - (size_t)n,
			      "<route from=\"access\" to=\"core\"><gatekeeper address=\"%s\"/></route>", ip);
	else
		n += snprintf(out + n, cap - (size_t)n, "<route from=\"%s\" to=\"%s\" next-hop=\"%s:1720\"/>",
			      to->terminal ? "core" : "access", to->terminal ? "access" : "core", ip);
	snprintf(out + n, cap - (size_t)n, "<keepalive every=\"0s\"/></module></postern>");
}

static void set_hosts(struct rig *r, const struct variant *v)
{
	struct pn_addr nat = ours("198.51.100.11");

	for (size_t i = 0; i < r->n_hosts; i++) {
		struct actor *h = &r->host[i];

		h->terminal = v->terminal ? h == v->terminal : h != r->gatekeeper;
		h->natted = h->terminal && (v->natted || h->n_claims);
		h->public = h->ip;
		if (h->natted && !h->n_claims)
			h->public = nat;
		nat.ip[3]++;
	}
}

/* What everybody knows before the first message: whom they were configured to talk to. */
static void show_first(struct rig *r)
{
	static const char *const access[] = { "198.51.100.5:1719", "198.51.100.5:1720" };

	for (size_t i = 0; i < r->n_hosts; i++)
		for (size_t j = 0; j < r->n_hosts; j++) {
			struct pn_addr at = r->host[j].ip, here;

			if (r->host[i].terminal == r->host[j].terminal ||
			    (r->gatekeeper && &r->host[j] != r->gatekeeper))
				continue;
			for (size_t k = 0; k < 2; k++) {
				at.port = (uint16_t)(1719 + k);
				here = ours(r->host[i].terminal ? access[k] : "192.0.2.5:1720");
				host_show(&r->host[i], &at, &here, SHOWN_OTHER);
			}
		}
}

static int check_end(struct rig *r, unsigned calls)
{
	static const char *const zero[] = { "h323_malformed", "h323_undecodable", "h323_leaks", "h323_patched" };

	if (r->cdrs != calls || r->cdrs_normal != calls)
		return fail(r, "%u records, %u of normal calls: expected %u", r->cdrs, r->cdrs_normal, calls);
	for (size_t i = 0; i < sizeof(zero) / sizeof(zero[0]); i++)
		if (metric_by_name(zero[i]))
			return fail(r, "%s is not zero", zero[i]);
	return sessions_check_ports(r->core->sessions) ? fail(r, "ports taken are not those of live streams") : 0;
}

static int run(struct rig *r, const struct variant *v)
{
	char config[4096];
	unsigned calls = 0;
	int err;

	r->zone = v->zone;
	set_hosts(r, v);
	for (size_t i = 0; i < r->n_hosts; i++)
		calls += r->host[i].terminal;
	calls = r->zone ? 1 : calls;
	write_config(r, v->terminal, config, sizeof(config));
	err = rig_start(r, config);
	if (!err)
		show_first(r);
	for (size_t i = 0; !err && i < r->trace.n; i++)
		if (play_event(r, i)) {
			char why[WHY_MAX];

			snprintf(why, sizeof(why), "%s", r->why);
			err = fail(r, "frame %u: %.400s", r->trace.event[i].frame, why);
		}
	loop_advance(r->loop, 5000);
	if (!err)
		err = check_end(r, calls);
	rig_stop(r);
	return err;
}

/* The fake network tells connections by the far end, so both cannot be terminals where the gatekeeper took the H.245 of
 * both at one address. */
static bool both_fit(const struct rig *r)
{
	for (size_t i = 0; i < r->trace.n; i++)
		for (size_t j = 0; j < i; j++) {
			const struct trace_event *a = &r->trace.event[i], *b = &r->trace.event[j];

			if (a->kind == TRACE_CONNECT && b->kind == TRACE_CONNECT && addr_eq(&a->to, &b->to) &&
			    a->to.port != SIGNALLING_PORT)
				return false;
		}
	return r->gatekeeper;
}

static size_t variants(struct rig *r, struct variant out[8])
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_hosts && n < 6; i++) {
		struct actor *h = &r->host[i];
		bool caller = h == r->caller;

		if (h == r->gatekeeper)
			continue;
		if (!h->n_claims)
			out[n++] = (struct variant){ caller ? "the caller" : "the called side", h, false, false };
		if (h->n_claims || caller)
			out[n++] = (struct variant){ caller ? "the caller behind a NAT" : "the called side behind a NAT", h,
						     true, false };
	}
	if (both_fit(r))
		out[n++] = (struct variant){ "both", NULL, false, false };
	if (r->gatekeeper)
		out[n++] = (struct variant){ "both by our gatekeeper", NULL, false, true };
	return n;
}

static unsigned replay(const char *path, bool verbose, unsigned *passed)
{
	struct rig *r = calloc(1, sizeof(*r));
	struct variant v[8];
	unsigned failed = 0;
	size_t n = 0;

	if (!r || rig_read(r, path) || !r->caller) {
		printf("not ok %s: %s\n", path, r && r->why[0] ? r->why : "no call in it");
		failed++;
	} else {
		n = variants(r, v);
	}
	for (size_t i = 0; i < 2 * n; i++) {
		r->bytewise = i >= n;
		r->why[0] = '\0';
		if (run(r, &v[i % n])) {
			printf("not ok %s: %s%s: %s\n", path, v[i % n].name, r->bytewise ? ", octet by octet" : "", r->why);
			failed++;
		} else {
			if (verbose)
				printf("ok %s: %s%s: %u messages, %u streams\n", path, v[i % n].name,
				       r->bytewise ? ", octet by octet" : "", r->messages, r->flows);
			(*passed)++;
		}
	}
	if (r)
		rig_free(r);
	free(r);
	return failed;
}

int main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;
	bool verbose = false;
	int opt;

	while ((opt = getopt(argc, argv, "v")) != -1)
		verbose = opt == 'v';
	log_level_set(NULL, "error");
	if (optind == argc) {
		fprintf(stderr, "usage: replay [-v] FILE...\n");
		return 2;
	}
	for (int i = optind; i < argc; i++)
		failed += replay(argv[i], verbose, &passed);
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
