// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   One bar, one music: the notes of a bar are the same whatever the block size,
   sample rate, tempo, host, worker, path through the song or instance.
*/

#include "tests/check.h"
#include "tests/hosted.h"

#include "base/rng.h"

#define N_BARS 64
#define MIXED 0U ///< Block lengths from a list of odd ones

/// One way of playing a song
typedef struct {
  const char*   uri;
  double        rate_hz;
  double        bpm;
  uint32_t      n_block; ///< Or MIXED
  HostWork      work;
  int32_t       n_bars;
  HostPositions positions;
} Way;

static const Way usual = {URI_DUO,
                          48000.0,
                          128.0,
                          1024U,
                          HOST_WORK_INSIDE,
                          N_BARS,
                          {.tell = HOST_TELL_EVERY}};

static Notes reference; ///< Bars 0 .. N_BARS - 1 of the duo, the usual way

static Host*
open_way(const Way* const way)
{
  HostSetup setup  = host_setup(hosted_bundle(), way->uri);
  setup.rate_hz    = way->rate_hz;
  setup.work       = way->work;
  Host* const host = hosted_new(&setup);
  hosted_tempo(host, way->bpm);
  host_set_positions(host, &way->positions);
  return host;
}

/// Let what was asked for be composed while the transport stands
static void
wait_for_work(Host* const host)
{
  uint32_t n_works = 0U;
  do {
    n_works = host_n_works(host);
    for (unsigned i = 0U; i < 4U; ++i) {
      host_run(host, 32U);
    }
  } while (host_n_works(host) != n_works);
}

/// The next block's length of the mixed ones
static uint32_t
mixed_block(const uint32_t i)
{
  static const uint32_t lengths[] = {
    1U, 8192U, 17U, 333U, 0U, 2U, 4096U, 255U, 1024U, 31U, 7777U, 64U, 3U};
  return lengths[rng_below(
    rng_seed(11U), i, sizeof(lengths) / sizeof(lengths[0]))];
}

/// Roll to a bar line in blocks of the way's lengths
static void
roll_to(Host* const host, const Way* const way, const int32_t bar)
{
  if (way->n_block != MIXED) {
    host_run_to_bar(host, bar, way->n_block);
    return;
  }
  const int64_t end =
    (int64_t)ceil(timeline_frame(host_timeline(host), bar, 0.0) - 1e-6);
  for (uint32_t i = 0U; host_song_frame(host) < end; ++i) {
    const int64_t  left = end - host_song_frame(host);
    const uint32_t n    = mixed_block(i);
    host_run(host, left < n ? (uint32_t)left : n);
  }
}

/// Play from a bar to another, and stop
static Notes
play(const Way* const way, const int32_t first)
{
  Host* const host = open_way(way);
  host_locate_bar(host, first, 0.0);
  wait_for_work(host);
  host_play(host);
  roll_to(host, way, first + way->n_bars);
  hosted_settle(host);
  const Notes notes = hosted_notes(host);
  host_free(host);
  return notes;
}

/// Whether a way gives the same bars as the reference
static void
check_way(const char* const what, const Way* const way)
{
  Notes       heard  = play(way, 0);
  const Notes wanted = notes_of_bars(&reference, 0, way->n_bars);
  CHECK(notes_are_equal(what, &wanted, &heard));
  notes_free(&heard);
}

static void
test_there_is_music(void)
{
  reference = play(&usual, 0);
  CHECK(reference.n > 8U * N_BARS);
  size_t n_drums = 0U;
  for (size_t i = 0U; i < reference.n; ++i) {
    n_drums += reference.notes[i].channel == 9U;
  }
  CHECK(n_drums > 0U && n_drums < reference.n);

  // Not one bar over and over: another seed and other bars differ
  const Notes a = notes_of_bars(&reference, 0, 1);
  const Notes b = notes_of_bars(&reference, 9, 10);
  CHECK(a.n > 0U && b.n > 0U);
}

