// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/check.h"

#include "compose/song.h"
#include "music/phrase.h"

#include <stdbool.h>
#include <string.h>

static Mix
mix_of(const Form form, const uint8_t variation)
{
  Mix mix;
  mix_init(&mix);
  mix.form      = (uint8_t)form;
  mix.variation = variation;
  return mix;
}

static void
test_the_middle_is_what_a_style_does(void)
{
  // Acid loops, people who play funk hardly repeat themselves
  uint32_t n[N_STYLES] = {0U};
  for (unsigned style = 0U; style < N_STYLES; ++style) {
    Mix mix = mix_of(FORM_STEADY, 50U);
    memset(mix.style, 0, sizeof(mix.style));
    mix.style[style] = 100U;
    for (int64_t bar = 0; bar < 4096; bar += 4) {
      n[style] += song_treatment(&mix, PART_DRUMS, bar, 4U, 0U) == TREAT_REPEAT;
    }

    // The ends of the knob are the same for all
    mix.variation = 0U;
    CHECK(song_treatment(&mix, PART_DRUMS, 36, 4U, 0U) == TREAT_REPEAT);
    mix.variation = 100U;
    CHECK(song_treatment(&mix, PART_DRUMS, 36, 4U, 0U) == TREAT_ANSWER);

    // As many return as did where the style was measured: (1 - v)^2, and one
    // phrase of each section is its first
    const StyleRow* const row = style_row((Style)style);
    if (row->has_part[PART_DRUMS]) {
      const double still = 1.0 - row->variation[PART_DRUMS] / 100.0;
      NEAR(n[style] / 1024.0, 1.0 / 8.0 + 7.0 / 8.0 * still * still, 0.05);
    }
  }
  CHECK(n[STYLE_ACID] > 2U * n[STYLE_FUNK]);
}

static void
test_sections_fill_the_bars(void)
{
  for (unsigned form = 0U; form < N_FORMS; ++form) {
    const Mix mix    = mix_of((Form)form, 35U);
    int64_t   number = song_section(&mix, -1).number;
    for (int64_t bar = 0; bar < 640;) {
      const Section section = song_section(&mix, bar);
      CHECK(section.first_bar == bar);
      CHECK(section.number == number + 1);
      CHECK(section.n_bars && section.n_bars % 8U == 0U);
      for (uint32_t i = 0U; i < section.n_bars; ++i) {
        const Section same = song_section(&mix, bar + i);
        CHECK(same.number == section.number);
        CHECK(same.theme == section.theme);
        CHECK(same.energy <= 100U);
      }
      number = section.number;
      bar += section.n_bars;
    }
  }
}

static void
test_bars_below_zero_and_far_away(void)
{
  const Mix mix = mix_of(FORM_CLUB, 35U);
  CHECK(song_section(&mix, -1).first_bar == -8);
  CHECK(song_section(&mix, -1).kind == SECTION_DROP);
  CHECK(song_section(&mix, -64).kind == SECTION_OUTRO);
  CHECK(song_section(&mix, 0).kind == SECTION_INTRO);
  CHECK(song_section(&mix, 64).kind == SECTION_OUTRO);

  const int64_t far[] = {(int64_t)INT32_MAX * 8, (int64_t)INT32_MIN * 8};
  for (int i = 0; i < 2; ++i) {
    const Section section = song_section(&mix, far[i]);
    CHECK(section.first_bar <= far[i]);
    CHECK(section.first_bar + (int64_t)section.n_bars > far[i]);
  }
}

static void
test_energy_has_its_shape(void)
{
  const Mix steady = mix_of(FORM_STEADY, 35U);
  const Mix club   = mix_of(FORM_CLUB, 35U);
  const Mix waves  = mix_of(FORM_WAVES, 35U);
  uint32_t  least  = 100U;
  uint32_t  most   = 0U;
  for (int64_t bar = 0; bar < 64; ++bar) {
    CHECK(song_section(&steady, bar).energy == steady.energy);
    CHECK(song_section(&waves, bar).energy ==
          song_section(&waves, bar + 32).energy);
    const uint32_t energy = song_section(&club, bar).energy;
    least                 = energy < least ? energy : least;
    most                  = energy > most ? energy : most;
  }
  CHECK(least + 50U <= most);
  CHECK(song_section(&club, 24).energy > song_section(&club, 8).energy);
  CHECK(song_section(&club, 20).energy > song_section(&club, 16).energy);
  CHECK(song_section(&waves, 12).energy > song_section(&waves, 0).energy);
  CHECK(!strcmp(song_section_name(song_section(&club, 30).kind), "drop"));
}

