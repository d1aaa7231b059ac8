/* SPDX-License-Identifier: ISC */
/*
 * Restarts that are over: the node is this machine, and what it was before
 * is told to have been another boot. Nothing is restarted here. And what is
 * said about host keys.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "file.h"
#include "restart.h"

#define BEFORE "00000000-0000-4000-8000-000000000000"

struct place {
	struct arena arena;
	struct transport transport;
	struct node node;
	char dir[32];
	struct restart_order order;
	struct restart_end end;
	struct err e;
};

static void
begin(struct place *p)
{
	static const char *const none[] = {NULL};

	memset(p, 0, sizeof(*p));
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/cau-restart.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	p->transport = (struct transport){none, false, "/", NULL, 10000, NULL};
	node_init(&p->node, "n1", arena_printf(&p->arena, "local:%s", p->dir),
	    &p->transport, &p->arena);
	p->order = (struct restart_order){.boot_id = BEFORE, .limit_ms = 30000};
}

static enum restart_how
restart(struct place *p)
{
	return restart_node(&p->node, &p->order, &p->end, &p->e);
}

static void
end(struct place *p)
{
	node_close(&p->node);
	file_remove_tree(p->dir);
	arena_release(&p->arena);
}

/* Is this machine up, as far as it can be asked? Others cannot be tested. */
static void
need_up(void)
{
	struct place p;
	enum restart_how how;

	begin(&p);
	how = restart(&p);
	end(&p);
	if (how != RESTART_DONE)
		skip();
}

static void
record(struct place *p, const char *boot, const char *kernel)
{
	char *path = arena_printf(&p->arena, "%s/restart", p->dir);
	struct utsname u;
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(uname(&u), 0);
	(void)fprintf(f,
	    "boot %s\nkind kexec\nrelease %s\nkernel %s\nuserspace - -\n", boot,
	    u.release, kernel);
	assert_int_equal(fclose(f), 0);
}

static void
is_back(void **state)
{
	struct place p;

	(void)state;
	need_up();
	begin(&p);
	record(&p, BEFORE, "");
	assert_int_equal(restart(&p), RESTART_DONE);
	assert_int_equal(p.end.how, RESTART_DONE);
	assert_string_equal(p.end.boot_id, p.node.boot_id);
	assert_string_equal(p.end.kind, "kexec");
	end(&p);
}

static void
old_kernel(void **state)
{
	struct place p;

	(void)state;
	need_up();
	begin(&p);
	record(&p, BEFORE, "99.1-\033[31mcau");
	assert_int_equal(restart(&p), RESTART_DONE);
	assert_non_null(strstr(p.end.flaw, "came back with the old kernel "));
	assert_non_null(strstr(p.end.flaw,
	    " although 99.1-\\x1b[31mcau is installed: look at its boot "
	    "loader"));
	end(&p);
	/* What another restart left behind says nothing about this one. */
	begin(&p);
	record(&p, "11111111-0000-4000-8000-000000000000", "99.1-cau");
	assert_int_equal(restart(&p), RESTART_DONE);
	assert_null(strstr(p.end.flaw, "kernel"));
	assert_string_equal(p.end.kind, "full");
	end(&p);
}

static void
settles(void **state)
{
	struct place p;
	int64_t at;

	(void)state;
	need_up();
	begin(&p);
	p.order.settle_ms = 700;
	at = clock_ms();
	assert_int_equal(restart(&p), RESTART_DONE);
	assert_true(clock_ms() - at >= 700);
	end(&p);
}

/* The time that it has to stay up is not part of the limit. */
static void
settles_beyond(void **state)
{
	struct place p;

	(void)state;
	need_up();
	begin(&p);
	p.order.limit_ms = 1500;
	p.order.settle_ms = 1800;
	assert_int_equal(restart(&p), RESTART_DONE);
	end(&p);
}

static void *
cancel_soon(void *arg)
{
	_Atomic bool *cancel = arg;

	clock_sleep(300);
	atomic_store(cancel, true);
	return NULL;
}

