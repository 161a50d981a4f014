// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/notify.h"

#include "compose/song.h"
#include "compose/vocab.h"
#include "plugin/worker.h"

#include <string.h>

_Static_assert((int)N_SECTION_KINDS == TALK_N_SECTIONS, "as talk.h says");
_Static_assert((int)N_FILLS == TALK_N_FILLS, "as talk.h says");
_Static_assert(sizeof(Trouble) == TALK_MAX_TEXT, "a Trouble fits a message");
_Static_assert(sizeof(TalkPlace) == 15U * 4U, "TalkPlace is compared as bytes");

/// More than any number of ours is; a hostile host can make some that are not
static const double max_number = 1000000.0;

/// A tempo that is measured moves a little; this much of it is no news
static const float slack = 0.001f;

/// A place in all that is said at once
typedef struct {
  TalkPlace place;
  int       slots[2U * N_PARTS]; ///< Of the phrases now, then next; or -1
} View;

void
notify_init(Notify* const self, LV2_URID_Map* const map, const double rate_hz)
{
  memset(self, 0, sizeof(*self));
  talk_urids_init(&self->urids, map);
  lv2_atom_forge_init(&self->forge, map);
  self->rate_hz = rate_hz > 1.0 ? rate_hz : 48000.0;
  self->step    = (int64_t)(NOTIFY_STEP_S * self->rate_hz) + 1;
  self->i_slot  = -1;
}

/// Somebody knows nothing yet: all is to be said anew
static void
begin_anew(Notify* const self)
{
  memset(self->told, 0, sizeof(self->told));
  self->has_said   = false;
  self->i_slot     = -1;
  self->n_troubles = 0U;
  self->n_told =
    self->n_played > NOTIFY_N_PLAYED ? self->n_played - NOTIFY_N_PLAYED : 0U;
}

bool
notify_hear(Notify* const self, const int64_t clock, const LV2_Atom* const atom)
{
  // What it takes to read one is bounded by its size
  TalkMessage message;
  if (atom->size > TALK_MAX_BYTES ||
      talk_kind(&self->urids, atom) == TALK_NOTHING ||
      !talk_read(&self->urids, atom, &message) || message.kind > TALK_HERE) {
    return false;
  }
  if (message.kind == TALK_HELLO) {
    begin_anew(self);
  }
  self->until = clock + (int64_t)(TALK_LEASE_S * self->rate_hz);
  return true;
}

/// A number that a message can hold
static float
bounded(const double value, const double most)
{
  return !(value > 0.0) ? 0.0f : value > most ? (float)most : (float)value;
}

static int32_t
counted(const uint32_t value)
{
  return value > INT32_MAX ? INT32_MAX : (int32_t)value;
}

/// Quarters in a minute, at the speed that the host calls 1
static float
bpm_of(const Transport* const transport)
{
  return bounded(transport->rate * transport->rate_hz * 60.0 /
                   TICKS_PER_QUARTER,
                 max_number);
}

// Bars that were played ----------------------------------------------------

void
notify_join(Notify* const          self,
            const Transport* const transport,
            const int64_t          tick,
            const int64_t          clock)
{
  self->join_clock = clock;
  self->join_tick  = tick > 0 ? tick : 0;
  self->speed      = transport->is_rolling ? transport->ticks_per_frame : 0.0;
  self->bpm        = bpm_of(transport);
}

/// The row of the bar that was left, if it is played on from there, else a new
/// one
static PlayedBar*
row_for(Notify* const self, const int32_t bar)
{
  PlayedBar* const last =
    &self->played[(self->n_played - 1U) % NOTIFY_N_PLAYED];
  if (self->n_played && !last->is_whole && last->bar.bar == bar &&
      self->join_tick + 1 >= last->end_tick) {
    self->n_told -= self->n_told == self->n_played ? 1U : 0U;
    return last;
  }
  return &self->played[self->n_played++ % NOTIFY_N_PLAYED];
}

