// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/trainer.h"

#include "base/rng.h"
#include "learn/adam.h"
#include "learn/crew.h"
#include "learn/round.h"
#include "tools/train/loss_curve.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_STREAMS 4096U
#define MAX_WINDOW 4096U
#define MAX_HIDDEN 4096U
#define MAX_BAD_STEPS 20U
#define MARKS_PER_EVALUATION 4U

/// What random numbers are for: keys below the seed of the run
enum { KEY_WEIGHTS = 1, KEY_DRAW, KEY_MASK, KEY_NORM };

/// One thread's streams and all that it needs for a window of them
typedef struct {
  uint32_t   i_stream;  ///< Its first stream
  uint32_t   n_streams; ///< b, its number of streams
  LstmTrain* train;
  uint16_t*  hot;      ///< (T, b, K)
  Real*      dense;    ///< (T, b, D)
  uint16_t*  target;   ///< (T, b)
  uint8_t*   reset;    ///< (T, b)
  Real*      mask;     ///< (L, T, b, H)
  uint32_t*  owner;    ///< (T, b) sequence that a row belongs to
  Real*      loss;     ///< (T, b)
  Memory     memory;   ///< (L, b, H)
  Real*      gradient; ///< (n_weights)
  Stream*    reader;   ///< (b) streams of an evaluation
  double     loss_sum; ///< Of the last window
  uint64_t   n_events;
  Score      score; ///< Of the last evaluation
} Shard;

/// What the shards are to evaluate
typedef struct {
  const Real*     weights;
  const uint32_t* list;
  uint32_t        n_list;
} Errand;

struct Trainer {
  const Dataset* set;
  TrainOptions   options;
  AdamOptions    adam;
  Layout         layout;
  Crew*          crew;
  uint32_t       n_shards;
  Shard*         shard;
  Checkpoint     state;
  Real           scale;        ///< What one event's loss counts in a step
  uint32_t*      drawable;     ///< (n_drawable) training sequences
  double*        weight_up_to; ///< (n_drawable) summed weights
  uint32_t       n_drawable;
  uint32_t*      held_out;
  uint32_t       n_held_out;
  uint64_t       n_train_steps; ///< Steps of the training split
  uint64_t       key_draw;
  uint64_t       key_mask;
  uint32_t       n_bad; ///< Steps in a row whose loss was no number
  Errand         errand;
  double*        squares;  ///< (n_blocks) of the gradient, summed
  size_t         n_blocks; ///< Of ADAM_BLOCK weights, but the last
  bool           is_apt;   ///< Whether the step's gradient is all numbers
  AdamFactors    factors;
  Real           enters; ///< What part of the weights enters their average
};

TrainOptions
train_options_default(void)
{
  const TrainOptions options = {
    .n_hidden     = 256U,
    .n_layers     = 2U,
    .n_streams    = 64U,
    .n_window     = 64U,
    .n_epochs     = 20.0,
    .rate         = 3e-3,
    .floor        = 0.02,
    .n_warmup     = 200U,
    .clip         = 1.0,
    .dropout      = 0.2,
    .average      = 0.998,
    .seed         = 1U,
    .n_threads    = 1U,
    .n_patience   = 12U,
    .n_held_out   = 131072U,
    .checkpoint_s = 60.0,
  };
  return options;
}

Status
train_options_check(const TrainOptions* const o, Trouble* const trouble)
{
  const Status bad = STATUS_BAD_ARG;
  if (!o->n_hidden || o->n_hidden > MAX_HIDDEN) {
    return trouble_say(
      trouble, bad, "Hidden units must be 1 to %u", MAX_HIDDEN);
  }
  if (!o->n_layers || o->n_layers > NET_MAX_LAYERS) {
    return trouble_say(trouble, bad, "Layers must be 1 to %u", NET_MAX_LAYERS);
  }
  if (o->is_normed > 1U) {
    return trouble_say(trouble, bad, "Normalisation must be 0 or 1");
  }
  if (!o->n_streams || o->n_streams > MAX_STREAMS) {
    return trouble_say(trouble, bad, "The batch must be 1 to %u", MAX_STREAMS);
  }
  if (!o->n_window || o->n_window > MAX_WINDOW) {
    return trouble_say(trouble, bad, "The window must be 1 to %u", MAX_WINDOW);
  }
  if (!o->n_threads || o->n_threads > CREW_MAX) {
    return trouble_say(trouble, bad, "Threads must be 1 to %u", CREW_MAX);
  }
  if (!(o->rate > 0.0 && o->rate < 1.0)) {
    return trouble_say(trouble, bad, "The rate must be above 0 and below 1");
  }
  if (!(o->dropout >= 0.0 && o->dropout < 0.95)) {
    return trouble_say(trouble, bad, "Dropout must be 0 to 0.95");
  }
  if (!(o->average >= 0.0 && o->average < 1.0)) {
    return trouble_say(
      trouble, bad, "The average's share must be 0, or below 1");
  }
  if (!(o->floor >= 0.0 && o->floor <= 1.0)) {
    return trouble_say(trouble, bad, "The floor must be 0 to 1");
  }
  if (!o->n_steps && !(o->n_epochs > 0.0 && o->n_epochs < 1e6)) {
    return trouble_say(trouble, bad, "Epochs must be above 0");
  }
  if (!o->n_held_out) {
    return trouble_say(trouble, bad, "Held-out steps must be above 0");
  }
  return STATUS_SUCCESS;
}

