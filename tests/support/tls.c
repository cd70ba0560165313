/* A server's certificate for tests. See tls.h. */
#include "tests/support/tls.h"

#include "tests/support/test.h"
#include "tools/pki/pki.h"

#include <stdio.h>
#include <unistd.h>

void test_tls_make(struct test_tls *tls)
{
    static char directory[600], words[4][12] = {"init", "--dir", "--host", "localhost"};
    char *arguments[] = {words[0], words[1], directory, words[2], words[3], NULL};
    int kept = dup(STDOUT_FILENO);

    snprintf(directory, sizeof(directory), "%s", test_path("pki"));
    if (!pki_has_curve(directory, EC_CURVE_P256)) {
        ck_assert_ptr_nonnull(freopen("/dev/null", "w", stdout));
        ck_assert_int_eq(command_run(&pki_init, 5, arguments), 0);
        fflush(stdout);
    }
    ck_assert_int_ge(dup2(kept, STDOUT_FILENO), 0);
    close(kept);
    tls->directory = directory;
    ck_assert(pki_top_path(tls->ca, directory, PKI_CA_BUNDLE) &&
              pki_path(tls->cert, directory, EC_CURVE_P256, PKI_DP_TLS, PKI_CERT_PEM) &&
              pki_path(tls->key, directory, EC_CURVE_P256, PKI_DP_TLS, PKI_KEY_PEM));
}
