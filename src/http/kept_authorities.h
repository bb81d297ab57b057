/* SPDX-License-Identifier: MIT */
/* The certificates of the authorities to trust, as their file held them when the client was made. They are
 * only for a process that cannot open the file any more: after a chroot, or without the rights that it had.
 * From the file, libcurl parses them once for all connections. From memory, it parses them for each one: with
 * OpenSSL and the 144 of a system, 49 ms in place of 5, and 1.5 MiB in place of 77 KiB. */
#ifndef HTTP_KEPT_AUTHORITIES_H
#define HTTP_KEPT_AUTHORITIES_H

#include <stdbool.h>
#include <stddef.h>

struct kept_authorities {
  void *bytes;
  size_t length; /* 0: the file could not be read */
};

/* Reads the file; nothing is kept of one that cannot be read, or is no regular file. False when memory ran
 * out.
 */
bool kept_authorities_read(struct kept_authorities *kept, const char *path);

/* A zeroed struct may be destroyed. */
void kept_authorities_destroy(struct kept_authorities *kept);

#endif
