// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/bench/bare.h"

#include "tools/uri_table.h"

#include <lilv/lilv.h>
#include <lv2/atom/atom.h>
#include <lv2/atom/forge.h>
#include <lv2/atom/util.h>
#include <lv2/midi/midi.h>
#include <lv2/time/time.h>
#include <lv2/urid/urid.h>
#include <lv2/worker/worker.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_JOBS = 8, MAX_JOB = 256, EVENT_ROOM = 16384 };

/// A job or an answer, as bytes
typedef struct {
  uint32_t n;
  uint8_t  bytes[MAX_JOB];
} Message;

/// Numbers of what is said
typedef struct {
  LV2_URID sequence;
  LV2_URID midi;
  LV2_URID position;
  LV2_URID frame;
  LV2_URID speed;
  LV2_URID bar;
  LV2_URID bar_beat;
  LV2_URID beat_unit;
  LV2_URID beats_per_bar;
  LV2_URID bpm;
} Words;

/// The parts of the position in the input that change
typedef struct {
  LV2_Atom_Long*  frame;
  LV2_Atom_Float* speed;
  LV2_Atom_Long*  bar;
  LV2_Atom_Float* bar_beat;
  LV2_Atom_Float* bpm;
} Said;

typedef union {
  LV2_Atom_Sequence sequence;
  uint64_t          room[EVENT_ROOM / 8U];
} Buffer;

struct Bare {
  LilvWorld*         world;
  const LilvPlugin*  plugin;
  LilvInstance*      instance;
  UriTable*          uris;
  LV2_URID_Map       map;
  LV2_Feature        map_feature;
  LV2_Feature        work_feature;
  LV2_Feature const* features[3];
  char               bundle[PATH_MAX];

  LV2_Worker_Schedule         schedule;
  const LV2_Worker_Interface* worker; ///< Null where it has none
  uint32_t                    n_jobs;
  Message                     jobs[MAX_JOBS];

  float*         controls; ///< One for each port
  Buffer         in;
  Buffer         out;
  Buffer         other; ///< Of every further atom output
  LV2_Atom_Forge forge;
  Words          words;
  Said           said;
};

static LV2_URID
map_uri(const LV2_URID_Map_Handle handle, const char* const uri)
{
  return uri_table_map((UriTable*)handle, uri);
}

static LV2_Worker_Status
schedule(const LV2_Worker_Schedule_Handle handle,
         const uint32_t                   size,
         const void* const                data)
{
  Bare* const self = (Bare*)handle;
  if (self->n_jobs == MAX_JOBS || size > MAX_JOB) {
    return LV2_WORKER_ERR_NO_SPACE;
  }
  Message* const job = &self->jobs[self->n_jobs++];
  job->n             = size;
  memcpy(job->bytes, data, size);
  return LV2_WORKER_SUCCESS;
}

static LV2_Worker_Status
respond(const LV2_Worker_Respond_Handle handle,
        const uint32_t                  size,
        const void* const               data)
{
  Bare* const self = (Bare*)handle;
  return self->worker->work_response(bare_handle(self), size, data);
}

bool
bare_work(Bare* const self)
{
  const bool has_any = self->n_jobs > 0U;
  while (self->worker && self->n_jobs) {
    const Message job = self->jobs[0];
    memmove(self->jobs, self->jobs + 1, --self->n_jobs * sizeof(job));
    self->worker->work(bare_handle(self), respond, self, job.n, job.bytes);
  }
  return has_any;
}

const LV2_Descriptor*
bare_descriptor(const Bare* const self)
{
  return lilv_instance_get_descriptor(self->instance);
}

LV2_Handle
bare_handle(const Bare* const self)
{
  return lilv_instance_get_handle(self->instance);
}

// Making ---------------------------------------------------------------------

/// Find the plugin of a bundle
static bool
find(Bare* const self, const char* const uri)
{
  LilvNode* const folder = lilv_new_file_uri(self->world, NULL, self->bundle);
  LilvNode* const name   = lilv_new_uri(self->world, uri);
  lilv_world_load_bundle(self->world, folder);
  self->plugin =
    lilv_plugins_get_by_uri(lilv_world_get_all_plugins(self->world), name);
  lilv_node_free(name);
  lilv_node_free(folder);
  return self->plugin;
}

