# SPDX-License-Identifier: GPL-2.0-or-later
"""The real GNOME Settings: a profile from the plus sign to a ping, with mouse and keyboard only."""

import functools
import re
import signal

import desktop  # noqa: F401 (finds the modules of the sandbox)

import profiles
import tap
from desktop import Desktop, has_profile, vpn_data
from editor_page import check_keyboard
from tap import check, equal

APP = 'gnome-control-center'
TITLE = 'Host–guest network (macvtap)'
# The plus sign's name in Settings 43 and in 48.
PLUS = 'Add connection|Add VPN'
MODE_ROLES = 'radio button|check box'


def open_settings(host, **options):
    session = Desktop(host, **options)
    session.start(APP, 'network')
    session.wait_exists(APP, 'push button', PLUS, timeout=60)
    return session


@functools.cache
def has_tabs(session):
    """Settings 43 shows the editor page alone; Settings 48 has tabs and opens with the details."""
    version = session.host.run([APP, '--version']).stdout
    return int(re.search(r'\d+', version)[0]) > 43


def show_types(session):
    session.ask('click', APP, 'push button', PLUS)
    session.wait_exists(APP, 'label', TITLE)


def open_page(session, title=TITLE, tab='Identity', mode='Isolated network'):
    """The editor page, from the list of types."""
    def is_open():
        # Click again, because the list may still have been moving.
        if session.ask('exists', APP, 'label', title):
            session.ask('point', APP, 'label', title)
        session.wait_exists(APP, 'page tab', tab, timeout=4)
        return True

    if has_tabs(session):
        session.host.wait_for(is_open, f'the page of {title}', 30)
        session.wait('point', APP, 'page tab', tab)
    else:
        session.wait('point', APP, 'label', title)
    # It comes before the guests in the tree, and reading 1,000 guests takes long.
    session.wait_exists(APP, MODE_ROLES, mode)


def open_new_page(session):
    show_types(session)
    open_page(session)


def type_name(session, name):
    session.ask('type_into', APP, 'text|entry', 'Name', name)


def is_sensitive(session, role, name):
    return 'sensitive' in session.ask('state', APP, role, name)


def switch(session, host, name, state):
    """Toggles the profile's switch and waits for the result."""
    session.wait('click', APP, 'check box|toggle button|switch', f' {name}', False)
    host.wait_for(lambda: profiles.state(host, name) == state, f'{name} to be {state!r}', 60)


@tap.host()
def test_profile_made_and_switched(host):
    alpha, = host.running_guests('alpha')
    host.guest('beta').define()
    session = open_settings(host)
    open_new_page(session)
    session.wait_exists(APP, 'check box', 'alpha (eth0)')

    type_name(session, 'lab')
    session.ask('type_into', APP, 'text|entry', 'IPv4 address', '10.99.0.1')
    session.wait_exists(APP, 'label', 'has no prefix length', False)
    host.wait_for(lambda: not is_sensitive(session, 'push button', 'Add'), 'Add to be refused')
    session.screenshot('gnome-settings-error')
    session.ask('type_into', APP, 'text|entry', 'IPv4 address', '10.99.0.1/24')
    host.wait_for(lambda: is_sensitive(session, 'push button', 'Add'), 'Add to be possible')
    session.ask('click', APP, 'check box', 'beta (eth0)')
    host.wait_for(lambda: session.ask('read', APP, 'text|entry', 'Guests') == '', 'Guests')
    session.screenshot('gnome-settings-light')
    session.ask('click', APP, 'push button', 'Add')

    host.wait_for(lambda: has_profile(host, 'lab'), 'the profile')
    equal(vpn_data(host, 'lab'), {'mode': 'isolated', 'address': '10.99.0.1/24', 'exclude-guests': 'beta'},
          'vpn.data')
    # Private, as GNOME makes it.
    equal(permissions(host, 'lab'), 'user:root', 'permissions')

    switch(session, host, 'lab', 'activated')
    theirs = profiles.reach(host, alpha, '10.99.0.1')
    session.screenshot('gnome-settings-on')
    equal(host.nm_state(), 'connected:full', 'state of NetworkManager')
    switch(session, host, 'lab', '')
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    profiles.unreachable(host, alpha, theirs, '10.99.0.1')


@tap.host()
def test_modes_and_dark_style(host):
    session = open_settings(host, dark=True)
    open_new_page(session)
    session.screenshot('gnome-settings-dark')
    session.ask('click', APP, 'radio button|check box', 'Shared address')
    type_name(session, 'shared')
    session.ask('type_into', APP, 'text|entry', 'Parent device', 'eth0')
    host.wait_for(lambda: session.ask('read', APP, 'text|entry', 'Parent device') == 'eth0', 'eth0')
    session.ask('click', APP, 'push button|toggle button', 'More options')
    session.wait_exists(APP, 'label', 'Host link name')
    session.screenshot('gnome-settings-share')
    session.ask('click', APP, 'push button', 'Add')
    host.wait_for(lambda: has_profile(host, 'shared'), 'the profile')
    equal(vpn_data(host, 'shared'), {'mode': 'share', 'parent': 'eth0'}, 'vpn.data')


