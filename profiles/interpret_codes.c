/*
 * The elements of a profile package that make no files: PIN and PUK codes (TCA 8.4), network access (8.5),
 * security domains, applications and remote file management (8.6-8.8). saip_decode has checked their form.
 */
#include "profiles/interpret.h"

#include "apdu/tlv.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <string.h>

typedef bool interpreter(struct fs *fs, const struct saip_element *element, const struct saip_place *place);

/* An optional INTEGER member with its default. */
static uint8_t small_number(struct tlv_reader *reader, uint32_t tag, uint8_t otherwise)
{
    struct span value;
    uint64_t number;

    return tlv_optional(reader, tag, &value) && tlv_unsigned(value, &number) ? (uint8_t)number : otherwise;
}

/* As many octets as fit. */
static size_t copy_octets(uint8_t *to, size_t size, struct span from)
{
    if (from.size < size)
        size = from.size;
    if (size > 0)
        memcpy(to, from.data, size);
    return size;
}

/* --- codes ----------------------------------------------------------------------------------------- */

/* maxNumOfAttempts-retryNumLeft of a PIN and of a PUK: attempts in all, attempts left. */
enum {
    PIN_ATTEMPTS_DEFAULT = 0x33,
    PUK_ATTEMPTS_DEFAULT = 0xAA,
    ATTRIBUTES_DEFAULT = 7,
    REFERENCE_LOCAL = 0x80
};

static bool take_pin(struct fs *fs, struct span value, struct fs_file *directory)
{
    struct tlv_reader reader = tlv_reader(value);
    struct fs_pin pin = {.directory = directory};
    struct span code, puk;
    uint64_t number = 0;
    uint8_t attempts;

    pin.reference = small_number(&reader, 0x80, 0);
    tlv_require(&reader, 0x81, &code);
    copy_octets(pin.value, sizeof(pin.value), code);
    pin.has_puk = tlv_optional(&reader, 0x82, &puk) && tlv_unsigned(puk, &number);
    pin.puk = (uint8_t)number;
    pin.attributes = small_number(&reader, 0x83, ATTRIBUTES_DEFAULT);
    attempts = small_number(&reader, 0x84, PIN_ATTEMPTS_DEFAULT);
    pin.attempts = attempts >> 4;
    pin.attempts_left = attempts & 0x0F;
    pin.enabled = (pin.attributes & FS_PIN_ENABLED) != 0;
    return fs_add_pin(fs, &pin);
}

static bool take_pins(struct fs *fs, const struct saip_element *element, const struct saip_place *place)
{
    struct fs_file *directory = fs_file(fs, place->directory);
    struct span choice, list, path;
    struct tlv_reader reader;
    struct tlv tlv;
    bool good = true;

    if (directory == NULL || !tlv_find(element->value, 0xA1, &choice))
        return true;
    if (tlv_find(choice, 0x81, &path)) {
        struct fs_file *other = fs_by_path(fs, path);

        directory->pins_of = other != directory ? other : NULL;
        return true;
    }
    tlv_find(choice, 0xA0, &list);
    reader = tlv_reader(list);
    while (good && tlv_next(&reader, &tlv) == TLV_OK) {
        struct span reference;
        uint64_t number = 0;
        bool global = place->also_mf && tlv_find(tlv.value, 0x80, &reference) &&
                      tlv_unsigned(reference, &number) && number < REFERENCE_LOCAL;

        good = take_pin(fs, tlv.value, global ? fs->mf : directory);
    }
    return good;
}

static bool take_puks(struct fs *fs, const struct saip_element *element, const struct saip_place *place)
{
    struct tlv_reader reader;
    struct span list;
    struct tlv tlv;
    bool good = true;

    (void)place;
    tlv_find(element->value, 0xA1, &list);
    reader = tlv_reader(list);
    while (good && tlv_next(&reader, &tlv) == TLV_OK) {
        struct tlv_reader members = tlv_reader(tlv.value);
        struct fs_puk puk = {.reference = small_number(&members, 0x80, 0)};
        struct span code;
        uint8_t attempts;

        tlv_require(&members, 0x81, &code);
        copy_octets(puk.value, sizeof(puk.value), code);
        attempts = small_number(&members, 0x82, PUK_ATTEMPTS_DEFAULT);
        puk.attempts = attempts >> 4;
        puk.attempts_left = attempts & 0x0F;
        good = fs_add_puk(fs, &puk);
    }
    return good;
}

