/* SPDX-License-Identifier: MIT */
#include "http/proxy_route.h"

#include "http/proxy_exclusion.h"
#include "unit.h"
#include <stdlib.h>
#include <string.h>

static const char *const variables[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                        "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};

static void clear_environment(void) {
  EACH(name, variables) unsetenv(*name);
}

static bool choose(struct proxy_route *route, const char *setting, const char *base_url,
                   bool allow_plain_http, struct failure *failure) {
  struct service_url service = {0};
  bool chosen = service_url_parse(&service, base_url, NULL, true, failure) &&
                proxy_route_choose(route, setting, &service, allow_plain_http, failure);
  service_url_destroy(&service);
  return chosen;
}

static void takes_urls_apart(void) {
  static const struct url_row {
    const char *setting, *url, *user, *password, *written, *basic, *name;
  } rows[] = {
      {"", "", "", "", "", "", ""},
      {"proxy:3128", "http://proxy:3128/", "", "", "", "", "proxy:3128 (from proxy)"},
      {"http://proxy", "http://proxy/", "", "", "", "", "proxy:1080 (from proxy)"},
      {"HTTPS://proxy/", "https://proxy/", "", "", "", "", "proxy:443 (from proxy)"},
      {"socks5h://[::1]:9050", "socks5h://[::1]:9050", "", "", "", "", "[::1]:9050 (from proxy)"},
      {"smtp.proxy:3128", "http://smtp.proxy:3128/", "", "", "", "", "smtp.proxy:3128 (from proxy)"},
      {"http://me:secret@proxy:3128", "http://proxy:3128/", "me", "secret", "secret", "bWU6c2VjcmV0",
       "proxy:3128 (from proxy)"},
      {"me:s%2Fe@proxy:3128", "http://proxy:3128/", "me", "s/e", "s%2Fe", "bWU6cy9l",
       "proxy:3128 (from proxy)"},
      {"http://me@proxy:3128", "http://proxy:3128/", "me", "", "", "bWU6", "proxy:3128 (from proxy)"},
      {"http://:s@proxy:3128", "http://proxy:3128/", "", "s", "s", "OnM=", "proxy:3128 (from proxy)"},
      {"http://a:bc@proxy:3128?x=1#y", "http://proxy:3128/", "a", "bc", "bc",
       "YTpiYw==", "proxy:3128 (from proxy)"},
  };
  clear_environment();
  EACH(row, rows) {
    struct proxy_route route = {0};
    struct failure failure = {0};
    bool chosen = choose(&route, row->setting, "https://service.example", false, &failure);
    CHECK(chosen, "'%s' is a proxy (%s)", row->setting, failure.message);
    CHECK(strncmp(text_buffer_text(&route.url), row->url, strlen(row->url)) == 0 &&
              strcmp(text_buffer_text(&route.user), row->user) == 0 &&
              strcmp(text_buffer_text(&route.password), row->password) == 0 &&
              strcmp(text_buffer_text(&route.written), row->written) == 0 &&
              strcmp(text_buffer_text(&route.basic), row->basic) == 0 && strcmp(route.name, row->name) == 0,
          "'%s' has its parts (%s, %s, %s)", row->setting, text_buffer_text(&route.url),
          text_buffer_text(&route.basic), route.name);
    proxy_route_destroy(&route);
  }
}

static void asks_the_environment(void) {
  static const struct environment_row {
    const char *variable, *base_url;
    bool allow_plain_http, is_used;
  } rows[] = {
      {"https_proxy", "https://service.example", false, true},
      {"HTTPS_PROXY", "https://service.example", false, true},
      {"all_proxy", "https://service.example", false, true},
      {"ALL_PROXY", "https://service.example", false, true},
      {"http_proxy", "https://service.example", false, false},
      {"HTTP_PROXY", "https://service.example", false, false},
      {"http_proxy", "http://service.example", true, true},
      {"all_proxy", "http://service.example", true, true},
      {"HTTP_PROXY", "http://service.example", true, false},
      {"https_proxy", "http://service.example", true, false},
      {"http_proxy", "http://127.0.0.1", false, false},
      {"all_proxy", "http://127.0.0.1", false, false},
  };
  EACH(row, rows) {
    struct proxy_route route = {0};
    struct failure failure = {0};
    clear_environment();
    setenv(row->variable, " http://proxy:3128\n", 1);
    CHECK(choose(&route, NULL, row->base_url, row->allow_plain_http, &failure) &&
              proxy_route_is_direct(&route) == !row->is_used,
          "%s is for %s: %d (%s)", row->variable, row->base_url, row->is_used, failure.message);
    CHECK(!row->is_used || strstr(route.name, row->variable), "'%s' names %s", route.name, row->variable);
    proxy_route_destroy(&route);
  }
  clear_environment();
}

static void knows_exceptions(void) {
  static const struct exception_row {
    const char *list, *host;
    bool holds;
  } rows[] = {
      {"*", "api.openai.com", true},
      {"*", "[::1]", true},
      {"", "api.openai.com", false},
      {" , ,", "api.openai.com", false},
      {"api.openai.com", "api.openai.com", true},
      {"API.openai.COM", "api.OPENAI.com", true},
      {"openai.com", "api.openai.com", true},
      {".openai.com", "api.openai.com", true},
      {".openai.com", "openai.com", true},
      {"openai.com.", "api.openai.com", true},
      {"openai.com", "api.openai.com.", true},
      {"penai.com", "api.openai.com", false},
      {"api.openai.com.evil", "api.openai.com", false},
      {"a.example,openai.com", "api.openai.com", true},
      {"a.example openai.com", "api.openai.com", true},
      {".", "api.openai.com", false},
      {"*.com", "api.openai.com", false},
      {"127.0.0.1", "127.0.0.1", true},
      {"27.0.0.1", "127.0.0.1", false},
      {"127.0.0.0/8", "127.1.2.3", true},
      {"127.0.0.0/8", "128.1.2.3", false},
      {"10.0.0.0/9", "10.127.0.1", true},
      {"10.0.0.0/9", "10.128.0.1", false},
      {"0.0.0.0/0", "10.128.0.1", true},
      {"10.0.0.1/99", "10.0.0.1", true},
      {"10.0.0.1/99", "10.0.0.2", false},
      {"::1", "[::1]", true},
      {"[::1]", "[::1]", true},
      {"fe80::/10", "[fe80::1]", true},
      {"fe80::/10", "[2001:db8::1]", false},
      {"::/0", "10.0.0.1", false},
      {"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd/128", "[::1]", false},
  };
  EACH(row, rows)
  CHECK(proxy_exclusion_holds(row->list, strlen(row->list), row->host) == row->holds, "'%s' holds for %s: %d",
        row->list, row->host, row->holds);
}

static void keeps_the_key_on_this_machine(void) {
  static const struct leak_row {
    const char *proxy, *base_url;
    bool allow_plain_http, is_taken;
  } rows[] = {
      {"http://127.0.0.1:3128", "http://127.0.0.1:8080", false, true},
      {"http://localhost:3128", "http://127.0.0.1:8080", false, true},
      {"socks5h://[::1]", "http://localhost:8080", false, true},
      {"http://proxy:3128", "http://127.0.0.1:8080", false, false},
      {"https://proxy:3128", "http://127.0.0.1:8080", false, false},
      {"http://me:word@10.0.0.1:3128", "http://[::1]:8080", false, false},
      {"http://proxy:3128", "http://127.0.0.1:8080", true, true},
      {"http://proxy:3128", "https://127.0.0.1:8080", false, true},
  };
  clear_environment();
  EACH(row, rows) {
    struct proxy_route route = {0};
    struct failure failure = {0};
    CHECK(choose(&route, row->proxy, row->base_url, row->allow_plain_http, &failure) == row->is_taken,
          "%s carries what goes to %s: %d", row->proxy, row->base_url, row->is_taken);
    CHECK(row->is_taken || (failure.kind == FAILURE_CONFIGURATION && !strstr(failure.message, "word")),
          "the refusal shows no password: %s", failure.message);
    proxy_route_destroy(&route);
  }
}

int main(void) {
  takes_urls_apart();
  asks_the_environment();
  knows_exceptions();
  keeps_the_key_on_this_machine();
  return unit_end();
}
