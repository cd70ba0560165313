/* euicc/network/bip_bearer.c and its neighbours: a terminal's channels, command by command and answer by
 * answer. */
#include "euicc/network/bip_bearer.h"

#include "tests/support/test.h"

#include <stdio.h>

#define EIM "192.0.2.1"

/* The terminal is in the middle: what the bearer wants is taken, and answered by hand. */
struct terminal_bench {
    struct bip_bearer *bip;
    const struct bearer *bearer;
    struct proactive_command command;
};

static void bench_open(struct terminal_bench *bench)
{
    bench->bip = bip_bearer_new();
    ck_assert_ptr_nonnull(bench->bip);
    bench->bearer = bip_bearer_bearer(bench->bip);
}

static void bench_close(struct terminal_bench *bench)
{
    bip_bearer_free(bench->bip);
}

/* The next command is of this type, qualifier and destination, with these objects. */
static void wants(struct terminal_bench *bench, uint8_t type, uint8_t qualifier, uint8_t destination,
                  const char *objects)
{
    ck_assert(bip_bearer_next(bench->bip, &bench->command));
    ck_assert_uint_eq(bench->command.type, type);
    ck_assert_uint_eq(bench->command.qualifier, qualifier);
    ck_assert_uint_eq(bench->command.destination, destination);
    if (objects != NULL)
        ck_assert_span(bench->command.objects, hex(objects));
    bip_bearer_asked(bench->bip);
    ck_assert(!bip_bearer_next(bench->bip, &bench->command));
}

static void wants_nothing(struct terminal_bench *bench)
{
    ck_assert(!bip_bearer_next(bench->bip, &bench->command));
}

static void answer(struct terminal_bench *bench, uint8_t result, const char *additional, const char *objects)
{
    struct proactive_response response = {.result = result, .additional = hex(additional)};
    struct buf kept = {0};

    buf_append(&kept, response.additional);
    response.additional = buf_span(&kept);
    response.objects = hex(objects);
    bip_bearer_answered(bench->bip, &response);
    buf_free(&kept);
}

static void event(struct terminal_bench *bench, uint8_t event, const char *objects)
{
    bip_bearer_event(bench->bip, event, hex(objects));
}

static enum bearer_state state(struct terminal_bench *bench, unsigned channel, const char **why)
{
    return bench->bearer->state(bench->bearer->context, channel, why);
}

static void has_ended(struct terminal_bench *bench, unsigned channel, const char *expected)
{
    const char *why = NULL;

    ck_assert_int_eq(state(bench, channel, &why), BEARER_ENDED);
    ck_assert_str_eq(why, expected);
}

static unsigned begin(struct terminal_bench *bench, enum bearer_transport transport)
{
    unsigned channel = bench->bearer->open(bench->bearer->context, transport, EIM, 443);
    const char *why = NULL;

    ck_assert_uint_ne(channel, BEARER_NO_CHANNEL);
    ck_assert_int_eq(state(bench, channel, &why), BEARER_OPENING);
    return channel;
}

/* A channel that the terminal has as its number 1, with a buffer of so many octets. */
static unsigned opened(struct terminal_bench *bench, enum bearer_transport transport, const char *objects)
{
    unsigned channel = begin(bench, transport);
    const char *why = NULL;

    wants(bench, PROACTIVE_OPEN_CHANNEL, 0x09, PROACTIVE_TERMINAL, NULL);
    answer(bench, PROACTIVE_DONE, "", objects);
    ck_assert_int_eq(state(bench, channel, &why), BEARER_OPEN);
    return channel;
}

static bool give(struct terminal_bench *bench, unsigned channel, struct span octets)
{
    return bench->bearer->send(bench->bearer->context, channel, octets);
}

static void receives(struct terminal_bench *bench, unsigned channel, const char *octets)
{
    struct buf out = {0};

    ck_assert(bench->bearer->receive(bench->bearer->context, channel, &out));
    ck_assert_span(buf_span(&out), hex(octets));
    buf_free(&out);
}

