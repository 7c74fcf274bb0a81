# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest really uses: a parent by any of its names, a macvtap that the user made, the MAC that the guest has set, a
device that disappeared with its card. And a libvirtd that its socket activates."""

import json

import profiles
import share
import tap
from guest import macvtap, mac_of, nic
from tap import check, equal

ALTNAME = 'enx027700000002'
LONG = 'enp0s31f6u1u2u3u4i5-dock'
NEW_MAC = '52:54:00:aa:bb:cc'

# Socket activation: listens on libvirtd's sockets, starts it for a connection, and counts the starts.
ACTIVATOR = '''import os, select, socket
socks = []
for name in ('libvirt-sock', 'libvirt-sock-ro'):
    path = '/run/libvirt/' + name
    if os.path.exists(path):
        os.unlink(path)
    sock = socket.socket(socket.AF_UNIX)
    sock.bind(path)
    os.chmod(path, 0o777)
    sock.listen(10)
    socks.append(sock)
while True:
    select.select(socks, [], [])
    with open('/run/starts', 'a') as file:
        file.write('x')
    child = os.fork()
    if not child:
        for number, sock in enumerate(socks):
            os.dup2(sock.fileno(), 10 + number)
        for number in range(2):
            os.dup2(10 + number, 3 + number)
        env = dict(os.environ, LISTEN_PID=str(os.getpid()), LISTEN_FDS='2',
                   LISTEN_FDNAMES='libvirtd.socket:libvirtd-ro.socket')
        os.execvpe('libvirtd', ['libvirtd'], env)
    os.waitpid(child, 0)
'''


def find_step(host, guest, name):
    """The result of a step of nm-macvtap check."""
    steps = json.loads(host.run(['nm-macvtap', '--json', 'check', guest], check=False).stdout)['steps']
    check(any(step['step'] == name for step in steps), f'check does not reach {name}: {steps}')
    return next(step for step in steps if step['step'] == name)


@tap.host()
def test_parent_by_any_name(host):
    share.prepare(host)
    for name in (ALTNAME, LONG):
        host.run(['ip', 'link', 'property', 'add', 'dev', 'eth0', 'altname', name])
    alpha = host.guest('alpha', nics=[macvtap(ALTNAME)]).define().start()
    alpha.wait_ready()
    profiles.add(host, mode='share', parent=LONG)
    profiles.up(host)
    share.talk(host, alpha)
    profiles.down(host)
    profiles.add(host, 'own', mode='isolated', parent=ALTNAME)
    profiles.up(host, 'own')
    profiles.reach(host, alpha)


@tap.host()
def test_suggested_profile_of_a_parent_by_another_name_works(host):
    share.prepare(host)
    host.run(['ip', 'link', 'property', 'add', 'dev', 'eth0', 'altname', ALTNAME])
    alpha = host.guest('alpha', nics=[macvtap(ALTNAME)]).define().start()
    alpha.wait_ready()
    host.run(['nm-macvtap', 'refresh'])
    profiles.up(host, 'Guests on eth0')
    share.talk(host, alpha)


@tap.host()
def test_macvtap_that_the_user_made(host):
    share.prepare(host)
    mac = mac_of('alpha', '0')
    host.run(f'ip link add tap0 link eth0 address {mac} type macvtap mode bridge && ip link set tap0 up')
    alpha = host.guest('alpha', nics=[nic('ethernet', "<target dev='tap0' managed='no'/>", mac)]).define().start()
    alpha.wait_ready()
    profiles.add(host, mode='share')
    profiles.up(host)
    share.talk(host, alpha)
    equal(find_step(host, 'alpha', 'macvtap')['verdict'], 'ok', 'verdict of check')


@tap.host()
def test_guest_that_changes_its_mac(host):
    share.prepare(host)
    xml = macvtap().replace("<interface type='direct'", "<interface type='direct' trustGuestRxFilters='yes'")
    alpha = host.guest('alpha', nics=[xml]).define().start()
    alpha.wait_ready()
    profiles.add(host, mode='share')
    profiles.up(host)
    share.talk(host, alpha)
    address = alpha.lan_address
    alpha.run(f'ip link set eth0 down; ip link set eth0 address {NEW_MAC}; ip link set eth0 up; '
              f'ip addr replace {address}/24 dev eth0', check=True)
    host.wait_for(lambda: NEW_MAC in host.run(['ip', 'link', 'show', 'type', 'macvtap']).stdout,
                  'libvirt to give the device the new MAC')
    share.talk(host, alpha, address)
    check(NEW_MAC in host.run(['ip', 'neigh', 'show', address, 'dev', share.LINK]).stdout, 'the old MAC is served')
    step = find_step(host, 'alpha', 'macvtap')
    check(NEW_MAC in step['detail'] and alpha.mac in step['detail'], f'check does not name both MACs: {step}')


@tap.host(uplinks=('eth0', 'eth1'))
def test_card_that_is_unplugged_and_returns(host):
    share.prepare(host)
    alpha = host.guest('alpha', nics=[macvtap('eth1', inner="<driver rx_queue_size='512'/>")]).define().start()
    alpha.wait_ready()
    profiles.add(host, mode='share', parent='eth1')
    profiles.up(host, 'guests', 'ifname', 'eth1')
    share.talk(host, alpha, host_address=host.address('eth1'))
    definition = profiles.definitions(host)
    host.unplug_card('eth1')
    host.wait_for(lambda: not profiles.services(host), 'the service to end', 40)
    host.plug_card('eth1')
    host.wait_for(lambda: profiles.state(host) == 'activated', 'the profile to come back', 40)

    step = find_step(host, 'alpha', 'device')
    equal(step['verdict'], 'broken', f'verdict of check: {step}')
    status = json.loads(host.run(['nm-macvtap', '--json', 'status'], check=False).stdout)
    equal([guest['broken'] for guest in status['guests'] if guest['name'] == 'alpha'], ['device'], 'status')
    # The printed command repairs it if it is run unchanged.
    host.run(step['remedy'])
    equal(find_step(host, 'alpha', 'device')['verdict'], 'ok', 'verdict after the command')
    equal(alpha.interfaces()[0].find('driver').get('rx_queue_size'), '512', 'size of the receive queue')
    equal(profiles.definitions(host), definition, 'definition after the command')
    alpha.wait_address()
    share.talk(host, alpha, host_address=host.address('eth1'))
    equal(host.run(['nm-macvtap', 'check', 'alpha'], check=False).returncode, 0, 'exit code of check')


def runs(host):
    return host.run(['pgrep', '-x', 'libvirtd'], check=False).stdout.split()


def starts(host):
    return len(host.read('/run/starts')) if host.exists('/run/starts') else 0


@tap.host()
def test_looking_does_not_start_libvirt(host):
    alpha, = share.prepare(host, 'alpha')
    host.stop_libvirtd()
    host.start_service('activator', ['python3', '-I', '-c', ACTIVATOR])
    host.wait_for(lambda: host.virsh('version', check=False).returncode == 0, 'libvirtd')
    profiles.add(host, mode='share')
    profiles.up(host)
    share.talk(host, alpha)

    before = starts(host)
    host.run(['kill', *runs(host)])
    host.wait_for(lambda: not runs(host), 'libvirtd to end')
    host.nmcli('device', 'reapply', 'eth0', check=False)
    host.run(['nm-macvtap', 'refresh'])
    result = host.run(['nm-macvtap', 'status'], check=False)
    check('libvirt is not running' in result.stdout, f'status: {result.stdout}')
    host.run(['sleep', '8'])
    equal((starts(host), runs(host)), (before, []), 'times that libvirtd was started, and its processes')
    check(share.reaches_guest(host, alpha, alpha.lan_address), 'the guest is not served any more')

    # Another program starts it, and the service follows the guests again.
    address = alpha.lan_address
    host.wait_for(lambda: alpha.state() == 'running', 'libvirtd to know the guest')
    equal(starts(host), before + 1, 'times that libvirtd was started')
    alpha.destroy()
    share.wait_routes(host, [], 20)
    alpha.start().wait_ready()
    share.talk(host, alpha)
    equal(alpha.lan_address, address, 'address of alpha')
    profiles.down(host)


if __name__ == '__main__':
    tap.main()
