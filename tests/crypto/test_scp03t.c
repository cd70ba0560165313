/* SCP03t both ways. The fixed vectors were computed with two other implementations (Python cryptography's
 * primitives put together by hand, and another project's sealing code) from inputs made for this test. */
#include "tests/support/test.h"

#include "apdu/tlv.h"
#include "crypto/scp03t.h"

#include <string.h>

static const char eid[] = "89049032123451234512345678901235";
static const char secret[] = "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";

/* A session's blocks in their order; counter and chain go through all of them. */
static const char *const sealed[] = {
    "8718bd2bafc1655439deae4177c5714f49a810426dd6f7bf97a6",
    "882473746f7265206d657461646174612c20696e2074686520636c65617288b9efa84bfb65b7",
    "862867e1145318f45f2f5b3efa80f6ee2aefa142798942a25aafe6aa078eda1ee4fa1637b4595ae4223b",
    "86820138cc7aa7a71ccffbf5701aff2e5767d3057533756fde6319ef8f0a7c5fb7985a2217e465c3d94df269dc49ba9a4e2dd0"
    "1428f907837993f17e4b50a66701ca348bc9ec54dd221d6b2226de62df791473864215b4852483c4cdf64cb5f0130e5a57b432"
    "e19b0b7da8bb379052de4bd26df6ef52bd368eeeb1f8c0b5124eee77318b2919689cb3a50f93fe21f7cf238a2b3cacd4dff311"
    "a4b3c8317d77cd40979390daf72cc9fea99cbb083a95b2d468687cef7f0be3e8cc684eb3d5fc6210103e57493ab41d544292e9"
    "e8e015744eb3aad77f47198e934e815a05e646bc7e3206f39837705df613509623e9cd52f55bdeb03336af16492c36b2222720"
    "85807f401ed54c175e2343a957ed6a8bae91043c98d5c228abebabcfb425eccb058df153a4899d467d056b0ebc2f5638792c20"
    "8bc3112c4bd92c53e311",
};

#define BLOCKS (sizeof(sealed) / sizeof(sealed[0]))

static struct span plain_of(size_t block, uint8_t memory[300])
{
    switch (block) {
    case 0:
        return hex("bf2400");
    case 1:
        return SPAN_STRING("store metadata, in the clear");
    case 2:
        return hex("000102030405060708090a0b0c0d0e0f");
    default:
        for (size_t i = 0; i < 300; i++)
            memory[i] = (uint8_t)(7 * i + 3);
        return SPAN(memory, 300);
    }
}

static struct scp03t_keys derived(void)
{
    struct scp03t_keys keys;

    ck_assert(scp03t_derive(hex(secret), 0x88, 16, SPAN_STRING("SOFTEUICC-HOST"), hex(eid), &keys));
    return keys;
}

static enum scp03t_status open_block(struct scp03t *session, struct span block, struct buf *plain)
{
    struct tlv_reader reader = tlv_reader(block);
    struct tlv object;

    ck_assert_int_eq(tlv_next(&reader, &object), TLV_OK);
    return scp03t_open(session, (uint8_t)object.tag, object.value, plain);
}

START_TEST(key_derivation)
{
    struct scp03t_keys keys = derived();
    struct scp03t_keys other;

    ck_assert_hex(SPAN_ARRAY(keys.chain), "9c113bdad17fcdcf0cfb3f667c52cca2");
    ck_assert_hex(SPAN_ARRAY(keys.enc), "8fd5275299c3bde4145631fcfb71b1de");
    ck_assert_hex(SPAN_ARRAY(keys.mac), "b35f4c129878fe28c85069fe035b1f21");
    ck_assert(scp03t_derive(hex(secret), 0x88, 16, SPAN_STRING("SOFTEUICC-HOSU"), hex(eid), &other));
    ck_assert(memcmp(keys.enc, other.enc, sizeof(keys.enc)) != 0);
    ck_assert(!scp03t_derive(SPAN_NONE, 0x88, 16, SPAN_STRING("H"), hex(eid), &other));
}
END_TEST

START_TEST(sealing_makes_the_vectors)
{
    struct scp03t_keys keys = derived();
    struct scp03t *session = scp03t_new(&keys);
    uint8_t memory[300];
    struct buf block = {0};

    for (size_t i = 0; i < BLOCKS; i++) {
        buf_clear(&block);
        ck_assert_int_eq(scp03t_seal(session, hex(sealed[i]).data[0], plain_of(i, memory), &block),
                         SCP03T_OK);
        ck_assert_hex(buf_span(&block), sealed[i]);
    }
    buf_free(&block);
    scp03t_free(session);
    scp03t_free(NULL);
}
END_TEST

START_TEST(opening_the_vectors)
{
    struct scp03t_keys keys = derived();
    struct scp03t *session = scp03t_new(&keys);
    uint8_t memory[300];
    struct buf plain = {0};

    for (size_t i = 0; i < BLOCKS; i++) {
        buf_clear(&plain);
        ck_assert_int_eq(open_block(session, hex(sealed[i]), &plain), SCP03T_OK);
        ck_assert_span(buf_span(&plain), plain_of(i, memory));
    }
    buf_free(&plain);
    scp03t_free(session);
}
END_TEST

