/*
 * Writing the file system of a profile to its rows. See profile_files.h; reading is profile_files_load.c.
 */
#include "euicc/profile/profile_files.h"

const char *const profile_files_algorithms[] = {
    "", [SAIP_MILENAGE] = "Milenage", [SAIP_TUAK] = "TUAK", [SAIP_USIM_TEST_ALGORITHM] = "test", NULL};
const char *const profile_files_applications[] = {[FS_SECURITY_DOMAIN] = "security domain",
                                                  [FS_REMOTE_FILE_MANAGEMENT] = "remote file management",
                                                  [FS_APPLICATION] = "application",
                                                  NULL};

const char *profile_files_life_cycle(uint8_t life_cycle)
{
    switch (life_cycle) {
    case FS_CREATION:
        return "creation";
    case FS_INITIALISATION:
        return "initialisation";
    case FS_DEACTIVATED:
    case FS_DEACTIVATED + 2:
        return "deactivated";
    default:
        return life_cycle >= FS_TERMINATED ? "terminated" : "activated";
    }
}

const char *profile_files_access_form(enum fs_access_form form)
{
    switch (form) {
    case FS_ACCESS_COMPACT:
        return "compact";
    case FS_ACCESS_EXPANDED:
        return "expanded";
    case FS_ACCESS_REFERENCED:
    default:
        return "referenced";
    }
}

/* Hexadecimal; NULL for nothing at all. */
static void bind_hex(struct softeuicc *card, sqlite3_stmt *stmt, int index, struct span octets)
{
    nvm_bind_hex(card->nvm, stmt, index, octets.size > 0 ? octets : SPAN_NONE);
}

static void bind_octet(struct softeuicc *card, sqlite3_stmt *stmt, int index, uint8_t octet)
{
    bind_hex(card, stmt, index, SPAN(&octet, 1));
}

/* As bind_hex, for columns that are never NULL. */
static void bind_hex_or_empty(struct softeuicc *card, sqlite3_stmt *stmt, int index, struct span octets)
{
    if (octets.size == 0)
        nvm_bind_text(card->nvm, stmt, index, "");
    else
        bind_hex(card, stmt, index, octets);
}

static void bind_aid(struct softeuicc *card, sqlite3_stmt *stmt, int index, const struct fs_aid *aid)
{
    bind_hex(card, stmt, index, SPAN(aid->octets, aid->size));
}

static void bind_number_of(struct softeuicc *card, sqlite3_stmt *stmt, int index, const struct fs_file *file)
{
    if (file != NULL)
        nvm_bind_int(card->nvm, stmt, index, file->number);
}

static bool run_one(struct softeuicc *card, sqlite3_stmt *stmt)
{
    return nvm_run(card->nvm, stmt) && nvm_changes(card->nvm) == 1;
}

/* A row that is new is inserted, which costs SQLite less than to look for one to replace; the rest of a
 * statement is the same for both, and a macro so that it stays one string literal. */

/* --- files ----------------------------------------------------------------------------------------- */

#define INTO_FILE                                                                                            \
    " INTO file (profile, number, parent, "                                                                  \
    "name, kind, fid, aid, sfi, life_cycle, shareable,"                                                      \
    " special, access_form, access_rule, size, record_size, "                                                \
    "maximum_size, pin_status, pins_of, link, content)"                                                      \
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "                                                \
    "?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)"

