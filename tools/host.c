// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/host.h"

#include "tools/host_worker.h"
#include "tools/uri_table.h"

#include <lilv/lilv.h>
#include <lv2/atom/atom.h>
#include <lv2/atom/forge.h>
#include <lv2/atom/util.h>
#include <lv2/buf-size/buf-size.h>
#include <lv2/core/lv2.h>
#include <lv2/log/log.h>
#include <lv2/midi/midi.h>
#include <lv2/options/options.h>
#include <lv2/parameters/parameters.h>
#include <lv2/presets/presets.h>
#include <lv2/state/state.h>
#include <lv2/time/time.h>
#include <lv2/urid/urid.h>
#include <lv2/worker/worker.h>

#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RDFS_COMMENT "http://www.w3.org/2000/01/rdf-schema#comment"
#define RDFS_LABEL "http://www.w3.org/2000/01/rdf-schema#label"

#define IN_ROOM 65536U   ///< Bytes of an atom input's buffer
#define GUARD_BYTES 64U  ///< After an atom output's buffer
#define GUARD_BYTE 0xA5U ///< What is in them
#define MAX_INPUTS 512U  ///< Events to send in one block
#define ATOM_ROOM 32768U ///< Bytes of the atoms among them
#define MAX_SPLITS 64U   ///< Jumps and changes of the map in one block
#define MAX_LOG 262144U  ///< Bytes of log that are kept

typedef enum { PORT_CONTROL, PORT_AUDIO, PORT_ATOM, PORT_OTHER } PortKind;

typedef struct {
  PortKind        kind;
  bool            is_input;
  bool            is_free_wheel;
  const LilvPort* lilv;
  const char*     symbol;
  float           value;
  float           minimum;
  float           maximum;
  float           standard;
  void*           buffer;
  uint32_t        room; ///< Bytes of an atom output's buffer
} Port;

typedef struct {
  char* uri;
  char* label;
  char* comment;
  char* bank; ///< Its label
} Preset;

/// Part of a block in which the transport does not jump
typedef struct {
  uint32_t offset;
  int64_t  song_frame;
  uint32_t i_jump;
} Split;

/// A position, a MIDI message or an atom for the plugin
typedef struct {
  uint32_t     offset;
  bool         is_position;
  bool         is_atom;
  uint32_t     i_atom; ///< Where among the atoms of this block
  HostPosition position;
  uint32_t     n_bytes;
  uint8_t      bytes[64];
} Input;

typedef struct {
  LV2_URID atom_blank_type, atom_chunk, atom_float, atom_int, atom_sequence;
  LV2_URID atom_double, atom_long, atom_object, atom_string;
  LV2_URID midi_event;
  LV2_URID time_position, time_frame, time_speed, time_bar, time_bar_beat;
  LV2_URID time_bpm, time_beats_per_bar, time_beat_unit, time_beat;
  LV2_URID max_block, min_block, nominal_block, rate;
  LV2_URID log_error, log_warning, log_note;
} Urids;

struct Host {
  // The world
  LilvWorld*        world;
  const LilvPlugin* plugin;
  LilvInstance*     instance;
  UriTable*         uris;
  Urids             urids;
  LV2_URID_Map      map;
  LV2_URID_Unmap    unmap;
  LV2_Log_Log       log;
  HostWorker*       worker;
  HostBorder        border;
  bool              is_active;

  // What is offered
  LV2_Feature        features[8];
  const LV2_Feature* feature_list[9];
  int32_t            max_block;
  int32_t            min_block;
  float              rate;
  LV2_Options_Option options[5];

  // Ports
  Port*    ports;
  uint32_t n_ports;
  uint32_t event_room;
  Port*    in;  ///< Where position and MIDI go; may be null
  Port*    out; ///< Where MIDI comes from; may be null

  // Transport
  Timeline      timeline;
  HostPositions positions;
  bool          is_rolling;
  int64_t       song_frame;
  uint32_t      i_jump;
  HostLoop      loop_manner;
  int64_t       loop_begin;
  int64_t       loop_end;
  bool          has_told;     ///< A position was sent
  bool          told_rolling; ///< What it said
  uint32_t      told_jump;
  int64_t       told_change; ///< Next change of the map after it
  bool          was_bare;
  uint64_t      n_frames;
  uint32_t      i_run;

  // This block
  Input    inputs[MAX_INPUTS];
  uint32_t n_inputs;
  uint64_t atoms[ATOM_ROOM / 8U];
  uint32_t n_atoms; ///< Words of them
  Split    splits[MAX_SPLITS];
  uint32_t n_splits;

  // What came out
  Capture    capture;
  HostListen listen; ///< Or null
  void*      listen_data;
  uint32_t   n_faults;
  char       fault[200];

  // Presets and log
  Preset*         presets;
  size_t          n_presets;
  pthread_mutex_t log_lock;
  char*           log_text;
  size_t          n_log;
};

// What the plugin calls ----------------------------------------------------

static void
find_fault(Host* const self, const char* const text, const double number)
{
  if (!self->n_faults++) {
    snprintf(self->fault, sizeof(self->fault), text, number);
  }
}

static LV2_URID
map_uri(const LV2_URID_Map_Handle handle, const char* const uri)
{
  Host* const self = (Host*)handle;
  if (host_border_is_plugin()) {
    find_fault(self, "run() mapped a URI", 0.0);
  }
  return uri_table_map(self->uris, uri);
}

static const char*
unmap_uri(const LV2_URID_Unmap_Handle handle, const LV2_URID urid)
{
  return uri_table_unmap(((Host*)handle)->uris, urid);
}

static int
log_args(const LV2_Log_Handle handle,
         const LV2_URID       type,
         const char* const    format,
         va_list              args)
{
  Host* const self = (Host*)handle;
  if (host_border_is_plugin()) {
    find_fault(self, "run() wrote to the log", 0.0);
  }

  char              line[1024];
  const char* const kind = type == self->urids.log_error     ? "error: "
                           : type == self->urids.log_warning ? "warning: "
                                                             : "";
  const int         n    = vsnprintf(line, sizeof(line) - 1U, format, args);
  if (n < 0) {
    return n;
  }
  const size_t n_line = strlen(line);
  if (!n_line || line[n_line - 1U] != '\n') {
    memcpy(line + n_line, "\n", 2U);
  }

  pthread_mutex_lock(&self->log_lock);
  const size_t n_bytes = strlen(kind) + strlen(line);
  if (self->n_log + n_bytes < MAX_LOG) {
    strcpy(self->log_text + self->n_log, kind);
    strcat(self->log_text + self->n_log, line);
    self->n_log += n_bytes;
  }
  pthread_mutex_unlock(&self->log_lock);
  return n;
}

static int
log_format(const LV2_Log_Handle handle,
           const LV2_URID       type,
           const char* const    format,
           ...)
{
  va_list args;
  va_start(args, format);
  const int n = log_args(handle, type, format, args);
  va_end(args);
  return n;
}

// Making an instance -------------------------------------------------------

HostSetup
host_setup(const char* const bundle, const char* const uri)
{
  const HostSetup setup = {bundle,
                           uri,
                           48000.0,
                           8192U,
                           65536U,
                           HOST_WORK_AT_END,
                           true,
                           true,
                           true,
                           0U};
  return setup;
}

