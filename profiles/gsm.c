/*
 * Class A0, 3GPP TS 51.011 8 and 9: SELECT, STATUS, SEEK and the service table are made here, the rest goes
 * to the UICC's command table (uicc.c). DF GSM is the profile's own, or else stands for the ADF of its first
 * USIM. See gsm.h.
 */
#include "profiles/gsm.h"

#include "profiles/uicc_commands.h"

#include <string.h>

enum {
    FID_GSM = 0x7F20,
    FID_TELECOM = 0x7F10,
    FID_GSM_ACCESS = 0x5F3B, /* DF of the USIM, TS 31.102 4.4.3 */
    FID_SST = 0x6F38,        /* EF UST has the same identifier in the USIM */
};

/* TS 51.011 9.4. */
enum {
    SW_SIM_NO_EF = 0x9400,
    SW_SIM_OUT_OF_RANGE = 0x9402,
    SW_SIM_NOT_FOUND = 0x9404,
    SW_SIM_INCONSISTENT = 0x9408,
    SW_SIM_NO_CHV = 0x9802,
    SW_SIM_ACCESS = 0x9804,
    SW_SIM_CHV_STATE = 0x9808,
    SW_SIM_INVALIDATED = 0x9810,
    SW_SIM_BLOCKED = 0x9840,
};

/* --- files ----------------------------------------------------------------------------------------- */

/* Files of the USIM that a SIM has with the same content: TS 51.011 10.3 and 10.5, TS 31.102 4.2 and 4.4.3.
 */
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

/* What the commands work on. */
struct sim {
    struct uicc *uicc;
    struct uicc_channel *channel;
    struct fs_file *usim;      /* the ADF; NULL: none */
    struct fs_file *gsm;       /* DF GSM: the profile's own, or the USIM's ADF */
    struct fs_file *directory; /* the current one, as the SIM sees it */
    const struct apdu_command *command;
    struct buf *response;
};

static struct fs_file *find_usim(const struct uicc *uicc)
{
    static const uint8_t usim_aid[] = {0xA0, 0x00, 0x00, 0x00, 0x87, 0x10, 0x02};

    return uicc_find_application(uicc, SPAN_ARRAY(usim_aid), UICC_FIRST, NULL);
}

static struct fs_file *own_child(const struct fs_file *directory, uint16_t fid)
{
    struct fs_file *found = fs_child(directory, fid);

    return found != NULL && found->kind != SAIP_FILE_ADF && found->kind != SAIP_FILE_BER_TLV ? found : NULL;
}

static uint16_t fid_of(const struct sim *sim, const struct fs_file *file)
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
        return below != NULL ? own_child(below, row->origin) : NULL;
    }
    return NULL;
}

static struct fs_file *find_child(const struct sim *sim, const struct fs_file *directory, uint16_t fid)
{
    struct fs_file *found = NULL;

    if (directory->parent == NULL && fid == FID_GSM)
        return sim->gsm;
    if (directory != sim->usim)
        found = own_child(directory, fid);
    if (found == NULL && (directory == sim->usim || directory->fid == FID_TELECOM))
        found = mapped_child(sim, fid_of(sim, directory), fid);
    return found;
}

/* TS 51.011 6.5: MF, a child, the current directory, its parent, and the directories beside it. */
static struct fs_file *find_file(const struct sim *sim, uint16_t fid)
{
    struct fs_file *current = sim->directory;
    struct fs_file *found = fid == FS_FID_MF ? sim->uicc->fs->mf : find_child(sim, current, fid);

    if (found != NULL || current->parent == NULL)
        return found;
    if (fid_of(sim, current) == fid)
        return current;
    if (current->parent->fid == fid)
        return current->parent;
    found = find_child(sim, current->parent, fid);
    return found != NULL && fs_is_directory(found) ? found : NULL;
}

