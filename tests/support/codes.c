/*
 * What the card may answer: see codes.h. The members are those of the ASN.1 modules of SGP.22 v2.x and SGP.32
 * v1.2 and v1.3, which Wireshark's sources have; in its AUTOMATIC TAGS.
 */
#include "tests/support/codes.h"

#include "apdu/tlv.h"
#include "euicc/os/spec_version.h"
#include "protocol/names.h"
#include "protocol/tags.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define CONSUMER FOR_CONSUMER
#define LPA      (FOR_CONSUMER | FOR_HYBRID)
#define IPA      (FOR_IOT | FOR_HYBRID)

/* Objects that have numbers in them somewhere, but are no answers themselves. */
enum object {
    IPA_RESULT,          /* ProvideEimPackageResult */
    IPA_RESPONSE,        /* TransferEimPackageResponse */
    IPA_RESULT_AND_MORE, /* ePRAndNotifications */
    IPA_NOTIFICATIONS,   /* the same in compact forms too */
    IPA_DATA,            /* IpaEuiccDataResponse */
    IPA_DATA_ERROR,      /* IpaEuiccDataResponseError */
    IPA_DOWNLOAD,        /* ProfileDownloadTriggerResult */
    IPA_DOWNLOAD_ERROR,  /* profileDownloadError */
    IPA_REFUSED_PACKAGE, /* EimPackageResultResponseError */
    REFUSAL,             /* AuthenticateResponseError */
    DOWNLOAD_REFUSAL,    /* PrepareDownloadResponseError */
    NOTIFICATIONS,       /* SEQUENCE OF PendingNotification */
    INSTALLATION,        /* ProfileInstallationResultData */
    FINAL_RESULT,
    INSTALLATION_ERROR, /* ErrorResult */
    PACKAGE_RESULTS,    /* EuiccPackageResultList */
    PACKAGE_RESULT,     /* EuiccPackageResultSigned */
    PACKAGE_DATA,       /* EuiccPackageResultDataSigned */
    COMMAND_RESULTS,    /* SEQUENCE OF EuiccResultData */
    PROFILE_LIST,       /* ProfileInfoListResponse */
    ADDED_EIM,          /* AddEimResult */
    EIM_LIST,           /* ListEimResult */
    DEFAULT_DP,         /* SetDefaultDpAddressResponse */
    PACKAGE_ERROR,      /* EuiccPackageErrorSigned */
    PACKAGE_ERROR_DATA, /* EuiccPackageErrorDataSigned */
    PACKAGE_UNSIGNED,   /* EuiccPackageErrorUnsigned */
    ANSWER,             /* one of the answers below, whole */
    OBJECTS
};

struct member {
    uint32_t tag; /* 0: the list ends */
    enum { DATA, CODE, OBJECT } kind;
    unsigned type; /* CODE: enum names; OBJECT: enum object */
};

#define MEMBERS_MAX 15
#define ANYTHING    UINT32_MAX /* any tag */