static bool put_file(struct softeuicc *card, int64_t profile, const struct fs_file *file, const char *sql)
{
    sqlite3_stmt *stmt = nvm_write_stmt(card->nvm, sql);
    const uint8_t fid[] = {(uint8_t)(file->fid >> 8), (uint8_t)file->fid};

    nvm_bind_int(card->nvm, stmt, 1, profile);
    nvm_bind_int(card->nvm, stmt, 2, file->number);
    bind_number_of(card, stmt, 3, file->parent);
    nvm_bind_text(card->nvm, stmt, 4, file->name);
    nvm_bind_text(card->nvm, stmt, 5, saip_file_kind_name(file->kind));
    bind_hex(card, stmt, 6, SPAN_ARRAY(fid));
    bind_aid(card, stmt, 7, &file->aid);
    if (file->sfi != 0)
        nvm_bind_int(card->nvm, stmt, 8, file->sfi);
    nvm_bind_text(card->nvm, stmt, 9, profile_files_life_cycle(file->life_cycle));
    nvm_bind_int(card->nvm, stmt, 10, file->shareable);
    nvm_bind_int(card->nvm, stmt, 11, file->special);
    nvm_bind_text(card->nvm, stmt, 12, profile_files_access_form(file->access_form));
    bind_hex_or_empty(card, stmt, 13, buf_span(&file->access));
    nvm_bind_int(card->nvm, stmt, 14, (int64_t)file->size);
    nvm_bind_int(card->nvm, stmt, 15, (int64_t)file->record_size);
    nvm_bind_int(card->nvm, stmt, 16, (int64_t)file->maximum_size);
    bind_hex(card, stmt, 17, buf_span(&file->pin_status));
    bind_number_of(card, stmt, 18, file->pins_of);
    bind_number_of(card, stmt, 19, file->link);
    if (file->content.size > 0)
        nvm_bind_blob(card->nvm, stmt, 20, buf_span(&file->content));
    return nvm_run(card->nvm, stmt);
}

bool profile_files_put_file(struct softeuicc *card, int64_t profile, const struct fs_file *file)
{
    return put_file(card, profile, file, "INSERT OR REPLACE" INTO_FILE);
}

bool profile_files_put_content(struct softeuicc *card, int64_t profile, const struct fs_file *file)
{
    sqlite3_stmt *stmt =
        nvm_write_stmt(card->nvm, "UPDATE file SET content = ?3 WHERE profile = ?1 AND number = ?2");

    nvm_bind_int(card->nvm, stmt, 1, profile);
    nvm_bind_int(card->nvm, stmt, 2, file->number);
    nvm_bind_blob(card->nvm, stmt, 3, buf_span(&file->content));
    return run_one(card, stmt);
}

bool profile_files_remove(struct softeuicc *card, int64_t profile, uint32_t number)
{
    static const char *const codes[] = {"DELETE FROM pin WHERE profile = ?1 AND directory = ?2",
                                        "DELETE FROM network_access WHERE profile = ?1 AND application = ?2",
                                        "DELETE FROM cdma_access WHERE profile = ?1 AND application = ?2"};
    sqlite3_stmt *stmt = nvm_write_stmt(card->nvm, "DELETE FROM file WHERE profile = ?1 AND number = ?2");

    nvm_bind_int(card->nvm, stmt, 1, profile);
    nvm_bind_int(card->nvm, stmt, 2, number);
    if (!run_one(card, stmt))
        return false;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        stmt = nvm_write_stmt(card->nvm, codes[i]);
        nvm_bind_int(card->nvm, stmt, 1, profile);
        nvm_bind_int(card->nvm, stmt, 2, number);
        if (!nvm_run(card->nvm, stmt))
            return false;
    }
    return true;
}

/* --- codes and network access ---------------------------------------------------------------------- */

#define INTO_PIN                                                                                             \
    " INTO pin (profile, directory, reference, value, puk, attributes, enabled,"                             \
    " replaced, attempts, attempts_left) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"

static bool put_pin(struct softeuicc *card, int64_t profile, const struct fs_pin *pin, const char *sql)
{
    sqlite3_stmt *stmt = nvm_write_stmt(card->nvm, sql);

    nvm_bind_int(card->nvm, stmt, 1, profile);
    nvm_bind_int(card->nvm, stmt, 2, pin->directory->number);
    bind_octet(card, stmt, 3, pin->reference);
    bind_hex(card, stmt, 4, SPAN_ARRAY(pin->value));
    if (pin->has_puk)
        bind_octet(card, stmt, 5, pin->puk);
    nvm_bind_int(card->nvm, stmt, 6, pin->attributes);
    nvm_bind_int(card->nvm, stmt, 7, pin->enabled);
    nvm_bind_int(card->nvm, stmt, 8, pin->replaced);
    nvm_bind_int(card->nvm, stmt, 9, pin->attempts);
    nvm_bind_int(card->nvm, stmt, 10, pin->attempts_left);
    return nvm_run(card->nvm, stmt);
}

