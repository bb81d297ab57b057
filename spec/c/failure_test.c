/* SPDX-License-Identifier: MIT */
#include "base/failure.h"

#include "unit.h"
#include <string.h>

static const struct status_row {
  long status;
  const char *kind;
} status_rows[] = {
    {200, "none"},
    {201, "none"},
    {204, "none"},
    {299, "none"},
    {300, "redirect"},
    {301, "redirect"},
    {302, "redirect"},
    {304, "redirect"},
    {308, "redirect"},
    {399, "redirect"},
    {400, "bad_request"},
    {401, "authentication"},
    {402, "status"},
    {403, "permission_denied"},
    {404, "not_found"},
    {405, "status"},
    {408, "status"},
    {409, "conflict"},
    {410, "gone"},
    {418, "status"},
    {422, "unprocessable_entity"},
    {429, "rate_limit"},
    {499, "status"},
    {500, "server"},
    {501, "server"},
    {502, "server"},
    {503, "server"},
    {504, "server"},
    {529, "server"},
    {599, "server"},
    {600, "server"},
    {999, "server"},
    {100, "status"},
    {199, "status"},
    {0, "status"},
    {-1, "status"},
};

static void names_the_kind_of_each_status(void) {
  EACH(row, status_rows) {
    const char *kind = failure_kind_name(failure_kind_of_status(row->status));
    CHECK(strcmp(kind, row->kind) == 0, "HTTP %ld is '%s' (was '%s')", row->status, row->kind, kind);
  }
}

static void names_each_kind_once(void) {
  for (int kind = FAILURE_NONE; kind <= FAILURE_OUT_OF_MEMORY; kind++) {
    const char *name = failure_kind_name((enum failure_kind)kind);
    bool is_only_one = true;
    for (int other = FAILURE_NONE; other < kind; other++)
      is_only_one &= strcmp(name, failure_kind_name((enum failure_kind)other)) != 0;
    CHECK(*name && is_only_one, "'%s' is the name of one kind", name);
  }
  CHECK(strcmp(failure_kind_name(FAILURE_NONE), "none") == 0, "the first kind is none");
  CHECK(strcmp(failure_kind_name(FAILURE_OUT_OF_MEMORY), "out_of_memory") == 0,
        "the last kind is out_of_memory");
}

static void keeps_its_text_inside(void) {
  struct failure failure = {0};
  char long_text[2 * FAILURE_MESSAGE_SIZE];
  CHECK(!failure_set(&failure, FAILURE_TLS, "%s after %d s", "no handshake", 3),
        "telling a failure returns false");
  CHECK(failure.kind == FAILURE_TLS && strcmp(failure.message, "no handshake after 3 s") == 0,
        "kind and formatted text are kept");
  memset(long_text, 'x', sizeof long_text - 1);
  long_text[sizeof long_text - 1] = '\0';
  memset(failure.message, 'y', sizeof failure.message);
  failure_set(&failure, FAILURE_DECODE, "%s", long_text);
  CHECK(strlen(failure.message) == FAILURE_MESSAGE_SIZE - 1 &&
            strspn(failure.message, "x") == FAILURE_MESSAGE_SIZE - 1,
        "a long text is cut and still ends in NUL");
  CHECK(!failure_set_out_of_memory(&failure) && failure.kind == FAILURE_OUT_OF_MEMORY &&
            strcmp(failure.message, "not enough memory") == 0,
        "want of memory is told in Lua's words");
}

int main(void) {
  names_the_kind_of_each_status();
  names_each_kind_once();
  keeps_its_text_inside();
  return unit_end();
}