static double
now_s(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

// Identity: a run goes on only with the data and options it began with

static uint64_t
mix_bytes(uint64_t key, const void* const bytes, const size_t n_bytes)
{
  const uint8_t* const from = (const uint8_t*)bytes;
  for (size_t i = 0U; i < n_bytes; i += 8U) {
    const size_t left = n_bytes - i;
    uint64_t     word = 0U;
    memcpy(&word, from + i, left < 8U ? left : 8U);
    key = rng_key(key, word);
  }
  return key;
}

static uint64_t
set_identity(const Dataset* const set)
{
  const uint32_t sizes[] = {set->n_hot_inputs,
                            set->n_hot,
                            set->n_dense,
                            set->n_classes,
                            set->n_steps,
                            set->n_rows,
                            set->n_sequences};
  const size_t   n       = set->n_steps;
  uint64_t       key     = mix_bytes(rng_seed(1U), sizes, sizeof(sizes));

  key = mix_bytes(key, set->hot, n * set->n_hot * sizeof(uint16_t));
  key = mix_bytes(key, set->target, n * sizeof(uint16_t));
  key = mix_bytes(key, set->row, n * sizeof(uint32_t));
  key = mix_bytes(key, set->dense, (size_t)set->n_rows * set->n_dense);
  for (uint32_t i = 0U; i < set->n_sequences; ++i) {
    const Sequence* const s       = &set->sequence[i];
    const uint32_t        words[] = {
             s->i_step, s->n_steps, s->i_piece, s->group, s->split};
    key = mix_bytes(key, words, sizeof(words));
    key = mix_bytes(key, &s->weight, sizeof(s->weight));
  }
  return key;
}

static uint64_t
run_identity(const Trainer* const self)
{
  // Threads and checkpoint interval are left out: a run may go on with others
  const TrainOptions* const o         = &self->options;
  const uint64_t            numbers[] = {o->n_hidden,
                                         o->n_layers,
                                         o->n_streams,
                                         o->n_window,
                                         self->adam.n_steps,
                                         o->n_warmup,
                                         o->seed,
                                         o->n_patience,
                                         o->n_evaluate,
                                         o->n_held_out};
  const double              reals[]   = {
                   o->rate, o->floor, o->decay, o->clip, o->dropout, o->average};

  uint64_t key = set_identity(self->set);
  key          = mix_bytes(key, numbers, sizeof(numbers));
  key          = mix_bytes(key, reals, sizeof(reals));

  // A run without is the one that it was before there was any
  return o->is_normed ? rng_key(key, KEY_NORM) : key;
}

// Drawing sequences

static uint64_t
stream_key(const uint64_t key, const uint32_t b, const uint32_t n_drawn)
{
  return rng_key(rng_key(key, b), n_drawn);
}

/// The sequence at `point`, 0 .. 1 of the summed weights
static uint32_t
sequence_at(const Trainer* const self, const double point)
{
  const double wanted = point * self->weight_up_to[self->n_drawable - 1U];
  uint32_t     low    = 0U;
  uint32_t     high   = self->n_drawable - 1U;
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2U;
    if (self->weight_up_to[middle] > wanted) {
      high = middle;
    } else {
      low = middle + 1U;
    }
  }
  return self->drawable[low];
}

static void
draw(const Trainer* const self, Stream* const stream, const uint32_t b)
{
  const uint64_t key = stream_key(self->key_draw, b, stream->n_drawn);
  const double   point =
    ((double)rng_u32(key, 0U) + (double)rng_u32(key, 1U) * 0x1p-32) * 0x1p-32;

  stream->i_sequence = sequence_at(self, point);
  stream->n_read     = 0U;
  ++stream->n_drawn;
}

/// The mask of a sequence for row (t, i): kept outputs count for more
static void
draw_mask(const Trainer* const self,
          Shard* const         shard,
          const uint64_t       key,
          const size_t         row)
{
  const uint32_t H     = self->options.n_hidden;
  const size_t   rows  = (size_t)self->options.n_window * shard->n_streams;
  const double   drop  = self->options.dropout;
  const uint32_t limit = (uint32_t)(drop * 4294967296.0);
  const Real     keep  = (Real)(1.0 / (1.0 - drop));

  for (uint32_t l = 0U; l < self->options.n_layers; ++l) {
    Real* const mask = shard->mask + (l * rows + row) * H;
    for (uint32_t j = 0U; j < H; ++j) {
      mask[j] = rng_u32(key, l * H + j) < limit ? (Real)0 : keep;
    }
  }
}

