/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_API_H
#define CG_API_H

/* Marks what libcg offers. Everything else in it is hidden and made local when libcg.a is put together. */
#define CG_API __attribute__((visibility("default")))

#endif
