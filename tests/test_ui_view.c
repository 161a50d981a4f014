// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/**
   The window's face without a window.

   The pictures that it is held against are made again by

       build/tests/test_ui_view --write

   and are to be looked at then.  Letters are not drawn the same everywhere, so
   squares of pixels are compared by their mean, and all are of one font.
*/

#include "plugin/ui/ui_view.h"

#include "plugin/ui/style_map.h"
#include "plugin/ui/ui_controls.h"
#include "tests/check.h"
#include "tests/ui_scene.h"

#include <cairo.h>

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECOND 1000000
#define BOTH 3U
#define MAX_SETS 4096U

/// Squares that are compared, pixels, and how far their means may be apart
#define SQUARE 8U
#define MAX_APART 26.0
#define MEAN_APART 1.5

#define FONT "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"

/// What was wished for
typedef struct {
  unsigned   n_sets;
  PortIndex  ports[MAX_SETS];
  float      values[MAX_SETS];
  int        held[N_PORTS]; ///< Touched less let go
  unsigned   n_touches;
  unsigned   n_drags;
  unsigned   n_saves;
  TakeKind   kind;
  uint32_t   n_bars;
  char       folder[TAKE_MAX_PATH];
  unsigned   n_folders;
  bool       wants_focus;
  CursorLook cursor;
} Wishes;

static UiModel model;
static Wishes  wishes;
static View*   view;
static Rect    boxes[VIEW_MAX_BOXES];

static void
on_set(void* const data, const PortIndex index, const float value)
{
  Wishes* const w = (Wishes*)data;
  if (w->n_sets < MAX_SETS) {
    w->ports[w->n_sets]    = index;
    w->values[w->n_sets++] = value;
  }
}

static void
on_touch(void* const data, const PortIndex index, const bool is_held)
{
  Wishes* const w = (Wishes*)data;
  w->held[index] += is_held ? 1 : -1;
  CHECK(w->held[index] == (is_held ? 1 : 0));
  ++w->n_touches;
}

static void
on_drag(void* const data, const TakeKind kind, const uint32_t n_bars)
{
  Wishes* const w = (Wishes*)data;
  ++w->n_drags;
  w->kind   = kind;
  w->n_bars = n_bars;
}

static void
on_save(void* const data, const TakeKind kind, const uint32_t n_bars)
{
  Wishes* const w = (Wishes*)data;
  ++w->n_saves;
  w->kind   = kind;
  w->n_bars = n_bars;
}

static void
on_folder(void* const data, const char* const text)
{
  Wishes* const w = (Wishes*)data;
  ++w->n_folders;
  snprintf(w->folder, sizeof(w->folder), "%s", text);
}

static void
on_cursor(void* const data, const CursorLook cursor)
{
  ((Wishes*)data)->cursor = cursor;
}

static void
on_focus(void* const data, const bool is_wanted)
{
  ((Wishes*)data)->wants_focus = is_wanted;
}

static const ViewCalls calls =
  {&wishes, on_set, on_touch, on_drag, on_save, on_folder, on_cursor, on_focus};

static void
end(void)
{
  view_free(view);
  ui_model_clear(&model);
  view = NULL;
}

static void
begin_with(const double w, const double h, const double scale, unsigned parts)
{
  end();
  memset(&wishes, 0, sizeof(wishes));
  CHECK(ui_model_init(&model));
  ui_model_set_port(&model, PORT_MIX_FIRST + STYLE_HOUSE, 70.0f);
  ui_model_set_port(&model, PORT_MIX_FIRST + STYLE_BAROQUE, 30.0f);
  ui_scene_fill(&model, parts);
  view = view_new(&model, &calls);
  CHECK(view);
  CHECK(view_resize(view, (uint32_t)(w * scale), (uint32_t)(h * scale), scale));
  view_set_folder(view, "/home/ada/Music/Perpetuo");
}

static void
begin(void)
{
  begin_with(VIEW_WIDTH, VIEW_HEIGHT, 1.0, BOTH);
  CHECK(view_draw(view, SECOND, boxes) == 1U);
}

static Rect
port_box(const PortIndex port)
{
  Rect box = {0.0, 0.0, 0.0, 0.0};
  CHECK(view_find_port(view, port, &box));
  return box;
}

static Rect
named_box(const char* const name)
{
  Rect box = {0.0, 0.0, 0.0, 0.0};
  CHECK(view_find(view, name, &box));
  return box;
}

static void
point(const PointerKind kind, const double x, const double y, unsigned mods)
{
  const Pointer pointer = {kind, x, y, mods, 1U, 0.0};
  view_pointer(view, &pointer, SECOND);
}

static double
mid_x(const Rect box)
{
  return box.x + 0.5 * box.w;
}

static double
mid_y(const Rect box)
{
  return box.y + 0.5 * box.h;
}

static void
click_in(const Rect box)
{
  point(POINTER_PRESS, mid_x(box), mid_y(box), 0U);
  point(POINTER_RELEASE, mid_x(box), mid_y(box), 0U);
}

static void
drag_by(const Rect box, const double dx, const double dy, const unsigned mods)
{
  const double x = mid_x(box);
  const double y = mid_y(box);
  point(POINTER_PRESS, x, y, mods);
  for (unsigned i = 1U; i <= 10U; ++i) {
    point(POINTER_MOVE, x + dx * i / 10.0, y + dy * i / 10.0, mods);
  }
  point(POINTER_RELEASE, x + dx, y + dy, mods);
}

static void
wheel_in(const Rect box, const double wheel, const unsigned mods)
{
  const Pointer pointer = {
    POINTER_WHEEL, mid_x(box), mid_y(box), mods, 0U, wheel};
  view_pointer(view, &pointer, SECOND);
}

static bool
type(const KeyKind kind, const char* const text)
{
  Key key = {kind, 0U, ""};
  snprintf(key.text, sizeof(key.text), "%s", text);
  return view_key(view, &key, SECOND);
}

