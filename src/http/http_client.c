/* SPDX-License-Identifier: MIT */
#include "http/http_client.h"

#include "base/process_id.h"
#include "http/attempt_secrets.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { MIN_IDLE_ATTEMPTS_KEPT = 64 };

/* Programs that start together must not retry together. This is not for secrets. */
static void seed_random(struct http_client *client) {
  struct timespec now;
  uint64_t seed;
  clock_gettime(CLOCK_REALTIME, &now);
  seed = (uint64_t)now.tv_nsec ^ (uint64_t)now.tv_sec << 24 ^ (uint64_t)process_id_get() << 32 ^
         (uint64_t)(uintptr_t)client;
  client->random_state = seed | 1; /* it must not be 0 */
}

bool http_client_open(struct http_client *client, struct failure *failure) {
  if (client->engine) return true;
  client->engine =
      transfer_engine_new(client->settings->max_connections, (size_t)client->settings->max_bytes_per_step);
  seed_random(client);
  return client->engine ||
         failure_set(failure, FAILURE_CONNECTION, "no memory or no descriptors left for a client");
}

bool http_client_is_inherited(const struct http_client *client) {
  return client->engine && !transfer_engine_is_ours(client->engine);
}

struct http_client *http_client_new(struct http_settings *settings, struct failure *failure) {
  struct http_client *client = calloc(1, sizeof *client);
  if (!client) {
    settings->release(settings);
    failure_set_out_of_memory(failure);
    return NULL;
  }
  client->settings = settings;
  client->ref_count = 1;
  if (!http_settings_keep_authorities(settings))
    failure_set_out_of_memory(failure);
  else if (http_client_open(client, failure))
    return client;
  http_client_unref(client);
  return NULL;
}

static void delete_idle_attempts(struct http_client *client) {
  while (client->idle_attempts) {
    struct http_attempt *attempt = client->idle_attempts;
    client->idle_attempts = attempt->next;
    http_attempt_delete(attempt);
  }
  client->idle_count = 0;
}

void http_client_ref(struct http_client *client) {
  client->ref_count++;
}

void http_client_close(struct http_client *client) {
  delete_idle_attempts(client);
  if (!http_client_is_inherited(client)) transfer_engine_delete(client->engine);
  client->engine = NULL;
}

void http_client_unref(struct http_client *client) {
  if (--client->ref_count > 0) return;
  http_client_close(client);
  client->settings->release(client->settings);
  free(client->told);
  number_pool_destroy(&client->numbers);
  free(client);
}

struct http_attempt *http_client_take_attempt(struct http_client *client) {
  struct http_attempt *attempt = client->idle_attempts;
  if (!attempt) return http_attempt_new(client->settings, client->engine);
  client->idle_attempts = attempt->next;
  client->idle_count--;
  return attempt;
}

/* As many calls as there may be connections can end in one step, and as many begin in the next. */
static bool keeps_more_attempts(const struct http_client *client) {
  return client->idle_count < MIN_IDLE_ATTEMPTS_KEPT ||
         client->idle_count < client->settings->max_connections;
}

void http_client_return_attempt(struct http_client *client, struct http_attempt *attempt) {
  if (!keeps_more_attempts(client) || attempt->engine != client->engine ||
      !http_attempt_is_reusable(attempt)) {
    http_attempt_delete(attempt);
    return;
  }
  attempt_secrets_forget(attempt);
  attempt->next = client->idle_attempts;
  client->idle_attempts = attempt;
  client->idle_count++;
}

/* xorshift64*. The state belongs to the client, so threads do not share it. */
double http_client_random(struct http_client *client) {
  uint64_t state = client->random_state;
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  client->random_state = state;
  return (double)(state * UINT64_C(2685821657736338717) >> 11) / 9007199254740992.0; /* 2^53 */
}
