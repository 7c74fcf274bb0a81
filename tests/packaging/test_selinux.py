#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The SELinux module compiles, Debian's policy takes it, and the policy with it gives the installed files and the
programs the right types.

What NetworkManager and libvirt really ask for shows only on a booted host that enforces the policy.
"""

import pathlib
import shutil

import cases
from cases import SOURCE, equal, must

TYPE = 'default'
POLICY_DIR = pathlib.Path('/etc/selinux') / TYPE

# One row a path: the type of the file.
FILES = {
    '/usr/libexec/nm-macvtap-service': 'nm_macvtap_exec_t',
    '/usr/libexec/nm-macvtap-dispatcher': 'nm_macvtap_exec_t',
    '/usr/lib/NetworkManager/dispatcher.d/no-wait.d/90-nm-macvtap': 'nm_macvtap_exec_t',
    '/usr/lib/systemd/system/nm-macvtap-refresh.service': 'nm_macvtap_unit_t',
    '/usr/bin/nm-macvtap': 'bin_t',
    '/run/nm-macvtap': 'nm_macvtap_runtime_t',
    '/run/nm-macvtap/lock-x': 'nm_macvtap_runtime_t',
    '/run/nm-macvtap/hosts/x': 'nm_macvtap_hosts_t',
}

# NetworkManager, systemd, and a script of init, which the dispatcher is in Debian's policy.
STARTERS = ('NetworkManager_t', 'init_t', 'initrc_t')

# One row a right: source, target, class, permission.
RIGHTS = [
    ('nm_macvtap_t', 'virtd_t', 'unix_stream_socket', 'connectto'),
    ('virtd_t', 'nm_macvtap_t', 'file', 'read'),
    ('nm_macvtap_t', 'NetworkManager_t', 'dbus', 'send_msg'),
    ('NetworkManager_t', 'nm_macvtap_t', 'dbus', 'send_msg'),
    ('nm_macvtap_t', 'firewalld_t', 'dbus', 'send_msg'),
    ('nm_macvtap_t', 'sysctl_net_t', 'file', 'write'),
    ('nm_macvtap_t', 'nm_macvtap_t', 'packet_socket', 'create'),
    ('nm_macvtap_t', 'nm_macvtap_t', 'netlink_route_socket', 'nlmsg_write'),
    ('nm_macvtap_t', 'nm_macvtap_runtime_t', 'file', 'lock'),
    ('nm_macvtap_t', 'nm_macvtap_hosts_t', 'file', 'write'),
    ('nm_macvtap_t', 'virt_var_lib_t', 'dir', 'watch'),
    ('sshd_t', 'nm_macvtap_hosts_t', 'file', 'lock'),
    ('sshd_t', 'nm_macvtap_runtime_t', 'dir', 'search'),
]

# What a program that serves guests must not do.
DENIED = [
    ('nm_macvtap_t', 'shadow_t', 'file', 'read'),
    ('nm_macvtap_t', 'user_home_t', 'file', 'read'),
    ('nm_macvtap_t', 'shell_exec_t', 'file', 'execute'),
    ('nm_macvtap_t', 'etc_t', 'file', 'write'),
    ('nm_macvtap_t', 'nm_macvtap_t', 'capability', 'sys_admin'),
]


def policy():
    return max(POLICY_DIR.glob('policy/policy.*'))


def has_right(source, target, kind, permission):
    return bool(must('sesearch', '-A', '-s', source, '-t', target, '-c', kind, '-p', permission, policy()).strip())


def test_module_compiles(directory):
    shutil.copytree(SOURCE / 'packaging/selinux', directory / 'selinux')
    must('make', '-C', directory / 'selinux', '-f', '/usr/share/selinux/devel/Makefile', f'NAME={TYPE}', 'nm_macvtap.pp')


def test_policy_takes_the_module(directory):
    must('semodule', '-n', '-s', TYPE, '-i', directory / 'selinux/nm_macvtap.pp')


def test_files_have_their_types(directory):
    contexts = POLICY_DIR / 'contexts/files/file_contexts'
    for path, name in FILES.items():
        equal(must('matchpathcon', '-n', '-f', contexts, path).split(':')[2], name, path)


def test_programs_run_in_their_domain(directory):
    for starter in STARTERS:
        rules = must('sesearch', '-T', '-s', starter, '-t', 'nm_macvtap_exec_t', '-c', 'process', policy())
        equal(rules.split()[-1:], ['nm_macvtap_t;'], f'transition from {starter}')


def test_domain_has_the_rights_that_it_needs(directory):
    equal([row for row in RIGHTS if not has_right(*row)], [], 'missing')


def test_domain_has_no_rights_beyond(directory):
    equal([row for row in DENIED if has_right(*row)], [], 'allowed')


if __name__ == '__main__':
    cases.enter_private_mounts('/etc', '/var')
    cases.main()