static void receives_nothing(struct terminal_bench *bench, unsigned channel)
{
    struct buf out = {0};

    ck_assert(!bench->bearer->receive(bench->bearer->context, channel, &out));
    buf_free(&out);
}

static void hang_up(struct terminal_bench *bench, unsigned channel)
{
    bench->bearer->close(bench->bearer->context, channel);
}

/* --- opening ------------------------------------------------------------------------------------------- */

START_TEST(opens_to_an_address_over_the_default_bearer)
{
    struct terminal_bench bench;

    bench_open(&bench);
    wants_nothing(&bench);
    begin(&bench, BEARER_TCP);
    wants(&bench, PROACTIVE_OPEN_CHANNEL, 0x09, PROACTIVE_TERMINAL,
          "350103 390205DC 3C030201BB 3E0521C0000201");
    answer(&bench, PROACTIVE_DONE, "", "38028100 350103 390205DC");
    wants_nothing(&bench);
    bench_close(&bench);
}
END_TEST

START_TEST(opens_datagrams_to_ipv6)
{
    struct terminal_bench bench;

    bench_open(&bench);
    ck_assert_uint_ne(bench.bearer->open(bench.bearer->context, BEARER_UDP, "2001:db8::1", 5684),
                      BEARER_NO_CHANNEL);
    wants(&bench, PROACTIVE_OPEN_CHANNEL, 0x09, PROACTIVE_TERMINAL,
          "350103 390205DC 3C03011634 3E115720010DB8000000000000000000000001");
    bench_close(&bench);
}
END_TEST

START_TEST(takes_addresses_only)
{
    struct terminal_bench bench;

    bench_open(&bench);
    ck_assert(!bench.bearer->takes_names);
    ck_assert_uint_eq(bench.bearer->open(bench.bearer->context, BEARER_TCP, "eim.example", 443),
                      BEARER_NO_CHANNEL);
    ck_assert_uint_eq(bench.bearer->open(bench.bearer->context, BEARER_TCP, "192.0.2", 443),
                      BEARER_NO_CHANNEL);
    wants_nothing(&bench);
    bench_close(&bench);
}
END_TEST

START_TEST(goes_where_the_profile_says)
{
    static const uint8_t description[] = {0x02, 0x03, 0x04, 0x05, 0x06, 0x1F, 0x02};
    const struct bip_access access = {SPAN_ARRAY(description), SPAN_STRING("\x03iot\x04test"),
                                      SPAN_STRING("\x04u"), SPAN_STRING("\x04p")};
    struct terminal_bench bench;

    bench_open(&bench);
    ck_assert(bip_bearer_set_access(bench.bip, &access));
    begin(&bench, BEARER_TCP);
    wants(&bench, PROACTIVE_OPEN_CHANNEL, 0x09, PROACTIVE_TERMINAL,
          "350702030405061F02 390205DC 470903696F740474657374 0D020475 0D020470 3C030201BB 3E0521C0000201");
    answer(&bench, PROACTIVE_BIP_ERROR, "00", "");
    ck_assert(
        bip_bearer_set_access(bench.bip, &(struct bip_access){SPAN_NONE, SPAN_NONE, SPAN_NONE, SPAN_NONE}));
    begin(&bench, BEARER_TCP);
    wants(&bench, PROACTIVE_OPEN_CHANNEL, 0x09, PROACTIVE_TERMINAL,
          "350103 390205DC 3C030201BB 3E0521C0000201");
    bench_close(&bench);
}
END_TEST

