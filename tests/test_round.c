// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/rng.h"
#include "learn/round.h"
#include "nn/net.h"
#include "nn/norm.h"

#include <string.h>

#define K 2U
#define D 2U
#define N_HOT 9U
#define H 32U
#define V 6U
#define N_SEQUENCES 12U
#define N_STEPS 20U

static Real
noise(const uint32_t key, const uint32_t i)
{
  return (Real)((double)rng_u32(rng_seed(key), i) * 0x1p-31 - 1.0);
}

static void
make_net(const uint32_t is_normed, Layout* const layout, Real** const weights)
{
  const NetShape shape = {N_HOT, K, D, 2U, H, V, is_normed};
  CHECK(!layout_init(layout, &shape));
  *weights = (Real*)calloc(layout->n_weights, sizeof(Real));
  for (uint32_t i = 0U; i < layout->n_weights; ++i) {
    (*weights)[i] = (Real)0.4 * noise(1U, i);
  }
}

static void
make_set(Dataset* const set)
{
  dataset_init(set, N_HOT, K, D, V);
  for (uint32_t s = 0U; s < N_SEQUENCES; ++s) {
    for (uint32_t i = 0U; i < N_STEPS; ++i) {
      // The dense inputs change on the way
      const int8_t   dense[D] = {(int8_t)(10U * s), i < 8U ? -127 : 100};
      const uint16_t hot[K]   = {(uint16_t)rng_below(2U, s * 50U + i, N_HOT),
                                 (uint16_t)rng_below(3U, s * 50U + i, N_HOT)};
      uint32_t       i_row    = 0U;
      CHECK(!dataset_add_row(set, dense, &i_row));
      CHECK(!dataset_add_step(set,
                              hot,
                              i_row,
                              i ? (uint16_t)rng_below(4U, s * 50U + i, V)
                                : NO_TARGET));
    }
    const Sequence sequence = {
      0U, N_STEPS, s, (uint16_t)(s % 3U), SPLIT_HELD_OUT, 1.0f};
    CHECK(!dataset_add_sequence(set, sequence));
  }
}

/// Loss of the float net on a list of sequences, one after the other
static double
float_loss(const Layout* const   layout,
           const Real* const     weights,
           const Dataset* const  set,
           const uint32_t* const list,
           const uint32_t        n_list)
{
  LstmTrain* const train = lstm_train_new(layout, N_STEPS, 1U);
  double           sum   = 0.0;
  for (uint32_t i = 0U; i < n_list; ++i) {
    const uint32_t at             = set->sequence[list[i]].i_step;
    Real           hidden[2U * H] = {0};
    Real           cell[2U * H]   = {0};
    Real           loss[N_STEPS]  = {0};
    uint8_t        reset[N_STEPS] = {1U};
    Real           dense[N_STEPS * D];
    for (uint32_t t = 0U; t < N_STEPS; ++t) {
      for (uint32_t d = 0U; d < D; ++d) {
        dense[t * D + d] =
          (Real)set->dense[set->row[at + t] * D + d] / (Real)127;
      }
    }
    const Window window = {N_STEPS,
                           1U,
                           set->hot + (size_t)at * K,
                           dense,
                           set->target + at,
                           reset,
                           NULL};
    const Memory memory = {hidden, cell};
    lstm_train_forward(train, weights, &window, memory, loss);
    for (uint32_t t = 0U; t < N_STEPS; ++t) {
      sum += (double)loss[t];
    }
  }
  lstm_train_free(train);
  return sum / (double)(n_list * (N_STEPS - 1U));
}

static void
test_row_by_hand(void)
{
  const Real   row[3] = {(Real)1.27, (Real)-0.5, (Real)0.004};
  int8_t       rounded[3];
  const double step = round_row(row, 1U, 3U, rounded);
  CHECK(step <= 0.01 + 1e-9);
  for (uint32_t i = 0U; i < 3U; ++i) {
    NEAR((double)rounded[i] * step, row[i], 0.0051);
  }

  const Real zeros[4] = {0, 0, 0, 0};
  int8_t     none[4]  = {1, 1, 1, 1};
  CHECK(round_row(zeros, 1U, 4U, none) == 0.0);
  CHECK(!none[0] && !none[3]);
}

