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
    output = host.run(['getent', 'ahosts', name], check=False).stdout
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
    alpha.start()
    wait_found(host, 'alpha', address)
    profiles.down(host)
    equal(find(host, 'alpha'), [], 'alpha after down')


if __name__ == '__main__':
    tap.main()
