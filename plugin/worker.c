// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "plugin/worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/// How often a job that has not begun is looked for, before it is given up
enum { MAX_LOOKS = 500 };

#define IDS_N_WORDS ((uint32_t)(sizeof(ModelIds) / 4U))

static void
take(Worker* const self)
{
  const struct timespec nap = {0, 200000};
  while (
    atomic_flag_test_and_set_explicit(&self->is_busy, memory_order_acquire)) {
    (void)nanosleep(&nap, NULL);
  }
}

static void
leave(Worker* const self)
{
  atomic_flag_clear_explicit(&self->is_busy, memory_order_release);
}

/// Whether that is news: a host may restore one state many times
static bool
is_new(Worker* const self, const Trouble* const trouble)
{
  const bool is = strcmp(self->said.text, trouble->text) != 0;
  self->said    = *trouble;
  return is && trouble->text[0];
}

/// Load models; what was there stays when that fails
static Status
load(Worker* const self, const ModelIds* const wanted)
{
  Composer*    fresh   = NULL;
  Trouble      trouble = {""};
  const Status st      = composer_new(self->folder, wanted, &fresh, &trouble);

  if (st && !trouble.text[0]) {
    (void)trouble_say(&trouble, st, "%s", status_text(st));
  }
  const bool is_news = is_new(self, &trouble);
  if (st) {
    if (is_news) {
      log_error(self->log,
                "%s%s",
                trouble.text,
                self->composer
                  ? ": going on with the models in use"
                  : ": there is nothing to compose with, so nothing "
                    "will be played");
    }
    return st;
  }
  if (is_news) {
    log_warning(self->log, "%s", trouble.text);
  }

  composer_free(self->composer);
  self->composer = fresh;

  const ModelIds ids = composer_models(fresh);
  box_write(&self->in_use, &ids, IDS_N_WORDS);
  return STATUS_SUCCESS;
}

Status
worker_init(Worker* const self, const char* const bundle, const Log* const log)
{
  static const char models[] = "models";
  const size_t      n        = strlen(bundle);
  const bool        has_end  = n && bundle[n - 1U] == '/';
  const size_t      size     = n + sizeof(models) + 1U;
  const ModelIds    none     = {{0U}, {0U}};

  self->log          = log;
  self->composer     = NULL;
  self->said.text[0] = '\0';
  self->folder       = (char*)malloc(size);
  atomic_flag_clear(&self->is_busy);
  atomic_init(&self->n_out, 0U);
  box_write(&self->in_use, &none, IDS_N_WORDS);
  if (!self->folder) {
    return STATUS_NO_MEM;
  }

  (void)snprintf(
    self->folder, size, "%s%s%s", bundle, has_end ? "" : "/", models);
  (void)load(self, NULL);
  return STATUS_SUCCESS;
}

void
worker_count(Worker* const self, const bool is_out)
{
  if (is_out) {
    (void)atomic_fetch_add_explicit(&self->n_out, 1U, memory_order_relaxed);
  } else {
    (void)atomic_fetch_sub_explicit(&self->n_out, 1U, memory_order_release);
  }
}

void
worker_free(Worker* const self)
{
  const struct timespec nap = {0, 1000000};
  for (unsigned i = 0U; i < MAX_LOOKS && atomic_load_explicit(
                                           &self->n_out, memory_order_acquire);
       ++i) {
    (void)nanosleep(&nap, NULL);
    take(self); // What is being done is waited for, however long it takes
    leave(self);
  }

  composer_free(self->composer);
  free(self->folder);
}

static Status
compose(Worker* const self, Plan* const plan, const uint32_t i_slot)
{
  if (i_slot >= PLAN_N_SLOTS) {
    return STATUS_BAD_ARG;
  }
  if (!self->composer) {
    return STATUS_NO_FILE;
  }

  Slot* const slot = &plan->slots[i_slot];
  composer_compose(self->composer, &slot->request, &slot->phrase);
  return STATUS_SUCCESS;
}

Answer
worker_work(Worker* const self, Plan* const plan, const Job* const job)
{
  take(self);
  const Status st = job->kind == JOB_LOAD ? load(self, &job->wanted)
                                          : compose(self, plan, job->i_slot);
  leave(self);

  const Answer answer = {job->kind, job->i_slot, job->serial, (uint32_t)st};
  return answer;
}

bool
worker_models(Worker* const self, ModelIds* const ids)
{
  return box_read(&self->in_use, ids, IDS_N_WORDS);
}
