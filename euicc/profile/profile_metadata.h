/*
 * What is known of a profile besides its content: StoreMetadataRequest (SGP.22 5.5.3) and the identifiers in
 * it. Parsing only; the profile's row is profile_store.h.
 */
#ifndef SOFTEUICC_EUICC_PROFILE_PROFILE_METADATA_H
#define SOFTEUICC_EUICC_PROFILE_PROFILE_METADATA_H

#include "apdu/iccid.h"

#define ICON_MAX 1024
/* In characters (the SIZE of a UTF8String counts those), SGP.22 5.5.3. */
#define SERVICE_PROVIDER_NAME_MAX 32
#define PROFILE_NAME_MAX          64

enum profile_class { PROFILE_TEST = 0, PROFILE_PROVISIONING = 1, PROFILE_OPERATIONAL = 2 }; /* ProfileClass */

/* PprIds: the bits of the BIT STRING. */
enum { PPR_UPDATE_CONTROL_BIT = 0, PPR1_BIT = 1, PPR2_BIT = 2, PPR_FIRST_UNKNOWN_BIT = 3 };

/* Parsed StoreMetadataRequest, SGP.22 5.5.3. Spans point into the input. */
struct profile_metadata {
    struct span whole;
    struct span iccid;
    struct span service_provider, name;
    bool has_icon;
    unsigned icon_type;
    struct span icon;
    enum profile_class class;
    struct span notification_configuration; /* content of B6, SPAN_NONE when absent */
    struct span owner;                      /* content of B7, SPAN_NONE when absent */
    bool ppr1, ppr2, ppr_update_control;
    bool ppr_unknown;         /* a rule that this version of the specification does not know */
    struct span service_data; /* content of serviceSpecificDataStoredInEuicc (SGP.22 v2.4), or SPAN_NONE */
    bool ecall;               /* ecallIndication (SGP.32): the Emergency Profile */
    bool fallback_allowed;    /* fallbackAllowed (SGP.32): it may have the Fallback Attribute */
};

/* `octets` is BF25 whole. False on a bad form, with the offset in *offset. */
bool profile_metadata_parse(struct span octets, struct profile_metadata *metadata, size_t *offset);

/* NotificationConfigurationInformation (SGP.22 5.5.3), one of the list in B6. `operations`: bits of enum
 * notification_event. */
struct notification_configuration {
    unsigned operations;
    struct span address;
};

/* NotificationEvent: the bits that are set, as enum notification_event has them; of a filter: none set asks
 * for nothing. False on a bad form. */
bool notification_events_read(struct span value, unsigned *events);

/* The next one of the list at *list, which is moved past it. False at the end and on a bad form (then *list
 * is not empty). */
bool notification_configuration_next(struct span *list, struct notification_configuration *configuration);

/* OperatorId (SGP.22 5.5.3): `content` is that of its SEQUENCE. gid1 and gid2 are SPAN_NONE when absent. */
struct operator_id {
    struct span mcc_mnc; /* 3 octets, TS 24.008 */
    struct span gid1, gid2;
};
bool operator_id_parse(struct span content, struct operator_id *id);

/* A named-bit BIT STRING's content: the count of unused bits and at most 4 octets. False for a bad form. */
bool bit_string_valid(struct span value);

#endif