static void
test_a_theme_has_one_energy(void)
{
  for (unsigned form = 0U; form < N_FORMS; ++form) {
    const Mix mix = mix_of((Form)form, 35U);
    for (int64_t a = 0; a < 128; a += 4) {
      for (int64_t b = 0; b < 128; b += 4) {
        const Section one = song_section(&mix, a);
        const Section two = song_section(&mix, b);
        CHECK(one.theme != two.theme || one.theme_energy == two.theme_energy);
      }
    }
  }
}

static void
test_themes_return(void)
{
  const Mix loop = mix_of(FORM_CLUB, 0U);
  CHECK(song_section(&loop, 24).theme == song_section(&loop, 56).theme);
  CHECK(song_section(&loop, 24).theme == song_section(&loop, 64000024).theme);
  CHECK(song_section(&loop, 24).theme != song_section(&loop, 8).theme);

  const Mix some = mix_of(FORM_CLUB, 35U);
  CHECK(song_section(&some, 24).theme == song_section(&some, 56).theme);
  CHECK(song_section(&some, 24).theme != song_section(&some, 64024).theme);

  const Mix never = mix_of(FORM_CLUB, 100U);
  CHECK(song_section(&never, 24).theme != song_section(&never, 56).theme);
}

/// How many of the bars have a fill of that size
static uint32_t
count_fills(const Mix* const mix, const Fill fill)
{
  uint32_t n = 0U;
  for (int64_t bar = -512; bar < 512; ++bar) {
    n += song_fill(mix, bar) == fill ? 1U : 0U;
  }
  return n;
}

static void
test_fills_stand_at_turns(void)
{
  Mix mix  = mix_of(FORM_CLUB, 35U);
  mix.fill = 0U;
  CHECK(count_fills(&mix, FILL_NONE) == 1024U);

  mix.fill = 100U;
  CHECK(count_fills(&mix, FILL_BIG) == 256U);
  CHECK(count_fills(&mix, FILL_SMALL) == 0U);

  mix.fill             = 50U;
  const uint32_t big   = count_fills(&mix, FILL_BIG);
  const uint32_t small = count_fills(&mix, FILL_SMALL);
  CHECK(big > 64U && small > 8U && big + small < 192U);
  for (int64_t bar = -512; bar < 512; ++bar) {
    CHECK(song_fill(&mix, bar) == FILL_NONE || (bar + 512) % 4 == 3);
    const Section section = song_section(&mix, bar);
    CHECK(bar + 1 != section.first_bar + (int64_t)section.n_bars ||
          song_fill(&mix, bar) == FILL_BIG);
  }
}

/// Phrases of four bars that are treated so, of 512
static uint32_t
count_treatments(const Mix* const mix, const Treatment treatment)
{
  uint32_t n = 0U;
  for (int64_t bar = -1024; bar < 1024; bar += 4) {
    n += song_treatment(mix, PART_MELODY, bar, 4U, 0U) == treatment ? 1U : 0U;
  }
  return n;
}

static void
test_variation_runs_from_loop_to_never_twice(void)
{
  const Mix loop  = mix_of(FORM_CLUB, 0U);
  const Mix some  = mix_of(FORM_STEADY, 35U);
  const Mix more  = mix_of(FORM_STEADY, 70U);
  const Mix never = mix_of(FORM_STEADY, 100U);
  CHECK(count_treatments(&loop, TREAT_REPEAT) == 512U);
  CHECK(count_treatments(&some, TREAT_REPEAT) >
        count_treatments(&more, TREAT_REPEAT));
  CHECK(count_treatments(&some, TREAT_ANSWER) <
        count_treatments(&more, TREAT_ANSWER));
  CHECK(count_treatments(&some, TREAT_VARY) > 100U);

  // Once in 32 bars the theme is stated
  CHECK(count_treatments(&never, TREAT_REPEAT) == 64U);
  CHECK(count_treatments(&never, TREAT_ANSWER) == 448U);
}

