/* posternctl: asks a running posternd over its control socket. */
#include "config.h"

#include "json.h"
#include "view.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define REQUEST_MAX 500u
#define REPLY_MAX ((size_t)128 << 20)
#define TIMEOUT_S 30

enum { EXIT_DONE, EXIT_REFUSED, EXIT_USAGE, EXIT_NO_DAEMON };

static const char usage[] =
	"usage: posternctl [-s SOCKET] [--json] COMMAND\n"
	"  show sessions|streams|bindings|pinholes|modules|realms|counters\n"
	"  end SESSION             end a session\n"
	"  drain [off]             take no new sessions, or take them again\n"
	"  reload                  read the configuration again\n"
	"  log [SUBSYSTEM] LEVEL   error, warn, info or debug until the next reload\n"
	"  version                 what is running\n"
	"options:\n"
	"  -s SOCKET               control socket (default " POSTERN_RUNDIR "/ctl.sock)\n"
	"  --json                  print the reply as it is\n"
	"  -V, --version           version of this program\n"
	"  -h, --help              this text\n";

struct options {
	const char *socket;
	bool json;
};

/* ---- the command line ---- */

static const struct {
	const char *name;
	int min, max; /* words that follow */
} commands[] = { { "show", 1, 1 }, { "end", 1, 1 },     { "drain", 0, 1 },
		 { "reload", 0, 0 }, { "log", 1, 2 }, { "version", 0, 0 } };

static const char *const views[] = { "sessions", "streams", "bindings", "pinholes", "modules", "realms", "counters" };

static bool known_view(const char *what)
{
	for (size_t i = 0; i < sizeof(views) / sizeof(*views); i++)
		if (!strcmp(what, views[i]))
			return true;
	return false;
}

static bool well_formed(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		if (!*argv[i] || strpbrk(argv[i], " \t\r\n"))
			return false;
	for (size_t i = 0; argc && i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(argv[0], commands[i].name))
			continue;
		if (argc - 1 < commands[i].min || argc - 1 > commands[i].max)
			return false;
		if (!strcmp(argv[0], "drain") && argc == 2)
			return !strcmp(argv[1], "off");
		return strcmp(argv[0], "show") || known_view(argv[1]);
	}
	return false;
}

static int wrong(void)
{
	fputs(usage, stderr);
	return EXIT_USAGE;
}

/* -1: go on */
static int read_options(struct options *o, int argc, char **argv)
{
	static const struct option longer[] = { { "json", no_argument, NULL, 'j' },
						{ "version", no_argument, NULL, 'V' },
						{ "help", no_argument, NULL, 'h' },
						{ NULL, 0, NULL, 0 } };
	int option;

	*o = (struct options){ .socket = POSTERN_RUNDIR "/ctl.sock" };
	while ((option = getopt_long(argc, argv, "s:Vh", longer, NULL)) != -1) {
		if (option == 's') {
			o->socket = optarg;
		} else if (option == 'j') {
			o->json = true;
		} else if (option == 'V') {
			printf("posternctl %s\n", PACKAGE_VERSION);
			return EXIT_DONE;
		} else if (option == 'h') {
			fputs(usage, stdout);
			return EXIT_DONE;
		} else {
			return wrong();
		}
	}
	return well_formed(argc - optind, argv + optind) ? -1 : wrong();
}

/* ---- the exchange ---- */

static int open_socket(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct timeval limit = { .tv_sec = TIMEOUT_S };
	int fd;

	if (strlen(path) >= sizeof(un.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(un.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (!connect(fd, (struct sockaddr *)&un, sizeof(un)))
		return fd;
	close(fd);
	return -1;
}

static int say(int fd, int argc, char **argv)
{
	char line[REQUEST_MAX];
	size_t len = 0;

	for (int i = 0; i < argc; i++) {
		int n = snprintf(line + len, sizeof(line) - len, "%s%s", argv[i], i + 1 < argc ? " " : "\n");

		if (n < 0 || (size_t)n >= sizeof(line) - len) {
			errno = E2BIG;
			return -1;
		}
		len += (size_t)n;
	}
	return send(fd, line, len, MSG_NOSIGNAL) == (ssize_t)len ? 0 : -1;
}

/* A line, without its end; NULL and errno. */
static char *hear(int fd)
{
	size_t cap = 65536, len = 0;
	char *line = malloc(cap);

	while (line) {
		ssize_t n = recv(fd, line + len, cap - len - 1, 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			errno = n ? errno : ECONNRESET;
			break;
		}
		len += (size_t)n;
		if (line[len - 1] == '\n') {
			line[len - 1] = 0;
			return line;
		}
		if (len + 1 == cap) {
			char *more = cap < REPLY_MAX ? realloc(line, cap * 2) : NULL;

			if (!more) {
				errno = EMSGSIZE;
				break;
			}
			line = more;
			cap *= 2;
		}
	}
	free(line);
	return NULL;
}

static char *ask(const char *path, int argc, char **argv)
{
	int fd = open_socket(path);
	char *line = NULL;

	if (fd < 0) {
		fprintf(stderr, "posternctl: %s: %s: is posternd running?\n", path, strerror(errno));
		return NULL;
	}
	if (!say(fd, argc, argv))
		line = hear(fd);
	if (!line)
		fprintf(stderr, "posternctl: %s: no reply: %s\n", path, strerror(errno));
	close(fd);
	return line;
}

/* ---- the reply ---- */

static void print_refusal(const struct json *reply)
{
	const struct json *list = json_get(reply, "errors");
	const char *error = json_string(reply, "error"), *more = json_string(reply, "more");

	fprintf(stderr, "posternctl: %s\n", error ? error : "refused");
	for (const struct json *j = list ? list->child : NULL; j; j = j->next)
		fprintf(stderr, "%s\n", j->text ? j->text : "");
	if (more && strcmp(more, "0"))
		fprintf(stderr, "and %s more\n", more);
}

static int print_reply(const struct options *o, const char *line, const struct json *reply)
{
	const struct json *ok = json_get(reply, "ok");
	bool good = ok && ok->type == JSON_TRUE;

	if (o->json)
		puts(line);
	else if (!good)
		print_refusal(reply);
	else if (view_print(stdout, reply))
		fprintf(stderr, "posternctl: out of memory\n");
	return good ? EXIT_DONE : EXIT_REFUSED;
}

int main(int argc, char **argv)
{
	struct options o;
	int status = read_options(&o, argc, argv);
	struct json *reply;
	char *line;

	if (status >= 0)
		return status;
	line = ask(o.socket, argc - optind, argv + optind);
	if (!line)
		return EXIT_NO_DAEMON;
	reply = json_parse(line, strlen(line));
	status = EXIT_NO_DAEMON;
	if (reply)
		status = print_reply(&o, line, reply);
	else
		fprintf(stderr, "posternctl: %s: not a reply of posternd\n", o.socket);
	json_free(reply);
	free(line);
	return status;
}
