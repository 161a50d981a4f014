// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/window_x11.h"

#include "plugin/ui/window.h"
#include "plugin/ui/xdnd.h"

#include <cairo-xlib.h>
#include <cairo.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DOUBLE_CLICK_MS 350U
#define DOUBLE_CLICK_PIXELS 4
#define MAX_SIZE 16000U
#define N_CURSORS (CURSOR_RESIZE + 1)

/// Longest text that is asked of the clipboard, in units of four bytes
#define MAX_PASTE (sizeof(((Key*)0)->text) / 4U)

static const unsigned shapes[N_CURSORS] = {
  [CURSOR_ARROW]  = XC_left_ptr,
  [CURSOR_HAND]   = XC_hand2,
  [CURSOR_TEXT]   = XC_xterm,
  [CURSOR_RESIZE] = XC_sb_v_double_arrow,
};

typedef enum {
  ATOM_PROTOCOLS,
  ATOM_DELETE,
  ATOM_NAME,
  ATOM_CLIPBOARD,
  ATOM_UTF8,
  ATOM_PASTE, ///< Our property that the clipboard is put into
  N_ATOMS
} AtomIndex;

static const char* const atom_names[N_ATOMS] = {
  [ATOM_PROTOCOLS] = "WM_PROTOCOLS",
  [ATOM_DELETE]    = "WM_DELETE_WINDOW",
  [ATOM_NAME]      = "_NET_WM_NAME",
  [ATOM_CLIPBOARD] = "CLIPBOARD",
  [ATOM_UTF8]      = "UTF8_STRING",
  [ATOM_PASTE]     = "PERPETUO_PASTE",
};

typedef struct {
  KeySym  symbol;
  KeyKind kind;
} KeyRow;

static const KeyRow key_rows[] = {
  {XK_Tab, KEY_TAB},
  {XK_KP_Tab, KEY_TAB},
  {XK_ISO_Left_Tab, KEY_BACK_TAB},
  {XK_Return, KEY_ENTER},
  {XK_KP_Enter, KEY_ENTER},
  {XK_Escape, KEY_ESCAPE},
  {XK_BackSpace, KEY_BACKSPACE},
  {XK_Delete, KEY_DELETE},
  {XK_KP_Delete, KEY_DELETE},
  {XK_Left, KEY_LEFT},
  {XK_KP_Left, KEY_LEFT},
  {XK_Right, KEY_RIGHT},
  {XK_KP_Right, KEY_RIGHT},
  {XK_Up, KEY_UP},
  {XK_KP_Up, KEY_UP},
  {XK_Down, KEY_DOWN},
  {XK_KP_Down, KEY_DOWN},
  {XK_Page_Up, KEY_PAGE_UP},
  {XK_KP_Page_Up, KEY_PAGE_UP},
  {XK_Page_Down, KEY_PAGE_DOWN},
  {XK_KP_Page_Down, KEY_PAGE_DOWN},
  {XK_Home, KEY_HOME},
  {XK_KP_Home, KEY_HOME},
  {XK_End, KEY_END},
  {XK_KP_End, KEY_END},
};

#define N_KEY_ROWS (sizeof(key_rows) / sizeof(key_rows[0]))

struct UiWindow {
  Trap        trap;
  Display*    display;
  Window      native;
  Window      parent; ///< The host's, or None
  Window      root;
  Visual*     visual;
  Colormap    colours;
  GC          gc;
  Atom        atoms[N_ATOMS];
  Cursor      cursors[N_CURSORS];
  XIM         method; ///< Null where there is none
  XIC         context;
  Window      had_focus; ///< Who had it before
  Time        time;      ///< Of the last event that has one
  Time        click_time;
  int         click_x, click_y;
  int         x_root, y_root; ///< Of the pointer, on the screen
  uint32_t    width, height;
  uint32_t    wish_width, wish_height; ///< What was asked for last
  uint32_t    min_width, min_height;
  WindowCalls calls;
  Xdnd        drag;

  // What has come together while events were read
  Pointer  moved;
  Rect     exposed; ///< Empty for none
  uint32_t new_width, new_height;

  int      depth;
  unsigned n_clicks;
  bool     is_plain; ///< Its pixels are a canvas's pixels
  bool     has_focus;
  bool     is_down; ///< The first button
  bool     has_move;
  bool     sent_on[256]; ///< By key code: the host has it, and gets its end
};

