// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tests/chaos_worker.h"

#include "plugin/worker.h"
#include "tests/rt_guard.h"

#include <stdio.h>
#include <string.h>

_Thread_local bool chaos_in_run;

static void
wrong(ChaosWorker* const self, const char* const what)
{
  if (!self->fault[0]) {
    snprintf(self->fault, sizeof(self->fault), "worker: %s", what);
  }
}

static bool
is_load(const ChaosWork* const work)
{
  uint32_t kind = 0U;
  memcpy(&kind, work->bytes, sizeof(kind));
  return kind == JOB_LOAD;
}

/// Keep the answer; the plugin has one for each work
static LV2_Worker_Status
respond(const LV2_Worker_Respond_Handle handle,
        const uint32_t                  size,
        const void* const               data)
{
  ChaosWork* const work = (ChaosWork*)handle;
  ++work->n_answers;
  if (!size || size > WORKER_MAX_BYTES || work->is_unanswered) {
    return LV2_WORKER_ERR_NO_SPACE;
  }
  work->n_answer_bytes = size;
  memcpy(work->answer, data, size);
  return LV2_WORKER_SUCCESS;
}

static void
do_work(ChaosWork* const work)
{
  ChaosWorker* const self = work->worker;
  self->interface->work(
    self->handle, respond, work, work->n_bytes, work->bytes);
  work->is_done = true;
}

static void*
thread_main(void* const data)
{
  do_work((ChaosWork*)data);
  return NULL;
}

/// Give the answer on the audio thread; the work is over
static void
answer(ChaosWork* const work)
{
  ChaosWorker* const self = work->worker;
  const ChaosWork    copy = *work;

  work->is_used = false; // Before the plugin can ask for more
  self->n_loads_out -= is_load(&copy);
  if (copy.n_answers != 1U) {
    wrong(self, "not exactly one answer to a work");
  } else if (copy.n_answer_bytes && !copy.is_unanswered) {
    self->n_loads += is_load(&copy);
    chaos_in_run = true;
    rt_guard_begin();
    self->interface->work_response(
      self->handle, copy.n_answer_bytes, copy.answer);
    rt_guard_end();
    chaos_in_run = false;
  }
}

static ChaosWork*
free_work(ChaosWorker* const self)
{
  for (unsigned i = 0U; i < WORKER_MAX_WORKS; ++i) {
    if (!self->works[i].is_used) {
      return &self->works[i];
    }
  }
  return NULL;
}

static bool
take(ChaosWorker* const self, const uint32_t size, const void* const data)
{
  ChaosWork* const work = free_work(self);
  if (!size || size > WORKER_MAX_BYTES) {
    wrong(self, "a work of no size, or too large");
    return false;
  }
  if (self->n_to_refuse || !work) {
    self->n_to_refuse -= self->n_to_refuse ? 1U : 0U;
    return false;
  }

  memset(work, 0, sizeof(*work));
  work->worker  = self;
  work->is_used = true;
  work->n_bytes = size;
  memcpy(work->bytes, data, size);
  self->n_loads_out += is_load(work);
  ++self->n_works;

  if (self->n_to_lose) {
    --self->n_to_lose;
    ++self->n_lost;
    work->is_never_done = self->is_lost_undone;
    work->is_used       = !work->is_never_done;
    work->is_unanswered = true;
  }
  if (self->n_to_overlap && !work->is_never_done) {
    work->due          = self->i_block + self->n_to_overlap;
    self->n_to_overlap = 0U;
    work->has_thread = !pthread_create(&work->thread, NULL, thread_main, work);
    self->n_overlaps += work->has_thread;
  } else if (self->work == WORK_INSIDE && !work->is_never_done) {
    ++self->n_inside;
    do_work(work);
    answer(work);
  } else if (self->work == WORK_LATE) {
    ++self->n_late;
    work->due     = self->i_block + self->n_delay;
    work->n_delay = self->n_answer_delay;
  } else {
    work->due = self->i_block;
  }
  return true;
}

static LV2_Worker_Status
schedule_work(const LV2_Worker_Schedule_Handle handle,
              const uint32_t                   size,
              const void* const                data)
{
  ChaosWorker* const self = (ChaosWorker*)handle;
  rt_guard_end();
  chaos_in_run  = false;
  const bool ok = take(self, size, data);
  self->n_refused += !ok;
  chaos_in_run = true;
  rt_guard_begin();
  return ok ? LV2_WORKER_SUCCESS : LV2_WORKER_ERR_NO_SPACE;
}

void
chaos_worker_init(ChaosWorker* const self)
{
  memset(self, 0, sizeof(*self));
  self->schedule.handle        = self;
  self->schedule.schedule_work = schedule_work;
  self->work                   = WORK_AFTER;
}

void
chaos_worker_connect(ChaosWorker* const                self,
                     const LV2_Handle                  handle,
                     const LV2_Worker_Interface* const interface)
{
  self->handle    = handle;
  self->interface = interface;
}

void
chaos_worker_after_run(ChaosWorker* const self)
{
  for (unsigned i = 0U; i < WORKER_MAX_WORKS; ++i) {
    ChaosWork* const work = &self->works[i];
    if (!work->is_used || work->is_never_done || work->due > self->i_block) {
      continue;
    }
    if (work->has_thread) {
      pthread_join(work->thread, NULL);
      work->has_thread = false;
    } else if (!work->is_done) {
      do_work(work);
    }
    if (self->i_block >= work->due + work->n_delay) {
      answer(work);
    }
  }
  ++self->i_block;
}

void
chaos_worker_end(ChaosWorker* const self)
{
  for (unsigned i = 0U; i < WORKER_MAX_WORKS; ++i) {
    if (self->works[i].is_used && self->works[i].has_thread) {
      pthread_join(self->works[i].thread, NULL);
      self->works[i].has_thread = false;
    }
  }
}
