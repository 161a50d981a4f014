// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Dragging a file out of the window, to all kinds of windows

#include "plugin/ui/window_x11.h"

#include "plugin/ui/window.h"

#include "check.h"
#include "screen.h"
#include "xdnd_target.h"

#include <stdint.h>
#include <string.h>
#include <time.h>

#define LEFT 40
#define TOP 40
#define PATH "/home/m\xC3\xBCsli/My songs/100% [a+b]_~.mid"
#define URI "file:///home/m%C3%BCsli/My%20songs/100%25%20%5Ba%2Bb%5D_~.mid\r\n"

/// Our window and what it told
typedef struct {
  Window      parent;
  UiWindow*   window;
  const char* path; ///< Dragged when the pointer moves with the button down
  bool        is_down;
  bool        could; ///< The drag has begun
  unsigned    n_pointers;
  unsigned    n_ends;
  DragEnd     end;
} Source;

static void
hear_pointer(void* const data, const Pointer* const pointer)
{
  Source* const self = (Source*)data;
  ++self->n_pointers;
  if (pointer->kind == POINTER_PRESS || pointer->kind == POINTER_RELEASE) {
    self->is_down = pointer->kind == POINTER_PRESS;
  } else if (pointer->kind == POINTER_MOVE && self->is_down && self->path) {
    self->could = window_drag(self->window, self->path);
    self->path  = NULL;
  }
}

static bool
hear_key(void* const data, const Key* const key)
{
  (void)data;
  (void)key;
  return false;
}

static void
hear_size(void* const data, const uint32_t width, const uint32_t height)
{
  (void)data;
  (void)width;
  (void)height;
}

static void
hear_expose(void* const data, const Rect box)
{
  (void)data;
  (void)box;
}

static void
hear_focus(void* const data, const bool has_it)
{
  (void)data;
  (void)has_it;
}

static void
hear_drag_end(void* const data, const DragEnd end)
{
  Source* const self = (Source*)data;
  ++self->n_ends;
  self->end     = end;
  self->is_down = false;
}

static void
hear_close(void* const data)
{
  (void)data;
}

static void
source_open(Source* const self)
{
  const WindowCalls calls = {.data     = self,
                             .pointer  = hear_pointer,
                             .key      = hear_key,
                             .resize   = hear_size,
                             .expose   = hear_expose,
                             .focus    = hear_focus,
                             .drag_end = hear_drag_end,
                             .close    = hear_close};
  Trouble           trouble;
  memset(self, 0, sizeof(*self));
  self->parent = screen_window(LEFT, TOP, 220U, 220U);
  if (window_new((uintptr_t)self->parent,
                 200U,
                 200U,
                 "Source",
                 &calls,
                 &self->window,
                 &trouble)) {
    fprintf(stderr, "%s\n", trouble.text);
    exit(1);
  }
}

static void
source_close(Source* const self)
{
  window_free(self->window);
  XDestroyWindow(screen, self->parent);
  XSync(screen, False);
}

/// Let both sides hear each other
static void
turn(Source* const source, XdndTarget* const target)
{
  for (unsigned i = 0U; i < 8U; ++i) {
    screen_wait(2U);
    window_poll(source->window);
    if (target) {
      target_poll(target);
    }
  }
}

/// Press in our window, move far enough, and see the drag begin
static void
lift(Source* const source, XdndTarget* const target, const char* const path)
{
  source->path  = path;
  source->could = false;
  screen_point(LEFT + 50, TOP + 50);
  turn(source, target);
  screen_button(1U, true);
  turn(source, target);
  screen_point(LEFT + 60, TOP + 60);
  turn(source, target);
}

static double
seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/// Wait until the drag has ended; how long that took
static double
wait_for_end(Source* const source, XdndTarget* const target)
{
  const double from = seconds();
  while (!source->n_ends && seconds() < from + 12.0) {
    turn(source, target);
  }
  return seconds() - from;
}

/// A whole drag to a target of some manner
static double
drag_to(Source* const     source,
        XdndTarget* const target,
        const unsigned    manner,
        const long        version)
{
  source_open(source);
  target_open(target, 600, 300, manner, version);
  lift(source, target, PATH);
  CHECK(source->could && !source->n_ends);
  screen_point(650, 350);
  turn(source, target);
  screen_point(660, 340);
  turn(source, target);
  screen_button(1U, false);
  return wait_for_end(source, target);
}

