/*
 * Binding a profile package for tests (SGP.22 2.5, annex G): key agreement, blocks, segments. Independent of
 * crypto/scp03t.c on purpose: a misunderstanding there does not cancel out here.
 */
#include "tests/support/server.h"

#include "apdu/tlv.h"
#include "tests/support/test.h"

#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#define MAC_SIZE  8
#define PLAIN_MAX 1007 /* so that a block with padding, MAC and header has 1020 octets at most */

static void fault(struct server *server, enum server_point point, struct buf *octets)
{
    if (server->fault != NULL)
        server->fault(server, point, octets);
}

/* Fetched once: a fetch takes longer than a block. */
static const EVP_CIPHER *fetched(EVP_CIPHER **cipher, const char *name)
{
    if (*cipher == NULL)
        *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    ck_assert_ptr_nonnull(*cipher);
    return *cipher;
}

static void aes(const EVP_CIPHER *cipher, const uint8_t key[16], const uint8_t *iv, struct span in,
                uint8_t *out)
{
    static EVP_CIPHER_CTX *context;
    int done = 0;

    if (context == NULL)
        context = EVP_CIPHER_CTX_new();
    ck_assert(EVP_EncryptInit_ex2(context, cipher, key, iv, NULL) == 1);
    EVP_CIPHER_CTX_set_padding(context, 0);
    ck_assert(EVP_EncryptUpdate(context, out, &done, in.data, (int)in.size) == 1 && (size_t)done == in.size);
}

static void cmac(const uint8_t key[16], struct span in, uint8_t out[16])
{
    static EVP_MAC_CTX *context;
    size_t done = 0;

    if (context == NULL) {
        OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("cipher", (char[]){"AES-128-CBC"}, 0),
                               OSSL_PARAM_construct_end()};
        EVP_MAC *mac = EVP_MAC_fetch(NULL, "CMAC", NULL);

        context = EVP_MAC_CTX_new(mac);
        ck_assert(EVP_MAC_CTX_set_params(context, params) == 1);
        EVP_MAC_free(mac);
    }
    ck_assert(EVP_MAC_init(context, key, 16, NULL) == 1 && EVP_MAC_update(context, in.data, in.size) == 1 &&
              EVP_MAC_final(context, out, &done, 16) == 1 && done == 16);
}

static void encrypt(struct server_keys *keys, struct span plain, struct buf *out)
{
    static EVP_CIPHER *ecb, *cbc;
    uint8_t counter[16] = {0};
    uint8_t icv[16];
    struct buf padded = {0};

    for (unsigned i = 0; i < 8; i++)
        counter[15 - i] = (uint8_t)(keys->counter >> (8 * i));
    aes(fetched(&ecb, "AES-128-ECB"), keys->enc, NULL, SPAN_ARRAY(counter), icv);
    buf_append(&padded, plain);
    buf_append_octet(&padded, keys->padding);
    while (padded.size % 16 != 0)
        buf_append_octet(&padded, 0x00);
    ck_assert(buf_reserve(out, padded.size));
    aes(fetched(&cbc, "AES-128-CBC"), keys->enc, icv, buf_span(&padded), out->data + out->size);
    out->size += padded.size;
    buf_free(&padded);
}

void server_seal(struct server_keys *keys, uint8_t tag, struct span plain, struct buf *block)
{
    struct buf content = {0};
    struct buf covered = {0};
    uint8_t mac[16];
    size_t start;

    if (tag == 0x88)
        buf_append(&content, plain);
    else
        encrypt(keys, plain, &content);
    buf_append(&covered, SPAN_ARRAY(keys->chain));
    start = covered.size;
    tlv_put_tag(&covered, tag);
    tlv_put_length(&covered, content.size + MAC_SIZE);
    buf_append(&covered, buf_span(&content));
    cmac(keys->mac, buf_span(&covered), mac);
    buf_append(block, SPAN(covered.data + start, covered.size - start));
    buf_append(block, SPAN(mac, MAC_SIZE));
    memcpy(keys->chain, mac, 16);
    keys->counter++;
    buf_free(&content);
    buf_free(&covered);
}

