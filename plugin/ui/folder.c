// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/folder.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_PATH FOLDER_MAX_PATH

/// Most bytes of a settings file that are read
#define MAX_SETTINGS 65536U

static const char key[] = "folder=";

/// Join two parts of a path; empty when it would be too long
static void
join(char* const path, const char* const above, const char* const name)
{
  const size_t n    = strlen(above);
  const bool   ends = n && above[n - 1U] == '/';
  const int    made =
    snprintf(path, MAX_PATH, "%s%s%s", above, ends ? "" : "/", name);
  path[made > 0 && (size_t)made < MAX_PATH ? made : 0] = '\0';
}

/// An absolute path that the environment names, or null
static const char*
path_in(const char* const name)
{
  const char* const path = getenv(name);
  return path && path[0] == '/' ? path : NULL;
}

/// The folder for settings; false when there is no home
static bool
find_settings(char* const path)
{
  const char* const config = path_in("XDG_CONFIG_HOME");
  const char* const home   = path_in("HOME");
  if (config) {
    join(path, config, "");
  } else if (home) {
    join(path, home, ".config/");
  } else {
    path[0] = '\0';
  }
  return path[0];
}

/// A text file's contents; null when it cannot be read, or is no text
static char*
read_text(const char* const path)
{
  FILE* const file = fopen(path, "rb");
  char* const text = file ? (char*)malloc(MAX_SETTINGS + 1U) : NULL;
  if (text) {
    const size_t n = fread(text, 1U, MAX_SETTINGS, file);
    text[n]        = '\0';
    if (strlen(text) != n || ferror(file) || !feof(file)) {
      free(text);
      fclose(file);
      return NULL;
    }
  }
  if (file) {
    fclose(file);
  }
  return text;
}

/// The rest of a line that begins so; false when there is none, or it does not
/// fit
static bool
find_line(const char* const text,
          const char* const begin,
          char* const       rest,
          const size_t      room)
{
  const size_t n = strlen(begin);
  for (const char* line = text; line; line = strchr(line, '\n')) {
    line += *line == '\n' ? 1 : 0;
    if (!strncmp(line, begin, n)) {
      const size_t size = strcspn(line + n, "\r\n");
      if (size < room) {
        memcpy(rest, line + n, size);
        rest[size] = '\0';
        return true;
      }
    }
    if (!*line) {
      break;
    }
  }
  return false;
}

/// Put the home in the place of a "~" or "$HOME" at the beginning.
/// @return Whether what comes out is an absolute path.
static bool
expand(const char* const text, char* const path)
{
  static const char* const marks[] = {"~", "$HOME"};
  const char* const        home    = path_in("HOME");
  path[0]                          = '\0';
  for (unsigned i = 0U; home && i < 2U; ++i) {
    const size_t n = strlen(marks[i]);
    if (!strncmp(text, marks[i], n) && (!text[n] || text[n] == '/')) {
      join(path, home, text[n] ? text + n + 1U : "");
      return path[0];
    }
  }
  if (text[0] == '/' && strlen(text) < MAX_PATH) {
    strcpy(path, text);
  }
  return path[0];
}

/// Without slashes at the end, which mean nothing
static void
trim(char* const path)
{
  size_t n = strlen(path);
  while (n > 1U && path[n - 1U] == '/') {
    path[--n] = '\0';
  }
}

static bool
is_folder(const char* const path)
{
  struct stat about;
  return !stat(path, &about) && S_ISDIR(about.st_mode);
}

/// The person's folder for music, as their desktop has it; or their home
static bool
find_music(char* const path)
{
  char settings[MAX_PATH];
  char name[MAX_PATH];
  char line[MAX_PATH];
  if (find_settings(settings)) {
    join(name, settings, "user-dirs.dirs");
    char* const text = read_text(name);
    if (text && find_line(text, "XDG_MUSIC_DIR=\"", line, sizeof(line))) {
      line[strcspn(line, "\"")] = '\0';
      free(text);
      if (expand(line, path) && is_folder(path)) {
        return true;
      }
    } else {
      free(text);
    }
  }

  const char* const home = path_in("HOME");
  if (!home) {
    return false;
  }
  join(path, home, "Music");
  if (!is_folder(path)) {
    join(path, home, "");
  }
  return path[0];
}

