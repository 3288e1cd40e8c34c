# SPDX-License-Identifier: GPL-2.0-or-later
"""What the documentation of the modules has in common."""


class ModuleDocFragment:
    DOCUMENTATION = r'''
options:
  executable:
    description:
      - The program, a name or a path.
    type: path
    default: memras
  sysroot:
    description:
      - Read the captured machine in this directory. It is never acted on, so that only check
        mode says something about it.
    type: path
  state_dir:
    description:
      - Where the list of retired pages is, if not in C(/var/lib/memras).
    type: path
requirements:
  - memras on the managed machine
notes:
  - Without root, most of what memras reads and changes is refused, see memras(8).
'''

    ACTION = r'''
attributes:
  check_mode:
    description: Runs C(memras --dry-run), which changes nothing and says what would be done.
    support: full
'''
