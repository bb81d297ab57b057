/* SPDX-License-Identifier: MIT */
#include "base/byte_source.h"

#include <inttypes.h>
#include <string.h>

/* A function that is NULL has nothing to do. */
struct byte_source_kind {
  enum byte_source_answer (*read)(struct byte_source *source, char *bytes, size_t size, size_t *count);
  bool (*is_exhausted)(const struct byte_source *source);
  void (*restart)(struct byte_source *source);
  void (*release)(struct byte_source *source);
};

static size_t smaller(size_t size, int64_t left) {
  return left < (int64_t)size ? (size_t)left : size;
}

static bool is_at_length(const struct byte_source *source) {
  return source->position == source->length;
}

/* --- a range of memory or of a file --- */

/* A range that begins before the end and is longer than the rest is cut, as reads are: a loop over the pieces
 * of a file ends with a short one. A range that begins at the end or behind it, and should have bytes, is an
 * error of counting. */
static bool set_range(struct byte_source *source, int64_t size, struct byte_range range,
                      struct failure *failure) {
  int64_t rest = size - range.offset;
  bool is_all = range.length == BYTE_SOURCE_UNKNOWN || range.length > rest;
  source->length = is_all ? rest : range.length;
  if (rest > 0 || (rest == 0 && range.length <= 0)) return true;
  return failure_set(failure, FAILURE_FILE,
                     "%s has %" PRId64 " bytes, and none from offset %" PRId64
                     " on: a piece must begin before the end",
                     range.name, size, range.offset);
}

static enum byte_source_answer read_memory(struct byte_source *source, char *bytes, size_t size,
                                           size_t *count) {
  if (is_at_length(source)) return BYTE_SOURCE_END;
  *count = smaller(size, source->length - source->position);
  memcpy(bytes, source->of.memory.bytes + source->position, *count);
  return BYTE_SOURCE_READ;
}

static const struct byte_source_kind kind_memory = {.read = read_memory, .is_exhausted = is_at_length};

bool byte_source_of_memory(struct byte_source *source, const char *memory, int64_t size,
                           struct byte_range range, struct failure *failure) {
  *source = (struct byte_source){.kind = &kind_memory};
  if (!set_range(source, size, range, failure)) return false;
  source->of.memory.bytes = memory + range.offset;
  return true;
}

static void release_block(struct byte_source *source) {
  struct byte_block *block = source->of.memory.block;
  source->of.memory.block = NULL;
  if (block) byte_block_unref(block);
}

static const struct byte_source_kind kind_block = {
    .read = read_memory, .is_exhausted = is_at_length, .release = release_block};

void byte_source_of_block(struct byte_source *source, struct byte_block *block) {
  *source = (struct byte_source){.kind = &kind_block, .length = (int64_t)block->length};
  byte_block_ref(block);
  source->of.memory.bytes = block->bytes;
  source->of.memory.block = block;
}

/* A file that is written to meanwhile is noticed at its last byte at the latest. */
static enum byte_source_answer read_file(struct byte_source *source, char *bytes, size_t size,
                                         size_t *count) {
  const struct regular_file *file = &source->of.range.file;
  if (is_at_length(source)) return BYTE_SOURCE_END;
  *count = regular_file_read(file, source->of.range.offset + source->position, bytes,
                             smaller(size, source->length - source->position), &source->problem);
  if (*count == 0) return BYTE_SOURCE_BROKEN;
  if (source->position + (int64_t)*count < source->length) return BYTE_SOURCE_READ;
  return regular_file_is_unchanged(file, &source->problem) ? BYTE_SOURCE_READ : BYTE_SOURCE_BROKEN;
}

static void release_file(struct byte_source *source) {
  regular_file_close(&source->of.range.file);
}

static const struct byte_source_kind kind_file = {
    .read = read_file, .is_exhausted = is_at_length, .release = release_file};

bool byte_source_of_file(struct byte_source *source, struct regular_file file, struct byte_range range,
                         struct failure *failure) {
  *source = (struct byte_source){.kind = &kind_file};
  source->of.range.file = file;
  source->of.range.offset = range.offset;
  return set_range(source, file.size, range, failure);
}

/* --- chunks --- */

static enum byte_source_answer read_chunk(struct byte_source *source, char *bytes, size_t size,
                                          size_t *count) {
  if (source->of.chunks.left == 0) {
    if (source->of.chunks.state == CHUNKS_ENDED) return BYTE_SOURCE_END;
    source->of.chunks.state = CHUNK_WANTED;
    return BYTE_SOURCE_WANTS_CHUNK;
  }
  *count = smaller(size, (int64_t)source->of.chunks.left);
  memcpy(bytes, source->of.chunks.bytes, *count);
  source->of.chunks.bytes += *count;
  source->of.chunks.left -= *count;
  return BYTE_SOURCE_READ;
}

