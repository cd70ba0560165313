/* The test SM-DP+ of tests/support/smdpp.h, asked in the ASN.1 binding. See es9p_server.h. */
#include "tests/ipa/es9p_server.h"

#include "protocol/admin_protocol.h"
#include "tests/support/smdpp.h"

#include <assert.h>
#include <string.h>

static_assert(sizeof(SERVER_ADDRESS) == sizeof(BENCH_ADDRESS) && sizeof(SERVER_ICCID) == sizeof(BENCH_ICCID),
              "the same texts");

static struct bench server;

void es9p_server_start(void)
{
    assert(strcmp(SERVER_ADDRESS, BENCH_ADDRESS) == 0 && strcmp(SERVER_ICCID, BENCH_ICCID) == 0);
    bench_start(&server, EC_CURVE_P256);
}

void es9p_server_stop(void)
{
    bench_stop(&server);
}

const struct test_ci *es9p_server_ci(void)
{
    return &server.ci;
}

bool es9p_server_ask(struct span request, struct buf *answer)
{
    struct http_answer got =
        bench_request(&server, "POST", "/gsma/rsp2/asn1", ASN1_BINDING_CONTENT_TYPE, ADMIN_PROTOCOL, request);

    buf_append(answer, buf_span(&got.body));
    buf_free(&got.body);
    return got.code == 200 || got.code == 204;
}
