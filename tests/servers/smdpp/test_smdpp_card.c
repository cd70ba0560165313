/* servers/smdpp: downloads to a real card. */
#include "apdu/tlv.h"
#include "crypto/base64.h"
#include "tests/support/edit.h"
#include "tests/support/smdpp.h"
#include "tests/support/terminal.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <string.h>

static struct bench bench;

static void send(struct terminal *terminal, struct span request, struct buf *response)
{
    buf_clear(response);
    ck_assert_uint_eq(terminal_store_data(terminal, request, response), 0x9000);
}

/* The LPA's AuthenticateServer: the server's objects and ctxParams1. */
static void put_authenticate_server(const json_t *answer, struct buf *out)
{
    static const char *const objects[] = {"serverSigned1", "serverSignature1", "euiccCiPKIdToBeUsed",
                                          "serverCertificate"};
    size_t at = tlv_open(out, 0xBF38);
    struct buf object = {0};

    for (size_t i = 0; i < 4; i++) {
        bench_take(answer, objects[i], &object);
        buf_append(out, buf_span(&object));
    }
    buf_append(out, hex("A010 8004 64656D6F A108 8004 35290611 A100"));
    tlv_close(out, at);
    buf_free(&object);
}

static void put_prepare_download(const json_t *answer, struct buf *out)
{
    static const char *const objects[] = {"smdpSigned2", "smdpSignature2", "smdpCertificate"};
    size_t at = tlv_open(out, 0xBF21);
    struct buf object = {0};

    for (size_t i = 0; i < 3; i++) {
        bench_take(answer, objects[i], &object);
        buf_append(out, buf_span(&object));
    }
    tlv_close(out, at);
    buf_free(&object);
}

/* A function of ES9+ with one base64 parameter beside the transactionId. */
static json_t *es9p(const char *function, const char *transaction, const char *parameter, struct span octets)
{
    char path[80];
    char *text = base64_encode(octets);
    json_t *answer;

    snprintf(path, sizeof(path), "/gsma/rsp2/es9plus/%s", function);
    answer = bench_post(&bench, path, json_pack("{s:s,s:s}", "transactionId", transaction, parameter, text));
    free(text);
    return answer;
}

/* Segments of SGP.22 2.5.5: BF36 with BF23; the headers of A0 to A3; the blocks. Only so many of them, when
 * the phone's battery is then empty. */
static void load_segments(struct terminal *terminal, size_t segments, struct buf *response)
{
    struct span bpp = buf_span(&bench.bpp);
    struct span content;
    struct tlv_reader reader;
    struct tlv tlv;
    struct tlv_reader blocks;
    struct tlv block;
    size_t sent = 0;

    ck_assert_int_eq(tlv_single(bpp, 0xBF36, &content), TLV_OK);
    reader = tlv_reader(content);
    while (sent < segments && tlv_next(&reader, &tlv) == TLV_OK) {
        size_t header = (size_t)(tlv.value.data - tlv.whole.data);

        sent++;
        if (tlv.tag == 0xBF23) {
            send(terminal, SPAN(bpp.data, (size_t)(tlv.whole.data - bpp.data) + tlv.whole.size), response);
            continue;
        }
        if (tlv.tag == 0xA0 || tlv.tag == 0xA2) {
            send(terminal, tlv.whole, response);
            continue;
        }
        send(terminal, SPAN(tlv.whole.data, header), response);
        blocks = tlv_reader(tlv.value);
        for (; sent < segments && tlv_next(&blocks, &block) == TLV_OK; sent++)
            send(terminal, block.whole, response);
    }
}

static void load_bpp(struct terminal *terminal, struct buf *response)
{
    load_segments(terminal, SIZE_MAX, response);
}

static json_t *initiate_for_card(struct terminal *terminal)
{
    struct buf response = {0};
    struct span content;
    char *challenge, *info1;
    json_t *answer;

    send(terminal, hex("BF2000"), &response);
    info1 = base64_encode(buf_span(&response));
    send(terminal, hex("BF2E00"), &response);
    ck_assert_int_eq(tlv_single(buf_span(&response), 0xBF2E, &content), TLV_OK);
    challenge = base64_encode(SPAN(content.data + 2, 16));
    answer = bench_post(&bench, "/gsma/rsp2/es9plus/initiateAuthentication",
                        json_pack("{s:s,s:s,s:s}", "euiccChallenge", challenge, "smdpAddress", BENCH_ADDRESS,
                                  "euiccInfo1", info1));
    free(challenge);
    free(info1);
    buf_free(&response);
    return answer;
}

