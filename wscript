# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""The build, as a plan of the house: tables first, then a loop over each."""

import hashlib
import json
import os
import re
import shutil
import sys

from waflib import Build, ConfigSet, Configure, Context, Options, Scripting

APPNAME = 'perpetuo'
VERSION = '0.1.0'  # In NEWS, and in ttl/plugin.ttl, too: test_release
top = '.'
out = 'build'
BUNDLE = 'perpetuo.lv2'
Configure.autoconfig = 'clobber'

# Rooms, in the order of the layers.  CAPITALS are libraries; a room whose
# library is missing is left out, and so is whatever needs that room.
ROOMS = [  # name, folder, may use, sources
    ('base', 'dsp/base', [], 'status rng'),
    ('music', 'dsp/music', ['base'],
     'phrase drum_map scale chord groove style harmony mix'),
    ('play', 'dsp/play', ['base', 'music'], 'transport schedule plan player'),
    ('nn', 'dsp/nn', ['base'],
     'product product_avx512 product_avx2 product_sse2 product_neon isa exact '
     'norm table dense lstm net pick model model_file'),
    ('compose', 'dsp/compose', ['base', 'music', 'nn', 'PTHREAD'],
     'vocab lanes sketch song memo quotes shelf model_folder finish generator '
     'gate desk accents choice composer'),
    ('learn', 'dsp/learn', ['base', 'nn', 'OPENBLAS', 'M', 'PTHREAD'],
     'blas matrix matrix_avx512 matrix_avx2 dataset loss lstm_train adam '
     'crew held_out round'),
    ('learn_double', 'dsp/learn', ['base', 'OPENBLAS', 'M', 'PTHREAD', 'DOUBLE'],
     'blas matrix dataset loss lstm_train adam crew'),
    ('oracle', 'dsp/nn', ['nn', 'OPENBLAS'], 'product_blas'),
    ('midi', 'dsp/midi', ['base', 'M'], 'midi_file'),
    # What the plugin and those who watch it have in common
    ('face', 'plugin', ['base', 'music', 'LV2'], 'ports talk log'),
    ('ui', 'plugin/ui',
     ['base', 'music', 'compose', 'midi', 'face', 'CAIRO', 'M'],
     'canvas style_map ui_controls ui_entry ui_layout ui_model ui_brush '
     'paint_top paint_song paint_phrases paint_take paint_styles paint_gate '
     'paint_groups paint_tip ui_paint ui_view put_file folder take'),
    ('window', 'plugin/ui', ['base', 'ui', 'X11', 'CAIRO', 'PTHREAD', 'M'],
     'window_x11_trap window_x11 xdnd'),
    ('cli', 'tools', ['base'], 'cli'),
    ('sound', 'tools', ['base', 'midi', 'M'], 'sound'),
    ('host', 'tools', ['base', 'music', 'LILV', 'PTHREAD', 'M'],
     'uri_table timeline capture host_worker host'),
    ('draw', 'tools', ['base', 'music', 'CAIRO', 'M'], 'piano_roll'),
    ('watch', 'tools', ['host', 'music', 'compose', 'face', 'LV2', 'M'], 'watch'),
    ('recital', 'tools',
     ['host', 'midi', 'sound', 'draw', 'compose', 'watch'], 'recital'),
    ('reading', 'tools/train', ['base', 'music', 'midi', 'M'],
     'corpus_map tally quantise key chords lines fills corpus'),
    ('school', 'tools/train',
     ['base', 'music', 'nn', 'compose', 'learn', 'midi', 'reading', 'CAIRO',
      'M'],
     'company corpus_dataset spoil gate_data gate_report quotes_index '
     'progressions ngram checkpoint progress loss_curve card style_table '
     'trainer'),
    # It judges what the gate let through, so it uses nothing of the gate's
    ('judge', 'tools/judge', ['base', 'music', 'midi', 'reading', 'M'],
     'takes samples melody_features overlap neighbours moves copying surprise '
     'form drum_features together chain baselines figures style_probe guesses '
     'by_style summary report_text report_html'),
    # It composes, and lends the judge's eyes
    ('sweep', 'tools/sweep',
     ['base', 'music', 'compose', 'midi', 'reading', 'judge', 'M'],
     'ranks played knobs morph sweep_report'),
    ('likeness', 'tools', ['host', 'judge'], 'likeness'),
    ('race', 'tools/bench', [], 'race'),
    ('bare', 'tools/bench', ['host', 'LV2', 'LILV'], 'bare'),
]

# What the plugin may use; it carries nothing else
PLUGIN = ('plugin', 'plugin',
          ['base', 'music', 'play', 'nn', 'compose', 'face', 'LV2'],
          'urids position worker midi_out midnam state notify plugin')

# Its window, a library of its own: hosts load it only to show it
WINDOW = ('window_ui', 'plugin/ui',
          ['base', 'music', 'face', 'ui', 'window', 'LV2', 'M'], 'ui')

