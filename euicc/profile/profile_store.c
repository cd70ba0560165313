/*
 * The profiles on the card: reading rows, and the small changes of a row. See profile_store.h; installing is
 * profile_install.c, what moves a profile from state to state is lifecycle.c.
 */
#include "euicc/profile/profile_store.h"

#include <string.h>

#define SELECT_PROFILE                                                                                       \
    "SELECT id, isdp_aid, iccid, state, class, origin, nickname, service_provider, name, icon_type, icon,"   \
    " ppr1, ppr2, owner, metadata, smdp_oid, smdp_address, isdp_configuration, ci_key_id,"                   \
    " ecall, fallback_allowed, id IS (SELECT fallback FROM iot), service_data FROM profile "

enum column {
    COLUMN_ID,
    COLUMN_AID,
    COLUMN_ICCID,
    COLUMN_STATE,
    COLUMN_CLASS,
    COLUMN_ORIGIN,
    COLUMN_NICKNAME,
    COLUMN_SERVICE_PROVIDER,
    COLUMN_NAME,
    COLUMN_ICON_TYPE,
    COLUMN_ICON,
    COLUMN_PPR1,
    COLUMN_PPR2,
    COLUMN_OWNER,
    COLUMN_METADATA,
    COLUMN_SMDP_OID,
    COLUMN_SMDP_ADDRESS,
    COLUMN_ISDP_CONFIGURATION,
    COLUMN_CI_KEY_ID,
    COLUMN_ECALL,
    COLUMN_FALLBACK_ALLOWED,
    COLUMN_FALLBACK_ATTRIBUTE,
    COLUMN_SERVICE_DATA,
};

const char *profile_class_name(enum profile_class class)
{
    static const char *const names[] = {[PROFILE_TEST] = "test",
                                        [PROFILE_PROVISIONING] = "provisioning",
                                        [PROFILE_OPERATIONAL] = "operational"};

    return names[class];
}

static enum profile_class class_from_name(const char *name)
{
    for (enum profile_class class = PROFILE_TEST; class < PROFILE_OPERATIONAL; class ++)
        if (strcmp(name, profile_class_name(class)) == 0)
            return class;
    return PROFILE_OPERATIONAL;
}

void profile_clear(struct profile *profile)
{
    buf_free(&profile->nickname);
    buf_free(&profile->service_provider);
    buf_free(&profile->name);
    buf_free(&profile->icon);
    buf_free(&profile->owner);
    buf_free(&profile->service_data);
    buf_free(&profile->metadata);
    buf_free(&profile->smdp_oid);
    buf_free(&profile->smdp_address);
    buf_free(&profile->isdp_configuration);
    *profile = (struct profile){0};
}

/* Never NULL: an empty text stands for a column that could not be read (no memory), which the caller's checks
 * refuse. */
static const char *text_of(sqlite3_stmt *row, enum column column)
{
    const char *text = nvm_text(row, (int)column);

    return text != NULL ? text : "";
}

static void copy_text(struct buf *to, sqlite3_stmt *row, enum column column)
{
    buf_append(to, span_of_string(text_of(row, column)));
}

/* Hexadecimal in a column to exactly `size` octets. */
static bool copy_hex(uint8_t *to, size_t size, sqlite3_stmt *row, enum column column)
{
    struct buf octets = {0};
    bool good = buf_append_hex(&octets, text_of(row, column), NULL) && octets.size == size;

    if (good)
        memcpy(to, octets.data, size);
    buf_free(&octets);
    return good;
}

static bool any_failed(const struct profile *profile)
{
    return profile->nickname.failed || profile->service_provider.failed || profile->name.failed ||
           profile->icon.failed || profile->owner.failed || profile->service_data.failed ||
           profile->metadata.failed || profile->smdp_oid.failed || profile->smdp_address.failed ||
           profile->isdp_configuration.failed;
}

/* False when the row does not make sense (somebody edited the file) or memory ran out. */
static bool profile_from_row(sqlite3_stmt *row, struct profile *profile)
{
    *profile = (struct profile){
        .id = nvm_int(row, COLUMN_ID),
        .state = strcmp(text_of(row, COLUMN_STATE), "enabled") == 0 ? PROFILE_ENABLED : PROFILE_DISABLED,
        .class = class_from_name(text_of(row, COLUMN_CLASS)),
        .preloaded = strcmp(text_of(row, COLUMN_ORIGIN), "preloaded") == 0,
        .ppr1 = nvm_int(row, COLUMN_PPR1) != 0,
        .ppr2 = nvm_int(row, COLUMN_PPR2) != 0,
        .ecall = nvm_int(row, COLUMN_ECALL) != 0,
        .fallback_allowed = nvm_int(row, COLUMN_FALLBACK_ALLOWED) != 0,
        .fallback_attribute = nvm_int(row, COLUMN_FALLBACK_ATTRIBUTE) != 0,
        .has_icon = nvm_blob(row, COLUMN_ICON).data != NULL,
        .icon_type = (unsigned)nvm_int(row, COLUMN_ICON_TYPE),
        .has_owner = nvm_blob(row, COLUMN_OWNER).data != NULL,
    };
    copy_text(&profile->nickname, row, COLUMN_NICKNAME);
    copy_text(&profile->service_provider, row, COLUMN_SERVICE_PROVIDER);
    copy_text(&profile->name, row, COLUMN_NAME);
    copy_text(&profile->smdp_address, row, COLUMN_SMDP_ADDRESS);
    buf_append(&profile->icon, nvm_blob(row, COLUMN_ICON));
    buf_append(&profile->owner, nvm_blob(row, COLUMN_OWNER));
    buf_append(&profile->service_data, nvm_blob(row, COLUMN_SERVICE_DATA));
    buf_append(&profile->metadata, nvm_blob(row, COLUMN_METADATA));
    buf_append(&profile->isdp_configuration, nvm_blob(row, COLUMN_ISDP_CONFIGURATION));
    profile->has_ci_key_id = copy_hex(profile->ci_key_id, sizeof(profile->ci_key_id), row, COLUMN_CI_KEY_ID);
    return copy_hex(profile->isdp_aid, ISDP_AID_SIZE, row, COLUMN_AID) &&
           iccid_from_digits(text_of(row, COLUMN_ICCID), profile->iccid) &&
           buf_append_hex(&profile->smdp_oid, text_of(row, COLUMN_SMDP_OID), NULL) && !any_failed(profile);
}

