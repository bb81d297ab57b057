/* SPDX-License-Identifier: MIT */
#include "http/multipart_form.h"

#include "base/monotonic_clock.h"

#include <string.h>

static size_t read_source(char *bytes, size_t size, size_t count, void *data) {
  struct multipart_form *form = data;
  size_t room = size * count, limit = transfer_engine_bytes_left(form->engine), read;
  form->moved_at = monotonic_clock_now(); /* curl asks for more when it has sent the last piece */
  switch (byte_source_read(form->source, bytes, room < limit ? room : limit, &read)) {
  case BYTE_SOURCE_READ: transfer_engine_note_bytes(form->engine, read); return read;
  case BYTE_SOURCE_END: return 0;
  case BYTE_SOURCE_WANTS_CHUNK:
    transfer_engine_note_blocked(form->engine, form->task);
    return CURL_READFUNC_PAUSE;
  case BYTE_SOURCE_BROKEN: break;
  }
  return CURL_READFUNC_ABORT;
}

bool multipart_form_is_read(const struct multipart_form *form) {
  return form->was_read_whole || byte_source_is_exhausted(form->source);
}

static int rewind_source(void *data, curl_off_t offset, int origin) {
  struct multipart_form *form = data;
  bool rewound;
  form->was_read_whole = multipart_form_is_read(form);
  rewound = offset == 0 && origin == SEEK_SET && byte_source_rewind(form->source);
  return rewound ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static bool add_text(curl_mime *mime, const char *name, const char *value) {
  curl_mimepart *field = curl_mime_addpart(mime);
  return field && curl_mime_name(field, name) == CURLE_OK &&
         curl_mime_data(field, value, CURL_ZERO_TERMINATED) == CURLE_OK;
}

static bool add_texts(curl_mime *mime, const struct text_buffer *texts) {
  const char *at = texts->bytes, *end = at ? at + texts->length : at;
  while (at < end) {
    const char *value = at + strlen(at) + 1;
    if (!add_text(mime, at, value)) return false;
    at = value + strlen(value) + 1;
  }
  return true;
}

static bool add_file(struct multipart_form *form, const struct request_form *described) {
  curl_mimepart *field = curl_mime_addpart(form->mime);
  return field && curl_mime_name(field, described->field) == CURLE_OK &&
         curl_mime_filename(field, text_buffer_text(&described->filename)) == CURLE_OK &&
         curl_mime_type(field, text_buffer_text(&described->mime_type)) == CURLE_OK &&
         curl_mime_data_cb(field, byte_source_length(form->source), read_source, rewind_source, NULL, form) ==
             CURLE_OK;
}

bool multipart_form_open(struct multipart_form *form, CURL *easy, const struct http_request *request,
                         struct transfer_engine *engine, struct engine_task *task) {
  *form = (struct multipart_form){
      .source = request->source, .engine = engine, .task = task, .moved_at = monotonic_clock_now()};
  form->mime = curl_mime_init(easy);
  return form->mime && add_texts(form->mime, &request->form.texts) && add_file(form, &request->form);
}

void multipart_form_close(struct multipart_form *form) {
  curl_mime_free(form->mime);
  form->mime = NULL;
  form->source = NULL;
}