/* What a terminal answers, and what is made of it; nothing is asked of it then. */
START_TEST(a_channel_that_cannot_be_opened)
{
    static const struct {
        uint8_t result;
        const char *additional, *objects, *why;
    } failures[] = {
        {0x3A, "01", "", "the terminal has no channel left"},
        {0x3A, "04", "", "the terminal has no buffer of that size"},
        {0x3A, "06", "", "the terminal does not have the transport"},
        {0x3A, "07", "", "the terminal cannot reach the address"},
        {0x3A, "", "", "the terminal reports an error of the bearer"},
        {0x3A, "FF", "", "the terminal reports an error of the bearer"},
        {0x30, "", "", "the terminal refuses"},
        {0x32, "", "", "the terminal refuses"},
        {0x22, "", "", "the terminal refuses"},
        {0x00, "", "", "the terminal says 'done' without an open channel"},
        {0x00, "", "38020100", "the terminal says 'done' without an open channel"},
        {0x00, "", "38028000", "the terminal says 'done' without an open channel"},
        {0x00, "", "380181", "the terminal says 'done' without an open channel"},
        {0x07, "", "350103 390205DC", "the terminal says 'done' without an open channel"},
    };

    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        struct terminal_bench bench;
        unsigned channel;

        bench_open(&bench);
        channel = begin(&bench, BEARER_TCP);
        wants(&bench, PROACTIVE_OPEN_CHANNEL, 0x09, PROACTIVE_TERMINAL, NULL);
        answer(&bench, failures[i].result, failures[i].additional, failures[i].objects);
        has_ended(&bench, channel, failures[i].why);
        wants_nothing(&bench);
        hang_up(&bench, channel);
        wants_nothing(&bench);
        bench_close(&bench);
    }
}
END_TEST

START_TEST(a_busy_terminal_is_asked_three_times)
{
    struct terminal_bench bench;
    const char *why = NULL;
    unsigned channel;

    bench_open(&bench);
    channel = begin(&bench, BEARER_TCP);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(state(&bench, channel, &why), BEARER_OPENING);
        wants(&bench, PROACTIVE_OPEN_CHANNEL, 0x09, PROACTIVE_TERMINAL, NULL);
        answer(&bench, i == 1 ? PROACTIVE_NETWORK_BUSY : PROACTIVE_TERMINAL_BUSY, "04", "");
        wants_nothing(&bench);
        bip_bearer_look(bench.bip);
    }
    has_ended(&bench, channel, "the terminal has no service");
    bench_close(&bench);
}
END_TEST

START_TEST(a_busy_terminal_is_asked_again_when_it_has_service)
{
    struct terminal_bench bench;
    const char *why = NULL;
    unsigned channel;

    bench_open(&bench);
    channel = begin(&bench, BEARER_TCP);
    for (unsigned i = 0; i < 3; i++) {
        static const char *const elsewhere[] = {"1B0101", "1B0102", "1B00", "1B020000", ""};

        wants(&bench, PROACTIVE_OPEN_CHANNEL, 0x09, PROACTIVE_TERMINAL, NULL);
        answer(&bench, PROACTIVE_TERMINAL_BUSY, "04", "");
        for (size_t j = 0; j < sizeof(elsewhere) / sizeof(elsewhere[0]); j++) {
            event(&bench, EVENT_LOCATION_STATUS, elsewhere[j]);
            wants_nothing(&bench);
        }
        event(&bench, EVENT_LOCATION_STATUS, "1B0100");
    }
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(state(&bench, channel, &why), BEARER_OPENING);
        wants(&bench, PROACTIVE_OPEN_CHANNEL, 0x09, PROACTIVE_TERMINAL, NULL);
        answer(&bench, PROACTIVE_TERMINAL_BUSY, "04", "");
        bip_bearer_look(bench.bip);
    }
    has_ended(&bench, channel, "the terminal has no service");
    bench_close(&bench);
}
END_TEST

/* --- sending ------------------------------------------------------------------------------------------- */

static const uint8_t octets[4096] = {1, 2, 3, 4, 5};

/* The octets of a stream or datagram as they leave: in commands of at most 240, what the terminal sends at
 * once marked. */
