/* What the procedures did, as lines for people or as JSON for scripts: the specifications' names for
 * everything that has one. */
#include "apdu/iccid.h"
#include "apdu/tlv.h"
#include "common/print/print.h"
#include "common/tool.h"
#include "ipa/result.h"
#include "protocol/names.h"
#include "protocol/tags.h"
#include "tools/ipa/ipa_tool.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_SIZE 1024

/* EuiccResultData by tag. Those with a name table are numbers. */
static const struct {
    uint32_t tag;
    const char *name;
    int names; /* enum names, -1: an object of its own */
} results[] = {
    {0x83, "enable", NAMES_ENABLE},
    {0x84, "disable", NAMES_DISABLE},
    {0x85, "delete", NAMES_DELETE},
    {TAG_PROFILES_INFO, "listProfileInfo", -1},
    {0xA6, "getRAT", -1},
    {0x87, "configureImmediateEnable", NAMES_IMMEDIATE},
    {0xA8, "addEim", -1},
    {0x89, "deleteEim", NAMES_DELETE_EIM},
    {0x8A, "updateEim", NAMES_UPDATE_EIM},
    {0xAB, "listEim", -1},
    {0x8C, "rollback", NAMES_ROLLED_BACK},
    {0x8D, "setFallbackAttribute", NAMES_SET_FALLBACK},
    {0x8E, "unsetFallbackAttribute", NAMES_UNSET_FALLBACK},
    {0x02, "processingTerminated", NAMES_TERMINATED},
    {TAG_IOT_SET_DEFAULT_DP_ADDRESS, "setDefaultDpAddress", -1},
};

#define RESULTS (sizeof(results) / sizeof(results[0]))

/* The outcome of the objects that are not numbers: ok, or the error inside. */
static const char *object_outcome(const struct tlv *result, char *out, size_t size)
{
    struct span value;
    uint64_t code = 127;

    switch (result->tag) {
    case TAG_PROFILES_INFO:
        if (tlv_find(result->value, 0x81, &value) && tlv_unsigned(value, &code))
            return names_text(NAMES_LIST, code, out, size);
        break;
    case 0xA8:
        if (tlv_find(result->value, 0x02, &value) && tlv_unsigned(value, &code))
            return names_text(NAMES_ADD_EIM, code, out, size);
        break;
    case TAG_IOT_SET_DEFAULT_DP_ADDRESS:
        if (tlv_find(result->value, 0x80, &value) && tlv_unsigned(value, &code))
            return names_text(NAMES_DEFAULT_DP, code, out, size);
        break;
    default:
        break;
    }
    return "ok(0)";
}

static void result_names(const struct tlv *result, const char **name, const char **outcome, char *text,
                         size_t size)
{
    uint64_t code = 127;

    *name = "unknown";
    *outcome = "";
    for (size_t i = 0; i < RESULTS; i++) {
        if (results[i].tag != result->tag)
            continue;
        *name = results[i].name;
        if (results[i].names < 0) {
            *outcome = object_outcome(result, text, size);
        } else {
            tlv_unsigned(result->value, &code);
            *outcome = names_text((enum names)results[i].names, code, text, size);
        }
    }
}

/* The error of a package that has no results. */
static const char *package_error(struct span result, char *out, size_t size)
{
    static const uint32_t path[] = {TAG_EUICC_PACKAGE, 0xA1, 0x30, 0x02, 0};
    struct span value;
    uint64_t code = 127;

    if (!tlv_find_path(result, path, &value))
        return "not verified (unsigned error)";
    tlv_unsigned(value, &code);
    return names_text(NAMES_PACKAGE_ERROR, code, out, size);
}

static void describe_package(const struct ipa_report *report, char *line, size_t size, json_t *object)
{
    struct package_result read;
    struct tlv_reader reader;
    struct tlv result;
    char text[64];
    size_t n;
    json_t *list = json_array();
    const char *separator = ": ";

    if (!package_result_read(report->octets, &read) || !read.has_sequence) {
        const char *error = package_error(report->octets, text, sizeof(text));

        snprintf(line, size, "package refused by the card: %s", error);
        json_object_set_new(object, "error", json_string(error));
        json_decref(list);
        return;
    }
    n = (size_t)snprintf(line, size, "package run, result %" PRIu64, read.sequence);
    reader = tlv_reader(read.results);
    while (tlv_next(&reader, &result) == TLV_OK) {
        const char *name;
        const char *outcome;

        result_names(&result, &name, &outcome, text, sizeof(text));
        if (n < size)
            n += (size_t)snprintf(line + n, size - n, "%s%s %s", separator, name, outcome);
        separator = ", ";
        json_array_append_new(list, json_pack("{s:s, s:s}", "command", name, "result", outcome));
    }
    json_object_set_new(object, "seqNumber", json_integer((json_int_t)read.sequence));
    json_object_set_new(object, "results", list);
}

