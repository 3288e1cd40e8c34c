#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Attacks by another user: locks that he holds, files that he plants, and what he can read
# of files that memras leaves.
#
# guest: kernels=6.12 cpus=1 memory=1G timeout=400

load lib

list=/var/lib/memras/retired.json
lock=/var/lib/memras/retired.lock
pools=/run/memras/hugepages-2048kB

setup() {
	workload_pid=
	chmod 1777 /tmp
	pool_set 0
}

teardown() {
	local pid

	[ -z "$workload_pid" ] || kill "$workload_pid" 2>/dev/null || true
	for pid in "${holders[@]}"; do
		pkill -P "$pid" || true
		kill "$pid" 2>/dev/null || true
	done
	! mountpoint -q /run/memras || umount /run/memras
	rm -rf /tmp/evil
}

as_nobody() {
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$@"
}

# All that root does: a page, a hugepage without and with the module, a block, a quarantine
work() {
	local free

	pool_set 4
	free=$(memras hugepage list --json | jq '[.hugepages[] | select(.state == "free") | .pfn] | last')
	memras --quiet offline --soft --timeout 20s "$(find_page buddy)" >/dev/null
	memras --quiet offline --soft --no-module --timeout 20s $((free + 3)) >/dev/null
	memras --quiet module load
	memras --quiet hugepage replace --timeout 20s all-free >/dev/null
	memras --quiet quarantine add "$(find_page buddy)" >/dev/null
	memras --quiet quarantine release all >/dev/null
	memras --quiet retired list >/dev/null
	assert_equal "$(pool nr)" 4
	pool_set 0
}

# What memras has left anywhere but in the file systems of the kernel
left() {
	find / -xdev -newer /tmp/mark -path /proc -prune -o -newer /tmp/mark -type f -path '*memras*' -print
	find /run/memras /var/lib/memras /dev/memras
}

