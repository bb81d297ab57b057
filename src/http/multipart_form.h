/* SPDX-License-Identifier: MIT */
/* A request's body that comes from a source: a form with one field, whose bytes are read as they are sent. */
#ifndef HTTP_MULTIPART_FORM_H
#define HTTP_MULTIPART_FORM_H

#include "base/byte_source.h"
#include "http/transfer_engine.h"

/* As much as is read and sent in one go where somebody waits: fewer system calls. Elsewhere, what a step
 * takes. */
enum { MULTIPART_FORM_PIECE_BYTES = 512 * 1024 };

/* All zero: none is open. */
struct multipart_form {
  curl_mime *mime;
  struct byte_source *source; /* stays the caller's */
  struct transfer_engine *engine;
  struct engine_task *task; /* told when the source lacks bytes */
  double moved_at;          /* when the last bytes left, as far as is known, or it all began */
  curl_off_t moved;         /* bytes that had left when somebody last looked */
  bool was_read_whole;      /* before curl rewound it, to begin the request anew by itself */
};

/* Makes `mime`, for CURLOPT_MIMEPOST. The form must stay where it is until it is closed. False when memory
 * ran out; it is to be closed then, too. */
bool multipart_form_open(struct multipart_form *form, CURL *easy, struct byte_source *source,
                         struct transfer_engine *engine, struct engine_task *task);

/* Whether curl has taken the last byte: all may have left. */
bool multipart_form_is_read(const struct multipart_form *form);

/* Once the handle is off the engine. `moved_at` stays. */
void multipart_form_close(struct multipart_form *form);

#endif
