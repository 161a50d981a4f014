// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The plugin in a host that tells its position as hosts really do: as Ardour,
   jalv, Carla and mod-host, or as nobody yet.

   What should be heard, and in which frame, is worked out beside it: the
   composer says the notes of each bar, and the song's map says in double
   precision where the host's own metronome has them.  It plays with tiny
   models, so that this is quick.
*/

#include "tests/check.h"
#include "tests/hosted.h"
#include "tests/tiny_bundle.h"

#include "compose/composer.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RATE_HZ 48000.0

/// "Within one sample", and what is left of rounding
#define ONE_SAMPLE 1.001

/// The same where a host rounds barBeat, so that the error of a tempo in single
/// precision, some 3e-8 of all frames, is seen late
#define ONE_SAMPLE_ROUNDED 1.1

static TinyBundle bundle;
static Composer*  composer; ///< Of the same models
static Mix        mix;      ///< What all play: much, with swing and by hand

/// The knobs that are not at their defaults
static const struct {
  const char* symbol;
  size_t      offset;
  uint8_t     value;
} knobs[] = {{"melody_density", offsetof(Mix, melody_density), 100U},
             {"drum_density", offsetof(Mix, drum_density), 100U},
             {"swing", offsetof(Mix, swing), 66U},
             {"humanise", offsetof(Mix, humanise), 100U},
             {"form", offsetof(Mix, form), 0U},
             {"energy", offsetof(Mix, energy), 100U},
             {"variation", offsetof(Mix, variation), 100U}};

// What should be heard ------------------------------------------------------

/// An onset that should be heard, or was
typedef struct {
  int32_t bar;
  double  frame; ///< Of the song
  uint8_t channel;
  uint8_t key;
  uint8_t velocity; ///< 0 for any
  bool    is_heard;
  bool    is_free; ///< May be missing: on the border of what is played
} Onset;

typedef struct {
  Onset* onsets; ///< In order of frames
  size_t n;
} Song;

/// A phrase of that number and metre; composed once, and kept
static const Phrase*
phrase_of(const Part part, const int32_t i_phrase, const Metre metre)
{
  enum { N_KEPT = 256 };
  static struct {
    bool    is_there;
    Request request;
    Phrase  phrase;
  } kept[N_KEPT];

  const Request  request = {part, i_phrase, metre, 0U, mix};
  const uint32_t at =
    ((uint32_t)i_phrase * 31U + metre.n_beats * 7U + metre.unit + part) %
    N_KEPT;
  const Request* const there = &kept[at].request;
  if (!kept[at].is_there || there->part != part ||
      there->i_phrase != i_phrase || there->metre.n_beats != metre.n_beats ||
      there->metre.unit != metre.unit || !mix_is_equal(&there->mix, &mix)) {
    kept[at].is_there = true;
    kept[at].request  = request;
    composer_compose(composer, &request, &kept[at].phrase);
  }
  return &kept[at].phrase;
}

static int
compare_onsets(const void* const left, const void* const right)
{
  const Onset* const a = (const Onset*)left;
  const Onset* const b = (const Onset*)right;
  return a->frame < b->frame ? -1 : a->frame > b->frame;
}

/// What should be heard of the bars `begin` <= bar < `end` of a map
static Song
song_of(const Timeline* const map, const int32_t begin, const int32_t end)
{
  const int32_t n_bars = 4; // The default
  Song          song   = {NULL, 0U};
  song.onsets          = (Onset*)calloc(
    (size_t)(end - begin) * N_PARTS * PHRASE_MAX_NOTES, sizeof(Onset));

  for (int32_t bar = begin; bar < end; ++bar) {
    const Metre    metre  = timeline_span_of_bar(map, bar)->metre;
    const uint32_t length = metre_bar_ticks(metre);
    const int32_t  i      = (int32_t)floor((double)bar / n_bars);
    const uint32_t first  = (uint32_t)(bar - i * n_bars) * length;

    for (unsigned part = 0U; part < N_PARTS; ++part) {
      const Phrase* const phrase = phrase_of((Part)part, i, metre);
      for (uint32_t n = phrase_find(phrase, first);
           n < phrase_find(phrase, first + length);
           ++n) {
        const Note* const note  = &phrase->notes[n];
        const Onset       onset = {
                bar,
                timeline_frame(map, bar, (double)(note->tick - first)),
          part == PART_DRUMS ? 9U : 0U,
                note->key,
                note->velocity,
                false,
                false};
        song.onsets[song.n++] = onset;
      }
    }
  }
  qsort(song.onsets, song.n, sizeof(Onset), compare_onsets);
  return song;
}

/// The part of a song between two frames, `begin` <= frame < `end`
static Song
song_between(const Song* const song, const double begin, const double end)
{
  size_t i = 0U;
  while (i < song->n && song->onsets[i].frame < begin) {
    ++i;
  }
  size_t j = i;
  while (j < song->n && song->onsets[j].frame < end) {
    ++j;
  }
  const Song part = {song->onsets + i, j - i};
  return part;
}

/// Let it not matter what comes this near to a frame
static void
song_forgive(Song* const song, const double frame, const double window)
{
  for (size_t i = 0U; i < song->n; ++i) {
    song->onsets[i].is_free |= fabs(song->onsets[i].frame - frame) <= window;
  }
}

/// Let what comes so long after a frame be of any velocity
static void
song_any_velocity(Song* const song, const double frame, const double n_frames)
{
  const Song part = song_between(song, frame, frame + n_frames);
  for (size_t i = 0U; i < part.n; ++i) {
    part.onsets[i].velocity = 0U;
  }
}

/// Let it end with a bar line: what is in its frame may be heard or not
static void
song_end(Song* const song, const Timeline* const map, const int32_t bar)
{
  const double end = timeline_frame(map, bar, 0.0);

  song_forgive(song, end, 1.0);
  *song = song_between(song, -1e15, end + 1.0);
}

static void
song_free(Song* const song)
{
  free(song->onsets);
}

/// How what was heard compares with a song
typedef struct {
  size_t n_heard; ///< Once, and as they should be
  size_t n_missing;
  size_t n_extra;
  double early;    ///< Frames; the earliest of all, 0 or less
  double late;     ///< Frames; the latest of all
  double sum;      ///< Of how much each was off
  size_t n_sample; ///< Those within one sample
} Match;

/// The onset that an event is nearest to, not heard yet and no further than
/// `window` frames; or null
static Onset*
nearest_onset(const Song* const         song,
              const CaptureEvent* const event,
              const double              window)
{
  const double at    = (double)event->song_frame;
  Onset*       found = NULL;
  size_t       low   = 0U;
  for (size_t high = song->n; low < high;) {
    const size_t middle = (low + high) / 2U;
    if (song->onsets[middle].frame < at - window) {
      low = middle + 1U;
    } else {
      high = middle;
    }
  }
  for (size_t i = low; i < song->n && song->onsets[i].frame <= at + window;
       ++i) {
    Onset* const onset = &song->onsets[i];
    if (!onset->is_heard && onset->channel == (event->bytes[0] & 0x0FU) &&
        onset->key == event->bytes[1] &&
        (!onset->velocity || onset->velocity == event->bytes[2]) &&
        (!found || fabs(onset->frame - at) < fabs(found->frame - at))) {
      found = onset;
    }
  }
  return found;
}

