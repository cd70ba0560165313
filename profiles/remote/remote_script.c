/*
 * Compact and expanded scripts: see remote_script.h. Actions (immediate, error) of the expanded format are
 * not served: such an object is answered as unknown. Nor is script chaining, and then nothing of the script
 * is run.
 */
#include "profiles/remote/remote_script.h"

#include "apdu/tlv.h"

enum { HEADER_SIZE = 5, COMMANDS_MAX = 255 };

/* A script in execution. */
struct run {
    remote_executor *execute;
    remote_outgoing *is_outgoing;
    void *context;
    unsigned count;
    uint16_t status;
    struct buf data; /* of the last command */
    bool outgoing;   /* the last command asked for it */
};

/* Reading: warnings (62xx) do not stop a script, nor GlobalPlatform's word that there is more to come; retry
 * counters (63Cx) do. */
static bool goes_on(uint16_t status)
{
    unsigned sw1 = status >> 8;

    return status == 0x6310 || sw1 == 0x90 || sw1 == 0x91 || sw1 == 0x92 || sw1 == 0x62;
}

static bool run_command(struct run *run, const struct apdu_command *command)
{
    buf_clear(&run->data);
    run->status = run->execute(run->context, command, &run->data);
    run->outgoing = command->ne > 0;
    run->count++;
    return goes_on(run->status) && run->count < COMMANDS_MAX;
}

/* A command that cannot be run as it stands counts too, and ends the script. */
static bool refuse_command(struct run *run, uint16_t status)
{
    buf_clear(&run->data);
    run->status = status;
    run->count++;
    return false;
}

/* --- compact (5.1) --------------------------------------------------------------------------------- */

/* GET RESPONSE hands out what the command before left. */
static bool get_response(struct run *run, uint8_t le)
{
    size_t wanted = le != 0 ? le : APDU_SHORT_NE;

    run->outgoing = true;
    run->count++;
    run->status = run->data.size > 0 ? SW_OK : SW_CONDITIONS_NOT_SATISFIED;
    if (run->data.size > wanted)
        run->data.size = wanted;
    return run->status == SW_OK && run->count < COMMANDS_MAX;
}

/* P3 is Le or Lc, as the instruction has it; a command is its header and as much data. */
static bool run_compact_command(struct run *run, struct span *script)
{
    const uint8_t *octets = script->data;
    bool outgoing = script->size >= HEADER_SIZE && run->is_outgoing(octets[1]);
    struct apdu_command command;
    uint16_t status;
    size_t size = HEADER_SIZE;

    if (script->size >= HEADER_SIZE && octets[1] == INS_GET_RESPONSE) {
        *script = SPAN(octets + HEADER_SIZE, script->size - HEADER_SIZE);
        return get_response(run, octets[4]);
    }
    if (script->size >= HEADER_SIZE && !outgoing)
        size += octets[4];
    status = script->size >= size
                 ? apdu_decode(SPAN(octets, size == HEADER_SIZE && !outgoing ? 4 : size), &command)
                 : SW_WRONG_LENGTH;
    if (status != SW_OK)
        return refuse_command(run, status);
    *script = SPAN(octets + size, script->size - size);
    return run_command(run, &command);
}

static void run_compact(struct run *run, struct span script, struct buf *answer)
{
    while (script.size > 0)
        if (!run_compact_command(run, &script))
            break;
    buf_append_octet(answer, (uint8_t)run->count);
    buf_append_number(answer, 2, run->status);
    if (run->outgoing)
        buf_append(answer, buf_span(&run->data));
}

/* --- expanded (5.2) -------------------------------------------------------------------------------- */

enum {
    TAG_SCRIPT = 0xAA,
    TAG_SCRIPT_INDEFINITE = 0xAE,
    TAG_ANSWER = 0xAB,
    TAG_ANSWER_INDEFINITE = 0xAF,
    TAG_C_APDU = 0x22,
    TAG_R_APDU = 0x23,
    TAG_COUNT = 0x80,
    TAG_CHAINING = 0x83,
    TAG_BAD_FORMAT = 0x90,
    LENGTH_INDEFINITE = 0x80,
};
enum bad_format { FORMAT_GOOD = 0, FORMAT_UNKNOWN_TAG = 1, FORMAT_WRONG_LENGTH = 2, FORMAT_NO_LENGTH = 3 };

