/*
 * What a security domain knows and does about applications: GET DATA, GET STATUS, SET STATUS, DELETE
 * (GlobalPlatform 2.3 11.2, 11.3, 11.4, 11.10). See domain.h. A domain's privileges decide what it sees and
 * may change; privileges that need tokens are not served.
 */
#include "profiles/remote/domain.h"

#include "apdu/tlv.h"

#include <string.h>

enum {
    INS_DELETE = 0xE4,
    INS_GET_DATA = 0xCA,
    INS_GET_STATUS = 0xF2,
    INS_SET_STATUS = 0xF0,
    INS_PUT_KEY = 0xD8,
    INS_INSTALL = 0xE6,
    INS_LOAD = 0xE8,
    INS_STORE = 0xE2,
};

/* Privileges, second octet: table 11-8. */
enum {
    AUTHORIZED_MANAGEMENT = 0x40,
    GLOBAL_DELETE = 0x10,
    GLOBAL_LOCK = 0x08,
    GLOBAL_REGISTRY = 0x04,
};

static bool has_privilege(const struct fs_application *application, uint8_t bit)
{
    return (application->privileges[1] & bit) != 0;
}

/* The domain that an application belongs to: the one it names, or the profile's first. NULL for that one. */
static const struct fs_application *owner_of(const struct fs *fs, const struct fs_application *application)
{
    if (application->domain.size > 0)
        return fs_find_application(fs, fs_aid_span(&application->domain));
    for (size_t i = 0; i < fs->application_count; i++)
        if (fs->applications[i].kind == FS_SECURITY_DOMAIN)
            return &fs->applications[i] != application ? &fs->applications[i] : NULL;
    return NULL;
}

/* Whether it is the domain's, or of a domain below it. A domain that belongs to itself ends the way up. */
static bool is_below(const struct fs *fs, const struct fs_application *application,
                     const struct fs_application *domain)
{
    for (size_t steps = 0; steps <= fs->application_count && application != NULL; steps++) {
        if (application == domain)
            return true;
        application = owner_of(fs, application);
    }
    return false;
}

static bool is_issuer(const struct fs *fs, const struct fs_application *application)
{
    return application->kind == FS_SECURITY_DOMAIN && application->domain.size == 0 &&
           owner_of(fs, application) == NULL;
}

const struct fs_application *domain_issuer(const struct fs *fs)
{
    for (size_t i = 0; i < fs->application_count; i++)
        if (is_issuer(fs, &fs->applications[i]))
            return &fs->applications[i];
    return NULL;
}

/* --- GET DATA --------------------------------------------------------------------------------------- */

enum {
    TAG_KEYS = 0x00E0,
    TAG_KEY = 0xC0,
    TAG_APPLICATIONS = 0x2F00,
    TAG_APPLICATION = 0x61,
    TAG_RESOURCES = 0xFF21,
    TAG_AID = 0x4F,
    DGI_TEMPLATE = 0x0070,
};

/* 11.3.3.1.1: identifier, version, type and length of each key. */
static void put_keys(const struct fs_application *self, struct buf *response)
{
    size_t template = tlv_open(response, TAG_KEYS);

    for (size_t i = 0; i < self->key_count; i++) {
        const struct fs_key *key = &self->keys[i];
        const uint8_t octets[] = {key->identifier, key->version, key->type, (uint8_t)key->value.size};

        tlv_put(response, TAG_KEY, SPAN_ARRAY(octets));
    }
    tlv_close(response, template);
}

/* Reading of 11.3.3.1.2: the list comes as it would stand in EF DIR, without a tag around it. */
static void put_applications(const struct domain *domain, const struct fs_application *self,
                             struct buf *response)
{
    for (size_t i = 0; i < domain->fs->application_count; i++) {
        const struct fs_application *application = &domain->fs->applications[i];
        size_t template;

        if (application->kind == FS_LOAD_PACKAGE ||
            (!has_privilege(self, GLOBAL_REGISTRY) && !is_below(domain->fs, application, self)))
            continue;
        template = tlv_open(response, TAG_APPLICATION);
        tlv_put(response, TAG_AID, fs_aid_span(&application->aid));
        tlv_close(response, template);
    }
}

