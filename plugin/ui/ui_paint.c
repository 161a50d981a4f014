// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_paint.h"

#include "compose/song.h"
#include "music/drum_map.h"
#include "music/metre.h"
#include "music/style.h"
#include "plugin/ui/ui_controls.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_LINE 160U

/// A drum lights up for so long, ticks
#define DRUM_LIGHT (TICKS_PER_QUARTER / 4U)

/// Fewest semitones that a melody's picture has
#define MIN_ROWS 18

// Colours --------------------------------------------------------------------

static const Ink ink_back   = {0x14161BU, 1.0f};
static const Ink ink_panel  = {0x1D2027U, 1.0f};
static const Ink ink_deep   = {0x15181DU, 1.0f};
static const Ink ink_lane   = {0x191C22U, 1.0f};
static const Ink ink_edge   = {0x2F343FU, 1.0f};
static const Ink ink_bar    = {0x4A5160U, 1.0f};
static const Ink ink_beat   = {0x292E37U, 1.0f};
static const Ink ink_text   = {0xD5DAE3U, 1.0f};
static const Ink ink_dim    = {0x8B94A5U, 1.0f};
static const Ink ink_faint  = {0x5B6372U, 1.0f};
static const Ink ink_knob   = {0x323844U, 1.0f};
static const Ink ink_accent = {0x6FD3C1U, 1.0f};
static const Ink ink_good   = {0x7BD88FU, 1.0f};
static const Ink ink_bad    = {0xE0707AU, 1.0f};
static const Ink ink_quote  = {0xC58AE8U, 1.0f};
static const Ink ink_warm   = {0xF5C26BU, 1.0f};
static const Ink ink_white  = {0xFFFFFFU, 1.0f};

static const Ink part_inks[N_PARTS] = {
  [PART_MELODY] = {0x62C4F7U, 1.0f},
  [PART_DRUMS]  = {0xF7A35CU, 1.0f},
};

static const Ink section_inks[N_SECTION_KINDS] = {
  [SECTION_INTRO] = {0x5D7FA8U, 1.0f},
  [SECTION_VERSE] = {0x4FA39BU, 1.0f},
  [SECTION_BUILD] = {0xC9A227U, 1.0f},
  [SECTION_DROP]  = {0xD8616BU, 1.0f},
  [SECTION_BREAK] = {0x7E6CC4U, 1.0f},
  [SECTION_OUTRO] = {0x667085U, 1.0f},
};

static const Ink style_inks[N_STYLES] = {
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

static Ink
faded(const Ink ink, const double alpha)
{
  const Ink made = {ink.rgb, (float)((double)ink.alpha * alpha)};
  return made;
}

Ink
paint_background(void)
{
  return ink_back;
}

// Keys
// -------------------------------------------------------------------------

/// Source: Fowler, Noll and Vo's hash
static uint64_t
mix_in(const uint64_t key, const uint64_t value)
{
  uint64_t mixed = key;
  for (unsigned i = 0U; i < 8U; ++i) {
    mixed = (mixed ^ (value >> 8U * i & 0xFFU)) * 0x100000001B3U;
  }
  return mixed;
}

static uint64_t
mix_in_text(uint64_t key, const char* const text)
{
  for (const char* c = text; *c; ++c) {
    key = (key ^ (unsigned char)*c) * 0x100000001B3U;
  }
  return mix_in(key, 0U);
}

static uint64_t
mix_in_port(const Scene* const scene, const uint64_t key, const unsigned port)
{
  uint32_t bits = 0U;
  memcpy(&bits, &scene->model->ports[port], sizeof(bits));
  return mix_in(key, bits);
}

/// Whether an item is in a panel
static bool
is_in(const Scene* const scene, const int item, const Panel panel)
{
  return item >= 0 && scene->layout->items[item].panel == panel;
}

/// What every panel shows of being touched
static uint64_t
touch_key(const Scene* const scene, const Panel panel)
{
  const int items[] = {
    scene->hovered, scene->held, scene->shows_focus ? scene->focused : -1};
  uint64_t key = 0xCBF29CE484222325U;
  for (unsigned i = 0U; i < 3U; ++i) {
    key =
      mix_in(key, is_in(scene, items[i], panel) ? (uint64_t)items[i] + 1U : 0U);
  }
  if (is_in(scene, scene->focused, panel) && scene->entry.is_on) {
    key = mix_in_text(mix_in(key, scene->entry.cursor + 1U), scene->entry.text);
  }
  return key;
}

static uint64_t
ports_key(const Scene* const scene,
          uint64_t           key,
          const unsigned     first,
          const unsigned     last)
{
  for (unsigned i = first; i <= last; ++i) {
    key = mix_in_port(scene, key, i);
  }
  return key;
}

/// The phrase that is shown of a part, or null
static const UiPhrase*
shown(const Scene* const scene, const Shown which, const Part part)
{
  const TalkPlace* const place = &scene->model->place;
  return ui_model_phrase(
    scene->model, which == SHOW_NOW ? place->now[part] : place->next[part]);
}

static uint64_t
phrases_key(const Scene* const scene, uint64_t key)
{
  for (unsigned i = 0U; i < N_SHOWN; ++i) {
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      const UiPhrase* const phrase = shown(scene, (Shown)i, (Part)part);
      key                          = mix_in(key, phrase ? phrase->id : 0U);
    }
  }
  return key;
}

