# Copyright 2026 The Perpetuo authors
# SPDX-License-Identifier: ISC

"""The names of the drums' notes, asked for as Ardour asks: by extension data."""

import ctypes
from xml.etree import ElementTree

from check import check, run
from instance import DRUMS, DUO, MELODY, MIDNAM, POINTER, Instance

GM = {36: 'Kick', 38: 'Snare', 39: 'Clap', 42: 'Closed hat', 46: 'Open hat',
      45: 'Low tom', 50: 'High tom', 49: 'Crash', 51: 'Ride'}


class Interface(ctypes.Structure):
    """Texts are pointers here, to be given back."""
    _fields_ = [('midnam', ctypes.CFUNCTYPE(POINTER, POINTER)),
                ('model', ctypes.CFUNCTYPE(POINTER, POINTER)),
                ('free', ctypes.CFUNCTYPE(None, POINTER))]


class Named(Instance):
    def __init__(self, which, offers=('update',)):
        super().__init__(which, offers)
        self.names = self.extension(MIDNAM + b'#interface', Interface)

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


def test_the_drums_have_names():
    for which, wanted in ((DUO, {10: GM}), (DRUMS, {10: GM}), (MELODY, {})):
        one = Named(which)
        check(one.notes() == wanted, one.notes())
        one.run()
        check(one.notes() == wanted and not one.n_updates, 'after a run')
        one.free()


def test_names_follow_channel_and_map():
    one = Named(DUO)
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
    one = Named(DUO, offers=())
    one.set('drum_channel', 16)
    one.run()
    check(one.notes() == {16: GM}, one.notes())
    one.free()


def test_each_instance_has_its_model():
    two = [Named(DRUMS), Named(DRUMS)]
    check(two[0].ask('model') != two[1].ask('model'), two[0].ask('model'))
    for one in two:
        one.free()


if __name__ == '__main__':
    run(test_the_drums_have_names, test_names_follow_channel_and_map,
        test_a_host_need_not_offer_anything, test_each_instance_has_its_model)
