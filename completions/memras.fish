# SPDX-License-Identifier: GPL-2.0-or-later
# Made by completions/generate.

# Whether the words of the command so far are these.
function __memras_at
    set -l words
    set -l skip 0
    for token in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $token
            case --sysroot --state-dir --color
                set skip 1
            case '-*'
            case '*'
                set -a words $token
        end
        # What follows the words of a command is no word of it.
        if contains -- "$words" 'status' 'offline' 'unpoison' 'inspect' 'block list' 'block show' 'block offline' 'block online' 'hugepage list' 'hugepage replace' 'quarantine add' 'quarantine list' 'quarantine release' 'retired list' 'retired restore' 'retired forget' 'retired import' 'retired export' 'watch' 'map' 'module status' 'module load' 'module unload' 'doctor'
            break
        end
    end
    test "$words" = "$argv"
end

function __memras_numbers
    for path in $argv[1]/$argv[2]*
        string match -rq -- "/$argv[2](?<number>[0-9]+)\$" $path; and echo $argv[3]$number
    end
end

function __memras_target
    switch (commandline -ct)
        case 'file:*'
            set -l path (string replace -r '^file:' '' -- (commandline -ct))
            printf 'file:%s\n' (__fish_complete_path $path)
        case 'pid:*'
            printf 'pid:%s@\n' (string match -r '[0-9]+$' -- /proc/*)
        case 'node:*'
            __memras_numbers /sys/devices/system/node node node:
        case '*'
            printf '%s\n' phys: pid: file: node: -
    end
end

function __memras_block
    printf '%s\n' all phys: size:
    __memras_numbers /sys/devices/system/node node node:
    __memras_numbers /sys/devices/system/memory memory memory
end

complete -c memras -f
complete -c memras -l json -s J -d 'print JSON instead of a table'
complete -c memras -l sysroot -x -a '(__fish_complete_directories)' -d 'read a captured machine below DIR; nothing can act on it'
complete -c memras -l state-dir -x -a '(__fish_complete_directories)' -d 'keep the list of retired pages in DIR instead of /var/lib/memras'
complete -c memras -l no-module -d 'do without memras.ko'
complete -c memras -l quiet -s q -d 'leave out hints, remarks and the report of what was done'
complete -c memras -l verbose -s v -d 'say each step'
complete -c memras -l color -x -a 'auto always never' -d 'color output: auto, always or never'
complete -c memras -l version -s V -d 'print the version'
complete -c memras -l help -s h -d 'print this help'
complete -c memras -n '__memras_at' -a status -d 'show memory health'
complete -c memras -n '__memras_at' -a offline -d 'retire pages'
complete -c memras -n '__memras_at' -a unpoison -d 'take hardware poison from pages and give them back'
complete -c memras -n '__memras_at' -a inspect -d 'show the kind, flags and owners of pages'
complete -c memras -n '__memras_at' -a block -d 'list memory blocks, take them offline and bring them back'
complete -c memras -n '__memras_at' -a hugepage -d 'list hugepages, and replace them in their pools'
complete -c memras -n '__memras_at' -a quarantine -d 'put ranges of pages aside, and give them back'
complete -c memras -n '__memras_at' -a retired -d 'keep pages retired over reboots'
complete -c memras -n '__memras_at' -a watch -d 'record every page that the kernel or others retire'
complete -c memras -n '__memras_at' -a map -d 'draw physical memory: blocks, zones, nodes, poison, quarantines'
complete -c memras -n '__memras_at' -a module -d 'load and unload the kernel module, and show its state'
complete -c memras -n '__memras_at' -a doctor -d 'show what works on this machine, what does not, and why'
complete -c memras -n '__memras_at' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at block' -a list -d 'list memory blocks'
complete -c memras -n '__memras_at block' -a show -d 'show the pages that prevent memory blocks from going offline'
complete -c memras -n '__memras_at block' -a offline -d 'take memory blocks offline, or say what is in the way'
complete -c memras -n '__memras_at block' -a online -d 'bring memory blocks online'
complete -c memras -n '__memras_at block' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at hugepage' -a list -d 'list hugepages and their pools'
complete -c memras -n '__memras_at hugepage' -a replace -d 'replace hugepages on their node, and free what they were in'
complete -c memras -n '__memras_at hugepage' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at quarantine' -a add -d 'put ranges aside: nothing uses them until they are released'
complete -c memras -n '__memras_at quarantine' -a list -d 'list the quarantined ranges'
complete -c memras -n '__memras_at quarantine' -a release -d 'give ranges back to the system'
complete -c memras -n '__memras_at quarantine' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at retired' -a list -d 'list the pages that are kept retired'
complete -c memras -n '__memras_at retired' -a restore -d 'retire every page of the list again, as after a boot'
complete -c memras -n '__memras_at retired' -a forget -d 'take pages from the list; they stay as they are until the next boot'
complete -c memras -n '__memras_at retired' -a import -d 'add pages that another tool found to the list'
complete -c memras -n '__memras_at retired' -a export -d 'print the list for another tool, or as it is'
complete -c memras -n '__memras_at retired' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at module' -a status -d 'show whether memras.ko is installed, loaded and fits this kernel'
complete -c memras -n '__memras_at module' -a load -d 'load memras.ko'
complete -c memras -n '__memras_at module' -a unload -d 'unload memras.ko'
complete -c memras -n '__memras_at module' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at status' -l pages -s p -d 'find the poisoned pages: looks at every page of memory'
complete -c memras -n '__memras_at status' -l prometheus -d 'print counters as node_exporter'\''s textfile collector reads them'
complete -c memras -n '__memras_at offline' -l soft -s s -d 'move the data away first; no process notices'
complete -c memras -n '__memras_at offline' -l hard -d 'as on a memory error; may kill processes that use the page'
complete -c memras -n '__memras_at offline' -l force -s f -d 'with --hard: go on though the page is in use'
complete -c memras -n '__memras_at offline' -l dissolve -d 'give up the hugepage around the page: its pool shrinks by one'
complete -c memras -n '__memras_at offline' -l any-node -d 'let a hugepage'\''s replacement come from another node'
complete -c memras -n '__memras_at offline' -l timeout -s t -x -d 'try a busy page again for so long (default 10s)'
complete -c memras -n '__memras_at offline' -l retries -s r -x -d 'try a busy page again so many times at most'
complete -c memras -n '__memras_at offline' -l via -x -a 'auto sysfs madvise module' -d 'the way to the kernel: auto, sysfs, madvise or module'
complete -c memras -n '__memras_at offline' -l json-lines -d 'print each result at once, as a line of JSON'
complete -c memras -n '__memras_at offline' -l no-record -d 'do not put the pages on the retired list: the next boot forgets them'
complete -c memras -n '__memras_at offline' -l cause -x -d 'why, for the retired list (default: manual)'
complete -c memras -n '__memras_at offline' -l from -r -F -d 'read targets from FILE, - for standard input'
complete -c memras -n '__memras_at offline' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at offline' -a '(__memras_target)'
complete -c memras -n '__memras_at unpoison' -l from -r -F -d 'read targets from FILE, - for standard input'
complete -c memras -n '__memras_at unpoison' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at unpoison' -a '(__memras_target)'
complete -c memras -n '__memras_at inspect' -l owners -s o -d 'find the processes that map the pages: looks through all of them'
complete -c memras -n '__memras_at inspect' -l timeout -s t -x -d 'look for owners for so long (default 30s)'
complete -c memras -n '__memras_at inspect' -l from -r -F -d 'read targets from FILE, - for standard input'
complete -c memras -n '__memras_at inspect' -a '(__memras_target)'
complete -c memras -n '__memras_at block list' -l all -s a -d 'list each block by itself: the default'
complete -c memras -n '__memras_at block list' -l bytes -s b -d 'print sizes in bytes'
complete -c memras -n '__memras_at block list' -l merge -s m -d 'group neighbours that are alike, as lsmem'
complete -c memras -n '__memras_at block list' -l split -s S -x -d 'group neighbours that are alike in these columns, or none'
complete -c memras -n '__memras_at block list' -l noheadings -s n -d 'print no headings'
complete -c memras -n '__memras_at block list' -l output -s o -x -d 'print these columns'
complete -c memras -n '__memras_at block list' -l output-all -d 'print every column'
complete -c memras -n '__memras_at block list' -l pairs -s P -d 'print KEY="value" pairs'
complete -c memras -n '__memras_at block list' -l raw -s r -d 'print without alignment'
complete -c memras -n '__memras_at block list' -l summary -x -a 'never always only' -d 'print sums below the list: never (the default), always, or only them'
complete -c memras -n '__memras_at block list' -a '(__memras_block)'
complete -c memras -n '__memras_at block show' -a '(__memras_block)'
complete -c memras -n '__memras_at block offline' -l timeout -s t -x -d 'give up on a block after so long (default 60s)'
complete -c memras -n '__memras_at block offline' -l force -s f -d 'go on with the next block when one fails'
complete -c memras -n '__memras_at block offline' -l retries -s r -x -d 'pass over a busy block again so many times at most'
complete -c memras -n '__memras_at block offline' -l target-node -x -a 'near any' -d 'where its pages go: near, to its own node first, or any'
complete -c memras -n '__memras_at block offline' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at block offline' -a '(__memras_block)'
complete -c memras -n '__memras_at block online' -l timeout -s t -x -d 'give up on a block after so long (default 60s)'
complete -c memras -n '__memras_at block online' -l force -s f -d 'go on with the next block when one fails'
complete -c memras -n '__memras_at block online' -l zone -s z -x -a 'back auto movable kernel' -d 'the zone it goes to: back to where it was, auto, movable or kernel'
complete -c memras -n '__memras_at block online' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at block online' -a '(__memras_block)'
complete -c memras -n '__memras_at hugepage list' -l owners -s o -d 'find the processes that map the hugepages: looks through all of them'
complete -c memras -n '__memras_at hugepage list' -l timeout -s t -x -d 'look for owners for so long (default 30s)'
complete -c memras -n '__memras_at hugepage list' -a '(__memras_target)'
complete -c memras -n '__memras_at hugepage replace' -l timeout -s t -x -d 'try a busy hugepage again for so long (default 10s)'
complete -c memras -n '__memras_at hugepage replace' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at hugepage replace' -a 'all-free'
complete -c memras -n '__memras_at hugepage replace' -a '(__memras_target)'
complete -c memras -n '__memras_at quarantine add' -l timeout -s t -x -d 'give up on a target after so long (default 30s)'
complete -c memras -n '__memras_at quarantine add' -l test -d 'write patterns to the pages, read them back, and say which fail'
complete -c memras -n '__memras_at quarantine add' -l seed -x -d 'with --test: of the random pattern (default: the time)'
complete -c memras -n '__memras_at quarantine add' -l poison-bad -d 'with --test: retire pages that fail'
complete -c memras -n '__memras_at quarantine add' -l from -r -F -d 'read targets from FILE, - for standard input'
complete -c memras -n '__memras_at quarantine add' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at quarantine add' -a '(__memras_target)'
complete -c memras -n '__memras_at quarantine release' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at quarantine release' -a '(__memras_target)'
complete -c memras -n '__memras_at retired list' -l pending -s p -d 'only what is still to be retired'
complete -c memras -n '__memras_at retired restore' -l force -s f -d 'though the list is of other memory'
complete -c memras -n '__memras_at retired restore' -l timeout -s t -x -d 'try a busy page again for so long (default 10s)'
complete -c memras -n '__memras_at retired restore' -l retries -s r -x -d 'try a busy page again so many times at most'
complete -c memras -n '__memras_at retired restore' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at retired forget' -l from -r -F -d 'read targets from FILE, - for standard input'
complete -c memras -n '__memras_at retired forget' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at retired forget' -a '(__memras_target)'
complete -c memras -n '__memras_at retired import' -l format -x -a 'auto plain badram memmap log bcdedit json rasdaemon' -d 'auto, plain, badram, memmap, log, bcdedit, json or rasdaemon'
complete -c memras -n '__memras_at retired import' -l phys -d 'plain numbers are byte addresses, not page frame numbers'
complete -c memras -n '__memras_at retired import' -l min-errors -x -d 'rasdaemon: leave out pages with fewer errors (default 1)'
complete -c memras -n '__memras_at retired import' -l since -x -d 'rasdaemon: do not count errors before DATE, like 2026-11-21'
complete -c memras -n '__memras_at retired import' -l cause -x -d 'why they are retired (default: what the format says)'
complete -c memras -n '__memras_at retired import' -l force -s f -d 'though a list is of other memory, or pages are beyond this machine'\''s'
complete -c memras -n '__memras_at retired import' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at retired import' -F
complete -c memras -n '__memras_at retired export' -l format -x -a 'plain json badram memmap' -d 'plain, json, badram or memmap (default plain)'
complete -c memras -n '__memras_at watch' -l once -s 1 -d 'catch up with what was retired, and end'
complete -c memras -n '__memras_at watch' -l since -x -d 'also report what failed since DATE, by the kernel'\''s log'
complete -c memras -n '__memras_at watch' -l act -x -d 'restore-pool, retry, retire=N/TIME, with commas: act by itself'
complete -c memras -n '__memras_at watch' -l budget -x -d 'retire no page beyond SIZE of poisoned memory'
complete -c memras -n '__memras_at watch' -l cause -x -d 'why, for pages of which the log says nothing (default: unknown)'
complete -c memras -n '__memras_at watch' -l exec -r -F -d 'run FILE for each page that is reported'
complete -c memras -n '__memras_at watch' -l json-lines -d 'the same as --json: a line of JSON a page'
complete -c memras -n '__memras_at watch' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at map' -l svg -d 'print a picture as SVG'
complete -c memras -n '__memras_at map' -l hugepages -d 'mark hugepages; this reads the flags of every page'
complete -c memras -n '__memras_at map' -l cell -s c -x -d 'memory that a cell stands for, a power of two (default: what fits)'
complete -c memras -n '__memras_at map' -l width -s w -x -d 'draw for so many columns (default: those of the terminal, or 80)'
complete -c memras -n '__memras_at map' -l ascii -d 'draw with ASCII characters only'
complete -c memras -n '__memras_at map' -a '(__memras_block)'
complete -c memras -n '__memras_at module load' -l dry-run -s n -d 'say what would be done, and stop'
complete -c memras -n '__memras_at module load' -F
complete -c memras -n '__memras_at module unload' -l dry-run -s n -d 'say what would be done, and stop'
