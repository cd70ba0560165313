/*
 * What the parts of a poll share: its end, its next step, a message on its way, a word to the host, the state
 * that is kept. Nothing here knows the parts; they are called by the loop in ipa.c. See ipa_internal.h.
 */
#include "ipa/ipa_internal.h"

#include "crypto/ec.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void ipa_tell(struct ipa *ipa, enum ipa_event event, struct span octets, uint64_t number, int code,
              const char *text)
{
    struct ipa_report report = {event, octets, number, code, text};

    if (ipa->host.report != NULL)
        ipa->host.report(ipa->host.context, &report);
}

void ipa_go(struct ipa *ipa, enum ipa_step step)
{
    ipa->step = step;
    ipa->want = IPA_NOTHING;
}

void ipa_go_on(struct ipa *ipa)
{
    ipa_go(ipa, ipa->part);
}

void ipa_enter(struct ipa *ipa, enum ipa_step part)
{
    ipa->part = part;
    ipa_go(ipa, part);
}

bool ipa_end(struct ipa *ipa, enum ipa_outcome outcome, const char *format, ...)
{
    char line[sizeof(ipa->why)]; /* an argument may be ipa->why itself */
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    memcpy(ipa->why, line, sizeof(line));
    ipa->outcome = outcome;
    ipa_go(ipa, STEP_NONE);
    return false;
}

void ipa_note(struct ipa *ipa, enum ipa_outcome outcome, bool was_told, const char *why)
{
    if (ipa->noted_outcome != IPA_DONE && (was_told || !ipa->noted_was_told))
        return;
    ipa->noted_outcome = outcome;
    ipa->noted_was_told = was_told;
    snprintf(ipa->noted, sizeof(ipa->noted), "%s", why);
}

void ipa_end_noted(struct ipa *ipa)
{
    ipa_end(ipa, ipa->noted_outcome, "%s", ipa->noted);
    ipa->why_was_told = ipa->noted_outcome != IPA_DONE && ipa->noted_was_told;
}

bool ipa_fail(struct ipa *ipa, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(ipa->why, sizeof(ipa->why), format, arguments);
    va_end(arguments);
    return false;
}

bool ipa_keep(struct ipa *ipa)
{
    struct buf octets = {0};
    bool ok = true;

    if (ipa->host.save != NULL) {
        state_write(&ipa->state, ipa->eid, &octets);
        ok = !octets.failed && ipa->host.save(ipa->host.context, buf_span(&octets));
    }
    buf_free(&octets);
    return ok || ipa_end(ipa, IPA_STORAGE, "the IPA's state cannot be kept");
}

void ipa_send(struct ipa *ipa, enum ipa_step step, enum ipa_peer peer, const char *address)
{
    if (ipa->out.failed) {
        ipa_end(ipa, IPA_STORAGE, "out of memory");
        return;
    }
    snprintf(ipa->address, sizeof(ipa->address), "%s", address);
    ipa->message = (struct ipa_message){peer, ipa->address, buf_span(&ipa->out)};
    ipa->step = step;
    ipa->want = IPA_SEND;
}

/* Reading (SGP.32 3.2.3): indirect when both can, unless the IPA's user prefers direct; the way through the
 * eIM is the only one when the IPA has no other. An eIM of v1.0 has no way to say that it can: it can. */
bool ipa_through_eim(const struct ipa *ipa)
{
    const struct ipa_settings *settings = &ipa->settings;

    return settings->indirect && (ipa->eim.indirect || settings->v1) &&
           !(settings->direct && settings->prefer_direct);
}

const struct compact_given *ipa_known(struct ipa *ipa)
{
    static const struct compact_given nothing = {.has_certs = false};
    const struct known_eim *known = state_eim(&ipa->state, ipa->eim.id);

    return known != NULL ? &known->has : &nothing;
}

bool ipa_digest(struct span octets, uint8_t digest[DIGEST_SIZE])
{
    return crypto_sha256(&octets, 1, digest);
}
