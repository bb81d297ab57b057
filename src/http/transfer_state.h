/* SPDX-License-Identifier: MIT */
/* The state of a transfer, for transfer and the units below it: its news, its clock. */
#ifndef HTTP_TRANSFER_STATE_H
#define HTTP_TRANSFER_STATE_H

#include "http/http_client.h"

enum transfer_state { TRANSFER_READY, TRANSFER_SENDING, TRANSFER_WAITING, TRANSFER_DRAINING, TRANSFER_DONE };

struct transfer {
  struct engine_task task;
  struct http_client *client; /* one reference */
  struct http_request request;
  struct call_settings settings;
  struct http_attempt *attempt; /* the last attempt begun; its response is the call's answer */
  unsigned number;              /* no other transfer of its client has it */
  enum transfer_state state;
  unsigned attempts;     /* requests begun */
  bool may_have_applied; /* an attempt was sent and not confirmed */
  bool next_connection_fresh;
  double started_at, deadline_at, ended_at;
  double failed_at;                 /* when its first failed attempt ended; 0: none has */
  double retry_wait;                /* seconds, while WAITING */
  double retry_after;               /* seconds that the service asked for in its last answer; 0: none */
  struct failure failure;           /* of the last attempt; kind NONE after a 2xx */
  const char *remark;               /* appended to the failure's message; NULL: nothing */
  long status;                      /* of the last answer; 0 for none */
  struct transfer *older, *younger; /* of the same client */
  struct transfer *next_changed;
  bool is_queued;
  unsigned started_within; /* functions of the program that were running then; see transfer_news.h */
  bool awaits;             /* it waits for a descriptor, and sends nothing */
  int awaited;             /* that descriptor, a duplicate; -1: none */
};

#endif
