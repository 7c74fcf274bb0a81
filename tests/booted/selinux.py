# SPDX-License-Identifier: GPL-2.0-or-later
"""SELinux enforces the policy of Debian with the module of packaging/selinux."""

from vm import check, equal

OPTIONS = 'security=selinux selinux=1 audit=1 audit_backlog_limit=8192'


def step_selinux_enforces(machine):
    equal(machine.run('getenforce'), 'Enforcing', 'SELinux')


def step_programs_run_in_their_domain(machine):
    machine.up('share', 'ifname', 'eth0')
    check('nm_macvtap_t' in machine.run('ps', '-eZ'), 'no process in the domain of the service')
    for path, name in (('/run/nm-macvtap', 'runtime'), ('/run/nm-macvtap/hosts', 'hosts'), ('/usr/libexec/nm-macvtap-service', 'exec')):
        equal(machine.run('stat', '-c', '%C', path).split(':')[2], f'nm_macvtap_{name}_t', f'type of {path}')
    machine.down('share')
    machine.wait_idle()


def no_denial_is_about_this_project(machine):
    """The driver of libvirt for containers, which is permissive, always makes some: see libvirt.cil."""
    denials = machine.denials()
    check(denials, 'no denials at all')
    # The driver for containers changes the control groups of all processes.
    found = [line for line in denials if ':nm_macvtap_' in line and ':virtd_lxc_t:' not in line]
    check(not found, '\n'.join(found))
    return f'{len(denials)} denials, {len(found)} about this project'
