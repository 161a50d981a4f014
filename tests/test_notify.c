// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   What is told to a window, or whoever else watches: the right things, not too
   often, and with nothing of it heard.

   A Watcher stands for the window: it keeps what it was told, and puts phrases
   together.  The plugin plays with tiny models.
*/

#include "tests/check.h"
#include "tests/hosted.h"
#include "tests/tiny_bundle.h"

#include "plugin/notify.h"
#include "plugin/talk.h"

#include <lv2/atom/atom.h>
#include <lv2/atom/forge.h>

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { MAX_BARS = 512, MAX_PHRASES = 512 };

/// A phrase, as it was told
typedef struct {
  TalkPhrase head;
  int32_t    n; ///< Notes so far
  int32_t    words[3U * PHRASE_MAX_NOTES];
} Told;

typedef struct {
  Host*          host;
  LV2_URID_Map   map;
  TalkUrids      urids;
  LV2_Atom_Forge forge;

  TalkKind    first; ///< The kind of the first message
  uint32_t    n[N_TALK_KINDS];
  uint32_t    n_all;
  uint64_t    frame;    ///< Of the run with the last message,
  uint32_t    n_in_run; ///< and how many there were in it
  uint32_t    most_in_run;
  TalkPlace   place;
  int32_t     states; ///< Bits that any place had
  TalkTrouble trouble;
  uint32_t    n_bars;
  TalkBar     bars[MAX_BARS];
  uint32_t    n_phrases;
  Told        phrases[MAX_PHRASES];
} Watcher;

static TinyBundle bundle;
static Watcher    watcher;

static LV2_URID
map_uri(const LV2_URID_Map_Handle handle, const char* const uri)
{
  return host_map((Host*)handle, uri);
}

/// Forget what was told
static void
forget(Watcher* const self)
{
  memset(&self->first, 0, sizeof(*self) - offsetof(Watcher, first));
}

static void
take_notes(Watcher* const self, const TalkNotes* const notes)
{
  CHECK(self->n_phrases);
  Told* const told =
    &self->phrases[self->n_phrases ? self->n_phrases - 1U : 0U];
  CHECK(notes->id == told->head.id && notes->first == told->n);
  CHECK(notes->first + notes->n <= told->head.n_notes);
  memcpy(&told->words[3 * told->n],
         notes->words,
         (size_t)notes->n * 3U * sizeof(int32_t));
  told->n += notes->n;
}

/// A bar that was said with this count before is replaced
static void
take_bar(Watcher* const self, const TalkBar* const bar)
{
  uint32_t i = 0U;
  while (i < self->n_bars && self->bars[i].count != bar->count) {
    ++i;
  }
  CHECK(i < MAX_BARS);
  CHECK(i == self->n_bars || i + 1U == self->n_bars);
  self->bars[i] = *bar;
  self->n_bars += i == self->n_bars ? 1U : 0U;
}

static void
hear(void* const       data,
     const char* const symbol,
     const uint32_t    offset,
     const void* const atom)
{
  Watcher* const self = (Watcher*)data;
  TalkMessage    message;
  (void)offset;
  CHECK(!strcmp(symbol, "midi_out"));
  CHECK(talk_read(&self->urids, (const LV2_Atom*)atom, &message));
  CHECK(message.kind >= TALK_PLACE);

  const uint64_t frame = host_n_frames(self->host);
  self->n_in_run = self->n_all && frame == self->frame ? self->n_in_run : 0U;
  self->frame    = frame;
  ++self->n_in_run;
  self->most_in_run =
    self->n_in_run > self->most_in_run ? self->n_in_run : self->most_in_run;
  self->first = self->n_all++ ? self->first : message.kind;
  ++self->n[message.kind];
  if (message.kind == TALK_PLACE) {
    self->place = message.as.place;
    self->states |= message.as.place.state;
  } else if (message.kind == TALK_TROUBLE) {
    self->trouble = message.as.trouble;
  } else if (message.kind == TALK_BAR) {
    take_bar(self, &message.as.bar);
  } else if (message.kind == TALK_NOTES) {
    take_notes(self, &message.as.notes);
  } else {
    self->n_phrases = self->n_phrases < MAX_PHRASES ? self->n_phrases : 0U;
    memset(&self->phrases[self->n_phrases], 0, sizeof(Told));
    self->phrases[self->n_phrases++].head = message.as.phrase;
  }
}

