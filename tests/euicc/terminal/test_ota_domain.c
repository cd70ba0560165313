/* profiles/domain*.c and euicc/isdr/profile_application.c: a profile's security domains and applications, to
 * a terminal and over the air. */
#include "profiles/remote/domain.h"

#include "apdu/tlv.h"
#include "euicc/terminal/profile_view.h"
#include "tests/support/ota.h"
#include "tests/support/profile.h"
#include "tests/support/scp80_sender.h"

#include <stdio.h>

#define ICCID  "89490000000000000017"
#define ICCID_ "98940000000000000071"

#define DOMAIN   "A000000151000000"
#define PACKAGE  "D27600011801"
#define INSTANCE "D2760001180101"
#define LOCKED   "D2760001180102"
#define NEW_KEY  "404142434445464748494A4B4C4D4E4F"

#define GET_DATA(tag) "80CA" tag "000000"

static const struct ota_sender sender = {{0x16, 0x19}, 0x12, 0x12, "B20100", 1, NULL};

/* The least load file: a header, and a list of one applet. */
#define LOAD_FILE "010010 DECAFFED 0102 04 0001 06" PACKAGE "03000B 01 07D2760001180100 0000"

/* A load package whose SHA-256 is not given, and two instances. */
static struct span profile_with_applications(void)
{
    return test_profile_with_element(
        ICCID, SAIP_APPLICATION, true,
        hex("A12B 4F06" PACKAGE "C421" LOAD_FILE "A255"
            "302A 4F06" PACKAGE "4F07 D2760001180100 4F07" INSTANCE "8201 00 C900 EA09 8007 00000000000000"
            "3027 4F06" PACKAGE "4F07 D2760001180100 4F07" LOCKED "8201 00 8301 87 C900 EA03 810100"));
}

static void open_enabled(struct es10_bench *bench)
{
    es10_open(bench, 1, 0);
    es10_install(bench, &(struct es10_profile){.iccid = ICCID, .package = profile_with_applications()});
    es10(bench, "BF3111 A00C 5A0A " ICCID_ " 810100");
    bench->terminal = terminal_start(bench->card, SOFTEUICC_WARM);
}

static uint16_t command(struct es10_bench *bench, const char *capdu, struct buf *response)
{
    buf_clear(response);
    return terminal_command(&bench->terminal, hex(capdu), response);
}

/* Runs a script on the domain; the response data of an accepted packet. */
static struct span run(struct es10_bench *bench, const char *script)
{
    static uint64_t counter = 100;
    struct ota_sender next = sender;
    struct buf *response = test_buf();
    struct buf *data = test_buf();

    next.counter = counter++;
    ck_assert_uint_eq(ota_send(bench, ota_packet(&next, script), response), 0x9000);
    ck_assert_uint_eq(ota_response(&next, buf_span(response), data), SCP80_OK);
    return buf_span(data);
}