static void
close_both(Source* const source, XdndTarget* const target)
{
  // Nobody holds the pointer or the keyboard any more
  CHECK(XGrabPointer(screen,
                     DefaultRootWindow(screen),
                     False,
                     0U,
                     GrabModeAsync,
                     GrabModeAsync,
                     None,
                     None,
                     CurrentTime) == GrabSuccess);
  XUngrabPointer(screen, CurrentTime);
  CHECK(XGrabKeyboard(screen,
                      DefaultRootWindow(screen),
                      False,
                      GrabModeAsync,
                      GrabModeAsync,
                      CurrentTime) == GrabSuccess);
  XUngrabKeyboard(screen, CurrentTime);
  XSync(screen, False);
  source_close(source);
  target_close(target);
}

// Those who take it ---------------------------------------------------------

static void
test_a_file_is_taken(void)
{
  Source     source;
  XdndTarget target;
  drag_to(&source, &target, 0U, 5);
  CHECK(source.n_ends == 1U && source.end == DRAG_TAKEN);
  CHECK(target.n_enters == 1U && target.n_drops == 1U && !target.n_leaves);
  CHECK(target.n_positions == 2U);
  CHECK(target.x == 660 && target.y == 340);
  CHECK(target.has_uri_list && !target.n_strange);
  CHECK(!strcmp(target.uri_list, URI));
  CHECK(!strcmp(target.path, PATH));
  CHECK(!strcmp(target.plain, PATH));
  CHECK(target.n_targets == 3U && target.refused_nonsense);

  // Afterwards the pointer is heard again, and another file can be dragged
  source.n_pointers = 0U;
  lift(&source, &target, "/tmp/second.mid");
  CHECK(source.n_pointers >= 2U && source.could);
  screen_point(650, 350);
  turn(&source, &target);
  screen_button(1U, false);
  turn(&source, &target);
  CHECK(source.n_ends == 2U && source.end == DRAG_TAKEN);
  CHECK(!strcmp(target.path, "/tmp/second.mid"));

  // Who took the last one does not get the next, if it goes elsewhere
  lift(&source, &target, "/tmp/third.mid");
  screen_point(900, 700);
  turn(&source, &target);
  screen_button(1U, false);
  turn(&source, &target);
  CHECK(source.n_ends == 3U && source.end == DRAG_DROPPED);
  CHECK(target.n_drops == 2U && target.n_enters == 2U && !target.n_strange);
  close_both(&source, &target);
}

static void
test_kinds_of_takers(void)
{
  static const struct {
    unsigned manner;
    long     version;
  } rows[] = {{TARGET_HAS_PROXY, 5},
              {TARGET_FALSE_PROXY, 5},
              {TARGET_IN_FRAME, 5},
              {TARGET_IN_FRAME | TARGET_HAS_PROXY, 5},
              {TARGET_NO_FLAG, 5},
              {TARGET_ASKS_NOT, 5},
              {0U, 3},
              {0U, 4},
              {0U, 6}};
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    Source       source;
    XdndTarget   target;
    const double s = drag_to(&source, &target, rows[i].manner, rows[i].version);
    CHECK(source.n_ends == 1U && source.end == DRAG_TAKEN);
    CHECK(target.n_drops == 1U && !target.n_strange && s < 2.0);
    CHECK(rows[i].manner & TARGET_ASKS_NOT || !strcmp(target.path, PATH));
    if (source.end != DRAG_TAKEN || target.n_strange) {
      fprintf(stderr, "  row %zu: %u strange\n", i, target.n_strange);
    }
    close_both(&source, &target);
  }
}

static void
test_who_asked_and_says_no_more_has_it(void)
{
  Source       source;
  XdndTarget   target;
  const double s = drag_to(&source, &target, TARGET_NO_FINISH, 5);
  CHECK(source.n_ends == 1U && source.end == DRAG_TAKEN);
  CHECK(!strcmp(target.path, PATH));
  CHECK(s > 4.5 && s < 8.0);
  close_both(&source, &target);
}

// Those who do not ----------------------------------------------------------

