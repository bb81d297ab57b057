/* SPDX-License-Identifier: MIT */
/* The calls of the Uploads API. Only this unit has their paths. */
#ifndef UPLOADS_UPLOAD_REQUEST_H
#define UPLOADS_UPLOAD_REQUEST_H

#include "http/http_request.h"

enum { UPLOAD_REQUEST_MAX_PART_BYTES = 64 * 1024 * 1024 }; /* the service takes no more in one Part */

/* The arguments of a call. Each call uses those that it needs. */
struct upload_arguments {
  const char *upload_id;
  size_t upload_id_length;
  const char *json; /* the parameters as JSON */
  size_t json_length;
  struct byte_source *source; /* of a Part's data; it must outlive the request */
};

/* Each writes the path, the body and the expected answer into a request from http_request_create. Fails as
 * text_buffer_append does. */
typedef bool upload_request_function(struct http_request *request, const struct upload_arguments *arguments);

upload_request_function upload_request_create;
upload_request_function upload_request_part;
upload_request_function upload_request_complete;
upload_request_function upload_request_cancel;

/* Only open a connection: for calls, or for a Part that does not share theirs. */
upload_request_function upload_request_connect;
upload_request_function upload_request_connect_for_part;

#endif
