// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   Chaos: random sessions against the built plugin, each from one seed, each
   block held against the laws.

   Without arguments it is a test.  With them it is a longer soak, or plays one
   session again:

     build/tests/test_chaos --blocks 20000000 --seed 7
     build/tests/test_chaos --day
     build/tests/test_chaos --session 123 --only 0,4,7x3

   A session that fails is made as small as it can be and printed, with the
   command that plays it again.  Each session has a process of its own, so a
   crash and an endless loop are found as any other fault.
*/

#define _DEFAULT_SOURCE

#include "tests/chaos_ear.h"
#include "tests/chaos_host.h"
#include "tests/chaos_score.h"
#include "tests/check.h"
#include "tests/tiny_bundle.h"

#include "base/rng.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define SESSION_BLOCKS 2000U
#define CI_BLOCKS 1000000U
#define CI_SEED 1U

/// Processor time that a session may take; more is an endless loop
#define MAX_SECONDS 120U

/// Sessions played to make a failing one small
#define MAX_TRIALS 3000U

enum { SEQUENCE = 1, MIDI = 2 };

// The ear itself ------------------------------------------------------------

/// A block of events made by hand
typedef struct {
  Ear      ear;
  EarBlock block;
  uint32_t n;
  struct {
    LV2_Atom_Sequence sequence;
    uint8_t           events[4096];
  } out;
} Heard;

static Heard heard;

static void
hear_begin(void)
{
  ear_init(&heard.ear, SEQUENCE, MIDI, false);
  memset(&heard.block, 0, sizeof(heard.block));
}

/// A new block of 100 frames with room enough, in which all may play
static void
hear_block(void)
{
  const EarSpan all = {0U, 100U};
  memset(&heard.block, 0, sizeof(heard.block));
  memset(&heard.out, 0, sizeof(heard.out));
  heard.n                      = 0U;
  heard.block.out              = &heard.out.sequence;
  heard.block.capacity         = 4096U;
  heard.block.n_frames         = 100U;
  heard.block.channels         = 1U << 0U | 1U << 9U;
  heard.block.n_spans          = 1U;
  heard.block.spans[0]         = all;
  heard.out.sequence.atom.type = SEQUENCE;
  heard.out.sequence.atom.size = 8U;
}

static void
hear_event(const int64_t  frame,
           const uint32_t size,
           const uint8_t  a,
           const uint8_t  b,
           const uint8_t  c)
{
  const LV2_Atom_Event event   = {{frame}, {size, MIDI}};
  const uint8_t        bytes[] = {a, b, c};
  memcpy(heard.out.events + heard.n, &event, sizeof(event));
  memcpy(heard.out.events + heard.n + sizeof(event), bytes, 3U);
  heard.n += 24U;
  heard.out.sequence.atom.size = 8U + heard.n;
}

static bool
hear_end(void)
{
  return ear_block(&heard.ear, &heard.block);
}

/// Whether the ear finds fault, in these words
static bool
finds(const char* const words)
{
  const bool is_well = hear_end();
  if (is_well || !strstr(heard.ear.fault, words)) {
    fprintf(stderr,
            "wanted: %s; said: %s\n",
            words,
            is_well ? "all is well" : heard.ear.fault);
  }
  return !is_well && strstr(heard.ear.fault, words);
}

static void
test_ear_is_content_with_what_is_right(void)
{
  hear_begin();
  hear_block();
  hear_event(0, 3U, 0x90U, 60U, 100U);
  hear_event(5, 3U, 0x99U, 36U, 1U);
  hear_event(5, 3U, 0x80U, 60U, 64U);
  hear_event(5, 3U, 0x90U, 60U, 100U);
  hear_event(99, 3U, 0x89U, 36U, 64U);
  CHECK(hear_end());
  hear_block();
  hear_event(0, 3U, 0x80U, 60U, 64U);
  CHECK(hear_end() && ear_end(&heard.ear));
  CHECK(heard.ear.n_notes == 3U);
}

