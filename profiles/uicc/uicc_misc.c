/*
 * Commands of ETSI TS 102 221 that concern no file: GET CHALLENGE (11.1.18), TERMINAL CAPABILITY (11.1.19)
 * and SUSPEND UICC (11.1.22). A suspended state is kept by the card as long as it has its process, not in
 * storage: a card that is started anew begins as after a reset, which a terminal must be ready for.
 */
#include "profiles/uicc/uicc_commands.h"

#include "apdu/tlv.h"

#include <openssl/crypto.h>

/* --- GET CHALLENGE --------------------------------------------------------------------------------- */

uint16_t uicc_get_challenge(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    uint8_t challenge[APDU_SHORT_NE];

    if (command->ne == 0 || command->ne > sizeof(challenge))
        return SW_WRONG_LENGTH;
    if (uicc->host.random == NULL || !uicc->host.random(uicc->host.context, challenge, command->ne))
        return SW_NO_DIAGNOSIS;
    buf_append(response, SPAN(challenge, command->ne));
    return SW_OK;
}

/* --- TERMINAL CAPABILITY --------------------------------------------------------------------------- */

/* The command is the card's, which serves it whatever is selected. */

/* Capabilities whose value has a known form; others are for later releases, and are passed over. */
static const struct {
    uint32_t tag;
    size_t min, max;
} capabilities[] = {
    {0x80, 3, 3},   /* power supply: class, current, clock frequency */
    {0x81, 0, 0},   /* extended logical channels */
    {0x82, 1, 1},   /* additional interfaces */
    {0x83, 1, 127}, /* eUICC related: SGP.22 3.4.2 */
};

uint16_t uicc_check_terminal_capability(struct span data)
{
    struct tlv_reader reader;
    struct tlv tlv;

    if (!tlv_enter(data, 0xA9, &reader))
        return SW_WRONG_DATA;
    while (tlv_next(&reader, &tlv) == TLV_OK)
        for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++)
            if (tlv.tag == capabilities[i].tag &&
                (tlv.value.size < capabilities[i].min || tlv.value.size > capabilities[i].max))
                return SW_WRONG_DATA;
    return tlv_good(&reader) ? SW_OK : SW_WRONG_DATA;
}

/* --- SUSPEND UICC ---------------------------------------------------------------------------------- */

/* P1; a duration is an octet for the unit and one for the number of units. */
enum { SUSPEND = 0x00, RESUME = 0x01, DURATION_SIZE = 2 };

/* Seconds; false for a unit that is not defined. */
static bool read_duration(const uint8_t *octets, uint32_t *seconds)
{
    static const uint32_t units[] = {1, 60, 60 * 60, 24 * 60 * 60, 10 * 24 * 60 * 60};

    if (octets[0] >= sizeof(units) / sizeof(units[0]))
        return false;
    *seconds = units[octets[0]] * octets[1];
    return true;
}

static uint32_t number_of(const struct fs_file *file)
{
    return file != NULL ? file->number : UICC_NO_FILE;
}

/* What is selected on the basic channel and what is verified. */
static bool keep_state(struct uicc *uicc)
{
    struct uicc_suspension *kept = &uicc->suspension;
    const struct uicc_channel *basic = &uicc->channels[0];

    kept->directory = number_of(basic->directory);
    kept->file = number_of(basic->file);
    kept->application = number_of(basic->application);
    kept->record = basic->record;
    for (size_t i = 0; i < uicc->fs->pin_count; i++)
        buf_append_octet(&kept->verified, uicc->fs->pins[i].verified);
    return !kept->verified.failed;
}

static void restore_state(struct uicc *uicc)
{
    const struct uicc_suspension *kept = &uicc->suspension;
    struct uicc_channel *basic = &uicc->channels[0];
    struct fs_file *directory = fs_file(uicc->fs, kept->directory);

    if (directory == NULL)
        return;
    basic->directory = directory;
    basic->file = fs_file(uicc->fs, kept->file);
    basic->application = fs_file(uicc->fs, kept->application);
    basic->record = kept->record;
    for (size_t i = 0; i < uicc->fs->pin_count && i < kept->verified.size; i++)
        uicc->fs->pins[i].verified = kept->verified.data[i] != 0;
}

/* Reading: the state that is kept is the basic channel's,
 * so that a terminal has to close the others first. */
static bool uses_other_channels(const struct uicc *uicc)
{
    for (size_t i = 1; i < APDU_CHANNELS; i++)
        if (uicc->channels[i].directory != uicc->fs->mf || uicc->channels[i].file != NULL)
            return true;
    return false;
}

/* The terminal says how long it will be away at least and at most; this card can wait for as long as that. */
static uint16_t suspend(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct uicc_suspension *kept = &uicc->suspension;
    uint32_t shortest, longest;

    if (command->data.size != 2 * DURATION_SIZE)
        return SW_WRONG_LENGTH;
    if (!read_duration(command->data.data, &shortest) ||
        !read_duration(command->data.data + DURATION_SIZE, &longest) || shortest > longest)
        return SW_WRONG_DATA;
    if (uses_other_channels(uicc))
        return SW_CONDITIONS_NOT_SATISFIED;
    if (uicc->host.random == NULL ||
        !uicc->host.random(uicc->host.context, kept->token, sizeof(kept->token)) || !keep_state(uicc)) {
        uicc_forget_suspension(uicc);
        return SW_NO_DIAGNOSIS;
    }
    kept->is_suspended = true;
    buf_append(response, SPAN(command->data.data + DURATION_SIZE, DURATION_SIZE));
    buf_append(response, SPAN_ARRAY(kept->token));
    return SW_OK;
}

/* Only the first command after the reset may do it, with the right token: there is one attempt. */
static uint16_t uicc_misc_resume(struct uicc *uicc, const struct apdu_command *command)
{
    const struct uicc_suspension *kept = &uicc->suspension;
    bool right;

    if (command->data.size != sizeof(kept->token))
        return SW_WRONG_LENGTH;
    if (!kept->was_reset)
        return SW_CONDITIONS_NOT_SATISFIED;
    right = CRYPTO_memcmp(kept->token, command->data.data, sizeof(kept->token)) == 0;
    if (right)
        restore_state(uicc);
    return right ? SW_OK : SW_UICC_SECURITY;
}

uint16_t uicc_suspend(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    uint16_t status;

    if (command->channel != 0)
        return SW_CONDITIONS_NOT_SATISFIED;
    if (command->p1 == RESUME) {
        status = uicc_misc_resume(uicc, command);
        uicc_forget_suspension(uicc);
        return status;
    }
    uicc_forget_suspension(uicc);
    return suspend(uicc, command, response);
}
