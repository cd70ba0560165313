/*
 * softeuicc profile show: a package's header, elements and files, as text or JSON; or the first fault of a
 * bad one. See profile.h.
 */
#include "tools/profile/profile.h"

#include "common/print/print.h"
#include "common/print/print_json.h"
#include "common/print/table.h"
#include "common/tool.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PACKAGE_MAX = 4 * 1024 * 1024 };

struct view {
    const struct saip_package *package;
    size_t *element_files; /* files of each element */
    bool print_files;
    json_t *files;       /* NULL in text */
    struct table *table; /* of files; NULL: not shown, or in JSON */
    char type[sizeof(((struct saip_package *)0)->profile_type)];
    uint16_t parents[SAIP_FILES_MAX], fids[SAIP_FILES_MAX];
};

/* "3F00/7F10/6F06". */
static void path_text(const struct view *view, uint16_t number, char *out, size_t size)
{
    uint16_t steps[8];
    size_t count = 0;
    size_t n = 0;

    while (number != SAIP_NO_PARENT && count < sizeof(steps) / sizeof(steps[0])) {
        steps[count++] = view->fids[number];
        number = view->parents[number];
    }
    out[0] = '\0';
    while (count > 0 && n < size) {
        count--;
        n += (size_t)snprintf(out + n, size - n, "%04X%s", steps[count], count > 0 ? "/" : "");
    }
}

static const char *file_name(const struct saip_file *file)
{
    return file->row != NULL ? file->name : "";
}

static void add_file(struct table *table, const struct saip_file *file, const char *path)
{
    char arr[8];

    table_add(table, "%s", path);
    table_add(table, "%s", saip_file_kind_name(file->kind));
    if (saip_kind_is_directory(file->kind))
        table_add(table, "%s", "");
    else if (file->record_size > 0)
        table_add(table, "%zu x %zu", file->size / file->record_size, file->record_size);
    else
        table_add(table, "%zu", file->size);
    table_add(table, "%.0u", file->sfi);
    table_add(table, "%s", hex_from_span(file->arr, arr, sizeof(arr)));
    table_add(table, "%s%s", file_name(file), file->link_path.size > 0 ? " (link)" : "");
}

static void list_file(json_t *files, const struct saip_file *file, const char *path)
{
    char arr[8];
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:i}", "path", path, "kind", saip_file_kind_name(file->kind), "name",
                  file_name(file), "accessRule", hex_from_span(file->arr, arr, sizeof(arr)), "element",
                  (int)file->element->identification);

    if (!saip_kind_is_directory(file->kind))
        json_object_set_new(object, "size", json_integer((json_int_t)file->size));
    if (file->record_size > 0)
        json_object_set_new(object, "recordSize", json_integer((json_int_t)file->record_size));
    if (file->sfi != 0)
        json_object_set_new(object, "sfi", json_integer(file->sfi));
    if (file->link_path.size > 0)
        json_object_set_new(object, "link", json_true());
    json_array_append_new(files, object);
}

static bool profile_show_visit(void *context, const struct saip_file *file, bool update)
{
    struct view *view = context;
    char path[64];

    if (update)
        return true;
    view->parents[file->number] = file->parent;
    view->fids[file->number] = file->fid;
    view->element_files[file->element - view->package->elements]++;
    path_text(view, file->number, path, sizeof(path));
    if (view->files != NULL)
        list_file(view->files, file, path);
    else if (view->table != NULL)
        add_file(view->table, file, path);
    return true;
}

static const char *template_text(const struct saip_element *element, char *out, size_t size)
{
    if (element->template == NULL)
        return "";
    return saip_template_oid_text(element->template, out, size);
}

static void print_header(const struct view *view)
{
    const struct saip_package *package = view->package;
    char iccid[ICCID_DIGITS_MAX + 1];
    const struct saip_service *service;
    const char *separator = "";

    (void)iccid_to_digits(SPAN_ARRAY(package->iccid), iccid);
    print_line("Format:     %u.%u", package->major_version, package->minor_version);
    print_line("Type:       %s", view->type);
    print_line("ICCID:      %s", iccid);
    print_part("Services:   ");
    for (size_t i = 0; (service = saip_service_at(i)) != NULL; i++) {
        if (service->member >= 0 && (package->services >> service->member & 1) != 0) {
            print_part("%s%s", separator, service->name);
            separator = ", ";
        }
    }
    print_line("%s", "");
    print_line("Templates:  %zu mandatory", package->template_count);
    print_line("Test keys:  %s", saip_has_only_test_keys(package) ? "only" : "no");
    print_line("Files:      %zu", package->file_count);
    print_line("Memory:     about %zu octets on a card", saip_memory_size(package));
}

static void print_elements(const struct view *view)
{
    static const struct table_column columns[] = {
        TABLE_RIGHT("No"),    TABLE_RIGHT("Id"),      TABLE_WHOLE("Mandated"), TABLE_RIGHT("Size"),
        TABLE_RIGHT("Files"), TABLE_WHOLE("Element"), TABLE_COLUMN("Template")};
    struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    char oid[32];

    for (size_t i = 0; i < view->package->count; i++) {
        const struct saip_element *element = &view->package->elements[i];

        table_add(table, "%zu", i + 1);
        if (element->has_identification)
            table_add(table, "%u", element->identification);
        else
            table_add(table, "-");
        table_add(table, "%s", element->mandated ? "yes" : "");
        table_add(table, "%zu", element->whole.size);
        table_add(table, "%.0u", (unsigned)view->element_files[i]);
        table_add(table, "%s", element->name);
        table_add(table, "%s%s", template_text(element, oid, sizeof(oid)),
                  element->supported ? "" : "(not supported: skipped)");
    }
    print_line("%s", "");
    table_print(table, 2);
}

