# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode isolated from `nmcli connection up` to a ping, and what it leaves in guests and networks."""

import json
import re
import xml.etree.ElementTree as ElementTree

import profiles
import tap
from guest import macvtap, network
from profiles import HOST_ADDRESS
from sandbox import Lan
from tap import check, equal


# The default route and the DNS servers of a guest (busybox lists every route).
WAY_OUT = 'ip route | grep ^default; cat /etc/resolv.conf'


def offline_guest(host, name, nics=None, **options):
    return host.guest(name, nics, **options).define()


@tap.host()
def test_first_activation_reaches_every_macvtap_guest(host):
    alpha, beta = host.running_guests('alpha', 'beta')
    gamma = offline_guest(host, 'gamma')
    host.start_nat_network()
    nat = offline_guest(host, 'nat', [network('default')])
    before = nat.dumpxml(inactive=True)
    for guest in (alpha, beta):
        profiles.unreachable(host, guest, guest.lan_address, host.address())
    routes = {guest: guest.run(WAY_OUT)[1] for guest in (alpha, beta)}
    boots = {guest: guest.run('cat /proc/sys/kernel/random/boot_id')[1] for guest in (alpha, beta)}

    profiles.add(host)
    profiles.up(host)

    for guest in (alpha, beta):
        address = profiles.reach(host, guest)
        check(address.startswith('192.168.254.'), f'address {address}')
        equal(len(guest.links()), 2, f'NICs that {guest.name} sees')
        # The way to the LAN and the resolver stay the LAN's.
        equal(guest.run(WAY_OUT)[1], routes[guest],
              f'default route and resolver of {guest.name}')
        check(guest.ping(Lan.gateway()), f'{guest.name} does not reach the LAN')
        equal(guest.run('cat /proc/sys/kernel/random/boot_id')[1], boots[guest], f'boot of {guest.name}')
    info = profiles.network_info(host)
    equal((info['Active'], info['Persistent'], info['Autostart']), ('yes', 'yes', 'yes'), 'network')

    nic = profiles.our_nics(gamma, inactive=True)[0]
    equal(nic.find('model').get('type'), 'virtio', 'model')
    gamma.start().wait_ready()
    profiles.reach(host, gamma)
    equal(nat.dumpxml(inactive=True), before, 'definition of the NAT guest')

    # Up, down, up: what is off is off, what is on again is as it was.
    first = profiles.definitions(host)
    addresses = {guest: profiles.our_address(guest) for guest in (alpha, beta, gamma)}
    profiles.down(host)
    equal(profiles.definitions(host), first, 'definitions after down')
    for guest, address in addresses.items():
        profiles.unreachable(host, guest, address)
    profiles.up(host)
    for guest, address in addresses.items():
        equal(profiles.reach(host, guest), address, f'address of {guest.name} after the second up')
    equal(profiles.definitions(host), first, 'definitions after the second up')


@tap.host()
def test_keep_and_remove(host):
    before = {}
    alpha, = host.running_guests('alpha')
    beta = offline_guest(host, 'beta')
    before = profiles.definitions(host)
    networks = host.virsh('net-list', '--all', '--name').stdout
    profiles.add(host, on_disconnect='keep')
    profiles.up(host)
    address = profiles.reach(host, alpha)
    first = profiles.definitions(host)
    live = alpha.dumpxml()
    profiles.down(host)
    equal(profiles.definitions(host), first, 'definitions after down with keep')
    equal(alpha.dumpxml(), live, 'the running guest after down with keep')
    check(host.ping(address), 'keep cut the guest off')

    profiles.modify(host, on_disconnect='remove')
    profiles.up(host)
    profiles.down(host)
    equal(profiles.definitions(host), before, 'definitions after down with remove')
    equal(profiles.our_nics(alpha), [], 'interfaces of ours in the running guest')
    equal(host.virsh('net-list', '--all', '--name').stdout, networks, 'networks after down with remove')
    equal(len(beta.interfaces(inactive=True)), 1, 'interfaces of beta')


@tap.host()
def test_network_of_the_wiki_is_adopted(host):
    host.define_network(profiles.wiki_xml(), start=False)
    definition = host.virsh('net-dumpxml', '--inactive', 'isolated').stdout
    users = network('isolated', model='e1000')
    alpha, beta = host.running_guests('alpha', 'beta')
    own = offline_guest(host, 'own', [macvtap(), users])
    own_before = own.dumpxml(inactive=True)
    profiles.add(host)
    profiles.up(host)
    profiles.reach(host, alpha)
    equal(host.virsh('net-dumpxml', '--inactive', 'isolated').stdout, definition, 'the network')
    equal(own.dumpxml(inactive=True), own_before, 'definition of the guest with its own interface')
    equal(profiles.network_info(host)['Autostart'], 'yes', 'autostart')

    # The service removes nothing that it only adopted or that the user made.
    profiles.modify(host, on_disconnect='remove')
    profiles.down(host)
    profiles.up(host)
    profiles.down(host)
    equal(host.virsh('net-dumpxml', '--inactive', 'isolated').stdout, definition, 'the network after remove')
    equal(own.dumpxml(inactive=True), own_before, 'its definition after remove')
    equal(profiles.our_nics(beta), [], 'interfaces of ours in beta')


@tap.host()
def test_nic_model_default_writes_none(host):
    alpha = offline_guest(host, 'alpha')
    profiles.add(host, nic_model='default')
    profiles.up(host)
    nic = profiles.our_nics(alpha, inactive=True)[0]
    check(nic.find('model') is None or nic.find('model').get('type') != 'virtio', 'model virtio')
    first = profiles.definitions(host)
    profiles.down(host)
    profiles.up(host)
    equal(profiles.definitions(host), first, 'definitions after the second up')


