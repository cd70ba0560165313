/*
 * profiles/saip*.c: every rule of the profile package broken once, on a package that is otherwise good; each
 * fault must be told with its result code, the element's identification and the place.
 */
#include "apdu/tlv.h"
#include "profiles/saip/saip.h"
#include "tests/support/edit.h"
#include "tests/support/profile.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#define PATH(...) ((const uint32_t[]){__VA_ARGS__, 0})

enum operation { SET, REMOVE, APPEND };

struct fault {
    const char *what;
    enum operation operation;
    const uint32_t *path;
    const char *octets; /* hexadecimal: of the value, or of the object to append */
    enum saip_result result;
    uint32_t element;   /* where it is told; 0: as in path */
    const uint32_t *at; /* the object that holds the place; NULL: path, or what holds the object removed */
};

static const struct fault header_faults[] = {
    {"no major version", REMOVE, PATH(0xA0, 0x80), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"version 1", SET, PATH(0xA0, 0x80), "01", SAIP_UNSUPPORTED_PROFILE_VERSION, 0, NULL},
    {"version 4", SET, PATH(0xA0, 0x80), "04", SAIP_UNSUPPORTED_PROFILE_VERSION, 0, NULL},
    {"version 256", SET, PATH(0xA0, 0x80), "0100", SAIP_BAD_VALUES, 0, NULL},
    {"negative version", SET, PATH(0xA0, 0x80), "FE", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"version without octets", SET, PATH(0xA0, 0x80), "", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"minor version missing", REMOVE, PATH(0xA0, 0x81), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"empty profile type", SET, PATH(0xA0, 0x82), "", SAIP_BAD_VALUES, 0, NULL},
    {"ICCID missing", REMOVE, PATH(0xA0, 0x83), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"ICCID of 9 octets", SET, PATH(0xA0, 0x83), "890011223344556677", SAIP_BAD_VALUES, 0, NULL},
    {"ICCID with a letter", SET, PATH(0xA0, 0x83), "89001A2233445566778F", SAIP_BAD_VALUES, 0, NULL},
    {"ICCID with a gap", SET, PATH(0xA0, 0x83), "890011223344556677F8", SAIP_BAD_VALUES, 0, NULL},
    {"ICCID of 17 digits", SET, PATH(0xA0, 0x83), "89001122334455667FFF", SAIP_BAD_VALUES, 0, NULL},
    {"services missing", REMOVE, PATH(0xA0, 0xA5), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"services out of order", SET, PATH(0xA0, 0xA5), "8200 8100", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"service with a value", SET, PATH(0xA0, 0xA5), "810100", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"service of another class", SET, PATH(0xA0, 0xA5), "0500", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"cave", SET, PATH(0xA0, 0xA5), "8600", SAIP_FEATURE_NOT_SUPPORTED, 0, NULL},
    {"eap", SET, PATH(0xA0, 0xA5), "8A00", SAIP_FEATURE_NOT_SUPPORTED, 0, NULL},
    {"multos", SET, PATH(0xA0, 0xA5), "8C00", SAIP_RUNTIME_NOT_SUPPORTED, 0, NULL},
    {"SUCI calculator for applets", SET, PATH(0xA0, 0xA5), "9800", SAIP_LIB_NOT_SUPPORTED, 0, NULL},
    {"a service of the future", SET, PATH(0xA0, 0xA5), "9F1F00", SAIP_FEATURE_NOT_SUPPORTED, 0, NULL},
    {"template list missing", REMOVE, PATH(0xA0, 0xA6), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"unknown template", APPEND, PATH(0xA0, 0xA6), "0606 67810F010220", SAIP_TEMPLATE_NOT_SUPPORTED, 0, NULL},
    {"template version 9", APPEND, PATH(0xA0, 0xA6), "0607 67810F01020409", SAIP_TEMPLATE_NOT_SUPPORTED, 0,
     NULL},
    {"template version 1 written out", APPEND, PATH(0xA0, 0xA6), "0607 67810F01020401",
     SAIP_TEMPLATE_NOT_SUPPORTED, 0, NULL},
    {"number in the template list", APPEND, PATH(0xA0, 0xA6), "020101", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"application that must be there", APPEND, PATH(0xA0), "A80D 300B 8005A000000001 81020100",
     SAIP_LIB_NOT_SUPPORTED, 0, NULL},
    {"application without version", APPEND, PATH(0xA0), "A809 3007 8005A000000001",
     SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"short IoT PIX", APPEND, PATH(0xA0), "A905 8003010203", SAIP_BAD_VALUES, 0, NULL},
    {"ICCID twice", APPEND, PATH(0xA0), "830A 8900112233445566778F", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"garbage after the members", APPEND, PATH(0xA0), "9F", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
};

/* Members of PE-USIM: A2 ADF, A3 EF IMSI, A8 EF UST; of PE-MF: A5 EF DIR; of PE-TELECOM: A2 the DF, A3 EF
 * ARR. */
static const struct fault file_faults[] = {
    {"no element header", REMOVE, PATH(0xB3, 0xA0), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"no identification", REMOVE, PATH(0xB3, 0xA0, 0x81), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"identification above 15 bits", SET, PATH(0xB3, 0xA0, 0x81), "008000", SAIP_INVALID_REQUEST_FORMAT, 0,
     PATH(0xB3, 0xA0)},
    {"mandated with a value", SET, PATH(0xB3, 0xA0, 0x80), "00", SAIP_INVALID_REQUEST_FORMAT, 0,
     PATH(0xB3, 0xA0)},
    {"identification used twice", SET, PATH(0xB3, 0xA0, 0x81), "01", SAIP_BAD_VALUES, 0, NULL},
    {"no template", REMOVE, PATH(0xB3, 0x81), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"unknown template", SET, PATH(0xB3, 0x81), "67810F010263", SAIP_TEMPLATE_NOT_SUPPORTED, 0, NULL},
    {"another element's template", SET, PATH(0xB3, 0x81), "67810F010205", SAIP_BAD_VALUES, 0, NULL},
    {"EF IMSI missing", REMOVE, PATH(0xB3, 0xA3), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"file of no template", APPEND, PATH(0xB3), "BF7F00", SAIP_BAD_VALUES, 0, NULL},
    {"file of a later template version", APPEND, PATH(0xB4), "BF4C00", SAIP_BAD_VALUES, 0, NULL},
    {"file twice", APPEND, PATH(0xB3), "A300", SAIP_BAD_VALUES, 0, NULL},
    {"cut off file", APPEND, PATH(0xB3), "BF7F", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"unknown file command", APPEND, PATH(0xB3, 0xA3), "8400", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"doNotCreate with content", SET, PATH(0xB3, 0xA3), "8000 830100", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"doNotCreate where nothing is by default", SET, PATH(0xB2, 0xA3), "8000", SAIP_BAD_VALUES, 0, NULL},
    {"FCP after the content", SET, PATH(0xB3, 0xA3), "830100 A100", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"content longer than the file", SET, PATH(0xB3, 0xA3), "830A 00010203040506070809", SAIP_BAD_VALUES, 0,
     NULL},
    {"offset behind the file", SET, PATH(0xB3, 0xA3), "82010A", SAIP_BAD_VALUES, 0, NULL},
    {"offset and content behind the file", SET, PATH(0xB3, 0xA3), "820108 83020102", SAIP_BAD_VALUES, 0,
     NULL},
    {"negative offset", SET, PATH(0xB3, 0xA3), "8201FF", SAIP_BAD_VALUES, 0, NULL},
    {"offset above 16 bits", SET, PATH(0xB3, 0xA3), "8203010000", SAIP_BAD_VALUES, 0, NULL},
    {"no kind of file", SET, PATH(0xB3, 0xA8, 0xA1), "82024021 800111", SAIP_BAD_VALUES, 0, NULL},
    {"another kind than the template's", SET, PATH(0xB3, 0xA8, 0xA1), "820442210011 800111", SAIP_BAD_VALUES,
     0, NULL},
    {"descriptor of 3 octets", SET, PATH(0xB3, 0xA8, 0xA1), "8203412100 800111", SAIP_BAD_VALUES, 0, NULL},
    {"descriptor of 5 octets", SET, PATH(0xB3, 0xA8, 0xA1), "82054121001100 800111", SAIP_BAD_VALUES, 0,
     NULL},
    {"another identifier", SET, PATH(0xB3, 0xA8, 0xA1), "83026F39 800111", SAIP_BAD_VALUES, 0, NULL},
    {"identifier outside the family", SET, PATH(0xB2, 0xB8, 0xA1), "82044221001E 83024F60 80011E",
     SAIP_BAD_VALUES, 0, NULL},
    {"short identifier 31", SET, PATH(0xB3, 0xA8, 0xA1), "800111 8801F8", SAIP_BAD_VALUES, 0, NULL},
    {"short identifier not shifted", SET, PATH(0xB3, 0xA8, 0xA1), "800111 88010C", SAIP_BAD_VALUES, 0, NULL},
    {"access rule of 2 octets", SET, PATH(0xB3, 0xA8, 0xA1), "8B022F06 800111", SAIP_BAD_VALUES, 0, NULL},
    {"access rule of 4 octets", SET, PATH(0xB3, 0xA8, 0xA1), "8B042F060101 800111", SAIP_BAD_VALUES, 0, NULL},
    {"life cycle 10", SET, PATH(0xB3, 0xA8, 0xA1), "8A0110 800111", SAIP_BAD_VALUES, 0, NULL},
    {"size zero", SET, PATH(0xB3, 0xA8, 0xA1), "800100", SAIP_BAD_VALUES, 0, PATH(0xB3, 0xA8)},
    {"size of 5 octets", SET, PATH(0xB3, 0xA8, 0xA1), "80050000000011", SAIP_BAD_VALUES, 0, NULL},
    {"members out of order", SET, PATH(0xB3, 0xA8, 0xA1), "800111 82024121", SAIP_INVALID_REQUEST_FORMAT, 0,
     NULL},
    {"fill and repeat pattern", SET, PATH(0xB3, 0xA8, 0xA1), "800111 A506 C10100 C20100", SAIP_BAD_VALUES, 0,
     NULL},
    {"empty fill pattern", SET, PATH(0xB3, 0xA8, 0xA1), "800111 A502 C100", SAIP_BAD_VALUES, 0, NULL},
    {"maximum size of a transparent file", SET, PATH(0xB3, 0xA8, 0xA1), "800111 A503 860120", SAIP_BAD_VALUES,
     0, NULL},
    {"PIN status of an EF", SET, PATH(0xB3, 0xA8, 0xA1), "800111 C60101", SAIP_BAD_VALUES, 0,
     PATH(0xB3, 0xA8)},
    {"name of an EF", SET, PATH(0xB3, 0xA8, 0xA1), "8405A000000087 800111", SAIP_BAD_VALUES, 0,
     PATH(0xB3, 0xA8)},
    {"no size anywhere", SET, PATH(0xB0, 0xA5), "830100", SAIP_BAD_VALUES, 0, NULL},
    {"records without size", SET, PATH(0xB0, 0xA5, 0xA1, 0x82), "42210000", SAIP_BAD_VALUES, 0,
     PATH(0xB0, 0xA5)},
    {"records of 256 octets", SET, PATH(0xB0, 0xA5, 0xA1), "820442210100 80020100", SAIP_BAD_VALUES, 0,
     PATH(0xB0, 0xA5)},
    {"descriptor without record size", SET, PATH(0xB0, 0xA5, 0xA1, 0x82), "4221", SAIP_BAD_VALUES, 0, NULL},
    {"size not a number of records", SET, PATH(0xB0, 0xA5, 0xA1, 0x80), "67", SAIP_BAD_VALUES, 0,
     PATH(0xB0, 0xA5)},
    {"255 records", SET, PATH(0xB0, 0xA5, 0xA1), "820442210001 8001FF", SAIP_BAD_VALUES, 0, PATH(0xB0, 0xA5)},
    {"another ICCID than the header's", SET, PATH(0xB0, 0xA4, 0x83), "98001122334455667788", SAIP_BAD_VALUES,
     0, PATH(0xB0, 0xA4)},
    {"directory without PIN status", SET, PATH(0xB2, 0xA2, 0xA1), "", SAIP_BAD_VALUES, 0, PATH(0xB2, 0xA2)},
    {"directory without FCP", SET, PATH(0xB2, 0xA2), "", SAIP_BAD_VALUES, 0, NULL},
    {"directory with content", APPEND, PATH(0xB2, 0xA2), "830100", SAIP_BAD_VALUES, 0, NULL},
    {"directory with a size", SET, PATH(0xB2, 0xA2, 0xA1), "800105 C60101", SAIP_BAD_VALUES, 0,
     PATH(0xB2, 0xA2)},
    {"directory with a name", SET, PATH(0xB2, 0xA2, 0xA1), "8405A000000087 C60101", SAIP_BAD_VALUES, 0, NULL},
    {"PIN status of code 09", SET, PATH(0xB2, 0xA2, 0xA1, 0xC6), "09", SAIP_BAD_VALUES, 0, NULL},
    {"PIN status of code 8F", SET, PATH(0xB2, 0xA2, 0xA1, 0xC6), "8F", SAIP_BAD_VALUES, 0, NULL},
    {"local PIN that is nowhere", SET, PATH(0xB2, 0xA2, 0xA1, 0xC6), "01820A", SAIP_PIN_CODE_MISSING, 0,
     NULL},
    {"global PIN that is nowhere", SET, PATH(0xB3, 0xA2, 0xA1, 0xC6), "02", SAIP_PIN_CODE_MISSING, 0, NULL},
    {"ADF without name", SET, PATH(0xB3, 0xA2, 0xA1), "83027FF1 C60101", SAIP_BAD_VALUES, 0,
     PATH(0xB3, 0xA2)},
    {"ADF without identifier", REMOVE, PATH(0xB3, 0xA2, 0xA1, 0x83), NULL, SAIP_BAD_VALUES, 0,
     PATH(0xB3, 0xA2)},
    {"ADF with a name of 4 octets", SET, PATH(0xB3, 0xA2, 0xA1, 0x84), "A0000000", SAIP_BAD_VALUES, 0, NULL},
    {"ADFs with one identifier", SET, PATH(0xB5, 0xA2, 0xA1, 0x83), "7FF1", SAIP_INVALID_PARAMETER, 0,
     PATH(0xB5, 0xA2)},
    {"ADFs with one name", SET, PATH(0xB5, 0xA2, 0xA1, 0x84), "A0000000871002FFFFFFFF8907090000",
     SAIP_INVALID_PARAMETER, 0, PATH(0xB5, 0xA2)},
    {"ADF not created", SET, PATH(0xB3, 0xA2), "8000", SAIP_INVALID_PARAMETER, 0, PATH(0xB3)},
    {"file in a directory not created", REMOVE, PATH(0xB2, 0xAF), NULL, SAIP_INVALID_PARAMETER, 0,
     PATH(0xB2)},
    {"empty link to a file without size", SET, PATH(0xB0, 0xA5, 0xA1), "C700", SAIP_BAD_VALUES, 0,
     PATH(0xB0, 0xA5)},
    {"link to nowhere", SET, PATH(0xB4, 0xA5), "A106 C7047F106FFF", SAIP_INVALID_PARAMETER, 0, NULL},
    {"link to half a file", SET, PATH(0xB4, 0xA5), "A105 C7037F106F", SAIP_INVALID_PARAMETER, 0, NULL},
    {"link to a directory", SET, PATH(0xB4, 0xA5), "A104 C7027F10", SAIP_INVALID_PARAMETER, 0, NULL},
    {"link with a size", SET, PATH(0xB4, 0xA5), "A107 800108 C7022F05", SAIP_BAD_VALUES, 0, NULL},
    {"link with content", SET, PATH(0xB4, 0xA5), "A104 C7022F05 830100", SAIP_BAD_VALUES, 0, NULL},
    {"link of 5 steps", SET, PATH(0xB4, 0xA5), "A10C C70A7F107F107F107F107F10", SAIP_BAD_VALUES, 0, NULL},
};

#define COMMANDS PATH(0xA1, 0xA1, 0x30)
static const struct fault generic_faults[] = {
    {"no commands", SET, PATH(0xA1, 0xA1), "", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"an empty command", SET, COMMANDS, "", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"unknown command", SET, COMMANDS, "8300", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"path to nowhere", SET, COMMANDS, "80027F99", SAIP_INVALID_PARAMETER, 0, NULL},
    {"path of half a step", SET, COMMANDS, "80037F106F", SAIP_INVALID_PARAMETER, 0, NULL},
    {"path of 5 steps", SET, COMMANDS, "800A 3F007F105F3A4F584F58", SAIP_BAD_VALUES, 0, NULL},
    {"path through an EF", SET, COMMANDS, "8004 2F052F05", SAIP_INVALID_PARAMETER, 0, NULL},
    {"content before a file", SET, COMMANDS, "810100", SAIP_INVALID_PARAMETER, 0, NULL},
    {"content of a directory", SET, COMMANDS, "80027F10 810100", SAIP_INVALID_PARAMETER, 0, NULL},
    {"content longer than a selected file", SET, COMMANDS, "80022F05 8103 656E66", SAIP_BAD_VALUES, 0, NULL},
    {"offset above 16 bits", SET, COMMANDS, "80022F05 0203010000", SAIP_BAD_VALUES, 0, NULL},
    {"file without descriptor", SET, COMMANDS, "6207 83022F20 800110", SAIP_BAD_VALUES, 0, NULL},
    {"file without identifier", SET, COMMANDS, "6207 82024121 800110", SAIP_BAD_VALUES, 0, NULL},
    {"file without size", SET, COMMANDS, "6208 82024121 83022F20", SAIP_BAD_VALUES, 0, NULL},
    {"file that exists", SET, COMMANDS, "620B 82024121 83022F05 800110", SAIP_INVALID_PARAMETER, 0, NULL},
    {"content longer than a new file", SET, COMMANDS, "620B 82024121 83022F20 800101 81020102",
     SAIP_BAD_VALUES, 0, NULL},
    {"directory with content", SET, COMMANDS, "620B 82027821 83027F20 C60101 810100", SAIP_BAD_VALUES, 0,
     NULL},
    {"two files of one identifier", SET, COMMANDS,
     "620B 82024121 83022F20 800101 620B 82024121 83022F20 800101", SAIP_INVALID_PARAMETER, 0, NULL},
    {"BER-TLV file with fill size of 5 octets", SET, COMMANDS,
     "6212 82027921 83022F20 A508 86060102030405 06", SAIP_BAD_VALUES, 0, NULL},
};

#define PIN1      0xA2, 0xA1, 0xA0, 0x30
#define PUK1      0xA3, 0xA1, 0x30
#define ALGORITHM 0xA4, 0xA1, 0xA1
static const struct fault code_faults[] = {
    {"no PUKs", SET, PATH(0xA3, 0xA1), "", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"PUK reference 9", SET, PATH(PUK1, 0x80), "09", SAIP_BAD_VALUES, 0, NULL},
    {"PUK reference 127", SET, PATH(PUK1, 0x80), "7F", SAIP_BAD_VALUES, 0, NULL},
    {"PUK reference 137", SET, PATH(PUK1, 0x80), "0089", SAIP_BAD_VALUES, 0, NULL},
    {"PUK twice", SET, PATH(PUK1, 0x80), "0081", SAIP_BAD_VALUES, 0, PATH(0xA3, 0xA1)},
    {"PUK of 7 octets", SET, PATH(PUK1, 0x81), "31323334353637", SAIP_BAD_VALUES, 0, NULL},
    {"PUK without attempts", APPEND, PATH(PUK1), "820100", SAIP_BAD_VALUES, 0, NULL},
    {"no PIN", SET, PATH(0xA2, 0xA1, 0xA0), "", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"neither PINs nor path", SET, PATH(0xA2, 0xA1), "", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"PINs and path", APPEND, PATH(0xA2, 0xA1), "8100", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"PIN reference 0", SET, PATH(PIN1, 0x80), "00", SAIP_BAD_VALUES, 0, NULL},
    {"PIN reference 9", SET, PATH(PIN1, 0x80), "09", SAIP_BAD_VALUES, 0, NULL},
    {"PIN reference 143", SET, PATH(PIN1, 0x80), "008F", SAIP_BAD_VALUES, 0, NULL},
    {"local PIN in MF", SET, PATH(PIN1, 0x80), "0081", SAIP_BAD_VALUES, 0, NULL},
    {"PIN twice", SET, PATH(PIN1, 0x80), "0A", SAIP_BAD_VALUES, 0, PATH(0xA2, 0xA1)},
    {"PIN of 9 octets", SET, PATH(PIN1, 0x81), "313233343536373839", SAIP_BAD_VALUES, 0, NULL},
    {"PIN with a PUK that is nowhere", SET, PATH(PIN1, 0x82), "02", SAIP_INVALID_PARAMETER, 0, NULL},
    {"PIN with a PUK that is none", SET, PATH(PIN1, 0x82), "09", SAIP_INVALID_PARAMETER, 0, NULL},
    {"PIN with 4 attempts of 3", APPEND, PATH(PIN1), "840134", SAIP_BAD_VALUES, 0, NULL},
    {"shared PINs of nowhere", SET, PATH(0xA2, 0xA1), "81027F99", SAIP_INVALID_PARAMETER, 0, NULL},
    {"shared PINs of an EF", SET, PATH(0xA2, 0xA1), "81022F05", SAIP_INVALID_PARAMETER, 0, NULL},
    {"key of 15 octets", SET, PATH(ALGORITHM, 0x82), "000102030405060708090A0B0C0D0E", SAIP_BAD_VALUES, 0,
     NULL},
    {"key of 24 octets", SET, PATH(ALGORITHM, 0x82), "000102030405060708090A0B0C0D0E0F0001020304050607",
     SAIP_BAD_VALUES, 0, NULL},
    {"Milenage key of 32 octets", SET, PATH(ALGORITHM, 0x82),
     "000102030405060708090A0B0C0D0E0F000102030405060708090A0B0C0D0E0F", SAIP_BAD_VALUES, 0, NULL},
    {"no OPc", SET, PATH(ALGORITHM, 0x83), "", SAIP_BAD_VALUES, 0, NULL},
    {"TUAK with OPc", SET, PATH(ALGORITHM, 0x80), "02", SAIP_BAD_VALUES, 0, PATH(ALGORITHM)},
    {"algorithm 4", SET, PATH(ALGORITHM, 0x80), "04", SAIP_BAD_VALUES, 0, NULL},
    {"algorithm 0", SET, PATH(ALGORITHM, 0x80), "00", SAIP_BAD_VALUES, 0, NULL},
    {"options of 2 octets", SET, PATH(ALGORITHM, 0x81), "0000", SAIP_BAD_VALUES, 0, NULL},
    {"four rotations", APPEND, PATH(ALGORITHM), "840440002040", SAIP_BAD_VALUES, 0, NULL},
    {"rotation by 128", APPEND, PATH(ALGORITHM), "84054000208060", SAIP_BAD_VALUES, 0, NULL},
    {"short xoring constants", APPEND, PATH(ALGORITHM), "850100", SAIP_BAD_VALUES, 0, NULL},
    {"counter of 2 octets", APPEND, PATH(ALGORITHM), "86020001", SAIP_BAD_VALUES, 0, NULL},
    {"no Keccak", APPEND, PATH(ALGORITHM), "870100", SAIP_BAD_VALUES, 0, NULL},
    {"sequence number delta above 43 bits", APPEND, PATH(0xA4), "8306 080000000000", SAIP_BAD_VALUES, 0,
     NULL},
    {"age limit above 43 bits", APPEND, PATH(0xA4), "8406 100000000000", SAIP_BAD_VALUES, 0, NULL},
    {"one initial sequence number", APPEND, PATH(0xA4), "A508 0406000000000000", SAIP_INVALID_REQUEST_FORMAT,
     0, NULL},
    {"keys of no application", SET, PATH(0xA4, 0xA1), "A00A 800100 8105A000000087", SAIP_INVALID_PARAMETER, 0,
     NULL},
    {"mapping without source", SET, PATH(0xA4, 0xA1), "A003 800100", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
};

#define INSTANCE 0xA6, 0xA1
#define KEY      0xA6, 0xA2, 0x30
static const struct fault domain_faults[] = {
    {"no instance", REMOVE, PATH(INSTANCE), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"two AIDs only", REMOVE, PATH(INSTANCE, 0x4F), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"package AID of 4 octets", SET, PATH(INSTANCE, 0x4F), "A0000001", SAIP_BAD_VALUES, 0, NULL},
    {"privileges of 2 octets", SET, PATH(INSTANCE, 0x82), "8000", SAIP_BAD_VALUES, 0, NULL},
    {"no privileges", REMOVE, PATH(INSTANCE, 0x82), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"no parameters", REMOVE, PATH(INSTANCE, 0xC9), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"empty key list", SET, PATH(0xA6, 0xA2), "", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"key of version 0", SET, PATH(KEY, 0x83), "00", SAIP_BAD_VALUES, 0, PATH(KEY)},
    {"key of version 128", SET, PATH(KEY, 0x83), "80", SAIP_BAD_VALUES, 0, PATH(KEY)},
    {"key identifier 128", SET, PATH(KEY, 0x82), "80", SAIP_BAD_VALUES, 0, PATH(KEY)},
    {"AES key of 15 octets", SET, PATH(KEY, 0x30, 0x30, 0x86), "000102030405060708090A0B0C0D0E",
     SAIP_BAD_VALUES, 0, NULL},
    {"DES key of 8 octets", SET, PATH(KEY, 0x30, 0x30), "800180 86080001020304050607", SAIP_BAD_VALUES, 0,
     NULL},
    {"key without type", REMOVE, PATH(KEY, 0x30, 0x30, 0x80), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"no key component", SET, PATH(KEY, 0x30), "", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"application's AID", SET, PATH(INSTANCE),
     "4F05A000000001 4F05A000000002 4F10A0000000871002FFFFFFFF8907090000 820180 C900", SAIP_INVALID_PARAMETER,
     0, NULL},
    {"extradited to nowhere", SET, PATH(INSTANCE),
     "4F05A000000001 4F05A000000002 4F05A000000003 4F05A000000004 820180 C900", SAIP_INVALID_PARAMETER, 0,
     NULL},
    {"empty personalisation", APPEND, PATH(0xA6), "A300", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"CAT-TP without sizes", APPEND, PATH(0xA6), "A500", SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"remote files without AID", REMOVE, PATH(0xA7, 0x4F), NULL, SAIP_INVALID_PARAMETER, 0, PATH(0xA7)},
    {"remote files of no domain", SET, PATH(0xA7),
     "A003810111 4F05A000000005 4F05A000000006 810116 040100 040100", SAIP_INVALID_PARAMETER, 0, NULL},
    {"TAR of 2 octets", SET, PATH(0xA7), "A003810111 4F05A000000005 A0040402B000 810116 040100 040100",
     SAIP_BAD_VALUES, 0, NULL},
    {"empty TAR list", SET, PATH(0xA7), "A003810111 4F05A000000005 A000 810116 040100 040100",
     SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"no security level", REMOVE, PATH(0xA7, 0x81), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"one access domain only", REMOVE, PATH(0xA7, 0x04), NULL, SAIP_INVALID_REQUEST_FORMAT, 0, NULL},
    {"remote files of no application", SET, PATH(0xA7, 0x30, 0x80), "A0000000871003", SAIP_INVALID_PARAMETER,
     0, NULL},
    {"remote files with the domain's AID", SET, PATH(0xA7, 0x4F), "A000000151000000", SAIP_INVALID_PARAMETER,
     0, NULL},
};

static bool find_object(struct span in, const uint32_t *path, struct tlv *found)
{
    struct tlv_reader reader = tlv_reader(in);

    while (tlv_next(&reader, found) == TLV_OK) {
        if (found->tag == path[0])
            return path[1] == 0 || find_object(found->value, path + 1, found);
    }
    return false;
}

/* The element's identification as the package has it now. */
static int identification(struct span package, uint32_t element)
{
    const uint32_t path[] = {element, 0xA0, 0x81, 0};
    struct span value;
    uint64_t number;

    return element != SAIP_HEADER && tlv_find_path(package, path, &value) && tlv_unsigned(value, &number) &&
                   number <= 32767
               ? (int)number
               : -1;
}

static void check_place(const struct fault *fault, struct span package, const struct saip_failure *failure)
{
    uint32_t element = fault->element != 0 ? fault->element : fault->path[0];
    uint32_t holder[8] = {0};
    const uint32_t *at = fault->at;
    struct tlv object, whole;
    size_t start, end;

    if (at == NULL) {
        size_t n = 0;

        for (; fault->path[n] != 0; n++)
            holder[n] = fault->path[n];
        if (fault->operation == REMOVE)
            holder[n - 1] = 0;
        at = holder;
    }
    ck_assert_uint_eq(failure->tag, element);
    ck_assert_msg(find_object(package, at, &object), "%s: no object to point at", fault->what);
    ck_assert(find_object(package, PATH(element), &whole));
    start = (size_t)(object.whole.data - package.data);
    end = start + object.whole.size;
    ck_assert_msg(failure->offset >= start && failure->offset <= end, "%s: told at %zu, not %zu to %zu (%s)",
                  fault->what, failure->offset, start, end, failure->reason);
    ck_assert_uint_eq(failure->element_offset, failure->offset - (size_t)(whole.whole.data - package.data));
    ck_assert_int_eq(failure->has_identification ? failure->identification : -1,
                     identification(package, element));
}

static void check_fault(const struct fault *fault)
{
    struct buf *buf = test_buf();
    struct saip_package package;
    struct saip_failure failure;

    buf_append(buf, test_profile("8900112233445566778"));
    switch (fault->operation) {
    case SET:
        edit_value(buf, fault->path, hex(fault->octets));
        break;
    case REMOVE:
        edit_remove(buf, fault->path);
        break;
    case APPEND:
        edit_append(buf, fault->path, hex(fault->octets));
        break;
    }
    ck_assert_msg(!saip_decode(buf_span(buf), &package, &failure), "%s: accepted", fault->what);
    ck_assert_msg(failure.result == fault->result, "%s: %s, not %s: %s", fault->what,
                  saip_result_name(failure.result), saip_result_name(fault->result), failure.reason);
    ck_assert_uint_gt(strlen(failure.reason), 4);
    ck_assert_ptr_null(package.elements);
    check_place(fault, buf_span(buf), &failure);
}

static void check_faults(const struct fault *faults, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_fault(&faults[i]);
}
#define CHECK_FAULTS(faults) check_faults((faults), sizeof(faults) / sizeof((faults)[0]))

START_TEST(faults_of_the_header)
{
    CHECK_FAULTS(header_faults);
}
END_TEST

START_TEST(faults_of_template_files)
{
    CHECK_FAULTS(file_faults);
}
END_TEST

START_TEST(faults_of_generic_files)
{
    CHECK_FAULTS(generic_faults);
}
END_TEST

START_TEST(faults_of_codes_and_keys)
{
    CHECK_FAULTS(code_faults);
}
END_TEST

START_TEST(faults_of_domains_and_remote_files)
{
    CHECK_FAULTS(domain_faults);
}
END_TEST

/* --- order: packages put together from the elements of a good one --- */

/* The elements at these positions of the package (counted from 0; the list ends with -1). */
static struct buf *arrange(struct span package, const int *positions)
{
    struct buf *out = test_buf();

    for (; *positions >= 0; positions++) {
        struct tlv_reader reader = tlv_reader(package);
        struct tlv tlv = {0};

        for (int i = 0; i <= *positions; i++)
            ck_assert_int_eq(tlv_next(&reader, &tlv), TLV_OK);
        buf_append(out, tlv.whole);
    }
    return out;
}

/* header, mf, puk, pin, telecom, pin, usim, opt-usim, pin, aka, gsm-access, 5gs, isim, pin, aka, gfm, sd,
 * rfm, end */
enum {
    HEADER,
    MF,
    PUK,
    PIN,
    TELECOM,
    TELECOM_PIN,
    USIM,
    OPT_USIM,
    USIM_PIN,
    AKA,
    GSM,
    DF5GS,
    ISIM,
    ISIM_PIN,
    ISIM_AKA,
    GFM,
    SD,
    RFM,
    END
};

static void check_order(const char *what, const int *positions, enum saip_result result, uint32_t tag, int at)
{
    struct span good = test_profile("8900112233445566778");
    struct buf *package = arrange(good, positions);
    struct saip_package decoded;
    struct saip_failure failure;
    struct tlv_reader reader = tlv_reader(buf_span(package));
    struct tlv tlv;
    size_t offset;

    for (int i = 0; i < at; i++)
        ck_assert_int_eq(tlv_next(&reader, &tlv), TLV_OK);
    offset = reader.offset;
    if (result == SAIP_OK) {
        ck_assert_msg(saip_decode(buf_span(package), &decoded, &failure), "%s: %s", what, failure.reason);
        saip_free(&decoded);
        return;
    }
    ck_assert_msg(!saip_decode(buf_span(package), &decoded, &failure), "%s: accepted", what);
    ck_assert_msg(failure.result == result && failure.tag == tag, "%s: %s at %X: %s", what,
                  saip_result_name(failure.result), (unsigned)failure.tag, failure.reason);
    ck_assert_msg(failure.offset >= offset, "%s: told at %zu, before %zu", what, failure.offset, offset);
}
#define ORDER(what, result, tag, at, ...) check_order(what, (const int[]){__VA_ARGS__, -1}, result, tag, at)

START_TEST(elements_have_their_order)
{
    const enum saip_result wrong = SAIP_INVALID_PARAMETER;

    ORDER("least profile", SAIP_OK, 0, 0, HEADER, MF, PUK, PIN, END);
    ORDER("optional files last", SAIP_OK, 0, 0, HEADER, MF, PUK, PIN, USIM, USIM_PIN, AKA, GSM, DF5GS,
          OPT_USIM, END);
    ORDER("no header", wrong, SAIP_MF, 0, MF, PUK, PIN, END);
    ORDER("header later", wrong, SAIP_MF, 0, MF, HEADER, PUK, PIN, END);
    ORDER("second header", wrong, SAIP_HEADER, 2, HEADER, MF, HEADER, PUK, PIN, END);
    ORDER("no end", SAIP_INVALID_REQUEST_FORMAT, 0, 4, HEADER, MF, PUK, PIN);
    ORDER("only a header", SAIP_INVALID_REQUEST_FORMAT, 0, 1, HEADER);
    ORDER("after the end", wrong, SAIP_PUK_CODES, 3, HEADER, MF, END, PUK);
    ORDER("codes before MF", wrong, SAIP_PUK_CODES, 1, HEADER, PUK, MF, PIN, END);
    ORDER("telecom before MF", wrong, SAIP_TELECOM, 1, HEADER, TELECOM, MF, PUK, PIN, END);
    ORDER("USIM without MF", wrong, SAIP_USIM, 1, HEADER, USIM, END);
    ORDER("PIN before its PUK", wrong, SAIP_PIN_CODES, 2, HEADER, MF, PIN, PUK, END);
    ORDER("optional files before the USIM", wrong, SAIP_OPT_USIM, 4, HEADER, MF, PUK, PIN, OPT_USIM, USIM,
          END);
    ORDER("GSM access without a USIM", wrong, SAIP_GSM_ACCESS, 4, HEADER, MF, PUK, PIN, GSM, END);
    ORDER("5GS without a USIM", wrong, SAIP_DF_5GS, 4, HEADER, MF, PUK, PIN, DF5GS, END);
    ORDER("keys before any application", wrong, SAIP_AKA_PARAMETER, 4, HEADER, MF, PUK, PIN, AKA, USIM,
          USIM_PIN, END);
    ORDER("keys twice", wrong, SAIP_AKA_PARAMETER, 7, HEADER, MF, PUK, PIN, USIM, USIM_PIN, AKA, ISIM_AKA,
          END);
    ORDER("remote files before a domain", wrong, SAIP_RFM, 4, HEADER, MF, PUK, PIN, RFM, SD, END);
    ORDER("no PINs at all", SAIP_PIN_CODE_MISSING, SAIP_MF, 1, HEADER, MF, END);
    ORDER("no PINs of the USIM", SAIP_PIN_CODE_MISSING, SAIP_USIM, 4, HEADER, MF, PUK, PIN, USIM, AKA, END);
    ORDER("no PINs of telecom", SAIP_PIN_CODE_MISSING, SAIP_TELECOM, 4, HEADER, MF, PUK, PIN, TELECOM, END);
    ORDER("generic files before MF", wrong, SAIP_GENERIC_FILE_MANAGEMENT, 1, HEADER, GFM, MF, PUK, PIN, END);
}
END_TEST

/* The same element again, with another identification so that only the repetition is wrong. */
START_TEST(some_elements_stand_once)
{
    static const struct {
        int position;
        uint32_t tag;
    } elements[] = {{MF, SAIP_MF}, {PUK, SAIP_PUK_CODES}, {TELECOM, SAIP_TELECOM}};
    struct span good = test_profile("8900112233445566778");

    for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++) {
        struct buf *again = arrange(good, (const int[]){elements[i].position, -1});
        struct buf *package = arrange(good, (const int[]){HEADER, MF, PUK, PIN, TELECOM, TELECOM_PIN, -1});
        struct saip_package decoded;
        struct saip_failure failure;

        edit_value(again, PATH(elements[i].tag, 0xA0, 0x81), hex("00C8"));
        buf_append(package, buf_span(again));
        buf_append(package, buf_span(arrange(good, (const int[]){END, -1})));
        ck_assert(!saip_decode(buf_span(package), &decoded, &failure));
        ck_assert_int_eq(failure.result, SAIP_INVALID_PARAMETER);
        ck_assert_uint_eq(failure.tag, elements[i].tag);
        ck_assert_uint_eq(failure.identification, 200);
    }
}
END_TEST

/* --- hostile sizes --- */

START_TEST(cut_off_anywhere_it_is_refused)
{
    struct span good = test_profile("8900112233445566778");

    for (size_t size = 0; size < good.size; size++) {
        /* In memory of its own, so that a sanitizer sees a read behind the end. */
        struct buf cut = {0};
        struct saip_package package;
        struct saip_failure failure;

        buf_append(&cut, SPAN(good.data, size));
        ck_assert_msg(!saip_decode(buf_span(&cut), &package, &failure), "accepted with %zu octets", size);
        ck_assert_uint_le(failure.offset, size);
        ck_assert_int_ne(failure.result, SAIP_OK);
        buf_free(&cut);
    }
}
END_TEST

/* Every octet changed in three ways: whatever the card says, it says it with a place and a reason. */
START_TEST(any_changed_octet_is_survived)
{
    static const uint8_t changes[] = {0x01, 0x20, 0xFF};
    struct span good = test_profile("8900112233445566778");
    struct buf changed = {0};

    buf_append(&changed, good);
    for (size_t at = 0; at < good.size; at++) {
        for (size_t i = 0; i < sizeof(changes); i++) {
            struct saip_package package;
            struct saip_failure failure;

            changed.data[at] = good.data[at] ^ changes[i];
            if (saip_decode(buf_span(&changed), &package, &failure)) {
                saip_free(&package);
            } else {
                ck_assert_int_ne(failure.result, SAIP_OK);
                ck_assert_uint_le(failure.offset, good.size);
                ck_assert_uint_gt(strlen(failure.reason), 0);
            }
            changed.data[at] = good.data[at];
        }
    }
    buf_free(&changed);
}
END_TEST

START_TEST(there_are_not_too_many_elements)
{
    struct span good = test_profile("8900112233445566778");
    struct buf *package = arrange(good, (const int[]){HEADER, MF, PUK, PIN, -1});
    struct saip_package decoded;
    struct saip_failure failure;

    for (unsigned i = 0; i < SAIP_ELEMENTS_MAX; i++) {
        size_t element = tlv_open(package, SAIP_NON_STANDARD);
        size_t header = tlv_open(package, 0xA0);

        tlv_put_unsigned(package, 0x81, 1000 + i);
        tlv_close(package, header);
        tlv_close(package, element);
    }
    ck_assert(!saip_decode(buf_span(package), &decoded, &failure));
    ck_assert_int_eq(failure.result, SAIP_NOT_ENOUGH_MEMORY);
}
END_TEST

START_TEST(there_are_not_too_many_files)
{
    struct buf *package = test_buf();
    struct buf commands = {0};
    struct saip_package decoded;
    struct saip_failure failure;

    buf_append(package, test_profile("8900112233445566778"));
    for (unsigned i = 0; i < SAIP_FILES_MAX; i++) {
        size_t fcp = tlv_open(&commands, 0x62);
        uint8_t fid[2] = {(uint8_t)(0x80 + i / 256), (uint8_t)i};

        tlv_put(&commands, 0x82, hex("4121"));
        tlv_put(&commands, 0x83, SPAN_ARRAY(fid));
        tlv_put(&commands, 0x80, hex("01"));
        tlv_close(&commands, fcp);
    }
    edit_value(package, PATH(0xA1, 0xA1, 0x30), buf_span(&commands));
    buf_free(&commands);
    ck_assert(!saip_decode(buf_span(package), &decoded, &failure));
    ck_assert_int_eq(failure.result, SAIP_NOT_ENOUGH_MEMORY);
    ck_assert_uint_eq(failure.tag, SAIP_GENERIC_FILE_MANAGEMENT);
}
END_TEST

/* Sizes that no card has are refused before anybody makes room for them. */
START_TEST(files_are_not_too_large)
{
    static const struct fault faults[] = {
        {"file of 4 GiB", SET, NULL, "620E 82024121 83022F20 8004FFFFFFFF", SAIP_NOT_ENOUGH_MEMORY, 0, NULL},
        {"EF ICCID of 4 GiB", SET, NULL, "A106 8004FFFFFFFF 830A 980011223344556677F8", SAIP_BAD_VALUES, 0,
         NULL},
    };
    struct fault fault = faults[0];

    fault.path = COMMANDS;
    check_fault(&fault);
    fault = faults[1];
    fault.path = PATH(0xB0, 0xA4);
    check_fault(&fault);
}
END_TEST

TEST_MAIN("saip_faults", faults_of_the_header, faults_of_template_files, faults_of_generic_files,
          faults_of_codes_and_keys, faults_of_domains_and_remote_files, elements_have_their_order,
          some_elements_stand_once, cut_off_anywhere_it_is_refused, any_changed_octet_is_survived,
          there_are_not_too_many_elements, there_are_not_too_many_files, files_are_not_too_large)
