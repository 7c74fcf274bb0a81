#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The layers of CONTRIBUTING.md, checked from the #include lines.

Usage: check_layers.py SOURCE_ROOT
"""

import pathlib
import re
import sys

# One row for each layer: the directory, and the layers whose headers it may include besides its own.
LAYERS = {
    'nm-plugin/core': [],
    'nm-plugin/libvirt': ['nm-plugin/core'],
    'nm-plugin/link': ['nm-plugin/core'],
    'nm-plugin/nm': ['nm-plugin/core'],
    'nm-plugin/nss': [],
    'nm-plugin/state': ['nm-plugin/core', 'nm-plugin/libvirt', 'nm-plugin/link', 'nm-plugin/nm'],
    'nm-plugin/service': ['nm-plugin/core', 'nm-plugin/libvirt', 'nm-plugin/link', 'nm-plugin/nm'],
    'nm-plugin/tool': ['nm-plugin/core', 'nm-plugin/libvirt', 'nm-plugin/link', 'nm-plugin/nm',
                       'nm-plugin/state'],
    'dispatcher': ['nm-plugin/core', 'nm-plugin/libvirt', 'nm-plugin/link', 'nm-plugin/nm',
                   'nm-plugin/state'],
    'properties': ['nm-plugin/core', 'nm-plugin/libvirt', 'nm-plugin/nm', 'nm-plugin/state'],
}

# The same for the rooms of core. '' is its root, which every room may include.
ROOMS = {
    '': [],
    'profile': [''],
    'host': ['', 'profile', 'status'],
    'isolated': ['', 'profile', 'host'],
    'share': ['', 'profile', 'host', 'status'],
    'move': ['', 'profile', 'host'],
    'status': [''],
    'check': ['', 'profile', 'host', 'isolated', 'share', 'move', 'status'],
}

# One row for each library: a pattern for its headers, and the only places that may include them.
LIBRARIES = [
    (r'libvirt/', ['nm-plugin/libvirt/nmm-libvirt']),
    (r'libvirt-glib/', ['nm-plugin/libvirt/nmm-libvirt']),
    (r'netlink/', ['nm-plugin/link/']),
    (r'libxml/', ['nm-plugin/core/', 'properties/']),
    (r'NetworkManager\.h', ['nm-plugin/nm/', 'nm-plugin/state/', 'nm-plugin/service/',
                            'nm-plugin/tool/', 'dispatcher/', 'properties/']),
    (r'json-glib/', ['nm-plugin/tool/']),
    (r'(gtk/|nma-)', ['properties/']),
]

# Core decides and does no I/O.
CORE_FORBIDDEN = r'(sys/socket|sys/ioctl|unistd|fcntl|glib/gstdio|time)\.h'

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)


def check_rooms(root):
    core = root / 'nm-plugin/core'
    room = {file.name: file.parent.relative_to(core).as_posix().removeprefix('.')
            for file in core.rglob('*.[ch]')}
    for name, source in ((name, core / room[name] / name) for name in sorted(room)):
        allowed = [room[name], *ROOMS.get(room[name], [])]
        for kind, header in INCLUDE.findall(source.read_text()):
            if room.get(header, room[name]) not in allowed:
                yield f'{name}: room {room[name]!r} of core must not include {header}'
        if room[name] not in ROOMS:
            yield f'{name}: room {room[name]!r} of core is not in the table'


def main(root):
    root = pathlib.Path(root)
    home = {}
    for layer in LAYERS:
        for header in (root / layer).rglob('*.h'):
            home[header.name] = layer

    faults = []
    seen = 0
    for layer, allowed in LAYERS.items():
        for source in sorted((root / layer).rglob('*.[ch]')):
            name = source.relative_to(root).as_posix()
            for kind, header in INCLUDE.findall(source.read_text()):
                seen += 1
                owner = home.get(header)
                if owner and owner != layer and owner not in allowed:
                    faults.append(f'{name}: {layer} must not include {header} of {owner}')
                for pattern, places in LIBRARIES:
                    if kind == '<' and re.match(pattern, header) \
                            and not any(name.startswith(p) for p in places):
                        faults.append(f'{name}: <{header}> belongs to {", ".join(places)} alone')
                if layer == 'nm-plugin/core' and re.fullmatch(CORE_FORBIDDEN, header):
                    faults.append(f'{name}: core does no I/O, so no <{header}>')

    faults += check_rooms(root)
    if seen < 100:
        faults.append(f'only {seen} includes seen: is {root} the source root?')
    print('TAP version 13\n1..1')
    for fault in faults:
        print(f'# {fault}')
    print('not ok 1 - layers' if faults else f'ok 1 - layers ({seen} includes)')
    return bool(faults)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