static void
test_block_sizes(void)
{
  static const struct {
    const char* what;
    uint32_t    n_block;
    int32_t     n_bars;
  } rows[] = {{"blocks of 1", 1U, 16},
              {"blocks of 17", 17U, N_BARS},
              {"blocks of 64", 64U, N_BARS},
              {"blocks of 8192", 8192U, N_BARS},
              {"mixed blocks", MIXED, N_BARS}};
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    Way way     = usual;
    way.n_block = rows[i].n_block;
    way.n_bars  = rows[i].n_bars;
    check_way(rows[i].what, &way);
  }
}

static void
test_workers(void)
{
  Way way  = usual;
  way.work = HOST_WORK_PATIENT;
  check_way("worker in a thread", &way);
  way.work    = HOST_WORK_AT_END;
  way.n_block = 64U;
  check_way("worker after run()", &way);
}

static void
test_sample_rates(void)
{
  static const double rates[] = {44100.0, 96000.0, 22050.0};
  for (size_t i = 0U; i < 3U; ++i) {
    char what[32];
    Way  way    = usual;
    way.rate_hz = rates[i];
    way.n_bars  = 32;
    snprintf(what, sizeof(what), "%g Hz", rates[i]);
    check_way(what, &way);
  }
}

static void
test_tempos(void)
{
  static const double tempos[] = {61.7, 174.0, 299.0};
  for (size_t i = 0U; i < 3U; ++i) {
    char what[32];
    Way  way   = usual;
    way.bpm    = tempos[i];
    way.n_bars = 32;
    snprintf(what, sizeof(what), "%g bpm", tempos[i]);
    check_way(what, &way);
  }
}

static void
test_tempo_map(void)
{
  static const double bpm[] = {100.0, 140.5, 90.0, 128.0, 175.0, 60.0};
  Host* const         host  = open_way(&usual);
  Timeline            map   = *host_timeline(host);
  for (int i = 0; i < 6; ++i) {
    CHECK(!timeline_set_tempo(&map, 3 + 2 * i, bpm[i]));
  }
  host_set_timeline(host, &map);
  host_locate(host, 0);
  wait_for_work(host);
  host_play(host);
  host_run_to_bar(host, 24, 512U);
  hosted_settle(host);
  Notes       heard  = hosted_notes(host);
  const Notes wanted = notes_of_bars(&reference, 0, 24);
  CHECK(notes_are_equal("a map of tempos", &wanted, &heard));
  notes_free(&heard);
  host_free(host);
}

static void
test_ways_of_telling(void)
{
  static const struct {
    const char*   what;
    HostPositions positions;
  } rows[] = {
    {"told while rolling", {.tell = HOST_TELL_ROLLING, .is_coarse = true}},
    {"told of changes", {.tell = HOST_TELL_CHANGES}},
    {"told now and then, blank", {.tell = HOST_TELL_SPARSE, .is_blank = true}},
    {"told frame and speed first", {.is_bare_first = true}},
    {"told no bpm", {.without = HOST_BPM | HOST_BEAT}},
    {"told no frame", {.without = HOST_FRAME | HOST_BEAT}},
    {"told no metre", {.without = HOST_BEATS_PER_BAR | HOST_BEAT_UNIT}},
  };
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    Way way       = usual;
    way.n_bars    = 24;
    way.n_block   = 256U;
    way.positions = rows[i].positions;
    check_way(rows[i].what, &way);
  }
}

/// A random order of 0 .. n - 1
static void
shuffle(int32_t* const order, const uint32_t n, const uint64_t key)
{
  for (uint32_t i = 0U; i < n; ++i) {
    order[i] = (int32_t)i;
  }
  for (uint32_t i = n; i > 1U; --i) {
    const uint32_t j    = rng_below(key, i, i);
    const int32_t  swap = order[i - 1U];
    order[i - 1U]       = order[j];
    order[j]            = swap;
  }
}

