// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_brush.h"

#include "compose/song.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/// More letters than that are in no line, bytes
#define MAX_SEEN 240U

const Ink ink_back   = {0x14161BU, 1.0f};
const Ink ink_panel  = {0x1D2027U, 1.0f};
const Ink ink_deep   = {0x15181DU, 1.0f};
const Ink ink_lane   = {0x191C22U, 1.0f};
const Ink ink_edge   = {0x2F343FU, 1.0f};
const Ink ink_bar    = {0x4A5160U, 1.0f};
const Ink ink_beat   = {0x292E37U, 1.0f};
const Ink ink_text   = {0xD5DAE3U, 1.0f};
const Ink ink_dim    = {0x8B94A5U, 1.0f};
const Ink ink_faint  = {0x5B6372U, 1.0f};
const Ink ink_knob   = {0x323844U, 1.0f};
const Ink ink_accent = {0x6FD3C1U, 1.0f};
const Ink ink_good   = {0x7BD88FU, 1.0f};
const Ink ink_bad    = {0xE0707AU, 1.0f};
const Ink ink_quote  = {0xC58AE8U, 1.0f};
const Ink ink_warm   = {0xF5C26BU, 1.0f};
const Ink ink_white  = {0xFFFFFFU, 1.0f};

const Ink part_inks[N_PARTS] = {
  [PART_MELODY] = {0x62C4F7U, 1.0f},
  [PART_DRUMS]  = {0xF7A35CU, 1.0f},
};

const Ink style_inks[N_STYLES] = {
  [STYLE_HOUSE]       = {0x6FD3C1U, 1.0f},
  [STYLE_DEEPHOUSE]   = {0x4BA3A8U, 1.0f},
  [STYLE_PROGRESSIVE] = {0x6CB2EBU, 1.0f},
  [STYLE_TECHNO]      = {0x9AA5B8U, 1.0f},
  [STYLE_TRANCE]      = {0x62C4F7U, 1.0f},
  [STYLE_SYNTHWAVE]   = {0xE879C9U, 1.0f},
  [STYLE_DNB]         = {0xF08A5DU, 1.0f},
  [STYLE_FUTUREBASS]  = {0xB58AF0U, 1.0f},
  [STYLE_GARAGE]      = {0xA3C15EU, 1.0f},
  [STYLE_ACID]        = {0xD9E35BU, 1.0f},
  [STYLE_GAME]        = {0x7BD88FU, 1.0f},
  [STYLE_ROCK]        = {0xE0707AU, 1.0f},
  [STYLE_FUNK]        = {0xF7A35CU, 1.0f},
  [STYLE_BAROQUE]     = {0xD8B26EU, 1.0f},
  [STYLE_CLASSICAL]   = {0xEAD7A4U, 1.0f},
  [STYLE_ROMANTIC]    = {0xE39AA8U, 1.0f},
};

/// Whether an item is in a panel
bool
brush_is_in(const Scene* const scene, const int item, const Panel panel)
{
  return item >= 0 && scene->layout->items[item].panel == panel;
}

/// The phrase that is shown of a part, or null
const UiPhrase*
brush_phrase(const Scene* const scene, const Shown which, const Part part)
{
  const TalkPlace* const place = &scene->model->place;
  return ui_model_phrase(
    scene->model, which == SHOW_NOW ? place->now[part] : place->next[part]);
}

Ink
brush_faded(const Ink ink, const double alpha)
{
  const Ink made = {ink.rgb, (float)((double)ink.alpha * alpha)};
  return made;
}

/// The name of a section, as a heading has it
void
brush_section_name(const int32_t section, char* const text, const size_t size)
{
  (void)snprintf(text, size, "%s", song_section_name((SectionKind)section));
  text[0] = (char)toupper((unsigned char)text[0]);
}

void
brush_panel(const Scene* const scene, const Panel panel, Canvas* const canvas)
{
  canvas_round(canvas, scene->layout->panels[panel], 5.0, ink_panel);
}

void
brush_title(Canvas* const canvas, const Rect panel, const char* const text)
{
  const Rect box = {panel.x + 8.0, panel.y + 2.0, panel.w - 16.0, 15.0};
  canvas_text(canvas, box, ALIGN_LEFT, FONT_SMALL, ink_dim, text);
}

