// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/ui/put_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// Names that are tried for one file
#define MAX_NAMES 10000U

/// And for a file beside it, of which others may have been left by a crash
#define MAX_PARTS 100U

// In words --------------------------------------------------------------------

const char*
put_shown(const char* const path, char* const shown)
{
  const size_t n     = strlen(path);
  const char*  begin = path;
  if (n >= PUT_MAX_SHOWN) {
    // From a whole name on, if there is one, and at least a whole character
    begin                   = path + n - (PUT_MAX_SHOWN - 8U);
    const char* const slash = strchr(begin, '/');
    begin                   = slash ? slash : begin;
    while ((*begin & 0xC0) == 0x80) {
      ++begin;
    }
  }
  snprintf(shown, PUT_MAX_SHOWN, "%s%s", begin == path ? "" : "...", begin);
  return shown;
}

/// Why something at a path could not be made or written
static Status
complain(const int error, const char* const path, Trouble* const trouble)
{
  static const struct {
    int         error;
    const char* format;
  } rows[] = {
    {EACCES, "There is no permission to write %s"},
    {EPERM, "There is no permission to write %s"},
    {EROFS, "%s cannot be written: the disk is read-only"},
    {ENOSPC, "%s cannot be written: the disk is full"},
    {EDQUOT, "%s cannot be written: the disk is full"},
    {EFBIG, "%s cannot be written: the disk is full"},
    {ENOTDIR, "%s cannot be written: a file is where a folder should be"},
    {EISDIR, "%s cannot be written: a folder is in its place"},
    {ENAMETOOLONG, "The path is too long: %s"},
    {ELOOP, "%s cannot be written: its links go round in circles"},
    {ENOENT, "%s cannot be written: there is no such folder"},
  };

  char shown[PUT_MAX_SHOWN];
  put_shown(path, shown);
  for (size_t i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    if (rows[i].error == error) {
      return trouble_say(trouble, STATUS_NO_WRITE, rows[i].format, shown);
    }
  }
  return trouble_say(trouble,
                     STATUS_NO_WRITE,
                     "%s cannot be written (error %d of the system)",
                     shown,
                     error);
}

// Folders -------------------------------------------------------------------

bool
put_is_folder(const char* const path)
{
  struct stat about;
  return !stat(path, &about) && S_ISDIR(about.st_mode);
}

/// Make one, above which all are there; 0 or an error
static int
make_folder(const char* const path)
{
  if (!mkdir(path, 0777)) {
    return 0;
  }
  // What is there already may answer in other words than EEXIST, on disks that
  // are read-only for one
  const int error = errno;
  return put_is_folder(path) ? 0 : error == EEXIST ? ENOTDIR : error;
}

Status
put_folder(const char* const path, Trouble* const trouble)
{
  char         part[PUT_MAX_PATH];
  const size_t n = strlen(path);
  if (n >= sizeof(part)) {
    return complain(ENAMETOOLONG, path, trouble);
  }

  int error = put_is_folder(path) ? 0 : ENOENT;
  memcpy(part, path, n + 1U);
  for (size_t i = 1U; error && i <= n; ++i) {
    if ((i == n || path[i] == '/') && path[i - 1U] != '/') {
      part[i]          = '\0';
      const int failed = make_folder(part);
      part[i]          = path[i];
      if (failed) {
        return complain(failed, path, trouble);
      }
    }
  }
  return STATUS_SUCCESS;
}

// Files ----------------------------------------------------------------------

/// The length of a path's folder, its slash included
static size_t
folder_length(const char* const path)
{
  const char* const slash = strrchr(path, '/');
  return slash ? (size_t)(slash - path) + 1U : 0U;
}

static int
write_all(const int file, const uint8_t* const bytes, const size_t n_bytes)
{
  for (size_t n = 0U; n < n_bytes;) {
    const ssize_t done = write(file, bytes + n, n_bytes - n);
    if (done < 0 && errno != EINTR) {
      return errno;
    }
    n += done > 0 ? (size_t)done : 0U;
  }
  return 0;
}

/// Bring it to the disk, where that has a meaning
static int
settle(const int file)
{
  if (!fsync(file) || errno == EINVAL || errno == ENOSYS) {
    return 0;
  }
  return errno;
}

/// A file of a name that nobody has, beside a path; below 0 for an error.
/// @param part (PUT_MAX_PATH) Its path.
static int
open_part(const char* const path, char* const part)
{
  int file = -1;
  errno    = EEXIST;
  for (unsigned i = 0U; file < 0 && errno == EEXIST && i < MAX_PARTS; ++i) {
    const int n = snprintf(part,
                           PUT_MAX_PATH,
                           "%.*s.perpetuo-%ld-%u.part",
                           (int)folder_length(path),
                           path,
                           (long)getpid(),
                           i);
    if (n < 0 || n >= (int)PUT_MAX_PATH) {
      errno = ENAMETOOLONG;
      return -1;
    }
    file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  }
  return file;
}

/// Write a file beside a path; 0 or an error, and then there is none
static int
write_part(const char* const    path,
           const uint8_t* const bytes,
           const size_t         n_bytes,
           char* const          part)
{
  const int file = open_part(path, part);
  if (file < 0) {
    return errno;
  }

  int error = write_all(file, bytes, n_bytes);
  error     = error ? error : settle(file);
  error     = close(file) && !error ? errno : error;
  if (error) {
    unlink(part);
  }
  return error;
}

