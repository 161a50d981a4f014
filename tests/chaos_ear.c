// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/chaos_ear.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { NOTE_OFF = 0x80U, NOTE_ON = 0x90U };

/// States of a note of the plugin's
enum { SILENT, SOUNDS, CUT, CUT_BEFORE };

/// The most events that the plugin puts into a block
#define MOST_EVENTS 340U

/// What a block has come to while it is read
typedef struct {
  const EarBlock* block;
  uint32_t        n_events;
  uint32_t        i_cut;
  uint32_t        i_input;
  uint32_t        n_out;        ///< Passed messages that came out
  uint32_t        n_said_bytes; ///< Of what windows are told
  bool            is_full;      ///< No room for another event
} Reading;

__attribute__((format(printf, 2, 3))) static bool
wrong(Ear* const self, const char* const format, ...)
{
  if (!self->fault[0]) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(self->fault, sizeof(self->fault), format, arguments);
    va_end(arguments);
  }
  return false;
}

void
ear_init(Ear* const     self,
         const LV2_URID sequence,
         const LV2_URID midi,
         const bool     is_mixed)
{
  memset(self, 0, sizeof(*self));
  self->sequence = sequence;
  self->midi     = midi;
  self->is_mixed = is_mixed;
}

static void
change_all(Ear* const self, const uint8_t from, const uint8_t to)
{
  for (unsigned c = 0U; self->n_own && c < N_CHANNELS; ++c) {
    for (unsigned k = 0U; k < N_KEYS; ++k) {
      self->own[c][k] = self->own[c][k] == from ? to : self->own[c][k];
    }
  }
}

void
ear_cut(Ear* const self)
{
  change_all(self, SOUNDS, CUT_BEFORE);
  change_all(self, CUT, CUT_BEFORE);
}

/// Events that a buffer holds
static uint32_t
room_of(const EarBlock* const block)
{
  const uint32_t room =
    block->capacity < 8U ? 0U : (block->capacity - 8U) / EAR_EVENT_BYTES;
  return room < MOST_EVENTS ? room : MOST_EVENTS;
}

/// Law 2: after a beginning, the ends of all that sounds still have room
static bool
check_room(Ear* const self, const Reading* const reading)
{
  const uint32_t n_ends = self->n_own + self->n_passed;
  return reading->n_events + 1U + n_ends <= room_of(reading->block) ||
         wrong(self,
               "a note begins as event %u of %u, and %u that sound have no "
               "room to end",
               reading->n_events + 1U,
               room_of(reading->block),
               n_ends);
}

static bool
is_in_a_span(const EarBlock* const block, const uint32_t frame)
{
  for (uint32_t i = 0U; i < block->n_spans; ++i) {
    if (frame >= block->spans[i].begin && frame < block->spans[i].end) {
      return true;
    }
  }
  return false;
}

static bool
hear_own_on(Ear* const           self,
            const Reading* const reading,
            const uint32_t       frame,
            const uint8_t* const bytes)
{
  const EarBlock* const block = reading->block;

  const unsigned channel  = bytes[0] & 0x0FU;
  const unsigned key      = bytes[1];
  const unsigned velocity = bytes[2];

  if (!(block->channels & (1U << channel))) {
    return wrong(
      self, "a note on channel %u, which no part is on", channel + 1);
  }
  if (self->own[channel][key]) {
    return wrong(
      self, "key %u of channel %u begins while it sounds", key, channel + 1);
  }
  if (!is_in_a_span(block, frame)) {
    return wrong(
      self, "key %u begins at frame %u, where nothing plays", key, frame);
  }
  self->own[channel][key]      = SOUNDS;
  self->on_frame[channel][key] = frame;
  self->on_block[channel][key] = self->i_block;
  ++self->n_own;
  ++self->n_notes;
  if (self->n_onsets < EAR_MAX_ONSETS) {
    const EarOnset onset = {
      frame, (uint8_t)channel, (uint8_t)key, (uint8_t)velocity};
    self->onsets[self->n_onsets++] = onset;
  }
  return check_room(self, reading);
}

