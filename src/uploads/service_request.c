/* SPDX-License-Identifier: MIT */
#include "uploads/service_request.h"

#include "base/path_segment.h"

/* Behind a gateway, or on a connection that is out of step, the answer to another request may arrive. So the
 * id is compared. */
bool service_request_set_object(struct http_request *request, const struct service_arguments *arguments,
                                const char *folder, const char *action, const char *id_field) {
  request->expected.id_field = id_field;
  return text_buffer_append_text(&request->url, folder) &&
         path_segment_append(&request->url, arguments->id, arguments->id_length) &&
         text_buffer_append_text(&request->url, action) &&
         text_buffer_append(&request->expected.id, arguments->id, arguments->id_length);
}

bool service_request_set_json(struct http_request *request, const struct service_arguments *arguments) {
  request->content_type = "application/json";
  return text_buffer_append(&request->body, arguments->json, arguments->json_length);
}
