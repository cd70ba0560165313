/*
 * Elements without files, beyond their ASN.1: PIN and PUK codes (TCA 8.4), network authentication (8.5),
 * security domains (8.6), applications (8.7), remote file management (8.8), and what can only be said at the
 * package's end: every code that a directory asks for exists.
 */
#include "profiles/saip/saip_file.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

/* Key references (TS 102 221 9.5.1): bit 8 marks the ones local to a directory. */
enum { LOCAL_PIN_MIN = 0x81, LOCAL_PIN_MAX = 0x88 };

static bool is_local(unsigned reference)
{
    return reference >= LOCAL_PIN_MIN && reference <= LOCAL_PIN_MAX;
}

/* Attempts allowed in the high nibble, left in the low one. */
static bool check_attempts(struct saip_walk *walk, const char *what, struct span value)
{
    uint64_t number = 0;

    if (value.data == NULL)
        return true;
    tlv_unsigned(value, &number);
    if (number >> 4 == 0 || (number & 0x0F) > number >> 4)
        return saip_fail(walk, SAIP_BAD_VALUES, value.data, "%s: %u attempts of %u left", what,
                         (unsigned)(number & 0x0F), (unsigned)(number >> 4));
    return true;
}

/* --- PUKs --- */

/* The bit of a PUK reference: 1 to 8 and 81 to 88 (PUKKeyReferenceValue); 0 for another number. */
static uint32_t puk_bit(uint64_t reference)
{
    return (reference & 0x7F) <= 8 ? saip_pin_bit(reference) : 0;
}

static bool check_puk(struct saip_walk *walk, struct span value)
{
    struct span reference, attempts;
    uint64_t number = 0;
    uint32_t bit;

    tlv_find(value, 0x80, &reference);
    tlv_find(value, 0x82, &attempts);
    tlv_unsigned(reference, &number);
    bit = puk_bit(number);
    if (bit == 0 || (walk->puks & bit) != 0)
        return saip_fail(walk, SAIP_BAD_VALUES, reference.data, "pukCodes: reference %u %s", (unsigned)number,
                         bit == 0 ? "is no PUK" : "is there twice");
    walk->puks |= bit;
    return check_attempts(walk, "pukCodes", attempts);
}

bool saip_check_puks(struct saip_walk *walk)
{
    return saip_check_each(walk, walk->element->value, 0xA1, check_puk);
}

/* --- PINs --- */

static bool check_pin(struct saip_walk *walk, struct span value)
{
    struct span reference, unblocking, attempts;
    uint64_t number = 0;
    uint64_t puk = 0;
    uint16_t directory = walk->directory;
    uint32_t bit;

    tlv_find(value, 0x80, &reference);
    tlv_find(value, 0x82, &unblocking);
    tlv_find(value, 0x84, &attempts);
    tlv_unsigned(reference, &number);
    bit = saip_pin_bit(number);
    if (bit == 0)
        return saip_fail(walk, SAIP_BAD_VALUES, reference.data, "pinCodes: reference %u is no PIN",
                         (unsigned)number);
    if (walk->directory_and_mf && !is_local((unsigned)number))
        directory = 0;
    /* Global PINs belong to MF, local ones to other directories (PINConfiguration).
     * Reading: the administrative codes 8A to 8E may stand in both. */
    if (number <= LOCAL_PIN_MAX && is_local((unsigned)number) != (directory != 0))
        return saip_fail(walk, SAIP_BAD_VALUES, reference.data,
                         "pinCodes: PIN %u does not belong in this directory", (unsigned)number);
    if ((walk->nodes[directory].pins & bit) != 0)
        return saip_fail(walk, SAIP_BAD_VALUES, reference.data, "pinCodes: PIN %u is there twice",
                         (unsigned)number);
    if (unblocking.data != NULL) {
        tlv_unsigned(unblocking, &puk);
        if ((walk->puks & puk_bit(puk)) == 0)
            return saip_fail(walk, SAIP_INVALID_PARAMETER, unblocking.data,
                             "pinCodes: PIN %u refers to PUK %u, which is not there", (unsigned)number,
                             (unsigned)puk);
    }
    walk->nodes[directory].pins |= bit;
    return check_attempts(walk, "pinCodes", attempts);
}

