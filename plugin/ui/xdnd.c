// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/xdnd.h"

#include <stdio.h>
#include <string.h>

#define VERSION 5L
#define MIN_VERSION 3L ///< Earlier ones were another language
#define MAX_DEPTH 32U  ///< Of windows in windows

static const char* const names[N_XDND_ATOMS] = {
  [XDND_AWARE]     = "XdndAware",
  [XDND_PROXY]     = "XdndProxy",
  [XDND_ENTER]     = "XdndEnter",
  [XDND_POSITION]  = "XdndPosition",
  [XDND_STATUS]    = "XdndStatus",
  [XDND_LEAVE]     = "XdndLeave",
  [XDND_DROP]      = "XdndDrop",
  [XDND_FINISHED]  = "XdndFinished",
  [XDND_SELECTION] = "XdndSelection",
  [XDND_COPY]      = "XdndActionCopy",
  [XDND_TARGETS]   = "TARGETS",
  [XDND_URI_LIST]  = "text/uri-list",
  [XDND_PLAIN]     = "text/plain",
};

static const unsigned grab_mask =
  ButtonPressMask | ButtonReleaseMask | PointerMotionMask;

void
xdnd_init(Xdnd* const    self,
          Display* const display,
          const Window   source,
          const Window   root)
{
  memset(self, 0, sizeof(*self));
  self->display = display;
  self->source  = source;
  self->root    = root;
  XInternAtoms(display, (char**)names, N_XDND_ATOMS, False, self->atoms);
  self->yes = XCreateFontCursor(display, XC_based_arrow_down);
  self->no  = XCreateFontCursor(display, XC_circle);
}

bool
xdnd_is_busy(const Xdnd* const self)
{
  return self->state != XDND_IDLE;
}

// What is said to a target --------------------------------------------------

static void
tell(Xdnd* const    self,
     const XdndAtom type,
     const long     second,
     const long     third,
     const long     fourth,
     const long     fifth)
{
  XEvent event;
  memset(&event, 0, sizeof(event));
  event.xclient.type         = ClientMessage;
  event.xclient.display      = self->display;
  event.xclient.window       = self->target;
  event.xclient.message_type = self->atoms[type];
  event.xclient.format       = 32;
  event.xclient.data.l[0]    = (long)self->source;
  event.xclient.data.l[1]    = second;
  event.xclient.data.l[2]    = third;
  event.xclient.data.l[3]    = fourth;
  event.xclient.data.l[4]    = fifth;
  XSendEvent(self->display, self->listener, False, NoEventMask, &event);
}

static void
tell_enter(Xdnd* const self)
{
  tell(self,
       XDND_ENTER,
       self->version << 24,
       (long)self->atoms[XDND_URI_LIST],
       (long)self->atoms[XDND_PLAIN],
       None);
}

static void
tell_position(Xdnd* const self)
{
  tell(self,
       XDND_POSITION,
       0,
       (long)self->x << 16 | (self->y & 0xFFFF),
       (long)self->time,
       (long)self->atoms[XDND_COPY]);
  self->is_asked = true;
  self->is_late  = false;
}

// The end -------------------------------------------------------------------

static void
let_go(Xdnd* const self)
{
  XUngrabPointer(self->display, CurrentTime);
  XUngrabKeyboard(self->display, CurrentTime);
}

static void
finish(Xdnd* const self, const DragEnd end)
{
  let_go(self);
  if (XGetSelectionOwner(self->display, self->atoms[XDND_SELECTION]) ==
      self->source) {
    XSetSelectionOwner(
      self->display, self->atoms[XDND_SELECTION], None, self->time);
  }
  self->state     = XDND_IDLE;
  self->target    = None;
  self->has_ended = true;
  self->end       = end;
}

static void
give_up(Xdnd* const self)
{
  if (self->target && self->state != XDND_DROPPED) {
    tell(self, XDND_LEAVE, 0, 0, 0, 0);
  }
  finish(self, DRAG_DROPPED);
}