static void
test_ear_finds_what_is_no_sequence(void)
{
  hear_begin();
  hear_block();
  heard.out.sequence.atom.type = 0U;
  CHECK(finds("no sequence"));
  hear_begin();
  hear_block();
  heard.out.sequence.atom.size = 5000U;
  CHECK(finds("no sequence"));
  hear_begin();
  hear_block();
  hear_event(0, 3U, 0x90U, 60U, 100U);
  heard.out.sequence.atom.size -= 8U;
  CHECK(finds("past the end"));
  hear_begin();
  hear_block();
  hear_event(0, 0U, 0x90U, 60U, 100U);
  CHECK(finds("0 bytes"));
  hear_begin();
  hear_block();
  hear_event(0, 4U, 0x90U, 60U, 100U);
  CHECK(finds("4 bytes"));
}

static void
test_ear_finds_wrong_times(void)
{
  hear_begin();
  hear_block();
  hear_event(5, 3U, 0x90U, 60U, 100U);
  hear_event(4, 3U, 0x90U, 61U, 100U);
  CHECK(finds("frame 4 after frame 5"));
  hear_begin();
  hear_block();
  hear_event(100, 3U, 0x90U, 60U, 100U);
  CHECK(finds("frame 100 in a block of 100"));
  hear_begin();
  hear_block();
  hear_event(-1, 3U, 0x90U, 60U, 100U);
  CHECK(finds("frame -1 after"));
}

static void
test_ear_finds_wrong_ownership(void)
{
  hear_begin();
  hear_block();
  hear_event(0, 3U, 0x80U, 60U, 64U);
  CHECK(finds("does not sound"));

  hear_begin();
  hear_block();
  hear_event(0, 3U, 0x90U, 60U, 100U);
  hear_event(1, 3U, 0x90U, 60U, 100U);
  CHECK(finds("begins while it sounds"));

  hear_begin();
  hear_block();
  hear_event(0, 3U, 0x90U, 60U, 100U);
  hear_event(0, 3U, 0x80U, 60U, 64U);
  CHECK(finds("in the frame where it began"));

  hear_begin();
  hear_block();
  hear_event(0, 3U, 0x90U, 60U, 100U);
  hear_event(1, 3U, 0x89U, 60U, 64U); // An end on another channel
  CHECK(finds("channel 10 ends, and does not sound"));

  hear_begin();
  hear_block();
  hear_event(0, 3U, 0x92U, 60U, 100U);
  CHECK(finds("no part is on"));

  hear_begin();
  hear_block();
  hear_event(0, 3U, 0xB0U, 123U, 0U);
  CHECK(finds("no note"));
}

static void
test_ear_finds_what_sounds_on(void)
{
  // After a jump at frame 0 it must have ended in this block
  hear_begin();
  hear_block();
  hear_event(0, 3U, 0x90U, 60U, 100U);
  CHECK(hear_end());
  hear_block();
  heard.block.n_cuts = 1U;
  CHECK(finds("should have ended"));

  // After one in the block, in the next
  hear_begin();
  hear_block();
  hear_event(0, 3U, 0x90U, 60U, 100U);
  hear_event(60, 3U, 0x90U, 61U, 100U); // This one began after the jump
  heard.block.n_cuts  = 1U;
  heard.block.cuts[0] = 50U;
  CHECK(hear_end());
  hear_block();
  CHECK(finds("key 60 of channel 1 sounds on"));

  // But where there is no room, later
  hear_begin();
  hear_block();
  hear_event(0, 3U, 0x90U, 60U, 100U);
  CHECK(hear_end());
  hear_block();
  heard.block.n_cuts   = 1U;
  heard.block.capacity = 8U;
  CHECK(hear_end());
  hear_block();
  CHECK(finds("should have ended"));

  hear_begin();
  hear_block();
  hear_event(0, 3U, 0x90U, 60U, 100U);
  CHECK(hear_end());
  CHECK(!ear_end(&heard.ear) && strstr(heard.ear.fault, "hang"));
}

