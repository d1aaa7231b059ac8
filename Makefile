# cau: GNU make, no configure step. CFLAGS and LDFLAGS are the builder's.
#
#   make            build/cau           make check     all tests that need no lab
#   make SAN=1 ...  build-san/, ASan and UBSan         make check-valgrind
#   make WERROR=1   warnings are errors                make lint
#   make sim SEEDS=100000               more simulated runs than make check has
#   make V=1        shows the commands                 make fuzz-run SECONDS=60
#   make install    below PREFIX and DESTDIR           make dist

CFLAGS ?= $(if $(SAN),-O1,-O2) -g
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/cau
UNITDIR ?= $(PREFIX)/lib/systemd/system
COMPDIR ?= $(PREFIX)/share/bash-completion/completions
PKG_CONFIG ?= pkg-config
INSTALL ?= install
SECONDS ?= 60

LIBS = libxml-2.0 libarchive jansson nettle

WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wformat=2 -Wcast-qual -Wwrite-strings -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wundef \
	-Wvla -Wimplicit-fallthrough -Wnull-dereference
HARDENING = -fstack-protector-strong -fstack-clash-protection -fPIE
LINKHARD = -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
ifdef SAN
OUT ?= build-san
HARDENING += -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
LINKHARD += -fsanitize=address,undefined
else
OUT ?= build
HARDENING += -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
endif
ifdef WERROR
WARNINGS += -Werror
endif
ifdef FUZZ
HARDENING += -fsanitize=fuzzer-no-link
endif
DEFINES = -D_GNU_SOURCE -I. -I$(OUT)

PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBS))
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(LIBS))
PLAIN_CFLAGS = -std=c11 $(DEFINES) $(WARNINGS) \
	$(patsubst -I%,-isystem %,$(PKG_CFLAGS))
ALL_CFLAGS = $(PLAIN_CFLAGS) $(HARDENING) $(CFLAGS)

# Everything but main, sorted; tests link it whole.
SRCS = \
	access.c \
	agent_apt.c \
	agent_apt_plan.c \
	agent_dnf.c \
	agent_dnf_advisory.c \
	agent_fwupd.c \
	agent_text.c \
	agent_zypper.c \
	alertmanager.c \
	arena.c \
	buf.c \
	bytesrc.c \
	checks.c \
	child.c \
	cluster_list.c \
	cmd.c \
	cmd_healthcheck.c \
	cmd_plan.c \
	cmd_plugin.c \
	cmd_query.c \
	cmd_recover.c \
	cmd_replay.c \
	cmd_report.c \
	cmd_rules.c \
	cmd_run.c \
	cmd_scan.c \
	cmd_status.c \
	cmd_stop.c \
	engine.c \
	engine_next.c \
	engine_op.c \
	engine_tell.c \
	err.c \
	event.c \
	examine.c \
	exitcodes.c \
	external.c \
	external_call.c \
	external_verbs.c \
	file.c \
	finding.c \
	follow.c \
	frame.c \
	health.c \
	health_cluster.c \
	health_node.c \
	health_text.c \
	hotfix.c \
	hotfix_dir.c \
	hotfix_load.c \
	hotfix_plugin.c \
	hotfix_scan.c \
	hotfix_stage.c \
	job.c \
	journal.c \
	json.c \
	live.c \
	meta.c \
	meta_archive.c \
	meta_cab.c \
	meta_deb.c \
	mount.c \
	msi.c \
	names.c \
	node.c \
	nodelock.c \
	ole2.c \
	operate.c \
	options.c \
	options_health.c \
	options_plan.c \
	options_profile.c \
	options_run.c \
	options_take.c \
	pacemaker.c \
	pacemaker_ask.c \
	pcmk.c \
	pcmk_refuse.c \
	pcmk_state.c \
	pcmk_xml.c \
	pkgtext.c \
	plugin.c \
	plugin_test.c \
	plan.c \
	pluginargs.c \
	profile.c \
	proof.c \
	program.c \
	protocol.c \
	quorum.c \
	registry.c \
	report.c \
	report_json.c \
	restart.c \
	rpmhdr.c \
	rules.c \
	rules_check.c \
	rules_explain.c \
	rules_xml.c \
	run.c \
	salvage.c \
	script.c \
	session.c \
	simulate.c \
	state.c \
	survey.c \
	template.c \
	text.c \
	update.c \
	uuid.c \
	view.c \
	words.c \
	work.c \
	wua_args.c \
	wua_explain.c \
	wua_filter.c \
	wua_install.c \
	wua_match.c \
	wua_plugin.c \
	wua_props.c \
	wua_query.c \
	wua_scan.c \
	wua_value.c \
	xml.c \
	zipdir.c

