# cg-import: GNU make. `make help` lists the targets.
# The rooms and who may include whom: docs/architecture.md; checked by `make layers`.

VERSION := 0.1.0
BUILD ?= build
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
# Where a hub looks for plugins unless told otherwise, on every distribution and architecture (koji's PluginPath).
PLUGINDIR ?= $(PREFIX)/lib/koji-hub-plugins
SYSCONFDIR ?= /etc
# Where systemd looks, also for what is installed below /usr/local.
UNITDIR ?= /usr/lib/systemd/system
SYSUSERSDIR ?= /usr/lib/sysusers.d
TMPFILESDIR ?= /usr/lib/tmpfiles.d
CC ?= cc
OBJCOPY ?= objcopy
INSTALL ?= install
PKG_CONFIG ?= pkg-config
# Debian's interpreter: the tests' modules are Debian packages.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
# A release is built by compilers that did not exist yet when it was made: there a new warning is no error.
WERROR ?= $(if $(wildcard .git),-Werror)
SANITIZE ?=
# V=1 shows whole commands.
V ?=
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$(2)')

# --- flags -----------------------------------------------------------------------------------------------------------
PACKAGES := jansson libcrypto zlib libpcre2-8
HUB_PACKAGES := libcurl
DATABASE_PACKAGES := libpq
INTAKE_PACKAGES := libmicrohttpd gnutls
IMAGE_PACKAGES := libarchive rpm libseccomp
XMLRPC_CFLAGS := $(shell xmlrpc-c-config --cflags 2>/dev/null)
XMLRPC_LIBS := $(shell xmlrpc-c-config --libs 2>/dev/null)

WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla \
            -Wwrite-strings $(WERROR)
# CFLAGS, CPPFLAGS and LDFLAGS are the builder's: what a distribution gives replaces these.
CFLAGS ?= -g -O2 -D_FORTIFY_SOURCE=3 -fstack-protector-strong
LDFLAGS ?= -Wl,-z,relro,-z,now
ifneq ($(SANITIZE),)
SANITIZING := -O1 -g -fno-omit-frame-pointer -U_FORTIFY_SOURCE -fno-lto -fsanitize=$(SANITIZE) -fno-sanitize-recover=all
endif
ALL_CPPFLAGS = -D_POSIX_C_SOURCE=200809L -D_FILE_OFFSET_BITS=64 -Iinclude -Icg-import -I$(BUILD)/generated \
               -DCG_VERSION='"$(VERSION)"' $(CPPFLAGS)
# The place of the sources is in no object, so that two builds are equal wherever they are made.
ALL_CFLAGS = -std=c17 $(WARNINGS) -fPIC -pthread -ffile-prefix-map='$(CURDIR)'=. -ffile-prefix-map='$(BUILD)'=build \
             $(CFLAGS) $(SANITIZING) $(shell $(PKG_CONFIG) --cflags $(PACKAGES) $(HUB_PACKAGES)) $(XMLRPC_CFLAGS)
LIBCG_LIBS = $(shell $(PKG_CONFIG) --libs $(PACKAGES)) -lm
HUB_LIBS = $(XMLRPC_LIBS) $(shell $(PKG_CONFIG) --libs $(HUB_PACKAGES))
DATABASE_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(DATABASE_PACKAGES))
DATABASE_LIBS = $(shell $(PKG_CONFIG) --libs $(DATABASE_PACKAGES))
IMAGE_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(IMAGE_PACKAGES))
IMAGE_LIBS = $(shell $(PKG_CONFIG) --libs $(IMAGE_PACKAGES))
INTAKE_LIBS = $(shell $(PKG_CONFIG) --libs $(INTAKE_PACKAGES))
ALL_LDFLAGS = -pthread -Wl,--as-needed $(LDFLAGS)

