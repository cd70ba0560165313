/*
 * Installing a profile (SGP.22 2.5, 5.5.3): the row in table `profile`, its elements and its notification
 * addresses, in the command's transaction. What may be installed (policy, duplicate elements,
 * signatures) is decided before.
 */
#include "euicc/rsp/profile_install.h"

#include "euicc/lifecycle/lifecycle.h"
#include "euicc/os/host.h"
#include "euicc/os/spec_version.h"

#include <string.h>

/* ISD-P AIDs, SGP.02 annex H as SGP.22 2.4.4 uses it: the number stands in octets 14 and 15, the first given
 * out is 0x0010. */
static const uint8_t isdp_aid_template[ISDP_AID_SIZE] = {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                                                         0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x00, 0x00};
#define ISDP_NUMBER_OFFSET 13
#define ISDP_FIRST         0x0010
#define ISDP_LAST          0xFFFF

/* What a row and an ISD-P take besides the profile's own content. */
#define ISDP_OVERHEAD 512

static void aid_of(unsigned number, uint8_t aid[ISDP_AID_SIZE])
{
    memcpy(aid, isdp_aid_template, ISDP_AID_SIZE);
    aid[ISDP_NUMBER_OFFSET] = (uint8_t)(number >> 8);
    aid[ISDP_NUMBER_OFFSET + 1] = (uint8_t)number;
}

/* Numbers go up and are not used twice, until all 65520 were: then the next one that is free. 0: all are
 * taken. */
static unsigned next_number(struct softeuicc *card)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, "SELECT last_isdp FROM card", NVM_NONE);
    unsigned last = nvm_row(card->nvm, stmt) ? (unsigned)nvm_int(stmt, 0) : ISDP_FIRST - 1;

    nvm_done(stmt);
    for (unsigned tried = 0; tried <= ISDP_LAST - ISDP_FIRST; tried++) {
        uint8_t aid[ISDP_AID_SIZE];
        struct profile profile;

        last = last >= ISDP_LAST ? ISDP_FIRST : last + 1;
        aid_of(last, aid);
        if (!profile_by_aid(card, SPAN_ARRAY(aid), &profile))
            return last;
        profile_clear(&profile);
    }
    return 0;
}

static bool remember_number(struct softeuicc *card, unsigned number)
{
    return nvm_change(card->nvm, "UPDATE card SET last_isdp = ?1", NVM_VALUES(NVM_INT(number)));
}

/* The empty text for nothing at all. */
static struct nvm_value hex_or_empty(struct span octets)
{
    return NVM_HEX(octets.size > 0 ? octets : SPAN_STRING(""));
}

static bool insert_profile(struct softeuicc *card, const struct profile_installation *installation,
                           struct span aid, uint64_t memory)
{
    const struct profile_metadata *metadata = installation->metadata;
    bool iot = (card->personality_bit & (FOR_IOT | FOR_HYBRID)) != 0;
    bool has_data = card_speaks_sgp22(card, 2, 4) && metadata->service_data.size > 0;
    char digits[21];
    char now[CARD_TIME_SIZE];

    return iccid_to_digits(metadata->iccid, digits) &&
           nvm_change(
               card->nvm,
               "INSERT INTO profile (isdp_aid, iccid, state, class, origin, service_provider, name,"
               " icon_type, icon, ppr1, ppr2, owner, metadata, smdp_oid, smdp_address, ci_key_id,"
               " isdp_configuration, memory, installed_at, ecall, fallback_allowed, service_data) VALUES (?1,"
               " ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, "
               "?22)",
               NVM_VALUES(NVM_HEX(aid), NVM_STRING(digits),
                          NVM_STRING(lifecycle_state_name(lifecycle_initial_state())),
                          NVM_STRING(profile_class_name(metadata->class)),
                          NVM_STRING(installation->preloaded ? "preloaded" : "downloaded"),
                          NVM_TEXT(metadata->service_provider), NVM_TEXT(metadata->name),
                          metadata->has_icon ? NVM_INT(metadata->icon_type) : NVM_NULL,
                          metadata->has_icon ? NVM_BLOB(metadata->icon) : NVM_NULL, NVM_INT(metadata->ppr1),
                          NVM_INT(metadata->ppr2), NVM_BLOB(metadata->owner), NVM_BLOB(metadata->whole),
                          hex_or_empty(installation->smdp_oid), NVM_TEXT(installation->smdp_address),
                          hex_or_empty(installation->ci_key_id), NVM_BLOB(installation->isdp_configuration),
                          NVM_INT(memory), NVM_STRING(card_time(card, now)), NVM_INT(iot && metadata->ecall),
                          NVM_INT(iot && metadata->fallback_allowed),
                          has_data ? NVM_BLOB(metadata->service_data) : NVM_NULL));
}

static bool insert_elements(struct softeuicc *card, int64_t id, const struct saip_package *package)
{
    for (size_t i = 0; i < package->count; i++) {
        const struct saip_element *element = &package->elements[i];

        if (!nvm_change(card->nvm,
                        "INSERT INTO profile_element (profile, position, name, identification, mandated, der)"
                        " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                        NVM_VALUES(NVM_INT(id), NVM_INT(i), NVM_STRING(element->name),
                                   element->has_identification ? NVM_INT(element->identification) : NVM_NULL,
                                   NVM_INT(element->mandated), NVM_BLOB(element->whole))))
            return false;
    }
    return true;
}

static bool insert_addresses(struct softeuicc *card, int64_t id, struct span list)
{
    struct notification_configuration configuration;

    for (int position = 0; notification_configuration_next(&list, &configuration); position++)
        if (!nvm_change(card->nvm,
                        "INSERT INTO notification_address (profile, position, operations, address)"
                        " VALUES (?1, ?2, ?3, ?4)",
                        NVM_VALUES(NVM_INT(id), NVM_INT(position), NVM_INT(configuration.operations),
                                   NVM_TEXT(configuration.address))))
            return false;
    return true;
}

enum profile_install_status profile_install(struct softeuicc *card,
                                            const struct profile_installation *installation,
                                            uint8_t isdp_aid[ISDP_AID_SIZE])
{
    const struct profile_metadata *metadata = installation->metadata;
    uint64_t memory = ISDP_OVERHEAD + metadata->whole.size + saip_memory_size(installation->package);
    unsigned number;
    int64_t id;

    /* From here on, so that what is looked up does not take and give back SQLite's locks each time. */
    if (!nvm_begin(card->nvm))
        return PROFILE_STORAGE_FAILED;
    if (profile_iccid_exists(card, metadata->iccid))
        return PROFILE_ICCID_EXISTS;
    number = next_number(card);
    if (number == 0 || memory > profile_free_nvm(card))
        return PROFILE_NO_MEMORY;
    aid_of(number, isdp_aid);
    if (!insert_profile(card, installation, SPAN(isdp_aid, ISDP_AID_SIZE), memory))
        return PROFILE_STORAGE_FAILED;
    id = nvm_last_row(card->nvm);
    /* Its files become rows when the profile is first shown (profile_files_load): a download has nothing of
     * them. */
    return insert_elements(card, id, installation->package) &&
                   insert_addresses(card, id, metadata->notification_configuration) &&
                   remember_number(card, number)
               ? PROFILE_INSTALLED
               : PROFILE_STORAGE_FAILED;
}
