/* SPDX-License-Identifier: MIT */
#ifndef HTTP_PROXY_EXCLUSION_H
#define HTTP_PROXY_EXCLUSION_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a no_proxy list excludes `host` (IPv6 in brackets). Entries are separated by commas or blanks: "*"
 * is every host; a name is itself and all names below it, with or without a dot before it; an address may be
 * a block, as 10.0.0.0/8. As libcurl 7.86 and later read it; before, they knew no blocks. */
bool proxy_exclusion_holds(const char *list, size_t length, const char *host);

#endif
