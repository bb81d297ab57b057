/* SPDX-License-Identifier: MIT */
/* What the fuzzers and the replay of their corpora agree on. */
#ifndef SPEC_FUZZ_H
#define SPEC_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer's entry; a finding is a crash. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* REQUIRE(condition, "what was broken") */
#define REQUIRE(holds, broken)                                                                               \
  do {                                                                                                       \
    if (!(holds)) {                                                                                          \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, (broken));                                          \
      abort();                                                                                               \
    }                                                                                                        \
  } while (0)

#endif
