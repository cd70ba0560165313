/* `softeuicc pki init`: writes a test PKI. All of it is made in a directory beside, then renamed: DIR is
 * whole or not there. */
#include "tools/pki/pki.h"

#include "common/directory.h"
#include "common/ending.h"
#include "common/left_out.h"
#include "common/pki/pki_make.h"
#include "common/tool.h"

#include <openssl/crypto.h>
#include <openssl/pem.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_DAYS   3650 /* help says so, too */
#define HOSTS_MAX      32
#define CLOCK_SKEW     3600 /* certificates are valid from an hour ago, for peers whose clocks are behind */
#define TEMPORARY_TAIL ".XXXXXX"

struct init {
    const char *dir;
    bool curves[EC_CURVE_BRAINPOOL_P256R1 + 1];
    const char *hosts[HOSTS_MAX + 1];
    size_t host_count;
    int64_t days;
    enum pki_variant variant;
    bool json;
};

static const char readme[] =
    "A test PKI for eSIM, made by 'softeuicc pki init'. For tests only: anybody who can read this directory "
    "can issue\n"
    "certificates with it.\n"
    "\n"
    "ci.pem               the CI certificates of all curves, the CA bundle for TLS clients (curl --cacert "
    "ci.pem)\n"
    "CURVE/NAME.key.pem   private key, PKCS#8\n"
    "CURVE/NAME.cert.der  certificate\n"
    "CURVE/NAME.cert.pem  the same certificate as PEM\n"
    "\n"
    "CURVE is p256 (NIST P-256) or brainpool (brainpoolP256r1). NAME is one of:\n";

/* What each is for. */
static const char *const descriptions[PKI_ENTITIES] = {
    [PKI_CI] = "certificate issuer (GSMA CI), the root; signs revocation lists too",
    [PKI_CI_SUBCA] = "sub-CA of the CI",
    [PKI_EUM] = "eUICC manufacturer, of cards whose EID begins with " PKI_EID_PREFIX,
    [PKI_EUM_SUBCA] = "sub-CA of the EUM, for eUICC certificates",
    [PKI_DP_SUBCA] = "sub-CA for SM-DP+s",
    [PKI_DP_AUTH] = "SM-DP+, authentication",
    [PKI_DP_PB] = "SM-DP+, profile package binding",
    [PKI_DP_TLS] = "SM-DP+, TLS server",
    [PKI_DS_SUBCA] = "sub-CA for SM-DSs",
    [PKI_DS_AUTH] = "SM-DS, authentication",
    [PKI_DS_TLS] = "SM-DS, TLS server",
    [PKI_EIM_SIGN] = "eIM, signing of eUICC packages",
    [PKI_EIM_TLS] = "eIM, TLS server",
};

static const char readme_sub_cas[] =
    "\n"
    "Variant %s has sub-CAs, with the certificate policies of SGP.22 version 3. The .cert.pem of a TLS "
    "server "
    "holds those\n"
    "of the sub-CAs up to the CI behind its own, as the server sends them: ci.pem is all that a TLS client "
    "needs to have.\n"
    "The RSP functions of version 2 carry no sub-CA's certificate. So cards, SM-DP+ and eIM of softeuicc do "
    "not take this\n"
    "directory with --pki; their --tls-cert and --tls-key take its TLS files.\n";

static void write_names(const struct init *init, struct buf *out)
{
    char line[160];

    for (enum pki_entity i = PKI_CI; i < PKI_ENTITIES; i++) {
        if (!pki_variant_has(init->variant, i))
            continue;
        snprintf(line, sizeof(line), "  %-10s %s%s%s\n", pki_entity_name(i), descriptions[i],
                 i != PKI_CI ? "; issued by " : "",
                 i != PKI_CI ? pki_entity_name(pki_issuer(init->variant, i)) : "");
        buf_append(out, span_of_string(line));
    }
}

static bool write_readme(const struct init *init, const char *dir)
{
    struct buf text = {0};
    char path[PKI_PATH_MAX];
    char about[sizeof(readme_sub_cas) + 8];
    bool ok;

    buf_append(&text, SPAN_STRING(readme));
    write_names(init, &text);
    if (init->variant != PKI_VARIANT_O) {
        snprintf(about, sizeof(about), readme_sub_cas, pki_variant_words[init->variant]);
        buf_append(&text, span_of_string(about));
    }
    buf_append(&text,
               SPAN_STRING("\n'softeuicc pki show --dir DIR' lists roles, issuers, OIDs, key identifiers "
                           "and validity.\n"));
    ok = !text.failed && pki_top_path(path, dir, PKI_README) && tool_write_file(path, buf_span(&text), 0644);
    buf_free(&text);
    return ok;
}

