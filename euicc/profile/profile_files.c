/*
 * Writing the file system of a profile to its rows. See profile_files.h; reading is profile_files_load.c.
 */
#include "euicc/profile/profile_files.h"

const struct profile_word profile_files_life_cycles[] = {
    {FS_CREATION, "creation"},         {FS_INITIALISATION, "initialisation"},
    {FS_DEACTIVATED, "deactivated"},   {FS_DEACTIVATED + 2, "deactivated"},
    {FS_TERMINATED, "terminated"},     {FS_TERMINATED + 1, "terminated"},
    {FS_TERMINATED + 2, "terminated"}, {FS_TERMINATED + 3, "terminated"},
    {FS_ACTIVATED, "activated"},       {0, NULL},
};
const struct profile_word profile_files_access_forms[] = {
    {FS_ACCESS_COMPACT, "compact"},
    {FS_ACCESS_EXPANDED, "expanded"},
    {FS_ACCESS_REFERENCED, "referenced"},
    {0, NULL},
};
const struct profile_word profile_files_algorithms[] = {
    {SAIP_MILENAGE, "Milenage"},
    {SAIP_TUAK, "TUAK"},
    {SAIP_USIM_TEST_ALGORITHM, "test"},
    {0, NULL},
};
const struct profile_word profile_files_applications[] = {
    {FS_SECURITY_DOMAIN, "security domain"},
    {FS_REMOTE_FILE_MANAGEMENT, "remote file management"},
    {FS_APPLICATION, "application"},
    {0, NULL},
};

/* --- values ---------------------------------------------------------------------------------------- */

static struct nvm_value word(const struct profile_word *words, unsigned value)
{
    while (words->value != value && words[1].word != NULL)
        words++;
    return NVM_STRING(words->word);
}

/* Hexadecimal; NULL for nothing at all. */
static struct nvm_value hex_or_null(const struct buf *octets)
{
    return octets->size > 0 ? NVM_HEX(buf_span(octets)) : NVM_NULL;
}

static struct nvm_value blob_or_null(const struct buf *octets)
{
    return octets->size > 0 ? NVM_BLOB(buf_span(octets)) : NVM_NULL;
}

static struct nvm_value aid_or_null(const struct fs_aid *aid)
{
    return aid->size > 0 ? NVM_HEX(SPAN(aid->octets, aid->size)) : NVM_NULL;
}

static struct nvm_value number_of(const struct fs_file *file)
{
    return file != NULL ? NVM_INT(file->number) : NVM_NULL;
}

#define OCTET(octet) NVM_HEX(SPAN(&(octet), 1))

/* A row that is new is inserted, which costs SQLite less than to look for one to replace; the rest of a
 * statement is the same for both, and a macro so that it stays one string literal. */

/* --- files ----------------------------------------------------------------------------------------- */

#define INTO_FILE                                                                                            \
    " INTO file (profile, number, parent, name, kind, fid, aid, sfi, life_cycle, shareable, special,"        \
    " access_form, access_rule, size, record_size, maximum_size, pin_status, pins_of, link, content)"        \
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)"

static bool put_file(struct nvm *nvm, int64_t profile, const struct fs_file *file, const char *sql)
{
    const uint8_t fid[] = {(uint8_t)(file->fid >> 8), (uint8_t)file->fid};

    return nvm_change(nvm, sql,
                      NVM_VALUES(NVM_INT(profile), NVM_INT(file->number), number_of(file->parent),
                                 NVM_STRING(file->name), NVM_STRING(saip_file_kind_name(file->kind)),
                                 NVM_HEX(SPAN_ARRAY(fid)), aid_or_null(&file->aid),
                                 file->sfi != 0 ? NVM_INT(file->sfi) : NVM_NULL,
                                 word(profile_files_life_cycles, file->life_cycle), NVM_INT(file->shareable),
                                 NVM_INT(file->special), word(profile_files_access_forms, file->access_form),
                                 file->access.size > 0 ? NVM_HEX(buf_span(&file->access)) : NVM_STRING(""),
                                 NVM_INT(file->size), NVM_INT(file->record_size), NVM_INT(file->maximum_size),
                                 hex_or_null(&file->pin_status), number_of(file->pins_of),
                                 number_of(file->link), blob_or_null(&file->content)));
}

