# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of profiles have in common: making them, switching them, and what they left in guests."""

import os
import re

from machine import HERE
from tap import check, equal

ALIAS = 'ua-nm-macvtap-'
HOST_ADDRESS = '192.168.254.1'


def add(host, name='guests', *settings, **data):
    """Adds a profile; DATA are vpn.data items with '_' for '-', SETTINGS further words for nmcli."""
    items = [f'{key.replace("_", "-")}={value}' for key, value in data.items()]
    words = ['vpn.data', ', '.join(items)] if items else []
    host.nmcli('connection', 'add', 'type', 'vpn', 'vpn-type', 'macvtap', 'con-name', name,
               *settings, *words)
    return name


def add_by_hand(host, name='guests', *settings, **data):
    """The same for a profile that the dispatcher helper does not bring up."""
    return add(host, name, 'connection.autoconnect', 'no', *settings, **data)


def modify(host, name='guests', **data):
    for key, value in data.items():
        host.nmcli('connection', 'modify', name, '+vpn.data', f'{key.replace("_", "-")}={value}')


def up(host, name='guests', *words):
    """Brings it up; after a failure the dispatcher may have been quicker."""
    result = host.nmcli('connection', 'up', name, *words, check=False, timeout=90)
    check(result.returncode == 0 or 'already active' in result.stderr, f'up {name}: {result.stderr}')
    host.wait_for(lambda: state(host, name) == 'activated', f'{name} to be activated', 60)


def down(host, name='guests'):
    """Takes the profile down and waits until its service has undone what there is to undo."""
    host.nmcli('connection', 'down', name)
    host.wait_for(lambda: not services(host), 'the service to end', 40)


def refused(host, *texts, name='guests', words=()):
    """`up` fails, and the service's reason in the journal holds all TEXTS."""
    before = len(messages(host))
    result = host.nmcli('connection', 'up', name, *words, check=False, timeout=90)
    check(result.returncode != 0, f'{name} was activated')
    # The journal may be a moment behind nmcli.
    host.wait_for(lambda: all(text in '\n'.join(messages(host)[before:]) for text in texts),
                  f'the reason, with {texts}', 5)
    reason = '\n'.join(messages(host)[before:])
    check_hint(host, result.stderr, texts)
    return reason


def check_hint(host, stderr, texts):
    """The journalctl command that nmcli prints shows the reason."""
    hint = re.search(r'journalctl -xe NM_CONNECTION=(\S+) \+ NM_DEVICE=([^\s\']+)', stderr)
    check(hint, f'nmcli names no command: {stderr}')
    shown = '\n'.join(entry['MESSAGE'] for entry in
                      host.entries(NM_CONNECTION=hint.group(1), NM_DEVICE=hint.group(2)))
    check(all(text in shown for text in texts), f'{hint.group(0)} shows no {texts}: {shown}')


def state(host, name='guests'):
    return host.nmcli('-g', 'GENERAL.STATE', 'connection', 'show', name).stdout.strip()


def messages(host):
    return [entry['MESSAGE'] for entry in host.entries(SYSLOG_IDENTIFIER='nm-macvtap-service')]


def services(host):
    """Processes of the service that run."""
    return host.run(['pgrep', '-x', 'nm-macvtap-serv'], check=False).stdout.split()


def our_nics(guest, inactive=False):
    """Our <interface> elements of a guest."""
    return [nic for nic in guest.interfaces(inactive)
            if nic.find('alias') is not None and nic.find('alias').get('name').startswith(ALIAS)]


def our_mac(guest, inactive=False):
    nics = our_nics(guest, inactive)
    equal(len(nics), 1, f'interfaces of ours in guest {guest.name}')
    return nics[0].find('mac').get('address')


def carrier(guest):
    """The link state of the project's interface that the guest sees: QEMU's, not libvirt's."""
    link = guest.links()[our_mac(guest)]
    return guest.run(f'cat /sys/class/net/{link}/carrier')[1].strip()


def our_address(guest, family=4):
    """The guest's address on the network, as soon as it has one."""
    return guest.wait_address(our_mac(guest), family)


def reach(host, guest, address=HOST_ADDRESS, timeout=20):
    """Waits until host and guest answer each other over the network."""
    theirs = our_address(guest)
    host.wait_for(lambda: guest.ping(address, 1) and host.ping(theirs, 1),
                  f'host and guest {guest.name} to reach each other at {address}', timeout)
    return theirs


def unreachable(host, guest, theirs, address=HOST_ADDRESS):
    check(not guest.ping(address, 1), f'guest {guest.name} reaches the host')
    check(not host.ping(theirs, 1), f'the host reaches guest {guest.name}')


def definitions(host):
    """Every guest's persistent definition by name."""
    names = [name for name in host.virsh('list', '--all', '--name').stdout.splitlines() if name]
    return {name: host.virsh('dumpxml', '--inactive', '--domain', name).stdout for name in names}


def network_info(host, network='isolated'):
    lines = host.virsh('net-info', network).stdout.splitlines()
    return {key.strip(): value.strip() for key, value in (line.split(':', 1) for line in lines if ':' in line)}


def wiki_xml():
    with open(os.path.join(HERE, 'isolated.xml'), encoding='utf-8') as file:
        return file.read()


def network_xml(name, address='192.168.254.1', inner='', metadata=''):
    return (f'<network><name>{name}</name>{metadata}{inner}<ip address="{address}" netmask="255.255.255.0"><dhcp>'
            f'<range start="{re.sub("[0-9]+$", "2", address)}" end="{re.sub("[0-9]+$", "254", address)}"/>'
            '</dhcp></ip></network>')


def host_addresses(host):
    return host.run(['ip', '-4', '-o', 'addr', 'show']).stdout
