/* `softeuicc pki`: a test PKI with every key and certificate that cards and servers of eSIM need. */
#include "tools/pki/pki.h"

#include "tools/subcommands.h"

static const struct command *const commands[] = {&pki_init, &pki_show, &pki_crl, NULL};

const struct command subcommand_pki = {
    "pki",
    "",
    "make a test PKI, show certificates, revoke them",
    "A test PKI: CI, EUM, SM-DP+, SM-DS and eIM. For tests only: the private keys lie in the directory.",
    "'softeuicc pki COMMAND --help' says what a command takes.",
    .commands = commands,
};
