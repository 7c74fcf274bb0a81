# SPDX-License-Identifier: GPL-2.0-or-later
"""The mock NetworkManager's profiles, devices and active connections."""

import json
import os
import subprocess

from gi.repository import GLib

from bus_object import BusError, BusObject

ACTIVATING, ACTIVATED, DEACTIVATING, DEACTIVATED = 1, 2, 3, 4  # active connections
UNMANAGED, DISCONNECTED, PREPARE, UP, FAILED = 10, 30, 40, 100, 120  # devices
USER_REQUESTED, DHCP_FAILED, LINK_GONE = 39, 15, 36  # reasons of a device
ETHERNET, MACVLAN, LOOPBACK = 1, 19, 32
FULL, NONE = 4, 1  # connectivity
LATER = 'later'  # instead of a lease: the DHCP client waits
DEVICE_DISCONNECTED = 3  # reason of an active connection's end
UNSAVED, VOLATILE = 1, 4  # flags of a profile
IN_MEMORY, MAKE_VOLATILE = 2, 0x10  # of a request


def ip(*words):
    return subprocess.run(['ip', *words], check=True, stdout=subprocess.PIPE, text=True).stdout


def kernel_addresses(name, *families):
    """'ADDRESS/PREFIX' of each address of a link but the link-local ones; of both families without FAMILIES."""
    kinds = [{4: 'inet', 6: 'inet6'}[family] for family in families or (4, 6)]
    return [f"{entry['local']}/{entry['prefixlen']}" for link in json.loads(ip('-j', 'address', 'show', 'dev', name))
            for entry in link.get('addr_info', []) if entry['scope'] != 'link' and entry['family'] in kinds]


def value(settings, setting, key, default=None):
    variant = settings.get(setting, {}).get(key)
    return default if variant is None else variant.unpack()


def address_data(*texts):
    return GLib.Variant('aa{sv}', [Device.describe_address(text) for text in texts])


def build_settings(**settings):
    """{setting: {key: str, bool or variant}} as NetworkManager has it; '_' stands for '-' in the keys."""
    kinds = {str: 's', bool: 'b', dict: 'a{ss}'}
    return {name: {key.replace('_', '-'): item if isinstance(item, GLib.Variant)
                   else GLib.Variant(kinds[type(item)], item) for key, item in items.items()}
            for name, items in settings.items()}


class Profile(BusObject):
    def __init__(self, nm, settings, flags=0):
        self.nm = nm
        self.settings = settings
        super().__init__(nm.bus, nm.bus.next_path('Settings'), {
            'Settings.Connection': {'Unsaved': bool(flags & UNSAVED), 'Flags': flags, 'Filename': ''}})
        nm.profiles.append(self)
        nm.update_lists()

    @property
    def id(self):
        return value(self.settings, 'connection', 'id')

    @property
    def uuid(self):
        return value(self.settings, 'connection', 'uuid')

    @property
    def type(self):
        return value(self.settings, 'connection', 'type')

    @property
    def interface(self):
        return value(self.settings, 'connection', 'interface-name')

    @property
    def is_volatile(self):
        return bool(self.get('Settings.Connection', 'Flags') & VOLATILE)

    def change(self, setting, **values):
        """As a user changes it, with `nmcli connection modify`."""
        changed = build_settings(**{setting: values})[setting]
        self.do_Update2({**self.settings, setting: {**self.settings[setting], **changed}}, 0, {})

    def do_GetSettings(self):
        return (self.settings,)

    def do_Update2(self, settings, flags, _args):
        if settings:
            self.settings = settings
        if flags & MAKE_VOLATILE:
            self.set('Settings.Connection', Flags=self.get('Settings.Connection', 'Flags') | VOLATILE | UNSAVED)
            if not self.nm.find_active(self.uuid):
                self.forget()
        self.emit('Settings.Connection', 'Updated')
        return ({},)

    def do_Delete(self):
        active = self.nm.find_active(self.uuid)
        self.forget()
        if active:
            active.deactivate()

    def forget(self):
        if self in self.nm.profiles:
            self.nm.profiles.remove(self)
            self.emit('Settings.Connection', 'Removed')
            self.nm.update_lists()
            self.remove()


