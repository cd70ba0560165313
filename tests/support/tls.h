/* A server's certificate for tests on this machine, from a PKI as `softeuicc pki init` makes it. For tests
 * only. */
#ifndef SOFTEUICC_TESTS_SUPPORT_TLS_H
#define SOFTEUICC_TESTS_SUPPORT_TLS_H

#include "common/pki/pki_dir.h"

/* Where the PKI is; files: the CAs, and of the server, which is called localhost and 127.0.0.1. */
struct test_tls {
    const char *directory;
    char ca[PKI_PATH_MAX], cert[PKI_PATH_MAX], key[PKI_PATH_MAX];
};

/* The PKI is made with the first call. */
void test_tls_make(struct test_tls *tls);

#endif
