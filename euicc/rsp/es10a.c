/* ES10a, the functions of the LDS and LPD on addresses (SGP.22 5.7.3, 5.7.4). */
#include "euicc/os/text.h"
#include "euicc/profile/profile_store.h"
#include "euicc/rsp/es10_common.h"
#include "protocol/tags.h"

uint16_t es10a_get_configured_addresses(struct softeuicc *card, struct span request, struct buf *response)
{
    sqlite3_stmt *stmt;
    size_t outer;

    if (!tlv_is_sequence(request))
        return ES10_BAD_REQUEST;
    stmt = nvm_select(card->nvm, "SELECT default_smdp, root_smds FROM card", NVM_NONE);
    if (!nvm_row(card->nvm, stmt))
        return ES10_MEMORY;
    outer = tlv_open(response, TAG_CONFIGURED_ADDRESSES);
    /* defaultDpAddress is absent when unset; rootDsAddress is mandatory, so it is empty then. */
    if (nvm_text(stmt, 0)[0] != '\0')
        tlv_put_string(response, 0x80, nvm_text(stmt, 0));
    tlv_put_string(response, 0x81, nvm_text(stmt, 1));
    tlv_close(response, outer);
    nvm_done(stmt);
    return es10_finish(card, response);
}

uint16_t es10_set_default_dp_address(struct softeuicc *card, struct span request, uint32_t tag,
                                     struct buf *response)
{
    struct tlv_reader reader = tlv_reader(request);
    struct span address;

    if (!tlv_require(&reader, 0x80, &address) || !tlv_skip_rest(&reader))
        return ES10_BAD_REQUEST;
    if (!text_is_address(address))
        return es10_result(card, response, tag, ES10_UNDEFINED_ERROR);
    if (!nvm_change(card->nvm, "UPDATE card SET default_smdp = ?1", NVM_VALUES(NVM_TEXT(address))))
        return ES10_MEMORY;
    return es10_result(card, response, tag, 0);
}

uint16_t es10a_set_default_dp_address(struct softeuicc *card, struct span request, struct buf *response)
{
    return es10_set_default_dp_address(card, request, TAG_SET_DEFAULT_DP_ADDRESS, response);
}
