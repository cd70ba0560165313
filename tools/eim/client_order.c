/* `softeuicc eim order`: commands as words ("enable --iccid … --rollback then list"), one table of them, and
 * the wait for the result. See client.h. */
#include "tools/eim/client.h"

#include "common/tool.h"
#include "crypto/base64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CONFIGURATION_MAX ((size_t)16 * 1024) /* octets of a file */
#define POLL_INTERVAL     200                 /* milliseconds between two looks at an order */

enum value { VALUE_NONE, VALUE_TEXT, VALUE_FILE, VALUE_TAGS };

struct verb_option {
    const char *name;   /* "--iccid"; NULL at the end. The first one may go without its name. */
    const char *member; /* of the command's JSON */
    enum value value;
};

static const struct verb {
    const char *name;    /* "fallback set" */
    const char *list;    /* "psmo", "eco"; or what is ordered alone: "download", "data" */
    const char *command; /* its name there */
    const char *usage;
    struct verb_option options[8];
} verbs[] = {
    {"enable",
     "psmo",
     "enable",
     "--iccid ICCID [--rollback]",
     {{"--iccid", "iccid", VALUE_TEXT}, {"--rollback", "rollback", VALUE_NONE}}},
    {"disable", "psmo", "disable", "--iccid ICCID", {{"--iccid", "iccid", VALUE_TEXT}}},
    {"delete", "psmo", "delete", "--iccid ICCID", {{"--iccid", "iccid", VALUE_TEXT}}},
    {"list", "psmo", "listProfileInfo", "", {{NULL, NULL, VALUE_NONE}}},
    {"rat", "psmo", "getRAT", "", {{NULL, NULL, VALUE_NONE}}},
    {"immediate-enable on",
     "psmo",
     "configureImmediateEnable",
     "[--smdp ADDRESS] [--oid OID]",
     {{"--smdp", "smdpAddress", VALUE_TEXT}, {"--oid", "smdpOid", VALUE_TEXT}}},
    {"immediate-enable off", "psmo", "configureImmediateEnable", "", {{NULL, NULL, VALUE_NONE}}},
    {"fallback set", "psmo", "setFallbackAttribute", "--iccid ICCID", {{"--iccid", "iccid", VALUE_TEXT}}},
    {"fallback unset", "psmo", "unsetFallbackAttribute", "", {{NULL, NULL, VALUE_NONE}}},
    {"default-smdp", "psmo", "setDefaultDpAddress", "ADDRESS", {{"--smdp", "address", VALUE_TEXT}}},
    {"add-eim", "eco", "addEim", "FILE", {{"--file", "configuration", VALUE_FILE}}},
    {"update-eim", "eco", "updateEim", "FILE", {{"--file", "configuration", VALUE_FILE}}},
    {"delete-eim", "eco", "deleteEim", "EIMID", {{"--eim-id", "eimId", VALUE_TEXT}}},
    {"list-eims", "eco", "listEim", "", {{NULL, NULL, VALUE_NONE}}},
    {"download",
     "download",
     "",
     "--activation-code AC | --smdp ADDRESS [--matching-id ID] | --default-smdp | --smds ADDRESS\n"
     "      [--direct | --indirect] [--confirmation CODE]",
     {{"--activation-code", "activationCode", VALUE_TEXT},
      {"--smdp", "smdpAddress", VALUE_TEXT},
      {"--matching-id", "matchingId", VALUE_TEXT},
      {"--default-smdp", "defaultSmdp", VALUE_NONE},
      {"--smds", "smds", VALUE_TEXT},
      {"--confirmation", "confirmationCode", VALUE_TEXT}}},
    {"data", "data", "", "[--tags TAG,TAG,…]", {{"--tags", "tags", VALUE_TAGS}}},
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static void print_help(void)
{
    printf("Usage: softeuicc eim order --eid EID [OPTION]... COMMAND [then COMMAND]...\n"
           "       softeuicc eim COMMAND --eid EID [OPTION]...\n\n"
           "Queues an order for an eUICC at a running eIM. Several commands, joined by the word 'then', go "
           "into one\n"
           "signed package. The eUICC gets it when its IPA polls.\n\n"
           "  --url URL       the eIM; default " EIM_DEFAULT_URL "\n"
           "  --cacert FILE   trust this CA (PEM), such as the PKI's ci.pem; default: $SOFTEUICC_CACERT, or "
           "the\n"
           "                  system's\n"
           "  --eid EID       32 digits\n"
           "  --wait SECONDS  wait for the result; exit status 0: done, 1: failed, %d: not ended in time\n"
           "  --json          print the order as JSON\n\n"
           "Commands:\n",
           EXIT_WAITING);
    for (size_t i = 0; i < VERBS; i++)
        printf("  %s %s\n", verbs[i].name, verbs[i].usage);
}

/* --- Words to JSON -------------------------------------------------------------------------------------- */

struct reading {
    struct client client;
    json_t *request;
    const struct verb *verb; /* NULL: none yet, or after "then" */
    json_t *arguments;       /* of the verb; inside request */
    bool is_done;            /* --help was shown */
};

bool eim_is_verb(const char *name)
{
    size_t size = strlen(name);

    for (size_t i = 0; i < VERBS; i++) {
        if (strncmp(verbs[i].name, name, size) == 0 &&
            (verbs[i].name[size] == '\0' || verbs[i].name[size] == ' '))
            return true;
    }
    return false;
}

/* Begins the command with this name, which may take a second word. */
static bool begin_verb(struct reading *reading, int argc, char **argv, int *index)
{
    char two[64];
    const struct verb *verb = NULL;
    json_t *list;

    snprintf(two, sizeof(two), "%s %s", argv[*index], *index + 1 < argc ? argv[*index + 1] : "");
    for (size_t i = 0; verb == NULL && i < VERBS; i++) {
        if (strcmp(verbs[i].name, two) == 0)
            ++*index;
        else if (strcmp(verbs[i].name, argv[*index]) != 0)
            continue;
        verb = &verbs[i];
    }
    if (verb == NULL)
        return tool_usage(eim_is_verb(argv[*index]) ? "'%s' needs its second word right behind it"
                                                    : "there is no command '%s'",
                          argv[*index]) == EXIT_OK;
    if (json_object_size(reading->request) > 1 &&
        (verb->command[0] == '\0' || json_object_get(reading->request, verb->list) == NULL))
        return tool_usage("'%s' cannot be in one order with the command before", verb->name) == EXIT_OK;
    reading->verb = verb;
    reading->arguments = json_object();
    if (verb->command[0] == '\0')
        return json_object_set_new(reading->request, verb->list, reading->arguments) == 0;
    list = json_object_get(reading->request, verb->list);
    if (list == NULL) {
        list = json_array();
        json_object_set_new(reading->request, verb->list, list);
    }
    if (strcmp(verb->name, "immediate-enable on") == 0)
        json_object_set_new(reading->arguments, "enable", json_true());
    return json_array_append_new(list, json_pack("{s:o}", verb->command, reading->arguments)) == 0;
}

/* The eIM configuration of a file, in base64. */
static json_t *read_configuration(const char *path)
{
    struct buf octets = {0};
    json_t *text = NULL;
    char *base64;

    if (tool_read_file(path, CONFIGURATION_MAX, &octets)) {
        base64 = base64_encode(buf_span(&octets));
        text = base64 != NULL ? json_string(base64) : NULL;
        free(base64);
    }
    buf_free(&octets);
    return text;
}

static json_t *split_tags(const char *text)
{
    json_t *list = json_array();

    while (*text != '\0') {
        size_t size = strcspn(text, ",");

        json_array_append_new(list, json_stringn(text, size));
        text += size + (text[size] == ',');
    }
    return list;
}

static json_t *make_value(enum value kind, const char *text)
{
    switch (kind) {
    case VALUE_TEXT:
        return json_string(text);
    case VALUE_FILE:
        return read_configuration(text);
    case VALUE_TAGS:
        return split_tags(text);
    default:
        return json_true();
    }
}

static bool set_value(struct reading *reading, const struct verb_option *option, const char *text)
{
    json_t *value = make_value(option->value, text);

    if (value != NULL)
        return json_object_set_new(reading->arguments, option->member, value) == 0;
    if (option->value != VALUE_FILE)
        tool_usage("the value of '%s' is not UTF-8", option->name);
    return false;
}

/* An option of the present command, or its value without the option's name. */
static bool take_verb_option(struct reading *reading, int argc, char **argv, int *index)
{
    const struct verb_option *option = reading->verb->options;
    const char *word = argv[*index];

    if (strcmp(reading->verb->name, "download") == 0 &&
        (strcmp(word, "--direct") == 0 || strcmp(word, "--indirect") == 0))
        return json_object_set_new(reading->arguments, "mode", json_string(word + 2)) == 0;
    if (word[0] != '-' && option->name != NULL && option->value != VALUE_NONE &&
        json_object_get(reading->arguments, option->member) == NULL)
        return set_value(reading, option, word);
    while (option->name != NULL && strcmp(option->name, word) != 0)
        option++;
    if (option->name == NULL)
        return tool_usage("'%s' does not belong to '%s'", word, reading->verb->name) == EXIT_OK;
    if (option->value == VALUE_NONE)
        return set_value(reading, option, NULL);
    if (*index + 1 >= argc)
        return tool_usage("'%s' needs a value", word) == EXIT_OK;
    return set_value(reading, option, argv[++*index]);
}

/* Options that a command has itself come before those of all commands: --smdp is not one of these. */
static bool take_word(struct reading *reading, int argc, char **argv, int *index)
{
    const char *word = argv[*index];
    int taken;

    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
        print_help();
        return reading->is_done = true;
    }
    taken = client_option(&reading->client, argc, argv, index);
    if (taken != 0)
        return taken > 0;
    if (strcmp(word, "then") == 0 && reading->verb != NULL) {
        reading->verb = NULL;
        return true;
    }
    if (reading->verb != NULL)
        return take_verb_option(reading, argc, argv, index);
    if (word[0] == '-')
        return tool_usage("'%s' is no option", word) == EXIT_OK;
    return begin_verb(reading, argc, argv, index);
}

