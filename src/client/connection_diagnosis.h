/* SPDX-License-Identifier: MIT */
/* Why there was no connection, in words that name the setting to look at: the proxy, a file. */
#ifndef CLIENT_CONNECTION_DIAGNOSIS_H
#define CLIENT_CONNECTION_DIAGNOSIS_H

#include "client/attempt_outcome.h"
#include "client/client_config.h"

/* Refines the outcome of an attempt that ended before its request began. `proxy_status`: what a proxy
 * answered to CONNECT; 0: nothing. Reads files, when they may be the reason. */
void connection_diagnosis_refine(const struct client_config *config, const struct attempt_facts *facts,
                                 long proxy_status, struct attempt_outcome *outcome);

#endif