/// Watch a host, which is not told yet
static void
watch(Watcher* const self, Host* const host)
{
  memset(self, 0, sizeof(*self));
  self->host       = host;
  self->map.handle = host;
  self->map.map    = map_uri;
  talk_urids_init(&self->urids, &self->map);
  lv2_atom_forge_init(&self->forge, &self->map);
  host_listen(host, hear, self);
}

/// Say Hello or Here in the next run
static void
say(Watcher* const self, const TalkKind kind)
{
  TalkMessage message;
  uint64_t    words[8];
  memset(&message, 0, sizeof(message));
  message.kind = kind;
  lv2_atom_forge_set_buffer(&self->forge, (uint8_t*)words, sizeof(words));
  CHECK(talk_write(&self->urids, &self->forge, &message));
  CHECK(host_send_atom(self->host, 0U, words));
}

static Host*
open_watched(const char* const uri)
{
  Host* const host = tiny_bundle_open(&bundle, uri);
  watch(&watcher, host);
  return host;
}

/// Roll to a bar, and say Here in every one
static void
roll_to(Watcher* const self,
        const int32_t  from,
        const int32_t  to,
        const uint32_t n_block)
{
  host_play(self->host);
  for (int32_t bar = from; bar < to; ++bar) {
    say(self, TALK_HERE);
    host_run_to_bar(self->host, bar + 1, n_block);
  }
}

/// Stand for some time, so that all can be said
static void
stand(Watcher* const self)
{
  host_stop(self->host);
  say(self, TALK_HERE);
  host_run_for(self->host, 48000U, 512U);
}

static const Told*
find_phrase(const Watcher* const self, const int32_t id)
{
  for (uint32_t i = 0U; i < self->n_phrases; ++i) {
    const Told* const told = &self->phrases[i];
    if (told->head.id == id && told->n == told->head.n_notes) {
      return told;
    }
  }
  return NULL;
}

/// Whether the notes of a bar are what a phrase has there
static bool
is_heard(const Told* const    told,
         const TalkBar* const bar,
         const Notes* const   all,
         const unsigned       channel)
{
  const Notes   heard = notes_of_bars(all, bar->bar, bar->bar + 1);
  const int32_t begin = bar->i_bar * told->head.bar_ticks;
  size_t        k     = 0U;
  for (int32_t i = 0; i < told->n; ++i) {
    const int32_t* const words = &told->words[3 * i];
    if (words[0] < begin || words[0] >= begin + told->head.bar_ticks) {
      continue;
    }
    while (k < heard.n && heard.notes[k].channel != channel) {
      ++k;
    }
    if (k == heard.n || (int32_t)heard.notes[k].tick != words[0] - begin ||
        heard.notes[k].key != (words[2] & 0xFF) ||
        heard.notes[k].velocity != words[2] >> 8) {
      return false;
    }
    ++k;
  }
  while (k < heard.n && heard.notes[k].channel != channel) {
    ++k;
  }
  return k == heard.n;
}

/// Whether all bars were said, and what was heard in them; how many
static uint32_t
check_bars(const Watcher* const self, const int32_t first, const int32_t end)
{
  static const unsigned channels[N_PARTS] = {0U, 9U};
  Notes                 notes             = hosted_notes(self->host);
  int32_t               bar               = first;
  uint32_t              n_notes           = 0U;
  for (uint32_t i = 0U; i < self->n_bars && bar < end; ++i, ++bar) {
    const TalkBar* const said = &self->bars[i];
    CHECK(said->bar == bar && said->bar_ticks == 3840);
    CHECK(said->n_beats == 4 && said->unit == 4);
    NEAR(said->bpm, 120.0, 0.01);
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      const Told* const told = find_phrase(self, said->ids[part]);
      CHECK(said->ids[part] && told);
      CHECK(told && is_heard(told, said, &notes, channels[part]));
      CHECK(!told || told->head.part == (int32_t)part);
      CHECK(!told || told->head.bar + said->i_bar == bar);
      n_notes += told ? (uint32_t)told->n : 0U;
    }
  }
  CHECK(bar == end);
  notes_free(&notes);
  return n_notes;
}