static void sends(struct terminal_bench *bench, size_t size, size_t buffer)
{
    size_t stored = 0;

    for (size_t sent = 0; sent < size;) {
        struct span data;
        bool is_last;

        ck_assert(bip_bearer_next(bench->bip, &bench->command));
        ck_assert_uint_eq(bench->command.type, PROACTIVE_SEND_DATA);
        ck_assert_uint_eq(bench->command.destination, 0x21);
        ck_assert(comprehension_take(&bench->command.objects, PROACTIVE_CHANNEL_DATA, &data));
        ck_assert_uint_eq(bench->command.objects.size, 0);
        ck_assert_uint_le(data.size, 240);
        ck_assert_span(data, SPAN(octets + sent, data.size));
        sent += data.size;
        stored += data.size;
        ck_assert_uint_le(stored, buffer);
        is_last = sent == size || stored == buffer;
        ck_assert_uint_eq(bench->command.qualifier, is_last ? PROACTIVE_SEND_NOW : PROACTIVE_SEND_STORES);
        stored = is_last ? 0 : stored;
        bip_bearer_asked(bench->bip);
        answer(bench, PROACTIVE_DONE, "", "3701FF");
    }
    wants_nothing(bench);
}

/* One that is larger than asked for is used as far as it was, one that is too small not at all. */
START_TEST(knows_how_much_a_buffer_takes)
{
    struct terminal_bench bench;
    unsigned channel;

    bench_open(&bench);
    channel = opened(&bench, BEARER_UDP, "38028100 39020FA0");
    ck_assert_uint_eq(bench.bearer->datagram_max(bench.bearer->context, channel), BIP_BUFFER_WANTED);
    channel = begin(&bench, BEARER_UDP);
    wants(&bench, PROACTIVE_OPEN_CHANNEL, 0x09, PROACTIVE_TERMINAL, NULL);
    answer(&bench, PROACTIVE_DONE, "", "38028200 3902003F");
    has_ended(&bench, channel, "the terminal's buffer is too small");
    bench_close(&bench);
}
END_TEST

START_TEST(sends_a_stream_through_any_buffer)
{
    static const size_t buffers[] = {64, 65, 100, 239, 240, 241, 255, 256, 500, 1024, 1499, 1500};

    for (size_t i = 0; i < sizeof(buffers) / sizeof(buffers[0]); i++) {
        struct terminal_bench bench;
        char text[100];
        unsigned channel;

        bench_open(&bench);
        snprintf(text, sizeof(text), "38028100 3902%04zX", buffers[i]);
        channel = opened(&bench, BEARER_TCP, text);
        ck_assert(give(&bench, channel, SPAN(octets, 1000)));
        ck_assert(give(&bench, channel, SPAN(octets + 1000, 1)));
        ck_assert(give(&bench, channel, SPAN(octets + 1001, 3095)));
        sends(&bench, sizeof(octets), buffers[i]);
        ck_assert_uint_eq(bip_bearer_figures(bench.bip)->sent, sizeof(octets));
        bench_close(&bench);
    }
}
END_TEST

START_TEST(a_datagram_leaves_whole_or_not_at_all)
{
    struct terminal_bench bench;
    unsigned channel;

    bench_open(&bench);
    channel = opened(&bench, BEARER_UDP, "38028100 39020200");
    ck_assert_uint_eq(bench.bearer->datagram_max(bench.bearer->context, channel), 512);
    ck_assert(!give(&bench, channel, SPAN(octets, 513)));
    wants_nothing(&bench);
    ck_assert(give(&bench, channel, SPAN(octets, 512)));
    ck_assert(give(&bench, channel, SPAN(octets, 7)));
    wants(&bench, PROACTIVE_SEND_DATA, PROACTIVE_SEND_STORES, 0x21, NULL);
    answer(&bench, PROACTIVE_DONE, "", "3701FF");
    wants(&bench, PROACTIVE_SEND_DATA, PROACTIVE_SEND_STORES, 0x21, NULL);
    answer(&bench, PROACTIVE_DONE, "", "370120");
    wants(&bench, PROACTIVE_SEND_DATA, PROACTIVE_SEND_NOW, 0x21, NULL);
    ck_assert_uint_eq(bench.command.objects.size, 2 + 512 - 2 * 240);
    answer(&bench, PROACTIVE_DONE, "", "3701FF");
    wants(&bench, PROACTIVE_SEND_DATA, PROACTIVE_SEND_NOW, 0x21, "B60701020304050000");
    bench_close(&bench);
}
END_TEST