@tap.host()
def test_guest_without_a_free_slot_needs_a_restart(host):
    full = host.guest('full', [macvtap(), network('default')], machine='q35')
    host.start_nat_network()
    full.define().start()
    alpha, = host.running_guests('alpha')
    full.wait_ready()
    # q35 has room for one; take it.
    host.virsh('attach-interface', 'full', 'network', 'default', '--model', 'virtio', '--live')
    profiles.add(host)
    profiles.up(host)
    profiles.reach(host, alpha)
    equal(len(profiles.our_nics(full, inactive=True)), 1, 'interfaces of ours in the definition')
    equal(len(profiles.our_nics(full)), 0, 'interfaces of ours in the running guest')
    check(any("'full'" in text and 'restart' in text for text in profiles.messages(host)),
          f'no word of it in the journal: {profiles.messages(host)}')
    shown = host.nmcli('connection', 'show', 'guests').stdout
    banner = [line for line in shown.splitlines() if line.startswith('VPN.BANNER')]
    check(banner and 'full' in banner[0] and 'restart' in banner[0], f'banner {banner}')
    # The command that check prints, carried out literally.
    result = host.run(['nm-macvtap', '--json', 'check', 'full'], check=False)
    step = json.loads(result.stdout)['steps'][-1]
    equal((result.returncode, step['step']), (3, 'plugged'), f'check: {step}')
    full.disconnect()
    host.run(step['remedy'], timeout=60)
    full.wait_ready()
    profiles.reach(host, full)


@tap.host(ipv6=True, nss_libvirt=True)
def test_ipv6_names_and_isolation(host):
    alpha, beta = host.running_guests('alpha', 'beta')
    profiles.add(host, address6='auto', isolate_guests='yes')
    profiles.up(host)
    addresses = {guest: profiles.reach(host, guest) for guest in (alpha, beta)}

    xml = ElementTree.fromstring(host.virsh('net-dumpxml', 'isolated').stdout)
    ours = [ip.get('address') for ip in xml.findall('ip') if ip.get('family') == 'ipv6']
    equal(len(ours), 1, 'IPv6 addresses of the network')
    check(ours[0].startswith('fd'), f'{ours[0]} is no ULA')
    theirs = profiles.our_address(alpha, 6)
    check(alpha.ping(ours[0]), 'the guest does not reach the host over IPv6')
    check(host.ping(theirs), 'the host does not reach the guest over IPv6')
    link = alpha.links()[profiles.our_mac(alpha)]
    check(f'dev {link}' not in alpha.run('ip -6 route | grep ^default')[1], 'the network has a default router')

    for guest, address in addresses.items():
        equal(host.run(['getent', 'ahostsv4', guest.name]).stdout.split()[0], address, f'name {guest.name}')
    check(not alpha.ping(addresses[beta], 2), 'isolated guests reach each other')
    profiles.modify(host, isolate_guests='no')
    profiles.down(host)
    profiles.up(host)
    host.wait_for(lambda: alpha.ping(addresses[beta], 1), 'guests to reach each other again')

    # The prefix stays the same even if the service makes the network again.
    profiles.modify(host, on_disconnect='remove')
    profiles.down(host)
    profiles.up(host)
    profiles.down(host)
    profiles.modify(host, on_disconnect='unplug')
    profiles.up(host)
    check(ours[0] in host.virsh('net-dumpxml', 'isolated').stdout, 'another prefix after the service made the network again')


ODD = '''<metadata>
    <app:thing xmlns:app="http://example.org/app" app:of="ä &lt;&amp;&quot;"><app:deep> kept </app:deep></app:thing>
    <other xmlns="http://example.org/other">&#x20AC;<!-- a comment --></other>
  </metadata>'''


@tap.host()
def test_names_are_data(host):
    names = ['web one', "o'hara", 'say "hi"', 'a & b < c', 'grün', 'x' * 200, 'semi;colon $HOME `id`']
    guests = [offline_guest(host, name, xml_metadata=ODD) for name in names]
    macvtaps = {guest.name: len(guest.interfaces(inactive=True)) for guest in guests}
    live = host.guest('grün & "live"', xml_metadata=ODD).define().start().wait_ready()
    profile = 'für "alle" & \'mich\''
    quoted = ' '.join('"%s"' % name.replace('\\', '\\\\').replace('"', '\\"').replace('$', '\\$').replace('`', '\\`')
                      for name in [*names, live.name])
    quoted = quoted.replace('\\', '\\\\')  # as keyfiles want it
    uuid = '6a3d5c7e-8f2b-4a1d-9c0e-112233445566'
    host.write('/etc/NetworkManager/system-connections/odd.nmconnection', f'''[connection]
id={profile}
uuid={uuid}
type=vpn

[vpn]
service-type=org.freedesktop.NetworkManager.macvtap
network=netz "grün" & co
guests={quoted}
''', 0o600)
    host.nmcli('connection', 'reload')
    before = profiles.definitions(host)
    profiles.up(host, profile)
    for guest in guests:
        equal(len(guest.interfaces(inactive=True)), macvtaps[guest.name] + 1, f'interfaces of {guest.name}')
    profiles.reach(host, live)
    # Nothing but the interface has come, to the letter.
    for name, text in profiles.definitions(host).items():
        without = re.sub(r' *<interface .*?</interface>\n',
                         lambda match: '' if profiles.ALIAS in match[0] else match[0], text, flags=re.DOTALL)
        check(without != text, f'no interface of ours in {name}')
        equal(without, before[name], f'the rest of {name}')
    check(HOST_ADDRESS in profiles.host_addresses(host), 'the host has no address')


if __name__ == '__main__':
    tap.main()
