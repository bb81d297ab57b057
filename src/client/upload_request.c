/* SPDX-License-Identifier: MIT */
#include "client/upload_request.h"

#include "base/path_segment.h"

static bool set_upload_path(struct http_request *request, const struct upload_arguments *arguments,
                            const char *action) {
  return text_buffer_append_text(&request->url, "/uploads/") &&
         path_segment_append(&request->url, arguments->upload_id, arguments->upload_id_length) &&
         text_buffer_append_text(&request->url, action);
}

static bool set_json(struct http_request *request, const struct upload_arguments *arguments) {
  request->content_type = "application/json";
  return text_buffer_append(&request->body, arguments->json, arguments->json_length);
}

bool upload_request_create(struct http_request *request, const struct upload_arguments *arguments) {
  request->answer_type = "upload";
  return text_buffer_append_text(&request->url, "/uploads") && set_json(request, arguments);
}

bool upload_request_part(struct http_request *request, const struct upload_arguments *arguments) {
  request->answer_type = "upload.part";
  request->source = arguments->source;
  return set_upload_path(request, arguments, "/parts");
}

bool upload_request_complete(struct http_request *request, const struct upload_arguments *arguments) {
  request->answer_type = "upload";
  return set_upload_path(request, arguments, "/complete") && set_json(request, arguments);
}

bool upload_request_cancel(struct http_request *request, const struct upload_arguments *arguments) {
  request->answer_type = "upload";
  return set_upload_path(request, arguments, "/cancel");
}
