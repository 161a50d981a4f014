// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#define _DEFAULT_SOURCE

#include "tests/chaos_input.h"

#include "base/rng.h"
#include "play/transport.h"

#include <lv2/atom/util.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/// More than any page
#define PAGE 65536U

bool
input_init(Input* const       self,
           const Urids* const urids,
           const Setup* const setup)
{
  self->urids   = urids;
  self->setup   = setup;
  self->n_bytes = 0U;

  void* const pages = mmap(NULL,
                           INPUT_BYTES + 2U * PAGE,
                           PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS,
                           -1,
                           0);
  self->pages       = pages == MAP_FAILED ? NULL : (uint8_t*)pages;
  return self->pages &&
         !mprotect(self->pages + INPUT_BYTES + PAGE, PAGE, PROT_NONE);
}

void
input_free(Input* const self)
{
  if (self->pages) {
    munmap(self->pages, INPUT_BYTES + 2U * PAGE);
  }
}

void
input_begin(Input* const self)
{
  self->n_bytes = sizeof(LV2_Atom_Sequence_Body);
  memset(self->body, 0, self->n_bytes);
}

static void
add_raw(Input* const      self,
        const int64_t     frame,
        const uint32_t    type,
        const uint32_t    claimed,
        const uint32_t    size,
        const void* const body)
{
  const uint32_t       padded = lv2_atom_pad_size(size);
  const LV2_Atom_Event event  = {{frame}, {claimed, type}};
  if (self->n_bytes + sizeof(event) + padded > INPUT_BYTES) {
    return;
  }
  memcpy(self->body + self->n_bytes, &event, sizeof(event));
  self->n_bytes += (uint32_t)sizeof(event);
  memset(self->body + self->n_bytes, 0, padded);
  if (size) {
    memcpy(self->body + self->n_bytes, body, size);
  }
  self->n_bytes += padded;
}

void
input_add(Input* const      self,
          const int64_t     frame,
          const uint32_t    type,
          const uint32_t    size,
          const void* const body)
{
  add_raw(self, frame, type, size, size, body);
}

// Positions -----------------------------------------------------------------

typedef struct {
  uint32_t n;
  uint8_t  bytes[512];
} Object;

enum { AS_INT, AS_LONG, AS_FLOAT, AS_DOUBLE };

static void
property(Object* const     object,
         const LV2_URID    key,
         const LV2_URID    type,
         const uint32_t    size,
         const void* const value)
{
  const uint32_t head[4] = {key, 0U, size, type};
  memcpy(object->bytes + object->n, head, sizeof(head));
  memset(object->bytes + object->n + sizeof(head), 0, lv2_atom_pad_size(size));
  memcpy(object->bytes + object->n + sizeof(head), value, size);
  object->n += (uint32_t)sizeof(head) + lv2_atom_pad_size(size);
}

static void
number(const Urids* const urids,
       Object* const      object,
       const LV2_URID     key,
       const unsigned     type,
       const double       value)
{
  const int32_t as_int   = (int32_t)value;
  const int64_t as_long  = (int64_t)value;
  const float   as_float = (float)value;
  switch (type) {
  case AS_INT:
    property(object, key, urids->atom_Int, 4U, &as_int);
    break;
  case AS_LONG:
    property(object, key, urids->atom_Long, 8U, &as_long);
    break;
  case AS_FLOAT:
    property(object, key, urids->atom_Float, 4U, &as_float);
    break;
  default:
    property(object, key, urids->atom_Double, 8U, &value);
  }
}

static Object
object_of(const Urids* const urids)
{
  const uint32_t head[2] = {0U, urids->time_Position};
  Object         object  = {sizeof(head), {0U}};
  memcpy(object.bytes, head, sizeof(head));
  return object;
}

static void
add_object(Input* const self, const uint32_t frame, const Object* const object)
{
  input_add(self,
            frame,
            self->setup->is_blank ? self->urids->atom_Blank
                                  : self->urids->atom_Object,
            object->n,
            object->bytes);
}

