/*
 * ES10b.LoadEuiccPackage (SGP.32 3.3.1, 5.9.1): the checks on a package, in their order, and its list of
 * commands. The commands are psmo.c's and eco.c's, the signed results package_sign.c's. All of it is one
 * transaction: a status word other than 9000 undoes everything, an interruption too.
 */
#include "euicc/iot/es10_iot.h"
#include "euicc/iot/package_command.h"
#include "euicc/iot/package_sign.h"
#include "euicc/lifecycle/lifecycle.h"
#include "euicc/lifecycle/marking.h"
#include "euicc/lifecycle/notification.h"
#include "euicc/rsp/es10_common.h"
#include "protocol/tags.h"

#define TAG_ERROR_UNSIGNED 0xA2
#define TAG_PSMO_LIST      0xA0
#define TAG_ECO_LIST       0xA1

/* EuiccPackageErrorCode, SGP.32 2.11.2.1 */
enum {
    ERROR_NONE = 0,
    ERROR_INVALID_EID = 3,
    ERROR_REPLAY = 4,
    ERROR_COUNTER_OUT_OF_RANGE = 6,
    ERROR_SIZE_OVERFLOW = 15,
    ERROR_ECALL_ACTIVE = 104,
};

/* processingTerminated of EuiccResultData: an INTEGER without a tag of its own. */
#define TAG_PROCESSING_TERMINATED 0x02
enum { RESULT_SIZE_OVERFLOW = 1, UNKNOWN_OR_DAMAGED_COMMAND = 2 };

/* Reading: a list may have as many octets as its results; what is longer is sizeOverflow. */
#define LIST_MAX PACKAGE_RESULTS_SIZE

/* EuiccPackageRequest; the spans are those of the request. */
struct package {
    struct span signed_part; /* euiccPackageSigned as received, whole */
    struct span signature;
    struct span eim_id, eid;
    int64_t counter;
    struct span transaction; /* SPAN_NONE: none */
    uint32_t list_tag;
    struct span list;
};

/* Reading: of the CHOICE of two lists one is there; the other one after it is no unknown member to be
 * skipped. */
static bool read_list(struct tlv_reader *reader, struct package *package)
{
    uint32_t tag = tlv_peek(reader);

    package->list_tag = tag;
    return (tag == TAG_PSMO_LIST || tag == TAG_ECO_LIST) && tlv_require(reader, tag, &package->list) &&
           tlv_peek(reader) != TAG_PSMO_LIST && tlv_peek(reader) != TAG_ECO_LIST;
}

/*
 * EuiccPackageSigned. Reading: what does not parse up to its list answers 6A80, signed or not, because its
 * eIM, EID and counter cannot be told; inside the list it is processingTerminated.
 */
static bool read_signed(struct span content, struct package *package)
{
    struct tlv_reader reader = tlv_reader(content);
    struct span counter;

    return tlv_require_sized(&reader, 0x80, 1, EIM_ID_MAX, &package->eim_id) &&
           tlv_require_sized(&reader, 0x5A, CARD_EID_SIZE, CARD_EID_SIZE, &package->eid) &&
           tlv_require(&reader, 0x81, &counter) && tlv_signed(counter, &package->counter) &&
           (tlv_peek(&reader) != 0x82 ||
            tlv_require_sized(&reader, 0x82, 1, EIM_TRANSACTION_MAX, &package->transaction)) &&
           read_list(&reader, package) && tlv_skip_rest(&reader);
}

static bool read_package(struct span request, struct package *package)
{
    struct tlv_reader reader = tlv_reader(request);
    struct span content;

    *package = (struct package){.counter = 0};
    return tlv_require_whole(&reader, 0x30, &content, &package->signed_part) &&
           read_signed(content, package) && tlv_require(&reader, TAG_SIGNATURE, &package->signature) &&
           tlv_skip_rest(&reader);
}

/* --- errors -------------------------------------------------------------------------------------- */

/* The signature covers euiccPackageSigned as received and the association token object after it. */
static bool is_signed_by(const struct package *package, const struct eim *eim)
{
    struct buf token = {0};
    bool valid;

    eim_put_token(&token, eim);
    valid =
        !token.failed && ec_verify(eim->key, (const struct span[]){package->signed_part, buf_span(&token)}, 2,
                                   package->signature);
    buf_free(&token);
    return valid;
}

/* EuiccPackageErrorUnsigned: nothing in it tells what of the package was wrong. `eim` NULL: it is not
 * associated. */
static uint16_t put_unsigned_error(struct softeuicc *card, const struct package *package,
                                   const struct eim *eim, struct buf *response)
{
    size_t outer = tlv_open(response, TAG_EUICC_PACKAGE);
    size_t inner = tlv_open(response, TAG_ERROR_UNSIGNED);

    tlv_put(response, 0x80, package->eim_id);
    if (package->transaction.data != NULL)
        tlv_put(response, 0x82, package->transaction);
    if (eim != NULL && eim->has_token)
        tlv_put_signed(response, 0x84, eim->token);
    tlv_close(response, inner);
    tlv_close(response, outer);
    return es10_finish(card, response);
}

/* What a package that its eIM signed is refused for, in this order (SGP.32 5.9.1). */
static unsigned refusal(const struct softeuicc *card, const struct package *package, const struct eim *eim)
{
    if (!span_equal(package->eid, SPAN_ARRAY(card->eid)))
        return ERROR_INVALID_EID;
    if (package->counter <= (int64_t)eim->counter)
        return ERROR_REPLAY;
    if (package->counter > EIM_COUNTER_MAX)
        return ERROR_COUNTER_OUT_OF_RANGE;
    return package->list.size > LIST_MAX ? ERROR_SIZE_OVERFLOW : ERROR_NONE;
}

