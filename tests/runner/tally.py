# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts single tests, and reads TAP and JUnit results."""
import re
import threading
import time
import traceback
import xml.etree.ElementTree as ET


class Tally:
    """All tests of a run: passed, failed (with the reason) and skipped, and their times."""

    def __init__(self, name=''):
        self.name = name
        self.passed, self.failed, self.skipped = [], [], []
        self.again = []                    # failed tests that were run again
        self.times = []                    # (what, seconds)
        self._lock = threading.Lock()

    def add(self, name, outcome, why=''):
        """OUTCOME is True, False or 'skip'."""
        with self._lock:
            if outcome == 'skip':
                self.skipped.append((name, why))
            elif outcome:
                self.passed.append(name)
            else:
                self.failed.append((name, why))
                print(f'not ok - {name}', flush=True)
                for line in why.rstrip().splitlines():
                    print(f'    {line}', flush=True)
        return outcome

    def guard(self, name, do, *args):
        """The result of DO; an exception is a failure, but other tests go on."""
        try:
            return do(*args)
        except Exception:               # pylint: disable=broad-except
            return self.add(f'{name}: the runner gets through', False, traceback.format_exc())

    def take(self, other):
        """Adds another tally, which has reported its failures already."""
        with self._lock:
            for name in ('passed', 'failed', 'skipped', 'times'):
                getattr(self, name).extend(getattr(other, name))

    def count(self):
        return len(self.passed) + len(self.failed) + len(self.skipped)

    def took(self, what, start):
        with self._lock:
            self.times.append((what, time.monotonic() - start))

    def tap(self, prefix, text):
        """
        Reads one or several concatenated TAP streams; one that ends early, or has no test,
        is a failure.
        """
        plans, seen, last = [], 0, None
        results = []
        for line in text.splitlines():
            if match := re.match(r'1\.\.(\d+)', line):
                plans.append(int(match[1]))
            elif match := re.match(r'(not )?ok\b ?(\d+)? ?(.*)', line):
                name, _, directive = match[3].partition(' # ')
                name = re.sub(r' in \d+ ?m?s(ec)?$', '', name.lstrip('- '))
                seen += 1
                last = [name, not match[1], []]
                if directive.lower().startswith('skip'):
                    last[1:] = ['skip', [directive[4:].strip()]]
                results.append(last)
            elif line.startswith('Bail out!'):
                results.append([line, False, []])
            elif line.startswith('#') and last and last[1] is False:
                last[2].append(line)
        for name, outcome, why in results:
            self.add(f'{prefix}: {name}', outcome, '\n'.join(why))
        if not plans or 0 in plans or seen != sum(plans):
            self.add(f'{prefix}: all its tests ran', False,
                     f'{seen} of {" + ".join(map(str, plans)) or "no"} planned tests ran')
        return sum(1 for result in results if result[1] is False)

    def junit(self, prefix, path):
        """Reads the results of meson test; a test with TAP output counts as many tests."""
        for suite in ET.parse(path).getroot():
            match = re.search(rf'[./ ]{prefix}-(\S+)$', suite.get('name'))
            if match:
                bad = self.tap(f'{prefix} {match[1]}', suite.findtext('system-out') or '')
                broken = suite.find('testcase/error')
                if not bad and broken is not None:
                    self.add(f'{prefix} {match[1]}: ends well', False, broken.get('message') or '')
                continue
            for case in suite.iter('testcase'):
                name = case.get('name').split(' / ')[-1].removeprefix(f'{prefix}-')
                self._case(f'{prefix}: {name}', case)

    def _case(self, name, case):
        bad = [case.find(tag) for tag in ('failure', 'error')]
        bad = [item for item in bad if item is not None]
        if bad:
            out = case.findtext('system-out') or ''
            why = bad[0].get('message') or bad[0].text or ''
            self.add(name, False, f'{why}\n{out[-6000:]}')
        elif (skipped := case.find('skipped')) is not None:
            self.add(name, 'skip', skipped.get('message') or '')
        else:
            self.add(name, True)

    def report(self):
        """Prints it all; the last line is the sum. Returns the exit status."""
        if self.times:
            print('\nwhere the time went:')
            for what, seconds in self.times:
                print(f'  {seconds:7.1f} s  {what}')
        for name, why in self.skipped:
            print(f'skipped: {name}: {why}')
        for name in self.again:
            print(f'run twice, since it failed the first time: {name}')
        if self.failed:
            print('\nfailed:')
            for name, _ in self.failed:
                print(f'  {name}')
        if not self.count():
            print('nothing ran, which is a failure')
        text = f'{len(self.passed)} passed, {len(self.failed)} failed'
        if self.skipped:
            text += f', {len(self.skipped)} skipped'
        print(f'\n{text}', flush=True)
        return 0 if self.passed and not self.failed else 1
