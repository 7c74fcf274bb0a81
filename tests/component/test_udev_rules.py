#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""udev's rule: which device refreshes the suggested profiles. The devices are in a network namespace of this program."""

import os
import pathlib
import shutil
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(SOURCE / 'tests' / 'packaging'))

import cases  # noqa: E402
from cases import equal, must  # noqa: E402

RULES = 'dispatcher/90-nm-macvtap.rules'


def enter_namespaces():
    if 'UDEV_RULES' not in os.environ:
        os.environ['UDEV_RULES'] = '1'
        os.execvp('unshare', ['unshare', '--mount', '--net', sys.executable, '-B', *sys.argv])
    must('mount', '-t', 'sysfs', 'sysfs', '/sys')
    must('mount', '-t', 'tmpfs', 'run', '/run')
    rules = pathlib.Path('/run/udev/rules.d')
    rules.mkdir(parents=True)
    (rules / '90-nm-macvtap.rules').write_text((SOURCE / RULES).read_text())
    must('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'lan0')


def refreshes(kind, name, action='add'):
    """Whether the device NAME refreshes: itself, or the device node of a macvtap."""
    # The record of an earlier device node with the same number.
    shutil.rmtree('/run/udev/data', ignore_errors=True)
    must('ip', 'link', 'add', 'link', 'eth0', 'name', name, 'type', kind, 'mode', 'bridge')
    network = pathlib.Path('/sys/class/net') / name
    outputs = [must('udevadm', 'test', f'--action={action}', path) for path in (network, *network.glob('macvtap/*'))]
    must('ip', 'link', 'delete', name)
    return any('SYSTEMD_WANTS=' in output and 'nm-macvtap-refresh.service' in output for output in outputs)


def test_macvtap_of_a_guest_refreshes(_directory):
    equal(refreshes('macvtap', 'macvtap0'), True, 'refresh')


def test_macvtap_that_a_user_named_refreshes(_directory):
    equal(refreshes('macvtap', 'web1'), True, 'refresh')


def test_macvlan_of_a_container_refreshes(_directory):
    equal(refreshes('macvlan', 'macvlan0'), True, 'refresh')


def test_host_link_does_not_refresh(_directory):
    equal(refreshes('macvtap', 'nmmveth0'), False, 'refresh')


def test_macvlan_of_another_program_does_not_refresh(_directory):
    equal([refreshes('macvlan', name) for name in ('mv-eth0', 'macvlan-shim')], [False, False], 'refresh')


def test_device_that_goes_does_not_refresh(_directory):
    equal([refreshes(kind, f'{kind}0', 'remove') for kind in ('macvtap', 'macvlan')], [False, False], 'refresh')


if __name__ == '__main__':
    enter_namespaces()
    cases.main()
