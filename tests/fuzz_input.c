// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Lie to run(): blocks of any length with any bytes in the input's sequence,
   any controls, and any room for what comes out.

   Each block of the input is: two bytes for its frames, one for the room of
   the output, one for how many controls change, a port and a value for each,
   two bytes for the size of the sequence's body, then that.  Of the URIDs
   those of plugin/urids.c come first, from 1 on.  A composer that writes
   simple phrases stands in for the real one.  See tests/fuzz.h.
*/

#include "tests/chaos_ear.h"
#include "tests/check.h"
#include "tests/fuzz.h"

#include "compose/composer.h"
#include "plugin/plugin.h"
#include "plugin/ports.h"

#include <lv2/worker/worker.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BLOCKS = 40, OUT_BYTES = 8192 };

// A composer ----------------------------------------------------------------

struct Composer {
  ModelIds ids;
};

Status
composer_new(const char* const     folder,
             const ModelIds* const wanted,
             Composer** const      composer,
             Trouble* const        trouble)
{
  (void)folder;
  (void)wanted;
  (void)trouble;
  *composer = (Composer*)calloc(1U, sizeof(Composer));
  return *composer ? STATUS_SUCCESS : STATUS_NO_MEM;
}

void
composer_free(Composer* const self)
{
  free(self);
}

ModelIds
composer_models(const Composer* const self)
{
  return self->ids;
}

void
composer_compose(Composer* const      self,
                 const Request* const request,
                 Phrase* const        phrase)
{
  const uint32_t length = metre_bar_ticks(request->metre);
  (void)self;
  phrase_init(phrase, request->mix.phrase_bars, length);
  for (uint32_t i = 0U; i < 32U; ++i) {
    const Note note = {i * 240U,
                       200U + 100U * (i % 5U),
                       (uint8_t)(40U + (i * 7U + request->part) % 48U),
                       (uint8_t)(1U + i)};
    (void)phrase_add(phrase, note);
  }
  phrase_finish(phrase);
}

// A host --------------------------------------------------------------------

typedef struct {
  const uint8_t* bytes;
  size_t         n;
} Reader8;

static uint32_t
take(Reader8* const self, const unsigned n_bytes)
{
  uint32_t value = 0U;
  for (unsigned i = 0U; i < n_bytes && self->n; ++i) {
    value |= (uint32_t)self->bytes[0] << (8U * i);
    ++self->bytes;
    --self->n;
  }
  return value;
}

typedef struct {
  LV2_URID                    n_urids;
  LV2_Worker_Schedule         schedule;
  const LV2_Descriptor*       descriptor;
  LV2_Handle                  handle;
  const LV2_Worker_Interface* worker;
  uint8_t                     job[128];
  uint32_t                    n_job; ///< 0 when there is none
  float                       values[N_PORTS];
  uint32_t                    room;
  _Alignas(8) uint8_t out[OUT_BYTES + 64U];
  char     uris[128][96];
  Ear      ear;
  EarBlock block;
} FuzzHost;

static LV2_URID
map_uri(const LV2_URID_Map_Handle handle, const char* const uri)
{
  FuzzHost* const self = (FuzzHost*)handle;
  for (uint32_t i = 0U; i < self->n_urids; ++i) {
    if (!strcmp(self->uris[i], uri)) {
      return i + 1U;
    }
  }
  (void)snprintf(self->uris[self->n_urids], sizeof(self->uris[0]), "%s", uri);
  return ++self->n_urids;
}

static LV2_Worker_Status
schedule_work(const LV2_Worker_Schedule_Handle handle,
              const uint32_t                   size,
              const void* const                data)
{
  FuzzHost* const self = (FuzzHost*)handle;
  if (self->n_job || size > sizeof(self->job)) {
    return LV2_WORKER_ERR_NO_SPACE;
  }
  self->n_job = size;
  memcpy(self->job, data, size);
  return LV2_WORKER_SUCCESS;
}

static LV2_Worker_Status
respond(const LV2_Worker_Respond_Handle handle,
        const uint32_t                  size,
        const void* const               data)
{
  FuzzHost* const self = (FuzzHost*)handle;
  return self->worker->work_response(self->handle, size, data);
}

