/*
 * Decoding a profile package: splits it into elements, reads each one's header, checks order and presence
 * (TCA clause 8.1) and hands every element to its own check. See saip.h.
 */
#include "profiles/saip/saip_file.h"

#include <stdlib.h>
#include <string.h>

/* PEHeader.identification is a UInt15. */
enum { IDENTIFICATION_MAX = 32767 };

static bool read_pe_header(struct saip_walk *walk, struct saip_element *element)
{
    struct tlv_reader reader = tlv_reader(element->value);
    struct span header, mandated, identification;
    uint64_t number = 0;

    if (!tlv_optional(&reader, 0xA0, &header))
        return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, element->value.data,
                         "%s: the element's header is missing", element->name);
    reader = tlv_reader(header);
    element->mandated = tlv_optional(&reader, 0x80, &mandated);
    element->has_identification = tlv_optional(&reader, 0x81, &identification) &&
                                  tlv_unsigned(identification, &number) && number <= IDENTIFICATION_MAX;
    element->identification = (uint16_t)number;
    if (!element->has_identification || mandated.size > 0 || !tlv_skip_rest(&reader))
        return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, header.data,
                         "%s: the element's header is malformed", element->name);
    for (const struct saip_element *before = walk->package->elements; before < element; before++) {
        if (before->has_identification && before->identification == element->identification)
            return saip_fail(walk, SAIP_BAD_VALUES, identification.data,
                             "%s: identification %u is used twice", element->name, element->identification);
    }
    return true;
}

/* Finds the template of an element; an unknown one refuses the package if the element is mandated. */
static bool read_template(struct saip_walk *walk, struct saip_element *element)
{
    struct span oid;

    if (walk->type->members != NULL)
        return true;
    if (!tlv_find(element->value, 0x81, &oid))
        return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, element->value.data, "%s: templateID is missing",
                         element->name);
    element->template = saip_template_find(oid);
    if (element->template != NULL && element->template->element != element->tag)
        return saip_fail(walk, SAIP_BAD_VALUES, oid.data, "%s: templateID is the one of %s", element->name,
                         saip_element_name(element->template->element));
    element->supported = element->template != NULL;
    if (!element->supported && element->mandated)
        return saip_fail(walk, SAIP_TEMPLATE_NOT_SUPPORTED, oid.data, "%s: templateID is unknown",
                         element->name);
    return true;
}

static bool has_before(const struct saip_walk *walk, uint32_t tag)
{
    for (const struct saip_element *before = walk->package->elements; before < walk->element; before++) {
        if (tag != 0 && before->tag == tag && before->supported)
            return true;
    }
    return false;
}

static bool check_order(struct saip_walk *walk)
{
    const struct saip_element *element = walk->element;
    const struct saip_element_type *type = walk->type;
    const uint8_t *at = element->whole.data;

    if (type->once && has_before(walk, element->tag))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, at, "%s: twice in the package", element->name);
    if (type->needs != 0 && !has_before(walk, type->needs) && !has_before(walk, type->or_needs))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, at, "%s: stands before %s", element->name,
                         saip_element_name(type->needs));
    return true;
}

/* An element this card does not have: skipped, unless the package insists. */
static bool check_unsupported(struct saip_walk *walk)
{
    if (!walk->element->mandated)
        return walk->type == NULL || walk->type->members == NULL ||
               saip_check_sequence(walk, walk->element->name, walk->type->members, walk->element->value);
    return saip_fail(walk, SAIP_PE_NOT_SUPPORTED, walk->element->whole.data,
                     "%s: mandated, and not supported", walk->element->name);
}

static bool walk_element(struct saip_walk *walk, struct saip_element *element)
{
    walk->element = element;
    walk->type = saip_element_type(element->tag);
    element->name = saip_element_name(element->tag);
    element->supported = walk->type != NULL && saip_takes_element(element->tag);
    if ((element == walk->package->elements) != (element->tag == SAIP_HEADER))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, element->whole.data, "%s: %s", element->name,
                         element->tag == SAIP_HEADER ? "a second one" : "a package begins with the header");
    if (element->tag != SAIP_HEADER && !read_pe_header(walk, element))
        return false;
    if (has_before(walk, SAIP_END))
        return saip_fail(walk, SAIP_INVALID_PARAMETER, element->whole.data, "%s: an element after the end",
                         element->name);
    if (!element->supported)
        return check_unsupported(walk);
    if (!read_template(walk, element))
        return false;
    if (!element->supported)
        return true;
    if (!check_order(walk))
        return false;
    if (walk->type->members != NULL &&
        !saip_check_sequence(walk, element->name, walk->type->members, element->value))
        return false;
    return walk->type->check == NULL || walk->type->check(walk);
}

