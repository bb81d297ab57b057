# SPDX-License-Identifier: MIT
# `make help` names the targets. LUA=lua5.3 (any of LUAS) restricts build and test to one interpreter.

ALL_LUAS := lua5.1 lua5.2 lua5.3 lua5.4 lua5.5 luajit
ROCK := rock# the interpreter's name in a build by LuaRocks, which gives LUA_INCDIR
# The shell asks pkg-config, when a recipe's line runs: make expands all lines before .ci/deps, in the first, installs it.
lua_flags = $(if $(LUA_INCDIR),-I$(LUA_INCDIR),$$(pkg-config --cflags $(1) 2>/dev/null))
has_lua = $(shell command -v $(1) >/dev/null 2>&1 && pkg-config --exists $(1) 2>/dev/null && echo $(1))
LUAS ?= $(if $(LUA),$(LUA),$(foreach lua,$(ALL_LUAS),$(call has_lua,$(lua))))
MAIN_LUA ?= $(or $(LUA),lua5.4)

CC ?= cc
CFLAGS ?= -Os -g# the time goes into the kernel and libcurl: a fifth less code costs none
WERROR ?= -Werror
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef $(WERROR)
OURS := -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -fPIC -fvisibility=hidden -Isrc $(WARNINGS)
ifeq ($(shell uname -s),Darwin)
SHARED ?= -bundle -undefined dynamic_lookup
else
SHARED ?= -shared -Wl,-z,nodelete,-z,relro,-z,now
endif
# CURL_INCDIR and CURL_LIBDIR come from LuaRocks; elsewhere pkg-config knows.
OURS += $(if $(CURL_INCDIR),-I$(CURL_INCDIR),$(shell pkg-config --cflags libcurl 2>/dev/null))
LIBS := $(if $(CURL_LIBDIR),-L$(CURL_LIBDIR) -lcurl,$(shell pkg-config --libs libcurl 2>/dev/null || echo -lcurl)) -lm -pthread
BUILD := build

PREFIX ?= /usr/local
INSTALL_LMOD ?= $(PREFIX)/share/lua/$(patsubst lua%,%,$(MAIN_LUA:luajit=lua5.1))
INSTALL_CMOD ?= $(PREFIX)/lib/lua/$(patsubst lua%,%,$(MAIN_LUA:luajit=lua5.1))
INSTALL_BIN ?= $(PREFIX)/bin
INSTALL_MAN ?= $(PREFIX)/share/man
INSTALL_EMULATOR ?= $(PREFIX)/share/openai-uploads/emulator
# Where each shell looks for completions.
INSTALL_BASH_COMPLETION ?= $(PREFIX)/share/bash-completion/completions
INSTALL_ZSH_COMPLETION ?= $(PREFIX)/share/zsh/site-functions
INSTALL_FISH_COMPLETION ?= $(PREFIX)/share/fish/vendor_completions.d

