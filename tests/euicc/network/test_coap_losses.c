/* Exchanges with a model of a server: every size at which something changes, and every datagram lost, doubled
 * or delayed, with always the same result. */
#include "tests/euicc/network/coap_model.h"
#include "tests/euicc/network/coap_script.h"

static const struct coap_model quiet = {.faults = {{MODEL_NOWHERE, MODEL_LOSE}, {MODEL_NOWHERE, MODEL_LOSE}}};

/* Plays a whole exchange and checks that both sides have what the other one said, once. */
static struct coap_model play(struct coap_model model, struct coap_request request)
{
    struct coap_exchange *exchange = coap_exchange_new(&request, 0);

    coap_model_play(&model, exchange);
    ck_assert_int_eq(coap_exchange_answer(exchange)->content_format, 42);
    script_complete(exchange, COAP_CODE(2, 4), model.answer);
    ck_assert_span(buf_span(&model.received), request.payload);
    ck_assert_uint_eq(model.posts, 1);
    coap_model_free(&model);
    return model;
}

static struct coap_request request_of(size_t size, unsigned szx)
{
    struct coap_request request = script_request(script_octets(size, 1));

    request.szx = szx;
    return request;
}

/* Sizes around one and two blocks, both ways, for every size of blocks of either side. */
START_TEST(sizes_around_blocks)
{
    for (unsigned szx = 0; szx <= COAP_SZX_MAX; szx++) {
        for (unsigned server = 0; server <= COAP_SZX_MAX; server++) {
            const size_t block = COAP_BLOCK_SIZE(szx);
            const size_t sizes[] = {0, 1, block - 1, block, block + 1, 2 * block, 2 * block + 1};

            for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                struct coap_model model = quiet;

                model.szx = server;
                model.separate = i % 2 != 0;
                model.answer = script_octets(sizes[sizeof(sizes) / sizeof(sizes[0]) - 1 - i], 2);
                model = play(model, request_of(sizes[i], szx));
                ck_assert_uint_le(model.largest, block + 32);
            }
        }
    }
}
END_TEST

START_TEST(large)
{
    for (unsigned szx = 0; szx <= COAP_SZX_MAX; szx++) {
        struct coap_model model = quiet;
        const unsigned each_way = (65000 + (16 << szx) - 1) / (16 << szx);

        model.szx = szx;
        model.answer = script_octets(65000, 3);
        model = play(model, request_of(65000, COAP_SZX_MAX));
        if (szx == COAP_SZX_MAX)
            ck_assert_uint_eq(model.datagrams, 2 * (2 * each_way - 1));
    }
}
END_TEST

/* One fault at every place, for an exchange in blocks both ways and a small one. */
START_TEST(one_fault_anywhere)
{
    for (unsigned row = 0; row < 4; row++) {
        struct coap_model clean = quiet;
        const struct coap_request request = request_of(row < 2 ? 70 : 10, 1);

        clean.szx = 0;
        clean.separate = row % 2 != 0;
        clean.answer = script_octets(row < 2 ? 50 : 3, 4);
        const int datagrams = (int)play(clean, request).datagrams;

        for (int at = 0; at < datagrams; at++) {
            for (int fault = MODEL_LOSE; fault <= MODEL_DELAY; fault++) {
                struct coap_model model = clean;

                model.faults[0].at = at;
                model.faults[0].fault = (enum model_fault)fault;
                play(model, request);
            }
        }
    }
}
END_TEST

/* Two of them, among those the repetitions of the first. */
START_TEST(two_faults_anywhere)
{
    for (unsigned separate = 0; separate < 2; separate++) {
        struct coap_model clean = quiet;
        const struct coap_request request = request_of(40, 0);

        clean.separate = separate != 0;
        clean.answer = script_octets(20, 5);
        const int datagrams = (int)play(clean, request).datagrams;

        for (int pair = 0; pair < datagrams * datagrams * 9; pair += TEST_SHARE) {
            struct coap_model model = clean;

            model.faults[0].at = pair / 9 / datagrams;
            model.faults[0].fault = (enum model_fault)(pair % 3);
            model.faults[1].at = pair / 9 % datagrams + 1;
            model.faults[1].fault = (enum model_fault)(pair / 3 % 3);
            if (model.faults[0].at < model.faults[1].at)
                play(model, request);
        }
    }
}
END_TEST

TEST_MAIN("coap_losses", sizes_around_blocks, large, one_fault_anywhere, two_faults_anywhere)
