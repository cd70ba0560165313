/*
 * What the card says about a profile package: EUICCResponse (TCA A.2), names of results, the memory it takes,
 * and whether it may be a test profile (SGP.22).
 */
#include "profiles/saip/saip_internal.h"

#include <string.h>

const char *saip_result_name(enum saip_result result)
{
    static const char *const names[] = {
        [SAIP_OK] = "ok",
        [SAIP_PE_NOT_SUPPORTED] = "element not supported",
        [SAIP_MEMORY_FAILURE] = "memory failure",
        [SAIP_BAD_VALUES] = "bad values",
        [SAIP_NOT_ENOUGH_MEMORY] = "not enough memory",
        [SAIP_INVALID_REQUEST_FORMAT] = "invalid request format",
        [SAIP_INVALID_PARAMETER] = "invalid parameter",
        [SAIP_RUNTIME_NOT_SUPPORTED] = "run-time environment not supported",
        [SAIP_LIB_NOT_SUPPORTED] = "library not supported",
        [SAIP_TEMPLATE_NOT_SUPPORTED] = "template not supported",
        [SAIP_FEATURE_NOT_SUPPORTED] = "feature not supported",
        [SAIP_PIN_CODE_MISSING] = "PIN code missing",
    };

    if (result == SAIP_UNSUPPORTED_PROFILE_VERSION)
        return "unsupported profile version";
    return (size_t)result < sizeof(names) / sizeof(names[0]) ? names[result] : "unknown";
}

static void put_status(struct buf *out, enum saip_result result, const struct saip_element *element)
{
    size_t mark = tlv_open(out, 0x30);

    tlv_put_unsigned(out, 0x80, (uint64_t)result);
    if (element != NULL && element->has_identification)
        tlv_put_unsigned(out, 0x81, element->identification);
    tlv_close(out, mark);
}

static void put_failure(struct buf *out, const struct saip_failure *failure)
{
    size_t mark = tlv_open(out, 0x30);

    tlv_put_unsigned(out, 0x80, (uint64_t)failure->result);
    if (failure->has_identification)
        tlv_put_unsigned(out, 0x81, failure->identification);
    tlv_put_unsigned(out, 0x83, failure->element_offset);
    tlv_close(out, mark);
}

/* Reading: of several PEStatus, those of skipped elements come first; ok stands alone and without
 * identification. */
void saip_put_euicc_response(struct buf *out, const struct saip_package *package,
                             const struct saip_failure *failure)
{
    enum { MESSAGE_MAX = 64 };
    size_t response = tlv_open(out, 0x30);
    size_t list = tlv_open(out, 0xA0);

    if (failure != NULL) {
        put_failure(out, failure);
    } else {
        for (size_t i = 0; i < package->count; i++) {
            if (!package->elements[i].supported)
                put_status(out, SAIP_PE_NOT_SUPPORTED, &package->elements[i]);
        }
        put_status(out, SAIP_OK, NULL);
    }
    tlv_close(out, list);
    if (failure != NULL) {
        size_t size = strlen(failure->reason);

        tlv_put(out, 0x81, SPAN_STRING("")); /* profileInstallationAborted */
        if (size >= 2)
            tlv_put(out, 0x82, SPAN(failure->reason, size < MESSAGE_MAX ? size : MESSAGE_MAX));
    }
    tlv_close(out, response);
}

/*
 * Reading: SGP.22 (LoadProfileElements for a test profile) accepts any key with the USIM test algorithm of
 * TS 34.108; with another algorithm all but the last octet of the key are zero. A key mapped from another
 * application is judged there; the keys of CDMA are not spoken of.
 */
static bool is_test_key(struct span algorithm, struct span key)
{
    uint64_t identifier = 0;

    tlv_unsigned(algorithm, &identifier);
    if (identifier == SAIP_USIM_TEST_ALGORITHM)
        return true;
    for (size_t i = 0; i + 1 < key.size; i++) {
        if (key.data[i] != 0)
            return false;
    }
    return true;
}

bool saip_has_only_test_keys(const struct saip_package *package)
{
    static const uint32_t parameters[] = {0xA1, 0xA1, 0};

    for (size_t i = 0; i < package->count; i++) {
        struct span value, algorithm, key;

        if (package->elements[i].tag != SAIP_AKA_PARAMETER ||
            !tlv_find_path(package->elements[i].value, parameters, &value))
            continue;
        if (!tlv_find(value, 0x80, &algorithm) || !tlv_find(value, 0x82, &key) ||
            !is_test_key(algorithm, key))
            return false;
    }
    return true;
}

size_t saip_memory_size(const struct saip_package *package)
{
    /* Keys, codes, applications: about what the package says of them, plus the profile's own directory. */
    enum { PROFILE_OVERHEAD = 512 };
    size_t size = PROFILE_OVERHEAD + package->memory_size;

    for (size_t i = 0; i < package->count; i++) {
        const struct saip_element *element = &package->elements[i];

        if (element->supported && element->template == NULL && element->tag != SAIP_GENERIC_FILE_MANAGEMENT)
            size += element->whole.size;
    }
    return size;
}
