/*
 * Security domains (TCA 8.6), applications (8.7) and remote file management (8.8), beyond their ASN.1: names,
 * privileges, keys and application references, against GlobalPlatform 2.3 and ETSI TS 102 226.
 *
 * Named leniency: what an application alone understands (its parameters, its personalisation) and what asks
 * for parts that this card does not have (memory quotas, contactless, CAT-TP) is kept and not looked at.
 */
#include "profiles/saip/saip_internal.h"

#include <stdlib.h>
#include <string.h>

/* --- names ------------------------------------------------------------------------------------------- */

/* ISD-R and ECASD (SGP.02 2.2.3): they answer to these names whatever profile is enabled. */
static bool is_own_aid(struct span aid)
{
    static const uint8_t isdr[] = {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                                   0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00};
    static const uint8_t ecasd[] = {0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                                    0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x02, 0x00};

    return span_equal(aid, SPAN_ARRAY(isdr)) || span_equal(aid, SPAN_ARRAY(ecasd));
}

static bool is_taken(const struct saip_walk *walk, struct span aid)
{
    struct span file;

    return saip_has_aid(walk, aid, walk->aid_count) || saip_find_application(walk, aid) != SAIP_NO_PARENT ||
           saip_find_load_file(walk, aid, walk->element + 1, &file);
}

static bool add_aid(struct saip_walk *walk, struct span aid)
{
    enum { INSTANCES_MAX = 1024 };

    if (is_taken(walk, aid))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, aid.data, "%s: instanceAID is in use",
                         walk->element->name);
    if (is_own_aid(aid))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, aid.data, "%s: instanceAID is the eUICC's own",
                         walk->element->name);
    if (walk->aid_count == INSTANCES_MAX)
        return saip_fail(walk, SAIP_NOT_ENOUGH_MEMORY, aid.data, "%s: more than %d instances",
                         walk->element->name, INSTANCES_MAX);
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

static bool check_domain(struct saip_walk *walk, const char *what, struct span aid)
{
    return saip_has_aid(walk, aid, walk->domain_count) ||
           saip_fail(walk, SAIP_INVALID_PARAMETER, aid.data, "%s: %s is no security domain",
                     walk->element->name, what);
}

/* --- toolkit application references ------------------------------------------------------------------ */

enum { TAR_SIZE = 3, TAR_IN_AID = 12, TAR_VALUES = 1 << 24 };
enum { TAR_ISDR = 0x000001, TAR_ECASD = 0x000002 }; /* SGP.02 2.2.3 */

/* A message goes to one application: a reference is there once in a package. */
static bool claim_tar(struct saip_walk *walk, struct span tar)
{
    uint32_t number = (uint32_t)span_number(tar);
    uint8_t bit = (uint8_t)(1 << number % 8);

    if (number == TAR_ISDR || number == TAR_ECASD)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, tar.data, "%s: TAR %06X is the eUICC's own",
                         walk->element->name, (unsigned)number);
    if (walk->tars == NULL)
        walk->tars = calloc(TAR_VALUES / 8, 1);
    if (walk->tars == NULL)
        return saip_fail(walk, SAIP_MEMORY_FAILURE, tar.data, "out of memory");
    if ((walk->tars[number / 8] & bit) != 0)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, tar.data, "%s: TAR %06X is in use",
                         walk->element->name, (unsigned)number);
    walk->tars[number / 8] |= bit;
    return true;
}

/* Priority, timers, size of texts, menu entries (a count and two octets each), channels. */
static bool skip_toolkit(struct span *field)
{
    enum { FIXED = 4, ENTRIES = 3, MENU_ENTRY = 2, CHANNELS = 1 };
    struct span part;

    return span_take(field, FIXED, &part) &&
           span_take(field, (size_t)part.data[ENTRIES] * MENU_ENTRY, &part) &&
           (field->size == 0 || span_take(field, CHANNELS, &part));
}

bool saip_toolkit_parameters(struct span field, struct span *security, struct span *tars)
{
    return skip_toolkit(&field) && span_take_prefixed(&field, security) && span_take_prefixed(&field, tars);
}

/* Nothing is cut off in the middle. */
static bool ends_early(struct span field)
{
    struct span security;

    return skip_toolkit(&field) &&
           (field.size == 0 || (span_take_prefixed(&field, &security) && field.size == 0));
}

