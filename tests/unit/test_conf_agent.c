/* <network> and <gateway>: what they make of the configuration, and what is said about wrong ones. */
#include "conf_route.h"
#include "conf_texts.h"
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS(list) (sizeof(list) / sizeof(*(list)))
#define AGENT "<postern xmlns=\"urn:postern:config:1\" role=\"agent\">\n"
#define LAN "<realm name=\"lan\" side=\"access\" address=\"10.1.0.3\" media=\"40000-40999\"/>\n"
#define WHO " network=\"acme\" agent=\"ag1\" secret-file=\"%s\""
#define GATEWAY(more) "<gateway address=\"198.51.100.5\"" WHO " " more "/>\n"
#define MODULES "<module name=\"sip\"><listen realm=\"lan\" port=\"5060\"/>" \
		"<listen realm=\"lan\" port=\"5060\" transport=\"tcp\"/></module>\n" \
		"<module name=\"mgcp\"><listen realm=\"lan\" port=\"2427\"/></module>\n"

static char dir[] = "/tmp/test_conf_agent.XXXXXX", secret[64];

static void write_secret(const char *text, mode_t mode)
{
	FILE *f = fopen(secret, "w");

	cr_assert(f != NULL);
	fputs(text, f);
	fclose(f);
	chmod(secret, mode);
}

static void set_up(void)
{
	cr_assert(mkdtemp(dir) != NULL);
	snprintf(secret, sizeof(secret), "%s/acme.secret", dir);
	write_secret("correct horse\n", 0600);
}

static void tear_down(void)
{
	unlink(secret);
	rmdir(dir);
}

TestSuite(conf_agent, .init = set_up, .fini = tear_down);

static struct conf *parse_with(const char *text, struct pn_conf_errors *e)
{
	char whole[8192];

	snprintf(whole, sizeof(whole), text, secret, secret, secret);
	return parse(whole, e);
}

static struct conf *good(const char *text)
{
	struct pn_conf_errors e;
	struct conf *c = parse_with(text, &e);

	cr_assert(c != NULL, "%s", errors_text(&e));
	return c;
}

Test(conf_agent, ten_lines_are_enough)
{
	struct conf *c = good(AGENT LAN GATEWAY("") MODULES CLOSE);
	const struct conf_realm *wan = &c->realms[1];
	const struct conf_gateway *g = c->gateway;

	cr_expect(eq(int, c->role, ROLE_AGENT));
	cr_assert(eq(sz, c->n_realms, 2));
	cr_expect(eq(str, wan->name, "wan"));
	cr_expect(wan->uplink && wan->side == PN_CORE && wan->reach_set);
	cr_expect(eq(str, (char *)addr_text(&wan->addr4), "10.1.0.3"));
	cr_expect(eq(sz, wan->reach.n, 1));
	cr_expect(eq(int, wan->reach.list[0].bits, 32));
	cr_expect(eq(str, (char *)addr_text(&g->address), "198.51.100.5:3478"));
	cr_expect(eq(str, g->network, "acme"));
	cr_expect(eq(str, g->agent, "ag1"));
	cr_expect(eq(sz, g->secret.len, strlen("correct horse")));
	cr_expect(g->media_local && !g->cmph_early && g->show_final);
	cr_expect(eq(u32, g->keep_ms, 15000));
	cr_expect(eq(u32, g->idle_min_ms, 15000));
	cr_expect(eq(u32, g->idle_max_ms, 120000));
	conf_free(c);
}

