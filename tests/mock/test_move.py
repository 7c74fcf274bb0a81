# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode move: the service between a mock NetworkManager and the kernel. Whatever fails, the parent has its
configuration afterwards, and the host an address all the time."""

import device
import mock
from device import ip
from host import LINK, UPLINK, UPLINK_MAC, UPLINK_UUID, check, equal
from vpn import CONNECT_TIMEOUT

# The call to NetworkManager of each step on the way up, in their order.
CALLS_UP = ('GetAppliedConnection', 'CheckpointCreate', 'AddConnection2', 'ActivateConnection', 'Update2', 'Reapply',
            'CheckpointDestroy')
# The parent's while its MAC is on the link.
STANDIN_MAC = '52:d6:c2:8f:b4:be'


def watch_addresses(host):
    """From now on a moment without the host's address is an error."""
    def look():
        if UPLINK not in (host.addresses('eth0') or []) + (host.addresses(LINK) or []):
            host.log('the host has lost its address')
    host.nm.on_addresses = look


def check_moved(host, address=UPLINK):
    equal(host.addresses(LINK), [address], 'addresses of the host link')
    equal(host.addresses('eth0'), [], 'addresses of the parent')
    equal((host.mac(LINK), host.mac('eth0')), (UPLINK_MAC, STANDIN_MAC), 'MACs of the host link and the parent')
    equal(host.nm.checkpoints, [], 'checkpoints')


def check_unmoved(host, what='at the end'):
    equal(host.addresses('eth0'), [UPLINK], f'addresses of the parent {what}')
    equal(host.mac('eth0'), UPLINK_MAC, f'MAC of the parent {what}')
    check(LINK not in host.links(), f'the host link is still there {what}')
    equal([profile.type for profile in host.nm.profiles], ['802-3-ethernet', 'vpn'], f'types of profiles {what}')
    equal(host.nm.checkpoints, [], f'checkpoints {what}')
    host.wait(lambda: host.is_online() == host.nm.online, f'NetworkManager to know whether it is online {what}')
    equal(device.value(host.nm.find_profile(UPLINK_UUID).settings, 'ipv4', 'method'), 'auto', f'stored method {what}')
    check('lost its address' not in host.messages(), f'the host had no address for a while {what}')


def test_up_and_down(host):
    watch_addresses(host)
    profile = host.add_profile('move')
    vpn = host.up(profile)
    check_moved(host)
    check('tundev' not in vpn.config, 'NetworkManager is given a device')
    host.down(vpn)
    check_unmoved(host)


def test_ipv6_address_is_moved_too(host):
    host.nm.find_profile(UPLINK_UUID).change('ipv6', method='manual', address_data=device.address_data('fd00::10/64'))
    host.eth0.begin(host.nm.find_profile(UPLINK_UUID))
    host.wait(lambda: host.eth0.state == device.UP, 'the uplink')
    vpn = host.up(host.add_profile('move'))
    equal(device.kernel_addresses(LINK, 6), ['fd00::10/64'], 'IPv6 addresses of the host link')
    host.down(vpn)
    check_unmoved(host)
    equal(device.kernel_addresses('eth0', 6), ['fd00::10/64'], 'IPv6 addresses of the parent')


def test_other_address_from_the_server_is_in_the_banner(host):
    host.nm.dhcp = lambda target, client_id: '10.0.0.99/24' if target.name == LINK else UPLINK
    vpn = host.up(host.add_profile('move'))
    check_moved(host, '10.0.0.99/24')
    check('10.0.0.99' in vpn.get('VPN.Connection', 'Banner'), 'no word of the new address')
    host.down(vpn)
    check_unmoved(host)


def at_turn(host, method, turn, action):
    """ACTION just before the call of METHOD number TURN."""
    if turn > 1:
        host.nm.bus.after[method] = lambda: at_turn(host, method, turn - 1, action)
    else:
        action()


def fail_at(method, lose_answer, turn=1, **data):
    def test(host):
        watch_addresses(host)
        at_turn(host, method, turn, lambda: host.nm.bus.fail(method, 'refused by the test', lose_answer=lose_answer))
        with host.unchanged():
            host.refused(host.add_profile('move', **data), 'refused by the test')
        check_unmoved(host)
        host.down(host.up(host.nm.profiles[-1]))
        check_unmoved(host, 'after the next activation')
    return test


