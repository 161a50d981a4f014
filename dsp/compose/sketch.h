// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A sketch: one part's phrase on the models' grid, as it was thought up.

   finish.h makes a Phrase of it: key, kit, feel and loudness.  And a wish:
   what generator and gate are told of the sketch that is wanted.
*/
#ifndef PERPETUO_COMPOSE_SKETCH_H
#define PERPETUO_COMPOSE_SKETCH_H

#include "compose/vocab.h"
#include "music/mix.h"
#include "music/phrase.h"

#include <stdbool.h>
#include <stdint.h>

/// More tokens than any sketch is written with
#define SKETCH_MAX_TOKENS 2048U

/// Onset bits of a whole phrase
#define SKETCH_ONSET_WORDS (PHRASE_MAX_BARS * VOCAB_ONSET_WORDS)

typedef struct {
  uint32_t n_notes;
  GridNote notes[PHRASE_MAX_NOTES]; ///< Sorted by grid, then voice
} Sketch;

/// How a theme differs from what is usual for its styles, in hundredths of
/// their spread: -482 .. 482, mostly within 100
typedef struct {
  int16_t density;
  int16_t range;
} Character;

/// What a phrase shall be like
typedef struct {
  Part            part;
  uint32_t        n_bars; ///< 1 .. PHRASE_MAX_BARS
  Surroundings    around; ///< Its arrays have n_bars bars
  int8_t          dense[N_DENSE];
  uint32_t        pitches; ///< Pitch classes that may be played
  float           temperature;
  float           top_p;
  const Sketch*   theme;        ///< Of as many bars; null for none
  const uint64_t* theme_onsets; ///< Melody's onsets over the theme, or null
  bool            is_answer;    ///< The theme is the bars just before
  uint32_t        kept;         ///< Bit b: bar b is the theme's, as it is
} Wish;

/// Grid steps of a wish's phrase
uint32_t
wish_end_grid(const Wish* wish);

/**
   The dense inputs that a mix asks a part's model for.

   Density and register at 50 are what the mix's styles usually have, and themes
   differ in it as they do there; the nearer a knob is to one of its ends, the
   less they do.  Density follows the energy, and the register a little.

   @param energy Of the section, 0 .. 100.
   @param mode The song's: +1 major, -1 minor.
   @param character How the theme differs from what is usual.
   @param dense (N_DENSE).
*/
void
wish_describe(const Mix* mix,
              Part       part,
              uint32_t   energy,
              int        mode,
              Character  character,
              int8_t*    dense);

/// How freely a part's model is to choose: 50 samples as it learned
void
wish_set_wildness(Wish* wish, uint32_t wildness);

/// Append a note; what rings on past `end_grid` is cut.  False when there is
/// no room or it starts past the end.
bool
sketch_add(Sketch* sketch, GridNote note, uint32_t end_grid);

bool
sketch_is_equal(const Sketch* a, const Sketch* b);

/// How many notes in a row are one pitch, at most
uint32_t
sketch_repeats(const Sketch* sketch);

/// Mark where notes begin.  @param onsets (SKETCH_ONSET_WORDS).
void
sketch_onsets(const Sketch* sketch, uint32_t bar_grids, uint64_t* onsets);

/// The notes that begin in [begin, end), as a sketch of their own
void
sketch_slice(const Sketch* sketch, uint32_t begin, uint32_t end, Sketch* slice);

/**
   A sketch as the models read it.

   @param tokens (SKETCH_MAX_TOKENS).
   @return Number of tokens.
*/
uint32_t
sketch_encode(const Sketch* sketch,
              Part          part,
              uint32_t      end_grid,
              uint16_t*     tokens);

#endif // PERPETUO_COMPOSE_SKETCH_H
