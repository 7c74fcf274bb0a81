# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode share: the service between a mock NetworkManager, a fake hypervisor and the kernel."""

import device
import mock
from device import ip
from host import GUEST_ADDRESS, GUEST_MAC, LINK, UPLINK, check, equal


def test_up_and_down(host):
    host.add_guest('alpha')
    vpn = host.up(host.add_profile('share'))
    equal(vpn.config['tundev'], LINK, 'device that NetworkManager is given')
    check('macvtap' in ip('-d', 'link', 'show', LINK), 'the host link is no macvtap')
    check(f'nm-macvtap:{vpn.profile.uuid}' in ip('link', 'show', LINK), 'the host link is not marked')
    equal(host.addresses('eth0'), [UPLINK], 'addresses of the parent')
    host.down(vpn)
    check(LINK not in host.links(), 'the host link is still there')


def test_guest_in_mode_vepa_is_named_in_the_banner(host):
    host.add_guest('alpha', mode='vepa')
    vpn = host.up(host.add_profile('share'))
    check('alpha' in vpn.get('VPN.Connection', 'Banner'), 'alpha is not in the banner')
    host.down(vpn)


ALTNAME = 'enxaabbccddeeff'
LONG = 'enp0s31f6u1u2u3u4i5-dock'
OTHER_UUID = '33333333-3333-4333-8333-333333333333'


def add_altnames():
    for name in (ALTNAME, LONG):
        ip('link', 'property', 'add', 'dev', 'eth0', 'altname', name)


def test_guest_on_any_name_of_the_parent_is_served(host):
    add_altnames()
    host.add_guest('alpha', parent=LONG, device_name='macvtap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share', parent=ALTNAME))
    equal(vpn.config['tundev'], LINK, 'name of the host link')
    host.wait_served('macvtap0')
    host.down(vpn)


def test_parent_by_two_names_is_one_parent(host):
    add_altnames()
    host.up(host.add_profile('share', parent=LONG))
    host.refused(host.add_profile('share', uuid=OTHER_UUID, name='other', parent='eth0'), "'guests'", LINK)


def ethernet(device, managed='no'):
    return f"<mac address='{GUEST_MAC}'/><target dev='{device}' managed='{managed}'/>"


def test_guest_on_a_macvtap_that_the_user_made_is_served(host):
    host.add_macvtap('tap0')
    host.define_guest('alpha', 'ethernet', ethernet('tap0'))
    vpn = host.up(host.add_profile('share', parent='eth0'))
    host.wait_served('tap0')
    equal(vpn.get('VPN.Connection', 'Banner'), '', 'banner')
    host.down(vpn)


def test_guest_on_a_macvtap_of_mode_vepa_that_the_user_made_is_named_in_the_banner(host):
    host.add_macvtap('tap0', mode='vepa')
    host.define_guest('alpha', 'ethernet', ethernet('tap0'))
    vpn = host.up(host.add_profile('share', parent='eth0'))
    check('alpha' in vpn.get('VPN.Connection', 'Banner'), 'alpha is not in the banner')
    host.down(vpn)


OTHER_ADDRESS = '10.0.0.40'  # the pass that finds GUEST_ADDRESS asks for it first
NEW_MAC = '52:54:00:00:00:99'


def test_guest_that_changes_its_mac_is_served_with_the_new_one(host):
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share'))
    host.wait_served('tap0')
    ip('link', 'set', 'tap0', 'address', NEW_MAC)
    host.wait(lambda: not host.has_route(), 'the stale route to go')
    host.wait_served('tap0', mac=NEW_MAC)
    host.down(vpn)


def test_guest_that_has_changed_its_mac_before_is_served(host):
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    ip('link', 'set', 'tap0', 'address', NEW_MAC)
    vpn = host.up(host.add_profile('share'))
    host.wait_served('tap0', mac=NEW_MAC)
    host.down(vpn)


def test_guest_whose_device_disappears_loses_its_route_and_is_named(host):
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share'))
    host.wait_served('tap0')
    ip('link', 'del', 'tap0')
    host.wait(lambda: not host.has_route(), 'the stale route to go')
    host.wait(lambda: 'disappeared together' in vpn.get('VPN.Connection', 'Banner'), 'a banner that names the guest')
    check("'tap0' disappeared together with 'eth0'" in host.messages(), 'no word of it in the log')
    host.down(vpn)


def test_guest_whose_device_is_down_has_no_route_until_it_is_up(host):
    """libvirt sets it down while the guest is paused, and before it has arrived by migration."""
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share'))
    host.wait_served('tap0')
    ip('link', 'set', 'tap0', 'down')
    host.wait(lambda: not host.has_route(), 'the route to go')
    equal(vpn.get('VPN.Connection', 'Banner'), '', 'banner')
    ip('link', 'set', 'tap0', 'up')
    host.wait_served('tap0')
    host.down(vpn)


# Its interface is in another network namespace.
CONTAINER = (f"<domain type='lxc'><name>alpha</name><memory>65536</memory><os><type>exe</type></os><devices><interface "
             f"type='direct'><mac address='{GUEST_MAC}'/><source dev='eth0' mode='bridge'/></interface></devices></domain>")
