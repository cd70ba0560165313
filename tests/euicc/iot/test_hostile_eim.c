/*
 * euicc/iot/euicc_package.c against an eIM that lies, and against whoever only has its packages: one table of
 * attacks, each with the answer of SGP.32 5.9.1 that it gets. What is not accepted changes nothing in the
 * tables, and after each attack a good package still works.
 */
#include "apdu/tlv.h"
#include "tests/euicc/iot/hostile_bench.h"
#include "tests/support/edit.h"

#include <stdio.h>
#include <string.h>

/* --- what is done to a package ------------------------------------------------------------------- */

/* 30 LL becomes 30 81 LL. */
static void stretch_length(struct buf *octets)
{
    struct buf copy = {0};

    buf_append(&copy, SPAN(octets->data, 1));
    buf_append_octet(&copy, 0x81);
    buf_append(&copy, SPAN(octets->data + 1, octets->size - 1));
    edit_set(octets, buf_span(&copy));
    buf_free(&copy);
}

/* 30 LL … becomes 30 80 … 00 00. */
static void make_indefinite(struct buf *octets)
{
    octets->data[1] = 0x80;
    buf_append(octets, SPAN_STRING("\0\0"));
}

static void append_octet(struct buf *octets)
{
    buf_append_octet(octets, 0x00);
}

static void append_object(struct buf *octets)
{
    buf_append(octets, SPAN_STRING("\x04\x00"));
}

static void flip_first_of_signature(struct buf *octets)
{
    edit_flip(octets, -64);
}

static void flip_last_of_signature(struct buf *octets)
{
    edit_flip(octets, -1);
}

static void set_signature(struct buf *octets, struct span value)
{
    edit_value(octets, EDIT_PATH(0xBF51, 0x5F37), value);
}

static void zero_signature(struct buf *octets)
{
    static const uint8_t zero[EC_SIGNATURE_SIZE];

    set_signature(octets, SPAN_ARRAY(zero));
}

static void fill_signature(struct buf *octets)
{
    uint8_t ones[EC_SIGNATURE_SIZE];

    memset(ones, 0xFF, sizeof(ones));
    set_signature(octets, SPAN_ARRAY(ones));
}

static void swap_signature(struct buf *octets)
{
    uint8_t swapped[EC_SIGNATURE_SIZE];

    memcpy(swapped, octets->data + octets->size - 32, 32);
    memcpy(swapped + 32, octets->data + octets->size - 64, 32);
    set_signature(octets, SPAN_ARRAY(swapped));
}

static void shorten_signature(struct buf *octets)
{
    uint8_t value[EC_SIGNATURE_SIZE - 1];

    memcpy(value, octets->data + octets->size - EC_SIGNATURE_SIZE, sizeof(value));
    set_signature(octets, SPAN_ARRAY(value));
}

static void lengthen_signature(struct buf *octets)
{
    uint8_t value[EC_SIGNATURE_SIZE + 1] = {0};

    memcpy(value, octets->data + octets->size - EC_SIGNATURE_SIZE, EC_SIGNATURE_SIZE);
    set_signature(octets, SPAN_ARRAY(value));
}

static void empty_signature(struct buf *octets)
{
    set_signature(octets, SPAN("", 0));
}

static void remove_signature(struct buf *octets)
{
    edit_remove(octets, EDIT_PATH(0xBF51, 0x5F37));
}

static void remove_signed_part(struct buf *octets)
{
    edit_remove(octets, EDIT_PATH(0xBF51, 0x30));
}

static void signature_under_another_tag(struct buf *octets)
{
    edit_tag(octets, EDIT_PATH(0xBF51, 0x5F37), 0x5F38);
}

/* An object between the two that are signed and the signature: what is signed is the first one. */
static void second_signed_part(struct buf *octets)
{
    static const uint32_t path[] = {0xBF51, 0x30, 0};
    struct buf copy = {0};
    struct span first;
    size_t outer = tlv_open(&copy, 0xBF51);

    ck_assert(tlv_find_path(buf_span(octets), path, &first));
    tlv_put(&copy, 0x30, first);
    tlv_put(&copy, 0x30, first);
    tlv_put(&copy, 0x5F37, SPAN(octets->data + octets->size - EC_SIGNATURE_SIZE, EC_SIGNATURE_SIZE));
    tlv_close(&copy, outer);
    edit_set(octets, buf_span(&copy));
    buf_free(&copy);
}

