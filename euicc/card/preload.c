/*
 * The profiles a card is born with: installed as a download would, but by the manufacturer: no SM-DP+, no
 * session, and the Rules Authorisation Table is not asked (SGP.22 2.9.2.4 is about downloads).
 */
#include "euicc/card/preload.h"

#include "apdu/tlv.h"
#include "euicc/os/error.h"
#include "euicc/profile/profile_store.h"
#include "euicc/rsp/profile_install.h"
#include "protocol/tags.h"

#include <string.h>

/* StoreMetadataRequest (SGP.22 5.5.3) for a package that came without: what its header says, and what is
 * said of the profile beside it. */
static void make_metadata(const struct saip_package *package, const struct softeuicc_preloaded_profile *given,
                          struct buf *out)
{
    static const enum profile_class classes[] = {
        [SOFTEUICC_PROFILE_OPERATIONAL] = PROFILE_OPERATIONAL,
        [SOFTEUICC_PROFILE_TEST] = PROFILE_TEST,
        [SOFTEUICC_PROFILE_PROVISIONING] = PROFILE_PROVISIONING,
    };
    static const uint8_t true_in_der[] = {0xFF};
    size_t mark = tlv_open(out, TAG_STORE_METADATA);
    size_t name_size = strlen(package->profile_type);

    tlv_put(out, 0x5A, SPAN_ARRAY(package->iccid));
    tlv_put_string(out, 0x91, "softeuicc");
    tlv_put(out, 0x92,
            SPAN(package->profile_type, name_size < PROFILE_NAME_MAX ? name_size : PROFILE_NAME_MAX));
    if (given->profile_class != SOFTEUICC_PROFILE_OPERATIONAL) /* DER: the default is left out */
        tlv_put_unsigned(out, 0x95, classes[given->profile_class]);
    if (given->ecall)
        tlv_put(out, TAG_ECALL_INDICATION, SPAN_ARRAY(true_in_der));
    if (given->fallback_allowed)
        tlv_put(out, TAG_FALLBACK_ALLOWED, SPAN_ARRAY(true_in_der));
    tlv_close(out, mark);
}

static enum softeuicc_status preload_install(struct softeuicc *card, size_t position,
                                             const struct profile_installation *what,
                                             struct softeuicc_error *error)
{
    static const struct {
        enum softeuicc_status status;
        const char *text;
    } outcomes[] = {
        [PROFILE_INSTALLED] = {SOFTEUICC_OK, ""},
        [PROFILE_ICCID_EXISTS] = {SOFTEUICC_INVALID, "has the same ICCID as an earlier one"},
        [PROFILE_NO_MEMORY] = {SOFTEUICC_INVALID, "needs more memory than the card has left"},
        [PROFILE_STORAGE_FAILED] = {SOFTEUICC_STORAGE, "cannot be written"},
    };
    uint8_t isdp_aid[ISDP_AID_SIZE];
    enum profile_install_status outcome = profile_install(card, what, isdp_aid);

    if (outcome == PROFILE_INSTALLED)
        return SOFTEUICC_OK;
    return error_set(error, outcomes[outcome].status, "profile %zu: %s", position + 1,
                     outcomes[outcome].text);
}

static enum softeuicc_status install_package(struct softeuicc *card, size_t position,
                                             const struct saip_package *package, struct span metadata_octets,
                                             struct softeuicc_error *error)
{
    struct profile_metadata metadata;
    struct profile_installation what = {.metadata = &metadata, .package = package, .preloaded = true};
    size_t offset = 0;

    if (!profile_metadata_parse(metadata_octets, &metadata, &offset))
        return error_set(error, SOFTEUICC_INVALID, "profile %zu: the metadata is malformed at octet %zu",
                         position + 1, offset);
    if (!span_equal(metadata.iccid, SPAN_ARRAY(package->iccid)))
        return error_set(error, SOFTEUICC_INVALID, "profile %zu: metadata and package have different ICCIDs",
                         position + 1);
    return preload_install(card, position, &what, error);
}

enum softeuicc_status preload_profile(struct softeuicc *card, size_t position,
                                      const struct softeuicc_preloaded_profile *given,
                                      struct softeuicc_error *error)
{
    struct saip_package package;
    struct saip_failure failure;
    struct buf made = {0};
    enum softeuicc_status status;

    if ((unsigned)given->profile_class > SOFTEUICC_PROFILE_PROVISIONING)
        return error_set(error, SOFTEUICC_INVALID, "profile %zu: there is no such class", position + 1);
    if ((given->ecall || given->fallback_allowed) && card->personality_bit == FOR_CONSUMER)
        return error_set(error, SOFTEUICC_INVALID,
                         "profile %zu: a consumer card has no Emergency Profile and no fallback",
                         position + 1);
    if (!saip_decode(SPAN(given->package, given->package_size), &package, &failure))
        return error_set(error, SOFTEUICC_INVALID, "profile %zu: %s at octet %zu", position + 1,
                         failure.reason, failure.offset);
    if (given->metadata == NULL)
        make_metadata(&package, given, &made);
    status = made.failed
                 ? error_set(error, SOFTEUICC_MEMORY, "out of memory")
                 : install_package(card, position, &package,
                                   given->metadata != NULL ? SPAN(given->metadata, given->metadata_size)
                                                           : buf_span(&made),
                                   error);
    buf_free(&made);
    saip_free(&package);
    return status;
}
