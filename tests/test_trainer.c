// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "base/rng.h"
#include "learn/round.h"
#include "tools/train/trainer.h"

#include <dirent.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define K 2U
#define D 3U
#define V 7U
#define PERIOD 5U

static const volatile sig_atomic_t go_on = 0;

/// Sequences in which each group counts through the classes by its own stride,
/// said by a dense input; every third piece is held out
static void
make_set(Dataset* const set, const uint32_t n_sequences)
{
  dataset_init(set, V + 1U + PERIOD, K, D, V);
  for (uint32_t s = 0U; s < n_sequences; ++s) {
    const uint32_t group    = s % 2U;
    const uint32_t stride   = group ? 3U : 1U;
    const uint32_t n_steps  = 7U + rng_below(11U, s, 30U);
    const int8_t   dense[D] = {
        (int8_t)(group ? 127 : 0), (int8_t)(group ? 0 : 127), 64};
    uint32_t i_row = 0U;
    CHECK(!dataset_add_row(set, dense, &i_row));

    uint16_t last   = V; // Start
    uint32_t target = rng_below(12U, s, V);
    for (uint32_t i = 0U; i < n_steps; ++i) {
      const uint16_t hot[K] = {last, (uint16_t)(V + 1U + i % PERIOD)};
      CHECK(
        !dataset_add_step(set, hot, i_row, i ? (uint16_t)target : NO_TARGET));
      last   = (uint16_t)target;
      target = (target + stride) % V;
    }
    const Sequence sequence = {0U,
                               n_steps,
                               s / 2U,
                               (uint16_t)group,
                               s / 2U % 3U == 2U ? SPLIT_HELD_OUT : SPLIT_TRAIN,
                               group ? 2.0f : 1.0f};
    CHECK(!dataset_add_sequence(set, sequence));
  }
}

static TrainOptions
small_options(void)
{
  TrainOptions options = train_options_default();
  options.n_hidden     = 24U;
  options.n_layers     = 2U;
  options.n_streams    = 6U;
  options.n_window     = 8U;
  options.n_steps      = 60U;
  options.n_warmup     = 5U;
  options.rate         = 0.02;
  options.dropout      = 0.25;
  options.n_evaluate   = 10U;
  options.n_patience   = 0U;
  options.checkpoint_s = 1e9;
  return options;
}

/// All that two runs must share
static bool
same_state(const Checkpoint* const a, const Checkpoint* const b)
{
  const size_t n        = a->n_weights * sizeof(Real);
  const size_t n_memory = (size_t)a->n_streams * a->n_memory * sizeof(Real);
  return a->n_steps == b->n_steps && a->best_step == b->best_step &&
         a->n_events == b->n_events && a->n_summed == b->n_summed &&
         a->n_marks == b->n_marks && a->best_loss == b->best_loss &&
         !memcmp(a->weights, b->weights, n) && !memcmp(a->best, b->best, n) &&
         !memcmp(a->first, b->first, n) && !memcmp(a->second, b->second, n) &&
         !memcmp(a->hidden, b->hidden, n_memory) &&
         !memcmp(a->cell, b->cell, n_memory) &&
         !memcmp(a->stream, b->stream, a->n_streams * sizeof(Stream));
}

/// Run a fresh trainer to its end
static Trainer*
run(const Dataset* const set, const TrainOptions options)
{
  const TrainerTraces none    = {NULL, NULL, NULL, NULL, 0.0, 0.0};
  Trainer*            trainer = NULL;
  TrainerEnd          end     = END_INTERRUPTED;
  Trouble             trouble = {""};
  Progress            progress;
  progress_init(&progress, NULL);
  CHECK(!trainer_new(set, &options, &trainer, &trouble));
  CHECK(!trainer_run(trainer, &none, &progress, &go_on, &end, &trouble));
  CHECK(end == END_PLANNED);
  return trainer;
}

static void
test_learns_by_heart(void)
{
  Dataset set;
  make_set(&set, 40U);
  TrainOptions options = small_options();
  options.n_steps      = 400U;
  options.dropout      = 0.0;

  Trainer* const  trainer = run(&set, options);
  uint32_t        n       = 0U;
  const uint32_t* list    = trainer_held_out(trainer, &n);
  Score           score;
  CHECK(n > 0U);
  trainer_evaluate(trainer, trainer_state(trainer)->best, list, n, &score);
  // Only the first of each sequence cannot be known: log 7 over its length
  CHECK(score.n_events > 0U);
  CHECK(score_loss(&score) < 0.25);
  CHECK(score_loss(&score) > 0.01);
  trainer_free(trainer);
  dataset_clear(&set);
}

