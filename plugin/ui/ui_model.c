// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_model.h"

#include <stdlib.h>
#include <string.h>

#define SECOND 1000000

/// A phrase that is still missing after so long was lost on its way
#define LOST_US (SECOND * 3 / 2)

/// Hello is not said again before so long
#define HELLO_US (3 * SECOND)

bool
ui_model_init(UiModel* const self)
{
  memset(self, 0, sizeof(*self));
  self->phrases = (UiPhrase*)calloc(UI_N_PHRASES, sizeof(UiPhrase));
  for (unsigned i = 0U; i < N_PORTS; ++i) {
    self->ports[i] = port_at((PortIndex)i).standard;
  }
  return self->phrases;
}

void
ui_model_clear(UiModel* const self)
{
  free(self->phrases);
  self->phrases = NULL;
}

void
ui_model_set_port(UiModel* const self, const PortIndex index, const float value)
{
  if ((unsigned)index < N_PORTS) {
    const Port  port   = port_at(index);
    const float taken  = value != value         ? port.standard
                         : value < port.minimum ? port.minimum
                         : value > port.maximum ? port.maximum
                                                : value;
    self->ports[index] = taken;
  }
}

// What is told ---------------------------------------------------------------

static UiPhrase*
find(const UiModel* const self, const uint32_t id)
{
  for (unsigned i = 0U; id && i < UI_N_PHRASES; ++i) {
    if (self->phrases[i].id == id) {
      return &self->phrases[i];
    }
  }
  return NULL;
}

static bool
is_whole(const UiPhrase* const phrase)
{
  return phrase && phrase->n_notes == (uint32_t)phrase->head.n_notes;
}

const UiPhrase*
ui_model_phrase(const UiModel* const self, const int32_t id)
{
  const UiPhrase* const phrase = find(self, (uint32_t)id);
  return is_whole(phrase) ? phrase : NULL;
}

/// Whether a bar that can be taken away, or what is shown, needs a phrase
static bool
is_in_use(const UiModel* const self, const uint32_t id)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    if ((uint32_t)self->place.now[part] == id ||
        (uint32_t)self->place.next[part] == id) {
      return true;
    }
  }
  return false;
}

/// Where a new phrase goes: the one that was not heard of for longest is given
/// up
static UiPhrase*
make_room(const UiModel* const self)
{
  UiPhrase* oldest = NULL;
  for (unsigned i = 0U; i < UI_N_PHRASES; ++i) {
    UiPhrase* const phrase = &self->phrases[i];
    if (!phrase->id) {
      return phrase;
    }
    if (!is_in_use(self, phrase->id) &&
        (!oldest || phrase->touched < oldest->touched)) {
      oldest = phrase;
    }
  }
  return oldest; // There: the cache is larger than what is shown at once
}

static void
touch(UiModel* const self, const int32_t id)
{
  UiPhrase* const phrase = find(self, (uint32_t)id);
  if (phrase) {
    phrase->touched = ++self->moment;
  }
}

static void
hear_phrase(UiModel* const self, const TalkPhrase* const head)
{
  UiPhrase*  phrase = find(self, (uint32_t)head->id);
  const bool is_known =
    is_whole(phrase) && !memcmp(&phrase->head, head, sizeof(*head));
  if (is_known) {
    return; // Said again, after a Hello of somebody else's
  }

  phrase          = phrase ? phrase : make_room(self);
  phrase->id      = (uint32_t)head->id;
  phrase->head    = *head;
  phrase->n_notes = 0U;
  phrase->touched = ++self->moment;
}

static void
hear_notes(UiModel* const self, const TalkNotes* const notes)
{
  UiPhrase* const phrase = find(self, (uint32_t)notes->id);
  if (!phrase || (uint32_t)notes->first != phrase->n_notes ||
      notes->first + notes->n > phrase->head.n_notes) {
    return; // Known already, or some before it were lost: Hello asks again
  }

  for (int32_t i = 0; i < notes->n; ++i) {
    const int32_t* const words       = &notes->words[3 * i];
    const Note           note        = {(uint32_t)words[0],
                                        (uint32_t)words[1],
                                        (uint8_t)(words[2] & 0x7F),
                                        (uint8_t)(words[2] >> 8 & 0x7F)};
    phrase->notes[phrase->n_notes++] = note;
  }
}

static void
hear_place(UiModel* const         self,
           const TalkPlace* const place,
           const int64_t          now_us)
{
  self->place     = *place;
  self->place_us  = now_us;
  self->has_place = true;

  for (unsigned part = 0U; part < N_PARTS; ++part) {
    touch(self, place->now[part]);
    touch(self, place->next[part]);
  }
}

static void
hear_bar(UiModel* const self, const TalkBar* const bar)
{
  // An instance that began anew counts from the beginning
  if (self->n_played && (int64_t)bar->count + UI_N_PLAYED <
                          self->played[self->n_played - 1U].count) {
    self->n_played = 0U;
  }

  uint32_t at = self->n_played;
  while (at && self->played[at - 1U].count > bar->count) {
    --at;
  }
  if (at && self->played[at - 1U].count == bar->count) {
    self->played[at - 1U] = *bar;
    return;
  }
  if (self->n_played == UI_N_PLAYED) {
    if (!at) {
      return;
    }
    memmove(self->played, self->played + 1, (at - 1U) * sizeof(TalkBar));
    self->played[at - 1U] = *bar;
    return;
  }
  memmove(self->played + at + 1U,
          self->played + at,
          (self->n_played - at) * sizeof(TalkBar));
  self->played[at] = *bar;
  ++self->n_played;
}

