# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""The names of the drums' notes, asked for as Ardour asks: by extension data.

The plugin is loaded and run here with nothing but its controls connected.
"""

import ctypes
import os
import re
from xml.etree import ElementTree

from check import BUILD, TOP, Skip, check, plain_build, run

BUNDLE = os.path.join(BUILD, 'perpetuo.lv2')
MIDNAM = b'http://ardour.org/lv2/midnam'
DUO, MELODY, DRUMS = range(3)
GM = {36: 'Kick', 38: 'Snare', 39: 'Clap', 42: 'Closed hat', 46: 'Open hat',
      45: 'Low tom', 50: 'High tom', 49: 'Crash', 51: 'Ride'}

POINTER, TEXT, INDEX = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint32
Mapper = ctypes.CFUNCTYPE(INDEX, POINTER, TEXT)
Updater = ctypes.CFUNCTYPE(None, POINTER)


class UridMap(ctypes.Structure):
    _fields_ = [('handle', POINTER), ('map', Mapper)]


class Update(ctypes.Structure):
    _fields_ = [('handle', POINTER), ('update', Updater)]


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


class Interface(ctypes.Structure):
    """Texts are pointers here, to be given back."""
    _fields_ = [('midnam', ctypes.CFUNCTYPE(POINTER, POINTER)),
                ('model', ctypes.CFUNCTYPE(POINTER, POINTER)),
                ('free', ctypes.CFUNCTYPE(None, POINTER))]


class Instance:
    def __init__(self, which, offers_update=True):
        path = os.path.join(BUNDLE, 'perpetuo.so')
        plain_build(path)
        try:
            self.library = ctypes.CDLL(path)
        except OSError as trouble:
            raise Skip('the plugin cannot be loaded here: %s' % trouble)
        self.library.lv2_descriptor.restype = ctypes.POINTER(Descriptor)
        self.plugin = self.library.lv2_descriptor(which).contents
        self.n_updates, self.urids, self.ports = 0, {}, {}
        self._keep = [
            UridMap(None, Mapper(lambda _, uri: self.urids.setdefault(
                uri, len(self.urids) + 1))),
            Update(None, Updater(self._update))]
        features = [Feature(uri, ctypes.cast(ctypes.pointer(data), POINTER))
                    for uri, data in zip(
                        (b'http://lv2plug.in/ns/ext/urid#map',
                         MIDNAM + b'#update'), self._keep)]
        features = features[:2 if offers_update else 1]
        self._keep.append(features)
        listed = (ctypes.POINTER(Feature) * (len(features) + 1))(
            *[ctypes.pointer(f) for f in features])
        self.handle = self.plugin.instantiate(
            None, 48000.0, (BUNDLE + '/').encode(), listed)
        check(self.handle, 'no instance')
        self.names = ctypes.cast(
            self.plugin.extension_data(MIDNAM + b'#interface'),
            ctypes.POINTER(Interface)).contents

    def _update(self, _):
        self.n_updates += 1

    def set(self, symbol, value):
        with open(os.path.join(TOP, 'ttl/plugin.ttl'), encoding='utf-8') as ttl:
            index = int(re.search(r'lv2:index (\d+) ;\s+lv2:symbol "%s"'
                                  % symbol, ttl.read()).group(1))
        self.ports[index] = ctypes.c_float(value)
        self.plugin.connect_port(self.handle, index, ctypes.cast(
            ctypes.pointer(self.ports[index]), POINTER))

    def run(self):
        self.plugin.run(self.handle, 256)

    def ask(self, what):
        pointer = getattr(self.names, what)(self.handle)
        check(pointer, what)
        text = ctypes.string_at(pointer).decode()
        self.names.free(pointer)
        return text

    def notes(self):
        """Channel -> key -> name, as a reader of such documents finds them."""
        device = ElementTree.fromstring(self.ask('midnam')).find(
            'MasterDeviceNames')
        check(device.findtext('Model') == self.ask('model'), 'model')
        lists = {one.get('Name'): {int(n.get('Number')): n.get('Name')
                                   for n in one.iter('Note')}
                 for one in device.iter('NoteNameList')}
        sets = {one.get('Name'): one for one in device.iter('ChannelNameSet')}
        found = {}
        for row in device.iter('ChannelNameSetAssign'):
            names = sets[row.get('NameSet')]
            available = [c.get('Channel') for c in names.iter(
                'AvailableChannel') if c.get('Available') == 'true']
            check(row.get('Channel') in available, row.attrib)
            use = names.find('UsesNoteNameList')
            if use is not None:
                found[int(row.get('Channel'))] = lists[use.get('Name')]
        return found

    def free(self):
        self.plugin.cleanup(self.handle)


def test_the_drums_have_names():
    for which, wanted in ((DUO, {10: GM}), (DRUMS, {10: GM}), (MELODY, {})):
        one = Instance(which)
        check(one.notes() == wanted, one.notes())
        one.run()
        check(one.notes() == wanted and not one.n_updates, 'after a run')
        one.free()


def test_names_follow_channel_and_map():
    one = Instance(DUO)
    one.set('drum_channel', 3)
    check(one.notes() == {10: GM}, 'told before it was run')
    one.run()
    check(one.notes() == {3: GM} and one.n_updates == 1, one.notes())
    one.set('drum_map', 1)
    one.run()
    one.run()
    check(one.n_updates == 2, '%d updates' % one.n_updates)
    check(sorted(one.notes()[3]) == list(range(36, 45)), one.notes())
    check(sorted(one.notes()[3].values()) == sorted(GM.values()), 'names')
    one.free()


def test_a_host_need_not_offer_anything():
    one = Instance(DUO, offers_update=False)
    one.set('drum_channel', 16)
    one.run()
    check(one.notes() == {16: GM}, one.notes())
    one.free()


def test_each_instance_has_its_model():
    two = [Instance(DRUMS), Instance(DRUMS)]
    check(two[0].ask('model') != two[1].ask('model'), two[0].ask('model'))
    for one in two:
        one.free()


if __name__ == '__main__':
    run(test_the_drums_have_names, test_names_follow_channel_and_map,
        test_a_host_need_not_offer_anything, test_each_instance_has_its_model)