/// Row (t, i) has the mask of the row before it
static void
repeat_mask(const Trainer* const self, Shard* const shard, const size_t row)
{
  const size_t H    = self->options.n_hidden;
  const size_t rows = (size_t)self->options.n_window * shard->n_streams;
  for (uint32_t l = 0U; l < self->options.n_layers; ++l) {
    Real* const mask = shard->mask + (l * rows + row) * H;
    memcpy(mask, mask - shard->n_streams * H, H * sizeof(Real));
  }
}

/// Row `row` is the next step of `stream`
static void
read_step(const Trainer* const self,
          Shard* const         shard,
          Stream* const        stream,
          const size_t         row)
{
  const Dataset* const  set      = self->set;
  const Sequence* const sequence = &set->sequence[stream->i_sequence];
  const size_t          at       = (size_t)sequence->i_step + stream->n_read;
  const size_t          K        = set->n_hot;
  const size_t          D        = set->n_dense;
  const int8_t* const   dense    = set->dense + set->row[at] * D;

  shard->reset[row]  = stream->n_read == 0U;
  shard->target[row] = set->target[at];
  shard->owner[row]  = stream->i_sequence;
  if (K) {
    memcpy(shard->hot + row * K, set->hot + at * K, K * sizeof(uint16_t));
  }
  for (size_t d = 0U; d < D; ++d) {
    shard->dense[row * D + d] = (Real)dense[d] * (Real)(1.0 / 127.0);
  }
  ++stream->n_read;
}

/// Row `row` has nothing to say
static void
read_nothing(const Trainer* const self, Shard* const shard, const size_t row)
{
  const size_t K     = self->set->n_hot;
  const size_t D     = self->set->n_dense;
  shard->reset[row]  = 1U;
  shard->target[row] = NO_TARGET;
  shard->owner[row]  = UINT32_MAX;
  memset(shard->hot + row * K, 0, K * sizeof(uint16_t));
  memset(shard->dense + row * D, 0, D * sizeof(Real));
}

static bool
is_read(const Dataset* const set, const Stream* const stream)
{
  return stream->n_read >= set->sequence[stream->i_sequence].n_steps;
}

static Window
shard_window(const Trainer* const self, const Shard* const shard, bool masked)
{
  const Window window = {self->options.n_window,
                         shard->n_streams,
                         shard->hot,
                         shard->dense,
                         shard->target,
                         shard->reset,
                         masked ? shard->mask : NULL};
  return window;
}

/// Fill the shard's window from its streams of training data
static void
read_window(Trainer* const self, Shard* const shard)
{
  const uint32_t T         = self->options.n_window;
  const bool     is_masked = self->options.dropout > 0.0;

  for (uint32_t i = 0U; i < shard->n_streams; ++i) {
    const uint32_t b      = shard->i_stream + i;
    Stream* const  stream = &self->state.stream[b];
    for (uint32_t t = 0U; t < T; ++t) {
      const size_t row = (size_t)t * shard->n_streams + i;
      if (!stream->n_drawn || is_read(self->set, stream)) {
        draw(self, stream, b);
      }
      read_step(self, shard, stream, row);
      if (is_masked && t && !shard->reset[row]) {
        repeat_mask(self, shard, row);
      } else if (is_masked) {
        draw_mask(
          self, shard, stream_key(self->key_mask, b, stream->n_drawn), row);
      }
    }
  }
}

/// Carry the streams' memory between the state (B, L, H) and a shard (L, b, H)
static void
carry_memory(Trainer* const self, Shard* const shard, const bool is_out)
{
  const size_t H = self->options.n_hidden;
  const size_t L = self->options.n_layers;
  for (size_t l = 0U; l < L; ++l) {
    for (size_t i = 0U; i < shard->n_streams; ++i) {
      const size_t near    = (l * shard->n_streams + i) * H;
      const size_t far     = ((shard->i_stream + i) * L + l) * H;
      Real* const  mine[2] = {shard->memory.hidden + near,
                              shard->memory.cell + near};
      Real* const state[2] = {self->state.hidden + far, self->state.cell + far};
      for (uint32_t j = 0U; j < 2U; ++j) {
        memcpy(is_out ? state[j] : mine[j],
               is_out ? mine[j] : state[j],
               H * sizeof(Real));
      }
    }
  }
}

/// One shard's part of an optimiser step
static void
shard_step(void* const what, const uint32_t i_shard)
{
  Trainer* const self  = (Trainer*)what;
  Shard* const   shard = &self->shard[i_shard];
  const size_t   rows  = (size_t)self->options.n_window * shard->n_streams;

  read_window(self, shard);
  carry_memory(self, shard, false);

  const Window window = shard_window(self, shard, self->options.dropout > 0.0);
  memset(shard->gradient, 0, self->layout.n_weights * sizeof(Real));
  lstm_train_forward(
    shard->train, self->state.weights, &window, shard->memory, shard->loss);
  lstm_train_backward(
    shard->train, self->state.weights, &window, self->scale, shard->gradient);

  carry_memory(self, shard, true);
  shard->loss_sum = 0.0;
  shard->n_events = 0U;
  for (size_t row = 0U; row < rows; ++row) {
    shard->loss_sum += (double)shard->loss[row];
    shard->n_events += shard->target[row] != NO_TARGET;
  }
}

