# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Made by completions/generate.

# Sets what may follow the command $1: commands, options, operand, or what is in
# place of one.
_memras_after() {
	commands="" options="" operand=none instead=""
	case $1 in
	'')
		commands='status offline unpoison inspect block hugepage quarantine retired watch map module doctor'
		options='--json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		;;
	'block')
		commands='list show offline online'
		options='--json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		;;
	'hugepage')
		commands='list replace'
		options='--json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		;;
	'quarantine')
		commands='add list release'
		options='--json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		;;
	'retired')
		commands='list restore forget import export'
		options='--json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		;;
	'module')
		commands='status load unload'
		options='--json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		;;
	'status')
		options='--pages --prometheus --json --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='none'
		instead=''
		;;
	'offline')
		options='--soft --hard --force --dissolve --any-node --timeout --retries --via --json-lines --no-record --cause --from --json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='target'
		instead=''
		;;
	'unpoison')
		options='--from --json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='target'
		instead=''
		;;
	'inspect')
		options='--owners --timeout --from --json --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='target'
		instead=''
		;;
	'block list')
		options='--all --bytes --merge --split --noheadings --output --output-all --pairs --raw --summary --json --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='block'
		instead=''
		;;
	'block show')
		options='--json --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='block'
		instead=''
		;;
	'block offline')
		options='--timeout --force --retries --target-node --json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='block'
		instead=''
		;;
	'block online')
		options='--timeout --force --zone --json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='block'
		instead=''
		;;
	'hugepage list')
		options='--owners --timeout --json --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='target'
		instead=''
		;;
	'hugepage replace')
		options='--timeout --json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='target'
		instead='all-free'
		;;
	'quarantine add')
		options='--timeout --test --seed --poison-bad --from --json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='target'
		instead=''
		;;
	'quarantine list')
		options='--json --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='none'
		instead=''
		;;
	'quarantine release')
		options='--json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='target'
		instead=''
		;;
	'retired list')
		options='--pending --json --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='none'
		instead=''
		;;
	'retired restore')
		options='--force --timeout --retries --json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='none'
		instead=''
		;;
	'retired forget')
		options='--from --json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='target'
		instead=''
		;;
	'retired import')
		options='--format --phys --min-errors --since --cause --force --json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='file'
		instead=''
		;;
	'retired export')
		options='--format --json --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='none'
		instead=''
		;;
	'watch')
		options='--once --since --act --budget --cause --exec --json-lines --json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='none'
		instead=''
		;;
	'map')
		options='--svg --hugepages --cell --width --ascii --json --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='block'
		instead=''
		;;
	'module status')
		options='--json --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='none'
		instead=''
		;;
	'module load')
		options='--json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='file'
		instead=''
		;;
	'module unload')
		options='--json --dry-run --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='none'
		instead=''
		;;
	'doctor')
		options='--json --sysroot --state-dir --no-module --quiet --verbose --color --version --help'
		operand='none'
		instead=''
		;;
	esac
}

# The value of option $2 of the command $1: file, dir, none, or the choices.
# Fails for an option without a value.
_memras_value() {
	case "$1 $2" in
	*' --sysroot') echo 'dir' ;;
	*' --state-dir') echo 'dir' ;;
	*' --color') echo 'auto always never' ;;
	'offline ''--timeout' | 'offline ''-t') echo 'none' ;;
	'offline ''--retries' | 'offline ''-r') echo 'none' ;;
	'offline ''--via') echo 'auto sysfs madvise module' ;;
	'offline ''--cause') echo 'none' ;;
	'offline ''--from') echo 'file' ;;
	'unpoison ''--from') echo 'file' ;;
	'inspect ''--timeout' | 'inspect ''-t') echo 'none' ;;
	'inspect ''--from') echo 'file' ;;
	'block list ''--split' | 'block list ''-S') echo 'none' ;;
	'block list ''--output' | 'block list ''-o') echo 'none' ;;
	'block list ''--summary') echo 'never always only' ;;
	'block offline ''--timeout' | 'block offline ''-t') echo 'none' ;;
	'block offline ''--retries' | 'block offline ''-r') echo 'none' ;;
	'block offline ''--target-node') echo 'near any' ;;
	'block online ''--timeout' | 'block online ''-t') echo 'none' ;;
	'block online ''--zone' | 'block online ''-z') echo 'back auto movable kernel' ;;
	'hugepage list ''--timeout' | 'hugepage list ''-t') echo 'none' ;;
	'hugepage replace ''--timeout' | 'hugepage replace ''-t') echo 'none' ;;
	'quarantine add ''--timeout' | 'quarantine add ''-t') echo 'none' ;;
	'quarantine add ''--seed') echo 'none' ;;
	'quarantine add ''--from') echo 'file' ;;
	'retired restore ''--timeout' | 'retired restore ''-t') echo 'none' ;;
	'retired restore ''--retries' | 'retired restore ''-r') echo 'none' ;;
	'retired forget ''--from') echo 'file' ;;
	'retired import ''--format') echo 'auto plain badram memmap log bcdedit json rasdaemon' ;;
	'retired import ''--min-errors') echo 'none' ;;
	'retired import ''--since') echo 'none' ;;
	'retired import ''--cause') echo 'none' ;;
	'retired export ''--format') echo 'plain json badram memmap' ;;
	'watch ''--since') echo 'none' ;;
	'watch ''--act') echo 'none' ;;
	'watch ''--budget') echo 'none' ;;
	'watch ''--cause') echo 'none' ;;
	'watch ''--exec') echo 'file' ;;
	'map ''--cell' | 'map ''-c') echo 'none' ;;
	'map ''--width' | 'map ''-w') echo 'none' ;;
	*) return 1 ;;
	esac
}

