/*
 * A profile's UICC without a card around it: made from a recipe of the project's own builder, storing
 * nothing.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_UICC_H
#define SOFTEUICC_TESTS_SUPPORT_UICC_H

#include "profiles/saip/saip_build.h"
#include "profiles/uicc/uicc.h"

/* Freed with uicc_free. Random octets are 00, 01, 02 … from one command to the next. NULL: the default
 * recipe. */
struct uicc *test_uicc(const struct saip_recipe *recipe);

/* One command, as octets; the answer replaces what `response` holds (may be NULL).
 * Returns the status word. */
uint16_t test_uicc_transmit(struct uicc *uicc, struct span capdu, struct buf *response);

/* The same, written as hexadecimal; fails the test when the digits are no command. */
uint16_t test_uicc_send(struct uicc *uicc, const char *capdu, struct buf *response);

#endif
