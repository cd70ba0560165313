/*
 * Codes and keys of network access, beyond their ASN.1: PIN and PUK codes (TCA 8.4), network authentication
 * (8.5), and what can only be said at the package's end: every code that a directory asks for exists, and
 * every access rule that a file refers to.
 *
 * Named leniency: the values of PINs and PUKs are taken as they come, for a card only compares them; and so
 * are bits of pinAttributes, sqnOptions and mappingOptions that mean nothing.
 */
#include "profiles/saip/saip_file.h"

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

static bool check_reached(struct saip_walk *walk, const struct saip_node *node)
{
    for (size_t i = 0; i < node->pin_status.size; i++) {
        uint8_t reference = node->pin_status.data[i];
        /* The codes of a directory that an IoT Minimal Profile leaves to the template are not in the
         * package. */
        const uint8_t *at =
            node->element->tag == SAIP_IOT ? node->element->whole.data : node->pin_status.data + i;

        if ((node->reached & saip_pin_bit(reference)) == 0)
            return saip_fail(walk, SAIP_PIN_CODE_MISSING, at,
                             "%s: directory %04X asks for code %02X, which is not there", node->element->name,
                             node->fid, reference);
    }
    return true;
}

/* A directory may ask for its own codes, those that the one it shares with has of its own, and what the
 * directories above reach: the global ones are in MF. Directories come after the one they are in. */
bool saip_walk_end(struct saip_walk *walk)
{
    for (size_t i = 0; i < walk->node_count; i++) {
        struct saip_node *node = &walk->nodes[i];

        walk->element = node->element;
        node->reached = node->pins | walk->nodes[node->pins_of].pins;
        if (node->parent != SAIP_NO_PARENT)
            node->reached |= walk->nodes[node->parent].reached;
        if (!check_reached(walk, node) || !saip_check_access_rule(walk, node))
            return false;
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

/* Sizes that no result has would make every authentication fail: see naa.c, which says how they are coded.
 * Named leniency: Milenage has no options, and its octet is not looked at. */
static bool check_algorithm_options(struct saip_walk *walk, uint64_t algorithm, struct span options)
{
    enum { RES = 0x07, RES_TUAK_MAX = 4, RES_TEST_MAX = 2, MAC = 0x18, SIZES_TUAK = 0x7F };
    uint8_t octet = options.data[0];
    bool good = algorithm == SAIP_MILENAGE ||
                (algorithm == SAIP_TUAK && (octet & ~SIZES_TUAK) == 0 && (octet & RES) <= RES_TUAK_MAX &&
                 (octet & MAC) != MAC) ||
                (algorithm == SAIP_USIM_TEST_ALGORITHM && (octet & RES) <= RES_TEST_MAX);

    return good || saip_fail(walk, SAIP_BAD_VALUES, options.data,
                             "akaParameter: algorithmOptions %02X give sizes that there are not", octet);
}

static bool check_algorithm(struct saip_walk *walk, struct span value)
{
    struct span identifier, options, key, opc, rotation;
    uint64_t algorithm = 0;

    tlv_find(value, 0x80, &identifier);
    tlv_find(value, 0x81, &options);
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
    return check_algorithm_options(walk, algorithm, options);
}

static bool check_mapping(struct saip_walk *walk, struct span value)
{
    struct span source;
    uint16_t application;

    tlv_find(value, 0x81, &source);
    application = saip_find_application(walk, source);
    if (application == SAIP_NO_PARENT || !walk->nodes[application].has_aka)
        return saip_fail(walk, SAIP_INVALID_PARAMETER, source.data,
                         "akaParameter: mappingSource is no application with such keys");
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
    if (!check_sequence_numbers(walk) || !claim_application(walk))
        return false;
    walk->nodes[walk->application].has_aka = true;
    return true;
}

bool saip_check_cdma(struct saip_walk *walk)
{
    return claim_application(walk);
}
