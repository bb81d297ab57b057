/* SPDX-License-Identifier: MIT */
/* Bytes from memory, files and chunks: in order, whole, no byte beyond, and from the beginning again. */
#include "base/byte_source.h"

#include "guard_page.h"
#include "unit.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char digits[] = "0123456789";
static char path[] = "/tmp/byte_source_test.XXXXXX";

/* Reads on in pieces of so many bytes until there is something else to tell. `all` is what came, a text. */
static enum byte_source_answer read_on(struct byte_source *source, size_t size, char *all) {
  enum byte_source_answer answer;
  size_t count;
  for (;;) {
    char *bytes =
        (char *)(void *)guard_page_copy("################", size); /* not one byte more may be written */
    answer = byte_source_read(source, bytes, size, &count);
    if (answer != BYTE_SOURCE_READ) return answer;
    CHECK(count > 0 && count <= size, "at least one byte is read, and no more than there is room for");
    strncat(all, bytes, count);
  }
}

/* The same where it is the source that ends at the guard. */
static enum byte_source_answer take(struct byte_source *source, size_t size, char *all) {
  char bytes[64];
  enum byte_source_answer answer;
  size_t count;
  while ((answer = byte_source_read(source, bytes, size, &count)) == BYTE_SOURCE_READ)
    strncat(all, bytes, count);
  return answer;
}

static const struct {
  int64_t offset, length;
  const char *expected; /* NULL: there is no such range */
} ranges[] = {
    {0, BYTE_SOURCE_UNKNOWN, digits},
    {0, 10, digits},
    {4, BYTE_SOURCE_UNKNOWN, "456789"},
    {4, 3, "456"},
    {9, 1, "9"},
    {10, BYTE_SOURCE_UNKNOWN, ""},
    {10, 0, ""},
    {3, 0, ""},
    {11, BYTE_SOURCE_UNKNOWN, NULL},
    {11, 0, NULL},
    {0, 11, digits},
    {4, 7, "456789"},
    {9, 2, "9"},
    {1, INT64_C(9000000000000000), "123456789"},
    {10, 1, NULL},
    {INT64_C(9000000000000000), 1, NULL},
    {INT64_C(9000000000000000), INT64_C(9000000000000000), NULL},
};

static bool make(struct byte_source *source, bool of_file, int64_t offset, int64_t length,
                 struct failure *failure) {
  struct byte_range range = {.name = "it", .offset = offset, .length = length};
  struct regular_file file;
  *failure = (struct failure){0};
  if (!of_file) return byte_source_of_memory(source, guard_page_copy(digits, 10), 10, range, failure);
  return regular_file_open(&file, path, failure) && byte_source_of_file(source, file, range, failure);
}

static const char *md5_of(const char *text) {
  static char hex[MD5_HEX_SIZE];
  struct md5 md5;
  md5_create(&md5);
  md5_update(&md5, text, strlen(text));
  md5_finish_hex(&md5, hex);
  return hex;
}

static bool has_md5(const struct byte_source *source, const char *text) {
  char hex[MD5_HEX_SIZE];
  return byte_source_get_md5(source, hex) && strcmp(hex, md5_of(text)) == 0;
}

/* That of the last reading from beginning to end, however often it began. */
static void check_md5(struct byte_source *source, const char *text) {
  char all[64], hex[MD5_HEX_SIZE];
  size_t count;
  bool is_empty = *text == '\0';
  CHECK(!byte_source_get_md5(source, hex), "no MD5 is kept unless it is wanted");
  byte_source_digest(source);
  for (int turn = 0; turn < 3; turn++) {
    byte_source_read(source, all, 1, &count);
    CHECK(byte_source_get_md5(source, hex) == (strlen(text) <= 1), "there is none before all was read");
    if (turn == 0) byte_source_restart(source);
    if (turn == 1) byte_source_rewind(source);
  }
  while (byte_source_read(source, all, 3, &count) == BYTE_SOURCE_READ) continue;
  CHECK(has_md5(source, text) && has_md5(source, text), "then it is '%s''s", is_empty ? "nothing" : text);
}

