# SPDX-License-Identifier: GPL-2.0-or-later
"""What the lints print."""


def report(checks):
    """CHECKS: the faults of each check by its name. Prints TAP; returns whether there is a fault."""
    print(f'TAP version 13\n1..{len(checks)}')
    for number, (what, faults) in enumerate(checks.items(), 1):
        for fault in faults:
            print('\n'.join(f'# {line}' for line in fault.splitlines()))
        print(f"{'not ok' if faults else 'ok'} {number} - {what}")
    return any(checks.values())
