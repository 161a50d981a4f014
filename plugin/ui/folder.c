// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#define _XOPEN_SOURCE 700 // For realpath()

#include "plugin/ui/folder.h"

#include "plugin/ui/put_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// A path that was set leaves room for the names of files
#define MAX_FOLDER (FOLDER_MAX_PATH - 256U)

_Static_assert(FOLDER_MAX_PATH == PUT_MAX_PATH, "a path fits wherever it goes");

/// No settings of anybody's are larger, bytes
#define MAX_SETTINGS 65536U

static const char head[] = "# Settings of Perpetuo's window\n";
static const char key[]  = "folder=";

/// A line of a text, without its end
typedef struct {
  const char* text;
  size_t      n;
} Line;

// Paths ----------------------------------------------------------------------

/// The person's home, or null
static const char*
home(void)
{
  const char* const path = getenv("HOME");
  return path && path[0] == '/' ? path : NULL;
}

/// Put two pieces of a path together; false when that is too long
static bool
join(char* const       path,
     const char* const begin,
     const char* const end,
     const size_t      n_end)
{
  const int n =
    snprintf(path, FOLDER_MAX_PATH, "%s%.*s", begin, (int)n_end, end);
  return n > 0 && n < (int)FOLDER_MAX_PATH;
}

/// A file among the person's settings; false when there is no such place
static bool
settings_path(const char* const name, char* const path)
{
  const char* const folder = getenv("XDG_CONFIG_HOME");
  char              usual[FOLDER_MAX_PATH];
  if (folder && folder[0] == '/') {
    return join(path, folder, name, strlen(name));
  }
  return home() && join(usual, home(), "/.config", 8U) &&
         join(path, usual, name, strlen(name));
}

static bool
has_controls(const Line line)
{
  for (size_t i = 0U; i < line.n; ++i) {
    const unsigned char c = (unsigned char)line.text[i];
    if (c < 0x20U || c == 0x7FU) {
      return true;
    }
  }
  return false;
}

/// What a person means by a path, whole; false for what is none of ours
static bool
expand(Line line, char* const folder)
{
  char path[FOLDER_MAX_PATH];
  bool is_there = false;
  if (!line.n || line.n >= MAX_FOLDER || has_controls(line)) {
    return false;
  }
  if (line.text[0] == '~' && (line.n == 1U || line.text[1] == '/')) {
    is_there = home() && join(path, home(), line.text + 1, line.n - 1U);
  } else if (line.text[0] == '/') {
    is_there = join(path, "", line.text, line.n);
  }
  size_t n = is_there ? strlen(path) : 0U;
  while (n > 1U && path[n - 1U] == '/') {
    path[--n] = '\0';
  }
  if (!n || n >= MAX_FOLDER) {
    return false;
  }
  memcpy(folder, path, n + 1U);
  return true;
}

// Texts ----------------------------------------------------------------------

/**
   A small file as text.

   @param text (MAX_SETTINGS + 1)
   @return Its length; 0 for none and for what is too large.  `*error` is what
   the system said, 0 when there is no such file.
*/
static size_t
read_text(const char* const path, char* const text, int* const error)
{
  struct stat about;
  *error = 0;
  // A pipe would be waited for
  if (stat(path, &about)) {
    *error = errno == ENOENT || errno == ENOTDIR ? 0 : errno;
    return 0U;
  }
  if (!S_ISREG(about.st_mode)) {
    *error = S_ISDIR(about.st_mode) ? EISDIR : EINVAL;
    return 0U;
  }
  FILE* const file = fopen(path, "rb");
  if (!file) {
    *error = errno;
    return 0U;
  }

  size_t n = fread(text, 1U, MAX_SETTINGS + 1U, file);
  if (ferror(file) || n > MAX_SETTINGS) {
    *error = n > MAX_SETTINGS ? EFBIG : EIO;
    n      = 0U;
  }
  (void)fclose(file);
  return n;
}

/// Go to the next line of a text; false at its end
static bool
next_line(const char* const text,
          const size_t      n,
          size_t* const     at,
          Line* const       line)
{
  if (*at >= n) {
    return false;
  }
  const char* const begin = text + *at;
  const char* const end   = (const char*)memchr(begin, '\n', n - *at);
  line->text              = begin;
  line->n                 = end ? (size_t)(end - begin) : n - *at;
  *at += line->n + 1U;
  if (line->n && begin[line->n - 1U] == '\r') {
    --line->n;
  }
  return true;
}

