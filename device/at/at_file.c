/* Files of the card, and the numbers in them: +CRSM, +CIMI and the ICCID (3GPP TS 27.007 8.18, 5.6, 8.63). */
#include "apdu/iccid.h"
#include "device/at/at_answer.h"
#include "device/at/at_apdu.h"
#include "device/at/at_pin.h"
#include "device/at/at_rows.h"

#include <string.h>

enum { PATH_MAX_SIZE = 10, SELECT_BY_PATH = 0x08, RETURN_FCP = 0x04 };
enum { EF_DIR = 0x2F00, DIR_RECORDS_MAX = 16, RECORD_ABSOLUTE = 0x04 };
enum { ROOT = 0x3F00, USIM = 0x7FFF, TELECOM = 0x7F10 };
enum { CODE_GET_RESPONSE = 192, CODE_STATUS = 242 };
enum { UPDATE_BINARY = 0xD6, UPDATE_RECORD = 0xDC, RETRIEVE_DATA = 0xCB, SET_DATA = 0xDB };

/* The commands of +CRSM, by their codes. */
static const struct restricted {
    uint8_t code, cla, ins;
    bool has_data; /* it takes octets, else it gives some */
} restricted[] = {
    {176, 0x00, INS_READ_BINARY, false},    {178, 0x00, INS_READ_RECORD, false},
    {214, 0x00, UPDATE_BINARY, true},       {220, 0x00, UPDATE_RECORD, true},
    {203, 0x80, RETRIEVE_DATA, false},      {219, 0x80, SET_DATA, true},
    {CODE_STATUS, 0x80, INS_STATUS, false},
};

struct request {
    uint32_t code, file, p1, p2, p3;
    struct buf data, path;
    bool has_file, has_lengths;
};

static void request_end(struct request *request)
{
    buf_wipe(&request->data);
    buf_free(&request->data);
    buf_free(&request->path);
}

static const struct restricted *find_command(uint32_t code)
{
    for (size_t i = 0; i < sizeof(restricted) / sizeof(restricted[0]); i++)
        if (restricted[i].code == code)
            return &restricted[i];
    return NULL;
}

/* A number that may be left out. */
static bool read_optional(const struct at_parameters *parameters, size_t index, uint32_t max, uint32_t *value)
{
    *value = 0;
    return !at_parameter_is_there(parameters, index) || at_parameter_number(parameters, index, 0, max, value);
}

/* code[,file[,P1,P2,P3[,data[,path]]]] */
static bool read_request(const struct at_command *command, struct request *request)
{
    struct at_parameters parameters;

    if (!at_parameters_read(command->parameters, &parameters) || parameters.count > 7 ||
        !at_parameter_number(&parameters, 0, 0, 0xFF, &request->code) ||
        !read_optional(&parameters, 1, 0xFFFF, &request->file) ||
        !read_optional(&parameters, 2, 0xFF, &request->p1) ||
        !read_optional(&parameters, 3, 0xFF, &request->p2) ||
        !read_optional(&parameters, 4, 0xFF, &request->p3))
        return false;
    request->has_file = at_parameter_is_there(&parameters, 1) && request->file != 0;
    request->has_lengths = at_parameter_is_there(&parameters, 4);
    if (at_parameter_is_there(&parameters, 5) && !at_parameter_hex(&parameters, 5, &request->data))
        return false;
    return !at_parameter_is_there(&parameters, 6) || at_parameter_hex(&parameters, 6, &request->path);
}

/* Which of them must have what. */
static bool is_complete(const struct request *request)
{
    const struct restricted *command = find_command(request->code);

    if (request->path.size > PATH_MAX_SIZE || request->path.size % 2 != 0)
        return false;
    if (request->code == CODE_GET_RESPONSE)
        return request->has_file;
    if (command == NULL || (!request->has_file && request->code != CODE_STATUS) ||
        (!request->has_lengths && request->code != CODE_STATUS))
        return false;
    return command->has_data ? request->data.size == request->p3 && request->data.size > 0
                             : request->data.size == 0;
}

