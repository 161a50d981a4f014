// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What an instance costs: time to make it, memory, room on a disk

#include "plugin/ports.h"
#include "tools/bench/race.h"
#include "tools/uri_table.h"

#include <lv2/atom/atom.h>
#include <lv2/core/lv2.h>
#include <lv2/urid/urid.h>
#include <lv2/worker/worker.h>

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECTION "load"
#define FOLDER "build/perpetuo.lv2/"
#define LIBRARY FOLDER "perpetuo.so"

enum { N_ROUNDS = 31, N_FURTHER = 7, N_BLOCKS = 8000, MAX_JOB = 256 };

static const double mega = 1e6;
static const double mebi = 1048576.0;

/// What a host has for all its instances
typedef struct {
  void*                 library;
  const LV2_Descriptor* plugin;
  UriTable*             uris;
  LV2_URID_Map          map;
} Studio;

/// An instance, and the job that it asked for
typedef struct {
  Studio*             studio;
  LV2_Handle          handle;
  LV2_Worker_Schedule schedule;
  uint32_t            n_job;
  uint8_t             job[MAX_JOB];
} Instance;

static LV2_URID
map_uri(const LV2_URID_Map_Handle handle, const char* const uri)
{
  return uri_table_map((UriTable*)handle, uri);
}

static LV2_Worker_Status
take_job(const LV2_Worker_Schedule_Handle handle,
         const uint32_t                   size,
         const void* const                data)
{
  Instance* const self = (Instance*)handle;
  if (self->n_job || size > MAX_JOB) {
    return LV2_WORKER_ERR_NO_SPACE;
  }
  memcpy(self->job, data, size);
  self->n_job = size;
  return LV2_WORKER_SUCCESS;
}

static bool
studio_open(Studio* const self)
{
  memset(self, 0, sizeof(*self));
  self->uris    = uri_table_new();
  self->map     = (LV2_URID_Map){self->uris, map_uri};
  self->library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
  if (!self->library) {
    return false;
  }
  LV2_Descriptor_Function find = NULL;
  *(void**)&find               = dlsym(self->library, "lv2_descriptor");
  self->plugin                 = find ? find(0U) : NULL;
  return self->plugin;
}

/// Make an instance.  @return False when it cannot be.
static bool
make(Studio* const studio, Instance* const self)
{
  memset(self, 0, sizeof(*self));
  self->studio               = studio;
  self->schedule             = (LV2_Worker_Schedule){self, take_job};
  const LV2_Feature  map     = {LV2_URID__map, &studio->map};
  const LV2_Feature  work    = {LV2_WORKER__schedule, &self->schedule};
  const LV2_Feature* offer[] = {&map, &work, NULL};

  self->handle =
    studio->plugin->instantiate(studio->plugin, 48000.0, FOLDER, offer);
  return self->handle;
}

static void
end(Instance* const self)
{
  self->studio->plugin->cleanup(self->handle);
}

// Time -----------------------------------------------------------------------

/// Time instantiate() and activate().  @param made, begun (N_ROUNDS).
static bool
time_rounds(Studio* const studio, double* const made, double* const begun)
{
  for (unsigned i = 0U; i < N_ROUNDS; ++i) {
    Instance     one;
    const double start = race_now(false);
    if (!make(studio, &one)) {
      return false;
    }
    made[i] = race_now(false) - start;
    studio->plugin->activate(one.handle);
    begun[i] = race_now(false) - start - made[i];
    end(&one);
  }
  return true;
}

static void
measure_time(void)
{
  double   made[N_ROUNDS];
  double   begun[N_ROUNDS];
  Studio   studio;
  Instance other;
  if (!studio_open(&studio) || !time_rounds(&studio, made, begun)) {
    race_skip(SECTION, "instantiate", "the plugin was not built");
    return;
  }
  race_print(SECTION,
             "instantiate, the only instance",
             "ms",
             1e3,
             race_spread(made, N_ROUNDS));
  race_print(SECTION,
             "activate: the song's first phrases",
             "ms",
             1e3,
             race_spread(begun, N_ROUNDS));

  if (make(&studio, &other) && time_rounds(&studio, made, begun)) {
    race_print(SECTION,
               "instantiate, beside another",
               "ms",
               1e3,
               race_spread(made, N_ROUNDS));
    end(&other);
  }
}

// Memory ---------------------------------------------------------------------

/// Bytes of this process that are in memory
static double
resident(void)
{
  long long   n_all  = 0;
  long long   n_here = 0;
  FILE* const file   = fopen("/proc/self/statm", "r");
  if (file) {
    if (fscanf(file, "%lld %lld", &n_all, &n_here) != 2) {
      n_here = 0;
    }
    fclose(file);
  }
  return (double)n_here * (double)sysconf(_SC_PAGESIZE);
}

static LV2_Worker_Status
respond(const LV2_Worker_Respond_Handle handle,
        const uint32_t                  size,
        const void* const               data)
{
  Instance* const                   self = (Instance*)handle;
  const LV2_Worker_Interface* const worker =
    (const LV2_Worker_Interface*)self->studio->plugin->extension_data(
      LV2_WORKER__interface);
  return worker->work_response(self->handle, size, data);
}

