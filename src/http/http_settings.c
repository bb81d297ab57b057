/* SPDX-License-Identifier: MIT */
#include "http/http_settings.h"

#include "http/running_curl.h"

void http_settings_destroy(struct http_settings *settings) {
  text_buffer_destroy(&settings->ca_file);
  text_buffer_destroy(&settings->ca_path);
  text_buffer_destroy(&settings->client_cert);
  text_buffer_destroy(&settings->client_key);
  text_buffer_wipe(&settings->client_key_password);
  request_additions_destroy(&settings->additions);
  kept_authorities_destroy(&settings->kept_authorities);
  service_url_destroy(&settings->url);
  proxy_route_destroy(&settings->route);
}

const char *http_settings_ca_file(const struct http_settings *settings) {
  return settings->ca_file.length ? settings->ca_file.bytes : running_curl_ca_file();
}

bool http_settings_keep_authorities(struct http_settings *settings) {
  const char *path = http_settings_ca_file(settings);
  bool has_tls = !settings->url.plain_http || !proxy_route_is_direct(&settings->route);
  if (!path || !settings->verify_tls || !has_tls) return true;
  return kept_authorities_read(&settings->kept_authorities, path);
}

const char *http_settings_auth_header(const struct http_settings *settings) {
  return settings->auth_header == AUTH_HEADER_BEARER ? "Authorization" : "api-key";
}
