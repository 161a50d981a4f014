// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/piano_roll.h"

#include "music/drum_map.h"

#include <cairo.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#define FONT "DejaVu Sans"

#define WIDTH 2400.0
#define LEFT 128.0
#define RIGHT 40.0
#define TOP 132.0
#define BOTTOM 64.0
#define MAX_ROW_BARS 16U

#define BAND 34.0     ///< Height of the sections' band
#define STRIP 28.0    ///< Height of the phrases' strip
#define NUMBERS 20.0  ///< Height of the bar numbers
#define VOICE 15.0    ///< Height of a drum lane
#define GAP 10.0      ///< Between melody and drums
#define BETWEEN 40.0  ///< Between rows
#define MIN_LANES 18U ///< Fewest semitones that are shown
#define MAX_MELODY 230.0

typedef struct {
  double r, g, b;
} Colour;

static const Colour night    = {0.055, 0.063, 0.090};
static const Colour panel    = {0.086, 0.098, 0.137};
static const Colour dark_key = {0.071, 0.080, 0.114};
static const Colour lit_key  = {0.118, 0.137, 0.196};
static const Colour beat_ink = {0.145, 0.165, 0.227};
static const Colour bar_ink  = {0.255, 0.286, 0.380};
static const Colour text_ink = {0.930, 0.945, 0.975};
static const Colour soft_ink = {0.560, 0.608, 0.714};
static const Colour good     = {0.290, 0.870, 0.600};
static const Colour poor     = {0.985, 0.690, 0.330};

static const Colour voices[N_DRUM_VOICES] = {
  [DRUM_KICK]       = {1.000, 0.420, 0.420},
  [DRUM_SNARE]      = {1.000, 0.760, 0.330},
  [DRUM_CLAP]       = {1.000, 0.610, 0.350},
  [DRUM_HAT_CLOSED] = {0.380, 0.800, 0.960},
  [DRUM_HAT_OPEN]   = {0.420, 0.920, 0.860},
  [DRUM_TOM_LOW]    = {0.830, 0.520, 0.930},
  [DRUM_TOM_HIGH]   = {0.900, 0.600, 0.850},
  [DRUM_CRASH]      = {0.960, 0.960, 0.700},
  [DRUM_RIDE]       = {0.660, 0.720, 1.000},
};

/// The picture while it is drawn
typedef struct {
  const Roll* roll;
  cairo_t*    cr;
  uint32_t    row_bars; ///< Bars in a row
  uint32_t    n_rows;
  uint32_t    low_key; ///< Lowest melody key shown
  uint32_t    n_lanes; ///< Semitones shown
  double      lane;    ///< Height of a semitone
  double      bar_width;
  double      row_height; ///< Without the gap below
} Page;

// Small strokes ---------------------------------------------------------------

static void
ink(cairo_t* const cr, const Colour colour, const double alpha)
{
  cairo_set_source_rgba(cr, colour.r, colour.g, colour.b, alpha);
}

static Colour
between(const Colour a, const Colour b, const double share)
{
  const Colour c = {a.r + share * (b.r - a.r),
                    a.g + share * (b.g - a.g),
                    a.b + share * (b.b - a.b)};
  return c;
}

static void
fill_box(cairo_t* const cr,
         const double   x,
         const double   y,
         const double   width,
         const double   height)
{
  cairo_rectangle(cr, x, y, width, height);
  cairo_fill(cr);
}

/// A box with round corners, as a path
static void
round_box(cairo_t* const cr,
          const double   x,
          const double   y,
          const double   width,
          const double   height,
          const double   wanted)
{
  const double quarter = 1.5707963267948966;
  const double r       = fmin(wanted, fmin(width, height) / 2.0);
  cairo_new_sub_path(cr);
  cairo_arc(cr, x + width - r, y + r, r, -quarter, 0.0);
  cairo_arc(cr, x + width - r, y + height - r, r, 0.0, quarter);
  cairo_arc(cr, x + r, y + height - r, r, quarter, 2.0 * quarter);
  cairo_arc(cr, x + r, y + r, r, 2.0 * quarter, 3.0 * quarter);
  cairo_close_path(cr);
}

static void
line(cairo_t* const cr,
     const double   x1,
     const double   y1,
     const double   x2,
     const double   y2,
     const double   width)
{
  cairo_set_line_width(cr, width);
  cairo_move_to(cr, x1, y1);
  cairo_line_to(cr, x2, y2);
  cairo_stroke(cr);
}