static Match
match(const Capture* const capture, const Song* const song, const double window)
{
  Match found = {0U, 0U, 0U, 0.0, 0.0, 0.0, 0U};
  for (size_t i = 0U; i < song->n; ++i) {
    song->onsets[i].is_heard = false;
  }
  for (size_t i = 0U; i < capture->n_events; ++i) {
    const CaptureEvent* const event = &capture->events[i];
    if ((event->bytes[0] & 0xF0U) != 0x90U) {
      continue;
    }
    Onset* const onset = nearest_onset(song, event, window);
    if (!onset || onset->is_free) {
      found.n_extra += !onset;
      continue;
    }
    const double off = (double)event->song_frame - onset->frame;
    onset->is_heard  = true;
    ++found.n_heard;
    found.early = off < found.early ? off : found.early;
    found.late  = off > found.late ? off : found.late;
    found.sum += fabs(off);
    found.n_sample += fabs(off) <= ONE_SAMPLE;
  }
  for (size_t i = 0U; i < song->n; ++i) {
    found.n_missing += !song->onsets[i].is_heard && !song->onsets[i].is_free;
  }
  return found;
}

/// What came out since there were so many events
static Capture
events_since(const Host* const host, const size_t n_before)
{
  const Capture* const all = host_capture(host);
  const Capture view = {all->events + n_before, all->n_events - n_before, 0U};
  return view;
}

/// Whether all was heard once, no further off than so many frames
static bool
is_heard_in(const char* const    what,
            const Capture* const capture,
            const Song* const    song,
            const double         frames)
{
  const Match m = match(capture, song, fmax(frames, 50.0));
  const bool is = song->n && !m.n_missing && !m.n_extra && m.early >= -frames &&
                  m.late <= frames;
  if (!is) {
    fprintf(stderr,
            "%s: %zu wanted, %zu missing, %zu that should not be, from %.2f to "
            "%.2f frames off\n",
            what,
            song->n,
            m.n_missing,
            m.n_extra,
            m.early,
            m.late);
    for (size_t i = 0U, n = 0U; i < song->n && n < 3U; ++i) {
      if (!song->onsets[i].is_heard && !song->onsets[i].is_free) {
        const Onset* const onset = &song->onsets[i];
        fprintf(stderr,
                "  missing: bar %d, frame %.2f, key %u, channel %u\n",
                onset->bar,
                onset->frame,
                onset->key,
                onset->channel + 1U);
        ++n;
      }
    }
  }
  return is;
}

static bool
is_played(const char* const what,
          const Host* const host,
          const Song* const song,
          const double      frames)
{
  return is_heard_in(what, host_capture(host), song, frames);
}

// A host and its song -------------------------------------------------------

static Host*
open_host(const double rate_hz, const HostPositions* const positions)
{
  HostSetup setup  = host_setup(bundle.path, URI_DUO);
  setup.rate_hz    = rate_hz;
  setup.work       = HOST_WORK_INSIDE;
  Host* const host = hosted_new(&setup);
  host_set_positions(host, positions);
  for (size_t i = 0U; i < sizeof(knobs) / sizeof(knobs[0]); ++i) {
    CHECK(host_set(host, knobs[i].symbol, (float)knobs[i].value));
  }
  return host;
}

/// Play from a bar to another one, and stop.  What was heard before is
/// forgotten.
static void
play_bars(Host* const    host,
          const int32_t  begin,
          const int32_t  end,
          const uint32_t n_block)
{
  host_clear_capture(host);
  host_locate_bar(host, begin, 0.0);
  host_run(host, n_block);
  host_play(host);
  host_run_to_bar(host, end, n_block);
  hosted_settle(host);
  Notes notes = hosted_notes(host); // No fault, of MIDI or of LV2
  notes_free(&notes);
}

// Where the metronome is ----------------------------------------------------

static void
test_onsets_are_where_the_metronome_is(void)
{
  static const double   rates[]  = {44100.0, 48000.0, 96000.0, 22050.0};
  static const double   tempos[] = {61.7, 120.0, 128.0, 128.3, 174.0};
  static const uint32_t blocks[] = {64U, 93U, 256U, 1024U, 8192U};
  const int32_t         n_bars   = 24;
  size_t                n        = 0U;
  size_t                n_sample = 0U;
  for (unsigned coarse = 0U; coarse < 2U; ++coarse) {
    for (unsigned i = 0U; i < 20U; ++i) {
      const HostPositions how  = {.is_coarse = coarse};
      const double        rate = rates[i % 4U];
      const uint32_t      size = blocks[i % 5U];
      const Timeline      map =
        timeline(rate, tempos[(i / 4U + i) % 5U], (Metre){4U, 4U});
      Host* const host = open_host(rate, &how);
      Song        song = song_of(&map, 5, 5 + n_bars + 1);
      host_set_timeline(host, &map);
      host_run(host, size); // It stands at bar 0
      play_bars(host, 5, 5 + n_bars, size);
      song_end(&song, &map, 5 + n_bars);
      char what[96];
      snprintf(what,
               sizeof(what),
               "%g Hz, %g bpm, blocks of %u%s",
               rate,
               map.spans[0].bpm,
               size,
               coarse ? ", rounded" : "");
      CHECK(
        is_played(what, host, &song, coarse ? ONE_SAMPLE_ROUNDED : ONE_SAMPLE));
      const Match m = match(host_capture(host), &song, 50.0);
      n += m.n_heard;
      n_sample += m.n_sample;
      song_free(&song);
      host_free(host);
    }
  }
  printf("# %zu onsets, %zu of them within one sample\n", n, n_sample);
  CHECK(n > 4000U);
}