static void print_files(struct view *view)
{
    static const struct table_column columns[] = {TABLE_WHOLE("File"), TABLE_WHOLE("Kind"),
                                                  TABLE_RIGHT("Size"), TABLE_RIGHT("SFI"),
                                                  TABLE_WHOLE("Rule"), TABLE_COLUMN("Name")};

    view->table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
    saip_visit(view->package, profile_show_visit, NULL, view);
    print_line("%s", "");
    table_print(view->table, 0);
}

static json_t *services_json(const struct saip_package *package)
{
    json_t *list = json_array();
    const struct saip_service *service;

    for (size_t i = 0; (service = saip_service_at(i)) != NULL; i++) {
        if (service->member >= 0 && (package->services >> service->member & 1) != 0)
            json_array_append_new(list, json_string(service->name));
    }
    return list;
}

static json_t *elements_json(const struct view *view)
{
    json_t *list = json_array();

    for (size_t i = 0; i < view->package->count; i++) {
        const struct saip_element *element = &view->package->elements[i];
        char oid[32];
        json_t *object =
            json_pack("{s:s, s:b, s:b, s:I, s:I}", "name", element->name, "mandated", element->mandated,
                      "supported", element->supported, "size", (json_int_t)element->whole.size, "files",
                      (json_int_t)view->element_files[i]);

        if (element->has_identification)
            json_object_set_new(object, "identification", json_integer(element->identification));
        if (element->template != NULL)
            json_object_set_new(object, "template", json_string(template_text(element, oid, sizeof(oid))));
        json_array_append_new(list, object);
    }
    return list;
}

static int print_view(const struct view *view)
{
    const struct saip_package *package = view->package;
    char iccid[ICCID_DIGITS_MAX + 1];
    json_t *root;

    (void)iccid_to_digits(SPAN_ARRAY(package->iccid), iccid);
    root = json_pack("{s:i, s:i, s:s, s:s, s:o, s:b, s:I, s:I, s:o}", "majorVersion", package->major_version,
                     "minorVersion", package->minor_version, "profileType", view->type, "iccid", iccid,
                     "services", services_json(package), "testKeysOnly", saip_has_only_test_keys(package),
                     "fileCount", (json_int_t)package->file_count, "memory",
                     (json_int_t)saip_memory_size(package), "elements", elements_json(view));
    if (view->print_files)
        json_object_set(root, "files", view->files);
    return print_json(root);
}

static int show_package(const char *path, const struct saip_package *package, bool files, bool json)
{
    struct view *view = calloc(1, sizeof(*view));
    size_t *counts = calloc(package->count, sizeof(*counts));
    int status = EXIT_OK;

    if (view == NULL || counts == NULL) {
        free(view);
        free(counts);
        return tool_error("out of memory");
    }
    view->package = package;
    print_text(span_of_string(package->profile_type), view->type, sizeof(view->type));
    view->element_files = counts;
    view->files = json ? json_array() : NULL;
    view->print_files = json && files;
    if (!saip_visit(package, profile_show_visit, NULL, view))
        status = tool_error("%s: out of memory", path);
    else if (json)
        status = print_view(view);
    if (status == EXIT_OK && !json) {
        print_header(view);
        print_elements(view);
    }
    if (status == EXIT_OK && !json && files)
        print_files(view);
    json_decref(view->files);
    free(counts);
    free(view);
    return status;
}

/* Without the element's name, where it begins with that: the line has it already. */
static const char *reason_text(const struct saip_failure *failure)
{
    const char *name = saip_element_name(failure->tag);
    size_t size = strlen(name);

    return strncmp(failure->reason, name, size) == 0 && strncmp(failure->reason + size, ": ", 2) == 0
               ? failure->reason + size + 2
               : failure->reason;
}

static int show_failure(const char *path, const struct saip_failure *failure)
{
    char identification[40] = "";

    if (failure->has_identification)
        snprintf(identification, sizeof(identification), " (identification %u)", failure->identification);
    if (failure->tag == 0)
        return tool_error("%s: octet %zu: %s (%s)", path, failure->offset, failure->reason,
                          saip_result_name(failure->result));
    return tool_error("%s: element %s%s, octet %zu: %s (%s)", path, saip_element_name(failure->tag),
                      identification, failure->offset, reason_text(failure),
                      saip_result_name(failure->result));
}

struct settings {
    bool files, json;
};

static const struct option_row rows[] = {
    {"files", NULL, "every file the package creates", TAKES_FLAG(struct settings, files)},
    {"json", NULL, "the same for programs", TAKES_FLAG(struct settings, json)},
    {0},
};

static int profile_show_run(const struct command_line *line)
{
    const struct settings *settings = line->settings;
    const char *path = line->argv[0];
    struct buf octets = {0};
    struct saip_package package;
    struct saip_failure failure;
    int status = EXIT_FAILED;

    if (tool_read_file(path, PACKAGE_MAX, &octets)) {
        if (saip_decode(buf_span(&octets), &package, &failure)) {
            status = show_package(path, &package, settings->files, settings->json);
            saip_free(&package);
        } else {
            status = show_failure(path, &failure);
        }
    }
    buf_free(&octets);
    return status;
}

const struct command profile_show = {
    "show",
    "FILE.der",
    "look into a profile package",
    "Prints the header's facts and the elements; of a bad package the first fault.",
    .min_words = 1,
    .max_words = 1,
    .options = rows,
    .settings_size = sizeof(struct settings),
    .run = profile_show_run,
};
