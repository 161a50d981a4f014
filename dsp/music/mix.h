// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   One setting of every musical knob: what a bar's music is a function of.

   Whole numbers only, no padding, so that two mixes are equal when their bytes
   are, and so that no rounding of a host's floats can decide a note.
*/
#ifndef PERPETUO_MUSIC_MIX_H
#define PERPETUO_MUSIC_MIX_H

#include "base/attributes.h"
#include "music/style.h"

#include <stdbool.h>
#include <stdint.h>

/// What the `form` control chooses from
typedef enum { FORM_STEADY, FORM_CLUB, FORM_WAVES, N_FORMS } Form;

typedef struct {
  uint32_t seed;
  uint8_t  style[N_STYLES]; ///< Weights, 0 .. 100; all zero asks for house
  uint8_t  key;             ///< Tonic, semitones above C, 0 .. 11
  uint8_t  scale;           ///< A Scale; SCALE_FREE leaves pitches as written
  uint8_t  range;           ///< The `register` control: 0 low .. 100 high
  uint8_t  phrase_bars;     ///< 1, 2, 4 or 8
  uint8_t  variation;       ///< 0 loop it .. 50 usual .. 100 never twice
  uint8_t  form;            ///< A Form
  uint8_t  energy;          ///< 0 .. 100
  uint8_t  melody_density;  ///< 0 .. 100
  uint8_t  melody_wildness; ///< 0 .. 100; 50 samples as the model learned
  uint8_t  melody_length;   ///< Note lengths, percent of as written, 10 .. 200
  uint8_t  drum_density;    ///< 0 .. 100
  uint8_t  drum_wildness;   ///< 0 .. 100
  uint8_t  fill;            ///< 0 none .. 100 a big one at every turn
  uint8_t  swing;           ///< 0 straight .. 100 a full triplet
  uint8_t  humanise;        ///< 0 .. 100
  uint8_t  velocity;        ///< Loudness, percent, 1 .. 127 (100 as written)
  uint8_t  gate;            ///< Score to reach, 0 .. 100
  uint8_t  candidates;      ///< Candidates a round, 1 .. 16
  uint8_t  drum_map;        ///< A DrumMap
  uint8_t  unused;          ///< Always 0
} Mix;

_Static_assert(sizeof(Mix) == 40U, "Mix has padding: it is compared as bytes");

/// The mix of all defaults, equal to the defaults of the ports.  Thread: any.
void
mix_init(Mix* mix);

/// The phrase length that is meant: 1, 2, 4 or 8, the nearest that is no more.
/// Thread: any.
uint8_t
mix_phrase_bars(uint32_t n_bars);

/// Whether two mixes ask for the same music
REALTIME bool
mix_is_equal(const Mix* a, const Mix* b);

/**
   The style vector that a part's model takes, in steps of 1/127.

   Styles that the part has no music of are left out, and the rest is brought
   to a sum of 127 (the largest takes what rounding leaves).

   @param weights (N_STYLES).
   Thread: worker, tools.
*/
void
mix_styles(const Mix* mix, unsigned part, int8_t* weights);

#endif // PERPETUO_MUSIC_MIX_H
