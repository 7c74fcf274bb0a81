# SPDX-License-Identifier: GPL-2.0-or-later
"""Shared by the tests of mode share: reachability, and what the LAN sees of the host."""

import re

import profiles
from sandbox import Host
from tap import check, equal

LINK = 'nmmveth0'
FETCH = '''import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=4).read().decode(), end='')'''
SERVE = '''import http.server, socket
class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(("host sees " + self.client_address[0]).encode())
    def address_string(self):
        return self.client_address[0]
Server(("::", 80), Handler).serve_forever()'''


def prepare(host, *names, serve=True):
    """Running guests with addresses, and a web server on the host that returns the client's address."""
    guests = host.running_guests(*names)
    if serve:
        host.start_service('web', ['python3', '-I', '-c', SERVE])
    return guests


def url(address):
    return f'http://[{address}]/' if ':' in address else f'http://{address}/'


def fetch(host, address):
    """The reply of the web server at ADDRESS to the host; empty without one."""
    return host.run(['python3', '-I', '-c', FETCH, url(address)], check=False).stdout


def guest_fetch(guest, address):
    return guest.run(f"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 4 {address} 80")[1]


def reaches_guest(host, guest, address):
    return fetch(host, address) == f'{guest.hostname}\n'


def reaches_host(guest, host_address, address):
    """The guest gets a reply, and the server saw its own address."""
    return address in guest_fetch(guest, host_address)


def talk(host, guest, address=None, host_address=None, timeout=20):
    """Waits until a TCP connection works in both directions, the host's first."""
    address = address or guest.lan_address
    host_address = host_address or host.address()
    host.wait_for(lambda: reaches_guest(host, guest, address), f'{guest.name} at {address} to serve the host',
                  timeout)
    host.wait_for(lambda: reaches_host(guest, host_address, address),
                  f'the host at {host_address} to serve {guest.name}', timeout)


def separate(host, guest):
    check(not host.ping(guest.lan_address, 1), f'the host reaches {guest.name}')
    check(not guest.ping(host.address(), 1), f'{guest.name} reaches the host')


def routes(host, link=LINK, family=4):
    """Destinations of the routes on the host link."""
    output = host.run(['ip', f'-{family}', 'route', 'show', 'dev', link], check=False).stdout
    return [line.split()[0] for line in output.splitlines() if not line.startswith('fe80:')]


def wait_routes(host, expected, timeout=20, link=LINK, family=4):
    host.wait_for(lambda: sorted(routes(host, link, family)) == sorted(expected),
                  f'the routes on {link} to be {expected}', timeout)


def add_global_prefix(host, guest):
    """The router advertises a global prefix, too; the addresses that guest and host take from it."""
    prefix = '2001:db8:77:'
    host.lan.run(['ip', 'addr', 'add', f'{prefix}:1/64', 'dev', 'lan0', 'nodad'])
    host.lan.restart_dnsmasq(f'--dhcp-range={prefix}:,ra-only,64')
    show = 'ip -6 -o addr show dev eth0 scope global'

    def find(run):
        return re.search(rf'inet6 ({prefix}\S+)/64 (?!.*tentative)', run(show))
    return [host.wait_for(lambda run=run: find(run), f'an address of the global prefix at {who}', 30)[1]
            for who, run in (('the guest', lambda text: guest.run(text)[1]),
                             ('the host', lambda text: host.run(text).stdout))]


def primary(host):
    """D-Bus paths of NetworkManager's primary connection."""
    output = host.run(['dbus-send', '--system', '--print-reply=literal',
                       '--dest=org.freedesktop.NetworkManager', '/org/freedesktop/NetworkManager',
                       'org.freedesktop.DBus.Properties.Get', 'string:org.freedesktop.NetworkManager',
                       'string:PrimaryConnection']).stdout
    return output.split()[-1]


def view(host):
    """What must not change: NetworkManager's view of the host, and the host's default route."""
    return (host.nm_state(),
            primary(host),
            host.run(['ip', 'route', 'show', 'default']).stdout,
            host.run(['ip', '-4', '-o', 'addr', 'show', 'dev', 'eth0']).stdout.split()[3],
            host.run('cat /etc/resolv.conf', check=False).stdout)


