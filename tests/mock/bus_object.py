# SPDX-License-Identifier: GPL-2.0-or-later
"""Objects on D-Bus under one ObjectManager. Their types come from NetworkManager.xml; a method
`Reapply` of an interface is the Python method `do_Reapply` of the object."""

import os
import traceback

from gi.repository import Gio, GLib

NM = 'org.freedesktop.NetworkManager'
ROOT = '/org/freedesktop'
LATE_MS = 100
OBJECT_MANAGER = 'org.freedesktop.DBus.ObjectManager'

with open(os.path.join(os.path.dirname(__file__), 'NetworkManager.xml'), encoding='utf-8') as _file:
    INTERFACES = {info.name: info for info in Gio.DBusNodeInfo.new_for_xml(_file.read()).interfaces}


class BusError(Exception):
    """What a caller gets on D-Bus; NAME follows 'org.freedesktop.NetworkManager.'."""

    def __init__(self, name, message):
        super().__init__(message)
        self.name = f'{NM}.{name}'


def interface_name(short):
    return short if short.startswith('org.') else f'{NM}.{short}'.rstrip('.')


def unpack_settings(variant):
    """a{sa{sv}} as a dictionary of dictionaries whose values are still variants."""
    return {name: {key: setting.lookup_value(key, None) for key in setting.keys()}
            for name, setting in ((name, variant.lookup_value(name, None)) for name in variant.keys())}


class Bus:
    """A connection that owns NetworkManager's name, and the objects on it."""

    def __init__(self, address):
        flags = Gio.DBusConnectionFlags.AUTHENTICATION_CLIENT | Gio.DBusConnectionFlags.MESSAGE_BUS_CONNECTION
        self.connection = Gio.DBusConnection.new_for_address_sync(address, flags, None, None)
        self.connection.set_exit_on_close(False)
        self.objects = {}
        self.last_number = {}
        self.calls = []
        self.faults = []
        self.late = {}
        self.before = {}
        self.after = {}
        self.connection.register_object(ROOT, INTERFACES[OBJECT_MANAGER], self.on_call, None, None)

    def own_name(self):
        self.connection.call_sync('org.freedesktop.DBus', '/org/freedesktop/DBus', 'org.freedesktop.DBus',
                                  'RequestName', GLib.Variant('(su)', (NM, 4)), None, 0, -1, None)

    def close(self):
        self.connection.close_sync(None)

    def next_path(self, kind):
        self.last_number[kind] = self.last_number.get(kind, 0) + 1
        return f'{ROOT}/NetworkManager/{kind}/{self.last_number[kind]}'

    def emit(self, path, interface, signal, signature, *values):
        if not self.connection.is_closed():
            self.connection.emit_signal(None, path, interface, signal, GLib.Variant(signature, values))

    # Faults

    def delay(self, method, milliseconds):
        """The next call of METHOD is carried out only after MILLISECONDS."""
        self.late[method] = milliseconds

    def fail(self, method, message='refused by the test', times=1, lose_answer=False):
        """The next TIMES calls of METHOD fail; with LOSE_ANSWER they are carried out nevertheless, and the error
        comes late, as that of a call that was given up."""
        self.faults.append({'method': method, 'message': message, 'times': times, 'lose': lose_answer})

    def hang(self, method, times=1):
        """The next TIMES calls of METHOD are neither carried out nor answered."""
        self.faults.append({'method': method, 'message': None, 'times': times, 'lose': False})

    @staticmethod
    def run_once(actions, method):
        """What a test wants to happen BEFORE a call is carried out, or AFTER, but before its answer."""
        action = actions.pop(method, None)
        if action:
            action()

    def take_fault(self, method):
        for fault in self.faults:
            if fault['method'] == method and fault['times'] > 0:
                fault['times'] -= 1
                return fault
        return None

    # Calls

    def on_call(self, connection, sender, path, interface, method, parameters, invocation):
        if method in self.late:
            GLib.timeout_add(self.late.pop(method), self.on_call, connection, sender, path, interface, method,
                             parameters, invocation)
            return
        if interface == OBJECT_MANAGER:
            tree = {path: thing.describe() for path, thing in self.objects.items()}
            invocation.return_value(GLib.Variant('(a{oa{sa{sv}}})', (tree,)))
            return
        self.calls.append(method)
        self.run_once(self.before, method)
        fault = self.take_fault(method)
        if fault and not fault['message']:
            return
        try:
            if fault and not fault['lose']:
                raise BusError('Failed', fault['message'])
            values = self.run(self.objects[path], method, parameters)
            self.run_once(self.after, method)
            if fault:
                GLib.timeout_add(LATE_MS, invocation.return_dbus_error, f'{NM}.Failed', fault['message'])
                return
        except BusError as error:
            invocation.return_dbus_error(error.name, str(error))
            return
        except Exception:
            traceback.print_exc()
            invocation.return_dbus_error(f'{NM}.Failed', 'defect of the mock')
            return
        signature = ''.join(arg.signature for arg in INTERFACES[interface].lookup_method(method).out_args)
        invocation.return_value(GLib.Variant(f'({signature})', values))

    @staticmethod
    def run(thing, method, parameters):
        arguments = [parameters.get_child_value(i) for i in range(parameters.n_children())]
        values = getattr(thing, f'do_{method}')(*(
            unpack_settings(argument) if argument.get_type_string() == 'a{sa{sv}}' else argument.unpack()
            for argument in arguments))
        if values is None:
            return ()
        return values if isinstance(values, tuple) else (values,)


class BusObject:
    """PROPERTIES is {interface: {property: value}}, with short names of interfaces."""

    def __init__(self, bus, path, properties):
        self.bus = bus
        self.path = path
        self.properties = {interface_name(name): dict(values) for name, values in properties.items()}
        self.ids = [bus.connection.register_object(path, INTERFACES[name], bus.on_call, None, None)
                    for name in self.properties]
        bus.objects[path] = self
        bus.emit(ROOT, OBJECT_MANAGER, 'InterfacesAdded', '(oa{sa{sv}})', path, self.describe())

    def describe(self):
        return {name: {key: self.pack(name, key) for key in values} for name, values in self.properties.items()}

    def pack(self, interface, key):
        return GLib.Variant(INTERFACES[interface].lookup_property(key).signature, self.properties[interface][key])

    def get(self, interface, key):
        return self.properties[interface_name(interface)][key]

    def set(self, interface, **values):
        name = interface_name(interface)
        changed = {key: value for key, value in values.items() if self.properties[name].get(key) != value}
        self.properties[name].update(changed)
        if changed:
            self.bus.emit(self.path, 'org.freedesktop.DBus.Properties', 'PropertiesChanged', '(sa{sv}as)', name,
                          {key: self.pack(name, key) for key in changed}, [])

    def emit(self, interface, signal, signature='()', *values):
        self.bus.emit(self.path, interface_name(interface), signal, signature, *values)

    def remove(self):
        if self.bus.objects.pop(self.path, None) is None or self.bus.connection.is_closed():
            return
        for number in self.ids:
            self.bus.connection.unregister_object(number)
        self.bus.emit(ROOT, OBJECT_MANAGER, 'InterfacesRemoved', '(oas)', self.path, list(self.properties))