static void
map_urids(Host* const self)
{
  Urids* const u = &self->urids;

  const struct {
    LV2_URID*   urid;
    const char* uri;
  } rows[] = {{&u->atom_blank_type, LV2_ATOM__Blank},
              {&u->atom_chunk, LV2_ATOM__Chunk},
              {&u->atom_float, LV2_ATOM__Float},
              {&u->atom_int, LV2_ATOM__Int},
              {&u->atom_sequence, LV2_ATOM__Sequence},
              {&u->atom_double, LV2_ATOM__Double},
              {&u->atom_long, LV2_ATOM__Long},
              {&u->atom_object, LV2_ATOM__Object},
              {&u->atom_string, LV2_ATOM__String},
              {&u->midi_event, LV2_MIDI__MidiEvent},
              {&u->time_position, LV2_TIME__Position},
              {&u->time_frame, LV2_TIME__frame},
              {&u->time_speed, LV2_TIME__speed},
              {&u->time_bar, LV2_TIME__bar},
              {&u->time_bar_beat, LV2_TIME__barBeat},
              {&u->time_bpm, LV2_TIME__beatsPerMinute},
              {&u->time_beats_per_bar, LV2_TIME__beatsPerBar},
              {&u->time_beat_unit, LV2_TIME__beatUnit},
              {&u->time_beat, LV2_TIME__beat},
              {&u->max_block, LV2_BUF_SIZE__maxBlockLength},
              {&u->min_block, LV2_BUF_SIZE__minBlockLength},
              {&u->nominal_block, LV2_BUF_SIZE__nominalBlockLength},
              {&u->rate, LV2_PARAMETERS__sampleRate},
              {&u->log_error, LV2_LOG__Error},
              {&u->log_warning, LV2_LOG__Warning},
              {&u->log_note, LV2_LOG__Note}};

  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    *rows[i].urid = uri_table_map(self->uris, rows[i].uri);
  }
}

static void
offer(Host* const self, const char* const uri, void* const data)
{
  uint32_t n = 0U;
  while (self->feature_list[n]) {
    ++n;
  }
  self->features[n].URI  = uri;
  self->features[n].data = data;
  self->feature_list[n]  = &self->features[n];
}

static void
offer_features(Host* const self, const HostSetup* const setup)
{
  const LV2_Options_Option options[5] = {
    {LV2_OPTIONS_INSTANCE,
     0U,
     self->urids.min_block,
     sizeof(int32_t),
     self->urids.atom_int,
     &self->min_block},
    {LV2_OPTIONS_INSTANCE,
     0U,
     self->urids.max_block,
     sizeof(int32_t),
     self->urids.atom_int,
     &self->max_block},
    {LV2_OPTIONS_INSTANCE,
     0U,
     self->urids.nominal_block,
     sizeof(int32_t),
     self->urids.atom_int,
     &self->max_block},
    {LV2_OPTIONS_INSTANCE,
     0U,
     self->urids.rate,
     sizeof(float),
     self->urids.atom_float,
     &self->rate},
    {LV2_OPTIONS_INSTANCE, 0U, 0U, 0U, 0U, NULL}};
  memcpy(self->options, options, sizeof(options));

  offer(self, LV2_URID__map, &self->map);
  offer(self, LV2_URID__unmap, &self->unmap);
  offer(self, LV2_BUF_SIZE__boundedBlockLength, NULL);
  offer(self, LV2_STATE__threadSafeRestore, NULL);
  if (setup->has_options) {
    offer(self, LV2_OPTIONS__options, self->options);
  }
  if (setup->has_log) {
    offer(self, LV2_LOG__log, &self->log);
  }
  if (setup->has_worker) {
    offer(self, LV2_WORKER__schedule, host_worker_schedule(self->worker));
  }
}

static bool
is_offered(const Host* const self, const char* const uri)
{
  bool has = false;
  for (uint32_t i = 0U; self->feature_list[i]; ++i) {
    has = has || !strcmp(self->feature_list[i]->URI, uri);
  }
  return has;
}

/// Find the plugin in its bundle, and nothing else
static Status
load_plugin(Host* const            self,
            const HostSetup* const setup,
            Trouble* const         trouble)
{
  char         folder[4096];
  const size_t n_folder = strlen(setup->bundle);
  if (!n_folder || n_folder + 2U > sizeof(folder)) {
    return trouble_say(
      trouble, STATUS_BAD_ARG, "The name of the bundle is empty or too long.");
  }
  snprintf(folder,
           sizeof(folder),
           "%s%s",
           setup->bundle,
           setup->bundle[n_folder - 1U] == '/' ? "" : "/");

  LilvNode* const bundle = lilv_new_file_uri(self->world, NULL, folder);
  LilvNode* const uri    = lilv_new_uri(self->world, setup->uri);
  if (!bundle || !uri) {
    lilv_node_free(uri);
    lilv_node_free(bundle);
    return trouble_say(
      trouble, STATUS_BAD_ARG, "\"%s\" is not a URI.", setup->uri);
  }
  lilv_world_load_bundle(self->world, bundle);
  self->plugin =
    lilv_plugins_get_by_uri(lilv_world_get_all_plugins(self->world), uri);
  lilv_node_free(uri);
  lilv_node_free(bundle);
  return self->plugin
           ? STATUS_SUCCESS
           : trouble_say(trouble,
                         STATUS_NO_FILE,
                         "There is no plugin <%s> in %s: build the bundle, or "
                         "give its folder.",
                         setup->uri,
                         setup->bundle);
}

static Status
check_required(Host* const self, Trouble* const trouble)
{
  Status           st       = STATUS_SUCCESS;
  LilvNodes* const features = lilv_plugin_get_required_features(self->plugin);
  LILV_FOREACH (nodes, i, features) {
    const char* const uri = lilv_node_as_uri(lilv_nodes_get(features, i));
    if (!st && !is_offered(self, uri)) {
      st = trouble_say(trouble,
                       STATUS_MISMATCH,
                       "The plugin requires <%s>, which this host does not "
                       "offer.",
                       uri);
    }
  }
  lilv_nodes_free(features);
  return st;
}

/// A node of the world's, made once and freed with it
static bool
port_is(Host* const self, const LilvPort* const port, const char* const uri)
{
  LilvNode* const type = lilv_new_uri(self->world, uri);
  const bool      is   = lilv_port_is_a(self->plugin, port, type);
  lilv_node_free(type);
  return is;
}

static bool
port_is_designated(Host* const           self,
                   const LilvPort* const port,
                   const char* const     uri)
{
  LilvNode* const key  = lilv_new_uri(self->world, LV2_CORE__designation);
  LilvNode* const node = lilv_port_get(self->plugin, port, key);
  const bool      is   = node && !strcmp(lilv_node_as_string(node), uri);
  lilv_node_free(node);
  lilv_node_free(key);
  return is;
}

static bool
make_atom_buffer(const Host* const self, Port* const port)
{
  const uint32_t n = port->is_input ? IN_ROOM : port->room;
  free(port->buffer);
  port->buffer = calloc(1U, (size_t)n + GUARD_BYTES);
  if (port->buffer) {
    memset((uint8_t*)port->buffer + n, GUARD_BYTE, GUARD_BYTES);
    ((LV2_Atom*)port->buffer)->size = sizeof(LV2_Atom_Sequence_Body);
    ((LV2_Atom*)port->buffer)->type = self->urids.atom_sequence;
  }
  return port->buffer;
}

