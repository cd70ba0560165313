/*
 * The files and codes that a SIM has (3GPP TS 51.011 6 and 10), found in a profile: DF GSM is its own, or
 * stands for the ADF of its first USIM, of which a table says what a SIM has too. See gsm_internal.h.
 */
#include "profiles/uicc/gsm_internal.h"

/* Files of the USIM that a SIM has with the same content: TS 51.011 10.3 and 10.5,
 * TS 31.102 4.2 and 4.4.3. */
static const struct mapped_file {
    uint16_t directory, fid; /* of the SIM */
    uint16_t below, origin;  /* in the ADF (0) or a DF of it */
} mapped_files[] = {
    {FID_GSM, 0x6F07, 0, 0x6F07},              /* IMSI */
    {FID_GSM, 0x6F20, FID_GSM_ACCESS, 0x4F20}, /* Kc */
    {FID_GSM, 0x6F52, FID_GSM_ACCESS, 0x4F52}, /* KcGPRS */
    {FID_GSM, 0x6F30, 0, 0x6F30},              /* PLMNsel */
    {FID_GSM, 0x6F31, 0, 0x6F31},              /* HPLMN search period */
    {FID_GSM, 0x6F37, 0, 0x6F37},              /* ACMmax */
    {FID_GSM, FID_SST, 0, FID_SST},            /* SST: made from UST, see put_services */
    {FID_GSM, 0x6F39, 0, 0x6F39},              /* ACM */
    {FID_GSM, 0x6F3E, 0, 0x6F3E},              /* GID1 */
    {FID_GSM, 0x6F3F, 0, 0x6F3F},              /* GID2 */
    {FID_GSM, 0x6F41, 0, 0x6F41},              /* PUCT */
    {FID_GSM, 0x6F45, 0, 0x6F45},              /* CBMI */
    {FID_GSM, 0x6F46, 0, 0x6F46},              /* SPN */
    {FID_GSM, 0x6F50, 0, 0x6F50},              /* CBMIR */
    {FID_GSM, 0x6F53, 0, 0x6F73},              /* LOCIGPRS, PSLOCI */
    {FID_GSM, 0x6F60, 0, 0x6F60},              /* PLMNwAcT */
    {FID_GSM, 0x6F61, 0, 0x6F61},              /* OPLMNwAcT */
    {FID_GSM, 0x6F62, 0, 0x6F62},              /* HPLMNwAcT */
    {FID_GSM, 0x6F78, 0, 0x6F78},              /* ACC */
    {FID_GSM, 0x6F7B, 0, 0x6F7B},              /* FPLMN */
    {FID_GSM, 0x6F7E, 0, 0x6F7E},              /* LOCI */
    {FID_GSM, 0x6FAD, 0, 0x6FAD},              /* AD */
    {FID_GSM, 0x6FC5, 0, 0x6FC5},              /* PNN */
    {FID_GSM, 0x6FC6, 0, 0x6FC6},              /* OPL */
    {FID_GSM, 0x6FCD, 0, 0x6FCD},              /* SPDI */
    {FID_TELECOM, 0x6F3B, 0, 0x6F3B},          /* FDN */
    {FID_TELECOM, 0x6F3C, 0, 0x6F3C},          /* SMS */
    {FID_TELECOM, 0x6F40, 0, 0x6F40},          /* MSISDN */
    {FID_TELECOM, 0x6F42, 0, 0x6F42},          /* SMSP */
    {FID_TELECOM, 0x6F43, 0, 0x6F43},          /* SMSS */
    {FID_TELECOM, 0x6F49, 0, 0x6F49},          /* SDN */
    {FID_TELECOM, 0x6F4B, 0, 0x6F4B},          /* EXT2 */
    {FID_TELECOM, 0x6F4C, 0, 0x6F4C},          /* EXT3 */
};

#define MAPPED_COUNT (sizeof(mapped_files) / sizeof(mapped_files[0]))

struct fs_file *gsm_find_usim(const struct uicc *uicc)
{
    static const uint8_t usim_aid[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};

    return uicc_find_application(uicc, SPAN_ARRAY(usim_aid), UICC_FIRST, NULL);
}