uint64_t
paint_key(const Scene* const scene, const Panel panel, const int64_t now_us)
{
  const TalkPlace* const place = &scene->model->place;
  uint64_t               key   = touch_key(scene, panel);
  switch (panel) {
  case PANEL_TOP:
    key = mix_in_text(key, scene->said);
    key = mix_in_text(key, ui_model_words(scene->model, now_us));
    key = mix_in(key,
                 (uint64_t)(uint32_t)place->bar << 32U |
                   (uint64_t)(uint32_t)(place->bpm * 10.0f));
    key = mix_in(key,
                 (uint64_t)(uint32_t)place->n_beats << 32U |
                   (uint64_t)(uint32_t)place->unit);
    key = phrases_key(scene, key);
    return ports_key(scene, key, PORT_ENABLED, PORT_HOLD);
  case PANEL_SONG:
    key = mix_in(key, (uint64_t)(uint32_t)place->bar);
    return ports_key(scene, key, PORT_ENABLED, PORT_CANDIDATES);
  case PANEL_ROLL:
    key = mix_in_text(key, ui_model_words(scene->model, now_us));
    key = phrases_key(scene, key);
    key = mix_in(key, (unsigned)place->state & TALK_IS_HELD);
    key = mix_in(key,
                 (uint64_t)(uint32_t)place->n_beats << 32U |
                   (uint64_t)(uint32_t)place->unit);
    key = mix_in_port(scene, key, PORT_DRUM_MAP);
    return mix_in_port(scene, key, PORT_KEY);
  case PANEL_TAKE:
    key = mix_in_text(key, scene->folder);
    key = mix_in(key, scene->n_bars);
    key = mix_in(key, scene->model->n_played != 0U);
    return phrases_key(scene, key);
  case PANEL_PAD:
    key = mix_in(key,
                 (uint64_t)(scene->point.x * 4096.0) << 32U |
                   (uint64_t)(scene->point.y * 4096.0));
    return ports_key(scene, key, PORT_MIX_FIRST, PORT_MIX_LAST);
  case PANEL_WEIGHTS:
    return ports_key(scene, key, PORT_MIX_FIRST, PORT_MIX_LAST);
  case PANEL_GATE:
    key = phrases_key(scene, key);
    key = mix_in(key, (uint64_t)(uint32_t)place->n_late);
    return mix_in_port(scene, key, PORT_GATE);
  default:
    for (uint32_t i = 0U; i < scene->layout->n_items; ++i) {
      if (is_in(scene, (int)i, panel)) {
        key = mix_in_port(scene, key, scene->layout->items[i].port);
      }
    }
    return key;
  }
}

// Things that are drawn in many places
// -------------------------------------------

static void
draw_panel(const Scene* const scene, const Panel panel, Canvas* const canvas)
{
  canvas_round(canvas, scene->layout->panels[panel], 5.0, ink_panel);
}

static void
draw_title(Canvas* const canvas, const Box2 panel, const char* const text)
{
  const Box2 box = {panel.x + 8.0, panel.y + 2.0, panel.w - 16.0, 15.0};
  canvas_text(canvas, box, ALIGN_LEFT, FONT_SMALL, ink_dim, text);
}

/// What tells that keys go to an item
static void
draw_focus(const Scene* const scene, const int item, Canvas* const canvas)
{
  if (item == scene->focused && scene->shows_focus && !scene->entry.is_on) {
    const Box2 box    = scene->layout->items[item].box;
    const Box2 around = {box.x + 1.0, box.y, box.w - 2.0, box.h};
    canvas_frame(canvas, around, 4.0, 1.0, faded(ink_accent, 0.8));
  }
}

static void
draw_entry(const Scene* const scene, const Box2 box, Canvas* const canvas)
{
  const Entry* const entry  = &scene->entry;
  const Box2         inside = {box.x + 5.0, box.y, box.w - 10.0, box.h};
  canvas_round(canvas, box, 3.0, ink_deep);
  canvas_frame(canvas, box, 3.0, 1.0, ink_accent);

  // What stands before the cursor is always seen
  char before[ENTRY_ROOM];
  memcpy(before, entry->text, entry->cursor);
  before[entry->cursor] = '\0';
  const char* from      = before;
  while (*from &&
         canvas_text_width(canvas, FONT_NORMAL, from) > inside.w - 3.0) {
    do {
      ++from;
    } while (((unsigned char)*from & 0xC0U) == 0x80U);
  }
  canvas_text(canvas,
              inside,
              ALIGN_LEFT,
              FONT_NORMAL,
              ink_text,
              entry->text + (from - before));
  const double x =
    inside.x + canvas_text_width(canvas, FONT_NORMAL, from) + 0.5;
  canvas_line(canvas, x, box.y + 4.0, x, box.y + box.h - 4.0, 1.0, ink_accent);
}

static void
draw_button(const Scene* const scene,
            const int          item,
            const char* const  text,
            const bool         is_on,
            const bool         is_able,
            Canvas* const      canvas)
{
  const Box2 box       = scene->layout->items[item].box;
  const bool is_held   = scene->held == item;
  const bool is_bright = is_on || is_held;
  canvas_round(canvas, box, 4.0, is_bright ? ink_accent : ink_knob);
  if (scene->hovered == item && is_able) {
    canvas_round(canvas, box, 4.0, faded(ink_white, 0.08));
  }
  const Ink ink = is_bright ? ink_back : is_able ? ink_text : ink_faint;
  canvas_text(canvas, box, ALIGN_CENTRE, FONT_NORMAL, ink, text);
  draw_focus(scene, item, canvas);
}

// The top
// ------------------------------------------------------------------------

static void
draw_dice(const Scene* const scene, const int item, Canvas* const canvas)
{
  const Box2   box = scene->layout->items[item].box;
  const double x   = box.x + 0.5 * box.w;
  const double y   = box.y + 0.5 * box.h;
  const Box2   die = {x - 9.0, y - 9.0, 18.0, 18.0};
  canvas_round(canvas, box, 4.0, scene->held == item ? ink_accent : ink_knob);
  canvas_frame(
    canvas, die, 4.0, 1.4, scene->hovered == item ? ink_white : ink_text);
  for (int i = -1; i <= 1; i += 2) {
    for (int j = -1; j <= 1; j += 2) {
      canvas_disc(canvas, x + 4.0 * i, y + 4.0 * j, 1.5, ink_text);
    }
  }
  canvas_disc(canvas, x, y, 1.5, ink_text);
  draw_focus(scene, item, canvas);
}

static void
draw_seed(const Scene* const scene, const int item, Canvas* const canvas)
{
  const Box2 box = scene->layout->items[item].box;
  if (scene->focused == item && scene->entry.is_on) {
    draw_entry(scene, box, canvas);
    return;
  }
  char text[MAX_LINE];
  char value[32];
  control_text(PORT_SEED, scene->model->ports[PORT_SEED], value, sizeof(value));
  (void)snprintf(text, sizeof(text), "Seed %s", value);
  canvas_round(canvas, box, 4.0, ink_deep);
  canvas_frame(
    canvas, box, 4.0, 1.0, scene->hovered == item ? ink_dim : ink_edge);
  canvas_text(canvas, box, ALIGN_CENTRE, FONT_NORMAL, ink_text, text);
  draw_focus(scene, item, canvas);
}

