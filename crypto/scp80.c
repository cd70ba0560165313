/*
 * Secured packets: see scp80.h. Command and response packets are the same construction around another head:
 *
 *     length(2) headerLength(1) clear | counter(5) padding(1) [status(1)] | checksum | data padding
 *
 * The checksum covers everything but itself; what stands after `clear` is then ciphered.
 */
#include "crypto/scp80.h"

#include "crypto/scp80_primitives.h"

#include <openssl/crypto.h>

#include <string.h>

enum {
    LENGTHS_SIZE = 3,       /* of the packet and of its header */
    COMMAND_CLEAR_SIZE = 7, /* SPI, KIc, KID, TAR */
    COUNTED_SIZE = SCP80_COUNTER_SIZE + 1,
    RESPONSE_COUNTED_SIZE = COUNTED_SIZE + 1,           /* and the status */
    COMMAND_HIDDEN = LENGTHS_SIZE + COMMAND_CLEAR_SIZE, /* where what may be ciphered begins */
    RESPONSE_HIDDEN = LENGTHS_SIZE + SCP80_TAR_SIZE,
    CHECKSUM_MAX = 8,
};

/* How one packet is protected. */
struct protection {
    uint8_t integrity; /* SCP80_INTEGRITY */
    uint8_t kid;
    const struct scp80_keys *keys;
    const struct scp80_algorithm *cipher; /* NULL: none */
    size_t sum_size;                      /* octets of the checksum */
};

unsigned scp80_key_version(uint8_t octet)
{
    return octet >> 4;
}

/* Octets of the checksum; SIZE_MAX: this protection is not served. */
static size_t checksum_size(uint8_t integrity, uint8_t kid, const struct scp80_keys *keys)
{
    switch (integrity) {
    case SCP80_NO_INTEGRITY:
        return 0;
    case SCP80_RC:
        return scp80_crc_size(kid);
    case SCP80_CC:
        if (keys->mac_size != 4 && keys->mac_size != 8)
            return SIZE_MAX;
        return scp80_algorithm(kid, &keys->mac) != NULL ? keys->mac_size : SIZE_MAX;
    default:
        return SIZE_MAX;
    }
}

/* False: it is not served. */
static bool choose_protection(const struct scp80_header *header, uint8_t integrity, bool ciphered,
                              const struct scp80_keys *keys, struct protection *protection)
{
    *protection = (struct protection){
        .integrity = integrity & SCP80_INTEGRITY,
        .kid = header->kid,
        .keys = keys,
        .cipher = ciphered ? scp80_algorithm(header->kic, &keys->cipher) : NULL,
        .sum_size = checksum_size(integrity & SCP80_INTEGRITY, header->kid, keys),
    };
    return protection->sum_size != SIZE_MAX && (!ciphered || protection->cipher != NULL);
}

/* The checksum of `covered`, CHECKSUM_MAX octets of room. */
static bool checksum(const struct protection *protection, struct span covered, uint8_t *out)
{
    if (protection->integrity == SCP80_RC)
        return scp80_crc(protection->kid, covered, out);
    return protection->sum_size == 0 || scp80_mac(scp80_algorithm(protection->kid, &protection->keys->mac),
                                                  &protection->keys->mac, covered, out);
}

/* What may be ciphered of a packet, from `at` on, in place. */
static bool cipher_packet(const struct protection *protection, bool encrypt, struct buf *packet, size_t at)
{
    return protection->cipher == NULL || scp80_cipher(protection->cipher, &protection->keys->cipher, encrypt,
                                                      packet->data + at, packet->size - at);
}

bool scp80_seal_response(const struct scp80_header *command, const struct scp80_keys *keys, uint64_t counter,
                         enum scp80_status status, struct span data, struct span prefix, struct buf *out)
{
    static const uint8_t zeros[SCP80_BLOCK_MAX];
    struct protection protection;
    uint8_t sum[CHECKSUM_MAX];
    struct buf packet = {0};
    struct buf covered = {0};
    size_t padding = 0;
    size_t head, whole;
    bool good;