static const struct member objects[OBJECTS][MEMBERS_MAX + 1] = {
    [IPA_RESULT] = {{TAG_EID, DATA, 0},
                    {TAG_EUICC_PACKAGE, OBJECT, ANSWER},
                    {TAG_SEQUENCE, OBJECT, IPA_RESULT_AND_MORE},
                    {TAG_IPA_EUICC_DATA, OBJECT, IPA_DATA},
                    {TAG_DOWNLOAD_TRIGGER, OBJECT, IPA_DOWNLOAD},
                    {0xA0, OBJECT, IPA_REFUSED_PACKAGE}},
    [IPA_RESPONSE] = {{TAG_EUICC_PACKAGE, OBJECT, ANSWER},
                      {TAG_SEQUENCE, OBJECT, IPA_RESULT_AND_MORE},
                      {TAG_IPA_EUICC_DATA, OBJECT, IPA_DATA},
                      {TAG_NULL, DATA, 0},
                      {TAG_INTEGER, CODE, NAMES_PACKAGE_REFUSED}},
    [IPA_RESULT_AND_MORE] = {{TAG_EUICC_PACKAGE, OBJECT, ANSWER}, {0xA0, OBJECT, IPA_NOTIFICATIONS}},
    [IPA_NOTIFICATIONS] = {{TAG_INSTALLATION_RESULT, OBJECT, ANSWER},
                           {TAG_SEQUENCE, DATA, 0},
                           {0xA0, DATA, 0},
                           {0xA1, DATA, 0}},
    [IPA_DATA] = {{0xA0, DATA, 0}, {0xA1, OBJECT, IPA_DATA_ERROR}},
    [IPA_DATA_ERROR] = {{0x80, DATA, 0}, {TAG_INTEGER, CODE, NAMES_DATA}},
    [IPA_DOWNLOAD] = {{0x82, DATA, 0},
                      {TAG_INSTALLATION_RESULT, OBJECT, ANSWER},
                      {TAG_SEQUENCE, OBJECT, IPA_DOWNLOAD_ERROR}},
    [IPA_DOWNLOAD_ERROR] = {{0x80, CODE, NAMES_DOWNLOAD}, {TAG_OCTET_STRING, DATA, 0}},
    [IPA_REFUSED_PACKAGE] = {{0x80, DATA, 0}, {TAG_INTEGER, CODE, NAMES_PACKAGE_REFUSED}},
    [REFUSAL] = {{0x80, DATA, 0}, {TAG_INTEGER, CODE, NAMES_AUTHENTICATE_SERVER}},
    [DOWNLOAD_REFUSAL] = {{0x80, DATA, 0}, {TAG_INTEGER, CODE, NAMES_PREPARE}},
    [NOTIFICATIONS] = {{TAG_INSTALLATION_RESULT, OBJECT, ANSWER}, {TAG_SEQUENCE, DATA, 0}},
    [INSTALLATION] = {{0x80, DATA, 0},
                      {TAG_NOTIFICATION_METADATA, DATA, 0},
                      {TAG_OID, DATA, 0},
                      {0xA2, OBJECT, FINAL_RESULT}},
    [FINAL_RESULT] = {{0xA0, DATA, 0}, {0xA1, OBJECT, INSTALLATION_ERROR}},
    [INSTALLATION_ERROR] = {{0x80, CODE, NAMES_INSTALL_COMMAND},
                            {0x81, CODE, NAMES_INSTALL_ERROR},
                            {0x82, DATA, 0}},
    [PACKAGE_RESULTS] = {{TAG_EUICC_PACKAGE, OBJECT, ANSWER}},
    [PACKAGE_RESULT] = {{TAG_SEQUENCE, OBJECT, PACKAGE_DATA}, {TAG_SIGNATURE, DATA, 0}},
    [PACKAGE_DATA] = {{0x80, DATA, 0},
                      {0x81, DATA, 0},
                      {0x82, DATA, 0},
                      {0x83, DATA, 0},
                      {TAG_SEQUENCE, OBJECT, COMMAND_RESULTS}},
    [COMMAND_RESULTS] = {{0x83, CODE, NAMES_ENABLE},
                         {0x84, CODE, NAMES_DISABLE},
                         {0x85, CODE, NAMES_DELETE},
                         {TAG_PROFILES_INFO, OBJECT, PROFILE_LIST},
                         {0xA6, DATA, 0}, /* getRATResult */
                         {0x87, CODE, NAMES_IMMEDIATE},
                         {TAG_ADD_EIM, OBJECT, ADDED_EIM},
                         {0x89, CODE, NAMES_DELETE_EIM},
                         {0x8A, CODE, NAMES_UPDATE_EIM},
                         {TAG_LIST_EIM, OBJECT, EIM_LIST},
                         {0x8C, CODE, NAMES_ROLLED_BACK},
                         {0x8D, CODE, NAMES_SET_FALLBACK},
                         {0x8E, CODE, NAMES_UNSET_FALLBACK},
                         {TAG_INTEGER, CODE, NAMES_TERMINATED},
                         {TAG_IOT_SET_DEFAULT_DP_ADDRESS, OBJECT, DEFAULT_DP}},
    [PROFILE_LIST] = {{0xA0, DATA, 0}, {0x81, CODE, NAMES_LIST}},
    [ADDED_EIM] = {{0x84, DATA, 0}, {TAG_INTEGER, CODE, NAMES_ADD_EIM}},
    [EIM_LIST] = {{0xA0, DATA, 0}, {0x81, CODE, NAMES_UNDEFINED}},
    [DEFAULT_DP] = {{0x80, CODE, NAMES_DEFAULT_DP}},
    [PACKAGE_ERROR] = {{TAG_SEQUENCE, OBJECT, PACKAGE_ERROR_DATA}, {TAG_SIGNATURE, DATA, 0}},
    [PACKAGE_ERROR_DATA] = {{0x80, DATA, 0},
                            {0x81, DATA, 0},
                            {0x82, DATA, 0},
                            {TAG_INTEGER, CODE, NAMES_PACKAGE_ERROR}},
    [PACKAGE_UNSIGNED] = {{0x80, DATA, 0},
                          {0x82, DATA, 0},
                          {0x84, DATA, 0},
                          {0x8F, CODE, NAMES_PACKAGE_UNSIGNED}},
};

#define ANSWER_MEMBERS_MAX 3