static bool put_pem(struct buf *out, const char *label, struct span der)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    bool ok = bio != NULL && PEM_write_bio(bio, label, "", der.data, (long)der.size) > 0;

    if (ok) {
        struct span pem = SPAN(NULL, (size_t)BIO_get_mem_data(bio, &text));

        pem.data = (const uint8_t *)text;
        buf_append(out, pem);
    }
    BIO_free(bio);
    return ok && !out->failed;
}

static bool write_key(const char *path, const struct ec_key *key)
{
    struct buf der = {0};
    struct buf pem = {0};
    bool ok = ec_key_to_pkcs8(key, &der) && put_pem(&pem, PEM_STRING_PKCS8INF, buf_span(&der)) &&
              tool_write_file(path, buf_span(&pem), 0600);

    buf_wipe(&der);
    buf_free(&der);
    buf_wipe(&pem);
    buf_free(&pem);
    return ok;
}

/* The certificate; behind a TLS server's the sub-CAs' up to the CI, which such a server sends too. */
static bool put_chain(struct buf *out, enum pki_variant variant, enum pki_entity entity,
                      const struct pki_pair pairs[PKI_ENTITIES])
{
    bool ok = put_pem(out, PEM_STRING_X509, cert_der(pairs[entity].cert));

    if (!cert_is_tls_server(pairs[entity].cert))
        return ok;
    for (entity = pki_issuer(variant, entity); ok && entity != PKI_CI; entity = pki_issuer(variant, entity))
        ok = put_pem(out, PEM_STRING_X509, cert_der(pairs[entity].cert));
    return ok;
}

static bool write_pair(const char *dir, enum ec_curve curve, enum pki_variant variant, enum pki_entity entity,
                       const struct pki_pair pairs[PKI_ENTITIES], struct buf *bundle)
{
    char path[PKI_PATH_MAX];
    struct buf pem = {0};
    bool ok = pki_path(path, dir, curve, entity, PKI_KEY_PEM) && write_key(path, pairs[entity].key) &&
              pki_path(path, dir, curve, entity, PKI_CERT_DER) &&
              tool_write_file(path, cert_der(pairs[entity].cert), 0644) &&
              pki_path(path, dir, curve, entity, PKI_CERT_PEM) && put_chain(&pem, variant, entity, pairs) &&
              tool_write_file(path, buf_span(&pem), 0644);

    if (entity == PKI_CI)
        buf_append(bundle, buf_span(&pem));
    buf_free(&pem);
    return ok;
}

static bool write_curve(const struct init *init, const char *dir, enum ec_curve curve, struct buf *bundle)
{
    struct pki_pair pairs[PKI_ENTITIES];
    char path[PKI_PATH_MAX];
    int64_t now = (int64_t)time(NULL);
    const struct pki_options options = {
        .hosts = init->hosts,
        .not_before = now - CLOCK_SKEW,
        .not_after = now + init->days * PKI_SECONDS_PER_DAY,
        .variant = init->variant,
    };
    bool ok = true;

    if (!pki_top_path(path, dir, pki_curve_directory(curve)) || mkdir(path, 0755) != 0) {
        tool_error("cannot make %s: %s", path, strerror(errno));
        return false;
    }
    if (!pki_make(curve, &options, pairs)) {
        tool_error("cannot make the certificates on %s", ec_curve_name(curve));
        return false;
    }
    for (enum pki_entity i = PKI_CI; ok && i < PKI_ENTITIES; i++)
        ok = pairs[i].cert == NULL || write_pair(dir, curve, init->variant, i, pairs, bundle);
    pki_free(pairs);
    return ok;
}

static bool write_all(const struct init *init, const char *dir)
{
    struct buf bundle = {0};
    char path[PKI_PATH_MAX];
    bool ok = true;

    for (enum ec_curve curve = EC_CURVE_P256; ok && curve <= EC_CURVE_BRAINPOOL_P256R1; curve++)
        if (init->curves[curve])
            ok = write_curve(init, dir, curve, &bundle);
    ok = ok && pki_top_path(path, dir, PKI_CA_BUNDLE) && tool_write_file(path, buf_span(&bundle), 0644) &&
         write_readme(init, dir);
    buf_free(&bundle);
    return ok;
}

/* Nothing, or an empty directory, may stand where the PKI goes. */
static bool place_is_free(const char *dir)
{
    DIR *handle = opendir(dir);
    const struct dirent *entry;
    bool is_empty = true;

    if (handle == NULL) {
        if (errno == ENOENT)
            return true;
        tool_error("cannot use %s: %s", dir, strerror(errno));
        return false;
    }
    while (is_empty && (entry = readdir(handle)) != NULL)
        is_empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
    closedir(handle);
    if (is_empty)
        return true;
    if (pki_has_curve(dir, EC_CURVE_P256) || pki_has_curve(dir, EC_CURVE_BRAINPOOL_P256R1))
        tool_error("%s already holds a PKI; nothing was changed", dir);
    else
        tool_error("%s is not empty; nothing was changed", dir);
    return false;
}

