/* SPDX-License-Identifier: MIT */
#include "base/environment.h"

#include "unit.h"
#include <stdlib.h>
#include <string.h>

static const struct value_row {
  const char *value, *read; /* NULL: none */
} rows[] = {
    {NULL, NULL},
    {"", NULL},
    {" \t\r\n\v\f", NULL},
    {"\xEF\xBB\xBF", NULL},
    {"\xEF\xBB\xBF\r\n", NULL},
    {"sk-1", "sk-1"},
    {"sk-1\n", "sk-1"},
    {"sk-1\r\n", "sk-1"},
    {"\r\n sk-1\t", "sk-1"},
    {"\xEF\xBB\xBFsk-1", "sk-1"},
    {" \xEF\xBB\xBF sk-1\xEF\xBB\xBF ", "sk-1"},
    {"\xC2\xA0sk-1\xC2\xA0", "sk-1"},
    {"a b\nc", "a b\nc"},
    {"\xBF\xC2", "\xBF\xC2"},
    {"\xA0", "\xA0"},
};

int main(void) {
  EACH(row, rows) {
    size_t length;
    const char *text;
    if (row->value)
      setenv("OPENAI_UNIT", row->value, 1);
    else
      unsetenv("OPENAI_UNIT");
    text = environment_get("OPENAI_UNIT", &length);
    CHECK(row->read ? text && length == strlen(row->read) && memcmp(text, row->read, length) == 0 : !text,
          "of '%s' is read '%s'", row->value ? row->value : "(none)", row->read ? row->read : "(none)");
  }
  return unit_end();
}