/* A function that SGP.32 has in its own way is two rows. */
static const struct answer {
    uint32_t tag;
    unsigned personalities;
    struct member members[ANSWER_MEMBERS_MAX + 1];
} answers[] = {
    {TAG_EUICC_INFO1, FOR_ALL, {{ANYTHING, DATA, 0}}},
    {TAG_PREPARE_DOWNLOAD, FOR_ALL, {{0xA0, DATA, 0}, {0xA1, OBJECT, DOWNLOAD_REFUSAL}}},
    {TAG_EUICC_INFO2, FOR_ALL, {{ANYTHING, DATA, 0}}},
    {TAG_LIST_NOTIFICATION, FOR_ALL, {{0xA0, DATA, 0}, {0x81, CODE, NAMES_UNDEFINED}}},
    {TAG_SET_NICKNAME, LPA, {{0x80, CODE, NAMES_NICKNAME}}},
    {TAG_RETRIEVE_NOTIFICATIONS, CONSUMER, {{0xA0, OBJECT, NOTIFICATIONS}, {0x81, CODE, NAMES_LPA_RETRIEVE}}},
    {TAG_RETRIEVE_NOTIFICATIONS,
     IPA,
     {{0xA0, OBJECT, NOTIFICATIONS}, {0x81, CODE, NAMES_UNDEFINED}, {0xA2, OBJECT, PACKAGE_RESULTS}}},
    {TAG_PROFILES_INFO, CONSUMER, {{0xA0, DATA, 0}, {0x81, CODE, NAMES_LPA_LIST}}},
    {TAG_PROFILES_INFO, IPA, {{0xA0, DATA, 0}, {0x81, CODE, NAMES_LIST}}},
    {TAG_GET_EUICC_CHALLENGE, FOR_ALL, {{0x80, DATA, 0}}},
    {TAG_REMOVE_NOTIFICATION, FOR_ALL, {{0x80, CODE, NAMES_REMOVE}}},
    {TAG_ENABLE_PROFILE, LPA, {{0x80, CODE, NAMES_LPA_ENABLE}}},
    {TAG_DISABLE_PROFILE, LPA, {{0x80, CODE, NAMES_DISABLE}}},
    {TAG_DELETE_PROFILE, LPA, {{0x80, CODE, NAMES_LPA_DELETE}}},
    {TAG_MEMORY_RESET, LPA, {{0x80, CODE, NAMES_LPA_RESET}}},
    {TAG_LOAD_CRL, FOR_ALL, {{0xA0, DATA, 0}, {0x81, CODE, NAMES_CRL}}},
    {TAG_INSTALLATION_RESULT,
     FOR_ALL,
     {{TAG_INSTALLATION_RESULT_DATA, OBJECT, INSTALLATION}, {TAG_SIGNATURE, DATA, 0}}},
    {TAG_AUTHENTICATE_SERVER, FOR_ALL, {{0xA0, DATA, 0}, {0xA1, OBJECT, REFUSAL}}},
    {TAG_CONFIGURED_ADDRESSES, FOR_ALL, {{0x80, DATA, 0}, {0x81, DATA, 0}}},
    {TAG_GET_EID, FOR_ALL, {{TAG_EID, DATA, 0}}},
    {TAG_SET_DEFAULT_DP_ADDRESS, LPA, {{0x80, CODE, NAMES_DEFAULT_DP}}},
    {TAG_CANCEL_SESSION, FOR_ALL, {{0xA0, DATA, 0}, {0x81, CODE, NAMES_CANCEL}}},
    {TAG_IPAE_ACTIVATION, IPA, {{0x80, CODE, NAMES_IPAE_ACTIVATION}}},
    {TAG_GET_RAT, FOR_ALL, {{0xA0, DATA, 0}}},
    {TAG_EUICC_PACKAGE,
     IPA,
     {{0xA0, OBJECT, PACKAGE_RESULT}, {0xA1, OBJECT, PACKAGE_ERROR}, {0xA2, OBJECT, PACKAGE_UNSIGNED}}},
    {TAG_EIM_CONFIGURATION_DATA, IPA, {{0xA0, DATA, 0}}},
    {TAG_GET_CERTS, IPA, {{0xA0, DATA, 0}, {0x81, CODE, NAMES_CERTS}}},
    {TAG_ADD_INITIAL_EIM, IPA, {{0xA0, DATA, 0}, {0x81, CODE, NAMES_ADD_INITIAL_EIM}}},
    {TAG_PROFILE_ROLLBACK, IPA, {{TAG_INTEGER, CODE, NAMES_ROLLBACK}, {TAG_EUICC_PACKAGE, OBJECT, ANSWER}}},
    {TAG_CONFIGURE_IMMEDIATE_ENABLING, IPA, {{0x80, CODE, NAMES_CONFIGURE_IMMEDIATE}}},
    {TAG_IMMEDIATE_ENABLE, IPA, {{0x80, CODE, NAMES_IMMEDIATE_ENABLE}}},
    {TAG_ENABLE_EMERGENCY_PROFILE, IPA, {{0x80, CODE, NAMES_EMERGENCY_ON}}},
    {TAG_DISABLE_EMERGENCY_PROFILE, IPA, {{0x80, CODE, NAMES_EMERGENCY_OFF}}},
    {TAG_EXECUTE_FALLBACK, IPA, {{0x80, CODE, NAMES_FALLBACK}}},
    {TAG_RETURN_FROM_FALLBACK, IPA, {{0x80, CODE, NAMES_RETURN}}},
    {TAG_CONNECTIVITY_PARAMETERS, IPA, {{0xA0, DATA, 0}, {0x81, CODE, NAMES_CONNECTIVITY}}},
    {TAG_IOT_MEMORY_RESET,
     IPA,
     {{0x80, CODE, NAMES_RESET}, {0x81, CODE, NAMES_RESET_EIM}, {0x82, CODE, NAMES_RESET_IMMEDIATE}}},
    {TAG_IOT_SET_DEFAULT_DP_ADDRESS, IPA, {{0x80, CODE, NAMES_DEFAULT_DP}}},
};

