# SPDX-License-Identifier: GPL-2.0-or-later
"""The phases that need no guest: builds, unit tests, command line, lint, the module."""
import configparser
import os
import pathlib
import re
import shutil
import subprocess
import time

TREE = pathlib.Path(__file__).resolve().parents[2]
KMOD = TREE / 'src/kmod'
# Modules that only guests get: see "fakes" in tests/vm/guest.
FAKES = sorted(path.parent for path in (TREE / 'tests/vm').glob('*/Kbuild'))

SANITIZERS = {
    'ASAN_OPTIONS': 'halt_on_error=1:abort_on_error=1:detect_leaks=1:strict_string_checks=1',
    'UBSAN_OPTIONS': 'halt_on_error=1:abort_on_error=1:print_stacktrace=1',
}
# name: folder, compiler, meson's options beside build-dev.ini
PLAIN = ['-Db_sanitize=none', '-Dbuildtype=debugoptimized']
BUILDS = {
    'gcc': ('build', 'gcc', PLAIN),
    'clang': ('build-clang', 'clang', PLAIN),
    'asan': ('build-asan', 'gcc', []),
}


def dev_options():
    """The settings of build-dev.ini as options: a configured directory does not take the file."""
    ini = configparser.ConfigParser()
    ini.read_string((TREE / 'build-dev.ini').read_text())
    return [f'-D{name}={value.strip(chr(39))}' for part in ini.sections()
            for name, value in ini[part].items()]


def run(cmd, **kwargs):
    """(exit status, output) of a command, run at low priority from the top of the tree."""
    env = {**os.environ, **kwargs.pop('env', {})}
    got = subprocess.run(['nice', *map(str, cmd)], cwd=TREE, env=env, text=True, errors='replace',
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False, **kwargs)
    return got.returncode, got.stdout


def source_line(folder, message):
    """The line of source that a "FILE:LINE:COLUMN: ..." is about; FILE may be below FOLDER."""
    name, number = message.split(':')[:2]
    return (folder / name).read_text().splitlines()[int(number) - 1]