/* Whom it enables, after it was signed. */
static void other_iccid(struct buf *octets)
{
    edit_value(octets, EDIT_PATH(0xBF51, 0x30, 0xA0, 0xA3, 0x5A), hex(NO_));
}

static void other_counter(struct buf *octets)
{
    edit_value(octets, EDIT_PATH(0xBF51, 0x30, 0x81), hex("7F"));
}

static void remove_eim_id(struct buf *octets)
{
    edit_remove(octets, EDIT_PATH(0x30, 0x80));
}

static void remove_eid(struct buf *octets)
{
    edit_remove(octets, EDIT_PATH(0x30, 0x5A));
}

static void remove_counter(struct buf *octets)
{
    edit_remove(octets, EDIT_PATH(0x30, 0x81));
}

static void remove_list(struct buf *octets)
{
    edit_remove(octets, EDIT_PATH(0x30, 0xA0));
}

static void move_eid_to_the_end(struct buf *octets)
{
    edit_remove(octets, EDIT_PATH(0x30, 0x5A));
    edit_append(octets, EDIT_PATH(0x30), hex("5A10" TEST_EID));
}

static void second_eim_id(struct buf *octets)
{
    edit_append(octets, EDIT_PATH(0x30), hex("8005 65696D2D32"));
}

/* --- the table ----------------------------------------------------------------------------------- */

enum signer { EIM, EIM2, STRANGER };

enum expected {
    NO_REQUEST, /* 6A80 */
    UNSIGNED,   /* the unsigned error */
    ERROR,      /* a signed error with `code` */
    ACCEPTED,   /* a signed result with `results` */
};

/* Fields that are NULL are those of a good package of eim-1 that enables B. All texts are hexadecimal. */
struct attack {
    const char *name;
    const char *eim_id, *eid, *counter, *transaction, *list, *further;
    const char *token; /* the object under the signature */
    uint32_t list_tag;
    enum signer signer;
    void (*before_signing)(struct buf *octets); /* changes euiccPackageSigned */
    void (*after_signing)(struct buf *octets);  /* changes BF51 */
    const char *statement;                      /* SQL, run before */
    enum expected expected;
    unsigned code;
    const char *results;
    bool token_told; /* an unsigned error names eim-2's association token */
};

#define EID_OTHER "89049032123451234512345678901236"
#define X16       "58585858585858585858585858585858"
#define X128      X16 X16 X16 X16 X16 X16 X16 X16
#define EMERGENCY "UPDATE iot SET emergency = 1"

