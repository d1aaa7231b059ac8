/* SPDX-License-Identifier: ISC */
/*
 * A client that asks the same address again and again, and notes when it got
 * no answer: tells how long a service was away.
 *
 *	probe ADDRESS PORT
 *
 * Until SIGTERM; stdout has a line "MS NAME" (since the start, what was
 * answered) whenever the answer is another one, then the longest time without
 * an answer: "longest MS".
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <err.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	PATIENCE =
	    100,    /* of one attempt, ms; a lost SYN is sent again after 1 s */
	PAUSE = 10, /* between attempts, ms */
};

static volatile sig_atomic_t done;

static void
on_term(int sig)
{
	(void)sig;
	done = 1;
}

static long
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int
ready(int fd, short what, long until)
{
	struct pollfd p = {.fd = fd, .events = what};
	long left = until - now_ms();

	return left > 0 && poll(&p, 1, (int)left) == 1;
}

/* One answer into name, without its line end; -1 when there is none in time. */
static int
ask(const struct sockaddr_in *to, char *name, size_t size)
{
	long until = now_ms() + PATIENCE;
	ssize_t n = -1;
	int fd;

	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		err(1, "socket");
	(void)connect(fd, (const struct sockaddr *)to, sizeof *to);
	if (ready(fd, POLLOUT, until) && ready(fd, POLLIN, until))
		n = read(fd, name, size - 1);
	close(fd);
	if (n <= 0)
		return -1;
	name[n] = '\0';
	name[strcspn(name, "\n")] = '\0';
	return 0;
}

int
main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	struct sigaction sa = {.sa_handler = on_term};
	struct timespec pause = {.tv_nsec = PAUSE * 1000000L};
	char last[64] = "", name[sizeof last] = "";
	long start, seen, now, longest = 0;

	if (argc != 3 || inet_pton(AF_INET, argv[1], &to.sin_addr) != 1)
		errx(2, "usage: probe ADDRESS PORT");
	to.sin_port = htons((in_port_t)strtoul(argv[2], NULL, 10));
	sigaction(SIGTERM, &sa, NULL);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	start = seen = now_ms();
	while (!done) {
		int answered = ask(&to, name, sizeof name) == 0;

		now = now_ms();
		if (now - seen > longest)
			longest = now - seen;
		if (answered) {
			seen = now;
			if (strcmp(name, last) != 0)
				printf("%ld %s\n", now - start, name);
			memcpy(last, name, sizeof last);
		}
		nanosleep(&pause, NULL);
	}
	printf("longest %ld\n", longest);
	return 0;
}
