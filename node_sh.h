/* SPDX-License-Identifier: ISC */
/* The scripts of node/, embedded by the Makefile: node/agent-apt.sh is
 * node_agent_apt_sh. */
#ifndef CAU_NODE_SH_H
#define CAU_NODE_SH_H

extern const char node_session_sh[];
extern const char node_restart_sh[];
extern const char node_holder_sh[];
extern const char node_health_sh[];
extern const char node_job_sh[];
extern const char node_agent_common_sh[];
extern const char node_agent_apt_sh[];
extern const char node_agent_dnf_sh[];
extern const char node_agent_fwupd_sh[];
extern const char node_agent_rpm_sh[];
extern const char node_agent_zypper_sh[];
extern const char node_pacemaker_sh[];
extern const char node_external_run_sh[];
extern const char node_external_sh[];

#endif
