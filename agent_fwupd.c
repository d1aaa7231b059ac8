/* SPDX-License-Identifier: ISC */
/* What fwupdmgr said through node/agent-fwupd.sh. */
#include "agent_text.h"

#include <string.h>

#include "json.h"
#include "text.h"

/* States of an update (FwupdUpdateState). */
#define STATE_PENDING	   1
#define STATE_NEEDS_REBOOT 4

static bool
has_flag(const json_t *object, const char *flag)
{
	const json_t *s;
	size_t i;

	json_array_foreach(json_object_get(object, "Flags"), i, s)
	{
		if (json_is_string(s) &&
		    strcmp(json_string_value(s), flag) == 0)
			return true;
	}
	return false;
}

/* Descriptions are in a small subset of HTML. */
static const char *
without_tags(const char *s, struct arena *a)
{
	struct buf b = BUF_INIT;
	const char *text;

	while (*s != '\0') {
		if (*s != '<') {
			buf_addc(&b, *s++);
			continue;
		}
		if (strncmp(s, "</p>", 4) == 0 || strncmp(s, "</li>", 5) == 0)
			buf_addc(&b, '\n');
		s += strcspn(s, ">");
		if (*s == '>')
			s++;
	}
	while (b.len > 0 && b.data[b.len - 1] == '\n')
		buf_setlen(&b, b.len - 1);
	text = arena_strdup(a, b.data);
	buf_release(&b);
	return text;
}

static bool
waits_for_restart(const json_t *device)
{
	int64_t state = json_number(device, "UpdateState");

	return state == STATE_PENDING || state == STATE_NEEDS_REBOOT;
}

/* Why it is not installed without a person. */
static const char *
excluded(const json_t *device, const json_t *release, struct arena *a)
{
	const json_t *problem;
	const char *message;

	if (has_flag(device, "needs-shutdown"))
		return "it comes into use by switching the machine off, a "
		       "restart is not enough";
	if (has_flag(device, "needs-bootloader"))
		return "a person must bring the device into its update mode";
	if (has_flag(device, "locked"))
		return "the device is locked";
	if (has_flag(release, "blocked-version"))
		return "its version is blocked";
	message = json_text(release, "UpdateMessage");
	if (*message == '\0')
		message = json_text(release, "DetachCaption");
	if (*message == '\0')
		message = json_text(device, "UpdateMessage");
	if (*message != '\0')
		return arena_printf(
		    a, "a person must do something: %.200s", message);
	problem = json_array_get(json_object_get(device, "Problems"), 0);
	if (json_is_string(problem))
		return arena_printf(a, "the device is not ready: %.200s",
		    json_string_value(problem));
	return "";
}

static void
classify(struct agent_update *u, const json_t *release, struct arena *a)
{
	static const struct {
		const char *urgency, *severity;
		enum agent_class class;
	} table[] = {
	    {"critical", "Critical", AGENT_CRITICAL},
	    {"high", "Important", AGENT_FIX},
	    {"medium", "Moderate", AGENT_FIX},
	    {"low", "Low", AGENT_ENHANCEMENT},
	};
	const char *urgency = json_text(release, "Urgency");
	struct agent_strings cves = {NULL, 0};
	const json_t *issue;
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(*table); i++) {
		if (strcmp(urgency, table[i].urgency) == 0) {
			u->severity = table[i].severity;
			u->class = table[i].class;
		}
	}
	json_array_foreach(json_object_get(release, "Issues"), i, issue)
	{
		if (json_is_string(issue) &&
		    strncmp(json_string_value(issue), "CVE-", 4) == 0)
			agent_add_string(&cves,
			    arena_strdup(a, json_string_value(issue)), a);
	}
	if (cves.n > 0) {
		u->cves = agent_end_strings(&cves, a);
		u->class = AGENT_SECURITY;
	}
}

static const char *
text_of(const json_t *object, const char *key, struct arena *a)
{
	return arena_strdup(a, json_text(object, key));
}

static int
add_update(
    struct agent_list *l, const json_t *device, struct arena *a, struct err *e)
{
	const json_t *release =
	    json_array_get(json_object_get(device, "Releases"), 0);
	const char *id = text_of(device, "DeviceId", a), *version;
	struct agent_update *u;