/// The name of a section, as a heading has it
static void
section_text(const int32_t section, char* const text, const size_t size)
{
  (void)snprintf(text, size, "%s", song_section_name((SectionKind)section));
  text[0] = (char)toupper((unsigned char)text[0]);
}

/// Where the music is, in words
static void
place_text(const Scene* const scene, char* const text, const size_t size)
{
  const TalkPlace* const place  = &scene->model->place;
  const UiPhrase*        phrase = shown(scene, SHOW_NOW, PART_MELODY);
  phrase = phrase ? phrase : shown(scene, SHOW_NOW, PART_DRUMS);

  int n = snprintf(text,
                   size,
                   "Bar %d  \xC2\xB7  %d/%d  \xC2\xB7  %.1f bpm",
                   place->bar + 1,
                   place->n_beats,
                   place->unit,
                   (double)place->bpm);
  if (phrase && n > 0 && (size_t)n < size) {
    char section[24];
    section_text(phrase->head.section, section, sizeof(section));
    (void)snprintf(text + n,
                   size - (size_t)n,
                   "  \xC2\xB7  %s, energy %d %%",
                   section,
                   phrase->head.energy);
  }
}

static void
paint_top(const Scene* const scene, const int64_t now_us, Canvas* const canvas)
{
  const Layout* const layout = scene->layout;
  const Box2          panel  = layout->panels[PANEL_TOP];
  const char* const   words  = ui_model_words(scene->model, now_us);
  const int           seed   = layout_find(layout, ITEM_PORT, PORT_SEED);
  const double        right  = layout->items[seed].box.x - 12.0;

  canvas_fill(canvas, panel, ink_panel);
  const Box2 name = {12.0, panel.y, 100.0, panel.h};
  canvas_text(canvas, name, ALIGN_LEFT, FONT_LARGE, ink_text, "Perpetuo");

  char place[MAX_LINE] = "";
  if (scene->model->has_place) {
    place_text(scene, place, sizeof(place));
  }
  const bool is_said = scene->said[0];
  const Box2 above   = {118.0, panel.y + 5.0, right - 118.0, 17.0};
  const Box2 below   = {118.0, panel.y + 22.0, right - 118.0, 17.0};
  canvas_text(canvas,
              above,
              ALIGN_LEFT,
              FONT_NORMAL,
              is_said    ? ink_warm
              : words[0] ? ink_warm
                         : ink_accent,
              is_said    ? scene->said
              : words[0] ? words
                         : "Playing");
  canvas_text(canvas, below, ALIGN_LEFT, FONT_SMALL, ink_dim, place);

  const bool is_held = scene->model->ports[PORT_HOLD] > 0.5f;
  const bool is_on   = scene->model->ports[PORT_ENABLED] > 0.5f;
  draw_seed(scene, seed, canvas);
  draw_dice(scene, layout_find(layout, ITEM_DICE, PORT_SEED), canvas);
  draw_button(scene,
              layout_find(layout, ITEM_PORT, PORT_REROLL),
              "Another phrase",
              scene->model->ports[PORT_REROLL] > 0.5f,
              true,
              canvas);
  draw_button(scene,
              layout_find(layout, ITEM_PORT, PORT_HOLD),
              is_held ? "Held" : "Hold",
              is_held,
              true,
              canvas);
  draw_button(scene,
              layout_find(layout, ITEM_PORT, PORT_ENABLED),
              is_on ? "On" : "Off",
              is_on,
              true,
              canvas);
}

// The song
// -----------------------------------------------------------------------

static void
paint_song(const Scene* const scene, Canvas* const canvas)
{
  const Box2    panel   = scene->layout->panels[PANEL_SONG];
  const double  w       = (panel.w - 12.0) / (double)SONG_ROUND_BARS;
  const double  floor_y = panel.y + panel.h - 3.0;
  const double  high    = panel.h - 18.0;
  const int32_t bar     = scene->model->place.bar;
  const int32_t into =
    (bar % SONG_ROUND_BARS + SONG_ROUND_BARS) % SONG_ROUND_BARS;
  Mix mix;

  ui_model_mix(scene->model, &mix);
  draw_panel(scene, PANEL_SONG, canvas);
  for (int32_t i = 0; i < SONG_ROUND_BARS; ++i) {
    const int64_t number  = (int64_t)bar - into + i;
    const Section section = song_section(&mix, number);
    const double  x       = panel.x + 6.0 + w * (double)i;
    const double  h       = high * (0.12 + 0.0088 * (double)section.energy);
    const Ink     ink     = section_inks[section.kind];
    const bool    is_here = scene->model->has_place && i == into;
    const Box2    column  = {x, floor_y - h, w - 1.0, h};

    canvas_fill(canvas, column, faded(ink, is_here ? 1.0 : 0.55));
    if (is_here) {
      const Box2 whole = {x, floor_y - high, w - 1.0, high};
      canvas_fill(canvas, whole, faded(ink_white, 0.28));
    }
    if (song_fill(&mix, number) != FILL_NONE) {
      canvas_disc(canvas, x + 0.5 * w - 0.5, floor_y - h - 2.5, 1.5, ink_warm);
    }
    if (number == section.first_bar || i == 0) {
      char name[24];
      char text[MAX_LINE];
      section_text((int32_t)section.kind, name, sizeof(name));
      (void)snprintf(
        text, sizeof(text), "%s %lld", name, (long long)number + 1);
      const Box2 label = {x, panel.y + 1.0, w * 8.0, 13.0};
      canvas_text(canvas,
                  label,
                  ALIGN_LEFT,
                  FONT_SMALL,
                  is_here ? ink_text : ink_dim,
                  text);
    }
  }
}

