// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What the tests in a host share: the real bundle, songs played in it, and
   lists of notes that are compared.

   The bundle is $PERPETUO_BUNDLE, or build/perpetuo.lv2.
*/
#ifndef PERPETUO_TESTS_HOSTED_H
#define PERPETUO_TESTS_HOSTED_H

#include "tests/check.h"

#include "tools/capture.h"
#include "tools/host.h"

#include <lv2/atom/atom.h>

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#define URI_DUO "urn:perpetuo:duo"
#define URI_MELODY "urn:perpetuo:melody"
#define URI_DRUMS "urn:perpetuo:drums"

/// A list of notes, sorted by place
typedef struct {
  CaptureNote* notes;
  size_t       n;
} Notes;

static inline const char*
hosted_bundle(void)
{
  const char* const bundle = getenv("PERPETUO_BUNDLE");
  return bundle && *bundle ? bundle : "build/perpetuo.lv2";
}

static inline bool
hosted_has_bundle(void)
{
  char path[4096];
  snprintf(path, sizeof(path), "%s/manifest.ttl", hosted_bundle());
  return !access(path, R_OK);
}

/// A host of the real bundle, active; ends the program when there is none
static inline Host*
hosted_new(const HostSetup* const setup)
{
  Host*   host    = NULL;
  Trouble trouble = {""};
  if (host_new(setup, &host, &trouble)) {
    fprintf(stderr, "%s\n", trouble.text);
    printf("not ok hosted_new: %s\n", trouble.text);
    exit(1);
  }
  host_activate(host);
  return host;
}

/// The usual host of one of the three plugins
static inline Host*
hosted(const char* const uri)
{
  const HostSetup setup = host_setup(hosted_bundle(), uri);
  return hosted_new(&setup);
}

/// One tempo in common time
static inline void
hosted_tempo(Host* const host, const double bpm)
{
  const Metre    metre = {4U, 4U};
  const Timeline map   = timeline(host_timeline(host)->rate_hz, bpm, metre);
  host_set_timeline(host, &map);
}

/// The notes heard so far; and no fault, of MIDI or of LV2
static inline Notes
hosted_notes(const Host* const host)
{
  Notes         notes  = {NULL, 0U};
  CaptureFaults faults = {0U, 0U, 0U, 0U, 0U, 0U};
  const char*   text   = "";
  CHECK(!capture_notes(
    host_capture(host), host_timeline(host), &notes.notes, &notes.n, &faults));
  if (capture_n_faults(&faults)) {
    fprintf(stderr,
            "%zu doubled, %zu orphans, %zu hanging, %zu while stopped, %zu "
            "backwards\n",
            faults.n_doubled,
            faults.n_orphans,
            faults.n_hanging,
            faults.n_stopped,
            faults.n_backwards);
  }
  CHECK(!capture_n_faults(&faults));
  if (host_n_faults(host, &text)) {
    fprintf(stderr, "the plugin %s\n", text);
  }
  CHECK(!host_n_faults(host, NULL));
  return notes;
}

/// Stop, and run on until what sounds has been ended
static inline void
hosted_settle(Host* const host)
{
  host_stop(host);
  host_run(host, 64U);
  host_run(host, 64U);
}

/// Notes of the bars `begin` <= bar < `end`, as a view
static inline Notes
notes_of_bars(const Notes* const all, const int32_t begin, const int32_t end)
{
  size_t i = 0U;
  while (i < all->n && all->notes[i].bar < begin) {
    ++i;
  }
  size_t j = i;
  while (j < all->n && all->notes[j].bar < end) {
    ++j;
  }
  const Notes view = {all->notes + i, j - i};
  return view;
}

static inline void
notes_say(const char* const who, const CaptureNote* const note)
{
  if (note) {
    fprintf(stderr,
            "  %s: bar %d tick %u key %u velocity %u channel %u length %u%s\n",
            who,
            note->bar,
            note->tick,
            note->key,
            note->velocity,
            note->channel + 1U,
            note->length,
            note->is_whole ? "" : " (cut)");
  } else {
    fprintf(stderr, "  %s: no more notes\n", who);
  }
}

/// Ticks by which an end may differ: an end falls on a whole frame
#define LENGTH_SLACK 1U