/* --- codes and network access ---------------------------------------------------------------------- */

#define INTO_PIN                                                                                             \
    " INTO pin (profile, directory, reference, value, puk, attributes, enabled,"                             \
    " replaced, attempts, attempts_left) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"

static bool put_pin(struct nvm *nvm, int64_t profile, const struct fs_pin *pin, const char *sql)
{
    return nvm_change(nvm, sql,
                      NVM_VALUES(NVM_INT(profile), number_of(pin->directory), OCTET(pin->reference),
                                 NVM_HEX(SPAN_ARRAY(pin->value)), pin->has_puk ? OCTET(pin->puk) : NVM_NULL,
                                 NVM_INT(pin->attributes), NVM_INT(pin->enabled), NVM_INT(pin->replaced),
                                 NVM_INT(pin->attempts), NVM_INT(pin->attempts_left)));
}

#define INTO_PUK                                                                                             \
    " INTO puk (profile, reference, value, attempts, attempts_left)"                                         \
    " VALUES (?1, ?2, ?3, ?4, ?5)"

static bool put_puk(struct nvm *nvm, int64_t profile, const struct fs_puk *puk, const char *sql)
{
    return nvm_change(nvm, sql,
                      NVM_VALUES(NVM_INT(profile), OCTET(puk->reference), NVM_HEX(SPAN_ARRAY(puk->value)),
                                 NVM_INT(puk->attempts), NVM_INT(puk->attempts_left)));
}

#define INTO_NETWORK_ACCESS                                                                                  \
    " INTO network_access (profile, application, mapping_source, mapping_options, algorithm,"                \
    " algorithm_options, key, opc, rotation, xoring, keccak_count, counter_max, counter, sqn_options,"       \
    " sqn_delta, sqn_age_limit, sqn, bootstrap)"                                                             \
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"

static bool put_naa(struct nvm *nvm, int64_t profile, const struct fs_naa *naa, const char *sql)
{
    struct span source = SPAN(naa->mapping_source.octets, naa->mapping_source.size);

    return nvm_change(nvm, sql,
                      NVM_VALUES(NVM_INT(profile), number_of(naa->application),
                                 naa->mapped ? NVM_HEX(source) : NVM_NULL, NVM_INT(naa->mapping_options),
                                 naa->mapped ? NVM_NULL : word(profile_files_algorithms, naa->algorithm),
                                 NVM_INT(naa->algorithm_options), NVM_BLOB(SPAN(naa->key, naa->key_size)),
                                 NVM_BLOB(SPAN(naa->opc, naa->opc_size)), NVM_HEX(SPAN_ARRAY(naa->rotation)),
                                 NVM_HEX(SPAN_ARRAY(naa->xoring)), NVM_INT(naa->keccak_count),
                                 naa->has_counter_max ? NVM_HEX(SPAN_ARRAY(naa->counter_max)) : NVM_NULL,
                                 NVM_HEX(SPAN_ARRAY(naa->counter)), NVM_INT(naa->sqn_options),
                                 NVM_HEX(SPAN_ARRAY(naa->sqn_delta)), NVM_HEX(SPAN_ARRAY(naa->sqn_age_limit)),
                                 NVM_HEX(SPAN_ARRAY(naa->sqn)),
                                 naa->bootstrapped ? NVM_HEX(SPAN_ARRAY(naa->bootstrap_rand)) : NVM_NULL));
}

static bool put_cdma(struct nvm *nvm, int64_t profile, const struct fs_cdma *cdma)
{
    return nvm_change(nvm,
                      "INSERT INTO cdma_access (profile, application, authentication_key, ssd, hrpd,"
                      " simple_ip, mobile_ip) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                      NVM_VALUES(NVM_INT(profile), number_of(cdma->application),
                                 blob_or_null(&cdma->authentication_key), blob_or_null(&cdma->ssd),
                                 blob_or_null(&cdma->hrpd), blob_or_null(&cdma->simple_ip),
                                 blob_or_null(&cdma->mobile_ip)));
}

