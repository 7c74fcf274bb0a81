#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules for every source file: licence line, format, size, one documentation of each function, no shell, no
printf'd XML.

Usage: check_sources.py SOURCE_ROOT
"""

import pathlib
import re
import subprocess
import sys

from report import report

DIRECTORIES = ['nm-plugin', 'dispatcher', 'properties', 'tests']
PRODUCT = ('nm-plugin/', 'dispatcher/', 'properties/')

# One row a rule for the product's C: what must not stand there, and why.
FORBIDDEN = [
    (r'\b(system|popen)\s*\(', 'nothing goes through a shell'),
    (r'\bg_spawn_', 'no program is started from the product'),
    (r'printf\s*\([^;]*"<[a-z]', 'XML is built with libxml2, never with printf'),
    (r'\b(TODO|FIXME|XXX)\b', 'work for later belongs into an issue'),
    (r'\bg_test_skip\b', 'a skipped test is a failing test'),
    (r'\b(?:if|while) \([\w.>-]+ [=!]= NULL\b', 'write `if (!pointer)`'),
]

# The functions that libnm's plugin interface documents.
GTK_DOC = ['properties/nmm-editor-plugin.c']

MAX_LINES = 600


def c_sources(root):
    for directory in DIRECTORIES:
        yield from sorted((root / directory).rglob('*.[ch]'))


def check_licence(root):
    faults = []
    for path in c_sources(root):
        if 'SPDX-License-Identifier: ' not in path.read_text().split('\n', 1)[0]:
            faults.append(f'{path.relative_to(root)}: no SPDX line at the top')
    return faults


def check_format(root):
    sources = [str(path) for path in c_sources(root)]
    result = subprocess.run(['clang-format', '--dry-run', '--Werror', *sources],
                            capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return []
    return sorted({re.sub(r':\d+:\d+:.*', ': run clang-format -i on it', line)
                   for line in result.stderr.splitlines() if ': error:' in line}) \
        or [result.stderr]


def check_forbidden(root):
    faults = []
    for path in c_sources(root):
        name = path.relative_to(root).as_posix()
        if not name.startswith(PRODUCT):
            continue
        text = re.sub(r'/\*.*?\*/', lambda m: '\n' * m[0].count('\n'), path.read_text(),
                      flags=re.DOTALL)
        for pattern, why in FORBIDDEN:
            for match in re.finditer(pattern, text):
                line = text.count('\n', 0, match.start()) + 1
                faults.append(f'{name}:{line}: {match[0].split()[0]!r}: {why}')
    return faults


def check_documentation(root):
    """A function is documented once, in its header, in a plain comment."""
    return [f'{path.relative_to(root)}:{number}: gtk-doc block; document the function in the header, once'
            for path in c_sources(root) if path.relative_to(root).as_posix() not in GTK_DOC
            for number, line in enumerate(path.read_text().splitlines(), 1) if line.startswith('/**')]


def check_size(root):
    """A file has one noun; a longer one has probably two."""
    return [f'{path.relative_to(root)}: {lines} lines, at most {MAX_LINES}' for path in c_sources(root)
            if path.relative_to(root).as_posix().startswith(PRODUCT)
            and (lines := path.read_text().count('\n')) > MAX_LINES]


def main(root):
    root = pathlib.Path(root)
    checks = [check_licence, check_format, check_forbidden, check_documentation, check_size]
    return report({check.__name__: check(root) for check in checks})


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