/* PINs of the directory made last, or a path to the directory that shares its own. */
bool saip_check_pins(struct saip_walk *walk)
{
    struct span choice, path;

    tlv_find(walk->element->value, 0xA1, &choice);
    if (walk->directory == SAIP_NO_PARENT)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, walk->element->whole.data,
                         "pinCodes: no directory to belong to");
    if (tlv_find(choice, 0x81, &path)) {
        uint16_t directory = saip_find_path(walk, path);

        if (directory == SAIP_NO_PARENT || !saip_kind_is_directory(walk->nodes[directory].kind))
            return saip_fail(walk, SAIP_INVALID_PARAMETER, path.data,
                             "pinCodes: filePath leads to no directory");
        walk->nodes[walk->directory].pins_of = directory;
        return true;
    }
    return saip_check_each(walk, choice, 0xA0, check_pin);
}

/* A directory may ask for its own codes, those of one it shares with, and those of the directories above: the
 * global ones are in MF. Directories come after the one they are in, so that `pins` of that is complete
 * already. */
bool saip_walk_end(struct saip_walk *walk)
{
    for (size_t i = 0; i < walk->node_count; i++) {
        struct saip_node *node = &walk->nodes[i];
        uint32_t shared = node->pins_of != i ? walk->nodes[node->pins_of].pins : 0;

        node->pins |= shared | (node->parent != SAIP_NO_PARENT ? walk->nodes[node->parent].pins : 0);
        for (size_t j = 0; j < node->pin_status.size; j++) {
            uint8_t reference = node->pin_status.data[j];
            /* The codes of a directory that an IoT Minimal Profile leaves to the template are not in the
             * package. */
            const uint8_t *at =
                node->element->tag == SAIP_IOT ? node->element->whole.data : node->pin_status.data + j;

            walk->element = node->element;
            if ((node->pins & saip_pin_bit(reference)) == 0)
                return saip_fail(walk, SAIP_PIN_CODE_MISSING, at,
                                 "%s: directory %04X asks for code %02X, which is not there",
                                 node->element->name, node->fid, reference);
        }
    }
    return true;
}

/* --- network authentication --- */

/* Sequence numbers without index have 43 bits (TS 33.102 C.3.2, AKAParameter). */
static bool check_sequence_number(struct saip_walk *walk, const char *name, struct span value)
{
    if (value.data == NULL || value.data[0] <= 0x07)
        return true;
    return saip_fail(walk, SAIP_BAD_VALUES, value.data, "akaParameter: %s is above 07FFFFFFFFFF", name);
}

static bool check_algorithm(struct saip_walk *walk, struct span value)
{
    struct span identifier, key, opc, rotation;
    uint64_t algorithm = 0;

    tlv_find(value, 0x80, &identifier);
    tlv_find(value, 0x82, &key);
    tlv_find(value, 0x83, &opc);
    tlv_find(value, 0x84, &rotation);
    tlv_unsigned(identifier, &algorithm);
    if (key.size != 16 && !(algorithm == SAIP_TUAK && key.size == 32))
        return saip_fail(walk, SAIP_BAD_VALUES, key.data, "akaParameter: key has %zu octets", key.size);
    if (algorithm == SAIP_MILENAGE && opc.size != 16)
        return saip_fail(walk, SAIP_BAD_VALUES, opc.data, "akaParameter: OPc has %zu octets, not 16",
                         opc.size);
    if (algorithm == SAIP_TUAK && opc.size != 32)
        return saip_fail(walk, SAIP_BAD_VALUES, opc.data, "akaParameter: TOPc has %zu octets, not 32",
                         opc.size);
    for (size_t i = 0; algorithm == SAIP_MILENAGE && i < rotation.size; i++) {
        if (rotation.data[i] > 127)
            return saip_fail(walk, SAIP_BAD_VALUES, rotation.data + i,
                             "akaParameter: rotation by %u of 128 bits", rotation.data[i]);
    }
    return true;
}

static bool check_mapping(struct saip_walk *walk, struct span value)
{
    struct span source;
    uint16_t application;

    tlv_find(value, 0x81, &source);
    application = saip_find_application(walk, source);
    if (application == SAIP_NO_PARENT || !walk->nodes[application].has_keys)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, source.data,
                         "akaParameter: mappingSource is no application with keys");
    return true;
}

static bool check_initial_number(struct saip_walk *walk, struct span value)
{
    return check_sequence_number(walk, "sqnInit", value);
}

static bool check_sequence_numbers(struct saip_walk *walk)
{
    struct span parameter = walk->element->value;
    struct span delta, limit;

    tlv_find(parameter, 0x83, &delta);
    tlv_find(parameter, 0x84, &limit);
    return check_sequence_number(walk, "sqnDelta", delta) &&
           check_sequence_number(walk, "sqnAgeLimit", limit) &&
           saip_check_each(walk, parameter, 0xA5, check_initial_number);
}

