#include "process.h"
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

static int report_fd = -1; /* to the first process; -1 in the foreground */

void process_prepare(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct rlimit r;

	sigaction(SIGPIPE, &ignore, NULL);
	if (getrlimit(RLIMIT_NOFILE, &r))
		return;
	r.rlim_cur = r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r))
		perror("posternd: descriptors stay limited");
}

/* The first process: exits with what the daemon reports. */
static void wait_for_report(int fd)
{
	unsigned char status = 1;
	ssize_t n;

	do
		n = read(fd, &status, 1);
	while (n < 0 && errno == EINTR);
	_exit(n == 1 ? status : 1);
}

static int to_null(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int err = null < 0 || dup2(null, fd) < 0 ? -errno : 0;

	if (null > STDERR_FILENO)
		close(null);
	return err;
}

int process_detach(void)
{
	int fd[2];
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid) {
		close(fd[1]);
		wait_for_report(fd[0]);
	}
	close(fd[0]);
	report_fd = fd[1];
	if (setsid() < 0)
		return -errno;
	/* Not the leader of the session, so that no terminal ever becomes ours. */
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid)
		_exit(0);
	if (chdir("/"))
		return -errno;
	return to_null(STDIN_FILENO) || to_null(STDOUT_FILENO) ? -EIO : 0;
}

bool process_started(int status)
{
	unsigned char octet = (unsigned char)status;
	struct stat st;
	bool left = false;

	if (report_fd < 0)
		return false;
	if (!status && !(fstat(STDERR_FILENO, &st) == 0 && S_ISREG(st.st_mode)))
		left = !to_null(STDERR_FILENO);
	if (write(report_fd, &octet, 1) != 1)
		perror("posternd: start not reported");
	close(report_fd);
	report_fd = -1;
	return left;
}

void process_notify(const char *state)
{
#ifdef HAVE_SYSTEMD
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	sd_notifyf(0, "%s\nMONOTONIC_USEC=%" PRIu64, state,
		   (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
#else
	(void)state;
#endif
}