static void put_resources(const struct domain *domain, struct buf *response)
{
    size_t count = 0;

    for (size_t i = 0; i < domain->fs->application_count; i++)
        count += domain->fs->applications[i].kind != FS_LOAD_PACKAGE;
    card_resources_put(response, TAG_RESOURCES, count, domain->resources);
}

/* What STORE DATA personalised the domain with: data objects, or a data grouping of two octets and a length,
 * of which 0070 holds objects. */
static bool find_personal(const struct fs_application *self, uint32_t tag, struct span *value)
{
    struct tlv_reader reader = tlv_reader(buf_span(&self->personalisation));
    struct tlv block;

    while (tlv_next(&reader, &block) == TLV_OK) {
        struct span octets = block.value;

        if (octets.size >= 3 && octets.data[0] == DGI_TEMPLATE >> 8 &&
            octets.data[1] == (DGI_TEMPLATE & 0xFF) && octets.data[2] == octets.size - 3)
            octets = SPAN(octets.data + 3, octets.size - 3);
        if (tlv_find(octets, tag, value))
            return true;
    }
    return false;
}

uint16_t domain_get_data(const struct domain *domain, const struct apdu_command *command,
                         struct buf *response)
{
    const struct fs_application *self = fs_application(domain->fs, domain->number);
    unsigned tag = (unsigned)command->p1 << 8 | command->p2;
    struct span value;

    if (self == NULL)
        return SW_CONDITIONS_NOT_SATISFIED;
    if (command->data.size != 0)
        return SW_WRONG_LENGTH;
    if (tag == TAG_KEYS)
        put_keys(self, response);
    else if (tag == TAG_APPLICATIONS)
        put_applications(domain, self, response);
    else if (tag == TAG_RESOURCES)
        put_resources(domain, response);
    else if (find_personal(self, tag, &value))
        tlv_put(response, tag, value);
    else
        return SW_REFERENCE_NOT_FOUND;
    return SW_OK;
}

/* --- GET STATUS ------------------------------------------------------------------------------------- */

/* P1 says what is asked for; table 11-32. Modules of load packages are not known to this card. */
enum {
    STATUS_ISSUER = 0x80,
    STATUS_APPLICATIONS = 0x40,
    STATUS_LOAD_PACKAGES = 0x20,
    STATUS_NEXT = 0x01,
    STATUS_TLV = 0x02
};
enum { SW_MORE_TO_COME = 0x6310, RESPONSE_MAX = 250 };

static uint8_t status_group(const struct fs *fs, const struct fs_application *application)
{
    if (application->kind == FS_LOAD_PACKAGE)
        return STATUS_LOAD_PACKAGES;
    return is_issuer(fs, application) ? STATUS_ISSUER : STATUS_APPLICATIONS;
}

/* Table 11-36: AID, life cycle; of applications their privileges and load package; the domain. */
static void put_status(const struct fs *fs, const struct fs_application *application, struct buf *response)
{
    const struct fs_application *owner = owner_of(fs, application);
    size_t entry = tlv_open(response, 0xE3);

    tlv_put(response, TAG_AID, fs_aid_span(&application->aid));
    tlv_put_octet(response, 0x9F70, application->life_cycle);
    if (application->kind != FS_LOAD_PACKAGE)
        tlv_put(response, 0xC5, SPAN_ARRAY(application->privileges));
    if (application->package.size > 0)
        tlv_put(response, 0xC4, fs_aid_span(&application->package));
    if (owner != NULL)
        tlv_put(response, 0xCC, fs_aid_span(&owner->aid));
    tlv_close(response, entry);
}

