/* Profile packages for tests: see profile.h. */
#include "tests/support/profile.h"

#include "apdu/tlv.h"
#include "tests/support/test.h"

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
