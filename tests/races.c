// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   races FOLDER [planted]: two instances, and everything that a host may do at
   once, done at once.  It is to be built with a thread sanitizer, which speaks
   up when two threads touch one thing without an agreement.

   FOLDER is empty; tiny models are put into it.  Each instance has an audio
   thread that runs, sets controls and now and then works in line, as hosts do
   in an export; a worker; a thread that restores; and one that saves.  Every
   state that is saved has to be one of those that were given, as a whole.

   "planted" makes a fault of the program's own, to see that it is found.
*/

#include "compose/shelf.h"
#include "plugin/plugin.h"
#include "plugin/ports.h"
#include "tests/tiny_models.h"
#include "tools/uri_table.h"

#include <lv2/atom/atom.h>
#include <lv2/atom/util.h>
#include <lv2/log/log.h>
#include <lv2/midi/midi.h>
#include <lv2/state/state.h>
#include <lv2/urid/urid.h>
#include <lv2/worker/worker.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
  N_INSTANCES = 2,
  N_RESTORES  = 250,
  N_GUESTS    = 60, ///< Of each instance's models
  N_STATES    = 6,
  N_BLOCK     = 256,
  N_JOBS      = 8, ///< Room of a queue
  MAX_BYTES   = 64,
  MAX_VALUE   = 4096,
  KEYS        = 7 ///< Of a state
};

const LV2_Descriptor*
lv2_descriptor(uint32_t index);

// Features ---------------------------------------------------------------

static UriTable* uris;

static LV2_URID
map_uri(const LV2_URID_Map_Handle handle, const char* const uri)
{
  (void)handle;
  return uri_table_map(uris, uri);
}

static atomic_uint n_said;

static int
say(const LV2_Log_Handle handle, const LV2_URID type, const char* format, ...)
{
  (void)handle;
  (void)type;
  (void)format;
  atomic_fetch_add_explicit(&n_said, 1U, memory_order_relaxed);
  return 0;
}

static int
say_args(const LV2_Log_Handle handle,
         const LV2_URID       type,
         const char* const    format,
         va_list              args)
{
  (void)args;
  return say(handle, type, format);
}

// An instance and its threads ------------------------------------------------

typedef struct {
  uint32_t n;
  char     bytes[MAX_BYTES];
} Message;

/// The newest jobs or answers
typedef struct {
  pthread_mutex_t lock;
  uint32_t        n;
  Message         rows[N_JOBS];
} Queue;

typedef struct {
  const LV2_Descriptor*       descriptor;
  LV2_Handle                  handle;
  const LV2_Worker_Interface* worker;
  const LV2_State_Interface*  state;
  LV2_Worker_Schedule         schedule;
  Queue                       jobs;
  Queue                       answers;
  bool                        is_inline; ///< The audio thread's
  atomic_bool                 is_over;
  atomic_uint                 n_bad; ///< States saved that are none of ours
  atomic_uint                 n_saved;
  atomic_uint                 n_works[2]; ///< By the worker, in line
  uint64_t                    ids[N_STATES];
  unsigned                    n_told; ///< Runs with something for a window
  float                       controls[N_PORTS];
} Studio;

static bool
push(Queue* const queue, const uint32_t size, const void* const data)
{
  pthread_mutex_lock(&queue->lock);
  const bool has_room = queue->n < N_JOBS && size <= MAX_BYTES;
  if (has_room) {
    queue->rows[queue->n].n = size;
    memcpy(queue->rows[queue->n++].bytes, data, size);
  }
  pthread_mutex_unlock(&queue->lock);
  return has_room;
}

static bool
pop(Queue* const queue, Message* const message)
{
  pthread_mutex_lock(&queue->lock);
  const bool has_one = queue->n;
  if (has_one) {
    *message = queue->rows[0];
    memmove(
      &queue->rows[0], &queue->rows[1], --queue->n * sizeof(queue->rows[0]));
  }
  pthread_mutex_unlock(&queue->lock);
  return has_one;
}

static LV2_Worker_Status
respond_now(const LV2_Worker_Respond_Handle handle,
            const uint32_t                  size,
            const void* const               data)
{
  Studio* const self = (Studio*)handle;
  return self->worker->work_response(self->handle, size, data);
}

static LV2_Worker_Status
respond_later(const LV2_Worker_Respond_Handle handle,
              const uint32_t                  size,
              const void* const               data)
{
  return push(&((Studio*)handle)->answers, size, data)
           ? LV2_WORKER_SUCCESS
           : LV2_WORKER_ERR_NO_SPACE;
}

