/* A name's question over channels of a bearer: see naming_question.h. */
#include "euicc/network/naming_question.h"

#include <stdio.h>

/* --- channels ----------------------------------------------------------------------------------------- */

static void close_line(struct naming_question *question, struct naming_line *line)
{
    if (line->channel != BEARER_NO_CHANNEL)
        question->bearer->close(question->bearer->context, line->channel);
    buf_free(&line->waiting);
    *line = (struct naming_line){.channel = BEARER_NO_CHANNEL};
}

void naming_question_end(struct naming_question *question)
{
    for (size_t i = 0; i < RESOLVER_SERVERS_MAX; i++)
        close_line(question, &question->lines[i]);
}

static void conclude_question(struct naming_question *question)
{
    naming_question_end(question);
    question->stage = NAMING_ANSWERED;
}

static void say_why(struct naming_question *question, const char *why)
{
    snprintf(question->why, sizeof(question->why), "%s", why);
}

static bool try_line(struct naming_question *question, struct naming_line *line,
                     const struct ip_address *server)
{
    const struct bearer *bearer = question->bearer;
    char text[HOST_ADDRESS_TEXT];

    line->server = *server;
    line->channel = bearer->open(bearer->context, BEARER_UDP, host_address_text(server, text), DNS_PORT);
    return line->channel != BEARER_NO_CHANNEL;
}

/* Whether a question waits for what comes over that channel. */
static bool is_wanted(const struct naming_question *question, const struct naming_line *line)
{
    const struct resolver *resolver = &question->resolver;

    for (size_t i = 0; i < resolver->question_count; i++)
        if (!resolver->questions[i].is_done &&
            host_same_address(&resolver->settings.servers[resolver->questions[i].server], &line->server))
            return true;
    return false;
}

/* NULL: the bearer has no channel, not even in place of the other one. */
static struct naming_line *open_line(struct naming_question *question, const struct ip_address *server)
{
    struct naming_line *line = NULL;
    bool has_other = false;

    for (size_t i = 0; i < RESOLVER_SERVERS_MAX; i++) {
        if (!is_wanted(question, &question->lines[i]))
            close_line(question, &question->lines[i]);
        if (question->lines[i].channel == BEARER_NO_CHANNEL)
            line = &question->lines[i];
        else
            has_other = true;
    }
    if (line == NULL) /* there are as many as servers */
        return NULL;
    if (try_line(question, line, server))
        return line;
    if (has_other) {
        naming_question_end(question);
        if (try_line(question, line, server))
            return line;
    }
    question->is_refused = true;
    return NULL;
}

static struct naming_line *find_line(struct naming_question *question, const struct ip_address *server)
{
    for (size_t i = 0; i < RESOLVER_SERVERS_MAX; i++)
        if (question->lines[i].channel != BEARER_NO_CHANNEL &&
            host_same_address(&question->lines[i].server, server))
            return &question->lines[i];
    return open_line(question, server);
}

static bool is_opening(const struct naming_question *question)
{
    for (size_t i = 0; i < RESOLVER_SERVERS_MAX; i++)
        if (question->lines[i].channel != BEARER_NO_CHANNEL && !question->lines[i].is_open)
            return true;
    return false;
}

/* What has become of a channel; *why of one that has ended. One that does not open in time has. */
static enum bearer_state line_state(struct naming_question *question, struct naming_line *line,
                                    int64_t elapsed, const char **why)
{
    const struct bearer *bearer = question->bearer;
    enum bearer_state state = bearer->state(bearer->context, line->channel, why);

    if (state == BEARER_OPENING) {
        line->waited += elapsed;
        if (line->waited >= NAMING_OPEN_WAIT) {
            *why = "the channel did not open in time";
            return BEARER_ENDED;
        }
    }
    line->is_open = state == BEARER_OPEN;
    return state;
}

/* --- which servers ------------------------------------------------------------------------------------ */

