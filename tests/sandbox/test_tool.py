# SPDX-License-Identifier: GPL-2.0-or-later
"""The command nm-macvtap on real NetworkManager, libvirt and guests."""

import datetime
import json
import os
import pty
import signal
import subprocess

import profiles
import share
import tap
from guest import macvtap, network
from move import without_helper
from tap import check, equal


def tool(host, *arguments, code=0):
    """Standard output; asserts that the exit code is CODE."""
    result = host.run(['nm-macvtap', *arguments], check=False, timeout=60)
    equal(result.returncode, code, f'exit code of nm-macvtap {arguments}: {result.stdout}{result.stderr}')
    return result.stdout


def tool_json(host, *arguments, code=0):
    return json.loads(tool(host, '--json', *arguments, code=code))


def own_profile(status):
    """The profile that the test made, among the suggested ones."""
    return next(profile for profile in status['profiles'] if profile['id'] == 'guests')


def guests_of(status):
    return {guest['name']: guest for guest in status['guests']}


def kill_service(host, number):
    """Sends a signal to the service of the profile."""
    host.run(['kill', f'-{number}', *profiles.services(host)])


def state_of(host):
    """What the tool must not change."""
    return (profiles.definitions(host), host.virsh('net-list', '--all').stdout,
            host.nmcli('-t', 'connection', 'show').stdout)


@tap.host()
def test_plan_changes_nothing(host):
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
    check('would change nothing' in tool(host, 'plan', 'guests'), 'text of an empty plan')


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


def grow_old(host, name):
    """The guest has had time to boot."""
    host.run(['touch', '-d', '10 minutes ago', f'/run/libvirt/qemu/{name}.pid'])


@tap.host(firewalld=True)
def test_status_and_check_steps(host):
    # The helper would suggest a profile when the network starts.
    without_helper(host)
    alpha, = host.running_guests('alpha')
    host.guest('beta').define()
    host.start_nat_network()
    host.guest('nat', [network('default')]).define()

    equal(tool_json(host, 'check', 'nobody', code=3)['broken'], 'guest', 'guest that does not exist')
    equal(tool_json(host, 'check', 'nat', code=3)['broken'], 'macvtap', 'guest without macvtap')
    none = tool_json(host, 'check', 'alpha', code=3)
    equal(none['broken'], 'profile', 'without a profile')
    host.run(none['steps'][-1]['remedy'])
    down = tool_json(host, 'check', 'alpha', code=3)
    equal(down['steps'][-1]['remedy'], 'nmcli connection up guests', 'remedy while the profile is down')
    equal(own_profile(tool_json(host, 'status'))['state'], 'down', 'state')

    host.run(down['steps'][-1]['remedy'], timeout=90)
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
          (None, 'names', 'hint'), 'every step')
    host.run(whole['steps'][-1]['remedy'])
    equal(tool_json(host, 'check', 'alpha')['steps'][-1]['verdict'], 'ok', 'names after the command')
    host.wait_for(lambda: address in host.run(['getent', 'hosts', 'alpha'], check=False).stdout, 'the name of alpha')

    # Break each step, and repair it with the command that check shows.
    for step, command in (
            ('link', f"virsh domif-setlink alpha {guests['alpha']['mac']} down"),
            ('bridge', f"ip address del 192.168.254.1/24 dev {profile['bridge']}"),
            ('firewall', f"firewall-cmd --zone=public --change-interface={profile['bridge']}")):
        host.run(command)
        broken = tool_json(host, 'check', 'alpha', code=3)
        equal(broken['broken'], step, f'after {command}')
        host.run(broken['steps'][-1]['remedy'])
        host.wait_for(lambda: host.run(['nm-macvtap', 'check', 'alpha'], check=False).returncode == 0,
                      f"'{broken['steps'][-1]['remedy']}' to repair it")

    # A running guest that does not answer, while it boots and later.
    alpha.run(f"ip link set $(basename $(dirname $(grep -l {guests['alpha']['mac']} /sys/class/net/*/address))) down")
    equal(tool_json(host, 'check', 'alpha')['steps'][-1]['verdict'], 'waiting', 'interface down in a guest that boots')
    grow_old(host, 'alpha')
    equal(tool_json(host, 'check', 'alpha', code=3)['broken'], 'neighbour', 'interface down in the guest')
    tool(host, 'status', code=3)


def multicast(*guests):
    """The changes that let the running GUESTS receive all multicast."""
    return [('multicast-receive', guest.interfaces()[0].find('target').get('dev'), 'eth0') for guest in guests]