LOWER_SOURCES := $(sort $(wildcard src/base/*.c src/http/*.c src/uploads/*.c))
BINDING_SOURCES := $(sort $(wildcard src/binding/*.c))
LOWER_OBJECTS := $(LOWER_SOURCES:src/%.c=$(BUILD)/c/%.o)
binding_objects = $(BINDING_SOURCES:src/%.c=$(BUILD)/$(1)/%.o)

.PHONY: help deps build demo test lint layers sanitize threads coverage memcheck fuzz bench install clean env
.DEFAULT_GOAL := help

help:
	@echo "make demo      an Upload cancelled, and a file sent, over real HTTP, on this machine"
	@echo "make build     build/<interpreter>/openai_uploads/core.so for: $(LUAS)"
	@echo "make test      every spec and C unit, on every Lua that is here"
	@echo "make env       the exports that let MAIN_LUA ($(MAIN_LUA)) find this checkout"
	@echo "make install   into PREFIX ($(PREFIX)) for MAIN_LUA; make install-modules LUA=luajit: for nginx, no command"
	@echo "make install-emulator    the command openai-uploads-emulator, for tests of programs that use the service"
	@echo "make uninstall takes all of that away again"
	@echo "make deps      what the above need (apt; elsewhere it names what is missing)"
	@echo "make lint layers sanitize threads coverage memcheck fuzz bench hosts    what the above must pass; see CONTRIBUTING.md"
	@echo "make reference pictures bench-report    the generated parts of docs/; make completions: those of the command"
	@echo "make clean"

deps:
	@.ci/deps

# --- build ------------------------------------------------------------------------------------------------

build: $(LUAS:%=$(BUILD)/%/openai_uploads/core.so)
	@test -n "$(strip $(LUAS))" || { echo "no Lua with its headers was found: run 'make deps'" >&2; exit 1; }

$(BUILD)/c/%.o: src/%.c
	@mkdir -p $(@D)
	@echo "CC $<"; $(CC) $(OURS) $(CFLAGS) -MMD -MP -c $< -o $@

define for_lua
$(BUILD)/$(1)/binding/%.o: src/binding/%.c
	@mkdir -p $$(@D)
	@echo "CC $$< ($(1))"; $$(CC) $$(OURS) $$(call lua_flags,$(1)) $$(CFLAGS) -MMD -MP -c $$< -o $$@

$(BUILD)/$(1)/openai_uploads/core.so: $$(LOWER_OBJECTS) $$(call binding_objects,$(1))
	@mkdir -p $$(@D)
	@echo "LD $$@"; $$(CC) $$(SHARED) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$^ $$(LIBS)
endef
$(foreach lua,$(ALL_LUAS) $(ROCK),$(eval $(call for_lua,$(lua))))
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# --- use --------------------------------------------------------------------------------------------------

env:
	@echo "export LUA_PATH='$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;'"
	@echo "export LUA_CPATH='$(CURDIR)/$(BUILD)/$(MAIN_LUA)/?.so;;'"

in_checkout = LUA_PATH='./?.lua;./?/init.lua;lua/?.lua;lua/?/init.lua;;' LUA_CPATH='$(BUILD)/$(1)/?.so;;'

demo:
	@.ci/deps demo
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) build LUA=$(MAIN_LUA)
	@$(call in_checkout,$(MAIN_LUA)) emulator/with $(MAIN_LUA) examples/cancel.lua
	@$(call in_checkout,$(MAIN_LUA)) emulator/with $(MAIN_LUA) examples/upload_file.lua README.md

# What was built under sudo belongs to its caller, whose next make could not write there otherwise.
hand_back = @[ -z "$$SUDO_UID" ] || chown -R "$$SUDO_UID:$$SUDO_GID" $(BUILD) || :

# The modules are for one Lua; the command needs that Lua's own interpreter, which nginx's LuaJIT may lack.
install: install-modules install-command

MODULE_FOLDERS = $(patsubst lua/%/,%,$(sort $(dir $(MODULE_FILES))))
MODULE_FILES = $(sort $(shell find lua -name '*.lua'))

.PHONY: install-modules install-command install-emulator uninstall headers
# Debian's names for them; its two LuaJITs have a package each.
header_package = $(or $(header_package_$(MAIN_LUA)),lib$(MAIN_LUA)-dev)
header_package_lua5.1 = liblua5.1-0-dev
header_package_luajit = libluajit2-5.1-dev or libluajit-5.1-dev
headers:
	@[ "$(MAIN_LUA)" = $(ROCK) ] || [ -n "$(LUA_INCDIR)" ] || pkg-config --exists $(MAIN_LUA) 2>/dev/null || { \
	  said="pkg-config is not installed."; ! command -v pkg-config >/dev/null || \
	  said="pkg-config knows no headers of '$(MAIN_LUA)'. On Debian they are in $(header_package)."; \
	  echo "$$said 'make deps' installs or names all that Lua 5.4 needs." >&2; exit 1; }

install-modules: headers $(BUILD)/$(MAIN_LUA)/openai_uploads/core.so
	install -d $(MODULE_FOLDERS:%=$(DESTDIR)$(INSTALL_LMOD)/%) $(DESTDIR)$(INSTALL_CMOD)/openai_uploads
	for folder in $(MODULE_FOLDERS); do \
	  install -m 644 lua/$$folder/*.lua $(DESTDIR)$(INSTALL_LMOD)/$$folder || exit; done
	install -m 755 $(BUILD)/$(MAIN_LUA)/openai_uploads/core.so $(DESTDIR)$(INSTALL_CMOD)/openai_uploads
	$(hand_back)

# The command looks first where its own modules went: not every PREFIX is known to an interpreter.
install-command:
	@command -v $(MAIN_LUA) >/dev/null || { echo "There is no program '$(MAIN_LUA)' to run the command with." \
	  "'make install-modules LUA=$(MAIN_LUA)' installs what a program that embeds it needs, such as nginx." >&2; exit 1; }
	@mkdir -p $(BUILD)
	install -d $(DESTDIR)$(INSTALL_BIN) $(DESTDIR)$(INSTALL_MAN)/man1
	{ echo '#!/usr/bin/env $(MAIN_LUA)'; \
	  echo 'package.path = "$(INSTALL_LMOD)/?.lua;$(INSTALL_LMOD)/?/init.lua;" .. package.path'; \
	  echo 'package.cpath = "$(INSTALL_CMOD)/?.so;" .. package.cpath'; \
	  tail -n +2 bin/openai-uploads; } >$(BUILD)/openai-uploads
	install -m 755 $(BUILD)/openai-uploads $(DESTDIR)$(INSTALL_BIN)
	install -m 644 man/openai-uploads.1 $(DESTDIR)$(INSTALL_MAN)/man1
	install -d $(DESTDIR)$(INSTALL_BASH_COMPLETION) $(DESTDIR)$(INSTALL_ZSH_COMPLETION) $(DESTDIR)$(INSTALL_FISH_COMPLETION)
	install -m 644 completions/openai-uploads.bash $(DESTDIR)$(INSTALL_BASH_COMPLETION)/openai-uploads
	install -m 644 completions/openai-uploads.zsh $(DESTDIR)$(INSTALL_ZSH_COMPLETION)/_openai-uploads
	install -m 644 completions/openai-uploads.fish $(DESTDIR)$(INSTALL_FISH_COMPLETION)
	$(hand_back)

# The emulator's Lua files are for nginx, which is given their folder. The command is given it as well.
install-emulator:
	@mkdir -p $(BUILD)
	install -d $(DESTDIR)$(INSTALL_BIN) $(DESTDIR)$(INSTALL_EMULATOR)
	install -m 755 emulator/run emulator/with emulator/configuration emulator/certificates $(DESTDIR)$(INSTALL_EMULATOR)
	install -m 644 emulator/*.lua emulator/README.md $(DESTDIR)$(INSTALL_EMULATOR)
	sed "s|^here=.*|here='$(INSTALL_EMULATOR)'|" emulator/openai-uploads-emulator >$(BUILD)/openai-uploads-emulator
	install -m 755 $(BUILD)/openai-uploads-emulator $(DESTDIR)$(INSTALL_BIN)
	$(hand_back)

# These folders are the library's own. The command goes as well, whichever Lua it was installed for.
uninstall:
	rm -rf $(DESTDIR)$(INSTALL_LMOD)/openai_uploads $(DESTDIR)$(INSTALL_CMOD)/openai_uploads $(DESTDIR)$(INSTALL_EMULATOR)
	rm -f $(DESTDIR)$(INSTALL_BIN)/openai-uploads $(DESTDIR)$(INSTALL_MAN)/man1/openai-uploads.1
	rm -f $(DESTDIR)$(INSTALL_BIN)/openai-uploads-emulator
	rm -f $(DESTDIR)$(INSTALL_BASH_COMPLETION)/openai-uploads $(DESTDIR)$(INSTALL_ZSH_COMPLETION)/_openai-uploads \
	  $(DESTDIR)$(INSTALL_FISH_COMPLETION)/openai-uploads.fish

# What the rockspecs call. LuaRocks wraps the command for its interpreter, and packs man/ and completions/ itself.
.PHONY: rock install-rock
rock: # from the start: the last rock may have been for another Lua
	@rm -rf $(BUILD)/$(ROCK)
	@$(MAKE) --no-print-directory WERROR= BUILD=$(BUILD)/$(ROCK) $(BUILD)/$(ROCK)/$(ROCK)/openai_uploads/core.so
	$(hand_back)
install-rock:
	@$(MAKE) --no-print-directory WERROR= BUILD=$(BUILD)/$(ROCK) install-modules MAIN_LUA=$(ROCK)
	install -d $(DESTDIR)$(INSTALL_BIN)
	install -m 755 bin/openai-uploads $(DESTDIR)$(INSTALL_BIN)
	$(hand_back)

# --- documents --------------------------------------------------------------------------------------------

.PHONY: reference pictures completions
completions: # out of the command's own words; a spec fails where they are stale
	for shell in bash zsh fish; do \
	  $(call in_checkout,$(MAIN_LUA)) $(MAIN_LUA) bin/openai-uploads completion $$shell >completions/openai-uploads.$$shell || exit; done

reference: # out of the annotations; a spec fails where it is stale
	$(MAIN_LUA) docs/scripts/reference.lua lua/openai_uploads/types.lua >docs/reference.md

pictures: $(BUILD)/$(MAIN_LUA)/openai_uploads/core.so # of a run of the command, on a terminal of its own
	@$(call in_checkout,$(MAIN_LUA)) $(MAIN_LUA) docs/scripts/picture.lua >$(BUILD)/upload.svg
	mv $(BUILD)/upload.svg docs/images/upload.svg

# --- proof ------------------------------------------------------------------------------------------------

include $(wildcard spec/c/rules.mk bench/rules.mk examples/embed/rules.mk)

# JOBS=n: so many compilers, and so many spec files, side by side. spec/run has the default of the latter.
JOBS ?=
SIDE_BY_SIDE := -j$(or $(JOBS),$(shell getconf _NPROCESSORS_ONLN))
export JOBS

# A second make, for which interpreters are there is known only once the packages are.
test:
	@.ci/deps test
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) build
	@$(MAKE) --no-print-directory run-tests

.PHONY: run-tests
run-tests:
	@spec/run $(BUILD) $(LUAS)

# The library inside the real programs that its documents name. HOSTS: the specs of some, whose packages are there.
.PHONY: hosts
hosts:
	@$(if $(HOSTS),:,.ci/deps hosts)
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) build
	@SPECS="$(or $(HOSTS:%=spec/hosts/%_spec.lua),spec/hosts)" $(MAKE) --no-print-directory run-tests

layers:
	@.ci/layers $(BUILD)/$(MAIN_LUA)/openai_uploads/core.so

C_FILES = $(wildcard src/*/*.[ch] spec/c/*.[ch] spec/support/*.c spec/support/*/*.c bench/*.c examples/*/*.[ch])

lint: layers
	@.ci/deps check
	@if command -v musl-gcc >/dev/null; then $(MAKE) --no-print-directory musl-check; \
	  else echo "musl-check is skipped: there is no musl-gcc"; fi
	@luacheck --quiet lua bin/openai-uploads emulator spec examples bench docs
	@clang-format --dry-run --Werror $(C_FILES)
	@printf '%s\n' $(wildcard src/*/*.c) | xargs -n 4 -P $(subst -j,,$(SIDE_BY_SIDE)) sh -c 'clang-tidy --quiet \
	  --warnings-as-errors="*" "$$@" -- -std=c11 -D_GNU_SOURCE -Isrc $(call lua_flags,lua5.4)' clang-tidy
	@# its newer releases follow calls of luaL_error as if they returned, take an #error for a fault, and tell of limits
	@cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
	  --suppress=missingIncludeSystem --suppress=ctunullpointer --suppress=preprocessorErrorDirective \
	  --suppress=normalCheckLevelMaxBranches -Isrc src

# musl's headers declare less than glibc's, which shows as errors or warnings.
OWN_FLAGS = $(filter-out -I/%,$(OURS)) # the folder of curl has the system's other headers, too
.PHONY: musl-check arm64-check
musl-check:
	@.ci/deps musl
	@.ci/compile-for musl-gcc $(BUILD)/musl $(OWN_FLAGS) $(call lua_flags,lua5.4)

# Only the units below Lua and libcurl run: those libraries would be needed for arm64 as well.
arm64-check:
	@.ci/deps arm64
	@.ci/compile-for aarch64-linux-gnu-gcc $(BUILD)/arm64/headers $(OWN_FLAGS) $(call lua_flags,lua5.4)
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) c-build $(ON_ARM64)
	@$(MAKE) --no-print-directory c-test $(ON_ARM64)
ON_ARM64 = OURS="$(OWN_FLAGS)" BUILD=$(BUILD)/arm64 CC=aarch64-linux-gnu-gcc LDFLAGS=-static C_RUNNER=qemu-aarch64-static UNIT="$(C_BASE_PROGRAMS)"

# The C units and the whole Lua suite on 5.4, with every byte and every operation watched.
SANITIZERS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
sanitize:
	@.ci/deps check
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) build LUA=lua5.4 BUILD=build/sanitize CFLAGS="$(SANITIZERS)"
	@SANITIZE=1 TEST_CFLAGS="$(SANITIZERS)" spec/run build/sanitize lua5.4

# Threads with a Lua state each, with every access that two of them share watched.
THREAD_SANITIZER := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
threads:
	@.ci/deps check
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) threads-test BUILD=build/threads CFLAGS="$(THREAD_SANITIZER)"

# The same under gcov and a hook: which lines of C and of Lua nothing reaches. nginx has a build of its own.
COVERAGE := -O0 -g --coverage -fprofile-update=atomic# threads count, too
LINE_HOOK = $(CC) $(SHARED) -fPIC $(call lua_flags,$(1)) -DLINES='"$(CURDIR)/build/coverage/lines"' \
	  -o $(2)/$(1)/line_hook.so spec/support/line_coverage/line_hook.c
coverage:
	@.ci/deps check
	@rm -rf build/coverage
	@mkdir -p build/coverage/lua5.4 build/coverage/nginx/luajit
	@$(call LINE_HOOK,lua5.4,build/coverage)
	@$(call LINE_HOOK,luajit,build/coverage/nginx)
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) build LUA=lua5.4 BUILD=build/coverage CFLAGS="$(COVERAGE)"
	@# libgcov complains where a spec leaves it no room to write, and that spec fails: the numbers count all the same
	-@TEST_LINES=1 TEST_CFLAGS="$(COVERAGE)" spec/run build/coverage lua5.4
	@# few systems have Copas for 5.4, and most for LuaJIT
	@SPECS=spec/loops/copas_spec.lua TEST_LINES=1 TEST_CFLAGS="$(COVERAGE)" spec/run build/coverage/nginx luajit
	@lua5.4 spec/support/line_coverage/report.lua build/coverage/lines
	@gcovr --root . --filter src/ --print-summary --sort-percentage build/coverage

memcheck:
	@.ci/deps check
	@$(MAKE) --no-print-directory c-test C_RUNNER="valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite \
	  --errors-for-leak-kinds=definite --suppressions=spec/c/valgrind.supp"

bench:
	@.ci/deps check
	@$(MAKE) --no-print-directory $(SIDE_BY_SIDE) bench-build
	@$(call in_checkout,$(MAIN_LUA)) $(MAIN_LUA) bench/run.lua

.PHONY: bench-build
bench-build: $(BENCH_PROGRAMS) $(BUILD)/$(MAIN_LUA)/openai_uploads/core.so \
  $(if $(call has_lua,luajit),$(BUILD)/luajit/openai_uploads/core.so)

# docs/performance.json keeps the numbers that the page was made of: those of the last run here, if there was one.
.PHONY: bench-report
bench-report:
	[ ! -f $(BUILD)/bench/numbers.json ] || mv $(BUILD)/bench/numbers.json docs/performance.json
	$(call in_checkout,$(MAIN_LUA)) $(MAIN_LUA) bench/report.lua docs/performance.json docs/performance.md docs/images

# Checks, packs, tags; see .ci/release.
.PHONY: release
release:
	@.ci/release "$(VERSION)"

clean:
	rm -rf build
