/* The enabled profile's connectivity parameters: see connectivity.h. */
#include "euicc/iot/connectivity.h"

#include "apdu/tlv.h"

/* The profile header as it came with the enabled profile; empty when none is enabled. */
static void put_enabled_header(struct softeuicc *card, struct buf *out)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm,
                                    "SELECT der FROM profile_element WHERE name = 'header' AND profile ="
                                    " (SELECT id FROM profile WHERE state = 'enabled')",
                                    NVM_NONE);

    if (nvm_row(card->nvm, stmt))
        buf_append(out, nvm_blob(stmt, 0));
    nvm_done(stmt);
}

/*
 * Reading: what SGP.32 calls the connectivity parameters of the enabled profile are those of its header, data
 * objects as SGP.02 codes them for UpdateConnectivityParameters; httpParams is the content of A1, the HTTPS
 * parameters.
 */
bool connectivity_https(struct softeuicc *card, struct buf *out)
{
    static const uint32_t path[] = {0xA0, 0x87, 0};
    struct buf header = {0};
    struct span all, parameters;
    bool found;

    put_enabled_header(card, &header);
    found = tlv_find_path(buf_span(&header), path, &all) && tlv_find(all, 0xA1, &parameters);
    if (found)
        buf_append(out, parameters);
    out->failed = out->failed || header.failed;
    buf_free(&header);
    return found && !out->failed;
}
