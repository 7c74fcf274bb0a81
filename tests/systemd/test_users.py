#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Users and their profiles on a host with polkit and logind, as on a desktop.

    test_users.py DIRECTORY     with the packages"""

import installed
from cases import check, equal
from installed import add, interfaces, profiles, services
from session import Session

# Their groups. Debian's installer makes the first user a member of sudo.
USERS = {'plain': '', 'virt': 'libvirt', 'admin': 'sudo'}
MAY_MANAGE = ('virt', 'admin')
GUEST = '''<domain type='qemu'><name>alpha</name><memory unit='MiB'>16</memory><os><type>hvm</type></os><devices>
<interface type='direct'><source dev='eth0' mode='bridge'/></interface></devices></domain>'''
ADD = ('nmcli', 'connection', 'add', 'type', 'vpn', 'vpn-type', 'macvtap', 'autoconnect', 'no', 'con-name')


def add_private(session):
    """As the dialog "Add VPN" of GNOME Settings does."""
    code, output = session.run(*ADD, session.user, 'connection.permissions', f'user:{session.user}')
    equal(code, 0, f'{session.user} adds a private profile: {output}')


def up(session, name):
    return session.run('nmcli', '--wait', '60', 'connection', 'up', name)


def check_up(session, name):
    code, output = up(session, name)
    equal((code, profiles(session.host)[name]), (0, 'activated'), f'{session.user} activates {name}: {output}')
    equal(interfaces(session.host), 2, 'interfaces of the guest')
    code, output = session.run('nm-macvtap', 'status')
    check(name in output, f'status for {session.user}: {code} {output}')


def check_down(host, name, session=None):
    if session:
        equal(session.run('nmcli', 'connection', 'down', name)[0], 0, f'{session.user} deactivates {name}')
    host.wait(lambda: not profiles(host).get(name) and not services(host), f'{name} to be down')


def step_prepare(host):
    for user, group in USERS.items():
        host.run('useradd', '--create-home', *(['--groups', group] if group else []), user)
    host.run('virsh', 'define', '/dev/stdin', stdin=GUEST)
    add(host, 'system')


def step_private_profile_of_a_plain_user(host):
    with Session(host, 'plain') as session:
        add_private(session)
        code, output = up(session, 'plain')
        check(code != 0, output)
        equal((profiles(host)['plain'], services(host)), ('', []), 'state and services')
        equal(interfaces(host), 1, 'interfaces of the guest')
        # The journal, and what the user sees.
        reason = "private to 'plain', who may not manage libvirt"
        check(reason in host.journal('-t', 'nm-macvtap-service'), 'no reason in the journal')
        check(reason in session.run('nm-macvtap', 'status')[1], session.run('nm-macvtap', 'status')[1])


def step_private_profiles_of_those_who_manage_libvirt(host):
    for user in MAY_MANAGE:
        with Session(host, user) as session:
            add_private(session)
            check_up(session, user)
            check_down(host, user, session)


def step_private_profile_ends_with_the_session(host):
    """NetworkManager deactivates it, and its service cleans up."""
    with Session(host, 'admin') as session:
        check_up(session, 'admin')
    check_down(host, 'admin')
    check('nmmv' not in host.run('ip', 'link'), 'a host link is left')


def step_profile_of_the_administrator(host):
    """Users who sit at the machine may activate it, like any other profile that the administrator has made. Another one for all
    users may be made only by administrators."""
    for user in USERS:
        with Session(host, user) as session:
            check_up(session, 'system')
            check_down(host, 'system', session)
            code, output = session.run(*ADD, f'by-{user}')
            equal(code == 0, user == 'admin', f'{user} adds a profile for all users: {output}')


def step_users_who_came_over_the_network(host):
    """polkit refuses, before this project's service is asked."""
    for user in USERS:
        with Session(host, user, seat=False) as session:
            code, output = up(session, 'system')
            check(code != 0 and not services(host), f'{user} activates it over the network: {output}')


if __name__ == '__main__':
    installed.main(installed.boot_installed)