/// Give every port a place
static void
connect(Bare* const self)
{
  LilvNode* const atom    = lilv_new_uri(self->world, LV2_ATOM__AtomPort);
  LilvNode* const input   = lilv_new_uri(self->world, LV2_CORE__InputPort);
  const uint32_t  n_ports = lilv_plugin_get_num_ports(self->plugin);

  self->controls = (float*)calloc(n_ports, sizeof(float));
  lilv_plugin_get_port_ranges_float(self->plugin, NULL, NULL, self->controls);
  bool has_out = false;
  for (uint32_t i = 0U; i < n_ports; ++i) {
    const LilvPort* const port = lilv_plugin_get_port_by_index(self->plugin, i);
    if (!(self->controls[i] == self->controls[i])) {
      self->controls[i] = 0.0f;
    }
    const bool is_atom  = lilv_port_is_a(self->plugin, port, atom);
    const bool is_input = lilv_port_is_a(self->plugin, port, input);
    lilv_instance_connect_port(self->instance,
                               i,
                               !is_atom   ? (void*)&self->controls[i]
                               : is_input ? (void*)&self->in
                               : has_out  ? (void*)&self->other
                                          : (void*)&self->out);
    has_out |= is_atom && !is_input;
  }
  lilv_node_free(input);
  lilv_node_free(atom);
}

static void
learn_words(Bare* const self)
{
  const struct {
    LV2_URID*   word;
    const char* uri;
  } rows[] = {
    {&self->words.sequence, LV2_ATOM__Sequence},
    {&self->words.midi, LV2_MIDI__MidiEvent},
    {&self->words.position, LV2_TIME__Position},
    {&self->words.frame, LV2_TIME__frame},
    {&self->words.speed, LV2_TIME__speed},
    {&self->words.bar, LV2_TIME__bar},
    {&self->words.bar_beat, LV2_TIME__barBeat},
    {&self->words.beat_unit, LV2_TIME__beatUnit},
    {&self->words.beats_per_bar, LV2_TIME__beatsPerBar},
    {&self->words.bpm, LV2_TIME__beatsPerMinute},
  };
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    *rows[i].word = uri_table_map(self->uris, rows[i].uri);
  }
  lv2_atom_forge_init(&self->forge, &self->map);
}

static bool
open_instance(Bare* const self, const char* const uri)
{
  self->map.handle             = self->uris;
  self->map.map                = map_uri;
  self->schedule.handle        = self;
  self->schedule.schedule_work = schedule;
  self->map_feature            = (LV2_Feature){LV2_URID__map, &self->map};
  self->work_feature = (LV2_Feature){LV2_WORKER__schedule, &self->schedule};
  self->features[0]  = &self->map_feature;
  self->features[1]  = &self->work_feature;
  if (!self->world || !self->uris || !find(self, uri) ||
      !(self->instance =
          lilv_plugin_instantiate(self->plugin, 48000.0, self->features))) {
    return false;
  }
  self->worker = (const LV2_Worker_Interface*)lilv_instance_get_extension_data(
    self->instance, LV2_WORKER__interface);
  connect(self);
  learn_words(self);
  bare_say_nothing(self);
  lilv_instance_activate(self->instance);
  return true;
}

Bare*
bare_new(const char* const bundle, const char* const uri)
{
  Bare* const self                 = (Bare*)calloc(1U, sizeof(Bare));
  char        here[PATH_MAX - 256] = "";
  if (!self || (*bundle != '/' && !getcwd(here, sizeof(here)))) {
    free(self);
    return NULL;
  }
  (void)snprintf(self->bundle,
                 sizeof(self->bundle),
                 "%s%s%.200s/",
                 here,
                 *here ? "/" : "",
                 bundle);
  self->world = lilv_world_new();
  self->uris  = uri_table_new();
  if (!open_instance(self, uri)) {
    bare_free(self);
    return NULL;
  }
  return self;
}

void
bare_free(Bare* const self)
{
  if (self) {
    if (self->instance) {
      lilv_instance_deactivate(self->instance);
      lilv_instance_free(self->instance);
    }
    free(self->controls);
    lilv_world_free(self->world);
    uri_table_free(self->uris);
    free(self);
  }
}

