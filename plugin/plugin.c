// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/plugin.h"

#include "plugin/midi_out.h"
#include "plugin/position.h"

#include <lv2/atom/util.h>
#include <lv2/core/lv2_util.h>
#include <lv2/log/log.h>
#include <lv2/state/state.h>
#include <lv2/urid/urid.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__)
#  define EXPORT __attribute__((visibility("default")))
#else
#  define EXPORT
#endif

/// An answer that took this long to come is not waited for any more, s
static const double answer_s = 30.0;

/// A host that sets ports after a state has done so by then, s
static const double ports_s = 2.0;

/// Jobs in one run, when they are done at once: more than a run ever needs
enum { MAX_JOBS = 64 };

/// Which parts each plugin sounds
static const struct {
  const char* uri;
  unsigned    parts;
} plugins[] = {
  {PERPETUO_DUO, 1U << PART_MELODY | 1U << PART_DRUMS},
  {PERPETUO_MELODY, 1U << PART_MELODY},
  {PERPETUO_DRUMS, 1U << PART_DRUMS},
};

enum { N_PLUGINS = sizeof(plugins) / sizeof(plugins[0]) };

// Asking the worker ------------------------------------------------------

/// Hand a job over.  All books are in order before: the answer may come at
/// once, inside of this call.
static bool
send_job(Plugin* const self, const Job* const job)
{
  Realtime* const rt = &self->rt;

  ++rt->n_asked;
  rt->asked_clock = rt->clock;
  worker_count(&self->worker, true);
  if (self->schedule->schedule_work(
        self->schedule->handle, sizeof(*job), job) == LV2_WORKER_SUCCESS) {
    return true;
  }
  --rt->n_asked; // Not taken: again in the next run
  worker_count(&self->worker, false);
  return false;
}

static bool
ask_to_load(Plugin* const self)
{
  const Job job = {JOB_LOAD, 0U, 0U, 0U, self->rt.wanted};

  self->rt.must_load  = false;
  self->rt.is_loading = true;
  if (!send_job(self, &job)) {
    self->rt.must_load  = true;
    self->rt.is_loading = false;
    return false;
  }
  return true;
}

/// Lend a slot for what is needed next; false when there is nothing to do
static bool
next_job(Realtime* const rt, Job* const job)
{
  Request request;
  if (!schedule_next(&rt->schedule, &rt->plan, &rt->mix, &request)) {
    rt->is_content = true;
    rt->content_at = rt->transport->n_changes;
    return false;
  }

  const int i_slot = plan_lend(&rt->plan, &request);
  if (i_slot < 0) {
    return false;
  }

  const Job made = {JOB_COMPOSE,
                    (uint32_t)i_slot,
                    rt->plan.slots[i_slot].serial,
                    0U,
                    {{0U}, {0U}}};
  *job           = made;
  return true;
}

static bool
ask_to_compose(Plugin* const self)
{
  Job job;
  if (!next_job(&self->rt, &job)) {
    return false;
  }
  if (!send_job(self, &job)) {
    plan_take_back(&self->rt.plan, (int)job.i_slot);
    return false;
  }
  return true;
}

/// Ask for what will be needed.  One job is out at a time; in an export, where
/// jobs are done at once, one that was left from before is not waited for.
static void
ask(Plugin* const self)
{
  Realtime* const rt = &self->rt;
  const bool      is_content =
    rt->is_content && rt->content_at == rt->transport->n_changes;

  if (!self->schedule || (is_content && !rt->n_asked && !rt->must_load)) {
    return;
  }
  rt->is_content = is_content;
  if (rt->n_asked &&
      (double)(rt->clock - rt->asked_clock) > answer_s * self->rate_hz) {
    plan_give_up(&rt->plan);
    rt->n_asked    = 0U;
    rt->is_content = false;
  }

  for (unsigned i = 0U; i < MAX_JOBS; ++i) {
    if (rt->n_asked > (rt->is_exported ? 1U : 0U)) {
      return;
    }
    if (!(rt->must_load                        ? ask_to_load(self)
          : rt->can_compose && !rt->is_content ? ask_to_compose(self)
                                               : false)) {
      return;
    }
  }
}

// Keeping ----------------------------------------------------------------

