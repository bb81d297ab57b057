/* SPDX-License-Identifier: MIT */
/* Linked with --wrap=curl_slist_free_all, to look at a list while it is given back. */
#include "http/http_headers.h"

#include "guard_page.h"
#include "unit.h"

void __real_curl_slist_free_all(struct curl_slist *list);
void __wrap_curl_slist_free_all(struct curl_slist *list);

static unsigned unwiped_lines;

void __wrap_curl_slist_free_all(struct curl_slist *list) {
  for (struct curl_slist *node = list; node; node = node->next) unwiped_lines += *node->data != '\0';
  __real_curl_slist_free_all(list);
}

/* "A: 1|B: 2" */
static const char *joined(const struct curl_slist *list) {
  static char text[4096];
  size_t length = 0;
  text[0] = '\0';
  for (; list; list = list->next)
    length += (size_t)snprintf(text + length, sizeof text - length, "%s%s", length ? "|" : "", list->data);
  return text;
}

static bool set(struct curl_slist **list, const char *name, const char *value, struct failure *failure) {
  return http_headers_set(list, name, strlen(name), value, value ? strlen(value) : 0, failure);
}

static void sets_and_replaces(void) {
  static const struct set_row {
    const char *name, *value, *then;
  } rows[] = {
      {"X-One", "1", "X-One: 1"},
      {"X-Two", "2", "X-One: 1|X-Two: 2"},
      {"x-one", "uno", "x-one: uno|X-Two: 2"},
      {"X-On", "other", "x-one: uno|X-Two: 2|X-On: other"},
      {"X-TWO", "", "x-one: uno|X-TWO;|X-On: other"},
      {"X-Two", NULL, "x-one: uno|X-Two:|X-On: other"},
      {"x-two", "back", "x-one: uno|x-two: back|X-On: other"},
      {"X-on", "a: b; c", "x-one: uno|x-two: back|X-on: a: b; c"},
      {"X-ON", "d", "x-one: uno|x-two: back|X-ON: d"},
  };
  struct curl_slist *list = NULL;
  struct failure failure = {0};
  EACH(row, rows) {
    bool was_set = set(&list, row->name, row->value, &failure);
    CHECK(was_set && strcmp(joined(list), row->then) == 0,
          "after '%s' is set to %s the list is '%s' (was '%s')", row->name,
          row->value ? row->value : "(not sent)", row->then, joined(list));
  }
  CHECK(http_headers_have(list, "X-ONE") && !http_headers_have(list, "X-O") &&
            !http_headers_have(NULL, "X-One"),
        "a header is found whatever its case, and only as a whole");
  http_headers_wipe(list);
}

static void refuses_what_could_break_a_request(void) {
  static const struct refusal_row {
    const char *name, *value;
    size_t value_length;
    const char *message;
  } rows[] = {
#define VALUE(text) text, sizeof text - 1
      {"", VALUE("x"), "name is empty"},
      {"X Y", VALUE("x"), "not allowed"},
      {"X:Y", VALUE("x"), "not allowed"},
      {"X;", VALUE("x"), "not allowed"},
      {"X\r\nY", VALUE("x"), "not allowed"},
      {"X\n", VALUE("x"), "not allowed"},
      {"X\xc3\xa9", VALUE("x"), "not allowed"},
      {"(X)", VALUE("x"), "not allowed"},
      {"X", VALUE("a\r\nb: c"), "line break"},
      {"X", VALUE("a\nb"), "line break"},
      {"X", VALUE("a\rb"), "line break"},
      {"X", VALUE("a\0b"), "NUL"},
      {"X", VALUE("\n"), "line break"},
      {"Content-Length", VALUE("1"), "set by the client"},
      {"content-length", VALUE("1"), "set by the client"},
      {"TRANSFER-ENCODING", VALUE("chunked"), "set by the client"},
      {"Host", VALUE("x"), "set by the client"},
      {"Connection", VALUE("close"), "set by the client"},
      {"Expect", VALUE(""), "set by the client"},
#undef VALUE
  };
  struct curl_slist *list = NULL;
  EACH(row, rows) {
    struct failure failure = {0};
    bool was_set =
        http_headers_set(&list, row->name, strlen(row->name), guard_page_copy(row->value, row->value_length),
                         row->value_length, &failure);
    CHECK(!was_set && !list && failure.kind == FAILURE_CONFIGURATION && strstr(failure.message, row->message),
          "header '%s' with '%s' is refused for '%s' (was '%s')", row->name, row->value, row->message,
          failure.message);
  }
}

static void reads_no_byte_past_name_and_value(void) {
  struct curl_slist *list = NULL;
  struct failure failure;
  CHECK(http_headers_set(&list, guard_page_copy("X-Name", 6), 6, "value", 5, &failure) &&
            strcmp(joined(list), "X-Name: value") == 0,
        "a name needs no NUL behind it");
  CHECK(http_headers_set(&list, "X-Name", 6, guard_page_copy("other", 5), 5, &failure) &&
            strcmp(joined(list), "X-Name: other") == 0,
        "a value needs no NUL behind it");
  CHECK(http_headers_set(&list, "X-Nam", 5, "z", 1, &failure) &&
            strcmp(joined(list), "X-Name: other|X-Nam: z") == 0,
        "a name is no prefix of another");
  http_headers_wipe(list);
}

