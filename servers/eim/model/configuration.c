/* eIM Configuration Data as DER. See configuration.h. */
#include "servers/eim/model/configuration.h"

#include "apdu/tlv.h"
#include "protocol/tags.h"

/* The content of a certificate's SubjectPublicKeyInfo: TBSCertificate's member after the subject
 * (RFC 5280 4.1). */
static struct span public_key_info(const struct cert *cert)
{
    struct span content, tbs, version, key = SPAN_NONE;
    struct tlv_reader reader;

    if (tlv_single(cert_der(cert), 0x30, &content) != TLV_OK)
        return SPAN_NONE;
    reader = tlv_reader(content);
    if (!tlv_require(&reader, 0x30, &tbs))
        return SPAN_NONE;
    reader = tlv_reader(tbs);
    tlv_optional(&reader, 0xA0, &version);
    if (tlv_require(&reader, 0x02, NULL) && tlv_require(&reader, 0x30, NULL) &&
        tlv_require(&reader, 0x30, NULL) && tlv_require(&reader, 0x30, NULL) &&
        tlv_require(&reader, 0x30, NULL))
        tlv_require(&reader, 0x30, &key);
    return key;
}

/* A CHOICE of key [0] and certificate [1], both implicit: the content of what they replace the tag of. */
static void put_trust(struct buf *out, uint32_t tag, const struct cert *key, const struct cert *certificate)
{
    size_t at = tlv_open(out, tag);
    struct span content = SPAN_NONE;

    if (certificate != NULL) {
        tlv_single(cert_der(certificate), 0x30, &content);
        tlv_put(out, 0xA1, content);
    } else {
        tlv_put(out, 0xA0, public_key_info(key));
    }
    tlv_close(out, at);
}

static void put_entry(const struct configuration *c, struct buf *out)
{
    tlv_put_string(out, 0x80, c->id);
    if (c->fqdn != NULL)
        tlv_put_string(out, 0x81, c->fqdn);
    if (c->id_type != 0)
        tlv_put_unsigned(out, 0x82, (uint64_t)c->id_type);
    if (c->has_counter)
        tlv_put_unsigned(out, 0x83, (uint64_t)c->counter);
    if (c->token)
        tlv_put_signed(out, 0x84, -1);
    if (c->sign_certificate != NULL)
        put_trust(out, 0xA5, c->sign_certificate, c->sign_as_certificate ? c->sign_certificate : NULL);
    if (c->tls_key != NULL || c->tls_certificate != NULL)
        put_trust(out, 0xA6, c->tls_key, c->tls_certificate);
    if (c->protocols != 0)
        tlv_put_bits(out, 0x87, &c->protocols, EIM_PROTOCOLS);
    if (c->ci_key_id.data != NULL)
        tlv_put(out, 0x88, c->ci_key_id);
    if (c->indirect)
        tlv_put(out, 0x89, SPAN_STRING(""));
}

void configuration_put(const struct configuration *configuration, struct buf *out)
{
    size_t request = tlv_open(out, TAG_ADD_INITIAL_EIM);
    size_t list = tlv_open(out, 0xA0);
    size_t entry = tlv_open(out, 0x30);

    put_entry(configuration, out);
    tlv_close(out, entry);
    tlv_close(out, list);
    tlv_close(out, request);
}

bool configuration_single(struct span octets, struct span *content, const char **why)
{
    struct span outer, list;
    struct tlv_reader reader;

    if (tlv_single(octets, 0x30, content) != TLV_OK) {
        *why = "is neither AddInitialEim (BF57) nor EimConfigurationData (30)";
        if ((tlv_single(octets, TAG_ADD_INITIAL_EIM, &outer) != TLV_OK &&
             tlv_single(octets, TAG_EIM_CONFIGURATION_DATA, &outer) != TLV_OK) ||
            tlv_single(outer, 0xA0, &list) != TLV_OK)
            return false;
        *why = "does not hold exactly one EimConfigurationData";
        if (tlv_single(list, 0x30, content) != TLV_OK)
            return false;
    }
    *why = "EimConfigurationData does not begin with an eimId";
    reader = tlv_reader(*content);
    return tlv_require_sized(&reader, 0x80, 1, 128, &outer) && tlv_skip_rest(&reader);
}
