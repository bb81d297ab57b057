/* SPDX-License-Identifier: MIT */
/* Linked with --wrap=free, to look at memory while it is given back. */
#include "base/text_buffer.h"

#include "guard_page.h"
#include "unit.h"
#include <stdint.h>

void __real_free(void *block);
void __wrap_free(void *block);

static struct {
  const char *block; /* to be looked at when it is freed */
  size_t size;
  bool was_freed, was_zero;
} watched;

void __wrap_free(void *block) {
  if (block && block == watched.block) {
    watched.was_freed = watched.was_zero = true;
    for (size_t i = 0; i < watched.size; i++) watched.was_zero &= watched.block[i] == 0;
    watched.block = NULL;
  }
  __real_free(block);
}

static bool holds(const struct text_buffer *buffer, const char *text) {
  return buffer->length == strlen(text) && strcmp(text_buffer_text(buffer), text) == 0;
}

static void starts_empty(void) {
  struct text_buffer buffer, zeroed = {0};
  text_buffer_create(&buffer, 10);
  CHECK(holds(&buffer, "") && !buffer.bytes && !buffer.over_cap, "a new buffer is empty and owns nothing");
  CHECK(text_buffer_append(&buffer, NULL, 0) && !buffer.bytes, "appending nothing allocates nothing");
  text_buffer_destroy(&buffer);
  text_buffer_destroy(&buffer);
  CHECK(holds(&buffer, "") && buffer.cap == 10,
        "destroying twice is allowed, and leaves an empty buffer with its cap");
  CHECK(!text_buffer_append(&zeroed, "a", 1) && zeroed.over_cap, "a zeroed buffer holds nothing");
  text_buffer_destroy(&zeroed);
  text_buffer_wipe(&zeroed);
  text_buffer_clear(&zeroed);
  CHECK(holds(&zeroed, ""), "a zeroed buffer may be destroyed, wiped and cleared");
}

static void appends_bytes_and_texts(void) {
  struct text_buffer buffer;
  text_buffer_create(&buffer, 100);
  CHECK(text_buffer_append_text(&buffer, "one ") &&
            text_buffer_append(&buffer, guard_page_copy("two", 3), 3) && holds(&buffer, "one two"),
        "texts follow each other");
  CHECK(text_buffer_append(&buffer, "\0x", 2) && buffer.length == 9 &&
            memcmp(buffer.bytes, "one two\0x", 10) == 0,
        "a NUL is a byte like others, and one more ends the whole");
  text_buffer_destroy(&buffer);
}

static void grows_a_byte_at_a_time(void) {
  enum { LENGTH = 5000 };
  struct text_buffer buffer;
  bool appended = true, same = true;
  text_buffer_create(&buffer, LENGTH);
  for (int i = 0; i < LENGTH; i++) {
    char byte = (char)('a' + i % 26);
    appended &= text_buffer_append(&buffer, &byte, 1);
  }
  for (int i = 0; i < LENGTH; i++) same &= buffer.bytes[i] == 'a' + i % 26;
  CHECK(appended && same && buffer.bytes[LENGTH] == '\0', "%d bytes appended one by one are all there",
        LENGTH);
  text_buffer_destroy(&buffer);
}

static void refuses_what_exceeds_the_cap(void) {
  static const size_t caps[] = {1, 10, 511, 512, 513, 1024};
  static char bytes[2048];
  memset(bytes, 'x', sizeof bytes);
  EACH(cap, caps) {
    struct text_buffer buffer;
    text_buffer_create(&buffer, *cap);
    CHECK(!text_buffer_append(&buffer, bytes, *cap + 1) && buffer.over_cap && buffer.length == 0,
          "cap %zu refuses %zu bytes", *cap, *cap + 1);
    buffer.over_cap = false;
    CHECK(text_buffer_append(&buffer, bytes, *cap) && !buffer.over_cap && buffer.bytes[*cap] == '\0',
          "cap %zu takes %zu bytes", *cap, *cap);
    CHECK(!text_buffer_append(&buffer, "y", 1) && buffer.over_cap, "cap %zu takes not one byte more", *cap);
    CHECK(!text_buffer_append(&buffer, "y", SIZE_MAX), "cap %zu refuses the largest length there is", *cap);
    CHECK(buffer.length == *cap && memchr(buffer.bytes, 'y', *cap) == NULL,
          "a refused append leaves the content as it was");
    text_buffer_destroy(&buffer);
  }
}

