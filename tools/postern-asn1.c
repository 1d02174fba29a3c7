/* postern-asn1: shows messages of H.225.0, H.245 and H.248, and proves that our codecs keep them. */
#include "config.h"

#include "asn1_codec.h"
#include "asn1_print.h"
#include "asn1_q931.h"
#include "asn1_text.h"
#include "asn1_verify.h"
#include "types.h"
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_SAME, EXIT_DIFFERS, EXIT_USAGE };

static const char usage[] =
	"usage: postern-asn1 print TYPE HEX...\n"
	"       postern-asn1 verify FILE\n"
	"  print    a message as a tree; HEX is - for standard input\n"
	"  verify   decode and encode each line TYPE HEX of FILE, or of standard input if it is -\n"
	"TYPE is one of the ASN.1 modules, as RasMessage, H323-UserInformation,\n"
	"MultimediaSystemControlMessage, OpenLogicalChannel or MegacoMessage; print also takes Q.931.\n"
	"options:\n"
	"  -V, --version   version of this program\n"
	"  -h, --help      this text\n";

static int wrong(void)
{
	fputs(usage, stderr);
	return EXIT_USAGE;
}

/* The words with spaces between them, or standard input; NULL if there is no memory. */
static char *gather(int n, char **words)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = NULL;

	if (n == 1 && !strcmp(*words, "-")) {
		if (getdelim(&text, &size, 0, stdin) >= 0)
			return text;
		free(text);
		return calloc(1, 1);
	}
	f = open_memstream(&text, &size);
	while (f && n--)
		fprintf(f, "%s ", *words++);
	if (f && fclose(f))
		return NULL;
	return text;
}

static int print_octets(const char *type, const uint8_t *data, size_t len)
{
	struct asn1_value v;
	int err;

	if (!strcmp(type, "Q.931"))
		return asn1_q931_print(stdout, data, len) ? EXIT_DIFFERS : EXIT_SAME;
	err = asn1_decode(types_find(type), data, len, &v);
	if (err) {
		fprintf(stderr, "postern-asn1: %s: does not decode: %s\n", type, strerror(-err));
		return EXIT_DIFFERS;
	}
	asn1_print(stdout, &v, 0, type);
	if (v.consumed < len) {
		fputs("left over: ", stdout);
		asn1_text_hex(stdout, data + v.consumed, len - v.consumed);
		fputc('\n', stdout);
	}
	asn1_end(&v);
	return EXIT_SAME;
}

static int print(const char *type, int n, char **words)
{
	char *hex;
	ssize_t len;
	int status;

	if (strcmp(type, "Q.931") && !types_find(type)) {
		fprintf(stderr, "postern-asn1: %s: no such type\n", type);
		return EXIT_USAGE;
	}
	hex = gather(n, words);
	len = hex ? asn1_octets(hex) : -ENOMEM;
	if (len < 0) {
		fprintf(stderr, "postern-asn1: %s\n", hex ? "HEX is not in hexadecimal digits" : strerror(ENOMEM));
		free(hex);
		return EXIT_USAGE;
	}
	status = print_octets(type, (uint8_t *)hex, (size_t)len);
	free(hex);
	return status;
}

static int verify(const char *path)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "r") : stdin;
	long bad = f ? asn1_verify(stdout, f, path) : -errno;

	if (f && f != stdin)
		fclose(f);
	if (bad < 0) {
		fprintf(stderr, "postern-asn1: %s: %s\n", path, strerror((int)-bad));
		return EXIT_USAGE;
	}
	return bad ? EXIT_DIFFERS : EXIT_SAME;
}

int main(int argc, char **argv)
{
	static const struct option longer[] = { { "version", no_argument, NULL, 'V' },
						{ "help", no_argument, NULL, 'h' },
						{ NULL, 0, NULL, 0 } };
	int option = getopt_long(argc, argv, "+Vh", longer, NULL), words = argc - optind;

	if (option == 'V') {
		printf("postern-asn1 %s\n", PACKAGE_VERSION);
		return EXIT_SAME;
	}
	if (option == 'h') {
		fputs(usage, stdout);
		return EXIT_SAME;
	}
	if (option != -1)
		return wrong();
	argv += optind;
	if (words >= 3 && !strcmp(argv[0], "print"))
		return print(argv[1], words - 2, argv + 2);
	if (words == 2 && !strcmp(argv[0], "verify"))
		return verify(argv[1]);
	return wrong();
}
