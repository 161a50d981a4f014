// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Notes on the grid as tokens, and back; and what else a model is told.

   Melody: `ON pitch` then `LENGTH n`, which also moves on to the note's end;
   `WAIT n` moves on in silence.  Drums: an optional `LEAN k` and then `HIT
   voice velocity` for each voice that sounds now, in rising order of voice;
   `WAIT n` moves on.  Both begin with `START`, which is never predicted.

   A Cursor follows the tokens and knows where they have got to, and what began
   in the bars before.  Training data and composing both ask it for the inputs
   of the next step, so the two cannot disagree.
*/
#ifndef PERPETUO_COMPOSE_VOCAB_H
#define PERPETUO_COMPOSE_VOCAB_H

#include "base/status.h"
#include "music/chord.h"
#include "music/metre.h"
#include "music/note.h"
#include "music/part.h"
#include "music/style.h"

#include <stdbool.h>
#include <stdint.h>

/// Raised whenever tokens or inputs change their meaning
#define VOCAB_VERSION 2U

#define VOCAB_MAX_TOKENS 128U

/// Most hot inputs of any part
#define VOCAB_MAX_HOT 16U

#define MELODY_MIN_PITCH (-24)
#define MELODY_MAX_PITCH 35

/// Dense inputs: the same for every part, in steps of 1/127; 0 is "not known"
typedef enum {
  DENSE_STYLE   = 0,        ///< N_STYLES weights, 0 .. 127, sum 127 or all 0
  DENSE_DENSITY = N_STYLES, ///< Notes per bar, -127 .. 127 (vocab_density)
  DENSE_RANGE,              ///< Mean pitch, -127 .. 127 (vocab_range)
  DENSE_ENERGY,             ///< Energy of the section, -127 .. 127
  DENSE_MODE,               ///< Melody: +127 major, -127 minor
  N_DENSE
} DenseInput;

/// How much of a turnaround a bar is (drums and melody share the plan)
typedef enum { FILL_NONE, FILL_SMALL, FILL_BIG, N_FILLS } Fill;

/// What is known of the surroundings of a line; the parts share it
typedef struct {
  Metre           metre;
  uint32_t        i_bar;  ///< Number of its first bar, for the place in eight
  uint32_t        n_bars; ///< Length of the arrays below
  const uint8_t*  fill;   ///< (n_bars) a Fill each; null for FILL_NONE
  const uint64_t* onsets; ///< (n_bars, VOCAB_ONSET_WORDS) the melody's onsets,
                          ///< one bit a grid step; null when not known
  const Chord* chords;    ///< (n_bars, CHORDS_PER_BAR) and the one that comes
                          ///< after them; null when not known
} Surroundings;

/// 64-bit words for one bar of onset bits (MAX_BAR_GRIDS bits)
#define VOCAB_ONSET_WORDS ((MAX_BAR_GRIDS + 63U) / 64U)

/// Moments that a cursor remembers: a ring, two grid steps each
#define CURSOR_PAST 512U

/// Where a sequence of tokens has got to; a plain value
typedef struct {
  Part     part;
  uint32_t grid;              ///< Grid steps since the start of the line
  uint32_t clock;             ///< Grid steps since anything was read
  uint32_t bar_grids;         ///< Length of a bar
  uint16_t last_token;        ///< What was read last; VOCAB_START at first
  int8_t   pitch;             ///< Melody: the last ON, -128 before the first
  int8_t   before;            ///< Melody: the ON before that, or -128
  int8_t   lean;              ///< Drums: the LEAN that waits for its HITs
  int8_t   voice;             ///< Drums: last voice hit at this moment, or -1
  uint8_t  velocity;          ///< Drums: of the last HIT
  uint16_t past[CURSOR_PAST]; ///< What began: melody a pitch, drums voices
} Cursor;

#define VOCAB_START 0U

/// Number of tokens of a part, START among them
uint32_t
vocab_n_tokens(Part part);

/// Number of hot inputs per step (K), and of columns they choose from
uint32_t
vocab_n_hot(Part part);

uint32_t
vocab_n_hot_inputs(Part part);

/// A token in words, for people: "ON +7", "HIT Kick loud".  Static memory.
const char*
vocab_token_name(Part part, uint16_t token);

void
cursor_init(Cursor* cursor, Part part, Metre metre);

/**
   Read a token: move on, and say whether it made a note.

   Melody's note is made by its LENGTH, a drum note by its HIT.
   @return true when `*note` was written (onsets from the start of the line).
*/
bool
cursor_step(Cursor* cursor, uint16_t token, GridNote* note);

/// Go back to where kept bars begin, if the last note or rest went past it
void
cursor_cut(Cursor* cursor, uint32_t grid);

/// Begin a new line that follows on what was read: that stays remembered
void
cursor_restart(Cursor* cursor);

/**
   The hot inputs for predicting the token after the cursor.

   Last token; place in the bar; bar in a group of eight; metre; fill of the
   bar.  Melody: the chord and the next one; the last pitch, what it is to the
   chord, and how far it is from the one before.  Drums: the melody's onsets now
   and over the next sixteenths.  And for one, two and four bars ago: what began
   at this place, and how long it was to what came next.
   @param hot (vocab_n_hot) indices.
*/
void
cursor_inputs(const Cursor* cursor, const Surroundings* around, uint16_t* hot);

/**
   Which tokens may come next so that the grammar holds.

   @param pitches Bit p % 12 set where pitch class p (0 is the tonic) may be
   played; 0xFFF for all.
   @param end_grid End of the phrase: a WAIT may pass it, a melody's LENGTH may
   not pass it by more than it must.
   @param allowed (vocab_n_tokens) 1 or 0; at least one is 1.
*/
void
cursor_allowed(const Cursor* cursor,
               uint32_t      pitches,
               uint32_t      end_grid,
               uint8_t*      allowed);

/**
   Notes to tokens (without START).

   Notes must be sorted by grid (then voice); melody notes that overlap are cut
   and notes outside MELODY_MIN_PITCH .. MAX_PITCH are moved by octaves.  Waits
   run to `end_grid` exactly.
   @param tokens Room for `max_tokens`.
   @return STATUS_FULL when there was not enough room.
*/
NODISCARD Status
vocab_encode(Part            part,
             const GridNote* notes,
             uint32_t        n_notes,
             uint32_t        end_grid,
             uint16_t*       tokens,
             uint32_t        max_tokens,
             uint32_t*       n_tokens);

/// Dense input for `n_notes` notes in `n_grids` grid steps, -127 .. 127; rises
/// with the number of notes, is about -127 .. 127 over what music does
int8_t
vocab_density(Part part, uint32_t n_notes, uint32_t n_grids);

/// Dense input for the mean of `n_notes` pitches, -127 .. 127 (0 for drums)
int8_t
vocab_range(Part part, const GridNote* notes, uint32_t n_notes);

#endif // PERPETUO_COMPOSE_VOCAB_H
