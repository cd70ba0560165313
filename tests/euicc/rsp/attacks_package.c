/* Attacks on the Bound Profile Package: key agreement, blocks, order, lengths, commands, content
 * (SGP.22 2.5, 5.5, 5.7.6). */
#include "apdu/tlv.h"
#include "euicc/os/card.h"
#include "tests/euicc/rsp/attacks.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define FAULT(name, at, ...)                                                                                 \
    static void name(struct server *server, enum server_point point, struct buf *octets)                     \
    {                                                                                                        \
        (void)server;                                                                                        \
        (void)octets;                                                                                        \
        if (point == (at)) {                                                                                 \
            __VA_ARGS__;                                                                                     \
        }                                                                                                    \
    }
/* The same at one block: its tag and its number in its sequence. */
#define BLOCK_FAULT(name, at, tag, number, ...)                                                              \
    FAULT(                                                                                                   \
        name, at, if (server->block_tag == (tag) && server->block_number == (number)) { __VA_ARGS__; })

/* --- InitialiseSecureChannel --------------------------------------------------------------------- */

#define FIELD(tag) EDIT_PATH(tag)

FAULT(operation_other, SERVER_INITIALISE_FIELDS, edit_value(octets, FIELD(0x82), SPAN_STRING("\x02")))
FAULT(operation_negative, SERVER_INITIALISE_FIELDS, edit_value(octets, FIELD(0x82), SPAN_STRING("\xFF")))
FAULT(operation_missing, SERVER_INITIALISE_FIELDS, edit_remove(octets, FIELD(0x82)))
FAULT(load_transaction, SERVER_INITIALISE_FIELDS,
      edit_value(octets, FIELD(0x80), SPAN_STRING("another session.")))
FAULT(key_type, SERVER_INITIALISE_FIELDS, edit_value(octets, EDIT_PATH(0xA6, 0x80), SPAN_STRING("\x80")))
FAULT(key_length, SERVER_INITIALISE_FIELDS, edit_value(octets, EDIT_PATH(0xA6, 0x81), SPAN_STRING("\x20")))
FAULT(key_length_long, SERVER_INITIALISE_FIELDS,
      edit_value(octets, EDIT_PATH(0xA6, 0x81), SPAN_STRING("\x00\x10")))
FAULT(host_missing, SERVER_INITIALISE_FIELDS, edit_remove(octets, EDIT_PATH(0xA6, 0x84)))
FAULT(host_long, SERVER_INITIALISE_FIELDS,
      edit_value(octets, EDIT_PATH(0xA6, 0x84), SPAN_STRING("0123456789abcdefg")))
FAULT(host_altered, SERVER_INITIALISE, edit_value(octets, EDIT_PATH(0xBF23, 0xA6, 0x84), SPAN_STRING("tsoh")))
FAULT(otpk_off_curve, SERVER_INITIALISE_FIELDS, edit_flip(octets, -1))
FAULT(otpk_zero, SERVER_INITIALISE_FIELDS, memset(octets->data + octets->size - 64, 0, 64))
FAULT(otpk_compressed, SERVER_INITIALISE_FIELDS,
      edit_value(octets, FIELD(0x5F49), SPAN(octets->data + octets->size - 65, 33)))
FAULT(otpk_infinity, SERVER_INITIALISE_FIELDS, edit_value(octets, FIELD(0x5F49), SPAN_STRING("\0")))
FAULT(otpk_exchanged, SERVER_INITIALISE,
      edit_value(octets, EDIT_PATH(0xBF23, 0x5F49), SPAN_ARRAY(server->euicc_otpk)))