def stop_at(method, where, turn=1, **data):
    """The user deactivates the profile just before or after NetworkManager carries out the call."""
    def test(host):
        watch_addresses(host)
        vpn = None

        def stop():
            getattr(host.nm.bus, where)[method] = lambda: vpn.deactivate()
        at_turn(host, method, turn, stop)
        with host.unchanged():
            vpn = host.activate(host.add_profile('move', **data))
            host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
            host.wait_service_ended()
        check_unmoved(host)
    return test


def kill_at(method, where, turn=1, **data):
    """The service dies just before or after NetworkManager carries out the call; there is no helper."""
    def test(host):
        watch_addresses(host)

        def kill():
            getattr(host.nm.bus, where)[method] = host.kill_service
        at_turn(host, method, turn, kill)
        profile = host.add_profile('move', **data)
        vpn = host.activate(profile)
        host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
        host.down(host.up(profile))
        check_unmoved(host)
    return test


def add_interruptions(name, method, *args, **data):
    globals()[f'test_{name}_that_fails'] = fail_at(method, False, *args, **data)
    globals()[f'test_{name}_whose_answer_is_lost'] = fail_at(method, True, *args, **data)
    globals()[f'test_disconnect_before_{name}'] = stop_at(method, 'before', *args, **data)
    globals()[f'test_disconnect_after_{name}'] = stop_at(method, 'after', *args, **data)
    globals()[f'test_service_killed_before_{name}'] = kill_at(method, 'before', *args, **data)
    globals()[f'test_service_killed_after_{name}'] = kill_at(method, 'after', *args, **data)


for _method in CALLS_UP:
    add_interruptions(_method, _method)
# The first Reapply is the link's, if it takes the parent's MAC.
add_interruptions('the_second_Reapply', 'Reapply', 2)
for _method in ('ActivateConnection', 'Update2', 'Reapply'):
    add_interruptions(f'{_method}_with_a_MAC_of_its_own', _method, mac='own')


def test_link_without_lease_is_removed(host):
    watch_addresses(host)
    host.nm.dhcp = lambda target, client_id: None if target.name == LINK else UPLINK
    host.refused(host.add_profile('move'), f"'{LINK}'", 'DHCP server')
    check_unmoved(host)


def test_link_that_does_not_come_up_is_removed_in_time(host):
    host.speed_up(10)
    watch_addresses(host)
    host.nm.hold_activations = True
    host.refused(host.add_profile('move'), 'in time')
    check_unmoved(host)


def test_host_that_is_not_online_over_the_link_is_moved_back(host):
    host.speed_up(10)
    watch_addresses(host)

    def go_offline():
        host.nm.online = False
    host.nm.bus.after['AddConnection2'] = go_offline
    host.refused(host.add_profile('move'), 'not online')
    check_unmoved(host)


def test_link_that_goes_offline_after_the_move_is_moved_back(host):
    host.speed_up(10)
    watch_addresses(host)

    def go_offline():
        host.nm.online = False
    host.nm.bus.delay('CheckConnectivity', 500)
    host.nm.bus.before['CheckConnectivity'] = go_offline
    host.refused(host.add_profile('move'), 'not online')
    check_unmoved(host)


def test_connectivity_check_without_answer_is_not_taken_for_online(host):
    host.speed_up(10)
    watch_addresses(host)
    host.nm.bus.hang('CheckConnectivity')
    host.refused(host.add_profile('move'), 'not online')
    check_unmoved(host)


def test_connectivity_check_that_fails_leaves_what_networkmanager_knows(host):
    watch_addresses(host)
    host.nm.bus.fail('CheckConnectivity')
    vpn = host.up(host.add_profile('move'))
    check_moved(host)
    host.down(vpn)
    check_unmoved(host)


def test_host_that_was_not_online_does_not_wait_for_the_check(host):
    host.nm.online = False
    host.eth0.publish()
    watch_addresses(host)
    host.nm.bus.hang('CheckConnectivity')
    vpn = host.up(host.add_profile('move'))
    check_moved(host)
    host.down(vpn)
    check_unmoved(host)


