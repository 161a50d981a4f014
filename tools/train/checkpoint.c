// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/checkpoint.h"

#include "nn/model.h"
#include "nn/model_file.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define N_BLOCKS 7U
#define N_COUNTERS 10U
#define MARK_WORDS 6U
#define STREAM_WORDS 3U

/// A block of reals: where it is and what it is called in the file
typedef struct {
  const char* name;
  Real**      block;
  uint32_t    n_rows;
  uint32_t    n_columns;
} Block;

static void
list_blocks(Checkpoint* const self, Block blocks[N_BLOCKS])
{
  const uint32_t n = (uint32_t)self->n_weights;
  const uint32_t B = self->n_streams;
  const uint32_t M = self->n_memory;

  const Block list[N_BLOCKS] = {
    {"weights", &self->weights, 1U, n},
    {"average", &self->average, 1U, n},
    {"best", &self->best, 1U, n},
    {"first", &self->first, 1U, n},
    {"second", &self->second, 1U, n},
    {"hidden", &self->hidden, B, M},
    {"cell", &self->cell, B, M},
  };
  memcpy(blocks, list, sizeof(list));
}

/// Doubles travel as the whole numbers that their bits are
static uint64_t
bits_of(const double value)
{
  uint64_t bits = 0U;
  memcpy(&bits, &value, sizeof(bits));
  return bits;
}

static double
value_of(const uint64_t bits)
{
  double value = 0.0;
  memcpy(&value, &bits, sizeof(value));
  return value;
}

Status
checkpoint_init(Checkpoint* const self,
                const size_t      n_weights,
                const uint32_t    n_streams,
                const uint32_t    n_memory)
{
  memset(self, 0, sizeof(*self));
  self->n_weights = n_weights;
  self->n_streams = n_streams;
  self->n_memory  = n_memory;

  Block blocks[N_BLOCKS];
  list_blocks(self, blocks);
  bool ok = true;
  for (uint32_t i = 0U; i < N_BLOCKS; ++i) {
    const size_t n   = (size_t)blocks[i].n_rows * blocks[i].n_columns;
    *blocks[i].block = (Real*)calloc(n ? n : 1U, sizeof(Real));
    ok               = ok && *blocks[i].block;
  }
  self->stream = (Stream*)calloc(n_streams, sizeof(Stream));
  if (!ok || !self->stream) {
    checkpoint_clear(self);
    return STATUS_NO_MEM;
  }
  return STATUS_SUCCESS;
}

void
checkpoint_clear(Checkpoint* const self)
{
  Block blocks[N_BLOCKS];
  list_blocks(self, blocks);
  for (uint32_t i = 0U; i < N_BLOCKS; ++i) {
    free(*blocks[i].block);
  }
  free(self->stream);
  free(self->mark);
  memset(self, 0, sizeof(*self));
}

Status
checkpoint_mark(Checkpoint* const self, const Mark mark)
{
  if (self->n_marks == self->mark_room) {
    const uint32_t room  = self->mark_room ? self->mark_room * 2U : 64U;
    Mark* const    marks = (Mark*)realloc(self->mark, room * sizeof(Mark));
    if (!marks) {
      return STATUS_NO_MEM;
    }
    self->mark      = marks;
    self->mark_room = room;
  }

  self->mark[self->n_marks++] = mark;
  return STATUS_SUCCESS;
}

static void
counters_write(const Checkpoint* const self, uint64_t* const to)
{
  const uint64_t counters[N_COUNTERS] = {
    self->identity,
    self->n_steps,
    self->best_step,
    self->n_worse,
    self->n_events,
    self->n_summed,
    self->done,
    bits_of(self->loss_sum),
    bits_of(self->best_loss),
    bits_of(self->seconds),
  };
  memcpy(to, counters, sizeof(counters));
}

