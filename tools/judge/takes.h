// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Music as the judge reads it: pieces on a grid of sixteenths.

   A *take* is one piece: its melody lines, the best one first, and its drums.
   Takes come from a Corpus (tools/train/corpus.h), which picked the lines and
   found the key, or are made by the judge itself (tools/judge/baselines.h).
*/
#ifndef PERPETUO_TOOLS_JUDGE_TAKES_H
#define PERPETUO_TOOLS_JUDGE_TAKES_H

#include "base/status.h"
#include "tools/train/corpus.h"

#include <stdbool.h>
#include <stdint.h>

#define BAR_STEPS 16U  ///< A sixteenth each
#define BEAT_STEPS 4U  ///< In a quarter
#define TAKE_LINES 2U  ///< Melody lines of a take at most
#define PHRASE_BARS 4U ///< What is called a phrase here
#define PHRASE_STEPS (PHRASE_BARS * BAR_STEPS)

/// A melody note
typedef struct {
  uint32_t step;   ///< Onset, steps from the start of the piece
  uint32_t length; ///< Steps, at least 1; ends where the next note begins
  int      pitch;  ///< Semitones above the tonic
} TakeNote;

/// One voice: at most one note begins at a step
typedef struct {
  uint32_t  n_notes;
  TakeNote* notes; ///< Sorted by step
} TakeLine;

/// A drum hit
typedef struct {
  uint32_t step;
  uint8_t  voice;    ///< A DrumVoice
  uint8_t  velocity; ///< 1 .. 127
  double   late_ms;  ///< Behind (+) or ahead of (-) the reader's grid
} TakeHit;

typedef struct {
  char     name[96]; ///< Path, or what the judge calls it
  int      style;    ///< A Style, or -1
  int      mode;     ///< +1 major, -1 minor, 0 unknown
  uint32_t n_bars;
  uint32_t n_lines;
  TakeLine line[TAKE_LINES];
  uint32_t n_hits;
  TakeHit* hits; ///< Sorted by step, then voice
} Take;

/// A growing set of takes; owns them
typedef struct {
  uint32_t n_takes;
  uint32_t room;
  Take*    takes;
} TakeSet;

#define ANY_SPLIT (-1)
#define ANY_STYLE UINT32_MAX

/// Which pieces of a corpus
typedef struct {
  int         split;  ///< A Split, or ANY_SPLIT
  uint32_t    styles; ///< Bit s for Style s, or ANY_STYLE: those without too
  bool        is_in_four; ///< Only bars of sixteen steps
  const char* folder;     ///< To ask the files for their tempo, or null: 120
} TakeFilter;

/// The pieces of a corpus as takes.  `*set` is written only on success.
/// STATUS_NO_MEM.
NODISCARD Status
takes_read(const Corpus* corpus, const TakeFilter* filter, TakeSet* set);

/// The takes of one style, lent: they stay those of `all`, which must outlive
/// them.  To be given back with takes_give_back.  STATUS_NO_MEM.
NODISCARD Status
takes_lend(const TakeSet* all, int style, TakeSet* lent);

/// Lend what another set has, too.  STATUS_NO_MEM; what was lent stays so.
NODISCARD Status
takes_lend_more(const TakeSet* all, int style, TakeSet* lent);

/// Forget what was lent; a zeroed set is allowed
void
takes_give_back(TakeSet* lent);

/// Append a take, which is then the set's.  STATUS_NO_MEM.
NODISCARD Status
takes_add(TakeSet* set, const Take* take);

/// Free the takes; a zeroed set is allowed
void
takes_clear(TakeSet* set);

/// Free what a take holds; for one that no set took over
void
take_clear(Take* take);

/// Notes of a line with onsets in `begin` .. `end` - 1: the first one's index.
/// @param n_notes How many there are.
uint32_t
take_notes_within(const TakeLine* line,
                  uint32_t        begin,
                  uint32_t        end,
                  uint32_t*       n_notes);

/// As take_notes_within, for the drums
uint32_t
take_hits_within(const Take* take,
                 uint32_t    begin,
                 uint32_t    end,
                 uint32_t*   n_hits);

#endif // PERPETUO_TOOLS_JUDGE_TAKES_H