/// Some hosts round barBeat to 1/1920, and a start may be anywhere
static void
test_a_start_within_a_beat_is_soon_exact(void)
{
  static const uint32_t blocks[] = {64U, 256U, 300U, 1024U};
  const HostPositions   how      = {.is_coarse = true};
  double                first    = 0.0;
  double                later    = 0.0;
  for (unsigned i = 0U; i < 24U; ++i) {
    const Timeline map   = timeline(RATE_HZ, 128.0, (Metre){4U, 4U});
    Host* const    host  = open_host(RATE_HZ, &how);
    const int64_t  begin = 900000 + 1237 * (int64_t)i;
    const double   beat  = timeline_frame(&map, 0, 960.0);
    Song           song  = song_of(&map, 8, 19);
    host_set_timeline(host, &map);
    host_locate(host, begin);
    host_play(host); // Nothing was ever told before
    host_run_to_bar(host, 18, blocks[i % 4U]);

    // What was just missed comes at once
    song_forgive(&song, (double)begin - 250.0, 251.0);
    song_end(&song, &map, 18);
    const Song heard = song_between(&song, (double)begin - 500.0, 1e15);
    const Song early =
      song_between(&heard, (double)begin + 1.0, (double)begin + beat);
    const Song late = song_between(&heard, (double)begin + beat, 1e15);
    CHECK(is_played("all of it", host, &heard, 600.0));
    const Match a = match(host_capture(host), &early, 20.0);
    const Match b = match(host_capture(host), &late, 20.0);
    CHECK(!a.n_missing && !b.n_missing && late.n > 40U);
    first = fmax(first, fmax(-a.early, a.late));
    later = fmax(later, fmax(-b.early, b.late));
    song_free(&song);
    host_free(host);
  }
  printf("# at most %.2f frames off in the first beat, %.2f after it\n",
         first,
         later);
  CHECK(first <= 6.9); // Half of 1/1920 beat, and one sample
  CHECK(later <= 3.4); // Blocks of 300 are rounded in five ways only
}

static void
test_a_tempo_map_is_followed_to_the_sample(void)
{
  static const double   tempos[] = {100.0, 140.5, 90.0, 128.0, 175.0, 60.0};
  static const uint32_t blocks[] = {64U, 256U, 1024U, 8192U};
  for (unsigned i = 0U; i < 8U; ++i) {
    const HostPositions how = {.tell =
                                 i < 4U ? HOST_TELL_EVERY : HOST_TELL_CHANGES,
                               .is_coarse = i % 4U == 1U};
    Timeline            map = timeline(RATE_HZ, 120.0, (Metre){4U, 4U});
    for (int32_t k = 0; k < 6; ++k) {
      CHECK(!timeline_set_tempo(&map, 3 + 2 * k, tempos[k]));
    }
    Host* const host = open_host(RATE_HZ, &how);
    Song        song = song_of(&map, 0, 18);
    host_set_timeline(host, &map);
    play_bars(host, 0, 17, blocks[i % 4U]);
    song_end(&song, &map, 17);
    CHECK(is_played("a map of tempos", host, &song, how.is_coarse ? 2.0 : 1.1));
    song_free(&song);
    host_free(host);
  }
}

/// A tempo that begins inside a block arrives with the next one
static void
test_a_tempo_told_late_is_caught_up_with(void)
{
  static const double   tempos[] = {100.0, 140.5, 90.0, 128.0, 175.0, 60.0};
  static const uint32_t blocks[] = {64U, 256U, 1000U, 2048U};
  for (unsigned i = 0U; i < 4U; ++i) {
    const double        size = blocks[i];
    const HostPositions how  = {.is_late = true};
    Timeline            map  = timeline(RATE_HZ, 120.0, (Metre){4U, 4U});
    for (int32_t k = 0; k < 6; ++k) {
      CHECK(!timeline_set_tempo(&map, 3 + 2 * k, tempos[k]));
    }
    Host* const host = open_host(RATE_HZ, &how);
    Song        song = song_of(&map, 0, 18);
    host_set_timeline(host, &map);
    play_bars(host, 0, 17, blocks[i]);
    song_end(&song, &map, 17);

    // All is heard, once; in such a block no further off than the tempos are
    CHECK(is_played("told late", host, &song, 0.75 * size + 1.0));

    // And what is not in such a block is where it should be
    for (uint32_t k = 1U; k < map.n_spans; ++k) {
      song_forgive(&song, map.spans[k].frame + size / 2.0, size / 2.0);
      song_forgive(&song, map.spans[k].frame, 0.0);
    }
    const Match m = match(host_capture(host), &song, 0.75 * size + 1.0);
    NEAR(m.early, 0.0, 1.1);
    NEAR(m.late, 0.0, 1.1);
    CHECK(m.n_heard > 80U);
    song_free(&song);
    host_free(host);
  }
}

// In other words ------------------------------------------------------------

/// What a host that knows all says of a frame
static HostPosition
position_at(const Timeline* const map, const int64_t frame, const float speed)
{
  const TimelinePlace       place = timeline_place(map, (double)frame);
  const TimelineSpan* const span  = timeline_span_of_bar(map, place.bar);
  const HostPosition        said  = {HOST_ALL_FIELDS,
                                     frame,
                                     speed,
                                     place.bar,
                                     place.tick / 3840.0 * span->metre.unit,
                                     span->bpm * span->metre.unit / 4.0,
                                     span->metre.n_beats,
                                     span->metre.unit,
                                     77777.0};
  return said;
}

/// Let hands be even, or not, from the next jump on
static void
set_humanise(Host* const host, const uint8_t value)
{
  mix.humanise = value;
  CHECK(host_set(host, "humanise", value));
}

/// The first bar at or after one that has a note on its downbeat, by even hands
static int32_t
bar_with_downbeat(const Timeline* const map, int32_t bar)
{
  for (const int32_t end = bar + 200; bar < end; ++bar) {
    Song       song = song_of(map, bar, bar + 1);
    const bool is =
      song.n && song.onsets[0].frame < timeline_frame(map, bar, 0.5);
    song_free(&song);
    if (is) {
      return bar;
    }
  }
  CHECK(!"a bar with a downbeat");
  return bar;
}

/// A host that is told what to say
static Host*
open_puppet(const Timeline* const map)
{
  const HostPositions how  = {.tell = HOST_TELL_NOTHING, .is_blank = true};
  Host* const         host = open_host(map->rate_hz, &how);
  host_set_timeline(host, map);
  return host;
}

/// One block at a frame, with a word of it or none
static void
step(Host* const               host,
     const int64_t             frame,
     const bool                is_rolling,
     const HostPosition* const said,
     const uint32_t            n_frames)
{
  if (host_song_frame(host) != frame) {
    host_locate(host, frame);
  }
  if (is_rolling) {
    host_play(host);
  } else {
    host_stop(host);
  }
  if (said) {
    CHECK(host_say(host, 0U, said));
  }
  host_run(host, n_frames);
}

/// Blocks with all that there is to say, up to a frame
static void
roll(Host* const           host,
     const Timeline* const map,
     const int64_t         begin,
     const int64_t         end,
     const uint32_t        n_block)
{
  for (int64_t at = begin; at < end;) {
    const HostPosition said = position_at(map, at, 1.0f);
    const int64_t      left = end - at;
    const uint32_t     n    = left < n_block ? (uint32_t)left : n_block;
    step(host, at, true, &said, n);
    at += n;
  }
}

/// The first frame of a bar
static int64_t
bar_frame(const Timeline* const map, const int32_t bar)
{
  return (int64_t)ceil(timeline_frame(map, bar, 0.0) - 1e-6);
}