START_TEST(a_failed_send_ends_the_channel)
{
    struct terminal_bench bench;
    unsigned channel;

    bench_open(&bench);
    channel = opened(&bench, BEARER_TCP, "38028100");
    ck_assert(give(&bench, channel, SPAN(octets, 5)));
    wants(&bench, PROACTIVE_SEND_DATA, PROACTIVE_SEND_NOW, 0x21, NULL);
    answer(&bench, PROACTIVE_BIP_ERROR, "02", "");
    has_ended(&bench, channel, "the terminal has closed the channel");
    ck_assert(!give(&bench, channel, SPAN(octets, 5)));
    wants(&bench, PROACTIVE_CLOSE_CHANNEL, 0x00, 0x21, "");
    answer(&bench, PROACTIVE_BIP_ERROR, "03", "");
    wants_nothing(&bench);
    hang_up(&bench, channel);
    wants_nothing(&bench);
    bench_close(&bench);
}
END_TEST

/* --- receiving ------------------------------------------------------------------------------------------ */

START_TEST(receives_what_the_terminal_says_it_has)
{
    struct terminal_bench bench;
    unsigned channel;

    bench_open(&bench);
    channel = opened(&bench, BEARER_TCP, "38028100");
    wants_nothing(&bench);
    event(&bench, EVENT_DATA_AVAILABLE, "B8028100 B70103");
    ck_assert(bip_bearer_has_news(bench.bip));
    wants(&bench, PROACTIVE_RECEIVE_DATA, 0x00, 0x21, "370103");
    answer(&bench, PROACTIVE_DONE, "", "B603AABBCC B70105");
    wants(&bench, PROACTIVE_RECEIVE_DATA, 0x00, 0x21, "370105");
    answer(&bench, PROACTIVE_DONE, "", "3602DDEE 370100");
    wants_nothing(&bench);
    receives(&bench, channel, "AABBCC");
    receives(&bench, channel, "DDEE");
    receives_nothing(&bench, channel);
    event(&bench, EVENT_DATA_AVAILABLE, "B8028100 B701FF");
    wants(&bench, PROACTIVE_RECEIVE_DATA, 0x00, 0x21, "3701ED");
    ck_assert_uint_eq(bip_bearer_figures(bench.bip)->received, 5);
    bench_close(&bench);
}
END_TEST

START_TEST(a_datagram_is_whole_when_nothing_is_left)
{
    struct terminal_bench bench;
    unsigned channel;

    bench_open(&bench);
    channel = opened(&bench, BEARER_UDP, "38028100");
    event(&bench, EVENT_DATA_AVAILABLE, "38028100 370105");
    wants(&bench, PROACTIVE_RECEIVE_DATA, 0x00, 0x21, "370105");
    answer(&bench, PROACTIVE_DONE, "", "3602AABB 370103");
    receives_nothing(&bench, channel);
    wants(&bench, PROACTIVE_RECEIVE_DATA, 0x00, 0x21, "370103");
    answer(&bench, PROACTIVE_DONE, "", "3603CCDDEE 370100");
    receives(&bench, channel, "AABBCCDDEE");
    receives_nothing(&bench, channel);
    bench_close(&bench);
}
END_TEST

