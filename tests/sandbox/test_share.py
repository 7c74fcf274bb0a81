# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode share: host and guests reach each other at their LAN addresses; the LAN sees no change."""

import json

import profiles
import share
import tap
from guest import macvtap
from sandbox import Host, Lan
from tap import check, equal


def zone_of(host, link):
    return host.run(['firewall-cmd', '--get-zone-of-interface', link], check=False).stdout.strip()


@tap.host()
def test_tcp_both_ways_at_lan_addresses(host):
    alpha, beta = share.prepare(host, 'alpha', 'beta')
    for guest in (alpha, beta):
        share.separate(host, guest)
    before, definitions = share.view(host), profiles.definitions(host)
    profiles.add(host, mode='share')
    profiles.up(host)
    for guest in (alpha, beta):
        share.talk(host, guest)
    share.wait_routes(host, [alpha.lan_address, beta.lan_address])
    equal(profiles.definitions(host), definitions, 'definitions')
    equal(share.view(host), before, 'NetworkManager and the way out')

    profiles.down(host)
    check(share.LINK not in host.run(['ip', 'link']).stdout, 'the host link is still there')
    for guest in (alpha, beta):
        share.separate(host, guest)
    equal(share.view(host), before, 'NetworkManager and the way out after down')



@tap.host()
def test_first_contact_from_either_side_with_silent_guests(host):
    """The service finds guests that send nothing, and the first packet in either direction arrives."""
    alpha, beta = share.prepare(host, 'alpha', 'beta')
    for guest in (alpha, beta):
        check(guest.ping(Lan.gateway()), f'{guest.name} does not reach the LAN')
        guest.run('killall udhcpc; ip neigh flush dev eth0')
    share.listen(host, 'arp or icmp6')
    profiles.add(host, mode='share')
    profiles.up(host)
    share.wait_routes(host, [alpha.lan_address, beta.lan_address])
    retransmitted = share.retransmissions(host)
    check(share.reaches_guest(host, beta, beta.lan_address), 'the first connection to beta failed')
    equal(share.retransmissions(host), retransmitted, 'segments that the host had to send again')
    check(share.reaches_host(alpha, host.address(), alpha.lan_address), 'the first connection from alpha failed')
    equal([frame for frame in share.frames(host) if share.mac_of_link(host) in frame], [],
          'frames of the sweep on the LAN')


@tap.host()
def test_silent_guest_that_starts_while_the_profile_is_up(host):
    share.prepare(host)
    profiles.add(host, mode='share')
    profiles.up(host)
    guest = host.guest('quiet').define().start()
    guest.wait_ready()
    share.wait_routes(host, [guest.lan_address])
    address = guest.lan_address
    # Its address is known when it starts again, and goes with it.
    guest.destroy()
    share.wait_routes(host, [], 2)
    guest.start().wait_ready()
    share.wait_routes(host, [address])
    check(share.reaches_guest(host, guest, address), 'no connection to the guest')


@tap.host()
def test_the_lan_sees_one_host(host):
    alpha, = share.prepare(host, 'alpha')
    share.listen(host)
    host.run('sysctl -w net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1')
    profiles.add(host, mode='share')
    profiles.up(host)
    share.talk(host, alpha)
    host.lan.run(['ip', 'neigh', 'flush', 'dev', 'lan0'])
    share.one_mac(host)
    check(host.lan.ping(host.address()), 'the LAN does not reach the host')
    check(Host.uplink_mac() in host.lan.run(['ip', 'neigh', 'show', host.address()]).stdout,
          'the LAN has another MAC for the host')

    equal(share.device_to(host, Lan.gateway()), 'eth0', 'the way to the gateway')
    sent, through = share.counters(host, share.LINK)[1], share.counters(host, 'eth0')[1]
    for _ in range(5):
        check(host.ping(Lan.gateway()) and host.lan.ping(host.address()), 'host and LAN do not reach each other')
    equal(share.counters(host, share.LINK)[1], sent, 'packets sent on the host link')
    check(share.counters(host, 'eth0')[1] >= through + 10, 'the traffic is not on the physical link')
    equal(share.heard(host), {Host.uplink_mac()}, 'MACs that sent the host\'s address on the LAN')


