#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0-or-later
# GNU General Public License v2.0 or later, so also v3.0+
DOCUMENTATION = r'''
---
module: memras_page
short_description: Retire pages of memory, quarantine them, or return them to use
version_added: 0.1.0
description:
  - Runs C(memras offline), C(memras unpoison), C(memras quarantine add) or
    C(memras quarantine release).
  - A page that is in the wanted state already is no change.
  - If part of the pages could not be brought into this state, the task fails, and reports a
    change if others were.
options:
  targets:
    description:
      - Pages, as memras(8) says, for example C(0x1a2b3), C(phys:0x1a2b3000+64K). C(all) is for
        I(state=released) alone.
    type: list
    elements: str
    required: true
  state:
    description:
      - C(offlined) retires the pages, C(unpoisoned) returns retired pages to use,
        C(quarantined) takes pages out of use without retiring them, C(released) ends that.
    type: str
    choices: [offlined, unpoisoned, quarantined, released]
    default: offlined
  mode:
    description:
      - With I(state=offlined), C(soft) moves the data first and disturbs no process. C(hard)
        does what the kernel does on an uncorrected error, and may kill processes.
    type: str
    choices: [soft, hard]
    default: soft
  force:
    description:
      - With I(mode=hard), also retire pages in use.
    type: bool
    default: false
  dissolve:
    description:
      - With I(state=offlined), give up the hugepage of a page. Its pool shrinks.
    type: bool
    default: false
  any_node:
    description:
      - With I(state=offlined), allow the replacement of a hugepage to come from another node.
    type: bool
    default: false
  record:
    description:
      - With I(state=offlined), put the pages on the list of retired pages, so that they are
        retired again after the next boot.
    type: bool
    default: true
  cause:
    description:
      - With I(state=offlined), why the pages are retired, for the list.
    type: str
  timeout:
    description:
      - With I(state=offlined) and I(state=quarantined), for how long to try busy pages, for
        example C(10s) or C(1m).
    type: str
extends_documentation_fragment:
  - memras.memras.memras
  - memras.memras.memras.action
author:
  - The memras maintainers (@memras)
'''

EXAMPLES = r'''
- name: Retire the page of an address that EDAC logged
  memras.memras.memras_page:
    targets: ["phys:0x1a2b3040"]
    cause: ticket 4711

- name: Keep 64 MiB out of use until they are tested
  memras.memras.memras_page:
    targets: ["phys:0x108000000+64M"]
    state: quarantined
'''

RETURN = r'''
memras:
  description: The document of memras, see C(offline.schema.json) and its neighbours.
  returned: when memras printed one
  type: dict
  sample:
    command: offline
    mode: soft
    dry_run: false
    summary: {requested: 1, planned: 0, offlined: 1, already: 0, refused: 0, failed: 0}
reason:
  description: Why the first page or word was refused or failed.
  returned: failure
  type: str
  sample: page is a slab page, which cannot be moved
hint:
  description: What memras advises, or none.
  returned: failure
  type: str
errors:
  description: All errors, each with C(object), C(errno), C(reason) and C(hint).
  returned: failure
  type: list
  elements: dict
'''

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.memras.memras.plugins.module_utils.memras import Memras, argument_spec

COMMANDS = {
    'offlined': ['offline'],
    'unpoisoned': ['unpoison'],
    'quarantined': ['quarantine', 'add'],
    'released': ['quarantine', 'release'],
}


def main():
    module = AnsibleModule(argument_spec=argument_spec(
        targets=dict(type='list', elements='str', required=True),
        state=dict(type='str', choices=list(COMMANDS), default='offlined'),
        mode=dict(type='str', choices=['soft', 'hard'], default='soft'),
        force=dict(type='bool', default=False),
        dissolve=dict(type='bool', default=False),
        any_node=dict(type='bool', default=False),
        record=dict(type='bool', default=True),
        cause=dict(type='str'),
        timeout=dict(type='str')), supports_check_mode=True)
    memras = Memras(module)
    # An option that a command lacks is refused by memras.
    options = memras.options('force', 'dissolve', 'any_node', 'cause', 'timeout')
    if module.params['state'] == 'offlined':
        options.append('--' + module.params['mode'])
    if not module.params['record']:
        options.append('--no-record')
    memras.end(memras.act(COMMANDS[module.params['state']], options, module.params['targets']))


if __name__ == '__main__':
    main()
