# SPDX-License-Identifier: GPL-2.0-or-later
"""Real Podman on a sandbox host: containers of busybox on a macvlan network, which netavark makes."""

import json

import container

PACKAGES = ('podman', 'netavark', 'aardvark-dns', 'crun')
IMAGE = 'localhost/busybox'
# Without systemd and without cgroups, of which the host has none.
ENGINE = '''[containers]
cgroups = "disabled"
log_driver = "k8s-file"

[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"

[network]
network_backend = "netavark"
'''
STORAGE = '''[storage]
driver = "vfs"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
'''
SERVE = 'mkdir -p /www && hostname >/www/index.html && exec httpd -f -h /www'


def podman(host, *words, **options):
    return host.run(['podman', *words], **{'timeout': 60, **options})


def start(host):
    """Configures Podman and makes the image."""
    # crun wants a file system of control groups, although it uses none.
    host.run('mount -t tmpfs cgroup /sys/fs/cgroup')
    host.write('/etc/containers/containers.conf', ENGINE)
    host.write('/etc/containers/storage.conf', STORAGE)
    container.make_root(host, '/run/image')
    host.run('tar -C /run/image -cf /run/image.tar .')
    podman(host, 'import', '--quiet', '/run/image.tar', IMAGE)


def add_network(host, name, *options):
    podman(host, 'network', 'create', '-d', 'macvlan', '-o', 'parent=eth0', *options, name)


class Container(container.Container):
    def __init__(self, host, name, *options):
        super().__init__(host, name)
        podman(host, 'run', '--detach', '--name', name, '--hostname', name, *options, IMAGE, 'sh', '-c', SERVE)

    def inspect(self):
        """Of its only network."""
        document = json.loads(podman(self.host, 'inspect', self.name).stdout)
        return next(iter(document[0]['NetworkSettings']['Networks'].values()))

    @property
    def address(self):
        return self.inspect()['IPAddress']

    @property
    def address6(self):
        return self.inspect()['GlobalIPv6Address']

    @property
    def mac(self):
        return self.inspect()['MacAddress']

    def pid(self):
        return podman(self.host, 'inspect', '--format', '{{.State.Pid}}', self.name).stdout.strip()

    def restart(self):
        podman(self.host, 'restart', '--time', '0', self.name)

    def remove(self):
        podman(self.host, 'rm', '--force', '--time', '0', self.name)
