// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The window on a screen in memory: what is seen, and what it hears

#include <X11/extensions/XTest.h> // First: it needs Xlib's Status

#include "plugin/ui/window_x11.h"

#include "plugin/ui/canvas.h"
#include "plugin/ui/window.h"

#include "check.h"
#include "screen.h"

#include <dirent.h>
#include <malloc.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#define LEFT 60
#define TOP 50
#define WIDTH 320U
#define HEIGHT 240U

#define MAX_HEARD 64U

/// What a window has told
typedef struct {
  Pointer  pointers[MAX_HEARD];
  unsigned n_pointers;
  Key      keys[MAX_HEARD];
  unsigned n_keys;
  unsigned n_asked; ///< Whether the clipboard is wanted
  bool     wants_keys;
  unsigned n_sizes;
  uint32_t width, height;
  unsigned n_exposes;
  Rect     exposed;
  unsigned n_focus;
  bool     has_focus;
  unsigned n_closes;
} Heard;

static void
hear_pointer(void* const data, const Pointer* const pointer)
{
  Heard* const heard = (Heard*)data;
  if (heard->n_pointers < MAX_HEARD) {
    heard->pointers[heard->n_pointers++] = *pointer;
  }
}

static bool
hear_key(void* const data, const Key* const key)
{
  Heard* const heard = (Heard*)data;
  if (key->kind == KEY_PASTE && !key->text[0]) {
    ++heard->n_asked;
  } else if (heard->n_keys < MAX_HEARD) {
    heard->keys[heard->n_keys++] = *key;
  }
  return heard->wants_keys;
}

static void
hear_size(void* const data, const uint32_t width, const uint32_t height)
{
  Heard* const heard = (Heard*)data;
  ++heard->n_sizes;
  heard->width  = width;
  heard->height = height;
}

static void
hear_expose(void* const data, const Rect box)
{
  Heard* const heard = (Heard*)data;
  ++heard->n_exposes;
  heard->exposed = box;
}

static void
hear_focus(void* const data, const bool has_it)
{
  Heard* const heard = (Heard*)data;
  ++heard->n_focus;
  heard->has_focus = has_it;
}

static void
hear_drag_end(void* const data, const DragEnd end)
{
  (void)data;
  (void)end;
}

static void
hear_close(void* const data)
{
  ++((Heard*)data)->n_closes;
}

static UiWindow*
open_in(const Window parent, Heard* const heard)
{
  const WindowCalls calls  = {.data     = heard,
                              .pointer  = hear_pointer,
                              .key      = hear_key,
                              .resize   = hear_size,
                              .expose   = hear_expose,
                              .focus    = hear_focus,
                              .drag_end = hear_drag_end,
                              .close    = hear_close};
  UiWindow*         window = NULL;
  Trouble           trouble;
  memset(heard, 0, sizeof(*heard));
  const Status st = window_new(
    (uintptr_t)parent, WIDTH, HEIGHT, "Window", &calls, &window, &trouble);
  if (st) {
    fprintf(stderr, "%s\n", trouble.text);
    return NULL;
  }
  return window;
}

/// Let everything arrive
static void
turn(UiWindow* const window)
{
  for (unsigned i = 0U; i < 6U; ++i) {
    screen_wait(3U);
    window_poll(window);
  }
}

static void
forget(Heard* const heard)
{
  const bool wants_keys = heard->wants_keys;
  memset(heard, 0, sizeof(*heard));
  heard->wants_keys = wants_keys;
}

static uint32_t
pattern(const uint32_t x, const uint32_t y, const uint32_t seed)
{
  return (x * 5U & 0xFFU) << 16U | (y * 3U & 0xFFU) << 8U |
         ((x + y + seed) & 0xFFU);
}

static Canvas*
draw_pattern(const uint32_t width, const uint32_t height, const uint32_t seed)
{
  Canvas* const  canvas = canvas_new(width, height, 1.0);
  uint32_t       stride = 0U;
  uint8_t* const pixels = (uint8_t*)canvas_pixels(canvas, &stride);
  for (uint32_t y = 0U; y < height; ++y) {
    for (uint32_t x = 0U; x < width; ++x) {
      const uint32_t pixel = pattern(x, y, seed) | (x & 1U ? 0xFF000000U : 0U);
      memcpy(pixels + (size_t)stride * y + 4UL * x, &pixel, sizeof(pixel));
    }
  }
  return canvas;
}

static Rect
whole(const Canvas* const canvas)
{
  const Rect box = {0.0, 0.0, canvas_width(canvas), canvas_height(canvas)};
  return box;
}

/// How many pixels of a part of the screen are not the pattern's
static unsigned
count_wrong(const int      left,
            const int      top,
            const uint32_t x0,
            const uint32_t y0,
            const uint32_t width,
            const uint32_t height,
            const uint32_t seed)
{
  XImage* const image = XGetImage(screen,
                                  DefaultRootWindow(screen),
                                  left + (int)x0,
                                  top + (int)y0,
                                  width,
                                  height,
                                  AllPlanes,
                                  ZPixmap);
  unsigned      n     = 0U;
  for (uint32_t y = 0U; y < height; ++y) {
    for (uint32_t x = 0U; x < width; ++x) {
      const uint32_t seen =
        (uint32_t)XGetPixel(image, (int)x, (int)y) & 0xFFFFFFU;
      n += seen != pattern(x0 + x, y0 + y, seed);
    }
  }
  XDestroyImage(image);
  return n;
}

