# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode share and macvlan peers: containers that libvirt does not know. Each is a network namespace with a macvlan
interface, made as netavark (Podman) and libnetwork (Docker) make it: in the host's namespace, then moved."""

import container
import profiles
import share
import tap
from sandbox import Lan
from tap import check, equal

PEERS = '10.77.0.208/28 fd77:77::d0/124'
FIRST, SECOND, OUTSIDE = '10.77.0.210', '10.77.0.211', '10.77.0.230'
FIRST6 = 'fd77:77::d2'
SERVE = '''import http.server, socket, sys
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write((sys.argv[1] + chr(10)).encode())
    def address_string(self):
        return self.client_address[0]
Server(("::", 80), Handler).serve_forever()'''


class Container(container.Container):
    """With one interface of macvlan mode bridge on eth0; it has its addresses, and a web server that names it."""

    def __init__(self, host, name, *addresses, number=1):
        super().__init__(host, name)
        self.mac = f'52:54:00:aa:00:{number:02x}'
        self.start(*addresses)

    def start(self, *addresses, mac=None):
        """Silent: without the announcements that a container engine sends."""
        self.mac = mac or self.mac
        self.host.run(['ip', 'netns', 'add', self.name])
        self.host.run(f'ip link add ct0 link eth0 address {self.mac} type macvlan mode bridge && '
                      f'ip link set ct0 netns {self.name} name eth0')
        # As container engines do: an address of the router's prefix would be outside PEERS.
        self.run('echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_ra')
        for address in addresses:
            self.run(f'ip addr add {address}/{64 if ":" in address else 24} dev eth0 nodad')
        self.run('ip link set lo up; ip link set eth0 up')
        self.host.start_service(f'web-{self.name}', self.inside('python3', '-I', '-c', SERVE, self.name))

    def stop(self):
        self.host.stop_service(f'web-{self.name}')
        self.host.run(['ip', 'netns', 'delete', self.name])

    def inside(self, *argv):
        return ['ip', 'netns', 'exec', self.name, *argv]

    def run(self, command):
        return self.host.run(self.inside('sh', '-c', command), check=False)

    def move_to(self, address, old):
        self.run(f'ip addr del {old}/24 dev eth0; ip addr add {address}/24 dev eth0; arping -U -c 2 -I eth0 {address}')

    def announce(self, address):
        self.run(f'ip addr add {address}/32 dev eth0; arping -U -c 3 -I eth0 {address}; ip addr del {address}/32 dev eth0')


@tap.host(ipv6=True)
def test_containers_are_served_beside_guests(host):
    alpha, = share.prepare(host, 'alpha')
    own6 = host.wait_for(lambda: host.address(family=6), 'an IPv6 address of the host')
    web = Container(host, 'web', FIRST, FIRST6)
    check(not host.ping(FIRST, 1), 'the host reaches the container without the profile')
    profiles.add(host, mode='share', peers=PEERS)
    profiles.up(host)
    share.wait_routes(host, [alpha.lan_address, FIRST])
    web.talk(FIRST, host.address())
    web.talk(FIRST6, own6)
    share.talk(host, alpha)
    check(web.pings(alpha.lan_address) and web.pings(Lan.gateway()), 'the container does not reach guest and LAN')
    share.one_mac(host)
    # One that starts later, and announces itself as container engines do.
    db = Container(host, 'db', SECOND, number=2)
    db.run(f'arping -U -c 1 -I eth0 {SECOND}')
    db.talk(SECOND, host.address())
    share.wait_routes(host, [alpha.lan_address, FIRST, SECOND])
    # Stopped, its routes go; started again, it has another MAC.
    web.stop()
    share.wait_routes(host, [alpha.lan_address, SECOND])
    host.wait_for(lambda: FIRST6 not in share.routes(host, family=6), 'the IPv6 route to go')
    web.start(FIRST, mac='52:54:00:aa:00:77')
    web.talk(FIRST, host.address())
    # Moved to another address.
    db.move_to('10.77.0.212', SECOND)
    db.talk('10.77.0.212', host.address())
    share.wait_routes(host, [alpha.lan_address, FIRST, '10.77.0.212'])
    profiles.down(host)
    check(not host.ping(FIRST, 1), 'the host reaches the container after down')


@tap.host()
def test_what_no_container_gets(host):
    alpha, = share.prepare(host, 'alpha')
    web = Container(host, 'web', FIRST)
    outside = Container(host, 'outside', OUTSIDE, number=2)
    host.lan.run(['ip', 'addr', 'add', '10.77.0.220/24', 'dev', 'lan0'])
    profiles.add(host, mode='share', peers='10.77.0.208/28 10.77.0.1/32')
    profiles.up(host)
    web.talk(FIRST, host.address())
    check(host.ping('10.77.0.220'), 'the other host on the LAN does not answer')
    # The gateway, in spite of the prefixes; a LAN host's address; a guest's; one outside the prefixes.
    for address in (Lan.gateway(), '10.77.0.220'):
        web.announce(address)
        host.wait_for(lambda address=address: share.warnings(host, f"'{address}'"), f'a word about {address}')
        equal(share.device_to(host, address), 'eth0', f'the way to {address}')
    web.announce(alpha.lan_address)
    outside.announce(OUTSIDE)
    share.talk(host, alpha)
    share.wait_routes(host, [alpha.lan_address, FIRST])
    equal(share.warnings(host, OUTSIDE), [], 'warnings about an address outside the prefixes')
    check(host.ping(Lan.gateway()) and host.ping('10.77.0.220'), 'the host does not reach the LAN')
    # A LAN host that takes a container's address keeps it.
    host.lan.run(['ip', 'addr', 'add', f'{FIRST}/24', 'dev', 'lan0'])
    host.lan.run(['arping', '-U', '-c', '1', '-I', 'lan0', FIRST])
    share.wait_routes(host, [alpha.lan_address])


if __name__ == '__main__':
    tap.main()