# A broadcast from UDP port 68 to 67 in IPv4.
ASK_FOR_LEASE = f'''
import socket
mac = bytes.fromhex('{GUEST_MAC}'.replace(':', ''))
ip = bytes([0x45, 0, 1, 0x48, 0, 0, 0, 0, 64, 17, 0, 0]) + bytes(4) + b'\\xff' * 4
with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
    sock.bind(('g0', 0x0800))
    sock.send(b'\\xff' * 6 + mac + b'\\x08\\0' + ip + bytes([0, 68, 0, 67, 1, 0x34, 0, 0]) + bytes(300))
'''


def in_guest(*argv):
    mock.run('ip', 'netns', 'exec', 'alpha', *argv)


def test_guest_that_asks_for_a_lease_is_found_without_another_word(host):
    """It has answered before, so the service no longer asks, and has a new address that it does not announce."""
    ip('netns', 'add', 'alpha')
    ip('link', 'add', 'link', 'eth0', 'name', 'g0', 'address', GUEST_MAC, 'type', 'macvlan', 'mode', 'bridge')
    ip('link', 'set', 'g0', 'netns', 'alpha')
    in_guest('sh', '-c', 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6')
    in_guest('ip', 'link', 'set', 'g0', 'up')
    in_guest('ip', 'address', 'add', f'{GUEST_ADDRESS}/24', 'dev', 'g0')
    host.at_start(f'define "{CONTAINER}"', 'start alpha')
    vpn = host.up(host.add_profile('share'))
    host.wait(host.has_route, 'the route to the silent guest')
    in_guest('ip', 'address', 'flush', 'dev', 'g0')
    in_guest('ip', 'address', 'add', f'{OTHER_ADDRESS}/24', 'dev', 'g0')
    host.pause(2)
    check(not host.has_route(address=OTHER_ADDRESS), 'the guest was found without a reason')
    in_guest('python3', '-c', ASK_FOR_LEASE)
    host.wait(lambda: host.has_route(address=OTHER_ADDRESS), 'the route to the new address')
    host.down(vpn)


def test_libvirt_that_was_stopped_is_not_started_again(host):
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share'))
    host.wait_served('tap0')
    host.hypervisor('fall-asleep')
    before = host.hypervisor('calls').count('open')
    host.pause(2)
    equal(host.hypervisor('calls').count('open'), before, 'connections')
    check(host.has_route(), 'the route to the guest is gone')
    host.hypervisor('stop alpha')
    host.hypervisor('wake')
    host.wait(lambda: not host.has_route(), 'the route of the stopped guest to go')
    host.down(vpn)


def test_libvirt_without_network_driver_is_enough(host):
    host.at_start('fail-networks')
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share'))
    host.wait_served('tap0')
    host.down(vpn)


def test_parent_that_is_a_port_is_refused(host):
    ip('link', 'add', 'br0', 'type', 'bridge')
    ip('link', 'set', 'eth0', 'master', 'br0')
    host.refused(host.add_profile('share'), "'eth0'")
    check(LINK not in host.links(), 'the host link is still there')


def test_unknown_parent_is_refused(host):
    host.refused(host.add_profile('share', parent='eth7'), "'eth7'", 'does not exist')


def test_link_of_that_name_of_another_program_is_refused(host):
    ip('link', 'add', LINK, 'type', 'veth', 'peer', 'other')
    host.refused(host.add_profile('share'), f"'{LINK}'")
    check('veth' in ip('-d', 'link', 'show', LINK), 'the link of the other program is gone')


def test_link_that_another_program_deletes_takes_the_profile_down(host):
    vpn = host.up(host.add_profile('share'))
    ip('link', 'del', LINK)
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    host.wait(lambda: host.service.poll() is not None, 'the service to end')


def test_gateway_follows_the_address_of_the_parent(host):
    vpn = host.up(host.add_profile('share'))
    before = vpn.config['gateway']
    host.eth0.set_addresses(['10.0.0.77/24'])
    host.wait(lambda: vpn.config['gateway'] != before, 'the new gateway')
    host.down(vpn)


def test_disconnect_in_the_middle_removes_the_link(host):
    host.at_start('hang list-guests')
    vpn = host.activate(host.add_profile('share'))
    host.wait(lambda: LINK in host.links(), 'the host link')
    host.down(vpn)
    check(LINK not in host.links(), 'the host link is still there')


def test_activation_without_a_list_of_guests_is_given_up_with_the_reason(host):
    host.at_start('fail list-guests "no list today"')
    vpn = host.activate(host.add_profile('share'))
    host.wait(lambda: 'no list today' in host.messages(), 'the reason in the log')
    vpn.time_out()
    host.wait_service_ended()
    check(LINK not in host.links(), 'the host link is still there')


def test_killed_service_leaves_a_link_that_the_next_one_takes_over(host):
    profile = host.add_profile('share')
    vpn = host.up(profile)
    host.kill_service()
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    check(LINK in host.links(), 'the host link is gone')
    host.down(host.up(profile))
    check(LINK not in host.links(), 'the host link is still there')


def test_vanished_networkmanager_takes_the_link_along(host):
    host.up(host.add_profile('share'))
    host.nm.stop()
    host.wait_service_ended()
    check(LINK not in host.links(), 'the host link is still there')
    equal(host.addresses('eth0'), [UPLINK], 'addresses of the parent')


def test_base_connection_that_goes_down_takes_the_profile_along(host):
    vpn = host.up(host.add_profile('share'))
    host.eth0.active.deactivate()
    host.wait_service_ended()
    equal(vpn.state, device.DEACTIVATED, 'state')
    check(LINK not in host.links(), 'the host link is still there')


if __name__ == '__main__':
    mock.main()
