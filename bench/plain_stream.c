/* SPDX-License-Identifier: MIT */
#include "plain_stream.h"

#include "plain_curl.h"

#include <stdlib.h>

void plain_stream_create(struct plain_stream *stream, const char *base_url, const char *request_file,
                         int in_flight, const char *ca_file) {
  struct curl_slist *headers = plain_curl_read_headers(request_file);
  *stream = (struct plain_stream){.base_url = base_url, .idle_count = in_flight};
  curl_global_init(CURL_GLOBAL_DEFAULT);
  stream->multi = curl_multi_init();
  stream->idle = calloc((size_t)in_flight, sizeof *stream->idle);
  if (!stream->multi || !stream->idle) plain_curl_fail("no memory");
  curl_multi_setopt(stream->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)in_flight);
  curl_multi_setopt(stream->multi, CURLMOPT_MAXCONNECTS, (long)in_flight);
  for (int i = 0; i < in_flight; i++) {
    stream->idle[i] = plain_curl_new_easy(headers, ca_file);
    curl_easy_setopt(stream->idle[i], CURLOPT_NOSIGNAL, 1L);
  }
}

static void begin(struct plain_stream *stream, CURL *easy) {
  plain_curl_set_upload(easy, stream->base_url, ++stream->begun);
  if (curl_multi_add_handle(stream->multi, easy) != CURLM_OK) plain_curl_fail("cannot begin a transfer");
}

static void begin_idle(struct plain_stream *stream) {
  while (stream->idle_count > 0 && stream->begun < stream->wanted)
    begin(stream, stream->idle[--stream->idle_count]);
}

void plain_stream_want(struct plain_stream *stream, long transfers) {
  stream->wanted += transfers;
  begin_idle(stream);
}

void plain_stream_refill(struct plain_stream *stream) {
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(stream->multi, &left))) {
    CURL *easy = message->easy_handle;
    long status;
    if (message->data.result != CURLE_OK) plain_curl_fail(curl_easy_strerror(message->data.result));
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    if (status != 200) plain_curl_fail("no 200");
    curl_multi_remove_handle(stream->multi, easy);
    stream->finished++;
    stream->idle[stream->idle_count++] = easy;
  }
  begin_idle(stream);
}

void plain_stream_destroy(struct plain_stream *stream) {
  while (stream->idle_count > 0) curl_easy_cleanup(stream->idle[--stream->idle_count]);
  curl_multi_cleanup(stream->multi);
  free(stream->idle);
  curl_global_cleanup();
}
