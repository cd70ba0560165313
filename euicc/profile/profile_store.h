/*
 * The profiles on the card: table `profile` and what hangs on it. Rows are read into this structure; changes
 * go through the functions here (and state changes through lifecycle.h), inside the command's transaction.
 */
#ifndef SOFTEUICC_EUICC_PROFILE_PROFILE_STORE_H
#define SOFTEUICC_EUICC_PROFILE_PROFILE_STORE_H

#include "euicc/os/card.h"
#include "euicc/profile/profile_metadata.h"
#include "profiles/resources.h"
#include "profiles/saip/saip.h"

#define ISDP_AID_SIZE 16

enum profile_state { PROFILE_DISABLED = 0, PROFILE_ENABLED = 1 }; /* ProfileState, SGP.22 5.7.15 */

/* One profile. Spans and strings belong to the structure: profile_clear frees them. */
struct profile {
    int64_t id;
    uint8_t isdp_aid[ISDP_AID_SIZE];
    uint8_t iccid[ICCID_SIZE];
    enum profile_state state;
    enum profile_class class;
    bool preloaded;
    bool ppr1, ppr2;                             /* disabling / deletion not allowed */
    bool ecall;                                  /* ecallIndication: the Emergency Profile (SGP.32) */
    bool fallback_allowed;                       /* it may have the Fallback Attribute (SGP.32) */
    bool fallback_attribute;                     /* it has it */
    struct buf nickname, service_provider, name; /* UTF-8 */
    bool has_icon;
    unsigned icon_type;
    struct buf icon;
    bool has_owner;
    struct buf owner;        /* content of profileOwner (B7) */
    struct buf service_data; /* content of serviceSpecificDataStoredInEuicc (BF22); empty: none */
    struct buf metadata;     /* StoreMetadataRequest (BF25) as received, whole */
    struct buf smdp_oid;     /* content octets */
    struct buf smdp_address;
    /* ConfigureISDPRequest (BF24) as received, whole; empty when there was none. */
    struct buf isdp_configuration;
    bool has_ci_key_id;
    uint8_t ci_key_id[20]; /* of the credentials that sign the profile's notifications */
};

void profile_clear(struct profile *profile);

/* Each reads one profile; false when there is none (or storage failed: nvm_failed). */
bool profile_by_id(struct softeuicc *card, int64_t id, struct profile *profile);
bool profile_by_iccid(struct softeuicc *card, struct span iccid, struct profile *profile);
/* Only whether there is one. */
bool profile_iccid_exists(struct softeuicc *card, struct span iccid);
bool profile_by_aid(struct softeuicc *card, struct span aid, struct profile *profile);
bool profile_enabled(struct softeuicc *card, struct profile *profile);

/* Calls `visit` for every profile in the order of installation, until it returns false. */
void profile_each(struct softeuicc *card, bool (*visit)(void *context, const struct profile *profile),
                  void *context);

/* "test", "provisioning", "operational", as in the table. */
const char *profile_class_name(enum profile_class class);

bool profile_delete(struct softeuicc *card, int64_t id);
bool profile_set_state(struct softeuicc *card, int64_t id,
                       enum profile_state state); /* for lifecycle.c only */
bool profile_set_nickname(struct softeuicc *card, int64_t id, struct span nickname);

/* The operational profile that a test profile displaced (SGP.21 TPRO10): its id, 0 for none. */
int64_t profile_before_test(struct softeuicc *card);
bool profile_set_before_test(struct softeuicc *card, int64_t id); /* for lifecycle.c only */

/* ES6.UpdateMetadata (SGP.22 5.4.1) for one profile: `request` is the content of BF2A. Returns the status
 * word; the function has no response data. How the request comes from the operator is not known here. */
uint16_t profile_update_metadata(struct softeuicc *card, const struct profile *profile, struct span request);

/* Live figures: profiles on the card, free octets for profiles, and what the card tells of its memory. */
unsigned profile_count(struct softeuicc *card);
uint64_t profile_free_nvm(struct softeuicc *card);
struct card_resources profile_resources(struct softeuicc *card);

#endif