/* --- Waiting -------------------------------------------------------------------------------------------- */

static bool has_ended(const json_t *order)
{
    const char *state = json_string_value(json_object_get(order, "state"));

    return state == NULL || strcmp(state, "done") == 0 || strcmp(state, "failed") == 0;
}

/* What changed since the last look, on stderr: stdout is for the result. */
static void show_progress(const json_t *order, char *before, size_t size)
{
    const char *state = json_string_value(json_object_get(order, "state"));
    const char *progress = json_string_value(json_object_get(order, "progress"));
    char now[300];

    snprintf(now, sizeof(now), "%s%s%s", state != NULL ? state : "?", progress != NULL ? ", " : "",
             progress != NULL ? progress : "");
    if (strcmp(now, before) == 0)
        return;
    snprintf(before, size, "%s", now);
    tool_one_line(now);
    fprintf(stderr, "order %lld: %s\n", (long long)json_integer_value(json_object_get(order, "id")), now);
}

/* Looks at the order until it ends; takes `order`, returns the last look, NULL after an error line. */
static json_t *wait_for(const struct client *client, json_t *order)
{
    const struct timespec pause = {.tv_nsec = POLL_INTERVAL * 1000000L};
    char path[80], before[300] = "";
    struct timespec now;
    int64_t end;

    clock_gettime(CLOCK_MONOTONIC, &now);
    end = (int64_t)now.tv_sec + client->wait;
    snprintf(path, sizeof(path), "/v1/orders/%lld",
             (long long)json_integer_value(json_object_get(order, "id")));
    while (order != NULL) {
        show_progress(order, before, sizeof(before));
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (has_ended(order) || (int64_t)now.tv_sec >= end)
            break;
        nanosleep(&pause, NULL);
        json_decref(order);
        order = client_exchange(client, "GET", path, NULL);
    }
    return order;
}