/// The weights of block `i`: where they begin, and how many
static size_t
block_begin(const size_t i)
{
  return i * ADAM_BLOCK;
}

static size_t
block_size(const Trainer* const self, const size_t i)
{
  const size_t left = self->layout.n_weights - block_begin(i);
  return left < ADAM_BLOCK ? left : ADAM_BLOCK;
}

/// One member's blocks of the gradient: the shards' parts are summed into that
/// of the first, in their order
static void
member_sum(void* const what, const uint32_t i_member)
{
  Trainer* const self = (Trainer*)what;
  for (size_t i = i_member; i < self->n_blocks; i += self->n_shards) {
    const size_t n     = block_size(self, i);
    Real* const  total = self->shard[0].gradient + block_begin(i);
    for (uint32_t s = 1U; s < self->n_shards; ++s) {
      const Real* const part = self->shard[s].gradient + block_begin(i);
      for (size_t j = 0U; j < n; ++j) {
        total[j] += part[j];
      }
    }
    self->squares[i] = adam_squares(total, n);
  }
}

/// One member's blocks of the weights: a step, then they enter their average.
/// Source: Polyak and Juditsky 1992; as used here, Izmailov et al. 2018.
static void
member_update(void* const what, const uint32_t i_member)
{
  Trainer* const    self  = (Trainer*)what;
  Checkpoint* const state = &self->state;
  for (size_t i = i_member; i < self->n_blocks; i += self->n_shards) {
    const size_t n       = block_size(self, i);
    const size_t begin   = block_begin(i);
    Real* const  weights = state->weights + begin;
    Real* const  average = state->average + begin;
    if (self->is_apt) {
      adam_update(self->factors,
                  n,
                  weights,
                  state->first + begin,
                  state->second + begin,
                  self->shard[0].gradient + begin);
    }
    for (size_t j = 0U; j < n; ++j) {
      average[j] += self->enters * (weights[j] - average[j]);
    }
  }
}

/// What part enters the average after `n` steps; it forgets the first sooner
static Real
share_of_average(const Trainer* const self, const double n)
{
  const double early = (n - 1.0) / (n + 9.0);
  return (Real)(1.0 - (early < self->options.average ? early
                                                     : self->options.average));
}

double
trainer_step(Trainer* const self)
{
  Checkpoint* const state = &self->state;
  crew_run(self->crew, shard_step, self);
  crew_run(self->crew, member_sum, self);

  double   squares  = 0.0;
  double   sum      = 0.0;
  uint64_t n_events = 0U;
  for (size_t i = 0U; i < self->n_blocks; ++i) {
    squares += self->squares[i];
  }
  for (uint32_t i = 0U; i < self->n_shards; ++i) {
    sum += self->shard[i].loss_sum;
    n_events += self->shard[i].n_events;
  }

  const double norm = sqrt(squares);
  self->is_apt      = isfinite(norm);
  if (self->is_apt) {
    self->factors = adam_factors(&self->adam, state->n_steps, norm);
  }
  ++state->n_steps;
  self->enters = share_of_average(self, (double)state->n_steps);
  crew_run(self->crew, member_update, self);
  if (self->is_apt && isfinite(sum)) {
    self->n_bad = 0U;
    state->loss_sum += sum;
    state->n_summed += n_events;
    state->n_events += n_events;
  } else {
    // A memory that is no number would never become one again
    ++self->n_bad;
    const size_t n_memory = (size_t)state->n_streams * state->n_memory;
    memset(state->hidden, 0, n_memory * sizeof(Real));
    memset(state->cell, 0, n_memory * sizeof(Real));
  }
  return n_events ? sum / (double)n_events : 0.0;
}

/// Fill a window for an evaluation.  @return false when nothing was left.
static bool
read_evaluation(Trainer* const self, Shard* const shard, uint32_t* const i_next)
{
  const Errand* const errand = &self->errand;
  bool                any    = false;
  for (uint32_t t = 0U; t < self->options.n_window; ++t) {
    for (uint32_t i = 0U; i < shard->n_streams; ++i) {
      Stream* const reader = &shard->reader[i];
      const size_t  row    = (size_t)t * shard->n_streams + i;
      if ((!reader->n_drawn || is_read(self->set, reader)) &&
          *i_next < errand->n_list) {
        reader->i_sequence = errand->list[*i_next];
        reader->n_read     = 0U;
        reader->n_drawn    = 1U;
        *i_next += self->n_shards;
      }
      if (reader->n_drawn && !is_read(self->set, reader)) {
        read_step(self, shard, reader, row);
        any = true;
      } else {
        read_nothing(self, shard, row);
      }
    }
  }
  return any;
}