/// Play one bar after a jump, standing or rolling
static void
play_bar(Host* const host, const int32_t bar, const bool is_rolling)
{
  if (!is_rolling) {
    hosted_settle(host);
    host_locate_bar(host, bar, 0.0);
    wait_for_work(host);
  } else {
    host_locate_bar(host, bar, 0.0);
  }
  host_play(host);
  host_run_to_bar(host, bar + 1, 480U);
}

static void
check_shuffled(const char* const what,
               const HostWork    work,
               const bool        is_rolling)
{
  int32_t order[N_BARS];
  Way     way      = usual;
  way.work         = work;
  Host* const host = open_way(&way);
  shuffle(order, N_BARS, rng_seed(5U));
  for (uint32_t i = 0U; i < N_BARS; ++i) {
    play_bar(host, order[i], is_rolling);
  }
  hosted_settle(host);
  Notes heard = hosted_notes(host); // Sorted by bar again
  CHECK(notes_are_equal(what, &reference, &heard));
  notes_free(&heard);
  host_free(host);
}

static void
test_shuffled_locates(void)
{
  check_shuffled("shuffled, standing", HOST_WORK_PATIENT, false);
  check_shuffled("shuffled, rolling", HOST_WORK_INSIDE, true);
}

/// Onsets missed by no more than that are played at once: 10 ms at 128 bpm
#define MISSED_TICKS 20U

/// What is to be heard of a bar by whoever joins it at a tick
static Notes
rest_of_bar(const int32_t bar, const uint32_t tick)
{
  const Notes all = notes_of_bars(&reference, bar, bar + 1);
  Notes rest      = {(CaptureNote*)calloc(all.n + 1U, sizeof(CaptureNote)), 0U};
  for (size_t i = 0U; i < all.n; ++i) {
    CaptureNote note = all.notes[i];
    if (note.tick + MISSED_TICKS >= tick) {
      const uint32_t missed = note.tick < tick ? tick - note.tick : 0U;
      note.tick += missed;
      note.length -= missed;

      // At one tick they are in order of channel, then key
      size_t k = rest.n++;
      while (k && rest.notes[k - 1U].tick == note.tick &&
             rest.notes[k - 1U].channel * 128U + rest.notes[k - 1U].key >
               note.channel * 128U + note.key) {
        rest.notes[k] = rest.notes[k - 1U];
        --k;
      }
      rest.notes[k] = note;
    }
  }
  return rest;
}

static void
test_joined_in_the_middle(void)
{
  Host* const host = open_way(&usual);
  for (int32_t bar = 1; bar < 16; bar += 2) {
    const uint32_t tick = 333U * (uint32_t)bar % 3840U;
    host_clear_capture(host);
    host_locate_bar(host, bar, tick);
    wait_for_work(host);
    host_play(host);
    host_run_to_bar(host, bar + 1, 512U);
    hosted_settle(host);

    Notes heard  = hosted_notes(host);
    Notes wanted = rest_of_bar(bar, tick);
    CHECK(notes_are_equal("joined in the middle", &wanted, &heard));
    notes_free(&wanted);
    notes_free(&heard);
  }
  host_free(host);
}

static void
test_exact_loops(void)
{
  Host* const     host = open_way(&usual);
  const Timeline* map  = host_timeline(host);
  host_loop(host,
            HOST_LOOP_EXACT,
            (int64_t)ceil(timeline_frame(map, 6, 0.0)),
            (int64_t)ceil(timeline_frame(map, 9, 0.0)));
  host_locate_bar(host, 6, 0.0);
  wait_for_work(host);
  host_play(host);

  // Three times round, and a little: the same three bars, three times each
  const uint64_t n_frames = (uint64_t)(3.0 * (timeline_frame(map, 9, 0.0) -
                                              timeline_frame(map, 6, 0.0)));
  host_run_for(host, n_frames - 10U, 700U);
  hosted_settle(host);
  Notes       heard  = hosted_notes(host);
  const Notes wanted = notes_of_bars(&reference, 6, 9);
  CHECK(heard.n == 3U * wanted.n);
  for (size_t i = 0U; i < wanted.n && heard.n == 3U * wanted.n; ++i) {
    // The three passes of one note stand side by side, chords apart
    size_t n_same = 0U;
    for (size_t j = 0U; j < heard.n; ++j) {
      n_same += notes_are_same(&wanted.notes[i], &heard.notes[j]);
    }
    CHECK(n_same == 3U);
  }
  notes_free(&heard);
  host_free(host);
}

