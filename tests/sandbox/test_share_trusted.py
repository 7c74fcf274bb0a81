# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode share and addresses that no guest gets unless the key trusted-addresses names them: the LAN's DNS server, its
router, an address outside the parent's subnets."""

import json

import profiles
import share
import tap
from sandbox import Lan
from tap import check, equal

BLOCK = '198.51.100.7'  # that the provider routes to the server
RENTED = '10.77.0.10'   # with a prefix of 32


def examine(host):
    """(exit code, last step) of check."""
    result = host.run(['nm-macvtap', '--json', 'check', 'alpha'], check=False)
    return result.returncode, json.loads(result.stdout)['steps'][-1]


def refused(host, guest, address, host_address):
    """The step of check that names the refusal and the key, while the guest communicates with the host."""
    def found():
        guest.run(f'ip neigh flush dev eth0; ping -c 1 -W 1 -I {address} {host_address}')
        code, step = examine(host)
        return step if (code, step['step'], step['verdict']) == (3, 'service', 'broken') else None
    step = host.wait_for(found, f'check to report {address}', 30)
    for text in (address, 'trusted-addresses'):
        check(text in step['detail'], f'{text} is not in: {step}')
    check(address not in share.routes(host), f'{address} has a route')
    check(not share.reaches_host(guest, host_address, address), f'the host serves {address}')
    status = host.run(['nm-macvtap', 'status'], check=False)
    equal(status.returncode, 3, 'exit code of status')
    check('trusted-addresses' in status.stdout, f'status: {status.stdout}')
    return step


def trust(host, guest, address, host_address=None):
    """The address is refused; the command that check prints, carried out literally, repairs that."""
    host_address = host_address or host.address()
    host.run(refused(host, guest, address, host_address)['remedy'], timeout=90)
    share.talk(host, guest, address, host_address)
    code, step = examine(host)
    equal(code, 0, f'exit code of check: {step}')


@tap.host()
def test_guest_that_is_the_dns_server_of_the_lan(host):
    alpha, = share.prepare(host, 'alpha')
    host.lan.restart_dnsmasq(f'--dhcp-option=option:dns-server,{alpha.lan_address}')
    host.nmcli('connection', 'up', 'eth0')
    check(alpha.lan_address in host.run('cat /etc/resolv.conf').stdout, 'it is not the DNS server')
    profiles.add(host, mode='share')
    profiles.up(host)
    trust(host, alpha, alpha.lan_address)


@tap.host()
def test_guest_that_is_the_router_of_the_lan(host):
    alpha, = share.prepare(host, 'alpha')
    router = alpha.lan_address
    alpha.run(f'ip route replace default via {Lan.gateway()}; echo 1 >/proc/sys/net/ipv4/ip_forward', check=True)
    host.lan.run(['ip', 'addr', 'add', '203.0.113.1/32', 'dev', 'lo'])
    host.lan.restart_dnsmasq(f'--dhcp-option=option:router,{router}')
    host.nmcli('connection', 'up', 'eth0')
    check(f'via {router}' in host.run(['ip', 'route', 'show', 'default']).stdout, 'it is not the router')
    check(not host.ping('203.0.113.1'), 'the host reaches its router on macvtap without the profile')
    profiles.add(host, mode='share')
    profiles.up(host)
    trust(host, alpha, router)
    # The host's own route through the router stays on eth0. In mode move, it goes with the address.
    profiles.down(host)
    profiles.modify(host, mode='move')
    profiles.up(host)
    host.wait_for(lambda: host.ping('203.0.113.1'), 'the host to reach what is behind the router', 20)


def rent(host):
    """The provider's server: one address without a subnet, and a gateway beside it."""
    host.nmcli('connection', 'modify', 'eth0', 'ipv4.method', 'manual', 'ipv4.addresses', f'{RENTED}/32',
               'ipv4.gateway', Lan.gateway(), 'ipv4.dns', Lan.gateway())
    host.nmcli('connection', 'up', 'eth0')
    host.wait_online()
    equal(host.address(), RENTED, 'address of the host')


@tap.host()
def test_rented_server(host):
    alpha, = share.prepare(host, 'alpha')
    own = alpha.lan_address
    rent(host)
    profiles.add(host, mode='share')
    profiles.up(host)
    # Another address beside the host's, then one of another block as well.
    alpha.run('killall udhcpc')
    trust(host, alpha, own)
    alpha.run(f'ip addr add {BLOCK}/32 dev eth0; ip route add {RENTED} dev eth0 src {BLOCK}', check=True)
    trust(host, alpha, BLOCK)
    alpha.run(f'ip route del {RENTED}', check=True)
    share.talk(host, alpha, own)
    share.wait_routes(host, [own, BLOCK])
    data = host.nmcli('-g', 'vpn.data', 'connection', 'show', 'guests').stdout
    check(own in data and BLOCK in data, f'vpn.data: {data}')
    for address in (own, BLOCK):
        check(f'src {RENTED}' in host.run(['ip', 'route', 'get', address]).stdout, f'source address towards {address}')


if __name__ == '__main__':
    tap.main()
