// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/window_x11.h"

#include <pthread.h>
#include <stddef.h>

// The handler is the process's, and hosts may have windows on several threads
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Trap*           held;
static XErrorHandler   previous;

static int
on_error(Display* const display, XErrorEvent* const event)
{
  pthread_mutex_lock(&lock);
  Trap* trap = held;
  while (trap && trap->display != display) {
    trap = trap->next;
  }
  if (trap) {
    ++trap->n_errors;
    if (event->resourceid == trap->window &&
        (event->error_code == BadWindow || event->error_code == BadDrawable)) {
      trap->is_gone = true;
    }
  }
  const XErrorHandler other = previous;
  pthread_mutex_unlock(&lock);
  return trap || !other ? 0 : other(display, event);
}

void
trap_hold(Trap* const trap)
{
  pthread_mutex_lock(&lock);
  if (!held) {
    previous = XSetErrorHandler(on_error);
  }
  trap->next = held;
  held       = trap;
  pthread_mutex_unlock(&lock);
}

void
trap_release(Trap* const trap)
{
  pthread_mutex_lock(&lock);
  Trap** link = &held;
  while (*link && *link != trap) {
    link = &(*link)->next;
  }
  if (*link) {
    *link = trap->next;
  }
  if (!held) {
    const XErrorHandler last = XSetErrorHandler(previous);
    if (last != on_error) { // Somebody's who came after us: theirs stays
      XSetErrorHandler(last);
    }
  }
  pthread_mutex_unlock(&lock);
}