/// Held-out loss after a few steps
static double
early_loss(Trainer* const trainer)
{
  uint32_t              n    = 0U;
  const uint32_t* const list = trainer_held_out(trainer, &n);
  Score                 score;
  for (unsigned i = 0U; i < 30U; ++i) {
    trainer_step(trainer);
  }
  trainer_evaluate(trainer, trainer_state(trainer)->weights, list, n, &score);
  return score_loss(&score);
}

static void
test_begins_where_another_ended(void)
{
  Dataset set;
  make_set(&set, 40U);
  TrainOptions options   = small_options();
  options.n_steps        = 400U;
  options.dropout        = 0.0;
  Trainer* const learned = run(&set, options);
  Model*         model   = NULL;
  CHECK(!round_net(
    trainer_layout(learned), trainer_state(learned)->best, NULL, 0U, &model));
  trainer_free(learned);

  options.rate      = 0.005;
  Trouble  trouble  = {""};
  Trainer* fresh    = NULL;
  Trainer* ahead    = NULL;
  Trainer* narrower = NULL;
  CHECK(!trainer_new(&set, &options, &fresh, &trouble));
  CHECK(!trainer_new(&set, &options, &ahead, &trouble));
  CHECK(!trainer_begin_from(ahead, model, &trouble));

  // It is another run, and one that has less to learn
  CHECK(trainer_state(ahead)->identity != trainer_state(fresh)->identity);
  CHECK(early_loss(ahead) < 0.7 * early_loss(fresh));

  options.n_hidden = 16U;
  CHECK(!trainer_new(&set, &options, &narrower, &trouble));
  CHECK(trainer_begin_from(narrower, model, &trouble) == STATUS_MISMATCH);
  CHECK(trouble.text[0]);
  trainer_free(narrower);
  trainer_free(ahead);
  trainer_free(fresh);
  model_free(model);
  dataset_clear(&set);
}

static void
test_normed_learns_by_heart(void)
{
  Dataset set;
  make_set(&set, 40U);
  TrainOptions options = small_options();
  Trainer*     plain   = NULL;
  Trouble      trouble = {""};
  options.n_steps      = 400U;
  options.dropout      = 0.0;
  CHECK(!trainer_new(&set, &options, &plain, &trouble));
  options.is_normed     = 1U;
  Trainer* const normed = run(&set, options);
  Model*         model  = NULL;
  Net*           net    = NULL;
  Score          whole;
  Score          rounded;

  // It learns, and the int8 net knows the same
  uint32_t              n    = 0U;
  const uint32_t* const list = trainer_held_out(normed, &n);
  const Real* const     best = trainer_state(normed)->best;
  trainer_evaluate(normed, best, list, n, &whole);
  CHECK(score_loss(&whole) < 0.25 && score_loss(&whole) > 0.01);
  CHECK(!round_net(trainer_layout(normed), best, NULL, 0U, &model));
  CHECK(!net_new(model, &net, &trouble));
  CHECK(!round_evaluate(net, &set, list, n, 1U, &rounded));
  printf("# float %.5f, int8 %.5f\n", score_loss(&whole), score_loss(&rounded));
  NEAR(score_loss(&rounded), score_loss(&whole), 0.02 * score_loss(&whole));

  // It is another run, and no beginning for one that is not normed
  CHECK(trainer_state(normed)->identity != trainer_state(plain)->identity);
  CHECK(trainer_begin_from(plain, model, &trouble) == STATUS_MISMATCH);
  CHECK(strstr(trouble.text, "normalised"));
  net_free(net);
  model_free(model);
  trainer_free(normed);
  trainer_free(plain);
  dataset_clear(&set);
}

static void
test_same_seed_same_bits(void)
{
  Dataset set;
  make_set(&set, 40U);
  TrainOptions   options = small_options();
  Trainer* const a       = run(&set, options);
  Trainer* const b       = run(&set, options);
  options.seed           = 2U;
  Trainer* const c       = run(&set, options);
  CHECK(same_state(trainer_state(a), trainer_state(b)));
  CHECK(!same_state(trainer_state(a), trainer_state(c)));
  trainer_free(a);
  trainer_free(b);
  trainer_free(c);
  dataset_clear(&set);
}