void
input_tell(Input* const       self,
           const uint32_t     frame,
           const Place* const place,
           const unsigned     without,
           const bool         is_coarse)
{
  const Urids* const u      = self->urids;
  Object             object = object_of(u);
  const double       beat =
    is_coarse ? floor(place->beat * 1920.0 + 0.5) / 1920.0 : place->beat;
  const struct {
    unsigned field;
    LV2_URID key;
    unsigned type;
    double   value;
  } rows[] = {
    {POSITION_FRAME, u->time_frame, AS_LONG, place->frame},
    {POSITION_SPEED,
     u->time_speed,
     AS_FLOAT,
     place->rolls ? place->speed : 0.0},
    {POSITION_BAR, u->time_bar, self->setup->bar_type, place->bar},
    {POSITION_BAR_BEAT,
     u->time_barBeat,
     AS_FLOAT + self->setup->beat_type,
     beat},
    {POSITION_BEATS_PER_BAR, u->time_beatsPerBar, AS_FLOAT, place->n_beats},
    {POSITION_BEAT_UNIT, u->time_beatUnit, AS_INT, place->unit},
    {POSITION_BPM,
     u->time_beatsPerMinute,
     AS_FLOAT + self->setup->beat_type,
     place->bpm * place->unit / 4.0},
  };

  for (unsigned i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    if (!(without & rows[i].field)) {
      number(u, &object, rows[i].key, rows[i].type, rows[i].value);
    }
  }
  add_object(self, frame, &object);
}

static double
a_lie(const Lie lie, const uint64_t key, const uint32_t i)
{
  static const double huge[] = {
    1e300, -1e300, 1e18, -1e18, 9.3e15, 1e7, -1e7, 2147483647.0, -4e9, 1e-300};
  const double part = (double)rng_u32(key, i + 100U) / 4294967296.0;
  switch (lie) {
  case LIE_NAN:
    return part < 0.4   ? (double)NAN
           : part < 0.7 ? (double)INFINITY
                        : -(double)INFINITY;
  case LIE_HUGE:
    return huge[rng_below(key, i, 10U)];
  default:
    return part < 0.5 ? floor(part * 20.0) : (part - 0.75) * 1000.0;
  }
}

void
input_lie(Input* const self, const Lie lie, const uint64_t key)
{
  const Urids* const u      = self->urids;
  const LV2_URID     keys[] = {u->time_frame,
                               u->time_speed,
                               u->time_bar,
                               u->time_barBeat,
                               u->time_beatsPerBar,
                               u->time_beatUnit,
                               u->time_beatsPerMinute};
  const unsigned     n = lie == LIE_NOTHING ? 0U : lie == LIE_REPEAT ? 4U : 1U;
  for (unsigned k = 0U; k < n; ++k) {
    Object object = object_of(u);
    for (unsigned i = 0U; i < 7U; ++i) {
      const uint32_t at = k * 64U + i * 4U;
      if (lie == LIE_TYPES) {
        property(&object, keys[i], u->atom_String, 5U, "four");
      } else if (rng_below(key, at, 4U)) {
        // Numbers that no int holds go as floats and doubles
        number(u,
               &object,
               keys[i],
               AS_FLOAT + rng_below(key, at + 1U, 2U),
               a_lie(lie, key, at + 2U));
      }
    }
    add_object(self, 0U, &object);
  }
}

// MIDI ----------------------------------------------------------------------

static uint8_t
channel_of(const Setup* const setup, const uint64_t key, const uint32_t i)
{
  return (uint8_t)(setup->is_mixed
                     ? rng_below(key, i, N_CHANNELS)
                     : EAR_FIRST_PASSED +
                         rng_below(key, i, N_CHANNELS - EAR_FIRST_PASSED));
}

