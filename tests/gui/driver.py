# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives windows through their accessibility tree, inside a desktop session of a sandbox machine.

One request a line on standard input, a JSON list of the name of a function below and its arguments;
one answer a line: {"value": …} or {"error": "…"}. Uses mouse and keyboard (xdotool) as a user would, at
the position that the tree reports for the widget."""

import json
import subprocess
import sys
import time
import warnings

import gi

gi.require_version('Atspi', '2.0')
gi.require_version('Gdk', '3.0')
from gi.repository import Atspi, Gdk, GLib  # noqa: E402


MAX_DEPTH = 60


class Missing(Exception):
    """The widget does not exist, or not yet."""


def children(node):
    for index in range(node.get_child_count()):
        child = node.get_child_at_index(index)
        if child:
            yield child


def walk(node, depth=0):
    yield node, depth
    if depth < MAX_DEPTH:
        for child in children(node):
            yield from walk(child, depth + 1)


def applications():
    return list(children(Atspi.get_desktop(0)))


def application(name):
    for node in applications():
        if node.get_name() == name:
            return node
    raise Missing(f'no application {name!r} among {[node.get_name() for node in applications()]}')


def states(node):
    found = node.get_state_set()
    return {state.value_nick for state in found.get_states()}


def label_of(node):
    """In GTK 3, the label of an entry has its name."""
    for relation in node.get_relation_set():
        if relation.get_relation_type() == Atspi.RelationType.LABELLED_BY:
            return relation.get_target(0).get_name()
    return ''


def plain_name(node):
    """GTK 4.8 names a button with a mnemonic '_Add Add'."""
    text = (node.get_name() or label_of(node)).replace('_', '').strip()
    half = len(text) // 2
    return text[:half] if text and text[:half] + ' ' == text[half + 1:] + text[half] else text


def role_of(node):
    """Newer libatspi has a shorter role name."""
    return {'button': 'push button'}.get(node.get_role_name(), node.get_role_name())


def matches(node, role, name, exact):
    """ROLE, and NAME if EXACT, may be alternatives, separated by '|'."""
    if role and role_of(node) not in role.split('|'):
        return False
    if name is None:
        return True
    text = plain_name(node)
    return text in name.split('|') if exact else name in f' {text}'  # ' lab' is also a name's beginning


def search(app, role, name, exact):
    """Matching widgets, those of the window opened last first."""
    for window in reversed(list(children(application(app)))):
        for node, _ in walk(window):
            try:
                if matches(node, role, name, exact):
                    yield node
            except GLib.Error:
                continue  # disappeared meanwhile


def find(app, role=None, name=None, exact=True):
    for node in search(app, role, name, exact):
        return node
    raise Missing(f'no {role} {name!r} in {app}')


def text_of(node):
    interface = node.get_text_iface()
    # GTK 4.8 does not know -1 for the end.
    return Atspi.Text.get_text(interface, 0, Atspi.Text.get_character_count(interface)) if interface else ''


def act(node, *names):
    """Does the first of the actions NAMES that the widget has."""
    interface = node.get_action_iface()
    count = Atspi.Action.get_n_actions(interface) if interface else 0
    offered = [Atspi.Action.get_action_name(interface, index) for index in range(count)]
    for name in names:
        if name in offered:
            Atspi.Action.do_action(interface, offered.index(name))
            return True
    return False


# Requests


def tree(app):
    lines = []
    for node, depth in walk(application(app)):
        try:
            lines.append(f"{'  ' * depth}{node.get_role_name()} {node.get_name()!r} {text_of(node)[:40]!r} "
                         f"{sorted(states(node))}")
        except GLib.Error as error:
            lines.append(f"{'  ' * depth}? {error.message}")
    return '\n'.join(lines)


def names():
    return [node.get_name() for node in applications()]


def exists(app, role=None, name=None, exact=True):
    try:
        find(app, role, name, exact)
        return True
    except Missing:
        return False


def read(app, role, name, exact=True):
    return text_of(find(app, role, name, exact))


def state(app, role, name, exact=True):
    return sorted(states(find(app, role, name, exact)))


def click(app, role, name, exact=True):
    """Clicks as a screen reader does if the widget supports it, else as point()."""
    node = find(app, role, name, exact)
    if not act(node, 'click', 'press', 'activate', 'toggle'):
        point(app, role, name, exact)


def box_of(node):
    box = Atspi.Component.get_extents(node.get_component_iface(), Atspi.CoordType.WINDOW)
    return box.x, box.y, box.width, box.height


def focusable(node):
    """The widget itself or the first in it that takes the focus."""
    for inner, _ in walk(node):
        if 'focusable' in states(inner):
            return inner
    return None


def has_focus(node):
    return any('focused' in states(inner) for inner, _ in walk(node))


def scroll_to(node):
    """Scrolls to a widget by focusing it. Waits for the end of the scrolling."""
    inner = focusable(node)
    if inner is None:
        return
    try:
        Atspi.Component.grab_focus(inner.get_component_iface())
    except GLib.Error:
        return  # not supported
    seen = None
    for _ in range(20):
        box = box_of(node)
        if box == seen:
            return
        seen = box
        time.sleep(0.1)


def active_window(app):
    """When a window closes, no window is active for a moment; if it lasts longer, clicks a window as a user would."""
    for attempt in range(50):
        if attempt == 20:
            title = list(children(application(app)))[-1].get_name()
            subprocess.run(['xdotool', 'search', '--onlyvisible', '--name', f'^{title}$', 'windowactivate'],
                           stdout=subprocess.DEVNULL, check=False)
        answer = subprocess.run(['xdotool', 'getactivewindow'], capture_output=True, text=True, check=False)
        if answer.returncode == 0:
            return answer.stdout.strip()
        time.sleep(0.1)
    raise Missing('no window is in front')


def point(app, role, name, exact=True):
    """Clicks with the mouse in the middle of a widget of the active window."""
    node = find(app, role, name, exact)
    window = active_window(app)
    x, y, width, height = box_of(node)
    subprocess.run(['xdotool', 'mousemove', '--window', window, str(x + width // 2),
                    str(y + height // 2), 'click', '1'], check=True)


def type_into(app, role, name, text, exact=True):
    """Replaces the text of a field by typing."""
    node = find(app, role, name, exact)
    scroll_to(node)
    if not has_focus(node):
        point(app, role, name, exact)
    for _ in range(40):
        time.sleep(0.1)
        if has_focus(node):
            break
        keys('Tab')  # scrolls, too
    else:
        raise Missing(f'{name!r} does not get the focus')
    keys('ctrl+a')
    if text:
        subprocess.run(['xdotool', 'type', '--delay', '5', text], check=True)
    else:
        keys('BackSpace')


def focused(app):
    """The name of the widget that has the keyboard focus; '' if the tree has none, as inside GTK 3's combo box."""
    for window in reversed(list(children(application(app)))):
        for node, _ in walk(window):
            try:
                if 'focused' in states(node):
                    return plain_name(node)
            except GLib.Error:
                continue  # disappeared meanwhile
    return ''