/// One shard's part of an evaluation: every n_shards-th sequence of the list
static void
shard_evaluate(void* const what, const uint32_t i_shard)
{
  Trainer* const self   = (Trainer*)what;
  Shard* const   shard  = &self->shard[i_shard];
  const size_t   rows   = (size_t)self->options.n_window * shard->n_streams;
  const Window   window = shard_window(self, shard, false);
  uint32_t       i_next = i_shard;

  memset(&shard->score, 0, sizeof(shard->score));
  memset(shard->reader, 0, shard->n_streams * sizeof(Stream));
  while (read_evaluation(self, shard, &i_next)) {
    lstm_train_forward(
      shard->train, self->errand.weights, &window, shard->memory, shard->loss);
    for (size_t row = 0U; row < rows; ++row) {
      if (shard->target[row] != NO_TARGET) {
        score_add(&shard->score,
                  &self->set->sequence[shard->owner[row]],
                  1U,
                  (double)shard->loss[row]);
      }
    }
  }
}

void
trainer_evaluate(Trainer* const        self,
                 const Real* const     weights,
                 const uint32_t* const list,
                 const uint32_t        n_list,
                 Score* const          score)
{
  const Errand errand = {weights, list, n_list};
  self->errand        = errand;
  crew_run(self->crew, shard_evaluate, self);

  memset(score, 0, sizeof(*score));
  for (uint32_t i = 0U; i < self->n_shards; ++i) {
    score_merge(score, &self->shard[i].score);
  }
}

// Making and unmaking

/// List what can be drawn, with weights summed up; also count and plan
static Status
prepare_data(Trainer* const self, Trouble* const trouble)
{
  const Dataset* const set  = self->set;
  const size_t         room = (size_t)set->n_sequences + 1U;
  self->drawable            = (uint32_t*)calloc(room, sizeof(uint32_t));
  self->weight_up_to        = (double*)calloc(room, sizeof(double));
  if (!self->drawable || !self->weight_up_to) {
    return STATUS_NO_MEM;
  }

  double sum             = 0.0;
  double weighted_steps  = 0.0;
  double weighted_events = 0.0;
  for (uint32_t i = 0U; i < set->n_sequences; ++i) {
    const Sequence* const s      = &set->sequence[i];
    const double          weight = (double)s->weight;
    if (s->split != SPLIT_TRAIN || !(weight > 0.0) || !isfinite(weight)) {
      continue;
    }

    uint32_t n_events = 0U;
    for (uint32_t j = 0U; j < s->n_steps; ++j) {
      n_events += set->target[s->i_step + j] != NO_TARGET;
    }
    sum += weight;
    weighted_steps += weight * s->n_steps;
    weighted_events += weight * n_events;
    self->n_train_steps += s->n_steps;
    self->weight_up_to[self->n_drawable] = sum;
    self->drawable[self->n_drawable++]   = i;
  }
  if (!self->n_drawable || !(weighted_events > 0.0)) {
    return trouble_say(trouble,
                       STATUS_BAD_ARG,
                       "There is nothing to learn from in the training split");
  }

  const double per_step =
    (double)self->options.n_streams * self->options.n_window;
  self->scale = (Real)(weighted_steps / (weighted_events * per_step));
  return held_out_choose(set,
                         SPLIT_HELD_OUT,
                         self->options.n_held_out,
                         &self->held_out,
                         &self->n_held_out);
}

/// Steps of the run, and between evaluations, where they were left open
static void
plan(Trainer* const self)
{
  TrainOptions* const o        = &self->options;
  const double        per_step = (double)o->n_streams * o->n_window;
  const double        epoch    = (double)self->n_train_steps / per_step;
  const double        steps    = ceil(o->n_epochs * epoch);
  const uint64_t      n_steps  = o->n_steps    ? o->n_steps
                                 : steps < 1.0 ? 1U
                                               : (uint64_t)steps;

  if (!o->n_evaluate) {
    const uint64_t least = n_steps < 500U ? n_steps / 10U + 1U : 50U;
    const uint64_t part  = n_steps / 60U;
    o->n_evaluate        = part < least ? least : part > 1000U ? 1000U : part;
  }

  const AdamOptions adam = {o->rate,
                            o->floor,
                            o->n_warmup < n_steps / 4U ? o->n_warmup
                                                       : n_steps / 4U,
                            n_steps,
                            o->decay,
                            o->clip};
  self->adam             = adam;
}

