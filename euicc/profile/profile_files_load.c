/*
 * Reading the file system of a profile from its rows, and making the rows of a profile that is shown for the
 * first time. See profile_files.h.
 *
 * A card file can be edited by hand: a row that makes no sense makes the whole load fail, nothing is guessed.
 */
#include "euicc/profile/profile_files.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

/* --- columns --------------------------------------------------------------------------------------- */

/* Hexadecimal of a column appended to a buffer; a NULL column is nothing. */
static bool read_hex(sqlite3_stmt *row, int column, struct buf *out)
{
    const char *text = nvm_text(row, column);

    return text == NULL || (buf_append_hex(out, text, NULL) && !out->failed);
}

/* Hexadecimal of exactly `size` octets. */
static bool read_octets(sqlite3_stmt *row, int column, uint8_t *out, size_t size)
{
    struct buf octets = {0};
    bool good = read_hex(row, column, &octets) && octets.size == size;

    if (good)
        memcpy(out, octets.data, size);
    buf_free(&octets);
    return good;
}

static bool read_octet(sqlite3_stmt *row, int column, uint8_t *out)
{
    return read_octets(row, column, out, 1);
}

static bool read_aid(sqlite3_stmt *row, int column, struct fs_aid *out)
{
    struct buf octets = {0};
    bool good = read_hex(row, column, &octets) && octets.size <= sizeof(out->octets);

    if (good)
        fs_set_aid(out, buf_span(&octets));
    buf_free(&octets);
    return good;
}

static void read_blob(sqlite3_stmt *row, int column, struct buf *out)
{
    buf_append(out, nvm_blob(row, column));
}

/* A number of the range 0 to max; others make no sense. */
static bool read_number(sqlite3_stmt *row, int column, int64_t max, int64_t *out)
{
    *out = nvm_int(row, column);
    return *out >= 0 && *out <= max;
}

static bool read_small(sqlite3_stmt *row, int column, uint8_t *out)
{
    int64_t number;
    bool good = read_number(row, column, UINT8_MAX, &number);

    *out = (uint8_t)number;
    return good;
}

/* The value that a word stands for. */
static bool read_word(sqlite3_stmt *row, int column, const struct profile_word *words, uint8_t *out)
{
    const char *text = nvm_text(row, column);

    while (text != NULL && words->word != NULL && strcmp(text, words->word) != 0)
        words++;
    *out = words->value;
    return text != NULL && words->word != NULL;
}

static bool is_null(sqlite3_stmt *row, int column)
{
    return sqlite3_column_type(row, column) == SQLITE_NULL;
}

/* The file that a column names; *good becomes false when there is none of that number. */
static struct fs_file *read_file_number(const struct fs *fs, sqlite3_stmt *row, int column, bool *good)
{
    struct fs_file *file = NULL;
    int64_t number;

    if (is_null(row, column))
        return NULL;
    if (read_number(row, column, UINT32_MAX, &number))
        file = fs_file(fs, (uint32_t)number);
    *good = *good && file != NULL;
    return file;
}

/* --- files ----------------------------------------------------------------------------------------- */

enum { FILE_SIZE_MAX = 1 << 24 };

static bool read_kind(sqlite3_stmt *row, int column, enum saip_file_kind *out)
{
    const char *text = nvm_text(row, column);

    for (enum saip_file_kind kind = SAIP_FILE_MF; text != NULL && kind <= SAIP_FILE_BER_TLV; kind++) {
        if (strcmp(text, saip_file_kind_name(kind)) == 0) {
            *out = kind;
            return true;
        }
    }
    return false;
}

/* What the code that reads files takes for granted. */
static bool makes_sense(const struct fs_file *file)
{
    bool records = saip_kind_has_records(file->kind);

    if (fs_is_directory(file))
        return file->size == 0 && file->content.size == 0 &&
               (file->link == NULL || fs_is_directory(file->link));
    if (records && (file->record_size == 0 || file->size == 0 || file->size % file->record_size != 0))
        return false;
    if (file->link != NULL)
        return file->link->kind == file->kind && file->link->size == file->size &&
               file->link->record_size == file->record_size && file->link->link == NULL;
    return file->kind == SAIP_FILE_BER_TLV || (file->size > 0 && file->content.size == file->size);
}