def keys(*names):
    subprocess.run(['xdotool', 'key', *names], check=True)


def screenshot(path):
    root = Gdk.get_default_root_window()
    picture = Gdk.pixbuf_get_from_window(root, 0, 0, root.get_width(), root.get_height())
    picture.savev(path, 'png', [], [])


def screenshot_window(title, path):
    """The last window with that title, with its frame."""
    listed = subprocess.run(['xdotool', 'search', '--onlyvisible', '--name', f'^{title}$'],
                            capture_output=True, text=True, check=True).stdout.split()
    output = subprocess.run(['xdotool', 'getwindowgeometry', '--shell', listed[-1]],
                            capture_output=True, text=True, check=True).stdout
    box = dict(line.split('=') for line in output.split())
    root = Gdk.get_default_root_window()
    picture = Gdk.pixbuf_get_from_window(root, int(box['X']), int(box['Y']), int(box['WIDTH']),
                                         int(box['HEIGHT']))
    picture.savev(path, 'png', [], [])


def is_window_shown(title):
    """Asks the X server about closing windows, because GTK 4.8 crashes if it is asked for a widget just then."""
    return subprocess.run(['xdotool', 'search', '--onlyvisible', '--name', f'^{title}$'],
                          stdout=subprocess.DEVNULL, check=False).returncode == 0


REQUESTS = (tree, names, is_window_shown, exists, read, state, focused, click, point, type_into, keys, screenshot,
            screenshot_window)


def main():
    functions = {function.__name__: function for function in REQUESTS}
    warnings.simplefilter('ignore')  # functions that newer libatspi renamed
    Atspi.set_timeout(5000, 15000)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer = {'value': functions[name](*arguments)}
        except (Missing, GLib.Error, subprocess.CalledProcessError) as error:
            answer = {'error': str(error)}
        print(json.dumps(answer), flush=True)


main()