static bool
shard_init(const Trainer* const self, Shard* const shard)
{
  const TrainOptions* const o    = &self->options;
  const size_t              rows = (size_t)o->n_window * shard->n_streams;
  const size_t L_b_H = (size_t)o->n_layers * shard->n_streams * o->n_hidden;
  const size_t K     = self->set->n_hot;
  const size_t D     = self->set->n_dense;

  shard->train  = lstm_train_new(&self->layout, o->n_window, shard->n_streams);
  shard->hot    = (uint16_t*)calloc(rows * K + 1U, sizeof(uint16_t));
  shard->dense  = (Real*)calloc(rows * D + 1U, sizeof(Real));
  shard->target = (uint16_t*)calloc(rows, sizeof(uint16_t));
  shard->reset  = (uint8_t*)calloc(rows, 1U);
  shard->owner  = (uint32_t*)calloc(rows, sizeof(uint32_t));
  shard->loss   = (Real*)calloc(rows, sizeof(Real));
  shard->gradient      = (Real*)calloc(self->layout.n_weights, sizeof(Real));
  shard->reader        = (Stream*)calloc(shard->n_streams, sizeof(Stream));
  shard->memory.hidden = (Real*)calloc(L_b_H, sizeof(Real));
  shard->memory.cell   = (Real*)calloc(L_b_H, sizeof(Real));
  if (o->dropout > 0.0) {
    shard->mask = (Real*)calloc(o->n_window * L_b_H, sizeof(Real));
  }
  return shard->train && shard->hot && shard->dense && shard->target &&
         shard->reset && shard->owner && shard->loss && shard->gradient &&
         shard->reader && shard->memory.hidden && shard->memory.cell &&
         (shard->mask || !(o->dropout > 0.0));
}

static void
shard_clear(Shard* const shard)
{
  lstm_train_free(shard->train);
  free(shard->hot);
  free(shard->dense);
  free(shard->target);
  free(shard->reset);
  free(shard->owner);
  free(shard->loss);
  free(shard->gradient);
  free(shard->reader);
  free(shard->memory.hidden);
  free(shard->memory.cell);
  free(shard->mask);
}

static Status
prepare_shards(Trainer* const self)
{
  const uint32_t B = self->options.n_streams;
  const uint32_t n = self->options.n_threads < B ? self->options.n_threads : B;

  self->n_shards = n;
  self->shard    = (Shard*)calloc(n, sizeof(Shard));
  self->crew     = crew_new(n);
  if (!self->shard || !self->crew) {
    return STATUS_NO_MEM;
  }
  for (uint32_t i = 0U; i < n; ++i) {
    Shard* const shard = &self->shard[i];
    shard->i_stream    = i * B / n;
    shard->n_streams   = (i + 1U) * B / n - shard->i_stream;
    if (!shard_init(self, shard)) {
      return STATUS_NO_MEM;
    }
  }
  return STATUS_SUCCESS;
}

static Status
prepare(Trainer* const self, Trouble* const trouble)
{
  const Dataset* const      set   = self->set;
  const TrainOptions* const o     = &self->options;
  const NetShape            shape = {set->n_hot_inputs,
                                     set->n_hot,
                                     set->n_dense,
                                     o->n_layers,
                                     o->n_hidden,
                                     set->n_classes,
                                     o->is_normed};

  if (layout_init(&self->layout, &shape)) {
    return trouble_say(trouble,
                       STATUS_BAD_ARG,
                       "A net of %u layers of %u units cannot be made for %u "
                       "inputs and %u outputs",
                       o->n_layers,
                       o->n_hidden,
                       set->n_hot_inputs + set->n_dense,
                       set->n_classes);
  }

  Status st = prepare_data(self, trouble);
  if (st) {
    return st;
  }
  plan(self);
  self->n_blocks = (self->layout.n_weights + ADAM_BLOCK - 1U) / ADAM_BLOCK;
  self->squares  = (double*)calloc(self->n_blocks, sizeof(double));
  st             = self->squares ? prepare_shards(self) : STATUS_NO_MEM;
  if (!st) {
    st = checkpoint_init(&self->state,
                         self->layout.n_weights,
                         o->n_streams,
                         o->n_layers * o->n_hidden);
  }
  if (st) {
    return st;
  }

  const uint64_t seed = rng_seed(o->seed);
  self->key_draw      = rng_key(seed, KEY_DRAW);
  self->key_mask      = rng_key(seed, KEY_MASK);
  weights_init(&self->layout, rng_key(seed, KEY_WEIGHTS), self->state.weights);
  memcpy(self->state.best,
         self->state.weights,
         self->layout.n_weights * sizeof(Real));
  self->state.identity = run_identity(self);
  return STATUS_SUCCESS;
}

Status
trainer_new(const Dataset* const      set,
            const TrainOptions* const options,
            Trainer** const           trainer,
            Trouble* const            trouble)
{
  Status st = train_options_check(options, trouble);
  if (st) {
    return st;
  }

  Trainer* const self = (Trainer*)calloc(1, sizeof(Trainer));
  if (!self) {
    return trouble_say(trouble, STATUS_NO_MEM, "No memory for training");
  }

  blas_init();
  self->set     = set;
  self->options = *options;
  st            = prepare(self, trouble);
  if (st) {
    trainer_free(self);
    return st == STATUS_NO_MEM
             ? trouble_say(trouble,
                           st,
                           "No memory for training: a smaller batch, window "
                           "or net needs less")
             : st;
  }

  *trainer = self;
  return STATUS_SUCCESS;
}

Status
trainer_begin_from(Trainer* const     self,
                   const Model* const model,
                   Trouble* const     trouble)
{
  if (round_back(&self->layout, model, self->state.weights)) {
    return trouble_say(trouble,
                       STATUS_MISMATCH,
                       "The model to begin from has other inputs, layers or "
                       "hidden units, or only one of both is normalised");
  }
  self->state.identity = rng_key(self->state.identity, model_id(model));
  return STATUS_SUCCESS;
}

