/* SPDX-License-Identifier: MIT */
/* The bytes of a part, as libcurl asks for them, however chunks, reads, rewinds and new attempts come: they
 * are those of the data, in order, each once. An input is
 *
 *     a byte: of what kind the source is; its length and its limit follow as a byte each
 *     pairs of bytes: an operation and its size, up to a NUL
 *     the data */
#include "base/byte_source.h"

#include "fuzz.h"
#include <string.h>

enum { HEAD_BYTES = 3, LARGEST_READ = 256 };

/* What the source should be like. */
struct model {
  const uint8_t *data;
  size_t size;     /* of all data; of chunks, what may be fed */
  size_t fed;      /* of chunks */
  size_t position; /* read since the beginning */
  bool is_chunks, has_all;
  int64_t max_bytes; /* of chunks of unknown length */
  bool can_restart;
};

static void check_md5(const struct byte_source *source, const struct model *model) {
  char expected[MD5_HEX_SIZE], kept[MD5_HEX_SIZE];
  struct md5 md5;
  md5_create(&md5);
  md5_update(&md5, model->data, model->position);
  md5_finish_hex(&md5, expected);
  REQUIRE(byte_source_get_md5(source, kept), "the MD5 of what was read is not kept");
  REQUIRE(strcmp(kept, expected) == 0, "the MD5 is not that of the bytes that were read");
}

static void check_end(const struct byte_source *source, const struct model *model) {
  REQUIRE(!model->is_chunks || (model->has_all && model->position == model->fed), "the end came too soon");
  REQUIRE(byte_source_length(source) == BYTE_SOURCE_UNKNOWN ||
              (int64_t)model->position == byte_source_length(source),
          "the end came before the promised length");
  REQUIRE(byte_source_is_exhausted(source), "a source at its end is not exhausted");
  check_md5(source, model);
}

static void check_broken(const struct byte_source *source, const struct model *model) {
  REQUIRE(byte_source_problem(source), "reading broke without a reason");
  REQUIRE(model->is_chunks, "memory cannot break");
  REQUIRE(byte_source_length(source) == BYTE_SOURCE_UNKNOWN
              ? (int64_t)model->fed > model->max_bytes
              : (int64_t)model->fed != byte_source_length(source),
          "chunks of the right length broke");
}

static void read_some(struct byte_source *source, struct model *model, size_t size) {
  char bytes[LARGEST_READ];
  size_t count;
  switch (byte_source_read(source, bytes, size, &count)) {
  case BYTE_SOURCE_READ:
    REQUIRE(count > 0 && count <= size, "a read gave no bytes, or too many");
    REQUIRE(model->position + count <= (model->is_chunks ? model->fed : model->size),
            "bytes were read twice");
    REQUIRE(memcmp(bytes, model->data + model->position, count) == 0, "other bytes were read");
    model->position += count;
    break;
  case BYTE_SOURCE_END: check_end(source, model); break;
  case BYTE_SOURCE_WANTS_CHUNK:
    REQUIRE(model->is_chunks && !model->has_all && model->position == model->fed,
            "a chunk was asked for too soon");
    REQUIRE(byte_source_wants_chunk(source), "who wants a chunk does not say so");
    byte_source_note_asked(source);
    break;
  case BYTE_SOURCE_BROKEN: check_broken(source, model); break;
  }
  REQUIRE(byte_source_problem(source) || byte_source_position(source) == (int64_t)model->position,
          "the position is not that of what was read");
}

static void feed(struct byte_source *source, struct model *model, size_t size) {
  if (!byte_source_wants_chunk(source)) return;
  if (size > model->size - model->fed) size = model->size - model->fed;
  if (size > 0) {
    byte_source_feed(source, (const char *)model->data + model->fed, size);
    model->fed += size;
  } else {
    byte_source_feed_none(source);
    model->has_all = true;
  }
}

static void begin_again(struct byte_source *source, struct model *model, bool is_attempt) {
  if (is_attempt && model->is_chunks && !model->can_restart) return; /* nobody would begin another one */
  if (byte_source_problem(source) && !is_attempt) return;
  if (is_attempt)
    byte_source_restart(source);
  else if (!byte_source_rewind(source))
    return;
  model->position = 0;
  if (is_attempt) model->fed = 0, model->has_all = false;
}

static void act(struct byte_source *source, struct model *model, uint8_t operation, size_t size) {
  switch (operation % 8) {
  case 0: begin_again(source, model, true); break;
  case 1: begin_again(source, model, false); break;
  case 2:
  case 3: feed(source, model, size); break;
  default: read_some(source, model, size + 1); break;
  }
}

static void open_source(struct byte_source *source, struct model *model, const uint8_t *head) {
  struct failure failure = {0};
  struct byte_range range = {"the data", 0, head[0] & 2 ? head[1] : BYTE_SOURCE_UNKNOWN};
  model->is_chunks = head[0] & 1;
  if (model->is_chunks) {
    model->max_bytes = head[2];
    model->can_restart = head[0] & 4;
    byte_source_of_chunks(source, range.length, model->max_bytes, model->can_restart);
    return;
  }
  range.offset = model->size > 0 ? (int64_t)(head[2] % model->size) : 0;
  REQUIRE(byte_source_of_memory(source, (const char *)model->data, (int64_t)model->size, range, &failure) ||
              (model->size == 0 && range.length > 0),
          "a piece within its bounds was refused");
  model->data += range.offset;
  model->size = byte_source_length(source) > 0 ? (size_t)byte_source_length(source) : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct byte_source source;
  struct model model = {0};
  const uint8_t *end;
  if (size < HEAD_BYTES) return 0;
  end = memchr(data + HEAD_BYTES, 0, size - HEAD_BYTES);
  if (!end) return 0;
  model.data = end + 1;
  model.size = (size_t)(data + size - model.data);
  open_source(&source, &model, data);
  byte_source_digest(&source);
  for (const uint8_t *at = data + HEAD_BYTES; at + 1 < end; at += 2) act(&source, &model, at[0], at[1]);
  byte_source_release(&source);
  return 0;
}
