/* euicc/ota*.c: secured short messages to the enabled profile,
 * from ENVELOPE to what is stored and answered. */
#include "euicc/terminal/ota.h"

#include "apdu/tlv.h"
#include "crypto/scp80.h"
#include "euicc/terminal/profile_view.h"
#include "profiles/saip/saip_build.h"
#include "tests/support/ota.h"

#include <string.h>

#define ICCID  "89490000000000000017"
#define ICCID_ "98940000000000000071"

#define TAR_RFM    "B00001"
#define TAR_DOMAIN "B20100"

/* IMSI: read it, update its last octet to 77. */
#define READ_IMSI   "00A4000C026F07 00B0000009"
#define UPDATE_IMSI "00A4000C026F07 00D6000801 77"

/* INSTALL [for personalization] of the sender's ISD-P, STORE DATA with UpdateMetadata: name "OTA". */
#define INSTALL_ISDP "80E6200016 0000 10 A0000005591010FFFFFFFF8900000F00 000000"
#define UPDATE_NAME  "80E2910008 BF2A05 9203 4F5441"

static const struct ota_sender rfm = {{0x16, 0x19}, 0x12, 0x12, TAR_RFM, 1, NULL};

static void open_enabled(struct es10_bench *bench)
{
    es10_open(bench, 1, 0);
    es10_install(bench, &(struct es10_profile){.iccid = ICCID});
    es10(bench, "BF3111 A00C 5A0A " ICCID_ " 810100");
    bench->terminal = terminal_start(bench->card, SOFTEUICC_WARM);
}

/* The same for a response that carries no protection. */
static uint8_t plain_response_of(const struct ota_sender *sender, struct span user_data)
{
    struct ota_sender plain = *sender;
    struct buf data = {0};
    uint8_t status;

    plain.spi[1] = 0x01;
    status = ota_response(&plain, user_data, &data);
    ck_assert_uint_eq(data.size, 0);
    buf_free(&data);
    return status;
}

static struct span imsi(struct es10_bench *bench)
{
    struct ota_sender sender = rfm;
    static uint64_t counter = 1000000;
    struct buf *response = test_buf();
    struct buf *data = test_buf();

    sender.counter = counter++;
    ck_assert_uint_eq(ota_send(bench, ota_packet(&sender, READ_IMSI), response), 0x9000);
    ck_assert_uint_eq(ota_response(&sender, buf_span(response), data), SCP80_OK);
    return buf_span(data);
}

START_TEST(a_packet_reads_and_updates_a_file)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct buf data = {0};
    struct ota_sender sender = rfm;

    open_enabled(&bench);
    ck_assert_uint_eq(ota_send(&bench, ota_packet(&sender, READ_IMSI), &response), 0x9000);
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_OK);
    ck_assert_uint_eq(data.size, 3 + 9);
    ck_assert_hex(SPAN(data.data, 4), "02 9000 08");
    sender.counter = 2;
    ck_assert_uint_eq(ota_send(&bench, ota_packet(&sender, UPDATE_IMSI), &response), 0x9000);
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_OK);
    ck_assert_hex(buf_span(&data), "02 9000");
    ck_assert_uint_eq(imsi(&bench).data[3 + 8], 0x77);
    /* It is stored, and so is the counter. */
    bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
    ck_assert_uint_eq(imsi(&bench).data[3 + 8], 0x77);
    ck_assert_uint_eq(ota_send(&bench, ota_packet(&sender, UPDATE_IMSI), &response), 0x9000);
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_COUNTER_LOW);
    buf_free(&response);
    buf_free(&data);
    es10_close(&bench);
}
END_TEST

START_TEST(counters_are_checked)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct buf data = {0};
    struct ota_sender sender = rfm;

    open_enabled(&bench);
    sender.counter = 5;
    ota_send(&bench, ota_packet(&sender, READ_IMSI), &response);
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_OK);
    ota_send(&bench, ota_packet(&sender, READ_IMSI), &response); /* replayed */
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_COUNTER_LOW);
    ck_assert_uint_eq(data.size, 0);
    sender.counter = 4;
    ota_send(&bench, ota_packet(&sender, READ_IMSI), &response);
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_COUNTER_LOW);
    sender.spi[0] = 0x1E;
    sender.counter = 7;
    ota_send(&bench, ota_packet(&sender, READ_IMSI), &response);
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_COUNTER_HIGH);
    sender.counter = 6;
    ota_send(&bench, ota_packet(&sender, READ_IMSI), &response);
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_OK);
    sender.spi[0] = 0x16;
    sender.counter = 0xFFFFFFFFFF;
    ota_send(&bench, ota_packet(&sender, READ_IMSI), &response);
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_OK);
    ota_send(&bench, ota_packet(&sender, READ_IMSI), &response);
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_COUNTER_BLOCKED);
    buf_free(&response);
    buf_free(&data);
    es10_close(&bench);
}
END_TEST

