# SPDX-License-Identifier: GPL-2.0-or-later
"""A mock firewalld: zones of interfaces at run time, as firewalld 1.3 and 2.3 have them on D-Bus."""

from gi.repository import Gio, GLib

NAME = 'org.fedoraproject.FirewallD1'
PATH = '/org/fedoraproject/FirewallD1'
ZONES = ('internal', 'libvirt', 'public', 'trusted')
XML = f'''<node>
<interface name='{NAME}'><signal name='Reloaded'/><signal name='DefaultZoneChanged'><arg type='s'/></signal>
<method name='getDefaultZone'><arg type='s' direction='out'/></method><method name='authorizeAll'/>
<property name='state' type='s' access='read'/></interface>
<interface name='{NAME}.zone'>
<method name='getZoneOfInterface'><arg type='s'/><arg type='s' direction='out'/></method>
<method name='changeZoneOfInterface'><arg type='s'/><arg type='s'/><arg type='s' direction='out'/></method>
<method name='removeInterface'><arg type='s'/><arg type='s'/><arg type='s' direction='out'/></method>
</interface></node>'''


class Firewalld:
    """ZONES is {interface: zone}. It runs until stop(), and has no interfaces after start() but those in ZONES."""

    def __init__(self, address, zones=(), default='public'):
        self.zones = dict(zones)
        self.default = default
        self.calls = []
        self.fails = False
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.connection.set_exit_on_close(False)
        for info in Gio.DBusNodeInfo.new_for_xml(XML).interfaces:
            self.connection.register_object(PATH, info, self.on_call, lambda *_: GLib.Variant('s', 'RUNNING'), None)
        self.connection.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                                  'RequestName', GLib.Variant('(su)', (NAME, 4)), None, 0, -1, None)

    def stop(self):
        self.connection.close_sync(None)

    def emit(self, interface, signal, *texts):
        arguments = GLib.Variant(f"({'s' * len(texts)})", texts)
        self.connection.emit_signal(None, PATH, interface, signal, arguments)

    def on_call(self, connection, sender, path, interface, method, parameters, invocation):
        self.calls.append((method, *parameters.unpack()))
        if self.fails:
            invocation.return_dbus_error(f'{NAME}.Exception', 'no')
            return
        try:
            zone = getattr(self, method)(*parameters.unpack())
        except ValueError as error:
            invocation.return_dbus_error(f'{NAME}.Exception', str(error))
        else:
            invocation.return_value(GLib.Variant('(s)', (zone,)) if zone is not None else None)

    # Methods on D-Bus; a test calls them as another program does.

    def authorizeAll(self):
        """What firewall-cmd begins with."""

    def getDefaultZone(self):
        return self.default

    def getZoneOfInterface(self, interface):
        return self.zones.get(interface, '')

    def changeZoneOfInterface(self, zone, interface):
        zone = zone or self.default
        if zone not in ZONES:
            raise ValueError(f'INVALID_ZONE: {zone}')
        self.zones[interface] = zone
        self.emit(f'{NAME}.zone', 'ZoneOfInterfaceChanged', zone, interface)
        return zone

    def removeInterface(self, zone, interface):
        if interface not in self.zones:
            raise ValueError(f"UNKNOWN_INTERFACE: '{interface}' is not in any zone")
        if zone not in ('', self.zones[interface]):
            raise ValueError('ZONE_CONFLICT')
        zone = self.zones.pop(interface)
        self.emit(f'{NAME}.zone', 'InterfaceRemoved', zone, interface)
        return zone

    # Events without a signal for each interface

    def reload(self, zones):
        """The interfaces are in ZONES afterwards."""
        self.zones = dict(zones)
        self.emit(NAME, 'Reloaded')

    def set_default(self, zone):
        """The interfaces of the old default zone go along."""
        self.zones = {name: zone if old == self.default else old for name, old in self.zones.items()}
        self.default = zone
        self.emit(NAME, 'DefaultZoneChanged', zone)
