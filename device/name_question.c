/* One name, asked of the air's DNS server: see name_question.h. */
#include "device/name_question.h"

#include <stdlib.h>
#include <string.h>

#define PORT_DNS    53
#define HEADER_SIZE 12
#define LABEL_MAX   63
#define NAME_MAX    255  /* octets with the lengths of its labels (RFC 1035 2.3.4) */
#define TRIES       3    /* of a type */
#define FIRST_WAIT  2000 /* ms for an answer; twice as long with each try */

enum { TYPE_A = 1, TYPE_AAAA = 28, CLASS_IN = 1, NO_SUCH_NAME = 3, FLAG_ANSWER = 0x80, RCODE_MASK = 0x0F };

struct name_question {
    struct device_clock *clock;
    struct name_asker asker;
    struct air_channel *channel;
    struct alarm *patience;
    uint16_t id, type;
    unsigned tries;
    struct buf name; /* as the DNS writes it */
};

/* --- messages --------------------------------------------------------------------------------------------
 */

/* A name in dots, perhaps with one at its end. */
static bool write_name(struct buf *out, const char *name)
{
    while (*name != '\0') {
        size_t size = strcspn(name, ".");

        if (size == 0 || size > LABEL_MAX)
            return false;
        buf_append_octet(out, (uint8_t)size);
        buf_append(out, SPAN(name, size));
        name += size;
        name += *name == '.';
    }
    buf_append_octet(out, 0);
    return !out->failed && out->size > 1 && out->size <= NAME_MAX;
}

static void append_u16(struct buf *out, unsigned value)
{
    buf_append_octet(out, (uint8_t)(value >> 8));
    buf_append_octet(out, (uint8_t)value);
}

/* The part that an answer repeats. */
static void write_question(const struct name_question *question, struct buf *out)
{
    buf_append(out, buf_span(&question->name));
    append_u16(out, question->type);
    append_u16(out, CLASS_IN);
}

static bool take_octets(struct span *from, size_t size, struct span *taken)
{
    if (from->size < size)
        return false;
    *taken = SPAN(from->data, size);
    *from = SPAN(from->data + size, from->size - size);
    return true;
}

static bool take_u16(struct span *from, unsigned *value)
{
    struct span two;

    if (!take_octets(from, 2, &two))
        return false;
    *value = (unsigned)two.data[0] << 8 | two.data[1];
    return true;
}

/* Whose record it is does not matter: one of the type that was asked is at the end of the aliases. */
static bool pass_name(struct span *from)
{
    struct span label;

    while (take_octets(from, 1, &label)) {
        if (label.data[0] == 0)
            return true;
        if ((label.data[0] & 0xC0) == 0xC0)
            return take_octets(from, 1, &label);
        if (label.data[0] > LABEL_MAX || !take_octets(from, label.data[0], &label))
            return false;
    }
    return false;
}

/* The first address of the records; empty: there is none. */
static struct span find_address(const struct name_question *question, struct span records, unsigned count)
{
    while (count-- > 0) {
        struct span ttl, data;
        unsigned type, class, size;

        if (!pass_name(&records) || !take_u16(&records, &type) || !take_u16(&records, &class) ||
            !take_octets(&records, 4, &ttl) || !take_u16(&records, &size) ||
            !take_octets(&records, size, &data))
            return SPAN_NONE;
        if (type == question->type && class == CLASS_IN && size == (type == TYPE_A ? 4 : 16))
            return data;
    }
    return SPAN_NONE;
}

/* Whether an answer belongs to the question; then *rest is what is behind it. */
static bool is_answer(const struct name_question *question, struct span message, struct span *rest)
{
    struct buf repeated = {0};
    bool is_ours;

    write_question(question, &repeated);
    is_ours = !repeated.failed && message.size >= HEADER_SIZE + repeated.size &&
              (unsigned)(message.data[0] << 8 | message.data[1]) == question->id &&
              (message.data[2] & FLAG_ANSWER) != 0 && message.data[4] == 0 && message.data[5] == 1 &&
              memcmp(message.data + HEADER_SIZE, repeated.data, repeated.size) == 0;
    if (is_ours)
        *rest = SPAN(message.data + HEADER_SIZE + repeated.size, message.size - HEADER_SIZE - repeated.size);
    buf_free(&repeated);
    return is_ours;
}

