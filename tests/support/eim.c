/* An eIM for tests: see eim.h. */
#include "tests/support/eim.h"

#include "apdu/tlv.h"

struct span test_eim_key_info(const struct ec_key *key)
{
    struct buf *out = test_buf();
    uint8_t point[EC_POINT_SIZE];

    ec_key_point(key, point);
    buf_append(out, ec_key_curve(key) == EC_CURVE_P256
                        ? hex("3013 06072A8648CE3D0201 06082A8648CE3D030107 034200")
                        : hex("3014 06072A8648CE3D0201 06092B2403030208010107 034200"));
    buf_append(out, SPAN_ARRAY(point));
    return buf_span(out);
}

static void put_key(struct buf *out, const struct test_eim_configuration *configuration)
{
    struct span content;
    size_t at;

    if (configuration->key == NULL && configuration->certificate.data == NULL)
        return;
    at = tlv_open(out, 0xA5);
    if (configuration->certificate.data != NULL) {
        ck_assert_int_eq(tlv_single(configuration->certificate, 0x30, &content), TLV_OK);
        tlv_put(out, 0xA1, content);
    } else {
        tlv_put(out, 0xA0, test_eim_key_info(configuration->key));
    }
    tlv_close(out, at);
}

struct span test_eim_configuration(uint32_t tag, const struct test_eim_configuration *configuration)
{
    const char *counter = configuration->counter != NULL ? configuration->counter : "00";
    struct buf *out = test_buf();
    size_t outer = tlv_open(out, tag);

    tlv_put_string(out, 0x80, configuration->id != NULL ? configuration->id : "2.999.1");
    if (configuration->fqdn != NULL)
        tlv_put_string(out, 0x81, configuration->fqdn);
    if (configuration->id_type != 0)
        tlv_put_unsigned(out, 0x82, configuration->id_type);
    if (counter[0] != '\0')
        tlv_put(out, 0x83, hex(counter));
    if (configuration->token != NULL)
        tlv_put(out, 0x84, hex(configuration->token));
    put_key(out, configuration);
    if (configuration->tls.data != NULL)
        tlv_put(out, 0xA6, configuration->tls);
    if (configuration->protocol.data != NULL)
        tlv_put(out, 0x87, configuration->protocol);
    if (configuration->ci_key_id.data != NULL)
        tlv_put(out, 0x88, configuration->ci_key_id);
    buf_append(out, configuration->further);
    tlv_close(out, outer);
    return buf_span(out);
}

struct span test_eim_shown(const struct test_eim_configuration *configuration, struct span first_ci)
{
    struct test_eim_configuration shown = *configuration;

    shown.counter = "";
    if (shown.id_type == 0)
        shown.id_type = 3;
    if (shown.protocol.data == NULL)
        shown.protocol = hex("0308"); /* eimProprietary alone */
    if (shown.ci_key_id.data == NULL)
        shown.ci_key_id = first_ci;
    return test_eim_configuration(0x30, &shown);
}

struct span test_eim_initial(const struct span *configurations, size_t count)
{
    struct buf *out = test_buf();
    size_t outer = tlv_open(out, 0xBF57);
    size_t list = tlv_open(out, 0xA0);

    for (size_t i = 0; i < count; i++)
        buf_append(out, configurations[i]);
    tlv_close(out, list);
    tlv_close(out, outer);
    return buf_span(out);
}