/// That a name is kept too.  Where this cannot be had, the file is there all
/// the same.
static void
settle_folder(const char* const path)
{
  char         folder[PUT_MAX_PATH];
  const size_t n = folder_length(path);
  if (n && n < sizeof(folder)) {
    memcpy(folder, path, n);
    folder[n]      = '\0';
    const int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file >= 0) {
      (void)settle(file);
      (void)close(file);
    }
  }
}

/// Give a file its name, where disks know of no links: hold the place first
static int
move_there(const char* const part, const char* const path)
{
  const int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) {
    return errno;
  }
  (void)close(file);
  if (!rename(part, path)) {
    return 0;
  }
  const int error = errno;
  unlink(path);
  return error;
}

/// Give a file a name that nobody has: EEXIST when somebody has it
static int
name_part(const char* const part, const char* const path)
{
  if (!link(part, path)) {
    unlink(part);
    return 0;
  }
  const int error = errno;
  return error == EEXIST ? error : move_there(part, path);
}

typedef enum { NOBODY, ANOTHER, THE_SAME } Holder;

/// Whether an open file has these bytes and no more
static bool
has_bytes(const int file, const uint8_t* const bytes, const size_t n_bytes)
{
  struct stat about;
  if (fstat(file, &about) || !S_ISREG(about.st_mode) ||
      (uint64_t)about.st_size != (uint64_t)n_bytes) {
    return false;
  }

  uint8_t block[4096];
  size_t  n    = 0U;
  ssize_t read = 0;
  while ((read = pread(file, block, sizeof(block), (off_t)n)) > 0 &&
         (size_t)read <= n_bytes - n &&
         !memcmp(block, bytes + n, (size_t)read)) {
    n += (size_t)read;
  }
  return !read && n == n_bytes;
}

/// Who has a name
static Holder
holder_of(const char* const    path,
          const uint8_t* const bytes,
          const size_t         n_bytes)
{
  // A pipe of that name is not waited for
  const int file = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (file < 0) {
    struct stat about;
    return lstat(path, &about) ? NOBODY : ANOTHER;
  }
  const bool is_same = has_bytes(file, bytes, n_bytes);
  (void)close(file);
  return is_same ? THE_SAME : ANOTHER;
}

/// The i-th name for a file; false when it is too long
static bool
make_name(const char* const folder,
          const char* const stem,
          const char* const ending,
          const unsigned    i,
          char* const       path)
{
  char         count[16] = "";
  const size_t n_folder  = strlen(folder);
  const char*  slash     = n_folder && folder[n_folder - 1U] == '/' ? "" : "/";
  if (i) {
    snprintf(count, sizeof(count), "-%u", i + 1U);
  }
  const int n = snprintf(
    path, PUT_MAX_PATH, "%s%s%s%s.%s", folder, slash, stem, count, ending);
  return n > 0 && n < (int)PUT_MAX_PATH;
}

/// Look for the first name that is free, or has the bytes, and put them there
static int
put_first(const char* const    folder,
          const char* const    stem,
          const char* const    ending,
          const uint8_t* const bytes,
          const size_t         n_bytes,
          char* const          path,
          bool* const          is_new)
{
  char part[PUT_MAX_PATH] = "";
  int  error              = EEXIST;
  *is_new                 = false;
  for (unsigned i = 0U; error == EEXIST && i < MAX_NAMES; ++i) {
    if (!make_name(folder, stem, ending, i, path)) {
      error = ENAMETOOLONG;
      break;
    }
    const Holder holder = holder_of(path, bytes, n_bytes);
    if (holder == THE_SAME) {
      error = 0;
      break;
    }
    if (holder == NOBODY) {
      error = part[0] ? 0 : write_part(path, bytes, n_bytes, part);
      if (error) {
        return error; // There is no part
      }
      error = name_part(part, path);
      if (!error) {
        *is_new = true;
        settle_folder(path);
        return 0;
      }
      if (error == EEXIST && holder_of(path, bytes, n_bytes) == THE_SAME) {
        error = 0; // Another window took it at the same moment
        break;
      }
    }
  }
  if (part[0]) {
    unlink(part);
  }
  return error;
}

Status
put_new(const char* const    folder,
        const char* const    stem,
        const char* const    ending,
        const uint8_t* const bytes,
        const size_t         n_bytes,
        char* const          path,
        bool* const          is_new,
        Trouble* const       trouble)
{
  const int error =
    put_first(folder, stem, ending, bytes, n_bytes, path, is_new);
  if (error == EEXIST) {
    return trouble_say(trouble,
                       STATUS_NO_WRITE,
                       "There are %u files called %s already",
                       MAX_NAMES,
                       stem);
  }
  return error ? complain(error, folder, trouble) : STATUS_SUCCESS;
}

Status
put_over(const char* const    path,
         const uint8_t* const bytes,
         const size_t         n_bytes,
         Trouble* const       trouble)
{
  char        part[PUT_MAX_PATH];
  struct stat about;
  int         error = write_part(path, bytes, n_bytes, part);
  if (!error && !stat(path, &about)) {
    (void)chmod(part, about.st_mode & 0777U); // Whoever may read it, still may
  }
  if (!error && rename(part, path)) {
    error = errno;
    unlink(part);
  }
  if (!error) {
    settle_folder(path);
  }
  return error ? complain(error, path, trouble) : STATUS_SUCCESS;
}