START_TEST(what_is_not_authentic_gets_a_plain_refusal)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct buf changed = {0};
    struct ota_sender sender = rfm;
    struct span before;

    open_enabled(&bench);
    before = imsi(&bench);
    sender.counter = 2000000;
    sender.spi[1] = 0x19; /* asks for a ciphered response with a checksum */
    buf_append(&changed, ota_packet(&sender, UPDATE_IMSI));
    changed.data[changed.size - 1] ^= 1;
    ck_assert_uint_eq(ota_send(&bench, buf_span(&changed), &response), 0x9000);
    ck_assert_uint_eq(plain_response_of(&sender, buf_span(&response)), SCP80_INTEGRITY_FAILED);
    sender.tar = "B0FFFF";
    ota_send(&bench, ota_packet(&sender, UPDATE_IMSI), &response);
    ck_assert_uint_eq(plain_response_of(&sender, buf_span(&response)), SCP80_TAR_UNKNOWN);
    sender.tar = "000001"; /* the ISD-R's, which only a card with an IPAe minds */
    ota_send(&bench, ota_packet(&sender, UPDATE_IMSI), &response);
    ck_assert_uint_eq(plain_response_of(&sender, buf_span(&response)), SCP80_TAR_UNKNOWN);
    ck_assert(!ota_take_call(bench.card));
    sender.tar = TAR_RFM;
    sender.spi[0] = 0x12; /* not ciphered */
    ota_send(&bench, ota_packet(&sender, UPDATE_IMSI), &response);
    ck_assert_uint_eq(plain_response_of(&sender, buf_span(&response)), SCP80_SECURITY_LEVEL);
    sender.spi[0] = 0x14; /* no checksum */
    ota_send(&bench, ota_packet(&sender, UPDATE_IMSI), &response);
    ck_assert_uint_eq(plain_response_of(&sender, buf_span(&response)), SCP80_SECURITY_LEVEL);
    sender.spi[0] = 0x16;
    sender.kic = sender.kid = 0x22; /* no such key set */
    ota_send(&bench, ota_packet(&sender, UPDATE_IMSI), &response);
    ck_assert_uint_eq(plain_response_of(&sender, buf_span(&response)), SCP80_SECURITY_ERROR);
    ck_assert_span(imsi(&bench), before); /* and its counter is still good */
    buf_free(&changed);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

/* Or anybody could use up the counters of an application that asks for no checksum. */
START_TEST(a_counter_that_nothing_vouches_for_is_not_kept)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct ota_sender sender = {{0x10, 0x00}, 0x12, 0x12, TAR_RFM, 0xFFFFFFFFFE, NULL};
    struct fs *fs;

    open_enabled(&bench);
    fs = profile_view_uicc(bench.card)->fs;
    for (size_t i = 0; i < fs->application_count; i++)
        fs->applications[i].minimum_security_level = 0;
    ck_assert_uint_eq(ota_send(&bench, ota_packet(&sender, UPDATE_IMSI), &response), 0x9000);
    ck_assert_uint_eq(imsi(&bench).data[3 + 8], 0x77); /* it was carried out; its counter is no hindrance */
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

START_TEST(responses_only_where_asked_for)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct buf data = {0};
    struct ota_sender sender = rfm;

    open_enabled(&bench);
    sender.spi[1] = 0x00;
    ck_assert_uint_eq(ota_send(&bench, ota_packet(&sender, READ_IMSI), &response), 0x9000);
    ck_assert_uint_eq(response.size, 0);
    ck_assert_uint_eq(ota_send(&bench, ota_packet(&sender, READ_IMSI), &response), 0x9000);
    ck_assert_uint_eq(response.size, 0);
    sender.spi[1] = 0x02; /* on error */
    sender.counter = 2;
    ota_send(&bench, ota_packet(&sender, READ_IMSI), &response);
    ck_assert_uint_eq(response.size, 0);
    ota_send(&bench, ota_packet(&sender, READ_IMSI), &response);
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_COUNTER_LOW);
    buf_free(&response);
    buf_free(&data);
    es10_close(&bench);
}
END_TEST

