/*
 * The toolkit and what comes over the air, on a whole card. Input: one octet (bit 0: T=1, bit 1: the terminal
 * serves everything), then pieces with 16-bit lengths, whose first octet says what the rest is (enum piece).
 * Scripts are sealed here with the profile's key, so that the fuzzer gets past the checksum.
 */
#include "apdu/apdu.h"
#include "apdu/tlv.h"
#include "crypto/scp80.h"
#include "profiles/saip/saip_build.h"
#include "tests/fuzz/fuzz_card.h"
#include "tests/support/scp80_sender.h"

#include <string.h>

/* More only makes inputs slow. */
#define PIECES_MAX 32

enum { T1 = 1, SERVES_ALL = 2 };
enum piece { COMMAND = 0, ENVELOPE, MESSAGE, PACKET, FILES_SCRIPT, DOMAIN_SCRIPT, PIECE_KINDS };

static void send_envelope(struct softeuicc *card, struct span envelope)
{
    struct buf capdu = {0};

    if (envelope.size > 0 && envelope.size <= APDU_SHORT_NC) {
        apdu_encode(&capdu, 0x80, 0xC2, 0, 0, envelope, APDU_SHORT_NE);
        fuzz_transmit(card, buf_span(&capdu));
    }
    buf_free(&capdu);
}

/* SMS-PP download of a TPDU. */
static void send_message(struct softeuicc *card, struct span tpdu)
{
    struct buf envelope = {0};
    size_t at = tlv_open(&envelope, 0xD1);

    tlv_put(&envelope, 0x82, SPAN("\x83\x81", 2));
    tlv_put(&envelope, 0x8B, tpdu);
    tlv_close(&envelope, at);
    send_envelope(card, buf_span(&envelope));
    buf_free(&envelope);
}

/* SMS-DELIVER of a command packet. */
static void send_packet(struct softeuicc *card, struct span packet)
{
    static const uint8_t head[] = {0x40, 0x04, 0x81, 0x21, 0x43, 0x7F, 0xF6, 0, 0, 0, 0, 0, 0, 0};
    struct buf tpdu = {0};

    buf_append(&tpdu, SPAN_ARRAY(head));
    buf_append_octet(&tpdu, (uint8_t)(3 + packet.size));
    buf_append(&tpdu, SPAN("\x02\x70\x00", 3));
    buf_append(&tpdu, packet);
    send_message(card, buf_span(&tpdu));
    buf_free(&tpdu);
}

/* A good packet whose response is asked for by its first octet (second one of SPI). */
static void send_script(struct softeuicc *card, struct span script, const char *tar, uint64_t counter)
{
    const struct saip_recipe recipe = saip_recipe_default();
    const struct scp80_key key = {SCP80_KEY_AES, SPAN_ARRAY(recipe.ota_key)};
    const struct scp80_keys keys = {key, key, 8};
    struct scp80_header header = {{0x16, fuzz_octet(&script)}, 0x12, 0x12, {0}};
    struct buf packet = {0};

    memcpy(header.tar, tar, SCP80_TAR_SIZE);
    fuzz_check(scp80_seal_command(&header, &keys, counter, script, &packet));
    send_packet(card, buf_span(&packet));
    buf_free(&packet);
}

static void send_piece(struct softeuicc *card, struct span piece, uint64_t counter)
{
    switch (fuzz_octet(&piece) % PIECE_KINDS) {
    case COMMAND:
        if (piece.size > 0)
            fuzz_transmit(card, piece);
        break;
    case ENVELOPE:
        send_envelope(card, piece);
        break;
    case MESSAGE:
        send_message(card, piece);
        break;
    case PACKET:
        send_packet(card, piece);
        break;
    case FILES_SCRIPT:
        if (piece.size < APDU_SHORT_NC)
            send_script(card, piece, "\xB0\x00\x01", counter);
        break;
    case DOMAIN_SCRIPT:
        if (piece.size < APDU_SHORT_NC)
            send_script(card, piece, "\xB2\x01\x00", counter);
        break;
    default:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t terminal_profile[] = {0x80, 0x10, 0, 0, 4, 0xFF, 0xFF, 0xFF, 0xFF};
    struct span in = SPAN(data, size);
    uint8_t mode = fuzz_octet(&in);
    struct softeuicc *card = fuzz_card((mode & T1) != 0 ? SOFTEUICC_T1 : SOFTEUICC_T0);

    if ((mode & SERVES_ALL) != 0)
        fuzz_transmit(card, SPAN_ARRAY(terminal_profile));
    for (unsigned i = 1; i <= PIECES_MAX && in.size > 0; i++)
        send_piece(card, fuzz_piece(&in), i);
    fuzz_card_done();
    return 0;
}
