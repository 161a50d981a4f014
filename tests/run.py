# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""Run the test programs, count their test functions, close with one line.

A test program prints "ok NAME" or "not ok NAME" for each test function, and
"skip NAME: reason" for what could not be tried here; it exits 0, 1, or 77 when
it skipped everything.  Programs of one group run two at a time, except those
that want the machine alone.  What a failing program said is shown in full.
"""

import concurrent.futures
import os
import re
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
BUILD = os.path.join(TOP, 'build')
TIMEOUT_S = 420
SLOW_TIMEOUT_S = 3600  # With a sanitizer in it
N_JOBS = 2

LINE = re.compile(r'^(ok|not ok|skip) (.+)$')


class Outcome:
    """What became of one program."""

    def __init__(self, group, name):
        self.group, self.name = group, name
        self.passed, self.failed, self.skipped = [], [], []
        self.text, self.seconds = '', 0.0

    def read(self, text, status):
        """Count the lines; a program that dies or says nothing has failed."""
        self.text = text
        for line in text.splitlines():
            found = LINE.match(line)
            if found:
                {'ok': self.passed, 'not ok': self.failed,
                 'skip': self.skipped}[found.group(1)].append(found.group(2))
        if status not in (0, 1, 77):
            self.failed.append('(ended with status %s)' % status)
        elif status == 1 and not self.failed:
            self.failed.append('(says it failed, but not where)')
        elif not (self.passed or self.failed or self.skipped):
            self.failed.append('(ran no test)')
        return self


def command(name):
    script = os.path.join(TOP, 'tests', name + '.py')
    if os.path.isfile(script):
        return [sys.executable, '-B', script]
    return [os.path.join(BUILD, 'tests', name)]


def environment():
    """Ours, and the same on every machine."""
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(('PERPETUO_', 'OPENBLAS_', 'LV2_'))}
    env['LC_ALL'] = 'C'
    env['LV2_PATH'] = os.pathsep.join([BUILD, '/usr/lib/lv2'])
    env['ASAN_OPTIONS'] = env.get('ASAN_OPTIONS', 'detect_leaks=1')
    env['LSAN_OPTIONS'] = 'print_suppressions=0:suppressions=' + os.path.join(
        TOP, 'tests', 'leaks.txt')
    return env


def run_one(group, name, timeout_s):
    outcome = Outcome(group, name)
    start = time.monotonic()
    try:
        done = subprocess.run(command(name), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, cwd=TOP,
                              stdin=subprocess.DEVNULL, env=environment(),
                              timeout=timeout_s)
        text, status = done.stdout, done.returncode
    except subprocess.TimeoutExpired as late:
        text, status = late.stdout or b'', 'timeout, %d s' % timeout_s
    except OSError as trouble:
        text, status = str(trouble).encode(), 'not run'
    outcome.seconds = time.monotonic() - start
    return outcome.read(text.decode('utf-8', 'replace'), status)


def show(outcome):
    words = ['%d ok' % len(outcome.passed)]
    words += ['%d FAILED' % len(outcome.failed)] if outcome.failed else []
    words += ['%d skipped' % len(outcome.skipped)] if outcome.skipped else []
    print('  %-9s %-24s %-24s %6.1f s' % (
        outcome.group, outcome.name, ', '.join(words), outcome.seconds))
    if outcome.failed:
        print('\n'.join('    | ' + t for t in outcome.text.splitlines()))
        print('\n'.join('    FAILED: %s' % f for f in outcome.failed))
    sys.stdout.flush()


def chosen(tests, words):
    """The tests that the words name, by group or program; all for none."""
    known = {t[0] for t in tests} | {t[1] for t in tests}
    words = [w if w in known else 'test_' + w for w in words]
    strange = [w for w in words if w not in known]
    if strange:
        sys.exit('There is no test called %s.  Groups: %s' % (
            ', '.join(strange), ', '.join(sorted({t[0] for t in tests}))))
    return [t for t in tests if not words or t[0] in words or t[1] in words]


def main(tests, words, missing, is_slow):
    """Run tests (group, name, alone); returns the exit status.

    @param missing Lines for what could not be built here.
    @param is_slow Whether the build is not one for speed.
    """
    outcomes = []
    todo = chosen(tests, words)
    timeout_s = SLOW_TIMEOUT_S if is_slow else TIMEOUT_S
    print('')
    with concurrent.futures.ThreadPoolExecutor(N_JOBS) as pool:
        waiting = [pool.submit(run_one, group, name, timeout_s)
                   for group, name, alone in todo if not alone]
        for future in concurrent.futures.as_completed(waiting):
            outcomes.append(future.result())
            show(outcomes[-1])
    for group, name, alone in todo:
        if alone:
            outcomes.append(run_one(group, name, timeout_s))
            show(outcomes[-1])

    print('')
    for outcome in outcomes:
        for line in outcome.skipped:
            print('skipped: %s' % line)
    for line in missing:
        print('skipped: %s' % line)
    for outcome in outcomes:
        for line in outcome.failed:
            print('FAILED: %s: %s' % (outcome.name, line))
    n_passed = sum(len(o.passed) for o in outcomes)
    n_failed = sum(len(o.failed) for o in outcomes)
    print('%d passed, %d failed' % (n_passed, n_failed), flush=True)
    return 1 if n_failed or not n_passed else 0
