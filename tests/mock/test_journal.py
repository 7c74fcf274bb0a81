# SPDX-License-Identifier: GPL-2.0-or-later
"""The journal fields by which a user finds why an activation failed: nmcli prints
`journalctl -xe NM_CONNECTION=UUID + NM_DEVICE=DEVICE`."""

import mock
from device import ip
from host import LINK, UUID, check, equal


def expect(host, journal, text, uuid=UUID, device='eth0'):
    """An entry with TEXT belongs to the profile and its base device, each named once."""
    entry = host.wait(lambda: journal.entries(text), f'an entry with {text!r}')[0]
    equal((entry.get('NM_CONNECTION'), entry.get('NM_DEVICE')), (uuid, device), f'fields of {entry["MESSAGE"]!r}')
    equal(entry.get('SYSLOG_IDENTIFIER', '')[:10], 'nm-macvtap', 'identifier')


def expect_all(journal, uuid=UUID, device='eth0'):
    """Every warning and message of the service."""
    entries = [entry for entry in journal.entries() if entry['PRIORITY'] in '345']
    check(entries, 'the journal is empty')
    for entry in entries:
        equal((entry.get('NM_CONNECTION'), entry.get('NM_DEVICE')), (uuid, device),
              f'fields of {entry["MESSAGE"]!r}')


def test_profile_that_is_not_valid(host):
    journal = host.use_journal()
    host.refused(host.add_profile('isolated', colour='green'))
    expect(host, journal, "'colour'")
    expect_all(journal)


def test_parent_that_does_not_exist(host):
    journal = host.use_journal()
    host.refused(host.add_profile('share', parent='eth7'))
    expect(host, journal, "'eth7'")


def test_base_device_is_named_instead_of_the_parent(host):
    ip('link', 'add', LINK, 'type', 'veth', 'peer', 'other')
    journal = host.use_journal()
    host.nm.take_up(host.nm.add_device('lo'), host.nm.add_profile(host.uplink_settings('disabled')))
    host.activate(host.add_profile('share', parent='eth0'), 'lo')
    expect(host, journal, f"'{LINK}'", device='lo')


def test_failure_of_libvirt(host):
    host.at_start('fail list-networks "no networks today"')
    journal = host.use_journal()
    vpn = host.activate(host.add_profile('isolated'))
    expect(host, journal, 'no networks today')
    vpn.time_out()
    host.wait_service_ended()
    expect_all(journal)


def test_profile_that_is_up_and_goes_down(host):
    host.add_guest('alpha', mode='vepa')
    journal = host.use_journal()
    host.down(host.up(host.add_profile('share')))
    expect(host, journal, "guest 'alpha'")
    expect_all(journal)


def test_text_of_others_cannot_forge_an_entry(host):
    """Escape sequences do not reach the terminal, and a line break does not begin a new entry."""
    host.at_start('fail list-networks "red \x1b[31m\u202e\u2028 end"')
    journal = host.use_journal()
    vpn = host.activate(host.add_profile('isolated'))
    entry = host.wait(lambda: journal.entries('red '), 'the entry')[0]
    check('red \\x1b[31m\\u202e\\u2028 end' in entry['MESSAGE'], f'message {entry["MESSAGE"]!r}')
    vpn.time_out()
    host.wait_service_ended()


def test_activation_by_the_helper(host):
    host.install_hook()
    journal = host.use_journal()
    host.add_profile('share', settings={'autoconnect': True}.items())
    host.refresh()
    expect(host, journal, "activate 'guests' on eth0")


if __name__ == '__main__':
    mock.main()
