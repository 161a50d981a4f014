// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A plugin for testing other people's hosts with: it stands behind Perpetuo,
   lets everything pass, and writes down what passed and at which frame of the
   host's transport.  It keeps the book of sounding notes, too.

   The file that PERPETUO_CAPTURE names grows by a line for each event:

       TRACK WHAT FRAME N_SOUNDING [HEX...]

   WHAT is "midi", or what the transport did: "roll", "stop", "jump"; "open" and
   "close" are the instance's own.  FRAME is "-" before the first position.  The
   file is written from run(), which no plugin for people may do.
*/

#include <lv2/atom/atom.h>
#include <lv2/atom/util.h>
#include <lv2/core/lv2.h>
#include <lv2/midi/midi.h>
#include <lv2/time/time.h>
#include <lv2/urid/urid.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN, OUT, TRACK, SOUNDING, N_PORTS };

typedef struct {
  void*    ports[N_PORTS];
  FILE*    file;
  LV2_URID atom_Sequence, atom_Object, atom_Blank, atom_Long, atom_Float;
  LV2_URID midi_MidiEvent, time_Position, time_frame, time_speed;
  bool     is_known; ///< A position has come
  bool     is_rolling;
  int64_t  frame; ///< The transport's, at the beginning of this block
  int      track; ///< As of the last run
  uint32_t n_sounding;
  uint8_t  sounds[16][128];
} Capture;

/// Write a line; `offset` is the event's frame in the block
static void
note_down(Capture* const       self,
          const char* const    what,
          const int64_t        offset,
          const uint8_t* const bytes,
          const uint32_t       n_bytes)
{
  fprintf(self->file, "%d %s ", self->track, what);
  if (self->is_known) {
    fprintf(self->file,
            "%lld",
            (long long)(self->frame + (self->is_rolling ? offset : 0)));
  } else {
    fprintf(self->file, "-");
  }
  fprintf(self->file, " %u", self->n_sounding);
  for (uint32_t i = 0U; i < n_bytes; ++i) {
    fprintf(self->file, " %02x", bytes[i]);
  }
  fprintf(self->file, "\n");
}

static LV2_Handle
instantiate(const LV2_Descriptor* const     descriptor,
            const double                    rate,
            const char* const               bundle,
            const LV2_Feature* const* const features)
{
  (void)descriptor;
  (void)rate;
  (void)bundle;
  const LV2_URID_Map* map = NULL;
  for (const LV2_Feature* const* f = features; *f; ++f) {
    if (!strcmp((*f)->URI, LV2_URID__map)) {
      map = (const LV2_URID_Map*)(*f)->data;
    }
  }

  const char* const path = getenv("PERPETUO_CAPTURE");
  Capture* const    self = (Capture*)calloc(1U, sizeof(Capture));
  if (!map || !path || !self || !(self->file = fopen(path, "a"))) {
    free(self);
    return NULL;
  }
  setvbuf(self->file, NULL, _IOLBF, 4096U);
  self->atom_Sequence  = map->map(map->handle, LV2_ATOM__Sequence);
  self->atom_Object    = map->map(map->handle, LV2_ATOM__Object);
  self->atom_Blank     = map->map(map->handle, LV2_ATOM__Blank);
  self->atom_Long      = map->map(map->handle, LV2_ATOM__Long);
  self->atom_Float     = map->map(map->handle, LV2_ATOM__Float);
  self->midi_MidiEvent = map->map(map->handle, LV2_MIDI__MidiEvent);
  self->time_Position  = map->map(map->handle, LV2_TIME__Position);
  self->time_frame     = map->map(map->handle, LV2_TIME__frame);
  self->time_speed     = map->map(map->handle, LV2_TIME__speed);
  return self;
}

static void
connect_port(LV2_Handle instance, const uint32_t port, void* const data)
{
  if (port < N_PORTS) {
    ((Capture*)instance)->ports[port] = data;
  }
}

