// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_brush.h"
#include "plugin/ui/ui_panels.h"

#include <stdio.h>

static double
score_y(const Rect scores, const double score)
{
  return scores.y + scores.h * (1.0 - score);
}

static void
draw_cross(const double x, const double y, const Ink ink, Canvas* const canvas)
{
  canvas_line(canvas, x - 2.0, y - 2.0, x + 2.0, y + 2.0, 1.2, ink);
  canvas_line(canvas, x - 2.0, y + 2.0, x + 2.0, y - 2.0, 1.2, ink);
}

/// The candidates of a phrase, and which one is played
static void
draw_verdict(const Scene* const    scene,
             const UiPhrase* const phrase,
             const Part            part,
             const double          x,
             const double          w,
             Canvas* const         canvas)
{
  const TalkPhrase* const head = &phrase->head;
  const Rect              area = scene->layout->scores;
  const double            gate = (double)scene->model->ports[PORT_GATE] / 100.0;
  for (int32_t i = 0; i < head->n_scores; ++i) {
    const int32_t given = head->scores[i];
    const double  px =
      x + 4.0 + (w - 8.0) * ((double)i + 0.5) / (double)head->n_scores;
    if (given < 0) {
      draw_cross(px,
                 area.y + area.h - 4.0,
                 given == SCORE_QUOTE ? ink_quote : ink_faint,
                 canvas);
    } else {
      const double score = (double)given / 1000.0;
      const bool   is_in = score >= gate;
      canvas_disc(canvas,
                  px,
                  score_y(area, score),
                  2.0,
                  brush_faded(is_in ? ink_good : ink_bad, 0.75));
    }
  }
  const double y = score_y(area, (double)head->score);
  canvas_line(canvas, x + 3.0, y, x + w - 3.0, y, 2.0, part_inks[part]);
}

static void
draw_counts(const Scene* const    scene,
            const UiPhrase* const phrase,
            const Rect            box,
            Canvas* const         canvas)
{
  char text[BRUSH_LINE] = "\xE2\x80\x93";
  (void)scene;
  if (phrase) {
    (void)snprintf(text,
                   sizeof(text),
                   "%d / %d",
                   phrase->head.n_tries,
                   phrase->head.n_rejected);
  }
  canvas_text(canvas, box, ALIGN_CENTRE, FONT_SMALL, ink_dim, text);
}

void
paint_gate(const Scene* const scene, Canvas* const canvas)
{
  static const char* const names[N_SHOWN][N_PARTS] = {{"Melody", "Drums"},
                                                      {"next", "next"}};

  const Layout* const layout = scene->layout;
  const Rect          panel  = layout->panels[PANEL_GATE];
  const Rect          area   = layout->scores;
  const int           item   = layout_find(layout, ITEM_THRESHOLD, PORT_GATE);

  brush_panel(scene, PANEL_GATE, canvas);
  brush_title(canvas, panel, "Gate: how real it sounds");
  char       text[BRUSH_LINE];
  const int  n_late = scene->model->place.n_late;
  const Rect right  = {panel.x + 120.0, panel.y + 2.0, panel.w - 128.0, 15.0};
  (void)snprintf(text, sizeof(text), "late %d", n_late);
  canvas_text(
    canvas, right, ALIGN_RIGHT, FONT_SMALL, n_late ? ink_warm : ink_dim, text);

  canvas_fill(canvas, area, ink_deep);
  for (unsigned i = 0U; i <= 4U; ++i) {
    const double y     = score_y(area, 0.25 * (double)i);
    const Rect   label = {panel.x + 2.0, y - 6.0, area.x - panel.x - 7.0, 12.0};
    (void)snprintf(text, sizeof(text), "%u", 25U * i);
    canvas_line(canvas, area.x, y, area.x + area.w, y, 1.0, ink_beat);
    canvas_text(canvas, label, ALIGN_RIGHT, FONT_SMALL, ink_faint, text);
  }

  unsigned n_parts = 0U;
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    n_parts += layout->parts >> part & 1U;
  }
  const double w = area.w / (double)(N_SHOWN * (n_parts ? n_parts : 1U));
  double       x = area.x;
  for (unsigned part = 0U; part < N_PARTS; ++part) {
    for (unsigned i = 0U; layout->parts >> part & 1U && i < N_SHOWN; ++i) {
      const UiPhrase* const phrase = brush_phrase(scene, (Shown)i, (Part)part);
      const double          low    = area.y + area.h + 3.0;
      const Rect            name   = {x, low, w, 13.0};
      const Rect            counts = {x, low + 13.0, w, 13.0};
      if (phrase) {
        draw_verdict(scene, phrase, (Part)part, x, w, canvas);
      }
      canvas_text(canvas,
                  name,
                  ALIGN_CENTRE,
                  FONT_SMALL,
                  i == SHOW_NOW ? part_inks[part] : ink_dim,
                  names[i][part]);
      draw_counts(scene, phrase, counts, canvas);
      x += w;
    }
  }

  const double gate      = (double)scene->model->ports[PORT_GATE] / 100.0;
  const double y         = score_y(area, gate);
  const double end       = area.x + area.w + 6.0;
  const bool   is_bright = scene->hovered == item || scene->held == item;
  canvas_line(canvas, area.x, y, end, y, is_bright ? 2.0 : 1.2, ink_warm);
  const Rect handle = {end, y - 8.0, 32.0, 16.0};
  canvas_round(canvas, handle, 4.0, is_bright ? ink_white : ink_warm);
  (void)snprintf(text, sizeof(text), "%.0f", 100.0 * gate);
  canvas_text(canvas, handle, ALIGN_CENTRE, FONT_SMALL, ink_back, text);
  brush_focus(scene, item, canvas);
}
