/* A card with an eIM that orders PSMOs: see psmo_bench.h. */
#include "tests/euicc/iot/psmo_bench.h"

void psmo_open(struct psmo_bench *bench)
{
    *bench = (struct psmo_bench){.eim = {.id = NULL}};
    es10_open(&bench->es10, 1, 0);
    test_eim_open(&bench->eim, "eim.example.com", EC_CURVE_P256);
    test_eim_associate(&bench->eim, bench->es10.card, false, SPAN_NONE);
}

void psmo_open_with_two(struct psmo_bench *bench)
{
    psmo_open(bench);
    es10_install(&bench->es10, &(struct es10_profile){.iccid = A});
    es10_install(&bench->es10, &(struct es10_profile){.iccid = B});
}

void psmo_close(struct psmo_bench *bench)
{
    test_eim_close(&bench->eim);
    es10_close(&bench->es10);
}

struct span psmo_run(struct psmo_bench *bench, const char *commands)
{
    return test_package_run(&bench->es10.terminal, &bench->eim, PSMO, commands);
}

void psmo_sql(struct psmo_bench *bench, const char *statement)
{
    ck_assert(nvm_change(bench->es10.card->nvm, statement, NVM_NONE));
    ck_assert(nvm_commit(bench->es10.card->nvm));
}

int64_t psmo_id(struct psmo_bench *bench, const char *iccid)
{
    uint8_t octets[ICCID_SIZE];
    struct profile profile;
    int64_t id;

    ck_assert(iccid_from_digits(iccid, octets));
    ck_assert(profile_by_iccid(bench->es10.card, SPAN_ARRAY(octets), &profile));
    id = profile.id;
    profile_clear(&profile);
    return id;
}

void psmo_assert_states(struct psmo_bench *bench, int a, int b)
{
    ck_assert_int_eq(es10_state(&bench->es10, A), a);
    ck_assert_int_eq(es10_state(&bench->es10, B), b);
}
