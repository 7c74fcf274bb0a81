# SPDX-License-Identifier: GPL-2.0-or-later
"""All of the project's checks, for tests/run; runs inside `rootfs exec`.

    run_all.py [STAGE...] [test_NAME...]

Stages: gcc (build and the unit and component tests), asan (the same under the sanitizers), clang
(build), sandbox (the end-to-end tests on an installation of the gcc build; or only those named),
systemd (the Debian packages, lintian, and the packages on a host with Debian's own systemd),
packaging (the packages for Fedora and Arch, and the SELinux module);
booted (the Debian packages on a whole host that enforces SELinux or AppArmor), bench, which prints figures, and release, which
checks what only a release must have (complete translations), run only if they are named.
What the later stages need is built beside the tests, with the lowest priority.
Ends with one line that counts each result of each test program. Whatever does not come to its end,
a build included, counts as failed."""

import concurrent.futures
import glob
import os
import shutil
import subprocess
import sys
import time

import count
from machine import BUILDS, HERE, SOURCE

DESTDIR = os.path.join(BUILDS, 'destdir')
PACKAGES = os.path.join(BUILDS, 'packages')
STAGES = ('gcc', 'sandbox', 'systemd', 'packaging', 'clang', 'asan')
EXTRA_STAGES = ('booted', 'bench', 'release')
BUILD_OPTIONS = {  # Meson options, and the compiler
    'gcc': ((), 'gcc'),
    'clang': (('-Doptimization=0', '-Ddebug=false'), 'clang'),  # for its warnings only
    'asan': (('-Db_sanitize=address,undefined', '-Doptimization=1'), 'gcc'),
}
SETUP = ['--prefix=/usr', '--sysconfdir=/etc', '--localstatedir=/var', '-Dwerror=true',
         '-Dsandbox_tests=true']
SANITIZERS = {
    'ASAN_OPTIONS': 'detect_leaks=1:abort_on_error=1',
    'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1:abort_on_error=1',
}
PROGRAM_TIMEOUT = 3600
PROGRAMS_AT_ONCE = 4  # they mostly wait
BACKGROUND = ['nice', '-n', '19']

total = [0, 0, 0]


def end_to_end_tests():
    return sorted(glob.glob(os.path.join(HERE, 'test_*.py'))) + \
        sorted(glob.glob(os.path.join(HERE, '..', 'gui', 'test_*.py')))


def add(results):
    for index, number in enumerate(results):
        total[index] += number


def step(name, argv, env=None):
    """Runs one command with its output in a log; its end is shown if it fails."""
    begin = time.monotonic()
    log = os.path.join(BUILDS, name.replace(' ', '-') + '.log')
    with open(log, 'w', encoding='utf-8') as file:
        status = subprocess.run(argv, cwd=SOURCE, stdout=file, stderr=subprocess.STDOUT,
                                stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})},
                                check=False).returncode
    result = [f"{name} ... {'ok' if status == 0 else 'failed'} ({time.monotonic() - begin:.0f} s)\n"]
    if status:
        with open(log, encoding='utf-8', errors='replace') as file:
            result += [f'    {line}' for line in file.readlines()[-40:]]
    print(''.join(result), end='', flush=True)
    return status == 0


def build(name, prefix=()):
    options, compiler = BUILD_OPTIONS[name]
    directory = os.path.join(BUILDS, name)
    made = os.path.exists(os.path.join(directory, 'build.ninja'))
    setup = ['meson', 'setup', *(['--reconfigure'] if made else []), *SETUP, *options, directory]
    return step(f'{name} setup', [*prefix, *setup], {'CC': compiler}) and \
        step(f'{name} build', [*prefix, 'ninja', '-C', directory])


class Builds:
    """Makes each build once: gcc when it is first needed, then what the later stages need in the background."""

    def __init__(self, stages):
        self.pool = concurrent.futures.ThreadPoolExecutor(1)
        self.gcc = build('gcc') if {'gcc', 'sandbox', 'bench'} & set(stages) else None
        jobs = {'systemd': build_packages, 'booted': build_packages, 'packaging': install_packaging_tools,
                'clang': lambda: build('clang', BACKGROUND), 'asan': lambda: build('asan', BACKGROUND)}
        self.others = {name: self.pool.submit(job) for name, job in jobs.items() if name in stages}

    def get(self, stage):
        """Whether what STAGE needs is there; if not, that counts as a failure."""
        made = self.others[stage].result() if stage in self.others else self.gcc
        if not made:
            add((0, 1, 0))
        return made


def build_packages():
    return step('packages', [*BACKGROUND, os.path.join(SOURCE, 'tests', 'systemd', 'build-packages'), PACKAGES])


def install_packaging_tools():
    return step('packaging tools', [*BACKGROUND, os.path.join(SOURCE, 'tests', 'packaging', 'install-tools')])