/// Whether a passage was heard as it should be, of a host that rolled from one
/// frame to another; what was missed by less than 10 ms may come at once
static bool
is_passage(const char* const     what,
           const Host* const     host,
           const size_t          n_before,
           const Timeline* const map,
           const int64_t         begin,
           const int64_t         end,
           const double          frames)
{
  const Capture events = events_since(host, n_before);
  const int32_t first  = timeline_place(map, (double)begin).bar;
  const int32_t last   = timeline_place(map, (double)end).bar;
  Song          song   = song_of(map, first, last + 2);
  song_forgive(
    &song, (double)begin - 0.005 * map->rate_hz - 1.0, 0.005 * map->rate_hz);
  song_forgive(&song, (double)end, 1.0);
  const Song part = song_between(
    &song, (double)begin - 0.01 * map->rate_hz - 1.0, (double)end + 1.0);
  const Match m = match(&events, &part, 0.01 * map->rate_hz + frames);
  const bool  is =
    is_heard_in(what, &events, &part, 0.01 * map->rate_hz + frames) &&
    m.early >= -frames && m.late <= frames;
  if (!is) {
    fprintf(
      stderr, "%s: from %.2f to %.2f frames off\n", what, m.early, m.late);
  }
  song_free(&song);
  return is;
}

static size_t
n_events(const Host* const host)
{
  return host_capture(host)->n_events;
}

/// The end of a test with a puppet: no fault, and nothing was late
static void
close_puppet(Host* const host)
{
  const HostPosition said = {HOST_SPEED, 0, 0.0f, 0, 0.0, 0.0, 0.0, 0, 0.0};
  CHECK(host_say(host, 0U, &said));
  hosted_settle(host);
  Notes notes = hosted_notes(host);
  notes_free(&notes);
  NEAR(host_get(host, "late"), 0, 0);
  host_free(host);
}

// Metres --------------------------------------------------------------------

/// All of them, and changes between them, of one tempo in quarters
static Timeline
map_of_metres(const double bpm)
{
  static const struct {
    int32_t bar;
    Metre   metre;
  } rows[]     = {{2, {3U, 4U}},
                  {5, {6U, 8U}},
                  {7, {7U, 8U}},
                  {10, {12U, 8U}},
                  {12, {5U, 4U}},
                  {13, {2U, 4U}},
                  {17, {2U, 2U}},
                  {18, {5U, 16U}},
                  {21, {6U, 8U}},
                  {24, {4U, 4U}}};
  Timeline map = timeline(RATE_HZ, bpm, (Metre){4U, 4U});
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    CHECK(!timeline_set_metre(&map, rows[i].bar, rows[i].metre));
  }
  return map;
}

/// Roll to a bar line, and see at every block that the bar shown is the host's
static void
roll_and_see_bars(Host* const host, const int32_t end, const uint32_t n_block)
{
  unsigned n_other = 0U;
  for (const int64_t last = bar_frame(host_timeline(host), end);
       host_song_frame(host) < last;) {
    const int64_t left = last - host_song_frame(host);
    host_run(host, left < n_block ? (uint32_t)left : n_block);
    const double frame = (double)host_song_frame(host) - 1.0;
    n_other += host_get(host, "bar") !=
               (float)timeline_place(host_timeline(host), frame).bar + 1.0f;
  }
  CHECK(n_other == 0U);
}

static void
test_bars_of_every_metre_are_the_hosts(void)
{
  static const struct {
    const char*   what;
    HostPositions how;
    uint32_t      n_block;
  } rows[] = {
    {"beats", {.tell = HOST_TELL_EVERY}, 256U},
    {"quarters", {.bpm_in_quarters = true}, 256U},
    {"quarters, rounded", {.bpm_in_quarters = true, .is_coarse = true}, 64U},
    {"quarters, long blocks", {.bpm_in_quarters = true}, 4096U},
    {"quarters, changes",
     {.tell = HOST_TELL_CHANGES, .bpm_in_quarters = true},
     512U},
    {"beats, changes", {.tell = HOST_TELL_CHANGES}, 512U},
    {"sparse, blank", {.tell = HOST_TELL_SPARSE, .is_blank = true}, 300U},
  };
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    const Timeline map  = map_of_metres(128.0);
    Host* const    host = open_host(RATE_HZ, &rows[i].how);
    Song           song = song_of(&map, 0, 29);
    host_set_timeline(host, &map);
    host_run(host, 64U);
    host_play(host);
    roll_and_see_bars(host, 28, rows[i].n_block);
    song_end(&song, &map, 28);
    CHECK(is_played(rows[i].what, host, &song, ONE_SAMPLE_ROUNDED));
    hosted_settle(host);
    Notes notes = hosted_notes(host);
    notes_free(&notes);
    song_free(&song);
    host_free(host);
  }
}

/// A metre that a host tells a block after it began
static void
test_a_metre_told_late(void)
{
  static const uint32_t blocks[] = {64U, 256U, 1024U, 1000U};
  for (unsigned i = 0U; i < 8U; ++i) {
    const HostPositions how = {
      .is_late = true, .bpm_in_quarters = i % 2U == 1U, .is_coarse = i >= 6U};
    const uint32_t n    = blocks[i % 4U];
    const Timeline map  = map_of_metres(128.0);
    Host* const    host = open_host(RATE_HZ, &how);
    Song           song = song_of(&map, 0, 29);
    host_set_timeline(host, &map);
    host_run(host, n);
    host_play(host);
    roll_and_see_bars(host, 28, n);
    song_end(&song, &map, 28);

    // The first time, what was in the block is heard when it is told; what the
    // old metre had there is heard too, or stands for it if it is that note
    for (uint32_t k = 1U; k < map.n_spans; ++k) {
      song_any_velocity(&song, map.spans[k].frame - 1.0, n + 1.0);
    }
    const Match first = match(host_capture(host), &song, n + 2.0);
    CHECK(!first.n_missing && first.n_extra < map.n_spans); // One a change
    for (uint32_t k = 1U; k < map.n_spans; ++k) {
      song_forgive(&song, map.spans[k].frame + n / 2.0, n / 2.0 + 1.0);
    }
    const Match rest = match(host_capture(host), &song, n + 2.0);
    NEAR(rest.early, 0.0, ONE_SAMPLE_ROUNDED);
    NEAR(rest.late, 0.0, ONE_SAMPLE_ROUNDED);
    hosted_settle(host);
    Notes notes = hosted_notes(host);
    notes_free(&notes);
    song_free(&song);

    // The second time it is known, and everything is in its place
    host_clear_capture(host);
    host_locate(host, 0);
    host_run(host, n);
    host_play(host);
    roll_and_see_bars(host, 28, n);
    song = song_of(&map, 0, 29);
    song_end(&song, &map, 28);
    CHECK(is_played("the second time", host, &song, how.is_coarse ? 2.0 : 1.1));
    hosted_settle(host);
    notes = hosted_notes(host);
    notes_free(&notes);
    NEAR(host_get(host, "late"), 0, 0);
    song_free(&song);
    host_free(host);
  }
}

