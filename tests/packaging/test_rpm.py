#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The RPM packages: rpmbuild builds them from a copy of the tree, rpmlint finds no error, and their scriptlets do the
right thing on installation, upgrade and removal.

rpm-macros has the macros of Fedora that Debian's rpm lacks. systemctl, semodule and the packaged command are replaced by
programs that only record how they are called.
"""

import os
import pathlib

import cases
from cases import SOURCE, check, equal, must

NAME = 'NetworkManager-macvtap'
SPEC = SOURCE / 'packaging/rpm' / f'{NAME}.spec'
CALLS = pathlib.Path('/run/calls')
RECORDER = f'#!/bin/sh\necho "$(basename "$0") $*" >>{CALLS}\n'
REFRESH = 'systemctl --no-block restart nm-macvtap-refresh.service'
RETIRE = 'nm-macvtap retire'


def macros(directory):
    return '--load', pathlib.Path(__file__).parent / 'rpm-macros', '--define', f'_topdir {directory}'


def packages(directory):
    """The built packages by their names."""
    built = {must('rpm', '-qp', '--qf', '%{name}', path): path for path in sorted((directory / 'RPMS').rglob('*.rpm'))}
    equal(set(built), {NAME, f'{NAME}-gnome', f'{NAME}-nss', f'{NAME}-selinux'}, 'packages')
    return built


def files(package):
    return set(must('rpm', '-qpl', package).splitlines())


def rpm(*argv):
    """rpm on a private database; returns what the scriptlets called."""
    CALLS.write_text('')
    output = must('rpm', '--dbpath', '/run/rpm', '--nodeps', *argv)
    check('failed' not in output, output)
    return CALLS.read_text().splitlines()


def replace(program):
    program = pathlib.Path(program)
    program.unlink(missing_ok=True)
    program.write_text(RECORDER)
    program.chmod(0o755)


def prepare_host():
    """/run as systemd makes it, and recorders for what the scriptlets call."""
    must('mount', '-t', 'tmpfs', 'run', '/run')
    pathlib.Path('/run/systemd/system').mkdir(parents=True)
    for name in ('bin/systemctl', 'sbin/semodule', 'sbin/fixfiles'):
        replace(f'/usr/{name}')


def test_rpmbuild_builds_the_packages(directory):
    for name in ('SOURCES', 'BUILD', 'RPMS'):
        (directory / name).mkdir()
    version = must('rpmspec', '-q', '--srpm', '--qf', '%{version}', *macros(directory), SPEC)
    cases.make_tarball(directory / 'SOURCES', version)
    must('rpmbuild', '-bb', '--nodeps', '--without', 'check', *macros(directory), SPEC)
    packages(directory)


def test_toolkits_are_in_the_package_gnome_only(directory):
    built = packages(directory)
    for name, package in built.items():
        needs_gtk = 'libgtk-' in must('rpm', '-qp', '--requires', package)
        equal(needs_gtk, name == f'{NAME}-gnome', f'{name} requires GTK')


def test_no_file_is_in_two_packages(directory):
    lists = [files(package) for package in packages(directory).values()]
    for i, one in enumerate(lists):
        for other in lists[i + 1:]:
            equal({name for name in one & other if 'build-id' not in name}, set(), 'files in two packages')


def test_rpmlint_finds_no_error(directory):
    output = cases.run('rpmlint', '--ignore-unused-rpmlintrc', '-r', SPEC.with_suffix('.rpmlintrc'), SPEC,
                       *packages(directory).values()).stdout
    check(' 0 errors' in output, output)


def test_installation_refreshes_without_waiting(directory):
    prepare_host()
    calls = rpm('-i', *packages(directory).values())
    check(REFRESH in calls, calls)
    check(RETIRE not in calls, calls)
    equal([call for call in calls if call.startswith('systemctl') and '--no-block' not in call and 'preset' not in call],
          ['systemctl daemon-reload'], 'systemctl calls that wait')
    modules = [call for call in calls if call.startswith('semodule')]
    check(modules and calls.index(modules[0]) < calls.index(REFRESH), f'the module is not installed first: {calls}')


def test_upgrade_keeps_the_profiles(directory):
    replace('/usr/bin/nm-macvtap')
    calls = rpm('-U', '--replacepkgs', '--force', *packages(directory).values())
    check(RETIRE not in calls, calls)
    check(REFRESH in calls, calls)
    check(not [call for call in calls if ' -r ' in call], f'the SELinux module is removed: {calls}')


def test_removal_retires_and_leaves_nothing(directory):
    lock = pathlib.Path('/run/nm-macvtap/dispatcher-lock')
    lock.parent.mkdir()
    lock.touch()
    built = packages(directory)
    installed = {name for package in built.values() for name in files(package)}
    replace('/usr/bin/nm-macvtap')
    calls = rpm('-e', *built)
    equal(calls.count(RETIRE), 1, f'calls of retire in {calls}')
    check([call for call in calls if call.startswith('semodule') and ' -r nm_macvtap' in call], calls)
    installed.add(str(lock))
    equal({name for name in installed if os.path.lexists(name) and not os.path.isdir(name)}, set(), 'files that are left')


if __name__ == '__main__':
    cases.enter_private_mounts('/usr', '/etc')
    cases.main()