class Active(BusObject):
    """An active connection of a device. A VPN is one, too: see vpn.py."""

    is_vpn = False

    def __init__(self, nm, profile, device, specific='/', **interfaces):
        self.nm = nm
        self.profile = profile
        self.device = device
        super().__init__(nm.bus, nm.bus.next_path('ActiveConnection'), {
            'Connection.Active': {
                'Connection': profile.path, 'SpecificObject': specific, 'Id': profile.id, 'Uuid': profile.uuid,
                'Type': profile.type, 'Devices': [device.path], 'State': ACTIVATING, 'StateFlags': 0,
                'Default': False, 'Default6': False, 'Ip4Config': '/', 'Ip6Config': '/', 'Dhcp4Config': '/',
                'Dhcp6Config': '/', 'Vpn': self.is_vpn, 'Master': '/'},
            **interfaces})
        nm.actives.append(self)
        nm.update_lists()

    @property
    def state(self):
        return self.get('Connection.Active', 'State')

    def change(self, state, reason=0):
        self.set('Connection.Active', State=state)
        self.emit('Connection.Active', 'StateChanged', '(uu)', state, reason)

    def drop(self):
        if self in self.nm.actives:
            self.nm.actives.remove(self)
            self.nm.update_lists()
            self.remove()

    def deactivate(self, device_state=DISCONNECTED, reason=USER_REQUESTED):
        """The device goes down, and with it every VPN that is based on it."""
        if self.state >= DEACTIVATING:
            return
        for other in list(self.nm.actives):
            if other.is_vpn and other.device is self.device:
                other.end(DEVICE_DISCONNECTED)
        self.change(DEACTIVATING)
        self.device.end(device_state, reason)
        self.change(DEACTIVATED)
        self.nm.dispatch('down', self.device.name, self.profile.uuid)
        self.drop()
        if self.profile.is_volatile:
            self.profile.forget()


