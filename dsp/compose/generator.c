// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/generator.h"

#include "base/rng.h"
#include "compose/lanes.h"
#include "nn/pick.h"

#include <stdbool.h>
#include <stdlib.h>

/// One candidate that is being written
typedef struct {
  Sketch*  sketch;
  Cursor   cursor;
  uint64_t key;
  uint32_t n_steps;  ///< Tokens so far
  uint32_t n_forced; ///< Tokens of the theme that are to come next,
  uint32_t i_forced; ///< and how many of them have come
  uint16_t forced[SKETCH_MAX_TOKENS];
} Lane;

struct Generator {
  const Net*  net;
  Part        part;
  const Wish* wish;
  uint32_t    end_grid;
  uint32_t    bar_grids;
  uint32_t    max_steps;
  Lanes       lanes;
  NetState*   begun;  ///< One sequence: what all candidates have read
  Sketch      common; ///< and written
  Lane        lead;   ///< and where that has got them to
  Sketch      slice;  ///< Scratch
  Lane        lane[LANES_MAX];
  uint16_t    hot[LANES_MAX * VOCAB_MAX_HOT];
  float       logits[LANES_MAX * VOCAB_MAX_TOKENS];
  uint32_t    weights[VOCAB_MAX_TOKENS];
};

Status
generator_new(const Net* const  net,
              const Part        part,
              Generator** const generator)
{
  Generator* const g = (Generator*)calloc(1U, sizeof(Generator));
  if (!g) {
    return STATUS_NO_MEM;
  }

  g->net   = net;
  g->part  = part;
  g->begun = net_state_new(net, 1U);
  if (!g->begun || lanes_init(&g->lanes, net)) {
    generator_free(g);
    return STATUS_NO_MEM;
  }

  *generator = g;
  return STATUS_SUCCESS;
}

void
generator_free(Generator* const generator)
{
  if (generator) {
    lanes_clear(&generator->lanes);
    net_state_free(generator->begun);
    free(generator);
  }
}

// ------------------------------------------------------------------ one lane

static bool
is_kept(const Generator* const g, const uint32_t grid)
{
  return grid < g->end_grid && (g->wish->kept >> grid / g->bar_grids) & 1U;
}

/// End of the bars from `grid` on that are all kept, or all not
static uint32_t
span_end(const Generator* const g, const uint32_t grid)
{
  uint32_t end = (grid / g->bar_grids + 1U) * g->bar_grids;
  while (end < g->end_grid && is_kept(g, end) == is_kept(g, grid)) {
    end += g->bar_grids;
  }
  return end;
}

static bool
is_done(const Generator* const g, const Lane* const lane)
{
  return lane->cursor.grid >= g->end_grid || lane->n_steps >= g->max_steps ||
         lane->sketch->n_notes >= PHRASE_MAX_NOTES;
}

/// Queue the theme's notes of a span of grid steps
static void
force(Generator* const    g,
      Lane* const         lane,
      const Sketch* const theme,
      const uint32_t      begin,
      const uint32_t      end)
{
  sketch_slice(theme, begin, end, &g->slice);
  lane->n_forced = sketch_encode(&g->slice, g->part, end - begin, lane->forced);
  lane->i_forced = 0U;
}

static bool
is_forced(const Lane* const lane)
{
  return lane->i_forced < lane->n_forced;
}

/// Queue what is kept from here on, if anything is
static void
look_ahead(Generator* const g, Lane* const lane)
{
  const uint32_t grid = lane->cursor.grid;
  if (!is_forced(lane) && is_kept(g, grid)) {
    force(g, lane, g->wish->theme, grid, span_end(g, grid));
  }
}

/// Read a token: write what it means, and be where it leads to
static void
read_token(Generator* const g, Lane* const lane, const uint16_t token)
{
  const uint32_t end = span_end(g, lane->cursor.grid);
  GridNote       note;
  if (cursor_step(&lane->cursor, token, &note)) {
    (void)sketch_add(lane->sketch, note, g->end_grid);
  }

  // What was free may ring or rest on, but what is kept begins where it does
  if (end < g->end_grid) {
    cursor_cut(&lane->cursor, end);
  }
  ++lane->n_steps;
  look_ahead(g, lane);
}

static uint16_t
choose(Generator* const g, const Lane* const lane, const float* const logits)
{
  uint8_t allowed[VOCAB_MAX_TOKENS];
  cursor_allowed(
    &lane->cursor, g->wish->pitches, span_end(g, lane->cursor.grid), allowed);

  const PickRule rule = {allowed, g->wish->temperature, g->wish->top_p};
  return (uint16_t)pick(&rule,
                        logits,
                        vocab_n_tokens(g->part),
                        rng_u32(lane->key, lane->n_steps),
                        g->weights);
}

