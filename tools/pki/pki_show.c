/* `softeuicc pki show`: what certificates say, one per line or as JSON. */
#include "config.h"

#include "tools/pki/pki.h"

#include "common/left_out.h"
#include "common/print/table.h"
#include "common/tool.h"

#include <openssl/objects.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef HAVE_JANSSON
#include "common/print/print_json.h"
#endif

/* One certificate's line. Texts are "" where there is nothing to say. */
struct row {
    char name[64];
    const char *role;
    char issuer[64]; /* name of the entity; of files nothing */
    char oid[64];
    char key_id[2 * 64 + 1];
    const char *curve;
    char eid_prefix[33];
    char from[24];
    char to[24];
    const char *check; /* against its issuer in the same directory */
};

struct rows {
    struct row *row;
    size_t count;
};

static struct row *add_row(struct rows *rows)
{
    struct row *bigger = realloc(rows->row, (rows->count + 1) * sizeof(*bigger));

    if (bigger == NULL)
        return NULL;
    rows->row = bigger;
    bigger[rows->count] = (struct row){.check = ""};
    return &bigger[rows->count++];
}

static void dotted_oid(struct span content, char *out, size_t size)
{
    const unsigned char *at = NULL;
    struct buf der = {0};
    ASN1_OBJECT *object;

    out[0] = '\0';
    if (content.data == NULL || content.size > 127)
        return;
    buf_append_octet(&der, 0x06);
    buf_append_octet(&der, (uint8_t)content.size);
    buf_append(&der, content);
    at = der.data;
    object = at != NULL ? d2i_ASN1_OBJECT(NULL, &at, (long)der.size) : NULL;
    if (object != NULL)
        OBJ_obj2txt(out, (int)size, object, 1);
    ASN1_OBJECT_free(object);
    buf_free(&der);
}

static void date(int64_t seconds, char out[24])
{
    time_t when = (time_t)seconds;
    struct tm parts;

    if (gmtime_r(&when, &parts) == NULL || strftime(out, 24, "%Y-%m-%d", &parts) == 0)
        out[0] = '\0';
}

static const char *role_name(const struct cert *cert)
{
    if (cert_role(cert) != CERT_ROLE_NONE)
        return cert_role_name(cert_role(cert));
    if (cert_role_v3(cert) != CERT_ROLE_NONE)
        return cert_role_name(cert_role_v3(cert));
    return cert_is_tls_server(cert) ? "TLS server" : "signing";
}

static bool fill_row(struct rows *rows, const char *name, const char *issuer, const struct cert *cert,
                     const char *check)
{
    struct row *row = add_row(rows);
    struct span prefix = cert_eid_prefix(cert);

    if (row == NULL) {
        tool_error("out of memory");
        return false;
    }
    snprintf(row->name, sizeof(row->name), "%s", name);
    snprintf(row->issuer, sizeof(row->issuer), "%s", issuer);
    row->role = role_name(cert);
    dotted_oid(cert_oid(cert), row->oid, sizeof(row->oid));
    hex_from_span(cert_subject_key_id(cert), row->key_id, sizeof(row->key_id));
    row->curve = ec_curve_name(ec_key_curve(cert_key(cert)));
    snprintf(row->eid_prefix, sizeof(row->eid_prefix), "%.*s", (int)(prefix.size > 32 ? 32 : prefix.size),
             prefix.data != NULL ? (const char *)prefix.data : "");
    date(cert_not_before(cert), row->from);
    date(cert_not_after(cert), row->to);
    row->check = check;
    /* For an eUICC the EID says more than a prefix. */
    if (cert_role(cert) == CERT_ROLE_EUICC || cert_role_v3(cert) == CERT_ROLE_EUICC_V3)
        snprintf(row->eid_prefix, sizeof(row->eid_prefix), "%s", cert_subject_serial_number(cert));
    return true;
}

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

static int pki_show_table(const struct rows *rows)
{
    static const struct table_column columns[] = {
        TABLE_WHOLE("NAME"),   TABLE_COLUMN("ROLE"),  TABLE_COLUMN("ISSUER"), TABLE_COLUMN("OID"),
        TABLE_WHOLE("KEY ID"), TABLE_COLUMN("CURVE"), TABLE_WHOLE("EID"),     TABLE_COLUMN("FROM"),
        TABLE_COLUMN("TO"),    TABLE_COLUMN("CHECK"),
    };
    struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));

    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->row[i];
        const char *const cells[] = {row->name,  row->role,       row->issuer, row->oid, row->key_id,
                                     row->curve, row->eid_prefix, row->from,   row->to,  row->check};

        for (size_t j = 0; j < sizeof(cells) / sizeof(cells[0]); j++)
            table_add(table, "%s", or_dash(cells[j]));
    }
    return table_print(table, 0) ? EXIT_OK : EXIT_FAILED;
}

