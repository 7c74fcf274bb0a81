# SPDX-License-Identifier: GPL-2.0-or-later
"""Containers of libvirt's LXC driver in every mode. libvirt keeps no aliases of their interfaces, and cannot change the
interface of a running container."""

import json

import lxc
import profiles
import share
import tap
from profiles import HOST_ADDRESS
from tap import check, equal


def reach(host, container, link):
    """Waits until host and container answer each other over the isolated network; the container's address."""
    address = host.wait_for(lambda: container.address(link), f'an address on {link}', 30)
    host.wait_for(lambda: container.pings(HOST_ADDRESS) and host.ping(address, 1), 'host and container to reach each other')
    return address


def check_steps(host, name):
    """check finds nothing broken."""
    result = host.run(['nm-macvtap', '--json', 'check', name], check=False)
    equal((result.returncode, json.loads(result.stdout)['broken']), (0, None), f'check of {name}: {result.stdout}')


@tap.host(**lxc.HOST)
def test_isolated(host):
    web = lxc.run_container(host, 'web')
    profiles.add_by_hand(host, libvirt_uri=lxc.URI)
    plan = json.loads(host.run(['nm-macvtap', '--json', 'plan', 'guests']).stdout)
    check(any("'vnet1'" in note for note in plan['notes']), f"notes: {plan['notes']}")
    profiles.up(host)
    reach(host, web, 'vnet1')
    check_steps(host, 'web')
    equal((web.networks(inactive=True), web.networks()), (['isolated'], ['isolated']), 'interfaces on the network')
    # After a restart, the interface has the name of the definition.
    web.restart()
    address = reach(host, web, 'eth1')
    check_steps(host, 'web')
    # libvirt cannot unplug it.
    profiles.down(host)
    check(share.warnings(host, 'libvirt cannot change an interface of a running container'), 'no word of what stays')
    check(host.ping(address), 'the container is unplugged')
    # Activated again, it does not get another interface; removed, it has none, and nothing is left.
    profiles.modify(host, on_disconnect='remove')
    profiles.up(host)
    equal((web.networks(inactive=True), web.networks()), (['isolated'], ['isolated']), 'interfaces on the network')
    profiles.down(host)
    equal((web.networks(inactive=True), web.networks()), ([], []), 'interfaces on the network after down')
    check('isolated' not in host.virsh('net-list', '--all', '--name').stdout, 'the network is left')


@tap.host(**lxc.HOST)
def test_share_and_move(host):
    web = lxc.run_container(host, 'web')
    check(not host.ping(web.address('eth0'), 1), 'the host reaches the container without a profile')
    profiles.add_by_hand(host, mode='share', libvirt_uri=lxc.URI)
    profiles.up(host)
    web.talk(web.address('eth0'), host.address())
    check_steps(host, 'web')
    web.restart()
    web.talk(web.address('eth0'), host.address())
    profiles.down(host)
    profiles.modify(host, mode='move')
    profiles.up(host)
    web.talk(web.address('eth0'), host.address(share.LINK))
    check_steps(host, 'web')


if __name__ == '__main__':
    tap.main()