static void
end(Watcher* const self)
{
  const char* text = "";
  if (host_n_faults(self->host, &text)) {
    fprintf(stderr, "the plugin %s\n", text);
  }
  CHECK(!host_n_faults(self->host, NULL));
  host_free(self->host);
}

// Tests ----------------------------------------------------------------------

static void
test_nobody_is_told_anything(void)
{
  Host* const host = open_watched(URI_DUO);
  host_play(host);
  host_run_to_bar(host, 6, 512U);
  host_stop(host);
  host_run_for(host, 48000U, 512U);
  CHECK(!watcher.n_all && host_capture(host)->n_events > 20U);

  // Here is enough to be spoken to
  say(&watcher, TALK_HERE);
  host_run(host, 512U);
  CHECK(watcher.n_all && watcher.first == TALK_PLACE);
  end(&watcher);
}

static void
test_what_is_told_is_what_is_heard(void)
{
  (void)open_watched(URI_DUO);
  say(&watcher, TALK_HELLO);
  roll_to(&watcher, 0, 20, 512U);
  stand(&watcher);
  CHECK(watcher.first == TALK_PLACE);
  CHECK(watcher.n_bars == 20U);
  CHECK(check_bars(&watcher, 0, 20) > 300U);
  for (uint32_t i = 0U; i < watcher.n_bars; ++i) {
    CHECK(watcher.bars[i].count == (int32_t)i);
    CHECK(watcher.bars[i].i_bar == (int32_t)(i % 4U));
  }

  // Each phrase once, with its verdict
  for (uint32_t i = 0U; i < watcher.n_phrases; ++i) {
    const TalkPhrase* const head = &watcher.phrases[i].head;
    CHECK(watcher.phrases[i].n == head->n_notes);
    CHECK(head->n_bars == 4 && head->n_fills == 4 && head->n_tries > 0);
    CHECK(head->n_scores == head->n_tries && head->energy > 0);
    for (uint32_t k = 0U; k < i; ++k) {
      CHECK(watcher.phrases[k].head.id != head->id);
    }
  }
  CHECK(watcher.n[TALK_PLACE] > 60U && watcher.n[TALK_PLACE] < 400U);
  CHECK(!watcher.n[TALK_TROUBLE]);
  end(&watcher);
}

static void
test_the_place_is_where_the_host_is(void)
{
  Host* const host = open_watched(URI_DUO);
  say(&watcher, TALK_HELLO);
  roll_to(&watcher, 0, 5, 512U);
  const TalkPlace* const place = &watcher.place;
  for (unsigned i = 0U; i < 40U; ++i) {
    const uint32_t n = watcher.n[TALK_PLACE];
    host_run(host, 512U);
    const TimelinePlace there =
      timeline_place(host_timeline(host), (double)host_song_frame(host));
    if (watcher.n[TALK_PLACE] > n) {
      CHECK(place->bar == there.bar && place->i_bar == there.bar % 4);
      NEAR(place->tick, there.tick, 1.5);
      NEAR(place->ticks_per_second, 1920.0, 1.0);
      NEAR(place->bpm, 120.0, 0.01);
    }
  }
  CHECK(place->now[PART_MELODY] && place->now[PART_DRUMS]);
  CHECK(place->next[PART_MELODY] && place->next[PART_DRUMS]);
  CHECK(place->now[PART_MELODY] != place->next[PART_MELODY]);
  CHECK(place->state ==
        (TALK_IS_ROLLING | TALK_IS_KNOWN | TALK_IS_ENABLED | TALK_HAS_WORKER |
         TALK_HAS_MODELS | TALK_HAS_MELODY | TALK_HAS_DRUMS));

  // What is next becomes what is now
  const int32_t next = place->next[PART_DRUMS];
  roll_to(&watcher, 5, 9, 512U);
  CHECK(place->bar >= 8 && place->now[PART_DRUMS] == next);

  // Standing, it is said when it changes, and not again
  stand(&watcher);
  CHECK(!(place->state & (int32_t)TALK_IS_ROLLING));
  CHECK(place->ticks_per_second == 0.0f);
  const uint32_t n = watcher.n[TALK_PLACE];
  host_run_for(host, 96000U, 512U);
  CHECK(watcher.n[TALK_PLACE] == n);
  host_locate_bar(host, 33, 960.0);
  say(&watcher, TALK_HERE);
  host_run_for(host, 24000U, 512U);
  CHECK(watcher.n[TALK_PLACE] > n && place->bar == 33);
  CHECK(place->now[PART_MELODY]);
  NEAR(place->tick, 960.0, 1.0);
  end(&watcher);
}

