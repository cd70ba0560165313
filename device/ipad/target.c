/* Where an eIM is, by which protocol, and whether there is a way. See ipad.h. */
#include "device/ipad/ipad.h"

#include "device/coverage.h"

#include <stdio.h>
#include <string.h>

bool ipad_choose_target(const struct ipad *ipad, const struct ipa_eim *eim, struct bearer_target *target,
                        char why[BEARER_WHY_SIZE])
{
    bool https = !eim->has_protocols || (eim->protocols >> IPA_RETRIEVE_HTTPS & 1) != 0;
    bool coaps = eim->has_protocols && (eim->protocols >> IPA_RETRIEVE_COAPS & 1) != 0;
    enum bearer_scheme scheme = coaps && !https ? BEARER_COAPS : BEARER_HTTPS;

    memset(target, 0, sizeof(*target));
    target->trust = eim->trust;
    target->trusted = buf_span(&eim->trusted);
    target->cacert = ipad->cacert;
    target->psk = ipad->psk.key_size > 0 ? &ipad->psk : NULL;
    target->timeout = BEARER_TIMEOUT;
    if (ipad->eim_url != NULL) /* checked with the options */
        return bearer_parse_url(ipad->eim_url, target) && (!ipad->json_binding || bearer_use_json(target));
    if (ipad->protocol != NULL)
        scheme = strcmp(ipad->protocol, "coap") == 0 ? BEARER_COAPS : BEARER_HTTPS;
    else if (!https && !coaps && !ipad->settings.v1) { /* eIMs of v1.0 may say none, which the card keeps */
        snprintf(why, BEARER_WHY_SIZE,
                 "its eimSupportedProtocol has neither eimRetrieveHttps nor "
                 "eimRetrieveCoaps (choose with --protocol)");
        return false;
    }
    if (eim->fqdn[0] == '\0') {
        snprintf(why, BEARER_WHY_SIZE, "the card has no eimFqdn of it (name it with --eim URL)");
        return false;
    }
    if (ipad->json_binding && scheme == BEARER_COAPS) {
        snprintf(why, BEARER_WHY_SIZE, "it is asked by CoAP, which has no JSON binding (--protocol https)");
        return false;
    }
    if (target->psk != NULL && scheme == BEARER_HTTPS) {
        snprintf(why, BEARER_WHY_SIZE,
                 "it is asked by HTTPS, which takes no pre-shared key (--protocol coap)");
        return false;
    }
    if (bearer_from_fqdn(eim->fqdn, scheme, target))
        return !ipad->json_binding || bearer_use_json(target);
    snprintf(why, BEARER_WHY_SIZE, "its eimFqdn '%s' is no address", eim->fqdn);
    return false;
}

bool ipad_has_coverage(struct ipad *ipad, char why[BEARER_WHY_SIZE])
{
    struct ipa_enabled enabled;

    if (ipad->coverage == NULL)
        return true;
    if (!ipa_read_enabled(ipad->ipa, &enabled)) {
        snprintf(why, BEARER_WHY_SIZE, "%s", ipa_why(ipad->ipa));
        return false;
    }
    if (!enabled.any) {
        snprintf(why, BEARER_WHY_SIZE, "no network: no profile is enabled");
        return false;
    }
    return coverage_has(ipad->coverage, enabled.iccid, why, BEARER_WHY_SIZE);
}