static void
test_ear_finds_what_plays_while_nothing_should(void)
{
  hear_begin();
  hear_block();
  heard.block.spans[0].begin = 50U;
  hear_event(50, 3U, 0x90U, 60U, 100U);
  hear_event(60, 3U, 0x80U, 60U, 64U);
  CHECK(hear_end());
  hear_block();
  heard.block.n_spans = 0U;
  hear_event(5, 3U, 0x90U, 60U, 100U);
  CHECK(finds("where nothing plays"));
}

static void
test_ear_finds_beginnings_that_leave_no_room(void)
{
  hear_begin();
  hear_block();
  heard.block.capacity = 8U + 4U * EAR_EVENT_BYTES;
  hear_event(0, 3U, 0x90U, 60U, 100U);
  hear_event(0, 3U, 0x90U, 61U, 100U);
  CHECK(hear_end());
  hear_begin();
  hear_block();
  heard.block.capacity = 8U + 4U * EAR_EVENT_BYTES - 1U;
  hear_event(0, 3U, 0x90U, 60U, 100U);
  hear_event(0, 3U, 0x90U, 61U, 100U);
  CHECK(finds("2 that sound have no room"));
}

static void
test_ear_follows_what_passes(void)
{
  const EarInput on  = {3U, 3U, {0x9CU, 60U, 9U, 0U}};
  const EarInput odd = {4U, 0U, {0U, 0U, 0U, 0U}};

  hear_begin();
  hear_block();
  heard.block.is_open   = true;
  heard.block.n_inputs  = 2U;
  heard.block.inputs[0] = on;
  heard.block.inputs[1] = odd;
  hear_event(3, 3U, 0x9CU, 60U, 9U);
  CHECK(hear_end());
  hear_block(); // The way is closed
  CHECK(finds("the way is closed"));

  hear_begin();
  hear_block();
  heard.block.is_open = true;
  hear_event(3, 3U, 0x9CU, 60U, 9U);
  CHECK(finds("did not come in"));

  hear_begin();
  hear_block();
  heard.block.is_open   = true;
  heard.block.n_inputs  = 1U;
  heard.block.inputs[0] = on;
  CHECK(finds("1 messages came in, and 0 went out"));
}

// The score itself ----------------------------------------------------------

static Score score;

/// Two bars of a phrase of two notes each
static void
score_two_notes(Phrase* const phrase)
{
  phrase_init(phrase, 2U, 3840U);
  for (uint32_t i = 0U; i < 4U; ++i) {
    const Note note = {i * 1920U, 100U, (uint8_t)(60U + i), 100U};
    CHECK(phrase_add(phrase, note));
  }
  score_init(&score);
  score_begin(&score, 0, 0.0, 3840.0);
  score_add(&score, 0U, phrase, 0U);
  score_know(&score, true);
}

static void
test_score_hears_what_is_wrong(void)
{
  static Phrase phrase;
  score_two_notes(&phrase);
  CHECK(score_hear(&score, 3.0, 0U, 60U, 100U));
  CHECK(score_hear(&score, 1900.0, 0U, 61U, 100U));
  CHECK(score_hear(&score, 3839.0, 0U, 62U, 100U)); // The next bar's
  score_begin(&score, 1, 3840.0, 3840.0);
  score_add(&score, 0U, &phrase, 1U);
  score_know(&score, true);
  CHECK(score_hear(&score, 3840.0 + 1920.0, 0U, 63U, 100U));
  CHECK(score_pass(&score, 3840.0 * 2.0 + 100.0) && score.n_bars == 2U);

  score_two_notes(&phrase);
  CHECK(score_hear(&score, 0.0, 0U, 60U, 100U));
  CHECK(!score_hear(&score, 100.0, 0U, 60U, 100U)); // Twice

  score_two_notes(&phrase);
  CHECK(!score_hear(&score, 1920.0, 0U, 61U, 99U)); // Another velocity

  score_two_notes(&phrase);
  CHECK(!score_hear(&score, 1000.0, 0U, 61U, 100U)); // Elsewhere

  score_two_notes(&phrase);
  CHECK(score_hear(&score, 0.0, 0U, 60U, 100U));
  CHECK(!score_pass(&score, 4000.0)); // One is missing
  CHECK(strstr(score.fault, "missing") && strstr(score.fault, "key 61"));

  score_two_notes(&phrase);
  score_allow_rests(&score);
  CHECK(score_pass(&score, 4000.0));

  score_two_notes(&phrase);
  CHECK(score_hear(&score, 3800.0, 0U, 99U, 1U)); // Perhaps of the next bar
  score_begin(&score, 1, 3840.0, 3840.0);
  score_know(&score, true);
  CHECK(strstr(score.fault, "does not have"));
}

