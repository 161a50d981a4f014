// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/drum_features.h"

#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FILL_BARS 8U ///< The last of which may be a fill
#define BACKBEAT_1 4 ///< Steps of beats 2 and 4
#define BACKBEAT_2 12
#define DISTINCT_BARS 8U ///< Fewer say nothing of variety

const char*
drum_feature_name(const DrumFeature feature)
{
  static const char* const names[N_DRUM_FEATURES] = {
    [DRUMS_HITS]        = "hits",
    [DRUMS_VOICES]      = "voices used",
    [DRUMS_KICK_ON_1]   = "kick on 1",
    [DRUMS_BACKBEAT]    = "backbeat",
    [DRUMS_ON_EIGHTHS]  = "on eighths",
    [DRUMS_SYNCOPATION] = "kick syncopation",
    [DRUMS_CHANGE]      = "change from bar to bar",
    [DRUMS_LOUDNESS]    = "velocity spread",
    [DRUMS_TIMING]      = "timing spread, ms",
  };
  return names[feature] ? names[feature]
                        : drum_map_name((DrumVoice)(feature - DRUMS_VOICE));
}

uint32_t
drum_syncopation(const uint32_t onsets)
{
  // How weak each step is
  static const uint8_t weak[BAR_STEPS] = {
    0U, 4U, 3U, 4U, 2U, 4U, 3U, 4U, 1U, 4U, 3U, 4U, 2U, 4U, 3U, 4U};

  uint32_t sum = 0U;
  for (uint32_t i = 0U; i < BAR_STEPS; ++i) {
    uint32_t strongest = weak[i];
    for (uint32_t k = 1U; (onsets >> i & 1U) && k < BAR_STEPS; ++k) {
      const uint32_t at = (i + k) % BAR_STEPS;
      if (onsets >> at & 1U) {
        break;
      }
      strongest = weak[at] < strongest ? weak[at] : strongest;
    }
    sum += weak[i] - strongest;
  }
  return sum;
}

void
drum_pattern(const Take* const take,
             const uint32_t    bar,
             uint16_t          pattern[BAR_STEPS])
{
  const uint32_t begin = bar * BAR_STEPS;
  uint32_t       n     = 0U;
  const uint32_t first = take_hits_within(take, begin, begin + BAR_STEPS, &n);
  memset(pattern, 0, BAR_STEPS * sizeof(pattern[0]));
  for (uint32_t i = first; i < first + n; ++i) {
    const TakeHit* const hit = &take->hits[i];
    pattern[hit->step - begin] =
      (uint16_t)(pattern[hit->step - begin] | 1U << hit->voice);
  }
}

/// Hits that only one of two bars has
static uint32_t
hamming(const uint16_t a[BAR_STEPS], const uint16_t b[BAR_STEPS])
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < BAR_STEPS; ++i) {
    for (uint32_t v = 0U; v < N_DRUM_VOICES; ++v) {
      n += ((uint32_t)a[i] ^ b[i]) >> v & 1U;
    }
  }
  return n;
}

/// Kick, backbeat and change, which the pattern shows
static void
measure_pattern(const Take* const take, const uint32_t bar, double* const row)
{
  const uint32_t back = 1U << DRUM_SNARE | 1U << DRUM_CLAP;
  uint16_t       pattern[BAR_STEPS];
  uint16_t       before[BAR_STEPS];
  uint32_t       kicks = 0U;
  drum_pattern(take, bar, pattern);
  for (uint32_t i = 0U; i < BAR_STEPS; ++i) {
    kicks |= ((uint32_t)pattern[i] >> DRUM_KICK & 1U) << i;
  }
  row[DRUMS_KICK_ON_1]   = kicks & 1U;
  row[DRUMS_SYNCOPATION] = drum_syncopation(kicks);
  row[DRUMS_BACKBEAT]    = 0.5 * ((pattern[BACKBEAT_1] & back) != 0U) +
                        0.5 * ((pattern[BACKBEAT_2] & back) != 0U);
  if (bar) {
    drum_pattern(take, bar - 1U, before);
    row[DRUMS_CHANGE] = hamming(before, pattern);
  }
}

static double
deviation(const double sum, const double squares, const uint32_t n)
{
  return sqrt(fmax(0.0, squares / n - sum / n * (sum / n)));
}