static void
test_row_search_is_no_worse(void)
{
  // One number far out: its step would waste most of the whole numbers
  Real row[500];
  for (uint32_t i = 0U; i < 500U; ++i) {
    row[i] = noise(7U, i) * noise(8U, i) * noise(9U, i);
  }
  int8_t       rounded[500];
  const double step  = round_row(row, 1U, 500U, rounded);
  double       top   = 0.0;
  double       error = 0.0;
  double       plain = 0.0;
  for (uint32_t i = 0U; i < 500U; ++i) {
    top = fmax(top, fabs((double)row[i]));
  }
  for (uint32_t i = 0U; i < 500U; ++i) {
    const double at     = (double)row[i];
    const double widest = top / 127.0;
    error += pow(at - step * rounded[i], 2.0);
    plain += pow(at - widest * rint(at / widest), 2.0);
  }
  CHECK(error <= plain);
}

static void
test_row_takes_columns(void)
{
  const Real   table[6] = {1, 10, 2, 20, 3, 30}; // (3, 2)
  int8_t       rounded[3];
  const double step = round_row(table + 1, 2U, 3U, rounded);
  NEAR(step * rounded[0], 10.0, 0.15);
  NEAR(step * rounded[2], 30.0, 0.15);
}

static void
check_int8_net_is_near_the_float_net(const uint32_t is_normed)
{
  Layout   layout;
  Real*    weights = NULL;
  Dataset  set;
  Model*   model   = NULL;
  Net*     net     = NULL;
  Trouble  trouble = {""};
  Score    score;
  Score    again;
  uint32_t list[N_SEQUENCES];
  make_net(is_normed, &layout, &weights);
  make_set(&set);
  for (uint32_t i = 0U; i < N_SEQUENCES; ++i) {
    list[i] = i;
  }

  const ModelText texts[2] = {{"kind", "generator"}, {"part", "melody"}};
  CHECK(!round_net(&layout, weights, texts, 2U, &model));
  CHECK(!net_new(model, &net, &trouble));
  if (!net) {
    fprintf(stderr, "%s\n", trouble.text);
    return;
  }
  CHECK(!strcmp(model_text(model, "part"), "melody"));
  CHECK(net_shape(net)->n_hot_inputs == N_HOT && net_shape(net)->n_out == V);

  CHECK(!round_evaluate(net, &set, list, N_SEQUENCES, 1U, &score));
  CHECK(score.n_events == N_SEQUENCES * (N_STEPS - 1U));
  const double whole = float_loss(&layout, weights, &set, list, N_SEQUENCES);
  NEAR(score_loss(&score), whole, 0.004 * whole);
  CHECK(score_loss(&score) != whole);

  // Threads do not matter, to the last bit
  CHECK(!round_evaluate(net, &set, list, N_SEQUENCES, 3U, &again));
  CHECK(score.sum == again.sum && score.n_events == again.n_events);

  // A part of the list is that part of the sum
  CHECK(!round_evaluate(net, &set, list, N_SEQUENCES / 2U, 1U, &again));
  NEAR(score_loss(&again),
       float_loss(&layout, weights, &set, list, N_SEQUENCES / 2U),
       0.006 * whole);
  net_free(net);
  model_free(model);
  dataset_clear(&set);
  free(weights);
}

static void
test_int8_net_is_near_the_float_net(void)
{
  check_int8_net_is_near_the_float_net(0U);
  check_int8_net_is_near_the_float_net(1U);
}

/// Largest distance of a rounded tensor from what it was, in its steps; what it
/// is multiplied by has `n_steps` in one
static double
distance(const Model* const model,
         const char* const  name,
         const Real* const  weights,
         const size_t       row_stride,
         const size_t       column_stride,
         const double       n_steps)
{
  char scale_name[32];
  snprintf(scale_name, sizeof(scale_name), "%s.scale", name);
  const Tensor* const tensor = model_find(model, name);
  const Tensor* const scale  = model_find(model, scale_name);
  double              worst  = 0.0;
  CHECK(tensor && scale);
  for (uint32_t i = 0U; i < tensor->shape[0]; ++i) {
    const double step = n_steps * (double)((const float*)scale->data)[i];
    for (uint32_t j = 0U; j < tensor->shape[1]; ++j) {
      const size_t at    = (size_t)i * tensor->shape[1] + j;
      const double whole = (double)((const int8_t*)tensor->data)[at];
      const double value = (double)weights[i * row_stride + j * column_stride];
      const double off   = fabs(whole - value / step);
      // Only what was clipped may be further away than a half
      worst = fmax(worst, fabs(whole) < 127.0 ? off : 0.0);
    }
  }
  return worst;
}

