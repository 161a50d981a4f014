// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// The folder that music is taken away into: where it is, and that it is kept

#include "plugin/ui/folder.h"

#include "tests/check.h"
#include "tests/folder.h"

#include <errno.h>
#include <sys/stat.h>

static Folder place;

/// A path in the test's own folder.  Memory: good for the next four.
static const char*
within(const char* const name)
{
  static char     paths[4][FOLDER_MAX_PATH];
  static unsigned i    = 0U;
  char* const     path = paths[i++ % 4U];
  snprintf(path, FOLDER_MAX_PATH, "%s%s", place.path, name);
  return path;
}

/// A home with nothing in it
static void
begin(void)
{
  CHECK(folder_make(&place));
  CHECK(!setenv("HOME", within("/home"), 1));
  CHECK(!unsetenv("XDG_CONFIG_HOME"));
  CHECK(!mkdir(within("/home"), 0777));
}

static void
write_bytes(const char* const path, const char* const bytes, const size_t n)
{
  FILE* const file = fopen(path, "wb");
  CHECK(file);
  if (file) {
    CHECK(fwrite(bytes, 1U, n, file) == n);
    fclose(file);
  }
}

static void
write_text(const char* const path, const char* const text)
{
  write_bytes(path, text, strlen(text));
}

static const char*
text_of(const char* const path)
{
  static char  text[8192];
  FILE* const  file = fopen(path, "rb");
  const size_t n    = file ? fread(text, 1U, sizeof(text) - 1U, file) : 0U;
  text[n]           = '\0';
  if (file) {
    fclose(file);
  }
  return text;
}

static bool
is_read(const char* const expected)
{
  char folder[FOLDER_MAX_PATH];
  folder_read(folder);
  if (strcmp(folder, expected)) {
    fprintf(stderr, "\"%s\", not \"%s\"\n", folder, expected);
  }
  return !strcmp(folder, expected);
}

static void
test_without_settings(void)
{
  begin();
  CHECK(is_read(within("/home/Perpetuo")));
  CHECK(!mkdir(within("/home/Music"), 0777));
  CHECK(is_read(within("/home/Music/Perpetuo")));
  CHECK(access(within("/home/Music/Perpetuo"), F_OK)); // Only when it is needed

  CHECK(!setenv("HOME", "not/whole", 1));
  CHECK(is_read(""));
  CHECK(!unsetenv("HOME"));
  CHECK(is_read(""));
  CHECK(!setenv("HOME", "/", 1));
  CHECK(is_read(access("/Music", F_OK) ? "/Perpetuo" : "/Music/Perpetuo"));
  folder_free(&place);
}

/// Desktops name a folder for music; what they write is data
static void
test_music_of_the_desktop(void)
{
  static const struct {
    const char* text;
    const char* folder; ///< Null: as if it had said nothing
  } rows[] = {
    {"XDG_MUSIC_DIR=\"$HOME/Musik\"\n", "/home/Musik/Perpetuo"},
    {"# \nXDG_DESKTOP_DIR=\"$HOME/x\"\n  XDG_MUSIC_DIR=\"$HOME/Musik\"",
     "/home/Musik/Perpetuo"},
    {"XDG_MUSIC_DIR=\"$HOME/Mus\\ik/\"\r\n", "/home/Musik/Perpetuo"},
    {"XDG_MUSIC_DIR=\"$HOME/a\\\"b\"\n", "/home/a\"b/Perpetuo"},
    {"XDG_MUSIC_DIR=\"$HOME/$(touch x)\"\n", "/home/$(touch x)/Perpetuo"},
    {"XDG_MUSIC_DIR=\"$HOME\"\n", "/home/Perpetuo"},
    {"XDG_MUSIC_DIR=\"$HOME/\"\n", "/home/Perpetuo"},
    {"XDG_MUSIC_DIR=\"$HOMELY/x\"\n", NULL},
    {"XDG_MUSIC_DIR=\"Musik\"\n", NULL},
    {"XDG_MUSIC_DIR=\"\"\n", NULL},
    {"XDG_MUSIC_DIR=\"$HOME/Musik\n", NULL},
    {"XDG_MUSIC_DIR=\"$HOME/Musik\\", NULL},
    {"XDG_MUSIC_DIR=$HOME/Musik\n", NULL},
    {"XDG_MUSIC_DIR=\"$HOME/not there\"\n", NULL},
    {"XDG_MUSIC_DIR=\"$HOME/Mu\tsik\"\n", NULL},
    {"XDG_MUSIC_DIR=", NULL},
    {"XDG_MUSIC_DIR=\"", NULL},
    {"", NULL},
  };

  begin();
  CHECK(!mkdir(within("/home/Music"), 0777));
  CHECK(!mkdir(within("/home/Musik"), 0777));
  CHECK(!mkdir(within("/home/a\"b"), 0777));
  CHECK(!mkdir(within("/home/$(touch x)"), 0777));
  CHECK(!mkdir(within("/home/.config"), 0777));
  for (unsigned i = 0U; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    write_text(within("/home/.config/user-dirs.dirs"), rows[i].text);
    CHECK(is_read(
      within(rows[i].folder ? rows[i].folder : "/home/Music/Perpetuo")));
  }

  char text[256];
  snprintf(text, sizeof(text), "XDG_MUSIC_DIR=\"%s\"\n", place.path);
  write_text(within("/home/.config/user-dirs.dirs"), text);
  CHECK(is_read(within("/Perpetuo")));
  folder_free(&place);
}

