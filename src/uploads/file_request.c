/* SPDX-License-Identifier: MIT */
#include "uploads/file_request.h"

static bool set_file(struct http_request *request, const struct service_arguments *arguments,
                     const char *action) {
  request->expected.type = "file";
  request->expected.id_of = "File";
  return service_request_set_object(request, arguments, "/files/", action, "id");
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
