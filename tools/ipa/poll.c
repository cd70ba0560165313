/*
 * Driving a poll: messages are carried over the network, a REFRESH is a reset of the card and a new
 * connection, and a profile that finds no network has its time (SGP.32 3.3.2).
 */
#include "common/tool.h"
#include "device/coverage.h"
#include "device/es9p_asn1.h"
#include "tools/ipa/ipad.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define RETRY_SECONDS 1 /* between two tries over a new profile */

/* One eIM's poll. */
struct drive {
    struct ipad *ipad;
    const struct ipa_eim *eim;
    struct bearer_target target;
    time_t changed; /* when the profile changed, monotonic */
};

static time_t now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

/* Where the eIM is, and by which protocol: --eim and --protocol, or what its configuration says. */
static bool choose_target(struct drive *drive, char why[BEARER_WHY_SIZE])
{
    const struct ipad *ipad = drive->ipad;
    const struct ipa_eim *eim = drive->eim;
    struct bearer_target *target = &drive->target;
    bool https = !eim->has_protocols || (eim->protocols >> IPA_RETRIEVE_HTTPS & 1) != 0;
    bool coaps = eim->has_protocols && (eim->protocols >> IPA_RETRIEVE_COAPS & 1) != 0;
    enum bearer_scheme scheme = https ? BEARER_HTTPS : BEARER_COAPS;

    memset(target, 0, sizeof(*target));
    target->trust = eim->trust;
    target->trusted = buf_span(&eim->trusted);
    target->cacert = ipad->cacert;
    if (ipad->eim_url != NULL)
        return bearer_parse_url(ipad->eim_url, target); /* checked with the options */
    if (ipad->protocol != NULL)
        scheme = strcmp(ipad->protocol, "coap") == 0 ? BEARER_COAPS : BEARER_HTTPS;
    else if (!https && !coaps) {
        snprintf(why, BEARER_WHY_SIZE,
                 "its eimSupportedProtocol has neither eimRetrieveHttps nor "
                 "eimRetrieveCoaps (choose with --protocol)");
        return false;
    }
    if (eim->fqdn[0] == '\0') {
        snprintf(why, BEARER_WHY_SIZE, "the card has no eimFqdn of it (name it with --eim URL)");
        return false;
    }
    if (bearer_from_fqdn(eim->fqdn, scheme, target))
        return true;
    snprintf(why, BEARER_WHY_SIZE, "its eimFqdn '%s' is no address", eim->fqdn);
    return false;
}

static bool carry_to_eim(struct drive *drive, struct span message, char why[BEARER_WHY_SIZE])
{
    struct ipad *ipad = drive->ipad;

    if (ipad->bearer == NULL)
        ipad->bearer = bearer_open(&drive->target, why);
    if (ipad->bearer == NULL)
        return false;
    if (bearer_post(ipad->bearer, message, &ipad->answer, why))
        return true;
    ipad_close_bearer(ipad);
    return false;
}

/* Whether the profile that is enabled has network. */
static bool has_coverage(struct ipad *ipad, char why[BEARER_WHY_SIZE])
{
    struct ipa_enabled enabled;

    if (ipad->coverage == NULL)
        return true;
    if (!ipa_read_enabled(ipad->ipa, &enabled)) {
        snprintf(why, BEARER_WHY_SIZE, "%s", ipa_why(ipad->ipa));
        return false;
    }
    if (!enabled.any) {
        snprintf(why, BEARER_WHY_SIZE, "no network: no profile is enabled");
        return false;
    }
    return coverage_has(ipad->coverage, enabled.iccid, why, BEARER_WHY_SIZE);
}

static void carry(struct drive *drive)
{
    struct ipad *ipad = drive->ipad;
    const struct ipa_message *message = ipa_message(ipad->ipa);
    char why[BEARER_WHY_SIZE] = "";
    bool ok = has_coverage(ipad, why);

    if (ok && message->peer == IPA_PEER_EIM)
        ok = carry_to_eim(drive, message->octets, why);
    else if (ok)
        ok = es9p_carry(message, ipad->cacert, &ipad->answer, why);
    tool_one_line(why);
    if (ok)
        ipa_answered(ipad->ipa, buf_span(&ipad->answer));
    else
        ipa_unreachable(ipad->ipa, why);
}

static void refresh(struct drive *drive)
{
    ipad_reset_card(drive->ipad); /* a card that does not come back answers the next request neither */
    drive->changed = now();
    ipa_refreshed(drive->ipad->ipa);
}

