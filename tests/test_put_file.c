// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// Files in their places: whole or not at all, over nobody's, and what is said
/// when it cannot be.  The test's own link(), fsync() and write() stand before
/// the system's.

#define _DEFAULT_SOURCE // For syscall()

#include "plugin/ui/put_file.h"

#include "tests/check.h"
#include "tests/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static struct {
  bool   has_no_links;
  bool   is_raced;  ///< Somebody takes the name at the last moment,
  char   theirs;    ///< for a file of this byte, 0: an empty one
  bool   is_broken; ///< The disk keeps nothing
  bool   is_full;
  size_t most; ///< Bytes that a call writes, 0: all
} disk;

static Folder place;

int
link(const char* const from, const char* const to)
{
  if (disk.is_raced) {
    const int file = open(to, O_WRONLY | O_CREAT | O_EXCL, 0666);
    disk.is_raced  = false;
    CHECK(file >= 0);
    CHECK(!disk.theirs || syscall(SYS_write, file, &disk.theirs, 1U) == 1);
    CHECK(!close(file));
  }
  if (disk.has_no_links) {
    errno = EPERM;
    return -1;
  }
  return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int
fsync(const int file)
{
  if (disk.is_broken) {
    errno = EIO;
    return -1;
  }
  return fdatasync(file);
}

ssize_t
write(const int file, const void* const bytes, const size_t n_bytes)
{
  const size_t n = disk.most && disk.most < n_bytes ? disk.most : n_bytes;
  if (disk.is_full) {
    errno = ENOSPC;
    return -1;
  }
  return syscall(SYS_write, file, bytes, n);
}

static void
begin(void)
{
  memset(&disk, 0, sizeof(disk));
  CHECK(folder_make(&place));
}

/// Files in the folder, hidden ones too
static unsigned
n_files(void)
{
  unsigned   n      = 0U;
  DIR* const folder = opendir(place.path);
  for (const struct dirent* entry = NULL; folder && (entry = readdir(folder));
       n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) {
  }
  if (folder) {
    closedir(folder);
  }
  return n;
}

/// Text of a file; empty when there is none
static const char*
text_of(const char* const path)
{
  static char  text[256];
  FILE* const  file = fopen(path, "rb");
  const size_t n    = file ? fread(text, 1U, sizeof(text) - 1U, file) : 0U;
  text[n]           = '\0';
  if (file) {
    fclose(file);
  }
  return text;
}

static const char*
within(const char* const name)
{
  static char path[PUT_MAX_PATH];
  snprintf(path, sizeof(path), "%s/%s", place.path, name);
  return path;
}

static void
spoil(const char* const name, const char* const text)
{
  FILE* const file = fopen(within(name), "wb");
  if (file) {
    fputs(text, file);
    fclose(file);
  }
}

typedef struct {
  Status  status;
  char    path[PUT_MAX_PATH];
  bool    is_new;
  Trouble trouble;
} Answer;

static Answer
put(const char* const folder, const char* const text)
{
  Answer answer;
  memset(&answer, 0, sizeof(answer));
  answer.status = put_new(folder,
                          "tune",
                          "mid",
                          (const uint8_t*)text,
                          strlen(text),
                          answer.path,
                          &answer.is_new,
                          &answer.trouble);
  return answer;
}

static void
test_nothing_is_overwritten(void)
{
  begin();
  const Answer one   = put(place.path, "one");
  const Answer two   = put(place.path, "two");
  const Answer three = put(place.path, "onE");
  CHECK(!one.status && one.is_new && !strcmp(one.path, within("tune.mid")));
  CHECK(!two.status && two.is_new && !strcmp(two.path, within("tune-2.mid")));
  CHECK(!three.status && !strcmp(three.path, within("tune-3.mid")));
  CHECK(!strcmp(text_of(one.path), "one"));
  CHECK(!strcmp(text_of(two.path), "two"));
  CHECK(!strcmp(text_of(three.path), "onE"));
  CHECK(n_files() == 3U);

  struct stat about;
  CHECK(!stat(one.path, &about) && about.st_nlink == 1U);
  CHECK((about.st_mode & 0777U) == (0666U & ~022U) || umask(022) != 022U);
  folder_free(&place);
}

static void
test_somebody_is_faster(void)
{
  begin();
  disk.is_raced    = true;
  const Answer one = put(place.path, "one");
  CHECK(!one.status && !strcmp(one.path, within("tune-2.mid")));
  CHECK(!strcmp(text_of(within("tune.mid")), ""));
  CHECK(n_files() == 2U);

  disk.is_raced     = true;
  disk.has_no_links = true;
  const Answer two  = put(place.path, "two");
  CHECK(!two.status && !strcmp(two.path, within("tune-4.mid")));
  CHECK(n_files() == 4U);
  folder_free(&place);
}

static void
test_the_same_is_one_file(void)
{
  begin();
  CHECK(put(place.path, "one").is_new);
  CHECK(put(place.path, "two").is_new);
  const Answer again = put(place.path, "two");
  CHECK(!again.status && !again.is_new);
  CHECK(!strcmp(again.path, within("tune-2.mid")));
  CHECK(put(place.path, "two, and more").is_new);
  CHECK(put(place.path, "tw").is_new);
  CHECK(n_files() == 4U);
  folder_free(&place);
}

/// Two windows put the same music there at once
static void
test_the_same_at_once(void)
{
  begin();
  disk.is_raced    = true;
  disk.theirs      = '1';
  const Answer one = put(place.path, "1");
  CHECK(!one.status && !one.is_new);
  CHECK(!strcmp(one.path, within("tune.mid")));
  CHECK(n_files() == 1U);
  folder_free(&place);
}

/// Names that are no files: a folder, a pipe, a link into nowhere
static void
test_other_things_have_names_too(void)
{
  begin();
  CHECK(!mkdir(within("tune.mid"), 0777));
  CHECK(!mkfifo(within("tune-2.mid"), 0666));
  CHECK(!symlink("/nowhere/at/all", within("tune-3.mid")));
  const Answer one = put(place.path, "one");
  CHECK(!one.status && !strcmp(one.path, within("tune-4.mid")));
  CHECK(n_files() == 4U);
  folder_free(&place);
}

static void
test_a_disk_without_links(void)
{
  begin();
  disk.has_no_links = true;
  CHECK(put(place.path, "one").is_new);
  CHECK(put(place.path, "two").is_new);
  CHECK(!put(place.path, "one").is_new);
  CHECK(!strcmp(text_of(within("tune.mid")), "one"));
  CHECK(!strcmp(text_of(within("tune-2.mid")), "two"));
  CHECK(n_files() == 2U);
  folder_free(&place);
}

/// A file is written in pieces
static void
test_short_writes(void)
{
  begin();
  disk.most        = 2U;
  const Answer one = put(place.path, "0123456789a");
  CHECK(!one.status && !strcmp(text_of(one.path), "0123456789a"));
  folder_free(&place);
}

static void
test_a_full_disk(void)
{
  begin();
  disk.is_full = true;
  Answer one   = put(place.path, "one");
  CHECK(one.status == STATUS_NO_WRITE);
  CHECK(strstr(one.trouble.text, "the disk is full"));
  CHECK(strstr(one.trouble.text, place.path));
  CHECK(n_files() == 0U);

  // As the system has it
  disk.is_full               = false;
  struct rlimit       before = {0, 0};
  const struct rlimit limit  = {2, RLIM_INFINITY};
  void (*const was)(int)     = signal(SIGXFSZ, SIG_IGN);
  const bool is_able         = !getrlimit(RLIMIT_FSIZE, &before) &&
                       before.rlim_max == RLIM_INFINITY &&
                       !setrlimit(RLIMIT_FSIZE, &limit);
  one = put(place.path, "one");
  CHECK(!is_able || one.status == STATUS_NO_WRITE);
  CHECK(!is_able || strstr(one.trouble.text, "the disk is full"));
  CHECK(!is_able || n_files() == 0U);
  (void)setrlimit(RLIMIT_FSIZE, &before);
  (void)signal(SIGXFSZ, was);

  disk.is_broken = true;
  one            = put(place.path, "two");
  CHECK(one.status == STATUS_NO_WRITE && one.trouble.text[0]);
  CHECK(!one.is_new);
  folder_free(&place);
}

static void
test_nothing_is_left_behind(void)
{
  begin();
  disk.is_broken = true;
  CHECK(put(place.path, "one").status == STATUS_NO_WRITE);
  CHECK(n_files() == 0U);

  // And what a crash left does not stand in the way
  disk.is_broken = false;
  char left[64];
  snprintf(left, sizeof(left), ".perpetuo-%ld-0.part", (long)getpid());
  spoil(left, "half");
  CHECK(!put(place.path, "one").status);
  CHECK(!strcmp(text_of(within(left)), "half"));
  CHECK(n_files() == 2U);
  folder_free(&place);
}

static void
test_folders(void)
{
  Trouble trouble = {""};
  begin();
  CHECK(!put_folder(within("a/b//c/"), &trouble));
  struct stat about;
  CHECK(!stat(within("a/b/c"), &about) && S_ISDIR(about.st_mode));
  CHECK(!put_folder(within("a/b/c"), &trouble));

  spoil("file", "");
  CHECK(put_folder(within("file"), &trouble) == STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, "a file is where a folder should be"));
  CHECK(put_folder(within("file/below"), &trouble) == STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, "a file is where a folder should be"));

  Answer one = put(within("file"), "one");
  CHECK(one.status == STATUS_NO_WRITE);
  CHECK(strstr(one.trouble.text, "a file is where a folder should be"));
  one = put(within("nobody"), "one");
  CHECK(one.status == STATUS_NO_WRITE);
  CHECK(strstr(one.trouble.text, "there is no such folder"));
  folder_free(&place);
}