PROGRAMS = [  # name, rooms and libraries, sources
    ('perpetuo-demo', ['recital', 'cli'], 'tools/demo.c'),
    ('perpetuo-listen', ['recital', 'cli'], 'tools/listen.c'),
    ('perpetuo-train', ['school', 'draw', 'cli'], 'tools/train/train.c'),
    ('perpetuo-judge', ['judge', 'cli'], 'tools/judge.c'),
    ('perpetuo-sweep', ['sweep', 'cli'], 'tools/sweep.c'),
    ('perpetuo-presets', ['recital', 'likeness', 'cli'], 'tools/presets.c'),
]

# Benchmarks, which tools/bench/bench.py runs
BENCHES = [  # name, rooms and libraries, further sources
    ('bench_kernels', ['race', 'oracle'],
     'tools/bench/limit.c tests/random_model.c'),
    ('bench_phrase', ['race', 'compose', 'host', 'COUNTED'], ''),
    ('bench_train', ['race', 'school'], ''),
    ('bench_audio', ['race', 'bare'], ''),
    ('bench_load', ['race', 'music', 'host', 'LV2', 'DL'], ''),
    ('bench_window', ['race', 'ui'], ''),
]

# Tests: a program for each word, in groups.  tests/NAME.c or tests/NAME.py.
# ALONE: wants the machine to itself.
TESTS = [  # group, name, rooms and libraries, further sources
    ('unit', 'test_rooms', [], ''),
    ('unit', 'test_status', ['base'], ''),
    ('unit', 'test_rng', ['base'], ''),
    ('unit', 'test_phrase', ['music'], ''),
    ('unit', 'test_drum_map', ['music'], ''),
    ('unit', 'test_scale', ['music'], ''),
    ('unit', 'test_chord', ['music'], ''),
    ('unit', 'test_harmony', ['music'], ''),
    ('unit', 'test_groove', ['music'], ''),
    ('unit', 'test_style', ['music'], ''),
    ('unit', 'test_mix', ['music'], ''),
    ('unit', 'test_transport', ['play'], ''),
    ('unit', 'test_schedule', ['play'], ''),
    ('unit', 'test_plan', ['play'], ''),
    ('unit', 'test_player', ['play'], ''),
    ('unit', 'test_vocab', ['compose'], ''),
    ('unit', 'test_sketch', ['compose'], ''),
    ('unit', 'test_song', ['compose'], ''),
    ('unit', 'test_accents', ['compose'], ''),
    ('unit', 'test_choice', ['compose'], ''),
    ('unit', 'test_memo', ['compose'], ''),
    ('unit', 'test_finish', ['compose'], ''),
    ('unit', 'test_quotes', ['school'], 'tests/tiny_models.c'),
    ('unit', 'test_model_folder', ['compose'],
     'tests/tiny_models.c tests/failing_alloc.c'),
    ('unit', 'test_desk', ['compose', 'PTHREAD'],
     'tests/tiny_models.c tests/failing_alloc.c'),
    ('unit', 'test_lanes', ['compose'], 'tests/random_model.c'),
    ('unit', 'test_generator', ['compose'],
     'tests/tiny_models.c tests/failing_alloc.c'),
    ('unit', 'test_gate', ['compose'],
     'tests/tiny_models.c tests/failing_alloc.c'),
    ('unit', 'test_composer', ['compose'],
     'tests/tiny_models.c tests/failing_alloc.c'),
    ('unit', 'test_midi_file', ['midi'], ''),
    ('unit', 'test_canvas', ['ui'], ''),
    ('unit', 'test_style_map', ['ui'], ''),
    ('unit', 'test_ui_controls', ['ui'], ''),
    ('unit', 'test_ui_model', ['ui'], ''),
    ('unit', 'test_ui_view', ['ui'], ''),
    ('unit', 'test_put_file', ['ui'], ''),
    ('unit', 'test_folder', ['ui'], ''),
    ('unit', 'test_take', ['ui'], ''),
    ('unit', 'fuzz_midi_file', ['reading'], ''),
    ('unit', 'test_quantise', ['school'], ''),
    ('unit', 'test_key', ['school'], ''),
    ('unit', 'test_chords', ['school'], ''),
    ('unit', 'test_lines', ['school'], ''),
    ('unit', 'test_corpus', ['school'], 'tests/failing_alloc.c'),
    ('unit', 'test_company', ['school'], ''),
    ('unit', 'test_judge', ['judge'], 'tests/failing_alloc.c'),
    ('unit', 'test_judge_styles', ['judge'], 'tests/failing_alloc.c'),
    ('unit', 'test_sweep', ['sweep'],
     'tests/tiny_models.c tests/failing_alloc.c'),
    ('numbers', 'test_exact', ['nn'], ''),
    ('numbers', 'test_product', ['nn', 'oracle'], 'tests/failing_alloc.c'),
    ('numbers', 'test_norm', ['nn'], ''),
    ('numbers', 'test_table', ['nn'], ''),
    ('numbers', 'test_dense', ['nn'], ''),
    ('numbers', 'test_lstm', ['nn'],
     'tests/random_model.c tests/reference_lstm.c tests/failing_alloc.c'),
    ('numbers', 'test_pick', ['nn'], ''),
    ('numbers', 'test_net', ['nn'],
     'tests/random_model.c tests/reference_lstm.c tests/failing_alloc.c'),
    ('numbers', 'test_model', ['nn'], 'tests/failing_alloc.c'),
    ('numbers', 'test_model_file', ['nn'], 'tests/failing_alloc.c'),
    ('numbers', 'fuzz_model_file', ['nn'], ''),
    ('numbers', 'test_dataset', ['learn'], ''),
    ('numbers', 'test_matrix', ['learn'], ''),
    ('numbers', 'test_loss', ['learn'], ''),
    ('numbers', 'test_adam', ['learn'], ''),
    ('numbers', 'test_lstm_train', ['learn'], ''),
    ('numbers', 'test_gradients', ['learn'], ''),
    ('numbers', 'test_gradients_double', ['learn_double'],
     'tests/test_gradients.c'),
    ('numbers', 'test_round', ['learn', 'nn'], ''),
    ('numbers', 'test_ngram', ['school'], ''),
    ('numbers', 'test_card', ['school'], 'tests/failing_alloc.c'),
    ('numbers', 'test_gate_data', ['school'],
     'tests/tiny_models.c tests/failing_alloc.c'),
    ('numbers', 'test_checkpoint', ['school'], ''),
    ('numbers', 'test_trainer', ['school'], ''),
    ('numbers', 'test_same_bits', ['compose'], ''),
    ('realtime', 'test_rt_symbols', ['plugin'], ''),
    ('realtime', 'test_realtime', ['host', 'plugin', 'GUARD', 'DL', 'ALONE'],
     'tests/rt_guard.c'),
    ('realtime', 'test_races', ['plugin'], ''),
    ('host', 'test_ttl', ['plugin'], ''),
    ('host', 'test_midnam', ['plugin'], ''),
    ('host', 'test_cleanup', ['plugin'], ''),
    ('host', 'test_footprint', ['plugin'], ''),
    ('host', 'test_asking', ['plugin'], ''),
    ('host', 'test_host', ['host'], ''),
    ('host', 'test_watch', ['watch'], ''),
    ('host', 'test_protocol', ['recital', 'plugin'], ''),
    ('host', 'test_laws', ['host', 'plugin'], ''),
    ('host', 'test_plugin', ['host', 'plugin', 'compose'],
     'tests/tiny_models.c'),
    ('host', 'test_worker', ['host', 'plugin', 'compose'],
     'tests/tiny_models.c'),
    ('host', 'test_state', ['host', 'plugin', 'compose'],
     'tests/tiny_models.c'),
    ('host', 'test_notes', ['host', 'plugin', 'compose'],
     'tests/tiny_models.c'),
    ('host', 'test_position', ['host', 'plugin', 'compose'],
     'tests/tiny_models.c'),
    ('host', 'test_talk', ['face'], ''),
    ('host', 'fuzz_talk', ['face'], ''),
    ('host', 'test_notify', ['host', 'plugin', 'compose', 'face'],
     'tests/tiny_models.c'),
    ('host', 'test_layout', ['play', 'LV2'], 'plugin/position.c'),
    ('host', 'fuzz_state', ['play', 'LV2'],
     'plugin/state.c plugin/urids.c plugin/log.c'),
    ('host', 'fuzz_input', ['play', 'LV2'],
     'tests/chaos_ear.c plugin/ports.c plugin/talk.c plugin/urids.c '
     'plugin/log.c plugin/position.c plugin/worker.c plugin/midi_out.c '
     'plugin/midnam.c plugin/state.c plugin/notify.c plugin/plugin.c'),
    ('host', 'test_chaos',
     ['host', 'plugin', 'play', 'compose', 'GUARD', 'DL'],
     'tests/chaos_ear.c tests/chaos_score.c tests/chaos_session.c '
     'tests/chaos_input.c tests/chaos_worker.c tests/chaos_host.c '
     'tests/rt_guard.c tests/tiny_models.c plugin/ports.c'),
    ('window', 'test_window', ['window', 'XTST'], 'tests/screen.c'),
    ('window', 'test_xdnd', ['window', 'XTST'],
     'tests/screen.c tests/xdnd_target.c'),
    ('window', 'test_ui', ['ui', 'window', 'midi', 'XTST', 'LV2', 'DL'],
     'tests/screen.c tests/xdnd_target.c tests/ui_host.c'),
    ('window', 'test_together',
     ['ui', 'window', 'midi', 'host', 'plugin', 'XTST', 'LV2', 'DL'],
     'tests/screen.c tests/xdnd_target.c tests/ui_host.c'),
    ('presets', 'test_presets', ['host', 'likeness', 'plugin'], ''),
    ('rigs', 'test_rigs', ['plugin', 'ALONE'], ''),
    ('rigs', 'test_hosts', ['plugin', 'ALONE'], ''),
    ('rigs', 'test_pictures', ['plugin', 'ALONE'], ''),
    ('cli', 'test_cli', ['plugin', 'ALONE'], ''),
    ('cli', 'test_install', ['plugin', 'recital', 'ALONE'], ''),
    ('cli', 'test_release', ['plugin', 'ALONE'], ''),
    ('cli', 'test_judge_cli', ['judge'], ''),
    ('cli', 'test_sweep_cli', ['sweep'], ''),
    ('cli', 'test_listen', ['recital'], ''),
    ('cli', 'test_bench', [], ''),
]