static LV2_Worker_Status
schedule_work(const LV2_Worker_Schedule_Handle handle,
              const uint32_t                   size,
              const void* const                data)
{
  Studio* const self = (Studio*)handle;
  if (self->is_inline) {
    atomic_fetch_add_explicit(&self->n_works[1], 1U, memory_order_relaxed);
    return self->worker->work(self->handle, respond_now, self, size, data);
  }
  return push(&self->jobs, size, data) ? LV2_WORKER_SUCCESS
                                       : LV2_WORKER_ERR_NO_SPACE;
}

static void*
work(void* const data)
{
  Studio* const self = (Studio*)data;
  Message       job;
  while (!atomic_load(&self->is_over)) {
    if (pop(&self->jobs, &job)) {
      atomic_fetch_add_explicit(&self->n_works[0], 1U, memory_order_relaxed);
      self->worker->work(self->handle, respond_later, self, job.n, job.bytes);
    } else {
      sched_yield();
    }
  }
  return NULL;
}

static void*
run(void* const data)
{
  Studio* const self = (Studio*)data;
  struct {
    LV2_Atom_Sequence sequence;
    int64_t           frames;
    LV2_Atom_Object   object;
  } in = {{{sizeof(LV2_Atom_Sequence_Body), 0U}, {0U, 0U}},
          0,
          {{sizeof(LV2_Atom_Object_Body), 0U}, {0U, 0U}}};
  union {
    LV2_Atom_Sequence sequence;
    char              bytes[8192];
  } out;

  in.sequence.atom.type = map_uri(NULL, LV2_ATOM__Sequence);
  in.object.atom.type   = map_uri(NULL, LV2_ATOM__Object);
  in.object.body.otype  = map_uri(NULL, "urn:perpetuo:talk:Hello");
  self->descriptor->connect_port(self->handle, PORT_CONTROL, &in);
  self->descriptor->connect_port(self->handle, PORT_MIDI_OUT, &out);
  for (uint32_t i = 0U; !atomic_load(&self->is_over); ++i) {
    Message answer;
    self->is_inline                 = i % 64U >= 56U;
    self->controls[PORT_FREEWHEEL]  = self->is_inline ? 1.0f : 0.0f;
    self->controls[PORT_HOLD]       = i / 7U % 2U ? 1.0f : 0.0f;
    self->controls[PORT_SEED]       = (float)(i / 200U % 3U);
    self->controls[PORT_CANDIDATES] = 1.0f;
    memset(&out, 0, sizeof(out));
    out.sequence.atom.size = sizeof(out) - sizeof(LV2_Atom);

    // A window that hears of every phrase and every trouble
    in.sequence.atom.size =
      (uint32_t)sizeof(LV2_Atom_Sequence_Body) +
      (i % 100U ? 0U : (uint32_t)(sizeof(in) - sizeof(in.sequence)));
    self->descriptor->run(self->handle, N_BLOCK);
    LV2_ATOM_SEQUENCE_FOREACH (&out.sequence, event) {
      self->n_told += event->body.type != map_uri(NULL, LV2_MIDI__MidiEvent);
    }
    while (pop(&self->answers, &answer)) {
      (void)respond_now(self, answer.n, answer.bytes);
    }
    sched_yield();
  }
  return NULL;
}

// States ---------------------------------------------------------------------

static const char* const names[KEYS] = {"version",
                                        "melody",
                                        "drums",
                                        "gate_melody",
                                        "gate_drums",
                                        "held",
                                        "rerolls"};

/// A state as text, key by key
typedef struct {
  LV2_URID keys[KEYS];
  LV2_URID string;
  char     values[KEYS][MAX_VALUE];
  char     lent[MAX_VALUE]; ///< Dies at the next question
} Text;

static void
text_init(Text* const text)
{
  memset(text, 0, sizeof(*text));
  text->string = map_uri(NULL, LV2_ATOM__String);
  for (unsigned i = 0U; i < KEYS; ++i) {
    char uri[64];
    snprintf(uri, sizeof(uri), "urn:perpetuo:state:%s", names[i]);
    text->keys[i] = map_uri(NULL, uri);
  }
}

/// The `k`th state: every part of it says so
static void
text_of(const Studio* const self, const unsigned k, Text* const text)
{
  snprintf(text->values[0], MAX_VALUE, "1");
  for (unsigned i = 1U; i < 5U; ++i) {
    snprintf(
      text->values[i], MAX_VALUE, "%016llx", (unsigned long long)self->ids[k]);
  }
  snprintf(text->values[5], MAX_VALUE, "%u", 4U * k);
  size_t n = 0U;
  for (unsigned r = 0U; r < 100U; ++r) {
    n += (size_t)snprintf(text->values[6] + n,
                          MAX_VALUE - n,
                          "%s%u:%u",
                          r ? " " : "",
                          4U * r,
                          k + 1U);
  }
}

