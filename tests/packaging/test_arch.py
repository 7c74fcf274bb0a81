#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The PKGBUILD for Arch: makepkg and shellcheck accept it, and its install script does the right thing."""

import pathlib
import shutil

import cases
from cases import SOURCE, check, equal, must

ARCH = SOURCE / 'packaging/arch'
# What makepkg reads and what it provides.
FREE_VARIABLES = 'SC2034,SC2154'


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


def test_makepkg_accepts_it(directory):
    copy = directory / 'arch'
    shutil.copytree(ARCH, copy)
    for path in (directory, copy, *copy.iterdir()):
        path.chmod(0o777)
    # makepkg does not run as root, and not without pacman.
    output = must('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'makepkg', '--printsrcinfo', cwd=copy,
                  env=stub_programs(directory, 'pacman'))
    check('pkgbase = networkmanager-macvtap' in output, output)
    check('install = networkmanager-macvtap.install' in output, output)


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
