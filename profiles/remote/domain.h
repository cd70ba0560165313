/*
 * A profile's security domains as GlobalPlatform's card manager sees them (GlobalPlatform 2.3 clause 11, ETSI
 * TS 102 226 8.2.1): what is installed, keys, deletion. The commands come by a secured packet (ota_domain.c);
 * what a domain tells everybody is GET DATA. Loading and installing are not served: no code is run on this
 * card.
 */
#ifndef SOFTEUICC_PROFILES_REMOTE_DOMAIN_H
#define SOFTEUICC_PROFILES_REMOTE_DOMAIN_H

#include "profiles/resources.h"
#include "profiles/uicc/uicc.h"

enum { DOMAIN_AID_MAX = 16 }; /* octets of an AID in a command */

/* A domain at work on one packet's script. */
struct domain {
    struct fs *fs;
    const struct uicc_host *host;    /* gets back the memory of what is deleted */
    uint32_t number;                 /* of the security domain's application */
    struct card_resources resources; /* for GET DATA */
    unsigned key_version;            /* of the key set that protects the packet */
    size_t listed;                   /* GET STATUS: what has been told so far, for the next occurrence */
};

/* GET DATA (11.3): keys, applications, card resources, and what the domain was personalised with. */
uint16_t domain_get_data(const struct domain *domain, const struct apdu_command *command,
                         struct buf *response);

/*
 * GET DATA, GET STATUS, SET STATUS, DELETE and PUT KEY of class 80, from somebody who has the domain's keys;
 * 6D00 for others. The domain itself cannot be deleted.
 */
uint16_t domain_manage(struct domain *domain, const struct apdu_command *command, struct buf *response);

/* The domain that stands in the issuer's place (SGP.22: the MNO-SD): the first one that belongs to no other.
 * NULL: there is none. */
const struct fs_application *domain_issuer(const struct fs *fs);

/* True for a command of GlobalPlatform's that needs an authenticated sender. */
bool domain_needs_authentication(uint8_t ins);

/* --- inside: domain_keys.c --- */

/* PUT KEY (11.8), and DELETE of keys (11.2) by the data field's D0 and D2. */
uint16_t domain_put_key(struct domain *domain, const struct apdu_command *command, struct buf *response);
uint16_t domain_delete_keys(struct domain *domain, struct span identifier, struct span version);

#endif
