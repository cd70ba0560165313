/*
 * One enabled profile as a terminal sees it (ETSI TS 102 221): its file system, what each logical channel has
 * selected, which PINs are verified, and the commands. uicc_process is the way in; the commands stand in one
 * const table in uicc.c, their handlers in uicc_*.c.
 *
 * Commands of the card's platform (MANAGE CHANNEL, GET RESPONSE, toolkit, SELECT of card applications) are
 * served by the floor above before a command gets here.
 */
#ifndef SOFTEUICC_PROFILES_UICC_UICC_H
#define SOFTEUICC_PROFILES_UICC_UICC_H

#include "apdu/apdu.h"
#include "profiles/fs.h"

/* What a UICC asks of the card around it. */
struct uicc_host {
    void *context;
    bool (*random)(void *context, uint8_t *out, size_t size); /* false must end the command with 6F00 */
    /* Files take so many octets from now on, or (negative) give them back, if the command succeeds. False:
     * there are not that many (6A84). NULL: not limited. */
    bool (*take_memory)(void *context, int64_t octets);
};

/* A transfer of a BER-TLV data object in blocks (RETRIEVE DATA, SET DATA): TS 102 221 11.3. */
struct uicc_transfer {
    enum { UICC_NO_TRANSFER = 0, UICC_RETRIEVE, UICC_SET } direction;
    uint32_t tag;
    size_t offset;   /* retrieved so far */
    size_t expected; /* of the object being set: header and value */
    struct buf data; /* of the object being set, so far; of the one being retrieved, whole */
};

/* What a logical channel has selected (TS 102 221 8.7). */
struct uicc_channel {
    struct fs_file *directory;   /* MF, DF or ADF; never NULL */
    struct fs_file *file;        /* the current EF; NULL: none */
    struct fs_file *application; /* the ADF whose session is open; NULL: none yet */
    size_t record;               /* record pointer, 0: undefined */
    struct uicc_transfer transfer;
};

enum { UICC_TOKEN_SIZE = 8 };
#define UICC_NO_FILE UINT32_MAX

/* What SUSPEND UICC keeps over a reset (11.1.22): the basic channel's selection by file numbers, and which
 * codes are verified, an octet each in their order. */
struct uicc_suspension {
    bool is_suspended;
    bool was_reset; /* since: it may be resumed */
    uint8_t token[UICC_TOKEN_SIZE];
    uint32_t directory, file, application;
    size_t record;
    struct buf verified;
};

/* A channel that no terminal sees: scripts of remote management run on it. */
enum { UICC_REMOTE_CHANNEL = APDU_CHANNELS, UICC_CHANNELS };

/* While a remote command runs, an access domain stands in for verified codes. `reference` UICC_ANY_ACCESS
 * asks whether anything at all may be done in the directory. */
enum { UICC_ANY_ACCESS = 0 };
struct uicc_grants {
    const void *context;
    bool (*code)(const void *context, const struct fs_file *directory, uint8_t reference);
};

struct uicc {
    struct fs *fs; /* owned */
    struct uicc_host host;
    struct uicc_channel channels[UICC_CHANNELS];
    const struct uicc_grants *grants; /* NULL: the terminal's verified codes count */
    struct uicc_suspension suspension;
    const char *described; /* the name of the command at hand, for traces; NULL: none of the table's */
};

/* Takes over `fs`, which has an MF, and begins as after a reset. NULL without memory (fs is freed then). */
struct uicc *uicc_new(struct fs *fs, const struct uicc_host *host);
void uicc_free(struct uicc *uicc);
/* After a reset: MF is selected on every channel, nothing is verified, no session is open. */
void uicc_reset(struct uicc *uicc);
/* The same profile read again from storage after a command that failed: what is selected stays so (as far as
 * it is there), and what is verified but a code that the command presented a value for. Takes over `fs`. */
void uicc_replace_fs(struct uicc *uicc, struct fs *fs);
/* A channel was opened: from the basic channel (or another, from != 0) MF, else what `from` has; or was
 * closed. */
void uicc_open_channel(struct uicc *uicc, unsigned channel, unsigned from);
void uicc_close_channel(struct uicc *uicc, unsigned channel);

/* Serves a command of an open channel; appends response data, returns the status word. 6D00: it is none of
 * the table's. */
uint16_t uicc_process(struct uicc *uicc, const struct apdu_command *command, struct buf *response);

/* Which of several applications that a partial AID fits: P2 bits 2 and 1 of SELECT. */
enum uicc_occurrence { UICC_FIRST = 0, UICC_LAST = 1, UICC_NEXT = 2, UICC_PREVIOUS = 3 };

/* The ADF whose AID begins with `aid`, NULL when there is none; NEXT and PREVIOUS count from `current` (NULL:
 * there is none). The floor above asks, because its own applications are in the same order. */
struct fs_file *uicc_find_application(const struct uicc *uicc, struct span aid,
                                      enum uicc_occurrence occurrence, const struct fs_file *current);

/* SELECT by AID once the ADF is found: opens the application's session, or terminates it when P2 says so. */
uint16_t uicc_select_application(struct uicc *uicc, const struct apdu_command *command,
                                 struct fs_file *application, struct buf *response);

/* What serves a command: its row is in uicc.c. */
typedef uint16_t uicc_handler(struct uicc *uicc, const struct apdu_command *command, struct buf *response);

