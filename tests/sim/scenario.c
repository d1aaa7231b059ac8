/* SPDX-License-Identifier: ISC */
/* What a seed means. */
#include "sim.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define HOUR_MS 3600000

/* splitmix64 */
uint64_t
sim_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

unsigned
below(struct sim *s, unsigned n)
{
	return (unsigned)(sim_random(&s->random) % n);
}

bool
chance(struct sim *s, unsigned percent)
{
	return below(s, 100) < percent;
}

int64_t
some_time(struct sim *s, unsigned most_ms)
{
	int64_t ms = 1 + below(s, most_ms);

	return s->coarse ? (ms / 10000 + 1) * 10000 : ms;
}

const char *
some_text(struct sim *s, const char *plain)
{
	static const char *const nasty[] = {"two words", "",
	    "it's \"quoted\" `here` $(there); rm -rf /", "a line\nand\r\nmore",
	    "\033[31mred\033[0m\a\b\x7f", "a tab\there", "back\\slash\\n\\x41",
	    "\xff\xfe is no \xc0\xaf UTF-8 \xe2\x82", "\xed\xa0\x80 surrogate",
	    "\xe2\x80\xae turned around\xe2\x80\xa8", "\302\2332J",
	    "\xef\xbf\xbe\xef\xbf\xbf\xf4\x8f\xbf\xbf at the edge",
	    "\"}\n{\"event\":\"run_finished\",\"status\":\"Succeeded\"}",
	    "%s%n%d %1$s", "\xf0\x9f\x92\xbe \xc3\xa4\xc3\xb6"};
	unsigned which;
	char *text;

	if (!s->hostile || chance(s, 40))
		return plain;
	which = below(s, sizeof(nasty) / sizeof(*nasty) + 1);
	if (which < sizeof(nasty) / sizeof(*nasty))
		return nasty[which];
	which = 1 + below(s, chance(s, 1) ? 70000 : 300);
	text = arena_alloc(&s->arena, which + 1);
	memset(text, chance(s, 50) ? 'x' : '\x80', which);
	return text;
}

const char *
some_words(struct sim *s, const char *plain)
{
	const char *text = some_text(s, plain);
	struct buf b = BUF_INIT;

	text_printable(&b, text, strlen(text));
	text = arena_strdup(&s->arena, b.data);
	buf_release(&b);
	return text;
}

static const char *
boot_id(struct sim *s, const char *who, unsigned boot)
{
	return arena_printf(&s->arena, "%s-b%u", who, boot);
}

struct coordinator
scenario_coordinator(struct sim *s)
{
	const char *boot =
	    s->home == SIZE_MAX && chance(s, 10) ? "" /* it does not know */
	    : s->home == SIZE_MAX
		? boot_id(s, "elsewhere", s->crashes)
		: boot_id(s, s->nodes[s->home].name, s->nodes[s->home].boot);

	return (struct coordinator){some_words(s, "adm1"),
	    some_words(s, "root"), CAU_VERSION, boot, 100 + s->crashes};
}

enum trouble
scenario_trouble(struct sim *s, enum op_kind op)
{
	if (s->calm || (s->focus != OP_KIND_COUNT && s->focus != op) ||
	    !chance(s, s->trouble_percent))
		return T_NONE;
	return s->troubles[below(s, s->n_troubles)];
}

/* As plug-ins give them: unique among theirs, and printable. */
static const char *
some_id(struct sim *s, const struct sim_node *n, const struct offer *o)
{
	const char *text = some_text(s, "u"), *id;
	struct buf b = BUF_INIT;
	size_t number = 0;

	for (const struct offer *p = n->offers; p < o; p++)
		number += p->plugin == o->plugin;
	text_escape(&b, text, strlen(text));
	buf_addf(&b, "%zu", number);
	id = arena_strdup(&s->arena, b.data);
	buf_release(&b);
	return id;
}

