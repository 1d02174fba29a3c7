/* play [-j N] [-v] FILE|DIR...: plays scenario files against the real core and the real modules on a fake
 * clock and a fake network. Each file runs in a process of its own. Ends with "N passed, N failed". */
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES_MAX 4096u
#define SCENARIO_SECONDS 60u

static struct {
	char *path[FILES_MAX];
	size_t n;
	unsigned jobs;
	bool verbose;
} play = { .jobs = 2 };

static bool is_scenario(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot && !strcmp(dot, ".scn");
}

static int add_path(const char *path)
{
	struct stat st;
	struct dirent **list;
	char sub[4096];
	if (stat(path, &st)) {
		fprintf(stderr, "play: %s: %s\n", path, strerror(errno));
		return -1;
	}
	if (!S_ISDIR(st.st_mode)) {
		if (play.n < FILES_MAX)
			play.path[play.n++] = strdup(path);
		return 0;
	}
	int n = scandir(path, &list, NULL, alphasort), err = n < 0 ? -1 : 0;
	for (int i = 0; i < n; i++) {
		snprintf(sub, sizeof(sub), "%s/%s", path, list[i]->d_name);
		bool dir = list[i]->d_name[0] != '.' && !stat(sub, &st) && S_ISDIR(st.st_mode);
		if (dir || is_scenario(list[i]->d_name))
			err |= add_path(sub);
		free(list[i]);
	}
	free(n < 0 ? NULL : list);
	return err;
}

static int run_script(struct world *w, const struct script *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct step *st = &s->step[i];
		if (world_run(w, st)) {
			printf("%s:%d: %s: %s\n", st->file, st->line, st->word[0], w->why);
			return 1;
		}
	}
	if (world_end(w)) {
		printf("%s\n", w->why);
		return 1;
	}
	return 0;
}

/* In the child: 0 passed, 1 failed; the sanitizers may make it something else. */
static int run_file(const char *path)
{
	struct script s;
	struct world w;
	char why[512];
	int failed = 1;
	alarm(SCENARIO_SECONDS);
	if (script_read(&s, path, why, sizeof(why)))
		printf("%s\n", why);
	else if (world_init(&w))
		printf("%s: out of memory\n", path);
	else {
		failed = run_script(&w, &s);
		if (play.verbose)
			printf("%s", buf_text(&w.logs));
		world_free(&w);
	}
	script_free(&s);
	fflush(stdout);
	return failed;
}

struct job {
	pid_t pid;
	FILE *out;
	size_t file;
};

static void start(struct job *j, size_t file)
{
	j->file = file;
	j->out = tmpfile();
	fflush(stdout);
	j->pid = j->out ? fork() : -1;
	if (j->pid)
		return;
	dup2(fileno(j->out), STDOUT_FILENO);
	dup2(fileno(j->out), STDERR_FILENO);
	fclose(j->out);
	exit(run_file(play.path[file]));
}

static void show_output(struct job *j)
{
	char line[4096];
	rewind(j->out);
	while (fgets(line, sizeof(line), j->out))
		printf("    %s", line);
	fclose(j->out);
}

/* Waits for any of the jobs; returns 1 if it failed. */
static int finish(struct job *jobs, unsigned *running)
{
	int status = 0;
	pid_t pid = wait(&status);
	for (unsigned i = 0; i < *running; i++) {
		struct job *j = &jobs[i];
		if (j->pid != pid)
			continue;
		bool ok = WIFEXITED(status) && !WEXITSTATUS(status);
		printf("%s %s\n", ok ? "ok" : "not ok", play.path[j->file]);
		if (!ok && WIFSIGNALED(status))
			printf("    ended by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
		if (!ok || play.verbose)
			show_output(j);
		else
			fclose(j->out);
		*j = jobs[--*running];
		return !ok;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int opt;
	while ((opt = getopt(argc, argv, "j:v")) != -1) {
		if (opt == 'j')
			play.jobs = (unsigned)strtoul(optarg, NULL, 10);
		else if (opt == 'v')
			play.verbose = true;
		else
			return 2;
	}
	int bad = optind == argc;
	for (int i = optind; i < argc; i++)
		bad |= add_path(argv[i]);
	if (bad || !play.jobs || play.jobs > 64) {
		fprintf(stderr, "usage: play [-j JOBS] [-v] FILE|DIR...\n");
		return 2;
	}
	struct job jobs[64];
	unsigned running = 0;
	size_t failed = 0;
	for (size_t i = 0; i < play.n; i++) {
		if (running == play.jobs)
			failed += (size_t)finish(jobs, &running);
		start(&jobs[running++], i);
	}
	while (running)
		failed += (size_t)finish(jobs, &running);
	for (size_t i = 0; i < play.n; i++)
		free(play.path[i]);
	printf("%zu passed, %zu failed\n", play.n - failed, failed);
	return failed || !play.n;
}
