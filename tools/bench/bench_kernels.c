// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// What a net's step costs, and what the machine could do

#include "base/rng.h"
#include "nn/net.h"
#include "tests/random_model.h"
#include "tools/bench/race.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTION "kernels"
#define N_STEPS 64U

/// Nets like those that are shipped, and twice as wide
static const NetShape shapes[] = {
  {703U, 16U, 20U, 2U, 256U, 96U, 1U},
  {703U, 16U, 20U, 2U, 512U, 96U, 1U},
};

/// A net that runs over the same inputs again and again
typedef struct {
  NetShape  shape;
  Model*    model;
  Net*      net;
  NetState* state;
  uint32_t  n;   ///< N, sequences
  uint16_t* hot; ///< (N_STEPS, N, K)
  float*    logits;
  uint32_t  t;
} Runner;

static void
runner_init(Runner* const r, const NetShape* const shape, const uint32_t n)
{
  Trouble trouble = {""};
  int8_t  dense[64];

  memset(r, 0, sizeof(*r));
  r->shape  = *shape;
  r->n      = n;
  r->model  = random_model(shape, 5U);
  r->hot    = (uint16_t*)calloc((size_t)N_STEPS * n * shape->n_hot, 2U);
  r->logits = (float*)calloc((size_t)n * shape->n_out, sizeof(float));
  random_dense(shape, 6U, dense);
  random_hot(shape, 7U, N_STEPS * n, r->hot);
  if (net_new(r->model, &r->net, &trouble) ||
      !(r->state = net_state_new(r->net, n))) {
    abort();
  }
  net_condition(r->net, r->state, dense);
}

static void
runner_clear(Runner* const r)
{
  net_state_free(r->state);
  net_free(r->net);
  model_free(r->model);
  free(r->logits);
  free(r->hot);
}

static void
runner_step(void* const what)
{
  Runner* const r    = (Runner*)what;
  const size_t  size = (size_t)r->n * r->shape.n_hot;

  net_step(r->net, r->state, r->hot + r->t * size, r->logits);
  r->t = (r->t + 1U) % N_STEPS;
}

int
main(void)
{
  static const uint32_t n_sequences[] = {1U, 8U};
  for (size_t s = 0U; s < sizeof(shapes) / sizeof(shapes[0]); ++s) {
    for (size_t i = 0U; i < 2U; ++i) {
      Runner runner;
      Spread spread;
      char   name[64];
      runner_init(&runner, &shapes[s], n_sequences[i]);
      const Contestant c = {"step", runner_step, &runner, 1.0};
      race(race_options(), &c, 1U, &spread);
      (void)snprintf(name,
                     sizeof(name),
                     "step, 2x%u, %u in lock-step",
                     shapes[s].n_hidden,
                     n_sequences[i]);
      race_print(SECTION, name, "us", 1e6, spread);
      runner_clear(&runner);
    }
  }
  return 0;
}
