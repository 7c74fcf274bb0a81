#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Translations: every source with text for users is in po/POTFILES.in, xgettext reads every message to its end,
and what is translated has the same mnemonics and placeholders as the message. The mnemonics of the editor page
differ from each other in every language, and the marks of "nm-macvtap check" fit their column.

A message without a translation is no fault while the project is worked on. With --release it is: every
language has every message then, none of them fuzzy.

Usage: check_translations.py [--release] SOURCE_ROOT
"""

import gettext
import pathlib
import re
import subprocess
import sys
import tempfile
import unicodedata

from report import report

DIRECTORIES = ('nm-plugin', 'dispatcher', 'properties')
MARK = re.compile(r'\b(?:N_|_|C_|ngettext)\(\s*"')
LABEL = re.compile(r'\bN?_\("([^"%]*_[A-Za-z0-9][^"%]*)"\)')
EDITOR = ('nm-plugin/core/profile/nmm-keys.c', 'nm-plugin/core/profile/nmm-mode.c',
          'properties/nmm-editor.c')
MACRO = re.compile(r'\bN?_\(\s*("(?:[^"\\]|\\.)*"\s*)+(\w+)')  # xgettext ends the message there
NOT_SHOWN = '_Mode'  # its choices stand for it
VERDICTS = ('ok    ', 'hint  ', 'wait  ', 'BROKEN')


def listed(root):
    lines = (root / 'po/POTFILES.in').read_text().splitlines()
    return [line for line in lines if line and not line.startswith('#')]


def check_potfiles(root):
    wanted = {path.relative_to(root).as_posix() for directory in DIRECTORIES
              for path in (root / directory).rglob('*.[ch]') if MARK.search(path.read_text())}
    have = {name for name in listed(root) if name.endswith('.c')}
    return [f'{name} is not in po/POTFILES.in' for name in sorted(wanted - have)] + \
        [f'{name} of po/POTFILES.in has nothing to translate' for name in sorted(have - wanted)]


def check_macros(root):
    return [f'{name}: {found[2]} is in the middle of a message; use a format without a macro'
            for name in listed(root) if name.endswith('.c')
            for found in MACRO.finditer((root / name).read_text())]


def languages(root):
    return [line for line in (root / 'po/LINGUAS').read_text().split('\n')
            if line and not line.startswith('#')]


def check_mnemonics(root, language, catalogue, release):
    labels = set(LABEL.findall(''.join((root / name).read_text() for name in EDITOR))) - {NOT_SHOWN}
    letters = {}
    for label in sorted(labels):
        shown = catalogue.gettext(label)
        if shown == label and not release:
            continue
        letters.setdefault(shown[shown.index('_') + 1].lower(), []).append(shown)
    assert len(labels) > 15, labels
    return [f'{language}: one letter for {shown}' for shown in letters.values() if len(shown) > 1]


def get_width(text):
    return sum(2 if unicodedata.east_asian_width(character) in 'WF' else 1 for character in text)


def check_marks(language, catalogue):
    marks = [catalogue.gettext(verdict) for verdict in VERDICTS]
    return [f"{language}: '{mark}' is not {len(VERDICTS[0])} columns wide" for mark in marks
            if get_width(mark) != len(VERDICTS[0])]


def check_language(root, template, language, release):
    path = root / 'po' / f'{language}.po'
    if not path.exists():
        return [f'{path} is missing']
    merged = subprocess.run(['msgmerge', '--quiet', '--no-fuzzy-matching', '-o', '-', path, template],
                            capture_output=True, text=True, check=True).stdout
    faults = []
    with tempfile.NamedTemporaryFile(suffix='.mo') as compiled:
        check = subprocess.run(['msgfmt', '--check', '--check-accelerators=_', '--statistics',
                                '-o', compiled.name, '-'],
                               input=merged, capture_output=True, text=True, check=False)
        if check.returncode:
            return [f'{language}: {check.stderr}']
        with pathlib.Path(compiled.name).open('rb') as file:
            catalogue = gettext.GNUTranslations(file)
    faults += check_mnemonics(root, language, catalogue, release) + check_marks(language, catalogue)
    for kind in ('untranslated', 'fuzzy') if release else ():
        found = re.search(rf'(\d+) {kind}', check.stderr)
        if found:
            missing = subprocess.run(['msgattrib', f'--{kind}', '--no-obsolete'], input=merged,
                                     capture_output=True, text=True, check=True).stdout
            first = re.findall(r'^msgid "(.+)"$|^"(?!.*: .*\\n)(.+)"$', missing, re.MULTILINE)
            faults.append(f'{language}: {found[1]} {kind}, such as {first[:1]}')
    return faults


def main(root, release):
    root = pathlib.Path(root)
    checks = {'every source is listed': check_potfiles(root), 'messages are whole': check_macros(root)}
    with tempfile.NamedTemporaryFile(suffix='.pot') as template:
        subprocess.run(['xgettext', '--from-code=UTF-8', '--keyword=_', '--keyword=N_',
                        f'--directory={root}', f'--files-from={root}/po/POTFILES.in', '-o', template.name],
                       check=True)
        for language in languages(root):
            checks[language] = check_language(root, template.name, language, release)
    return report(checks)


if __name__ == '__main__':
    sys.exit(main(sys.argv[-1], '--release' in sys.argv[1:-1]))
