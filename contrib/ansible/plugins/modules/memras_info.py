#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0-or-later
# GNU General Public License v2.0 or later, so also v3.0+
DOCUMENTATION = r'''
---
module: memras_info
short_description: Read the state of memory with memras
version_added: 0.1.0
description:
  - Returns what memras says of the memory of a machine, as its own JSON documents.
  - Changes nothing.
options:
  gather:
    description:
      - Which documents to read.
      - C(status) has poisoned memory, errors, totals of memory blocks and hugepages, and the
        retired list in numbers. C(blocks) lists the memory blocks, C(doctor) what works on this
        machine and why not, C(retired) the list of retired pages, C(hugepages) the hugepages and
        C(quarantine) the pages that the module of memras holds.
    type: list
    elements: str
    choices: [status, blocks, doctor, retired, hugepages, quarantine]
    default: [status]
attributes:
  check_mode:
    description: Changes nothing in any mode.
    support: full
extends_documentation_fragment:
  - memras.memras.memras
author:
  - The memras maintainers (@memras)
'''

EXAMPLES = r'''
- name: Read the state of memory
  memras.memras.memras_info:
    gather: [status, retired]
  register: memory

- name: Name the machines that have lost memory
  ansible.builtin.debug:
    msg: "{{ memory.memras.status.hardware_corrupted }} bytes are poisoned"
  when: memory.memras.status.hardware_corrupted > 0
'''

RETURN = r'''
memras:
  description:
    - A document for each word of I(gather). Their schemas are installed with memras
      (C(status.schema.json), C(block-list.schema.json) and so on).
  returned: success
  type: dict
  sample:
    status: {command: status, hardware_corrupted: 4096, retired: {recorded: 1, pending: 0}}
'''

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.memras.memras.plugins.module_utils.memras import Memras, argument_spec

COMMANDS = {
    'status': ['status'],
    'blocks': ['block', 'list'],
    'doctor': ['doctor'],
    'retired': ['retired', 'list'],
    'hugepages': ['hugepage', 'list'],
    'quarantine': ['quarantine', 'list'],
}


def main():
    module = AnsibleModule(argument_spec=argument_spec(
        gather=dict(type='list', elements='str', choices=list(COMMANDS), default=['status'])),
        supports_check_mode=True)
    memras = Memras(module)
    module.exit_json(changed=False, memras={name: memras.read(COMMANDS[name])
                                            for name in module.params['gather']})


if __name__ == '__main__':
    main()