bool profile_files_put_pin(struct softeuicc *card, int64_t profile, const struct fs_pin *pin)
{
    return put_pin(card, profile, pin, "INSERT OR REPLACE" INTO_PIN);
}

#define INTO_PUK                                                                                             \
    " INTO puk (profile, reference, value, attempts, attempts_left)"                                         \
    " VALUES (?1, ?2, ?3, ?4, ?5)"

static bool put_puk(struct softeuicc *card, int64_t profile, const struct fs_puk *puk, const char *sql)
{
    sqlite3_stmt *stmt = nvm_write_stmt(card->nvm, sql);

    nvm_bind_int(card->nvm, stmt, 1, profile);
    bind_octet(card, stmt, 2, puk->reference);
    bind_hex(card, stmt, 3, SPAN_ARRAY(puk->value));
    nvm_bind_int(card->nvm, stmt, 4, puk->attempts);
    nvm_bind_int(card->nvm, stmt, 5, puk->attempts_left);
    return nvm_run(card->nvm, stmt);
}

bool profile_files_put_puk(struct softeuicc *card, int64_t profile, const struct fs_puk *puk)
{
    return put_puk(card, profile, puk, "INSERT OR REPLACE" INTO_PUK);
}

#define INTO_NETWORK_ACCESS                                                                                  \
    " INTO network_access (profile, application, mapping_source, mapping_options, "                          \
    "algorithm,"                                                                                             \
    " algorithm_options, key, opc, rotation, xoring, keccak_count, counter_max, counter, sqn_options,"       \
    " sqn_delta, sqn_age_limit, sqn, bootstrap)"                                                             \
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"

static bool put_naa(struct softeuicc *card, int64_t profile, const struct fs_naa *naa, const char *sql)
{
    sqlite3_stmt *stmt = nvm_write_stmt(card->nvm, sql);

    nvm_bind_int(card->nvm, stmt, 1, profile);
    nvm_bind_int(card->nvm, stmt, 2, naa->application->number);
    if (naa->mapped)
        bind_hex_or_empty(card, stmt, 3, SPAN(naa->mapping_source.octets, naa->mapping_source.size));
    else
        nvm_bind_text(card->nvm, stmt, 5, profile_files_algorithms[naa->algorithm]);
    nvm_bind_int(card->nvm, stmt, 4, naa->mapping_options);
    nvm_bind_int(card->nvm, stmt, 6, naa->algorithm_options);
    nvm_bind_blob(card->nvm, stmt, 7, SPAN(naa->key, naa->key_size));
    nvm_bind_blob(card->nvm, stmt, 8, SPAN(naa->opc, naa->opc_size));
    bind_hex(card, stmt, 9, SPAN_ARRAY(naa->rotation));
    bind_hex(card, stmt, 10, SPAN_ARRAY(naa->xoring));
    nvm_bind_int(card->nvm, stmt, 11, naa->keccak_count);
    if (naa->has_counter_max)
        bind_hex(card, stmt, 12, SPAN_ARRAY(naa->counter_max));
    bind_hex(card, stmt, 13, SPAN_ARRAY(naa->counter));
    nvm_bind_int(card->nvm, stmt, 14, naa->sqn_options);
    bind_hex(card, stmt, 15, SPAN_ARRAY(naa->sqn_delta));
    bind_hex(card, stmt, 16, SPAN_ARRAY(naa->sqn_age_limit));
    bind_hex(card, stmt, 17, SPAN_ARRAY(naa->sqn));
    if (naa->bootstrapped)
        bind_hex(card, stmt, 18, SPAN_ARRAY(naa->bootstrap_rand));
    return nvm_run(card->nvm, stmt);
}

