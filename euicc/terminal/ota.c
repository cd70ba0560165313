/*
 * A secured packet's way: whom it is for, with which keys it is opened, whether its counter is new, what it
 * does, and what is answered (ETSI TS 102 225 5, 3GPP TS 31.115 4 and 5). See ota.h.
 */
#include "euicc/terminal/ota.h"

#include "apdu/proactive.h"
#include "crypto/scp80.h"
#include "euicc/profile/profile_store.h"
#include "euicc/terminal/profile_view.h"
#include "euicc/terminal/toolkit.h"

#include <string.h>

enum { KEY_CIPHER = 1, KEY_MAC = 2, KEY_LAST = 3 }; /* key identifiers of a key set, TS 102 225 5.1.2 */
#define COUNTER_MAX 0xFFFFFFFFFFu
/* The longest response in the answer to ENVELOPE: what one short answer takes. */
enum { REPORT_MAX = 255 };

static const uint8_t isdr_tar[SCP80_TAR_SIZE] = {0x00, 0x00, 0x01};

/* The user data header of a response packet: IEI 71. */
static const uint8_t response_header[] = {0x02, 0x71, 0x00};

/* A packet on its way. */
struct delivery {
    struct softeuicc *card;
    struct uicc *uicc;
    struct span packet, sender;
    struct scp80_header header;
    struct fs_application *application, *domain; /* the script may delete them */
    struct scp80_keys keys;
    struct buf cipher_key, mac_key; /* kept for the response: the script may change them */
    uint64_t counter;
    bool opened;     /* it is authentic: the response may be protected */
    struct buf data; /* the script */
};

/* --- keys and counters ----------------------------------------------------------------------------- */

static struct fs_key *find_key(struct fs_application *domain, unsigned version, unsigned identifier)
{
    for (size_t i = 0; i < domain->key_count; i++)
        if (domain->keys[i].version == version && domain->keys[i].identifier == identifier)
            return &domain->keys[i];
    return NULL;
}

static struct scp80_key take_key(const struct fs_key *key, struct buf *kept)
{
    if (key == NULL)
        return (struct scp80_key){0, SPAN_NONE};
    buf_append(kept, buf_span(&key->value));
    return (struct scp80_key){key->type, buf_span(kept)};
}

/* Reading: version 0 is no key set of SCP80 (TS 102 225 5.1.2 numbers them from 1). */
static void find_keys(struct delivery *delivery)
{
    unsigned cipher_version = scp80_key_version(delivery->header.kic);
    unsigned mac_version = scp80_key_version(delivery->header.kid);
    const struct fs_key *mac = mac_version != 0 ? find_key(delivery->domain, mac_version, KEY_MAC) : NULL;
    const struct fs_key *cipher =
        cipher_version != 0 ? find_key(delivery->domain, cipher_version, KEY_CIPHER) : NULL;

    delivery->keys =
        (struct scp80_keys){take_key(cipher, &delivery->cipher_key), take_key(mac, &delivery->mac_key),
                            mac != NULL ? mac->mac_length : 0};
}

/* Each key of a set has the set's counter; what was never stored is zero. */
static bool is_of_set(const struct fs_key *key, unsigned version)
{
    return key->version == version && key->identifier >= KEY_CIPHER && key->identifier <= KEY_LAST;
}

static uint64_t stored_counter(const struct fs_application *domain, unsigned version)
{
    uint64_t highest = 0;

    for (size_t i = 0; i < domain->key_count; i++) {
        struct span octets = buf_span(&domain->keys[i].counter);
        uint64_t counter = 0;

        if (!is_of_set(&domain->keys[i], version) || octets.size > SCP80_COUNTER_SIZE)
            continue;
        for (size_t at = 0; at < octets.size; at++)
            counter = counter << 8 | octets.data[at];
        highest = counter > highest ? counter : highest;
    }
    return highest;
}

static bool store_counter(struct delivery *delivery, unsigned version)
{
    struct fs_application *domain = delivery->domain;

    for (size_t i = 0; i < domain->key_count; i++) {
        struct buf *counter = &domain->keys[i].counter;

        if (!is_of_set(&domain->keys[i], version))
            continue;
        buf_clear(counter);
        for (size_t at = SCP80_COUNTER_SIZE; at-- > 0;)
            buf_append_octet(counter, (uint8_t)(delivery->counter >> (8 * at)));
        if (counter->failed)
            return false;
    }
    return fs_application_changed(delivery->uicc->fs, domain);
}

static enum scp80_status judge_counter(uint8_t rule, uint64_t counter, uint64_t stored)
{
    if (rule != SCP80_COUNTER_HIGHER && rule != SCP80_COUNTER_NEXT)
        return SCP80_OK;
    if (stored == COUNTER_MAX)
        return SCP80_COUNTER_BLOCKED;
    if (counter <= stored)
        return SCP80_COUNTER_LOW;
    return rule == SCP80_COUNTER_NEXT && counter != stored + 1 ? SCP80_COUNTER_HIGH : SCP80_OK;
}

