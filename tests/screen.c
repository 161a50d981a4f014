// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include <X11/extensions/XTest.h> // First: it needs Xlib's Status

#include "screen.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

Display* screen;

static pid_t server;

static void
run_server(const char* const kind, const int to)
{
  char number[16];
  (void)snprintf(number, sizeof(number), "%d", to);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)!freopen("/dev/null", "w", stderr);
  execlp("Xvfb",
         "Xvfb",
         "-displayfd",
         number,
         "-screen",
         "0",
         kind,
         "-nolisten",
         "tcp",
         "-noreset",
         (char*)NULL);
  _exit(127);
}

const char*
screen_open(const char* const kind)
{
  int ends[2];
  if (pipe(ends)) {
    return "there is no pipe";
  }
  fflush(stdout);
  server = fork();
  if (!server) {
    close(ends[0]);
    run_server(kind, ends[1]);
  }
  close(ends[1]);
  atexit(screen_close);

  // The number of the display, as soon as it is there
  char   name[32] = ":";
  size_t n        = 1U;
  while (n < sizeof(name) - 1U && read(ends[0], name + n, 1U) == 1 &&
         name[n] != '\n') {
    ++n;
  }
  close(ends[0]);
  name[n] = '\0';
  if (n == 1U) {
    screen_close();
    return "there is no Xvfb (Debian: xvfb)";
  }

  int event = 0;
  int error = 0;
  int major = 0;
  int minor = 0;
  setenv("DISPLAY", name, 1);
  screen = XOpenDisplay(name);
  if (!screen || !XTestQueryExtension(screen, &event, &error, &major, &minor)) {
    screen_close();
    return "Xvfb has no XTest";
  }
  return NULL;
}

void
screen_close(void)
{
  if (screen) {
    XCloseDisplay(screen);
    screen = NULL;
  }
  if (server > 0) {
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    server = 0;
  }
}

void
screen_point(const int x, const int y)
{
  XTestFakeMotionEvent(screen, -1, x, y, CurrentTime);
  XSync(screen, False);
}

void
screen_button(const unsigned button, const bool is_down)
{
  XTestFakeButtonEvent(screen, button, is_down, CurrentTime);
  XSync(screen, False);
}

void
screen_click(const int x, const int y, const unsigned button)
{
  screen_point(x, y);
  screen_button(button, true);
  screen_button(button, false);
}

void
screen_key(const KeySym symbol, const bool is_down)
{
  XTestFakeKeyEvent(
    screen, XKeysymToKeycode(screen, symbol), is_down, CurrentTime);
  XSync(screen, False);
}

void
screen_type(const KeySym symbol)
{
  screen_key(symbol, true);
  screen_key(symbol, false);
}

void
screen_wait(const unsigned ms)
{
  const struct timespec pause = {ms / 1000U, (long)(ms % 1000U) * 1000000L};
  XSync(screen, False);
  nanosleep(&pause, NULL);
}

uint32_t
screen_pixel(const int x, const int y)
{
  XImage* const image = XGetImage(
    screen, DefaultRootWindow(screen), x, y, 1U, 1U, AllPlanes, ZPixmap);
  if (!image) {
    return UINT32_MAX;
  }
  const uint32_t pixel = (uint32_t)XGetPixel(image, 0, 0) & 0xFFFFFFU;
  XDestroyImage(image);
  return pixel;
}

Window
screen_window(const int      x,
              const int      y,
              const unsigned width,
              const unsigned height)
{
  XSetWindowAttributes wish   = {.override_redirect = True,
                                 .background_pixel  = 0x336699U};
  const Window         window = XCreateWindow(screen,
                                      DefaultRootWindow(screen),
                                      x,
                                      y,
                                      width,
                                      height,
                                      0U,
                                      CopyFromParent,
                                      InputOutput,
                                      CopyFromParent,
                                      CWOverrideRedirect | CWBackPixel,
                                      &wish);
  XMapRaised(screen, window);
  XSync(screen, False);
  return window;
}