static bool
hear_own(Ear* const           self,
         const Reading* const reading,
         const uint32_t       frame,
         const uint8_t* const bytes,
         const uint32_t       n_bytes)
{
  const unsigned kind    = bytes[0] & 0xF0U;
  const unsigned channel = bytes[0] & 0x0FU;
  if (n_bytes != 3U || (kind != NOTE_ON && kind != NOTE_OFF) ||
      bytes[1] > 127U || bytes[2] > 127U || (kind == NOTE_ON && !bytes[2])) {
    return wrong(
      self,
      "a message of its own that is no note: %u bytes, %02x %02x %02x",
      n_bytes,
      bytes[0],
      n_bytes > 1U ? bytes[1] : 0U,
      n_bytes > 2U ? bytes[2] : 0U);
  }
  if (kind == NOTE_ON) {
    return hear_own_on(self, reading, frame, bytes);
  }

  const unsigned key = bytes[1];
  if (!self->own[channel][key]) {
    return wrong(
      self, "key %u of channel %u ends, and does not sound", key, channel + 1);
  }
  if (self->on_block[channel][key] == self->i_block &&
      self->on_frame[channel][key] == frame) {
    return wrong(self,
                 "key %u of channel %u ends in the frame where it began",
                 key,
                 channel + 1);
  }
  self->own[channel][key] = SILENT;
  --self->n_own;
  return true;
}

/// Whether a message came in, after those that came out before
static bool
take_input(Reading* const       reading,
           const uint32_t       frame,
           const uint8_t* const bytes,
           const uint32_t       n_bytes)
{
  for (uint32_t i = reading->i_input; i < reading->block->n_inputs; ++i) {
    const EarInput* const in = &reading->block->inputs[i];
    if (in->frame == frame && in->n_bytes == n_bytes &&
        !memcmp(in->bytes, bytes, n_bytes)) {
      reading->i_input = i + 1U;
      return true;
    }
  }
  return false;
}

static bool
hear_passed(Ear* const           self,
            Reading* const       reading,
            const uint32_t       frame,
            const uint8_t* const bytes,
            const uint32_t       n_bytes)
{
  const EarBlock* const block = reading->block;
  const unsigned        kind  = bytes[0] & 0xF0U;
  const bool is_note = n_bytes == 3U && (kind == NOTE_ON || kind == NOTE_OFF);
  uint16_t* const count =
    &self->passed[bytes[0] & 0x0FU][is_note ? bytes[1] & 0x7FU : 0U];
  const bool is_on = is_note && kind == NOTE_ON && bytes[2];
  const bool came =
    block->is_open && take_input(reading, frame, bytes, n_bytes);

  reading->n_out += came;
  if (is_note && !is_on && *count) {
    --*count;
    --self->n_passed;
    return true;
  }
  if (!came && !block->is_anything) {
    return wrong(self,
                 "%02x %02x comes out at frame %u and did not come in",
                 bytes[0],
                 n_bytes > 1U ? bytes[1] : 0U,
                 frame);
  }
  if (is_on) {
    ++*count;
    ++self->n_passed;
    ++self->n_passed_on;
    return check_room(self, reading);
  }
  return true;
}

/// With both on one channel: an end for each beginning, sooner or later
static bool
hear_mixed(Ear* const self, const uint8_t* const bytes, const uint32_t n_bytes)
{
  const unsigned kind = bytes[0] & 0xF0U;
  if (n_bytes == 3U && (kind == NOTE_ON || kind == NOTE_OFF)) {
    const bool is_on = kind == NOTE_ON && bytes[2];
    self->mixed[bytes[0] & 0x0FU][bytes[1] & 0x7FU] += is_on ? 1 : -1;
    self->n_notes += is_on;
  }
  return true;
}