int64_t
window_now_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// What is told to the owner --------------------------------------------------

// The owner may do with the process's handler what they like meanwhile

static void
tell_pointer(UiWindow* const self, const Pointer* const pointer)
{
  trap_release(&self->trap);
  self->calls.pointer(self->calls.data, pointer);
  trap_hold(&self->trap);
}

static bool
tell_key(UiWindow* const self, const Key* const key)
{
  trap_release(&self->trap);
  const bool is_ours = self->calls.key(self->calls.data, key);
  trap_hold(&self->trap);
  return is_ours;
}

static void
tell_focus(UiWindow* const self, const bool has_it)
{
  if (has_it != self->has_focus) {
    self->has_focus = has_it;
    trap_release(&self->trap);
    self->calls.focus(self->calls.data, has_it);
    trap_hold(&self->trap);
  }
}

static void
tell_close(UiWindow* const self)
{
  trap_release(&self->trap);
  self->calls.close(self->calls.data);
  trap_hold(&self->trap);
}

static void
tell_drag_end(UiWindow* const self, const DragEnd end)
{
  trap_release(&self->trap);
  self->calls.drag_end(self->calls.data, end);
  trap_hold(&self->trap);
}

// The pointer ---------------------------------------------------------------

static unsigned
mods_of(const unsigned state)
{
  return (state & ShiftMask ? MOD_SHIFT : 0U) |
         (state & ControlMask ? MOD_CTRL : 0U) |
         (state & Mod1Mask ? MOD_ALT : 0U);
}

/// Tell of the last of many moves, before anything else happens
static void
settle_move(UiWindow* const self)
{
  if (self->has_move) {
    self->has_move = false;
    tell_pointer(self, &self->moved);
  }
}

/// The screen tells nobody of a button that goes up while its window is hidden
static void
lose_button(UiWindow* const self)
{
  if (self->is_down) {
    const Pointer pointer = {.kind = POINTER_LOST};
    self->is_down         = false;
    self->has_move        = false;
    tell_pointer(self, &pointer);
  }
}

static void
hear_motion(UiWindow* const self, const XEvent* const event)
{
  const XMotionEvent* const motion = &event->xmotion;

  if (!(motion->state & Button1Mask)) {
    lose_button(self);
  }
  self->time     = motion->time;
  self->x_root   = motion->x_root;
  self->y_root   = motion->y_root;
  self->has_move = true;
  self->moved    = (Pointer){.kind = POINTER_MOVE,
                             .x    = motion->x,
                             .y    = motion->y,
                             .mods = mods_of(motion->state)};
}

static unsigned
count_clicks(UiWindow* const self, const XButtonEvent* const button)
{
  const bool is_second =
    self->n_clicks == 1U &&
    button->time - self->click_time <= DOUBLE_CLICK_MS &&
    abs(button->x - self->click_x) <= DOUBLE_CLICK_PIXELS &&
    abs(button->y - self->click_y) <= DOUBLE_CLICK_PIXELS;

  self->click_time = button->time;
  self->click_x    = button->x;
  self->click_y    = button->y;
  self->n_clicks   = is_second ? 2U : 1U;
  return self->n_clicks;
}

static void
hear_button(UiWindow* const self, const XEvent* const event)
{
  static const PointerKind kinds[] = {
    [Button1] = POINTER_PRESS,
    [Button3] = POINTER_MENU,
    [Button4] = POINTER_WHEEL,
    [Button5] = POINTER_WHEEL,
  };
  const XButtonEvent* const button   = &event->xbutton;
  const bool                is_press = event->type == ButtonPress;
  if (button->button == Button2 || button->button > Button5 ||
      (!is_press && button->button != Button1)) {
    return;
  }

  self->time   = button->time;
  self->x_root = button->x_root;
  self->y_root = button->y_root;

  Pointer pointer = {.kind = is_press ? kinds[button->button] : POINTER_RELEASE,
                     .x    = button->x,
                     .y    = button->y,
                     .mods = mods_of(button->state)};
  if (button->button == Button1) {
    self->is_down    = is_press;
    pointer.n_clicks = is_press ? count_clicks(self, button) : self->n_clicks;
  }
  if (pointer.kind == POINTER_WHEEL) {
    pointer.wheel = button->button == Button4 ? 1.0 : -1.0;
  }
  tell_pointer(self, &pointer);
}