# Sources that a test, or a benchmark, builds by itself
ELSEWHERE = ['tests/mirror.lv2/mirror.c',
             'tests/rigs/capture.lv2/capture.c', 'tests/digest.c',
             'tests/make_tiny_models.c', 'tests/races.c',
             'tools/bench/rtneural_step.cpp']

# What is looked for; a room or verb that has to do without says so.
LIBRARIES = [  # name here, name for pkg-config, Debian package
    ('LV2', 'lv2', 'lv2-dev'),
    ('LILV', 'lilv-0', 'liblilv-dev'),
    ('CAIRO', 'cairo', 'libcairo2-dev'),
    ('X11', 'x11', 'libx11-dev'),
    ('XTST', 'xtst', 'libxtst-dev'),
    ('OPENBLAS', 'openblas', 'libopenblas-dev'),
]

# What the verbs need of a machine, and the Debian packages that hold it
RIGS = '../shared/rigs/hosts'
NEEDS = [  # what, probe, Debian packages, verbs
    ('a C compiler', 'program cc gcc clang', 'gcc libc6-dev',
     'build demo listen train judge sweep presets test bench'),
    ('pkg-config', 'program pkg-config', 'pkg-config',
     'build demo listen train judge sweep presets test bench'),
    ('LV2 headers', 'library lv2', 'lv2-dev',
     'build demo listen train judge sweep presets test bench'),
    ('lilv, to host the plugin', 'library lilv-0', 'liblilv-dev',
     'demo listen presets test'),
    ('cairo, to draw', 'library cairo', 'libcairo2-dev',
     'build demo listen train presets test'),
    ('Xlib, for the window', 'library x11', 'libx11-dev', 'build test'),
    ('OpenBLAS, to train', 'library openblas', 'libopenblas-dev',
     'train test'),
    ('FluidSynth, to hear it', 'program fluidsynth', 'fluidsynth',
     'demo test'),
    ('a sound font', 'file /usr/share/sounds/sf2/*.sf2', 'timgm6mb-soundfont',
     'demo test'),
    ('sord_validate', 'program sord_validate', 'sordi', 'test'),
    ('lv2info', 'program lv2info', 'lilv-utils', 'test'),
    ('nm', 'program nm', 'binutils', 'test'),
    ('a screen in memory', 'program Xvfb', 'xvfb', 'test'),
    ('XTest, to press keys there', 'library xtst', 'libxtst-dev', 'test'),
    ('a font to compare pictures in',
     'file /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf',
     'fonts-dejavu-core', 'test'),
    ('Ardour', 'program ardour7-lua ardour8-lua ardour9-lua', 'ardour',
     'hosts'),
    ('jalv', 'program jalv', 'jalv', 'hosts rigs'),
    ('JACK', 'program jackd', 'jackd2', 'hosts rigs'),
    ('JACK headers', 'library jack', 'libjack-jackd2-dev', 'rigs'),
    ('a compiler for 64-bit Arm', 'program aarch64-linux-gnu-gcc',
     'gcc-aarch64-linux-gnu libc6-dev-arm64-cross', 'rigs'),
    ('an emulator of it', 'program qemu-aarch64', 'qemu-user', 'rigs'),
]