void
drum_features_measure(const Take* const take,
                      const uint32_t    bar,
                      double* const     row)
{
  const uint32_t begin   = bar * BAR_STEPS;
  uint32_t       n       = 0U;
  const uint32_t first   = take_hits_within(take, begin, begin + BAR_STEPS, &n);
  double         loud[2] = {0.0, 0.0};
  double         late[2] = {0.0, 0.0};
  memset(row, 0, N_DRUM_FEATURES * sizeof(double));
  for (uint32_t i = first; i < first + n; ++i) {
    const TakeHit* const hit = &take->hits[i];
    row[DRUMS_VOICE + hit->voice] += 1.0;
    row[DRUMS_ON_EIGHTHS] += (hit->step % 2U ? 0.0 : 1.0) / n;
    loud[0] += hit->velocity;
    loud[1] += (double)hit->velocity * hit->velocity;
    late[0] += hit->late_ms;
    late[1] += hit->late_ms * hit->late_ms;
  }
  for (uint32_t v = 0U; v < N_DRUM_VOICES; ++v) {
    row[DRUMS_VOICES] += row[DRUMS_VOICE + v] > 0.0;
  }
  row[DRUMS_HITS]     = n;
  row[DRUMS_LOUDNESS] = deviation(loud[0], loud[1], n ? n : 1U);
  row[DRUMS_TIMING]   = deviation(late[0], late[1], n ? n : 1U);
  measure_pattern(take, bar, row);
}

static bool
has_hits(const Take* const take, const uint32_t bar)
{
  uint32_t n = 0U;
  take_hits_within(take, bar * BAR_STEPS, (bar + 1U) * BAR_STEPS, &n);
  return n > 0U;
}

static uint32_t
count_bars(const Take* const take)
{
  uint32_t n = 0U;
  for (uint32_t bar = 0U; take->n_hits && bar < take->n_bars; ++bar) {
    n += has_hits(take, bar);
  }
  return n;
}

/// Measure those bars of a take that are taken
static void
add_bars(const Take* const take, const uint32_t i_take, Samples* const samples)
{
  const uint32_t n_all = count_bars(take);
  const uint32_t n     = n_all < BARS_PER_PIECE ? n_all : BARS_PER_PIECE;
  uint32_t       k     = 0U;
  uint32_t       i_bar = 0U;
  for (uint32_t bar = 0U; k < n && bar < take->n_bars; ++bar) {
    if (has_hits(take, bar) && i_bar++ == (uint32_t)((uint64_t)k * n_all / n)) {
      double row[N_DRUM_FEATURES];
      drum_features_measure(take, bar, row);
      samples_add(samples, i_take, row);
      ++k;
    }
  }
}

Status
drum_features_of(const TakeSet* const set, Samples* const samples)
{
  const Status st =
    samples_init(samples, set->n_takes * BARS_PER_PIECE, N_DRUM_FEATURES);
  for (uint32_t i = 0U; !st && i < set->n_takes; ++i) {
    add_bars(&set->takes[i], i, samples);
  }
  return st;
}

static uint64_t
hash_bar(const Take* const take, const uint32_t bar)
{
  uint16_t pattern[BAR_STEPS];
  uint64_t key = rng_seed(1U);
  drum_pattern(take, bar, pattern);
  for (uint32_t i = 0U; i < BAR_STEPS; ++i) {
    key = rng_key(key, pattern[i]);
  }
  return key;
}

static int
compare_hashes(const void* const a, const void* const b)
{
  const uint64_t x = *(const uint64_t*)a;
  const uint64_t y = *(const uint64_t*)b;
  return x < y ? -1 : x > y;
}

/// Sort, and drop what is there twice.  @return How many are left.
static size_t
sort_hashes(uint64_t* const hash, const size_t n)
{
  size_t n_kept = 0U;
  qsort(hash, n, sizeof(uint64_t), compare_hashes);
  for (size_t i = 0U; i < n; ++i) {
    if (!n_kept || hash[n_kept - 1U] != hash[i]) {
      hash[n_kept++] = hash[i];
    }
  }
  return n_kept;
}

/// Hashes of a take's bars with hits.  @return How many.
static size_t
list_bars(const Take* const take, uint64_t* const hash)
{
  size_t n = 0U;
  for (uint32_t bar = 0U; take->n_hits && bar < take->n_bars; ++bar) {
    if (has_hits(take, bar)) {
      hash[n++] = hash_bar(take, bar);
    }
  }
  return n;
}

