/*
 * The sender's side of secured packets: see scp80_sender.h. Written for packets of either direction; what KIc
 * and KID name is the card's (crypto/scp80_primitives.h).
 */
#include "tests/support/scp80_sender.h"

#include "crypto/scp80_primitives.h"

#include <openssl/crypto.h>

#include <string.h>

enum {
    LENGTHS_SIZE = 3,       /* of the packet and of its header */
    COMMAND_CLEAR_SIZE = 7, /* SPI, KIc, KID, TAR */
    COUNTED_SIZE = SCP80_COUNTER_SIZE + 1,
    RESPONSE_COUNTED_SIZE = COUNTED_SIZE + 1, /* and the status */
    CHECKSUM_MAX = 8,
};

/* How one packet is protected, in either direction. */
struct protection {
    uint8_t integrity; /* SCP80_INTEGRITY */
    bool ciphered;
    uint8_t kic, kid;
    const struct scp80_keys *keys;
    struct span prefix; /* covered by the checksum, not part of the packet */
};

static struct protection of_command(const struct scp80_header *header, const struct scp80_keys *keys)
{
    return (struct protection){header->spi[0] & SCP80_INTEGRITY,
                               (header->spi[0] & SCP80_CIPHERED) != 0,
                               header->kic,
                               header->kid,
                               keys,
                               SPAN_NONE};
}

static struct protection of_response(const struct scp80_header *header, const struct scp80_keys *keys,
                                     struct span prefix)
{
    return (struct protection){(header->spi[1] >> SCP80_POR_INTEGRITY_SHIFT) & SCP80_INTEGRITY,
                               (header->spi[1] & SCP80_POR_CIPHERED) != 0,
                               header->kic,
                               header->kid,
                               keys,
                               prefix};
}

/* Octets of the checksum; SIZE_MAX: this protection is not served. */
static size_t checksum_size(const struct protection *protection)
{
    switch (protection->integrity) {
    case SCP80_NO_INTEGRITY:
        return 0;
    case SCP80_RC:
        return scp80_crc_size(protection->kid);
    case SCP80_CC:
        if (protection->keys->mac_size != 4 && protection->keys->mac_size != 8)
            return SIZE_MAX;
        return scp80_algorithm(protection->kid, &protection->keys->mac) != NULL ? protection->keys->mac_size
                                                                                : SIZE_MAX;
    default:
        return SIZE_MAX;
    }
}

/* The checksum of `covered`, CHECKSUM_MAX octets of room. */
static bool checksum(const struct protection *protection, struct span covered, uint8_t *out)
{
    if (protection->integrity == SCP80_RC)
        return scp80_crc(protection->kid, covered, out);
    return scp80_mac(scp80_algorithm(protection->kid, &protection->keys->mac), &protection->keys->mac,
                     covered, out);
}

/* `counted` has its padding counter at COUNTED_SIZE - 1, filled in here. */
static bool seal(const struct protection *protection, struct span clear, uint8_t *counted,
                 size_t counted_size, struct span data, struct buf *out)
{
    const struct scp80_algorithm *cipher =
        protection->ciphered ? scp80_algorithm(protection->kic, &protection->keys->cipher) : NULL;
    static const uint8_t zeros[SCP80_BLOCK_MAX];
    size_t size = checksum_size(protection);
    uint8_t sum[CHECKSUM_MAX];
    struct buf packet = {0};
    struct buf covered = {0};
    size_t padding = 0;
    size_t hidden_at = LENGTHS_SIZE + clear.size;
    size_t whole;
    bool good;

    if (size == SIZE_MAX || (protection->ciphered && cipher == NULL))
        return false;
    if (cipher != NULL)
        padding = (cipher->block - (counted_size + size + data.size) % cipher->block) % cipher->block;
    whole = LENGTHS_SIZE - 2 + clear.size + counted_size + size + data.size + padding;
    if (whole > SCP80_PACKET_MAX)
        return false;
    counted[COUNTED_SIZE - 1] = (uint8_t)padding;
    buf_append_number(&packet, 2, whole);
    buf_append_number(&packet, 1, clear.size + counted_size + size);
    buf_append(&packet, clear);
    buf_append(&packet, SPAN(counted, counted_size));

    buf_append(&covered, protection->prefix);
    buf_append(&covered, buf_span(&packet));
    buf_append(&covered, data);
    buf_append(&covered, SPAN(zeros, padding));
    good = !covered.failed && (size == 0 || checksum(protection, buf_span(&covered), sum));
    buf_append(&packet, SPAN(sum, size));
    buf_append(&packet, data);
    buf_append(&packet, SPAN(zeros, padding));
    good = good && !packet.failed &&
           (cipher == NULL || scp80_cipher(cipher, &protection->keys->cipher, true, packet.data + hidden_at,
                                           packet.size - hidden_at));
    if (good)
        buf_append(out, buf_span(&packet));
    buf_free(&packet);
    buf_free(&covered);
    return good;
}

static void put_header(const struct scp80_header *header, uint8_t clear[COMMAND_CLEAR_SIZE])
{
    memcpy(clear, header->spi, 2);
    clear[2] = header->kic;
    clear[3] = header->kid;
    memcpy(clear + 4, header->tar, SCP80_TAR_SIZE);
}

bool scp80_seal_command(const struct scp80_header *header, const struct scp80_keys *keys, uint64_t counter,
                        struct span data, struct buf *out)
{
    const struct protection protection = of_command(header, keys);
    uint8_t clear[COMMAND_CLEAR_SIZE];
    uint8_t counted[COUNTED_SIZE];