# -ffp-contract=off: music is decided by these sums, see README, "Exact"
FLAGS = ['-std=c11', '-ffp-contract=off', '-fvisibility=hidden', '-fPIC']
WARNINGS = ['-Wall', '-Wextra', '-Wconversion']
SOFT = ['-Wall', '-Wextra', '-fvisibility=default']
FAST_FOLDERS = ('dsp/nn', 'dsp/learn')


# ---------------------------------------------------------------- the machine


def helpers():
    """Our own modules for packages and for running tests."""
    sys.dont_write_bytecode = True
    for folder in ('tools', 'tests', 'tools/bench'):
        path = os.path.join(Context.run_dir, folder)
        if path not in sys.path:
            sys.path.insert(0, path)
    import packages
    import run
    return packages, run


def provide(verb, args=()):
    """See that the machine has what a verb needs; true when that changed it.

    The verb `build` is only told what is missing.  Other people's hosts come
    by themselves: where they cannot be had, all else goes on.
    """
    changed = provide_for(verb, {verb})
    if verb == 'test':
        if os.path.isdir(os.path.join(Context.run_dir, RIGS)):
            changed = provide_for(verb, {'rigs'}) or changed
        if not args or {'rigs', 'hosts', 'test_hosts'} & set(args):
            changed = provide_for(verb, {'hosts'}) or changed
    return changed