static void
hear_leave(UiWindow* const self, const XEvent* const event)
{
  // While a button is down, or somebody holds the pointer, it is not over
  const XCrossingEvent* const crossing = &event->xcrossing;
  if (!self->is_down && crossing->mode != NotifyGrab) {
    const Pointer pointer = {.kind = POINTER_LEAVE,
                             .x    = crossing->x,
                             .y    = crossing->y,
                             .mods = mods_of(crossing->state)};
    tell_pointer(self, &pointer);
  }
}

// Keys ----------------------------------------------------------------------

/// A letter of Unicode in UTF-8
static void
write_letter(char* const text, const unsigned code)
{
  static const unsigned heads[] = {0x00U, 0xC0U, 0xE0U, 0xF0U};
  const unsigned        n       = code < 0x80U      ? 0U
                                  : code < 0x800U   ? 1U
                                  : code < 0x10000U ? 2U
                                                    : 3U;
  text[0]                       = (char)(heads[n] | code >> 6U * n);
  for (unsigned i = 1U; i <= n; ++i) {
    text[i] = (char)(0x80U | (code >> 6U * (n - i) & 0x3FU));
  }
  text[n + 1U] = '\0';
}

/// What a key types where no input method helps: Latin-1, and letters whose
/// symbol is their number in Unicode
static void
write_symbol(char* const text, const KeySym symbol)
{
  const unsigned long code = symbol & 0xFFFFFFUL;
  text[0]                  = '\0';
  if ((symbol >= 0x20U && symbol < 0x7FU) ||
      (symbol >= 0xA0U && symbol < 0x100U)) {
    write_letter(text, (unsigned)symbol);
  } else if ((symbol & ~0xFFFFFFUL) == 0x01000000UL && code <= 0x10FFFFUL) {
    write_letter(text, (unsigned)code);
  }
}

static KeySym
look_up(UiWindow* const self, XKeyEvent* const event, Key* const key)
{
  KeySym symbol = NoSymbol;
  if (self->context) {
    int        status   = XLookupNone;
    const int  n        = Xutf8LookupString(self->context,
                                    event,
                                    key->text,
                                    (int)sizeof(key->text) - 1,
                                    &symbol,
                                    &status);
    const bool has_text = status == XLookupChars || status == XLookupBoth;
    key->text[has_text ? n : 0] = '\0';
  } else {
    char      text[8];
    const int n = XLookupString(event, text, sizeof(text), &symbol, NULL);
    write_symbol(key->text, symbol);
    if (!key->text[0] && n == 1) { // Of the keypad
      key->text[0] = text[0];
      key->text[1] = '\0';
    }
  }
  return symbol;
}

/// What a key means to us.  @return false for none of ours.
static bool
read_key(UiWindow* const self, XKeyEvent* const event, Key* const key)
{
  key->text[0]        = '\0';
  key->mods           = mods_of(event->state);
  const KeySym symbol = look_up(self, event, key);
  for (size_t i = 0U; i < N_KEY_ROWS; ++i) {
    if (key_rows[i].symbol == symbol) {
      key->kind    = key_rows[i].kind;
      key->text[0] = '\0';
      if (key->kind == KEY_TAB && key->mods & MOD_SHIFT) {
        key->kind = KEY_BACK_TAB;
      }
      return true;
    }
  }

  const unsigned char first = (unsigned char)key->text[0];
  key->kind                 = KEY_TEXT;
  return first >= 0x20U && first != 0x7FU &&
         !(key->mods & (MOD_CTRL | MOD_ALT));
}

/// Let the host have a key that we have no use for, as if it had been its own
static void
send_on(UiWindow* const self, const XKeyEvent* const event)
{
  // What a host has sent to us is not sent back: it might go on for ever
  if (self->parent && !event->send_event) {
    Window none          = None;
    XEvent again         = {.xkey = *event};
    again.xkey.window    = self->parent;
    again.xkey.subwindow = None;
    XTranslateCoordinates(self->display,
                          self->native,
                          self->parent,
                          event->x,
                          event->y,
                          &again.xkey.x,
                          &again.xkey.y,
                          &none);
    XSendEvent(self->display, self->parent, False, NoEventMask, &again);
  }
}

