/*
 * euicc/iot/euicc_package.c against an eIM that lies, and against whoever only has its packages: one table of
 * attacks, each with the answer of SGP.32 5.9.1 that it gets. What is not accepted changes nothing in the
 * tables, and after each attack a good package still works.
 */
#include "apdu/store_data.h"
#include "apdu/tlv.h"
#include "euicc/iot/eim.h"
#include "euicc/iot/package_result.h"
#include "euicc/rsp/es10.h"
#include "tests/support/edit.h"
#include "tests/support/es10.h"
#include "tests/support/package.h"
#include "tests/support/switches.h"

#include <stdio.h>
#include <string.h>

#define A   "89490000000000000017"
#define B   "89490000000000000025"
#define A_  "98940000000000000071"
#define B_  "98940000000000000052"
#define NO_ "98940000000000000099"

#define ENABLE(iccid)  "A30C 5A0A" iccid
#define DISABLE(iccid) "A40C 5A0A" iccid
#define DELETE(iccid)  "A50C 5A0A" iccid
#define DELETE_EIM     "A907 8005 65696D2D31" /* eim-1 */
#define DELETE_EIM2    "A907 8005 65696D2D32" /* eim-2 */

#define FIRST_COUNTER 5 /* of both eIMs when an attack begins */

/* Profiles A, enabled, and B; eim-1 without an association token, eim-2 with one. */
struct bench {
    struct es10_bench es10;
    struct test_eim eim, eim2;
    struct ec_key *stranger;
};

static void open_bench(struct bench *bench)
{
    *bench = (struct bench){.stranger = ec_key_generate(EC_CURVE_P256, NULL)};
    es10_open(&bench->es10, 1, 0);
    es10_install(&bench->es10, &(struct es10_profile){.iccid = A});
    es10_install(&bench->es10, &(struct es10_profile){.iccid = B});
    es10(&bench->es10, "BF3111 A00C 5A0A" A_ "8101FF");
    test_eim_open(&bench->eim, "eim-1", EC_CURVE_P256);
    test_eim_open(&bench->eim2, "eim-2", EC_CURVE_P256);
    bench->eim.counter = FIRST_COUNTER;
    bench->eim2.counter = FIRST_COUNTER;
    test_eim_associate(&bench->eim, bench->es10.card, false, SPAN_NONE);
    test_eim_associate(&bench->eim2, bench->es10.card, true, SPAN_NONE);
}

static void close_bench(struct bench *bench)
{
    ec_key_free(bench->stranger);
    test_eim_close(&bench->eim);
    test_eim_close(&bench->eim2);
    es10_close(&bench->es10);
}

static void sql(struct bench *bench, const char *statement)
{
    ck_assert(nvm_run(bench->es10.card->nvm, nvm_write_stmt(bench->es10.card->nvm, statement)));
    ck_assert(nvm_commit(bench->es10.card->nvm));
}

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
#define EIM2_ID   "65696D2D32"
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

static void build(struct bench *bench, const struct attack *attack, struct buf *request)
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

static void check_answer(struct bench *bench, const struct attack *attack, struct span answer)
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

/* The good packages come from the other eIM, whose counter no attack moves. */
static void check_good_package(struct bench *bench)
{
    ck_assert_hex(test_package_run(&bench->es10.terminal, &bench->eim2, PSMO, "A700"), "870100");
}

