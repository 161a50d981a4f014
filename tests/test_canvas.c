// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/canvas.h"

#include "tests/check.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define WIDTH 200U
#define HEIGHT 40U

static const Ink white = {0xFFFFFFU, 1.0f};
static const Ink red   = {0xFF0000U, 1.0f};

static const Rect line = {0.0, 10.0, 200.0, 20.0};

static uint32_t
pixel(Canvas* const canvas, const uint32_t x, const uint32_t y)
{
  uint32_t             stride = 0U;
  uint32_t             found  = 0U;
  const uint8_t* const pixels = canvas_pixels(canvas, &stride);
  memcpy(&found, pixels + (size_t)stride * y + 4U * x, sizeof(found));
  return found & 0xFFFFFFU;
}

/// Pixels that are not black
static unsigned
count_lit(Canvas* const canvas)
{
  unsigned n = 0U;
  for (uint32_t y = 0U; y < canvas_height(canvas); ++y) {
    for (uint32_t x = 0U; x < canvas_width(canvas); ++x) {
      n += pixel(canvas, x, y) ? 1U : 0U;
    }
  }
  return n;
}

static void
test_a_box_is_of_whole_pixels(void)
{
  Canvas* const canvas = canvas_new(WIDTH, HEIGHT, 1.0);
  const Rect    box    = {10.4, 10.4, 4.0, 4.0};
  canvas_fill(canvas, box, white);
  CHECK(count_lit(canvas) == 16U);
  CHECK(pixel(canvas, 10U, 10U) == 0xFFFFFFU);
  CHECK(pixel(canvas, 13U, 13U) == 0xFFFFFFU);
  canvas_free(canvas);
}

static void
test_a_clip_holds(void)
{
  Canvas* const canvas = canvas_new(WIDTH, HEIGHT, 2.0);
  const Rect    all    = {0.0, 0.0, 100.0, 20.0};
  const Rect    part   = {5.0, 5.0, 10.0, 3.0};
  canvas_clip(canvas, part);
  canvas_fill(canvas, all, red);
  canvas_unclip(canvas);
  CHECK(count_lit(canvas) == 20U * 6U);
  canvas_fill(canvas, all, red);
  CHECK(count_lit(canvas) == WIDTH * HEIGHT);
  canvas_free(canvas);
}

static void
test_a_copy_is_of_one_part(void)
{
  Canvas* const from = canvas_new(WIDTH, HEIGHT, 1.0);
  Canvas* const to   = canvas_new(WIDTH, HEIGHT, 1.0);
  const Rect    all  = {0.0, 0.0, 200.0, 40.0};
  const Rect    part = {20.0, 10.0, 30.0, 5.0};
  canvas_fill(from, all, white);
  canvas_copy(to, from, part);
  CHECK(count_lit(to) == 150U);
  CHECK(pixel(to, 20U, 10U) && !pixel(to, 19U, 10U) && !pixel(to, 50U, 10U));
  canvas_free(from);
  canvas_free(to);
}

static void
test_text_stays_in_its_box(void)
{
  Canvas* const canvas = canvas_new(WIDTH, HEIGHT, 1.0);
  const Rect    narrow = {50.0, 10.0, 60.0, 20.0};
  char          text[4096];
  memset(text, 'm', sizeof(text) - 1U);
  text[sizeof(text) - 1U] = '\0';
  canvas_text(canvas, narrow, ALIGN_LEFT, FONT_NORMAL, white, text);
  CHECK(count_lit(canvas) > 50U);
  for (uint32_t y = 0U; y < HEIGHT; ++y) {
    for (uint32_t x = 0U; x < WIDTH; ++x) {
      CHECK(!pixel(canvas, x, y) || (x >= 49U && x <= 111U));
    }
  }
  const Rect none = {0.0, 0.0, 0.0, 0.0};
  canvas_text(canvas, none, ALIGN_CENTRE, FONT_LARGE, white, "never seen");
  canvas_free(canvas);
}

static void
test_what_is_no_utf8_spoils_nothing(void)
{
  static const char* const texts[] = {
    "\xFF",                 // No head of a letter
    "a\xE4z",               // Latin-1
    "cut \xE2\x80",         // Within a letter
    "\xC0\xAF",             // Longer than it needs to be
    "\xED\xA0\x80",         // Half of a pair
    "\xF4\x90\x80\x80",     // Past the last one
    "\xF8\x88\x80\x80\x80", // As it was once
    "\x80\x80",
  };
  for (unsigned i = 0U; i < sizeof(texts) / sizeof(texts[0]); ++i) {
    Canvas* const canvas = canvas_new(WIDTH, HEIGHT, 1.0);
    CHECK(canvas_text_width(canvas, FONT_NORMAL, texts[i]) > 0.0);
    canvas_text(canvas, line, ALIGN_LEFT, FONT_NORMAL, white, texts[i]);
    CHECK(count_lit(canvas) > 3U); // At least a question mark
    const Rect box = {100.0, 0.0, 10.0, 10.0};
    canvas_fill(canvas, box, red);
    CHECK(pixel(canvas, 105U, 5U) == 0xFF0000U);
    canvas_free(canvas);
  }
}

static void
test_letters_of_all_lengths_are_drawn(void)
{
  static const char* const texts[] = {
    "a", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9D\x84\x9E"};
  for (unsigned i = 0U; i < 4U; ++i) {
    Canvas* const canvas = canvas_new(WIDTH, HEIGHT, 1.0);
    const double  mark   = canvas_text_width(canvas, FONT_NORMAL, "?");
    const double  one    = canvas_text_width(canvas, FONT_NORMAL, texts[i]);
    char          twice[16];
    snprintf(twice, sizeof(twice), "%s%s", texts[i], texts[i]);
    NEAR(canvas_text_width(canvas, FONT_NORMAL, twice), 2.0 * one, 0.1);
    CHECK(one > 0.0 && one < 4.0 * mark); // One sign, and not one for each byte
    canvas_free(canvas);
  }
}

static void
test_nothing_and_too_much(void)
{
  canvas_free(NULL);
  CHECK(!canvas_new(1000000U, 1000000U, 1.0)); // cairo has a limit
  Canvas* const canvas = canvas_new(1U, 1U, 4.0);
  CHECK(canvas && canvas_width(canvas) == 1U && canvas_height(canvas) == 1U);
  canvas_text(canvas, line, ALIGN_RIGHT, FONT_SMALL, white, "x");
  canvas_free(canvas);
}

int
main(void)
{
  RUN(test_a_box_is_of_whole_pixels);
  RUN(test_a_clip_holds);
  RUN(test_a_copy_is_of_one_part);
  RUN(test_text_stays_in_its_box);
  RUN(test_what_is_no_utf8_spoils_nothing);
  RUN(test_letters_of_all_lengths_are_drawn);
  RUN(test_nothing_and_too_much);
  CHECK_END();
}