FAULT(smdp_sign_altered, SERVER_INITIALISE_SIGNATURE, edit_flip(octets, 0))
FAULT(smdp_sign_empty, SERVER_INITIALISE_SIGNATURE, buf_clear(octets))
FAULT(smdp_sign_auth_key, SERVER_INITIALISE_FIELDS, server->pb_key = field.ci.dp_auth.key)
FAULT(smdp_sign_other_card, SERVER_INITIALISE_COVERED, edit_flip(octets, -1))
FAULT(smdp_sign_missing, SERVER_INITIALISE, edit_remove(octets, EDIT_PATH(0xBF23, 0x5F37)))
FAULT(initialise_missing, SERVER_INITIALISE, buf_clear(octets))
FAULT(initialise_retagged, SERVER_INITIALISE, edit_tag(octets, EDIT_PATH(0xBF23), 0xBF24))
FAULT(initialise_cut, SERVER_SEGMENTS, server->segments[0].size -= 1)
FAULT(bound_length_short, SERVER_SEGMENTS, server->segments[0].data[4] -= 1) /* BF36 82 xx xx */
FAULT(bound_length_long, SERVER_SEGMENTS, server->segments[0].data[4] += 1)

/* Another session's package, sent when the card waits for one: its otPK.EUICC is another one. */
static bool run_replay_package(struct server *server, struct server_outcome *outcome)
{
    struct server_outcome ignored = {0};
    struct server earlier;

    server_init(&earlier, server->terminal, server->ci, server->package, server->metadata);
    ck_assert(server_authenticate(&earlier, &ignored) && server_prepare(&earlier, &ignored));
    server_bind(&earlier);
    ck_assert_int_eq(server_cancel(&earlier, 2), 0);
    ck_assert(server_authenticate(server, outcome) && server_prepare(server, outcome));
    server->segments = earlier.segments;
    server->segments_count = earlier.segments_count;
    earlier.segments = NULL;
    earlier.segments_count = 0;
    server_free(&earlier);
    server_outcome_free(&ignored);
    return server_load(server, 0, server->segments_count, outcome);
}

/* --- SCP03t -------------------------------------------------------------------------------------- */

BLOCK_FAULT(configure_mac, SERVER_BLOCK, 0x87, 0, edit_flip(octets, -1))
BLOCK_FAULT(metadata_mac, SERVER_BLOCK, 0x88, 0, edit_flip(octets, -8))
BLOCK_FAULT(metadata_altered, SERVER_BLOCK, 0x88, 0, edit_flip(octets, 20))
BLOCK_FAULT(elements_mac, SERVER_BLOCK, 0x86, 1, edit_flip(octets, -1))
BLOCK_FAULT(elements_altered, SERVER_BLOCK, 0x86, 0, edit_flip(octets, 100))
BLOCK_FAULT(mac_key, SERVER_BLOCK_PLAIN, 0x86, 0, server->keys.mac[0] ^= 1)
BLOCK_FAULT(chain_value, SERVER_BLOCK_PLAIN, 0x86, 1, server->keys.chain[15] ^= 1)
BLOCK_FAULT(counter_ahead, SERVER_BLOCK_PLAIN, 0x86, 0, server->keys.counter++)
BLOCK_FAULT(counter_without_88, SERVER_BLOCK_PLAIN, 0x86, 0, server->keys.counter--)
BLOCK_FAULT(padding_zero, SERVER_BLOCK_PLAIN, 0x86, 0, server->keys.padding = 0x01)
BLOCK_FAULT(only_mac, SERVER_BLOCK, 0x86, 1, edit_set(octets, hex("86 08 0011223344556677")))
BLOCK_FAULT(no_content, SERVER_BLOCK, 0x86, 1, edit_set(octets, hex("86 00")))
BLOCK_FAULT(odd_size, SERVER_BLOCK, 0x86, 0,
            edit_value(octets, EDIT_PATH(0x86), SPAN(octets->data + 4, octets->size - 5)))
FAULT(too_big, SERVER_START, server->plain_max = 1040)
BLOCK_FAULT(tag_87_for_86, SERVER_BLOCK, 0x86, 0, edit_tag(octets, EDIT_PATH(0x86), 0x87))
BLOCK_FAULT(tag_86_for_87, SERVER_BLOCK, 0x87, 0, edit_tag(octets, EDIT_PATH(0x87), 0x86))
BLOCK_FAULT(tag_88_for_86, SERVER_BLOCK, 0x86, 2, edit_tag(octets, EDIT_PATH(0x86), 0x88))
BLOCK_FAULT(tag_87_for_88, SERVER_BLOCK, 0x88, 0, edit_tag(octets, EDIT_PATH(0x88), 0x87))

