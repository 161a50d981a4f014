// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A small value that one thread writes and others read, and nobody waits.

   The writer counts up before and after writing; a reader who sees an odd
   count, or another one afterwards, has read in between and comes again later.
   Source: the sequence lock, with every word atomic.
*/
#ifndef PERPETUO_PLUGIN_BOX_H
#define PERPETUO_PLUGIN_BOX_H

#include "base/attributes.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BOX_MAX_WORDS 288U

typedef struct {
  atomic_uint count; ///< Twice the number of values written; odd while writing
  atomic_uint words[BOX_MAX_WORDS];
} Box;

/// Put a value of `n_words` 32-bit words in.  One writer at a time.
REALTIME static inline void
box_write(Box* const self, const void* const value, const uint32_t n_words)
{
  const unsigned count =
    atomic_load_explicit(&self->count, memory_order_relaxed);

  atomic_store_explicit(&self->count, count + 1U, memory_order_relaxed);
  for (uint32_t i = 0U; i < n_words && i < BOX_MAX_WORDS; ++i) {
    uint32_t word = 0U;
    memcpy(&word, (const char*)value + i * sizeof(word), sizeof(word));
    atomic_store_explicit(&self->words[i], word, memory_order_release);
  }
  atomic_store_explicit(&self->count, count + 2U, memory_order_release);
}

/// How many values were put in so far
REALTIME static inline unsigned
box_count(Box* const self)
{
  return atomic_load_explicit(&self->count, memory_order_acquire) / 2U;
}

/**
   Take a copy out.

   @param value Written in any case, but of use only when true is returned.
   @return false when the writer was at it: try again later.
*/
REALTIME static inline bool
box_read(Box* const self, void* const value, const uint32_t n_words)
{
  const unsigned count =
    atomic_load_explicit(&self->count, memory_order_acquire);

  for (uint32_t i = 0U; i < n_words && i < BOX_MAX_WORDS; ++i) {
    const uint32_t word =
      atomic_load_explicit(&self->words[i], memory_order_acquire);
    memcpy((char*)value + i * sizeof(word), &word, sizeof(word));
  }
  return count % 2U == 0U &&
         atomic_load_explicit(&self->count, memory_order_relaxed) == count;
}

#endif // PERPETUO_PLUGIN_BOX_H