static bool
is_paste(const XKeyEvent* const event)
{
  XKeyEvent    copy   = *event;
  const KeySym symbol = XLookupKeysym(&copy, 0);
  return symbol == XK_v && mods_of(event->state) == MOD_CTRL;
}

static void
hear_key_press(UiWindow* const self, const XEvent* const event)
{
  XKeyEvent press = event->xkey;
  Key       key;
  self->time           = press.time;
  const bool is_pasted = is_paste(&press);
  if (is_pasted) {
    key = (Key){.kind = KEY_PASTE, .mods = MOD_CTRL};
  }
  const bool is_ours =
    (is_pasted || read_key(self, &press, &key)) && tell_key(self, &key);
  if (!is_ours) {
    send_on(self, &press);
  } else if (is_pasted) { // It comes when its owner has sent it
    XConvertSelection(self->display,
                      self->atoms[ATOM_CLIPBOARD],
                      self->atoms[ATOM_UTF8],
                      self->atoms[ATOM_PASTE],
                      self->native,
                      press.time);
  }
  self->sent_on[press.keycode & 0xFFU] = !is_ours;
}

static void
hear_key_release(UiWindow* const self, const XEvent* const event)
{
  bool* const sent = &self->sent_on[event->xkey.keycode & 0xFFU];
  self->time       = event->xkey.time;
  if (*sent) {
    *sent = false;
    send_on(self, &event->xkey);
  }
}

/// Cut a text so that it ends with a whole letter
static size_t
whole_letters(const char* const text, const size_t n)
{
  size_t end = n;
  while (end && n - end < 4U &&
         ((unsigned char)text[end - 1U] & 0xC0U) == 0x80U) {
    --end;
  }
  if (!end) {
    return 0U;
  }
  const unsigned char head = (unsigned char)text[end - 1U];
  const size_t        size = head < 0x80U   ? 1U
                             : head < 0xE0U ? 2U
                             : head < 0xF0U ? 3U
                                            : 4U;
  return end - 1U + size <= n ? end - 1U + size : end - 1U;
}

static void
hear_selection(UiWindow* const self, const XEvent* const event)
{
  if (event->xselection.property != self->atoms[ATOM_PASTE]) {
    return; // The clipboard is empty, or holds no text
  }

  Atom           type   = None;
  int            format = 0;
  unsigned long  n      = 0U;
  unsigned long  n_left = 0U;
  unsigned char* data   = NULL;
  if (XGetWindowProperty(self->display,
                         self->native,
                         self->atoms[ATOM_PASTE],
                         0,
                         (long)MAX_PASTE,
                         False,
                         AnyPropertyType,
                         &type,
                         &format,
                         &n,
                         &n_left,
                         &data) != Success) {
    return;
  }
  XDeleteProperty(self->display, self->native, self->atoms[ATOM_PASTE]);

  // A text that comes in pieces is far longer than any of ours
  if (type == self->atoms[ATOM_UTF8] && format == 8 && n) {
    Key          key  = {.kind = KEY_PASTE};
    const size_t most = sizeof(key.text) - 1U;
    const size_t size = whole_letters((const char*)data, n < most ? n : most);
    memcpy(key.text, data, size);
    key.text[size] = '\0';
    tell_key(self, &key);
  }
  if (data) {
    XFree(data);
  }
}

// The window itself ---------------------------------------------------------

static void
hear_configure(UiWindow* const self, const XEvent* const event)
{
  if (event->xconfigure.window == self->native) {
    self->new_width  = (uint32_t)event->xconfigure.width;
    self->new_height = (uint32_t)event->xconfigure.height;
  }
}

static void
hear_expose(UiWindow* const self, const XEvent* const event)
{
  const XExposeEvent* const expose = &event->xexpose;
  const Rect                old    = self->exposed;
  const Rect box = {expose->x, expose->y, expose->width, expose->height};
  if (old.w <= 0.0) {
    self->exposed = box;
    return;
  }
  self->exposed.x = fmin(old.x, box.x);
  self->exposed.y = fmin(old.y, box.y);
  self->exposed.w = fmax(old.x + old.w, box.x + box.w) - self->exposed.x;
  self->exposed.h = fmax(old.y + old.h, box.y + box.h) - self->exposed.y;
}

