/* Profile Policy Rules and the Rules Authorisation Table (SGP.22 2.9): see policy.h. The table is `rat`, one
 * row per allowed operator. */
#include "euicc/profile/policy.h"

#include "apdu/tlv.h"

#define WILDCARD_DIGIT 0x0E /* SGP.22 2.9.2.1 */

#define SELECT_RAT "SELECT ppr1, ppr2, consent_required, mcc_mnc, gid1, gid2 FROM rat ORDER BY position"

enum column { COLUMN_PPR1, COLUMN_PPR2, COLUMN_CONSENT, COLUMN_MCC_MNC, COLUMN_GID1, COLUMN_GID2 };

struct rat_row {
    bool ppr1, ppr2, consent_required;
    struct buf mcc_mnc, gid1, gid2;
    bool has_gid1, has_gid2;
};

static void row_clear(struct rat_row *row)
{
    buf_free(&row->mcc_mnc);
    buf_free(&row->gid1);
    buf_free(&row->gid2);
}

static bool read_hex(sqlite3_stmt *stmt, enum column column, struct buf *out)
{
    const char *text = nvm_text(stmt, (int)column);

    return text == NULL || buf_append_hex(out, text, NULL);
}

/* The next row; the caller clears it. False at the end, or when somebody wrote nonsense into the table. */
static bool next_row(struct softeuicc *card, sqlite3_stmt *stmt, struct rat_row *row)
{
    *row = (struct rat_row){0};
    if (!nvm_row(card->nvm, stmt))
        return false;
    row->ppr1 = nvm_int(stmt, COLUMN_PPR1) != 0;
    row->ppr2 = nvm_int(stmt, COLUMN_PPR2) != 0;
    row->consent_required = nvm_int(stmt, COLUMN_CONSENT) != 0;
    row->has_gid1 = nvm_text(stmt, COLUMN_GID1) != NULL;
    row->has_gid2 = nvm_text(stmt, COLUMN_GID2) != NULL;
    if (read_hex(stmt, COLUMN_MCC_MNC, &row->mcc_mnc) && read_hex(stmt, COLUMN_GID1, &row->gid1) &&
        read_hex(stmt, COLUMN_GID2, &row->gid2) && row->mcc_mnc.size == 3)
        return true;
    row_clear(row);
    nvm_done(stmt);
    return false;
}

static bool digit_matches(uint8_t allowed, uint8_t owner)
{
    return allowed == WILDCARD_DIGIT || allowed == owner;
}

static bool mcc_mnc_matches(struct span allowed, struct span owner)
{
    for (size_t i = 0; i < 3; i++)
        if (!digit_matches(allowed.data[i] >> 4, owner.data[i] >> 4) ||
            !digit_matches(allowed.data[i] & 0x0F, owner.data[i] & 0x0F))
            return false;
    return true;
}

/*
 * SGP.22 2.9.2.1: an omitted gid matches only an owner without one; an empty one is a wildcard. Reading: the
 * wildcard matches an owner without a gid too.
 */
static bool gid_matches(bool present, struct span allowed, struct span owner)
{
    if (!present)
        return owner.data == NULL;
    return allowed.size == 0 || (owner.data != NULL && span_equal(allowed, owner));
}

static bool row_matches(const struct rat_row *row, const struct operator_id *owner)
{
    return mcc_mnc_matches(buf_span(&row->mcc_mnc), owner->mcc_mnc) &&
           gid_matches(row->has_gid1, buf_span(&row->gid1), owner->gid1) &&
           gid_matches(row->has_gid2, buf_span(&row->gid2), owner->gid2);
}

/* What the RAT allows: to this owner, or (owner NULL) to anybody at all. */
static void allowed_rules(struct softeuicc *card, const struct operator_id *owner, bool *ppr1, bool *ppr2)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, SELECT_RAT, NVM_NONE);
    struct rat_row row;

    *ppr1 = false;
    *ppr2 = false;
    while (next_row(card, stmt, &row)) {
        if (owner == NULL || row_matches(&row, owner)) {
            *ppr1 = *ppr1 || row.ppr1;
            *ppr2 = *ppr2 || row.ppr2;
        }
        row_clear(&row);
    }
}