/// Let save() see what there is to keep
static void
keep(Plugin* const self)
{
  const Realtime* const rt = &self->rt;
  State                 state;

  memset(&state, 0, sizeof(state));
  state.models  = rt->wanted;
  state.is_held = rt->schedule.is_held || rt->is_held_later;
  state.held    = rt->is_held_later ? rt->held_later : rt->schedule.held;
  state.rerolls = rt->schedule.rerolls;
  box_write(&self->kept, &state, STATE_N_WORDS);
  atomic_store_explicit(&self->n_taken, rt->n_restored, memory_order_release);
}

/// Join the music where it is, without what is past
static void
rejoin(Realtime* const rt)
{
  player_end_all(&rt->player);
  player_bar(&rt->player, transport_first_tick(rt->transport, rt->now));
}

static bool
is_other(const ModelIds* const wanted, const ModelIds* const in_use)
{
  for (unsigned i = 0U; i < N_PARTS; ++i) {
    if ((wanted->part[i] && wanted->part[i] != in_use->part[i]) ||
        (wanted->gate[i] && wanted->gate[i] != in_use->gate[i])) {
      return true;
    }
  }
  return false;
}

/// Take in what restore() has left for us
static void
take_restored(Plugin* const self)
{
  Realtime* const rt         = &self->rt;
  const unsigned  n_restored = box_count(&self->restored);
  State           state;
  ModelIds        in_use;

  if (n_restored == rt->n_restored ||
      !box_read(&self->restored, &state, STATE_N_WORDS) ||
      !worker_models(&self->worker, &in_use)) {
    return; // Nothing new, or being written: in the next run
  }

  rt->must_read        = true;
  rt->is_content       = false;
  rt->n_restored       = n_restored;
  rt->schedule.rerolls = state.rerolls;
  rt->wanted           = state.models;
  rt->is_held_later    = state.is_held;
  rt->held_later       = state.held;
  rt->held_until       = rt->clock + (int64_t)(ports_s * self->rate_hz);
  schedule_hold(&rt->schedule, false);
  if (rt->is_loading || is_other(&state.models, &in_use)) {
    rt->must_load = true;
    plan_forget(&rt->plan);
    rejoin(rt);
  }
  keep(self);
}

/// Take in what a job has come to
static void
take_answer(Plugin* const self, const Answer* const answer)
{
  Realtime* const rt      = &self->rt;
  const bool      is_done = answer->status == STATUS_SUCCESS;

  rt->is_content = false;
  if (answer->kind == JOB_COMPOSE) {
    (void)plan_answer(&rt->plan, answer->i_slot, answer->serial, is_done);
  } else {
    rt->is_loading = false;
    if (is_done && !rt->must_load) {
      rt->can_compose = true;
      plan_forget(&rt->plan);
      rejoin(rt);
      keep(self);
    }
  }
}

// Watching ---------------------------------------------------------------

/// The current bar is over, or left
static void
note_bar(Realtime* const rt, const int64_t clock, const bool is_over)
{
  if (rt->is_enabled) {
    notify_bar(
      &rt->notify, &rt->schedule, &rt->plan, &rt->player, clock, is_over);
  }
}

/// Bits of TalkPlace.state
static unsigned
talk_state(const Plugin* const self)
{
  const Realtime* const rt = &self->rt;

  const struct {
    bool     is;
    unsigned bit;
  } rows[] = {
    {rt->transport->is_rolling, TALK_IS_ROLLING},
    {rt->transport->is_known, TALK_IS_KNOWN},
    {rt->transport == &rt->own, TALK_IS_FREE},
    {rt->is_enabled, TALK_IS_ENABLED},
    {self->schedule, TALK_HAS_WORKER},
    {rt->can_compose, TALK_HAS_MODELS},
    {rt->is_loading || rt->must_load, TALK_IS_LOADING},
    {rt->schedule.is_held, TALK_IS_HELD},
    {rt->schedule.parts & 1U << PART_MELODY, TALK_HAS_MELODY},
    {rt->schedule.parts & 1U << PART_DRUMS, TALK_HAS_DRUMS},
    {rt->is_exported, TALK_IS_EXPORTED},
  };

  unsigned state = 0U;
  for (unsigned i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    state |= rows[i].is ? rows[i].bit : 0U;
  }
  return state;
}