static Status
make_port(Host* const self, const uint32_t i, Trouble* const trouble)
{
  Port* const           port = &self->ports[i];
  const LilvPort* const lilv = lilv_plugin_get_port_by_index(self->plugin, i);

  port->lilv   = lilv;
  port->room   = self->event_room;
  port->symbol = lilv_node_as_string(lilv_port_get_symbol(self->plugin, lilv));
  port->is_input      = port_is(self, lilv, LV2_CORE__InputPort);
  port->is_free_wheel = port_is_designated(self, lilv, LV2_CORE__freeWheeling);
  port->kind = port_is(self, lilv, LV2_CORE__ControlPort) ? PORT_CONTROL
               : port_is(self, lilv, LV2_ATOM__AtomPort)  ? PORT_ATOM
               : port_is(self, lilv, LV2_CORE__AudioPort) ? PORT_AUDIO
               : port_is(self, lilv, LV2_CORE__CVPort)    ? PORT_AUDIO
                                                          : PORT_OTHER;

  const LilvPort* const atom = port->kind == PORT_ATOM ? lilv : NULL;
  if (atom && port->is_input &&
      (!self->in || port_is_designated(self, atom, LV2_CORE__control))) {
    self->in = port;
  } else if (atom && !port->is_input && !self->out) {
    self->out = port;
  }

  if (port->kind == PORT_ATOM && !make_atom_buffer(self, port)) {
    return STATUS_NO_MEM;
  }
  if (port->kind == PORT_AUDIO &&
      !(port->buffer = calloc((size_t)self->max_block, sizeof(float)))) {
    return STATUS_NO_MEM;
  }
  return port->kind == PORT_OTHER
           ? trouble_say(trouble,
                         STATUS_MISMATCH,
                         "Port \"%s\" is of a kind that this host does not "
                         "know.",
                         port->symbol)
           : STATUS_SUCCESS;
}

static Status
make_ports(Host* const self, Trouble* const trouble)
{
  self->n_ports = lilv_plugin_get_num_ports(self->plugin);
  self->ports   = (Port*)calloc(self->n_ports + 1U, sizeof(Port));

  const size_t n        = self->n_ports + 1U;
  float* const minima   = (float*)calloc(n, sizeof(float));
  float* const maxima   = (float*)calloc(n, sizeof(float));
  float* const defaults = (float*)calloc(n, sizeof(float));
  Status       st = self->ports && minima && maxima && defaults ? STATUS_SUCCESS
                                                                : STATUS_NO_MEM;
  if (!st) {
    lilv_plugin_get_port_ranges_float(self->plugin, minima, maxima, defaults);
  }
  for (uint32_t i = 0U; !st && i < self->n_ports; ++i) {
    Port* const port = &self->ports[i];
    port->minimum    = minima[i];
    port->maximum    = maxima[i];
    port->standard   = isnan(defaults[i]) ? 0.0f : defaults[i];
    port->value      = port->standard;
    st               = make_port(self, i, trouble);
  }
  free(defaults);
  free(maxima);
  free(minima);
  return st;
}

static void
connect_ports(Host* const self)
{
  for (uint32_t i = 0U; i < self->n_ports; ++i) {
    Port* const port = &self->ports[i];
    lilv_instance_connect_port(self->instance,
                               i,
                               port->kind == PORT_CONTROL ? (void*)&port->value
                                                          : port->buffer);
  }
}

static int
compare_presets(const void* const a, const void* const b)
{
  const Preset* const x     = (const Preset*)a;
  const Preset* const y     = (const Preset*)b;
  const int           banks = strcmp(x->bank, y->bank);
  return banks ? banks : strcmp(x->label, y->label);
}

/// The first value of a property, or null; the caller frees it
static LilvNode*
value_of(Host* const           self,
         const LilvNode* const subject,
         const char* const     property)
{
  LilvNode* const key   = lilv_new_uri(self->world, property);
  LilvNode* const value = lilv_world_get(self->world, subject, key, NULL);
  lilv_node_free(key);
  return value;
}

/// The same as text, or a copy of `other`
static char*
text_of(Host* const           self,
        const LilvNode* const subject,
        const char* const     property,
        const char* const     other)
{
  LilvNode* const value = value_of(self, subject, property);
  char* const     text  = strdup(value ? lilv_node_as_string(value) : other);
  lilv_node_free(value);
  return text;
}

/// As hosts do it: they do not load what a bank's rdfs:seeAlso says
static char*
bank_of(Host* const self, const LilvNode* const preset)
{
  LilvNode* const bank = value_of(self, preset, LV2_PRESETS__bank);
  char* const text = bank ? text_of(self, bank, RDFS_LABEL, "") : strdup("");
  lilv_node_free(bank);
  return text;
}

static Status
find_presets(Host* const self)
{
  LilvNode* const  type  = lilv_new_uri(self->world, LV2_PRESETS__Preset);
  LilvNodes* const nodes = lilv_plugin_get_related(self->plugin, type);
  Status           st    = STATUS_SUCCESS;
  self->presets = (Preset*)calloc(lilv_nodes_size(nodes) + 1U, sizeof(Preset));
  st            = self->presets ? STATUS_SUCCESS : STATUS_NO_MEM;

  LILV_FOREACH (nodes, i, nodes) {
    const LilvNode* const node = lilv_nodes_get(nodes, i);
    if (!st) {
      lilv_world_load_resource(self->world, node);
      Preset* const preset = &self->presets[self->n_presets++];
      preset->uri          = strdup(lilv_node_as_uri(node));
      preset->label   = text_of(self, node, RDFS_LABEL, lilv_node_as_uri(node));
      preset->comment = text_of(self, node, RDFS_COMMENT, "");
      preset->bank    = bank_of(self, node);
      st = preset->uri && preset->label && preset->comment && preset->bank
             ? STATUS_SUCCESS
             : STATUS_NO_MEM;
    }
  }
  lilv_nodes_free(nodes);
  lilv_node_free(type);
  if (!st) {
    qsort(self->presets, self->n_presets, sizeof(Preset), compare_presets);
  }
  return st;
}

static Status
instantiate(Host* const            self,
            const HostSetup* const setup,
            Trouble* const         trouble)
{
  self->instance =
    lilv_plugin_instantiate(self->plugin, setup->rate_hz, self->feature_list);
  if (!self->instance) {
    return trouble_say(trouble,
                       STATUS_MISMATCH,
                       "<%s> did not start: %.200s",
                       setup->uri,
                       self->n_log ? self->log_text
                                   : "it gave no reason; is its binary built?");
  }
  host_worker_connect(
    self->worker,
    lilv_instance_get_handle(self->instance),
    (const LV2_Worker_Interface*)lilv_instance_get_extension_data(
      self->instance, LV2_WORKER__interface));
  connect_ports(self);
  return STATUS_SUCCESS;
}

