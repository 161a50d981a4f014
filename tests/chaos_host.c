// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/chaos_host.h"

#include "base/rng.h"
#include "play/transport.h"
#include "plugin/plugin.h"
#include "plugin/ports.h"
#include "tests/chaos_ear.h"
#include "tests/chaos_input.h"
#include "tests/chaos_score.h"
#include "tests/chaos_worker.h"
#include "tests/rt_guard.h"
#include "tools/uri_table.h"

#include <lv2/log/log.h>
#include <lv2/state/state.h>
#include <lv2/urid/urid.h>

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MARKS 96U
#define MAX_TOLD 128U
#define OUT_BYTES 65536U
#define CANARY 0xA5U
#define CANARY_BYTES 64U
#define N_KEPT 7U
#define MAX_TEXT 4200U

/// A jump on the host's line, so that nothing of before is near
#define LINE_GAP 1e7

/// Less of a jump may be taken for drift, ticks
#define SURE_JUMP 300.0

/// After a state, some hosts set ports; the plugin waits for them so long, s
#define PORTS_S 2.2

/// A bar line or a jump within a block
typedef struct {
  uint32_t frame;
  double   line; ///< Ticks of the host's line at that frame
  double   ticks_per_frame;
  bool     is_bar;  ///< A bar begins here
  bool     is_jump; ///< And it was not the next one
  int32_t  bar;
  double   begin;   ///< Of the bar, on the line
  double   n_ticks; ///< Of the bar
  Metre    metre;
} Mark;

/// A position that is told
typedef struct {
  uint32_t frame;
  Place    place;
} Told;

/// Where the song is, and what is to become of it
typedef struct {
  Place    place;
  double   line;
  uint32_t next_beats; ///< Metre from the next bar on; 0 for no other
  uint32_t next_unit;
  bool     loops;
  bool     overruns;
  int32_t  loop_begin;
  int32_t  loop_end;
} Song;

/// A saved state
typedef struct {
  uint32_t n;
  LV2_URID keys[N_KEPT];
  LV2_URID types[N_KEPT];
  char     texts[N_KEPT][MAX_TEXT];
} Kept;

typedef struct {
  const ChaosWorld*          world;
  const Setup*               setup;
  ChaosReport*               report;
  UriTable*                  uris;
  const LV2_Descriptor*      descriptor;
  LV2_URID_Map               map;
  LV2_Log_Log                log;
  LV2_Handle                 handle;
  const Plugin*              plugin; ///< What it really is
  const LV2_State_Interface* state;
  ChaosWorker                worker;
  Input                      input;
  Ear                        ear;
  EarBlock                   block;
  Score                      score;

  // Ports
  float         values[N_PORTS];
  const void*   ports[N_PORTS];
  uint8_t*      out;
  uint32_t      room;
  float         last_late;
  bool          is_reroll_down;
  const Action* messages; ///< For the next block, or null
  const Action* noise;

  // Transport
  Song     song;
  Tell     tell;
  unsigned without;
  Lie      lie;
  uint32_t n_lies;
  bool     has_changed; ///< Something is to be told in any case
  bool     has_jumped;
  bool     is_sure_jump;
  uint32_t n_told;
  Told     told[MAX_TOLD];
  bool     has_late; ///< What a late host tells in the next block
  Told     late;
  uint32_t n_marks;
  Mark     marks[MAX_MARKS];

  // What the plugin can know
  bool     rolls_as_told;
  bool     is_roll_known;
  bool     may_rest; ///< Bars may lack notes for good reasons
  uint32_t wait;     ///< Bars until its music is known again
  bool     was_enabled;
  bool     was_free;
  int64_t  clock;
  int64_t  unsure_until;
  uint64_t i_block;

  // To compare with
  Phrase    phrases[N_PARTS];
  Request   requests[N_PARTS];
  bool      has_phrase[N_PARTS];
  Composer* composed_by[N_PARTS];

  Kept kept;
} Chaos;

static const char* const count_names[N_COUNTS] = {
  [COUNT_SESSIONS]  = "sessions",
  [COUNT_BLOCKS]    = "blocks",
  [COUNT_EMPTY]     = "blocks of no frames",
  [COUNT_FRAMES]    = "frames",
  [COUNT_NOTES]     = "notes, each ended once",
  [COUNT_PASSED]    = "notes passed through",
  [COUNT_BARS]      = "bars as composed beside it",
  [COUNT_BAR_NOTES] = "notes in their place there",
  [COUNT_LOCATES]   = "locates",
  [COUNT_WRAPS]     = "loop wraps",
  [COUNT_STARTS]    = "starts",
  [COUNT_STOPS]     = "stops",
  [COUNT_TEMPOS]    = "tempo and speed changes",
  [COUNT_METRES]    = "metre changes",
  [COUNT_CONTROLS]  = "control changes",
  [COUNT_PRESETS]   = "presets",
  [COUNT_SWITCHES]  = "switches (enabled, thru, hold, free, channels)",
  [COUNT_SAVES]     = "saves",
  [COUNT_RESTORES]  = "states restored",
  [COUNT_DAMAGED]   = "damaged or partial states",
  [COUNT_LOADS]     = "model loads answered",
  [COUNT_PAUSES]    = "deactivations",
  [COUNT_WORKS]     = "works",
  [COUNT_INSIDE]    = "works inside of the call",
  [COUNT_LATE]      = "works late",
  [COUNT_LOST]      = "works lost",
  [COUNT_REFUSED]   = "works refused",
  [COUNT_OVERLAPS]  = "works on a thread beside run",
  [COUNT_TIGHT]     = "blocks with little room",
  [COUNT_SAID]      = "messages to windows",
  [COUNT_NOISES]    = "blocks of damaged input",
  [COUNT_LIES]      = "blocks of wrong positions",
};

const char*
chaos_count_name(const CountKind kind)
{
  return count_names[kind];
}

__attribute__((format(printf, 2, 3))) static void
wrong(Chaos* const self, const char* const format, ...)
{
  if (!self->report->fault[0]) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(
      self->report->fault, sizeof(self->report->fault), format, arguments);
    va_end(arguments);
  }
}