/// Say to those who watch what there is to be seen
static void
show(Plugin* const            self,
     LV2_Atom_Sequence* const out,
     const uint32_t           room,
     const uint32_t           frame)
{
  Realtime* const rt    = &self->rt;
  const Sight     sight = {&rt->schedule,
                           &rt->plan,
                           &rt->player,
                           rt->transport,
                           &rt->mix,
                           &self->worker.trouble,
                           rt->end,
                           talk_state(self)};
  notify_run(&rt->notify, out, room, frame, &sight);
}

// Following --------------------------------------------------------------

/// Be where the transport is, after it changed
static void
follow(Plugin* const self, const TransportChange change)
{
  Realtime* const        rt        = &self->rt;
  const Transport* const transport = rt->transport;

  if (change == TRANSPORT_SAME) {
    return;
  }
  rt->is_content          = false;
  const bool is_other_bar = rt->schedule.now.bar != transport->bar;
  if (change != TRANSPORT_NEW_METRE || is_other_bar) {
    note_bar(rt, rt->now, change == TRANSPORT_NEW_METRE);
    notify_join(&rt->notify,
                transport,
                transport->join_tick - transport->bar_tick,
                rt->now);
  }
  if (change != TRANSPORT_NEW_METRE) {
    player_end_all(&rt->player);
    schedule_locate(&rt->schedule, transport->bar, transport->metre, &rt->mix);
    player_bar(&rt->player, transport->join_tick);
  } else if (is_other_bar) {
    player_leave(&rt->player, transport->bar_tick);
    schedule_advance(&rt->schedule, transport->metre, &rt->mix);
    player_bar(&rt->player, transport->join_tick);
  } else {
    schedule_set_metre(&rt->schedule, transport->metre);
    player_bar_again(&rt->player,
                     transport->join_tick,
                     transport_clock_of(transport, transport->join_tick));
  }
  ask(self);
}

/// Follow the host, or nobody, from now on
static void
lead(Plugin* const self, const Follow whom)
{
  Realtime* const rt = &self->rt;

  rt->transport = whom == FOLLOW_HOST ? &rt->host : &rt->own;
  schedule_follow(&rt->schedule, rt->transport);
  if (whom == FOLLOW_NOBODY) {
    transport_roll_free(
      &rt->own,
      rt->clock,
      (double)port_value((const void* const*)rt->ports, PORT_TEMPO));
  } else {
    transport_catch_up(&rt->host, rt->now);
    rt->host.join_tick = transport_first_tick(&rt->host, rt->now);
  }
  follow(self, TRANSPORT_JUMPED);
}

// Controls ---------------------------------------------------------------

static void
read_song(Plugin* const self, const void* const* const ports)
{
  Realtime* const rt     = &self->rt;
  const float     reroll = port_value(ports, PORT_REROLL);
  const bool      is_pressed =
    !rt->is_first && reroll > 0.5f && !(rt->reroll > 0.5f);
  const bool is_held = port_is_on(ports, PORT_HOLD);

  rt->reroll = reroll;
  if (is_pressed) {
    schedule_reroll(&rt->schedule, rt->transport->is_rolling);
  }
  const bool is_due =
    rt->is_held_later && (is_held || rt->clock >= rt->held_until);
  if (is_held != rt->schedule.is_held &&
      (!is_held || rt->transport->is_known || is_due)) {
    schedule_hold(&rt->schedule, is_held);
    rt->schedule.held = is_held && is_due ? rt->held_later : rt->schedule.held;
  } else if (!is_pressed && !is_due) {
    return;
  }
  rt->is_held_later &= !is_due;
  keep(self);
}