/*
 * Named leniency: a field may end before its references (an example of pySim's saip-tool announces five menu
 * entries and stops at the level of security), and has none then. An instance without any has the reference
 * that its AID may hold (TS 101 220 3), which is not compared with others': providers number their AIDs
 * elsewhere.
 */
static bool check_toolkit(struct saip_walk *walk, struct span instance)
{
    struct span parameters, field, security, tars;

    if (!tlv_find(instance, 0xEA, &parameters) || !tlv_find(parameters, 0x80, &field) || ends_early(field))
        return true;
    if (!saip_toolkit_parameters(field, &security, &tars) || tars.size % TAR_SIZE != 0)
        return saip_fail(walk, SAIP_BAD_VALUES, field.data,
                         "%s: uiccToolkitApplicationSpecificParametersField is not as TS 102 226 says",
                         walk->element->name);
    for (size_t at = 0; at < tars.size; at += TAR_SIZE)
        if (!claim_tar(walk, SPAN(tars.data + at, TAR_SIZE)))
            return false;
    return true;
}

/* --- privileges and life cycle ----------------------------------------------------------------------- */

/* GlobalPlatform 2.3, table 6-1, the first octet in front. */
enum {
    SECURITY_DOMAIN = 0x800000,
    DAP_VERIFICATION = 0x400000,
    DELEGATED_MANAGEMENT = 0x200000,
    MANDATED_DAP = 0x010000,
    AUTHORIZED_MANAGEMENT = 0x004000,
    TOKEN_MANAGEMENT = 0x002000,
    RECEIPT_GENERATION = 0x000080,
    CIPHERED_LOAD = 0x000040,
    FUTURE_USE = 0x00000F,
    OF_DOMAINS = SECURITY_DOMAIN | DAP_VERIFICATION | DELEGATED_MANAGEMENT | MANDATED_DAP |
                 AUTHORIZED_MANAGEMENT | TOKEN_MANAGEMENT | RECEIPT_GENERATION | CIPHERED_LOAD,
};

/* What is wrong with an instance's privileges, NULL: nothing. */
static const char *bad_privileges(uint32_t privileges, bool domain)
{
    if ((privileges & FUTURE_USE) != 0)
        return "are for future use";
    if (domain && (privileges & SECURITY_DOMAIN) == 0)
        return "are not a security domain's";
    if (!domain && (privileges & OF_DOMAINS) != 0)
        return "are a security domain's";
    if ((privileges & MANDATED_DAP) != 0 && (privileges & DAP_VERIFICATION) == 0)
        return "have mandated DAP without DAP verification";
    if ((privileges & DELEGATED_MANAGEMENT) != 0 && (privileges & AUTHORIZED_MANAGEMENT) != 0)
        return "have delegated and authorized management";
    return NULL;
}

static bool check_privileges(struct saip_walk *walk, struct span privileges, bool domain)
{
    uint32_t bits = (uint32_t)span_number(privileges) << (privileges.size == 1 ? 16 : 0);
    const char *fault = bad_privileges(bits, domain);

    if (privileges.size == 2)
        return saip_fail(walk, SAIP_BAD_VALUES, privileges.data,
                         "%s: applicationPrivileges has 2 octets, not 1 or 3", walk->element->name);
    return fault == NULL ||
           saip_fail(walk, SAIP_BAD_VALUES, privileges.data, "%s: applicationPrivileges %06X %s",
                     walk->element->name, (unsigned)bits, fault);
}

/* GlobalPlatform 2.3, tables 11-4 and 11-5: installed, selectable, personalised or of the application's own;
 * each may be locked. */
static bool check_life_cycle(struct saip_walk *walk, struct span state, bool domain)
{
    enum { INSTALLED = 0x03, SELECTABLE = 0x07, PERSONALIZED = 0x0F, LOCKED = 0x80 };
    uint8_t octet = state.data != NULL ? state.data[0] & (uint8_t)~LOCKED : SELECTABLE;
    bool good = octet == INSTALLED || octet == SELECTABLE || octet == PERSONALIZED ||
                (!domain && (octet & SELECTABLE) == SELECTABLE);

    return good || saip_fail(walk, SAIP_BAD_VALUES, state.data, "%s: lifeCycleState %02X is none",
                             walk->element->name, state.data[0]);
}