/* --- what handlers share (uicc_state.c, uicc_select.c, uicc_misc.c) --- */

/* The command's channel. */
struct uicc_channel *uicc_channel(struct uicc *uicc, const struct apdu_command *command);
/* Makes a file current on a channel: record pointer and transfers are gone. */
void uicc_enter(struct uicc_channel *channel, struct fs_file *file);
/* Drops a transfer under way, if any. */
void uicc_end_transfer(struct uicc_transfer *transfer);
/* Begins, changes or (NULL) ends the application session of a channel. Codes that only the session before
 * vouched for are not verified any more. */
void uicc_set_application(struct uicc *uicc, unsigned channel, struct fs_file *application);
/*
 * The EF that a command works on: the current one (sfi 0), or the one with that short identifier in the
 * current directory, which becomes current. It must be of one of `kinds` (bits, 1 << SAIP_FILE_…), and be
 * usable in `mode` (uicc_check_usable). SW_OK and *file; 6986, 6A82, 6981, or what stands in the way.
 */
uint16_t uicc_open_ef(struct uicc *uicc, const struct apdu_command *command, uint8_t sfi, unsigned kinds,
                      uint8_t mode, struct fs_file **file);
enum { UICC_RECORD_FILES = 1 << SAIP_FILE_LINEAR_FIXED | 1 << SAIP_FILE_CYCLIC };
/*
 * The file that P1 and the data field of SELECT (not by AID), and of the commands that name files like it,
 * mean. SW_OK, *found and the *directory it was reached through; or 6A86, 6700, 6A82. Selects nothing.
 */
uint16_t uicc_find_file(const struct uicc *uicc, const struct uicc_channel *channel,
                        const struct apdu_command *command, struct fs_file **found,
                        struct fs_file **directory);
/* True when a file that is not shareable is current on another channel. */
bool uicc_is_taken(const struct uicc *uicc, const struct uicc_channel *own, const struct fs_file *file);
/* Forgets what SUSPEND UICC has kept. */
void uicc_forget_suspension(struct uicc *uicc);
/* Checks the content of TERMINAL CAPABILITY's data field (11.1.19): SW_OK or 6A80. */
uint16_t uicc_check_terminal_capability(struct span data);
/* The status word for a response of `size` octets where Le asks for `ne`: SW_OK, 6700 or 6Cxx. An Le of zeros
 * takes what there is. */
uint16_t uicc_check_le(const struct apdu_command *command, size_t size);

/* Status words of these commands, TS 102 221 10.2.1. */
enum {
    SW_UICC_NO_EF = 0x6986,        /* no EF is selected */
    SW_UICC_INCOMPATIBLE = 0x6981, /* with the file's structure */
    SW_UICC_SECURITY = 0x6982,     /* security status not satisfied */
    SW_UICC_BLOCKED = 0x6983,      /* authentication or PIN method blocked */
    SW_UICC_INVALIDATED = 0x6984,  /* referenced data invalidated */
    SW_UICC_RECORD_NOT_FOUND = 0x6A83,
    SW_UICC_FILE_DEACTIVATED = 0x6283, /* SELECT of a deactivated file (warning) */
    SW_UICC_FILE_TERMINATED = 0x6285,
    SW_UICC_MAX_REACHED = 0x9850, /* INCREASE */
    SW_UICC_FILE_EXISTS = 0x6A89,
    SW_UICC_DF_NAME_EXISTS = 0x6A8A,
};

/* Appends the FCP template (tag 62) of a file; with it FCP is what CREATE FILE and SELECT speak about
 * (11.1.1.3). */
void uicc_put_fcp(const struct uicc *uicc, const struct fs_file *file, struct buf *response);

/* --- access conditions (uicc_access.c) --- */

/* Access mode bits of EFs and of directories, TS 102 221 9.2.2 (ISO/IEC 7816-4 9.3.3). */
enum {
    UICC_READ = 0x01,   /* and SEARCH */
    UICC_UPDATE = 0x02, /* UPDATE, SET DATA */
    UICC_DEACTIVATE = 0x08,
    UICC_ACTIVATE = 0x10,
    UICC_TERMINATE = 0x20,
    UICC_DELETE = 0x40,
    UICC_DELETE_CHILD = 0x01,
    UICC_CREATE_EF = 0x02,
    UICC_CREATE_DF = 0x04,
};

/*
 * Whether the file's access rule lets the command pass now: SW_OK, or 6982. `mode` is one bit of the above,
 * or 0 for commands that a rule can only name by their instruction (INCREASE 32, RESIZE FILE D4): the rule is
 * then looked up by `ins`.
 */
uint16_t uicc_check_access(const struct uicc *uicc, const struct fs_file *file, uint8_t mode, uint8_t ins);

/* As uicc_check_access, and the file is in a state to be used: 6985 terminated, 6984/6985 deactivated. */
uint16_t uicc_check_usable(const struct uicc *uicc, const struct fs_file *file, uint8_t mode, uint8_t ins);

/* Whether a file and the directories above it are in use: SW_OK, 6985 or 6984. */
uint16_t uicc_check_state(const struct fs_file *file);
bool uicc_is_deactivated(const struct fs_file *file);
bool uicc_is_terminated(const struct fs_file *file);

/* True when a code is satisfied for files of `directory`: verified, or disabled (or its replacement
 * verified). */
bool uicc_pin_satisfied(const struct uicc *uicc, const struct fs_file *directory, uint8_t reference);

#endif
