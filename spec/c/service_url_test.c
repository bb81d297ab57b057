/* SPDX-License-Identifier: MIT */
#include "http/service_url.h"

#include "guard_page.h"
#include "unit.h"

static const struct url_row {
  const char *base_url;
  const char *prefix; /* NULL: refused */
  const char *query;  /* or, of a refused one, what the message says */
} rows[] = {
    {"https://api.openai.com/v1", "https://api.openai.com/v1", ""},
    {"https://api.openai.com/v1/", "https://api.openai.com/v1", ""},
    {"https://api.openai.com/v1///", "https://api.openai.com/v1", ""},
    {"https://api.openai.com", "https://api.openai.com", ""},
    {"https://api.openai.com/", "https://api.openai.com", ""},
    {"https://api.openai.com:8443/v1", "https://api.openai.com:8443/v1", ""},
    {"https://r.openai.azure.com/openai/v1?api-version=preview", "https://r.openai.azure.com/openai/v1",
     "api-version=preview"},
    {"https://r.openai.azure.com/openai/v1/?a=1&b=%2F", "https://r.openai.azure.com/openai/v1", "a=1&b=%2F"},
    {"https://host?a=1", "https://host", "a=1"},
    {"https://host/v1?", "https://host/v1", ""},
    {"https://[2001:db8::1]/v1", "https://[2001:db8::1]/v1", ""},
    {"https://[2001:db8::1]:8443/v1", "https://[2001:db8::1]:8443/v1", ""},
    {"https://10.0.0.1/v1", "https://10.0.0.1/v1", ""},
    {"HTTPS://host/v1", "https://host/v1", ""},

    {"http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1", ""},
    {"http://127.1.2.3/v1", "http://127.1.2.3/v1", ""},
    {"http://127.255.255.255", "http://127.255.255.255", ""},
    {"http://[::1]:8080/v1", "http://[::1]:8080/v1", ""},
    {"http://[0:0:0:0:0:0:0:1]/v1", "http://[::1]/v1", ""},
    {"http://localhost/v1", "http://localhost/v1", ""},
    {"http://localhost:8080/v1", "http://localhost:8080/v1", ""},
    {"HTTP://LOCALHOST/v1", "http://LOCALHOST/v1", ""},

    {"http://127.0.0.1.evil.example/v1", NULL, "unencrypted"},
    {"http://localhost.evil.example/v1", NULL, "unencrypted"},
    {"http://evil-localhost/v1", NULL, "unencrypted"},
    {"http://10.0.0.1/v1", NULL, "unencrypted"},
    {"http://0.0.0.0/v1", NULL, "unencrypted"},
    {"http://128.0.0.1/v1", NULL, "unencrypted"},
    {"http://192.168.127.1/v1", NULL, "unencrypted"},
    {"http://example.com/v1", NULL, "unencrypted"},
    {"http://[::2]/v1", NULL, "unencrypted"},
    {"http://[2001:db8::1]/v1", NULL, "unencrypted"},
    {"http://127.0.0.1@evil.example/v1", NULL, "user name"},

    {"https://user:password@api.openai.com/v1", NULL, "user name"},
    {"https://user@api.openai.com/v1", NULL, "user name"},
    {"https://:password@api.openai.com/v1", NULL, "user name"},
    {"https://api.openai.com/v1#here", NULL, "fragment"},
    {"ftp://host/v1", NULL, "neither"},
    {"file:///etc/passwd", NULL, "neither"},
    {"ws://host/v1", NULL, "neither"},
    {"", NULL, "no URL"},
    {"api.openai.com/v1", NULL, "no URL"},
    {"//api.openai.com/v1", NULL, "no URL"},
    {"https://", NULL, ""},
    {"http://[::1/v1", NULL, "no URL"},
    {"https://host:port/v1", NULL, "no number up to 65535"},
    {"https://host:99999/v1", NULL, "no number up to 65535"},
    {"https://ho st/v1", NULL, "no URL"},
    {"rubbish", NULL, "no URL"},
    {" ", NULL, "no URL"},
    {"\xff\xfe", NULL, "no URL"},
};

static void takes_base_urls_apart(void) {
  EACH(row, rows) {
    struct service_url url;
    struct failure failure = {0};
    bool taken = service_url_parse(&url, row->base_url, NULL, false, &failure);
    if (row->prefix)
      CHECK(taken && strcmp(text_buffer_text(&url.prefix), row->prefix) == 0 &&
                strcmp(text_buffer_text(&url.query), row->query) == 0,
            "'%s' becomes '%s' and '%s' (was '%s' and '%s', %s)", row->base_url, row->prefix, row->query,
            text_buffer_text(&url.prefix), text_buffer_text(&url.query), failure.message);
    else
      CHECK(!taken && failure.kind == FAILURE_CONFIGURATION && strstr(failure.message, row->query),
            "'%s' is refused for '%s' (was '%s')", row->base_url, row->query, failure.message);
    service_url_destroy(&url);
  }
}

