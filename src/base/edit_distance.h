/* SPDX-License-Identifier: MIT */
#ifndef BASE_EDIT_DISTANCE_H
#define BASE_EDIT_DISTANCE_H

/* Returns the number of bytes to add, remove or change to make one text the other (Levenshtein); INT_MAX when
 * either is longer than 32 bytes. */
int edit_distance_between(const char *a, const char *b);

#endif
