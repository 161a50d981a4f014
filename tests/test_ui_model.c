// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_model.h"

#include "tests/check.h"
#include "tests/ui_scene.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define SECOND 1000000
#define BOTH 3U

static UiModel model;

static void
begin(void)
{
  ui_model_clear(&model);
  CHECK(ui_model_init(&model));
}

static void
hear_place(const TalkPlace place, const int64_t now_us)
{
  TalkMessage message;
  memset(&message, 0, sizeof(message));
  message.kind     = TALK_PLACE;
  message.as.place = place;
  ui_model_hear(&model, &message, now_us);
}

static void
hear_bar(const int32_t count, const int32_t bar)
{
  TalkMessage message;
  memset(&message, 0, sizeof(message));
  message.kind         = TALK_BAR;
  message.as.bar.count = count;
  message.as.bar.bar   = bar;
  ui_model_hear(&model, &message, SECOND);
}

static void
hear_notes(const int32_t id, const int32_t first, const int32_t n)
{
  TalkMessage message;
  memset(&message, 0, sizeof(message));
  message.kind           = TALK_NOTES;
  message.as.notes.id    = id;
  message.as.notes.first = first;
  message.as.notes.n     = n;
  for (int32_t i = 0; i < n; ++i) {
    message.as.notes.words[3 * i]     = 10 * (first + i);
    message.as.notes.words[3 * i + 1] = 5;
    message.as.notes.words[3 * i + 2] = 60 | 100 << 8;
  }
  ui_model_hear(&model, &message, SECOND);
}

static void
hear_head(const int32_t id, const int32_t n_notes)
{
  TalkMessage message;
  memset(&message, 0, sizeof(message));
  message.kind                = TALK_PHRASE;
  message.as.phrase.id        = id;
  message.as.phrase.n_bars    = 4;
  message.as.phrase.bar_ticks = 3840;
  message.as.phrase.n_notes   = n_notes;
  ui_model_hear(&model, &message, SECOND);
}

static void
test_ports_begin_at_their_defaults(void)
{
  begin();
  Mix mix, standard;
  ui_model_mix(&model, &mix);
  mix_init(&standard);
  CHECK(mix_is_equal(&mix, &standard));

  ui_model_set_port(&model, PORT_ENERGY, 80.0f);
  ui_model_mix(&model, &mix);
  CHECK(mix.energy == 80U);
  ui_model_set_port(&model, PORT_ENERGY, NAN);
  CHECK(model.ports[PORT_ENERGY] == port_at(PORT_ENERGY).standard);
  ui_model_set_port(&model, PORT_ENERGY, INFINITY);
  CHECK(model.ports[PORT_ENERGY] == 100.0f);
  ui_model_set_port(&model, PORT_ENERGY, -1e30f);
  CHECK(model.ports[PORT_ENERGY] == 0.0f);
  ui_model_set_port(&model, N_PORTS, 1.0f); // Of a later version
}

static void
test_a_phrase_is_there_once_it_is_whole(void)
{
  begin();
  hear_head(7, 40);
  CHECK(!ui_model_phrase(&model, 7));
  hear_notes(7, 0, 32);
  CHECK(!ui_model_phrase(&model, 7));
  hear_notes(7, 32, 8);
  const UiPhrase* const phrase = ui_model_phrase(&model, 7);
  CHECK(phrase && phrase->n_notes == 40U);
  CHECK(phrase && phrase->notes[39].tick == 390U &&
        phrase->notes[39].key == 60U && phrase->notes[39].velocity == 100U);
  CHECK(!ui_model_phrase(&model, 0) && !ui_model_phrase(&model, 8));

  hear_head(9, 0);
  CHECK(ui_model_phrase(&model, 9)); // Silence is whole at once
}

static void
test_lost_and_repeated_messages_spoil_nothing(void)
{
  begin();
  hear_notes(7, 0, 32); // Of no phrase
  hear_head(7, 40);
  hear_notes(7, 32, 8); // The first ones were lost
  CHECK(!ui_model_phrase(&model, 7));
  hear_notes(7, 0, 32);
  hear_notes(7, 0, 32); // Twice
  CHECK(!ui_model_phrase(&model, 7));
  hear_notes(7, 32, 32); // More than there are
  CHECK(!ui_model_phrase(&model, 7));
  hear_notes(7, 32, 8);
  CHECK(ui_model_phrase(&model, 7));

  hear_head(7, 40); // Again, for another window
  CHECK(ui_model_phrase(&model, 7));
  hear_notes(7, 0, 32);
  CHECK(ui_model_phrase(&model, 7));
  hear_head(7, 41); // That is another one
  CHECK(!ui_model_phrase(&model, 7));
}

static void
test_what_is_shown_is_never_given_up(void)
{
  begin();
  ui_scene_fill(&model, BOTH);
  for (int32_t id = 100; id < 100 + 3 * (int32_t)UI_N_PHRASES; ++id) {
    hear_head(id, 0);
  }
  CHECK(ui_model_phrase(&model, 1) && ui_model_phrase(&model, 2) &&
        ui_model_phrase(&model, 11) && ui_model_phrase(&model, 12));
  CHECK(ui_model_phrase(&model, 99 + 3 * (int32_t)UI_N_PHRASES));
  CHECK(!ui_model_phrase(&model, 100));
}