/* A terminal that used class 00 before may have selected what a SIM has not. */
static struct fs_file *current_directory(const struct sim *sim)
{
    struct fs_file *application = fs_application_of(sim->channel->directory);

    if (application->kind != SAIP_FILE_ADF)
        return sim->channel->directory;
    return application == sim->gsm ? sim->gsm : sim->uicc->fs->mf;
}

static bool is_service_table(const struct sim *sim, const struct fs_file *file)
{
    return file != NULL && file->parent == sim->usim && sim->gsm == sim->usim && file->fid == FID_SST;
}

/* --- codes ----------------------------------------------------------------------------------------- */

/* Where codes are looked for: the USIM's local PIN is CHV2, whatever directory is current. */
static struct fs_file *code_directory(const struct sim *sim)
{
    return sim->usim != NULL ? sim->usim : sim->directory;
}

/* The key reference of CHV1 or CHV2: the first application PIN, or local one, of the PIN status template. */
static uint8_t code_reference(const struct sim *sim, unsigned number)
{
    uint8_t first = number == 1 ? 0x01 : 0x81;

    for (const struct fs_file *at = code_directory(sim); at != NULL; at = at->parent)
        for (size_t i = 0; i < at->pin_status.size; i++) {
            uint8_t reference = at->pin_status.data[i];

            if (reference >= first && reference <= first + 7)
                return reference;
        }
    return first;
}

static const struct fs_pin *find_code(const struct sim *sim, unsigned number)
{
    return fs_find_pin(sim->uicc->fs, code_directory(sim), code_reference(sim, number));
}

/* --- what SELECT and STATUS answer, 9.2.1 ---------------------------------------------------------- */

enum { TYPE_MF = 0x01, TYPE_DF = 0x02, TYPE_EF = 0x04, DIRECTORY_SIZE = 22, EF_SIZE = 15 };
/* Clock stop allowed at no preferred level, 1.8 V technology; CHV1 disabled. */
enum { CHARACTERISTICS = 0x31, CHV1_DISABLED = 0x80 };
enum { CODE_INITIALISED = 0x80, ATTEMPTS_MAX = 15 };
enum { CONDITION_ALWAYS = 0x0, CONDITION_CHV1 = 0x1, CONDITION_CHV2 = 0x2, CONDITION_ADM = 0x4 };
enum { CONDITION_NEVER = 0xF, ANY_CODE = 0xFF };
enum { INS_INCREASE = 0x32, INS_READ_BINARY = 0xB0, INS_SEEK = 0xA2 };
/* 10.3.7, services 1 to 57. */
enum { SST_SIZE = 15 };

static void put_be16(uint8_t *out, size_t number)
{
    out[0] = (uint8_t)(number >> 8);
    out[1] = (uint8_t)number;
}

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
        {CONDITION_CHV1, code_reference(sim, 1)},
        {CONDITION_CHV2, code_reference(sim, 2)},
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

static void put_ef(const struct sim *sim, const struct fs_file *file, uint16_t fid)
{
    uint8_t out[EF_SIZE] = {0};
    bool table = is_service_table(sim, file);
    bool cyclic = file->kind == SAIP_FILE_CYCLIC;
    uint8_t update = table ? CONDITION_NEVER : condition(sim, file, UICC_UPDATE, 0);
    uint8_t increase = cyclic ? condition(sim, file, 0, INS_INCREASE) : CONDITION_NEVER;

    put_be16(out + 2, table ? SST_SIZE : fs_content(file).size);
    put_be16(out + 4, fid);
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
    const struct fs_pin *pin = find_code(sim, number);
    const struct fs_puk *puk = pin != NULL && pin->has_puk ? fs_find_puk(sim->uicc->fs, pin->puk) : NULL;

    out[0] = attempts(pin != NULL, pin != NULL ? pin->attempts_left : 0);
    out[1] = attempts(puk != NULL, puk != NULL ? puk->attempts_left : 0);
}

