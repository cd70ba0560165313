/* ES6.UpdateMetadata (SGP.22 5.4.1): the operator changes names, icon and policy rules of its profile over
 * the air; since SGP.22 v2.4 also the data of its services, since SGP.32 v1.3 whether it may be the Fallback
 * Profile. */
#include "euicc/profile/profile_store.h"

#include "apdu/tlv.h"
#include "euicc/os/spec_version.h"
#include "euicc/os/text.h"
#include "protocol/tags.h"

/* UpdateMetadataRequest: every member is optional; SPAN_NONE where it is absent. */
struct update {
    struct span service_provider, name, icon_type, icon, rules;
    struct span service_data, fallback_allowed; /* of versions that the card may not be made to */
    bool has_icon_type;
    unsigned icon_type_number;
};

#define HIGHEST_NUMBER 25 /* of the members before, profilePolicyRules */

/* What later versions have: it stands behind and between members that the card passes over; no member that
 * has its place before is among them. */
static bool read_later_members(struct tlv_reader *reader, struct update *update)
{
    struct tlv_reader further = *reader;
    struct tlv object;

    if (!tlv_skip_later(&further, HIGHEST_NUMBER))
        return false;
    while (tlv_next(reader, &object) == TLV_OK) {
        if (object.tag == TAG_SERVICE_DATA)
            update->service_data = object.value;
        else if (object.tag == TAG_FALLBACK_ALLOWED)
            update->fallback_allowed = object.value;
    }
    return tlv_good(reader) && (update->service_data.data == NULL || tlv_is_sequence(update->service_data)) &&
           (update->fallback_allowed.data == NULL || update->fallback_allowed.size == 1);
}

static bool text_fits(struct span text, size_t max)
{
    size_t characters = 0;

    return text.data == NULL || (text_is_utf8(text, &characters) && characters <= max);
}

static bool update_parse(struct span request, struct update *update)
{
    struct tlv_reader reader = tlv_reader(request);
    uint64_t number = 0;

    *update = (struct update){.rules = SPAN_NONE};
    (void)tlv_optional(&reader, 0x91, &update->service_provider);
    (void)tlv_optional(&reader, 0x92, &update->name);
    update->has_icon_type = tlv_optional(&reader, 0x93, &update->icon_type) && update->icon_type.size > 0;
    (void)tlv_optional(&reader, 0x94, &update->icon);
    (void)tlv_optional(&reader, 0x99, &update->rules);
    if (!read_later_members(&reader, update) ||
        !text_fits(update->service_provider, SERVICE_PROVIDER_NAME_MAX) ||
        !text_fits(update->name, PROFILE_NAME_MAX))
        return false;
    if (update->has_icon_type && (!tlv_unsigned(update->icon_type, &number) || number > 1))
        return false;
    update->icon_type_number = (unsigned)number;
    /* An icon comes with its type; an empty one takes the icon away. */
    if (update->icon.size > ICON_MAX || (update->icon.size > 0 && !update->has_icon_type))
        return false;
    /* pprUpdateControl is zero in this version: rules can only be taken away. */
    return update->rules.data == NULL ||
           (bit_string_valid(update->rules) && !tlv_bit(update->rules, PPR_UPDATE_CONTROL_BIT));
}

/* What the request says, or else what is there already. */
static struct span given(struct span updated, const struct buf *present)
{
    return updated.data != NULL ? updated : buf_span(present);
}

uint16_t profile_update_metadata(struct softeuicc *card, const struct profile *profile, struct span request)
{
    struct update update;
    bool ppr1 = profile->ppr1;
    bool ppr2 = profile->ppr2;
    bool fallback_allowed = profile->fallback_allowed;
    bool has_icon = profile->has_icon;
    struct span service_data;

    if (!update_parse(request, &update))
        return SW_WRONG_DATA;
    if (update.rules.data != NULL) {
        ppr1 = ppr1 && tlv_bit(update.rules, PPR1_BIT);
        ppr2 = ppr2 && tlv_bit(update.rules, PPR2_BIT);
    }
    /* Reading of SGP.32: who has the Fallback Attribute already keeps it; the owner's word is asked when it
     * is set. */
    if (update.fallback_allowed.data != NULL && card_speaks_sgp32(card, 1, 3))
        fallback_allowed = update.fallback_allowed.data[0] != 0;
    if (update.icon.data != NULL)
        has_icon = update.icon.size > 0;
    /* Reading: the data of all services are replaced together; none at all takes them away. */
    service_data =
        given(card_speaks_sgp22(card, 2, 4) ? update.service_data : SPAN_NONE, &profile->service_data);
    return nvm_change(card->nvm,
                      "UPDATE profile SET service_provider = ?2, name = ?3, icon_type = ?4, icon = ?5,"
                      " ppr1 = ?6, ppr2 = ?7, fallback_allowed = ?8, service_data = ?9 WHERE id = ?1",
                      NVM_VALUES(NVM_INT(profile->id),
                                 NVM_TEXT(given(update.service_provider, &profile->service_provider)),
                                 NVM_TEXT(given(update.name, &profile->name)),
                                 has_icon ? NVM_INT(update.has_icon_type ? update.icon_type_number
                                                                         : profile->icon_type)
                                          : NVM_NULL,
                                 has_icon ? NVM_BLOB(given(update.icon, &profile->icon)) : NVM_NULL,
                                 NVM_INT(ppr1), NVM_INT(ppr2), NVM_INT(fallback_allowed),
                                 service_data.size > 0 ? NVM_BLOB(service_data) : NVM_NULL))
               ? SW_OK
               : SW_MEMORY_FAILURE;
}
