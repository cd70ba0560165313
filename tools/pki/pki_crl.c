/* `softeuicc pki crl`: a revocation list signed by a test PKI's CI, for LoadCRL. */
#include "tools/pki/pki.h"

#include "common/tool.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define REVOKED_MAX  256
#define DEFAULT_DAYS 30

struct list {
    const char *dir;
    const char *out;
    enum ec_curve curve;
    const char *paths[REVOKED_MAX];
    struct cert *revoked[REVOKED_MAX];
    size_t count;
    uint64_t number;
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

static bool issue(const struct list *list, const struct pki_pair *ci, struct buf *der)
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
    if (crl_issue(ci->cert, ci->key, serials, list->count, list->number, now,
                  now + list->days * PKI_SECONDS_PER_DAY, der))
        return true;
    tool_error("cannot make the list");
    return false;
}

static int make(struct list *list)
{
    struct pki_pair ci = {0};
    struct buf der = {0};
    bool ok = load_revoked(list) && pki_load(list->dir, list->curve, PKI_CI, true, &ci) &&
              issue(list, &ci, &der) && tool_write_file(list->out, buf_span(&der), 0644);

    if (ok)
        printf("%s: list %" PRIu64 " of the CI on %s revokes %zu certificate%s\n", list->out, list->number,
               ec_curve_name(list->curve), list->count, list->count == 1 ? "" : "s");
    for (size_t i = 0; i < list->count; i++)
        cert_free(list->revoked[i]);
    pki_pair_free(&ci);
    buf_free(&der);
    return ok ? EXIT_OK : EXIT_FAILED;
}

static bool parse_number(const char *text, uint64_t *number)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > INT64_MAX) {
        tool_usage("--number '%s' is not a number from 0 to 2^63 - 1", text);
        return false;
    }
    *number = value;
    return true;
}

static int parse(struct list *list, int argc, char **argv)
{
    static const struct option options[] = {
        {"dir", required_argument, NULL, 'd'},
        {"revoke", required_argument, NULL, 'r'},
        {"out", required_argument, NULL, 'o'},
        {"curve", required_argument, NULL, 'c'},
        {"number", required_argument, NULL, 'n'},
        {"days", required_argument, NULL, 'D'},
        {NULL, 0, NULL, 0},
    };
    int option;

    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        switch (option) {
        case 'd':
            list->dir = optarg;
            break;
        case 'r':
            if (list->count == REVOKED_MAX)
                return tool_usage("more than %d certificates to revoke", REVOKED_MAX);
            list->paths[list->count++] = optarg;
            break;
        case 'o':
            list->out = optarg;
            break;
        case 'c':
            list->curve = pki_parse_curve(optarg);
            if (list->curve == EC_CURVE_NONE)
                return EXIT_USAGE;
            break;
        case 'n':
            if (!parse_number(optarg, &list->number))
                return EXIT_USAGE;
            break;
        case 'D':
            if (!pki_parse_days(optarg, &list->days))
                return EXIT_USAGE;
            break;
        case ':':
            return tool_usage("%s wants a value", argv[optind - 1]);
        default:
            return tool_usage("there is no option '%s'", argv[optind - 1]);
        }
    }
    if (optind < argc)
        return tool_usage("'%s' is one argument too many", argv[optind]);
    if (list->dir == NULL || list->out == NULL)
        return tool_usage("%s is missing", list->dir == NULL ? "--dir" : "--out");
    return EXIT_OK;
}

int pki_run_crl(int argc, char **argv)
{
    struct list list = {.number = (uint64_t)time(NULL), .days = DEFAULT_DAYS};
    int status = parse(&list, argc, argv);

    return status == EXIT_OK ? make(&list) : status;
}
