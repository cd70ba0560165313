/*
 * ES10b functions that SGP.32 adds for the IPA (5.9.4, 5.9.5, 5.9.10, 5.9.17, 5.9.18, 5.9.24, 5.9.25, 3.8.4):
 * requests and result codes. LoadEuiccPackage is euicc_package.c; rollback, fallback, the Emergency Profile
 * and ImmediateEnable are es10b_recovery.c.
 */
#include "euicc/iot/connectivity.h"
#include "euicc/iot/eim.h"
#include "euicc/iot/es10_iot.h"
#include "euicc/lifecycle/immediate_enable.h"
#include "euicc/os/credentials.h"
#include "euicc/rsp/es10_common.h"
#include "euicc/rsp/ipa_mode.h"
#include "euicc/rsp/memory_reset.h"
#include "protocol/tags.h"

/* --- eIM configuration --------------------------------------------------------------------------- */

/* searchCriteria: A0 { 80 eimId }, a CHOICE of one. */
static bool read_search(struct span content, struct span *id)
{
    struct tlv_reader reader = tlv_reader(content);

    return tlv_require_sized(&reader, 0x80, 1, EIM_ID_MAX, id) && tlv_finish(&reader);
}

uint16_t es10b_get_eim_configuration_data(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct span id = SPAN_NONE;
    struct span value;
    struct es10_ok ok;

    if ((tlv_optional(&reader, 0xA0, &value) && !read_search(value, &id)) || !tlv_skip_later(&reader, 0))
        return ES10_BAD_REQUEST;
    ok = es10_open_ok(response, TAG_EIM_CONFIGURATION_DATA);
    eim_put_configurations(card, id, response);
    return es10_close_ok(card, response, ok);
}

/* One entry of the answer: 84 token, or NULL. */
static void put_added(struct buf *list, bool has_token, int64_t token)
{
    if (has_token)
        tlv_put_signed(list, 0x84, token);
    else
        tlv_put(list, 0x05, SPAN_STRING(""));
}

/* Adds every entry of eimConfigurationDataList, until one is refused. Reading: a list of none is a
 * commandError, and so is an entry that is no SEQUENCE. */
static enum eim_result add_all(struct softeuicc *card, struct span configurations, struct buf *added)
{
    struct tlv_reader reader = tlv_reader(configurations);
    enum eim_result result = EIM_COMMAND_ERROR;
    struct tlv entry;

    while (tlv_next(&reader, &entry) == TLV_OK) {
        bool has_token = false;
        int64_t token = 0;

        result =
            entry.tag == TAG_SEQUENCE ? eim_add(card, entry.value, &has_token, &token) : EIM_COMMAND_ERROR;
        if (result != EIM_OK)
            return result;
        put_added(added, has_token, token);
    }
    return result;
}

static uint16_t add_initial(struct softeuicc *card, struct span configurations, struct buf *response)
{
    struct buf added = {0};
    enum eim_result result = EIM_ALREADY_EXISTS;
    uint16_t status;

    if (!nvm_part_begin(card->nvm))
        return ES10_MEMORY;
    if (eim_count(card) == 0)
        result = add_all(card, configurations, &added);
    /* One bad entry refuses all. */
    if (!(result == EIM_OK ? nvm_part_keep(card->nvm) : nvm_part_undo(card->nvm))) {
        status = ES10_MEMORY;
    } else if (result != EIM_OK) {
        status = es10_choice_error(card, response, TAG_ADD_INITIAL_EIM, result);
    } else {
        size_t outer = tlv_open(response, TAG_ADD_INITIAL_EIM);

        tlv_put(response, 0xA0, buf_span(&added));
        tlv_close(response, outer);
        status = added.failed ? ES10_FAILED : es10_finish(card, response);
    }
    buf_free(&added);
    return status;
}