// What is seen --------------------------------------------------------------

static void
test_a_canvas_is_seen(void)
{
  Heard           heard;
  const Window    parent = screen_window(LEFT, TOP, 500U, 400U);
  UiWindow* const window = open_in(parent, &heard);
  Canvas* const   canvas = draw_pattern(WIDTH, HEIGHT, 1U);
  CHECK(window && window_native(window));
  turn(window);
  CHECK(heard.n_exposes >= 1U);
  NEAR(heard.exposed.w, WIDTH, 0.0);
  NEAR(heard.exposed.h, HEIGHT, 0.0);

  window_draw(window, canvas, whole(canvas));
  turn(window);
  CHECK(count_wrong(LEFT, TOP, 0U, 0U, WIDTH, HEIGHT, 1U) == 0U);
  CHECK(screen_pixel(LEFT + (int)WIDTH + 2, TOP + 2) == 0x336699U);

  canvas_free(canvas);
  window_free(window);
  XDestroyWindow(screen, parent);
}

static void
test_a_part_is_seen(void)
{
  Heard           heard;
  const Window    parent = screen_window(LEFT, TOP, 500U, 400U);
  UiWindow* const window = open_in(parent, &heard);
  Canvas* const   first  = draw_pattern(WIDTH, HEIGHT, 1U);
  Canvas* const   second = draw_pattern(WIDTH, HEIGHT, 2U);
  turn(window);
  window_draw(window, first, whole(first));

  // Edges that are no whole pixels take their pixels along
  const Rect box = {20.4, 30.6, 49.2, 19.1};
  window_draw(window, second, box);
  turn(window);
  CHECK(count_wrong(LEFT, TOP, 20U, 30U, 50U, 20U, 2U) == 0U);
  CHECK(count_wrong(LEFT, TOP, 0U, 0U, WIDTH, 30U, 1U) == 0U);
  CHECK(count_wrong(LEFT, TOP, 0U, 30U, 20U, 20U, 1U) == 0U);
  CHECK(count_wrong(LEFT, TOP, 70U, 30U, WIDTH - 70U, 20U, 1U) == 0U);
  CHECK(count_wrong(LEFT, TOP, 0U, 50U, WIDTH, HEIGHT - 50U, 1U) == 0U);

  // What lies outside of canvas or window is nothing
  const Rect beyond[] = {{-10.0, -10.0, 5000.0, 5000.0},
                         {400.0, 10.0, 5.0, 5.0},
                         {10.0, 10.0, -5.0, 5.0},
                         {0.0, 0.0, 0.0, 0.0}};
  for (unsigned i = 0U; i < 4U; ++i) {
    window_draw(window, second, beyond[i]);
  }
  turn(window);
  CHECK(count_wrong(LEFT, TOP, 0U, 0U, WIDTH, HEIGHT, 2U) == 0U);
  CHECK(screen_pixel(LEFT + (int)WIDTH + 2, TOP + 2) == 0x336699U);

  canvas_free(first);
  canvas_free(second);
  window_free(window);
  XDestroyWindow(screen, parent);
}

static void
test_what_was_covered_is_told(void)
{
  Heard           heard;
  const Window    parent = screen_window(LEFT, TOP, 500U, 400U);
  UiWindow* const window = open_in(parent, &heard);
  Canvas* const   canvas = draw_pattern(WIDTH, HEIGHT, 7U);
  turn(window);
  window_draw(window, canvas, whole(canvas));
  turn(window);
  forget(&heard);

  const Window above = screen_window(LEFT + 40, TOP + 30, 100U, 50U);
  const Window other = screen_window(LEFT + 200, TOP + 130, 20U, 10U);
  turn(window);
  CHECK(count_wrong(LEFT, TOP, 40U, 30U, 100U, 50U, 7U) > 1000U);
  XDestroyWindow(screen, above);
  XDestroyWindow(screen, other);
  XSync(screen, False);
  screen_wait(10U);
  window_poll(window);

  // One box for both
  CHECK(heard.n_exposes == 1U);
  NEAR(heard.exposed.x, 40.0, 0.0);
  NEAR(heard.exposed.y, 30.0, 0.0);
  NEAR(heard.exposed.w, 180.0, 0.0);
  NEAR(heard.exposed.h, 110.0, 0.0);
  window_draw(window, canvas, heard.exposed);
  turn(window);
  CHECK(count_wrong(LEFT, TOP, 0U, 0U, WIDTH, HEIGHT, 7U) == 0U);

  canvas_free(canvas);
  window_free(window);
  XDestroyWindow(screen, parent);
}

static void
test_the_last_size_is_told(void)
{
  Heard           heard;
  const Window    parent = screen_window(LEFT, TOP, 500U, 400U);
  UiWindow* const window = open_in(parent, &heard);
  turn(window);
  forget(&heard);

  for (unsigned i = 1U; i <= 5U; ++i) {
    window_resize(window, WIDTH + 10U * i, HEIGHT + 5U * i);
  }
  screen_wait(10U);
  window_poll(window);
  CHECK(heard.n_sizes == 1U);
  CHECK(heard.width == WIDTH + 50U && heard.height == HEIGHT + 25U);

  // The host may do it as well
  XResizeWindow(screen, (Window)window_native(window), 200U, 100U);
  turn(window);
  CHECK(heard.n_sizes == 2U && heard.width == 200U && heard.height == 100U);

  window_resize(window, 0U, 100U);
  window_resize(window, 1U << 20U, 100U);
  turn(window);
  CHECK(heard.n_sizes == 2U);

  Canvas* const canvas = draw_pattern(WIDTH, HEIGHT, 3U);
  window_draw(window, canvas, whole(canvas));
  turn(window);
  CHECK(count_wrong(LEFT, TOP, 0U, 0U, 200U, 100U, 3U) == 0U);
  CHECK(screen_pixel(LEFT + 210, TOP + 10) == 0x336699U);
  canvas_free(canvas);
  window_free(window);
  XDestroyWindow(screen, parent);
}