/* --- applications ---------------------------------------------------------------------------------- */

/* Runs statements, up to NULL, of which ?1 is the profile and ?2 a number in it. */
static bool remove_rows(struct nvm *nvm, const char *const *statements, int64_t profile, uint32_t number)
{
    for (; *statements != NULL; statements++)
        if (!nvm_change(nvm, *statements, NVM_VALUES(NVM_INT(profile), NVM_INT(number))))
            return false;
    return true;
}

static bool put_key(struct nvm *nvm, int64_t profile, uint32_t application, size_t position,
                    const struct fs_key *key)
{
    return nvm_change(
        nvm,
        "INSERT INTO domain_key (profile, application, position, version, identifier, type, usage,"
        " access, mac_length, counter, value) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        NVM_VALUES(NVM_INT(profile), NVM_INT(application), NVM_INT(position), OCTET(key->version),
                   OCTET(key->identifier), OCTET(key->type), NVM_HEX(SPAN(key->usage, key->usage_size)),
                   NVM_INT(key->access), NVM_INT(key->mac_length), hex_or_null(&key->counter),
                   blob_or_null(&key->value)));
}

static bool put_keys(struct nvm *nvm, int64_t profile, const struct fs_application *application)
{
    static const char *const before[] = {"DELETE FROM domain_key WHERE profile = ?1 AND application = ?2",
                                         NULL};
    bool good = remove_rows(nvm, before, profile, application->number);

    for (size_t i = 0; i < application->key_count && good; i++)
        good = put_key(nvm, profile, application->number, i, &application->keys[i]);
    return good;
}

static bool put_load_package(struct nvm *nvm, int64_t profile, const struct fs_application *package)
{
    return nvm_change(nvm,
                      "INSERT OR REPLACE INTO load_package (profile, number, aid, domain, hash, size)"
                      " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                      NVM_VALUES(NVM_INT(profile), NVM_INT(package->number), aid_or_null(&package->aid),
                                 aid_or_null(&package->domain), hex_or_null(&package->hash),
                                 NVM_INT(package->code_size)));
}

static bool put_application(struct nvm *nvm, int64_t profile, const struct fs_application *application)
{
    if (application->kind == FS_LOAD_PACKAGE)
        return put_load_package(nvm, profile, application);
    return nvm_change(
               nvm,
               "INSERT OR REPLACE INTO application (profile, number, kind, aid, package, class, domain,"
               " privileges, life_cycle, parameters, system_parameters, uicc_parameters, personalisation,"
               " tars, minimum_security_level, uicc_access, uicc_admin_access, adf, adf_access,"
               " adf_admin_access) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
               " ?16, ?17, ?18, ?19, ?20)",
               NVM_VALUES(
                   NVM_INT(profile), NVM_INT(application->number),
                   word(profile_files_applications, application->kind), aid_or_null(&application->aid),
                   aid_or_null(&application->package), aid_or_null(&application->class),
                   aid_or_null(&application->domain), NVM_HEX(SPAN_ARRAY(application->privileges)),
                   OCTET(application->life_cycle), blob_or_null(&application->parameters),
                   blob_or_null(&application->system_parameters), blob_or_null(&application->uicc_parameters),
                   blob_or_null(&application->personalisation), hex_or_null(&application->tars),
                   NVM_INT(application->minimum_security_level), hex_or_null(&application->uicc_access),
                   hex_or_null(&application->uicc_admin_access), aid_or_null(&application->adf),
                   hex_or_null(&application->adf_access), hex_or_null(&application->adf_admin_access))) &&
           put_keys(nvm, profile, application);
}

/* --- single changes -------------------------------------------------------------------------------- */

static struct nvm *changing(struct profile_files *files)
{
    files->changed = true;
    return files->card->nvm;
}

static bool store_content(void *context, const struct fs_file *file, size_t offset, size_t size)
{
    struct profile_files *files = context;

    (void)offset;
    (void)size;
    return nvm_change_row(
        changing(files), "UPDATE file SET content = ?3 WHERE profile = ?1 AND number = ?2",
        NVM_VALUES(NVM_INT(files->profile), NVM_INT(file->number), NVM_BLOB(buf_span(&file->content))));
}