#define ANSWERS (sizeof(answers) / sizeof(answers[0]))

/* One answer on its way through the grammar. */
struct check {
    unsigned personality; /* FOR_… */
    bool sgp32_v1_3;
    char *problem;
};

__attribute__((format(printf, 2, 3))) static bool codes_wrong(const struct check *check, const char *format,
                                                              ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(check->problem, CODES_PROBLEM_MAX, format, arguments);
    va_end(arguments);
    return false;
}

static const struct answer *codes_answer(uint32_t tag, unsigned personality)
{
    for (size_t i = 0; i < ANSWERS; i++)
        if (answers[i].tag == tag && (answers[i].personalities & personality) != 0)
            return &answers[i];
    return NULL;
}

static bool codes_number(const struct check *check, const struct tlv *object, enum names names)
{
    uint64_t number = 0;

    if (!tlv_unsigned(object->value, &number))
        return codes_wrong(check, "%X is no number", object->tag);
    return names_has(names, number, check->sgp32_v1_3) ||
           codes_wrong(check, "%" PRIu64 " in %X: its type has no such number", number, object->tag);
}

static bool codes_members(const struct check *check, struct span content, const struct member *members);

/* An answer as a whole object. */
static bool codes_whole(const struct check *check, const struct tlv *object)
{
    const struct answer *answer = codes_answer(object->tag, check->personality);

    if (answer == NULL)
        return codes_wrong(check, "no function answers %X", object->tag);
    return codes_members(check, object->value, answer->members);
}

static bool codes_member(const struct check *check, const struct tlv *object, const struct member *members)
{
    const struct member *member = members;

    while (member->tag != 0 && member->tag != object->tag && member->tag != ANYTHING)
        member++;
    if (member->tag == 0)
        return codes_wrong(check, "a member %X that is not known there", object->tag);
    if (member->kind == CODE)
        return codes_number(check, object, (enum names)member->type);
    if (member->kind == DATA)
        return true;
    return member->type == ANSWER ? codes_whole(check, object)
                                  : codes_members(check, object->value, objects[member->type]);
}

static bool codes_members(const struct check *check, struct span content, const struct member *members)
{
    struct tlv_reader reader = tlv_reader(content);
    struct tlv object;

    while (tlv_next(&reader, &object) == TLV_OK)
        if (!codes_member(check, &object, members))
            return false;
    return tlv_finish(&reader) || codes_wrong(check, "%s", tlv_status_name(reader.status));
}

static struct check codes_begin(const struct softeuicc *card, char problem[CODES_PROBLEM_MAX])
{
    problem[0] = '\0';
    return (struct check){.personality = card->personality_bit,
                          .sgp32_v1_3 = card_speaks_sgp32(card, 1, 3),
                          .problem = problem};
}

bool codes_check_message(const struct softeuicc *card, struct span message, char problem[CODES_PROBLEM_MAX])
{
    const struct check check = codes_begin(card, problem);
    struct span result;

    if (tlv_single(message, TAG_TRANSFER_EIM_PACKAGE, &result) == TLV_OK)
        return codes_members(&check, result, objects[IPA_RESPONSE]);
    return tlv_single(message, TAG_PROVIDE_EIM_RESULT, &result) != TLV_OK ||
           codes_members(&check, result, objects[IPA_RESULT]);
}

bool codes_check(const struct softeuicc *card, struct span response, char problem[CODES_PROBLEM_MAX])
{
    const struct check check = codes_begin(card, problem);
    struct tlv object;

    if (response.size == 0)
        return true;
    return tlv_only(response, &object) == TLV_OK ? codes_whole(&check, &object)
                                                 : codes_wrong(&check, "no data object");
}
