/*
 * ES10 dispatch: the table of every function this card has, and the rules for a request that is not one
 * (es10.h). A function is one row here and one handler in its interface's file.
 */
#include "euicc/isdr/es10.h"

#include "apdu/tlv.h"
#include "euicc/iot/es10_iot.h"
#include "euicc/os/describe.h"

/* ES10c belongs to the LPA: an IoT eUICC has its own ways to manage profiles (SGP.32 5.9). */
#define LPA (FOR_CONSUMER | FOR_HYBRID)
/* What SGP.32 adds; a consumer card does not have it. */
#define IPA (FOR_IOT | FOR_HYBRID)

/* Sorted by tag; a function that SGP.32 has in its own way is two rows. LoadBoundProfilePackage (BF36) is not
 * here: it comes in segments. */
static const struct es10_function functions[] = {
    {0xBF20, "ES10b.GetEUICCInfo1", es10b_get_euicc_info1, FOR_ALL},
    {0xBF21, "ES10b.PrepareDownload", es10b_prepare_download, FOR_ALL},
    {0xBF22, "ES10b.GetEUICCInfo2", es10b_get_euicc_info2, FOR_ALL},
    {0xBF28, "ES10b.ListNotification", es10b_list_notification, FOR_ALL},
    {0xBF29, "ES10c.SetNickname", es10c_set_nickname, LPA},
    {0xBF2B, "ES10b.RetrieveNotificationsList", es10b_iot_retrieve_notifications_list, IPA},
    {0xBF2B, "ES10b.RetrieveNotificationsList", es10b_retrieve_notifications_list, FOR_CONSUMER},
    {0xBF2D, "ES10c.GetProfilesInfo", es10c_get_profiles_info, FOR_ALL},
    {0xBF2E, "ES10b.GetEUICCChallenge", es10b_get_euicc_challenge, FOR_ALL},
    {0xBF30, "ES10b.RemoveNotificationFromList", es10b_iot_remove_notification, IPA},
    {0xBF30, "ES10b.RemoveNotificationFromList", es10b_remove_notification, FOR_CONSUMER},
    {0xBF31, "ES10c.EnableProfile", es10c_enable_profile, LPA},
    {0xBF32, "ES10c.DisableProfile", es10c_disable_profile, LPA},
    {0xBF33, "ES10c.DeleteProfile", es10c_delete_profile, LPA},
    {0xBF34, "ES10c.eUICCMemoryReset", es10c_memory_reset, LPA},
    {0xBF35, "ES10b.LoadCRL", es10b_load_crl, FOR_ALL},
    {0xBF38, "ES10b.AuthenticateServer", es10b_authenticate_server, FOR_ALL},
    {0xBF3C, "ES10a.GetEuiccConfiguredAddresses", es10a_get_configured_addresses, FOR_ALL},
    {0xBF3E, "ES10c.GetEID", es10c_get_eid, FOR_ALL},
    {0xBF3F, "ES10a.SetDefaultDpAddress", es10a_set_default_dp_address, LPA},
    {0xBF41, "ES10b.CancelSession", es10b_cancel_session, FOR_ALL},
    {0xBF42, "ES10b.IpaeActivation", es10b_ipae_activation, IPA},
    {0xBF43, "ES10b.GetRAT", es10b_get_rat, FOR_ALL},
    {0xBF51, "ES10b.LoadEuiccPackage", es10b_load_euicc_package, IPA},
    {0xBF55, "ES10b.GetEimConfigurationData", es10b_get_eim_configuration_data, IPA},
    {0xBF56, "ES10b.GetCerts", es10b_get_certs, IPA},
    {0xBF57, "ES10b.AddInitialEim", es10b_add_initial_eim, IPA},
    {0xBF58, "ES10b.ProfileRollback", es10b_profile_rollback, IPA},
    {0xBF59, "ES10b.ConfigureImmediateProfileEnabling", es10b_configure_immediate_enable, IPA},
    {0xBF5A, "ES10b.ImmediateEnable", es10b_immediate_enable, IPA},
    {0xBF5B, "ES10b.EnableEmergencyProfile", es10b_enable_emergency_profile, IPA},
    {0xBF5C, "ES10b.DisableEmergencyProfile", es10b_disable_emergency_profile, IPA},
    {0xBF5D, "ES10b.ExecuteFallbackMechanism", es10b_execute_fallback_mechanism, IPA},
    {0xBF5E, "ES10b.ReturnFromFallback", es10b_return_from_fallback, IPA},
    {0xBF5F, "ES10b.GetConnectivityParameters", es10b_get_connectivity_parameters, IPA},
    {0xBF64, "ES10b.eUICCMemoryReset", es10b_memory_reset, IPA},
    {0xBF65, "ES10b.SetDefaultDpAddress", es10b_set_default_dp_address, IPA},
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
    struct tlv_reader reader = tlv_reader(octets);
    const struct es10_function *function;
    struct tlv request;

    if (es10b_is_bpp_segment(card, octets)) {
        card_describe(card, "ES10b.LoadBoundProfilePackage");
        return es10b_load_bpp_segment(card, octets, response);
    }
    if (tlv_next(&reader, &request) != TLV_OK || !tlv_finish(&reader))
        return ES10_BAD_REQUEST;
    function = es10_find(card, request.tag);
    if (function == NULL)
        return ES10_NOT_SUPPORTED;
    card_describe(card, function->name);
    return function->handler(card, request.value, response);
}