static void
read_switches(Plugin* const self, const void* const* const ports)
{
  Realtime* const rt         = &self->rt;
  const bool      is_enabled = port_is_on(ports, PORT_ENABLED);
  const Follow    whom =
    port_is_on(ports, PORT_TRANSPORT) ? FOLLOW_NOBODY : FOLLOW_HOST;
  const bool is_free  = whom == FOLLOW_NOBODY;
  const bool was_free = rt->transport == &rt->own;
  const bool is_back  = is_enabled && (!rt->is_enabled || rt->is_first);

  rt->is_enabled      = is_enabled;
  rt->player.is_muted = !is_enabled;
  if (is_free != was_free || (is_free && is_back)) {
    lead(self, whom);
  } else if (!is_enabled) {
    player_end_all(&rt->player);
  } else if (is_back) {
    rejoin(rt);
  }

  // Off, we are not here: what comes in goes out
  rt->is_open = !is_enabled || port_is_on(ports, PORT_THRU);
}

/// Let the host name the drums' notes anew when they are others
static void
show_names(Plugin* const self)
{
  const Realtime* const rt = &self->rt;
  const unsigned        names =
    rt->schedule.parts & 1U << PART_DRUMS
             ? (rt->player.channel[PART_DRUMS] + 1U) | (unsigned)rt->mix.drum_map << 8U
             : 0U;

  if (names != atomic_load_explicit(&self->names, memory_order_relaxed)) {
    atomic_store_explicit(&self->names, names, memory_order_relaxed);
    if (self->midnam) {
      self->midnam->update(self->midnam->handle);
    }
  }
}

/// Standing, every knob counts at once
static void
stand(Realtime* const rt)
{
  if (!rt->transport->is_rolling) {
    schedule_locate(
      &rt->schedule, rt->transport->bar, rt->transport->metre, &rt->mix);
    rt->located_at = rt->transport->n_changes;
    rt->is_content = false;
  }
}

/// Read what the host has set
static void
read_set(Plugin* const self)
{
  Realtime* const          rt    = &self->rt;
  const void* const* const ports = (const void* const*)rt->ports;
  const double             tempo = (double)port_value(ports, PORT_TEMPO);

  ports_read_mix(ports, &rt->mix);
  rt->is_exported = port_is_on(ports, PORT_FREEWHEEL);
  rt->player.channel[PART_MELODY] =
    (uint8_t)(port_whole(ports, PORT_MELODY_CHANNEL) - 1U);
  rt->player.channel[PART_DRUMS] =
    (uint8_t)(port_whole(ports, PORT_DRUM_CHANNEL) - 1U);
  show_names(self);

  read_switches(self, ports);
  transport_set_default_bpm(&rt->host, rt->clock, tempo);
  transport_set_default_bpm(&rt->own, rt->clock, tempo);
  read_song(self, ports);
  stand(rt);

  // Off, all is to be ended; and `hold` may wait for a place, or for a state
  rt->must_read = !rt->is_enabled || rt->is_held_later ||
                  port_is_on(ports, PORT_HOLD) != rt->schedule.is_held;
  rt->is_first = false;

  // Also where somebody was asked meanwhile: `hold` is read after that
  rt->is_content = false;
}

static void
read_controls(Plugin* const self)
{
  Realtime* const rt = &self->rt;

  if (ports_are_new((const void* const*)rt->ports, rt->seen) || rt->must_read ||
      rt->is_first) {
    read_set(self);
  } else if (rt->located_at != rt->transport->n_changes) {
    stand(rt);
  }
}

// Playing ----------------------------------------------------------------

/// Read the mix for the next bar, if the moment for it comes before `until`
static void
latch_next(Realtime* const rt, const int64_t until)
{
  const int64_t tick =
    rt->transport->bar_tick + (int64_t)schedule_latch_tick(&rt->schedule);

  if (!rt->schedule.is_latched &&
      transport_clock_of(rt->transport, tick) < until) {
    schedule_latch(&rt->schedule, &rt->mix);
    rt->is_content = false;
  }
}

/// Whether up to a frame it is as it mostly is: nothing begins, ends, or is to
/// be latched
static bool
is_still(const Realtime* const rt, const int64_t until)
{
  const Transport* const t = rt->transport;
  if (!t->is_rolling) {
    return !rt->player.n_sounding && !rt->player.is_first_look;
  }

  const double  horizon = transport_horizon(t, until);
  const int64_t latch =
    t->bar_tick + (int64_t)schedule_latch_tick(&rt->schedule);
  return (rt->schedule.is_latched || (double)latch >= horizon) &&
         (double)transport_bar_end(t) >= horizon &&
         player_rests(&rt->player, &rt->plan, horizon);
}