/// Roll by itself for a while, with all work done
static void
play(Instance* const self)
{
  static float          one = 1.0f;
  LV2_Atom_Sequence     in  = {{sizeof(LV2_Atom_Sequence_Body), 0U}, {0U, 0U}};
  const LV2_Descriptor* d   = self->studio->plugin;
  union {
    LV2_Atom_Sequence sequence;
    uint64_t          room[1024];
  } out;
  const LV2_Worker_Interface* const worker =
    (const LV2_Worker_Interface*)d->extension_data(LV2_WORKER__interface);

  in.atom.type = uri_table_map(self->studio->uris, LV2_ATOM__Sequence);
  d->connect_port(self->handle, PORT_CONTROL, &in);
  d->connect_port(self->handle, PORT_MIDI_OUT, &out);
  d->connect_port(self->handle, PORT_TRANSPORT, &one);
  for (unsigned i = 0U; i < N_BLOCKS; ++i) {
    out.sequence.atom.size = sizeof(out) - sizeof(LV2_Atom);
    d->run(self->handle, 512U);
    if (self->n_job) {
      const uint32_t n = self->n_job;
      self->n_job      = 0U;
      worker->work(self->handle, respond, self, n, self->job);
    }
  }
  d->connect_port(self->handle, PORT_CONTROL, NULL);
  d->connect_port(self->handle, PORT_MIDI_OUT, NULL);
  d->connect_port(self->handle, PORT_TRANSPORT, NULL);
}

/// Bytes on the disk of what a folder holds
static double
size_of_folder(const char* const folder)
{
  DIR* const dir = opendir(folder);
  double     sum = 0.0;
  for (struct dirent* entry = NULL; dir && (entry = readdir(dir));) {
    char        path[512];
    struct stat about;
    (void)snprintf(path, sizeof(path), "%s/%.200s", folder, entry->d_name);
    if (*entry->d_name == '.' || stat(path, &about)) {
      continue;
    }
    sum +=
      S_ISDIR(about.st_mode) ? size_of_folder(path) : (double)about.st_size;
  }
  if (dir) {
    (void)closedir(dir);
  }
  return sum;
}

/// What `N_FURTHER` + 1 instances take, having played
static void
measure_resident(void)
{
  Studio       studio;
  Instance     all[N_FURTHER + 1];
  double       at[N_FURTHER + 2];
  const double before = resident();
  if (!studio_open(&studio)) {
    return;
  }
  at[0] = resident();
  for (unsigned i = 0U; i <= N_FURTHER; ++i) {
    if (!make(&studio, &all[i])) {
      return;
    }
    studio.plugin->activate(all[i].handle);
    play(&all[i]);
    at[i + 1U] = resident();
  }
  race_print_figure(
    SECTION, "resident, the library", "MB", (at[0] - before) / mega);
  race_print_figure(
    SECTION, "resident, the first instance", "MB", (at[1] - at[0]) / mega);
  race_print_figure(SECTION,
                    "resident, each further instance",
                    "MB",
                    (at[N_FURTHER + 1] - at[1]) / N_FURTHER / mega);
}

/// What one instance takes of a host that locks its memory
static void
measure_locked(void)
{
  const double weights = size_of_folder(FOLDER "models");
  Studio       studio;
  Instance     one;
  Instance     two;
  if (mlockall(MCL_CURRENT | MCL_FUTURE)) {
    race_skip(SECTION, "locked", "this user may not lock memory");
    return;
  }
  const double before = resident();
  if (!studio_open(&studio) || !make(&studio, &one)) {
    race_skip(SECTION, "locked", "this user may not lock as much memory");
    return;
  }
  studio.plugin->activate(one.handle);
  play(&one);
  const double first = resident();
  race_print_figure(
    SECTION, "locked, the first instance", "MiB", (first - before) / mebi);
  race_print_figure(SECTION,
                    "locked, the first instance, less the weights",
                    "MiB",
                    (first - before - weights) / mebi);
  if (make(&studio, &two)) {
    studio.plugin->activate(two.handle);
    play(&two);
    race_print_figure(SECTION,
                      "locked, a further instance",
                      "MiB",
                      (resident() - first) / mebi);
  }
}

/// In a process of its own, in which nothing has happened yet
static void
apart(void (*const measure)(void))
{
  fflush(stdout);
  const pid_t child = fork();
  if (!child) {
    measure();
    fflush(stdout);
    _exit(0);
  }
  if (child > 0) {
    (void)waitpid(child, NULL, 0);
  }
}

int
main(void)
{
  struct stat about;
  if (!stat(LIBRARY, &about)) {
    race_print_figure(
      SECTION, "size of the library", "MB", (double)about.st_size / mega);
    race_print_figure(SECTION,
                      "size of the weights",
                      "MB",
                      size_of_folder(FOLDER "models") / mega);
    race_print_figure(
      SECTION, "size of the bundle", "MB", size_of_folder(FOLDER) / mega);
  }
  apart(measure_resident);
  apart(measure_locked);
  apart(measure_time);
  return 0;
}