/* How many files of each sort a directory has. Reading: of a DF GSM that stands for the USIM, those that can
 * be selected in it. */
static void count_children(const struct sim *sim, const struct fs_file *directory, uint8_t *dfs, uint8_t *efs)
{
    if (directory == sim->usim) {
        for (size_t i = 0; i < MAPPED_COUNT; i++)
            if (mapped_files[i].directory == FID_GSM &&
                mapped_child(sim, FID_GSM, mapped_files[i].fid) != NULL)
                ++*efs;
        return;
    }
    for (const struct fs_file *file = fs_children(directory); file != NULL; file = file->next)
        if (own_child(directory, file->fid) == file)
            ++*(fs_is_directory(file) ? dfs : efs);
    if (directory->parent == NULL && sim->gsm == sim->usim)
        ++*dfs;
}

/* Reading: the free memory is told as 0, because no command of class A0 could use it. */
static void put_directory(const struct sim *sim, const struct fs_file *directory)
{
    const struct fs_pin *chv1 = find_code(sim, 1);
    uint8_t out[DIRECTORY_SIZE] = {0};

    put_be16(out + 4, fid_of(sim, directory));
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

static uint16_t select_file(struct sim *sim)
{
    const uint8_t *data = sim->command->data.data;
    uint16_t fid = (uint16_t)(data[0] << 8 | data[1]);
    struct fs_file *found = find_file(sim, fid);

    if (found == NULL)
        return SW_FILE_NOT_FOUND;
    if (uicc_is_taken(sim->uicc, sim->channel, found))
        return SW_CONDITIONS_NOT_SATISFIED;
    if (found == sim->usim)
        uicc_set_application(sim->uicc, sim->command->channel, found);
    uicc_enter(sim->channel, found);
    if (fs_is_directory(found)) {
        put_directory(sim, found);
    } else {
        sim->channel->directory = sim->directory;
        put_ef(sim, found, fid);
    }
    return SW_OK;
}

static uint16_t status(struct sim *sim)
{
    put_directory(sim, sim->directory);
    /* Less may be asked for. */
    if (sim->command->ne > 0 && sim->command->ne < sim->response->size)
        sim->response->size = sim->command->ne;
    return SW_OK;
}

/* --- commands of the UICC -------------------------------------------------------------------------- */

static uint16_t pass(const struct sim *sim, uint8_t cla_base, const struct apdu_command *like)
{
    struct apdu_command command = *like;

    command.cla = command.cla_base = cla_base;
    return uicc_process(sim->uicc, &command, sim->response);
}

static uint16_t pass_on(struct sim *sim)
{
    return pass(sim, 0x00, sim->command);
}

static uint16_t increase(struct sim *sim)
{
    return pass(sim, 0x80, sim->command);
}

/* EF SST from EF UST: the services whose files are mapped; each has two bits, allocated and activated
 * (10.3.7).
 */
static void put_services(struct sim *sim, uint8_t out[SST_SIZE])
{
    static const struct {
        uint8_t sim, usim;
    } services[] = {
        {3, 2} /* FDN */,     {4, 10} /* SMS */,       {5, 13} /* AoC */,        {9, 21} /* MSISDN */,
        {11, 3} /* EXT2 */,   {12, 12} /* SMSP */,     {14, 15} /* CBMI */,      {15, 17} /* GID1 */,
        {16, 18} /* GID2 */,  {17, 19} /* SPN */,      {18, 4} /* SDN */,        {19, 5} /* EXT3 */,
        {30, 16} /* CBMIR */, {43, 20} /* PLMNwAcT */, {44, 42} /* OPLMNwAcT */, {45, 43} /* HPLMNwAcT */,
        {51, 45} /* PNN */,   {52, 46} /* OPL */,      {57, 51} /* SPDI */,
    };
    const struct uicc_network network = {.adf = sim->usim};

    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        unsigned index = services[i].sim - 1U;

        if (uicc_service(&network, services[i].usim))
            out[index / 4] |= (uint8_t)(0x03 << index % 4 * 2);
    }
}

