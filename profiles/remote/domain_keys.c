/*
 * The keys of a security domain (GlobalPlatform 2.3 11.8 PUT KEY, 11.2 DELETE; ETSI TS 102 226 8.2.1.5): a
 * key set is added or replaced with keys ciphered under the data encryption key of the set that protects the
 * packet. Keys of other types than AES and triple DES are refused. See domain.h.
 */
#include "profiles/remote/domain.h"

#include "apdu/tlv.h"
#include "crypto/scp80.h"

#include <openssl/crypto.h>
#include <string.h>

enum {
    KEY_CIPHER = 0x01,
    KEY_MAC = 0x02,
    KEY_ENCRYPTION = 0x03, /* identifiers, TS 102 225 5.1.2 */
    VERSION_MAX = 0x7F,
    P1_MORE = 0x80,
    P2_SEVERAL = 0x80,
    KEYS_MAX = 8, /* in one command */
    MAC_LENGTH = 8,
};

static struct fs_key *find_key(const struct fs_application *self, unsigned version, unsigned identifier)
{
    for (size_t i = 0; i < self->key_count; i++)
        if (self->keys[i].version == version && self->keys[i].identifier == identifier)
            return &self->keys[i];
    return NULL;
}

static bool has_version(const struct fs_application *self, unsigned version)
{
    for (size_t i = 0; i < self->key_count; i++)
        if (self->keys[i].version == version)
            return true;
    return false;
}

static void remove_key(struct fs_application *self, size_t index)
{
    fs_discard_key(&self->keys[index]);
    self->key_count--;
    memmove(&self->keys[index], &self->keys[index + 1], (self->key_count - index) * sizeof(self->keys[0]));
}

/* --- PUT KEY ---------------------------------------------------------------------------------------- */

/* What the package says of keys for SCP80: usage qualifiers, GlobalPlatform 11.1.9. */
static uint8_t usage_of(unsigned identifier)
{
    return identifier == KEY_CIPHER ? 0x18 : identifier == KEY_MAC ? 0x14 : 0x48;
}

/* A key data field, 11.8.2.3: type, ciphered key, check value or none. */
static bool read_key(const struct scp80_key *kik, struct span *in, struct fs_key *key, struct buf *check)
{
    uint8_t value[SCP80_CHECK_SIZE];
    struct span type, data, given;
    struct scp80_key opened;

    if (!span_take(in, 1, &type) || !span_take_prefixed(in, &data) || !span_take_prefixed(in, &given) ||
        !scp80_open_key(kik, type.data[0], data, &key->value))
        return false;
    key->type = type.data[0];
    opened = (struct scp80_key){key->type, buf_span(&key->value)};
    if (!scp80_check_value(&opened, value) || (given.size > 0 && !span_equal(given, SPAN_ARRAY(value))))
        return false;
    buf_append(check, SPAN_ARRAY(value));
    return true;
}

/* The new keys of one command. */
struct new_keys {
    struct fs_key keys[KEYS_MAX];
    size_t count;
    struct buf checks; /* the response: version and check values */
};

static void free_keys(struct new_keys *new)
{
    for (size_t i = 0; i < new->count; i++)
        fs_discard_key(&new->keys[i]);
    buf_free(&new->checks);
}

static uint16_t read_keys(const struct scp80_key *kik, const struct apdu_command *command,
                          struct new_keys *new)
{
    bool several = (command->p2 & P2_SEVERAL) != 0;
    unsigned identifier = command->p2 & ~P2_SEVERAL;
    struct span in = command->data;
    struct span version;

    if (!span_take(&in, 1, &version) || version.data[0] == 0 || version.data[0] > VERSION_MAX)
        return SW_WRONG_DATA;
    buf_append(&new->checks, version);
    while (in.size > 0) {
        struct fs_key *key = &new->keys[new->count];

        if (new->count == KEYS_MAX || (!several && new->count > 0))
            return SW_WRONG_DATA;
        *key = (struct fs_key){.version = version.data[0],
                               .identifier = (uint8_t)(identifier + new->count),
                               .usage = {usage_of((unsigned)(identifier + new->count))},
                               .usage_size = 1,
                               .mac_length = MAC_LENGTH};
        new->count++;
        if (!read_key(kik, &in, key, &new->checks))
            return SW_WRONG_DATA;
    }
    return new->count > 0 ? SW_OK : SW_WRONG_DATA;
}

