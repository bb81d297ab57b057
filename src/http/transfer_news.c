/* SPDX-License-Identifier: MIT */
#include "http/transfer_news.h"

#include <stdlib.h>

void transfer_news_add(struct transfer *transfer) {
  struct http_client *client = transfer->client;
  if (transfer->is_queued) return;
  *(client->last_changed ? &client->last_changed->next_changed : &client->first_changed) = transfer;
  client->last_changed = transfer;
  transfer->next_changed = NULL;
  transfer->is_queued = true;
}

void transfer_news_remove(struct transfer *transfer) {
  struct http_client *client = transfer->client;
  struct transfer *before = NULL;
  if (!transfer->is_queued) return;
  for (struct transfer *at = client->first_changed; at != transfer; at = at->next_changed) before = at;
  *(before ? &before->next_changed : &client->first_changed) = transfer->next_changed;
  if (client->last_changed == transfer) client->last_changed = before;
  transfer->is_queued = false;
}

#define SECONDS_UNTIL_TOLD_AGAIN 0.1

void transfer_news_tell_again(struct transfer *transfer) {
  struct transfer_engine *engine = transfer->client->engine;
  transfer_news_add(transfer);
  if (!engine) return;
  transfer_engine_want_step(engine, SECONDS_UNTIL_TOLD_AGAIN);
  transfer_engine_announce(engine);
}

/* Queues those again whose telling began at this depth or a greater one, and was interrupted. */
static void put_back(struct http_client *client, unsigned depth) {
  while (client->told_count > 0 && client->told[client->told_count - 1].depth >= depth) {
    struct transfer *transfer = client->told[--client->told_count].transfer;
    if (transfer) transfer_news_tell_again(transfer);
  }
}

static bool make_room_for_told(struct http_client *client) {
  unsigned size = 2 * client->told_size + 8;
  struct told_transfer *told;
  if (client->told_count < client->told_size) return true;
  told = realloc(client->told, size * sizeof *told);
  if (!told) return false;
  client->told = told;
  client->told_size = size;
  return true;
}

static bool is_left_to_outer_step(const struct transfer *transfer) {
  unsigned depth = transfer->client->depth;
  return depth >= TRANSFER_NEWS_MAX_DEPTH && transfer->started_within < depth;
}

void transfer_news_claim(struct transfer *transfer) {
  transfer->started_within = transfer->client->depth;
}

bool transfer_news_claim_first(struct http_client *client) {
  struct transfer *at = client->first_changed;
  while (at && !is_left_to_outer_step(at)) at = at->next_changed;
  if (at) transfer_news_claim(at);
  return at != NULL;
}

bool transfer_news_take(struct http_client *client, struct transfer **changed) {
  put_back(client, client->depth);
  *changed = client->first_changed;
  while (*changed && is_left_to_outer_step(*changed)) *changed = (*changed)->next_changed;
  if (!*changed) return true;
  if (!make_room_for_told(client)) return false;
  transfer_news_remove(*changed);
  client->told[client->told_count++] = (struct told_transfer){*changed, client->depth};
  return true;
}

void transfer_news_note_told(struct http_client *client) {
  put_back(client, client->depth + 1);
  if (client->told_count > 0 && client->told[client->told_count - 1].depth == client->depth)
    client->told_count--;
}

void transfer_news_give_up(struct http_client *client) {
  put_back(client, 0);
}

void transfer_news_forget(const struct transfer *transfer) {
  struct http_client *client = transfer->client;
  for (unsigned i = 0; i < client->told_count; i++)
    if (client->told[i].transfer == transfer) client->told[i].transfer = NULL;
}
