# SPDX-License-Identifier: GPL-2.0-or-later
"""`nm-macvtap check` between a mock NetworkManager, a fake hypervisor and the real kernel. In each situation the way
of a packet is measured, broken and measured again; the command that check prints is carried out literally, and the
way is measured once more."""

import functools
import json
import os
import re
import signal
import subprocess
import time

import mock
from device import ip
from firewalld import Firewalld
from host import BUS_ADDRESS, LINK, check, equal

MAC, MAC2 = '52:54:00:00:00:07', '52:54:00:00:00:08'
HOST, GUEST, GUEST2, LAN, ABSENT = '10.0.0.10', '10.0.0.50', '10.0.0.51', '10.0.0.1', '10.0.0.99'
HOST6, GUEST6 = 'fd00::10', 'fd00::50'
BRIDGE, BRIDGE_HOST, BRIDGE_GUEST = 'virbr1', '192.168.254.1', '192.168.254.50'
# Containers: their interfaces are in other network namespaces, as those of the tests are.
DOMAIN = '''<domain type='lxc'><name>{name}</name><memory>65536</memory><os><type>exe</type></os><devices>
<interface type='direct'><mac address='{mac}'/><source dev='eth0' mode='bridge'/></interface>
{more}</devices></domain>'''

NETWORK = (f"<network><name>isolated</name><bridge name='{BRIDGE}'/>"
           f"<ip address='{BRIDGE_HOST}' prefix='24'><dhcp><range start='192.168.254.2' end='192.168.254.254'/></dhcp>"
           '</ip></network>')


class Machine:
    """A machine of the LAN, or a guest: a network namespace with one interface, which COMMAND makes."""

    def __init__(self, host, name, device, *addresses):
        self.host, self.name, self.device = host, name, device
        ip('netns', 'add', name)
        ip('link', 'set', device, 'netns', name)
        for words in (['link', 'set', 'lo', 'up'], ['link', 'set', device, 'up']):
            self.run('ip', *words)
        for address in addresses:
            self.run('ip', 'address', 'add', address, 'dev', device, *(['nodad'] if ':' in address else []))

    def run(self, *argv):
        """(exit code, output). The main loop runs meanwhile."""
        return run(self.host, 'ip', 'netns', 'exec', self.name, *argv)

    def pings(self, address):
        self.run('ip', 'neighbour', 'flush', 'dev', self.device)
        return self.run('ping', '-n', '-c', '1', '-W', '1', address)[0] == 0

    def asks(self, address):
        """The MAC addresses that answer an ARP request."""
        output = self.run('arping', '-c', '2', '-w', '1', '-I', self.device, address)[1]
        return {mac.lower() for mac in re.findall(r'\[(.*?)\]', output)}


def run(host, *argv):
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    host.wait(lambda: process.poll() is not None, argv[0])
    return process.returncode, process.stdout.read()


def start(host, mode, lease=True):
    """A profile of MODE that is active, a machine on its LAN, and a guest that has communicated with the host."""
    host.lan = Machine(host, 'lan', 'lan0', f'{LAN}/24')
    if mode == 'isolated':
        host.at_start(f'define-network "{NETWORK}"', 'start-network isolated')
        if lease:
            host.at_start(f'lease isolated {MAC2} {BRIDGE_GUEST}')
    more = ("<interface type='network'><mac address='%s'/><source network='isolated'/>"
            "<target dev='port-alpha'/></interface>" % MAC2)
    xml = DOMAIN.format(name='alpha', mac=MAC, more=more if mode == 'isolated' else '').replace('\n', ' ')
    host.at_start(f'define "{xml}"', 'start alpha')
    host.vpn = host.up(host.add_profile(mode))
    if mode == 'isolated':
        start_on_bridge(host)
        return
    if mode == 'share':
        host.eth0.set_addresses([f'{HOST}/24', f'{HOST6}/64'])
    host.guest = add_guest(host, 'alpha', MAC, f'{GUEST}/24', f'{GUEST6}/64')
    host.wait(lambda: host.guest.pings(HOST), 'the guest to reach the host')
    if mode == 'share':
        host.wait(lambda: host.guest.pings(HOST6), 'the guest to reach the host over IPv6')


def add_guest(host, name, mac, *addresses):
    ip('link', 'add', 'link', 'eth0', 'name', 'g0', 'address', mac, 'type', 'macvlan', 'mode', 'bridge')
    return Machine(host, name, 'g0', *addresses)