static void run_attack(const struct attack *attack)
{
    struct buf *answer = test_buf();
    struct buf request = {0};
    struct bench bench;
    struct span before;
    uint16_t status;

    open_bench(&bench);
    if (attack->statement != NULL)
        sql(&bench, attack->statement);
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
        sql(&bench, "UPDATE iot SET emergency = 0");
    check_good_package(&bench);
    /* An honest package of the attacked eIM as well, unless its counter is at its end. */
    bench.eim.counter = FIRST_COUNTER + 1;
    if (attack->counter == NULL || attack->expected != ACCEPTED)
        ck_assert_hex(test_package_run(&bench.es10.terminal, &bench.eim, PSMO, "A700"), "870100");
    buf_free(&request);
    close_bench(&bench);
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

/* --- what takes more than one package ------------------------------------------------------------ */

static void expect(struct bench *bench, struct test_eim *eim, struct span request,
                   enum test_package_kind kind, int64_t code)
{
    struct softeuicc *card = bench->es10.card;
    struct buf *answer = test_buf();
    struct test_package_result result;

    ck_assert_uint_eq(es10_send(&bench->es10, request, answer), 0x9000);
    test_result_read(eim, card, SPAN_ARRAY(card->credentials[0].ci_key_id), buf_span(answer), &result);
    ck_assert_int_eq(result.kind, kind);
    ck_assert_int_eq(result.code, code);
}

START_TEST(a_replayed_package_is_refused)
{
    struct buf request = {0};
    struct bench bench;
    struct span tables;

    open_bench(&bench);
    test_package_put(&request, &bench.eim, &(struct test_package){.list = hex(ENABLE(B_))});
    expect(&bench, &bench.eim, buf_span(&request), RESULT_SIGNED, 0);
    tables = es10_tables(&bench.es10);
    expect(&bench, &bench.eim, buf_span(&request), RESULT_ERROR, 4);
    bench.es10.terminal = terminal_start(bench.es10.card, SOFTEUICC_COLD);
    expect(&bench, &bench.eim, buf_span(&request), RESULT_ERROR, 4);
    ck_assert_span(es10_tables(&bench.es10), tables);
    check_good_package(&bench);
    buf_free(&request);
    close_bench(&bench);
}
END_TEST

/* --- power cuts ---------------------------------------------------------------------------------- */

static void open_again(struct switches *switches, const char *path)
{
    const struct softeuicc_hooks hooks = {.power_cuts = true};
    struct softeuicc_error error;

    softeuicc_close(switches->card);
    switches->card = softeuicc_open(path, &hooks, &error);
    ck_assert_msg(switches->card != NULL, "%s", error.message);
    switches_reset(switches);
}

/* Results, notifications, last number, the enabled profile. */
static struct span state_of(struct softeuicc *card)
{
    sqlite3_stmt *stmt = nvm_read_stmt(
        card->nvm,
        "SELECT (SELECT count(*) FROM package_result) || ' ' || (SELECT count(*) FROM notification)"
        " || ' ' || last_notification || ' ' || (SELECT counter FROM eim) || ' ' ||"
        " (SELECT coalesce(max(id), 0) FROM profile WHERE state = 'enabled') FROM card");
    struct buf *out = test_buf();

    ck_assert(nvm_row(card->nvm, stmt));
    buf_append(out, span_of_string(nvm_text(stmt, 0)));
    nvm_done(stmt);
    return buf_span(out);
}

/* Sends the octets of the next switch; true when the power held. */
static bool send_cut(struct switches *switches, struct span request, uint64_t change)
{
    struct buf answer = {0};

    ck_assert(softeuicc_cut_power(switches->card, change));
    (void)terminal_store_data(&switches->terminal, request, &answer);
    buf_free(&answer);
    return !softeuicc_has_lost_power(switches->card);
}

/* The power goes at each change of storage that a package makes. What did not happen may come again, octet
 * for octet; what happened is a replay, though nobody has seen its answer. */
START_TEST(a_package_that_a_power_cut_stopped_may_come_again)
{
    struct buf request = {0};
    struct switches switches;
    struct span before;
    unsigned undone = 0;
    unsigned done = 0;
    char path[256];
    bool held = false;

    snprintf(path, sizeof(path), "%s", test_path("cut.db"));
    switches_open(&switches, path, "notify.example.com");
    for (uint64_t change = 1; !held; change++) {
        struct test_package_result result;
        struct buf answer = {0};
        bool happened;

        open_again(&switches, path);
        before = state_of(switches.card);
        buf_clear(&request);
        switches_put(&switches, &request);
        held = send_cut(&switches, buf_span(&request), change);
        open_again(&switches, path);
        happened = !span_equal(state_of(switches.card), before);
        ck_assert(happened || !held);
        ck_assert_uint_eq(terminal_store_data(&switches.terminal, buf_span(&request), &answer), 0x9000);
        test_result_read(&switches.eim, switches.card, SPAN_ARRAY(switches.ci.key_id), buf_span(&answer),
                         &result);
        ck_assert_int_eq(result.kind, happened ? RESULT_ERROR : RESULT_SIGNED);
        ck_assert_int_eq(result.code, happened ? 4 : 0);
        ck_assert(!span_equal(state_of(switches.card), before));
        switches.count++;
        switches_acknowledge(
            &switches); /* exactly one result and two notifications, numbered without a gap */
        done += happened;
        undone += !happened;
        buf_free(&answer);
    }
    printf("%u cuts: %u packages undone, %u done\n", undone + done - 1, undone, done - 1);
    ck_assert_uint_gt(undone, 3);
    buf_free(&request);
    switches_close(&switches);
}
END_TEST

START_TEST(an_eim_deletes_itself)
{
    struct buf request = {0};
    struct bench bench;

    open_bench(&bench);
    /* The result is signed for it, and the list goes on. */
    ck_assert_hex(test_package_run(&bench.es10.terminal, &bench.eim, ECO, DELETE_EIM "AB00"),
                  "890100 AB0B A009 3007 8005" EIM2_ID);
    test_package_put(&request, &bench.eim, &(struct test_package){.list = hex("A700")});
    expect(&bench, &bench.eim, buf_span(&request), RESULT_UNSIGNED_ERROR, 0);
    check_good_package(&bench);
    buf_free(&request);
    close_bench(&bench);
}
END_TEST

START_TEST(the_last_eim_is_deleted)
{
    struct buf request = {0};
    struct bench bench;

    open_bench(&bench);
    ck_assert_hex(test_package_run(&bench.es10.terminal, &bench.eim2, ECO, DELETE_EIM DELETE_EIM2 "AB00"),
                  "890100 890102 AB02 A000"); /* lastEimDeleted is a success */
    ck_assert_uint_eq(eim_count(bench.es10.card), 0);
    test_package_put(&request, &bench.eim, &(struct test_package){.list = hex("A700")});
    expect(&bench, &bench.eim, buf_span(&request), RESULT_UNSIGNED_ERROR, 0);
    test_eim_associate(&bench.eim, bench.es10.card, false, SPAN_NONE);
    ck_assert_hex(test_package_run(&bench.es10.terminal, &bench.eim, PSMO, "A700"), "870100");
    buf_free(&request);
    close_bench(&bench);
}
END_TEST

/* An eIM that comes back gets another token, so that nothing signed before is good any more. */
START_TEST(packages_from_before_a_new_association_are_worth_nothing)
{
    struct buf request = {0};
    struct bench bench;
    int64_t old_token;

    open_bench(&bench);
    old_token = bench.eim2.token;
    bench.eim2.counter = 100;
    test_package_put(&request, &bench.eim2, &(struct test_package){.list = hex(DELETE(B_))});
    ck_assert_hex(test_package_run(&bench.es10.terminal, &bench.eim, ECO, DELETE_EIM2), "890100");
    bench.eim2.counter = 0;
    test_eim_associate(&bench.eim2, bench.es10.card, true, SPAN_NONE);
    ck_assert_int_ne(bench.eim2.token, old_token);
    expect(&bench, &bench.eim2, buf_span(&request), RESULT_UNSIGNED_ERROR, 0);
    ck_assert_int_eq(es10_state(&bench.es10, B), 0);
    check_good_package(&bench);
    buf_free(&request);
    close_bench(&bench);
}
END_TEST

/* Two eIMs have a counter each. */
START_TEST(counters_are_an_eims_own)
{
    struct buf request = {0};
    struct bench bench;

    open_bench(&bench);
    bench.eim.counter = 0x7FFFFE;
    ck_assert_hex(test_package_run(&bench.es10.terminal, &bench.eim, PSMO, "A700"), "870100");
    test_package_put(&request, &bench.eim, &(struct test_package){.list = hex("A700")});
    expect(&bench, &bench.eim, buf_span(&request), RESULT_ERROR, 6);
    check_good_package(&bench);
    buf_free(&request);
    close_bench(&bench);
}
END_TEST

START_TEST(sizes_are_bounded)
{
    struct buf list = {0};
    struct buf request = {0};
    struct bench bench;
    struct span before;

    open_bench(&bench);
    while (list.size <= PACKAGE_RESULTS_SIZE)
        buf_append(&list, SPAN_STRING("\xA7\x00"));
    before = es10_tables(&bench.es10);
    test_package_put(&request, &bench.eim, &(struct test_package){.list = buf_span(&list)});
    expect(&bench, &bench.eim, buf_span(&request), RESULT_ERROR, 15); /* sizeOverflow */
    ck_assert_span(es10_tables(&bench.es10), before);
    /* What STORE DATA does not collect never gets here. */
    while (list.size <= STORE_DATA_MAX)
        buf_append(&list, SPAN_STRING("\xA7\x00"));
    buf_clear(&request);
    test_package_put(&request, &bench.eim, &(struct test_package){.list = buf_span(&list)});
    ck_assert_uint_eq(es10_send(&bench.es10, buf_span(&request), &list), 0x6A84);
    ck_assert_span(es10_tables(&bench.es10), before);
    check_good_package(&bench);
    buf_free(&list);
    buf_free(&request);
    close_bench(&bench);
}
END_TEST

START_TEST(a_consumer_card_knows_no_packages)
{
    struct buf request = {0};
    struct buf answer = {0};
    struct bench bench;

    open_bench(&bench);
    bench.es10.card->personality_bit = FOR_CONSUMER;
    test_package_put(&request, &bench.eim, &(struct test_package){.list = hex("A700")});
    ck_assert_uint_eq(es10_send(&bench.es10, buf_span(&request), &answer), 0x6A88);
    bench.es10.card->personality_bit = FOR_IOT;
    ck_assert_uint_eq(es10_send(&bench.es10, buf_span(&request), &answer), 0x9000);
    buf_free(&request);
    buf_free(&answer);
    close_bench(&bench);
}
END_TEST

/* --- everywhere ---------------------------------------------------------------------------------- */

/* Cut off at every octet: as it is, with the outer length made to fit, and inside, signed again. */
START_TEST(a_package_may_be_cut_off_anywhere)
{
    struct test_package package = {.list = SPAN_NONE, .counter = hex("06")};
    struct buf signed_part = {0};
    struct buf request = {0};
    struct buf answer = {0};
    struct bench bench;
    struct span content;
    struct span before;

    open_bench(&bench);
    before = es10_tables(&bench.es10);
    package.list = hex(DISABLE(A_) ENABLE(B_));
    package.transaction = hex("C0FFEE");
    test_package_put_signed(&signed_part, &bench.eim, &package);
    test_package_sign(&request, &bench.eim, &package, buf_span(&signed_part));
    for (size_t size = 1; size < request.size; size++)
        ck_assert_uint_eq(es10_send(&bench.es10, SPAN(request.data, size), &answer), 0x6A80);
    ck_assert_int_eq(tlv_single(buf_span(&request), 0xBF51, &content), TLV_OK);
    for (size_t size = 0; size < content.size; size++) {
        struct buf cut = {0};

        tlv_put(&cut, 0xBF51, SPAN(content.data, size));
        ck_assert_uint_eq(es10_send(&bench.es10, buf_span(&cut), &answer), 0x6A80);
        buf_free(&cut);
    }
    ck_assert_int_eq(tlv_single(buf_span(&signed_part), 0x30, &content), TLV_OK);
    for (size_t size = 0; size < content.size; size++) {
        struct buf cut = {0};

        tlv_put(&cut, 0x30, SPAN(content.data, size));
        buf_clear(&request);
        test_package_sign(&request, &bench.eim, &package, buf_span(&cut));
        ck_assert_uint_eq(es10_send(&bench.es10, buf_span(&request), &answer), 0x6A80);
        buf_free(&cut);
    }
    ck_assert_uint_eq(answer.size, 0);
    ck_assert_span(es10_tables(&bench.es10), before);
    check_good_package(&bench);
    buf_free(&signed_part);
    buf_free(&request);
    close_bench(&bench);
}
END_TEST

/* A list cut off at every octet, rightly signed: the commands before the cut count, the cut one does not. */
START_TEST(a_list_may_be_cut_off_anywhere)
{
    struct span list = hex("A700 BF6505 8003 612E62 A700");
    struct bench bench;
    char text[64];

    open_bench(&bench);
    for (size_t size = 0; size < list.size; size++) {
        const char *expected = size == 0               ? ""
                               : size < 2              ? "020102"
                               : size == 2             ? "870100"
                               : size < list.size - 2  ? "870100 020102"
                               : size == list.size - 2 ? "870100 BF6503800100"
                                                       : "870100 BF6503800100 020102";

        ck_assert_hex(test_package_run(&bench.es10.terminal, &bench.eim, PSMO,
                                       hex_from_span(SPAN(list.data, size), text, sizeof(text))),
                      expected);
    }
    close_bench(&bench);
}
END_TEST

/* Every bit of a package inverted, one at a time: never accepted, never a signed answer, nothing changed. */
START_TEST(no_bit_may_be_changed)
{
    struct buf request = {0};
    struct bench bench;
    struct span before;
    unsigned refused = 0;

    open_bench(&bench);
    before = es10_tables(&bench.es10);
    test_package_put(&request, &bench.eim,
                     &(struct test_package){.list = hex(ENABLE(B_)), .counter = hex("06")});
    for (size_t bit = 16; bit < 8 * request.size; bit++) { /* with another tag it is another request */
        struct buf response = {0};
        uint16_t status;

        request.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        status = es10_dispatch(bench.es10.card, buf_span(&request), &response);
        if (status == ES10_OK)
            ck_assert_msg(response.size > 5 && memcmp(response.data, "\xBF\x51", 2) == 0 &&
                              response.data[3] == 0xA2,
                          "bit %zu", bit);
        else
            refused++;
        ck_assert(nvm_commit(bench.es10.card->nvm));
        request.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        buf_free(&response);
    }
    ck_assert_uint_lt(refused, 8 * request.size - 512); /* at least the signature's bits got that far */
    ck_assert_span(es10_tables(&bench.es10), before);
    expect(&bench, &bench.eim, buf_span(&request), RESULT_SIGNED, 0);
    buf_free(&request);
    close_bench(&bench);
}
END_TEST

TEST_MAIN("hostile_eim", every_attack_gets_its_answer, a_replayed_package_is_refused,
          a_package_that_a_power_cut_stopped_may_come_again, an_eim_deletes_itself, the_last_eim_is_deleted,
          packages_from_before_a_new_association_are_worth_nothing, counters_are_an_eims_own,
          sizes_are_bounded, a_consumer_card_knows_no_packages, a_package_may_be_cut_off_anywhere,
          a_list_may_be_cut_off_anywhere, no_bit_may_be_changed)