Test(conf_agent, modules_listen_towards_the_gateway_too)
{
	static const struct {
		unsigned module, index, port;
		enum pn_transport transport;
	} row[] = { { 0, 2, 19900, PN_UDP }, { 0, 3, 19900, PN_TCP }, { 1, 1, 19901, PN_UDP } };
	struct conf *c = good(AGENT LAN GATEWAY("") MODULES CLOSE);

	cr_assert(eq(sz, c->modules[0].n_listens, 4));
	cr_assert(eq(sz, c->modules[1].n_listens, 2));
	for (size_t i = 0; i < ROWS(row); i++) {
		const struct conf_listen *l = &c->modules[row[i].module].listens[row[i].index];

		cr_expect(eq(u32, l->realm, 1), "row %zu", i);
		cr_expect(eq(u16, l->port, row[i].port), "row %zu", i);
		cr_expect(eq(int, l->transport, row[i].transport), "row %zu", i);
	}
	conf_free(c);
	c = good(AGENT LAN GATEWAY("name='out' local='10.1.0.4' signalling-ports='5060-5061' cmph='early' "
				   "media='gateway' show-final='no' port='3479' keep='20s' idle-min='20s' "
				   "idle-max='40s'")
		 "<module name='sip'><listen realm='lan' port='5060'/><listen realm='out' port='7000'/></module>\n"
		 CLOSE);
	cr_expect(eq(sz, c->modules[0].n_listens, 2), "it has one there already");
	cr_expect(eq(str, (char *)addr_text(&c->realms[1].addr4), "10.1.0.4"));
	cr_expect(c->gateway->cmph_early && !(c->gateway->media_local || c->gateway->show_final));
	cr_expect(eq(u16, c->gateway->address.port, 3479));
	conf_free(c);
}

static const char *attr_value(const struct pn_conf *t, const char *name)
{
	for (const struct pn_conf_attr *a = t->attrs; a; a = a->next)
		if (!strcmp(a->name, name))
			return a->value;
	return "none";
}

Test(conf_agent, routes_come_from_templates)
{
	static const char template[] = "<route from=\"{from}\" to=\"{to}\"><mgc address=\"{gateway}:2944\"/></route>"
				       "<who network=\"{network}\" agent=\"{agent}\"/>";
	struct pn_conf_errors e = { .n = 0 };
	struct conf *c = good(AGENT LAN "<realm name='lan6' side='access' address6='2001:db8::3'/>\n"
			      "<gateway address='2001:db8::5'" WHO "/>\n"
			      "<module name='m'><keepalive every='1s'/><listen realm='lan' port='5060'/>"
			      "<listen realm='lan6' port='5060'/></module>\n"
			      "<module name='n'><listen realm='lan' port='5062'/><route x='1'/></module>\n" CLOSE);
	const struct pn_conf *t;

	cr_expect(eq(int, conf_add_routes(c, &c->modules[0], template, &e), 0));
	cr_expect(eq(sz, e.n, 0));
	t = c->modules[0].tree->children;
	cr_expect(eq(str, (char *)t->name, "keepalive"));
	t = t->next;
	cr_expect(eq(str, (char *)attr_value(t, "from"), "lan"));
	cr_expect(eq(str, (char *)attr_value(t, "to"), "wan"));
	cr_expect(eq(str, (char *)attr_value(t->children, "address"), "[2001:db8::5]:2944"));
	cr_expect(eq(int, t->line, c->modules[0].line));
	t = t->next;
	cr_expect(eq(str, (char *)attr_value(t, "network"), "acme"));
	cr_expect(eq(str, (char *)attr_value(t, "agent"), "ag1"));
	cr_expect(eq(str, (char *)attr_value(t->next, "from"), "lan6"));
	cr_expect(eq(int, conf_add_routes(c, &c->modules[1], template, &e), 0));
	cr_expect(eq(str, (char *)attr_value(c->modules[1].tree->children, "x"), "1"));
	cr_expect(eq(ptr, (void *)c->modules[1].tree->children->next, NULL), "it has its own");
	cr_expect(eq(int, conf_add_routes(c, &c->modules[1], NULL, &e), 0));
	conf_free(c);
}

