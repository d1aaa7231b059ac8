/* SPDX-License-Identifier: ISC */
/*
 * pairs N FILE_A FILE_B: runs the words of the two files (one a line) in
 * turn, A B A B ..., N times each after one warm-up, output to the null
 * device. Prints the medians in milliseconds and the median of the ratios
 * A/B pair by pair, so that a machine whose speed drifts does not matter.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static char **
words(const char *path)
{
	char **argv = calloc(64, sizeof(*argv)), line[8192];
	FILE *f = fopen(path, "r");
	size_t n = 0;

	if (f == NULL || argv == NULL)
		exit(2);
	while (n < 63 && fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		argv[n++] = strdup(line);
	}
	(void)fclose(f);
	return argv;
}

static double
once(char **argv)
{
	posix_spawn_file_actions_t fa;
	struct timespec a, b;
	int status;
	pid_t pid;

	(void)posix_spawn_file_actions_init(&fa);
	for (int fd = 0; fd < 3; fd++)
		(void)posix_spawn_file_actions_addopen(
		    &fa, fd, "/dev/null", O_RDWR, 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &a);
	if (argv[0] == NULL ||
	    posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ) != 0)
		exit(2);
	(void)waitpid(pid, &status, 0);
	(void)clock_gettime(CLOCK_MONOTONIC, &b);
	(void)posix_spawn_file_actions_destroy(&fa);
	return (double)(b.tv_sec - a.tv_sec) * 1e3 +
	       (double)(b.tv_nsec - a.tv_nsec) / 1e6;
}

static int
compare(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
	return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

int
main(int argc, char **argv)
{
	size_t n = argc == 4 ? strtoul(argv[1], NULL, 10) : 0;
	double *a, *b, *ratio;
	char **wa, **wb;

	if (argc != 4 || n == 0 || n > 10000)
		return 2;
	a = calloc(n, sizeof(*a));
	b = calloc(n, sizeof(*b));
	ratio = calloc(n, sizeof(*ratio));
	wa = words(argv[2]);
	wb = words(argv[3]);
	(void)once(wa);
	(void)once(wb);
	for (size_t i = 0; i < n; i++) {
		a[i] = once(wa);
		b[i] = once(wb);
		ratio[i] = a[i] / b[i];
	}
	(void)printf(
	    "%.3f %.3f %.3f\n", median(a, n), median(b, n), median(ratio, n));
	free(a);
	free(b);
	free(ratio);
	free(wa);
	free(wb);
	return 0;
}