Status
host_new(const HostSetup* const setup,
         Host** const           host,
         Trouble* const         trouble)
{
  if (!setup->bundle || !setup->uri || !(setup->rate_hz > 0.0) ||
      !setup->max_block || setup->event_room < 32U) {
    return trouble_say(trouble,
                       STATUS_BAD_ARG,
                       "A host needs a bundle, a URI, a rate, a block length "
                       "and room for events.");
  }
  Host* const self = (Host*)calloc(1U, sizeof(Host));
  if (!self) {
    return trouble_say(trouble, STATUS_NO_MEM, "Memory is out.");
  }

  const Metre common_time = {4U, 4U};
  self->timeline          = timeline(setup->rate_hz, 120.0, common_time);
  self->rate              = (float)setup->rate_hz;
  self->max_block         = (int32_t)setup->max_block;
  self->event_room        = setup->event_room;
  self->map.handle        = self;
  self->map.map           = map_uri;
  self->unmap.handle      = self;
  self->unmap.unmap       = unmap_uri;
  self->log.handle        = self;
  self->log.printf        = log_format;
  self->log.vprintf       = log_args;
  pthread_mutex_init(&self->log_lock, NULL);
  self->log_text = (char*)calloc(1U, MAX_LOG);
  self->uris     = uri_table_new();
  self->worker   = host_worker_new(setup->work, setup->n_stack, &self->border);
  self->world    = lilv_world_new();

  Status st = self->log_text && self->uris && self->worker && self->world
                ? STATUS_SUCCESS
                : trouble_say(trouble, STATUS_NO_MEM, "Memory is out.");
  if (!st) {
    map_urids(self);
    offer_features(self, setup);
    st = load_plugin(self, setup, trouble);
  }
  st = st ? st : check_required(self, trouble);
  st = st ? st : make_ports(self, trouble);
  st = st ? st : find_presets(self);
  st = st ? st : instantiate(self, setup, trouble);
  if (st) {
    host_free(self);
    return st;
  }
  *host = self;
  return STATUS_SUCCESS;
}

void
host_free(Host* const self)
{
  if (!self) {
    return;
  }
  host_deactivate(self);
  host_worker_free(self->worker);
  lilv_instance_free(self->instance);
  for (uint32_t i = 0U; self->ports && i < self->n_ports; ++i) {
    free(self->ports[i].buffer);
  }
  for (size_t i = 0U; i < self->n_presets; ++i) {
    free(self->presets[i].bank);
    free(self->presets[i].comment);
    free(self->presets[i].label);
    free(self->presets[i].uri);
  }
  free(self->presets);
  free(self->ports);
  lilv_world_free(self->world);
  uri_table_free(self->uris);
  capture_free(&self->capture);
  free(self->log_text);
  pthread_mutex_destroy(&self->log_lock);
  free(self);
}

void
host_activate(Host* const self)
{
  if (!self->is_active) {
    lilv_instance_activate(self->instance);
    self->is_active = true;
    self->has_told  = false;
  }
}

void
host_deactivate(Host* const self)
{
  if (self->is_active) {
    lilv_instance_deactivate(self->instance);
    self->is_active = false;
  }
}

// Ports ----------------------------------------------------------------------

static Port*
find_port(const Host* const self, const char* const symbol)
{
  for (uint32_t i = 0U; i < self->n_ports; ++i) {
    if (self->ports[i].kind == PORT_CONTROL &&
        !strcmp(self->ports[i].symbol, symbol)) {
      return &self->ports[i];
    }
  }
  return NULL;
}

bool
host_set(Host* const self, const char* const symbol, const float value)
{
  Port* const port = find_port(self, symbol);
  if (!port || !port->is_input) {
    return false;
  }
  port->value = value;
  return true;
}

float
host_get(const Host* const self, const char* const symbol)
{
  const Port* const port = find_port(self, symbol);
  return port ? port->value : (float)NAN;
}

/// The `i`th control input, or null
static const Port*
control_port(const Host* const self, const uint32_t i)
{
  uint32_t n = 0U;
  for (uint32_t p = 0U; p < self->n_ports; ++p) {
    const Port* const port = &self->ports[p];
    if (port->kind == PORT_CONTROL && port->is_input && n++ == i) {
      return port;
    }
  }
  return NULL;
}

uint32_t
host_n_controls(const Host* const self)
{
  uint32_t n = 0U;
  while (control_port(self, n)) {
    ++n;
  }
  return n;
}

HostControl
host_control(const Host* const self, const uint32_t i)
{
  const Port* const port    = control_port(self, i);
  HostControl       control = {"", 0.0f, 0.0f, 0.0f};
  if (port) {
    control.symbol   = port->symbol;
    control.minimum  = port->minimum;
    control.maximum  = port->maximum;
    control.standard = port->standard;
  }
  return control;
}

void
host_set_freewheel(Host* const self, const bool is_freewheeling)
{
  for (uint32_t i = 0U; i < self->n_ports; ++i) {
    if (self->ports[i].is_free_wheel) {
      self->ports[i].value = is_freewheeling ? 1.0f : 0.0f;
    }
  }
}

void
host_set_event_room(Host* const self, const uint32_t n_bytes)
{
  self->event_room = n_bytes < 32U ? 32U : n_bytes;
  for (uint32_t i = 0U; i < self->n_ports; ++i) {
    Port* const port = &self->ports[i];
    if (port->kind == PORT_ATOM && !port->is_input) {
      (void)host_set_room(self, port->symbol, self->event_room);
    }
  }
}

/// An atom output, or null
static Port*
find_atom_output(const Host* const self, const char* const symbol)
{
  for (uint32_t i = 0U; i < self->n_ports; ++i) {
    Port* const port = &self->ports[i];
    if (port->kind == PORT_ATOM && !port->is_input &&
        !strcmp(port->symbol, symbol)) {
      return port;
    }
  }
  return NULL;
}

bool
host_set_room(Host* const       self,
              const char* const symbol,
              const uint32_t    n_bytes)
{
  Port* const port = find_atom_output(self, symbol);
  if (!port || n_bytes < sizeof(LV2_Atom)) {
    return false;
  }
  port->room = n_bytes;
  if (!make_atom_buffer(self, port)) {
    abort(); // A test host without memory has nothing left to say
  }
  connect_ports(self);
  return true;
}

bool
host_disconnect(Host* const self, const char* const symbol)
{
  Port* const port = find_atom_output(self, symbol);
  if (!port || port == self->out) {
    return false;
  }
  free(port->buffer);
  port->buffer = NULL;
  connect_ports(self);
  return true;
}

bool
host_set_max_block(Host* const self, const uint32_t n_frames)
{
  for (uint32_t i = 0U; i < self->n_ports; ++i) {
    Port* const port = &self->ports[i];
    if (port->kind == PORT_AUDIO) {
      void* const buffer = calloc(n_frames, sizeof(float));
      if (!buffer) {
        return false;
      }
      free(port->buffer);
      port->buffer = buffer;
    }
  }
  self->max_block = (int32_t)n_frames;
  connect_ports(self);

  const LV2_Options_Interface* const options =
    (const LV2_Options_Interface*)lilv_instance_get_extension_data(
      self->instance, LV2_OPTIONS__interface);
  if (options && options->set) {
    const LV2_Options_Option changed[] = {
      self->options[1], self->options[2], self->options[4]};
    options->set(lilv_instance_get_handle(self->instance), changed);
  }
  return true;
}

// Transport ------------------------------------------------------------------

const Timeline*
host_timeline(const Host* const self)
{
  return &self->timeline;
}

void
host_set_timeline(Host* const self, const Timeline* const timeline)
{
  const TimelinePlace place =
    timeline_place(&self->timeline, (double)self->song_frame);
  self->timeline         = *timeline;
  self->timeline.rate_hz = (double)self->rate;
  self->song_frame =
    (int64_t)llround(timeline_frame(&self->timeline, place.bar, place.tick));
  self->told_change = INT64_MIN;
}