def add_second_uplink(host):
    ip('link', 'add', 'eth1', 'type', 'veth', 'peer', 'lan1')
    host.nm.add_profile(device.build_settings(
        connection={'id': 'eth1', 'uuid': '55555555-5555-4555-8555-555555555555', 'type': '802-3-ethernet',
                    'interface_name': 'eth1'},
        ipv4={'method': 'manual', 'address_data': device.address_data('10.1.0.10/24')}, ipv6={'method': 'disabled'},
        **{'802-3-ethernet': {}}))
    host.nm.take_up(host.nm.add_device('eth1'), host.nm.profiles[-1])


def test_second_uplink_does_not_hide_that_the_link_is_offline(host):
    """NetworkManager replies when it knows one uplink that is online; the result of the link comes later."""
    add_second_uplink(host)
    watch_addresses(host)

    def find_offline():
        host.nm.device(LINK).set('Device', Ip4Connectivity=device.NONE)
    host.nm.bus.after['CheckConnectivity'] = lambda: device.GLib.timeout_add(300, find_offline)
    host.refused(host.add_profile('move', parent='eth0'), 'not online')
    equal(host.addresses('eth0'), [UPLINK], 'addresses of the parent')
    check(LINK not in host.links(), 'the host link is still there')


def test_second_uplink_that_is_online(host):
    add_second_uplink(host)
    watch_addresses(host)
    vpn = host.up(host.add_profile('move', parent='eth0'))
    check_moved(host)
    host.down(vpn)
    equal(host.addresses('eth0'), [UPLINK], 'addresses of the parent')


def test_activation_that_networkmanager_gives_up_is_moved_back(host):
    watch_addresses(host)
    host.nm.hold_activations = True
    vpn = host.activate(host.add_profile('move'))
    host.wait(lambda: 'wait-made' in host.messages(), 'the step')
    vpn.time_out()
    equal(vpn.reason, CONNECT_TIMEOUT, 'reason')
    host.wait_service_ended()
    check_unmoved(host)


def test_reapply_that_fails_on_the_way_down_activates_the_parent_anew(host):
    watch_addresses(host)
    vpn = host.up(host.add_profile('move'))
    host.nm.bus.fail('Reapply')
    host.down(vpn)
    check('ActivateConnection' in host.nm.bus.calls[-5:], 'the parent was not activated again')
    check_unmoved(host)


def test_parent_without_lease_on_the_way_down_keeps_the_link(host):
    host.speed_up(10)
    vpn = host.up(host.add_profile('move'))
    host.nm.dhcp = lambda target, client_id: None
    host.down(vpn)
    equal(host.addresses(LINK), [UPLINK], 'addresses of the host link')


def test_host_link_that_cannot_be_deleted_goes_with_its_profile(host):
    watch_addresses(host)
    vpn = host.up(host.add_profile('move'))
    host.nm.bus.fail('Delete')
    host.down(vpn)
    check_unmoved(host)


def test_host_link_that_goes_down_moves_everything_back(host):
    vpn = host.up(host.add_profile('move'))
    host.nm.device(LINK).active.deactivate()
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    host.wait(lambda: host.service.poll() is not None, 'the service to end')
    check_unmoved(host)


def test_networkmanager_that_never_answers_does_not_keep_the_service(host):
    host.speed_up(10)
    vpn = host.up(host.add_profile('move'))
    host.nm.bus.hang('GetAppliedConnection', times=2)
    host.down(vpn)
    check('does not reply in time' in host.messages(), 'no word of it in the log')


def test_killed_service_leaves_the_host_online(host):
    profile = host.add_profile('move')
    vpn = host.up(profile)
    host.kill_service()
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    check_moved(host)
    vpn = host.up(profile)
    check_moved(host)
    host.down(vpn)
    check_unmoved(host)


def test_networkmanager_that_restarts_is_waited_for(host):
    host.up(host.add_profile('move'))
    kept = host.nm.stop()
    host.pause(0.3)
    equal(host.addresses(LINK), [UPLINK], 'addresses of the host link')
    check(host.service.poll() is None, 'the service did not wait')
    host.continue_with(kept)
    host.wait_service_ended()
    check_unmoved(host)


def test_networkmanager_that_crashes_is_waited_for(host):
    host.up(host.add_profile('move'))
    kept = host.nm.stop(crash=True)
    host.pause(0.3)
    check(host.service.poll() is None, 'the service did not wait')
    host.continue_with(kept)
    host.wait_service_ended()
    check_unmoved(host)


def test_profile_changed_while_up_is_moved_back_as_it_was_moved(host):
    profile = host.add_profile('move')
    vpn = host.up(profile)
    profile.change('vpn', data={'mode': 'move', 'link-name': 'other'})
    check_moved(host)
    host.down(vpn)
    check_unmoved(host)