/* X9.63 KDF with SHA-256, two rounds; shared info = 88 | 10 | LV(hostId) | LV(EID). */
static void derive(struct server *server, const uint8_t secret[32], struct span host_id)
{
    struct buf input = {0};
    uint8_t out[64];
    size_t counter_at = 35;

    buf_append(&input, SPAN(secret, 32));
    buf_append(&input, SPAN_ARRAY(((const uint8_t[]){0, 0, 0, 0, 0x88, 0x10})));
    buf_append_octet(&input, (uint8_t)host_id.size);
    buf_append(&input, host_id);
    buf_append_octet(&input, 16);
    ck_assert(buf_append_hex(&input, TEST_EID, NULL));
    for (uint8_t round = 1; round <= 2; round++) {
        input.data[counter_at] = round;
        SHA256(input.data, input.size, out + 32 * (size_t)(round - 1));
    }
    memcpy(server->keys.chain, out, 16);
    memcpy(server->keys.enc, out + 16, 16);
    memcpy(server->keys.mac, out + 32, 16);
    server->keys.counter = 1;
    server->keys.padding = 0x80;
    buf_free(&input);
}

static void agree(struct server *server, struct span host_id)
{
    enum ec_curve curve = ec_key_curve(server->otsk);
    struct span point = SPAN_ARRAY(server->euicc_otpk);
    uint8_t secret[32];

    if (server->otpk == NULL || !ec_key_has_point(server->otpk, curve, point)) {
        ec_key_free(server->otpk);
        server->otpk = ec_key_from_point(curve, point);
    }
    ck_assert_ptr_nonnull(server->otpk);
    ck_assert(ec_shared_secret(server->otsk, server->otpk, secret));
    derive(server, secret, host_id);
    fault(server, SERVER_KEYS_AGREED, NULL);
}

static void put_initialise(struct server *server, struct buf *out)
{
    static const uint8_t host_id[] = "host";
    struct buf fields = {0};
    struct buf signature = {0};
    uint8_t point[65];
    uint8_t octets[64];
    size_t mark;

    if (server->otsk == NULL || !server->keeps_otsk) {
        ec_key_free(server->otsk);
        server->otsk = ec_key_generate(ec_key_curve(server->pb->key), NULL);
    }
    ck_assert_ptr_nonnull(server->otsk);
    ec_key_point(server->otsk, point);
    tlv_put_unsigned(&fields, 0x82, 1);
    tlv_put(&fields, 0x80, SPAN(server->transaction_id, server->transaction_id_size));
    mark = tlv_open(&fields, 0xA6);
    tlv_put(&fields, 0x80, SPAN_STRING("\x88"));
    tlv_put(&fields, 0x81, SPAN_STRING("\x10"));
    tlv_put(&fields, 0x84, SPAN(host_id, 4));
    tlv_close(&fields, mark);
    tlv_put(&fields, 0x5F49, SPAN_ARRAY(point));
    fault(server, SERVER_INITIALISE_FIELDS, &fields);

    mark = tlv_open(out, 0xBF23);
    buf_append(out, buf_span(&fields));
    tlv_put(&fields, 0x5F49, SPAN_ARRAY(server->euicc_otpk));
    fault(server, SERVER_INITIALISE_COVERED, &fields);
    struct span covered = buf_span(&fields);
    ck_assert(ec_sign(server->pb_key, &covered, 1, octets));
    buf_append(&signature, SPAN_ARRAY(octets));
    fault(server, SERVER_INITIALISE_SIGNATURE, &signature);
    tlv_put(out, 0x5F37, buf_span(&signature));
    tlv_close(out, mark);
    fault(server, SERVER_INITIALISE, out);
    buf_free(&signature);
    buf_free(&fields);
    agree(server, SPAN(host_id, 4));
}

/* One of the sequences A0 to A3, in blocks of one tag. */
static void put_sequence(struct server *server, uint8_t sequence_tag, uint8_t block_tag, struct span plain,
                         struct buf *out)
{
    size_t max = server->plain_max != 0 ? server->plain_max : PLAIN_MAX;
    struct buf sequence = {0};

    server->sequence_tag = sequence_tag;
    server->block_tag = block_tag;
    server->block_number = 0;
    for (size_t offset = 0; offset < plain.size; offset += max) {
        struct buf piece = {0};
        struct buf block = {0};

        buf_append(&piece, SPAN(plain.data + offset, plain.size - offset < max ? plain.size - offset : max));
        fault(server, SERVER_BLOCK_PLAIN, &piece);
        server_seal(&server->keys, block_tag, buf_span(&piece), &block);
        fault(server, SERVER_BLOCK, &block);
        buf_append(&sequence, buf_span(&block));
        buf_free(&block);
        buf_free(&piece);
        server->block_number++;
    }
    fault(server, SERVER_SEQUENCE, &sequence);
    tlv_put(out, sequence_tag, buf_span(&sequence));
    buf_free(&sequence);
}

static void put_plain_sequence(struct server *server, enum server_point point, uint8_t sequence_tag,
                               uint8_t block_tag, struct span plain, struct buf *out)
{
    struct buf copy = {0};

    buf_append(&copy, plain);
    fault(server, point, &copy);
    put_sequence(server, sequence_tag, block_tag, buf_span(&copy), out);
    buf_free(&copy);
}

