#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Constructions that a reader has to decode, in comments, messages, man pages, README and commit subjects.

Every row of RULES is a pattern and what to write instead. Add a row whenever a reader stumbles.

Usage: check_english.py SOURCE_ROOT [PATH...]      PATH: check these files only, for example while editing
"""

import pathlib
import re
import subprocess
import sys

from report import report

RULES = [
    (r'nobody|somebody|whoever|whom', 'name the program, user, guest or setting'),
    (r'of (?:ours|yours|theirs)|strangers?(?:\'s)?', '"that this project made", "another program\'s"'),
    (r'amiss|without further ado|in vain', '"wrong", or nothing'),
    (r'fore(?:sees?|saw|tells?|told)', '"predict"'),
    (r'(?:has|have|had) to do', '"counts as", "must"'),
    (r'tells|told|says', '"prints", "reports", "logs", "documents"'),
    (r'persons?(?:\'s)?', '"user"'),
    (r'shall', '"must", "will" or the present tense'),
    (r'(?:scene|audience|ledger|survey|stations?|rival|memory entry)', 'the word of the glossary, not a metaphor'),
    (r'the world(?! wide)', '"host state"'),
    # GNOME has a switch for a profile: "can be switched on" is right there.
    (r'(?<!be )switch(?:es|ed|ing)? (?:it |them )?(?:on|off)', '"activate", "deactivate"; "enable", "disable"'),
    (r'(?:keep|kept|keeps) in step', '"synchronize", "update"'),
    (r'go(?:es)? by the', '"identifies … by the"'),
    (r'so that nothing', 'two sentences: "could not …; nothing was …"'),
    (r'(?:is|are|was|were) what(?! happens)', 'no cleft sentence: start with the actor'),
    (r'it is (?:the|a|an|its|their) [\w\' -]{1,30} (?:that|who|which|whose)', 'no cleft sentence: start with the actor'),
    (r'what [\w\' ]{1,30} (?:is|are) for', 'say what it does'),
    (r'(?:NULL|TRUE|FALSE|none|nothing|empty|unset|-1) where', '"if"'),
    (r'where (?:nothing|there (?:is|are)|none|no|it (?:is|has)|that (?:is|fails)|one)', '"if", "when"'),
    (r'[,;:] for (?:it|they|he|there|(?:this|these|those|no|its|their|the|a|an) \w+) (?:is|are|was|were|has|have|does|do|can|cannot)', '"because"'),
    (r'lets? go of', '"releases"'),
    (r'has the last word', 'say who decides'),
    (r'anew', '"again"'),
    (r'refused by name', '"refuses …, and names it"'),
    (r'the other way round', 'say what happens in the other case'),
    (r'(?:speaks?|spoke|spoken)(?! TAP)', 'of a machine: "communicates", "sends a frame"'),
    (r'mend(?:s|ed|ing)?', '"repairs", "corrects"'),
    (r'puts? (?:it|that|them) right', '"corrects"'),
    (r'he|his', 'name the user, the administrator or the program'),
    (r'all else', '"the rest", "everything else"'),
    (r'be it', '"even if"'),
    (r'(?:stands?|stood) still', '"hangs", "is paused", "is stopped"'),
    (r'answers? nothing', '"does not answer"'),
    (r'answers? no', '"does not answer"'),
    (r'(?:does|do) not run(?= *(?:[;,.:)]|$))', 'of a program or guest: "is not running"'),
    (r'since when', '"when … got it", "the time since …"'),
    (r'also (?:if|when|after)', '"even if", "including when"'),
    (r'all the same(?= *[;,.])', '"still"'),
    (r'(?:know|knows|known) (?:nothing )?of', '"know about"; "the facts about"; "does not use"'),
    (r'(?:one|object|sentence|fragment|event|command) a line', '"one per line"'),
    (r'of (?:its|their) own', '"its own …", "a separate …"'),
    (r'by the clock', '"after a time"'),
    (r'libvirts', '"libvirt URIs", "libvirt daemons"'),
    (r'(?:room|layer|directory) alone', '"private to …"'),
    (r'switch(?:es)? of the kernel|kernel\'s switch(?:es)?', '"kernel parameter"'),
]
WORD_START = r'(?<![\w-])'
PATTERN = re.compile('|'.join(f"(?P<r{number}>{'' if rule.startswith('[') else WORD_START}(?:{rule})(?![\\w-]))"
                              for number, (rule, _) in enumerate(RULES)), re.IGNORECASE)

C_DIRECTORIES = ['nm-plugin', 'dispatcher', 'properties', 'tests', 'data']
TEXTS = ['README.md', 'CONTRIBUTING.md', 'NEWS', 'tests/sandbox/README.md', 'data/org.freedesktop.networkmanager.macvtap.metainfo.xml.in']

# The author's time of the last commit that is not checked. The hash of a commit changes if it is rebased.
UNCHECKED_UNTIL = 1796026219
SUBJECT_MAX = 72
NO_VERB = {'a', 'an', 'the', 'no', 'every', 'each', 'what', 'where', 'who', 'its', 'one', 'two', 'all', 'both', 'it', 'there', 'is', 'are'}


def c_texts(text):
    """Comments and string literals of C, each with its line."""
    for match in re.finditer(r'/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"', text, re.DOTALL):
        part = match[0]
        if re.fullmatch(r'"[a-z-]+"', part):  # a key or a name, not a sentence
            continue
        if part.startswith('/*'):
            part = re.sub(r'\n[ \t]*\*', '\n ', part)
        yield text.count('\n', 0, match.start()) + 1, part


def python_texts(text):
    for match in re.finditer(r'"""(?:.|\n)*?"""|#[^\n]*', text):
        yield text.count('\n', 0, match.start()) + 1, match[0]


def roff_texts(text):
    text = re.sub(r'^\.B [a-z-]+$', lambda m: ' ' * len(m[0]), text, flags=re.MULTILINE)  # a key or a name
    yield 1, re.sub(r'^\.(?:BR|RB|BI|IB|IR|RI|B|I|TP|IP|SH|PP|RS|RE)\b', lambda m: ' ' * len(m[0]), text,
                    flags=re.MULTILINE)


def whole_text(text):
    yield 1, text


def list_sources(root):
    for directory in C_DIRECTORIES:
        yield from sorted((root / directory).rglob('*.[ch]'))
    yield from sorted(path for path in (root / 'tests').rglob('*.py') if path.name != 'check_english.py')
    yield from sorted((root / 'data').glob('*.[58].in'))
    yield from (root / name for name in TEXTS)


def reader_for(path):
    if path.suffix in ('.c', '.h'):
        return c_texts
    if path.suffix == '.py':
        return python_texts
    if re.search(r'\.[58]\.in$', path.name):
        return roff_texts
    return whole_text


def check_text(name, text, reader):
    faults = []
    for first, part in reader(text):
        flat = re.sub(r'\s', ' ', part)
        for match in PATTERN.finditer(re.sub(r'  +', lambda m: ' ' * len(m[0]), flat)):
            why = RULES[int(match.lastgroup[1:])][1]
            line = first + part.count('\n', 0, match.start())
            faults.append(f"{name}:{line}: '{' '.join(match[0].split())}': {why}")
    return faults


def check_sources(root, paths):
    faults = []
    for path in paths or list_sources(root):
        path = pathlib.Path(path)
        faults += check_text(path.relative_to(root) if path.is_relative_to(root) else path,
                             path.read_text(), reader_for(path))
    return faults


def check_subject(subject):
    """Why a commit's subject is not `area: imperative verb …`, or None."""
    match = re.fullmatch(r'([\w*][\w ,/.*-]{0,30}): (\S+)(.*)', subject)
    if not match:
        return 'not "area: imperative verb …"'
    if match[2].lower() in NO_VERB:
        return f"begins with '{match[2]}', not with an imperative verb"
    if len(subject) > SUBJECT_MAX:
        return f'{len(subject)} characters, at most {SUBJECT_MAX}'
    if subject.endswith('.'):
        return 'ends with a full stop'
    found = PATTERN.search(re.sub(r"'[^']*'", '', subject))  # a quoted construction is not used
    return f"'{found[0]}': {RULES[int(found.lastgroup[1:])][1]}" if found else None