/// Whether all that was touched was let go, and only these ports were set
static void
check_sets(const PortIndex first, const PortIndex last)
{
  for (unsigned i = 0U; i < wishes.n_sets; ++i) {
    const Port range = port_at(wishes.ports[i]);
    CHECK(wishes.ports[i] >= first && wishes.ports[i] <= last);
    CHECK(wishes.values[i] >= range.minimum &&
          wishes.values[i] <= range.maximum);
    CHECK(model.ports[wishes.ports[i]] == wishes.values[i] ||
          i + 1U < wishes.n_sets);
  }
  for (unsigned i = 0U; i < N_PORTS; ++i) {
    CHECK(!wishes.held[i]);
  }
}

// Drawing ---------------------------------------------------------------------

static void
test_what_does_not_change_is_not_drawn(void)
{
  begin();
  for (unsigned i = 0U; i < 5U; ++i) {
    CHECK(!view_draw(view, SECOND, boxes));
  }

  TalkMessage message;
  memset(&message, 0, sizeof(message));
  message.kind     = TALK_PLACE;
  message.as.place = ui_scene_place(BOTH);
  message.as.place.state &= ~(int32_t)TALK_IS_ROLLING;
  message.as.place.ticks_per_second = 0.0f;
  ui_model_hear(&model, &message, SECOND);
  CHECK(view_draw(view, SECOND, boxes)); // It stands now
  for (int64_t t = 2; t < 60; ++t) {     // And goes on standing
    CHECK(!view_draw(view, t * SECOND, boxes));
  }
}

static void
test_what_is_told_again_is_not_drawn(void)
{
  begin();
  TalkMessage message;
  memset(&message, 0, sizeof(message));
  message.kind     = TALK_PLACE;
  message.as.place = ui_scene_place(BOTH);
  message.as.place.tick += 1024.0f; // Where the playhead is by then
  ui_model_hear(&model, &message, 3 * SECOND / 2);
  (void)view_draw(view, 3 * SECOND / 2, boxes);
  message.as.place.tick += 512.0f; // Only on it went
  ui_model_hear(&model, &message, 7 * SECOND / 4);
  CHECK(view_draw(view, 7 * SECOND / 4, boxes) == 1U && boxes[0].w < 150.0);
  message.as.place.n_late = 1;
  ui_model_hear(&model, &message, 7 * SECOND / 4);
  CHECK(view_draw(view, 7 * SECOND / 4, boxes) == 1U);
  const Rect scores = named_box("scores");
  CHECK(rect_has(boxes[0], mid_x(scores), mid_y(scores)));
  ui_model_set_port(&model, PORT_ENERGY, model.ports[PORT_ENERGY]);
  CHECK(!view_draw(view, 7 * SECOND / 4, boxes));
  ui_model_set_port(&model, PORT_ENERGY, 3.0f);
  CHECK(view_draw(view, 7 * SECOND / 4, boxes));
}

static void
test_only_what_changes_is_drawn(void)
{
  begin();
  const Rect swing = port_box(PORT_SWING);
  ui_model_set_port(&model, PORT_SWING, 66.0f);
  const uint32_t n = view_draw(view, SECOND, boxes);
  CHECK(n >= 1U && n <= 2U); // Its group; and the song, which any knob may move
  bool has = false;
  for (uint32_t i = 0U; i < n; ++i) {
    has |= rect_has(boxes[i], mid_x(swing), mid_y(swing));
    CHECK(boxes[i].h < 100.0);
  }
  CHECK(has);

  // The music goes on: that is the phrases' panel alone
  // where the playhead goes and notes light up
  CHECK(view_draw(view, SECOND + SECOND / 10, boxes) == 1U);
  const Rect pad = named_box("pad");
  CHECK(!rect_has(boxes[0], mid_x(pad), mid_y(pad)));
  CHECK(boxes[0].w < 120.0 && boxes[0].h > 300.0);
}

static void
test_every_panel_is_within_the_window(void)
{
  const double sizes[][2] = {
    {1080.0, 760.0}, {900.0, 690.0}, {1600.0, 1200.0}, {2500.0, 700.0}};
  for (unsigned k = 0U; k < 4U; ++k) {
    begin_with(sizes[k][0], sizes[k][1], 1.0, BOTH);
    for (unsigned i = PORT_SET_FIRST; i <= PORT_TEMPO; ++i) {
      const Rect box = port_box((PortIndex)i);
      CHECK(box.x >= 0.0 && box.y >= 0.0 && box.w > 8.0 && box.h > 8.0);
      CHECK(box.x + box.w <= sizes[k][0] && box.y + box.h <= sizes[k][1]);
    }
    for (unsigned i = PORT_SET_FIRST; i <= PORT_TEMPO; ++i) {
      const Rect a = port_box((PortIndex)i);
      for (unsigned j = PORT_SET_FIRST; j < i; ++j) {
        CHECK(!rect_has(port_box((PortIndex)j), mid_x(a), mid_y(a)));
      }
    }
  }
  Rect box;
  CHECK(!view_find_port(view, PORT_FREEWHEEL, &box));
  CHECK(!view_find(view, "nonsense", &box));
}

static void
test_a_small_window_shows_all_of_it_smaller(void)
{
  begin_with(450.0, 345.0, 1.0, BOTH);
  const Rect box = port_box(PORT_TEMPO);
  CHECK(box.x + box.w > 450.0); // In points, which are half a pixel now
  point(POINTER_MOVE, 0.5 * mid_x(box), 0.5 * mid_y(box), 0U);
  point(POINTER_PRESS, 0.5 * mid_x(box), 0.5 * mid_y(box), 0U);
  point(POINTER_MOVE, 0.5 * mid_x(box), 0.5 * mid_y(box) - 10.0, 0U);
  point(POINTER_RELEASE, 0.5 * mid_x(box), 0.5 * mid_y(box) - 10.0, 0U);
  CHECK(wishes.n_sets);
  check_sets(PORT_TEMPO, PORT_TEMPO);
  CHECK(view_resize(view, 1U, 1U, 1.0)); // As hosts do for a moment
  (void)view_draw(view, SECOND, boxes);
}