def start_on_bridge(host):
    """libvirt would make the bridge."""
    ip('link', 'add', BRIDGE, 'type', 'bridge')
    ip('address', 'add', f'{BRIDGE_HOST}/24', 'dev', BRIDGE)
    ip('link', 'set', BRIDGE, 'up')
    host.guest = add_port(host, 'alpha', MAC2, f'{BRIDGE_GUEST}/24')
    host.wait(lambda: host.guest.pings(BRIDGE_HOST), 'the guest to reach the host')


def add_port(host, name, mac, *addresses):
    ip('link', 'add', 'g1', 'address', mac, 'type', 'veth', 'peer', f'port-{name}')
    ip('link', 'set', f'port-{name}', 'master', BRIDGE, 'up')
    return Machine(host, name, 'g1', *addresses)


def examine(host, guest='alpha'):
    """(exit code, {step: result}, text) of check."""
    code, output = run(host, host.programs.tool, 'check', '--json', guest)
    check(output.startswith('{'), f'output of check: {code} {output!r}')
    document = json.loads(output)
    return code, {step['step']: step for step in document['steps']}


def repair_all(host, step):
    """One fault can hide another."""
    for _ in range(3):
        result = examine(host)[1][step]
        if result['verdict'] == 'ok':
            return
        repair(host, result)
    check(False, f'it is still not ok: {result}')


def repair(host, result):
    check(result['remedy'], f'no command: {result}')
    code, output = run(host, 'sh', '-c', result['remedy'])
    equal(code, 0, f"exit code of {result['remedy']!r}: {output}")


# Kernel parameters: mode, what breaks, whether the way works, the verdict

def guest_pings_host(host):
    return host.guest.pings(BRIDGE_HOST if host.guest.device == 'g1' else HOST)


def guest_pings_host6(host):
    return host.guest.pings(HOST6)


def absent_address_is_free(host):
    return host.guest.asks(ABSENT) == set()


def only_guest_answers_for_guest(host):
    return host.lan.asks(GUEST) == {MAC}


def only_parent_answers_for_host(host):
    return len(host.lan.asks(HOST)) == 1


ALL, PARENT, OWN = 'net/ipv4/conf/all/', 'net/ipv4/conf/eth0/', f'net/ipv4/conf/{LINK}/'
OWN6 = f'net/ipv6/conf/{LINK}/'
SILENT = {OWN + 'medium_id': '-1'}  # as the service makes it
SWITCHES = {
    'arp_ignore_move': ('move', {ALL + 'arp_ignore': '8'}, guest_pings_host, 'broken'),
    'arp_ignore_link_move': ('move', {OWN + 'arp_ignore': '8'}, guest_pings_host, 'broken'),
    'arp_ignore_isolated': ('isolated', {ALL + 'arp_ignore': '8'}, guest_pings_host, 'broken'),
    'proxy_arp_all_share': ('share', {ALL + 'forwarding': '1', ALL + 'proxy_arp': '1', OWN + 'medium_id': '0'},
                            absent_address_is_free, 'broken'),
    'proxy_arp_link_share': ('share', {ALL + 'forwarding': '1', OWN + 'proxy_arp': '1', OWN + 'medium_id': '0'},
                             absent_address_is_free, 'broken'),
    'proxy_arp_parent_share': ('share', {**SILENT, ALL + 'forwarding': '1', PARENT + 'proxy_arp': '1'},
                               only_guest_answers_for_guest, 'hint'),
    'arp_filter_share': ('share', {OWN + 'arp_filter': '0'}, only_parent_answers_for_host, 'hint'),
    'disable_ipv6_share': ('share', {OWN6 + 'disable_ipv6': '1'}, guest_pings_host6, 'broken'),
    'ping_share': ('share', {'net/ipv4/icmp_echo_ignore_all': '1'}, guest_pings_host, 'hint'),
    'ping_isolated': ('isolated', {'net/ipv4/icmp_echo_ignore_all': '1'}, guest_pings_host, 'hint'),
}