@tap.host(uplinks=('eth0', 'eth1'))
def test_share(host):
    alpha, beta = share.prepare(host, 'alpha', 'beta')
    host.guest('nobridge', [macvtap('eth0', 'vepa')]).define().start()
    host.guest('off').define()
    # The helper would remove the orphans before cleanup finds them.
    without_helper(host)
    profiles.add_by_hand(host, mode='share')

    plan = tool_json(host, 'plan', 'guests')
    equal([(c['kind'], c['device'], c['parent']) for c in plan['changes']],
          [('link-add', share.LINK, 'eth0'), *multicast(alpha, beta)], 'changes')
    equal({guest['name']: guest['status'] for guest in plan['guests']},
          {'alpha': 'served', 'beta': 'served', 'nobridge': 'unreachable', 'off': 'shut-off'}, 'guests of the plan')
    check("Guest 'nobridge': its macvtap mode is 'vepa'" in tool(host, 'plan', 'guests'), 'text of the plan')
    down = tool_json(host, 'check', 'alpha', code=3)
    equal((down['mode'], down['broken'], down['steps'][-1]['remedy']),
          ('share', 'profile', 'nmcli connection up guests'), 'while the profile is down')
    equal(tool_json(host, 'check', 'nobridge', code=3)['broken'], 'mode', 'a guest in a macvtap mode that no profile can reach')

    beta.run('killall udhcpc; ip addr flush dev eth0')
    before = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=1)
    profiles.up(host)
    share.talk(host, alpha)
    equal(tool_json(host, 'plan', 'guests')['changes'], [], 'changes of an active profile')
    status = tool_json(host, 'status', code=3)
    profile = own_profile(status)
    equal((profile['state'], profile['link'], profile['parent'], profile['guests'], profile['nobody']),
          ('active', share.LINK, 'eth0', 4, None), 'profile')
    check(profile['host-address'] == f'{host.address()}/24', profile['host-address'])
    guests = guests_of(status)
    equal([(name, guests[name]['broken'], guests[name]['waiting']) for name in sorted(guests)],
          [('alpha', None, None), ('beta', None, 'address'), ('nobridge', 'mode', None), ('off', 'running', None)],
          'guests')
    equal(tool_json(host, 'check', 'beta')['steps'][-1]['verdict'], 'waiting', 'a guest without an address')

    guest = guests_of(tool_json(host, 'status', code=3))['alpha']
    equal((guest['reachable'], guest['address'], guest['link'], guest['reason'], len(guest['addresses'])),
          (True, alpha.lan_address, share.LINK, None, 1), 'alpha')
    since = datetime.datetime.fromisoformat(guest['since'].replace('Z', '+00:00'))
    check(before - datetime.timedelta(seconds=1) <= since <= datetime.datetime.now(datetime.timezone.utc), guest['since'])
    check(alpha.lan_address in tool(host, 'check', 'alpha'), 'text of check')
    # Without privileges.
    for_all = json.loads(host.run(['runuser', '-u', 'nobody', '--', 'nm-macvtap', '--json', 'check', 'alpha']).stdout)
    equal((for_all['broken'], for_all['address']), (None, alpha.lan_address), 'check by nobody')

    # Break each step while the service cannot repair it.
    kill_service(host, 'STOP')
    alpha.run('ip link set eth0 down')
    grow_old(host, 'alpha')
    equal(tool_json(host, 'check', 'alpha', code=3)['broken'], 'neighbour', 'interface down in the guest')
    host.run(['ip', 'route', 'del', alpha.lan_address, 'dev', share.LINK])
    equal(tool_json(host, 'check', 'alpha', code=3)['broken'], 'route', 'route gone')
    host.run(['ip', 'link', 'del', share.LINK])
    equal(tool_json(host, 'check', 'alpha', code=3)['broken'], 'host-link', 'link gone')
    # The service notices the removed link.
    kill_service(host, 'CONT')
    host.nmcli('connection', 'delete', 'guests')
    host.wait_for(lambda: not profiles.services(host) and share.LINK not in host.run(['ip', 'link']).stdout,
                  'the service to end', 40)
    check('nothing to clean up' in tool(host, 'cleanup', '--yes'), 'without the profile')

    # A link left behind, and a profile that matches no guest.
    host.run(f'ip link add nmmvleft link eth0 type macvtap mode bridge && ip link set nmmvleft alias nm-macvtap:{plan["uuid"]}')
    found = tool_json(host, 'cleanup', '--yes')['leftovers']
    equal([(one['kind'], one['device'], one['removed']) for one in found], [('link', 'nmmvleft', True)], 'leftovers')
    check('nmmv' not in host.run(['ip', 'link']).stdout, 'the link is still there')
    profiles.add_by_hand(host, mode='share', parent='eth1')
    check("interface on 'eth1'" in own_profile(tool_json(host, 'status'))['nobody'], 'no note on a profile that matches no guest')
    profiles.up(host)
    check("Profile 'guests': no guest of the profile has a macvtap interface on 'eth1'" in tool(host, 'status', code=3), 'text of status')
    profiles.down(host)

    # Parents that cannot carry a host link.
    taker = host.guest('taker', [macvtap('eth1', 'passthrough')]).define().start()
    host.guest('shy', [macvtap('eth1')]).define()
    equal(tool_json(host, 'check', 'taker', code=3)['broken'], 'mode', 'a guest that holds the parent')
    broken = tool_json(host, 'check', 'shy', code=3)
    equal(broken['broken'], 'parent', 'a guest on a parent that another guest holds')
    check("mode 'passthrough'" in broken['steps'][-1]['detail'], broken['steps'][-1]['detail'])
    taker.destroy()
    host.run('ip link add br9 type bridge && ip link set eth1 master br9')
    profiles.modify(host, guests='alpha')
    refused = tool_json(host, 'plan', 'guests', code=1)['refused']
    check("'br9'" in refused, refused)


