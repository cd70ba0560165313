/* Memory reset: see memory_reset.h. What happens to each profile is lifecycle.c's. */
#include "euicc/rsp/memory_reset.h"

/* The next profile that a memory reset takes, the enabled one first, so that a refusal is found before
 * anything is changed. 0: none. */
static int64_t next_victim(struct softeuicc *card, const struct memory_reset *reset)
{
    return nvm_figure(card->nvm,
                      "SELECT id FROM profile WHERE (?1 AND class = 'operational')"
                      " OR (?2 AND class = 'test' AND origin = 'downloaded')"
                      " OR (?3 AND class = 'test' AND origin = 'preloaded')"
                      " OR (?4 AND class = 'provisioning') ORDER BY state DESC, id LIMIT 1",
                      NVM_VALUES(NVM_INT(reset->operational), NVM_INT(reset->field_loaded_test),
                                 NVM_INT(reset->preloaded_test), NVM_INT(reset->provisioning)));
}

static enum lifecycle_result reset_one(struct softeuicc *card, int64_t id)
{
    enum lifecycle_result result;
    struct profile profile;

    if (!profile_by_id(card, id, &profile))
        return LIFECYCLE_FAILED;
    result = lifecycle_run(card, &profile, LIFECYCLE_MEMORY_RESET, false);
    profile_clear(&profile);
    return result;
}

/* *done becomes true when there was an address to forget. */
static enum lifecycle_result reset_default_smdp(struct softeuicc *card, bool *done)
{
    if (nvm_figure(card->nvm, "SELECT 1 FROM card WHERE default_smdp <> ''", NVM_NONE) != 0) {
        *done = true;
        (void)nvm_change(card->nvm, "UPDATE card SET default_smdp = ''", NVM_NONE);
    }
    return nvm_failed(card->nvm) ? LIFECYCLE_FAILED : LIFECYCLE_OK;
}

enum lifecycle_result memory_reset_run(struct softeuicc *card, const struct memory_reset *reset, bool *done)
{
    int64_t id;

    *done = false;
    while ((id = next_victim(card, reset)) != 0) {
        enum lifecycle_result result = reset_one(card, id);

        if (result != LIFECYCLE_OK)
            return result;
        *done = true;
    }
    return reset->default_smdp ? reset_default_smdp(card, done) : LIFECYCLE_OK;
}