// The pointer ---------------------------------------------------------------

static bool
is_at(const Pointer* const pointer,
      const PointerKind    kind,
      const double         x,
      const double         y)
{
  return pointer->kind == kind && fabs(pointer->x - x) < 0.5 &&
         fabs(pointer->y - y) < 0.5;
}

static void
test_the_pointer_is_heard(void)
{
  Heard           heard;
  const Window    parent = screen_window(LEFT, TOP, 500U, 400U);
  UiWindow* const window = open_in(parent, &heard);
  screen_point(5, 5);
  turn(window);
  forget(&heard);

  // Only the last of many moves, but it comes before what follows it
  for (int i = 0; i < 20; ++i) {
    screen_point(LEFT + 10 + i, TOP + 20);
  }
  screen_key(XK_Shift_L, true);
  screen_button(1U, true);
  screen_button(1U, false);
  screen_key(XK_Shift_L, false);
  screen_wait(10U);
  window_poll(window);
  CHECK(heard.n_pointers == 3U);
  CHECK(is_at(&heard.pointers[0], POINTER_MOVE, 29.0, 20.0));
  CHECK(is_at(&heard.pointers[1], POINTER_PRESS, 29.0, 20.0));
  CHECK(is_at(&heard.pointers[2], POINTER_RELEASE, 29.0, 20.0));
  CHECK(heard.pointers[0].mods == 0U);
  CHECK(heard.pointers[1].mods == MOD_SHIFT);
  CHECK(heard.pointers[1].n_clicks == 1U);

  // The other buttons
  forget(&heard);
  screen_key(XK_Control_L, true);
  screen_button(4U, true);
  screen_button(4U, false);
  screen_key(XK_Control_L, false);
  screen_key(XK_Alt_L, true);
  screen_button(5U, true);
  screen_button(5U, false);
  screen_key(XK_Alt_L, false);
  const unsigned others[] = {2U, 3U, 6U, 7U};
  for (unsigned i = 0U; i < 4U; ++i) {
    screen_button(others[i], true);
    screen_button(others[i], false);
  }
  turn(window);
  CHECK(heard.n_pointers == 3U);
  CHECK(is_at(&heard.pointers[0], POINTER_WHEEL, 29.0, 20.0));
  NEAR(heard.pointers[0].wheel, 1.0, 0.0);
  CHECK(heard.pointers[0].mods == MOD_CTRL);
  CHECK(is_at(&heard.pointers[1], POINTER_WHEEL, 29.0, 20.0));
  NEAR(heard.pointers[1].wheel, -1.0, 0.0);
  CHECK(heard.pointers[1].mods == MOD_ALT);
  CHECK(is_at(&heard.pointers[2], POINTER_MENU, 29.0, 20.0));

  window_free(window);
  XDestroyWindow(screen, parent);
}

static void
test_leaving_is_heard_when_nothing_is_held(void)
{
  Heard           heard;
  const Window    parent = screen_window(LEFT, TOP, 500U, 400U);
  UiWindow* const window = open_in(parent, &heard);
  screen_point(LEFT + 10, TOP + 10);
  turn(window);
  forget(&heard);
  screen_point(5, 5);
  turn(window);
  CHECK(heard.n_pointers == 1U);
  CHECK(heard.pointers[0].kind == POINTER_LEAVE);

  // A knob that is turned outside of the window is still turned
  screen_point(LEFT + 10, TOP + 10);
  screen_button(1U, true);
  turn(window);
  forget(&heard);
  screen_point(5, 5);
  turn(window);
  CHECK(heard.n_pointers == 1U);
  CHECK(is_at(&heard.pointers[0], POINTER_MOVE, 5.0 - LEFT, 5.0 - TOP));
  screen_button(1U, false);
  turn(window);
  CHECK(heard.n_pointers == 3U);
  CHECK(heard.pointers[1].kind == POINTER_RELEASE);
  CHECK(heard.pointers[2].kind == POINTER_LEAVE);

  window_free(window);
  XDestroyWindow(screen, parent);
}

/// Click, and tell how many clicks it was
static unsigned
click(UiWindow* const window, Heard* const heard, const int x, const int y)
{
  unsigned n = 0U;
  forget(heard);
  screen_click(LEFT + x, TOP + y, 1U);
  turn(window);
  for (unsigned i = 0U; i < heard->n_pointers; ++i) {
    if (heard->pointers[i].kind == POINTER_PRESS) {
      n = heard->pointers[i].n_clicks;
    }
  }
  return n;
}