static const struct attack attacks[] = {
    /* Who signs */
    {.name = "nobody's eIM", .eim_id = "65696D2D33", .expected = UNSIGNED},
    {.name = "an eimId that begins like one", .eim_id = "65696D2D", .expected = UNSIGNED},
    {.name = "an eimId that goes on after one", .eim_id = "65696D2D3120", .expected = UNSIGNED},
    {.name = "an eimId with a zero octet", .eim_id = "65696D2D3100", .expected = UNSIGNED},
    {.name = "another case", .eim_id = "45494D2D31", .expected = UNSIGNED},
    {.name = "an SQL text", .eim_id = "27204F522027313D31", .expected = UNSIGNED},
    {.name = "an eimId of 128 octets", .eim_id = X128, .expected = UNSIGNED},
    {.name = "an eimId of 129 octets", .eim_id = X128 "58", .expected = NO_REQUEST},
    {.name = "an empty eimId", .eim_id = "", .expected = NO_REQUEST},
    {.name = "a stranger's key", .signer = STRANGER, .expected = UNSIGNED},
    {.name = "another eIM's key", .signer = EIM2, .expected = UNSIGNED},
    {.name = "another eIM's name", .eim_id = EIM2_ID, .expected = UNSIGNED, .token_told = true},
    {.name = "first bit of r", .after_signing = flip_first_of_signature, .expected = UNSIGNED},
    {.name = "last bit of s", .after_signing = flip_last_of_signature, .expected = UNSIGNED},
    {.name = "r and s are 0", .after_signing = zero_signature, .expected = UNSIGNED},
    {.name = "r and s are above n", .after_signing = fill_signature, .expected = UNSIGNED},
    {.name = "r and s swapped", .after_signing = swap_signature, .expected = UNSIGNED},
    {.name = "63 octets of signature", .after_signing = shorten_signature, .expected = UNSIGNED},
    {.name = "65 octets of signature", .after_signing = lengthen_signature, .expected = UNSIGNED},
    {.name = "an empty signature", .after_signing = empty_signature, .expected = UNSIGNED},
    {.name = "no signature", .after_signing = remove_signature, .expected = NO_REQUEST},
    {.name = "another tag's signature", .after_signing = signature_under_another_tag, .expected = NO_REQUEST},
    {.name = "no euiccPackageSigned", .after_signing = remove_signed_part, .expected = NO_REQUEST},
    {.name = "euiccPackageSigned twice", .after_signing = second_signed_part, .expected = NO_REQUEST},
    {.name = "the ICCID changed after signing", .after_signing = other_iccid, .expected = UNSIGNED},
    {.name = "the counter changed after signing", .after_signing = other_counter, .expected = UNSIGNED},

    /* The association token under the signature */
    {.name = "no token object", .token = "", .expected = UNSIGNED},
    {.name = "a token that the card did not give", .token = "840101", .expected = UNSIGNED},
    {.name = "token -1", .token = "8401FF", .expected = UNSIGNED},
    {.name = "token 0 in two octets", .token = "84020000", .expected = UNSIGNED},
    {.name = "token 0 of an eIM with a token",
     .eim_id = EIM2_ID,
     .signer = EIM2,
     .token = "840100",
     .expected = UNSIGNED,
     .token_told = true},
    {.name = "the next token",
     .eim_id = EIM2_ID,
     .signer = EIM2,
     .token = "840102",
     .expected = UNSIGNED,
     .token_told = true},
    {.name = "a transaction id comes back unsigned too",
     .transaction = "C0FFEE",
     .signer = STRANGER,
     .expected = UNSIGNED},

    /* For whom */
    {.name = "another card's EID", .eid = EID_OTHER, .expected = ERROR, .code = 3},
    {.name = "another EID and an old counter",
     .eid = EID_OTHER,
     .counter = "05",
     .expected = ERROR,
     .code = 3},
    {.name = "an EID of 15 octets", .eid = "890490321234512345123456789012", .expected = NO_REQUEST},
    {.name = "an EID of 17 octets", .eid = EID_OTHER "00", .expected = NO_REQUEST},

    /* Counter */
    {.name = "the same counter", .counter = "05", .expected = ERROR, .code = 4},
    {.name = "a lower counter", .counter = "04", .expected = ERROR, .code = 4},
    {.name = "counter 0", .counter = "00", .expected = ERROR, .code = 4},
    {.name = "counter -1", .counter = "FF", .expected = ERROR, .code = 4},
    {.name = "the lowest counter there is", .counter = "8000000000000000", .expected = ERROR, .code = 4},
    {.name = "counter 0x800000", .counter = "00800000", .expected = ERROR, .code = 6},
    {.name = "a counter of 64 bits", .counter = "7FFFFFFFFFFFFFFF", .expected = ERROR, .code = 6},
    {.name = "a counter that is 6 when cut to 32 bits",
     .counter = "0100000006",
     .expected = ERROR,
     .code = 6},
    {.name = "a counter of nine octets", .counter = "00FFFFFFFFFFFFFFFF", .expected = NO_REQUEST},
    {.name = "a counter not in its shortest form", .counter = "0006", .expected = NO_REQUEST},
    {.name = "an empty counter", .counter = "", .expected = NO_REQUEST},

    /* Emergency */
    {.name = "an emergency", .statement = EMERGENCY, .expected = ERROR, .code = 104},
    {.name = "an emergency and an old counter",
     .statement = EMERGENCY,
     .counter = "05",
     .expected = ERROR,
     .code = 4},
    {.name = "an emergency and a bad signature",
     .statement = EMERGENCY,
     .signer = STRANGER,
     .expected = UNSIGNED},

    /* Form, rightly signed */
    {.name = "a transaction id of 17 octets", .transaction = X16 "58", .expected = NO_REQUEST},
    {.name = "an empty transaction id", .transaction = "", .expected = NO_REQUEST},
    {.name = "no eimId", .before_signing = remove_eim_id, .expected = NO_REQUEST},
    {.name = "no EID", .before_signing = remove_eid, .expected = NO_REQUEST},
    {.name = "no counter", .before_signing = remove_counter, .expected = NO_REQUEST},
    {.name = "no list", .before_signing = remove_list, .expected = NO_REQUEST},
    {.name = "members in another order", .before_signing = move_eid_to_the_end, .expected = NO_REQUEST},
    {.name = "a length not in its shortest form", .before_signing = stretch_length, .expected = NO_REQUEST},
    {.name = "an indefinite length", .before_signing = make_indefinite, .expected = NO_REQUEST},
    {.name = "half an object after the list", .further = "04", .expected = NO_REQUEST},
    {.name = "a third kind of list", .list_tag = 0xA2, .expected = NO_REQUEST},
    {.name = "a primitive list", .list_tag = 0x80, .expected = NO_REQUEST},
    {.name = "both lists", .further = "A100", .expected = NO_REQUEST},
    {.name = "the PSMO list twice", .further = "A000", .expected = NO_REQUEST},
    {.name = "an octet after the package", .after_signing = append_octet, .expected = NO_REQUEST},
    {.name = "an object after the package", .after_signing = append_object, .expected = NO_REQUEST},
    /* Unknown members are skipped; the eimId that comes first counts. */
    {.name = "another eimId at the end",
     .before_signing = second_eim_id,
     .expected = ACCEPTED,
     .results = "830100"},

    /* What a list may not do, in packages that are accepted */
    {.name = "an unknown command", .list = "AC00" ENABLE(B_), .expected = ACCEPTED, .results = "020102"},
    {.name = "a command without its end", .list = "A30C5A0A9894", .expected = ACCEPTED, .results = "020102"},
    {.name = "a damaged command after a good one",
     .list = ENABLE(B_) "A400",
     .expected = ACCEPTED,
     .results = "830100 020102"},
    {.name = "an eCO among PSMOs", .list = DELETE_EIM2, .expected = ACCEPTED, .results = "8E0102"},
    {.name = "listEim among PSMOs", .list = "AB00", .expected = ACCEPTED, .results = "020102"},
    {.name = "a PSMO among eCOs",
     .list_tag = ECO,
     .list = ENABLE(B_),
     .expected = ACCEPTED,
     .results = "020102"},
    {.name = "an empty list", .list = "", .expected = ACCEPTED, .results = ""},
    {.name = "two enables",
     .list = DISABLE(A_) ENABLE(B_) ENABLE(A_),
     .expected = ACCEPTED,
     .results = "840100 830100 83017F"},
    {.name = "disable after enable",
     .list = ENABLE(B_) DISABLE(B_),
     .expected = ACCEPTED,
     .results = "830100 84017F"},
    {.name = "enable after delete",
     .list = DELETE(B_) ENABLE(B_),
     .expected = ACCEPTED,
     .results = "850100 830101"},
    {.name = "deletion of the enabled profile",
     .list = DELETE(A_),
     .expected = ACCEPTED,
     .results = "850102"},
    {.name = "nothing runs after a failure",
     .list = ENABLE(NO_) DELETE(B_) DISABLE(A_),
     .expected = ACCEPTED,
     .results = "830101"},
    {.name = "the highest counter", .counter = "7FFFFF", .expected = ACCEPTED, .results = "830100"},
};

