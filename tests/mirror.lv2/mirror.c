// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   A plugin for testing the host: it shows on its ports what it was told,
   passes MIDI through, and breaks a rule of LV2 when asked to.
*/

#include <lv2/atom/atom.h>
#include <lv2/atom/util.h>
#include <lv2/buf-size/buf-size.h>
#include <lv2/core/lv2.h>
#include <lv2/log/log.h>
#include <lv2/midi/midi.h>
#include <lv2/options/options.h>
#include <lv2/state/state.h>
#include <lv2/time/time.h>
#include <lv2/urid/urid.h>
#include <lv2/worker/worker.h>

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  IN,
  OUT,
  FAULT,
  ASK,
  POSITIONS,
  BAR,
  BAR_BEAT,
  SPEED,
  BPM,
  KEYS,
  WORKS,
  ANSWERS,
  OFFSET,
  LONGEST,
  BLANK,
  OTHER,
  N_PORTS
};

typedef struct {
  void*                ports[N_PORTS];
  LV2_URID_Map*        map;
  LV2_Log_Log*         log;
  LV2_Worker_Schedule* schedule;
  LV2_URID             sequence, midi, blank, integer, number, longest;
  LV2_URID             bar, bar_beat, speed, bpm, position;
  int32_t              state;
  int32_t              n_longest;
  float                n_positions, n_works, n_answers;
  void*                waste;
  pthread_mutex_t      lock;
  int                  file;
  ssize_t              n_written;
} Mirror;

static LV2_Handle
instantiate(const LV2_Descriptor*     descriptor,
            double                    rate,
            const char*               bundle,
            const LV2_Feature* const* features)
{
  (void)descriptor;
  (void)rate;
  (void)bundle;
  Mirror* const             self    = (Mirror*)calloc(1U, sizeof(Mirror));
  const LV2_Options_Option* options = NULL;
  for (; *features; ++features) {
    if (!strcmp((*features)->URI, LV2_URID__map)) {
      self->map = (LV2_URID_Map*)(*features)->data;
    } else if (!strcmp((*features)->URI, LV2_LOG__log)) {
      self->log = (LV2_Log_Log*)(*features)->data;
    } else if (!strcmp((*features)->URI, LV2_WORKER__schedule)) {
      self->schedule = (LV2_Worker_Schedule*)(*features)->data;
    } else if (!strcmp((*features)->URI, LV2_OPTIONS__options)) {
      options = (const LV2_Options_Option*)(*features)->data;
    }
  }
  pthread_mutex_init(&self->lock, NULL);
  self->file            = open("/dev/null", O_WRONLY);
  LV2_URID_Map* const m = self->map;
  self->sequence        = m->map(m->handle, LV2_ATOM__Sequence);
  self->midi            = m->map(m->handle, LV2_MIDI__MidiEvent);
  self->blank           = m->map(m->handle, LV2_ATOM__Blank);
  self->integer         = m->map(m->handle, LV2_ATOM__Int);
  self->bar             = m->map(m->handle, LV2_TIME__bar);
  self->bar_beat        = m->map(m->handle, LV2_TIME__barBeat);
  self->speed           = m->map(m->handle, LV2_TIME__speed);
  self->position        = m->map(m->handle, LV2_TIME__Position);
  self->bpm             = m->map(m->handle, LV2_TIME__beatsPerMinute);
  self->number          = m->map(m->handle, "urn:perpetuo:mirror#number");
  self->longest         = m->map(m->handle, LV2_BUF_SIZE__maxBlockLength);
  for (; options && options->key; ++options) {
    if (options->key == self->longest) {
      self->n_longest = *(const int32_t*)options->value;
    }
  }
  return self;
}

static void
connect_port(LV2_Handle instance, uint32_t port, void* data)
{
  ((Mirror*)instance)->ports[port] = data;
}

static void
set(Mirror* self, int port, float value)
{
  *(float*)self->ports[port] = value;
}

