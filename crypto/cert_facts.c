/* Certificates: what a parsed one says. */
#include "crypto/cert.h"

#include "crypto/cert_internal.h"

struct span cert_der(const struct cert *cert)
{
    return buf_span(&cert->der);
}

const struct ec_key *cert_key(const struct cert *cert)
{
    return cert->key;
}

enum cert_role cert_role(const struct cert *cert)
{
    return cert->role;
}

enum cert_role cert_role_v3(const struct cert *cert)
{
    return cert->role_v3;
}

struct span cert_subject_key_id(const struct cert *cert)
{
    return cert->subject_key_id;
}

struct span cert_authority_key_id(const struct cert *cert)
{
    return cert->authority_key_id;
}

struct span cert_serial(const struct cert *cert)
{
    return cert->serial;
}

struct span cert_oid(const struct cert *cert)
{
    return cert->oid;
}

const char *cert_subject_serial_number(const struct cert *cert)
{
    return cert->serial_number;
}

const char *cert_subject_organization(const struct cert *cert)
{
    return cert->organization;
}

const char *cert_subject_line(const struct cert *cert)
{
    return cert->subject_line;
}

bool cert_is_tls_server(const struct cert *cert)
{
    return cert->is_tls_server;
}

int64_t cert_not_before(const struct cert *cert)
{
    return cert->not_before;
}

int64_t cert_not_after(const struct cert *cert)
{
    return cert->not_after;
}
