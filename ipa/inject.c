/*
 * Inject mode (SGP.32 5.14.4, 6.3.3.1): an eIM package that somebody hands in, and the answer handed back:
 * TransferEimPackage. What the packages do is the business of who does them in a poll; here are the ends, and
 * the acknowledgements that come as a package of their own. See ipa.h.
 */
#include "ipa/ipa_internal.h"
#include "protocol/tags.h"

#include <string.h>

struct span ipa_injected_package(struct span request)
{
    struct tlv object;

    if (tlv_only(request, &object) != TLV_OK)
        return SPAN_NONE;
    if (object.tag == TAG_TRANSFER_EIM_PACKAGE && tlv_only(object.value, &object) != TLV_OK)
        return SPAN_NONE;
    return object.whole;
}

/* Everything on the card that this eIM may acknowledge. False: the card failed, ipa->why says how. */
static bool offer_all(struct ipa *ipa)
{
    static const uint8_t package_results[] = {0x82, 0x00};
    struct package_result result;
    struct tlv_reader reader;
    struct tlv stored;
    struct span list;
    struct span address;
    struct span iccid;
    uint64_t sequence;

    buf_clear(&ipa->offered);
    if (!card_retrieve(ipa, SPAN_ARRAY(package_results), &list))
        return false;
    reader = tlv_reader(list);
    while (tlv_next(&reader, &stored) == TLV_OK)
        if (package_result_read(stored.whole, &result) && strcmp(result.eim_id, ipa->eim.id) == 0)
            package_offer(ipa, result.sequence);
    if (!ipa_through_eim(ipa))
        return true;
    if (!card_retrieve(ipa, SPAN_NONE, &list))
        return false;
    reader = tlv_reader(list);
    while (tlv_next(&reader, &stored) == TLV_OK)
        if (notification_metadata(stored.whole, &sequence, &address, &iccid))
            package_offer(ipa, sequence);
    return true;
}

/*
 * Reading (6.3.3.1): nobody remembers what an earlier response held, and acknowledgements are not signed. An
 * eIM acknowledges the results that are stored for it, and notifications if it is the one that passes them
 * on; any other number is nothing of its, and changes nothing.
 */
static void take_acknowledgements(struct ipa *ipa, struct span list)
{
    if (!package_are_acknowledgements(list))
        package_refuse(ipa, SPAN_NONE, INVALID_PACKAGE_FORMAT, "eimAcknowledgements are malformed");
    else if (!offer_all(ipa))
        ipa_end(ipa, IPA_CARD, "%s", ipa->why);
    else if (ipa->offered.failed)
        ipa_end(ipa, IPA_STORAGE, "out of memory");
    else if (package_acknowledge(ipa, list))
        package_received(ipa, false);
}

void inject_take(struct ipa *ipa)
{
    struct span octets = ipa_injected_package(buf_span(&ipa->injected));
    struct tlv package;

    if (ipa->injected.failed)
        ipa_end(ipa, IPA_STORAGE, "out of memory");
    else if (tlv_only(octets, &package) != TLV_OK)
        package_refuse(ipa, SPAN_NONE, INVALID_PACKAGE_FORMAT, "there is no eIM package in it");
    else if (package.tag == TAG_EIM_ACKNOWLEDGEMENTS)
        take_acknowledgements(ipa, package.value);
    else
        package_take(ipa, &package);
}
