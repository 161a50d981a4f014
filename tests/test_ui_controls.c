// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_controls.h"

#include "tests/check.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static void
test_every_port_for_people_has_a_control(void)
{
  for (unsigned i = PORT_SET_FIRST; i <= PORT_SET_LAST; ++i) {
    const Control* const control = control_at((PortIndex)i);
    if (i == PORT_FREEWHEEL) { // Hosts set it
      CHECK(control->kind == CONTROL_NONE);
      continue;
    }
    CHECK(control->kind != CONTROL_NONE);
    CHECK(control_name((PortIndex)i)[0] && control->tip[0]);
    CHECK(strlen(control->tip) > 20U);
  }
  CHECK(control_at(PORT_CONTROL)->kind == CONTROL_NONE);
  CHECK(control_at(PORT_SCORE)->kind == CONTROL_NONE);
  CHECK(control_at(N_PORTS)->kind == CONTROL_NONE);
}

static void
says(const PortIndex port, const float value, const char* const words)
{
  char text[64];
  control_text(port, value, text, sizeof(text));
  if (strcmp(text, words) != 0) {
    fprintf(
      stderr, "%s is \"%s\", not \"%s\"\n", port_at(port).symbol, text, words);
    CHECK(false);
  }
}

static void
test_values_in_words(void)
{
  says(PORT_ENERGY, 60.0f, "60 %");
  says(PORT_KEY, 6.0f, "F#");
  says(PORT_SCALE, 0.0f, "As written");
  says(PORT_SCALE, 10.0f, "Blues");
  says(PORT_FORM, 1.0f, "Club");
  says(PORT_PHRASE_BARS, 1.0f, "1 bar");
  says(PORT_PHRASE_BARS, 8.0f, "8 bars");
  says(PORT_DRUM_MAP, 1.0f, "Rows from C1");
  says(PORT_TRANSPORT, 1.0f, "Free");
  says(PORT_TEMPO, 120.5f, "120.5 bpm");
  says(PORT_SEED, 65535.0f, "65535");
  says(PORT_ENERGY, 1e9f, "100 %");
  says(PORT_ENERGY, -5.0f, "0 %");
}

static void
test_what_is_typed(void)
{
  float value = -1.0f;
  CHECK(control_parse(PORT_ENERGY, "42", &value) && value == 42.0f);
  CHECK(control_parse(PORT_ENERGY, " 42 %", &value) && value == 42.0f);
  CHECK(control_parse(PORT_TEMPO, "93.25 bpm", &value) && value == 93.3f);
  CHECK(control_parse(PORT_SEED, "65535", &value) && value == 65535.0f);
  // With either, whatever the host's language is
  CHECK(control_parse(PORT_TEMPO, "93,25 bpm", &value) && value == 93.3f);
  CHECK(control_parse(PORT_TEMPO, "120,5", &value) && value == 120.5f);
  CHECK(control_parse(PORT_TEMPO, "120.", &value) && value == 120.0f);
  value = 7.0f;
  CHECK(!control_parse(PORT_ENERGY, "", &value));
  CHECK(!control_parse(PORT_ENERGY, "loud", &value));
  CHECK(!control_parse(PORT_ENERGY, "101", &value));
  CHECK(!control_parse(PORT_ENERGY, "-1", &value));
  CHECK(!control_parse(PORT_ENERGY, "4 bpm", &value));
  CHECK(!control_parse(PORT_ENERGY, "nan", &value));
  CHECK(!control_parse(PORT_ENERGY, "0x10", &value));
  CHECK(!control_parse(PORT_ENERGY, ".", &value));
  CHECK(!control_parse(PORT_ENERGY, "  ", &value));
  CHECK(!control_parse(PORT_ENERGY, "1e1", &value));
  CHECK(!control_parse(PORT_TEMPO, "1.2.3", &value));
  CHECK(value == 7.0f);
}

static void
test_steps_reach_every_value_and_stay_in_range(void)
{
  for (unsigned i = PORT_SET_FIRST; i <= PORT_TEMPO; ++i) {
    const PortIndex port  = (PortIndex)i;
    const Port      range = port_at(port);
    float           value = range.minimum;
    unsigned        n     = 0U;
    while (value < range.maximum && n < 100000U) {
      const float next = control_step(port, value, 1, true);
      CHECK(next > value && next <= range.maximum);
      value = next;
      ++n;
    }
    CHECK(value == range.maximum);
    CHECK(control_step(port, value, 5, false) == range.maximum);
    CHECK(control_step(port, range.minimum, -5, false) == range.minimum);
    CHECK(control_round(port, (double)range.standard) == range.standard);
  }
  CHECK(control_step(PORT_PHRASE_BARS, 4.0f, 1, false) == 8.0f);
  CHECK(control_step(PORT_PHRASE_BARS, 4.0f, -1, false) == 2.0f);
  CHECK(control_round(PORT_PHRASE_BARS, 5.0) == 4.0f);
}

int
main(void)
{
  RUN(test_every_port_for_people_has_a_control);
  RUN(test_values_in_words);
  RUN(test_what_is_typed);
  RUN(test_steps_reach_every_value_and_stay_in_range);
  CHECK_END();
}
