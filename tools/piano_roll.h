// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A picture of a song: melody and drums over bars, in rows as on a page.

   Above each row stand the sections with their energy, and each phrase with
   the score that the gate gave it.
*/
#ifndef PERPETUO_TOOLS_PIANO_ROLL_H
#define PERPETUO_TOOLS_PIANO_ROLL_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// A note, by its place in the whole song
typedef struct {
  double  bar;    ///< Bars since the song began, with the fraction
  double  n_bars; ///< Length in bars
  uint8_t row;    ///< MIDI key; of a drum its DrumVoice
  uint8_t velocity;
} RollNote;

/// Bars that share a name
typedef struct {
  char     name[24];
  uint32_t bar;
  uint32_t n_bars;
  uint32_t energy; ///< 0 .. 100
} RollSection;

/// A phrase, and what the gate said of it
typedef struct {
  uint32_t bar;
  uint32_t n_bars;
  char     text[48];  ///< Shown when there is room
  char     brief[16]; ///< Shown when there is little
  bool     is_passed; ///< Its score reached the gate
} RollPhrase;

typedef struct {
  double             scale; ///< Of the picture; 1 is the full size
  const char*        title;
  const char*        subtitle;
  uint32_t           n_bars;
  uint32_t           n_beats; ///< In a bar
  uint32_t           tonic;   ///< 0 .. 11, its lanes are lit
  const RollNote*    melody;
  size_t             n_melody;
  const RollNote*    drums;
  size_t             n_drums;
  const RollSection* sections;
  size_t             n_sections;
  const RollPhrase*  phrases;
  size_t             n_phrases;
} Roll;

/**
   Draw a song and write it as a PNG.

   @return STATUS_NO_WRITE with a sentence, STATUS_BAD_ARG for a song without
   bars, or STATUS_NO_MEM.
*/
NODISCARD Status
piano_roll_draw(const Roll* roll, const char* path, Trouble* trouble);

#endif // PERPETUO_TOOLS_PIANO_ROLL_H
