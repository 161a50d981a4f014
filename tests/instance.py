# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""The plugin, loaded and called as a host does, for tests in Python.

Only controls are connected, and those that nobody sets are at their defaults.
"""

import ctypes
import os
import re

from check import BUILD, TOP, Skip, check, plain_build

BUNDLE = os.path.join(BUILD, 'perpetuo.lv2')
MIDNAM = b'http://ardour.org/lv2/midnam'
WORKER = b'http://lv2plug.in/ns/ext/worker'
DUO, MELODY, DRUMS = range(3)

POINTER, TEXT, INDEX = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint32
Mapper = ctypes.CFUNCTYPE(INDEX, POINTER, TEXT)
Updater = ctypes.CFUNCTYPE(None, POINTER)
Responder = ctypes.CFUNCTYPE(INDEX, POINTER, INDEX, POINTER)


class Offer(ctypes.Structure):
    """What features hold: a handle, and one function."""
    _fields_ = [('handle', POINTER), ('call', POINTER)]


class Feature(ctypes.Structure):
    _fields_ = [('uri', TEXT), ('data', POINTER)]


class Descriptor(ctypes.Structure):
    _fields_ = [
        ('uri', TEXT),
        ('instantiate', ctypes.CFUNCTYPE(
            POINTER, POINTER, ctypes.c_double, TEXT,
            ctypes.POINTER(ctypes.POINTER(Feature)))),
        ('connect_port', ctypes.CFUNCTYPE(None, POINTER, INDEX, POINTER)),
        ('activate', ctypes.CFUNCTYPE(None, POINTER)),
        ('run', ctypes.CFUNCTYPE(None, POINTER, INDEX)),
        ('deactivate', POINTER),
        ('cleanup', ctypes.CFUNCTYPE(None, POINTER)),
        ('extension_data', ctypes.CFUNCTYPE(POINTER, TEXT))]


class WorkerInterface(ctypes.Structure):
    _fields_ = [('work', ctypes.CFUNCTYPE(INDEX, POINTER, Responder, POINTER,
                                          INDEX, POINTER)),
                ('work_response', ctypes.CFUNCTYPE(INDEX, POINTER, INDEX,
                                                   POINTER))]


class Instance:
    """An instance, and what it asked the host for."""

    def __init__(self, which, offers=('update', 'schedule')):
        path = os.path.join(BUNDLE, 'perpetuo.so')
        plain_build(path)
        try:
            self.library = ctypes.CDLL(path)
        except OSError as trouble:
            raise Skip('the plugin cannot be loaded here: %s' % trouble)
        self.library.lv2_descriptor.restype = ctypes.POINTER(Descriptor)
        self.plugin = self.library.lv2_descriptor(which).contents
        self.n_updates, self.jobs, self.urids, self.ports = 0, [], {}, {}
        self._keep = []
        features = [self._feature(b'http://lv2plug.in/ns/ext/urid#map', Mapper(
            lambda _, uri: self.urids.setdefault(uri, len(self.urids) + 1)))]
        if 'update' in offers:
            features.append(self._feature(MIDNAM + b'#update',
                                          Updater(self._update)))
        if 'schedule' in offers:
            features.append(self._feature(WORKER + b'#schedule',
                                          Responder(self._schedule)))
        listed = (ctypes.POINTER(Feature) * (len(features) + 1))(
            *[ctypes.pointer(f) for f in features])
        self.handle = self.plugin.instantiate(
            ctypes.addressof(self.plugin), 48000.0, (BUNDLE + '/').encode(), listed)
        check(self.handle, 'no instance')

    def _feature(self, uri, function):
        offer = Offer(None, ctypes.cast(function, POINTER))
        feature = Feature(uri, ctypes.cast(ctypes.pointer(offer), POINTER))
        self._keep += [function, offer, feature]
        return feature

    def _update(self, _):
        self.n_updates += 1

    def _schedule(self, _, size, data):
        self.jobs.append(ctypes.string_at(data, size))
        return 0

    def extension(self, uri, kind):
        return ctypes.cast(self.plugin.extension_data(uri),
                           ctypes.POINTER(kind)).contents

    def set(self, symbol, value):
        with open(os.path.join(TOP, 'ttl/plugin.ttl'), encoding='utf-8') as ttl:
            index = int(re.search(r'lv2:index (\d+) ;\s+lv2:symbol "%s"'
                                  % symbol, ttl.read()).group(1))
        self.ports[index] = ctypes.c_float(value)
        self.plugin.connect_port(self.handle, index, ctypes.cast(
            ctypes.pointer(self.ports[index]), POINTER))

    def run(self):
        self.plugin.run(self.handle, 256)

    def work(self, job, respond):
        """Do a job; `respond()` is called when it is done."""
        def answer(*_):
            respond()
            return 0
        responder = Responder(answer)
        return self.extension(WORKER + b'#interface', WorkerInterface).work(
            self.handle, responder, None, len(job), job)

    def work_all(self):
        """Do what was asked for, and let the instance have the answers."""
        interface = self.extension(WORKER + b'#interface', WorkerInterface)
        responder = Responder(lambda _, size, data: interface.work_response(
            self.handle, size, data))
        while self.jobs:
            job = self.jobs.pop(0)
            interface.work(self.handle, responder, None, len(job), job)

    def free(self):
        self.plugin.cleanup(self.handle)
