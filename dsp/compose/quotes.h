// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Quotes: whether a melody says what the training music says.

   A *gram* is nine notes in a row as eight moves, each an interval in semitones
   and a distance in grid steps, so that it is the same in every key and
   wherever it begins.  The melody's gate carries a set of the grams that it
   learned from (tools/train/quotes_index.h): no notes, only fingerprints, one
   in a thousand of which is met by chance.

   In the model file:

   * "quotes.codes", I8: the buckets' codes, one bucket after the other, bits
     from the lowest up;
   * "quotes.begin", U64 (B + 1): the bit at which each of the B buckets begins,
     and the end of the last;
   * "quotes_version": QUOTES_VERSION.

   A gram's fingerprint is rng_key() over its moves, 64 bits.  Its high half
   chooses the bucket, h * B / 2^32; its QUOTES_BUCKET_BITS lowest bits are its
   place there.  A bucket lists its places, rising, as their distances less one
   (the first one as it is), in the code of Golomb and Rice: distance /
   2^QUOTES_RICE_BITS ones, a zero, then the QUOTES_RICE_BITS low bits.
   Source: Golomb 1966, Rice 1979.
*/
#ifndef PERPETUO_COMPOSE_QUOTES_H
#define PERPETUO_COMPOSE_QUOTES_H

#include "base/status.h"
#include "compose/sketch.h"
#include "nn/model.h"

#include <stdbool.h>
#include <stdint.h>

/// Raised whenever grams, fingerprints or codes change their meaning
#define QUOTES_VERSION 1U

/// Moves of a gram, and its notes
#define QUOTES_MOVES 8U
#define QUOTES_NOTES (QUOTES_MOVES + 1U)

/// A gram of fewer different moves is nobody's: scales, repeated notes, trills,
/// three notes going round.  Most of the grams that real held-out leads have in
/// common with other music are of this kind.
#define QUOTES_LEAST_KINDS 4U

/// Grams that make a quotation.  One alone is met, by chance or in a common
/// figure, by 5 of 100 phrases of four bars in real held-out leads; two by 3.
#define QUOTES_REFUSED 2U

/// A bucket's room and what fills it: together a false alarm in 2^10
#define QUOTES_BUCKET_BITS 17U
#define QUOTES_BUCKET_GRAMS 128U
#define QUOTES_RICE_BITS 9U

/// More grams in a bucket are not read: a lookup's work is bounded
#define QUOTES_MAX_BUCKET (8U * QUOTES_BUCKET_GRAMS)

/// Names in a model
#define QUOTES_CODES "quotes.codes"
#define QUOTES_BEGIN "quotes.begin"
#define QUOTES_VERSION_KEY "quotes_version"

/// A set of grams: views of a Model, which must outlive it.  A zeroed one is
/// empty.
typedef struct {
  const uint8_t*  codes;
  const uint64_t* begin;     ///< (n_buckets + 1) in bits
  uint32_t        n_buckets; ///< B
  uint32_t        n_grams;
} Quotes;

/**
   The fingerprint of the gram that begins with a note.

   @param notes (QUOTES_NOTES) of a melody, as the vocabulary's cursor gives
   them: one at a time, sorted.
   @return False when it is nobody's.
   Thread: any.
*/
bool
quotes_gram(const GridNote* notes, uint64_t* gram);

/// The bucket of a gram, of so many, and its place there.  Thread: any.
uint32_t
quotes_bucket(uint64_t gram, uint32_t n_buckets);

uint32_t
quotes_place(uint64_t gram);

/**
   Find the set in a model and check it through.

   @return STATUS_BAD_FILE or STATUS_MISMATCH, with the reason; a model without
   one gives an empty set and STATUS_SUCCESS.
   Thread: worker, tools.  Memory: none allocated.
*/
NODISCARD Status
quotes_load(const Model* model, Quotes* quotes, Trouble* trouble);

/// Whether a gram is in the set.  Thread: any.
bool
quotes_has(const Quotes* quotes, uint64_t gram);

/// How many grams of a melody are in the set, of those whose last note begins
/// at `begin` or later.  Thread: any.
uint32_t
quotes_count(const Quotes* quotes, const Sketch* sketch, uint32_t begin);

/// Whether a sketch that was written for a wish quotes.  What it keeps of its
/// theme was judged with the theme, and is not held against it.  Thread: any.
bool
quotes_are_in(const Quotes* quotes, const Wish* wish, const Sketch* sketch);

#endif // PERPETUO_COMPOSE_QUOTES_H
