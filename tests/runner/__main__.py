# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the tests, by phases, and counts them.

unit      builds (gcc, clang, with sanitizers) and meson test
fuzz      tests/fuzz, some seconds each; with --long, 10 minutes
cli       tests/cli on captured machines
lint      every executable in tests/lint
kmod      the module for each kernel of the matrix, without a warning, and sparse
packages  the Debian packages, built, and installed in a fresh root; with --long also in
          machines with Debian installed, with Secure Boot or without
vm        each suite of tests/vm on each of its kernels, in throwaway guests
"""
import argparse
import sys
import time

from guests import Guests, load_guest
from phases import Phases
from tally import Tally

NAMES = ('lint', 'unit', 'fuzz', 'cli', 'kmod', 'packages', 'vm')


def main(argv):
    guest = load_guest()
    parser = argparse.ArgumentParser(prog='tests/run', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('phase', nargs='*', metavar='PHASE',
                        help=f'which of {" ".join(NAMES)} to run (all)')
    parser.add_argument('--kernel', action='append', choices=list(guest.matrix()),
                        help='only on this kernel (repeatable)')
    parser.add_argument('--suite', action='append', metavar='NAME',
                        help='only this suite of tests/vm, cli or packages (repeatable)')
    parser.add_argument('--debug-kernel', action='store_true',
                        help='guest suites on the debug kernels, which are built if need be '
                             '(--kernel: on that one)')
    parser.add_argument('--again', action='store_true',
                        help='run a guest suite that fails once more, alone, and say so')
    parser.add_argument('--long', action='store_true', help='long suites, too')
    options = parser.parse_args(argv)
    for name in options.phase:
        if name not in NAMES:
            parser.error(f'no phase "{name}"; there are: {" ".join(NAMES)}')

    wanted = options.phase or (('vm',) if options.debug_kernel else
                               ('cli', 'vm') if options.suite else NAMES)
    tally = Tally()
    phases = Phases(tally, options, guest)
    start = time.monotonic()
    for name in NAMES:
        if name not in wanted:
            continue
        print(f'== {name}', flush=True)
        before, began = tally.count(), time.monotonic()
        do = Guests(tally, options, phases, guest).run if name == 'vm' else getattr(phases, name)
        tally.guard(name, do)
        # With --suite and no phase, a name is in one of the two only.
        if tally.count() == before and (options.phase or not options.suite):
            tally.add(f'{name}: something ran', False)
        tally.took(f'== {name}', began)
    tally.took('all', start)
    return tally.report()


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
