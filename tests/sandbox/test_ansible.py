# SPDX-License-Identifier: GPL-2.0-or-later
"""What nm-settings-macvtap(5) has for more than one host: the Ansible play and the keyfile that the package installs, on
two hosts of one LAN with different network cards."""

import re

import profiles
import share
import tap
from control_node import ControlNode
from guest import macvtap
from tap import check, equal

EXAMPLES = '/usr/share/doc/network-manager-macvtap/examples'
KEYFILE = '/etc/NetworkManager/system-connections/guests.nmconnection'
MODE = 'mode: share\n'

_fleets = {}


class Fleet:
    """Two hosts with a guest each, and the machine that runs Ansible."""

    def __init__(self, host):
        other = host.add_host(uplinks=('enp1s0',))
        self.guests = {each: each.guest(name, [macvtap(each.uplinks[0])]).define().start()
                       for each, name in ((host, 'alpha'), (other, 'beta'))}
        self.control = ControlNode(host.lan, {host: {}, other: {'macvtap_parent': 'enp1s0'}})
        self.text = host.read(f'{EXAMPLES}/macvtap.yml')
        self.applied = None
        for each, guest in self.guests.items():
            share.prepare(each)
            guest.wait_ready()

    def play(self, text, *options):
        """Runs the play without a failure: how many tasks changed something, on each host."""
        self.applied = None if options else text
        output, counts = self.control.play(text, *options)
        equal([counts[host.name].get('failed', 0) for host in self.guests], [0, 0], f'failures in\n{output}')
        return [counts[host.name].get('changed', 0) for host in self.guests]

    def fail(self, text):
        """Runs the play, which fails on each host: what Ansible prints."""
        self.applied = None
        output, counts = self.control.play(text)
        equal([counts[host.name].get('failed', 0) for host in self.guests], [1, 1], f'failures in\n{output}')
        return output

    def settle(self):
        """The play as it is installed is in effect, whatever an earlier test left."""
        if self.applied != self.text:
            self.play(self.text)

    def links(self):
        """The host link of each host. A profile that was active again has another one."""
        return [host.run(['ip', '-o', 'link', 'show', link(host)], check=False).stdout for host in self.guests]

    def data(self):
        return [host.nmcli('-g', 'vpn.data', 'connection', 'show', 'guests').stdout.strip() for host in self.guests]

    def check_reachable(self):
        """Host and guest reach each other, and nm-macvtap check agrees."""
        for host, guest in self.guests.items():
            share.talk(host, guest, host_address=address(host))
            host.run(['nm-macvtap', 'check', guest.name])


def address(host):
    return host.address(host.uplinks[0])


def link(host):
    return f'nmmv{host.uplinks[0]}'


def fleet_of(host):
    if host not in _fleets:
        _fleets[host] = Fleet(host)
    return _fleets[host]


@tap.host(shared='fleet', fleet=True)
def test_play_connects_hosts_and_guests_and_then_changes_nothing(host):
    fleet = fleet_of(host)
    equal(fleet.play(fleet.text), [2, 2], 'changes of the first run')
    equal(fleet.data(), ['mode = share', 'mode = share, parent = enp1s0'], 'vpn.data')
    fleet.check_reachable()
    links = fleet.links()
    equal(fleet.play(fleet.text), [0, 0], 'changes of the second run')
    equal(fleet.links(), links, 'host links')


@tap.host(shared='fleet', fleet=True)
def test_play_with_another_key_changes_the_active_profile(host):
    fleet = fleet_of(host)
    fleet.settle()
    text = fleet.text.replace(MODE, f'{MODE}          multicast: no\n')
    data, links = fleet.data(), fleet.links()
    equal(fleet.play(text, '--check'), [1, 1], 'changes that --check reports')
    equal((fleet.data(), fleet.links()), (data, links), 'profiles and links after --check')
    equal(fleet.play(text), [3, 3], 'changes')
    equal(fleet.data(), ['mode = share, multicast = no', 'mode = share, multicast = no, parent = enp1s0'], 'vpn.data')
    check(fleet.links() != links, 'the profile has not been activated again')
    fleet.check_reachable()

    # A run that ended on the other host before the profile was activated again.
    other = host.others[0]
    other.nmcli('connection', 'modify', 'guests', '-vpn.data', 'multicast')
    links = fleet.links()
    equal(fleet.play(fleet.text), [3, 2], 'changes of the run after it')
    check(links[1] != fleet.links()[1], 'the profile has not been activated again')


@tap.host(shared='fleet', fleet=True)
def test_play_activates_only_the_profile_that_is_down(host):
    fleet = fleet_of(host)
    fleet.settle()
    profiles.down(host)
    other = fleet.links()[1]
    equal(fleet.play(fleet.text), [1, 0], 'changes')
    equal(fleet.links()[1], other, 'the link of the other host')
    fleet.check_reachable()


@tap.host(shared='fleet', fleet=True)
def test_play_with_a_profile_that_the_service_refuses_interrupts_nothing(host):
    fleet = fleet_of(host)
    fleet.settle()
    links = fleet.links()
    output = fleet.fail(fleet.text.replace(MODE, f'{MODE}          modus: share\n'))
    for each in fleet.guests:
        check(re.search(rf"\[{each.name}\].*vpn.data key 'modus' is unknown", output), f'no reason of {each.name} in\n{output}')
    equal(fleet.links(), links, 'host links')


@tap.host(shared='fleet', fleet=True)
def test_play_moves_the_address_that_ansible_uses(host):
    fleet = fleet_of(host)
    fleet.settle()
    addresses = [address(each) for each in fleet.guests]
    equal(fleet.play(fleet.text.replace(MODE, 'mode: move\n')), [3, 3], 'changes')
    equal([each.address(link(each)) for each in fleet.guests], addresses, 'addresses of the links')
    equal(fleet.play(fleet.text), [3, 3], 'changes of the way back')
    equal([address(each) for each in fleet.guests], addresses, 'addresses of the network cards')
    fleet.check_reachable()


@tap.host(shared='fleet', fleet=True)
def test_one_keyfile_for_both_hosts(host):
    fleet = fleet_of(host)
    for each in fleet.guests:
        each.nmcli('connection', 'delete', 'guests', check=False)
        each.write(KEYFILE, host.read(f'{EXAMPLES}/guests.nmconnection'), 0o600)
        each.nmcli('connection', 'reload')
        profiles.up(each)
    fleet.check_reachable()
    macs = [each.read(f'/sys/class/net/{link(each)}/address') for each in fleet.guests]
    check(macs[0] != macs[1], f'both hosts have the MAC {macs[0]}')


if __name__ == '__main__':
    tap.main()
