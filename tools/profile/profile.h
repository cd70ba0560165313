/*
 * softeuicc profile: profile packages for people. `make` writes one from a few values, `show` says what is in
 * one.
 */
#ifndef SOFTEUICC_TOOLS_PROFILE_PROFILE_H
#define SOFTEUICC_TOOLS_PROFILE_PROFILE_H

#include "common/command/command.h"
#include "profiles/saip/saip_build.h"

extern const struct command profile_make;
extern const struct command profile_show;

/* What an SM-DP+ needs besides the package: the metadata file beside it. Texts are UTF-8, and not owned. */
struct profile_description {
    const char *provider; /* serviceProviderName */
    const char *name;     /* profileName */
    const char *class;    /* operational, test or provisioning */
    const char *mccmnc;   /* "001-01" */
    const char *icon, *icon_type;
    const char *pprs[2];              /* "ppr1", "ppr2"; NULL for the ones not set */
    bool ecall, fallback_allowed;     /* ecallIndication, fallbackAllowed (SGP.32) */
    const char *notification_address; /* NULL for none */
};

/* Writes the metadata beside a package: PATH with .json in place of .der. False after printing why. */
bool profile_write_metadata(const char *package_path, const struct profile_description *description);

#endif