START_TEST(replaced_keys_start_the_counter_again)
{
    struct scp03t_keys keys = derived();
    struct scp03t *session = scp03t_new(&keys);
    struct buf plain = {0};

    ck_assert_int_eq(open_block(session, hex(sealed[0]), &plain), SCP03T_OK);
    ck_assert_int_eq(open_block(session, hex(sealed[1]), &plain), SCP03T_OK);
    for (uint8_t i = 0; i < SCP03T_KEY_SIZE; i++) {
        keys.enc[i] = i;
        keys.mac[i] = (uint8_t)(16 + i);
        keys.chain[i] = (uint8_t)(32 + i);
    }
    ck_assert(scp03t_replace_keys(session, &keys));
    buf_clear(&plain);
    ck_assert_int_eq(
        open_block(
            session,
            hex("8628dd416b4b49423cd42104536c77e6592504598afc2085dffbbaa3745724de763dd56f22a1b3821fb3"),
            &plain),
        SCP03T_OK);
    ck_assert_span(buf_span(&plain), SPAN_STRING("after the replacement"));
    buf_free(&plain);
    scp03t_free(session);
}
END_TEST

/* Any octet of any block changed, tag included: the block is refused and appends nothing. */
START_TEST(every_changed_octet_is_noticed)
{
    struct scp03t_keys keys = derived();
    struct buf plain = {0};

    for (size_t i = 0; i < 3; i++) {
        struct span good = hex(sealed[i]);

        for (size_t octet = 2; octet < good.size; octet++) {
            struct scp03t *session = scp03t_new(&keys);
            uint8_t bad[128];

            for (size_t before = 0; before < i; before++)
                ck_assert_int_eq(open_block(session, hex(sealed[before]), &plain), SCP03T_OK);
            memcpy(bad, good.data, good.size);
            bad[octet] ^= 0x20;
            buf_clear(&plain);
            ck_assert_int_eq(open_block(session, SPAN(bad, good.size), &plain), SCP03T_BAD_MAC);
            ck_assert_uint_eq(plain.size, 0);
            scp03t_free(session);
        }
    }
    buf_free(&plain);
}
END_TEST

START_TEST(order_and_tags_are_bound)
{
    struct scp03t_keys keys = derived();
    struct scp03t *session = scp03t_new(&keys);
    struct span first = hex(sealed[0]);
    struct buf plain = {0};

    /* The second block first; a block under another tag; the first block twice. */
    ck_assert_int_eq(open_block(session, hex(sealed[1]), &plain), SCP03T_BAD_MAC);
    ck_assert_int_eq(scp03t_open(session, 0x86, SPAN(first.data + 2, first.size - 2), &plain),
                     SCP03T_BAD_MAC);
    ck_assert_int_eq(scp03t_open(session, 0x89, SPAN(first.data + 2, first.size - 2), &plain),
                     SCP03T_BAD_STRUCTURE);
    ck_assert_int_eq(open_block(session, first, &plain), SCP03T_OK);
    ck_assert_int_eq(open_block(session, first, &plain), SCP03T_BAD_MAC);
    scp03t_free(session);
    buf_free(&plain);
}
END_TEST

START_TEST(sizes)
{
    struct scp03t_keys keys = derived();
    struct scp03t *session = scp03t_new(&keys);
    uint8_t value[SCP03T_VALUE_MAX + 16] = {0};
    struct buf plain = {0};

    for (size_t size = 0; size <= sizeof(value); size++) {
        bool cut = size <= SCP03T_MAC_SIZE || size > SCP03T_VALUE_MAX;
        bool odd = size % 16 != SCP03T_MAC_SIZE;

        ck_assert_int_eq(scp03t_open(session, 0x86, SPAN(value, size), &plain),
                         cut || odd ? SCP03T_BAD_STRUCTURE : SCP03T_BAD_MAC);
        ck_assert_int_eq(scp03t_open(session, 0x88, SPAN(value, size), &plain),
                         cut ? SCP03T_BAD_STRUCTURE : SCP03T_BAD_MAC);
    }
    ck_assert_uint_eq(scp03t_plain_max(0x86), 1007);
    ck_assert_uint_eq(scp03t_plain_max(0x87), 1007);
    ck_assert_uint_eq(scp03t_plain_max(0x88), 1008);
    ck_assert_uint_eq(scp03t_plain_max(0x85), 0);
    ck_assert_int_eq(scp03t_seal(session, 0x86, SPAN(value, 0), &plain), SCP03T_BAD_STRUCTURE);
    ck_assert_int_eq(scp03t_seal(session, 0x86, SPAN(value, 1008), &plain), SCP03T_BAD_STRUCTURE);
    ck_assert_int_eq(scp03t_seal(session, 0x85, SPAN(value, 1), &plain), SCP03T_BAD_STRUCTURE);
    scp03t_free(session);
    buf_free(&plain);
}
END_TEST

