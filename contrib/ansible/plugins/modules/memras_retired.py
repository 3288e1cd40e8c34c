#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0-or-later
# GNU General Public License v2.0 or later, so also v3.0+
DOCUMENTATION = r'''
---
module: memras_retired
short_description: Keep the list of pages that stay retired over reboots
version_added: 0.1.0
description:
  - Runs C(memras retired import), C(memras retired restore) or C(memras retired forget).
  - Pages that are on the list, retired or not on the list already are no change.
options:
  state:
    description:
      - C(imported) adds the pages that a file names to the list, and retires nothing.
        C(restored) retires each page of the list. C(forgotten) takes pages from the list; what is
        retired stays so until the next boot.
    type: str
    choices: [imported, restored, forgotten]
    required: true
  src:
    description:
      - With I(state=imported), the file on the managed machine, for example the database of
        rasdaemon.
    type: path
  format:
    description:
      - With I(state=imported), what the file is, see memras-retired(8). memras finds out by
        itself.
    type: str
  min_errors:
    description:
      - With I(state=imported), leave out pages with fewer errors in rasdaemon's database.
    type: int
  since:
    description:
      - With I(state=imported), count only errors in rasdaemon's database since this date.
    type: str
  cause:
    description:
      - With I(state=imported), why these pages are retired.
    type: str
  targets:
    description:
      - With I(state=forgotten), the pages, or C(all).
    type: list
    elements: str
  timeout:
    description:
      - With I(state=restored), for how long to try busy pages.
    type: str
  pending:
    description:
      - With I(state=restored), whether pages that cannot be retired yet are a failure. If
        C(allowed), they are in C(results) of C(memras), and C(memras-retry.timer) tries them
        again.
    type: str
    choices: [failure, allowed]
    default: failure
  force:
    description:
      - Go on though the list, or the file, is of other memory.
    type: bool
    default: false
attributes:
  diff_mode:
    description:
      - Shows the list. In check mode the dry run of memras has numbers, but not the pages that
        would come or go.
    support: partial
extends_documentation_fragment:
  - memras.memras.memras
  - memras.memras.memras.action
author:
  - The memras maintainers (@memras)
'''

EXAMPLES = r'''
- name: Put what rasdaemon saw ten errors of on the list
  memras.memras.memras_retired:
    state: imported
    src: /var/lib/rasdaemon/ras-mc_event.db
    min_errors: 10

- name: Retire what is on the list
  memras.memras.memras_retired:
    state: restored
    pending: allowed
'''

RETURN = r'''
memras:
  description: The document of memras, see C(retired-import.schema.json) and its neighbours.
  returned: when memras printed one
  type: dict
  sample: {command: retired import, dry_run: false, read: 2, added: 2, recorded: 2, notes: []}
reason:
  description: Why the first page or word failed.
  returned: failure
  type: str
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

# The command, its options, and the argument that has its operands.
COMMANDS = {
    'imported': ('import', ['format', 'min_errors', 'since', 'cause', 'force'], 'src'),
    'restored': ('restore', ['timeout', 'force'], None),
    'forgotten': ('forget', [], 'targets'),
}


def entries(memras):
    """The list, a line for each page."""
    return [f'{page["pfn"]:#x} {page["state"]} {page["cause"]}'
            for page in memras.read(['retired', 'list'])['retired']]


def expected(before, document):
    """What a dry run says of the list after it."""
    planned = {f'{page["pfn"]:#x}' for page in document.get('results', ())
               if page['result'] == 'planned'}
    after = [line.replace(' pending ', ' retired ', 1) if line.split()[0] in planned else line
             for line in before]
    if document.get('added'):
        after.append(f'({document["added"]} pages more)')
    if document.get('forgotten'):
        after.append(f'({document["forgotten"]} pages less)')
    return after


def text(lines):
    return ''.join(line + '\n' for line in lines)


def main():
    module = AnsibleModule(argument_spec=argument_spec(
        state=dict(type='str', choices=list(COMMANDS), required=True),
        src=dict(type='path'),
        format=dict(type='str'),
        min_errors=dict(type='int'),
        since=dict(type='str'),
        cause=dict(type='str'),
        targets=dict(type='list', elements='str'),
        timeout=dict(type='str'),
        pending=dict(type='str', choices=['failure', 'allowed'], default='failure'),
        force=dict(type='bool', default=False)),
        required_if=[('state', 'imported', ['src']), ('state', 'forgotten', ['targets'])],
        supports_check_mode=True)
    memras = Memras(module)
    command, options, operand = COMMANDS[module.params['state']]
    operands = module.params[operand] if operand else []
    before = entries(memras) if module._diff else []
    document = memras.act(['retired', command], memras.options(*options),
                          [operands] if operand == 'src' else operands,
                          pending=module.params['pending'] == 'allowed')
    more = {}
    if module._diff:
        after = expected(before, document) if module.check_mode else entries(memras)
        more['diff'] = {'before': text(before), 'after': text(after)}
    memras.end(document, **more)


if __name__ == '__main__':
    main()