/* --- running them -------------------------------------------------------------------------------- */

static struct span octets_of(const char *text)
{
    static const uint8_t nothing;
    struct span octets;

    if (text == NULL)
        return SPAN_NONE;
    octets = hex(text);
    return octets.size > 0 ? octets : SPAN(&nothing, 0);
}

static void build(struct hostile_bench *bench, const struct attack *attack, struct buf *request)
{
    struct test_eim *eim =
        attack->eim_id != NULL && strcmp(attack->eim_id, EIM2_ID) == 0 ? &bench->eim2 : &bench->eim;
    const struct ec_key *const keys[] = {bench->eim.key, bench->eim2.key, bench->stranger};
    const struct test_package package = {
        .eim_id = octets_of(attack->eim_id),
        .eid = octets_of(attack->eid),
        .counter = attack->counter != NULL ? octets_of(attack->counter) : hex("06"),
        .transaction = octets_of(attack->transaction),
        .list_tag = attack->list_tag,
        .list = octets_of(attack->list != NULL ? attack->list : ENABLE(B_)),
        .further = octets_of(attack->further),
        .token = octets_of(attack->token),
        .key = keys[attack->signer],
    };
    struct buf signed_part = {0};

    test_package_put_signed(&signed_part, eim, &package);
    if (attack->before_signing != NULL)
        attack->before_signing(&signed_part);
    test_package_sign(request, eim, &package, buf_span(&signed_part));
    if (attack->after_signing != NULL)
        attack->after_signing(request);
    buf_free(&signed_part);
}

