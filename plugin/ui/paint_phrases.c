// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_brush.h"
#include "plugin/ui/ui_panels.h"

#include "compose/song.h"
#include "music/drum_map.h"
#include "music/metre.h"
#include "plugin/ui/ui_key.h"

#include <math.h>
#include <stdio.h>

/// A drum lights up for so long, ticks
#define DRUM_LIGHT (TICKS_PER_QUARTER / 4U)

/// Fewest semitones that a melody's picture has
#define MIN_ROWS 18

/// What the rows of a melody's picture stand for
typedef struct {
  int lowest;
  int n;
} Rows;

static Rows
melody_rows(const Scene* const scene)
{
  int low  = 127;
  int high = 0;
  for (unsigned i = 0U; i < N_SHOWN; ++i) {
    const UiPhrase* const phrase = brush_phrase(scene, (Shown)i, PART_MELODY);
    for (uint32_t k = 0U; phrase && k < phrase->n_notes; ++k) {
      const int key = phrase->notes[k].key;
      low           = key < low ? key : low;
      high          = key > high ? key : high;
    }
  }
  if (low > high) {
    low = high = 66;
  }
  const int  lack = MIN_ROWS - (high - low + 5);
  const int  more = lack > 0 ? lack : 0;
  const Rows rows = {low - 2 - more / 2, high - low + 5 + more};
  return rows;
}

/// Where a note is, within the area of its phrase
static Rect
note_box(const Rect            area,
         const UiPhrase* const phrase,
         const Note* const     note,
         const double          row,
         const double          row_h)
{
  const double ticks =
    (double)phrase->head.n_bars * (double)phrase->head.bar_ticks;
  const double per  = area.w / ticks;
  const double wide = per * (double)note->length;
  const Rect   box  = {area.x + per * (double)note->tick,
                       area.y + row * row_h,
                    wide < 2.0 ? 2.0 : wide - 0.5,
                       row_h};
  return box;
}

static bool
is_black(const int key)
{
  return 0x54AU >> (unsigned)(key % 12) & 1U;
}

/// The DrumVoice of a note in the kit that is set, or else in the other
static int
voice_of(const Scene* const scene, const uint8_t key)
{
  const unsigned set = scene->model->ports[PORT_DRUM_MAP] > 0.5f ? 1U : 0U;
  for (unsigned i = 0U; i < N_DRUM_MAPS; ++i) {
    const DrumMap map = (DrumMap)((set + i) % N_DRUM_MAPS);
    for (unsigned v = 0U; v < N_DRUM_VOICES; ++v) {
      if (drum_map_key(map, (DrumVoice)v) == key) {
        return (int)v;
      }
    }
  }
  return 0;
}

/// Where a note is seen
static Rect
picture_of(const Scene* const    scene,
           const Part            part,
           const Rect            area,
           const UiPhrase* const phrase,
           const Note* const     note,
           const Rows            rows)
{
  if (part == PART_MELODY) {
    const double row_h = area.h / (double)rows.n;
    const double row   = (double)(rows.lowest + rows.n - 1 - note->key);
    Rect         box   = note_box(area, phrase, note, row, row_h);
    box.y += 0.5;
    box.h = box.h < 3.0 ? box.h : box.h - 1.0;
    return box;
  }

  const double row_h = area.h / (double)N_DRUM_VOICES;
  const double loud  = (double)note->velocity / 127.0;
  const int    voice = voice_of(scene, note->key);
  const Note   hit   = {note->tick, DRUM_LIGHT, note->key, note->velocity};
  const double row   = (double)(N_DRUM_VOICES - 1 - (unsigned)voice);
  Rect         box   = note_box(area, phrase, &hit, row, row_h);
  const double h     = (0.35 + 0.55 * loud) * row_h;
  box.w              = box.w > 9.0 ? 9.0 : box.w < 3.0 ? 3.0 : box.w - 1.0;
  box.y += row_h - h - 1.0;
  box.h = h;
  return box;
}

/// The picture of a note, and of it while it sounds
static void
draw_note(const Scene* const    scene,
          const Part            part,
          const Rect            area,
          const UiPhrase* const phrase,
          const Note* const     note,
          const Rows            rows,
          const bool            is_lit,
          Canvas* const         canvas)
{
  const double loud = (double)note->velocity / 127.0;
  const Rect   box  = picture_of(scene, part, area, phrase, note, rows);
  const Ink    shade =
    is_lit ? ink_white : brush_faded(part_inks[part], 0.35 + 0.65 * loud);
  if (part == PART_MELODY && box.h > 5.0) {
    canvas_round(canvas, box, 2.0, shade);
  } else {
    canvas_fill(canvas, box, shade);
  }
}

