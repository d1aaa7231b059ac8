/* SPDX-License-Identifier: ISC */
/* Network file systems under a folder. */
#include "mount.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

struct mount {
	const char *point;
	const char *type;
	const char *options;
};

/* Undoes the octal escapes of proc(5), in place. */
static void
unescape(char *s)
{
	char *out = s;

	for (; *s != '\0'; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' &&
		    s[2] <= '7' && s[3] >= '0' && s[3] <= '7') {
			*out++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 +
					(s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

/* One line; false when it is none. Fields 5 and, behind " - ", 1 and 3. */
static bool
parse(struct mount *m, char *line)
{
	char *tail = strstr(line, " - "), *save = NULL, *word = line;

	if (tail == NULL)
		return false;
	*tail = '\0';
	for (int i = 0; i < 5; i++) {
		word = strtok_r(i == 0 ? line : NULL, " ", &save);
		if (word == NULL)
			return false;
	}
	unescape(word);
	m->point = word;
	m->type = strtok_r(tail + 3, " ", &save);
	word = strtok_r(NULL, " ", &save);
	m->options = strtok_r(NULL, " ", &save);
	return word != NULL && m->options != NULL;
}

static bool
is_below(const char *path, const char *point)
{
	size_t len = strlen(point);

	if (len == 1)
		return true;
	return strncmp(path, point, len) == 0 &&
	       (path[len] == '/' || path[len] == '\0');
}

/* The mount that path lies on: the last of the longest ones. */
static bool
find(struct mount *found, const char *mountinfo, const char *path,
    struct arena *a)
{
	char *text = arena_strdup(a, mountinfo), *line, *save = NULL;
	struct mount m = {0};
	size_t best = 0;

	for (line = strtok_r(text, "\n", &save); line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		if (parse(&m, line) && is_below(path, m.point) &&
		    strlen(m.point) >= best) {
			best = strlen(m.point);
			*found = m;
		}
	return best > 0;
}

/* The value of an option ("" for one without), or NULL. */
static const char *
option(const char *options, const char *name, struct arena *a)
{
	size_t len = strlen(name), n;
	const char *p;

	for (p = options; *p != '\0'; p += n + (p[n] == ',')) {
		n = strcspn(p, ",");
		if (n >= len && strncmp(p, name, len) == 0 &&
		    (n == len || p[len] == '='))
			return n == len
				   ? ""
				   : arena_strndup(a, p + len + 1, n - len - 1);
	}
	return NULL;
}

static int
check_smb(const struct mount *m, bool need_encryption, bool check_access,
    struct arena *a, struct err *e)
{
	bool sealed = option(m->options, "seal", a) != NULL;
	const char *sec = option(m->options, "sec", a);
	size_t len = sec == NULL ? 0 : strlen(sec);

	if (need_encryption && !sealed)
		return err_set(e, CAU_REFUSED,
		    "RequireSmbEncryption: %s is not mounted with encryption "
		    "(mount option seal)",
		    m->point);
	if (!sealed && (len == 0 || sec[len - 1] != 'i'))
		return err_set(e, CAU_REFUSED,
		    "%s is an SMB share that is neither signed nor encrypted "
		    "(mount option seal, or sec=ntlmsspi, sec=krb5i)",
		    m->point);
	if (check_access)
		return err_set(e, CAU_REFUSED,
		    "%s is an SMB share: who may write there cannot be seen "
		    "from here; check it on the server and set "
		    "DisableAclChecks=True",
		    m->point);
	return 0;
}

int
mount_check(const char *mountinfo, const char *path, bool need_encryption,
    bool check_access, struct err *e)
{
	static const char *const remote[] = {"nfs", "nfs4", "9p", "afs", "ceph",
	    "coda", "fuse.sshfs", "fuse.glusterfs", "glusterfs", "ncpfs",
	    "smbfs", NULL};
	struct arena a = ARENA_INIT;
	char *real = realpath(path, NULL);
	struct mount m = {0};
	int rc = 0;

	if (find(&m, mountinfo, real == NULL ? path : real, &a)) {
		if (strcmp(m.type, "cifs") == 0 || strcmp(m.type, "smb3") == 0)
			rc =
			    check_smb(&m, need_encryption, check_access, &a, e);
		for (size_t i = 0; need_encryption && remote[i] != NULL; i++)
			if (strcmp(m.type, remote[i]) == 0)
				rc = err_set(e, CAU_REFUSED,
				    "RequireSmbEncryption: %s is a file "
				    "system of type %s, not an SMB share",
				    m.point, m.type);
	}
	free(real);
	arena_release(&a);
	return rc;
}
