#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0-or-later
# GNU General Public License v2.0 or later, so also v3.0+
DOCUMENTATION = r'''
---
module: memras_policy
short_description: Set what memras-watch.service does by itself
version_added: 0.1.0
description:
  - Writes the setting C(MEMRAS_WATCH_OPTIONS) of C(memras-watch.service), and leaves the other
    lines of its file alone. See memras-watch(8).
  - Without any of the options, the setting is removed. The service then records what others
    retire, and does nothing else.
  - memras checks the options before the file is written. The service reads it when it is started.
options:
  restore_pool:
    description:
      - Give pools of hugepages back what they lost to retired pages.
    type: bool
    default: false
  retire:
    description:
      - Retire a page at this many corrected errors within this time, for example C(2/24h).
    type: str
  budget:
    description:
      - With I(retire), retire no page if more than this would be poisoned then, for example
        C(64M).
    type: str
  cause:
    description:
      - What the list says of pages of which it is not known why they were retired. One word.
    type: str
  exec:
    description:
      - A program to run for each page, an absolute path.
    type: str
  path:
    description:
      - The file.
    type: path
    default: /etc/default/memras-watch
  executable:
    description:
      - The program that checks the options, a name or a path.
    type: path
    default: memras
attributes:
  check_mode:
    description: The file is not written.
    support: full
  diff_mode:
    description: Shows the file.
    support: full
requirements:
  - memras on the managed machine
author:
  - The memras maintainers (@memras)
'''

EXAMPLES = r'''
- name: Retire pages at their second corrected error within a day, up to 64 MiB in all
  memras.memras.memras_policy:
    restore_pool: true
    retire: 2/24h
    budget: 64M
  notify: Restart memras-watch
'''

RETURN = r'''
options:
  description: The options of memras watch that the file has now.
  returned: success
  type: str
  sample: --act restore-pool,retire=2/24h --budget 64M
reason:
  description: Why memras refused the options.
  returned: failure
  type: str
  sample: "--act retire wants N/TIME: retire=2/24h"
'''

import os
import re
import shutil
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.memras.memras.plugins.module_utils.memras import Memras

SETTING = 'MEMRAS_WATCH_OPTIONS'
USAGE = 2


def watch_options(module, memras):
    """The options of memras watch, as words that systemd does not split or unquote."""
    acts = ['restore-pool'] if module.params['restore_pool'] else []
    if module.params['retire'] is not None:
        acts.append(f'retire={module.params["retire"]}')
    words = (['--act', ','.join(acts)] if acts else []) + memras.options('budget', 'cause', 'exec')
    for word in words:
        if not re.fullmatch(r'[\w./:=,@%+-]+', word, re.ASCII):
            module.fail_json(msg=f'"{word}" cannot be a word of {SETTING}',
                             reason='only letters, digits and ./:=,@%+-_ can')
    if not (module.params['exec'] or '/').startswith('/'):
        module.fail_json(msg='exec is not an absolute path', reason='memras watch wants one')
    return words


def check(module, memras, words):
    """Has memras parse the options; on an empty machine it watches nothing."""
    empty = tempfile.mkdtemp(dir=module.tmpdir)
    try:
        status, document = memras.run(['watch', '--once', '--dry-run', '--sysroot', empty], words)
    finally:
        shutil.rmtree(empty)
    if status == USAGE:
        memras.fail(status, document)


def edited(module, text, words):
    """The text of the file with these options."""
    line = f'{SETTING}="{" ".join(words)}"\n' if words else ''
    found = re.findall(rf'(?m)^[ \t]*{SETTING}[ \t]*=.*\n?', text)
    if any(re.search(r'\\\s*\Z', old) or old.count('"') % 2 or old.count("'") % 2 for old in found):
        module.fail_json(msg=f'{module.params["path"]}: {SETTING} goes on in the next line',
                         reason='the file is not changed; write the setting on one line')
    for old in found[:-1]:
        text = text.replace(old, '', 1)
    if found:
        return text.replace(found[-1], line, 1)
    if text and line and not text.endswith('\n'):
        text += '\n'
    return text + line


def main():
    module = AnsibleModule(argument_spec=dict(
        restore_pool=dict(type='bool', default=False),
        retire=dict(type='str'),
        budget=dict(type='str'),
        cause=dict(type='str'),
        exec=dict(type='str'),
        path=dict(type='path', default='/etc/default/memras-watch'),
        executable=dict(type='path', default='memras')), supports_check_mode=True)
    path = module.params['path']
    memras = Memras(module)
    words = watch_options(module, memras)
    check(module, memras, words)
    before = ''
    if os.path.exists(path):
        with open(path, encoding='utf-8') as file:
            before = file.read()
    after = edited(module, before, words)
    if after != before and not module.check_mode:
        with tempfile.NamedTemporaryFile('w', encoding='utf-8', dir=module.tmpdir,
                                         delete=False) as file:
            file.write(after)
        # Keeps owner and mode of a file that is there; a new one is as any of /etc/default.
        new = not os.path.exists(path)
        module.atomic_move(file.name, path)
        if new:
            module.set_mode_if_different(path, '0644', False)
    module.exit_json(changed=after != before, options=' '.join(words),
                     diff={'before': before, 'after': after, 'before_header': path,
                           'after_header': path})


if __name__ == '__main__':
    main()