/* The search criterion: a beginning of an AID, or nothing for all. What comes after it, a list of the objects
 * wanted, is not looked at: all are told. */
static bool read_criterion(struct span data, struct span *aid)
{
    struct tlv_reader reader = tlv_reader(data);

    return tlv_require(&reader, TAG_AID, aid) && aid->size <= DOMAIN_AID_MAX && tlv_skip_rest(&reader);
}

static uint16_t get_status(struct domain *domain, const struct fs_application *self,
                           const struct apdu_command *command, struct buf *response)
{
    const struct fs *fs = domain->fs;
    size_t i = (command->p2 & STATUS_NEXT) != 0 ? domain->listed : 0;
    size_t before = response->size;
    struct span aid;

    if ((command->p1 & (STATUS_ISSUER | STATUS_APPLICATIONS | STATUS_LOAD_PACKAGES)) == 0 ||
        (command->p1 & 0x1F) != 0 || (command->p2 & ~STATUS_NEXT) != STATUS_TLV)
        return SW_WRONG_P1_P2;
    if (!read_criterion(command->data, &aid))
        return SW_WRONG_DATA;
    for (; i < fs->application_count; i++) {
        const struct fs_application *application = &fs->applications[i];
        size_t mark = response->size;

        if ((status_group(fs, application) & command->p1) == 0 ||
            !span_begins_with(fs_aid_span(&application->aid), aid) ||
            (!has_privilege(self, GLOBAL_REGISTRY) && !is_below(fs, application, self)))
            continue;
        put_status(fs, application, response);
        if (response->size - before <= RESPONSE_MAX)
            continue;
        response->size = mark;
        domain->listed = i;
        return SW_MORE_TO_COME;
    }
    domain->listed = fs->application_count;
    return response->size > before ? SW_OK : SW_REFERENCE_NOT_FOUND;
}

/* --- SET STATUS ------------------------------------------------------------------------------------- */

/* P1 60 is a domain with all that belongs to it, which is not served. */
static uint16_t set_status(struct domain *domain, const struct fs_application *self,
                           const struct apdu_command *command)
{
    struct fs_application *application = fs_find_application(domain->fs, command->data);

    if (command->p1 != STATUS_APPLICATIONS)
        return SW_WRONG_P1_P2;
    if (application == NULL || application->kind == FS_LOAD_PACKAGE)
        return SW_REFERENCE_NOT_FOUND;
    if (application == self ||
        (!has_privilege(self, GLOBAL_LOCK) && !is_below(domain->fs, application, self)))
        return SW_CONDITIONS_NOT_SATISFIED;
    /* Locking keeps the state that unlocking goes back to. */
    application->life_cycle = (uint8_t)((application->life_cycle & ~FS_LOCKED) | (command->p2 & FS_LOCKED));
    return fs_application_changed(domain->fs, application) ? SW_OK : SW_MEMORY_FAILURE;
}

/* --- DELETE ----------------------------------------------------------------------------------------- */

enum { DELETE_RELATED = 0x80, TAG_KEY_IDENTIFIER = 0xD0, TAG_KEY_VERSION = 0xD2 };

static bool is_instance_of(const struct fs_application *application, const struct fs_application *package)
{
    return package->kind == FS_LOAD_PACKAGE && application->kind == FS_APPLICATION &&
           fs_same_aid(&application->package, fs_aid_span(&package->aid));
}

/* Load packages with instances, and domains with applications, are in use. */
static bool is_in_use(const struct fs *fs, const struct fs_application *application)
{
    for (size_t i = 0; i < fs->application_count; i++) {
        const struct fs_application *other = &fs->applications[i];

        if (is_instance_of(other, application) ||
            (application->kind == FS_SECURITY_DOMAIN && other != application &&
             owner_of(fs, other) == application))
            return true;
    }
    return false;
}

