# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks of the editor page in every window that shows it."""

from tap import equal


def check_keyboard(session, app):
    """The focus moves down a new page and up again in reading order; Alt and a letter lead to a field.
    Begins in the name above the page; there is one guest, alpha."""
    session.wait_exists(app, 'check box', 'alpha (eth0)')
    equal(session.keyboard_order(app, 'More options'),
          ['Isolated network', 'Guests', 'alpha (eth0)', 'Parent device', 'libvirt network', 'IPv4 address',
           'More options'], 'the order')
    equal(session.keyboard_order(app, 'Isolated network', 'shift+Tab'),
          ['IPv4 address', 'libvirt network', 'Parent device', 'alpha (eth0)', 'Guests', 'Isolated network'],
          'the order backwards')
    session.ask('keys', 'Down')
    session.wait_focused(app, 'Shared address')
    equal(session.keyboard_order(app, 'More options'),
          ['Guests', 'alpha (eth0)', 'Parent device', 'More options'], 'the order in mode share')
    session.ask('keys', 'space')
    equal(session.keyboard_order(app, 'libvirt URI'),
          ['Excluded guests', 'Host link name', 'Trusted addresses', 'Peers besides guests',
           'Deliver all multicast to guests', 'Find guests by name', 'libvirt URI'],
          'the order of more options')
    for key, name in (('alt+p', 'Parent device'), ('alt+g', 'Guests')):
        session.ask('keys', key)
        session.wait_focused(app, name)