@tap.host()
def test_guests_are_followed(host):
    alpha, beta = share.prepare(host, 'alpha', 'beta')
    profiles.add(host, mode='share')
    profiles.up(host)
    for guest in (alpha, beta):
        share.talk(host, guest)

    old, new = alpha.lan_address, '10.77.0.77'
    alpha.run(f'killall udhcpc; ip addr flush dev eth0; ip addr add {new}/24 dev eth0; ping -c 1 {Lan.gateway()}')
    share.talk(host, alpha, new)
    host.run(['ping', '-c', '1', '-W', '1', old], check=False)
    share.wait_routes(host, [new, beta.lan_address])

    beta_address = beta.lan_address
    beta.destroy()
    share.wait_routes(host, [new], 2)
    beta.start().wait_ready()
    share.talk(host, beta)
    beta.virsh('detach-interface', 'direct', '--live')
    share.wait_routes(host, [new], 5)
    equal(beta_address, beta.lan_address, 'address of beta')

    gamma = host.guest('gamma').define().start()
    gamma.wait_ready()
    share.talk(host, gamma)
    host.restart_libvirtd()
    alpha.destroy()
    share.wait_routes(host, [gamma.lan_address], 20)


@tap.host()
def test_the_hosts_address_changes(host):
    alpha, = share.prepare(host, 'alpha')
    profiles.add(host, mode='share')
    profiles.up(host)
    share.talk(host, alpha)
    # The DHCP server has a new address for the host, which renews; then the host is another client;
    # then there is no DHCP at all.
    for options, settings in (
            ([f'--dhcp-host={Host.uplink_mac()},10.77.0.55'], ['ipv4.dhcp-hostname', 'renamed']),
            ([], ['ipv4.dhcp-client-id', 'another']),
            ([], ['ipv4.method', 'manual', 'ipv4.addresses', '10.77.0.66/24', 'ipv4.gateway', Lan.gateway()])):
        host.lan.restart_dnsmasq(*options)
        old = host.address()
        host.nmcli('device', 'modify', 'eth0', *settings)
        host.wait_for(lambda: host.address() not in (old, None), 'the new address')
        equal(profiles.state(host), 'activated', 'state')
        share.talk(host, alpha)
        check(host.address() in host.run(['ip', 'route', 'get', alpha.lan_address]).stdout, 'the old source address')
    share.one_mac(host)
    host.wait_for(lambda: 'metric 50' not in host.run(['ip', 'route', 'show', 'dev', 'eth0']).stdout,
                  'the route to the old address to go')


@tap.host()
def test_cable_out_and_in(host):
    alpha, = share.prepare(host, 'alpha')
    profiles.add(host, mode='share')
    profiles.up(host)
    share.talk(host, alpha)
    before = share.view(host)
    host.pull_cable()
    host.wait_for(lambda: profiles.state(host) != 'activated' or not host.address(), 'the loss to be noticed', 30)
    host.plug_cable()
    host.wait_online()
    # Without a command.
    host.wait_for(lambda: profiles.state(host) == 'activated', 'the profile to be up again', 40)
    share.talk(host, alpha)
    equal(share.view(host)[0], before[0], 'state')
    equal(share.view(host)[2:], before[2:], 'the way out')


