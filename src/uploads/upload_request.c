/* SPDX-License-Identifier: MIT */
#include "uploads/upload_request.h"

static bool set_upload(struct http_request *request, const struct service_arguments *arguments,
                       const char *action, const char *id_field) {
  request->expected.id_of = "Upload";
  return service_request_set_object(request, arguments, "/uploads/", action, id_field);
}

bool upload_request_create(struct http_request *request, const struct service_arguments *arguments) {
  request->expected.type = "upload";
  return text_buffer_append_text(&request->url, "/uploads") && service_request_set_json(request, arguments);
}

bool upload_request_part(struct http_request *request, const struct service_arguments *arguments) {
  request->expected.type = "upload.part";
  return http_request_set_form(request, "data", arguments->source, "data", "application/octet-stream") &&
         set_upload(request, arguments, "/parts", "upload_id");
}

bool upload_request_complete(struct http_request *request, const struct service_arguments *arguments) {
  request->expected.type = "upload";
  request->expected.shape = ANSWER_COMPLETED;
  return set_upload(request, arguments, "/complete", "id") && service_request_set_json(request, arguments);
}

bool upload_request_cancel(struct http_request *request, const struct service_arguments *arguments) {
  request->expected.type = "upload";
  return set_upload(request, arguments, "/cancel", "id");
}

bool upload_request_connect(struct http_request *request, const struct service_arguments *arguments) {
  (void)arguments;
  request->connects_ahead = CONNECTS_AHEAD;
  return text_buffer_append_text(&request->url, "/uploads");
}

bool upload_request_connect_for_part(struct http_request *request,
                                     const struct service_arguments *arguments) {
  if (!upload_request_connect(request, arguments)) return false;
  request->connects_ahead = CONNECTS_AHEAD_FOR_PART;
  return true;
}
