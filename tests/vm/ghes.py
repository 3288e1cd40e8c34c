# SPDX-License-Identifier: GPL-2.0-or-later
"""Memory errors that a guest's firmware reports: a record for ACPI's generic hardware error
source, sent to QEMU, which puts it where the firmware would and tells the guest.

The formats are those of the UEFI specification, appendix N (common platform error record),
and of ACPI, "Generic Error Status Block" and "Generic Error Data Entry".
"""
import base64
import json
import socket
import struct
import uuid

PLATFORM_MEMORY = uuid.UUID('a5bc1114-6f64-4ede-b863-3e83ed7c83b1')
RECOVERABLE, CORRECTED = 0, 2           # severities
# kind of error: severity, whether a threshold of corrected errors was exceeded
KINDS = {'recoverable': (RECOVERABLE, False), 'corrected': (CORRECTED, False),
         'threshold': (CORRECTED, True)}
PAGES = (1 << 64) - 4096                # the mask of an address that is known to 4 KiB


def record(kind, address):
    """The error status block for one error at a physical address."""
    severity, exceeded = KINDS[kind]
    # Which fields are valid: address, its mask, and the type of the error
    valid = 1 << 1 | 1 << 2 | 1 << 14
    error_type = 3 if severity == RECOVERABLE else 2            # bits: several, or one
    section = struct.pack('<QQQQ8HQQQBBHHH', valid, 4 << 8, address, PAGES, *[0] * 8,
                          0, 0, 0, error_type, 0, 0, 0, 0)
    entry = PLATFORM_MEMORY.bytes_le + struct.pack(
        '<IHBBI16x20x8x', severity, 0x300, 0, 1 << 3 if exceeded else 0, len(section))
    entries = 1 << 4
    status = struct.pack('<IIIII', entries | 1 << (1 if severity == CORRECTED else 0), 0, 0,
                         len(entry) + len(section), severity)
    return status + entry + section


def inject(path, kind, address):
    """Has the firmware of the guest, whose QMP socket is PATH, report an error; QEMU's answer."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(10)
        sock.connect(path)
        stream = sock.makefile('rw')

        def ask(command, **arguments):
            stream.write(json.dumps({'execute': command, 'arguments': arguments}) + '\n')
            stream.flush()
            for line in stream:
                answer = json.loads(line)
                if 'return' in answer or 'error' in answer:
                    return answer.get('error', {}).get('desc', '')
            return 'QEMU is gone'

        stream.readline()
        ask('qmp_capabilities')
        return ask('inject-ghes-v2-error',
                   cper=base64.b64encode(record(kind, address)).decode())
