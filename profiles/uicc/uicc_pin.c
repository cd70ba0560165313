/*
 * PINs (ETSI TS 102 221 9.5, 11.1.9 to 11.1.13): VERIFY, CHANGE, DISABLE, ENABLE and UNBLOCK PIN for every
 * key reference: application PINs, the universal PIN, local PINs and administrative codes.
 *
 * A try is counted before anything is compared, and its count lasts from then on (fs_spend_pin,
 * fs_spend_puk): power that goes when a write begins saves no try, and what cannot be counted is not compared
 * (6581). A right value gives its try back with the rest of what the command changes.
 */
#include "profiles/uicc/uicc_commands.h"

#include <openssl/crypto.h>
#include <string.h>

/* P2, table 11.15, and the key references of table 9.3. */
enum {
    REFERENCE_RESERVED = 0x60,
    REFERENCE_NUMBER = 0x1F,
    REFERENCE_UNIVERSAL = 0x11,
    REFERENCE_ADM_FIRST = 0x0A,
    REFERENCE_ADM_LAST = 0x0E,
};

/* P1 of DISABLE PIN: a global PIN stands in for the disabled one; its number, 0 for the universal PIN. */
enum { P1_REPLACE = 0x80, P1_REPLACEMENT = 0x1F };

/* 9.5.1: four to eight digits, the rest FF. */
enum { CODE_SIZE = 8, DIGITS_MIN = 4, PADDING = 0xFF };

enum { SW_ATTEMPTS_LEFT = 0x63C0, ATTEMPTS_TOLD_MAX = 15 };

static uint16_t attempts_left(uint8_t left)
{
    return (uint16_t)(SW_ATTEMPTS_LEFT | (left < ATTEMPTS_TOLD_MAX ? left : ATTEMPTS_TOLD_MAX));
}

/* The code that P2 names, seen from the current directory. */
static uint16_t find_pin(struct uicc *uicc, const struct apdu_command *command, struct fs_pin **pin)
{
    if ((command->p2 & REFERENCE_RESERVED) != 0 || (command->p2 & REFERENCE_NUMBER) == 0)
        return SW_WRONG_P1_P2;
    *pin = fs_find_pin(uicc->fs, uicc_channel(uicc, command)->directory, command->p2);
    return *pin != NULL ? SW_OK : SW_REFERENCE_NOT_FOUND;
}

/* As find_pin, for commands whose data field has `size` octets. */
static uint16_t find_pin_for(struct uicc *uicc, const struct apdu_command *command, size_t size,
                             struct fs_pin **pin)
{
    if (command->data.size != size)
        return SW_WRONG_LENGTH;
    return find_pin(uicc, command, pin);
}

static bool is_administrative(uint8_t reference)
{
    uint8_t number = reference & REFERENCE_NUMBER;

    return number >= REFERENCE_ADM_FIRST && number <= REFERENCE_ADM_LAST;
}

/* Reading: a new value of another form is refused (6A80) before the old one is looked at, so that it costs no
 * attempt. Administrative codes have any form. */
static bool is_good_value(uint8_t reference, const uint8_t *value)
{
    size_t digits = 0;

    if (is_administrative(reference))
        return true;
    while (digits < CODE_SIZE && value[digits] >= '0' && value[digits] <= '9')
        digits++;
    for (size_t i = digits; i < CODE_SIZE; i++)
        if (value[i] != PADDING)
            return false;
    return digits >= DIGITS_MIN;
}

/*
 * A value presented for a code: SW_OK; 6983 when it is blocked already; 63Cx when the value is wrong; 6581
 * when the try cannot be counted. A right one has its try back in RAM; the caller stores that with what else
 * it changes.
 * Reading: a value that is not right ends what one before it had granted (ISO/IEC 7816-4 11.6.6).
 */
static uint16_t present(const struct uicc *uicc, struct fs_pin *pin, const uint8_t *value)
{
    if (pin->attempts_left == 0)
        return SW_UICC_BLOCKED;
    pin->verified = false;
    if (!fs_spend_pin(uicc->fs, pin))
        return SW_MEMORY_FAILURE;
    if (CRYPTO_memcmp(pin->value, value, CODE_SIZE) != 0)
        return attempts_left(pin->attempts_left);
    pin->attempts_left = pin->attempts;
    return SW_OK;
}

/* The same for the unblock PIN. */
static uint16_t present_puk(const struct uicc *uicc, struct fs_puk *puk, const uint8_t *value)
{
    if (puk->attempts_left == 0)
        return SW_UICC_BLOCKED;
    if (!fs_spend_puk(uicc->fs, puk))
        return SW_MEMORY_FAILURE;
    if (CRYPTO_memcmp(puk->value, value, CODE_SIZE) != 0)
        return attempts_left(puk->attempts_left);
    puk->attempts_left = puk->attempts;
    return SW_OK;
}

/* Stores a code whose value has just been presented: its access condition is satisfied. */
static uint16_t pin_accept(const struct uicc *uicc, struct fs_pin *pin)
{
    if (!fs_pin_changed(uicc->fs, pin))
        return SW_MEMORY_FAILURE;
    pin->verified = true;
    return SW_OK;
}

/* 11.1.9. Without data the counter is told.
 * Reading: that is so whatever state the code is in; of a blocked one it is 63C0. */
