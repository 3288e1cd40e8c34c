# SPDX-License-Identifier: GPL-2.0-or-later
"""One run of one guest: QEMU's command line, the ports, the time limits, the kernel's log.

The guest has a control port for lines (see Run.control), and ports for stdout and
stderr of its job. Its console is recorded and searched for kernel errors.
"""
import base64
import dataclasses
import os
import pathlib
import re
import selectors
import shutil
import socket
import subprocess
import tempfile
import termios
import time

import ghes
import loader

HERE = pathlib.Path(__file__).resolve().parent

# Kernel messages of errors.
SPLATS = re.compile(r'''
    BUG: | WARNING: | \bOops\b | KASAN | KCSAN | KFENCE | UBSAN | Kernel\ panic
    | general\ protection\ fault | unable\ to\ handle | invalid\ opcode: | divide\ error:
    | possible\ (circular|recursive|irq)\ lock | inconsistent\ lock\ state | lock\ held\ when
    | suspicious\ RCU\ usage | bad\ unlock\ balance | DEBUG_LOCKS_WARN
    | sleeping\ function\ called | scheduling\ while\ atomic
    | blocked\ for\ more\ than | soft\ lockup | hard\ LOCKUP
    | self-detected\ stall | detected\ stalls
    | Bad\ (page|rss|swap) | refcount_t: | list_(add|del)\ corruption
    | new\ suspected\ memory\ leak
    | slab.*corrupt | Call\ Trace:
    | -\[\ cut\ here\ \]- | (Out\ of\ memory|oom-kill):
    | Modules\ linked\ in: | unregister_netdevice | nobody\ cared | stack\ guard
    ''', re.VERBOSE | re.IGNORECASE)
# ... and messages that only look like it.
HARMLESS = re.compile(r'ommand line: |Spectre V2 : WARNING: Unprivileged eBPF|MP-BIOS bug: 8254'
                      r'|kasan: KernelAddressSanitizer initialized|Warning: fsck not present')
# Crashes of kernels that emulation is known to cause, by the word in the table of
# kernels: patterns that must all be in the log.
KNOWN_FAULTS = {'int3': (re.compile(r'Oops: int3'), re.compile(r'RIP: .*ktime_get'))}

# The commands allowed to guests: QEMU's monitor could do much more to the host.
MONITOR_WORDS = {'mce', 'info', 'qom-set', 'qom-get', 'object_add', 'object_del',
                 'device_add', 'device_del'}


def size(text):
    """The bytes of a size in QEMU's format: 512M, 1G."""
    match = re.fullmatch(r'(\d+)([KMGT]?)', str(text), re.IGNORECASE)
    if not match:
        raise SystemExit(f'guest: "{text}" is not a size like 512M')
    return int(match[1]) << {'': 0, 'K': 10, 'M': 20, 'G': 30, 'T': 40}[match[2].upper()]


# What the kernel calls the console of a machine, by architecture
CONSOLES = {'amd64': 'ttyS0', 'arm64': 'ttyAMA0'}


@dataclasses.dataclass
class Kernel:
    name: str
    release: str
    image: pathlib.Path
    modules: pathlib.Path = None
    build: pathlib.Path = None
    packed: pathlib.Path = None     # the image as packaged, which loaders take
    threads: str = 'multi'
    fault: str = 'none'
    debug: bool = False
    arch: str = 'amd64'
    make: tuple = ()                # words for make, to build a module