/* --- the list ------------------------------------------------------------------------------------ */

/* In place of whatever the command at hand has left after `at`. */
static enum package_outcome terminate(struct buf *results, size_t at, unsigned reason)
{
    results->size = at;
    return package_put_result(results, TAG_PROCESSING_TERMINATED, reason);
}

/*
 * A command begins only with room for a small result, so that one which changes something never loses its
 * result; those that answer with a list change nothing.
 */
static enum package_outcome run_command(struct package_run *run, const struct package_command *command,
                                        struct span content, struct buf *results)
{
    size_t at = results->size;
    enum package_outcome outcome;

    if (at + PACKAGE_SMALL_RESULT_MAX > PACKAGE_RESULTS_SIZE)
        return terminate(results, at, RESULT_SIZE_OVERFLOW);
    outcome = command != NULL ? command->run(run, content, results) : PACKAGE_DAMAGED;
    if (outcome == PACKAGE_DAMAGED)
        return terminate(results, at, UNKNOWN_OR_DAMAGED_COMMAND);
    if (outcome != PACKAGE_FAILED && results->size > PACKAGE_RESULTS_SIZE)
        return terminate(results, at, RESULT_SIZE_OVERFLOW);
    return outcome;
}

static enum package_outcome run_list(struct package_run *run, const struct package *package,
                                     struct buf *results)
{
    struct tlv_reader reader = tlv_reader(package->list);
    enum package_outcome outcome = PACKAGE_GOES_ON;
    struct tlv command;

    while (outcome == PACKAGE_GOES_ON && tlv_next(&reader, &command) == TLV_OK)
        outcome = run_command(
            run, package->list_tag == TAG_PSMO_LIST ? psmo_find(command.tag) : eco_find(command.tag),
            command.value, results);
    if (outcome == PACKAGE_GOES_ON && reader.status != TLV_OK && reader.status != TLV_END)
        return terminate(results, results->size, UNKNOWN_OR_DAMAGED_COMMAND);
    return outcome;
}

/* The changes of profiles take effect after the result is signed, when the terminal has refreshed. */
static bool run_marked(struct package_run *run, const struct package *package, struct buf *results)
{
    struct marking marking;
    bool done;

    if (!marking_begin(run->card, &marking, true))
        return false;
    done = run_list(run, package, results) != PACKAGE_FAILED;
    return marking_end(run->card, &marking) && done;
}

/*
 * An accepted package counts, whatever its commands come to. Reading: its counter is stored before the list
 * runs, so that an updateEim in the list has the last word on it; its result is numbered before the list
 * runs, so that the notifications of its profile changes have higher numbers.
 */
static uint16_t package_accept(struct softeuicc *card, const struct package *package, const struct eim *eim,
                               struct buf *response)
{
    struct package_run run = {
        .card = card, .eim = eim, .counter = (uint32_t)package->counter, .transaction = package->transaction};
    struct buf results = {0};
    bool done;

    if (!eim_set_counter(card, eim, run.counter))
        return ES10_MEMORY;
    run.sequence = notification_next_sequence(card);
    if (run.sequence == 0)
        return ES10_MEMORY;
    done = run_marked(&run, package, &results) && !results.failed &&
           package_sign_and_store(card, eim, run.counter, run.transaction, run.sequence, buf_span(&results),
                                  response);
    buf_free(&results);
    if (!done && !nvm_failed(card->nvm))
        return ES10_FAILED;
    return es10_finish(card, response);
}

static uint16_t package_refuse(struct softeuicc *card, const struct package *package, const struct eim *eim,
                               unsigned error, struct buf *response)
{
    if (!package_sign_error(eim, package->counter, package->transaction, error, response))
        return ES10_FAILED;
    return es10_finish(card, response);
}

/* The lifecycle table has the last word on whether a package is accepted,
 * and withdraws a granted rollback. */
static uint16_t package_serve(struct softeuicc *card, const struct package *package, const struct eim *eim,
                              struct buf *response)
{
    unsigned error;

    if (!is_signed_by(package, eim))
        return put_unsigned_error(card, package, eim, response);
    error = refusal(card, package, eim);
    if (error != ERROR_NONE)
        return package_refuse(card, package, eim, error, response);
    switch (lifecycle_trigger(card, LIFECYCLE_PACKAGE, false)) {
    case LIFECYCLE_OK:
        return package_accept(card, package, eim, response);
    case LIFECYCLE_ECALL_ACTIVE:
        return package_refuse(card, package, eim, ERROR_ECALL_ACTIVE, response);
    default:
        return ES10_MEMORY;
    }
}

uint16_t es10b_load_euicc_package(struct softeuicc *card, struct span request, struct buf *response)
{
    struct package package;
    struct eim eim = {0};
    uint16_t status;

    if (!read_package(request, &package))
        return ES10_BAD_REQUEST;
    /* Begun before the first look-up, the transaction spares each of them the storage's locks; without a
     * change it writes nothing. */
    if (!nvm_begin(card->nvm))
        return ES10_MEMORY;
    if (!eim_find(card, package.eim_id, &eim))
        return put_unsigned_error(card, &package, NULL, response);
    status = package_serve(card, &package, &eim, response);
    eim_clear(&eim);
    return status;
}
