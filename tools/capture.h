// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What a plugin sent: every MIDI event with its place, and the notes of them.

   A note is compared by what a listener hears: bar, tick, key, velocity,
   channel, length.  Law 2 is counted while notes are put together.
*/
#ifndef PERPETUO_TOOLS_CAPTURE_H
#define PERPETUO_TOOLS_CAPTURE_H

#include "base/status.h"
#include "tools/timeline.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// One MIDI event
typedef struct {
  uint64_t      frame; ///< Frames that the host has run, whatever it played
  int64_t       song_frame; ///< Where the host's transport was
  TimelinePlace place;      ///< The same, in bars and ticks
  uint32_t      i_jump;     ///< Jumps of the transport so far
  bool          is_rolling;
  uint8_t       size;     ///< Bytes in the event, as sent
  uint8_t       bytes[3]; ///< The first of them
} CaptureEvent;

/// A growing list of events
typedef struct {
  CaptureEvent* events;
  size_t        n_events;
  size_t        n_room;
} Capture;

/// One note
typedef struct {
  int32_t  bar;
  uint32_t tick; ///< In the bar, to the nearest tick
  uint8_t  channel;
  uint8_t  key;
  uint8_t  velocity;
  bool     is_whole; ///< Ended by its own length: no stop or jump within
  uint32_t length;   ///< Ticks as played, to the nearest tick
  uint64_t frame;    ///< When it began, in frames that the host has run
} CaptureNote;

/// What is wrong with a list of events; all zero is right
typedef struct {
  size_t n_doubled;   ///< Note-ons for a key that sounds already
  size_t n_orphans;   ///< Note-offs for a key that does not sound
  size_t n_hanging;   ///< Notes without an end
  size_t n_stopped;   ///< Note-ons while the transport stood
  size_t n_backwards; ///< Events earlier than the one before
  size_t n_zero;      ///< Notes that end in the frame in which they begin
} CaptureFaults;

/// Append an event.  False when memory is out.
bool
capture_add(Capture* self, const CaptureEvent* event);

/// Forget all events, and keep the room
void
capture_clear(Capture* self);

/// Give the memory back
void
capture_free(Capture* self);

/**
   Put notes together.

   Notes are sorted by bar, tick, channel and key.  An onset within half a tick
   before a bar line belongs to the bar that follows.

   @param faults May be null.
   @param notes, n_notes May both be null, to count faults only.  The caller
   frees `*notes`.
*/
Status
capture_notes(const Capture*  self,
              const Timeline* timeline,
              CaptureNote**   notes,
              size_t*         n_notes,
              CaptureFaults*  faults);

/// All faults that mean a broken law: all but `n_zero`
size_t
capture_n_faults(const CaptureFaults* faults);

#endif // PERPETUO_TOOLS_CAPTURE_H
