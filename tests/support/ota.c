/* A sender of secured short messages: see ota.h. */
#include "tests/support/ota.h"

#include "apdu/apdu.h"
#include "apdu/tlv.h"
#include "profiles/saip/saip_build.h"
#include "tests/support/scp80_sender.h"

#include <string.h>

struct scp80_keys ota_keys(const struct ota_sender *sender)
{
    static struct saip_recipe recipe;
    struct span key = SPAN_ARRAY(recipe.ota_key);

    recipe = saip_recipe_default();
    if (sender->key != NULL)
        key = hex(sender->key);
    return (struct scp80_keys){{SCP80_KEY_AES, key}, {SCP80_KEY_AES, key}, 8};
}

struct scp80_header ota_header(const struct ota_sender *sender)
{
    struct scp80_header header = {{sender->spi[0], sender->spi[1]}, sender->kic, sender->kid, {0}};

    memcpy(header.tar, hex(sender->tar).data, SCP80_TAR_SIZE);
    return header;
}

struct span ota_packet(const struct ota_sender *sender, const char *script)
{
    const struct scp80_header header = ota_header(sender);
    const struct scp80_keys secret = ota_keys(sender);
    struct buf *packet = test_buf();

    ck_assert(scp80_seal_command(&header, &secret, sender->counter, hex(script), packet));
    return buf_span(packet);
}

struct span ota_deliver(struct span header, struct span text)
{
    struct buf *tpdu = test_buf();

    buf_append(tpdu, hex("40 0A81 2143658709 7F F6 12101000000000"));
    buf_append_octet(tpdu, (uint8_t)(1 + header.size + text.size));
    buf_append_octet(tpdu, (uint8_t)header.size);
    buf_append(tpdu, header);
    buf_append(tpdu, text);
    return buf_span(tpdu);
}

struct span ota_envelope(struct span tpdu)
{
    struct buf *envelope = test_buf();
    struct buf *capdu = test_buf();
    size_t at = tlv_open(envelope, 0xD1);

    tlv_put(envelope, 0x82, hex("8381"));
    tlv_put(envelope, 0x06, hex("9121436587"));
    tlv_put(envelope, 0x8B, tpdu);
    tlv_close(envelope, at);
    ck_assert(envelope->size <= 255);
    apdu_encode(capdu, 0x80, 0xC2, 0, 0, buf_span(envelope), 256);
    return buf_span(capdu);
}

uint16_t ota_send_tpdu(struct es10_bench *bench, struct span tpdu, struct buf *response)
{
    buf_clear(response);
    return terminal_command(&bench->terminal, ota_envelope(tpdu), response);
}

uint16_t ota_send(struct es10_bench *bench, struct span packet, struct buf *response)
{
    return ota_send_tpdu(bench, ota_deliver(hex("7000"), packet), response);
}

uint8_t ota_response(const struct ota_sender *sender, struct span user_data, struct buf *data)
{
    const struct scp80_header header = ota_header(sender);
    const struct scp80_keys secret = ota_keys(sender);
    uint64_t counter = 0;
    uint8_t status = 0xFF;

    ck_assert(user_data.size > 3);
    ck_assert_hex(SPAN(user_data.data, 3), "027100");
    buf_clear(data);
    ck_assert_int_eq(scp80_open_response(&header, &secret, SPAN(user_data.data + 3, user_data.size - 3),
                                         SPAN(user_data.data, 3), &status, &counter, data),
                     SCP80_OK);
    return status;
}
