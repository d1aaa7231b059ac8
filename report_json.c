/* SPDX-License-Identifier: ISC */
/* The report of a run as JSON. */
#include "report.h"
#include "text.h"

static json_t *
time_or_null(int64_t ms)
{
	char at[TEXT_TIME_SIZE];

	if (ms == 0)
		return json_null();
	text_time(at, ms);
	return json_string(at);
}

static json_t *
number(size_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *
update_json(const struct engine_update *u)
{
	json_t *j = json_object();

	json_set(j, "id", json_from_text(u->info.id));
	json_set(j, "title", json_from_text(u->info.title));
	json_set(j, "plugin", json_from_text(u->info.plugin));
	json_set(j, "rule", json_from_text(u->info.rule));
	json_set(j, "version", json_from_text(u->info.version));
	json_set(j, "kb", json_from_text(u->info.kb));
	json_set(j, "sha256", json_from_text(u->info.sha256));
	json_set(j, "size", json_integer(u->info.size_bytes));
	json_set(j, "pass", json_integer(u->pass));
	if (u->done) {
		install_result_to_json(&u->result, j);
	} else {
		json_set(j, "result", json_null());
	}
	json_set(j, "started_at", time_or_null(u->started_ms));
	json_set(j, "duration_s",
	    u->ended_ms == 0 ? json_null()
			     : json_from_ms(u->ended_ms - u->started_ms));
	return j;
}

static json_t *
reboot_json(const struct engine_reboot *r)
{
	json_t *j = json_object();

	json_set(j, "reason", json_from_text_or_null(r->reason));
	json_set(j, "kind", json_from_text_or_null(r->kind));
	json_set(j, "result", json_from_text_or_null(r->result));
	json_set(
	    j, "boot_id_before", json_from_text_or_null(r->boot_id_before));
	json_set(j, "boot_id_after", json_from_text_or_null(r->boot_id_after));
	json_set(j, "duration_s",
	    r->ended_ms == 0 ? json_null()
			     : json_from_ms(r->ended_ms - r->started_ms));
	return j;
}

/* All that went wrong, also what a further attempt cured. */
static json_t *
errors_json(const struct engine_node *n)
{
	json_t *list = json_array(), *j;

	for (size_t i = 0; i < n->n_troubles; i++) {
		j = json_object();
		json_set(j, "at", time_or_null(n->troubles[i].at_ms));
		json_set(j, "attempt", json_integer(n->troubles[i].attempt));
		json_set(j, "op", json_string(op_name(n->troubles[i].op)));
		json_set(j, "outcome",
		    json_string(op_outcome_name(n->troubles[i].outcome)));
		json_set(j, "error", json_from_text(n->troubles[i].error));
		(void)json_array_append_new(list, j);
	}
	return list;
}

/* What is still out of service counts up to now. */
static int64_t
suspended_ms(const struct engine *g, const struct engine_node *n)
{
	return n->suspended_ms +
	       (n->suspended ? g->last_ms - n->suspended_since_ms : 0);
}

static json_t *
timing_json(const struct engine_node *n)
{
	static const char *const names[OP_KIND_COUNT] = {"scan", "stage",
	    "pre_script", "drain", "install", "restart", "resume",
	    "post_script"};
	json_t *j = json_object();

	for (size_t i = 0; i < OP_KIND_COUNT; i++)
		json_set(j, names[i], json_from_ms(n->timing_ms[i]));
	return j;
}

static json_t *
node_json(const struct engine *g, const struct engine_node *n)
{
	struct engine_counts c = engine_count(n);
	json_t *j = json_object(), *updates = json_array();
	json_t *reboots = json_array();

	json_set(j, "name", json_from_text(n->info->name));
	json_set(j, "status",
	    n->finished ? json_string(summary_status_name(n->status))
			: json_null());
	json_set(j, "phase", json_string(node_phase_name(engine_phase(n))));
	json_set(j, "error", json_from_text_or_null(n->error));
	json_set(j, "attempts", json_integer(n->attempt));
	json_set(j, "errors", errors_json(n));
	json_set(j, "passes", json_integer(n->pass));
	json_set(j, "succeeded", number(c.succeeded));
	json_set(j, "failed", number(c.failed));
	json_set(j, "skipped", number(c.skipped));
	json_set(j, "unknown", number(c.unknown));
	json_set(j, "canceled", number(c.canceled));
	json_set(j, "ignored", number(n->n_ignored));
	json_set(
	    j, "restart_pending", json_boolean(engine_restart_pending(g, n)));
	json_set(
	    j, "left_suspended", json_boolean(n->finished && n->suspended));
	json_set(j, "suspended_at", time_or_null(n->suspended_at_ms));
	json_set(j, "suspended_s", json_from_ms(suspended_ms(g, n)));
	for (size_t i = 0; i < n->n_reboots; i++)
		(void)json_array_append_new(
		    reboots, reboot_json(&n->reboots[i]));
	json_set(j, "reboots", reboots);
	json_set(j, "bytes_staged", json_integer(n->bytes_staged));
	json_set(j, "timing_s", timing_json(n));
	for (size_t i = 0; i < n->n_updates; i++)
		(void)json_array_append_new(
		    updates, update_json(&n->updates[i]));
	json_set(j, "updates", updates);
	return j;
}

json_t *
report_to_json(const struct engine *g)
{
	json_t *j = json_object(), *nodes = json_array();
	json_t *plugins = json_array(), *cluster = json_object();

	json_set(j, "format", json_integer(1));
	json_set(j, "run_id", json_from_text(g->run.run_id));
	json_set(cluster, "type", json_from_text(g->run.cluster_type));
	json_set(cluster, "name", json_from_text(g->run.cluster_name));
	json_set(j, "cluster", cluster);
	json_set(j, "status",
	    g->finished ? json_string(summary_status_name(g->status))
			: json_null());
	json_set(j, "started_at", time_or_null(g->started_ms));
	json_set(j, "finished_at", time_or_null(g->finished ? g->last_ms : 0));
	json_set(j, "duration_s", json_from_ms(g->last_ms - g->started_ms));
	json_set(j, "coordinator", coordinator_to_json(&g->coordinator));
	json_set(j, "recoveries", json_integer(g->recoveries));
	for (size_t i = 0; i < g->run.n_plugins; i++)
		(void)json_array_append_new(
		    plugins, json_from_text(g->run.plugins[i].name));
	json_set(j, "plugins", plugins);
	json_set(j, "stopped",
	    g->stop == ENGINE_STOP_NONE ? json_null()
					: json_from_text(g->stop_reason));
	json_set(j, "error", json_from_text_or_null(g->error));
	json_set(j, "health",
	    g->health == NULL ? json_null()
			      : findings_to_json(g->health, g->n_health));
	for (size_t i = 0; i < g->run.n_nodes; i++)
		(void)json_array_append_new(nodes, node_json(g, &g->nodes[i]));
	json_set(j, "nodes", nodes);
	return j;
}