def test_parent_with_another_configuration_meanwhile_keeps_it(host):
    vpn = host.up(host.add_profile('move'))
    settings = host.uplink_settings('manual')
    settings['ipv4']['address-data'] = device.address_data('10.0.0.50/24')
    host.eth0.do_Reapply(settings, 0, 0)
    host.down(vpn)
    equal(host.addresses('eth0'), ['10.0.0.50/24'], 'addresses of the parent')
    check(LINK not in host.links(), 'the host link is still there')


def link_that_is_unmanaged(name, pattern, **data):
    def test(host):
        watch_addresses(host)
        host.nm.unmanaged = [name]
        host.refused(host.add_profile('move', **data), f"'{name}'", f"'unmanaged-devices+=except:interface-name:{pattern}'")
        check(name not in host.links(), 'the host link is still there')
        check_unmoved(host)
    return test


test_link_that_is_unmanaged_names_the_line_to_add = link_that_is_unmanaged(LINK, 'nmmv*')
test_link_with_a_name_of_the_users_that_is_unmanaged = link_that_is_unmanaged('tohost', 'tohost', link_name='tohost')


# Another program configures the parent while the profile is up


def reapply(host, settings=None):
    """As `nmcli device reapply eth0`: the stored profile, without SETTINGS."""
    host.eth0.do_Reapply(settings or {}, 0, 0)


def manual(host, *addresses):
    host.nm.find_profile(UPLINK_UUID).change('ipv4', method='manual', address_data=device.address_data(*addresses))


def wait_moved(host, address=UPLINK):
    host.wait(lambda: host.addresses('eth0') == [] and host.addresses(LINK) == [address],
              f'{address} to be on the host link alone')


def test_reapplied_parent_is_stripped_again(host):
    watch_addresses(host)
    vpn = host.up(host.add_profile('move'))
    for _ in range(3):
        reapply(host)
        check(host.addresses('eth0'), 'the parent has no address after the reapply')
        wait_moved(host)
    host.wait(lambda: "gave 'eth0' its IP configuration back" in vpn.get('VPN.Connection', 'Banner'), 'the banner')
    equal(vpn.state, device.ACTIVATED, 'state of the VPN')
    host.down(vpn)
    check_unmoved(host)


def test_changed_configuration_moves_to_the_link(host):
    vpn = host.up(host.add_profile('move'))
    manual(host, '10.0.0.50/24')
    reapply(host)
    wait_moved(host, '10.0.0.50/24')
    host.wait(lambda: "changed the IP configuration of 'eth0'" in vpn.get('VPN.Connection', 'Banner'), 'the banner')
    manual(host, '10.0.0.51/24')
    reapply(host)
    wait_moved(host, '10.0.0.51/24')
    host.down(vpn)
    equal(host.addresses('eth0'), ['10.0.0.51/24'], 'addresses of the parent')
    check(LINK not in host.links(), 'the host link is still there')


def test_parent_that_is_activated_again_is_stripped_again(host):
    """With another base, the profile stays up."""
    host.nm.add_profile(device.build_settings(
        connection={'id': 'lo', 'uuid': '44444444-4444-4444-8444-444444444444', 'type': 'loopback',
                    'interface_name': 'lo'}, ipv4={'method': 'disabled'}, ipv6={'method': 'disabled'}, loopback={}))
    loopback = host.nm.add_device('lo', device.LOOPBACK)
    host.nm.take_up(loopback, host.nm.profiles[-1])
    vpn = host.activate(host.add_profile('move', parent='eth0'), 'lo')
    host.wait(lambda: vpn.state == device.ACTIVATED, 'the profile to be activated')
    check_moved(host)
    host.eth0.begin(host.nm.find_profile(UPLINK_UUID))
    host.wait(lambda: 'gave' in vpn.get('VPN.Connection', 'Banner'), 'the banner')
    wait_moved(host)
    host.down(vpn)
    equal(host.addresses('eth0'), [UPLINK], 'addresses of the parent')