static void
count(Chaos* const self, const CountKind kind)
{
  ++self->report->counts[kind];
}

// What the host offers ---------------------------------------------------

static LV2_URID
map_uri(const LV2_URID_Map_Handle handle, const char* const uri)
{
  Chaos* const self = (Chaos*)handle;
  if (chaos_in_run) {
    wrong(self, "run() asks for a URID");
  }
  return uri_table_map(self->uris, uri);
}

static int
log_text(Chaos* const self)
{
  if (chaos_in_run) {
    wrong(self, "run() writes to the log");
  }
  return 0;
}

static int
on_printf(const LV2_Log_Handle handle,
          const LV2_URID       type,
          const char* const    format,
          ...)
{
  (void)type;
  (void)format;
  return log_text((Chaos*)handle);
}

static int
on_vprintf(const LV2_Log_Handle handle,
           const LV2_URID       type,
           const char* const    format,
           va_list              arguments)
{
  (void)type;
  (void)format;
  (void)arguments;
  return log_text((Chaos*)handle);
}

// The song ------------------------------------------------------------------

static Metre
metre_at(const Place* const place)
{
  const Metre metre = {(uint8_t)place->n_beats, (uint8_t)place->unit};
  return metre;
}

static double
ticks_per_beat(const Place* const place)
{
  return 4.0 * TICKS_PER_QUARTER / place->unit;
}

static double
beats_per_frame(const Chaos* const self)
{
  const Place* const place = &self->song.place;
  return place->rolls ? place->bpm * place->unit / 4.0 / 60.0 /
                          self->setup->rate_hz * place->speed
                      : 0.0;
}

static void
mark(Chaos* const   self,
     const uint32_t frame,
     const bool     is_bar,
     const bool     is_jump)
{
  if (self->n_marks < MAX_MARKS) {
    const Place* const place     = &self->song.place;
    const double       tpb       = ticks_per_beat(place);
    const Mark         made      = {frame,
                                    self->song.line,
                                    beats_per_frame(self) * tpb,
                                    is_bar,
                                    is_jump,
                                    place->bar,
                                    self->song.line - place->beat * tpb,
                                    place->n_beats * tpb,
                                    metre_at(place)};
    self->marks[self->n_marks++] = made;
  }
}

static void
tell_at(Chaos* const self, const uint32_t frame)
{
  if (self->n_told < MAX_TOLD) {
    const Told told            = {frame, self->song.place};
    self->told[self->n_told++] = told;
  }
}

/// The frame that a host with one tempo and metre has for a place
static double
frame_of(const Chaos* const self, const Place* const place)
{
  const double beats = (double)place->bar * place->n_beats + place->beat;
  return floor(beats * 240.0 * self->setup->rate_hz /
               (place->bpm * place->unit));
}

/// Come to the next bar, or to the beginning of the loop
static void
next_bar(Chaos* const self, const uint32_t frame)
{
  Song* const  song  = &self->song;
  Place* const place = &song->place;
  bool         tells = false;

  place->beat -= place->n_beats;
  ++place->bar;
  if (song->next_beats) {
    tells =
      place->n_beats != song->next_beats || place->unit != song->next_unit;
    place->beat      = place->beat * song->next_unit / place->unit;
    place->n_beats   = song->next_beats;
    place->unit      = song->next_unit;
    song->next_beats = 0U;
    self->wait += tells && self->tell == TELL_COARSE ? 1U : 0U;
  }

  const bool wraps =
    song->loops && !song->overruns && place->bar == song->loop_end;
  if (wraps) {
    place->bar   = song->loop_begin;
    place->beat  = 0.0;
    place->frame = frame_of(self, place);
    song->line += LINE_GAP;
    count(self, COUNT_WRAPS);
    if (self->is_roll_known && self->rolls_as_told &&
        tell_is_good(self->tell) && !self->n_lies && !self->was_free &&
        self->block.n_cuts < EAR_MAX_CUTS) {
      self->block.cuts[self->block.n_cuts++] = frame;
    }
  }
  mark(self, frame, true, wraps);
  if (tells || wraps) {
    tell_at(self, frame);
  }
}

/// Go through the frames of a block
static void
pass_frames(Chaos* const self, const uint32_t n_frames)
{
  Song* const  song  = &self->song;
  Place* const place = &song->place;
  uint32_t     at    = 0U;
  while (at < n_frames) {
    const double step = beats_per_frame(self);
    const double left = place->n_beats - place->beat;
    const double rest = n_frames - at;
    const double need = step > 0.0 ? ceil(left / step - 1e-6) : 1e18;
    const double n    = need < 1.0 ? 1.0 : need;
    if (n >= rest || self->n_marks + 2U >= MAX_MARKS) {
      place->beat += step * rest;
      place->frame += place->rolls ? rest * place->speed : 0.0;
      song->line += step * rest * ticks_per_beat(place);
      break;
    }
    place->beat += step * n;
    place->frame += n * place->speed;
    song->line += step * n * ticks_per_beat(place);
    place->beat =
      fabs(place->beat - place->n_beats) < 1e-9 ? place->n_beats : place->beat;
    at += (uint32_t)n;
    next_bar(self, at);
  }

  // What was too much for marks, and what goes backwards
  while (place->beat >= place->n_beats || place->beat < 0.0) {
    const bool ahead = place->beat >= place->n_beats;
    place->beat += ahead ? -(double)place->n_beats : place->n_beats;
    place->bar += ahead ? 1 : -1;
    self->has_jumped  = true;
    self->has_changed = true;
  }
  if (song->loops && song->overruns && place->bar == song->loop_end) {
    place->bar         = song->loop_begin;
    place->frame       = frame_of(self, place);
    self->has_jumped   = true;
    self->has_changed  = true;
    self->is_sure_jump = true;
    count(self, COUNT_WRAPS);
  }
}

// Knowing -------------------------------------------------------------------

static void
know_nothing_for(Chaos* const self, const uint32_t n_bars)
{
  self->wait = self->wait > n_bars ? self->wait : n_bars;
}

