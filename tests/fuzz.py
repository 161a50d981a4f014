# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""Build the targets of libFuzzer and run each for some time: ./waf fuzz.

Every row of the table of tests whose name begins with "fuzz_" is a target.
It begins with what lies in tests/data/fuzz/NAME, keeps what it learns in
build/fuzz/NAME, and leaves what it finds in build/fuzz/found.
"""

import argparse
import os
import shutil
import subprocess

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
BUILD = os.path.join(TOP, 'build', 'fuzz')
FOUND = os.path.join(BUILD, 'found')
SEEDS = os.path.join(TOP, 'tests', 'data', 'fuzz')
FLAGS = ['-std=c11', '-g', '-O1', '-fno-omit-frame-pointer',
         '-ffp-contract=off', '-D_POSIX_C_SOURCE=200809L', '-DFUZZING',
         '-fsanitize=fuzzer,address,undefined',
         '-fno-sanitize-recover=undefined', '-Idsp', '-I.']
MAX_BYTES = {'fuzz_model_file': 120000}


def parse(targets, args):
    names = [name for name, _ in targets]
    parser = argparse.ArgumentParser(
        prog='./waf fuzz', description='Targets: ' + ', '.join(names))
    parser.add_argument('target', nargs='*', help='all when none is named')
    parser.add_argument('--seconds', type=int, default=60,
                        help='for each target; 60 when not given')
    wish = parser.parse_args(args)
    strange = [t for t in wish.target if t not in names]
    if strange:
        parser.error('there is no target %s; there are %s' % (
            ', '.join(strange), ', '.join(names)))
    return wish


def build(name, sources):
    program = os.path.join(BUILD, 'bin', name)
    command = ['clang'] + FLAGS + sources + ['-lm', '-o', program]
    print('Building %s' % name, flush=True)
    return program if subprocess.run(command, cwd=TOP).returncode == 0 else ''


def fuzz(name, program, seconds):
    """Run a target; the files that it left behind."""
    learned = os.path.join(BUILD, name)
    os.makedirs(learned, exist_ok=True)
    seeds = os.path.join(SEEDS, name)
    log = os.path.join(BUILD, name + '.log')
    command = [program, '-max_total_time=%d' % seconds, '-timeout=20',
               '-rss_limit_mb=2000', '-print_final_stats=1',
               '-max_len=%d' % MAX_BYTES.get(name, 6000),
               '-artifact_prefix=%s/%s-' % (FOUND, name), learned]
    command += [seeds] if os.path.isdir(seeds) else []
    with open(log, 'wb') as to:
        status = subprocess.run(command, cwd=TOP, stdout=to, stderr=to,
                                stdin=subprocess.DEVNULL).returncode
    with open(log, encoding='utf-8', errors='replace') as text:
        runs = [line.split()[-1] for line in text
                if 'number_of_executed_units' in line]
    print('%-16s %s runs in %d s: %s' % (
        name, runs[0] if runs else '?', seconds,
        'nothing found' if status == 0 else 'see ' + log), flush=True)
    return status


def main(targets, args):
    """Targets are (name, sources); returns the exit status."""
    wish = parse(targets, args)
    if not shutil.which('clang'):
        print('skipped: fuzzing needs clang with libFuzzer (Debian: clang)')
        return 0
    os.makedirs(os.path.join(BUILD, 'bin'), exist_ok=True)
    os.makedirs(FOUND, exist_ok=True)
    bad = 0
    for name, sources in targets:
        if wish.target and name not in wish.target:
            continue
        program = build(name, sources)
        bad |= fuzz(name, program, wish.seconds) if program else 1
    if bad:
        print('What was found lies in %s; once mended, keep it in '
              'tests/data/fuzz/NAME' % FOUND)
    return 1 if bad else 0
