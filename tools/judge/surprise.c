// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/surprise.h"

#include "tools/judge/moves.h"

#include <math.h>
#include <stdlib.h>

#define ORDERS 3U
#define MOVE_BITS 16U

/// Counts of n-grams, sorted by key: the moves, oldest first, 16 bits each
typedef struct {
  size_t    n;
  uint64_t* key;
  uint32_t* count;
} Counts;

struct Surprise {
  Counts grams[ORDERS]; ///< By length less one
};

static void
clear_counts(Counts* const counts)
{
  free(counts->key);
  free(counts->count);
}

void
surprise_free(Surprise* const self)
{
  if (self) {
    for (uint32_t i = 0U; i < ORDERS; ++i) {
      clear_counts(&self->grams[i]);
    }
    free(self);
  }
}

static int
compare_keys(const void* const a, const void* const b)
{
  const uint64_t x = *(const uint64_t*)a;
  const uint64_t y = *(const uint64_t*)b;
  return x < y ? -1 : x > y;
}

/// The last `n` of three moves as a key
static uint64_t
key_of(const uint16_t moves[ORDERS], const uint32_t n)
{
  uint64_t key = 0U;
  for (uint32_t i = ORDERS - n; i < ORDERS; ++i) {
    key = key << MOVE_BITS | moves[i];
  }
  return key;
}

/// Write the keys of all n-grams of a line.  @return How many.
static size_t
list_keys(const uint16_t* const moves,
          const uint32_t        n_moves,
          const uint32_t        n,
          uint64_t* const       keys)
{
  uint16_t last[ORDERS] = {NO_MOVE, NO_MOVE, NO_MOVE};
  for (uint32_t i = 0U; i < n_moves; ++i) {
    last[0] = last[1];
    last[1] = last[2];
    last[2] = moves[i];
    keys[i] = key_of(last, n);
  }
  return n_moves;
}

/// Sort the keys and count those that are the same
static void
count_keys(Counts* const counts, const size_t n_keys)
{
  qsort(counts->key, n_keys, sizeof(uint64_t), compare_keys);
  for (size_t i = 0U; i < n_keys; ++i) {
    if (!counts->n || counts->key[counts->n - 1U] != counts->key[i]) {
      counts->key[counts->n++] = counts->key[i];
    }
    ++counts->count[counts->n - 1U];
  }
}

static Status
count_order(Surprise* const      self,
            const TakeSet* const known,
            const uint32_t       n,
            uint16_t* const      moves)
{
  Counts* const counts = &self->grams[n - 1U];
  const size_t  room   = moves_room(known) + 1U;
  counts->key          = (uint64_t*)calloc(room, sizeof(uint64_t));
  counts->count        = (uint32_t*)calloc(room, sizeof(uint32_t));
  if (!counts->key || !counts->count) {
    return STATUS_NO_MEM;
  }

  size_t n_keys = 0U;
  for (uint32_t i = 0U; i < known->n_takes; ++i) {
    const Take* const take = &known->takes[i];
    for (uint32_t k = 0U; k < take->n_lines; ++k) {
      const uint32_t n_moves = moves_of(&take->line[k], moves);
      n_keys += list_keys(moves, n_moves, n, counts->key + n_keys);
    }
  }
  count_keys(counts, n_keys);
  return STATUS_SUCCESS;
}

Status
surprise_new(const TakeSet* const known, Surprise** const surprise)
{
  Surprise* const self = (Surprise*)calloc(1U, sizeof(Surprise));
  uint16_t* const moves =
    (uint16_t*)calloc(moves_room(known) + 1U, sizeof(uint16_t));
  Status st = self && moves ? STATUS_SUCCESS : STATUS_NO_MEM;
  for (uint32_t n = 1U; !st && n <= ORDERS; ++n) {
    st = count_order(self, known, n, moves);
  }
  free(moves);
  if (st) {
    surprise_free(self);
  } else {
    *surprise = self;
  }
  return st;
}

/// The first n-gram whose key is not below `key`
static size_t
find_key(const Counts* const counts, const uint64_t key)
{
  size_t low  = 0U;
  size_t high = counts->n;
  while (low < high) {
    const size_t middle = low + (high - low) / 2U;
    if (counts->key[middle] < key) {
      low = middle + 1U;
    } else {
      high = middle;
    }
  }
  return low;
}

double
surprise_probability(const Surprise* const self, const uint16_t moves[ORDERS])
{
  double p = 1.0 / N_MOVES;
  for (uint32_t n = 1U; n <= ORDERS; ++n) {
    const Counts* const counts  = &self->grams[n - 1U];
    const uint64_t      key     = key_of(moves, n);
    const uint64_t      context = key >> MOVE_BITS << MOVE_BITS;
    double              n_here  = 0.0;
    double              n_all   = 0.0;
    double              n_kinds = 0.0;
    for (size_t i = find_key(counts, context);
         i < counts->n && (counts->key[i] >> MOVE_BITS << MOVE_BITS) == context;
         ++i) {
      n_here += counts->key[i] == key ? counts->count[i] : 0.0;
      n_all += counts->count[i];
      n_kinds += 1.0;
    }
    if (n_all > 0.0) {
      p = (n_here + n_kinds * p) / (n_all + n_kinds);
    }
  }
  return p;
}

Status
surprise_add(const Surprise* const self,
             const TakeLine* const line,
             double* const         bits,
             uint64_t* const       n_moves)
{
  uint16_t* const moves =
    (uint16_t*)malloc((line->n_notes + 1U) * sizeof(uint16_t));
  if (!moves) {
    return STATUS_NO_MEM;
  }

  const uint32_t n            = moves_of(line, moves);
  uint16_t       last[ORDERS] = {NO_MOVE, NO_MOVE, NO_MOVE};
  for (uint32_t i = 0U; i < n; ++i) {
    last[0] = last[1];
    last[1] = last[2];
    last[2] = moves[i];
    *bits -= log2(surprise_probability(self, last));
  }
  *n_moves += n;
  free(moves);
  return STATUS_SUCCESS;
}
