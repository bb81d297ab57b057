/* SPDX-License-Identifier: MIT */
#include "uploads/file_request.h"

#include <inttypes.h>
#include <stdio.h>

static bool set_file(struct http_request *request, const struct service_arguments *arguments,
                     const char *action) {
  request->expected.type = "file";
  request->expected.id_of = "File";
  return service_request_set_object(request, arguments, "/files/", action, "id");
}

static bool add_expiry(struct http_request *request, const struct service_arguments *arguments) {
  char seconds[32];
  if (!arguments->expiry_anchor) return true;
  snprintf(seconds, sizeof seconds, "%" PRId64, arguments->expiry_seconds);
  return http_request_add_text(request, "expires_after[anchor]", arguments->expiry_anchor) &&
         http_request_add_text(request, "expires_after[seconds]", seconds);
}

bool file_request_create(struct http_request *request, const struct service_arguments *arguments) {
  request->expected.type = "file";
  return text_buffer_append_text(&request->url, "/files") &&
         http_request_add_text(request, "purpose", arguments->purpose) && add_expiry(request, arguments) &&
         http_request_set_form(request, "file", arguments->source, arguments->filename, arguments->mime_type);
}

bool file_request_retrieve(struct http_request *request, const struct service_arguments *arguments) {
  request->method = HTTP_METHOD_GET;
  return set_file(request, arguments, "");
}

bool file_request_list(struct http_request *request, const struct service_arguments *arguments) {
  (void)arguments;
  request->method = HTTP_METHOD_GET;
  request->expected.type = "list";
  request->expected.shape = ANSWER_LIST;
  request->answer_room = FILE_REQUEST_MAX_LIST_BYTES;
  return text_buffer_append_text(&request->url, "/files");
}

bool file_request_delete(struct http_request *request, const struct service_arguments *arguments) {
  request->method = HTTP_METHOD_DELETE;
  request->expected.shape = ANSWER_DELETED;
  return set_file(request, arguments, "");
}

bool file_request_content(struct http_request *request, const struct service_arguments *arguments) {
  request->method = HTTP_METHOD_GET;
  request->sink = arguments->sink;
  return set_file(request, arguments, "/content");
}