@test "nothing that it leaves can be opened by another user but what tells nothing" {
	local file

	touch /tmp/mark
	work
	while read -r file; do
		case $file in
		# Folders to look into.
		/run/memras | /var/lib/memras)
			assert_equal "$(stat -c '%U %a' "$file")" "root 755"
			;;
		/dev/memras | "$list" | "$lock" | "$pools")
			refute as_nobody test -r "$file"
			refute as_nobody test -w "$file"
			refute as_nobody flock -n "$file" true
			;;
		/memras/* | /tmp/bats* | /tmp/mark) ;;
		*)
			echo "what is $file?"
			return 1
			;;
		esac
	done < <(left | sort -u)
	assert_equal "$(stat -c '%U %a' $list $lock $pools | sort -u)" "root 600"
	refute as_nobody touch /run/memras/planted /var/lib/memras/planted
	run as_nobody memras retired list
	assert_equal "$status" 4
	[[ $output == *"the list cannot be read"* ]]
	# Who may not read the list is not told that the machine is ill.
	run as_nobody memras status
	assert_equal "$status" 0
	[[ $output != *"the retired list cannot be read"* && $output == *"only root can read the list"* ]]
}

@test "locks that he holds on all that he can open hold nothing up" {
	local file start

	holders=()
	work
	for file in /run /run/memras /var/lib/memras /tmp /sys/kernel/mm/hugepages/* \
		/sys/devices/system/node/node0/hugepages/* /sys/devices/system/memory \
		"$(command -v memras)" $list $lock $pools; do
		as_nobody flock "$file" sleep 400 2>/dev/null 3>&- &
		holders+=($!)
	done
	sleep 2
	start=$SECONDS
	work
	echo "# $((SECONDS - start)) s beside ${#holders[@]} who hold what they can" >&3
	[ $((SECONDS - start)) -lt $((60 * ${MEMRAS_SLOWER:-1})) ]
}

@test "a folder in its place that is another user's is not trusted" {
	local pfn kind

	# EPERM, and ELOOP.
	declare -A status_of=([folder]=4 [link]=1)
	mv /run/memras /run/memras.aside
	pool_set 4
	pfn=$(memras hugepage list --json | jq '.hugepages[0].pfn')
	mkdir /tmp/evil
	echo "2097152 0 0 0 9 18446744073709551615" >/tmp/evil/hugepages-2048kB
	chown -R nobody /tmp/evil
	for kind in folder link; do
		[ $kind = folder ] && mv /tmp/evil /run/memras || ln -s /tmp/evil /run/memras
		run_json "${status_of[$kind]}" memras offline --soft --no-module \
			--no-record --timeout 0 --json "$pfn"
		assert_json '.results[0].error.reason | test("/run/memras")'
		refute page_is hwpoison "$pfn"
		assert_equal "$(pool nr)" 4
		[ $kind = folder ] && mv /run/memras /tmp/evil || rm /run/memras
	done
	mv /run/memras.aside /run/memras
}

@test "a list in a folder of his: no link is followed, no file of others is changed" {
	local evil=/tmp/evil secret=/run/secret page name

	echo "root:secret" >$secret
	chmod 600 $secret
	echo 0 >/proc/sys/fs/protected_hardlinks
	echo 0 >/proc/sys/fs/protected_symlinks
	echo 0 >/proc/sys/fs/protected_regular
	echo 0 >/proc/sys/fs/protected_fifos
	page=/run/bad-page
	find_page buddy >$page
	for name in retired.json retired.json.new retired.lock; do
		for how in "ln -s $secret" "ln $secret" mkfifo mkdir; do
			rm -rf $evil
			as_nobody mkdir -m 777 $evil
			# A hard link by root, as /run is not of his file system.
			[[ $how = "ln /"* ]] && cp $secret $evil/.secret && how="ln $evil/.secret"
			$how $evil/$name
			run timeout -k 1 60 memras --state-dir $evil retired import $page
			[ "$status" != 124 ] && [ "$status" != 137 ]
			[[ $output != *secret* || $output == *"$evil"* ]]
			refute grep -q "root:secret" <<<"$output"
			assert_equal "$(cat $secret)" "root:secret"
			[ ! -e $evil/.secret ] || assert_equal "$(cat $evil/.secret) $(stat -c %a $evil/.secret)" "root:secret 600"
		done
	done
	rm -rf $evil $secret $page
}

@test "a hostile TMPDIR, and names planted in /tmp, are left alone" {
	local evil=/tmp/evil i

	as_nobody mkdir -m 777 $evil
	for i in memras memras.lock memras.XXXXXX etilqs; do
		as_nobody ln -s /run/planted $evil/$i
		as_nobody ln -sf /run/planted /tmp/$i
	done
	as_nobody mkfifo $evil/fifo
	TMPDIR=$evil TMP=$evil SQLITE_TMPDIR=$evil HOME=$evil work
	assert_equal "$(find $evil -mindepth 1 -printf '%f %u\n' | sort | tr '\n' ' ')" \
		"etilqs nobody fifo nobody memras nobody memras.XXXXXX nobody memras.lock nobody "
	[ ! -e /run/planted ]
	# What he offers as a list of targets does not keep root waiting.
	run timeout -k 1 60 memras offline --soft --from $evil/fifo
	assert_equal "$status" 1
	rm -f /tmp/memras /tmp/memras.lock /tmp/memras.XXXXXX /tmp/etilqs
}

@test "a full /run keeps no page from being retired, nor a pool from its size" {
	local pfn

	mkdir -p /run/memras
	mount -t tmpfs -o size=16k,mode=755 tmpfs /run/memras
	cat /dev/zero >/run/memras/full 2>/dev/null || true
	pool_set 4
	pfn=$(memras hugepage list --json | jq '.hugepages[0].pfn')
	run_json 0 memras offline --soft --no-module --no-record --json $((pfn + 7))
	assert_json '.results[0] | .result == "offlined" and .pool == "grown"'
	assert_equal "$(pool nr)" 4
	assert_equal "$(stat -c %s $pools)" 0
	umount /run/memras
	# Not even room for the lock: nothing is begun.
	mount -t tmpfs -o nr_inodes=1,mode=755 tmpfs /run/memras
	pfn=$(memras hugepage list --json | jq '.hugepages[0].pfn')
	run_json 1 memras offline --soft --no-module --no-record --timeout 0 --json $((pfn + 7))
	assert_json '.results[0].error | .errno == "ENOSPC" and (.reason | test("/run/memras"))'
	assert_equal "$(pool nr)" 4
	refute page_is hwpoison $((pfn + 7))
}
