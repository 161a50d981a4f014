// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "tools/train/checkpoint.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define N 100U
#define B 3U
#define M 8U

static void
fill(Checkpoint* const c)
{
  for (uint32_t i = 0U; i < N; ++i) {
    c->weights[i] = (Real)0.1 * (Real)i;
    c->average[i] = (Real)0.3 * (Real)i;
    c->best[i]    = (Real)1e-40 * (Real)i; // Too small to be normal
    c->first[i]   = (Real)-1 / (Real)(i + 1U);
    c->second[i]  = (Real)i;
  }
  for (uint32_t i = 0U; i < B * M; ++i) {
    c->hidden[i] = (Real)i;
    c->cell[i]   = -(Real)i;
  }
  for (uint32_t b = 0U; b < B; ++b) {
    const Stream stream = {b + 1U, 20U + b, 300U + b};
    c->stream[b]        = stream;
  }
  c->identity  = 0xFEDCBA9876543210U;
  c->n_steps   = 123U;
  c->best_step = 120U;
  c->n_worse   = 2U;
  c->n_events  = 1ULL << 40U;
  c->n_summed  = 77U;
  c->loss_sum  = 0.1;
  c->best_loss = 1.0 / 3.0;
  c->seconds   = 12.5;
  for (uint32_t i = 0U; i < 70U; ++i) {
    const Mark mark = {i, 0.1 * i, 3.0, i % 2U ? -1.0 : 2.5, 2.6, 1e-3};
    CHECK(!checkpoint_mark(c, mark));
  }
}

static bool
same(const Checkpoint* const a, const Checkpoint* const b)
{
  bool marks = a->n_marks == b->n_marks;
  for (uint32_t i = 0U; marks && i < a->n_marks; ++i) {
    const Mark* const x = &a->mark[i];
    const Mark* const y = &b->mark[i];
    marks = x->n_steps == y->n_steps && x->seconds == y->seconds &&
            x->train == y->train && x->held_out == y->held_out &&
            x->weighted == y->weighted && x->rate == y->rate;
  }
  return marks && !memcmp(a->weights, b->weights, N * sizeof(Real)) &&
         !memcmp(a->average, b->average, N * sizeof(Real)) &&
         !memcmp(a->best, b->best, N * sizeof(Real)) &&
         !memcmp(a->first, b->first, N * sizeof(Real)) &&
         !memcmp(a->second, b->second, N * sizeof(Real)) &&
         !memcmp(a->hidden, b->hidden, B * M * sizeof(Real)) &&
         !memcmp(a->cell, b->cell, B * M * sizeof(Real)) &&
         !memcmp(a->stream, b->stream, B * sizeof(Stream)) &&
         a->identity == b->identity && a->n_steps == b->n_steps &&
         a->best_step == b->best_step && a->n_worse == b->n_worse &&
         a->n_events == b->n_events && a->n_summed == b->n_summed &&
         a->loss_sum == b->loss_sum && a->best_loss == b->best_loss &&
         a->seconds == b->seconds && a->done == b->done;
}

static void
test_round_trip(void)
{
  char       path[] = "/tmp/perpetuo-test-XXXXXX";
  const int  fd     = mkstemp(path);
  Checkpoint a;
  Checkpoint b;
  Trouble    trouble = {""};
  CHECK(fd >= 0);
  close(fd);
  CHECK(!checkpoint_init(&a, N, B, M));
  CHECK(!checkpoint_init(&b, N, B, M));
  fill(&a);
  CHECK(!same(&a, &b));
  CHECK(!checkpoint_save(path, &a, &trouble));
  b.identity = a.identity;
  CHECK(!checkpoint_load(path, &b, &trouble));
  CHECK(same(&a, &b));

  // Again over the old file, and without any marks
  a.n_marks = 0U;
  a.done    = 1U;
  CHECK(!checkpoint_save(path, &a, &trouble));
  CHECK(!checkpoint_load(path, &b, &trouble));
  CHECK(same(&a, &b));
  checkpoint_clear(&a);
  checkpoint_clear(&b);
  unlink(path);
}

static void
test_refuses_other_runs(void)
{
  char       path[] = "/tmp/perpetuo-test-XXXXXX";
  const int  fd     = mkstemp(path);
  Checkpoint a;
  Checkpoint b;
  Trouble    trouble = {""};
  CHECK(fd >= 0);
  close(fd);
  CHECK(!checkpoint_init(&a, N, B, M));
  fill(&a);
  CHECK(!checkpoint_save(path, &a, &trouble));

  CHECK(!checkpoint_init(&b, N, B, M));
  b.identity = a.identity + 1U;
  CHECK(checkpoint_load(path, &b, &trouble) == STATUS_MISMATCH);
  CHECK(trouble.text[0]);
  CHECK(b.n_steps == 0U && b.weights[5] == (Real)0);
  checkpoint_clear(&b);

  // The right name but another size
  CHECK(!checkpoint_init(&b, N + 1U, B, M));
  b.identity = a.identity;
  CHECK(checkpoint_load(path, &b, &trouble) == STATUS_BAD_FILE);
  CHECK(b.n_steps == 0U);
  checkpoint_clear(&b);
  checkpoint_clear(&a);
  unlink(path);
}

static void
test_refuses_broken_files(void)
{
  char       path[] = "/tmp/perpetuo-test-XXXXXX";
  const int  fd     = mkstemp(path);
  Checkpoint a;
  Checkpoint b;
  Trouble    trouble = {""};
  CHECK(fd >= 0);
  close(fd);
  CHECK(!checkpoint_init(&a, N, B, M));
  CHECK(!checkpoint_init(&b, N, B, M));
  fill(&a);
  b.identity = a.identity;
  CHECK(checkpoint_load("/nonexistent/file", &b, &trouble) == STATUS_NO_FILE);

  // Cut short anywhere
  for (long length = 0L; length < 4000L; length += 331L) {
    CHECK(!checkpoint_save(path, &a, &trouble));
    CHECK(!truncate(path, length));
    CHECK(checkpoint_load(path, &b, &trouble) != STATUS_SUCCESS);
  }

  // Weights that are no numbers
  a.second[7] = (Real)INFINITY;
  CHECK(!checkpoint_save(path, &a, &trouble));
  CHECK(checkpoint_load(path, &b, &trouble) == STATUS_BAD_FILE);
  CHECK(b.n_steps == 0U && b.second[7] == (Real)0);
  checkpoint_clear(&a);
  checkpoint_clear(&b);
  unlink(path);
}

static void
test_cannot_write(void)
{
  Checkpoint a;
  Trouble    trouble = {""};
  CHECK(!checkpoint_init(&a, N, B, M));
  CHECK(checkpoint_save("/nonexistent/folder/file", &a, &trouble) ==
        STATUS_NO_WRITE);
  CHECK(trouble.text[0]);
  checkpoint_clear(&a);
  checkpoint_clear(&a); // Zeroed by the first
}

int
main(void)
{
  RUN(test_round_trip);
  RUN(test_refuses_other_runs);
  RUN(test_refuses_broken_files);
  RUN(test_cannot_write);
  CHECK_END();
}
