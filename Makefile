# SPDX-License-Identifier: MIT
# `make help` names the targets. LUA=lua5.3 (any of LUAS) restricts build and test to one interpreter.

ALL_LUAS := lua5.1 lua5.2 lua5.3 lua5.4 lua5.5 luajit
lua_flags = $(shell pkg-config --silence-errors --cflags $(1))
has_lua = $(shell command -v $(1) >/dev/null 2>&1 && pkg-config --exists $(1) 2>/dev/null && echo $(1))
LUAS ?= $(if $(LUA),$(LUA),$(foreach lua,$(ALL_LUAS),$(call has_lua,$(lua))))
MAIN_LUA ?= $(or $(LUA),lua5.4)

CC ?= cc
CFLAGS ?= -O2 -g
WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Werror
OURS := -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden -Isrc $(WARNINGS)
SHARED ?= -shared -Wl,-z,nodelete -Wl,-z,relro,-z,now
LIBS := $(shell pkg-config --libs libcurl 2>/dev/null || echo -lcurl) -lm -pthread
BUILD := build

PREFIX ?= /usr/local
INSTALL_LMOD ?= $(PREFIX)/share/lua/$(patsubst lua%,%,$(MAIN_LUA:luajit=lua5.1))
INSTALL_CMOD ?= $(PREFIX)/lib/lua/$(patsubst lua%,%,$(MAIN_LUA:luajit=lua5.1))

LOWER_SOURCES := $(sort $(wildcard src/base/*.c src/client/*.c))
BINDING_SOURCES := $(sort $(wildcard src/binding/*.c))
LOWER_OBJECTS := $(LOWER_SOURCES:src/%.c=$(BUILD)/c/%.o)
binding_objects = $(BINDING_SOURCES:src/%.c=$(BUILD)/$(1)/%.o)

.PHONY: help deps build demo test lint floors sanitize coverage fuzz bench install clean env
.DEFAULT_GOAL := help

help:
	@echo "make demo      an Upload created and cancelled over real HTTP, on this machine"
	@echo "make build     build/<interpreter>/openai_uploads/core.so for: $(LUAS)"
	@echo "make test      every spec and C unit, on every Lua that is here"
	@echo "make env       the exports that let MAIN_LUA ($(MAIN_LUA)) find this checkout"
	@echo "make install   into PREFIX ($(PREFIX)) for MAIN_LUA"
	@echo "make deps      what the above need (apt; elsewhere it names what is missing)"
	@echo "make lint floors sanitize coverage fuzz bench    what the above must pass; see CONTRIBUTING.md"
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
$(foreach lua,$(ALL_LUAS),$(eval $(call for_lua,$(lua))))
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

env:
	@echo "export LUA_PATH='$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;;'"
	@echo "export LUA_CPATH='$(CURDIR)/$(BUILD)/$(MAIN_LUA)/?.so;;'"

clean:
	rm -rf $(BUILD)
