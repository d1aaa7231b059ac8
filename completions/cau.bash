# SPDX-License-Identifier: ISC
# shellcheck shell=bash
# Completion for cau(8). Commands, verbs, options and the kinds of their
# values are those that the program itself prints with cau help.

# What may follow "cau": the indented words of cau help.
_cau_commands() {
	"$1" help 2>/dev/null | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p'
}

# The verbs of a command: the small words of its usage lines that begin what is
# between bars.
_cau_verbs() {
	"$1" help "$2" 2>/dev/null | sed -n "s/^[usage: ]* cau $2 //p" |
		sed 's/ *\[[^]]*\]//g' | tr '|' '\n' |
		sed -n 's/^ *\([a-z]\{1,\}\)\( .*\)\{0,1\}$/\1/p'
}

_cau_options() {
	"$1" help "$2" 2>/dev/null | grep -o '^ [ a-z,-]*--[a-z-]*' |
		grep -o -e '--[a-z-]*'
}

# The kind of value that follows WORD: "DIR" after --root, "FILE" after check.
_cau_value() {
	"$1" help "$2" 2>/dev/null |
		sed -n "s/^[ u].* *\\($3\\|$3, --[a-z-]*\\) \\([^ ]\\{1,\\}\\).*/\\2/p"
}

# "FILE" when the first word after the command may be one.
_cau_operand() {
	"$1" help "$2" 2>/dev/null |
		sed -n "s/^usage: cau $2 \\[[A-Z |]*\\(FILE\\)\\].*/\\1/p"
}

_cau_plugins() {
	"$1" plugin list 2>/dev/null | sed '1d;s/ .*//'
}

_cau_runs() {
	echo last
	"$1" report list 2>/dev/null | sed -n 's/^\([0-9a-f]\{8\}\) .*/\1/p'
}

_cau() {
	local cmd=${COMP_WORDS[1]} cur=${COMP_WORDS[COMP_CWORD]}
	local prev=${COMP_WORDS[COMP_CWORD - 1]} value='' words='' kind=-W first='' line
	COMPREPLY=()
	# bash takes --option=value for three words.
	if [ "$cur" = = ] && [ "$COMP_CWORD" -gt 2 ]; then
		cur=''
	elif [ "$prev" = = ] && [ "$COMP_CWORD" -gt 3 ]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if [ "$COMP_CWORD" -eq 1 ]; then
		words="$(_cau_commands "$1") --help --version"
	elif [ "$cmd" = help ]; then
		[ "$COMP_CWORD" -gt 2 ] || words=$(_cau_commands "$1")
	else
		case $prev in
		*[!a-z-]*) ;;
		?*) [ "$COMP_CWORD" -eq 2 ] ||
			value=$(_cau_value "$1" "$cmd" "$prev") ;;
		esac
		[ "$COMP_CWORD" -gt 2 ] || [ "${cur#-}" != "$cur" ] ||
			value=$(_cau_operand "$1" "$cmd")
		case $value in
		DIR) kind=-d ;;
		FILE) kind=-f ;;
		[A-Za-z]*'|'*) words=${value//|/ } ;;
		NAME*)
			[ "${cur%,*}" = "$cur" ] || first=${cur%,*},
			words=$(_cau_plugins "$1" | sed "s/^/$first/")
			;;
		'' | '['*)
			[ "$COMP_CWORD" -gt 2 ] || words=$(_cau_verbs "$1" "$cmd")
			[ -n "$words" ] || words=$(_cau_options "$1" "$cmd")
			;;
		esac
	fi
	case "$cmd $prev $COMP_CWORD" in
	'report show 3' | 'replay replay 2')
		[ "${cur#-}" != "$cur" ] || words=$(_cau_runs "$1")
		[ "$kind" = -W ] || compgen -W "$words" -- "$cur" >/dev/null || words=''
		[ -z "$words" ] || kind=-W
		;;
	esac
	if [ "$kind" != -W ]; then
		compopt -o filenames 2>/dev/null
	elif [ -z "$words" ]; then
		return
	fi
	while IFS= read -r line; do COMPREPLY+=("$line"); done \
		< <(compgen "$kind" ${words:+"$words"} -- "$cur")
}

complete -F _cau cau
