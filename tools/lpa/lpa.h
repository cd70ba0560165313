/* The small LPA: what its commands share. */
#ifndef SOFTEUICC_TOOLS_LPA_LPA_H
#define SOFTEUICC_TOOLS_LPA_LPA_H

#include "common/command/command.h"
#include "device/es10.h"
#include "protocol/es9p.h"
#include "protocol/names.h"
#include "tools/lpa/print.h"

struct lpa {
    struct link *link;
    struct es10 es10;
    const char *reader, *card; /* at most one */
    bool json;
    const char *cacert;
    const char *confirmation_code;
    const char *imei;
    const char *smds;      /* discover: address, NULL for the card's */
    bool no_notifications; /* download and state changes: leave the notifications on the card */
    bool no_refresh;
    const char *ended; /* what became of what a signal ended; NULL: nothing to be said */
};

/* The commands. Each returns the exit status. */
int lpa_info(const struct command_line *line);
int lpa_list(const struct command_line *line);
int lpa_download(const struct command_line *line);
int lpa_enable(const struct command_line *line);
int lpa_disable(const struct command_line *line);
int lpa_delete(const struct command_line *line);
int lpa_nickname(const struct command_line *line);
int lpa_notifications(const struct command_line *line);
int lpa_reset(const struct command_line *line);
int lpa_discover(const struct command_line *line);
int lpa_default_smdp(const struct command_line *line);

/* Sends every pending notification to its server and removes those that were accepted; counts them. False
 * with the line printed when the card has no list of them. */
bool lpa_process_notifications(struct lpa *lpa, unsigned *sent, unsigned *left);
/* The same behind what made them, unless they are to be kept; notes how many stay. */
void lpa_send_notifications(struct lpa *lpa);

/* A member that the card's answer to `function` must have. False with the line printed. */
bool lpa_member(struct span answer, uint32_t tag, const char *function, struct span *value);

/* Mutual authentication (SGP.22 3.1.2) with an SM-DP+ (ES9P_AUTHENTICATE_CLIENT) or SM-DS (ES11_…). What the
 * first is asked of may turn out to be an SM-DS (3.6.2.2): *function then says so, ES11_….
 * `authenticated`: the members of that answer; `transaction_id` is empty before. False with the line printed
 * and the session ended. */
struct es9p;
bool lpa_authenticate(struct lpa *lpa, struct es9p *server, enum es9p_function_id *function,
                      const char *address, const char *matching_id, struct buf *transaction_id,
                      struct es9p_message *authenticated);

#endif
