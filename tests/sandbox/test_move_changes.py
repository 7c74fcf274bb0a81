# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode move while others change NetworkManager's configuration: the parent's, or which devices it manages."""

import re

import profiles
import tap
from move import LINK, PROFILE, add, check_stream, check_unmoved, settled, start_stream, without_helper
from tap import check, equal

UNMANAGED = '/etc/NetworkManager/conf.d/50-unmanaged.conf'


def moved(host, address):
    return host.address(LINK) == address and host.address(check=False) is None


def wait_moved(host, address):
    host.wait_for(lambda: moved(host, address), f'{address} to be on the host link alone', 20)


@tap.host()
def test_reapplied_parent_is_stripped_again(host):
    address = host.address()
    before = settled(host)
    stored = host.read(PROFILE)
    start_stream(host, address)
    add(host, parent='eth0')
    profiles.up(host)
    for turn in (1, 2):
        host.nmcli('device', 'reapply', 'eth0')
        # The parent gets the address only after its DHCP client has requested it.
        host.wait_for(lambda turn=turn: '\n'.join(profiles.messages(host)).count(
            "gave 'eth0' its IP configuration back") == turn, f'the word of reapply {turn} in the journal', 20)
        wait_moved(host, address)
        check_stream(host, f'after reapply {turn}')
        equal(profiles.state(host), 'activated', f'state of the profile after reapply {turn}')
    # A DHCP client, or a user, without NetworkManager.
    host.run(f'ip addr add {address}/24 dev eth0')
    wait_moved(host, address)
    check_stream(host, 'after ip addr add')
    host.run('ip addr add 10.77.0.250/24 dev eth0')
    host.wait_for(lambda: 'the address 10.77.0.250' in '\n'.join(profiles.messages(host)), 'the warning', 10)
    profiles.down(host)
    host.run('ip addr del 10.77.0.250/24 dev eth0', check=False)
    check_unmoved(host, address, before, 'after down')
    equal(host.read(PROFILE), stored, 'the stored profile')


@tap.host()
def test_changed_configuration_moves_to_the_link(host):
    add(host, parent='eth0')
    profiles.up(host)
    host.nmcli('connection', 'modify', 'eth0', 'ipv4.method', 'manual', 'ipv4.addresses', '10.77.0.30/24',
               'ipv4.gateway', '10.77.0.1', 'ipv4.dns', '10.77.0.1', 'ipv4.dns-search', 'new.example')
    host.nmcli('device', 'reapply', 'eth0')
    wait_moved(host, '10.77.0.30')
    host.wait_for(lambda: 'new.example' in host.read('/etc/resolv.conf'), 'the new search domain', 10)
    host.wait_online()
    check(host.lan.ping('10.77.0.30'), 'the LAN does not reach the new address')
    check("changed the IP configuration of 'eth0'" in '\n'.join(profiles.messages(host)), 'no word of it')
    profiles.down(host)
    host.wait_for(lambda: host.address() == '10.77.0.30', 'the new address on the parent', 20)
    check(host.run(['ip', 'link', 'show', LINK], check=False).returncode != 0, 'the host link is still there')


@tap.host()
def test_parent_activated_again_beside_the_link(host):
    """On the base lo, the profile stays up."""
    address = host.address()
    add(host, parent='eth0')
    profiles.up(host, 'guests', 'ifname', 'lo')
    host.nmcli('connection', 'up', 'eth0')
    wait_moved(host, address)
    equal(profiles.state(host), 'activated', 'state of the profile')
    profiles.down(host)
    host.wait_for(lambda: host.address() == address, 'the address on the parent', 20)


@tap.host()
def test_base_that_is_activated_again(host):
    """The profile goes down with its base, and the helper brings it up again."""
    address = host.address()
    add(host, parent='eth0')
    profiles.up(host)
    for settings in ([], ['ipv4.dns-search', 'new.example']):
        if settings:
            host.nmcli('connection', 'modify', 'eth0', *settings)
        host.nmcli('connection', 'up', 'eth0')
        host.wait_for(lambda: profiles.state(host) == 'activated' and moved(host, address),
                      'the profile to be up again', 60)
    check('new.example' in host.read('/etc/resolv.conf'), 'the change is lost')
    host.wait_online()
    profiles.down(host)
    host.wait_for(lambda: host.address() == address, 'the address on the parent', 20)


@tap.host()
def test_changes_that_reapply_one_setting(host):
    """As Cockpit and nmstate do it, without a change of the stored profile."""
    # As systemd sets it. Otherwise the kernel removes an address that NetworkManager has just added to the link,
    # together with the one that DHCP gives again.
    host.run('for name in all default; do echo 1 >/proc/sys/net/ipv4/conf/$name/promote_secondaries; done')
    address = host.address()
    add(host, parent='eth0')
    profiles.up(host)
    host.nmcli('device', 'modify', 'eth0', 'ipv4.method', 'auto', 'ipv6.method', 'disabled', '+ipv4.addresses', '10.77.0.60/24')
    host.wait_for(lambda: '10.77.0.60' in host.run(['ip', 'addr', 'show', 'dev', LINK]).stdout, 'the second address', 20)
    host.wait_for(lambda: host.address(check=False) is None, 'the parent without addresses', 20)
    check(host.lan.ping('10.77.0.60') and host.lan.ping(address), 'the LAN does not reach both addresses')
    profiles.down(host)
    host.wait_for(lambda: host.address() is not None, 'the address on the parent', 20)


