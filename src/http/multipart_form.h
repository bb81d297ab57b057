/* SPDX-License-Identifier: MIT */
/* The body of a request with a source: a form with texts and one file, whose bytes are read as they are sent.
 */
#ifndef HTTP_MULTIPART_FORM_H
#define HTTP_MULTIPART_FORM_H

#include "http/http_request.h"
#include "http/transfer_engine.h"

/* The bytes read and sent at once, for fewer system calls, unless the limit of a step is smaller. */
enum { MULTIPART_FORM_PIECE_BYTES = 512 * 1024 };

/* A zeroed form is not open. */
struct multipart_form {
  curl_mime *mime;
  struct byte_source *source; /* stays the caller's */
  struct transfer_engine *engine;
  struct engine_task *task; /* notified when the source lacks bytes */
  double moved_at;          /* when bytes were last known to move, or the form was opened */
  curl_off_t moved;         /* bytes sent at the last http_attempt_look_for_movement */
  bool was_read_whole;      /* before curl rewound it to repeat the request by itself */
};

/* Creates `mime`, for CURLOPT_MIMEPOST. The form must not move until it is closed. False when memory ran out;
 * it must be closed then as well. */
bool multipart_form_open(struct multipart_form *form, CURL *easy, const struct http_request *request,
                         struct transfer_engine *engine, struct engine_task *task);

/* Whether curl has read the last byte, so that all may have been sent. */
bool multipart_form_is_read(const struct multipart_form *form);

/* To be called when the handle is off the engine. `moved_at` is kept. */
void multipart_form_close(struct multipart_form *form);

#endif
