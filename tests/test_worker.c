// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The line to the worker, in every manner in which hosts are known to keep it:
   at once, after run(), some blocks late, refused, lost, two at a time, on a
   small stack, and cut off when an instance is closed.

   Most of it is played with tiny models; what has to take its time, with the
   real ones.
*/

#include "tests/check.h"
#include "tests/hosted.h"
#include "tests/tiny_bundle.h"

#include "base/rng.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define N_BARS 12
#define N_BLOCK 256U ///< 5.3 ms at 48 kHz
#define RATE 48000U
#define STRING "http://lv2plug.in/ns/ext/atom#String"

static TinyBundle bundle;
static Notes      reference; ///< Bars 0 .. N_BARS - 1, nothing ever late

static Host*
open_manner(const HostWork work)
{
  HostSetup setup = host_setup(bundle.path, URI_DUO);
  setup.work      = work;
  return hosted_new(&setup);
}

static void
sleep_ms(const long n)
{
  const struct timespec nap = {n / 1000L, n % 1000L * 1000000L};
  (void)nanosleep(&nap, NULL);
}

/// Run while standing until there is nothing more to be done
static void
wait_for_work(Host* const host)
{
  uint32_t n_works = 0U;
  do {
    n_works = host_n_works(host);
    for (unsigned i = 0U; i < 16U; ++i) {
      host_run(host, 32U);
    }
  } while (host_n_works(host) != n_works);
}

/// Roll from the first bar, from the first run on or when all is ready
static Notes
roll(Host* const host, const bool is_ready)
{
  if (is_ready) {
    wait_for_work(host);
  }
  host_play(host);
  host_run_to_bar(host, N_BARS, N_BLOCK);
  hosted_settle(host);
  return hosted_notes(host);
}

/// Whether from a bar on all is there, and nothing else anywhere
static void
check_from(const char* const who, const Notes* const heard, const int32_t bar)
{
  const Notes wanted = notes_of_bars(&reference, bar, N_BARS);
  const Notes tail   = notes_of_bars(heard, bar, N_BARS);
  const Notes before = notes_of_bars(heard, 0, bar);
  CHECK(notes_are_equal(who, &wanted, &tail));
  CHECK(notes_are_among(&reference, &before));
}

// In time -------------------------------------------------------------------

static void
test_answers_inside_the_call(void)
{
  Host* const host = open_manner(HOST_WORK_INSIDE);
  reference        = roll(host, true);
  CHECK(reference.n > 4U * N_BARS);
  CHECK(host_get(host, "late") == 0.0f);
  CHECK(host_most_works_at_once(host) == 1U);
  host_free(host);

  // And so from the very first run on: in an export nothing is late
  Host* const fresh = open_manner(HOST_WORK_INSIDE);
  host_set_freewheel(fresh, true);
  Notes heard = roll(fresh, false);
  CHECK(notes_are_equal("an export", &reference, &heard));
  CHECK(host_get(fresh, "late") == 0.0f);
  notes_free(&heard);
  host_free(fresh);
}

static void
test_answers_after_run(void)
{
  Host* const host  = open_manner(HOST_WORK_AT_END);
  Notes       heard = roll(host, true);
  CHECK(notes_are_equal("after run()", &reference, &heard));
  CHECK(host_get(host, "late") == 0.0f);
  notes_free(&heard);
  host_free(host);

  Host* const thread = open_manner(HOST_WORK_PATIENT);
  heard              = roll(thread, true);
  CHECK(notes_are_equal("of a thread", &reference, &heard));
  notes_free(&heard);
  host_free(thread);
}

/// Carla's runner wakes every 25 ms, and its answer waits for a run()
static void
test_answers_some_blocks_late(void)
{
  static const uint32_t n_runs[] = {1U, 2U, 3U, 5U, 6U}; // 5 to 32 ms
  for (size_t i = 0U; i < sizeof(n_runs) / sizeof(n_runs[0]); ++i) {
    char        who[32];
    Host* const host = open_manner(HOST_WORK_AT_END);
    snprintf(who, sizeof(who), "%u runs late", n_runs[i]);
    host_delay_work(host, n_runs[i]);
    for (unsigned k = 0U; k < 32U * n_runs[i]; ++k) {
      host_run(host, 32U); // Standing, all that is needed is asked for
    }
    Notes heard = roll(host, false);
    CHECK(notes_are_equal(who, &reference, &heard));
    CHECK(host_get(host, "late") == 0.0f);
    notes_free(&heard);
    host_free(host);

    // From the first run on, in the middle: what was due before the answer is
    // missing, and nothing after that bar
    Host* const fresh = open_manner(HOST_WORK_AT_END);
    host_delay_work(fresh, n_runs[i]);
    host_locate_bar(fresh, 5, 0.0);
    heard = roll(fresh, false);
    check_from(who, &heard, 6);
    CHECK(host_get(fresh, "late") <= 2.0f);
    notes_free(&heard);
    host_free(fresh);
  }
}

