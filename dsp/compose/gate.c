// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "compose/gate.h"

#include "compose/lanes.h"
#include "nn/exact.h"

#include <stdlib.h>

/// One candidate that is being read
typedef struct {
  Cursor   cursor;
  uint32_t n_tokens;
  uint16_t tokens[SKETCH_MAX_TOKENS];
} Reading;

struct Gate {
  const Net* net;
  Part       part;
  Lanes      lanes;
  Reading    reading[LANES_MAX];
  uint16_t   hot[LANES_MAX * VOCAB_MAX_HOT];
  float      logits[LANES_MAX * N_GATE_CLASSES];
};

Status
gate_new(const Net* const net, const Part part, Gate** const gate)
{
  Gate* const g = (Gate*)calloc(1U, sizeof(Gate));
  if (!g || lanes_init(&g->lanes, net)) {
    free(g);
    return STATUS_NO_MEM;
  }

  g->net  = net;
  g->part = part;
  *gate   = g;
  return STATUS_SUCCESS;
}

void
gate_free(Gate* const gate)
{
  if (gate) {
    lanes_clear(&gate->lanes);
    free(gate);
  }
}

float
gate_score(const float* const logits)
{
  return exact_sigmoid(logits[GATE_REAL] - logits[GATE_NOT_REAL]);
}

/// Read a batch to its end; whoever ends first keeps the answer it got there
static void
judge_batch(Gate* const g, const Wish* wish, Candidate* const candidates)
{
  Lanes* const   lanes = &g->lanes;
  const uint32_t K     = vocab_n_hot(g->part);
  for (uint32_t i = 0U; i < lanes->n_open; ++i) {
    Reading* const reading = &g->reading[i];
    cursor_init(&reading->cursor, g->part, wish->around.metre);
    reading->n_tokens = sketch_encode(
      &candidates[i].sketch, g->part, wish_end_grid(wish), reading->tokens);
  }

  for (uint32_t t = 0U; lanes->n_open; ++t) {
    for (uint32_t i = 0U; i < lanes->n_open; ++i) {
      const Reading* const reading = &g->reading[lanes->owner[i]];
      cursor_inputs(&reading->cursor, &wish->around, g->hot + i * K);
    }
    net_step(g->net, lanes->state, g->hot, g->logits);

    // From the last on, so that what takes a place has been looked at
    for (uint32_t i = lanes->n_open; i-- > 0U;) {
      Reading* const reading = &g->reading[lanes->owner[i]];
      GridNote       note;
      if (t < reading->n_tokens) {
        (void)cursor_step(&reading->cursor, reading->tokens[t], &note);
      } else {
        candidates[lanes->owner[i]].score =
          gate_score(g->logits + i * N_GATE_CLASSES);
        lanes_close(lanes, i);
      }
    }
  }
}

void
gate_judge(Gate* const       g,
           const Wish* const wish,
           const uint32_t    n,
           Candidate* const  candidates)
{
  for (uint32_t first = 0U; first < n; first += LANES_MAX) {
    const uint32_t left = n - first;
    lanes_open(&g->lanes, left < LANES_MAX ? left : LANES_MAX);
    net_condition(g->net, g->lanes.state, wish->dense);
    judge_batch(g, wish, candidates + first);
  }
}