static void
make_offer(struct sim *s, const struct sim_node *n, size_t number, bool chain)
{
	static const enum update_result results[] = {RESULT_SUCCEEDED,
	    RESULT_SUCCEEDED, RESULT_SUCCEEDED, RESULT_SUCCEEDED, RESULT_FAILED,
	    RESULT_ALREADY_INSTALLED, RESULT_NOT_APPLICABLE};
	struct offer *o = &n->offers[number];
	const struct run_plugin *p;

	o->plugin = below(s, (unsigned)s->run.n_plugins);
	p = &s->run.plugins[o->plugin];
	o->info = (struct update){.id = some_id(s, n, o),
	    .title = some_text(s, "title"),
	    .description = some_text(s, ""),
	    .plugin = p->name,
	    .rule = some_text(s, "Extension DEB"),
	    .path = some_words(s, chance(s, 50) ? "" : "path"),
	    .version = some_words(s, "1.0"),
	    .kb = some_words(s, ""),
	    .sha256 = "",
	    .size_bytes = below(s, 1000000),
	    .properties = chance(s, 80) ? "" : "{\"a\":[1,\"b\"]}",
	    .joint = ((s->joint >> o->plugin) & 1) != 0,
	    .once = chance(s, 30),
	    .restart = (enum update_restart)below(s, 3),
	    .reason = ""};
	o->after = chain			 ? (unsigned)number
		   : number < 3 || chance(s, 60) ? 0
						 : below(s, 5);
	o->result = RESULT_SUCCEEDED;
	if (!s->calm)
		o->result =
		    results[below(s, sizeof(results) / sizeof(*results))];
	o->code = o->result == RESULT_FAILED ? 0x80240017 : 0;
	o->reboot = chance(s, 25);
	o->installed = chance(s, 10);
	o->repeats = chance(s, 10) && !(s->calm && o->info.once);
	o->lingers = o->reboot && chance(s, 20);
	o->takes_ms = some_time(s, 120000);
}

static void
make_node(struct sim *s, struct sim_node *n, size_t number)
{
	bool chain = chance(s, s->run.n_nodes > 20 ? 1 : 8);

	n->name = arena_printf(&s->arena, "n%zu", number);
	n->local = s->all_local || (number == s->home && chance(s, 60));
	n->waits = chance(s, 8);
	n->n_offers = chance(s, 15) ? 0 : 1 + below(s, 8);
	if (chain)
		n->n_offers = ENGINE_MAX_PASSES + (s->calm ? 0 : below(s, 4));
	n->offers = arena_alloc(&s->arena, n->n_offers * sizeof(*n->offers));
	for (size_t i = 0; i < n->n_offers; i++)
		make_offer(s, n, i, chain);
}

static size_t
some_size(struct sim *s)
{
	if (s->seed % 400 == 0)
		return 50 + below(s, 451);
	return 1 + below(s, chance(s, 75) ? 4 : 8);
}

static void
make_plugins(struct sim *s)
{
	static const char *const names[] = {
	    "Microsoft.HotfixPlugin", "Second.Plugin", "Third.Plugin"};
	size_t n = chance(s, 55) ? 1 : 2 + below(s, 2);

	s->run.n_plugins = n;
	s->joint = chance(s, 70) ? 0 : below(s, 8);
	s->run.plugins = arena_alloc(&s->arena, n * sizeof(*s->run.plugins));
	for (size_t i = 0; i < n; i++)
		s->run.plugins[i] =
		    (struct run_plugin){names[i], some_text(s, "a=b")};
}

static void
make_numbers(struct sim *s)
{
	struct run_info *r = &s->run;

	r->parallel = 1 + below(s, 6);
	r->max_unavailable = 1 + below(s, chance(s, 60) ? 1 : 3);
	r->max_failed_nodes = below(s, (unsigned)r->n_nodes + 1);
	r->max_retries_per_node = chance(s, 45)	 ? 0
				  : chance(s, 2) ? 64
						 : 1 + below(s, 3);
	r->retry_wait_ms = chance(s, 30) ? 0 : some_time(s, 300000);
	r->suspend_retries = chance(s, 50) ? 0 : 1 + below(s, 3);
	r->warn_after_ms = chance(s, 20) ? some_time(s, HOUR_MS) : 0;
	r->stop_after_ms = chance(s, 12) ? some_time(s, 2 * HOUR_MS) : 0;
	r->connect_timeout_ms = 20000;
	r->contact_timeout_ms = 300000;
	r->reboot_timeout_ms = 900000;
	r->script_timeout_ms = 600000;
	r->suspend_timeout_ms = chance(s, 20) ? 0 : 600000;
#define X(name) r->name = chance(s, 35);
	RUN_FLAGS(X)
#undef X
	if (s->calm)
		r->stop_after_ms = 0;
}

