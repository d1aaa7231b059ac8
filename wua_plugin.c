/* SPDX-License-Identifier: ISC */
/* Microsoft.WindowsUpdatePlugin: its arguments, and the table of its verbs. */
#include <stdlib.h>

#include "node_sh.h"
#include "wua_args.h"
#include "wua_self.h"

const struct wua_agent wua_agents[] = {
    {"apt", agent_apt_parse},
    {"dnf", agent_dnf_parse},
    {"zypper", agent_zypper_parse},
    {"fwupd", agent_fwupd_parse},
    {NULL, NULL},
};

static const char *const scripts[] = {node_holder_sh, node_agent_common_sh,
    node_agent_apt_sh, node_agent_rpm_sh, node_agent_dnf_sh,
    node_agent_zypper_sh, node_agent_fwupd_sh, NULL};

/* Is there a group that something installed can match? */
static bool
can_match_installed(const struct wua_query *q)
{
	size_t g, i;

	for (g = 0; g < q->n; g++) {
		for (i = 0; i < q->groups[g].n; i++)
			if (q->groups[g].criteria[i].name == WUA_IS_INSTALLED &&
			    q->groups[g].criteria[i].number == 0)
				break;
		if (i == q->groups[g].n)
			return true;
	}
	return false;
}

static void
wua_release(void *self)
{
	struct wua *s = self;

	arena_release(&s->arena);
	free(s);
}

static int
wua_configure(void **self, const struct plugin_config *config,
    struct buf *warnings, struct err *e)
{
	struct wua *s = xcalloc(1, sizeof(*s));
	struct buf b = BUF_INIT;

	(void)warnings;
	if (wua_args_parse(&s->query, config->args, &s->arena, e) == -1) {
		wua_release(s);
		return -1;
	}
	s->wants_installed = can_match_installed(&s->query);
	buf_addf(&b, "%s %s", wua_plugin.name, config->args);
	sha256_hex(s->digest, b.data, b.len);
	buf_release(&b);
	*self = s;
	return 0;
}

static const char *
wua_digest(const void *self)
{
	const struct wua *s = self;

	return s->digest;
}

const struct plugin_ops wua_plugin = {
    .name = "Microsoft.WindowsUpdatePlugin",
    .version = CAU_VERSION,
    .summary = "updates of the node's own agent: apt, dnf, zypper, fwupd",
    .arguments = wua_arguments,
    .node_scripts = scripts,
    .configure = wua_configure,
    .release = wua_release,
    .digest = wua_digest,
    .scan = wua_scan,
    .stage = wua_stage,
    .install = wua_install,
};