bool
bare_set(Bare* const self, const char* const symbol, const float value)
{
  LilvNode* const       name = lilv_new_string(self->world, symbol);
  const LilvPort* const port =
    lilv_plugin_get_port_by_symbol(self->plugin, name);
  lilv_node_free(name);
  if (port) {
    self->controls[lilv_port_get_index(self->plugin, port)] = value;
  }
  return port;
}

// Talking --------------------------------------------------------------------

void
bare_say_nothing(Bare* const self)
{
  self->in.sequence.atom.type = self->words.sequence;
  self->in.sequence.atom.size = sizeof(LV2_Atom_Sequence_Body);
  self->in.sequence.body.unit = 0U;
  self->in.sequence.body.pad  = 0U;
}

/// A property that will change, at a place in the buffer
static void*
put_long(Bare* const self, const LV2_URID key)
{
  lv2_atom_forge_key(&self->forge, key);
  return (void*)lv2_atom_forge_deref(&self->forge,
                                     lv2_atom_forge_long(&self->forge, 0));
}

static void*
put_float(Bare* const self, const LV2_URID key, const float value)
{
  lv2_atom_forge_key(&self->forge, key);
  return (void*)lv2_atom_forge_deref(&self->forge,
                                     lv2_atom_forge_float(&self->forge, value));
}

static void
put_position(Bare* const self)
{
  LV2_Atom_Forge_Frame frames[2];
  const Words* const   w = &self->words;

  lv2_atom_forge_set_buffer(
    &self->forge, (uint8_t*)&self->in, sizeof(self->in));
  lv2_atom_forge_sequence_head(&self->forge, &frames[0], 0U);
  lv2_atom_forge_frame_time(&self->forge, 0);
  lv2_atom_forge_object(&self->forge, &frames[1], 0U, w->position);
  self->said.frame    = (LV2_Atom_Long*)put_long(self, w->frame);
  self->said.speed    = (LV2_Atom_Float*)put_float(self, w->speed, 0.0f);
  self->said.bar      = (LV2_Atom_Long*)put_long(self, w->bar);
  self->said.bar_beat = (LV2_Atom_Float*)put_float(self, w->bar_beat, 0.0f);
  lv2_atom_forge_key(&self->forge, w->beat_unit);
  lv2_atom_forge_int(&self->forge, 4);
  (void)put_float(self, w->beats_per_bar, 4.0f);
  self->said.bpm = (LV2_Atom_Float*)put_float(self, w->bpm, 0.0f);
  lv2_atom_forge_pop(&self->forge, &frames[1]);
  lv2_atom_forge_pop(&self->forge, &frames[0]);
}

void
bare_say(Bare* const self, const BarePosition position)
{
  put_position(self);
  bare_say_on(self, position);
}

void
bare_say_on(Bare* const self, const BarePosition position)
{
  self->said.frame->body    = position.frame;
  self->said.speed->body    = position.speed;
  self->said.bar->body      = position.bar;
  self->said.bar_beat->body = position.bar_beat;
  self->said.bpm->body      = position.bpm;
}

void
bare_send(Bare* const self, const uint32_t frame, const uint8_t* const bytes)
{
  struct {
    LV2_Atom_Event event;
    uint8_t        bytes[8];
  } event;
  memset(&event, 0, sizeof(event));
  event.event.time.frames = (int64_t)frame;
  event.event.body.type   = self->words.midi;
  event.event.body.size   = 3U;
  memcpy(event.bytes, bytes, 3U);
  (void)lv2_atom_sequence_append_event(
    &self->in.sequence, sizeof(self->in) - sizeof(LV2_Atom), &event.event);
}

void
bare_run(Bare* const self, const uint32_t n_frames)
{
  self->out.sequence.atom.type   = 0U;
  self->out.sequence.atom.size   = sizeof(self->out) - sizeof(LV2_Atom);
  self->other.sequence.atom.type = 0U;
  self->other.sequence.atom.size = sizeof(self->other) - sizeof(LV2_Atom);
  lilv_instance_run(self->instance, n_frames);
}

uint32_t
bare_n_events(const Bare* const self)
{
  uint32_t n = 0U;
  LV2_ATOM_SEQUENCE_FOREACH (&self->out.sequence, event) {
    ++n;
    (void)event;
  }
  return n;
}