/// What is played now breaks off
static void
cut(Chaos* const self, const uint32_t n_bars)
{
  score_cut(&self->score);
  know_nothing_for(self, n_bars);
}

static bool
is_on(const Chaos* const self, const PortIndex port)
{
  return port_is_on(self->ports, port);
}

static bool
is_told_well(const Chaos* const self)
{
  return tell_is_good(self->tell) && !self->n_lies && !self->noise;
}

static Composer*
composer_in_use(const Chaos* const self)
{
  ModelIds   ids;
  Box* const in_use = &((Plugin*)self->handle)->worker.in_use;
  if (!box_read(in_use, &ids, (uint32_t)(sizeof(ids) / 4U))) {
    return NULL;
  }
  for (uint32_t i = 0U; i < self->world->n_composers; ++i) {
    const ModelIds its = composer_models(self->world->composers[i]);
    if (!memcmp(&its, &ids, sizeof(ids))) {
      return self->world->composers[i];
    }
  }
  return NULL;
}

/// Whether all is known that the bar that begins now is a function of.  Where
/// positions were left out, the plugin may have learned another way to count
/// tempo, and the place of what it plays is not known until it learns better.
static bool
is_certain(const Chaos* const self)
{
  const Realtime* const rt = &self->plugin->rt;
  return !self->setup->is_mixed && !self->wait && is_told_well(self) &&
         !self->was_free && self->was_enabled && self->is_roll_known &&
         self->clock >= self->unsure_until && rt->host.bpm_factor == 1.0 &&
         !rt->must_load && !rt->is_loading && !self->worker.n_loads_out;
}

static int32_t
floor_div(const int32_t a, const int32_t b)
{
  return a / b - (a % b < 0);
}

static const Phrase*
compose(Chaos* const         self,
        Composer* const      composer,
        const Request* const request)
{
  const unsigned part = request->part;
  if (!self->has_phrase[part] || self->composed_by[part] != composer ||
      memcmp(&self->requests[part], request, sizeof(*request))) {
    self->requests[part]    = *request;
    self->composed_by[part] = composer;
    self->has_phrase[part]  = true;
    composer_compose(composer, request, &self->phrases[part]);
  }
  return &self->phrases[part];
}

/// A bar begins: put on the score what it is to have, if that is known
static void
begin_bar(Chaos* const self, const Mark* const at)
{
  static const unsigned parts[] = {3U, 1U, 2U};

  score_begin(&self->score, at->bar, at->begin, at->n_ticks);
  Composer* const composer = is_certain(self) ? composer_in_use(self) : NULL;
  if (!composer) {
    return;
  }

  const Schedule* const schedule = &self->plugin->rt.schedule;
  Mix                   mix;
  ports_read_mix(self->ports, &mix);
  const int32_t n_bars = mix.phrase_bars;
  const int32_t own    = floor_div(at->bar, n_bars);
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    if (parts[self->setup->i_plugin] & (1U << part)) {
      Request request;
      memset(&request, 0, sizeof(request));
      request.part = (Part)part;
      request.i_phrase =
        schedule->is_held ? floor_div(schedule->held, n_bars) : own;
      request.metre = at->metre;
      request.reroll =
        (uint16_t)rerolls_at(&schedule->rerolls, request.i_phrase * n_bars);
      request.mix = mix;
      score_add(&self->score,
                part,
                compose(self, composer, &request),
                (uint32_t)(at->bar - own * n_bars));
    }
  }
  score_know(&self->score, !self->may_rest);
}

// A block -------------------------------------------------------------------

/// A position reaches the plugin: does it roll from there on?
static void
reach(Chaos* const self, const uint32_t frame, const Place* const place)
{
  EarBlock* const block = &self->block;
  const bool      rolls = place->rolls && place->speed > 0.0;
  if (self->tell == TELL_PART && (self->without & POSITION_SPEED)) {
    return;
  }

  if (self->is_roll_known && self->rolls_as_told && !rolls && !self->was_free &&
      block->n_cuts < EAR_MAX_CUTS) {
    block->cuts[block->n_cuts++] = frame;
  }
  if (block->n_spans && block->spans[block->n_spans - 1U].end > frame) {
    block->spans[block->n_spans - 1U].end = frame;
  }
  if (rolls && block->n_spans < EAR_MAX_CUTS) {
    const EarSpan span             = {frame, block->n_frames};
    block->spans[block->n_spans++] = span;
  }
  self->rolls_as_told = rolls;
  self->is_roll_known = true;
}

static void
tell(Chaos* const self, const uint32_t frame, const Place* const place)
{
  input_tell(&self->input,
             frame,
             place,
             self->tell == TELL_PART ? self->without : 0U,
             self->tell == TELL_COARSE);
  reach(self, frame, place);
}

/// What is told at the block's beginning
static void
tell_beginning(Chaos* const self, const Place* const place)
{
  const bool is_due = self->has_changed || self->tell == TELL_EVERY ||
                      self->tell == TELL_COARSE || self->tell == TELL_PART ||
                      self->tell == TELL_LATE ||
                      (self->tell == TELL_ROLLING && place->rolls) ||
                      (self->tell == TELL_SPARSE && self->i_block % 8U == 0U);

  if (self->tell == TELL_LATE) {
    if (self->has_late) {
      tell(self, 0U, &self->late.place);
    }
    const Told late = {0U, *place};
    self->late      = late;
    self->has_late  = true;
    return;
  }
  if (is_due) {
    if (self->is_sure_jump && self->is_roll_known && self->rolls_as_told &&
        tell_is_good(self->tell) && !self->was_free) {
      self->block.cuts[self->block.n_cuts++] = 0U;
    }
    tell(self, 0U, place);
    self->has_changed  = false;
    self->is_sure_jump = false;
  }
}

