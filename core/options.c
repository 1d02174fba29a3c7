#include "options.h"
#include "config.h"
#include "metrics.h"
#include "postern/module.h"
#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"usage: posternd [-c FILE] [-f] [-v]\n"
	"       posternd -t [FILE]\n"
	"  -c FILE         configuration (default " POSTERN_SYSCONFDIR "/postern.xml)\n"
	"  -t              check the configuration and exit: 0 it is good, 2 it is not\n"
	"  -f              stay in the foreground\n"
	"  -v              log everything (level debug)\n"
	"  -V, --version   print the version\n"
	"  -h, --help      print this\n"
	"  --metrics-doc   print the table of counters (docs/metrics.md)\n";

static int print_version(void)
{
	printf("posternd %s, module ABI %d.%d\n", PACKAGE_VERSION, PN_ABI_MAJOR, PN_ABI_MINOR);
	return 0;
}

static int print_usage(void)
{
	fputs(usage, stdout);
	return 0;
}

static int print_metrics(void)
{
	struct buf out;
	int err;

	buf_init(&out, 1u << 20);
	err = metrics_doc(&out);
	if (!err)
		fputs(buf_text(&out), stdout);
	buf_free(&out);
	return err ? EXIT_RUNTIME : 0;
}

static int wrong(void)
{
	fputs(usage, stderr);
	return EXIT_USAGE;
}

static int obey(struct options *o, int option)
{
	switch (option) {
	case 'c':
		o->config = optarg;
		return -1;
	case 't':
		o->check = true;
		return -1;
	case 'f':
		o->foreground = true;
		return -1;
	case 'v':
		o->verbose = true;
		return -1;
	case 'V':
		return print_version();
	case 'h':
		return print_usage();
	case 'm':
		return print_metrics();
	}
	return wrong();
}

int options_read(struct options *o, int argc, char **argv)
{
	static const struct option longer[] = { { "version", no_argument, NULL, 'V' },
						{ "help", no_argument, NULL, 'h' },
						{ "metrics-doc", no_argument, NULL, 'm' },
						{ NULL, 0, NULL, 0 } };
	int option, status;

	*o = (struct options){ 0 };
	while ((option = getopt_long(argc, argv, "c:tfvVh", longer, NULL)) != -1) {
		status = obey(o, option);
		if (status >= 0)
			return status;
	}
	if (o->check && !o->config && optind < argc)
		o->config = argv[optind++];
	if (optind < argc)
		return wrong();
	if (!o->config)
		o->config = POSTERN_SYSCONFDIR "/postern.xml";
	return -1;
}