class Phases:
    def __init__(self, tally, options, guest):
        self.tally, self.options, self.guest = tally, options, guest
        self.matrix = guest.matrix()
        self._done = {}

    def _once(self, key, make):
        """Builds serve several phases, and are counted once."""
        if key not in self._done:
            start = time.monotonic()
            self._done[key] = make()
            self.tally.took(key, start)
        return self._done[key]

    def build(self, name):
        """Whether this build of memras exists: one of BUILDS, or that for an architecture."""
        def make():
            folder, compiler, options = BUILDS.get(name) or (
                self.guest.build_folder(name), 'gcc', PLAIN)
            first = ['--cross-file', self.guest.cross_file(name)] if name not in BUILDS else []
            if not (TREE / 'meson.build').exists():
                return self.tally.add(f'build: {name}', False, 'there is no meson.build')
            if not (TREE / folder / 'build.ninja').exists():
                status, out = run(['meson', 'setup', folder, *first, *dev_options(), *options],
                                  env={'CC': compiler})
            else:
                status, out = run(['meson', 'configure', folder, *dev_options(), *options])
            if not status:
                status, out = run(['meson', 'compile', '-C', folder])
            return self.tally.add(f'build: {name}', not status, out[-4000:])
        return self._once(f'build {name}', make)

    def build_for(self, arch):
        """Whether memras exists for the guests of an architecture."""
        return self.build('gcc' if self.guest.build_folder(arch) == 'build' else arch)

    def registered(self, suite, build, names=()):
        """Has meson run the tests of a suite, or only those in NAMES."""
        folder = BUILDS[build][0]
        if not self.build(build):
            return
        results = TREE / folder / f'meson-logs/{suite}.junit.xml'
        results.unlink(missing_ok=True)
        long = ['--timeout-multiplier', '20'] if self.options.long else []
        status, out = run(['meson', 'test', '-C', folder, '--no-rebuild', '--logbase', suite,
                           '--suite', suite, *long, *names],
                          env={**SANITIZERS, 'PLAIN': str(TREE / 'build/src/memras'),
                               **({'MEMRAS_LONG': '1'} if self.options.long else {})})
        failed = len(self.tally.failed)
        if results.exists():
            self.tally.junit(suite, results)
        if status and len(self.tally.failed) == failed or not results.exists():
            self.tally.add(f'{suite}: meson test', False, out[-4000:])

    def unit(self):
        self.build('gcc')
        self.build('clang')
        self.registered('unit', 'asan')

    def cli(self):
        suites = [f'cli-{path.stem}' for path in sorted((TREE / 'tests/cli').glob('*.bats'))
                  if not self.options.suite or path.stem in self.options.suite]
        # Measure costs without sanitizers.
        if suites and self.build('gcc'):
            self.registered('cli', 'asan', suites if self.options.suite else ())

    def fuzz(self):
        status, out = run(['tests/fuzz/run', *(['--long'] if self.options.long else [])])
        if not self.tally.tap('fuzz', out) and status:
            self.tally.add('fuzz: ends well', False, out[-4000:])

    def lint(self):
        # Some compare the tree with the output of the binary.
        self.registered('lint', 'gcc')

    def packages(self):
        for suite in sorted((TREE / 'tests/packages').glob('*.bats')):
            head = dict(re.findall(r'(\w+)=(\S+)', ' '.join(
                re.findall('^# packages:(.*)$', suite.read_text(), re.MULTILINE))))
            if self.options.suite and suite.stem not in self.options.suite:
                continue
            if head.get('long') == 'yes' and not self.options.long:
                print(f'packages {suite.stem}: only with --long')
                continue
            for release in head.get('releases', '').split(','):
                self.package_suite(suite, release)

    def package_suite(self, suite, release):
        """Runs a suite, for a RELEASE of Debian if its head names some."""
        name, start = f'packages {suite.stem} {release}'.rstrip(), time.monotonic()
        status, out = run(['bats', '--tap', '--timing', suite], env={'MEMRAS_RELEASE': release})
        if not self.tally.tap(name, out) and status:
            self.tally.add(f'{name}: ends well', False, out[-4000:])
        self.tally.took(name, start)

    def kernels(self, module=True):
        return [name for name, row in self.matrix.items()
                if (not module or row['module'] == 'yes')
                and (name in self.options.kernel if self.options.kernel
                     else (row['flavour'] == 'debug') == self.options.debug_kernel
                     and (row['suites'] != 'long' or self.options.long))]

    @staticmethod
    def cached(name):
        """Whether a kernel of the matrix is in the cache."""
        return not run([TREE / 'tests/vm/fetch-kernel', '--cached', name])[0]

    def fetch(self, name):
        """The directory of a kernel of the matrix, or None."""
        def make():
            status, out = run([TREE / 'tests/vm/fetch-kernel', name])
            self.tally.add(f'kernel {name}: is to be had', not status, out)
            return None if status else pathlib.Path(out.strip().splitlines()[-1])
        return self._once(f'fetch kernel {name}', make)

    def make_words(self, name):
        """What make has to know of a kernel's architecture."""
        return self.guest.make_words(self.matrix[name]['arch'])

    def compiled(self, what, make, folder, *words):
        """Whether MAKE builds a module in FOLDER, with all warnings enabled and none reported."""
        shutil.rmtree(folder, ignore_errors=True)
        status, out = run([*make, folder, 'W=1', *words])
        warnings = re.findall(r'^.*(?:\d: warning:|WARNING: modpost:).*$', out, re.MULTILINE)
        self.tally.add(f'{what}: builds without a warning', not status and not warnings,
                       '\n'.join(warnings) or out[-4000:])
        return not status

    def checked(self, what, make, folder, kernel, source, *words):
        """Has sparse look at a module of the folder SOURCE while MAKE builds it in FOLDER."""
        shutil.rmtree(folder, ignore_errors=True)
        status, out = run([*make, folder, 'C=2', *words,
                           # Features of 7.2's headers that this sparse lacks.
                           'CF=-D__typeof_unqual__=__typeof__'])
        # The kernel's headers may be too new for this sparse: count warnings of our files,
        # but not those about 7.2's MODULE_LICENSE(), module_param() and the like.
        ours = {path.name for top in (KMOD, source) for path in top.rglob('*.[ch]')} | {'memras.h'}
        found = [line for line in out.splitlines()
                 if (match := re.match(r'([^\s:]+):\d+:\d+: ', line))
                 and os.path.basename(match[1]) in ours
                 and not match[1].startswith(str(kernel))
                 and not (line.endswith('bad constant expression')
                          and source_line(folder, line).startswith(('MODULE_', 'module_param')))]
        ran = out.count('  CHECK ')
        self.tally.add(f'{what}: sparse finds nothing', not status and not found and ran,
                       '\n'.join(found) or (out[-4000:] if ran else 'sparse did not run'))

    def module(self, name):
        """Whether memras.ko is built for a kernel, without a warning."""
        def make():
            kernel, folder = self.fetch(name), TREE / 'build/kmod' / name
            command = [KMOD / 'build', kernel / 'build'] if kernel else []
            # The fuzzer uses the coverage of the module.
            coverage = ['KCOV_INSTRUMENT=y'] if self.matrix[name]['flavour'] == 'debug' else []
            return (kernel is not None
                    and self.compiled(f'kmod {name}', command, folder, *coverage,
                                      *self.make_words(name))
                    and (folder / 'memras.ko').exists())
        return self._once(f'kmod {name}', make)

    def sparse(self, name):
        def make():
            kernel = self.fetch(name)
            if kernel:
                self.checked(f'kmod {name}', [KMOD / 'build', kernel / 'build'],
                             TREE / 'build/kmod' / f'{name}-sparse', kernel, KMOD,
                             *self.make_words(name))
        return self._once(f'sparse {name}', make)

    def fakes(self, name, last):
        """
        Checks the modules of tests/vm likewise, which are for guests only: by sparse for the
        kernel LAST alone. tests/vm/guest builds those that guests load.
        """
        def make():
            kernel = self.fetch(name)
            for source in FAKES if kernel else ():
                what, folder = f'kmod {name} {source.name}', f'build/kmod/{name}-{source.name}'
                command = [TREE / 'tests/vm/build-module', source.name, kernel / 'build']
                self.compiled(what, command, TREE / folder)
                if name == last:
                    self.checked(what, command, TREE / f'{folder}-sparse', kernel, source)
        return self._once(f'fakes {name}', make)

    def kmod(self):
        native = [name for name in self.kernels() if not self.make_words(name)]
        foreign = [name for name in self.kernels() if self.make_words(name)]
        # Between the oldest and the newest, sparse says little that the compiler does not.
        telling = (self.kernels() if self.options.long
                   else native[:1] + native[-1:] + foreign[-1:])
        for name in self.kernels():
            self.module(name)
            if name in telling:
                self.sparse(name)
            if name in native:
                self.fakes(name, native[-1])