static int finish(const struct client *client, json_t *order)
{
    const char *state;
    int status = EXIT_OK;

    if (client->wait >= 0)
        order = wait_for(client, order);
    if (order == NULL)
        return EXIT_FAILED;
    if (client->json)
        client_print_json(order);
    else
        client_print_order(order);
    state = json_string_value(json_object_get(order, "state"));
    if (client->wait >= 0 && !has_ended(order))
        status = EXIT_WAITING;
    else if (client->wait >= 0 && (state == NULL || strcmp(state, "done") != 0))
        status = EXIT_FAILED;
    json_decref(order);
    return status;
}

static int send_order(struct reading *reading)
{
    json_t *order;

    if (reading->verb == NULL)
        return tool_usage("a command is missing");
    if (reading->client.eid == NULL)
        return tool_usage("--eid is missing");
    if (reading->client.state != NULL)
        return tool_usage("--state belongs to 'eim orders'");
    json_object_set_new(reading->request, "eid", json_string(reading->client.eid));
    order = client_exchange(&reading->client, "POST", "/v1/orders", reading->request);
    return order == NULL ? EXIT_FAILED : finish(&reading->client, order);
}

/* From argv[first] on. */
static int run_from(int argc, char **argv, int first)
{
    struct reading reading = {.client = client_new(), .request = json_object()};
    int status;

    /* The EID's place, so that the request has one member before any command. */
    json_object_set_new(reading.request, "eid", json_null());
    for (int i = first; i < argc; i++) {
        if (!take_word(&reading, argc, argv, &i)) {
            json_decref(reading.request);
            return EXIT_USAGE;
        }
        if (reading.is_done) {
            json_decref(reading.request);
            return EXIT_OK;
        }
    }
    status = send_order(&reading);
    json_decref(reading.request);
    return status;
}

int eim_run_order(int argc, char **argv)
{
    return run_from(argc, argv, 1);
}

int eim_run_verb(int argc, char **argv)
{
    return run_from(argc, argv, 0);
}