static bool read_file(struct fs *fs, sqlite3_stmt *row)
{
    struct fs_file file = {.number = (uint32_t)nvm_int(row, 0)};
    const char *name = nvm_text(row, 2);
    int64_t sfi, size, record_size, maximum_size;
    uint8_t fid[2], access_form;
    bool good = true;

    file.parent = read_file_number(fs, row, 1, &good);
    file.link = read_file_number(fs, row, 17, &good);
    snprintf(file.name, sizeof(file.name), "%s", name != NULL ? name : "");
    good = good && read_kind(row, 3, &file.kind) && read_octets(row, 4, fid, sizeof(fid)) &&
           read_aid(row, 5, &file.aid) && read_number(row, 6, 30, &sfi) &&
           read_word(row, 7, profile_files_life_cycles, &file.life_cycle) &&
           read_small(row, 9, &file.special) &&
           read_word(row, 10, profile_files_access_forms, &access_form) && read_hex(row, 11, &file.access) &&
           read_number(row, 12, FILE_SIZE_MAX, &size) && read_number(row, 13, UINT8_MAX, &record_size) &&
           read_number(row, 14, UINT32_MAX, &maximum_size) && read_hex(row, 15, &file.pin_status);
    read_blob(row, 18, &file.content);
    if (good) {
        file.access_form = (enum fs_access_form)access_form;
        file.fid = (uint16_t)(fid[0] << 8 | fid[1]);
        file.sfi = (uint8_t)sfi;
        file.shareable = nvm_int(row, 8) != 0;
        file.size = (size_t)size;
        file.record_size = (size_t)record_size;
        file.maximum_size = (size_t)maximum_size;
        good = makes_sense(&file) && (file.parent == NULL || fs_is_directory(file.parent)) &&
               (file.kind == SAIP_FILE_MF) == (file.parent == NULL);
    }
    if (good)
        return fs_add_file(fs, &file) != NULL;
    buf_free(&file.access);
    buf_free(&file.content);
    buf_free(&file.pin_status);
    return false;
}

static bool read_sharing(struct fs *fs, sqlite3_stmt *row)
{
    bool good = true;
    struct fs_file *file = read_file_number(fs, row, 0, &good);
    struct fs_file *other = read_file_number(fs, row, 1, &good);

    if (!good || file == NULL || other == NULL || !fs_is_directory(other))
        return false;
    file->pins_of = other;
    return true;
}

/* --- codes and network access ---------------------------------------------------------------------- */

static bool read_pin(struct fs *fs, sqlite3_stmt *row)
{
    struct fs_pin pin = {0};
    bool good = true;

    pin.directory = read_file_number(fs, row, 0, &good);
    pin.has_puk = !is_null(row, 3);
    good = good && pin.directory != NULL && read_octet(row, 1, &pin.reference) &&
           read_octets(row, 2, pin.value, sizeof(pin.value)) &&
           (!pin.has_puk || read_octet(row, 3, &pin.puk)) && read_small(row, 4, &pin.attributes) &&
           read_small(row, 7, &pin.attempts) && read_small(row, 8, &pin.attempts_left);
    pin.enabled = nvm_int(row, 5) != 0;
    pin.replaced = nvm_int(row, 6) != 0;
    good = good && fs_add_pin(fs, &pin);
    OPENSSL_cleanse(&pin, sizeof(pin));
    return good;
}

static bool read_puk(struct fs *fs, sqlite3_stmt *row)
{
    struct fs_puk puk = {0};
    bool good = read_octet(row, 0, &puk.reference) && read_octets(row, 1, puk.value, sizeof(puk.value)) &&
                read_small(row, 2, &puk.attempts) && read_small(row, 3, &puk.attempts_left) &&
                fs_add_puk(fs, &puk);

    OPENSSL_cleanse(&puk, sizeof(puk));
    return good;
}

static bool read_key(sqlite3_stmt *row, int column, uint8_t out[32], size_t *size)
{
    struct span key = nvm_blob(row, column);

    *size = key.size;
    if (key.size > 32)
        return false;
    if (key.size > 0)
        memcpy(out, key.data, key.size);
    return true;
}

