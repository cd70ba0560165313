/* Secured packets both ways. The vectors were computed with Python cryptography's primitives put together by
 * hand, from inputs made for this test. */
#include "tests/support/scp80_sender.h"
#include "tests/support/test.h"

#include "crypto/scp80.h"

#include <string.h>

static const char cipher_key[] = "101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f";
static const char mac_key[] = "505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f";
static const char script[] = "00a40000023f0000a40000026f07";
static const char prefix[] = "027100";
#define COUNTER 0x0102030405u

struct vector {
    const char *name;
    uint8_t type;
    size_t key_size, mac_size;
    uint8_t spi1, spi2, kic, kid;
    const char *command;
    const char *response; /* data 029000 */
};

/* clang-format off */
static const struct vector vectors[] = {
    {"aes128", SCP80_KEY_AES, 16, 8, 0x16, 0x39, 0x12, 0x12,
     "00281516391212b0001034761639a560c5683abd4e4a09ceb3536d217739cc356da5ede53ea544a62b9a",
     "002412b0001084e4b64f4d42f4df8f87343e288f3c0277bde18cb9ee93abffb4a07745a3629f"},
    {"aes192 mac4", SCP80_KEY_AES, 24, 4, 0x16, 0x39, 0x22, 0x22,
     "00281116392222b00010689f11ebf968eccd1fde884baba581681381c0dbf416c67c746832906fd104bb",
     "00140eb00010c1ae5a8786f77a3d21bae2c93b74cd82"},
    {"aes256", SCP80_KEY_AES, 32, 8, 0x1E, 0x39, 0x32, 0x32,
     "0028151e393232b000107145542d41c54e782cd7e66e4e54dc634dfea1445ef3305c75226c56cfc8058c",
     "002412b000108242bb031274d12c13ebd24b6287245a53fa58fef87f11add2f7f4ac7c425b4d"},
    {"3des2", SCP80_KEY_DES, 16, 8, 0x16, 0x39, 0x15, 0x15,
     "00281516391515b00010b6e517e40328100986bf5fc0bdfcafe8b203b59d79b74e97bbcdb134414bbc01",
     "001c12b000100eca22ad1f9fcca5a762b137f944cdcc9712d1a14f48e5de"},
    {"3des3 mac4", SCP80_KEY_DES, 24, 4, 0x16, 0x39, 0x19, 0x19,
     "00201116391919b00010206108468dbf95da9e113ea2886b59aad74dbde413ad1ca4",
     "00140eb000107c77a8007aa3fb268b4ade896b5ebf0c"},
    {"cc only", SCP80_KEY_AES, 16, 8, 0x02, 0x09, 0x12, 0x12,
     "00241502091212b0001001020304050006ab300b2330620000a40000023f0000a40000026f07",
     "001612b0001001020304050000c741f5ba4c5ec62d029000"},
    {"crc32", SCP80_KEY_AES, 16, 8, 0x01, 0x05, 0x00, 0x05,
     "00201101050005b00010010203040500ed13d00000a40000023f0000a40000026f07",
     "00120eb00010010203040500003fe03515029000"},
    {"crc16 ciphered", SCP80_KEY_DES, 16, 8, 0x05, 0x15, 0x15, 0x01,
     "00200f05151501b0001079b26391a9f112251cf3f1dd66002fa4986a344d394a3e4a",
     "00140cb000101a7f51bc1ab9f1ac3eb94bef8a732808"},
    {"none", SCP80_KEY_AES, 16, 8, 0x00, 0x01, 0x00, 0x00,
     "001c0d00010000b0001001020304050000a40000023f0000a40000026f07",
     "000e0ab0001001020304050000029000"},
};
/* clang-format on */

#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static struct scp80_keys keys_of(const struct vector *vector)
{
    return (struct scp80_keys){{vector->type, SPAN(hex(cipher_key).data, vector->key_size)},
                               {vector->type, SPAN(hex(mac_key).data, vector->key_size)},
                               vector->mac_size};
}

static struct scp80_header header_of(const struct vector *vector)
{
    return (struct scp80_header){{vector->spi1, vector->spi2}, vector->kic, vector->kid, {0xB0, 0x00, 0x10}};
}

START_TEST(commands_open_and_seal)
{
    for (size_t i = 0; i < VECTORS; i++) {
        const struct scp80_keys keys = keys_of(&vectors[i]);
        const struct scp80_header expected = header_of(&vectors[i]);
        struct scp80_header header;
        struct buf *data = test_buf();
        struct buf *sealed = test_buf();
        uint64_t counter = 0;

        ck_assert(scp80_read_header(hex(vectors[i].command), &header));
        ck_assert(memcmp(&header, &expected, sizeof(header)) == 0);
        ck_assert_msg(scp80_open_command(hex(vectors[i].command), &keys, &counter, data) == SCP80_OK, "%s",
                      vectors[i].name);
        ck_assert_hex(buf_span(data), script);
        ck_assert_uint_eq(counter, COUNTER);
        ck_assert(scp80_seal_command(&header, &keys, COUNTER, hex(script), sealed));
        ck_assert_hex(buf_span(sealed), vectors[i].command);
    }
}
END_TEST

