/* ES10 functions that SGP.32 adds to SGP.22's, or has in its own way (5.9): the handlers, by file. */
#ifndef SOFTEUICC_EUICC_IOT_ES10_IOT_H
#define SOFTEUICC_EUICC_IOT_ES10_IOT_H

#include "euicc/rsp/es10.h"

/* es10b_iot.c */
es10_handler es10b_get_eim_configuration_data, es10b_get_certs, es10b_add_initial_eim,
    es10b_configure_immediate_enable, es10b_get_connectivity_parameters, es10b_memory_reset,
    es10b_set_default_dp_address, es10b_ipae_activation;

/* es10b_recovery.c */
es10_handler es10b_profile_rollback, es10b_immediate_enable, es10b_enable_emergency_profile,
    es10b_disable_emergency_profile, es10b_execute_fallback_mechanism, es10b_return_from_fallback;

/* es10b_notifications.c */
es10_handler es10b_iot_retrieve_notifications_list, es10b_iot_remove_notification;

/* euicc_package.c */
es10_handler es10b_load_euicc_package;

#endif