static void retry(struct drive *drive)
{
    if (ipad_interrupted != 0 || now() - drive->changed >= (time_t)drive->ipad->rollback_after) {
        ipa_give_up(drive->ipad->ipa);
        return;
    }
    sleep(RETRY_SECONDS);
    ipa_retry(drive->ipad->ipa);
}

static void run(struct drive *drive)
{
    struct ipa *ipa = drive->ipad->ipa;

    ipa_start_poll(ipa, drive->eim->id);
    while (ipa_want(ipa) != IPA_NOTHING) {
        switch (ipa_want(ipa)) {
        case IPA_SEND:
            carry(drive);
            break;
        case IPA_REFRESH:
            refresh(drive);
            break;
        default:
            retry(drive);
        }
    }
}

static const char *outcome_name(enum ipa_outcome outcome)
{
    static const char *const names[] = {"done", "unreachable", "refused", "malformed", "card", "storage"};

    return names[outcome];
}

static void add_outcome(struct ipad *ipad, json_t *polled, const char *outcome, const char *why)
{
    json_t *object = json_object();

    json_object_set_new(object, "eimId", json_string(ipad->eim));
    json_object_set_new(object, "outcome", json_string(outcome));
    if (why[0] != '\0')
        json_object_set_new(object, "why", json_string(why));
    json_object_set_new(object, "events", ipad->events);
    ipad->events = NULL;
    json_array_append_new(polled, object);
}

/* Polls one; true when it answered. */
static bool poll_one(struct ipad *ipad, const struct ipa_eim *eim, json_t *polled, int *status)
{
    struct drive drive = {.ipad = ipad, .eim = eim, .changed = now()};
    char why[BEARER_WHY_SIZE] = "";

    ipad->eim = eim->id;
    ipad->failed_download = false;
    ipad->events = ipad->json ? json_array() : NULL;
    if (!choose_target(&drive, why)) {
        *status = tool_error("eIM %s: %s", eim->id, why);
        if (ipad->json)
            add_outcome(ipad, polled, "unreachable", why);
        return false;
    }
    ipa_settings(ipad->ipa)->compact = ipad->compact || drive.target.scheme == BEARER_COAPS;
    run(&drive);
    ipad_close_bearer(ipad);
    if (ipa_outcome(ipad->ipa) != IPA_DONE) {
        *status = EXIT_FAILED;
        if (!ipad->link_broken)
            tool_error("eIM %s: %s", eim->id, ipa_why(ipad->ipa));
    }
    if (ipad->failed_download)
        *status = EXIT_FAILED;
    if (ipad->json)
        add_outcome(ipad, polled, outcome_name(ipa_outcome(ipad->ipa)), ipa_why(ipad->ipa));
    return ipa_was_answered(ipad->ipa);
}

/* The list is copied: a poll may change what is on the card. */
static struct ipa_eim *copy_eims(const struct ipa_eim *eims, size_t count)
{
    struct ipa_eim *copy = calloc(count, sizeof(*copy));

    for (size_t i = 0; copy != NULL && i < count; i++) {
        copy[i] = eims[i];
        copy[i].trusted = (struct buf){0};
        buf_append(&copy[i].trusted, buf_span(&eims[i].trusted));
    }
    return copy;
}

static void free_eims(struct ipa_eim *eims, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_free(&eims[i].trusted);
    free(eims);
}

int ipad_poll_all(struct ipad *ipad, json_t *polled, bool *connected)
{
    const struct ipa_eim *eims;
    struct ipa_eim *copy;
    size_t count;
    size_t polls = 0;
    int status = EXIT_OK;

    *connected = false;
    if (!ipa_read_eims(ipad->ipa, &eims, &count))
        return ipad_card_failed(ipad);
    if (count == 0)
        return tool_error("the card is associated with no eIM (add one with 'softeuicc ipa add-eim FILE')");
    copy = copy_eims(eims, count);
    if (copy == NULL)
        return tool_error("out of memory");
    for (size_t i = 0; i < count && !ipad->link_broken; i++) {
        if (ipad->only != NULL && strcmp(ipad->only, copy[i].id) != 0)
            continue;
        polls++;
        *connected = poll_one(ipad, &copy[i], polled, &status) || *connected;
    }
    free_eims(copy, count);
    if (polls == 0 && !ipad->link_broken)
        return tool_error("the card is not associated with eIM %s", ipad->only);
    return status;
}

int ipad_poll(const struct command_line *line)
{
    struct ipad *ipad = line->settings;
    json_t *polled = ipad->json ? json_array() : NULL;
    bool connected;
    int status = ipad_poll_all(ipad, polled, &connected);

    if (ipad->json)
        print_json(polled);
    return status;
}