static void
test_the_lease_ends(void)
{
  Host* const host = open_watched(URI_DUO);
  say(&watcher, TALK_HELLO);
  host_play(host);
  host_run_for(host, 48000U * 20U, 480U);
  CHECK(watcher.n_all);
  NEAR((double)watcher.frame / 48000.0, TALK_LEASE_S, 0.25);
  say(&watcher, TALK_HERE);
  const uint32_t n = watcher.n_all;
  host_run_for(host, 48000U * 20U, 480U);
  CHECK(watcher.n_all > n);
  NEAR((double)watcher.frame / 48000.0, 20.0 + TALK_LEASE_S, 0.25);
  end(&watcher);
}

static void
test_hello_says_all_anew(void)
{
  Host* const host = open_watched(URI_DUO);
  say(&watcher, TALK_HELLO);
  roll_to(&watcher, 0, 8, 512U);
  stand(&watcher);
  CHECK(check_bars(&watcher, 0, 8));
  const uint32_t n_phrases = watcher.n_phrases;

  forget(&watcher);
  say(&watcher, TALK_HERE);
  host_run_for(host, 48000U, 512U);
  CHECK(!watcher.n_all);
  say(&watcher, TALK_HELLO);
  host_run_for(host, 96000U, 512U);
  CHECK(watcher.first == TALK_PLACE && watcher.n_bars == 8U);
  CHECK(watcher.n_phrases == n_phrases);
  CHECK(check_bars(&watcher, 0, 8));
  end(&watcher);
}

static void
test_a_window_that_opens_late_has_it_all(void)
{
  Host* const host = open_watched(URI_DUO);
  host_play(host);
  host_run_to_bar(host, 16, 512U);
  say(&watcher, TALK_HELLO);
  host_run(host, 512U);
  CHECK(watcher.n_all == NOTIFY_MAX_MESSAGES);
  roll_to(&watcher, 16, 18, 512U);
  CHECK(watcher.n_bars == 17U);
  stand(&watcher);
  CHECK(watcher.n_bars == 18U && check_bars(&watcher, 0, 18));
  end(&watcher);
}

static void
test_the_last_bars_are_remembered(void)
{
  Host* const host = open_watched(URI_DUO);
  host_play(host);
  host_run_to_bar(host, 100, 2048U);
  say(&watcher, TALK_HELLO);
  host_stop(host);
  host_run_for(host, 96000U, 512U);
  CHECK(watcher.n_bars == NOTIFY_N_PLAYED);
  CHECK(watcher.bars[0].count == 36 && watcher.bars[0].bar == 36);
  CHECK(check_bars(&watcher, 36, 100));

  // And so they are while nobody can be told
  forget(&watcher);
  host_set_room(host, "midi_out", 64U);
  host_locate_bar(host, 0, 0.0);
  roll_to(&watcher, 0, 70, 2048U);
  host_set_room(host, "midi_out", 4096U);
  stand(&watcher);
  CHECK(watcher.n_bars == NOTIFY_N_PLAYED && watcher.bars[0].count == 106);
  CHECK(watcher.bars[0].bar == 6);
  end(&watcher);
}

/// The room that a host gives
static void
test_little_room_is_enough(void)
{
  const uint32_t rooms[] = {1024U, 1000U, 984U};
  for (unsigned i = 0U; i < 3U; ++i) {
    Host* const host = open_watched(URI_DUO);
    CHECK(host_set_room(host, "midi_out", rooms[i]));
    say(&watcher, TALK_HELLO);
    roll_to(&watcher, 0, 8, 512U);
    stand(&watcher);
    CHECK(watcher.n_bars == 8U && check_bars(&watcher, 0, 8));
    end(&watcher);
  }
}