@tap.host()
def test_move(host):
    alpha, = host.running_guests('alpha')
    profiles.add_by_hand(host, mode='move')
    plan = tool_json(host, 'plan', 'guests')
    equal([(c['kind'], c['device'], c['parent']) for c in plan['changes']],
          [('link-add', 'nmmveth0', 'eth0'), ('configuration-move', 'nmmveth0', 'eth0'), *multicast(alpha)], 'changes')
    address = host.address()
    profiles.up(host)
    status = tool_json(host, 'status')
    profile = own_profile(status)
    equal((profile['link'], profile['parent'], profile['host-address']), ('nmmveth0', 'eth0', f'{address}/24'), 'profile')
    guest = guests_of(status)['alpha']
    equal((guest['reachable'], guest['waiting']), (False, 'address'), 'before any traffic')
    check(host.ping(alpha.lan_address), 'the host does not reach alpha')
    guest = guests_of(tool_json(host, 'status'))['alpha']
    equal((guest['reachable'], guest['address'], guest['mode'], guest['since']), (True, alpha.lan_address, 'move', None),
          'alpha')
    # The service would refuse it.
    profiles.add_by_hand(host, 'second', mode='move', parent='eth0')
    check("'nmmveth0' is in use by profile 'guests'" in tool(host, 'plan', 'second', code=1), 'plan of a second one')
    alpha.run('ip link set eth0 down')
    grow_old(host, 'alpha')
    equal(tool_json(host, 'check', 'alpha', code=3)['broken'], 'neighbour', 'interface down in the guest')
    check('nothing to clean up' in tool(host, 'cleanup', '--yes'), 'with the profile')
    profiles.down(host)
    tool(host, 'plan', 'second')
    equal(tool_json(host, 'check', 'alpha', code=3)['broken'], 'profile', 'with the profile down')


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
    # A profile that exists only in memory is not always a suggested one.
    host.nmcli('connection', 'modify', '--temporary', 'guests', 'connection.autoconnect-priority', '1')
    check('nothing to clean up' in tool(host, 'cleanup', '--yes'), 'with the profile changed in memory')
    host.nmcli('connection', 'modify', 'guests', 'connection.autoconnect-priority', '2')

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

    # A libvirtd that crashed while it started the network. The next start fails (that of libvirt 11 removes the bridge).
    host.define_network(profiles.wiki_xml())
    bridge = profiles.network_info(host)['Bridge']
    host.stop_libvirtd(9)
    host.run('kill $(cat /run/libvirt/network/isolated.pid); rm /run/libvirt/network/isolated.*')
    host.start_libvirtd()
    check(f"left its bridge '{bridge}' behind" in tool(host, 'status', code=3), 'no note on the bridge')
    found = tool_json(host, 'cleanup', '--yes')['leftovers']
    equal([(one['kind'], one['device'], one['network'], one['removed']) for one in found],
          [('bridge', bridge, 'isolated', True)], 'bridge left behind')
    host.virsh('net-start', 'isolated')
    equal(tool_json(host, 'status')['bridges-in-the-way'], [], 'bridges in the way of an active network')


@tap.host()
def test_cleanup_reads_again_after_the_answer(host):
    alpha = host.guest('alpha').define()
    profiles.add(host)
    profiles.up(host)
    profiles.down(host)
    host.nmcli('connection', 'delete', 'guests')
    equal(len(profiles.our_nics(alpha, True)), 1, 'interfaces that the project added to the definition')

    ours, theirs = pty.openpty()
    cleanup = host.popen(['nm-macvtap', 'cleanup'], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    asked = b''
    while b'[y/N]' not in asked:
        asked += os.read(cleanup.stderr.fileno(), 1000)
    profiles.add_by_hand(host)
    os.write(ours, b'y\n')
    output, errors = cleanup.communicate(timeout=60)
    equal((cleanup.returncode, errors), (0, b''), f'exit code and errors of cleanup: {output}')
    equal(len(profiles.our_nics(alpha, True)), 1, 'interfaces that the project added, with a profile again')
    check('isolated' in host.virsh('net-list', '--all', '--name').stdout, 'the network was removed')


if __name__ == '__main__':
    tap.main()
