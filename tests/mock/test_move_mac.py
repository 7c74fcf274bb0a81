# SPDX-License-Identifier: GPL-2.0-or-later
"""Key mac of mode move: the parent's MAC is on the host link while the profile is up. Whatever happens on the way, the
parent has it again afterwards."""

import os

import device
import mock
from device import ip
from host import LINK, RUN_DIR, UPLINK, UPLINK_MAC, UPLINK_UUID, check, equal
from test_move import STANDIN_MAC, at_turn, check_moved, check_unmoved, reapply, watch_addresses

OWN_MAC = '52:2f:97:e7:52:58'
NOTE = f'{RUN_DIR}/mac-eth0'


def lease_by_mac(host):
    """The server ignores the client identifier."""
    leases = {UPLINK_MAC.upper(): UPLINK}
    host.nm.dhcp = lambda target, _client_id: leases.get(target.mac, '10.0.0.99/24')


def wait_for_own_macs(host):
    """The parent changes first; the link has the same MAC until it follows."""
    host.wait(lambda: (host.mac('eth0'), host.mac(LINK)) == (UPLINK_MAC, OWN_MAC), 'the MACs of the parent and the host link')


def check_own(host, *causes):
    """The profile is up, the link has its own MAC, and status and log have the reason."""
    equal((host.mac(LINK), host.mac('eth0')), (OWN_MAC, UPLINK_MAC), 'MACs of the host link and the parent')
    equal(host.addresses(LINK), [UPLINK], 'addresses of the host link')
    equal(host.addresses('eth0'), [], 'addresses of the parent')
    check(not os.path.exists(NOTE), 'there is a note')
    for cause in causes:
        host.wait(lambda text=cause: text in host.messages(), f'{cause!r} in the log')


def check_restored(host, what='at the end'):
    check_unmoved(host, what)
    check(not os.path.exists(NOTE), f'the note is still there {what}')


def check_end(host, vpn, what='at the end'):
    host.down(vpn)
    check_restored(host, what)


def test_server_that_goes_by_the_mac_gives_the_same_address(host):
    lease_by_mac(host)
    watch_addresses(host)
    profile = host.add_profile('move')
    for turn in ('first', 'second'):
        with host.unchanged():
            vpn = host.up(profile)
            check_moved(host)
            check('10.0.0.99' not in host.messages(), f'another address, {turn} time')
            check_end(host, vpn, f'after the {turn} time')


def test_own_mac_if_the_profile_wants_it(host):
    watch_addresses(host)
    with host.unchanged():
        vpn = host.up(host.add_profile('move', mac='own'))
        check_own(host)
        check('has its own MAC address' not in host.messages(), 'a warning of what was asked for')
        check_end(host, vpn)


def own_because(driver, *causes):
    def test(host):
        host.write('/run/fake/driver', driver)
        watch_addresses(host)
        with host.unchanged():
            vpn = host.up(host.add_profile('move'))
            check_own(host, 'has its own MAC address', *causes)
            check('has its own MAC address' in vpn.get('VPN.Connection', 'Banner'), 'no word of it in the banner')
            check_end(host, vpn)
    return test


test_driver_that_refuses_the_change = own_because('busy eth0', "the driver of 'eth0' cannot change its MAC")
test_driver_that_ignores_the_change = own_because('ignores eth0', "the driver of 'eth0' cannot change its MAC")
test_link_that_does_not_get_the_mac = own_because(f'busy {LINK}', f"the driver of '{LINK}' cannot change its MAC")


def own_with(*causes, **settings):
    def test(host):
        profile = host.nm.find_profile(UPLINK_UUID)
        for name, values in settings.items():
            profile.settings.setdefault(name.replace('_', '-'), {}).update(
                device.build_settings(**{name: values})[name])
        host.eth0.applied = profile.settings
        watch_addresses(host)
        vpn = host.up(host.add_profile('move'))
        check_own(host, 'has its own MAC address', *causes)
        check_end(host, vpn)
    return test


