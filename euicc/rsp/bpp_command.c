/*
 * The ES8+ commands inside a Bound Profile Package (SGP.22 5.5): InitialiseSecureChannel, ConfigureISDP,
 * StoreMetadata, ReplaceSessionKeys and the profile elements. Each is checked here; how they travel is bpp.c.
 */
#include "apdu/tlv.h"
#include "euicc/profile/policy.h"
#include "euicc/rsp/bpp.h"
#include "euicc/rsp/one_time_key.h"
#include "euicc/rsp/profile_install.h"
#include "euicc/rsp/server_cert.h"
#include "protocol/tags.h"

#include <openssl/crypto.h>
#include <string.h>

#define TAG_DP_PROPRIETARY_DATA 0xB8
#define DP_PROPRIETARY_DATA_MAX 128  /* with tag and length, SGP.22 5.5.2 */
#define INSTALL_PROFILE_PACKAGE 1    /* RemoteOpId */
#define KEY_TYPE_AES            0x88 /* GlobalPlatform 2.3 table 11-16 */
#define HOST_ID_MAX             16

struct initialise_request {
    struct span remote_op_id, transaction_id, key_type, key_length, host_id, otpk;
    struct span covered; /* the data objects that smdpSign covers, as received */
    struct span signature;
};

static bool parse_initialise(struct span content, struct initialise_request *request)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span crt;

    if (!tlv_require(&reader, 0x82, &request->remote_op_id) ||
        !tlv_require_sized(&reader, 0x80, 1, RSP_TRANSACTION_ID_MAX, &request->transaction_id) ||
        !tlv_require(&reader, 0xA6, &crt) || !tlv_require(&reader, TAG_ONE_TIME_KEY, &request->otpk))
        return false;
    request->covered = SPAN(content.data, reader.offset);
    if (!tlv_require(&reader, TAG_SIGNATURE, &request->signature) || !tlv_skip_rest(&reader))
        return false;
    reader = tlv_reader(crt);
    return tlv_require_sized(&reader, 0x80, 1, 1, &request->key_type) &&
           tlv_require_sized(&reader, 0x81, 1, 1, &request->key_length) &&
           tlv_require_sized(&reader, 0x84, 1, HOST_ID_MAX, &request->host_id) && tlv_skip_rest(&reader);
}

static bool verify_smdp_sign(const struct rsp_session *session, const struct initialise_request *request)
{
    static const uint8_t header[] = {0x5F, 0x49, EC_POINT_SIZE};
    const struct span parts[] = {request->covered, SPAN_ARRAY(header), SPAN_ARRAY(session->otpk_point)};

    return ec_verify(cert_key(session->dp_pb), parts, sizeof(parts) / sizeof(parts[0]), request->signature);
}

/* Key agreement and session keys, SGP.22 annex G. */
static enum bpp_reason agree_on_keys(struct softeuicc *card, const struct initialise_request *request)
{
    struct rsp_session *session = card->rsp;
    struct ec_key *peer =
        ec_key_from_point_like(ec_key_curve(session->otpk), request->otpk, cert_key(session->dp_pb));
    uint8_t secret[EC_SCALAR_SIZE];
    struct scp03t_keys keys;
    enum bpp_reason reason = BPP_OK;

    if (peer == NULL)
        return BPP_INCORRECT_INPUT_VALUES;
    if (!ec_shared_secret(session->otpk, peer, secret))
        reason = BPP_INCORRECT_INPUT_VALUES;
    ec_key_free(peer);
    if (reason == BPP_OK &&
        (!scp03t_derive(SPAN_ARRAY(secret), request->key_type.data[0], request->key_length.data[0],
                        request->host_id, SPAN_ARRAY(card->eid), &keys) ||
         (session->load->channel = scp03t_new(&keys)) == NULL))
        reason = BPP_NO_RESOURCES;
    OPENSSL_cleanse(secret, sizeof(secret));
    OPENSSL_cleanse(&keys, sizeof(keys));
    return reason;
}

