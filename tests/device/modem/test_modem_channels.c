/* device/modem/: channels of the card over a network (BIP), octet by octet. */
#include "tests/device/modem/modem_bench.h"

#include <string.h>

/* Bearer "default", buffer 1400, TCP port 443 or UDP port 53, 192.0.2.1. */
#define TCP "B50103B9020578BC030201BBBE0521C0000201"
#define UDP "B50103B9020578BC03010035BE0521C0000201"

static struct modem_bench bench;

static void setup(unsigned habits)
{
    bench_init(&bench);
    bench.settings.habits = habits;
    bench_start(&bench);
    ck_assert_serves(&bench, PROACTIVE_SET_UP_EVENT_LIST, 0, 0x82, "9902090A", "830100");
}

/* Opens a channel whose host answers at once. */
static struct air_channel *open_channel(const char *objects, const char *expected)
{
    struct air_channel *channel;

    ck_assert_serves(&bench, PROACTIVE_OPEN_CHANNEL, PROACTIVE_OPEN_IMMEDIATELY, 0x82, objects, "");
    channel = fake_air_channel(bench.air);
    ck_assert_ptr_nonnull(channel);
    fake_air_open(channel);
    bench_settle(&bench);
    ck_assert_str_eq(bench_response(&bench), expected);
    return channel;
}

static void receive(struct air_channel *channel, size_t size)
{
    static uint8_t octets[65536];

    memset(octets, 0x55, sizeof(octets));
    fake_air_receive(channel, SPAN(octets, size));
    bench_settle(&bench);
}

/* RECEIVE DATA of so many octets; what is left, or the cause of a refusal as a negative number. */
static int fetch(unsigned destination, const char *size, size_t expected)
{
    const char *response = bench_serve(&bench, PROACTIVE_RECEIVE_DATA, 0, (uint8_t)destination, size);
    struct span octets = hex(response), result, data, left;

    ck_assert(comprehension_take(&octets, PROACTIVE_RESULT, &result));
    if (result.data[0] == PROACTIVE_BIP_ERROR)
        return -result.data[1];
    ck_assert(comprehension_take(&octets, PROACTIVE_CHANNEL_DATA, &data));
    ck_assert_uint_eq(data.size, expected);
    ck_assert(comprehension_take(&octets, PROACTIVE_CHANNEL_DATA_LENGTH, &left));
    return left.data[0];
}

START_TEST(opens_sends_receives_closes)
{
    struct air_channel *channel;

    setup(0);
    channel = open_channel("8500" TCP, "83010038028100350103"
                                       "39020578");
    ck_assert_int_eq(channel->target.transport, AIR_TCP);
    ck_assert_uint_eq(channel->target.port, 443);
    ck_assert_hex(SPAN(channel->target.address, channel->target.address_size), "C0000201");
    ck_assert_str_eq(channel->apn, "");
    ck_assert(!modem_is_idle(bench.modem));
    ck_assert_serves(&bench, PROACTIVE_GET_CHANNEL_STATUS, 0, 0x82, "", "83010038028100");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, PROACTIVE_SEND_NOW, 0x21, "B603414243", "8301003701FF");
    ck_assert_span(buf_span(&channel->sent), hex("414243"));

    fake_air_receive(channel, hex("0102030405"));
    fake_air_receive(channel, hex("06"));
    bench_settle(&bench);
    ck_assert_str_eq(bench_envelopes(&bench), "D60E9901098202"
                                              "8281B8028100B70106\n");
    ck_assert_serves(&bench, PROACTIVE_RECEIVE_DATA, 0, 0x21, "B70104",
                     "8301003604010203043701"
                     "02");
    ck_assert_serves(&bench, PROACTIVE_RECEIVE_DATA, 0, 0x21, "B701FF",
                     "830102360205063701"
                     "00");
    ck_assert_serves(&bench, PROACTIVE_RECEIVE_DATA, 0, 0x21, "B701FF", "83023A00");
    ck_assert_str_eq(bench_envelopes(&bench), "");
    ck_assert_serves(&bench, PROACTIVE_CLOSE_CHANNEL, 0, 0x21, "", "830100");
    ck_assert(!channel->is_used);
    ck_assert_serves(&bench, PROACTIVE_CLOSE_CHANNEL, 0, 0x21, "", "83023A03");
    ck_assert_serves(&bench, PROACTIVE_GET_CHANNEL_STATUS, 0, 0x82, "", "83010038020000");
    ck_assert(modem_is_idle(bench.modem));
    ck_assert_uint_eq(modem_figures(bench.modem)->sent, 3);
    ck_assert_uint_eq(modem_figures(bench.modem)->received, 6);
    ck_assert_int_gt(modem_figures(bench.modem)->channel_ms, 0);
    bench_free(&bench);
}
END_TEST