static void replace_keys(struct server *server, struct buf *out)
{
    struct server_keys keys = {.counter = 1, .padding = 0x80};
    struct buf request = {0};
    size_t mark = tlv_open(&request, 0xBF26);

    memset(keys.chain, 0x11, 16);
    memset(keys.enc, 0x22, 16);
    memset(keys.mac, 0x33, 16);
    tlv_put(&request, 0x80, SPAN_ARRAY(keys.chain));
    tlv_put(&request, 0x81, SPAN_ARRAY(keys.enc));
    tlv_put(&request, 0x82, SPAN_ARRAY(keys.mac));
    tlv_close(&request, mark);
    put_plain_sequence(server, SERVER_REPLACE_KEYS, 0xA2, 0x87, buf_span(&request), out);
    buf_free(&request);
    server->keys = keys;
    fault(server, SERVER_KEYS_REPLACED, NULL);
}

/* --- segments ------------------------------------------------------------------------------------ */

static struct buf *add_segment(struct server *server)
{
    struct buf *more = realloc(server->segments, (server->segments_count + 1) * sizeof(*more));

    ck_assert_ptr_nonnull(more);
    server->segments = more;
    more[server->segments_count] = (struct buf){0};
    return &more[server->segments_count++];
}

static void put_header(struct buf *out, struct span whole)
{
    uint32_t tag;
    size_t header;
    size_t content;

    ck_assert_int_eq(tlv_header(whole, &tag, &header, &content), TLV_OK);
    buf_append(out, SPAN(whole.data, header));
}

/* A1 and A3: the header and each block on its own; joined, up to three of these pieces together. */
static void split_sequence(struct server *server, const struct tlv *sequence)
{
    struct tlv_reader reader = tlv_reader(sequence->value);
    struct tlv block;
    struct buf *segment = add_segment(server);
    unsigned pieces = 1;

    put_header(segment, sequence->whole);
    while (tlv_next(&reader, &block) == TLV_OK) {
        if (server->segmentation != SEGMENTS_JOINED || pieces == 3) {
            segment = add_segment(server);
            pieces = 0;
        }
        buf_append(segment, block.whole);
        pieces++;
    }
}

/* `content` is that of BF36. */
static void split(struct server *server, struct span content)
{
    struct tlv_reader reader = tlv_reader(content);
    struct buf *segment = add_segment(server);
    struct tlv tlv;

    tlv_put_tag(segment, 0xBF36);
    tlv_put_length(segment, content.size);
    if (server->segmentation == SEGMENTS_WHOLE) {
        buf_append(segment, content);
        return;
    }
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (tlv.tag == 0xBF23)
            buf_append(segment, tlv.whole);
        else if (tlv.tag == 0xA1 || tlv.tag == 0xA3)
            split_sequence(server, &tlv);
        else
            buf_append(add_segment(server), tlv.whole);
    }
}

void server_bind(struct server *server)
{
    struct buf content = {0};

    for (size_t i = 0; i < server->segments_count; i++)
        buf_free(&server->segments[i]);
    server->segments_count = 0;
    put_initialise(server, &content);
    put_plain_sequence(server, SERVER_CONFIGURE, 0xA0, 0x87, server->configuration, &content);
    put_plain_sequence(server, SERVER_METADATA, 0xA1, 0x88, server->metadata, &content);
    if (server->replace_keys)
        replace_keys(server, &content);
    put_plain_sequence(server, SERVER_PACKAGE, 0xA3, 0x86, server->package, &content);
    fault(server, SERVER_PACKAGE_BOUND, &content);
    split(server, buf_span(&content));
    buf_free(&content);
    fault(server, SERVER_SEGMENTS, NULL);
}

void server_put_metadata(struct buf *out, const char *iccid, const char *provider, const char *name,
                         int profile_class)
{
    size_t mark = tlv_open(out, 0xBF25);
    uint8_t octets[10];

    for (size_t i = 0; i < 20; i++) {
        uint8_t digit = i < strlen(iccid) ? (uint8_t)(iccid[i] - '0') : 0x0F;

        if (i % 2 == 0)
            octets[i / 2] = digit;
        else
            octets[i / 2] |= (uint8_t)(digit << 4);
    }
    tlv_put(out, 0x5A, SPAN_ARRAY(octets));
    tlv_put_string(out, 0x91, provider);
    tlv_put_string(out, 0x92, name);
    if (profile_class >= 0)
        tlv_put_unsigned(out, 0x95, (uint64_t)profile_class);
    tlv_close(out, mark);
}