/* Marks the application that an element of keys belongs to. */
static bool claim_application(struct saip_walk *walk)
{
    struct saip_node *node;

    if (walk->application == SAIP_NO_PARENT)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, walk->element->whole.data,
                         "%s: stands before any application", walk->element->name);
    node = &walk->nodes[walk->application];
    if (node->has_keys)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, walk->element->whole.data,
                         "%s: the application has keys already", walk->element->name);
    node->has_keys = true;
    return true;
}

bool saip_check_aka(struct saip_walk *walk)
{
    struct span choice, value;

    tlv_find(walk->element->value, 0xA1, &choice);
    if (tlv_find(choice, 0xA1, &value) ? !check_algorithm(walk, value)
                                       : !tlv_find(choice, 0xA0, &value) || !check_mapping(walk, value))
        return false;
    return check_sequence_numbers(walk) && claim_application(walk);
}

bool saip_check_cdma(struct saip_walk *walk)
{
    return claim_application(walk);
}

/* --- security domains and remote file management --- */

static bool has_aid(const struct saip_walk *walk, struct span aid, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (span_equal(walk->aids[i], aid))
            return true;
    }
    return false;
}

static bool add_aid(struct saip_walk *walk, struct span aid)
{
    if (has_aid(walk, aid, walk->aid_count) || saip_find_application(walk, aid) != SAIP_NO_PARENT)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, aid.data, "%s: instanceAID is in use",
                         walk->element->name);
    if (walk->aid_count == walk->aid_capacity) {
        size_t capacity = walk->aid_capacity != 0 ? walk->aid_capacity * 2 : 16;
        struct span *aids = realloc(walk->aids, capacity * sizeof(*aids));

        if (aids == NULL)
            return saip_fail(walk, SAIP_MEMORY_FAILURE, aid.data, "out of memory");
        walk->aids = aids;
        walk->aid_capacity = capacity;
    }
    walk->aids[walk->aid_count++] = aid;
    return true;
}

/* Sizes of keys that GlobalPlatform gives a type to (11.1.8); other types are taken as they come. */
static bool check_key_component(struct saip_walk *walk, struct span value)
{
    enum { TYPE_DES = 0x80, TYPE_AES = 0x88 };
    struct span type, key;

    tlv_find(value, 0x80, &type);
    tlv_find(value, 0x86, &key);
    if (type.data[0] == TYPE_AES && key.size != 16 && key.size != 24 && key.size != 32)
        return saip_fail(walk, SAIP_BAD_VALUES, key.data, "securityDomain: AES key of %zu octets", key.size);
    if (type.data[0] == TYPE_DES && key.size != 16 && key.size != 24)
        return saip_fail(walk, SAIP_BAD_VALUES, key.data, "securityDomain: triple DES key of %zu octets",
                         key.size);
    return true;
}

static bool check_key(struct saip_walk *walk, struct span value)
{
    struct span identifier, version;

    tlv_find(value, 0x82, &identifier);
    tlv_find(value, 0x83, &version);
    /* GlobalPlatform 11.8.2.2: identifiers and versions have 7 bits. Version 0 means a new key in PUT KEY
     * only. */
    if (version.data[0] < 0x01 || version.data[0] > 0x7F || identifier.data[0] > 0x7F)
        return saip_fail(walk, SAIP_BAD_VALUES, version.data, "securityDomain: key %02X version %02X",
                         identifier.data[0], version.data[0]);
    return saip_check_each(walk, value, 0x30, check_key_component);
}

/* The instance's four AIDs have the same tag: package, class, instance, and perhaps the domain it goes to. */
static bool check_instance(struct saip_walk *walk, struct span value)
{
    struct tlv_reader reader = tlv_reader(value);
    struct span package, class, instance, domain, privileges;

    tlv_require(&reader, 0x4F, &package);
    tlv_require(&reader, 0x4F, &class);
    tlv_require(&reader, 0x4F, &instance);
    if (tlv_optional(&reader, 0x4F, &domain) && !has_aid(walk, domain, walk->domain_count))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, domain.data,
                         "%s: extraditeSecurityDomainAID is no security domain", walk->element->name);
    tlv_require(&reader, 0x82, &privileges);
    if (privileges.size == 2)
        return saip_fail(walk, SAIP_BAD_VALUES, privileges.data,
                         "%s: applicationPrivileges has 2 octets, not 1 or 3", walk->element->name);
    return add_aid(walk, instance);
}