def provide_for(verb, verbs):
    packages, _ = helpers()
    missing = [(what, names) for what, probe, names, who in NEEDS
               if verbs & set(who.split()) and not packages.is_there(probe)]
    if not missing:
        return False
    for what, names in missing:
        print('Missing: %-28s Debian: %s' % (what, names))
    names = sorted({n for _, names in missing for n in names.split()})
    may_install = verb != 'build' and not Options.options.no_install
    return packages.install(names, may_install)


USAGE = '''./waf [OPTIONS] VERB [...]

  demo [...]   build, play a song in a host, leave it in build/demo
  listen       build, make the pieces of docs/listen again
  test [...]   build, run every test; or only the groups or programs named
  bench [...]  build, measure speed beside other people's code; or only the
               sections named
  fuzz [...]   lie to what reads files, states and events (with clang)
  train [...]  build, learn the models again from folders of MIDI files
  judge [...]  build, measure folders of MIDI files against real music
  sweep [...]  build, turn the knobs and measure what follows
  presets [...]  build, play every preset, show which are alike
  build        build the bundle build/perpetuo.lv2 and the programs
  install      put the bundle into ~/.lv2, or into PREFIX/lib/lv2
  uninstall    take it away again
  configure    look at the machine and say what can be built
  lint         formatting, rooms and clang-tidy
  clean        remove what was built

What follows a verb with [...] is for its program: ./waf demo --help'''


def options(opt):
    opt.parser.get_usage = lambda: USAGE
    opt.load('compiler_c')
    opt.parser.set_defaults(prefix='')
    own = opt.add_option_group('Perpetuo')
    own.add_option('--user', action='store_true', default=False,
                   help='install into ~/.lv2 (which is the default)')
    own.add_option('--only-plugin', action='store_true', default=False,
                   help='build the bundle and no program, for packages')
    own.add_option('--debug', action='store_true', default=False,
                   help='build for a debugger')
    own.add_option('--sanitize', default='', metavar='LIST',
                   help='address,undefined or thread')
    own.add_option('--no-install', action='store_true', default=False,
                   help='never install a package, only name it')


# -------------------------------------------------------------- configuration


def configure(conf):
    packages, _ = helpers()
    for what, probe, _, _ in NEEDS[:3]:
        if not packages.is_there(probe):
            provide('build')
            conf.fatal('The plugin cannot be built without %s' % what)
    conf.load('compiler_c')
    conf.env.cshlib_PATTERN = '%s.so'
    for name, package, _ in LIBRARIES:
        conf.check_cfg(package=package, args='--cflags --libs',
                       uselib_store=name, mandatory=False)
        # Their headers are not ours to warn about
        for folder in conf.env['INCLUDES_' + name]:
            conf.env.append_value('CFLAGS_' + name, ['-isystem', folder])
        conf.env['INCLUDES_' + name] = []
    conf.env.DEFINES_DOUBLE = ['PERPETUO_DOUBLE']
    conf.env.LIB_M = ['m']
    conf.env.LIB_DL = ['dl']
    conf.env.LIB_PTHREAD = ['pthread']
    # For tests: to stand before the C library's functions
    conf.env.LINKFLAGS_GUARD = ['-rdynamic']
    # For a benchmark: to count what it calls
    conf.env.LINKFLAGS_COUNTED = ['-Wl,--wrap=net_step']
    conf.env.HAVE = ['M', 'DL', 'PTHREAD', 'GUARD', 'COUNTED', 'DOUBLE',
                     'ALONE'] + [
        name for name, _, _ in LIBRARIES if conf.env['HAVE_' + name]]
    flags(conf)
    summary(conf)


def flags(conf):
    env, opt = conf.env, Options.options
    env.WISH = [str(opt.debug), opt.sanitize]
    env.ONLY_PLUGIN = getattr(opt, 'only_plugin', False)  # Reconfigured: none
    env.append_value('CFLAGS', FLAGS)
    env.append_value('DEFINES', ['_POSIX_C_SOURCE=200809L'])
    if env.DEST_CPU == 'x86':
        env.append_value('CFLAGS', ['-msse2', '-mfpmath=sse'])
    env.CFLAGS_SPEED, env.CFLAGS_FAST = ['-O2'], ['-O3']
    if opt.debug or opt.sanitize:
        env.append_value('CFLAGS', ['-g', '-fno-omit-frame-pointer'])
        env.CFLAGS_SPEED = env.CFLAGS_FAST = ['-O0' if opt.debug else '-O1']
    if opt.sanitize:
        known = {'address', 'undefined', 'thread'}
        if not set(opt.sanitize.split(',')) <= known:
            conf.fatal('--sanitize takes address, undefined or thread, not '
                       '"%s"' % opt.sanitize)
        both = ['-fsanitize=' + opt.sanitize, '-fno-sanitize-recover=all']
        env.append_value('CFLAGS', both)
        env.append_value('LINKFLAGS', both)
    if opt.prefix:
        env.LV2_FOLDER = os.path.join(os.path.abspath(opt.prefix), 'lib/lv2')