static void
test_no_room_is_borne(void)
{
  for (uint32_t room = 8U; room < 64U; ++room) {
    Host* const host = open_watched(URI_DUO);
    CHECK(host_set_room(host, "midi_out", room));
    say(&watcher, TALK_HELLO);
    host_play(host);
    host_run_for(host, 24000U, 512U);
    CHECK(!watcher.n_all);
    end(&watcher);
  }

  // It is all said once there is some
  Host* const host = open_watched(URI_DUO);
  CHECK(host_set_room(host, "midi_out", 64U));
  say(&watcher, TALK_HELLO);
  roll_to(&watcher, 0, 2, 512U);
  CHECK(!watcher.n_all);
  CHECK(host_set_room(host, "midi_out", 4096U));
  stand(&watcher);
  CHECK(watcher.n_bars == 2U && watcher.n_phrases >= 4U);
  end(&watcher);
}

static void
test_not_too_much_is_said(void)
{
  const uint32_t blocks[] = {1U, 64U, 8192U};
  for (unsigned i = 0U; i < 3U; ++i) {
    Host* const host = open_watched(URI_DUO);
    say(&watcher, TALK_HELLO);
    host_play(host);
    host_run_for(host, 98304U, blocks[i]);
    CHECK(watcher.most_in_run <= NOTIFY_MAX_MESSAGES);
    CHECK(watcher.n_all <= 98304U / 192U + 16U);
    CHECK(watcher.n_bars == 1U);
    stand(&watcher);
    CHECK(check_bars(&watcher, 0, 1) && watcher.n_phrases >= 4U);
    CHECK(watcher.n_all < 200U);

    // And the more so with somebody who asks all the time
    forget(&watcher);
    const uint64_t from = host_n_frames(host);
    while (host_n_frames(host) < from + 48000U) {
      say(&watcher, TALK_HELLO);
      say(&watcher, TALK_HELLO);
      host_run(host, blocks[i] < 64U ? 64U : blocks[i]);
    }
    CHECK(watcher.n_all <= 60000U / 192U + 16U);
    end(&watcher);
  }
}

static void
test_no_frames_no_words(void)
{
  Host* const host = open_watched(URI_DUO);
  host_run(host, 512U);
  say(&watcher, TALK_HELLO);
  host_run(host, 0U);
  CHECK(!watcher.n_all);
  host_run(host, 512U);
  CHECK(watcher.n_all);
  end(&watcher);
}

static void
test_a_bar_that_is_left_and_played_on_is_one(void)
{
  Host* const host = open_watched(URI_DUO);
  say(&watcher, TALK_HELLO);
  roll_to(&watcher, 0, 2, 512U);
  host_run_for(host, 60000U, 512U); // Two beats and a half
  stand(&watcher);
  CHECK(watcher.n_bars == 3U && watcher.bars[2].bar == 2);
  CHECK(watcher.bars[2].ids[PART_DRUMS]);

  // On from there
  roll_to(&watcher, 2, 4, 512U);
  stand(&watcher);
  CHECK(watcher.n_bars == 4U && watcher.bars[2].bar == 2);
  CHECK(watcher.bars[2].count == 2 && watcher.bars[3].bar == 3);
  CHECK(watcher.n[TALK_BAR] == 5U); // One of them twice

  // From its beginning it is another one; and less than a beat is none
  host_run_for(host, 1024U, 512U);
  host_play(host);
  host_run_for(host, 40000U, 512U);
  stand(&watcher);
  CHECK(watcher.n_bars == 5U && watcher.bars[4].bar == 4);
  host_locate_bar(host, 4, 0.0);
  host_play(host);
  host_run_for(host, 40000U, 512U);
  stand(&watcher);
  CHECK(watcher.n_bars == 6U && watcher.bars[5].bar == 4);
  host_locate_bar(host, 9, 0.0);
  host_play(host);
  host_run_for(host, 20000U, 512U);
  stand(&watcher);
  CHECK(watcher.n_bars == 6U);
  end(&watcher);
}

static void
test_a_loop_plays_its_bars_again(void)
{
  Host* const host = open_watched(URI_DUO);
  say(&watcher, TALK_HELLO);
  host_loop(host, HOST_LOOP_EXACT, 96000, 3 * 96000);
  host_locate_bar(host, 1, 0.0);
  host_play(host);
  for (unsigned i = 0U; i < 13U; ++i) {
    say(&watcher, TALK_HERE);
    host_run_for(host, 48000U, 512U);
  }
  stand(&watcher);
  CHECK(watcher.n_bars == 7U);
  for (uint32_t i = 0U; i < watcher.n_bars; ++i) {
    CHECK(watcher.bars[i].bar == (int32_t)(1U + i % 2U));
    CHECK(watcher.bars[i].count == (int32_t)i);
    CHECK(watcher.bars[i].ids[0] == watcher.bars[0].ids[0]);
  }
  end(&watcher);
}

