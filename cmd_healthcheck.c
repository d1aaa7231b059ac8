/* SPDX-License-Identifier: ISC */
/* cau healthcheck: what speaks against a run, and what a person should know.
 * Changes nothing. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "examine.h"
#include "options.h"
#include "run.h"
#include "scan.h"
#include "view.h"

/* Of a monitoring plug-in. */
#define NAGIOS_UNKNOWN 3

/* Each line is a finding. */
static void
add_lines(struct health *h, const char *id, enum severity severity,
    const struct buf *lines)
{
	static const char prefix[] = "warning: ";
	size_t len;

	for (const char *p = lines->data; *p != '\0'; p += len) {
		len = strcspn(p, "\n");
		if (strncmp(p, prefix, sizeof(prefix) - 1) == 0) {
			p += sizeof(prefix) - 1;
			len -= sizeof(prefix) - 1;
		}
		if (len > 0)
			health_add(h, id, NULL, severity, "%.*s", (int)len, p);
		len += p[len] == '\n';
	}
}

/* What a run would be refused for, with 2 or 7. */
static void
add_refusal(struct health *h, const char *id, const struct buf *lines,
    const struct err *e)
{
	bool access = e->code == CAU_REFUSED;

	health_add(
	    h, access ? "access" : id, NULL, SEVERITY_CRITICAL, "%s", e->text);
	add_lines(h, access ? "access" : id, SEVERITY_CRITICAL, lines);
}

static void
check_plugin(struct health *h, const struct options *o,
    const struct plugin_set *known, size_t i)
{
	const struct run_info *r = &o->run;
	const struct plugin_ops *ops = plugin_find(known, r->plugins[i].name);
	const struct plugin_config config = {ops, o->state_dir,
	    r->plugins[i].args, r->nodes, r->n_nodes, false, true, true};
	struct buf lines = BUF_INIT;
	void *self = NULL;
	struct err e;

	if (ops == NULL) {
		health_add(h, "plugins", NULL, SEVERITY_CRITICAL,
		    "there is no plug-in %.100s", r->plugins[i].name);
		return;
	}
	if (ops->configure(&self, &config, &lines, &e) == -1) {
		(void)err_wrap(&e, "%s", ops->name);
		add_refusal(h, "plugins", &lines, &e);
	} else {
		add_lines(h, "plugins", SEVERITY_WARNING, &lines);
		ops->release(self);
	}
	buf_release(&lines);
}

static void
check_script(struct health *h, const char *path)
{
	struct program s = {.fd = -1};
	struct buf lines = BUF_INIT;
	struct err e;

	if (script_load(&s, path, &lines, &e) == -1)
		add_refusal(h, "scripts", &lines, &e);
	program_release(&s);
	buf_release(&lines);
}

/* What needs no node. */
static void
check_here(
    struct health *h, const struct options *o, const struct plugin_set *known)
{
	const struct run_info *r = &o->run;

	if (health_wants(h, "plugins") || health_wants(h, "access"))
		for (size_t i = 0; i < r->n_plugins; i++)
			check_plugin(h, o, known, i);
	if (health_wants(h, "scripts") || health_wants(h, "access")) {
		check_script(h, r->pre_script);
		check_script(h, r->post_script);
	}
	if (r->warn_after_ms > 0 && r->stop_after_ms > 0 &&
	    r->warn_after_ms >= r->stop_after_ms)
		health_add(h, "warn-after", NULL, SEVERITY_WARNING,
		    "--warn-after is not before --stop-after, so it never "
		    "warns");
}

static int
answer(const struct options *o, const struct health *h, int64_t took_ms)
{
	struct buf b = BUF_INIT;
	int rc = findings_status(h->findings, h->n) == SEVERITY_CRITICAL
		     ? CAU_UNHEALTHY
		     : CAU_OK;

	if (o->nagios)
		rc = health_to_nagios(&b, h, took_ms);
	else if (o->json)
		json_print(stdout, health_to_json(h), false);
	else
		health_to_text(&b, h, view_color_stdout(o->no_color));
	(void)fputs(b.data, stdout);
	buf_release(&b);
	return rc;
}

static int
healthcheck(struct options *o)
{
	int64_t start = clock_ms();
	struct run_info run = o->run;
	struct health h;
	struct work w;
	struct err e;
	int rc, stop_fd;

	run_block_signals();
	health_init(&h, &o->health);
	h.packages = plugins_use_packages(&run);
	/* Those are looked at alone: what is wrong with them is a finding. */
	run.n_plugins = 0;
	run.pre_script = run.post_script = "";
	rc = work_init(&w, &run, o->state_dir, true, false, &e);
	stop_fd = run_signal_fd();
	check_here(&h, o, &w.known);
	if (rc == 0)
		rc = examine(&h, &w, o->state_dir, stop_fd, &e);
	if (stop_fd != -1)
		(void)close(stop_fd);
	if (rc == -1) {
		if (o->nagios)
			(void)printf("CAU UNKNOWN - %s\n", e.text);
		else if (o->json)
			print_json_error("healthcheck", &e, false);
		rc = command_fail("healthcheck", &e);
		if (o->nagios)
			rc = NAGIOS_UNKNOWN;
	} else {
		health_finish(&h);
		rc = answer(o, &h, clock_ms() - start);
	}
	work_release(&w);
	health_release(&h);
	return rc;
}

/* Who asks in the manner of monitoring plug-ins knows no other exit codes. With
 * --json, too, the answer has been given. */
static int
misuse(const struct options *o, int rc)
{
	if (rc == CAU_OK || !o->nagios)
		return rc;
	if (!command_wants_json())
		(void)puts("CAU UNKNOWN - the options or the profile are "
			   "wrong: see standard error");
	return NAGIOS_UNKNOWN;
}

int
cmd_healthcheck(int argc, char **argv)
{
	struct options o;
	int rc =
	    options_parse(&o, CMD_HEALTH, HEALTHCHECK_SYNOPSIS, argc, argv);

	if (rc == -1 && o.n_operands > 0)
		rc = command_misuse("healthcheck", HEALTHCHECK_SYNOPSIS,
		    "unexpected word '%s'", o.operands[0]);
	if (rc == -1 && o.nagios && o.json)
		rc = command_misuse("healthcheck", HEALTHCHECK_SYNOPSIS,
		    "--nagios and --json exclude each other");
	if (rc == -1)
		rc = complete_options(&o, HEALTHCHECK_SYNOPSIS, false);
	if (rc == -1)
		rc = command_done("healthcheck", healthcheck(&o));
	else
		rc = misuse(&o, rc);
	options_release(&o);
	return rc;
}