START_TEST(responses_seal_and_open)
{
    for (size_t i = 0; i < VECTORS; i++) {
        const struct scp80_keys keys = keys_of(&vectors[i]);
        const struct scp80_header header = header_of(&vectors[i]);
        struct buf *sealed = test_buf();
        struct buf *data = test_buf();
        uint64_t counter = 0;
        uint8_t status = 0xFF;

        ck_assert(scp80_seal_response(&header, &keys, COUNTER, SCP80_OK, hex("029000"), hex(prefix), sealed));
        ck_assert_hex(buf_span(sealed), vectors[i].response);
        ck_assert_int_eq(scp80_open_response(&header, &keys, hex(vectors[i].response), hex(prefix), &status,
                                             &counter, data),
                         SCP80_OK);
        ck_assert_uint_eq(status, SCP80_OK);
        ck_assert_uint_eq(counter, COUNTER);
        ck_assert_hex(buf_span(data), "029000");
    }
}
END_TEST

/* The checksum or the key: a change of any octet must be seen where there is a cryptographic checksum. */
START_TEST(every_octet_counts)
{
    for (size_t i = 0; i < VECTORS; i++) {
        const struct scp80_keys keys = keys_of(&vectors[i]);
        struct buf *changed = test_buf();

        if ((vectors[i].spi1 & SCP80_INTEGRITY) == SCP80_NO_INTEGRITY)
            continue;
        buf_append(changed, hex(vectors[i].command));
        for (size_t at = 0; at < changed->size; at++) {
            struct buf *data = test_buf();
            uint64_t counter = 7;

            changed->data[at] ^= 0x40;
            ck_assert_msg(scp80_open_command(buf_span(changed), &keys, &counter, data) != SCP80_OK,
                          "%s, octet %zu", vectors[i].name, at);
            ck_assert_uint_eq(counter, 7);
            ck_assert_uint_eq(data->size, 0);
            changed->data[at] ^= 0x40;
        }
    }
}
END_TEST

START_TEST(cut_packets_are_refused)
{
    for (size_t i = 0; i < VECTORS; i++) {
        const struct scp80_keys keys = keys_of(&vectors[i]);
        struct span whole = hex(vectors[i].command);

        for (size_t size = 0; size < whole.size; size++) {
            struct scp80_header header;
            struct buf *data = test_buf();
            struct buf *cut = test_buf();
            uint64_t counter;

            buf_append(cut, SPAN(whole.data, size));
            ck_assert(!scp80_read_header(buf_span(cut), &header));
            /* The length made to fit: the beginning of the packet is there, the rest is not right. */
            if (size >= 2) {
                cut->data[0] = (uint8_t)((size - 2) >> 8);
                cut->data[1] = (uint8_t)(size - 2);
            }
            if ((vectors[i].spi1 & SCP80_INTEGRITY) != SCP80_NO_INTEGRITY)
                ck_assert_int_ne(scp80_open_command(buf_span(cut), &keys, &counter, data), SCP80_OK);
        }
    }
}
END_TEST

START_TEST(keys_must_fit_the_algorithm)
{
    static const struct {
        uint8_t type;
        size_t size;
        uint8_t kic, kid;
    } bad[] = {
        {SCP80_KEY_DES, 16, 0x11, 0x15},                                  /* single DES */
        {SCP80_KEY_DES, 8, 0x11, 0x11},  {SCP80_KEY_DES, 16, 0x1D, 0x15}, /* ECB */
        {SCP80_KEY_DES, 16, 0x19, 0x15}, {SCP80_KEY_DES, 24, 0x15, 0x15}, {SCP80_KEY_DES, 16, 0x12, 0x12},
        {SCP80_KEY_AES, 16, 0x15, 0x15}, {SCP80_KEY_AES, 15, 0x12, 0x12}, {SCP80_KEY_AES, 16, 0x12, 0x16},
        {0x90, 16, 0x12, 0x12},
    };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct scp80_keys keys = {{bad[i].type, SPAN(hex(cipher_key).data, bad[i].size)},
                                        {bad[i].type, SPAN(hex(mac_key).data, bad[i].size)},
                                        8};
        const struct scp80_header header = {{0x16, 0x39}, bad[i].kic, bad[i].kid, {0, 0, 0}};
        struct buf *out = test_buf();

        ck_assert_msg(!scp80_seal_response(&header, &keys, 1, SCP80_OK, hex(script), SPAN_NONE, out), "%zu",
                      i);
        ck_assert_uint_eq(out->size, 0);
    }
}
END_TEST