static void
test_another_phrase_and_a_held_one_are_seen(void)
{
  Host* const host = open_watched(URI_DUO);
  say(&watcher, TALK_HELLO);
  roll_to(&watcher, 0, 5, 512U);
  const int32_t now = watcher.place.now[PART_MELODY];
  CHECK(host_set(host, "reroll", 1.0f));
  roll_to(&watcher, 5, 7, 512U);
  CHECK(watcher.place.now[PART_MELODY] &&
        watcher.place.now[PART_MELODY] != now);
  CHECK(find_phrase(&watcher, watcher.place.now[PART_MELODY]));

  CHECK(host_set(host, "hold", 1.0f));
  roll_to(&watcher, 7, 12, 512U);
  CHECK(watcher.place.state & (int32_t)TALK_IS_HELD);
  CHECK(watcher.place.bar >= 11 && watcher.place.i_bar == 3);
  for (unsigned i = 0U; i < N_PARTS; ++i) {
    CHECK(watcher.place.now[i] &&
          watcher.place.now[i] == watcher.place.next[i]);
  }
  end(&watcher);
}

/// Whether two hosts have heard the same bytes at the same time
static bool
is_same_midi(const Host* const a, const Host* const b)
{
  const Capture* const x = host_capture(a);
  const Capture* const y = host_capture(b);
  for (size_t i = 0U; i < x->n_events && i < y->n_events; ++i) {
    if (x->events[i].frame != y->events[i].frame ||
        memcmp(x->events[i].bytes, y->events[i].bytes, 3U) != 0) {
      return false;
    }
  }
  return x->n_events == y->n_events;
}

/// A song with all that may happen; `kind` is said in every block
static Host*
play_song(const TalkKind kind, const uint32_t room)
{
  static const uint32_t blocks[] = {64U, 1000U, 480U, 2048U};
  Host* const           host     = open_watched(URI_DUO);
  CHECK(host_set_room(host, "midi_out", room));
  host_play(host);
  for (uint32_t i = 0U; i < 3000U; ++i) {
    for (unsigned k = 0U; k < 2U && kind; ++k) {
      say(&watcher, kind);
    }
    CHECK(host_set(host, "reroll", i % 500U == 100U ? 1.0f : 0.0f));
    CHECK(host_set(host, "hold", i % 1000U > 800U ? 1.0f : 0.0f));
    CHECK(host_set(host, "melody_density", i > 2000U ? 80.0f : 50.0f));
    if (i % 700U == 600U) {
      host_locate_bar(host, (int32_t)(i / 100U), 1000.0);
    } else if (i % 900U == 450U) {
      host_stop(host);
    } else if (i % 900U == 470U) {
      host_play(host);
    }
    host_run(host, blocks[i / 100U % 4U]);
  }
  return host;
}

static void
test_no_note_depends_on_who_watches(void)
{
  const struct {
    TalkKind kind;
    uint32_t room;
  } rows[] = {{TALK_HERE, 4096U},
              {TALK_HELLO, 4096U},
              {TALK_HERE, 1024U},
              {TALK_HELLO, 64U}};
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    Host* const alone = play_song(TALK_NOTHING, rows[i].room);
    CHECK(!watcher.n_all);
    CHECK(host_capture(alone)->n_events > (rows[i].room < 100U ? 0U : 300U));
    Host* const watched = play_song(rows[i].kind, rows[i].room);
    CHECK(is_same_midi(alone, watched));
    CHECK(host_n_works(alone) == host_n_works(watched));
    CHECK(rows[i].room < 100U || watcher.n_all > 100U);
    end(&watcher);
    host_free(alone);
  }
}

static void
test_an_export_is_watched_too(void)
{
  Host* const host = open_watched(URI_DUO);
  host_set_work(host, HOST_WORK_INSIDE);
  host_set_freewheel(host, true);
  say(&watcher, TALK_HELLO);
  roll_to(&watcher, 0, 12, 8192U);
  CHECK(watcher.place.state & (int32_t)TALK_IS_EXPORTED);
  host_stop(host);
  host_run_for(host, 48000U, 512U);
  CHECK(watcher.n_bars == 12U && check_bars(&watcher, 0, 12));
  end(&watcher);
}