void
host_set_positions(Host* const self, const HostPositions* const positions)
{
  self->positions = *positions;
}

void
host_play(Host* const self)
{
  self->i_jump += !self->is_rolling;
  self->is_rolling = true;
}

void
host_stop(Host* const self)
{
  self->i_jump += self->is_rolling;
  self->is_rolling = false;
}

bool
host_is_rolling(const Host* const self)
{
  return self->is_rolling;
}

void
host_locate(Host* const self, const int64_t frame)
{
  self->song_frame = frame;
  ++self->i_jump;
}

void
host_locate_bar(Host* const self, const int32_t bar, const double tick)
{
  host_locate(self,
              (int64_t)ceil(timeline_frame(&self->timeline, bar, tick) - 1e-6));
}

void
host_loop(Host* const    self,
          const HostLoop manner,
          const int64_t  begin,
          const int64_t  end)
{
  self->loop_manner = manner;
  self->loop_begin  = begin;
  self->loop_end    = end;
}

int64_t
host_song_frame(const Host* const self)
{
  return self->song_frame;
}

uint64_t
host_n_frames(const Host* const self)
{
  return self->n_frames;
}

// One block: what goes in ----------------------------------------------------

static Input*
add_input(Host* const self, const uint32_t offset)
{
  if (self->n_inputs == MAX_INPUTS) {
    return NULL;
  }
  // After all of the same frame: stable, and nearly always at the end
  uint32_t i = self->n_inputs++;
  for (; i && self->inputs[i - 1U].offset > offset; --i) {
    self->inputs[i] = self->inputs[i - 1U];
  }
  memset(&self->inputs[i], 0, sizeof(Input));
  self->inputs[i].offset = offset;
  return &self->inputs[i];
}

/// What there is to say of a frame of the song
static HostPosition
position_of(const Host* const self, const int64_t song_frame)
{
  const TimelinePlace place =
    timeline_place(&self->timeline, (double)song_frame);
  const TimelineSpan* const span =
    timeline_span_of_bar(&self->timeline, place.bar);
  const double unit     = span->metre.unit;
  const double bar_beat = place.tick / TICKS_PER_QUARTER * unit / 4.0;

  const HostPosition position = {
    (unsigned)HOST_ALL_FIELDS & ~self->positions.without,
    song_frame,
    self->is_rolling ? 1.0f : 0.0f,
    place.bar,
    self->positions.is_coarse ? floor(bar_beat * 1920.0 + 0.5) / 1920.0
                              : bar_beat,
    self->positions.bpm_in_quarters ? span->bpm : span->bpm * unit / 4.0,
    span->metre.n_beats,
    span->metre.unit,
    place.bar * 4.0 + bar_beat};
  return position;
}

bool
host_say(Host* const               self,
         const uint32_t            offset,
         const HostPosition* const position)
{
  Input* const input = add_input(self, offset);
  if (input) {
    input->is_position = true;
    input->position    = *position;
  }
  return input;
}

static void
tell_position(Host* const    self,
              const uint32_t offset,
              const int64_t  song_frame,
              const bool     is_bare)
{
  HostPosition position = position_of(self, song_frame);
  if (is_bare) {
    position.fields &= HOST_FRAME | HOST_SPEED;
  }
  (void)host_say(self, offset, &position);
  self->has_told     = true;
  self->was_bare     = is_bare;
  self->told_rolling = self->is_rolling;
  self->told_jump    = self->i_jump;
  self->told_change  = timeline_next_change(&self->timeline, song_frame);
}

/// Tell where the block begins, if the host's manner is to tell it now
static void
tell_begin(Host* const self)
{
  const bool has_jumped = self->told_jump != self->i_jump;
  const bool has_changed =
    !self->has_told || has_jumped || self->was_bare ||
    self->told_rolling != self->is_rolling ||
    self->told_change !=
      timeline_next_change(&self->timeline, self->song_frame);
  const HostTell tell = self->positions.tell;

  if (tell == HOST_TELL_NOTHING) {
    return;
  }
  if (has_changed || tell == HOST_TELL_EVERY ||
      (tell == HOST_TELL_ROLLING && self->is_rolling) ||
      (tell == HOST_TELL_SPARSE && self->i_run % 8U == 0U)) {
    tell_position(
      self, 0U, self->song_frame, self->positions.is_bare_first && has_jumped);
  }
}

static void
add_split(Host* const self, const uint32_t offset, const int64_t song_frame)
{
  if (self->n_splits < MAX_SPLITS) {
    const Split split              = {offset, song_frame, self->i_jump};
    self->splits[self->n_splits++] = split;
  }
}

/// Where the song has got to after `n` frames, each turn told on the way
static int64_t
roll_through(Host* const self, const uint32_t n_frames)
{
  const bool has_loop = self->loop_end > self->loop_begin;
  const bool is_exact = has_loop && self->loop_manner == HOST_LOOP_EXACT &&
                        self->song_frame < self->loop_end;
  int64_t  at     = self->song_frame;
  uint32_t offset = 0U;

  while (offset < n_frames) {
    const int64_t end    = at + (int64_t)(n_frames - offset);
    const int64_t change = timeline_next_change(&self->timeline, at);
    const bool    wraps =
      is_exact && self->loop_end <= end && self->loop_end <= change;
    const int64_t next = wraps ? self->loop_end : change < end ? change : end;

    offset += (uint32_t)(next - at);
    at = wraps ? self->loop_begin : next;
    self->i_jump += wraps;
    if (offset < n_frames) {
      if (self->positions.tell != HOST_TELL_NOTHING &&
          (wraps || !self->positions.is_late)) {
        tell_position(self, offset, at, false);
      }
      add_split(self, offset, at);
    }
  }

  if (has_loop && !is_exact && self->song_frame < self->loop_end &&
      at >= self->loop_end) {
    at = self->loop_begin + (at - self->loop_end);
    ++self->i_jump;
  }
  return at;
}

static void
forge_position(Host* const           self,
               LV2_Atom_Forge* const forge,
               const Input* const    input)
{
  const Urids* const        u      = &self->urids;
  const HostPosition* const p      = &input->position;
  const unsigned            fields = p->fields;

  LV2_Atom_Forge_Frame frame;
  lv2_atom_forge_frame_time(forge, input->offset);
  if (self->positions.is_blank) {
    const LV2_Atom_Object blank = {
      {sizeof(LV2_Atom_Object_Body), u->atom_blank_type},
      {0U, u->time_position}};
    lv2_atom_forge_push(
      forge, &frame, lv2_atom_forge_write(forge, &blank, sizeof(blank)));
  } else {
    lv2_atom_forge_object(forge, &frame, 0U, u->time_position);
  }

  if (fields & HOST_FRAME) {
    lv2_atom_forge_key(forge, u->time_frame);
    lv2_atom_forge_long(forge, p->frame);
  }
  if (fields & HOST_SPEED) {
    lv2_atom_forge_key(forge, u->time_speed);
    lv2_atom_forge_float(forge, p->speed);
  }
  if (fields & HOST_BAR) {
    lv2_atom_forge_key(forge, u->time_bar);
    lv2_atom_forge_long(forge, p->bar);
  }
  if (fields & HOST_BAR_BEAT) {
    lv2_atom_forge_key(forge, u->time_bar_beat);
    lv2_atom_forge_float(forge, (float)p->bar_beat);
  }
  if (fields & HOST_BPM) {
    lv2_atom_forge_key(forge, u->time_bpm);
    lv2_atom_forge_float(forge, (float)p->bpm);
  }
  if (fields & HOST_BEATS_PER_BAR) {
    lv2_atom_forge_key(forge, u->time_beats_per_bar);
    lv2_atom_forge_float(forge, (float)p->beats_per_bar);
  }
  if (fields & HOST_BEAT_UNIT) {
    lv2_atom_forge_key(forge, u->time_beat_unit);
    lv2_atom_forge_int(forge, p->beat_unit);
  }
  if (fields & HOST_BEAT) {
    lv2_atom_forge_key(forge, u->time_beat);
    lv2_atom_forge_double(forge, p->beat);
  }
  lv2_atom_forge_pop(forge, &frame);
}

