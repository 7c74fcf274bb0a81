#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""CONTRIBUTING's recipes "add a key" and "add a mode", followed in a copy of the tree: they name every file that
has to change, the compiler and the tests of tables find a step that was left out, and the unit tests pass.

Usage: test_recipes.py SOURCE_ROOT COMPILER...
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

CORE = 'nm-plugin/core/'
PROFILE = CORE + 'profile/'
SERVICE = 'nm-plugin/service/'

# One row an edit: (file, text that stands there, text to put before it). Without a text to find, a new file.
KEY = [
    (PROFILE + 'nmm-keys.h', '\ntypedef enum', '#define NMM_KEY_QUIET          "quiet"\n'),
    (PROFILE + 'nmm-profile.h', '} NmmProfile;', '    gboolean quiet;\n'),
    (PROFILE + 'nmm-keys.c', '};\n\nconst NmmKeyInfo *\nnmm_keys_get_all', '''\
    {
        .name = NMM_KEY_QUIET,
        .type = &nmm_key_type_bool,
        FIELD(quiet),
        .modes = NMM_MODES_ALL,
        .default_value = "no",
        .label = N_("_Quiet"),
        .description = N_("Whether the relay reports nothing."),
    },
'''),
]

HEADER = '''\
#pragma once

#include "nmm-activation.h"

#define NMM_TYPE_RELAY (nmm_relay_get_type())
G_DECLARE_FINAL_TYPE(NmmRelay, nmm_relay, NMM, RELAY, NmmActivation)
'''

# It also uses the new key's field.
SOURCE = '''\
#include "config.h"

#include "nmm-relay.h"

struct _NmmRelay {
    NmmActivation parent_instance;
};

G_DEFINE_TYPE(NmmRelay, nmm_relay, NMM_TYPE_ACTIVATION)

static void
start(NmmActivation *self)
{
    if (!nmm_activation_get_profile(self)->quiet)
        g_message("up");
    nmm_activation_emit_up(self, NULL, nmm_activation_build_gateway(NULL), NULL);
}

static void
stop(NmmActivation *self, guint timeout_ms)
{
    nmm_activation_emit_stopped(self);
}

static void
nmm_relay_class_init(NmmRelayClass *klass)
{
    NmmActivationClass *activation_class = NMM_ACTIVATION_CLASS(klass);

    activation_class->list_lock_keys = nmm_activation_list_link_keys;
    activation_class->start = start;
    activation_class->stop = stop;
}

static void
nmm_relay_init(NmmRelay *self)
{
}
'''

MODE = [
    (PROFILE + 'nmm-mode.h', '    _NMM_MODE_NUM,', '    NMM_MODE_RELAY,\n'),
    (PROFILE + 'nmm-mode.c', '    [_NMM_MODE_NUM] = NULL', '    [NMM_MODE_RELAY] = "relay",\n'),
    (PROFILE + 'nmm-mode.c', '};\nG_STATIC_ASSERT(G_N_ELEMENTS(modes)', '''\
    [NMM_MODE_RELAY] =
        {
            .title = N_("Rela_y"),
            .description = N_("Guests reach this computer through a relay."),
            .has_host_link = TRUE,
            .loopback = NMM_LOOPBACK_NEVER,
        },
'''),
    (PROFILE + 'nmm-keys.c', 'NMM_MODE_BIT(NMM_MODE_SHARE) |', 'NMM_MODE_BIT(NMM_MODE_RELAY) | '),
    (CORE + 'check/nmm-check.c', 'static const Step *const steps_by_mode[]', '''\
static const Step relay_steps[] = {
    {"guest", nmm_check_evaluate_guest},
    {"parent", nmm_check_evaluate_parent},
    {NULL},
};

'''),
    (CORE + 'check/nmm-check.c', '};\nG_STATIC_ASSERT(G_N_ELEMENTS(steps_by_mode)',
     '    [NMM_MODE_RELAY] = relay_steps,\n'),
    (SERVICE + 'nmm-relay.h', None, HEADER),
    (SERVICE + 'nmm-relay.c', None, SOURCE),
    (SERVICE + 'nmm-service.c', '#include "nmm-share.h"', '#include "nmm-relay.h"\n'),
    (SERVICE + 'nmm-service.c', '};\nG_STATIC_ASSERT(G_N_ELEMENTS(mode_types)',
     '    [NMM_MODE_RELAY] = nmm_relay_get_type,\n'),
    (SERVICE + 'meson.build', "    'nmm-service.c',\n", "    'nmm-relay.c',\n"),
]

MAX_FILES = {'key': 4, 'mode': 8}
# The compiler has to reject a new mode without its row in each of these.
TABLES = {
    PROFILE + 'nmm-mode.c': 'nmm-mode',
    CORE + 'check/nmm-check.c': 'nmm-check',
    SERVICE + 'nmm-service.c': 'nmm-service',
}


class Failure(Exception):
    pass


