/* Which IPA manages the card: see ipa_mode.h. */
#include "euicc/rsp/ipa_mode.h"

#include "euicc/lifecycle/session.h"

bool ipa_mode_load(struct softeuicc *card)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, "SELECT strict FROM ipae", NVM_NONE);

    card->ipa = (struct card_ipa){.has_ipae = nvm_row(card->nvm, stmt)};
    if (card->ipa.has_ipae)
        card->ipa.exclusive = nvm_int(stmt, 0) != 0;
    nvm_done(stmt);
    return !nvm_failed(card->nvm);
}

bool ipa_mode_has_ipae(const struct softeuicc *card)
{
    return card->ipa.has_ipae;
}

bool ipa_mode_is_ipae(const struct softeuicc *card)
{
    return card->ipa.has_ipae && (!card->ipa.ipad || card->ipa.activated);
}

bool ipa_mode_is_exclusive(const struct softeuicc *card)
{
    return ipa_mode_is_ipae(card) && card->ipa.exclusive;
}

void ipa_mode_declare_ipad(struct softeuicc *card, bool has_ipad)
{
    if (rsp_session_stage(card) == RSP_NONE)
        card->ipa.ipad = has_ipad;
}

/* Reading: an IPAe that is not to be active leaves the card to an IPAd. */
bool ipa_mode_activate(struct softeuicc *card, bool ipae)
{
    if (rsp_session_stage(card) != RSP_NONE)
        return false;
    card->ipa.activated = ipae;
    card->ipa.ipad = card->ipa.ipad || !ipae;
    return true;
}

void ipa_mode_reset(struct softeuicc *card)
{
    card->ipa.ipad = false;
    card->ipa.activated = false;
}

void ipa_mode_suspend(struct softeuicc *card)
{
    card->ipa.kept_ipad = card->ipa.ipad;
    card->ipa.kept_activated = card->ipa.activated;
}

void ipa_mode_resume(struct softeuicc *card)
{
    card->ipa.ipad = card->ipa.kept_ipad;
    card->ipa.activated = card->ipa.kept_activated;
}
