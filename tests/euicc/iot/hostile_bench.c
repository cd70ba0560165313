/* A card with two eIMs: see hostile_bench.h. */
#include "tests/euicc/iot/hostile_bench.h"

void hostile_open(struct hostile_bench *bench)
{
    *bench = (struct hostile_bench){.stranger = ec_key_generate(EC_CURVE_P256, NULL)};
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

void hostile_close(struct hostile_bench *bench)
{
    ec_key_free(bench->stranger);
    test_eim_close(&bench->eim);
    test_eim_close(&bench->eim2);
    es10_close(&bench->es10);
}

void hostile_sql(struct hostile_bench *bench, const char *statement)
{
    ck_assert(nvm_change(bench->es10.card->nvm, statement, NVM_NONE));
    ck_assert(nvm_commit(bench->es10.card->nvm));
}

void hostile_check_good(struct hostile_bench *bench)
{
    ck_assert_hex(test_package_run(&bench->es10.terminal, &bench->eim2, PSMO, "A700"), "870100");
}