    put_header(header, clear);
    octets_put_number(counted, SCP80_COUNTER_SIZE, counter);
    return seal(&protection, SPAN_ARRAY(clear), counted, sizeof(counted), data, out);
}

/* Both length octets must fit what is there. */
static bool lengths_fit(struct span packet, size_t clear_size, size_t counted_size)
{
    return packet.size >= LENGTHS_SIZE + clear_size + counted_size &&
           span_number(SPAN(packet.data, 2)) == packet.size - 2 &&
           packet.data[2] >= clear_size + counted_size && packet.data[2] <= packet.size - LENGTHS_SIZE;
}

/* After deciphering: the checksum, then the data without its padding. `packet` is the deciphered whole. */
static enum scp80_status scp80_check(const struct protection *protection, struct span packet,
                                     size_t clear_size, size_t counted_size, size_t sum_size,
                                     struct buf *data)
{
    size_t sum_at = LENGTHS_SIZE + clear_size + counted_size;
    size_t data_at = sum_at + sum_size;
    size_t padding = packet.data[LENGTHS_SIZE + clear_size + COUNTED_SIZE - 1];
    uint8_t sum[CHECKSUM_MAX];
    struct buf covered = {0};
    bool good;

    buf_append(&covered, protection->prefix);
    buf_append(&covered, SPAN(packet.data, sum_at));
    buf_append(&covered, SPAN(packet.data + data_at, packet.size - data_at));
    good = !covered.failed && (sum_size == 0 || (checksum(protection, buf_span(&covered), sum) &&
                                                 CRYPTO_memcmp(sum, packet.data + sum_at, sum_size) == 0));
    buf_free(&covered);
    if (!good)
        return SCP80_INTEGRITY_FAILED;
    if (padding > packet.size - data_at)
        return SCP80_CIPHERING_ERROR;
    buf_append(data, SPAN(packet.data + data_at, packet.size - data_at - padding));
    return data->failed ? SCP80_NO_MEMORY : SCP80_OK;
}

/* `counted` receives the octets after `clear`, counted_size of them. */
static enum scp80_status open_packet(const struct protection *protection, struct span packet,
                                     size_t clear_size, uint8_t *counted, size_t counted_size,
                                     struct buf *data)
{
    const struct scp80_algorithm *cipher =
        protection->ciphered ? scp80_algorithm(protection->kic, &protection->keys->cipher) : NULL;
    size_t sum_size = checksum_size(protection);
    size_t hidden_at = LENGTHS_SIZE + clear_size;
    struct buf plain = {0};
    enum scp80_status status;

    if (sum_size == SIZE_MAX || (protection->ciphered && cipher == NULL) ||
        packet.data[2] != clear_size + counted_size + sum_size)
        return SCP80_SECURITY_ERROR;
    if (cipher != NULL && (packet.size - hidden_at) % cipher->block != 0)
        return SCP80_CIPHERING_ERROR;
    buf_append(&plain, packet);
    if (plain.failed)
        status = SCP80_NO_MEMORY;
    else if (cipher != NULL && !scp80_cipher(cipher, &protection->keys->cipher, false, plain.data + hidden_at,
                                             plain.size - hidden_at))
        status = SCP80_CIPHERING_ERROR;
    else
        status = scp80_check(protection, buf_span(&plain), clear_size, counted_size, sum_size, data);
    if (status == SCP80_OK)
        memcpy(counted, plain.data + hidden_at, counted_size);
    buf_free(&plain);
    return status;
}

enum scp80_status scp80_open_response(const struct scp80_header *command, const struct scp80_keys *keys,
                                      struct span packet, struct span prefix, uint8_t *response_status,
                                      uint64_t *counter, struct buf *data)
{
    const struct protection protection = of_response(command, keys, prefix);
    uint8_t counted[RESPONSE_COUNTED_SIZE];
    enum scp80_status status;

    if (!lengths_fit(packet, SCP80_TAR_SIZE, RESPONSE_COUNTED_SIZE) ||
        memcmp(packet.data + LENGTHS_SIZE, command->tar, SCP80_TAR_SIZE) != 0)
        return SCP80_SECURITY_ERROR;
    status = open_packet(&protection, packet, SCP80_TAR_SIZE, counted, sizeof(counted), data);
    if (status != SCP80_OK)
        return status;
    *counter = span_number(SPAN(counted, SCP80_COUNTER_SIZE));
    *response_status = counted[COUNTED_SIZE];
    return SCP80_OK;
}

/* Triple DES block by block, AES in CBC. */
bool scp80_seal_key(const struct scp80_key *kik, struct span key, struct buf *out)
{
    const struct scp80_algorithm *algorithm = scp80_algorithm(0, kik);
    uint8_t octets[4 * SCP80_BLOCK_MAX] = {0};
    size_t size, step;
    bool good;

    if (algorithm == NULL || key.size > sizeof(octets))
        return false;
    size = (key.size + algorithm->block - 1) / algorithm->block * algorithm->block;
    memcpy(octets, key.data, key.size);
    step = kik->type == SCP80_KEY_AES ? size : algorithm->block;
    good = size > 0;
    for (size_t at = 0; at < size && good; at += step)
        good = scp80_cipher(algorithm, kik, true, octets + at, step);
    if (good && kik->type == SCP80_KEY_AES)
        buf_append_octet(out, (uint8_t)key.size);
    if (good)
        buf_append(out, SPAN(octets, size));
    OPENSSL_cleanse(octets, sizeof(octets));
    return good;
}