/// What follows a word at the beginning of a line; false when it does not begin
/// so
static bool
follows(const Line line, const char* const word, Line* const rest)
{
  const size_t n = strlen(word);
  if (line.n < n || memcmp(line.text, word, n) != 0) {
    return false;
  }
  rest->text = line.text + n;
  rest->n    = line.n - n;
  return true;
}

/// A line from its first letter on
static Line
unindented(Line line)
{
  while (line.n && (*line.text == ' ' || *line.text == '\t')) {
    ++line.text;
    --line.n;
  }
  return line;
}

/**
   A folder that a line of a settings file names; false when none does that
   makes sense.  The last such line counts.

   @param may_indent Lines may begin with blanks, as in a file for shells.
   @param take Makes a folder of what stands behind `name`, or says no.
*/
static bool
find_in(const char* const file,
        const char* const name,
        const bool        may_indent,
        bool (*take)(Line value, char* folder),
        char* const folder)
{
  char  path[FOLDER_MAX_PATH];
  int   error = 0;
  bool  is_in = false;
  char* text =
    settings_path(file, path) ? (char*)malloc(MAX_SETTINGS + 1U) : NULL;
  if (text) {
    const size_t n  = read_text(path, text, &error);
    size_t       at = 0U;
    Line         line;
    Line         value;
    while (next_line(text, n, &at, &line)) {
      // One that is broken leaves the one before
      if (follows(may_indent ? unindented(line) : line, name, &value)) {
        is_in = take(value, folder) || is_in;
      }
    }
  }
  free(text);
  return is_in;
}

// Where music is --------------------------------------------------------------

/**
   A path as user-dirs.dirs has it: "$HOME/..." or absolute, in quotes, in which
   a backslash makes the next character plain.  It is never given to a shell.

   Source: xdg-user-dirs, user-dirs.dirs(5).
*/
static bool
read_user_folder(Line value, char* const folder)
{
  char   path[FOLDER_MAX_PATH] = "";
  size_t n                     = 0U;
  Line   rest;
  if (!follows(value, "\"", &rest)) {
    return false;
  }
  if (follows(rest, "$HOME", &value)) {
    if (!home() || !join(path, home(), "", 0U) ||
        (value.n && value.text[0] != '/' && value.text[0] != '"')) {
      return false;
    }
    n = strlen(path);
  } else {
    value = rest;
  }

  size_t i = 0U;
  while (i < value.n && value.text[i] != '"' && n + 1U < sizeof(path)) {
    i += value.text[i] == '\\' && i + 1U < value.n ? 1U : 0U;
    path[n++] = value.text[i++];
  }
  const Line whole = {path, n};
  return i < value.n && value.text[i] == '"' && n && path[0] == '/' &&
         expand(whole, folder);
}

static bool
find_music(char* const folder)
{
  if (find_in(
        "/user-dirs.dirs", "XDG_MUSIC_DIR=", true, read_user_folder, folder) &&
      put_is_folder(folder)) {
    return true;
  }
  return home() &&
         ((join(folder, home(), "/Music", 6U) && put_is_folder(folder)) ||
          join(folder, home(), "", 0U));
}

void
folder_read(char* const folder)
{
  static const char name[] = "/Perpetuo";
  char              music[FOLDER_MAX_PATH];
  folder[0] = '\0';
  if (find_in("/perpetuo/ui.conf", key, false, expand, folder)) {
    return;
  }
  if (find_music(music)) {
    // A root is not written with two slashes
    const char* const begin = strcmp(music, "/") ? music : "";
    if (!join(folder, begin, name, sizeof(name) - 1U)) {
      folder[0] = '\0';
    }
  }
}

// Setting it --------------------------------------------------------------

/// Append a line to a text that has room
static void
put_line(char* const text, size_t* const n, const Line line)
{
  memcpy(text + *n, line.text, line.n);
  *n += line.n;
  text[(*n)++] = '\n';
}

/**
   Settings with another folder.

   Whatever else stands there stays, and in its order.
   @param to With room for all, the head and the folder.
*/
static size_t
change_setting(const char* const from,
               const size_t      n_from,
               const char* const folder,
               char* const       to)
{
  const Line word     = {key, sizeof(key) - 1U};
  const Line value    = {folder, strlen(folder)};
  size_t     n        = 0U;
  size_t     at       = 0U;
  bool       is_there = false;
  Line       line;
  if (!n_from || from[0] != '#') {
    const Line comment = {head, sizeof(head) - 2U};
    put_line(to, &n, comment);
  }
  while (next_line(from, n_from, &at, &line)) {
    Line old;
    if (!follows(line, key, &old)) {
      put_line(to, &n, line);
    } else if (!is_there) {
      is_there = true;
      memcpy(to + n, word.text, word.n);
      n += word.n;
      put_line(to, &n, value);
    }
  }
  if (!is_there) {
    memcpy(to + n, word.text, word.n);
    n += word.n;
    put_line(to, &n, value);
  }
  return n;
}