static void
test_the_bar_is_lit_once_it_is_known(void)
{
  begin();
  model.has_place = false; // As before the plugin has said anything
  model.place.bar = 0;
  (void)view_draw(view, SECOND, boxes);
  CHECK(!view_draw(view, SECOND, boxes));
  model.has_place         = true;
  const uint32_t n        = view_draw(view, SECOND, boxes);
  const Rect     w        = named_box("pad");
  bool           is_drawn = false;
  for (uint32_t i = 0U; i < n; ++i) { // The song, which nothing else tells of
    is_drawn |= boxes[i].w > 1000.0 && boxes[i].y > 40.0 && boxes[i].y < w.y;
  }
  CHECK(is_drawn);
}

static unsigned
count_lit(Canvas* const canvas)
{
  uint32_t             stride = 0U;
  const uint8_t* const pixels = canvas_pixels(canvas, &stride);
  unsigned             n      = 0U;
  for (uint32_t y = 0U; y < canvas_height(canvas); ++y) {
    for (uint32_t x = 0U; x < canvas_width(canvas); ++x) {
      n += pixels[y * stride + 4U * x + 1U] > 64U ? 1U : 0U;
    }
  }
  return n;
}

static void
test_any_bytes_are_drawn(void)
{
  static const char* const texts[] = {
    "caf\xE9",                   // Latin-1
    "\xC3",                      // Cut short
    "\xC0\x80 \xED\xA0\x80",     // No letters at all
    "\xEF\xBF\xBF \xFF\xFE",     // What cairo forbids
    "\xF4\x90\x80\x80 \x80",     // Beyond the last
    "A\xCC\x88 \xF0\x9F\x8E\xB5" // And sound ones
  };
  const Ink  ink = {0xFFFFFFU, 1.0f};
  const Rect box = {0.0, 0.0, 100.0, 20.0};
  for (unsigned i = 0U; i < sizeof(texts) / sizeof(texts[0]); ++i) {
    Canvas* const canvas = canvas_new(100U, 20U, 1.0);
    CHECK(canvas);
    canvas_text(canvas, box, ALIGN_LEFT, FONT_NORMAL, ink, texts[i]);
    CHECK(count_lit(canvas) > 4U);
    CHECK(canvas_text_width(canvas, FONT_NORMAL, texts[i]) > 3.0);
    canvas_fill(canvas, box, ink);
    CHECK(count_lit(canvas) == 2000U); // It still draws
    canvas_free(canvas);
  }
}

// Pictures --------------------------------------------------------------------

/// Mean of a square of a picture, for each of three colours
static void
mean_of(const uint8_t* const pixels,
        const uint32_t       stride,
        const uint32_t       x,
        const uint32_t       y,
        const uint32_t       size,
        double* const        mean)
{
  mean[0] = mean[1] = mean[2] = 0.0;
  for (uint32_t j = 0U; j < size; ++j) {
    for (uint32_t i = 0U; i < size; ++i) {
      uint32_t pixel = 0U;
      memcpy(&pixel, pixels + (size_t)(y + j) * stride + 4U * (x + i), 4U);
      for (unsigned c = 0U; c < 3U; ++c) {
        mean[c] += (double)(pixel >> 8U * c & 0xFFU) / (size * size);
      }
    }
  }
}

/// How far two pictures are apart: their worst square, and on the whole
static void
compare(const uint8_t* const a,
        const uint32_t       stride_a,
        const uint32_t       zoom_a,
        const uint8_t* const b,
        const uint32_t       stride_b,
        const uint32_t       width,
        const uint32_t       height,
        double* const        worst,
        double* const        whole)
{
  uint32_t n = 0U;
  *worst = *whole = 0.0;
  for (uint32_t y = 0U; y + SQUARE <= height; y += SQUARE) {
    for (uint32_t x = 0U; x + SQUARE <= width; x += SQUARE) {
      double one[3], other[3];
      mean_of(a, stride_a, zoom_a * x, zoom_a * y, zoom_a * SQUARE, one);
      mean_of(b, stride_b, x, y, SQUARE, other);
      for (unsigned c = 0U; c < 3U; ++c) {
        const double apart = fabs(one[c] - other[c]);
        *worst             = apart > *worst ? apart : *worst;
        *whole += apart;
        ++n;
      }
    }
  }
  *whole /= n;
}

static cairo_surface_t*
picture_of_view(void)
{
  uint32_t             stride = 0U;
  Canvas* const        canvas = view_canvas(view);
  const uint8_t* const pixels = canvas_pixels(canvas, &stride);
  return cairo_image_surface_create_for_data((unsigned char*)(uintptr_t)pixels,
                                             CAIRO_FORMAT_RGB24,
                                             (int)canvas_width(canvas),
                                             (int)canvas_height(canvas),
                                             (int)stride);
}

static void
path_of(const char* const name, char* const path, const size_t size)
{
  snprintf(path, size, "tests/data/ui/%s.png", name);
}

/// Hold what is drawn against a picture.  @return Whether it is like it.
static bool
is_like(const char* const name, double* const worst, double* const whole)
{
  char path[1024];
  path_of(name, path, sizeof(path));
  cairo_surface_t* const kept   = cairo_image_surface_create_from_png(path);
  uint32_t               stride = 0U;
  Canvas* const          canvas = view_canvas(view);
  const uint8_t* const   pixels = canvas_pixels(canvas, &stride);
  const bool             is_there =
    cairo_surface_status(kept) == CAIRO_STATUS_SUCCESS &&
    cairo_image_surface_get_width(kept) == (int)canvas_width(canvas) &&
    cairo_image_surface_get_height(kept) == (int)canvas_height(canvas);
  *worst = *whole = 255.0;
  if (is_there) {
    cairo_surface_flush(kept);
    compare(pixels,
            stride,
            1U,
            cairo_image_surface_get_data(kept),
            (uint32_t)cairo_image_surface_get_stride(kept),
            canvas_width(canvas),
            canvas_height(canvas),
            worst,
            whole);
  }
  cairo_surface_destroy(kept);
  return *worst <= MAX_APART && *whole <= MEAN_APART;
}