bool saip_check_security_domain(struct saip_walk *walk)
{
    struct span instance;

    tlv_find(walk->element->value, 0xA1, &instance);
    /* Domains stand in front of the other instances in aids, so that `domain_count` tells them. */
    if (!check_instance(walk, instance))
        return false;
    if (walk->aid_count - 1 > walk->domain_count) {
        struct span last = walk->aids[walk->aid_count - 1];

        walk->aids[walk->aid_count - 1] = walk->aids[walk->domain_count];
        walk->aids[walk->domain_count] = last;
    }
    walk->domain_count++;
    return saip_check_each(walk, walk->element->value, 0xA2, check_key);
}

bool saip_check_rfm(struct saip_walk *walk)
{
    struct tlv_reader reader = tlv_reader(walk->element->value);
    struct span skipped, instance, domain, access, aid;

    tlv_require(&reader, 0xA0, &skipped);
    tlv_require(&reader, 0x4F, &instance);
    if (tlv_optional(&reader, 0x4F, &domain) && !has_aid(walk, domain, walk->domain_count))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, domain.data,
                         "rfm: securityDomainAID is no security domain");
    if (tlv_find(walk->element->value, 0x30, &access) && tlv_find(access, 0x80, &aid) &&
        saip_find_application(walk, aid) == SAIP_NO_PARENT)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, aid.data,
                         "rfm: adfAID is no application of the package");
    return add_aid(walk, instance);
}

/* --- applications ---------------------------------------------------------------------------------- */

/* The AID of the load package that an element brings. */
static bool find_load_package(const struct saip_element *element, struct span *aid)
{
    static const uint32_t path[] = {0xA1, 0x4F, 0};

    return element->tag == SAIP_APPLICATION && tlv_find_path(element->value, path, aid);
}

/* Whether one of the elements in front of `end` brings this load package. */
static bool is_loaded(const struct saip_walk *walk, struct span aid, const struct saip_element *end)
{
    for (const struct saip_element *element = walk->package->elements; element < end; element++) {
        struct span loaded;

        if (find_load_package(element, &loaded) && span_equal(loaded, aid))
            return true;
    }
    return false;
}

/* GlobalPlatform C.2: the hash goes over what the load file data block holds;
 * its size says which one it is. */
static bool check_hash(struct saip_walk *walk, struct span hash, struct span block)
{
    static const struct {
        size_t size;
        const char *name;
    } algorithms[] = {{20, "SHA1"}, {32, "SHA256"}, {48, "SHA384"}, {64, "SHA512"}};
    uint8_t digest[EVP_MAX_MD_SIZE];

    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        if (algorithms[i].size == hash.size &&
            EVP_Q_digest(NULL, algorithms[i].name, NULL, block.data, block.size, digest, NULL) == 1 &&
            memcmp(digest, hash.data, hash.size) == 0)
            return true;
    return saip_fail(walk, SAIP_BAD_VALUES, hash.data, "application: hashValue is not the load block's");
}

static bool check_load_package(struct saip_walk *walk, struct span value)
{
    struct tlv_reader reader = tlv_reader(value);
    struct span aid, domain, hash, block;

    tlv_require(&reader, 0x4F, &aid);
    if (is_loaded(walk, aid, walk->element) || has_aid(walk, aid, walk->aid_count))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, aid.data, "application: loadPackageAID is in use");
    if (tlv_optional(&reader, 0x4F, &domain) && !has_aid(walk, domain, walk->domain_count))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, domain.data,
                         "application: securityDomainAID is no security domain");
    tlv_find(value, 0xC4, &block);
    return !tlv_find(value, 0xC1, &hash) || check_hash(walk, hash, block);
}

/* Reading: this card has no load packages of its own, so that an instance's is one of the profile. */
static bool check_loaded_instance(struct saip_walk *walk, struct span value)
{
    struct span package;

    tlv_find(value, 0x4F, &package);
    if (!is_loaded(walk, package, walk->element + 1))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, package.data,
                         "application: applicationLoadPackageAID is no load package");
    return check_instance(walk, value);
}

bool saip_check_application(struct saip_walk *walk)
{
    struct span value;

    return (!tlv_find(walk->element->value, 0xA1, &value) || check_load_package(walk, value)) &&
           saip_check_each(walk, walk->element->value, 0xA2, check_loaded_instance);
}