static void
draw_lanes(const Scene* const scene,
           const Rect         area,
           const Rows         rows,
           Canvas* const      canvas)
{
  const double h     = area.h / (double)rows.n;
  const int    tonic = (int)scene->model->ports[PORT_KEY];
  canvas_fill(canvas, area, ink_deep);
  for (int i = 0; i < rows.n; ++i) {
    const int  key  = rows.lowest + rows.n - 1 - i;
    const Rect lane = {area.x, area.y + h * (double)i, area.w, h};
    if (((key - tonic) % 12 + 12) % 12 == 0) {
      canvas_fill(canvas, lane, brush_faded(part_inks[PART_MELODY], 0.09));
    } else if (!is_black((key % 12 + 12) % 12)) {
      canvas_fill(canvas, lane, ink_lane);
    }
  }
}

static void
draw_drum_rows(const Rect area, Canvas* const canvas)
{
  const double h = area.h / (double)N_DRUM_VOICES;
  canvas_fill(canvas, area, ink_deep);
  for (unsigned i = 0U; i < N_DRUM_VOICES; i += 2U) {
    const Rect lane = {area.x, area.y + h * (double)i, area.w, h};
    canvas_fill(canvas, lane, ink_lane);
  }
}

/// Beats in a bar of a phrase, of the unit that is heard now
static uint32_t
beats_of(const UiPhrase* const phrase, const TalkPlace* const place)
{
  const int64_t ticks = phrase ? phrase->head.bar_ticks : place->bar_ticks;
  const int64_t unit  = place->unit > 0 ? place->unit : 4;
  const int64_t n =
    (ticks * unit + 2 * TICKS_PER_QUARTER) / (4 * TICKS_PER_QUARTER);
  return n < 1 ? 1U : n > 64 ? 64U : (uint32_t)n;
}

/// Lines at bars and beats
static void
draw_grid(const Rect            area,
          const UiPhrase* const phrase,
          const TalkPlace*      place,
          Canvas* const         canvas)
{
  const uint32_t n_bars  = phrase ? (uint32_t)phrase->head.n_bars : 4U;
  const uint32_t n_beats = beats_of(phrase, place);
  const double   w       = area.w / (double)(n_bars * n_beats);
  for (uint32_t i = 0U; i <= n_bars * n_beats; ++i) {
    const bool   is_bar = i % n_beats == 0U;
    const double x      = floor(area.x + w * (double)i) + 0.5;
    if (is_bar || w > 5.0) {
      canvas_line(canvas,
                  x,
                  area.y,
                  x,
                  area.y + area.h,
                  1.0,
                  is_bar ? ink_bar : ink_beat);
    }
  }
}

/// Mark the bars that have fills
static void
draw_fills(const Rect area, const UiPhrase* const phrase, Canvas* const canvas)
{
  const double w = area.w / (double)phrase->head.n_bars;
  for (int32_t i = 0; i < phrase->head.n_fills; ++i) {
    const int32_t fill = phrase->head.fills[i];
    const Rect    bar  = {area.x + w * (double)i, area.y, w, area.h};
    if (fill > (int32_t)FILL_NONE) {
      const Rect label = {bar.x, bar.y, bar.w - 4.0, 11.0};
      canvas_fill(canvas, bar, brush_faded(ink_warm, fill > 1 ? 0.13 : 0.07));
      canvas_text(canvas,
                  label,
                  ALIGN_RIGHT,
                  FONT_SMALL,
                  brush_faded(ink_warm, 0.9),
                  fill > 1 ? "big fill" : "fill");
    }
  }
}

static void
draw_head(const Scene* const scene, const Shown which, Canvas* const canvas)
{
  const Rect      box     = scene->layout->heads[which];
  const UiPhrase* phrase  = brush_phrase(scene, which, PART_MELODY);
  const bool      is_held = (unsigned)scene->model->place.state & TALK_IS_HELD;
  phrase = phrase ? phrase : brush_phrase(scene, which, PART_DRUMS);

  const char* const title = which == SHOW_NOW ? "Now" : "Next";
  char              text[BRUSH_LINE];
  if (phrase) {
    const TalkPhrase* const head = &phrase->head;
    char                    bars[48];
    char                    section[24];
    brush_section_name(head->section, section, sizeof(section));
    if (head->n_bars > 1) {
      (void)snprintf(bars,
                     sizeof(bars),
                     "bars %lld\xE2\x80\x93%lld",
                     (long long)head->bar + 1,
                     (long long)head->bar + head->n_bars);
    } else {
      (void)snprintf(bars, sizeof(bars), "bar %lld", (long long)head->bar + 1);
    }
    (void)snprintf(text,
                   sizeof(text),
                   "%s%s  \xC2\xB7  %s  \xC2\xB7  %s, energy %d %%",
                   title,
                   is_held ? " (held)" : "",
                   bars,
                   section,
                   head->energy);
  } else {
    (void)snprintf(text, sizeof(text), "%s", title);
  }
  canvas_text(canvas,
              box,
              ALIGN_LEFT,
              FONT_SMALL,
              which == SHOW_NOW ? ink_text : ink_dim,
              text);
}