static void reads_ranges(bool of_file) {
  const char *kind = of_file ? "a file" : "memory";
  static const size_t sizes[] = {1, 3, 10, 16};
  enum byte_source_answer (*read_all)(struct byte_source *, size_t, char *) = of_file ? read_on : take;
  struct failure failure;
  EACH(range, ranges) EACH(size, sizes) {
    struct byte_source source;
    char all[64] = "";
    bool made = make(&source, of_file, range->offset, range->length, &failure);
    CHECK(made == (range->expected != NULL) && made == (failure.kind == FAILURE_NONE),
          "%s has bytes from %" PRId64 " on, %" PRId64 " of them: %d", kind, range->offset, range->length,
          range->expected != NULL);
    CHECK(made || strstr(failure.message, "it has 10 bytes, and none from offset "),
          "how many there are is told");
    if (made) {
      CHECK(byte_source_length(&source) == (int64_t)strlen(range->expected), "a range of %s knows its length",
            kind);
      CHECK(byte_source_is_exhausted(&source) == (byte_source_length(&source) == 0),
            "only none are read at once");
      CHECK(read_all(&source, *size, all) == BYTE_SOURCE_END && strcmp(all, range->expected) == 0,
            "'%s' in pieces of %zu of %s are '%s'", range->expected, *size, kind, all);
      CHECK(byte_source_is_exhausted(&source) && byte_source_position(&source) == byte_source_length(&source),
            "then all are read");
      CHECK(!byte_source_wants_chunk(&source), "%s wants no chunk", kind);
      byte_source_restart(&source);
      *all = '\0';
      CHECK(byte_source_position(&source) == 0 && read_all(&source, *size, all) == BYTE_SOURCE_END &&
                strcmp(all, range->expected) == 0,
            "%s can be read again", kind);
      CHECK(byte_source_rewind(&source) && byte_source_position(&source) == 0, "within an attempt, too");
      check_md5(&source, range->expected);
    }
    byte_source_release(&source);
    byte_source_release(&source);
    CHECK(!of_file || source.of.range.file.descriptor == -1, "a released source holds no file");
  }
}

/* A change comes to light at the last byte; until then a file is only as long as it was. */
static void breaks_with_its_file(void) {
  struct byte_source source;
  struct failure failure;
  char all[64] = "";
  size_t count;
  FILE *file;
  make(&source, true, 0, BYTE_SOURCE_UNKNOWN, &failure);
  CHECK(byte_source_read(&source, all, 9, &count) == BYTE_SOURCE_READ && count == 9, "most is read");
  file = fopen(path, "ab");
  fputs("ab", file);
  fclose(file);
  CHECK(byte_source_read(&source, all, 9, &count) == BYTE_SOURCE_BROKEN,
        "the last byte of another file is not");
  CHECK(source.problem.kind == FAILURE_FILE && strstr(source.problem.message, "had 10 bytes, and has 12"),
        "why is told");
  CHECK(byte_source_position(&source) == 9 && !byte_source_is_exhausted(&source), "not all was read");
  CHECK(byte_source_read(&source, all, 9, &count) == BYTE_SOURCE_BROKEN && count == 0,
        "what is broken stays so");
  byte_source_release(&source);

  make(&source, true, 2, BYTE_SOURCE_UNKNOWN, &failure);
  if (truncate(path, 5) != 0) abort();
  *all = '\0';
  CHECK(read_on(&source, 2, all) == BYTE_SOURCE_BROKEN && strcmp(all, "234") == 0,
        "what is left can be read");
  CHECK(strstr(source.problem.message, "it ends before byte 5"), "where it ends is told");
  byte_source_release(&source);
}

static void feed(struct byte_source *source, const char *chunk) {
  byte_source_feed(source, guard_page_copy(chunk, strlen(chunk)), strlen(chunk));
}

static void takes_chunks(int64_t length) {
  struct byte_source source;
  char all[64] = "";
  byte_source_of_chunks(&source, length, 10, false);
  CHECK(!byte_source_wants_chunk(&source) && !byte_source_is_exhausted(&source), "nobody has read yet");
  CHECK(byte_source_rewind(&source), "nothing is gone yet");
  CHECK(take(&source, 3, all) == BYTE_SOURCE_WANTS_CHUNK && byte_source_wants_chunk(&source), "it wants one");
  CHECK(take(&source, 3, all) == BYTE_SOURCE_WANTS_CHUNK && byte_source_wants_chunk(&source),
        "and still does");
  CHECK(!byte_source_must_refeed(&source) && byte_source_rewind(&source),
        "as long as nobody was asked nothing is gone");
  byte_source_note_asked(&source);
  CHECK(!byte_source_rewind(&source), "a chunk that was asked for may be gone");
  feed(&source, "0123");
  CHECK(!byte_source_wants_chunk(&source), "then it has one");
  CHECK(take(&source, 3, all) == BYTE_SOURCE_WANTS_CHUNK && strcmp(all, "0123") == 0, "which is read whole");
  feed(&source, "4");
  CHECK(take(&source, 1, all) == BYTE_SOURCE_WANTS_CHUNK && byte_source_position(&source) == 5,
        "how far it came is known");
  feed(&source, "56789");
  CHECK(!byte_source_is_exhausted(&source), "what is not read yet is left");
  if (length == BYTE_SOURCE_UNKNOWN) {
    CHECK(take(&source, 64, all) == BYTE_SOURCE_WANTS_CHUNK && !byte_source_is_exhausted(&source),
          "there may be more");
    byte_source_feed_none(&source);
  }
  CHECK(length != BYTE_SOURCE_UNKNOWN || take(&source, 64, all) == BYTE_SOURCE_END, "there is no more");
  if (length != BYTE_SOURCE_UNKNOWN) take(&source, 64, all);
  CHECK(strcmp(all, digits) == 0 && byte_source_is_exhausted(&source), "all is read");
  CHECK(!byte_source_problem(&source), "all is well");
  byte_source_restart(&source);
  CHECK(byte_source_length(&source) == length && byte_source_position(&source) == 0 &&
            !byte_source_must_refeed(&source) && !byte_source_is_exhausted(&source),
        "it begins again as it was");
  *all = '\0';
  CHECK(take(&source, 3, all) == BYTE_SOURCE_WANTS_CHUNK && !*all, "without the old chunk");
}