def arp_answers(host, address, link='lan0', count=3):
    """MACs that reply to ARP requests from the LAN."""
    output = host.lan.run(['arping', '-b', '-c', str(count), '-w', '5', '-I', link, address],
                          check=False).stdout
    return re.findall(r'\[([0-9A-Fa-f:]+)\]', output)


def one_mac(host):
    macs = [mac.lower() for mac in arp_answers(host, host.address())]
    equal(macs, [Host.uplink_mac()] * 3, 'MACs that reply on the LAN for the host')


def listen(host, what='arp'):
    """Begins to record ARP, or something else, on the LAN."""
    host.lan.start_service('tcpdump', ['tcpdump', '-nU', '-Z', 'root', '-i', 'lan0', '-w', '/run/frames', what])
    host.lan.wait_for(lambda: host.lan.exists('/run/frames'), 'tcpdump')


def heard(host):
    """MACs that sent ARP with the host's address as their own, since listen()."""
    host.lan.stop_service('tcpdump')
    output = host.lan.run(['tcpdump', '-ner', '/run/frames']).stdout
    address = re.escape(host.address())
    return set(re.findall(rf'^\S+ (\S+) > .*(?: tell {address},|Reply {address} is-at)', output, re.MULTILINE))


def frames(host):
    """(source MAC, destination MAC) of each frame since listen()."""
    host.lan.stop_service('tcpdump')
    return re.findall(r'(?m)^\S+ (\S+) > ([^,]+),', host.lan.run(['tcpdump', '-ner', '/run/frames']).stdout)


def advertised(host, address):
    """MACs that a neighbour advertisement of ADDRESS came from, one for each, since listen()."""
    # tcpdump gets its frames up to a second later.
    host.lan.wait_for(lambda: 'advertisement' in host.lan.run(['tcpdump', '-nr', '/run/frames'], check=False).stdout,
                      'an advertisement', 5)
    host.lan.stop_service('tcpdump')
    output = host.lan.run(['tcpdump', '-ner', '/run/frames']).stdout
    return re.findall(rf'(?m)^\S+ (\S+) > .*neighbor advertisement, tgt is {re.escape(address)},', output)


def counters(host, link):
    directory = f'/sys/class/net/{link}/statistics'
    return [int(host.run(['cat', f'{directory}/{name}_packets']).stdout) for name in ('rx', 'tx')]


def mac_of_link(host):
    return host.read(f'/sys/class/net/{LINK}/address').strip()


def retransmissions(host):
    """TCP segments that the host sent again, since it started."""
    return int(re.search(r'TcpRetransSegs +(\d+)', host.run(['nstat', '-asz', 'TcpRetransSegs']).stdout)[1])


def warnings(host, text):
    return [message for message in profiles.messages(host) if text in message]


def announce(guest, address):
    """The guest announces ADDRESS as its own, three times."""
    guest.run(f'ip addr add {address}/32 dev eth0; arping -U -c 3 -I eth0 {address}; arping -A -c 1 -I eth0 {address};'
              f'ip addr del {address}/32 dev eth0', timeout=20)


def add_stranger(host, address):
    """A macvtap on eth0 that belongs to no guest, in its own namespace."""
    host.run('ip netns add stranger')
    host.run('ip link add stranger0 netns stranger link eth0 address 52:54:00:99:99:99 type macvtap mode bridge')
    stranger(host, f'ip link set stranger0 up; ip addr add {address}/24 dev stranger0')


def stranger(host, command):
    return host.run(['ip', 'netns', 'exec', 'stranger', 'sh', '-c', command], check=False)


def announce_as_stranger(host, address):
    """That macvtap announces ADDRESS as its own, and sends a request to the host with it."""
    result = stranger(host, f'ip addr replace {address}/24 dev stranger0; arping -U -c 2 -I stranger0 {address};'
                            f'arping -c 2 -w 2 -I stranger0 {host.address()}')
    check(result.stdout.count('Sent 2 probes') == 2, f'arping: {result.stdout}{result.stderr}')


def device_to(host, address):
    """The link that the host sends to ADDRESS on."""
    return re.search(r'dev (\S+)', host.run(['ip', 'route', 'get', address]).stdout)[1]