/// Enabled, free and channels as of this block
static void
read_switches(Chaos* const self)
{
  EarBlock* const block   = &self->block;
  const bool      enabled = is_on(self, PORT_ENABLED);
  const bool      free    = is_on(self, PORT_TRANSPORT);
  if (enabled != self->was_enabled || free != self->was_free) {
    cut(self, free != self->was_free ? 2U : 1U);
    self->has_changed = true;
    ear_cut(&self->ear);
  }
  self->was_enabled = enabled;
  self->was_free    = free;
  block->is_open    = !enabled || is_on(self, PORT_THRU);
  block->channels   = 0U;
  if (self->setup->i_plugin != 2U) {
    block->channels |=
      1U << (port_whole(self->ports, PORT_MELODY_CHANNEL) - 1U);
  }
  if (self->setup->i_plugin != 1U) {
    block->channels |= 1U << (port_whole(self->ports, PORT_DRUM_CHANNEL) - 1U);
  }
  block->n_spans = 0U;
  if (self->is_roll_known ? self->rolls_as_told : true) {
    const EarSpan all              = {0U, block->n_frames};
    block->spans[block->n_spans++] = all;
  }
}

/// Positions and messages, in order of time
static void
write_input(Chaos* const self)
{
  EarBlock* const block = &self->block;
  uint32_t        i     = 0U;
  if (self->messages) {
    block->n_inputs = input_messages(self->setup,
                                     self->messages->key,
                                     (uint32_t)self->messages->a,
                                     block->n_frames,
                                     block->inputs);
  }
  static const uint8_t zeros[512] = {0U};
  for (uint32_t t = 0U; t <= self->n_told; ++t) {
    const uint32_t until = t < self->n_told ? self->told[t].frame : UINT32_MAX;
    for (; i < block->n_inputs && block->inputs[i].frame < until; ++i) {
      const EarInput* const in = &block->inputs[i];
      uint8_t               bytes[512];
      memcpy(bytes, zeros, sizeof(bytes));
      memcpy(bytes, in->bytes, 4U);
      input_add(&self->input,
                in->frame,
                self->plugin->urids.midi_MidiEvent,
                in->n_bytes,
                bytes);
    }
    if (t < self->n_told && !self->n_lies && self->tell != TELL_LATE) {
      tell(self, self->told[t].frame, &self->told[t].place);
    }
  }
}

/// Nothing is known of what the plugin makes of this block's input
static void
be_unsure(Chaos* const self)
{
  self->is_roll_known        = false;
  self->has_changed          = true;
  self->block.n_spans        = 1U;
  self->block.spans[0].begin = 0U;
  self->block.spans[0].end   = self->block.n_frames;
  self->block.n_cuts         = 0U;
  cut(self, 3U);
}

static const LV2_Atom_Sequence*
make_input(Chaos* const self, const uint32_t n_frames)
{
  EarBlock* const block = &self->block;
  input_begin(&self->input);
  block->n_frames    = n_frames;
  block->n_inputs    = 0U;
  block->n_cuts      = 0U;
  block->is_anything = self->noise;
  self->n_told       = 0U;
  self->n_marks      = 0U;
  read_switches(self);

  // A window opens, and says so again and again, or goes without a word
  if (rng_below(rng_key(self->i_block / 4096U, 8U), 0U, 2U) &&
      !rng_below(rng_key(self->i_block, 8U), 0U, 40U)) {
    const TalkUrids* const urids   = &self->plugin->rt.notify.urids;
    const uint32_t         body[2] = {
              0U, urids->kinds[self->i_block % 3U ? TALK_HERE : TALK_HELLO]};
    input_add(&self->input, 0, urids->atom_Object, sizeof(body), body);
  }

  if (self->has_jumped) {
    self->song.line += LINE_GAP;
    mark(self, 0U, self->song.place.beat == 0.0, true);
    self->has_jumped = false;
  } else {
    mark(self, 0U, false, false);
  }
  if (self->n_lies) {
    count(self, COUNT_LIES);
    input_lie(&self->input, self->lie, rng_key(self->i_block, 5U));
    self->has_changed = true;
  } else {
    const Place here = self->song.place;
    tell_beginning(self, &here);
  }
  pass_frames(self, n_frames);
  write_input(self);
  if (self->n_lies) {
    be_unsure(self);
    --self->n_lies;
  }
  if (self->noise) {
    count(self, COUNT_NOISES);
    input_damage(
      &self->input, (Noise)self->noise->a, self->noise->key, n_frames);
    be_unsure(self);
  }
  if (self->was_free || !self->was_enabled) {
    block->n_spans        = self->was_enabled ? 1U : 0U;
    block->spans[0].begin = 0U;
    block->spans[0].end   = n_frames;
  }
  return input_end(&self->input, self->noise);
}

/// Which part is on a channel, as far as that can be told
static unsigned
part_on(const Chaos* const self, const unsigned channel)
{
  const unsigned melody = port_whole(self->ports, PORT_MELODY_CHANNEL) - 1U;
  const unsigned drums  = port_whole(self->ports, PORT_DRUM_CHANNEL) - 1U;
  return self->setup->i_plugin == 1U   ? PART_MELODY
         : self->setup->i_plugin == 2U ? PART_DRUMS
         : melody == drums             ? SCORE_ANY_PART
         : channel == melody           ? PART_MELODY
                                       : PART_DRUMS;
}

/// Hold what was heard against the score
static void
follow_score(Chaos* const self)
{
  const Ear* const ear = &self->ear;
  uint32_t         i   = 0U;
  for (uint32_t m = 0U; m < self->n_marks; ++m) {
    const Mark* const at = &self->marks[m];
    const uint32_t    until =
      m + 1U < self->n_marks ? self->marks[m + 1U].frame : UINT32_MAX;
    if (at->is_jump) {
      score_cut(&self->score);
      know_nothing_for(self, at->is_bar ? 0U : 1U);
      score_begin(&self->score, at->bar, at->begin, at->n_ticks);
    } else if (at->is_bar && self->wait) {
      --self->wait;
    }
    if (at->is_bar) {
      begin_bar(self, at);
    }
    for (; i < ear->n_onsets && ear->onsets[i].frame < until; ++i) {
      const EarOnset* const on = &ear->onsets[i];
      const double          line =
        at->line + (double)(on->frame - at->frame) * at->ticks_per_frame;
      (void)score_hear(
        &self->score, line, part_on(self, on->channel), on->key, on->velocity);
    }
  }
  (void)score_pass(&self->score, self->song.line);
  if (self->score.fault[0]) {
    wrong(self, "law 1: %s", self->score.fault);
  }
}