@tap.host()
def test_nothing_can_be_hijacked(host):
    alpha, beta = share.prepare(host, 'alpha', 'beta')
    server = '10.77.0.9'
    host.nmcli('device', 'modify', 'eth0', '+ipv4.dns', server)
    host.lan.run(['ip', 'addr', 'add', '10.77.0.20/24', 'dev', 'lan0'])
    profiles.add(host, mode='share', exclude_guests='beta')
    profiles.up(host)
    share.talk(host, alpha)
    check(host.ping('10.77.0.20'), 'the other host on the LAN does not answer')
    claimed = [Lan.gateway(), server, host.address(), '10.77.0.20', '192.0.2.7']
    for address in claimed:
        share.announce(alpha, address)
    for address in claimed:
        host.wait_for(lambda: share.warnings(host, f"'{address}'"), f'a word about {address}')
    # A guest that the profile does not select is ignored, as is a macvtap of no guest.
    share.announce(beta, '10.77.0.88')
    share.add_stranger(host, '10.77.0.99')
    share.announce_as_stranger(host, '10.77.0.99')
    equal(share.routes(host), [alpha.lan_address], 'routes')
    for address in claimed:
        equal(len(share.warnings(host, f"'{address}'")), 1, f'warnings about {address}')
    for address in (Lan.gateway(), '10.77.0.20', '10.77.0.88', '10.77.0.99', server):
        equal(share.device_to(host, address), 'eth0', f'the way to {address}')
    # The LAN itself believed the guest, which does not affect the host's routes.
    host.lan.run(['ip', 'neigh', 'flush', 'dev', 'lan0'])
    check(host.ping(Lan.gateway()) and host.ping('10.77.0.20'), 'the host does not reach the LAN')
    for address in ('10.77.0.88', '10.77.0.99'):
        equal(share.warnings(host, address), [], 'warnings about a macvtap of no guest')
    share.wait_routes(host, [alpha.lan_address])
    share.talk(host, alpha)
    # Nor can such a macvtap take a guest's address away.
    share.announce_as_stranger(host, alpha.lan_address)
    equal(share.routes(host), [alpha.lan_address], "routes after the claim to a guest's own address")
    share.talk(host, alpha)
    # A LAN host can: it keeps the address, and the warning names the guest.
    host.lan.run(['ip', 'addr', 'add', f'{alpha.lan_address}/24', 'dev', 'lan0'])
    host.lan.run(['arping', '-U', '-c', '1', '-I', 'lan0', alpha.lan_address])
    share.wait_routes(host, [])
    equal(len(share.warnings(host, f"'{alpha.lan_address}'")), 1, 'warnings about it')


@tap.host(ipv6=True)
def test_ipv6(host):
    alpha, = share.prepare(host, 'alpha')
    own = host.wait_for(lambda: host.address(family=6), 'an IPv6 address of the host')
    theirs = alpha.wait_address(family=6)
    defaults = host.run(['ip', '-6', 'route', 'show', 'default']).stdout
    addresses = host.run('ip -6 -o addr show scope global | awk "{print \\$2, \\$4}"').stdout
    check(not host.ping(theirs, 1), 'the host reaches alpha')
    profiles.add(host, mode='share')
    profiles.up(host)
    share.talk(host, alpha, theirs, own)
    share.wait_routes(host, [theirs], family=6)
    share.talk(host, alpha)
    guest = json.loads(host.run(['nm-macvtap', '--json', 'status']).stdout)['guests'][0]
    equal([(one['address'], one['answers']) for one in guest['addresses']],
          [(alpha.lan_address, True), (theirs, True)], 'addresses that the tool knows')
    equal(len(host.run(['ip', '-6', 'route', 'show', 'default']).stdout.splitlines()),
          len(defaults.splitlines()), 'default routes')
    equal(host.run('ip -6 -o addr show scope global | awk "{print \\$2, \\$4}"').stdout, addresses,
          'IPv6 addresses')
    equal(host.run(['ip', '-6', 'addr', 'show', 'dev', share.LINK]).stdout, '', 'IPv6 addresses of the link')
    host.lan.run(['ip', 'neigh', 'flush', 'dev', 'lan0'])
    share.listen(host, 'icmp6 and ip6[40] == 136')
    check(host.lan.ping(own), 'the LAN does not reach the host')
    equal(share.advertised(host, own), [Host.uplink_mac()], 'answers on the LAN for the host')
    check(Host.uplink_mac() in host.lan.run(['ip', 'neigh', 'show', own]).stdout, 'another MAC for the host')
    theirs_global, own_global = share.add_global_prefix(host, alpha)
    share.talk(host, alpha, theirs_global, own_global)
    share.talk(host, alpha, theirs, own)
    share.wait_routes(host, [theirs, theirs_global], family=6)
    equal(host.run(['ip', '-6', 'addr', 'show', 'dev', share.LINK]).stdout, '', 'IPv6 addresses of the link')
    equal(len(host.run(['ip', '-6', 'route', 'show', 'default']).stdout.splitlines()),
          len(defaults.splitlines()), 'default routes with two prefixes')
    # A guest cannot take the address of the gateway and DNS server, of another LAN host, or outside this LAN.
    host.lan.run(['ip', 'addr', 'add', 'fd77:77::20/64', 'dev', 'lan0', 'nodad'])
    check(host.ping('fd77:77::20'), 'the other host on the LAN does not answer')
    claimed = ('fd77:77::1', 'fd77:77::20', '2001:db8::7')
    alpha.run('cd /proc/sys/net/ipv6/conf/eth0; echo 0 >accept_dad; echo 0 >dad_transmits')
    for address in claimed:
        # Without a prefix, because with one Linux 6.12 removes the router's route to the host with the address.
        alpha.run(f'ip -6 addr add {address}/128 dev eth0')
        # The address is usable a moment later; the guest solicits the host with it.
        host.wait_for(lambda: alpha.run(f'ip -6 neigh flush dev eth0; ping -6 -c 1 -W 1 -I {address} {own}') and
                      share.warnings(host, f"'{address}'"), f'a word about {address}')
        alpha.run(f'ip -6 addr del {address}/128 dev eth0')
    for address in claimed:
        equal(len(share.warnings(host, f"'{address}'")), 1, f'warnings about {address}')
    equal(sorted(share.routes(host, family=6)), sorted([theirs, theirs_global]), 'routes')
    alpha.destroy()
    share.wait_routes(host, [], 2, family=6)


