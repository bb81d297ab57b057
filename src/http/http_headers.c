/* SPDX-License-Identifier: MIT */
#include "http/http_headers.h"

#include "base/ascii.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 9110's token. */
static bool is_name_byte(unsigned char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
         (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte));
}

static bool is_name(const char *name, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (!is_name_byte((unsigned char)name[i])) return false;
  return length > 0;
}

static bool is_value(const char *value, size_t length) {
  for (size_t i = 0; i < length; i++)
    if (value[i] == '\r' || value[i] == '\n' || value[i] == '\0') return false;
  return true;
}

static bool same_text(const char *a, size_t a_length, const char *b, size_t b_length) {
  return a_length == b_length && ascii_same(a, b, a_length);
}

static const char *skip_blanks(const char *text, const char *end) {
  while (text < end && (*text == ' ' || *text == '\t')) text++;
  return text;
}

static const char *trim_blanks(const char *text, const char *end) {
  while (end > text && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r' || end[-1] == '\n')) end--;
  return end;
}

/* Their values depend on the request. Other values would break the framing. */
static bool is_ours_alone(const char *name, size_t length) {
  static const char *const names[] = {"content-length", "transfer-encoding", "connection", "host", "expect"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (same_text(name, length, names[i], strlen(names[i]))) return true;
  return false;
}

static size_t line_name_length(const char *line) {
  return strcspn(line, ":;");
}

static struct curl_slist *http_headers_node(struct curl_slist *list, const char *name, size_t length) {
  for (; list; list = list->next)
    if (same_text(list->data, line_name_length(list->data), name, length)) return list;
  return NULL;
}

static void wipe_text(char *text) {
  volatile char *byte = text;
  while (*byte) *byte++ = 0;
}

/* Each line must be allocated by curl, because curl frees the list. */
static bool http_headers_set_line(struct curl_slist **list, const char *line) {
  struct curl_slist *node = http_headers_node(*list, line, line_name_length(line));
  struct curl_slist *fresh = curl_slist_append(node ? NULL : *list, line);
  if (!fresh) return false;
  if (node) {
    char *replaced = node->data;
    node->data = fresh->data;
    fresh->data = replaced;
    http_headers_wipe(fresh);
  } else {
    *list = fresh;
  }
  return true;
}

bool http_headers_set(struct curl_slist **list, const char *name, size_t name_length, const char *value,
                      size_t value_length, struct failure *failure) {
  int shown = name_length < 64 ? (int)name_length : 64;
  char *line;
  bool set;
  if (!is_name(name, name_length))
    return failure_set(failure, FAILURE_CONFIGURATION,
                       "a header's name is empty or has a byte not allowed there");
  if (is_ours_alone(name, name_length))
    return failure_set(failure, FAILURE_CONFIGURATION, "header '%.*s' is set by the client itself", shown,
                       name);
  if (value && !is_value(value, value_length))
    return failure_set(failure, FAILURE_CONFIGURATION, "header '%.*s' contains a line break or a NUL byte",
                       shown, name);

  if (value) { /* blanks around it are no part of it, and alone they would be "none" to curl */
    const char *end = trim_blanks(value, value + value_length);
    value = skip_blanks(value, end);
    value_length = (size_t)(end - value);
  }
  line = malloc(name_length + value_length + sizeof ": ");
  if (!line) return failure_set_out_of_memory(failure);
  /* curl's spelling: "Name:" sends none, "Name;" sends an empty one */
  if (!value)
    sprintf(line, "%.*s:", (int)name_length, name);
  else if (value_length == 0)
    sprintf(line, "%.*s;", (int)name_length, name);
  else
    sprintf(line, "%.*s: %.*s", (int)name_length, name, (int)value_length, value);
  set = http_headers_set_line(list, line);
  wipe_text(line);
  free(line);
  return set || failure_set_out_of_memory(failure);
}

bool http_headers_merge(struct curl_slist **list, const struct curl_slist *additions) {
  for (; additions; additions = additions->next)
    if (!http_headers_set_line(list, additions->data)) return false;
  return true;
}

/* Splits "Name: value"; false without a colon. */
static bool split_line(const char *line, const char *end, struct http_header *header) {
  const char *colon = memchr(line, ':', (size_t)(end - line));
  if (!colon) return false;
  header->name = skip_blanks(line, colon);
  header->name_length = (size_t)(trim_blanks(header->name, colon) - header->name);
  header->value = skip_blanks(colon + 1, end);
  header->value_length = (size_t)(trim_blanks(header->value, end) - header->value);
  return true;
}

bool http_headers_set_lines(struct curl_slist **list, const char *lines, size_t length, const char *variable,
                            struct failure *failure) {
  const char *all_end = lines + length;
  while (lines < all_end) {
    const char *newline = memchr(lines, '\n', (size_t)(all_end - lines));
    const char *end = newline ? newline : all_end;
    struct http_header header;
    if (split_line(lines, end, &header)) {
      if (!http_headers_set(list, header.name, header.name_length, header.value, header.value_length,
                            failure))
        return false;
    } else if (skip_blanks(lines, end) < trim_blanks(lines, end)) {
      return failure_set(failure, FAILURE_CONFIGURATION, "%s has a line that is not 'Name: value'", variable);
    }
    lines = newline ? newline + 1 : all_end;
  }
  return true;
}

bool http_headers_have(const struct curl_slist *list, const char *name) {
  return http_headers_node((struct curl_slist *)(void *)list, name, strlen(name)) != NULL;
}

bool http_headers_name_a_secret(const char *name, size_t length) {
  static const char *const words[] = {"auth",       "key",    "token",   "secret", "password",
                                      "credential", "cookie", "session", "sig",    "jwt"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    for (size_t at = 0; at + strlen(words[i]) <= length; at++)
      if (ascii_same(name + at, words[i], strlen(words[i]))) return true;
  return false;
}

void http_headers_wipe(struct curl_slist *list) {
  for (struct curl_slist *node = list; node; node = node->next) wipe_text(node->data);
  curl_slist_free_all(list);
}

bool http_headers_next(const char *block, size_t length, size_t *position, struct http_header *header) {
  while (*position < length) {
    const char *line = block + *position;
    const char *newline = memchr(line, '\n', length - *position);
    const char *end = newline ? newline : block + length;
    *position = (size_t)(end - block) + (newline ? 1 : 0);
    if (split_line(line, end, header) && is_name(header->name, header->name_length)) return true;
  }
  return false;
}

bool http_headers_last(const char *block, size_t length, const char *name, struct http_header *header) {
  struct http_header each;
  size_t position = 0;
  bool found = false;
  while (http_headers_next(block, length, &position, &each)) {
    if (!same_text(each.name, each.name_length, name, strlen(name))) continue;
    *header = each;
    found = true;
  }
  return found;
}

bool http_headers_find(const char *block, size_t length, const char *name, char *value, size_t size) {
  struct http_header header;
  size_t position = 0;
  bool found = false;
  *value = '\0';
  while (http_headers_next(block, length, &position, &header)) {
    if (!same_text(header.name, header.name_length, name, strlen(name)) || header.value_length >= size)
      continue;
    memcpy(value, header.value, header.value_length);
    value[header.value_length] = '\0';
    found = true;
  }
  return found;
}