/* The LPA's part of a download between the server and a card, until the server has bound the package. */
static void bind_for_card(struct terminal *terminal)
{
    json_t *answer = initiate_for_card(terminal);
    struct buf response = {0};
    struct buf request = {0};

    strcpy(bench.transaction, json_string_value(json_object_get(answer, "transactionId")));
    put_authenticate_server(answer, &request);
    bench_success(answer);
    send(terminal, buf_span(&request), &response);
    answer = es9p("authenticateClient", bench.transaction, "authenticateServerResponse", buf_span(&response));
    buf_clear(&request);
    put_prepare_download(answer, &request);
    bench_take(answer, "smdpSigned2", &bench.smdp_signed2);
    bench_success(answer);
    send(terminal, buf_span(&request), &response);
    answer =
        es9p("getBoundProfilePackage", bench.transaction, "prepareDownloadResponse", buf_span(&response));
    bench_take(answer, "boundProfilePackage", &bench.bpp);
    bench_success(answer);
    buf_free(&response);
    buf_free(&request);
}

/* Loads the package, sends the result, and sees that the server believes it. */
static void install_on_card(struct terminal *terminal)
{
    struct buf response = {0};
    struct span content;
    struct http_answer http;
    char body[4096];
    char *text;
    json_t *list;
    const json_t *first;

    load_bpp(terminal, &response);
    ck_assert_int_eq(tlv_single(buf_span(&response), 0xBF37, &content), TLV_OK);
    text = base64_encode(buf_span(&response));
    snprintf(body, sizeof(body), "{\"pendingNotification\":\"%s\"}", text);
    free(text);
    http = bench_request(&bench, "POST", "/gsma/rsp2/es9plus/handleNotification", "application/json",
                         "gsma/rsp/v2.2.2", span_of_string(body));
    ck_assert_int_eq(http.code, 204);
    list = bench_get(&bench, "/notifications");
    ck_assert_uint_eq(json_array_size(list), 1);
    first = json_array_get(list, 0);
    ck_assert_str_eq(json_string_value(json_object_get(first, "result")), "success");
    ck_assert(json_is_true(json_object_get(first, "verified")));
    ck_assert_str_eq(json_string_value(json_object_get(first, "eid")), TEST_EID);
    ck_assert_str_eq(json_string_value(json_object_get(first, "iccid")), BENCH_ICCID);
    json_decref(list);
    buf_free(&response);
}

static void download_to_card(enum ec_curve curve, bool ppk)
{
    struct softeuicc *card;
    struct terminal terminal;

    bench_start(&bench, curve);
    bench.smdpp.options.ppk = ppk;
    card = test_card(":memory:", &bench.ci, 1, 0);
    terminal = terminal_start(card, SOFTEUICC_COLD);
    bind_for_card(&terminal);
    install_on_card(&terminal);
    softeuicc_close(card);
    bench_stop(&bench);
}

START_TEST(installs_a_profile_on_a_card)
{
    download_to_card(EC_CURVE_P256, false);
    download_to_card(EC_CURVE_P256, true);
    download_to_card(EC_CURVE_BRAINPOOL_P256R1, false);
}
END_TEST

/* What the eUICC was offered again, SPAN_NONE at first. */
static struct span offered_otpk(void)
{
    struct span content, otpk = SPAN_NONE;

    ck_assert_int_eq(tlv_single(buf_span(&bench.smdp_signed2), 0x30, &content), TLV_OK);
    return tlv_find(content, 0x5F49, &otpk) ? otpk : SPAN_NONE;
}

static struct span sealed_part(const struct buf *bpp)
{
    struct span content;
    struct tlv_reader reader;

    ck_assert_int_eq(tlv_single(buf_span(bpp), 0xBF36, &content), TLV_OK);
    reader = tlv_reader(content);
    ck_assert(tlv_require(&reader, 0xBF23, NULL));
    return SPAN(content.data + reader.offset, content.size - reader.offset);
}

/* The phone's battery is empty before, and after each of the first segments; the eUICC keeps its one-time key
 * until the package is complete, or it has failed. */
START_TEST(finishes_an_interrupted_download_on_a_card)
{
    for (size_t segments = 0; segments < 6; segments++) {
        struct softeuicc *card;
        struct terminal terminal;
        struct buf first = {0};
        struct buf response = {0};

        bench_start(&bench, EC_CURVE_P256);
        bench.smdpp.options.ppk = segments % 2 != 0;
        card = test_card(":memory:", &bench.ci, 1, 0);
        terminal = terminal_start(card, SOFTEUICC_COLD);
        bind_for_card(&terminal);
        ck_assert_ptr_null(offered_otpk().data);
        buf_append(&first, buf_span(&bench.bpp));
        load_segments(&terminal, segments, &response);
        terminal = terminal_start(card, SOFTEUICC_COLD);
        bind_for_card(&terminal);
        ck_assert_ptr_nonnull(offered_otpk().data);
        ck_assert_span(sealed_part(&first), sealed_part(&bench.bpp));
        install_on_card(&terminal);
        softeuicc_close(card);
        buf_free(&first);
        buf_free(&response);
        bench_stop(&bench);
    }
}
END_TEST

TEST_MAIN("smdpp_card", installs_a_profile_on_a_card, finishes_an_interrupted_download_on_a_card)
