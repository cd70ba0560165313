/*
 * Remote file management: see rfm.h. The commands are the UICC's own, on a channel of their own, with the
 * access domain of the application in place of verified codes.
 */
#include "profiles/remote/rfm.h"

#include "apdu/tlv.h"
#include "crypto/scp80.h"
#include "profiles/remote/remote_script.h"

#include <stdlib.h>
#include <string.h>

/* --- who is meant ---------------------------------------------------------------------------------- */

enum { TAR_SIZE = 3, TAR_IN_AID = 12 };

static bool lists(struct span tars, const uint8_t *tar)
{
    for (size_t at = 0; at + TAR_SIZE <= tars.size; at += TAR_SIZE)
        if (memcmp(tars.data + at, tar, TAR_SIZE) == 0)
            return true;
    return false;
}

static bool toolkit_parameters(const struct fs_application *application, struct span *security,
                               struct span *tars)
{
    struct span field;

    return tlv_find(buf_span(&application->uicc_parameters), 0x80, &field) &&
           saip_toolkit_parameters(field, security, tars);
}

/* Without a list the TAR is in the AID (TS 101 220 3). */
static bool has_tar(const struct fs_application *application, const uint8_t *tar)
{
    struct span security, tars;

    if (application->kind == FS_REMOTE_FILE_MANAGEMENT && application->tars.size > 0)
        return lists(buf_span(&application->tars), tar);
    if (application->kind == FS_SECURITY_DOMAIN && toolkit_parameters(application, &security, &tars) &&
        tars.size > 0)
        return lists(tars, tar);
    return application->aid.size >= TAR_IN_AID + TAR_SIZE &&
           memcmp(application->aid.octets + TAR_IN_AID, tar, TAR_SIZE) == 0;
}

struct fs_application *rfm_find(const struct fs *fs, const uint8_t tar[TAR_SIZE])
{
    for (size_t i = 0; i < fs->application_count; i++)
        if ((fs->applications[i].kind == FS_SECURITY_DOMAIN ||
             fs->applications[i].kind == FS_REMOTE_FILE_MANAGEMENT) &&
            has_tar(&fs->applications[i], tar))
            return &fs->applications[i];
    return NULL;
}

struct fs_application *rfm_domain(const struct fs *fs, struct fs_application *application)
{
    if (application->kind == FS_SECURITY_DOMAIN)
        return application;
    if (application->domain.size > 0) {
        struct fs_application *domain = fs_find_application(fs, fs_aid_span(&application->domain));

        return domain != NULL && domain->kind == FS_SECURITY_DOMAIN ? domain : NULL;
    }
    for (size_t i = 0; i < fs->application_count; i++)
        if (fs->applications[i].kind == FS_SECURITY_DOMAIN)
            return &fs->applications[i];
    return NULL;
}

/* The field is empty, or 01 and the octet of SPI (8.2.1.3.2.4). Reading: a security domain that says nothing,
 * or something else, asks for a ciphered packet with a checksum and a counter. */
uint8_t rfm_minimum_security(const struct fs_application *application)
{
    enum { BY_SPI = 0x01 };
    struct span security, tars;

    if (application->kind == FS_REMOTE_FILE_MANAGEMENT)
        return application->minimum_security_level;
    if (!toolkit_parameters(application, &security, &tars) ||
        (security.size > 0 && (security.size != 2 || security.data[0] != BY_SPI)))
        return SCP80_CC | SCP80_CIPHERED | SCP80_COUNTER_HIGHER;
    return security.size > 0 ? security.data[1] : 0;
}

bool rfm_is_secure(uint8_t spi, uint8_t minimum)
{
    return (spi & SCP80_INTEGRITY) >= (minimum & SCP80_INTEGRITY) &&
           (spi & SCP80_CIPHERED) >= (minimum & SCP80_CIPHERED) &&
           (spi & SCP80_COUNTER) >= (minimum & SCP80_COUNTER);
}

/* --- access domains (TS 102 226 8.2.1.3.2.5) --------------------------------------------------------- */

enum { DOMAIN_FULL = 0x00, DOMAIN_UICC = 0x02 };
enum { PIN_FIRST = 0x01, PIN_LAST = 0x08, ADM_FIRST = 0x0A, ADM_LAST = 0x0E, LOCAL = 0x80 };

struct session {
    struct uicc *uicc;
    const struct fs_application *application;
    struct fs_file *adf; /* that it manages besides; NULL: none */
    bool administrative; /* the command at hand */
};

/* The access domain for a directory: SPAN_NONE where the application has none. */
static struct span domain_of(const struct session *session, const struct fs_file *directory)
{
    const struct fs_application *application = session->application;
    struct fs_file *file = session->uicc->fs->files[directory->number];
    struct fs_file *top = fs_application_of(file);