static void
test_nobody_is_there(void)
{
  Source     source;
  XdndTarget target;
  source_open(&source);
  target_open(&target, 600, 300, 0U, 5);
  lift(&source, &target, PATH);
  screen_point(900, 700);
  turn(&source, &target);
  screen_button(1U, false);
  turn(&source, &target);
  CHECK(source.n_ends == 1U && source.end == DRAG_DROPPED);
  CHECK(!target.n_enters);

  // Over our own window, too
  lift(&source, &target, PATH);
  screen_button(1U, false);
  turn(&source, &target);
  CHECK(source.n_ends == 2U && source.end == DRAG_DROPPED);
  close_both(&source, &target);
}

static void
test_the_empty_screen_may_have_ears(void)
{
  Source     source;
  XdndTarget target;
  drag_to(&source, &target, TARGET_IS_ROOT | TARGET_HAS_PROXY, 5);
  CHECK(source.n_ends == 1U && source.end == DRAG_TAKEN);
  CHECK(target.n_drops == 1U && !target.n_strange);

  // A window that takes nothing is not the empty screen
  lift(&source, &target, PATH);
  screen_point(LEFT + 70, TOP + 70);
  turn(&source, &target);
  screen_button(1U, false);
  turn(&source, &target);
  CHECK(source.n_ends == 2U && source.end == DRAG_DROPPED);
  CHECK(target.n_drops == 1U && target.n_enters == 1U);
  close_both(&source, &target);
}

static void
test_who_wants_nothing_gets_nothing(void)
{
  static const struct {
    unsigned manner;
    long     version;
    bool     is_spoken_to;
  } rows[] = {{TARGET_REFUSES, 5, true}, {0U, 2, false}, {0U, 0, false}};
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    Source       source;
    XdndTarget   target;
    const double s = drag_to(&source, &target, rows[i].manner, rows[i].version);
    CHECK(source.n_ends == 1U && source.end == DRAG_DROPPED && s < 2.0);
    turn(&source, &target);
    CHECK(target.n_enters == rows[i].is_spoken_to);
    CHECK(target.n_leaves == rows[i].is_spoken_to);
    CHECK(!target.n_drops && !target.n_strange && !target.path[0]);
    close_both(&source, &target);
  }
}

static void
test_a_target_may_vanish(void)
{
  const unsigned manners[] = {TARGET_DIES_AT,
                              TARGET_DIES_ON,
                              TARGET_DIES_ON | TARGET_IN_FRAME,
                              TARGET_DIES_AT | TARGET_HAS_PROXY};
  for (unsigned i = 0U; i < 4U; ++i) {
    Source       source;
    XdndTarget   target;
    const double s = drag_to(&source, &target, manners[i], 5);
    CHECK(!target.is_alive);
    CHECK(source.n_ends == 1U && source.end == DRAG_DROPPED && s < 2.0);
    close_both(&source, &target);
  }
}

static void
test_nobody_is_waited_for_for_ever(void)
{
  Source       source;
  XdndTarget   target;
  const double s = drag_to(&source, &target, TARGET_SAYS_NEVER, 5);
  CHECK(source.n_ends == 1U && source.end == DRAG_DROPPED);
  CHECK(s > 4.5 && s < 8.0);
  turn(&source, &target);
  CHECK(target.n_positions == 1U && target.n_leaves == 1U && !target.n_drops);
  close_both(&source, &target);
}

// On the way ----------------------------------------------------------------

static void
test_a_slow_target_hears_the_newest_place(void)
{
  Source     source;
  XdndTarget target;
  source_open(&source);
  target_open(&target, 600, 300, TARGET_SAYS_NEVER, 5);
  lift(&source, &target, PATH);
  for (int i = 0; i < 10; ++i) {
    screen_point(650 + i, 350);
    turn(&source, &target);
  }
  CHECK(target.n_positions == 1U && target.x == 650);
  target_say(&target);
  turn(&source, &target);
  CHECK(target.n_positions == 2U && target.x == 659);

  // The button is let go before they have said what they think of it
  screen_point(680, 360);
  screen_button(1U, false);
  turn(&source, &target);
  CHECK(!target.n_drops && !source.n_ends);
  target_say(&target);
  turn(&source, &target);
  CHECK(target.n_positions == 3U && target.x == 680 && target.y == 360);
  CHECK(!target.n_drops && !source.n_ends);
  target_say(&target);
  turn(&source, &target);
  CHECK(target.n_drops == 1U && source.n_ends == 1U);
  CHECK(source.end == DRAG_TAKEN && !target.n_strange);
  close_both(&source, &target);
}

