/* `softeuicc pki init`: writes a test PKI. All of it is made in a directory beside, then renamed: DIR is
 * whole or not there. */
#include "tools/pki/pki.h"

#include "common/ending.h"
#include "common/left_out.h"
#include "common/pki_make.h"
#include "common/tool.h"

#include <openssl/crypto.h>
#include <openssl/pem.h>

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
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
    "CURVE is p256 (NIST P-256) or brainpool (brainpoolP256r1). NAME is one of:\n"
    "  ci        certificate issuer (GSMA CI), the root; signs all the others and revocation lists\n"
    "  eum       eUICC manufacturer; signs the eUICC certificates of cards whose EID begins "
    "with " PKI_EID_PREFIX "\n"
    "  dp-auth   SM-DP+, authentication\n"
    "  dp-pb     SM-DP+, profile package binding\n"
    "  dp-tls    SM-DP+, TLS server\n"
    "  ds-auth   SM-DS, authentication\n"
    "  ds-tls    SM-DS, TLS server\n"
    "  eim-sign  eIM, signing of eUICC packages\n"
    "  eim-tls   eIM, TLS server\n"
    "\n"
    "'softeuicc pki show --dir DIR' lists roles, OIDs, key identifiers and validity.\n";

static bool write_pem_text(const char *path, const char *label, struct span der, unsigned mode,
                           struct buf *copy)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    bool ok = bio != NULL && PEM_write_bio(bio, label, "", der.data, (long)der.size) > 0;

    if (ok) {
        struct span pem = SPAN(NULL, (size_t)BIO_get_mem_data(bio, &text));

        pem.data = (const uint8_t *)text;
        ok = tool_write_file(path, pem, mode);
        if (copy != NULL)
            buf_append(copy, pem);
    }
    BIO_free(bio);
    return ok;
}

static bool write_pair(const char *dir, enum ec_curve curve, enum pki_entity entity,
                       const struct pki_pair *pair, struct buf *bundle)
{
    char path[PKI_PATH_MAX];
    struct buf key = {0};
    bool ok =
        pki_path(path, dir, curve, entity, PKI_KEY_PEM) && ec_key_to_pkcs8(pair->key, &key) &&
        write_pem_text(path, PEM_STRING_PKCS8INF, buf_span(&key), 0600, NULL) &&
        pki_path(path, dir, curve, entity, PKI_CERT_DER) &&
        tool_write_file(path, cert_der(pair->cert), 0644) &&
        pki_path(path, dir, curve, entity, PKI_CERT_PEM) &&
        write_pem_text(path, PEM_STRING_X509, cert_der(pair->cert), 0644, entity == PKI_CI ? bundle : NULL);

    buf_free(&key);
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
    for (size_t i = 0; ok && i < PKI_ENTITIES; i++)
        ok = write_pair(dir, curve, (enum pki_entity)i, &pairs[i], bundle);
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
         pki_top_path(path, dir, PKI_README) && tool_write_file(path, SPAN_STRING(readme), 0644);
    buf_free(&bundle);
    return ok;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
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
    nftw(temporary, remove_one, 16, FTW_DEPTH | FTW_PHYS);
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
