/* SPDX-License-Identifier: MIT */
/* A failure: one kind and one line of text. The text is stored in the struct, so that reporting a failure
 * cannot fail. */
#ifndef BASE_FAILURE_H
#define BASE_FAILURE_H

#include <stdbool.h>

/* Every kind a user can see, with the name that stands in `failure.kind`. */
#define FAILURE_KINDS(KIND)                                                                                  \
  KIND(BAD_REQUEST, "bad_request")                                                                           \
  KIND(AUTHENTICATION, "authentication")                                                                     \
  KIND(PERMISSION_DENIED, "permission_denied")                                                               \
  KIND(NOT_FOUND, "not_found")                                                                               \
  KIND(CONFLICT, "conflict")                                                                                 \
  KIND(GONE, "gone")                                                                                         \
  KIND(UNPROCESSABLE_ENTITY, "unprocessable_entity")                                                         \
  KIND(RATE_LIMIT, "rate_limit")                                                                             \
  KIND(SERVER, "server")                                                                                     \
  KIND(REDIRECT, "redirect")                                                                                 \
  KIND(STATUS, "status")                                                                                     \
  KIND(CONFIGURATION, "configuration")                                                                       \
  KIND(CONNECTION, "connection")                                                                             \
  KIND(TLS, "tls")                                                                                           \
  KIND(TIMEOUT, "timeout")                                                                                   \
  KIND(ABORTED, "aborted")                                                                                   \
  KIND(DECODE, "decode")                                                                                     \
  KIND(TOO_LARGE, "too_large")                                                                               \
  KIND(FILE, "file")                                                                                         \
  KIND(PROCESSING, "processing")       /* of a File, by the service: only Lua finds it */                    \
  KIND(OUT_OF_MEMORY, "out_of_memory") /* never returned: the binding raises it, as Lua does */

enum failure_kind {
  FAILURE_NONE,
#define FAILURE_AS_ENUM(name, text) FAILURE_##name,
  FAILURE_KINDS(FAILURE_AS_ENUM)
#undef FAILURE_AS_ENUM
};

enum { FAILURE_MESSAGE_SIZE = 256 };

struct failure {
  enum failure_kind kind;
  char message[FAILURE_MESSAGE_SIZE]; /* always ends in NUL; a longer text is cut */
};

/* Fills `failure`; returns false, so that `return failure_set(...)` is how a function fails. */
bool failure_set(struct failure *failure, enum failure_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Returns the text of a value of errno: `text`, or a static one. */
enum { FAILURE_ERRNO_TEXT_SIZE = 128 };
const char *failure_errno_text(int error, char text[FAILURE_ERRNO_TEXT_SIZE]);

/* As failure_set, with kind FILE, a colon and the text of a value of errno. */
bool failure_set_errno(struct failure *failure, int error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As failure_set, for memory that ran out. */
bool failure_set_out_of_memory(struct failure *failure);

/* As failure_set, with kind TIMEOUT, for a deadline of so many seconds that has passed. */
bool failure_set_late(struct failure *failure, double seconds);

/* The name that users see. */
const char *failure_kind_name(enum failure_kind kind);

enum { STATUS_NOT_FOUND = 404 };
enum { STATUS_NOT_IMPLEMENTED = 501 }; /* the only 5xx which says that nothing was done, nor will be */

/* The kind of an answered HTTP status; FAILURE_NONE for 2xx. */
enum failure_kind failure_kind_of_status(long status);

#endif