/// Loops over a change of metre are right from the second round on, even if
/// their phrases came late in the first
static void
test_a_loop_over_a_metre_told_late(void)
{
  const HostPositions how = {.is_late = true, .bpm_in_quarters = true};
  for (unsigned is_slow = 0U; is_slow < 2U; ++is_slow) {
    const uint32_t n     = 1000U;
    const Timeline map   = map_of_metres(128.0);
    Host* const    host  = open_host(RATE_HZ, &how);
    const int64_t  begin = bar_frame(&map, 4);
    const int64_t  end   = bar_frame(&map, 8);
    if (is_slow) {
      host_set_work(host, HOST_WORK_AT_END);
      host_delay_work(host, 16U);
    }
    host_set_timeline(host, &map);
    host_loop(host, HOST_LOOP_EXACT, begin, end);
    host_locate(host, begin);
    host_run(host, n);
    host_play(host);
    host_run_for(host, (uint64_t)(end - begin), n);
    const float late = host_get(host, "late");
    CHECK(is_slow == (late > 0.0f));
    for (unsigned round = 2U; round < 5U; ++round) {
      const size_t before = n_events(host);
      host_run_for(host, (uint64_t)(end - begin), n);
      const Capture events = events_since(host, before);
      Song          song   = song_of(&map, 4, 9);
      song_end(&song, &map, 8);
      CHECK(is_heard_in("round", &events, &song, 1.1));
      NEAR(host_get(host, "late"), late, 0);
      song_free(&song);
    }
    host_free(host);
  }
}

/// A song that is edited is not what is remembered of it: at most one block is
/// heard as it was
static void
test_a_metre_that_is_no_more(void)
{
  const HostPositions how  = {.is_late = true};
  const uint32_t      n    = 256U;
  const Timeline      map  = map_of_metres(128.0);
  const Timeline      flat = timeline(RATE_HZ, 128.0, (Metre){4U, 4U});
  Host* const         host = open_host(RATE_HZ, &how);
  host_set_timeline(host, &map);
  play_bars(host, 0, 28, n);
  host_set_timeline(host, &flat);
  play_bars(host, 0, 28, n);
  Song song = song_of(&flat, 0, 29);
  song_end(&song, &flat, 28);
  const Match m = match(host_capture(host), &song, n + 2.0);
  CHECK(!m.n_missing && m.n_extra <= 8U);
  song_free(&song);

  // And then it is known
  play_bars(host, 0, 28, n);
  song = song_of(&flat, 0, 29);
  song_end(&song, &flat, 28);
  CHECK(is_played("the edited song", host, &song, 1.1));
  song_free(&song);
  host_free(host);
}

// Carla ---------------------------------------------------------------------

/// The frame so many after the first onset at or after a bar
static int64_t
after_an_onset(const Timeline* const map, const int32_t bar, const int64_t n)
{
  Song          song  = song_of(map, bar, bar + 4);
  const int64_t frame = (int64_t)ceil(song.onsets[0].frame) + n;
  song_free(&song);
  return frame;
}

/// Its default: a client of JACK among others
static void
test_carla_as_a_client(void)
{
  const uint32_t n     = 512U;
  const Timeline map   = timeline(RATE_HZ, 128.0, (Metre){4U, 4U});
  Host* const    host  = open_puppet(&map);
  const int64_t  from  = bar_frame(&map, 2) + 7000 / n * n;
  const int64_t  to    = bar_frame(&map, 9);
  const int64_t  stop  = after_an_onset(&map, 11, 200);
  const int64_t  other = bar_frame(&map, 20);

  HostPosition said = position_at(&map, 0, 0.0f);
  step(host, 0, false, &said, n);
  roll(host, &map, 0, from, n);
  CHECK(is_passage("from the start", host, 0U, &map, 0, from, ONE_SAMPLE));

  // A locate: a block of the new frame, with the old bar and beat, that stands
  size_t before = n_events(host);
  said          = position_at(&map, from, 0.0f);
  said.frame    = to;
  step(host, from, false, &said, n);
  CHECK(n_events(host) == before || // Ends only
        host_capture(host)->events[before].bytes[0] < 0x90U);
  before = n_events(host);
  roll(host, &map, to, stop, n);
  CHECK(is_passage("after a locate", host, before, &map, to, stop, ONE_SAMPLE));

  // A stop: the frame goes on from the end of the last block, and the start
  // from there, with nothing heard twice
  said = position_at(&map, stop, 0.0f);
  step(host, stop, false, &said, n);
  step(host, stop, false, NULL, n);
  before = n_events(host);
  roll(host, &map, stop, stop + 100 * n, n);
  Song    song   = song_of(&map, 10, 14);
  Capture events = events_since(host, before);
  song_forgive(&song, (double)(stop + 100 * n), 1.0);
  Song part = song_between(&song, (double)stop - 1.0, (double)(stop + 100 * n));
  CHECK(is_heard_in("after a stop", &events, &part, ONE_SAMPLE));
  song_free(&song);

  // A locate while it stands: a block without bar and beat, then all of it
  said = position_at(&map, stop + 100 * n, 0.0f);
  step(host, stop + 100 * n, false, &said, n);
  said        = position_at(&map, other, 0.0f);
  said.fields = HOST_FRAME | HOST_SPEED;
  step(host, other, false, &said, n);
  before = n_events(host);
  roll(host, &map, other, other + 200 * n, n);
  CHECK(is_passage("after a locate while it stood",
                   host,
                   before,
                   &map,
                   other,
                   other + 200 * n,
                   ONE_SAMPLE));
  close_puppet(host);
}

/// In its rack, with its own transport
static void
test_carla_in_a_rack(void)
{
  const uint32_t n    = 512U;
  const Timeline map  = timeline(RATE_HZ, 128.0, (Metre){4U, 4U});
  Host* const    host = open_puppet(&map);
  const int64_t  from = bar_frame(&map, 2) + 7168;
  const int64_t  to   = bar_frame(&map, 9);
  const int64_t  stop = to + 300 * n;

  HostPosition said = position_at(&map, 0, 0.0f);
  step(host, 0, false, &said, n);
  roll(host, &map, 0, from, n);

  // A locate goes straight on at the new frame
  size_t before = n_events(host);
  roll(host, &map, to, stop, n);
  CHECK(is_passage("after a locate", host, before, &map, to, stop, ONE_SAMPLE));

  // A stop steps back by a block, which plays again on the start
  said = position_at(&map, stop - n, 0.0f);
  step(host, stop - n, false, &said, n);
  before = n_events(host);
  roll(host, &map, stop - n, stop + 100 * n, n);
  CHECK(is_passage("the last block again",
                   host,
                   before,
                   &map,
                   stop - n,
                   stop + 100 * n,
                   ONE_SAMPLE));
  close_puppet(host);
}

