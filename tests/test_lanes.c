// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "compose/lanes.h"

#include "base/rng.h"
#include "tests/random_model.h"

#include <string.h>

#define N 11U
#define N_OUT 30U
#define N_HOT 5U

static const NetShape shape = {60U, N_HOT, 0U, 2U, 48U, N_OUT, 1U};

/// Let every open lane read its owner's next input, and hold what is said
/// against what the owner's own state says
static void
check_step(Lanes* const          lanes,
           const Net* const      net,
           const uint16_t* const hot,
           const float* const    alone)
{
  uint16_t in[LANES_MAX * N_HOT];
  float    logits[LANES_MAX * N_OUT];
  for (uint32_t i = 0U; i < lanes->n_open; ++i) {
    memcpy(in + i * N_HOT, hot + lanes->owner[i] * N_HOT, sizeof(*in) * N_HOT);
  }
  net_step(net, lanes->state, in, logits);
  for (uint32_t i = 0U; i < lanes->n_open; ++i) {
    CHECK(!memcmp(logits + i * N_OUT,
                  alone + lanes->owner[i] * N_OUT,
                  N_OUT * sizeof(*logits)));
  }
}

static void
test_closed_lanes_leave_the_others_as_they_are(void)
{
  Trouble      trouble = {""};
  Model* const model   = random_model(&shape, 3U);
  Net*         net     = NULL;
  NetState*    own[N];
  uint16_t     hot[N * N_HOT];
  float        alone[N * N_OUT];
  Lanes        lanes;
  CHECK(!net_new(model, &net, &trouble));
  CHECK(!lanes_init(&lanes, net));
  for (uint32_t i = 0U; i < N; ++i) {
    own[i] = net_state_new(net, 1U);
  }

  lanes_open(&lanes, N);
  CHECK(lanes.n_open == N);
  for (uint32_t t = 0U; lanes.n_open; ++t) {
    random_hot(&shape, 70U + t, N, hot);
    for (uint32_t i = 0U; i < N; ++i) {
      net_step(net, own[i], hot + i * N_HOT, alone + i * N_OUT);
    }
    check_step(&lanes, net, hot, alone);

    // Somewhere among them, the last one too
    const uint32_t i_lane = rng_below(rng_seed(5U), t, lanes.n_open);
    const uint32_t n      = lanes.n_open;
    const uint32_t closed = lanes.owner[i_lane];
    lanes_close(&lanes, i_lane);
    CHECK(lanes.n_open == n - 1U);
    for (uint32_t i = 0U; i < lanes.n_open; ++i) {
      CHECK(lanes.owner[i] != closed);
    }
  }

  for (uint32_t i = 0U; i < N; ++i) {
    net_state_free(own[i]);
  }
  lanes_clear(&lanes);
  lanes_clear(&lanes); // Twice does no harm
  net_free(net);
  model_free(model);
}

static void
test_opened_lanes_are_forgetful(void)
{
  Trouble      trouble = {""};
  Model* const model   = random_model(&shape, 3U);
  Net*         net     = NULL;
  uint16_t     hot[LANES_MAX * N_HOT];
  float        first[LANES_MAX * N_OUT];
  float        again[LANES_MAX * N_OUT];
  Lanes        lanes;
  CHECK(!net_new(model, &net, &trouble));
  CHECK(!lanes_init(&lanes, net));
  random_hot(&shape, 7U, LANES_MAX, hot);
  lanes_open(&lanes, LANES_MAX);
  net_step(net, lanes.state, hot, first);
  lanes_close(&lanes, 3U);
  lanes_open(&lanes, LANES_MAX);
  net_step(net, lanes.state, hot, again);
  CHECK(!memcmp(first, again, sizeof(first)));
  lanes_clear(&lanes);
  net_free(net);
  model_free(model);
}

int
main(void)
{
  RUN(test_closed_lanes_leave_the_others_as_they_are);
  RUN(test_opened_lanes_are_forgetful);
  CHECK_END();
}