/// The states that there are pictures of
static void
set_scene(const unsigned number)
{
  if (number == 0U) {
    begin_with(VIEW_WIDTH, VIEW_HEIGHT, 1.0, BOTH);
  } else { // Drums alone, which wait for the host
    begin_with(VIEW_MIN_WIDTH, VIEW_MIN_HEIGHT, 1.0, 1U << PART_DRUMS);
    TalkMessage message;
    memset(&message, 0, sizeof(message));
    message.kind     = TALK_PLACE;
    message.as.place = ui_scene_place(1U << PART_DRUMS);
    message.as.place.state &= ~(int32_t)(TALK_IS_ROLLING | TALK_IS_KNOWN);
    message.as.place.now[PART_DRUMS] = message.as.place.next[PART_DRUMS] = 0;
    ui_model_hear(&model, &message, SECOND);
  }
  (void)view_draw(view, SECOND, boxes);
}

static const char* const scenes[] = {"both", "drums-wait"};

static void
write_pictures(void)
{
  for (unsigned i = 0U; i < 2U; ++i) {
    char path[1024];
    set_scene(i);
    path_of(scenes[i], path, sizeof(path));
    cairo_surface_t* const picture = picture_of_view();
    CHECK(cairo_surface_write_to_png(picture, path) == CAIRO_STATUS_SUCCESS);
    cairo_surface_destroy(picture);
    printf("%s\n", path);
  }
}

static void
test_it_looks_as_it_did(void)
{
  double worst = 0.0;
  double whole = 0.0;
  if (access(FONT, R_OK)) {
    printf("skip %s: no %s (Debian: fonts-dejavu-core)\n", __func__, FONT);
    return;
  }
  for (unsigned i = 0U; i < 2U; ++i) {
    set_scene(i);
    if (!is_like(scenes[i], &worst, &whole)) {
      fprintf(stderr, "%s: worst %.1f, whole %.2f\n", scenes[i], worst, whole);
      CHECK(false);
    }
  }
}

static void
test_another_picture_is_told_from_it(void)
{
  const struct {
    PortIndex port;
    float     value;
  } rows[]     = {{PORT_SWING, 100.0f},
                  {PORT_THRU, 0.0f},
                  {PORT_GATE, 80.0f},
                  {PORT_MIX_FIRST + STYLE_ACID, 60.0f},
                  {PORT_HOLD, 1.0f}};
  double worst = 0.0;
  double whole = 0.0;
  for (unsigned i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    set_scene(0U);
    ui_model_set_port(&model, rows[i].port, rows[i].value);
    (void)view_draw(view, SECOND, boxes);
    CHECK(!is_like(scenes[0], &worst, &whole));
  }
  set_scene(0U); // And so is a note
  ui_scene_phrase(&model, 5, PART_MELODY, 24);
  TalkMessage message;
  memset(&message, 0, sizeof(message));
  message.kind                      = TALK_PLACE;
  message.as.place                  = ui_scene_place(BOTH);
  message.as.place.now[PART_MELODY] = 5;
  ui_model_hear(&model, &message, SECOND);
  (void)view_draw(view, SECOND, boxes);
  CHECK(!is_like(scenes[0], &worst, &whole));
}

static void
test_what_is_drawn_bit_by_bit_is_the_whole(void)
{
  // One view that is drawn at once, and one that came there step by step
  set_scene(0U);
  ui_model_set_port(&model, PORT_ENERGY, 10.0f);
  click_in(port_box(PORT_THRU));
  const Rect knob = port_box(PORT_ENERGY);
  point(POINTER_MOVE, mid_x(knob), mid_y(knob), 0U);
  (void)view_draw(view, 3 * SECOND, boxes); // With its tip
  point(POINTER_MOVE, 1.0, 1.0, 0U);
  ui_model_set_port(&model, PORT_ENERGY, 60.0f);
  click_in(port_box(PORT_THRU));
  point(POINTER_LEAVE, 1.0, 1.0, 0U);
  for (int64_t t = 15; t >= 10; --t) { // The playhead comes, too
    (void)view_draw(view, t * SECOND / 10, boxes);
  }

  uint32_t             stride = 0U;
  Canvas* const        canvas = view_canvas(view);
  const uint8_t* const pixels = canvas_pixels(canvas, &stride);
  const size_t         size   = (size_t)stride * canvas_height(canvas);
  uint8_t* const       kept   = (uint8_t*)malloc(size);
  memcpy(kept, pixels, size);
  set_scene(0U);
  CHECK(!memcmp(kept, canvas_pixels(view_canvas(view), &stride), size));
  free(kept);
}

static void
test_a_dense_screen_shows_the_same_crisper(void)
{
  begin_with(VIEW_WIDTH, VIEW_HEIGHT, 2.0, BOTH);
  (void)view_draw(view, SECOND, boxes);
  uint32_t       stride = 0U;
  Canvas* const  canvas = view_canvas(view);
  const size_t   size   = 4U * (size_t)canvas_width(canvas);
  const uint32_t height = canvas_height(canvas);
  uint8_t* const kept   = (uint8_t*)malloc(size * height);
  const uint8_t* pixels = canvas_pixels(canvas, &stride);
  for (uint32_t y = 0U; y < height; ++y) {
    memcpy(kept + size * y, pixels + (size_t)stride * y, size);
  }

  double worst = 0.0;
  double whole = 0.0;
  set_scene(0U);
  pixels = canvas_pixels(view_canvas(view), &stride);
  compare(kept,
          (uint32_t)size,
          2U,
          pixels,
          stride,
          (uint32_t)VIEW_WIDTH,
          (uint32_t)VIEW_HEIGHT,
          &worst,
          &whole);
  CHECK(worst < 40.0 && whole < 2.0);
  free(kept);
}

// Touching --------------------------------------------------------------------

static void
test_every_control_moves_its_own_port(void)
{
  for (unsigned i = PORT_SET_FIRST; i <= PORT_TEMPO; ++i) {
    const PortIndex   port = (PortIndex)i;
    const ControlKind kind = control_at(port)->kind;
    begin();
    const Rect box = port_box(port);
    if (kind == CONTROL_KNOB || kind == CONTROL_NUMBER) {
      const bool is_high = model.ports[port] > 0.5f * (port_at(port).minimum +
                                                       port_at(port).maximum);
      drag_by(box, 0.0, is_high ? 40.0 : -40.0, 0U);
    } else if (kind == CONTROL_WEIGHT) {
      drag_by(box, 12.0, 0.0, 0U);
    } else {
      click_in(box);
    }
    CHECK(wishes.n_sets);
    check_sets(port, port);
  }
}

