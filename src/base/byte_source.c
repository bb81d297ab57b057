/* SPDX-License-Identifier: MIT */
#include "base/byte_source.h"

#include <inttypes.h>
#include <string.h>

/* A piece that begins before the end and is longer than what follows is a short piece, as reads are: the loop
 * over pieces of a file ends with one. What begins at the end or beyond it and should have bytes is an error
 * of counting. */
static bool set_range(struct byte_source *source, int64_t size, struct byte_range range,
                      struct failure *failure) {
  int64_t rest = size - range.offset;
  bool is_all = range.length == BYTE_SOURCE_UNKNOWN || range.length > rest;
  source->offset = range.offset;
  source->length = is_all ? rest : range.length;
  if (rest > 0 || (rest == 0 && range.length <= 0)) return true;
  return failure_set(failure, FAILURE_FILE,
                     "%s has %" PRId64 " bytes, and none from offset %" PRId64
                     " on: a piece must begin before the end",
                     range.name, size, range.offset);
}

bool byte_source_of_memory(struct byte_source *source, const char *memory, int64_t size,
                           struct byte_range range, struct failure *failure) {
  *source = (struct byte_source){.kind = BYTE_SOURCE_MEMORY, .memory = memory};
  return set_range(source, size, range, failure);
}

bool byte_source_of_file(struct byte_source *source, struct regular_file file, struct byte_range range,
                         struct failure *failure) {
  *source = (struct byte_source){.kind = BYTE_SOURCE_FILE, .file = file};
  return set_range(source, file.size, range, failure);
}

void byte_source_of_chunks(struct byte_source *source, int64_t length, int64_t most, bool can_restart) {
  *source = (struct byte_source){
      .kind = BYTE_SOURCE_CHUNKS, .length = length, .most = most, .can_restart = can_restart};
}

void byte_source_digest(struct byte_source *source) {
  source->is_digested = true;
  md5_create(&source->md5);
}

bool byte_source_get_md5(const struct byte_source *source, char hex[MD5_HEX_SIZE]) {
  struct md5 md5 = source->md5;
  if (!source->is_digested || !byte_source_is_exhausted(source)) return false;
  md5_finish_hex(&md5, hex);
  return true;
}

/* The beginning again. */
static void go_back(struct byte_source *source) {
  source->position = 0;
  if (source->is_digested) md5_create(&source->md5);
}

void byte_source_release(struct byte_source *source) {
  if (source->kind == BYTE_SOURCE_FILE) regular_file_close(&source->file);
}

static size_t smaller(size_t size, int64_t left) {
  return left < (int64_t)size ? (size_t)left : size;
}

/* A file that was written to meanwhile is found out at its last byte at the latest. */
static bool read_file(struct byte_source *source, char *bytes, size_t size, size_t *count) {
  *count = regular_file_read(&source->file, source->offset + source->position, bytes, size, &source->problem);
  return *count > 0 && (source->position + (int64_t)*count < source->length ||
                        regular_file_is_unchanged(&source->file, &source->problem));
}

static void take_chunk(struct byte_source *source, char *bytes, size_t size, size_t *count) {
  *count = smaller(size, (int64_t)source->chunk_left);
  memcpy(bytes, source->memory, *count);
  source->memory += *count;
  source->chunk_left -= *count;
}

static enum byte_source_answer without_chunk(struct byte_source *source) {
  if (source->has_all_chunks) return BYTE_SOURCE_END;
  source->wants_chunk = true;
  return BYTE_SOURCE_WANTS_CHUNK;
}

enum byte_source_answer byte_source_read(struct byte_source *source, char *bytes, size_t size,
                                         size_t *count) {
  *count = 0;
  if (source->problem.kind != FAILURE_NONE) return BYTE_SOURCE_BROKEN;
  if (source->kind == BYTE_SOURCE_CHUNKS && source->chunk_left == 0) return without_chunk(source);
  if (source->kind != BYTE_SOURCE_CHUNKS && source->position == source->length) return BYTE_SOURCE_END;
  if (source->kind == BYTE_SOURCE_CHUNKS) {
    take_chunk(source, bytes, size, count);
  } else if (source->kind == BYTE_SOURCE_MEMORY) {
    *count = smaller(size, source->length - source->position);
    memcpy(bytes, source->memory + source->offset + source->position, *count);
  } else if (!read_file(source, bytes, smaller(size, source->length - source->position), count)) {
    return BYTE_SOURCE_BROKEN;
  }
  source->position += (int64_t)*count;
  if (source->is_digested) md5_update(&source->md5, bytes, *count);
  return BYTE_SOURCE_READ;
}

void byte_source_note_asked(struct byte_source *source) {
  source->was_asked = true;
}

void byte_source_feed(struct byte_source *source, const char *chunk, size_t length) {
  int64_t limit = source->length == BYTE_SOURCE_UNKNOWN ? source->most : source->length;
  source->wants_chunk = false;
  source->memory = chunk;
  source->chunk_left = length;
  if ((int64_t)length <= limit - source->position) return;
  source->chunk_left = 0;
  if (source->length == BYTE_SOURCE_UNKNOWN)
    failure_set(&source->problem, FAILURE_TOO_LARGE,
                "the data function gave more than %" PRId64 " bytes, and a part takes no more", limit);
  else
    failure_set(&source->problem, FAILURE_ABORTED,
                "the data function gave more than the %" PRId64 " bytes of its length", limit);
}

void byte_source_feed_none(struct byte_source *source) {
  source->wants_chunk = false;
  source->has_all_chunks = true;
  if (source->length == BYTE_SOURCE_UNKNOWN || source->position == source->length) return;
  failure_set(&source->problem, FAILURE_ABORTED,
              "the data function ended after %" PRId64 " of the %" PRId64 " bytes of its length",
              source->position, source->length);
}

bool byte_source_wants_chunk(const struct byte_source *source) {
  return source->wants_chunk;
}

bool byte_source_is_exhausted(const struct byte_source *source) {
  if (source->length == BYTE_SOURCE_UNKNOWN) return source->has_all_chunks && source->chunk_left == 0;
  return source->position == source->length;
}

bool byte_source_rewind(struct byte_source *source) {
  if (source->was_asked) return false;
  go_back(source);
  return true;
}

void byte_source_restart(struct byte_source *source) {
  bool is_digested = source->is_digested;
  if (source->kind == BYTE_SOURCE_CHUNKS)
    byte_source_of_chunks(source, source->length, source->most, source->can_restart);
  source->is_digested = is_digested;
  go_back(source);
}
