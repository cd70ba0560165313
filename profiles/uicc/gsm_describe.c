/*
 * What SELECT and STATUS of class A0 answer (3GPP TS 51.011 9.2.1): access conditions as levels, sizes,
 * attempts. See gsm_internal.h.
 */
#include "profiles/uicc/gsm_internal.h"

enum { TYPE_MF = 0x01, TYPE_DF = 0x02, TYPE_EF = 0x04, DIRECTORY_SIZE = 22, EF_SIZE = 15 };
/* Clock stop allowed at no preferred level, 1.8 V technology; CHV1 disabled. */
enum { CHARACTERISTICS = 0x31, CHV1_DISABLED = 0x80 };
enum { CODE_INITIALISED = 0x80, ATTEMPTS_MAX = 15 };
enum { CONDITION_ALWAYS = 0x0, CONDITION_CHV1 = 0x1, CONDITION_CHV2 = 0x2, CONDITION_ADM = 0x4 };
enum { CONDITION_NEVER = 0xF, ANY_CODE = 0xFF };
enum { INS_INCREASE = 0x32 };

/* Stands in for verified codes: only `context`'s, or any. */
static bool is_probed(const void *context, const struct fs_file *directory, uint8_t reference)
{
    const uint8_t *wanted = context;

    (void)directory;
    return reference == UICC_ANY_ACCESS || *wanted == ANY_CODE || reference == *wanted;
}

/* A level of table 9.2.1's access conditions: the lowest with which the file's rule lets the command pass. */
static uint8_t condition(const struct sim *sim, const struct fs_file *file, uint8_t mode, uint8_t ins)
{
    const struct {
        uint8_t level, code;
    } levels[] = {
        {CONDITION_ALWAYS, UICC_ANY_ACCESS},
        {CONDITION_CHV1, gsm_code_reference(sim, 1)},
        {CONDITION_CHV2, gsm_code_reference(sim, 2)},
        {CONDITION_ADM, ANY_CODE},
    };
    const struct uicc_grants *before = sim->uicc->grants;
    uint8_t level = CONDITION_NEVER;

    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]) && level == CONDITION_NEVER; i++) {
        const struct uicc_grants grants = {&levels[i].code, is_probed};

        sim->uicc->grants = &grants;
        if (uicc_check_access(sim->uicc, file, mode, ins) == SW_OK)
            level = levels[i].level;
    }
    sim->uicc->grants = before;
    return level;
}

static uint8_t structure(const struct fs_file *file)
{
    return file->kind == SAIP_FILE_CYCLIC ? 3 : file->kind == SAIP_FILE_LINEAR_FIXED ? 1 : 0;
}

void gsm_put_ef(const struct sim *sim, const struct fs_file *file, uint16_t fid)
{
    uint8_t out[EF_SIZE] = {0};
    bool table = gsm_is_service_table(sim, file);
    bool cyclic = file->kind == SAIP_FILE_CYCLIC;
    uint8_t update = table ? CONDITION_NEVER : condition(sim, file, UICC_UPDATE, 0);
    uint8_t increase = cyclic ? condition(sim, file, 0, INS_INCREASE) : CONDITION_NEVER;

    octets_put_number(out + 2, 2, table ? SST_SIZE : fs_content(file).size);
    octets_put_number(out + 4, 2, fid);
    out[6] = TYPE_EF;
    out[7] = cyclic && increase != CONDITION_NEVER ? 0x40 : 0;
    out[8] = (uint8_t)(condition(sim, file, UICC_READ, 0) << 4 | update);
    out[9] = (uint8_t)(increase << 4);
    out[10] =
        (uint8_t)(condition(sim, file, UICC_ACTIVATE, 0) << 4 | condition(sim, file, UICC_DEACTIVATE, 0));
    out[11] = uicc_check_state(file) == SW_OK && !uicc_is_deactivated(file) ? 0x01 : 0;
    if ((file->special & FS_READABLE_WHEN_DEACTIVATED) != 0)
        out[11] |= 0x04;
    out[12] = EF_SIZE - 13;
    out[13] = structure(file);
    out[14] = (uint8_t)file->record_size;
    buf_append(sim->response, SPAN_ARRAY(out));
}

static uint8_t attempts(bool there, uint8_t left)
{
    if (!there)
        return 0;
    return (uint8_t)(CODE_INITIALISED | (left < ATTEMPTS_MAX ? left : ATTEMPTS_MAX));
}

static void put_code(const struct sim *sim, unsigned number, uint8_t out[2])
{
    const struct fs_pin *pin = gsm_find_code(sim, number);
    const struct fs_puk *puk = pin != NULL && pin->has_puk ? fs_find_puk(sim->uicc->fs, pin->puk) : NULL;

    out[0] = attempts(pin != NULL, pin != NULL ? pin->attempts_left : 0);
    out[1] = attempts(puk != NULL, puk != NULL ? puk->attempts_left : 0);
}

/* How many files of each sort a directory has. Reading: of a DF GSM that stands for the USIM, those that can
 * be selected in it. */
static void count_children(const struct sim *sim, const struct fs_file *directory, uint8_t *dfs, uint8_t *efs)
{
    if (directory == sim->usim) {
        *efs = gsm_count_mapped(sim);
        return;
    }
    for (const struct fs_file *file = fs_children(directory); file != NULL; file = file->next)
        if (gsm_own_child(directory, file->fid) == file)
            ++*(fs_is_directory(file) ? dfs : efs);
    if (directory->parent == NULL && sim->gsm == sim->usim)
        ++*dfs;
}

/* Reading: the free memory is told as 0, because no command of class A0 could use it. */
void gsm_put_directory(const struct sim *sim, const struct fs_file *directory)
{
    const struct fs_pin *chv1 = gsm_find_code(sim, 1);
    uint8_t out[DIRECTORY_SIZE] = {0};

    octets_put_number(out + 4, 2, gsm_fid_of(sim, directory));
    out[6] = directory->parent == NULL ? TYPE_MF : TYPE_DF;
    out[12] = DIRECTORY_SIZE - 13;
    out[13] = CHARACTERISTICS | (chv1 == NULL || !chv1->enabled ? CHV1_DISABLED : 0);
    count_children(sim, directory, &out[14], &out[15]);
    put_code(sim, 1, out + 18);
    put_code(sim, 2, out + 20);
    for (size_t i = 18; i < DIRECTORY_SIZE; i++)
        out[16] = (uint8_t)(out[16] + (out[i] != 0));
    buf_append(sim->response, SPAN_ARRAY(out));
}