static void
test_knobs_turn_finely_by_wheel_and_back(void)
{
  begin();
  const Rect box = port_box(PORT_ENERGY);
  drag_by(box, 0.0, -32.0, 0U);
  const float far = model.ports[PORT_ENERGY];
  CHECK(far == 80.0f);
  drag_by(box, 0.0, -32.0, MOD_SHIFT);
  CHECK(model.ports[PORT_ENERGY] == 82.0f);

  wheel_in(box, 1.0, 0U);
  CHECK(model.ports[PORT_ENERGY] == 84.0f);
  wheel_in(box, -1.0, MOD_CTRL);
  CHECK(model.ports[PORT_ENERGY] == 83.0f);

  const Pointer twice = {POINTER_PRESS, mid_x(box), mid_y(box), 0U, 2U, 0.0};
  click_in(box);
  view_pointer(view, &twice, SECOND);
  point(POINTER_RELEASE, mid_x(box), mid_y(box), 0U);
  CHECK(model.ports[PORT_ENERGY] == 60.0f);
  drag_by(box, 0.0, -4000.0, 0U);
  CHECK(model.ports[PORT_ENERGY] == 100.0f);
  drag_by(box, 0.0, 4000.0, 0U);
  CHECK(model.ports[PORT_ENERGY] == 0.0f);
  check_sets(PORT_ENERGY, PORT_ENERGY);
}

static void
test_a_click_alone_turns_no_knob(void)
{
  begin();
  for (unsigned i = PORT_SET_FIRST; i <= PORT_TEMPO; ++i) {
    if (control_at((PortIndex)i)->kind == CONTROL_KNOB) {
      click_in(port_box((PortIndex)i));
    }
  }
  CHECK(!wishes.n_sets);
  CHECK(wishes.n_touches);
}

static void
test_choices_go_round(void)
{
  begin();
  const Rect box = port_box(PORT_FORM);
  for (unsigned i = 0U; i < 3U; ++i) { // The right half: on
    point(POINTER_PRESS, box.x + 0.9 * box.w, mid_y(box), 0U);
    point(POINTER_RELEASE, box.x + 0.9 * box.w, mid_y(box), 0U);
  }
  CHECK(wishes.n_sets == 3U && wishes.values[0] == 2.0f &&
        wishes.values[1] == 0.0f && wishes.values[2] == 1.0f);
  point(POINTER_PRESS, box.x + 0.1 * box.w, mid_y(box), 0U);
  point(POINTER_RELEASE, box.x + 0.1 * box.w, mid_y(box), 0U);
  CHECK(model.ports[PORT_FORM] == 0.0f);

  // Let go elsewhere, it was not meant
  point(POINTER_PRESS, mid_x(box), mid_y(box), 0U);
  point(POINTER_RELEASE, 5.0, 5.0, 0U);
  CHECK(model.ports[PORT_FORM] == 0.0f);
  check_sets(PORT_FORM, PORT_FORM);
}

static void
test_the_pad_writes_the_mix(void)
{
  begin();
  const Rect     pad   = named_box("pad");
  const MapPoint place = style_map_place(STYLE_TRANCE);
  point(POINTER_PRESS, pad.x + pad.w * place.x, pad.y + pad.h * place.y, 0U);
  CHECK(wishes.held[PORT_MIX_FIRST] == 1 && wishes.held[PORT_MIX_LAST] == 1);
  point(POINTER_RELEASE, pad.x + pad.w * place.x, pad.y + pad.h * place.y, 0U);
  CHECK(model.ports[PORT_MIX_FIRST + STYLE_TRANCE] == 100.0f);
  CHECK(model.ports[PORT_MIX_FIRST + STYLE_HOUSE] == 0.0f);
  CHECK(model.ports[PORT_MIX_FIRST + STYLE_BAROQUE] == 0.0f);

  // Out of it, it stays at the edge
  point(POINTER_PRESS, mid_x(pad), mid_y(pad), 0U);
  point(POINTER_MOVE, pad.x + 5000.0, pad.y + 5000.0, 0U);
  point(POINTER_RELEASE, pad.x + 5000.0, pad.y + 5000.0, 0U);
  CHECK(model.ports[PORT_MIX_FIRST + STYLE_BAROQUE] > 40.0f);
  float sum = 0.0f;
  for (unsigned i = 0U; i < N_STYLES; ++i) {
    sum += model.ports[PORT_MIX_FIRST + i];
  }
  CHECK(sum == 100.0f);
  check_sets(PORT_MIX_FIRST, PORT_MIX_LAST);
}

/// Whether the ring is drawn at a point of the pad
static bool
has_ring(const double x, const double y)
{
  uint32_t             stride = 0U;
  const Rect           pad    = named_box("pad");
  const uint8_t* const pixels = canvas_pixels(view_canvas(view), &stride);
  const uint32_t       row    = (uint32_t)(pad.y + pad.h * y);
  const uint32_t       column = (uint32_t)(pad.x + pad.w * x);
  return pixels[row * stride + 4U * column] > 240U;
}

static void
test_the_point_on_the_pad_stays_where_it_was_put(void)
{
  begin();
  const Rect pad = named_box("pad");
  point(POINTER_PRESS, pad.x + 0.5 * pad.w, pad.y + 0.45 * pad.h, 0U);
  const float old = model.ports[PORT_MIX_FIRST + STYLE_TRANCE];

  // The host tells of a change late, while the hand is on it, and again after
  ui_model_set_port(&model, PORT_MIX_FIRST + STYLE_TRANCE, 100.0f);
  (void)view_draw(view, SECOND, boxes);
  CHECK(has_ring(0.5, 0.45));
  point(POINTER_RELEASE, pad.x + 0.5 * pad.w, pad.y + 0.45 * pad.h, 0U);
  (void)view_draw(view, SECOND, boxes);
  CHECK(!has_ring(0.5, 0.45));
  ui_model_set_port(&model, PORT_MIX_FIRST + STYLE_TRANCE, old);
  (void)view_draw(view, SECOND, boxes);
  CHECK(has_ring(0.5, 0.45));
}