static void
test_a_reroll_is_no_repeat(void)
{
  for (unsigned variation = 0U; variation <= 100U; variation += 25U) {
    const Mix mix = mix_of(FORM_CLUB, (uint8_t)variation);
    for (int64_t bar = 0; bar < 64; bar += 4) {
      CHECK(song_treatment(&mix, PART_DRUMS, bar, 4U, 1U) != TREAT_REPEAT);
    }
  }
}

static void
test_mode_follows_scale_and_styles(void)
{
  Mix      mix   = mix_of(FORM_CLUB, 35U);
  uint32_t minor = 0U;
  for (uint32_t seed = 0U; seed < 1000U; ++seed) {
    mix.seed = seed;
    minor += song_mode(&mix) < 0 ? 1U : 0U;
  }
  NEAR(minor, 10.0 * style_row(STYLE_HOUSE)->minor, 60.0);

  mix.scale = 1U;
  CHECK(song_mode(&mix) == 1);
  mix.scale = 2U;
  CHECK(song_mode(&mix) == -1);
}

static void
test_strange_mixes_have_a_plan(void)
{
  Mix mix;
  memset(&mix, 0xFF, sizeof(mix));
  for (int64_t bar = -100; bar < 100; ++bar) {
    const Section section = song_section(&mix, bar);
    CHECK(section.energy <= 100U && section.theme_energy <= 100U);
    CHECK(song_fill(&mix, bar) < N_FILLS);
    CHECK(song_treatment(&mix, PART_DRUMS, bar, 3U, 65535U) < N_TREATMENTS);
  }
}

static void
test_chords_go_round(void)
{
  for (uint32_t n_bars = 1U; n_bars <= 8U; n_bars *= 2U) {
    const Mix      mix    = mix_of(FORM_CLUB, 100U);
    const uint32_t n_loop = 2U * (n_bars < 4U ? n_bars : 4U);
    for (int64_t bar = -64; bar < 192; bar += 8) {
      const Section section = song_section(&mix, bar);
      const Section next    = song_section(&mix, bar + 8);
      Chord         whole[9];
      Chord         other[9];
      Chord         chords[PHRASE_MAX_BARS * CHORDS_PER_BAR + 1U];
      memset(chords, 0xFF, sizeof(chords));
      song_chords(&mix, &section, &section, 4U, whole);
      song_chords(&mix, &next, &next, 4U, other);
      song_chords(&mix, &section, &next, n_bars, chords);
      for (uint32_t i = 0U; i < 2U * n_bars; ++i) {
        CHECK(chords[i] && chords[i] < N_CHORDS);
        CHECK(chords[i] == whole[i % n_loop]);
      }

      // A theme leads to its own beginning, the last phrase of a section on
      CHECK(whole[8] == whole[0]);
      CHECK(chords[2U * n_bars] == other[0]);
      CHECK(n_bars == 8U || chords[2U * n_bars + 1U] == 0xFFU);
    }
  }
}

static void
test_drops_share_the_chords_of_what_leads_to_them(void)
{
  uint32_t n_other = 0U;
  for (uint32_t seed = 0U; seed < 40U; ++seed) {
    Mix mix  = mix_of(FORM_CLUB, 35U);
    mix.seed = seed;
    Chord   build[9];
    Chord   drop[9];
    Chord   rest[9];
    Section section = song_section(&mix, 16);
    CHECK(section.kind == SECTION_BUILD);
    song_chords(&mix, &section, &section, 4U, build);
    section = song_section(&mix, 24);
    CHECK(section.kind == SECTION_DROP);
    song_chords(&mix, &section, &section, 4U, drop);
    section = song_section(&mix, 40);
    CHECK(section.kind == SECTION_BREAK);
    song_chords(&mix, &section, &section, 4U, rest);
    CHECK(!memcmp(build, drop, sizeof(drop)));
    n_other += memcmp(rest, drop, sizeof(drop)) ? 1U : 0U;
  }
  CHECK(n_other > 30U);
}