# Adds the words of "$2" that begin with $1.
_memras_words() {
	local word

	for word in $2; do
		[[ $word != "$1"* ]] || COMPREPLY+=("$word")
	done
}

# Adds files (-f) or folders (-d) that begin with $3, with $2 before them.
_memras_files() {
	local path paths

	mapfile -t paths < <(compgen "$1" -- "$3")
	for path in "${paths[@]}"; do
		[[ ! -d $path ]] || path+=/
		printf -v path %q "$path"
		COMPREPLY+=("$2$path")
	done
}

# Adds the numbers behind $3 of the names $2* in the folder $1, with $4 before.
_memras_numbers() {
	local path number

	for path in "$1/$2"*; do
		number=${path##*/"$2"}
		[[ $number == *[!0-9]* || -z $number || $4$number != "$3"* ]] ||
			COMPREPLY+=("$4$number")
	done
}

_memras_target() {
	local path

	case $1 in
	file:*) _memras_files -f file: "${1#file:}" ;;
	node:*) _memras_numbers /sys/devices/system/node node "$1" node: ;;
	pid:*@*) ;;
	pid:*)
		for path in /proc/[0-9]*; do
			_memras_words "$1" "pid:${path##*/}@"
		done
		;;
	*) _memras_words "$1" "phys: pid: file: node: -" ;;
	esac
}

_memras_block() {
	case $1 in
	node:*) _memras_numbers /sys/devices/system/node node "$1" node: ;;
	*)
		_memras_words "$1" "all phys: node: size:"
		_memras_numbers /sys/devices/system/memory memory "$1" memory
		;;
	esac
}

_memras() {
	local line=${COMP_LINE:0:COMP_POINT} words word cur prev="" command="" ended="" i
	local commands options operand instead value

	# By blanks alone: what readline splits at ":" and "=" is one word here.
	read -ra words <<<"$line"
	[[ $line != *[[:space:]] ]] || words+=("")
	cur=${words[${#words[@]} - 1]}
	COMPREPLY=()
	_memras_after ""
	for ((i = 1; i < ${#words[@]} - 1; i++)); do
		word=${words[i]}
		if [[ $ended || $word != -* ]]; then
			if [[ " $commands " == *" $word "* ]]; then
				command=${command:+$command }$word
				_memras_after "$command"
			fi
			prev=""
		elif [[ $word == -- ]]; then
			ended=1 prev=""
		elif [[ $word == --*=* ]] || ! _memras_value "$command" "$word" >/dev/null; then
			prev=""
		else
			prev=$word
			# Its value is no command.
			((i + 1 == ${#words[@]} - 1)) || { prev="" && ((i++)); }
		fi
	done

	value=""
	[[ $ended || $cur != --*=* ]] || { prev=${cur%%=*} && value=${cur#*=}; }
	[[ $ended || $cur == --*=* ]] || value=$cur
	if [[ $prev ]]; then
		word=$(_memras_value "$command" "$prev") || return 0
		case $word in
		none) ;;
		file) _memras_files -f "${cur%"$value"}" "$value" ;;
		dir) _memras_files -d "${cur%"$value"}" "$value" ;;
		*)
			_memras_words "$value" "$word"
			COMPREPLY=("${COMPREPLY[@]/#/${cur%"$value"}}")
			;;
		esac
	elif [[ ! $ended && $cur == -?* ]]; then
		_memras_words "$cur" "$options"
	else
		_memras_words "$cur" "$commands $instead"
		case $operand in
		target) _memras_target "$cur" ;;
		block) _memras_block "$cur" ;;
		file) _memras_files -f "" "$cur" ;;
		esac
	fi

	if [[ ${#COMPREPLY[@]} = 1 && ${COMPREPLY[0]} == *[:@/] ]]; then
		compopt -o nospace 2>/dev/null || :
	fi
	# Readline replaces from the last word break on only.
	word=${cur%"${cur##*["${COMP_WORDBREAKS//[[:space:]\"\']/}"]}"}
	[[ -z $word ]] || COMPREPLY=("${COMPREPLY[@]#"$word"}")
}

complete -F _memras memras
