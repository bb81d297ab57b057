/* SPDX-License-Identifier: MIT */
#include "http/http_settings.h"

void http_settings_destroy(struct http_settings *settings) {
  text_buffer_destroy(&settings->ca_file);
  text_buffer_destroy(&settings->ca_path);
  text_buffer_destroy(&settings->client_cert);
  text_buffer_destroy(&settings->client_key);
  text_buffer_wipe(&settings->client_key_password);
  request_additions_destroy(&settings->additions);
  service_url_destroy(&settings->url);
  proxy_route_destroy(&settings->route);
}

const char *http_settings_auth_header(const struct http_settings *settings) {
  return settings->auth_header == AUTH_HEADER_BEARER ? "Authorization" : "api-key";
}
