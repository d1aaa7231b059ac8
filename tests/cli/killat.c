/* SPDX-License-Identifier: ISC */
/*
 * Kills the program that it is preloaded into, by SIGKILL, at a moment that
 * can be repeated: KILL_AT counts the records of the journal that were synced
 * to disk, KILL_HOW says before the sync, after it, or torn: with only half
 * of the bytes of that write in the file.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long kill_at;
static const char *kill_how = "";
static long syncs, writes;

__attribute__((constructor)) static void
begin(void)
{
	const char *at = getenv("KILL_AT"), *how = getenv("KILL_HOW");

	kill_at = at == NULL ? 0 : strtol(at, NULL, 10);
	kill_how = how == NULL ? "" : how;
	/* Not for what the program starts. */
	(void)unsetenv("LD_PRELOAD");
}

static int
is_journal(int fd)
{
	static const char end[] = "/journal.jsonl";
	char link[64], path[4096];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < (ssize_t)sizeof(end))
		return 0;
	path[n] = '\0';
	return strcmp(path + n - (sizeof(end) - 1), end) == 0;
}

static void
die(void)
{
	(void)kill(getpid(), SIGKILL);
	for (;;)
		(void)pause();
}

int
fdatasync(int fd)
{
	union {
		void *object;
		int (*function)(int);
	} real = {.object = dlsym(RTLD_NEXT, "fdatasync")};
	int rc;

	if (!is_journal(fd) || ++syncs != kill_at)
		return real.function(fd);
	if (strcmp(kill_how, "before") == 0)
		die();
	rc = real.function(fd);
	if (strcmp(kill_how, "after") == 0)
		die();
	return rc;
}

ssize_t
write(int fd, const void *data, size_t len)
{
	union {
		void *object;
		ssize_t (*function)(int, const void *, size_t);
	} real = {.object = dlsym(RTLD_NEXT, "write")};

	if (strcmp(kill_how, "torn") == 0 && is_journal(fd) &&
	    ++writes == kill_at) {
		(void)real.function(fd, data, len / 2);
		die();
	}
	return real.function(fd, data, len);
}