/// Come to a frame: mark what the jumps up to it have cut
static void
cut_until(Ear* const self, Reading* const reading, const uint32_t frame)
{
  const EarBlock* const block = reading->block;
  while (reading->i_cut < block->n_cuts &&
         block->cuts[reading->i_cut] <= frame) {
    change_all(self, SOUNDS, block->cuts[reading->i_cut++] ? CUT : CUT_BEFORE);
  }
}

static bool
hear(Ear* const           self,
     Reading* const       reading,
     const uint32_t       frame,
     const uint8_t* const bytes,
     const uint32_t       n_bytes)
{
  cut_until(self, reading, frame);
  if (bytes[0] < 0x80U) {
    return wrong(self, "a message that begins with %02x", bytes[0]);
  }
  if (self->is_mixed) {
    return hear_mixed(self, bytes, n_bytes);
  }
  return (bytes[0] & 0xF0U) != 0xF0U && (bytes[0] & 0x0FU) < EAR_FIRST_PASSED
           ? hear_own(self, reading, frame, bytes, n_bytes)
           : hear_passed(self, reading, frame, bytes, n_bytes);
}

/// What a window is told comes behind all music, in the last frame
static bool
hear_said(Ear* const                  self,
          Reading* const              reading,
          const LV2_Atom_Event* const event,
          const uint32_t              left)
{
  const uint32_t size = (event->body.size + 7U) / 8U * 8U;
  if (event->body.size < 8U || event->body.size > 1024U || size > left ||
      event->time.frames + 1 != (int64_t)reading->block->n_frames) {
    return wrong(self,
                 "something of type %u, %u bytes at frame %ld",
                 event->body.type,
                 event->body.size,
                 (long)event->time.frames);
  }
  reading->n_said_bytes += (uint32_t)sizeof(*event) + size;
  ++self->n_said;
  return true;
}

/// Walk the sequence, as a host does that trusts nothing
static bool
walk(Ear* const self, Reading* const reading)
{
  const EarBlock* const block = reading->block;
  const uint8_t* const  body  = (const uint8_t*)&block->out->body;
  const uint32_t        size  = block->out->atom.size;
  uint32_t              at    = sizeof(LV2_Atom_Sequence_Body);
  int64_t               last  = 0;

  while (at < size) {
    LV2_Atom_Event event;
    if (size - at < sizeof(event)) {
      return wrong(self, "the sequence ends within an event");
    }
    memcpy(&event, body + at, sizeof(event));
    at += (uint32_t)sizeof(event);
    if (event.body.type != self->midi) { // What windows are told, at the end
      if (!hear_said(self, reading, &event, size - at)) {
        return false;
      }
      at += (event.body.size + 7U) / 8U * 8U;
      continue;
    }
    if (reading->n_said_bytes || event.body.size < 1U || event.body.size > 3U) {
      return wrong(self,
                   "an event of type %u and %u bytes",
                   event.body.type,
                   event.body.size);
    }
    if (size - at < 8U) {
      return wrong(self, "an event's bytes lie past the end of the sequence");
    }
    if (event.time.frames < last) {
      return wrong(
        self, "frame %d after frame %d", (int)event.time.frames, (int)last);
    }
    if (event.time.frames >= (int64_t)block->n_frames) {
      return wrong(self,
                   "frame %d in a block of %u",
                   (int)event.time.frames,
                   block->n_frames);
    }
    last = event.time.frames;
    if (!hear(self, reading, (uint32_t)last, body + at, event.body.size)) {
      return false;
    }
    at += 8U;
    ++reading->n_events;
  }
  return true;
}

