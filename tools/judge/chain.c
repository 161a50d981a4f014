// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/judge/chain.h"

#include <stdlib.h>

/// A place and the words before it
typedef struct {
  uint64_t context;
  uint32_t place;
} Entry;

struct Chain {
  uint32_t order;
  uint32_t n;
  Entry*   entry; ///< (n) sorted by context, then place
};

/// The last `order` words as a number
static uint64_t
context_of(const uint16_t* const last, const uint32_t order)
{
  uint64_t context = 0U;
  for (uint32_t i = CHAIN_MAX_ORDER - order; i < CHAIN_MAX_ORDER; ++i) {
    context = context << 16U | last[i];
  }
  return context;
}

static int
compare_entries(const void* const a, const void* const b)
{
  const Entry* const x = (const Entry*)a;
  const Entry* const y = (const Entry*)b;
  return x->context != y->context ? (x->context < y->context ? -1 : 1)
         : x->place < y->place    ? -1
                                  : x->place > y->place;
}

Status
chain_new(const uint16_t* const words,
          const uint32_t        n_words,
          const uint32_t        order,
          Chain** const         chain)
{
  Chain* const self  = (Chain*)calloc(1U, sizeof(Chain));
  Entry* const entry = (Entry*)calloc((size_t)n_words + 1U, sizeof(Entry));
  if (!self || !entry) {
    free(entry);
    free(self);
    return STATUS_NO_MEM;
  }

  uint16_t last[CHAIN_MAX_ORDER] = {CHAIN_END, CHAIN_END, CHAIN_END};
  for (uint32_t i = 0U; i < n_words; ++i) {
    if (words[i] == CHAIN_END) {
      last[0] = last[1] = last[2] = CHAIN_END;
      continue;
    }
    entry[self->n++] = (Entry){context_of(last, order), i};
    last[0]          = last[1];
    last[1]          = last[2];
    last[2]          = words[i];
  }
  qsort(entry, self->n, sizeof(Entry), compare_entries);
  self->order = order;
  self->entry = entry;
  *chain      = self;
  return STATUS_SUCCESS;
}

void
chain_free(Chain* const self)
{
  if (self) {
    free(self->entry);
    free(self);
  }
}

/// The first entry whose context is not below `context`
static uint32_t
find(const Chain* const self, const uint64_t context)
{
  uint32_t low  = 0U;
  uint32_t high = self->n;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2U;
    if (self->entry[middle].context < context) {
      low = middle + 1U;
    } else {
      high = middle;
    }
  }
  return low;
}

uint32_t
chain_next(const Chain* const    self,
           const uint16_t* const last,
           const uint32_t        draw)
{
  const uint64_t context = context_of(last, self->order);
  const uint32_t first   = find(self, context);
  const uint32_t n       = find(self, context + 1U) - first;
  return n ? self->entry[first + (uint32_t)(((uint64_t)draw * n) >> 32U)].place
           : CHAIN_NONE;
}