START_TEST(understands_what_open_channel_has)
{
    struct air_channel *channel;

    setup(0);
    bench.air->resolver_size = 4;
    memcpy(bench.air->resolver, "\x0A\x00\x00\x01", 4);
    fake_card_command(&bench.card, PROACTIVE_OPEN_CHANNEL, 0x09, 0x82,
                      "350702030403041F02"
                      "39020200"
                      "47090369"
                      "6F7404746573"
                      "74"
                      "3E0521C0A80001"
                      "0D0204610D0204623C0302"
                      "01BB3E115720010DB8000000000000000000000001");
    bench_poll(&bench);
    channel = fake_air_channel(bench.air);
    ck_assert_ptr_nonnull(channel);
    ck_assert_str_eq(channel->apn, "iot.test");
    ck_assert_uint_eq(channel->target.address_size, 16);
    fake_air_open(channel);
    bench_settle(&bench);
    ck_assert_str_eq(bench_response(&bench), "830100380281003507"
                                             "02030403041F02"
                                             "39020200"
                                             "4005210A000001");
    bench_free(&bench);
}
END_TEST

START_TEST(refuses_bad_open_channels)
{
    static const struct {
        const char *objects, *response;
    } bad[] = {
        {"", "830136"},
        {"B50103B9020578BC030201BB", "830136"},               /* no destination */
        {"B50103B9020578BE0521C0000201BC030201BB", "830136"}, /* that is the local address */
        {"B50101B9020578BC030201BBBE0521C0000201", "830132"}, /* circuit-switched */
        {"B500B9020578BC030201BBBE0521C0000201", "830132"},
        {"B5020302B9020578BC030201BBBE0521C0000201", "830132"},
        {"B50702030403041F01B9020578BC030201BBBE0521C0000201", "830132"}, /* not IP */
        {"B50103B90105BC030201BBBE0521C0000201", "830132"},
        {"B50103B9020578BC020201BE0521C0000201", "830132"},
        {"B50103B9020578BC030201BBBE0421C00002", "830132"},
        {"B50103B9020578BC030201BBBE0522C0000201", "830132"},
        {"B50103B9020578BC030201BBBE00", "830132"},
        {"B50103B9020578C70103BC030201BBBE0521C0000201", "830132"}, /* an APN cut off */
        {"B50103B9020578C7020107BC030201BBBE0521C0000201", "830132"},
        {"B50103B9020578BC030301BBBE0521C0000201", "83023A06"}, /* a server */
        {"B50103B9020000BC030201BBBE0521C0000201", "83023A04"},
    };

    setup(0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_serves(&bench, PROACTIVE_OPEN_CHANNEL, 1, 0x82, bad[i].objects, bad[i].response);
    bench.air->state.service = AIR_LIMITED;
    ck_assert_serves(&bench, PROACTIVE_OPEN_CHANNEL, 1, 0x82, TCP, "83022004");
    ck_assert_ptr_null(fake_air_channel(bench.air));
    bench_free(&bench);
}
END_TEST

START_TEST(has_so_many_channels)
{
    bench_init(&bench);
    bench.settings.channels = 2;
    bench_start(&bench);
    open_channel(TCP, "8301003802810035010339020578");
    open_channel(UDP, "8301003802820035010339020578");
    ck_assert_serves(&bench, PROACTIVE_OPEN_CHANNEL, 1, 0x82, TCP, "83023A01");
    ck_assert_serves(&bench, PROACTIVE_GET_CHANNEL_STATUS, 0, 0x82, "", "8301003802810038028200");
    ck_assert_serves(&bench, PROACTIVE_CLOSE_CHANNEL, 0, 0x21, "", "830100");
    open_channel(TCP, "8301003802810035010339020578");
    bench_free(&bench);
}
END_TEST

START_TEST(waits_for_the_host)
{
    struct air_channel *channel;

    setup(0);
    ck_assert_serves(&bench, PROACTIVE_OPEN_CHANNEL, 1, 0x82, TCP, "");
    fake_air_set(bench.air, AIR_NORMAL, AIR_GSM);
    fake_log_take(&bench.card.log);
    bench_pass(&bench, 29000); /* nothing else goes to the card meanwhile */
    ck_assert_str_eq(fake_log_take(&bench.card.log), "");
    fake_air_drop(fake_air_channel(bench.air), "refused");
    bench_settle(&bench);
    ck_assert_str_eq(bench_response(&bench), "83023A07");
    ck_assert_str_eq(bench_envelopes(&bench), "");

    ck_assert_serves(&bench, PROACTIVE_OPEN_CHANNEL, 1, 0x82, TCP, "");
    channel = fake_air_channel(bench.air);
    bench_pass(&bench, 61000);
    ck_assert_str_eq(bench_response(&bench), "83023A07");
    ck_assert(!channel->is_used);
    bench_free(&bench);
}
END_TEST

START_TEST(opens_on_demand_and_in_background)
{
    struct air_channel *channel;

    setup(0);
    ck_assert_serves(&bench, PROACTIVE_OPEN_CHANNEL, 0, 0x82, TCP, "8301003802010035010339020578");
    ck_assert_ptr_null(fake_air_channel(bench.air));
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, PROACTIVE_SEND_STORES, 0x21, "B60141", "8301003701FF");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, PROACTIVE_SEND_NOW, 0x21, "B60142", "");
    channel = fake_air_channel(bench.air);
    fake_air_open(channel);
    bench_settle(&bench);
    ck_assert_str_eq(bench_response(&bench), "8301003701FF");
    ck_assert_span(buf_span(&channel->sent), hex("4142"));

    ck_assert_serves(&bench, PROACTIVE_OPEN_CHANNEL, 5, 0x82, TCP, "8301003802020035010339020578");
    fake_air_open(fake_air_channel(bench.air));
    bench_settle(&bench);
    ck_assert_str_eq(bench_envelopes(&bench), "D60B99010A82028281B8028200\n");
    bench_free(&bench);
}
END_TEST