/// Before anything was asked for, and with an answer that comes after run()
static void
test_rolling_from_the_first_run_on(void)
{
  static const uint32_t n_block[] = {64U, 256U, 1024U, 8192U};
  for (size_t i = 0U; i < 4U; ++i) {
    char        who[32];
    Host* const host = open_manner(HOST_WORK_AT_END);
    snprintf(who, sizeof(who), "at once, in %u", n_block[i]);
    host_play(host);
    host_run_to_bar(host, N_BARS, n_block[i]);
    hosted_settle(host);
    Notes heard = hosted_notes(host);
    CHECK(notes_are_equal(who, &reference, &heard));
    CHECK(host_get(host, "late") == 0.0f);
    notes_free(&heard);
    host_free(host);
  }
}

/// Told of a place in a run of no frames, and activated anew
static void
test_activated_where_the_host_is(void)
{
  Host* const host = open_manner(HOST_WORK_AT_END);
  host_locate_bar(host, 5, 0.0);
  host_play(host);
  host_run(host, 0U);
  host_deactivate(host);
  host_activate(host);
  Notes heard = roll(host, false);
  check_from("activated at bar 5", &heard, 5);
  notes_free(&heard);
  host_free(host);
}

/// What was composed for the controls that stood then is played by no others
static void
test_controls_change_between_activation_and_run(void)
{
  const Notes usual = reference;
  Host* const there = open_manner(HOST_WORK_INSIDE);
  host_set(there, "seed", 77.0f);
  host_set(there, "key", 5.0f);
  reference = roll(there, true);
  CHECK(reference.n > 4U * N_BARS);
  host_free(there);

  Host* const host = open_manner(HOST_WORK_AT_END);
  host_set(host, "seed", 77.0f);
  host_set(host, "key", 5.0f);
  Notes heard = roll(host, false);
  check_from("other controls", &heard, 1);

  // And that is another song, from its first phrase on
  const Notes one     = notes_of_bars(&usual, 1, 4);
  const Notes other   = notes_of_bars(&heard, 1, 4);
  size_t      n_alike = 0U;
  while (n_alike < one.n && n_alike < other.n &&
         notes_are_same(&one.notes[n_alike], &other.notes[n_alike])) {
    ++n_alike;
  }
  CHECK(n_alike < one.n && n_alike < other.n);
  notes_free(&heard);
  host_free(host);
  notes_free(&reference);
  reference = usual;
}

// Not taken, lost, failed ---------------------------------------------------

static void
test_what_is_refused_is_asked_for_again(void)
{
  const uint64_t key  = rng_seed(3U);
  Host* const    host = open_manner(HOST_WORK_AT_END);
  host_refuse_work(host, 5U);
  for (unsigned i = 0U; i < 8U; ++i) {
    host_run(host, 64U);
  }
  CHECK(host_n_refused(host) == 5U);
  wait_for_work(host);

  // And now and then while it rolls: six phrases are ahead, so none is missed
  host_play(host);
  for (int32_t bar = 1; bar <= N_BARS; ++bar) {
    host_refuse_work(host, rng_below(key, (uint32_t)bar, 40U));
    host_run_to_bar(host, bar, N_BLOCK);
  }
  hosted_settle(host);
  Notes heard = hosted_notes(host);
  CHECK(host_n_refused(host) > 5U);
  CHECK(notes_are_equal("refused", &reference, &heard));
  CHECK(host_get(host, "late") == 0.0f);
  notes_free(&heard);
  host_free(host);

  // Refused from the beginning: late, and then all there
  Host* const fresh = open_manner(HOST_WORK_AT_END);
  host_refuse_work(fresh, 400U); // 2.1 s: into the second bar
  host_locate_bar(fresh, 4, 0.0);
  heard = roll(fresh, false);
  check_from("refused at first", &heard, 6);
  CHECK(host_n_refused(fresh) == 400U);
  CHECK(host_get(fresh, "late") > 0.0f);
  notes_free(&heard);
  host_free(fresh);
}