static void
test_loops_that_overrun_keep_their_downbeat(void)
{
  Host* const     host = open_way(&usual);
  const Timeline* map  = host_timeline(host);
  const uint32_t  n    = 250U; // 5 ms: the wrap lands this late at most
  const double    late = n / timeline_tick_frames(map, &map->spans[0]);
  host_loop(host,
            HOST_LOOP_OVERRUN,
            (int64_t)ceil(timeline_frame(map, 4, 0.0)),
            (int64_t)ceil(timeline_frame(map, 6, 0.0)));
  host_locate_bar(host, 4, 0.0);
  wait_for_work(host);
  host_play(host);
  const uint64_t n_frames = (uint64_t)(2.0 * (timeline_frame(map, 6, 0.0) -
                                              timeline_frame(map, 4, 0.0)));
  for (unsigned pass = 0U; pass < 3U; ++pass) {
    host_clear_capture(host);
    host_run_for(host, n_frames / 2U, n);
    if (pass == 0U) {
      continue; // Began on the downbeat itself
    }
    // Every onset on the loop's first tick is heard, a little late
    const Notes bar = notes_of_bars(&reference, 4, 5);
    for (size_t i = 0U; i < bar.n && bar.notes[i].tick == 0U; ++i) {
      const Capture* const capture  = host_capture(host);
      bool                 is_heard = false;
      for (size_t j = 0U; j < capture->n_events; ++j) {
        const CaptureEvent* const e = &capture->events[j];
        is_heard =
          is_heard || (e->bytes[0] == (0x90U | bar.notes[i].channel) &&
                       e->bytes[1] == bar.notes[i].key && e->place.bar == 4 &&
                       e->place.tick <= late + 1.0);
      }
      CHECK(is_heard);
    }
  }
  host_free(host);
}

static void
test_metre_map(void)
{
  const Metre waltz   = {3U, 4U};
  Way         way     = usual;
  way.n_bars          = 16;
  way.n_block         = 32U;
  Host* const    pure = open_way(&way);
  const Timeline map  = timeline(way.rate_hz, way.bpm, waltz);
  host_set_timeline(pure, &map);
  host_locate(pure, 0);
  wait_for_work(pure);
  host_play(pure);
  host_run_to_bar(pure, 16, way.n_block);
  hosted_settle(pure);
  Notes in_three = hosted_notes(pure);
  CHECK(in_three.n > 0U);
  host_free(pure);

  Host* const host  = open_way(&way);
  Timeline    mixed = *host_timeline(host);
  CHECK(!timeline_set_metre(&mixed, 8, waltz));
  host_set_timeline(host, &mixed);
  host_locate(host, 0);
  wait_for_work(host);
  host_play(host);
  host_run_to_bar(host, 16, way.n_block);
  hosted_settle(host);
  Notes heard = hosted_notes(host);

  const Notes wanted_four  = notes_of_bars(&reference, 0, 8);
  const Notes heard_four   = notes_of_bars(&heard, 0, 8);
  const Notes wanted_three = notes_of_bars(&in_three, 8, 16);
  const Notes heard_three  = notes_of_bars(&heard, 8, 16);
  CHECK(notes_are_equal("common time", &wanted_four, &heard_four));
  CHECK(notes_are_equal("three in a bar", &wanted_three, &heard_three));
  notes_free(&heard);
  notes_free(&in_three);
  host_free(host);
}

