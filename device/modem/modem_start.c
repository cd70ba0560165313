/* A card's start: see modem_start.h. */
#include "device/modem/modem_start.h"

#include "apdu/digits.h"
#include "apdu/tlv.h"
#include "device/modem/card_commands.h"
#include "device/modem/modem_polling.h"
#include "device/modem/modem_profile.h"
#include "device/modem/modem_tell.h"

#include <string.h>

enum {
    BY_AID = 0x04,
    APPLICATION_PIN = 0x01, /* the first key reference, TS 102 221 9.5.1 */
    DIR_RECORDS_MAX = 16,
    IMSI_SIZE = 9,
};
enum { EF_MF = 0x3F00, EF_DIR = 0x2F00, EF_ICCID = 0x2FE2, EF_IMSI = 0x6F07 };

/* UICC maximum power, languages; the rest is read by itself. */
static const uint16_t card_files[] = {0x2F06, 0x2F05, EF_ICCID};
/* EF AD, UST, EST, IMSI, keys, keys of packet data, ACC, HPPLMN, LOCI, PSLOCI, EPSLOCI, FPLMN. */
static const uint16_t subscriber_files[] = {0x6FAD, 0x6F38, 0x6F56, EF_IMSI, 0x6F08, 0x6F09,
                                            0x6F78, 0x6F31, 0x6F7E, 0x6F73,  0x6FE3, 0x6F7B};

static const uint8_t usim_begins[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};

/* The file's first octets, or its first record, in modem->data. */
static bool read_file(struct modem *modem, uint16_t file)
{
    size_t size, records;

    return card_select(modem, file, &size, &records) &&
           (records > 0 ? card_read_record(modem, 1, records) : card_read_binary(modem, size));
}

/* EF IMSI: how many octets count, then a half octet that is no digit, then digits (31.102 4.2.2). */
static void keep_imsi(struct modem *modem)
{
    struct span octets = buf_span(&modem->data), digits;
    char text[2 * IMSI_SIZE + 1];
    size_t count = 0;

    if (!span_take_prefixed(&octets, &digits) || digits.size == 0 || digits.size >= IMSI_SIZE)
        return;
    for (size_t i = 0; i < digits.size; i++) {
        text[count++] = (char)('0' + (digits.data[i] & 0x0F));
        text[count++] = (char)('0' + (digits.data[i] >> 4));
    }
    text[count] = '\0';
    if (text[count - 1] == '0' + 0x0F)
        text[count - 1] = '\0';
    if (digits_are(text + 1, 6, IMSI_DIGITS_MAX))
        strcpy(modem->imsi, text + 1);
}

static void read_files(struct modem *modem, const uint16_t *files, size_t count)
{
    for (size_t i = 0; i < count && !modem->link_failed; i++) {
        if (!read_file(modem, files[i]))
            continue;
        if (files[i] == EF_ICCID)
            iccid_to_digits(buf_span(&modem->data), modem->iccid);
        else if (files[i] == EF_IMSI)
            keep_imsi(modem);
    }
}

/* The AID of a record of EF DIR (61 { 4F … }) if it is a USIM's. */
static bool read_usim(struct span record, uint8_t aid[16], size_t *size)
{
    static const uint32_t path[] = {0x61, 0x4F, 0};
    struct tlv_reader reader = tlv_reader(record);
    struct tlv tlv;
    struct span found;

    if (tlv_next(&reader, &tlv) != TLV_OK || !tlv_find_path(tlv.whole, path, &found) ||
        !span_begins_with(found, SPAN_ARRAY(usim_begins)) || found.size > 16)
        return false;
    memcpy(aid, found.data, found.size);
    *size = found.size;
    return true;
}

static bool find_usim(struct modem *modem, uint8_t aid[16], size_t *aid_size)
{
    size_t size, records;

    if (!card_select(modem, EF_DIR, &size, &records) || records == 0)
        return false;
    for (size_t i = 0; i < size / records && i < DIR_RECORDS_MAX; i++)
        if (card_read_record(modem, (uint8_t)(i + 1), records) &&
            read_usim(buf_span(&modem->data), aid, aid_size))
            return true;
    return false;
}

bool start_select_usim(struct modem *modem)
{
    uint8_t aid[16];
    size_t size;

    return find_usim(modem, aid, &size) &&
           card_is_ok(card_command(modem, 0x00, INS_SELECT, BY_AID, BY_AID, SPAN(aid, size), APDU_SHORT_NE));
}

static void send_capability(struct modem *modem)
{
    struct buf capability = {0};

    modem_put_capability(modem, &capability);
    card_command(modem, 0x80, INS_TERMINAL_CAPABILITY, 0, 0, buf_span(&capability), 0);
    buf_free(&capability);
}

static void send_profile(struct modem *modem)
{
    struct buf profile = {0};

    modem_put_profile(modem, &profile);
    card_command(modem, 0x80, INS_TERMINAL_PROFILE, 0, 0, buf_span(&profile), 0);
    buf_free(&profile);
}

static void tell_profile(struct modem *modem, const char *before)
{
    if (strcmp(before, modem->iccid) != 0)
        modem_tell(modem, MODEM_EVENT_PROFILE, 0, modem->iccid, SPAN_NONE, SPAN_NONE);
}

/* What is read whenever files may have changed; `is_start`: with what a modem says about itself, each at its
 * place. */
static bool read_card(struct modem *modem, bool is_start)
{
    char iccid[sizeof(modem->iccid)], imsi[sizeof(modem->imsi)];
    bool speaks = is_start && !modem->settings.declares_nothing;
    bool has_usim;

    memcpy(iccid, modem->iccid, sizeof(iccid));
    memcpy(imsi, modem->imsi, sizeof(imsi));
    modem->iccid[0] = modem->imsi[0] = '\0';
    read_files(modem, card_files, sizeof(card_files) / sizeof(card_files[0]));
    if (speaks)
        send_capability(modem);
    has_usim = start_select_usim(modem);
    if (has_usim && is_start)
        card_command(modem, 0x00, INS_VERIFY, 0, APPLICATION_PIN, SPAN_NONE, 0);
    if (speaks)
        send_profile(modem);
    if (has_usim)
        read_files(modem, subscriber_files, sizeof(subscriber_files) / sizeof(subscriber_files[0]));
    tell_profile(modem, iccid);
    return strcmp(iccid, modem->iccid) != 0 || strcmp(imsi, modem->imsi) != 0;
}

void start_card(struct modem *modem)
{
    read_card(modem, true);
    polling_send(modem);
}

bool start_read_again(struct modem *modem)
{
    size_t size, records;

    card_select(modem, EF_MF, &size, &records);
    return read_card(modem, false);
}
