/* What `softeuicc create --ipae-set` says. */
#ifndef SOFTEUICC_TOOLS_CREATE_SETTINGS_H
#define SOFTEUICC_TOOLS_CREATE_SETTINGS_H

#include "euicc/softeuicc.h"

#define CREATE_SETTINGS_MAX 64

struct create_settings {
    struct softeuicc_set_value values[CREATE_SETTINGS_MAX];
    char *texts[CREATE_SETTINGS_MAX]; /* of each, in which its three lie */
    size_t count;
};

/* Adds "NAME=VALUE" or "NAME@EIMID=VALUE" (device/card_settings.h); the exit status, with the line printed
 * when it is not EXIT_OK. */
int create_settings_add(struct create_settings *settings, const char *word);
void create_settings_free(struct create_settings *settings);

#endif
