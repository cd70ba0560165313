/*
 * TCA (SIMalliance) Interoperable Profile Package 2.x-3.x: decoding and validation, element by element.
 *
 * A package is decoded in place into a list of Profile Elements (PEs) and checked whole: order, header,
 * mandatory services, templates, sizes. The first fault is reported with the element's identification. What a
 * terminal sees of the files is built by the file system from the same elements (the profile interpreter).
 */
#ifndef SOFTEUICC_PROFILES_SAIP_H
#define SOFTEUICC_PROFILES_SAIP_H

#include "apdu/bytes.h"

/* PEStatus result codes, TCA profile package A.2 (EUICCResponse). */
enum saip_result {
    SAIP_OK = 0,
    SAIP_PE_NOT_SUPPORTED = 1,
    SAIP_MEMORY_FAILURE = 2,
    SAIP_BAD_VALUES = 3,
    SAIP_NOT_ENOUGH_MEMORY = 4,
    SAIP_INVALID_REQUEST_FORMAT = 5,
    SAIP_INVALID_PARAMETER = 6,
    SAIP_RUNTIME_NOT_SUPPORTED = 7,
    SAIP_LIB_NOT_SUPPORTED = 8,
    SAIP_TEMPLATE_NOT_SUPPORTED = 9,
    SAIP_FEATURE_NOT_SUPPORTED = 10,
    SAIP_PIN_CODE_MISSING = 11,
    SAIP_UNSUPPORTED_PROFILE_VERSION = 31,
};

const char *saip_result_name(enum saip_result result);

/* Where and why a package was refused. */
struct saip_failure {
    enum saip_result result;
    bool has_identification;
    uint16_t identification; /* of the element, from its header */
    uint32_t tag;            /* of the element, 0 before the first */
    size_t offset;           /* in the package */
    char reason[120];        /* one clear line */
};

struct saip_element {
    uint32_t tag;
    struct span value; /* content of the element */
    struct span whole;
    bool mandated;
    bool has_identification;
    uint16_t identification;
    const char *name; /* "header", "usim", "genericFileManagement", … */
    bool supported;   /* false: optional and unknown to this card, skipped and reported */
};

struct saip_package {
    struct span der; /* not owned */
    struct saip_element *elements;
    size_t count;
    uint8_t major_version, minor_version;
    char profile_type[101];
    uint8_t iccid[10]; /* as on the card: nibbles swapped, F-padded */
    /* Further header facts (mandatory services, POL, GFSTE list, IOT options) are added here by the decoder.
     */
};

/* Decodes and validates. `der` must outlive the package. On a fault: false, *failure filled, *package left
 * empty. On success the caller frees with saip_free. */
bool saip_decode(struct span der, struct saip_package *package, struct saip_failure *failure);
void saip_free(struct saip_package *package);

/* A package splits at element boundaries: the size of the first element of `in`, 0 while it is not all there.
 */
size_t saip_first_element_size(struct span in);

/* True when the NAA keys of every akaParameter/cdmaParameter are test keys as SGP.22 3.1.? asks of test
 * profiles; true without any NAA. */
bool saip_has_only_test_keys(const struct saip_package *package);

/* Appends EUICCResponse (TCA A.2) to `out`: success, or the failure's PEStatus; skipped elements are
 * reported. */
void saip_put_euicc_response(struct buf *out, const struct saip_package *package,
                             const struct saip_failure *failure);

/* A rough but honest figure of non-volatile memory the profile takes on a card, in octets: file sizes plus
 * overheads. */
size_t saip_memory_size(const struct saip_package *package);

#endif