/// In its rack, with JACK's transport
static void
test_carla_in_a_rack_of_jack(void)
{
  const uint32_t n    = 512U;
  const Timeline map  = timeline(RATE_HZ, 128.0, (Metre){4U, 4U});
  Host* const    host = open_puppet(&map);
  const int64_t  from = n * (bar_frame(&map, 2) / n) + n;
  const int64_t  to   = bar_frame(&map, 9);
  const int64_t  stop =
    after_an_onset(&map, 11, 200); // The start is told a block late: what was
                                   // in it is heard once, a block late
  HostPosition said = position_at(&map, 0, 0.0f);
  step(host, 0, false, &said, n);
  roll(host, &map, n, from, n);
  Song song = song_of(&map, 0, 3);
  song_end(&song, &map, 2);
  CHECK(is_played("a start told late", host, &song, n + 1.0));
  const Song  rest = song_between(&song, n, 1e15);
  const Match m    = match(host_capture(host), &rest, 400.0);
  CHECK(!m.n_missing && m.early >= -ONE_SAMPLE && m.late <= ONE_SAMPLE);
  song_free(&song);

  // A locate: a block of the new frame, with the old bar and beat; then it
  // stands, and then it starts late.  No note comes of the old place, not
  // even one that was due in that block.
  const int64_t left = after_an_onset(&map, 3, -100);
  roll(host, &map, from, left, n);
  size_t before = n_events(host);
  said          = position_at(&map, left - (left - from) % n, 1.0f);
  said.frame    = to;
  step(host, to, true, &said, n);
  said = position_at(&map, to, 0.0f);
  step(host, to, false, &said, n);
  for (size_t i = before; i < n_events(host); ++i) {
    CHECK(host_capture(host)->events[i].bytes[0] < 0x90U);
  }
  before = n_events(host);
  roll(host, &map, to + n, stop, n);
  CHECK(
    is_passage("after a locate", host, before, &map, to, stop, n + ONE_SAMPLE));

  // A stop steps back by a block, and the start skips it: nothing is heard
  // twice
  said = position_at(&map, stop - n, 0.0f);
  step(host, stop - n, false, &said, n);
  step(host, stop - n, false, NULL, n);
  before = n_events(host);
  roll(host, &map, stop, stop + 100 * n, n);
  const Capture events = events_since(host, before);
  song                 = song_of(&map, 10, 14);
  song_forgive(&song, (double)(stop + 100 * n), 1.0);
  const Song part =
    song_between(&song, (double)stop - 1.0, (double)(stop + 100 * n));
  CHECK(is_heard_in("after a stop", &events, &part, ONE_SAMPLE));
  song_free(&song);
  close_puppet(host);
}

// mod-host --------------------------------------------------------------------

/// It tells of changes only, and rounds the beat down when it has a new tempo
static void
test_mod_host_knows_only_the_beat_of_a_new_tempo(void)
{
  const uint32_t n      = 256U;
  Timeline       map    = timeline(RATE_HZ, 120.0, (Metre){4U, 4U});
  const int64_t  change = bar_frame(&map, 4);
  CHECK(!timeline_set_tempo(&map, 4, 132.0));
  Host* const  host = open_puppet(&map);
  HostPosition said = position_at(&map, 0, 0.0f);
  step(host, 0, false, &said, n);
  said = position_at(&map, 0, 1.0f);
  step(host, 0, true, &said, n);
  host_run_for(host, (uint64_t)change - n, n);

  // Some blocks after the line it hears of it
  host_run_for(host, 5U * n, n);
  said          = position_at(&map, host_song_frame(host), 1.0f);
  said.bar_beat = 0.0;
  CHECK(host_say(host, 0U, &said));
  host_run_for(host, 200000U, n);

  // It is as far behind as it was late, and no more
  const double late = 5.0 * n * (1.0 - 120.0 / 132.0);
  const double end  = (double)host_song_frame(host);
  Song         song = song_of(&map, 0, 8);
  song_forgive(&song, end, late + 10.0);
  const Song part = song_between(&song, -1.0, end + late);
  CHECK(is_played("a beat rounded down", host, &part, late + 10.0));
  song_free(&song);
  close_puppet(host);
}

// jalv ----------------------------------------------------------------------

/// Frame and speed are all it knows until somebody leads JACK in bars
static void
test_jalv_without_bars_and_then_with_them(void)
{
  const uint32_t n     = 256U;
  const Timeline plain = timeline(RATE_HZ, 120.0, (Metre){4U, 4U}); // Its port
  const Timeline map   = timeline(RATE_HZ, 132.0, (Metre){4U, 4U});
  Host* const    host  = open_puppet(&plain);
  const int64_t  from  = bar_frame(&plain, 3);
  HostPosition   said  = position_at(&plain, 0, 0.0f);
  said.fields          = HOST_FRAME | HOST_SPEED;
  step(host, 0, false, &said, n);
  said.speed = 1.0f;
  step(host, 0, true, &said, n);
  host_run_for(host, (uint64_t)from - n, n);
  CHECK(is_passage("no bars", host, 0U, &plain, 0, from, ONE_SAMPLE));

  // A locate, told in frames alone
  size_t        before = n_events(host);
  const int64_t to     = bar_frame(&plain, 20);
  said.frame           = to;
  step(host, to, true, &said, n);
  host_run_for(host, 400U * n, n);
  CHECK(is_passage("a locate without bars",
                   host,
                   before,
                   &plain,
                   to,
                   to + 401 * n,
                   ONE_SAMPLE));

  // Then there are bars, in another place and tempo
  const int64_t at = host_song_frame(host);
  host_set_timeline(host, &map);
  before = n_events(host);
  said   = position_at(&map, at, 1.0f);
  step(host, at, true, &said, n);
  host_run_for(host, 400U * n, n);
  CHECK(is_passage("bars", host, before, &map, at, at + 401 * n, ONE_SAMPLE));
  close_puppet(host);
}

// Ardour --------------------------------------------------------------------

/// It begins to roll some hundred frames before the bar, and splits the block
/// at the bar
static void
test_ardour_rolls_from_before_the_bar(void)
{
  static const struct {
    int64_t  before;
    uint32_t n_block;
    int32_t  bar;
  } rows[] = {
    {176, 256U, 0}, {752, 1024U, 0}, {176, 256U, 9}, {752, 1024U, -3}};
  for (unsigned i = 0U; i < 4U; ++i) {
    const Timeline map  = timeline(RATE_HZ, 128.0, (Metre){4U, 4U});
    Host* const    host = open_puppet(&map);
    set_humanise(host, 0U);
    const int32_t bar   = bar_with_downbeat(&map, rows[i].bar);
    const int64_t line  = bar_frame(&map, bar);
    const int64_t begin = line - rows[i].before;
    const int64_t end   = line + 400 * rows[i].n_block;

    // The stopped position is off by the latency
    HostPosition said = position_at(&map, line - 91, 0.0f);
    said.bar_beat     = floor(said.bar_beat * 1920.0 + 0.5) / 1920.0;
    step(host, line - 91, false, &said, rows[i].n_block);
    for (int64_t at = begin; at < end;) {
      said                = position_at(&map, at, 1.0f);
      said.bar_beat       = floor(said.bar_beat * 1920.0 + 0.5) / 1920.0;
      const uint32_t size = at < line ? (uint32_t)(line - at) : rows[i].n_block;
      step(host, at, true, &said, size);
      at += size;
    }
    CHECK(is_passage("before the bar", host, 0U, &map, begin, end, 1.1));

    // The downbeat once, in its frame
    const Capture all  = events_since(host, 0U);
    Song          song = song_of(&map, bar, bar + 1);
    const Song    downbeat =
      song_between(&song, (double)line - 1.0, (double)line + 1.0);
    const Match m = match(&all, &downbeat, 1.0);
    CHECK(downbeat.n > 0U && !m.n_missing);
    song_free(&song);
    close_puppet(host);
    mix.humanise = 100U;
  }
} /// The wrap overruns the end: the first pass ends at 450080, and then it is
  /// at
