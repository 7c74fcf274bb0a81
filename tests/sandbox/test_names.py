# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs on the host find guests by name, at the addresses that they have at the time."""

import profiles
import share
import tap
from sandbox import Lan
from tap import check, equal


def use_module(host):
    """As the package does."""
    host.run("sed -i 's/^hosts: *files/& macvtap/' /etc/nsswitch.conf")


def find(host, name):
    """Without the DNS server of the LAN, which knows the names that guests give themselves."""
    output = host.run(['getent', '-s', 'macvtap', 'ahosts', name], check=False).stdout
    return sorted({line.split()[0] for line in output.splitlines()})


def wait_found(host, name, *addresses):
    host.wait_for(lambda: find(host, name) == sorted(addresses), f"'{name}' to be at {addresses}", 15)


@tap.host()
def test_guest_of_mode_share_is_found_where_it_is(host):
    alpha, = share.prepare(host, 'alpha')
    use_module(host)
    profiles.add(host, mode='share')
    profiles.up(host)
    share.talk(host, alpha)
    wait_found(host, 'alpha', alpha.lan_address)
    check(host.ping('alpha'), 'no answer at the name')

    alpha.run(f'killall udhcpc; ip addr flush dev eth0; ip addr add 10.77.0.77/24 dev eth0; ping -c 1 {Lan.gateway()}')
    share.talk(host, alpha, '10.77.0.77')
    host.wait_for(lambda: '10.77.0.77' in find(host, 'alpha'), 'the new address', 15)
    profiles.down(host)
    equal(find(host, 'alpha'), [], 'alpha after down')


@tap.host(ipv6=True)
def test_both_families(host):
    alpha, = share.prepare(host, 'alpha')
    own = host.address()
    own6 = host.wait_for(lambda: host.address(family=6), 'an IPv6 address of the host')
    theirs = alpha.wait_address(family=6)
    for mode in ('share', 'move'):
        profiles.add(host, name=mode, mode=mode)
        profiles.up(host, name=mode)
        share.talk(host, alpha, alpha.lan_address, own)
        share.talk(host, alpha, theirs, own6)
        host.wait_for(lambda: {alpha.lan_address, theirs} <= set(find(host, 'alpha')), 'both addresses', 15)
        profiles.down(host, name=mode)
        equal(find(host, 'alpha'), [], f'alpha after down of {mode}')


@tap.host()
def test_guest_of_mode_isolated_is_found_by_its_lease(host):
    alpha, = host.running_guests('alpha')
    use_module(host)
    profiles.add(host)
    profiles.up(host)
    address = profiles.reach(host, alpha)
    wait_found(host, 'alpha', address)
    check(host.ping('alpha'), 'no answer at the name')
    alpha.destroy()
    wait_found(host, 'alpha')
    alpha.start().wait_ready()
    wait_found(host, 'alpha', address)
    # An address without a lease.
    link = next(name for name in alpha.links().values() if name != 'eth0')
    alpha.run(f'ip addr add 192.168.254.250/24 dev {link}; ping -c 1 -I 192.168.254.250 192.168.254.1')
    wait_found(host, 'alpha', address, '192.168.254.250')
    profiles.down(host)
    equal(find(host, 'alpha'), [], 'alpha after down')


@tap.host()
def test_guest_of_mode_move_is_found_when_it_has_spoken(host):
    alpha, = host.running_guests('alpha')
    use_module(host)
    profiles.add(host, mode='move')
    profiles.up(host)
    alpha.run('ip neigh flush all')
    check(alpha.ping(Lan.gateway()), 'alpha does not reach the LAN')
    wait_found(host, 'alpha', alpha.lan_address)
    alpha.run(f'killall udhcpc; ip addr flush dev eth0; ip addr add 10.77.0.77/24 dev eth0; ping -c 1 {Lan.gateway()}')
    wait_found(host, 'alpha', '10.77.0.77')
    profiles.down(host)
    equal(find(host, 'alpha'), [], 'alpha after down')


if __name__ == '__main__':
    tap.main()
