/* SPDX-License-Identifier: MIT */
/* The secrets in a header line of a request, wherever an answer repeats them. */
#ifndef HTTP_HEADER_SECRETS_H
#define HTTP_HEADER_SECRETS_H

#include "base/text_buffer.h"

/* Overwrites in `buffer` each secret of the line: the credentials behind a scheme ("Authorization: Bearer
 * KEY"), each value of a list ("Cookie: a=SECRET; b=SECRET"), and the password that Basic encodes. Does
 * nothing where the name is not a secret's. False when memory ran out: then the buffer may still hold a
 * secret. */
bool header_secrets_hide(const char *line, struct text_buffer *buffer);

#endif
