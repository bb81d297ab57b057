/* SPDX-License-Identifier: MIT */
/* Keeps the keys and passwords that an attempt sent out of the answer that a program sees. */
#ifndef HTTP_ATTEMPT_SECRETS_H
#define HTTP_ATTEMPT_SECRETS_H

#include "http/attempt_state.h"

/* Masks the secrets that were sent wherever the answer repeats them, then forgets them. */
void attempt_secrets_hide(struct http_attempt *attempt);

/* Wipes the key that the attempt holds. */
void attempt_secrets_forget(struct http_attempt *attempt);

#endif