static uint32_t
count_bridges(const Mix* const mix)
{
  uint32_t n = 0U;
  for (int64_t bar = 0; bar < 640; bar += 4) {
    const Section section = song_section(mix, bar);
    if (song_is_bridge(mix, bar, 4U)) {
      CHECK(bar + 4 == section.first_bar + (int64_t)section.n_bars);
      CHECK(section.kind != SECTION_BUILD);
      CHECK(song_treatment(mix, PART_MELODY, bar, 4U, 0U) == TREAT_ANSWER);
      ++n;
    }
  }
  return n;
}

static void
test_classical_mixes_have_bridges(void)
{
  Mix mix = mix_of(FORM_CLUB, 35U);
  memset(mix.style, 0, sizeof(mix.style));
  mix.style[STYLE_HOUSE] = 80U;
  CHECK(!count_bridges(&mix));
  mix.style[STYLE_BAROQUE] = 5U;
  const uint32_t few       = count_bridges(&mix);
  mix.style[STYLE_BAROQUE] = 80U;
  const uint32_t many      = count_bridges(&mix);
  CHECK(few < many);
  CHECK(many > 30U); // Each of ten rounds has some sections that may end so
  mix.variation = 0U;
  CHECK(!count_bridges(&mix)); // What loops, loops

  const Mix bridge = song_bridge_mix(&mix);
  CHECK(bridge.style[STYLE_BAROQUE] == 100U);
  CHECK(bridge.style[STYLE_HOUSE] == 25U);
  CHECK(!bridge.style[STYLE_TRANCE]);
}

static void
test_characters_are_about_normal(void)
{
  int     sum[2]     = {0, 0};
  int64_t squares[2] = {0, 0};
  for (uint32_t seed = 0U; seed < 2000U; ++seed) {
    Mix mix                   = mix_of(FORM_CLUB, 35U);
    mix.seed                  = seed;
    const Section   section   = song_section(&mix, 0);
    const Character character = song_character(&mix, PART_MELODY, &section);
    const Character again     = song_character(&mix, PART_MELODY, &section);
    const int       value[2]  = {character.density, character.range};
    CHECK(character.density == again.density && character.range == again.range);
    for (int i = 0; i < 2; ++i) {
      CHECK(value[i] >= -482 && value[i] <= 482);
      sum[i] += value[i];
      squares[i] += value[i] * value[i];
    }
  }
  for (int i = 0; i < 2; ++i) {
    CHECK(sum[i] / 2000 > -8 && sum[i] / 2000 < 8);
    CHECK(squares[i] / 2000 > 90 * 90 && squares[i] / 2000 < 110 * 110);
  }
}

static void
test_a_song_keeps_its_register_more_than_its_density(void)
{
  int64_t away[2] = {0, 0};
  for (uint32_t seed = 0U; seed < 500U; ++seed) {
    Mix mix                 = mix_of(FORM_CLUB, 35U);
    mix.seed                = seed;
    const Section   drop    = song_section(&mix, 24);
    const Section   rest    = song_section(&mix, 40);
    const Character a       = song_character(&mix, PART_MELODY, &drop);
    const Character b       = song_character(&mix, PART_MELODY, &rest);
    const int       apart[] = {a.density - b.density, a.range - b.range};
    for (int i = 0; i < 2; ++i) {
      away[i] += apart[i] * apart[i];
    }
  }
  CHECK(away[0] > 2 * 500 * 60 * 60);
  CHECK(away[1] > 0 && away[1] < away[0] * 3 / 4);
}

int
main(void)
{
  RUN(test_the_middle_is_what_a_style_does);
  RUN(test_sections_fill_the_bars);
  RUN(test_bars_below_zero_and_far_away);
  RUN(test_energy_has_its_shape);
  RUN(test_a_theme_has_one_energy);
  RUN(test_themes_return);
  RUN(test_fills_stand_at_turns);
  RUN(test_variation_runs_from_loop_to_never_twice);
  RUN(test_a_reroll_is_no_repeat);
  RUN(test_mode_follows_scale_and_styles);
  RUN(test_strange_mixes_have_a_plan);
  RUN(test_characters_are_about_normal);
  RUN(test_a_song_keeps_its_register_more_than_its_density);
  RUN(test_chords_go_round);
  RUN(test_drops_share_the_chords_of_what_leads_to_them);
  RUN(test_classical_mixes_have_bridges);
  CHECK_END();
}
