/* SPDX-License-Identifier: MIT */
/* The attempts of a transfer: how one begins, what ends it, and what follows: its end, or the wait for
 * another one. */
#ifndef HTTP_TRANSFER_ATTEMPT_H
#define HTTP_TRANSFER_ATTEMPT_H

#include "http/transfer_state.h"

/* READY -> SENDING, or DONE where nothing need be sent. False, with the failure, when it cannot begin. The
 * key is not kept. */
bool transfer_attempt_begin(struct transfer *transfer, const char *api_key, size_t length,
                            struct failure *failure);

/* Concludes the attempt that libcurl has ended: SENDING -> WAITING, DRAINING or DONE, or begins it again. */
void transfer_attempt_finished(struct transfer *transfer, CURLcode result);

/* Ends an attempt whose time is over; else sets the timer that looks again. */
void transfer_attempt_look(struct transfer *transfer);

#endif