/// 360080, or so in other bars; longer blocks overrun it by more
static void
test_ardour_overruns_the_end_of_a_loop(void)
{
  static const struct {
    uint32_t n_block;
    int64_t  overrun;
  } rows[] = {{256U, 80}, {1024U, 1000}, {4096U, 3333}};
  for (unsigned i = 0U; i < 3U; ++i) {
    const Timeline map  = timeline(RATE_HZ, 128.0, (Metre){4U, 4U});
    Host* const    host = open_puppet(&map);
    set_humanise(host, 0U);
    const int32_t bar   = bar_with_downbeat(&map, 4);
    const int64_t begin = bar_frame(&map, bar);
    const int64_t end   = begin + 90000;
    const int64_t over  = rows[i].overrun;

    HostPosition said = position_at(&map, begin, 0.0f);
    step(host, begin, false, &said, rows[i].n_block);
    roll(host, &map, begin, end + over, rows[i].n_block);
    for (unsigned pass = 0U; pass < 3U; ++pass) {
      const size_t before = n_events(host);
      roll(host, &map, begin + over, end + over, rows[i].n_block);
      const Capture events = events_since(host, before);
      Song          song   = song_of(&map, bar, bar + 2);
      Song          loop   = song_between(&song, 0.0, (double)end - 1.0);
      const Song    first  = song_between(&loop, 0.0, (double)begin + 1.0);
      const Match   on     = match(&events, &first, (double)over + 1.0);
      CHECK(first.n > 0U && !on.n_missing); // The loop's own downbeat

      // What lies between it and the landing may be heard or not
      song_forgive(&loop, (double)(begin + over / 2), (double)over / 2.0 + 1.0);
      song_forgive(&song, (double)end + over / 2.0, over / 2.0 + 1.0);
      Song all = song_between(&song, 0.0, (double)(end + over));
      CHECK(is_heard_in("round", &events, &all, (double)over + 1.0));
      const Song rest =
        song_between(&song, (double)(begin + over) + 1.0, (double)(end + over));
      const Match m = match(&events, &rest, 40.0);
      CHECK(!m.n_missing && m.early >= -ONE_SAMPLE && m.late <= ONE_SAMPLE);
      song_free(&song);
    }
    close_puppet(host);
    mix.humanise = 100U;
  }
} /// An edited map moves the beat, with the frame continuous
static void
test_ardour_edits_the_map_while_it_rolls(void)
{
  static const double tempos[] = {121.0, 126.0, 129.0, 140.0, 77.0, 240.0};
  for (unsigned i = 0U; i < 12U; ++i) {
    const uint32_t n      = i % 2U ? 256U : 1024U;
    Timeline       before = timeline(RATE_HZ, 128.0, (Metre){4U, 4U});
    Timeline       after  = before;
    CHECK(!timeline_set_tempo(&after, 0, tempos[i / 2U]));
    CHECK(!timeline_set_tempo(&after, 5, 128.0)); // Here it is as it was
    Host* const   host = open_puppet(&before);
    const int64_t edit = bar_frame(&before, 12) + 10240;
    const int64_t end  = edit + (int64_t)n * (200000 / n);
    HostPosition  said = position_at(&before, bar_frame(&before, 11), 0.0f);
    step(host, said.frame, false, &said, n);
    roll(host, &before, said.frame, edit, n);
    CHECK(is_passage(
      "before the edit", host, 0U, &before, said.frame, edit, ONE_SAMPLE));
    const size_t n_before = n_events(host);
    roll(host, &after, edit, end, n);
    CHECK(is_passage(
      "after the edit", host, n_before, &after, edit, end, ONE_SAMPLE));
    close_puppet(host);
  }
}

/// Blocks that were never run: what was in a small gap comes at once, what was
/// in a great one is gone; and the tempo stays what it was
static void
test_gaps_of_an_xrun(void)
{
  static const int64_t gaps[] = {256, 512, 1024, 2048, 4096, 48000};
  for (unsigned i = 0U; i < 6U; ++i) {
    const uint32_t n    = 256U;
    const Timeline map  = timeline(RATE_HZ, 128.0, (Metre){4U, 4U});
    Host* const    host = open_puppet(&map);
    const int64_t  gap  = after_an_onset(&map, 2, -gaps[i] / 2);
    const int64_t  end  = gap + 300000;
    HostPosition   said = position_at(&map, gap - 20480, 0.0f);
    step(host, said.frame, false, &said, n);
    roll(host, &map, said.frame, gap, n);
    const size_t before = n_events(host);
    roll(host, &map, gap + gaps[i], end, n);

    // Exact after it
    const Capture events = events_since(host, before);
    Song          song   = song_of(&map, 1, 7);
    song_forgive(&song, (double)end, 1.0);
    const Song rest =
      song_between(&song, (double)(gap + gaps[i]), (double)end + 1.0);
    const Match m = match(&events, &rest, 300.0);
    CHECK(!m.n_missing && m.early >= -ONE_SAMPLE && m.late <= ONE_SAMPLE);

    // And nothing twice
    Song all = song_between(&song, (double)gap - 481.0, (double)end + 1.0);
    song_forgive(&all, (double)gap + gaps[i] / 2.0, gaps[i] / 2.0 + 480.0);
    const Match both = match(&events, &all, (double)gaps[i] + 481.0);
    CHECK(!both.n_extra && !both.n_missing);
    if (gaps[i] <= 1024) {
      CHECK(m.n_extra > 0U); // What was in the gap
    }
    song_free(&song);
    close_puppet(host);
  }
}

// Nobody yet ----------------------------------------------------------------