static void
write_inputs(Host* const self)
{
  if (!self->in) {
    return;
  }
  LV2_Atom_Forge       forge;
  LV2_Atom_Forge_Frame sequence;
  lv2_atom_forge_init(&forge, &self->map);
  lv2_atom_forge_set_buffer(&forge, (uint8_t*)self->in->buffer, IN_ROOM);
  lv2_atom_forge_sequence_head(&forge, &sequence, 0U);
  for (uint32_t i = 0U; i < self->n_inputs; ++i) {
    const Input* const input = &self->inputs[i];
    if (input->is_position) {
      forge_position(self, &forge, input);
    } else if (input->is_atom) {
      const LV2_Atom* const atom =
        (const LV2_Atom*)(const void*)&self->atoms[input->i_atom];
      lv2_atom_forge_frame_time(&forge, input->offset);
      lv2_atom_forge_write(
        &forge, atom, (uint32_t)sizeof(LV2_Atom) + atom->size);
    } else {
      lv2_atom_forge_frame_time(&forge, input->offset);
      lv2_atom_forge_atom(&forge, input->n_bytes, self->urids.midi_event);
      lv2_atom_forge_write(&forge, input->bytes, input->n_bytes);
    }
  }
  lv2_atom_forge_pop(&forge, &sequence);
  self->n_inputs = 0U;
  self->n_atoms  = 0U;
}

/// Whether there is an output to be read
static bool
is_read(const Port* const port)
{
  return port->kind == PORT_ATOM && !port->is_input && port->buffer;
}

/// Make the outputs look as hosts leave them: a size, and no type
static void
clear_outputs(Host* const self)
{
  for (uint32_t i = 0U; i < self->n_ports; ++i) {
    Port* const port = &self->ports[i];
    if (is_read(port)) {
      LV2_Atom* const atom = (LV2_Atom*)port->buffer;
      memset(atom, 0xEE, port->room < 16U ? port->room : 16U);
      atom->size = port->room - (uint32_t)sizeof(LV2_Atom);
      atom->type = 0U;
    }
  }
}

// One block: what comes out --------------------------------------------------

static void
check_guard(Host* const self, const Port* const port)
{
  const uint8_t* const guard = (const uint8_t*)port->buffer + port->room;
  for (uint32_t i = 0U; i < GUARD_BYTES; ++i) {
    if (guard[i] != GUARD_BYTE) {
      find_fault(self, "wrote past the end of an output buffer", 0.0);
      return;
    }
  }
}

static void
capture_event(Host* const                 self,
              const LV2_Atom_Event* const event,
              const uint32_t              offset)
{
  uint32_t i = self->n_splits - 1U;
  while (i && self->splits[i].offset > offset) {
    --i;
  }
  const Split* const split = &self->splits[i];
  CaptureEvent       out   = {
            self->n_frames + offset,
            split->song_frame + (self->is_rolling ? offset - split->offset : 0),
            {0, 0.0},
            split->i_jump,
            self->is_rolling,
            (uint8_t)(event->body.size > 255U ? 255U : event->body.size),
            {0U, 0U, 0U}};
  out.place = timeline_place(&self->timeline, (double)out.song_frame);
  memcpy(out.bytes,
         LV2_ATOM_BODY_CONST(&event->body),
         event->body.size > 3U ? 3U : event->body.size);
  if (!capture_add(&self->capture, &out)) {
    find_fault(self,
               "memory is out: %g events were kept",
               (double)self->capture.n_events);
  }
}

/// Whether there is a sequence; none belongs where its header has no room
static bool
check_sequence(Host* const self, const Port* const port)
{
  const LV2_Atom_Sequence* const sequence =
    (const LV2_Atom_Sequence*)port->buffer;
  if (port->room < sizeof(LV2_Atom_Sequence)) {
    if (sequence->atom.type ||
        sequence->atom.size != port->room - sizeof(LV2_Atom)) {
      find_fault(self, "wrote into a buffer of %g bytes", port->room);
    }
    return false;
  }
  if (sequence->atom.type != self->urids.atom_sequence ||
      sequence->atom.size < sizeof(LV2_Atom_Sequence_Body)) {
    find_fault(self, "wrote no sequence header in run %g", self->i_run);
    return false;
  }
  if (sequence->atom.size > port->room - sizeof(LV2_Atom)) {
    find_fault(self,
               "said that it wrote %g bytes, more than there is room for",
               sequence->atom.size);
    return false;
  }
  return true;
}

/// One event of an output
static void
take_event(Host* const                 self,
           const Port* const           port,
           const LV2_Atom_Event* const event,
           const uint32_t              offset)
{
  const bool is_midi = event->body.type == self->urids.midi_event;
  if (!event->body.size) {
    find_fault(self, "wrote an event of no bytes", 0.0);
  } else if (port == self->out && is_midi) {
    capture_event(self, event, offset);
  } else if (port != self->out && is_midi) {
    find_fault(self, "wrote MIDI to another port, at frame %g", offset);
  } else if (!is_midi && self->listen) {
    self->listen(self->listen_data, port->symbol, offset, &event->body);
  }
}

static void
read_output(Host* const self, const Port* const port, const uint32_t n_frames)
{
  check_guard(self, port);
  if (!check_sequence(self, port)) {
    return;
  }

  const LV2_Atom_Sequence* const sequence =
    (const LV2_Atom_Sequence*)port->buffer;
  const uint8_t* const end =
    (const uint8_t*)sequence + sizeof(LV2_Atom) + sequence->atom.size;
  int64_t before = 0;
  LV2_ATOM_SEQUENCE_FOREACH (sequence, event) {
    const int64_t at = event->time.frames;
    if ((const uint8_t*)LV2_ATOM_BODY_CONST(&event->body) + event->body.size >
        end) {
      find_fault(self, "wrote an event past the end of its sequence", 0.0);
      return;
    }
    if (at < before) {
      find_fault(self, "wrote events out of order, at frame %g", (double)at);
    }
    if (at < 0 || at >= (int64_t)(n_frames ? n_frames : 1U)) {
      find_fault(
        self, "wrote an event outside of its block, at frame %g", (double)at);
    }
    before = at < 0 ? 0 : at;
    take_event(self, port, event, (uint32_t)before);
  }
}

