/* SPDX-License-Identifier: ISC */
/* An agent's update in the words of the Windows Update Agent (cau-wua(7)). */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "text.h"
#include "uuid.h"
#include "wua_self.h"

#define SECURITY_UPDATES "0fa1201d-4330-4fa8-8ae9-b877473b6441"
#define CRITICAL_UPDATES "e6cf1350-c01b-414d-a61f-263d14d133b4"
#define UPDATES		 "cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83"
#define FEATURE_PACKS	 "b54e7d24-7add-428f-8b75-90a396fa584f"
#define DRIVERS		 "ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0"

/* What a class means: one row each, in the order of enum agent_class. */
static const struct {
	const char *category;
	bool assigned;	  /* IsAssigned, AutoSelectOnWebSites */
	bool browse_only; /* BrowseOnly */
	enum wua_action action;
} classes[] = {
    {SECURITY_UPDATES, true, false, WUA_INSTALLATION},
    {CRITICAL_UPDATES, true, false, WUA_INSTALLATION},
    {UPDATES, false, false, WUA_INSTALLATION},
    {FEATURE_PACKS, false, true, WUA_INSTALLATION},
    {FEATURE_PACKS, false, true, WUA_OPTIONAL_INSTALLATION},
    {UPDATES, false, false, WUA_INSTALLATION},
};

const char *
wua_update_id(const char *agent, const struct agent_update *u, struct arena *a)
{
	char *id = arena_alloc(a, UUID_SIZE);
	const struct agent_package *p = u->packages;
	struct buf b = BUF_INIT;

	if (*u->advisory != '\0' || u->n_packages == 0)
		buf_addf(&b, "%s\n%s\n\n", agent, u->advisory);
	else
		buf_addf(
		    &b, "%s\n%s\n%s\n%s", agent, p->name, p->version, p->arch);
	uuid_v5(id, UUID_UPDATES, b.data, b.len);
	buf_release(&b);
	return id;
}

static json_t *
list_of(const char *s)
{
	json_t *list = json_array();

	if (*s != '\0')
		(void)json_array_append_new(list, json_from_text(s));
	return list;
}

static json_t *
packages(const struct agent_update *u)
{
	json_t *list = json_array(), *j;
	const struct agent_package *p;

	for (p = u->packages; p < u->packages + u->n_packages; p++) {
		j = json_object();
		json_set(j, "Name", json_from_text(p->name));
		json_set(j, "Arch", json_from_text(p->arch));
		json_set(j, "Version", json_from_text(p->version));
		json_set(j, "OldVersion", json_from_text(p->old_version));
		(void)json_array_append_new(list, j);
	}
	return list;
}

json_t *
wua_properties(const char *agent, const struct agent_update *u, struct arena *a)
{
	json_t *j = json_object(), *categories, *cves = json_array();
	bool security = u->class == AGENT_SECURITY;

	categories = list_of(classes[u->class].category);
	if (u->driver)
		(void)json_array_append_new(categories, json_string(DRIVERS));
	for (const char *const *c = u->cves; c != NULL && *c != NULL; c++)
		(void)json_array_append_new(cves, json_from_text(*c));
	json_set(j, "Title", json_from_text(u->title));
	json_set(j, "Description", json_from_text(u->description));
	json_set(j, "Identity",
	    json_pack("{s:s, s:i}", "UpdateID", wua_update_id(agent, u, a),
		"RevisionNumber", 1));
	json_set(j, "Type",
	    json_string(wua_types[u->driver ? WUA_DRIVER : WUA_SOFTWARE]));
	json_set(j, "DeploymentAction",
	    json_string(wua_actions[classes[u->class].action]));
	json_set(j, "IsAssigned", json_boolean(classes[u->class].assigned));
	json_set(j, "AutoSelectOnWebSites",
	    json_boolean(classes[u->class].assigned));
	json_set(j, "BrowseOnly", json_boolean(classes[u->class].browse_only));
	json_set(j, "IsHidden", json_boolean(u->held));
	json_set(j, "IsInstalled", json_boolean(u->installed));
	json_set(j, "IsPresent", json_boolean(u->installed));
	json_set(j, "RebootRequired", json_boolean(u->installed && u->pending));
	json_set(j, "CategoryIDs", categories);
	json_set(j, "MsrcSeverity", json_from_text(u->severity));
	json_set(j, "CveIDs", cves);
	json_set(j, "KBArticleIDs", list_of(u->advisory));
	json_set(
	    j, "SecurityBulletinIDs", list_of(security ? u->advisory : ""));
	json_set(j, "MaxDownloadSize", json_integer(u->size_bytes));
	json_set(j, "Agent", json_string(agent));
	json_set(j, "Origin", json_from_text(u->origin));
	json_set(j, "Packages", packages(u));
	return j;
}

bool
wua_is_word(const char *s)
{
	return s[strspn(s,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		   "0123456789.+-_~:^@%/")] == '\0';
}

int
wua_add_packages(struct buf *b, const char *before, const char *properties)
{
	json_t *j = json_loads(properties, 0, NULL);
	const json_t *list = json_object_get(j, "Packages"), *p;
	const char *agent = json_text(j, "Agent"), *name, *arch, *version;
	char *word;
	bool good =
	    json_array_size(list) > 0 && *agent != '\0' && wua_is_word(agent);

	for (size_t i = 0; good && i < json_array_size(list); i++) {
		p = json_array_get(list, i);
		name = json_text(p, "Name");
		arch = json_text(p, "Arch");
		version = json_text(p, "Version");
		good = *name != '\0' && *name != '-' && wua_is_word(name) &&
		       wua_is_word(arch) && wua_is_word(version);
		if (!good)
			break;
		word = xasprintf(
		    "%s%s%s=%s", name, *arch == '\0' ? "" : ":", arch, version);
		buf_addf(b, " %s%s", before, *before == '\0' ? "" : " ");
		text_shell_quote(b, word);
		free(word);
	}
	json_decref(j);
	return good ? 0 : -1;
}
