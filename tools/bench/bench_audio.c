// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What run() costs, called with ready-made buffers, beside a step sequencer

#include "tools/bench/bare.h"
#include "tools/bench/race.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTION "audio"
#define N_ROUNDS 61U

/// Blocks in a turn of the race, less than a bar at the slow tempo
#define N_BLOCKS 4000U

/// So slow that hardly a block has a note in it
static const float slow_bpm = 1.0f;

enum { MAX_EVENTS = 8, N_TIMED = 400000, MAX_KEPT = 4096 };

/// A way to run blocks
typedef struct {
  const char* name;
  const char* bundle;
  const char* uri;
  const char* missing; ///< Why it may not be there
  uint32_t    n_frames;
  float       speed;
  bool        is_told;   ///< A position in every block
  uint32_t    n_through; ///< MIDI messages in every block
} Way;

#define OURS "build/perpetuo.lv2", "urn:perpetuo:duo", "not built"
#define STEPSEQ                                                              \
  "/usr/lib/lv2/stepseq_s8n8.lv2", "http://gareus.org/oss/lv2/stepseq#s8n8", \
    "not installed (Debian: x42-plugins)"

static const Way ways[] = {
  {"run, position, no event, 64 frames", OURS, 64U, 1.0f, true, 0U},
  {"run, position, no event, 1024 frames", OURS, 1024U, 1.0f, true, 0U},
  {"run, no position, no event, 64 frames", OURS, 64U, 1.0f, false, 0U},
  {"run, position, standing, 64 frames", OURS, 64U, 0.0f, true, 0U},
  {"run, position, 8 events pass through", OURS, 64U, 1.0f, true, 8U},
  {"x42 stepseq, position, 64 frames", STEPSEQ, 64U, 1.0f, true, 0U},
  {"x42 stepseq, position, 1024 frames", STEPSEQ, 1024U, 1.0f, true, 0U},
  {"x42 stepseq, no position, 64 frames", STEPSEQ, 64U, 1.0f, false, 0U},
};

enum { N_WAYS = sizeof(ways) / sizeof(ways[0]) };

/// A plugin on its way
typedef struct {
  Bare*        bare;
  const Way*   way;
  BarePosition at;
} Runner;

/// Frames in a beat
static double
beat_frames(const BarePosition* const at)
{
  return 60.0 * 48000.0 / (double)at->bpm;
}

static void
go_on(BarePosition* const at, const uint32_t n_frames)
{
  at->frame += (int64_t)((float)n_frames * at->speed);
  const double beat = (double)at->frame / beat_frames(at);
  at->bar           = (int64_t)(beat / 4.0);
  at->bar_beat      = (float)(beat - 4.0 * (double)at->bar);
}

/// Everything that was asked for is there, and nothing more is asked for
static void
settle(Runner* const r)
{
  for (unsigned i = 0U; i < 64U && (bare_work(r->bare) || i < 4U); ++i) {
    if (r->way->is_told) {
      go_on(&r->at, r->way->n_frames);
      bare_say_on(r->bare, r->at);
    }
    bare_run(r->bare, r->way->n_frames);
  }
}

/// @return False when the plugin is not there
static bool
begin(Runner* const r, const Way* const way, const float bpm)
{
  static const uint8_t on[3]  = {0x90U, 60U, 100U};
  static const uint8_t off[3] = {0x80U, 60U, 0U};

  memset(r, 0, sizeof(*r));
  r->way      = way;
  r->at.speed = way->speed;
  r->at.bpm   = bpm;
  r->bare     = bare_new(way->bundle, way->uri);
  if (!r->bare) {
    race_skip(SECTION, way->name, way->missing);
    return false;
  }
  (void)bare_set(r->bare, "sync", 1.0f); // Stepseq: follow the host
  bare_say(r->bare, r->at);
  bare_run(r->bare, way->n_frames);
  if (!way->is_told) {
    bare_say_nothing(r->bare); // It rolls on
  }
  for (uint32_t i = 0U; i < way->n_through; ++i) {
    bare_send(r->bare, i, i % 2U ? off : on);
  }
  settle(r);
  return true;
}

/// Seconds of a block, of this thread
static double
turn(Runner* const r)
{
  Bare* const    bare  = r->bare;
  const uint32_t n     = r->way->n_frames;
  const double   start = race_now(false);
  if (r->way->is_told) {
    const double  beat   = beat_frames(&r->at);
    const int64_t step   = (int64_t)((float)n * r->at.speed);
    BarePosition  at     = r->at;
    const double  n_beat = 4.0 * (double)at.bar;
    for (uint32_t i = 0U; i < N_BLOCKS; ++i) {
      at.frame += step;
      at.bar_beat = (float)((double)at.frame / beat - n_beat);
      if (at.bar_beat >= 4.0f) {
        at = r->at;
        go_on(&at, (i + 1U) * n);
      }
      bare_say_on(bare, at);
      bare_run(bare, n);
    }
    r->at = at;
  } else {
    for (uint32_t i = 0U; i < N_BLOCKS; ++i) {
      bare_run(bare, n);
    }
  }
  return (race_now(false) - start) / N_BLOCKS;
}