static void
make_run(struct sim *s)
{
	static const char *const suspend[] = {"drain", "a b'c", NULL};
	static const char *const resume[] = {"undrain", NULL};
	static const char *const none[] = {NULL};
	static const char *const rsh[] = {"ssh", NULL};
	struct run_info *r = &s->run;
	struct run_node *nodes;
	bool drain = chance(s, 70);

	r->n_nodes = some_size(s);
	nodes = arena_alloc(&s->arena, r->n_nodes * sizeof(*nodes));
	s->nodes = arena_alloc(&s->arena, r->n_nodes * sizeof(*s->nodes));
	s->home = chance(s, 25) ? below(s, (unsigned)r->n_nodes) : SIZE_MAX;
	/* Folders of one machine, to try things out. */
	s->all_local = chance(s, 6);
	make_plugins(s);
	for (size_t i = 0; i < r->n_nodes; i++) {
		make_node(s, &s->nodes[i], i);
		nodes[i] = (struct run_node){
		    s->nodes[i].name, s->nodes[i].name, s->nodes[i].local};
	}
	r->nodes = nodes;
	r->run_id = arena_printf(
	    &s->arena, "00000000-0000-4000-8000-%012" PRIx64, s->seed);
	r->cluster_type = "list";
	r->cluster_name = "sim";
	r->digest = "";
	r->rsh = rsh;
	r->suspend_command = drain ? suspend : none;
	r->resume_command = drain ? resume : none;
	r->node_state_dir = "/var/lib/cau/node";
	r->pre_script = chance(s, 30) ? "/etc/cau/pre" : "";
	r->post_script = chance(s, 30) ? "/etc/cau/post" : "";
	r->suspend_mode = r->failback_mode = "";
	make_numbers(s);
	r->allow_self_reboot &= !s->all_local;
}

/* What the health check found, which did not stop the run. */
static void
make_findings(struct sim *s)
{
	s->n_findings = below(s, 4);
	s->findings =
	    arena_alloc(&s->arena, (s->n_findings + 1) * sizeof(*s->findings));
	for (size_t i = 0; i < s->n_findings; i++) {
		s->findings[i] = (struct finding){.id = "disk-space",
		    .node = chance(s, 50) ? NULL : s->nodes[0].name,
		    .severity = (enum severity)below(s, 3),
		    .message = some_words(s, "little space"),
		    .remedy = some_words(s, ""),
		    .source = "cau",
		    .perfdata = some_words(s, ""),
		    .acknowledged = "",
		    .until = ""};
		if (chance(s, 70))
			continue;
		s->findings[i].acknowledged = some_words(s, "known");
		s->findings[i].until = "2026-12-31";
	}
	if (s->n_findings == 0 && chance(s, 50))
		s->findings = NULL; /* not looked for */
}

static int
by_time(const void *a, const void *b)
{
	const struct incident *x = a, *y = b;

	return (x->at_ms > y->at_ms) - (x->at_ms < y->at_ms);
}

static void
make_incidents(struct sim *s)
{
	struct incident *i;

	s->n_incidents = chance(s, 50) ? 0 : 1 + below(s, 6);
	for (size_t k = 0; k < s->n_incidents; k++) {
		i = &s->incidents[k];
		i->at_ms = SIM_T0 + some_time(s, HOUR_MS);
		i->lasts_ms =
		    chance(s, 20) ? FOREVER / 4 : some_time(s, HOUR_MS);
		i->node = below(s, (unsigned)s->run.n_nodes);
		i->kind = chance(s, 40)	  ? NODE_DIES
			  : chance(s, 60) ? NODE_MUTE
			  : chance(s, 30) ? NODE_HELD
					  : DISK_FULL;
		if (i->kind == DISK_FULL)
			i->lasts_ms = some_time(s, HOUR_MS);
	}
	qsort(s->incidents, s->n_incidents, sizeof(*s->incidents), by_time);
}

/* What a cluster that has a say says, and who else works on it. */
static void
make_trouble_of_cluster(struct sim *s)
{
	struct incident *i;

	for (unsigned k = below(s, 7); k > 0; k--) {
		i = &s->incidents[s->n_incidents++];
		i->at_ms = SIM_T0 + some_time(s, HOUR_MS / 4);
		i->lasts_ms =
		    chance(s, 40) ? FOREVER / 4 : some_time(s, HOUR_MS / 2);
		i->node = below(s, (unsigned)s->run.n_nodes);
		i->kind = chance(s, 60) ? ADMIN_TAKES : CLUSTER_UNFIT;
		if (i->kind == CLUSTER_UNFIT)
			i->lasts_ms = some_time(s, HOUR_MS / 2);
		else if (chance(s, 40))
			i->at_ms = SIM_T0; /* before the run */
	}
	qsort(s->incidents, s->n_incidents, sizeof(*s->incidents), by_time);
}

