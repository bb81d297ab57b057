/* SPDX-License-Identifier: MIT */
/* How the calls of the service describe themselves to an http_request. upload_request and file_request have
 * the calls. */
#ifndef UPLOADS_SERVICE_REQUEST_H
#define UPLOADS_SERVICE_REQUEST_H

#include "http/http_request.h"

/* The arguments of a call. Each call uses those that it needs. */
struct service_arguments {
  const char *id; /* of the Upload or File */
  size_t id_length;
  const char *json; /* the parameters as JSON */
  size_t json_length;
  const char *filename, *purpose, *mime_type;
  const char *expiry_anchor; /* NULL: it does not expire */
  int64_t expiry_seconds;
  struct byte_source *source; /* of the data; it must outlive the request */
  struct byte_sink *sink;     /* of the answer; the same */
};

/* Each writes the method, the path, the body and the expected answer into a request from http_request_create.
 * Fails as text_buffer_append does. */
typedef bool service_request_function(struct http_request *request,
                                      const struct service_arguments *arguments);

/* Appends the path of the object with the id of the arguments: `folder` with its slashes, and `action`. The
 * answer must repeat the id in `id_field`. */
bool service_request_set_object(struct http_request *request, const struct service_arguments *arguments,
                                const char *folder, const char *action, const char *id_field);

bool service_request_set_json(struct http_request *request, const struct service_arguments *arguments);

#endif