static void describe_data(const struct ipa_report *report, char *line, size_t size, json_t *object)
{
    char tags[128];
    char text[64];

    hex_from_span(report->octets, tags, sizeof(tags));
    json_object_set_new(object, "tagList", json_string(tags));
    if (report->code == 0) {
        snprintf(line, size, "eUICC data given, tag list %s", tags);
        return;
    }
    names_text(NAMES_DATA, (uint64_t)report->code, text, sizeof(text));
    snprintf(line, size, "eUICC data refused, tag list %s: %s", tags, text);
    json_object_set_new(object, "error", json_string(text));
}

/* ProfileInstallationResult: the ICCID, or what the card refused. True for a success. */
static bool describe_installation(struct span result, char *line, size_t size, json_t *object)
{
    static const uint32_t iccid_path[] = {TAG_INSTALLATION_RESULT, TAG_INSTALLATION_RESULT_DATA,
                                          TAG_NOTIFICATION_METADATA, 0x5A, 0};
    static const uint32_t ok_path[] = {TAG_INSTALLATION_RESULT, TAG_INSTALLATION_RESULT_DATA, 0xA2, 0xA0, 0};
    static const uint32_t error_path[] = {TAG_INSTALLATION_RESULT, TAG_INSTALLATION_RESULT_DATA, 0xA2, 0xA1,
                                          0};
    char iccid[ICCID_DIGITS_MAX + 1] = "";
    struct span value;
    struct span number;
    uint64_t command = 127;
    uint64_t reason = 127;

    if (tlv_find_path(result, iccid_path, &value)) {
        (void)iccid_to_digits(value, iccid);
        json_object_set_new(object, "iccid", json_string(iccid));
    }
    if (tlv_find_path(result, ok_path, &value)) {
        snprintf(line, size, "profile %s downloaded", iccid);
        return true;
    }
    if (tlv_find_path(result, error_path, &value)) {
        if (tlv_find(value, 0x80, &number))
            tlv_unsigned(number, &command);
        if (tlv_find(value, 0x81, &number))
            tlv_unsigned(number, &reason);
    }
    snprintf(line, size,
             "profile %s not downloaded: the card refused the package at %s(%" PRIu64 "): %s(%" PRIu64 ")",
             iccid, names_of(NAMES_INSTALL_COMMAND, command), command, names_of(NAMES_INSTALL_ERROR, reason),
             reason);
    return false;
}

static void describe_download(struct ipad *ipad, const struct ipa_report *report, char *line, size_t size,
                              json_t *object)
{
    bool ok = false;

    if (report->octets.size > 0)
        ok = describe_installation(report->octets, line, size, object);
    else
        snprintf(line, size, "profile not downloaded: %s", report->text);
    ipad->has_failed = ipad->has_failed || !ok;
    json_object_set_new(object, "installed", json_boolean(ok));
    if (!ok)
        json_object_set_new(object, "error", json_string(line));
}

static void describe_number(const struct ipa_report *report, const char *format, char *line, size_t size,
                            json_t *object)
{
    char number[24];

    snprintf(number, sizeof(number), "%" PRIu64, report->number);
    snprintf(line, size, "%s %s%s%s", format, number, report->text != NULL ? " " : "",
             report->text != NULL ? report->text : "");
    json_object_set_new(object, "seqNumber", json_integer((json_int_t)report->number));
    if (report->text != NULL)
        json_object_set_new(object, "address", json_string(report->text));
}

/* Who did not take it, and the status, are in the report's text. */
static void describe_not_taken(const struct ipa_report *report, char *line, size_t size, json_t *object)
{
    char number[32] = "";
    char tries[48] = "";

    json_object_set_new(object, "why", json_string(report->text));
    if (report->number > 0) {
        snprintf(number, sizeof(number), " %" PRIu64, report->number);
        json_object_set_new(object, "seqNumber", json_integer((json_int_t)report->number));
    }
    if (report->code > 0) {
        snprintf(tries, sizeof(tries), " (%d %s)", report->code, report->code == 1 ? "time" : "times");
        json_object_set_new(object, "tries", json_integer(report->code));
    }
    snprintf(line, size, "not taken, it stays:%s %s%s", number, report->text, tries);
}

static void describe_code(const struct ipa_report *report, const char *what, enum names names, char *line,
                          size_t size, json_t *object)
{
    char text[64];

    names_text(names, (uint64_t)report->code, text, sizeof(text));
    snprintf(line, size, "%s: %s", what, text);
    json_object_set_new(object, "result", json_string(text));
}

/* More of it, when there is more. */
static void describe_why(const struct ipa_report *report, char *line, size_t size, json_t *object)
{
    size_t used = strlen(line);

    if (report->text == NULL)
        return;
    snprintf(line + used, size - used, ": %s", report->text);
    json_object_set_new(object, "why", json_string(report->text));
}

