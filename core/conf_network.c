#include "conf_network.h"
#include "conf_text.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS(a) (sizeof(a) / sizeof(*(a)))
#define SECOND 1000u
#define MINUTE 60000u
#define HOUR 3600000u
#define PINHOLE_PORT 3478u
#define SIGNALLING_FIRST 19900u
#define SIGNALLING_LAST 19999u

static const struct conf_field network_fields[] = {
	{ "lifetime", CONF_DURATION, offsetof(struct conf_network, lifetime_ms), MINUTE, 10 * SECOND, HOUR,
	  "from \"10s\" to \"1h\"" },
	{ "pinholes", CONF_NUMBER, offsetof(struct conf_network, pinholes), 1000, 0, 0, NULL },
	{ "subscribers", CONF_NUMBER, offsetof(struct conf_network, subscribers), 10000, 0, 0, NULL },
};

static const struct conf_field gateway_fields[] = {
	{ "keep", CONF_DURATION, offsetof(struct conf_gateway, keep_ms), 15 * SECOND, SECOND, 10 * MINUTE,
	  "from \"1s\" to \"10m\"" },
	{ "idle-min", CONF_DURATION, offsetof(struct conf_gateway, idle_min_ms), 15 * SECOND, SECOND, HOUR,
	  "from \"1s\" to \"1h\"" },
	{ "idle-max", CONF_DURATION, offsetof(struct conf_gateway, idle_max_ms), 2 * MINUTE, SECOND, HOUR,
	  "from \"1s\" to \"1h\"" },
};

/* ---- secrets ---- */

static void secret_free(struct conf_secret *s)
{
	if (s->octets)
		explicit_bzero(s->octets, s->len);
	free(s->octets);
}

static int open_secret(const char *path, const char **why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && !(st.st_mode & 027))
		return fd;
	*why = fd < 0 ? strerror(errno) : "expected a file that others can neither read nor write (mode 0600 or 0640)";
	if (fd >= 0)
		close(fd);
	return -1;
}

static int take_secret(const char *text, size_t len, struct conf_secret *out)
{
	while (len && isspace((unsigned char)*text))
		text++, len--;
	while (len && isspace((unsigned char)text[len - 1]))
		len--;
	if (len < CONF_SECRET_MIN || len > CONF_SECRET_MAX)
		return -EINVAL;
	out->octets = malloc(len);
	if (!out->octets)
		return -ENOMEM;
	memcpy(out->octets, text, len);
	out->len = len;
	return 0;
}

/* What the service manager handed in under this name (systemd.exec(5), LoadCredential), else the file beside the
 * configuration. */
static char *secret_path(struct conf_reader *r, const xmlNode *n)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY"), *name = conf_attr(n, "secret-file");
	char *path;

	if (!dir || !name || strchr(name, '/') || asprintf(&path, "%s/%s", dir, name) < 0)
		return conf_read_path(r, n, "secret-file");
	if (!access(path, F_OK))
		return path;
	free(path);
	return conf_read_path(r, n, "secret-file");
}

static void read_secret(struct conf_reader *r, const xmlNode *n, struct conf_secret *out)
{
	char *path = secret_path(r, n), text[2 * CONF_SECRET_MAX], expected[512];
	const char *why = "expected 8 to 256 characters in it";
	int fd = path ? open_secret(path, &why) : -1;
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text));
	int err = len < 0 ? -EINVAL : take_secret(text, (size_t)len, out);

	if (fd >= 0)
		close(fd);
	explicit_bzero(text, sizeof(text));
	snprintf(expected, sizeof(expected), "a file with the secret of the network: %s", why);
	if (err == -ENOMEM)
		r->no_memory = true;
	else if (err && path)
		conf_bad_value(r, n, "secret-file", expected);
	free(path);
}

/* ---- <network> ---- */

static void find_realm(struct conf_reader *r, const xmlNode *n, struct conf_network *out)
{
	const char *name = conf_attr(n, "realm");

	if (name) {
		if (!conf_find_realm(r->conf, name, &out->realm))
			conf_unknown_realm(r, n);
		return;
	}
	while (out->realm < r->conf->n_realms && !r->conf->realms[out->realm].pinhole)
		out->realm++;
	if (out->realm == r->conf->n_realms)
		out->realm = 0;
}

void conf_read_network(struct conf_reader *r, const xmlNode *n, struct conf_network *out)
{
	out->line = conf_node_line(n);
	out->name = conf_copy(r, conf_attr(n, "name"));
	find_realm(r, n, out);
	read_secret(r, n, &out->secret);
	conf_read_fields(r, n, out, network_fields, ROWS(network_fields));
}

