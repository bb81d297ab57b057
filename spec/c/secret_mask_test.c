/* SPDX-License-Identifier: MIT */
#include "base/secret_mask.h"

#include "unit.h"
#include <string.h>

static const struct mask_row {
  const char *what, *secret, *text, *masked;
} rows[] = {
    {"one that is not there", "sk-secret", "nothing", "nothing"},
    {"one that is all there is", "sk-secret", "sk-secret", "*********"},
    {"several", "sk-secret", "a sk-secret b sk-secret", "a ********* b *********"},
    {"one after a false start", "sk-secret", "sk-sk-secret", "sk-*********"},
    {"one cut short", "sk-secret", "sk-secre", "sk-secre"},
    {"one that overlaps itself", "abababab", "abababababab", "********abab"},
    {"one of asterisks", "********", "**********", "**********"},
    {"a slash as JSON may write it", "sk/secret", "\"sk\\/secret\"", "\"**********\""},
    {"a quote and a backslash as JSON writes them", "sk\"\\secret", "sk\\\"\\\\secret", "************"},
    {"two backslashes as they are", "sk\\\\secret", "sk\\\\secret", "**********"},
    {"one that ends in an escape cut short", "sksecret\"", "sksecret\\", "sksecret\\"},
    {"a code as JSON writes it", "sk-secret", "sk\\u002dsecret", "**************"},
    {"JSON within JSON", "sk/se\"cret", "sk\\\\/se\\\\\\\"cret", "***************"},
    {"one of a URL", "sk/s+cret", "sk%2Fs%252bcret.", "***************."},
    {"one of HTML", "sk<s&cret", "sk&lt;s&amp;cret sk&#60;s&#x26;cret",
     "**************** ******************"},
    {"one in upper case", "sk-secret", "SK-SECRET", "*********"},
    {"one broken into lines", "sk-secret", "sk-\r\n sec\\nret\n", "**************\n"},
    {"base64 of it", "sk-secret", "c2stc2VjcmV0", "************"},
    {"base64 with two bytes before it", "sk-secret", "YWJzay1zZWNyZXQ=", "YWJ***********Q="},
    {"base64 with one byte before it", "sk-secret", "YXNrLXNlY3JldA==", "YX***********A=="},
    {"base64 broken into lines", "sk-secret", "c2st\nc2VjcmV0", "*************"},
    {"an escape that is cut off", "sk-secret", "sk\\u00", "sk\\u00"},
    {"a percent sign at the end", "sk-secret", "sk%2", "sk%2"},
    {"an ampersand at the end", "sk-secret", "sk&#", "sk&#"},
    {"one too short to be a secret", "secret", "secret", "secret"},
};

static const struct key_row {
  const char *what, *key, *text, *masked;
} key_rows[] = {
    {"a key with a digit anywhere", "fine-tune-1", "fine-tune-1", "***********"},
    {"a key that begins as OpenAI's anywhere", "sk-secret", "sk-secret", "*********"},
    {"a key that is longer than a word anywhere", "twenty-letters-in-it", "twenty-letters-in-it",
     "********************"},
    {"no word", "fine-tune", "fine-tune", "fine-tune"},
    {"no word far behind a key", "fine-tune", "The key is bad. Its purpose must be one of these: fine-tune",
     "The key is bad. Its purpose must be one of these: fine-tune"},
    {"no word in the line after a key", "fine-tune", "x-key: 1\r\nx-purpose: fine-tune",
     "x-key: 1\r\nx-purpose: fine-tune"},
    {"a word behind a key", "fine-tune", "Incorrect API KEY: fine-tune", "Incorrect API KEY: *********"},
    {"a word behind a scheme", "fine-tune", "Bearer fine-tune, fine-tune", "Bearer *********, *********"},
    {"a word as JSON writes it", "fine.tune", "\"token\":\"fine.tune\"", "\"token\":\"*********\""},
    {"no key that is short", "key-123", "key-123", "key-123"},
};

static void hides_keys(void) {
  EACH(row, key_rows) {
    struct text_buffer buffer;
    text_buffer_create(&buffer, 100);
    text_buffer_append_text(&buffer, row->text);
    secret_mask_apply_key(&buffer, row->key, strlen(row->key));
    CHECK(strcmp(text_buffer_text(&buffer), row->masked) == 0, "hides %s: %s", row->what,
          text_buffer_text(&buffer));
    text_buffer_destroy(&buffer);
  }
}

int main(void) {
  struct text_buffer empty = {0};
  EACH(row, rows) {
    struct text_buffer buffer;
    text_buffer_create(&buffer, 100);
    text_buffer_append_text(&buffer, row->text);
    secret_mask_apply(&buffer, row->secret, strlen(row->secret));
    CHECK(strcmp(text_buffer_text(&buffer), row->masked) == 0, "hides %s: %s", row->what,
          text_buffer_text(&buffer));
    text_buffer_destroy(&buffer);
  }
  secret_mask_apply(&empty, "sk-secret", 9);
  CHECK(empty.length == 0, "finds nothing in an empty buffer");
  hides_keys();
  return unit_end();
}