enum bpp_reason bpp_initialise_secure_channel(struct softeuicc *card, struct span content)
{
    struct initialise_request request;
    uint64_t remote_op_id;

    if (!parse_initialise(content, &request) || !tlv_unsigned(request.remote_op_id, &remote_op_id))
        return BPP_INCORRECT_INPUT_VALUES;
    /* Reading: the signature comes first, then what it covers, in the order of the error codes. */
    if (!verify_smdp_sign(card->rsp, &request))
        return BPP_INVALID_SIGNATURE;
    if (!span_equal(request.transaction_id, rsp_session_transaction_id(card->rsp)))
        return BPP_INVALID_TRANSACTION_ID;
    if (request.key_type.data[0] != KEY_TYPE_AES || request.key_length.data[0] != SCP03T_KEY_SIZE)
        return BPP_UNSUPPORTED_CRT_VALUES;
    if (remote_op_id != INSTALL_PROFILE_PACKAGE)
        return BPP_UNSUPPORTED_REMOTE_OPERATION_TYPE;
    return agree_on_keys(card, &request);
}

enum bpp_reason bpp_configure_isdp(struct softeuicc *card, struct span octets)
{
    struct bpp_load *load = card->rsp->load;
    struct tlv_reader reader;
    struct span content;
    struct span data;
    struct span oid;

    if (tlv_single(octets, TAG_CONFIGURE_ISDP, &content) != TLV_OK)
        return BPP_INCORRECT_INPUT_VALUES;
    reader = tlv_reader(content);
    if (tlv_optional(&reader, TAG_DP_PROPRIETARY_DATA, &data)) {
        struct tlv_reader inside = tlv_reader(data);

        /* dpOid under AUTOMATIC TAGS: nothing in DpProprietaryData is written with a tag. */
        if (reader.offset > DP_PROPRIETARY_DATA_MAX || !tlv_require(&inside, 0x80, &oid) ||
            !server_oid_is_valid(oid) || !tlv_skip_rest(&inside))
            return BPP_INCORRECT_INPUT_VALUES;
    }
    if (!tlv_skip_rest(&reader))
        return BPP_INCORRECT_INPUT_VALUES;
    buf_append(&load->isdp_configuration, octets);
    return load->isdp_configuration.failed ? BPP_NO_RESOURCES : BPP_OK;
}

/* profileClass as written, before it is looked at: a value that no class has is not a fault of form. */
static bool class_is_supported(struct span content)
{
    struct span value;
    uint64_t number;

    return !tlv_find(content, 0x95, &value) || !tlv_unsigned(value, &number) || number <= PROFILE_OPERATIONAL;
}

enum bpp_reason bpp_store_metadata(struct softeuicc *card, struct span octets)
{
    struct bpp_load *load = card->rsp->load;
    struct span content;
    size_t offset;

    if (tlv_single(octets, TAG_STORE_METADATA, &content) != TLV_OK)
        return BPP_INCORRECT_INPUT_VALUES;
    if (!class_is_supported(content))
        return BPP_UNSUPPORTED_PROFILE_CLASS;
    buf_append(&load->metadata_octets, octets);
    if (load->metadata_octets.failed)
        return BPP_NO_RESOURCES;
    if (!profile_metadata_parse(buf_span(&load->metadata_octets), &load->metadata, &offset))
        return BPP_INCORRECT_INPUT_VALUES;
    load->has_metadata = true;
    if (profile_iccid_exists(card, load->metadata.iccid))
        return BPP_ICCID_ALREADY_EXISTS;
    if (!policy_allows(card, &load->metadata))
        return BPP_PPR_NOT_ALLOWED;
    return nvm_failed(card->nvm) ? BPP_STORAGE_FAILED : BPP_OK;
}

