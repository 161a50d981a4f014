// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "xdnd_target.h"

#include <stdlib.h>
#include <string.h>

#define SIZE 150U

static Atom
named(const XdndTarget* const self, const char* const name)
{
  return XInternAtom(self->display, name, False);
}

static void
set_number(const XdndTarget* const self,
           const Window            window,
           const char* const       name,
           const Atom              type,
           const unsigned long     number)
{
  XChangeProperty(self->display,
                  window,
                  named(self, name),
                  type,
                  32,
                  PropModeReplace,
                  (const unsigned char*)&number,
                  1);
}

static Window
make(const XdndTarget* const self,
     const Window            parent,
     int                     x,
     int                     y,
     unsigned                n)
{
  XSetWindowAttributes wish   = {.override_redirect = True};
  const Window         window = XCreateWindow(self->display,
                                      parent,
                                      x,
                                      y,
                                      n,
                                      n,
                                      0U,
                                      CopyFromParent,
                                      InputOutput,
                                      CopyFromParent,
                                      CWOverrideRedirect,
                                      &wish);
  XMapRaised(self->display, window);
  return window;
}

void
target_open(XdndTarget* const self,
            const int         x,
            const int         y,
            const unsigned    manner,
            const long        version)
{
  memset(self, 0, sizeof(*self));
  self->display  = XOpenDisplay(NULL);
  self->manner   = manner;
  self->version  = version;
  self->is_alive = true;

  const Window root = DefaultRootWindow(self->display);
  if (manner & TARGET_IS_ROOT) {
    self->window = root;
  } else if (manner & TARGET_IN_FRAME) {
    self->outer  = make(self, root, x - 10, y - 10, SIZE + 20U);
    self->window = make(self, self->outer, 10, 10, SIZE);
  } else {
    self->window = self->outer = make(self, root, x, y, SIZE);
  }
  self->listener = self->window;
  if (manner & TARGET_HAS_PROXY) {
    self->listener =
      XCreateSimpleWindow(self->display, root, -50, -50, 1U, 1U, 0U, 0U, 0U);
    set_number(self, self->listener, "XdndProxy", XA_WINDOW, self->listener);
    set_number(self, self->window, "XdndProxy", XA_WINDOW, self->listener);
  }
  if (manner & TARGET_FALSE_PROXY) { // One that was there once
    set_number(self, self->window, "XdndProxy", XA_WINDOW, 0x77U);
  }
  if (version) {
    set_number(
      self, self->listener, "XdndAware", XA_ATOM, (unsigned long)version);
  }
  XSync(self->display, False);
}

static void
tell(const XdndTarget* const self,
     const char* const       type,
     const long              second,
     const long              fifth)
{
  XEvent event;
  memset(&event, 0, sizeof(event));
  event.xclient.type         = ClientMessage;
  event.xclient.window       = self->source;
  event.xclient.message_type = named(self, type);
  event.xclient.format       = 32;
  event.xclient.data.l[0]    = (long)self->window;
  event.xclient.data.l[1]    = second;
  event.xclient.data.l[4]    = fifth;
  XSendEvent(self->display, self->source, False, NoEventMask, &event);
}

void
target_say(XdndTarget* const self)
{
  const bool wants  = !(self->manner & TARGET_REFUSES);
  self->owes_status = false;
  tell(self,
       "XdndStatus",
       wants ? 3 : 2,
       wants ? (long)named(self, "XdndActionCopy") : None);
  XFlush(self->display);
}

static void
ask(const XdndTarget* const self, const char* const type, const Time time)
{
  XConvertSelection(self->display,
                    named(self, "XdndSelection"),
                    named(self, type),
                    named(self, type),
                    self->listener,
                    time);
}

static void
finish(XdndTarget* const self)
{
  if (!(self->manner & TARGET_NO_FINISH)) {
    const bool says = !(self->manner & TARGET_NO_FLAG) && self->version >= 5;
    tell(self,
         "XdndFinished",
         says ? 1 : 0,
         says ? (long)named(self, "XdndActionCopy") : None);
  }
}

static void
die(XdndTarget* const self)
{
  XDestroyWindow(self->display, self->outer);
  if (self->listener != self->window) {
    XDestroyWindow(self->display, self->listener);
  }
  self->is_alive = false;
}

