// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/uri_table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/// A few dozen URIs at most: looking at each in turn is fast enough
struct UriTable {
  pthread_mutex_t lock;
  char**          uris;
  uint32_t        n_uris;
};

UriTable*
uri_table_new(void)
{
  UriTable* const self = (UriTable*)calloc(1U, sizeof(UriTable));
  if (self) {
    pthread_mutex_init(&self->lock, NULL);
  }
  return self;
}

void
uri_table_free(UriTable* const self)
{
  if (self) {
    for (uint32_t i = 0U; i < self->n_uris; ++i) {
      free(self->uris[i]);
    }
    free(self->uris);
    pthread_mutex_destroy(&self->lock);
    free(self);
  }
}

/// Append a copy of `uri`; its number, or 0
static uint32_t
append(UriTable* const self, const char* const uri)
{
  char** const uris =
    (char**)realloc(self->uris, (self->n_uris + 1U) * sizeof(char*));
  if (!uris) {
    return 0U;
  }
  self->uris = uris;

  const size_t n_bytes = strlen(uri) + 1U;
  char* const  copy    = (char*)malloc(n_bytes);
  if (!copy) {
    return 0U;
  }
  memcpy(copy, uri, n_bytes);
  uris[self->n_uris] = copy;
  return ++self->n_uris;
}

uint32_t
uri_table_map(UriTable* const self, const char* const uri)
{
  pthread_mutex_lock(&self->lock);
  uint32_t urid = 0U;
  for (uint32_t i = 0U; i < self->n_uris && !urid; ++i) {
    urid = strcmp(self->uris[i], uri) ? 0U : i + 1U;
  }
  urid = urid ? urid : append(self, uri);
  pthread_mutex_unlock(&self->lock);
  return urid;
}

const char*
uri_table_unmap(UriTable* const self, const uint32_t urid)
{
  pthread_mutex_lock(&self->lock);
  const char* const uri =
    urid && urid <= self->n_uris ? self->uris[urid - 1U] : NULL;
  pthread_mutex_unlock(&self->lock);
  return uri;
}