/* --- asking ----------------------------------------------------------------------------------------------
 */

/* Nothing is heard of it any more. */
static void end_question(struct name_question *question, struct span address, const char *why)
{
    alarm_set(question->patience, ALARM_NEVER);
    question->asker.found(question->asker.context, address, why);
}

/* One that cannot be sent counts as lost. */
static void send_question(struct name_question *question)
{
    static const uint8_t rest[] = {1 /* recursion desired */, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    struct buf message = {0};

    append_u16(&message, question->id);
    buf_append(&message, SPAN_ARRAY(rest));
    write_question(question, &message);
    if (!message.failed)
        (void)air_channel_send(question->channel, buf_span(&message));
    buf_free(&message);
    alarm_set(question->patience,
              device_clock_now(question->clock) + ((int64_t)FIRST_WAIT << question->tries++));
}

static void ask_for(struct name_question *question, uint16_t type)
{
    question->type = type;
    question->id++;
    question->tries = 0;
    send_question(question);
}

static void on_silence(void *context)
{
    struct name_question *question = context;

    if (question->tries < TRIES && !air_channel_has_ended(question->channel))
        send_question(question);
    else
        end_question(question, SPAN_NONE, "the network's DNS server does not answer");
}

static void on_open(void *context)
{
    ask_for(context, TYPE_A);
}

static void on_datagram(void *context, struct span octets)
{
    struct name_question *question = context;
    struct span records, address;
    unsigned rcode;

    if (!is_answer(question, octets, &records))
        return;
    rcode = octets.data[3] & RCODE_MASK;
    address = find_address(question, records, (unsigned)octets.data[6] << 8 | octets.data[7]);
    if (address.size != 0)
        end_question(question, address, NULL);
    else if (rcode == NO_SUCH_NAME)
        end_question(question, SPAN_NONE, "the name does not exist");
    else if (rcode != 0)
        end_question(question, SPAN_NONE, "the network's DNS server has failed");
    else if (question->type == TYPE_A)
        ask_for(question, TYPE_AAAA);
    else
        end_question(question, SPAN_NONE, "the name has no address");
}

static void on_end(void *context, const char *why)
{
    end_question(context, SPAN_NONE, why);
}

/* --- its life --------------------------------------------------------------------------------------------
 */

static struct air_channel *open_to_server(struct air *air, struct name_question *question)
{
    const struct air_channel_events events = {question, on_open, on_datagram, on_end};
    struct air_target target = {.transport = AIR_UDP, .port = PORT_DNS};

    target.address_size = air_resolver(air, target.address);
    return target.address_size != 0 ? air_channel_open(air, &target, &events) : NULL;
}

struct name_question *name_question_new(struct air *air, struct device_clock *clock, const char *name,
                                        const struct name_asker *asker)
{
    struct name_question *question = calloc(1, sizeof(*question));

    if (question == NULL)
        return NULL;
    question->clock = clock;
    question->asker = *asker;
    question->patience = alarm_new(clock, on_silence, question);
    if (question->patience != NULL && write_name(&question->name, name))
        question->channel = open_to_server(air, question);
    if (question->channel != NULL) {
        alarm_set(question->patience, device_clock_now(clock) + FIRST_WAIT);
        return question;
    }
    name_question_free(question);
    return NULL;
}

void name_question_free(struct name_question *question)
{
    if (question == NULL)
        return;
    air_channel_close(question->channel);
    alarm_free(question->patience);
    buf_free(&question->name);
    free(question);
}
