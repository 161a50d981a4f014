// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_brush.h"
#include "plugin/ui/ui_panels.h"

#include "compose/song.h"

#include <stdio.h>

static const Ink section_inks[N_SECTION_KINDS] = {
  [SECTION_INTRO] = {0x5D7FA8U, 1.0f},
  [SECTION_VERSE] = {0x4FA39BU, 1.0f},
  [SECTION_BUILD] = {0xC9A227U, 1.0f},
  [SECTION_DROP]  = {0xD8616BU, 1.0f},
  [SECTION_BREAK] = {0x7E6CC4U, 1.0f},
  [SECTION_OUTRO] = {0x667085U, 1.0f},
};

void
paint_song(const Scene* const scene, Canvas* const canvas)
{
  const Rect    panel   = scene->layout->panels[PANEL_SONG];
  const double  w       = (panel.w - 12.0) / (double)SONG_ROUND_BARS;
  const double  floor_y = panel.y + panel.h - 3.0;
  const double  high    = panel.h - 18.0;
  const int32_t bar     = scene->model->place.bar;
  const int32_t into =
    (bar % SONG_ROUND_BARS + SONG_ROUND_BARS) % SONG_ROUND_BARS;
  Mix mix;

  ui_model_mix(scene->model, &mix);
  brush_panel(scene, PANEL_SONG, canvas);
  for (int32_t i = 0; i < SONG_ROUND_BARS; ++i) {
    const int64_t number  = (int64_t)bar - into + i;
    const Section section = song_section(&mix, number);
    const double  x       = panel.x + 6.0 + w * (double)i;
    const double  h       = high * (0.12 + 0.0088 * (double)section.energy);
    const Ink     ink     = section_inks[section.kind];
    const bool    is_here = scene->model->has_place && i == into;
    const Rect    column  = {x, floor_y - h, w - 1.0, h};

    canvas_fill(canvas, column, brush_faded(ink, is_here ? 1.0 : 0.55));
    if (is_here) {
      const Rect whole = {x, floor_y - high, w - 1.0, high};
      canvas_fill(canvas, whole, brush_faded(ink_white, 0.28));
    }
    if (song_fill(&mix, number) != FILL_NONE) {
      canvas_disc(canvas, x + 0.5 * w - 0.5, floor_y - h - 2.5, 1.5, ink_warm);
    }
    if (number == section.first_bar || i == 0) {
      char name[24];
      char text[BRUSH_LINE];
      brush_section_name((int32_t)section.kind, name, sizeof(name));
      (void)snprintf(
        text, sizeof(text), "%s %lld", name, (long long)number + 1);
      const Rect label = {x, panel.y + 1.0, w * 8.0, 13.0};
      canvas_text(canvas,
                  label,
                  ALIGN_LEFT,
                  FONT_SMALL,
                  is_here ? ink_text : ink_dim,
                  text);
    }
  }
}