uint32_t
input_messages(const Setup* const setup,
               const uint64_t     key,
               const uint32_t     n,
               const uint32_t     n_frames,
               EarInput* const    inputs)
{
  uint32_t       made  = 0U;
  const uint32_t n_max = n < EAR_MAX_INPUTS ? n : EAR_MAX_INPUTS;
  for (; made < n_max; ++made) {
    const uint32_t i       = made * 8U;
    const uint8_t  channel = channel_of(setup, key, i);
    const uint8_t  pitch   = (uint8_t)(60U + rng_below(key, i + 1U, 4U));
    const uint8_t  value   = (uint8_t)rng_below(key, i + 2U, 128U);
    EarInput*      in      = &inputs[made];
    const EarInput kinds[] = {
      {0U, 3U, {(uint8_t)(0x90U | channel), pitch, value, 0U}},
      {0U, 3U, {(uint8_t)(0x90U | channel), pitch, value, 0U}},
      {0U, 3U, {(uint8_t)(0x80U | channel), pitch, value, 0U}},
      {0U, 3U, {(uint8_t)(0x80U | channel), pitch, value, 0U}},
      {0U, 3U, {(uint8_t)(0x90U | channel), pitch, 0U, 0U}},
      {0U, 3U, {(uint8_t)(0xB0U | channel), value, value, 0U}},
      {0U, 2U, {(uint8_t)(0xC0U | channel), value, 0U, 0U}},
      {0U, 1U, {0xF8U, 0U, 0U, 0U}},
      {0U, 0U, {0U, 0U, 0U, 0U}},
      {0U, 3U, {value, pitch, value, 0U}},
      {0U, 4U, {0xF0U, 1U, 2U, 0xF7U}},
      {0U, 300U, {0xF0U, 1U, 2U, 3U}},
      {0U, 2U, {(uint8_t)(0x90U | channel), pitch, 0U, 0U}},
      {0U, 1U, {(uint8_t)(0x80U | channel), 0U, 0U, 0U}},
      {0U,
       3U,
       {(uint8_t)(0x90U | channel), (uint8_t)(pitch | 0x80U), value, 0U}},
    };
    *in       = kinds[rng_below(key, i + 3U, 15U)];
    in->frame = (uint32_t)((uint64_t)n_frames * made / n_max);
  }
  return made;
}

// Damage --------------------------------------------------------------------

static void
fill(uint8_t* const bytes, const uint32_t n, const uint64_t key)
{
  for (uint32_t i = 0U; i < n; ++i) {
    bytes[i] = (uint8_t)rng_u32(key, i + 1000U);
  }
}

/// A message on a channel of the input's
static void
message(const Input* const self, const uint64_t key, uint8_t* const bytes)
{
  bytes[0] = (uint8_t)(0x80U | (rng_below(key, 1U, 2U) << 4U) |
                       channel_of(self->setup, key, 2U));
  bytes[1] = (uint8_t)rng_below(key, 3U, 128U);
  bytes[2] = (uint8_t)rng_below(key, 4U, 128U);
}

static void
damage_sizes(Input* const self, const uint64_t key, const uint32_t n_frames)
{
  static const uint32_t sizes[] = {0U,
                                   1U,
                                   4U,
                                   7U,
                                   9U,
                                   255U,
                                   65535U,
                                   1U << 20U,
                                   0x7FFFFFFFU,
                                   0xFFFFFFF0U,
                                   0xFFFFFFF8U,
                                   0xFFFFFFFFU};
  const LV2_URID        types[] = {self->urids->midi_MidiEvent,
                                   self->urids->atom_Object,
                                   self->urids->atom_Blank,
                                   self->urids->atom_Sequence};
  for (uint32_t i = 0U; i < 4U; ++i) {
    const uint64_t k = rng_key(key, i);
    uint8_t        bytes[32];
    const uint32_t head[2] = {0U, self->urids->time_Position};
    fill(bytes, sizeof(bytes), k);
    message(self, k, bytes);
    const uint32_t type = types[rng_below(k, 10U, 4U)];
    if (type != self->urids->midi_MidiEvent) {
      memcpy(bytes, head, sizeof(head));
    }
    add_raw(self,
            (int64_t)rng_below(k, 11U, n_frames + 1U),
            type,
            sizes[rng_below(k, 12U, 12U)],
            8U * rng_below(k, 13U, 5U),
            bytes);
  }
}

