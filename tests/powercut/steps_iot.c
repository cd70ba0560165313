/*
 * What SGP.32 adds to a card's life in the power-cut test: an eIM, packages with many commands, and the ways
 * back. It begins with two profiles, the first of them enabled, and leaves that one enabled before the memory
 * reset.
 */
#include "tests/powercut/run.h"

#include "apdu/tlv.h"
#include "euicc/os/card.h"
#include "tests/support/package.h"
#include "tests/support/profile.h"

#define ONE_ "984474560000214251F8"
#define TWO_ "984474560000214261F6"
/* The Fallback Profile, the Emergency Profile, and one that comes and goes. */
#define FALLBACK  "8944476500001224182"
#define FALLBACK_ "984474560000214281F2"
#define EMERGENCY "8944476500001224190"
#define PASSING   "8944476500001224208"
#define PASSING_  "984474560000214202F8"

static struct test_eim eim;

/* As the card at hand knows it: every run begins with the same counter. */
static struct test_eim *eim_of(struct run *run)
{
    eim.counter = run_number(run->card, "SELECT counter FROM eim");
    return &eim;
}

static int64_t enabled(struct run *run, const char *sql)
{
    return run->wrong ? 1 : run_number(run->card, sql);
}

#define ck_assert_enabled(run, digits)                                                                       \
    ck_assert_int_eq(                                                                                        \
        enabled(run, "SELECT count(*) FROM profile WHERE state = 'enabled' AND iccid = '" digits "'"), 1)

/* AddInitialEim, and the configuration of immediate enable before it, which only a card without eIM takes. */
void step_iot_associate(struct run *run)
{
    struct buf request = {0};
    size_t outer = tlv_open(&request, 0xBF57);
    size_t list = tlv_open(&request, 0xA0);

    if (eim.id == NULL)
        test_eim_open(&eim, "eim.example.com", EC_CURVE_P256);
    eim.counter = 7;
    test_eim_put(&request, 0x30, &eim, false, SPAN_NONE);
    tlv_close(&request, list);
    tlv_close(&request, outer);
    IN_A_ROW(run, "BF5902 8000");
    if (!run->wrong)
        ck_assert(run_request(run, buf_span(&request)) || run->wrong);
    buf_free(&request);
}

void step_iot_done(void)
{
    test_eim_close(&eim);
}

void step_iot_fallback_profile(struct run *run)
{
    ck_assert(run_download(run, FALLBACK, test_profile(FALLBACK), hex("9F6701FF")));
}

void step_iot_emergency_profile(struct run *run)
{
    ck_assert(run_download(run, EMERGENCY, test_profile(EMERGENCY), hex("9F7B01FF")));
}

void step_iot_immediate_enable(struct run *run)
{
    static struct span package;

    if (package.data == NULL)
        package = test_profile(PASSING);
    if (!run_download(run, PASSING, package, SPAN_NONE))
        ck_assert(run->wrong);
    IN_A_ROW(run, "BF5A 03 8001FF");
    ck_assert_enabled(run, PASSING);
}

/* Sends a package; what its commands come to must be `results`, or something went wrong with the disk. */
static void package(struct run *run, const char *commands, const char *results)
{
    const struct test_package ordered = {.list = hex(commands), .transaction = hex("E1")};
    struct test_package_result result;
    struct buf request = {0};
    struct buf answer = {0};

    if (run->wrong)
        return;
    test_package_put(&request, eim_of(run), &ordered);
    (void)terminal_store_data(&run->terminal, buf_span(&request), &answer);
    if (!run->wrong) {
        test_result_read(&eim, run->card, SPAN_ARRAY(run->ci->key_id), buf_span(&answer), &result);
        ck_assert_int_eq(result.kind, RESULT_SIGNED);
        ck_assert_hex(result.results, results);
    }
    buf_free(&request);
    buf_free(&answer);
}

/* Everything that a package can change in one: immediate enable, the address, who is the Fallback Profile, an
 * eIM-initiated switch with rollback, a deletion. */
void step_iot_package(struct run *run)
{
    package(run,
            "A700 BF6503 800161 A80C 5A0A" FALLBACK_ " A40C 5A0A" PASSING_ " A30E 5A0A" ONE_ "0500"
            " A50C 5A0A" TWO_,
            "870100 BF6503800100 8D0100 840100 830100 850100");
}

void step_iot_rollback(struct run *run)
{
    IN_A_ROW(run, "BF58 03 8001FF");
    ck_assert_enabled(run, PASSING);
}

/* What its commands did before the one that failed stays done. */
void step_iot_package_refused(struct run *run)
{
    package(run, "A30C 5A0A" ONE_ " A50C 5A0A" PASSING_ " A50C 5A0A" PASSING_ " A900",
            "830100 850100 850101");
}

void step_iot_fallback(struct run *run)
{
    IN_A_ROW(run, "BF5D 03 8001FF");
    ck_assert_enabled(run, FALLBACK);
}

void step_iot_return(struct run *run)
{
    IN_A_ROW(run, "BF5E 03 8001FF");
    ck_assert_enabled(run, "8944476500001224158");
}

void step_iot_emergency(struct run *run)
{
    IN_A_ROW(run, "BF5B 03 8001FF");
    ck_assert_enabled(run, EMERGENCY);
    IN_A_ROW(run, "BF5C 03 8001FF");
    ck_assert_enabled(run, "8944476500001224158");
}

/* Profiles, the address, the eIM and its results, immediate enable: all of it. */
void step_iot_memory_reset(struct run *run)
{
    IN_A_ROW(run, "BF64 04 820201FE");
}
