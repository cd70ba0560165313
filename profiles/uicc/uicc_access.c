/*
 * Access conditions (ETSI TS 102 221 9.2, ISO/IEC 7816-4 9.3.3): whether a file's security attributes let a
 * command pass. Rules in the expanded format, by reference to EF ARR or in the FCP, and in the compact one.
 * Secure messaging is no condition this card can meet: rules that ask for it are never satisfied.
 */
#include "profiles/uicc/uicc.h"

#include "apdu/tlv.h"

/* Access mode data objects: 80 the access mode octet, 81 to 8F descriptions of commands (bits 4 to 1: CLA,
 * INS, P1, P2). */
enum { AM_BYTE = 0x80, AM_LAST = 0x8F, AM_INS = 0x84, AM_CLA_INS = 0x8C, AM_PROPRIETARY = 0x9C };
/* Security condition data objects. */
enum {
    SC_ALWAYS = 0x90,
    SC_NEVER = 0x97,
    SC_BYTE = 0x9E,
    SC_AUTHENTICATION = 0xA4,
    SC_OR = 0xA0,
    SC_AND = 0xAF,
    CRT_KEY_REFERENCE = 0x83,
    CRT_USAGE = 0x95,
    CRT_USAGE_PIN = 0x08,
};
enum { SC_BYTE_ALWAYS = 0x00 };
/* Nesting of OR and AND templates that is followed; deeper conditions are not satisfied. */
enum { DEPTH_MAX = 4 };
enum { PIN_UNIVERSAL = 0x11 };

/* What is asked, and of which file. */
struct question {
    const struct uicc *uicc;
    const struct fs_file *directory; /* whose codes count */
    uint8_t mode, ins;
};

bool uicc_pin_satisfied(const struct uicc *uicc, const struct fs_file *directory, uint8_t reference)
{
    const struct fs_pin *pin = fs_find_pin(uicc->fs, directory, reference);

    if (uicc->grants != NULL)
        return uicc->grants->code(uicc->grants->context, directory, reference);
    if (pin == NULL)
        return false;
    if (pin->enabled)
        return pin->verified;
    if (!pin->replaced || reference == PIN_UNIVERSAL)
        return true;
    return uicc_pin_satisfied(uicc, directory, PIN_UNIVERSAL);
}

/* --- conditions ------------------------------------------------------------------------------------ */

/* A control reference template for authentication: a PIN, and its use for user authentication. */
static bool is_authenticated(const struct question *question, struct span template)
{
    struct tlv_reader reader = tlv_reader(template);
    bool any = false;
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (tlv.value.size != 1)
            return false;
        if (tlv.tag == CRT_USAGE && (tlv.value.data[0] & CRT_USAGE_PIN) == 0)
            return false;
        if (tlv.tag != CRT_KEY_REFERENCE)
            continue;
        if (!uicc_pin_satisfied(question->uicc, question->directory, tlv.value.data[0]))
            return false;
        any = true;
    }
    return any && tlv_good(&reader);
}

static bool is_satisfied(const struct question *question, const struct tlv *condition, unsigned depth);

static bool is_combination_satisfied(const struct question *question, const struct tlv *condition,
                                     unsigned depth)
{
    struct tlv_reader reader = tlv_reader(condition->value);
    bool all = true;
    bool any = false;
    struct tlv tlv;

    if (depth == DEPTH_MAX)
        return false;
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        bool satisfied = is_satisfied(question, &tlv, depth + 1);

        any = any || satisfied;
        all = all && satisfied;
    }
    return tlv_good(&reader) && any && (all || condition->tag == SC_OR);
}

static bool is_satisfied(const struct question *question, const struct tlv *condition, unsigned depth)
{
    switch (condition->tag) {
    case SC_ALWAYS:
        return true;
    case SC_BYTE:
        return condition->value.size == 1 && condition->value.data[0] == SC_BYTE_ALWAYS;
    case SC_AUTHENTICATION:
        return is_authenticated(question, condition->value);
    case SC_OR:
    case SC_AND:
        return is_combination_satisfied(question, condition, depth);
    case SC_NEVER:
    default:
        return false;
    }
}