static void
test_a_button_may_be_lost(void)
{
  begin();
  const Rect knob  = port_box(PORT_ENERGY);
  const Rect other = port_box(PORT_SWING);
  point(POINTER_PRESS, mid_x(knob), mid_y(knob), 0U);
  CHECK(wishes.held[PORT_ENERGY] == 1);
  point(POINTER_LOST, 0.0, 0.0, 0U);
  CHECK(wishes.held[PORT_ENERGY] == 0);
  point(POINTER_MOVE, mid_x(knob), mid_y(knob) - 40.0, 0U);
  CHECK(!wishes.n_sets);

  // Two presses without a release between them
  point(POINTER_PRESS, mid_x(knob), mid_y(knob), 0U);
  point(POINTER_PRESS, mid_x(other), mid_y(other), 0U);
  CHECK(wishes.held[PORT_ENERGY] == 0 && wishes.held[PORT_SWING] == 1);
  point(POINTER_RELEASE, mid_x(other), mid_y(other), 0U);

  const Rect hold = port_box(PORT_HOLD); // A switch is not thrown by it
  point(POINTER_PRESS, mid_x(hold), mid_y(hold), 0U);
  point(POINTER_LOST, mid_x(hold), mid_y(hold), 0U);
  CHECK(!wishes.n_sets);
  check_sets(PORT_ENERGY, PORT_SWING);
}

static void
test_keys_while_a_knob_is_held(void)
{
  begin();
  const Rect knob = port_box(PORT_ENERGY);
  point(POINTER_PRESS, mid_x(knob), mid_y(knob), 0U);
  CHECK(type(KEY_TAB, "") && type(KEY_BACK_TAB, ""));
  CHECK(type(KEY_UP, "") && wishes.held[PORT_ENERGY] == 1);
  point(POINTER_RELEASE, mid_x(knob), mid_y(knob), 0U);
  CHECK(wishes.n_touches == 2U);
  check_sets(PORT_ENERGY, PORT_ENERGY);
}

static void
test_a_button_is_pressed_again_at_once(void)
{
  begin();
  for (unsigned i = 0U; i < 3U; ++i) {
    click_in(port_box(PORT_REROLL));
  }
  CHECK(wishes.n_sets == 3U);
}

static void
test_the_threshold_is_the_gate(void)
{
  begin();
  const Rect   scores = named_box("scores");
  const double y      = scores.y + 0.25 * scores.h;
  point(POINTER_PRESS, mid_x(scores), mid_y(scores), 0U);
  point(POINTER_MOVE, mid_x(scores), y, 0U);
  point(POINTER_RELEASE, mid_x(scores), y, 0U);
  CHECK(model.ports[PORT_GATE] == 75.0f);
  check_sets(PORT_GATE, PORT_GATE);
}

static void
test_dice_give_another_seed(void)
{
  begin();
  const Rect box = named_box("dice");
  for (unsigned i = 0U; i < 20U; ++i) {
    click_in(box);
  }
  CHECK(wishes.n_sets == 20U);
  for (unsigned i = 1U; i < 20U; ++i) {
    CHECK(wishes.values[i] != wishes.values[i - 1U]);
    CHECK(wishes.values[i] == floorf(wishes.values[i]));
  }
  check_sets(PORT_SEED, PORT_SEED);
}

static void
test_a_seed_is_typed(void)
{
  begin();
  click_in(port_box(PORT_SEED));
  CHECK(wishes.wants_focus);
  for (unsigned i = 0U; i < 6U; ++i) {
    CHECK(type(KEY_BACKSPACE, ""));
  }
  CHECK(type(KEY_TEXT, "4") && type(KEY_TEXT, "2"));
  CHECK(!wishes.n_sets);
  CHECK(type(KEY_ENTER, ""));
  CHECK(model.ports[PORT_SEED] == 42.0f);

  click_in(port_box(PORT_SEED)); // What is no seed changes nothing
  CHECK(type(KEY_TEXT, "x") && type(KEY_ENTER, ""));
  CHECK(model.ports[PORT_SEED] == 42.0f && wishes.n_sets == 1U);
  click_in(port_box(PORT_SEED)); // Nor what is given up
  CHECK(type(KEY_TEXT, "1") && type(KEY_ESCAPE, ""));
  CHECK(model.ports[PORT_SEED] == 42.0f);
  check_sets(PORT_SEED, PORT_SEED);
}

static void
test_what_is_typed_takes_the_numbers_place(void)
{
  begin();
  click_in(port_box(PORT_SEED));
  CHECK(type(KEY_TEXT, "4") && type(KEY_TEXT, "2") && type(KEY_ENTER, ""));
  CHECK(model.ports[PORT_SEED] == 42.0f);
  click_in(port_box(PORT_SEED)); // Unless it is gone into first
  (void)view_draw(view, SECOND, boxes);
  CHECK(type(KEY_END, "") && view_draw(view, SECOND, boxes));
  CHECK(type(KEY_TEXT, "1") && type(KEY_ENTER, ""));
  CHECK(model.ports[PORT_SEED] == 421.0f);
  const KeyKind wipes[] = {KEY_BACKSPACE, KEY_DELETE};
  for (unsigned i = 0U; i < 2U; ++i) {
    click_in(port_box(PORT_SEED));
    CHECK(type(wipes[i], "") && type(KEY_TEXT, "9") && type(KEY_ENTER, ""));
    CHECK(model.ports[PORT_SEED] == 9.0f);
    ui_model_set_port(&model, PORT_SEED, 777.0f);
  }
  click_in(port_box(PORT_ENERGY)); // On the way to any knob, Tab comes first
  CHECK(type(KEY_TAB, "") && type(KEY_BACK_TAB, ""));
  CHECK(type(KEY_ENTER, "") && type(KEY_TEXT, "35") && type(KEY_ENTER, ""));
  CHECK(model.ports[PORT_ENERGY] == 35.0f);
}