static void
check_every_tensor_is_near(const uint32_t is_normed)
{
  Layout layout;
  Real*  weights = NULL;
  Model* model   = NULL;
  make_net(is_normed, &layout, &weights);
  CHECK(!round_net(&layout, weights, NULL, 0U, &model));
  CHECK(!model_text(model, "is_normed") == !is_normed);

  const double above = is_normed ? (double)NORM_STEPS : 127.0;
  CHECK(
    distance(model, "lstm0.w_in", weights + layout.w_in[0], 1U, 4U * H, 127.0) <
    0.501);
  CHECK(distance(model, "lstm1.w_in", weights + layout.w_in[1], H, 1U, above) <
        0.501);
  CHECK(
    distance(model, "lstm0.w_hid", weights + layout.w_hid[0], H, 1U, 127.0) <
    0.501);
  CHECK(
    distance(model, "lstm1.w_hid", weights + layout.w_hid[1], H, 1U, 127.0) <
    0.501);
  CHECK(distance(model, "out.w", weights + layout.out_w, H, 1U, above) < 0.501);
  for (uint32_t i = 0U; i < 4U * H; ++i) {
    const Tensor* const bias = model_find(model, "lstm1.bias");
    CHECK(((const float*)bias->data)[i] == (float)weights[layout.bias[1] + i]);
  }
  model_free(model);
  free(weights);
}

static void
test_every_tensor_is_near(void)
{
  check_every_tensor_is_near(0U);
  check_every_tensor_is_near(1U);
}

static void
test_refuses(void)
{
  Layout  layout;
  Real*   weights = NULL;
  Model*  model   = NULL;
  Net*    net     = NULL;
  Dataset set;
  Score   score;
  make_net(0U, &layout, &weights);

  const ModelText twice[1] = {{"n_hidden", "7"}};
  CHECK(round_net(&layout, weights, twice, 1U, &model) == STATUS_BAD_ARG);
  CHECK(!round_net(&layout, weights, NULL, 0U, &model));
  CHECK(!net_new(model, &net, NULL));
  dataset_init(&set, N_HOT, K, D, V + 1U);
  CHECK(round_evaluate(net, &set, NULL, 0U, 1U, &score) == STATUS_MISMATCH);
  net_free(net);
  model_free(model);

  model      = NULL;
  weights[3] = (Real)NAN;
  CHECK(round_net(&layout, weights, NULL, 0U, &model) == STATUS_BAD_ARG);
  CHECK(!model);
  free(weights);
}

static void
check_back_again_is_near(const uint32_t is_normed)
{
  Layout layout;
  Real*  weights = NULL;
  Model* model   = NULL;
  Model* again   = NULL;
  make_net(is_normed, &layout, &weights);
  CHECK(!round_net(&layout, weights, NULL, 0U, &model));

  // Weights are within half a step of the largest, biases as they were; the
  // output layer is left alone
  Real* const back = (Real*)calloc(layout.n_weights, sizeof(Real));
  CHECK(!round_back(&layout, model, back));
  for (size_t i = 0U; i < layout.out_w; ++i) {
    NEAR(back[i], weights[i], 0.4 / 127.0);
  }
  for (uint32_t l = 0U; l < 2U; ++l) {
    for (size_t i = 0U; i < 4U * H; ++i) {
      NEAR(back[layout.bias[l] + i], weights[layout.bias[l] + i], 1e-7);
    }
  }
  for (size_t i = layout.out_w; i < layout.n_weights; ++i) {
    CHECK(back[i] == (Real)0);
  }

  // What was rounded once is rounded the same
  memcpy(back + layout.out_w,
         weights + layout.out_w,
         (layout.n_weights - layout.out_w) * sizeof(Real));
  CHECK(!round_net(&layout, back, NULL, 0U, &again));
  const Tensor* const a = model_find(model, "lstm1.w_hid");
  const Tensor* const b = model_find(again, "lstm1.w_hid");
  CHECK(!memcmp(a->data, b->data, tensor_size(a)));

  // Of other sizes or normed otherwise: refused, and nothing written
  const NetShape others[] = {{N_HOT + 1U, K, D, 2U, H, V, is_normed},
                             {N_HOT, K, D + 1U, 2U, H, V, is_normed},
                             {N_HOT - 1U, K, D + 1U, 2U, H, V, is_normed},
                             {N_HOT, K, D, 1U, H, V, is_normed},
                             {N_HOT, K, D, 3U, H, V, is_normed},
                             {N_HOT, K, D, 2U, H / 2U, V, is_normed},
                             {N_HOT, K, D, 2U, H, V, !is_normed}};
  for (size_t i = 0U; i < sizeof(others) / sizeof(others[0]); ++i) {
    Layout      other;
    const Real  mark = (Real)7;
    Real* const to   = (Real*)calloc(200000U, sizeof(Real));
    CHECK(!layout_init(&other, &others[i]) && other.n_weights <= 200000U);
    to[0] = mark;
    CHECK(round_back(&other, model, to) == STATUS_MISMATCH);
    CHECK(to[0] == mark && to[1] == (Real)0);
    free(to);
  }
  free(back);
  free(weights);
  model_free(again);
  model_free(model);
}