static int pki_init_make(const struct init *init)
{
    char dir[PKI_PATH_MAX];
    char temporary[PKI_PATH_MAX + sizeof(TEMPORARY_TAIL)];
    size_t size = strlen(init->dir);

    /* A trailing slash would put the temporary directory inside. */
    while (size > 1 && init->dir[size - 1] == '/')
        size--;
    if (size == 0 || size >= sizeof(dir) / 2)
        return tool_error("the path of the PKI directory is empty or too long");
    memcpy(dir, init->dir, size);
    dir[size] = '\0';
    if (!place_is_free(dir))
        return EXIT_FAILED;
    snprintf(temporary, sizeof(temporary), "%s%s", dir, TEMPORARY_TAIL);
    if (mkdtemp(temporary) == NULL)
        return tool_error("cannot make a directory beside %s: %s", dir, strerror(errno));
    if (write_all(init, temporary)) {
        if (chmod(temporary, 0755) == 0 && rename(temporary, dir) == 0)
            return EXIT_OK;
        tool_error("cannot make %s: %s", dir, strerror(errno));
    }
    directory_remove(temporary);
    return EXIT_FAILED;
}

/* What may stand in a certificate as a name or address, without a doubt about what it means. */
static bool host_is_good(const char *host)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:*";
    size_t size = strlen(host);

    /* The first one is also a common name: 64 characters at most (X.520). */
    return size > 0 && size <= 64 && strspn(host, allowed) == size;
}

static int add_host(void *settings, const struct option_row *row, const char *host)
{
    struct init *init = settings;

    (void)row;
    for (size_t i = 0; i < init->host_count; i++)
        if (strcmp(init->hosts[i], host) == 0)
            return EXIT_OK;
    if (!host_is_good(host))
        return tool_usage("--host '%s' is not the name or address of a host", host);
    if (init->host_count == HOSTS_MAX)
        return tool_usage("more than %d hosts", HOSTS_MAX);
    init->hosts[init->host_count++] = host;
    return EXIT_OK;
}

static int add_curve(void *settings, const struct option_row *row, const char *name)
{
    struct init *init = settings;
    enum ec_curve curve = pki_curve_from_name(name);

    if (curve == EC_CURVE_NONE)
        return tool_usage("--%s is not p256 or brainpool: %s", row->name, name);
    init->curves[curve] = true;
    return EXIT_OK;
}

static const struct option_row options[] = {
    {"dir", "DIR", "where to; it must not exist, or be empty", TAKES_TEXT(struct init, dir),
     .required = true},
    {"curve", "p256|brainpool", "a curve; may be given for each (default: both)", TAKES_BY(add_curve)},
    {"host", "NAME",
     "a name or address of the TLS servers, besides localhost, 127.0.0.1 and ::1; may be given again",
     TAKES_BY(add_host)},
    {"days", "N", "how long the certificates are valid (default 3650)",
     TAKES_NUMBER(struct init, days, 1, PKI_DAYS_MAX), .unit = "days"},
    {"variant", "O|A|B|C",
     "which sub-CAs there are, as in SGP.26: O none (the default), A of the EUM, SM-DP+ and SM-DS, B of the "
     "CI, C all four; cards and servers take a PKI of variant O only",
     TAKES_CHOICE(struct init, variant, pki_variant_words)},
    {"json", NULL, "print JSON" JSON_LEFT_OUT, TAKES_FLAG(struct init, json)},
    {0},
};

static void pki_init_begin(void *settings)
{
    struct init *init = settings;

    init->days = DEFAULT_DAYS;
}

static int pki_init_run(const struct command_line *line)
{
    static const char *const always[] = {"localhost", "127.0.0.1", "::1"};
    struct init *init = line->settings;
    int status = EXIT_OK;
    sigset_t before;

    for (size_t i = 0; status == EXIT_OK && i < sizeof(always) / sizeof(always[0]); i++)
        status = add_host(init, NULL, always[i]);
    if (status != EXIT_OK)
        return status;
    if (!init->curves[EC_CURVE_P256] && !init->curves[EC_CURVE_BRAINPOOL_P256R1]) {
        init->curves[EC_CURVE_P256] = true;
        init->curves[EC_CURVE_BRAINPOOL_P256R1] = true;
    }
    ending_hold(&before); /* the PKI is there whole or not at all */
    status = pki_init_make(init);
    ending_release(&before);
    return status == EXIT_OK ? pki_show_dir(init->dir, init->json) : status;
}

const struct command pki_init = {
    "init",
    "",
    "make a PKI in a directory",
    "Makes a CI, an EUM, an SM-DP+ (authentication, profile binding, TLS), an SM-DS and an eIM in DIR, and "
    "shows "
    "them. For tests only: the private keys lie in the directory.",
    .options = options,
    .settings_size = sizeof(struct init),
    .begin = pki_init_begin,
    .run = pki_init_run,
};
