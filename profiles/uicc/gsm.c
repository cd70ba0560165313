/*
 * Class A0, 3GPP TS 51.011 8 and 9: SELECT, STATUS, SEEK and the service table are made here, the rest goes
 * to the UICC's command table (uicc.c). DF GSM is the profile's own, or else stands for the ADF of its first
 * USIM. See gsm.h.
 */
#include "profiles/uicc/gsm.h"

#include "profiles/uicc/gsm_internal.h"
#include "profiles/uicc/uicc_commands.h"

#include <string.h>

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

enum { INS_INCREASE = 0x32, INS_SEEK = 0xA2 };

/* --- files ----------------------------------------------------------------------------------------- */

static uint16_t select_file(struct sim *sim)
{
    uint16_t fid = (uint16_t)span_number(sim->command->data);
    struct fs_file *found = gsm_find_file(sim, fid);

    if (found == NULL)
        return SW_FILE_NOT_FOUND;
    if (uicc_is_taken(sim->uicc, sim->channel, found))
        return SW_CONDITIONS_NOT_SATISFIED;
    if (found == sim->usim)
        uicc_set_application(sim->uicc, sim->command->channel, found);
    uicc_enter(sim->channel, found);
    if (fs_is_directory(found)) {
        gsm_put_directory(sim, found);
    } else {
        sim->channel->directory = sim->directory;
        gsm_put_ef(sim, found, fid);
    }
    return SW_OK;
}

static uint16_t status(struct sim *sim)
{
    gsm_put_directory(sim, sim->directory);
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

    if (!gsm_is_service_table(sim, sim->channel->file))
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
    return gsm_is_service_table(sim, sim->channel->file) ? SW_UICC_SECURITY : pass_on(sim);
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
    command.p2 = gsm_code_reference(sim, number);
    sim->channel->directory = gsm_code_directory(sim);
    result = pass(sim, 0x00, &command);
    sim->channel->directory = before;
    return result == SW_CONDITIONS_NOT_SATISFIED || result == SW_UICC_INVALIDATED ? SW_SIM_CHV_STATE : result;
}

enum { RAND_SIZE = 16, SRES_SIZE = 4, KC_SIZE = 8, CONTEXT_GSM = 0x80, SW_NO_CONTEXT = 0x9864 };

/* The GSM security context of AUTHENTICATE (TS 31.102 7.1.2.2),
 * whose answer has lengths before SRES and Kc. */
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

/* 8.20: nothing to be done, a card sleeps by itself. */
static uint16_t sleep_mode(struct sim *sim)
{
    (void)sim;
    return SW_OK;
}

/* --- the table ------------------------------------------------------------------------------------- */

enum { ANY_DATA = -1 };

/* TS 51.011 table 9.1.1, but for GET RESPONSE, which is the transport's, and the toolkit's commands, which
 * are the card's; P1 and P2: the bits that may be set; P3: octets of the data field. */
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
    {0xFA, 0x00, 0x00, 0, "SIM SLEEP", sleep_mode},
};

/* The SIM's status word for the UICC's. What has none is 6F00, "technical problem". */
static uint16_t translate(uint16_t result)
{
    static const struct {
        uint16_t uicc, sim;
    } words[] = {
        {SW_OK, SW_OK},
        {SW_WRONG_LENGTH, SW_WRONG_LENGTH},
        {SW_MEMORY_FAILURE, SW_SIM_MEMORY_PROBLEM},
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

static uint16_t gsm_serve(struct sim *sim, const struct sim_command *row)
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
    sim.usim = gsm_find_usim(uicc);
    sim.gsm = fs_child(uicc->fs->mf, FID_GSM);
    if (sim.gsm == NULL || !fs_is_directory(sim.gsm))
        sim.gsm = sim.usim;
    if (sim.gsm == NULL)
        return SW_CLA_NOT_SUPPORTED;
    sim.directory = gsm_current_directory(&sim);
    if (uicc->suspension.is_suspended)
        uicc_forget_suspension(uicc);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        uint16_t result;

        if (commands[i].ins != command->ins)
            continue;
        result = gsm_serve(&sim, &commands[i]);
        uicc->described = commands[i].name;
        return result;
    }
    return SW_INS_NOT_SUPPORTED;
}