static void
hear_unmap(UiWindow* const self, const XEvent* const event)
{
  (void)event;
  lose_button(self);
}

static void
hear_destroy(UiWindow* const self, const XEvent* const event)
{
  if (event->xdestroywindow.window == self->native) {
    self->trap.is_gone = true;
  }
}

static void
hear_focus(UiWindow* const self, const XEvent* const event)
{
  // Grabs of the keyboard are no loss, and the pointer's window is no gain
  const XFocusChangeEvent* const focus  = &event->xfocus;
  const bool                     has_it = event->type == FocusIn;
  if (focus->mode == NotifyGrab || focus->mode == NotifyUngrab ||
      focus->detail == NotifyPointer) {
    return;
  }
  if (self->context) {
    (has_it ? XSetICFocus : XUnsetICFocus)(self->context);
  }
  tell_focus(self, has_it);
}

static void
hear_message(UiWindow* const self, const XEvent* const event)
{
  const XClientMessageEvent* const message = &event->xclient;
  if (message->message_type == self->atoms[ATOM_PROTOCOLS] &&
      (Atom)message->data.l[0] == self->atoms[ATOM_DELETE]) {
    tell_close(self);
  }
}

static void
hear_mapping(UiWindow* const self, const XEvent* const event)
{
  XMappingEvent mapping = event->xmapping;
  (void)self;
  XRefreshKeyboardMapping(&mapping);
}

static void (*const hearers[LASTEvent])(UiWindow*, const XEvent*) = {
  [MotionNotify]    = hear_motion,
  [ButtonPress]     = hear_button,
  [ButtonRelease]   = hear_button,
  [LeaveNotify]     = hear_leave,
  [KeyPress]        = hear_key_press,
  [KeyRelease]      = hear_key_release,
  [SelectionNotify] = hear_selection,
  [ConfigureNotify] = hear_configure,
  [Expose]          = hear_expose,
  [UnmapNotify]     = hear_unmap,
  [DestroyNotify]   = hear_destroy,
  [FocusIn]         = hear_focus,
  [FocusOut]        = hear_focus,
  [ClientMessage]   = hear_message,
  [MappingNotify]   = hear_mapping,
};

static void
hear(UiWindow* const self, const XEvent* const event)
{
  if (event->type != MotionNotify) {
    settle_move(self);
  }
  if (xdnd_hear(&self->drag, event, window_now_us())) {
    return;
  }
  if (event->type < LASTEvent && hearers[event->type]) {
    hearers[event->type](self, event);
  }
}

static void
settle_size(UiWindow* const self)
{
  if (self->new_width && self->new_height &&
      (self->new_width != self->width || self->new_height != self->height)) {
    self->width  = self->new_width;
    self->height = self->new_height;
    trap_release(&self->trap);
    self->calls.resize(self->calls.data, self->width, self->height);
    trap_hold(&self->trap);
  }
}

static void
settle_expose(UiWindow* const self)
{
  const Rect box = self->exposed;
  if (box.w > 0.0 && box.h > 0.0) {
    self->exposed = (Rect){0.0, 0.0, 0.0, 0.0};
    trap_release(&self->trap);
    self->calls.expose(self->calls.data, box);
    trap_hold(&self->trap);
  }
}

bool
window_poll(UiWindow* const self)
{
  trap_hold(&self->trap);
  while (!self->trap.is_gone && XPending(self->display)) {
    XEvent event;
    XNextEvent(self->display, &event);
    if (!XFilterEvent(&event, None)) {
      hear(self, &event);
    }
  }
  settle_move(self);
  settle_size(self);
  settle_expose(self);

  DragEnd end = DRAG_DROPPED;
  if (xdnd_poll(&self->drag, window_now_us(), &end)) {
    self->is_down = false; // After Escape, others hear that
    tell_drag_end(self, end);
  }
  XFlush(self->display);
  trap_release(&self->trap);
  return !self->trap.is_gone;
}

// Making one ----------------------------------------------------------------

/// Choose what the pixels are like, whatever the host's own window is like
static void
choose_visual(UiWindow* const self, const int screen)
{
  XVisualInfo info = {.depth = 24};

  self->is_plain =
    XMatchVisualInfo(self->display, screen, 24, TrueColor, &info) &&
    info.red_mask == 0xFF0000U && info.green_mask == 0xFF00U &&
    info.blue_mask == 0xFFU;
  if (self->is_plain) {
    self->visual = info.visual;
    self->depth  = info.depth;
  } else {
    self->visual = DefaultVisual(self->display, screen);
    self->depth  = DefaultDepth(self->display, screen);
  }
}

