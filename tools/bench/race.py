# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""race.h for benchmarks in Python: same turns, same rows."""

import os
import time

N_ROUNDS = int(os.environ.get('PERPETUO_BENCH_ROUNDS', 41))
TURN_S = 0.005


def seconds(step, times):
    """What `times` steps take of this thread's time."""
    start = time.thread_time()
    for _ in range(times):
        step()
    return time.thread_time() - start


def times_for(step):
    """How many steps fill a turn; warms them up, too."""
    times = 1
    took = seconds(step, times)
    while took < TURN_S:
        times *= 4 if took < TURN_S / 4 else 2
        took = seconds(step, times)
    return times


def race(contestants, n_rounds=None):
    """Let (name, step) take turns; name -> sorted seconds for one step."""
    turns = [(name, step, times_for(step), []) for name, step in contestants]
    for _ in range(n_rounds or N_ROUNDS):
        for _, step, times, figures in turns:
            step()  # The others have left it cold
            figures.append(seconds(step, times) / times)
    return [(name, sorted(figures)) for name, _, _, figures in turns]


def show(section, name, unit, factor, figures):
    """Print a row for bench.py.  @param figures Sorted."""
    n = len(figures)
    spread = [figures[i] for i in (n // 2, n // 4, 3 * n // 4, 0)]
    print('\t'.join(['row', section, name, unit] + [
        '%.9g' % (factor * figure) for figure in spread] + [str(n)]),
        flush=True)


def skip(section, name, why):
    print('\t'.join(('skip', section, name, why)), flush=True)
