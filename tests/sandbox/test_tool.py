# SPDX-License-Identifier: GPL-2.0-or-later
"""The command nm-macvtap on real NetworkManager, libvirt and guests."""

import json
import signal

import profiles
import tap
from guest import macvtap, network
from tap import check, equal


def tool(host, *arguments, code=0):
    """Standard output; the exit code has to be CODE."""
    result = host.run(['nm-macvtap', *arguments], check=False, timeout=60)
    equal(result.returncode, code, f'exit code of nm-macvtap {arguments}: {result.stdout}{result.stderr}')
    return result.stdout


def tool_json(host, *arguments, code=0):
    return json.loads(tool(host, '--json', *arguments, code=code))


def own_profile(status):
    """The profile that the test made, among those that are offered."""
    return next(profile for profile in status['profiles'] if profile['id'] == 'guests')


def state_of(host):
    """All that the tool must not change."""
    return (profiles.definitions(host), host.virsh('net-list', '--all').stdout,
            host.nmcli('-t', 'connection', 'show').stdout)


@tap.host()
def test_plan_tells_and_changes_nothing(host):
    host.running_guests('alpha')
    host.guest('beta').define()
    profiles.add(host)
    before = state_of(host)

    plan = tool_json(host, 'plan', 'guests')
    equal([(c['kind'], c['guest'], c['scope']) for c in plan['changes']],
          [('network-define', None, None), ('network-autostart', None, None), ('network-start', None, None),
           ('nic-attach', 'alpha', 'config'), ('nic-attach', 'alpha', 'live'),
           ('nic-attach', 'beta', 'config')], 'changes')
    check('define network' in tool(host, 'plan', plan['uuid']), 'text of the plan, by UUID')
    equal(state_of(host), before, 'host after plan')

    profiles.up(host)
    equal(tool_json(host, 'plan', 'guests')['changes'], [], 'changes of an active profile')
    check('nothing to change' in tool(host, 'plan', 'guests'), 'text of an empty plan')


@tap.host()
def test_plan_refuses_what_the_service_refuses(host):
    profiles.add(host)
    check(tool(host, '--version').startswith('nm-macvtap '), 'version')
    tool(host, 'plan', 'nobody', code=1)
    host.nmcli('connection', 'modify', 'guests', 'connection.permissions', 'user:nobody')
    refused = tool_json(host, 'plan', 'guests', code=1)['refused']
    check("private to 'nobody'" in refused, refused)
    host.nmcli('connection', 'modify', 'guests', 'connection.permissions', '', '+vpn.data', 'colour=red')
    result = host.run(['nm-macvtap', 'plan', 'guests'], check=False)
    equal(result.returncode, 1, 'exit code')
    check('colour' in result.stderr, result.stderr)