void
notify_bar(Notify* const         self,
           const Schedule* const schedule,
           const Plan* const     plan,
           const Player* const   player,
           const int64_t         clock,
           const bool            is_over)
{
  const Latch* const now    = &schedule->now;
  const double       length = (double)metre_bar_ticks(now->metre);
  const double       beat =
    4.0 * TICKS_PER_QUARTER / (now->metre.unit ? now->metre.unit : 4U);
  const double heard = (double)(clock - self->join_clock) * self->speed;
  const double end   = (double)self->join_tick + heard;
  if (!is_over && heard + 1.0 < beat) {
    return;
  }

  PlayedBar* const row = row_for(self, now->bar);
  row->is_whole        = is_over || end + 1.0 >= length;
  row->end_tick        = row->is_whole ? (int64_t)length : (int64_t)end;
  row->bar.count       = counted((uint32_t)(self->n_played - 1U));
  row->bar.bar         = now->bar;
  row->bar.bar_ticks   = (int32_t)length;
  row->bar.n_beats     = now->metre.n_beats;
  row->bar.unit        = now->metre.unit;
  row->bar.bpm         = self->bpm;
  row->bar.i_bar       = counted(now->i_bar);
  for (unsigned i = 0U; i < N_PARTS; ++i) {
    const int i_slot = player->readers[i].i_slot;
    row->slots[i]    = i_slot;
    row->bar.ids[i] =
      plan_phrase(plan, i_slot) ? (int32_t)plan->slots[i_slot].serial : 0;
  }
}

// What there is to be seen ---------------------------------------------------

/// The slot with what a request asks for, if it is there
static int
slot_of(const Plan* const plan, const Request* const request)
{
  const int i_slot = plan_peek(plan, request);
  return plan_phrase(plan, i_slot) ? i_slot : -1;
}

static void
look_for_phrases(const Sight* const sight, View* const view)
{
  for (unsigned i = 0U; i < N_PARTS; ++i) {
    view->slots[i]           = -1;
    view->slots[N_PARTS + i] = -1;
    if (sight->schedule->parts & 1U << i) {
      const int     read = sight->player->readers[i].i_slot;
      const Request now  = schedule_request(&sight->schedule->now, (Part)i);
      const Request next =
        schedule_following(sight->schedule, (Part)i, sight->mix);
      view->slots[i] =
        sight->transport->is_rolling && plan_phrase(sight->plan, read)
          ? read
          : slot_of(sight->plan, &now);
      view->slots[N_PARTS + i] = slot_of(sight->plan, &next);
    }
  }
}

static int32_t
id_of(const Plan* const plan, const int i_slot)
{
  return i_slot < 0 ? 0 : (int32_t)plan->slots[i_slot].serial;
}

static void
look(const Sight* const sight, View* const view)
{
  const Transport* const t      = sight->transport;
  const Latch* const     now    = &sight->schedule->now;
  TalkPlace* const       place  = &view->place;
  const double           length = (double)metre_bar_ticks(now->metre);

  look_for_phrases(sight, view);
  place->state     = (int32_t)sight->state;
  place->bar       = now->bar;
  place->bar_ticks = (int32_t)length;
  place->n_beats   = now->metre.n_beats;
  place->unit      = now->metre.unit;
  place->tick =
    bounded(transport_tick_at(t, sight->clock) - (double)t->bar_tick, length);
  place->ticks_per_second =
    t->is_rolling ? bounded(t->ticks_per_frame * t->rate_hz, max_number) : 0.0f;
  place->bpm   = bpm_of(t);
  place->i_bar = counted(now->i_bar);
  for (unsigned i = 0U; i < N_PARTS; ++i) {
    place->now[i]  = id_of(sight->plan, view->slots[i]);
    place->next[i] = id_of(sight->plan, view->slots[N_PARTS + i]);
  }
  place->n_late    = counted(sight->player->n_late);
  place->n_dropped = counted(sight->player->n_dropped);
}

// Saying it ------------------------------------------------------------------

static bool
is_near(const float a, const float b)
{
  return a - b <= slack * b && b - a <= slack * b;
}

/// Whether a place is the one that was said, but for the tick
static bool
is_known(const TalkPlace* const said, const TalkPlace* const place)
{
  if (!is_near(said->ticks_per_second, place->ticks_per_second) ||
      !is_near(said->bpm, place->bpm)) {
    return false;
  }
  TalkPlace same        = *said;
  same.tick             = place->tick;
  same.ticks_per_second = place->ticks_per_second;
  same.bpm              = place->bpm;
  return !memcmp(&same, place, sizeof(same));
}

