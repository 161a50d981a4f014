// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/rng.h"
#include "tools/train/company.h"

#include <stdbool.h>
#include <string.h>

#define N_DRAWS 2000U
#define BAR 96U ///< Grid steps of 4/4

/// A melody on the first beat of even bars and the second of odd ones
static GridNote melody[] = {{0U, 24U, 0, 100U, 0},
                            {BAR + 24U, 24U, 3, 100U, 0},
                            {2U * BAR, 24U, 5, 100U, 0}};
static GridNote hits[]   = {{0U, 6U, 0, 100U, 0}};
static Line     tune     = {PART_MELODY, 3U, melody, "", 0U, NULL};
static Line     drums    = {PART_DRUMS, 1U, hits, "", 0U, NULL};

static Piece
piece_of(Line* const line, const Split split, const uint8_t n_beats)
{
  const Piece piece = {.path    = (char*)"a.mid",
                       .style   = -1,
                       .split   = (uint8_t)split,
                       .metre   = {n_beats, 4U},
                       .n_bars  = 3U,
                       .n_lines = 1U,
                       .lines   = line};
  return piece;
}

/// Of so many keys, how often there are onsets
static uint32_t
count_heard(const Corpus* const corpus, const Piece* const piece)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < N_DRAWS; ++i) {
    uint64_t onsets[2U * VOCAB_ONSET_WORDS];
    n +=
      company_onsets(corpus, piece, 0U, 2U, rng_key(rng_seed(1U), i), onsets);
  }
  return n;
}

static void
test_its_own_melody(void)
{
  Piece        pieces[] = {piece_of(&tune, SPLIT_HELD_OUT, 4U)};
  const Corpus corpus   = {1U, pieces, 0U};
  uint64_t     onsets[4U * VOCAB_ONSET_WORDS];

  // From the second bar on, and round again after the third
  CHECK(company_onsets(&corpus, pieces, 1U, 4U, 7U, onsets));
  const uint64_t expected[4] = {UINT64_C(1) << 24U, 1U, 1U, UINT64_C(1) << 24U};
  for (uint32_t bar = 0U; bar < 4U; ++bar) {
    CHECK(onsets[bar * VOCAB_ONSET_WORDS] == expected[bar]);
    CHECK(!onsets[bar * VOCAB_ONSET_WORDS + 1U]);
  }
}

static void
test_a_melody_is_taken_away_at_times(void)
{
  Piece          pieces[] = {piece_of(&tune, SPLIT_TRAIN, 4U),
                             piece_of(&tune, SPLIT_HELD_OUT, 4U)};
  const Corpus   corpus   = {2U, pieces, 0U};
  const uint32_t n        = count_heard(&corpus, &pieces[0]);
  CHECK(n > N_DRAWS * 13U / 16U && n < N_DRAWS * 15U / 16U);
  CHECK(count_heard(&corpus, &pieces[1]) == N_DRAWS);
}

static void
test_a_stranger_lends_one(void)
{
  Piece          pieces[] = {piece_of(&drums, SPLIT_TRAIN, 4U),
                             piece_of(&tune, SPLIT_TRAIN, 4U),
                             piece_of(&drums, SPLIT_HELD_OUT, 4U)};
  const Corpus   corpus   = {3U, pieces, 0U};
  const uint32_t n        = count_heard(&corpus, &pieces[0]);
  CHECK(n > N_DRAWS * 11U / 16U && n < N_DRAWS * 13U / 16U);

  // What is held out is told what there is, which is nothing
  CHECK(!count_heard(&corpus, &pieces[2]));

  // Lent from any bar on, not from the first alone
  bool is_from[2] = {false, false};
  for (uint32_t i = 0U; i < N_DRAWS; ++i) {
    uint64_t onsets[2U * VOCAB_ONSET_WORDS];
    if (company_onsets(&corpus, pieces, 0U, 2U, rng_key(5U, i), onsets)) {
      is_from[onsets[0] == 1U] = true;
    }
  }
  CHECK(is_from[0] && is_from[1]);
}

static void
test_who_does_not_lend(void)
{
  // Another metre, and what is held out
  Piece        pieces[] = {piece_of(&drums, SPLIT_TRAIN, 4U),
                           piece_of(&tune, SPLIT_TRAIN, 3U),
                           piece_of(&tune, SPLIT_HELD_OUT, 4U)};
  const Corpus corpus   = {3U, pieces, 0U};
  CHECK(!count_heard(&corpus, &pieces[0]));
}

static void
test_energy(void)
{
  const Piece learned = piece_of(&drums, SPLIT_TRAIN, 4U);
  const Piece kept    = piece_of(&drums, SPLIT_HELD_OUT, 4U);
  uint32_t    n_none  = 0U;
  int         least   = 127;
  int         most    = -127;
  for (uint32_t i = 0U; i < N_DRAWS; ++i) {
    const uint64_t key = rng_key(rng_seed(3U), i);
    const int      e   = company_energy(&learned, 0, key);
    n_none += !e;
    least = e < least ? e : least;
    most  = e > most ? e : most;
    CHECK(company_energy(&learned, -14, key) == -14);
    CHECK(!company_energy(&kept, 0, key));
  }
  CHECK(n_none > N_DRAWS * 3U / 16U && n_none < N_DRAWS * 5U / 16U);
  CHECK(least < -120 && most > 120);
}

int
main(void)
{
  RUN(test_its_own_melody);
  RUN(test_a_melody_is_taken_away_at_times);
  RUN(test_a_stranger_lends_one);
  RUN(test_who_does_not_lend);
  RUN(test_energy);
  CHECK_END();
}
