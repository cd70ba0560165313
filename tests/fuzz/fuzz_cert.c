/*
 * Certificates and revocation lists, as a server or an LPA sends them. Input: one octet (bit 0: a revocation
 * list; bit 1: the input is the part to be signed, which is then signed by the CI, to get behind the
 * signature check), then the object.
 */
#include "apdu/tlv.h"
#include "crypto/cert.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/pki.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <string.h>

/* ecdsa-with-SHA256, RFC 5758 3.2 */
static const uint8_t algorithm[] = {0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};

static struct test_ci ci;

/* An INTEGER from octets that count as positive. */
static void put_positive(struct buf *out, struct span octets)
{
    size_t mark = tlv_open(out, 0x02);

    while (octets.size > 1 && octets.data[0] == 0)
        octets = SPAN(octets.data + 1, octets.size - 1);
    if ((octets.data[0] & 0x80) != 0)
        buf_append_octet(out, 0);
    buf_append(out, octets);
    tlv_close(out, mark);
}

/* SEQUENCE { what is signed, algorithm, signature }, RFC 5280 4.1.1. */
static void put_signed(struct buf *out, struct span content)
{
    uint8_t signature[EC_SIGNATURE_SIZE];
    size_t outer = tlv_open(out, 0x30);
    size_t bits;
    size_t pair;

    fuzz_check(ec_sign(ci.ci.key, &content, 1, signature));
    buf_append(out, content);
    buf_append(out, SPAN_ARRAY(algorithm));
    bits = tlv_open(out, 0x03);
    buf_append_octet(out, 0);
    pair = tlv_open(out, 0x30);
    put_positive(out, SPAN(signature, 32));
    put_positive(out, SPAN(signature + 32, 32));
    tlv_close(out, pair);
    tlv_close(out, bits);
    tlv_close(out, outer);
    fuzz_check(!out->failed);
}

/* What is taken for a certificate here, OpenSSL takes for one too, and for the same: ours is only the
 * stricter reader. */
static void check_against_openssl(const struct cert *cert)
{
    struct span der = cert_der(cert);
    const unsigned char *at = der.data;
    X509 *x509 = d2i_X509(NULL, &at, (long)der.size);
    uint8_t identifier[EC_IDENTIFIER_SIZE];
    uint8_t theirs[EC_IDENTIFIER_SIZE];

    fuzz_check(x509 != NULL && at == der.data + der.size);
    fuzz_check(X509_get_version(x509) == X509_VERSION_3);
    ec_key_identifier(cert_key(cert), identifier);
    fuzz_check(X509_pubkey_digest(x509, EVP_sha1(), theirs, NULL) == 1);
    fuzz_check(memcmp(identifier, theirs, sizeof(theirs)) == 0);
    X509_free(x509);
    ERR_clear_error();
}

static void use_cert(struct span der)
{
    enum cert_status status = CERT_OK;
    struct cert *cert = cert_parse(der, &status);
    uint8_t point[EC_POINT_SIZE];

    fuzz_check((cert == NULL) == (status != CERT_OK));
    fuzz_check(cert_status_name(status) != NULL);
    if (cert == NULL)
        return;
    fuzz_check(span_equal(cert_der(cert), der));
    fuzz_check(cert_key(cert) != NULL);
    fuzz_check(!ec_key_has_private(cert_key(cert)));
    ec_key_point(cert_key(cert), point);
    fuzz_check(point[0] == 0x04);
    fuzz_check(strlen(cert_subject_serial_number(cert)) < der.size);
    fuzz_check(cert_subject_line(cert) != NULL);
    fuzz_check(cert_serial(cert).size < der.size && cert_oid(cert).size < der.size);
    for (int role = CERT_ROLE_CI; role <= CERT_ROLE_DS_AUTH; role++) {
        status = cert_check(cert, (enum cert_role)role, cert_key(ci.ci.cert), SPAN_NONE);
        fuzz_check(status != CERT_OK || cert_role(cert) == (enum cert_role)role);
    }
    (void)cert_check(cert, CERT_ROLE_DP_AUTH, cert_key(ci.ci.cert), SPAN_ARRAY(ci.key_id));
    (void)cert_check_eid_permitted(cert, ci.eum.cert);
    (void)cert_check_eid_permitted(ci.eum.cert, cert);
    (void)cert_check_eid_permitted(cert, cert);
    check_against_openssl(cert);
    cert_free(cert);
}

static void use_crl(struct span der)
{
    enum cert_status status = CERT_OK;
    struct crl *crl = crl_parse(der, &status);
    const struct crl_facts *facts;
    size_t offset = 0;
    struct span serial;

    fuzz_check((crl == NULL) == (status != CERT_OK));
    if (crl == NULL)
        return;
    (void)crl_check(crl, cert_key(ci.ci.cert), SPAN_NONE);
    (void)crl_check(crl, cert_key(ci.ci.cert), SPAN_ARRAY(ci.key_id));
    facts = crl_facts(crl);
    fuzz_check(facts->authority_key_id.size < der.size);
    fuzz_check(!facts->is_delta || facts->base < facts->number);
    fuzz_check(facts->part <= facts->part_count);
    (void)crl_revokes(crl, ci.dp_auth.cert);
    while (crl_next_entry(crl, &offset, &serial))
        fuzz_check(serial.size > 0 && serial.size < der.size);
    crl_free(crl);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span in = SPAN(data, size);
    uint8_t mode = fuzz_octet(&in);
    struct buf sealed = {0};

    if (ci.ci.key == NULL)
        test_ci_make(&ci, EC_CURVE_P256);
    if ((mode & 2) != 0) {
        put_signed(&sealed, in);
        in = buf_span(&sealed);
    }
    if ((mode & 1) != 0)
        use_crl(in);
    else
        use_cert(in);
    buf_free(&sealed);
    return 0;
}