OBJS = $(SRCS:%.c=$(OUT)/%.o) $(OUT)/node_sh.o
HDRS = $(wildcard *.h)
UNIT = $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/test_*.c))
FUZZERS = $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
CLI = $(filter-out gate lib run-all,$(patsubst tests/cli/%.sh,%,$(wildcard tests/cli/*.sh)))
SIM_OBJS = $(patsubst tests/sim/%.c,$(OUT)/sim-o/%.o,$(wildcard tests/sim/*.c))
SIM_WRAP = -Wl,--wrap=open,--wrap=close,--wrap=write,--wrap=fdatasync \
	-Wl,--wrap=ftruncate,--wrap=file_read_kept,--wrap=file_sync_entry
MAN = $(wildcard man/*.[1-8])
VERSION = $(shell sed -n 's/^.define CAU_VERSION "\(.*\)"/\1/p' cau.h)

Q = $(if $(V),,@echo "  $@";)
LINK = $(LINKHARD) $(LDFLAGS) -o $@ $< $(OUT)/libcau.a

all: $(OUT)/cau

$(OUT)/cau: $(OUT)/cau.o $(OUT)/libcau.a
	$(Q)$(CC) $(LINKHARD) $(HARDENING) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lpthread

$(OUT)/libcau.a: $(OBJS)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(OUT)/%.o: %.c banned.h Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -include banned.h -MMD -MP -c -o $@ $<

# The scripts of node/ as strings.
$(OUT)/node_sh.c: $(wildcard node/*.sh) Makefile
	@mkdir -p $(@D)
	@for f in $(wildcard node/*.sh); do \
		n=node_$$(basename $$f .sh | tr - _)_sh; \
		printf 'extern const char %s[];\nconst char %s[] = {' $$n $$n; \
		od -An -v -tu1 $$f | sed 's/[0-9][0-9]*/&,/g'; \
		echo '0};'; \
	done >$@

$(OUT)/node_sh.o: $(OUT)/node_sh.c Makefile
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

# Tests. Each is a target of its own (check-text, replay-rules, cli-rules),
# quiet unless it fails; "make check" goes through all of them in any case.
TEST_CFLAGS = $(ALL_CFLAGS) -Wno-missing-prototypes -MMD -MP -MT $@

$(OUT)/unit/%: tests/unit/%.c $(OUT)/libcau.a Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) $(LINK) $(PKG_LIBS) -lcmocka -lpthread

# The simulator: calls of journal.c for its disk come to tests/sim/disk.c.
$(OUT)/sim-o/%.o: tests/sim/%.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) -Itests/sim -c -o $@ $<

$(OUT)/sim: $(SIM_OBJS) $(OUT)/libcau.a
	$(Q)$(CC) $(ALL_CFLAGS) $(LINKHARD) $(LDFLAGS) $(SIM_WRAP) -o $@ \
	    $(SIM_OBJS) $(OUT)/libcau.a $(PKG_LIBS) -lpthread

$(OUT)/replay/%: tests/fuzz/%.c tests/fuzz/replay.c $(OUT)/libcau.a Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) $(LINKHARD) $(LDFLAGS) -o $@ $< \
	    tests/fuzz/replay.c $(OUT)/libcau.a $(PKG_LIBS) -lpthread

$(OUT)/fuzz/%: tests/fuzz/%.c $(OUT)/libcau.a Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(TEST_CFLAGS) -fsanitize=fuzzer $(LINK) $(PKG_LIBS) -lpthread

UNIT_CHECKS = $(UNIT:$(OUT)/unit/test_%=check-%)
REPLAYS = $(FUZZERS:fuzz_%=replay-%)
# crash preloads a library of its own, which a sanitizer does not allow.
CLI_CHECKS = $(patsubst %,cli-%,$(if $(SAN),$(filter-out crash,$(CLI)),$(CLI)))
# valgrind knows no pidfd_open(2) before 3.22.
VALGRINDS = $(filter-out valgrind-child valgrind-restart,$(UNIT:$(OUT)/unit/test_%=valgrind-%))

check:
	@$(MAKE) --no-print-directory -k $(CLI_CHECKS) $(UNIT_CHECKS) \
	    $(REPLAYS) check-sim $(if $(SAN),,check-mutants)

# All programs that check runs.
tests: $(OUT)/cau $(UNIT) $(FUZZERS:%=$(OUT)/replay/%) $(OUT)/sim

$(UNIT_CHECKS): check-%: $(OUT)/unit/test_%
	@sh tests/quiet.sh $@ $<

check-sim: $(OUT)/sim
	@sh tests/quiet.sh $@ $< 1 $(if $(SAN),400,3000)

# Many more runs: make sim SEEDS=100000 SEED=1
SEED ?= 1
SEEDS ?= 10000
sim: $(OUT)/sim
	@$< -j "$$(getconf _NPROCESSORS_ONLN)" $(SEED) $(SEEDS)

check-mutants: $(OUT)/sim
	@OUT=$(OUT) CC="$(CC)" SIM_OBJS="$(SIM_OBJS)" \
	    CFLAGS="-std=c11 -w -O1 $(DEFINES) $(PKG_CFLAGS)" \
	    LIBS="$(SIM_WRAP) $(OUT)/libcau.a $(PKG_LIBS) -lpthread" \
	    sh tests/quiet.sh $@ sh tests/sim/mutants.sh

$(REPLAYS): replay-%: $(OUT)/replay/fuzz_%
	@sh tests/quiet.sh $@ $< tests/fuzz/corpus/$*

