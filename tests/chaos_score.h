// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Law 1 for the chaos host: the notes that a bar is to have, and those heard.

   The host counts ticks along a line of its own.  A bar whose notes are known
   is put on the line; every onset that is heard near its place is crossed out.
   What is heard and was not to be, and what was to be and is not heard, is a
   fault.  Bars of which something is not known are put there as unknown, and
   anything goes near them.
*/
#ifndef PERPETUO_TESTS_CHAOS_SCORE_H
#define PERPETUO_TESTS_CHAOS_SCORE_H

#include "music/phrase.h"

#include <stdbool.h>
#include <stdint.h>

/// How far from its place a note may be heard, ticks: what the transport takes
/// for drift, and some frames of a low sample rate
#define SCORE_SLACK 80.0

typedef struct {
  double  tick; ///< On the line
  uint8_t part;
  uint8_t key;
  uint8_t velocity;
  bool    is_heard;
  bool    is_optional; ///< Two of one key nearly at once
} ScoreNote;

typedef struct {
  double    begin;
  double    end;
  int32_t   bar;
  bool      is_known;
  bool      is_whole; ///< Every note is to be heard
  uint32_t  n;
  ScoreNote notes[2U * PHRASE_MAX_NOTES];
} ScoreBar;

/// For what may be of either part
#define SCORE_ANY_PART 2U

#define SCORE_MAX_EARLY 64U

typedef struct {
  ScoreBar  bars[2]; ///< The one before, and the current one
  uint32_t  n_early; ///< Heard just before a bar line, for the bar after it
  ScoreNote early[SCORE_MAX_EARLY];
  uint64_t  n_bars; ///< Held against their notes, from end to end
  uint64_t  n_notes;
  char      fault[200]; ///< The first thing that was wrong; empty before
} Score;

void
score_init(Score* score);

/// Forget what was going on: there was a jump or a stop
void
score_cut(Score* score);

/// The next bar begins at `begin` of the line; unknown until notes are added
void
score_begin(Score* score, int32_t bar, double begin, double n_ticks);

/**
   Say what a part has in the current bar.

   @param i_bar Bars from the phrase's beginning.
*/
void
score_add(Score* score, unsigned part, const Phrase* phrase, uint32_t i_bar);

/// Every note of the current bar was said; now it is known
void
score_know(Score* score, bool is_whole);

/// Notes may be missing from what sounds now: something came late
void
score_allow_rests(Score* score);

/// Hear an onset; false when it is wrong
bool
score_hear(Score*   score,
           double   tick,
           unsigned part,
           uint8_t  key,
           uint8_t  velocity);

/// The line has come to `tick`: see what was to be heard by then
bool
score_pass(Score* score, double tick);

#endif // PERPETUO_TESTS_CHAOS_SCORE_H