class Device(BusObject):
    gateway = ''    # IPv4, of the next publish()
    servers = ()
    is_limited = False  # as the last check of the connectivity, or the last activation, found it

    def __init__(self, nm, name, kind=ETHERNET, **interfaces):
        self.nm = nm
        self.name = name
        self.kind = kind
        self.applied = None
        self.version = 1
        self.active = None
        self.lease = self.client_id = None
        self.configs = {}
        mac = json.loads(ip('-j', 'link', 'show', 'dev', name))[0]['address'].upper()
        super().__init__(nm.bus, nm.bus.next_path('Devices'), {
            'Device': {
                'Udi': name, 'Interface': name, 'IpInterface': name, 'State': DISCONNECTED, 'StateReason': (DISCONNECTED, 0),
                'ActiveConnection': '/', 'Ip4Config': '/', 'Dhcp4Config': '/', 'Ip6Config': '/', 'Dhcp6Config': '/',
                'Managed': True, 'Autoconnect': True, 'DeviceType': kind, 'AvailableConnections': [], 'Real': True,
                'Ip4Connectivity': NONE, 'Ip6Connectivity': NONE, 'InterfaceFlags': 1, 'HwAddress': mac},
            **({'Device.Wired': {'HwAddress': mac, 'PermHwAddress': mac, 'Carrier': True}} if kind == ETHERNET else {}),
            **({'Device.Loopback': {}} if kind == LOOPBACK else {}),
            **interfaces})
        nm.devices.append(self)
        nm.update_lists()

    @property
    def mac(self):
        """As NetworkManager knows it."""
        return self.get('Device', 'HwAddress')

    def notice(self):
        """What the kernel has changed: the MAC, or a link that is gone."""
        try:
            with open(f'/sys/class/net/{self.name}/address', encoding='ascii') as file:
                mac = file.read().strip().upper()
        except OSError:
            if self.kind == MACVLAN and self.active:
                self.active.deactivate(reason=LINK_GONE)
            return
        if mac != self.mac:
            self.set('Device', HwAddress=mac)
            if self.kind == ETHERNET:
                self.set('Device.Wired', HwAddress=mac)

    @property
    def state(self):
        return self.get('Device', 'State')

    def change(self, state, reason=0):
        old = self.state
        self.set('Device', State=state, StateReason=(state, reason))
        self.emit('Device', 'StateChanged', '(uuu)', state, old, reason)

    # IP configuration

    def bounce_ipv6(self, settings):
        """As NetworkManager does when the configuration of a device changes: the kernel forgets its IPv6 addresses and
        neighbours. If IPv6 ends, it stays disabled."""
        before, after = (value(item, 'ipv6', 'method', 'disabled') for item in (self.applied, settings))
        for off in '10' if after != 'disabled' else '1' if before != 'disabled' else '':
            with open(f'/proc/sys/net/ipv6/conf/{self.name}/disable_ipv6', 'w', encoding='ascii') as file:
                file.write(off)

    def configure(self, settings):
        """Whether the device has what SETTINGS want; the kernel's addresses are changed to them."""
        wanted = []
        self.lease = None
        for family, setting in ((4, 'ipv4'), (6, 'ipv6')):
            method = value(settings, setting, 'method', 'disabled')
            if method == 'manual':
                wanted += [f"{entry['address']}/{entry['prefix']}"
                           for entry in value(settings, setting, 'address-data', [])]
            elif method == 'auto' and family == 4:
                self.client_id = (value(settings, setting, 'dhcp-client-id') or f'01:{self.mac}').lower()
                self.lease = self.nm.dhcp(self, self.client_id)
                if not self.lease:
                    return False
                wanted += [self.lease] if self.lease != LATER else []
        self.set_addresses(wanted)
        return True

    def set_addresses(self, wanted):
        present = kernel_addresses(self.name)
        for address in present:
            if address not in wanted:
                ip('address', 'del', address, 'dev', self.name)
        for address in wanted:
            if address not in present:
                ip('address', 'add', address, 'dev', self.name)
        self.publish()
        if self.nm.on_addresses:
            self.nm.on_addresses()

    def publish(self):
        """What the kernel has, and the lease, on D-Bus."""
        for config in self.configs.values():
            config.remove()
        self.configs = {}
        present = kernel_addresses(self.name)
        for family, kind in ((4, 'IP4Config'), (6, 'IP6Config')):
            addresses = [address for address in present if (':' in address) == (family == 6)]
            if addresses:
                servers = [{'address': GLib.Variant('s', server)} for server in self.servers]
                extra = {'NameserverData': servers} if family == 4 else {'Nameservers': []}
                self.add_config(kind, {'AddressData': [self.describe_address(text) for text in addresses],
                                       'Gateway': self.gateway if family == 4 else '', 'RouteData': [], **extra})
            connectivity = FULL if addresses and self.nm.online else NONE
            self.set('Device', **{f'Ip{family}Connectivity': connectivity})
        if self.lease:
            options = {'ip_address': self.lease.split('/')[0], 'dhcp_client_identifier': self.client_id}
            self.add_config('DHCP4Config', {'Options': {} if self.lease == LATER else {
                name: GLib.Variant('s', text) for name, text in options.items()}})
        paths = {kind: config.path for kind, config in self.configs.items()}
        self.set('Device', Ip4Config=paths.get('IP4Config', '/'), Ip6Config=paths.get('IP6Config', '/'),
                 Dhcp4Config=paths.get('DHCP4Config', '/'))
        self.nm.update_connectivity()

    def add_config(self, kind, properties):
        self.configs[kind] = BusObject(self.bus, self.bus.next_path(kind), {kind: properties})

    @staticmethod
    def describe_address(text):
        address, prefix = text.split('/')
        return {'address': GLib.Variant('s', address), 'prefix': GLib.Variant('u', int(prefix))}

    # Activation

    def begin(self, profile):
        """Activates PROFILE; the answer to the call comes before the rest."""
        if self.active:
            self.active.deactivate()
        self.active = Active(self.nm, profile, self)
        self.set('Device', ActiveConnection=self.active.path)
        self.change(PREPARE)
        GLib.idle_add(self.go_on, self.active)
        return self.active

    def go_on(self, active):
        if active is not self.active or active.state != ACTIVATING:
            return False
        if self.nm.hold_activations:
            return True
        if not self.get('Device', 'Managed'):
            self.active = None
            active.change(DEACTIVATED)
            active.drop()
            return False
        ip('link', 'set', self.name, 'up')
        if not self.configure(active.profile.settings):
            active.deactivate(FAILED, DHCP_FAILED)
            return False
        self.applied = active.profile.settings
        self.version += 1
        self.is_limited = False
        self.change(UP)
        active.change(ACTIVATED)
        self.nm.update_connectivity()
        self.nm.dispatch('up', self.name, active.profile.uuid)
        return False

    def end(self, state, reason):
        self.active = None
        self.applied = None
        self.lease = None
        if self.kind == MACVLAN:
            self.vanish()
            return
        self.set_addresses([])
        self.set('Device', ActiveConnection='/')
        self.change(state, reason)
        if state == FAILED:
            self.change(DISCONNECTED, reason)

    def vanish(self):
        """The link is removed, by NetworkManager or by another program."""
        if subprocess.run(['ip', 'link', 'del', self.name], check=False, stderr=subprocess.DEVNULL).returncode == 0:
            self.nm.log(f'removed {self.name}')
        for config in self.configs.values():
            config.remove()
        if self in self.nm.devices:
            self.nm.devices.remove(self)
            self.nm.update_lists()
            self.remove()

    def do_GetAppliedConnection(self, _flags):
        if not self.applied:
            raise BusError('Device.NotActive', f'{self.name} is not active')
        return self.applied, self.version

    def do_Reapply(self, settings, version, _flags):
        if not self.applied:
            raise BusError('Device.NotActive', f'{self.name} is not active')
        if self.kind == MACVLAN and not os.path.exists(f'/sys/class/net/{self.name}'):
            raise BusError('Failed', f'{self.name} is gone')
        if version not in (0, self.version):
            raise BusError('Device.VersionIdMismatch', 'the applied connection was changed meanwhile')
        settings = settings or self.active.profile.settings
        self.bounce_ipv6(settings)
        if not self.configure(settings):
            if self.kind != MACVLAN:
                raise BusError('Failed', 'no lease')
            GLib.idle_add(self.active.deactivate, FAILED, DHCP_FAILED)
        self.applied = settings
        self.version += 1
        self.nm.dispatch('reapply', self.name, self.active.profile.uuid)

    def do_Delete(self):
        if self.kind != MACVLAN:
            raise BusError('Device.NotSoftware', f'{self.name} is hardware')
        if self.active:
            self.active.deactivate()
        else:
            self.vanish()