/* --- network access -------------------------------------------------------------------------------- */

/* Defaults of AlgoParameter and AKAParameter. */
static const struct fs_naa naa_default = {
    .rotation = {0x40, 0x00, 0x20, 0x40, 0x60},
    .xoring = {{0}, {[15] = 1}, {[15] = 2}, {[15] = 4}, {[15] = 8}},
    .keccak_count = 1,
    .sqn_options = 0x02,
    .sqn_delta = {0x00, 0x00, 0x10, 0x00, 0x00, 0x00},
    .sqn_age_limit = {0x00, 0x00, 0x10, 0x00, 0x00, 0x00},
};

static void take_algorithm(struct fs_naa *naa, struct span value)
{
    struct tlv_reader reader = tlv_reader(value);
    struct span span;

    naa->algorithm = (enum saip_algorithm)small_number(&reader, 0x80, 0);
    tlv_require(&reader, 0x81, &span);
    copy_octets(&naa->algorithm_options, 1, span);
    tlv_require(&reader, 0x82, &span);
    naa->key_size = copy_octets(naa->key, sizeof(naa->key), span);
    tlv_require(&reader, 0x83, &span);
    naa->opc_size = copy_octets(naa->opc, sizeof(naa->opc), span);
    if (tlv_optional(&reader, 0x84, &span))
        copy_octets(naa->rotation, sizeof(naa->rotation), span);
    if (tlv_optional(&reader, 0x85, &span))
        copy_octets(naa->xoring[0], sizeof(naa->xoring), span);
    naa->has_counter_max = tlv_optional(&reader, 0x86, &span);
    if (naa->has_counter_max)
        copy_octets(naa->counter_max, sizeof(naa->counter_max), span);
    naa->keccak_count = small_number(&reader, 0x87, naa->keccak_count);
}

static void take_mapping(struct fs_naa *naa, struct span value)
{
    struct span options, source;

    naa->mapped = true;
    if (tlv_find(value, 0x80, &options))
        copy_octets(&naa->mapping_options, 1, options);
    if (tlv_find(value, 0x81, &source))
        fs_set_aid(&naa->mapping_source, source);
}

static bool take_naa(struct fs *fs, const struct saip_element *element, const struct saip_place *place)
{
    struct tlv_reader reader = tlv_reader(element->value);
    struct fs_naa naa = naa_default;
    struct span header, choice, span;
    struct tlv tlv;
    size_t index = 0;

    naa.application = fs_file(fs, place->application);
    tlv_require(&reader, 0xA0, &header);
    tlv_require(&reader, 0xA1, &choice);
    if (tlv_find(choice, 0xA1, &span))
        take_algorithm(&naa, span);
    else if (tlv_find(choice, 0xA0, &span))
        take_mapping(&naa, span);
    if (tlv_optional(&reader, 0x82, &span))
        copy_octets(&naa.sqn_options, 1, span);
    if (tlv_optional(&reader, 0x83, &span))
        copy_octets(naa.sqn_delta, FS_SQN_SIZE, span);
    if (tlv_optional(&reader, 0x84, &span))
        copy_octets(naa.sqn_age_limit, FS_SQN_SIZE, span);
    if (tlv_optional(&reader, 0xA5, &span)) {
        reader = tlv_reader(span);
        while (index < FS_SQN_COUNT && tlv_next(&reader, &tlv) == TLV_OK)
            copy_octets(naa.sqn[index++], FS_SQN_SIZE, tlv.value);
    }
    return naa.application != NULL && fs_add_naa(fs, &naa);
}