    if (!choose_protection(command, command->spi[1] >> SCP80_POR_INTEGRITY_SHIFT,
                           (command->spi[1] & SCP80_POR_CIPHERED) != 0, keys, &protection))
        return false;
    head = SCP80_TAR_SIZE + RESPONSE_COUNTED_SIZE + protection.sum_size;
    if (protection.cipher != NULL) {
        size_t block = protection.cipher->block;

        padding = (block - (head - SCP80_TAR_SIZE + data.size) % block) % block;
    }
    whole = 1 + head + data.size + padding;
    if (whole > SCP80_PACKET_MAX)
        return false;
    buf_append_number(&packet, 2, whole);
    buf_append_number(&packet, 1, head);
    buf_append(&packet, SPAN_ARRAY(command->tar));
    buf_append_number(&packet, SCP80_COUNTER_SIZE, counter);
    buf_append_octet(&packet, (uint8_t)padding);
    buf_append_octet(&packet, (uint8_t)status);

    buf_append(&covered, prefix);
    buf_append(&covered, buf_span(&packet));
    buf_append(&covered, data);
    buf_append(&covered, SPAN(zeros, padding));
    good = !covered.failed && checksum(&protection, buf_span(&covered), sum);
    buf_append(&packet, SPAN(sum, protection.sum_size));
    buf_append(&packet, data);
    buf_append(&packet, SPAN(zeros, padding));
    good = good && !packet.failed && cipher_packet(&protection, true, &packet, RESPONSE_HIDDEN);
    if (good)
        buf_append(out, buf_span(&packet));
    buf_free(&packet);
    buf_free(&covered);
    return good;
}

/* Both length octets must fit what is there. */
bool scp80_read_header(struct span packet, struct scp80_header *header)
{
    enum { LEAST = COMMAND_CLEAR_SIZE + COUNTED_SIZE };
    const uint8_t *clear = packet.data + LENGTHS_SIZE;

    if (packet.size < LENGTHS_SIZE + LEAST || span_number(SPAN(packet.data, 2)) != packet.size - 2 ||
        packet.data[2] < LEAST || packet.data[2] > packet.size - LENGTHS_SIZE)
        return false;
    memcpy(header->spi, clear, 2);
    header->kic = clear[2];
    header->kid = clear[3];
    memcpy(header->tar, clear + 4, SCP80_TAR_SIZE);
    return true;
}

/* After deciphering: the checksum, then the data without its padding. */
static enum scp80_status check_command(const struct protection *protection, struct span packet,
                                       struct buf *data)
{
    size_t sum_at = COMMAND_HIDDEN + COUNTED_SIZE;
    size_t data_at = sum_at + protection->sum_size;
    size_t padding = packet.data[sum_at - 1];
    uint8_t sum[CHECKSUM_MAX];
    struct buf covered = {0};
    bool good;

    buf_append(&covered, SPAN(packet.data, sum_at));
    buf_append(&covered, SPAN(packet.data + data_at, packet.size - data_at));
    good = !covered.failed && checksum(protection, buf_span(&covered), sum) &&
           CRYPTO_memcmp(sum, packet.data + sum_at, protection->sum_size) == 0;
    buf_free(&covered);
    if (!good)
        return SCP80_INTEGRITY_FAILED;
    if (padding > packet.size - data_at)
        return SCP80_CIPHERING_ERROR;
    buf_append(data, SPAN(packet.data + data_at, packet.size - data_at - padding));
    return data->failed ? SCP80_NO_MEMORY : SCP80_OK;
}

enum scp80_status scp80_open_command(struct span packet, const struct scp80_keys *keys, uint64_t *counter,
                                     struct buf *data)
{
    struct scp80_header header;
    struct protection protection;
    struct buf plain = {0};
    enum scp80_status status;

    if (!scp80_read_header(packet, &header) ||
        !choose_protection(&header, header.spi[0], (header.spi[0] & SCP80_CIPHERED) != 0, keys,
                           &protection) ||
        packet.data[2] != COMMAND_CLEAR_SIZE + COUNTED_SIZE + protection.sum_size)
        return SCP80_SECURITY_ERROR;
    if (protection.cipher != NULL && (packet.size - COMMAND_HIDDEN) % protection.cipher->block != 0)
        return SCP80_CIPHERING_ERROR;
    buf_append(&plain, packet);
    if (plain.failed)
        status = SCP80_NO_MEMORY;
    else if (!cipher_packet(&protection, false, &plain, COMMAND_HIDDEN))
        status = SCP80_CIPHERING_ERROR;
    else
        status = check_command(&protection, buf_span(&plain), data);
    if (status == SCP80_OK)
        *counter = span_number(SPAN(plain.data + COMMAND_HIDDEN, SCP80_COUNTER_SIZE));
    buf_free(&plain);
    return status;
}
