// Copyright 2026 The Perpetuo authors
// SPDX-License-Identifier: ISC

#include "tools/train/progress.h"

#include <string.h>
#include <unistd.h>

#define BAR_WIDTH 24
#define BAR_EVERY_S 0.2
#define LINE_EVERY_S 30.0

void
progress_init(Progress* const progress, FILE* const out)
{
  memset(progress, 0, sizeof(*progress));
  progress->out     = out;
  progress->is_bar  = out && isatty(fileno(out));
  progress->shown_s = -LINE_EVERY_S;
}

void
progress_duration(const double seconds, char* const text)
{
  const double capped   = seconds < 0.0 ? 0.0 : seconds > 1e8 ? 1e8 : seconds;
  const unsigned long s = (unsigned long)(capped + 0.5);
  if (s >= 3600UL) {
    snprintf(text, 32U, "%lu h %02lu min", s / 3600UL, s / 60UL % 60UL);
  } else if (s >= 60UL) {
    snprintf(text, 32U, "%lu min %02lu s", s / 60UL, s % 60UL);
  } else {
    snprintf(text, 32U, "%lu s", s);
  }
}

static void
print_bar(FILE* const out, const ProgressView* const view)
{
  const double share =
    view->n_steps ? (double)view->i_step / (double)view->n_steps : 1.0;
  const int filled = (int)(share * BAR_WIDTH + 0.5);

  fputs("\r[", out);
  for (int i = 0; i < BAR_WIDTH; ++i) {
    fputc(i < filled ? '#' : '.', out);
  }
  fprintf(out, "] %3.0f%% ", 100.0 * share);
}

void
progress_show(Progress* const           progress,
              const ProgressView* const view,
              const bool                now)
{
  FILE* const  out   = progress->out;
  const double every = progress->is_bar ? BAR_EVERY_S : LINE_EVERY_S;
  if (!out || (!now && view->seconds - progress->shown_s < every)) {
    return;
  }

  progress->shown_s = view->seconds;
  if (progress->is_bar) {
    print_bar(out, view);
  }

  const double left = view->n_made ? view->seconds / (double)view->n_made *
                                       (double)(view->n_steps - view->i_step)
                                   : 0.0;
  const double rate =
    view->seconds > 0.0 ? view->n_events / view->seconds : 0.0;
  char to_go[32];
  progress_duration(left, to_go);
  fprintf(out,
          "step %llu of %llu, epoch %.2f, %.0f events/s",
          (unsigned long long)view->i_step,
          (unsigned long long)view->n_steps,
          view->epoch,
          rate);
  if (view->train >= 0.0) {
    fprintf(out, ", train %.4f", view->train);
  }
  if (view->held_out >= 0.0) {
    fprintf(out, ", held out %.4f", view->held_out);
  }
  if (view->n_made) {
    fprintf(out, ", %s to go", to_go);
  }
  fputs(progress->is_bar ? "\033[K" : "\n", out);
  fflush(out);
  progress->any = progress->is_bar;
}

void
progress_end(Progress* const progress)
{
  if (progress->out && progress->any) {
    fputc('\n', progress->out);
    fflush(progress->out);
    progress->any = false;
  }
}
