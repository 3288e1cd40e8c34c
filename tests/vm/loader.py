# SPDX-License-Identifier: GPL-2.0-or-later
"""How a guest's kernel is started: by QEMU itself, or by GRUB of a CD, under SeaBIOS or OVMF.

GRUB first runs what it finds in /grub.cfg of the guest's disk, so that a boot can
tell the next one's GRUB something. By kexec a kernel is started by the guest
itself, which finds the initramfs on a disk of its own: see next_kernel().
"""
import pathlib
import shutil
import subprocess

LOADERS = ('kernel', 'grub', 'grub-efi', 'kexec')
# Of grub-pc-bin and grub-efi-amd64-bin
PLATFORMS = {'grub': '/usr/lib/grub/i386-pc', 'grub-efi': '/usr/lib/grub/x86_64-efi'}
GRUB_MODULES = ('part_msdos part_gpt iso9660 ext2 normal configfile search search_fs_file test '
                'serial terminal echo mmap linux')
OVMF = '/usr/share/ovmf/OVMF.fd'
KEXEC_KERNEL = 'memras/vmlinuz'


def _drive(name, path, more):
    return ['-drive', f'file={path},format=raw,if=none,id={name},readonly=on',
            '-device', f'virtio-blk-pci,drive={name}{more}']


def _make_cd(loader, kernel, initrd, words, folder):
    """A CD whose GRUB starts the kernel; returns its path. FOLDER is for it and its making."""
    top = pathlib.Path(folder, 'cd')
    (top / 'boot/grub').mkdir(parents=True)
    # In GRUB's own format only the bzImage is one that it knows.
    shutil.copy(kernel.packed, top / 'vmlinuz')
    shutil.copy(initrd, top / 'initrd')
    (top / 'boot/grub/grub.cfg').write_text('\n'.join([
        'serial --unit=0', 'terminal_output serial',
        'search --file --set=disk /grub.cfg',
        'if [ -n "$disk" ]; then source ($disk)/grub.cfg; fi',
        f'linux /vmlinuz {words}', 'initrd /initrd', 'echo "grub: starts the kernel"', 'boot', '']))
    made = subprocess.run(['grub-mkrescue', '-d', PLATFORMS[loader], '-o', f'{folder}/cd.iso',
                           '--locales=', '--fonts=', '--themes=',
                           f'--install-modules={GRUB_MODULES} '
                           + ('biosdisk' if loader == 'grub' else ''), str(top)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    shutil.rmtree(top)
    if made.returncode:
        raise SystemExit(f'guest: no CD with GRUB can be made:\n{made.stdout}')
    return f'{folder}/cd.iso'


def arguments(loader, kernel, initrd, words, folder, goes_on):
    """QEMU's arguments. With GOES_ON the guest starts another kernel by kexec then."""
    if loader not in PLATFORMS:
        cmd = ['-kernel', str(kernel.image), '-initrd', initrd, '-append', words]
    else:
        cmd = _drive('cd', _make_cd(loader, kernel, initrd, words, folder), ',bootindex=0')
        if loader == 'grub-efi':
            cmd += ['-bios', OVMF]
    return cmd + (_drive('initrd', initrd, ',serial=initrd') if goes_on else [])


def next_kernel():
    """Lines of a job, for bash, that start the same kernel again, as the next boot."""
    return ['for disk in /sys/block/vd*; do',
            '[ "$(<$disk/serial)" != initrd ] || cat /dev/${disk##*/} >/run/initrd',
            'done',
            f'kexec /{KEXEC_KERNEL} /run/initrd '
            '"$(</proc/cmdline) memras.boot=$((MEMRAS_BOOT + 1))"',
            'exit 1']
