// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/quotes.h"

#include "base/rng.h"

#include <stddef.h>

/// Longer distances count as this: two bars of four quarters
#define MAX_STEPS (8U * GRIDS_PER_QUARTER)

// -------------------------------------------------------------- what they are

/// A move as one number
static uint32_t
move_between(const GridNote* const from, const GridNote* const to)
{
  const uint32_t steps    = to->grid - from->grid;
  const uint32_t interval = (uint32_t)(to->pitch - from->pitch + 255);
  return interval * (MAX_STEPS + 1U) + (steps < MAX_STEPS ? steps : MAX_STEPS);
}

bool
quotes_gram(const GridNote* const notes, uint64_t* const gram)
{
  uint32_t moves[QUOTES_MOVES];
  uint32_t n_kinds = 0U;
  uint64_t key     = rng_seed(QUOTES_VERSION);
  for (uint32_t i = 0U; i < QUOTES_MOVES; ++i) {
    moves[i]   = move_between(&notes[i], &notes[i + 1U]);
    key        = rng_key(key, moves[i]);
    uint32_t k = 0U;
    while (moves[k] != moves[i]) {
      ++k;
    }
    n_kinds += k == i;
  }
  *gram = key;
  return n_kinds >= QUOTES_LEAST_KINDS;
}

uint32_t
quotes_bucket(const uint64_t gram, const uint32_t n_buckets)
{
  return (uint32_t)(((gram >> 32U) * n_buckets) >> 32U);
}

uint32_t
quotes_place(const uint64_t gram)
{
  return (uint32_t)(gram & ((1U << QUOTES_BUCKET_BITS) - 1U));
}

// ---------------------------------------------------------------- the decoder

/// Reads the places of one bucket
typedef struct {
  const uint8_t* codes;
  uint64_t       at;   ///< Bits
  uint64_t       end;  ///< Bits
  uint32_t       next; ///< The smallest place that may come
} Reader;

static Reader
reader_of(const Quotes* const quotes, const uint32_t i_bucket)
{
  return (Reader){
    quotes->codes, quotes->begin[i_bucket], quotes->begin[i_bucket + 1U], 0U};
}

static uint32_t
read_bit(Reader* const reader)
{
  const uint64_t at = reader->at++;
  return (uint32_t)(reader->codes[at / 8U] >> (at % 8U)) & 1U;
}

/// The low bits of a distance; nine lie in two bytes wherever they begin
static uint32_t
read_low(Reader* const reader)
{
  const uint8_t* const bytes = reader->codes + reader->at / 8U;
  const uint32_t       pair  = bytes[0] | (uint32_t)bytes[1] << 8U;
  const uint32_t       low   = pair >> (reader->at % 8U);
  _Static_assert(QUOTES_RICE_BITS == 9U, "read_low() reads two bytes");
  reader->at += QUOTES_RICE_BITS;
  return low & ((1U << QUOTES_RICE_BITS) - 1U);
}

/// The next place.  @return False at the end, or where there is none.
static bool
read_place(Reader* const reader, uint32_t* const place)
{
  uint32_t n = 0U;
  while (reader->at < reader->end && read_bit(reader)) {
    n += 1U << QUOTES_RICE_BITS;
    if (n >> QUOTES_BUCKET_BITS) {
      return false;
    }
  }
  if (reader->end - reader->at < QUOTES_RICE_BITS) {
    return false;
  }

  *place       = reader->next + n + read_low(reader);
  reader->next = *place + 1U;
  return !(*place >> QUOTES_BUCKET_BITS);
}

bool
quotes_has(const Quotes* const quotes, const uint64_t gram)
{
  if (!quotes->n_buckets) {
    return false;
  }

  const uint32_t wanted = quotes_place(gram);
  uint32_t       place  = 0U;
  Reader reader = reader_of(quotes, quotes_bucket(gram, quotes->n_buckets));
  while (read_place(&reader, &place) && place < wanted) {
  }
  return reader.next && place == wanted;
}

// ------------------------------------------------------------------- in a file

