# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs memras for the modules: its JSON document, its exit code, and its dry run."""
import json
import subprocess

# What a summary counts that changed the machine, or would by a dry run.
DONE = ('planned', 'offlined', 'onlined', 'unpoisoned', 'held', 'released')


def argument_spec(**own):
    """The arguments of a module: its own, and those that all have."""
    return dict(own, executable=dict(type='path', default='memras'), sysroot=dict(type='path'),
                state_dir=dict(type='path'))


def named(result):
    """The page, the word, or the block that a result is of, as in the messages of memras."""
    if 'pfn' in result and 'pages' not in result:
        return f'{result["pfn"]:#x}'
    return result.get('target', result.get('block'))


def errors_of(document):
    """Each error that the document has, with the word, page or block that it is about."""
    found = [(document.get('object'), document.get('error'))]
    found += [(named(result), result['error']) for result in document.get('results', ())]
    found.append(('retired list', (document.get('retired_list') or {}).get('error')))
    return [dict(error, object=about) for about, error in found if error]


def has_changed(document):
    """Whether something was done, or would be by a dry run: "already" is no change."""
    summary = document.get('summary', {})
    return bool(any(summary.get(word) for word in DONE)
                or document.get('added') or document.get('forgotten')
                # Lost pages of a quarantine are held again though the rest of it failed.
                or any(result.get('held') for result in document.get('results', ())))


def message(document, errors):
    """The reason and the hint of the first error."""
    first = errors[0]
    about = '' if first['object'] is None else f'{first["object"]}: '
    text = f'memras {document["command"]}'.rstrip() + f': {about}{first["reason"]}'
    if first['hint']:
        text += f' (hint: {first["hint"]})'
    return text + (f'; {len(errors) - 1} more in "errors"' if len(errors) > 1 else '')


class Memras:
    """memras on the machine that a module runs on."""

    def __init__(self, module):
        self.module = module
        self.command = [module.get_bin_path(module.params['executable'], required=True), '--json']
        self.command += self.options('sysroot', 'state_dir')

    def options(self, *names):
        """The options that the module's arguments of these names stand for."""
        words = []
        for name in names:
            value = self.module.params.get(name)
            if value is not None and value is not False:
                words.append('--' + name.replace('_', '-'))
                words += [] if value is True else [str(value)]
        return words

    def run(self, command, options=(), targets=()):
        """(exit code, document) of a command; its words are never seen by a shell."""
        argv = [*self.command, *command, *options, *(['--', *targets] if targets else ())]
        # run_command() waits for output a second at a time. Of what is printed, and ended, just
        # after such a second it reads nothing (ansible-core 2.14, module_utils/basic.py).
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=False)
        status = done.returncode
        out, err = (text.decode(errors='replace') for text in (done.stdout, done.stderr))
        try:
            document = json.loads(out)
        except ValueError:
            self.module.fail_json(
                msg=f'{" ".join(argv[:1] + list(command))} ended with {status} and printed no '
                    f'document: {err.strip() or out[:200].strip() or "nothing"}',
                rc=status, cmd=argv)
        return status, document

    def fail(self, status, document, **more):
        """Ends the module with what memras says was not done; what was done is a change."""
        errors = errors_of(document)
        first = errors[0] if errors else {}
        self.module.fail_json(
            msg=message(document, errors) if errors
            else f'memras {document["command"]} ended with {status}',
            rc=status, reason=first.get('reason'), hint=first.get('hint'), errors=errors,
            changed=has_changed(document), memras=document, **more)

    def read(self, command, options=()):
        """The document of a command that changes nothing."""
        status, document = self.run(command, options)
        if status or 'error' in document:
            self.fail(status, document)
        return document

    def act(self, command, options=(), targets=(), pending=False):
        """The document of a command that changes something, in check mode of its dry run.

        With PENDING, it is no failure if single pages could not be retired yet.
        """
        if self.module.check_mode:
            options = ['--dry-run', *options]
        status, document = self.run(command, options, targets)
        if status and not (pending and status in (1, 64) and document.get('results')):
            self.fail(status, document)
        return document

    def end(self, document, **more):
        """Ends the module with what was done."""
        self.module.exit_json(changed=has_changed(document), memras=document, **more)
