/*
 * Writes the seeds of tests/fuzz/corpus: a handful of small, well-formed inputs per target, from which the
 * fuzzers set out. Run it
 * ("make corpus") when a target's input format changes, and commit what it wrote; findings are added to the
 * same folders by hand.
 */
#include "tests/fuzz/make_corpus.h"
#include "apdu/tlv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const char *root;

bool corpus_write(const char *target, const char *name, struct span octets)
{
    char path[1024];
    FILE *file;
    bool done;

    snprintf(path, sizeof(path), "%s/%s", root, target);
    if (mkdir(path, 0755) != 0 && errno != EEXIST) {
        perror(path);
        return false;
    }
    snprintf(path, sizeof(path), "%s/%s/%s", root, target, name);
    file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        return false;
    }
    done = fwrite(octets.data, 1, octets.size, file) == octets.size;
    done = fclose(file) == 0 && done;
    if (!done)
        perror(path);
    return done;
}

bool corpus_write_hex(const char *target, const char *name, const char *text)
{
    struct buf octets = {0};
    bool done = buf_append_hex(&octets, text, NULL) && corpus_write(target, name, buf_span(&octets));

    buf_free(&octets);
    return done;
}

static bool make_tlv(void)
{
    struct buf out = {0};
    size_t list;
    size_t inner;
    bool done;

    list = tlv_open(&out, 0xBF2D);
    inner = tlv_open(&out, 0xA0);
    for (unsigned i = 0; i < 3; i++) {
        size_t profile = tlv_open(&out, 0xE3);

        tlv_put(&out, 0x5A, SPAN("\x98\x00\x10\x32\x54\x76\x98\x10\x32\xF4", 10));
        tlv_put_string(&out, 0x91, "an operator's name long enough to matter");
        tlv_put_unsigned(&out, 0x9F70, i);
        tlv_put_bits(&out, 0x99, (const uint8_t[]){0x60}, 3);
        tlv_close(&out, profile);
    }
    tlv_close(&out, inner);
    tlv_close(&out, list);
    done = corpus_write("tlv", "profiles", buf_span(&out));
    buf_free(&out);
    return done &&
           corpus_write_hex("tlv", "integers",
                            "02 01 00 02 02 00 80 02 01 FF 02 08 7FFFFFFFFFFFFFFF 0C 00") &&
           corpus_write_hex("tlv", "cut-off", "BF 36 82 10 00 BF 23 03 82 01 01") &&
           corpus_write_hex("tlv", "indefinite", "30 80 02 01 01 00 00") &&
           corpus_write_hex("tlv", "long-lengths", "04 81 80 04 83 00 00 01 04 84 00 00 00 01") &&
           corpus_write_hex("tlv", "long-tags", "1F 1E 00 BF 81 00 00 5F 37 00 BF 80 01 00 9F FF FF 7F 00");
}

/* The first octet is the size of the pieces, less one. */
static bool make_vpcd(void)
{
    return corpus_write_hex("vpcd", "power-and-atr", "FF 0001 01 0001 04 0001 00") &&
           corpus_write_hex("vpcd", "commands-octet-wise",
                            "00 0001 01 0005 0070000001 0007 00A40004023F00 0001 02") &&
           corpus_write_hex("vpcd", "empty-messages", "02 0000 0000 0001 04 0000") &&
           corpus_write_hex("vpcd", "cut-off", "03 0001 01 0010 00A4040410A000000559");
}

