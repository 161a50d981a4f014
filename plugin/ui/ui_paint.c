// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/ui_brush.h"
#include "plugin/ui/ui_panels.h"

#include "plugin/ui/ui_key.h"

#include <stdint.h>
#include <string.h>

Ink
paint_background(void)
{
  return ink_back;
}

// Keys ------------------------------------------------------------------------

static uint64_t
add_port(const Scene* const scene, const uint64_t key, const unsigned port)
{
  uint32_t bits = 0U;
  memcpy(&bits, &scene->model->ports[port], sizeof(bits));
  return key_add(key, bits);
}

/// What every panel shows of being touched
static uint64_t
touch_key(const Scene* const scene, const Panel panel)
{
  const int items[] = {
    scene->hovered, scene->held, scene->shows_focus ? scene->focused : -1};
  uint64_t key = KEY_BEGIN;
  for (unsigned i = 0U; i < 3U; ++i) {
    key = key_add(
      key, brush_is_in(scene, items[i], panel) ? (uint64_t)items[i] + 1U : 0U);
  }
  if (brush_is_in(scene, scene->focused, panel) && scene->entry.is_on) {
    key = key_add(key, scene->entry.cursor + 1U);
    key = key_add(key, scene->entry.is_picked);
    key = key_add_text(key, scene->entry.text);
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
    key = add_port(scene, key, i);
  }
  return key;
}

static uint64_t
phrases_key(const Scene* const scene, uint64_t key)
{
  for (unsigned i = 0U; i < N_SHOWN; ++i) {
    for (unsigned part = 0U; part < N_PARTS; ++part) {
      const UiPhrase* const phrase = brush_phrase(scene, (Shown)i, (Part)part);
      key                          = key_add(key, phrase ? phrase->id : 0U);
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
    key = key_add_text(key, scene->said);
    key = key_add_text(key, ui_model_words(scene->model, now_us));
    key = key_add(key,
                  (uint64_t)(uint32_t)place->bar << 32U |
                    (uint64_t)(uint32_t)(place->bpm * 10.0f));
    key = key_add(key,
                  (uint64_t)(uint32_t)place->n_beats << 32U |
                    (uint64_t)(uint32_t)place->unit);
    key = phrases_key(scene, key);
    return ports_key(scene, key, PORT_ENABLED, PORT_HOLD);
  case PANEL_SONG:
    key = key_add(key, (uint64_t)(uint32_t)place->bar);
    key = key_add(key, scene->model->has_place);
    return ports_key(scene, key, PORT_ENABLED, PORT_CANDIDATES);
  case PANEL_ROLL:
    key = key_add_text(key, ui_model_words(scene->model, now_us));
    key = phrases_key(scene, key);
    key = key_add(key, (unsigned)place->state & TALK_IS_HELD);
    key = key_add(key,
                  (uint64_t)(uint32_t)place->n_beats << 32U |
                    (uint64_t)(uint32_t)place->unit);
    key = add_port(scene, key, PORT_DRUM_MAP);
    return add_port(scene, key, PORT_KEY);
  case PANEL_TAKE:
    key = key_add_text(key, scene->folder);
    key = key_add(key, scene->n_bars);
    key = key_add(key, scene->model->n_played != 0U);
    return phrases_key(scene, key);
  case PANEL_PAD:
    key = key_add(key,
                  (uint64_t)(scene->point.x * 4096.0) << 32U |
                    (uint64_t)(scene->point.y * 4096.0));
    return ports_key(scene, key, PORT_MIX_FIRST, PORT_MIX_LAST);
  case PANEL_WEIGHTS:
    return ports_key(scene, key, PORT_MIX_FIRST, PORT_MIX_LAST);
  case PANEL_GATE:
    key = phrases_key(scene, key);
    key = key_add(key, (uint64_t)(uint32_t)place->n_late);
    return add_port(scene, key, PORT_GATE);
  default:
    for (uint32_t i = 0U; i < scene->layout->n_items; ++i) {
      if (brush_is_in(scene, (int)i, panel)) {
        key = add_port(scene, key, scene->layout->items[i].port);
      }
    }
    return key;
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
