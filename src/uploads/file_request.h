/* SPDX-License-Identifier: MIT */
/* The calls of the Files API. Only this unit has their paths. */
#ifndef UPLOADS_FILE_REQUEST_H
#define UPLOADS_FILE_REQUEST_H

#include "uploads/service_request.h"

enum { FILE_REQUEST_MAX_BYTES = 512 * 1024 * 1024 }; /* the service takes no more in one call */

/* Room for a page of 10 000 Files, the longest that the service gives. */
enum { FILE_REQUEST_MAX_LIST_BYTES = 8 * 1024 * 1024 };

service_request_function file_request_create;
service_request_function file_request_retrieve;
service_request_function file_request_list; /* its params are additions to the query */
service_request_function file_request_delete;
service_request_function file_request_content; /* its answer goes into the sink */

#endif