# --- rooms: every .c in a room belongs to its archive ----------------------------------------------------------------
ROOMS := libcg base store koji content import intake audit cli
sources = $(sort $(wildcard cg-import/$(1)/*.c))
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(call sources,$(1)))
ALL_OBJECTS := $(foreach room,$(ROOMS),$(call objects,$(room)))

LIBCG := $(BUILD)/libcg.a
BASE := $(BUILD)/base.a
STORE := $(BUILD)/store.a
KOJI := $(BUILD)/koji.a
CONTENT := $(BUILD)/content.a
IMPORT := $(BUILD)/import.a
INTAKE := $(BUILD)/intake.a
AUDIT := $(BUILD)/audit.a
CLI := $(BUILD)/cli.a
BINARY := $(BUILD)/cg-import

# The plugin of a Koji hub: what needs no Python is an archive of its own, so that its tests need none either. It is
# built when Python's headers are there; one binary serves CPython 3.6 and later.
PYTHON_INCLUDES := $(shell $(PYTHON)-config --includes 2>/dev/null)
PYTHON_HEADERS := $(firstword $(wildcard $(addsuffix /Python.h,$(patsubst -I%,%,$(PYTHON_INCLUDES)))))
HUB_LOGIC := $(BUILD)/hub-logic.a
HUB_MODULE := $(BUILD)/hub-module/cg_import.so
hub_objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard $(1)/*.c)))
HUB_OBJECTS := $(call hub_objects,hub-module) $(call hub_objects,hub-module/logic)

# What the tests of one room link: the room and all below it, and the libraries that these call.
UNDER_libcg := $(LIBCG)
UNDER_base := $(BASE) $(LIBCG)
UNDER_store := $(STORE) $(BASE) $(LIBCG)
UNDER_koji := $(KOJI) $(BASE) $(LIBCG)
UNDER_content := $(CONTENT) $(BASE) $(LIBCG)
UNDER_import := $(IMPORT) $(STORE) $(KOJI) $(CONTENT) $(BASE) $(LIBCG)
UNDER_intake := $(INTAKE) $(STORE) $(CONTENT) $(BASE) $(LIBCG)
UNDER_audit := $(AUDIT) $(STORE) $(BASE) $(LIBCG)
LIBS_store = $(DATABASE_LIBS)
LIBS_koji = $(HUB_LIBS)
LIBS_content = $(IMAGE_LIBS)
LIBS_import = $(HUB_LIBS) $(DATABASE_LIBS) $(IMAGE_LIBS)
LIBS_intake = $(INTAKE_LIBS) $(DATABASE_LIBS) $(IMAGE_LIBS) $(shell $(PKG_CONFIG) --libs $(HUB_PACKAGES))
UNDER_hub-module := $(HUB_LOGIC) $(BASE) $(LIBCG)
LIBS_hub-module = $(DATABASE_LIBS)
LIBS_audit = $(DATABASE_LIBS) $(shell $(PKG_CONFIG) --libs $(HUB_PACKAGES))
UNDER_cli := $(CLI) $(INTAKE) $(AUDIT) $(UNDER_import)
LIBS_cli = $(INTAKE_LIBS) $(HUB_LIBS) $(DATABASE_LIBS) $(IMAGE_LIBS)

# An archive: a test takes of it what it calls, so that a harness for one room needs that room only there.
HARNESS_OBJECTS := $(patsubst %.c,$(BUILD)/obj/%.o,$(sort $(wildcard tests/harness/*.c)))
HARNESS := $(BUILD)/harness.a
TEST_SOURCES := $(sort $(wildcard tests/unit/*/test_*.c))
TEST_PROGRAMS := $(patsubst %.c,$(BUILD)/%,$(TEST_SOURCES))

.PHONY: all hub-module check check-crash check-hub sanitize fuzz lint layers format bench man install dist clean help tests
.DELETE_ON_ERROR:
.SECONDARY:

all: $(BINARY) $(LIBCG) ## build the program and the library, and the hub's plugin where Python's headers are
ifneq ($(PYTHON_HEADERS),)
all: $(HUB_MODULE)
endif

hub-module: $(HUB_MODULE) ## build the plugin of a Koji hub; needs python3-dev

