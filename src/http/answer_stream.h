/* SPDX-License-Identifier: MIT */
/* The body of a 2xx that goes into a sink as it is received. For a reader's sink that is full, libcurl
 * pauses. */
#ifndef HTTP_ANSWER_STREAM_H
#define HTTP_ANSWER_STREAM_H

#include "base/byte_sink.h"
#include "http/transfer_engine.h"

/* The bytes received at once, for fewer system calls. */
enum { ANSWER_STREAM_PIECE_BYTES = 256 * 1024 };

/* A zeroed stream is not open. */
struct answer_stream {
  struct byte_sink *sink; /* stays the caller's; NULL: the answer is no stream */
  struct transfer_engine *engine;
  struct engine_task *task; /* notified when a reader has bytes; paused while it must take some first */
  double moved_at;          /* when bytes were last received, or taken by the reader; 0: never */
};

void answer_stream_open(struct answer_stream *stream, struct byte_sink *sink, struct transfer_engine *engine,
                        struct engine_task *task);

/* For curl's write function, whose result it returns. */
size_t answer_stream_take(struct answer_stream *stream, const char *bytes, size_t length);

/* To be called when the reader has taken bytes. Returns whether curl is paused, and must go on. */
bool answer_stream_note_room(struct answer_stream *stream);

/* To be called when the handle is off the engine. */
void answer_stream_close(struct answer_stream *stream);

#endif