static bool has_no_chunk_left(const struct byte_source *source) {
  if (source->length != BYTE_SOURCE_UNKNOWN) return is_at_length(source);
  return source->of.chunks.state == CHUNKS_ENDED && source->of.chunks.left == 0;
}

static void restart_chunks(struct byte_source *source) {
  source->of.chunks.left = 0;
  source->of.chunks.state = CHUNK_GIVEN;
  source->of.chunks.was_asked = false;
  source->problem = (struct failure){0};
}

static const struct byte_source_kind kind_chunks = {
    .read = read_chunk, .is_exhausted = has_no_chunk_left, .restart = restart_chunks};

void byte_source_of_chunks(struct byte_source *source, int64_t length, int64_t max_bytes, bool can_restart) {
  *source = (struct byte_source){.kind = &kind_chunks, .length = length};
  source->of.chunks.max_bytes = max_bytes;
  source->of.chunks.can_restart = can_restart;
}

bool byte_source_is_fed(const struct byte_source *source) {
  return source->kind == &kind_chunks;
}

void byte_source_note_asked(struct byte_source *source) {
  source->of.chunks.was_asked = true;
}

void byte_source_feed(struct byte_source *source, const char *chunk, size_t length) {
  bool is_known = source->length != BYTE_SOURCE_UNKNOWN;
  int64_t limit = is_known ? source->length : source->of.chunks.max_bytes;
  source->of.chunks.state = CHUNK_GIVEN;
  source->of.chunks.bytes = chunk;
  source->of.chunks.left = length;
  if ((int64_t)length <= limit - source->position) return;
  source->of.chunks.left = 0;
  if (is_known)
    failure_set(&source->problem, FAILURE_ABORTED,
                "the data function gave more than the %" PRId64 " bytes of its length", limit);
  else
    failure_set(&source->problem, FAILURE_TOO_LARGE,
                "the data function gave more than %" PRId64 " bytes, and one call takes no more", limit);
}

void byte_source_feed_none(struct byte_source *source) {
  source->of.chunks.state = CHUNKS_ENDED;
  if (source->length == BYTE_SOURCE_UNKNOWN || is_at_length(source)) return;
  failure_set(&source->problem, FAILURE_ABORTED,
              "the data function ended after %" PRId64 " of the %" PRId64 " bytes of its length",
              source->position, source->length);
}

bool byte_source_wants_chunk(const struct byte_source *source) {
  return byte_source_is_fed(source) && source->of.chunks.state == CHUNK_WANTED;
}

bool byte_source_must_refeed(const struct byte_source *source) {
  return byte_source_is_fed(source) && source->of.chunks.was_asked;
}

bool byte_source_can_restart(const struct byte_source *source) {
  return !byte_source_must_refeed(source) || source->of.chunks.can_restart;
}

/* --- every kind --- */

int64_t byte_source_length(const struct byte_source *source) {
  return source->length;
}

int64_t byte_source_position(const struct byte_source *source) {
  return source->position;
}

const struct failure *byte_source_problem(const struct byte_source *source) {
  return source->problem.kind == FAILURE_NONE ? NULL : &source->problem;
}

bool byte_source_is_exhausted(const struct byte_source *source) {
  return !source->kind || source->kind->is_exhausted(source);
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

enum byte_source_answer byte_source_read(struct byte_source *source, char *bytes, size_t size,
                                         size_t *count) {
  enum byte_source_answer answer;
  *count = 0;
  if (byte_source_problem(source)) return BYTE_SOURCE_BROKEN;
  answer = source->kind->read(source, bytes, size, count);
  if (answer != BYTE_SOURCE_READ) return answer;
  source->position += (int64_t)*count;
  if (source->is_digested) md5_update(&source->md5, bytes, *count);
  return answer;
}

static void go_back(struct byte_source *source) {
  source->position = 0;
  if (source->is_digested) md5_create(&source->md5);
}

bool byte_source_rewind(struct byte_source *source) {
  if (byte_source_must_refeed(source)) return false;
  go_back(source);
  return true;
}

void byte_source_restart(struct byte_source *source) {
  if (source->kind->restart) source->kind->restart(source);
  go_back(source);
}

void byte_source_release(struct byte_source *source) {
  if (source->kind && source->kind->release) source->kind->release(source);
}
