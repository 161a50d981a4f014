// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "music/part.h"
#include "music/style.h"

#include <string.h>

static void
test_order_is_what_models_know(void)
{
  static const char* const symbols[N_STYLES] = {"house",
                                                "deephouse",
                                                "progressive",
                                                "techno",
                                                "trance",
                                                "synthwave",
                                                "dnb",
                                                "futurebass",
                                                "garage",
                                                "acid",
                                                "game",
                                                "rock",
                                                "funk",
                                                "baroque",
                                                "classical",
                                                "romantic"};

  for (int i = 0; i < (int)N_STYLES; ++i) {
    CHECK(!strcmp(style_row((Style)i)->symbol, symbols[i]));
    CHECK(style_find(symbols[i]) == i);
  }
}

static void
test_symbols_can_be_symbols(void)
{
  for (int i = 0; i < (int)N_STYLES; ++i) {
    const char* const symbol = style_row((Style)i)->symbol;
    CHECK(symbol[strspn(symbol, "abcdefghijklmnopqrstuvwxyz")] == '\0');
    CHECK(style_row((Style)i)->name[0] >= 'A' &&
          style_row((Style)i)->name[0] <= 'Z');
  }
}

static void
test_every_style_has_a_part(void)
{
  unsigned n[N_PARTS] = {0U};
  for (int i = 0; i < (int)N_STYLES; ++i) {
    const StyleRow* const row = style_row((Style)i);
    CHECK(row->has_part[PART_MELODY] || row->has_part[PART_DRUMS]);
    CHECK(row->minor <= 100U);
    n[PART_MELODY] += row->has_part[PART_MELODY];
    n[PART_DRUMS] += row->has_part[PART_DRUMS];
  }
  CHECK(n[PART_MELODY] == 15U && n[PART_DRUMS] == 13U);
  CHECK(!style_row(STYLE_BAROQUE)->has_part[PART_DRUMS]);
  CHECK(!style_row(STYLE_FUNK)->has_part[PART_MELODY]);
}

static void
test_unknown_is_none(void)
{
  CHECK(style_find("") == -1);
  CHECK(style_find("House") == -1);
  CHECK(style_find("hous") == -1);
  CHECK(style_find("house ") == -1);
  CHECK(style_row(N_STYLES) == style_row(STYLE_HOUSE));
}

int
main(void)
{
  RUN(test_order_is_what_models_know);
  RUN(test_symbols_can_be_symbols);
  RUN(test_every_style_has_a_part);
  RUN(test_unknown_is_none);
  CHECK_END();
}