void
folder_read(char* const folder)
{
  char settings[MAX_PATH];
  char name[MAX_PATH];
  char line[MAX_PATH];
  if (find_settings(settings)) {
    join(name, settings, "perpetuo/ui.conf");
    char* const text     = read_text(name);
    const bool  has_line = text && find_line(text, key, line, sizeof(line));
    free(text);
    if (has_line && line[0] == '/') {
      strcpy(folder, line);
      trim(folder);
      return;
    }
  }

  char music[MAX_PATH];
  folder[0] = '\0';
  if (find_music(music)) {
    join(folder, music, "Perpetuo");
  }
}

Status
folder_make(const char* const folder, Trouble* const trouble)
{
  char         path[MAX_PATH];
  const size_t n = strlen(folder);
  if (!n || n >= sizeof(path)) {
    return trouble_say(
      trouble, STATUS_NO_WRITE, "There is no folder to write into: choose one");
  }
  strcpy(path, folder);
  for (size_t i = 1U; i <= n; ++i) {
    if (path[i] != '/' && path[i]) {
      continue;
    }
    const char after = path[i];
    path[i]          = '\0';
    if (mkdir(path, 0777) && !is_folder(path)) {
      return trouble_say(trouble,
                         STATUS_NO_WRITE,
                         "%.200s cannot be made: %s.  Choose another folder",
                         path,
                         strerror(errno == EEXIST ? ENOTDIR : errno));
    }
    path[i] = after;
  }
  return STATUS_SUCCESS;
}

/// Write the settings anew, with another line for the folder
static bool
write_settings(FILE* const       file,
               const char* const old,
               const char* const folder)
{
  bool has_line = false;
  bool is_good  = true;
  if (!old) {
    is_good = fputs("# What Perpetuo's window remembers\n", file) >= 0;
  }
  for (const char* line = old; line && *line && is_good;) {
    const size_t size = strcspn(line, "\n");
    const bool   ours = !strncmp(line, key, strlen(key));
    if (!ours) {
      is_good = fprintf(file, "%.*s\n", (int)size, line) >= 0;
    } else if (!has_line) {
      is_good  = fprintf(file, "%s%s\n", key, folder) >= 0;
      has_line = true;
    }
    line += size + (line[size] ? 1U : 0U);
  }
  return is_good && (has_line || fprintf(file, "%s%s\n", key, folder) >= 0);
}

static Status
keep(const char* const folder, Trouble* const trouble)
{
  char settings[MAX_PATH];
  char above[MAX_PATH];
  char name[MAX_PATH];
  char fresh[MAX_PATH];
  if (!find_settings(settings)) {
    return trouble_say(
      trouble, STATUS_NO_WRITE, "The folder cannot be kept: there is no home");
  }
  join(above, settings, "perpetuo");
  join(name, above, "ui.conf");
  join(fresh, above, ".ui.conf-XXXXXX");
  const Status st = folder_make(above, trouble);
  if (st) {
    return st;
  }

  const int   fd      = fresh[0] ? mkstemp(fresh) : -1;
  FILE* const file    = fd < 0 ? NULL : fdopen(fd, "wb");
  char* const old     = read_text(name);
  bool        is_good = file && write_settings(file, old, folder);
  is_good             = is_good && !fflush(file) && !fsync(fd);
  is_good             = file && !fclose(file) && is_good;
  is_good             = is_good && !rename(fresh, name);
  free(old);
  if (!is_good) {
    const int error = errno;
    if (fd >= 0) {
      if (!file) {
        close(fd);
      }
      remove(fresh);
    }
    return trouble_say(trouble,
                       STATUS_NO_WRITE,
                       "The folder cannot be kept in %.180s: %s",
                       name,
                       strerror(error));
  }
  return STATUS_SUCCESS;
}

Status
folder_set(const char* const text, char* const folder, Trouble* const trouble)
{
  char path[MAX_PATH];
  for (const char* c = text; *c; ++c) {
    if ((unsigned char)*c < 0x20U || *c == 0x7F) {
      return trouble_say(
        trouble, STATUS_BAD_ARG, "A folder's name has no control characters");
    }
  }
  if (!expand(text, path)) {
    return trouble_say(trouble,
                       STATUS_BAD_ARG,
                       "\"%.200s\" is no whole path of a folder: it begins "
                       "with / or ~",
                       text);
  }
  trim(path);

  Status st = folder_make(path, trouble);
  if (!st && access(path, W_OK | X_OK)) {
    st = trouble_say(trouble,
                     STATUS_NO_WRITE,
                     "Nothing can be written into %.200s: %s",
                     path,
                     strerror(errno));
  }
  st = st ? st : keep(path, trouble);
  if (!st) {
    strcpy(folder, path);
  }
  return st;
}
