/* SPDX-License-Identifier: MIT */
#include "uploads/upload_request.h"

#include "base/path_segment.h"

/* The answer must repeat the Upload's id in `id_field`: behind a gateway, or on a connection that is out of
 * step, the answer to another request may arrive. */
static bool set_upload(struct http_request *request, const struct upload_arguments *arguments,
                       const char *action, const char *id_field) {
  request->expected.id_field = id_field;
  return text_buffer_append_text(&request->url, "/uploads/") &&
         path_segment_append(&request->url, arguments->upload_id, arguments->upload_id_length) &&
         text_buffer_append_text(&request->url, action) &&
         text_buffer_append(&request->expected.id, arguments->upload_id, arguments->upload_id_length);
}

static bool set_json(struct http_request *request, const struct upload_arguments *arguments) {
  request->content_type = "application/json";
  return text_buffer_append(&request->body, arguments->json, arguments->json_length);
}

bool upload_request_create(struct http_request *request, const struct upload_arguments *arguments) {
  request->expected.type = "upload";
  return text_buffer_append_text(&request->url, "/uploads") && set_json(request, arguments);
}

bool upload_request_part(struct http_request *request, const struct upload_arguments *arguments) {
  request->expected.type = "upload.part";
  request->source = arguments->source;
  return set_upload(request, arguments, "/parts", "upload_id");
}

bool upload_request_complete(struct http_request *request, const struct upload_arguments *arguments) {
  request->expected.type = "upload";
  request->expected.completed = true;
  return set_upload(request, arguments, "/complete", "id") && set_json(request, arguments);
}

bool upload_request_cancel(struct http_request *request, const struct upload_arguments *arguments) {
  request->expected.type = "upload";
  return set_upload(request, arguments, "/cancel", "id");
}

bool upload_request_connect(struct http_request *request, const struct upload_arguments *arguments) {
  (void)arguments;
  request->connects_ahead = CONNECTS_AHEAD;
  return text_buffer_append_text(&request->url, "/uploads");
}

bool upload_request_connect_for_part(struct http_request *request, const struct upload_arguments *arguments) {
  if (!upload_request_connect(request, arguments)) return false;
  request->connects_ahead = CONNECTS_AHEAD_FOR_PART;
  return true;
}