test_connection_that_sets_the_mac = own_with(
    "the connection of 'eth0' sets its MAC address (stable)", **{'802_3_ethernet': {'assigned_mac_address': 'stable'}})
test_connection_that_authenticates = own_with(
    '802.1X', **{'802_1x': {'eap': device.GLib.Variant('as', ['md5']), 'identity': 'host', 'password': 'secret'}})


test_connection_with_a_link_local_address = own_with(
    "gives 'eth0' an IPv4 link-local address", ipv4={'link_local': device.GLib.Variant('i', 3)})


def test_connection_that_preserves_the_mac(host):
    profile = host.nm.find_profile(UPLINK_UUID)
    profile.settings['802-3-ethernet'].update(
        device.build_settings(wired={'assigned_mac_address': 'preserve'})['wired'])
    host.eth0.applied = profile.settings
    vpn = host.up(host.add_profile('move'))
    check_moved(host)
    check_end(host, vpn)


def test_permanent_neighbours_stay_if_nothing_moves(host):
    """The kernel forgets them when the MAC changes."""
    ip('neighbour', 'add', '10.0.0.77', 'lladdr', '02:77:00:00:00:77', 'dev', 'eth0', 'nud', 'permanent')
    host.nm.bus.fail('Reapply')
    with host.unchanged():
        host.refused(host.add_profile('move'), 'refused by the test')
    check_unmoved(host)


def test_parent_that_is_reapplied_under_its_other_mac(host):
    """Just before the service takes its configuration, which it refuses then: the server has seen another client."""
    lease_by_mac(host)
    watch_addresses(host)

    def reapply():
        host.eth0.do_Reapply({}, 0, 0)
        equal(host.addresses('eth0'), ['10.0.0.99/24'], 'addresses under the other MAC')
    at_turn(host, 'Reapply', 2, lambda: host.nm.bus.before.update(Reapply=reapply))
    host.refused(host.add_profile('move'), 'meanwhile')
    check_unmoved(host)


def reapply_with(host, **ipv4):
    """The uplink's settings with others of IPv4."""
    settings = host.uplink_settings()
    settings['ipv4'].update(device.build_settings(ipv4=ipv4)['ipv4'])
    reapply(host, settings)


SEARCH = device.GLib.Variant('as', ['new.example'])


def has_search(host):
    """The host link has the new configuration."""
    return device.value(host.nm.device(LINK).applied, 'ipv4', 'dns-search') == ['new.example']


def test_reapplied_parent_gets_no_lease_under_its_other_mac(host):
    """The service takes its configuration away before the server has replied."""
    vpn = host.up(host.add_profile('move'))
    watch_addresses(host)
    host.nm.dhcp = lambda target, _client_id: device.LATER if target.name == 'eth0' else UPLINK
    reapply(host)
    host.wait(lambda: "gave 'eth0' its IP configuration back" in host.messages(), 'the service to see it')
    host.wait(lambda: host.eth0.lease is None, 'the parent without a DHCP client')
    check_moved(host)
    host.nm.dhcp = lambda _target, _client_id: UPLINK
    check_end(host, vpn)


def test_link_keeps_its_client_identifier_with_another_configuration(host):
    """The parent has requested an address under its stand-in MAC, and another client identifier."""
    vpn = host.up(host.add_profile('move'))
    link = host.nm.device(LINK)
    reapply_with(host, dns_search=SEARCH)
    equal(host.eth0.client_id, f'01:{STANDIN_MAC}', 'client identifier of the parent')
    host.wait(lambda: has_search(host), 'the new configuration on the link')
    host.wait(lambda: not host.addresses('eth0'), 'the parent without addresses')
    check_moved(host)
    equal(link.client_id, f'01:{UPLINK_MAC}', 'client identifier of the link')
    check_end(host, vpn)


