# SPDX-License-Identifier: MIT
# What `make bench` compiles: the plain programs that the module is held against, each from bench/NAME.c. It uses the
# Makefile's BUILD, MAIN_LUA, WARNINGS, LIBS and lua_flags.
BENCH_CC = $(CC) -std=c17 -D_GNU_SOURCE -Isrc $(WARNINGS) -O2
BENCH_ON_CURL = $(addprefix $(BUILD)/bench/,easy_perform multi_perform multi_socket multi_steps multi_memory)
BENCH_PROGRAMS = $(BENCH_ON_CURL) $(BUILD)/bench/bare_socket $(if $(filter Linux,$(shell uname -s)),$(BUILD)/bench/link) $(BUILD)/$(MAIN_LUA)/bench/clock.so
BENCH_HEADERS = $(wildcard bench/*.h) src/base/monotonic_clock.h

$(BENCH_ON_CURL): BENCH_LIBS = $(LIBS)
$(BENCH_ON_CURL): $(wildcard bench/plain_*.c)

$(BUILD)/bench/link: BENCH_LIBS = -lm

$(BUILD)/bench/%: bench/%.c $(BENCH_HEADERS)
	@mkdir -p $(@D)
	@echo "CC $<"; $(BENCH_CC) -o $@ $(filter %.c,$^) $(BENCH_LIBS)

$(BUILD)/$(MAIN_LUA)/bench/clock.so: bench/clock.c $(BENCH_HEADERS)
	@mkdir -p $(@D)
	@echo "CC $<"; $(BENCH_CC) $(call lua_flags,$(MAIN_LUA)) -fPIC -shared -o $@ $<
