/* SPDX-License-Identifier: MIT */
#include "base/terminal.h"

#include "unit.h"
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct text_row {
  const char *sentence, *text;
  size_t columns;
} rows[] = {
    {"an empty text takes none", "", 0},
    {"a letter of ASCII takes one", "train.jsonl", 11},
    {"a letter of Cyrillic takes one", "\xd0\xbe\xd0\xb1", 2},
    {"an ideograph takes two", "\xe8\xa8\x93", 2},
    {"an emoji takes two", "\xf0\x9f\x93\x84", 2},
    {"an accent that stands by itself takes none", "e\xcc\x81", 1},
    {"a dash and a euro sign take one each, though they have three bytes", "\xe2\x80\x93\xe2\x82\xac", 2},
    {"each byte that is not UTF-8 takes one", "a\xff\xe2\x82", 4},
};

static void test_texts(void) {
  EACH(row, rows) {
    size_t columns = terminal_text_columns(row->text, strlen(row->text));
    CHECK(columns == row->columns, "%s (%zu)", row->sentence, columns);
  }
  CHECK(strcmp(setlocale(LC_ALL, NULL), "C") == 0, "the locale of the host stays as it was");
}

static void test_terminal(void) {
  const struct winsize narrow = {.ws_col = 43};
  int ends[2];
  int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  CHECK(pipe(ends) == 0 && terminal_columns(ends[0]) == 0, "a pipe has no width");
  CHECK(terminal_columns(-1) == 0, "nor has a descriptor that is closed");
  if (terminal < 0) return; /* this system gives no pseudo-terminal */
  CHECK(terminal_columns(terminal) == 0, "a terminal that does not know its width has none");
  CHECK(ioctl(terminal, TIOCSWINSZ, &narrow) == 0 && terminal_columns(terminal) == 43,
        "a terminal tells its width");
  close(terminal);
}

int main(void) {
  test_texts();
  test_terminal();
  return unit_end();
}
