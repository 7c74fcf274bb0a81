#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks that the packages match the build: every file that `meson install` installs is in exactly one package of each
packaging, every file that a packaging lists is installed, and all packagings have the project's version.

Usage: check_packages.py SOURCE_ROOT BUILD_ROOT      BUILD_ROOT is built, with all features
"""

import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from report import report

SPEC = 'packaging/rpm/NetworkManager-macvtap.spec'

# One row for each packaging: the file, and the pattern of its version.
VERSIONS = [
    ('NEWS', r'^NetworkManager-macvtap (\S+)'),
    ('data/*.metainfo.xml.in', r'<release version="([^"]+)"'),
    ('debian/changelog', r'^network-manager-macvtap \((?:\d+:)?([^-)]+)'),
    ('packaging/arch/PKGBUILD', r'^pkgver=(\S+)'),
    (SPEC, r'^Version:\s*(\S+)'),
]

# Macros of RPM: those with a meson option, and those derived from them.
OPTION_MACROS = {'_bindir': 'bindir', '_libexecdir': 'libexecdir', '_libdir': 'libdir', '_datadir': 'datadir',
                 '_mandir': 'mandir'}
MACROS = {'_unitdir': '%{_prefix}/lib/systemd/system', '_tmpfilesdir': '%{_prefix}/lib/tmpfiles.d',
          '_udevrulesdir': '%{_prefix}/lib/udev/rules.d', '_presetdir': '%{_prefix}/lib/systemd/system-preset',
          '_metainfodir': '%{_datadir}/metainfo', '_docdir': '%{_datadir}/doc',
          '_sysusersdir': '%{_prefix}/lib/sysusers.d'}

# The spec builds and installs these itself.
NOT_OF_MESON = '*/selinux/*'


def read_options(build):
    output = subprocess.run(['meson', 'introspect', '--buildoptions', build], check=True, capture_output=True, text=True)
    return {option['name']: option['value'] for option in json.loads(output.stdout)}


def list_installed(build):
    """The files that `meson install` installs. Meson's introspection lists only one link of each name."""
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(['meson', 'install', '-C', build, '--no-rebuild', '--destdir', directory], check=True,
                       stdout=subprocess.DEVNULL)
        return sorted(os.path.join(path, name).removeprefix(directory)
                      for path, _, names in os.walk(directory, followlinks=False) for name in names)


def read_macros(text, options):
    prefix = options['prefix']
    macros = {'_prefix': prefix, **MACROS}
    macros.update({name: os.path.join(prefix, options[option]) for name, option in OPTION_MACROS.items()})
    macros.update(re.findall(r'^%global (\w+) (\S+)$', text, re.MULTILINE))
    macros['name'] = re.search(r'^Name:\s*(\S+)', text, re.MULTILINE)[1]
    return macros


def expand(text, macros):
    """Raises KeyError for a macro that this program does not know."""
    while (match := re.search(r'%\{(\w+)\}', text)):
        text = text.replace(match[0], macros[match[1]])
    return text


def read_spec(text, options):
    """The patterns of each package."""
    macros = read_macros(text, options)
    packages = {}
    for section in re.split(r'^%files', text, flags=re.MULTILINE)[1:]:
        head, _, body = section.partition('\n')
        name = (re.findall(r'^ +(\w+)', head) or ['main'])[0]
        patterns = packages.setdefault(name, [])
        if '.lang' in head:
            patterns.append(expand('%{_datadir}/locale/*/LC_MESSAGES/%{name}.mo', macros))
        for line in body.split('\n%changelog')[0].splitlines():
            if line and not re.match(r'%(?:license|doc|dir|if|else|endif)\b|#', line):
                patterns.append(expand(line, macros))
    return packages


def read_debian(directory, options):
    """The patterns of each package, from debhelper's files that list installed files."""
    packages = {}
    for path in sorted(directory.glob('*.install')) + sorted(directory.glob('*.manpages')):
        patterns = packages.setdefault(path.stem, [])
        for line in path.read_text().splitlines():
            words = line.split()
            if not words or words[0].startswith(('#', 'debian/')) and not words[0].startswith('debian/tmp/'):
                continue
            name = words[0].removeprefix('debian/tmp/').lstrip('/')
            patterns.append(os.path.join(options['prefix'], name.removeprefix('usr/')) if name.startswith('usr/')
                            else '/' + name)
    return packages


def matches(path, pattern):
    """A pattern of a directory matches all files in it."""
    return fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(path, pattern.rstrip('/') + '/*')


def compare(what, packages, installed):
    faults = []
    for path in installed:
        names = [name for name, patterns in packages.items() if any(matches(path, pattern) for pattern in patterns)]
        if len(names) != 1:
            faults.append(f"{what}: {path} is in {len(names)} packages: {', '.join(names)}")
    return faults + [f'{what}: {pattern}, in {name}, is not installed'
                     for name, patterns in packages.items() for pattern in patterns
                     if not fnmatch.fnmatchcase(pattern, NOT_OF_MESON)
                     and not any(matches(path, pattern) for path in installed)]


def check_files(root, build):
    options = read_options(build)
    installed = list_installed(build)
    faults = compare(SPEC, read_spec((root / SPEC).read_text(), options), installed)
    if (root / 'debian').exists():
        faults += compare('debian', read_debian(root / 'debian', options), installed)
    return faults


def check_versions(root):
    version = re.search(r"^    version: '(.+)'", (root / 'meson.build').read_text(), re.MULTILINE)[1]
    faults = []
    for name, pattern in VERSIONS:
        for path in root.glob(name):
            found = re.search(pattern, path.read_text(), re.MULTILINE)
            if not found or found[1] != version:
                faults.append(f'{path.relative_to(root)}: version {found and found[1]}, meson.build has {version}')
    return faults


def check_comparison():
    """The lint itself."""
    packages = {'a': ['/usr/bin/one', '/usr/share/doc/'], 'b': ['/usr/bin/*', '/usr/lib/gone.so']}
    faults = compare('', packages, ['/usr/bin/one', '/usr/bin/two', '/usr/share/doc/x/y', '/usr/lib/lost.so'])
    expected = [': /usr/bin/one is in 2 packages: a, b', ': /usr/lib/lost.so is in 0 packages: ',
                ': /usr/lib/gone.so, in b, is not installed']
    return [] if faults == expected else faults


def main(root, build):
    root = pathlib.Path(root)
    checks = {'comparison': check_comparison(), 'files': check_files(root, build), 'versions': check_versions(root)}
    return report(checks)


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