/* --- selecting ----------------------------------------------------------------------------------------- */

static uint16_t select_path(struct at *at, struct span folders, uint32_t file)
{
    struct buf path = {0};
    uint16_t sw;

    if (file == ROOT) {
        const uint8_t root[] = {ROOT >> 8, ROOT & 0xFF};

        return modem_command(at->modem, 0x00, INS_SELECT, 0, RETURN_FCP, SPAN_ARRAY(root), APDU_SHORT_NE,
                             &at->answer);
    }
    buf_append(&path, folders);
    buf_append_number(&path, 2, file);
    sw = path.failed ? 0
                     : modem_command(at->modem, 0x00, INS_SELECT, SELECT_BY_PATH, RETURN_FCP, buf_span(&path),
                                     APDU_SHORT_NE, &at->answer);
    buf_free(&path);
    return sw;
}

static uint16_t select_in(struct at *at, uint32_t folder, uint32_t file)
{
    const uint8_t octets[] = {(uint8_t)(folder >> 8), (uint8_t)folder};

    return select_path(at, SPAN_ARRAY(octets), file);
}

/* *Reading*: without a path, 2Fxx and directories are under the MF, others in the USIM or else in DF TELECOM.
 * The USIM is selected first, so that 7FFF means it. */
static uint16_t select_file(struct at *at, const struct request *request)
{
    static const uint8_t root[] = {ROOT >> 8, ROOT & 0xFF};
    struct span path = buf_span(&request->path);
    uint8_t kind = (uint8_t)(request->file >> 8);
    uint16_t sw;

    if (modem_select_usim(at->modem, &at->answer) && request->file == USIM)
        return SW_OK;
    if (request->path.size > 0) {
        if (span_begins_with(path, SPAN_ARRAY(root)))
            path = SPAN(path.data + 2, path.size - 2);
        return select_path(at, path, request->file);
    }
    if (kind == 0x2F || kind == 0x3F || kind == 0x7F)
        return select_path(at, SPAN("", 0), request->file);
    sw = select_in(at, USIM, request->file);
    return sw == SW_FILE_NOT_FOUND ? select_in(at, TELECOM, request->file) : sw;
}

/* --- +CRSM --------------------------------------------------------------------------------------------- */

static enum at_result say_status(struct at *at, uint16_t sw, struct span data)
{
    if (sw == 0)
        return at_no_card(at);
    if (data.size > 0)
        at_say_octets(at, data, "+CRSM: %u,%u,", sw >> 8, sw & 0xFFu);
    else
        at_say(at, "+CRSM: %u,%u", sw >> 8, sw & 0xFFu);
    return AT_OK;
}

static bool is_selected(uint16_t sw)
{
    return sw == SW_OK || sw >> 8 == 0x91;
}

static enum at_result run_request(struct at *at, const struct request *request)
{
    const struct restricted *command = find_command(request->code);
    uint32_t ne = request->p3 != 0 ? request->p3 : APDU_SHORT_NE;
    uint16_t sw = SW_OK;

    if (request->has_file)
        sw = select_file(at, request);
    if (!is_selected(sw))
        return say_status(at, sw, SPAN_NONE);
    if (command == NULL) /* GET RESPONSE: what SELECT gave */
        return say_status(at, sw, buf_span(&at->answer));
    sw = modem_command(at->modem, command->cla, command->ins, (uint8_t)request->p1, (uint8_t)request->p2,
                       command->has_data ? buf_span(&request->data) : SPAN_NONE, command->has_data ? 0 : ne,
                       &at->answer);
    return say_status(at, sw, buf_span(&at->answer));
}

static enum at_result serve_crsm(struct at *at, const struct at_command *command)
{
    struct request request = {0};
    enum at_result result = AT_BAD_PARAMETERS;

