/*
 * The tags that more than one part of the house writes or reads: of functions and objects of remote SIM
 * provisioning (SGP.22), of what SGP.32 adds, and of ASN.1 itself. What belongs to one function only (its
 * context-specific members) stands with that function.
 */
#ifndef SOFTEUICC_PROTOCOL_TAGS_H
#define SOFTEUICC_PROTOCOL_TAGS_H

/* ASN.1's own (X.680 8.6). */
#define TAG_BOOLEAN      0x01
#define TAG_INTEGER      0x02
#define TAG_OCTET_STRING 0x04
#define TAG_NULL         0x05
#define TAG_OID          0x06
#define TAG_UTF8_STRING  0x0C
#define TAG_SEQUENCE     0x30

/* Data objects. */
#define TAG_AID           0x4F   /* ISD-P AID, SGP.22 5.7.15 */
#define TAG_EID           0x5A   /* SGP.22 5.7.20 */
#define TAG_ICCID         0x5A   /* the same tag in what is about a profile, SGP.22 5.7.15 */
#define TAG_TAG_LIST      0x5C   /* which members are asked for, SGP.22 5.7.15, 5.7.20 */
#define TAG_SIGNATURE     0x5F37 /* every signature of SGP.22 and SGP.32 */
#define TAG_ONE_TIME_KEY  0x5F49 /* otPK.EUICC, otPK.DP, SGP.22 5.5.1, 5.7.5 */
#define TAG_PROFILE_INFO  0xE3   /* SGP.22 5.7.15 */
#define TAG_PROFILE_STATE 0x9F70 /* SGP.22 5.7.15 */

/* Bound Profile Package, SGP.22 2.5.4, 5.5. */
#define TAG_INITIALISE_SECURE_CHANNEL 0xBF23 /* 5.5.1 */
#define TAG_CONFIGURE_ISDP            0xBF24 /* 5.5.2 */
#define TAG_STORE_METADATA            0xBF25 /* 5.5.3 */
#define TAG_REPLACE_SESSION_KEYS      0xBF26 /* 5.5.4 */
#define TAG_BOUND_PROFILE_PACKAGE     0xBF36 /* 2.5.4 */

/* Results and notifications, SGP.22 2.5.6, 5.7.9. */
#define TAG_INSTALLATION_RESULT_DATA 0xBF27 /* ProfileInstallationResultData */
#define TAG_NOTIFICATION_METADATA    0xBF2F
#define TAG_INSTALLATION_RESULT      0xBF37 /* ProfileInstallationResult */

/* ES6, ES10a, ES10b and ES10c, SGP.22 5.4, 5.7. */
#define TAG_EUICC_INFO1            0xBF20 /* 5.7.8 */
#define TAG_PREPARE_DOWNLOAD       0xBF21 /* 5.7.5 */
#define TAG_EUICC_INFO2            0xBF22 /* 5.7.8 */
#define TAG_LIST_NOTIFICATION      0xBF28 /* 5.7.9 */
#define TAG_SET_NICKNAME           0xBF29 /* 5.7.21 */
#define TAG_UPDATE_METADATA        0xBF2A /* 5.4.1 */
#define TAG_RETRIEVE_NOTIFICATIONS 0xBF2B /* 5.7.10 */
#define TAG_PROFILES_INFO          0xBF2D /* 5.7.15 */
#define TAG_GET_EUICC_CHALLENGE    0xBF2E /* 5.7.7 */
#define TAG_REMOVE_NOTIFICATION    0xBF30 /* NotificationSent, 5.7.11 */
#define TAG_ENABLE_PROFILE         0xBF31 /* 5.7.16 */
#define TAG_DISABLE_PROFILE        0xBF32 /* 5.7.17 */
#define TAG_DELETE_PROFILE         0xBF33 /* 5.7.18 */
#define TAG_MEMORY_RESET           0xBF34 /* 5.7.19 */
#define TAG_LOAD_CRL               0xBF35 /* 5.7.12 */
#define TAG_AUTHENTICATE_SERVER    0xBF38 /* 5.7.13 */
#define TAG_CONFIGURED_ADDRESSES   0xBF3C /* 5.7.3 */
#define TAG_GET_EID                0xBF3E /* 5.7.20 */
#define TAG_SET_DEFAULT_DP_ADDRESS 0xBF3F /* 5.7.4 */
#define TAG_CANCEL_SESSION         0xBF41 /* 5.6.5, 5.7.14 */
#define TAG_GET_RAT                0xBF43 /* 5.7.22 */
#define TAG_REF_AR_DO              0xBF76 /* carrier privileges in ProfileInfo, 5.7.15 */