def check_switch(host, mode, values, works, verdict):
    start(host, mode)
    check(works(host), 'the way does not work at first')
    equal(examine(host)[1]['host']['verdict'], 'ok', 'verdict at first')
    for path, value in values.items():
        host.write(f'/proc/sys/{path}', value)
    check(not works(host), 'the way works in spite of the switch')
    code, steps = examine(host)
    equal(steps['host']['verdict'], verdict, f"verdict of {steps['host']}")
    equal(code, 3 if verdict == 'broken' else 0, f'exit code of {steps}')
    check(any(path.replace('/', '.') in steps['host']['detail'] for path in values), steps['host']['detail'])
    repair(host, steps['host'])
    check(works(host), f"the way does not work after {steps['host']['remedy']!r}")
    repair_all(host, 'host')


# What was suspected, and breaks nothing: no false alarm.
HARMLESS = {
    # The service answers what arp_ignore forbids the kernel.
    'share': {ALL + 'arp_announce': '2', ALL + 'arp_filter': '1', ALL + 'rp_filter': '1', ALL + 'arp_ignore': '8',
              ALL + 'forwarding': '1', 'net/ipv6/conf/all/forwarding': '1'},
    'move': {ALL + 'arp_announce': '2', ALL + 'arp_filter': '1', ALL + 'rp_filter': '1', ALL + 'arp_ignore': '1',
             ALL + 'forwarding': '1', ALL + 'proxy_arp': '1'},
    'isolated': {ALL + 'arp_announce': '2', ALL + 'arp_filter': '1', ALL + 'rp_filter': '1', ALL + 'arp_ignore': '2',
                 ALL + 'forwarding': '1', ALL + 'proxy_arp': '1', 'net/bridge/bridge-nf-call-iptables': '1'},
}


def check_harmless(host, mode, values):
    start(host, mode)
    for path, value in values.items():
        host.write(f'/proc/sys/{path}', value)
    check(guest_pings_host(host), 'the way does not work')
    equal(examine(host)[1]['host']['verdict'], 'ok', 'verdict')


def test_new_interfaces_without_ipv6_do_not_matter(host):
    host.write('/proc/sys/net/ipv6/conf/default/disable_ipv6', '1')
    start(host, 'share')
    equal(examine(host)[1]['host']['verdict'], 'ok', 'verdict')


for switch_name, case in SWITCHES.items():
    globals()[f'test_switch_{switch_name}'] = functools.partial(check_switch, mode=case[0], values=case[1], works=case[2],
                                                                verdict=case[3])
for mode_name, case in HARMLESS.items():
    globals()[f'test_harmless_switches_{mode_name}'] = functools.partial(check_harmless, mode=mode_name, values=case)


# What a command repairs: mode, what breaks it, the step

def ip_words(words):
    return lambda host: ip(*words.split())


def add_route(host, subnet, *words):
    if 'wg0' not in host.links():
        ip('link', 'add', 'wg0', 'up', 'type', 'veth', 'peer', 'wg1')
        ip('link', 'set', 'wg1', 'up')
    ip('route', 'add', subnet, 'dev', 'wg0', *words)


def take_all_traffic(host, rule):
    """As VPN programs do."""
    add_route(host, 'default', 'table', '51820')
    ip('rule', 'add', *rule.split(), 'lookup', '51820')


REPAIRS = {
    'profile_down': ('share', lambda host: host.down(host.vpn), 'profile'),
    'profile_down_isolated': ('isolated', lambda host: host.down(host.vpn), 'profile'),
    'profile_down_move': ('move', lambda host: host.down(host.vpn), 'profile'),
    'host_link_down': ('share', ip_words(f'link set {LINK} down'), None),
    'parent_down': ('share', ip_words('link set eth0 down'), 'parent'),
    'route_gone': ('share', ip_words(f'route del {GUEST} dev {LINK}'), 'route'),
    'rule_of_a_vpn_share': ('share', lambda host: take_all_traffic(host, 'pref 100'), 'route'),
    'rule_of_a_vpn_move': ('move', lambda host: take_all_traffic(host, 'pref 100'), 'route'),
    'rule_of_a_vpn_isolated': ('isolated', lambda host: take_all_traffic(host, 'pref 100'), 'route'),
    'longer_route_move': ('move', lambda host: add_route(host, '10.0.0.48/29'), 'route'),
    'longer_route_isolated': ('isolated', lambda host: add_route(host, '192.168.254.48/29'), 'route'),
    'port_down': ('isolated', ip_words('link set port-alpha down'), 'device'),
    'port_elsewhere': ('isolated', ip_words('link set port-alpha nomaster'), 'device'),
    'bridge_down': ('isolated', ip_words(f'link set {BRIDGE} down'), 'bridge'),
    'bridge_without_address': ('isolated', ip_words(f'address del {BRIDGE_HOST}/24 dev {BRIDGE}'), 'bridge'),
}


