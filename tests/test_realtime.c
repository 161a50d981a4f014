// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The audio thread keeps books: run() allocates nothing, takes no lock, makes
   no system call, and costs as much as its events, not as its length.
*/

#include "tests/check.h"
#include "tests/folder.h"
#include "tests/hosted.h"
#include "tests/mirror.h"
#include "tests/rt_guard.h"

#include "base/rng.h"

#include <time.h>

// The guard itself ----------------------------------------------------------

static char mirror_bundle[MIRROR_MAX_PATH];

/// What the guard counts while the mirror does what is forbidden
static RtCounts
count_fault(const float fault)
{
  const HostSetup setup = host_setup(mirror_bundle, MIRROR);
  Host* const     host  = hosted_new(&setup);
  host_run(host, 64U); // Names are bound when first used
  CHECK(host_set(host, "fault", fault));
  rt_guard_reset();
  host_watch(host, rt_guard_watch, NULL);
  host_run(host, 64U);
  host_run(host, 64U);
  host_watch(host, NULL, NULL);
  host_free(host);
  return rt_guard_counts();
}

static void
test_guard_sees_a_plugin_that_is_right(void)
{
  const RtCounts counts = count_fault(0.0f);
  CHECK(!counts.n_allocations && !counts.n_locks && !counts.n_calls);
  CHECK(!counts.first && counts.call == -1L);
}

static void
test_guard_catches_malloc(void)
{
  const RtCounts counts = count_fault(6.0f);
  CHECK(counts.n_allocations == 4U); // free and malloc, twice
  CHECK(counts.first && !strcmp(counts.first, "free"));
}

static void
test_guard_catches_a_lock(void)
{
  const RtCounts counts = count_fault(7.0f);
  CHECK(counts.n_locks == 4U);
  CHECK(counts.first && !strcmp(counts.first, "pthread_mutex_lock"));
}

static void
test_guard_catches_system_calls(void)
{
  if (!rt_guard_sees_calls()) {
    printf("skip test_guard_catches_system_calls: the kernel does not offer "
           "to count them (Syscall User Dispatch)\n");
    return;
  }
  RtCounts counts = count_fault(8.0f);
  CHECK(counts.n_calls == 2U);
  CHECK(counts.call == 1L); // write, on x86-64
  counts = count_fault(9.0f);
  CHECK(counts.n_calls == 2U);
}

static void
test_guard_is_off_outside(void)
{
  void* volatile block = NULL;
  rt_guard_reset();
  rt_guard_begin();
  rt_guard_end();
  block = malloc(10U);
  free(block);
  CHECK(!rt_guard_counts().n_allocations);
}

// The plugin ----------------------------------------------------------------

static void
check_counts(const char* const what)
{
  const RtCounts counts = rt_guard_counts();
  if (counts.first || counts.call >= 0) {
    fprintf(stderr,
            "%s: %u allocations, %u locks (first: %s), %u runs with system "
            "calls (first: number %ld)\n",
            what,
            counts.n_allocations,
            counts.n_locks,
            counts.first ? counts.first : "none",
            counts.n_calls,
            counts.call);
  }
  CHECK(!counts.n_allocations);
  CHECK(!counts.n_locks);
  CHECK(!counts.n_calls);
}

static Host*
guarded(const char* const uri)
{
  HostSetup setup  = host_setup(hosted_bundle(), uri);
  setup.work       = HOST_WORK_PATIENT; // The work itself is not on this thread
  Host* const host = hosted_new(&setup);
  hosted_tempo(host, 128.0);
  rt_guard_reset();
  host_watch(host, rt_guard_watch, NULL);
  return host;
}

static void
test_rolling_is_clean(void)
{
  static const char* const uris[] = {URI_DUO, URI_MELODY, URI_DRUMS};
  for (size_t i = 0U; i < 3U; ++i) {
    Host* const host = guarded(uris[i]);
    host_play(host);
    host_run_to_bar(host, 8, i == 1U ? 64U : 512U);
    hosted_settle(host);
    host_watch(host, NULL, NULL);
    CHECK(host_capture(host)->n_events > 0U);
    check_counts(uris[i]);
    host_free(host);
  }
}

