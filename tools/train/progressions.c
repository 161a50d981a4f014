// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/progressions.h"

#include "music/harmony.h"
#include "music/style.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/// How many of all styles together are taken for each mode, and how many more
/// for each style alone
#define N_TAKEN 40U
#define N_TAKEN_ALONE 3U

/// More chords with notes that are foreign to the key, and the key was mistaken
#define MOST_FOREIGN 4U

/// Seen only once it may be an error
#define LEAST_SEEN 2U

typedef struct {
  Chord    chords[HARMONY_CHORDS];
  int8_t   mode;
  bool     is_taken;
  uint32_t n[N_STYLES];
  double   share; ///< Sum of its shares of the styles
} Progression;

typedef struct {
  Progression* rows;
  uint32_t     n;
  double       total[N_STYLES]; ///< Of the mode that is looked at
} Count;

static int
compare(const void* const a, const void* const b)
{
  const Progression* const x = (const Progression*)a;
  const Progression* const y = (const Progression*)b;
  return x->mode != y->mode ? y->mode - x->mode
                            : memcmp(x->chords, y->chords, HARMONY_CHORDS);
}

static bool
is_of_the_key(const Chord* const chords, const int mode)
{
  const uint32_t pitches =
    scale_pitches(mode < 0 ? SCALE_NATURAL_MINOR : SCALE_MAJOR);
  unsigned n_foreign = 0U;
  for (unsigned i = 0U; i < HARMONY_CHORDS; ++i) {
    n_foreign += chord_pitches(chords[i]) & ~pitches ? 1U : 0U;
  }
  return n_foreign <= MOST_FOREIGN;
}

/// One row for every four bars
static Status
list_all(const Corpus* const corpus, Count* const count)
{
  uint32_t room = 1U;
  for (uint32_t i = 0U; i < corpus->n_pieces; ++i) {
    room += corpus->pieces[i].n_bars / HARMONY_BARS;
  }
  count->rows = (Progression*)calloc(room, sizeof(Progression));
  if (!count->rows) {
    return STATUS_NO_MEM;
  }

  for (uint32_t i = 0U; i < corpus->n_pieces; ++i) {
    const Piece* const piece = &corpus->pieces[i];
    const uint32_t     n     = piece->n_bars / HARMONY_BARS;
    const Chord* const all   = piece->lines[0].chords;
    const bool         is_counted =
      piece->split == SPLIT_TRAIN && piece->style >= 0 && piece->mode && all;
    for (uint32_t k = 0U; is_counted && k < n; ++k) {
      const Chord* const chords = all + k * HARMONY_CHORDS;
      if (!memchr(chords, (int)CHORD_UNKNOWN, HARMONY_CHORDS) &&
          is_of_the_key(chords, piece->mode)) {
        Progression* const row = &count->rows[count->n++];
        memcpy(row->chords, chords, HARMONY_CHORDS);
        row->mode            = piece->mode;
        row->n[piece->style] = 1U;
      }
    }
  }
  return STATUS_SUCCESS;
}

static void
merge_equal(Count* const count)
{
  qsort(count->rows, count->n, sizeof(Progression), compare);
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < count->n; ++i) {
    const Progression row = count->rows[i];
    if (n && !compare(&count->rows[n - 1U], &row)) {
      for (unsigned s = 0U; s < N_STYLES; ++s) {
        count->rows[n - 1U].n[s] += row.n[s];
      }
    } else {
      count->rows[n++] = row;
    }
  }
  count->n = n;
}

static void
measure_shares(Count* const count, const int mode)
{
  memset(count->total, 0, sizeof(count->total));
  for (uint32_t i = 0U; i < count->n; ++i) {
    for (unsigned s = 0U; count->rows[i].mode == mode && s < N_STYLES; ++s) {
      count->total[s] += count->rows[i].n[s];
    }
  }
  for (uint32_t i = 0U; i < count->n; ++i) {
    Progression* const row = &count->rows[i];
    row->share             = 0.0;
    for (unsigned s = 0U; row->mode == mode && s < N_STYLES; ++s) {
      row->share += row->n[s] >= LEAST_SEEN ? row->n[s] / count->total[s] : 0.0;
    }
  }
}

/// Take the most frequent that is left.  @param style One style's, or all: -1.
static void
take_next(Count* const count, const int mode, const int style)
{
  Progression* best = NULL;
  double       most = 0.0;
  for (uint32_t i = 0U; i < count->n; ++i) {
    Progression* const row = &count->rows[i];
    const double       n   = style < 0 ? row->share : (double)row->n[style];
    if (row->mode == mode && !row->is_taken && n > most &&
        (style < 0 || n >= LEAST_SEEN)) {
      best = row;
      most = n;
    }
  }
  if (best) {
    best->is_taken = true;
  }
}

static void
print_row(const Count* const count, const Progression* const row, FILE* file)
{
  static const char kinds[N_CHORD_KINDS] = {'J', 'N', 'D'};
  fputs("{{", file);
  for (unsigned i = 0U; i < HARMONY_CHORDS; ++i) {
    const Chord chord = row->chords[i];
    fprintf(file,
            "%s%c(%u)",
            i ? ", " : "",
            kinds[(chord - 1U) % N_CHORD_KINDS],
            chord_root(chord));
  }
  fprintf(file, "}, %d, {", row->mode);
  for (unsigned s = 0U; s < N_STYLES; ++s) {
    const double share =
      count->total[s] > 0.0 ? row->n[s] / count->total[s] : 0.0;
    fprintf(file, "%s%u", s ? ", " : "", (unsigned)(share * 1000.0 + 0.5));
  }
  fputs("}},\n", file);
}

Status
progressions_print(const Corpus* const corpus, FILE* const file)
{
  Count        count = {NULL, 0U, {0.0}};
  const Status st    = list_all(corpus, &count);
  if (st) {
    return st;
  }

  merge_equal(&count);
  for (int mode = -1; mode <= 1; mode += 2) {
    measure_shares(&count, mode);
    for (unsigned i = 0U; i < N_TAKEN; ++i) {
      take_next(&count, mode, -1);
    }
    for (unsigned i = 0U; i < N_STYLES * N_TAKEN_ALONE; ++i) {
      take_next(&count, mode, (int)(i / N_TAKEN_ALONE));
    }
    for (uint32_t i = 0U; i < count.n; ++i) {
      if (count.rows[i].is_taken && count.rows[i].mode == mode) {
        print_row(&count, &count.rows[i], file);
      }
    }
  }
  free(count.rows);
  return STATUS_SUCCESS;
}