/// What tells that keys go to an item
void
brush_focus(const Scene* const scene, const int item, Canvas* const canvas)
{
  if (item == scene->focused && scene->shows_focus && !scene->entry.is_on) {
    const Rect box    = scene->layout->items[item].box;
    const Rect around = {box.x + 1.0, box.y, box.w - 2.0, box.h};
    canvas_frame(canvas, around, 4.0, 1.0, brush_faded(ink_accent, 0.8));
  }
}

/// A part of a text, as far as a line holds it
static void
copy_line(const char* const begin, const char* const end, char* const line)
{
  const size_t n    = (size_t)(end - begin);
  const size_t most = n < BRUSH_LINE - 1U ? n : BRUSH_LINE - 1U;
  memcpy(line, begin, most);
  line[most] = '\0';
}

unsigned
brush_break(Canvas* const      canvas,
            const char* const  text,
            const double       width,
            const unsigned     n_lines,
            const char** const lines)
{
  unsigned    n     = 0U;
  const char* begin = text;
  while (*begin && n < n_lines) {
    const char* end = begin;
    for (const char* c = begin; *c; ++c) {
      if (c[1] == ' ' || !c[1]) {
        char line[BRUSH_LINE];
        copy_line(begin, c + 1, line);
        if (end != begin &&
            canvas_text_width(canvas, FONT_SMALL, line) > width) {
          break;
        }
        end = c + 1;
      }
    }
    lines[n++] = begin;
    begin      = *end == ' ' ? end + 1 : end;
  }
  lines[n] = begin;
  return n;
}

void
brush_line(Canvas* const            canvas,
           const Rect               box,
           const Ink                ink,
           const char* const* const lines,
           const unsigned           i)
{
  char line[BRUSH_LINE];
  copy_line(lines[i], lines[i + 1U], line);
  canvas_text(canvas, box, ALIGN_LEFT, FONT_SMALL, ink, line);
}

void
brush_entry(const Scene* const scene, const Rect box, Canvas* const canvas)
{
  const Entry* const entry  = &scene->entry;
  const Rect         inside = {box.x + 5.0, box.y, box.w - 10.0, box.h};
  canvas_round(canvas, box, 3.0, ink_deep);
  canvas_frame(canvas, box, 3.0, 1.0, ink_accent);

  // What stands before the cursor is always seen, as far as it can be
  char         before[MAX_SEEN + 1U];
  const size_t n = entry->cursor < MAX_SEEN ? entry->cursor : MAX_SEEN;
  memcpy(before, entry->text + entry->cursor - n, n);
  before[n]        = '\0';
  const char* from = before;
  while (*from &&
         canvas_text_width(canvas, FONT_NORMAL, from) > inside.w - 3.0) {
    do {
      ++from;
    } while (((unsigned char)*from & 0xC0U) == 0x80U);
  }
  const double wide = canvas_text_width(canvas, FONT_NORMAL, from);
  if (entry->is_picked) {
    const Rect picked = {inside.x - 1.0, box.y + 3.0, wide + 2.0, box.h - 6.0};
    canvas_fill(canvas, picked, brush_faded(ink_accent, 0.35));
  }
  canvas_text(canvas,
              inside,
              ALIGN_LEFT,
              FONT_NORMAL,
              ink_text,
              entry->text + entry->cursor - n + (from - before));
  const double x = inside.x + wide + 0.5;
  canvas_line(canvas, x, box.y + 4.0, x, box.y + box.h - 4.0, 1.0, ink_accent);
}

void
brush_button(const Scene* const scene,
             const int          item,
             const char* const  text,
             const bool         is_on,
             const bool         is_able,
             Canvas* const      canvas)
{
  const Rect box       = scene->layout->items[item].box;
  const bool is_held   = scene->held == item;
  const bool is_bright = is_on || is_held;
  canvas_round(canvas, box, 4.0, is_bright ? ink_accent : ink_knob);
  if (scene->hovered == item && is_able) {
    canvas_round(canvas, box, 4.0, brush_faded(ink_white, 0.08));
  }
  const Ink ink = is_bright ? ink_back : is_able ? ink_text : ink_faint;
  canvas_text(canvas, box, ALIGN_CENTRE, FONT_NORMAL, ink, text);
  brush_focus(scene, item, canvas);
}
