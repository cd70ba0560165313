/* The subcommands of `softeuicc pki`, and how they print certificates. */
#ifndef SOFTEUICC_TOOLS_PKI_PKI_H
#define SOFTEUICC_TOOLS_PKI_PKI_H

#include "common/pki_dir.h"

int pki_run_init(int argc, char **argv);
int pki_run_show(int argc, char **argv);
int pki_run_crl(int argc, char **argv);

/* Prints all certificates of a PKI directory as a table, or as JSON; an exit status. */
int pki_show_dir(const char *dir, bool json);

/* A number of days from the command line, 1 to 36500; false after printing what is wrong. */
bool pki_parse_days(const char *text, int64_t *days);
/* A curve's name from the command line; EC_CURVE_NONE after printing what is wrong. */
enum ec_curve pki_parse_curve(const char *text);

#define PKI_SECONDS_PER_DAY 86400

#endif