// Sessions ------------------------------------------------------------------

static TinyBundle  bundle;
static TinyBundle  empty;
static ChaosWorld  world;
static ChaosReport totals;

/// In memory that a session's own process shares with us
static ChaosReport* shared;

/// Models of another seed beside the newest, as an update leaves them
static bool
add_older(const char* const models)
{
  char    folder[200];
  Trouble trouble = {""};
  snprintf(folder, sizeof(folder), "%s/older", bundle.folder.path);
  const char* const make[] = {"mkdir", folder, NULL};
  if (folder_command(make) || tiny_models_write(folder, 2U, &trouble) ||
      composer_new(folder, NULL, &world.composers[1], &trouble)) {
    return false;
  }
  world.older = composer_models(world.composers[1]);
  for (unsigned i = 0U; i < N_PARTS * N_MODEL_JOBS; ++i) {
    char name[MODEL_FOLDER_MAX_NAME];
    char from[300];
    char to[300];
    model_folder_name((ModelJob)(i / N_PARTS), (Part)(i % N_PARTS), name);
    snprintf(from, sizeof(from), "%s/%s", folder, name);
    *strchr(name, '.') = '\0';
    snprintf(to, sizeof(to), "%s/%s-older.safetensors", models, name);
    if (rename(from, to)) {
      return false;
    }
  }
  return true;
}

static bool
world_open(void)
{
  char    path[200];
  Trouble trouble           = {""};
  bundle                    = tiny_bundle(1U);
  empty                     = tiny_bundle(1U);
  const char* const clear[] = {"rm", "-rf", empty.models, NULL};
  tiny_bundle_command(clear);
  snprintf(path, sizeof(path), "%s/perpetuo.so", bundle.path);
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void* const found   = library ? dlsym(library, "lv2_descriptor") : NULL;
  memcpy(&world.descriptor, &found, sizeof(found));
  world.bundle      = bundle.path;
  world.empty       = empty.path;
  world.n_composers = CHAOS_MAX_COMPOSERS;
  shared            = (ChaosReport*)mmap(NULL,
                              sizeof(ChaosReport),
                              PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS,
                              -1,
                              0);
  return found && shared != MAP_FAILED &&
         !composer_new(bundle.models, NULL, &world.composers[0], &trouble) &&
         add_older(bundle.models);
}

static void
world_close(void)
{
  composer_free(world.composers[0]);
  composer_free(world.composers[1]);
  tiny_bundle_free(&bundle);
  tiny_bundle_free(&empty);
}