/// All ways take turns
static void
race_ways(void)
{
  static double figures[N_WAYS][N_ROUNDS];
  Runner        runners[N_WAYS];
  bool          is_there[N_WAYS];
  for (unsigned i = 0U; i < N_WAYS; ++i) {
    is_there[i] = begin(&runners[i], &ways[i], slow_bpm);
  }
  for (unsigned round = 0U; round < N_ROUNDS; ++round) {
    for (unsigned i = 0U; i < N_WAYS; ++i) {
      if (is_there[i]) {
        settle(&runners[i]);
        figures[i][round] = turn(&runners[i]);
      }
    }
  }
  for (unsigned i = 0U; i < N_WAYS; ++i) {
    if (is_there[i]) {
      race_print(
        SECTION, ways[i].name, "ns", 1e9, race_spread(figures[i], N_ROUNDS));
      bare_free(runners[i].bare);
    }
  }
}

// A song, sorted by the number of events in a block ---------------------------

/// What it costs to look at the clock
static double
clock_cost(void)
{
  static double figures[1001];
  for (unsigned i = 0U; i < 1001U; ++i) {
    const double start = race_now(true);
    figures[i]         = race_now(true) - start;
  }
  return race_spread(figures, 1001U).median;
}

/// A song, and which blocks of it are told of
typedef struct {
  const char* name;
  Way         way;
  float       bpm;
  uint32_t    n_before; ///< Blocks before a phrase is held, which then goes
                        ///< round and round; 0 for never
  uint32_t least;       ///< Of events in a block
} Song;

/// Fast, in long blocks, there are events in each of them
static const Song songs[] = {
  {"", {"run, notes due", OURS, 1024U, 1.0f, true, 0U}, 130.0f, 0U, 0U},
  {", busy",
   {"run, notes due, busy", OURS, 4096U, 1.0f, true, 0U},
   300.0f,
   500U,
   MAX_EVENTS},
};

/// Blocks by the number of their events
typedef struct {
  uint32_t n[MAX_EVENTS + 1];
  double   took[MAX_EVENTS + 1][MAX_KEPT];
} Kept;

/**
   Every block of a song on its own, on the wall's clock: it is too short for
   the thread's.  What disturbs one block is not what disturbs the median.
*/
static void
time_blocks(Runner* const r, const Song* const song, Kept* const kept)
{
  const double empty = clock_cost();
  for (unsigned i = 0U; i < song->n_before; ++i) {
    go_on(&r->at, song->way.n_frames);
    bare_say_on(r->bare, r->at);
    bare_run(r->bare, song->way.n_frames);
    (void)bare_work(r->bare);
  }
  (void)bare_set(r->bare, "hold", song->n_before ? 1.0f : 0.0f);
  settle(r);
  for (unsigned i = 0U; i < N_TIMED && kept->n[MAX_EVENTS] < MAX_KEPT / 4U;
       ++i) {
    go_on(&r->at, song->way.n_frames);
    bare_say_on(r->bare, r->at);
    const double start = race_now(true);
    bare_run(r->bare, song->way.n_frames);
    const double   took = race_now(true) - start - empty;
    const uint32_t n    = bare_n_events(r->bare);
    if (!bare_work(r->bare) && n <= MAX_EVENTS && kept->n[n] < MAX_KEPT) {
      kept->took[n][kept->n[n]++] = took;
    }
  }
}

static void
race_events(const Song* const song)
{
  static Kept kept;
  Runner      r;
  memset(&kept, 0, sizeof(kept));
  if (!begin(&r, &song->way, song->bpm)) {
    return;
  }

  time_blocks(&r, song, &kept);
  for (uint32_t n = song->least; n <= MAX_EVENTS; n += n < 2U ? 1U : n) {
    char name[64];
    (void)snprintf(
      name, sizeof(name), "run, position, %u events due%s", n, song->name);
    if (kept.n[n]) {
      race_print(
        SECTION, name, "ns", 1e9, race_spread(kept.took[n], kept.n[n]));
    } else {
      race_skip(SECTION, name, "no block of the song has so many");
    }
  }
  bare_free(r.bare);
}

int
main(void)
{
  race_ways();
  for (size_t i = 0U; i < sizeof(songs) / sizeof(songs[0]); ++i) {
    race_events(&songs[i]);
  }
  return 0;
}