@tap.host(uplinks=('eth0', 'eth1'))
def test_refusals_by_name(host):
    alpha, = share.prepare(host, 'alpha', serve=False)
    vepa = host.guest('nobridge', [macvtap('eth0', 'vepa')]).define().start()
    private = host.guest('hermit', [macvtap('eth0', 'private')]).define().start()
    host.guest('owner', [macvtap('eth0', 'passthrough')]).define()
    profiles.add(host, mode='share', guests='all')
    profiles.up(host)
    for name, mode in (('nobridge', 'vepa'), ('hermit', 'private'), ('owner', 'passthrough')):
        said = share.warnings(host, f"'{name}'")
        check(len(said) == 1 and f"'{mode}'" in said[0], f'warnings about the guest in mode {mode}: {said}')
    shown = host.nmcli('connection', 'show', 'guests').stdout
    check('nobridge' in shown and 'hermit' in shown, f'no banner: {shown!r}')
    private.destroy()
    host.wait_for(lambda: share.reaches_guest(host, alpha, alpha.lan_address), 'alpha to serve the host')

    # A second profile with the same link is refused with the name of the first, whatever their settings.
    for name, words in {'second': {'mode': 'share', 'parent': 'eth0'}, 'third': {'mode': 'share'},
                        'fourth': {'mode': 'move'}, 'fifth': {'mode': 'move', 'parent': 'eth0'},
                        'sixth': {'mode': 'share', 'parent': 'eth1', 'link_name': share.LINK}}.items():
        profiles.add_by_hand(host, name, **words)
        profiles.refused(host, share.LINK, "'guests'", name=name)
    profiles.down(host)
    profiles.up(host, 'fourth')
    for name in ('second', 'third', 'fifth', 'sixth'):
        profiles.refused(host, share.LINK, "'fourth'", name=name)
    profiles.add_by_hand(host, 'seventh', mode='move', parent='eth0', link_name='nmmvother')
    profiles.refused(host, "'eth0'", "'fourth'", name='seventh')
    profiles.down(host, 'fourth')
    host.wait_for(lambda: host.address(), 'the address of eth0')
    vepa.destroy()
    host.nmcli('connection', 'delete', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh')

    # A guest that is named but missing is logged once, and again when it changes.
    profiles.modify(host, guests='alpha nobody', parent='eth0')
    profiles.up(host)
    host.wait_for(lambda: len(share.warnings(host, "'nobody'")) == 1, 'a word about nobody')
    check("'nobody'" in host.nmcli('connection', 'show', 'guests').stdout, "no banner about guest 'nobody'")
    host.guest('nobody').define()
    host.wait_for(lambda: "'nobody'" not in host.nmcli('connection', 'show', 'guests').stdout, 'the banner to go', 10)
    equal(len(share.warnings(host, "'nobody'")), 1, "warnings about guest 'nobody'")
    profiles.down(host)
    profiles.modify(host, guests='all')

    profiles.modify(host, parent='nosuch0')
    profiles.refused(host, "'nosuch0'")
    profiles.modify(host, parent='eth1')
    host.run('ip link add br9 type bridge && ip link set eth1 master br9')
    profiles.refused(host, "'eth1'", "'br9'")
    host.run('ip link set eth1 nomaster && ip link del br9')
    host.run('ip link add nmmveth1 type veth peer name stranger1')
    profiles.refused(host, "'nmmveth1'")
    check('veth' in host.run(['ip', '-d', 'link', 'show', 'nmmveth1']).stdout, 'the user\'s link is gone')
    host.run('ip link del nmmveth1')
    taker = host.guest('taker', [macvtap('eth1', 'passthrough')]).define().start()
    profiles.refused(host, "'eth1'", 'passthrough')
    taker.destroy()
    equal(share.routes(host, 'nmmveth1'), [], 'routes')
    check('nmmv' not in host.run(['ip', 'link']).stdout, 'a host link was left behind')

    host.nmcli('connection', 'modify', 'guests', 'vpn.data', 'mode=share')
    profiles.refused(host, 'parent', words=('ifname', 'lo'))
    host.stop_libvirtd()
    profiles.refused(host, 'libvirt')
    check('nmmv' not in host.run(['ip', 'link']).stdout, 'a host link was left behind')


@tap.host(uplinks=('eth0', 'eth1'))
def test_two_parents_and_isolated_beside(host):
    share.prepare(host)
    alpha = host.guest('alpha', [macvtap('eth0')]).define().start()
    beta = host.guest('beta', [macvtap('eth1')]).define().start()
    for guest in (alpha, beta):
        guest.wait_ready()
    profiles.add(host, 'first', mode='share')
    profiles.add(host, 'second', mode='share', parent='eth1')
    profiles.add(host, 'isolated')
    for name in ('first', 'second', 'isolated'):
        profiles.up(host, name)
    share.talk(host, alpha)
    share.talk(host, beta, host_address=host.address('eth1'))
    share.wait_routes(host, [alpha.lan_address])
    share.wait_routes(host, [beta.lan_address], link='nmmveth1')
    for guest in (alpha, beta):
        profiles.reach(host, guest)
    # A guest that moved to another device is served when it starts there.
    xml = beta.dumpxml(inactive=True).replace("dev='eth1'", "dev='eth0'")
    host.write('/run/guests/moved.xml', xml)
    host.virsh('define', '/run/guests/moved.xml')
    beta.destroy()
    share.wait_routes(host, [], 2, link='nmmveth1')
    beta.start().wait_ready()
    share.talk(host, beta, beta.wait_address(beta.mac))
    host.nmcli('connection', 'down', 'second')
    share.talk(host, alpha)
    profiles.reach(host, alpha)


@tap.host(firewalld=True)
def test_firewall_zone(host):
    """Only the host link gets the profile's zone."""
    alpha, = share.prepare(host, 'alpha')
    uplink = zone_of(host, 'eth0')
    profiles.add(host, 'guests', 'connection.zone', 'trusted', mode='share')
    profiles.up(host)
    equal(zone_of(host, share.LINK), 'trusted', 'zone of the host link')
    equal(zone_of(host, 'eth0'), uplink, 'zone of the uplink')
    share.talk(host, alpha)
    profiles.down(host)
    equal(zone_of(host, 'eth0'), uplink, 'zone of the uplink after down')


@tap.host()
def test_service_killed(host):
    alpha, = share.prepare(host, 'alpha')
    before = share.view(host)
    profiles.add(host, mode='share')
    profiles.up(host)
    share.talk(host, alpha)
    host.run(['kill', '-9', *profiles.services(host)])
    host.wait_for(lambda: profiles.state(host) != 'activated', 'NetworkManager to notice')
    equal(share.view(host), before, 'NetworkManager and the way out')
    check(host.ping(Lan.gateway()), 'the host does not reach the LAN')
    profiles.up(host)
    share.talk(host, alpha)
    equal(host.run(['ip', '-o', 'link']).stdout.count('nmmv'), 1, 'host links')


if __name__ == '__main__':
    tap.main()