static uint16_t read_binary(struct sim *sim)
{
    const struct apdu_command *command = sim->command;
    size_t offset = (size_t)command->p1 << 8 | command->p2;
    uint8_t services[SST_SIZE] = {0};
    uint16_t result;

    if (!is_service_table(sim, sim->channel->file))
        return pass_on(sim);
    result = uicc_check_usable(sim->uicc, sim->channel->file, UICC_READ, INS_READ_BINARY);
    if (result != SW_OK)
        return result;
    if (command->ne == 0)
        return SW_WRONG_LENGTH;
    if (offset >= SST_SIZE)
        return SW_BAD_P1_P2;
    put_services(sim, services);
    buf_append(sim->response,
               SPAN(services + offset, command->ne < SST_SIZE - offset ? command->ne : SST_SIZE - offset));
    return SW_OK;
}

static uint16_t update_binary(struct sim *sim)
{
    return is_service_table(sim, sim->channel->file) ? SW_UICC_SECURITY : pass_on(sim);
}

/* P2: how to search in bits 1 and 2; bit 5: type 2, which answers the record's number (8.8). */
enum { SEEK_BACKWARD = 0x01, SEEK_FROM_POINTER = 0x02, SEEK_NUMBER = 0x10 };

static uint16_t seek(struct sim *sim)
{
    struct fs_file *file = sim->channel->file;
    struct span pattern = sim->command->data;
    bool backward = (sim->command->p2 & SEEK_BACKWARD) != 0;
    size_t count, number;
    uint16_t result;

    if (file == NULL)
        return SW_UICC_NO_EF;
    if (file->kind != SAIP_FILE_LINEAR_FIXED)
        return SW_UICC_INCOMPATIBLE;
    result = uicc_check_usable(sim->uicc, file, UICC_READ, INS_SEEK);
    if (result != SW_OK)
        return result;
    if (pattern.size > file->record_size)
        return SW_WRONG_LENGTH;
    count = fs_records(file);
    number = backward ? count : 1;
    if ((sim->command->p2 & SEEK_FROM_POINTER) != 0 && sim->channel->record != 0)
        number = backward ? sim->channel->record - 1 : sim->channel->record + 1;
    for (; number >= 1 && number <= count; number = backward ? number - 1 : number + 1) {
        if (memcmp(fs_record(file, number).data, pattern.data, pattern.size) != 0)
            continue;
        sim->channel->record = number;
        if ((sim->command->p2 & SEEK_NUMBER) != 0)
            buf_append_octet(sim->response, (uint8_t)number);
        return SW_OK;
    }
    return SW_FILE_NOT_FOUND; /* 9404 is "pattern not found" as well */
}

enum { INS_DISABLE_CHV = 0x26, INS_ENABLE_CHV = 0x28, INS_UNBLOCK_CHV = 0x2C };

/* P2 names CHV1 or CHV2; UNBLOCK CHV has 00 for CHV1, and CHV2 cannot be disabled (9.2). */
static uint16_t code_command(struct sim *sim)
{
    struct apdu_command command = *sim->command;
    struct fs_file *before = sim->channel->directory;
    uint8_t number = command.p2;
    uint16_t result;

    if (command.ins == INS_UNBLOCK_CHV && number == 0)
        number = 1;
    if (number != 1 && (number != 2 || command.ins == INS_DISABLE_CHV || command.ins == INS_ENABLE_CHV))
        return SW_WRONG_P1_P2;
    command.p2 = code_reference(sim, number);
    sim->channel->directory = code_directory(sim);
    result = pass(sim, 0x00, &command);
    sim->channel->directory = before;
    return result == SW_CONDITIONS_NOT_SATISFIED || result == SW_UICC_INVALIDATED ? SW_SIM_CHV_STATE : result;
}

