# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""The same phrases from every build: optimised or not, for this processor or
any, by another compiler, with the products done by OpenBLAS and its different
kernels, and on another architecture under emulation.
"""

import os
import shlex
import shutil
import subprocess
import tempfile

from check import TOP, Skip, check, run
from test_rooms import tables

MODELS = os.path.join(TOP, 'models')
BASE = ['-std=c11', '-D_POSIX_C_SOURCE=200809L', '-ffp-contract=off', '-w',
        '-Idsp', '-I.']
CORETYPES = ['Prescott', 'Core2', 'Nehalem', 'Sandybridge', 'Haswell', 'Zen',
             'SkylakeX']
BACKENDS = [['portable', 'plain'], ['sse2', 'plain'], ['avx2', 'avx2'],
            ['avx512', 'avx512'], ['neon', 'plain'], ['neon-dot', 'plain']]
FOREIGN = ['aarch64-linux-gnu-gcc', 'qemu-aarch64']

room = tempfile.TemporaryDirectory(prefix='perpetuo-bits-')
wanted = []


def sources():
    rooms = {name: (folder, names)
             for name, folder, _, names in tables()['ROOMS']}
    return ['tests/digest.c', 'tests/random_model.c'] + [
        '%s/%s.c' % (rooms[r][0], n) for r in ('base', 'music', 'nn', 'compose')
        for n in rooms[r][1].split()]


def nn_products():
    return [s for s in sources() if s.startswith('dsp/nn/product')]


def build(name, compiler, flags, more=(), libraries=()):
    program = os.path.join(room.name, name)
    done = subprocess.run(
        [compiler] + BASE + flags + sources() + list(more) + ['-o', program]
        + list(libraries), cwd=TOP, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, universal_newlines=True)
    check(done.returncode == 0, done.stdout)
    return program


def lines(command, **env):
    done = subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True,
                          env=dict(os.environ, **env), timeout=300)
    check(done.returncode == 0, '%s: %s' % (command, done.stdout))
    return done.stdout.splitlines()


def same(name, found):
    """As the plain build said; the first difference is shown."""
    if not wanted:
        wanted.extend(lines([build('plain', 'cc', ['-O2']), MODELS]))
        check(len(wanted) >= 10, wanted)
        check(len(set(wanted)) == len(wanted), 'phrases are alike: %s' % wanted)
    for a, b in zip(wanted, found):
        check(a == b, '%s differs:\n  plain: %s\n  %s: %s' % (
            name, a, name, b))
    check(len(wanted) == len(found), '%s: %d lines' % (name, len(found)))


def try_build(name, compiler, flags):
    if not shutil.which(compiler):
        raise Skip('there is no %s' % compiler)
    same(name, lines([build(name, compiler, flags), MODELS]))


def test_unoptimised():
    try_build('O0', 'gcc', ['-O0'])


def test_for_this_processor():
    try_build('native', 'gcc', ['-O3', '-march=native'])


def test_another_compiler():
    try_build('clang', 'clang', ['-O2'])


def test_every_product():
    """Each backend that the machine can run, with loops of its width."""
    program = build('backends', 'gcc', ['-O2'])
    try_backends([program])


def try_backends(command):
    n_tried = 0
    for names in BACKENDS:
        done = subprocess.run(command + [MODELS] + names, cwd=TOP,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True)
        if done.returncode != 2:  # 2: not in this build, or not able
            same(' '.join(command + names), done.stdout.splitlines())
            n_tried += 1
        else:
            check(names[0] != 'portable', 'the portable product is missing')
    check(n_tried > 1, 'no backend but the portable one ran')


def test_blas_and_its_kernels():
    found = subprocess.run(
        ['pkg-config', '--cflags', '--libs', 'openblas'],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        universal_newlines=True)
    if found.returncode:
        raise Skip('OpenBLAS is missing')
    program = build('blas', 'gcc', ['-O2', '-DWITH_BLAS'],
                    ['dsp/nn/product_blas.c'], shlex.split(found.stdout))
    n_tried = 0
    for core in CORETYPES:
        try:
            done = subprocess.run(
                [program, MODELS, 'blas'], cwd=TOP, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, universal_newlines=True,
                env=dict(os.environ, OPENBLAS_CORETYPE=core,
                         OPENBLAS_NUM_THREADS='1'), timeout=300)
        except subprocess.TimeoutExpired:
            check(False, '%s takes too long' % core)
        if done.returncode in (-4, 132):
            continue  # Illegal instruction: another processor's kernel
        check(done.returncode == 0, done.stdout)
        same('OpenBLAS for ' + core, done.stdout.splitlines())
        n_tried += 1
    check(n_tried, 'no kernel of OpenBLAS ran')


def need_foreign():
    missing = [p for p in FOREIGN if not shutil.which(p)]
    if missing:
        raise Skip('no %s (Debian: gcc-aarch64-linux-gnu '
                   'libc6-dev-arm64-cross qemu-user)' % ', '.join(missing))


def test_another_architecture():
    need_foreign()
    program = build('aarch64', FOREIGN[0], ['-O2', '-static'])
    try_backends([FOREIGN[1], program])


def test_another_architecture_s_products():
    """All that test_product asks, of the backends for 64-bit Arm."""
    need_foreign()
    program = os.path.join(room.name, 'product')
    done = subprocess.run(
        [FOREIGN[0]] + BASE + ['-O2', '-DNO_ORACLE',
                               'tests/test_product.c', 'tests/failing_alloc.c',
                               'dsp/base/rng.c'] + nn_products() + [
                                   '-o', program], cwd=TOP,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        universal_newlines=True)
    check(done.returncode == 0, done.stdout)
    # Not static: the test has a malloc() of its own
    lines([FOREIGN[1], '-L', '/usr/aarch64-linux-gnu', program])


if __name__ == '__main__':
    run(test_unoptimised, test_for_this_processor, test_another_compiler,
        test_every_product, test_blas_and_its_kernels,
        test_another_architecture, test_another_architecture_s_products)
