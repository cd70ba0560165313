/* A PKI made on the spot: see pki.h. */
#include "tests/support/pki.h"

#include "apdu/tlv.h"
#include "crypto/cert_internal.h"
#include "tests/support/edit.h"
#include "tests/support/test.h"

#include <string.h>

#define NOT_BEFORE 1577836800 /* 2020-01-01 */
#define NOT_AFTER  2524608000 /* 2050-01-01 */

void test_entity_request(struct test_entity *entity, const struct cert_request *request, enum ec_curve curve,
                         const struct test_entity *issuer)
{
    enum cert_status status;

    *entity = (struct test_entity){.key = ec_key_generate(curve, NULL)};
    ck_assert_ptr_nonnull(entity->key);
    ck_assert(cert_issue(request, entity->key, issuer != NULL ? issuer->cert : NULL,
                         issuer != NULL ? issuer->key : entity->key, &entity->der));
    entity->cert = cert_parse(buf_span(&entity->der), &status);
    ck_assert_msg(entity->cert != NULL, "%s: %s", request->common_name, cert_status_name(status));
}

void test_entity_issue(struct test_entity *entity, const struct test_ci *ci, enum cert_role role,
                       const char *oid, enum ec_curve curve)
{
    struct cert_request request = {
        .role = role,
        .organization = "softeuicc tests",
        .common_name = role == CERT_ROLE_EUM ? "Test EUM" : "Test server",
        .oid = oid,
        .eid_prefix = role == CERT_ROLE_EUM ? "89049032" : NULL,
        .not_before = NOT_BEFORE,
        .not_after = NOT_AFTER,
    };

    test_entity_request(entity, &request, curve, &ci->ci);
}

/* An unsigned number of 32 octets as INTEGER. */
static void put_integer(struct buf *out, const uint8_t octets[32])
{
    uint8_t value[33] = {0};
    size_t skip = 0;

    memcpy(value + 1, octets, 32);
    while (skip < 32 && value[skip] == 0 && value[skip + 1] < 0x80)
        skip++;
    tlv_put(out, 0x02, SPAN(value + skip, 33 - skip));
}

void test_entity_sign_with(struct test_entity *entity, const struct ec_key *key)
{
    struct tlv_reader reader;
    struct buf signature = {0};
    struct span content, tbs;
    uint8_t octets[EC_SIGNATURE_SIZE];
    enum cert_status status;
    size_t mark;

    ck_assert_int_eq(tlv_single(buf_span(&entity->der), 0x30, &content), TLV_OK);
    reader = tlv_reader(content);
    ck_assert(tlv_require_whole(&reader, 0x30, NULL, &tbs));
    ck_assert(ec_sign(key, &tbs, 1, octets));
    buf_append_octet(&signature, 0); /* no unused bits */
    mark = tlv_open(&signature, 0x30);
    put_integer(&signature, octets);
    put_integer(&signature, octets + 32);
    tlv_close(&signature, mark);
    edit_value(&entity->der, EDIT_PATH(0x30, 0x03), buf_span(&signature));
    buf_free(&signature);
    cert_free(entity->cert);
    entity->cert = cert_parse(buf_span(&entity->der), &status);
    ck_assert_ptr_nonnull(entity->cert);
}

void test_entity_free(struct test_entity *entity)
{
    ec_key_free(entity->key);
    cert_free(entity->cert);
    buf_free(&entity->der);
    *entity = (struct test_entity){0};
}

void test_ci_make(struct test_ci *ci, enum ec_curve curve)
{
    struct cert_request request = {
        .role = CERT_ROLE_CI,
        .organization = "softeuicc tests",
        .common_name = "Test CI",
        .oid = "2.999.1",
        .not_before = NOT_BEFORE,
        .not_after = NOT_AFTER,
    };

    *ci = (struct test_ci){.curve = curve};
    test_entity_request(&ci->ci, &request, curve, NULL);
    ck_assert_uint_eq(cert_subject_key_id(ci->ci.cert).size, sizeof(ci->key_id));
    memcpy(ci->key_id, cert_subject_key_id(ci->ci.cert).data, sizeof(ci->key_id));
    test_entity_issue(&ci->eum, ci, CERT_ROLE_EUM, "2.999.5", curve);
    test_entity_issue(&ci->dp_auth, ci, CERT_ROLE_DP_AUTH, TEST_OID, curve);
    test_entity_issue(&ci->dp_pb, ci, CERT_ROLE_DP_PB, TEST_OID, curve);
    test_entity_issue(&ci->dp2_auth, ci, CERT_ROLE_DP_AUTH, TEST_OID2, curve);
    test_entity_issue(&ci->dp2_pb, ci, CERT_ROLE_DP_PB, TEST_OID2, curve);
    test_entity_issue(&ci->ds_auth, ci, CERT_ROLE_DS_AUTH, "2.999.15", curve);
}

void test_ci_free(struct test_ci *ci)
{
    test_entity_free(&ci->ci);
    test_entity_free(&ci->eum);
    test_entity_free(&ci->dp_auth);
    test_entity_free(&ci->dp_pb);
    test_entity_free(&ci->dp2_auth);
    test_entity_free(&ci->dp2_pb);
    test_entity_free(&ci->ds_auth);
}

bool test_dns_name(const struct cert *cert, size_t index, struct span *name)
{
    struct tlv_reader reader = tlv_reader(cert->alt_names);
    struct tlv object;

    while (tlv_next(&reader, &object) == TLV_OK) {
        if (object.tag == CERT_TAG_DNS_NAME && index-- == 0) {
            *name = object.value;
            return true;
        }
    }
    return false;
}

struct softeuicc *test_card_on(const char *path, const struct test_ci *cis, size_t count, uint64_t free_nvm,
                               const struct softeuicc_hooks *hooks)
{
    struct softeuicc_credentials credentials[4] = {0};
    struct softeuicc_parameters parameters = {
        .eid = TEST_EID, .credentials = credentials, .credentials_count = count, .free_nvm = free_nvm};
    struct buf keys[4] = {0};
    struct softeuicc_error error;
    struct softeuicc *card;

    ck_assert_uint_le(count, 4);
    for (size_t i = 0; i < count; i++) {
        ck_assert(ec_key_to_pkcs8(cis[i].eum.key, &keys[i]));
        credentials[i] = (struct softeuicc_credentials){
            .ci_cert = cis[i].ci.der.data,
            .ci_cert_size = cis[i].ci.der.size,
            .eum_cert = cis[i].eum.der.data,
            .eum_cert_size = cis[i].eum.der.size,
            .eum_key = keys[i].data,
            .eum_key_size = keys[i].size,
        };
    }
    card = softeuicc_create_open(path, &parameters, hooks, &error);
    ck_assert_msg(card != NULL, "%s", error.message);
    for (size_t i = 0; i < count; i++)
        buf_free(&keys[i]);
    return card;
}

struct softeuicc *test_card(const char *path, const struct test_ci *cis, size_t count, uint64_t free_nvm)
{
    return test_card_on(path, cis, count, free_nvm, NULL);
}