static bool has_operational_profile(struct softeuicc *card)
{
    return nvm_figure(card->nvm, "SELECT 1 FROM profile WHERE class = 'operational'", NVM_NONE) != 0;
}

bool policy_allows(struct softeuicc *card, const struct profile_metadata *metadata)
{
    struct operator_id owner;
    bool ppr1;
    bool ppr2;

    if (metadata->ppr_unknown)
        return false;
    if (!metadata->ppr1 && !metadata->ppr2)
        return true;
    /* Reading: rules without an owner to authorise are not authorised. */
    if (metadata->owner.data == NULL || !operator_id_parse(metadata->owner, &owner))
        return false;
    allowed_rules(card, &owner, &ppr1, &ppr2);
    if ((metadata->ppr1 && !ppr1) || (metadata->ppr2 && !ppr2))
        return false;
    return !metadata->ppr1 || !has_operational_profile(card);
}

static void put_ppr_ids(struct buf *out, uint32_t tag, bool ppr1, bool ppr2)
{
    const uint8_t bits = (uint8_t)((ppr1 ? 0x80 >> PPR1_BIT : 0) | (ppr2 ? 0x80 >> PPR2_BIT : 0));

    tlv_put_bits(out, tag, &bits, PPR_FIRST_UNKNOWN_BIT);
}

static void put_operator(struct buf *out, const struct rat_row *row)
{
    size_t at = tlv_open(out, 0x30);

    tlv_put(out, 0x80, buf_span(&row->mcc_mnc));
    if (row->has_gid1)
        tlv_put(out, 0x81, buf_span(&row->gid1));
    if (row->has_gid2)
        tlv_put(out, 0x82, buf_span(&row->gid2));
    tlv_close(out, at);
}

/* Rows that follow each other and differ in nothing but the operator are written as one rule, which is open
 * from the first of them on. */
struct rule_writer {
    struct buf *out;
    size_t rule, operators;
    bool open, ppr1, ppr2, consent_required;
};

static bool continues(const struct rule_writer *writer, const struct rat_row *row)
{
    return writer->open && writer->ppr1 == row->ppr1 && writer->ppr2 == row->ppr2 &&
           writer->consent_required == row->consent_required;
}

static void end_rule(struct rule_writer *writer)
{
    const uint8_t flags = writer->consent_required ? 0x80 : 0x00;

    if (!writer->open)
        return;
    tlv_close(writer->out, writer->operators);
    tlv_put_bits(writer->out, 0x82, &flags, 1);
    tlv_close(writer->out, writer->rule);
    writer->open = false;
}

static void begin_rule(struct rule_writer *writer, const struct rat_row *row)
{
    end_rule(writer);
    writer->rule = tlv_open(writer->out, 0x30);
    put_ppr_ids(writer->out, 0x80, row->ppr1, row->ppr2);
    writer->operators = tlv_open(writer->out, 0xA1);
    writer->open = true;
    writer->ppr1 = row->ppr1;
    writer->ppr2 = row->ppr2;
    writer->consent_required = row->consent_required;
}

void policy_put_rat(struct softeuicc *card, struct buf *out)
{
    sqlite3_stmt *stmt = nvm_select(card->nvm, SELECT_RAT, NVM_NONE);
    struct rule_writer writer = {.out = out};
    struct rat_row row;

    while (next_row(card, stmt, &row)) {
        if (!continues(&writer, &row))
            begin_rule(&writer, &row);
        put_operator(out, &row);
        row_clear(&row);
    }
    end_rule(&writer);
}

void policy_put_forbidden(struct softeuicc *card, struct buf *out, uint32_t tag)
{
    bool ppr1;
    bool ppr2;

    allowed_rules(card, NULL, &ppr1, &ppr2);
    put_ppr_ids(out, tag, !ppr1, !ppr2);
}