def check_repair(host, mode, spoil, step):
    start(host, mode)
    host.wait(lambda: examine(host)[0] == 0, 'check to find nothing')
    spoil(host)
    code, steps = examine(host)
    # The service may notice it first, and deactivate the profile.
    step = step or list(steps)[-1]
    equal((code, steps.get(step, {}).get('verdict')), (3, 'broken'), f'exit code and verdict: {steps}')
    repair(host, steps[step])
    host.wait(lambda: guest_pings_host(host), f"{steps[step]['remedy']!r} to repair it")
    host.wait(lambda: examine(host)[0] == 0, 'check to find nothing')


def start_time(host, age):
    """As the file that libvirt's driver writes when the guest starts has it."""
    path = '/run/libvirt/qemu/alpha.pid'
    os.makedirs(os.path.dirname(path), exist_ok=True)
    host.write(path, '1')
    os.utime(path, (time.time() - age,) * 2)


def test_service_that_stands_still_is_named_and_mended(host):
    host.install_hook()
    start(host, 'share')
    host.wait_helper_ended()
    host.service.send_signal(signal.SIGSTOP)
    result = examine(host)[1]['service']
    equal(result['verdict'], 'unknown', 'verdict')
    repair(host, result)
    host.wait(lambda: len(host.services) == 2, 'another service')
    host.wait(lambda: examine(host)[1].get('service', {}).get('verdict') == 'ok', 'the profile to be up again')


def test_network_that_other_guests_use_is_left_to_them(host):
    """Compares the command, because there is no nmcli to run it."""
    host.at_start(f'define-network "{NETWORK}"', 'start-network isolated')
    host.define_guest('malware', 'network', "<source network='isolated'/>")
    host.add_guest('alpha')
    host.add_profile('isolated')
    result = examine(host)[1]['profile']
    check("'malware'" in result['detail'], f'{result}')
    equal(result['remedy'], 'nmcli connection modify guests +vpn.data network=macvtap && nmcli connection up guests',
          'remedy')


def test_booting_guest_without_address_is_waited_for(host):
    start(host, 'isolated', lease=False)
    host.guest.run('ip', 'link', 'set', 'g1', 'down')
    ip('neighbour', 'flush', 'dev', BRIDGE)
    start_time(host, 7)
    code, steps = examine(host)
    equal((code, steps['address']['verdict']), (0, 'waiting'), f'while it boots: {steps}')
    check(re.search(r'started ([789]|1\d) s ago', steps['address']['detail']), steps['address']['detail'])
    start_time(host, 300)
    code, steps = examine(host)
    equal((code, steps['address']['verdict']), (3, 'broken'), 'later')
    check('DHCP' in steps['address']['detail'] and steps['address']['remedy'] is None, steps['address'])


def test_booting_guest_with_an_old_lease_is_waited_for(host):
    start(host, 'isolated')
    host.guest.run('ip', 'link', 'set', 'g1', 'down')
    start_time(host, 7)
    code, steps = examine(host)
    equal((code, steps['neighbour']['verdict']), (0, 'waiting'), f'while it boots: {steps}')
    start_time(host, 300)
    equal(examine(host)[1]['neighbour']['verdict'], 'broken', 'later')


for repair_name, case in REPAIRS.items():
    globals()[f'test_repair_{repair_name}'] = functools.partial(check_repair, mode=case[0], spoil=case[1], step=case[2])


# Zones of firewalld

def check_zone(host, mode, zones, wanted):
    """The service is stopped, so it cannot correct the zone."""
    firewalld = Firewalld(BUS_ADDRESS, zones)
    start(host, mode)
    device = BRIDGE if mode == 'isolated' else LINK
    host.wait(lambda: examine(host)[1]['firewall']['verdict'] == 'ok', 'the right zone')
    host.service.send_signal(signal.SIGSTOP)
    firewalld.changeZoneOfInterface('trusted', device)
    code, steps = examine(host)
    equal((code, list(steps)[-1], steps['firewall']['verdict']), (3, 'firewall', 'broken'), f'{steps}')
    check("'trusted'" in steps['firewall']['detail'] and f"'{wanted}'" in steps['firewall']['detail'], f'{steps}')
    repair(host, steps['firewall'])
    equal(firewalld.getZoneOfInterface(device), wanted, 'zone')
    equal(examine(host)[1]['firewall']['verdict'], 'ok', 'verdict at the end')
    host.service.send_signal(signal.SIGCONT)


