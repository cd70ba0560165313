/* `softeuicc pki crl`: a revocation list signed by a test PKI's CI, for LoadCRL. */
#include "tools/pki/pki.h"

#include "common/print/print.h"
#include "common/tool.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#define REVOKED_MAX  256
#define DEFAULT_DAYS 30 /* help says so, too */

struct list {
    const char *dir;
    const char *out;
    enum ec_curve curve;
    const char *paths[REVOKED_MAX];
    struct cert *revoked[REVOKED_MAX];
    size_t count;
    int64_t number;
    int64_t days;
};

static bool load_revoked(struct list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        enum ec_curve curve;

        list->revoked[i] = pki_load_cert_file(list->paths[i]);
        if (list->revoked[i] == NULL)
            return false;
        curve = ec_key_curve(cert_key(list->revoked[i]));
        if (list->curve == EC_CURVE_NONE)
            list->curve = curve;
        if (list->curve != curve) {
            tool_error("%s is on %s, the list is of the CI on %s", list->paths[i], ec_curve_name(curve),
                       ec_curve_name(list->curve));
            return false;
        }
    }
    if (list->curve == EC_CURVE_NONE)
        list->curve = EC_CURVE_P256;
    return true;
}

static bool pki_crl_issue(const struct list *list, const struct pki_pair *ci, struct buf *der)
{
    struct span serials[REVOKED_MAX];
    int64_t now = (int64_t)time(NULL);

    for (size_t i = 0; i < list->count; i++) {
        const struct cert *cert = list->revoked[i];

        if (!cert_issued_by_name(cert, ci->cert) ||
            !span_equal(cert_authority_key_id(cert), cert_subject_key_id(ci->cert))) {
            tool_error("%s was not issued by the CI of %s", list->paths[i], list->dir);
            return false;
        }
        serials[i] = cert_serial(cert);
    }
    if (crl_issue(ci->cert, ci->key, serials, list->count, (uint64_t)list->number, now,
                  now + list->days * PKI_SECONDS_PER_DAY, der))
        return true;
    tool_error("cannot make the list");
    return false;
}

static int pki_crl_make(struct list *list)
{
    struct pki_pair ci = {0};
    struct buf der = {0};
    bool ok = load_revoked(list) && pki_load_any(list->dir, list->curve, PKI_CI, true, &ci) &&
              pki_crl_issue(list, &ci, &der) && tool_write_file(list->out, buf_span(&der), 0644);

    if (ok)
        print_line("%s: list %" PRId64 " of the CI on %s revokes %zu certificate%s", list->out, list->number,
                   ec_curve_name(list->curve), list->count, list->count == 1 ? "" : "s");
    for (size_t i = 0; i < list->count; i++)
        cert_free(list->revoked[i]);
    pki_pair_free(&ci);
    buf_free(&der);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static const struct option_row options[] = {
    {"dir", "DIR", "the PKI", TAKES_TEXT(struct list, dir), .required = true},
    {"revoke", "CERT", "the certificate file to revoke; may be given again; without any, the list is empty",
     TAKES_LIST(struct list, paths, count)},
    {"out", "FILE", "where to", TAKES_TEXT(struct list, out), .required = true},
    {"number", "N", "the list's number (default: the time in seconds)",
     TAKES_NUMBER(struct list, number, 0, INT64_MAX)},
    {"days", "N", "until the next list is due (default 30)", TAKES_NUMBER(struct list, days, 1, PKI_DAYS_MAX),
     .unit = "days"},
    {"curve", "CURVE", "of the CI, when there is no --revoke to tell it: p256 (the default) or brainpool",
     TAKES_CHOICE(struct list, curve, pki_curve_words)},
    {0},
};

static void pki_crl_begin(void *settings)
{
    struct list *list = settings;

    list->number = (int64_t)time(NULL);
    list->days = DEFAULT_DAYS;
}

static int pki_crl_run(const struct command_line *line)
{
    return pki_crl_make(line->settings);
}

const struct command pki_crl = {
    "crl",
    "",
    "write a revocation list",
    "Writes a revocation list (DER) signed by the CI.",
    .options = options,
    .settings_size = sizeof(struct list),
    .begin = pki_crl_begin,
    .run = pki_crl_run,
};