@dataclasses.dataclass
class Machine:
    kernel: Kernel
    memory: str = '1G'
    cpus: int = 1
    nodes: int = 1
    dimm: list = dataclasses.field(default_factory=list)           # SIZE[:NODE]
    virtio_mem: list = dataclasses.field(default_factory=list)     # SIZE:REQUESTED[:NODE]
    disk: str = ''                                                 # a file: see make_disk()
    cpu: str = ''                                                  # "intel": can take an mce
    append: str = ''
    monitor: str = ''
    accel: str = 'tcg'
    loader: str = 'kernel'                                         # see loader.py
    goes_on: bool = False                                          # to another kernel, by kexec
    ghes: bool = False                                             # the firmware reports errors

    def _processor(self):
        """QEMU's program, and its options for the board and the CPUs."""
        if self.kernel.arch == 'arm64':
            qemu, board = ['qemu-system-aarch64'], 'virt,gic-version=3'
            if self.ghes:
                own = subprocess.run([HERE / 'fetch-qemu'], stdout=subprocess.PIPE, text=True,
                                     check=True).stdout.strip()
                qemu = [f'{own}/qemu-system-aarch64', '-bios', f'{own}/QEMU_EFI.fd']
                board += ',ras=on'
            # The newest model without pointer authentication, which is slow to emulate.
            return [*qemu, '-machine', board, '-cpu',
                    'host' if self.accel == 'kvm' else 'neoverse-n1', '-accel',
                    'kvm' if self.accel == 'kvm' else f'tcg,thread={self.kernel.threads}']
        model = 'host' if self.accel == 'kvm' else 'max,erms=off,fsrm=off'
        if self.cpu == 'intel':
            model += ',vendor=GenuineIntel,family=6,model=85,stepping=7'
        return ['qemu-system-x86_64', '-cpu', model, '-accel',
                'kvm' if self.accel == 'kvm' else f'tcg,thread={self.kernel.threads}']

    def _hotplugged(self):
        """
        QEMU's options for the memory beside that of the boot. Debian's kernels for arm64
        do not see DIMMs: there a virtio-mem device stands for each.
        """
        virtio_mem, dimms = list(self.virtio_mem), list(self.dimm)
        if self.kernel.arch == 'arm64':
            virtio_mem = [f'{word.partition(":")[0]}:{word}' for word in dimms] + virtio_mem
            dimms = []
        cmd = []
        for i, word in enumerate(dimms):
            dimm, node = (word.split(':') + ['0'])[:2]
            cmd += ['-object', f'memory-backend-ram,id=dimm{i}-ram,size={dimm}',
                    '-device', f'pc-dimm,id=dimm{i},memdev=dimm{i}-ram,node={node}']
        for i, word in enumerate(virtio_mem):
            most, now, node = (word.split(':') + ['0'])[:3]
            cmd += ['-object', f'memory-backend-ram,id=vmem{i}-ram,size={most}',
                    '-device', f'virtio-mem-pci,id=vmem{i},memdev=vmem{i}-ram,node={node},'
                               f'requested-size={now},block-size=2M']
        return cmd

    def command(self, folder, initrd, console):
        """QEMU's command line; FOLDER has its sockets, and may get a CD."""
        memory = size(self.memory)
        # A guest must not outlive its parent.
        cmd = ['setpriv', '--pdeathsig', 'KILL', *self._processor(), '-nodefaults',
               '-no-user-config', '-no-reboot', '-display', 'none',
               '-name', 'memras', '-nic', 'none',
               # One socket each: the kernel warns about a cache shared by two nodes.
               '-smp', f'{self.cpus},sockets={self.cpus}']

        plugged = bool(self.dimm or self.virtio_mem)
        total = memory + sum(size(word.split(':')[0]) for word in self.dimm + self.virtio_mem)
        # Two free slots, for DIMMs that are added later.
        slots = f',slots={len(self.dimm) + 2},maxmem={total + (4 << 30)}' if plugged else ''
        cmd += ['-m', f'size={memory >> 20}M{slots}']
        if self.nodes > 1:
            for node in range(self.nodes):
                share = memory // self.nodes
                cpus = ''.join(f',cpus={cpu}' for cpu in range(self.cpus)
                               if cpu * self.nodes // self.cpus == node)
                cmd += ['-object', f'memory-backend-ram,id=ram{node},size={share}',
                        '-numa', f'node,nodeid={node},memdev=ram{node}{cpus}']
        cmd += self._hotplugged()
        if self.disk:
            cmd += ['-drive', f'file={self.disk},format=raw,if=none,id=disk,cache=unsafe',
                    '-device', 'virtio-blk-pci,drive=disk']
        cmd += ['-device', 'virtio-serial-pci']
        for name in ('control', 'stdout', 'stderr'):
            cmd += ['-chardev', f'socket,id={name},path={folder}/{name}',
                    '-device', f'virtserialport,chardev={name},name={name}']
        cmd += ['-chardev', console, '-serial', 'chardev:console',
                '-monitor', f'unix:{folder}/monitor,server=on,wait=off']
        if self.monitor:
            cmd += ['-monitor', f'unix:{self.monitor},server=on,wait=off']
        if self.ghes:
            cmd += ['-qmp', f'unix:{folder}/qmp,server=on,wait=off']
        words = [f'console={CONSOLES[self.kernel.arch]}', 'memras.guest=1', 'oops=panic',
                 'panic=-1', 'mitigations=off',
                 'rcupdate.rcu_cpu_stall_timeout=100', 'nmi_watchdog=0', 'watchdog_thresh=60',
                 'init_on_alloc=0',
                 # Emulation translates code anew for each address that it runs at: a program
                 # starts in a quarter of the time where every other did.
                 'norandmaps']
        if plugged:
            words.append('memhp_default_state=online_movable')
        return cmd + loader.arguments(self.loader, self.kernel, initrd,
                                      ' '.join(words + [self.append]).strip(), folder,
                                      self.goes_on)


def make_disk(path, text):
    """A new disk of a size like 512M, with an ext4 file system; returns its PATH."""
    with open(path, 'wb') as disk:
        disk.truncate(size(text))
    subprocess.run(['/sbin/mkfs.ext4', '-qF', path], check=True)
    return path


def splats(log, expected=()):
    """The lines of a kernel log that report errors, except expected ones."""
    allowed = [re.compile(pattern) for pattern in expected]
    return [line for line in log.splitlines()
            if SPLATS.search(line) and not HARMLESS.search(line)
            and not any(pattern.search(line) for pattern in allowed)]


class Run:
    """Boots MACHINE from INITRD; call go() once, then look at the attributes."""

    def __init__(self, machine, initrd, results, timeout, silence, out, err, terminal=False,
                 boot=None):
        self.machine, self.initrd, self.results = machine, initrd, pathlib.Path(results)
        self.timeout, self.silence, self.terminal = timeout, silence, terminal
        self.streams = {'stdout': out, 'stderr': err}
        # Each of several boots has its own logs.
        self._suffix = f'-{boot}' if boot else ''
        self.console = self.results / f'console{self._suffix}.log'
        self.status = None          # exit status of the guest's job, once known
        self.booted = False
        self.splat = None           # the first line of the kernel log that is wrong
        self.failure = None         # why the whole run failed
        self.expected = []          # patterns for the kernel log that the job expects
        self.artifacts = []
        self.elapsed = 0.0
        self._line = b''
        self._open = {}
        self._suite = ''

    def log(self):
        try:
            return self.console.read_text(errors='replace').replace('\r', '')
        except FileNotFoundError:
            return ''

    def excerpt(self, lines=40):
        """The log around the error, else its end."""
        log = self.log().splitlines()
        first = log.index(self.splat) - 5 if self.splat else len(log) - lines
        return log[max(first, 0):][:lines]

    def known_fault(self):
        """Whether the kernel crashed in a way that emulation is known to cause."""
        patterns = KNOWN_FAULTS.get(self.machine.kernel.fault, ())
        log = self.log() if patterns else ''
        return bool(patterns) and all(pattern.search(log) for pattern in patterns)

    def go(self):
        folder = tempfile.mkdtemp(prefix='memras-')
        try:
            self._go(folder)
        finally:
            shutil.rmtree(folder)
        found = splats(self.log(), self.expected)
        if found and not self.failure:
            self.failure = f'the kernel said: {found[0].strip()}'
        self.splat = found[0] if found else None
        return self

    def _go(self, folder):
        listen = {}
        for name in ('control', 'stdout', 'stderr'):
            listen[name] = socket.socket(socket.AF_UNIX)
            listen[name].bind(f'{folder}/{name}')
            listen[name].listen(1)
        console = f'file,id=console,path={self.console}'
        if self.terminal:
            console = f'stdio,id=console,signal=off,logfile={self.console}'
        qemu_log = self.results / f'qemu{self._suffix}.log'
        start = time.monotonic()
        with open(qemu_log, 'wb') as log:
            qemu = subprocess.Popen(
                self.machine.command(folder, self.initrd, console),
                stdin=None if self.terminal else subprocess.DEVNULL,
                stdout=None if self.terminal else log, stderr=log)
        # QEMU makes the terminal raw, and does not restore it when killed.
        mode = termios.tcgetattr(0) if self.terminal and os.isatty(0) else None
        try:
            self._watch(qemu, listen, folder, start)
        finally:
            if qemu.poll() is None:
                qemu.kill()
            qemu.wait()
            if mode:
                termios.tcsetattr(0, termios.TCSADRAIN, mode)
            for sock in listen.values():
                sock.close()
        self.elapsed = time.monotonic() - start
        if self.status is None and not self.failure:
            said = qemu_log.read_text(errors='replace').strip()
            if not self.booted and said:
                self.failure = f'QEMU said: {said}'
            else:
                self.failure = 'the guest died' if self.booted else 'the guest did not boot'

    def _watch(self, qemu, listen, folder, start):
        """Reads from the guest until QEMU ends or has to be ended."""
        select = selectors.DefaultSelector()
        for name, sock in listen.items():
            sock.settimeout(10)
            try:
                conn = sock.accept()[0]
            except TimeoutError:
                return
            select.register(conn, selectors.EVENT_READ, name)
            if name == 'control':
                self._control, self._folder = conn, folder
        heard, written, gone = start, 0, None
        while select.get_map():
            for key, _ in select.select(0.25):
                data = key.fileobj.recv(1 << 16)
                if not data:
                    select.unregister(key.fileobj)
                    continue
                heard = time.monotonic()
                if key.data == 'control':
                    self._lines(data)
                elif self.streams[key.data]:
                    self.streams[key.data].write(data)
                    self.streams[key.data].flush()
            now = time.monotonic()
            grown = self.console.stat().st_size if self.console.exists() else 0
            if grown != written:
                written, heard = grown, now
            if self.status is not None and gone is None:
                gone = now
            if gone and now - gone > 20:
                self.failure = 'the guest did not switch off'
            elif self.timeout and now - start > self.timeout:
                self.failure = f'the guest ran past its {self.timeout} s'
            elif self.silence and now - heard > self.silence:
                self.failure = f'the guest was silent for {self.silence} s'
            if self.failure:
                qemu.kill()
                return
        qemu.wait(10)

    def _lines(self, data):
        *lines, self._line = (self._line + data).split(b'\n')
        for line in lines:
            self._command(line.decode(errors='replace').strip())

    def _command(self, line):
        """
        A line from the guest:
            ready | exit STATUS         the job may start; it ended
            suite NAME                  artifacts are of this one of several suites now
            artifact NAME               what follows is a file for the host
            data BASE64 | line TEXT     ... its content
            end                         ... its end
            expect BASE64               a pattern that the kernel log may have
            monitor BASE64              a command for QEMU; the answer is a line of base64
            ghes KIND ADDRESS           an error for the firmware to report (see ghes.py);
                                        likewise, and empty if that worked
        """
        word, _, rest = line.partition(' ')
        if word == 'ready':
            self.booted = True
        elif word == 'exit':
            self.status = int(rest)
        elif word == 'suite':
            self._suite = pathlib.Path(rest).name
        elif word == 'artifact':
            name = re.sub(r'[^\w.:+-]', '_', rest) or 'unnamed'
            self._open = {'name': name, 'data': bytearray()}
        elif word == 'data' and self._open:
            self._open['data'] += base64.b64decode(rest)
        elif word == 'line' and self._open:
            self._open['data'] += rest.encode() + b'\n'
        elif word == 'end' and self._open:
            folder = self.results / self._suite / 'artifacts'
            folder.mkdir(parents=True, exist_ok=True)
            (folder / self._open['name']).write_bytes(self._open['data'])
            self.artifacts.append(folder / self._open['name'])
            self._open = {}
        elif word == 'expect':
            self.expected.append(base64.b64decode(rest).decode())
        elif word == 'monitor':
            answer = self._ask_monitor(base64.b64decode(rest).decode())
            self._control.sendall(base64.b64encode(answer.encode()) + b'\n')
        elif word == 'ghes' and self.machine.ghes:
            kind, _, address = rest.partition(' ')
            answer = ghes.inject(f'{self._folder}/qmp', kind, int(address, 0))
            self._control.sendall(base64.b64encode(answer.encode()) + b'\n')
        else:
            self.failure = f'the guest sent nonsense: {line[:80]}'

    def _ask_monitor(self, command):
        if command.split(' ')[0] not in MONITOR_WORDS or '\n' in command:
            return f'refused: {command}'
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(f'{self._folder}/monitor')

            def until_prompt():
                data = b''
                while not data.endswith(b'(qemu) '):
                    data += sock.recv(4096)
                return data.decode(errors='replace')

            until_prompt()
            sock.sendall(command.encode() + b'\n')
            # The monitor echoes as a terminal does: the answer is after the first line.
            return until_prompt().partition('\n')[2].removesuffix('(qemu) ').replace('\r', '')