static bool
say_place(Notify* const      self,
          const Sight* const sight,
          const View* const  view,
          TalkMessage* const message)
{
  const double since = (double)(sight->clock - self->said_at);
  if (self->has_said && is_known(&self->said, &view->place) &&
      (!sight->transport->is_rolling ||
       since < NOTIFY_PLACE_S * self->rate_hz)) {
    return false;
  }
  self->has_said    = true;
  self->said        = view->place;
  self->said_at     = sight->clock;
  message->kind     = TALK_PLACE;
  message->as.place = view->place;
  return true;
}

static bool
say_trouble(Notify* const      self,
            const Sight* const sight,
            TalkMessage* const message)
{
  const unsigned n = box_count(sight->trouble);
  Trouble        trouble;
  if (n == self->n_troubles ||
      !box_read(sight->trouble, &trouble, WORKER_TROUBLE_N_WORDS)) {
    return false; // Nothing new, or being written: in another run
  }
  trouble.text[TALK_MAX_TEXT - 1U] = '\0';
  self->n_troubles                 = n;
  message->kind                    = TALK_TROUBLE;
  memcpy(message->as.trouble.text, trouble.text, TALK_MAX_TEXT);
  return true;
}

/// The first bar that a phrase was written for
static int32_t
first_bar(const Slot* const slot)
{
  const int64_t bar =
    (int64_t)slot->request.i_phrase * (int64_t)slot->phrase.n_bars;
  return bar < INT32_MIN   ? INT32_MIN
         : bar > INT32_MAX ? INT32_MAX
                           : (int32_t)bar;
}

static int32_t
at_most(const uint32_t value, const int32_t most)
{
  return value > (uint32_t)most ? most : (int32_t)value;
}

static void
say_head(const Slot* const slot, TalkMessage* const message)
{
  const Phrase* const from = &slot->phrase;
  TalkPhrase* const   to   = &message->as.phrase;

  message->kind  = TALK_PHRASE;
  to->id         = (int32_t)slot->serial;
  to->part       = (int32_t)slot->request.part;
  to->bar        = first_bar(slot);
  to->n_bars     = (int32_t)from->n_bars;
  to->bar_ticks  = (int32_t)from->bar_ticks;
  to->n_notes    = (int32_t)from->n_notes;
  to->score      = bounded((double)from->score, 1.0);
  to->n_tries    = counted(from->n_tries);
  to->n_rejected = counted(from->n_rejected);
  to->section    = at_most(from->section, TALK_N_SECTIONS - 1);
  to->energy     = at_most(from->energy, 100);
  to->n_fills    = to->n_bars;
  for (int32_t i = 0; i < to->n_fills; ++i) {
    to->fills[i] = at_most(from->fill[i], TALK_N_FILLS - 1);
  }
  to->n_scores = at_most(from->n_scores, PHRASE_MAX_TRIES);
  for (int32_t i = 0; i < to->n_scores; ++i) {
    to->scores[i] = from->scores[i];
  }
}

static void
say_notes(const Slot* const  slot,
          const uint32_t     first,
          TalkMessage* const message)
{
  TalkNotes* const to   = &message->as.notes;
  const uint32_t   left = slot->phrase.n_notes - first;

  message->kind = TALK_NOTES;
  to->id        = (int32_t)slot->serial;
  to->first     = (int32_t)first;
  to->n         = at_most(left, TALK_MAX_NOTES);
  for (int32_t i = 0; i < to->n; ++i) {
    const Note* const note = &slot->phrase.notes[first + (uint32_t)i];
    to->words[3 * i]       = (int32_t)note->tick;
    to->words[3 * i + 1]   = (int32_t)note->length;
    to->words[3 * i + 2]   = note->key | note->velocity << 8;
  }
}