static void
test_it_is_kept(void)
{
  char    folder[FOLDER_MAX_PATH] = "";
  Trouble trouble                 = {""};
  begin();
  CHECK(!folder_set(within("/out/of/here/"), folder, &trouble));
  CHECK(!strcmp(folder, within("/out/of/here")));
  CHECK(!access(folder, W_OK));
  CHECK(is_read(within("/out/of/here")));

  char text[4300];
  snprintf(text,
           sizeof(text),
           "# Settings of Perpetuo's window\nfolder=%s\n",
           within("/out/of/here"));
  CHECK(!strcmp(text_of(within("/home/.config/perpetuo/ui.conf")), text));

  CHECK(!folder_set(" ~/Tunes ", folder, &trouble));
  CHECK(!strcmp(folder, within("/home/Tunes")));
  CHECK(is_read(within("/home/Tunes")));
  CHECK(!folder_set("~", folder, &trouble));
  CHECK(is_read(within("/home")));

  // Percent signs and blanks are nothing special
  CHECK(!folder_set("~/100 %s %20", folder, &trouble));
  CHECK(is_read(within("/home/100 %s %20")));

  CHECK(!setenv("XDG_CONFIG_HOME", within("/elsewhere"), 1));
  CHECK(is_read(within("/home/Perpetuo")));
  CHECK(!folder_set("~/Tunes", folder, &trouble));
  CHECK(!access(within("/elsewhere/perpetuo/ui.conf"), R_OK));
  CHECK(is_read(within("/home/Tunes")));
  CHECK(!setenv("XDG_CONFIG_HOME", "not/whole", 1));
  CHECK(is_read(within("/home/100 %s %20")));
  folder_free(&place);
}

static void
test_what_is_no_folder(void)
{
  static const char* const texts[]                 = {"",
                                                      "   ",
                                                      "Music",
                                                      "./Music",
                                                      "~ada/Music",
                                                      "/a\nb",
                                                      "/a\tb",
                                                      "/a\x7F",
                                                      "$HOME/Music",
                                                      "file:///tmp"};
  char                     folder[FOLDER_MAX_PATH] = "as it was";
  begin();
  CHECK(!folder_set("~/Tunes", folder, NULL));
  strcpy(folder, "as it was");
  for (unsigned i = 0U; i < sizeof(texts) / sizeof(texts[0]); ++i) {
    Trouble trouble = {""};
    CHECK(folder_set(texts[i], folder, &trouble) == STATUS_BAD_ARG);
    CHECK(trouble.text[0]);
  }

  Trouble trouble = {""};
  char    text[5000];
  memset(text, 'x', sizeof(text));
  text[0]                 = '/';
  text[sizeof(text) - 1U] = '\0';
  CHECK(folder_set(text, folder, &trouble) == STATUS_BAD_ARG);
  CHECK(strstr(trouble.text, "too long"));

  write_text(within("/home/file"), "");
  CHECK(folder_set("~/file", folder, &trouble) == STATUS_BAD_ARG);
  CHECK(strstr(trouble.text, "is a file, not a folder"));
  CHECK(folder_set("~/file/below", folder, &trouble) == STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, "a file is where a folder should be"));

  CHECK(!strcmp(folder, "as it was"));
  CHECK(is_read(within("/home/Tunes")));

  CHECK(!unsetenv("HOME"));
  CHECK(folder_set("~", folder, &trouble) == STATUS_BAD_ARG);
  CHECK(folder_set("/tmp", folder, &trouble) == STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, "no home"));
  folder_free(&place);
}