	if (!agent_is_word(id))
		return agent_odd(e, "updates", id, "not the id of a device");
	/* Nothing newer. */
	if (release == NULL)
		return 0;
	version = text_of(release, "Version", a);
	if (!agent_is_word(version))
		return agent_odd(
		    e, "updates", version, "not a version of firmware");
	u = agent_add_update(l, a);
	u->title = arena_printf(a, "%s %s", json_text(device, "Name"), version);
	u->description = without_tags(json_text(release, "Description"), a);
	if (*u->description == '\0')
		u->description = text_of(release, "Summary", a);
	u->origin = text_of(release, "RemoteId", a);
	u->size_bytes = json_number(release, "Size");
	if (u->size_bytes < 0)
		u->size_bytes = 0;
	u->driver = true;
	u->wants_reboot = has_flag(device, "needs-reboot") ||
			  has_flag(device, "needs-activation");
	u->held = has_flag(release, "blocked-approval");
	u->excluded = waits_for_restart(device)
			  ? "an update of this device waits for a restart"
			  : excluded(device, release, a);
	classify(u, release, a);
	agent_add_package(u, id, "", version, text_of(device, "Version", a), a);
	return 0;
}

static int
add_device(
    struct agent_list *l, const json_t *device, struct arena *a, struct err *e)
{
	const char *id = text_of(device, "DeviceId", a);
	const char *version = text_of(device, "Version", a);
	struct agent_update *u;

	if (!agent_is_word(id))
		return agent_odd(e, "devices", id, "not the id of a device");
	if (waits_for_restart(device))
		l->reboot_pending = true;
	if (!has_flag(device, "updatable") || !agent_is_word(version))
		return 0;
	u = agent_add_update(l, a);
	u->title = arena_printf(a, "%s %s", json_text(device, "Name"), version);
	u->description = text_of(device, "Summary", a);
	u->driver = true;
	u->installed = true;
	u->pending = waits_for_restart(device);
	agent_add_package(u, id, "", version, "", a);
	return 0;
}

/* The document of a section, which may be empty: nothing was found. */
static int
read_devices(struct agent_list *l, const struct agent_line *lines,
    size_t n_lines, const char *section,
    int (*add)(
	struct agent_list *, const json_t *, struct arena *, struct err *),
    struct arena *a, struct err *e)
{
	const json_t *devices, *device;
	struct buf b = BUF_INIT;
	json_error_t error;
	const char *start;
	json_t *doc;
	size_t i;
	int rc = 0;

	agent_join(&b, lines, n_lines, section);
	/* Warnings come before it. */
	start = b.data + strspn(b.data, " \t\r\n");
	if (*start != '\0' && *start != '{') {
		start = strstr(b.data, "\n{");
		if (start == NULL) {
			(void)agent_odd(
			    e, section, b.data, "not the JSON of fwupdmgr");
			buf_release(&b);
			return -1;
		}
	}
	if (*start == '\0') {
		buf_release(&b);
		return 0;
	}
	doc = json_loads(start, 0, &error);
	devices = json_object_get(doc, "Devices");
	if (doc == NULL)
		rc = agent_odd(e, section, start, error.text);
	else if (json_object_get(doc, "Error") != NULL)
		rc = agent_odd(e, section,
		    json_text(json_object_get(doc, "Error"), "Message"),
		    "fwupdmgr reports an error");
	else if (!json_is_array(devices))
		rc = agent_odd(
		    e, section, start, "no list of devices in the JSON");
	for (i = 0; rc == 0 && i < json_array_size(devices); i++) {
		device = json_array_get(devices, i);
		rc = json_is_object(device) ? add(l, device, a, e)
					    : agent_odd(e, section, start,
						  "a device is not an object");
	}
	json_decref(doc);
	buf_release(&b);
	return rc;
}

int
agent_fwupd_parse(struct agent_list *l, const struct agent_line *lines,
    size_t n_lines, struct arena *a, struct err *e)
{
	struct agent_strings names = {NULL, 0};
	size_t i;

	memset(l, 0, sizeof(*l));
	for (i = 0; i < n_lines; i++) {
		if (strcmp(lines[i].section, "reboot") == 0) {
			if (agent_reboot(l, &names, lines[i].text, a, e) == -1)
				return -1;
		} else if (strcmp(lines[i].section, "updates") != 0 &&
			   strcmp(lines[i].section, "devices") != 0)
			return agent_odd(e, lines[i].section, lines[i].text,
			    "this section is not known");
	}
	if (read_devices(l, lines, n_lines, "updates", add_update, a, e) == -1)
		return -1;
	return read_devices(l, lines, n_lines, "devices", add_device, a, e);
}
