#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0-or-later
# GNU General Public License v2.0 or later, so also v3.0+
DOCUMENTATION = r'''
---
module: memras_block
short_description: Take memory blocks offline and bring them online
version_added: 0.1.0
description:
  - Runs C(memras block offline) or C(memras block online).
  - A block that is in the wanted state already is no change.
  - memras stops at the first block that fails, unless I(force) is set; the task fails then, and
    reports a change if other blocks changed.
options:
  blocks:
    description:
      - Which blocks, as memras-block(8) says, for example C(32-39), C(node:1),
        C(phys:0x100000000+16G), C(all). C(size:4G) is refused, as it chooses other blocks each
        time; see I(total).
    type: list
    elements: str
  total:
    description:
      - Take memory offline until this much is offline, or with I(state=online) bring memory
        online until no more than this is offline. memras chooses the blocks. It is a number of
        bytes, or one with K, M, G or T.
    type: str
  state:
    description:
      - The state to bring the blocks into.
    type: str
    choices: [offline, online]
    required: true
  zone:
    description:
      - With I(state=online), the zone that the blocks go to.
    type: str
    choices: [back, movable, kernel, auto]
  target_node:
    description:
      - With I(state=offline), the nodes that the pages of the blocks move to.
    type: str
    choices: [near, any]
  timeout:
    description:
      - Give up on a block after this time, for example C(60s).
    type: str
  retries:
    description:
      - With I(state=offline), how often to retry a busy block at most.
    type: int
  force:
    description:
      - Go on with the next block if one fails.
    type: bool
    default: false
attributes:
  diff_mode:
    description: Shows the states of the blocks that change.
    support: full
extends_documentation_fragment:
  - memras.memras.memras
  - memras.memras.memras.action
author:
  - The memras maintainers (@memras)
'''

EXAMPLES = r'''
- name: Take the memory of node 1 offline
  memras.memras.memras_block:
    blocks: ["node:1"]
    state: offline
    timeout: 2m

- name: Have 16 GiB offline, wherever it is easiest
  memras.memras.memras_block:
    total: 16G
    state: offline

- name: Bring everything back
  memras.memras.memras_block:
    blocks: [all]
    state: online
'''

RETURN = r'''
memras:
  description:
    - The document of memras, see C(block-offline.schema.json). With I(total), if nothing is to
      be done, that of C(memras status).
  returned: when memras printed one
  type: dict
  sample:
    command: block offline
    dry_run: false
    summary: {requested: 2, planned: 0, offlined: 2, already: 0, failed: 0}
reason:
  description: Why the first block or word failed.
  returned: failure
  type: str
  sample: no such memory block
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
from ansible.module_utils.common.text.formatters import human_to_bytes
from ansible_collections.memras.memras.plugins.module_utils.memras import (
    DONE, Memras, argument_spec)


def chosen(module, memras):
    """The blocks as words of memras: those that the task names, or a size."""
    words = module.params['blocks']
    if words is not None:
        if any(word.startswith('size:') for word in words):
            module.fail_json(msg='blocks: "size:" chooses other blocks each time: use "total"')
        return words
    try:
        total = human_to_bytes(module.params['total'])
    except ValueError as error:
        module.fail_json(msg=f'total: {error}')
    status = memras.read(['status'])
    missing = total - status['memory']['offline']
    if module.params['state'] == 'online':
        missing = -missing
    if missing <= 0:
        memras.end(status)
    return [f'size:{missing}']


def states(memras):
    """The state of each block."""
    return {block['block']: block['state'] for block in memras.read(['block', 'list'])['blocks']}


def difference(before, document, state):
    """The states of the blocks that changed, or would by a dry run."""
    changed = [str(result['block']) for result in document['results']
               if result['result'] in DONE]
    return {'before': {block: before[block] for block in changed},
            'after': {block: state for block in changed}}


def main():
    module = AnsibleModule(argument_spec=argument_spec(
        blocks=dict(type='list', elements='str'),
        total=dict(type='str'),
        state=dict(type='str', choices=['offline', 'online'], required=True),
        zone=dict(type='str', choices=['back', 'movable', 'kernel', 'auto']),
        target_node=dict(type='str', choices=['near', 'any']),
        timeout=dict(type='str'),
        retries=dict(type='int'),
        force=dict(type='bool', default=False)),
        required_one_of=[('blocks', 'total')], mutually_exclusive=[('blocks', 'total')],
        supports_check_mode=True)
    memras = Memras(module)
    state = module.params['state']
    before = states(memras) if module._diff else None
    document = memras.act(['block', state],
                          memras.options('zone', 'target_node', 'timeout', 'retries', 'force'),
                          chosen(module, memras))
    memras.end(document, **({'diff': difference(before, document, state)} if module._diff else {}))


if __name__ == '__main__':
    main()
