#!/bin/sh
# SPDX-License-Identifier: ISC
# cluster.sh: the nodes of nspawn.sh with Corosync and Pacemaker, which run when pcmk.sh has made a
# cluster of them, then also after a restart.
#
#	cluster.sh run N SCRIPT [ARGS...]	as nspawn.sh; SCRIPT sources pcmk.sh
#	cluster.sh root
set -eu
case $0 in */*) here=$(cd "${0%/*}" && pwd) ;; *) here=$PWD ;; esac
LAB_LAYER=$here/cluster
# The second line is for a cau that runs on a node, and for the nodes' way to each other.
LAB_PACKAGES="corosync iputils-arping pacemaker pacemaker-cli-utils pacemaker-resource-agents resource-agents
	libarchive13 libjansson4 libnettle8 libxml2 openssh-client ${LAB_PACKAGES-}"
export LAB_LAYER LAB_PACKAGES
exec sh "$here/nspawn.sh" "$@"