static void
test_a_button_that_goes_up_unheard_is_lost(void)
{
  Heard           heard;
  const Window    parent = screen_window(LEFT, TOP, 500U, 400U);
  UiWindow* const window = open_in(parent, &heard);
  screen_point(LEFT + 10, TOP + 10);
  screen_button(1U, true);
  turn(window);
  forget(&heard);

  // The host hides its own window, and shows it again later
  XUnmapWindow(screen, parent);
  XSync(screen, False);
  screen_button(1U, false);
  turn(window);
  XMapWindow(screen, parent);
  XSync(screen, False);
  turn(window);
  screen_point(LEFT + 30, TOP + 10);
  turn(window);
  CHECK(heard.n_pointers >= 2U);
  CHECK(heard.pointers[0].kind == POINTER_LOST);
  CHECK(heard.pointers[1].kind == POINTER_MOVE);

  // Ours is hidden
  screen_button(1U, true);
  turn(window);
  forget(&heard);
  window_show(window, false);
  turn(window);
  CHECK(heard.n_pointers && heard.pointers[0].kind == POINTER_LOST);
  screen_button(1U, false);
  turn(window);
  window_free(window);
  XDestroyWindow(screen, parent);
}

static void
test_clicks_are_counted(void)
{
  Heard           heard;
  const Window    parent = screen_window(LEFT, TOP, 500U, 400U);
  UiWindow* const window = open_in(parent, &heard);
  turn(window);
  CHECK(click(window, &heard, 50, 50) == 1U);
  CHECK(click(window, &heard, 52, 47) == 2U);
  CHECK(click(window, &heard, 52, 47) == 1U);
  CHECK(click(window, &heard, 52, 47) == 2U);
  CHECK(click(window, &heard, 52, 47) == 1U);
  CHECK(click(window, &heard, 57, 47) == 1U); // Elsewhere
  screen_wait(400U);
  CHECK(click(window, &heard, 57, 47) == 1U); // Later
  CHECK(click(window, &heard, 57, 47) == 2U);
  window_free(window);
  XDestroyWindow(screen, parent);
}

// Keys ----------------------------------------------------------------------

static void
test_keys_are_heard(void)
{
  static const struct {
    KeySym      symbol;
    KeyKind     kind;
    const char* text;
  } rows[] = {{XK_a, KEY_TEXT, "a"},
              {XK_7, KEY_TEXT, "7"},
              {XK_space, KEY_TEXT, " "},
              {XK_slash, KEY_TEXT, "/"},
              {XK_KP_Add, KEY_TEXT, "+"},
              {XK_Tab, KEY_TAB, ""},
              {XK_Return, KEY_ENTER, ""},
              {XK_KP_Enter, KEY_ENTER, ""},
              {XK_Escape, KEY_ESCAPE, ""},
              {XK_BackSpace, KEY_BACKSPACE, ""},
              {XK_Delete, KEY_DELETE, ""},
              {XK_Left, KEY_LEFT, ""},
              {XK_KP_Left, KEY_LEFT, ""},
              {XK_Right, KEY_RIGHT, ""},
              {XK_Up, KEY_UP, ""},
              {XK_KP_Up, KEY_UP, ""},
              {XK_Down, KEY_DOWN, ""},
              {XK_Page_Up, KEY_PAGE_UP, ""},
              {XK_Page_Down, KEY_PAGE_DOWN, ""},
              {XK_KP_Page_Down, KEY_PAGE_DOWN, ""},
              {XK_Home, KEY_HOME, ""},
              {XK_End, KEY_END, ""},
              {XK_KP_End, KEY_END, ""}};

  Heard           heard;
  const Window    parent = screen_window(LEFT, TOP, 500U, 400U);
  UiWindow* const window = open_in(parent, &heard);
  heard.wants_keys       = true;
  turn(window);
  window_take_focus(window);
  turn(window);
  CHECK(heard.n_focus == 1U && heard.has_focus);

  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    forget(&heard);
    screen_type(rows[i].symbol);
    turn(window);
    CHECK(heard.n_keys == 1U);
    CHECK(heard.keys[0].kind == rows[i].kind);
    CHECK(!strcmp(heard.keys[0].text, rows[i].text));
    CHECK(heard.keys[0].mods == 0U);
    if (heard.n_keys != 1U || heard.keys[0].kind != rows[i].kind) {
      fprintf(stderr, "  row %zu\n", i);
    }
  }

  forget(&heard);
  screen_key(XK_Shift_L, true);
  screen_type(XK_a);
  screen_type(XK_Tab);
  screen_type(XK_Left);
  screen_key(XK_Shift_L, false);
  turn(window);
  CHECK(heard.n_keys >= 3U);
  CHECK(heard.keys[0].kind == KEY_TEXT && !strcmp(heard.keys[0].text, "A"));
  CHECK(heard.keys[1].kind == KEY_BACK_TAB);
  CHECK(heard.keys[2].kind == KEY_LEFT && heard.keys[2].mods == MOD_SHIFT);

  window_free(window);
  XDestroyWindow(screen, parent);
}

static void
test_letters_of_other_languages(void)
{
  static const struct {
    KeySym      symbol;
    const char* text;
  } rows[] = {{XK_eacute, "\xC3\xA9"},
              {XK_EuroSign, "\xE2\x82\xAC"},
              {XK_Cyrillic_ya, "\xD1\x8F"},
              {0x1002026U, "\xE2\x80\xA6"},
              {0x101F600U, "\xF0\x9F\x98\x80"}};

  Heard           heard;
  const KeyCode   code   = XKeysymToKeycode(screen, XK_F12);
  const Window    parent = screen_window(LEFT, TOP, 500U, 400U);
  UiWindow* const window = open_in(parent, &heard);
  heard.wants_keys       = true;
  turn(window);
  window_take_focus(window);
  turn(window);
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    KeySym symbols[] = {rows[i].symbol, rows[i].symbol};
    XChangeKeyboardMapping(screen, code, 2, symbols, 1);
    turn(window);
    forget(&heard);
    XTestFakeKeyEvent(screen, code, True, CurrentTime);
    XTestFakeKeyEvent(screen, code, False, CurrentTime);
    turn(window);
    CHECK(heard.n_keys == 1U && heard.keys[0].kind == KEY_TEXT);
    CHECK(!strcmp(heard.keys[0].text, rows[i].text));
  }
  KeySym symbols[] = {XK_F12, XK_F12};
  XChangeKeyboardMapping(screen, code, 2, symbols, 1);
  window_free(window);
  XDestroyWindow(screen, parent);
}

