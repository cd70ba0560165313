/* See smds.h. */
#include "tests/support/smds.h"

#include <check.h>

#define ES12 "/gsma/rsp2/es12/"

static struct http_answer carry(struct bench *bench, const struct http_request *request)
{
    struct smds_bench *ds = (struct smds_bench *)bench;
    struct http_request with_cert = *request;
    struct http_answer answer;

    with_cert.client_cert = ds->client_cert;
    smds_answer(&ds->smds, &ds->door, &with_cert, &answer);
    return answer;
}

static void count_errand(void *context)
{
    (*(unsigned *)context)++;
}

struct rsp_credentials smds_bench_credentials(const struct test_entity *entity)
{
    uint8_t scalar[EC_SCALAR_SIZE];

    ck_assert(ec_key_scalar(entity->key, scalar));
    return (struct rsp_credentials){cert_parse(buf_span(&entity->der), NULL),
                                    ec_key_from_scalar(ec_key_curve(entity->key), SPAN_ARRAY(scalar))};
}

void smds_bench_start(struct smds_bench *ds)
{
    char why[DB_WHY_MAX];
    const char *reason = NULL;
    struct bench *bench = &ds->bench;

    bench_start(bench, EC_CURVE_P256);
    bench->carry = carry;
    bench->matching_id = NULL;
    ds->smds = (struct smds){.rsp.role = CERT_ROLE_DS_AUTH,
                             .options = {.events_max = 5, .per_eid_max = 3},
                             .on_errand = count_errand,
                             .errand_context = &ds->errands_told};
    ds->door = (struct smds_door){.es11 = true, .es12 = true};
    ds->client_cert = SPAN_NONE;
    ds->errands_told = 0;
    ck_assert(euicc_trust_add(&ds->smds.rsp.trust, cert_parse(buf_span(&bench->ci.ci.der), NULL), &reason));
    ck_assert(rsp_server_add_credentials(&ds->smds.rsp, smds_bench_credentials(&bench->ci.ds_auth), &reason));
    ck_assert(rsp_server_add_address(&ds->smds.rsp, BENCH_ADDRESS));
    ds->smds.store = smds_store_open(NULL, why);
    ck_assert_msg(ds->smds.store != NULL, "%s", why);
}

void smds_bench_stop(struct smds_bench *ds)
{
    smds_clear(&ds->smds);
    bench_stop(&ds->bench);
}

json_t *smds_bench_es12(struct smds_bench *ds, const char *function, const char *owner, const char *eid,
                        const char *event_id, const char *server, bool forwarding)
{
    char path[80];
    json_t *request = json_pack("{s:{s:s,s:s},s:s,s:s}", "header", "functionRequesterIdentifier", owner,
                                "functionCallIdentifier", "1", "eid", eid, "eventId", event_id);

    if (server != NULL) {
        json_object_set_new(request, "rspServerAddress", json_string(server));
        json_object_set_new(request, "forwardingIndicator", json_boolean(forwarding));
    }
    snprintf(path, sizeof(path), ES12 "%s", function);
    return bench_post(&ds->bench, path, request);
}
