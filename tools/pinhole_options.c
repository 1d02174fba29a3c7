#include "config.h"

#include "pinhole_options.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEEP_S 15
#define SECONDS_MAX 86400
#define SECRET_MIN 8

static const char usage[] =
	"usage: postern-pinhole [OPTION...] --local [ADDRESS:]PORT GATEWAY[:PORT]\n"
	"  -l, --local [ADDRESS:]PORT    our UDP port; 0 takes any\n"
	"  -1, --once                    end when the pinhole stands\n"
	"  -k, --keep SECONDS            refresh it so often (default 15)\n"
	"  -w, --wait SECONDS            end without success after so long (default 40)\n"
	"a signalling socket; PORT of the gateway is then that of the protocol:\n"
	"  -r, --register PROTOCOL       sip, mgcp, h248, h323\n"
	"  -n, --network NAME            whose we are, as the gateway knows it\n"
	"  -f, --secret-file FILE        the network's secret\n"
	"  -a, --agent NAME              our name in it (default: the host's)\n"
	"  -i, --inner ADDRESS:PORT      our address as told (default: the socket's own)\n"
	"  -s, --subscriber ID=ADDRESS:PORT   who is reached through it; may be repeated\n"
	"      --lifetime SECONDS        asked for (default: as the gateway likes)\n"
	"  -F, --forward ADDRESS:PORT    the program whose signalling passes through it,\n"
	"      --via [ADDRESS:]PORT      and where that program sends to\n"
	"others:\n"
	"  -v, --verbose                 tell what happens, on standard error\n"
	"  -V, --version                 version of this program\n"
	"  -h, --help                    this text\n";

