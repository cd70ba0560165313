/*
 * Immediate profile enabling, its configuration: see immediate_enable.h. The functions that ask for it are
 * es10b_iot.c and psmo.c; the step itself is lifecycle.c's.
 */
#include "euicc/lifecycle/immediate_enable.h"

#include "apdu/tlv.h"
#include "euicc/os/text.h"

#define OID_MAX 64 /* content octets; real ones have about a dozen */

/* Every subidentifier ends with an octet whose top bit is clear (X.690 8.19.2). */
static bool is_oid(struct span oid)
{
    return oid.size >= 1 && oid.size <= OID_MAX && (oid.data[oid.size - 1] & 0x80) == 0;
}

bool immediate_enable_parse(struct span content, struct immediate_enable *configuration)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span flag;

    *configuration = (struct immediate_enable){.flag = false};
    configuration->flag = tlv_optional(&reader, 0x80, &flag);
    (void)tlv_optional(&reader, 0x81, &configuration->smdp_oid);
    (void)tlv_optional(&reader, 0x82, &configuration->smdp_address);
    return tlv_skip_later(&reader, 2) && flag.size == 0 &&
           (configuration->smdp_oid.data == NULL || is_oid(configuration->smdp_oid)) &&
           (configuration->smdp_address.data == NULL || text_is_address(configuration->smdp_address));
}

/* Reading of SGP.32 5.9.17: what a configuration leaves out is not configured any more. */
bool immediate_enable_store(struct softeuicc *card, const struct immediate_enable *configuration)
{
    return nvm_change(
        card->nvm,
        "UPDATE iot SET immediate_enable = ?1, immediate_smdp_oid = ?2, immediate_smdp_address = ?3",
        NVM_VALUES(NVM_INT(configuration->flag), NVM_HEX(configuration->smdp_oid),
                   configuration->smdp_address.size > 0 ? NVM_TEXT(configuration->smdp_address) : NVM_NULL));
}

bool immediate_enable_forget(struct softeuicc *card)
{
    return immediate_enable_store(card, &(struct immediate_enable){.flag = false});
}

bool immediate_enable_configured(struct softeuicc *card)
{
    return nvm_figure(card->nvm, "SELECT immediate_enable FROM iot", NVM_NONE) != 0;
}

static bool immediate_enable_fits(const char *configured, struct span actual)
{
    return configured == NULL || span_equal(span_of_string(configured), actual);
}

bool immediate_enable_allows(struct softeuicc *card, struct span smdp_oid, struct span smdp_address)
{
    char digits[2 * OID_MAX + 1];
    sqlite3_stmt *stmt = nvm_select(
        card->nvm, "SELECT immediate_smdp_oid, immediate_smdp_address FROM iot WHERE immediate_enable <> 0",
        NVM_NONE);
    bool allowed = nvm_row(card->nvm, stmt) && smdp_oid.size <= OID_MAX &&
                   immediate_enable_fits(nvm_text(stmt, 0),
                                         span_of_string(hex_from_span(smdp_oid, digits, sizeof(digits)))) &&
                   immediate_enable_fits(nvm_text(stmt, 1), smdp_address);

    nvm_done(stmt);
    return allowed;
}
