/*
 * The handlers of the UICC's command table (uicc.c), by the file they stand in. A handler gets a command
 * whose class, data field, P1 and P2 fit its row.
 */
#ifndef SOFTEUICC_PROFILES_UICC_UICC_COMMANDS_H
#define SOFTEUICC_PROFILES_UICC_UICC_COMMANDS_H

#include "profiles/uicc/uicc.h"

uicc_handler uicc_select, uicc_status;                            /* uicc_select.c */
uicc_handler uicc_read_binary, uicc_update_binary;                /* uicc_binary.c */
uicc_handler uicc_read_record, uicc_update_record, uicc_increase; /* uicc_record.c */
uicc_handler uicc_search_record;                                  /* uicc_search.c */
uicc_handler uicc_retrieve_data, uicc_set_data;                   /* uicc_bertlv.c */
uicc_handler uicc_verify_pin, uicc_change_pin, uicc_disable_pin, uicc_enable_pin,
    uicc_unblock_pin; /* uicc_pin.c */
uicc_handler uicc_activate_file, uicc_deactivate_file, uicc_terminate_ef, uicc_terminate_df,
    uicc_terminate_card_usage, uicc_delete_file;           /* uicc_admin.c */
uicc_handler uicc_create_file, uicc_resize_file;           /* uicc_create.c */
uicc_handler uicc_get_challenge, uicc_suspend;             /* uicc_misc.c */
uicc_handler uicc_authenticate, uicc_authenticate_objects; /* uicc_auth.c */
uicc_handler uicc_get_identity;                            /* uicc_identity.c */

/* A USIM or ISIM. */
struct uicc_network {
    struct fs_file *adf;
    bool is_isim;
};

/* The network access application whose session is open on the command's channel: SW_OK; 6985 when there is
 * none, or the current directory is outside of it; 6982 when its PIN is not verified. */
uint16_t uicc_find_network(struct uicc *uicc, const struct apdu_command *command,
                           struct uicc_network *network);

/* Whether its service table (EF UST, EF IST) says that a service is available; they count from 1. */
bool uicc_service(const struct uicc_network *network, unsigned number);

#endif