/// As is_still(), for slices of the block one after the other: most often all
/// that is left of it is so
static bool
stays_still(Realtime* const rt, const int64_t until)
{
  if (until > rt->still_until && is_still(rt, rt->end)) {
    rt->still_until = rt->end;
  }
  return until <= rt->still_until || (until < rt->end && is_still(rt, until));
}

/// Play the frames `begin` .. `end` of the block
static void
play_slice(Plugin* const self, const uint32_t begin, const uint32_t end)
{
  Realtime* const  rt    = &self->rt;
  Transport* const t     = rt->transport;
  const int64_t    until = rt->clock + (int64_t)end;
  int64_t          from  = rt->clock + (int64_t)begin;

  rt->now = until;
  if (begin == end || stays_still(rt, until)) {
    return;
  }

  while (from < until && t->is_rolling) {
    latch_next(rt, until);
    player_bind(&rt->player, &rt->plan, &rt->schedule.now, t, from);

    const int64_t line = transport_clock_of(t, transport_bar_end(t));
    if (line >= until) {
      break;
    }

    const int64_t stop = line > from ? line : from;
    player_play(&rt->player,
                &rt->plan,
                t,
                &rt->block,
                rt->clock,
                from,
                stop > from ? stop : from + 1,
                true);
    rt->is_content = false;
    note_bar(rt, stop, true);
    player_leave(&rt->player, transport_bar_end(t));
    transport_next_bar(t);
    schedule_advance(&rt->schedule, t->metre, &rt->mix);
    player_bar(&rt->player, t->bar_tick);
    notify_join(&rt->notify, t, 0, stop);
    from    = stop;
    rt->now = stop;
    ask(self);
  }

  player_play(
    &rt->player, &rt->plan, t, &rt->block, rt->clock, from, until, false);
  rt->now = until;
}

/// Let an event from the host change where we are
static void
handle_event(Plugin* const         self,
             const LV2_Atom* const atom,
             const uint32_t        frame,
             const uint32_t        n_frames)
{
  Realtime* const rt = &self->rt;
  Position        position;

  if (atom->type == self->urids.midi_MidiEvent) {
    if (rt->is_open) {
      player_pass(&rt->player,
                  &rt->block,
                  frame < n_frames ? frame : n_frames - (n_frames ? 1U : 0U),
                  (const uint8_t*)(atom + 1),
                  atom->size);
    }
  } else if (position_read(&self->urids, &self->rt.layout, atom, &position)) {
    rt->still_until = rt->clock;
    const TransportChange change =
      transport_told(&rt->host, rt->clock + (int64_t)frame, &position);
    if (rt->transport == &rt->host) {
      follow(self, change);
    }
  } else {
    // What is neither MIDI nor a position: nobody else looks at it
    (void)notify_hear(&rt->notify, rt->clock, atom);
  }
}

static void
write_outputs(Realtime* const rt)
{
  float    score   = 0.0f;
  uint32_t n_tries = 0U;
  (void)player_score(&rt->player, &rt->plan, &score, &n_tries);

  const struct {
    PortIndex port;
    float     value;
  } rows[] = {
    {PORT_SCORE, 100.0f * score},
    {PORT_TRIES, (float)n_tries},
    {PORT_LATE, (float)rt->player.n_late},
    {PORT_BAR, (float)rt->schedule.now.bar + 1.0f},
  };

  for (unsigned i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    float* const port = (float*)rt->ports[rows[i].port];
    if (port) {
      *port = rows[i].value;
    }
  }
}

/// An event's frame, never before `begin` nor past the end
static uint32_t
frame_in_block(const int64_t  frames,
               const uint32_t begin,
               const uint32_t n_frames)
{
  return frames < (int64_t)begin      ? begin
         : frames > (int64_t)n_frames ? n_frames
                                      : (uint32_t)frames;
}

/// The event at an offset into the sequence's body; null at the end, and where
/// what is left is no whole event
static const LV2_Atom_Event*
event_at(const LV2_Atom_Sequence* const in, const uint64_t at)
{
  const uint64_t size = in->atom.size;
  if (at + sizeof(LV2_Atom_Event) > size) {
    return NULL;
  }

  const LV2_Atom_Event* const event =
    (const LV2_Atom_Event*)((const uint8_t*)&in->body + at);
  return at + sizeof(*event) + event->body.size <= size ? event : NULL;
}

