// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "play/schedule.h"

/// Part of a bar after which the next one is latched, of 32: off the beats and
/// off the sixteenths
enum { LATCH_PLACE = 15, LATCH_PLACES = 32 };

static int32_t
phrase_of(const int32_t bar, const uint32_t n_bars)
{
  const int32_t n = (int32_t)n_bars;
  return bar >= 0 ? bar / n : -1 - (-1 - bar) / n;
}

static uint32_t
bars_of(const Mix* const mix)
{
  return mix->phrase_bars < 1U                ? 1U
         : mix->phrase_bars > PHRASE_MAX_BARS ? PHRASE_MAX_BARS
                                              : mix->phrase_bars;
}

uint32_t
rerolls_at(const Rerolls* const self, const int32_t bar)
{
  for (uint32_t i = 0U; i < self->n; ++i) {
    if (self->rows[i].bar == bar) {
      return self->rows[i].count;
    }
  }
  return 0U;
}

void
rerolls_add(Rerolls* const self, const int32_t bar, const uint32_t count)
{
  const uint32_t before = rerolls_at(self, bar);

  // Take it out, or the oldest one when there is no room
  uint32_t kept = 0U;
  for (uint32_t i = 0U; i < self->n; ++i) {
    if (self->rows[i].bar != bar) {
      self->rows[kept++] = self->rows[i];
    }
  }
  if (kept == MAX_REROLLS) {
    --kept;
    for (uint32_t i = 0U; i < kept; ++i) {
      self->rows[i] = self->rows[i + 1U];
    }
  }

  self->rows[kept].bar   = bar;
  self->rows[kept].count = (before + count) & 0xFFFFU;
  self->n                = kept + 1U;
}

static Latch
latch(const Schedule* const self,
      const int32_t         bar,
      const Metre           metre,
      const Mix* const      mix)
{
  const int32_t n_bars = (int32_t)bars_of(mix);
  const int32_t own    = phrase_of(bar, bars_of(mix));
  Latch         made;

  made.bar      = bar;
  made.i_phrase = self->is_held ? phrase_of(self->held, bars_of(mix)) : own;
  made.i_bar    = (uint32_t)(bar - own * n_bars);
  made.reroll   = rerolls_at(&self->rerolls, made.i_phrase * n_bars);
  made.metre    = metre;
  made.mix      = *mix;
  return made;
}

/// The metre of a bar ahead, `else_metre` where nobody knows
static Metre
metre_ahead(const Schedule* const self,
            const int32_t         bar,
            const Metre           else_metre)
{
  return self->transport ? transport_metre_of(self->transport, bar)
                         : else_metre;
}

/// The first bar of the phrase that a bar takes
static int32_t
first_bar(const Latch* const self)
{
  return self->i_phrase * (int32_t)bars_of(&self->mix);
}

void
schedule_init(Schedule* const self, const unsigned parts)
{
  const Metre metre = {4U, 4U};
  Mix         mix;

  mix_init(&mix);
  self->transport = (const Transport*)0;
  self->parts     = parts;
  self->is_held   = false;
  self->held      = 0;
  self->rerolls.n = 0U;
  schedule_locate(self, 0, metre, &mix);
}

void
schedule_follow(Schedule* const self, const Transport* const transport)
{
  self->transport = transport;
}

void
schedule_locate(Schedule* const  self,
                const int32_t    bar,
                const Metre      metre,
                const Mix* const mix)
{
  self->now  = latch(self, bar, metre, mix);
  self->next = latch(self, bar + 1, metre_ahead(self, bar + 1, metre), mix);
  self->is_latched = false;
}

uint32_t
schedule_latch_tick(const Schedule* const self)
{
  return metre_bar_ticks(self->now.metre) * LATCH_PLACE / LATCH_PLACES;
}

