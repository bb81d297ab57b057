/* SPDX-License-Identifier: MIT */
/* The queue of a client's transfers that have news for the program. A transfer is taken off the queue, told,
 * and then noted as told. If an error is raised between the two, it is queued again. */
#ifndef HTTP_TRANSFER_NEWS_H
#define HTTP_TRANSFER_NEWS_H

#include "http/transfer_state.h"

/* Queues a transfer that has news, unless it is queued. */
void transfer_news_add(struct transfer *transfer);

/* Takes the next transfer with news off the queue; NULL when there is none. It stays its owner's, and
 * transfer_news_note_told must follow. Those whose telling was interrupted by an error are queued again
 * first. False when memory ran out. */
bool transfer_news_take(struct http_client *client, struct transfer **changed);

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