def summary(conf):
    def line(what, needs, use):
        lack = [d for n, _, d in LIBRARIES
                if n in closure(needs) and n not in conf.env.HAVE]
        text = use if not lack else 'no: needs %s' % ' '.join(lack)
        conf.msg(what, text, color='YELLOW' if lack else 'GREEN')

    print('')
    conf.msg('Plugin bundle', 'build/%s.lv2' % APPNAME)
    line('Window of it', WINDOW[2], 'build/%s.lv2' % APPNAME)
    for name, needs, _ in [] if conf.env.ONLY_PLUGIN else PROGRAMS:
        line(name, needs, 'build/' + name)
    wish = (['debug'] if Options.options.debug else []) + [
        s for s in Options.options.sanitize.split(',') if s]
    conf.msg('Kind of build', ', '.join(wish) or 'for playing')
    conf.msg('Install into', conf.env.LV2_FOLDER or '~/.lv2')
    print('')


# ---------------------------------------------------------------------- build


def closure(names):
    """Those rooms and libraries, and all that they use."""
    use = {name: rooms for name, _, rooms, _ in ROOMS}
    found = set()
    todo = list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += use.get(name, [])
    return found


def can(bld, names):
    return all(n in bld.env.HAVE for n in closure(names) if n.isupper())


def sources_of(folder, names):
    return ['%s/%s.c' % (folder, n) for n in names.split()]


def build(bld):
    bld.includes = ['dsp', '.']
    only = None
    if bld.env.ONLY_PLUGIN:
        only = closure(PLUGIN[2] + (WINDOW[2] if has_window(bld) else []))
    for name, folder, use, names in ROOMS:
        if can(bld, [name]) and (not only or name in only):
            make(bld, 'c cstlib', name, use, sources_of(folder, names),
                 'FAST' if folder in FAST_FOLDERS else 'SPEED')
    bundle(bld)
    for name, use, names in PROGRAMS:
        if can(bld, use) and not only:
            make(bld, 'c cprogram', name, use, names.split())
    if bld.cmd == 'bench':
        for name, use, more in BENCHES:
            if can(bld, use):
                make(bld, 'c cprogram', name, use,
                     ['tools/bench/%s.c' % name] + more.split(),
                     warnings=SOFT)
    if bld.cmd == 'test':
        for _, name, use, more in TESTS:
            own = 'tests/%s.c' % name
            sources = [own] if bld.path.find_node(own) else []
            sources += more.split()
            if can(bld, use) and sources:
                # They load the plugin as a host does, and do not link it
                rooms = [u for u in use if u != 'plugin'] + ['M']
                make(bld, 'c cprogram', 'tests/' + name, rooms, sources,
                     warnings=SOFT)


def make(bld, kind, name, use, sources, speed='SPEED', warnings=WARNINGS,
         **more):
    bld(features=kind, target=more.pop('target', name), name=name,
        use=use + [speed], source=sources, includes=bld.includes,
        cflags=warnings, install_path=None, **more)


def has_window(bld):
    return can(bld, WINDOW[2])


def bundle(bld):
    """The plugin, its window and their description, as a host finds them."""
    files = {'plugin.ttl': 'ttl/plugin.ttl'}
    binaries = [(PLUGIN, APPNAME)]
    if has_window(bld):
        binaries.append((WINDOW, APPNAME + '_ui'))
        files['ui.ttl'] = 'ttl/ui.ttl'
    for (name, folder, use, names), binary in binaries:
        make(bld, 'c cshlib', name, use, sources_of(folder, names),
             target='%s/%s' % (BUNDLE, binary), linkflags=[
                 '-Wl,-z,now', '-Wl,--no-undefined', '-Wl,--exclude-libs,ALL'])
        files[binary + '.so'] = None

    for folder, kind in (('presets', '.ttl'), ('models', '.safetensors')):
        for path in bundled(bld, folder):
            if path.endswith(kind):
                files['%s/%s' % (folder, path)] = '%s/%s' % (folder, path)
    for target, source in files.items():
        if source:
            bld(rule=copy, source=source, target='%s/%s' % (BUNDLE, target),
                cls_keyword=lambda task: 'Copying')
    presets = [f for f in files if f.startswith('presets/')]
    files['manifest.ttl'] = 'ttl/manifest.ttl.in'
    bld(rule=manifest, source=[files['manifest.ttl']] + presets,
        presets=presets, window=has_window(bld), vars=['HAVE'],
        target='%s/manifest.ttl' % BUNDLE, cls_keyword=lambda task: 'Filling in')
    tidy(bld, files)

    if bld.cmd in ('install', 'uninstall'):
        folder = os.path.join(lv2_folder(bld), BUNDLE)
        root = bld.bldnode.make_node(BUNDLE)
        bld.install_files(folder, [root.make_node(f) for f in sorted(files)],
                          cwd=root, relative_trick=True)
        there = (Options.options.destdir or '') + folder
        if bld.cmd == 'install':
            see_room(bld, there)
            bld.add_pre_fun(lambda _: keep_models(bld, there))
            bld.add_post_fun(lambda _: clear_old(there, files))
        else:
            bld.add_post_fun(lambda _: clear(there))