Test(conf_agent, where_a_module_speaks_to_the_gateway)
{
	static const struct {
		const char *route;
		unsigned port;
	} row[] = {
		{ "", 2944 },
		{ "<route from='lan' to='wan' next-hop='198.51.100.5:5070'/>", 5070 },
		{ "<route from='lan' to='wan'><mgc address='192.0.2.1:1 198.51.100.5:5071'/></route>", 5071 },
		{ "<route from='lan' to='wan' next-hop='198.51.100.5'/>", 2944 },
		{ "<route from='lan' to='wan' next-hop='198.51.100.50:5070'/>", 0 },
		{ "<route from='lan' to='wan' next-hop='198.51.100.5:99999'/>", 2944 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		struct pn_conf_errors e = { .n = 0 };
		char text[2048];
		struct conf *c;

		snprintf(text, sizeof(text), AGENT LAN GATEWAY("")
			 "<module name='m'>%s<listen realm='lan' port='5060'/></module>" CLOSE, "%s", row[i].route);
		c = good(text);
		cr_expect(eq(int, conf_add_routes(c, &c->modules[0], "<route><mgc address='{gateway}:2944'/></route>", &e), 0));
		cr_expect(eq(u32, c->modules[0].uplink_port, row[i].port), "row %zu", i);
		conf_free(c);
	}
}

Test(conf_agent, a_template_that_is_none_is_told)
{
	static const char *const bad[] = { "<route from='{who}'/>", "<route", "<route x='{from'/>" };

	for (size_t i = 0; i < ROWS(bad); i++) {
		struct pn_conf_errors e = { .n = 0 };
		struct conf *c = good(AGENT LAN GATEWAY("") MODULES CLOSE);

		cr_expect(eq(int, conf_add_routes(c, &c->modules[0], bad[i], &e), -22), "row %zu", i);
		cr_expect(eq(sz, e.n, 1), "row %zu", i);
		conf_errors_free(&e);
		conf_free(c);
	}
}

Test(conf_agent, networks_of_a_gateway)
{
	struct conf *c = good("<postern xmlns='urn:postern:config:1'>" REALMS
			      "<realm name='p' side='access' address='198.51.100.6' pinhole='3478'/>\n"
			      "<realm name='q' side='access' address='198.51.100.7' pinhole='3500' stun='no' "
			      "stun-media='always'/>\n"
			      "<network name='acme' secret-file='%s'/>\n"
			      "<network name='b' realm='q' secret-file='%s' lifetime='30s' pinholes='5' "
			      "subscribers='6'/>\n" CLOSE);

	cr_assert(eq(sz, c->n_networks, 2));
	cr_expect(eq(u32, c->networks[0].realm, 2), "the first with a pinhole port");
	cr_expect(eq(u32, c->networks[0].lifetime_ms, 60000));
	cr_expect(eq(u32, c->networks[1].realm, 3));
	cr_expect(eq(u32, c->networks[1].lifetime_ms, 30000));
	cr_expect(eq(u32, c->networks[1].pinholes, 5));
	cr_expect(eq(u32, c->networks[1].subscribers, 6));
	cr_expect(eq(u16, c->realms[2].pinhole, 3478));
	cr_expect(c->realms[2].stun && !c->realms[3].stun && !c->realms[0].stun);
	cr_expect(eq(int, c->realms[2].stun_media, STUN_MEDIA_AUTO));
	cr_expect(eq(int, c->realms[3].stun_media, STUN_MEDIA_ALWAYS));
	conf_free(c);
}

static void expect_told(const char *text, const char *want)
{
	char whole[2048];
	struct pn_conf_errors e;
	struct conf *c = parse_with(text, &e);

	snprintf(whole, sizeof(whole), want, secret);
	cr_expect(eq(ptr, c, NULL));
	cr_expect(eq(str, (char *)errors_text(&e), whole));
	conf_free(c);
	conf_errors_free(&e);
}

Test(conf_agent, errors)
{
	static const struct {
		const char *text, *want;
	} row[] = {
		{ AGENT LAN CLOSE, "1: role=\"agent\" of <postern>: expected a <gateway> in it\n" },
		{ OPEN REALMS GATEWAY("") CLOSE, "4: <gateway> in <postern>: expected role=\"agent\" of <postern>, "
						 "which it belongs to\n" },
		{ AGENT LAN GATEWAY("idle-min='60s' idle-max='30s'") CLOSE,
		  "3: idle-min of <gateway>: expected at most its idle-max\n" },
		{ AGENT LAN "<gateway address='198.51.100'" WHO "/>\n" CLOSE,
		  "3: address=\"198.51.100\" of <gateway>: expected an IP address such as \"192.0.2.5\" or "
		  "\"2001:db8::5\"\n" },
		{ AGENT LAN "<gateway address='2001:db8::5'" WHO "/>\n" CLOSE,
		  "3: <gateway>: expected local=, for no realm of terminals has an IPv6 address\n" },
		{ AGENT LAN GATEWAY("media-ports='40900-41000'") CLOSE,
		  "3: media-ports=\"40900-41000\" of <gateway>: expected ports outside of media=\"40000-40999\" of "
		  "the realm on line 2, which has the same address\n" },
		{ AGENT LAN GATEWAY("aliases='10100-10200'") CLOSE,
		  "3: aliases=\"10100-10200\" of <gateway>: expected ports outside of "
		  "media-ports=\"10000-14999\"\n" },
		{ AGENT LAN GATEWAY("signalling-ports='5060-5060'") MODULES CLOSE,
		  "3: signalling-ports=\"5060-5060\" of <gateway>: expected a port for each one on which modules "
		  "listen\n" },
		{ AGENT LAN GATEWAY("name='lan'") CLOSE,
		  "3: realm \"lan\" again, after line 2: expected another name\n" },
		{ AGENT "<realm name='lan' side='access' address='10.1.0.3' media='40000-40999' "
		  "pinhole='3478'/>\n" GATEWAY("") CLOSE,
		  "2: pinhole=\"3478\" of <realm>: expected none, it belongs to the role \"gateway\"\n" },
		{ AGENT LAN GATEWAY("") "<network name='x' secret-file='%s'/>\n" CLOSE,
		  "4: <network>: expected none, it belongs to the role \"gateway\"\n" },
		{ OPEN REALMS "<network name='x' realm='a' secret-file='%s'/>\n" CLOSE,
		  "4: <network>: expected pinhole= of the realm on line 2, for its media\n" },
		{ OPEN "<realm name='a' side='access' address='198.51.100.5' pinhole='3478'/>\n"
		  "<network name='x' secret-file='%s'/>\n<network name='x' secret-file='%s'/>\n" CLOSE,
		  "4: network \"x\" again, after line 3: expected another name\n" },
		{ OPEN "<realm name='a' side='access' address='198.51.100.5' pinhole='19999'/>\n" CLOSE,
		  "2: pinhole=\"19999\" of <realm>: expected it and the port above it outside of "
		  "media=\"20000-29999\"\n" },
		{ OPEN "<realm name='a' side='access' address='198.51.100.5' pinhole='5059'/>\n"
		  "<module name='sip'><listen realm='a' port='5060'/></module>\n" CLOSE,
		  "3: port=\"5060\" of <listen>: expected one outside of pinhole=\"5059-5060\" of the realm on "
		  "line 2\n" },
		{ AGENT LAN "<gateway address='198.51.100.5' network='acme' agent='a' secret-file='/nowhere'/>\n"
		  CLOSE, "3: secret-file=\"/nowhere\" of <gateway>: expected a file with the secret of the "
			 "network: No such file or directory\n" },
	};

	for (size_t i = 0; i < ROWS(row); i++)
		expect_told(row[i].text, row[i].want);
}

Test(conf_agent, a_secret_may_come_from_the_service_manager)
{
	static const char text[] = AGENT LAN "<gateway address='198.51.100.5' network='acme' agent='a' "
				   "secret-file='acme.secret'/>\n" CLOSE;

	expect_told(text, "3: secret-file=\"acme.secret\" of <gateway>: expected a file with the secret of the "
		    "network: No such file or directory\n");
	setenv("CREDENTIALS_DIRECTORY", dir, 1);
	conf_free(good(text));
	setenv("CREDENTIALS_DIRECTORY", "/nowhere", 1);
	conf_free(good(AGENT LAN GATEWAY("") CLOSE));
}

Test(conf_agent, a_secret_is_long_and_not_for_everybody)
{
	static const struct {
		const char *text, *why;
		mode_t mode;
	} row[] = {
		{ " short \n", "expected 8 to 256 characters in it", 0600 },
		{ "correct horse\n",
		  "expected a file that others can neither read nor write (mode 0600 or 0640)", 0644 },
		{ "correct horse\n",
		  "expected a file that others can neither read nor write (mode 0600 or 0640)", 0620 },
	};

	for (size_t i = 0; i < ROWS(row); i++) {
		char want[512];

		write_secret(row[i].text, row[i].mode);
		snprintf(want, sizeof(want), "3: secret-file=\"%s\" of <gateway>: expected a file with the "
			 "secret of the network: %s\n", secret, row[i].why);
		expect_told(AGENT LAN GATEWAY("") CLOSE, want);
	}
	write_secret("correct horse\n", 0640);
	conf_free(good(AGENT LAN GATEWAY("") CLOSE));
}