$(CLI_CHECKS): cli-%: $(OUT)/cau
	@CAU=$(OUT)/cau sh tests/quiet.sh $@ sh tests/cli/$*.sh

# Runs on a real Pacemaker cluster; the first part is in tests/all.sh too.
lab-pacemaker: $(OUT)/cau
	CAU=$(abspath $<) sh tests/lab/cluster.sh run 3 tests/lab/pacemaker.sh
	CAU=$(abspath $<) sh tests/lab/cluster.sh run 3 tests/lab/pacemaker-faults.sh

# Real kernels, by software emulation: some minutes, and not in tests/all.sh.
lab-qemu: $(OUT)/cau
	. tests/packages.sh && \
	    packages_add qemu-system-x86 e2fsprogs mmdebstrap openssh-client jq
	CAU=$(abspath $<) sh tests/lab/qemu.sh run tests/lab/kernels.sh

check-valgrind:
	@$(MAKE) --no-print-directory -k $(VALGRINDS)

$(VALGRINDS): valgrind-%: $(OUT)/unit/test_%
	@sh tests/quiet.sh $@ valgrind -q --error-exitcode=99 \
	    --leak-check=full --child-silent-after-fork=yes $<

unit: $(UNIT)
	@for t in $(UNIT); do $$t || exit 1; done

# Fuzzing with clang and libFuzzer; what is found goes to tests/fuzz/out/.
FUZZ_MAKE = $(MAKE) --no-print-directory CC=clang SAN=1 FUZZ=1 OUT=build-fuzz

fuzz:
	@$(FUZZ_MAKE) fuzzers

fuzzers: $(FUZZERS:%=$(OUT)/fuzz/%)

fuzz-run: fuzz
	@for f in $(FUZZERS); do \
		n=$${f#fuzz_}; mkdir -p tests/fuzz/out/$$n || exit 1; \
		echo "  $$f"; \
		build-fuzz/fuzz/$$f -max_total_time=$(SECONDS) -verbosity=0 \
		    -timeout=10 -rss_limit_mb=2048 \
		    -artifact_prefix=tests/fuzz/out/$$n- \
		    tests/fuzz/out/$$n tests/fuzz/corpus/$$n || exit 1; \
	done

# Static checks. banned.h is left out: it brings headers that a source has
# to ask for itself.
lint: $(OUT)/node_sh.c
	@sh tests/lint.sh $(PLAIN_CFLAGS)

hdr-check:
	@for h in $(HDRS); do \
		printf '#include "%s"\n#include "%s"\n' $$h $$h | \
		    $(CC) $(PLAIN_CFLAGS) -Werror -fsyntax-only -xc - || \
		    { echo "$$h does not stand alone"; exit 1; }; \
	done

install: $(OUT)/cau
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(DATADIR)/examples
	$(INSTALL) -m 755 $(OUT)/cau $(DESTDIR)$(SBINDIR)/cau
	$(INSTALL) -m 644 $(wildcard schema/*.xml schema/*.xsd schema/*.json) \
	    $(DESTDIR)$(DATADIR)
	$(INSTALL) -m 755 $(wildcard examples/*) $(DESTDIR)$(DATADIR)/examples
	for f in $(MAN); do \
		$(INSTALL) -d $(DESTDIR)$(MANDIR)/man$${f##*.} && \
		$(INSTALL) -m 644 $$f $(DESTDIR)$(MANDIR)/man$${f##*.} || exit 1; \
	done
	$(INSTALL) -d $(DESTDIR)$(UNITDIR)
	sed 's|@SBINDIR@|$(SBINDIR)|' systemd/cau-recover.service \
	    >$(DESTDIR)$(UNITDIR)/cau-recover.service
	if [ -f completions/cau.bash ]; then \
		$(INSTALL) -d $(DESTDIR)$(COMPDIR) && \
		$(INSTALL) -m 644 completions/cau.bash $(DESTDIR)$(COMPDIR)/cau; \
	fi

uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/cau $(DESTDIR)$(COMPDIR)/cau \
	    $(DESTDIR)$(UNITDIR)/cau-recover.service
	for f in $(MAN); do \
		rm -f $(DESTDIR)$(MANDIR)/man$${f##*.}/$${f##*/}; \
	done
	rm -rf $(DESTDIR)$(DATADIR)

dist:
	@mkdir -p $(OUT)
	git archive --prefix=cau-$(VERSION)/ -o $(OUT)/cau-$(VERSION).tar.gz HEAD

clean:
	rm -rf build build-*

.PHONY: all check check-mutants check-sim check-valgrind clean dist fuzz \
	fuzz-run fuzzers hdr-check install lab-pacemaker lab-qemu lint sim tests uninstall unit $(UNIT_CHECKS) $(REPLAYS) \
	$(CLI_CHECKS) $(VALGRINDS)
.SECONDARY:
-include $(OBJS:.o=.d) $(OUT)/cau.d $(UNIT:=.d) $(SIM_OBJS:.o=.d) \
	$(FUZZERS:%=$(OUT)/replay/%.d) $(FUZZERS:%=$(OUT)/fuzz/%.d)
