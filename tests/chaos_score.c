// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/chaos_score.h"

#include <stdio.h>
#include <string.h>

enum { BEFORE, NOW };

static void
clear(ScoreBar* const bar)
{
  bar->begin    = -1e18;
  bar->end      = -1e18;
  bar->bar      = 0;
  bar->is_known = false;
  bar->is_whole = false;
  bar->n        = 0U;
}

void
score_init(Score* const self)
{
  self->n_bars   = 0U;
  self->n_notes  = 0U;
  self->fault[0] = '\0';
  clear(&self->bars[BEFORE]);
  clear(&self->bars[NOW]);
  score_cut(self);
}

void
score_cut(Score* const self)
{
  self->bars[BEFORE].is_known = false;
  self->bars[NOW].is_known    = false;
  self->n_early               = 0U;
}

static bool
wrong(Score* const    self,
      const char*     what,
      const int32_t   bar,
      const double    tick,
      const ScoreNote note)
{
  if (!self->fault[0]) {
    snprintf(self->fault,
             sizeof(self->fault),
             "bar %d: %s: %s, key %u, velocity %u, at tick %.1f of the bar",
             (int)bar,
             what,
             note.part == SCORE_ANY_PART ? "either"
             : note.part                 ? "drums"
                                         : "melody",
             note.key,
             note.velocity,
             tick);
  }
  return false;
}

/// Cross a note out; false when the bar has no such note left near the place
static bool
cross_out(ScoreBar* const bar, const ScoreNote* const note)
{
  if (!bar->is_known) {
    return false;
  }
  for (uint32_t i = 0U; i < bar->n; ++i) {
    ScoreNote* const wanted = &bar->notes[i];
    const bool       is_its_part =
      note->part == SCORE_ANY_PART || wanted->part == note->part;
    if (!wanted->is_heard && is_its_part && wanted->key == note->key &&
        wanted->velocity == note->velocity &&
        wanted->tick - note->tick <= SCORE_SLACK &&
        note->tick - wanted->tick <= SCORE_SLACK) {
      wanted->is_heard = true;
      return true;
    }
  }
  return false;
}

static bool
check_missing(Score* const self, ScoreBar* const bar)
{
  const bool is_due = bar->is_known && bar->is_whole;
  bar->is_whole     = false;
  for (uint32_t i = 0U; is_due && i < bar->n; ++i) {
    if (!bar->notes[i].is_heard && !bar->notes[i].is_optional) {
      return wrong(self,
                   "a note is missing",
                   bar->bar,
                   bar->notes[i].tick - bar->begin,
                   bar->notes[i]);
    }
  }
  self->n_bars += is_due;
  return true;
}

bool
score_pass(Score* const self, const double tick)
{
  for (unsigned i = 0U; i < 2U; ++i) {
    if (tick > self->bars[i].end + SCORE_SLACK &&
        !check_missing(self, &self->bars[i])) {
      return false;
    }
  }
  return !self->fault[0];
}

void
score_begin(Score* const  self,
            const int32_t bar,
            const double  begin,
            const double  n_ticks)
{
  (void)check_missing(self, &self->bars[BEFORE]);
  self->bars[BEFORE] = self->bars[NOW];

  ScoreBar* const now = &self->bars[NOW];
  clear(now);
  now->begin = begin;
  now->end   = begin + n_ticks;
  now->bar   = bar;

  // What was heard long before the line is of no bar any more
  uint32_t kept = 0U;
  for (uint32_t i = 0U; i < self->n_early; ++i) {
    if (begin - self->early[i].tick <= SCORE_SLACK) {
      self->early[kept++] = self->early[i];
    }
  }
  self->n_early = kept;
}

void
score_add(Score* const        self,
          const unsigned      part,
          const Phrase* const phrase,
          const uint32_t      i_bar)
{
  ScoreBar* const now   = &self->bars[NOW];
  const uint32_t  begin = i_bar * phrase->bar_ticks;
  const uint32_t  end   = begin + phrase->bar_ticks;
  for (uint32_t i = 0U; i < phrase->n_notes; ++i) {
    const Note* const note = &phrase->notes[i];
    if (note->tick < begin || note->tick >= end) {
      continue;
    }

    ScoreNote added = {now->begin + (double)(note->tick - begin),
                       (uint8_t)part,
                       note->key,
                       note->velocity,
                       false,
                       false};
    for (uint32_t k = 0U; k < now->n; ++k) {
      ScoreNote* const other = &now->notes[k];
      if (other->key == added.key && other->part == added.part &&
          added.tick - other->tick <= SCORE_SLACK) {
        other->is_optional = true;
        added.is_optional  = true;
      }
    }
    now->notes[now->n++] = added;
  }
}

void
score_know(Score* const self, const bool is_whole)
{
  self->bars[NOW].is_known = true;
  self->bars[NOW].is_whole = is_whole;

  // What was heard ahead of the bar line is of this bar, or of none
  for (uint32_t i = 0U; i < self->n_early; ++i) {
    if (!cross_out(&self->bars[NOW], &self->early[i]) &&
        self->bars[BEFORE].is_known) {
      (void)wrong(self,
                  "a note that it does not have",
                  self->bars[NOW].bar,
                  self->early[i].tick - self->bars[NOW].begin,
                  self->early[i]);
    }
  }
  self->n_early = 0U;
}

void
score_allow_rests(Score* const self)
{
  self->bars[BEFORE].is_whole = false;
  self->bars[NOW].is_whole    = false;
}

bool
score_hear(Score* const   self,
           const double   tick,
           const unsigned part,
           const uint8_t  key,
           const uint8_t  velocity)
{
  const ScoreNote note = {tick, (uint8_t)part, key, velocity, false, false};
  ScoreBar* const now  = &self->bars[NOW];

  if (cross_out(&self->bars[BEFORE], &note) || cross_out(now, &note)) {
    ++self->n_notes;
    return true;
  }
  if (tick > now->end - SCORE_SLACK && tick < now->end + SCORE_SLACK) {
    if (self->n_early < SCORE_MAX_EARLY) {
      self->early[self->n_early++] = note;
    }
    return true;
  }
  if (!now->is_known ||
      (tick < now->begin + SCORE_SLACK && !self->bars[BEFORE].is_known)) {
    return true;
  }
  return wrong(
    self, "a note that it does not have", now->bar, tick - now->begin, note);
}