/* Removes, repeats or swaps blocks; `from` is the first of two in the sequence. */
static void take_out(struct buf *octets, size_t index, bool again, bool swap)
{
    struct tlv_reader reader = tlv_reader(buf_span(octets));
    struct buf out = {0};
    struct tlv block = {0};
    struct tlv held = {0};

    for (size_t i = 0; tlv_next(&reader, &block) == TLV_OK; i++) {
        if (i == index && swap) {
            held = block;
            continue;
        }
        if (i == index && !again)
            continue;
        buf_append(&out, block.whole);
        if (i == index)
            buf_append(&out, block.whole);
        if (i == index + 1 && swap)
            buf_append(&out, held.whole);
    }
    buf_free(octets);
    *octets = out;
}

#define SEQUENCE_FAULT(name, tag, ...)                                                                       \
    FAULT(                                                                                                   \
        name, SERVER_SEQUENCE, if (server->sequence_tag == (tag)) { __VA_ARGS__; })

SEQUENCE_FAULT(blocks_swapped, 0xA3, take_out(octets, 0, false, true))
SEQUENCE_FAULT(block_dropped, 0xA3, take_out(octets, 1, false, false))
SEQUENCE_FAULT(block_repeated, 0xA3, take_out(octets, 1, true, false))
SEQUENCE_FAULT(configure_empty, 0xA0, buf_clear(octets))
SEQUENCE_FAULT(metadata_empty, 0xA1, buf_clear(octets))
SEQUENCE_FAULT(elements_empty, 0xA3, buf_clear(octets))
SEQUENCE_FAULT(metadata_trailing, 0xA1, buf_append(octets, hex("8800")))

/* --- order and lengths --------------------------------------------------------------------------- */

FAULT(configure_left_out, SERVER_PACKAGE_BOUND, edit_remove(octets, EDIT_PATH(0xA0)))
FAULT(metadata_left_out, SERVER_PACKAGE_BOUND, edit_remove(octets, EDIT_PATH(0xA1)))
FAULT(elements_retagged, SERVER_PACKAGE_BOUND, edit_tag(octets, EDIT_PATH(0xA3), 0xA2))
FAULT(sequence_after_end, SERVER_PACKAGE_BOUND, buf_append(octets, hex("A4 00")))

static void move_metadata_first(struct buf *octets)
{
    struct span configure;
    struct buf whole = {0};
    struct span content = buf_span(octets);

    ck_assert(tlv_find(content, 0xA0, &configure));
    tlv_put(&whole, 0xA0, configure);
    edit_remove(octets, EDIT_PATH(0xA0));
    buf_append(octets, buf_span(&whole));
    buf_free(&whole);
}

FAULT(configure_last, SERVER_PACKAGE_BOUND, move_metadata_first(octets))

static void keys_twice(struct server *server, enum server_point point, struct buf *octets)
{
    struct span keys;
    struct buf out = {0};

    if (point == SERVER_START)
        server->replace_keys = true;
    if (point != SERVER_PACKAGE_BOUND)
        return;
    ck_assert(tlv_find(buf_span(octets), 0xA2, &keys));
    struct tlv_reader reader = tlv_reader(buf_span(octets));
    struct tlv tlv;
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        buf_append(&out, tlv.whole);
        if (tlv.tag == 0xA2)
            buf_append(&out, tlv.whole);
    }
    buf_free(octets);
    *octets = out;
}

/* The segment that is the header of A1 or A3 alone. */
static struct buf *header_segment(struct server *server, uint8_t tag)
{
    for (size_t i = 0; i < server->segments_count; i++) {
        if (server->segments[i].data[0] == tag && server->segments[i].size <= 4)
            return &server->segments[i];
    }
    ck_abort_msg("no segment %02X", tag);
}