static void
check_outputs(Chaos* const self)
{
  for (unsigned i = PORT_SCORE; i <= PORT_BAR; ++i) {
    const Port port = port_at((PortIndex)i);
    if (!isfinite(self->values[i]) ||
        (i != PORT_BAR && self->values[i] < 0.0f)) {
      wrong(self, "output %s is %g", port.symbol, (double)self->values[i]);
    }
  }
  if (self->values[PORT_SCORE] > 100.0f ||
      self->values[PORT_LATE] < self->last_late) {
    wrong(self,
          "score %g, late %g after %g",
          (double)self->values[PORT_SCORE],
          (double)self->values[PORT_LATE],
          (double)self->last_late);
  }
}

/// Where bars may lack notes for good reasons
static void
allow_rests(Chaos* const self)
{
  const bool is_tight = self->room < 8447U || self->block.n_inputs > 40U ||
                        self->ear.n_onsets > 100U;
  const bool is_one_channel = port_whole(self->ports, PORT_MELODY_CHANNEL) ==
                              port_whole(self->ports, PORT_DRUM_CHANNEL);
  self->may_rest =
    is_tight || is_one_channel || self->values[PORT_LATE] != self->last_late;
  if (self->may_rest) {
    score_allow_rests(&self->score);
  }
}

static void
check_guard(Chaos* const self)
{
  const RtCounts counts = rt_guard_counts();
  if (counts.n_allocations || counts.n_locks || counts.n_calls) {
    wrong(self,
          "law 3: %u allocations, %u locks (first: %s), system call %ld",
          counts.n_allocations,
          counts.n_locks,
          counts.first ? counts.first : "none",
          counts.call);
  }
}

static void
check_canary(Chaos* const self)
{
  const uint8_t* const end = self->out + sizeof(LV2_Atom) + self->room;
  for (unsigned i = 0U; i < CANARY_BYTES; ++i) {
    if (end[i] != CANARY) {
      wrong(self, "the plugin wrote past its buffer of %u bytes", self->room);
      return;
    }
  }
}

static void
run_block(Chaos* const self, const uint32_t n_frames)
{
  LV2_Atom_Sequence* const out   = (LV2_Atom_Sequence*)(void*)self->out;
  const LV2_Atom           head  = {self->room, 0U};
  EarBlock* const          block = &self->block;

  self->worker.i_block      = self->i_block;
  self->ports[PORT_CONTROL] = make_input(self, n_frames);
  self->descriptor->connect_port(
    self->handle, PORT_CONTROL, (void*)(size_t)self->ports[PORT_CONTROL]);
  memset(self->out + sizeof(LV2_Atom) + self->room, CANARY, CANARY_BYTES);
  memcpy(self->out, &head, sizeof(head));
  count(self, COUNT_BLOCKS);
  self->report->counts[COUNT_EMPTY] += !n_frames;
  self->report->counts[COUNT_FRAMES] += n_frames;
  self->report->counts[COUNT_TIGHT] += self->room < 512U;

  chaos_in_run = true;
  rt_guard_begin();
  self->descriptor->run(self->handle, n_frames);
  rt_guard_end();
  chaos_in_run = false;

  block->out      = out;
  block->capacity = self->room;
  if (!ear_block(&self->ear, block)) {
    wrong(self, "%s", self->ear.fault);
  }
  check_canary(self);
  check_outputs(self);
  allow_rests(self);
  follow_score(self);
  self->last_late = self->values[PORT_LATE];
  chaos_worker_after_run(&self->worker);
  check_guard(self);
  if (self->worker.fault[0]) {
    wrong(self, "%s", self->worker.fault);
  }
  if (self->is_reroll_down) {
    self->values[PORT_REROLL] = 0.0f;
    self->is_reroll_down      = false;
  }
  self->messages = NULL;
  self->noise    = NULL;
  self->clock += n_frames;
  ++self->i_block;
  ++self->report->i_block;
  if (self->clock < self->unsure_until) {
    know_nothing_for(self, 2U);
  }
}

// State ---------------------------------------------------------------------

static LV2_State_Status
store(const LV2_State_Handle handle,
      const uint32_t         key,
      const void* const      value,
      const size_t           size,
      const uint32_t         type,
      const uint32_t         flags)
{
  Chaos* const self = (Chaos*)handle;
  Kept* const  kept = &self->kept;
  (void)flags;
  if (kept->n >= N_KEPT || !value || !size || size > MAX_TEXT ||
      type != self->plugin->urids.atom_String ||
      ((const char*)value)[size - 1U]) {
    wrong(self, "law 4: save() stores what is no text");
    return LV2_STATE_ERR_UNKNOWN;
  }
  kept->keys[kept->n]  = key;
  kept->types[kept->n] = type;
  memcpy(kept->texts[kept->n], value, size);
  ++kept->n;
  return LV2_STATE_SUCCESS;
}

static void
save(Chaos* const self)
{
  self->kept.n = 0U;
  count(self, COUNT_SAVES);
  if (self->state->save(self->handle, store, self, 0U, NULL) !=
        LV2_STATE_SUCCESS ||
      self->kept.n != N_KEPT) {
    wrong(self, "law 4: save() stored %u of %u keys", self->kept.n, N_KEPT);
  }
}

typedef struct {
  Chaos*   chaos;
  Restore  manner;
  uint64_t key;
  uint32_t n_asked;
  char     text[MAX_TEXT + 8U]; ///< One buffer: an answer dies at the next
} Retrieval;

static const char*
old_id(const Chaos* const self, const LV2_URID key, char* const text)
{
  const Urids* const u      = &self->plugin->urids;
  const LV2_URID     keys[] = {
        u->state_melody, u->state_drums, u->state_gate_melody, u->state_gate_drums};
  for (unsigned i = 0U; i < 4U; ++i) {
    if (keys[i] == key) {
      const ModelIds* const ids = &self->world->older;
      snprintf(text,
               20U,
               "%016llx",
               (unsigned long long)(i < 2U ? ids->part[i] : ids->gate[i - 2U]));
      return text;
    }
  }
  return NULL;
}