static void refuses_chunks(void) {
  static const struct {
    int64_t length;
    const char *chunks[3];
    const char *expected; /* NULL: no problem */
    enum failure_kind kind;
  } rows[] = {
      {BYTE_SOURCE_UNKNOWN, {"0123456789"}, NULL, FAILURE_NONE},
      {BYTE_SOURCE_UNKNOWN, {NULL}, NULL, FAILURE_NONE},
      {BYTE_SOURCE_UNKNOWN, {"01234", "567890"}, "more than 10 bytes", FAILURE_TOO_LARGE},
      {BYTE_SOURCE_UNKNOWN, {"01234567890"}, "more than 10 bytes", FAILURE_TOO_LARGE},
      {3, {"0123"}, "more than the 3 bytes", FAILURE_ABORTED},
      {3, {"01", "23"}, "more than the 3 bytes", FAILURE_ABORTED},
      {3, {"01"}, "ended after 2 of the 3 bytes", FAILURE_ABORTED},
      {3, {NULL}, "ended after 0 of the 3 bytes", FAILURE_ABORTED},
  };
  EACH(row, rows) {
    struct byte_source source;
    char all[64] = "";
    byte_source_of_chunks(&source, row->length, 10, true);
    for (int i = 0; i < 3; i++) {
      take(&source, 64, all);
      if (byte_source_problem(&source)) break;
      byte_source_note_asked(&source);
      if (!row->chunks[i]) {
        byte_source_feed_none(&source);
        break;
      }
      feed(&source, row->chunks[i]);
    }
    CHECK(source.problem.kind == row->kind &&
              (!row->expected || strstr(source.problem.message, row->expected)),
          "'%s' is '%s'", source.problem.message, row->expected ? row->expected : "no problem");
    CHECK(!byte_source_wants_chunk(&source), "it wants no more");
    CHECK(take(&source, 64, all) == (row->expected ? BYTE_SOURCE_BROKEN : BYTE_SOURCE_END),
          "that is the end");
    CHECK(byte_source_is_exhausted(&source) == !row->expected, "what broke has not all been read: %s",
          source.problem.message);
    byte_source_restart(&source);
    CHECK(!byte_source_problem(&source) && byte_source_can_restart(&source), "it can begin anew");
    byte_source_release(&source);
  }
}

static void digests_the_chunks_of_the_last_attempt(void) {
  static const char *const chunks[] = {"ab", "cde"};
  struct byte_source source;
  char all[64] = "";
  byte_source_of_chunks(&source, BYTE_SOURCE_UNKNOWN, 10, true);
  byte_source_digest(&source);
  EACH(chunk, chunks) {
    byte_source_restart(&source);
    feed(&source, *chunk);
    take(&source, 2, all);
  }
  byte_source_feed_none(&source);
  CHECK(has_md5(&source, "cde"), "what an earlier attempt sent is not in it");
}

static void reads_a_block(void) {
  struct byte_block *block = byte_block_new(4);
  struct byte_source source;
  char all[16] = {0};
  if (!block) abort();
  CHECK(byte_block_append(block, "ab", 2) == 2 && byte_block_append(block, "cdef", 4) == 2 &&
            byte_block_append(block, "g", 1) == 0 && byte_block_append(block, NULL, 0) == 0,
        "a block takes what it has room for");
  byte_source_of_block(&source, block);
  byte_block_unref(block);
  CHECK(take(&source, 3, all) == BYTE_SOURCE_END && strcmp(all, "abcd") == 0 &&
            byte_source_is_exhausted(&source) && byte_source_length(&source) == 4,
        "its source has a reference of its own, and reads all of it");
  byte_source_restart(&source);
  CHECK(take(&source, 3, all) == BYTE_SOURCE_END && strcmp(all, "abcdabcd") == 0, "and reads it again");
  byte_source_release(&source);
  byte_source_release(&source);
}

int main(void) {
  int descriptor = mkstemp(path);
  struct byte_source none = {0};
  int has_input;
  if (descriptor < 0 || write(descriptor, digits, 10) != 10) return 1;
  close(descriptor);
  has_input = fcntl(0, F_GETFD);
  byte_source_release(&none);
  CHECK(fcntl(0, F_GETFD) == has_input, "no source holds no file, not even descriptor 0");
  reads_ranges(false);
  reads_ranges(true);
  reads_a_block();
  breaks_with_its_file();
  takes_chunks(BYTE_SOURCE_UNKNOWN);
  takes_chunks(10);
  refuses_chunks();
  digests_the_chunks_of_the_last_attempt();
  unlink(path);
  return unit_end();
}
