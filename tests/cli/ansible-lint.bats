#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The Ansible collection as ansible-galaxy builds it, before ansible-test, ansible-lint and
# yamllint. Each check must find a mistake that is made on purpose, too.
# shellcheck disable=SC2030,SC2031 # what setup_file exports

setup_file() {
	# ansible-test wants this path, and git, which says which files there are.
	TREE=$BATS_FILE_TMPDIR/ansible_collections/memras/memras
	HOME=$BATS_FILE_TMPDIR/home
	ANSIBLE_COLLECTIONS_PATH=$BATS_FILE_TMPDIR
	# It downloads nothing: see sanity().
	https_proxy=127.0.0.1:9
	export TREE HOME ANSIBLE_COLLECTIONS_PATH https_proxy
	mkdir -p "$HOME" "$TREE"
	cp -r "$BATS_TEST_DIRNAME/../../contrib/ansible/." "$TREE"
	cd "$TREE" || return 1
	find . -name __pycache__ -exec rm -r {} +
	git init -q
	git add -A
}

setup() {
	cd "$TREE" || return 1
}

teardown() {
	git -C "$TREE" checkout -q -- .
}

# sanity TEST [FILE...]: ansible-test wants an environment for each test that pip makes. The
# distribution's packages serve: they are put where it looks, which it says when it fails.
sanity() {
	local out place

	for _ in 1 2 3; do
		status=0
		out=$(ansible-test sanity --color no --test "$@" 2>&1) || status=$?
		place=$(sed -n 's/^FATAL: .* at "\(.*\)\/bin\/python" does not have pip.*/\1/p' <<<"$out")
		[ -n "$place" ] || break
		rm -rf "$place"
		/usr/bin/python3 -m venv --system-site-packages --without-pip "$place"
		touch "$place/marker.txt"
		echo true >"$place/meta.yaml.json"
		echo '[]' >"$place/meta.install.json"
	done
	printf '%s\n' "$out"
	return "$status"
}

# finds TEXT COMMAND...: the command fails, and says so.
finds() {
	local text=$1
	shift

	run "$@"
	echo "$output"
	[ "$status" != 0 ]
	[[ $output == *"$text"* ]]
}

# wrong FILE OLD NEW: a mistake in a file
wrong() {
	grep -q -- "$2" "$1"
	sed -i "s/$2/$3/" "$1"
}

@test "ansible-galaxy builds the collection, with its modules, role and playbooks" {
	ansible-galaxy collection build --output-path "$BATS_TEST_TMPDIR" .
	tar -tzf "$BATS_TEST_TMPDIR"/memras-memras-*.tar.gz >"$BATS_TEST_TMPDIR/files"
	for file in plugins/modules/memras_{block,info,page,policy,retired}.py \
		plugins/module_utils/memras.py roles/memras/tasks/main.yml README.md \
		playbooks/{install,drain_dimm,retire_rasdaemon,take_memory}.yml; do
		grep -Fx "$file" "$BATS_TEST_TMPDIR/files"
	done
}

@test "yamllint finds nothing, and a planted mistake" {
	yamllint --strict .
	wrong playbooks/drain_dimm.yml 'become:' 'become: true\n  become:'
	finds 'duplication of key "become"' yamllint --strict .
}

@test "ansible-lint finds nothing, and a planted mistake" {
	# It knows the modules by their path from the collection.
	run ansible-lint --offline --nocolor
	echo "$output"
	[ "$status" = 0 ]
	[[ $output =~ on\ ([0-9]+)\ files ]]
	[ "${BASH_REMATCH[1]}" -ge 15 ]
	wrong playbooks/retire_rasdaemon.yml 'ansible.builtin.stat' stat
	finds 'fqcn[action-core]' ansible-lint --offline --nocolor playbooks/retire_rasdaemon.yml
}

@test "validate-modules finds nothing, and a planted mistake" {
	sanity validate-modules
	wrong plugins/modules/memras_block.py "retries=dict(type='int')" "retries=dict(type='str')"
	finds doc-type-does-not-match-spec sanity validate-modules plugins/modules/memras_block.py
}

@test "pep8 and pylint find nothing, and a planted mistake" {
	sanity pep8
	sanity pylint
	echo 'def  f(): return nothing' >>plugins/module_utils/memras.py
	finds E271 sanity pep8 plugins/module_utils/memras.py
	finds undefined-variable sanity pylint plugins/module_utils/memras.py
}

@test "import finds nothing, and a planted mistake" {
	local version

	version=$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
	sanity import --python "$version"
	wrong plugins/modules/memras_info.py 'import AnsibleModule' 'import AnsibleModule, Nothing'
	finds "cannot import name 'Nothing'" sanity import --python "$version" \
		plugins/modules/memras_info.py
}