def meson_test(name, env=None, without=()):
    directory = os.path.join(BUILDS, name)
    log = os.path.join(directory, 'meson-logs', 'testlog.json')
    if os.path.exists(log):
        os.unlink(log)
    step(f'{name} test', ['meson', 'test', '-C', directory, '--no-rebuild', '--print-errorlogs',
                          f'--num-processes={PROGRAMS_AT_ONCE}', *(f'--no-suite={suite}' for suite in without)],
         env)
    if os.path.exists(log):
        for program, lines in count.meson_failures(log):
            print(f'    {program} failed:', *(f'        {line}' for line in lines), sep='\n')
        results = count.meson_results(log)
        print('    %d passed, %d failed, %d skipped' % results, flush=True)
        add(results)
    elif 'No tests defined' not in open(os.path.join(BUILDS, f'{name}-test.log'), encoding='utf-8').read():
        add((0, 1, 0))


def stage_gcc(builds, _names):
    if builds.get('gcc'):
        meson_test('gcc')


def stage_asan(builds, _names):
    if builds.get('asan'):
        meson_test('asan', SANITIZERS, without=['lint', 'slow'])


def stage_clang(builds, _names):
    builds.get('clang')


def install(builds):
    if not builds.get('gcc'):
        return False
    shutil.rmtree(DESTDIR, ignore_errors=True)
    # Made even when there is nothing to install yet.
    os.makedirs(DESTDIR)
    if step('install', ['meson', 'install', '-C', os.path.join(BUILDS, 'gcc'), '--destdir', DESTDIR]):
        return True
    add((0, 1, 0))
    return False


def stage_bench(builds, _names):
    if not install(builds):
        return
    for path in sorted(glob.glob(os.path.join(SOURCE, 'tests', 'bench', 'bench_*.py'))):
        status = subprocess.run([sys.executable, '-u', path, '--builddir', os.path.join(BUILDS, 'gcc'),
                                 '--destdir', DESTDIR], stdin=subprocess.DEVNULL, check=False).returncode
        add((0, 1, 0) if status else (1, 0, 0))


def stage_release(_builds, _names):
    lint = os.path.join(SOURCE, 'tests', 'lint', 'check_translations.py')
    result = subprocess.run([sys.executable, lint, '--release', SOURCE], stdout=subprocess.PIPE, text=True,
                            stdin=subprocess.DEVNULL, check=False)
    print(result.stdout, end='', flush=True)
    add(count.tap_results(result.stdout, result.returncode))


def stage_sandbox(builds, names):
    if not install(builds):
        return
    wanted = {os.path.basename(path)[:-len('.py')]: path for path in end_to_end_tests()}
    wanted = {name: path for name, path in wanted.items() if not names or name in names}
    print(f"sandbox {', '.join(wanted)}", flush=True)
    run_programs(wanted.values(), ['--destdir', DESTDIR])


def stage_systemd(builds, _names):
    if builds.get('systemd'):
        add((1, 0, 0))
        run_programs(glob.glob(os.path.join(SOURCE, 'tests', 'systemd', 'test_*.py')), [PACKAGES])


def stage_booted(builds, _names):
    booted = os.path.join(SOURCE, 'tests', 'booted')
    if not builds.get('booted'):
        return
    if not all(step(f'booted {name}', [os.path.join(booted, name)]) for name in ('install-tools', 'make-image')):
        add((0, 1, 0))
        return
    image = subprocess.run([os.path.join(booted, 'make-image')], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    add(run_program(os.path.join(booted, 'test_host.py'), [image, PACKAGES]))


def stage_packaging(builds, _names):
    if builds.get('packaging'):
        run_programs(glob.glob(os.path.join(SOURCE, 'tests', 'packaging', 'test_*.py')), [])


def run_programs(paths, arguments):
    """Several at a time: each has its own hosts. The large ones first, which take long."""
    paths = sorted(paths, key=os.path.getsize, reverse=True)
    with concurrent.futures.ThreadPoolExecutor(PROGRAMS_AT_ONCE) as pool:
        for results in pool.map(lambda path: run_program(path, arguments), paths):
            add(results)


def run_program(path, arguments):
    """One test program; what it prints is shown as it comes. Its (passed, failed, skipped)."""
    name = os.path.basename(path)[:-len('.py')].removeprefix('test_')
    lines = []
    argv = ['timeout', '--kill-after=5', str(PROGRAM_TIMEOUT), sys.executable, '-u', path, *arguments]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, errors='replace',
                          stdin=subprocess.DEVNULL) as program:
        for line in program.stdout:
            lines.append(line)
            print(f'    {name}: {line}', end='', flush=True)
    return count.tap_results(''.join(lines), program.returncode)


def main():
    stages = [word for word in sys.argv[1:] if word in STAGES + EXTRA_STAGES]
    programs = [os.path.basename(path)[:-len('.py')] for path in end_to_end_tests()]
    names = [word for word in sys.argv[1:] if word in programs]
    unknown = [word for word in sys.argv[1:] if word not in stages + names]
    if unknown:
        sys.exit(f"unknown: {' '.join(unknown)}\n\n{__doc__}")
    if names and not stages:
        stages = ['sandbox']
    os.makedirs(BUILDS, exist_ok=True)
    stages = stages or STAGES
    builds = Builds(stages)
    for stage in stages:
        try:
            globals()[f'stage_{stage}'](builds, names)
        except Exception as error:  # nothing may keep the other stages and the last line from coming
            print(f'{stage}: {error!r}')
            add((0, 1, 0))
    print('{} passed, {} failed, {} skipped'.format(*total))
    sys.exit(1 if total[1] else 0)


main()