static void
test_the_other_plugins_have_one_part(void)
{
  const char* const uris[] = {URI_MELODY, URI_DRUMS};
  for (unsigned i = 0U; i < 2U; ++i) {
    Host* const host = open_watched(uris[i]);
    say(&watcher, TALK_HELLO);
    roll_to(&watcher, 0, 3, 512U);
    host_run_for(host, 4096U, 512U);
    const int32_t parts = TALK_HAS_MELODY | TALK_HAS_DRUMS;
    CHECK((watcher.place.state & parts) ==
          (int32_t)(i ? TALK_HAS_DRUMS : TALK_HAS_MELODY));
    CHECK(watcher.n_bars == 3U);
    CHECK(watcher.bars[0].ids[i] && !watcher.bars[0].ids[1U - i]);
    CHECK(watcher.place.now[i] && !watcher.place.now[1U - i]);
    CHECK(watcher.place.next[i] && !watcher.place.next[1U - i]);
    end(&watcher);
  }
}

static void
test_a_host_without_a_worker_is_told(void)
{
  HostSetup setup  = host_setup(bundle.path, URI_DUO);
  setup.has_worker = false;
  Host* const host = hosted_new(&setup);
  watch(&watcher, host);
  say(&watcher, TALK_HELLO);
  roll_to(&watcher, 0, 2, 512U);
  CHECK(!(watcher.states & (int32_t)TALK_HAS_WORKER));
  CHECK(!watcher.place.now[0] && !watcher.n_phrases);
  CHECK(watcher.n_bars == 2U || watcher.n_bars == 1U);
  CHECK(!watcher.bars[0].ids[0]);
  end(&watcher);
}

static void
test_off_and_free_are_seen(void)
{
  Host* const host = open_watched(URI_DUO);
  say(&watcher, TALK_HELLO);
  CHECK(host_set(host, "transport", 1.0f));
  CHECK(host_set(host, "tempo", 240.0f));
  host_run_for(host, 48000U * 4U, 512U);
  const int32_t free = TALK_IS_FREE | TALK_IS_ROLLING | TALK_IS_ENABLED;
  CHECK((watcher.place.state & free) == free);
  NEAR(watcher.place.bpm, 240.0, 0.1);
  CHECK(watcher.n_bars == 3U);
  CHECK(host_set(host, "enabled", 0.0f));
  host_run_for(host, 48000U * 2U, 512U);
  CHECK(!(watcher.place.state & (int32_t)TALK_IS_ENABLED));
  CHECK(watcher.n_bars == 3U);
  end(&watcher);
}

static void
test_trouble_is_said_and_mended(void)
{
  TinyBundle  at     = tiny_bundle(5U);
  Host* const host   = tiny_bundle_open(&at, URI_DUO);
  char        id[]   = "0123456789abcdef";
  char        none[] = "0000000000000000";
  watch(&watcher, host);
  host_run(host, 512U);
  say(&watcher, TALK_HELLO);
  host_run_for(host, 48000U, 512U);
  CHECK(!watcher.n[TALK_TROUBLE]);

  // Models that are nowhere
  hosted_restore_ids(host, id);
  host_run_for(host, 48000U, 512U);
  CHECK(watcher.n[TALK_TROUBLE] == 1U && watcher.trouble.text[0]);
  CHECK(host_has_logged(host, watcher.trouble.text));
  CHECK(watcher.states & (int32_t)TALK_HAS_MODELS);

  // It is said to who comes later
  forget(&watcher);
  say(&watcher, TALK_HELLO);
  host_run_for(host, 48000U, 512U);
  CHECK(watcher.n[TALK_TROUBLE] == 1U && watcher.trouble.text[0]);

  // Damaged ones
  const char* const clear[] = {"rm", "-rf", at.models, NULL};
  tiny_bundle_command(clear);
  id[0] = '7';
  hosted_restore_ids(host, id);
  host_run_for(host, 48000U, 512U);
  CHECK(watcher.n[TALK_TROUBLE] == 2U);
  CHECK(strstr(watcher.trouble.text, "going on with the models in use"));

  // And mended
  Trouble           trouble = {""};
  const char* const make[]  = {"mkdir", at.models, NULL};
  tiny_bundle_command(make);
  CHECK(!tiny_models_write(at.models, 6U, &trouble));
  hosted_restore_ids(host, none);
  id[0] = '8';
  hosted_restore_ids(host, id);
  host_run_for(host, 48000U, 512U);
  CHECK(watcher.n[TALK_TROUBLE] == 3U);
  end(&watcher);
  tiny_bundle_free(&at);
}

