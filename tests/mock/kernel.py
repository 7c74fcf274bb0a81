# SPDX-License-Identifier: GPL-2.0-or-later
"""The part of the kernel that an activation can change, as lines of text."""

import glob
import json
import re

from device import ip

# What the kernel itself changes.
VOLATILE = re.compile(r'^\d+: | state \w+|,?(?:NO-CARRIER|LOWER_UP|M-DOWN)|valid_lft \w+ preferred_lft \w+|'
                      r' (?:tentative|linkdown|dynamic)| numtxqueues.*')


def entries(*words):
    for line in ip(*words).splitlines():
        yield ' '.join([words[-2], VOLATILE.sub('', line).strip()])


def switches():
    for path in glob.glob('/proc/sys/net/ipv[46]/*/*/*'):
        try:
            with open(path, encoding='utf-8') as file:
                yield f'{path} {file.read().strip()}'
        except OSError:
            pass  # flush is for writing; stable_secret has no value


def is_settled():
    """Whether each IPv6 address has the route that the kernel adds a moment later, also without duplicate address
    detection."""
    addresses = {entry['local'] for link in json.loads(ip('-j', '-6', 'address', 'show'))
                 for entry in link.get('addr_info', [])}
    routes = {route['dst'] for route in json.loads(ip('-j', '-6', 'route', 'show', 'table', 'local'))}
    return addresses <= routes


def state():
    return {*switches(),
            *entries('-d', '-o', 'link', 'show'),
            *entries('-o', 'address', 'show'),
            *entries('-4', 'route', 'show', 'table', 'all'),
            *entries('-6', 'route', 'show', 'table', 'all'),
            *entries('rule', 'show'), *entries('-6', 'rule', 'show'),
            *entries('neighbour', 'show', 'nud', 'permanent')}