FAULT(elements_length_long, SERVER_SEGMENTS, edit_flip(header_segment(server, 0xA3), 1 + 1))
FAULT(elements_length_huge, SERVER_SEGMENTS, edit_set(header_segment(server, 0xA3), hex("A3 83 FFFFFF")))
FAULT(elements_length_indefinite, SERVER_SEGMENTS, edit_set(header_segment(server, 0xA3), hex("A3 80")))
FAULT(metadata_length_short, SERVER_SEGMENTS, header_segment(server, 0xA1)->data[1] -= 1)
FAULT(metadata_length_long, SERVER_SEGMENTS, header_segment(server, 0xA1)->data[1] += 1)
FAULT(last_cut, SERVER_SEGMENTS, server->segments[server->segments_count - 1].size -= 1)
FAULT(last_trailing, SERVER_SEGMENTS, buf_append_octet(&server->segments[server->segments_count - 1], 0x00))
FAULT(block_cut, SERVER_SEGMENTS, header_segment(server, 0xA3)[1].size = 500)

/* The package starts over when all but its last block is there. */
static void start_over(struct server *server)
{
    size_t last = server->segments_count - 1;

    buf_free(&server->segments[last]);
    buf_append(&server->segments[last], buf_span(&server->segments[0]));
}

FAULT(starts_over, SERVER_SEGMENTS, start_over(server))

/* All but the last block, then something that ends the session, then the last block. */
static bool run_most(struct server *server, struct server_outcome *outcome, bool reset)
{
    struct buf response = {0};
    size_t most;

    ck_assert(server_authenticate(server, outcome) && server_prepare(server, outcome));
    server_bind(server);
    most = server->segments_count - 1;
    ck_assert(server_load(server, 0, most, outcome));
    if (reset)
        *server->terminal = terminal_start(server->terminal->card, SOFTEUICC_COLD);
    else
        ck_assert_uint_eq(terminal_store_data(server->terminal, hex("BF2E00"), &response), 0x9000);
    buf_free(&response);
    return server_load(server, most, server->segments_count, outcome);
}

static bool run_reset_before_end(struct server *server, struct server_outcome *outcome)
{
    return run_most(server, outcome, true);
}

static bool run_challenge_before_end(struct server *server, struct server_outcome *outcome)
{
    return run_most(server, outcome, false);
}

/* --- commands ------------------------------------------------------------------------------------ */

FAULT(configure_retagged, SERVER_CONFIGURE, edit_tag(octets, EDIT_PATH(0xBF24), 0xBF25))
FAULT(configure_cut, SERVER_CONFIGURE, octets->size -= 1)
FAULT(configure_trailing, SERVER_CONFIGURE, buf_append_octet(octets, 0x00))
FAULT(proprietary_no_oid, SERVER_CONFIGURE, edit_append(octets, EDIT_PATH(0xBF24), hex("B8 03 810100")))

static void append_proprietary(struct buf *octets, size_t size)
{
    struct buf data = {0};
    size_t mark = tlv_open(&data, 0xB8);

    tlv_put(&data, 0x80, hex("88370A"));
    tlv_put_tag(&data, 0x81);
    tlv_put_length(&data, size);
    while (size-- > 0)
        buf_append_octet(&data, 0x5A);
    tlv_close(&data, mark);
    edit_append(octets, EDIT_PATH(0xBF24), buf_span(&data));
    buf_free(&data);
}

FAULT(proprietary_long, SERVER_CONFIGURE, append_proprietary(octets, 120))
FAULT(proprietary_very_long, SERVER_CONFIGURE, append_proprietary(octets, 900))

FAULT(metadata_retagged, SERVER_METADATA, edit_tag(octets, EDIT_PATH(0xBF25), 0xBF2A))
FAULT(metadata_no_iccid, SERVER_METADATA, edit_remove(octets, EDIT_PATH(0xBF25, 0x5A)))
FAULT(metadata_iccid_short, SERVER_METADATA,
      edit_value(octets, EDIT_PATH(0xBF25, 0x5A), hex("988800000000000000")))
