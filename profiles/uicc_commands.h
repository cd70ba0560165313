/*
 * The handlers of the UICC's command table (uicc.c), by the file they stand in. A handler gets a command
 * whose class and data field fit its row.
 */
#ifndef SOFTEUICC_PROFILES_UICC_COMMANDS_H
#define SOFTEUICC_PROFILES_UICC_COMMANDS_H

#include "profiles/uicc.h"

uicc_handler uicc_select, uicc_status;                            /* uicc_select.c */
uicc_handler uicc_read_binary, uicc_update_binary;                /* uicc_binary.c */
uicc_handler uicc_read_record, uicc_update_record, uicc_increase; /* uicc_record.c */
uicc_handler uicc_search_record;                                  /* uicc_search.c */
uicc_handler uicc_retrieve_data, uicc_set_data;                   /* uicc_bertlv.c */

#endif