START_TEST(fails_a_send_on_demand_without_answer)
{
    setup(0);
    ck_assert_serves(&bench, PROACTIVE_OPEN_CHANNEL, 0, 0x82, TCP, "8301003802010035010339020578");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, PROACTIVE_SEND_NOW, 0x21, "B60142", "");
    bench_pass(&bench, 61000);
    ck_assert_str_eq(bench_response(&bench), "83023A07");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, PROACTIVE_SEND_NOW, 0x21, "B60142", "83023A02");
    ck_assert_serves(&bench, PROACTIVE_GET_CHANNEL_STATUS, 0, 0x82, "", "83010038020105");
    ck_assert_serves(&bench, PROACTIVE_CLOSE_CHANNEL, 0, 0x21, "", "830100");
    bench_free(&bench);
}
END_TEST

START_TEST(keeps_to_its_buffer)
{
    struct air_channel *channel;

    bench_init(&bench);
    bench.settings.buffer = 64;
    bench_start(&bench);
    ck_assert_serves(&bench, PROACTIVE_SET_UP_EVENT_LIST, 0, 0x82, "9902090A", "830100");
    channel = open_channel(TCP, "8301073802810035010339020040");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, 0, 0x21, "B6023132", "83010037013E");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, 0, 0x21,
                     "B63F"
                     "000000000000000000000000000000000000000000000000000000000000000000000000000000"
                     "000000000000000000000000000000000000000000000000",
                     "83023A04");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, 1, 0x21, "B60133", "830100370140");
    ck_assert_span(buf_span(&channel->sent), hex("313233"));

    receive(channel, 100);
    ck_assert_str_eq(bench_envelopes(&bench), "D60E99010982028281B8028100B70140\n");
    ck_assert_int_eq(fetch(0x21, "B70132", 50), 14);
    ck_assert_int_eq(fetch(0x21, "B70132", 50), 0);
    ck_assert_str_eq(bench_envelopes(&bench), "");
    receive(channel, 1);
    ck_assert_str_eq(bench_envelopes(&bench), "D60E99010982028281B8028100B70101\n");
    bench_free(&bench);
}
END_TEST

START_TEST(says_when_much_is_left)
{
    struct air_channel *channel;

    setup(0);
    channel = open_channel(TCP, "8301003802810035010339020578");
    receive(channel, 1000);
    ck_assert_str_eq(bench_envelopes(&bench), "D60E99010982028281B8028100B701FF\n");
    ck_assert_int_eq(fetch(0x21, "B701ED", 237), 0xFF);
    ck_assert_int_eq(fetch(0x21, "B701FF", 237), 0xFF);
    ck_assert_int_eq(fetch(0x21, "B701ED", 237), 0xFF);
    ck_assert_int_eq(fetch(0x21, "B701ED", 237), 52);
    receive(channel, 60000);
    receive(channel, 60000);
    for (size_t left = 120052; left > 0; left -= left < 237 ? left : 237)
        fetch(0x21, "B701ED", left < 237 ? left : 237);
    ck_assert_str_eq(bench_envelopes(&bench), "");
    bench_free(&bench);
}
END_TEST