/// Play in a process of its own; false when something was wrong
static bool
play(const Session* const session)
{
  int status = 0;
  memset(shared, 0, sizeof(*shared));
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const struct rlimit limit = {MAX_SECONDS, MAX_SECONDS};
    const int           none  = open("/dev/null", O_WRONLY);
    dup2(none, 2); // What the plugin says where no log is
    setrlimit(RLIMIT_CPU, &limit);
    _exit(!chaos_play(
      &world, &session->setup, session->actions, session->n, shared));
  }
  if (child < 0 || waitpid(child, &status, 0) != child) {
    snprintf(shared->fault, sizeof(shared->fault), "no process can be made");
  } else if (WIFSIGNALED(status)) {
    snprintf(shared->fault,
             sizeof(shared->fault),
             "%s (signal %d)",
             WTERMSIG(status) == SIGXCPU ? "it takes for ever" : "it crashes",
             WTERMSIG(status));
  } else if (WEXITSTATUS(status) && !shared->fault[0]) {
    snprintf(shared->fault,
             sizeof(shared->fault),
             "it ends with status %d",
             WEXITSTATUS(status));
  }
  return !shared->fault[0];
}

/// What kind of fault it is, so that making it small stays with one
static void
kind_of(const char* const fault, char* const kind)
{
  size_t n = 0U;
  for (const char* c = fault; *c && n < 250U; ++c) {
    if (*c < '0' || *c > '9') {
      kind[n++] = *c;
    }
  }
  kind[n] = '\0';
}

typedef struct {
  Session  session; ///< As small as it was made so far
  char     kind[256];
  uint32_t n_trials;
} Shrinking;

static bool
still_fails(Shrinking* const self, const Session* const session)
{
  char kind[256];
  ++self->n_trials;
  if (play(session)) {
    return false;
  }
  kind_of(shared->fault, kind);
  return !strncmp(kind, self->kind, 24U);
}

/// Leave actions out, many at once and then one by one
static bool
leave_out(Shrinking* const self, const uint32_t n_out)
{
  Session* const full    = &self->session;
  bool           is_less = false;
  Action* const  rest    = (Action*)malloc(full->n * sizeof(Action));
  for (uint32_t at = 0U; at < full->n && self->n_trials < MAX_TRIALS;) {
    const uint32_t n    = n_out < full->n - at ? n_out : full->n - at;
    const Session  less = {full->setup, full->n - n, rest};
    memcpy(rest, full->actions, at * sizeof(Action));
    memcpy(
      rest + at, full->actions + at + n, (full->n - at - n) * sizeof(Action));
    if (still_fails(self, &less)) {
      memcpy(full->actions, rest, less.n * sizeof(Action));
      full->n = less.n;
      is_less = true;
    } else {
      at += n;
    }
  }
  free(rest);
  return is_less;
}

/// Make runs shorter
static void
run_less(Shrinking* const self)
{
  for (uint32_t i = 0U; i < self->session.n; ++i) {
    Action* const action = &self->session.actions[i];
    while (action->kind == ACTION_RUN && action->a > 1 &&
           self->n_trials < MAX_TRIALS) {
      const int32_t all = action->a;
      action->a         = all / 2;
      if (!still_fails(self, &self->session)) {
        action->a = all - 1;
        if (all <= 2 || !still_fails(self, &self->session)) {
          action->a = all;
          break;
        }
      }
    }
  }
}

static void
say_setup(const Setup* const setup)
{
  static const char* const plugins[] = {"duo", "melody", "drums"};
  printf("# %s at %g Hz%s%s%s%s\n",
         plugins[setup->i_plugin],
         setup->rate_hz,
         setup->has_models ? "" : ", no models",
         setup->has_log ? "" : ", no log",
         setup->is_mixed ? ", input and output share channels" : "",
         setup->is_blank ? ", atom:Blank" : "");
}

/// Print what is left, and how to play it again
static void
say_session(const Session* const session, const uint32_t seed)
{
  char text[300];
  say_setup(&session->setup);
  for (uint32_t i = 0U; i < session->n; ++i) {
    action_say(&session->actions[i], text, sizeof(text));
    printf("#   %4u  %s\n", session->actions[i].i, text);
  }
  printf("# Again: build/tests/test_chaos --session %u --only ", seed);
  for (uint32_t i = 0U; i < session->n; ++i) {
    const Action* const action = &session->actions[i];
    printf("%s%u", i ? "," : "", action->i);
    if (action->kind == ACTION_RUN) {
      printf("x%d", action->a);
    }
  }
  printf("\n");
}

