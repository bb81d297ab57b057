/* SPDX-License-Identifier: MIT */
#include "base/number_pool.h"

#include "unit.h"

enum { NUMBERS = 100 };

static void counts_up(void) {
  struct number_pool pool = {0};
  for (unsigned expected = 1; expected <= NUMBERS; expected++) {
    unsigned number = 0;
    CHECK(number_pool_take(&pool, &number) && number == expected, "number %u comes after %u", expected,
          expected - 1);
  }
  number_pool_destroy(&pool);
}

static void gives_returned_numbers_again(void) {
  struct number_pool pool = {0};
  bool is_in_use[NUMBERS + 1] = {false};
  unsigned number = 0;
  for (int i = 0; i < NUMBERS; i++) number_pool_take(&pool, &number);
  for (unsigned returned = 1; returned <= NUMBERS; returned++) number_pool_return(&pool, returned);
  for (int i = 0; i < NUMBERS; i++) {
    CHECK(number_pool_take(&pool, &number) && number >= 1 && number <= NUMBERS && !is_in_use[number],
          "one of those returned is given, and once");
    is_in_use[number <= NUMBERS ? number : 0] = true;
  }
  CHECK(number_pool_take(&pool, &number) && number == NUMBERS + 1, "then comes a new one");
  number_pool_destroy(&pool);
}

int main(void) {
  counts_up();
  gives_returned_numbers_again();
  return unit_end();
}