/* The one row a statement gives. */
static bool only_row(struct softeuicc *card, sqlite3_stmt *stmt, struct profile *profile)
{
    bool found;

    *profile = (struct profile){0};
    if (!nvm_row(card->nvm, stmt))
        return false;
    found = profile_from_row(stmt, profile);
    nvm_done(stmt);
    if (!found)
        profile_clear(profile);
    return found;
}

bool profile_by_id(struct softeuicc *card, int64_t id, struct profile *profile)
{
    return only_row(card, nvm_select(card->nvm, SELECT_PROFILE "WHERE id = ?1", NVM_VALUES(NVM_INT(id))),
                    profile);
}

bool profile_by_iccid(struct softeuicc *card, struct span iccid, struct profile *profile)
{
    char digits[21];

    *profile = (struct profile){0};
    return iccid_to_digits(iccid, digits) &&
           only_row(card,
                    nvm_select(card->nvm, SELECT_PROFILE "WHERE iccid = ?1", NVM_VALUES(NVM_STRING(digits))),
                    profile);
}

bool profile_iccid_exists(struct softeuicc *card, struct span iccid)
{
    char digits[21];

    return iccid_to_digits(iccid, digits) && nvm_figure(card->nvm, "SELECT 1 FROM profile WHERE iccid = ?1",
                                                        NVM_VALUES(NVM_STRING(digits))) != 0;
}

bool profile_by_aid(struct softeuicc *card, struct span aid, struct profile *profile)
{
    *profile = (struct profile){0};
    return aid.size == ISDP_AID_SIZE &&
           only_row(card,
                    nvm_select(card->nvm, SELECT_PROFILE "WHERE isdp_aid = ?1", NVM_VALUES(NVM_HEX(aid))),
                    profile);
}

bool profile_enabled(struct softeuicc *card, struct profile *profile)
{
    return only_row(card, nvm_select(card->nvm, SELECT_PROFILE "WHERE state = 'enabled'", NVM_NONE), profile);
}

void profile_each(struct softeuicc *card, bool (*visit)(void *context, const struct profile *profile),
                  void *context)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, SELECT_PROFILE "ORDER BY id", NVM_NONE);
    bool more = true;

    while (more && nvm_row(card->nvm, stmt)) {
        struct profile profile;

        more = profile_from_row(stmt, &profile) && visit(context, &profile);
        profile_clear(&profile);
        if (!more)
            nvm_done(stmt);
    }
}

bool profile_delete(struct softeuicc *card, int64_t id)
{
    return nvm_change_row(card->nvm, "DELETE FROM profile WHERE id = ?1", NVM_VALUES(NVM_INT(id)));
}

bool profile_set_state(struct softeuicc *card, int64_t id, enum profile_state state)
{
    return nvm_change_row(
        card->nvm, "UPDATE profile SET state = ?2 WHERE id = ?1",
        NVM_VALUES(NVM_INT(id), NVM_STRING(state == PROFILE_ENABLED ? "enabled" : "disabled")));
}

bool profile_set_nickname(struct softeuicc *card, int64_t id, struct span nickname)
{
    return nvm_change_row(card->nvm, "UPDATE profile SET nickname = ?2 WHERE id = ?1",
                          NVM_VALUES(NVM_INT(id), NVM_TEXT(nickname)));
}

int64_t profile_before_test(struct softeuicc *card)
{
    return nvm_figure(card->nvm, "SELECT before_test FROM card", NVM_NONE);
}

bool profile_set_before_test(struct softeuicc *card, int64_t id)
{
    return nvm_change(card->nvm, "UPDATE card SET before_test = nullif(?1, 0)", NVM_VALUES(NVM_INT(id)));
}

unsigned profile_count(struct softeuicc *card)
{
    return (unsigned)nvm_figure(card->nvm, "SELECT count(*) FROM profile", NVM_NONE);
}

uint64_t profile_free_nvm(struct softeuicc *card)
{
    return (uint64_t)nvm_figure(card->nvm,
                                "SELECT max(0, nvm_size - (SELECT coalesce(sum(memory), 0) FROM profile)"
                                " - (SELECT coalesce(sum(length(der)), 0) FROM crl)) FROM card",
                                NVM_NONE);
}

/* Volatile memory is the room that STORE DATA collects requests in. */
struct card_resources profile_resources(struct softeuicc *card)
{
    size_t used = store_data_held(card->store_data, APDU_CHANNELS);

    return (struct card_resources){.free_nvm = profile_free_nvm(card),
                                   .free_ram = used < STORE_DATA_MAX ? STORE_DATA_MAX - used : 0};
}