static void
counters_read(Checkpoint* const self, const uint64_t* const from)
{
  self->identity  = from[0];
  self->n_steps   = from[1];
  self->best_step = from[2];
  self->n_worse   = from[3];
  self->n_events  = from[4];
  self->n_summed  = from[5];
  self->done      = from[6];
  self->loss_sum  = value_of(from[7]);
  self->best_loss = value_of(from[8]);
  self->seconds   = value_of(from[9]);
}

static void
streams_write(const Checkpoint* const self, uint64_t* const to)
{
  for (uint32_t b = 0U; b < self->n_streams; ++b) {
    to[STREAM_WORDS * b]      = self->stream[b].i_sequence;
    to[STREAM_WORDS * b + 1U] = self->stream[b].n_read;
    to[STREAM_WORDS * b + 2U] = self->stream[b].n_drawn;
  }
}

static void
streams_read(Checkpoint* const self, const uint64_t* const from)
{
  for (uint32_t b = 0U; b < self->n_streams; ++b) {
    self->stream[b].i_sequence = (uint32_t)from[STREAM_WORDS * b];
    self->stream[b].n_read     = (uint32_t)from[STREAM_WORDS * b + 1U];
    self->stream[b].n_drawn    = (uint32_t)from[STREAM_WORDS * b + 2U];
  }
}

static void
mark_write(const Mark* const mark, uint64_t* const to)
{
  to[0] = mark->n_steps;
  to[1] = bits_of(mark->seconds);
  to[2] = bits_of(mark->train);
  to[3] = bits_of(mark->held_out);
  to[4] = bits_of(mark->weighted);
  to[5] = bits_of(mark->rate);
}

static Mark
mark_read(const uint64_t* const from)
{
  const Mark mark = {from[0],
                     value_of(from[1]),
                     value_of(from[2]),
                     value_of(from[3]),
                     value_of(from[4]),
                     value_of(from[5])};
  return mark;
}

Status
checkpoint_save(const char* const       path,
                const Checkpoint* const self,
                Trouble* const          trouble)
{
  Checkpoint view = *self; // Only to list its blocks
  Block      blocks[N_BLOCKS];
  TensorSpec specs[N_BLOCKS + 3U];
  uint32_t   n = 0U;

  list_blocks(&view, blocks);
  for (; n < N_BLOCKS; ++n) {
    const TensorSpec spec = {blocks[n].name,
                             TENSOR_F32,
                             2U,
                             {blocks[n].n_rows, blocks[n].n_columns, 0U, 0U}};
    specs[n]              = spec;
  }

  const TensorSpec rest[3] = {
    {"counters", TENSOR_U64, 1U, {N_COUNTERS, 0U, 0U, 0U}},
    {"streams", TENSOR_U64, 2U, {self->n_streams, STREAM_WORDS, 0U, 0U}},
    {"marks", TENSOR_U64, 2U, {self->n_marks, MARK_WORDS, 0U, 0U}},
  };
  const uint32_t n_rest = self->n_marks ? 3U : 2U;
  memcpy(specs + n, rest, n_rest * sizeof(*rest));

  const ModelText text  = {"kind", "checkpoint"};
  Model*          model = NULL;
  Status          st    = model_new(specs, n + n_rest, &text, 1U, &model);
  if (st) {
    return trouble_say(
      trouble, st, "No memory to write checkpoint \"%s\"", path);
  }

  for (uint32_t i = 0U; i < N_BLOCKS; ++i) {
    float* const to    = (float*)model_find(model, blocks[i].name)->data;
    const size_t count = (size_t)blocks[i].n_rows * blocks[i].n_columns;
    for (size_t j = 0U; j < count; ++j) {
      to[j] = (float)(*blocks[i].block)[j];
    }
  }
  counters_write(self, (uint64_t*)model_find(model, "counters")->data);
  streams_write(self, (uint64_t*)model_find(model, "streams")->data);
  for (uint32_t i = 0U; i < self->n_marks; ++i) {
    uint64_t* const to = (uint64_t*)model_find(model, "marks")->data;
    mark_write(&self->mark[i], to + (size_t)MARK_WORDS * i);
  }

  st = model_save(path, model, trouble);
  model_free(model);
  return st;
}

