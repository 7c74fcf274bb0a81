# SPDX-License-Identifier: GPL-2.0-or-later
"""`nm-macvtap check GUEST --for-migration-to URI` with a fake hypervisor. It is the target, too, so the guest that can
migrate is shut off."""

import json
import subprocess

import mock
from host import check, equal

TARGET = 'qemu+ssh://other/system'
NETWORK = "<network><name>isolated</name><ip address='192.168.254.1' prefix='24'/></network>"


def tool(host, *argv):
    """(exit code, standard output, standard error). The main loop runs meanwhile."""
    with subprocess.Popen([host.programs.tool, 'check', *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        host.wait(lambda: process.poll() is not None, 'check')
        return process.returncode, process.stdout.read(), process.stderr.read()


def examine(host, guest='alpha'):
    """(exit code, broken step, {step: verdicts})."""
    code, output, _ = tool(host, '--json', '--for-migration-to', TARGET, guest)
    document = json.loads(output)
    equal((document['guest'], document['target'], document['libvirt-uri']), (guest, TARGET, 'qemu:///system'), 'document')
    verdicts = {}
    for step in document['steps']:
        verdicts.setdefault(step['step'], []).append(step['verdict'])
    return code, document['broken'], verdicts


def test_target_that_is_ready(host):
    host.add_guest('alpha', running=False)
    host.at_start('link eth0 up')
    equal(examine(host), (0, None, {'target': ['ok'], 'interface': ['ok']}), 'result')
    code, output, _ = tool(host, f'--for-migration-to={TARGET}', 'alpha')
    check(f"'{TARGET}' is ready for guest 'alpha'." in output, f'{code} {output}')


def test_target_without_interface(host):
    host.add_guest('alpha', running=False)
    equal(examine(host), (3, 'interface', {'target': ['ok'], 'interface': ['broken']}), 'result')
    output = tool(host, f'--for-migration-to={TARGET}', 'alpha')[1]
    check("no interface 'eth0'" in output and 'is ready' not in output, output)


def test_target_with_inactive_network(host):
    host.define_guest('alpha', 'network', "<source network='isolated'/>", running=False)
    host.at_start(f'define-network "{NETWORK}"')
    equal(examine(host), (3, 'interface', {'target': ['ok'], 'interface': ['broken']}), 'result')
    output = tool(host, f'--for-migration-to={TARGET}', 'alpha')[1]
    check(f'virsh -c {TARGET} net-start isolated' in output, output)


def test_target_that_lacks_the_host_link_of_an_active_profile(host):
    host.add_guest('alpha', running=False)
    host.at_start('link eth0 up')
    host.up(host.add_profile('share'))
    equal(examine(host), (3, 'host-link', {'target': ['ok'], 'interface': ['ok'], 'host-link': ['broken']}), 'result')
    host.at_start('link nmmveth0 up')
    equal(examine(host), (0, None, {'target': ['ok'], 'interface': ['ok'], 'host-link': ['ok']}), 'result with it')


def test_interfaces_of_the_target_cannot_be_listed(host):
    host.add_guest('alpha', running=False)
    host.at_start('fail list-links "no driver today"')
    equal(examine(host), (1, None, {'target': ['ok'], 'interface': ['unknown']}), 'result')
    check('no driver today' in tool(host, f'--for-migration-to={TARGET}', 'alpha')[1], 'no reason')


def test_target_runs_the_guest(host):
    host.add_guest('alpha')
    host.at_start('link eth0 up')
    equal(examine(host), (3, 'target', {'target': ['broken']}), 'result')


def test_guest_that_does_not_exist(host):
    code, output, _ = tool(host, '--json', '--for-migration-to', TARGET, 'nothing')
    equal((code, json.loads(output)['broken']), (3, 'guest'), 'result')


def test_uuid_in_capital_letters_names_the_guest(host):
    uuid = 'abcdef12-0000-4000-8000-000000000001'
    host.at_start(f"define \"<domain><name>alpha</name><uuid>{uuid}</uuid><devices><interface type='direct'>"
                  "<source dev='eth0' mode='bridge'/></interface></devices></domain>\"")
    for words in ((), ('--for-migration-to', TARGET)):
        document = json.loads(tool(host, '--json', *words, uuid.upper())[1])
        equal(document['guest'], 'alpha', f'guest of check {words}')


def test_option_without_uri(host):
    code, _, error = tool(host, 'alpha', '--for-migration-to')
    equal(code, 2, f'exit code: {error}')


if __name__ == '__main__':
    mock.main()