/// Take what the host says of the frame `offset` of the block
static void
be_told(Capture* const               self,
        const LV2_Atom_Object* const object,
        const int64_t                offset)
{
  const LV2_Atom* frame = NULL;
  const LV2_Atom* speed = NULL;
  lv2_atom_object_get(
    object, self->time_frame, &frame, self->time_speed, &speed, 0);
  if (!frame || frame->type != self->atom_Long || !speed ||
      speed->type != self->atom_Float) {
    return;
  }

  const bool    is_rolling = ((const LV2_Atom_Float*)speed)->body > 0.0f;
  const int64_t told       = ((const LV2_Atom_Long*)frame)->body;
  const int64_t expected   = self->frame + (self->is_rolling ? offset : 0);
  const bool    has_begun  = is_rolling && !self->is_rolling;
  const bool    has_ended  = !is_rolling && self->is_rolling;
  const bool    has_moved  = self->is_known && told != expected;

  self->is_known   = true;
  self->is_rolling = is_rolling;
  self->frame      = told - (is_rolling ? offset : 0);
  if (has_begun || has_ended || has_moved) {
    note_down(self,
              has_begun   ? "roll"
              : has_ended ? "stop"
                          : "jump",
              offset,
              NULL,
              0U);
  }
}

/// Keep the book
static void
keep(Capture* const self, const uint8_t* const bytes, const uint32_t n_bytes)
{
  if (n_bytes != 3U || (bytes[0] & 0xE0U) != 0x80U) {
    return;
  }

  uint8_t* const sounds = &self->sounds[bytes[0] & 0x0FU][bytes[1] & 0x7FU];
  if ((bytes[0] & 0x10U) && bytes[2]) {
    self->n_sounding += !*sounds;
    *sounds = 1U;
  } else {
    self->n_sounding -= *sounds;
    *sounds = 0U;
  }
}

static void
run(LV2_Handle instance, const uint32_t n_frames)
{
  Capture* const                 self = (Capture*)instance;
  const LV2_Atom_Sequence* const in = (const LV2_Atom_Sequence*)self->ports[IN];
  LV2_Atom_Sequence* const       out  = (LV2_Atom_Sequence*)self->ports[OUT];
  const uint32_t                 room = out->atom.size;

  if (self->ports[TRACK]) {
    self->track = (int)*(const float*)self->ports[TRACK];
  }
  out->atom.type = self->atom_Sequence;
  lv2_atom_sequence_clear(out);
  out->body.unit = 0U;
  out->body.pad  = 0U;
  LV2_ATOM_SEQUENCE_FOREACH (in, event) {
    const uint8_t* const bytes = (const uint8_t*)(&event->body + 1);
    if (event->body.type == self->midi_MidiEvent) {
      keep(self, bytes, event->body.size);
      note_down(self, "midi", event->time.frames, bytes, event->body.size);
      lv2_atom_sequence_append_event(out, room, event);
    } else if (event->body.type == self->atom_Object ||
               event->body.type == self->atom_Blank) {
      const LV2_Atom_Object* const object =
        (const LV2_Atom_Object*)&event->body;
      if (object->body.otype == self->time_Position) {
        be_told(self, object, event->time.frames);
      }
    }
  }
  self->frame += self->is_rolling ? n_frames : 0;
  if (self->ports[SOUNDING]) {
    *(float*)self->ports[SOUNDING] = (float)self->n_sounding;
  }
}

static void
activate(LV2_Handle instance)
{
  note_down((Capture*)instance, "open", 0, NULL, 0U);
}

static void
cleanup(LV2_Handle instance)
{
  Capture* const self = (Capture*)instance;

  note_down(self, "close", 0, NULL, 0U);
  fclose(self->file);
  free(self);
}

LV2_SYMBOL_EXPORT const LV2_Descriptor*
lv2_descriptor(const uint32_t index)
{
  static const LV2_Descriptor descriptor = {"urn:perpetuo:capture",
                                            instantiate,
                                            connect_port,
                                            activate,
                                            run,
                                            NULL,
                                            cleanup,
                                            NULL};
  return index ? NULL : &descriptor;
}
