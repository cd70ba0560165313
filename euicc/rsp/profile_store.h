/*
 * The profiles on the card: table `profile` and what hangs on it. Rows are read into this structure; changes go through the functions
 * here (and state changes through lifecycle.h), inside the command's transaction.
 */
#ifndef SOFTEUICC_EUICC_RSP_PROFILE_STORE_H
#define SOFTEUICC_EUICC_RSP_PROFILE_STORE_H

#include "euicc/card.h"
#include "profiles/saip.h"

#define ISDP_AID_SIZE 16
#define ICCID_SIZE    10 /* as on the card: nibbles swapped, F-padded */

enum profile_state { PROFILE_DISABLED = 0, PROFILE_ENABLED = 1 };                            /* ProfileState, SGP.22 2.4.15.1 */
enum profile_class { PROFILE_TEST = 0, PROFILE_PROVISIONING = 1, PROFILE_OPERATIONAL = 2 }; /* ProfileClass */

/* One profile. Spans and strings belong to the structure: profile_clear frees them. */
struct profile {
    int64_t id;
    uint8_t isdp_aid[ISDP_AID_SIZE];
    uint8_t iccid[ICCID_SIZE];
    enum profile_state state;
    enum profile_class class;
    bool preloaded;
    bool ppr1, ppr2; /* disabling / deletion not allowed */
    struct buf nickname, service_provider, name; /* UTF-8 */
    bool has_icon;
    unsigned icon_type;
    struct buf icon;
    bool has_owner;
    struct buf owner;    /* content of profileOwner (B7) */
    struct buf metadata; /* StoreMetadataRequest (BF25) as received, whole */
    struct buf smdp_oid; /* content octets */
    struct buf smdp_address;
};

void profile_clear(struct profile *profile);

/* Each reads one profile; false when there is none (or storage failed: nvm_failed). */
bool profile_by_id(struct softeuicc *card, int64_t id, struct profile *profile);
bool profile_by_iccid(struct softeuicc *card, struct span iccid, struct profile *profile);
bool profile_by_aid(struct softeuicc *card, struct span aid, struct profile *profile);
bool profile_enabled(struct softeuicc *card, struct profile *profile);

/* Calls `visit` for every profile in the order of installation, until it returns false. */
void profile_each(struct softeuicc *card, bool (*visit)(void *context, const struct profile *profile), void *context);

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
};

/* `octets` is BF25 whole. False on a bad form, with the offset in *offset. */
bool profile_metadata_parse(struct span octets, struct profile_metadata *metadata, size_t *offset);

/* What an installation stores. */
struct profile_installation {
    const struct profile_metadata *metadata;
    const struct saip_package *package;
    struct span isdp_configuration; /* BF24 whole or SPAN_NONE */
    struct span smdp_oid;
    struct span smdp_address; /* text */
    bool preloaded;
};

enum profile_install_status {
    PROFILE_INSTALLED = 0,
    PROFILE_ICCID_EXISTS,
    PROFILE_NO_MEMORY,      /* card.nvm_size would be exceeded */
    PROFILE_STORAGE_FAILED,
};

/* Inserts the profile (disabled), its elements and notification addresses; *isdp_aid gets the AID of the new ISD-P. */
enum profile_install_status profile_install(struct softeuicc *card, const struct profile_installation *installation,
                                            uint8_t isdp_aid[ISDP_AID_SIZE]);

/* The ISD-P AID the next installation gets. */
void profile_next_aid(struct softeuicc *card, uint8_t isdp_aid[ISDP_AID_SIZE]);

bool profile_delete(struct softeuicc *card, int64_t id);
bool profile_set_state(struct softeuicc *card, int64_t id, enum profile_state state); /* for lifecycle.c only */
bool profile_set_nickname(struct softeuicc *card, int64_t id, struct span nickname);

/* Live figures for extCardResource: profiles on the card, free octets for profiles. */
unsigned profile_count(struct softeuicc *card);
uint64_t profile_free_nvm(struct softeuicc *card);

/* ICCID between its forms: 10 octets with swapped nibbles, and up to 20 digits. */
void iccid_to_digits(struct span iccid, char digits[21]);
bool iccid_from_digits(const char *digits, uint8_t iccid[ICCID_SIZE]);

#endif