/*
 * Reading: a counter is stored only when a cryptographic checksum vouches for it; otherwise anybody could use
 * up the counters. The set is the one of the checksum's key.
 *
 * It needs no commit of its own before the script runs: what the script does in the card is in the same
 * transaction, and what leaves the card, a response in the answer or a short message, leaves after it or not
 * at all. A script that compares a code has its counter committed with the try (fs_spend_pin). Packets that
 * prove wrong are not counted: TS 102 225 has no limit for them.
 */
static enum scp80_status check_counter(struct delivery *delivery)
{
    uint8_t rule = delivery->header.spi[0] & SCP80_COUNTER;
    bool vouched = (delivery->header.spi[0] & SCP80_INTEGRITY) == SCP80_CC;
    unsigned version = scp80_key_version(delivery->header.kid);
    enum scp80_status status =
        judge_counter(rule, delivery->counter, stored_counter(delivery->domain, version));

    if (status != SCP80_OK || !vouched || rule == SCP80_NO_COUNTER || rule == SCP80_COUNTER_UNCHECKED)
        return status;
    return store_counter(delivery, version) ? SCP80_OK : SCP80_NO_MEMORY;
}

static enum scp80_status open_packet(struct delivery *delivery)
{
    enum scp80_status status;

    delivery->application = rfm_find(delivery->uicc->fs, delivery->header.tar);
    if (delivery->application == NULL)
        return SCP80_TAR_UNKNOWN;
    delivery->domain = rfm_domain(delivery->uicc->fs, delivery->application);
    if (delivery->domain == NULL)
        return SCP80_SECURITY_ERROR;
    if (!rfm_is_secure(delivery->header.spi[0], rfm_minimum_security(delivery->application)))
        return SCP80_SECURITY_LEVEL;
    find_keys(delivery);
    status = scp80_open_command(delivery->packet, &delivery->keys, &delivery->counter, &delivery->data);
    if (status != SCP80_OK)
        return status;
    delivery->opened = true;
    return check_counter(delivery);
}

/* --- responses ------------------------------------------------------------------------------------- */

static bool wants_response(const struct delivery *delivery, enum scp80_status status)
{
    uint8_t rule = delivery->header.spi[1] & SCP80_POR;

    return rule == SCP80_POR_ALWAYS || (rule == SCP80_POR_ON_ERROR && status != SCP80_OK);
}

/*
 * Reading: a packet that was not proved authentic is answered without protection and data, whatever it asks
 * for, so that nobody gets something encrypted or signed by asking.
 */
static bool make_response(const struct delivery *delivery, enum scp80_status status, struct span data,
                          size_t max, struct buf *out)
{
    struct scp80_header header = delivery->header;
    size_t before = out->size;

    if (!delivery->opened)
        header.spi[1] = SCP80_POR_ALWAYS;
    buf_append(out, SPAN_ARRAY(response_header));
    if (scp80_seal_response(&header, &delivery->keys, delivery->counter, status, data,
                            SPAN_ARRAY(response_header), out) &&
        out->size - before <= max)
        return true;
    out->size = before;
    return false;
}

/* Concatenation, TS 23.040 9.2.3.24.1: each part says of which message it is, how many there are, which it
 * is. */
enum { CONCATENATION_SIZE = 5, PARTS_MAX = 6 };

static bool submit(const struct delivery *delivery, struct span user_data)
{
    struct buf tpdu = {0};
    bool sent = ota_write_submit(delivery->sender, user_data, &tpdu) &&
                toolkit_send_short_message(delivery->card, buf_span(&tpdu));

    buf_free(&tpdu);
    return sent;
}

/* TS 31.115 4.3: the first part's header says that it is a response packet. Reading: the checksum covers that
 * element's header as in a message of one part. */
static void submit_parts(const struct delivery *delivery, struct span packet)
{
    size_t first = OTA_USER_DATA_MAX - sizeof(response_header) - CONCATENATION_SIZE;
    size_t other = OTA_USER_DATA_MAX - 1 - CONCATENATION_SIZE;
    uint8_t total = (uint8_t)(1 + (packet.size - first + other - 1) / other);
    bool sent = toolkit_room(delivery->card) >= total;

    for (uint8_t number = 1; number <= total && sent; number++) {
        const uint8_t concatenation[CONCATENATION_SIZE] = {0x00, 3, (uint8_t)delivery->counter, total,
                                                           number};
        size_t size = number == 1 ? first : packet.size < other ? packet.size : other;
        struct buf part = {0};

        buf_append_octet(&part, number == 1 ? 2 + CONCATENATION_SIZE : CONCATENATION_SIZE);
        if (number == 1)
            buf_append(&part, SPAN(response_header + 1, 2));
        buf_append(&part, SPAN_ARRAY(concatenation));
        buf_append(&part, SPAN(packet.data, size));
        packet = SPAN(packet.data + size, packet.size - size);
        sent = submit(delivery, buf_span(&part));
        buf_free(&part);
    }
}

