/* SPDX-License-Identifier: MIT */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define UPLOADS_VERSION "0.1.0"

#endif