void
trainer_free(Trainer* const self)
{
  if (!self) {
    return;
  }

  crew_free(self->crew);
  for (uint32_t i = 0U; self->shard && i < self->n_shards; ++i) {
    shard_clear(&self->shard[i]);
  }
  free(self->shard);
  checkpoint_clear(&self->state);
  free(self->drawable);
  free(self->squares);
  free(self->weight_up_to);
  free(self->held_out);
  free(self);
}

uint64_t
trainer_n_steps(const Trainer* const self)
{
  return self->adam.n_steps;
}

const Checkpoint*
trainer_state(const Trainer* const self)
{
  return &self->state;
}

const Layout*
trainer_layout(const Trainer* const self)
{
  return &self->layout;
}

const uint32_t*
trainer_held_out(const Trainer* const self, uint32_t* const n)
{
  *n = self->n_held_out;
  return self->held_out;
}

/// Streams must stand inside the data, whatever the file said
static bool
streams_fit(const Trainer* const self, const Checkpoint* const state)
{
  const Dataset* const set = self->set;
  for (uint32_t b = 0U; b < state->n_streams; ++b) {
    const Stream* const stream = &state->stream[b];
    if (stream->i_sequence >= set->n_sequences ||
        stream->n_read > set->sequence[stream->i_sequence].n_steps) {
      return false;
    }
  }
  return true;
}

Status
trainer_resume(Trainer* const    self,
               const char* const path,
               Trouble* const    trouble)
{
  // Into a state of its own, so that a damaged file leaves the run as it was
  Checkpoint fresh;
  Status     st = checkpoint_init(
    &fresh, self->state.n_weights, self->state.n_streams, self->state.n_memory);
  if (st) {
    return trouble_say(
      trouble, st, "No memory to read checkpoint \"%s\"", path);
  }

  fresh.identity = self->state.identity;
  st             = checkpoint_load(path, &fresh, trouble);
  if (!st && !streams_fit(self, &fresh)) {
    st = trouble_say(trouble,
                     STATUS_BAD_FILE,
                     "Checkpoint \"%s\" is damaged: remove it",
                     path);
  }
  if (st) {
    checkpoint_clear(&fresh);
    return st;
  }
  checkpoint_clear(&self->state);
  self->state = fresh;
  return STATUS_SUCCESS;
}

// The run

static Status
write_log(const Trainer* const self, const char* const path, Trouble* trouble)
{
  char name[4096];
  if (snprintf(name, sizeof(name), "%s.new", path) >= (int)sizeof(name)) {
    return trouble_say(trouble, STATUS_NO_WRITE, "Path too long: \"%s\"", path);
  }

  FILE* const file = fopen(name, "w");
  if (!file) {
    return trouble_say(trouble,
                       STATUS_NO_WRITE,
                       "Cannot write \"%s\": %s",
                       name,
                       strerror(errno));
  }

  const double per_step =
    (double)self->options.n_streams * self->options.n_window;
  fputs("step\tepoch\tseconds\ttrain_loss\theld_out_loss\tweighted_held_out"
        "_loss\trate\n",
        file);
  for (uint32_t i = 0U; i < self->state.n_marks; ++i) {
    const Mark* const mark = &self->state.mark[i];
    fprintf(file,
            "%llu\t%.4f\t%.1f\t%.6f\t",
            (unsigned long long)mark->n_steps,
            (double)mark->n_steps * per_step / (double)self->n_train_steps,
            mark->seconds,
            mark->train);
    if (mark->held_out >= 0.0) {
      fprintf(file, "%.6f\t%.6f\t", mark->held_out, mark->weighted);
    } else {
      fputs("\t\t", file);
    }
    fprintf(file, "%.8f\n", mark->rate);
  }

  const bool failed = ferror(file) != 0;
  if (fclose(file) || failed || rename(name, path)) {
    remove(name);
    return trouble_say(trouble,
                       STATUS_NO_WRITE,
                       "Cannot write \"%s\": %s",
                       path,
                       strerror(errno));
  }
  return STATUS_SUCCESS;
}

static Status
leave_traces(const Trainer* const       self,
             const TrainerTraces* const traces,
             Trouble* const             trouble)
{
  Status st = STATUS_SUCCESS;
  if (traces->log) {
    st = write_log(self, traces->log, trouble);
  }
  if (!st && traces->curve) {
    const LossCurve curve = {traces->title,
                             self->state.mark,
                             self->state.n_marks,
                             self->adam.n_steps,
                             traces->trigram,
                             traces->fivegram};
    st                    = loss_curve_draw(traces->curve, &curve, trouble);
  }
  return st;
}