static void
damage_objects(Input* const self, const uint64_t key)
{
  static const uint32_t sizes[] = {
    0U, 1U, 0x7FFFFFFFU, 0xFFFFFFF0U, 0xFFFFFFF8U, 0xFFFFFFFFU, 16U, 1000U};
  const Place    place = {true, 3, 1.0, 1000.0, 120.0, 1.0, 4U, 4U};
  const uint32_t from  = self->n_bytes;
  input_tell(self, 0U, &place, rng_below(key, 0U, 128U), false);

  // One property claims another size; or the object does
  const uint32_t n = self->n_bytes - from;
  const uint32_t at =
    rng_below(key, 1U, 3U)
      ? from + 24U + 24U * rng_below(key, 2U, n > 48U ? (n - 24U) / 24U : 1U) +
          8U
      : from + 8U;
  const uint32_t size = sizes[rng_below(key, 3U, 8U)];
  if (at + 4U <= self->n_bytes) {
    memcpy(self->body + at, &size, sizeof(size));
  }
  if (rng_below(key, 4U, 2U)) {
    self->n_bytes -= 8U * rng_below(key, 5U, n / 8U);
  }
}

void
input_damage(Input* const   self,
             const Noise    noise,
             const uint64_t key,
             const uint32_t n_frames)
{
  uint8_t bytes[64];
  switch (noise) {
  case NOISE_BYTES:
    input_begin(self);
    self->n_bytes += rng_below(key, 0U, 2000U);
    fill(self->body + 8U, self->n_bytes - 8U, key);
    break;
  case NOISE_ORDER:
    for (uint32_t i = 0U; i < 12U; ++i) {
      const uint64_t k = rng_key(key, i);
      message(self, k, bytes);
      const int64_t frames[] = {(int64_t)n_frames + 7,
                                -5,
                                (int64_t)rng_below(k, 9U, n_frames + 1U),
                                INT64_MAX,
                                INT64_MIN,
                                (int64_t)n_frames};
      input_add(self,
                frames[rng_below(k, 8U, 6U)],
                self->urids->midi_MidiEvent,
                3U,
                bytes);
    }
    break;
  case NOISE_SIZES:
    damage_sizes(self, key, n_frames);
    break;
  case NOISE_CUT:
    for (uint32_t i = 0U; i < 3U; ++i) {
      message(self, rng_key(key, i), bytes);
      input_add(self, 0, self->urids->midi_MidiEvent, 3U, bytes);
    }
    self->n_bytes -= 1U + rng_below(key, 9U, 23U);
    break;
  case NOISE_OBJECTS:
    damage_objects(self, key);
    break;
  case NOISE_STRANGERS: {
    const LV2_URID types[] = {0U,
                              self->urids->atom_Int,
                              self->urids->atom_String,
                              self->urids->atom_Sequence,
                              self->urids->time_Position,
                              99999U};
    for (uint32_t i = 0U; i < 8U; ++i) {
      fill(bytes, sizeof(bytes), rng_key(key, i));
      input_add(self,
                0,
                types[rng_below(key, i, 6U)],
                rng_below(key, i + 20U, 64U),
                bytes);
    }
    break;
  }
  default:
    break;
  }
}

const LV2_Atom_Sequence*
input_end(Input* const self, const Action* const noise)
{
  uint32_t size = self->n_bytes;
  uint32_t type = self->urids->atom_Sequence;
  if (noise && noise->a == NOISE_TYPE) {
    type = rng_below(noise->key, 0U, 2U) ? 0U : self->urids->atom_Object;
  } else if (noise && noise->a == NOISE_EMPTY) {
    size = rng_below(noise->key, 0U, 9U);
  }

  // So that it ends at the forbidden page, but for what alignment takes
  const uint32_t padded = lv2_atom_pad_size(size);
  uint8_t* const at     = self->pages + INPUT_BYTES + PAGE - padded - 8U;
  const LV2_Atom head   = {size, type};
  memcpy(at, &head, sizeof(head));
  memcpy(at + sizeof(head), self->body, size);
  return (const LV2_Atom_Sequence*)(const void*)at;
}