static void
test_bars_are_sorted_and_the_last_ones_stay(void)
{
  begin();
  hear_bar(5, 15);
  hear_bar(3, 13);
  hear_bar(4, 14);
  CHECK(model.n_played == 3U);
  CHECK(model.played[0].bar == 13 && model.played[1].bar == 14 &&
        model.played[2].bar == 15);
  hear_bar(4, 99); // It was played on from where it was left
  CHECK(model.n_played == 3U && model.played[1].bar == 99);

  for (int32_t i = 6; i < 700; ++i) {
    hear_bar(i, 10 + i);
  }
  CHECK(model.n_played == UI_N_PLAYED);
  CHECK(model.played[UI_N_PLAYED - 1U].count == 699);
  CHECK(model.played[0].count == 700 - (int32_t)UI_N_PLAYED);
  for (uint32_t i = 1U; i < model.n_played; ++i) {
    CHECK(model.played[i].count == model.played[i - 1U].count + 1);
  }
  hear_bar(0, 0); // The instance began anew
  CHECK(model.n_played == 1U && !model.played[0].count);
}

static void
test_hello_is_said_first_and_then_that_we_are_here(void)
{
  begin();
  CHECK(ui_model_say(&model, SECOND) == TALK_HELLO);
  ui_scene_fill(&model, BOTH);
  unsigned n_here = 0U;
  for (int64_t t = 0; t < 10 * SECOND; t += SECOND / 50) {
    const TalkKind kind = ui_model_say(&model, SECOND + t);
    CHECK(kind != TALK_HELLO);
    n_here += kind == TALK_HERE ? 1U : 0U;
  }
  CHECK(n_here == 6U);
}

static void
test_hello_is_said_again_when_something_was_lost(void)
{
  begin();
  CHECK(ui_model_say(&model, SECOND) == TALK_HELLO);
  ui_scene_fill(&model, BOTH);
  TalkPlace place         = ui_scene_place(BOTH);
  place.next[PART_MELODY] = 77; // Of which nothing came
  hear_place(place, 2 * SECOND);
  unsigned n_hello = 0U;
  for (int64_t t = 2 * SECOND; t < 12 * SECOND; t += SECOND / 50) {
    n_hello += ui_model_say(&model, t) == TALK_HELLO ? 1U : 0U;
  }
  CHECK(n_hello >= 2U && n_hello <= 4U);
}

static void
test_the_playhead_goes_on_between_messages(void)
{
  begin();
  ui_scene_fill(&model, BOTH);
  NEAR(ui_model_tick(&model, SECOND), 1700.0, 1e-3);
  NEAR(ui_model_tick(&model, SECOND + SECOND / 2), 2724.0, 1e-3);
  NEAR(ui_model_tick(&model, SECOND + 3 * SECOND / 2), 3840.0, 1e-3);

  TalkPlace place        = ui_scene_place(BOTH);
  place.ticks_per_second = 0.0f;
  place.state &= ~(int32_t)TALK_IS_ROLLING;
  hear_place(place, SECOND);
  NEAR(ui_model_tick(&model, 100 * SECOND), 1700.0, 1e-3);
}

/// What it says in a state
static const char*
words_in(const unsigned on, const unsigned off)
{
  TalkPlace place = ui_scene_place(BOTH);
  place.state     = (int32_t)(((unsigned)place.state | on) & ~off);
  hear_place(place, SECOND);
  return ui_model_words(&model, SECOND);
}

static void
test_waiting_is_said_in_words(void)
{
  begin();
  CHECK(strstr(ui_model_words(&model, SECOND), "Nothing heard"));
  CHECK(!strcmp(words_in(0U, 0U), ""));
  CHECK(strstr(words_in(0U, TALK_IS_ROLLING), "Stopped"));
  CHECK(strstr(words_in(0U, TALK_IS_ROLLING | TALK_IS_KNOWN), "No transport"));
  CHECK(strstr(words_in(0U, TALK_HAS_MODELS), "models are missing"));
  CHECK(strstr(words_in(0U, TALK_HAS_WORKER), "no worker"));
  CHECK(strstr(words_in(0U, TALK_IS_ENABLED), "Switched off"));
  CHECK(strstr(words_in(TALK_IS_LOADING, 0U), "Loading"));

  TalkPlace place       = ui_scene_place(BOTH);
  place.now[PART_DRUMS] = 0;
  hear_place(place, SECOND);
  CHECK(strstr(ui_model_words(&model, SECOND), "late"));
  place = ui_scene_place(1U); // Melody alone misses no drums
  hear_place(place, SECOND);
  CHECK(!strcmp(ui_model_words(&model, SECOND), ""));
  CHECK(strstr(ui_model_words(&model, 9 * SECOND), "stopped running"));

  TalkMessage message;
  memset(&message, 0, sizeof(message));
  message.kind = TALK_TROUBLE;
  strcpy(message.as.trouble.text, "The model x is damaged");
  ui_model_hear(&model, &message, SECOND);
  CHECK(!strcmp(words_in(0U, TALK_HAS_MODELS), "The model x is damaged"));
  message.as.trouble.text[0] = '\0';
  ui_model_hear(&model, &message, SECOND);
  CHECK(!strcmp(words_in(0U, 0U), ""));
}

int
main(void)
{
  RUN(test_ports_begin_at_their_defaults);
  RUN(test_a_phrase_is_there_once_it_is_whole);
  RUN(test_lost_and_repeated_messages_spoil_nothing);
  RUN(test_what_is_shown_is_never_given_up);
  RUN(test_bars_are_sorted_and_the_last_ones_stay);
  RUN(test_hello_is_said_first_and_then_that_we_are_here);
  RUN(test_hello_is_said_again_when_something_was_lost);
  RUN(test_the_playhead_goes_on_between_messages);
  RUN(test_waiting_is_said_in_words);
  ui_model_clear(&model);
  CHECK_END();
}
