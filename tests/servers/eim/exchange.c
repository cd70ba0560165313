/* Orders, polls and results of one eUICC. See exchange.h. */
#include "tests/servers/eim/exchange.h"

#include "tests/support/test.h"

struct eim_bench bench;

void start(void)
{
    eim_bench_start(&bench, NULL);
    eim_bench_introduce(&bench);
}

void stop(void)
{
    eim_bench_stop(&bench);
}

void poll_for(uint32_t tag)
{
    ck_assert_int_eq(eim_bench_poll(&bench), EIM_ERROR_NONE);
    ck_assert_uint_eq(eim_bench_package_tag(&bench), tag);
}

void provide(struct buf *result, enum eim_error error, size_t acknowledged)
{
    size_t count;

    ck_assert_int_eq(eim_bench_provide(&bench, buf_span(result), NULL, &count), error);
    ck_assert_uint_eq(count, acknowledged);
    buf_free(result);
}