def test_zone_of_the_parent(host):
    check_zone(host, 'share', {'eth0': 'internal'}, 'internal')


def test_zone_of_a_parent_in_none_is_the_default_one(host):
    check_zone(host, 'share', {}, 'public')


def test_zone_of_the_bridge(host):
    check_zone(host, 'isolated', {BRIDGE: 'libvirt'}, 'libvirt')


def test_firewalld_that_does_not_answer_is_unknown(host):
    start(host, 'share')
    firewalld = Firewalld(BUS_ADDRESS)
    firewalld.fails = True
    code, steps = examine(host)
    equal((code, steps['firewall']['verdict']), (1, 'unknown'), f'{steps}')


# Rules of the firewall: mode, rules of nft or commands of iptables, whether the way works, the verdict

def host_pings_guest(host):
    return run(host, 'ping', '-n', '-c', '1', '-W', '1', BRIDGE_GUEST if host.guest.device == 'g1' else GUEST)[0] == 0


def guest_connects_host6(host):
    """A closed port refuses at once; a packet that is dropped times out."""
    return 'refused' in host.guest.run('nc', '-z', '-v', '-w', '1', HOST6, '9')[1]


def guests_ping_each_other(host):
    return host.guest2.pings(BRIDGE_GUEST)


INPUT = '''
table inet filter {{
    {more}
    chain input {{
        type filter hook input priority 0; policy {policy};
        ct state established,related accept
        iif "lo" accept
        {rules}
    }}
}}'''
OUTPUT = 'table ip out {{ chain output {{ type filter hook output priority 0; policy drop; {rules}\n}}\n}}'
EARLY = '''table ip early { chain early { type filter hook prerouting priority raw; policy drop;
iifname { "lo", "eth0" } accept
}
}'''
ARP = 'table arp own {{ chain input {{ type filter hook input priority 0; policy drop; {rules}\n}}\n}}'
INGRESS = 'table netdev early {{ chain early {{ type filter hook ingress devices = {{ {devices} }} priority 0; drop; }}\n}}'
BRIDGE_RULES = 'table bridge own {{ chain own {{ type filter hook {hook} priority 0; {rules} }}\n}}'
FORWARD = 'table ip own { chain forward { type filter hook forward priority 0; policy drop;\n}\n}'
DOCKER = ['iptables -N DOCKER-USER', 'iptables -A DOCKER-USER -j RETURN', 'iptables -P FORWARD DROP',
          'iptables -A FORWARD -j DOCKER-USER', 'iptables -A FORWARD -i docker0 -j ACCEPT']
IPTABLES = ['iptables -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
            'iptables -A INPUT -i eth0 -j ACCEPT', 'iptables -P INPUT DROP']
IPTABLES_REJECT = ['iptables -A INPUT -i eth0 -m comment --comment LAN -j ACCEPT', 'iptables -A INPUT -j REJECT']


def nft_input(rules, policy='drop', more=''):
    return INPUT.format(rules=rules, policy=policy, more=more)