class Tree:
    """A copy of the source, and a build of what the recipes are about."""

    def __init__(self, root, directory, compiler):
        self.root = root
        self.path = pathlib.Path(directory) / 'source'
        self.build = pathlib.Path(directory) / 'build'
        shutil.copytree(root, self.path, ignore=shutil.ignore_patterns('build*', '.git', '*.pyc', 'artefacts'))
        self.env = {**os.environ, 'CC': compiler, 'LC_ALL': 'C.UTF-8'}

    def edit(self, edits):
        for name, found, text in edits:
            path = self.path / name
            if found is None:
                path.write_text(text)
                continue
            before = path.read_text()
            if before.count(found) == 0:
                raise Failure(f'{name}: {found!r} is not there any more; correct the edit in test_recipes.py')
            path.write_text(before.replace(found, text + found, 1))

    def restore(self, name):
        shutil.copyfile(self.root / name, self.path / name)

    def run(self, *argv):
        return subprocess.run(argv, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors='replace', check=False)

    def must(self, *argv):
        result = self.run(*argv)
        if result.returncode:
            raise Failure(f"{' '.join(argv)}:\n{result.stdout[-4000:]}")
        return result.stdout

    def set_up(self):
        self.must('meson', 'setup', '-Dwerror=true', '-Doptimization=0', '-Ddebug=false', '-Dtool=disabled',
                  '-Dgtk3=disabled', '-Dgtk4=disabled', str(self.build), str(self.path))

    def objects(self, name):
        """The targets of ninja for one source."""
        lines = self.must('ninja', '-C', str(self.build), '-t', 'targets', 'all').splitlines()
        return [line.split(': ')[0] for line in lines if re.search(rf'[/_]{name}\.c\.o: ', line)]

    def unit_tests(self):
        lines = self.must('ninja', '-C', str(self.build), '-t', 'targets', 'all').splitlines()
        return [line.split(': ')[0] for line in lines if re.match(r'tests/unit/test-[a-z0-9-]+: ', line)]

    def compile(self, *targets):
        return self.must('ninja', '-C', str(self.build), *targets)


def recipe_files(root, what):
    """The files that CONTRIBUTING's recipe names, as paths from the root."""
    text = (root / 'CONTRIBUTING.md').read_text()
    recipe = re.search(rf'^### Add a {what}\b.*?\n\n(1\. .*?)\n\n', text, re.DOTALL | re.MULTILINE)[1]
    files = set()
    for word in re.findall(r'`([\w/.\[\]-]+\.(?:[ch]|\[ch\]|build))`', recipe):
        name = 'nm-plugin/' + word.replace('MODE', 'relay')
        files.update(name.replace('.[ch]', end) for end in ('.c', '.h')) if '[ch]' in name else files.add(name)
    return files


def check_files(root, what, edits):
    named, changed = recipe_files(root, what), {name for name, _, _ in edits}
    if named != changed:
        raise Failure(f'CONTRIBUTING names {sorted(named - changed)} too many and {sorted(changed - named)} too few')
    if len(changed) > MAX_FILES[what]:
        raise Failure(f'{len(changed)} files, at most {MAX_FILES[what]} are allowed')


def contributing_names_every_file_of_a_key(tree):
    check_files(tree.root, 'key', KEY)


def contributing_names_every_file_of_a_mode(tree):
    check_files(tree.root, 'mode', MODE)


def compiler_rejects_a_mode_without_a_row(tree):
    tree.edit(KEY + MODE)
    tree.set_up()
    for name, source in TABLES.items():
        tree.restore(name)
        targets = tree.objects(source)
        result = tree.run('ninja', '-C', str(tree.build), *targets)
        if not targets or 'static assertion failed' not in result.stdout:
            raise Failure(f'{name} without the new row: {result.stdout[-2000:]}')
        tree.edit([edit for edit in KEY + MODE if edit[0] == name])


def copy_with_key_and_mode_compiles_without_a_warning(tree):
    tree.compile('nm-plugin/service/libnm-macvtap-service.a', 'data/nm-settings-macvtap.5', *tree.unit_tests())


def unit_tests_of_the_copy_pass(tree):
    names = [target.removeprefix('tests/unit/test-') for target in tree.unit_tests()]
    tree.must('meson', 'test', '-C', str(tree.build), '--no-rebuild', '--timeout-multiplier', '4', '--print-errorlogs',
              *names)


def manual_of_the_copy_has_key_and_mode(tree):
    text = (tree.build / 'data' / 'nm-settings-macvtap.5').read_text()
    for word in ('quiet', 'relay'):
        if word not in text:
            raise Failure(f"'{word}' is not in nm-settings-macvtap.5")


TESTS = (contributing_names_every_file_of_a_key, contributing_names_every_file_of_a_mode,
         compiler_rejects_a_mode_without_a_row, copy_with_key_and_mode_compiles_without_a_warning,
         unit_tests_of_the_copy_pass, manual_of_the_copy_has_key_and_mode)


def main(root, *compiler):
    failed = False
    print(f'1..{len(TESTS)}', flush=True)
    with tempfile.TemporaryDirectory() as directory:
        tree = Tree(pathlib.Path(root), directory, ' '.join(compiler))
        for number, test in enumerate(TESTS, 1):
            failure = ''
            try:
                test(tree)
            except Failure as error:
                failure = str(error)
            except Exception:
                failure = traceback.format_exc()
            failed = failed or bool(failure)
            print(f"{'not ok' if failure else 'ok'} {number} - {test.__name__.replace('_', ' ')}")
            print(''.join(f'# {line}\n' for line in failure.splitlines()), end='', flush=True)
    return failed


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
