# SPDX-License-Identifier: GPL-2.0-or-later
"""The real nm-connection-editor: creates a profile that nmcli shows, and opens it again."""

import desktop  # noqa: F401 (finds the modules of the sandbox)

import profiles
import tap
from desktop import Desktop, has_profile, vpn_data
from editor_page import check_keyboard
from tap import check, equal

APP = 'nm-connection-editor'
TITLE = 'Host–guest network (macvtap)'


def open_editor(host, **options):
    session = Desktop(host, **options)
    session.start(APP)
    session.wait_exists(APP, 'push button', 'Add', timeout=60)
    return session


def open_new_page(session):
    # With the mouse, because a click through the tree does not return before the dialog closes.
    session.ask('point', APP, 'push button', 'Add')
    session.wait('click', APP, 'menu item', TITLE)
    session.ask('point', APP, 'push button', 'Create…')
    session.wait_exists(APP, 'label', 'libvirt network')


@tap.host()
def test_profile_made_switched_and_opened_again(host):
    alpha, = host.running_guests('alpha')
    session = open_editor(host)
    open_new_page(session)
    session.wait_exists(APP, 'check box', 'alpha (eth0)')
    session.screenshot('nm-connection-editor-light')

    session.ask('type_into', APP, 'text', 'Connection name', 'lab')
    session.ask('type_into', APP, 'text', 'libvirt network', 'lab')
    session.ask('type_into', APP, 'text', 'IPv4 address', '10.99.0.1')
    session.wait_exists(APP, 'label', 'has no prefix length', False)
    host.wait_for(lambda: 'sensitive' not in session.ask('state', APP, 'push button', 'Save'),
                  'Save to be refused')
    session.screenshot('nm-connection-editor-error')
    session.ask('type_into', APP, 'text', 'IPv4 address', '10.99.0.1/24')
    session.ask('click', APP, 'toggle button', 'More options')
    # Twice, because it has to scroll before the mouse can reach it.
    session.wait('point', APP, 'check box', 'Plug in to running guests')
    host.wait_for(lambda: 'checked' not in session.ask('state', APP, 'check box', 'Plug in to running guests'),
                  'the mouse to reach an option')
    session.screenshot('nm-connection-editor-options')
    session.ask('click', APP, 'check box', 'Plug in to running guests')
    session.wait('click', APP, 'push button', 'Save')
    host.wait_for(lambda: has_profile(host, 'lab'), 'the profile')
    equal(vpn_data(host, 'lab'), {'mode': 'isolated', 'network': 'lab', 'address': '10.99.0.1/24'},
          'vpn.data')

    # nm-connection-editor has no switch; nm-applet's menu has one.
    profiles.up(host, 'lab')
    profiles.reach(host, alpha, '10.99.0.1')
    profiles.down(host, 'lab')

    uuid = host.nmcli('-g', 'connection.uuid', 'connection', 'show', 'lab').stdout.strip()
    session.start(APP, f'--edit={uuid}')
    session.wait_exists(APP, 'check box', 'alpha (eth0)')
    equal(session.ask('read', APP, 'text', 'IPv4 address'), '10.99.0.1/24', 'the address shown')


@tap.host()
def test_keyboard_alone(host):
    host.guest('alpha').define()
    session = open_editor(host)
    open_new_page(session)
    session.ask('type_into', APP, 'text', 'Connection name', 'lab')
    check_keyboard(session, APP)


@tap.host()
def test_dark_style(host):
    session = open_editor(host, dark=True)
    open_new_page(session)
    check(session.ask('exists', APP, 'radio button', 'Moved address'), 'no mode is offered')
    session.screenshot('nm-connection-editor-dark')


if __name__ == '__main__':
    tap.main()
