/* Whether a log belongs to its file. See nvm_log.h. What the file itself holds, and the log's frames, are
 * read below SQLite, through its VFS: https://www.sqlite.org/fileformat2.html 4. */
#include "euicc/os/nvm_log.h"

#include "crypto/ec.h"
#include "euicc/os/nvm_schema.h"

#include <stdlib.h>
#include <string.h>

#define SECTOR       512 /* the least that storage writes whole */
#define DIGEST_SIZE  4   /* of a sector: enough that no other file passes by chance in all of its sectors */
#define PAGE_SIZE    65536
#define WAL_HEADER   32
#define WAL_MAGIC    0x377F0682 /* its last bit: checksums of big-endian words */
#define FRAME_HEADER 24

static uint32_t number_at(const uint8_t *octets)
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 | octets[3];
}

/* NULL: it is not open. */
static sqlite3_file *opened_file(sqlite3 *db, int which)
{
    sqlite3_file *file = NULL;

    if (sqlite3_file_control(db, "main", which, &file) != SQLITE_OK || file == NULL || file->pMethods == NULL)
        return NULL;
    return file;
}

/* What is beyond the end of the file is zeros. */
static bool read_octets(sqlite3_file *file, void *out, uint32_t size, sqlite3_int64 offset)
{
    int status = file->pMethods->xRead(file, out, (int)size, offset);

    return status == SQLITE_OK || status == SQLITE_IOERR_SHORT_READ;
}

/* --- the file ------------------------------------------------------------------------------------ */

struct raw_file {
    sqlite3_file *file;
    uint32_t page_size, pages, version;
};

static bool raw_file_look(struct raw_file *raw, sqlite3 *db)
{
    uint8_t header[NVM_HEADER_SIZE];
    sqlite3_int64 size = 0;

    raw->file = opened_file(db, SQLITE_FCNTL_FILE_POINTER);
    if (raw->file == NULL || raw->file->pMethods->xFileSize(raw->file, &size) != SQLITE_OK ||
        !read_octets(raw->file, header, sizeof(header), 0))
        return false;
    raw->page_size = (uint32_t)header[NVM_HEADER_PAGE_SIZE] << 8 | (uint32_t)header[NVM_HEADER_PAGE_SIZE + 1];
    if (raw->page_size == 1)
        raw->page_size = PAGE_SIZE;
    raw->version = number_at(header + NVM_HEADER_VERSION);
    if (raw->page_size < SECTOR)
        return false;
    raw->pages = (uint32_t)((size + raw->page_size - 1) / raw->page_size);
    return true;
}

static bool raw_file_read(const struct raw_file *raw, uint32_t page, uint8_t *out)
{
    return read_octets(raw->file, out, raw->page_size, (sqlite3_int64)(page - 1) * raw->page_size);
}

static bool digest(const uint8_t *sector, uint8_t out[DIGEST_SIZE])
{
    const struct span part = SPAN(sector, SECTOR);
    uint8_t whole[CRYPTO_SHA256_SIZE];

    if (!crypto_sha256(&part, 1, whole))
        return false;
    memcpy(out, whole, DIGEST_SIZE);
    return true;
}

/* --- the log ------------------------------------------------------------------------------------- */

struct frames {
    sqlite3_file *file;
    uint32_t page_size;
    uint32_t *pages; /* of each frame, up to the last that ends a transaction */
    size_t count;
};

/* What SQLite sums up over a header or a frame; `size` is a multiple of 8. */
static void wal_checksum(bool big_endian, const uint8_t *octets, size_t size, uint32_t sum[2])
{
    for (size_t i = 0; i < size; i += 8) {
        uint32_t words[2] = {number_at(octets + i), number_at(octets + i + 4)};

        for (size_t k = 0; !big_endian && k < 2; k++)
            words[k] = __builtin_bswap32(words[k]);
        sum[0] += words[0] + sum[1];
        sum[1] += words[1] + sum[0];
    }
}

static bool same_sum(const uint32_t sum[2], const uint8_t *octets)
{
    return number_at(octets) == sum[0] && number_at(octets + 4) == sum[1];
}

