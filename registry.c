/* SPDX-License-Identifier: ISC */
/* The plug-ins of others that are registered. */
#include "registry.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access.h"
#include "child.h"
#include "names.h"
#include "text.h"

#define MAX_FILE    (1U << 20)
#define DESCRIBE_MS 10000
#define GRACE_MS    1000
#define SUFFIX	    ".json"

static const char *
folder_of(const char *state_dir, struct arena *a)
{
	return arena_printf(a, "%s/plugins", state_dir);
}

static const char *
printable(const char *s, struct arena *a)
{
	struct buf b = BUF_INIT;
	const char *text;

	text_printable(&b, s, strlen(s));
	text = arena_strdup(a, b.data);
	buf_release(&b);
	return text;
}

/* Whoever can write a registration can have a program run. */
static int
check_access(int fd, const char *path, struct err *e)
{
	struct access_report report = {BUF_INIT, 0};
	struct stat st;
	int rc = 0;

	if (fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return err_set(e, CAU_REFUSED, "it is not a regular file");
	access_check_fd(&report, fd, &st, path);
	if (report.n > 0)
		rc = err_set(e, CAU_REFUSED, "%.*s",
		    (int)strcspn(report.text.data, "\n"), report.text.data);
	buf_release(&report.text);
	return rc;
}

static int
parse(struct registered *p, const struct buf *text, struct arena *a,
    struct err *e)
{
	json_t *j = json_loadb(text->data, text->len, 0, NULL);
	int rc = 0;

	p->path = arena_strdup(a, json_text(j, "path"));
	p->sha256 = arena_strdup(a, json_text(j, "sha256"));
	if (json_number(j, "format") != 1 || *p->path != '/' ||
	    strlen(p->sha256) != SHA256_HEX - 1 || !sha256_valid(p->sha256))
		rc = err_set(e, CAU_REFUSED, "it is damaged");
	else if (protocol_description(&p->description,
		     json_object_get(j, "description"), a, e) == -1)
		rc = err_wrap(e, "its description");
	else if (text_casecmp(p->description.name, p->name) != 0)
		rc = err_set(e, CAU_REFUSED, "it is that of %.100s",
		    p->description.name);
	else
		p->name = p->description.name;
	json_decref(j);
	return rc;
}

static int
read_one(struct registered *p, struct arena *a, struct err *e)
{
	struct buf text = BUF_INIT;
	int fd = open(p->file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int rc;

	if (fd == -1)
		return err_sys(e, "it cannot be read");
	rc = check_access(fd, p->file, e);
	(void)close(fd);
	if (rc == 0)
		rc = file_read_kept(p->file, &text, MAX_FILE, e);
	if (rc == 0)
		rc = parse(p, &text, a, e);
	buf_release(&text);
	return rc;
}

static void
load_file(struct registry *r, const char *folder, const char *base)
{
	size_t len = strlen(base), end = strlen(SUFFIX);
	struct registered p = {.path = "", .sha256 = ""};
	struct err e;

	if (len <= end || strcmp(base + len - end, SUFFIX) != 0)
		return;
	p.name = arena_strndup(&r->arena, base, len - end);
	p.file = arena_printf(&r->arena, "%s/%s", folder, base);
	if (!protocol_name_valid(p.name) || registry_find(r, p.name) != NULL)
		return;
	if (read_one(&p, &r->arena, &e) == -1)
		p.problem = arena_printf(&r->arena,
		    "its registration %s is of no use: %s",
		    printable(p.file, &r->arena), e.text);
	r->plugins = xgrow(r->plugins, r->n, &r->cap, sizeof(*r->plugins));
	r->plugins[r->n++] = p;
}

static void
load_folder(struct registry *r, const char *state_dir)
{
	const char *folder = folder_of(state_dir, &r->arena);
	struct access_report report = {BUF_INIT, 0};
	size_t before = r->n;
	struct dirent *de;
	DIR *dir = opendir(folder);

	if (dir == NULL)
		return;
	while ((de = readdir(dir)) != NULL)
		load_file(r, folder, de->d_name);
	(void)closedir(dir);
	access_check_path(&report, folder);
	for (; report.n > 0 && before < r->n; before++)
		r->plugins[before].problem = arena_printf(&r->arena,
		    "others could register plug-ins: %.*s",
		    (int)strcspn(report.text.data, "\n"), report.text.data);
	buf_release(&report.text);
}

static int
by_name(const void *a, const void *b)
{
	const struct registered *pa = a, *pb = b;

	return text_casecmp(pa->name, pb->name);
}

void
registry_load(struct registry *r, const char *state_dir)
{
	memset(r, 0, sizeof(*r));
	load_folder(r, state_dir);
	if (strcmp(state_dir, REGISTRY_STATE_DIR) != 0)
		load_folder(r, REGISTRY_STATE_DIR);
	if (r->n > 0)
		qsort(r->plugins, r->n, sizeof(*r->plugins), by_name);
}

void
registry_release(struct registry *r)
{
	free(r->plugins);
	arena_release(&r->arena);
	memset(r, 0, sizeof(*r));
}

const struct registered *
registry_find(const struct registry *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (text_casecmp(r->plugins[i].name, name) == 0)
			return &r->plugins[i];
	return NULL;
}

/* The last line on stderr that says something. */
static void
add_words(struct buf *b, const struct buf *errors)
{
	const char *end = errors->data + errors->len, *start;

	while (end > errors->data && (unsigned char)end[-1] <= ' ')
		end--;
	start = end;
	while (start > errors->data && start[-1] != '\n')
		start--;
	if (end > start)
		buf_addstr(b, ": ");
	text_printable(b, start, (size_t)(end - start));
}

/* Feeds what came to the reader; a line that has no end yet stays. */
static void
take_output(struct protocol *p, struct buf *out, bool all)
{
	size_t start = 0;
	char *nl;

	while (start < out->len && (nl = memchr(out->data + start, '\n',
					out->len - start)) != NULL) {
		protocol_line(
		    p, out->data + start, (size_t)(nl - out->data) - start);
		start = (size_t)(nl - out->data) + 1;
	}
	buf_consume(out, start);
	if ((all && out->len > 0) || out->len > PROTOCOL_MAX_LINE) {
		protocol_line(p, out->data, out->len);
		buf_reset(out);
	}
}

/* Runs it to its end, or until its answer is none. */
static const char request[] = "{\"protocols\":[1],\"verb\":\"describe\"}\n";

static int
run(struct protocol *p, struct child *c, struct err *e)
{
	int64_t deadline = clock_ms() + DESCRIBE_MS;
	struct buf why = BUF_INIT;
	enum child_turn t;

	child_send(c, request, sizeof(request) - 1);
	child_finish_input(c);
	do {
		t = child_turn(c, deadline);
		take_output(p, &c->output, t == CHILD_TURN_ENDED);
		if (t == CHILD_TURN_TIMEOUT)
			return err_set(e, CAU_FAILED, "no answer within %d s",
			    DESCRIBE_MS / 1000);
	} while (t != CHILD_TURN_ENDED && !p->failed);
	if (p->failed || (c->status.how == CHILD_EXITED && c->status.code == 0))
		return protocol_end(p, e);
	child_describe(&why, &c->status);
	add_words(&why, &c->errors);
	(void)err_set(e, CAU_FAILED, "it failed: %s", why.data);
	buf_release(&why);
	return -1;
}

static int
describe(
    struct registered *out, json_t **object, struct arena *a, struct err *e)
{
	const char *argv[] = {
	    out->path, protocol_verb_name(VERB_DESCRIBE), NULL};
	struct child_spec spec = {argv, -1, true, true};
	struct protocol p;
	struct child c;
	struct err why;
	int rc;

	if (access(out->path, X_OK) == -1)
		return err_set(
		    e, CAU_USAGE, "it is not executable (chmod 755)");
	if (child_start(&c, &spec, &why) == -1)
		return err_set(e, CAU_FAILED,
		    "%s (is the program of its #! line there, with nothing "
		    "behind its name?)",
		    why.text);
	protocol_begin(&p, VERB_DESCRIBE, "", a);
	rc = run(&p, &c, e);
	child_stop(&c, GRACE_MS);
	if (rc == 0) {
		out->description = p.description;
		out->name = p.description.name;
		*object = json_incref(p.object);
	}
	protocol_release(&p);
	return rc;
}

int
registry_describe(struct registered *out, json_t **object, const char *path,
    struct buf *warnings, struct arena *a, struct err *e)
{
	char *real = realpath(path, NULL);
	struct program program, again;
	struct buf dropped = BUF_INIT;
	int rc;

	*out = (struct registered){.name = ""};
	*object = NULL;
	/* A link could lead elsewhere tomorrow. */
	out->path = arena_strdup(a, real == NULL ? path : real);
	free(real);
	*object = json_string(out->path);
	if (*object == NULL)
		return err_set(e, CAU_USAGE,
		    "%s: the path of a plug-in must be UTF-8", out->path);
	json_decref(*object);
	*object = NULL;
	rc = program_load(
	    &program, out->path, "plug-in", REGISTRY_MAX_BYTES, warnings, e);
	out->sha256 = arena_strdup(a, program.sha256);
	program_release(&program);
	if (rc == -1)
		return -1;
	if (describe(out, object, a, e) == -1)
		return err_wrap(e, "%s describe", out->path);
	/* What was asked must be what was hashed. */
	rc = program_load(
	    &again, out->path, "plug-in", REGISTRY_MAX_BYTES, &dropped, e);
	if (rc == 0 && strcmp(again.sha256, out->sha256) != 0)
		rc = err_set(e, CAU_REFUSED,
		    "%s changed while it described itself", out->path);
	program_release(&again);
	buf_release(&dropped);
	if (rc == -1) {
		json_decref(*object);
		*object = NULL;
	}
	return rc;
}

/* Other users find what is registered for the machine: the folders show
 * nothing but that. */
static void
let_others_look(const char *state_dir, const char *folder, const char *file)
{
	struct stat st;

	if (strcmp(state_dir, REGISTRY_STATE_DIR) == 0 &&
	    stat(state_dir, &st) == 0)
		(void)chmod(state_dir, (st.st_mode & 07777) | 0111);
	(void)chmod(folder, 0755);
	(void)chmod(file, 0644);
}

int
registry_add(const char *state_dir, const struct registered *p,
    const json_t *object, struct err *e)
{
	struct arena a = ARENA_INIT;
	const char *folder = folder_of(state_dir, &a);
	char *base = arena_strdup(&a, p->name), *file;
	struct buf text = BUF_INIT;
	json_t *j = json_object(), *copy = json_deep_copy(object);
	char now[TEXT_TIME_SIZE];
	int rc;

	for (char *c = base; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	file = arena_printf(&a, "%s/%s%s", folder, base, SUFFIX);
	text_time(now, clock_wall_ms());
	json_set(j, "format", json_integer(1));
	json_set(j, "registered_at", json_string(now));
	json_set(j, "path", json_from_text(p->path));
	json_set(j, "sha256", json_string(p->sha256));
	json_set(j, "description", copy);
	json_add(&text, j);
	buf_addc(&text, '\n');
	json_decref(j);
	rc = file_mkdirs(folder, e);
	if (rc == 0)
		rc = file_write(file, text.data, text.len, e);
	if (rc == 0)
		let_others_look(state_dir, folder, file);
	buf_release(&text);
	arena_release(&a);
	return rc;
}

int
registry_remove(
    const char *state_dir, const struct registered *p, struct err *e)
{
	struct arena a = ARENA_INIT;
	const char *folder = folder_of(state_dir, &a);
	bool ours = strncmp(p->file, folder, strlen(folder)) == 0;

	arena_release(&a);
	if (!ours)
		return err_set(e, CAU_USAGE,
		    "%s is registered for the whole machine, in %s: "
		    "unregister it with --state-dir %s",
		    p->name, p->file, REGISTRY_STATE_DIR);
	if (unlink(p->file) == -1)
		return err_sys(e, "cannot remove %s", p->file);
	return file_sync_entry(p->file, e);
}
