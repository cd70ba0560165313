/*
 * The SM-DP+ of servers/smdpp without its sockets, and an eUICC with its LPA that can be made to lie:
 * requests go through the JSON binding as an LPA's would, a fault function may change what the eUICC says
 * where it is made. For tests only.
 */
#ifndef SOFTEUICC_TESTS_SUPPORT_SMDPP_H
#define SOFTEUICC_TESTS_SUPPORT_SMDPP_H

#include "servers/smdpp/network/http_api.h"
#include "tests/support/pki.h"

#define BENCH_ADDRESS "smdp.example.com:8443"
#define BENCH_ICCID   "8900112233445566778" /* of the profile "demo" */
#define BENCH_ICCID2  "8900112233445566786" /* of the profile "second_one" */

enum bench_point {
    BENCH_INFO1 = 1,     /* BF20 whole */
    BENCH_SIGNED1,       /* euiccSigned1, before it is signed */
    BENCH_SIGNATURE1,    /* 64 octets */
    BENCH_EUICC_CERT,    /* as sent; the signing key stays */
    BENCH_EUM_CERT,      /* as sent */
    BENCH_AUTHENTICATE,  /* BF38 whole */
    BENCH_SIGNED2,       /* euiccSigned2, before it is signed */
    BENCH_SIGNATURE2,    /* 64 octets */
    BENCH_PREPARE,       /* BF21 whole */
    BENCH_CANCEL_SIGNED, /* euiccCancelSessionSigned, before it is signed */
    BENCH_CANCEL,        /* BF41 whole */
    BENCH_RESULT_DATA,   /* BF27 whole, before it is signed */
    BENCH_NOTIFICATION,  /* the pending notification */
};

struct bench {
    struct smdpp smdpp;
    const char *address; /* the server's */
    /* Carries a request to the server; NULL: straight to http_api_answer. */
    struct http_answer (*carry)(struct bench *bench, const struct http_request *request);
    struct test_ci ci;
    /* the eUICC */
    struct test_entity euicc;
    bool asn1;               /* it uses the ASN.1 binding */
    const char *matching_id; /* NULL: none */
    uint64_t free_nvm;
    uint8_t profile_version;
    uint8_t additional_version; /* of a package format beside it; 0: none */
    uint8_t forbidden_pprs;     /* first octet of the BIT STRING */
    const char *code;           /* the confirmation code its user enters; NULL: none */
    void (*fault)(struct bench *bench, enum bench_point point, struct buf *octets);
    /* the session */
    struct ec_key *otsk; /* made when needed */
    char transaction[33];
    uint8_t transaction_id[16];
    struct buf signed1;    /* serverSigned1 as received */
    struct buf signature1; /* 5F37 of the eUICC */
    struct buf smdp_signed2, smdp_signature2, smdp_certificate, metadata;
    struct buf bpp;
    uint64_t sequence_number;
};

/* A server with a PKI on `curve` and the profiles "demo" and "second_one", and an eUICC for it that asks for
 * "demo". */
void bench_start(struct bench *bench, enum ec_curve curve);
/* The same for a server with another address than BENCH_ADDRESS; the text must stay. */
void bench_start_at(struct bench *bench, enum ec_curve curve, const char *address);
void bench_stop(struct bench *bench);

/* Any request; the answer's body, which the caller frees, is a string in answer->body. */
struct http_answer bench_request(struct bench *bench, const char *method, const char *path,
                                 const char *content_type, const char *admin_protocol, struct span body);
/* A POST of JSON (taken); fails the test when the code is not 200. The caller releases the answer. With
 * bench->asn1, ES9+ requests are sent in the ASN.1 binding, and the answer's JSON is made from what comes
 * back: a refusal has the subject "asn1" and the error number as its reason. */
json_t *bench_post(struct bench *bench, const char *path, json_t *request);
/* A GET. */
json_t *bench_get(struct bench *bench, const char *path);
/* Checks that the answer is a refusal with these codes, or a success when `subject` is NULL; releases it. */
void bench_expect_at(const char *file, int line, json_t *answer, const char *subject, const char *reason);
#define bench_expect(answer, subject, reason)                                                                \
    bench_expect_at(__FILE__, __LINE__, (answer), (subject), (reason))
#define bench_success(answer) bench_expect_at(__FILE__, __LINE__, (answer), NULL, NULL)

/* The steps of a download; each keeps what the next one needs, when the server accepted, and returns the
 * answer. */
json_t *bench_initiate(struct bench *bench);
json_t *bench_authenticate(struct bench *bench);
json_t *bench_prepare(struct bench *bench);
json_t *bench_cancel(struct bench *bench, int reason);
/* EUICCInfo1 (BF20) and EUICCInfo2 (BF22) of this eUICC, appended. */
void bench_put_info1(const struct bench *bench, struct buf *out);
void bench_put_info2(const struct bench *bench, struct buf *out);
/* The first two, or all three, which must be accepted. */
void bench_until_offered(struct bench *bench);
void bench_until_bound(struct bench *bench);

/* Opens the BPP as a card does: the metadata and the package appended. Fails the test when anything in it is
 * wrong. */
void bench_open_bpp(struct bench *bench, bool ppk, struct buf *metadata, struct buf *package);

/* Sends ProfileInstallationResult (error < 0: success) or another notification; the HTTP code. */
int bench_install_result(struct bench *bench, int error);
int bench_notify(struct bench *bench, unsigned operation, const char *iccid);

/* An ES2+ call: `fields` (taken) and the header it needs, with a functionCallIdentifier that no call had
 * before, or with this one. */
json_t *bench_es2p(struct bench *bench, const char *function, json_t *fields);
json_t *bench_es2p_as(struct bench *bench, const char *function, const char *id, json_t *fields);
/* The state of an order as /orders says; "available" without one. */
const char *bench_order_state(struct bench *bench, const char *iccid);

bool bench_is_success(const json_t *answer);
/* The octets as a JSON string in base64. */
json_t *bench_base64(struct span octets);
/* The octets of a base64 member. Fails the test when it is not there. */
void bench_take(const json_t *answer, const char *name, struct buf *out);

#endif
