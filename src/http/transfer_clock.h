/* SPDX-License-Identifier: MIT */
/* The time limits of a transfer's attempt. A time-out may be the fault of libcurl or of a late host, and then
 * the time begins again. */
#ifndef HTTP_TRANSFER_CLOCK_H
#define HTTP_TRANSFER_CLOCK_H

#include "http/transfer_state.h"

/* Seconds until the deadline; INFINITY: there is none. */
double transfer_clock_time_left(const struct transfer *transfer);

/* Whether bytes of a source are still to be sent, or bytes of a streamed answer have come. Then stall_timeout
 * counts, and timeout otherwise. */
bool transfer_clock_is_streaming(const struct transfer *transfer);

/* Whether memory has run out, and libcurl therefore cannot begin the attempt. Its timeout counts then. */
bool transfer_clock_is_starved(const struct transfer *transfer);

/* libcurl 8.20 and later forget a request that they were about to begin when memory ran out. One in line
 * since then is put in line once more. */
void transfer_clock_renew_place(struct transfer *transfer);

/* Seconds that the attempt under way has from now on; 0 or less: its time is over. */
double transfer_clock_patience(const struct transfer *transfer);

/* Sets the timer that looks at the attempt again, after `patience` at the latest. */
void transfer_clock_set(struct transfer *transfer, double patience);

/* Whether a time-out of libcurl came too early, and the attempt is in line for a connection again. */
bool transfer_clock_stays_in_line(struct transfer *transfer, CURLcode result);

/* Whether the time is over only because the host stepped too late. Then it begins again, once an attempt. */
bool transfer_clock_forgives_lateness(struct transfer *transfer);

/* The same for a time-out of libcurl while connecting: starts the attempt again. */
bool transfer_clock_connects_once_more(struct transfer *transfer, CURLcode result);

/* Fills `failure` with the reason of a time-out. `was_streaming`: when the time was over. */
void transfer_clock_describe(const struct transfer *transfer, bool was_streaming, struct failure *failure);

#endif