def test_another_configuration_waits_for_its_address(host):
    """The link needs what depends on it."""
    vpn = host.up(host.add_profile('move'))
    host.nm.dhcp = lambda target, _client_id: device.LATER if target.name == 'eth0' else UPLINK
    reapply_with(host, dns_search=SEARCH)
    host.pause(0.3)
    check(not has_search(host), 'the link has the new configuration too early')
    host.nm.dhcp = lambda _target, _client_id: UPLINK
    host.eth0.configure(host.eth0.applied)
    host.wait(lambda: has_search(host), 'the new configuration on the link')
    host.wait(lambda: not host.addresses('eth0'), 'the parent without addresses')
    check_moved(host)
    check_end(host, vpn)


def test_configuration_with_a_link_local_address_ends_it(host):
    """With the MAC, the link-local address would change, so everything moves back."""
    vpn = host.up(host.add_profile('move'))
    watch_addresses(host)
    reapply_with(host, link_local=device.GLib.Variant('i', 3))
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    host.wait_service_ended()
    check("cannot have its MAC address any more: NetworkManager gives 'eth0' an IPv4 link-local" in host.messages(),
          'no word of it')
    check_unmoved(host)


def test_base_that_is_activated_again(host):
    """NetworkManager asks under the other MAC before it knows that the profile goes down."""
    lease_by_mac(host)
    vpn = host.up(host.add_profile('move'))
    host.nm.hold_activations = True
    host.eth0.begin(host.nm.find_profile(UPLINK_UUID))
    wait_for_own_macs(host)
    host.nm.dhcp = lambda _target, _client_id: '10.0.0.99/24'
    host.nm.hold_activations = False
    host.wait(lambda: host.addresses('eth0') == ['10.0.0.99/24'], 'the address under the other MAC')
    lease_by_mac(host)
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    host.wait_service_ended()
    check_unmoved(host)


def test_mac_that_another_program_gives_the_parent_stays(host):
    host.nm.dhcp = lambda _target, _client_id: UPLINK
    vpn = host.up(host.add_profile('move'))
    ip('link', 'set', 'eth0', 'address', '02:77:00:00:01:99')
    host.down(vpn)
    equal(host.mac('eth0'), '02:77:00:00:01:99', 'MAC of the parent')
    equal(host.addresses('eth0'), [UPLINK], 'addresses of the parent')
    check(not os.path.exists(NOTE), 'the note is still there')


def test_mac_is_back_while_networkmanager_is_stopped(host):
    """A new NetworkManager asks the DHCP server from the parent."""
    host.up(host.add_profile('move'))
    kept = host.nm.stop()
    wait_for_own_macs(host)
    equal(host.addresses(LINK), [UPLINK], 'addresses of the host link')
    host.continue_with(kept)
    host.wait_service_ended()
    check_unmoved(host)


def test_parent_that_goes_down_has_its_mac(host):
    vpn = host.up(host.add_profile('move'))
    host.eth0.active.deactivate()
    host.wait(lambda: vpn.state == device.DEACTIVATED, 'the profile to go down')
    host.wait_service_ended()
    equal(host.mac('eth0'), UPLINK_MAC, 'MAC of the parent')
    check(not os.path.exists(NOTE), 'the note is still there')


def activate_with(host, fault, profile):
    """Until the service ends: by FAULT (fake-driver.c), or on the way down."""
    host.write('/run/fake/driver', fault)
    vpn = host.activate(profile)
    host.wait(lambda: vpn.state in (device.ACTIVATED, device.DEACTIVATED), 'the activation')
    if vpn.state == device.ACTIVATED:
        vpn.deactivate()
    host.wait(lambda: host.service.poll() is not None, 'the service to end')


def kill_at(word, number):
    """The service dies just before or after its change NUMBER of a MAC; the next activation undoes what it left."""
    def test(host):
        watch_addresses(host)
        profile = host.add_profile('move')
        activate_with(host, f'{word} {number}', profile)
        equal(host.service.returncode, -9, "the service's exit code")
        vpn = host.up(profile)
        check_moved(host)
        check_end(host, vpn)
    return test