RULES = {
    'name': ('share', nft_input('iifname "eth0" accept'), guest_pings_host, 'broken'),
    'index': ('share', nft_input('iif "eth0" accept'), guest_pings_host, 'broken'),
    'wildcard': ('share', nft_input('iifname "eth*" counter accept comment "LAN"'), guest_pings_host, 'broken'),
    'final_reject': ('share', nft_input('iifname "eth0" accept\nreject', 'accept'), guest_pings_host, 'broken'),
    'set': ('share', nft_input('iifname { "eth0", "wlan0" } accept'), guest_pings_host, 'broken'),
    'named_set': ('share', nft_input('iifname @lan accept', more='set lan { type ifname; elements = { "eth0" } }'),
                  guest_pings_host, 'broken'),
    'negated': ('share', nft_input('iifname != "eth0" drop', 'accept'), guest_pings_host, 'broken'),
    'map': ('share', nft_input('iifname vmap { "lo" : accept, "eth0" : jump lan_in }', more='chain lan_in { accept; }'),
            guest_pings_host, 'broken'),
    'chain': ('share', nft_input('jump lan_in\ndrop', 'accept', 'chain lan_in { iifname "eth0" accept; }'),
              guest_pings_host, 'broken'),
    'new_connections': ('share', nft_input('ct state vmap { invalid : drop, new : jump fresh }',
                                           more='chain fresh { iifname "eth0" accept; }'), guest_pings_host, 'broken'),
    'one_service': ('share', nft_input('iifname "eth0" icmp type echo-request limit rate 100/second accept'),
                    guest_pings_host, 'hint'),
    'one_subnet': ('share', nft_input('iifname "eth0" ip saddr 10.0.0.0/24 accept'), guest_pings_host, 'hint'),
    'before_routing': ('share', EARLY, guest_pings_host, 'broken'),
    'output': ('share', OUTPUT.format(rules='oifname { "lo", "eth0" } accept'), host_pings_guest, 'broken'),
    'iptables': ('share', IPTABLES, guest_pings_host, 'broken'),
    'iptables_reject': ('share', IPTABLES_REJECT, guest_pings_host, 'broken'),
    'ipv6': ('share', ['ip6tables -A INPUT -p ipv6-icmp -j ACCEPT', 'ip6tables -A INPUT -i eth0 -j ACCEPT',
                       'ip6tables -P INPUT DROP'], guest_connects_host6, 'broken'),
    'arp_move': ('move', ARP.format(rules='iifname "eth0" accept'), guest_pings_host, 'broken'),
    'arp_isolated': ('isolated', ARP.format(rules=''), guest_pings_host, 'broken'),
    'move': ('move', nft_input('iifname "eth0" accept'), guest_pings_host, 'broken'),
    'ipv6_move': ('move', ['ip6tables -A INPUT -p ipv6-icmp -j ACCEPT', 'ip6tables -A INPUT -i eth0 -j ACCEPT',
                           'ip6tables -P INPUT DROP'], guest_connects_host6, 'broken'),
    'ingress_share': ('share', INGRESS.format(devices=LINK), guest_pings_host, 'broken'),
    'ingress_move': ('move', INGRESS.format(devices=LINK), guest_pings_host, 'broken'),
    'ingress_isolated': ('isolated', INGRESS.format(devices=BRIDGE), guest_pings_host, 'broken'),
    'ingress_port': ('isolated', INGRESS.format(devices='port-alpha, lan1'), guest_pings_host, 'broken'),
    'ingress_inet': ('share', INGRESS.replace('netdev', 'inet').format(devices=LINK), guest_pings_host, 'broken'),
    'bridge_input': ('isolated', BRIDGE_RULES.format(hook='input', rules='drop;'), guest_pings_host, 'broken'),
    'bridge_port': ('isolated', BRIDGE_RULES.format(hook='prerouting', rules='iifname "port-*" drop;'),
                    guest_pings_host, 'broken'),
    'bridge_output': ('isolated', BRIDGE_RULES.format(hook='output', rules='drop;'), host_pings_guest, 'broken'),
    'bridge_forward': ('isolated', BRIDGE_RULES.format(hook='forward', rules='drop;'), guests_ping_each_other, 'hint'),
    'isolated_input': ('isolated', nft_input(''), guest_pings_host, 'hint'),
    'isolated_output': ('isolated', OUTPUT.format(rules='oifname "eth0" accept'), host_pings_guest, 'broken'),
    'isolated_forward': ('isolated', FORWARD, guests_ping_each_other, 'hint'),
    'isolated_docker': ('isolated', DOCKER, guests_ping_each_other, 'hint'),
}


def load_rules(host, rules):
    if isinstance(rules, str):
        host.write('/run/rules', rules)
        rules = ['nft -f /run/rules']
    for command in rules:
        code, output = run(host, *command.split())
        equal(code, 0, f'{command}: {output}')


def start_for_rules(host, mode):
    start(host, mode)
    if mode == 'move':
        ip('address', 'add', f'{HOST6}/64', 'dev', LINK, 'nodad')
    if mode == 'isolated':
        host.write('/proc/sys/net/bridge/bridge-nf-call-iptables', '1')
        host.guest2 = add_port(host, 'beta', '52:54:00:00:00:09', '192.168.254.51/24')