REALTIME static void
run(LV2_Handle instance, const uint32_t n_frames)
{
  Plugin* const                  self = (Plugin*)instance;
  Realtime* const                rt   = &self->rt;
  const LV2_Atom_Sequence* const in =
    (const LV2_Atom_Sequence*)rt->ports[PORT_CONTROL];
  LV2_Atom_Sequence* const out  = (LV2_Atom_Sequence*)rt->ports[PORT_MIDI_OUT];
  const uint32_t           room = out ? out->atom.size : 0U;

  rt->now         = rt->clock;
  rt->end         = rt->clock + (int64_t)n_frames;
  rt->still_until = rt->clock;

  // An event needs a frame to be in
  midi_block_begin(&rt->block, out && n_frames ? midi_out_room(out) : 0U);
  take_restored(self);
  read_controls(self);
  player_pay(&rt->player, &rt->block);
  if (!rt->is_open) {
    player_end_passed(&rt->player, &rt->block, 0U);
  }

  // Play up to each event, then let the event change where we are
  uint32_t begin = 0U;
  if (in && in->atom.type == self->urids.atom_Sequence) {
    uint64_t              at    = sizeof(LV2_Atom_Sequence_Body);
    const LV2_Atom_Event* event = event_at(in, at);
    while (event) {
      const uint32_t end = frame_in_block(event->time.frames, begin, n_frames);
      play_slice(self, begin, end);
      handle_event(self, &event->body, end, n_frames);
      begin = end;
      at += sizeof(*event) + lv2_atom_pad_size(event->body.size);
      event = event_at(in, at);
    }
  }
  play_slice(self, begin, n_frames);

  // Ask for what will be needed, never for what is needed now
  ask(self);
  write_outputs(rt);
  if (out) {
    midi_out_write(&self->urids, out, room, &rt->block);
    if (n_frames && notify_is_watched(&rt->notify, rt->clock)) {
      show(self, out, room, n_frames - 1U); // In what room the music leaves
    }
  }
  rt->clock += (int64_t)n_frames;
}

// The host's other calls ---------------------------------------------------

static void
connect_port(LV2_Handle instance, const uint32_t port, void* const data)
{
  if (port < N_PORTS) {
    const bool is_set = port >= PORT_SET_FIRST && port <= PORT_SET_LAST;
    ((Plugin*)instance)->rt.ports[port] =
      data || !is_set ? data : (void*)(uintptr_t)port_place((PortIndex)port);
  }
}

static LV2_Handle
instantiate(const LV2_Descriptor* const     descriptor,
            const double                    rate_hz,
            const char* const               bundle,
            const LV2_Feature* const* const features)
{
  LV2_URID_Map*        map      = NULL;
  LV2_Log_Log*         log      = NULL;
  MidnamUpdate*        midnam   = NULL;
  LV2_Worker_Schedule* schedule = NULL;

  Plugin* const self = (Plugin*)calloc(1U, sizeof(Plugin));
  if (!self) {
    return NULL;
  }

  const char* const missing = lv2_features_query(features,
                                                 LV2_LOG__log,
                                                 &log,
                                                 false,
                                                 LV2_URID__map,
                                                 &map,
                                                 true,
                                                 LV2_WORKER__schedule,
                                                 &schedule,
                                                 false,
                                                 MIDNAM__update,
                                                 &midnam,
                                                 false,
                                                 NULL);
  if (missing) {
    const Log nowhere = {NULL, 0U, 0U};
    log_error(&nowhere,
              "The host does not offer %s, and nothing works without",
              missing);
    free(self);
    return NULL;
  }

  unsigned parts = 0U;
  for (unsigned i = 0U; i < N_PLUGINS; ++i) {
    parts = strcmp(plugins[i].uri, descriptor->URI) ? parts : plugins[i].parts;
  }

  self->schedule = schedule;
  self->midnam   = midnam;
  self->rate_hz  = rate_hz;
  urids_init(&self->urids, map);
  log_init(&self->log, log, map);
  if (worker_init(&self->worker, bundle, &self->log)) {
    log_error(&self->log, "There is not enough memory for an instance");
    free(self);
    return NULL;
  }
  if (!schedule) {
    log_error(&self->log,
              "This host has no worker (the LV2 worker extension), "
              "and nothing is composed on the audio thread: "
              "nothing will be played.  Use it in another host");
  }

  Realtime* const rt = &self->rt;
  transport_init(&rt->host, rate_hz);
  transport_init(&rt->own, rate_hz);
  schedule_init(&rt->schedule, parts);
  plan_init(&rt->plan);
  player_init(&rt->player, parts);
  notify_init(&rt->notify, map, rate_hz);
  rt->transport = &rt->host;
  schedule_follow(&rt->schedule, rt->transport);
  rt->is_first    = true;
  rt->can_compose = self->worker.composer;
  for (uint32_t i = PORT_SET_FIRST; i <= PORT_SET_LAST; ++i) {
    connect_port(self, i, NULL);
  }
  atomic_init(&self->names,
              parts & 1U << PART_DRUMS
                ? (unsigned)port_at(PORT_DRUM_CHANNEL).standard
                : 0U);
  keep(self);
  return self;
}