static void
test_an_answer_that_is_lost_is_waited_for_in_vain_once(void)
{
  Host* const host = open_manner(HOST_WORK_PATIENT);
  host_lose_answers(host, 1U);
  host_run(host, 64U);
  CHECK(host_n_works(host) == 1U);
  host_run_for(host, 29U * RATE, 4096U);
  CHECK(host_n_works(host) == 1U); // One job at a time
  host_run_for(host, 2U * RATE, 4096U);
  CHECK(host_n_works(host) > 1U);
  Notes heard = roll(host, true);
  CHECK(notes_are_equal("after a lost answer", &reference, &heard));
  notes_free(&heard);
  host_free(host);
}

/// Names models that are nowhere
static const HostProperty*
retrieve_ids(void* const data, const char* const key)
{
  return strstr(key, "melody") ? (const HostProperty*)data : NULL;
}

static void
test_a_load_that_fails_costs_no_note(void)
{
  char         key[]  = "";
  char         type[] = STRING;
  char         id[]   = "0123456789abcdef";
  HostProperty wish   = {key, type, id, sizeof(id), 0U};
  char         path[128];
  char         away[128];
  Host* const  host = open_manner(HOST_WORK_INSIDE);
  snprintf(path, sizeof(path), "%s/drums.safetensors", bundle.models);
  snprintf(away, sizeof(away), "%s/away", bundle.models);
  wait_for_work(host);
  host_play(host);
  host_run_to_bar(host, 4, N_BLOCK);
  CHECK(!rename(path, away));
  CHECK(!host_restore_with(host, retrieve_ids, &wish));
  host_run(host, N_BLOCK);
  CHECK(host_has_logged(host, "going on with the models in use"));
  host_run_to_bar(host, N_BARS, N_BLOCK);
  CHECK(!rename(away, path));
  hosted_settle(host);
  Notes heard = hosted_notes(host);

  // All begin where they should; what sounded at the moment was cut
  CHECK(heard.n == reference.n && notes_are_among(&reference, &heard));
  notes_free(&heard);
  host_free(host);
}

// Two at a time -------------------------------------------------------------

/// An export begins while the worker is at a phrase
static void
test_two_works_at_once(void)
{
  HostSetup setup    = host_setup(hosted_bundle(), URI_DUO);
  setup.work         = HOST_WORK_INSIDE;
  Host* const pure   = hosted_new(&setup);
  Notes       wanted = roll(pure, true);
  host_free(pure);

  setup.work       = HOST_WORK_THREAD;
  Host* const host = hosted_new(&setup);
  host_run(host, 64U); // The real models take their time
  host_set_freewheel(host, true);
  host_set_work(host, HOST_WORK_INSIDE);
  for (unsigned i = 0U; i < 200U; ++i) {
    host_run(host, 64U);
    sleep_ms(host_n_works(host) > 3U ? 0L : 5L);
  }
  CHECK(host_most_works_at_once(host) == 2U);
  Notes heard = roll(host, true);
  CHECK(notes_are_equal("two works at once", &wanted, &heard));
  CHECK(host_get(host, "late") == 0.0f);
  notes_free(&heard);
  notes_free(&wanted);
  host_free(host);
}

/// And back again: what is asked for in line is not asked of the thread
static void
test_into_exports_and_out_again(void)
{
  Host* const host = open_manner(HOST_WORK_PATIENT);
  wait_for_work(host);
  host_play(host);
  for (int32_t bar = 1; bar <= N_BARS; ++bar) {
    const bool is_export = bar % 2;
    host_deactivate(host); // As Ardour does around an export
    host_activate(host);
    host_set_freewheel(host, is_export);
    host_set_work(host, is_export ? HOST_WORK_INSIDE : HOST_WORK_PATIENT);
    host_run_to_bar(host, bar, N_BLOCK);
  }
  hosted_settle(host);
  Notes heard = hosted_notes(host);
  CHECK(heard.n == reference.n && notes_are_among(&reference, &heard));
  CHECK(host_get(host, "late") == 0.0f);
  notes_free(&heard);
  host_free(host);
}

// Closed while it is at work ------------------------------------------------

static void
test_closed_while_a_job_runs(void)
{
  HostSetup setup = host_setup(hosted_bundle(), URI_DUO);
  setup.work      = HOST_WORK_THREAD;
  for (long i = 0L; i < 4L; ++i) {
    Host* const host = hosted_new(&setup);
    host_play(host);
    host_run(host, N_BLOCK);
    sleep_ms(i * 3L); // Asked for, begun, well under way
    host_stop(host);
    host_run(host, N_BLOCK);
    host_deactivate(host);
    CHECK(!host_n_faults(host, NULL));
    host_free(host);
  }
}

