#!/bin/sh
# SPDX-License-Identifier: ISC
# shellcheck disable=SC1003,SC2013,SC2086,SC2119,SC2154,SC2317
# Help, usage errors and standard output that cannot be written.
. "${0%/*}/lib.sh"

it 'no command: the list on stderr, exit 2'
runs 2 cau
silent_out
err_has 'usage: cau COMMAND [options]'
err_has '  scan '

it 'help and --help: the list on stdout'
runs 0 cau help
silent_err
out_has 'usage: cau COMMAND [options]'
for c in help plan plugin query recover replay report rules run scan status stop; do
	out_has "  $c "
done
cp out list
for w in --help -h; do
	runs 0 cau $w
	silent_err
	is out list
done
runs 0 cau help --help
is out list

it '--version'
runs 0 cau --version
silent_err
same 'version' "$(sed -E 's/[0-9]+\.[0-9]+\.[0-9]+$/N/' out)" 'cau N'

it '--help of each command is help COMMAND'
for c in plan plugin query recover replay report rules run scan status stop; do
	runs 0 cau help $c
	silent_err
	out_has "usage: cau $c"
	cp out want
	runs 0 cau $c --help
	silent_err
	is out want
	runs 0 cau $c -h
	is out want
done

it 'help: lines fit 100 columns'
for c in plan plugin query recover replay report rules run scan status stop; do
	runs 0 cau help $c
	no "wide lines in help $c" grep -qE '.{101}' out
done

it 'help: what options do stands in one column'
for c in plan plugin recover replay report run scan status stop; do
	runs 0 cau help $c
	same "help $c" "$(grep -E '^ +(-., )?--' out | grep -vE '^.{36} [^ ]' |
		grep -vE "^ +(-., )?--[^ ]+ ([^ ]+|'[^']+')\$")" ''
done

it 'help: unknown command'
runs 2 cau help scna
silent_out
err_is <<'EOF'
cau: unknown command 'scna' (did you mean scan?)
usage: cau COMMAND [options] (see cau help)
EOF

it 'help: more than one command'
runs 2 cau help scan run
silent_out
err_has 'one command at a time'

it 'unknown command, with the nearest'
runs 2 cau stats
silent_out
err_is <<'EOF'
cau: unknown command 'stats' (did you mean status?)
usage: cau COMMAND [options] (see cau help)
EOF
runs 2 cau RUN
err_is <<'EOF'
cau: unknown command 'RUN' (did you mean run?)
usage: cau COMMAND [options] (see cau help)
EOF

it 'unknown command, nothing near, control characters made visible'
runs 2 cau "$(printf 'zz\033[2Jzz')"
silent_out
err_is <<'EOF'
cau: unknown command 'zz\x1b[2Jzz'
usage: cau COMMAND [options] (see cau help)
EOF

it 'an option before the command'
runs 2 cau --json scan
out_is <<'EOF'
{"format":1,"command":"--json","error":"unknown command '--json'"}
EOF
err_has "'--json'"

it 'unknown option, with the nearest'
runs 2 cau scan --rot x
silent_out
err_is <<'EOF'
cau scan: unknown option --rot (did you mean --root?)
usage: cau scan [options] (see cau help scan)
EOF
runs 2 cau run --cluster local --max-failed-node=3
# An unambiguous beginning of an option is the option.
err_lacks 'unknown option'
runs 2 cau run -Z
err_is <<'EOF'
cau run: unknown option -Z
usage: cau run [options] (see cau help run)
EOF

it 'unknown option among known short ones'
runs 2 cau run -qZn
err_has 'unknown option -Z'

it 'ambiguous beginning of an option'
runs 2 cau run --max
silent_out
err_has '--max'
err_lacks 'unknown option'

it 'an option of another command'
runs 2 cau status --root /x
silent_out
err_has 'unknown option --root'
runs 2 cau run --exit-code
err_has 'unknown option --exit-code'

it 'missing value'
runs 2 cau scan --root
silent_out
err_is <<'EOF'
cau scan: --root needs a value
usage: cau scan [options] (see cau help scan)
EOF
runs 2 cau scan -p
err_is <<'EOF'
cau scan: -p needs a value
usage: cau scan [options] (see cau help scan)
EOF

it 'a value for an option that takes none'
runs 2 cau scan --json=yes
silent_out
err_is <<'EOF'
cau scan: --json takes no value
usage: cau scan [options] (see cau help scan)
EOF

it 'a word too many'
for c in scan run recover status; do
	runs 2 cau $c surplus
	silent_out
	err_has "cau $c: unexpected word 'surplus'"
done

it 'a word after --'
runs 2 cau scan --root /x -- --json
silent_out
err_has "unexpected word '--json'"

it 'report without a verb, with a wrong one'
runs 2 cau report
silent_out
err_has 'list or show'
runs 2 cau report shwo
err_has "'shwo'"
runs 2 cau plugin
silent_out
runs 2 cau plugin lst
silent_out
runs 2 cau plugin list more
silent_out

it 'full standard output is an error'
if [ -w /dev/full ]; then
	fresh
	for c in help --version --help 'help run' 'scan --help' 'status' \
		'report list' 'report list --json' 'plugin list' 'status --json' \
		"scan --nodes $one --root $dir/root" \
		"scan --json --nodes $one --root $dir/root" \
		"run --nodes $one --root $dir/root" \
		"run --json --nodes $one --root $dir/root"; do
		# shellcheck disable=SC2086
		"$CAU" $c >/dev/full 2>err </dev/null
		same "exit code of cau $c" $? 1
		err_has 'cannot write to standard output: No space left on device'
	done
else
	skip 'no /dev/full'
fi

it 'closed standard descriptors'
fresh
(exec <&- >&- 2>&-; exec "$CAU" scan --nodes "$one" --root "$dir/root")
same 'exit code' $? 0
put root/CAUHotfix_All/a.sh </dev/null
(exec <&- >&- 2>&-; exec "$CAU" run --nodes "$one" --root "$dir/root")
same 'exit code' $? 0
yes 'every line of the journal is JSON' sh -c '! grep -v "^{.*}$" c/runs/*/journal.jsonl'

finish
