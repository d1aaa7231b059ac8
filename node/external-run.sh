# SPDX-License-Identifier: ISC
# shellcheck shell=sh
# The job in which a plug-in of others runs. Its answer goes to a file, so that
# whatever it leaves running does not keep the job from ending; what it says on
# stderr is the log of the job.
#
# Words: FOLDER PROGRAM VERB REQUEST NAME=VALUE...

CAU_PLUGIN_DIR=$1
cau_program=$2
cau_verb=$3
printf '%s\n' "$4" >../request && : >../answer &&
	mkdir -p "$CAU_PLUGIN_DIR" || exit 125
shift 4
# shellcheck disable=SC2163 # words NAME=VALUE
export CAU_PLUGIN_DIR "$@"
exec "$cau_program" "$cau_verb" <../request >>../answer
