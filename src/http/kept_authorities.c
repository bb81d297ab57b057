/* SPDX-License-Identifier: MIT */
#include "http/kept_authorities.h"

#include "base/regular_file.h"

#include <stdlib.h>

enum { MAX_BYTES = 16 * 1024 * 1024 }; /* a system's own file has 200 KiB */

/* Keeps all of the file, or nothing when it is shorter than it was. */
static void read_whole(struct kept_authorities *kept, const struct regular_file *file) {
  struct failure failure = {0};
  size_t length = 0, size = (size_t)file->size;
  while (length < size) {
    size_t count =
        regular_file_read(file, (int64_t)length, (char *)kept->bytes + length, size - length, &failure);
    if (count == 0) return;
    length += count;
  }
  kept->length = length;
}

bool kept_authorities_read(struct kept_authorities *kept, const char *path) {
  struct failure failure = {0};
  struct regular_file file;
  *kept = (struct kept_authorities){0};
  if (!regular_file_open(&file, path, &failure)) return true;
  if (file.size > 0 && file.size <= MAX_BYTES) {
    kept->bytes = malloc((size_t)file.size);
    if (kept->bytes) read_whole(kept, &file);
  }
  regular_file_close(&file);
  return kept->bytes || file.size == 0 || file.size > MAX_BYTES;
}

void kept_authorities_destroy(struct kept_authorities *kept) {
  free(kept->bytes);
  *kept = (struct kept_authorities){0};
}