void
host_run(Host* const self, const uint32_t n_frames)
{
  if (n_frames > (uint32_t)self->max_block) {
    find_fault(self,
               "the host was asked for a block of %g frames, longer than "
               "it said",
               n_frames);
    return;
  }

  self->n_splits = 0U;
  add_split(self, 0U, self->song_frame);
  tell_begin(self);
  const int64_t next =
    self->is_rolling ? roll_through(self, n_frames) : self->song_frame;
  write_inputs(self);
  clear_outputs(self);

  host_border_cross(&self->border, true);
  lilv_instance_run(self->instance, n_frames);
  host_border_cross(&self->border, false);

  for (uint32_t i = 0U; i < self->n_ports; ++i) {
    if (is_read(&self->ports[i])) {
      read_output(self, &self->ports[i], n_frames);
    }
  }
  host_worker_after_run(self->worker);

  self->song_frame = next;
  self->n_frames += n_frames;
  ++self->i_run;
}

void
host_run_for(Host* const self, const uint64_t n_frames, const uint32_t n_block)
{
  for (uint64_t left = n_frames; left;) {
    const uint32_t n = left < n_block ? (uint32_t)left : n_block;
    host_run(self, n);
    left -= n;
  }
}

void
host_run_to_bar(Host* const self, const int32_t bar, const uint32_t n_block)
{
  const int64_t end =
    (int64_t)ceil(timeline_frame(&self->timeline, bar, 0.0) - 1e-6);
  while (self->is_rolling && self->song_frame < end) {
    const int64_t left = end - self->song_frame;
    host_run(self, left < n_block ? (uint32_t)left : n_block);
  }
}

bool
host_send(Host* const          self,
          const uint32_t       offset,
          const uint8_t* const bytes,
          const uint32_t       n_bytes)
{
  Input* const input =
    n_bytes <= sizeof(input->bytes) ? add_input(self, offset) : NULL;
  if (input) {
    input->n_bytes = n_bytes;
    memcpy(input->bytes, bytes, n_bytes);
  }
  return input;
}

bool
host_send_atom(Host* const self, const uint32_t offset, const void* const atom)
{
  const uint32_t size    = ((const LV2_Atom*)atom)->size;
  const uint32_t n_words = (uint32_t)((sizeof(LV2_Atom) + size + 7U) / 8U);
  if (size > ATOM_ROOM || n_words > ATOM_ROOM / 8U - self->n_atoms) {
    return false;
  }

  Input* const input = add_input(self, offset);
  if (input) {
    input->is_atom = true;
    input->i_atom  = self->n_atoms;
    memcpy(&self->atoms[self->n_atoms], atom, sizeof(LV2_Atom) + size);
    self->n_atoms += n_words;
  }
  return input;
}

void
host_listen(Host* const self, const HostListen listen, void* const data)
{
  self->listen      = listen;
  self->listen_data = data;
}

uint32_t
host_map(Host* const self, const char* const uri)
{
  return uri_table_map(self->uris, uri);
}

const char*
host_unmap(Host* const self, const uint32_t urid)
{
  return uri_table_unmap(self->uris, urid);
}

const Capture*
host_capture(const Host* const self)
{
  return &self->capture;
}

void
host_clear_capture(Host* const self)
{
  capture_clear(&self->capture);
}

uint32_t
host_n_faults(const Host* const self, const char** const text)
{
  if (text) {
    *text = self->fault;
  }
  return self->n_faults;
}

void
host_watch(Host* const self, const HostWatch watch, void* const data)
{
  self->border.data  = data;
  self->border.watch = watch;
}

// Worker ---------------------------------------------------------------------

void
host_set_work(Host* const self, const HostWork work)
{
  host_worker_set_manner(self->worker, work);
}

void
host_delay_work(Host* const self, const uint32_t n_runs)
{
  host_worker_delay(self->worker, n_runs);
}

void
host_refuse_work(Host* const self, const uint32_t n)
{
  host_worker_refuse(self->worker, n);
}

void
host_hold_work(Host* const self, const bool is_held)
{
  host_worker_hold(self->worker, is_held);
}

void
host_lose_answers(Host* const self, const uint32_t n)
{
  host_worker_lose(self->worker, n);
}

uint32_t
host_most_works_at_once(const Host* const self)
{
  return host_worker_most_at_once(self->worker);
}

size_t
host_stack_used(const Host* const self)
{
  return host_worker_stack_used(self->worker);
}

uint32_t
host_n_works(const Host* const self)
{
  return host_worker_n_works(self->worker);
}

uint32_t
host_n_refused(const Host* const self)
{
  return host_worker_n_refused(self->worker);
}

// Presets and state ----------------------------------------------------------

size_t
host_n_presets(const Host* const self)
{
  return self->n_presets;
}

const char*
host_preset_label(const Host* const self, const size_t i)
{
  return i < self->n_presets ? self->presets[i].label : "";
}

const char*
host_preset_uri(const Host* const self, const size_t i)
{
  return i < self->n_presets ? self->presets[i].uri : "";
}

/// For lilv: take a port's value
static void
take_port_value(const char* const symbol,
                void* const       data,
                const void* const value,
                const uint32_t    size,
                const uint32_t    type)
{
  Host* const        self   = (Host*)data;
  const Urids* const u      = &self->urids;
  float              number = 0.0f;

  if (type == u->atom_float && size == sizeof(float)) {
    number = *(const float*)value;
  } else if (type == u->atom_int && size == sizeof(int32_t)) {
    number = (float)*(const int32_t*)value;
  } else if (type == u->atom_double && size == sizeof(double)) {
    number = (float)*(const double*)value;
  } else if (type == u->atom_long && size == sizeof(int64_t)) {
    number = (float)*(const int64_t*)value;
  } else {
    number = (float)NAN;
  }
  if (isnan(number) || !host_set(self, symbol, number)) {
    log_format(self,
               u->log_warning,
               "The state has a value for \"%s\", which is no control.",
               symbol);
  }
}

/// For lilv: give a port's value
static const void*
give_port_value(const char* const symbol,
                void* const       data,
                uint32_t* const   size,
                uint32_t* const   type)
{
  Host* const       self = (Host*)data;
  const Port* const port = find_port(self, symbol);
  *size                  = port ? sizeof(float) : 0U;
  *type                  = port ? self->urids.atom_float : 0U;
  return port ? &port->value : NULL;
}

/// The features that come with save() and restore()
static const LV2_Feature* const*
state_features(Host* const self)
{
  return self->feature_list;
}

const char*
host_preset_bank(const Host* const self, const size_t i)
{
  return i < self->n_presets ? self->presets[i].bank : "";
}

const char*
host_preset_comment(const Host* const self, const size_t i)
{
  return i < self->n_presets ? self->presets[i].comment : "";
}

static void
apply_state(Host* const self, const LilvState* const state)
{
  lilv_state_emit_port_values(state, take_port_value, self);
  lilv_state_restore(
    state, self->instance, NULL, NULL, 0U, state_features(self));
}

static Status
refuse_preset(const Host* const self,
              const char* const name,
              Trouble* const    trouble)
{
  char   known[224] = "";
  size_t n_known    = 0U;
  size_t i          = 0U;
  for (; i < self->n_presets; ++i) {
    const int n = snprintf(known + n_known,
                           sizeof(known) - n_known,
                           "%s\"%s\"",
                           i ? ", " : "",
                           self->presets[i].label);
    if (n < 0 || n_known + (size_t)n >= sizeof(known)) {
      known[n_known] = '\0';
      break;
    }
    n_known += (size_t)n;
  }
  return trouble_say(trouble,
                     STATUS_NO_FILE,
                     "There is no preset \"%.40s\"; there are: %s%s.",
                     name,
                     self->n_presets ? known : "none",
                     i < self->n_presets ? ", and more" : "");
}