    if (read_request(command, &request) && is_complete(&request))
        result = modem_rouse(at->modem) ? run_request(at, &request) : at_no_card(at);
    request_end(&request);
    return result;
}

/* --- +CUAD ---------------------------------------------------------------------------------------------- */

/* The applications of the card, as the records of EF DIR have them (8.66). */
static enum at_result serve_cuad(struct at *at, const struct at_command *command)
{
    static const uint8_t directory[] = {EF_DIR >> 8, EF_DIR & 0xFF};
    struct buf records = {0};
    uint16_t sw;

    (void)command;
    sw = modem_command(at->modem, 0x00, INS_SELECT, SELECT_BY_PATH, RETURN_FCP, SPAN_ARRAY(directory),
                       APDU_SHORT_NE, &at->answer);
    for (uint8_t number = 1; is_selected(sw) && number <= DIR_RECORDS_MAX; number++) {
        sw = modem_command(at->modem, 0x00, INS_READ_RECORD, number, RECORD_ABSOLUTE, SPAN_NONE,
                           APDU_SHORT_NE, &at->answer);
        if (is_selected(sw))
            buf_append(&records, buf_span(&at->answer));
    }
    if (sw != 0 && !records.failed)
        at_say_octets(at, buf_span(&records), "+CUAD: ");
    buf_free(&records);
    return sw != 0 ? AT_OK : at_no_card(at);
}

/* --- numbers ------------------------------------------------------------------------------------------- */

/* The IMSI is read when the card starts, and cannot be while a PIN is asked for. */
static enum at_result serve_cimi(struct at *at, const struct at_command *command)
{
    enum at_result result;

    (void)command;
    if (!modem_rouse(at->modem))
        return at_no_card(at);
    if (modem_imsi(at->modem)[0] == '\0') {
        result = at_pin_wanted(at);
        return result == AT_OK ? AT_SIM_FAILURE : result;
    }
    at_say(at, "%s", modem_imsi(at->modem));
    return AT_OK;
}

/* The prefix is the command's name, but for SIMCom's. */
static enum at_result serve_iccid(struct at *at, const struct at_command *command)
{
    const char *iccid, *name = strcmp(command->name, "+CICCID") == 0 ? "+ICCID" : command->name;
    size_t padding;

    if (!modem_rouse(at->modem))
        return at_no_card(at);
    iccid = modem_iccid(at->modem);
    if (iccid[0] == '\0')
        return AT_SIM_FAILURE;
    padding = HAS_QUIRK(at, AT_KEEPS_PADDING) ? ICCID_DIGITS_MAX - strlen(iccid) : 0;
    at_say(at, "%s: %s%.*s", name, iccid, (int)padding, "FF");
    return AT_OK;
}

const struct at_row at_file_rows[] = {
    {"+CRSM", AT_TEST | AT_SET, NULL, serve_crsm},
    {"+CUAD", AT_TEST | AT_EXECUTE, NULL, serve_cuad},
    {"+CIMI", AT_TEST | AT_EXECUTE, NULL, serve_cimi},
    {"+CCID", AT_TEST | AT_EXECUTE | AT_READ, NULL, serve_iccid},
    {"+ICCID", AT_TEST | AT_EXECUTE | AT_READ, NULL, serve_iccid},
    {"+QCCID", AT_TEST | AT_EXECUTE | AT_READ, NULL, serve_iccid},
    {"+CICCID", AT_TEST | AT_EXECUTE | AT_READ, NULL, serve_iccid},
    {"#CCID", AT_TEST | AT_EXECUTE | AT_READ, NULL, serve_iccid},
    {"^ICCID", AT_TEST | AT_EXECUTE | AT_READ, NULL, serve_iccid},
    {"!ICCID", AT_TEST | AT_EXECUTE | AT_READ, NULL, serve_iccid},
    {"%XICCID", AT_TEST | AT_EXECUTE | AT_READ, NULL, serve_iccid},
    {NULL, 0, NULL, NULL},
};
