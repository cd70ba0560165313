/*
 * EimConfigurationData (SGP.32 2.11.1.1.1) as it comes from an eIM or an IPA, and as it stands in
 * table `eim`. Parsing and encoding only: who may add what is eim.c's.
 */
#ifndef SOFTEUICC_EUICC_IOT_EIM_CONFIGURATION_H
#define SOFTEUICC_EUICC_IOT_EIM_CONFIGURATION_H

#include "euicc/iot/eim.h"

/* The members in their order. */
enum eim_member {
    EIM_MEMBER_ID,
    EIM_MEMBER_FQDN,
    EIM_MEMBER_ID_TYPE,
    EIM_MEMBER_COUNTER,
    EIM_MEMBER_TOKEN,
    EIM_MEMBER_KEY,
    EIM_MEMBER_TLS_KEY,
    EIM_MEMBER_PROTOCOL,
    EIM_MEMBER_CI_KEY_ID,
    EIM_MEMBER_INDIRECT_DOWNLOAD,
    EIM_MEMBER_PROPRIETARY,
    EIM_MEMBERS
};

/* Each member's value; SPAN_NONE where it is absent. They point into what was parsed. */
struct eim_members {
    struct span values[EIM_MEMBERS];
};

/* Takes the content of an EimConfigurationData apart: known members in their order, each at most once, then
 * what this version does not know. False on another form. Values are not looked at. */
bool eim_members_parse(struct span content, struct eim_members *members);
/* Appends them as `tag` { … } in their order. */
void eim_members_put(struct buf *out, uint32_t tag, const struct eim_members *members);

/* A checked EimConfigurationData; eim_configuration_clear frees what hangs on it. */
struct eim_configuration {
    struct eim_members members;
    bool counter_in_range; /* when the counter is there */
    uint32_t counter;
    int64_t token;      /* when it is there */
    struct ec_key *key; /* NULL when eimPublicKeyData is absent */
};

/* `content` is that of one EimConfigurationData. False when it is malformed: what the results call
 * commandError. */
bool eim_configuration_parse(const struct softeuicc *card, struct span content,
                             struct eim_configuration *configuration);
void eim_configuration_clear(struct eim_configuration *configuration);

#endif