static void
test_a_folder_is_typed_letter_by_letter(void)
{
  begin();
  click_in(named_box("folder"));
  CHECK(type(KEY_HOME, "") && type(KEY_DELETE, "") && type(KEY_TEXT, "~"));
  CHECK(type(KEY_END, "") && type(KEY_TEXT, "\xC3\xA4") &&
        type(KEY_TEXT, "\xC3\xB6"));
  CHECK(type(KEY_LEFT, "") && type(KEY_BACKSPACE, ""));
  CHECK(type(KEY_PASTE, "x\ny"));
  CHECK(type(KEY_ENTER, ""));
  CHECK(wishes.n_folders == 1U);
  CHECK(!strcmp(wishes.folder, "~home/ada/Music/Perpetuoxy\xC3\xB6"));

  click_in(named_box("folder")); // As it was: nothing is wanted
  CHECK(type(KEY_ENTER, ""));
  CHECK(wishes.n_folders == 1U);

  click_in(named_box("folder")); // More than there is room for
  for (unsigned i = 0U; i < 2U * TAKE_MAX_PATH; ++i) {
    CHECK(type(KEY_TEXT, "\xC3\xA4"));
  }
  CHECK(type(KEY_ENTER, ""));
  CHECK(strlen(wishes.folder) < TAKE_MAX_PATH);
  CHECK(!wishes.n_sets);
}

static void
test_keys_reach_everything(void)
{
  begin();
  CHECK(!type(KEY_TEXT, " ")); // The host's: it starts the transport
  CHECK(!type(KEY_LEFT, ""));
  bool     is_moved[N_PORTS] = {false};
  unsigned n_around          = 0U;
  for (unsigned i = 0U; i < 80U; ++i) {
    const unsigned before = wishes.n_sets;
    CHECK(type(KEY_TAB, ""));
    CHECK(!type(KEY_TEXT, " "));
    if (!type(KEY_UP, "") || wishes.n_sets == before) {
      (void)type(KEY_DOWN, "");
    }
    if (wishes.n_sets == before) { // A button
      (void)type(KEY_ENTER, "");
    }
    for (unsigned k = before; k < wishes.n_sets; ++k) {
      n_around += is_moved[wishes.ports[k]] ? 1U : 0U;
      is_moved[wishes.ports[k]] = true;
    }
    (void)type(KEY_ESCAPE, "");
    for (unsigned k = 0U; k <= i; ++k) { // Back to where it was
      (void)type(KEY_TAB, "");
    }
  }
  for (unsigned i = PORT_SET_FIRST; i <= PORT_TEMPO; ++i) {
    if (!is_moved[i]) {
      fprintf(stderr, "no key moves %s\n", port_at((PortIndex)i).symbol);
    }
    CHECK(is_moved[i]);
  }
  CHECK(n_around);
  check_sets(PORT_SET_FIRST, PORT_SET_LAST);
}

/// Let keys go to a port.  A click alone does not.
static void
focus_port(const PortIndex port)
{
  click_in(port_box(port));
  CHECK(!type(KEY_UP, "") && !type(KEY_HOME, "") && !type(KEY_TEXT, "4"));
  CHECK(type(KEY_TAB, "") && type(KEY_BACK_TAB, ""));
}

static void
test_keys_on_a_knob(void)
{
  begin();
  focus_port(PORT_ENERGY);
  CHECK(type(KEY_UP, "") && model.ports[PORT_ENERGY] == 62.0f);
  CHECK(type(KEY_LEFT, "") && model.ports[PORT_ENERGY] == 60.0f);
  CHECK(type(KEY_PAGE_UP, "") && model.ports[PORT_ENERGY] == 70.0f);
  CHECK(type(KEY_HOME, "") && model.ports[PORT_ENERGY] == 0.0f);
  CHECK(type(KEY_END, "") && model.ports[PORT_ENERGY] == 100.0f);
  CHECK(type(KEY_DELETE, "") && model.ports[PORT_ENERGY] == 60.0f);
  CHECK(type(KEY_TEXT, "3") && type(KEY_TEXT, "5") && type(KEY_ENTER, ""));
  CHECK(model.ports[PORT_ENERGY] == 35.0f);
  const Key fine = {KEY_UP, MOD_SHIFT, ""};
  CHECK(view_key(view, &fine, SECOND) && model.ports[PORT_ENERGY] == 36.0f);
  CHECK(type(KEY_ESCAPE, "") && !wishes.wants_focus);
  CHECK(!type(KEY_UP, ""));
  check_sets(PORT_ENERGY, PORT_ENERGY);
}

static void
test_music_is_taken_away(void)
{
  begin();
  Rect box = named_box("drag_phrase");
  point(POINTER_PRESS, mid_x(box), mid_y(box), 0U);
  point(POINTER_MOVE, mid_x(box) + 2.0, mid_y(box), 0U);
  CHECK(!wishes.n_drags); // A hand that shakes drags nothing
  point(POINTER_MOVE, mid_x(box) + 30.0, mid_y(box), 0U);
  CHECK(wishes.n_drags == 1U && wishes.kind == TAKE_PHRASE);
  CHECK(wishes.cursor == CURSOR_HAND);
  view_drag_ended(view, DRAG_TAKEN);
  CHECK(wishes.cursor == CURSOR_ARROW);

  box = named_box("n_bars");
  click_in(box);
  wheel_in(box, 1.0, 0U);
  box = named_box("drag_bars");
  drag_by(box, 50.0, 0.0, 0U);
  CHECK(wishes.n_drags == 2U && wishes.kind == TAKE_BARS &&
        wishes.n_bars == 32U);
  view_drag_ended(view, DRAG_DROPPED);

  click_in(named_box("save_bars"));
  CHECK(wishes.n_saves == 1U && wishes.kind == TAKE_BARS);
  click_in(named_box("save_phrase"));
  CHECK(wishes.n_saves == 2U && wishes.kind == TAKE_PHRASE);
  CHECK(!wishes.n_sets);
}