static void
test_saved_and_opened_again(void)
{
  Trouble     trouble = {""};
  char*       text    = NULL;
  Host* const host    = open_way(&usual);
  CHECK(host_set(host, "seed", 4711.0f));
  CHECK(host_set(host, "mix_baroque", 40.0f));
  host_locate(host, 0);
  wait_for_work(host);
  host_play(host);
  host_run_to_bar(host, 20, 1024U);
  CHECK(!host_save(host, NULL, &text, &trouble)); // While rolling
  host_run_to_bar(host, 24, 1024U);
  hosted_settle(host);
  Notes before = hosted_notes(host);
  host_free(host);

  Host* const again = open_way(&usual);
  CHECK(!host_restore(again, text, &trouble));
  host_locate(again, 0);
  wait_for_work(again);
  host_play(again);
  host_run_to_bar(again, 24, 333U);
  hosted_settle(again);
  Notes after = hosted_notes(again);
  CHECK(notes_are_equal("opened again", &before, &after));
  const Notes other = notes_of_bars(&reference, 0, 24);
  CHECK(before.n != other.n ||
        memcmp(&before.notes[0], &other.notes[0], sizeof(CaptureNote)) ||
        before.notes[before.n / 2U].key != other.notes[before.n / 2U].key);
  notes_free(&after);
  notes_free(&before);
  host_free(again);
  free(text);
}

static void
test_two_instances(void)
{
  Way way       = usual;
  way.n_bars    = 24;
  Host* const a = open_way(&way);
  Host* const b = open_way(&way);
  host_locate_bar(b, 5, 0.0); // Not in step with the first
  wait_for_work(a);
  wait_for_work(b);
  host_play(a);
  host_play(b);
  for (int32_t bar = 1; bar <= way.n_bars; ++bar) {
    host_run_to_bar(a, bar, 512U);
    host_run_to_bar(b, bar + 5, 190U);
  }
  hosted_settle(a);
  hosted_settle(b);
  Notes       heard_a  = hosted_notes(a);
  Notes       heard_b  = hosted_notes(b);
  const Notes wanted_a = notes_of_bars(&reference, 0, 24);
  const Notes wanted_b = notes_of_bars(&reference, 5, 29);
  CHECK(notes_are_equal("the first of two", &wanted_a, &heard_a));
  CHECK(notes_are_equal("the second of two", &wanted_b, &heard_b));
  notes_free(&heard_b);
  notes_free(&heard_a);
  host_free(b);
  host_free(a);
}

/// The notes of one part of the reference
static Notes
part_of(const Notes* const all, const bool is_drums)
{
  Notes part = {(CaptureNote*)calloc(all->n + 1U, sizeof(CaptureNote)), 0U};
  for (size_t i = 0U; i < all->n; ++i) {
    if ((all->notes[i].channel == 9U) == is_drums) {
      part.notes[part.n++] = all->notes[i];
    }
  }
  return part;
}

static void
test_parts_alone_are_the_duo(void)
{
  static const char* const uris[] = {URI_MELODY, URI_DRUMS};
  for (size_t i = 0U; i < 2U; ++i) {
    Way way      = usual;
    way.uri      = uris[i];
    Notes wanted = part_of(&reference, i == 1U);
    Notes heard  = play(&way, 0);
    CHECK(wanted.n > 0U);
    CHECK(notes_are_equal(uris[i], &wanted, &heard));
    notes_free(&heard);
    notes_free(&wanted);
  }
}

/// Two seeds in one song: the second is asked for in bar 7, so many frames
/// after its line.  The block in which that is may begin before.
static Notes
play_automation(const uint32_t n_block,
                const HostWork work,
                const int64_t  n_frames)
{
  Way way          = usual;
  way.work         = work;
  Host* const host = open_way(&way);
  wait_for_work(host);
  host_play(host);
  const int64_t point =
    (int64_t)ceil(timeline_frame(host_timeline(host), 7, 0.0)) + n_frames;
  while (host_song_frame(host) < point) {
    host_run(host, n_block);
  }
  CHECK(host_set(host, "seed", 77.0f));
  host_run_to_bar(host, 20, n_block);
  hosted_settle(host);
  const Notes notes = hosted_notes(host);
  host_free(host);
  return notes;
}

