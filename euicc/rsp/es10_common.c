/* What the ES10 handlers share: see es10_common.h. */
#include "euicc/rsp/es10_common.h"

uint16_t es10_finish(struct softeuicc *card, const struct buf *response)
{
    if (nvm_failed(card->nvm))
        return ES10_MEMORY;
    return response->failed ? ES10_FAILED : ES10_OK;
}

struct es10_ok es10_open_ok(struct buf *response, uint32_t tag)
{
    struct es10_ok ok = {.outer = tlv_open(response, tag)};

    ok.inner = tlv_open(response, 0xA0);
    return ok;
}

uint16_t es10_close_ok(struct softeuicc *card, struct buf *response, struct es10_ok ok)
{
    tlv_close(response, ok.inner);
    tlv_close(response, ok.outer);
    return es10_finish(card, response);
}

static uint16_t put_integer(struct softeuicc *card, struct buf *response, uint32_t tag, uint32_t inner,
                            unsigned value)
{
    size_t outer = tlv_open(response, tag);

    tlv_put_unsigned(response, inner, value);
    tlv_close(response, outer);
    return es10_finish(card, response);
}

uint16_t es10_result(struct softeuicc *card, struct buf *response, uint32_t tag, unsigned result)
{
    return put_integer(card, response, tag, 0x80, result);
}

uint16_t es10_choice_error(struct softeuicc *card, struct buf *response, uint32_t tag, unsigned error)
{
    return put_integer(card, response, tag, 0x81, error);
}

unsigned es10_lifecycle_code(const uint8_t codes[LIFECYCLE_FAILED], enum lifecycle_result result)
{
    if (result == LIFECYCLE_OK)
        return 0;
    return codes[result] != 0 ? codes[result] : ES10_UNDEFINED_ERROR;
}

uint16_t es10_failure(const struct softeuicc *card)
{
    return nvm_failed(card->nvm) ? ES10_MEMORY : ES10_FAILED;
}

/* Reading: any octet but 00 is TRUE (BER, X.690 8.2.2), because clients send 01 as well as the FF that DER
 * asks for. */
bool es10_boolean(struct span value, bool *out)
{
    if (value.size != 1)
        return false;
    *out = value.data[0] != 0;
    return true;
}

bool es10_sequence_number(struct span value, uint64_t *sequence)
{
    int64_t number;

    if (!tlv_signed(value, &number))
        return false;
    *sequence = number > 0 ? (uint64_t)number : INT64_MAX;
    return true;
}
