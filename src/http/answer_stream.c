/* SPDX-License-Identifier: MIT */
#include "http/answer_stream.h"

#include "base/monotonic_clock.h"

void answer_stream_open(struct answer_stream *stream, struct byte_sink *sink, struct transfer_engine *engine,
                        struct engine_task *task) {
  *stream = (struct answer_stream){.sink = sink, .engine = engine, .task = task};
}

size_t answer_stream_take(struct answer_stream *stream, const char *bytes, size_t length) {
  size_t taken = 0;
  stream->moved_at = monotonic_clock_now();
  switch (byte_sink_take(stream->sink, bytes, length)) {
  case BYTE_SINK_TAKEN:
    transfer_engine_note_bytes(stream->engine, length);
    taken = length;
    break;
  case BYTE_SINK_FULL:
    stream->task->is_paused = true;
    taken = CURL_WRITEFUNC_PAUSE;
    break;
  case BYTE_SINK_BROKEN: break;
  }
  if (byte_sink_has_unread(stream->sink)) transfer_engine_note_blocked(stream->engine, stream->task);
  return taken;
}

bool answer_stream_note_room(struct answer_stream *stream) {
  bool was_paused = stream->task->is_paused;
  stream->task->is_paused = false;
  stream->moved_at = monotonic_clock_now();
  return was_paused;
}

void answer_stream_close(struct answer_stream *stream) {
  if (stream->task) stream->task->is_paused = false;
  *stream = (struct answer_stream){0};
}