static inline bool
notes_are_same(const CaptureNote* const a, const CaptureNote* const b)
{
  const uint32_t difference =
    a->length > b->length ? a->length - b->length : b->length - a->length;
  return a->bar == b->bar && a->tick == b->tick && a->key == b->key &&
         a->velocity == b->velocity && a->channel == b->channel &&
         (!a->is_whole || !b->is_whole || difference <= LENGTH_SLACK);
}

/// Whether two lists are one music; says the first difference
static inline bool
notes_are_equal(const char* const  what,
                const Notes* const wanted,
                const Notes* const heard)
{
  const size_t n = wanted->n > heard->n ? wanted->n : heard->n;
  for (size_t i = 0U; i < n; ++i) {
    const CaptureNote* const a = i < wanted->n ? &wanted->notes[i] : NULL;
    const CaptureNote* const b = i < heard->n ? &heard->notes[i] : NULL;
    if (!a || !b || !notes_are_same(a, b)) {
      fprintf(stderr,
              "%s: %zu notes wanted, %zu heard; the first difference:\n",
              what,
              wanted->n,
              heard->n);
      notes_say("wanted", a);
      notes_say(" heard", b);
      return false;
    }
  }
  return true;
}

/// Whether bars of one list are other bars of another list
static inline bool
notes_are_shifted(const Notes* const a,
                  const int32_t      from_a,
                  const Notes* const b,
                  const int32_t      from_b,
                  const int32_t      n_bars)
{
  const Notes x  = notes_of_bars(a, from_a, from_a + n_bars);
  const Notes y  = notes_of_bars(b, from_b, from_b + n_bars);
  bool        is = x.n && x.n == y.n;
  for (size_t i = 0U; is && i < x.n; ++i) {
    CaptureNote note = y.notes[i];
    note.bar += from_a - from_b;
    is = notes_are_same(&x.notes[i], &note);
  }
  return is;
}

/// Whether every note of `some` is one of `all`, of its onset at least
static inline bool
notes_are_among(const Notes* const all, const Notes* const some)
{
  size_t i = 0U;
  for (size_t j = 0U; j < some->n; ++j) {
    CaptureNote wanted = some->notes[j];
    wanted.is_whole    = false;
    while (i < all->n && !notes_are_same(&all->notes[i], &wanted)) {
      ++i;
    }
    if (i == all->n) {
      notes_say("not in the song", &wanted);
      return false;
    }
  }
  return true;
}

static inline void
notes_free(Notes* const notes)
{
  free(notes->notes);
  notes->notes = NULL;
  notes->n     = 0U;
}

/// Play some bars from a bar on, and give what was heard of them
static inline Notes
hosted_play(Host* const host, const int32_t begin, const int32_t end)
{
  hosted_settle(host);
  host_clear_capture(host);
  host_locate_bar(host, begin, 0.0);
  host_run(host, 64U);
  host_play(host);
  host_run_to_bar(host, end, 1024U);
  hosted_settle(host);
  return hosted_notes(host);
}

/// Press and let go
static inline void
hosted_press(Host* const host, const char* const symbol)
{
  CHECK(host_set(host, symbol, 1.0f));
  host_run(host, 64U);
  CHECK(host_set(host, symbol, 0.0f));
  host_run(host, 64U);
}

/// Press reroll in a bar
static inline void
hosted_reroll(Host* const host, const int32_t bar)
{
  hosted_settle(host);
  host_locate_bar(host, bar, 960.0);
  host_play(host);
  host_run(host, 64U);
  hosted_press(host, "reroll");
  hosted_settle(host);
}

/// A state's property, when its key is a model's
static inline const HostProperty*
hosted_retrieve_id(void* const data, const char* const key)
{
  return strstr(key, "melody") || strstr(key, "drums")
           ? (const HostProperty*)data
           : NULL;
}

/// Restore a state that names other models, all by one id
static inline void
hosted_restore_ids(Host* const host, char* const id)
{
  char         key[]  = "";
  char         type[] = LV2_ATOM__String;
  HostProperty wish   = {key, type, id, strlen(id) + 1U, 0U};
  CHECK(!host_restore_with(host, hosted_retrieve_id, &wish));
  host_run(host, 64U);
  host_run(host, 64U);
}

/// Lines that the plugin has logged
static inline size_t
hosted_n_lines(Host* const host)
{
  char* const log = host_log(host);
  size_t      n   = 0U;
  for (const char* c = log; c && *c; ++c) {
    n += *c == '\n';
  }
  free(log);
  return n;
}

#endif // PERPETUO_TESTS_HOSTED_H