static void add_server(struct resolver_settings *settings, const struct ip_address *server)
{
    bool served = server->size == IPV4_SIZE
                      ? settings->families != RESOLVER_IPV6
                      : server->size == IPV6_SIZE && settings->families != RESOLVER_IPV4;

    for (size_t i = 0; i < settings->server_count; i++)
        served = served && !host_same_address(&settings->servers[i], server);
    if (served && settings->server_count < RESOLVER_SERVERS_MAX)
        settings->servers[settings->server_count++] = *server;
}

/* The bearer's, one of them where there is a configured one as well, and those. False: the bearer may tell
 * more once a channel is open. */
static bool collect_servers(const struct naming_question *question, struct resolver_settings *settings)
{
    const struct bearer *bearer = question->bearer;
    struct ip_address told[RESOLVER_SERVERS_MAX];
    size_t count = bearer->servers != NULL ? bearer->servers(bearer->context, told, RESOLVER_SERVERS_MAX) : 0;
    bool whole = count != BEARER_SERVERS_LATER;

    if (count > RESOLVER_SERVERS_MAX)
        count = whole ? RESOLVER_SERVERS_MAX : 0;
    *settings = (struct resolver_settings){.families = question->settings.families};
    if (count > 0)
        add_server(settings, &told[0]);
    for (size_t i = 0; i < question->settings.server_count; i++)
        add_server(settings, &question->settings.servers[i]);
    for (size_t i = 1; i < count; i++)
        add_server(settings, &told[i]);
    return whole;
}

static void begin_asking(struct naming_question *question, const struct resolver_settings *settings)
{
    if (settings->server_count == 0) {
        say_why(question, "no DNS server is known");
        conclude_question(question);
        return;
    }
    question->stage = NAMING_ASKING;
    question->clock = 0;
    resolver_begin(&question->resolver, question->name, settings, question->random, 0);
}

/* Opens the channel with which the terminal tells its servers: to one that is known, so that it is of use
 * even if nothing is told. */
static void begin_learning(struct naming_question *question, const struct resolver_settings *settings)
{
    struct ip_address server = settings->servers[0];

    question->stage = NAMING_LEARNING;
    if (settings->server_count == 0)
        (void)host_address(NAMING_NOBODY, &server);
    if (open_line(question, &server) == NULL)
        conclude_question(question);
}

void naming_question_begin(struct naming_question *question, const struct bearer *bearer, const char *name,
                           const struct resolver_settings *settings, uint64_t random)
{
    struct resolver_settings all;

    *question = (struct naming_question){.bearer = bearer, .settings = *settings, .random = random};
    snprintf(question->name, sizeof(question->name), "%s", name);
    if (collect_servers(question, &all))
        begin_asking(question, &all);
    else
        begin_learning(question, &all);
}

/* --- asking ------------------------------------------------------------------------------------------- */

/* Of a channel to nobody, or to a server that is not the first one to be asked, no more than the opening was
 * wanted. */
static void learn(struct naming_question *question, int64_t elapsed)
{
    struct naming_line *line = &question->lines[0];
    struct resolver_settings all;
    enum bearer_state state;
    const char *why = "";

    if (line->channel == BEARER_NO_CHANNEL)
        line = &question->lines[1];
    state = line_state(question, line, elapsed, &why);
    if (state == BEARER_OPENING)
        return;
    if (!collect_servers(question, &all) && state == BEARER_ENDED) {
        say_why(question, why);
        conclude_question(question);
        return;
    }
    if (state == BEARER_ENDED || all.server_count == 0 || !host_same_address(&line->server, &all.servers[0]))
        naming_question_end(question);
    begin_asking(question, &all);
}