/* The response to one packet: in the answer to ENVELOPE, or in short messages of its own. Reading: data that
 * does not fit is left out, and the status says that there was no room; what was done stays done. */
static void respond(const struct delivery *delivery, enum scp80_status status, struct span data,
                    struct buf *response)
{
    bool by_submit = (delivery->header.spi[1] & SCP80_POR_BY_SUBMIT) != 0;
    size_t max = by_submit ? (size_t)PARTS_MAX * (OTA_USER_DATA_MAX - 1 - CONCATENATION_SIZE) : REPORT_MAX;
    struct buf user_data = {0};

    if (!make_response(delivery, status, data, max, &user_data) &&
        !make_response(delivery, SCP80_NO_MEMORY, SPAN_NONE, max, &user_data)) {
        buf_free(&user_data);
        return;
    }
    if (!by_submit)
        buf_append(response, buf_span(&user_data));
    else if (user_data.size <= OTA_USER_DATA_MAX)
        (void)submit(delivery, buf_span(&user_data));
    else
        submit_parts(delivery, SPAN(user_data.data + sizeof(response_header),
                                    user_data.size - sizeof(response_header)));
    buf_free(&user_data);
}

/* --- a message ------------------------------------------------------------------------------------- */

/* The key set that a packet proves its sender to have; 0: none. */
static unsigned proved_version(const struct delivery *delivery)
{
    bool proved = (delivery->header.spi[0] & SCP80_INTEGRITY) == SCP80_CC;

    return proved ? scp80_key_version(delivery->header.kid) : 0;
}

static void run_script(struct delivery *delivery, struct buf *answer)
{
    struct domain domain = {.fs = delivery->uicc->fs,
                            .host = &delivery->uicc->host,
                            .number = delivery->domain->number,
                            .resources = profile_resources(delivery->card),
                            .key_version = proved_version(delivery)};

    if (delivery->application->kind == FS_REMOTE_FILE_MANAGEMENT)
        rfm_run(delivery->uicc, delivery->application, buf_span(&delivery->data), answer);
    else
        ota_run_domain(delivery->card, &domain, buf_span(&delivery->data), answer);
}

static uint16_t deliver(struct softeuicc *card, struct span sender, struct span packet, struct buf *response)
{
    struct delivery delivery = {
        .card = card, .uicc = profile_view_uicc(card), .packet = packet, .sender = sender};
    struct buf answer = {0};
    enum scp80_status status;

    if (!scp80_read_header(packet, &delivery.header))
        return SW_WRONG_DATA;
    if (card->ipae != NULL && memcmp(delivery.header.tar, isdr_tar, sizeof(isdr_tar)) == 0) {
        card->isdr_is_called = true;
        return SW_OK;
    }
    status = open_packet(&delivery);
    if (status == SCP80_OK)
        run_script(&delivery, &answer);
    if (wants_response(&delivery, status))
        respond(&delivery, status, buf_span(&answer), response);
    response->failed = response->failed || answer.failed;
    buf_free(&answer);
    buf_free(&delivery.data);
    buf_free(&delivery.cipher_key);
    buf_free(&delivery.mac_key);
    return SW_OK;
}

uint16_t ota_sms_download(struct softeuicc *card, struct span content, struct buf *response)
{
    struct ota_message message;
    struct span devices, tpdu, center, packet;

    if (!comprehension_take(&content, PROACTIVE_DEVICE_IDENTITIES, &devices))
        return SW_WRONG_DATA;
    (void)comprehension_take(&content, PROACTIVE_ADDRESS, &center);
    if (!comprehension_take(&content, PROACTIVE_SMS_TPDU, &tpdu) || !comprehension_is_sequence(content) ||
        devices.size != 2 || devices.data[0] != PROACTIVE_NETWORK || devices.data[1] != PROACTIVE_UICC ||
        !ota_read_deliver(tpdu, &message))
        return SW_WRONG_DATA;
    if (profile_view_uicc(card) == NULL || profile_view_profile(card) == 0)
        return SW_CONDITIONS_NOT_SATISFIED;
    /* Reading: a message that may want a response of its own is turned away while there is no room for one.
     * The network then keeps it (TS 31.111 7.1.1.1), and nothing of it has been looked at. */
    if (toolkit_is_busy(card))
        return SW_TOOLKIT_BUSY;
    if (!ota_collect(card, &message, &packet))
        return SW_OK;
    return deliver(card, message.address, packet, response);
}

bool ota_take_call(struct softeuicc *card)
{
    bool is_called = card->isdr_is_called;

    card->isdr_is_called = false;
    return is_called;
}