START_TEST(what_is_not_served_is_refused)
{
    const struct vector *aes = &vectors[0];
    struct scp80_keys keys = keys_of(aes);
    struct scp80_header header = header_of(aes);
    struct buf *out = test_buf();

    header.spi[1] = SCP80_POR_ALWAYS | SCP80_DS << SCP80_POR_INTEGRITY_SHIFT;
    ck_assert(!scp80_seal_response(&header, &keys, 1, SCP80_OK, hex(script), SPAN_NONE, out));
    header.spi[1] = SCP80_POR_ALWAYS | SCP80_CC << SCP80_POR_INTEGRITY_SHIFT;
    keys.mac_size = 16;
    ck_assert(!scp80_seal_response(&header, &keys, 1, SCP80_OK, hex(script), SPAN_NONE, out));
    keys = keys_of(aes);
    keys.mac.value = SPAN_NONE;
    ck_assert(!scp80_seal_response(&header, &keys, 1, SCP80_OK, hex(script), SPAN_NONE, out));
    /* KIc and KID that name no algorithm take the key's. */
    keys = keys_of(aes);
    header.kic = header.kid = 0x10;
    ck_assert(scp80_seal_response(&header, &keys, 1, SCP80_OK, hex(script), SPAN_NONE, out));
    ck_assert_uint_eq(scp80_key_version(0xF2), 15);
}
END_TEST

START_TEST(the_padding_counter_is_not_believed)
{
    /* "none", with a padding counter of 15 where 14 octets of data are. */
    const struct vector *plain = &vectors[VECTORS - 1];
    const struct scp80_keys keys = keys_of(plain);
    struct buf *packet = test_buf();
    struct buf *data = test_buf();
    uint64_t counter;

    buf_append(packet, hex(plain->command));
    packet->data[15] = 15;
    ck_assert_int_eq(scp80_open_command(buf_span(packet), &keys, &counter, data), SCP80_CIPHERING_ERROR);
    packet->data[15] = 14;
    ck_assert_int_eq(scp80_open_command(buf_span(packet), &keys, &counter, data), SCP80_OK);
    ck_assert_uint_eq(data->size, 0);
}
END_TEST

#define DEFAULT_KEY "404142434445464748494A4B4C4D4E4F"

/* The check values that everybody knows of the test key 40 41 … 4F. */
START_TEST(check_values)
{
    uint8_t value[SCP80_CHECK_SIZE];

    ck_assert(scp80_check_value(&(struct scp80_key){SCP80_KEY_DES, hex(DEFAULT_KEY)}, value));
    ck_assert_hex(SPAN_ARRAY(value), "8BAF47");
    ck_assert(scp80_check_value(&(struct scp80_key){SCP80_KEY_AES, hex(DEFAULT_KEY)}, value));
    ck_assert_hex(SPAN_ARRAY(value), "504A77");
    ck_assert(!scp80_check_value(&(struct scp80_key){SCP80_KEY_AES, hex("404142")}, value));
    ck_assert(!scp80_check_value(&(struct scp80_key){0x85, hex(DEFAULT_KEY)}, value));
}
END_TEST

/* A key goes through under either sort of key, and comes out as it was; anything else does not. */
START_TEST(keys_come_ciphered)
{
    static const uint8_t types[] = {SCP80_KEY_AES, SCP80_KEY_DES};
    static const char *const keys[] = {DEFAULT_KEY, DEFAULT_KEY "5051525354555657", DEFAULT_KEY DEFAULT_KEY};
    struct buf sealed = {0};
    struct buf opened = {0};

    for (size_t i = 0; i < 2; i++) {
        const struct scp80_key kik = {types[i], hex("000102030405060708090A0B0C0D0E0F")};

        for (size_t j = 0; j < 3; j++) {
            buf_clear(&sealed);
            buf_clear(&opened);
            ck_assert(scp80_seal_key(&kik, hex(keys[j]), &sealed));
            ck_assert(scp80_open_key(&kik, SCP80_KEY_AES, buf_span(&sealed), &opened));
            ck_assert_hex(buf_span(&opened), keys[j]);
            ck_assert(scp80_open_key(&kik, SCP80_KEY_DES, buf_span(&sealed), &opened) == (j < 2));
            ck_assert(!scp80_open_key(&kik, 0x85, buf_span(&sealed), &opened));
            ck_assert(!scp80_open_key(&kik, SCP80_KEY_AES, SPAN(sealed.data, sealed.size - 2), &opened));
            ck_assert(!scp80_open_key(&kik, SCP80_KEY_AES, SPAN_NONE, &opened));
        }
        ck_assert(!scp80_open_key(&(struct scp80_key){types[i], SPAN_NONE}, SCP80_KEY_AES, buf_span(&sealed),
                                  &opened));
    }
    /* A length in clear that the octets do not hold. */
    ck_assert(!scp80_open_key(&(struct scp80_key){SCP80_KEY_AES, hex(DEFAULT_KEY)}, SCP80_KEY_AES,
                              hex("11" DEFAULT_KEY), &opened));
    buf_free(&sealed);
    buf_free(&opened);
}
END_TEST

TEST_MAIN("scp80", check_values, keys_come_ciphered, commands_open_and_seal, responses_seal_and_open,
          every_octet_counts, cut_packets_are_refused, keys_must_fit_the_algorithm,
          what_is_not_served_is_refused, the_padding_counter_is_not_believed)
