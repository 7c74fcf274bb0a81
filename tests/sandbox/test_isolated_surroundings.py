# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode isolated and what is around it: subnets in use, NetworkManager's view, firewalld, and what is refused."""

import profiles
import tap
from tap import check, equal


@tap.host(shared='subnets')
def test_subnet_in_use_is_avoided_for_good(host):
    host.guest('alpha').define()
    profiles.add_by_hand(host, on_disconnect='remove')
    takers = [
        # what takes it, how it is freed
        (['ip', 'route', 'add', '192.168.254.0/25', 'via', host.lan.gateway()],
         ['ip', 'route', 'del', '192.168.254.0/25'], 'route 192.168.254.0/25'),
        (['nmcli', 'connection', 'add', 'type', 'ethernet', 'con-name', 'elsewhere', 'ifname', 'eth9',
          'autoconnect', 'no', 'ipv4.method', 'manual', 'ipv4.addresses', '192.168.254.77/24'],
         ['nmcli', 'connection', 'delete', 'elsewhere'], "'elsewhere'"),
    ]
    for take, free, what in takers:
        host.run(take)
        profiles.up(host)
        check('192.168.253.1/24' in profiles.host_addresses(host), f'{what}: {profiles.host_addresses(host)}')
        profiles.down(host)
        profiles.modify(host, address='192.168.254.1/24')
        profiles.refused(host, what, '192.168.254', 'address')
        host.nmcli('connection', 'modify', 'guests', '-vpn.data', 'address')
        host.run(free)

    host.define_network(profiles.network_xml('other', '192.168.254.33'))
    profiles.modify(host, address='192.168.254.1/24')
    profiles.refused(host, "'other'", '192.168.254', 'address')
    host.nmcli('connection', 'modify', 'guests', '-vpn.data', 'address')
    profiles.modify(host, on_disconnect='keep')
    profiles.up(host)
    check('192.168.253.1/24' in profiles.host_addresses(host), profiles.host_addresses(host))
    # It stays, even when the first choice has become free.
    profiles.down(host)
    host.virsh('net-destroy', 'other')
    host.virsh('net-undefine', 'other')
    host.virsh('net-destroy', 'isolated')
    profiles.up(host)
    check('192.168.253.1/24' in profiles.host_addresses(host), profiles.host_addresses(host))
    profiles.down(host)

    # The service does not start a stopped network if another route overlaps its subnet.
    host.virsh('net-destroy', 'isolated')
    host.run(['ip', 'route', 'add', '192.168.253.0/26', 'via', host.lan.gateway()])
    profiles.refused(host, 'route 192.168.253.0/26', "'isolated'")
    host.run(['ip', 'route', 'del', '192.168.253.0/26'])


@tap.host(firewalld=True)
def test_network_manager_and_firewalld_see_no_change(host):
    def view():
        return (host.nm_state(), host.nmcli('-g', 'GENERAL.DEVICES,GENERAL.STATE,GENERAL.DEFAULT', 'connection', 'show', 'eth0').stdout,
                host.run(['ip', 'route', 'show', 'default']).stdout,
                host.run(['ip', 'route', 'show', 'dev', 'eth0']).stdout)

    def zone():
        return host.run(['firewall-cmd', '--get-zone-of-interface', bridge], check=False).stdout.strip()

    alpha, = host.running_guests('alpha')
    profiles.add_by_hand(host)
    before = view()
    profiles.up(host)
    bridge = profiles.network_info(host)['Bridge']
    address = profiles.reach(host, alpha)
    equal(view(), before, "NetworkManager's view while up")
    equal(zone(), 'libvirt', 'zone while up')
    profiles.down(host)
    equal(view(), before, "NetworkManager's view after down")
    equal(zone(), 'libvirt', 'zone after down')
    check('192.168.254.1/24' in profiles.host_addresses(host), 'the bridge has lost its address')
    profiles.up(host)
    equal(zone(), 'libvirt', 'zone after the second up')
    profiles.down(host)

    # Without a cable, on lo.
    host.pull_cable()
    host.wait_for(lambda: host.address() is None, 'NetworkManager to see it')
    profiles.up(host, 'guests', 'ifname', 'lo')
    equal(profiles.reach(host, alpha), address, 'address')
    host.plug_cable()
    host.wait_online()
    equal(profiles.state(host), 'activated', 'state after the cable is back')
    equal(view()[2:], before[2:], 'routes after the cable is back')


@tap.host(firewalld=True)
def test_zone_of_the_profile(host):
    alpha, = host.running_guests('alpha')
    profiles.add_by_hand(host, 'guests', 'connection.zone', 'trusted')
    profiles.up(host)
    profiles.reach(host, alpha)
    bridge = profiles.network_info(host)['Bridge']
    equal(host.run(['firewall-cmd', '--get-zone-of-interface', bridge]).stdout.strip(), 'trusted', 'zone')