static void take_datagrams(struct naming_question *question, const struct naming_line *line)
{
    const struct bearer *bearer = question->bearer;
    struct buf datagram = {0};

    for (unsigned i = 0; i < NAMING_PIECES_MAX && bearer->receive(bearer->context, line->channel, &datagram);
         i++) {
        if (!datagram.failed)
            resolver_receive(&question->resolver, &line->server, buf_span(&datagram), question->clock);
        buf_clear(&datagram);
    }
    buf_free(&datagram);
}

/* A datagram that the channel does not take is lost, as datagrams may be. */
static void send_waiting(struct naming_question *question, struct naming_line *line)
{
    if (line->waiting.size == 0 || !line->is_open)
        return;
    (void)question->bearer->send(question->bearer->context, line->channel, buf_span(&line->waiting));
    buf_clear(&line->waiting);
}

static void look_at_line(struct naming_question *question, struct naming_line *line, int64_t elapsed)
{
    const char *why = "";
    enum bearer_state state = line_state(question, line, elapsed, &why);

    send_waiting(question, line);
    take_datagrams(question, line);
    if (state == BEARER_ENDED) {
        struct ip_address server = line->server;

        say_why(question, why);
        close_line(question, line);
        resolver_pass_over(&question->resolver, &server, question->clock);
    }
}

/* Over a channel that is open; over a new one when it is. */
static void send_to(struct naming_question *question, const struct ip_address *server, struct span datagram)
{
    struct naming_line *line = find_line(question, server);

    if (line == NULL)
        return;
    buf_clear(&line->waiting);
    buf_append(&line->waiting, datagram);
    send_waiting(question, line);
}

/* Sends what is to be sent now. True: something was, and there may be news of a channel already. */
static bool send_questions(struct naming_question *question)
{
    struct buf datagram = {0};
    struct ip_address server;
    bool sent = false;

    while (!question->is_refused && !is_opening(question) &&
           resolver_send(&question->resolver, question->clock, &datagram, &server)) {
        send_to(question, &server, buf_span(&datagram));
        buf_clear(&datagram);
        sent = true;
    }
    buf_free(&datagram);
    return sent;
}

static void ask(struct naming_question *question, int64_t elapsed)
{
    if (!is_opening(question))
        question->clock += elapsed;
    do {
        for (size_t i = 0; i < RESOLVER_SERVERS_MAX; i++)
            if (question->lines[i].channel != BEARER_NO_CHANNEL)
                look_at_line(question, &question->lines[i], elapsed);
        elapsed = 0;
    } while (send_questions(question) && !question->is_refused);
    if (question->is_refused || resolver_is_done(&question->resolver, NULL))
        conclude_question(question);
}

bool naming_question_go(struct naming_question *question, int64_t elapsed)
{
    if (question->stage == NAMING_LEARNING) {
        learn(question, elapsed);
        elapsed = 0;
    }
    if (question->stage == NAMING_ASKING)
        ask(question, elapsed);
    return question->stage == NAMING_ANSWERED;
}

int64_t naming_question_wait(const struct naming_question *question)
{
    int64_t wait = INT64_MAX;

    for (size_t i = 0; i < RESOLVER_SERVERS_MAX; i++) {
        const struct naming_line *line = &question->lines[i];

        if (line->channel != BEARER_NO_CHANNEL && !line->is_open && NAMING_OPEN_WAIT - line->waited < wait)
            wait = NAMING_OPEN_WAIT - line->waited;
    }
    if (wait == INT64_MAX && question->stage == NAMING_ASKING)
        wait = resolver_due(&question->resolver) - question->clock;
    return wait;
}

void naming_question_result(const struct naming_question *question, struct resolved *resolved)
{
    bool heard = false;

    *resolved = (struct resolved){.why = question->why};
    if (question->is_refused || !resolver_is_done(&question->resolver, NULL))
        return;
    *resolved = question->resolver.resolved;
    for (size_t i = 0; i < question->resolver.question_count; i++)
        heard = heard || question->resolver.questions[i].heard;
    if (resolved->count == 0 && !heard && question->why[0] != '\0')
        resolved->why = question->why;
}