uint16_t es10b_add_initial_eim(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct span configurations;

    if (!tlv_require(&reader, 0xA0, &configurations) || !tlv_skip_rest(&reader) ||
        !tlv_is_sequence(configurations))
        return ES10_BAD_REQUEST;
    return add_initial(card, configurations, response);
}

/* --- certificates -------------------------------------------------------------------------------- */

#define INVALID_CI_PK_ID 1

/* The certificate with another tag in place of its own: AUTOMATIC TAGS makes the members implicit. */
static void put_certificate(struct buf *out, uint32_t tag, const struct cert *cert)
{
    struct span content;

    if (tlv_single(cert_der(cert), TAG_SEQUENCE, &content) == TLV_OK)
        tlv_put(out, tag, content);
}

/*
 * Reading: without euiccCiPKId the credentials are the first ones, as everywhere else. Named leniency: IPAs
 * hand on euiccCiPKIdentifierToBeUsed of an IpaEuiccDataRequest as it is, with the tag 04 that it has there.
 */
uint16_t es10b_get_certs(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    const struct card_credentials *credentials = card->credentials;
    struct span ci_key_id;
    struct es10_ok ok;

    if (tlv_optional(&reader, 0x80, &ci_key_id) || tlv_optional(&reader, TAG_OCTET_STRING, &ci_key_id))
        credentials = credentials_find(card, ci_key_id);
    if (!tlv_skip_later(&reader, 0))
        return ES10_BAD_REQUEST;
    if (credentials == NULL || card->credentials_count == 0)
        return es10_choice_error(card, response, TAG_GET_CERTS, INVALID_CI_PK_ID);
    ok = es10_open_ok(response, TAG_GET_CERTS);
    put_certificate(response, 0xA5, credentials->eum_cert);
    put_certificate(response, 0xA6, credentials->euicc_cert);
    return es10_close_ok(card, response, ok);
}

/* --- immediate enabling, its configuration ------------------------------------------------------- */

#define CONFIGURE_EIM_EXISTS 2 /* associatedEimAlreadyExists: then eIMs configure it */

uint16_t es10b_configure_immediate_enable(struct softeuicc *card, struct span request, struct buf *response)
{
    struct immediate_enable configuration;

    if (!tlv_is_sequence(request))
        return ES10_BAD_REQUEST;
    if (eim_count(card) > 0)
        return es10_result(card, response, TAG_CONFIGURE_IMMEDIATE_ENABLING, CONFIGURE_EIM_EXISTS);
    if (!immediate_enable_parse(request, &configuration))
        return es10_result(card, response, TAG_CONFIGURE_IMMEDIATE_ENABLING, ES10_UNDEFINED_ERROR);
    if (!immediate_enable_store(card, &configuration))
        return ES10_MEMORY;
    return es10_result(card, response, TAG_CONFIGURE_IMMEDIATE_ENABLING, 0);
}

/* --- connectivity parameters --------------------------------------------------------------------- */

#define PARAMETERS_NOT_AVAILABLE 1

uint16_t es10b_get_connectivity_parameters(struct softeuicc *card, struct span request, struct buf *response)
{
    struct buf parameters = {0};
    uint16_t status;

    if (!tlv_is_sequence(request))
        return ES10_BAD_REQUEST;
    if (connectivity_https(card, &parameters)) {
        struct es10_ok ok = es10_open_ok(response, TAG_CONNECTIVITY_PARAMETERS);

        tlv_put(response, 0x81, buf_span(&parameters));
        status = es10_close_ok(card, response, ok);
    } else {
        status = es10_choice_error(card, response, TAG_CONNECTIVITY_PARAMETERS, PARAMETERS_NOT_AVAILABLE);
    }
    status = parameters.failed ? ES10_FAILED : status;
    buf_free(&parameters);
    return status;
}

/* --- memory reset -------------------------------------------------------------------------------- */