START_TEST(a_terminal_selects_domains_and_applications)
{
    struct es10_bench bench;
    struct buf response = {0};

    open_enabled(&bench);
    ck_assert_uint_eq(command(&bench, "00A4040008" DOMAIN "00", &response), 0x9000);
    ck_assert_hex(buf_span(&response), "6F10 8408" DOMAIN "A504 9F6501FF");
    ck_assert_uint_eq(command(&bench, "00A4040005 D276000118 00", &response), 0x9000);
    ck_assert_hex(buf_span(&response), "6F0F 8407" INSTANCE "A504 9F6501FF");
    /* What is locked is passed over; a load package is no application. */
    ck_assert_uint_eq(command(&bench, "00A4040205 D276000118 00", &response), 0x6A82);
    ck_assert_uint_eq(command(&bench, "00A4040007" LOCKED "00", &response), 0x6A82);
    ck_assert_uint_eq(command(&bench, "00A4040006" PACKAGE "00", &response), 0x9000); /* partial */
    ck_assert_hex(buf_span(&response), "6F0F 8407" INSTANCE "A504 9F6501FF");
    /* Remote file management is nothing a terminal talks to. */
    ck_assert_uint_eq(command(&bench, "00A4040009 A00000055910100001 00", &response), 0x6A82);
    /* No code is run; the file system is gone from the channel until it is selected. */
    ck_assert_uint_eq(command(&bench, "80CA00E000", &response), 0x6D00);
    ck_assert_uint_eq(command(&bench, "00B0000001", &response), 0x6D00);
    ck_assert_uint_eq(command(&bench, "00A40004023F00", &response), 0x9000);
    ck_assert_uint_eq(command(&bench, "80F2000C", &response), 0x9000);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

/* What the domain tells of the card's memory, against what EUICCInfo2 says of it. */
static void assert_memory_is_told_alike(struct es10_bench *bench, struct span told)
{
    struct buf response = {0};

    command(bench, "00A4040010A0000005591010FFFFFFFF890000010000", &response);
    ck_assert_uint_eq(command(bench, "80E2910003BF2200", &response), 0x9000);
    for (uint32_t tag = 0x82; tag <= 0x83; tag++) {
        struct span of_domain, of_card;

        ck_assert(tlv_find_path(told, (const uint32_t[]){0xFF21, tag, 0}, &of_domain));
        ck_assert(tlv_find_path(buf_span(&response), (const uint32_t[]){0xBF22, 0x84, tag, 0}, &of_card));
        ck_assert_span(of_domain, of_card);
    }
    buf_free(&response);
}

/* As "gp --info" begins. */
START_TEST(no_aid_means_the_operator_s_domain)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct fs *fs;

    open_enabled(&bench);
    fs = profile_view_uicc(bench.card)->fs;
    ck_assert_uint_eq(command(&bench, "00A4040012", &response), 0x9000);
    ck_assert_hex(buf_span(&response), "6F10 8408" DOMAIN "A504 9F6501FF");
    ck_assert_uint_eq(command(&bench, GET_DATA("00E0"), &response), 0x9000);
    ck_assert_uint_eq(command(&bench, "0070000001", &response), 0x9000);
    ck_assert_hex(buf_span(&response), "02");
    ck_assert_uint_eq(command(&bench, "02A40400", &response), 0x9000);
    ck_assert_hex(buf_span(&response), "6F10 8408" DOMAIN "A504 9F6501FF");
    /* One that cannot be selected has nobody in its place. */
    fs_find_application(fs, hex(DOMAIN))->life_cycle |= FS_LOCKED;
    ck_assert_uint_eq(command(&bench, "00A4040012", &response), 0x6A82);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

START_TEST(a_domain_tells_what_it_has)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct span value;

    open_enabled(&bench);
    command(&bench, "00A4040008" DOMAIN "00", &response);
    ck_assert_uint_eq(command(&bench, GET_DATA("00E0"), &response), 0x9000);
    ck_assert_hex(buf_span(&response), "E012 C00401018810 C00402018810 C00403018810");
    ck_assert_uint_eq(command(&bench, GET_DATA("2F00"), &response), 0x9000);
    ck_assert_hex(buf_span(&response), "610A 4F08" DOMAIN "610B 4F09 A00000055910100001"
                                       "6109 4F07" INSTANCE "6109 4F07" LOCKED);
    ck_assert_uint_eq(command(&bench, GET_DATA("FF21"), &response), 0x9000);
    ck_assert(tlv_find_path(buf_span(&response), (const uint32_t[]){0xFF21, 0x81, 0}, &value));
    ck_assert_hex(value, "04");
    assert_memory_is_told_alike(&bench, buf_span(&response));
    command(&bench, "00A4040008" DOMAIN "00", &response);
    ck_assert_uint_eq(command(&bench, GET_DATA("0042"), &response), 0x6A88);
    ck_assert_uint_eq(command(&bench, "80CA00E001FF", &response), 0x6700);
    /* Management is for who has the keys. */
    for (const char *const *refused =
             (const char *const[]){"80F24002024F00", "80E40000024F00", "80D8018101", "80E60200", "80E80000",
                                   "80E29100", "80F04080", NULL};
         *refused != NULL; refused++)
        ck_assert_msg(command(&bench, *refused, &response) == 0x6982, "%s", *refused);
    ck_assert_uint_eq(command(&bench, "00F24002024F00", &response), 0x6E00);
    ck_assert_uint_eq(command(&bench, "8050000008 0000000000000000", &response), 0x6D00);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

#define STATUS_ISSUER               "E31C 4F08" DOMAIN "9F70010F C50382DC00 C407 A0000001515350"
#define STATUS_RFM                  "E31E 4F09 A00000055910100001 9F700107 C503000000 CC08" DOMAIN
#define STATUS_INSTANCE(aid, state) "E324 4F07" aid "9F7001" state "C503000000 C406" PACKAGE "CC08" DOMAIN
#define STATUS_PACKAGE              "E316 4F06" PACKAGE "9F700101 CC08" DOMAIN
#define GET_STATUS(p1)              "80F2" p1 "0202 4F00 00C0000000"

START_TEST(the_operator_lists_what_is_installed)
{
    struct es10_bench bench;

    open_enabled(&bench);
    ck_assert_hex(run(&bench, "80F28002024F00"), "01 9000");
    ck_assert_hex(run(&bench, GET_STATUS("80")), "02 9000" STATUS_ISSUER);
    ck_assert_hex(run(&bench, GET_STATUS("20")), "02 9000" STATUS_PACKAGE);
    ck_assert_hex(run(&bench, GET_STATUS("40")),
                  "02 9000" STATUS_RFM STATUS_INSTANCE(INSTANCE, "07") STATUS_INSTANCE(LOCKED, "87"));
    ck_assert_hex(run(&bench, "80F24002074F05D276000118 00C0000000"),
                  "02 9000" STATUS_INSTANCE(INSTANCE, "07") STATUS_INSTANCE(LOCKED, "87"));
    ck_assert_hex(run(&bench, "80F24002074F05D276000119"), "01 6A88");
    ck_assert_hex(run(&bench, "80F24000024F00"), "01 6A86"); /* the old form */
    ck_assert_hex(run(&bench, "80F21002024F00"), "01 6A86"); /* modules */
    ck_assert_hex(run(&bench, "80F24002035C014F"), "01 6A80");
    ck_assert_hex(run(&bench, "80CA00E000"), "01 9000 E012 C00401018810 C00402018810 C00403018810");
    es10_close(&bench);
}
END_TEST

/* Fetches the short messages that `status` announces and puts the response packet in them together, as if it
 * had come in one. The number of messages. */
static unsigned collect_parts(struct es10_bench *bench, uint16_t status, struct buf *user_data)
{
    enum { BEFORE_DATA = 13 + 12 }; /* proactive command and SMS-SUBMIT in front of the user data's length */
    struct buf fetched = {0};
    unsigned parts = 0;

    buf_clear(user_data);
    buf_append(user_data, hex("027100"));
    while (status >> 8 == 0x91) {
        struct buf fetch = {0};
        size_t extra, header;

        apdu_encode(&fetch, 0x80, 0x12, 0, 0, SPAN_NONE, status & 0xFF);
        buf_clear(&fetched);
        ck_assert_uint_eq(terminal_command(&bench->terminal, buf_span(&fetch), &fetched), 0x9000);
        buf_free(&fetch);
        extra = fetched.data[1] == 0x81 ? 1 : 0;
        extra += fetched.data[extra + 2 + 5 + 4 + 1] == 0x81 ? 1 : 0;
        ck_assert_uint_eq(fetched.data[extra + BEFORE_DATA - 1], fetched.size - extra - BEFORE_DATA);
        header = fetched.data[extra + BEFORE_DATA];
        ck_assert_uint_eq(header, parts == 0 ? 7 : 5);
        ck_assert_uint_eq(fetched.data[extra + BEFORE_DATA + header], parts + 1);
        header += extra + BEFORE_DATA + 1;
        buf_append(user_data, SPAN(fetched.data + header, fetched.size - header));
        parts++;
        status = command(bench, "80140000 0C 8103011300 82028281 830100", &fetched);
    }
    ck_assert_uint_eq(status, 0x9000);
    buf_free(&fetched);
    return parts;
}

/* Entries of GET STATUS in response data with its status word. */
static unsigned count_entries(struct span response)
{
    struct tlv_reader reader = tlv_reader(SPAN(response.data, response.size - 2));
    struct tlv entry;
    unsigned count = 0;

    while (tlv_next(&reader, &entry) == TLV_OK)
        count += entry.tag == 0xE3;
    return count;
}

/* What does not fit into one answer goes on with the next occurrence. */
START_TEST(long_lists_go_on)
{
    struct es10_bench bench;
    struct buf content = {0};
    char instance[2 * 16 + 1];
    struct ota_sender next = sender;
    struct tlv_reader reader;
    struct buf response = {0};
    struct buf data = {0};
    struct span answer, first, second;
    unsigned parts;
    uint16_t status;
    size_t list;

    list = tlv_open(&content, 0xA1);
    buf_append(&content, hex("4F06" PACKAGE "C421" LOAD_FILE));
    tlv_close(&content, list);
    list = tlv_open(&content, 0xA2);
    for (unsigned i = 0; i < 8; i++) {
        snprintf(instance, sizeof(instance), "D27600011801%02X", i);
        buf_append(&content, hex("301F 4F06" PACKAGE "4F07 D2760001180100 4F07"));
        buf_append(&content, hex(instance));
        buf_append(&content, hex("8201 00 C900"));
    }
    tlv_close(&content, list);
    es10_open(&bench, 1, 0);
    es10_install(&bench, &(struct es10_profile){.iccid = ICCID,
                                                .package = test_profile_with_element(
                                                    ICCID, SAIP_APPLICATION, false, buf_span(&content))});
    es10(&bench, "BF3111 A00C 5A0A " ICCID_ " 810100");
    bench.terminal = terminal_start(bench.card, SOFTEUICC_WARM);
    command(&bench, "80100000 04 FFFFFFFF", &response);
    next.spi[1] = 0x39;
    status =
        ota_send(&bench, ota_packet(&next, "AA14 2208 80F24002024F0000 2208 80F24003024F0000"), &response);
    parts = collect_parts(&bench, status, &response);
    ck_assert_uint_eq(parts, 3);
    ck_assert_uint_eq(ota_response(&next, buf_span(&response), &data), SCP80_OK);
    ck_assert(tlv_single(buf_span(&data), 0xAB, &answer) == TLV_OK);
    reader = tlv_reader(answer);
    ck_assert(tlv_require(&reader, 0x80, &first));
    ck_assert_hex(first, "02");
    ck_assert(tlv_require(&reader, 0x23, &first) && tlv_require(&reader, 0x23, &second));
    ck_assert_hex(SPAN(first.data + first.size - 2, 2), "6310");
    ck_assert_hex(SPAN(second.data + second.size - 2, 2), "9000");
    /* Remote file management, then eight instances: all of them are told once. */
    ck_assert_uint_eq(count_entries(first) + count_entries(second), 9);
    buf_free(&response);
    buf_free(&data);
    buf_free(&content);
    es10_close(&bench);
}
END_TEST

START_TEST(the_operator_locks_and_deletes)
{
    struct es10_bench bench;
    struct buf response = {0};

    open_enabled(&bench);
    ck_assert_hex(run(&bench, "80F0400007" LOCKED), "01 9000");
    ck_assert_uint_eq(command(&bench, "00A4040007" LOCKED "00", &response), 0x9000);
    ck_assert_hex(run(&bench, "80F0408007" INSTANCE), "01 9000");
    ck_assert_uint_eq(command(&bench, "00A4040007" INSTANCE "00", &response), 0x6A82);
    ck_assert_hex(run(&bench, "80F0408006" PACKAGE), "01 6A88");
    ck_assert_hex(run(&bench, "80F0408008" DOMAIN), "01 6985");
    ck_assert_hex(run(&bench, "80F0608007" INSTANCE), "01 6A86");
    /* It is stored. */
    bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
    ck_assert_hex(run(&bench, "80F24002074F05D276000118 00C0000000"),
                  "02 9000" STATUS_INSTANCE(INSTANCE, "87") STATUS_INSTANCE(LOCKED, "07"));
    ck_assert_hex(run(&bench, "80E40000084F06" PACKAGE), "01 6985"); /* instances */
    ck_assert_hex(run(&bench, "80E400000A4F08" DOMAIN), "01 6985");
    ck_assert_hex(run(&bench, "80E40000074F05D276000119"), "01 6A88");
    ck_assert_hex(run(&bench, "80E40100094F07" INSTANCE), "01 6A86");
    ck_assert_hex(run(&bench, "80E4000002 4F01"), "01 6A80");
    /* What is deleted while a channel has it selected is gone from there too. */
    command(&bench, "00A4040007" LOCKED "00", &response);
    ck_assert_hex(run(&bench, "80E40000094F07" LOCKED "00C0000000"), "02 9000 00");
    ck_assert_uint_eq(command(&bench, "00A4040007" LOCKED "00", &response), 0x6A82);
    ck_assert_hex(run(&bench, "80E40080084F06" PACKAGE), "01 9000");
    ck_assert_hex(run(&bench, GET_STATUS("20")), "01 6A88");
    bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
    ck_assert_hex(run(&bench, "80F26002024F00 00C0000000"), "02 9000" STATUS_RFM);
    buf_free(&response);
    es10_close(&bench);
}
END_TEST

/* A PUT KEY of three keys that are all `key`; under the recipe's own key. */
static const char *put_key(const char *p1, const char *version, const char *key, const char *check)
{
    static char script[512];
    const struct scp80_keys keys = ota_keys(&sender);
    struct buf sealed = {0};
    char text[2 * 17 + 1];

    ck_assert(scp80_seal_key(&keys.cipher, hex(key), &sealed));
    ck_assert_uint_eq(sealed.size, 17);
    hex_from_span(buf_span(&sealed), text, sizeof(text));
    snprintf(script, sizeof(script), "80D8%s8146 %s 8811%s%s 8811%s%s 8811%s%s 00C0000000", p1, version, text,
             check, text, check, text, check);
    buf_free(&sealed);
    return script;
}

/* The check value of NEW_KEY: AES of sixteen ones. */
static const char *check_value(void)
{
    static char text[2 * SCP80_CHECK_SIZE + 3] = "03";
    uint8_t value[SCP80_CHECK_SIZE];
    const struct scp80_key key = {SCP80_KEY_AES, hex(NEW_KEY)};

    ck_assert(scp80_check_value(&key, value));
    hex_from_span(SPAN_ARRAY(value), text + 2, sizeof(text) - 2);
    return text;
}

START_TEST(the_operator_changes_its_keys)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct buf data = {0};
    struct ota_sender next = {{0x16, 0x19}, 0x22, 0x22, "B20100", 1, NEW_KEY};
    char expected[64];

    open_enabled(&bench);
    snprintf(expected, sizeof(expected), "02 9000 02 %s %s %s", check_value() + 2, check_value() + 2,
             check_value() + 2);
    ck_assert_hex(run(&bench, put_key("00", "02", NEW_KEY, check_value())), expected);
    ck_assert_hex(run(&bench, put_key("00", "02", NEW_KEY, check_value())), "01 6A80"); /* is there */
    ck_assert_hex(run(&bench, put_key("03", "04", NEW_KEY, check_value())), "01 6A88");
    ck_assert_hex(run(&bench, put_key("00", "03", NEW_KEY, "03000000")), "01 6A80");
    ck_assert_hex(run(&bench, put_key("00", "00", NEW_KEY, check_value())), "01 6A80");
    ck_assert_hex(run(&bench, put_key("80", "05", NEW_KEY, check_value())), "01 6A86");
    /* The new set works, with a counter of its own, and after a power cycle. */
    bench.terminal = terminal_start(bench.card, SOFTEUICC_COLD);
    ck_assert_uint_eq(ota_send(&bench, ota_packet(&next, "80CA00E000"), &response), 0x9000);
    ck_assert_uint_eq(ota_response(&next, buf_span(&response), &data), SCP80_OK);
    ck_assert_hex(buf_span(&data), "01 9000 E024 C00401018810 C00402018810 C00403018810"
                                   "C00401028810 C00402028810 C00403028810");
    /* It deletes the old one, not itself. */
    next.counter++;
    ota_send(&bench, ota_packet(&next, "80E4000003D20102"), &response);
    ota_response(&next, buf_span(&response), &data);
    ck_assert_hex(buf_span(&data), "01 6985");
    next.counter++;
    ota_send(&bench, ota_packet(&next, "80E4000003D20101"), &response);
    ota_response(&next, buf_span(&response), &data);
    ck_assert_hex(buf_span(&data), "01 9000");
    buf_free(&response);
    buf_free(&data);
    es10_close(&bench);
}
END_TEST