/// Events of one kind that the host got on a window
static unsigned
count_sent(const Window window, const int type)
{
  unsigned n = 0U;
  XEvent   event;
  XSync(screen, False);
  while (XCheckTypedWindowEvent(screen, window, type, &event)) {
    ++n;
    CHECK(event.xkey.keycode == XKeysymToKeycode(screen, XK_space) ||
          event.xkey.keycode == XKeysymToKeycode(screen, XK_s) ||
          event.xkey.keycode == XKeysymToKeycode(screen, XK_v) ||
          event.xkey.keycode == XKeysymToKeycode(screen, XK_Control_L));
  }
  return n;
}

static void
test_other_keys_are_the_hosts(void)
{
  Heard           heard;
  const Window    parent = screen_window(LEFT, TOP, 500U, 400U);
  UiWindow* const window = open_in(parent, &heard);
  turn(window);
  window_take_focus(window);
  turn(window);

  screen_type(XK_space);
  turn(window);
  CHECK(heard.n_keys == 1U);
  CHECK(count_sent(parent, KeyPress) == 1U);
  CHECK(count_sent(parent, KeyRelease) == 1U);

  // What is wanted is not, and neither is its end
  heard.wants_keys = true;
  screen_type(XK_space);
  turn(window);
  CHECK(heard.n_keys == 2U);
  CHECK(count_sent(parent, KeyPress) == 0U);
  CHECK(count_sent(parent, KeyRelease) == 0U);

  // No text: the host's from the beginning
  screen_key(XK_Control_L, true);
  screen_type(XK_s);
  screen_key(XK_Control_L, false);
  turn(window);
  CHECK(heard.n_keys == 2U);
  CHECK(count_sent(parent, KeyPress) == 2U);
  CHECK(count_sent(parent, KeyRelease) == 2U);

  // What a host sends is not sent back
  heard.wants_keys = false;
  XEvent event;
  memset(&event, 0, sizeof(event));
  event.xkey.type        = KeyPress;
  event.xkey.display     = screen;
  event.xkey.window      = (Window)window_native(window);
  event.xkey.root        = DefaultRootWindow(screen);
  event.xkey.keycode     = XKeysymToKeycode(screen, XK_space);
  event.xkey.same_screen = True;
  XSendEvent(screen, event.xkey.window, False, NoEventMask, &event);
  turn(window);
  CHECK(heard.n_keys == 3U);
  CHECK(count_sent(parent, KeyPress) == 0U);

  window_free(window);
  XDestroyWindow(screen, parent);
}

static void
test_the_keyboard_is_given_back(void)
{
  Heard           heard;
  int             revert = 0;
  Window          has    = None;
  const Window    parent = screen_window(LEFT, TOP, 500U, 400U);
  const Window    other  = screen_window(700, 20, 50U, 50U);
  UiWindow* const window = open_in(parent, &heard);
  turn(window);
  XSetInputFocus(screen, other, RevertToParent, CurrentTime);
  turn(window);
  CHECK(heard.n_focus == 0U);

  window_take_focus(window);
  window_take_focus(window);
  turn(window);
  XGetInputFocus(screen, &has, &revert);
  CHECK(has == (Window)window_native(window));
  CHECK(heard.n_focus == 1U && heard.has_focus);

  window_give_focus(window);
  turn(window);
  XGetInputFocus(screen, &has, &revert);
  CHECK(has == other);
  CHECK(heard.n_focus == 2U && !heard.has_focus);

  // What is not ours is not given away
  XSetInputFocus(screen, parent, RevertToParent, CurrentTime);
  turn(window);
  window_give_focus(window);
  turn(window);
  XGetInputFocus(screen, &has, &revert);
  CHECK(has == parent);

  // Who had it may be gone
  XSetInputFocus(screen, other, RevertToParent, CurrentTime);
  turn(window);
  window_take_focus(window);
  XDestroyWindow(screen, other);
  turn(window);
  window_give_focus(window);
  turn(window);

  window_free(window);
  XDestroyWindow(screen, parent);
}

// The clipboard -------------------------------------------------------------

/// Own the clipboard until one asked for it; answer with a text
static bool
lend_text(const Window owner, UiWindow* const window, const char* const text)
{
  for (unsigned i = 0U; i < 100U; ++i) {
    XEvent event;
    screen_wait(2U);
    window_poll(window);
    if (XCheckTypedWindowEvent(screen, owner, SelectionRequest, &event)) {
      const XSelectionRequestEvent* const wish = &event.xselectionrequest;
      XEvent                              answer;
      memset(&answer, 0, sizeof(answer));
      XChangeProperty(screen,
                      wish->requestor,
                      wish->property,
                      wish->target,
                      8,
                      PropModeReplace,
                      (const unsigned char*)text,
                      (int)strlen(text));
      answer.xselection.type      = SelectionNotify;
      answer.xselection.requestor = wish->requestor;
      answer.xselection.selection = wish->selection;
      answer.xselection.target    = wish->target;
      answer.xselection.property  = wish->property;
      answer.xselection.time      = wish->time;
      XSendEvent(screen, wish->requestor, False, NoEventMask, &answer);
      turn(window);
      return wish->target == XInternAtom(screen, "UTF8_STRING", False);
    }
  }
  return false;
}

