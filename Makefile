# cg-import: GNU make. `make help` lists the targets.
# The rooms and who may include whom: docs/architecture.md; checked by `make layers`.

VERSION := 0.1.0
BUILD ?= build
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share
CC ?= cc
OBJCOPY ?= objcopy
PKG_CONFIG ?= pkg-config
PYTHON ?= python3
WERROR ?= -Werror
SANITIZE ?=
# V=1 shows whole commands.
V ?=
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$(2)')

# --- flags -----------------------------------------------------------------------------------------------------------
PACKAGES := jansson libcrypto zlib libpcre2-8
HUB_PACKAGES := libcurl
XMLRPC_CFLAGS := $(shell xmlrpc-c-config --cflags 2>/dev/null)
XMLRPC_LIBS := $(shell xmlrpc-c-config --libs 2>/dev/null)

WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla \
            -Wwrite-strings $(WERROR)
ifeq ($(SANITIZE),)
OPTIMISE ?= -O2 -D_FORTIFY_SOURCE=2 -fstack-protector-strong
LINK_HARDENING ?= -pie -Wl,-z,relro,-z,now
else
OPTIMISE ?= -O1 -g -fno-omit-frame-pointer -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
LINK_HARDENING ?= -fsanitize=$(SANITIZE)
endif
CPPFLAGS += -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -Iinclude -Icg-import -I$(BUILD)/generated \
            -DCG_VERSION='"$(VERSION)"'
CFLAGS ?= -g
ALL_CFLAGS = -std=c17 $(WARNINGS) $(OPTIMISE) -fPIC -pthread $(CFLAGS) \
             $(shell $(PKG_CONFIG) --cflags $(PACKAGES) $(HUB_PACKAGES)) $(XMLRPC_CFLAGS)
LIBCG_LIBS = $(shell $(PKG_CONFIG) --libs $(PACKAGES))
HUB_LIBS = $(XMLRPC_LIBS) $(shell $(PKG_CONFIG) --libs $(HUB_PACKAGES))
ALL_LDFLAGS = $(LINK_HARDENING) -pthread $(LDFLAGS)

# --- rooms: every .c in a room belongs to its archive ----------------------------------------------------------------
ROOMS := libcg base koji import cli
sources = $(sort $(wildcard cg-import/$(1)/*.c))
objects = $(patsubst %.c,$(BUILD)/%.o,$(call sources,$(1)))
ALL_OBJECTS := $(foreach room,$(ROOMS),$(call objects,$(room)))

LIBCG := $(BUILD)/libcg.a
BASE := $(BUILD)/base.a
KOJI := $(BUILD)/koji.a
IMPORT := $(BUILD)/import.a
BINARY := $(BUILD)/cg-import

# What the tests of one room link: the room and all below it.
UNDER_libcg := $(LIBCG)
UNDER_base := $(BASE) $(LIBCG)
UNDER_koji := $(KOJI) $(BASE) $(LIBCG)
UNDER_import := $(IMPORT) $(KOJI) $(BASE) $(LIBCG)

HARNESS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/harness/*.c)))
TEST_SOURCES := $(sort $(wildcard tests/unit/*/test_*.c))
TEST_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(TEST_SOURCES))

.PHONY: all check check-hub sanitize fuzz lint layers format bench man install dist clean help tests
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BINARY) ## build the program, the library and the man pages

# libcg.a is one object whose internal names are made local: what include/cg does not declare CG_API cannot be reached.
$(LIBCG): $(call objects,libcg)
	$(call say,LIB,$@)
	$(Q)$(LD) -r -o $(BUILD)/libcg-all.o $^
	$(Q)$(OBJCOPY) --localize-hidden $(BUILD)/libcg-all.o
	$(Q)rm -f $@ && $(AR) rcs $@ $(BUILD)/libcg-all.o

$(BASE) $(KOJI) $(IMPORT): $(BUILD)/%.a:
	$(call say,LIB,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(BASE): $(call objects,base)
$(KOJI): $(call objects,koji)
$(IMPORT): $(call objects,import)

$(BINARY): $(call objects,cli) $(IMPORT) $(KOJI) $(BASE) $(LIBCG)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(HUB_LIBS) $(LIBCG_LIBS)

$(BUILD)/cg-import/libcg/%.o: ALL_CFLAGS += -fvisibility=hidden
$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The schema becomes a C array, so the program needs no file at run time.
$(BUILD)/generated/schema_text.h: schema/content-generator-metadata.schema.json
	@mkdir -p $(@D)
	{ echo 'static const char schema_text[] = {'; od -An -v -tx1 $< | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'; \
	  echo '0};'; } >$@
$(BUILD)/cg-import/libcg/check.o: $(BUILD)/generated/schema_text.h

-include $(ALL_OBJECTS:.o=.d) $(HARNESS:.o=.d) $(TEST_PROGRAMS:=.d)

# --- tests -----------------------------------------------------------------------------------------------------------
define test_rule
$(BUILD)/tests/unit/$(1)/test_%: tests/unit/$(1)/test_%.c $$(HARNESS) $$(UNDER_$(1))
	@mkdir -p $$(@D)
	$$(call say,TEST,$$@)
	$$(Q)$$(CC) $$(CPPFLAGS) -Itests/harness $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -MMD -MP -MF $$@.d -MT $$@ -o $$@ $$< $$(HARNESS) \
	  $$(UNDER_$(1)) \
	  $$(shell $$(PKG_CONFIG) --libs cmocka) $$(if $$(filter koji import,$(1)),$$(HUB_LIBS)) $$(LIBCG_LIBS)
endef
$(foreach room,libcg base koji import,$(eval $(call test_rule,$(room))))

tests: $(TEST_PROGRAMS) ## build the test programs

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14