void
xdnd_clear(Xdnd* const self)
{
  if (self->state == XDND_DROPPED && self->has_given) {
    finish(self, DRAG_TAKEN);
  } else if (xdnd_is_busy(self)) {
    give_up(self);
  }
  XFreeCursor(self->display, self->yes);
  XFreeCursor(self->display, self->no);
}

/// The button is up and they have said whether they want it
static void
drop(Xdnd* const self, const int64_t now_us)
{
  if (!self->is_welcome) {
    give_up(self);
    return;
  }
  tell(self, XDND_DROP, 0, (long)self->time, 0, 0);
  self->state    = XDND_DROPPED;
  self->until_us = now_us + XDND_PATIENCE_US;
}

// Who is under the pointer --------------------------------------------------

/// A property that is one number, or 0
static unsigned long
number_of(Xdnd* const    self,
          const Window   window,
          const XdndAtom name,
          const Atom     type)
{
  Atom           got_type = None;
  int            format   = 0;
  unsigned long  n        = 0U;
  unsigned long  n_left   = 0U;
  unsigned char* data     = NULL;
  unsigned long  number   = 0U;
  if (XGetWindowProperty(self->display,
                         window,
                         self->atoms[name],
                         0,
                         1,
                         False,
                         type,
                         &got_type,
                         &format,
                         &n,
                         &n_left,
                         &data) == Success) {
    if (got_type == type && format == 32 && n == 1U) {
      memcpy(&number, data, sizeof(number));
    }
    if (data) {
      XFree(data);
    }
  }
  return number;
}

/// Who hears what is said to a window: it, or another that says so itself
static Window
listener_of(Xdnd* const self, const Window window)
{
  const Window proxy = number_of(self, window, XDND_PROXY, XA_WINDOW);
  return proxy && number_of(self, proxy, XDND_PROXY, XA_WINDOW) == proxy
           ? proxy
           : window;
}

/// The version that a window speaks, or 0
static long
version_of(Xdnd* const self, const Window listener)
{
  const long version = (long)number_of(self, listener, XDND_AWARE, XA_ATOM);
  return version < MIN_VERSION ? 0 : version < VERSION ? version : VERSION;
}

/// The outermost window under the pointer that takes anything
static void
find(Xdnd* const   self,
     Window* const target,
     Window* const listener,
     long* const   version)
{
  Window window = self->root;
  for (unsigned i = 0U; i < MAX_DEPTH; ++i) {
    Window child = None;
    int    x     = 0;
    int    y     = 0;
    if (!XTranslateCoordinates(self->display,
                               self->root,
                               window,
                               self->x,
                               self->y,
                               &x,
                               &y,
                               &child) ||
        !child) {
      break;
    }
    window    = child;
    *target   = window;
    *listener = listener_of(self, window);
    *version  = version_of(self, *listener);
    if (*version) {
      return;
    }
  }

  // Nobody; but where there is no window at all, somebody may hear for the
  // empty screen
  *target   = None;
  *listener = listener_of(self, self->root);
  *version  = version_of(self, *listener);
  if (window == self->root && *version) {
    *target = self->root;
  }
}

static void
show(Xdnd* const self)
{
  if (self->has_yes != self->is_welcome) {
    self->has_yes = self->is_welcome;
    XChangeActivePointerGrab(self->display,
                             grab_mask,
                             self->has_yes ? self->yes : self->no,
                             CurrentTime);
  }
}

static void
move(Xdnd* const self)
{
  Window target   = None;
  Window listener = None;
  long   version  = 0;
  find(self, &target, &listener, &version);

  if (target != self->target) {
    if (self->target) {
      tell(self, XDND_LEAVE, 0, 0, 0, 0);
    }
    self->target     = target;
    self->listener   = listener;
    self->version    = version;
    self->is_asked   = false;
    self->is_welcome = false;
    self->has_given  = false;
    if (target) {
      tell_enter(self);
    }
    show(self);
  }
  if (self->target && self->is_asked) {
    self->is_late = true;
  } else if (self->target) {
    tell_position(self);
  }
}

