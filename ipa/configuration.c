/*
 * EimConfigurationData as other eIMs write it (SGP.32 2.11.1.1), made what the ASN.1 says. See ipa.h. What
 * cannot be read is left as it is: the card judges it.
 */
#include "ipa/ipa_internal.h"
#include "protocol/tags.h"

#define TAG_EIM_KEY_DATA  0xA5 /* eimPublicKeyData */
#define TAG_EIM_TLS_DATA  0xA6 /* trustedPublicKeyDataTls */
#define TAG_EIM_CI_KEY_ID 0x88 /* euiccCiPKId */
#define TAG_CHOICE_KEY    0xA0
#define TAG_CHOICE_CERT   0xA1
#define TAG_CONFIGURATION 0xA0 /* of AddInitialEimRequest: the list */

struct conversion {
    bool v1;
    unsigned what; /* enum ipa_conversion, found so far */
    struct buf *out;
};

/* A SEQUENCE { SEQUENCE …, … } and nothing else is what has a tag too many: a certificate begins with two
 * SEQUENCEs and a key's information with a SEQUENCE and a BIT STRING. */
static bool is_wrapped(struct span content, struct span *inner)
{
    struct tlv_reader reader;
    struct tlv member;

    if (tlv_single(content, TAG_SEQUENCE, inner) != TLV_OK)
        return false;
    reader = tlv_reader(*inner);
    return tlv_next(&reader, &member) == TLV_OK && member.tag == TAG_SEQUENCE &&
           tlv_next(&reader, &member) == TLV_OK && tlv_skip_rest(&reader);
}

/* Named leniency: eIMs that wrote the CHOICE out by hand export eimPublicKey and eimCertificate whole, A0 {
 * 30 … } and A1 { 30 … }, where AUTOMATIC TAGS put the member's own tag in place of the 30. */
static void put_choice(struct conversion *conversion, const struct tlv *member)
{
    struct tlv choice;
    struct span inner;
    size_t outer;

    if (tlv_only(member->value, &choice) != TLV_OK ||
        (choice.tag != TAG_CHOICE_KEY && choice.tag != TAG_CHOICE_CERT) ||
        !is_wrapped(choice.value, &inner)) {
        buf_append(conversion->out, member->whole);
        return;
    }
    conversion->what |= choice.tag == TAG_CHOICE_KEY ? IPA_CONVERTED_KEY : IPA_CONVERTED_CERTIFICATE;
    outer = tlv_open(conversion->out, member->tag);
    tlv_put(conversion->out, choice.tag, inner);
    tlv_close(conversion->out, outer);
}

static void put_ci_key_id(struct conversion *conversion, const struct tlv *member)
{
    struct span id = ipa_ci_key_id(conversion->v1, member->value);

    if (id.size != member->value.size)
        conversion->what |= IPA_CONVERTED_CI;
    tlv_put(conversion->out, member->tag, id);
}

static bool put_eim(struct conversion *conversion, struct span content)
{
    struct tlv_reader reader = tlv_reader(content);
    struct tlv member;
    size_t outer = tlv_open(conversion->out, TAG_SEQUENCE);

    while (tlv_next(&reader, &member) == TLV_OK) {
        if (member.tag == TAG_EIM_KEY_DATA || member.tag == TAG_EIM_TLS_DATA)
            put_choice(conversion, &member);
        else if (member.tag == TAG_EIM_CI_KEY_ID)
            put_ci_key_id(conversion, &member);
        else
            buf_append(conversion->out, member.whole);
    }
    tlv_close(conversion->out, outer);
    return tlv_good(&reader);
}

static bool put_eims(struct conversion *conversion, struct span list)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv eim;

    while (tlv_next(&reader, &eim) == TLV_OK) {
        if (eim.tag != TAG_SEQUENCE || !put_eim(conversion, eim.value))
            return false;
    }
    return tlv_good(&reader);
}

unsigned ipa_convert_configuration(struct span configuration, bool v1, struct buf *out)
{
    struct conversion conversion = {.v1 = v1, .out = out};
    struct span request;
    struct span list;
    size_t outer;
    size_t inner;
    bool is_whole;

    buf_clear(out);
    if (tlv_single(configuration, TAG_ADD_INITIAL_EIM, &request) != TLV_OK) {
        is_whole = put_eims(&conversion, configuration);
    } else {
        outer = tlv_open(out, TAG_ADD_INITIAL_EIM);
        inner = tlv_open(out, TAG_CONFIGURATION);
        is_whole = tlv_single(request, TAG_CONFIGURATION, &list) == TLV_OK && put_eims(&conversion, list);
        tlv_close(out, inner);
        tlv_close(out, outer);
    }
    if (!is_whole || out->failed || conversion.what == 0) {
        buf_clear(out);
        return 0;
    }
    return conversion.what;
}