static void
test_threads_repeat(void)
{
  Dataset set;
  make_set(&set, 40U);
  TrainOptions   options = small_options();
  Trainer* const alone   = run(&set, options);
  options.n_threads      = 3U;
  Trainer* const a       = run(&set, options);
  Trainer* const b       = run(&set, options);
  CHECK(same_state(trainer_state(a), trainer_state(b)));
  // Sums in another order, so other last bits, but the same music was read
  CHECK(!memcmp(trainer_state(alone)->stream,
                trainer_state(a)->stream,
                options.n_streams * sizeof(Stream)));
  NEAR(trainer_state(alone)->best_loss, trainer_state(a)->best_loss, 0.02);
  trainer_free(alone);
  trainer_free(a);
  trainer_free(b);
  dataset_clear(&set);
}

/// Go on from the file at `path` to the end: the same as an unbroken run
static void
check_resumed(const Dataset* const set,
              const Trainer* const whole,
              const char* const    path)
{
  const TrainOptions  options = small_options();
  const TrainerTraces traces  = {path, NULL, NULL, NULL, 0.0, 0.0};
  Trainer*            trainer = NULL;
  TrainerEnd          end     = END_INTERRUPTED;
  Trouble             trouble = {""};
  Progress            progress;
  progress_init(&progress, NULL);
  CHECK(!trainer_new(set, &options, &trainer, &trouble));
  CHECK(!trainer_resume(trainer, path, &trouble));
  CHECK(trainer_state(trainer)->n_steps > 0U);
  CHECK(!trainer_run(trainer, &traces, &progress, &go_on, &end, &trouble));
  CHECK(end == END_PLANNED);
  CHECK(same_state(trainer_state(whole), trainer_state(trainer)));
  trainer_free(trainer);
}

/// In a process of its own: train, with a checkpoint after every step
static void
train_and_be_killed(const Dataset* const set, const char* const path)
{
  TrainOptions        options = small_options();
  const TrainerTraces traces  = {path, NULL, NULL, NULL, 0.0, 0.0};
  Trainer*            trainer = NULL;
  TrainerEnd          end     = END_INTERRUPTED;
  Progress            progress;
  progress_init(&progress, NULL);
  options.checkpoint_s = 0.0;
  const bool bad       = trainer_new(set, &options, &trainer, NULL) ||
                   trainer_run(trainer, &traces, &progress, &go_on, &end, NULL);
  _exit(bad ? 1 : 0);
}

static void
wait_ms(const long ms)
{
  const struct timespec t = {ms / 1000L, ms % 1000L * 1000000L};
  nanosleep(&t, NULL);
}

static void
test_resume_after_kill_is_exact(void)
{
  Dataset set;
  make_set(&set, 40U);
  Trainer* const whole    = run(&set, small_options());
  char           folder[] = "/tmp/perpetuo-test-XXXXXX";
  char           path[64];
  CHECK(mkdtemp(folder));
  snprintf(path, sizeof(path), "%s/checkpoint", folder);

  uint32_t n_broken = 0U;
  for (long ms = 0L; ms < 120L; ms += 20L) {
    unlink(path);
    const pid_t child = fork();
    CHECK(child >= 0);
    if (!child) {
      train_and_be_killed(&set, path);
    }
    for (int i = 0; i < 5000 && access(path, F_OK); ++i) {
      wait_ms(1L);
    }
    wait_ms(ms);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    n_broken += WIFSIGNALED(status) ? 1U : 0U;
    check_resumed(&set, whole, path);
  }
  CHECK(n_broken > 0U);

  // The end is in the file, too
  const TrainOptions options = small_options();
  Trainer*           again   = NULL;
  CHECK(!trainer_new(&set, &options, &again, NULL));
  CHECK(!trainer_resume(again, path, NULL));
  CHECK(trainer_state(again)->done);
  CHECK(same_state(trainer_state(whole), trainer_state(again)));
  trainer_free(again);
  trainer_free(whole);
  dataset_clear(&set);

  char command[128];
  snprintf(command, sizeof(command), "rm -rf %s", folder);
  CHECK(!system(command));
}