Status
host_load_preset(Host* const       self,
                 const char* const name,
                 Trouble* const    trouble)
{
  const Preset* preset = NULL;
  for (size_t i = 0U; i < self->n_presets && !preset; ++i) {
    if (!strcmp(name, self->presets[i].label) ||
        !strcmp(name, self->presets[i].uri)) {
      preset = &self->presets[i];
    }
  }
  if (!preset) {
    return refuse_preset(self, name, trouble);
  }

  LilvNode* const  node = lilv_new_uri(self->world, preset->uri);
  LilvState* const state =
    lilv_state_new_from_world(self->world, &self->map, node);
  lilv_node_free(node);
  if (!state) {
    return trouble_say(trouble,
                       STATUS_BAD_FILE,
                       "Preset \"%s\" cannot be read: check its file in the "
                       "bundle.",
                       preset->label);
  }
  apply_state(self, state);
  lilv_state_free(state);
  return STATUS_SUCCESS;
}

Status
host_save(Host* const       self,
          const char* const folder,
          char** const      text,
          Trouble* const    trouble)
{
  LilvState* const state =
    lilv_state_new_from_instance(self->plugin,
                                 self->instance,
                                 &self->map,
                                 folder,
                                 folder,
                                 folder,
                                 folder,
                                 give_port_value,
                                 self,
                                 LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE,
                                 state_features(self));
  char* const made = state ? lilv_state_to_string(self->world,
                                                  &self->map,
                                                  &self->unmap,
                                                  state,
                                                  "urn:perpetuo:saved",
                                                  NULL)
                           : NULL;
  lilv_state_free(state);
  if (!made) {
    return trouble_say(trouble, STATUS_NO_WRITE, "The state was not saved.");
  }
  char* const copy = strdup(made);
  lilv_free(made);
  *text = copy ? copy : *text;
  return copy ? STATUS_SUCCESS : STATUS_NO_MEM;
}

Status
host_restore(Host* const self, const char* const text, Trouble* const trouble)
{
  LilvState* const state =
    lilv_state_new_from_string(self->world, &self->map, text);
  if (!state) {
    return trouble_say(
      trouble, STATUS_BAD_FILE, "The saved state is not Turtle that says one.");
  }
  apply_state(self, state);
  lilv_state_free(state);
  return STATUS_SUCCESS;
}

static const LV2_State_Interface*
state_interface(const Host* const self)
{
  return (const LV2_State_Interface*)lilv_instance_get_extension_data(
    self->instance, LV2_STATE__interface);
}

typedef struct {
  Host*         host;
  HostProperty* properties;
  size_t        n;
  size_t        n_room;
} Store;

static LV2_State_Status
store_property(const LV2_State_Handle handle,
               const uint32_t         key,
               const void* const      value,
               const size_t           size,
               const uint32_t         type,
               const uint32_t         flags)
{
  Store* const      store    = (Store*)handle;
  const char* const key_uri  = uri_table_unmap(store->host->uris, key);
  const char* const type_uri = uri_table_unmap(store->host->uris, type);
  if (!key_uri || !type_uri || !value) {
    return LV2_STATE_ERR_UNKNOWN;
  }
  if (store->n == store->n_room) {
    const size_t        n_room = store->n_room * 2U + 8U;
    HostProperty* const grown =
      (HostProperty*)realloc(store->properties, n_room * sizeof(*grown));
    if (!grown) {
      return LV2_STATE_ERR_NO_SPACE;
    }
    store->properties = grown;
    store->n_room     = n_room;
  }

  HostProperty property = {
    strdup(key_uri), strdup(type_uri), malloc(size ? size : 1U), size, flags};
  if (!property.key || !property.type || !property.value) {
    free(property.value);
    free(property.type);
    free(property.key);
    return LV2_STATE_ERR_NO_SPACE;
  }
  memcpy(property.value, value, size);
  store->properties[store->n++] = property;
  return LV2_STATE_SUCCESS;
}

Status
host_save_properties(Host* const          self,
                     HostProperty** const properties,
                     size_t* const        n)
{
  const LV2_State_Interface* const interface = state_interface(self);
  Store                            store     = {self, NULL, 0U, 0U};
  if (interface && interface->save(lilv_instance_get_handle(self->instance),
                                   store_property,
                                   &store,
                                   LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE,
                                   state_features(self))) {
    host_free_properties(store.properties, store.n);
    return STATUS_NO_WRITE;
  }
  *properties = store.properties;
  *n          = store.n;
  return STATUS_SUCCESS;
}

void
host_free_properties(HostProperty* const properties, const size_t n)
{
  for (size_t i = 0U; i < n; ++i) {
    free(properties[i].value);
    free(properties[i].type);
    free(properties[i].key);
  }
  free(properties);
}

typedef struct {
  Host*        host;
  HostRetrieve retrieve;
  void*        data;
  void*        copy;
} Retrieval;

static const void*
retrieve_property(const LV2_State_Handle handle,
                  const uint32_t         key,
                  size_t* const          size,
                  uint32_t* const        type,
                  uint32_t* const        flags)
{
  Retrieval* const          retrieval = (Retrieval*)handle;
  const char* const         uri = uri_table_unmap(retrieval->host->uris, key);
  const HostProperty* const property =
    uri ? retrieval->retrieve(retrieval->data, uri) : NULL;

  if (retrieval->copy) { // What was given before is gone now
    free(retrieval->copy);
    retrieval->copy = NULL;
  }
  if (!property || !(retrieval->copy = malloc(property->size + 1U))) {
    *size  = 0U;
    *type  = 0U;
    *flags = 0U;
    return NULL;
  }
  memcpy(retrieval->copy, property->value, property->size);
  ((uint8_t*)retrieval->copy)[property->size] = 0xEEU;
  *size                                       = property->size;
  *type  = uri_table_map(retrieval->host->uris, property->type);
  *flags = property->flags;
  return retrieval->copy;
}

int
host_restore_with(Host* const        self,
                  const HostRetrieve retrieve,
                  void* const        data)
{
  const LV2_State_Interface* const interface = state_interface(self);
  if (!interface) {
    return LV2_STATE_ERR_NO_FEATURE;
  }
  Retrieval              retrieval = {self, retrieve, data, NULL};
  const LV2_State_Status st =
    interface->restore(lilv_instance_get_handle(self->instance),
                       retrieve_property,
                       &retrieval,
                       0U,
                       state_features(self));
  free(retrieval.copy);
  return (int)st;
}

// Log ------------------------------------------------------------------------

char*
host_log(Host* const self)
{
  pthread_mutex_lock(&self->log_lock);
  char* const copy = strdup(self->log_text);
  pthread_mutex_unlock(&self->log_lock);
  return copy;
}

bool
host_has_logged(Host* const self, const char* const text)
{
  pthread_mutex_lock(&self->log_lock);
  const bool has = strstr(self->log_text, text);
  pthread_mutex_unlock(&self->log_lock);
  return has;
}

void
host_clear_log(Host* const self)
{
  pthread_mutex_lock(&self->log_lock);
  self->n_log       = 0U;
  self->log_text[0] = '\0';
  pthread_mutex_unlock(&self->log_lock);
}
