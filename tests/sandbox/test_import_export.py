# SPDX-License-Identifier: GPL-2.0-or-later
"""nmcli connection import and export: the wiki's XML to a ping, and what virsh makes of what is exported."""

import profiles
import tap
from tap import check, equal


def run_import(host, text, name='file.xml', fails=False):
    host.write(f'/run/{name}', text)
    result = host.nmcli('connection', 'import', 'type', 'macvtap', 'file', f'/run/{name}', check=False)
    check((result.returncode != 0) == fails, f'import: {result.stdout}{result.stderr}')
    return result.stdout + result.stderr


def vpn_data(host, name):
    return host.nmcli('-e', 'no', '-g', 'vpn.data', 'connection', 'show', name).stdout.strip()


@tap.host(shared='nmcli')
def test_wiki_network_to_a_ping(host):
    alpha, = host.running_guests('alpha')
    run_import(host, profiles.wiki_xml())
    equal(vpn_data(host, 'isolated'), 'address = 192.168.254.1/24, '
          'dhcp-range = 192.168.254.2-192.168.254.254, mode = isolated, network = isolated', 'vpn.data')
    profiles.up(host, 'isolated')
    profiles.reach(host, alpha)
    profiles.down(host, 'isolated')


@tap.host(shared='nmcli')
def test_network_as_virsh_dumps_it(host):
    host.nmcli('connection', 'delete', 'isolated')
    run_import(host, host.virsh('net-dumpxml', 'isolated').stdout)
    check('network = isolated' in vpn_data(host, 'isolated'), 'vpn.data')


@tap.host(shared='nmcli')
def test_guest_as_virsh_dumps_it(host):
    run_import(host, host.virsh('dumpxml', 'alpha').stdout)
    equal(vpn_data(host, 'alpha'), 'guests = alpha, mode = isolated, parent = eth0', 'vpn.data')


@tap.host(shared='nmcli')
def test_what_is_refused(host):
    said = run_import(host, profiles.network_xml('nat', inner="<forward mode='nat'/>"), fails=True)
    check("forwards traffic (mode 'nat')" in said, said)
    said = run_import(host, profiles.network_xml('named', inner="<dns><host ip='10.1.1.1'><hostname>a</hostname></host></dns>"),
                      fails=True)
    check("network 'named' has <dns>, which a profile cannot express" in said, said)
    said = run_import(host, 'client\nremote vpn.example.com\n', 'x.ovpn', fails=True)
    check('neither the XML of a libvirt network' in said, said)


@tap.host(shared='nmcli')
def test_exported_network_is_one_for_virsh(host):
    profiles.add(host, 'lab', 'connection.zone', 'trusted', network='lab & co', address='10.88.0.1/24',
                 address6='fd12:3456:789a::1/64', dhcp_range='10.88.0.10-10.88.0.20')
    host.nmcli('connection', 'export', 'lab', '/run/lab.xml')
    host.virsh('net-define', '/run/lab.xml', '--validate')
    dumped = host.virsh('net-dumpxml', 'lab & co').stdout
    for part in ('lab &amp; co', "address='10.88.0.1'", "start='10.88.0.10' end='10.88.0.20'",
                 "zone='trusted'", "address='fd12:3456:789a::1'"):
        check(part in dumped, f'no {part} in {dumped}')
    check('<forward' not in dumped, dumped)


@tap.host(shared='nmcli')
def test_exported_profile_comes_back_the_same(host):
    profiles.add(host, 'web', mode='share', guests='"web one" db', parent='eth0',
                 peers='10.77.0.128/25 fd77:77::/64')
    before = host.nmcli('-s', 'connection', 'show', 'web').stdout
    text = host.nmcli('connection', 'export', 'web').stdout
    host.nmcli('connection', 'delete', 'web')
    run_import(host, text, 'web.nmconnection')
    after = host.nmcli('-s', 'connection', 'show', 'web').stdout

    def without_time(output):
        return [line for line in output.splitlines() if not line.startswith('connection.timestamp')]

    equal(without_time(after), without_time(before), 'the profile')


if __name__ == '__main__':
    tap.main()
