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
judge_batch(Gate* const      g,
            NetState* const  state,
            const Wish*      wish,
            const uint32_t   n,
            Candidate* const candidates)
{
  const uint32_t K       = vocab_n_hot(g->part);
  uint32_t       longest = 0U;
  for (uint32_t i = 0U; i < n; ++i) {
    Reading* const reading = &g->reading[i];
    cursor_init(&reading->cursor, g->part, wish->around.metre);
    reading->n_tokens = sketch_encode(
      &candidates[i].sketch, g->part, wish_end_grid(wish), reading->tokens);
    longest = reading->n_tokens > longest ? reading->n_tokens : longest;
  }

  for (uint32_t t = 0U; t <= longest; ++t) {
    for (uint32_t i = 0U; i < n; ++i) {
      cursor_inputs(&g->reading[i].cursor, &wish->around, g->hot + i * K);
    }
    net_step(g->net, state, g->hot, g->logits);

    for (uint32_t i = 0U; i < n; ++i) {
      Reading* const reading = &g->reading[i];
      GridNote       note;
      if (t < reading->n_tokens) {
        (void)cursor_step(&reading->cursor, reading->tokens[t], &note);
      } else if (t == reading->n_tokens) {
        candidates[i].score = gate_score(g->logits + i * N_GATE_CLASSES);
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
  uint32_t n_batch = 0U;
  for (uint32_t first = 0U; first < n; first += n_batch) {
    NetState* const state = lanes_take(&g->lanes, n - first, &n_batch);
    net_condition(g->net, state, wish->dense);
    judge_batch(g, state, wish, n_batch, candidates + first);
  }
}
