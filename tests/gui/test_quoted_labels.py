# SPDX-License-Identifier: GPL-2.0-or-later
"""Labels of other programs that our texts quote have the same translation as there, in every language."""

import gettext
import io
import os
import re
import subprocess

import desktop  # noqa: F401 (finds the modules of the sandbox)

import tap
from machine import SOURCE
from tap import check

SETTINGS = (
    'This profile is only for users who may not manage libvirt, so it cannot be switched on. Once it '
    'is added, open it again and tick "Make available to other users" under Details.')
EDITOR = (
    'This profile is only for users who may not manage libvirt, so it cannot be switched on. Tick "All '
    'users may connect to this network" under General.')


def open_ours(language):
    compiled = subprocess.run(['msgfmt', '-o', '-', os.path.join(SOURCE, 'po', f'{language}.po')],
                              capture_output=True, check=True).stdout
    return gettext.GNUTranslations(io.BytesIO(compiled))


def check_quoted(text, domain, *labels):
    with open(os.path.join(SOURCE, 'po/LINGUAS')) as file:
        languages = re.findall(r'^\w+$', file.read(), re.MULTILINE)
    for language in languages:
        ours = open_ours(language).gettext(text)
        theirs = gettext.translation(domain, '/usr/share/locale', [language])
        for label in labels:
            shown = re.sub(r'\(_\w\)|_', '', theirs.gettext(label))
            check(shown in ours, f"{language}: '{shown}' is not in '{ours}'")


def test_gnome_settings():
    check_quoted(SETTINGS, 'gnome-control-center-2.0', 'Make available to _other users', 'Details')


def test_nm_connection_editor():
    check_quoted(EDITOR, 'nm-applet', 'All _users may connect to this network', 'General')


if __name__ == '__main__':
    tap.main()