static void
make_native(UiWindow* const self, const int screen)
{
  choose_visual(self, screen);
  self->colours =
    XCreateColormap(self->display, self->root, self->visual, AllocNone);

  XSetWindowAttributes wish = {
    .background_pixmap = None, // What is to be seen is drawn, never wiped
    .border_pixel      = 0U,
    .bit_gravity       = NorthWestGravity,
    .colormap          = self->colours,
    .event_mask = ExposureMask | StructureNotifyMask | PointerMotionMask |
                  ButtonPressMask | ButtonReleaseMask | LeaveWindowMask |
                  KeyPressMask | KeyReleaseMask | FocusChangeMask};
  self->native = XCreateWindow(self->display,
                               self->parent ? self->parent : self->root,
                               0,
                               0,
                               self->width,
                               self->height,
                               0U,
                               self->depth,
                               InputOutput,
                               self->visual,
                               CWBackPixmap | CWBorderPixel | CWBitGravity |
                                 CWColormap | CWEventMask,
                               &wish);
  self->gc     = XCreateGC(self->display, self->native, 0U, NULL);
}

/// Tell the size that we wish for, and the least.  Hosts look at it too, where
/// they lay out a window in theirs.
static void
set_hints(UiWindow* const self)
{
  XSizeHints hints = {.flags       = PSize | PBaseSize | PMinSize,
                      .width       = (int)self->wish_width,
                      .height      = (int)self->wish_height,
                      .base_width  = (int)self->wish_width,
                      .base_height = (int)self->wish_height,
                      .min_width   = (int)self->min_width,
                      .min_height  = (int)self->min_height};
  XSetWMNormalHints(self->display, self->native, &hints);
}

static void
introduce(UiWindow* const self, const char* const title)
{
  char name[]      = "perpetuo";
  char kind[]      = "Perpetuo";
  XClassHint class = {name, kind};
  XWMHints manners = {.flags = InputHint, .input = True};

  XStoreName(self->display, self->native, title);
  XChangeProperty(self->display,
                  self->native,
                  self->atoms[ATOM_NAME],
                  self->atoms[ATOM_UTF8],
                  8,
                  PropModeReplace,
                  (const unsigned char*)title,
                  (int)strlen(title));
  XSetClassHint(self->display, self->native, &class);
  XSetWMHints(self->display, self->native, &manners);
  XSetWMProtocols(self->display, self->native, &self->atoms[ATOM_DELETE], 1);
}

/// Composed letters, where the screen has somebody for them
static void
open_method(UiWindow* const self)
{
  self->method = XOpenIM(self->display, NULL, NULL, NULL);
  if (self->method) {
    self->context = XCreateIC(self->method,
                              XNInputStyle,
                              XIMPreeditNothing | XIMStatusNothing,
                              XNClientWindow,
                              self->native,
                              XNFocusWindow,
                              self->native,
                              NULL);
  }
}

static Status
open_window(UiWindow* const   self,
            const char* const title,
            Trouble* const    trouble)
{
  const int screen = DefaultScreen(self->display);
  self->root       = RootWindow(self->display, screen);
  XInternAtoms(self->display, (char**)atom_names, N_ATOMS, False, self->atoms);
  make_native(self, screen);
  self->trap.window = self->native;
  for (unsigned i = 0U; i < N_CURSORS; ++i) {
    self->cursors[i] = XCreateFontCursor(self->display, shapes[i]);
  }
  set_hints(self);
  introduce(self, title);
  open_method(self);
  xdnd_init(&self->drag, self->display, self->native, self->root);
  if (self->parent) {
    XMapWindow(self->display, self->native);
  }

  // The host, on its own connection, looks for it as soon as we return
  XSync(self->display, False);
  XWindowAttributes attributes;
  if (!XGetWindowAttributes(self->display, self->native, &attributes)) {
    return trouble_say(trouble,
                       STATUS_BAD_ARG,
                       "The host's window 0x%lX is not there",
                       (unsigned long)self->parent);
  }
  return STATUS_SUCCESS;
}

