/* The small LPA: what its commands share. */
#ifndef SOFTEUICC_TOOLS_LPA_LPA_H
#define SOFTEUICC_TOOLS_LPA_LPA_H

#include "common/command.h"
#include "device/es10.h"
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

/* Sends every pending notification to its server and removes those that were accepted; counts them. True if
 * all went. */
bool lpa_process_notifications(struct lpa *lpa, unsigned *sent, unsigned *left);

/* Ends the session on the card and tells the server; for failures in the middle of a download. */
struct es9p;
void lpa_cancel(struct lpa *lpa, struct es9p *server, const char *transaction_id_text,
                struct span transaction_id, unsigned reason);

/* Mutual authentication (SGP.22 3.1.2) with an SM-DP+ or SM-DS. Returns the server's answer to
 * authenticateClient; the transaction identifier in text and octets. NULL with the line printed and the
 * session cancelled. */
json_t *lpa_authenticate(struct lpa *lpa, struct es9p *server, const char *address, const char *matching_id,
                         char transaction_text[33], struct buf *transaction_id);

#endif