/// Go on with the phrase that is being said; false when there is none, or its
/// slot was given away meanwhile
static bool
say_phrase(Notify* const      self,
           const Plan* const  plan,
           TalkMessage* const message)
{
  if (self->i_slot < 0 || !plan_phrase(plan, self->i_slot) ||
      plan->slots[self->i_slot].serial != self->id) {
    self->i_slot = -1;
    return false;
  }

  const Slot* const slot = &plan->slots[self->i_slot];
  if (!self->has_head) {
    self->has_head = true;
    say_head(slot, message);
  } else {
    say_notes(slot, self->n_notes, message);
    self->n_notes += (uint32_t)message->as.notes.n;
  }
  if (self->n_notes >= slot->phrase.n_notes) {
    self->told[self->i_slot] = self->id;
    self->i_slot             = -1;
  }
  return true;
}

/// Begin with the phrase of a slot, unless it was told, or is another one by
/// now
static bool
begin_phrase(Notify* const     self,
             const Plan* const plan,
             const int         i_slot,
             const int32_t     id)
{
  if (!id || !plan_phrase(plan, i_slot) ||
      plan->slots[i_slot].serial != (uint32_t)id ||
      self->told[i_slot] == (uint32_t)id) {
    return false;
  }
  self->i_slot   = i_slot;
  self->id       = (uint32_t)id;
  self->n_notes  = 0U;
  self->has_head = false;
  return true;
}

/// The next phrase: one of those that are seen now, else one of the bar that is
/// to be said next
static bool
next_phrase(Notify* const      self,
            const Sight* const sight,
            const View* const  view)
{
  const Plan* const plan = sight->plan;
  for (unsigned i = 0U; i < 2U * N_PARTS; ++i) {
    if (begin_phrase(self, plan, view->slots[i], id_of(plan, view->slots[i]))) {
      return true;
    }
  }

  const PlayedBar* const row = &self->played[self->n_told % NOTIFY_N_PLAYED];
  for (unsigned i = 0U; self->n_told < self->n_played && i < N_PARTS; ++i) {
    if (begin_phrase(self, plan, row->slots[i], row->bar.ids[i])) {
      return true;
    }
  }
  return false;
}

static bool
say_bar(Notify* const self, TalkMessage* const message)
{
  if (self->n_told >= self->n_played) {
    return false;
  }
  message->kind   = TALK_BAR;
  message->as.bar = self->played[self->n_told % NOTIFY_N_PLAYED].bar;
  ++self->n_told;
  return true;
}

/// What is to be said next; false when all is said
static bool
say(Notify* const      self,
    const Sight* const sight,
    const View* const  view,
    TalkMessage* const message)
{
  if (self->n_played - self->n_told > NOTIFY_N_PLAYED) {
    self->n_told = self->n_played - NOTIFY_N_PLAYED; // The rest is forgotten
  }
  if (say_place(self, sight, view, message) ||
      say_trouble(self, sight, message) ||
      say_phrase(self, sight->plan, message)) {
    return true;
  }
  return next_phrase(self, sight, view) ? say_phrase(self, sight->plan, message)
                                        : say_bar(self, message);
}

void
notify_run(Notify* const            self,
           LV2_Atom_Sequence* const buffer,
           const uint32_t           room,
           const uint32_t           frame,
           const Sight* const       sight)
{
  const int64_t n_due = (sight->clock - self->paid) / self->step;
  if (n_due < 1) {
    return;
  }

  // What was not used is not saved up
  const bool    is_long = n_due > NOTIFY_MAX_MESSAGES;
  const int64_t n       = is_long ? NOTIFY_MAX_MESSAGES : n_due;
  self->paid = is_long ? sight->clock : self->paid + n_due * self->step;
  if (room < sizeof(LV2_Atom_Sequence_Body) ||
      room - buffer->atom.size < TALK_MAX_BYTES) {
    return;
  }

  LV2_Atom_Forge* const forge = &self->forge;
  View                  view;
  TalkMessage           message;
  look(sight, &view);
  lv2_atom_forge_set_buffer(forge,
                            (uint8_t*)&buffer->body + buffer->atom.size,
                            room - buffer->atom.size);
  for (int64_t i = 0; i < n && forge->size - forge->offset >= TALK_MAX_BYTES &&
                      say(self, sight, &view, &message);
       ++i) {
    (void)lv2_atom_forge_frame_time(forge, (int64_t)frame);
    (void)talk_write(&self->urids, forge, &message);
  }
  buffer->atom.size += forge->offset;
}
