/* SPDX-License-Identifier: MIT */
#include "http/stream_trace.h"

#include "unit.h"
#include <string.h>

static const struct trace_row {
  const char *text;
  enum stream_trace_kind kind;
  unsigned long number;
} rows[] = {
    {"Using Stream ID: 5 (easy handle 0x55da5720e500)\n", STREAM_TRACE_OPENED, 5},
    {"Using Stream ID: 1f (easy handle 0x55da5720e500)\n", STREAM_TRACE_OPENED, 1},
    {"[HTTP/2] [13] OPENED stream for https://api.openai.com/v1/uploads\n", STREAM_TRACE_OPENED, 13},
    {"recveived GOAWAY, error=0, last_stream=99\n", STREAM_TRACE_LAST, 99},
    {"received GOAWAY, error=11, last_stream=0\n", STREAM_TRACE_LAST, 0},
    {"received GOAWAY, error=0, last_stream=2147483647\n", STREAM_TRACE_LAST, 2147483647},
    {"REFUSED_STREAM, retrying a fresh connect\n", STREAM_TRACE_REFUSED, 0},
    {"HTTP/2 stream 5 refused by server, try again on a new connection\n", STREAM_TRACE_REFUSED, 0},
    {"HTTP/2 stream 5 was not closed cleanly: REFUSED_STREAM (err 7)\n", STREAM_TRACE_OTHER, 0},
    {"Connection died, retrying a fresh connect (retry count: 1)\n", STREAM_TRACE_SEND_AGAIN, 0},
    {"REFUSED_STREAM", STREAM_TRACE_OTHER, 0},
    {"We are completely uploaded and fine\n", STREAM_TRACE_OTHER, 0},
    {"", STREAM_TRACE_OTHER, 0},
};

int main(void) {
  EACH(row, rows) {
    struct stream_trace trace = stream_trace_read(row->text, strlen(row->text));
    CHECK(trace.kind == row->kind && trace.number == row->number, "'%s' is read as %d, %lu", row->text,
          (int)row->kind, row->number);
  }
  CHECK(stream_trace_read("received GOAWAY, error=0, last_stream=77", 39).number == 7,
        "nothing beyond the text is read");
  return unit_end();
}
