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

_Static_assert(WORKER_TROUBLE_N_WORDS <= BOX_MAX_WORDS,
               "a Box holds a Trouble");

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

/// Tell people what is wrong, unless they were told: a host may restore one
/// state many times
static void
tell(Worker* const self, const Status st, const Trouble* const trouble)
{
  Trouble sentence = {""};
  if (!strcmp(self->said.text, trouble->text)) {
    return;
  }

  const char* const then = !st ? ""
                           : self->composer
                             ? ": going on with the models in use"
                             : ": there is nothing to compose with, so nothing "
                               "will be played";
  self->said             = *trouble;
  (void)trouble_say(&sentence, st, "%s%s", trouble->text, then);
  if (st) {
    log_error(self->log, "%s%s", trouble->text, then);
  } else if (trouble->text[0]) {
    log_warning(self->log, "%s", trouble->text);
  }
  box_write(&self->trouble, &sentence, WORKER_TROUBLE_N_WORDS);
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
  tell(self, st, &trouble);
  if (st) {
    return st;
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