static void
cancels(void **state)
{
	_Atomic bool cancel = false;
	struct place p;
	pthread_t thread;
	int64_t at;

	(void)state;
	begin(&p);
	p.order.limit_ms = p.order.settle_ms = 60000;
	p.order.cancel = &cancel;
	at = clock_ms();
	assert_int_equal(
	    pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
	assert_int_equal(restart(&p), RESTART_CANCELED);
	assert_true(clock_ms() - at < 10000);
	(void)pthread_join(thread, NULL);
	assert_int_equal(p.e.code, CAU_CANCELED);
	/* Already canceled: not even begun. */
	assert_int_equal(restart(&p), RESTART_CANCELED);
	assert_string_equal(p.end.boot_id, "");
	end(&p);
}

/* Nobody answers: the time is over, in words of the remote shell. */
static void
nobody(void **state)
{
	static const char *const rsh[] = {
	    "sh", "-c", "echo no such node >&2; exit 255", NULL};
	struct place p;

	(void)state;
	begin(&p);
	p.transport.rsh = rsh;
	node_init(&p.node, "n1", "n1", &p.transport, &p.arena);
	p.order.limit_ms = 500;
	assert_int_equal(restart(&p), RESTART_NOT_BACK);
	assert_string_equal(p.e.text,
	    "the node did not come back within 0.5 s: no contact: no such "
	    "node");
	assert_string_equal(p.end.boot_id, "");
	end(&p);
}

#define WARNING                                                            \
	"@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"    \
	"@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n"    \
	"@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"    \
	"The fingerprint for the ED25519 key sent by the remote host is\n" \
	"SHA256:abc.\n"                                                    \
	"Add correct host key in /root/.ssh/known_hosts to get rid of this.\n"

static void
host_keys(void **state)
{
	static const struct {
		const char *said, *address, *command;
	} cases[] = {{WARNING, "n1", "-R n1"}, {WARNING, "root@n1", "-R n1"},
	    {WARNING "Offending ED25519 key in /root/.ssh/known_hosts:12\n"
		     "Host key for n1 has changed and you have requested "
		     "strict checking.\n",
		"root@n1", "-R n1 -f /root/.ssh/known_hosts"},
	    {WARNING "Offending ECDSA key in /h/my keys:3\r\n"
		     "  remove with:\r\n"
		     "  ssh-keygen -f \"/h/my keys\" -R \"[10.0.0.1]:2222\"\r\n"
		     "Host key for [10.0.0.1]:2222 has changed and you have\n",
		"admin@10.0.0.1", "-R '[10.0.0.1]:2222' -f '/h/my keys'"},
	    {WARNING "Offending key in /k:1\n"
		     "Password authentication is disabled.\n",
		"a@b@c", "-R c -f /k"},
	    {WARNING "Offending \nHost key for ", "n1", "-R n1"},
	    {WARNING "Offending key in /a\033b'c:1\n"
		     "Host key for $(x) has changed and you\n",
		"n1", "-R '$(x)' -f '/a\\x1bb'\\''c'"},
	    {"", "n1", "-R n1"}};
	struct place p;
	const char *at;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin(&p);
		node_init(
		    &p.node, "n1", cases[i].address, &p.transport, &p.arena);
		buf_init(&p.node.child.errors);
		buf_addstr(&p.node.child.errors, cases[i].said);
		node_key_error(&p.node, &p.e);
		at = strstr(p.e.text, "ssh-keygen ");
		assert_non_null(at);
		assert_string_equal(at + 11, cases[i].command);
		buf_release(&p.node.child.errors);
		end(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(is_back),
	    cmocka_unit_test(old_kernel),
	    cmocka_unit_test(settles),
	    cmocka_unit_test(settles_beyond),
	    cmocka_unit_test(cancels),
	    cmocka_unit_test(nobody),
	    cmocka_unit_test(host_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