Status
bar_book_init(BarBook* const book, const TakeSet* const known)
{
  size_t room = 1U;
  for (uint32_t i = 0U; i < known->n_takes; ++i) {
    room += known->takes[i].n_hits ? known->takes[i].n_bars : 0U;
  }
  book->n    = 0U;
  book->hash = (uint64_t*)calloc(room, sizeof(uint64_t));
  if (!book->hash) {
    return STATUS_NO_MEM;
  }

  size_t n = 0U;
  for (uint32_t i = 0U; i < known->n_takes; ++i) {
    n += list_bars(&known->takes[i], book->hash + n);
  }
  book->n = sort_hashes(book->hash, n);
  return STATUS_SUCCESS;
}

void
bar_book_clear(BarBook* const book)
{
  free(book->hash);
  memset(book, 0, sizeof(*book));
}

double
bar_book_share(const BarBook* const book, const TakeSet* const set)
{
  uint32_t n_known = 0U;
  uint32_t n       = 0U;
  for (uint32_t i = 0U; i < set->n_takes; ++i) {
    const Take* const take = &set->takes[i];
    for (uint32_t bar = 0U; take->n_hits && bar < take->n_bars; ++bar) {
      if (has_hits(take, bar)) {
        const uint64_t hash = hash_bar(take, bar);
        n_known += book->n && bsearch(&hash,
                                      book->hash,
                                      book->n,
                                      sizeof(uint64_t),
                                      compare_hashes) != NULL;
        ++n;
      }
    }
  }
  return n ? (double)n_known / n : (double)NAN;
}

Status
drum_distinct_bars(const TakeSet* const set, double* const share)
{
  double   sum = 0.0;
  uint32_t n   = 0U;
  for (uint32_t i = 0U; i < set->n_takes; ++i) {
    const Take* const take = &set->takes[i];
    uint64_t* const   hash =
      (uint64_t*)malloc((take->n_bars + 1U) * sizeof(uint64_t));
    if (!hash) {
      return STATUS_NO_MEM;
    }
    const size_t n_bars = list_bars(take, hash);
    if (n_bars >= DISTINCT_BARS) {
      sum += (double)sort_hashes(hash, n_bars) / (double)n_bars;
      ++n;
    }
    free(hash);
  }
  *share = n ? sum / n : (double)NAN;
  return STATUS_SUCCESS;
}

static int
compare_doubles(const void* const a, const void* const b)
{
  const double x = *(const double*)a;
  const double y = *(const double*)b;
  return x < y ? -1 : x > y;
}

/// Hits in the last bar of a group over the mean of the others; below 0 when
/// a bar is empty
static double
group_contrast(const Take* const take, const uint32_t first_bar)
{
  uint32_t n_last = 0U;
  double   sum    = 0.0;
  for (uint32_t bar = first_bar; bar < first_bar + FILL_BARS; ++bar) {
    take_hits_within(take, bar * BAR_STEPS, (bar + 1U) * BAR_STEPS, &n_last);
    if (!n_last) {
      return -1.0;
    }
    sum += n_last;
  }
  return n_last / ((sum - n_last) / (FILL_BARS - 1U));
}

Status
drum_fill_contrast(const TakeSet* const set, double* const contrast)
{
  size_t room = 1U;
  for (uint32_t i = 0U; i < set->n_takes; ++i) {
    room += set->takes[i].n_bars / FILL_BARS;
  }
  double* const all = (double*)calloc(room, sizeof(double));
  if (!all) {
    return STATUS_NO_MEM;
  }

  size_t n = 0U;
  for (uint32_t i = 0U; i < set->n_takes; ++i) {
    const Take* const take = &set->takes[i];
    for (uint32_t bar = 0U; take->n_hits && bar + FILL_BARS <= take->n_bars;
         bar += FILL_BARS) {
      const double value = group_contrast(take, bar);
      if (value >= 0.0) {
        all[n++] = value;
      }
    }
  }
  qsort(all, n, sizeof(double), compare_doubles);
  *contrast = n ? 0.5 * (all[n / 2U] + all[(n - 1U) / 2U]) : (double)NAN;
  free(all);
  return STATUS_SUCCESS;
}