static void
test_no_permission(void)
{
  begin();
  CHECK(!chmod(place.path, 0555));
  const Answer one = put(place.path, "one");
  CHECK(one.status == STATUS_NO_WRITE || !getuid()); // For root all is open
  CHECK(!one.status || strstr(one.trouble.text, "There is no permission"));
  CHECK(!chmod(place.path, 0777));
  folder_free(&place);
}

static void
test_long_paths(void)
{
  Trouble trouble = {""};
  char    path[5000];
  memset(path, 'x', sizeof(path));
  path[0]                 = '/';
  path[sizeof(path) - 1U] = '\0';
  CHECK(put_folder(path, &trouble) == STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, "The path is too long: "));
  CHECK(put(path, "one").status == STATUS_NO_WRITE);

  // Too long a name in it
  path[300] = '\0';
  CHECK(put_folder(path, &trouble) == STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, "The path is too long: "));

  // So long that only the file's name is too much
  path[300]  = 'x';
  path[4090] = '\0';
  CHECK(put(path, "one").status == STATUS_NO_WRITE);
}

/// What a sentence shows of a path begins with a whole name, else character
static void
test_shown_paths(void)
{
  char path[1000] = "/short";
  char shown[PUT_MAX_SHOWN];
  CHECK(!strcmp(put_shown(path, shown), "/short"));

  size_t n = 0U;
  while (n < 900U) {
    n += (size_t)sprintf(path + n, "/%03zu", n);
  }
  put_shown(path, shown);
  CHECK(!strncmp(shown, ".../", 4U));
  CHECK(!strcmp(shown + strlen(shown) - 4U, path + n - 4U));
  CHECK(strlen(shown) < PUT_MAX_SHOWN);

  for (unsigned i = 0U; i < 2U; ++i) {
    for (n = 0U; n < 900U; n += 2U) {
      memcpy(path + n, "\xC3\xA9", 2U);
    }
    strcpy(path + n, i ? "x" : "");
    put_shown(path, shown);
    CHECK(!strncmp(shown, "...\xC3", 4U));
  }
}

