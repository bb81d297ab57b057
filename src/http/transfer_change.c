/* SPDX-License-Identifier: MIT */
#include "http/transfer_change.h"

#include "base/monotonic_clock.h"
#include "http/transfer_news.h"

void transfer_change(struct transfer *transfer, enum transfer_state state) {
  transfer->state = state;
  if (state == TRANSFER_DONE) {
    transfer->ended_at = monotonic_clock_now();
    transfer->client->running--;
    transfer->client->done++;
    if (transfer->request.source)
      byte_source_release(transfer->request.source); /* the file is not needed any more */
    if (transfer->request.sink)
      byte_sink_release(transfer->request.sink); /* the same, where it is not whole */
  }
  if (state != TRANSFER_SENDING) transfer_news_add(transfer);
}

void transfer_change_doubt(struct transfer *transfer, bool in_doubt) {
  transfer->may_have_applied |= in_doubt && http_request_has_effect(&transfer->request);
}