static void
noise_text(char* const text, const uint64_t key)
{
  static const char letters[] =
    "0123456789:- -:019 -12:34 9999999999 abcdef\t\n\x80%sn";
  const uint32_t n =
    rng_below(key, 0U, rng_below(key, 1U, 6U) ? 40U : MAX_TEXT);
  for (uint32_t i = 0U; i < n; ++i) {
    text[i] = letters[rng_below(key, i + 2U, sizeof(letters) - 1U)];
  }
  text[n] = '\0';
}

static const void*
retrieve(const LV2_State_Handle handle,
         const uint32_t         key,
         size_t* const          size,
         uint32_t* const        type,
         uint32_t* const        flags)
{
  Retrieval* const self = (Retrieval*)handle;
  Chaos* const     c    = self->chaos;
  const uint32_t   dice = rng_below(self->key, self->n_asked++, 4U);
  const uint64_t   own  = rng_key(self->key, self->n_asked);
  uint32_t         i    = 0U;
  char             id[24];

  memset(self->text, 'x', sizeof(self->text));
  while (i < c->kept.n && c->kept.keys[i] != key) {
    ++i;
  }
  if (i == c->kept.n || self->manner == RESTORE_NOTHING ||
      (self->manner == RESTORE_PART && dice < 2U)) {
    return NULL;
  }

  strcpy(self->text, c->kept.texts[i]);
  *type  = c->kept.types[i];
  *flags = LV2_STATE_IS_POD | LV2_STATE_IS_PORTABLE;
  if (self->manner == RESTORE_TEXT && dice < 2U) {
    noise_text(self->text, own);
  } else if (self->manner == RESTORE_OLD && old_id(c, key, id)) {
    strcpy(self->text, id);
  } else if (self->manner == RESTORE_UNKNOWN && old_id(c, key, id)) {
    strcpy(self->text, "0123456789abcdef");
  }
  *size = strlen(self->text) + 1U;
  if (self->manner == RESTORE_TYPE && dice < 2U) {
    *type = rng_below(own, 0U, 2U) ? c->plugin->urids.atom_Int : *type;
    *size = rng_below(own, 1U, 3U) ? rng_below(own, 2U, 8U) : *size;
  } else if (self->manner == RESTORE_NO_END) {
    --*size;
    self->text[*size] = 'x';
  }
  return self->text;
}

// Actions -------------------------------------------------------------------

static void
jump(Chaos* const self, const int32_t bar, const double beat)
{
  Place* const place = &self->song.place;
  const double distance =
    ((double)(bar - place->bar) * place->n_beats + beat - place->beat) *
    ticks_per_beat(place);
  place->bar         = bar;
  place->beat        = beat;
  place->frame       = frame_of(self, place);
  self->has_jumped   = true;
  self->has_changed  = true;
  self->is_sure_jump = fabs(distance) > SURE_JUMP;
}

static void
do_run(Chaos* const self, const Action* const action)
{
  for (uint32_t i = 0U; i < (uint32_t)action->a && !self->report->fault[0];
       ++i) {
    run_block(self, session_block(action, i));
  }
}

static void
do_play(Chaos* const self, const Action* const action)
{
  Place* const place = &self->song.place;
  (void)action;
  if (!place->rolls) {
    count(self, COUNT_STARTS);
    place->rolls      = true;
    self->has_jumped  = true;
    self->has_changed = true;
  }
}

static void
do_stop(Chaos* const self, const Action* const action)
{
  Place* const place = &self->song.place;
  (void)action;
  if (place->rolls) {
    count(self, COUNT_STOPS);
    place->rolls      = false;
    self->has_jumped  = true;
    self->has_changed = true;
  }
}

static void
do_locate(Chaos* const self, const Action* const action)
{
  const double beat = fmod(action->b / 96.0, self->song.place.n_beats);
  count(self, COUNT_LOCATES);
  jump(self, action->a, beat);
}

static void
do_loop(Chaos* const self, const Action* const action)
{
  Song* const song = &self->song;
  song->loops      = true;
  song->loop_begin = action->b;
  song->loop_end   = action->b + action->a;
  song->overruns   = action->c;
  if (song->place.bar < song->loop_begin || song->place.bar >= song->loop_end) {
    count(self, COUNT_LOCATES);
    jump(self, song->loop_begin, 0.0);
  }
}

static void
do_no_loop(Chaos* const self, const Action* const action)
{
  (void)action;
  self->song.loops = false;
}

static void
do_tempo(Chaos* const self, const Action* const action)
{
  count(self, COUNT_TEMPOS);
  self->song.place.bpm = action->a / 10.0;
  self->has_changed    = true;
}

static void
do_metre(Chaos* const self, const Action* const action)
{
  Song* const song = &self->song;
  count(self, COUNT_METRES);
  song->next_beats = (uint32_t)action->a;
  song->next_unit  = (uint32_t)action->b;
  if (!song->place.rolls) {
    song->place.n_beats = song->next_beats;
    song->place.unit    = song->next_unit;
    song->place.beat    = 0.0;
    song->place.frame   = frame_of(self, &song->place);
    song->next_beats    = 0U;
    self->has_jumped    = true;
    self->has_changed   = true;
  }
}

static void
do_speed(Chaos* const self, const Action* const action)
{
  Place* const place     = &self->song.place;
  const bool   was_going = place->speed > 0.0;
  count(self, COUNT_TEMPOS);
  place->speed      = action->a / 100.0;
  self->has_changed = true;
  if (was_going != (place->speed > 0.0)) {
    self->has_jumped = true;
  }
}

static void
do_tell(Chaos* const self, const Action* const action)
{
  const bool was_good = tell_is_good(self->tell);
  self->tell          = (Tell)action->a;
  self->without       = (unsigned)action->b;
  self->has_late      = false;
  if (!was_good || !tell_is_good(self->tell)) {
    self->has_changed = true;
    cut(self, 2U);
  }
}

static void
do_lie(Chaos* const self, const Action* const action)
{
  self->n_lies = (uint32_t)action->a;
  self->lie    = (Lie)action->b;
  cut(self, 3U);
}