static void
test_resume_refuses_other_runs(void)
{
  Dataset set;
  make_set(&set, 20U);
  char                        path[]   = "/tmp/perpetuo-test-XXXXXX";
  const int                   fd       = mkstemp(path);
  const TrainerTraces         traces   = {path, NULL, NULL, NULL, 0.0, 0.0};
  const volatile sig_atomic_t stop_now = 1;
  TrainOptions                options  = small_options();
  Trainer*                    trainer  = NULL;
  TrainerEnd                  end      = END_PLANNED;
  Trouble                     trouble  = {""};
  Progress                    progress;
  progress_init(&progress, NULL);
  CHECK(fd >= 0);
  close(fd);
  CHECK(!trainer_new(&set, &options, &trainer, NULL));
  trainer_step(trainer);
  CHECK(!trainer_run(trainer, &traces, &progress, &stop_now, &end, NULL));
  CHECK(end == END_INTERRUPTED);
  trainer_free(trainer);

  options.seed = 3U;
  CHECK(!trainer_new(&set, &options, &trainer, NULL));
  CHECK(trainer_resume(trainer, path, &trouble) == STATUS_MISMATCH);
  CHECK(trouble.text[0]);
  CHECK(trainer_state(trainer)->n_steps == 0U);
  trainer_free(trainer);

  // Other music, though of the same shape
  options       = small_options();
  set.target[3] = set.target[3] == NO_TARGET ? 0U : NO_TARGET;
  CHECK(!trainer_new(&set, &options, &trainer, NULL));
  CHECK(trainer_resume(trainer, path, &trouble) == STATUS_MISMATCH);
  trainer_free(trainer);
  unlink(path);
  dataset_clear(&set);
}

static void
test_damage_leaves_the_run_fresh(void)
{
  Dataset set;
  make_set(&set, 20U);
  char               path[]  = "/tmp/perpetuo-test-XXXXXX";
  const int          fd      = mkstemp(path);
  const TrainOptions options = small_options();
  Trainer*           trainer = NULL;
  Trouble            trouble = {""};
  CHECK(fd >= 0);
  close(fd);

  // A stream that stands outside of the data
  CHECK(!trainer_new(&set, &options, &trainer, NULL));
  trainer_step(trainer);
  trainer_state(trainer)->stream[0].i_sequence = set.n_sequences;
  CHECK(!checkpoint_save(path, trainer_state(trainer), &trouble));
  trainer_free(trainer);

  CHECK(!trainer_new(&set, &options, &trainer, NULL));
  CHECK(trainer_resume(trainer, path, &trouble) == STATUS_BAD_FILE);
  CHECK(strstr(trouble.text, "damaged"));
  CHECK(trainer_state(trainer)->n_steps == 0U);
  trainer_step(trainer);
  CHECK(trainer_state(trainer)->n_steps == 1U);
  trainer_free(trainer);
  unlink(path);
  dataset_clear(&set);
}

static void
test_evaluation_is_plain(void)
{
  Dataset set;
  make_set(&set, 40U);
  TrainOptions options = small_options();
  Trainer*     a       = NULL;
  Trainer*     b       = NULL;
  CHECK(!trainer_new(&set, &options, &a, NULL));
  options.n_streams = 1U;
  options.n_window  = 3U;
  options.n_threads = 1U;
  options.dropout   = 0.0;
  CHECK(!trainer_new(&set, &options, &b, NULL));

  // Windows and streams are no matter, and all targets are counted once
  uint32_t        n        = 0U;
  uint64_t        n_events = 0U;
  const uint32_t* list     = trainer_held_out(a, &n);
  Score           x;
  Score           y;
  for (uint32_t i = 0U; i < n; ++i) {
    n_events += set.sequence[list[i]].n_steps - 1U;
  }
  trainer_evaluate(a, trainer_state(a)->weights, list, n, &x);
  trainer_evaluate(b, trainer_state(a)->weights, list, n, &y);
  CHECK(x.n_events == n_events);
  CHECK(y.n_events == n_events);
  NEAR(score_loss(&x), score_loss(&y), 1e-5);
  NEAR(score_group(&x, 1U), score_group(&y, 1U), 1e-5);
  CHECK(x.group_events[0] + x.group_events[1] == n_events);
  trainer_free(a);
  trainer_free(b);
  dataset_clear(&set);
}

static void
test_refuses(void)
{
  Dataset  set;
  Trainer* trainer = NULL;
  Trouble  trouble = {""};
  make_set(&set, 10U);

  TrainOptions options = small_options();
  options.n_layers     = 9U;
  CHECK(trainer_new(&set, &options, &trainer, &trouble) == STATUS_BAD_ARG);
  CHECK(trouble.text[0]);
  options           = small_options();
  options.n_streams = 0U;
  CHECK(trainer_new(&set, &options, &trainer, &trouble) == STATUS_BAD_ARG);
  options         = small_options();
  options.dropout = 1.0;
  CHECK(trainer_new(&set, &options, &trainer, &trouble) == STATUS_BAD_ARG);

  options           = small_options();
  options.is_normed = 2U;
  CHECK(trainer_new(&set, &options, &trainer, &trouble) == STATUS_BAD_ARG);
  CHECK(strstr(trouble.text, "0 or 1"));

  // Nothing to learn from
  options = small_options();
  for (uint32_t i = 0U; i < set.n_sequences; ++i) {
    set.sequence[i].split = SPLIT_HELD_OUT;
  }
  CHECK(trainer_new(&set, &options, &trainer, &trouble) == STATUS_BAD_ARG);
  CHECK(!trainer);
  trainer_free(NULL);
  dataset_clear(&set);
}

