/* What follows from it that the response to an injected package was handed over. See ipa_internal.h. */
#include "ipa/ipa_internal.h"

/*
 * Reading (3.3.2): there is no eIM to be reached. That the response was handed over, after the REFRESH, is
 * what confirms a profile whose enabling may be rolled back. What the eIM has it says by its acknowledgements
 * only: until then results stay on the card, and go out in polls as well.
 */
void inject_handed_over(struct ipa *ipa)
{
    ipa->refusal[0] = '\0';
    if (ipa->worth == WORTH_ROLLBACK) {
        ipa->state.unconfirmed[0] = '\0';
        if (!ipa_keep(ipa))
            return;
    }
    ipa->worth = WORTH_NEXT_POLL;
    ipa_go_on(ipa);
}