static int wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int wrong(const char *fmt, ...)
{
	va_list ap;

	fputs("postern-pinhole: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return -1;
}

/* "host", "host:port", "[v6]:port", "v6" to host and port; port NULL: not there. */
static void split(char *text, char **host, char **port)
{
	char *colon = strrchr(text, ':'), *close = strchr(text, ']');

	*host = text;
	*port = NULL;
	if (*text == '[' && close) {
		*host = text + 1;
		*close = 0;
		*port = close[1] == ':' ? close + 2 : NULL;
	} else if (colon && strchr(text, ':') == colon) {
		*colon = 0;
		*port = colon + 1;
	}
}

static bool is_port(const char *text) /* getaddrinfo takes more */
{
	return *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 6 && strtoul(text, NULL, 10) <= 65535;
}

/* A port alone becomes one of any address when `bare`. family: of what it must match, or AF_UNSPEC. */
static int read_address(const char *what, const char *text, int flags, int family, struct sockaddr_storage *out)
{
	struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_DGRAM, .ai_flags = flags | AI_NUMERICSERV };
	struct addrinfo *list;
	char *copy = strdup(text), *host, *port;
	int err;

	if (!copy)
		return wrong("%s", strerror(ENOMEM));
	split(copy, &host, &port);
	if (flags & AI_PASSIVE && !port && strspn(text, "0123456789") == strlen(text)) {
		port = host;
		host = NULL;
	}
	if (port ? !is_port(port) : flags & AI_NUMERICHOST)
		err = EAI_SERVICE;
	else
		err = getaddrinfo(host, port ? port : "3478", &hints, &list);
	free(copy);
	if (err)
		return wrong("%s \"%s\": %s", what, text, gai_strerror(err));
	memcpy(out, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
	return 0;
}

static int read_seconds(const char *what, const char *text, uint32_t *out)
{
	char *end;
	unsigned long v = isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : 0;

	if (!v || *end || v > SECONDS_MAX)
		return wrong("%s \"%s\": expected seconds, 1 to %d", what, text, SECONDS_MAX);
	*out = (uint32_t)v;
	return 0;
}

static int read_secret(const char *path, struct pinhole_options *o)
{
	char text[2 * PINHOLE_SECRET_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *from = text;
	struct stat st;
	ssize_t len;

	if (fd < 0)
		return wrong("secret file \"%s\": %s", path, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_mode & 027) {
		close(fd);
		return wrong("secret file \"%s\": expected a file that others can neither read nor write", path);
	}
	len = read(fd, text, sizeof(text));
	close(fd);
	while (len > 0 && isspace((unsigned char)*from))
		from++, len--;
	while (len > 0 && isspace((unsigned char)from[len - 1]))
		len--;
	if (len < SECRET_MIN || len > PINHOLE_SECRET_MAX)
		return wrong("secret file \"%s\": expected %d to %d characters in it", path, SECRET_MIN,
			     PINHOLE_SECRET_MAX);
	memcpy(o->secret, from, (size_t)len);
	o->secret_len = (size_t)len;
	return 0;
}

static int read_subscriber(const char *text, struct pinhole_options *o)
{
	const char *at = strrchr(text, '=');
	char *identity;

	if (o->n == PINHOLE_SUBSCRIBERS_MAX)
		return wrong("more than %d subscribers", PINHOLE_SUBSCRIBERS_MAX);
	if (!at || at == text || at - text > 255)
		return wrong("subscriber \"%s\": expected ID=ADDRESS:PORT", text);
	if (read_address("subscriber", at + 1, AI_NUMERICHOST, AF_UNSPEC, &o->terminals[o->n]))
		return -1;
	identity = strndup(text, (size_t)(at - text));
	if (!identity)
		return wrong("%s", strerror(ENOMEM));
	o->subscribers[o->n].identity = identity; /* until the program ends */
	o->subscribers[o->n].terminal = (struct sockaddr *)&o->terminals[o->n];
	o->n++;
	return 0;
}

enum { LIFETIME = 256, VIA };

static const struct option longer[] = {
	{ "local", required_argument, NULL, 'l' },	{ "once", no_argument, NULL, '1' },
	{ "keep", required_argument, NULL, 'k' },	{ "wait", required_argument, NULL, 'w' },
	{ "network", required_argument, NULL, 'n' },	{ "secret-file", required_argument, NULL, 'f' },
	{ "agent", required_argument, NULL, 'a' },	{ "inner", required_argument, NULL, 'i' },
	{ "forward", required_argument, NULL, 'F' },	{ "via", required_argument, NULL, VIA },
	{ "register", required_argument, NULL, 'r' },
	{ "subscriber", required_argument, NULL, 's' }, { "lifetime", required_argument, NULL, LIFETIME },
	{ "verbose", no_argument, NULL, 'v' },		{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },		{ NULL, 0, NULL, 0 },
};

static int read_option(int option, const char *value, struct pinhole_options *o)
{
	uint32_t seconds = 0;
	int err;

	switch (option) {
	case 'l': return read_address("local", value, AI_PASSIVE, o->gateway.ss_family, &o->local);
	case 'i': return read_address("inner", value, AI_NUMERICHOST, AF_UNSPEC, &o->inner);
	case 'F': return read_address("forward", value, AI_NUMERICHOST, AF_UNSPEC, &o->forward);
	case VIA: return read_address("via", value, AI_PASSIVE, AF_UNSPEC, &o->via);
	case 'k':
		err = read_seconds("keep", value, &seconds);
		o->keep_ms = seconds * 1000;
		return err;
	case 'w':
		err = read_seconds("wait", value, &seconds);
		o->wait_ms = seconds * 1000;
		return err;
	case LIFETIME: return read_seconds("lifetime", value, &o->lifetime_s);
	case 'f': return read_secret(value, o);
	case 's': return read_subscriber(value, o);
	case 'n': o->network = value; return 0;
	case 'a': o->agent = value; return 0;
	case 'r': o->protocol = value; return 0;
	case '1': o->once = true; return 0;
	case 'v': o->verbose = true; return 0;
	}
	fputs(usage, stderr);
	return -1;
}

/* What belongs together, and what is needed. */
static int check(const struct pinhole_options *o, bool local)
{
	if (!local)
		return wrong("--local is missing");
	if (!o->protocol != !o->network || !o->protocol != !o->secret_len)
		return wrong("--register, --network and --secret-file belong together");
	if (!o->protocol && (o->n || o->lifetime_s || o->inner.ss_family || o->forward.ss_family))
		return wrong("--subscriber, --lifetime, --inner and --forward belong to --register");
	if (o->via.ss_family != o->forward.ss_family)
		return wrong("--forward and --via belong together, with addresses of one family");
	if (o->once && o->forward.ss_family)
		return wrong("--forward does not end with --once");
	return 0;
}

enum pinhole_options_result pinhole_options_read(int argc, char **argv, struct pinhole_options *o)
{
	static const char letters[] = "l:1k:w:n:f:a:i:r:s:F:vVh";
	const char *local = NULL;
	int option;

	memset(o, 0, sizeof(*o));
	o->keep_ms = KEEP_S * 1000;
	o->agent = o->host;
	if (gethostname(o->host, sizeof(o->host) - 1))
		o->host[0] = 0;
	while ((option = getopt_long(argc, argv, letters, longer, NULL)) != -1) {
		if (option == 'h' || option == 'V') {
			fputs(option == 'h' ? usage : "postern-pinhole " PACKAGE_VERSION "\n", stdout);
			return OPTIONS_DONE;
		}
		if (option == 'l')
			local = optarg; /* its family is the gateway's, which may come later */
		else if (read_option(option, optarg, o))
			return OPTIONS_WRONG;
	}
	if (optind + 1 != argc) {
		fputs(usage, stderr);
		return OPTIONS_WRONG;
	}
	if (check(o, local) || read_address("gateway", argv[optind], 0, AF_UNSPEC, &o->gateway) ||
	    read_option('l', local, o))
		return OPTIONS_WRONG;
	return OPTIONS_RUN;
}