def helper_after(word, number):
    def test(host):
        host.install_hook()
        watch_addresses(host)
        activate_with(host, f'{word} {number}', host.add_profile('move'))
        host.wait(lambda: host.mac('eth0') == UPLINK_MAC and not os.path.exists(NOTE) and LINK not in host.links(),
                  'the helper to undo it', 40)
        host.wait_helper_ended()
        check_unmoved(host)
    return test


# The parent, then the link: changes 1 and 2 on the way up, 3 and 4 on the way down.
for _number in (1, 2, 3, 4):
    for _word in ('kill-before', 'kill-after'):
        _name = f'{_word.replace("-", "ed_")}_change_{_number}'
        globals()[f'test_service_{_name}'] = kill_at(_word, _number)
        globals()[f'test_helper_after_service_{_name}'] = helper_after(_word, _number)


def check_no_needless_error(host):
    for text in ('cannot give', 'cannot remove', 'cannot write'):
        check(text not in host.messages(), f'{text!r} of a link that is gone')


def gone_before(number):
    """The host link is removed before change NUMBER of a MAC."""
    def test(host):
        activate_with(host, f'gone-before {number}', host.add_profile('move'))
        check_restored(host)
        check_no_needless_error(host)
    return test


for _number in (1, 2, 3, 4):
    globals()[f'test_link_removed_before_change_{_number}'] = gone_before(_number)


def test_link_removed_while_its_parent_gets_the_mac_back(host):
    vpn = host.up(host.add_profile('move'))
    host.write('/run/fake/driver', 'gone-reading eth0')
    check_end(host, vpn)
    check_no_needless_error(host)


def test_helper_after_a_service_that_was_killed_while_up(host):
    lease_by_mac(host)
    host.install_hook()
    watch_addresses(host)
    host.up(host.add_profile('move'))
    host.kill_service_for_good()
    host.wait(lambda: 'restore eth0' in host.messages(), 'the helper')
    host.wait_helper_ended()
    check_unmoved(host)


def test_helper_renews_what_networkmanager_got_under_the_other_mac(host):
    """NetworkManager restarts while the service is dead: the parent asks under its stand-in."""
    lease_by_mac(host)
    host.up(host.add_profile('move'))
    host.kill_service()
    kept = host.nm.stop()
    host.nm = host.new_nm(kept)
    lease_by_mac(host)
    host.eth0 = host.nm.add_device('eth0')
    host.nm.take_up(host.eth0, host.nm.find_profile(UPLINK_UUID))
    equal(host.addresses('eth0'), ['10.0.0.99/24'], 'addresses under the stand-in')
    host.nm.take_up(host.nm.add_macvlan(LINK, host.eth0),
                    next(profile for profile in host.nm.profiles if profile.interface == LINK))
    host.nm.start()
    host.install_hook()
    equal(host.refresh()[0], 0, 'exit code of the helper')
    host.wait(lambda: LINK not in host.links(), 'the host link to go')
    check_unmoved(host)


def test_share_on_the_same_parent_keeps_the_mac_of_its_link(host):
    """The identity of a link depends on the parent's own MAC."""
    share = host.add_profile('share', uuid='33333333-3333-4333-8333-333333333333', name='other', parent='eth0',
                             link_name='nmmvother')
    host.down(host.up(share))
    first = host.up(host.add_profile('move'))
    move_service = host.service
    second = host.activate(share, 'eth0')
    host.wait(lambda: second.state != device.ACTIVATING, 'mode share')
    equal(second.state, device.ACTIVATED, 'state of mode share')
    moved = host.mac('nmmvother')
    host.down(second)
    first.deactivate()
    host.wait(lambda: move_service.poll() is not None, 'mode move to end')
    vpn = host.up(share)
    equal(host.mac('nmmvother'), moved, 'MAC of the link of mode share')
    check(moved != STANDIN_MAC, 'a MAC of mode move')
    host.down(vpn)


if __name__ == '__main__':
    mock.main()
