/* `softeuicc pki`: a test PKI with every key and certificate that cards and servers of eSIM need. */
#include "tools/pki/pki.h"

#include "common/left_out.h"
#include "common/tool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"init", pki_run_init},
    {"show", pki_run_show},
    {"crl", pki_run_crl},
};

static int print_help(void)
{
    puts(
        "Usage: softeuicc pki init --dir DIR [--curve p256|brainpool]... [--host NAME]... [--days N] "
        "[--json]" JSON_LEFT_OUT "\n"
        "       softeuicc pki show FILE... | --dir DIR [--json]" JSON_LEFT_OUT "\n"
        "       softeuicc pki crl --dir DIR [--revoke CERT]... --out FILE [--curve CURVE] [--number N] "
        "[--days N]\n"
        "\n"
        "A test PKI: CI, EUM, SM-DP+, SM-DS and eIM. For tests only: the private keys lie in the directory.\n"
        "\n"
        "init makes DIR, which must not exist (or be empty). Both curves unless --curve says otherwise.\n"
        "  --host NAME   a name or address of the TLS servers, besides localhost, 127.0.0.1 and ::1\n"
        "  --days N      how long the certificates are valid (default 3650)\n"
        "show prints role, OID, key identifier, curve, EID prefix and validity of certificates (PEM or "
        "DER);\n"
        "  with --dir, those of a PKI, each checked against its CI\n"
        "crl writes a revocation list (DER) signed by the CI\n"
        "  --revoke CERT the certificate file to revoke; without any, the list is empty\n"
        "  --number N    the list's number (default: the time in seconds)\n"
        "  --days N      until the next list is due (default 30)\n"
        "  --curve CURVE of the CI, when there is no --revoke to tell it (default p256)");
    return EXIT_OK;
}

bool pki_parse_days(const char *text, int64_t *days)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end != '\0' || value < 1 || value > 36500) {
        tool_usage("--days '%s' is not a number from 1 to 36500", text);
        return false;
    }
    *days = value;
    return true;
}

enum ec_curve pki_parse_curve(const char *text)
{
    enum ec_curve curve = pki_curve_from_name(text);

    if (curve == EC_CURVE_NONE)
        tool_usage("--curve '%s' is neither p256 nor brainpool", text);
    return curve;
}

int tool_pki(int argc, char **argv)
{
    if (argc < 2)
        return tool_usage("say init, show or crl");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return print_help();
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[1], commands[i].name) != 0)
            continue;
        for (int a = 2; a < argc; a++)
            if (strcmp(argv[a], "--help") == 0)
                return print_help();
        return commands[i].run(argc - 1, argv + 1);
    }
    return tool_usage("there is no 'pki %s': say init, show or crl", argv[1]);
}
