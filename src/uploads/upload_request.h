/* SPDX-License-Identifier: MIT */
/* The calls of the Uploads API. Only this unit has their paths. */
#ifndef UPLOADS_UPLOAD_REQUEST_H
#define UPLOADS_UPLOAD_REQUEST_H

#include "uploads/service_request.h"

enum { UPLOAD_REQUEST_MAX_PART_BYTES = 64 * 1024 * 1024 }; /* the service takes no more in one Part */

service_request_function upload_request_create;
service_request_function upload_request_part;
service_request_function upload_request_complete;
service_request_function upload_request_cancel;

/* Only open a connection: for calls, or for a Part that does not share theirs. */
service_request_function upload_request_connect;
service_request_function upload_request_connect_for_part;

#endif
