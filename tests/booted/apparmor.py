# SPDX-License-Identifier: GPL-2.0-or-later
"""AppArmor enforces the profiles of Debian's packages. This project has none."""

import re

from vm import check

OPTIONS = 'security=apparmor apparmor=1'


def step_apparmor_enforces(machine):
    profiles = machine.run('cat', '/sys/kernel/security/apparmor/profiles')
    check(re.search(r'libvirtd \(enforce\)', profiles), profiles)


def no_denial_is_about_this_project(machine):
    """One denial is made here, to see that they are found."""
    machine.run('aa-exec', '-p', 'virt-aa-helper', '--', 'cat', '/etc/shadow', check=False)
    denials = machine.wait(machine.denials, 'a denial')
    found = [line for line in denials if 'nm-macvtap' in line]
    check(not found, '\n'.join(found))
    return f'{len(denials)} denials, {len(found)} about this project'