/* The server closes behind its answer. */
START_TEST(what_came_before_the_end_is_taken)
{
    struct terminal_bench bench;
    const char *why = NULL;
    unsigned channel;

    bench_open(&bench);
    channel = opened(&bench, BEARER_TCP, "38028100");
    event(&bench, EVENT_DATA_AVAILABLE, "38028100 370102");
    event(&bench, EVENT_CHANNEL_STATUS, "38020105");
    ck_assert_int_eq(state(&bench, channel, &why), BEARER_OPEN);
    wants(&bench, PROACTIVE_RECEIVE_DATA, 0x00, 0x21, "370102");
    answer(&bench, PROACTIVE_DONE, "", "3602AABB 370100");
    has_ended(&bench, channel, "the channel was closed by the network or the other end");
    receives(&bench, channel, "AABB");
    wants(&bench, PROACTIVE_CLOSE_CHANNEL, 0x00, 0x21, "");
    bench_close(&bench);
}
END_TEST

/* Events of channels that nobody has, and what is no event, change nothing. */
START_TEST(passes_over_foreign_events)
{
    static const struct {
        uint8_t event;
        const char *objects;
    } foreign[] = {{EVENT_DATA_AVAILABLE, "38028200 370105"}, {EVENT_DATA_AVAILABLE, "38028000 370105"},
                   {EVENT_DATA_AVAILABLE, "370105"},          {EVENT_DATA_AVAILABLE, "380181 370105"},
                   {EVENT_DATA_AVAILABLE, "38028100"},        {EVENT_DATA_AVAILABLE, "38028100 3700"},
                   {EVENT_CHANNEL_STATUS, "38020205"},        {EVENT_CHANNEL_STATUS, "38028100"},
                   {EVENT_LOCATION_STATUS, "38020105"},       {EVENT_DATA_AVAILABLE, "38028100 370100"}};
    struct terminal_bench bench;
    const char *why = NULL;
    unsigned channel;

    bench_open(&bench);
    channel = opened(&bench, BEARER_TCP, "38028100");
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
        event(&bench, foreign[i].event, foreign[i].objects);
        wants_nothing(&bench);
        ck_assert_int_eq(state(&bench, channel, &why), BEARER_OPEN);
    }
    bench_close(&bench);
}
END_TEST

/* A terminal that sends no events is looked at when time goes by; that there is nothing is no failure. */
START_TEST(looks_at_a_terminal_without_events)
{
    struct terminal_bench bench;
    const char *why = NULL;
    unsigned channel;

    bench_open(&bench);
    channel = opened(&bench, BEARER_TCP, "38028100");
    bip_bearer_look(bench.bip);
    wants(&bench, PROACTIVE_RECEIVE_DATA, 0x00, 0x21, "3701ED");
    answer(&bench, PROACTIVE_BIP_ERROR, "00", "");
    wants(&bench, PROACTIVE_GET_CHANNEL_STATUS, 0x00, PROACTIVE_TERMINAL, "");
    answer(&bench, PROACTIVE_DONE, "", "38020200 38028100");
    ck_assert_int_eq(state(&bench, channel, &why), BEARER_OPEN);
    wants_nothing(&bench);
    bip_bearer_look(bench.bip);
    wants(&bench, PROACTIVE_RECEIVE_DATA, 0x00, 0x21, "3701ED");
    answer(&bench, PROACTIVE_BIP_ERROR, "00", "");
    wants(&bench, PROACTIVE_GET_CHANNEL_STATUS, 0x00, PROACTIVE_TERMINAL, "");
    answer(&bench, PROACTIVE_TYPE_UNKNOWN, "", ""); /* says nothing of the channel */
    ck_assert_int_eq(state(&bench, channel, &why), BEARER_OPEN);
    bip_bearer_look(bench.bip);
    wants(&bench, PROACTIVE_RECEIVE_DATA, 0x00, 0x21, "3701ED");
    answer(&bench, PROACTIVE_DONE, "", "3602AABB 370100");
    receives(&bench, channel, "AABB");
    ck_assert(bip_bearer_is_mute(bench.bip));
    bip_bearer_look(bench.bip);
    wants(&bench, PROACTIVE_RECEIVE_DATA, 0x00, 0x21, "3701ED");
    answer(&bench, PROACTIVE_BIP_ERROR, "03", "");
    has_ended(&bench, channel, "the terminal does not know the channel");
    bench_close(&bench);
}
END_TEST