    if (top == session->uicc->fs->mf)
        return buf_span(session->administrative ? &application->uicc_admin_access
                                                : &application->uicc_access);
    if (session->adf != NULL && top == session->adf)
        return buf_span(session->administrative ? &application->adf_admin_access : &application->adf_access);
    return SPAN_NONE;
}

/*
 * Reading: after 02 the first octet's bits 1 to 5 grant ADM1 to ADM5, the second's bits 1 to 8 the
 * application PINs 1 to 8. Any other octet than 00 and 02 in front grants nothing.
 */
static bool grants(const void *context, const struct fs_file *directory, uint8_t reference)
{
    struct span domain = domain_of(context, directory);
    uint8_t code = reference & (uint8_t)~LOCAL;

    if (domain.size == 0 || (domain.data[0] != DOMAIN_FULL && domain.data[0] != DOMAIN_UICC))
        return false;
    if (domain.data[0] == DOMAIN_FULL || reference == UICC_ANY_ACCESS)
        return true;
    if (code >= ADM_FIRST && code <= ADM_LAST)
        return domain.size > 1 && (domain.data[1] & (1u << (code - ADM_FIRST))) != 0;
    if (code >= PIN_FIRST && code <= PIN_LAST)
        return domain.size > 2 && (domain.data[2] & (1u << (code - PIN_FIRST))) != 0;
    return false;
}

/* --- commands -------------------------------------------------------------------------------------- */

/* What remote file management may do (TS 102 226 tables 7.1 and 7.2): with files and codes, and what of it is
 * administration. */
static const uint8_t file_commands[] = {0xA4, 0xB0, 0xD6, 0xB2, 0xDC, 0xA2, 0x32, 0xCB,
                                        0xDB, 0x20, 0x24, 0x26, 0x28, 0x2C, 0x04, 0x44};
static const uint8_t administration[] = {0xE0, 0xE4, 0xE6, 0xE8, 0xD4};
enum { SELECT_BY_AID = 0x04 };

static bool is_outgoing(uint8_t ins)
{
    return ins == INS_READ_BINARY || ins == INS_READ_RECORD || ins == INS_STATUS || ins == 0x84;
}

static uint16_t rfm_execute(void *context, const struct apdu_command *given, struct buf *response)
{
    struct session *session = context;
    struct apdu_command command = *given;
    const struct uicc_grants grant = {session, grants};
    uint16_t status;

    if (command.channel != 0 || command.secure_messaging || command.chaining)
        return SW_CLA_NOT_SUPPORTED;
    session->administrative = memchr(administration, command.ins, sizeof(administration)) != NULL;
    if (!session->administrative && memchr(file_commands, command.ins, sizeof(file_commands)) == NULL)
        return SW_INS_NOT_SUPPORTED;
    if (command.ins == INS_SELECT && command.p1 == SELECT_BY_AID)
        return SW_WRONG_P1_P2;
    command.channel = UICC_REMOTE_CHANNEL;
    session->uicc->grants = &grant;
    status = uicc_process(session->uicc, &command, response);
    session->uicc->grants = NULL;
    return status;
}

/* Codes that the script verified do not count for the terminal. NULL without memory. */
static bool *save_verified(const struct fs *fs)
{
    bool *saved = calloc(fs->pin_count + 1, sizeof(*saved));

    for (size_t i = 0; saved != NULL && i < fs->pin_count; i++)
        saved[i] = fs->pins[i].verified;
    return saved;
}

static void restore_verified(struct fs *fs, const bool *saved, size_t count)
{
    for (size_t i = 0; i < fs->pin_count; i++)
        fs->pins[i].verified = i < count && saved[i] && fs->pins[i].attempts_left > 0;
}

void rfm_run(struct uicc *uicc, const struct fs_application *application, struct span script,
             struct buf *answer)
{
    struct session session = {.uicc = uicc, .application = application};
    struct uicc_channel *channel = &uicc->channels[UICC_REMOTE_CHANNEL];
    size_t pins = uicc->fs->pin_count;
    bool *verified = save_verified(uicc->fs);

    if (verified == NULL) {
        answer->failed = true;
        return;
    }
    if (application->adf.size > 0)
        session.adf = uicc_find_application(uicc, fs_aid_span(&application->adf), UICC_FIRST, NULL);
    uicc_open_channel(uicc, UICC_REMOTE_CHANNEL, 0);
    if (session.adf != NULL) {
        channel->application = session.adf;
        uicc_enter(channel, session.adf);
    }
    remote_script_run(script, rfm_execute, is_outgoing, &session, answer);
    uicc_close_channel(uicc, UICC_REMOTE_CHANNEL);
    restore_verified(uicc->fs, verified, pins);
    free(verified);
}