static bool store_file(void *context, const struct fs_file *file)
{
    struct profile_files *files = context;

    return put_file(changing(files), files->profile, file, "INSERT OR REPLACE" INTO_FILE);
}

static bool store_removed(void *context, uint32_t number)
{
    static const char *const codes[] = {"DELETE FROM pin WHERE profile = ?1 AND directory = ?2",
                                        "DELETE FROM network_access WHERE profile = ?1 AND application = ?2",
                                        "DELETE FROM cdma_access WHERE profile = ?1 AND application = ?2",
                                        NULL};
    struct profile_files *files = context;

    return nvm_change_row(changing(files), "DELETE FROM file WHERE profile = ?1 AND number = ?2",
                          NVM_VALUES(NVM_INT(files->profile), NVM_INT(number))) &&
           remove_rows(files->card->nvm, codes, files->profile, number);
}

static bool store_pin(void *context, const struct fs_pin *pin)
{
    struct profile_files *files = context;

    return put_pin(changing(files), files->profile, pin, "INSERT OR REPLACE" INTO_PIN);
}

static bool store_puk(void *context, const struct fs_puk *puk)
{
    struct profile_files *files = context;

    return put_puk(changing(files), files->profile, puk, "INSERT OR REPLACE" INTO_PUK);
}

static bool store_naa(void *context, const struct fs_naa *naa)
{
    struct profile_files *files = context;

    return put_naa(changing(files), files->profile, naa, "INSERT OR REPLACE" INTO_NETWORK_ACCESS);
}

static bool store_application(void *context, const struct fs_application *application)
{
    struct profile_files *files = context;

    return put_application(changing(files), files->profile, application);
}

static bool store_application_removed(void *context, uint32_t number)
{
    static const char *const rows[] = {"DELETE FROM domain_key WHERE profile = ?1 AND application = ?2",
                                       "DELETE FROM application WHERE profile = ?1 AND number = ?2",
                                       "DELETE FROM load_package WHERE profile = ?1 AND number = ?2", NULL};
    struct profile_files *files = context;

    return remove_rows(changing(files), rows, files->profile, number);
}

static bool make_last(void *context)
{
    struct profile_files *files = context;
    bool done = nvm_commit_so_far(files->card->nvm);

    /* What RAM has is what is stored. */
    files->changed = files->changed && !done;
    return done;
}

struct fs_store profile_files_store(struct profile_files *files)
{
    return (struct fs_store){.context = files,
                             .content = store_content,
                             .file = store_file,
                             .removed = store_removed,
                             .pin = store_pin,
                             .puk = store_puk,
                             .naa = store_naa,
                             .application = store_application,
                             .application_removed = store_application_removed,
                             .last = make_last};
}

/* --- all of it ------------------------------------------------------------------------------------- */

bool profile_files_insert(struct softeuicc *card, int64_t profile, const struct fs *fs)
{
    struct nvm *nvm = card->nvm;
    bool good = true;

    for (size_t i = 0; i < fs->file_count && good; i++)
        good = fs->files[i] == NULL || put_file(nvm, profile, fs->files[i], "INSERT" INTO_FILE);
    for (size_t i = 0; i < fs->pin_count && good; i++)
        good = put_pin(nvm, profile, &fs->pins[i], "INSERT" INTO_PIN);
    for (size_t i = 0; i < fs->puk_count && good; i++)
        good = put_puk(nvm, profile, &fs->puks[i], "INSERT" INTO_PUK);
    for (size_t i = 0; i < fs->naa_count && good; i++)
        good = put_naa(nvm, profile, &fs->naas[i], "INSERT" INTO_NETWORK_ACCESS);
    for (size_t i = 0; i < fs->cdma_count && good; i++)
        good = put_cdma(nvm, profile, &fs->cdmas[i]);
    for (size_t i = 0; i < fs->application_count && good; i++)
        good = put_application(nvm, profile, &fs->applications[i]);
    return good;
}