void conf_network_free(struct conf_network *n)
{
	free(n->name);
	secret_free(&n->secret);
}

/* ---- <gateway> ---- */

/* The host's name up to its first dot, if it can be one. */
static void name_agent(struct conf_reader *r, const xmlNode *n, struct conf_gateway *out)
{
	const char *given = conf_attr(n, "agent");
	char host[HOST_NAME_MAX + 1] = "";
	size_t len;

	if (!given && !gethostname(host, sizeof(host) - 1)) {
		len = strcspn(host, ".");
		host[len > 32 ? 32 : len] = 0;
		len = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
		if (len && !host[len])
			given = host;
	}
	out->agent = conf_copy(r, given);
	if (!given)
		conf_error(r->e, r->file, conf_node_line(n),
			   "<gateway>: expected agent=, for the name of this host is none for an agent");
}

void conf_read_gateway(struct conf_reader *r, const xmlNode *n, struct conf_gateway *out,
		       struct conf_realm *realm)
{
	static const char *const media[] = { "local", "gateway", NULL };
	static const char *const cmph[] = { "wait", "early", NULL };
	static const char *const yes[] = { "yes", "no", NULL };
	uint16_t ports[2] = { SIGNALLING_FIRST, SIGNALLING_LAST };
	uint64_t port = PINHOLE_PORT;

	out->line = conf_node_line(n);
	out->realm = (unsigned)r->conf->n_realms - 1;
	conf_read_address(r, n, "address", 0, &out->address);
	if (conf_attr(n, "port") && conf_number(conf_attr(n, "port"), 65535, &port))
		port = PINHOLE_PORT;
	out->address.port = (uint16_t)port;
	out->network = conf_copy(r, conf_attr(n, "network"));
	name_agent(r, n, out);
	read_secret(r, n, &out->secret);
	conf_read_ports(r, n, "signalling-ports", ports);
	out->signalling_first = ports[0], out->signalling_last = ports[1];
	out->media_local = *conf_word(n, "media", media) == 'l';
	out->cmph_early = *conf_word(n, "cmph", cmph) == 'e';
	out->show_final = *conf_word(n, "show-final", yes) == 'y';
	conf_read_fields(r, n, out, gateway_fields, ROWS(gateway_fields));
	conf_read_uplink(r, n, &out->address, realm);
}

void conf_gateway_free(struct conf_gateway *g)
{
	if (!g)
		return;
	free(g->network);
	free(g->agent);
	secret_free(&g->secret);
	free(g);
}

/* ---- listeners towards the gateway ---- */

static bool listens_in(const struct conf_module *m, unsigned realm)
{
	for (size_t i = 0; i < m->n_listens; i++)
		if (m->listens[i].realm == realm)
			return true;
	return false;
}

static bool listens_on(const struct conf_module *m, size_t n, uint16_t port, enum pn_transport t)
{
	for (size_t i = 0; i < n; i++)
		if (m->listens[i].port == port && (!t || m->listens[i].transport == t))
			return true;
	return false;
}

static void add_listen(struct conf_reader *r, struct conf_module *m, enum pn_transport t, uint16_t port)
{
	const struct conf_gateway *g = r->conf->gateway;
	struct conf_listen *list = conf_grow(r, m->listens, &m->n_listens, sizeof(*list));

	if (!list)
		return;
	m->listens = list;
	list[m->n_listens - 1] =
		(struct conf_listen){ .realm = g->realm, .transport = t, .port = port, .line = g->line };
}

/* One port for all that have the same number inside, whatever the realm and the transport. False: none is left. */
static bool add_listens(struct conf_reader *r, struct conf_module *m, uint32_t *next)
{
	size_t before = m->n_listens;

	for (size_t i = 0; i < before; i++) {
		uint16_t inside = m->listens[i].port;

		if (listens_on(m, i, inside, 0))
			continue;
		if (*next > r->conf->gateway->signalling_last)
			return false;
		for (enum pn_transport t = PN_UDP; t <= PN_TLS; t++)
			if (listens_on(m, before, inside, t))
				add_listen(r, m, t, (uint16_t)*next);
		++*next;
	}
	return true;
}

void conf_add_listens(struct conf_reader *r)
{
	const struct conf_gateway *g = r->conf->gateway;
	uint32_t next = g->signalling_first;

	for (size_t i = 0; i < r->conf->n_modules; i++)
		if (!listens_in(&r->conf->modules[i], g->realm) &&
		    !add_listens(r, &r->conf->modules[i], &next)) {
			conf_error(r->e, r->file, g->line,
				   "signalling-ports=\"%u-%u\" of <gateway>: expected a port for each one on "
				   "which modules listen",
				   g->signalling_first, g->signalling_last);
			return;
		}
}
