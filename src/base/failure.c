/* SPDX-License-Identifier: MIT */
#include "base/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool failure_set(struct failure *failure, enum failure_kind kind, const char *format, ...) {
  va_list arguments;
  failure->kind = kind;
  va_start(arguments, format);
  vsnprintf(failure->message, sizeof failure->message, format, arguments);
  va_end(arguments);
  return false;
}

const char *failure_errno_text(int error, char text[FAILURE_ERRNO_TEXT_SIZE]) {
#ifdef __GLIBC__
  return strerror_r(error, text, FAILURE_ERRNO_TEXT_SIZE);
#else
  return strerror_r(error, text, FAILURE_ERRNO_TEXT_SIZE) == 0 ? text : "unknown error";
#endif
}

bool failure_set_errno(struct failure *failure, int error, const char *format, ...) {
  char what[FAILURE_MESSAGE_SIZE], text[FAILURE_ERRNO_TEXT_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  return failure_set(failure, FAILURE_FILE, "%s: %s", what, failure_errno_text(error, text));
}

bool failure_set_out_of_memory(struct failure *failure) {
  return failure_set(failure, FAILURE_OUT_OF_MEMORY, "not enough memory");
}

bool failure_set_late(struct failure *failure, double seconds) {
  return failure_set(failure, FAILURE_TIMEOUT, "the deadline of %g s has passed", seconds);
}

const char *failure_kind_name(enum failure_kind kind) {
  static const char *const names[] = {"none",
#define FAILURE_AS_NAME(name, text) text,
                                      FAILURE_KINDS(FAILURE_AS_NAME)
#undef FAILURE_AS_NAME
  };
  return names[kind];
}

enum failure_kind failure_kind_of_status(long status) {
  switch (status) {
  case 400: return FAILURE_BAD_REQUEST;
  case 401: return FAILURE_AUTHENTICATION;
  case 403: return FAILURE_PERMISSION_DENIED;
  case 404: return FAILURE_NOT_FOUND;
  case 409: return FAILURE_CONFLICT;
  case 410: return FAILURE_GONE;
  case 422: return FAILURE_UNPROCESSABLE_ENTITY;
  case 429: return FAILURE_RATE_LIMIT;
  default: break;
  }
  if (status >= 200 && status < 300) return FAILURE_NONE;
  if (status >= 300 && status < 400) return FAILURE_REDIRECT;
  return status >= 500 ? FAILURE_SERVER : FAILURE_STATUS;
}
