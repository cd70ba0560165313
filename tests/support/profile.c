/* Profile packages for tests: see profile.h. */
#include "tests/support/profile.h"

#include "apdu/tlv.h"
#include "crypto/aka.h"
#include "tests/support/test.h"

#include <string.h>

struct span test_profile_from(const struct saip_recipe *recipe)
{
    struct buf *buf = test_buf();
    const char *reason = NULL;

    if (!saip_build(recipe, buf, &reason))
        ck_abort_msg("no profile package: %s", reason);
    return buf_span(buf);
}

struct span test_profile(const char *iccid)
{
    struct saip_recipe recipe = saip_recipe_default();

    recipe.iccid = iccid;
    return test_profile_from(&recipe);
}

struct span test_profile_with_test_keys(const char *iccid)
{
    struct saip_recipe recipe = saip_recipe_default();

    recipe.iccid = iccid;
    recipe.algorithm = SAIP_USIM_TEST_ALGORITHM;
    return test_profile_from(&recipe);
}

struct span test_profile_with_element(const char *iccid, uint32_t tag, bool mandated, struct span content)
{
    struct buf *der = test_buf();
    struct span good = test_profile(iccid);
    struct tlv_reader reader = tlv_reader(good);
    size_t end = good.size;
    size_t element, header;
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK)
        end = (size_t)(tlv.whole.data - good.data);
    buf_append(der, SPAN(good.data, end));
    element = tlv_open(der, tag);
    header = tlv_open(der, 0xA0);
    if (mandated)
        tlv_put(der, 0x80, SPAN_STRING(""));
    tlv_put_unsigned(der, 0x81, 99);
    tlv_close(der, header);
    buf_append(der, content);
    tlv_close(der, element);
    buf_append(der, SPAN(good.data + end, good.size - end));
    return buf_span(der);
}

struct span test_authenticate(uint16_t sqn, bool right)
{
    static const uint8_t rand[AKA_RAND_SIZE] = {1, 2, 3, 4}, amf[AKA_AMF_SIZE] = {0x80, 0x00};
    static const uint8_t header[] = {0x00, 0x88, 0x00, 0x81, 34, AKA_RAND_SIZE};
    const uint8_t number[AKA_SQN_SIZE] = {[4] = (uint8_t)(sqn >> 8), [5] = (uint8_t)sqn};
    const struct saip_recipe recipe = saip_recipe_default();
    struct aka_algorithm milenage = {.kind = AKA_MILENAGE, .key_size = recipe.key_size};
    uint8_t mac[AKA_OUTPUT_MAX], ak[AKA_AK_SIZE];
    struct buf *out = test_buf();

    memcpy(milenage.key, recipe.key, recipe.key_size);
    memcpy(milenage.opc, recipe.opc, recipe.opc_size);
    aka_milenage_constants(&milenage);
    ck_assert(aka_f1(&milenage, false, rand, number, amf, mac));
    ck_assert(aka_f2345(&milenage, rand, NULL, NULL, NULL, ak));
    mac[7] ^= !right;
    buf_append(out, SPAN_ARRAY(header));
    buf_append(out, SPAN_ARRAY(rand));
    buf_append_octet(out, 16);
    for (size_t i = 0; i < sizeof(number); i++)
        buf_append_octet(out, number[i] ^ ak[i]);
    buf_append(out, SPAN_ARRAY(amf));
    buf_append(out, SPAN(mac, 8));
    buf_append_octet(out, 0);
    return buf_span(out);
}