// ------------------------------------------------------------- all together

/// Let the net read where the lead is; the lead's next token
static uint16_t
lead_on(Generator* const g, const Surroundings* const around)
{
  cursor_inputs(&g->lead.cursor, around, g->hot);
  net_step(g->net, g->begun, g->hot, g->logits);
  return g->lead.forced[g->lead.i_forced++];
}

/// Read the theme as the bars before the phrase
static void
read_theme(Generator* const g)
{
  const Wish* const wish   = g->wish;
  Surroundings      around = wish->around;
  around.i_bar -= wish->n_bars;
  around.fill   = NULL;
  around.onsets = wish->theme_onsets;

  force(g, &g->lead, wish->theme, 0U, g->end_grid);
  while (is_forced(&g->lead)) {
    GridNote note;
    (void)cursor_step(&g->lead.cursor, lead_on(g, &around), &note);
  }
  cursor_restart(&g->lead.cursor);
}

void
generator_begin(Generator* const g, const Wish* const wish)
{
  g->wish      = wish;
  g->bar_grids = metre_bar_grids(wish->around.metre);
  g->end_grid  = wish_end_grid(wish);

  // 128 tokens for a bar of 4/4
  const uint32_t room = 32U + g->end_grid * 4U / 3U;
  g->max_steps        = room < GENERATOR_MAX_STEPS ? room : GENERATOR_MAX_STEPS;

  g->common.n_notes = 0U;
  g->lead.sketch    = &g->common;
  g->lead.n_steps   = 0U;
  g->lead.n_forced  = 0U;
  g->lead.i_forced  = 0U;
  cursor_init(&g->lead.cursor, g->part, wish->around.metre);
  net_state_reset(g->begun);
  net_condition(g->net, g->begun, wish->dense);

  if (wish->theme && wish->is_answer) {
    read_theme(g);
  }
  look_ahead(g, &g->lead);
  while (is_forced(&g->lead) && !is_done(g, &g->lead)) {
    read_token(g, &g->lead, lead_on(g, &wish->around));
  }
}

/// Start a lane from what is common to all
static void
lane_begin(Generator* const g,
           Lane* const      lane,
           const uint64_t   key,
           Candidate* const candidate)
{
  candidate->score  = 0.0f;
  candidate->sketch = g->common;
  lane->sketch      = &candidate->sketch;
  lane->cursor      = g->lead.cursor;
  lane->key         = key;
  lane->n_steps     = g->lead.n_steps;
  lane->n_forced    = 0U;
  lane->i_forced    = 0U;
}

/// Close the lanes that have come to their end
static void
close_lanes(Generator* const g)
{
  // From the last on, so that what takes a place has been looked at
  for (uint32_t i = g->lanes.n_open; i-- > 0U;) {
    if (is_done(g, &g->lane[g->lanes.owner[i]])) {
      lanes_close(&g->lanes, i);
    }
  }
}

/// Write a batch to its end
static void
write_batch(Generator* const g)
{
  const Lanes* const lanes = &g->lanes;
  const uint32_t     K     = vocab_n_hot(g->part);
  const uint32_t     V     = vocab_n_tokens(g->part);
  for (close_lanes(g); lanes->n_open; close_lanes(g)) {
    for (uint32_t i = 0U; i < lanes->n_open; ++i) {
      const Lane* const lane = &g->lane[lanes->owner[i]];
      cursor_inputs(&lane->cursor, &g->wish->around, g->hot + i * K);
    }
    net_step(g->net, lanes->state, g->hot, g->logits);

    for (uint32_t i = 0U; i < lanes->n_open; ++i) {
      Lane* const    lane  = &g->lane[lanes->owner[i]];
      const uint16_t token = is_forced(lane)
                               ? lane->forced[lane->i_forced++]
                               : choose(g, lane, g->logits + i * V);
      read_token(g, lane, token);
    }
  }
}

void
generator_write(Generator* const g,
                const uint64_t   key,
                const uint32_t   n,
                Candidate* const candidates)
{
  for (uint32_t first = 0U; first < n; first += LANES_MAX) {
    const uint32_t left = n - first;
    lanes_open(&g->lanes, left < LANES_MAX ? left : LANES_MAX);
    net_condition(g->net, g->lanes.state, g->wish->dense);
    for (uint32_t i = 0U; i < g->lanes.n_open; ++i) {
      net_state_copy(g->lanes.state, i, g->begun, 0U);
      lane_begin(
        g, &g->lane[i], rng_key(key, first + i), &candidates[first + i]);
    }
    write_batch(g);
  }
}