static const void*
retrieve(const LV2_State_Handle handle,
         const uint32_t         key,
         size_t* const          size,
         uint32_t* const        type,
         uint32_t* const        flags)
{
  Text* const text = (Text*)handle;
  for (unsigned i = 0U; i < KEYS; ++i) {
    if (text->keys[i] == key) {
      memset(text->lent, '#', sizeof(text->lent));
      *size  = strlen(text->values[i]);
      *type  = text->string;
      *flags = 0U;
      return memcpy(text->lent, text->values[i], *size);
    }
  }
  return NULL;
}

static LV2_State_Status
store(const LV2_State_Handle handle,
      const uint32_t         key,
      const void* const      value,
      const size_t           size,
      const uint32_t         type,
      const uint32_t         flags)
{
  Text* const text = (Text*)handle;
  (void)type;
  (void)flags;
  for (unsigned i = 0U; i < KEYS && size <= MAX_VALUE; ++i) {
    if (text->keys[i] == key) {
      memcpy(text->values[i], value, size);
      return LV2_STATE_SUCCESS;
    }
  }
  return LV2_STATE_ERR_UNKNOWN;
}

/// Whether that is one of the states that were given, whole.  What is held is
/// the audio thread's to say.
static bool
is_ours(const Studio* const self, const Text* const saved)
{
  Text wanted;
  text_init(&wanted);
  for (unsigned k = 0U; k < N_STATES; ++k) {
    text_of(self, k, &wanted);
    bool is = true;
    for (unsigned i = 0U; i < KEYS; ++i) {
      is = is && (i == 5U || !strcmp(wanted.values[i], saved->values[i]));
    }
    if (is) {
      return true;
    }
  }
  return false;
}

static void*
save(void* const data)
{
  Studio* const self = (Studio*)data;
  Text* const   text = (Text*)malloc(sizeof(Text));
  text_init(text);
  while (!atomic_load(&self->is_over)) {
    const LV2_State_Status st =
      self->state->save(self->handle, store, text, 0U, NULL);
    if (st || !is_ours(self, text)) {
      atomic_fetch_add(&self->n_bad, 1U);
    }
    atomic_fetch_add(&self->n_saved, 1U);
    sched_yield();
  }
  free(text);
  return NULL;
}

static void
restore(Studio* const self, const unsigned k)
{
  Text* const text = (Text*)malloc(sizeof(Text));
  text_init(text);
  text_of(self, k, text);
  if (self->state->restore(self->handle, retrieve, text, 0U, NULL)) {
    atomic_fetch_add(&self->n_bad, 1U);
  }
  free(text);
}

// Guests ---------------------------------------------------------------------

/// Who share an instance's models for a moment
typedef struct {
  const char*  folder;
  LV2_URID_Map map;
  LV2_Log_Log  log;
  unsigned     n_lost; ///< Those that did not come to be
} Guests;

static LV2_Worker_Status
refuse_work(const LV2_Worker_Schedule_Handle handle,
            const uint32_t                   size,
            const void* const                data)
{
  (void)handle;
  (void)size;
  (void)data;
  return LV2_WORKER_ERR_NO_SPACE;
}

static void*
come_and_go(void* const data)
{
  Guests* const       guests     = (Guests*)data;
  LV2_Worker_Schedule schedule   = {NULL, refuse_work};
  const LV2_Feature   rows[]     = {{LV2_URID__map, &guests->map},
                                    {LV2_LOG__log, &guests->log},
                                    {LV2_WORKER__schedule, &schedule}};
  const LV2_Feature*  features[] = {&rows[0], &rows[1], &rows[2], NULL};
  for (uint32_t i = 0U; i < N_GUESTS; ++i) {
    const LV2_Descriptor* const d = lv2_descriptor(i % 3U);
    const LV2_Handle            handle =
      d->instantiate(d, 48000.0, guests->folder, features);
    if (handle) {
      d->activate(handle); // It composes
      d->cleanup(handle);
    } else {
      ++guests->n_lost;
    }
  }
  return NULL;
}

// The whole ------------------------------------------------------------------

static int planted;

