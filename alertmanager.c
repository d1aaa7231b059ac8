/* SPDX-License-Identifier: ISC */
/* Alerts of a Prometheus Alertmanager. */
#include "alertmanager.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "child.h"
#include "json.h"
#include "text.h"

/* 10,000 alerts with many labels are about 10 MB. */
#define ANSWER_MOST (64U << 20)
#define SLICE_MS    250
/* They take far more room in memory than as text. */
#define VALUES_MOST 2000000

struct alerts {
	struct arena arena;
	const struct health_options *options;
	const _Atomic bool *stop;
	struct buf answer;
	struct err e;
	bool failed;
	pthread_t thread;
	bool threaded;
};

int
alerts_check_url(const char *url, struct err *e)
{
	const char *rest = strncmp(url, "http://", 7) == 0    ? url + 7
			   : strncmp(url, "https://", 8) == 0 ? url + 8
							      : "";

	for (const char *p = url; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 127 ||
		    strchr("\"<>\\^`{|}?#", *p) != NULL)
			rest = "";
	if (*rest == '\0' || *rest == '/')
		return err_set(e, CAU_USAGE,
		    "'%.80s' is no address: http://HOST:PORT is expected", url);
	return 0;
}

/* Words of curl that ask for what the filter lets pass; "a=b,c=~d" are two
 * filters, but for commas in quotes. */
static const char *const *
curl_words(struct alerts *a)
{
	const char *filter = a->options->alert_filter, *p;
	const char **words =
	    arena_alloc(&a->arena, (strlen(filter) * 2 + 32) * sizeof(*words));
	const char *url = a->options->alertmanager;
	size_t n = 0, len = strlen(url);
	bool quoted = false;
	/* No settings of the user, no redirects, nothing but HTTP, and its
	 * status behind the answer. */
	static const char *const first[] = {"curl", "-q", "--silent",
	    "--show-error", "--globoff", "--proto", "=http,https",
	    "--max-redirs", "0", "--header", "Accept: application/json",
	    "--write-out", "\n%{http_code}", "--get", "--data", "active=true",
	    "--data", "silenced=false", "--data", "inhibited=false"};

	for (; n < sizeof(first) / sizeof(*first); n++)
		words[n] = first[n];
	words[n++] = "--max-time";
	words[n++] = arena_printf(
	    &a->arena, "%d", (int)((a->options->limit_ms + 999) / 1000));
	for (p = filter;; p++) {
		if (*p == '"' && (p == filter || p[-1] != '\\'))
			quoted = !quoted;
		if (*p != '\0' && (*p != ',' || quoted))
			continue;
		if (p > filter) {
			words[n++] = "--data-urlencode";
			words[n++] = arena_printf(&a->arena, "filter=%.*s",
			    (int)(p - filter), filter);
		}
		if (*p == '\0')
			break;
		filter = p + 1;
	}
	while (len > 0 && url[len - 1] == '/')
		len--;
	words[n++] = "--url";
	words[n++] =
	    arena_printf(&a->arena, "%.*s/api/v2/alerts", (int)len, url);
	return words;
}

static const char *const *
amtool_words(struct alerts *a)
{
	const char **words = arena_alloc(&a->arena, 8 * sizeof(*words));

	words[0] = "amtool";
	words[1] = arena_printf(
	    &a->arena, "--alertmanager.url=%s", a->options->alertmanager);
	words[2] = "--output=json";
	words[3] = "alert";
	words[4] = "query";
	words[5] = "--";
	words[6] = a->options->alert_filter;
	return words;
}

static int
fetch(struct alerts *a, const char *const *words, struct err *e)
{
	struct child_spec spec = {words, -1, true, false};
	int64_t deadline = clock_ms() + a->options->limit_ms + 1000, slice;
	enum child_turn t = CHILD_TURN_SOMETHING;
	struct child c;
	int rc = 0;

	if (child_start(&c, &spec, e) == -1)
		return -1;
	child_finish_input(&c);
	while (t != CHILD_TURN_ENDED && rc == 0) {
		slice = clock_ms() + SLICE_MS;
		t = child_turn(&c, slice < deadline ? slice : deadline);
		if (c.output.len > ANSWER_MOST)
			rc = err_set(
			    e, CAU_FAILED, "it answered with more than 64 MiB");
		else if (t == CHILD_TURN_TIMEOUT &&
			 (clock_ms() >= deadline || atomic_load(a->stop)))
			rc = err_set(e, CAU_FAILED, "no answer in time");
	}
	if (rc == 0 && (c.status.how != CHILD_EXITED || c.status.code != 0)) {
		buf_setlen(&c.errors, strcspn(c.errors.data, "\n"));
		rc = err_set(e, CAU_FAILED, "%s",
		    c.errors.len == 0 ? "the question failed" : c.errors.data);
	}
	buf_add(&a->answer, c.output.data, c.output.len);
	child_stop(&c, 0);
	return rc;
}

/* Takes the status of HTTP off the end of the answer. */
static int
check_status(struct buf *answer, struct err *e)
{
	char *nl = strrchr(answer->data, '\n');
	uint64_t status = 0;
	struct err why;

	/* 0 when it is none. */
	if (nl != NULL && text_u64(nl + 1, 0, 999, &status, &why) == -1)
		status = 0;
	if (nl != NULL)
		buf_setlen(answer, (size_t)(nl - answer->data));
	if (status >= 300 && status < 400)
		return err_set(e, CAU_FAILED,
		    "it answered with a redirect (status %d), which is not "
		    "followed",
		    (int)status);
	if (status != 200)
		return err_set(e, CAU_FAILED,
		    "it answered with status %d: %.200s", (int)status,
		    answer->data);
	return 0;
}