/// Compose what the song begins with, before the first run.  A host that rolls
/// from that run on and lets the worker answer after it would otherwise never
/// hear the first notes.  (One that begins in another place still does not,
/// unless a run of no frames has told us of it.)
static void
prepare(Plugin* const self)
{
  Realtime* const        rt        = &self->rt;
  const Transport* const transport = rt->transport;
  Job                    job       = {JOB_LOAD, 0U, 0U, 0U, {{0U}, {0U}}};

  take_restored(self);
  if (rt->must_load && self->schedule) {
    rt->must_load       = false;
    job.wanted          = rt->wanted;
    const Answer answer = worker_work(&self->worker, &rt->plan, &job);
    take_answer(self, &answer);
  }

  ports_read_mix((const void* const*)rt->ports, &rt->mix);
  schedule_locate(&rt->schedule, transport->bar, transport->metre, &rt->mix);
  for (unsigned i = 0U; i < N_PARTS && rt->can_compose && self->schedule; ++i) {
    if (next_job(rt, &job)) {
      const Answer answer = worker_work(&self->worker, &rt->plan, &job);
      take_answer(self, &answer);
    }
  }
}

/// Nothing is freed or forgotten when we are set aside for a while; what then
/// still sounds is ended when we come back, before anything else
static void
activate(LV2_Handle instance)
{
  Plugin* const self = (Plugin*)instance;

  player_end_all(&self->rt.player);
  self->rt.is_first = true;
  if (!self->rt.clock) {
    prepare(self);
  }
}

static void
cleanup(LV2_Handle instance)
{
  Plugin* const self = (Plugin*)instance;

  worker_free(&self->worker);
  free(self);
}

static LV2_Worker_Status
work(LV2_Handle                        instance,
     const LV2_Worker_Respond_Function respond,
     LV2_Worker_Respond_Handle         handle,
     const uint32_t                    size,
     const void* const                 data)
{
  Plugin* const self = (Plugin*)instance;
  Job           job;
  if (size != sizeof(job)) {
    return LV2_WORKER_ERR_UNKNOWN;
  }

  memcpy(&job, data, sizeof(job));
  const Answer answer        = worker_work(&self->worker, &self->rt.plan, &job);
  const LV2_Worker_Status st = respond(handle, sizeof(answer), &answer);

  worker_count(&self->worker, false); // From here on we may be freed
  return st;
}

REALTIME static LV2_Worker_Status
work_response(LV2_Handle instance, const uint32_t size, const void* const data)
{
  Plugin* const self = (Plugin*)instance;
  Answer        answer;
  if (size != sizeof(answer)) {
    return LV2_WORKER_ERR_UNKNOWN;
  }

  memcpy(&answer, data, sizeof(answer));
  self->rt.n_asked -= self->rt.n_asked ? 1U : 0U;
  take_answer(self, &answer);
  return LV2_WORKER_SUCCESS;
}