static void
test_nothing_held_out(void)
{
  Dataset set;
  make_set(&set, 10U);
  for (uint32_t i = 0U; i < set.n_sequences; ++i) {
    set.sequence[i].split = SPLIT_TRAIN;
  }
  TrainOptions options            = small_options();
  options.n_patience              = 1U;
  Trainer* const          trainer = run(&set, options);
  const Checkpoint* const state   = trainer_state(trainer);
  CHECK(state->best_step == options.n_steps);
  CHECK(!memcmp(state->best, state->average, state->n_weights * sizeof(Real)));
  trainer_free(trainer);
  dataset_clear(&set);
}

static void
test_patience_ends_a_run(void)
{
  // Noise cannot be learned: held-out loss soon rises
  Dataset set;
  make_set(&set, 30U);
  for (uint32_t i = 0U; i < set.n_steps; ++i) {
    if (set.target[i] != NO_TARGET) {
      set.target[i] = (uint16_t)rng_below(5U, i, V);
    }
  }
  TrainOptions options = small_options();
  options.n_steps      = 5000U;
  options.n_patience   = 3U;
  options.dropout      = 0.0;
  Trainer*   trainer   = NULL;
  TrainerEnd end       = END_INTERRUPTED;
  Progress   progress;
  progress_init(&progress, NULL);
  const TrainerTraces none = {NULL, NULL, NULL, NULL, 0.0, 0.0};
  CHECK(!trainer_new(&set, &options, &trainer, NULL));
  CHECK(!trainer_run(trainer, &none, &progress, &go_on, &end, NULL));
  CHECK(end == END_PATIENCE);

  const Checkpoint* const state = trainer_state(trainer);
  CHECK(state->n_steps < 2000U);
  CHECK(state->n_steps == state->best_step + 30U);
  uint32_t        n    = 0U;
  const uint32_t* list = trainer_held_out(trainer, &n);
  Score           score;
  trainer_evaluate(trainer, state->best, list, n, &score);
  NEAR(score_weighted(&score), state->best_loss, 1e-9);
  trainer_free(trainer);
  dataset_clear(&set);
}

/// Threads of this process, or 0 where they cannot be counted
static uint32_t
count_threads(void)
{
  DIR* const dir = opendir("/proc/self/task");
  uint32_t   n   = 0U;
  for (const struct dirent* d = NULL; dir && (d = readdir(dir));) {
    n += d->d_name[0] != '.';
  }
  if (dir) {
    closedir(dir);
  }
  return n;
}

static void
test_no_more_threads_than_asked(void)
{
  Dataset set;
  make_set(&set, 40U);
  for (uint32_t n = 1U; n <= 3U; ++n) {
    TrainOptions   options = small_options();
    Trainer*       trainer = NULL;
    Trouble        trouble = {""};
    Score          score;
    uint32_t       n_list = 0U;
    const uint32_t before = count_threads();
    options.n_threads     = n;
    CHECK(!trainer_new(&set, &options, &trainer, &trouble));
    trainer_step(trainer);
    const uint32_t* const list = trainer_held_out(trainer, &n_list);
    trainer_evaluate(
      trainer, trainer_state(trainer)->weights, list, n_list, &score);
    CHECK(!before || count_threads() == before + n - 1U);
    trainer_free(trainer);
  }
  dataset_clear(&set);
}

int
main(void)
{
  RUN(test_learns_by_heart);
  RUN(test_begins_where_another_ended);
  RUN(test_normed_learns_by_heart);
  RUN(test_same_seed_same_bits);
  RUN(test_threads_repeat);
  RUN(test_no_more_threads_than_asked);
  RUN(test_resume_after_kill_is_exact);
  RUN(test_resume_refuses_other_runs);
  RUN(test_damage_leaves_the_run_fresh);
  RUN(test_evaluation_is_plain);
  RUN(test_refuses);
  RUN(test_nothing_held_out);
  RUN(test_patience_ends_a_run);
  CHECK_END();
}
