/*
 * The eIMs that the card is associated with (SGP.32 2.11.1.1, 5.9.1, 5.9.4, 5.9.18): table `eim`, and
 * EimConfigurationData on its way in and out of it. The functions that carry it are es10b_iot.c and eco.c.
 */
#ifndef SOFTEUICC_EUICC_IOT_EIM_H
#define SOFTEUICC_EUICC_IOT_EIM_H

#include "euicc/os/card.h"

#define EIM_ID_MAX            128 /* octets, eimId is UTF8String (SIZE(1..128)) */
#define EIM_FQDN_MAX          255
#define EIM_COUNTER_MAX       0x7FFFFF /* SGP.32 2.11.1.1.1 */
#define EIM_ASSOCIATED_MAX    16       /* eIMs on one card; more is insufficientMemory */
#define EIM_CONFIGURATION_MAX 8192     /* octets of what is kept of one EimConfigurationData */

/* AddEimResult, UpdateEimResult, DeleteEimResult and AddInitialEim's errors share their numbers. */
enum eim_result {
    EIM_OK = 0,
    EIM_INSUFFICIENT_MEMORY = 1, /* addEim, AddInitialEim */
    EIM_NOT_FOUND = 1,           /* updateEim, deleteEim */
    EIM_ALREADY_EXISTS = 2,      /* addEim; AddInitialEim: the card has an eIM already */
    EIM_LAST_DELETED = 2,        /* deleteEim: done, and there is none left */
    EIM_CI_PK_UNKNOWN = 3,
    EIM_INVALID_ASSOCIATION_TOKEN = 5,
    EIM_COUNTER_OUT_OF_RANGE = 6,
    EIM_COMMAND_ERROR = 7,
    EIM_UNDEFINED_ERROR = 127,
};

/* One associated eIM. eim_clear frees what hangs on it. */
struct eim {
    int64_t position;
    char id[EIM_ID_MAX + 1];
    uint32_t counter;
    bool has_token;
    int64_t token;
    const struct card_credentials *credentials; /* results for it are signed with these */
    struct ec_key *key;                         /* its packages are verified with this */
};

void eim_clear(struct eim *eim);
/* False when there is none with this eimId (or storage failed: nvm_failed).
 * `id` is the UTF8String's content. */
bool eim_find(struct softeuicc *card, struct span id, struct eim *eim);
unsigned eim_count(struct softeuicc *card);
bool eim_set_counter(struct softeuicc *card, const struct eim *eim, uint32_t counter);

/*
 * addEim and each entry of AddInitialEim: `configuration` is the content of one EimConfigurationData. Nothing
 * is written unless EIM_OK. When the eIM asked for an association token (-1), *has_token becomes true and
 * *token is the one the card made. A storage failure is EIM_UNDEFINED_ERROR, and nvm_failed.
 */
enum eim_result eim_add(struct softeuicc *card, struct span configuration, bool *has_token, int64_t *token);
/* updateEim: EIM_OK, or nothing is written. It may set the counter of the eIM whose package carries it, so
 * that package's own counter is to be stored before. */
enum eim_result eim_update(struct softeuicc *card, struct span configuration);
/* EIM_OK, EIM_NOT_FOUND or EIM_LAST_DELETED. */
enum eim_result eim_delete(struct softeuicc *card, struct span id);
/* What is kept in RAM goes, with the card. */
void eim_free(struct softeuicc *card);
/* For memory reset: forgets all. False when there was none. */
bool eim_delete_all(struct softeuicc *card);
/* ListEimResult's content: one 30 { 80 eimId, [82 type] } for each. */
void eim_put_list(struct softeuicc *card, struct buf *out);
/* GetEimConfigurationData's list: 30 { … } of each eIM, or of the one with this eimId unless `id` is
 * SPAN_NONE. Never with counterValue, and with the association token that the card made. */
void eim_put_configurations(struct softeuicc *card, struct span id, struct buf *out);

/* Appends the association token object 84 that goes under signatures: the eIM's, or 84 01 00 without one
 * (SGP.32 5.9.1). */
void eim_put_token(struct buf *out, const struct eim *eim);

#endif