static void
test_a_tip_comes_when_the_pointer_rests(void)
{
  begin();
  (void)view_draw(view, SECOND, boxes);
  const Rect box = port_box(PORT_VARIATION);
  point(POINTER_MOVE, mid_x(box), mid_y(box), 0U);
  const uint32_t n_soon = view_draw(view, SECOND, boxes);
  CHECK(n_soon == 1U); // It is lit
  const uint32_t n_later = view_draw(view, 2 * SECOND, boxes);
  CHECK(n_later > n_soon);
  uint32_t stride = 0U;
  CHECK(canvas_pixels(view_canvas(view), &stride));
  point(POINTER_LEAVE, 0.0, 0.0, 0U);
  CHECK(view_draw(view, 2 * SECOND, boxes));
}

static void
test_the_tip_of_a_weight_hides_no_other(void)
{
  begin();
  const Rect first = port_box(PORT_MIX_FIRST);
  const Rect last  = port_box(PORT_MIX_LAST);
  point(POINTER_MOVE, mid_x(first), mid_y(first), 0U);
  (void)view_draw(view, SECOND, boxes);
  const uint32_t n   = view_draw(view, 3 * SECOND, boxes);
  const Rect     tip = boxes[n - 1U]; // It is drawn last
  CHECK(n && tip.w > 100.0 && tip.x >= 0.0);
  CHECK(tip.x + tip.w <= first.x && tip.y + tip.h < last.y + last.h);
}

static void
test_cursors(void)
{
  begin();
  Rect box = named_box("pad");
  point(POINTER_MOVE, mid_x(box), mid_y(box), 0U);
  CHECK(wishes.cursor == CURSOR_HAND);
  box = named_box("folder");
  point(POINTER_MOVE, mid_x(box), mid_y(box), 0U);
  CHECK(wishes.cursor == CURSOR_TEXT);
  point(POINTER_MOVE, 3.0, 3.0, 0U);
  CHECK(wishes.cursor == CURSOR_ARROW);
}

static void
test_the_hosts_keys_change_nothing(void)
{
  begin();
  focus_port(PORT_ENERGY);
  (void)view_draw(view, SECOND, boxes);
  CHECK(!type(KEY_TEXT, " ") && !view_draw(view, SECOND, boxes));
  CHECK(type(KEY_UP, "") && view_draw(view, SECOND, boxes));
  check_sets(PORT_ENERGY, PORT_ENERGY);
}

static void
test_only_what_is_typed_takes_the_clipboard(void)
{
  begin();
  CHECK(!type(KEY_PASTE, ""));
  focus_port(PORT_ENERGY);
  CHECK(!type(KEY_PASTE, "") && !type(KEY_PASTE, "17"));
  click_in(port_box(PORT_SEED));
  CHECK(type(KEY_PASTE, "") && type(KEY_PASTE, "17") && type(KEY_ENTER, ""));
  CHECK(model.ports[PORT_SEED] == 17.0f);
}

static void
test_losing_the_keyboard_ends_typing(void)
{
  begin();
  click_in(port_box(PORT_SEED));
  CHECK(type(KEY_TEXT, "9"));
  view_focus(view, false, SECOND);
  CHECK(!type(KEY_ENTER, ""));
  CHECK(model.ports[PORT_SEED] == 9.0f);

  click_in(named_box("folder"));
  CHECK(type(KEY_TEXT, "/x"));
  view_focus(view, false, SECOND);
  CHECK(!wishes.n_folders);
}

static void
test_a_sentence_is_shown_for_a_while(void)
{
  begin();
  view_say(view, "Saved as /tmp/x.mid", SECOND);
  CHECK(view_draw(view, SECOND, boxes));
  CHECK(!view_draw(view, SECOND, boxes));
  const uint32_t n_moving = view_draw(view, 2 * SECOND, boxes);
  CHECK(view_draw(view, 20 * SECOND, boxes) > n_moving);
}

int
main(const int argc, char** const argv)
{
  char here[1024]; // A relative path would be looked for elsewhere
  char fonts[1100];
  if (getcwd(here, sizeof(here))) {
    snprintf(fonts, sizeof(fonts), "%s/tests/data/ui/fonts.conf", here);
    setenv("FONTCONFIG_FILE", fonts, 1);
  }
  if (argc > 1 && !strcmp(argv[1], "--write")) {
    write_pictures();
    end();
    return 0;
  }
  RUN(test_what_does_not_change_is_not_drawn);
  RUN(test_what_is_told_again_is_not_drawn);
  RUN(test_only_what_changes_is_drawn);
  RUN(test_every_panel_is_within_the_window);
  RUN(test_a_small_window_shows_all_of_it_smaller);
  RUN(test_any_bytes_are_drawn);
  RUN(test_the_bar_is_lit_once_it_is_known);
  RUN(test_it_looks_as_it_did);
  RUN(test_another_picture_is_told_from_it);
  RUN(test_what_is_drawn_bit_by_bit_is_the_whole);
  RUN(test_a_dense_screen_shows_the_same_crisper);
  RUN(test_every_control_moves_its_own_port);
  RUN(test_knobs_turn_finely_by_wheel_and_back);
  RUN(test_a_click_alone_turns_no_knob);
  RUN(test_choices_go_round);
  RUN(test_the_pad_writes_the_mix);
  RUN(test_the_point_on_the_pad_stays_where_it_was_put);
  RUN(test_a_button_may_be_lost);
  RUN(test_keys_while_a_knob_is_held);
  RUN(test_a_button_is_pressed_again_at_once);
  RUN(test_the_threshold_is_the_gate);
  RUN(test_dice_give_another_seed);
  RUN(test_a_seed_is_typed);
  RUN(test_what_is_typed_takes_the_numbers_place);
  RUN(test_a_folder_is_typed_letter_by_letter);
  RUN(test_keys_reach_everything);
  RUN(test_keys_on_a_knob);
  RUN(test_music_is_taken_away);
  RUN(test_a_tip_comes_when_the_pointer_rests);
  RUN(test_the_tip_of_a_weight_hides_no_other);
  RUN(test_cursors);
  RUN(test_the_hosts_keys_change_nothing);
  RUN(test_only_what_is_typed_takes_the_clipboard);
  RUN(test_losing_the_keyboard_ends_typing);
  RUN(test_a_sentence_is_shown_for_a_while);
  end();
  CHECK_END();
}