def check_rules(host, mode, rules, works, verdict):
    start_for_rules(host, mode)
    host.wait(lambda: works(host), 'the way to work at first')
    equal(examine(host)[1]['rules']['verdict'], 'ok', 'verdict at first')
    load_rules(host, rules)
    # What the guest has just learnt from the host works until it is forgotten.
    host.wait(lambda: not works(host), 'the rules to break the way')
    check(mode != 'share' or host.lan.pings(HOST), 'the host does not answer the LAN')
    code, steps = examine(host)
    equal(steps['rules']['verdict'], verdict, f"verdict of {steps['rules']}")
    equal(code, 3 if verdict == 'broken' else 0, f'exit code of {steps}')
    repair(host, steps['rules'])
    check(works(host), f"the way does not work after {steps['rules']['remedy']!r}")
    equal(examine(host)[1]['rules']['verdict'], 'ok', 'verdict at the end')


# Rules that treat guests as they treat the LAN, or let them through.
FAIR = {
    'names': ('share', nft_input('iifname { "eth0", "nmmv*" } accept')),
    'subnet': ('share', nft_input('ip saddr 10.0.0.0/24 accept')),
    'one_service': ('share', nft_input('tcp dport 22 accept')),
    'none': ('share', nft_input('')),
    'other_interface': ('share', nft_input('iifname "wg0" accept\nicmp type echo-request accept')),
    'isolated': ('isolated', nft_input('iifname "virbr*" accept')),
    'ingress_other': ('share', INGRESS.format(devices='lan1')),
    'bridge_other_port': ('isolated', BRIDGE_RULES.format(hook='prerouting', rules='iifname "vnet99" drop;')),
    'isolated_subnet': ('isolated', nft_input('ip saddr 192.168.254.0/24 accept')),
    'isolated_return': ('isolated', nft_input('jump known', 'accept',
                                              'chain known { ip saddr 192.168.254.0/24 return; drop; }')),
    'isolated_forward': ('isolated', FORWARD.replace('drop;', 'drop;\nip saddr 192.168.254.0/24 accept')),
}


def check_fair_rules(host, mode, rules):
    start_for_rules(host, mode)
    load_rules(host, rules)
    code, steps = examine(host)
    equal((steps['rules']['verdict'], code), ('ok', 0), f'verdict of {steps}')
    check(host.guest.device == 'g0' or guest_pings_host(host), 'the way does not work')


def test_legacy_rules_are_unknown_if_they_can_drop(host):
    """The kernel need not have them."""
    start(host, 'share')
    has_legacy = run(host, 'iptables-legacy', '-L')[0] == 0
    equal(examine(host)[1]['rules']['verdict'], 'ok', 'verdict without rules')
    if not has_legacy:
        return
    load_rules(host, ['iptables-legacy -A INPUT -i eth0 -j ACCEPT'])
    equal(examine(host)[1]['rules']['verdict'], 'ok', 'verdict of a rule that accepts')
    load_rules(host, ['iptables-legacy -P INPUT DROP'])
    code, steps = examine(host)
    equal((code, steps['rules']['verdict']), (1, 'unknown'), f'{steps}')


def test_legacy_rules_for_ipv6_are_unknown_if_they_can_drop(host):
    start(host, 'share')
    if run(host, 'ip6tables-legacy', '-L')[0] != 0:
        return
    equal(examine(host)[1]['rules']['verdict'], 'ok', 'verdict without rules')
    load_rules(host, ['ip6tables-legacy -A INPUT -i eth0 -j ACCEPT'])
    equal(examine(host)[1]['rules']['verdict'], 'ok', 'verdict of a rule that accepts')
    load_rules(host, ['ip6tables-legacy -A INPUT -i wg0 -j DROP'])
    equal(examine(host)[1]['rules']['verdict'], 'unknown', 'verdict of a rule that drops')


for rules_name, case in RULES.items():
    globals()[f'test_rules_{rules_name}'] = functools.partial(check_rules, mode=case[0], rules=case[1], works=case[2],
                                                              verdict=case[3])
for rules_name, case in FAIR.items():
    globals()[f'test_fair_rules_{rules_name}'] = functools.partial(check_fair_rules, mode=case[0], rules=case[1])


if __name__ == '__main__':
    mock.main()