FAULT(metadata_no_name, SERVER_METADATA, edit_remove(octets, EDIT_PATH(0xBF25, 0x92)))
FAULT(metadata_name_long, SERVER_METADATA,
      edit_value(octets, EDIT_PATH(0xBF25, 0x92),
                 SPAN_STRING("12345678901234567890123456789012345678901234567890123456789012345")))
FAULT(metadata_name_not_utf8, SERVER_METADATA, edit_value(octets, EDIT_PATH(0xBF25, 0x92), hex("41 C0AF 42")))
FAULT(metadata_cut, SERVER_METADATA, octets->size -= 2)
FAULT(metadata_class, SERVER_METADATA, edit_append(octets, EDIT_PATH(0xBF25), hex("95 01 03")))
FAULT(metadata_ppr1, SERVER_METADATA,
      edit_append(octets, EDIT_PATH(0xBF25), hex("B7 05 8003 00F110  99 02 0640")))
FAULT(metadata_ppr2, SERVER_METADATA,
      edit_append(octets, EDIT_PATH(0xBF25), hex("B7 05 8003 00F110  99 02 0520")))
FAULT(metadata_other_iccid, SERVER_METADATA,
      edit_value(octets, EDIT_PATH(0xBF25, 0x5A), hex("98880000000000000099")))

FAULT(metadata_ppr_unowned, SERVER_METADATA, edit_append(octets, EDIT_PATH(0xBF25), hex("99 02 0520")))
FAULT(metadata_ppr_unknown, SERVER_METADATA,
      edit_append(octets, EDIT_PATH(0xBF25), hex("B7 05 8003 00F110  99 02 0410")))

/* A Rules Authorisation Table that allows nothing. */
static void empty_rat(struct terminal *terminal)
{
    struct nvm *nvm = terminal->card->nvm;

    ck_assert(nvm_change(nvm, "DELETE FROM rat", NVM_NONE) && nvm_commit(nvm));
}

/* Notification addresses without end. */
static void append_addresses(struct buf *octets)
{
    struct buf list = {0};
    size_t mark = tlv_open(&list, 0xB6);

    for (unsigned i = 0; i < 400; i++)
        buf_append(&list, hex("30 16 8002 0780  8110 612E6578616D706C652E636F6D2E2E2E"));
    tlv_close(&list, mark);
    edit_append(octets, EDIT_PATH(0xBF25), buf_span(&list));
    buf_free(&list);
}

FAULT(metadata_endless, SERVER_METADATA, append_addresses(octets))

static void present(struct server *server, enum server_point point, struct buf *octets)
{
    (void)octets;
    if (point == SERVER_START) {
        server->package = field.package_present;
        server->metadata = buf_span(&field.metadata_present);
    }
}

#define KEYS_FAULT(name, at, ...)                                                                            \
    static void name(struct server *server, enum server_point point, struct buf *octets)                     \
    {                                                                                                        \
        (void)octets;                                                                                        \
        if (point == SERVER_START)                                                                           \
            server->replace_keys = true;                                                                     \
        if (point == (at)) {                                                                                 \
            __VA_ARGS__;                                                                                     \
        }                                                                                                    \
    }

KEYS_FAULT(keys_short, SERVER_REPLACE_KEYS,
           edit_value(octets, EDIT_PATH(0xBF26, 0x81), SPAN_STRING("0123456789abcde")))
KEYS_FAULT(keys_long, SERVER_REPLACE_KEYS,
           edit_value(octets, EDIT_PATH(0xBF26, 0x82), SPAN_STRING("0123456789abcdef0123456789abcdef")))