bool
xdnd_begin(Xdnd* const       self,
           const char* const path,
           const int         x,
           const int         y,
           const Time        time)
{
  const size_t n = strlen(path);
  if (xdnd_is_busy(self) || path[0] != '/' || n >= XDND_MAX_PATH ||
      XGrabPointer(self->display,
                   self->source,
                   False,
                   grab_mask,
                   GrabModeAsync,
                   GrabModeAsync,
                   None,
                   self->no,
                   time) != GrabSuccess) {
    return false;
  }

  // For Escape.  Where the keyboard is somebody else's, there is none
  XGrabKeyboard(
    self->display, self->source, False, GrabModeAsync, GrabModeAsync, time);
  XSetSelectionOwner(
    self->display, self->atoms[XDND_SELECTION], self->source, time);

  memcpy(self->path, path, n + 1U);
  self->state      = XDND_MOVING;
  self->target     = None;
  self->is_asked   = false;
  self->is_welcome = false;
  self->has_given  = false;
  self->has_yes    = false;
  self->has_ended  = false;
  self->x          = x;
  self->y          = y;
  self->time       = time;
  move(self);
  return true;
}

// What they ask for ---------------------------------------------------------

/// A path as a file's URI and a line's end
static size_t
write_uri(const char* const path, char* const text)
{
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              "abcdefghijklmnopqrstuvwxyz0123456789-._~/";
  char*             end     = text + sprintf(text, "file://");
  for (const char* c = path; *c; ++c) {
    if (strchr(plain, *c)) {
      *end++ = *c;
    } else {
      end += sprintf(end, "%%%02X", (unsigned)(unsigned char)*c);
    }
  }
  end += sprintf(end, "\r\n");
  return (size_t)(end - text);
}

static void
put_text(Xdnd* const                         self,
         const XSelectionRequestEvent* const wish,
         const Atom                          property,
         const char* const                   text,
         const size_t                        n)
{
  XChangeProperty(self->display,
                  wish->requestor,
                  property,
                  wish->target,
                  8,
                  PropModeReplace,
                  (const unsigned char*)text,
                  (int)n);
  self->has_given = true;
}

static void
put_targets(Xdnd* const                         self,
            const XSelectionRequestEvent* const wish,
            const Atom                          property)
{
  const Atom targets[] = {self->atoms[XDND_TARGETS],
                          self->atoms[XDND_URI_LIST],
                          self->atoms[XDND_PLAIN]};
  XChangeProperty(self->display,
                  wish->requestor,
                  property,
                  XA_ATOM,
                  32,
                  PropModeReplace,
                  (const unsigned char*)targets,
                  (int)(sizeof(targets) / sizeof(targets[0])));
}

/// @return Whether it could be given in the form that they asked for
static bool
put(Xdnd* const                         self,
    const XSelectionRequestEvent* const wish,
    const Atom                          property)
{
  char uri[3U * XDND_MAX_PATH + 16U];
  if (!xdnd_is_busy(self)) {
    return false;
  }
  if (wish->target == self->atoms[XDND_TARGETS]) {
    put_targets(self, wish, property);
    return true;
  }
  if (wish->target == self->atoms[XDND_URI_LIST]) {
    put_text(self, wish, property, uri, write_uri(self->path, uri));
    return true;
  }
  if (wish->target == self->atoms[XDND_PLAIN]) {
    put_text(self, wish, property, self->path, strlen(self->path));
    return true;
  }
  return false;
}

static void
give(Xdnd* const self, const XSelectionRequestEvent* const wish)
{
  // Old programs leave it to us where it goes
  const Atom property = wish->property ? wish->property : wish->target;

  XEvent answer;
  memset(&answer, 0, sizeof(answer));
  answer.xselection.type      = SelectionNotify;
  answer.xselection.display   = self->display;
  answer.xselection.requestor = wish->requestor;
  answer.xselection.selection = wish->selection;
  answer.xselection.target    = wish->target;
  answer.xselection.property  = put(self, wish, property) ? property : None;
  answer.xselection.time      = wish->time;
  XSendEvent(self->display, wish->requestor, False, NoEventMask, &answer);
}

// What they say -------------------------------------------------------------