/// Measure, and keep the weights if they are the best so far
static void
measure(Trainer* const self, Mark* const mark)
{
  Checkpoint* const state = &self->state;
  Score             score;
  trainer_evaluate(
    self, state->average, self->held_out, self->n_held_out, &score);

  // Without held-out music the latest are the best there are
  mark->held_out = score.n_events ? score_loss(&score) : -1.0;
  mark->weighted = score.n_events ? score_weighted(&score) : -1.0;
  if (!score.n_events || !state->best_step ||
      mark->weighted < state->best_loss) {
    state->best_loss = mark->weighted;
    state->best_step = state->n_steps;
    state->n_worse   = 0U;
    memcpy(state->best, state->average, state->n_weights * sizeof(Real));
  } else {
    ++state->n_worse;
  }
}

/// Close the books on the steps since the last mark
static Status
make_mark(Trainer* const self, const bool is_measured)
{
  Checkpoint* const state = &self->state;
  Mark              mark  = {
                  .n_steps = state->n_steps,
                  .seconds = state->seconds,
                  .train = state->n_summed ? state->loss_sum / (double)state->n_summed : 0.0,
                  .held_out = -1.0,
                  .weighted = -1.0,
                  .rate     = adam_rate(&self->adam, state->n_steps - 1U),
  };
  if (is_measured) {
    measure(self, &mark);
  }
  state->loss_sum = 0.0;
  state->n_summed = 0U;
  return checkpoint_mark(state, mark);
}

static bool
is_finished(const Trainer* const self, TrainerEnd* const end)
{
  const Checkpoint* const state = &self->state;
  if (state->n_steps >= self->adam.n_steps) {
    *end = END_PLANNED;
    return true;
  }
  if (self->options.n_patience && self->n_held_out &&
      state->n_worse >= self->options.n_patience) {
    *end = END_PATIENCE;
    return true;
  }
  return false;
}

/// The last values in the log, for people to see
static void
show(const Trainer* const self,
     Progress* const      progress,
     const double         seconds,
     const uint64_t       n_made,
     const uint64_t       n_events,
     const bool           now)
{
  const Checkpoint* const state = &self->state;
  const double            per_step =
    (double)self->options.n_streams * self->options.n_window;
  ProgressView view = {
    .i_step   = state->n_steps,
    .n_steps  = self->adam.n_steps,
    .epoch    = (double)state->n_steps * per_step / (double)self->n_train_steps,
    .n_events = (double)n_events,
    .seconds  = seconds,
    .n_made   = n_made,
    .train    = state->n_marks ? state->mark[state->n_marks - 1U].train : -1.0,
    .held_out = -1.0,
  };
  if (state->n_summed) {
    view.train = state->loss_sum / (double)state->n_summed;
  }
  for (uint32_t i = state->n_marks; i-- > 0U && view.held_out < 0.0;) {
    view.held_out = state->mark[i].held_out;
  }
  progress_show(progress, &view, now);
}

Status
trainer_run(Trainer* const                     self,
            const TrainerTraces* const         traces,
            Progress* const                    progress,
            const volatile sig_atomic_t* const stop,
            TrainerEnd* const                  end,
            Trouble* const                     trouble)
{
  Checkpoint* const state      = &self->state;
  const uint64_t    n_measure  = self->options.n_evaluate;
  const uint64_t    n_mark     = n_measure / MARKS_PER_EVALUATION;
  const double      begin_s    = now_s();
  const double      before_s   = state->seconds;
  const uint64_t    from_step  = state->n_steps;
  const uint64_t    from_event = state->n_events;
  double            saved_s    = begin_s;
  Status            st         = STATUS_SUCCESS;

  *end = END_INTERRUPTED;
  while (!st && !*stop && !is_finished(self, end)) {
    trainer_step(self);
    state->seconds = before_s + (now_s() - begin_s);
    if (self->n_bad > MAX_BAD_STEPS) {
      progress_end(progress);
      return trouble_say(trouble,
                         STATUS_REJECTED,
                         "The loss is no longer a number at step %llu: try a "
                         "lower rate",
                         (unsigned long long)state->n_steps);
    }

    const bool is_last     = state->n_steps == self->adam.n_steps;
    const bool is_measured = is_last || state->n_steps % n_measure == 0U;
    if (is_measured || (n_mark && state->n_steps % n_mark == 0U)) {
      st = make_mark(self, is_measured);
    }
    if (!st && is_measured) {
      // A run is worth more than its log: trouble with that is told at the end
      const Status traces_st = leave_traces(self, traces, NULL);
      (void)traces_st;
    }
    show(self,
         progress,
         now_s() - begin_s,
         state->n_steps - from_step,
         state->n_events - from_event,
         is_measured);

    if (!st && traces->checkpoint &&
        now_s() - saved_s >= self->options.checkpoint_s) {
      st      = checkpoint_save(traces->checkpoint, state, trouble);
      saved_s = now_s();
    }
  }

  progress_end(progress);
  state->done = !st && *end != END_INTERRUPTED;
  if (!st && traces->checkpoint) {
    st = checkpoint_save(traces->checkpoint, state, trouble);
  }
  return st ? st : leave_traces(self, traces, trouble);
}