START_TEST(a_response_goes_by_short_message)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct buf data = {0};
    struct ota_sender sender = rfm;
    static const char head[] = "41 00 0A812143658709 00 04";
    struct buf *fetch = test_buf();
    struct span submit;
    uint16_t status;

    open_enabled(&bench);
    sender.spi[1] = 0x39;
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("80100000 04 FFFFFFFF"), &response), 0x9000);
    status = ota_send(&bench, ota_packet(&sender, READ_IMSI), &response);
    ck_assert_uint_eq(status >> 8, 0x91);
    ck_assert_uint_eq(response.size, 0);
    apdu_encode(fetch, 0x80, 0x12, 0, 0, SPAN_NONE, status & 0xFF);
    ck_assert_uint_eq(terminal_command(&bench.terminal, buf_span(fetch), &response), 0x9000);
    ck_assert_hex(SPAN(response.data + 2, 5 + 4 + 1), "8103011300 82028183 8B");
    submit = SPAN(response.data + 13, response.size - 13);
    ck_assert_hex(SPAN(submit.data, hex(head).size), head);
    submit = SPAN(submit.data + hex(head).size + 1, submit.size - hex(head).size - 1);
    ck_assert_uint_eq(submit.data[-1], submit.size);
    ck_assert_uint_eq(ota_response(&sender, submit, &data), SCP80_OK);
    ck_assert_hex(SPAN(data.data, 4), "02 9000 08");
    buf_clear(&response);
    ck_assert_uint_eq(
        terminal_command(&bench.terminal, hex("80140000 0C 8103011300 82028281 830100"), &response), 0x9000);
    buf_free(&response);
    buf_free(&data);
    es10_close(&bench);
}
END_TEST

START_TEST(messages_in_parts)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct buf data = {0};
    struct ota_sender sender = rfm;
    struct span packet;

    open_enabled(&bench);
    packet = ota_packet(&sender, UPDATE_IMSI);
    /* Out of order, one part twice, another message in between. */
    ck_assert_uint_eq(
        ota_send_tpdu(&bench, ota_deliver(hex("0003070302"), SPAN(packet.data + 10, 10)), &response), 0x9000);
    ck_assert_uint_eq(
        ota_send_tpdu(&bench, ota_deliver(hex("00030703017000"), SPAN(packet.data, 10)), &response), 0x9000);
    ck_assert_uint_eq(
        ota_send_tpdu(&bench, ota_deliver(hex("0003070302"), SPAN(packet.data + 10, 10)), &response), 0x9000);
    ck_assert_uint_eq(response.size, 0);
    ck_assert_uint_eq(ota_send_tpdu(&bench,
                                    ota_deliver(hex("0003070303"), SPAN(packet.data + 20, packet.size - 20)),
                                    &response),
                      0x9000);
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_OK);
    ck_assert_uint_eq(imsi(&bench).data[3 + 8], 0x77);
    /* A reset forgets what had arrived; so does another reference. */
    sender.counter = 3000000;
    packet = ota_packet(&sender, UPDATE_IMSI);
    ota_send_tpdu(&bench, ota_deliver(hex("0804000102017000"), SPAN(packet.data, 10)), &response);
    bench.terminal = terminal_start(bench.card, SOFTEUICC_WARM);
    ota_send_tpdu(&bench, ota_deliver(hex("080400010202"), SPAN(packet.data + 10, packet.size - 10)),
                  &response);
    ck_assert_uint_eq(response.size, 0);
    ota_send_tpdu(&bench, ota_deliver(hex("0804000202017000"), SPAN(packet.data, 10)), &response);
    ck_assert_uint_eq(response.size, 0);
    ota_send_tpdu(&bench, ota_deliver(hex("080400020202"), SPAN(packet.data + 10, packet.size - 10)),
                  &response);
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_OK);
    /* Parts that cannot be. */
    ck_assert_uint_eq(ota_send_tpdu(&bench, ota_deliver(hex("00030700017000"), packet), &response), 0x6A80);
    ck_assert_uint_eq(ota_send_tpdu(&bench, ota_deliver(hex("0003070203"), packet), &response), 0x6A80);
    ck_assert_uint_eq(ota_send_tpdu(&bench, ota_deliver(hex("0003070200"), packet), &response), 0x6A80);
    ck_assert_uint_eq(ota_send_tpdu(&bench, ota_deliver(hex("000307FF017000"), packet), &response), 0x9000);
    buf_free(&response);
    buf_free(&data);
    es10_close(&bench);
}
END_TEST

