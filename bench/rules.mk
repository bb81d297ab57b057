# SPDX-License-Identifier: MIT
# What `make bench` compiles. It uses the Makefile's BUILD, MAIN_LUA, WARNINGS, LIBS and lua_flags.
BENCH_CC = $(CC) -std=c17 -D_GNU_SOURCE -Isrc $(WARNINGS) -O2
BENCH_PROGRAMS = $(BUILD)/bench/easy_perform $(BUILD)/bench/bare_socket $(BUILD)/$(MAIN_LUA)/bench/clock.so

$(BUILD)/bench/easy_perform: BENCH_LIBS = $(LIBS)

$(BUILD)/bench/%: bench/%.c src/base/monotonic_clock.h
	@mkdir -p $(@D)
	@echo "CC $<"; $(BENCH_CC) -o $@ $< $(BENCH_LIBS)

$(BUILD)/$(MAIN_LUA)/bench/clock.so: bench/clock.c src/base/monotonic_clock.h
	@mkdir -p $(@D)
	@echo "CC $< ($(MAIN_LUA))"; $(BENCH_CC) $(call lua_flags,$(MAIN_LUA)) -fPIC -shared -o $@ $<
