/* What posternd does with its own process: descriptors, signals, the background, systemd. */
#ifndef CORE_PROCESS_H
#define CORE_PROCESS_H

#include <stdbool.h>

/* As many descriptors as the hard limit allows; SIGPIPE ignored. */
void process_prepare(void);
/* Go to the background: the first process waits there until the daemon says what became of it and exits
 * with that status (1 when it dies silently), so a caller learns whether it started. Returns in the daemon
 * alone, 0 or -errno. stdin and stdout are /dev/null then. */
int process_detach(void);
/* In the daemon: tell the first process, once; nothing to do in the foreground. With status 0 a stderr
 * that is no file is left behind too: true when it was, so that nobody reads it any more. */
bool process_started(int status);
/* READY=1, RELOADING=1, STOPPING=1, to systemd if it waits for it. */
void process_notify(const char *state);

#endif