def see_room(bld, there):
    """Complain before the work when there can be no such folder."""
    above = there
    while not os.path.lexists(above) and os.path.dirname(above) != above:
        above = os.path.dirname(above)
    if not os.path.isdir(above) or not os.access(above, os.W_OK | os.X_OK):
        bld.fatal('Cannot install into %s: %s is %s.  Choose another place '
                  'with --prefix, or install as root' % (
                      there, above, 'not writable' if os.path.isdir(above)
                      else 'no folder'))


def keep_models(bld, there):
    """Keep models that are about to be overwritten: songs may name them."""
    folder = os.path.join(there, 'models')
    for name in os.listdir(folder) if os.path.isdir(folder) else []:
        path = os.path.join(folder, name)
        fresh = bld.path.find_node('models/' + name)
        if not fresh or not os.path.isfile(path):
            continue
        with open(path, 'rb') as file:
            old = file.read()
        if old != fresh.read('rb'):
            stem, ending = os.path.splitext(path)
            mark = hashlib.sha256(old).hexdigest()[:16]
            with open('%s-%s%s' % (stem, mark, ending), 'wb') as file:
                file.write(old)


def clear_old(there, files):
    """Take presets and a window out that an older version has left."""
    old = ['presets/' + name for name in os.listdir(
        os.path.join(there, 'presets')) if name.endswith('.ttl')]
    for name in old + [APPNAME + '_ui.so', 'ui.ttl']:
        if name not in files and os.path.lexists(os.path.join(there, name)):
            os.remove(os.path.join(there, name))


def clear(there):
    """Take away what is left of an installed bundle: models that were kept."""
    if os.path.isdir(there) and not os.path.islink(there):
        shutil.rmtree(there)
    parent = os.path.dirname(there)
    if os.path.isdir(parent) and not os.listdir(parent):
        os.rmdir(parent)


def bundled(bld, folder):
    node = bld.path.find_node(folder)
    return sorted(os.listdir(node.abspath())) if node else []


def copy(task):
    task.outputs[0].write(task.inputs[0].read('rb'), 'wb')


def manifest(task):
    """Fill in the file extension, the window if there is one, and an entry for
    each preset."""
    entries = []
    for node, path in zip(task.inputs[1:], task.generator.presets):
        found = re.search(r'^(<[^>]+>)\s+a pset:Preset ;\s+lv2:appliesTo '
                          r'([^;]+?)\s*;\s+pset:bank (<[^>]+>) ;\s+'
                          r'rdfs:label ("[^"]+")', node.read(), re.M)
        if not found:
            task.generator.bld.fatal(
                '%s does not begin as presets do: <URI> a pset:Preset ; '
                'lv2:appliesTo ... ; pset:bank <...> ; rdfs:label "..."' % path)
        entries.append('%s\n\ta pset:Preset ;\n\tlv2:appliesTo %s ;\n'
                       '\tpset:bank %s ;\n\trdfs:label %s ;\n'
                       '\trdfs:seeAlso <%s> .\n' % (found.groups() + (path,)))
    text = task.inputs[0].read()
    text = text[text.index('@prefix'):]
    text = re.sub(r'@WINDOW@\n(.*?)(?:@ELSE@\n(.*?))?@END@\n',
                  r'\1' if task.generator.window else r'\2', text, flags=re.S)
    text = text.replace('@LIB_EXT@', '.so')
    task.outputs[0].write(text.replace('@PRESETS@', '\n'.join(entries)))


def tidy(bld, files):
    """Take out of the bundle what is not in the sources any more."""
    root = bld.bldnode.make_node(BUNDLE).abspath()
    for folder, _, names in os.walk(root):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.relpath(path, root) not in files:
                os.remove(path)


def lv2_folder(bld):
    opt = Options.options
    if opt.prefix:
        return os.path.join(os.path.abspath(opt.prefix), 'lib/lv2')
    if opt.user or not bld.env.LV2_FOLDER:
        return os.path.join(os.path.expanduser('~'), '.lv2')
    return bld.env.LV2_FOLDER


# ---------------------------------------------------------------------- verbs