/* The keys of the set that P1 names give way to the new ones with their identifiers, whose version may be
 * another (11.8.2.1). A set that is new or changed has no counter yet. */
static bool replace_keys(struct fs_application *self, unsigned replaced, struct new_keys *new)
{
    bool good = true;

    for (size_t i = 0; i < new->count; i++) {
        struct fs_key *key = &new->keys[i];
        const struct fs_key *old = find_key(self, replaced, key->identifier);

        if (old != NULL) {
            memcpy(key->usage, old->usage, sizeof(key->usage));
            key->usage_size = old->usage_size;
            key->access = old->access;
            key->mac_length = old->mac_length;
            remove_key(self, (size_t)(old - self->keys));
        }
    }
    for (size_t i = 0; i < self->key_count; i++)
        if (self->keys[i].version == new->keys[0].version)
            buf_clear(&self->keys[i].counter);
    for (size_t i = 0; i < new->count &&good; i++)
        good = fs_add_key(self, &new->keys[i]);
    return good;
}

/* P1 00 adds a set, whose version must be new; else the set of that version must have every key there is. */
static uint16_t check_replaced(const struct fs_application *self, unsigned replaced,
                               const struct new_keys *new)
{
    unsigned version = new->keys[0].version;

    if (replaced == 0)
        return has_version(self, version) ? SW_WRONG_DATA : SW_OK;
    if (version != replaced && has_version(self, version))
        return SW_WRONG_DATA;
    for (size_t i = 0; i < new->count; i++)
        if (find_key(self, replaced, new->keys[i].identifier) == NULL)
            return SW_REFERENCE_NOT_FOUND;
    return SW_OK;
}

uint16_t domain_put_key(struct domain *domain, const struct apdu_command *command, struct buf *response)
{
    struct fs_application *self = fs_application(domain->fs, domain->number);
    const struct fs_key *encryption = find_key(self, domain->key_version, KEY_ENCRYPTION);
    struct new_keys new = {.count = 0};
    struct scp80_key kik;
    uint16_t status;

    if ((command->p1 & P1_MORE) != 0 || (command->p2 & ~P2_SEVERAL) == 0)
        return SW_WRONG_P1_P2;
    if (encryption == NULL)
        return SW_CONDITIONS_NOT_SATISFIED;
    kik = (struct scp80_key){encryption->type, buf_span(&encryption->value)};
    status = read_keys(&kik, command, &new);
    if (status == SW_OK)
        status = check_replaced(self, command->p1, &new);
    if (status == SW_OK)
        status = replace_keys(self, command->p1, &new) && fs_application_changed(domain->fs, self)
                     ? SW_OK
                     : SW_MEMORY_FAILURE;
    if (status == SW_OK)
        buf_append(response, buf_span(&new.checks));
    free_keys(&new);
    return status;
}

/* --- DELETE ----------------------------------------------------------------------------------------- */

static bool is_named(const struct fs_key *key, struct span identifier, struct span version)
{
    return (identifier.size == 0 || key->identifier == identifier.data[0]) &&
           (version.size == 0 || key->version == version.data[0]);
}

/* Reading: keys of the set that protects the packet at hand are not deleted with it; the domain would be out
 * of reach. */
uint16_t domain_delete_keys(struct domain *domain, struct span identifier, struct span version)
{
    struct fs_application *self = fs_application(domain->fs, domain->number);
    size_t before = self->key_count;

    for (size_t i = 0; i < self->key_count; i++)
        if (self->keys[i].version == domain->key_version && is_named(&self->keys[i], identifier, version))
            return SW_CONDITIONS_NOT_SATISFIED;
    for (size_t i = self->key_count; i-- > 0;)
        if (is_named(&self->keys[i], identifier, version))
            remove_key(self, i);
    if (self->key_count == before)
        return SW_REFERENCE_NOT_FOUND;
    return fs_application_changed(domain->fs, self) ? SW_OK : SW_MEMORY_FAILURE;
}