static bool delete_one(struct domain *domain, struct fs_application *application)
{
    int64_t size = (int64_t)application->code_size;

    if (!fs_delete_application(domain->fs, application))
        return false;
    domain->listed = 0;
    return size == 0 || domain->host->take_memory == NULL ||
           domain->host->take_memory(domain->host->context, -size);
}

static bool delete_instances(struct domain *domain, uint32_t package)
{
    bool good = true;
    size_t i = 0;

    while (good && i < domain->fs->application_count) {
        struct fs_application *application = &domain->fs->applications[i];

        if (is_instance_of(application, fs_application(domain->fs, package)))
            good = delete_one(domain, application);
        else
            i++;
    }
    return good;
}

static uint16_t delete_application(struct domain *domain, const struct fs_application *self, struct span aid,
                                   bool related, struct buf *response)
{
    struct fs_application *application = fs_find_application(domain->fs, aid);
    uint32_t number;

    if (application == NULL)
        return SW_REFERENCE_NOT_FOUND;
    if (application == self || !has_privilege(self, AUTHORIZED_MANAGEMENT) ||
        (!has_privilege(self, GLOBAL_DELETE) && !is_below(domain->fs, application, self)))
        return SW_CONDITIONS_NOT_SATISFIED;
    number = application->number;
    if (related && application->kind == FS_LOAD_PACKAGE && !delete_instances(domain, number))
        return SW_MEMORY_FAILURE;
    application = fs_application(domain->fs, number);
    if (is_in_use(domain->fs, application))
        return SW_CONDITIONS_NOT_SATISFIED;
    if (!delete_one(domain, application))
        return SW_MEMORY_FAILURE;
    buf_append_octet(response, 0x00); /* no confirmation */
    return SW_OK;
}

static uint16_t delete_command(struct domain *domain, const struct fs_application *self,
                               const struct apdu_command *command, struct buf *response)
{
    struct tlv_reader reader = tlv_reader(command->data);
    struct span aid, identifier, version;

    if (command->p1 != 0 || (command->p2 & ~DELETE_RELATED) != 0)
        return SW_WRONG_P1_P2;
    if (tlv_optional(&reader, TAG_AID, &aid)) {
        if (!tlv_skip_rest(&reader))
            return SW_WRONG_DATA;
        return delete_application(domain, self, aid, (command->p2 & DELETE_RELATED) != 0, response);
    }
    (void)tlv_optional(&reader, TAG_KEY_IDENTIFIER, &identifier);
    (void)tlv_optional(&reader, TAG_KEY_VERSION, &version);
    if (!tlv_finish(&reader) || identifier.size > 1 || version.size > 1 ||
        identifier.size + version.size == 0)
        return SW_WRONG_DATA;
    buf_append_octet(response, 0x00);
    return domain_delete_keys(domain, identifier, version);
}

/* --- dispatch --------------------------------------------------------------------------------------- */

bool domain_needs_authentication(uint8_t ins)
{
    static const uint8_t commands[] = {INS_DELETE,  INS_GET_STATUS, INS_SET_STATUS, INS_PUT_KEY,
                                       INS_INSTALL, INS_LOAD,       INS_STORE};

    return memchr(commands, ins, sizeof(commands)) != NULL;
}

uint16_t domain_manage(struct domain *domain, const struct apdu_command *command, struct buf *response)
{
    const struct fs_application *self = fs_application(domain->fs, domain->number);

    if (self == NULL)
        return SW_CONDITIONS_NOT_SATISFIED;
    switch (command->ins) {
    case INS_GET_DATA:
        return domain_get_data(domain, command, response);
    case INS_GET_STATUS:
        return get_status(domain, self, command, response);
    case INS_SET_STATUS:
        return set_status(domain, self, command);
    case INS_DELETE:
        return delete_command(domain, self, command, response);
    case INS_PUT_KEY:
        return domain_put_key(domain, command, response);
    default:
        return SW_INS_NOT_SUPPORTED;
    }
}