static void
hear_position(XdndTarget* const self, const XClientMessageEvent* const message)
{
  ++self->n_positions;
  self->n_strange += self->owes_status;
  self->n_strange += (Atom)message->data.l[4] != named(self, "XdndActionCopy");
  self->x           = (int)(message->data.l[2] >> 16 & 0xFFFF);
  self->y           = (int)(message->data.l[2] & 0xFFFF);
  self->owes_status = true;
  if (self->manner & TARGET_DIES_AT) {
    die(self);
  } else if (!(self->manner & TARGET_SAYS_NEVER)) {
    target_say(self);
  }
}

static void
hear_drop(XdndTarget* const self, const XClientMessageEvent* const message)
{
  ++self->n_drops;
  self->n_strange += self->owes_status;
  if (self->manner & TARGET_DIES_ON) {
    die(self);
  } else if (self->manner & TARGET_ASKS_NOT) {
    finish(self);
  } else {
    ask(self, "TARGETS", (Time)message->data.l[2]);
    ask(self, "text/html", (Time)message->data.l[2]);
    ask(self, "text/plain", (Time)message->data.l[2]);
    ask(self, "text/uri-list", (Time)message->data.l[2]);
  }
}

static void
hear_enter(XdndTarget* const self, const XClientMessageEvent* const message)
{
  ++self->n_enters;
  self->source = (Window)message->data.l[0];
  self->n_strange += message->data.l[1] >> 24 != self->version &&
                     !(self->version > 5 && message->data.l[1] >> 24 == 5);
  self->n_strange += (message->data.l[1] & 1) != 0;
  for (unsigned i = 2U; i < 5U; ++i) {
    self->has_uri_list |=
      (Atom)message->data.l[i] == named(self, "text/uri-list");
  }
}

static void
hear_message(XdndTarget* const self, const XClientMessageEvent* const message)
{
  self->n_strange += message->window != self->window;
  if (message->message_type == named(self, "XdndEnter")) {
    hear_enter(self, message);
    return;
  }
  self->n_strange += !self->n_enters;
  self->n_strange += (Window)message->data.l[0] != self->source;
  if (message->message_type == named(self, "XdndPosition")) {
    hear_position(self, message);
  } else if (message->message_type == named(self, "XdndDrop")) {
    hear_drop(self, message);
  } else if (message->message_type == named(self, "XdndLeave")) {
    ++self->n_leaves;
    self->owes_status = false;
  }
}

/// The first file of a list, as a path
static void
read_list(XdndTarget* const self)
{
  const char* from = self->uri_list;
  char*       to   = self->path;
  from += strncmp(from, "file://", 7U) ? 0U : 7U;
  while (*from && *from != '\r') {
    if (*from == '%') {
      const char hex[] = {from[1], from[2], '\0'};
      *to++            = (char)strtol(hex, NULL, 16);
      from += 3;
    } else {
      *to++ = *from++;
    }
  }
  *to = '\0';
}

static void
take(XdndTarget* const self, const Atom property, char* const text, size_t most)
{
  Atom           type   = None;
  int            format = 0;
  unsigned long  n      = 0U;
  unsigned long  left   = 0U;
  unsigned char* data   = NULL;
  XGetWindowProperty(self->display,
                     self->listener,
                     property,
                     0,
                     100000,
                     True,
                     AnyPropertyType,
                     &type,
                     &format,
                     &n,
                     &left,
                     &data);
  if (format == 32) {
    self->n_targets = (unsigned)n;
  } else if (data && text && n < most) {
    memcpy(text, data, n);
    text[n] = '\0';
  }
  if (data) {
    XFree(data);
  }
}

static void
hear_selection(XdndTarget* const self, const XSelectionEvent* const event)
{
  if (event->target == named(self, "text/html")) {
    self->refused_nonsense = event->property == None;
  } else if (event->target == named(self, "TARGETS")) {
    take(self, event->property, NULL, 0U);
  } else if (event->target == named(self, "text/plain")) {
    take(self, event->property, self->plain, sizeof(self->plain));
  } else if (event->target == named(self, "text/uri-list")) {
    take(self, event->property, self->uri_list, sizeof(self->uri_list));
    read_list(self);
    finish(self);
  }
}

void
target_poll(XdndTarget* const self)
{
  while (XPending(self->display)) {
    XEvent event;
    XNextEvent(self->display, &event);
    if (event.type == ClientMessage) {
      hear_message(self, &event.xclient);
    } else if (event.type == SelectionNotify) {
      hear_selection(self, &event.xselection);
    }
  }
  XFlush(self->display);
}

void
target_close(XdndTarget* const self)
{
  if (self->manner & TARGET_IS_ROOT) {
    XDeleteProperty(self->display, self->window, named(self, "XdndProxy"));
  }
  XCloseDisplay(self->display);
}
