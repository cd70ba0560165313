/*
 * Installing a profile (SGP.22 2.5, 5.5.3): the row in table `profile`, its elements and its notification
 * addresses, in the command's transaction. What may be installed (policy, duplicate elements,
 * signatures) is decided before.
 */
#include "euicc/rsp/profile_install.h"

#include "euicc/lifecycle/lifecycle.h"
#include "euicc/os/host.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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
    sqlite3_stmt *stmt = nvm_read_stmt(card->nvm, "SELECT last_isdp FROM card");
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
    sqlite3_stmt *stmt = nvm_write_stmt(card->nvm, "UPDATE card SET last_isdp = ?1");

    nvm_bind_int(card->nvm, stmt, 1, number);
    return nvm_run(card->nvm, stmt);
}

/* Hexadecimal; the empty text for nothing at all. */
static void bind_hex_or_empty(struct softeuicc *card, sqlite3_stmt *stmt, int index, struct span octets)
{
    nvm_bind_hex(card->nvm, stmt, index, octets.size > 0 ? octets : SPAN_STRING(""));
}

static void bind_now(struct softeuicc *card, sqlite3_stmt *stmt, int index)
{
    time_t seconds = (time_t)(card_now(card) / 1000);
    struct tm utc = {0};
    char text[32] = "";

    if (gmtime_r(&seconds, &utc) != NULL)
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    nvm_bind_text(card->nvm, stmt, index, text);
}

static bool insert_profile(struct softeuicc *card, const struct profile_installation *installation,
                           struct span aid, uint64_t memory)
{
    const struct profile_metadata *metadata = installation->metadata;
    sqlite3_stmt *stmt = nvm_write_stmt(
        card->nvm,
        "INSERT INTO profile (isdp_aid, iccid, state, class, origin, service_provider, name, icon_type, "
        "icon, ppr1,"
        " ppr2, owner, metadata, smdp_oid, smdp_address, ci_key_id, isdp_configuration, memory, installed_at,"
        " ecall, fallback_allowed)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19,"
        " ?20, ?21)");
    bool iot = (card->personality_bit & (FOR_IOT | FOR_HYBRID)) != 0;
    char digits[21];

    if (!iccid_to_digits(metadata->iccid, digits))
        return false;
    nvm_bind_hex(card->nvm, stmt, 1, aid);
    nvm_bind_text(card->nvm, stmt, 2, digits);
    nvm_bind_text(card->nvm, stmt, 3, lifecycle_state_name(lifecycle_initial_state()));
    nvm_bind_text(card->nvm, stmt, 4, profile_class_name(metadata->class));
    nvm_bind_text(card->nvm, stmt, 5, installation->preloaded ? "preloaded" : "downloaded");
    profile_bind_text(card, stmt, 6, metadata->service_provider);
    profile_bind_text(card, stmt, 7, metadata->name);
    if (metadata->has_icon) {
        nvm_bind_int(card->nvm, stmt, 8, metadata->icon_type);
        nvm_bind_blob(card->nvm, stmt, 9, metadata->icon);
    }
    nvm_bind_int(card->nvm, stmt, 10, metadata->ppr1);
    nvm_bind_int(card->nvm, stmt, 11, metadata->ppr2);
    nvm_bind_blob(card->nvm, stmt, 12, metadata->owner);
    nvm_bind_blob(card->nvm, stmt, 13, metadata->whole);
    bind_hex_or_empty(card, stmt, 14, installation->smdp_oid);
    profile_bind_text(card, stmt, 15, installation->smdp_address);
    bind_hex_or_empty(card, stmt, 16, installation->ci_key_id);
    nvm_bind_blob(card->nvm, stmt, 17, installation->isdp_configuration);
    nvm_bind_int(card->nvm, stmt, 18, (int64_t)memory);
    bind_now(card, stmt, 19);
    nvm_bind_int(card->nvm, stmt, 20, iot && metadata->ecall);
    nvm_bind_int(card->nvm, stmt, 21, iot && metadata->fallback_allowed);
    return nvm_run(card->nvm, stmt);
}

static bool insert_elements(struct softeuicc *card, int64_t id, const struct saip_package *package)
{
    for (size_t i = 0; i < package->count; i++) {
        const struct saip_element *element = &package->elements[i];
        sqlite3_stmt *stmt = nvm_write_stmt(
            card->nvm, "INSERT INTO profile_element (profile, position, name, identification, mandated, der)"
                       " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

        nvm_bind_int(card->nvm, stmt, 1, id);
        nvm_bind_int(card->nvm, stmt, 2, (int64_t)i);
        nvm_bind_text(card->nvm, stmt, 3, element->name);
        if (element->has_identification)
            nvm_bind_int(card->nvm, stmt, 4, element->identification);
        nvm_bind_int(card->nvm, stmt, 5, element->mandated);
        nvm_bind_blob(card->nvm, stmt, 6, element->whole);
        if (!nvm_run(card->nvm, stmt))
            return false;
    }
    return true;
}

static bool insert_addresses(struct softeuicc *card, int64_t id, struct span list)
{
    struct notification_configuration configuration;

    for (int position = 0; notification_configuration_next(&list, &configuration); position++) {
        sqlite3_stmt *stmt = nvm_write_stmt(
            card->nvm, "INSERT INTO notification_address (profile, position, operations, address)"
                       " VALUES (?1, ?2, ?3, ?4)");

        nvm_bind_int(card->nvm, stmt, 1, id);
        nvm_bind_int(card->nvm, stmt, 2, position);
        nvm_bind_int(card->nvm, stmt, 3, configuration.operations);
        profile_bind_text(card, stmt, 4, configuration.address);
        if (!nvm_run(card->nvm, stmt))
            return false;
    }
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