static void
test_targets_change_on_the_way(void)
{
  Source     source;
  XdndTarget first;
  XdndTarget second;
  source_open(&source);
  target_open(&first, 600, 300, 0U, 5);
  target_open(&second, 850, 300, 0U, 5);
  lift(&source, &first, PATH);
  screen_point(650, 350);
  turn(&source, &first);
  CHECK(first.n_enters == 1U && !first.n_leaves);
  screen_point(900, 350);
  turn(&source, &first);
  turn(&source, &second);
  CHECK(first.n_leaves == 1U && second.n_enters == 1U);
  screen_point(650, 350);
  turn(&source, &second);
  turn(&source, &first);
  CHECK(second.n_leaves == 1U && first.n_enters == 2U);
  screen_button(1U, false);
  turn(&source, &first);
  turn(&source, &second);
  CHECK(first.n_drops == 1U && !second.n_drops);
  CHECK(source.n_ends == 1U && source.end == DRAG_TAKEN);
  CHECK(!first.n_strange && !second.n_strange);
  target_close(&second);
  close_both(&source, &first);
}

static void
test_escape_ends_it(void)
{
  Source     source;
  XdndTarget target;
  source_open(&source);
  target_open(&target, 600, 300, 0U, 5);
  lift(&source, &target, PATH);
  screen_point(650, 350);
  turn(&source, &target);
  screen_type(XK_Shift_L); // Other keys do nothing
  turn(&source, &target);
  CHECK(!source.n_ends);
  screen_type(XK_Escape);
  turn(&source, &target);
  CHECK(source.n_ends == 1U && source.end == DRAG_DROPPED);
  CHECK(target.n_leaves == 1U && !target.n_drops);
  screen_button(1U, false);
  turn(&source, &target);
  CHECK(source.n_ends == 1U && !target.n_drops);
  CHECK(!window_drag(source.window, PATH)); // The button is up
  close_both(&source, &target);
}

static void
test_a_window_may_close_on_the_way(void)
{
  Source     source;
  XdndTarget target;
  source_open(&source);
  target_open(&target, 600, 300, 0U, 5);
  lift(&source, &target, PATH);
  screen_point(650, 350);
  turn(&source, &target);
  window_free(source.window);
  screen_wait(5U);
  target_poll(&target);
  CHECK(target.n_enters == 1U && target.n_leaves == 1U && !target.n_drops);
  CHECK(source.n_ends == 1U && source.end == DRAG_DROPPED);
  screen_button(1U, false);
  source.window = NULL;
  close_both(&source, &target);
}

static void
test_what_cannot_be_dragged(void)
{
  char       longest[5000];
  Source     source;
  XdndTarget target;
  source_open(&source);
  target_open(&target, 600, 300, 0U, 5);
  turn(&source, &target);
  CHECK(!window_drag(source.window, PATH)); // No button is down

  memset(longest, 'x', sizeof(longest));
  longest[0]                    = '/';
  longest[sizeof(longest) - 1U] = '\0';
  const char* const paths[]     = {"relative.mid", "", longest};
  for (unsigned i = 0U; i < 3U; ++i) {
    lift(&source, &target, paths[i]);
    CHECK(!source.could);
    screen_button(1U, false);
    turn(&source, &target);
  }
  CHECK(!source.n_ends);

  lift(&source, &target, PATH);
  CHECK(source.could);
  CHECK(!window_drag(source.window, PATH)); // One at a time
  screen_button(1U, false);
  turn(&source, &target);
  CHECK(source.n_ends == 1U);
  close_both(&source, &target);
}

int
main(void)
{
  const char* const why = screen_open("1280x1024x24");
  if (why) {
    SKIP_ALL(why);
  }
  RUN(test_a_file_is_taken);
  RUN(test_kinds_of_takers);
  RUN(test_who_asked_and_says_no_more_has_it);
  RUN(test_nobody_is_there);
  RUN(test_the_empty_screen_may_have_ears);
  RUN(test_who_wants_nothing_gets_nothing);
  RUN(test_a_target_may_vanish);
  RUN(test_nobody_is_waited_for_for_ever);
  RUN(test_a_slow_target_hears_the_newest_place);
  RUN(test_targets_change_on_the_way);
  RUN(test_escape_ends_it);
  RUN(test_a_window_may_close_on_the_way);
  RUN(test_what_cannot_be_dragged);
  CHECK_END();
}
