/*
 * ES10 dispatch: the table of every function this card has, and the rules for a request that is not one
 * (es10.h). A function is one row here and one handler in its interface's file.
 */
#include "euicc/isdr/es10.h"

#include "apdu/tlv.h"
#include "euicc/iot/es10_iot.h"
#include "euicc/os/describe.h"
#include "protocol/tags.h"

/* ES10c belongs to the LPA: an IoT eUICC has its own ways to manage profiles (SGP.32 5.9). */
#define LPA (FOR_CONSUMER | FOR_HYBRID)
/* What SGP.32 adds; a consumer card does not have it. */
#define IPA (FOR_IOT | FOR_HYBRID)

/* Sorted by tag; a function that SGP.32 has in its own way is two rows. LoadBoundProfilePackage (BF36) is not
 * here: it comes in segments. */
static const struct es10_function functions[] = {
    {TAG_EUICC_INFO1, "ES10b.GetEUICCInfo1", es10b_get_euicc_info1, FOR_ALL},
    {TAG_PREPARE_DOWNLOAD, "ES10b.PrepareDownload", es10b_prepare_download, FOR_ALL},
    {TAG_EUICC_INFO2, "ES10b.GetEUICCInfo2", es10b_get_euicc_info2, FOR_ALL},
    {TAG_LIST_NOTIFICATION, "ES10b.ListNotification", es10b_list_notification, FOR_ALL},
    {TAG_SET_NICKNAME, "ES10c.SetNickname", es10c_set_nickname, LPA},
    {TAG_RETRIEVE_NOTIFICATIONS, "ES10b.RetrieveNotificationsList", es10b_iot_retrieve_notifications_list,
     IPA},
    {TAG_RETRIEVE_NOTIFICATIONS, "ES10b.RetrieveNotificationsList", es10b_retrieve_notifications_list,
     FOR_CONSUMER},
    {TAG_PROFILES_INFO, "ES10c.GetProfilesInfo", es10c_get_profiles_info, FOR_ALL},
    {TAG_GET_EUICC_CHALLENGE, "ES10b.GetEUICCChallenge", es10b_get_euicc_challenge, FOR_ALL},
    {TAG_REMOVE_NOTIFICATION, "ES10b.RemoveNotificationFromList", es10b_iot_remove_notification, IPA},
    {TAG_REMOVE_NOTIFICATION, "ES10b.RemoveNotificationFromList", es10b_remove_notification, FOR_CONSUMER},
    {TAG_ENABLE_PROFILE, "ES10c.EnableProfile", es10c_enable_profile, LPA},
    {TAG_DISABLE_PROFILE, "ES10c.DisableProfile", es10c_disable_profile, LPA},
    {TAG_DELETE_PROFILE, "ES10c.DeleteProfile", es10c_delete_profile, LPA},
    {TAG_MEMORY_RESET, "ES10c.eUICCMemoryReset", es10c_memory_reset, LPA},
    {TAG_LOAD_CRL, "ES10b.LoadCRL", es10b_load_crl, FOR_ALL},
    {TAG_AUTHENTICATE_SERVER, "ES10b.AuthenticateServer", es10b_authenticate_server, FOR_ALL},
    {TAG_CONFIGURED_ADDRESSES, "ES10a.GetEuiccConfiguredAddresses", es10a_get_configured_addresses, FOR_ALL},
    {TAG_GET_EID, "ES10c.GetEID", es10c_get_eid, FOR_ALL},
    {TAG_SET_DEFAULT_DP_ADDRESS, "ES10a.SetDefaultDpAddress", es10a_set_default_dp_address, LPA},
    {TAG_CANCEL_SESSION, "ES10b.CancelSession", es10b_cancel_session, FOR_ALL},
    {TAG_IPAE_ACTIVATION, "ES10b.IpaeActivation", es10b_ipae_activation, IPA},
    {TAG_GET_RAT, "ES10b.GetRAT", es10b_get_rat, FOR_ALL},
    {TAG_EUICC_PACKAGE, "ES10b.LoadEuiccPackage", es10b_load_euicc_package, IPA},
    {TAG_EIM_CONFIGURATION_DATA, "ES10b.GetEimConfigurationData", es10b_get_eim_configuration_data, IPA},
    {TAG_GET_CERTS, "ES10b.GetCerts", es10b_get_certs, IPA},
    {TAG_ADD_INITIAL_EIM, "ES10b.AddInitialEim", es10b_add_initial_eim, IPA},
    {TAG_PROFILE_ROLLBACK, "ES10b.ProfileRollback", es10b_profile_rollback, IPA},
    {TAG_CONFIGURE_IMMEDIATE_ENABLING, "ES10b.ConfigureImmediateProfileEnabling",
     es10b_configure_immediate_enable, IPA},
    {TAG_IMMEDIATE_ENABLE, "ES10b.ImmediateEnable", es10b_immediate_enable, IPA},
    {TAG_ENABLE_EMERGENCY_PROFILE, "ES10b.EnableEmergencyProfile", es10b_enable_emergency_profile, IPA},
    {TAG_DISABLE_EMERGENCY_PROFILE, "ES10b.DisableEmergencyProfile", es10b_disable_emergency_profile, IPA},
    {TAG_EXECUTE_FALLBACK, "ES10b.ExecuteFallbackMechanism", es10b_execute_fallback_mechanism, IPA},
    {TAG_RETURN_FROM_FALLBACK, "ES10b.ReturnFromFallback", es10b_return_from_fallback, IPA},
    {TAG_CONNECTIVITY_PARAMETERS, "ES10b.GetConnectivityParameters", es10b_get_connectivity_parameters, IPA},
    {TAG_IOT_MEMORY_RESET, "ES10b.eUICCMemoryReset", es10b_memory_reset, IPA},
    {TAG_IOT_SET_DEFAULT_DP_ADDRESS, "ES10b.SetDefaultDpAddress", es10b_set_default_dp_address, IPA},
};

#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

const struct es10_function *es10_find(const struct softeuicc *card, uint32_t tag)
{
    for (size_t i = 0; i < FUNCTIONS; i++)
        if (functions[i].tag == tag && (functions[i].personalities & card->personality_bit) != 0)
            return &functions[i];
    return NULL;
}

uint16_t es10_dispatch(struct softeuicc *card, struct span octets, struct buf *response)
{
    const struct es10_function *function;
    struct tlv request;

    if (es10b_is_bpp_segment(card, octets)) {
        card_describe(card, "ES10b.LoadBoundProfilePackage");
        return es10b_load_bpp_segment(card, octets, response);
    }
    if (tlv_only(octets, &request) != TLV_OK)
        return ES10_BAD_REQUEST;
    function = es10_find(card, request.tag);
    if (function == NULL)
        return ES10_NOT_SUPPORTED;
    card_describe(card, function->name);
    return function->handler(card, request.value, response);
}
