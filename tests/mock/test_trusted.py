# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode share: addresses that are refused to a guest, and the key trusted-addresses."""

import json
import signal
import subprocess

import mock
from device import ip
from host import GUEST_ADDRESS, GUEST_MAC, LINK, UPLINK, UUID, check, equal
from test_status import read


def run_tool(host, *words):
    """(exit code, document)"""
    process = subprocess.Popen([host.programs.tool, '--json', *words], stdout=subprocess.PIPE, text=True)
    host.wait(lambda: process.poll() is not None, 'the tool to end')
    return process.returncode, json.loads(process.stdout.read())


def problems(host, vpn):
    return read(host, vpn)['Problems']


def refused_address(host, vpn, address):
    """The one problem, which names the guest, the address and the key, as the banner does."""
    def found():
        host.speak('tap0', address=address)
        return problems(host, vpn)
    problem, = host.wait(found, 'the refusal')
    equal((problem['kind'], problem['guest'], problem['address'], problem['key']),
          ('refused-address', 'alpha', address, 'trusted-addresses'), 'problem')
    for text in ('alpha', address, 'trusted-addresses'):
        check(text in vpn.get('VPN.Connection', 'Banner'), f'{text} is not in the banner')
    check(address not in ip('route', 'show', 'dev', LINK), 'it has a route')
    return problem


def test_status_and_check_name_the_refusal_and_the_key(host):
    host.eth0.gateway = GUEST_ADDRESS
    host.eth0.publish()
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share'))
    remedy = refused_address(host, vpn, GUEST_ADDRESS)['remedy']
    code, checked = run_tool(host, 'check', 'alpha')
    equal((code, checked['broken'], checked['steps'][-1]['remedy']), (3, 'service', remedy), 'check')
    check('trusted-addresses' in checked['steps'][-1]['detail'], checked['steps'][-1]['detail'])
    code, status = run_tool(host, 'status')
    equal(code, 3, 'exit code of status')
    profile, = status['profiles']
    equal((profile['service'], profile['problems'][0]['key'], profile['problems'][0]['remedy']),
          ('active', 'trusted-addresses', remedy), 'profile')
    equal((status['guests'][0]['broken'], status['guests'][0]['reachable']), ('service', False), 'guest')
    host.down(vpn)


def test_status_follows_changes(host):
    host.eth0.gateway = GUEST_ADDRESS
    host.eth0.publish()
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share'))
    with open('/run/followed', 'wb') as output:
        follower = subprocess.Popen([host.programs.tool, '--json', 'status', '--watch'], stdout=output)

    def last():
        with open('/run/followed', encoding='utf-8') as file:
            lines = file.read().splitlines()
        return json.loads(lines[-1])['profiles'][0] if lines else None
    equal(host.wait(last, 'the first line')['problems'], [], 'problems at first')
    refused_address(host, vpn, GUEST_ADDRESS)
    host.wait(lambda: last()['problems'], 'the refusal in a new line')
    host.down(vpn)
    host.wait(lambda: last()['service'] is None and last()['state'] == 'down', 'the end of the service')
    follower.send_signal(signal.SIGINT)
    equal(follower.wait(), 0, 'exit code')


def test_status_shows_when_and_why_a_profile_failed(host):
    host.refused(host.add_profile('share', parent='eth7'))
    _, status = run_tool(host, 'status')
    failure = status['profiles'][0]['last-failure']
    check("'eth7'" in failure['message'] and failure['time'].startswith('20'), f'{failure}')


def test_guest_at_the_gateway_is_refused_by_name_and_key(host):
    host.eth0.gateway = GUEST_ADDRESS
    host.eth0.publish()
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share'))
    problem = refused_address(host, vpn, GUEST_ADDRESS)
    equal(problem['reason'], 'gateway', 'reason')
    equal(problem['remedy'], f"nmcli connection modify 'guests' +vpn.data 'trusted-addresses={GUEST_ADDRESS}' && "
                             "nmcli connection down 'guests' && nmcli connection up 'guests'", 'remedy')
    host.hypervisor('stop alpha')
    host.wait(lambda: not problems(host, vpn), 'the refusal to go')
    host.down(vpn)


def test_guest_that_becomes_the_dns_server_loses_its_route(host):
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share', trusted_addresses='10.0.0.77'))
    host.wait_served('tap0')
    host.eth0.servers = [GUEST_ADDRESS]
    host.eth0.publish()
    host.wait(lambda: not host.has_route(), 'the route to go')
    problem = refused_address(host, vpn, GUEST_ADDRESS)
    equal(problem['reason'], 'dns-server', 'reason')
    check(f"'trusted-addresses=10.0.0.77/32 {GUEST_ADDRESS}'" in problem['remedy'], problem['remedy'])
    host.eth0.servers = []
    host.eth0.publish()
    host.wait(lambda: not problems(host, vpn), 'the refusal to go')
    host.wait_served('tap0')
    host.down(vpn)


def test_trusted_guest_is_gateway_and_dns_server(host):
    host.eth0.gateway, host.eth0.servers = GUEST_ADDRESS, [GUEST_ADDRESS]
    host.eth0.publish()
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share', trusted_addresses=GUEST_ADDRESS))
    host.wait_served('tap0')
    equal(problems(host, vpn), [], 'problems')
    host.down(vpn)


def test_guest_in_another_block(host):
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share'))
    equal(refused_address(host, vpn, '198.51.100.7')['reason'], 'off-link', 'reason')
    host.down(vpn)
    vpn = host.up(host.add_profile('share', uuid=UUID.replace('2', '3'), name='trusting',
                                   trusted_addresses='198.51.100.0/24'))

    def served():
        host.speak('tap0', address='198.51.100.7')
        return next((line for line in ip('route', 'show', 'dev', LINK).splitlines() if '198.51.100.7' in line), None)
    check('src 10.0.0.10' in host.wait(served, 'the route'), 'not the address of the host as source')
    equal(problems(host, vpn), [], 'problems')
    host.down(vpn)


def test_own_address_of_the_host_is_never_trusted(host):
    host.add_guest('alpha', device_name='tap0', mac=GUEST_MAC)
    vpn = host.up(host.add_profile('share', trusted_addresses='10.0.0.0/24'))

    def found():
        host.speak('tap0', address=UPLINK.split('/', maxsplit=1)[0])
        return problems(host, vpn)
    problem, = host.wait(found, 'the refusal')
    equal((problem['reason'], 'key' in problem, 'remedy' in problem), ('host', False, False), 'problem')
    host.down(vpn)


if __name__ == '__main__':
    mock.main()
