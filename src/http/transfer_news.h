/* SPDX-License-Identifier: MIT */
/* The queue of transfers that have news for the program: a client's, in the order in which it came. News that
 * is being told while something is raised is told again: a transfer is taken off the queue first, and noted
 * as told afterwards. */
#ifndef HTTP_TRANSFER_NEWS_H
#define HTTP_TRANSFER_NEWS_H

#include "http/transfer_state.h"

/* Queues a transfer that has news, unless it is queued. */
void transfer_news_add(struct transfer *transfer);

/* Takes the next transfer whose state has changed; NULL when there is none. It stays its owner's. To be
 * followed by transfer_news_note_told. One whose telling was given up, because something was raised, is among
 * the changed again. False when memory ran out. */
bool transfer_news_take(struct http_client *client, struct transfer **changed);

/* Takes this one off the queue, of which nobody else is told meanwhile. */
void transfer_news_remove(struct transfer *transfer);

/* The program knows of the transfer that was taken last. */
void transfer_news_note_told(struct http_client *client);

/* Gives up all telling, where nothing of the program is running. The next step is due soon. */
void transfer_news_give_up(struct http_client *client);

/* Queues one that was told, and could not be: for the next step, which is due soon. */
void transfer_news_tell_again(struct transfer *transfer);

/* To be called before a transfer is deleted. */
void transfer_news_forget(const struct transfer *transfer);

#endif