@tap.host(firewalld=True)
def test_status_and_check_follow_the_chain(host):
    alpha, = host.running_guests('alpha')
    host.guest('beta').define()
    host.start_nat_network()
    host.guest('nat', [network('default')]).define()

    equal(tool_json(host, 'check', 'nobody', code=3)['broken'], 'guest', 'guest that does not exist')
    equal(tool_json(host, 'check', 'nat', code=3)['broken'], 'macvtap', 'guest without macvtap')
    equal(tool_json(host, 'check', 'alpha', code=3)['broken'], 'profile', 'without a profile')
    profiles.add(host)
    down = tool_json(host, 'check', 'alpha', code=3)
    equal(down['steps'][-1]['remedy'], 'nmcli connection up guests', 'remedy while the profile is down')
    equal(own_profile(tool_json(host, 'status'))['state'], 'down', 'state')

    profiles.up(host)
    address = profiles.reach(host, alpha)
    status = tool_json(host, 'status')
    profile = own_profile(status)
    equal((profile['id'], profile['mode'], profile['state'], profile['network'], profile['host-address']),
          ('guests', 'isolated', 'active', 'isolated', '192.168.254.1/24'), 'profile')
    guests = {guest['name']: guest for guest in status['guests']}
    equal(sorted(guests), ['alpha', 'beta'], 'macvtap guests')
    equal((guests['alpha']['address'], guests['alpha']['reachable'], guests['alpha']['broken']),
          (address, True, None), 'alpha')
    equal((guests['beta']['running'], guests['beta']['reachable'], guests['beta']['broken']),
          (False, False, 'running'), 'beta')
    check('192.168.254.1/24' in tool(host, 'status'), 'text of status')
    whole = tool_json(host, 'check', 'alpha')
    equal((whole['broken'], whole['steps'][-1]['step'], whole['steps'][-1]['verdict']),
          (None, 'names', 'hint'), 'whole chain')

    # Each link broken by hand, and mended by the command that is named.
    for step, command in (
            ('link', f"virsh domif-setlink alpha {guests['alpha']['mac']} down"),
            ('bridge', f"ip address del 192.168.254.1/24 dev {profile['bridge']}"),
            ('firewall', f"firewall-cmd --zone=public --change-interface={profile['bridge']}")):
        host.run(command)
        broken = tool_json(host, 'check', 'alpha', code=3)
        equal(broken['broken'], step, f'after {command}')
        host.run(broken['steps'][-1]['remedy'])
        host.wait_for(lambda: host.run(['nm-macvtap', 'check', 'alpha'], check=False).returncode == 0,
                      f"'{broken['steps'][-1]['remedy']}' to mend it")

    # A guest that is there and says nothing.
    alpha.run(f"ip link set $(basename $(dirname $(grep -l {guests['alpha']['mac']} /sys/class/net/*/address))) down")
    equal(tool_json(host, 'check', 'alpha', code=3)['broken'], 'neighbour', 'interface down in the guest')
    tool(host, 'status', code=3)


@tap.host()
def test_status_without_daemons(host):
    host.guest('alpha').define()
    profiles.add(host)
    host.stop_libvirtd()
    status = tool_json(host, 'status', code=1)
    equal(own_profile(status)['id'], 'guests', 'profile without libvirtd')
    check(status['libvirt'][0]['problem'], 'problem without libvirtd')
    host.start_libvirtd()
    host.signal_service('libvirtd', signal.SIGSTOP)
    status = tool_json(host, 'status', code=1)
    check(status['libvirt'][0]['problem'], 'problem with a libvirtd that does not answer')
    host.signal_service('libvirtd', signal.SIGCONT)
    host.stop_nm()
    status = tool_json(host, 'status', code=1)
    equal(status['guests'][0]['name'], 'alpha', 'guest without NetworkManager')
    check(status['networkmanager-problem'], 'problem without NetworkManager')
    tool(host, 'cleanup', '--yes', code=1)


@tap.host()
def test_cleanup(host):
    alpha, = host.running_guests('alpha')
    host.guest('beta').define()
    host.guest('mine', [macvtap(), network('isolated', inner="<alias name='ua-mine'/>")]).define()
    before = profiles.definitions(host)
    profiles.add(host)
    profiles.up(host)
    profiles.reach(host, alpha)
    check('nothing to clean up' in tool(host, 'cleanup', '--yes'), 'with the profile')
    profiles.down(host)
    check('nothing to clean up' in tool(host, 'cleanup', '--yes'), 'with the profile down')

    host.nmcli('connection', 'delete', 'guests')
    served = profiles.definitions(host)
    found = tool_json(host, 'cleanup', code=2)['leftovers']
    equal([(one['kind'], one['guest'], one['removed']) for one in found],
          [('interface', 'alpha', False), ('interface', 'beta', False)], 'leftovers with a user of the network')
    equal(profiles.definitions(host), served, 'definitions without --yes')
    host.virsh('undefine', 'mine')
    del before['mine']

    removed = tool_json(host, 'cleanup', '--yes')['leftovers']
    equal([(one['kind'], one['guest'], one['removed']) for one in removed],
          [('interface', 'alpha', True), ('interface', 'beta', True), ('network', None, True)], 'removed')
    equal(profiles.definitions(host), before, 'definitions after cleanup')
    equal(len(alpha.links()), 1, 'NICs that the running guest sees')
    check('isolated' not in host.virsh('net-list', '--all', '--name').stdout, 'the network is still there')
    check('nothing to clean up' in tool(host, 'cleanup', '--yes'), 'after cleanup')


if __name__ == '__main__':
    tap.main()