static void
test_automation_is_heard_at_one_place(void)
{
  Notes       a    = play_automation(1024U, HOST_WORK_INSIDE, 60000);
  Notes       b    = play_automation(100U, HOST_WORK_PATIENT, 60000);
  const Notes old  = notes_of_bars(&reference, 0, 9);
  const Notes head = notes_of_bars(&a, 0, 9);
  CHECK(notes_are_equal("automation", &a, &b));

  // What rings on across the line may be cut by what begins there
  for (size_t i = 0U; i < head.n; ++i) {
    CaptureNote* const note = &head.notes[i];
    note->is_whole &= note->bar < 8 || note->tick + note->length < 3840U;
  }
  CHECK(notes_are_equal("until the second bar line", &old, &head));

  Host* const host = open_way(&usual);
  CHECK(host_set(host, "seed", 77.0f));
  host_locate_bar(host, 9, 0.0);
  wait_for_work(host);
  host_play(host);
  host_run_to_bar(host, 20, 1024U);
  hosted_settle(host);
  Notes       fresh = hosted_notes(host);
  const Notes tail  = notes_of_bars(&a, 9, 20);
  CHECK(notes_are_equal("from the second bar line on", &fresh, &tail));
  notes_free(&fresh);
  host_free(host);
  notes_free(&b);
  notes_free(&a);
}

/// Points of automation stand on bar lines, and any block may hold one
static void
test_automation_on_a_bar_line_is_heard_at_the_next(void)
{
  static const uint32_t blocks[] = {64U, 256U, 500U, 1000U, 2048U, 8192U};

  Notes a = play_automation(1024U, HOST_WORK_INSIDE, 0);
  for (size_t i = 0U; i < sizeof(blocks) / sizeof(blocks[0]); ++i) {
    Notes b = play_automation(blocks[i], HOST_WORK_INSIDE, 0);
    CHECK(notes_are_equal("automation on the line", &a, &b));
    notes_free(&b);
  }

  const Notes old   = notes_of_bars(&reference, 8, 9);
  const Notes fresh = notes_of_bars(&a, 8, 9);
  CHECK(fresh.n != old.n ||
        memcmp(&fresh.notes->tick, &old.notes->tick, sizeof(uint32_t)) ||
        fresh.notes->key != old.notes->key ||
        fresh.notes->velocity != old.notes->velocity);
  notes_free(&a);
}

/// Nobody follows the host's bars while we run freely
static void
test_following_the_host_again_plays_nothing_of_the_past(void)
{
  Host* const host = open_way(&usual);
  wait_for_work(host);
  host_play(host);
  host_run_to_bar(host, 2, 256U);
  CHECK(host_set(host, "transport", 1.0f));
  host_run_to_bar(host, 17, 256U);
  host_run_for(host, 80000U, 256U);
  const uint64_t there = host_n_frames(host);
  CHECK(host_set(host, "transport", 0.0f));
  host_run_to_bar(host, 24, 256U);
  hosted_settle(host);

  Notes       all    = hosted_notes(host);
  const Notes heard  = notes_of_bars(&all, 18, 24);
  const Notes wanted = notes_of_bars(&reference, 18, 24);
  size_t      n_past = 0U;
  for (size_t i = 0U; i < all.n; ++i) {
    n_past += all.notes[i].frame >= there && all.notes[i].frame < there + 256U;
  }
  CHECK(n_past <= 4U); // Not the bar's 20
  CHECK(notes_are_equal("following again", &wanted, &heard));
  notes_free(&all);
  host_free(host);
}

