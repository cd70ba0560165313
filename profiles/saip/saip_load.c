/*
 * What an application element loads (TCA 8.7.2): the load package's name, domain and hash, and the load file,
 * which is what GlobalPlatform 2.3 11.6.2 calls the load file data block (the content of C4): the components
 * of a CAP file one after the other (Java Card 3 Virtual Machine, chapter 6). What is in the components but
 * names is for a machine to verify, which this card does not have.
 *
 * Reading: Java Card is the one run-time environment that this card lets packages ask for, and a load file is
 * in its compact format, whose components have a size of two octets.
 */
#include "profiles/saip/saip_internal.h"

#include <openssl/evp.h>
#include <string.h>

/* The AID of the load package that an element brings. */
static bool find_load_package(const struct saip_element *element, struct span *aid)
{
    static const uint32_t path[] = {0xA1, 0x4F, 0};

    return element->tag == SAIP_APPLICATION && tlv_find_path(element->value, path, aid);
}

bool saip_find_load_file(const struct saip_walk *walk, struct span aid, const struct saip_element *end,
                         struct span *file)
{
    static const uint32_t path[] = {0xA1, 0xC4, 0};

    for (const struct saip_element *element = walk->package->elements; element < end; element++) {
        struct span loaded;

        if (find_load_package(element, &loaded) && span_equal(loaded, aid))
            return tlv_find_path(element->value, path, file);
    }
    return false;
}

/* --- the load file ----------------------------------------------------------------------------------- */

/* Component tags, table 6-2; from 128 on they are anybody's. */
enum { COMPONENT_HEADER = 1, COMPONENT_APPLET = 3, COMPONENT_LAST = 13, COMPONENT_CUSTOM = 128 };
/* Fields of the header component, 6.4: magic, version and flags, then the package's version and AID. */
enum { HEADER_MAGIC = 4, HEADER_FIXED = 9, AID_MIN = 5, AID_MAX = 16 };

static bool take_component(struct span *file, uint8_t *tag, struct span *content)
{
    enum { PREFIX = 3 };
    size_t size;

    if (file->size < PREFIX)
        return false;
    *tag = file->data[0];
    size = (size_t)span_number(SPAN(file->data + 1, 2));
    if (size > file->size - PREFIX)
        return false;
    *content = SPAN(file->data + PREFIX, size);
    *file = SPAN(file->data + PREFIX + size, file->size - PREFIX - size);
    return true;
}

static bool check_header_component(struct saip_walk *walk, struct span content, struct span aid)
{
    static const uint8_t magic[HEADER_MAGIC] = {0xDE, 0xCA, 0xFF, 0xED};
    struct span named = SPAN_NONE;
    struct span rest;

    if (content.size < HEADER_FIXED + 1 || memcmp(content.data, magic, sizeof(magic)) != 0)
        return saip_fail(walk, SAIP_BAD_VALUES, content.data,
                         "application: the load file's header does not begin with DECAFFED");
    rest = SPAN(content.data + HEADER_FIXED, content.size - HEADER_FIXED);
    if (!span_take_prefixed(&rest, &named) || !span_equal(named, aid))
        return saip_fail(walk, SAIP_BAD_VALUES, content.data + HEADER_FIXED,
                         "application: the load file's AID is not loadPackageAID");
    return true;
}

/* The applets, 6.6: a count, then of each the AID and where it is installed. */
static bool next_applet(struct span *rest, struct span *aid)
{
    enum { INSTALL_METHOD = 2 };

    if (!span_take_prefixed(rest, aid) || aid->size < AID_MIN || aid->size > AID_MAX ||
        rest->size < INSTALL_METHOD)
        return false;
    *rest = SPAN(rest->data + INSTALL_METHOD, rest->size - INSTALL_METHOD);
    return true;
}

static bool check_applet_component(struct saip_walk *walk, struct span content)
{
    struct span rest = content.size > 0 ? SPAN(content.data + 1, content.size - 1) : content;
    unsigned count = content.size > 0 ? content.data[0] : 0;
    struct span aid;

    for (unsigned i = 0; i < count; i++)
        if (!next_applet(&rest, &aid))
            return saip_fail(walk, SAIP_BAD_VALUES, rest.data,
                             "application: the load file's list of applets is malformed");
    return (count > 0 && rest.size == 0) ||
           saip_fail(walk, SAIP_BAD_VALUES, rest.data,
                     "application: the load file's list of applets is malformed");
}

static bool check_load_file(struct saip_walk *walk, struct span file, struct span aid)
{
    uint32_t seen = 0;

    while (file.size > 0) {
        const uint8_t *at = file.data;
        uint32_t bit;
        struct span content;
        uint8_t tag;

        if (!take_component(&file, &tag, &content))
            return saip_fail(walk, SAIP_BAD_VALUES, at, "application: the load file's component is cut off");
        bit = tag < COMPONENT_CUSTOM ? (uint32_t)1 << tag % 32 : 0;
        if ((tag != COMPONENT_HEADER && seen == 0) || tag == 0 ||
            (tag > COMPONENT_LAST && tag < COMPONENT_CUSTOM) || (seen & bit) != 0)
            return saip_fail(walk, SAIP_BAD_VALUES, at, "application: the load file has component %u here",
                             tag);
        seen |= bit;
        if ((tag == COMPONENT_HEADER && !check_header_component(walk, content, aid)) ||
            (tag == COMPONENT_APPLET && !check_applet_component(walk, content)))
            return false;
    }
    return true;
}

bool saip_load_file_has(struct span file, struct span class_aid)
{
    struct span content, aid;
    uint8_t tag;

    while (take_component(&file, &tag, &content)) {
        if (tag != COMPONENT_APPLET)
            continue;
        content = SPAN(content.data + 1, content.size - 1);
        while (next_applet(&content, &aid))
            if (span_equal(aid, class_aid))
                return true;
    }
    return false;
}

/* --- the load package -------------------------------------------------------------------------------- */

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

bool saip_check_load_package(struct saip_walk *walk, struct span value)
{
    struct tlv_reader reader = tlv_reader(value);
    struct span aid, domain, hash, block, other;

    tlv_require(&reader, 0x4F, &aid);
    if (saip_find_load_file(walk, aid, walk->element, &other) || saip_has_aid(walk, aid, walk->aid_count) ||
        saip_find_application(walk, aid) != SAIP_NO_PARENT)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, aid.data, "application: loadPackageAID is in use");
    if (tlv_optional(&reader, 0x4F, &domain) && !saip_has_aid(walk, domain, walk->domain_count))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, domain.data,
                         "application: securityDomainAID is no security domain");
    tlv_find(value, 0xC4, &block);
    return (!tlv_find(value, 0xC1, &hash) || check_hash(walk, hash, block)) &&
           check_load_file(walk, block, aid);
}