static void
take_position(Mirror* self, const LV2_Atom_Event* event)
{
  float n_keys = 0.0f;
  LV2_ATOM_OBJECT_FOREACH ((const LV2_Atom_Object*)&event->body, p) {
    const void* const body = LV2_ATOM_BODY_CONST(&p->value);
    ++n_keys;
    if (p->key == self->bar) {
      set(self, BAR, (float)*(const int64_t*)body);
    } else if (p->key == self->bar_beat) {
      set(self, BAR_BEAT, *(const float*)body);
    } else if (p->key == self->speed) {
      set(self, SPEED, *(const float*)body);
    } else if (p->key == self->bpm) {
      set(self, BPM, *(const float*)body);
    }
  }
  set(self, POSITIONS, ++self->n_positions);
  set(self, KEYS, n_keys);
  set(self, OFFSET, (float)event->time.frames);
  set(self, BLANK, event->body.type == self->blank);
}

/// Begin a sequence, where there is room for one
static uint32_t
begin(Mirror* self, LV2_Atom_Sequence* out)
{
  const uint32_t room = out ? out->atom.size : 0U;
  if (room >= sizeof(LV2_Atom_Sequence_Body)) {
    out->atom.type = self->sequence;
    out->atom.size = sizeof(LV2_Atom_Sequence_Body);
    out->body.unit = 0U;
    out->body.pad  = 0U;
  }
  return room;
}

static void
append(LV2_Atom_Sequence* out,
       uint32_t           room,
       int64_t            frame,
       LV2_URID           type,
       uint32_t           size,
       const void*        bytes)
{
  LV2_Atom_Event event = {{frame}, {size, type}};
  uint8_t* const at    = (uint8_t*)out + sizeof(LV2_Atom) + out->atom.size;
  if (out->atom.size + sizeof(event) + lv2_atom_pad_size(size) <= room) {
    memcpy(at, &event, sizeof(event));
    memcpy(at + sizeof(event), bytes, size);
    out->atom.size += (uint32_t)sizeof(event) + lv2_atom_pad_size(size);
  }
}

/// What no run() may do
static void
waste_time(Mirror* self, int fault)
{
  if (fault == 6) {
    free(self->waste);
    self->waste = malloc(100U);
  } else if (fault == 7) {
    pthread_mutex_lock(&self->lock);
    pthread_mutex_unlock(&self->lock);
  } else if (fault == 8) {
    self->n_written += write(self->file, "x", 1U);
  } else if (fault == 9) {
    sched_yield();
  }
}

static void
run(LV2_Handle instance, uint32_t n_frames)
{
  Mirror* const                  self  = (Mirror*)instance;
  const int                      fault = (int)*(const float*)self->ports[FAULT];
  const LV2_Atom_Sequence* const in    = (LV2_Atom_Sequence*)self->ports[IN];
  LV2_Atom_Sequence* const       out   = (LV2_Atom_Sequence*)self->ports[OUT];
  const uint32_t                 room  = out->atom.size;

  if (fault != 4) {
    (void)begin(self, out);
  }
  LV2_Atom_Sequence* const other   = (LV2_Atom_Sequence*)self->ports[OTHER];
  const uint32_t           n_other = fault == 10 ? 0U : begin(self, other);
  LV2_ATOM_SEQUENCE_FOREACH (in, event) {
    const LV2_Atom_Object* const object = (const LV2_Atom_Object*)&event->body;
    if (event->body.type != self->midi && event->body.size >= 8U &&
        object->body.otype == self->position) {
      take_position(self, event);
    } else if (event->body.type != self->midi && n_other) {
      append(other,
             n_other,
             event->time.frames + (fault == 11 ? n_frames : 0U),
             fault == 12 ? self->midi : event->body.type,
             event->body.size,
             LV2_ATOM_BODY_CONST(&event->body));
    } else if (event->body.type == self->midi) {
      append(out,
             room,
             event->time.frames + (fault == 3 ? n_frames : 0U),
             self->midi,
             event->body.size,
             LV2_ATOM_BODY_CONST(&event->body));
    }
  }
  if (fault == 1) {
    self->log->printf(self->log->handle, self->number, "said in run()");
  } else if (fault == 2) {
    const uint8_t bytes[] = {0xB0U, 1U, 2U};
    append(out, room, 1, self->midi, 3U, bytes);
    append(out, room, 0, self->midi, 3U, bytes);
  } else if (fault == 5) {
    memset((uint8_t*)out + sizeof(LV2_Atom) + room, 0, 1U);
  }
  waste_time(self, fault);
  if (*(const float*)self->ports[ASK] > 0.0f && self->schedule) {
    self->schedule->schedule_work(self->schedule->handle, 4U, "ask");
  }
  set(self, WORKS, self->n_works);
  set(self, ANSWERS, self->n_answers);
  set(self, LONGEST, (float)self->n_longest);
}

