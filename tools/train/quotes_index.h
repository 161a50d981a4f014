// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The set of grams that a melody's gate carries (compose/quotes.h), made from
   the music that was learned from.

   A gram that several files have is nobody's: it stands in a broken chord or a
   figure that everybody plays.
*/
#ifndef PERPETUO_TOOLS_TRAIN_QUOTES_INDEX_H
#define PERPETUO_TOOLS_TRAIN_QUOTES_INDEX_H

#include "base/status.h"
#include "nn/model.h"
#include "tools/train/corpus.h"

#include <stddef.h>
#include <stdint.h>

/// A gram in more files than that is nobody's
#define QUOTES_MAX_FILES 3U

/// A set as model files hold it; owns its arrays
typedef struct {
  uint32_t  n_grams;
  uint32_t  n_files; ///< That were read
  uint32_t  n_buckets;
  uint64_t* begin; ///< (n_buckets + 1)
  uint32_t  n_bytes;
  uint8_t*  codes; ///< (n_bytes)
} QuotesIndex;

/**
   Gather the grams of all melodies of the training split that are learned from.

   @param index Written only on success; without a single gram it is empty.
   @return STATUS_NO_MEM, or STATUS_FULL for more than 2^28 grams.
*/
NODISCARD Status
quotes_index_new(const Corpus* corpus, QuotesIndex* index);

/// Free the arrays; a zeroed one is allowed
void
quotes_index_clear(QuotesIndex* index);

/// Bytes that it adds to a model
size_t
quotes_index_size(const QuotesIndex* index);

/**
   A copy of a model with this set in place of the one that it may have; an
   empty set leaves it without one.  STATUS_NO_MEM.
*/
NODISCARD Status
quotes_index_put(const QuotesIndex* index, const Model* model, Model** with);

/// The set in a sentence, for the model's card
void
quotes_index_tell(const QuotesIndex* index, char* text, size_t room);

#endif // PERPETUO_TOOLS_TRAIN_QUOTES_INDEX_H