static void
test_back_again_is_near(void)
{
  check_back_again_is_near(0U);
  check_back_again_is_near(1U);
}

static void
test_held_out_is_chosen_evenly(void)
{
  Dataset   set;
  uint32_t* list   = NULL;
  uint32_t  n_list = 0U;
  make_set(&set);
  for (uint32_t i = 0U; i < N_SEQUENCES; i += 2U) {
    set.sequence[i].split = SPLIT_TRAIN;
  }
  CHECK(!held_out_choose(&set, SPLIT_HELD_OUT, 1000000U, &list, &n_list));
  CHECK(n_list == N_SEQUENCES / 2U);
  for (uint32_t i = 0U; i < n_list; ++i) {
    CHECK(list[i] % 2U == 1U);
    for (uint32_t j = 0U; j < i; ++j) {
      CHECK(list[i] != list[j]);
    }
  }
  free(list);
  CHECK(!held_out_choose(&set, SPLIT_HELD_OUT, 3U * N_STEPS, &list, &n_list));
  CHECK(n_list == 3U);
  free(list);
  for (uint32_t i = 0U; i < N_SEQUENCES; ++i) {
    set.sequence[i].split = SPLIT_TRAIN;
  }
  CHECK(!held_out_choose(&set, SPLIT_HELD_OUT, 100U, &list, &n_list));
  CHECK(n_list == 0U);
  free(list);
  dataset_clear(&set);
}

static void
test_score_by_hand(void)
{
  Score score;
  Score other;
  memset(&score, 0, sizeof(score));
  memset(&other, 0, sizeof(other));
  const Sequence light = {0U, 9U, 0U, 1U, SPLIT_HELD_OUT, 1.0f};
  const Sequence heavy = {0U, 9U, 0U, 9999U, SPLIT_HELD_OUT, 3.0f};
  CHECK(score_loss(&score) == 0.0 && score_weighted(&score) == 0.0);
  score_add(&score, &light, 4U, 8.0);
  score_add(&other, &heavy, 2U, 1.0);
  score_merge(&score, &other);
  NEAR(score_loss(&score), 1.5, 1e-12);
  NEAR(score_weighted(&score), (8.0 + 3.0) / (4.0 + 6.0), 1e-12);
  NEAR(score_group(&score, 1U), 2.0, 1e-12);
  NEAR(score_group(&score, SCORE_MAX_GROUPS + 5U), 0.5, 1e-12);
  CHECK(score_group(&score, 3U) == 0.0);
}

int
main(void)
{
  RUN(test_row_by_hand);
  RUN(test_row_search_is_no_worse);
  RUN(test_row_takes_columns);
  RUN(test_int8_net_is_near_the_float_net);
  RUN(test_every_tensor_is_near);
  RUN(test_refuses);
  RUN(test_back_again_is_near);
  RUN(test_held_out_is_chosen_evenly);
  RUN(test_score_by_hand);
  CHECK_END();
}
