/* device/at: what is odd about the modems of the field. */
#include "apdu/proactive.h"
#include "tests/device/at/at_bench.h"
#include "tests/support/test.h"

#include <string.h>

#define ISD_R AT_BENCH_ISD_R
#define ICCID "89490000000000000001"

static struct at_bench bench;

/* A fake card that opens channel 2 and has 61xx for what is on it. */
static void open_model(const char *model)
{
    at_bench_fake(&bench, model);
    at_bench_override(&bench, "0070", "029000");
    at_bench_override(&bench, "82E2", "6102");
    at_bench_override(&bench, "02C0", "BEEF9000");
}

#define ck_assert_says(command, expected) ck_assert_at(&bench, (command), (expected))

START_TEST(models_are_found_by_name)
{
    struct at_model_name name;
    size_t count = 0;

    while (at_model_name(count, &name)) {
        ck_assert_ptr_nonnull(at_model_find(name.name));
        ck_assert_uint_gt(strlen(name.summary), 0);
        count++;
    }
    ck_assert_uint_eq(count, 9);
    ck_assert_ptr_null(at_model_find("quectel"));
    ck_assert_ptr_null(at_model_find(""));
}
END_TEST

START_TEST(generic)
{
    open_model("generic");
    ck_assert_says("AT+CMEE?", "+CMEE: 0|OK");
    ck_assert_says("AT+CCHO=\"" ISD_R "\"", "+CCHO: 2|OK");
    ck_assert_says("AT+CGLA=2,10,\"80E2910000\"", "+CGLA: 4,\"6102\"|OK");
    ck_assert_says("AT+CCHC=2", "OK");
    ck_assert_says("AT+CFUN=1,1", "OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(quectel_eg25)
{
    open_model("quectel-eg25");
    ck_assert_says("AT+CGMI;+CMEE?", "Quectel|+CMEE: 1|OK");
    ck_assert_says("AT+CCHO=?;+CGLA=?", "OK");
    ck_assert_says("AT+CCHO=\"" ISD_R "\"", "+CCHO: 2|OK");
    ck_assert_says("AT+CGLA=2,10,\"80E2910000\"", "+CGLA: 8,\"BEEF9000\"|OK");
    ck_assert_says("AT+CGLA=3,10,\"80E2910000\"", "ERROR");
    ck_assert_says("AT+CGLA=2,9,\"80E2910000\"", "ERROR");
    ck_assert_says("AT+CCHO=\"00112233445566778899AABBCCDDEEFF00\"", "ERROR");
    ck_assert_says("AT+CSIM=9,\"80E2910000\"", "+CME ERROR: 50");
    ck_assert_says("AT+CCHC=2", "+CCHC|OK");
    ck_assert_says("AT+CCHC=2", "ERROR");
    ck_assert_says("AT+QCCID", "+QCCID: " ICCID "|OK");
    ck_assert_says("AT+CCID", "ERROR");
    ck_assert_says("AT+CFUN=1,1", "OK|RDY|+QUSIM: 1");
    at_bench_free(&bench);
}
END_TEST

/* A card that is reset tells so; a modem that goes off says nothing. */
START_TEST(quectel_eg25_tells_of_its_card)
{
    open_model("quectel-eg25");
    fake_card_command(&bench.fake, PROACTIVE_REFRESH, PROACTIVE_REFRESH_UICC_RESET, 0x82, "");
    at_bench_pass(&bench, 30000);
    ck_assert_str_eq(at_bench_heard(&bench), "+QUSIM: 1");
    ck_assert_says("AT+CFUN=0", "OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(quectel_em05)
{
    open_model("quectel-em05");
    ck_assert_says("AT+CCHO=?", "ERROR");
    ck_assert_says("AT+CCHC=?", "ERROR");
    ck_assert_says("AT+CGLA=?", "ERROR");
    ck_assert_says("AT+CSIM=?", "OK");
    ck_assert_says("AT+CCHO=\"" ISD_R "\"", "+CCHO: 2|OK");
    ck_assert_says("AT+CGLA=2,10,\"80E2910000\"", "+CGLA: 8,\"BEEF9000\"|OK");
    ck_assert_says("AT+CCHC=2", "OK");
    ck_assert_says("AT+CCHC=2", "+CME ERROR: 22");
    at_bench_free(&bench);
}
END_TEST

START_TEST(fibocom_fm350)
{
    open_model("fibocom-fm350");
    ck_assert_says("AT+CCHO=\"" ISD_R "\"", "2|OK");
    ck_assert_says("AT+CCHC=2", "OK");
    ck_assert_says("AT+ICCID", "+ICCID: " ICCID "|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(sierra_mc7455)
{
    open_model("sierra-mc7455");
    ck_assert_says("AT+CCHO=\"" ISD_R "\"", "+CCHO: 000000000385a7c2|OK");
    ck_assert_says("AT+CGLA=000000000385A7C2,10,\"80E2910000\"", "+CGLA: 8,\"BEEF9000\"|OK");
    ck_assert_says("AT+CGLA=2,10,\"80E2910000\"", "+CME ERROR: not found");
    ck_assert_says("AT+CCHC=0x385a7c2", "+CME ERROR: not found");
    ck_assert_says("AT+CCHC=\" 385a7c2\"", "+CME ERROR: not found");
    ck_assert_says("AT+CCHC=\"385a7c2\"", "OK");
    ck_assert_says("AT+CCHC=000000000385a7c2", "+CME ERROR: not found");
    ck_assert_says("AT+CCHC=000000000385a7c0", "+CME ERROR: not found");
    ck_assert_says("AT!ICCID?", "!ICCID: " ICCID "|OK");
    at_bench_free(&bench);
}
END_TEST

START_TEST(simcom_a7670)
{
    open_model("simcom-a7670");
    ck_assert_says("AT+CICCID", "+ICCID: " ICCID "|OK");
    ck_assert_says("AT+CCHO=\"" ISD_R "\"", "+CCHO: 2|OK");
    ck_assert_says("AT+CGLA=2,10,\"80E2910000\"", "+CGLA: 4,\"6102\"|OK");
    ck_assert_says("AT+CFUN=1,1", "OK|RDY|+CPIN: READY|SMS DONE|PB DONE");
    at_bench_free(&bench);
}
END_TEST

START_TEST(alcatel_ik41)
{
    open_model("alcatel-ik41");
    ck_assert_says("AT+CCHO=?", "ERROR");
    ck_assert_says("AT+CCHO=\"" ISD_R "\"", "ERROR");
    ck_assert_says("AT+CGLA=2,10,\"80E2910000\"", "ERROR");
    ck_assert_says("AT+CCHC=2", "ERROR");
    ck_assert_says("AT+CSIM=10,\"0070000001\"", "+CSIM: 6,\"029000\"|OK");
    ck_assert_ptr_null(strstr(at_bench_say(&bench, "AT+CLAC"), "+CCHO"));
    at_bench_free(&bench);
}
END_TEST

START_TEST(nordic_nrf91)
{
    open_model("nordic-nrf91");
    ck_assert_says("AT+CPIN?", "+CPIN: \"READY\"|OK");
    ck_assert_says("AT%XICCID", "%XICCID: " ICCID "|OK");
    bench.fake.iccid = "989400000000000000F0";
    ck_assert_says("AT+CFUN=1,1;%XICCID", "%XICCID: 8949000000000000000F|OK");
    bench.fake.iccid = "9894000000000000F0FF";
    ck_assert_says("AT+CFUN=1,1;%XICCID", "ERROR");
    at_bench_free(&bench);
}
END_TEST

TEST_MAIN("at_models", models_are_found_by_name, generic, quectel_eg25, quectel_eg25_tells_of_its_card,
          quectel_em05, fibocom_fm350, sierra_mc7455, simcom_a7670, alcatel_ik41, nordic_nrf91)