/* Two octets say how it is fed; see fuzz_http.c. */
static bool make_http(void)
{
#define FED "\x02\x01"
    return corpus_write("http", "length",
                        SPAN_STRING(FED "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                        "Content-Length: 2\r\n\r\n{}")) &&
           corpus_write("http", "chunks",
                        SPAN_STRING(FED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                                        "3\r\nabc\r\nA;b=c\r\n0123456789\r\n0\r\nTrailer: a\r\n\r\n")) &&
           corpus_write("http", "until-the-end",
                        SPAN_STRING(FED "HTTP/1.0 500 Internal Server Error\r\n\r\nwhat was wrong")) &&
           corpus_write("http", "interim",
                        SPAN_STRING(FED "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n"
                                        "Connection: close\r\n\r\n")) &&
           corpus_write("http", "behind-the-end",
                        SPAN_STRING(FED "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200")) &&
           corpus_write("http", "coding-and-length",
                        SPAN_STRING(FED "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Encoding: gzip\r\n"
                                        "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"));
#undef FED
}

/* The first octet is the function; see fuzz_ipae_json.c. */
static bool make_ipae_json(void)
{
#define DONE "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}"
    return corpus_write("ipae_json", "initiated",
                        SPAN_STRING("\x00" DONE ",\"transactionId\":\"0A0F\",\"serverSigned1\":\"MAA=\","
                                    "\"serverSignature1\":\"XzcBAQ==\","
                                    "\"euiccCiPKIdentifierToBeUsed\":\"BAEC\","
                                    "\"serverCertificate\":\"MAEA\",\"matchingId\":\"A-1\","
                                    "\"ctxParams1\":\"oAA=\"}")) &&
           corpus_write("ipae_json", "authenticated",
                        SPAN_STRING("\x01" DONE ",\"transactionId\":\"0A0F\",\"profileMetadata\":\"vyUA\","
                                    "\"smdpSigned2\":\"MAA=\",\"smdpSignature2\":\"XzcBAQ==\","
                                    "\"smdpCertificate\":\"MAEA\",\"hashCc\":\"BAEC\"}")) &&
           corpus_write("ipae_json", "an-event",
                        SPAN_STRING("\x01" DONE ",\"profileDownloadTrigger\":\"v1QA\"}")) &&
           corpus_write("ipae_json", "bound",
                        SPAN_STRING("\x02" DONE ",\"boundProfilePackage\":\"vzYA\"}")) &&
           corpus_write("ipae_json", "package",
                        SPAN_STRING("\x03" DONE ",\"euiccPackageRequest\":\"v1EA\"}")) &&
           corpus_write("ipae_json", "no-package", SPAN_STRING("\x03{\"eimPackageError\":1}")) &&
           corpus_write("ipae_json", "acknowledged",
                        SPAN_STRING("\x04" DONE ",\"eimAcknowledgements\":\"v1MDgAEF\"}")) &&
           corpus_write("ipae_json", "refused",
                        SPAN_STRING("\x05{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\","
                                    "\"statusCodeData\":{\"subjectCode\":\"8.1.1\",\"reasonCode\":\"3.9\","
                                    "\"message\":\"\\u00e9\\n\"}}}}")) &&
           corpus_write("ipae_json", "twice", SPAN_STRING("\x06" DONE ",\"header\":null}")) &&
           corpus_write("ipae_json", "deep",
                        SPAN_STRING("\x06{\"header\":[[[[[[[[{\"a\":[1e5,-0]}]]]]]]]]}"));
#undef DONE
}

/* The first octet says what follows; see fuzz_dns.c. */
static bool make_dns(void)
{
#define ASKED(counts, type) "1234 8180 0001" counts "03 65696D 07 6578616D706C65 00" type "0001"
    return corpus_write_hex("dns", "address",
                            "00" ASKED("0001 0000 0000", "0001") "C00C 0001 0001 0000003C 0004 C0000201") &&
           corpus_write_hex(
               "dns", "addresses-of-ipv6",
               "01" ASKED("0002 0000 0000",
                          "001C") "C00C 001C 0001 0000003C 0010 20010DB8000000000000000000000001"
                                  "C00C 001C 0001 0000003C 0010 20010DB8000000000000000000000002") &&
           corpus_write_hex("dns", "alias",
                            "00" ASKED("0002 0000 0000", "0001") "C00C 0005 0001 0000003C 0004 01 61 C010"
                                                                 "C029 0001 0001 0000003C 0004 C0000201") &&
           corpus_write_hex("dns", "no-name",
                            "00 1234 8183 0001 0000 0001 0000 03 65696D 07 6578616D706C65 00 0001 0001"
                            "C010 0006 0001 00000E10 0018 01 61 C010 C010"
                            "00000001 00000002 00000003 00000004 0000003C") &&
           corpus_write_hex("dns", "pointer-to-itself",
                            "00" ASKED("0001 0000 0000", "0001") "C01D 0001 0001 0000003C 0004 C0000201") &&
           corpus_write_hex("dns", "cache",
                            "02 3025 3014 0C0161 0A0102 020132 0404C0000201 0403C00002"
                            "300D 0C0162 0A0100 02050123456789") &&
           corpus_write_hex("dns", "cache-good",
                            "02 3034 3023 0C0161 0A0102 020132 0404C0000201"
                            "041020010DB8000000000000000000000001"
                            "300D 0C0162 0A0100 02050123456789");
#undef ASKED
}

/* The first octet says what follows; see fuzz_eim.c. */
static bool make_eim(void)
{
    static const char order[] =
        "\x04{\"eid\":\"89049032123451234512345678901235\",\"psmo\":[{\"enable\":{\"iccid\":"
        "\"8900112233445566778\",\"rollback\":true}},{\"configureImmediateEnable\":{\"smdpOid\":\"2.999.10\"}"
        "}]}";

    return corpus_write_hex("eim", "unsigned-error", "00 BF51 0F A20D 8008 322E3939392E3230 8F010F") &&
           corpus_write_hex("eim", "signed-error",
                            "00 BF51 54 A152 300F 8008 322E3939392E3230 810102 020104"
                            "5F3740 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF"
                            "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF") &&
           corpus_write_hex("eim", "data",
                            "05 BF52 1B A019 810461626364 BF2003820101 84012A A8048002 0260 A200") &&
           corpus_write_hex("eim", "data-error", "80 BF52 05 A103 020101") &&
           corpus_write_hex("eim", "no-download", "00 BF54 05 3003 800168") &&
           corpus_write_hex("eim", "refused", "00 A003 020101") &&
           corpus_write_hex("eim", "results",
                            "01 840100 830100 BF2D14 A012 E310 5A0A980011223344556677F8 9F700101") &&
           corpus_write_hex("eim", "results-rollback", "01 8C0100") &&
           corpus_write_hex("eim", "results-terminated", "01 840100 020102") &&
           corpus_write_hex("eim", "notification",
                            "02 BF37 2C BF2725 8001AA BF2F11 800101 81020780 0C03612E62 5A03980011"
                            "0603883701 A205 A103 800100 5F3701FF") &&
           corpus_write_hex("eim", "poll", "03 BF4F 17 5A10 89049032123451234512345678901235 8000 810101") &&
           corpus_write_hex("eim", "provide",
                            "03 BF50 17 5A10 89049032123451234512345678901235 A003 020102") &&
           corpus_write_hex("eim", "handle-notification", "03 BF3D 04 A002 3000") &&
           corpus_write("eim", "order", SPAN_STRING(order));
}

/* Answers to an IPA: see fuzz_ipa.c. */
static bool make_ipa(void)
{
    return corpus_write_hex("ipa", "nothing", "00 01 0003 020101") &&
           corpus_write_hex("ipa", "refused", "00 01 0003 020102") &&
           corpus_write_hex("ipa", "cut-off", "00 00 0005 BF4F030201") &&
           corpus_write_hex(
               "ipa", "data",
               "02 01 0010 BF52 0D 5C0B A081A2BF20BF228384A5A6 00 0005 BF50023000 01 0003 020101") &&
           corpus_write_hex(
               "ipa", "data-with-criteria",
               "00 01 0018 BF52 15 5C03 A0A2A8 A103 800101 A203 800102 8304 01020304 04 0003 800101") &&
           corpus_write_hex("ipa", "list-acknowledged", "00 02 0003 BF2D00 04 0003 800105 01 0003 020101") &&
           corpus_write_hex("ipa", "list-eims", "00 03 0002 AB00 00 0005 BF50023000") &&
           corpus_write_hex("ipa", "self-deletion",
                            "00 03 0013 A911 800F 65696D2E6578616D706C652E636F6D 04 0003 800105") &&
           corpus_write_hex("ipa", "immediate-enable", "00 02 0004 A7028000 00 0005 BF50023000") &&
           corpus_write_hex("ipa", "unknown-package", "00 01 0002 A000 00 0005 BF50023000") &&
           corpus_write_hex("ipa", "trigger-empty",
                            "02 01 0007 BF54048202ABCD 04 0004 80021234 04 0003 800105") &&
           corpus_write_hex(
               "ipa", "trigger-direct",
               "01 01 0015 BF54 12 A010 800E 31 24 612E6578616D706C65 24 62 24 04 0002 8000 05") &&
           corpus_write_hex("ipa", "trigger-sm-ds", "02 01 0007 BF5404A002A200 00 0008 BF3905A003810101") &&
           corpus_write_hex("ipa", "no-answer", "00 05 0000") &&
           corpus_write_hex("ipa", "injected-list", "08 02 0003 BF2D00 00") &&
           corpus_write_hex("ipa", "injected-rollback",
                            "08 02 0010 A30E 5A0A 988812010000000020F9 8100 01") &&
           corpus_write_hex("ipa", "injected-acknowledgements", "08 01 0006 BF5303 800101 00") &&
           corpus_write_hex("ipa", "injected-trigger", "0A 01 0007 BF54048202ABCD 00") &&
           corpus_write_hex("ipa", "state",
                            "04 0016 3014 5A10 89049032123451234512345678901235 A000 01 0003 020101");
}

#define ENABLE_OTHER "A30C 5A0A 988812010000000020F9"

/* What happens to a card with an IPAe: see fuzz_ipae.c. An answer is an octet with its delay, what it is, and
 * a piece. */
static bool make_ipae(void)
{
    return corpus_write_hex("ipae", "nothing", "01 0005 00 00 01 0003 020101") &&
           corpus_write_hex("ipae", "later", "01 0005 00 02 04 01 0002 00 01 0003 020101") &&
           corpus_write_hex("ipae", "reset-while-it-waits", "01 0005 00 20 0A 01 01 0005 00 00 05 0000") &&
           corpus_write_hex("ipae", "enable",
                            "01 0005 00 00 02 000E" ENABLE_OTHER "00 04 0003 800101 00 01 0003 020101") &&
           corpus_write_hex("ipae", "enable-with-refresh",
                            "02 00 00 02 000E" ENABLE_OTHER "04 05 06 00 0A 01 02 00 00 04 0003 800101"
                            "00 01 0003 020101") &&
           corpus_write_hex("ipae", "refresh-refused",
                            "02 00 00 02 000E" ENABLE_OTHER "04 05 06 32 00 00 04 0003 800101"
                            "00 01 0003 020101") &&
           corpus_write_hex("ipae", "rollback",
                            "01 0005 00 00 02 0010 A30E 5A0A 988812010000000020F9 0500 00 05 0000"
                            "01 0100 00 00 05 0000 01 0200 00 00 05 0000 01 0100 00 00 05 0000") &&
           corpus_write_hex("ipae", "trigger-direct",
                            "01 0005 00 00 01 0015 BF54 12 A010 800E 31 24 612E6578616D706C65 24 62 24"
                            "00 04 0002 8000 00 05 0000") &&
           corpus_write_hex("ipae", "lpa", "01 0005 07 00 01 0078 00 00 01 0003 020101") &&
           corpus_write_hex("ipae", "enable-by-lpa",
                            "01 0005 00 00 01 0003 020101 08 01 01 0400 00 00 01 0003 020101") &&
           corpus_write_hex("ipae", "enable-by-lpa-with-refresh",
                            "02 08 03 05 06 00 0A 01 01 0400 00 00 01 0003 020101") &&
           corpus_write_hex("ipae", "ipad", "03 01 01 0005 00 09 00 00 01 0003 020101") &&
           corpus_write_hex("ipae", "enable-and-reset",
                            "02 00 00 02 000E" ENABLE_OTHER "04 0A 00 02 00 00 04 0003 800101");
}

/* What a terminal does to a card with an IPAe: see fuzz_bip.c. Each FETCH (03) is answered well (04), an
 * IMEI, place and time behind it where they are asked for. */
#define KNOWN                                                                                                \
    "01 00 03 04 03 04 000A 1408 1A32547698103254 03 04 0005 1303 62F210 03 04 0009 2607 321141223102FF"
static bool make_bip(void)
{
    return corpus_write_hex("bip", "known", KNOWN) &&
           corpus_write_hex("bip", "channel", KNOWN " 03 04 01 0400 03 04 07 01 10 03 04 0004 01020304 0C") &&
           corpus_write_hex("bip", "dropped",
                            KNOWN " 03 04 01 05DC 03 04 07 01 04 08 01 03 04 0004 01020304 00") &&
           corpus_write_hex("bip", "refuses",
                            "01 00 03 05 30 0000 03 05 30 0000 03 05 20 0000 02 03 06 0000") &&
           corpus_write_hex("bip", "events",
                            KNOWN " 09 03 0003 1B0102 09 12 0000 09 00 0001 FF 0A 02 0A 01") &&
           corpus_write_hex("bip", "without-events",
                            KNOWN " 03 04 01 0400 03 04 00 0020 02 00 0020 02 03 05 3A 0000") &&
           corpus_write_hex("bip", "lpa", "01 00 03 04 0B 02 00 0100 02 03 04 0000");
}

#define SIXTEEN "61616161616161616161616161616161"

static bool make_network_script(void)
{
    return corpus_write("network_script", "preset", SPAN_STRING("preset nbiot\nloss 2%\n")) &&
           corpus_write("network_script", "cells",
                        SPAN_STRING("preset lan\nmtu 1358 # octets\n"
                                    "cell home 001-01 nbiot area 0x10 id 7 to 2d\n"
                                    "  latency 100ms..1.5s\n  up 62.5kbit/s\n  down unlimited\n"
                                    "cell abroad 310-410 ltem from 2d\n  loss 0.5%\n  search 5s\n"
                                    "outage home every 24h for 10m from 1h\n"
                                    "outage home,abroad from 10d for 1s\n"
                                    "admit imsi 00101 on home\nreject all cause 11 from 1h to 2h\n"
                                    "reject iccid 8988211000000000025 cause 8\nretry 10m\n")) &&
           corpus_write("network_script", "hosts",
                        SPAN_STRING("preset lan\nresolver 2001:db8::53\nttl 5m\n"
                                    "host eim.example 192.0.2.1 2001:db8::1\n"
                                    "route 192.0.2.1:443 127.0.0.1:8443\nroute [::2]:1 [::1]:2\n"
                                    "sms 4004 every 1h to 1d\nsms imsi 00101 00 at 1s\n"
                                    "dns servfail to 1m\ndns wrong-id\n")) &&
           corpus_write("network_script", "wrong", SPAN_STRING("preset lan\noutage test at 5s\n"));
}

#define EXECUTED "{\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}"

/* The first octet says what follows; see fuzz_esipa_json.c. */
static bool make_esipa_json(void)
{
    return corpus_write(
               "esipa_json", "poll",
               SPAN_STRING("\x06{\"eidValue\":\"89049032123451234512345678901235\","
                           "\"notifyStateChange\":true,\"stateChangeCause\":3,\"rPLMN\":\"YvIQ\"}")) &&
           corpus_write("esipa_json", "result", SPAN_STRING("\x07{\"eimPackageResult\":\"oAMCAQE=\"}")) &&
           corpus_write(
               "esipa_json", "cancel",
               SPAN_STRING("\x03{\"transactionId\":\"A1\",\"cancelSessionResponse\":\"v0EDgQEF\"}")) &&
           corpus_write("esipa_json", "initiated",
                        SPAN_STRING("\x08" EXECUTED
                                    ",\"serverSigned1\":\"MAA=\",\"serverSignature1\":\"XzcBqg==\","
                                    "\"euiccCiPKIdentifierToBeUsed\":\"BAG7\",\"serverCertificate\":"
                                    "\"MAIFAA==\",\"matchingId\":\"A\",\"ctxParams1\":\"oAKAAA==\"}")) &&
           corpus_write("esipa_json", "no-package", SPAN_STRING("\x0E" EXECUTED ",\"eimPackageError\":0}")) &&
           corpus_write("esipa_json", "transferred",
                        SPAN_STRING("\x0D" EXECUTED ",\"ePRAndNotifications\":{\"euiccPackageResult\":"
                                    "\"v1EA\",\"notificationList\":\"oAIwAA==\"}}")) &&
           corpus_write(
               "esipa_json", "refused",
               SPAN_STRING("\x0F{\"header\":{\"functionExecutionStatus\":{\"status\":\"Failed\","
                           "\"statusCodeData\":{\"subjectCode\":\"8.1.1\",\"reasonCode\":\"3.9\"}}}}")) &&
           corpus_write_hex("esipa_json", "poll-asn1",
                            "10 BF4F 1C 5A10 89049032123451234512345678901235 8000 810103 820362F210") &&
           corpus_write_hex("esipa_json", "notification-asn1", "10 BF3D 05 A003BF3700") &&
           corpus_write_hex("esipa_json", "authenticated-asn1",
                            "19 BF3B 13 A011 8001A1 BF2500 3000 5F3700 30020500 0400") &&
           corpus_write_hex("esipa_json", "found-asn1", "19 BF3B 0A A108 8001A1 BF5402A000") &&
           corpus_write_hex("esipa_json", "error-asn1", "1A BF3A 03 81015F");
}

/* A server's steps: see fuzz_coap.c. 08 in the first octet is a payload of 40 octets in blocks of 16. */
static bool make_coap(void)
{
    return corpus_write_hex("coap", "answer", "06 10 03 44 0003 FF 6869") &&
           corpus_write_hex("coap", "separate", "06 10 06 84 44 0003 FF 6869 04 44 0000") &&
           corpus_write_hex("coap", "not-confirmable", "06 10 06 05 44 0003 FF 6869") &&
           corpus_write_hex("coap", "refused", "06 10 03 84 0004 FF 6E6F0A") &&
           corpus_write_hex("coap", "no-answer", "06 10 01 01 02 FF 01 01 01") &&
           corpus_write_hex("coap", "strange",
                            "06 10 00 0004 40000001 00 0004 70001234 00 0006 424400014141") &&
           corpus_write_hex("coap", "critical", "06 10 03 44 0002 9100") &&
           corpus_write_hex("coap", "payload-in-blocks",
                            "08 10 03 5F 0003 D10E08 83 5F 0003 D10E18 03 44 0003 D10E20") &&
           corpus_write_hex("coap", "smaller-blocks", "11 10 03 5F 0003 D10E08 03 5F 0003 D10E28") &&
           corpus_write_hex("coap", "too-large", "09 10 03 8D 0003 D10E08 03 5F 0003 D10E08") &&
           corpus_write_hex("coap", "incomplete", "08 10 03 5F 0003 D10E08 03 88 0000 03 88 0000") &&
           corpus_write_hex("coap", "answer-in-blocks",
                            "06 10 03 44 0016 4101 D10608 FF" SIXTEEN "04 44 0016 4101 D10618 FF" SIXTEEN
                            "07 44 0000 03 44 0007 4101 D10620 FF 62") &&
           corpus_write_hex("coap", "answer-that-changes",
                            "06 10 03 44 0016 4101 D10608 FF" SIXTEEN "03 44 0016 4102 D10618 FF" SIXTEEN) &&
           corpus_write_hex("coap", "answer-too-long", "06 01 03 44 0016 D10A08 5141 FF" SIXTEEN);
}

/* What a card answers a modem, see fuzz_modem.c: six times nothing until STATUS announces a command. */
static bool make_modem(void)
{
#define STARTED                   "0000 000000000000000000000000 0002 9120"
#define MORE                      "0002 9120"
#define PADDING                   "0000 0000 0000 0000 0000 0000 0000 0000"
#define HEAD(type, qualifier, to) "810301" type qualifier "820281" to
    return corpus_write_hex("modem", "more-time",
                            STARTED "000D D009" HEAD("02", "00", "82") "9000" MORE PADDING) &&
           corpus_write_hex("modem", "refresh",
                            STARTED "000D D009" HEAD("01", "09", "82") "9000 0002 9000" PADDING) &&
           corpus_write_hex("modem", "timer-and-events",
                            STARTED
                            "0015 D011" HEAD("27", "00", "82") "240101 2503000010 9000" MORE "0014 D010" HEAD(
                                "05", "00", "82") "9905 03090A0B12 9000" MORE PADDING) &&
           corpus_write_hex("modem", "channel",
                            STARTED "0020 D01C" HEAD("40", "00", "82") "350103 39020578 3C030201BB"
                                                                       "3E0521C0000201 9000" MORE PADDING) &&
           corpus_write_hex("modem", "no-command", STARTED "0006 D0028103 9000" MORE PADDING);
#undef HEAD
#undef PADDING
#undef MORE
#undef STARTED
}

/* Steps of fuzz_at.c: 01 and a piece is a command line, 00 one octets as they are; the card's answers come
 * between them. */
static bool make_at(void)
{
    static const struct {
        const char *name, *head;
        const char *lines[4], *answers[4];
    } seeds[] = {
        {"apdus",
         "0000",
         {"+CSIM=10,\"00B2000000\"", "+CSIM=8,\"80F20000\"", "+CLAC", "&FI"},
         {"0004 0102 9000", "0002 6110 0003 AA 9000", "", ""}},
        {"sessions",
         "0100",
         {"+CCHO=\"A0000005591010FFFFFFFF8900000100\"", "+CGLA=1,10,\"80F2000000\"", "+CCHC=1", "+CCHC=1"},
         {"0003 019000 0002 6110 0003 AA9000", "0002 9000", "0002 9000", ""}},
        {"long-sessions",
         "0402",
         {"+CCHO=\"A000\"", "+CGLA=000000000385a7c1,10,\"80F2000000\"", "+CCHC=\"385a7c1\"", "!ICCID?"},
         {"0003 019000 0002 9000", "0002 9000", "0002 9000", ""}},
        {"files",
         "0000",
         {"+CRSM=176,12258,0,0,10", "+CUAD", "+CIMI;+CCID", "+CRSM=214,28423,0,0,1,\"00\",\"7FFF\""},
         {"0000 0000 0000 0000 0004 0102 9000", "0002 9000 0004 0102 9000 0002 6A83", "", "0000 0000 0000"}},
        {"pins",
         "0700",
         {"+CPIN?", "+CPIN=\"1234\"", "+CLCK=\"SC\",2", "+CPWD=\"P2\",\"1234\",\"4321\""},
         {"0000 0000 0002 6982 0002 63C3", "0000 0000 0002 6982 0002 6983",
          "0000 000E 620A C608 900180 830101 830181 9000", "0000 0000 0002 63C1"}},
        {"network",
         "0501",
         {"+CREG=1;+CEREG=3;+CREG?", "+COPS?;+COPS=2", "+CFUN=0;+CFUN=1", "+CGATT?;+CSQ"},
         {"03 04", "03 0B 02", "", "02"}},
    };
    bool is_done = corpus_write_hex("at", "octets",
                                    "0000 00 001A 4154453153333D3130563051310A 41540A 412F 61740D 0008 7F") &&
                   corpus_write_hex("at", "started-by-a-card", "0101 0000 0000 0002 6F00 01 0005 2B43494D49");
    struct buf seed = {0};

    for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]) && is_done; i++) {
        buf_clear(&seed);
        is_done = buf_append_hex(&seed, seeds[i].head, NULL);
        for (size_t line = 0; line < 4 && is_done; line++) {
            buf_append_octet(&seed, 1);
            buf_append_number(&seed, 2, strlen(seeds[i].lines[line]));
            buf_append(&seed, span_of_string(seeds[i].lines[line]));
            is_done = buf_append_hex(&seed, seeds[i].answers[line], NULL);
        }
        is_done = is_done && corpus_write("at", seeds[i].name, buf_span(&seed));
    }
    buf_free(&seed);
    return is_done;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_corpus tests/fuzz/corpus\n");
        return 2;
    }
    root = argv[1];
    return make_tlv() && make_vpcd() && make_http() && make_dns() && make_ipae_json() &&
                   make_network_script() && make_coap() && make_esipa_json() && make_eim() && make_ipa() &&
                   make_bip() && make_ipae() && make_modem() && make_at() && corpus_make_card_targets()
               ? 0
               : 1;
}
