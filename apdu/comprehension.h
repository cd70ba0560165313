/*
 * The data objects of the card application toolkit: COMPREHENSION-TLV (ETSI TS 101 220 7.1.1). Their tags
 * have one octet, or three that begin with 7F, and what BER makes of an octet like 3F does not hold for them.
 * The upper bit of a tag says whether who does not know the object may pass over it; here a tag is named with
 * that bit set, and found with and without it.
 */
#ifndef SOFTEUICC_APDU_COMPREHENSION_H
#define SOFTEUICC_APDU_COMPREHENSION_H

#include "apdu/bytes.h"

enum { COMPREHENSION_REQUIRED = 0x80 };

struct comprehension_object {
    uint32_t tag; /* with COMPREHENSION_REQUIRED set; of three octets with 0x8000 set */
    bool is_required;
    struct span value;
};

/* Takes one object off the front of *in. False: nothing is left, or what is there is none. */
bool comprehension_next(struct span *in, struct comprehension_object *object);

/* Takes the next object if it has this tag. False with nothing taken when it has another, or there is none.
 */
bool comprehension_take(struct span *in, uint32_t tag, struct span *value);

/* The first object with this tag. False: there is none, or what stands before it is no object. */
bool comprehension_find(struct span in, uint32_t tag, struct span *value);

/* Nothing but whole objects, or nothing at all. */
bool comprehension_is_sequence(struct span in);

#endif
