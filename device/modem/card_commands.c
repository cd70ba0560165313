/* Commands to the card: see card_commands.h. */
#include "device/modem/card_commands.h"

#include "apdu/tlv.h"
#include "device/modem/modem_tell.h"

enum { ROUNDS_MAX = 256 };                  /* of GET RESPONSE: 64 KiB */
enum { RECORD_ABSOLUTE = 0x04 };            /* P2 of READ RECORD */
enum { STRUCTURE = 0x07, TRANSPARENT = 1 }; /* of a file descriptor, TS 102 221 11.1.1.4.3 */
enum { SELECT_BY_IDENTIFIER = 0x00, SELECT_RETURNS_FCP = 0x04 };

static uint16_t exchange(struct modem *modem)
{
    const struct buf *answer = &modem->rapdu;
    uint16_t sw;

    if (modem->capdu.failed || !link_transmit(modem->link, buf_span(&modem->capdu), &modem->rapdu)) {
        modem->link_failed = true;
        return 0;
    }
    modem->figures.apdus++;
    modem_tell(modem, MODEM_EVENT_APDU, 0, NULL, buf_span(&modem->capdu), buf_span(answer));
    sw = (uint16_t)span_number(SPAN(answer->data + answer->size - 2, 2));
    buf_append(&modem->data, SPAN(answer->data, answer->size - 2));
    if (sw >> 8 == 0x91)
        modem->announced = (sw & 0xFF) != 0 ? sw & 0xFF : APDU_SHORT_NE;
    return sw;
}

static bool has_response(uint16_t sw)
{
    return sw >> 8 == SW_MORE_DATA >> 8 || sw >> 8 == SW_SIM_RESPONSE >> 8;
}

/* What the card still has of its response. A round that brings nothing is the last. */
static uint16_t get_response(struct modem *modem, uint8_t cla, uint16_t sw)
{
    size_t before = SIZE_MAX;

    for (unsigned i = 0; i < ROUNDS_MAX && has_response(sw) && modem->data.size != before; i++) {
        before = modem->data.size;
        buf_clear(&modem->capdu);
        apdu_encode(&modem->capdu, cla, INS_GET_RESPONSE, 0, 0, SPAN_NONE,
                    (sw & 0xFF) != 0 ? sw & 0xFF : APDU_SHORT_NE);
        sw = exchange(modem);
    }
    if (has_response(sw))
        modem_trouble(modem, "the card's answer has no end");
    return sw;
}

uint16_t card_transmit(struct modem *modem, struct span capdu)
{
    if (modem->link_failed)
        return 0;
    buf_clear(&modem->data);
    buf_clear(&modem->capdu);
    buf_append(&modem->capdu, capdu);
    return exchange(modem);
}

uint16_t card_command(struct modem *modem, uint8_t cla, uint8_t ins, uint8_t p1, uint8_t p2, struct span data,
                      uint32_t ne)
{
    uint16_t sw;

    if (modem->link_failed)
        return 0;
    buf_clear(&modem->data);
    buf_clear(&modem->capdu);
    apdu_encode(&modem->capdu, cla, ins, p1, p2, data, ne);
    sw = exchange(modem);
    if (sw >> 8 == SW_WRONG_LE >> 8 && ne > 0) {
        buf_clear(&modem->data);
        modem->capdu.data[modem->capdu.size - 1] = (uint8_t)sw;
        sw = exchange(modem);
    }
    /* The class of GET RESPONSE is that of interindustry commands (TS 102 221 table 10.5). */
    return has_response(sw) ? get_response(modem, 0x00, sw) : sw;
}

bool card_is_ok(uint16_t sw)
{
    return sw == SW_OK || sw >> 8 == 0x91;
}

/* The file control parameters, TS 102 221 11.1.1.3: 62 { 82 descriptor, 80 size … }. */
static bool read_parameters(struct span octets, size_t *size, size_t *records)
{
    static const uint32_t descriptor_path[] = {0x62, 0x82, 0}, size_path[] = {0x62, 0x80, 0};
    struct span value;

    *size = *records = 0;
    if (!tlv_find_path(octets, descriptor_path, &value) || value.size < 1)
        return false;
    if ((value.data[0] & STRUCTURE) == TRANSPARENT)
        return tlv_find_path(octets, size_path, &value) && value.size <= 4 &&
               (*size = (size_t)span_number(value)) > 0;
    if (value.size < 5)
        return false;
    *records = (size_t)span_number(SPAN(value.data + 2, 2));
    *size = *records * value.data[4];
    return *records > 0 && *records <= APDU_SHORT_NC;
}

bool card_select(struct modem *modem, uint16_t file, size_t *size, size_t *records)
{
    const uint8_t identifier[] = {(uint8_t)(file >> 8), (uint8_t)file};

    return card_is_ok(card_command(modem, 0x00, INS_SELECT, SELECT_BY_IDENTIFIER, SELECT_RETURNS_FCP,
                                   SPAN_ARRAY(identifier), APDU_SHORT_NE)) &&
           read_parameters(buf_span(&modem->data), size, records);
}

bool card_read_binary(struct modem *modem, size_t size)
{
    return card_is_ok(card_command(modem, 0x00, INS_READ_BINARY, 0, 0, SPAN_NONE,
                                   size < APDU_SHORT_NE ? (uint32_t)size : APDU_SHORT_NE));
}

bool card_read_record(struct modem *modem, uint8_t number, size_t size)
{
    return card_is_ok(
        card_command(modem, 0x00, INS_READ_RECORD, number, RECORD_ABSOLUTE, SPAN_NONE, (uint32_t)size));
}