static void
test_closed_with_a_job_that_nobody_began(void)
{
  Host* const host = open_manner(HOST_WORK_THREAD);
  host_hold_work(host, true);
  host_run(host, N_BLOCK);
  host_deactivate(host);
  host_free(host);
}

/// Set aside while a job is out, and back before its answer
static void
test_set_aside_while_a_job_runs(void)
{
  Host* const host = open_manner(HOST_WORK_THREAD);
  host_hold_work(host, true);
  for (unsigned i = 0U; i < 3U; ++i) {
    host_run(host, N_BLOCK);
    host_deactivate(host);
    host_activate(host);
  }
  host_run(host, N_BLOCK);
  CHECK(host_n_works(host) == 0U);
  host_hold_work(host, false);
  host_set_work(host, HOST_WORK_PATIENT);
  Notes heard = roll(host, true);
  CHECK(notes_are_equal("set aside", &reference, &heard));
  notes_free(&heard);
  host_free(host);
}

// A small stack -------------------------------------------------------------

#define SMALL_STACK 16384U

/// What is hard on a stack: every kind of phrase, and models that are missing
static void
work_hard(Host* const host, const unsigned n_mixes)
{
  const uint64_t key    = rng_seed(21U);
  char           uri[]  = "";
  char           type[] = STRING;
  char           id[]   = "0123456789abcdef";
  HostProperty   wish   = {uri, type, id, sizeof(id), 0U};
  host_run(host, 64U);
  CHECK(!host_restore_with(host, retrieve_ids, &wish));
  for (unsigned i = 0U; i < n_mixes; ++i) {
    for (uint32_t c = 0U; c < host_n_controls(host); ++c) {
      const HostControl control = host_control(host, c);
      const float share = (float)rng_below(key, i * 97U + c, 101U) / 100.0f;
      if (strcmp(control.symbol, "transport") && i) {
        host_set(host,
                 control.symbol,
                 control.minimum + share * (control.maximum - control.minimum));
      }
    }
    host_locate_bar(host, (int32_t)rng_below(key, i * 97U + 96U, 200U), 0.0);
    wait_for_work(host);
  }
}

static void
test_a_stack_of_16_kib_suffices(void)
{
  const struct {
    const char* what;
    const char* path;
    unsigned    n_mixes;
    bool        has_log; ///< Or what is said goes to stderr
  } rows[] = {{"tiny models", bundle.path, 60U, true},
              {"no log", bundle.path, 1U, false},
              {"the real models", hosted_bundle(), 3U, true}};
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    HostSetup setup  = host_setup(rows[i].path, URI_DUO);
    setup.work       = HOST_WORK_PATIENT;
    setup.n_stack    = SMALL_STACK;
    setup.has_log    = rows[i].has_log;
    Host* const host = hosted_new(&setup);
    work_hard(host, rows[i].n_mixes);
    const size_t n_used = host_stack_used(host);
    fprintf(stderr, "stack with %s: %zu bytes\n", rows[i].what, n_used);
    CHECK(n_used > 1024U && n_used <= SMALL_STACK);
    CHECK(host_n_works(host) > 2U * rows[i].n_mixes);
    CHECK(!rows[i].has_log || host_has_logged(host, "0123456789abcdef"));
    host_free(host);
  }
}

int
main(void)
{
  if (!hosted_has_bundle()) {
    SKIP_ALL("the bundle is not built");
  }
  bundle = tiny_bundle(7U);
  RUN(test_answers_inside_the_call);
  RUN(test_answers_after_run);
  RUN(test_answers_some_blocks_late);
  RUN(test_rolling_from_the_first_run_on);
  RUN(test_activated_where_the_host_is);
  RUN(test_controls_change_between_activation_and_run);
  RUN(test_what_is_refused_is_asked_for_again);
  RUN(test_an_answer_that_is_lost_is_waited_for_in_vain_once);
  RUN(test_a_load_that_fails_costs_no_note);
  RUN(test_two_works_at_once);
  RUN(test_into_exports_and_out_again);
  RUN(test_closed_while_a_job_runs);
  RUN(test_closed_with_a_job_that_nobody_began);
  RUN(test_set_aside_while_a_job_runs);
  RUN(test_a_stack_of_16_kib_suffices);
  notes_free(&reference);
  tiny_bundle_free(&bundle);
  CHECK_END();
}
