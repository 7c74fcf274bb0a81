# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode share and macvlan peers: containers in network namespaces, which no hypervisor knows."""

import mock
from device import ip
from host import GUEST_MAC, LINK, check, equal
from test_check import Machine
from test_status import read
from test_trusted import run_tool

PEER_MAC = '52:54:00:00:00:0a'
PEERS = '10.0.0.208/28'
ADDRESS, OUTSIDE = '10.0.0.210', '10.0.0.99'


def add_container(address=ADDRESS, mac=PEER_MAC, mode='bridge', host=None, name='web'):
    ip('link', 'add', 'link', 'eth0', 'name', 'ct0', 'address', mac, 'type', 'macvlan', 'mode', mode)
    return Machine(host, name, 'ct0', f'{address}/24')


def routes():
    return [line.split()[0] for line in ip('route', 'show', 'dev', LINK).splitlines()]


def wait_routes(host, *expected):
    host.wait(lambda: routes() == sorted(expected), f'the routes {expected}')


def test_container_is_served_and_shown(host):
    web = add_container(host=host)
    vpn = host.up(host.add_profile('share', peers=PEERS))
    wait_routes(host, ADDRESS)
    check(web.pings('10.0.0.10'), 'the host does not answer the container')
    code, status = run_tool(host, 'status')
    peer, = status['peers']
    equal((code, peer['mac'], peer['address'], peer['profile'], peer['link']),
          (0, PEER_MAC, ADDRESS, 'guests', LINK), 'peer in status')
    code, checked = run_tool(host, 'check', ADDRESS)
    equal((code, checked['mac'], checked['broken']), (0, PEER_MAC, None), 'check')
    ip('netns', 'delete', 'web')
    wait_routes(host)
    equal(run_tool(host, 'status')[1]['peers'], [], 'peers after the end of the container')
    code, checked = run_tool(host, 'check', ADDRESS)
    equal((code, checked['broken']), (3, 'address'), 'check after the end of the container')
    host.down(vpn)
    equal(run_tool(host, 'check', ADDRESS)[1]['broken'], 'profile', 'check without the profile')


def test_container_is_served_without_libvirt(host):
    host.at_start('uninstall')
    web = add_container(host=host)
    vpn = host.up(host.add_profile('share', peers=PEERS))
    wait_routes(host, ADDRESS)
    check(web.pings('10.0.0.10'), 'the host does not answer the container')
    check('libvirt is not installed' in host.messages(), 'no word of it in the log')
    code, status = run_tool(host, 'status')
    equal((code, [peer['address'] for peer in status['peers']]), (0, [ADDRESS]), 'status')
    host.down(vpn)


def test_profile_without_peers_needs_libvirt(host):
    host.at_start('uninstall')
    host.refused(host.add_profile('share'), 'the daemon is not there')


def test_container_is_not_served_without_the_key(host):
    add_container(host=host).run('arping', '-U', '-c', '1', '-I', 'ct0', ADDRESS)
    vpn = host.up(host.add_profile('share'))
    host.pause(1)
    equal(routes(), [], 'routes')
    host.down(vpn)


def test_container_outside_the_prefixes_is_not_served(host):
    web = add_container(address=OUTSIDE, host=host)
    vpn = host.up(host.add_profile('share', peers=PEERS))
    web.run('arping', '-U', '-c', '1', '-I', 'ct0', OUTSIDE)
    host.pause(1)
    equal(routes(), [], 'routes')
    equal(run_tool(host, 'check', OUTSIDE)[1]['broken'], 'profile', 'check')
    host.down(vpn)


def test_container_that_starts_again_has_a_route_with_its_new_mac(host):
    add_container(host=host)
    vpn = host.up(host.add_profile('share', peers=PEERS))
    wait_routes(host, ADDRESS)
    ip('netns', 'delete', 'web')
    again = add_container(host=host, mac='52:54:00:00:00:0b', name='again')
    host.wait(lambda: again.run('arping', '-U', '-c', '1', '-I', 'ct0', ADDRESS) and
              '52:54:00:00:00:0b' in ip('neighbour', 'show', 'dev', LINK), 'the new MAC')
    wait_routes(host, ADDRESS)
    host.down(vpn)


def test_container_that_claims_the_gateway_is_refused(host):
    host.eth0.gateway = ADDRESS
    host.eth0.publish()
    web = add_container(host=host)
    vpn = host.up(host.add_profile('share', peers=PEERS, trusted_addresses=ADDRESS))

    def refusal():
        web.run('arping', '-U', '-c', '1', '-I', 'ct0', ADDRESS)
        return read(host, vpn)['Problems']
    problem, = host.wait(refusal, 'the refusal')
    equal((problem['kind'], problem['reason'], problem['address'], 'guest' in problem, 'remedy' in problem),
          ('refused-address', 'gateway', ADDRESS, False, False), 'problem')
    check(PEER_MAC in problem['message'], problem['message'])
    equal(routes(), [], 'routes')
    code, checked = run_tool(host, 'check', ADDRESS)
    equal((code, checked['broken']), (3, 'service'), 'check')
    ip('netns', 'delete', 'web')
    host.wait(lambda: not read(host, vpn)['Problems'], 'the refusal to go')
    host.down(vpn)


def test_excluded_guest_is_no_peer(host):
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share', peers=PEERS, exclude_guests='alpha'))
    host.speak('tap0', address=ADDRESS)
    host.pause(1)
    equal(routes(), [], 'routes')
    host.down(vpn)


def test_address_of_a_guest_is_checked_as_the_guest(host):
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share'))
    host.wait_served('tap0')
    equal(run_tool(host, 'check', '10.0.0.50')[1]['guest'], 'alpha', 'guest of the address')
    host.down(vpn)


if __name__ == '__main__':
    mock.main()
