# SPDX-License-Identifier: GPL-2.0-or-later
"""The phase of guests: each suite of tests/vm on each of its kernels."""
import functools
import importlib.machinery
import importlib.util
import os
import pathlib
import re
import subprocess
import threading
import time
import typing

from tally import Tally

TREE = pathlib.Path(__file__).resolve().parents[2]


def load_program(path):
    """A program of the tests as a module."""
    loader = importlib.machinery.SourceFileLoader(path.name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(path.name, loader))
    loader.exec_module(module)
    return module


def load_guest():
    """tests/vm/guest, which reads the matrix and the declarations of suites."""
    return load_program(TREE / 'tests/vm/guest')


class Boot(typing.NamedTuple):
    """A guest to boot: the suites that share it, their requirements, and its kernel."""
    suites: tuple
    options: dict
    kernel: str

    def name(self, suite):
        return f'vm {self.kernel} {suite.stem}'


class Queue:
    """
    Boots in the order of the list, as many at once as fit. A guest of two CPUs mostly
    uses one of them, so one CPU more than the machine has is assigned.
    """

    def __init__(self, jobs):
        self._jobs = [(job, int(job.options.get('cpus', job.options.get('nodes', 1))))
                      for job in jobs]
        self._all = self._free = (os.cpu_count() or 1) + 1
        self._changed = threading.Condition()

    def _fitting(self):
        return next((entry for entry in self._jobs if min(entry[1], self._all) <= self._free),
                    None)

    def run(self, do):
        """Calls DO(boot) for all boots."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: not self._jobs or self._fitting())
                if not self._jobs:
                    return
                entry = self._fitting()
                self._jobs.remove(entry)
                self._free -= min(entry[1], self._all)
            try:
                do(entry[0])
            finally:
                with self._changed:
                    self._free += min(entry[1], self._all)
                    self._changed.notify_all()


class Guests:
    def __init__(self, tally, options, phases, guest):
        self.tally, self.options, self.phases, self.guest = tally, options, phases, guest
        self.validator = load_program(TREE / 'tests/validate')
        self.spent = []         # (suite, kernel, seconds)

    def jobs(self):
        """The boots, the longest first."""
        alone, shared = [], {}
        for path in sorted((TREE / 'tests/vm').glob('*.bats')):
            if self.options.suite and path.stem not in self.options.suite:
                continue
            declared = self.guest.suite_options(path)
            if declared.get('long') == 'yes' and not self.options.long:
                print(f'vm {path.stem}: only with --long')
                continue
            key = self.guest.share_key(declared)
            for kernel in declared['kernels']:
                if not self.asked_for(path, declared, kernel):
                    continue
                if key is None:
                    alone.append(Boot((path,), declared, kernel))
                else:
                    shared.setdefault((key, kernel), []).append((path, declared))
        found = alone + [Boot(tuple(path for path, _ in group),
                              self.guest.shared_options([options for _, options in group]),
                              kernel) for (_, kernel), group in shared.items()]
        return sorted(found, key=lambda boot: (-int(boot.options.get('cpus', 1)),
                                               -int(boot.options.get('timeout', 300))))

    def asked_for(self, path, declared, kernel):
        """Whether to run a suite on one of its kernels."""
        row = self.phases.matrix[kernel]
        debug = row['flavour'] == 'debug'
        if self.options.kernel:
            return kernel in self.options.kernel
        if row['suites'] == 'long' and not self.options.long:
            return False
        if self.options.debug_kernel:
            return debug
        if kernel in declared['spared']:
            return self.options.long and not debug
        # These take longer than all the rest, and the build of the kernel still longer.
        return not debug or (self.options.long and self.phases.cached(kernel))

    def run(self):
        jobs = self.jobs()
        if not jobs:
            return
        for arch in sorted({self.phases.matrix[job.kernel]['arch'] for job in jobs}):
            self.phases.build_for(arch)
        ready = {}
        for kernel in sorted({job.kernel for job in jobs}):
            ready[kernel] = self.phases.fetch(kernel) is not None
            if self.phases.matrix[kernel]['module'] == 'yes' and (TREE / 'src/kmod').is_dir():
                ready[kernel] = ready[kernel] and self.phases.module(kernel)
        # Test /dev/kvm once, not by two guests at the same time.
        first = next((kernel for kernel, there in ready.items() if there), None)
        if first:
            self.guest.accelerator(self.guest.find_kernel(first, None))
        for job in jobs:
            for suite in job.suites if not ready[job.kernel] else ():
                self.tally.add(f'{job.name(suite)}: its kernel and module are there', False)
        again, start = [], time.monotonic()
        queue = Queue([job for job in jobs if ready[job.kernel]])
        threads = [threading.Thread(target=queue.run, args=(functools.partial(self.first, again),))
                   for _ in range((os.cpu_count() or 1) + 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for job in again:
            for tally in self.one(job)[0]:
                self.tally.again.append(tally.name)
                self.tally.take(tally)
        self.shares(time.monotonic() - start)

    def shares(self, seconds):
        """Prints the time of each suite, and its share of the SECONDS of all."""
        total = sum(spent for *_, spent in self.spent)
        if not total:
            return
        print(f'\n  suite            kernel        seconds   share of {seconds:.0f} s')
        for suite, kernel, spent in sorted(self.spent, key=lambda row: -row[2]):
            print(f'  {suite:16} {kernel:12} {spent:8.1f} {100 * spent / total:6.1f}%'
                  f' {seconds * spent / total:6.1f} s')
        print(flush=True)

    def first(self, again, job):
        """Runs one of several concurrent guests; AGAIN gets those to run once more, alone."""
        tallies, whole = self.one(job)
        for suite, tally in zip(job.suites, tallies):
            if tally.failed and whole and self.options.again:
                print(f'{tally.name}: will be run once more, with the machine to itself',
                      flush=True)
                again.append(Boot((suite,), self.guest.suite_options(suite), job.kernel))
            else:
                self.tally.take(tally)

    def one(self, job):
        """
        A tally of each suite of a boot, and whether the guest survived: a kernel
        crash is not bad luck.
        """
        tallies = [Tally(job.name(suite)) for suite in job.suites]
        whole = tallies[0].guard(tallies[0].name, self.boot, tallies, job)
        return tallies, whole

    def boot(self, tallies, job):
        """Runs the suites of JOB in one guest; True if that ended well."""
        results = TREE / 'build/vm' / job.kernel / '+'.join(suite.stem for suite in job.suites)
        cmd = [TREE / 'tests/vm/guest', '--kernel', job.kernel, '--results', results]
        if self.options.long:
            cmd += ['--env', 'MEMRAS_LONG=1']
        start = time.monotonic()
        got = subprocess.run(['nice', *map(str, cmd), *job.suites], stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                             errors='replace', check=False)
        seconds = time.monotonic() - start
        tap = results / 'stdout'
        said = tap.read_text(errors='replace') if tap.exists() else ''
        parts = {job.suites[0].stem: said}
        if len(job.suites) > 1:
            words = re.split(r'^# suite (\S+)$', said, flags=re.MULTILINE)
            parts = dict(zip(words[1::2], words[2::2]))
        # The time of a suite is that of its tests, which is most of it.
        own = {suite: 1 + sum(map(int, re.findall(r'^(?:not )?ok .* in (\d+)ms$',
                                                  parts.get(suite.stem, ''), re.MULTILINE)))
               for suite in job.suites}
        failed = [tally.tap(tally.name, parts.get(suite.stem, ''))
                  for suite, tally in zip(job.suites, tallies)]
        ended_well = got.returncode == 0 or got.returncode == 1 and any(failed)
        for suite, tally in zip(job.suites, tallies):
            spent = seconds * own[suite] / sum(own.values())
            self.spent.append((suite.stem, job.kernel, spent))
            tally.add(f'{tally.name}: the guest ends well, and its kernel', ended_well,
                      f'{got.stderr[-6000:]}\ntests/vm/guest ended with {got.returncode}')
            folder = results / suite.stem if len(job.suites) > 1 else results
            for path in sorted((folder / 'artifacts').glob('*.json')):
                self.validate(tally, path)
            print(f'{tally.name}: {tally.count()} tests, {spent:.0f} s'
                  f'{", FAILED" if tally.failed else ""}', flush=True)
        return ended_well

    def validate(self, tally, path):
        """
        An artifact NAME.COMMAND.json against src/schema/COMMAND.schema.json, or
        error.schema.json if it says that the command failed as a whole.
        """
        command = path.name.removesuffix('.json').rpartition('.')[2]
        if command == 'harness':        # the harness's own tests of run_json
            return
        wrong = self.validator.complaints(path.read_text(), command)
        tally.add(f'{tally.name}: {path.name} is as its schema says', not wrong,
                  '\n'.join(wrong[:10]))