static void
font(cairo_t* const cr, const double size, const bool is_bold)
{
  cairo_select_font_face(cr,
                         FONT,
                         CAIRO_FONT_SLANT_NORMAL,
                         is_bold ? CAIRO_FONT_WEIGHT_BOLD
                                 : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(cr, size);
}

static double
text_width(cairo_t* const cr, const char* const text)
{
  cairo_text_extents_t extents;
  cairo_text_extents(cr, text, &extents);
  return extents.x_advance;
}

static void
say(cairo_t* const cr, const double x, const double y, const char* const text)
{
  cairo_move_to(cr, x, y);
  cairo_show_text(cr, text);
}

/// Text that ends at `x`
static void
say_left_of(cairo_t* const    cr,
            const double      x,
            const double      y,
            const char* const text)
{
  say(cr, x - text_width(cr, text), y, text);
}

// The page --------------------------------------------------------------------

/// The keys that the melody uses, with air above and below
static void
measure_melody(Page* const page)
{
  const Roll* const roll = page->roll;
  uint32_t          low  = 127U;
  uint32_t          high = 0U;
  for (size_t i = 0U; i < roll->n_melody; ++i) {
    const uint32_t key = roll->melody[i].row;
    low                = key < low ? key : low;
    high               = key > high ? key : high;
  }
  if (low > high) {
    low  = 60U;
    high = 72U;
  }
  low  = low > 2U ? low - 2U : 0U;
  high = high < 125U ? high + 2U : 127U;
  while (high - low + 1U < MIN_LANES) {
    low -= low > 0U;
    high += high < 127U;
  }
  page->low_key = low;
  page->n_lanes = high - low + 1U;
  page->lane    = fmin(9.0, MAX_MELODY / page->n_lanes);
}

static Page
make_page(const Roll* const roll)
{
  Page page;
  memset(&page, 0, sizeof(page));
  page.roll      = roll;
  page.row_bars  = roll->n_bars < MAX_ROW_BARS ? roll->n_bars : MAX_ROW_BARS;
  page.n_rows    = (roll->n_bars + page.row_bars - 1U) / page.row_bars;
  page.bar_width = (WIDTH - LEFT - RIGHT) / page.row_bars;
  measure_melody(&page);
  page.row_height = BAND + STRIP + page.n_lanes * page.lane + GAP +
                    N_DRUM_VOICES * VOICE + NUMBERS;
  return page;
}

static double
page_height(const Page* const page)
{
  return TOP + page->n_rows * (page->row_height + BETWEEN) - BETWEEN + BOTTOM;
}

/// The row of a bar, and where that row begins
static double
row_top(const Page* const page, const uint32_t i_row)
{
  return TOP + i_row * (page->row_height + BETWEEN);
}

static double
melody_top(const Page* const page, const uint32_t i_row)
{
  return row_top(page, i_row) + BAND + STRIP;
}

static double
drums_top(const Page* const page, const uint32_t i_row)
{
  return melody_top(page, i_row) + page->n_lanes * page->lane + GAP;
}

/// Bars in a row; the last one may be shorter
static uint32_t
bars_in_row(const Page* const page, const uint32_t i_row)
{
  const uint32_t left = page->roll->n_bars - i_row * page->row_bars;
  return left < page->row_bars ? left : page->row_bars;
}

// Lanes -----------------------------------------------------------------------

static bool
is_black(const uint32_t key)
{
  return (1U << (key % 12U)) & 0x54AU;
}

static void
draw_melody_lanes(const Page* const page, const uint32_t i_row)
{
  static const char* const names[12] = {
    "C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"};
  cairo_t* const cr    = page->cr;
  const double   top   = melody_top(page, i_row);
  const double   width = bars_in_row(page, i_row) * page->bar_width;

  for (uint32_t i = 0U; i < page->n_lanes; ++i) {
    const uint32_t key      = page->low_key + page->n_lanes - 1U - i;
    const double   y        = top + i * page->lane;
    const bool     is_tonic = key % 12U == page->roll->tonic;
    ink(cr, is_tonic ? lit_key : is_black(key) ? dark_key : panel, 1.0);
    fill_box(cr, LEFT, y, width, page->lane + 0.5);

    // A small keyboard at the left, and the tonic's names
    ink(cr, is_black(key) ? night : text_ink, is_black(key) ? 1.0 : 0.82);
    fill_box(cr, LEFT - 22.0, y, 18.0, page->lane - 0.6);
    if (is_tonic || key % 12U == (page->roll->tonic + 7U) % 12U) {
      char name[16];
      snprintf(
        name, sizeof(name), "%s%d", names[key % 12U], (int)(key / 12U) - 1);
      font(cr, 12.0, is_tonic);
      ink(cr, is_tonic ? text_ink : soft_ink, 1.0);
      say_left_of(cr, LEFT - 30.0, y + page->lane / 2.0 + 4.5, name);
    }
  }
}

static void
draw_drum_lanes(const Page* const page, const uint32_t i_row)
{
  cairo_t* const cr    = page->cr;
  const double   top   = drums_top(page, i_row);
  const double   width = bars_in_row(page, i_row) * page->bar_width;

  for (unsigned i = 0U; i < N_DRUM_VOICES; ++i) {
    const unsigned voice = N_DRUM_VOICES - 1U - i;
    const double   y     = top + i * VOICE;
    ink(cr, i % 2U ? dark_key : panel, 1.0);
    fill_box(cr, LEFT, y, width, VOICE);
    font(cr, 11.0, false);
    ink(cr, voices[voice], 0.95);
    say_left_of(
      cr, LEFT - 8.0, y + VOICE - 4.0, drum_map_name((DrumVoice)voice));
  }
}

static void
draw_bar_lines(const Page* const page, const uint32_t i_row)
{
  cairo_t* const cr     = page->cr;
  const uint32_t n_bars = bars_in_row(page, i_row);
  const double   top    = melody_top(page, i_row);
  const double   bottom = drums_top(page, i_row) + N_DRUM_VOICES * VOICE;

  for (uint32_t bar = 0U; bar <= n_bars; ++bar) {
    const double x = LEFT + bar * page->bar_width;
    for (uint32_t beat = 1U; bar < n_bars && beat < page->roll->n_beats;
         ++beat) {
      const double at = x + beat * page->bar_width / page->roll->n_beats;
      ink(cr, beat_ink, 1.0);
      line(cr, at, top, at, bottom, 1.0);
    }
    ink(cr, bar_ink, 1.0);
    line(cr, x, top, x, bottom, bar % 4U ? 1.0 : 2.0);
    if (bar < n_bars) {
      char number[16];
      snprintf(number, sizeof(number), "%u", i_row * page->row_bars + bar + 1U);
      font(cr, 12.0, bar % 4U == 0U);
      ink(cr, bar % 4U ? soft_ink : text_ink, bar % 4U ? 0.8 : 0.95);
      say(cr, x + 4.0, bottom + NUMBERS - 4.0, number);
    }
  }
}

// Bands -----------------------------------------------------------------------

/// The part of `bar` .. `bar + n` that stands in a row, as x and width
static bool
span_in_row(const Page* const page,
            const uint32_t    i_row,
            const uint32_t    bar,
            const uint32_t    n,
            double* const     x,
            double* const     width)
{
  const uint32_t first = i_row * page->row_bars;
  const uint32_t last  = first + bars_in_row(page, i_row);
  const uint32_t begin = bar > first ? bar : first;
  const uint32_t end   = bar + n < last ? bar + n : last;
  if (begin >= end) {
    return false;
  }
  *x     = LEFT + (begin - first) * page->bar_width;
  *width = (end - begin) * page->bar_width;
  return true;
}

static Colour
energy_colour(const double energy)
{
  static const Colour calm  = {0.220, 0.360, 0.720};
  static const Colour warm  = {0.620, 0.290, 0.760};
  static const Colour fiery = {0.960, 0.310, 0.420};
  return energy < 0.5 ? between(calm, warm, energy * 2.0)
                      : between(warm, fiery, energy * 2.0 - 1.0);
}

static void
draw_sections(const Page* const page, const uint32_t i_row)
{
  cairo_t* const cr = page->cr;
  const double   y  = row_top(page, i_row);
  for (size_t i = 0U; i < page->roll->n_sections; ++i) {
    const RollSection* const section = &page->roll->sections[i];
    double                   x       = 0.0;
    double                   width   = 0.0;
    if (!span_in_row(page, i_row, section->bar, section->n_bars, &x, &width)) {
      continue;
    }
    const double energy = section->energy / 100.0;
    const double height = (BAND - 8.0) * fmax(0.08, energy);

    ink(cr, panel, 1.0);
    fill_box(cr, x + 1.0, y, width - 2.0, BAND - 8.0);
    cairo_pattern_t* const shade =
      cairo_pattern_create_linear(0.0, y, 0.0, y + BAND - 8.0);
    const Colour c = energy_colour(energy);
    cairo_pattern_add_color_stop_rgba(shade, 0.0, c.r, c.g, c.b, 0.85);
    cairo_pattern_add_color_stop_rgba(shade, 1.0, c.r, c.g, c.b, 0.45);
    cairo_set_source(cr, shade);
    fill_box(cr, x + 1.0, y + BAND - 8.0 - height, width - 2.0, height);
    cairo_pattern_destroy(shade);

    char text[64];
    snprintf(text, sizeof(text), "energy %u", section->energy);
    cairo_save(cr);
    cairo_rectangle(cr, x, y, width, BAND);
    cairo_clip(cr);
    font(cr, 15.0, true);
    ink(cr, text_ink, 1.0);
    say(cr, x + 10.0, y + 18.5, section->name);
    const double used = text_width(cr, section->name) + 24.0;
    font(cr, 12.0, false);
    ink(cr, text_ink, 0.75);
    say(cr, x + used, y + 18.0, text);
    cairo_restore(cr);
  }
}

static void
draw_phrases(const Page* const page, const uint32_t i_row)
{
  static const double dashes[] = {3.0, 4.0};
  cairo_t* const      cr       = page->cr;
  const double        y        = row_top(page, i_row) + BAND;
  const double        bottom   = drums_top(page, i_row) + N_DRUM_VOICES * VOICE;

  for (size_t i = 0U; i < page->roll->n_phrases; ++i) {
    const RollPhrase* const phrase = &page->roll->phrases[i];
    double                  x      = 0.0;
    double                  width  = 0.0;
    if (!span_in_row(page, i_row, phrase->bar, phrase->n_bars, &x, &width)) {
      continue;
    }
    const Colour c = phrase->is_passed ? good : poor;
    font(cr, 12.0, false);
    const bool        fits = text_width(cr, phrase->text) < width - 30.0;
    const char* const text = fits ? phrase->text : phrase->brief;

    ink(cr, c, 0.13);
    round_box(cr, x + 2.0, y, width - 4.0, STRIP - 8.0, 5.0);
    cairo_fill(cr);
    ink(cr, c, 1.0);
    cairo_arc(cr, x + 13.0, y + (STRIP - 8.0) / 2.0, 3.6, 0.0, 6.2831853);
    cairo_fill(cr);
    ink(cr, between(c, text_ink, 0.45), 1.0);
    say(cr, x + 23.0, y + 14.5, text);

    ink(cr, c, 0.55);
    cairo_save(cr);
    cairo_set_dash(cr, dashes, 2, 0.0);
    line(cr, x, y, x, bottom, 1.4);
    cairo_restore(cr);
  }
}

// Notes -----------------------------------------------------------------------

static Colour
pitch_colour(const double height)
{
  static const Colour low  = {0.250, 0.780, 0.930};
  static const Colour mid  = {0.560, 0.600, 1.000};
  static const Colour high = {0.980, 0.480, 0.820};
  return height < 0.5 ? between(low, mid, height * 2.0)
                      : between(mid, high, height * 2.0 - 1.0);
}

static void
draw_melody_note(const Page* const     page,
                 const RollNote* const note,
                 const uint32_t        i_row)
{
  cairo_t* const cr = page->cr;
  const double   x =
    LEFT + (note->bar - i_row * page->row_bars) * page->bar_width;
  const double end = LEFT + bars_in_row(page, i_row) * page->bar_width;
  const double width =
    fmin(end - x, fmax(4.0, note->n_bars * page->bar_width - 1.5));
  const uint32_t lane = page->low_key + page->n_lanes - 1U - note->row;
  const double   y    = melody_top(page, i_row) + lane * page->lane;
  const double   share =
    (double)(note->row - page->low_key) / (double)page->n_lanes;
  const Colour c     = pitch_colour(share);
  const double force = 0.55 + 0.45 * note->velocity / 127.0;

  ink(cr, c, 0.16);
  round_box(cr, x - 2.0, y - 2.0, width + 4.0, page->lane + 4.0, 4.0);
  cairo_fill(cr);
  ink(cr, c, force);
  round_box(cr, x, y + 0.4, width, page->lane - 0.8, 2.5);
  cairo_fill(cr);
  ink(cr, text_ink, 0.65 * force);
  fill_box(cr, x, y + 1.2, 2.0, page->lane - 2.4);
}

static void
draw_drum_note(const Page* const     page,
               const RollNote* const note,
               const uint32_t        i_row)
{
  cairo_t* const cr = page->cr;
  const double   x =
    LEFT + (note->bar - i_row * page->row_bars) * page->bar_width;
  const double y =
    drums_top(page, i_row) + (N_DRUM_VOICES - 1U - note->row) * VOICE;
  const double force  = note->velocity / 127.0;
  const double height = (VOICE - 3.0) * (0.45 + 0.55 * force);
  const double width  = fmax(4.0, page->bar_width / 16.0 * 0.58);

  ink(cr, voices[note->row], 0.45 + 0.55 * force);
  round_box(cr, x + 0.5, y + (VOICE - height) / 2.0, width, height, 2.5);
  cairo_fill(cr);
}

static void
draw_notes(const Page* const page)
{
  const Roll* const roll = page->roll;
  for (size_t i = 0U; i < roll->n_melody; ++i) {
    const RollNote* const note = &roll->melody[i];
    if (note->bar >= 0.0 && note->bar < roll->n_bars) {
      draw_melody_note(page, note, (uint32_t)note->bar / page->row_bars);
    }
  }
  for (size_t i = 0U; i < roll->n_drums; ++i) {
    const RollNote* const note = &roll->drums[i];
    if (note->bar >= 0.0 && note->bar < roll->n_bars &&
        note->row < N_DRUM_VOICES) {
      draw_drum_note(page, note, (uint32_t)note->bar / page->row_bars);
    }
  }
}

static void
draw_title(const Page* const page)
{
  cairo_t* const cr = page->cr;
  font(cr, 38.0, true);
  ink(cr, text_ink, 1.0);
  say(cr, LEFT, 62.0, page->roll->title);
  font(cr, 18.0, false);
  ink(cr, soft_ink, 1.0);
  say(cr, LEFT, 96.0, page->roll->subtitle);

  // What the marks mean, at the right
  static const struct {
    const char* text;
    Colour      colour;
  } marks[] = {{"below the gate", {0.985, 0.690, 0.330}},
               {"passed the gate", {0.290, 0.870, 0.600}}};
  double x  = WIDTH - RIGHT;
  font(cr, 14.0, false);
  for (size_t i = 0U; i < sizeof(marks) / sizeof(marks[0]); ++i) {
    x -= text_width(cr, marks[i].text);
    ink(cr, soft_ink, 1.0);
    say(cr, x, 96.0, marks[i].text);
    ink(cr, marks[i].colour, 1.0);
    cairo_arc(cr, x - 12.0, 91.0, 4.5, 0.0, 6.2831853);
    cairo_fill(cr);
    x -= 44.0;
  }
}

static void
draw_page(const Page* const page)
{
  ink(page->cr, night, 1.0);
  cairo_paint(page->cr);
  draw_title(page);
  for (uint32_t i = 0U; i < page->n_rows; ++i) {
    draw_sections(page, i);
    draw_melody_lanes(page, i);
    draw_drum_lanes(page, i);
    draw_bar_lines(page, i);
    draw_phrases(page, i);
  }
  draw_notes(page);
}

Status
piano_roll_draw(const Roll* const roll,
                const char* const path,
                Trouble* const    trouble)
{
  if (!roll->n_bars || roll->n_bars > 1024U) {
    return trouble_say(trouble,
                       STATUS_BAD_ARG,
                       "A picture shows 1 to 1024 bars, not %u.",
                       roll->n_bars);
  }
  Page                   page = make_page(roll);
  cairo_surface_t* const surface =
    cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                               (int)(WIDTH * roll->scale),
                               (int)(page_height(&page) * roll->scale));
  page.cr = cairo_create(surface);
  cairo_scale(page.cr, roll->scale, roll->scale);
  draw_page(&page);

  const cairo_status_t drawn = cairo_status(page.cr);
  const cairo_status_t st =
    drawn ? drawn : cairo_surface_write_to_png(surface, path);
  cairo_destroy(page.cr);
  cairo_surface_destroy(surface);
  if (st == CAIRO_STATUS_NO_MEMORY) {
    return trouble_say(trouble, STATUS_NO_MEM, "Memory is out.");
  }
  return st ? trouble_say(trouble,
                          STATUS_NO_WRITE,
                          "The picture %s was not written: %s.",
                          path,
                          cairo_status_to_string(st))
            : STATUS_SUCCESS;
}
