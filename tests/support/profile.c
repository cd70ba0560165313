/* Profile packages for tests: see profile.h. */
#include "tests/support/profile.h"

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