/// Other lines are somebody's; a link to the settings leads to them
static void
test_other_lines_stay(void)
{
  char folder[FOLDER_MAX_PATH] = "";
  begin();
  CHECK(!mkdir(within("/home/.config"), 0777));
  CHECK(!mkdir(within("/home/.config/perpetuo"), 0777));
  CHECK(
    !symlink(within("/home/real"), within("/home/.config/perpetuo/ui.conf")));
  write_text(within("/home/real"),
             "# Mine\nscale=2\nfolder=/one\n\nfolder=/two\nlast");
  CHECK(is_read("/two"));
  CHECK(!folder_set("~", folder, NULL));

  char text[4300];
  snprintf(text,
           sizeof(text),
           "# Mine\nscale=2\nfolder=%s\n\nlast\n",
           within("/home"));
  CHECK(!strcmp(text_of(within("/home/real")), text));

  struct stat about;
  CHECK(!lstat(within("/home/.config/perpetuo/ui.conf"), &about) &&
        S_ISLNK(about.st_mode));

  write_text(within("/home/real"), "scale=2\n");
  CHECK(!folder_set("~", folder, NULL));
  snprintf(text,
           sizeof(text),
           "# Settings of Perpetuo's window\nscale=2\nfolder=%s\n",
           within("/home"));
  CHECK(!strcmp(text_of(within("/home/real")), text));
  folder_free(&place);
}

/// What is broken, or meant badly, is as good as nothing
static void
test_hostile_settings(void)
{
  static const char* const texts[] = {"folder=",
                                      "folder=Music\n",
                                      "folder=/a\x01z\n",
                                      "folder=~ada\n",
                                      "folder=../x\n",
                                      "folder\n=/x",
                                      "FOLDER=/x\n",
                                      " folder=/x\n",
                                      "\n\n\n",
                                      "\xFF\xFE"};
  static char              large[200000];
  char                     folder[FOLDER_MAX_PATH] = "";
  Trouble                  trouble                 = {""};
  begin();
  const char* const conf = within("/home/.config/perpetuo/ui.conf");
  char              path[FOLDER_MAX_PATH];
  strcpy(path, conf);
  CHECK(!mkdir(within("/home/.config"), 0777));
  CHECK(!mkdir(within("/home/.config/perpetuo"), 0777));
  for (unsigned i = 0U; i < sizeof(texts) / sizeof(texts[0]); ++i) {
    write_text(path, texts[i]);
    CHECK(is_read(within("/home/Perpetuo")));
  }

  // A zero ends no line, and is in no path
  write_bytes(path, "folder=/a\0b\nx=1\n", 16U);
  CHECK(is_read(within("/home/Perpetuo")));
  write_bytes(path, "\0\nfolder=/a\n", 12U);
  CHECK(is_read("/a"));

  // Too long a path, and too large a file: that one is left as it is
  memset(large, 'x', sizeof(large));
  memcpy(large, "folder=/", 8U);
  write_bytes(path, large, 6000U);
  CHECK(is_read(within("/home/Perpetuo")));
  write_bytes(path, large, sizeof(large));
  CHECK(is_read(within("/home/Perpetuo")));
  CHECK(folder_set("~", folder, &trouble) == STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, "left as it is"));
  struct stat about;
  CHECK(!stat(path, &about) && about.st_size == (off_t)sizeof(large));

  // No file at all.  A pipe is not waited for.
  CHECK(!unlink(path) && !mkfifo(path, 0666));
  CHECK(is_read(within("/home/Perpetuo")));
  CHECK(folder_set("~", folder, &trouble) == STATUS_NO_WRITE);
  CHECK(!unlink(path) && !mkdir(path, 0777));
  CHECK(is_read(within("/home/Perpetuo")));
  CHECK(folder_set("~", folder, &trouble) == STATUS_NO_WRITE);

  // A file where its folder should be
  CHECK(!rmdir(path) && !rmdir(within("/home/.config/perpetuo")));
  write_text(within("/home/.config/perpetuo"), "");
  CHECK(is_read(within("/home/Perpetuo")));
  CHECK(folder_set("~", folder, &trouble) == STATUS_NO_WRITE);
  CHECK(strstr(trouble.text, "a file is where a folder should be"));
  CHECK(!folder[0]);
  folder_free(&place);
}

int
main(void)
{
  RUN(test_without_settings);
  RUN(test_music_of_the_desktop);
  RUN(test_it_is_kept);
  RUN(test_what_is_no_folder);
  RUN(test_other_lines_stay);
  RUN(test_hostile_settings);
  CHECK_END();
}