static const char *const event_names[] = {
    [IPA_EVENT_OFFERED] = "offered",
    [IPA_EVENT_PACKAGE] = "package",
    [IPA_EVENT_DATA] = "ipaEuiccData",
    [IPA_EVENT_DOWNLOAD] = "download",
    [IPA_EVENT_IMMEDIATE_ENABLE] = "immediateEnable",
    [IPA_EVENT_REFUSED] = "packageRefused",
    [IPA_EVENT_DELIVERED] = "delivered",
    [IPA_EVENT_ACKNOWLEDGED] = "acknowledged",
    [IPA_EVENT_NOTIFICATION] = "notification",
    [IPA_EVENT_NOTIFICATION_LEFT] = "notificationLeft",
    [IPA_EVENT_REFRESH] = "refresh",
    [IPA_EVENT_ROLLBACK] = "rollback",
    [IPA_EVENT_STATE_CHANGE] = "stateChange",
    [IPA_EVENT_MORE] = "more",
    [IPA_EVENT_GIVEN_UP] = "givenUp",
    [IPA_EVENT_NOT_TAKEN] = "notTaken",
};

static void ipad_report_describe(struct ipad *ipad, const struct ipa_report *report, char *line, size_t size,
                                 json_t *object)
{
    switch (report->event) {
    case IPA_EVENT_OFFERED:
        describe_number(report, "stored result offered again:", line, size, object);
        break;
    case IPA_EVENT_PACKAGE:
        describe_package(report, line, size, object);
        break;
    case IPA_EVENT_DATA:
        describe_data(report, line, size, object);
        break;
    case IPA_EVENT_DOWNLOAD:
        describe_download(ipad, report, line, size, object);
        break;
    case IPA_EVENT_IMMEDIATE_ENABLE:
        describe_code(report, "immediate enable", NAMES_IMMEDIATE_ENABLE, line, size, object);
        break;
    case IPA_EVENT_REFUSED:
        describe_code(report, "package refused", NAMES_PACKAGE_REFUSED, line, size, object);
        describe_why(report, line, size, object);
        break;
    case IPA_EVENT_DELIVERED:
        snprintf(line, size, "result delivered");
        break;
    case IPA_EVENT_ACKNOWLEDGED:
        describe_number(report, "acknowledged and removed:", line, size, object);
        break;
    case IPA_EVENT_NOTIFICATION:
        describe_number(report, "notification delivered and removed:", line, size, object);
        break;
    case IPA_EVENT_NOTIFICATION_LEFT:
        describe_number(report, "notification not delivered, it stays:", line, size, object);
        break;
    case IPA_EVENT_REFRESH:
        snprintf(line, size, "the profile changed: reset, new connection");
        break;
    case IPA_EVENT_ROLLBACK:
        describe_code(report,
                      report->text != NULL ? "the eIM took no result over the new profile, rollback"
                                           : "no network with the new profile, rollback",
                      NAMES_ROLLBACK, line, size, object);
        describe_why(report, line, size, object);
        break;
    case IPA_EVENT_STATE_CHANGE:
        describe_code(report, "state change told", NAMES_STATE_CHANGE, line, size, object);
        break;
    case IPA_EVENT_MORE:
        snprintf(line, size, "%" PRIu64 " packages taken, what is left waits for the next poll",
                 report->number);
        break;
    case IPA_EVENT_NOT_TAKEN:
        describe_not_taken(report, line, size, object);
        break;
    case IPA_EVENT_GIVEN_UP:
        describe_number(report, "result given up, it stays on the card:", line, size, object);
        break;
    }
}

/* Whether each command of a package was done. deleteEim says of the last eIM that it is gone, not that it is
 * not. */
static bool is_all_done(struct span result)
{
    enum { LAST_EIM_DELETED = 2, DELETE_EIM = 0x89 };
    struct package_result read;
    struct tlv_reader reader;
    struct tlv tlv;
    const char *name;
    const char *outcome;
    char text[64];
    uint64_t code = 0;

    if (!package_result_read(result, &read) || !read.has_sequence)
        return false;
    reader = tlv_reader(read.results);
    while (tlv_next(&reader, &tlv) == TLV_OK) {
        result_names(&tlv, &name, &outcome, text, sizeof(text));
        if (strcmp(outcome, "ok(0)") != 0 &&
            !(tlv.tag == DELETE_EIM && tlv_unsigned(tlv.value, &code) && code == LAST_EIM_DELETED))
            return false;
    }
    return tlv_good(&reader);
}

/* In inject mode no eIM is there to judge: whoever hands a package in is told what was not done. */
static bool is_failure(const struct ipa_report *report)
{
    switch (report->event) {
    case IPA_EVENT_PACKAGE:
        return !is_all_done(report->octets);
    case IPA_EVENT_DATA:
        return report->code != 0;
    case IPA_EVENT_REFUSED:
    case IPA_EVENT_ROLLBACK:
        return true;
    default:
        return false;
    }
}

void ipad_report(void *context, const struct ipa_report *report)
{
    struct ipad *ipad = context;
    char line[LINE_SIZE] = "";
    char eim[IPA_ID_MAX + 1];
    json_t *object = json_object();

    json_object_set_new(object, "event", json_string(event_names[report->event]));
    ipad_report_describe(ipad, report, line, sizeof(line), object);
    ipad->has_failed = ipad->has_failed || (ipad->injected != NULL && is_failure(report));
    tool_one_line(line);
    if (ipad->json) {
        json_array_append_new(ipad->events, object);
        return;
    }
    json_decref(object);
    print_line("eIM %s: %s", print_text(span_of_string(ipad->eim), eim, sizeof(eim)), line);
    fflush(stdout);
}