static bool read_naa(struct fs *fs, sqlite3_stmt *row)
{
    struct fs_naa naa = {0};
    uint8_t algorithm = 0;
    bool good = true;

    naa.application = read_file_number(fs, row, 0, &good);
    naa.mapped = !is_null(row, 1);
    naa.has_counter_max = !is_null(row, 10);
    naa.bootstrapped = !is_null(row, 16);
    good = good && naa.application != NULL && read_aid(row, 1, &naa.mapping_source) &&
           read_small(row, 2, &naa.mapping_options) &&
           (naa.mapped || read_word(row, 3, profile_files_algorithms, &algorithm)) &&
           read_small(row, 4, &naa.algorithm_options) && read_key(row, 5, naa.key, &naa.key_size) &&
           read_key(row, 6, naa.opc, &naa.opc_size) &&
           read_octets(row, 7, naa.rotation, sizeof(naa.rotation)) &&
           read_octets(row, 8, naa.xoring[0], sizeof(naa.xoring)) && read_small(row, 9, &naa.keccak_count) &&
           (!naa.has_counter_max || read_octets(row, 10, naa.counter_max, sizeof(naa.counter_max))) &&
           read_octets(row, 11, naa.counter, sizeof(naa.counter)) && read_small(row, 12, &naa.sqn_options) &&
           read_octets(row, 13, naa.sqn_delta, FS_SQN_SIZE) &&
           read_octets(row, 14, naa.sqn_age_limit, FS_SQN_SIZE) &&
           read_octets(row, 15, naa.sqn[0], sizeof(naa.sqn)) &&
           (!naa.bootstrapped || read_octets(row, 16, naa.bootstrap_rand, sizeof(naa.bootstrap_rand)));
    naa.algorithm = (enum saip_algorithm)algorithm;
    good = good && fs_add_naa(fs, &naa);
    OPENSSL_cleanse(&naa, sizeof(naa));
    return good;
}

static bool read_cdma(struct fs *fs, sqlite3_stmt *row)
{
    struct fs_cdma cdma = {0};
    bool good = true;

    cdma.application = read_file_number(fs, row, 0, &good);
    if (!good || cdma.application == NULL)
        return false;
    read_blob(row, 1, &cdma.authentication_key);
    read_blob(row, 2, &cdma.ssd);
    read_blob(row, 3, &cdma.hrpd);
    read_blob(row, 4, &cdma.simple_ip);
    read_blob(row, 5, &cdma.mobile_ip);
    return fs_add_cdma(fs, &cdma);
}

/* --- applications ---------------------------------------------------------------------------------- */

static bool read_application(struct fs *fs, sqlite3_stmt *row)
{
    struct fs_application application = {.number = (uint32_t)nvm_int(row, 0)};
    uint8_t kind;
    bool good = read_word(row, 1, profile_files_applications, &kind) && read_aid(row, 2, &application.aid) &&
                read_aid(row, 3, &application.package) && read_aid(row, 4, &application.class) &&
                read_aid(row, 5, &application.domain) &&
                read_octets(row, 6, application.privileges, sizeof(application.privileges)) &&
                read_octet(row, 7, &application.life_cycle) && read_hex(row, 12, &application.tars) &&
                read_small(row, 13, &application.minimum_security_level) &&
                read_hex(row, 14, &application.uicc_access) &&
                read_hex(row, 15, &application.uicc_admin_access) && read_aid(row, 16, &application.adf) &&
                read_hex(row, 17, &application.adf_access) &&
                read_hex(row, 18, &application.adf_admin_access);

    read_blob(row, 8, &application.parameters);
    read_blob(row, 9, &application.system_parameters);
    read_blob(row, 10, &application.uicc_parameters);
    read_blob(row, 11, &application.personalisation);
    application.kind = (enum fs_application_kind)kind;
    if (good)
        return fs_add_application(fs, &application);
    fs_discard_application(&application);
    return false;
}

static bool read_load_package(struct fs *fs, sqlite3_stmt *row)
{
    struct fs_application package = {
        .kind = FS_LOAD_PACKAGE, .number = (uint32_t)nvm_int(row, 0), .life_cycle = FS_LOADED};
    int64_t size;

    if (read_aid(row, 1, &package.aid) && read_aid(row, 2, &package.domain) &&
        read_hex(row, 3, &package.hash) && read_number(row, 4, FILE_SIZE_MAX, &size)) {
        package.code_size = (size_t)size;
        return fs_add_application(fs, &package);
    }
    fs_discard_application(&package);
    return false;
}

static bool read_domain_key(struct fs *fs, sqlite3_stmt *row)
{
    struct fs_key key = {0};
    struct buf usage = {0};
    struct fs_application *owner = fs_application(fs, (uint32_t)nvm_int(row, 0));
    bool good;

    good = owner != NULL && read_octet(row, 1, &key.version) && read_octet(row, 2, &key.identifier) &&
           read_octet(row, 3, &key.type) && read_hex(row, 4, &usage) && usage.size <= sizeof(key.usage) &&
           read_small(row, 5, &key.access) && read_small(row, 6, &key.mac_length) &&
           read_hex(row, 7, &key.counter);
    read_blob(row, 8, &key.value);
    if (good && usage.size > 0)
        memcpy(key.usage, usage.data, usage.size);
    key.usage_size = usage.size;
    buf_free(&usage);
    if (good && !key.value.failed)
        return fs_add_key(owner, &key);
    buf_free(&key.counter);
    buf_free(&key.value);
    return false;
}