START_TEST(hands_datagrams_over_one_by_one)
{
    struct air_channel *channel;

    setup(0);
    channel = open_channel(UDP, "8301003802810035010339020578");
    receive(channel, 0);
    receive(channel, 100);
    receive(channel, 300);
    receive(channel, 1401); /* too long */
    ck_assert_uint_eq(bench.troubles, 1);
    ck_assert_str_eq(bench_envelopes(&bench), "D60E99010982028281B8028100B70164\n");
    ck_assert_int_eq(fetch(0x21, "B7013C", 60), 40);
    ck_assert_str_eq(bench_envelopes(&bench), "");
    ck_assert_serves(&bench, PROACTIVE_RECEIVE_DATA, 0, 0x21, "B70127",
                     "8301003627"
                     "555555555555555555555555555555555555555555555555555555555555555555555555555555"
                     "370101");
    ck_assert_int_eq(fetch(0x21, "B701ED", 1), 0); /* of this datagram nothing is left */
    ck_assert_str_eq(bench_envelopes(&bench), "D60E99010982028281B8028100B701FF\n");
    ck_assert_int_eq(fetch(0x21, "B701ED", 237), 63);
    ck_assert_int_eq(fetch(0x21, "B701ED", 63), 0);
    ck_assert_str_eq(bench_envelopes(&bench), "");
    ck_assert_int_eq(fetch(0x21, "B701ED", 0), 0);
    bench_free(&bench);
}
END_TEST

START_TEST(tells_when_a_link_drops)
{
    struct air_channel *channel;

    setup(0);
    channel = open_channel(TCP, "8301003802810035010339020578");
    receive(channel, 10);
    bench_envelopes(&bench);
    fake_log_take(&bench.told);
    fake_air_drop(channel, "the other end \x1b[1mhas gone");
    bench_settle(&bench);
    ck_assert(!channel->is_used);
    ck_assert_ptr_nonnull(strstr(fake_log_take(&bench.told), "1 the other end ?[1mhas gone\n"));
    ck_assert_str_eq(bench_envelopes(&bench), "D60B99010A82028281B8020105\n");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, 1, 0x21, "B60142", "83023A02");
    ck_assert_int_eq(fetch(0x21, "B701ED", 10), 0);
    ck_assert_int_eq(fetch(0x21, "B701ED", 0), -BIP_CHANNEL_CLOSED);
    ck_assert_serves(&bench, PROACTIVE_CLOSE_CHANNEL, 0, 0x21, "", "830100");
    bench_free(&bench);
}
END_TEST

START_TEST(refuses_bad_commands_of_channels)
{
    setup(0);
    open_channel(TCP, "8301003802810035010339020578");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, 1, 0x82, "B60142", "83023A03");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, 1, 0x22, "B60142", "83023A03");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, 1, 0x20, "B60142", "83023A03");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, 1, 0x28, "B60142", "83023A03");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, 1, 0x21, "", "830136");
    ck_assert_serves(&bench, PROACTIVE_RECEIVE_DATA, 0, 0x21, "", "830136");
    ck_assert_serves(&bench, PROACTIVE_RECEIVE_DATA, 0, 0x21, "B7020001", "830132");
    bench_free(&bench);
}
END_TEST

START_TEST(hides_the_status_by_habit)
{
    setup(MODEM_HIDES_STATUS);
    open_channel(TCP, "83010035010339020578");
    bench_free(&bench);
}
END_TEST

START_TEST(fails_channels_by_habit)
{
    setup(MODEM_FAILS_CHANNELS);
    open_channel(TCP, "8301003802810035010339020578");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, 1, 0x21, "B60142", "8301003701FF");
    ck_assert_serves(&bench, PROACTIVE_REFRESH, 1, 0x82, "", "830100");
    ck_assert_serves(&bench, PROACTIVE_SEND_DATA, 1, 0x21, "B60142", "83023A02");
    ck_assert_serves(&bench, PROACTIVE_CLOSE_CHANNEL, 0, 0x21, "", "83023A02");
    bench_free(&bench);
}
END_TEST

TEST_MAIN("modem channels", opens_sends_receives_closes, understands_what_open_channel_has,
          refuses_bad_open_channels, has_so_many_channels, waits_for_the_host,
          opens_on_demand_and_in_background, fails_a_send_on_demand_without_answer, keeps_to_its_buffer,
          says_when_much_is_left, hands_datagrams_over_one_by_one, tells_when_a_link_drops,
          refuses_bad_commands_of_channels, hides_the_status_by_habit, fails_channels_by_habit)