def test_guests_are_followed_while_the_parent_is_stripped_again(host):
    host.add_guest('alpha', device_name='tap0')
    vpn = host.up(host.add_profile('move'))
    host.wait(lambda: host.is_allmulticast('tap0'), 'allmulticast')
    reapply(host)
    wait_moved(host)
    check(host.is_allmulticast('tap0'), 'allmulticast was taken back')
    host.hypervisor('stop alpha')
    host.wait(lambda: not host.is_allmulticast('tap0'), 'the guest to be forgotten')
    host.down(vpn)


def test_tool_that_never_lets_go_gets_the_parent_back(host):
    vpn = host.up(host.add_profile('move'))

    def apply_again():
        if host.eth0.applied and host.addresses('eth0') == []:
            reapply(host)
        return vpn.state == device.ACTIVATED
    device.GLib.timeout_add(20, apply_again)
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    host.wait_service_ended()
    check('again and again' in host.messages(), 'no word of it in the log')
    check_unmoved(host)


def test_new_configuration_that_the_link_cannot_get_stays_on_the_parent(host):
    vpn = host.up(host.add_profile('move'))
    manual(host, '10.0.0.50/24')
    reapply(host)
    host.nm.bus.fail('Reapply', 'refused by the test')
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    host.wait_service_ended()
    equal(host.addresses('eth0'), ['10.0.0.50/24'], 'addresses of the parent')
    check(LINK not in host.links(), 'the host link is still there')


def test_service_killed_while_it_strips_the_parent_again(host):
    profile = host.add_profile('move')
    vpn = host.up(profile)
    host.nm.bus.before['Reapply'] = host.kill_service
    reapply(host)
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    host.down(host.up(profile))
    check_unmoved(host)


def test_disconnect_while_the_parent_is_stripped_again(host):
    watch_addresses(host)
    vpn = host.up(host.add_profile('move'))
    host.nm.bus.before['Reapply'] = vpn.deactivate
    reapply(host)
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    host.wait_service_ended()
    check_unmoved(host)


def test_parent_configured_twice_at_once_is_stripped(host):
    """The service does not overwrite a configuration that it has not seen."""
    vpn = host.up(host.add_profile('move'))

    def change_again():
        manual(host, '10.0.0.51/24')
        reapply(host)
    manual(host, '10.0.0.50/24')
    reapply(host)
    host.wait(lambda: host.addresses(LINK) == ['10.0.0.50/24'], 'the first change on the link')
    host.nm.bus.before['Reapply'] = change_again
    wait_moved(host, '10.0.0.51/24')
    host.down(vpn)
    equal(host.addresses('eth0'), ['10.0.0.51/24'], 'addresses of the parent')


def test_address_of_the_link_that_a_program_adds_to_the_parent_is_removed(host):
    host.speed_up(10)
    vpn = host.up(host.add_profile('move'))
    ip('address', 'add', UPLINK, 'dev', 'eth0')
    host.eth0.publish()
    wait_moved(host)
    equal(vpn.state, device.ACTIVATED, 'state of the VPN')
    host.down(vpn)
    check_unmoved(host)


def test_other_address_that_a_program_adds_to_the_parent_stays(host):
    host.speed_up(10)
    vpn = host.up(host.add_profile('move'))
    ip('address', 'add', '10.0.0.200/24', 'dev', 'eth0')
    host.eth0.publish()
    host.wait(lambda: "gave 'eth0' the address 10.0.0.200" in host.messages(), 'the warning')
    host.eth0.publish()
    host.pause(0.5)
    equal(host.messages().count('the address 10.0.0.200'), 1, 'number of warnings')
    equal(host.addresses('eth0'), ['10.0.0.200/24'], 'addresses of the parent')
    host.down(vpn)
    check(LINK not in host.links(), 'the host link is still there')


def test_link_of_that_name_of_another_program_is_refused(host):
    ip('link', 'add', LINK, 'type', 'veth', 'peer', 'other')
    host.nm.add_device(LINK)
    host.refused(host.add_profile('move'), f"'{LINK}'")
    equal(host.addresses('eth0'), [UPLINK], 'addresses of the parent')


def test_second_profile_for_the_same_parent_is_refused(host):
    vpn = host.up(host.add_profile('move'))
    other = host.add_profile('move', uuid='33333333-3333-4333-8333-333333333333', name='other')
    host.refused(other, "'guests'")
    check_moved(host)
    other.do_Delete()
    vpn.deactivate()
    host.wait(lambda: host.services[0].poll() is not None, 'the service to end')
    check_unmoved(host)


if __name__ == '__main__':
    mock.main()