/// Make a failing session small and tell of it
static void
shrink(const Session* const session, const uint32_t seed)
{
  Shrinking self       = {{session->setup, session->n, NULL}, "", 0U};
  self.session.actions = (Action*)malloc(session->n * sizeof(Action));
  memcpy(self.session.actions, session->actions, session->n * sizeof(Action));
  kind_of(shared->fault, self.kind);
  printf("# Session %u, action %u of %u, block %u: %s\n",
         seed,
         shared->i_action,
         session->n,
         shared->i_block,
         shared->fault);
  fflush(stdout);

  // Nothing after it matters
  if (shared->i_action < session->n) {
    self.session.n = shared->i_action + 1U;
  }
  for (uint32_t n_out = self.session.n / 2U; n_out; n_out /= 2U) {
    (void)leave_out(&self, n_out);
  }
  run_less(&self);
  while (leave_out(&self, 1U)) {
  }
  run_less(&self);
  (void)play(&self.session);
  printf("# Made small in %u trials: %s\n", self.n_trials, shared->fault);
  say_session(&self.session, seed);
  free(self.session.actions);
}

static void
add_up(void)
{
  for (unsigned i = 0U; i < N_COUNTS; ++i) {
    totals.counts[i] += shared->counts[i];
  }
}

static void
say_totals(void)
{
  for (unsigned i = 0U; i < N_COUNTS; ++i) {
    printf("# %12llu %s\n",
           (unsigned long long)totals.counts[i],
           chaos_count_name((CountKind)i));
  }
}

/// Play sessions until so many blocks are through; false at the first fault
static bool
soak(const uint64_t seed, const uint64_t n_blocks)
{
  const uint64_t key     = rng_key(rng_seed(seed), 4711U);
  bool           is_well = true;
  memset(&totals, 0, sizeof(totals));
  for (uint32_t i = 0U; is_well && totals.counts[COUNT_BLOCKS] < n_blocks;
       ++i) {
    const uint32_t its     = rng_u32(key, i);
    Session        session = session_new(its, SESSION_BLOCKS);
    is_well                = session.actions && play(&session);
    add_up();
    if (!is_well) {
      shrink(&session, its);
    }
    session_free(&session);
  }
  return is_well;
}

static void
test_random_sessions_keep_the_laws(void)
{
  struct timespec from;
  struct timespec to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  CHECK(soak(CI_SEED, CI_BLOCKS));
  clock_gettime(CLOCK_MONOTONIC, &to);
  say_totals();
  printf("# %.1f s\n",
         (double)(to.tv_sec - from.tv_sec) +
           (double)(to.tv_nsec - from.tv_nsec) / 1e9);

  // It was no idle talk
  for (unsigned i = 0U; i < N_COUNTS; ++i) {
    CHECK(totals.counts[i] > 0U);
  }
  CHECK(totals.counts[COUNT_BARS] > 1000U);
}

// By hand -------------------------------------------------------------------

/// Leave of a session what a list names, such as "0,4,7x3": numbers of
/// actions, and of runs how many blocks.  False when it makes no sense.
static bool
pick_out(Session* const session, const char* list)
{
  uint32_t n = 0U;
  while (*list) {
    char*               end = NULL;
    const unsigned long i   = strtoul(list, &end, 10);
    if (end == list || i >= session->n ||
        (n && session->actions[n - 1U].i >= i)) {
      return false;
    }
    session->actions[n] = session->actions[i];
    if (*end == 'x') {
      session->actions[n].a = (int32_t)strtol(end + 1, &end, 10);
    }
    ++n;
    list = *end == ',' ? end + 1 : end;
    if (*end && *end != ',') {
      return false;
    }
  }
  session->n = n;
  return true;
}

