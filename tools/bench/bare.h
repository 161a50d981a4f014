// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A plugin as bare as can be: its ports, what it asks of its worker, and
   nothing between the caller and its functions.

   Controls are at their defaults.  Event ports have buffers; the first event
   input is written by the caller, with a position and MIDI.  Jobs are kept
   until bare_work().  All functions are called by one thread.
*/
#ifndef PERPETUO_TOOLS_BENCH_BARE_H
#define PERPETUO_TOOLS_BENCH_BARE_H

#include <lv2/core/lv2.h>

#include <stdbool.h>
#include <stdint.h>

typedef struct Bare Bare;

/// Where a host is; `speed` is 1 or 0
typedef struct {
  int64_t frame;
  float   speed;
  int64_t bar;
  float   bar_beat;
  float   bpm;
} BarePosition;

/// @return Null when there is no such bundle, or it is another plugin's
Bare*
bare_new(const char* bundle, const char* uri);

/// Null is allowed
void
bare_free(Bare* self);

/// What to call, and on whom
const LV2_Descriptor*
bare_descriptor(const Bare* self);

LV2_Handle
bare_handle(const Bare* self);

/// Set a control; false when there is none of that symbol
bool
bare_set(Bare* self, const char* symbol, float value);

/// Let the input be empty
void
bare_say_nothing(Bare* self);

/// Let the input be a position, at frame 0 of the block
void
bare_say(Bare* self, BarePosition position);

/// Change the position that is said; nothing else in the input is touched
void
bare_say_on(Bare* self, BarePosition position);

/// Add a MIDI message of three bytes to the input
void
bare_send(Bare* self, uint32_t frame, const uint8_t* bytes);

/// Run a block.  The output's room is given anew.
void
bare_run(Bare* self, uint32_t n_frames);

/// Events that came out of the last run
uint32_t
bare_n_events(const Bare* self);

/// Do the jobs that were asked for and let the plugin have the answers; whether
/// there were any
bool
bare_work(Bare* self);

#endif // PERPETUO_TOOLS_BENCH_BARE_H