/* Reads the frames that are whole, one after the other, as SQLite does after a crash. */
static bool frames_walk(struct frames *frames, const uint8_t header[WAL_HEADER], sqlite3_int64 size,
                        uint8_t *frame)
{
    const uint32_t frame_size = FRAME_HEADER + frames->page_size;
    const bool big_endian = (header[3] & 1) != 0;
    const size_t there = size > WAL_HEADER ? (size_t)(size - WAL_HEADER) / frame_size : 0;
    uint32_t sum[2] = {0, 0};

    wal_checksum(big_endian, header, WAL_HEADER - 8, sum);
    if ((number_at(header) | 1) != (WAL_MAGIC | 1) || !same_sum(sum, header + WAL_HEADER - 8) || there == 0)
        return true;
    frames->pages = calloc(there, sizeof(*frames->pages));
    if (frames->pages == NULL)
        return false;
    for (size_t i = 0; i < there; i++) {
        if (!read_octets(frames->file, frame, frame_size, WAL_HEADER + (sqlite3_int64)i * frame_size))
            return false;
        wal_checksum(big_endian, frame, 8, sum);
        wal_checksum(big_endian, frame + FRAME_HEADER, frames->page_size, sum);
        if (memcmp(frame + 8, header + 16, NVM_SALTS_SIZE) != 0 || !same_sum(sum, frame + 16))
            return true;
        frames->pages[i] = number_at(frame);
        if (number_at(frame + 4) != 0) /* ends a transaction */
            frames->count = i + 1;
    }
    return true;
}

static bool frames_look(struct frames *frames, sqlite3 *db)
{
    uint8_t header[WAL_HEADER];
    sqlite3_int64 size = 0;
    uint8_t *frame;
    bool good;

    frames->file = opened_file(db, SQLITE_FCNTL_JOURNAL_POINTER);
    if (frames->file == NULL)
        return true;
    if (frames->file->pMethods->xFileSize(frames->file, &size) != SQLITE_OK ||
        !read_octets(frames->file, header, sizeof(header), 0))
        return false;
    frames->page_size = number_at(header + 8);
    if (frames->page_size < SECTOR || frames->page_size > PAGE_SIZE)
        return true;
    frame = malloc(FRAME_HEADER + frames->page_size);
    good = frame != NULL && frames_walk(frames, header, size, frame);
    free(frame);
    return good;
}

/* What the log makes of this page. False and *found: it could not be read. */
static bool frames_read(const struct frames *frames, uint32_t page, uint8_t *out, bool *found)
{
    size_t at = frames->count;

    while (at > 0 && frames->pages[at - 1] != page)
        at--;
    *found = at > 0;
    return !*found || read_octets(frames->file, out, frames->page_size,
                                  WAL_HEADER + (sqlite3_int64)(at - 1) * (FRAME_HEADER + frames->page_size) +
                                      FRAME_HEADER);
}

void nvm_log_salts(sqlite3 *db, uint8_t salts[NVM_SALTS_SIZE])
{
    sqlite3_file *file = opened_file(db, SQLITE_FCNTL_JOURNAL_POINTER);

    memset(salts, 0, NVM_SALTS_SIZE);
    if (file != NULL && !read_octets(file, salts, NVM_SALTS_SIZE, 16))
        memset(salts, 0, NVM_SALTS_SIZE);
}

/* --- the row ------------------------------------------------------------------------------------- */

bool nvm_log_record(sqlite3 *db, const struct nvm_identity *identity)
{
    static const char sql[] = "INSERT OR REPLACE INTO log VALUES (1, ?1, ?2, ?3, ?4)";
    struct raw_file raw = {0};
    sqlite3_stmt *stmt = NULL;
    uint8_t *page = NULL, *digests = NULL;
    size_t count = 0, size;
    bool good = raw_file_look(&raw, db);

    size = good ? (size_t)raw.pages * (raw.page_size / SECTOR) * DIGEST_SIZE : 0;
    page = malloc(PAGE_SIZE);
    digests = malloc(size + 1);
    good = good && page != NULL && digests != NULL;
    for (uint32_t i = 1; good && i <= raw.pages; i++) {
        good = raw_file_read(&raw, i, page);
        for (uint32_t at = 0; good && at < raw.page_size; at += SECTOR, count++)
            good = digest(page + at, digests + count * DIGEST_SIZE);
    }
    good = good && sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
           sqlite3_bind_int64(stmt, 1, identity->card_inode) == SQLITE_OK &&
           sqlite3_bind_int64(stmt, 2, identity->card_changed) == SQLITE_OK &&
           sqlite3_bind_int64(stmt, 3, identity->log) == SQLITE_OK &&
           sqlite3_bind_blob64(stmt, 4, digests, size, SQLITE_STATIC) == SQLITE_OK &&
           sqlite3_step(stmt) == SQLITE_DONE;
    sqlite3_finalize(stmt);
    free(page);
    free(digests);
    return good;
}

/* --- comparing ----------------------------------------------------------------------------------- */

static bool is_zeros(const uint8_t *sector)
{
    static const uint8_t zeros[SECTOR];

    return memcmp(sector, zeros, SECTOR) == 0;
}