/* All sizes there and back, with contents that end like padding does. */
START_TEST(round_trips)
{
    static const uint8_t tags[] = {0x86, 0x87, 0x88};
    struct scp03t_keys keys = derived();
    struct scp03t *server = scp03t_new(&keys);
    struct scp03t *card = scp03t_new(&keys);
    struct buf block = {0};
    struct buf plain = {0};

    for (size_t size = 1; size <= 1008; size++) {
        uint8_t tag = tags[size % 3];
        uint8_t content[1008] = {0};

        if (size > scp03t_plain_max(tag))
            tag = 0x88;
        content[0] = (uint8_t)size;
        content[size - 1 - size % 3 % size] = 0x80;
        buf_clear(&block);
        buf_clear(&plain);
        ck_assert_int_eq(scp03t_seal(server, tag, SPAN(content, size), &block), SCP03T_OK);
        ck_assert_uint_le(block.size, SCP03T_BLOCK_MAX);
        ck_assert_int_eq(open_block(card, buf_span(&block), &plain), SCP03T_OK);
        ck_assert_span(buf_span(&plain), SPAN(content, size));
    }
    scp03t_free(server);
    scp03t_free(card);
    buf_free(&block);
    buf_free(&plain);
}
END_TEST

/* A block whose MAC is right and whose padding is not: made by sealing the ciphertext of chosen blocks as
 * 0x88 and opening it as if it were encrypted is refused by the MAC, so the padding is reached by another
 * encryption key. */
START_TEST(bad_padding)
{
    struct scp03t_keys keys = derived();
    struct scp03t_keys wrong = keys;
    unsigned bad_structure = 0;

    for (uint8_t i = 0; i < 32; i++) {
        struct scp03t *server;
        struct scp03t *card = scp03t_new(&keys);
        struct buf block = {0};
        struct buf plain = {0};

        wrong.enc[0] = i;
        server = scp03t_new(&wrong);
        ck_assert_int_eq(scp03t_seal(server, 0x86, SPAN_STRING("unreadable"), &block), SCP03T_OK);
        if (open_block(card, buf_span(&block), &plain) == SCP03T_BAD_STRUCTURE) {
            bad_structure++;
            ck_assert_uint_eq(plain.size, 0);
        }
        scp03t_free(server);
        scp03t_free(card);
        buf_free(&block);
        buf_free(&plain);
    }
    /* A random last octet is 80 (or 00 after 80) once in 255 times. */
    ck_assert_uint_ge(bad_structure, 30);
}
END_TEST

/* A session's first block of which only the padding is in question: made as the other vectors, its MAC is
 * right. 80 and as many 00 as fill the block (SGP.22 2.6.4.4): one octet at least, a block at most. */
START_TEST(padding_is_at_most_a_block)
{
    static const struct {
        const char *block;
        const char *plain; /* NULL: refused */
    } vectors[] = {
        /* 80 */
        {"8618e6b4dcd1dab7af5d0558fedb0689d1c11cb986c02e0dd5c9", "000102030405060708090a0b0c0d0e"},
        /* 80 and fifteen 00, a block of its own */
        {"8628c7d0881315a113645d21d8d946054a829b11e3a8340f659e8e1e8b01bdae1dec40cfb4e249c1578c",
         "000102030405060708090a0b0c0d0e0f"},
        /* 80 and sixteen 00, of which the last block holds nothing else */
        {"8628e6b4dcd1dab7af5d0558fedb0689d1c13160e32ade0583487da4420e78f2817fc194fd684a84c77d", NULL},
        /* a last block of sixteen 00 behind content */
        {"8628c7d0881315a113645d21d8d946054a824bd5b25d1d7763bb752ff2d4a7e39949c1fab59b85bb9f9e", NULL},
        /* none */
        {"8618c7d0881315a113645d21d8d946054a82b7aacc05a316ad33", NULL},
        /* 81 00 */
        {"86185dc538ed0c9fa2a53f389b34eb07b77f78487cf651663294", NULL},
        /* nothing but padding */
        {"86188672f5c7baf65c09be269e66c6c8bde2ca58acbaf31b7871", NULL},
    };
    struct scp03t_keys keys = derived();

    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        struct scp03t *session = scp03t_new(&keys);
        struct buf plain = {0};

        ck_assert_int_eq(open_block(session, hex(vectors[i].block), &plain),
                         vectors[i].plain != NULL ? SCP03T_OK : SCP03T_BAD_STRUCTURE);
        ck_assert_hex(buf_span(&plain), vectors[i].plain != NULL ? vectors[i].plain : "");
        scp03t_free(session);
        buf_free(&plain);
    }
}
END_TEST

TEST_MAIN("scp03t", key_derivation, sealing_makes_the_vectors, opening_the_vectors,
          replaced_keys_start_the_counter_again, every_changed_octet_is_noticed, order_and_tags_are_bound,
          sizes, round_trips, bad_padding, padding_is_at_most_a_block)
