// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_brush.h"
#include "plugin/ui/ui_panels.h"

#include "plugin/ui/ui_controls.h"

#include <stdio.h>
#include <string.h>

static void
draw_dice(const Scene* const scene, const int item, Canvas* const canvas)
{
  const Rect   box = scene->layout->items[item].box;
  const double x   = box.x + 0.5 * box.w;
  const double y   = box.y + 0.5 * box.h;
  const Rect   die = {x - 9.0, y - 9.0, 18.0, 18.0};
  canvas_round(canvas, box, 4.0, scene->held == item ? ink_accent : ink_knob);
  canvas_frame(
    canvas, die, 4.0, 1.4, scene->hovered == item ? ink_white : ink_text);
  for (int i = -1; i <= 1; i += 2) {
    for (int j = -1; j <= 1; j += 2) {
      canvas_disc(canvas, x + 4.0 * i, y + 4.0 * j, 1.5, ink_text);
    }
  }
  canvas_disc(canvas, x, y, 1.5, ink_text);
  brush_focus(scene, item, canvas);
}

static void
draw_seed(const Scene* const scene, const int item, Canvas* const canvas)
{
  const Rect box = scene->layout->items[item].box;
  if (scene->focused == item && scene->entry.is_on) {
    brush_entry(scene, box, canvas);
    return;
  }
  char text[BRUSH_LINE];
  char value[32];
  control_text(PORT_SEED, scene->model->ports[PORT_SEED], value, sizeof(value));
  (void)snprintf(text, sizeof(text), "Seed %s", value);
  canvas_round(canvas, box, 4.0, ink_deep);
  canvas_frame(
    canvas, box, 4.0, 1.0, scene->hovered == item ? ink_dim : ink_edge);
  canvas_text(canvas, box, ALIGN_CENTRE, FONT_NORMAL, ink_text, text);
  brush_focus(scene, item, canvas);
}

/// Where the music is, in words
static void
place_text(const Scene* const scene, char* const text, const size_t size)
{
  const TalkPlace* const place  = &scene->model->place;
  const UiPhrase*        phrase = brush_phrase(scene, SHOW_NOW, PART_MELODY);
  phrase = phrase ? phrase : brush_phrase(scene, SHOW_NOW, PART_DRUMS);

  int n = snprintf(text,
                   size,
                   "Bar %lld  \xC2\xB7  %d/%d  \xC2\xB7  %.1f bpm",
                   (long long)place->bar + 1,
                   place->n_beats,
                   place->unit,
                   (double)place->bpm);
  if (phrase && n > 0 && (size_t)n < size) {
    char section[24];
    brush_section_name(phrase->head.section, section, sizeof(section));
    (void)snprintf(text + n,
                   size - (size_t)n,
                   "  \xC2\xB7  %s, energy %d %%",
                   section,
                   phrase->head.energy);
  }
}

/// What is said, what it waits for, or where it is.  A long sentence has both
/// lines for itself.
static void
draw_words(const Scene* const scene,
           const Rect         box,
           const char* const  words,
           Canvas* const      canvas)
{
  const char* const text  = scene->said[0] ? scene->said : words;
  const Rect        above = {box.x, box.y, box.w, 17.0};
  const Rect        below = {box.x, box.y + 17.0, box.w, 17.0};
  const bool     is_long = canvas_text_width(canvas, FONT_NORMAL, text) > box.w;
  const char*    lines[3];
  const unsigned n = is_long ? brush_break(canvas, text, box.w, 2U, lines) : 0U;
  if (n == 2U) {
    lines[2] = text + strlen(text); // The last one may end with dots
    brush_line(canvas, above, ink_warm, lines, 0U);
    brush_line(canvas, below, ink_warm, lines, 1U);
    return;
  }

  char place[BRUSH_LINE] = "";
  if (scene->model->has_place) {
    place_text(scene, place, sizeof(place));
  }
  canvas_text(canvas,
              above,
              ALIGN_LEFT,
              is_long ? FONT_SMALL : FONT_NORMAL,
              text[0] ? ink_warm : ink_accent,
              text[0] ? text : "Playing");
  canvas_text(canvas, below, ALIGN_LEFT, FONT_SMALL, ink_dim, place);
}

void
paint_top(const Scene* const scene, const int64_t now_us, Canvas* const canvas)
{
  const Layout* const layout = scene->layout;
  const Rect          panel  = layout->panels[PANEL_TOP];
  const char* const   words  = ui_model_words(scene->model, now_us);
  const int           seed   = layout_find(layout, ITEM_PORT, PORT_SEED);
  const double        right  = layout->items[seed].box.x - 12.0;

  canvas_fill(canvas, panel, ink_panel);
  const Rect name = {12.0, panel.y, 100.0, panel.h};
  canvas_text(canvas, name, ALIGN_LEFT, FONT_LARGE, ink_text, "Perpetuo");

  const Rect rest = {118.0, panel.y + 5.0, right - 118.0, 34.0};
  draw_words(scene, rest, words, canvas);

  const bool is_held = scene->model->ports[PORT_HOLD] > 0.5f;
  const bool is_on   = scene->model->ports[PORT_ENABLED] > 0.5f;
  draw_seed(scene, seed, canvas);
  draw_dice(scene, layout_find(layout, ITEM_DICE, PORT_SEED), canvas);
  brush_button(scene,
               layout_find(layout, ITEM_PORT, PORT_REROLL),
               "Another phrase",
               scene->model->ports[PORT_REROLL] > 0.5f,
               true,
               canvas);
  brush_button(scene,
               layout_find(layout, ITEM_PORT, PORT_HOLD),
               is_held ? "Held" : "Hold",
               is_held,
               true,
               canvas);
  brush_button(scene,
               layout_find(layout, ITEM_PORT, PORT_ENABLED),
               is_on ? "On" : "Off",
               is_on,
               true,
               canvas);
}