def check_commits(root):
    """Nothing to check outside a git checkout, as in a release's archive."""
    if not (root / '.git').exists():
        return []
    log = subprocess.run(['git', '-c', f'safe.directory={root}', 'log', '--no-merges', '--format=%at %h %s'],
                         cwd=root, capture_output=True, text=True, check=False)
    if log.returncode:
        return [log.stderr]
    faults = []
    for line in log.stdout.splitlines():
        written, commit, subject = line.split(' ', 2)
        why = check_subject(subject) if int(written) > UNCHECKED_UNTIL else None
        if why:
            faults.append(f'{commit}: {subject}: {why}')
    return faults


def check_rules():
    """The lint itself: each construction is found, plain sentences are not."""
    bad = ['Nobody asks.', 'The guest speaks.', 'a profile of ours', 'the helper is told', 'the parent is what waits', 'NULL where unknown',
           'It is the parent that is waited for', 'refused, for it is down',
           'It was switched off.', 'a command that mends it', 'A switch of the kernel', 'a file that he may read',
           'The error says that firewalld does not run.', 'libvirt does not run; start it', 'kept, also if it is off',
           'the host answers no ping', 'one object a line', 'a thread of its own']
    good = ['because it is down', 'waits for the parent', 'NULL if unknown', 'the directory where the file is stored',
            'does not run nmcli', 'It also ifconfigs', 'Also TRUE if it is gone', 'the host does not answer']
    return [f'not found: {text}' for text in bad if not PATTERN.search(text)] + \
        [f'found in a plain sentence: {text}' for text in good if PATTERN.search(text)] + \
        [f'subject: {subject}' for subject, fits in (('core: derive the MAC', True), ('core: the MAC is new', False),
                                                     ('no area', False), ('core: add x.', False))
         if (check_subject(subject) is None) != fits]


def main(root, paths):
    root = pathlib.Path(root).resolve()
    checks = {'rules': check_rules(), 'texts': check_sources(root, paths), 'commit subjects': check_commits(root)}
    return report(checks)


if __name__ == '__main__':
    sys.exit(main(sys.argv[1], sys.argv[2:]))