// The phrases
// --------------------------------------------------------------------

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
    const UiPhrase* const phrase = shown(scene, (Shown)i, PART_MELODY);
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
static Box2
note_box(const Box2            area,
         const UiPhrase* const phrase,
         const Note* const     note,
         const double          row,
         const double          row_h)
{
  const double ticks =
    (double)phrase->head.n_bars * (double)phrase->head.bar_ticks;
  const double per  = area.w / ticks;
  const double wide = per * (double)note->length;
  const Box2   box  = {area.x + per * (double)note->tick,
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

/// The picture of a note, and of it while it sounds
static void
draw_note(const Scene* const    scene,
          const Part            part,
          const Box2            area,
          const UiPhrase* const phrase,
          const Note* const     note,
          const Rows            rows,
          const bool            is_lit,
          Canvas* const         canvas)
{
  const double loud = (double)note->velocity / 127.0;
  const Ink    ink  = part_inks[part];
  Box2         box;
  if (part == PART_MELODY) {
    const double row_h = area.h / (double)rows.n;
    const double row   = (double)(rows.lowest + rows.n - 1 - note->key);
    box                = note_box(area, phrase, note, row, row_h);
    box.y += 0.5;
    box.h = box.h < 3.0 ? box.h : box.h - 1.0;
  } else {
    const double row_h = area.h / (double)N_DRUM_VOICES;
    const int    voice = voice_of(scene, note->key);
    const Note   hit   = {note->tick, DRUM_LIGHT, note->key, note->velocity};
    const double row   = (double)(N_DRUM_VOICES - 1 - (unsigned)voice);
    box                = note_box(area, phrase, &hit, row, row_h);
    box.w              = box.w > 9.0 ? 9.0 : box.w < 3.0 ? 3.0 : box.w - 1.0;
    const double h     = (0.35 + 0.55 * loud) * row_h;
    box.y += row_h - h - 1.0;
    box.h = h;
  }
  const Ink shade = is_lit ? ink_white : faded(ink, 0.35 + 0.65 * loud);
  if (part == PART_MELODY && box.h > 5.0) {
    canvas_round(canvas, box, 2.0, shade);
  } else {
    canvas_fill(canvas, box, shade);
  }
}

static void
draw_lanes(const Scene* const scene,
           const Box2         area,
           const Rows         rows,
           Canvas* const      canvas)
{
  const double h     = area.h / (double)rows.n;
  const int    tonic = (int)scene->model->ports[PORT_KEY];
  canvas_fill(canvas, area, ink_deep);
  for (int i = 0; i < rows.n; ++i) {
    const int  key  = rows.lowest + rows.n - 1 - i;
    const Box2 lane = {area.x, area.y + h * (double)i, area.w, h};
    if (((key - tonic) % 12 + 12) % 12 == 0) {
      canvas_fill(canvas, lane, faded(part_inks[PART_MELODY], 0.09));
    } else if (!is_black((key % 12 + 12) % 12)) {
      canvas_fill(canvas, lane, ink_lane);
    }
  }
}

static void
draw_drum_rows(const Box2 area, Canvas* const canvas)
{
  const double h = area.h / (double)N_DRUM_VOICES;
  canvas_fill(canvas, area, ink_deep);
  for (unsigned i = 0U; i < N_DRUM_VOICES; i += 2U) {
    const Box2 lane = {area.x, area.y + h * (double)i, area.w, h};
    canvas_fill(canvas, lane, ink_lane);
  }
}

/// Lines at bars and beats
static void
draw_grid(const Box2            area,
          const UiPhrase* const phrase,
          const TalkPlace*      place,
          Canvas* const         canvas)
{
  const uint32_t n_bars  = phrase ? (uint32_t)phrase->head.n_bars : 4U;
  const uint32_t n_beats = place->n_beats > 0 ? (uint32_t)place->n_beats : 4U;
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
draw_fills(const Box2 area, const UiPhrase* const phrase, Canvas* const canvas)
{
  const double w = area.w / (double)phrase->head.n_bars;
  for (int32_t i = 0; i < phrase->head.n_fills; ++i) {
    const int32_t fill = phrase->head.fills[i];
    const Box2    bar  = {area.x + w * (double)i, area.y, w, area.h};
    if (fill > (int32_t)FILL_NONE) {
      const Box2 label = {bar.x, bar.y, bar.w - 4.0, 11.0};
      canvas_fill(canvas, bar, faded(ink_warm, fill > 1 ? 0.13 : 0.07));
      canvas_text(canvas,
                  label,
                  ALIGN_RIGHT,
                  FONT_SMALL,
                  faded(ink_warm, 0.9),
                  fill > 1 ? "big fill" : "fill");
    }
  }
}

static void
draw_head(const Scene* const scene, const Shown which, Canvas* const canvas)
{
  const Box2      box     = scene->layout->heads[which];
  const UiPhrase* phrase  = shown(scene, which, PART_MELODY);
  const bool      is_held = (unsigned)scene->model->place.state & TALK_IS_HELD;
  phrase                  = phrase ? phrase : shown(scene, which, PART_DRUMS);

  const char* const title = which == SHOW_NOW ? "Now" : "Next";
  char              text[MAX_LINE];
  if (phrase) {
    const TalkPhrase* const head = &phrase->head;
    char                    bars[48];
    char                    section[24];
    section_text(head->section, section, sizeof(section));
    if (head->n_bars > 1) {
      (void)snprintf(bars,
                     sizeof(bars),
                     "bars %d\xE2\x80\x93%d",
                     head->bar + 1,
                     head->bar + head->n_bars);
    } else {
      (void)snprintf(bars, sizeof(bars), "bar %d", head->bar + 1);
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
  const Box2          melody = layout->notes[SHOW_NOW][PART_MELODY];
  const Box2          drums  = layout->notes[SHOW_NOW][PART_DRUMS];
  const double w = melody.x > 0.0 ? melody.x - x - 5.0 : drums.x - x - 5.0;
  for (int i = 0; melody.w > 0.0 && i < rows.n; ++i) {
    const int key = rows.lowest + rows.n - 1 - i;
    if (key % 12 == 0) {
      char         text[16];
      const double h   = melody.h / (double)rows.n;
      const Box2   box = {x, melody.y + h * ((double)i + 0.5) - 6.0, w, 12.0};
      (void)snprintf(text, sizeof(text), "C%d", key / 12 - 1);
      canvas_text(canvas, box, ALIGN_RIGHT, FONT_SMALL, ink_faint, text);
    }
  }
  for (unsigned v = 0U; drums.w > 0.0 && v < N_DRUM_VOICES; ++v) {
    const double h   = drums.h / (double)N_DRUM_VOICES;
    const double row = (double)(N_DRUM_VOICES - 1U - v);
    const Box2   box = {x, drums.y + h * (row + 0.5) - 6.0, w, 12.0};
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
  const Box2            area   = scene->layout->notes[which][part];
  const UiPhrase* const phrase = shown(scene, which, part);
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
    canvas_fill(canvas, area, faded(ink_panel, 0.35));
  }
  canvas_unclip(canvas);
}

static void
paint_roll(const Scene* const scene, const int64_t now_us, Canvas* const canvas)
{
  const Layout* const layout = scene->layout;
  const Rows          rows   = melody_rows(scene);
  draw_panel(scene, PANEL_ROLL, canvas);
  draw_row_names(scene, rows, canvas);
  for (unsigned i = 0U; i < N_SHOWN; ++i) {
    draw_head(scene, (Shown)i, canvas);
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      draw_phrase(scene, (Shown)i, (Part)part, rows, canvas);
    }
  }

  // Where there is nothing to be seen, it says why
  const char* const words = ui_model_words(scene->model, now_us);
  const bool        has_any =
    shown(scene, SHOW_NOW, PART_MELODY) || shown(scene, SHOW_NOW, PART_DRUMS);
  if (words[0] && !has_any) {
    const unsigned part =
      layout->notes[SHOW_NOW][PART_MELODY].w > 0.0 ? PART_MELODY : PART_DRUMS;
    const Box2 area = layout->notes[SHOW_NOW][part];
    const Box2 line = {area.x + 8.0, area.y, area.w - 16.0, area.h};
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
    const Box2            area   = scene->layout->notes[SHOW_NOW][part];
    const UiPhrase* const phrase = shown(scene, SHOW_NOW, (Part)part);
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
  uint64_t     key  = mix_in(1U, (uint64_t)(int64_t)floor(2.0 * x));
  for (unsigned part = 0U; is_rolling(scene) && part < N_PARTS; ++part) {
    const UiPhrase* const phrase = shown(scene, SHOW_NOW, (Part)part);
    for (uint32_t i = 0U; phrase && i < phrase->n_notes; ++i) {
      if (is_sounding((Part)part, &phrase->notes[i], tick)) {
        key = mix_in(key, (uint64_t)i << 8U | part);
      }
    }
  }
  return key;
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
    const Box2            area   = scene->layout->notes[SHOW_NOW][part];
    const UiPhrase* const phrase = shown(scene, SHOW_NOW, (Part)part);
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

// Music to take away
// -------------------------------------------------------------

/// What tells that something can be dragged
static void
draw_grip(const Box2 box, Canvas* const canvas)
{
  for (unsigned i = 0U; i < 3U; ++i) {
    const double y = box.y + 0.5 * box.h + 4.0 * ((double)i - 1.0);
    canvas_disc(canvas, box.x + 8.0, y, 1.1, ink_dim);
    canvas_disc(canvas, box.x + 12.0, y, 1.1, ink_dim);
  }
}

static void
draw_drag(const Scene* const scene,
          const int          item,
          const char* const  text,
          const bool         is_able,
          Canvas* const      canvas)
{
  const Box2 box  = scene->layout->items[item].box;
  const Box2 rest = {box.x + 18.0, box.y, box.w - 22.0, box.h};
  canvas_round(canvas, box, 4.0, ink_deep);
  canvas_frame(canvas,
               box,
               4.0,
               1.0,
               scene->hovered == item && is_able ? ink_accent : ink_edge);
  draw_grip(box, canvas);
  canvas_text(canvas,
              rest,
              ALIGN_CENTRE,
              FONT_NORMAL,
              is_able ? ink_text : ink_faint,
              text);
  draw_focus(scene, item, canvas);
}

static void
paint_take(const Scene* const scene, Canvas* const canvas)
{
  const Layout* const layout = scene->layout;
  const bool          has_phrase =
    shown(scene, SHOW_NOW, PART_MELODY) || shown(scene, SHOW_NOW, PART_DRUMS);
  const bool has_bars = scene->model->n_played;
  char       text[ENTRY_ROOM];

  draw_panel(scene, PANEL_TAKE, canvas);
  draw_drag(scene,
            layout_find(layout, ITEM_DRAG_PHRASE, PORT_CONTROL),
            "This phrase",
            has_phrase,
            canvas);
  draw_button(scene,
              layout_find(layout, ITEM_SAVE_PHRASE, PORT_CONTROL),
              "Save",
              false,
              has_phrase,
              canvas);
  draw_drag(scene,
            layout_find(layout, ITEM_DRAG_BARS, PORT_CONTROL),
            "The last",
            has_bars,
            canvas);
  (void)snprintf(text,
                 sizeof(text),
                 "%u bar%s",
                 scene->n_bars,
                 scene->n_bars == 1U ? "" : "s");
  draw_button(scene,
              layout_find(layout, ITEM_N_BARS, PORT_CONTROL),
              text,
              false,
              true,
              canvas);
  draw_button(scene,
              layout_find(layout, ITEM_SAVE_BARS, PORT_CONTROL),
              "Save",
              false,
              has_bars,
              canvas);

  const int  folder = layout_find(layout, ITEM_FOLDER, PORT_CONTROL);
  const Box2 box    = layout->items[folder].box;
  const Box2 label  = {box.x - 24.0, box.y, 22.0, box.h};
  const Box2 inside = {box.x + 6.0, box.y, box.w - 12.0, box.h};
  canvas_text(canvas, label, ALIGN_RIGHT, FONT_SMALL, ink_dim, "to");
  if (scene->focused == folder && scene->entry.is_on) {
    draw_entry(scene, box, canvas);
    return;
  }
  canvas_round(canvas, box, 4.0, ink_deep);
  canvas_frame(
    canvas, box, 4.0, 1.0, scene->hovered == folder ? ink_dim : ink_edge);
  canvas_text(canvas,
              inside,
              ALIGN_LEFT,
              FONT_SMALL,
              ink_dim,
              scene->folder[0] ? scene->folder : "no folder yet: type one");
  draw_focus(scene, folder, canvas);
}

// Styles
// -------------------------------------------------------------------------

static double
weight_of(const Scene* const scene, const unsigned style)
{
  return (double)scene->model->ports[PORT_MIX_FIRST + style];
}

static double
weight_sum(const Scene* const scene)
{
  double sum = 0.0;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    sum += weight_of(scene, i);
  }
  return sum;
}

/// The strongest styles, in words
static void
mix_text(const Scene* const scene, char* const text, const size_t size)
{
  const double sum           = weight_sum(scene);
  bool         has[N_STYLES] = {false};
  size_t       n             = 0U;
  (void)snprintf(text, size, "%s", sum > 0.0 ? "" : "nothing: house");
  for (unsigned k = 0U; sum > 0.0 && k < 3U; ++k) {
    unsigned best = 0U;
    for (unsigned i = 1U; i < N_STYLES; ++i) {
      const bool is_better =
        has[best] || weight_of(scene, i) > weight_of(scene, best);
      best = !has[i] && is_better ? i : best;
    }
    if (has[best] || weight_of(scene, best) <= 0.0) {
      return;
    }
    has[best]   = true;
    const int m = snprintf(text + n,
                           size - n,
                           "%s%s %.0f %%",
                           n ? ", " : "",
                           style_row((Style)best)->name,
                           100.0 * weight_of(scene, best) / sum);
    n += m > 0 && (size_t)m < size - n ? (size_t)m : 0U;
  }
}

static void
paint_pad(const Scene* const scene, Canvas* const canvas)
{
  const Layout* const layout = scene->layout;
  const Box2          panel  = layout->panels[PANEL_PAD];
  const Box2          pad    = layout->pad;
  const double        sum    = weight_sum(scene);
  const double        x      = pad.x + pad.w * scene->point.x;
  const double        y      = pad.y + pad.h * scene->point.y;
  const int           item   = layout_find(layout, ITEM_PAD, PORT_MIX_FIRST);

  draw_panel(scene, PANEL_PAD, canvas);
  draw_title(canvas, panel, control_group_name(GROUP_STYLES));
  char       text[MAX_LINE];
  const Box2 right = {panel.x + 64.0, panel.y + 2.0, panel.w - 72.0, 15.0};
  mix_text(scene, text, sizeof(text));
  canvas_text(canvas, right, ALIGN_RIGHT, FONT_SMALL, ink_text, text);

  canvas_round(canvas, pad, 4.0, ink_deep);
  canvas_clip(canvas, pad);
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    const MapPoint place = style_map_place((Style)i);
    const double   share = sum > 0.0 ? weight_of(scene, i) / sum : 0.0;
    if (share > 0.0) {
      canvas_line(canvas,
                  x,
                  y,
                  pad.x + pad.w * place.x,
                  pad.y + pad.h * place.y,
                  1.0 + 3.0 * share,
                  faded(style_inks[i], 0.25 + 0.5 * share));
    }
  }
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    const MapPoint place = style_map_place((Style)i);
    const double   px    = pad.x + pad.w * place.x;
    const double   py    = pad.y + pad.h * place.y;
    const double   share = sum > 0.0 ? weight_of(scene, i) / sum : 0.0;
    const double   wide =
      canvas_text_width(canvas, FONT_SMALL, style_row((Style)i)->name) + 4.0;
    const double left  = px - 0.5 * wide;
    const double least = pad.x + 2.0;
    const double most  = pad.x + pad.w - 2.0 - wide;
    const Box2   label = {left < least  ? least
                          : left > most ? most
                                        : left,
                        py + 4.0,
                        wide,
                        13.0};
    canvas_disc(canvas,
                px,
                py,
                3.0 + 6.0 * sqrt(share),
                faded(style_inks[i], share > 0.0 ? 1.0 : 0.6));
    canvas_text(canvas,
                label,
                ALIGN_CENTRE,
                FONT_SMALL,
                share > 0.0 ? ink_text : ink_dim,
                style_row((Style)i)->name);
  }
  canvas_ring(canvas, x, y, 8.0, 2.0, ink_white);
  canvas_disc(canvas, x, y, 2.0, ink_white);
  canvas_unclip(canvas);
  if (scene->hovered == item || scene->held == item) {
    canvas_frame(canvas, pad, 4.0, 1.0, ink_edge);
  }
  draw_focus(scene, item, canvas);
}

static void
paint_weights(const Scene* const scene, Canvas* const canvas)
{
  draw_panel(scene, PANEL_WEIGHTS, canvas);
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    const PortIndex port      = (PortIndex)(PORT_MIX_FIRST + i);
    const int       item      = layout_find(scene->layout, ITEM_PORT, port);
    const Box2      box       = scene->layout->items[item].box;
    const double    value     = weight_of(scene, i);
    const bool      is_bright = scene->hovered == item || scene->held == item;
    const Box2      name      = {box.x, box.y, LAYOUT_WEIGHT_NAME_W, box.h};
    const Box2      bar       = layout_weight_bar(box);
    const Box2      part      = {bar.x, bar.y, bar.w * value / 100.0, bar.h};
    const Box2      number    = {box.x + box.w - 24.0, box.y, 22.0, box.h};

    char text[16];
    (void)snprintf(text, sizeof(text), "%.0f", value);
    canvas_text(canvas,
                name,
                ALIGN_LEFT,
                FONT_SMALL,
                value > 0.0 || is_bright ? ink_text : ink_dim,
                control_name(port));
    canvas_round(canvas, bar, 2.0, is_bright ? ink_knob : ink_deep);
    if (value > 0.0) {
      canvas_round(canvas, part, 2.0, style_inks[i]);
    }
    canvas_text(canvas,
                number,
                ALIGN_RIGHT,
                FONT_SMALL,
                value > 0.0 || is_bright ? ink_text : ink_faint,
                text);
    if (item == scene->focused && scene->entry.is_on) {
      const Box2 wide = {number.x - 16.0, box.y - 2.0, 40.0, box.h + 4.0};
      draw_entry(scene, wide, canvas);
    }
    draw_focus(scene, item, canvas);
  }
}

// The gate
// -----------------------------------------------------------------------

static double
score_y(const Box2 scores, const double score)
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
  const Box2              area = scene->layout->scores;
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
                  faded(is_in ? ink_good : ink_bad, 0.75));
    }
  }
  const double y = score_y(area, (double)head->score);
  canvas_line(canvas, x + 3.0, y, x + w - 3.0, y, 2.0, part_inks[part]);
}

