/* SPDX-License-Identifier: MIT */
/* The id of this process, which tells a forked child from its parent. Every entry of a host asks, so it must
 * not cost a system call each time. */
#ifndef BASE_PROCESS_ID_H
#define BASE_PROCESS_ID_H

#include <sys/types.h>

/* The same as getpid. */
pid_t process_id_get(void);

#endif