static void
paste(UiWindow* const window)
{
  screen_key(XK_Control_L, true);
  screen_type(XK_v);
  screen_key(XK_Control_L, false);
  turn(window);
}

static void
test_the_clipboard_is_pasted(void)
{
  Heard           heard;
  const Atom      clipboard = XInternAtom(screen, "CLIPBOARD", False);
  const Window    parent    = screen_window(LEFT, TOP, 500U, 400U);
  UiWindow* const window    = open_in(parent, &heard);
  heard.wants_keys          = true;
  turn(window);
  window_take_focus(window);
  turn(window);

  // Where nothing is typed, pasting is the host's
  heard.wants_keys = false;
  (void)count_sent(parent, KeyPress);
  paste(window);
  CHECK(heard.n_asked == 1U);
  CHECK(count_sent(parent, KeyPress) == 2U); // Ctrl and v
  heard.wants_keys = true;

  paste(window); // There is none
  CHECK(heard.n_keys == 0U);

  XSetSelectionOwner(screen, clipboard, parent, CurrentTime);
  paste(window);
  CHECK(heard.n_keys == 0U); // It does not wait for it
  CHECK(lend_text(parent, window, "/home/m\xC3\xBCsli/takes"));
  CHECK(heard.n_keys == 1U && heard.keys[0].kind == KEY_PASTE);
  CHECK(!strcmp(heard.keys[0].text, "/home/m\xC3\xBCsli/takes"));

  // A long one is cut, between letters
  char text[3000];
  memset(text, 0, sizeof(text));
  for (size_t i = 0U; i + 4U < sizeof(text); i += 3U) {
    memcpy(text + i, "\xE2\x80\xA6", 4U);
  }
  paste(window);
  CHECK(lend_text(parent, window, text));
  CHECK(heard.n_keys == 2U && heard.keys[1].kind == KEY_PASTE);
  CHECK(strlen(heard.keys[1].text) == 1023UL / 3U * 3U);

  XSetSelectionOwner(screen, clipboard, None, CurrentTime);
  window_free(window);
  XDestroyWindow(screen, parent);
}

// Life ----------------------------------------------------------------------

static unsigned n_errors;

static int
count_error(Display* const display, XErrorEvent* const event)
{
  (void)display;
  (void)event;
  ++n_errors;
  return 0;
}

static void
test_the_host_may_take_the_place_away(void)
{
  const XErrorHandler before = XSetErrorHandler(count_error);
  for (unsigned i = 0U; i < 2U; ++i) {
    Heard           heard;
    const Window    parent = screen_window(LEFT, TOP, 500U, 400U);
    UiWindow* const window = open_in(parent, &heard);
    Canvas* const   canvas = draw_pattern(WIDTH, HEIGHT, 1U);
    turn(window);
    CHECK(window_poll(window));

    XDestroyWindow(screen, parent);
    XSync(screen, False);
    n_errors = 0U;
    if (!i) { // Before we know
      window_draw(window, canvas, whole(canvas));
      window_resize(window, 100U, 100U);
      window_set_cursor(window, CURSOR_HAND);
      window_take_focus(window);
      window_give_focus(window);
      window_set_least(window, 10U, 10U);
      screen_wait(10U);
      CHECK(!window_poll(window));
      CHECK(!window_poll(window));
      window_draw(window, canvas, whole(canvas));
    }
    window_free(window);
    CHECK(n_errors == 0U);
    canvas_free(canvas);
  }

  // The handler is whose it was
  XDestroyWindow(screen, 0x1U);
  XSync(screen, False);
  CHECK(n_errors == 1U);
  CHECK(XSetErrorHandler(before) == count_error);
}

static void
test_errors_of_others_are_handed_on(void)
{
  Display* const      mine   = XOpenDisplay(NULL);
  const XErrorHandler before = XSetErrorHandler(count_error);
  Trap                trap   = {.display = mine, .window = 0x2U};
  n_errors                   = 0U;

  trap_hold(&trap);
  XDestroyWindow(mine, 0x1U);
  XSync(mine, False);
  CHECK(n_errors == 0U && trap.n_errors == 1U && !trap.is_gone);
  XDestroyWindow(mine, 0x2U);
  XSync(mine, False);
  CHECK(n_errors == 0U && trap.n_errors == 2U && trap.is_gone);
  XDestroyWindow(screen, 0x1U);
  XSync(screen, False);
  CHECK(n_errors == 1U && trap.n_errors == 2U);

  // Two at once, and let go in the other order
  Trap second = {.display = screen};
  trap_hold(&second);
  trap_release(&trap);
  XDestroyWindow(screen, 0x1U);
  XSync(screen, False);
  CHECK(n_errors == 1U && second.n_errors == 1U);
  XDestroyWindow(mine, 0x1U);
  XSync(mine, False);
  CHECK(n_errors == 2U);
  trap_release(&second);

  CHECK(XSetErrorHandler(before) == count_error);
  XCloseDisplay(mine);
}