START_TEST(metadata_are_updated)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct buf data = {0};
    struct ota_sender sender = {{0x16, 0x19}, 0x12, 0x12, TAR_DOMAIN, 1, NULL};
    struct profile profile;

    open_enabled(&bench);
    ota_send(&bench, ota_packet(&sender, UPDATE_NAME), &response); /* not to the ISD-P */
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_OK);
    ck_assert_hex(buf_span(&data), "01 6985");
    sender.counter++;
    ota_send(&bench, ota_packet(&sender, INSTALL_ISDP UPDATE_NAME), &response);
    ck_assert_uint_eq(ota_response(&sender, buf_span(&response), &data), SCP80_OK);
    ck_assert_hex(buf_span(&data), "02 9000");
    ck_assert(profile_by_iccid(bench.card, hex(ICCID_), &profile));
    ck_assert_span(buf_span(&profile.name), SPAN_STRING("OTA"));
    profile_clear(&profile);
    sender.counter++;
    ota_send(&bench, ota_packet(&sender, "80E6200016 0000 10 A0000005591010FFFFFFFF8900000E00 000000"),
             &response);
    ota_response(&sender, buf_span(&response), &data);
    ck_assert_hex(buf_span(&data), "01 6A88");
    sender.counter++;
    ota_send(&bench, ota_packet(&sender, INSTALL_ISDP "80E2910003 BF2B00"), &response);
    ota_response(&sender, buf_span(&response), &data);
    ck_assert_hex(buf_span(&data), "02 6A80");
    sender.counter++;
    ota_send(&bench, ota_packet(&sender, "80E8000000"), &response);
    ota_response(&sender, buf_span(&response), &data);
    ck_assert_hex(buf_span(&data), "01 6D00");
    buf_free(&response);
    buf_free(&data);
    es10_close(&bench);
}
END_TEST

START_TEST(what_is_no_message_is_refused)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct span tpdu, capdu, packet;

    open_enabled(&bench);
    packet = ota_packet(&rfm, UPDATE_IMSI);
    tpdu = ota_deliver(hex("7000"), packet);
    for (size_t size = 0; size < tpdu.size; size++) {
        ck_assert_uint_eq(ota_send_tpdu(&bench, SPAN(tpdu.data, size), &response), 0x6A80);
        ck_assert_uint_eq(response.size, 0);
    }
    /* The packet cut off inside a good message. */
    for (size_t size = 0; size < packet.size; size++) {
        ck_assert_uint_eq(ota_send_tpdu(&bench, ota_deliver(hex("7000"), SPAN(packet.data, size)), &response),
                          0x6A80);
        ck_assert_uint_eq(response.size, 0);
    }
    /* The envelope cut off, its length made to fit. */
    capdu = ota_envelope(tpdu);
    for (size_t size = 1; size < capdu.data[4]; size++) {
        struct buf *cut = test_buf();

        apdu_encode(cut, 0x80, 0xC2, 0, 0, SPAN(capdu.data + 5, size), 0);
        ck_assert_uint_eq(terminal_command(&bench.terminal, buf_span(cut), &response), 0x6A80);
    }
    /* Not 8-bit data; not from the network; text that is no command packet. */
    ck_assert_uint_eq(ota_send_tpdu(&bench, hex("00 0A81 2143658709 7F 00 12101000000000 0141"), &response),
                      0x6A80);
    ck_assert_uint_eq(ota_send_tpdu(&bench, hex("01 0A81 2143658709 7F F6 12101000000000 0141"), &response),
                      0x6A80);
    ck_assert_uint_eq(ota_send_tpdu(&bench, hex("00 0A81 2143658709 7F F6 12101000000000 0141"), &response),
                      0x9000);
    ck_assert_uint_eq(response.size, 0);
    ck_assert_uint_ne(imsi(&bench).data[3 + 8], 0x77);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

