# cau: GNU make, no configure step. CFLAGS and LDFLAGS are the builder's.
#
#   make            build/cau           make check     all tests that need no lab
#   make SAN=1 ...  build-san/, ASan and UBSan         make lint
#   make WERROR=1   warnings are errors                make fuzz

CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/sbin
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share/cau
COMPDIR ?= $(PREFIX)/share/bash-completion/completions
PKG_CONFIG ?= pkg-config

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
DEFINES = -D_GNU_SOURCE -I. -I$(OUT)

PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(LIBS))
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(LIBS))
ALL_CFLAGS = -std=c11 $(DEFINES) $(WARNINGS) $(HARDENING) \
	$(patsubst -I%,-isystem %,$(PKG_CFLAGS)) $(CFLAGS)

# Everything but main, sorted; tests link it whole.
SRCS = \
	access.c \
	arena.c \
	buf.c \
	bytesrc.c \
	child.c \
	cmd_plugin.c \
	cmd_report.c \
	cmd_rules.c \
	cmd_run.c \
	cmd_scan.c \
	cmd_status.c \
	engine.c \
	err.c \
	event.c \
	exitcodes.c \
	file.c \
	hotfix.c \
	hotfix_dir.c \
	hotfix_plugin.c \
	job.c \
	journal.c \
	meta.c \
	meta_archive.c \
	meta_cab.c \
	meta_deb.c \
	mount.c \
	msi.c \
	node.c \
	ole2.c \
	options.c \
	pkgtext.c \
	plugin.c \
	pluginargs.c \
	report.c \
	rpmhdr.c \
	rules.c \
	rules_check.c \
	rules_explain.c \
	rules_xml.c \
	run.c \
	state.c \
	template.c \
	text.c \
	update.c \
	view.c \
	work.c \
	xml.c \
	zipdir.c

OBJS = $(SRCS:%.c=$(OUT)/%.o) $(OUT)/node_sh.o
HDRS = $(wildcard *.h)
UNIT = $(patsubst tests/unit/%.c,$(OUT)/unit/%,$(wildcard tests/unit/test_*.c))

# make V=1 shows the commands.
Q = $(if $(V),,@echo "  $@";)

all: $(OUT)/cau

$(OUT)/cau: $(OUT)/cau.o $(OUT)/libcau.a
	$(Q)$(CC) $(LINKHARD) $(HARDENING) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lpthread

$(OUT)/libcau.a: $(OBJS)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(OUT)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The scripts of node/ as strings.
$(OUT)/node_sh.c: node/session.sh node/job.sh Makefile
	@mkdir -p $(@D)
	@for f in session job; do \
		printf 'extern const char node_%s_sh[];\nconst char node_%s_sh[] = {' $$f $$f; \
		od -An -v -tu1 node/$$f.sh | sed 's/[0-9][0-9]*/&,/g'; \
		echo '0};'; \
	done >$@

$(OUT)/node_sh.o: $(OUT)/node_sh.c Makefile
	$(Q)$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(OUT)/unit/%: tests/unit/%.c $(OUT)/libcau.a Makefile
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -Wno-missing-prototypes -MMD -MP -MT $@ $(LINKHARD) \
	    $(LDFLAGS) -o $@ $< $(OUT)/libcau.a $(PKG_LIBS) -lcmocka -lpthread

unit: $(UNIT)
	@for t in $(UNIT); do $$t || exit 1; done

clean:
	rm -rf build build-*

.PHONY: all clean unit
.SECONDARY:
-include $(OBJS:.o=.d) $(OUT)/cau.d $(UNIT:=.d)