# libcg.a is one object whose internal names are made local: what include/cg does not declare CG_API cannot be reached.
$(LIBCG): $(call objects,libcg)
	$(call say,LIB,$@)
	$(Q)$(LD) -r -o $(BUILD)/libcg-all.o $^
	$(Q)$(OBJCOPY) --localize-hidden $(BUILD)/libcg-all.o
	$(Q)rm -f $@ && $(AR) rcs $@ $(BUILD)/libcg-all.o

$(BASE) $(STORE) $(KOJI) $(CONTENT) $(IMPORT) $(INTAKE) $(AUDIT) $(CLI) $(HARNESS): $(BUILD)/%.a:
	$(call say,LIB,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
$(HARNESS): $(HARNESS_OBJECTS)
$(BASE): $(call objects,base)
$(STORE): $(call objects,store)
$(KOJI): $(call objects,koji)
$(CONTENT): $(call objects,content)
$(IMPORT): $(call objects,import)
$(INTAKE): $(call objects,intake)
$(AUDIT): $(call objects,audit)
$(CLI): $(filter-out %/main.o,$(call objects,cli)) # for its tests

$(HUB_LOGIC): $(call hub_objects,hub-module/logic)
	$(call say,LIB,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# Only the two entries are visible; what libcg offers stays inside, so that two copies in one process cannot mix.
$(HUB_MODULE): $(call hub_objects,hub-module) $(HUB_LOGIC) $(BASE) $(LIBCG)
	$(if $(PYTHON_HEADERS),,$(error the hub module needs Python.h: python3-dev (Debian), python3-devel (Fedora)))
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -shared -Wl,--exclude-libs,ALL $(ALL_LDFLAGS) -o $@ $^ $(LIBCG_LIBS)

$(BINARY): $(call objects,cli) $(INTAKE) $(AUDIT) $(IMPORT) $(STORE) $(KOJI) $(CONTENT) $(BASE) $(LIBCG)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -pie $(ALL_LDFLAGS) -o $@ $^ $(INTAKE_LIBS) $(DATABASE_LIBS) $(HUB_LIBS) $(IMAGE_LIBS) $(LIBCG_LIBS)

# Names are made local in machine code, so libcg takes no part in optimisation at link time; nor has it what -fexceptions adds
# (Fedora), a hidden name that the linker wants to find once for all objects.
$(BUILD)/obj/cg-import/libcg/%.o: ALL_CFLAGS += -fvisibility=hidden -fno-lto -fno-exceptions
$(BUILD)/obj/cg-import/store/%.o: ALL_CFLAGS += $(DATABASE_CFLAGS)
$(BUILD)/obj/cg-import/content/%.o: ALL_CFLAGS += $(IMAGE_CFLAGS)
$(BUILD)/obj/hub-module/%.o: ALL_CFLAGS += -fvisibility=hidden $(patsubst -I%,-isystem %,$(PYTHON_INCLUDES))
$(BUILD)/obj/hub-module/%.o: ALL_CPPFLAGS += -Ihub-module
$(BUILD)/obj/tests/harness/hub_database.o: ALL_CFLAGS += $(DATABASE_CFLAGS)
$(BUILD)/obj/tests/harness/hub_database.o: ALL_CPPFLAGS += -Ihub-module
$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# The schema becomes a C array, so the program needs no file at run time.
$(BUILD)/generated/schema_text.h: schema/content-generator-metadata.schema.json
	@mkdir -p $(@D)
	$(call say,HEADER,$@)
	$(Q){ echo 'static const char schema_text[] = {'; od -An -v -tx1 $< | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'; \
	  echo '0};'; } >$@
$(BUILD)/obj/cg-import/libcg/check.o: $(BUILD)/generated/schema_text.h

# So do the migrations of the database, in the order of their numbers.
MIGRATIONS := $(sort $(wildcard schema/sql/*.sql))
$(BUILD)/generated/migrations.h: $(MIGRATIONS)
	@mkdir -p $(@D)
	$(call say,HEADER,$@)
	$(Q){ for f in $^; do n=$$(basename $$f .sql); echo "static const char migration_$${n%%_*}[] = {"; \
	  od -An -v -tx1 $$f | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'; echo '0};'; done; \
	  echo 'static const struct migration migrations[] = {'; \
	  for f in $^; do n=$$(basename $$f .sql); echo "{\"$$n\", migration_$${n%%_*}},"; done; echo '};'; } >$@
$(BUILD)/obj/cg-import/store/migrate.o: $(BUILD)/generated/migrations.h

# And the contract that the service tells its callers, in both notations.
$(BUILD)/generated/openapi_text.h: schema/openapi.yaml schema/openapi.json
	@mkdir -p $(@D)
	$(call say,HEADER,$@)
	$(Q){ for f in $^; do echo "static const char openapi_$${f##*.}[] = {"; \
	  od -An -v -tx1 $$f | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'; echo '0};'; done; } >$@
$(BUILD)/obj/cg-import/intake/contract.o: $(BUILD)/generated/openapi_text.h

# And the pages, each with its entity tag.
WEB_FILES := $(sort $(foreach suffix,html css js svg,$(wildcard cg-import/web/*.$(suffix))))
$(BUILD)/generated/web_files.h: $(WEB_FILES)
	@mkdir -p $(@D)
	$(call say,HEADER,$@)
	$(Q){ n=0; for f in $^; do n=$$((n + 1)); echo "static const unsigned char web_$$n[] = {"; \
	  od -An -v -tx1 $$f | sed 's/ \([0-9a-f][0-9a-f]\)/0x\1,/g'; echo '0};'; done; \
	  echo 'static const struct web_file web_files[] = {'; n=0; for f in $^; do n=$$((n + 1)); \
	  echo "{\"$${f##*/}\", \"\\\"$$(sha256sum <$$f | cut -c 1-32)\\\"\", web_$$n, sizeof web_$$n - 1},"; done; \
	  echo '};'; } >$@
$(BUILD)/obj/cg-import/intake/pages.o: $(BUILD)/generated/web_files.h

-include $(HUB_OBJECTS:.o=.d)
-include $(ALL_OBJECTS:.o=.d) $(HARNESS_OBJECTS:.o=.d) $(TEST_PROGRAMS:=.d)

# --- tests -----------------------------------------------------------------------------------------------------------
define test_rule
$(BUILD)/tests/unit/$(1)/test_%: tests/unit/$(1)/test_%.c $$(HARNESS) $$(UNDER_$(1))
	@mkdir -p $$(@D)
	$$(call say,TEST,$$@)
	$$(Q)$$(CC) $$(ALL_CPPFLAGS) -Itests/harness $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -MMD -MP -MF $$@.d -MT $$@ -o $$@ $$< $$(HARNESS) \
	  $$(UNDER_$(1)) \
	  $$(shell $$(PKG_CONFIG) --libs cmocka) $$(LIBS_$(1)) $$(LIBCG_LIBS)
endef
$(foreach room,$(ROOMS) hub-module,$(eval $(call test_rule,$(room))))
$(BUILD)/tests/unit/hub-module/%: ALL_CPPFLAGS += -Ihub-module
$(BUILD)/tests/unit/store/%: ALL_CFLAGS += $(DATABASE_CFLAGS)

tests: $(TEST_PROGRAMS) ## build the unit test programs

# Small C programs that other tests and measures drive, linked with everything below the command line.
define tool_rule
$(BUILD)/tests/$(1)/%: tests/$(1)/%.c $$(INTAKE) $$(AUDIT) $$(UNDER_import)
	@mkdir -p $$(@D)
	$$(call say,TOOL,$$@)
	$$(Q)$$(CC) $$(ALL_CPPFLAGS) $$(ALL_CFLAGS) $$(ALL_LDFLAGS) -MMD -MP -MF $$@.d -MT $$@ -o $$@ $$< $$(INTAKE) $$(AUDIT) $$(UNDER_import) \
	  $$(INTAKE_LIBS) $$(LIBS_import) $$(LIBCG_LIBS)
endef
$(foreach directory,conformance bench,$(eval $(call tool_rule,$(directory))))
programs_in = $(patsubst %.c,$(BUILD)/%,$(sort $(wildcard tests/$(1)/*.c)))
TOOLS := $(call programs_in,conformance)
BENCHES := $(call programs_in,bench)
-include $(TOOLS:=.d) $(BENCHES:=.d)

PYTEST_DIRECTORIES := $(wildcard tests/conformance tests/integration tests/fault tests/pages)
TEST_ENVIRONMENT = CG_IMPORT='$(abspath $(BINARY))' CG_BUILD='$(abspath $(BUILD))' CG_TOP='$(CURDIR)'
SANITIZED := $(BUILD)/sanitized

check: all tests tools sanitized-tests clang-build ## run every test that needs no hub but the sandbox hub
	$(TEST_ENVIRONMENT) $(PYTHON) tests/harness/run-tests \
	  --script layers tests/harness/layers . \
	  --script exported-symbols tests/conformance/exported-symbols $(LIBCG) \
	  --unit unit $(TEST_PROGRAMS) \
	  --unit sanitized $(patsubst $(BUILD)/%,$(SANITIZED)/%,$(TEST_PROGRAMS)) \
	  --pytest pytest $(PYTEST_DIRECTORIES)

# Committed, so that a build needs no YAML; tests/conformance/test_openapi_json.py compares the two.
contract: ## write schema/openapi.json anew after a change of schema/openapi.yaml
	$(PYTHON) -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout, indent=1); print()' \
	  <schema/openapi.yaml >schema/openapi.json

.PHONY: contract sanitized-tests unit tools clang-build
tools: $(TOOLS) $(BENCHES)

clang-build: ## the program, library and tests once more with clang
	+$(Q)$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/clang all tests

unit: tests ## run the unit tests alone
	$(PYTHON) tests/harness/run-tests --unit unit $(TEST_PROGRAMS)

sanitized-tests:
	+$(Q)$(MAKE) --no-print-directory BUILD=$(SANITIZED) SANITIZE=address,undefined tests $(if $(PYTHON_HEADERS),hub-module)

sanitize: sanitized-tests ## run the unit tests under the address and undefined-behaviour sanitizers
	$(PYTHON) tests/harness/run-tests --unit sanitized $(patsubst $(BUILD)/%,$(SANITIZED)/%,$(TEST_PROGRAMS))

PROFILE ?= koji
KILLS ?= 100
check-crash: all ## kill replicas, connections and replies: make check-crash KILLS=1000, or KILLS=200 POINTS=log
	$(TEST_ENVIRONMENT) CG_KILLS=$(KILLS) CG_POINTS=$(POINTS) \
	  $(PYTHON) tests/harness/run-tests --pytest-serial crash tests/fault/crash

check-hub: all ## run the tests that need a real, disposable hub: make check-hub PROFILE=name
	$(TEST_ENVIRONMENT) CG_HUB_PROFILE=$(PROFILE) $(PYTHON) tests/harness/run-tests --pytest-serial hub tests/hub

# A hub is filled only if it was named.
AUDIT_BENCH_ENTRIES ?= 1000000
PROVENANCE_BENCH_OPTIONS ?= --builds 2000 --times 200
bench: all $(TOOLS) $(BENCHES) ## measure the service; beside the koji command on a hub: make bench PROFILE=name
	$(TEST_ENVIRONMENT) $(PYTHON) tests/bench/service_bench.py $(SERVICE_BENCH_OPTIONS)
	$(TEST_ENVIRONMENT) $(PYTHON) tests/bench/pages_bench.py
	$(TEST_ENVIRONMENT) $(PYTHON) tests/bench/bench.py $(if $(filter file,$(origin PROFILE)),,--profile $(PROFILE)) \
	  $(BENCH_OPTIONS)
	rm -rf $(BUILD)/bench/audit && mkdir -p $(BUILD)/bench/audit
	$(BUILD)/tests/bench/audit_bench $(abspath $(BUILD))/bench/audit 5 8 $(AUDIT_BENCH_ENTRIES)
	rm -rf $(BUILD)/bench/audit
	$(TEST_ENVIRONMENT) $(PYTHON) tests/bench/provenance_bench.py $(PROVENANCE_BENCH_OPTIONS)

# --- fuzzing: clang's libFuzzer with both sanitizers, seeds in tests/fuzz/corpus/NAME --------------------------------
FUZZERS := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_SECONDS ?= 60
fuzz: ## fuzz each target for FUZZ_SECONDS
	+$(Q)$(MAKE) --no-print-directory CC=clang BUILD=$(BUILD)/fuzz SANITIZE=fuzzer-no-link,address,undefined fuzz-programs
	@set -e; for f in $(FUZZERS); do mkdir -p $(BUILD)/fuzz/corpus/$$f; echo "== $$f"; \
	  $(BUILD)/fuzz/tests/fuzz/$$f -max_total_time=$(FUZZ_SECONDS) -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
	    $(BUILD)/fuzz/corpus/$$f tests/fuzz/corpus/$${f#fuzz_}; done
.PHONY: fuzz-programs
fuzz-programs: $(patsubst %,$(BUILD)/tests/fuzz/%,$(FUZZERS))
$(BUILD)/tests/fuzz/%: tests/fuzz/%.c $(INTAKE) $(KOJI) $(UNDER_content)
	@mkdir -p $(@D)
	$(call say,FUZZ,$@)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -fsanitize=fuzzer,address,undefined -pthread -o $@ $< $(INTAKE) $(KOJI) $(UNDER_content) $(HUB_LIBS) \
	  $(IMAGE_LIBS) $(LIBCG_LIBS)

# --- reading the code ------------------------------------------------------------------------------------------------
C_FILES := $(wildcard include/cg/*.h cg-import/*/*.[ch] hub-module/*.[ch] hub-module/logic/*.[ch] tests/*/*.[ch] tests/unit/*/*.[ch])
SOURCES := $(foreach room,$(ROOMS),$(call sources,$(room))) $(sort $(wildcard hub-module/logic/*.c)) \
           $(if $(PYTHON_HEADERS),$(sort $(wildcard hub-module/*.c)))
SCRIPTS = cg-import/cli/completion.bash $(shell grep -lsE '^.!/bin/(ba)?sh' quickstart .ci/* tests/*/*)

layers: ## check who includes whom
	$(PYTHON) tests/harness/layers .

# cppcheck does not know the cleanup attribute, so leaks are left to the sanitizers; and POSIX makes NULL a pointer.
lint: $(addprefix $(BUILD)/generated/,schema_text.h migrations.h openapi_text.h web_files.h) ## read C, Python, JavaScript, shell, man pages
	$(if $(MAN_PAGES),mandoc -Tlint -Wwarning $(MAN_PAGES))
	shellcheck --severity=warning $(SCRIPTS)
	linters=$$(tests/harness/linters) && $$linters/ruff check --quiet --no-cache && $$linters/oxlint --quiet cg-import/web
	clang-format --dry-run -Werror $(C_FILES)
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --enable=warning,performance,portability \
	  --suppress=missingIncludeSystem --suppress=memleak --suppress=resourceLeak --suppress=varFuncNullUB -Iinclude -Icg-import -Ihub-module $(SOURCES)
	printf '%s\n' $(SOURCES) | xargs -P "$$(nproc)" -I '{}' clang-tidy --quiet '{}' -- $(ALL_CPPFLAGS) -Ihub-module -std=c17 \
	  $(XMLRPC_CFLAGS) $(DATABASE_CFLAGS) $(patsubst -I%,-isystem %,$(PYTHON_INCLUDES))

format: ## lay out the C files
	clang-format -i $(C_FILES)

# --- installing ------------------------------------------------------------------------------------------------------
MAN_PAGES := $(sort $(wildcard docs/man/*.[1-9]))
HEADERS := $(sort $(wildcard include/cg/*.h))
HUB_SQL := $(sort $(wildcard schema/hub-sql/*.sql))

man: $(patsubst docs/man/%,$(BUILD)/man/%.txt,$(MAN_PAGES)) ## format the man pages as text below build/man
$(BUILD)/man/%.txt: docs/man/%
	@mkdir -p $(@D)
	mandoc -Tutf8 $< >$@

# install_filled FILE,TARGET: with the places that this installation has.
define install_filled
sed -e 's,/usr/bin/cg-import,$(BINDIR)/cg-import,' -e 's,@PREFIX@,$(PREFIX),' -e 's,@LIBDIR@,$(LIBDIR),' \
	  -e 's,@INCLUDEDIR@,$(INCLUDEDIR),' -e 's,@VERSION@,$(VERSION),' -e 's,@PACKAGES@,$(PACKAGES),' \
	  $(1) >$(BUILD)/$(notdir $(1))
	$(INSTALL) -D -m 644 $(BUILD)/$(notdir $(1)) $(DESTDIR)$(2)
endef

install: all ## install below DESTDIR and PREFIX
	$(INSTALL) -D -m 755 $(BINARY) $(DESTDIR)$(BINDIR)/cg-import
	$(INSTALL) -D -m 644 cg-import/cli/completion.bash $(DESTDIR)$(DATADIR)/bash-completion/completions/cg-import
	$(INSTALL) -D -m 644 schema/content-generator-metadata.schema.json \
	  $(DESTDIR)$(DATADIR)/cg-import/content-generator-metadata.schema.json
	$(INSTALL) -D -m 644 $(LIBCG) $(DESTDIR)$(LIBDIR)/libcg.a
	$(foreach file,$(HUB_SQL),$(INSTALL) -D -m 644 $(file) $(DESTDIR)$(DATADIR)/cg-import/hub-sql/$(notdir $(file)) &&) true
	$(if $(PYTHON_HEADERS),$(INSTALL) -D -m 755 $(HUB_MODULE) $(DESTDIR)$(PLUGINDIR)/cg_import.so)
	$(if $(PYTHON_HEADERS),$(INSTALL) -D -m 644 koji-config/hub-plugins/cg_import.conf \
	  $(DESTDIR)$(DATADIR)/cg-import/hub-plugins/cg_import.conf)
	$(INSTALL) -D -m 644 schema/openapi.yaml $(DESTDIR)$(DATADIR)/cg-import/openapi.yaml
	$(INSTALL) -d -m 750 $(DESTDIR)$(SYSCONFDIR)/cg-import
	test -e $(DESTDIR)$(SYSCONFDIR)/cg-import/cg-import.conf || \
	  $(INSTALL) -m 640 koji-config/cg-import.conf $(DESTDIR)$(SYSCONFDIR)/cg-import/cg-import.conf
	$(INSTALL) -D -m 644 koji-config/systemd/cg-import.sysusers.conf $(DESTDIR)$(SYSUSERSDIR)/cg-import.conf
	$(INSTALL) -D -m 644 koji-config/systemd/cg-import.tmpfiles.conf $(DESTDIR)$(TMPFILESDIR)/cg-import.conf
	$(call install_filled,koji-config/systemd/cg-import.service,$(UNITDIR)/cg-import.service)
	$(call install_filled,cg-import/libcg/libcg.pc,$(LIBDIR)/pkgconfig/libcg.pc)
	$(foreach header,$(HEADERS),$(INSTALL) -D -m 644 $(header) $(DESTDIR)$(INCLUDEDIR)/cg/$(notdir $(header)) &&) true
	$(foreach page,$(MAN_PAGES),$(INSTALL) -D -m 644 $(page) \
	  $(DESTDIR)$(MANDIR)/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)) &&) true

dist: ## the release archive, from what is committed
	@mkdir -p $(BUILD)
	git archive --format=tar.gz --prefix=cg-import-$(VERSION)/ -o $(BUILD)/cg-import-$(VERSION).tar.gz HEAD

clean: ## remove what was built
	rm -rf $(BUILD)

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14