static void
make_cluster(struct sim *s)
{
	static const char *const none[] = {NULL};
	uint64_t random = s->random;

	s->random = s->random_cluster;
	s->pacemaker = s->run.suspend_command[0] != NULL && chance(s, 40);
	s->update_standby = s->pacemaker && chance(s, 50);
	if (s->pacemaker) {
		s->run.cluster_type = "pacemaker";
		s->run.suspend_command = s->run.resume_command = none;
		s->run.standby_nodes = s->update_standby ? "update" : "skip";
		if (!s->calm)
			make_trouble_of_cluster(s);
	}
	s->random_cluster = s->random;
	s->random = random;
}

void
scenario_make(struct sim *s)
{
	s->now_ms = SIM_T0;
	s->calm = chance(s, 12);
	s->hostile = chance(s, 25);
	s->coarse = chance(s, 20);
	s->trouble_percent = 1 + below(s, chance(s, 60) ? 10 : 40);
	/* Or most runs would fail before anything is done. */
	s->focus = OP_KIND_COUNT;
	if (chance(s, 50)) {
		s->focus = (enum op_kind)below(s, OP_KIND_COUNT);
		s->trouble_percent = 10 + below(s, 70);
	}
	s->late_crashes = chance(s, 50);
	s->crash_percent = chance(s, 40) ? 0 : 1 + below(s, 8);
	s->most_crashes = 1 + below(s, chance(s, 80) ? 3 : 12);
	s->abandon_percent = s->calm || chance(s, 85) ? 0 : 50;
	for (enum trouble t = T_NONE + 1; t < T_COUNT; t++)
		if (chance(s, 60))
			s->troubles[s->n_troubles++] = t;
	if (s->n_troubles == 0)
		s->troubles[s->n_troubles++] = T_WRONG;
	make_run(s);
	make_findings(s);
	s->stop_ms = s->stop_now_ms = FOREVER;
	s->self = scenario_coordinator(s);
	disk_init(&s->disk, sim_random(&s->random));
	if (!s->calm)
		make_incidents(s);
	make_cluster(s);
	if (s->calm)
		return;
	if (chance(s, 15))
		s->stop_ms = SIM_T0 + some_time(s, HOUR_MS);
	if (chance(s, s->stop_ms == FOREVER ? 3 : 40))
		s->stop_now_ms = (s->stop_ms == FOREVER ? SIM_T0 : s->stop_ms) +
				 some_time(s, HOUR_MS);
}

static void
show_node(const struct sim_node *n)
{
	const struct offer *o;

	if (n->waits)
		(void)printf("  %s waits for a restart\n", n->name);
	for (size_t i = 0; i < n->n_offers; i++) {
		o = &n->offers[i];
		(void)printf(
		    "  %s %.40s of plug-in %zu%s%s: %s%s%s, after %u\n",
		    n->name, o->info.id, o->plugin + 1,
		    o->info.joint ? " (joint)" : "",
		    o->info.once ? " (once)" : "",
		    update_result_name(o->result), o->reboot ? ", restart" : "",
		    o->installed ? ", is installed"
		    : o->repeats ? ", is offered for ever"
		    : o->lingers ? ", is offered until then"
				 : "",
		    o->after);
	}
}

/* What the run is about, in front of a trace. */
void
scenario_show(const struct sim *s)
{
	const struct run_info *r = &s->run;

#define X(name) (void)printf("  %s %" PRId64 "\n", #name, r->name);
	RUN_NUMBERS(X)
#undef X
#define X(name)      \
	if (r->name) \
		(void)printf("  %s\n", #name);
	RUN_FLAGS(X)
#undef X
	(void)printf("  %zu nodes, %zu plug-ins%s%s%s%s\n", r->n_nodes,
	    r->n_plugins,
	    s->update_standby		    ? ", Pacemaker, standby is updated"
	    : s->pacemaker		    ? ", Pacemaker, standby is skipped"
	    : r->suspend_command[0] == NULL ? ""
					    : ", suspend and resume",
	    *r->pre_script == '\0' ? "" : ", pre-update script",
	    *r->post_script == '\0' ? "" : ", post-update script",
	    s->calm ? ", nothing goes wrong" : "");
	for (size_t i = 0; i < r->n_nodes; i++)
		show_node(&s->nodes[i]);
}
