/* SPDX-License-Identifier: MIT */
/* The calls of the Uploads API: the only place that spells their paths. */
#ifndef UPLOADS_UPLOAD_REQUEST_H
#define UPLOADS_UPLOAD_REQUEST_H

#include "http/http_request.h"

enum { UPLOAD_REQUEST_MAX_PART_BYTES = 64 * 1024 * 1024 }; /* the service takes no more in one Part */

/* What a call may need; one that needs no id or no parameters passes them by. */
struct upload_arguments {
  const char *upload_id;
  size_t upload_id_length;
  const char *json; /* the parameters, encoded */
  size_t json_length;
  struct byte_source *source; /* of a Part's data; it must outlive the request */
};

/* Each writes path, body and the expected answer into a request fresh from http_request_create; false as
 * text_buffer_append. */
typedef bool upload_request_function(struct http_request *request, const struct upload_arguments *arguments);

upload_request_function upload_request_create;
upload_request_function upload_request_part;
upload_request_function upload_request_complete;
upload_request_function upload_request_cancel;

#endif