bool profile_files_put_naa(struct softeuicc *card, int64_t profile, const struct fs_naa *naa)
{
    return put_naa(card, profile, naa, "INSERT OR REPLACE" INTO_NETWORK_ACCESS);
}

static void bind_buf(struct softeuicc *card, sqlite3_stmt *stmt, int index, const struct buf *buf)
{
    if (buf->size > 0)
        nvm_bind_blob(card->nvm, stmt, index, buf_span(buf));
}

static bool put_cdma(struct softeuicc *card, int64_t profile, const struct fs_cdma *cdma)
{
    sqlite3_stmt *stmt = nvm_write_stmt(
        card->nvm, "INSERT INTO cdma_access (profile, application, authentication_key, ssd, hrpd, simple_ip,"
                   " mobile_ip) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");

    nvm_bind_int(card->nvm, stmt, 1, profile);
    bind_number_of(card, stmt, 2, cdma->application);
    bind_buf(card, stmt, 3, &cdma->authentication_key);
    bind_buf(card, stmt, 4, &cdma->ssd);
    bind_buf(card, stmt, 5, &cdma->hrpd);
    bind_buf(card, stmt, 6, &cdma->simple_ip);
    bind_buf(card, stmt, 7, &cdma->mobile_ip);
    return nvm_run(card->nvm, stmt);
}

/* --- applications ---------------------------------------------------------------------------------- */

static bool put_key(struct softeuicc *card, int64_t profile, uint32_t application, size_t position,
                    const struct fs_key *key)
{
    sqlite3_stmt *stmt = nvm_write_stmt(
        card->nvm,
        "INSERT INTO domain_key (profile, application, position, version, identifier, type, usage,"
        " access, mac_length, counter, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");

    nvm_bind_int(card->nvm, stmt, 1, profile);
    nvm_bind_int(card->nvm, stmt, 2, application);
    nvm_bind_int(card->nvm, stmt, 3, (int64_t)position);
    bind_octet(card, stmt, 4, key->version);
    bind_octet(card, stmt, 5, key->identifier);
    bind_octet(card, stmt, 6, key->type);
    bind_hex_or_empty(card, stmt, 7, SPAN(key->usage, key->usage_size));
    nvm_bind_int(card->nvm, stmt, 8, key->access);
    nvm_bind_int(card->nvm, stmt, 9, key->mac_length);
    bind_hex(card, stmt, 10, buf_span(&key->counter));
    bind_buf(card, stmt, 11, &key->value);
    return nvm_run(card->nvm, stmt);
}

static bool put_keys(struct softeuicc *card, int64_t profile, const struct fs_application *application)
{
    sqlite3_stmt *stmt =
        nvm_write_stmt(card->nvm, "DELETE FROM domain_key WHERE profile = ?1 AND application = ?2");

    nvm_bind_int(card->nvm, stmt, 1, profile);
    nvm_bind_int(card->nvm, stmt, 2, application->number);
    if (!nvm_run(card->nvm, stmt))
        return false;
    for (size_t i = 0; i < application->key_count; i++)
        if (!put_key(card, profile, application->number, i, &application->keys[i]))
            return false;
    return true;
}