static bool take_cdma(struct fs *fs, const struct saip_element *element, const struct saip_place *place)
{
    struct fs_cdma cdma = {.application = fs_file(fs, place->application)};
    const struct {
        uint32_t tag;
        struct buf *to;
    } members[] = {{0x81, &cdma.authentication_key},
                   {0x82, &cdma.ssd},
                   {0x83, &cdma.hrpd},
                   {0x84, &cdma.simple_ip},
                   {0x85, &cdma.mobile_ip}};
    struct span span;

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (tlv_find(element->value, members[i].tag, &span))
            buf_append(members[i].to, span);
    return fs_add_cdma(fs, &cdma);
}

/* --- applications ---------------------------------------------------------------------------------- */

static bool take_key_components(struct fs_application *application, const struct fs_key *common,
                                struct span counter, struct span components)
{
    struct tlv_reader reader = tlv_reader(components);
    struct tlv tlv;
    bool good = true;

    while (good && tlv_next(&reader, &tlv) == TLV_OK) {
        struct tlv_reader members = tlv_reader(tlv.value);
        struct fs_key key = *common;
        struct span span;

        tlv_require(&members, 0x80, &span);
        copy_octets(&key.type, 1, span);
        tlv_require(&members, 0x86, &span);
        buf_append(&key.value, span);
        key.mac_length = small_number(&members, 0x87, 8);
        buf_append(&key.counter, counter);
        good = fs_add_key(application, &key);
    }
    return good;
}

static bool take_keys(struct fs_application *application, struct span list)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv tlv;
    bool good = true;

    while (good && tlv_next(&reader, &tlv) == TLV_OK) {
        struct tlv_reader members = tlv_reader(tlv.value);
        struct fs_key key = {0};
        struct span span, counter, components;

        tlv_require(&members, 0x95, &span);
        key.usage_size = copy_octets(key.usage, sizeof(key.usage), span);
        if (tlv_optional(&members, 0x96, &span))
            copy_octets(&key.access, 1, span);
        tlv_require(&members, 0x82, &span);
        copy_octets(&key.identifier, 1, span);
        tlv_require(&members, 0x83, &span);
        copy_octets(&key.version, 1, span);
        tlv_optional(&members, 0x85, &counter);
        tlv_require(&members, 0x30, &components);
        good = take_key_components(application, &key, counter, components);
    }
    return good;
}

/* ApplicationInstance. */
static void take_instance(struct fs_application *application, struct span value)
{
    struct tlv_reader reader = tlv_reader(value);
    struct span span;

    tlv_require(&reader, 0x4F, &span);
    fs_set_aid(&application->package, span);
    tlv_require(&reader, 0x4F, &span);
    fs_set_aid(&application->class, span);
    tlv_require(&reader, 0x4F, &span);
    fs_set_aid(&application->aid, span);
    if (tlv_optional(&reader, 0x4F, &span))
        fs_set_aid(&application->domain, span);
    tlv_require(&reader, 0x82, &span);
    copy_octets(application->privileges, sizeof(application->privileges), span);
    application->life_cycle = FS_SELECTABLE;
    if (tlv_optional(&reader, 0x83, &span))
        copy_octets(&application->life_cycle, 1, span);
    tlv_require(&reader, 0xC9, &span);
    buf_append(&application->parameters, span);
    if (tlv_optional(&reader, 0xEF, &span))
        buf_append(&application->system_parameters, span);
    if (tlv_optional(&reader, 0xEA, &span))
        buf_append(&application->uicc_parameters, span);
    if (tlv_optional(&reader, 0x30, &span))
        buf_append(&application->personalisation, span);
}

static bool take_domain(struct fs *fs, const struct saip_element *element, const struct saip_place *place)
{
    struct fs_application application = {.kind = FS_SECURITY_DOMAIN,
                                         .number = (uint32_t)fs->application_count};
    struct span span;

    (void)place;
    if (tlv_find(element->value, 0xA1, &span))
        take_instance(&application, span);
    if (tlv_find(element->value, 0xA3, &span))
        buf_append(&application.personalisation, span);
    if (tlv_find(element->value, 0xA2, &span) && !take_keys(&application, span))
        application.personalisation.failed = true; /* fs_add_application refuses and frees */
    return fs_add_application(fs, &application);
}

