/*
 * A device whose card has an IPAe, and reaches its eIM over the modem's channels (BIP): the card, the modem
 * and the hostile network of tests/euicc/ipae in one process, with a name server that may lie. An order to
 * enable another profile, with a rollback, waits at the eIM. For tests only.
 */
#ifndef SOFTEUICC_TESTS_DEVICE_MODEM_MANAGED_DEVICE_H
#define SOFTEUICC_TESTS_DEVICE_MODEM_MANAGED_DEVICE_H

#include "device/link_private.h"
#include "device/modem/modem.h"
#include "tests/device/modem/fake_air.h"
#include "tests/device/modem/fake_clock.h"
#include "tests/euicc/ipae/hostile_device.h"
#include "tests/support/cut_vfs.h"

/* What the name server does; it knows one name. */
enum dns_habit {
    DNS_ANSWERS,
    DNS_IS_SILENT,
    DNS_IS_SLOW,    /* a few seconds */
    DNS_TRUNCATES,  /* says that there is more, and cuts its answer */
    DNS_OF_ANOTHER, /* answers what was not asked */
    DNS_BAD_ID,     /* answers somebody else's question */
    DNS_LIES,       /* names an address where nobody answers */
    DNS_KNOWS_NOTHING /* says that there is no such name */,
    DNS_FAILS,
    DNS_GARBLES, /* no message at all */
    DNS_HABITS
};
const char *dns_habit_name(enum dns_habit habit);

/* When the card's life is interrupted; see managed_go. */
enum cut_place { CUT_BEFORE_FETCH, CUT_BEFORE_RESPONSE, CUT_AFTER_RESPONSE };

/* Of the name server, on its way. */
struct managed_answer {
    unsigned channel; /* of the air, in their order; 0: there is none */
    int64_t at;
    struct buf octets;
};
enum { MANAGED_ANSWERS = 8 };

struct managed_device {
    struct device device;
    struct modem_settings settings; /* of the modem that is made next */
    struct device_clock *clock;
    struct air *air;
    struct modem *modem;
    struct link link;
    enum dns_habit dns;
    bool no_resolver;   /* the network does not say where its name server is */
    const char *dark;   /* the profile with which there is no network; NULL: none */
    unsigned attached;  /* of the air's attachments, as far as they were seen */
    unsigned carried;   /* the order of the air's channel that leads to the network; 0: none */
    size_t handed_over; /* octets of what the card sent through it */
    struct managed_answer answers[MANAGED_ANSWERS];
    unsigned fetched, responded;
    enum cut_place cut_place;
    unsigned cut_at;       /* how manieth command; 0: never */
    bool is_cut;           /* the link is dead until managed_restart */
    bool is_foreign;       /* … and says that another program has reset the card */
    struct cut_disk *disk; /* that the card is on; NULL: another one. The link is cut with its power */
    unsigned troubles;
    struct buf told; /* lines that tell what happened, for a test that fails */
};

/* Without a card; settings with an IMEI and nothing else. */
void managed_open(struct managed_device *managed);
void managed_end(struct managed_device *managed);
/* Another card and modem, for which the order waits, on a network where all is well. */
void managed_insert(struct managed_device *managed);
/* The same card in another modem, or in the same one with other settings. */
void managed_change_modem(struct managed_device *managed);

/* The modem is no more. */
void managed_take_out(struct managed_device *managed);

void managed_settle(struct managed_device *managed);
/* As device_pass. */
void managed_pass(struct managed_device *managed, int64_t time);
/* Until the link is cut, but at most so long. False: it was not. */
bool managed_go(struct managed_device *managed, int64_t time);
/* The power comes back, after this time. */
void managed_restart(struct managed_device *managed, int64_t time);

/* As device_stays; the profile is enabled. */
void managed_stays(struct managed_device *managed, const char *enabled, const char *name);
/* Holds that the order was carried out and taken back, and that the eIM has heard so. */
void managed_rolled_back(struct managed_device *managed, const char *name);

#endif