void
schedule_latch(Schedule* const self, const Mix* const mix)
{
  const int32_t bar   = self->now.bar + 1;
  const Metre   metre = metre_ahead(self, bar, self->now.metre);

  self->next       = latch(self, bar, metre, mix);
  self->is_latched = true;
}

void
schedule_advance(Schedule* const self, const Metre metre, const Mix* const mix)
{
  self->now       = self->next;
  self->now.metre = metre;

  const int32_t bar = self->now.bar + 1;
  self->next        = latch(self, bar, metre_ahead(self, bar, metre), mix);
  self->is_latched  = false;
}

void
schedule_set_metre(Schedule* const self, const Metre metre)
{
  self->now.metre  = metre;
  self->next.metre = metre_ahead(self, self->next.bar, metre);
}

void
schedule_hold(Schedule* const self, const bool is_held)
{
  if (is_held && !self->is_held) {
    self->held = first_bar(&self->now);
  }
  self->is_held = is_held;
}

void
schedule_reroll(Schedule* const self, const bool is_rolling)
{
  const int32_t here = first_bar(&self->now);
  rerolls_add(&self->rerolls, here, 1U);

  // The first bar that can still be another one
  const int32_t bar    = self->now.bar + (self->is_latched ? 2 : 1);
  const int32_t n_bars = (int32_t)bars_of(&self->next.mix);
  const int32_t there  = phrase_of(bar, bars_of(&self->next.mix)) * n_bars;
  if (is_rolling && !self->is_held && there != here) {
    rerolls_add(&self->rerolls, there, 1U);
  }
}

Request
schedule_request(const Latch* const self, const Part part)
{
  Request request;

  request.part     = part;
  request.i_phrase = self->i_phrase;
  request.metre    = self->metre;
  request.reroll   = (uint16_t)self->reroll;
  request.mix      = self->mix;
  return request;
}

/// Look for what a bar needs; the first that is missing goes into `request`
static void
look(const Schedule* const self,
     const Latch* const    bar,
     Plan* const           plan,
     bool* const           is_missing,
     Request* const        request)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    if (self->parts & (1U << part)) {
      const Request need = schedule_request(bar, (Part)part);
      if (plan_find(plan, &need) < 0 && !*is_missing) {
        *is_missing = true;
        *request    = need;
      }
    }
  }
}

bool
schedule_next(const Schedule* const self,
              Plan* const           plan,
              const Mix* const      mix,
              Request* const        request)
{
  bool is_missing = false;

  plan_begin(plan);
  look(self, &self->now, plan, &is_missing, request);

  // While a knob is being turned, guesses are not worth their time
  const bool is_at_rest = mix_is_equal(mix, &self->next.mix);
  if (self->is_latched || is_at_rest) {
    look(self, &self->next, plan, &is_missing, request);
  }
  if (!is_at_rest) {
    return is_missing;
  }

  const int32_t n_bars = (int32_t)bars_of(mix);
  const int32_t own    = phrase_of(self->next.bar, bars_of(mix));
  for (int32_t i = 1; i <= SCHEDULE_N_AHEAD && !is_missing; ++i) {
    const int32_t bar   = (own + i) * n_bars;
    const Metre   metre = metre_ahead(self, bar, self->next.metre);
    const Latch   ahead = latch(self, bar, metre, mix);
    look(self, &ahead, plan, &is_missing, request);
  }
  return is_missing;
}

Request
schedule_following(const Schedule* const self,
                   const Part            part,
                   const Mix* const      mix)
{
  const Request now  = schedule_request(&self->now, part);
  const Request next = schedule_request(&self->next, part);
  if (!request_is_equal(&now, &next)) {
    return next;
  }

  // As schedule_next() begins to look ahead
  const int32_t own   = phrase_of(self->next.bar, bars_of(mix));
  const int32_t bar   = (own + 1) * (int32_t)bars_of(mix);
  const Metre   metre = metre_ahead(self, bar, self->next.metre);
  const Latch   ahead = latch(self, bar, metre, mix);
  return schedule_request(&ahead, part);
}
