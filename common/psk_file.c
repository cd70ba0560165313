/* Keys shared beforehand, from a file. See psk_file.h. */
#include "common/psk_file.h"

#include "common/tool.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

/* Reads it in behind those that are there. */
static const char *take_line(const char *line, struct psk_file *file)
{
    struct psk *psk = &file->list[file->count];
    const char *why;

    if (!psk_read(line, psk, &why))
        return why;
    if (psk_file_find(file, span_of_string(psk->identity)) != NULL) {
        psk_clear(psk);
        return "has an identity that an earlier line has";
    }
    file->count++;
    return NULL;
}

static bool is_key_line(const char *line, size_t size)
{
    return line[0] != '#' && strspn(line, " \t\r") < size;
}

/* `text` ends with a zero octet, and its ends of lines are written over. */
static bool take_lines(const char *path, char *text, size_t size, struct psk_file *file)
{
    size_t number = 1;

    for (size_t at = 0; at < size; number++) {
        char *line = text + at;
        size_t length = strcspn(line, "\n");
        const char *why = NULL;

        if (line[length] == '\0' && at + length < size)
            why = "has a zero octet";
        line[length] = '\0';
        at += length + 1;
        if (why == NULL && is_key_line(line, length))
            why = take_line(line, file);
        if (why != NULL)
            return tool_error("%s:%zu %s", path, number, why) == EXIT_OK;
    }
    return file->count > 0 || tool_error("%s has no key", path) == EXIT_OK;
}

/* As many as there can be. */
static size_t lines_of(struct span text)
{
    size_t count = 1;

    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == '\n';
    return count;
}

bool psk_file_read(const char *path, struct psk_file *file)
{
    struct buf text = {0};
    bool ok = tool_read_secret(path, PSK_FILE_MAX, &text);

    *file = (struct psk_file){.list = NULL};
    if (ok) {
        size_t size = text.size;

        buf_append_octet(&text, 0);
        file->list = calloc(lines_of(buf_span(&text)), sizeof(*file->list));
        ok = file->list != NULL && !text.failed ? take_lines(path, (char *)text.data, size, file)
                                                : tool_error("out of memory") == EXIT_OK;
    }
    buf_free(&text);
    if (!ok)
        psk_file_free(file);
    return ok;
}

const struct psk *psk_file_find(const struct psk_file *file, struct span identity)
{
    for (size_t i = 0; i < file->count; i++) {
        if (span_equal(span_of_string(file->list[i].identity), identity))
            return &file->list[i];
    }
    return NULL;
}

void psk_file_free(struct psk_file *file)
{
    for (size_t i = 0; i < file->count; i++)
        psk_clear(&file->list[i]);
    free(file->list);
    *file = (struct psk_file){.list = NULL};
}
