#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The PKGBUILD for Arch: makepkg builds the package from a copy of the tree, shellcheck finds nothing, and the install script
does the right thing."""

import pathlib
import re
import shutil
import tarfile

import cases
from cases import SOURCE, check, equal, must

ARCH = SOURCE / 'packaging/arch'
# What makepkg reads and what it provides.
FREE_VARIABLES = 'SC2034,SC2154'
# Of Arch's package meson; there, libdir is meson's own default. Without the tests, which makepkg does not run here.
ARCH_MESON = '''#!/bin/sh
exec meson setup --prefix /usr --libdir lib --libexecdir lib --sbindir bin --buildtype plain --auto-features enabled \\
    --wrap-mode nodownload -D b_pie=true -D tests=false "$@"
'''
FILES = '''usr/bin/nm-macvtap
usr/lib/nm-macvtap-dispatcher
usr/lib/nm-macvtap-service
usr/lib/NetworkManager/VPN/nm-macvtap-service.name
usr/lib/NetworkManager/dispatcher.d/no-wait.d/90-nm-macvtap
usr/lib/NetworkManager/libnm-vpn-plugin-macvtap.so
usr/lib/NetworkManager/libnm-vpn-plugin-macvtap-editor.so
usr/lib/NetworkManager/libnm-gtk4-vpn-plugin-macvtap-editor.so
usr/lib/systemd/system/nm-macvtap-dispatcher.service
usr/lib/systemd/system/libvirtd.service.wants/nm-macvtap-refresh@libvirtd.service
usr/lib/tmpfiles.d/nm-macvtap.conf
usr/lib/udev/rules.d/90-nm-macvtap.rules
usr/share/dbus-1/system.d/nm-macvtap-service.conf
usr/share/man/man8/nm-macvtap.8.gz'''.splitlines()


def stub_programs(directory, *names):
    """A directory with programs that only print how they are called."""
    bin_dir = directory / 'bin'
    bin_dir.mkdir(exist_ok=True)
    for name in names:
        path = bin_dir / name
        path.write_text('#!/bin/sh\necho "$(basename "$0") $*"\n')
        path.chmod(0o755)
    return {'PATH': f'{bin_dir}:/usr/bin:/bin'}


def call(directory, function):
    """What FUNCTION of the install script calls on a host with systemd."""
    return must('bash', '-ec', f'source {ARCH}/networkmanager-macvtap.install; {function} 0.1.0',
                env=stub_programs(directory, 'systemctl', 'nm-macvtap')).splitlines()


def makepkg(directory, *options):
    """In DIRECTORY, and not as root, which makepkg refuses; there is no pacman."""
    return must('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'makepkg', *options, cwd=directory,
                env={**stub_programs(directory.parent, 'pacman'), 'HOME': '/nonexistent', 'LC_ALL': 'C.UTF-8',
                     'CARCH': 'x86_64', 'PKGEXT': '.pkg.tar'})


def test_makepkg_builds_it(directory):
    copy = directory / 'arch'
    shutil.copytree(ARCH, copy)
    version = re.search('^pkgver=(.*)', (copy / 'PKGBUILD').read_text(), re.M)[1]
    cases.make_tarball(copy, version)
    arch_meson = stub_programs(directory)['PATH'].split(':', maxsplit=1)[0] + '/arch-meson'
    pathlib.Path(arch_meson).write_text(ARCH_MESON)
    pathlib.Path(arch_meson).chmod(0o755)
    for path in (directory, copy, *copy.iterdir()):
        path.chmod(0o777)
    makepkg(copy, '--nodeps', '--nocheck')


def package(directory):
    path, = (directory / 'arch').glob('*.pkg.tar')
    return tarfile.open(path)


def test_package_describes_itself(directory):
    with package(directory) as archive:
        text = archive.extractfile('.PKGINFO').read().decode()
        check('pkgname = networkmanager-macvtap' in text, text)
        check('.INSTALL' in archive.getnames(), archive.getnames())


def test_package_has_its_files_where_arch_has_them(directory):
    with package(directory) as archive:
        files = {member.name: member for member in archive if not member.isdir()}
    for name in FILES:
        check(name in files, f'no {name} in {sorted(files)}')
    equal({member.uname for member in files.values()} | {member.gname for member in files.values()}, {'root'}, 'owners')
    equal({name.split('/')[0] for name in files if not name.startswith('.')}, {'usr'}, 'directories of the root')
    equal([name for name in files if name.startswith(('usr/lib/x86_64', 'usr/libexec', 'usr/sbin'))], [],
          'files in directories that Arch does not have')


def test_shellcheck_finds_nothing(directory):
    must('shellcheck', '--shell=bash', f'--exclude={FREE_VARIABLES}', ARCH / 'PKGBUILD')
    must('shellcheck', '--shell=bash', ARCH / 'networkmanager-macvtap.install')


def test_installation_and_upgrade_refresh_without_waiting(directory):
    pathlib.Path('/run/systemd/system').mkdir(parents=True, exist_ok=True)
    for function in ('post_install', 'post_upgrade'):
        calls = call(directory, function)
        check('systemctl --no-block restart nm-macvtap-refresh.service' in calls, f'{function}: {calls}')
        equal([line for line in calls if line.startswith('systemctl') and '--no-block' not in line], ['systemctl daemon-reload'],
              f'{function}: calls that wait')


def test_removal_retires(directory):
    check('nm-macvtap retire' in call(directory, 'pre_remove'), 'retire is not called')


if __name__ == '__main__':
    cases.enter_private_mounts('/run')
    cases.main()