static void
test_late_work_leaves_rests_and_no_other_notes(void)
{
  Way way          = usual;
  way.work         = HOST_WORK_AT_END;
  Host* const host = open_way(&way);
  host_delay_work(host, 60U);    // More than a second, at 1024 frames
  host_locate_bar(host, 8, 0.0); // Only the beginning is there already
  host_play(host);
  host_run_to_bar(host, 24, 1024U);
  hosted_settle(host);
  Notes heard = hosted_notes(host);
  CHECK(notes_are_among(&reference, &heard));
  CHECK(heard.n > 0U && heard.n < notes_of_bars(&reference, 8, 24).n);
  CHECK(host_get(host, "late") > 0.0f);
  notes_free(&heard);
  host_free(host);
}

/// Notes that began in some frames of the host's run, as a new list
static Notes
notes_between(const Notes* const all, const uint64_t begin, const uint64_t end)
{
  Notes some = {(CaptureNote*)calloc(all->n + 1U, sizeof(CaptureNote)), 0U};
  for (size_t i = 0U; i < all->n; ++i) {
    if (all->notes[i].frame >= begin && all->notes[i].frame < end) {
      some.notes[some.n++] = all->notes[i];
    }
  }
  return some;
}

/// A worker that takes so many runs for a phrase is late in the first round of
/// a loop, and in no other
static void
check_slow_loop(const int32_t begin, const int32_t end, const uint32_t n_runs)
{
  Way way            = usual;
  way.work           = HOST_WORK_AT_END;
  Host* const   host = open_way(&way);
  const int64_t from =
    (int64_t)ceil(timeline_frame(host_timeline(host), begin, 0.0));
  const int64_t to =
    (int64_t)ceil(timeline_frame(host_timeline(host), end, 0.0));
  const uint64_t n_round = (uint64_t)(to - from);
  host_delay_work(host, n_runs);
  host_loop(host, HOST_LOOP_EXACT, from, to);
  host_locate(host, from);
  host_play(host);
  host_run_for(host, n_round, 1024U);
  const float    late  = host_get(host, "late");
  const uint64_t first = host_n_frames(host);
  CHECK(late > 0.0f);
  host_run_for(host, 2U * n_round, 1024U);
  const uint64_t last = host_n_frames(host);
  NEAR(host_get(host, "late"), late, 0);
  hosted_settle(host);

  Notes       all    = hosted_notes(host);
  const Notes wanted = notes_of_bars(&reference, begin, end);
  for (unsigned round = 0U; round < 2U; ++round) {
    const uint64_t at    = first + round * n_round;
    Notes          heard = notes_between(&all, at, at + n_round);
    CHECK(at + n_round <= last);
    for (size_t i = 0U; i < heard.n; ++i) { // The wrap may cut the last ones
      heard.notes[i].is_whole &= heard.notes[i].bar < end - 1;
    }
    CHECK(notes_are_equal("a round of a loop", &wanted, &heard));
    notes_free(&heard);
  }
  notes_free(&all);
  host_free(host);
}

static void
test_a_loop_is_late_in_its_first_round_only(void)
{
  check_slow_loop(4, 8, 60U);    // One phrase
  check_slow_loop(18, 22, 80U);  // The ends of two
  check_slow_loop(16, 32, 120U); // Four
  check_slow_loop(18, 34, 120U); // The end of one, three, and half of another
}

/// What is there already is heard, nothing before it, and nothing twice
static void
test_a_late_phrase_is_joined_and_counted_once(void)
{
  Way way          = usual;
  way.uri          = URI_MELODY;
  way.work         = HOST_WORK_AT_END;
  Notes    parts   = part_of(&reference, false);
  unsigned n_tried = 0U;
  for (int32_t bar = 8; bar < 40; bar += 4) {
    // Half a second late, within the first bar
    const Notes first = notes_of_bars(&parts, bar, bar + 1);
    if (first.n < 3U || first.notes[0].tick > 200U) {
      continue;
    }
    ++n_tried;
    Host* const host = open_way(&way);
    host_delay_work(host, 24U);
    host_locate_bar(host, bar, 0.0);
    host_play(host);
    host_run_to_bar(host, bar + 8, 1024U);
    NEAR(host_get(host, "late"), 1, 0);
    hosted_settle(host);

    Notes        heard = hosted_notes(host);
    const double n_tick =
      timeline_tick_frames(host_timeline(host), &host_timeline(host)->spans[0]);
    const uint32_t there  = (uint32_t)(25.0 * 1024.0 / n_tick);
    Notes          wanted = notes_of_bars(&parts, bar, bar + 8);
    while (wanted.n && wanted.notes->bar == bar && wanted.notes->tick < there) {
      ++wanted.notes;
      --wanted.n;
    }
    CHECK(wanted.n > 8U);
    CHECK(notes_are_equal("a late phrase", &wanted, &heard));
    notes_free(&heard);
    host_free(host);
  }
  CHECK(n_tried > 1U);
  notes_free(&parts);
}

