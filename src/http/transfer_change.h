/* SPDX-License-Identifier: MIT */
/* What follows when the state of a transfer changes. */
#ifndef HTTP_TRANSFER_CHANGE_H
#define HTTP_TRANSFER_CHANGE_H

#include "http/transfer_state.h"

/* Changes the state. Every state but SENDING is news. A transfer that is DONE needs its files no more. */
void transfer_change(struct transfer *transfer, enum transfer_state state);

/* Notes that the service may have acted on a request that was not confirmed, if it is one that has an effect.
 */
void transfer_change_doubt(struct transfer *transfer, bool in_doubt);

#endif