/// One thing that a person or a host does while the audio runs
static void
do_something(Host* const host, const uint64_t key, const uint32_t i)
{
  const uint8_t on[] = {0x90U, 60U, 100U};
  switch (rng_below(key, i, 8U)) {
  case 0U:
    host_locate_bar(host, (int32_t)rng_below(key, i + 1U, 40U) - 4, 100.0);
    break;
  case 1U:
    host_is_rolling(host) ? host_stop(host) : host_play(host);
    break;
  case 2U:
    hosted_tempo(host, 60.0 + rng_below(key, i + 1U, 140U));
    break;
  case 3U: {
    const HostControl control =
      host_control(host, rng_below(key, i + 1U, host_n_controls(host)));
    const float share = (float)rng_below(key, i + 2U, 101U) / 100.0f;
    host_set(host,
             control.symbol,
             control.minimum + share * (control.maximum - control.minimum));
    break;
  }
  case 4U:
    host_set_event_room(host, 64U << rng_below(key, i + 1U, 10U));
    break;
  case 5U:
    host_refuse_work(host, 3U);
    break;
  case 6U:
    for (uint32_t n = 0U; n < 32U; ++n) {
      host_send(host, n, on, 3U);
    }
    break;
  default:
    host_play(host);
    break;
  }
}

static void
test_everything_else_is_clean(void)
{
  Host* const    host = guarded(URI_DUO);
  const uint64_t key  = rng_seed(7U);
  host_play(host);
  for (uint32_t i = 0U; i < 600U; ++i) {
    do_something(host, key, i * 8U);
    host_run(host, rng_below(key, i * 8U + 7U, 8193U));
  }
  hosted_settle(host);
  host_watch(host, NULL, NULL);
  check_counts("moves");
  host_free(host);
}

static void
test_presets_beside_run_are_clean(void)
{
  Host* const host    = guarded(URI_DUO);
  Trouble     trouble = {""};
  host_play(host);
  for (size_t i = 0U; i < host_n_presets(host); ++i) {
    CHECK(!host_load_preset(host, host_preset_label(host, i), &trouble));
    for (unsigned n = 0U; n < 40U; ++n) {
      host_run(host, 4096U);
    }
  }
  host_watch(host, NULL, NULL);
  check_counts("presets");
  host_free(host);
}

static double
seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/// The least time of many blocks without an event, in microseconds
static double
least_us(Host* const host, const uint32_t n_frames)
{
  double least = 1e9;
  for (unsigned i = 0U; i < 2000U; ++i) {
    const double begin = seconds();
    host_run(host, n_frames);
    least = fmin(least, (seconds() - begin) * 1e6);
  }
  return least;
}

static void
test_cost_is_not_the_blocks_length(void)
{
  Host* const host = hosted(URI_DUO);
  host_set_timeline(host, host_timeline(host));
  const double small = least_us(host, 64U);
  const double large = least_us(host, 8192U);
  if (large > 3.0 * small + 1.0) {
    fprintf(stderr, "64 frames: %.2f us, 8192: %.2f us\n", small, large);
  }
  CHECK(large <= 3.0 * small + 1.0); // 128 times the frames
  host_free(host);
}

int
main(void)
{
  if (!rt_guard_sees_functions()) {
    SKIP_ALL("a sanitizer, or another C library, stands where the guard would");
  }

  Folder folder;
  if (folder_make(&folder) && mirror_build(&folder, mirror_bundle)) {
    RUN(test_guard_sees_a_plugin_that_is_right);
    RUN(test_guard_catches_malloc);
    RUN(test_guard_catches_a_lock);
    RUN(test_guard_catches_system_calls);
  } else {
    printf("skip test_guard_catches: no compiler for tests/mirror.lv2\n");
  }
  folder_free(&folder);
  RUN(test_guard_is_off_outside);

  if (!rt_guard_sees_calls()) {
    printf("skip system calls of run(): the kernel does not offer to count "
           "them\n");
  }
  RUN(test_rolling_is_clean);
  RUN(test_everything_else_is_clean);
  RUN(test_presets_beside_run_are_clean);
  RUN(test_cost_is_not_the_blocks_length);
  CHECK_END();
}
