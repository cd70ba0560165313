/*
 * The applications that can be selected by AID. See applications.h. The order of the list is the order in
 * which a partial AID meets them: ISD-R, ECASD, then the ISD-Ps by age, then the enabled profile's security
 * domains and applications.
 */
#include "euicc/isdr/applications.h"
#include "euicc/terminal/profile_view.h"
#include "profiles/remote/domain.h"

#include <string.h>

static const struct application *const fixed_applications[] = {&isdr_application, &ecasd_application};

#define FIXED_COUNT (sizeof(fixed_applications) / sizeof(fixed_applications[0]))

/* Picks one occurrence while the candidates go by in their order. */
struct picker {
    enum occurrence occurrence;
    struct selection current;
    struct selection found;
    struct selection before; /* the candidate before the one at hand */
    bool passed_current;
    bool done;
};

static bool same(struct selection a, struct selection b)
{
    return a.application == b.application && a.instance == b.instance;
}

static void applications_offer(struct picker *picker, struct selection candidate)
{
    bool is_current = same(candidate, picker->current);

    switch (picker->occurrence) {
    case OCCURRENCE_FIRST:
        picker->found = candidate;
        picker->done = true;
        break;
    case OCCURRENCE_LAST:
        picker->found = candidate;
        break;
    case OCCURRENCE_NEXT:
        if (picker->passed_current) {
            picker->found = candidate;
            picker->done = true;
        }
        break;
    case OCCURRENCE_PREVIOUS:
        if (is_current) {
            picker->found = picker->before;
            picker->done = true;
        }
        break;
    }
    picker->passed_current = picker->passed_current || is_current;
    picker->before = candidate;
}

static bool begins_with(struct span whole, struct span beginning)
{
    return beginning.size <= whole.size && memcmp(whole.data, beginning.data, beginning.size) == 0;
}

static void offer_isdps(struct softeuicc *card, struct span aid, struct picker *picker)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, "SELECT id, isdp_aid FROM profile ORDER BY id", NVM_NONE);
    struct buf octets = {0};

    while (!picker->done && nvm_row(card->nvm, stmt)) {
        buf_clear(&octets);
        if (buf_append_hex(&octets, nvm_text(stmt, 1), NULL) && begins_with(buf_span(&octets), aid))
            applications_offer(picker, (struct selection){&isdp_application, (uint64_t)nvm_int(stmt, 0)});
    }
    nvm_done(stmt);
    buf_free(&octets);
}

static void offer_profile_applications(const struct softeuicc *card, struct span aid, struct picker *picker)
{
    const struct uicc *uicc = profile_view_uicc(card);

    for (size_t i = 0; uicc != NULL && i < uicc->fs->application_count && !picker->done; i++) {
        const struct fs_application *application = &uicc->fs->applications[i];
        const struct application *row = profile_application_row(application);

        if (row != NULL && begins_with(SPAN(application->aid.octets, application->aid.size), aid))
            applications_offer(picker, (struct selection){row, application->number});
    }
}

struct selection applications_find(struct softeuicc *card, struct span aid, enum occurrence occurrence,
                                   struct selection current)
{
    struct picker picker = {.occurrence = occurrence, .current = current};
    size_t common = sizeof(ISDP_AID_PREFIX) - 1;

    for (size_t i = 0; i < FIXED_COUNT && !picker.done; i++)
        if ((fixed_applications[i]->personalities & card->personality_bit) != 0 &&
            begins_with(fixed_applications[i]->aid, aid))
            applications_offer(&picker, (struct selection){fixed_applications[i], 0});
    if (!picker.done && memcmp(aid.data, ISDP_AID_PREFIX, aid.size < common ? aid.size : common) == 0)
        offer_isdps(card, aid, &picker);
    if (!picker.done)
        offer_profile_applications(card, aid, &picker);
    return picker.found;
}

/*
 * Reading: a profile is a whole UICC, whose issuer is the operator: its domain is the MNO-SD (SGP.22 2.4.5).
 * Consumer eUICCs in the field answer SELECT without an AID with the domain A000000151000000, as profiles
 * have it. Without a profile the card has no domain but its own root, the ISD-R.
 */
struct selection applications_issuer(const struct softeuicc *card)
{
    const struct uicc *uicc = profile_view_uicc(card);
    const struct fs_application *issuer;

    if (uicc == NULL || profile_view_profile(card) == 0)
        return (struct selection){&isdr_application, 0};
    issuer = domain_issuer(uicc->fs);
    if (issuer == NULL || profile_application_row(issuer) == NULL)
        return (struct selection){NULL, 0};
    return (struct selection){profile_application_row(issuer), issuer->number};
}