static void
run_block(FuzzHost* const      self,
          const uint32_t       n_frames,
          const uint8_t* const body,
          const uint32_t       n_body)
{
  const Plugin* const plugin = (const Plugin*)self->handle;
  const LV2_Atom      in     = {n_body, plugin->urids.atom_Sequence};
  const LV2_Atom      out    = {self->room, 0U};

  // Just its size, so that a checker sees what is read past it
  uint8_t* const sequence = (uint8_t*)malloc(sizeof(in) + n_body);
  memcpy(sequence, &in, sizeof(in));
  if (n_body) {
    memcpy(sequence + sizeof(in), body, n_body);
  }
  memset(self->out, 0xA5, sizeof(self->out));
  memcpy(self->out, &out, sizeof(out));

  self->descriptor->connect_port(self->handle, PORT_CONTROL, sequence);
  self->descriptor->connect_port(self->handle, PORT_MIDI_OUT, self->out);
  self->descriptor->run(self->handle, n_frames);
  for (unsigned i = 0U; i < 32U; ++i) {
    CHECK(self->out[sizeof(out) + self->room + i] == 0xA5U);
  }
  free(sequence);
  if (self->n_job) {
    const uint32_t size = self->n_job;
    self->n_job         = 0U;
    self->worker->work(self->handle, respond, self, size, self->job);
  }

  EarBlock* const block = &self->block;
  block->out            = (const LV2_Atom_Sequence*)(const void*)self->out;
  block->capacity       = self->room;
  block->n_frames       = n_frames;
  block->is_anything    = true;
  if (!ear_block(&self->ear, block)) {
    fprintf(stderr, "%s\n", self->ear.fault);
    CHECK(false);
  }
  for (unsigned i = PORT_SCORE; i <= PORT_BAR; ++i) {
    CHECK(isfinite(self->values[i]));
  }
}

static void
play(FuzzHost* const self, Reader8* const bytes)
{
  for (unsigned i = 0U; i < MAX_BLOCKS && bytes->n; ++i) {
    const uint32_t n_frames   = take(bytes, 2U) % 8193U;
    const uint32_t room       = take(bytes, 1U);
    const uint32_t n_controls = take(bytes, 1U) % 8U;
    self->room = room < 128U ? room : room < 200U ? room * 4U : OUT_BYTES;
    for (uint32_t k = 0U; k < n_controls; ++k) {
      const uint32_t port =
        PORT_ENABLED + take(bytes, 1U) % (PORT_SCORE - PORT_ENABLED);
      const uint32_t value = take(bytes, 1U);
      self->values[port]   = value == 255U   ? (float)NAN
                             : value == 254U ? (float)INFINITY
                                             : (float)value;
    }
    const uint32_t size = take(bytes, 2U);
    const uint32_t n    = size < bytes->n ? size : (uint32_t)bytes->n;
    run_block(self, n_frames, bytes->bytes, n);
    bytes->bytes += n;
    bytes->n -= n;
  }
}

/// Off, which ends what is its own; and on with the way closed, which ends
/// what passed; until nothing can be left
static void
finish(FuzzHost* const self)
{
  self->room                   = OUT_BYTES;
  self->values[PORT_THRU]      = 0.0f;
  self->values[PORT_TRANSPORT] = 0.0f;
  for (unsigned i = 0U; i < 30U; ++i) {
    self->values[PORT_ENABLED] = i % 2U ? 0.0f : 1.0f;
    run_block(self, 64U, NULL, 0U);
  }
  if (!ear_end(&self->ear)) {
    fprintf(stderr, "%s\n", self->ear.fault);
    CHECK(false);
  }
}

int
LLVMFuzzerTestOneInput(const uint8_t* const bytes, const size_t n_bytes)
{
  FuzzHost* const          self       = (FuzzHost*)calloc(1U, sizeof(FuzzHost));
  LV2_URID_Map             map        = {self, map_uri};
  const LV2_Feature        of_map     = {LV2_URID__map, &map};
  const LV2_Feature        of_worker  = {LV2_WORKER__schedule, &self->schedule};
  const LV2_Feature* const features[] = {&of_map, &of_worker, NULL};
  Reader8                  reader     = {bytes, n_bytes};

  self->schedule.handle        = self;
  self->schedule.schedule_work = schedule_work;
  self->descriptor             = lv2_descriptor(0U);
  self->handle                 = self->descriptor->instantiate(
    self->descriptor, 48000.0, "/nowhere", features);
  CHECK(self->handle);
  self->worker = (const LV2_Worker_Interface*)self->descriptor->extension_data(
    LV2_WORKER__interface);

  const Urids* const urids = &((const Plugin*)self->handle)->urids;
  ear_init(&self->ear, urids->atom_Sequence, urids->midi_MidiEvent, true);
  for (unsigned i = 0U; i < N_PORTS; ++i) {
    self->values[i] = port_at((PortIndex)i).standard;
    self->descriptor->connect_port(self->handle, i, &self->values[i]);
  }
  self->descriptor->activate(self->handle);
  play(self, &reader);
  finish(self);
  self->descriptor->cleanup(self->handle);
  free(self);
  if (check_n_failed || check_n_bad) {
    abort();
  }
  return 0;
}
