# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of packages share: TAP, commands that must succeed, and private mounts.

    import cases
    from cases import check, must

    def test_one(directory): ...             # a directory for all tests of the program

    if __name__ == '__main__':
        cases.main()
"""

import os
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import traceback

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent


class Failure(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failure(what)


def equal(actual, expected, what):
    check(actual == expected, f'{what}: {actual!r}, expected {expected!r}')


def run(*argv, **options):
    return subprocess.run([str(word) for word in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, errors='replace', check=False, **options)


def must(*argv, **options):
    result = run(*argv, **options)
    check(result.returncode == 0, f"{' '.join(map(str, argv))}:\n{result.stdout[-4000:]}")
    return result.stdout


def make_tarball(directory, version):
    """As a release's archive: what git knows, or all that is no build."""
    name = f'NetworkManager-macvtap-{version}'
    with tarfile.open(directory / f'{name}.tar.xz', 'w:xz', preset=0) as archive:
        for path in SOURCE.iterdir():
            if not path.name.startswith(('.', 'build', 'artefacts')):
                archive.add(path, f'{name}/{path.name}')


def enter_private_mounts(*directories):
    """Runs this program again where it can mount. What it writes below DIRECTORIES is gone when it ends."""
    if 'PRIVATE_MOUNTS' not in os.environ:
        os.environ['PRIVATE_MOUNTS'] = '1'
        os.execvp('unshare', ['unshare', '--mount', sys.executable, '-B', *sys.argv])
    layer = tempfile.mkdtemp()
    must('mount', '-t', 'tmpfs', 'layer', layer)
    for directory in directories:
        upper, work = (pathlib.Path(layer + directory) / name for name in ('upper', 'work'))
        upper.mkdir(parents=True)
        work.mkdir()
        must('mount', '-t', 'overlay', '-o', f'lowerdir={directory},upperdir={upper},workdir={work}', 'layer', directory)


def list_tests():
    return [(name, item) for name, item in vars(sys.modules['__main__']).items() if name.startswith('test_')]


def main():
    tests = list_tests()
    failed = False
    print(f'1..{len(tests)}', flush=True)
    with tempfile.TemporaryDirectory() as directory:
        for number, (name, test) in enumerate(tests, 1):
            failure = ''
            try:
                test(pathlib.Path(directory))
            except Failure as error:
                failure = str(error)
            except Exception:
                failure = traceback.format_exc()
            failed = failed or bool(failure)
            print(f"{'not ok' if failure else 'ok'} {number} - {name.removeprefix('test_').replace('_', ' ')}")
            print(''.join(f'# {line}\n' for line in failure.splitlines()), end='', flush=True)
    sys.exit(failed)