/// The music is another one from some bar on; or at once while it stands
static void
turn(Chaos* const self)
{
  if (!self->is_roll_known || self->rolls_as_told || !is_told_well(self) ||
      self->was_free) {
    know_nothing_for(self, 2U);
  }
}

static void
set_port(Chaos* const self, const PortIndex port, const float value)
{
  if (port == PORT_MELODY_CHANNEL || port == PORT_DRUM_CHANNEL) {
    cut(self, 1U);
  }
  self->values[port] = value;
  if (port == PORT_MELODY_CHANNEL || port == PORT_DRUM_CHANNEL) {
    const bool is_taken = port_whole(self->ports, port) > EAR_FIRST_PASSED;
    self->values[port]  = is_taken && !self->setup->is_mixed ? 3.0f : value;
  } else if (port == PORT_HOLD || port == PORT_REROLL) {
    know_nothing_for(self, 2U);
  } else if (port < PORT_MELODY_CHANNEL || port == PORT_DRUM_MAP) {
    turn(self);
  }
}

static void
do_control(Chaos* const self, const Action* const action)
{
  const Port port = port_at((PortIndex)action->a);
  count(self, COUNT_CONTROLS);
  set_port(self,
           (PortIndex)action->a,
           session_value(action, port.minimum, port.maximum));
}

static void
do_preset(Chaos* const self, const Action* const action)
{
  count(self, COUNT_PRESETS);
  for (uint32_t i = PORT_PHRASE_BARS; i <= PORT_VELOCITY; ++i) {
    const Port   port  = port_at((PortIndex)i);
    const Action value = {ACTION_CONTROL,
                          (int32_t)i,
                          9,
                          (int32_t)rng_below(action->key, i, 1001U),
                          0U,
                          0U};
    set_port(
      self, (PortIndex)i, session_value(&value, port.minimum, port.maximum));
  }
}

static void
do_channels(Chaos* const self, const Action* const action)
{
  count(self, COUNT_SWITCHES);
  set_port(self, PORT_MELODY_CHANNEL, (float)action->a);
  set_port(self, PORT_DRUM_CHANNEL, (float)action->b);
}

static void
do_switch(Chaos* const self, const Action* const action)
{
  static const PortIndex ports[N_ACTION_KINDS] = {
    [ACTION_ENABLED]   = PORT_ENABLED,
    [ACTION_THRU]      = PORT_THRU,
    [ACTION_HOLD]      = PORT_HOLD,
    [ACTION_FREE]      = PORT_TRANSPORT,
    [ACTION_FREEWHEEL] = PORT_FREEWHEEL,
  };
  count(self, COUNT_SWITCHES);
  set_port(self, ports[action->kind], action->a ? 1.0f : 0.0f);
}

static void
do_reroll(Chaos* const self, const Action* const action)
{
  (void)action;
  set_port(self, PORT_REROLL, 1.0f);
  self->is_reroll_down = true;
}

static void
do_save(Chaos* const self, const Action* const action)
{
  (void)action;
  save(self);
}

static void
do_restore(Chaos* const self, const Action* const action)
{
  Retrieval retrieval;
  retrieval.chaos   = self;
  retrieval.manner  = (Restore)action->a;
  retrieval.key     = action->key;
  retrieval.n_asked = 0U;
  if (!self->kept.n) {
    save(self);
  }
  count(self, COUNT_RESTORES);
  self->report->counts[COUNT_DAMAGED] += action->a != RESTORE_LAST;
  if (self->state->restore(self->handle, retrieve, &retrieval, 0U, NULL) !=
      LV2_STATE_SUCCESS) {
    wrong(self, "restore() does not succeed");
  }
  cut(self, 2U);
  self->unsure_until =
    self->clock + (int64_t)(PORTS_S * self->setup->rate_hz) + 8192;
}

static void
do_deactivate(Chaos* const self, const Action* const action)
{
  (void)action;
  count(self, COUNT_PAUSES);
  self->descriptor->deactivate ? self->descriptor->deactivate(self->handle)
                               : (void)0;
  self->descriptor->activate(self->handle);
  ear_cut(&self->ear);
  cut(self, 1U);
}

static void
do_manner(Chaos* const self, const Action* const action)
{
  self->worker.work           = (Work)action->a;
  self->worker.n_delay        = (uint32_t)action->b;
  self->worker.n_answer_delay = (uint32_t)action->c;
}

static void
do_lose(Chaos* const self, const Action* const action)
{
  self->worker.n_to_lose      = (uint32_t)action->a;
  self->worker.is_lost_undone = action->b;
}

static void
do_refuse(Chaos* const self, const Action* const action)
{
  self->worker.n_to_refuse = (uint32_t)action->a;
}

static void
do_overlap(Chaos* const self, const Action* const action)
{
  self->worker.n_to_overlap = (uint32_t)action->a;
}

static void
do_room(Chaos* const self, const Action* const action)
{
  self->room = (uint32_t)action->a;
}

static void
do_midi(Chaos* const self, const Action* const action)
{
  self->messages = action;
}

static void
do_noise(Chaos* const self, const Action* const action)
{
  self->noise = action;
}

static void (*const doers[N_ACTION_KINDS])(Chaos*, const Action*) = {
  [ACTION_RUN]        = do_run,
  [ACTION_PLAY]       = do_play,
  [ACTION_STOP]       = do_stop,
  [ACTION_LOCATE]     = do_locate,
  [ACTION_LOOP]       = do_loop,
  [ACTION_NO_LOOP]    = do_no_loop,
  [ACTION_TEMPO]      = do_tempo,
  [ACTION_METRE]      = do_metre,
  [ACTION_SPEED]      = do_speed,
  [ACTION_TELL]       = do_tell,
  [ACTION_LIE]        = do_lie,
  [ACTION_CONTROL]    = do_control,
  [ACTION_PRESET]     = do_preset,
  [ACTION_CHANNELS]   = do_channels,
  [ACTION_ENABLED]    = do_switch,
  [ACTION_THRU]       = do_switch,
  [ACTION_REROLL]     = do_reroll,
  [ACTION_HOLD]       = do_switch,
  [ACTION_FREE]       = do_switch,
  [ACTION_FREEWHEEL]  = do_switch,
  [ACTION_SAVE]       = do_save,
  [ACTION_RESTORE]    = do_restore,
  [ACTION_DEACTIVATE] = do_deactivate,
  [ACTION_WORK]       = do_manner,
  [ACTION_LOSE]       = do_lose,
  [ACTION_REFUSE]     = do_refuse,
  [ACTION_OVERLAP]    = do_overlap,
  [ACTION_ROOM]       = do_room,
  [ACTION_MIDI]       = do_midi,
  [ACTION_NOISE]      = do_noise,
};