/* resetOptions bits and the results, SGP.32 5.9.5. */
enum {
    RESET_OPERATIONAL = 0,
    RESET_FIELD_LOADED_TEST = 1,
    RESET_DEFAULT_SMDP = 2,
    RESET_PRELOADED_TEST = 3,
    RESET_PROVISIONING = 4,
    RESET_EIM_CONFIGURATION = 5,
    RESET_IMMEDIATE_ENABLE = 6,
};

enum {
    RESET_OK = 0,
    RESET_NOTHING_TO_DELETE = 1,
    RESET_CAT_BUSY = 5,
    RESET_ECALL_ACTIVE = 104,
};

static const uint8_t reset_codes[LIFECYCLE_FAILED] = {
    [LIFECYCLE_CAT_BUSY] = RESET_CAT_BUSY, [LIFECYCLE_ECALL_ACTIVE] = RESET_ECALL_ACTIVE};

/* Reading: each result speaks of its own options, so resetResult is nothingToDelete when neither profiles nor
 * the address were asked for; a reset of profiles that is refused ends the function, and the other results
 * are absent. */
static uint16_t es10b_reset(struct softeuicc *card, struct span options, struct buf *response)
{
    const struct memory_reset asked = {.operational = tlv_bit(options, RESET_OPERATIONAL),
                                       .field_loaded_test = tlv_bit(options, RESET_FIELD_LOADED_TEST),
                                       .preloaded_test = tlv_bit(options, RESET_PRELOADED_TEST),
                                       .provisioning = tlv_bit(options, RESET_PROVISIONING),
                                       .default_smdp = tlv_bit(options, RESET_DEFAULT_SMDP)};
    enum lifecycle_result result;
    size_t outer;
    bool done;

    result = memory_reset_run(card, &asked, &done);
    if (result == LIFECYCLE_FAILED)
        return es10_failure(card);
    outer = tlv_open(response, TAG_IOT_MEMORY_RESET);
    tlv_put_unsigned(response, 0x80,
                     result == LIFECYCLE_OK && !done ? RESET_NOTHING_TO_DELETE
                                                     : es10_lifecycle_code(reset_codes, result));
    if (result == LIFECYCLE_OK && tlv_bit(options, RESET_EIM_CONFIGURATION))
        tlv_put_unsigned(response, 0x81, eim_delete_all(card) ? RESET_OK : RESET_NOTHING_TO_DELETE);
    if (result == LIFECYCLE_OK && tlv_bit(options, RESET_IMMEDIATE_ENABLE)) {
        (void)immediate_enable_forget(card);
        tlv_put_unsigned(response, 0x82, RESET_OK);
    }
    tlv_close(response, outer);
    return es10_finish(card, response);
}

uint16_t es10b_memory_reset(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct span options;

    if (!tlv_require(&reader, 0x82, &options) || !bit_string_valid(options) || !tlv_skip_rest(&reader))
        return ES10_BAD_REQUEST;
    return es10b_reset(card, options, response);
}

/* --- address, IPAe ------------------------------------------------------------------------------- */

uint16_t es10b_set_default_dp_address(struct softeuicc *card, struct span request, struct buf *response)
{
    return es10_set_default_dp_address(card, request, TAG_IOT_SET_DEFAULT_DP_ADDRESS, response);
}

enum { IPAE_ACTIVATE_BIT = 0, IPAE_NOT_SUPPORTED = 1 };

uint16_t es10b_ipae_activation(struct softeuicc *card, struct span request, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct span option;

    if (!tlv_require(&reader, 0x80, &option) || !bit_string_valid(option) || !tlv_skip_rest(&reader))
        return ES10_BAD_REQUEST;
    if (!ipa_mode_has_ipae(card))
        return es10_result(card, response, TAG_IPAE_ACTIVATION, IPAE_NOT_SUPPORTED);
    if (!ipa_mode_activate(card, tlv_bit(option, IPAE_ACTIVATE_BIT)))
        return SW_CONDITIONS_NOT_SATISFIED;
    return es10_result(card, response, TAG_IPAE_ACTIVATION, 0);
}
