/* One name, asked of the air's DNS server: see name_question.h. */
#include "device/air/name_question.h"

#include <arpa/nameser.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TRIES      3    /* of a type */
#define FIRST_WAIT 2000 /* ms for an answer; twice as long with each try */

enum { QUESTION_MAX = 512 /* octets of a message (RFC 1035 2.3.4) */, ID_SIZE = 2, NAMES_MAX = 256 };

struct name_question {
    struct device_clock *clock;
    struct name_asker asker;
    struct air_channel *channel;
    struct alarm *patience;
    char name[NAMES_MAX];
    ns_type type;
    uint16_t id;
    unsigned tries;
};

/* --- messages ------------------------------------------------------------------------------------------- */

/* The octets of the question; 0: it is no name. */
static size_t write_question(const struct name_question *question, uint8_t octets[QUESTION_MAX])
{
    int size =
        res_mkquery(ns_o_query, question->name, ns_c_in, question->type, NULL, 0, NULL, octets, QUESTION_MAX);

    if (size < ID_SIZE)
        return 0;
    octets[0] = (uint8_t)(question->id >> 8);
    octets[1] = (uint8_t)question->id;
    return (size_t)size;
}

/* Whether an answer belongs to the question. */
static bool is_answer(const struct name_question *question, ns_msg *answer)
{
    ns_rr asked;

    return ns_msg_id(*answer) == question->id && ns_msg_getflag(*answer, ns_f_qr) == 1 &&
           ns_msg_count(*answer, ns_s_qd) == 1 && ns_parserr(answer, ns_s_qd, 0, &asked) == 0 &&
           ns_rr_type(asked) == question->type && ns_rr_class(asked) == ns_c_in &&
           strcasecmp(ns_rr_name(asked), question->name) == 0;
}

/* The first address among the records; empty: there is none. Whose it is does not matter: one of the type
 * that was asked is at the end of the aliases. */
static struct span find_address(const struct name_question *question, ns_msg *answer)
{
    const size_t size = question->type == ns_t_a ? 4 : 16;
    ns_rr record;

    for (int i = 0; i < ns_msg_count(*answer, ns_s_an); i++) {
        if (ns_parserr(answer, ns_s_an, i, &record) != 0)
            break;
        if (ns_rr_type(record) == question->type && ns_rr_class(record) == ns_c_in &&
            ns_rr_rdlen(record) == size)
            return SPAN(ns_rr_rdata(record), size);
    }
    return SPAN_NONE;
}

/* --- asking ------------------------------------------------------------------------------------------- */

/* Nothing is heard of it any more. */
static void end_question(struct name_question *question, struct span address, const char *why)
{
    alarm_set(question->patience, ALARM_NEVER);
    question->asker.found(question->asker.context, address, why);
}

/* One that cannot be sent counts as lost. */
static void send_question(struct name_question *question)
{
    uint8_t octets[QUESTION_MAX];

    (void)air_channel_send(question->channel, SPAN(octets, write_question(question, octets)));
    alarm_set(question->patience,
              device_clock_now(question->clock) + ((int64_t)FIRST_WAIT << question->tries++));
}

static void ask_for(struct name_question *question, ns_type type)
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
    ask_for(context, ns_t_a);
}

static void on_datagram(void *context, struct span octets)
{
    struct name_question *question = context;
    struct span address;
    ns_msg answer;

    if (ns_initparse(octets.data, (int)octets.size, &answer) != 0 || !is_answer(question, &answer))
        return;
    address = find_address(question, &answer);
    if (address.size != 0)
        end_question(question, address, NULL);
    else if (ns_msg_getflag(answer, ns_f_rcode) == ns_r_nxdomain)
        end_question(question, SPAN_NONE, "the name does not exist");
    else if (ns_msg_getflag(answer, ns_f_rcode) != ns_r_noerror)
        end_question(question, SPAN_NONE, "the network's DNS server has failed");
    else if (question->type == ns_t_a)
        ask_for(question, ns_t_aaaa);
    else
        end_question(question, SPAN_NONE, "the name has no address");
}

static void on_end(void *context, const char *why)
{
    end_question(context, SPAN_NONE, why);
}

/* --- its life ----------------------------------------------------------------------------------------- */

/* Without the dot that it may end with. */
static bool take_name(struct name_question *question, const char *name)
{
    uint8_t octets[QUESTION_MAX];
    size_t size = strlen(name);

    if (size > 0 && name[size - 1] == '.')
        size--;
    if (size == 0 || size >= sizeof(question->name))
        return false;
    memcpy(question->name, name, size);
    return write_question(question, octets) > 0;
}

static struct air_channel *open_to_server(struct air *air, struct name_question *question)
{
    const struct air_channel_events events = {question, on_open, on_datagram, on_end};
    struct air_target target = {.transport = AIR_UDP, .port = NS_DEFAULTPORT};

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
    question->type = ns_t_a;
    if (question->patience != NULL && take_name(question, name))
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
    free(question);
}