Status
window_new(const uintptr_t          parent,
           const uint32_t           width,
           const uint32_t           height,
           const char* const        title,
           const WindowCalls* const calls,
           UiWindow** const         window,
           Trouble* const           trouble)
{
  UiWindow* const self = (UiWindow*)calloc(1U, sizeof(UiWindow));
  if (!self) {
    return trouble_say(trouble, STATUS_NO_MEM, "No memory for a window");
  }
  self->display = XOpenDisplay(NULL);
  if (!self->display) {
    free(self);
    return trouble_say(trouble,
                       STATUS_NO_FILE,
                       "There is no display \"%s\" to open a window on",
                       XDisplayName(NULL));
  }

  self->trap.display = self->display;
  self->parent       = (Window)parent;
  self->width        = width ? width : 1U;
  self->height       = height ? height : 1U;
  self->wish_width   = self->width;
  self->wish_height  = self->height;
  self->min_width    = 1U;
  self->min_height   = 1U;
  self->calls        = *calls;

  trap_hold(&self->trap);
  const Status st = open_window(self, title, trouble);
  trap_release(&self->trap);
  if (st) {
    window_free(self);
    return st;
  }
  *window = self;
  return STATUS_SUCCESS;
}

void
window_free(UiWindow* const self)
{
  if (!self) {
    return;
  }
  trap_hold(&self->trap);
  if (self->context) {
    XDestroyIC(self->context);
  }
  if (self->method) {
    XCloseIM(self->method);
  }
  DragEnd end = DRAG_DROPPED;
  xdnd_clear(&self->drag);
  if (xdnd_poll(&self->drag, window_now_us(), &end)) {
    tell_drag_end(self, end);
  }
  if (!self->trap.is_gone) {
    XDestroyWindow(self->display, self->native);
  }
  XFreeGC(self->display, self->gc);
  XCloseDisplay(self->display); // All else goes with it
  trap_release(&self->trap);
  free(self);
}

uintptr_t
window_native(const UiWindow* const self)
{
  return (uintptr_t)self->native;
}

void
window_show(UiWindow* const self, const bool is_shown)
{
  trap_hold(&self->trap);
  if (is_shown) {
    XMapRaised(self->display, self->native);
  } else {
    XWithdrawWindow(self->display, self->native, DefaultScreen(self->display));
  }
  XFlush(self->display);
  trap_release(&self->trap);
}

// Pixels --------------------------------------------------------------------

static void
put_plain(UiWindow* const self,
          Canvas* const   canvas,
          const int       x,
          const int       y,
          const int       w,
          const int       h)
{
  static const unsigned one    = 1U;
  uint32_t              stride = 0U;
  const uint8_t* const  pixels = canvas_pixels(canvas, &stride);
  XImage                image  = {
                    .width      = (int)canvas_width(canvas),
                    .height     = (int)canvas_height(canvas),
                    .format     = ZPixmap,
                    .data       = (char*)pixels,
                    .byte_order = *(const unsigned char*)&one ? LSBFirst : MSBFirst,
                    .bitmap_unit = 32,
                    .bitmap_bit_order = *(const unsigned char*)&one ? LSBFirst : MSBFirst,
                    .bitmap_pad     = 32,
                    .depth          = self->depth,
                    .bytes_per_line = (int)stride,
                    .bits_per_pixel = 32,
                    .red_mask       = 0xFF0000U,
                    .green_mask     = 0xFF00U,
                    .blue_mask      = 0xFFU};
  if (XInitImage(&image)) {
    XPutImage(self->display,
              self->native,
              self->gc,
              &image,
              x,
              y,
              x,
              y,
              (unsigned)w,
              (unsigned)h);
  }
}

/// Screens of few colours, or of uncommon ones: cairo knows them all
static void
put_converted(UiWindow* const self,
              Canvas* const   canvas,
              const int       x,
              const int       y,
              const int       w,
              const int       h)
{
  uint32_t               stride = 0U;
  const uint8_t* const   pixels = canvas_pixels(canvas, &stride);
  cairo_surface_t* const from =
    cairo_image_surface_create_for_data((unsigned char*)pixels,
                                        CAIRO_FORMAT_RGB24,
                                        (int)canvas_width(canvas),
                                        (int)canvas_height(canvas),
                                        (int)stride);
  cairo_surface_t* const to    = cairo_xlib_surface_create(self->display,
                                                        self->native,
                                                        self->visual,
                                                        (int)self->width,
                                                        (int)self->height);
  cairo_t* const         cairo = cairo_create(to);
  cairo_set_source_surface(cairo, from, 0.0, 0.0);
  cairo_rectangle(cairo, x, y, w, h);
  cairo_fill(cairo);
  cairo_destroy(cairo);
  cairo_surface_destroy(to);
  cairo_surface_destroy(from);
}

