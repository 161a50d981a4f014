# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""Compiles rtneural_step.cpp for each backend of an RTNeural that is here.

RTNeural is a library of templates, at github.com/jatinchowdhury18/RTNeural.
Its xsimd is a submodule; what it does not bring is looked for in the system,
and a backend that cannot be compiled is left out.
"""

import os
import shutil
import subprocess

HERE = os.path.dirname(os.path.realpath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))

AVX2 = ['-mavx2', '-mfma']  # What RTNeural's own build calls AVX
NATIVE = ['-march=native']

FORMS = [  # name, backend, flags, alignment of vectors, what a processor needs
    ('Eigen, AVX2', 'EIGEN', AVX2, 32, 'avx2'),
    ('Eigen, native', 'EIGEN', NATIVE, 32, ''),
    ('xsimd, AVX2', 'XSIMD', AVX2, 32, 'avx2'),
    ('xsimd, native', 'XSIMD', NATIVE, 64, ''),
    ('STL, native', 'STL', NATIVE, 32, ''),
]


def newest(folder):
    """When anything in a folder was changed."""
    return max(os.path.getmtime(os.path.join(root, name))
               for root, _, names in os.walk(folder) for name in names)


def compiled(target, command, sources):
    """Why a program could not be compiled, or nothing; does it only once."""
    stamp = '\n'.join(command + [str(newest(s) if os.path.isdir(s)
                                     else os.path.getmtime(s))
                                 for s in sources])
    path = target + '.made'
    if os.path.isfile(target) and os.path.isfile(path):
        with open(path) as file:
            if file.read() == stamp:
                return ''
    done = subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, universal_newlines=True)
    if done.returncode:
        lines = [line for line in done.stdout.splitlines() if 'error' in line]
        return 'it does not compile: ' + ' '.join(
            (lines or ['?'])[0].replace('\t', ' ').split())
    with open(path, 'w') as file:
        file.write(stamp)
    return ''


def commands(folder, build, can):
    """(form, command, why not) for each form, one of the two last empty.

    @param build Where to compile it.
    @param can What the processor can do.
    """
    os.makedirs(build, exist_ok=True)
    source = os.path.join(HERE, 'rtneural_step.cpp')
    race = os.path.join(build, 'race.o')
    names = [os.path.join(HERE, name) for name in ('race.c', 'race.h')]
    cc, cxx = os.environ.get('CC', 'cc'), os.environ.get('CXX', 'c++')
    if not shutil.which(cxx):
        yield '', None, 'there is no C++ compiler (Debian: g++)'
        return
    why = compiled(race, [cc, '-std=c11', '-O2', '-D_POSIX_C_SOURCE=200809L',
                          '-I.', '-c', names[0], '-o', race], names)
    if why:
        yield '', None, why
        return
    include = [os.path.join(folder, f) for f in (
        '', 'modules/Eigen', 'modules/xsimd/include')]
    for name, backend, flags, alignment, needs in FORMS:
        if needs and needs not in can:
            continue
        target = os.path.join(build, 'rtneural_' + name.replace(', ', '_'))
        why = compiled(target, [cxx, '-std=c++17', '-O3', '-DNDEBUG'] + flags + [
            '-DRTNEURAL_USE_%s=1' % backend,
            '-DRTNEURAL_DEFAULT_ALIGNMENT=%d' % alignment, '-I.'] + [
                '-I' + f for f in include + ['/usr/include/eigen3']] + [
                    source, race, '-o', target],
            names + [source, os.path.join(folder, 'RTNeural')])
        yield (name, None, why) if why else (name, [target, name], '')


def is_there(folder):
    return os.path.isfile(os.path.join(folder, 'RTNeural', 'RTNeural.h'))
