/*
 * The grammar of what the card answers to ES10 requests, down to every result and error number: which members
 * an answer has, and of which type a number is (protocol/names.h has the numbers of each). The benches and
 * the fuzz targets hold every answer against it. For tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_CODES_H
#define SOFTEUICC_TESTS_SUPPORT_CODES_H

#include "euicc/os/card.h"

#define CODES_PROBLEM_MAX 128

/* True when `response`, whole, is an answer that a card like this may give; else `problem` says why not. One
 * without a single octet is an answer too. */
bool codes_check(const struct softeuicc *card, struct span response, char problem[CODES_PROBLEM_MAX]);

/* The same of what an IPA with this card tells its eIM: a ProvideEimPackageResult, or in inject mode a
 * TransferEimPackageResponse; other messages have no such numbers. */
bool codes_check_message(const struct softeuicc *card, struct span message, char problem[CODES_PROBLEM_MAX]);

#endif