// A session -----------------------------------------------------------------

static bool
open_plugin(Chaos* const self)
{
  const LV2_URID_Map map       = {self, map_uri};
  const LV2_Log_Log  log       = {self, on_printf, on_vprintf};
  const LV2_Feature  of_map    = {LV2_URID__map, &self->map};
  const LV2_Feature  of_log    = {LV2_LOG__log, &self->log};
  const LV2_Feature  of_worker = {LV2_WORKER__schedule, &self->worker.schedule};
  const LV2_Feature* const features[] = {
    &of_map, &of_worker, self->setup->has_log ? &of_log : NULL, NULL};

  self->map        = map;
  self->log        = log;
  self->descriptor = self->world->descriptor(self->setup->i_plugin);
  self->handle     = self->descriptor->instantiate(
    self->descriptor,
    self->setup->rate_hz,
    self->setup->has_models ? self->world->bundle : self->world->empty,
    features);
  self->plugin = (const Plugin*)self->handle;
  if (!self->handle ||
      !input_init(&self->input, &self->plugin->urids, self->setup)) {
    return false;
  }
  self->state = (const LV2_State_Interface*)self->descriptor->extension_data(
    LV2_STATE__interface);
  chaos_worker_connect(
    &self->worker,
    self->handle,
    (const LV2_Worker_Interface*)self->descriptor->extension_data(
      LV2_WORKER__interface));
  for (unsigned i = 0U; i < N_PORTS; ++i) {
    self->values[i] = port_at((PortIndex)i).standard;
    self->ports[i] =
      i == PORT_MIDI_OUT ? (const void*)self->out : &self->values[i];
    self->descriptor->connect_port(
      self->handle, i, (void*)(size_t)self->ports[i]);
  }
  self->values[PORT_CANDIDATES] = 1.0f; // It is quicker
  ear_init(&self->ear,
           self->plugin->urids.atom_Sequence,
           self->plugin->urids.midi_MidiEvent,
           self->setup->is_mixed);
  self->descriptor->activate(self->handle);
  return true;
}

/// Stop and close every way: then nothing sounds
static void
finish(Chaos* const self)
{
  self->n_lies                 = 0U;
  self->noise                  = NULL;
  self->messages               = NULL;
  self->room                   = OUT_BYTES;
  self->tell                   = TELL_EVERY;
  self->song.place.rolls       = false;
  self->has_changed            = true;
  self->values[PORT_TRANSPORT] = 0.0f;
  self->values[PORT_ENABLED]   = 1.0f;
  self->values[PORT_THRU]      = 0.0f;
  for (unsigned i = 0U; i < 12U; ++i) { // The books are longer than a block
    run_block(self, 64U);
  }
  if (!ear_end(&self->ear)) {
    wrong(self, "%s", self->ear.fault);
  }
}

static void
gather(Chaos* const self)
{
  uint64_t* const counts = self->report->counts;
  counts[COUNT_NOTES] += self->ear.n_notes;
  counts[COUNT_SAID] += self->ear.n_said;
  counts[COUNT_PASSED] += self->ear.n_passed_on;
  counts[COUNT_BARS] += self->score.n_bars;
  counts[COUNT_BAR_NOTES] += self->score.n_notes;
  counts[COUNT_WORKS] += self->worker.n_works;
  counts[COUNT_INSIDE] += self->worker.n_inside;
  counts[COUNT_LATE] += self->worker.n_late;
  counts[COUNT_LOST] += self->worker.n_lost;
  counts[COUNT_REFUSED] += self->worker.n_refused;
  counts[COUNT_OVERLAPS] += self->worker.n_overlaps;
  counts[COUNT_LOADS] += self->worker.n_loads;
  ++counts[COUNT_SESSIONS];
}

bool
chaos_play(const ChaosWorld* const world,
           const Setup* const      setup,
           const Action* const     actions,
           const uint32_t          n_actions,
           ChaosReport* const      report)
{
  static const Place start = {false, 0, 0.0, 0.0, 120.0, 1.0, 4U, 4U};

  Chaos* const self = (Chaos*)calloc(1U, sizeof(Chaos));
  if (!self) {
    snprintf(report->fault, sizeof(report->fault), "no memory");
    return false;
  }
  self->world         = world;
  self->setup         = setup;
  self->report        = report;
  self->uris          = uri_table_new();
  self->out           = (uint8_t*)calloc(1U, OUT_BYTES + CANARY_BYTES + 64U);
  self->room          = OUT_BYTES;
  self->song.place    = start;
  self->was_enabled   = true;
  self->is_roll_known = true;
  self->has_changed   = true;
  report->i_block     = 0U;
  report->i_action    = 0U;
  score_init(&self->score);
  chaos_worker_init(&self->worker);
  rt_guard_reset();

  if (open_plugin(self)) {
    for (uint32_t i = 0U; i < n_actions && !report->fault[0]; ++i) {
      report->i_action = i;
      doers[actions[i].kind](self, &actions[i]);
    }
    if (!report->fault[0]) {
      report->i_action = n_actions;
      finish(self);
    }
    gather(self);
    chaos_worker_end(&self->worker);
    if (self->descriptor->deactivate) {
      self->descriptor->deactivate(self->handle);
    }
    self->descriptor->cleanup(self->handle);
  } else {
    wrong(self, "the plugin makes no instance");
  }
  input_free(&self->input);
  uri_table_free(self->uris);
  free(self->out);
  free(self);
  return !report->fault[0];
}