static void
hear_status(Xdnd* const                self,
            const XClientMessageEvent* message,
            const int64_t              now_us)
{
  if ((Window)message->data.l[0] != self->target || !self->is_asked) {
    return; // Somebody whom we have left
  }
  self->is_asked   = false;
  self->is_welcome = message->data.l[1] & 1;
  if (self->state == XDND_LET_GO && !self->is_late) {
    drop(self, now_us);
  } else if (self->state != XDND_DROPPED) {
    show(self);
    if (self->is_late) {
      tell_position(self);
    }
  }
}

static void
hear_finished(Xdnd* const self, const XClientMessageEvent* const message)
{
  if (self->state == XDND_DROPPED &&
      (Window)message->data.l[0] == self->target) {
    // Some who took it do not say so; but they have asked where it is
    const bool is_taken =
      self->has_given || (self->version >= 5 && (message->data.l[1] & 1));
    finish(self, is_taken ? DRAG_TAKEN : DRAG_DROPPED);
  }
}

static void
hear_pointer(Xdnd* const   self,
             const int     x,
             const int     y,
             const Time    time,
             const bool    is_down,
             const int64_t now_us)
{
  if (self->state != XDND_MOVING) {
    return;
  }
  if (x != self->x || y != self->y) {
    self->x    = x;
    self->y    = y;
    self->time = time;
    move(self);
  }
  if (!is_down) {
    self->time = time;
    let_go(self);
    if (self->is_asked) {
      self->state    = XDND_LET_GO;
      self->until_us = now_us + XDND_PATIENCE_US;
    } else {
      drop(self, now_us);
    }
  }
}

static void
hear_message(Xdnd* const                      self,
             const XClientMessageEvent* const message,
             const int64_t                    now_us)
{
  if (message->format == 32 && xdnd_is_busy(self)) {
    if (message->message_type == self->atoms[XDND_STATUS]) {
      hear_status(self, message, now_us);
    } else {
      hear_finished(self, message);
    }
  }
}

bool
xdnd_hear(Xdnd* const self, const XEvent* const event, const int64_t now_us)
{
  switch (event->type) {
  case SelectionRequest:
    if (event->xselectionrequest.selection != self->atoms[XDND_SELECTION]) {
      return false;
    }
    give(self, &event->xselectionrequest);
    return true;
  case ClientMessage:
    if (event->xclient.message_type != self->atoms[XDND_STATUS] &&
        event->xclient.message_type != self->atoms[XDND_FINISHED]) {
      return false;
    }
    hear_message(self, &event->xclient, now_us);
    return true;
  default:
    break;
  }
  if (!xdnd_is_busy(self)) {
    return false;
  }

  switch (event->type) {
  case MotionNotify:
    hear_pointer(self,
                 event->xmotion.x_root,
                 event->xmotion.y_root,
                 event->xmotion.time,
                 event->xmotion.state & Button1Mask,
                 now_us);
    return true;
  case ButtonRelease:
    hear_pointer(self,
                 event->xbutton.x_root,
                 event->xbutton.y_root,
                 event->xbutton.time,
                 event->xbutton.button != Button1,
                 now_us);
    return true;
  case KeyPress: {
    XKeyEvent key = event->xkey;
    if (XLookupKeysym(&key, 0) == XK_Escape && self->state != XDND_DROPPED) {
      give_up(self);
    }
    return true;
  }
  case ButtonPress:
  case KeyRelease:
  case LeaveNotify:
    return true;
  default:
    return false;
  }
}

/// Whether somebody who owes us an answer still lives
static bool
is_there(Xdnd* const self)
{
  XWindowAttributes attributes;
  return XGetWindowAttributes(self->display, self->listener, &attributes);
}

bool
xdnd_poll(Xdnd* const self, const int64_t now_us, DragEnd* const end)
{
  if (self->state >= XDND_LET_GO &&
      (now_us >= self->until_us || !is_there(self))) {
    if (self->state == XDND_DROPPED) {
      finish(self, self->has_given ? DRAG_TAKEN : DRAG_DROPPED);
    } else {
      give_up(self);
    }
  }
  if (!self->has_ended) {
    return false;
  }
  self->has_ended = false;
  *end            = self->end;
  return true;
}