/// What was cut before this block, and what has no way any more, is over now
static bool
check_ends(Ear* const self, const Reading* const reading)
{
  const EarBlock* const block = reading->block;
  if (!block->n_frames || reading->is_full || self->is_mixed) {
    return true;
  }
  for (unsigned c = 0U; self->n_own && c < N_CHANNELS; ++c) {
    for (unsigned k = 0U; k < N_KEYS; ++k) {
      if (self->own[c][k] == CUT_BEFORE) {
        return wrong(self,
                     "key %u of channel %u sounds on, and should have ended",
                     k,
                     c + 1);
      }
    }
  }
  if (!block->is_open && self->n_passed) {
    return wrong(self,
                 "%u notes that passed sound on, and the way is closed",
                 self->n_passed);
  }
  return true;
}

/// Whether there was no doubt that all that could come out had room
static bool
is_roomy(const Ear* const     self,
         const Reading* const reading,
         const uint32_t       n_sounded)
{
  const EarBlock* const block = reading->block;
  const uint32_t needed = reading->n_events + block->n_inputs + n_sounded +
                          self->n_own + self->n_passed + 2U;
  return block->n_frames && needed <= room_of(block);
}

/// Where there is room for all, all that comes in goes out
static bool
check_passed(Ear* const           self,
             const Reading* const reading,
             const uint32_t       n_sounded)
{
  const EarBlock* const block     = reading->block;
  const bool            was_tight = self->was_tight;
  uint32_t              n_in      = 0U;

  self->was_tight = block->is_anything || !is_roomy(self, reading, n_sounded);
  if (self->is_mixed || was_tight || self->was_tight || !block->is_open) {
    return true;
  }
  for (uint32_t i = 0U; i < block->n_inputs; ++i) {
    const EarInput* const in = &block->inputs[i];
    n_in += in->n_bytes >= 1U && in->n_bytes <= 3U && in->bytes[0] >= 0x80U;
  }
  return n_in == reading->n_out ||
         wrong(
           self, "%u messages came in, and %u went out", n_in, reading->n_out);
}

bool
ear_block(Ear* const self, const EarBlock* const block)
{
  Reading        reading   = {block, 0U, 0U, 0U, 0U, 0U, false};
  const uint32_t n_sounded = self->n_own + self->n_passed;

  ++self->i_block;
  self->n_onsets = 0U;
  cut_until(self, &reading, 0U);
  if (self->fault[0]) {
    return false;
  }
  if (block->capacity < sizeof(LV2_Atom_Sequence_Body)) {
    reading.is_full = true;
  } else {
    const LV2_Atom_Sequence* const out = block->out;
    if (out->atom.type != self->sequence || out->body.unit ||
        out->atom.size < sizeof(LV2_Atom_Sequence_Body) ||
        out->atom.size > block->capacity) {
      return wrong(self,
                   "no sequence: type %u, unit %u, %u bytes of %u",
                   out->atom.type,
                   out->body.unit,
                   out->atom.size,
                   block->capacity);
    }
    if (!walk(self, &reading)) {
      return false;
    }
    const uint32_t n_music = out->atom.size - reading.n_said_bytes;
    reading.is_full        = block->capacity - n_music < EAR_EVENT_BYTES ||
                      reading.n_events >= MOST_EVENTS;
  }

  const bool ok =
    check_passed(self, &reading, n_sounded) && check_ends(self, &reading);
  cut_until(self, &reading, UINT32_MAX);
  change_all(self, CUT, CUT_BEFORE);
  return ok;
}

bool
ear_end(Ear* const self)
{
  if (self->fault[0]) {
    return false;
  }
  for (unsigned c = 0U; self->is_mixed && c < N_CHANNELS; ++c) {
    for (unsigned k = 0U; k < N_KEYS; ++k) {
      if (self->mixed[c][k] > 0) {
        return wrong(self,
                     "key %u of channel %u hangs: %d more beginnings than ends",
                     k,
                     c + 1,
                     self->mixed[c][k]);
      }
    }
  }
  return !(self->n_own + self->n_passed) ||
         wrong(self,
               "%u notes of its own and %u that passed hang at the end",
               self->n_own,
               self->n_passed);
}