static bool put_application(struct softeuicc *card, int64_t profile, const struct fs_application *application)
{
    sqlite3_stmt *stmt = nvm_write_stmt(
        card->nvm,
        "INSERT OR REPLACE INTO application (profile, number, kind, aid, package, class, domain, privileges,"
        " life_cycle, parameters, system_parameters, uicc_parameters, personalisation, tars,"
        " minimum_security_level, uicc_access, uicc_admin_access, adf, adf_access, adf_admin_access)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, "
        "?20)");

    nvm_bind_int(card->nvm, stmt, 1, profile);
    nvm_bind_int(card->nvm, stmt, 2, application->number);
    nvm_bind_text(card->nvm, stmt, 3, profile_files_applications[application->kind]);
    bind_aid(card, stmt, 4, &application->aid);
    bind_aid(card, stmt, 5, &application->package);
    bind_aid(card, stmt, 6, &application->class);
    bind_aid(card, stmt, 7, &application->domain);
    bind_hex(card, stmt, 8, SPAN_ARRAY(application->privileges));
    bind_octet(card, stmt, 9, application->life_cycle);
    bind_buf(card, stmt, 10, &application->parameters);
    bind_buf(card, stmt, 11, &application->system_parameters);
    bind_buf(card, stmt, 12, &application->uicc_parameters);
    bind_buf(card, stmt, 13, &application->personalisation);
    bind_hex(card, stmt, 14, buf_span(&application->tars));
    nvm_bind_int(card->nvm, stmt, 15, application->minimum_security_level);
    bind_hex(card, stmt, 16, buf_span(&application->uicc_access));
    bind_hex(card, stmt, 17, buf_span(&application->uicc_admin_access));
    bind_aid(card, stmt, 18, &application->adf);
    bind_hex(card, stmt, 19, buf_span(&application->adf_access));
    bind_hex(card, stmt, 20, buf_span(&application->adf_admin_access));
    return nvm_run(card->nvm, stmt) && put_keys(card, profile, application);
}

static bool put_load_package(struct softeuicc *card, int64_t profile, const struct fs_application *package)
{
    sqlite3_stmt *stmt = nvm_write_stmt(
        card->nvm, "INSERT OR REPLACE INTO load_package (profile, number, aid, domain, hash, size)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");

    nvm_bind_int(card->nvm, stmt, 1, profile);
    nvm_bind_int(card->nvm, stmt, 2, package->number);
    bind_aid(card, stmt, 3, &package->aid);
    bind_aid(card, stmt, 4, &package->domain);
    bind_hex(card, stmt, 5, buf_span(&package->hash));
    nvm_bind_int(card->nvm, stmt, 6, (int64_t)package->code_size);
    return nvm_run(card->nvm, stmt);
}

bool profile_files_put_application(struct softeuicc *card, int64_t profile,
                                   const struct fs_application *application)
{
    if (application->kind == FS_LOAD_PACKAGE)
        return put_load_package(card, profile, application);
    return put_application(card, profile, application);
}

bool profile_files_remove_application(struct softeuicc *card, int64_t profile, uint32_t number)
{
    static const char *const rows[] = {"DELETE FROM domain_key WHERE profile = ?1 AND application = ?2",
                                       "DELETE FROM application WHERE profile = ?1 AND number = ?2",
                                       "DELETE FROM load_package WHERE profile = ?1 AND number = ?2"};
    bool good = true;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && good; i++) {
        sqlite3_stmt *stmt = nvm_write_stmt(card->nvm, rows[i]);

        nvm_bind_int(card->nvm, stmt, 1, profile);
        nvm_bind_int(card->nvm, stmt, 2, number);
        good = nvm_run(card->nvm, stmt);
    }
    return good;
}
/* --- all of it ------------------------------------------------------------------------------------- */

bool profile_files_insert(struct softeuicc *card, int64_t profile, const struct fs *fs)
{
    bool good = true;

    for (size_t i = 0; i < fs->file_count && good; i++)
        good = fs->files[i] == NULL || put_file(card, profile, fs->files[i], "INSERT" INTO_FILE);
    for (size_t i = 0; i < fs->pin_count && good; i++)
        good = put_pin(card, profile, &fs->pins[i], "INSERT" INTO_PIN);
    for (size_t i = 0; i < fs->puk_count && good; i++)
        good = put_puk(card, profile, &fs->puks[i], "INSERT" INTO_PUK);
    for (size_t i = 0; i < fs->naa_count && good; i++)
        good = put_naa(card, profile, &fs->naas[i], "INSERT" INTO_NETWORK_ACCESS);
    for (size_t i = 0; i < fs->cdma_count && good; i++)
        good = put_cdma(card, profile, &fs->cdmas[i]);
    for (size_t i = 0; i < fs->application_count && good; i++)
        good = profile_files_put_application(card, profile, &fs->applications[i]);
    return good;
}
