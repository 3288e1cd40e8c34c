# SPDX-License-Identifier: GPL-2.0-or-later
"""The initramfs of a guest.

Two archives, which the kernel unpacks one over the other: a base of this
machine's own programs (for a guest of another architecture, those of a sysroot)
and the kernel's modules, cached by content, and the files of the run: memras, its
module, the suites and their files.
"""
import functools
import hashlib
import lzma
import os
import pathlib
import re
import shutil
import stat
import subprocess
import tempfile

# Debian packages that every guest has completely.
PACKAGES = ('bash coreutils util-linux mount kmod procps gojq grep sed mawk findutils '
            'gzip diffutils bats').split()
# ... and single programs and files of others.
PROGRAMS = 'awk sh mkfs.ext4'.split()
# Modules that every guest has, if its kernel has them, and as modules.
MODULES = '''virtio_pci virtio_console virtio_blk virtio_mem virtio_balloon ext4 loop
    hwpoison-inject memory-notifier-error-inject mce-inject nhpoly1305 crc32c_generic
    crc32c-intel crc32c-cryptoapi ksm zsmalloc zram brd nd_e820 nd_pmem nd_btt dax_pmem
    device_dax fuse'''.split()

FILES = {
    'etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n'
                  'nobody:x:65534:65534:nobody:/nonexistent:/bin/sh\n',
    'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
    'etc/hostname': 'guest\n',
}
# jq takes a third of a second to start under emulation, gojq a tenth of that.
LINKS = {'usr/bin/jq': 'gojq'}
DIRS = 'proc sys dev run tmp root mnt mnt/disk var var/lib var/log'.split()


def cache_dir(*names):
    """A directory of the cache, created if needed."""
    base = os.environ.get('MEMRAS_CACHE')
    if not base:
        base = os.path.join(os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'),
                            'memras')
    path = pathlib.Path(base, *names)
    path.mkdir(parents=True, exist_ok=True)
    return path


def find_program(name):
    path = shutil.which(name, path='/usr/sbin:/usr/bin:/sbin:/bin')
    if not path:
        raise SystemExit(f'guest: {name} is not there; contrib/install-deps installs it')
    return path


class Host:
    """The root file system that a guest's programs are copied from: this machine's."""
    top = ''
    cross = ''                  # what the names of its compilers begin with

    @staticmethod
    def program(name):
        return find_program(name)

    @functools.cached_property
    def _linker_cache(self):
        """The libraries that the dynamic linker finds by name: {soname: path}."""
        out = subprocess.run(['/sbin/ldconfig', '-p'], stdout=subprocess.PIPE, text=True,
                             check=True).stdout
        return dict(re.findall(r'^\t(\S+) \(.*\) => (/\S+)$', out, re.MULTILINE)[::-1])

    def library(self, name):
        return self._linker_cache.get(name)

    @staticmethod
    def package_files(packages):
        out = subprocess.run(['dpkg', '-L', *packages], stdout=subprocess.PIPE, text=True,
                             check=False)
        if out.returncode:
            raise SystemExit('guest: packages are missing; contrib/install-deps installs them')
        return out.stdout.splitlines()


class Sysroot:
    """... one of another architecture: see fetch-sysroot."""

    def __init__(self, arch, tree):
        self.top = subprocess.run([tree / 'tests/vm/fetch-sysroot', arch], check=True, text=True,
                                  stdout=subprocess.PIPE).stdout.strip()
        self.cross = subprocess.run(['dpkg-architecture', '-f', '-a', arch, '-q',
                                     'DEB_HOST_GNU_TYPE'], stdout=subprocess.PIPE,
                                    stderr=subprocess.DEVNULL, text=True,
                                    check=True).stdout.strip()
        self._libraries = [f'/usr/lib/{self.cross}', '/usr/lib']
        self.cross += '-'

    def program(self, name):
        for folder in ('/usr/bin', '/usr/sbin') if name[0] != '/' else ('',):
            if os.path.exists(f'{self.top}{folder}/{name}'):
                return f'{folder}/{name}'
        raise SystemExit(f'guest: {name} is in no package of tests/vm/fetch-sysroot')

    def library(self, name):
        return next((f'{folder}/{name}' for folder in self._libraries
                     if os.path.exists(f'{self.top}{folder}/{name}')), None)

    def package_files(self, packages):
        return [line for name in packages
                for line in pathlib.Path(self.top, 'files', name).read_text().splitlines()]


@functools.lru_cache
def root_of(arch, tree):
    """Where the programs of a guest of this architecture come from."""
    own = subprocess.run(['dpkg', '--print-architecture'], stdout=subprocess.PIPE, text=True,
                         check=True).stdout.strip()
    return Host() if arch == own else Sysroot(arch, tree)