enum { RAND_SIZE = 16, SRES_SIZE = 4, KC_SIZE = 8, CONTEXT_GSM = 0x80, SW_NO_CONTEXT = 0x9864 };

/* The GSM security context of AUTHENTICATE (TS 31.102 7.1.2.2), whose answer has lengths before SRES and Kc.
 */
static uint16_t run_gsm_algorithm(struct sim *sim)
{
    struct uicc_channel before = *sim->channel;
    struct apdu_command command = *sim->command;
    uint8_t data[1 + RAND_SIZE] = {RAND_SIZE};
    uint16_t result;

    if (sim->usim == NULL)
        return SW_INS_NOT_SUPPORTED;
    if (sim->directory != sim->gsm && sim->directory->parent != sim->gsm)
        return SW_UICC_SECURITY;
    memcpy(data + 1, command.data.data, RAND_SIZE);
    command.data = SPAN_ARRAY(data);
    command.p2 = CONTEXT_GSM;
    sim->channel->application = sim->channel->directory = sim->usim;
    result = pass(sim, 0x00, &command);
    sim->channel->application = before.application;
    sim->channel->directory = before.directory;
    if (result == SW_NO_CONTEXT)
        return SW_INS_NOT_SUPPORTED;
    if (result == SW_OK && sim->response->size == SRES_SIZE + KC_SIZE + 2) {
        uint8_t *answer = sim->response->data;

        memmove(answer, answer + 1, SRES_SIZE);
        memmove(answer + SRES_SIZE, answer + SRES_SIZE + 2, KC_SIZE);
        sim->response->size = SRES_SIZE + KC_SIZE;
    }
    return result;
}

/* --- the table ------------------------------------------------------------------------------------- */

enum { ANY_DATA = -1 };

/* TS 51.011 table 9.1.1; P1 and P2: the bits that may be set; P3: octets of the data field. */
static const struct sim_command {
    uint8_t ins, p1, p2;
    int size;
    const char *name;
    uint16_t (*handler)(struct sim *sim);
} commands[] = {
    {0xA4, 0x00, 0x00, 2, "SIM SELECT", select_file},
    {0xF2, 0x00, 0x00, 0, "SIM STATUS", status},
    {INS_READ_BINARY, 0x7F, 0xFF, 0, "SIM READ BINARY", read_binary},
    {0xD6, 0x7F, 0xFF, ANY_DATA, "SIM UPDATE BINARY", update_binary},
    {0xB2, 0xFF, 0x07, 0, "SIM READ RECORD", pass_on},
    {0xDC, 0xFF, 0x07, ANY_DATA, "SIM UPDATE RECORD", pass_on},
    {INS_SEEK, 0x00, 0x13, ANY_DATA, "SIM SEEK", seek},
    {INS_INCREASE, 0x00, 0x00, 3, "SIM INCREASE", increase},
    {0x20, 0x00, 0x03, 8, "SIM VERIFY CHV", code_command},
    {0x24, 0x00, 0x03, 16, "SIM CHANGE CHV", code_command},
    {INS_DISABLE_CHV, 0x00, 0x01, 8, "SIM DISABLE CHV", code_command},
    {INS_ENABLE_CHV, 0x00, 0x01, 8, "SIM ENABLE CHV", code_command},
    {INS_UNBLOCK_CHV, 0x00, 0x02, 16, "SIM UNBLOCK CHV", code_command},
    {0x04, 0x00, 0x00, 0, "SIM INVALIDATE", pass_on},
    {0x44, 0x00, 0x00, 0, "SIM REHABILITATE", pass_on},
    {0x88, 0x00, 0x00, RAND_SIZE, "SIM RUN GSM ALGORITHM", run_gsm_algorithm},
};