static void
draw_counts(const Scene* const    scene,
            const UiPhrase* const phrase,
            const Box2            box,
            Canvas* const         canvas)
{
  char text[MAX_LINE] = "\xE2\x80\x93";
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

static void
paint_gate(const Scene* const scene, Canvas* const canvas)
{
  static const char* const names[N_SHOWN][N_PARTS] = {{"Melody", "Drums"},
                                                      {"next", "next"}};

  const Layout* const layout = scene->layout;
  const Box2          panel  = layout->panels[PANEL_GATE];
  const Box2          area   = layout->scores;
  const int           item   = layout_find(layout, ITEM_THRESHOLD, PORT_GATE);

  draw_panel(scene, PANEL_GATE, canvas);
  draw_title(canvas, panel, "Gate: how real it sounds");
  char       text[MAX_LINE];
  const int  n_late = scene->model->place.n_late;
  const Box2 right  = {panel.x + 120.0, panel.y + 2.0, panel.w - 128.0, 15.0};
  (void)snprintf(text, sizeof(text), "late %d", n_late);
  canvas_text(
    canvas, right, ALIGN_RIGHT, FONT_SMALL, n_late ? ink_warm : ink_dim, text);

  canvas_fill(canvas, area, ink_deep);
  for (unsigned i = 0U; i <= 4U; ++i) {
    const double y     = score_y(area, 0.25 * (double)i);
    const Box2   label = {panel.x + 2.0, y - 6.0, area.x - panel.x - 7.0, 12.0};
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
      const UiPhrase* const phrase = shown(scene, (Shown)i, (Part)part);
      const double          low    = area.y + area.h + 3.0;
      const Box2            name   = {x, low, w, 13.0};
      const Box2            counts = {x, low + 13.0, w, 13.0};
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
  const Box2 handle = {end, y - 8.0, 32.0, 16.0};
  canvas_round(canvas, handle, 4.0, is_bright ? ink_white : ink_warm);
  (void)snprintf(text, sizeof(text), "%.0f", 100.0 * gate);
  canvas_text(canvas, handle, ALIGN_CENTRE, FONT_SMALL, ink_back, text);
  draw_focus(scene, item, canvas);
}

// Knobs
// --------------------------------------------------------------------------

static double
share_of(const PortIndex index, const float value)
{
  const Port port = port_at(index);
  return (double)(value - port.minimum) / (double)(port.maximum - port.minimum);
}

static void
draw_knob(const Scene* const scene, const int item, Canvas* const canvas)
{
  const PortIndex port      = scene->layout->items[item].port;
  const Box2      box       = scene->layout->items[item].box;
  const float     value     = scene->model->ports[port];
  const bool      is_bright = scene->hovered == item || scene->held == item;
  const double    x         = box.x + 0.5 * box.w;
  const double    y         = box.y + 20.0;
  const double    from      = -0.375;
  const double    share     = share_of(port, value);
  const double    to        = from + 0.75 * share;
  const double    usual = from + 0.75 * share_of(port, port_at(port).standard);

  canvas_disc(canvas, x, y, 12.5, is_bright ? ink_knob : ink_deep);
  canvas_arc(canvas, x, y, 16.0, from, 0.375, 3.0, ink_knob);
  if (share > 0.004) {
    canvas_arc(
      canvas, x, y, 16.0, from, to, 3.0, is_bright ? ink_white : ink_accent);
  }
  canvas_arc(canvas, x, y, 19.5, usual - 0.006, usual + 0.006, 2.0, ink_faint);

  char       text[32];
  const Box2 inside = {x - 15.0, y - 8.0, 30.0, 16.0};
  (void)snprintf(
    text, sizeof(text), "%g", (double)control_round(port, (double)value));
  canvas_text(canvas, inside, ALIGN_CENTRE, FONT_SMALL, ink_text, text);
}

static void
draw_choice(const Scene* const scene, const int item, Canvas* const canvas)
{
  const PortIndex port      = scene->layout->items[item].port;
  const Box2      box       = scene->layout->items[item].box;
  const Box2      field     = {box.x + 3.0, box.y + 9.0, box.w - 6.0, 22.0};
  const Box2      words     = {field.x + 8.0, field.y, field.w - 16.0, field.h};
  const double    y         = field.y + 0.5 * field.h;
  const bool      is_bright = scene->hovered == item || scene->held == item;
  const Ink       arrows    = is_bright ? ink_accent : ink_faint;
  char            text[64];

  control_text(port, scene->model->ports[port], text, sizeof(text));
  canvas_round(canvas, field, 4.0, ink_deep);
  canvas_frame(canvas, field, 4.0, 1.0, is_bright ? ink_dim : ink_edge);
  canvas_text(canvas, words, ALIGN_CENTRE, FONT_SMALL, ink_text, text);
  const double left[] = {
    field.x + 7.0, y - 3.0, field.x + 4.0, y, field.x + 7.0, y + 3.0};
  const double right[] = {field.x + field.w - 7.0,
                          y - 3.0,
                          field.x + field.w - 4.0,
                          y,
                          field.x + field.w - 7.0,
                          y + 3.0};
  canvas_path(canvas, left, 3U, 1.2, arrows);
  canvas_path(canvas, right, 3U, 1.2, arrows);
}

static void
draw_switch(const Scene* const scene, const int item, Canvas* const canvas)
{
  const PortIndex port  = scene->layout->items[item].port;
  const Box2      box   = scene->layout->items[item].box;
  const bool      is_on = scene->model->ports[port] > 0.5f;
  const double    x     = box.x + 0.5 * box.w;
  const double    y     = box.y + 20.0;
  const Box2      pill  = {x - 17.0, y - 9.0, 34.0, 18.0};
  canvas_round(canvas, pill, 9.0, is_on ? ink_accent : ink_knob);
  canvas_disc(canvas,
              is_on ? x + 8.0 : x - 8.0,
              y,
              6.5,
              scene->hovered == item ? ink_white : ink_text);
}

static void
paint_group(const Scene* const scene, const Panel panel, Canvas* const canvas)
{
  const Group group = (Group)(GROUP_SONG + (panel - PANEL_GROUPS));
  draw_panel(scene, panel, canvas);
  draw_title(canvas, scene->layout->panels[panel], control_group_name(group));
  for (int i = 0; i < (int)scene->layout->n_items; ++i) {
    if (!is_in(scene, i, panel)) {
      continue;
    }
    const PortIndex   port = scene->layout->items[i].port;
    const ControlKind kind = control_at(port)->kind;
    if (kind == CONTROL_KNOB) {
      draw_knob(scene, i, canvas);
    } else if (kind == CONTROL_CHOICE) {
      draw_choice(scene, i, canvas);
    } else {
      draw_switch(scene, i, canvas);
    }

    const Box2 box   = scene->layout->items[i].box;
    const Box2 label = {box.x, box.y + box.h - 17.0, box.w, 15.0};
    if (i == scene->focused && scene->entry.is_on) {
      const Box2 wide = {box.x + 4.0, label.y - 1.0, box.w - 8.0, 17.0};
      draw_entry(scene, wide, canvas);
      continue;
    }
    char text[64];
    (void)snprintf(text, sizeof(text), "%s", control_name(port));
    if (scene->held == i) {
      control_text(port, scene->model->ports[port], text, sizeof(text));
    }
    canvas_text(canvas,
                label,
                ALIGN_CENTRE,
                FONT_SMALL,
                scene->held == i ? ink_white : ink_dim,
                text);
    draw_focus(scene, i, canvas);
  }
}

void
paint_panel(const Scene* const scene,
            const Panel        panel,
            const int64_t      now_us,
            Canvas* const      canvas)
{
  // Round corners are mixed with what lies there
  canvas_fill(canvas, scene->layout->panels[panel], ink_back);
  switch (panel) {
  case PANEL_TOP:
    paint_top(scene, now_us, canvas);
    break;
  case PANEL_SONG:
    paint_song(scene, canvas);
    break;
  case PANEL_ROLL:
    paint_roll(scene, now_us, canvas);
    break;
  case PANEL_TAKE:
    paint_take(scene, canvas);
    break;
  case PANEL_PAD:
    paint_pad(scene, canvas);
    break;
  case PANEL_WEIGHTS:
    paint_weights(scene, canvas);
    break;
  case PANEL_GATE:
    paint_gate(scene, canvas);
    break;
  default:
    paint_group(scene, panel, canvas);
    break;
  }
}

// Tips
// ---------------------------------------------------------------------------

static const char* const item_tips[N_ITEM_KINDS] = {
  [ITEM_PORT] = "",
  [ITEM_DICE] = "Roll the dice: another seed, another song",
  [ITEM_PAD]  = "Drag the point between the styles: what is near is in the "
                "mix. A double click goes back to house",
  [ITEM_THRESHOLD] =
    "Drag the line: what scores below it is not played. Dots "
    "are candidates, the bar is the one that was taken; a "
    "cross was no phrase, a violet one was a quotation. Below: "
    "tries / rejected",
  [ITEM_DRAG_PHRASE] = "Drag this phrase onto a track or into a folder, as a "
                       "MIDI file",
  [ITEM_DRAG_BARS]   = "Drag the bars that were just played onto a track or "
                       "into a folder, as a MIDI file",
  [ITEM_N_BARS]      = "How many of the last bars to take",
  [ITEM_SAVE_PHRASE] = "Save this phrase as a MIDI file into the folder",
  [ITEM_SAVE_BARS]   = "Save the last bars as a MIDI file into the folder",
  [ITEM_FOLDER]      = "The folder that MIDI files go into. Click to type "
                       "another one",
};

void
paint_tip_text(const Scene* const scene,
               const int          item,
               char* const        text,
               const size_t       size)
{
  const Item* const one = item >= 0 ? &scene->layout->items[item] : NULL;
  if (!one) {
    text[0] = '\0';
  } else if (one->kind == ITEM_PORT) {
    char value[64];
    control_text(one->port, scene->model->ports[one->port], value, 64U);
    (void)snprintf(text,
                   size,
                   "%s%s%s. %s",
                   control_name(one->port),
                   one->port == PORT_REROLL ? "" : ": ",
                   one->port == PORT_REROLL ? "" : value,
                   control_at(one->port)->tip);
  } else {
    (void)snprintf(text, size, "%s", item_tips[one->kind]);
  }
}

#define TIP_W 250.0
#define TIP_LINE 14.0
#define TIP_MAX_LINES 6U

/// Break a text into lines; a line ends where the next one begins
static unsigned
break_lines(const char* const  text,
            const char** const lines,
            Canvas* const      canvas)
{
  unsigned    n     = 0U;
  const char* begin = text;
  while (*begin && n < TIP_MAX_LINES) {
    const char* end = begin;
    for (const char* c = begin; *c; ++c) {
      if (c[1] == ' ' || !c[1]) {
        char line[MAX_LINE];
        (void)snprintf(line, sizeof(line), "%.*s", (int)(c + 1 - begin), begin);
        if (end != begin &&
            canvas_text_width(canvas, FONT_SMALL, line) > TIP_W - 16.0) {
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

Box2
paint_tip_box(const Scene* const scene, const int item, Canvas* const canvas)
{
  char        text[512];
  const char* lines[TIP_MAX_LINES + 1U];
  Box2        box = {0.0, 0.0, 0.0, 0.0};
  paint_tip_text(scene, item, text, sizeof(text));
  if (!text[0]) {
    return box;
  }

  const Layout* const layout = scene->layout;
  const Box2          at     = layout->items[item].box;
  box.w                      = TIP_W;
  box.h = 10.0 + TIP_LINE * (double)break_lines(text, lines, canvas);
  box.x = at.x + 0.5 * at.w - 0.5 * box.w;
  box.x = box.x < 4.0 ? 4.0 : box.x;
  box.x = box.x + box.w > layout->w - 4.0 ? layout->w - 4.0 - box.w : box.x;

  // Below it, or above where there is no room; whole points: no smear
  const double below = at.y + at.h + 4.0;
  const double above = at.y - 4.0 - box.h;
  box.x              = floor(box.x);
  box.y = floor(below + box.h < layout->h || above < 0.0 ? below : above);
  if (box.y + box.h > layout->h) {
    box.y = floor(at.y + 0.5 * (at.h - box.h));
  }
  return box;
}

void
paint_tip(const Scene* const scene,
          const int          item,
          const Box2         box,
          Canvas* const      canvas)
{
  char        text[512];
  const char* lines[TIP_MAX_LINES + 1U];
  paint_tip_text(scene, item, text, sizeof(text));
  const unsigned n = break_lines(text, lines, canvas);

  canvas_fill(canvas, box, ink_edge);
  const Box2 inside = {box.x + 1.0, box.y + 1.0, box.w - 2.0, box.h - 2.0};
  canvas_fill(canvas, inside, ink_deep);
  for (unsigned i = 0U; i < n; ++i) {
    char       line[MAX_LINE];
    const Box2 at = {
      box.x + 8.0, box.y + 5.0 + TIP_LINE * (double)i, box.w - 12.0, TIP_LINE};
    (void)snprintf(
      line, sizeof(line), "%.*s", (int)(lines[i + 1U] - lines[i]), lines[i]);
    canvas_text(canvas, at, ALIGN_LEFT, FONT_SMALL, ink_text, line);
  }
}