/* Compares a page of the file with the record and with the log. `recorded`: the digests of its sectors; NULL:
 * the file ended before it. What a folding has not written yet of a page there is new: zeros. */
static bool page_belongs(const uint8_t *page, uint32_t page_size, const uint8_t *recorded,
                         const uint8_t *logged, bool *folded)
{
    for (uint32_t at = 0; at < page_size; at += SECTOR) {
        uint8_t now[DIGEST_SIZE];

        if (!digest(page + at, now))
            return false;
        if (recorded != NULL && memcmp(now, recorded + at / SECTOR * DIGEST_SIZE, DIGEST_SIZE) == 0)
            continue;
        if (logged == NULL ||
            (memcmp(page + at, logged + at, SECTOR) != 0 && (recorded != NULL || !is_zeros(page + at))))
            return false;
        *folded = true;
    }
    return true;
}

static enum nvm_log_state compare(const struct raw_file *raw, const struct frames *frames,
                                  struct span recorded, bool *folded)
{
    const size_t digests = (size_t)(raw->page_size / SECTOR) * DIGEST_SIZE; /* of a page */
    uint8_t *page = malloc(raw->page_size);
    uint8_t *logged = malloc(raw->page_size);
    enum nvm_log_state state = page == NULL || logged == NULL ? NVM_LOG_UNREADABLE : NVM_LOG_OWN;

    if (raw->pages * digests < recorded.size || raw->page_size != frames->page_size)
        state = NVM_LOG_FOREIGN;
    for (uint32_t i = 1; state == NVM_LOG_OWN && i <= raw->pages; i++) {
        const uint8_t *row = i * digests <= recorded.size ? recorded.data + (i - 1) * digests : NULL;
        bool found = false;

        if (!raw_file_read(raw, i, page) || !frames_read(frames, i, logged, &found))
            state = NVM_LOG_UNREADABLE;
        else if (!page_belongs(page, raw->page_size, row, found ? logged : NULL, folded))
            state = NVM_LOG_FOREIGN;
    }
    free(page);
    free(logged);
    return state;
}

/* A file that is as it was when the log began, beside a log that has not been moved or copied, is the same
 * file and has not been written to. (A machine that lost its power may remember an earlier time; and where
 * both were put back, the log after the file, the log may have the number of the old one again.) */
static bool was_put_back(sqlite3_stmt *row, const struct nvm_identity *now)
{
    return now->card_later && now->log != 0 && sqlite3_column_int64(row, 2) == now->log &&
           (sqlite3_column_int64(row, 0) != now->card_inode ||
            sqlite3_column_int64(row, 1) < now->card_changed);
}

/* Compares with the row as it is seen through the log. What cannot be read of a database that was mixed is no
 * error of the storage. */
static enum nvm_log_state compare_with_row(sqlite3 *db, const struct raw_file *raw,
                                           const struct frames *frames, const struct nvm_identity *identity)
{
    static const char sql[] = "SELECT card_inode, card_changed, log, sectors FROM log";
    sqlite3_stmt *stmt = NULL;
    enum nvm_log_state state = NVM_LOG_FOREIGN;
    bool folded = false;
    int status = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

    if (status == SQLITE_OK)
        status = sqlite3_step(stmt);
    if (status == SQLITE_ROW) {
        const struct span recorded =
            SPAN(sqlite3_column_blob(stmt, 3), (size_t)sqlite3_column_bytes(stmt, 3));

        state = compare(raw, frames, recorded, &folded);
        if (state == NVM_LOG_OWN && !folded && was_put_back(stmt, identity))
            state = NVM_LOG_LATER;
    } else if ((status & 0xFF) == SQLITE_IOERR || (status & 0xFF) == SQLITE_NOMEM)
        state = NVM_LOG_UNREADABLE;
    sqlite3_finalize(stmt);
    return state;
}

static int64_t seen_version(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    int64_t version = NVM_VERSION_LOG;

    if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW)
        version = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    return version;
}

enum nvm_log_state nvm_log_check(sqlite3 *db, const struct nvm_identity *identity)
{
    struct raw_file raw = {0};
    struct frames frames = {0};
    enum nvm_log_state state;

    if (!frames_look(&frames, db) || (frames.count > 0 && !raw_file_look(&raw, db)))
        state = NVM_LOG_UNREADABLE;
    else if (frames.count == 0)
        state = NVM_LOG_EMPTY;
    /* Named leniency: a card whose process was killed under a softeuicc that wrote no such row is not lost.
     */
    else if (raw.version < NVM_VERSION_LOG && seen_version(db) < NVM_VERSION_LOG)
        state = NVM_LOG_OLD;
    else
        state = compare_with_row(db, &raw, &frames, identity);
    free(frames.pages);
    return state;
}
