#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The built modules: each exports its factory and nothing else, and the plugin links no toolkit and no
libvirt, since nmcli loads it too.

Usage: check_modules.py PLUGIN [EDITOR...]
"""

import re
import subprocess
import sys

PLUGIN_MUST_NOT_LINK = r'lib(gtk|gdk|adwaita|virt)'


def exported(path):
    output = subprocess.run(['nm', '-D', '--defined-only', path], capture_output=True, text=True,
                            check=True).stdout
    return sorted(line.split()[-1].split('@')[0] for line in output.splitlines())


def needed(path):
    output = subprocess.run(['readelf', '-d', path], capture_output=True, text=True, check=True).stdout
    return re.findall(r'\(NEEDED\).*\[(.*)\]', output)


def main(plugin, *editors):
    results = [('the plugin exports its factory alone', exported(plugin) == ['nm_vpn_editor_plugin_factory']),
               ('the plugin links no toolkit', not [name for name in needed(plugin)
                                                    if re.match(PLUGIN_MUST_NOT_LINK, name)])]
    for editor in editors:
        name = editor.rsplit('/', 1)[-1]
        links = needed(editor)
        toolkits = [name for name in ('libgtk-3.so.0', 'libgtk-4.so.1') if name in links]
        results += [(f'{name} exports its factory alone', exported(editor) == ['nm_vpn_editor_factory_macvtap']),
                    (f'{name} links the toolkit of its name',
                     toolkits == ['libgtk-4.so.1' if 'gtk4' in name else 'libgtk-3.so.0'])]
    print(f'TAP version 13\n1..{len(results)}')
    for number, (what, good) in enumerate(results, 1):
        print(f"{'ok' if good else 'not ok'} {number} - {what}")
    return not all(good for _, good in results)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