/* --- all of it ------------------------------------------------------------------------------------- */

typedef bool row_reader(struct fs *fs, sqlite3_stmt *row);

/* In this order: what a row refers to stands before it. */
static const struct {
    const char *sql;
    row_reader *read;
} tables[] = {
    {"SELECT number, parent, name, kind, fid, aid, sfi, life_cycle, shareable, special, access_form, "
     "access_rule,"
     " size, record_size, maximum_size, pin_status, pins_of, link, content FROM file WHERE profile = ?1"
     " ORDER BY number",
     read_file},
    {"SELECT number, pins_of FROM file WHERE profile = ?1 AND pins_of IS NOT NULL", read_sharing},
    {"SELECT directory, reference, value, puk, attributes, enabled, replaced, attempts, attempts_left FROM "
     "pin"
     " WHERE profile = ?1 ORDER BY directory, reference",
     read_pin},
    {"SELECT reference, value, attempts, attempts_left FROM puk WHERE profile = ?1 ORDER BY reference",
     read_puk},
    {"SELECT application, mapping_source, mapping_options, algorithm, algorithm_options, key, opc, rotation,"
     " xoring, keccak_count, counter_max, counter, sqn_options, sqn_delta, sqn_age_limit, sqn, bootstrap"
     " FROM network_access WHERE profile = ?1 ORDER BY application",
     read_naa},
    {"SELECT application, authentication_key, ssd, hrpd, simple_ip, mobile_ip FROM cdma_access"
     " WHERE profile = ?1 ORDER BY application",
     read_cdma},
    {"SELECT number, kind, aid, package, class, domain, privileges, life_cycle, parameters, "
     "system_parameters,"
     " uicc_parameters, personalisation, tars, minimum_security_level, uicc_access, uicc_admin_access, adf,"
     " adf_access, adf_admin_access FROM application WHERE profile = ?1 ORDER BY number",
     read_application},
    {"SELECT number, aid, domain, hash, size FROM load_package WHERE profile = ?1 ORDER BY number",
     read_load_package},
    {"SELECT application, version, identifier, type, usage, access, mac_length, counter, value FROM "
     "domain_key"
     " WHERE profile = ?1 ORDER BY application, position",
     read_domain_key},
};

static bool read_rows(struct softeuicc *card, int64_t profile, struct fs *fs)
{
    bool good = true;

    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]) && good; i++) {
        sqlite3_stmt *stmt = nvm_select(card->nvm, tables[i].sql, NVM_VALUES(NVM_INT(profile)));

        while (good && nvm_row(card->nvm, stmt)) {
            good = tables[i].read(fs, stmt);
            if (!good)
                nvm_done(stmt);
        }
    }
    return good && !nvm_failed(card->nvm);
}

/* The elements of a profile put together again as the package they were decoded from. */
static bool read_package(struct softeuicc *card, int64_t profile, struct buf *der)
{
    sqlite3_stmt *stmt =
        nvm_select(card->nvm, "SELECT der FROM profile_element WHERE profile = ?1 ORDER BY position",
                   NVM_VALUES(NVM_INT(profile)));

    while (nvm_row(card->nvm, stmt))
        buf_append(der, nvm_blob(stmt, 0));
    return !der->failed && der->size > 0;
}

static struct fs *interpret_elements(struct softeuicc *card, int64_t profile)
{
    struct saip_package package;
    struct saip_failure failure;
    struct buf der = {0};
    struct fs *fs = NULL;

    if (read_package(card, profile, &der) && saip_decode(buf_span(&der), &package, &failure)) {
        fs = fs_interpret(&package);
        if (fs != NULL && !profile_files_insert(card, profile, fs)) {
            fs_free(fs);
            fs = NULL;
        }
        saip_free(&package);
    }
    buf_free(&der);
    return fs;
}

struct fs *profile_files_load(struct softeuicc *card, int64_t profile)
{
    struct fs *fs = fs_new();

    if (fs == NULL)
        return NULL;
    if (!read_rows(card, profile, fs)) {
        fs_free(fs);
        return NULL;
    }
    if (fs->mf != NULL)
        return fs;
    fs_free(fs);
    return interpret_elements(card, profile);
}
