// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/rng.h"
#include "tools/train/ngram.h"

#include <string.h>

#define START 3U

/// A sequence of letters "abc..." as a net is told it: last letter, next letter
static void
add_text(Dataset* const set, const char* const text, const Split split)
{
  const uint32_t n     = (uint32_t)strlen(text);
  const int8_t   dense = 0;
  uint32_t       i_row = 0U;
  uint16_t       last  = START;
  CHECK(!dataset_add_row(set, &dense, &i_row));
  for (uint32_t i = 0U; i < n; ++i) {
    const uint16_t hot[2] = {last, 4U};
    last                  = (uint16_t)(text[i] - 'a');
    CHECK(!dataset_add_step(set, hot, i_row, last));
  }
  const Sequence sequence = {0U, n, set->n_sequences, 0U, (uint8_t)split, 1.0f};
  CHECK(!dataset_add_sequence(set, sequence));
}

static void
test_unigram_by_hand(void)
{
  // a twice, b once: 2 kinds in 3 events over 3 classes
  Dataset set;
  Ngram*  ngram = NULL;
  dataset_init(&set, 5U, 2U, 1U, 3U);
  add_text(&set, "aab", SPLIT_TRAIN);
  add_text(&set, "ccc", SPLIT_HELD_OUT); // Not counted
  CHECK(!ngram_new(&set, 1U, &ngram));
  const Sequence* const s = &set.sequence[0];
  NEAR(ngram_probability(ngram, s, 0U, 0U), (2.0 + 2.0 / 3.0) / 5.0, 1e-12);
  NEAR(ngram_probability(ngram, s, 0U, 1U), (1.0 + 2.0 / 3.0) / 5.0, 1e-12);
  NEAR(ngram_probability(ngram, s, 0U, 2U), (0.0 + 2.0 / 3.0) / 5.0, 1e-12);
  ngram_free(ngram);
  dataset_clear(&set);
}

static void
test_bigram_by_hand(void)
{
  Dataset set;
  Ngram*  ngram = NULL;
  dataset_init(&set, 5U, 2U, 1U, 3U);
  add_text(&set, "aab", SPLIT_TRAIN);
  CHECK(!ngram_new(&set, 2U, &ngram));
  // After "a" came a and b, once each; step 1 is after the first a
  const double a = (2.0 + 2.0 / 3.0) / 5.0;
  NEAR(ngram_probability(ngram, &set.sequence[0], 1U, 0U),
       (1.0 + 2.0 * a) / 4.0,
       1e-12);
  // At the start only a was seen
  NEAR(
    ngram_probability(ngram, &set.sequence[0], 0U, 0U), (1.0 + a) / 2.0, 1e-12);
  ngram_free(ngram);
  dataset_clear(&set);
}

static void
test_sums_to_one(void)
{
  Dataset set;
  dataset_init(&set, 5U, 2U, 1U, 3U);
  for (uint32_t s = 0U; s < 50U; ++s) {
    char text[40];
    memset(text, 0, sizeof(text));
    for (uint32_t i = 0U; i < 39U; ++i) {
      text[i] = (char)('a' + (int)rng_below(3U, s * 39U + i, 3U));
    }
    add_text(&set, text, s % 5U ? SPLIT_TRAIN : SPLIT_HELD_OUT);
  }
  for (uint32_t n = 1U; n <= NGRAM_MAX; ++n) {
    Ngram* ngram = NULL;
    CHECK(!ngram_new(&set, n, &ngram));
    for (uint32_t i = 0U; i < 39U; ++i) {
      const Sequence* const s   = &set.sequence[i];
      double                sum = 0.0;
      for (uint16_t v = 0U; v < 3U; ++v) {
        const double p = ngram_probability(ngram, s, i, v);
        CHECK(p > 0.0 && p < 1.0);
        sum += p;
      }
      NEAR(sum, 1.0, 1e-12);
    }
    ngram_free(ngram);
  }
  dataset_clear(&set);
}

static void
test_longer_context_knows_more(void)
{
  // "aabb" repeated: what comes after a letter needs two letters of context
  Dataset  set;
  double   loss[NGRAM_MAX + 1U];
  uint32_t list[1] = {1U};
  dataset_init(&set, 5U, 2U, 1U, 3U);
  add_text(&set, "aabbaabbaabbaabbaabbaabbaabbaabbaabbaabb", SPLIT_TRAIN);
  add_text(&set, "aabbaabbaabbaabbaabb", SPLIT_HELD_OUT);
  for (uint32_t n = 1U; n <= NGRAM_MAX; ++n) {
    Ngram* ngram = NULL;
    Score  score;
    CHECK(!ngram_new(&set, n, &ngram));
    ngram_evaluate(ngram, list, 1U, &score);
    CHECK(score.n_events == 20U);
    loss[n] = score_loss(&score);
    ngram_free(ngram);
  }
  CHECK(loss[1] > 0.6);
  CHECK(loss[2] > 0.6);
  CHECK(loss[3] < 0.3);
  CHECK(loss[5] < loss[3] + 0.02);
  dataset_clear(&set);
}

static void
test_evaluates_what_is_predicted(void)
{
  Dataset set;
  Ngram*  ngram = NULL;
  Score   score;
  dataset_init(&set, 5U, 2U, 1U, 3U);
  add_text(&set, "abcabc", SPLIT_TRAIN);
  add_text(&set, "abc", SPLIT_HELD_OUT);
  set.target[6] = NO_TARGET;
  CHECK(!ngram_new(&set, 3U, &ngram));
  const uint32_t list[1] = {1U};
  ngram_evaluate(ngram, list, 1U, &score);
  CHECK(score.n_events == 2U);
  const Sequence* const s = &set.sequence[1];
  NEAR(score.sum,
       -log(ngram_probability(ngram, s, 1U, 1U)) -
         log(ngram_probability(ngram, s, 2U, 2U)),
       1e-12);
  ngram_free(ngram);
  dataset_clear(&set);
}

static void
test_refuses(void)
{
  Dataset set;
  Ngram*  ngram = NULL;
  dataset_init(&set, 5U, 2U, 1U, 3U);
  CHECK(ngram_new(&set, 0U, &ngram) == STATUS_BAD_ARG);
  CHECK(ngram_new(&set, NGRAM_MAX + 1U, &ngram) == STATUS_BAD_ARG);
  set.n_hot_inputs = 5000U;
  CHECK(ngram_new(&set, 3U, &ngram) == STATUS_BAD_ARG);
  CHECK(!ngram);
  ngram_free(NULL);
}

int
main(void)
{
  RUN(test_unigram_by_hand);
  RUN(test_bigram_by_hand);
  RUN(test_sums_to_one);
  RUN(test_longer_context_knows_more);
  RUN(test_evaluates_what_is_predicted);
  RUN(test_refuses);
  CHECK_END();
}