static void
test_refused_work_is_asked_for_again(void)
{
  Way way          = usual;
  way.work         = HOST_WORK_AT_END;
  Host* const host = open_way(&way);
  host_refuse_work(host, 5U);
  for (unsigned i = 0U; i < 8U; ++i) {
    host_run(host, 64U);
  }
  wait_for_work(host);
  host_play(host);
  host_run_to_bar(host, 8, 256U);
  hosted_settle(host);
  Notes       heard  = hosted_notes(host);
  const Notes wanted = notes_of_bars(&reference, 0, 8);
  CHECK(host_n_refused(host) == 5U);
  CHECK(notes_are_equal("after refusals", &wanted, &heard));
  notes_free(&heard);
  host_free(host);
}

static void
test_export_beside_a_busy_worker(void)
{
  // The worker's thread is under way when the host begins to work in line
  Way way          = usual;
  way.work         = HOST_WORK_THREAD;
  Host* const host = open_way(&way);
  host_run(host, 64U);
  host_set_freewheel(host, true);
  host_set_work(host, HOST_WORK_INSIDE);
  wait_for_work(host);
  for (unsigned i = 0U; i < 4000U && host_n_works(host) < 3U; ++i) {
    host_run(host, 64U);
  }
  wait_for_work(host);
  host_play(host);
  host_run_to_bar(host, 16, 1024U);
  hosted_settle(host);
  Notes       heard  = hosted_notes(host);
  const Notes wanted = notes_of_bars(&reference, 0, 16);
  CHECK(notes_are_among(&wanted, &heard));
  // From the second phrase on nothing may be missing
  const Notes heard_tail  = notes_of_bars(&heard, 8, 16);
  const Notes wanted_tail = notes_of_bars(&reference, 8, 16);
  CHECK(notes_are_equal("an export", &wanted_tail, &heard_tail));
  notes_free(&heard);
  host_free(host);
}

int
main(void)
{
  if (!hosted_has_bundle()) {
    SKIP_ALL("the bundle is not built");
  }
  RUN(test_there_is_music);
  RUN(test_block_sizes);
  RUN(test_workers);
  RUN(test_sample_rates);
  RUN(test_tempos);
  RUN(test_tempo_map);
  RUN(test_ways_of_telling);
  RUN(test_shuffled_locates);
  RUN(test_joined_in_the_middle);
  RUN(test_exact_loops);
  RUN(test_loops_that_overrun_keep_their_downbeat);
  RUN(test_metre_map);
  RUN(test_saved_and_opened_again);
  RUN(test_two_instances);
  RUN(test_parts_alone_are_the_duo);
  RUN(test_automation_is_heard_at_one_place);
  RUN(test_automation_on_a_bar_line_is_heard_at_the_next);
  RUN(test_following_the_host_again_plays_nothing_of_the_past);
  RUN(test_late_work_leaves_rests_and_no_other_notes);
  RUN(test_a_loop_is_late_in_its_first_round_only);
  RUN(test_a_late_phrase_is_joined_and_counted_once);
  RUN(test_refused_work_is_asked_for_again);
  RUN(test_export_beside_a_busy_worker);
  notes_free(&reference);
  CHECK_END();
}
