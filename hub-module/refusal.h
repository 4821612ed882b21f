/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef CG_HUB_REFUSAL_H
#define CG_HUB_REFUSAL_H

/*
 * Saying no from a callback in words that a person can read.
 *
 * koji/plugin.py run_callbacks turns whatever a callback raises into a CallbackError whose text is a traceback. Before
 * it does so, it asks the callback's attribute `failure_is_an_option`, and that question is answered here with the
 * refusal itself: a plain koji.GenericError with the findings as its text. A hub that would not ask gives the
 * traceback, with the same text in it.
 */

#include "plugin.h"

/* Sets the refusal with this text. Returns -1, always. */
int refuse(const char *text);

/* The value of `failure_is_an_option`: False, or NULL with the refusal that the hub is handling in this thread. */
PyObject *refusal_answer(void);

#endif