static struct saip_element *add_element(struct saip_package *package, const struct tlv *tlv)
{
    /* Grows by doubling: a power of two says that it is full. */
    if ((package->count & (package->count - 1)) == 0) {
        size_t capacity = package->count == 0 ? 1 : package->count * 2;
        struct saip_element *elements = realloc(package->elements, capacity * sizeof(*elements));

        if (elements == NULL)
            return NULL;
        package->elements = elements;
    }
    package->elements[package->count] =
        (struct saip_element){.tag = tlv->tag, .value = tlv->value, .whole = tlv->whole};
    return &package->elements[package->count++];
}

/* Splits the package into elements first, so that they stay where they are while
 * references to them are kept. */
static bool saip_split(struct saip_walk *walk)
{
    struct tlv_reader reader = tlv_reader(walk->package->der);
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK) {
        if (walk->package->count >= SAIP_ELEMENTS_MAX)
            return saip_fail(walk, SAIP_NOT_ENOUGH_MEMORY, tlv.whole.data, "more than %d elements",
                             SAIP_ELEMENTS_MAX);
        if (add_element(walk->building, &tlv) == NULL)
            return saip_fail(walk, SAIP_MEMORY_FAILURE, tlv.whole.data, "out of memory");
    }
    return true;
}

/* What could not be split is told after the elements before it were found good: the first fault counts. */
static bool check_remainder(struct saip_walk *walk)
{
    const struct saip_package *package = walk->package;
    struct tlv_reader reader = tlv_reader(package->der);
    const uint8_t *end = package->der.data + package->der.size;
    struct tlv tlv;

    while (tlv_next(&reader, &tlv) == TLV_OK)
        ;
    walk->element = NULL;
    if (!tlv_good(&reader))
        return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, package->der.data + reader.error_offset,
                         "%s, where an element should be", tlv_status_name(reader.status));
    if (package->count == 0 || package->elements[package->count - 1].tag != SAIP_END)
        return saip_fail(walk, SAIP_INVALID_REQUEST_FORMAT, end, "the package has no end");
    return true;
}

static bool walk_package(struct saip_walk *walk)
{
    for (size_t i = 0; i < walk->package->count; i++) {
        if (!walk_element(walk, &walk->building->elements[i]))
            return false;
    }
    return true;
}

bool saip_decode(struct span der, struct saip_package *package, struct saip_failure *failure)
{
    struct saip_walk walk = {
        .package = package,
        .building = package,
        .failure = failure,
        .directory = SAIP_NO_PARENT,
        .application = SAIP_NO_PARENT,
    };
    bool good;

    *failure = (struct saip_failure){.result = SAIP_OK};
    *package = (struct saip_package){.der = der};
    good = saip_split(&walk) && walk_package(&walk) && check_remainder(&walk) && saip_walk_end(&walk);
    package->file_count = walk.node_count;
    package->memory_size = walk.memory;
    saip_walk_free(&walk);
    if (!good)
        saip_free(package);
    return good;
}

void saip_free(struct saip_package *package)
{
    free(package->elements);
    *package = (struct saip_package){.elements = NULL};
}

bool saip_visit(const struct saip_package *package, saip_file_visitor *files, saip_element_visitor *elements,
                void *context)
{
    struct saip_failure failure = {.result = SAIP_OK};
    struct saip_walk walk = {
        .package = package,
        .failure = &failure,
        .visitor = files,
        .context = context,
        .directory = SAIP_NO_PARENT,
        .application = SAIP_NO_PARENT,
    };
    bool good = true;

    for (size_t i = 0; i < package->count && good; i++) {
        walk.element = &package->elements[i];
        walk.type = saip_element_type(walk.element->tag);
        if (walk.element->template != NULL)
            good = saip_walk_template(&walk);
        else if (walk.element->tag == SAIP_GENERIC_FILE_MANAGEMENT)
            good = saip_walk_generic(&walk);
        if (good && elements != NULL && walk.element->supported) {
            const struct saip_place place = {walk.directory, walk.directory_and_mf, walk.application};

            good = elements(context, walk.element, &place);
        }
    }
    saip_walk_free(&walk);
    return good;
}