static void
test_speeds_other_than_0_and_1(void)
{
  static const float speeds[] = {0.5f, 2.0f, 1.25f, 0.25f};
  const uint32_t     n        = 256U;
  const Timeline     map      = timeline(RATE_HZ, 128.0, (Metre){4U, 4U});
  Host* const        host     = open_puppet(&map);
  HostPosition       said     = position_at(&map, 0, 0.0f);
  step(host, 0, false, &said, n);

  // It rolls at each of them for a while; onsets are where it passes them
  double at = 0.0;
  host_play(host);
  for (unsigned i = 0U; i < 4U; ++i) {
    Song         song   = song_of(&map, 0, 12);
    const double begin  = at;
    const double speed  = (double)speeds[i];
    const size_t before = n_events(host);
    const double zero   = (double)host_song_frame(host);
    for (unsigned k = 0U; k < 600U; ++k) {
      said       = position_at(&map, (int64_t)at, speeds[i]);
      said.frame = (int64_t)at;
      CHECK(host_say(host, 0U, &said));
      host_run(host, n);
      at += n * speed;
    }
    Song part = song_between(&song, begin, at);
    for (size_t k = 0U; k < part.n; ++k) {
      part.onsets[k].frame = zero + (part.onsets[k].frame - begin) / speed;
    }
    song_forgive(&part, zero, 1.5);
    song_forgive(&part, zero + 600.0 * n, 1.5);
    const Capture events = events_since(host, before);
    const Match   m      = match(&events, &part, 1.5);
    CHECK(!m.n_missing && m.n_extra <= 2U);
    song_free(&song);
  }

  // Backwards it stands, whatever place it names
  const size_t before = n_events(host);
  for (unsigned k = 0U; k < 200U; ++k) {
    said = position_at(&map, (int64_t)at - 256 * k, -1.0f);
    CHECK(host_say(host, 0U, &said));
    host_run(host, n);
  }
  for (size_t k = before; k < n_events(host); ++k) {
    CHECK(host_capture(host)->events[k].bytes[0] < 0x90U);
  }
  close_puppet(host);
}

/// A tempo that changes in every block, from 90 to 150 in 20 s and back
static void
test_tempo_ramps(void)
{
  static const uint32_t blocks[] = {64U, 256U, 1024U};
  for (unsigned i = 0U; i < 3U; ++i) {
    const uint32_t n     = blocks[i];
    const Timeline map   = timeline(RATE_HZ, 120.0, (Metre){4U, 4U});
    const double   slope = 60.0 / 20.0 / RATE_HZ; // bpm in a frame
    const int64_t  turn  = 20 * 48000;
    Host* const    host  = open_puppet(&map);
    HostPosition   said  = position_at(&map, 0, 0.0f);
    said.bpm             = 90.0;
    step(host, 0, false, &said, n);
    for (int64_t at = 0; at < turn; at += n) {
      const double frame = (double)at;
      const double beats =
        (90.0 + slope * frame / 2.0) * frame / (60.0 * RATE_HZ);
      said.bpm      = 90.0 + slope * frame;
      said.frame    = at;
      said.speed    = 1.0f;
      said.bar      = (int64_t)floor(beats / 4.0);
      said.bar_beat = beats - 4.0 * (double)said.bar;
      step(host, at, true, &said, n);
    }

    // Where a tick of the ramp is: beats x 60 x rate = 90 t + slope t t / 2
    const double beats = (90.0 + slope * turn / 2.0) * turn / (60.0 * RATE_HZ);
    Song         song  = song_of(&map, 0, 12);
    Song         part  = song_between(&song, 0.0, beats * 24000.0);
    for (size_t k = 0U; k < part.n; ++k) {
      const double c       = part.onsets[k].frame / 24000.0 * 60.0 * RATE_HZ;
      part.onsets[k].frame = (sqrt(8100.0 + 2.0 * slope * c) - 90.0) / slope;
    }
    song_forgive(&part, (double)turn, 2.0);
    const Match m = match(host_capture(host), &part, 40.0);
    printf(
      "# blocks of %u: from %.2f to %.2f frames off\n", n, m.early, m.late);
    CHECK(part.n > 60U && !m.n_missing && !m.n_extra);
    NEAR(m.early, 0.0, n > 256U ? 2.0 : 1.1); // The tempo told is the block's
    NEAR(m.late, 0.0, n > 256U ? 2.0 : 1.1);  // first, not its mean
    song_free(&song);
    close_puppet(host);
  }
}

/// What is no position, and what we do not know in one, changes nothing; the
/// beat that hosts count from the song's beginning is not looked at
static void
test_fields_are_ignored_or_missed_without_harm(void)
{
  static const unsigned without[] = {0U,
                                     HOST_BEAT,
                                     HOST_BPM,
                                     HOST_BEATS_PER_BAR | HOST_BEAT_UNIT,
                                     HOST_FRAME,
                                     HOST_BAR,
                                     HOST_SPEED};
  for (unsigned i = 0U; i < sizeof(without) / sizeof(without[0]); ++i) {
    const uint32_t n    = 256U;
    const Timeline map  = timeline(RATE_HZ, 128.0, (Metre){4U, 4U});
    const int64_t  end  = bar_frame(&map, 4);
    Host* const    host = open_puppet(&map);
    HostPosition   said = position_at(&map, 0, 0.0f);
    step(host, 0, false, &said, n);
    said = position_at(&map, 0, 1.0f);
    step(host, 0, true, &said, n);
    for (int64_t at = n; at < end; at += n) {
      said      = position_at(&map, at, 1.0f);
      said.beat = 1e9 * (double)at; // Nonsense, and in another unit anyway
      said.fields &= ~without[i];
      step(host, at, true, at / n % 7 ? &said : NULL, n);
    }
    CHECK(is_passage("some fields", host, 0U, &map, 0, end, ONE_SAMPLE));
    close_puppet(host);
  }
}

int
main(void)
{
  if (!hosted_has_bundle()) {
    SKIP_ALL("the bundle is not built");
  }
  bundle   = tiny_bundle(7U);
  composer = tiny_bundle_composer(&bundle);
  mix_init(&mix);
  for (size_t i = 0U; i < sizeof(knobs) / sizeof(knobs[0]); ++i) {
    ((uint8_t*)&mix)[knobs[i].offset] = knobs[i].value;
  }
  RUN(test_onsets_are_where_the_metronome_is);
  RUN(test_a_start_within_a_beat_is_soon_exact);
  RUN(test_a_tempo_map_is_followed_to_the_sample);
  RUN(test_a_tempo_told_late_is_caught_up_with);
  RUN(test_bars_of_every_metre_are_the_hosts);
  RUN(test_a_metre_told_late);
  RUN(test_a_loop_over_a_metre_told_late);
  RUN(test_a_metre_that_is_no_more);
  RUN(test_carla_as_a_client);
  RUN(test_carla_in_a_rack);
  RUN(test_carla_in_a_rack_of_jack);
  RUN(test_mod_host_knows_only_the_beat_of_a_new_tempo);
  RUN(test_jalv_without_bars_and_then_with_them);
  RUN(test_ardour_rolls_from_before_the_bar);
  RUN(test_ardour_overruns_the_end_of_a_loop);
  RUN(test_ardour_edits_the_map_while_it_rolls);
  RUN(test_gaps_of_an_xrun);
  RUN(test_speeds_other_than_0_and_1);
  RUN(test_tempo_ramps);
  RUN(test_fields_are_ignored_or_missed_without_harm);
  composer_free(composer);
  tiny_bundle_free(&bundle);
  CHECK_END();
}