static void *
question(void *arg)
{
	struct alerts *a = arg;
	struct err e;

	a->e.code = CAU_OK;
	if (fetch(a, curl_words(a), &a->e) == 0)
		a->failed = check_status(&a->answer, &a->e) == -1;
	else if (strstr(a->e.text, "No such file") == NULL)
		a->failed = true;
	else if (fetch(a, amtool_words(a), &e) == -1) {
		a->failed = true;
		if (strstr(e.text, "No such file") == NULL)
			a->e = e;
		else
			(void)err_set(&a->e, CAU_FAILED,
			    "neither curl nor amtool is installed here");
	}
	return NULL;
}

struct alerts *
alerts_start(const struct health *h, const _Atomic bool *stop)
{
	struct alerts *a;

	if (h->options->alertmanager == NULL || !health_wants(h, HEALTH_ALERT))
		return NULL;
	a = xcalloc(1, sizeof(*a));
	buf_init(&a->answer);
	a->options = h->options;
	a->stop = stop;
	a->threaded = pthread_create(&a->thread, NULL, question, a) == 0;
	return a;
}

void
alerts_finish(struct alerts *a, struct health *h)
{
	if (a == NULL)
		return;
	if (a->threaded)
		(void)pthread_join(a->thread, NULL);
	else
		(void)question(a);
	if (!a->failed &&
	    alerts_parse(h, a->answer.data, a->answer.len, &a->e) == -1)
		a->failed = true;
	if (a->failed) {
		(void)err_wrap(
		    &a->e, "Alertmanager at %.200s", a->options->alertmanager);
		health_add_finding(
		    h, &(struct finding){.id = HEALTH_ALERT,
			   .severity = SEVERITY_CRITICAL,
			   .message = a->e.text,
			   .remedy = "see --alertmanager; or --skip alert",
			   .source = "alertmanager",
			   .perfdata = ""});
	}
	buf_release(&a->answer);
	arena_release(&a->arena);
	free(a);
}

/* Fires, and nobody has taken it out of sight. */
static bool
fires(const json_t *alert)
{
	const json_t *status = json_object_get(alert, "status");
	const char *state = json_text(status, "state");

	return (*state == '\0' || strcmp(state, "active") == 0) &&
	       json_array_size(json_object_get(status, "silencedBy")) == 0 &&
	       json_array_size(json_object_get(status, "inhibitedBy")) == 0;
}

static void
add_alert(struct health *h, const json_t *alert)
{
	const json_t *labels = json_object_get(alert, "labels");
	const json_t *notes = json_object_get(alert, "annotations");
	const char *name = json_text(labels, "alertname");
	const char *severity = json_text(labels, "severity");
	const char *where = json_text(labels, "instance"), *text;
	struct buf id = BUF_INIT, message = BUF_INIT;

	text = json_text(notes, "summary");
	if (*text == '\0')
		text = json_text(notes, "description");
	buf_addf(&id, HEALTH_ALERT "/%.200s", *name == '\0' ? "?" : name);
	buf_addf(&message, "%s%.200s%s%.500s", *where == '\0' ? "" : "on ",
	    where, *where == '\0' ? "" : ": ",
	    *text == '\0' ? "it fires" : text);
	health_add_finding(
	    h, &(struct finding){.id = id.data,
		   .severity = strcmp(severity, "warning") == 0 ||
				       strcmp(severity, "info") == 0
				   ? SEVERITY_WARNING
				   : SEVERITY_CRITICAL,
		   .message = message.data,
		   .remedy = "",
		   .source = "alertmanager",
		   .perfdata = ""});
	buf_release(&message);
	buf_release(&id);
}

int
alerts_parse(struct health *h, const char *text, size_t len, struct err *e)
{
	json_error_t why;
	json_t *doc, *a;
	size_t n = 0, before = h->n, i, values = 0;

	for (i = 0; i < len; i++)
		values += text[i] == ',';
	if (values > VALUES_MOST)
		return err_set(e, CAU_FAILED,
		    "it answered with more than %d values", VALUES_MOST);
	doc = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_array(doc)) {
		json_decref(doc);
		return err_set(e, CAU_FAILED,
		    "it answered with no list of alerts: '%.60s%s'", text,
		    len > 60 ? "..." : "");
	}
	json_array_foreach(doc, i, a)
	{
		if (!json_is_object(json_object_get(a, "labels"))) {
			json_decref(doc);
			return err_set(e, CAU_FAILED,
			    "alert %zu of its answer has no labels", i + 1);
		}
		if (!fires(a))
			continue;
		if (h->n - before < ALERTS_MOST)
			add_alert(h, a);
		else
			n++;
	}
	json_decref(doc);
	if (n > 0) {
		char more[80];

		(void)snprintf(more, sizeof(more), "and %zu alerts more", n);
		health_add_finding(h, &(struct finding){.id = HEALTH_ALERT,
					  .severity = SEVERITY_CRITICAL,
					  .message = more,
					  .remedy = "",
					  .source = "alertmanager",
					  .perfdata = ""});
	}
	return 0;
}