/* The instance's four AIDs have the same tag: package, class, instance, and perhaps the domain it goes to. */
static bool check_instance(struct saip_walk *walk, struct span value, bool is_domain)
{
    struct tlv_reader reader = tlv_reader(value);
    struct span package, class, instance, domain, privileges, state;

    tlv_require(&reader, 0x4F, &package);
    tlv_require(&reader, 0x4F, &class);
    tlv_require(&reader, 0x4F, &instance);
    if (tlv_optional(&reader, 0x4F, &domain) && !check_domain(walk, "extraditeSecurityDomainAID", domain))
        return false;
    tlv_require(&reader, 0x82, &privileges);
    tlv_optional(&reader, 0x83, &state);
    return check_privileges(walk, privileges, is_domain) && check_life_cycle(walk, state, is_domain) &&
           check_toolkit(walk, value) && add_aid(walk, instance);
}

/* --- keys -------------------------------------------------------------------------------------------- */

/* Key types of GlobalPlatform 2.3, table 11-16; triple DES with its mode left open and in CBC mode, and AES.
 */
enum { TYPE_DES = 0x80, TYPE_DES_CBC = 0x82, TYPE_AES = 0x88, TYPE_EXTENDED = 0xFF };

static bool is_des(uint8_t type)
{
    return type == TYPE_DES || type == TYPE_DES_CBC;
}

/* The size of a key, and of the checksums made with it (TS 102 225 5.1.1; a card takes 8 where a package says
 * nothing). Named leniency: types that this card does not compute with are taken with any value. */
static bool check_key_component(struct saip_walk *walk, struct span value)
{
    struct span type, key, length;
    uint64_t mac = 8;

    tlv_find(value, 0x80, &type);
    tlv_find(value, 0x86, &key);
    if (tlv_find(value, 0x87, &length))
        tlv_unsigned(length, &mac);
    if (type.size > 1 && type.data[0] != TYPE_EXTENDED)
        return saip_fail(walk, SAIP_BAD_VALUES, type.data, "securityDomain: keyType has %zu octets",
                         type.size);
    if (key.size == 0)
        return saip_fail(walk, SAIP_BAD_VALUES, key.data, "securityDomain: keyData is empty");
    if (type.data[0] == TYPE_AES && key.size != 16 && key.size != 24 && key.size != 32)
        return saip_fail(walk, SAIP_BAD_VALUES, key.data, "securityDomain: AES key of %zu octets", key.size);
    if (is_des(type.data[0]) && key.size != 16 && key.size != 24)
        return saip_fail(walk, SAIP_BAD_VALUES, key.data, "securityDomain: triple DES key of %zu octets",
                         key.size);
    if ((type.data[0] == TYPE_AES || is_des(type.data[0])) && mac != 4 && mac != 8)
        return saip_fail(walk, SAIP_BAD_VALUES, length.data, "securityDomain: macLength %u is not 4 or 8",
                         (unsigned)mac);
    return true;
}

/* What may use a key: GlobalPlatform 2.3, table 11-18; and the counter of its messages (TS 102 225 5.1.4). */
static bool check_key_use(struct saip_walk *walk, struct span value)
{
    enum { ACCESS_LAST = 0x02, ACCESS_PROPRIETARY = 0x20, ACCESS_NOT = 0xFF, COUNTER_MAX = 5 };
    struct span access, counter;

    if (tlv_find(value, 0x96, &access) && access.data[0] > ACCESS_LAST &&
        (access.data[0] < ACCESS_PROPRIETARY || access.data[0] == ACCESS_NOT))
        return saip_fail(walk, SAIP_BAD_VALUES, access.data, "securityDomain: keyAccess %02X is none",
                         access.data[0]);
    if (tlv_find(value, 0x85, &counter) && (counter.size < 1 || counter.size > COUNTER_MAX))
        return saip_fail(walk, SAIP_BAD_VALUES, counter.data,
                         "securityDomain: keyCounterValue has %zu octets", counter.size);
    return true;
}