void
window_draw(UiWindow* const self, Canvas* const canvas, const Rect box)
{
  const double right =
    fmin(fmin(canvas_width(canvas), self->width), ceil(box.x + box.w));
  const double low =
    fmin(fmin(canvas_height(canvas), self->height), ceil(box.y + box.h));
  const double x = fmax(0.0, floor(box.x));
  const double y = fmax(0.0, floor(box.y));
  if (self->trap.is_gone || right <= x || low <= y) {
    return;
  }

  trap_hold(&self->trap);
  (self->is_plain ? put_plain : put_converted)(
    self, canvas, (int)x, (int)y, (int)(right - x), (int)(low - y));
  XFlush(self->display);
  trap_release(&self->trap);
}

// The rest ------------------------------------------------------------------

void
window_resize(UiWindow* const self, const uint32_t width, const uint32_t height)
{
  if (width && height && width < MAX_SIZE && height < MAX_SIZE) {
    self->wish_width  = width;
    self->wish_height = height;
    trap_hold(&self->trap);
    set_hints(self);
    XResizeWindow(self->display, self->native, width, height);
    XFlush(self->display);
    trap_release(&self->trap);
  }
}

void
window_set_least(UiWindow* const self,
                 const uint32_t  width,
                 const uint32_t  height)
{
  trap_hold(&self->trap);
  self->min_width  = width;
  self->min_height = height;
  set_hints(self);
  XFlush(self->display);
  trap_release(&self->trap);
}

void
window_set_cursor(UiWindow* const self, const CursorLook cursor)
{
  trap_hold(&self->trap);
  XDefineCursor(self->display, self->native, self->cursors[cursor]);
  XFlush(self->display);
  trap_release(&self->trap);
}

void
window_take_focus(UiWindow* const self)
{
  Window had    = None;
  int    revert = 0;
  trap_hold(&self->trap);
  XGetInputFocus(self->display, &had, &revert);
  if (had != self->native) {
    self->had_focus = had;
    XSetInputFocus(self->display, self->native, RevertToParent, self->time);
    XFlush(self->display);
  }
  trap_release(&self->trap);
}

void
window_give_focus(UiWindow* const self)
{
  Window has    = None;
  int    revert = 0;
  if (!self->parent) {
    return; // The window manager's business
  }
  trap_hold(&self->trap);
  XGetInputFocus(self->display, &has, &revert);
  if (has == self->native) {
    const bool is_back = self->had_focus > PointerRoot;
    XSetInputFocus(self->display,
                   is_back ? self->had_focus : self->parent,
                   RevertToParent,
                   self->time);
    XFlush(self->display);
  }
  trap_release(&self->trap);
}

/// The whole number behind a word at a line's begin, or 0
static double
find_setting(const char* const text, const char* const word)
{
  const size_t n = strlen(word);
  for (const char* line = text; line; line = strchr(line, '\n')) {
    line += *line == '\n';
    if (!strncmp(line, word, n)) {
      return (double)strtol(line + n, NULL, 10);
    }
    if (!*line) {
      break;
    }
  }
  return 0.0;
}

double
window_scale(const UiWindow* const self)
{
  const char* const settings = XResourceManagerString(self->display);
  const double      dpi = settings ? find_setting(settings, "Xft.dpi:") : 0.0;
  return dpi > 0.0 ? dpi / 96.0 : 1.0;
}

bool
window_drag(UiWindow* const self, const char* const path)
{
  if (!self->is_down || self->trap.is_gone) {
    return false;
  }
  trap_hold(&self->trap);
  const bool has_begun =
    xdnd_begin(&self->drag, path, self->x_root, self->y_root, self->time);
  if (has_begun) {
    self->n_clicks = 0U;
  }
  XFlush(self->display);
  trap_release(&self->trap);
  return has_begun;
}