/// What is no message of ours, or is not meant for the plugin, starts nothing
static void
test_other_words_are_not_heard(void)
{
  Host* const host = open_watched(URI_DUO);
  TalkMessage message;
  uint64_t    words[TALK_MAX_BYTES / 8U];
  for (unsigned kind = TALK_PLACE; kind < N_TALK_KINDS; ++kind) {
    memset(&message, 0, sizeof(message));
    message.kind = (TalkKind)kind;
    if (kind == TALK_TROUBLE) {
      strcpy(message.as.trouble.text, "Hello");
    }
    lv2_atom_forge_set_buffer(&watcher.forge, (uint8_t*)words, sizeof(words));
    CHECK(talk_write(&watcher.urids, &watcher.forge, &message));
    CHECK(host_send_atom(host, 0U, words));
    host_run(host, 512U);
  }
  // A Hello that is broken
  const LV2_Atom_Object broken = {
    {sizeof(LV2_Atom_Object_Body) + 4U, host_map(host, LV2_ATOM__Object)},
    {0U, host_map(host, TALK_PREFIX "Hello")}};
  memset(words, 0, sizeof(words));
  memcpy(words, &broken, sizeof(broken));
  CHECK(host_send_atom(host, 0U, words));
  host_run_for(host, 4096U, 512U);
  CHECK(!watcher.n_all);

  // One with more in it than anybody needs; with less it is heard
  for (unsigned is_short = 0U; is_short < 2U; ++is_short) {
    LV2_Atom_Forge* const forge = &watcher.forge;
    LV2_Atom_Forge_Frame  frame;
    uint64_t              much[1024];
    const uint32_t        n = is_short ? 600U : 6000U;
    char                  text[6000];
    memset(text, 'x', sizeof(text));
    lv2_atom_forge_set_buffer(forge, (uint8_t*)much, sizeof(much));
    lv2_atom_forge_object(
      forge, &frame, 0U, host_map(host, TALK_PREFIX "Hello"));
    lv2_atom_forge_key(forge, host_map(host, "urn:perpetuo:test:more"));
    lv2_atom_forge_string(forge, text, n);
    lv2_atom_forge_pop(forge, &frame);
    CHECK(host_send_atom(host, 0U, much));
    host_run_for(host, 4096U, 512U);
    CHECK(!watcher.n_all == !is_short);
  }
  end(&watcher);
}

int
main(void)
{
  if (!hosted_has_bundle()) {
    SKIP_ALL("there is no bundle");
  }
  bundle = tiny_bundle(1U);
  RUN(test_nobody_is_told_anything);
  RUN(test_what_is_told_is_what_is_heard);
  RUN(test_the_place_is_where_the_host_is);
  RUN(test_the_lease_ends);
  RUN(test_hello_says_all_anew);
  RUN(test_a_window_that_opens_late_has_it_all);
  RUN(test_the_last_bars_are_remembered);
  RUN(test_little_room_is_enough);
  RUN(test_no_room_is_borne);
  RUN(test_not_too_much_is_said);
  RUN(test_no_frames_no_words);
  RUN(test_a_bar_that_is_left_and_played_on_is_one);
  RUN(test_a_loop_plays_its_bars_again);
  RUN(test_another_phrase_and_a_held_one_are_seen);
  RUN(test_no_note_depends_on_who_watches);
  RUN(test_an_export_is_watched_too);
  RUN(test_the_other_plugins_have_one_part);
  RUN(test_a_host_without_a_worker_is_told);
  RUN(test_off_and_free_are_seen);
  RUN(test_trouble_is_said_and_mended);
  RUN(test_other_words_are_not_heard);
  tiny_bundle_free(&bundle);
  CHECK_END();
}