/* ES9+ and ES11, SGP.22 5.6, 5.8. */
#define TAG_INITIATE_AUTHENTICATION   0xBF39 /* 5.6.1 */
#define TAG_GET_BOUND_PROFILE_PACKAGE 0xBF3A /* 5.6.2 */
#define TAG_AUTHENTICATE_CLIENT       0xBF3B /* 5.6.3 */
#define TAG_HANDLE_NOTIFICATION       0xBF3D /* 5.6.4 */
#define TAG_AUTHENTICATE_CLIENT_ES11  0xBF40 /* 5.8.2 */

/* What SGP.22 v2.4 and SGP.32 add to profiles. */
#define TAG_SERVICE_DATA       0xBF22 /* serviceSpecificDataStoredInEuicc */
#define TAG_FALLBACK_ATTRIBUTE 0x9F26
#define TAG_FALLBACK_ALLOWED   0x9F67
#define TAG_ECALL_INDICATION   0x9F7B
#define TAG_IOT_METADATA       0xBF64 /* iotSpecificMetadata; iotSpecificProfileInfo */

/* ESipa and what an eIM sends, SGP.32 2.11, 5.14. */
#define TAG_TRANSFER_EIM_PACKAGE 0xBF4E /* 5.14.4 */
#define TAG_GET_EIM_PACKAGE      0xBF4F /* 5.14.5 */
#define TAG_PROVIDE_EIM_RESULT   0xBF50 /* 5.14.6 */
#define TAG_EUICC_PACKAGE        0xBF51 /* 2.11.1.1; its result too, 2.11.2.1 */
#define TAG_IPA_EUICC_DATA       0xBF52 /* 2.11.1.2, 2.11.2.2 */
#define TAG_EIM_ACKNOWLEDGEMENTS 0xBF53
#define TAG_DOWNLOAD_TRIGGER     0xBF54 /* 2.11.1.3 */

/* ES10b as SGP.32 has it, 5.9, 3.8.4. */
#define TAG_IPAE_ACTIVATION              0xBF42 /* 3.8.4 */
#define TAG_EIM_CONFIGURATION_DATA       0xBF55 /* 5.9.18 */
#define TAG_GET_CERTS                    0xBF56 /* 5.9.10 */
#define TAG_ADD_INITIAL_EIM              0xBF57 /* 5.9.4 */
#define TAG_PROFILE_ROLLBACK             0xBF58 /* 5.9.16 */
#define TAG_CONFIGURE_IMMEDIATE_ENABLING 0xBF59 /* 5.9.17 */
#define TAG_IMMEDIATE_ENABLE             0xBF5A /* 5.9.15 */
#define TAG_ENABLE_EMERGENCY_PROFILE     0xBF5B /* 5.9.22 */
#define TAG_DISABLE_EMERGENCY_PROFILE    0xBF5C /* 5.9.23 */
#define TAG_EXECUTE_FALLBACK             0xBF5D /* 5.9.20 */
#define TAG_RETURN_FROM_FALLBACK         0xBF5E /* 5.9.21 */
#define TAG_CONNECTIVITY_PARAMETERS      0xBF5F /* 5.9.24 */
#define TAG_IOT_MEMORY_RESET             0xBF64 /* 5.9.5 */
#define TAG_IOT_SET_DEFAULT_DP_ADDRESS   0xBF65 /* 5.9.25; the PSMO of the same name, 2.11.1.1 */

/* Members that several objects of SGP.32 share. */
#define TAG_EIM_ID            0x80
#define TAG_TOKEN             0x84 /* associationToken, 5.9.1 */
#define TAG_ADD_EIM           0xA8 /* eCO and its result, 2.11.1.1.2, 2.11.2.1 */
#define TAG_LIST_EIM          0xAB
#define TAG_IPA_MODE          0x90 /* in EUICCInfo2 */
#define TAG_IOT_SPECIFIC_INFO 0xB4 /* in EUICCInfo2 */

/* Compact forms, SGP.32 6.3.2: alternatives of the eUICC's answers and of PendingNotification. */
#define TAG_FULL          0xA0 /* the ...Ok of SGP.22 */
#define TAG_COMPACT       0xA2 /* the compact...Ok */
#define TAG_COMPACT_OTHER 0xA1 /* CompactOtherSignedNotification */

#endif
