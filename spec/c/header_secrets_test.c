/* SPDX-License-Identifier: MIT */
#include "http/header_secrets.h"

#include "unit.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool has_no_memory;
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
  return has_no_memory ? NULL : __real_malloc(size);
}

static const struct secret_row {
  const char *line, *text, *masked;
} rows[] = {
    {"Authorization: Bearer sk-secret", "Bearer sk-secret", "Bearer *********"},
    {"authorization:   Bearer   sk-secret ", "sk-secret", "*********"},
    {"X-Api-Key: sk-secret", "sk-secret", "*********"},
    {"Authorization: Token two words", "two words, token two words", "two words, token *********"},
    {"Authorization: Bearer", "Bearer", "Bearer"},
    {"X-Other: sk-secret", "sk-secret", "sk-secret"},
    {"X-Api-Key:", "sk-secret", "sk-secret"},
    {"X-Api-Key;", "sk-secret", "sk-secret"},
    {"no line", "sk-secret", "sk-secret"},
    {"Cookie: sk-secret", "sk-secret", "*********"},
    {"Cookie: a=sk-secret; b=sk-two222; c=sk-three", "sk-two222 and sk-secret, sk-three",
     "********* and *********, ********"},
    {"Cookie: a=sk-secret;b=sk-two222", "sk-two222 and sk-secret", "********* and *********"},
    {"Cookie: a=\"sk-secret\"", "sk-secret", "*********"},
    {"Cookie: a=sk-secret=x", "sk-secret=x", "***********"},
    {"Cookie: a=\"", "a=\"", "a=\""},
    {"Authorization: Digest username=\"u\", response=\"0123456789ab\"", "0123456789ab", "************"},
    {"Authorization: AWS4-HMAC-SHA256 Credential=a/b, Signature=0123456789ab",
     "AWS4-HMAC-SHA256: 0123456789ab", "AWS4-HMAC-SHA256: ************"},
    {"Authorization: Basic dXNlcjpodW50ZXItMjI=", "user, hunter-22", "user, *********"},
    {"Proxy-Authorization: basic  dXNlcjpodW50ZXItMjI=", "hunter-22", "*********"},
    {"Authorization: Basic dXNlcjpodW50ZXItMjI=", "dXNlcjpodW50ZXItMjI=", "********************"},
    {"Authorization: Basic aHVudGVyLTIy", "hunter-22", "*********"},
    {"Authorization: Basic ", "hunter-22", "hunter-22"},
    {"Authorization: Bearer dXNlcjpodW50ZXItMjI=", "hunter-22", "hunter-22"},
    {"Authorization: Basic dXNlcjr7//77//77//4=", "\xfb\xff\xfe\xfb\xff\xfe\xfb\xff\xfe", "*********"},
    {"Authorization: Basic dXNlcjr7__77__77__4", "\xfb\xff\xfe\xfb\xff\xfe\xfb\xff\xfe", "*********"},
};

static void says_when_memory_runs_out(void) {
  struct text_buffer buffer;
  text_buffer_create(&buffer, 100);
  text_buffer_append_text(&buffer, "hunter-22");
  has_no_memory = true;
  CHECK(!header_secrets_hide("Authorization: Basic dXNlcjpodW50ZXItMjI=", &buffer),
        "cannot decode a password");
  CHECK(header_secrets_hide("Authorization: Bearer sk-secret", &buffer), "needs no memory for a key");
  has_no_memory = false;
  text_buffer_destroy(&buffer);
}

int main(void) {
  EACH(row, rows) {
    struct text_buffer buffer;
    text_buffer_create(&buffer, 100);
    text_buffer_append_text(&buffer, row->text);
    CHECK(header_secrets_hide(row->line, &buffer), "there is memory for '%s'", row->line);
    CHECK(strcmp(text_buffer_text(&buffer), row->masked) == 0, "'%s' hides '%s': '%s'", row->line, row->text,
          text_buffer_text(&buffer));
    text_buffer_destroy(&buffer);
  }
  says_when_memory_runs_out();
  return unit_end();
}