static void knows_plain_http(void) {
  static const struct {
    const char *base_url;
    bool plain_http;
  } plain_rows[] = {
      {"http://example.com/v1", true}, {"http://127.0.0.1", true}, {"https://example.com", false}};
  EACH(row, plain_rows) {
    struct service_url url;
    struct failure failure = {0};
    CHECK(service_url_parse(&url, row->base_url, NULL, true, &failure) && url.plain_http == row->plain_http,
          "'%s' is %s http when plain http is allowed", row->base_url,
          row->plain_http ? "plain" : "no plain");
    service_url_destroy(&url);
  }
}

static void refuses_a_very_long_url(void) {
  static char base_url[SERVICE_URL_MAX_BYTES + 100] = "https://host/";
  struct service_url url;
  struct failure failure = {0};
  memset(base_url + strlen(base_url), 'a', sizeof base_url - 1 - strlen(base_url));
  CHECK(!service_url_parse(&url, base_url, NULL, false, &failure) && failure.kind == FAILURE_CONFIGURATION &&
            strstr(failure.message, "longer"),
        "a base URL of more than %d bytes is refused (%s)", SERVICE_URL_MAX_BYTES, failure.message);
  service_url_destroy(&url);
}

static void names_the_host_but_not_all_of_a_long_one(void) {
  static char base_url[700] = "http://";
  struct service_url url;
  struct failure failure = {0};
  memset(base_url + 7, 'h', sizeof base_url - 8);
  CHECK(!service_url_parse(&url, base_url, NULL, false, &failure) &&
            strstr(failure.message, "allow_plain_http"),
        "a long host leaves room for the advice (%s)", failure.message);
  service_url_destroy(&url);
}

static void encodes_query_pairs(void) {
  static const struct {
    const char *name, *value, *then;
  } pairs[] = {
      {"a", "1", "a=1"},
      {"b", "", "a=1&b="},
      {"c d", "&=?#", "a=1&b=&c%20d=%26%3D%3F%23"},
      {"e", "\xc3\xa9~-._", "a=1&b=&c%20d=%26%3D%3F%23&e=%C3%A9~-._"},
  };
  struct text_buffer query;
  text_buffer_create(&query, 100);
  EACH(pair, pairs) {
    bool added =
        service_url_add_query(&query, pair->name, strlen(pair->name),
                              guard_page_copy(pair->value, strlen(pair->value)), strlen(pair->value));
    CHECK(added && strcmp(text_buffer_text(&query), pair->then) == 0,
          "after %s=%s the query is '%s' (was '%s')", pair->name, pair->value, pair->then,
          text_buffer_text(&query));
  }
  CHECK(service_url_add_query(&query, "n", 1, "a\0b", 3) && strstr(text_buffer_text(&query), "n=a%00b"),
        "a NUL is encoded as well");
  for (int i = 0; i < 100 && service_url_add_query(&query, "name", 4, "value", 5); i++) continue;
  CHECK(query.over_cap && query.length <= 100, "a query stops at its cap");
  text_buffer_destroy(&query);
}

static void joins_queries_to_urls(void) {
  static const struct {
    const char *url, *query, *then;
  } joins[] = {
      {"https://h/v1", "", "https://h/v1"},
      {"https://h/v1", "a=1", "https://h/v1?a=1"},
      {"https://h/v1?a=1", "b=2", "https://h/v1?a=1&b=2"},
  };
  EACH(join, joins) {
    struct text_buffer url, query;
    text_buffer_create(&url, 100);
    text_buffer_create(&query, 100);
    text_buffer_append_text(&url, join->url);
    text_buffer_append_text(&query, join->query);
    CHECK(service_url_append_query(&url, &query) && strcmp(text_buffer_text(&url), join->then) == 0,
          "'%s' and '%s' make '%s' (was '%s')", join->url, join->query, join->then, text_buffer_text(&url));
    text_buffer_destroy(&url);
    text_buffer_destroy(&query);
  }
}

int main(void) {
  takes_base_urls_apart();
  knows_plain_http();
  refuses_a_very_long_url();
  names_the_host_but_not_all_of_a_long_one();
  encodes_query_pairs();
  joins_queries_to_urls();
  return unit_end();
}
