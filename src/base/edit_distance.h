/* SPDX-License-Identifier: MIT */
#ifndef BASE_EDIT_DISTANCE_H
#define BASE_EDIT_DISTANCE_H

/* How many bytes must be added, dropped or changed to make one text the other (Levenshtein); INT_MAX where
 * either is longer than 32 bytes. */
int edit_distance_between(const char *a, const char *b);

#endif