KEYS_FAULT(keys_missing, SERVER_REPLACE_KEYS, edit_remove(octets, EDIT_PATH(0xBF26, 0x80)))
KEYS_FAULT(keys_retagged, SERVER_REPLACE_KEYS, edit_tag(octets, EDIT_PATH(0xBF26), 0xBF24))
KEYS_FAULT(keys_other, SERVER_KEYS_REPLACED, server->keys.mac[5] ^= 0x10)
KEYS_FAULT(keys_other_chain, SERVER_KEYS_REPLACED, server->keys.chain[0] ^= 0x80)
KEYS_FAULT(keys_left_out, SERVER_PACKAGE_BOUND, edit_remove(octets, EDIT_PATH(0xA2)))
KEYS_FAULT(counter_goes_on, SERVER_KEYS_REPLACED, server->keys.counter = 4)

/* --- content ------------------------------------------------------------------------------------- */

FAULT(package_other_iccid, SERVER_START, server->package = field.package_present)
FAULT(package_big, SERVER_START, server->package = field.package_big)
/* More octets than the card has room for, however little they may stand for. */
static void flood(struct buf *octets)
{
    for (size_t i = 0; i < CARD_FREE_NVM; i++)
        buf_append_octet(octets, 0x5A);
}

FAULT(package_flood, SERVER_PACKAGE, flood(octets))
FAULT(package_cut, SERVER_PACKAGE, octets->size -= 3)
FAULT(package_trailing, SERVER_PACKAGE, buf_append(octets, hex("00")))
FAULT(package_no_end, SERVER_PACKAGE, edit_remove(octets, EDIT_PATH(0xAA)))
FAULT(package_no_header, SERVER_PACKAGE, edit_remove(octets, EDIT_PATH(0xA0)))
FAULT(package_retagged, SERVER_PACKAGE, edit_tag(octets, EDIT_PATH(0xB0), 0xBF7F))
FAULT(package_mf_missing, SERVER_PACKAGE, edit_value(octets, EDIT_PATH(0xB0), SPAN_STRING("")))
FAULT(package_garbage, SERVER_PACKAGE, edit_set(octets, SPAN_STRING("this is not a profile package at all")))
FAULT(package_version, SERVER_PACKAGE, edit_value(octets, EDIT_PATH(0xA0, 0x80), SPAN_STRING("\x7F")))
FAULT(package_mandatory_service, SERVER_PACKAGE,
      edit_value(octets, EDIT_PATH(0xA0, 0xA5), hex("8C 00"))) /* multos */

/* A test profile whose authentication key is an operator's. */
static void test_class(struct server *server, enum server_point point, struct buf *octets)
{
    (void)server;
    if (point == SERVER_METADATA)
        edit_append(octets, EDIT_PATH(0xBF25), hex("95 01 00"));
}

/* `error` is an ErrorReason, -1 a status word alone. */
#define LOAD(what, how, id, error)                                                                           \
    {                                                                                                        \
        .name = what, .fault = how, .function = SERVER_FUNCTION_LOAD, .code = error, .command = id           \
    }

