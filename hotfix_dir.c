/* SPDX-License-Identifier: ISC */
/* Reads a hotfix root folder. */
#include "hotfix_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static int
open_folder(int dir_fd, const char *name)
{
	return openat(
	    dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int
fail(struct err *e, const struct hotfix_root *root, const char *path)
{
	struct buf b = BUF_INIT;
	int errnum = errno;

	text_printable(&b, root->path, strlen(root->path));
	buf_addstr(&b, *path == '\0' ? "" : "/");
	text_printable(&b, path, strlen(path));
	errno = errnum;
	/* What openat says of a link, in other words. */
	if (errnum == ELOOP && *path != '\0')
		(void)err_set(e, CAU_FAILED,
		    "cannot read %s: a symbolic link is not followed", b.data);
	else
		(void)err_sys(e, "cannot read %s", b.data);
	buf_release(&b);
	return -1;
}

static void
check(struct access_report *report, const struct hotfix_root *root, int fd,
    const char *path)
{
	struct stat st;
	char *full;

	if (report == NULL || fstat(fd, &st) == -1)
		return;
	full = xasprintf("%s/%s", root->path, path);
	access_check_fd(report, fd, &st, full);
	free(full);
}

int
hotfix_open(struct hotfix_root *root, const char *path, const char *config_name,
    struct buf *config, struct access_report *report, struct err *e)
{
	ssize_t n;
	int fd;

	root->path = path;
	root->config_name = config_name;
	/* The way to the root may have links; what lies in it may not. */
	root->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root->fd == -1) {
		(void)fail(e, root, "");
		e->code = CAU_USAGE;
		return -1;
	}
	fd = openat(root->fd, config_name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1) {
		(void)fail(e, root, config_name);
		e->code = CAU_USAGE;
		hotfix_close(root);
		return -1;
	}
	check(report, root, fd, config_name);
	while ((n = read(fd, buf_reserve(config, 65536), 65536)) > 0) {
		buf_setlen(config, config->len + (size_t)n);
		if (config->len > RULES_MAX_BYTES)
			break;
	}
	if (n == -1) {
		(void)fail(e, root, config_name);
		e->code = CAU_USAGE;
	}
	(void)close(fd);
	if (n == -1)
		hotfix_close(root);
	return n == -1 ? -1 : 0;
}

static enum entry_type
type_of(mode_t mode)
{
	if (S_ISREG(mode))
		return ENTRY_FILE;
	if (S_ISDIR(mode))
		return ENTRY_FOLDER;
	return S_ISLNK(mode) ? ENTRY_LINK : ENTRY_OTHER;
}

/* Lists an open folder and closes it. */
static int
list(struct hotfix_root *root, int fd, const char *path, struct listing *l,
    struct arena *a, struct err *e)
{
	DIR *dir = fdopendir(fd);
	struct entry *entries = NULL;
	struct dirent *de;
	struct stat st;
	size_t n = 0, cap = 0;
	int rc = 0;

	if (dir == NULL) {
		rc = fail(e, root, path);
		(void)close(fd);
		return rc;
	}
	while (errno = 0, (de = readdir(dir)) != NULL) {
		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		if (fstatat(dirfd(dir), de->d_name, &st, AT_SYMLINK_NOFOLLOW) ==
		    -1) {
			/* Gone since: as if it had never been there. */
			if (errno == ENOENT)
				continue;
			rc = fail(e, root, path);
			break;
		}
		entries = xgrow(entries, n, &cap, sizeof(*entries));
		entries[n++] = (struct entry){arena_strdup(a, de->d_name),
		    type_of(st.st_mode), (int64_t)st.st_size, NULL};
	}
	if (rc == 0 && de == NULL && errno != 0)
		rc = fail(e, root, path);
	(void)closedir(dir);
	l->entries = arena_alloc(a, n * sizeof(*entries));
	if (n > 0)
		memcpy(l->entries, entries, n * sizeof(*entries));
	l->n = n;
	free(entries);
	hotfix_sort(l);
	return rc;
}

/* Lists the folder f of parent (a descriptor); path is for messages. */
static int
list_folder(struct hotfix_root *root, int parent, const char *path,
    struct entry *f, struct arena *a, struct access_report *report,
    struct err *e)
{
	int fd = open_folder(parent, f->name), again;

	if (fd == -1)
		return fail(e, root, path);
	check(report, root, fd, path);
	again = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (again == -1) {
		(void)fail(e, root, path);
		(void)close(fd);
		return -1;
	}
	f->folder = arena_alloc(a, sizeof(*f->folder));
	if (list(root, fd, path, f->folder, a, e) == -1) {
		(void)close(again);
		return -1;
	}
	return again;
}

int
hotfix_list(struct hotfix_root *root, const struct rules *rules,
    const char *const *nodes, size_t n_nodes, struct arena *a,
    struct access_report *report, struct err *e)
{
	struct entry *f, *sub;
	bool wanted;
	int fd, subfd;

	fd = fcntl(root->fd, F_DUPFD_CLOEXEC, 3);
	if (fd == -1)
		return fail(e, root, "");
	if (list(root, fd, "", &root->listing, a, e) == -1)
		return -1;
	for (size_t i = 0; i < root->listing.n; i++) {
		f = &root->listing.entries[i];
		wanted = text_casecmp(f->name, HOTFIX_ALL) == 0;
		for (size_t k = 0; k < n_nodes && !wanted; k++)
			wanted = hotfix_is_node_folder(f->name, nodes[k]);
		if (f->type != ENTRY_FOLDER || !wanted)
			continue;
		fd = list_folder(root, root->fd, f->name, f, a, report, e);
		if (fd == -1)
			return -1;
		for (size_t k = 0; k < f->folder->n; k++) {
			sub = &f->folder->entries[k];
			if (sub->type != ENTRY_FOLDER ||
			    rules_for_folder(rules, sub->name) == NULL)
				continue;
			subfd = list_folder(root, fd,
			    arena_printf(a, "%s/%s", f->name, sub->name), sub,
			    a, report, e);
			if (subfd == -1) {
				(void)close(fd);
				return -1;
			}
			(void)close(subfd);
		}
		(void)close(fd);
	}
	return 0;
}

int
hotfix_open_file(
    const struct hotfix_root *root, const char *path, struct err *e)
{
	char *copy = xstrdup(path), *name = copy, *slash;
	int dir = root->fd, next, fd;

	while ((slash = strchr(name, '/')) != NULL) {
		*slash = '\0';
		next = open_folder(dir, name);
		if (dir != root->fd)
			(void)close(dir);
		if (next == -1) {
			free(copy);
			return fail(e, root, path);
		}
		dir = next;
		name = slash + 1;
	}
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		(void)fail(e, root, path);
	if (dir != root->fd)
		(void)close(dir);
	free(copy);
	return fd;
}

void
hotfix_close(struct hotfix_root *root)
{
	if (root->fd != -1)
		(void)close(root->fd);
	root->fd = -1;
}