/// The tensor of that name if it is just so, else null
static const Tensor*
find(const Model* const model,
     const char* const  name,
     const TensorType   type,
     const uint64_t     count)
{
  const Tensor* const tensor = model_find(model, name);
  const size_t        size   = type == TENSOR_U64 ? 8U : 4U;
  return tensor && tensor->type == type && tensor_size(tensor) == count * size
           ? tensor
           : NULL;
}

static bool
all_finite(const float* const values, const size_t n)
{
  for (size_t i = 0U; i < n; ++i) {
    if (!isfinite(values[i])) {
      return false;
    }
  }
  return true;
}

/// Copy everything of `model` into `self`, which is fresh and of the right size
static Status
fill(Checkpoint* const self, const Model* const model)
{
  Block blocks[N_BLOCKS];
  list_blocks(self, blocks);
  for (uint32_t i = 0U; i < N_BLOCKS; ++i) {
    const size_t        n      = (size_t)blocks[i].n_rows * blocks[i].n_columns;
    const Tensor* const tensor = find(model, blocks[i].name, TENSOR_F32, n);
    if (!tensor || !all_finite((const float*)tensor->data, n)) {
      return STATUS_BAD_FILE;
    }
    for (size_t j = 0U; j < n; ++j) {
      (*blocks[i].block)[j] = (Real)((const float*)tensor->data)[j];
    }
  }

  const Tensor* const streams = find(
    model, "streams", TENSOR_U64, (uint64_t)STREAM_WORDS * self->n_streams);
  if (!streams) {
    return STATUS_BAD_FILE;
  }
  streams_read(self, (const uint64_t*)streams->data);

  const Tensor* const marks   = model_find(model, "marks");
  const uint32_t      n_marks = marks ? marks->shape[0] : 0U;
  if (marks &&
      !find(model, "marks", TENSOR_U64, (uint64_t)MARK_WORDS * n_marks)) {
    return STATUS_BAD_FILE;
  }
  for (uint32_t i = 0U; i < n_marks; ++i) {
    const uint64_t* const from = (const uint64_t*)marks->data;
    const Status          st =
      checkpoint_mark(self, mark_read(from + (size_t)MARK_WORDS * i));
    if (st) {
      return st;
    }
  }
  return STATUS_SUCCESS;
}

Status
checkpoint_load(const char* const path,
                Checkpoint* const self,
                Trouble* const    trouble)
{
  Model* model = NULL;
  Status st    = model_load(path, &model, trouble);
  if (st) {
    return st;
  }

  const Tensor* const counters =
    find(model, "counters", TENSOR_U64, N_COUNTERS);
  if (!counters) {
    model_free(model);
    return trouble_say(
      trouble, STATUS_BAD_FILE, "\"%s\" is no training checkpoint", path);
  }
  if (((const uint64_t*)counters->data)[0] != self->identity) {
    model_free(model);
    return trouble_say(
      trouble,
      STATUS_MISMATCH,
      "Checkpoint \"%s\" is of a run with other options or other music",
      path);
  }

  Checkpoint fresh;
  st =
    checkpoint_init(&fresh, self->n_weights, self->n_streams, self->n_memory);
  if (!st) {
    counters_read(&fresh, (const uint64_t*)counters->data);
    st = fill(&fresh, model);
    if (st) {
      checkpoint_clear(&fresh);
    }
  }
  model_free(model);
  if (st) {
    return trouble_say(
      trouble, st, "Checkpoint \"%s\" is damaged: remove it", path);
  }

  checkpoint_clear(self);
  *self = fresh;
  return STATUS_SUCCESS;
}