uint16_t uicc_verify_pin(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct fs_pin *pin;
    uint16_t status = find_pin_for(uicc, command, command->data.size == 0 ? 0 : CODE_SIZE, &pin);

    (void)response;
    if (status != SW_OK)
        return status;
    if (command->data.size == 0)
        return attempts_left(pin->attempts_left);
    if (!pin->enabled)
        return SW_UICC_INVALIDATED;
    status = present(uicc, pin, command->data.data);
    return status == SW_OK ? pin_accept(uicc, pin) : status;
}

/* 11.1.10: the old value and the new one. */
uint16_t uicc_change_pin(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct fs_pin *pin;
    uint16_t status = find_pin_for(uicc, command, 2 * CODE_SIZE, &pin);

    (void)response;
    if (status != SW_OK)
        return status;
    if (!pin->enabled)
        return SW_UICC_INVALIDATED;
    if ((pin->attributes & FS_PIN_MAY_CHANGE) == 0)
        return SW_CONDITIONS_NOT_SATISFIED;
    if (!is_good_value(pin->reference, command->data.data + CODE_SIZE))
        return SW_WRONG_DATA;
    status = present(uicc, pin, command->data.data);
    if (status != SW_OK)
        return status;
    memcpy(pin->value, command->data.data + CODE_SIZE, CODE_SIZE);
    return pin_accept(uicc, pin);
}

/* P1 of DISABLE PIN. Only the universal PIN can stand in for another code, while it is enabled and there. */
static uint16_t check_replacement(const struct uicc *uicc, const struct fs_pin *pin, uint8_t p1)
{
    uint8_t number = p1 & P1_REPLACEMENT;
    const struct fs_pin *universal;

    if (p1 == 0)
        return SW_OK;
    if ((p1 & ~P1_REPLACEMENT) != P1_REPLACE)
        return SW_WRONG_P1_P2;
    universal = fs_find_pin(uicc->fs, uicc->fs->mf, REFERENCE_UNIVERSAL);
    if ((number != 0 && number != REFERENCE_UNIVERSAL) || universal == NULL)
        return SW_REFERENCE_NOT_FOUND;
    return universal->enabled && universal != pin ? SW_OK : SW_CONDITIONS_NOT_SATISFIED;
}

/* Reading: a universal PIN that stands in for another code cannot be disabled, which would open what both
 * guard. */
static bool is_needed(const struct uicc *uicc, const struct fs_pin *pin)
{
    if (pin->reference != REFERENCE_UNIVERSAL)
        return false;
    for (size_t i = 0; i < uicc->fs->pin_count; i++)
        if (uicc->fs->pins[i].replaced && !uicc->fs->pins[i].enabled)
            return true;
    return false;
}

/* 11.1.11. */
uint16_t uicc_disable_pin(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct fs_pin *pin;
    uint16_t status;

    (void)response;
    if (command->data.size != CODE_SIZE)
        return SW_WRONG_LENGTH;
    status = find_pin(uicc, command, &pin);
    if (status == SW_OK)
        status = check_replacement(uicc, pin, command->p1);
    if (status != SW_OK)
        return status;
    if (!pin->enabled)
        return SW_UICC_INVALIDATED;
    if ((pin->attributes & FS_PIN_MAY_DISABLE) == 0 || is_needed(uicc, pin))
        return SW_CONDITIONS_NOT_SATISFIED;
    status = present(uicc, pin, command->data.data);
    if (status != SW_OK)
        return status;
    pin->enabled = false;
    pin->replaced = command->p1 != 0;
    return pin_accept(uicc, pin);
}

/* 11.1.12. */
uint16_t uicc_enable_pin(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct fs_pin *pin;
    uint16_t status = find_pin_for(uicc, command, CODE_SIZE, &pin);

    (void)response;
    if (status != SW_OK)
        return status;
    if (pin->enabled || (pin->attributes & FS_PIN_MAY_DISABLE) == 0)
        return SW_CONDITIONS_NOT_SATISFIED;
    status = present(uicc, pin, command->data.data);
    if (status != SW_OK)
        return status;
    pin->enabled = true;
    pin->replaced = false;
    return pin_accept(uicc, pin);
}

static uint16_t unblock(const struct uicc *uicc, struct fs_pin *pin, struct fs_puk *puk, struct span data)
{
    uint16_t status;

    if (!is_good_value(pin->reference, data.data + CODE_SIZE))
        return SW_WRONG_DATA;
    status = present_puk(uicc, puk, data.data);
    if (status != SW_OK)
        return status;
    if (!fs_puk_changed(uicc->fs, puk))
        return SW_MEMORY_FAILURE;
    memcpy(pin->value, data.data + CODE_SIZE, CODE_SIZE);
    pin->attempts_left = pin->attempts;
    pin->enabled = true;
    pin->replaced = false;
    return pin_accept(uicc, pin);
}

/* 11.1.13: the unblock PIN and the new value; without data its counter is told. A wrong unblock PIN leaves
 * the code as it is. */
uint16_t uicc_unblock_pin(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct fs_pin *pin;
    struct fs_puk *puk;
    uint16_t status = find_pin_for(uicc, command, command->data.size == 0 ? 0 : 2 * CODE_SIZE, &pin);

    (void)response;
    if (status != SW_OK)
        return status;
    puk = pin->has_puk ? fs_find_puk(uicc->fs, pin->puk) : NULL;
    if (puk == NULL)
        return SW_REFERENCE_NOT_FOUND;
    if (command->data.size == 0)
        return attempts_left(puk->attempts_left);
    return unblock(uicc, pin, puk, command->data);
}