static void*
live(void* const data)
{
  Studio* const self = (Studio*)data;
  pthread_t     threads[3];
  restore(self, 0U);
  pthread_create(&threads[0], NULL, run, self);
  pthread_create(&threads[1], NULL, work, self);
  pthread_create(&threads[2], NULL, save, self);
  for (unsigned i = 0U; i < N_RESTORES; ++i) {
    restore(self, (i * 7U + i / 11U) % N_STATES);
    for (unsigned n = 0U; n < i % 40U; ++n) {
      sched_yield();
    }
    if (planted) {
      ++planted;
    }
  }
  atomic_store(&self->is_over, true);
  for (unsigned i = 0U; i < 3U; ++i) {
    pthread_join(threads[i], NULL);
  }
  return NULL;
}

static void
open_studio(Studio* const             self,
            const uint32_t            index,
            const char* const         folder,
            const LV2_Feature* const* features)
{
  pthread_mutex_init(&self->jobs.lock, NULL);
  pthread_mutex_init(&self->answers.lock, NULL);
  self->descriptor = lv2_descriptor(index);
  self->handle =
    self->descriptor->instantiate(self->descriptor, 48000.0, folder, features);
  self->worker = (const LV2_Worker_Interface*)self->descriptor->extension_data(
    LV2_WORKER__interface);
  self->state = (const LV2_State_Interface*)self->descriptor->extension_data(
    LV2_STATE__interface);
  for (unsigned i = PORT_MIDI_OUT + 1U; i < N_PORTS; ++i) {
    self->controls[i] = port_at((PortIndex)i).standard;
    self->descriptor->connect_port(self->handle, i, &self->controls[i]);
  }
  self->controls[PORT_TRANSPORT] = 1.0f; // It leads itself
  self->controls[PORT_TEMPO]     = 300.0f;
  self->descriptor->activate(self->handle);
}

int
main(const int argc, char** const argv)
{
  LV2_URID_Map map     = {NULL, map_uri};
  LV2_Log_Log  log     = {NULL, say, say_args};
  Studio*      studios = (Studio*)calloc(N_INSTANCES, sizeof(Studio));
  char         folders[N_INSTANCES][256] = {"", ""};
  Guests       guests[N_INSTANCES];
  pthread_t    lives[N_INSTANCES];
  pthread_t    visits[N_INSTANCES];
  unsigned     n_bad = 0U;
  planted            = argc > 2;
  uris               = uri_table_new();
  if (argc < 2 || !uris) {
    return 2;
  }

  for (unsigned i = 0U; i < N_INSTANCES; ++i) {
    Trouble trouble = {""};
    char    models[280];
    snprintf(folders[i], sizeof(folders[i]), "%.200s/%u", argv[1], i);
    snprintf(models, sizeof(models), "%s/models", folders[i]);
    if (mkdir(folders[i], 0700) || mkdir(models, 0700) ||
        tiny_models_write(models, i + 1U, &trouble)) {
      fprintf(stderr, "No models: %s\n", trouble.text);
      return 2;
    }

    studios[i].schedule.handle        = &studios[i];
    studios[i].schedule.schedule_work = schedule_work;
    const LV2_Feature  rows[]         = {{LV2_URID__map, &map},
                                         {LV2_LOG__log, &log},
                                         {LV2_WORKER__schedule, &studios[i].schedule}};
    const LV2_Feature* features[]     = {&rows[0], &rows[1], &rows[2], NULL};
    for (unsigned k = 0U; k < N_STATES; ++k) {
      studios[i].ids[k] = 0x1000U + k; // None of which is there
    }
    open_studio(&studios[i], i, folders[i], features);
  }
  for (unsigned i = 0U; i < N_INSTANCES; ++i) {
    guests[i] = (Guests){folders[i], map, log, 0U};
    pthread_create(&lives[i], NULL, live, &studios[i]);
    pthread_create(&visits[i], NULL, come_and_go, &guests[i]);
  }
  for (unsigned i = 0U; i < N_INSTANCES; ++i) {
    pthread_join(lives[i], NULL);
    pthread_join(visits[i], NULL);
    studios[i].descriptor->cleanup(studios[i].handle);
    printf("%u states saved, %u of them strange; %u works, %u in line\n",
           atomic_load(&studios[i].n_saved),
           atomic_load(&studios[i].n_bad),
           atomic_load(&studios[i].n_works[0]),
           atomic_load(&studios[i].n_works[1]));
    n_bad += atomic_load(&studios[i].n_bad) + guests[i].n_lost;
    n_bad += !studios[i].n_told;
  }
  n_bad += shelf_n_models();
  printf("%u models left on the shelf\n", shelf_n_models());
  free(studios);
  uri_table_free(uris);
  printf("%u sentences in the log\n", atomic_load(&n_said));
  return n_bad ? 1 : 0;
}
