/* The small LPA: what its commands share. */
#ifndef SOFTEUICC_TOOLS_LPA_LPA_H
#define SOFTEUICC_TOOLS_LPA_LPA_H

#include "device/es10.h"
#include "profiles/iccid.h"
#include "protocol/es9p.h"
#include "protocol/names.h"

#include <jansson.h>

struct lpa {
    struct link *link;
    struct es10 es10;
    bool json;
    const char *cacert;
    const char *confirmation_code;
    const char *imei;
    const char *smds;      /* discover: address, NULL for the card's */
    bool no_notifications; /* download and state changes: leave the notifications on the card */
    bool no_refresh;
};

/* The commands, with the words after their name. Each returns the exit status. */
int lpa_info(struct lpa *lpa, int argc, char **argv);
int lpa_list(struct lpa *lpa, int argc, char **argv);
int lpa_download(struct lpa *lpa, int argc, char **argv);
int lpa_enable(struct lpa *lpa, int argc, char **argv);
int lpa_disable(struct lpa *lpa, int argc, char **argv);
int lpa_delete(struct lpa *lpa, int argc, char **argv);
int lpa_nickname(struct lpa *lpa, int argc, char **argv);
int lpa_notifications(struct lpa *lpa, int argc, char **argv);
int lpa_reset(struct lpa *lpa, int argc, char **argv);
int lpa_discover(struct lpa *lpa, int argc, char **argv);
int lpa_default_smdp(struct lpa *lpa, int argc, char **argv);

/* Prints object as JSON on stdout and drops the reference; returns EXIT_OK. */
int lpa_print_json(json_t *object);

/* Text of at most `size` - 1 octets from a span, for people and JSON: control characters, and what is not
 * UTF-8, replaced. */
const char *lpa_text(struct span octets, char *out, size_t size);
/* An ICCID's digits, or its octets in hexadecimal when they are none. Returns `out`. */
const char *lpa_iccid(struct span octets, char out[ICCID_DIGITS_MAX + 1]);

/* Sends every pending notification to its server and removes those that were accepted; counts them. True if
 * all went. */
bool lpa_process_notifications(struct lpa *lpa, unsigned *sent, unsigned *left);

/* Mutual authentication (SGP.22 3.1.2) with an SM-DP+ (ES9P_AUTHENTICATE_CLIENT) or SM-DS (ES11_…).
 * `authenticated`: the members of that answer; `transaction_id` is empty before. False with the line printed
 * and the session ended. */
struct es9p;
bool lpa_authenticate(struct lpa *lpa, struct es9p *server, enum es9p_function_id function,
                      const char *address, const char *matching_id, struct buf *transaction_id,
                      struct es9p_message *authenticated);

#endif