static void merges(void) {
  struct curl_slist *list = NULL, *additions = NULL;
  struct failure failure;
  CHECK(http_headers_merge(&list, NULL) && !list, "merging nothing into nothing is nothing");
  set(&list, "A", "1", &failure), set(&list, "B", "2", &failure);
  set(&additions, "b", "two", &failure), set(&additions, "C", NULL, &failure),
      set(&additions, "D", "", &failure);
  CHECK(http_headers_merge(&list, additions) && strcmp(joined(list), "A: 1|b: two|C:|D;") == 0,
        "merged headers replace those of the same name, and join the others (was '%s')", joined(list));
  CHECK(strcmp(joined(additions), "b: two|C:|D;") == 0, "what was merged in stays as it was");
  http_headers_wipe(additions);
  http_headers_wipe(list);
}

static void sets_lines_of_the_environment(void) {
  static const struct lines_row {
    const char *lines, *then; /* NULL: refused */
  } rows[] = {
      {"", ""},
      {"A: 1", "A: 1"},
      {"A: 1\nB: 2\n", "A: 1|B: 2"},
      {"A: 1\r\nB: 2\r\n", "A: 1|B: 2"},
      {"\n\n  \n\t\r\nA:1\n\n", "A: 1"},
      {"  A :  1 2 \t\nA: 3", "A: 3"},
      {"A:\nB: x", "A;|B: x"},
      {"A: b: c", "A: b: c"},
      {"A", NULL},
      {"A: 1\nrubbish\n", NULL},
      {": 1", NULL},
      {"A B: 1", NULL},
      {"A: 1\rB: 2", NULL},
      {"Host: x", NULL},
  };
  EACH(row, rows) {
    struct curl_slist *list = NULL;
    struct failure failure = {0};
    bool was_set = http_headers_set_lines(&list, row->lines, strlen(row->lines), "VARIABLE", &failure);
    if (row->then)
      CHECK(was_set && strcmp(joined(list), row->then) == 0, "lines '%s' give '%s' (was '%s')", row->lines,
            row->then, joined(list));
    else
      CHECK(!was_set && failure.kind == FAILURE_CONFIGURATION, "lines '%s' are refused", row->lines);
    http_headers_wipe(list);
  }
}

static void walks_an_answers_block(void) {
  static const struct block_row {
    const char *block, *then;
  } rows[] = {
      {"", ""},
      {"HTTP/1.1 200 OK\r\n\r\n", ""},
      {"HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\n\r\n", "A=1|B=2"},
      {"A: 1\nB:2\nC:\n", "A=1|B=2|C="},
      {"A: 1", "A=1"},
      {"A:", "A="},
      {"A", ""},
      {"A: 1\r", "A=1"},
      {"A : \t 1 2 \t \r\n", "A=1 2"},
      {": nameless\r\n :x\r\nA: 1\r\n", "A=1"},
      {"no colon\r\nA: 1\r\n", "A=1"},
      {"A: b: c\r\n", "A=b: c"},
      {"\r\n\n\r\nA: 1", "A=1"},
      {":", ""},
      {"\n", ""},
      {" ", ""},
  };
  EACH(row, rows) {
    size_t length = strlen(row->block), position = 0, written = 0;
    const char *block = guard_page_copy(row->block, length);
    struct http_header header;
    char text[256] = "";
    while (http_headers_next(block, length, &position, &header) && written < sizeof text)
      written +=
          (size_t)snprintf(text + written, sizeof text - written, "%s%.*s=%.*s", written ? "|" : "",
                           (int)header.name_length, header.name, (int)header.value_length, header.value);
    CHECK(strcmp(text, row->then) == 0 && position == length, "block '%s' holds '%s' (was '%s')", row->block,
          row->then, text);
  }
}

static void finds_the_last_value_that_fits(void) {
  static const char block[] = "HTTP/1.1 200 OK\r\nX-Id: one\r\nx-id:  two \r\nX-I: no\r\nX-Idea: "
                              "no\r\nEmpty:\r\nLong: 1234567\r\nX-Id: 12345678";
  static const struct find_row {
    const char *name;
    bool found;
    const char *value;
  } rows[] = {
      {"x-id", true, "two"},     {"X-ID", true, "two"}, {"X-I", true, "no"},  {"Empty", true, ""},
      {"Long", true, "1234567"}, {"X", false, ""},      {"X-Ide", false, ""}, {"HTTP/1.1 200 OK", false, ""},
  };
  const char *copy = guard_page_copy(block, sizeof block - 1);
  EACH(row, rows) {
    char value[8] = "unset";
    bool found = http_headers_find(copy, sizeof block - 1, row->name, value, sizeof value);
    CHECK(found == row->found && strcmp(value, row->value) == 0, "'%s' is '%s' in seven bytes (was '%s')",
          row->name, row->value, value);
  }
}

static void knows_names_of_secrets(void) {
  static const struct name_row {
    const char *name;
    bool is_secret;
  } rows[] = {
      {"Authorization", true},   {"api-key", true}, {"X-Api-KEY", true},  {"Cookie", true},
      {"token", true},           {"sig", true},     {"PHPSESSION", true}, {"api-version", false},
      {"OpenAI-Project", false}, {"", false},
  };
  EACH(row, rows)
  CHECK(http_headers_name_a_secret(row->name, strlen(row->name)) == row->is_secret, "'%s' %s", row->name,
        row->is_secret ? "holds a secret" : "holds none");
}

int main(void) {
  knows_names_of_secrets();
  sets_and_replaces();
  refuses_what_could_break_a_request();
  reads_no_byte_past_name_and_value();
  merges();
  sets_lines_of_the_environment();
  walks_an_answers_block();
  finds_the_last_value_that_fits();
  CHECK(unwiped_lines == 0, "every line is overwritten before it is freed (%u were not)", unwiped_lines);
  return unit_end();
}
