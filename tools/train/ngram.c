// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/ngram.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define TOKEN_BITS 12U
#define TOKEN_LIMIT ((1U << TOKEN_BITS) - 1U)
#define MIN_ROOM 1024U

/// What was counted under one key; a key of 0 is an empty cell
typedef struct {
  uint64_t key;
  uint32_t n_events; ///< How often
  uint32_t n_kinds;  ///< Contexts: how many different classes followed
} Cell;

/// A hash table with open addressing, never more than half full
typedef struct {
  Cell*    cell;
  uint64_t room; ///< A power of two
  uint64_t n_used;
} Table;

struct Ngram {
  const Dataset* set;
  uint32_t       n;
  Table          context; ///< By context
  Table          whole;   ///< By context and class
};

static uint64_t
scatter(uint64_t key)
{
  key ^= key >> 32U;
  key *= 0x9E3779B97F4A7C15U;
  key ^= key >> 29U;
  key *= 0xBF58476D1CE4E5B9U;
  return key ^ (key >> 32U);
}

/// The cell of `key`, or the empty one where it belongs
static Cell*
table_at(const Table* const table, const uint64_t key)
{
  uint64_t i = scatter(key) & (table->room - 1U);
  while (table->cell[i].key && table->cell[i].key != key) {
    i = (i + 1U) & (table->room - 1U);
  }
  return &table->cell[i];
}

static bool
table_grow(Table* const table)
{
  const Table old   = *table;
  Table       fresh = {NULL, old.room ? old.room * 2U : MIN_ROOM, old.n_used};
  fresh.cell        = (Cell*)calloc((size_t)fresh.room, sizeof(Cell));
  if (!fresh.cell) {
    return false;
  }

  for (uint64_t i = 0U; i < old.room; ++i) {
    if (old.cell[i].key) {
      *table_at(&fresh, old.cell[i].key) = old.cell[i];
    }
  }
  free(old.cell);
  *table = fresh;
  return true;
}

/// The cell of `key`, made if there was none; null when there is no memory
static Cell*
table_make(Table* const table, const uint64_t key)
{
  if (2U * (table->n_used + 1U) > table->room && !table_grow(table)) {
    return NULL;
  }

  Cell* const cell = table_at(table, key);
  if (!cell->key) {
    cell->key = key;
    ++table->n_used;
  }
  return cell;
}

/// The last `length` first hot inputs up to step `i`; 0 stands before the first
static uint64_t
context_key(const Ngram* const    self,
            const Sequence* const sequence,
            const uint32_t        i,
            const uint32_t        length)
{
  const Dataset* const set = self->set;
  uint64_t             key = length + 1U; // Never 0, and apart by length
  for (uint32_t j = 0U; j < length; ++j) {
    const size_t   at    = (size_t)sequence->i_step + i - j;
    const uint64_t token = j <= i ? set->hot[at * set->n_hot] + 1U : 0U;
    key                  = key << TOKEN_BITS | token;
  }
  return key;
}

static uint64_t
whole_key(const uint64_t context, const uint16_t target)
{
  // A context takes at most 51 bits, so nothing is lost
  return context << TOKEN_BITS | target;
}

static Status
count_event(Ngram* const          self,
            const Sequence* const sequence,
            const uint32_t        i,
            const uint16_t        target)
{
  for (uint32_t length = 0U; length < self->n; ++length) {
    const uint64_t key   = context_key(self, sequence, i, length);
    Cell* const    whole = table_make(&self->whole, whole_key(key, target));
    Cell* const    cell  = table_make(&self->context, key);
    if (!whole || !cell) {
      return STATUS_NO_MEM;
    }
    cell->n_kinds += whole->n_events == 0U;
    ++whole->n_events;
    ++cell->n_events;
  }
  return STATUS_SUCCESS;
}

Status
ngram_new(const Dataset* const set, const uint32_t n, Ngram** const ngram)
{
  if (!n || n > NGRAM_MAX || !set->n_hot || set->n_hot_inputs >= TOKEN_LIMIT ||
      set->n_classes >= TOKEN_LIMIT) {
    return STATUS_BAD_ARG;
  }

  Ngram* const self = (Ngram*)calloc(1, sizeof(Ngram));
  if (!self || !table_grow(&self->context) || !table_grow(&self->whole)) {
    ngram_free(self);
    return STATUS_NO_MEM;
  }

  self->set = set;
  self->n   = n;
  for (uint32_t s = 0U; s < set->n_sequences; ++s) {
    const Sequence* const sequence = &set->sequence[s];
    for (uint32_t i = 0U;
         sequence->split == SPLIT_TRAIN && i < sequence->n_steps;
         ++i) {
      const uint16_t target = set->target[sequence->i_step + i];
      if (target != NO_TARGET && count_event(self, sequence, i, target)) {
        ngram_free(self);
        return STATUS_NO_MEM;
      }
    }
  }
  *ngram = self;
  return STATUS_SUCCESS;
}

void
ngram_free(Ngram* const self)
{
  if (self) {
    free(self->context.cell);
    free(self->whole.cell);
    free(self);
  }
}

double
ngram_probability(const Ngram* const    self,
                  const Sequence* const sequence,
                  const uint32_t        i,
                  const uint16_t        target)
{
  double p = 1.0 / (double)self->set->n_classes;
  for (uint32_t length = 0U; length < self->n; ++length) {
    const uint64_t    key  = context_key(self, sequence, i, length);
    const Cell* const cell = table_at(&self->context, key);
    if (!cell->key) {
      break; // Longer contexts were not seen either
    }
    const Cell* const whole = table_at(&self->whole, whole_key(key, target));
    p = ((double)whole->n_events + (double)cell->n_kinds * p) /
        ((double)cell->n_events + (double)cell->n_kinds);
  }
  return p;
}

void
ngram_evaluate(const Ngram* const    self,
               const uint32_t* const list,
               const uint32_t        n_list,
               Score* const          score)
{
  memset(score, 0, sizeof(*score));
  for (uint32_t s = 0U; s < n_list; ++s) {
    const Sequence* const sequence = &self->set->sequence[list[s]];
    double                sum      = 0.0;
    uint64_t              n        = 0U;
    for (uint32_t i = 0U; i < sequence->n_steps; ++i) {
      const uint16_t target = self->set->target[sequence->i_step + i];
      if (target != NO_TARGET) {
        sum -= log(ngram_probability(self, sequence, i, target));
        ++n;
      }
    }
    score_add(score, sequence, n, sum);
  }
}