static void
test_over(void)
{
  Trouble trouble = {""};
  begin();
  CHECK(!put_over(within("conf"), (const uint8_t*)"one", 3U, &trouble));
  CHECK(!strcmp(text_of(within("conf")), "one"));
  CHECK(!chmod(within("conf"), 0600));
  CHECK(!put_over(within("conf"), (const uint8_t*)"2", 1U, &trouble));
  CHECK(!strcmp(text_of(within("conf")), "2"));
  struct stat about;
  CHECK(!stat(within("conf"), &about) && (about.st_mode & 0777U) == 0600U);

  disk.is_full = true;
  CHECK(put_over(within("conf"), (const uint8_t*)"3", 1U, &trouble) ==
        STATUS_NO_WRITE);
  CHECK(!strcmp(text_of(within("conf")), "2"));

  disk.is_full = false;
  CHECK(!mkdir(within("folder"), 0777));
  CHECK(put_over(within("folder"), (const uint8_t*)"3", 1U, &trouble) ==
        STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, "a folder is in its place"));
  CHECK(n_files() == 2U);
  folder_free(&place);
}

int
main(void)
{
  RUN(test_nothing_is_overwritten);
  RUN(test_somebody_is_faster);
  RUN(test_the_same_is_one_file);
  RUN(test_the_same_at_once);
  RUN(test_other_things_have_names_too);
  RUN(test_a_disk_without_links);
  RUN(test_short_writes);
  RUN(test_a_full_disk);
  RUN(test_nothing_is_left_behind);
  RUN(test_folders);
  RUN(test_no_permission);
  RUN(test_long_paths);
  RUN(test_shown_paths);
  RUN(test_over);
  CHECK_END();
}