@tap.host()
def test_chains_of_libvirt_are_removed(host):
    """As firewalld does when it starts. A libvirt that uses nftables has none."""
    profiles.add_by_hand(host)
    profiles.up(host)
    profiles.down(host)
    host.virsh('net-destroy', 'isolated')
    used = 'LIBVIRT_INP' in host.run(['iptables', '-S']).stdout
    host.run('for table in filter nat mangle; do iptables -t $table -F; iptables -t $table -X; done')
    if used:
        profiles.refused(host, "'isolated'", 'firewall', 'systemctl restart libvirtd')
        host.restart_libvirtd()
    profiles.up(host)


@tap.host(shared='refusals')
def test_bad_profiles_are_refused(host):
    alpha = host.guest('alpha').define()
    before = alpha.dumpxml(inactive=True)
    networks = host.virsh('net-list', '--all', '--name').stdout
    cases = [
        ({'moed': 'isolated'}, ('moed', 'mode')),
        ({'mode': 'bridge'}, ('mode', "'bridge'", 'isolated', 'share', 'move')),
        ({'address': '192.168.254.0/24'}, ('address', '192.168.254.0/24')),
        ({'libvirt_uri': 'qemu+ssh://h/system?command=/tmp/x'}, ('libvirt-uri', 'qemu+ssh', 'nm-macvtap.conf')),
    ]
    for data, texts in cases:
        profiles.add_by_hand(host, **data)
        profiles.refused(host, *texts)
        host.nmcli('connection', 'delete', 'guests')
    profiles.add_by_hand(host, 'guests', 'ipv4.method', 'manual', 'ipv4.addresses', '192.168.254.9/24')
    profiles.refused(host, 'ipv4.method', 'auto')
    host.nmcli('connection', 'delete', 'guests')
    equal(alpha.dumpxml(inactive=True), before, 'definition')
    equal(host.virsh('net-list', '--all', '--name').stdout, networks, 'networks')


@tap.host(shared='refusals')
def test_private_profiles(host):
    host.run('getent group libvirt || groupadd libvirt; useradd plain; useradd -G libvirt trusted; '
             'useradd -G sudo admin')
    profiles.add_by_hand(host, 'guests', 'connection.permissions', 'user:plain')
    profiles.refused(host, "'plain'", 'libvirt, sudo', 'admin-groups', 'all users')
    for user in ('trusted', 'admin', 'root'):
        host.nmcli('connection', 'modify', 'guests', 'connection.permissions', f'user:{user}')
        profiles.up(host)
        profiles.down(host)
    host.nmcli('connection', 'modify', 'guests', 'connection.permissions', 'user:admin,user:trusted')
    result = host.nmcli('connection', 'up', 'guests', check=False)
    # NetworkManager 1.58 refuses a second user itself.
    check(result.returncode == 0 or 'multiple users are not allowed' in result.stderr, f'two users: {result.stderr}')
    if result.returncode == 0:
        profiles.down(host)
    host.nmcli('connection', 'modify', 'guests', 'connection.permissions', 'user:admin')
    host.write('/etc/NetworkManager/nm-macvtap.conf', '[libvirt]\nadmin-groups=libvirt\n')
    profiles.refused(host, "'admin'", 'groups libvirt (admin-groups')
    host.run(['rm', '/etc/NetworkManager/nm-macvtap.conf'])
    host.nmcli('connection', 'delete', 'guests')


@tap.host(shared='refusals')
def test_network_that_forwards_is_refused(host):
    host.define_network(profiles.network_xml('nat', '192.168.200.1', inner="<forward mode='nat'/>"))
    profiles.add_by_hand(host, network='nat')
    profiles.refused(host, "'nat'", 'forward')
    host.nmcli('connection', 'delete', 'guests')


@tap.host(shared='refusals')
def test_two_profiles_for_one_network(host):
    profiles.add_by_hand(host, 'first')
    profiles.add_by_hand(host, 'second')
    profiles.add_by_hand(host, 'third', network='another')
    profiles.up(host, 'first')
    profiles.refused(host, "'isolated'", "'first'", name='second')
    profiles.up(host, 'third')
    equal(profiles.state(host, 'first'), 'activated', 'the first')
    host.nmcli('connection', 'down', 'first')
    # At once, while the first may still be undoing things.
    profiles.up(host, 'second')
    host.nmcli('connection', 'delete', 'first', 'second', 'third')
    host.wait_for(lambda: not profiles.services(host), 'the services to end', 40)


@tap.host(shared='refusals')
def test_libvirtd_not_running(host):
    profiles.add_by_hand(host)
    host.stop_libvirtd()
    profiles.refused(host, 'qemu:///system', 'libvirtd')
    equal(host.nm_state(), 'connected:full', 'state')
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    host.start_libvirtd()
    profiles.up(host)


if __name__ == '__main__':
    tap.main()