def permissions(host, name):
    return host.nmcli('-e', 'no', '-g', 'connection.permissions', 'connection', 'show', name).stdout.strip()


def private_session(host, *groups):
    host.run(['useradd', '--create-home', '--user-group', 'alice'])
    for group in groups:
        host.run(['usermod', '--append', '--groups', group, 'alice'])
    session = open_settings(host, user='alice')
    open_new_page(session)
    return session


def add_private(host, session):
    type_name(session, 'mine')
    session.ask('click', APP, 'push button', 'Add')
    host.wait_for(lambda: has_profile(host, 'mine'), 'the profile')
    equal(permissions(host, 'mine'), 'user:alice', 'permissions')


@tap.host()
def test_private_profile_is_refused_and_says_what_to_do(host):
    session = private_session(host)
    session.wait_exists(APP, 'label', 'tick "Make available to other users" under Details', False)
    session.screenshot('gnome-settings-private')
    add_private(host, session)
    session.wait('click', APP, 'check box|toggle button|switch', ' mine', False)
    host.wait_for(lambda: "private to 'alice', who may not manage libvirt" in host.journal(),
                  'the refusal in the journal', 30)
    host.wait_for(lambda: profiles.state(host, 'mine') == '', 'the switch to go back')
    check('isolated' not in host.virsh('net-list', '--all', '--name').stdout.split(), 'a network was made')

    # The remedy that the page shows makes it work.
    session.wait('click', APP, 'push button', 'Options…|VPN Options')
    session.wait('click', APP, 'check box', 'Make available to other users')
    host.wait_for(lambda: is_sensitive(session, 'push button', 'Apply'), 'Apply to be possible')
    session.ask('click', APP, 'push button', 'Apply')
    host.wait_for(lambda: permissions(host, 'mine') == '', 'the profile to be for everybody')
    switch(session, host, 'mine', 'activated')
    equal(host.virsh('net-list', '--name').stdout.split(), ['isolated'], 'networks')


def check_private_profile(host, group):
    session = private_session(host, group)
    check(not session.ask('exists', APP, 'label', 'users who may not manage libvirt', False), 'a notice')
    add_private(host, session)
    switch(session, host, 'mine', 'activated')
    equal(host.virsh('net-list', '--name').stdout.split(), ['isolated'], 'networks')


@tap.host()
def test_private_profile_of_the_group_libvirt_is_accepted(host):
    check_private_profile(host, 'libvirt')


@tap.host()
def test_private_profile_of_an_administrator_is_accepted(host):
    """Debian's installer makes the first user a member of 'sudo', but not of 'libvirt'."""
    check_private_profile(host, 'sudo')


def define_many(host, count):
    """Defines that many macvtap guests with one virsh."""
    lines = []
    for number in range(count):
        path = f'/run/guests/many-{number}.xml'
        host.write(path, f"""<domain type='qemu'><name>many-{number}</name><memory>65536</memory>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices><interface type='direct'>
<source dev='eth0' mode='bridge'/></interface></devices></domain>""")
        lines.append(f'define {path}')
    host.run(['virsh', '--quiet'], stdin='\n'.join(lines) + '\n', timeout=200)


def close_page(session, host):
    check(session.ask('is_window_shown', 'Add VPN'), 'the page has another title')
    session.ask('click', APP, 'push button', 'Cancel')
    host.wait_for(lambda: not session.ask('is_window_shown', 'Add VPN'), 'the end of the page')


@tap.host()
def test_page_is_there_whatever_libvirt_does(host):
    session = open_settings(host)
    define_many(host, 1000)
    open_new_page(session)
    session.wait_exists(APP, 'check box', 'many-0 (eth0)', timeout=60)
    close_page(session, host)

    host.signal_service('libvirtd', signal.SIGSTOP)
    open_new_page(session)
    session.wait_exists(APP, 'label', 'Looking for guests…')
    # It still reacts.
    type_name(session, 'typed')
    session.ask('type_into', APP, 'text|entry', 'Guests', 'many-1 many-2')
    session.ask('click', APP, 'push button', 'Add')
    host.wait_for(lambda: has_profile(host, 'typed'), 'the profile')
    host.signal_service('libvirtd', signal.SIGCONT)
    equal(vpn_data(host, 'typed'), {'mode': 'isolated', 'guests': 'many-1 many-2'}, 'vpn.data')


@tap.host()
def test_keyboard_alone(host):
    host.guest('alpha').define()
    session = open_settings(host)
    open_new_page(session)
    type_name(session, 'lab')
    check_keyboard(session, APP)


@tap.host()
def test_in_german(host):
    session = Desktop(host, locale='de_DE')
    session.start(APP, 'network')
    session.wait_exists(APP, 'push button', 'Verbindung hinzufügen|VPN hinzufügen', timeout=60)
    session.ask('click', APP, 'push button', 'Verbindung hinzufügen|VPN hinzufügen')
    session.wait_exists(APP, 'label', 'Host-Gast-Netzwerk (macvtap)')
    open_page(session, 'Host-Gast-Netzwerk (macvtap)', 'Identität', 'Isoliertes Netzwerk')
    session.screenshot('gnome-settings-german')


if __name__ == '__main__':
    tap.main()
