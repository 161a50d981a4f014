// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Input for the chaos host: atoms, right and wrong, in a buffer that ends at
/// a page that must not be touched
#ifndef PERPETUO_TESTS_CHAOS_INPUT_H
#define PERPETUO_TESTS_CHAOS_INPUT_H

#include "plugin/urids.h"
#include "tests/chaos_ear.h"
#include "tests/chaos_session.h"

#include <lv2/atom/atom.h>

#include <stdbool.h>
#include <stdint.h>

#define INPUT_BYTES 65536U

/// Where the host is, as it tells it
typedef struct {
  bool     rolls;
  int32_t  bar;
  double   beat;
  double   frame;
  double   bpm; ///< Quarters per minute
  double   speed;
  uint32_t n_beats;
  uint32_t unit;
} Place;

typedef struct {
  const Urids* urids;
  const Setup* setup;
  uint8_t*     pages;             ///< The last of them is forbidden
  uint8_t      body[INPUT_BYTES]; ///< Of the sequence, being written
  uint32_t     n_bytes;
} Input;

/// False when there is no memory
bool
input_init(Input* input, const Urids* urids, const Setup* setup);

void
input_free(Input* input);

/// Begin a block
void
input_begin(Input* input);

/// Append an event; nothing when it is full
void
input_add(Input*      input,
          int64_t     frame,
          uint32_t    type,
          uint32_t    size,
          const void* body);

/**
   Append a position.

   @param without Bits of fields that are left out, in the order of POSITION_...
   @param is_coarse Beats are rounded to 1/1920.
*/
void
input_tell(Input*       input,
           uint32_t     frame,
           const Place* place,
           unsigned     without,
           bool         is_coarse);

/// Append a position that is wrong
void
input_lie(Input* input, Lie lie, uint64_t key);

/**
   Make up MIDI messages for a block, in order of time.

   @param inputs (EAR_MAX_INPUTS).
   @return How many.
*/
uint32_t
input_messages(const Setup* setup,
               uint64_t     key,
               uint32_t     n,
               uint32_t     n_frames,
               EarInput*    inputs);

/// Put damaged events into the block; some kinds take the place of all others
void
input_damage(Input* input, Noise noise, uint64_t key, uint32_t n_frames);

/// End the block.  Valid until the next begins.
const LV2_Atom_Sequence*
input_end(Input* input, const Action* noise);

#endif // PERPETUO_TESTS_CHAOS_INPUT_H