#ifdef HAVE_JANSSON
static int print_rows_json(const struct rows *rows)
{
    json_t *list = json_array();
    int status = EXIT_OK;

    for (size_t i = 0; i < rows->count; i++) {
        const struct row *row = &rows->row[i];
        json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "name", row->name,
                                   "role", row->role, "issuer", row->issuer, "oid", row->oid, "keyId",
                                   row->key_id, "curve", row->curve, "eid", row->eid_prefix, "from",
                                   row->from, "to", row->to, "check", row->check);

        if (object == NULL || json_array_append_new(list, object) != 0)
            status = tool_error("%s cannot be written as JSON", row->name);
    }
    if (status == EXIT_OK)
        return print_json(list);
    json_decref(list);
    return status;
}

#else
static int print_rows_json(const struct rows *rows)
{
    (void)rows;
    return tool_error("this build has no JSON (configured --without-jansson)");
}
#endif

static int print_rows(struct rows *rows, bool json)
{
    int status = json ? print_rows_json(rows) : pki_show_table(rows);

    free(rows->row);
    return status;
}

static const char *check_against(const struct cert *cert, enum cert_role role, const struct cert *issuer)
{
    enum cert_status status = cert_check(cert, role, cert_key(issuer), cert_subject_key_id(issuer));

    return cert_status_name(status == CERT_OK && !cert_issued_by_name(cert, issuer) ? CERT_WRONG_ISSUER
                                                                                    : status);
}

static bool add_curve(struct rows *rows, const char *dir, enum ec_curve curve)
{
    enum pki_variant variant = pki_variant_of(dir, curve);
    struct pki_pair pairs[PKI_ENTITIES] = {0};
    bool ok = true;

    for (enum pki_entity i = PKI_CI; ok && i < PKI_ENTITIES; i++) {
        enum pki_entity by = pki_issuer(variant, i);
        char name[64];

        if (!pki_variant_has(variant, i))
            continue;
        ok = pki_load_any(dir, curve, i, false, &pairs[i]);
        snprintf(name, sizeof(name), "%s/%s", pki_curve_directory(curve), pki_entity_name(i));
        ok = ok && fill_row(rows, name, pki_entity_name(by), pairs[i].cert,
                            check_against(pairs[i].cert, pki_entity_role(variant, i), pairs[by].cert));
    }
    for (size_t i = 0; i < PKI_ENTITIES; i++)
        pki_pair_free(&pairs[i]);
    return ok;
}

int pki_show_dir(const char *dir, bool json)
{
    struct rows rows = {0};
    bool ok = true;

    for (enum ec_curve curve = EC_CURVE_P256; ok && curve <= EC_CURVE_BRAINPOOL_P256R1; curve++)
        if (pki_has_curve(dir, curve))
            ok = add_curve(&rows, dir, curve);
    if (ok && rows.count == 0)
        return tool_error("%s holds no PKI", dir);
    if (!ok) {
        free(rows.row);
        return EXIT_FAILED;
    }
    return print_rows(&rows, json);
}

static int show_files(char *const *paths, bool json)
{
    struct rows rows = {0};
    bool ok = true;

    for (; ok && *paths != NULL; paths++) {
        struct cert *cert = pki_load_cert_file(*paths);
        const char *slash = strrchr(*paths, '/');

        ok = cert != NULL && fill_row(&rows, slash != NULL ? slash + 1 : *paths, "", cert, "");
        cert_free(cert);
    }
    if (ok)
        return print_rows(&rows, json);
    free(rows.row);
    return EXIT_FAILED;
}

struct settings {
    const char *dir;
    bool json;
};

static const struct option_row options[] = {
    {"dir", "DIR", "those of a PKI, each checked against its issuer", TAKES_TEXT(struct settings, dir)},
    {"json", NULL, "print JSON" JSON_LEFT_OUT, TAKES_FLAG(struct settings, json)},
    {0},
};

static int pki_show_run(const struct command_line *line)
{
    const struct settings *settings = line->settings;

    if ((settings->dir != NULL) == (line->argc > 0))
        return tool_usage("say either --dir DIR or which files");
    return settings->dir != NULL ? pki_show_dir(settings->dir, settings->json)
                                 : show_files(line->argv, settings->json);
}

const struct command pki_show = {
    "show",
    "FILE... | --dir DIR [OPTION]...",
    "show certificates",
    "Prints role, issuer (of those of a PKI), OID, key identifier, curve, EID prefix and validity of "
    "certificates (PEM or DER).",
    .max_words = INT_MAX,
    .options = options,
    .settings_size = sizeof(struct settings),
    .run = pki_show_run,
};