static int
play_again(const uint32_t seed, const char* const only)
{
  Session session = session_new(seed, SESSION_BLOCKS);
  if (only && !pick_out(&session, only)) {
    fprintf(stderr,
            "--only wants numbers of actions that go up, such as 0,4,7x3; this "
            "session has %u actions\n",
            session.n);
    return 2;
  }
  if (play(&session)) {
    say_session(&session, seed);
    printf("# All is well\n");
  } else if (only) {
    say_session(&session, seed);
    printf("# Action %u, block %u: %s\n",
           shared->i_action,
           shared->i_block,
           shared->fault);
  } else {
    shrink(&session, seed);
  }
  const int status = shared->fault[0] ? 1 : 0;
  session_free(&session);
  return status;
}

static int
soak_by_hand(const uint64_t seed, const uint64_t n_blocks)
{
  const bool is_well = soak(seed, n_blocks);
  say_totals();
  printf("%s\n", is_well ? "# All is well" : "# Something is wrong, see above");
  return is_well ? 0 : 1;
}

/// 24 hours at 48 kHz as one session
static int
play_a_day(const uint32_t seed)
{
  Session    day     = session_day(seed);
  const bool is_well = day.actions && play(&day);
  memset(&totals, 0, sizeof(totals));
  add_up();
  say_totals();
  printf("# %s%s\n",
         is_well ? "A day of play is over, and all is well" : "Wrong: ",
         shared->fault);
  session_free(&day);
  return is_well ? 0 : 1;
}

static const char usage[] =
  "test_chaos [--blocks N] [--seed N]   play random sessions, 1000000 blocks\n"
  "test_chaos --session N [--only LIST] play one session again\n"
  "test_chaos --day [--seed N]          play 24 hours at 48 kHz\n";

static int
by_hand(const int argc, char** const argv)
{
  const char* only    = NULL;
  const char* session = NULL;
  uint64_t    seed    = CI_SEED;
  uint64_t    blocks  = CI_BLOCKS;
  bool        is_day  = false;
  for (int i = 1; i < argc; ++i) {
    const char* const word  = argv[i];
    const char* const value = i + 1 < argc ? argv[i + 1] : NULL;
    if (!strcmp(word, "--day")) {
      is_day = true;
      continue;
    }
    if (!value) {
      fputs(usage, stderr);
      return 2;
    }
    ++i;
    if (!strcmp(word, "--blocks")) {
      blocks = strtoull(value, NULL, 10);
    } else if (!strcmp(word, "--seed")) {
      seed = strtoull(value, NULL, 10);
    } else if (!strcmp(word, "--session")) {
      session = value;
    } else if (!strcmp(word, "--only")) {
      only = value;
    } else {
      fputs(usage, stderr);
      return 2;
    }
  }
  return is_day    ? play_a_day((uint32_t)seed)
         : session ? play_again((uint32_t)strtoul(session, NULL, 10), only)
                   : soak_by_hand(seed, blocks);
}

int
main(const int argc, char** const argv)
{
  if (argc == 1) {
    RUN(test_ear_is_content_with_what_is_right);
    RUN(test_ear_finds_what_is_no_sequence);
    RUN(test_ear_finds_wrong_times);
    RUN(test_ear_finds_wrong_ownership);
    RUN(test_ear_finds_what_sounds_on);
    RUN(test_ear_finds_what_plays_while_nothing_should);
    RUN(test_ear_finds_beginnings_that_leave_no_room);
    RUN(test_ear_follows_what_passes);
    RUN(test_score_hears_what_is_wrong);
  }
  if (!hosted_has_bundle() || !world_open()) {
    printf("not ok world_open: no copy of the bundle can be made\n");
    return 1;
  }

  int status = 0;
  if (argc > 1) {
    status = by_hand(argc, argv);
  } else {
    RUN(test_random_sessions_keep_the_laws);
  }
  world_close();
  return argc > 1 ? status : check_n_bad ? 1 : 0;
}