static void
draw_row_names(const Scene* const scene, const Rows rows, Canvas* const canvas)
{
  const Layout* const layout = scene->layout;
  const double        x      = layout->panels[PANEL_ROLL].x + 4.0;
  const Rect          melody = layout->notes[SHOW_NOW][PART_MELODY];
  const Rect          drums  = layout->notes[SHOW_NOW][PART_DRUMS];
  const double w = melody.x > 0.0 ? melody.x - x - 5.0 : drums.x - x - 5.0;
  for (int i = 0; melody.w > 0.0 && i < rows.n; ++i) {
    const int key = rows.lowest + rows.n - 1 - i;
    if (key % 12 == 0) {
      char         text[16];
      const double h   = melody.h / (double)rows.n;
      const Rect   box = {x, melody.y + h * ((double)i + 0.5) - 6.0, w, 12.0};
      (void)snprintf(text, sizeof(text), "C%d", key / 12 - 1);
      canvas_text(canvas, box, ALIGN_RIGHT, FONT_SMALL, ink_faint, text);
    }
  }
  for (unsigned v = 0U; drums.w > 0.0 && v < N_DRUM_VOICES; ++v) {
    const double h   = drums.h / (double)N_DRUM_VOICES;
    const double row = (double)(N_DRUM_VOICES - 1U - v);
    const Rect   box = {x, drums.y + h * (row + 0.5) - 6.0, w, 12.0};
    canvas_text(canvas,
                box,
                ALIGN_RIGHT,
                FONT_SMALL,
                ink_faint,
                drum_map_name((DrumVoice)v));
  }
}

static void
draw_phrase(const Scene* const scene,
            const Shown        which,
            const Part         part,
            const Rows         rows,
            Canvas* const      canvas)
{
  const Rect            area   = scene->layout->notes[which][part];
  const UiPhrase* const phrase = brush_phrase(scene, which, part);
  if (area.w <= 0.0) {
    return;
  }

  canvas_clip(canvas, area);
  if (part == PART_MELODY) {
    draw_lanes(scene, area, rows, canvas);
  } else {
    draw_drum_rows(area, canvas);
  }
  draw_grid(area, phrase, &scene->model->place, canvas);
  if (phrase) {
    if (part == PART_DRUMS) {
      draw_fills(area, phrase, canvas);
    }
    for (uint32_t i = 0U; i < phrase->n_notes; ++i) {
      draw_note(
        scene, part, area, phrase, &phrase->notes[i], rows, false, canvas);
    }
  }
  if (which == SHOW_NEXT) {
    canvas_fill(canvas, area, brush_faded(ink_panel, 0.35));
  }
  canvas_unclip(canvas);
}

void
paint_roll(const Scene* const scene, const int64_t now_us, Canvas* const canvas)
{
  const Layout* const layout = scene->layout;
  const Rows          rows   = melody_rows(scene);
  brush_panel(scene, PANEL_ROLL, canvas);
  draw_row_names(scene, rows, canvas);
  for (unsigned i = 0U; i < N_SHOWN; ++i) {
    draw_head(scene, (Shown)i, canvas);
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      draw_phrase(scene, (Shown)i, (Part)part, rows, canvas);
    }
  }

  // Where there is nothing to be seen, it says why
  const char* const words   = ui_model_words(scene->model, now_us);
  const bool        has_any = brush_phrase(scene, SHOW_NOW, PART_MELODY) ||
                       brush_phrase(scene, SHOW_NOW, PART_DRUMS);
  if (words[0] && !has_any) {
    const bool has_melody = layout->parts & 1U << PART_MELODY;
    const Part part       = has_melody ? PART_MELODY : PART_DRUMS;
    const Rect now        = layout->notes[SHOW_NOW][part];
    const Rect next       = layout->notes[SHOW_NEXT][part];
    const Rect line       = {now.x, now.y, next.x + next.w - now.x, now.h};
    canvas_text(canvas, line, ALIGN_CENTRE, FONT_NORMAL, ink_warm, words);
  }
}