static void check_answer(struct hostile_bench *bench, const struct attack *attack, struct span answer)
{
    struct softeuicc *card = bench->es10.card;
    struct test_package_result result;

    test_result_read(&bench->eim, card, SPAN_ARRAY(card->credentials[0].ci_key_id), answer, &result);
    ck_assert_span(result.eim_id,
                   attack->eim_id != NULL ? octets_of(attack->eim_id) : span_of_string(bench->eim.id));
    if (attack->transaction != NULL)
        ck_assert_span(result.transaction, octets_of(attack->transaction));
    else
        ck_assert_ptr_null(result.transaction.data);
    switch (attack->expected) {
    case UNSIGNED:
        ck_assert_int_eq(result.kind, RESULT_UNSIGNED_ERROR);
        ck_assert(result.has_token == attack->token_told);
        ck_assert(!result.has_token || result.token == bench->eim2.token);
        break;
    case ERROR:
        ck_assert_int_eq(result.kind, RESULT_ERROR);
        ck_assert_int_eq(result.code, attack->code);
        break;
    default:
        ck_assert_int_eq(result.kind, RESULT_SIGNED);
        ck_assert_span(result.results, octets_of(attack->results));
    }
}

static void run_attack(const struct attack *attack)
{
    struct buf *answer = test_buf();
    struct buf request = {0};
    struct hostile_bench bench;
    struct span before;
    uint16_t status;

    hostile_open(&bench);
    if (attack->statement != NULL)
        hostile_sql(&bench, attack->statement);
    before = es10_tables(&bench.es10);
    build(&bench, attack, &request);
    status = es10_send(&bench.es10, buf_span(&request), answer);
    ck_assert_uint_eq(status, attack->expected == NO_REQUEST ? 0x6A80 : 0x9000);
    if (attack->expected == NO_REQUEST)
        ck_assert_uint_eq(answer->size, 0);
    else
        check_answer(&bench, attack, buf_span(answer));
    if (attack->expected != ACCEPTED)
        ck_assert_span(es10_tables(&bench.es10), before);
    else
        ck_assert(!span_equal(es10_tables(&bench.es10), before));
    if (attack->statement != NULL)
        hostile_sql(&bench, "UPDATE iot SET emergency = 0");
    hostile_check_good(&bench);
    /* An honest package of the attacked eIM as well, unless its counter is at its end. */
    bench.eim.counter = FIRST_COUNTER + 1;
    if (attack->counter == NULL || attack->expected != ACCEPTED)
        ck_assert_hex(test_package_run(&bench.es10.terminal, &bench.eim, PSMO, "A700"), "870100");
    buf_free(&request);
    hostile_close(&bench);
}

START_TEST(every_attack_gets_its_answer)
{
    size_t count = sizeof(attacks) / sizeof(attacks[0]);

    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, "%s\n", attacks[i].name);
        run_attack(&attacks[i]);
    }
    printf("%zu attacks\n", count);
    ck_assert_uint_ge(count, 40);
}
END_TEST

TEST_MAIN("hostile_eim", every_attack_gets_its_answer)