static Status
damaged(Trouble* const trouble, const char* const what)
{
  return trouble_say(
    trouble,
    STATUS_BAD_FILE,
    "The gate's index of quotes is damaged: %s; take the model "
    "anew, or index it again",
    what);
}

/// Check a bucket through.  @param n_grams What it holds is added.
static bool
check_bucket(const Quotes* const quotes,
             const uint32_t      i_bucket,
             uint32_t* const     n_grams)
{
  Reader   reader = reader_of(quotes, i_bucket);
  uint32_t place  = 0U;
  uint32_t n      = 0U;
  while (reader.at < reader.end) {
    if (n++ == QUOTES_MAX_BUCKET || !read_place(&reader, &place)) {
      return false;
    }
  }
  *n_grams += n;
  return true;
}

/// Where buckets begin, before any of them is read
static bool
check_begins(const uint64_t* const begin,
             const uint32_t        n_buckets,
             const uint64_t        n_bytes)
{
  for (uint32_t i = 0U; i < n_buckets; ++i) {
    if (begin[i] > begin[i + 1U]) {
      return false;
    }
  }
  // Written so that nothing can wrap around
  const uint64_t end = begin[n_buckets];
  return !begin[0] && end / 8U + (end % 8U ? 1U : 0U) == n_bytes;
}

Status
quotes_load(const Model* const model,
            Quotes* const      quotes,
            Trouble* const     trouble)
{
  const Tensor* const codes = model_find(model, QUOTES_CODES);
  const Tensor* const begin = model_find(model, QUOTES_BEGIN);
  *quotes                   = (Quotes){NULL, NULL, 0U, 0U};
  if (!codes && !begin) {
    return STATUS_SUCCESS;
  }
  if (!codes || !begin) {
    return damaged(trouble, "half of it is missing");
  }
  if (model_number(model, QUOTES_VERSION_KEY, 0U) != QUOTES_VERSION) {
    return trouble_say(trouble,
                       STATUS_MISMATCH,
                       "The gate's index of quotes is not of version %u, which "
                       "is needed; index the model again",
                       QUOTES_VERSION);
  }
  if (codes->type != TENSOR_I8 || codes->rank != 1U ||
      begin->type != TENSOR_U64 || begin->rank != 1U || begin->shape[0] < 2U) {
    return damaged(trouble, "its tensors are of another type or shape");
  }

  Quotes fresh = {(const uint8_t*)codes->data,
                  (const uint64_t*)begin->data,
                  begin->shape[0] - 1U,
                  0U};
  if (!check_begins(fresh.begin, fresh.n_buckets, codes->shape[0])) {
    return damaged(trouble, "its buckets do not lie one after the other");
  }
  for (uint32_t i = 0U; i < fresh.n_buckets; ++i) {
    if (!check_bucket(&fresh, i, &fresh.n_grams)) {
      return damaged(trouble, "a bucket holds what is no list of places");
    }
  }
  *quotes = fresh;
  return STATUS_SUCCESS;
}

// ------------------------------------------------------------------ in a
// melody

uint32_t
quotes_count(const Quotes* const quotes,
             const Sketch* const sketch,
             const uint32_t      begin)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i + QUOTES_MOVES < sketch->n_notes; ++i) {
    const GridNote* const notes = sketch->notes + i;
    uint64_t              gram  = 0U;
    if (notes[QUOTES_MOVES].grid >= begin && quotes_gram(notes, &gram)) {
      n += quotes_has(quotes, gram);
    }
  }
  return n;
}

bool
quotes_are_in(const Quotes* const quotes,
              const Wish* const   wish,
              const Sketch* const sketch)
{
  uint32_t n_kept = 0U;
  while (n_kept < wish->n_bars && (wish->kept >> n_kept & 1U)) {
    ++n_kept;
  }
  const uint32_t begin = n_kept * metre_bar_grids(wish->around.metre);
  return quotes->n_buckets &&
         quotes_count(quotes, sketch, begin) >= QUOTES_REFUSED;
}
