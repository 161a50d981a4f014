// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Swing, accents and the unevenness of hands, in whole ticks and velocities.

   Everything here is a function of place and key: a bar feels the same each
   time it is played.
*/
#ifndef PERPETUO_MUSIC_GROOVE_H
#define PERPETUO_MUSIC_GROOVE_H

#include "music/metre.h"

#include <stdint.h>

/// Most ticks that humanising moves a note by, either way
#define GROOVE_MAX_DRIFT 24

/// Most that humanising changes a velocity by, either way
#define GROOVE_MAX_TOUCH 14

/**
   How much later swing plays what is written at a tick.

   Off-beat sixteenths move towards the triplet's place, which they reach at
   100; thirty-seconds beside them move half as far.  All else stays.

   @param tick From the start of a bar.
   @param swing 0 .. 100.
   @return Ticks, 0 .. 80.
   Thread: any.
*/
uint32_t
groove_swing(uint32_t tick, uint32_t swing);

/**
   How much a note drifts from its place: ticks, -GROOVE_MAX_DRIFT ..
   GROOVE_MAX_DRIFT.

   What sounds at one moment drifts together for the most part.

   @param key Of the phrase.
   @param tick Where it is written, from the start of the phrase.
   @param name Tells notes of one moment apart.
   @param humanise 0 .. 100.
   Thread: any.
*/
int
groove_drift(uint64_t key, uint32_t tick, uint32_t name, uint32_t humanise);

/// As groove_drift, for velocity: -GROOVE_MAX_TOUCH .. GROOVE_MAX_TOUCH
int
groove_touch(uint64_t key, uint32_t tick, uint32_t name, uint32_t humanise);

/**
   How much louder (+) or softer (-) a place in the bar is played.

   The first beat most, then beats, their halves, and the rest least; in a
   compound metre (6/8, 12/8) a beat is three of its units.

   @param tick From the start of the bar.
   @return Velocity, -8 .. 10.
   Thread: any.
*/
int
groove_accent(Metre metre, uint32_t tick);

#endif // PERPETUO_MUSIC_GROOVE_H
