# SPDX-License-Identifier: MIT
# The C units, the proof of what happens when memory runs out, the replay of the fuzzers' corpora, and the fuzzers.
# For the Makefile to include: it uses BUILD, CC, OURS, CFLAGS, LDFLAGS, LIBS, LOWER_SOURCES, LOWER_OBJECTS,
# BINDING_SOURCES, binding_objects and lua_flags.

C_UNITS := signal_queue terminal process_id number_pool retry_policy ascii json_text path_segment text_buffer failure edit_distance secret_mask sigpipe_guard environment attempt_outcome descriptor_set descriptor_set_poll waker md5 file_digest regular_file byte_source byte_sink spool_file pipe_reader http_headers http_response \
  header_secrets service_url proxy_route client_config engine_sockets engine_sockets_poll transfer_engine transfer_engine_poll transfer_engine_timer kept_authorities out_of_memory threads utf8 stream_trace
C_BASE_UNITS := retry_policy ascii json_text path_segment text_buffer failure edit_distance secret_mask sigpipe_guard \
  signal_queue terminal process_id number_pool environment waker md5 file_digest regular_file byte_source byte_sink spool_file pipe_reader \
  utf8 descriptor_set
C_BASE_PROGRAMS := $(C_BASE_UNITS:%=%_test) descriptor_set_poll_test replay_upload_id replay_part_bytes
C_FUZZERS := response upload_id service_url settings part_bytes retry_after
C_PROGRAMS := $(C_UNITS:%=$(BUILD)/spec/%_test) $(C_FUZZERS:%=$(BUILD)/spec/replay_%)

# Those below Lua, and below libcurl, are linked without it.
BASE_OBJECTS := $(filter $(BUILD)/c/base/%,$(LOWER_OBJECTS))
WHOLE_OBJECTS := $(LOWER_OBJECTS) $(call binding_objects,lua5.4)
C_LUA_LIBS = $(shell pkg-config --silence-errors --libs lua5.4)
C_FLAGS = $(OURS) $(call lua_flags,lua5.4) $(CFLAGS)
C_COMPILE = @mkdir -p $(@D); echo "CC $<"; $(CC) $(C_FLAGS) -MMD -MP -c $< -o $@
C_LINK = @mkdir -p $(@D); echo "LD $@"; $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/spec/%.o: spec/c/%.c
	$(C_COMPILE)
# With poll(2) where Linux has epoll.
$(BUILD)/spec/poll/%.o: src/base/%.c
	$(C_COMPILE) -DDESCRIPTOR_SET_POLL
$(BUILD)/spec/%_poll_test.o: spec/c/%_test.c
	$(C_COMPILE) -DDESCRIPTOR_SET_POLL

$(C_BASE_UNITS:%=$(BUILD)/spec/%_test): $(BUILD)/spec/%_test: $(BUILD)/spec/%_test.o $(BASE_OBJECTS)
	$(C_LINK) $(C_WRAP) -lm -pthread
$(BUILD)/spec/text_buffer_test: C_WRAP = -Wl,--wrap=free
$(BUILD)/spec/file_digest_test: C_WRAP = -Wl,--wrap=pread,--wrap=pread64,--wrap=pthread_create,--wrap=pthread_join,--wrap=pthread_cond_timedwait,--wrap=pthread_cond_broadcast,--wrap=malloc,--wrap=calloc

$(BUILD)/spec/descriptor_set_poll_test: $(BUILD)/spec/descriptor_set_poll_test.o $(BUILD)/spec/poll/descriptor_set_poll.o
	$(C_LINK) -lm