START_TEST(asks_whether_a_quiet_channel_is_up)
{
    static const char *const down[] = {"38020105", "38020000", "38028200", "", "380181"};

    for (size_t i = 0; i < sizeof(down) / sizeof(down[0]); i++) {
        struct terminal_bench bench;
        unsigned channel;

        bench_open(&bench);
        channel = opened(&bench, BEARER_UDP, "38028100");
        bip_bearer_look(bench.bip);
        bip_bearer_look(bench.bip);
        wants(&bench, PROACTIVE_RECEIVE_DATA, 0x00, 0x21, "3701ED");
        answer(&bench, PROACTIVE_BIP_ERROR, "00", "");
        wants(&bench, PROACTIVE_GET_CHANNEL_STATUS, 0x00, PROACTIVE_TERMINAL, "");
        answer(&bench, PROACTIVE_DONE, "", down[i]);
        has_ended(&bench, channel, "the channel was closed by the network or the other end");
        wants(&bench, PROACTIVE_CLOSE_CHANNEL, 0x00, 0x21, "");
        bench_close(&bench);
    }
}
END_TEST

/* --- ends ----------------------------------------------------------------------------------------------- */

START_TEST(what_was_sent_leaves_before_the_end)
{
    struct terminal_bench bench;
    unsigned channel;

    bench_open(&bench);
    channel = opened(&bench, BEARER_TCP, "38028100");
    ck_assert(give(&bench, channel, SPAN(octets, 3)));
    hang_up(&bench, channel);
    wants(&bench, PROACTIVE_SEND_DATA, PROACTIVE_SEND_NOW, 0x21, "B603010203");
    answer(&bench, PROACTIVE_DONE, "", "3701FF");
    wants(&bench, PROACTIVE_CLOSE_CHANNEL, 0x00, 0x21, "");
    answer(&bench, PROACTIVE_DONE, "", "");
    wants_nothing(&bench);
    bench_close(&bench);
}
END_TEST

START_TEST(a_channel_that_is_given_up_while_it_opens_is_closed)
{
    struct terminal_bench bench;
    unsigned channel, other;

    bench_open(&bench);
    channel = begin(&bench, BEARER_TCP);
    wants(&bench, PROACTIVE_OPEN_CHANNEL, 0x09, PROACTIVE_TERMINAL, NULL);
    hang_up(&bench, channel);
    other = begin(&bench, BEARER_TCP);
    ck_assert_uint_ne(other, channel);
    answer(&bench, PROACTIVE_DONE, "", "38028300");
    wants(&bench, PROACTIVE_CLOSE_CHANNEL, 0x00, 0x23, "");
    answer(&bench, PROACTIVE_DONE, "", "");
    wants(&bench, PROACTIVE_OPEN_CHANNEL, 0x09, PROACTIVE_TERMINAL, NULL);
    bench_close(&bench);
}
END_TEST

START_TEST(has_seven_channels_that_come_back)
{
    struct terminal_bench bench;
    unsigned channels[PROACTIVE_CHANNELS_MAX];

    bench_open(&bench);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < PROACTIVE_CHANNELS_MAX; i++)
            channels[i] = begin(&bench, BEARER_TCP);
        ck_assert_uint_eq(bench.bearer->open(bench.bearer->context, BEARER_TCP, EIM, 443), BEARER_NO_CHANNEL);
        for (unsigned i = 0; i < PROACTIVE_CHANNELS_MAX; i++)
            hang_up(&bench, channels[i]);
        wants_nothing(&bench);
    }
    bench_close(&bench);
}
END_TEST