static void
test_two_windows_know_nothing_of_each_other(void)
{
  Heard           heard[2];
  const Window    parents[] = {screen_window(LEFT, TOP, 400U, 300U),
                               screen_window(700, TOP, 400U, 300U)};
  UiWindow* const first     = open_in(parents[0], &heard[0]);
  UiWindow* const second    = open_in(parents[1], &heard[1]);
  Canvas* const   one       = draw_pattern(WIDTH, HEIGHT, 10U);
  Canvas* const   two       = draw_pattern(WIDTH, HEIGHT, 20U);
  screen_point(5, 5);
  turn(first);
  turn(second);
  forget(&heard[0]);
  forget(&heard[1]);
  window_draw(first, one, whole(one));
  window_draw(second, two, whole(two));
  screen_click(705, TOP + 6, 1U);
  turn(first);
  turn(second);
  CHECK(count_wrong(LEFT, TOP, 0U, 0U, WIDTH, HEIGHT, 10U) == 0U);
  CHECK(count_wrong(700, TOP, 0U, 0U, WIDTH, HEIGHT, 20U) == 0U);
  CHECK(heard[0].n_pointers == 0U);
  CHECK(heard[1].n_pointers == 3U);
  CHECK(is_at(&heard[1].pointers[1], POINTER_PRESS, 5.0, 6.0));

  XDestroyWindow(screen, parents[0]);
  XSync(screen, False);
  screen_wait(5U);
  CHECK(!window_poll(first));
  CHECK(window_poll(second));
  window_free(first);
  window_draw(second, one, whole(one));
  turn(second);
  CHECK(count_wrong(700, TOP, 0U, 0U, WIDTH, HEIGHT, 10U) == 0U);

  canvas_free(one);
  canvas_free(two);
  window_free(second);
  XDestroyWindow(screen, parents[1]);
}

static void
test_a_window_of_its_own(void)
{
  Heard           heard;
  UiWindow* const window = open_in(None, &heard);
  const Window    native = (Window)window_native(window);
  turn(window);
  XWindowAttributes attributes;
  CHECK(XGetWindowAttributes(screen, native, &attributes));
  CHECK(attributes.map_state == IsUnmapped);
  window_set_least(window, 111U, 99U);
  window_show(window, true);
  turn(window);
  CHECK(XGetWindowAttributes(screen, native, &attributes));
  CHECK(attributes.map_state == IsViewable);
  CHECK(heard.n_exposes >= 1U);

  char*      name = NULL;
  XSizeHints hints;
  long       given = 0;
  CHECK(XFetchName(screen, native, &name) && !strcmp(name, "Window"));
  XFree(name);
  CHECK(XGetWMNormalHints(screen, native, &hints, &given));
  CHECK(hints.flags & PMinSize && hints.min_width == 111 &&
        hints.min_height == 99);

  XEvent event;
  memset(&event, 0, sizeof(event));
  event.xclient.type         = ClientMessage;
  event.xclient.window       = native;
  event.xclient.message_type = XInternAtom(screen, "WM_PROTOCOLS", False);
  event.xclient.format       = 32;
  event.xclient.data.l[0] =
    (long)XInternAtom(screen, "WM_DELETE_WINDOW", False);
  XSendEvent(screen, native, False, NoEventMask, &event);
  turn(window);
  CHECK(heard.n_closes == 1U);
  window_show(window, false);
  turn(window);
  CHECK(XGetWindowAttributes(screen, native, &attributes));
  CHECK(attributes.map_state == IsUnmapped);
  CHECK(window_poll(window));
  window_free(window);
}

static void
test_what_cannot_be_opened_says_why(void)
{
  const char* const place  = getenv("DISPLAY");
  const WindowCalls calls  = {0};
  UiWindow*         window = NULL;
  Trouble           trouble;
  char              here[64];
  (void)snprintf(here, sizeof(here), "%s", place ? place : "");

  setenv("DISPLAY", ":9999", 1);
  CHECK(window_new(0U, 10U, 10U, "", &calls, &window, &trouble) ==
        STATUS_NO_FILE);
  CHECK(!window && strstr(trouble.text, ":9999"));
  setenv("DISPLAY", here, 1);
  CHECK(window_new(0x7U, 10U, 10U, "", &calls, &window, &trouble) ==
        STATUS_BAD_ARG);
  CHECK(!window && strstr(trouble.text, "0x7"));
  window_free(NULL);
}

static void
test_the_screen_says_how_large_a_point_is(void)
{
  static const struct {
    const char* settings;
    double      scale;
  } rows[] = {{"Xft.dpi:\t144\n", 1.5},
              {"*Font: x\nXft.antialias: 1\nXft.dpi: 96\n", 1.0},
              {"Xft.dpi: 192", 2.0},
              {"Xft.dpi: none\n", 1.0},
              {"MyXft.dpi: 300\n", 1.0},
              {"Xft.dpi: -5\n", 1.0},
              {"\n\n", 1.0},
              {"", 1.0}};
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    XChangeProperty(screen,
                    DefaultRootWindow(screen),
                    XA_RESOURCE_MANAGER,
                    XA_STRING,
                    8,
                    PropModeReplace,
                    (const unsigned char*)rows[i].settings,
                    (int)strlen(rows[i].settings));
    XSync(screen, False);
    Heard           heard;
    UiWindow* const window = open_in(None, &heard);
    NEAR(window_scale(window), rows[i].scale, 1e-9);
    window_free(window);
  }
  XDeleteProperty(screen, DefaultRootWindow(screen), XA_RESOURCE_MANAGER);
}

