/* The commands of `softeuicc pki`, and how they print certificates. */
#ifndef SOFTEUICC_TOOLS_PKI_PKI_H
#define SOFTEUICC_TOOLS_PKI_PKI_H

#include "common/command/command.h"
#include "common/pki/pki_dir.h"

extern const struct command pki_init;
extern const struct command pki_show;
extern const struct command pki_crl;

/* Prints all certificates of a PKI directory as a table, or as JSON; an exit status. */
int pki_show_dir(const char *dir, bool json);

#define PKI_DAYS_MAX        36500 /* that anything may be valid */
#define PKI_SECONDS_PER_DAY 86400

#endif