$(BUILD)/spec/header_secrets_test $(BUILD)/spec/http_headers_test $(BUILD)/spec/http_response_test $(BUILD)/spec/service_url_test $(BUILD)/spec/proxy_route_test $(BUILD)/spec/client_config_test $(BUILD)/spec/engine_sockets_test \
  $(BUILD)/spec/transfer_engine_timer_test $(BUILD)/spec/attempt_outcome_test $(BUILD)/spec/stream_trace_test $(BUILD)/spec/kept_authorities_test: $(BUILD)/spec/%_test: $(BUILD)/spec/%_test.o $(LOWER_OBJECTS)
	$(C_LINK) $(C_WRAP) $(LIBS)
$(BUILD)/spec/header_secrets_test: C_WRAP = -Wl,--wrap=malloc
$(BUILD)/spec/http_headers_test: C_WRAP = -Wl,--wrap=curl_slist_free_all
$(BUILD)/spec/kept_authorities_test: C_WRAP = -Wl,--wrap=malloc

$(BUILD)/spec/transfer_engine_test: $(BUILD)/spec/transfer_engine_test.o $(BUILD)/spec/http_server.o $(LOWER_OBJECTS)
	$(C_LINK) -Wl,--wrap=epoll_ctl $(LIBS)
$(BUILD)/spec/transfer_engine_poll_test: $(BUILD)/spec/transfer_engine_poll_test.o $(BUILD)/spec/http_server.o \
  $(BUILD)/spec/poll/descriptor_set_poll.o $(filter-out $(BUILD)/c/base/descriptor_set_%.o,$(LOWER_OBJECTS))
	$(C_LINK) -Wl,--wrap=epoll_ctl $(LIBS)

$(BUILD)/spec/engine_sockets_poll_test: $(BUILD)/spec/engine_sockets_poll_test.o \
  $(BUILD)/spec/poll/descriptor_set_poll.o $(filter-out $(BUILD)/c/base/descriptor_set_%.o,$(LOWER_OBJECTS))
	$(C_LINK) $(LIBS)

$(BUILD)/spec/out_of_memory_test: $(BUILD)/spec/out_of_memory_test.o $(BUILD)/spec/failing_allocator.o \
  $(BUILD)/spec/http_server.o $(WHOLE_OBJECTS)
	$(C_LINK) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=strdup $(C_LUA_LIBS) $(LIBS)

$(BUILD)/spec/threads_test: $(BUILD)/spec/threads_test.o $(BUILD)/spec/http_server.o $(WHOLE_OBJECTS)
	$(C_LINK) $(C_LUA_LIBS) $(LIBS)

$(BUILD)/spec/replay_response: $(BUILD)/spec/replay.o $(BUILD)/spec/fuzz_response.o $(WHOLE_OBJECTS)
	$(C_LINK) -Wl,--wrap=curl_easy_getinfo $(C_LUA_LIBS) $(LIBS)
$(BUILD)/spec/replay_upload_id $(BUILD)/spec/replay_part_bytes: $(BUILD)/spec/replay_%: $(BUILD)/spec/replay.o \
  $(BUILD)/spec/fuzz_%.o $(BASE_OBJECTS)
	$(C_LINK) -lm -pthread

$(BUILD)/spec/replay_service_url $(BUILD)/spec/replay_settings $(BUILD)/spec/replay_retry_after: $(BUILD)/spec/replay_%: $(BUILD)/spec/replay.o \
  $(BUILD)/spec/fuzz_%.o $(LOWER_OBJECTS)
	$(C_LINK) $(LIBS)

# Each program ends with "N passed, N failed"; one that dies counts as one failure. UNIT=md5_test runs that one alone.
.PHONY: c-build c-list c-test
UNIT ?= %
C_CHOSEN = $(filter $(UNIT:%=$(BUILD)/spec/%),$(C_PROGRAMS))
c-build: $(C_CHOSEN)
c-list:
	@printf '%s\n' $(C_CHOSEN)
c-test: $(C_CHOSEN)
	@[ -n "$(C_CHOSEN)" ] || { echo "there is no unit '$(UNIT)'" >&2; exit 1; }
	@failed=0; \
	for program in $(C_CHOSEN); do \
	  echo "$${program##*/}"; \
	  C_RUNNER="$(C_RUNNER)" spec/c/run $$program || failed=1; \
	done; exit $$failed

