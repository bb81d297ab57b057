# SPDX-License-Identifier: MIT
# A host that carries the module inside. It uses the Makefile's BUILD, CC, OURS, CFLAGS, LDFLAGS, LIBS, LOWER_OBJECTS,
# binding_objects and lua_flags.

EMBED := $(BUILD)/examples/embed
EMBED_LUA := lua5.4# the interpreter that carries, and the Lua that the host is linked with

# Every Lua file below a folder; types.lua is for editors.
lua_files = $(foreach entry,$(wildcard $(1)/*),$(filter %.lua,$(entry)) $(call lua_files,$(entry)))
EMBED_FILES := $(filter-out %/types.lua,$(sort $(call lua_files,lua)))
EMBED_CARRIED := $(EMBED_FILES:lua/%=lua/./%) examples/embed/./game.lua

.PHONY: examples
examples: $(EMBED)/host

# The folders are named so that a file that is gone counts as well, and this file for its list.
$(EMBED)/carried.c: examples/embed/carry.lua examples/embed/rules.mk examples/embed/game.lua $(EMBED_FILES) \
  $(sort $(dir $(EMBED_FILES)))
	@mkdir -p $(@D)
	@echo "LUA $@"; $(EMBED_LUA) examples/embed/carry.lua $@ $(EMBED_CARRIED)

EMBED_COMPILE = @mkdir -p $(@D); echo "CC $<"; \
  $(CC) $(OURS) -Iexamples/embed $(call lua_flags,$(EMBED_LUA)) $(CFLAGS) -MMD -MP -c $< -o $@
$(EMBED)/host.o: examples/embed/host.c
	$(EMBED_COMPILE)
$(EMBED)/carried.o: $(EMBED)/carried.c
	$(EMBED_COMPILE)

$(EMBED)/host: $(EMBED)/host.o $(EMBED)/carried.o $(LOWER_OBJECTS) $(call binding_objects,$(EMBED_LUA))
	@echo "LD $@"; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(shell pkg-config --silence-errors --libs $(EMBED_LUA)) $(LIBS)