class Verb(object):
    """A BuildContext that sees to the machine, builds, and then runs something."""

    has_configured = False

    def execute(self):
        args = json.loads(os.environ.get('PERPETUO_ARGS', '[]'))
        opt, wish = Options.options, self.configured('WISH')
        self.before(args)
        changed = provide(self.cmd, args)
        other = (opt.debug or opt.sanitize) and wish != [
            str(opt.debug), opt.sanitize]
        if (changed or other or self.lacks()) and not Verb.has_configured:
            Verb.has_configured = True
            Scripting.run_command('configure')
            Scripting.run_command(self.cmd)
            return
        super(Verb, self).execute()
        sys.stdout.flush()
        self.after(args)

    def before(self, args):
        """Complain before the work, where that is possible."""

    def configured(self, key):
        env = ConfigSet.ConfigSet()
        try:
            env.load(os.path.join(Context.run_dir, out, 'c4che/_cache.py'))
        except EnvironmentError:
            return None
        return env[key]

    def lacks(self):
        """A library that is there now was missing when we configured."""
        packages, _ = helpers()
        had = self.configured('HAVE')
        return had is not None and any(
            name not in had and packages.is_there('library ' + package)
            for name, package, _ in LIBRARIES)


class Test(Verb, Build.BuildContext):
    """builds, and runs the tests"""
    cmd = 'test'

    def before(self, args):
        helpers()[1].chosen(TESTS, args)

    def after(self, args):
        _, run = helpers()
        built = [t for t in TESTS if can(self, t[2])]
        missing = ['%s: a library is missing' % t[1] for t in TESTS
                   if t not in built]
        sys.exit(run.main([(t[0], t[1], 'ALONE' in t[2]) for t in built],
                          args, missing, bool(Options.options.sanitize)))


class Bench(Verb, Build.BuildContext):
    """builds, and measures how fast it is"""
    cmd = 'bench'

    def before(self, args):
        helpers()
        import bench
        status = bench.before(args)
        if status is not None:
            sys.exit(status)

    def after(self, args):
        import bench
        sys.exit(bench.main(args))


class Fuzz(Context.Context):
    """lies to what reads files, states and events, with libFuzzer"""
    cmd = 'fuzz'

    def execute(self):
        helpers()
        import fuzz
        folders = {name: sources_of(folder, names)
                   for name, folder, _, names in ROOMS}
        targets = [(name, ['tests/%s.c' % name] + more.split() + [
            path for room in sorted(closure(use)) if room in folders
            for path in folders[room]])
            for _, name, use, more in TESTS if name.startswith('fuzz_')]
        args = json.loads(os.environ.get('PERPETUO_ARGS', '[]'))
        sys.exit(fuzz.main(targets, args))


class Program(Verb):
    def after(self, args):
        path = os.path.join(Context.run_dir, out, self.program)
        if not os.path.isfile(path):
            self.fatal('%s was not built: a library is missing' % self.program)
        os.chdir(os.environ.get('PERPETUO_CWD', Context.run_dir))
        os.execv(path, [path] + args)


class Lint(Context.Context):
    """looks for faults of form"""
    cmd = 'lint'

    def execute(self):
        sources = [f for f in self.cmd_and_log(
            ['git', 'ls-files', '*.c', '*.h', '*.cpp'], quiet=Context.BOTH).split()]
        flags = ['-std=c11', '-D_POSIX_C_SOURCE=200809L', '-Idsp', '-I.',
                 '-I/usr/include/lilv-0', '-I/usr/include/cairo']
        steps = [
            ([sys.executable, '-B', 'tests/test_rooms.py'], ''),
            (['clang-format', '--dry-run', '-Werror'] + sources,
             'clang-format'),
            (['clang-tidy', '--quiet'] + [
                f for f in sources if f.endswith('.c')] + ['--'] + flags,
             'clang-tidy'),
        ]
        packages, _ = helpers()
        bad = 0
        for command, program in steps:
            if program and not packages.is_there('program ' + program):
                print('%s is not here (Debian: %s)' % (program, program))
            else:
                bad |= self.exec_command(command, stdout=None, stderr=None,
                                         cwd=Context.run_dir)
        if bad:
            self.fatal('lint found something')


class Demo(Program, Build.BuildContext):
    """builds, and plays a song in a host"""
    cmd, program = 'demo', 'perpetuo-demo'


class Listen(Program, Build.BuildContext):
    """builds, and makes the pieces of docs/listen again"""
    cmd, program = 'listen', 'perpetuo-listen'


class Train(Program, Build.BuildContext):
    """builds, and learns the models again"""
    cmd, program = 'train', 'perpetuo-train'


class Judge(Program, Build.BuildContext):
    """builds, and measures music against real music"""
    cmd, program = 'judge', 'perpetuo-judge'


class Sweep(Program, Build.BuildContext):
    """builds, and measures what the knobs do"""
    cmd, program = 'sweep', 'perpetuo-sweep'


class Presets(Program, Build.BuildContext):
    """builds, and plays every preset"""
    cmd, program = 'presets', 'perpetuo-presets'