/* --- rules ----------------------------------------------------------------------------------------- */

static bool is_access_mode(uint32_t tag)
{
    return (tag >= AM_BYTE && tag <= AM_LAST) || tag == AM_PROPRIETARY;
}

static bool covers(const struct question *question, const struct tlv *mode)
{
    size_t step = mode->tag == AM_INS ? 1 : 2;

    switch (mode->tag) {
    case AM_BYTE:
        return mode->value.size == 1 && (mode->value.data[0] & question->mode) != 0;
    case AM_INS:
    case AM_CLA_INS: /* pairs of octets, the second is INS */
        for (size_t i = step - 1; i < mode->value.size; i += step)
            if (mode->value.data[i] == question->ins)
                return true;
        return false;
    default:
        return false;
    }
}

/* Each access mode object is followed by the conditions it is under, one of which suffices. A record of EF
 * ARR is filled up with FF, where the rule ends. */
static bool is_allowed_expanded(const struct question *question, struct span rule)
{
    struct tlv_reader reader = tlv_reader(rule);
    bool covered = false;
    bool after_condition = true;
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (is_access_mode(tlv.tag)) {
            covered = covers(question, &tlv) || (covered && !after_condition);
            after_condition = false;
        } else {
            if (covered && is_satisfied(question, &tlv, 0))
                return true;
            after_condition = true;
        }
    }
    return false;
}

/* An access mode octet, then a condition octet for each of its bits 7 to 1 that is set. */
static bool is_allowed_compact(const struct question *question, struct span rule)
{
    size_t at = 1;

    if (rule.size == 0)
        return false;
    for (uint8_t bit = 0x40; bit != 0; bit >>= 1) {
        if ((rule.data[0] & bit) == 0)
            continue;
        if (bit == question->mode)
            return at < rule.size && rule.data[at] == SC_BYTE_ALWAYS;
        at++;
    }
    return false;
}

uint16_t uicc_check_access(const struct uicc *uicc, const struct fs_file *file, uint8_t mode, uint8_t ins)
{
    const struct question question = {
        .uicc = uicc,
        .directory = fs_is_directory(file) ? file : file->parent,
        .mode = mode,
        .ins = ins,
    };
    bool allowed = false;

    if (uicc->grants != NULL &&
        !uicc->grants->code(uicc->grants->context, question.directory, UICC_ANY_ACCESS))
        return SW_UICC_SECURITY;
    switch (file->access_form) {
    case FS_ACCESS_REFERENCED:
        allowed = is_allowed_expanded(&question, fs_access_rule(file));
        break;
    case FS_ACCESS_EXPANDED:
        allowed = is_allowed_expanded(&question, buf_span(&file->access));
        break;
    case FS_ACCESS_COMPACT:
        allowed = is_allowed_compact(&question, buf_span(&file->access));
        break;
    }
    return allowed ? SW_OK : SW_UICC_SECURITY;
}

bool uicc_is_deactivated(const struct fs_file *file)
{
    return (file->life_cycle & ~2) == FS_DEACTIVATED;
}

bool uicc_is_terminated(const struct fs_file *file)
{
    return file->life_cycle >= FS_TERMINATED;
}

/* TS 102 222 6.5, 6.8: what happens to a directory happens to the files below it. */
uint16_t uicc_check_state(const struct fs_file *file)
{
    for (; file != NULL; file = file->parent) {
        if (uicc_is_terminated(file))
            return SW_CONDITIONS_NOT_SATISFIED;
        if (uicc_is_deactivated(file) && (file->special & FS_READABLE_WHEN_DEACTIVATED) == 0)
            return SW_UICC_INVALIDATED;
    }
    return SW_OK;
}

uint16_t uicc_check_usable(const struct uicc *uicc, const struct fs_file *file, uint8_t mode, uint8_t ins)
{
    uint16_t status = uicc_check_access(uicc, file, mode, ins);

    return status == SW_OK ? uicc_check_state(file) : status;
}