@tap.host()
def test_tool_that_never_lets_go_gets_the_parent_back(host):
    """Without the helper, which tries again a few times."""
    without_helper(host)
    address = host.address()
    before = settled(host)
    add(host, parent='eth0')
    profiles.up(host)
    host.start_service('tool', ['sh', '-c', 'while sleep 0.5; do nmcli device reapply eth0; done'])
    host.wait_for(lambda: profiles.state(host) != 'activated', 'the profile to go down', 60)
    host.stop_service('tool')
    check('again and again' in '\n'.join(profiles.messages(host)), 'no word of it in the journal')
    check_unmoved(host, address, before, 'after the profile has failed')


def remedy(text):
    """The file and the lines that a message asks for, and its command, carried out literally."""
    lines = re.search(r"add the lines '([^']+)' and '([^']+)' to a new file (\S+), and run '([^']+)'", text)
    check(lines, f'no remedy in {text}')
    return lines[3], f'{lines[1]}\n{lines[2]}\n', lines[4]


@tap.host()
def test_link_that_networkmanager_leaves_alone(host):
    """Ubuntu's server and many guides have such a list."""
    address = host.address()
    host.write(UNMANAGED, '[keyfile]\nunmanaged-devices=*,except:interface-name:eth0\n')
    host.nmcli('general', 'reload')
    add(host, parent='eth0')
    before = settled(host)
    plan = host.run(['nm-macvtap', 'plan', 'guests'], check=False)
    check('unmanaged-devices+=except:interface-name:nmmv*' in plan.stdout + plan.stderr, f'the plan: {plan.stdout}')
    reason = profiles.refused(host, "host link 'nmmveth0'", 'unmanaged-devices+=except:interface-name:nmmv*')
    check_unmoved(host, address, before, 'after the refusal')
    equal(host.run(['ip', 'link', 'show', LINK], check=False).returncode, 1, 'the host link is left')
    path, text, command = remedy(reason)
    host.write(path, text)
    host.run(command)
    plan = host.run(['nm-macvtap', 'plan', 'guests'], check=False)
    check('unmanaged-devices' not in plan.stdout, f'the plan after the remedy: {plan.stdout}')
    profiles.up(host)
    wait_moved(host, address)
    profiles.down(host)


@tap.host()
def test_managed_0_does_not_keep_the_link_away(host):
    """A setting that activating a profile overrides, and the user's `nmcli device set managed no`."""
    address = host.address()
    host.write(UNMANAGED, '[device-all]\nmatch-device=*,except:interface-name:eth0,except:interface-name:lo\nmanaged=0\n')
    host.nmcli('general', 'reload')
    add(host, parent='eth0')
    profiles.up(host)
    wait_moved(host, address)
    profiles.down(host)
    host.wait_for(lambda: host.address() == address, 'the address on the parent', 20)
    host.nmcli('device', 'set', 'eth0', 'managed', 'no')
    profiles.refused(host, "'eth0' is not managed by NetworkManager", words=('ifname', 'lo'))


@tap.host()
def test_isolated_without_a_managed_loopback(host):
    host.guest('alpha').define()
    host.write(UNMANAGED, '[keyfile]\nunmanaged-devices=*,except:interface-name:eth0\n')
    host.nmcli('general', 'reload')
    host.stop_nm()
    host.start_nm()
    profiles.add_by_hand(host)
    plan = host.run(['nm-macvtap', 'plan', 'guests']).stdout
    check('unmanaged-devices+=except:interface-name:lo' in plan, f'the plan: {plan}')
    profiles.up(host)
    path, text, command = remedy('\n'.join(profiles.messages(host)))
    profiles.down(host)
    host.write(path, text)
    host.run(command)
    host.wait_for(lambda: 'connected' in host.nmcli('-g', 'GENERAL.STATE', 'device', 'show', 'lo').stdout,
                  'NetworkManager to manage lo', 10)
    check('unmanaged-devices' not in host.run(['nm-macvtap', 'plan', 'guests']).stdout, 'the plan after the remedy')
    profiles.up(host, 'guests', 'ifname', 'lo')
    host.pull_cable()
    host.wait_for(lambda: host.address(check=False) is None, 'the uplink to go down', 20)
    equal(profiles.state(host), 'activated', 'state of the profile without a cable')


@tap.host(fleet=True, uplinks=('eth0', 'eth1'))
def test_other_card_on_the_same_lan(host):
    """It answers for each address that the host has, so NetworkManager 1.52 takes the address for a duplicate."""
    host.lan.run(['ip', 'link', 'set', host.cable(1), 'master', 'lan0'])
    host.nmcli('connection', 'modify', 'eth1', 'ipv4.method', 'disabled', 'ipv6.method', 'disabled')
    host.nmcli('connection', 'up', 'eth1')
    for settings in ((), ('ipv4.dad-timeout', '3000'),
                     ('ipv4.method', 'manual', 'ipv4.addresses', '10.77.0.30/24', 'ipv4.gateway', '10.77.0.1',
                      'ipv4.dns', '10.77.0.1', 'ipv4.dad-timeout', '-1')):
        if settings:
            host.nmcli('connection', 'modify', 'eth0', *settings)
            host.nmcli('connection', 'up', 'eth0')
            host.wait_online()
        address = host.address()
        before = settled(host)
        add(host, parent='eth0')
        profiles.up(host)
        wait_moved(host, address)
        profiles.down(host)
        check_unmoved(host, address, before, f'after down with {settings}')
        profiles.up(host)
        host.wait_for(lambda: 'moved=eth0' in host.read('/run/nm-macvtap/dispatcher-memory'), 'the helper to notice the move')
        # It gives the address back.
        host.run(['kill', '-9', *profiles.services(host)])
        host.nmcli('connection', 'delete', 'guests')
        host.wait_for(lambda: 'macvlan' not in host.nmcli('-g', 'TYPE', 'connection').stdout, 'the host link to be gone', 45)
        check_unmoved(host, address, before, f'after the service was killed with {settings}')


if __name__ == '__main__':
    tap.main()