const struct attack attacks_on_package[] = {
    LOAD("remoteOpId 2", operation_other, 0, 5),
    LOAD("remoteOpId -1", operation_negative, 0, 1),
    LOAD("remoteOpId missing", operation_missing, 0, 1),
    LOAD("transactionId of another session in InitialiseSecureChannel, signed", load_transaction, 0, 3),
    LOAD("keyType DES", key_type, 0, 4),
    LOAD("keyLen 32", key_length, 0, 4),
    LOAD("keyLen of two octets", key_length_long, 0, 1),
    LOAD("hostId missing", host_missing, 0, 1),
    LOAD("hostId of 17 octets", host_long, 0, 1),
    LOAD("hostId altered after signing", host_altered, 0, 2),
    LOAD("otPK.DP that is not on the curve, signed", otpk_off_curve, 0, 1),
    LOAD("otPK.DP of zeros, signed", otpk_zero, 0, 1),
    LOAD("otPK.DP compressed, signed", otpk_compressed, 0, 1),
    LOAD("otPK.DP at infinity, signed", otpk_infinity, 0, 1),
    LOAD("otPK.DP exchanged after signing", otpk_exchanged, 0, 2),
    LOAD("smdpSign altered", smdp_sign_altered, 0, 2),
    LOAD("smdpSign without content", smdp_sign_empty, 0, 2),
    LOAD("smdpSign by the key of CERT.DPauth", smdp_sign_auth_key, 0, 2),
    LOAD("smdpSign for another otPK.EUICC", smdp_sign_other_card, 0, 2),
    LOAD("smdpSign missing", smdp_sign_missing, 0, 1),
    LOAD("InitialiseSecureChannel missing", initialise_missing, 0, 1),
    LOAD("InitialiseSecureChannel under another tag", initialise_retagged, 0, 1),
    LOAD("InitialiseSecureChannel cut off", initialise_cut, 0, 1),
    LOAD("BF36 one octet too short", bound_length_short, 5, 7),
    LOAD("BF36 one octet too long", bound_length_long, 5, 7),
    {.name = "the package of an earlier session",
     .function = SERVER_FUNCTION_LOAD,
     .code = 2,
     .run = run_replay_package},

    LOAD("MAC of the 87 block altered", configure_mac, 1, 8),
    LOAD("MAC of the 88 block altered", metadata_mac, 2, 8),
    LOAD("an 88 block altered", metadata_altered, 2, 8),
    LOAD("MAC of an 86 block altered", elements_mac, 5, 8),
    LOAD("an 86 block altered", elements_altered, 5, 8),
    LOAD("an 86 block under another MAC key", mac_key, 5, 8),
    LOAD("an 86 block with another chaining value", chain_value, 5, 8),
    LOAD("86 blocks swapped", blocks_swapped, 5, 8),
    LOAD("an 86 block dropped", block_dropped, 5, 8),
    LOAD("an 86 block repeated", block_repeated, 5, 8),
    LOAD("block counter one ahead", counter_ahead, 5, 12),
    LOAD("block counter that 88 blocks did not move", counter_without_88, 5, 12),
    LOAD("padding that does not begin with 80", padding_zero, 5, 7),
    LOAD("an 86 block of a MAC only", only_mac, 5, 7),
    LOAD("an 86 block without content", no_content, 5, 7),
    LOAD("an 86 block that is not whole AES blocks", odd_size, 5, 7),
    LOAD("an 86 block beyond the largest", too_big, 5, 7),
    LOAD("87 for 86", tag_87_for_86, 5, 7),
    LOAD("86 for 87", tag_86_for_87, 1, 7),
    LOAD("88 for 86", tag_88_for_86, 5, 7),
    LOAD("87 for 88", tag_87_for_88, 2, 7),

    LOAD("the sequence of ConfigureISDP left out", configure_left_out, 1, 7),
    LOAD("the sequence of ConfigureISDP empty", configure_empty, 1, 1),
    LOAD("the sequence of ConfigureISDP last", configure_last, 1, 7),
    LOAD("the sequence of StoreMetadata left out", metadata_left_out, 2, 7),
    LOAD("the sequence of StoreMetadata empty", metadata_empty, 2, 1),
    LOAD("an empty block after StoreMetadata", metadata_trailing, 2, 7),
    LOAD("the sequence of ReplaceSessionKeys twice", keys_twice, 5, 7),
    LOAD("the sequence of profile elements under A2", elements_retagged, 4, 7),
    LOAD("the sequence of profile elements empty", elements_empty, 5, 12),
    LOAD("a sequence after the last", sequence_after_end, 5, 7),
    LOAD("A3 with another length", elements_length_long, 5, 7),
    LOAD("A3 of 16 MiB", elements_length_huge, 5, 7),
    LOAD("A3 of indefinite length", elements_length_indefinite, 5, 7),
    LOAD("A1 one octet too short", metadata_length_short, 2, 7),
    LOAD("A1 one octet too long", metadata_length_long, 2, 7),
    LOAD("the last block cut off", last_cut, 5, 7),
    LOAD("an octet after the last block", last_trailing, 5, 7),
    LOAD("an 86 block over two segments", block_cut, 5, 7),
    LOAD("the package starts over", starts_over, 5, 11),
    {.name = "the last block after a reset",
     .function = SERVER_FUNCTION_LOAD,
     .code = -1,
     .status = 0x6A88,
     .run = run_reset_before_end},
    {.name = "the last block after another challenge",
     .function = SERVER_FUNCTION_LOAD,
     .code = -1,
     .status = 0x6A88,
     .challenged = true,
     .run = run_challenge_before_end},

    LOAD("ConfigureISDP under another tag", configure_retagged, 1, 1),
    LOAD("ConfigureISDP cut off", configure_cut, 1, 1),
    LOAD("an octet after ConfigureISDP", configure_trailing, 1, 1),
    LOAD("dpProprietaryData without dpOid", proprietary_no_oid, 1, 1),
    LOAD("dpProprietaryData of more than 128 octets", proprietary_long, 1, 1),
    LOAD("dpProprietaryData of more than a block", proprietary_very_long, 1, 1),
    LOAD("StoreMetadata under another tag", metadata_retagged, 2, 1),
    LOAD("StoreMetadata without ICCID", metadata_no_iccid, 2, 1),
    LOAD("ICCID of nine octets", metadata_iccid_short, 2, 1),
    LOAD("StoreMetadata without profileName", metadata_no_name, 2, 1),
    LOAD("profileName of 65 octets", metadata_name_long, 2, 1),
    LOAD("profileName that is not UTF-8", metadata_name_not_utf8, 2, 1),
    LOAD("StoreMetadata cut off", metadata_cut, 2, 1),
    LOAD("StoreMetadata with addresses without end", metadata_endless, 2, 1),
    LOAD("profileClass 3", metadata_class, 2, 6),
    LOAD("an ICCID that is on the card", present, 2, 9),
    LOAD("PPR1 beside an operational profile", metadata_ppr1, 2, 15),
    {.name = "PPR2 that the RAT does not allow",
     .fault = metadata_ppr2,
     .function = SERVER_FUNCTION_LOAD,
     .code = 15,
     .command = 2,
     .prepare = empty_rat},
    LOAD("PPR2 without profileOwner", metadata_ppr_unowned, 2, 15),
    LOAD("a policy rule that nobody knows", metadata_ppr_unknown, 2, 15),
    LOAD("PPK-ENC of 15 octets", keys_short, 4, 1),
    LOAD("PPK-CMAC of 32 octets", keys_long, 4, 1),
    LOAD("ReplaceSessionKeys without chaining value", keys_missing, 4, 1),
    LOAD("ReplaceSessionKeys under another tag", keys_retagged, 4, 1),
    LOAD("86 blocks under a key that was not sent", keys_other, 5, 8),
    LOAD("86 blocks with a chaining value that was not sent", keys_other_chain, 5, 8),
    LOAD("86 blocks under new keys without ReplaceSessionKeys", keys_left_out, 5, 8),
    LOAD("block counter that goes on after ReplaceSessionKeys", counter_goes_on, 5, 12),

    LOAD("ICCID of the profile header differs from the metadata's", package_other_iccid, 5, 13),
    LOAD("ICCID of the metadata differs from the profile header's", metadata_other_iccid, 5, 13),
    LOAD("a package bigger than the card", package_big, 5, 10),
    LOAD("a package without end", package_flood, 5, 10),
    LOAD("a test profile with an operator's key", test_class, 5, 14),
    LOAD("profile package cut off", package_cut, 5, 12),
    LOAD("an octet after the profile package", package_trailing, 5, 12),
    LOAD("profile package without end", package_no_end, 5, 12),
    LOAD("profile package without header", package_no_header, 5, 12),
    LOAD("a mandated element that nobody knows", package_retagged, 5, 12),
    LOAD("MF without content", package_mf_missing, 5, 12),
    LOAD("profile package that is none", package_garbage, 5, 12),
    LOAD("profile package of version 127", package_version, 5, 12),
    LOAD("mandatory service that the card does not have", package_mandatory_service, 5, 12),
};

const size_t attacks_on_package_count = COUNT(attacks_on_package);