START_TEST(a_reset_ends_them_all)
{
    struct terminal_bench bench;
    unsigned first, second;

    bench_open(&bench);
    first = opened(&bench, BEARER_TCP, "38028100 4005210A000001");
    second = begin(&bench, BEARER_UDP);
    wants(&bench, PROACTIVE_OPEN_CHANNEL, 0x09, PROACTIVE_TERMINAL, NULL);
    ck_assert(bip_bearer_waits(bench.bip));
    bip_bearer_reset(bench.bip);
    has_ended(&bench, first, "the terminal has begun anew");
    has_ended(&bench, second, "the terminal has begun anew");
    wants_nothing(&bench);
    answer(&bench, PROACTIVE_DONE, "", "38028100"); /* of nothing that was asked */
    wants_nothing(&bench);
    ck_assert(!bip_bearer_waits(bench.bip));
    ck_assert_uint_eq(bench.bearer->servers(bench.bearer->context, &(struct ip_address){.size = 0}, 1), 0);
    hang_up(&bench, first);
    hang_up(&bench, second);
    bench_close(&bench);
}
END_TEST

START_TEST(knows_the_dns_server_that_the_terminal_names)
{
    static const char *const none[] = {"", "4000", "400421 0A0000", "400522 0A000001", "400557 0A000001"};
    struct ip_address server;

    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        struct terminal_bench bench;
        char objects[100];

        bench_open(&bench);
        snprintf(objects, sizeof(objects), "38028100 %s", none[i]);
        ck_assert_uint_eq(bench.bearer->servers(bench.bearer->context, &server, 1), 0);
        bip_bearer_expect_server(bench.bip);
        ck_assert_uint_eq(bench.bearer->servers(bench.bearer->context, &server, 1), BEARER_SERVERS_LATER);
        opened(&bench, BEARER_TCP, objects);
        ck_assert_uint_eq(bench.bearer->servers(bench.bearer->context, &server, 1), 0);
        opened(&bench, BEARER_TCP, "38028200 400521 0A000001");
        ck_assert_uint_eq(bench.bearer->servers(bench.bearer->context, &server, 0), 0);
        ck_assert_uint_eq(bench.bearer->servers(bench.bearer->context, &server, 1), 1);
        ck_assert_span(SPAN(server.octets, server.size), hex("0A000001"));
        opened(&bench, BEARER_TCP, "38028300 401157 20010DB8000000000000000000000053");
        ck_assert_uint_eq(bench.bearer->servers(bench.bearer->context, &server, 1), 1);
        ck_assert_uint_eq(server.size, IPV6_SIZE);
        bench_close(&bench);
    }
}
END_TEST

TEST_MAIN("bip bearer", opens_to_an_address_over_the_default_bearer, opens_datagrams_to_ipv6,
          takes_addresses_only, goes_where_the_profile_says, a_channel_that_cannot_be_opened,
          a_busy_terminal_is_asked_three_times, a_busy_terminal_is_asked_again_when_it_has_service,
          knows_how_much_a_buffer_takes, sends_a_stream_through_any_buffer,
          a_datagram_leaves_whole_or_not_at_all, a_failed_send_ends_the_channel,
          receives_what_the_terminal_says_it_has, a_datagram_is_whole_when_nothing_is_left,
          what_came_before_the_end_is_taken, passes_over_foreign_events, looks_at_a_terminal_without_events,
          asks_whether_a_quiet_channel_is_up, what_was_sent_leaves_before_the_end,
          a_channel_that_is_given_up_while_it_opens_is_closed, has_seven_channels_that_come_back,
          a_reset_ends_them_all, knows_the_dns_server_that_the_terminal_names)