static bool check_key(struct saip_walk *walk, struct span value)
{
    struct span identifier, version;
    unsigned number;

    tlv_find(value, 0x82, &identifier);
    tlv_find(value, 0x83, &version);
    /* GlobalPlatform 11.8.2.2: identifiers and versions have 7 bits. Version 0 means a new key in PUT KEY
     * only. */
    if (version.data[0] < 0x01 || version.data[0] > 0x7F || identifier.data[0] > 0x7F)
        return saip_fail(walk, SAIP_BAD_VALUES, version.data, "securityDomain: key %02X version %02X",
                         identifier.data[0], version.data[0]);
    number = (unsigned)version.data[0] << 7 | identifier.data[0];
    if ((walk->keys[number / 8] & 1 << number % 8) != 0)
        return saip_fail(walk, SAIP_BAD_VALUES, identifier.data,
                         "securityDomain: key %02X version %02X is there twice", identifier.data[0],
                         version.data[0]);
    walk->keys[number / 8] |= (uint8_t)(1 << number % 8);
    return check_key_use(walk, value) && saip_check_each(walk, value, 0x30, check_key_component);
}

/* --- elements ---------------------------------------------------------------------------------------- */

bool saip_check_security_domain(struct saip_walk *walk)
{
    struct span instance;

    tlv_find(walk->element->value, 0xA1, &instance);
    if (!check_instance(walk, instance, true))
        return false;
    /* Domains stand in front of the other instances in aids, so that `domain_count` tells them. */
    if (walk->aid_count - 1 > walk->domain_count) {
        struct span last = walk->aids[walk->aid_count - 1];

        walk->aids[walk->aid_count - 1] = walk->aids[walk->domain_count];
        walk->aids[walk->domain_count] = last;
    }
    walk->domain_count++;
    memset(walk->keys, 0, sizeof(walk->keys));
    return saip_check_each(walk, walk->element->value, 0xA2, check_key);
}

/* The first octet of SPI (TS 102 225 5.1.1), whose last bits are for future use. */
static bool check_security_level(struct saip_walk *walk, struct span level)
{
    enum { SPI_BITS = 0x1F };

    return (level.data[0] & ~SPI_BITS) == 0 ||
           saip_fail(walk, SAIP_BAD_VALUES, level.data, "rfm: minimumSecurityLevel %02X", level.data[0]);
}

static bool check_tars(struct saip_walk *walk, struct span list, struct span instance)
{
    struct tlv_reader reader = tlv_reader(list);
    struct tlv tlv;

    if (list.size == 0)
        return instance.size < TAR_IN_AID + TAR_SIZE ||
               claim_tar(walk, SPAN(instance.data + TAR_IN_AID, TAR_SIZE));
    while (tlv_next(&reader, &tlv) == TLV_OK)
        if (!claim_tar(walk, tlv.value))
            return false;
    return true;
}

/* Named leniency: an access domain of a form that this card does not know is taken, and opens no file: see
 * rfm.c. */
bool saip_check_rfm(struct saip_walk *walk)
{
    struct tlv_reader reader = tlv_reader(walk->element->value);
    struct span skipped, instance, domain, tars, level, access, aid;

    tlv_require(&reader, 0xA0, &skipped);
    tlv_require(&reader, 0x4F, &instance);
    if (tlv_optional(&reader, 0x4F, &domain) && !check_domain(walk, "securityDomainAID", domain))
        return false;
    tlv_optional(&reader, 0xA0, &tars);
    tlv_require(&reader, 0x81, &level);
    if (!check_tars(walk, tars, instance) || !check_security_level(walk, level))
        return false;
    if (tlv_find(walk->element->value, 0x30, &access) && tlv_find(access, 0x80, &aid) &&
        saip_find_application(walk, aid) == SAIP_NO_PARENT)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, aid.data,
                         "rfm: adfAID is no application of the package");
    return add_aid(walk, instance);
}

/* Reading: this card has no load packages of its own, so that an instance's is one of the profile. */
static bool check_loaded_instance(struct saip_walk *walk, struct span value)
{
    struct tlv_reader reader = tlv_reader(value);
    struct span package, class, file;

    tlv_require(&reader, 0x4F, &package);
    tlv_require(&reader, 0x4F, &class);
    if (!saip_find_load_file(walk, package, walk->element + 1, &file))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, package.data,
                         "application: applicationLoadPackageAID is no load package");
    if (!saip_load_file_has(file, class))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, class.data,
                         "application: classAID is no applet of the load package");
    return check_instance(walk, value, false);
}

bool saip_check_application(struct saip_walk *walk)
{
    struct span value;

    return (!tlv_find(walk->element->value, 0xA1, &value) || saip_check_load_package(walk, value)) &&
           saip_check_each(walk, walk->element->value, 0xA2, check_loaded_instance);
}