/// What there is to keep at this moment
static bool
state_now(Plugin* const self, State* const state)
{
  for (unsigned i = 0U; i < 10000U; ++i) {
    const unsigned n_restored = box_count(&self->restored);
    const unsigned n_taken =
      atomic_load_explicit(&self->n_taken, memory_order_acquire);
    Box* const newest = n_restored == n_taken ? &self->kept : &self->restored;
    ModelIds   in_use;

    if (box_read(newest, state, STATE_N_WORDS) &&
        worker_models(&self->worker, &in_use)) {
      for (unsigned p = 0U; p < N_PARTS; ++p) {
        ModelIds* const ids = &state->models;
        ids->part[p]        = ids->part[p] ? ids->part[p] : in_use.part[p];
        ids->gate[p]        = ids->gate[p] ? ids->gate[p] : in_use.gate[p];
      }
      return true;
    }
    (void)sched_yield();
  }
  return false;
}

static LV2_State_Status
save(LV2_Handle                      instance,
     const LV2_State_Store_Function  store,
     const LV2_State_Handle          handle,
     const uint32_t                  flags,
     const LV2_Feature* const* const features)
{
  Plugin* const self = (Plugin*)instance;
  State         state;

  (void)flags;
  (void)features;
  return state_now(self, &state)
           ? state_save(&state, &self->urids, store, handle)
           : LV2_STATE_ERR_UNKNOWN;
}

static LV2_State_Status
restore(LV2_Handle                        instance,
        const LV2_State_Retrieve_Function retrieve,
        const LV2_State_Handle            handle,
        const uint32_t                    flags,
        const LV2_Feature* const* const   features)
{
  Plugin* const self = (Plugin*)instance;
  State         state;

  (void)flags;
  (void)features;
  if (!state_now(self, &state)) {
    log_error(&self->log,
              "The project's state cannot be taken in just now, and nothing "
              "was changed: open the project again");
    return LV2_STATE_ERR_UNKNOWN;
  }
  if (state_restore(&state, &self->urids, retrieve, handle, &self->log)) {
    box_write(&self->restored, &state, STATE_N_WORDS);
  }
  return LV2_STATE_SUCCESS;
}

/// What the drums' notes are called, and for which instance
static char*
name_model(LV2_Handle instance)
{
  enum { MAX_MODEL = 64 };
  char* const text = (char*)malloc(MAX_MODEL);
  if (text) {
    (void)snprintf(text, MAX_MODEL, "Perpetuo %p", instance);
  }
  return text;
}

static char*
name_notes(LV2_Handle instance)
{
  Plugin* const  self = (Plugin*)instance;
  const unsigned packed =
    atomic_load_explicit(&self->names, memory_order_relaxed);
  const Midnam names = {(uint8_t)(packed & 0xFFU), (uint8_t)(packed >> 8U)};
  char* const  model = name_model(instance);
  char* const  text  = model ? midnam_document(model, names) : NULL;

  free(model);
  return text;
}

static void
free_name(char* const text)
{
  free(text);
}

static const void*
extension_data(const char* const uri)
{
  static const LV2_Worker_Interface worker = {work, work_response, NULL};
  static const LV2_State_Interface  state  = {save, restore};
  static const MidnamInterface midnam = {name_notes, name_model, free_name};

  return !strcmp(uri, LV2_WORKER__interface)  ? (const void*)&worker
         : !strcmp(uri, LV2_STATE__interface) ? (const void*)&state
         : !strcmp(uri, MIDNAM__interface)    ? (const void*)&midnam
                                              : NULL;
}

static const LV2_Descriptor descriptors[N_PLUGINS] = {
  {PERPETUO_DUO,
   instantiate,
   connect_port,
   activate,
   run,
   NULL,
   cleanup,
   extension_data},
  {PERPETUO_MELODY,
   instantiate,
   connect_port,
   activate,
   run,
   NULL,
   cleanup,
   extension_data},
  {PERPETUO_DRUMS,
   instantiate,
   connect_port,
   activate,
   run,
   NULL,
   cleanup,
   extension_data},
};

EXPORT const LV2_Descriptor*
lv2_descriptor(const uint32_t index)
{
  return index < N_PLUGINS ? &descriptors[index] : NULL;
}