/* The objects of a script. An indefinite one ends with two octets of zero. */
static enum bad_format open_expanded(struct span script, struct span *objects)
{
    struct tlv_reader reader = tlv_reader(script);

    if (script.data[0] == TAG_SCRIPT) {
        if (!tlv_require(&reader, TAG_SCRIPT, objects))
            return script.size < 2 ? FORMAT_NO_LENGTH : FORMAT_WRONG_LENGTH;
        return tlv_finish(&reader) ? FORMAT_GOOD : FORMAT_WRONG_LENGTH;
    }
    if (script.size < 2)
        return FORMAT_NO_LENGTH;
    if (script.size < 4 || script.data[1] != LENGTH_INDEFINITE || script.data[script.size - 1] != 0 ||
        script.data[script.size - 2] != 0)
        return FORMAT_WRONG_LENGTH;
    *objects = SPAN(script.data + 2, script.size - 4);
    return FORMAT_GOOD;
}

static enum bad_format run_objects(struct run *run, struct span objects, struct buf *results)
{
    struct tlv_reader reader = tlv_reader(objects);
    bool more = true;

    while (more && reader.offset < objects.size) {
        struct apdu_command command;
        struct tlv object;
        size_t result;
        uint16_t status;

        if (tlv_next(&reader, &object) != TLV_OK)
            return FORMAT_WRONG_LENGTH;
        if (object.tag != TAG_C_APDU)
            return FORMAT_UNKNOWN_TAG;
        status = apdu_decode(object.value, &command);
        more = status == SW_OK ? run_command(run, &command) : refuse_command(run, status);
        result = tlv_open(results, TAG_R_APDU);
        if (run->outgoing)
            buf_append(results, buf_span(&run->data));
        buf_append_number(results, 2, run->status);
        tlv_close(results, result);
    }
    return FORMAT_GOOD;
}

/* A chained script begins with an object that says so (5.2.1.4);
 * its answer says why it is not one (5.2.2.3). */
enum { CHAINING_NOT_SUPPORTED = 0x02 };

static bool is_chained(struct span objects)
{
    struct tlv_reader reader = tlv_reader(objects);

    return tlv_peek(&reader) == TAG_CHAINING;
}

static void run_expanded(struct run *run, struct span script, struct buf *answer)
{
    bool indefinite = script.data[0] == TAG_SCRIPT_INDEFINITE;
    struct buf results = {0};
    struct buf content = {0};
    struct span objects;
    enum bad_format bad = open_expanded(script, &objects);
    bool chained = bad == FORMAT_GOOD && is_chained(objects);

    if (bad == FORMAT_GOOD && !chained)
        bad = run_objects(run, objects, &results);
    tlv_put_unsigned(&content, TAG_COUNT, run->count);
    buf_append(&content, buf_span(&results));
    if (chained)
        tlv_put_octet(&content, TAG_CHAINING, CHAINING_NOT_SUPPORTED);
    if (bad != FORMAT_GOOD)
        tlv_put_octet(&content, TAG_BAD_FORMAT, (uint8_t)bad);
    if (indefinite) {
        buf_append_octet(answer, TAG_ANSWER_INDEFINITE);
        buf_append_octet(answer, LENGTH_INDEFINITE);
        buf_append(answer, buf_span(&content));
        buf_append(answer, SPAN("\0\0", 2));
    } else {
        tlv_put(answer, TAG_ANSWER, buf_span(&content));
    }
    answer->failed = answer->failed || content.failed || results.failed;
    buf_free(&results);
    buf_free(&content);
}

void remote_script_run(struct span script, remote_executor *execute, remote_outgoing *is_outgoing,
                       void *context, struct buf *answer)
{
    struct run run = {.execute = execute, .is_outgoing = is_outgoing, .context = context, .status = SW_OK};

    if (script.size == 0)
        return;
    if (script.data[0] == TAG_SCRIPT || script.data[0] == TAG_SCRIPT_INDEFINITE)
        run_expanded(&run, script, answer);
    else
        run_compact(&run, script, answer);
    answer->failed = answer->failed || run.data.failed;
    buf_free(&run.data);
}