/* What it holds is kept as the package's element; here is what a terminal or a server is told of it. */
static bool take_load_package(struct fs *fs, struct span value)
{
    struct tlv_reader reader = tlv_reader(value);
    struct fs_application package = {
        .kind = FS_LOAD_PACKAGE, .number = (uint32_t)fs->application_count, .life_cycle = FS_LOADED};
    uint8_t digest[SHA256_DIGEST_LENGTH];
    struct span span, block;

    tlv_require(&reader, 0x4F, &span);
    fs_set_aid(&package.aid, span);
    if (tlv_optional(&reader, 0x4F, &span))
        fs_set_aid(&package.domain, span);
    tlv_find(value, 0xC4, &block);
    package.code_size = block.size;
    if (tlv_find(value, 0xC1, &span))
        buf_append(&package.hash, span);
    else if (EVP_Q_digest(NULL, "SHA256", NULL, block.data, block.size, digest, NULL) == 1)
        buf_append(&package.hash, SPAN_ARRAY(digest));
    return fs_add_application(fs, &package);
}

static bool take_applications(struct fs *fs, const struct saip_element *element,
                              const struct saip_place *place)
{
    struct tlv_reader reader;
    struct span value;
    struct tlv tlv;
    bool good = true;

    (void)place;
    if (tlv_find(element->value, 0xA1, &value))
        good = take_load_package(fs, value);
    if (!tlv_find(element->value, 0xA2, &value))
        return good;
    reader = tlv_reader(value);
    while (good && tlv_next(&reader, &tlv) == TLV_OK) {
        struct fs_application application = {.kind = FS_APPLICATION,
                                             .number = (uint32_t)fs->application_count};

        take_instance(&application, tlv.value);
        good = fs_add_application(fs, &application);
    }
    return good;
}

static bool take_rfm(struct fs *fs, const struct saip_element *element, const struct saip_place *place)
{
    struct tlv_reader reader = tlv_reader(element->value);
    struct fs_application application = {.kind = FS_REMOTE_FILE_MANAGEMENT,
                                         .number = (uint32_t)fs->application_count,
                                         .life_cycle = FS_SELECTABLE};
    struct span span;
    struct tlv tlv;

    (void)place;
    tlv_require(&reader, 0xA0, &span);
    tlv_require(&reader, 0x4F, &span);
    fs_set_aid(&application.aid, span);
    if (tlv_optional(&reader, 0x4F, &span))
        fs_set_aid(&application.domain, span);
    if (tlv_optional(&reader, 0xA0, &span)) {
        struct tlv_reader tars = tlv_reader(span);

        while (tlv_next(&tars, &tlv) == TLV_OK)
            buf_append(&application.tars, tlv.value);
    }
    tlv_require(&reader, 0x81, &span);
    copy_octets(&application.minimum_security_level, 1, span);
    tlv_require(&reader, 0x04, &span);
    buf_append(&application.uicc_access, span);
    tlv_require(&reader, 0x04, &span);
    buf_append(&application.uicc_admin_access, span);
    if (tlv_optional(&reader, 0x30, &span)) {
        struct tlv_reader access = tlv_reader(span);

        tlv_require(&access, 0x80, &span);
        fs_set_aid(&application.adf, span);
        tlv_require(&access, 0x81, &span);
        buf_append(&application.adf_access, span);
        tlv_require(&access, 0x82, &span);
        buf_append(&application.adf_admin_access, span);
    }
    return fs_add_application(fs, &application);
}

static const struct {
    uint32_t tag;
    interpreter *take;
} interpreters[] = {
    {SAIP_PIN_CODES, take_pins},           {SAIP_PUK_CODES, take_puks},
    {SAIP_AKA_PARAMETER, take_naa},        {SAIP_CDMA_PARAMETER, take_cdma},
    {SAIP_SECURITY_DOMAIN, take_domain},   {SAIP_RFM, take_rfm},
    {SAIP_APPLICATION, take_applications},
};

bool interpret_element(struct fs *fs, const struct saip_element *element, const struct saip_place *place)
{
    for (size_t i = 0; i < sizeof(interpreters) / sizeof(interpreters[0]); i++)
        if (interpreters[i].tag == element->tag)
            return interpreters[i].take(fs, element, place);
    return true;
}
