// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

/// A copy of the real bundle with tiny models in it: quick, the same whatever
/// was learned, and a test's own to damage
#ifndef PERPETUO_TESTS_TINY_BUNDLE_H
#define PERPETUO_TESTS_TINY_BUNDLE_H

#include "tests/folder.h"
#include "tests/hosted.h"
#include "tests/tiny_models.h"

#include "compose/composer.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct {
  Folder folder;     ///< Holds it
  char   path[80];   ///< Of the bundle
  char   models[96]; ///< Of its models
} TinyBundle;

/// Run a command that must succeed
static inline void
tiny_bundle_command(const char* const* const words)
{
  if (folder_command(words)) {
    fprintf(stderr, "%s %s failed\n", words[0], words[1]);
    printf("not ok tiny_bundle: no copy of the bundle\n");
    exit(1);
  }
}

/// Make one; ends the program when that cannot be
static inline TinyBundle
tiny_bundle(const uint64_t seed)
{
  TinyBundle self    = {{""}, "", ""};
  Trouble    trouble = {""};
  if (!folder_make(&self.folder)) {
    printf("not ok tiny_bundle: no folder can be made\n");
    exit(1);
  }
  snprintf(self.path, sizeof(self.path), "%s/perpetuo.lv2", self.folder.path);
  snprintf(self.models, sizeof(self.models), "%s/models", self.path);

  const char* const copy[]  = {"cp", "-RL", hosted_bundle(), self.path, NULL};
  const char* const clear[] = {"rm", "-rf", self.models, NULL};
  const char* const make[]  = {"mkdir", self.models, NULL};
  tiny_bundle_command(copy);
  tiny_bundle_command(clear);
  tiny_bundle_command(make);
  if (tiny_models_write(self.models, seed, &trouble)) {
    printf("not ok tiny_bundle: %s\n", trouble.text);
    exit(1);
  }
  return self;
}

/// A composer of the same models; ends the program when that cannot be
static inline Composer*
tiny_bundle_composer(TinyBundle* const self)
{
  Composer* composer = NULL;
  Trouble   trouble  = {""};
  if (composer_new(self->models, NULL, &composer, &trouble)) {
    printf("not ok tiny_bundle_composer: %s\n", trouble.text);
    folder_free(&self->folder);
    exit(1);
  }
  return composer;
}

/// An active host of a plugin in it, whose work is done at once
static inline Host*
tiny_bundle_open(const TinyBundle* const self, const char* const uri)
{
  HostSetup setup  = host_setup(self->path, uri);
  setup.work       = HOST_WORK_INSIDE;
  Host* const host = hosted_new(&setup);
  host_run(host, 64U);
  return host;
}

/// The same of the duo, with phrases that are never alike
static inline Host*
tiny_bundle_open_varied(const TinyBundle* const self)
{
  Host* const host = tiny_bundle_open(self, URI_DUO);
  CHECK(host_set(host, "variation", 100.0f));
  return host;
}

static inline void
tiny_bundle_free(TinyBundle* const self)
{
  folder_free(&self->folder);
}

#endif // PERPETUO_TESTS_TINY_BUNDLE_H