START_TEST(without_a_profile_nobody_is_there)
{
    struct es10_bench bench;
    struct buf response = {0};

    es10_open(&bench, 1, 0);
    ck_assert_uint_eq(ota_send(&bench, ota_packet(&rfm, READ_IMSI), &response), 0x6985);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

START_TEST(envelopes_go_by_their_tag)
{
    struct es10_bench bench;
    struct buf response = {0};

    open_enabled(&bench);
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("80C20000 09 D607190103 82028281"), &response),
                      0x9000);
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("80C20000 02 D400"), &response), 0x9000);
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("80C20000 02 C100"), &response), 0x6A80);
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("80C20000 03 D60000"), &response), 0x6A80);
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("80C20000"), &response), 0x6700);
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("80C20001 02 D600"), &response), 0x6B00);
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("00C20000 02 D600"), &response), 0x6E00);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

/* One command; what leaves the card. */
static struct span exchange(struct es10_bench *bench, struct span capdu)
{
    static uint8_t rapdu[SOFTEUICC_RAPDU_MAX];
    size_t size;

    softeuicc_transmit(bench->card, capdu.data, capdu.size, rapdu, &size);
    return SPAN(rapdu, size);
}

/* The same message in class A0, whose response is told by 9FXX. */
static struct span sim_envelope(struct span packet)
{
    struct buf *capdu = test_buf();
    struct span envelope = ota_envelope(ota_deliver(hex("7000"), packet));

    buf_append_octet(capdu, CLA_SIM);
    buf_append(capdu, SPAN(envelope.data + 1, 4 + envelope.data[4]));
    return buf_span(capdu);
}

START_TEST(class_a0_fetches_the_response)
{
    struct es10_bench bench;
    struct buf data = {0};
    struct ota_sender sender = rfm;
    uint8_t fetch[] = {CLA_SIM, INS_GET_RESPONSE, 0, 0, 0};
    struct span answer;

    open_enabled(&bench);
    answer = exchange(&bench, sim_envelope(ota_packet(&sender, READ_IMSI)));
    ck_assert_uint_eq(answer.size, 2);
    ck_assert_uint_eq(answer.data[0], 0x9F);
    fetch[4] = answer.data[1];
    answer = exchange(&bench, SPAN_ARRAY(fetch));
    ck_assert_uint_eq(answer.size, fetch[4] + 2U);
    ck_assert_hex(SPAN(answer.data + answer.size - 2, 2), "9000");
    ck_assert_uint_eq(ota_response(&sender, SPAN(answer.data, answer.size - 2), &data), SCP80_OK);
    ck_assert_hex(SPAN(data.data, 4), "02 9000 08");
    buf_free(&data);
    es10_close(&bench);
}
END_TEST

/* A terminal that fetches nothing: then there is no room for another response, and the counter stays. */
START_TEST(a_full_queue_turns_messages_away)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct ota_sender sender = rfm;
    uint16_t status = 0;

    open_enabled(&bench);
    sender.spi[1] = 0x39;
    ck_assert_uint_eq(terminal_command(&bench.terminal, hex("80100000 04 FFFFFFFF"), &response), 0x9000);
    for (sender.counter = 1; sender.counter < 20 && status != SW_TOOLKIT_BUSY; sender.counter++)
        status = ota_send(&bench, ota_packet(&sender, READ_IMSI), &response);
    ck_assert_uint_eq(status, SW_TOOLKIT_BUSY);
    sender.counter--;
    ck_assert_hex(exchange(&bench, sim_envelope(ota_packet(&sender, READ_IMSI))), "9300");
    bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
    sender.spi[1] = rfm.spi[1];
    ck_assert_uint_eq(ota_send(&bench, ota_packet(&sender, READ_IMSI), &response), 0x9000);
    ck_assert_uint_gt(response.size, 0);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

TEST_MAIN("ota", a_packet_reads_and_updates_a_file, counters_are_checked,
          what_is_not_authentic_gets_a_plain_refusal, a_counter_that_nothing_vouches_for_is_not_kept,
          responses_only_where_asked_for, a_response_goes_by_short_message, messages_in_parts,
          metadata_are_updated, what_is_no_message_is_refused, without_a_profile_nobody_is_there,
          envelopes_go_by_their_tag, class_a0_fetches_the_response, a_full_queue_turns_messages_away)
