// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/gate_report.h"

#include "compose/gate.h"
#include "nn/model_file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/// Scores of the sequences of a split, with their kinds
typedef struct {
  uint32_t  n;
  float*    score; ///< (n)
  uint16_t* kind;  ///< (n)
  float*    real;  ///< (n) scratch
  float*    other; ///< (n) scratch
} Scores;

static int
compare(const void* const a, const void* const b)
{
  const float x = *(const float*)a;
  const float y = *(const float*)b;
  return (x > y) - (x < y);
}

double
gate_auc(float* const   real,
         const uint32_t n_real,
         float* const   other,
         const uint32_t n_other)
{
  if (!n_real || !n_other) {
    return 0.0;
  }

  qsort(real, n_real, sizeof(*real), compare);
  qsort(other, n_other, sizeof(*other), compare);

  uint64_t halves = 0U; // A pair won counts two
  uint32_t n_less = 0U;
  uint32_t n_same = 0U; // Others that are not above
  for (uint32_t i = 0U; i < n_real; ++i) {
    while (n_less < n_other && other[n_less] < real[i]) {
      ++n_less;
    }
    while (n_same < n_other && other[n_same] <= real[i]) {
      ++n_same;
    }
    halves += n_less + (uint64_t)n_same;
  }
  return (double)halves / (2.0 * n_real * n_other);
}

/// A net's score for one sequence
static float
score_sequence(const Net* const      net,
               NetState* const       state,
               const Dataset* const  set,
               const Sequence* const sequence)
{
  float logits[N_GATE_CLASSES] = {0.0f};
  net_state_reset(state);
  for (uint32_t t = 0U; t < sequence->n_steps; ++t) {
    const size_t i = (size_t)sequence->i_step + t;
    if (!t || set->row[i] != set->row[i - 1U]) {
      net_condition(
        net, state, set->dense + (size_t)set->row[i] * set->n_dense);
    }
    net_step(net, state, set->hot + i * set->n_hot, logits);
  }
  return gate_score(logits);
}

/// Scores of one kind, or of all that is not real
static uint32_t
gather(const Scores* const scores, const unsigned kind, float* const to)
{
  uint32_t n = 0U;
  for (uint32_t i = 0U; i < scores->n; ++i) {
    if (scores->kind[i] == kind ||
        (kind == N_GATE_KINDS && scores->kind[i] != KIND_REAL)) {
      to[n++] = scores->score[i];
    }
  }
  return n;
}

static void
figure_out(const Scores* const scores, GateFigure* const figures)
{
  for (unsigned kind = 0U; kind <= N_GATE_KINDS; ++kind) {
    GateFigure* const figure = &figures[kind];
    const uint32_t    n_real = gather(scores, KIND_REAL, scores->real);
    double            sum    = 0.0;
    uint32_t          n_pass = 0U;
    memset(figure, 0, sizeof(*figure));
    figure->n = gather(scores, kind, scores->other);
    for (uint32_t i = 0U; i < figure->n; ++i) {
      sum += (double)scores->other[i];
      n_pass += scores->other[i] >= 0.5f ? 1U : 0U;
    }
    figure->mean   = figure->n ? sum / figure->n : 0.0;
    figure->passed = figure->n ? (double)n_pass / figure->n : 0.0;
    figure->auc    = gate_auc(scores->real, n_real, scores->other, figure->n);
  }
}

Status
gate_measure(const Net* const     net,
             const Dataset* const set,
             const Split          split,
             GateFigure* const    figures)
{
  const NetShape* const shape = net_shape(net);
  if (shape->n_hot_inputs != set->n_hot_inputs || shape->n_hot != set->n_hot ||
      shape->n_dense != set->n_dense || shape->n_out != N_GATE_CLASSES) {
    return STATUS_MISMATCH;
  }

  const size_t    room   = (size_t)set->n_sequences + 1U;
  NetState* const state  = net_state_new(net, 1U);
  Scores          scores = {0U,
                            (float*)calloc(room, sizeof(float)),
                            (uint16_t*)calloc(room, sizeof(uint16_t)),
                            (float*)calloc(room, sizeof(float)),
                            (float*)calloc(room, sizeof(float))};

  const bool is_able =
    state && scores.score && scores.kind && scores.real && scores.other;
  for (uint32_t i = 0U; is_able && i < set->n_sequences; ++i) {
    if (set->sequence[i].split == split) {
      scores.kind[scores.n] = set->sequence[i].group;
      scores.score[scores.n++] =
        score_sequence(net, state, set, &set->sequence[i]);
    }
  }
  if (is_able) {
    figure_out(&scores, figures);
  }

  free(scores.other);
  free(scores.real);
  free(scores.kind);
  free(scores.score);
  net_state_free(state);
  return is_able ? STATUS_SUCCESS : STATUS_NO_MEM;
}

static void
print_row(FILE* const             file,
          const char* const       name,
          const GateFigure* const figure,
          const bool              is_real)
{
  fprintf(file,
          "  %-16s %6u   %.3f   %.3f  ",
          name,
          figure->n,
          figure->mean,
          figure->passed);
  if (is_real) {
    fputs("    -\n", file);
  } else {
    fprintf(file, " %.3f\n", figure->auc);
  }
}

static void
print_figures(const GateFigure* const figures,
              const Split             split,
              FILE* const             file)
{
  fprintf(file,
          "What the gate makes of phrases that %s:\n"
          "  %-16s %6s   %5s  %6s  %5s\n",
          split == SPLIT_HELD_OUT ? "were held out"
                                  : "it learned from (nothing was held out)",
          "kind",
          "n",
          "score",
          "passed",
          "AUC");
  for (unsigned kind = 0U; kind < N_GATE_KINDS; ++kind) {
    print_row(file, gate_kind_name(kind), &figures[kind], kind == KIND_REAL);
  }
  print_row(file, "all not real", &figures[N_GATE_KINDS], false);
}

Status
gate_report(const char* const    model_path,
            const Dataset* const set,
            GateFigure* const    figures,
            FILE* const          file,
            Trouble* const       trouble)
{
  Model* model = NULL;
  Net*   net   = NULL;
  Split  split = SPLIT_TRAIN;
  for (uint32_t i = 0U; i < set->n_sequences; ++i) {
    split = set->sequence[i].split == SPLIT_HELD_OUT ? SPLIT_HELD_OUT : split;
  }

  Status st = model_load(model_path, &model, trouble);
  st        = st ? st : net_new(model, &net, trouble);
  if (!st && (st = gate_measure(net, set, split, figures))) {
    (void)trouble_say(trouble,
                      st,
                      "The gate \"%s\" cannot be measured: %s",
                      model_path,
                      status_text(st));
  }
  if (!st) {
    print_figures(figures, split, file);
  }

  net_free(net);
  model_free(model);
  return st;
}
