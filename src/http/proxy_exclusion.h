/* SPDX-License-Identifier: MIT */
#ifndef HTTP_PROXY_EXCLUSION_H
#define HTTP_PROXY_EXCLUSION_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a no_proxy list excludes `host` (IPv6 in brackets). Entries are separated by commas or blanks. "*"
 * matches every host; a name, with or without a leading dot, matches itself and its subdomains; an address
 * may be a block, as 10.0.0.0/8. These are the rules of libcurl 7.86 and later; earlier versions had no
 * blocks. */
bool proxy_exclusion_holds(const char *list, size_t length, const char *host);

#endif