/// Ticks into the phrase that sounds
static double
phrase_tick(const Scene* const scene, const int64_t now_us)
{
  const TalkPlace* const place = &scene->model->place;
  return (double)place->i_bar * (double)place->bar_ticks +
         ui_model_tick(scene->model, now_us);
}

static bool
is_rolling(const Scene* const scene)
{
  return (unsigned)scene->model->place.state & TALK_IS_ROLLING;
}

static bool
is_sounding(const Part part, const Note* const note, const double tick)
{
  const double length =
    part == PART_DRUMS ? (double)DRUM_LIGHT : (double)note->length;
  return tick >= (double)note->tick && tick < (double)note->tick + length;
}

/// Where the playhead is, points; below 0 when it is not shown
static double
playhead(const Scene* const scene, const int64_t now_us)
{
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    const Rect            area   = scene->layout->notes[SHOW_NOW][part];
    const UiPhrase* const phrase = brush_phrase(scene, SHOW_NOW, (Part)part);
    if (phrase && area.w > 0.0) {
      const double ticks =
        (double)phrase->head.n_bars * (double)phrase->head.bar_ticks;
      const double share = phrase_tick(scene, now_us) / ticks;
      return area.x + area.w * (share > 1.0 ? 1.0 : share);
    }
  }
  return -1.0;
}

uint64_t
paint_moving_key(const Scene* const scene, const int64_t now_us)
{
  const double tick = phrase_tick(scene, now_us);
  const double x    = playhead(scene, now_us);
  uint64_t     key  = key_add(KEY_BEGIN, (uint64_t)(int64_t)floor(2.0 * x));
  for (unsigned part = 0U; is_rolling(scene) && part < N_PARTS; ++part) {
    const UiPhrase* const phrase = brush_phrase(scene, SHOW_NOW, (Part)part);
    for (uint32_t i = 0U; phrase && i < phrase->n_notes; ++i) {
      if (is_sounding((Part)part, &phrase->notes[i], tick)) {
        key = key_add(key, (uint64_t)i << 8U | part);
      }
    }
  }
  return key;
}

Rect
paint_moving_box(const Scene* const scene, const int64_t now_us)
{
  const Rows   rows = melody_rows(scene);
  const double tick = phrase_tick(scene, now_us);
  const double x    = playhead(scene, now_us);
  Rect         box  = {0.0, 0.0, 0.0, 0.0};
  if (x < 0.0) {
    return box;
  }
  double left  = x;
  double right = x;
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    const Rect            area   = scene->layout->notes[SHOW_NOW][part];
    const UiPhrase* const phrase = brush_phrase(scene, SHOW_NOW, (Part)part);
    for (uint32_t i = 0U; area.w > 0.0 && phrase && i < phrase->n_notes; ++i) {
      const Note* const note = &phrase->notes[i];
      if (is_rolling(scene) && is_sounding((Part)part, note, tick)) {
        const Rect lit =
          picture_of(scene, (Part)part, area, phrase, note, rows);
        left  = fmin(left, lit.x);
        right = fmax(right, lit.x + lit.w);
      }
    }
    if (area.w > 0.0) {
      box.y = box.h > 0.0 ? box.y : area.y;
      box.h = area.y + area.h - box.y;
    }
  }
  box.x = left - 2.0; // Lines and corners are wider than their places
  box.w = right - left + 4.0;
  return box;
}

void
paint_moving(const Scene* const scene,
             const int64_t      now_us,
             Canvas* const      canvas)
{
  const Rows   rows = melody_rows(scene);
  const double tick = phrase_tick(scene, now_us);
  const double x    = playhead(scene, now_us);
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    const Rect            area   = scene->layout->notes[SHOW_NOW][part];
    const UiPhrase* const phrase = brush_phrase(scene, SHOW_NOW, (Part)part);
    if (area.w <= 0.0 || x < 0.0) {
      continue;
    }
    canvas_clip(canvas, area);
    for (uint32_t i = 0U; phrase && is_rolling(scene) && i < phrase->n_notes;
         ++i) {
      if (is_sounding((Part)part, &phrase->notes[i], tick)) {
        draw_note(scene,
                  (Part)part,
                  area,
                  phrase,
                  &phrase->notes[i],
                  rows,
                  true,
                  canvas);
      }
    }
    canvas_line(canvas,
                x,
                area.y,
                x,
                area.y + area.h,
                1.5,
                is_rolling(scene) ? ink_accent : ink_dim);
    canvas_unclip(canvas);
  }
}
