/*
 * A download by a card with an IPAe whose power goes at every change of its storage: directly from the test
 * SM-DP+ (without its sockets) and through the eIM, and enabled at once, with a terminal that serves REFRESH
 * and without. Whenever it happens, the profile is there in the end, the eIM has heard so, and the SM-DP+ has
 * the one notification of it.
 */
#include "euicc/ipae/ipae.h"
#include "euicc/ipae/ipae_count.h"
#include "euicc/lifecycle/marking.h"
#include "tests/euicc/ipae/cut_life.h"
#include "tests/ipa/es9p_server.h"

#include <stdio.h>

#define ENABLE_IMMEDIATELY  "A702 8000"
#define INSTALLATION_RESULT 0xBF37

/* What became of the installations that the SM-DP+ was told of, or the eIM for it. */
static struct heard {
    struct buf success; /* the first notification of one */
    unsigned others;    /* other ones, of whatever */
} heard;

/* HandleNotification's content. */
static void hear(struct span notification)
{
    static const uint32_t success[] = {INSTALLATION_RESULT, 0xBF27, 0xA2, 0xA0, 0};
    struct span value;

    if (tlv_find_path(notification, success, &value) && heard.success.size == 0)
        buf_append(&heard.success, notification);
    else if (tlv_find(notification, INSTALLATION_RESULT, &value) &&
             !span_equal(notification, buf_span(&heard.success)))
        heard.others++;
}

static bool serve_directly(struct cut_life *life, struct span message, struct buf *answer)
{
    static const uint32_t notification[] = {0xA2, 0xBF3D, 0xA0, 0};
    struct span content;

    (void)life;
    if (tlv_find_path(message, notification, &content))
        hear(content);
    return es9p_server_ask(message, answer);
}

/* ESipa's messages are those of ES9+ without the envelope. */
static bool serve_through_the_eim(struct ipa_bench *bench, struct span message, struct buf *answer)
{
    struct buf request = {0};
    struct buf got = {0};
    struct span content;
    bool ok;

    (void)bench;
    tlv_put(&request, 0xA2, message);
    ok = es9p_server_ask(buf_span(&request), &got) && tlv_single(buf_span(&got), 0xA2, &content) == TLV_OK;
    if (ok)
        buf_append(answer, content);
    buf_free(&request);
    buf_free(&got);
    return ok;
}

/* What the eIM was told. */
static void hear_eim(const struct ipa_bench *bench)
{
    static const uint32_t notification[] = {0xBF3D, 0xA0, 0};
    struct span content;

    for (size_t i = 0; i < ipa_bench_count(bench, 0xBF3D); i++)
        if (tlv_find_path(ipa_bench_taken(bench, 0xBF3D, i)->octets, notification, &content))
            hear(content);
}

/* The eIM's configuration, with indirectProfileDownload. */
static void allow_relay(struct cut_life *life)
{
    struct ipa_bench *bench = &life->ipa;
    ipa_bench_let_eim_relay(bench, 1);
    bench->relay = true;
    bench->smdp = serve_through_the_eim;
}

static struct span trigger(void)
{
    struct buf *out = test_buf();
    size_t outer = tlv_open(out, 0xBF54);
    size_t data = tlv_open(out, 0xA0);

    tlv_put_string(out, 0x80, "1$" SERVER_ADDRESS "$demo");
    tlv_close(out, data);
    tlv_close(out, outer);
    return buf_span(out);
}

/* Of the results of the trigger, the last one: the eIM forgets none that it has taken. */
static struct span last_download(const struct ipa_bench *bench)
{
    struct span last = SPAN_NONE;

    for (size_t i = 0; i < ipa_bench_count(bench, 0xBF50); i++) {
        struct span result = ipa_bench_result(bench, i);
        struct tlv_reader reader = tlv_reader(result);

        if (tlv_peek(&reader) == 0xBF54)
            last = result;
    }
    return last;
}

static bool enables; /* at once */

static uint64_t live(struct cut_life *life, uint64_t cut, enum cut_mode mode)
{
    static const uint32_t installed[] = {0xBF54, INSTALLATION_RESULT, 0xBF27, 0xA2, 0xA0, 0};
    struct ipa_bench *bench = &life->ipa;
    struct ipae_tally downloads, changed;
    struct span value;
    uint64_t changes;
    char name[60];

    heard.others = 0;
    buf_clear(&heard.success);
    changes = cut_life_live(life, cut, mode);
    hear_eim(bench);
    snprintf(name, sizeof(name), "cut %llu %s", (unsigned long long)cut, cut_mode_name(mode));
    ck_assert_msg(es10_state(&bench->es10, SERVER_ICCID) == enables, "%s: the profile is %d", name,
                  es10_state(&bench->es10, SERVER_ICCID));
    ck_assert_msg(bench->queue_head == bench->queue_count, "%s: the eIM has no result", name);
    ck_assert_msg(tlv_find_path(last_download(bench), installed, &value), "%s: the eIM hears of no profile",
                  name);
    ck_assert_msg(heard.success.size > 0, "%s: the SM-DP+ has heard nothing", name);
    ck_assert_msg(heard.others == 0, "%s: the SM-DP+ has heard something else", name);
    /* A loss of power may take the count with it. */
    ck_assert(ipae_look_count(bench->es10.card, IPAE_DOWNLOADS, &downloads));
    ck_assert_msg(downloads.ever == 1 || (cut != 0 && downloads.ever == 0), "%s: counted %llu times", name,
                  (unsigned long long)downloads.ever);
    ck_assert(ipae_look_count(bench->es10.card, IPAE_CHANGES, &changed));
    ck_assert_msg(changed.ever == enables || (cut != 0 && changed.ever == 0), "%s: changed %llu times", name,
                  (unsigned long long)changed.ever);
    ck_assert(!marking_waits(bench->es10.card));
    ck_assert_int_eq(nvm_figure(bench->es10.card->nvm, "SELECT count(*) FROM notification", NVM_NONE), 0);
    cut_life_end(life);
    return changes;
}

static void live_with_every_cut(bool indirect, bool at_once, bool refreshes)
{
    struct cut_life life;

    es9p_server_start();
    cut_life_open(&life, es9p_server_ci());
    life.refreshes = refreshes;
    life.server = serve_directly;
    enables = at_once;
    if (indirect)
        allow_relay(&life);
    if (at_once)
        ipa_bench_order(&life.ipa, &life.ipa.eim, PSMO, ENABLE_IMMEDIATELY);
    ipa_bench_order_object(&life.ipa, trigger());
    cut_life_at_every_change(&life, live);
    cut_life_close(&life);
    buf_free(&heard.success);
    es9p_server_stop();
}

START_TEST(directly)
{
    live_with_every_cut(false, false, true);
}
END_TEST

START_TEST(through_the_eim)
{
    live_with_every_cut(true, false, true);
}
END_TEST

START_TEST(and_enabled_at_once)
{
    live_with_every_cut(false, true, false);
}
END_TEST

START_TEST(and_enabled_with_a_refresh)
{
    live_with_every_cut(false, true, true);
}
END_TEST

TEST_MAIN("ipae download cuts", directly, through_the_eim, and_enabled_at_once, and_enabled_with_a_refresh)