struct fs_file *gsm_own_child(const struct fs_file *directory, uint16_t fid)
{
    struct fs_file *found = fs_child(directory, fid);

    return found != NULL && found->kind != SAIP_FILE_ADF && found->kind != SAIP_FILE_BER_TLV ? found : NULL;
}

uint16_t gsm_fid_of(const struct sim *sim, const struct fs_file *file)
{
    return file == sim->gsm ? FID_GSM : file->fid;
}

static struct fs_file *mapped_child(const struct sim *sim, uint16_t directory, uint16_t fid)
{
    for (size_t i = 0; i < MAPPED_COUNT && sim->usim != NULL; i++) {
        const struct mapped_file *row = &mapped_files[i];
        struct fs_file *below = sim->usim;

        if (row->directory != directory || row->fid != fid)
            continue;
        if (row->below != 0)
            below = fs_child(sim->usim, row->below);
        return below != NULL ? gsm_own_child(below, row->origin) : NULL;
    }
    return NULL;
}

static struct fs_file *find_child(const struct sim *sim, const struct fs_file *directory, uint16_t fid)
{
    struct fs_file *found = NULL;

    if (directory->parent == NULL && fid == FID_GSM)
        return sim->gsm;
    if (directory != sim->usim)
        found = gsm_own_child(directory, fid);
    if (found == NULL && (directory == sim->usim || directory->fid == FID_TELECOM))
        found = mapped_child(sim, gsm_fid_of(sim, directory), fid);
    return found;
}

/* TS 51.011 6.5: MF, a child, the current directory, its parent, and the directories beside it. */
struct fs_file *gsm_find_file(const struct sim *sim, uint16_t fid)
{
    struct fs_file *current = sim->directory;
    struct fs_file *found = fid == FS_FID_MF ? sim->uicc->fs->mf : find_child(sim, current, fid);

    if (found != NULL || current->parent == NULL)
        return found;
    if (gsm_fid_of(sim, current) == fid)
        return current;
    if (current->parent->fid == fid)
        return current->parent;
    found = find_child(sim, current->parent, fid);
    return found != NULL && fs_is_directory(found) ? found : NULL;
}

/* A terminal that used class 00 before may have selected what a SIM has not. */
struct fs_file *gsm_current_directory(const struct sim *sim)
{
    struct fs_file *application = fs_application_of(sim->channel->directory);

    if (application->kind != SAIP_FILE_ADF)
        return sim->channel->directory;
    return application == sim->gsm ? sim->gsm : sim->uicc->fs->mf;
}

bool gsm_is_service_table(const struct sim *sim, const struct fs_file *file)
{
    return file != NULL && file->parent == sim->usim && sim->gsm == sim->usim && file->fid == FID_SST;
}

uint8_t gsm_count_mapped(const struct sim *sim)
{
    uint8_t count = 0;

    for (size_t i = 0; i < MAPPED_COUNT; i++)
        if (mapped_files[i].directory == FID_GSM && mapped_child(sim, FID_GSM, mapped_files[i].fid) != NULL)
            count++;
    return count;
}

/* --- codes ----------------------------------------------------------------------------------------- */

/* Where codes are looked for: the USIM's local PIN is CHV2, whatever directory is current. */
struct fs_file *gsm_code_directory(const struct sim *sim)
{
    return sim->usim != NULL ? sim->usim : sim->directory;
}

/* The key reference of CHV1 or CHV2: the first application PIN, or local one, of the PIN status template. */
uint8_t gsm_code_reference(const struct sim *sim, unsigned number)
{
    uint8_t first = number == 1 ? 0x01 : 0x81;

    for (const struct fs_file *at = gsm_code_directory(sim); at != NULL; at = at->parent)
        for (size_t i = 0; i < at->pin_status.size; i++) {
            uint8_t reference = at->pin_status.data[i];

            if (reference >= first && reference <= first + 7)
                return reference;
        }
    return first;
}

const struct fs_pin *gsm_find_code(const struct sim *sim, unsigned number)
{
    return fs_find_pin(sim->uicc->fs, gsm_code_directory(sim), gsm_code_reference(sim, number));
}