/* The SIM's status word for the UICC's. What has none is 6F00, "technical problem". */
static uint16_t translate(uint16_t result)
{
    static const struct {
        uint16_t uicc, sim;
    } words[] = {
        {SW_OK, SW_OK},
        {SW_WRONG_LENGTH, SW_WRONG_LENGTH},
        {SW_INS_NOT_SUPPORTED, SW_INS_NOT_SUPPORTED},
        {SW_WRONG_P1_P2, SW_BAD_P1_P2},
        {SW_BAD_P1_P2, SW_SIM_OUT_OF_RANGE}, /* offset beyond the file */
        {SW_UICC_RECORD_NOT_FOUND, SW_SIM_OUT_OF_RANGE},
        {SW_UICC_NO_EF, SW_SIM_NO_EF},
        {SW_FILE_NOT_FOUND, SW_SIM_NOT_FOUND},
        {SW_UICC_INCOMPATIBLE, SW_SIM_INCONSISTENT},
        {SW_REFERENCE_NOT_FOUND, SW_SIM_NO_CHV},
        {SW_UICC_SECURITY, SW_SIM_ACCESS},
        {SW_SIM_CHV_STATE, SW_SIM_CHV_STATE},
        {SW_UICC_INVALIDATED, SW_SIM_INVALIDATED},
        {SW_CONDITIONS_NOT_SATISFIED, SW_SIM_INVALIDATED},
        {SW_UICC_BLOCKED, SW_SIM_BLOCKED},
        {0x63C0, SW_SIM_BLOCKED}, /* the last attempt is gone */
        {SW_UICC_MAX_REACHED, SW_UICC_MAX_REACHED},
    };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (words[i].uicc == result)
            return words[i].sim;
    if ((result & 0xFFF0) == 0x63C0)
        return SW_SIM_ACCESS;
    if ((result & 0xFF00) == SW_WRONG_LE)
        return (uint16_t)(SW_WRONG_LENGTH | (result & 0xFF));
    return SW_NO_DIAGNOSIS;
}

static uint16_t serve(struct sim *sim, const struct sim_command *row)
{
    const struct apdu_command *command = sim->command;
    uint16_t result;

    if ((command->p1 & ~row->p1) != 0 || (command->p2 & ~row->p2) != 0)
        return SW_BAD_P1_P2;
    if (row->size == ANY_DATA ? command->data.size == 0 : command->data.size != (size_t)row->size)
        return (uint16_t)(SW_WRONG_LENGTH | (row->size > 0 ? row->size : 0));
    result = translate(row->handler(sim));
    /* P3 is what the response has: T=0 of TS 51.011 knows no 6CXX. */
    if (result == SW_OK && command->form == APDU_CASE_2 && command->ne != sim->response->size &&
        sim->response->size > 0)
        result = (uint16_t)(SW_WRONG_LENGTH | (sim->response->size & 0xFF));
    if (result != SW_OK)
        buf_clear(sim->response);
    return result;
}

uint16_t gsm_process(struct uicc *uicc, const struct apdu_command *command, struct buf *response)
{
    struct sim sim = {.uicc = uicc, .command = command, .response = response};

    uicc->described = NULL;
    if (command->cla != CLA_SIM)
        return SW_CLA_NOT_SUPPORTED;
    sim.channel = uicc_channel(uicc, command);
    sim.usim = find_usim(uicc);
    sim.gsm = fs_child(uicc->fs->mf, FID_GSM);
    if (sim.gsm == NULL || !fs_is_directory(sim.gsm))
        sim.gsm = sim.usim;
    if (sim.gsm == NULL)
        return SW_CLA_NOT_SUPPORTED;
    sim.directory = current_directory(&sim);
    if (uicc->suspension.is_suspended)
        uicc_forget_suspension(uicc);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        uint16_t result;

        if (commands[i].ins != command->ins)
            continue;
        result = serve(&sim, &commands[i]);
        uicc->described = commands[i].name;
        return result;
    }
    return SW_INS_NOT_SUPPORTED;
}