static LV2_Worker_Status
work(LV2_Handle                  instance,
     LV2_Worker_Respond_Function respond,
     LV2_Worker_Respond_Handle   handle,
     uint32_t                    size,
     const void*                 data)
{
  ++((Mirror*)instance)->n_works;
  return respond(handle, size, data);
}

static LV2_Worker_Status
work_response(LV2_Handle instance, uint32_t size, const void* data)
{
  ((Mirror*)instance)->n_answers +=
    size == 4U && !strcmp((const char*)data, "ask");
  return LV2_WORKER_SUCCESS;
}

static LV2_State_Status
save(LV2_Handle                instance,
     LV2_State_Store_Function  store,
     LV2_State_Handle          handle,
     uint32_t                  flags,
     const LV2_Feature* const* features)
{
  (void)flags;
  (void)features;
  Mirror* const self = (Mirror*)instance;
  return store(handle,
               self->number,
               &self->state,
               sizeof(self->state),
               self->integer,
               LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE);
}

static LV2_State_Status
restore(LV2_Handle                  instance,
        LV2_State_Retrieve_Function retrieve,
        LV2_State_Handle            handle,
        uint32_t                    flags,
        const LV2_Feature* const*   features)
{
  (void)features;
  Mirror* const     self = (Mirror*)instance;
  size_t            size = 0U;
  uint32_t          type = 0U;
  const void* const value =
    retrieve(handle, self->number, &size, &type, &flags);
  if (!value || size != sizeof(int32_t) || type != self->integer) {
    self->log->printf(self->log->handle, 0U, "no number in the state");
    return LV2_STATE_ERR_NO_PROPERTY;
  }
  self->state = *(const int32_t*)value;
  return LV2_STATE_SUCCESS;
}

static uint32_t
set_options(LV2_Handle instance, const LV2_Options_Option* options)
{
  Mirror* const self = (Mirror*)instance;
  for (; options->key; ++options) {
    if (options->key == self->longest) {
      self->n_longest = *(const int32_t*)options->value;
    }
  }
  return LV2_OPTIONS_SUCCESS;
}

static const void*
extension_data(const char* uri)
{
  static const LV2_Worker_Interface  worker  = {work, work_response, NULL};
  static const LV2_State_Interface   state   = {save, restore};
  static const LV2_Options_Interface options = {NULL, set_options};
  return !strcmp(uri, LV2_WORKER__interface)    ? (const void*)&worker
         : !strcmp(uri, LV2_STATE__interface)   ? (const void*)&state
         : !strcmp(uri, LV2_OPTIONS__interface) ? (const void*)&options
                                                : NULL;
}

static void
cleanup(LV2_Handle instance)
{
  Mirror* const self = (Mirror*)instance;
  close(self->file);
  pthread_mutex_destroy(&self->lock);
  free(self->waste);
  free(self);
}

LV2_SYMBOL_EXPORT const LV2_Descriptor*
lv2_descriptor(uint32_t index)
{
  static const LV2_Descriptor descriptor = {"urn:perpetuo:mirror",
                                            instantiate,
                                            connect_port,
                                            NULL,
                                            run,
                                            NULL,
                                            cleanup,
                                            extension_data};
  return index ? NULL : &descriptor;
}
