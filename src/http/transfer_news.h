/* SPDX-License-Identifier: MIT */
/* The queue of a client's transfers that have news for the program. A transfer is taken off the queue, told,
 * and then noted as told. If an error is raised between the two, it is queued again.
 *
 * To tell news calls a function of the program, which may step the client, and that step tells the next news.
 * When a hundred transfers have news, their functions would run one inside the other until the C stack is
 * full. So a step at a depth of TRANSFER_NEWS_MAX_DEPTH functions tells only of transfers that were started,
 * or claimed, within the innermost function. It leaves the rest to an outer step. */
#ifndef HTTP_TRANSFER_NEWS_H
#define HTTP_TRANSFER_NEWS_H

#include "http/transfer_state.h"

enum { TRANSFER_NEWS_MAX_DEPTH = 8 }; /* each takes about six of the 200 C calls that Lua 5.1 to 5.4 allow */

/* Queues a transfer that has news, unless it is queued. */
void transfer_news_add(struct transfer *transfer);

/* Takes the next transfer with news off the queue; NULL when there is none. It stays its owner's, and
 * transfer_news_note_told must follow. Those whose telling was interrupted by an error are queued again
 * first. False when memory ran out. */
bool transfer_news_take(struct http_client *client, struct transfer **changed);

/* Makes a transfer count as started where it is waited for. */
void transfer_news_claim(struct transfer *transfer);

/* Claims the first transfer whose news is left to an outer step. False when there is none. */
bool transfer_news_claim_first(struct http_client *client);

/* Takes this transfer off the queue, when the program need not be told. */
void transfer_news_remove(struct transfer *transfer);

/* Notes that the program was told of the transfer that was taken last. */
void transfer_news_note_told(struct http_client *client);

/* Queues all transfers again that were taken and not noted as told, when no function of the program is
 * running. The next step is due soon. */
void transfer_news_give_up(struct http_client *client);

/* Queues a transfer again that could not be told. The next step is due soon. */
void transfer_news_tell_again(struct transfer *transfer);

/* To be called before a transfer is deleted. */
void transfer_news_forget(const struct transfer *transfer);

#endif