enum bpp_reason bpp_replace_session_keys(struct softeuicc *card, struct span octets)
{
    struct tlv_reader reader;
    struct scp03t_keys keys;
    struct span content, chain, enc, mac;
    bool replaced;

    if (tlv_single(octets, TAG_REPLACE_SESSION_KEYS, &content) != TLV_OK)
        return BPP_INCORRECT_INPUT_VALUES;
    reader = tlv_reader(content);
    if (!tlv_require_sized(&reader, 0x80, SCP03T_KEY_SIZE, SCP03T_KEY_SIZE, &chain) ||
        !tlv_require_sized(&reader, 0x81, SCP03T_KEY_SIZE, SCP03T_KEY_SIZE, &enc) ||
        !tlv_require_sized(&reader, 0x82, SCP03T_KEY_SIZE, SCP03T_KEY_SIZE, &mac) || !tlv_skip_rest(&reader))
        return BPP_INCORRECT_INPUT_VALUES;
    memcpy(keys.chain, chain.data, SCP03T_KEY_SIZE);
    memcpy(keys.enc, enc.data, SCP03T_KEY_SIZE);
    memcpy(keys.mac, mac.data, SCP03T_KEY_SIZE);
    replaced = scp03t_replace_keys(card->rsp->load->channel, &keys);
    OPENSSL_cleanse(&keys, sizeof(keys));
    return replaced ? BPP_OK : BPP_NO_RESOURCES;
}

/* What is asked of the decoded package as a whole, before anything is stored. */
static enum bpp_reason check_package(const struct bpp_load *load, const struct saip_package *package)
{
    if (!span_equal(load->metadata.iccid, SPAN_ARRAY(package->iccid)))
        return BPP_DATA_MISMATCH;
    if (load->metadata.class == PROFILE_TEST && !saip_has_only_test_keys(package))
        return BPP_INVALID_NAA_KEY;
    return BPP_OK;
}

static enum bpp_reason bpp_install(struct softeuicc *card, const struct saip_package *package)
{
    struct rsp_session *session = card->rsp;
    struct bpp_load *load = session->load;
    const struct profile_installation installation = {
        .metadata = &load->metadata,
        .package = package,
        .isdp_configuration = buf_span(&load->isdp_configuration),
        .smdp_oid = buf_span(&session->server_oid),
        .smdp_address = buf_span(&session->server_address),
        .ci_key_id = SPAN_ARRAY(session->signing->ci_key_id),
    };

    switch (profile_install(card, &installation, load->isdp_aid)) {
    case PROFILE_INSTALLED:
        break;
    case PROFILE_ICCID_EXISTS:
        return BPP_ICCID_ALREADY_EXISTS;
    case PROFILE_NO_MEMORY:
        return BPP_INSUFFICIENT_MEMORY;
    default:
        return BPP_STORAGE_FAILED;
    }
    return one_time_key_forget(card, SPAN_ARRAY(session->otpk_point)) ? BPP_OK : BPP_STORAGE_FAILED;
}

enum bpp_reason bpp_load_profile_elements(struct softeuicc *card, struct span octets)
{
    struct bpp_load *load = card->rsp->load;
    struct saip_package package = {0};
    struct saip_failure failure = {0};
    enum bpp_reason reason;

    if (!saip_decode(octets, &package, &failure)) {
        saip_put_euicc_response(&load->sima_response, &package, &failure);
        return failure.result == SAIP_NOT_ENOUGH_MEMORY ? BPP_INSUFFICIENT_MEMORY : BPP_PE_PROCESSING_ERROR;
    }
    reason = check_package(load, &package);
    if (reason == BPP_OK)
        reason = bpp_install(card, &package);
    if (reason == BPP_OK) {
        saip_put_euicc_response(&load->sima_response, &package, NULL);
        if (load->sima_response.failed)
            reason = BPP_NO_RESOURCES;
    }
    saip_free(&package);
    return reason;
}
