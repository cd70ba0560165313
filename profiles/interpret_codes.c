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

/* The next member if it has this tag, as it is: as many octets as fit (and their number), an AID, a buffer.
 * What the ASN.1 demands is there. */
static size_t take_octets(struct tlv_reader *reader, uint32_t tag, uint8_t *to, size_t size)
{
    struct span value;

    if (!tlv_optional(reader, tag, &value))
        return 0;
    if (value.size < size)
        size = value.size;
    memcpy(to, value.data, size);
    return size;
}

static void take_aid(struct tlv_reader *reader, uint32_t tag, struct fs_aid *to)
{
    struct span value;

    if (tlv_optional(reader, tag, &value))
        fs_set_aid(to, value);
}

static void take_buffer(struct tlv_reader *reader, uint32_t tag, struct buf *to)
{
    struct span value;

    if (tlv_optional(reader, tag, &value))
        buf_append(to, value);
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
    struct span puk;
    uint64_t number = 0;
    uint8_t attempts;

    pin.reference = small_number(&reader, 0x80, 0);
    take_octets(&reader, 0x81, pin.value, sizeof(pin.value));
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
        uint8_t attempts;

        take_octets(&members, 0x81, puk.value, sizeof(puk.value));
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

    naa->algorithm = (enum saip_algorithm)small_number(&reader, 0x80, 0);
    take_octets(&reader, 0x81, &naa->algorithm_options, 1);
    naa->key_size = take_octets(&reader, 0x82, naa->key, sizeof(naa->key));
    naa->opc_size = take_octets(&reader, 0x83, naa->opc, sizeof(naa->opc));
    take_octets(&reader, 0x84, naa->rotation, sizeof(naa->rotation));
    take_octets(&reader, 0x85, naa->xoring[0], sizeof(naa->xoring));
    naa->has_counter_max = take_octets(&reader, 0x86, naa->counter_max, sizeof(naa->counter_max)) > 0;
    naa->keccak_count = small_number(&reader, 0x87, naa->keccak_count);
}

static void take_mapping(struct fs_naa *naa, struct span value)
{
    struct tlv_reader reader = tlv_reader(value);

    naa->mapped = true;
    take_octets(&reader, 0x80, &naa->mapping_options, 1);
    take_aid(&reader, 0x81, &naa->mapping_source);
}

static bool take_naa(struct fs *fs, const struct saip_element *element, const struct saip_place *place)
{
    struct tlv_reader reader = tlv_reader(element->value);
    struct fs_naa naa = naa_default;
    struct span header, choice, span;

    naa.application = fs_file(fs, place->application);
    tlv_require(&reader, 0xA0, &header);
    tlv_require(&reader, 0xA1, &choice);
    if (tlv_find(choice, 0xA1, &span))
        take_algorithm(&naa, span);
    else if (tlv_find(choice, 0xA0, &span))
        take_mapping(&naa, span);
    take_octets(&reader, 0x82, &naa.sqn_options, 1);
    take_octets(&reader, 0x83, naa.sqn_delta, FS_SQN_SIZE);
    take_octets(&reader, 0x84, naa.sqn_age_limit, FS_SQN_SIZE);
    if (tlv_optional(&reader, 0xA5, &span)) {
        reader = tlv_reader(span);
        for (size_t i = 0; i < FS_SQN_COUNT; i++)
            take_octets(&reader, 0x04, naa.sqn[i], FS_SQN_SIZE);
    }
    return naa.application != NULL && fs_add_naa(fs, &naa);
}

static bool take_cdma(struct fs *fs, const struct saip_element *element, const struct saip_place *place)
{
    struct tlv_reader reader = tlv_reader(element->value);
    struct fs_cdma cdma = {.application = fs_file(fs, place->application)};
    struct span header;

    tlv_require(&reader, 0xA0, &header);
    take_buffer(&reader, 0x81, &cdma.authentication_key);
    take_buffer(&reader, 0x82, &cdma.ssd);
    take_buffer(&reader, 0x83, &cdma.hrpd);
    take_buffer(&reader, 0x84, &cdma.simple_ip);
    take_buffer(&reader, 0x85, &cdma.mobile_ip);
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

        take_octets(&members, 0x80, &key.type, 1);
        take_buffer(&members, 0x86, &key.value);
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
        struct span counter, components;

        key.usage_size = take_octets(&members, 0x95, key.usage, sizeof(key.usage));
        take_octets(&members, 0x96, &key.access, 1);
        take_octets(&members, 0x82, &key.identifier, 1);
        take_octets(&members, 0x83, &key.version, 1);
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

    application->life_cycle = FS_SELECTABLE;
    take_aid(&reader, 0x4F, &application->package);
    take_aid(&reader, 0x4F, &application->class);
    take_aid(&reader, 0x4F, &application->aid);
    take_aid(&reader, 0x4F, &application->domain);
    take_octets(&reader, 0x82, application->privileges, sizeof(application->privileges));
    take_octets(&reader, 0x83, &application->life_cycle, 1);
    take_buffer(&reader, 0xC9, &application->parameters);
    take_buffer(&reader, 0xEF, &application->system_parameters);
    take_buffer(&reader, 0xEA, &application->uicc_parameters);
    take_buffer(&reader, 0x30, &application->personalisation);
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

    take_aid(&reader, 0x4F, &package.aid);
    take_aid(&reader, 0x4F, &package.domain);
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
    take_aid(&reader, 0x4F, &application.aid);
    take_aid(&reader, 0x4F, &application.domain);
    if (tlv_optional(&reader, 0xA0, &span)) {
        struct tlv_reader tars = tlv_reader(span);

        while (tlv_next(&tars, &tlv) == TLV_OK)
            buf_append(&application.tars, tlv.value);
    }
    take_octets(&reader, 0x81, &application.minimum_security_level, 1);
    take_buffer(&reader, 0x04, &application.uicc_access);
    take_buffer(&reader, 0x04, &application.uicc_admin_access);
    if (tlv_optional(&reader, 0x30, &span)) {
        struct tlv_reader access = tlv_reader(span);

        take_aid(&access, 0x80, &application.adf);
        take_buffer(&access, 0x81, &application.adf_access);
        take_buffer(&access, 0x82, &application.adf_admin_access);
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

bool interpret_element(void *fs, const struct saip_element *element, const struct saip_place *place)
{
    for (size_t i = 0; i < sizeof(interpreters) / sizeof(interpreters[0]); i++)
        if (interpreters[i].tag == element->tag)
            return interpreters[i].take(fs, element, place);
    return true;
}