/// Make the folder that a file is to be put into
static Status
make_way(const char* const path, Trouble* const trouble)
{
  char         folder[FOLDER_MAX_PATH];
  const size_t n = (size_t)(strrchr(path, '/') - path);
  memcpy(folder, path, n);
  folder[n] = '\0';
  return put_folder(folder, trouble);
}

/// Where a file is that settings lead to: a link to them is not replaced
static void
follow_links(char* const path)
{
  char* const real = realpath(path, NULL);
  if (real && strlen(real) < FOLDER_MAX_PATH) {
    memcpy(path, real, strlen(real) + 1U);
  }
  free(real);
}

static Status
write_setting(const char* const folder, Trouble* const trouble)
{
  char path[FOLDER_MAX_PATH];
  char shown[PUT_MAX_SHOWN];
  int  error = 0;
  if (!settings_path("/perpetuo/ui.conf", path)) {
    return trouble_say(
      trouble, STATUS_NO_WRITE, "There is no home to keep settings in");
  }

  char* const from = (char*)malloc(MAX_SETTINGS + 1U);
  char* const to =
    (char*)malloc(MAX_SETTINGS + sizeof(head) + sizeof(key) + FOLDER_MAX_PATH);
  Status st = from && to ? STATUS_SUCCESS : STATUS_NO_MEM;
  if (st) {
    trouble_say(trouble, st, "%s", status_text(st));
  }
  if (!st) {
    follow_links(path);
    const size_t n_from = read_text(path, from, &error);
    if (error) {
      st = trouble_say(trouble,
                       STATUS_NO_WRITE,
                       "%s cannot be read, so it is left as it is",
                       put_shown(path, shown));
    }
    st = st ? st : make_way(path, trouble);
    if (!st) {
      const size_t n = change_setting(from, n_from, folder, to);
      st             = put_over(path, (const uint8_t*)to, n, trouble);
    }
  }
  free(to);
  free(from);
  return st;
}

/// What a person typed, without the blanks around it
static Line
trim(const char* const text)
{
  Line line = {text, strlen(text)};
  while (line.n && *line.text == ' ') {
    ++line.text;
    --line.n;
  }
  while (line.n && line.text[line.n - 1U] == ' ') {
    --line.n;
  }
  return line;
}

/// Why a text is no path
static Status
refuse(const Line line, Trouble* const trouble)
{
  const bool is_home = line.n && line.text[0] == '~';
  return trouble_say(
    trouble,
    STATUS_BAD_ARG,
    "%s",
    !line.n                ? "There is no folder without a name"
    : has_controls(line)   ? "A folder's name has no tabs or line ends in it"
    : line.n >= MAX_FOLDER ? "The path is too long"
    : is_home && !home()   ? "There is no home that \"~\" could stand for"
    : is_home && line.n > 1U && line.text[1] != '/'
      ? "\"~\" stands for your own home only: write \"~/\" or a whole path"
    : line.text[0] == '/' || is_home
      ? "The path is too long"
      : "A folder's path has to begin with / or ~");
}

Status
folder_set(const char* const text, char* const folder, Trouble* const trouble)
{
  char        path[FOLDER_MAX_PATH];
  char        shown[PUT_MAX_SHOWN];
  const Line  line = trim(text);
  struct stat about;
  if (!expand(line, path)) {
    return refuse(line, trouble);
  }
  if (!stat(path, &about) && !S_ISDIR(about.st_mode)) {
    return trouble_say(trouble,
                       STATUS_BAD_ARG,
                       "%s is a file, not a folder",
                       put_shown(path, shown));
  }

  Status st = put_folder(path, trouble);
  if (!st && access(path, W_OK | X_OK)) {
    st = trouble_say(trouble,
                     STATUS_NO_WRITE,
                     "There is no permission to write into %s",
                     put_shown(path, shown));
  }
  st = st ? st : write_setting(path, trouble);
  if (!st) {
    memcpy(folder, path, strlen(path) + 1U);
  }
  return st;
}