# For a BUILD under ThreadSanitizer. Older ones cannot bear every place where a kernel may map things, so places are not
# random where that can be had.
.PHONY: threads-test
threads-test: $(BUILD)/spec/threads_test
	@TSAN_OPTIONS=io_sync=0 $$(setarch $$(uname -m) -R true 2>/dev/null && echo setarch $$(uname -m) -R) $<

# --- fuzzing, with libFuzzer --------------------------------------------------------------------------------

FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
# gcc's warnings are the errors here; each clang has others.
FUZZ_FLAGS = $(filter-out -Werror,$(OURS)) -Wno-bitwise-instead-of-logical $(call lua_flags,lua5.4) -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all

$(BUILD)/fuzz/response: spec/c/fuzz_response.c $(LOWER_SOURCES) $(BINDING_SOURCES) $(wildcard src/*/*.h) spec/c/fuzz.h
	@mkdir -p $(@D)
	@echo "LD $@"; $(FUZZ_CC) $(FUZZ_FLAGS) -Wl,--wrap=curl_easy_getinfo -o $@ $(filter %.c,$^) $(C_LUA_LIBS) $(LIBS)
$(BUILD)/fuzz/upload_id $(BUILD)/fuzz/part_bytes: $(BUILD)/fuzz/%: spec/c/fuzz_%.c $(filter src/base/%,$(LOWER_SOURCES)) \
  $(wildcard src/base/*.h) spec/c/fuzz.h
	@mkdir -p $(@D)
	@echo "LD $@"; $(FUZZ_CC) $(FUZZ_FLAGS) -o $@ $(filter %.c,$^) -lm -pthread
$(BUILD)/fuzz/service_url $(BUILD)/fuzz/settings $(BUILD)/fuzz/retry_after: $(BUILD)/fuzz/%: spec/c/fuzz_%.c $(LOWER_SOURCES) $(wildcard src/*/*.h) spec/c/fuzz.h
	@mkdir -p $(@D)
	@echo "LD $@"; $(FUZZ_CC) $(FUZZ_FLAGS) -o $@ $(filter %.c,$^) $(LIBS)

# What it finds goes to the first folder, and a crash beside it; the hand-written ones are only read.
FUZZ = @mkdir -p $(BUILD)/fuzz/$(1)_corpus; \
	LSAN_OPTIONS=suppressions=spec/c/lsan.supp:print_suppressions=0 $(BUILD)/fuzz/$(1) -max_total_time=$(FUZZ_SECONDS) -timeout=10 \
	  -max_len=$(2) -print_final_stats=1 -artifact_prefix=$(BUILD)/fuzz/$(1)_ $(BUILD)/fuzz/$(1)_corpus spec/c/corpus/$(1)

.PHONY: fuzz fuzz-response fuzz-upload-id fuzz-service-url fuzz-settings fuzz-part-bytes fuzz-retry-after
fuzz:
	@.ci/deps check
	@$(MAKE) --no-print-directory fuzz-response fuzz-upload-id fuzz-service-url fuzz-settings fuzz-part-bytes fuzz-retry-after
fuzz-response: $(BUILD)/fuzz/response
	$(call FUZZ,response,4096)
fuzz-retry-after: $(BUILD)/fuzz/retry_after
	$(call FUZZ,retry_after,1024)
fuzz-upload-id: $(BUILD)/fuzz/upload_id
	$(call FUZZ,upload_id,512)
fuzz-service-url: $(BUILD)/fuzz/service_url
	$(call FUZZ,service_url,512)
fuzz-settings: $(BUILD)/fuzz/settings
	$(call FUZZ,settings,512)
fuzz-part-bytes: $(BUILD)/fuzz/part_bytes
	$(call FUZZ,part_bytes,1024)