/* A set that replaces itself answers under the keys that the packet came with. */
START_TEST(a_key_set_replaces_itself)
{
    struct es10_bench bench;
    struct buf response = {0};
    struct buf data = {0};
    struct ota_sender next = sender;

    open_enabled(&bench);
    next.counter = 1000;
    ota_send(&bench, ota_packet(&next, put_key("01", "01", NEW_KEY, check_value())), &response);
    ck_assert_uint_eq(ota_response(&next, buf_span(&response), &data), SCP80_OK);
    ck_assert_hex(SPAN(data.data, 4), "02 9000 01");
    next.key = NEW_KEY;
    next.counter = 1; /* from the beginning */
    ota_send(&bench, ota_packet(&next, "80CA00E000"), &response);
    ck_assert_uint_eq(ota_response(&next, buf_span(&response), &data), SCP80_OK);
    ck_assert_hex(buf_span(&data), "01 9000 E012 C00401018810 C00402018810 C00403018810");
    buf_free(&response);
    buf_free(&data);
    es10_close(&bench);
}
END_TEST

TEST_MAIN("ota_domain", a_terminal_selects_domains_and_applications, no_aid_means_the_operator_s_domain,
          a_domain_tells_what_it_has, the_operator_lists_what_is_installed, long_lists_go_on,
          the_operator_locks_and_deletes, the_operator_changes_its_keys, a_key_set_replaces_itself)