void
ui_model_hear(UiModel* const           self,
              const TalkMessage* const message,
              const int64_t            now_us)
{
  switch (message->kind) {
  case TALK_PLACE:
    hear_place(self, &message->as.place, now_us);
    break;
  case TALK_BAR:
    hear_bar(self, &message->as.bar);
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      touch(self, message->as.bar.ids[part]);
    }
    break;
  case TALK_PHRASE:
    hear_phrase(self, &message->as.phrase);
    break;
  case TALK_NOTES:
    hear_notes(self, &message->as.notes);
    break;
  case TALK_TROUBLE:
    self->trouble = message->as.trouble;
    break;
  case TALK_NOTHING:
  case TALK_HELLO:
  case TALK_HERE:
  case N_TALK_KINDS:
    break;
  }
}

// What is said ----------------------------------------------------------------

/// Whether something is shown whose notes are not here
static bool
lacks_something(const UiModel* const self)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    const int32_t now  = self->place.now[part];
    const int32_t next = self->place.next[part];
    if ((now && !ui_model_phrase(self, now)) ||
        (next && !ui_model_phrase(self, next))) {
      return true;
    }
  }
  return false;
}

TalkKind
ui_model_say(UiModel* const self, const int64_t now_us)
{
  const bool lacks = !self->has_place || lacks_something(self);
  self->lacks_us   = !lacks ? 0 : self->lacks_us ? self->lacks_us : now_us;

  const bool is_first = !self->hello_us;
  const bool is_lost  = lacks && now_us - self->lacks_us >= LOST_US &&
                       now_us - self->hello_us >= HELLO_US;
  if (is_first || is_lost) {
    self->hello_us = self->here_us = now_us ? now_us : 1;
    return TALK_HELLO;
  }
  if ((double)(now_us - self->here_us) >= TALK_HERE_S * SECOND) {
    self->here_us = now_us;
    return TALK_HERE;
  }
  return TALK_NOTHING;
}

// What it comes to ------------------------------------------------------------

bool
ui_model_is_alive(const UiModel* const self, const int64_t now_us)
{
  // While it rolls, the place is told several times a second
  const bool is_rolling =
    self->has_place && (unsigned)self->place.state & TALK_IS_ROLLING;
  return self->has_place &&
         (!is_rolling || now_us - self->place_us < 2 * SECOND);
}

double
ui_model_tick(const UiModel* const self, const int64_t now_us)
{
  const TalkPlace* const place    = &self->place;
  const bool             is_alive = ui_model_is_alive(self, now_us);
  const double           passed   = (double)(now_us - self->place_us) / SECOND;
  const double           tick =
    (double)place->tick +
    (is_alive ? passed * (double)place->ticks_per_second : 0.0);
  const double end = (double)place->bar_ticks;
  return tick < 0.0 ? 0.0 : tick > end ? end : tick;
}

void
ui_model_mix(const UiModel* const self, Mix* const mix)
{
  const void* ports[N_PORTS];
  for (unsigned i = 0U; i < N_PORTS; ++i) {
    ports[i] = &self->ports[i];
  }
  ports_read_mix(ports, mix);
}

/// Whether a part that sounds has no phrase in this bar
static bool
is_late(const TalkPlace* const place)
{
  const unsigned state = (unsigned)place->state;
  return (state & TALK_HAS_MELODY && !place->now[PART_MELODY]) ||
         (state & TALK_HAS_DRUMS && !place->now[PART_DRUMS]);
}

const char*
ui_model_words(const UiModel* const self, const int64_t now_us)
{
  const unsigned state    = (unsigned)self->place.state;
  const bool     is_still = !(state & TALK_IS_ROLLING);
  const bool     has_said = self->trouble.text[0];

  // The first that is so is said
  const struct {
    bool        is;
    const char* words;
  } rows[] = {
    {!self->has_place,
     "Nothing heard from the plugin yet: is the host running it?"},
    {!ui_model_is_alive(self, now_us),
     "The host has stopped running the plugin"},
    {!(state & TALK_HAS_WORKER),
     "This host has no worker for plugins, so nothing can be composed in it: "
     "use another one"},
    {state & TALK_IS_LOADING, "Loading the models that this project names"},
    {!(state & TALK_HAS_MODELS) && has_said, self->trouble.text},
    {!(state & TALK_HAS_MODELS),
     "The models are missing, so nothing can be composed: install Perpetuo "
     "again"},
    {!(state & TALK_IS_ENABLED), "Switched off: what comes in passes through"},
    {has_said, self->trouble.text},
    {is_still && state & TALK_IS_KNOWN, "Stopped: press play in the host"},
    {is_still,
     "No transport yet: press play in the host, or let Transport run freely"},
    {is_late(&self->place),
     "This phrase is late: it is being composed, and joins when it is there"},
  };

  for (unsigned i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    if (rows[i].is) {
      return rows[i].words;
    }
  }
  return "";
}