static void clears_for_the_next_use(void) {
  struct text_buffer buffer;
  const char *kept;
  text_buffer_create(&buffer, 100000);
  text_buffer_append_text(&buffer, "first");
  kept = buffer.bytes;
  buffer.over_cap = true;
  text_buffer_clear(&buffer);
  CHECK(holds(&buffer, "") && !buffer.over_cap && buffer.bytes == kept, "clearing keeps a small allocation");
  CHECK(text_buffer_append_text(&buffer, "second") && holds(&buffer, "second"),
        "a cleared buffer is filled again");
  for (int i = 0; i < 5000; i++) text_buffer_append_text(&buffer, "0123456789");
  text_buffer_clear(&buffer);
  CHECK(holds(&buffer, "") && !buffer.bytes && buffer.cap == 100000,
        "clearing gives a large allocation back, and keeps the cap");
  text_buffer_destroy(&buffer);
}

static void wipes_before_giving_back(void) {
  struct text_buffer buffer;
  text_buffer_create(&buffer, 100);
  text_buffer_append_text(&buffer, "sk-secret");
  memset(buffer.bytes, 's', buffer.size); /* what a longer key left behind counts too */
  watched.block = buffer.bytes, watched.size = buffer.size;
  text_buffer_wipe(&buffer);
  CHECK(watched.was_freed && watched.was_zero, "wiping zeroes the whole allocation before it is freed");
  CHECK(holds(&buffer, "") && buffer.cap == 100, "a wiped buffer is empty and usable");
}

static void leaves_nothing_behind_when_it_grows(void) {
  struct text_buffer buffer;
  text_buffer_create(&buffer, 1000);
  text_buffer_append_text(&buffer, "sk-secret");
  watched.was_freed = false;
  watched.block = buffer.bytes, watched.size = buffer.size;
  while (!watched.was_freed && text_buffer_append(&buffer, "more", 4)) continue;
  CHECK(watched.was_freed && watched.was_zero,
        "growing zeroes the block that is too small before it is freed");
  CHECK(memcmp(buffer.bytes, "sk-secretmore", 13) == 0, "and keeps the content");
  text_buffer_destroy(&buffer);
}

static void erases_and_keeps_the_room(void) {
  struct text_buffer buffer, untouched;
  const char *kept;
  bool is_zero = true;
  text_buffer_create(&buffer, 100);
  text_buffer_append_text(&buffer, "sk-secret");
  kept = buffer.bytes;
  buffer.over_cap = true;
  memset(buffer.bytes, 's', buffer.size);
  text_buffer_erase(&buffer);
  for (size_t i = 0; i < buffer.size; i++) is_zero &= buffer.bytes[i] == 0;
  CHECK(is_zero && buffer.bytes == kept && holds(&buffer, "") && !buffer.over_cap,
        "erasing zeroes the whole allocation, and keeps it");
  CHECK(text_buffer_append_text(&buffer, "sk-next") && holds(&buffer, "sk-next"),
        "an erased buffer is filled again");
  text_buffer_destroy(&buffer);
  text_buffer_create(&untouched, 100);
  text_buffer_erase(&untouched);
  CHECK(holds(&untouched, "") && !untouched.bytes, "there is nothing to erase in a new buffer");
}

int main(void) {
  starts_empty();
  appends_bytes_and_texts();
  grows_a_byte_at_a_time();
  refuses_what_exceeds_the_cap();
  clears_for_the_next_use();
  wipes_before_giving_back();
  leaves_nothing_behind_when_it_grows();
  erases_and_keeps_the_room();
  return unit_end();
}
