// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The ear of the chaos host: holds every output block against the laws.

   It keeps books of its own on all that sounds, and says in words what is
   wrong.  Notes of the plugin and notes that pass through are told apart by
   channel: those below EAR_FIRST_PASSED are the plugin's.  Where both may
   share channels (`is_mixed`), only what holds for any mixture is asked.
*/
#ifndef PERPETUO_TESTS_CHAOS_EAR_H
#define PERPETUO_TESTS_CHAOS_EAR_H

#include "music/note.h"

#include <lv2/atom/atom.h>
#include <lv2/urid/urid.h>

#include <stdbool.h>
#include <stdint.h>

#define EAR_FIRST_PASSED 11U ///< Channels, from 0, that the input sends on
#define EAR_MAX_INPUTS 512U
#define EAR_MAX_CUTS 128U

/// Bytes of an output event
#define EAR_EVENT_BYTES 24U

/// A message that the plugin was given
typedef struct {
  uint32_t frame;
  uint32_t n_bytes;
  uint8_t  bytes[4]; ///< The first of them
} EarInput;

/// Frames of a block in which the plugin may begin notes
typedef struct {
  uint32_t begin;
  uint32_t end;
} EarSpan;

/// What the host knows of a block
typedef struct {
  const LV2_Atom_Sequence* out;
  uint32_t                 capacity; ///< Of `out` on entry: its atom's size
  uint32_t                 n_frames;
  bool                     is_open;     ///< What comes in goes out
  bool                     is_anything; ///< What came in is not known
  unsigned                 channels;    ///< Bit for each that notes may be on

  uint32_t n_spans;
  EarSpan  spans[EAR_MAX_CUTS];

  uint32_t n_cuts; ///< Frames where all that sounds is to be ended, in order
  uint32_t cuts[EAR_MAX_CUTS];

  uint32_t n_inputs;
  EarInput inputs[EAR_MAX_INPUTS];
} EarBlock;

/// An onset of the plugin's
typedef struct {
  uint32_t frame;
  uint8_t  channel;
  uint8_t  key;
  uint8_t  velocity;
} EarOnset;

#define EAR_MAX_ONSETS 1024U

typedef struct {
  LV2_URID sequence;
  LV2_URID midi;
  bool     is_mixed;
  bool     was_tight; ///< There may be ends that found no room

  uint64_t i_block;
  uint32_t n_own;                   ///< Notes of the plugin that sound
  uint32_t n_passed;                ///< Notes from the input that sound
  uint8_t  own[N_CHANNELS][N_KEYS]; ///< 0, or 1 + the blocks it was cut ago
  uint16_t passed[N_CHANNELS][N_KEYS];
  int32_t  mixed[N_CHANNELS][N_KEYS]; ///< Ons less offs
  uint32_t on_frame[N_CHANNELS][N_KEYS];
  uint64_t on_block[N_CHANNELS][N_KEYS];

  uint32_t n_onsets; ///< Of the last block
  EarOnset onsets[EAR_MAX_ONSETS];
  uint64_t n_notes; ///< So far
  uint64_t n_passed_on;
  uint64_t n_said; ///< Messages to windows

  char fault[200]; ///< The first thing that was wrong; empty before
} Ear;

/// Nothing sounds.  `sequence` and `midi` are the URIDs of their atoms.
void
ear_init(Ear* ear, LV2_URID sequence, LV2_URID midi, bool is_mixed);

/// All of the plugin's that sounds is to end as soon as there is a frame
void
ear_cut(Ear* ear);

/// Hear a block; false when something is wrong
bool
ear_block(Ear* ear, const EarBlock* block);

/// It is over: nothing may sound any more; false when something does
bool
ear_end(Ear* ear);

#endif // PERPETUO_TESTS_CHAOS_EAR_H