// For long ------------------------------------------------------------------

static size_t
n_bytes(void)
{
  return mallinfo2().uordblks;
}

static unsigned
n_files(void)
{
  unsigned   n   = 0U;
  DIR* const dir = opendir("/proc/self/fd");
  while (dir && readdir(dir)) {
    ++n;
  }
  if (dir) {
    closedir(dir);
  }
  return n;
}

static void
test_drawing_takes_nothing(void)
{
  Heard           heard;
  struct timespec from;
  struct timespec to;
  const Window    parent = screen_window(20, 20, 1080U, 760U);
  UiWindow* const window = open_in(parent, &heard);
  Canvas* const   canvas = draw_pattern(1080U, 760U, 1U);
  window_resize(window, 1080U, 760U);
  turn(window);
  for (unsigned i = 0U; i < 20U; ++i) {
    window_draw(window, canvas, whole(canvas));
    turn(window);
  }
  const size_t before = n_bytes();
  clock_gettime(CLOCK_MONOTONIC, &from);
  for (unsigned i = 0U; i < 1000U; ++i) {
    window_draw(window, canvas, whole(canvas));
    window_poll(window);
  }
  XGetWindowAttributes(screen, parent, &(XWindowAttributes){0});
  clock_gettime(CLOCK_MONOTONIC, &to);
  CHECK(n_bytes() <= before + 4096U);
  printf("# %.2f ms for a whole window\n",
         (double)(to.tv_sec - from.tv_sec) +
           (double)(to.tv_nsec - from.tv_nsec) * 1e-9);
  CHECK(count_wrong(20, 20, 0U, 0U, 1080U, 760U, 1U) == 0U);
  canvas_free(canvas);
  window_free(window);
  XDestroyWindow(screen, parent);
}

static void
test_closing_leaves_nothing(void)
{
  const Window parent  = screen_window(LEFT, TOP, 500U, 400U);
  size_t       before  = 0U;
  unsigned     n_begin = 0U;
  for (unsigned i = 0U; i < 220U; ++i) {
    Heard           heard;
    UiWindow* const window = open_in(i % 2U ? parent : None, &heard);
    CHECK(window != NULL);
    if (i % 2U) {
      window_take_focus(window);
    }
    window_set_cursor(window, CURSOR_TEXT);
    window_poll(window);
    window_free(window);
    if (i == 19U) {
      before  = n_bytes();
      n_begin = n_files();
    }
  }
  CHECK(n_files() == n_begin);
  printf("# %.0f bytes for each window that was closed\n",
         ((double)n_bytes() - (double)before) / 200.0);
  CHECK(n_bytes() <= before + 200UL * 64U);
  XDestroyWindow(screen, parent);
}

/// Screens of fewer colours show the nearest ones
static void
test_other_screens(void)
{
  screen_close();
  const char* const why = screen_open("640x480x16");
  CHECK(!why);
  if (why) {
    return;
  }
  Heard           heard;
  const Window    parent = screen_window(LEFT, TOP, 500U, 400U);
  UiWindow* const window = open_in(parent, &heard);
  Canvas* const   canvas = draw_pattern(WIDTH, HEIGHT, 1U);
  turn(window);
  window_draw(window, canvas, whole(canvas));
  turn(window);

  XImage* const image = XGetImage(screen,
                                  DefaultRootWindow(screen),
                                  LEFT,
                                  TOP,
                                  WIDTH,
                                  HEIGHT,
                                  AllPlanes,
                                  ZPixmap);
  unsigned      n     = 0U;
  for (uint32_t y = 0U; y < HEIGHT; ++y) {
    for (uint32_t x = 0U; x < WIDTH; ++x) {
      const uint32_t seen   = (uint32_t)XGetPixel(image, (int)x, (int)y);
      const uint32_t wanted = pattern(x, y, 1U);
      const int red  = (int)(seen >> 8U & 0xF8U) - (int)(wanted >> 16U & 0xFFU);
      const int blue = (int)(seen << 3U & 0xF8U) - (int)(wanted & 0xFFU);
      n += abs(red) > 8 || abs(blue) > 8;
    }
  }
  CHECK(n == 0U);
  XDestroyImage(image);
  canvas_free(canvas);
  window_free(window);
}

int
main(void)
{
  const char* const why = screen_open("1280x1024x24");
  if (why) {
    SKIP_ALL(why);
  }
  RUN(test_a_canvas_is_seen);
  RUN(test_a_part_is_seen);
  RUN(test_what_was_covered_is_told);
  RUN(test_the_last_size_is_told);
  RUN(test_the_pointer_is_heard);
  RUN(test_leaving_is_heard_when_nothing_is_held);
  RUN(test_a_button_that_goes_up_unheard_is_lost);
  RUN(test_clicks_are_counted);
  RUN(test_keys_are_heard);
  RUN(test_letters_of_other_languages);
  RUN(test_other_keys_are_the_hosts);
  RUN(test_the_keyboard_is_given_back);
  RUN(test_the_clipboard_is_pasted);
  RUN(test_the_host_may_take_the_place_away);
  RUN(test_errors_of_others_are_handed_on);
  RUN(test_two_windows_know_nothing_of_each_other);
  RUN(test_a_window_of_its_own);
  RUN(test_what_cannot_be_opened_says_why);
  RUN(test_the_screen_says_how_large_a_point_is);
  RUN(test_drawing_takes_nothing);
  RUN(test_closing_leaves_nothing);
  RUN(test_other_screens);
  CHECK_END();
}