class Archive:
    """A cpio archive: {path in the guest: (mode, file or bytes)}; files come from ROOT."""

    def __init__(self, root):
        self.entries = {}
        self.root = root

    def mkdir(self, path):
        path = str(path).strip('/')
        if path and path not in self.entries:
            self.mkdir(os.path.dirname(path))
            self.entries[path] = (stat.S_IFDIR | 0o755, b'')

    def put(self, path, data, mode=0o644):
        """DATA is bytes, or a path on the host, whose content and mode are used."""
        path = str(path).strip('/')
        self.mkdir(os.path.dirname(path))
        if not isinstance(data, bytes):
            data = pathlib.Path(data)
            mode = data.stat().st_mode & 0o777
        self.entries[path] = (stat.S_IFREG | mode, data)

    def link(self, path, target):
        self.mkdir(os.path.dirname(path))
        self.entries[path] = (stat.S_IFLNK | 0o777, target.encode())

    def root_file(self, path):
        """A file of the root at the same path, with all symbolic links of the path."""
        top = self.root.top
        done = ''
        for part in str(path).strip('/').split('/'):
            if part == '..':
                done = os.path.dirname(done)
                continue
            here = f'{done}/{part}'
            if os.path.islink(top + here):
                target = os.readlink(top + here)
                if here[1:] not in self.entries:
                    self.link(here[1:], target)
                done = self.root_file(os.path.join(done, target))
            else:
                done = here
        if os.path.isdir(top + done):
            self.mkdir(done)
        else:
            self.put(done, pathlib.Path(top + done))
        return done

    def digest(self):
        """An id of the content: of files by size and time, without reading them."""
        sha = hashlib.sha256()
        for path, (mode, data) in sorted(self.entries.items()):
            if isinstance(data, pathlib.Path):
                st = data.stat()
                data = f'{data} {st.st_size} {st.st_mtime_ns}'.encode()
            sha.update(f'{path}\0{mode}\0'.encode() + data + b'\0')
        return sha.hexdigest()[:24]

    def write(self, out):
        """In the "newc" format of Documentation/driver-api/early-userspace/."""
        def entry(path, mode, data, ino):
            name = path.encode() + b'\0'
            fields = (ino, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
            head = b'070701' + b''.join(b'%08x' % n for n in fields) + name
            out.write(head + b'\0' * (-len(head) % 4) + data + b'\0' * (-len(data) % 4))

        # Sorted, a directory comes before its content.
        for ino, (path, (mode, data)) in enumerate(sorted(self.entries.items()), 1):
            if isinstance(data, pathlib.Path):
                data = data.read_bytes()
            entry(path, mode, data, ino)
        entry('TRAILER!!!', 0, b'', 0)


def package_program(word, tree):
    """The program of PACKAGE/FILE; the package need not be installed."""
    package, _, file = word.partition('/')
    out = subprocess.run([tree / 'tests/fetch-program', package, file], stdout=subprocess.PIPE,
                         text=True, check=False)
    if out.returncode:
        raise SystemExit(f'guest: {word} cannot be had')
    return pathlib.Path(out.stdout.strip())


def find_library(root, name, folders=()):
    """The path of a library by its name, in FOLDERS first."""
    for folder in folders:
        if os.path.exists(f'{root.top}{folder}/{name}'):
            return f'{folder}/{name}'
    path = root.library(name)
    if not path:
        raise SystemExit(f'guest: missing library: {name}')
    return path


def opened_later(root, program):
    """The libraries that a program opens on demand, from its ELF notes."""
    out = subprocess.run([f'{root.cross}objcopy', '--dump-section',
                          '.note.dlopen=/dev/stdout', program, '/dev/null'],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    for soname in re.findall(r'"soname":\["([^"]+)"', out.decode(errors='replace')):
        yield find_library(root, soname)


def libraries(root, programs):
    """
    The shared libraries, and the loader, that the programs (paths on this machine) need,
    as paths below the root. ldd would start the
    loader of each program, hundreds of processes for every guest; readelf is one process
    for each level of dependencies.
    """
    loaders, loaded, look = set(), {}, [str(path) for path in programs]
    while look:
        # It prints names only for several files. Scripts are not ELF files.
        out = subprocess.run(['readelf', '-W', '-l', '-d', *look, '/dev/null'],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             env={**os.environ, 'LC_ALL': 'C'}, check=False).stdout
        needed = set()
        for text in re.split(r'^File: ', out, flags=re.MULTILINE)[1:]:
            origin = os.path.dirname(text.partition('\n')[0])
            folders = [folder.replace('$ORIGIN', origin.removeprefix(root.top))
                       for line in re.findall(r'\((?:RPATH|RUNPATH)\).*\[(.*)\]', text)
                       for folder in line.split(':')]
            loaders.update(re.findall(r'Requesting program interpreter: (.*)\]', text))
            # A library that is loaded already is found by name.
            needed.update(loaded.get(name) or find_library(root, name, folders)
                          for name in re.findall(r'\(NEEDED\).*\[(.*)\]', text))
        look = sorted(root.top + path for path in needed - set(loaded.values()))
        loaded.update((os.path.basename(path), path) for path in needed)
    return loaders | set(loaded.values())


def package_files(root, packages):
    for path in root.package_files(packages):
        if path.startswith('/') and not path.startswith('/usr/share/') \
                and os.path.isfile(root.top + path):
            yield path


def modules_wanted(root, names):
    """The modules of these names below ROOT, a /lib/modules/RELEASE, and what they need."""
    needs = {}
    for line in (root / 'modules.dep').read_text().splitlines():
        path, _, deps = line.partition(':')
        needs[path] = deps.split()
    by_name = {os.path.basename(path).split('.ko')[0].replace('-', '_'): path for path in needs}
    wanted = set()
    for name in names:
        path = by_name.get(name.replace('-', '_'))
        if path:
            wanted.update([path, *needs[path]])
    return sorted(wanted)


def unpacked(path):
    if path.suffix == '.xz':
        return lzma.decompress(path.read_bytes())
    if path.suffix == '.zst':
        return subprocess.run(['zstd', '-qdc', path], stdout=subprocess.PIPE, check=True).stdout
    return path.read_bytes()


def with_depmod(modules, release, module, keep):
    """Makes KEEP, a /lib/modules/RELEASE of the modules for guests, uncompressed and indexed."""
    with tempfile.TemporaryDirectory(dir=keep.parent, prefix='.modules.') as tmp:
        dest = pathlib.Path(tmp, 'lib/modules', release)
        dest.mkdir(parents=True)
        if modules:
            for name in modules_wanted(modules, MODULES):
                plain = dest / (name.partition('.ko')[0] + '.ko')
                plain.parent.mkdir(parents=True, exist_ok=True)
                plain.write_bytes(unpacked(modules / name))
            for name in ('modules.builtin', 'modules.builtin.modinfo'):
                if (modules / name).exists():
                    shutil.copy(modules / name, dest)
        if module:
            (dest / 'extra').mkdir()
            shutil.copy(module, dest / 'extra/memras.ko')
        for name in ('modules.builtin', 'modules.order'):
            (dest / name).touch()
        subprocess.run(['/sbin/depmod', '-b', tmp, release], check=True)
        try:
            dest.rename(keep)
        except OSError:            # another run was faster
            if not keep.is_dir():
                raise


def module_tree(kernel, module):
    """The guest's /lib/modules/RELEASE, cached or new: see with_depmod()."""
    sha = hashlib.sha256(repr((str(kernel.modules), kernel.release, MODULES)).encode())
    for path in (kernel.image, module):
        if path:
            st = os.stat(path)
            sha.update(f'{path} {st.st_size} {st.st_mtime_ns}'.encode())
    keep = cache_dir('modules') / f'{kernel.release}-{sha.hexdigest()[:16]}'
    if not keep.is_dir():
        with_depmod(kernel.modules, kernel.release, module, keep)
        prune(keep.parent, 24)
    return keep


def prune(folder, keep):
    """Removes all but the newest entries of a cache directory."""
    entries = sorted((p for p in folder.iterdir() if p.name[0] != '.'),
                     key=lambda p: p.stat().st_mtime)
    for path in entries[:-keep]:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def base_archive(root):
    """The programs that every guest has: a file in the cache."""
    archive = Archive(root)
    for name in DIRS:
        archive.mkdir(name)
    for name, text in FILES.items():
        archive.put(name, text.encode())
    for name, target in LINKS.items():
        archive.link(name, target)
    for link in ('bin', 'sbin', 'lib', 'lib64'):      # where the root has them merged
        if os.path.islink(f'{root.top}/{link}'):
            archive.root_file(f'/{link}')
    paths = [*package_files(root, PACKAGES), *(root.program(name) for name in PROGRAMS)]
    for path in paths:
        archive.root_file(path)
    programs = [root.top + path for path in paths if os.access(root.top + path, os.X_OK)]
    for path in sorted(libraries(root, programs)):
        archive.root_file(path)
    archive.entries['etc/mtab'] = (stat.S_IFLNK | 0o777, b'/proc/self/mounts')
    keep = cache_dir('initramfs') / f'base-{archive.digest()}.cpio'
    if not keep.exists():
        tmp = keep.with_name(f'.{keep.name}.{os.getpid()}')
        with open(tmp, 'wb') as out:
            archive.write(out)
        tmp.rename(keep)
        prune(keep.parent, 4)
    return keep


def static_programs(root, sources, tree):
    """Compiles each C file to a static program, cached by content."""
    compiler = f'{root.cross}gcc'
    flags = '-std=gnu11 -O2 -g0 -Wall -Wextra -Werror -pthread -static'.split()
    headers = b''.join(path.read_bytes() for folder in ('tests/vm', 'src/uapi')
                       for path in sorted((tree / folder).glob('*.h')))
    for source in sources:
        sha = hashlib.sha256(source.read_bytes() + headers +
                             repr([compiler, *flags]).encode()).hexdigest()
        program = cache_dir('programs') / f'{source.stem}-{sha[:16]}'
        if not program.exists():
            tmp = program.with_name(f'.{program.name}.{os.getpid()}')
            subprocess.run([compiler, *flags, f'-I{tree}/src/uapi', '-o', tmp, source], check=True)
            tmp.rename(program)
            prune(program.parent, 32)
        yield source.stem, program


def fake_module(name, kernel, tree):
    """Builds the module of tests/vm/NAME for a kernel, cached by content."""
    make = tree / 'tests/vm/build-module'
    sources = [make, *sorted((tree / 'tests/vm' / name).iterdir()),
               *sorted((tree / 'src/kmod/compat').iterdir())]
    sha = hashlib.sha256(b''.join(path.read_bytes() for path in sources)).hexdigest()[:16]
    module = cache_dir('fakes') / f'{name}-{kernel.release}-{sha}.ko'
    if not module.exists():
        if not kernel.build:
            raise SystemExit(f'guest: {name} cannot be built: {kernel.name} is a kernel without '
                             'headers')
        with tempfile.TemporaryDirectory(dir=module.parent, prefix='.build.') as tmp:
            got = subprocess.run([make, name, kernel.build, tmp, *kernel.make],
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                 check=False)
            if got.returncode:
                raise SystemExit(f'guest: {name} cannot be built:\n{got.stdout}')
            pathlib.Path(tmp, f'{name}.ko').rename(module)
        prune(module.parent, 32)
    return module


def build(out, kernel, module, memras, tree, files, fakes, programs, job, more=None):
    """Writes the initramfs of one run to the open file OUT.

    TREE is the source tree, FILES more of its files that the job needs, FAKES
    modules of tests/vm that go beside the suites, PROGRAMS more of the host's
    programs (see package_program()), JOB what the guest's init runs, MORE other
    files, {path in the guest: bytes or path}.
    """
    root = root_of(kernel.arch, tree)
    archive = Archive(root)
    here = tree / 'tests/vm'
    archive.put('init', here / 'init')
    archive.put('memras/job', job.encode(), 0o755)
    for path, data in (more or {}).items():
        archive.put(path, data)
    for path in [*here.glob('*.ba*'), here / 'tidy', *(tree / 'contrib').glob('*'),
                 *(tree / f for f in files)]:
        if path.is_file():
            archive.put(f'memras/{path.relative_to(tree)}', path)
        for below in path.rglob('*') if path.is_dir() else ():
            if below.is_file():
                archive.put(f'memras/{below.relative_to(tree)}', below)
    for name, program in static_programs(root, sorted(here.glob('*.c')), tree):
        archive.put(f'usr/local/bin/{name}', program)
    for name in fakes:
        archive.put(f'memras/tests/vm/{name}.ko', fake_module(name, kernel, tree))
    fetched = [word for word in programs if '/' in word[1:] and word[0] != '/']
    own = [root.program(name) for name in programs if name not in fetched]
    if memras:
        own.extend(opened_later(root, memras))
    for path in own:
        archive.root_file(path)
    own = [root.top + path for path in own]
    for path in [package_program(word, tree) for word in fetched]:
        archive.put(f'usr/local/bin/{path.name}', path)
        own.append(path)
    if memras:
        archive.put('usr/local/bin/memras', memras)
        own.append(memras)
    for path in sorted(libraries(root, own)) if own else ():
        archive.root_file(path)
    tree_of_modules = module_tree(kernel, module)
    top = 'usr/lib' if os.path.islink(f'{root.top}/lib') else 'lib'
    for path in sorted(tree_of_modules.rglob('*')):
        if path.is_file():
            archive.put(f'{top}/modules/{kernel.release}/{path.relative_to(tree_of_modules)}', path)
    with open(base_archive(root), 'rb') as base:
        shutil.copyfileobj(base, out)
    archive.write(out)
